//! The same composition with memory in place of PostgreSQL, Nango and Supabase: what an integration test swaps in.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_app::config::ServeConfig;
use cortex_app::ports::{AdminPorts, ApiPorts, ChatPorts, InsightPorts, LibraryPorts, Ports, ReportPorts};
use cortex_app::serve::Service;
use cortex_app::signing_keys::SigningKeys;
use cortex_connections::ports::{
    ListedPage, MockBrokeredConnections, MockConnectionBroker, MockProviderAccounts, MockWebhookAuthenticity,
};
use cortex_connections::testing::{
    InMemoryBrokerRemovals, InMemoryConnectSessionStore, InMemoryConnectionStore, InMemoryConnectionViews,
    InMemoryMembers, InMemoryOriginalConnections, InMemoryQuarantineStore, InMemoryStuckThings, InMemoryTurns,
    InMemoryWebhookInbox, a_broker_connection, a_link, an_account,
};
use cortex_identity::ports::{MockAdminTokens, MockTokenVerifier};
use cortex_identity::testing::attempt_counters::InMemoryAttemptCounters;
use cortex_identity::testing::visit_store::InMemoryVisits;
use cortex_identity::testing::{COMPANY_A, InMemoryMembershipStore, USER_1, a_company, a_membership, a_token};
use cortex_ingestion::testing::InMemoryLibrary;
use cortex_insights::RulePorts;
use cortex_insights::ports::{MockFacts, MockReportRenderer};
use cortex_insights::testing::{
    InMemoryAlerts, InMemoryBooks, InMemoryChats, InMemoryCorrespondence, InMemoryDailyReports, InMemoryDays,
    InMemoryFigures, InMemoryMailSignals, InMemoryOverview, InMemorySavedReports, InMemorySummaries,
};
use cortex_kernel::Provider;
use cortex_sync_jobs::ports::MockActiveMembers;
use cortex_sync_jobs::testing::InMemoryJobQueue;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::stack::http;

/// Keys that are always there.
struct NoKeysNeeded;

#[async_trait]
impl SigningKeys for NoKeysNeeded {
    async fn refresh(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(())
    }

    fn are_loaded(&self) -> bool {
        true
    }
}

/// Nothing that it names is there to be reached.
fn config() -> ServeConfig {
    let variables = HashMap::from([
        ("COMPANY_ID", COMPANY_A.to_string()),
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/company".to_owned()),
        ("MASTER_DATABASE_URL", "postgres://nobody@127.0.0.1:1/master".to_owned()),
        ("MASTER_SUPABASE_URL", "http://127.0.0.1:1".to_owned()),
        ("NANGO_HOST", "http://127.0.0.1:1".to_owned()),
        ("NANGO_SECRET_KEY", "key".to_owned()),
        ("HOST", "127.0.0.1".to_owned()),
        ("PORT", "0".to_owned()),
        ("SYNC_POLL_MS", "10".to_owned()),
        // The test looks again and again.
        ("RATE_LIMIT_READ", "0".to_owned()),
    ]);
    ServeConfig::from_env(&|name| variables.get(name).cloned()).unwrap()
}

/// What the company sees, of nothing.
fn insights() -> InsightPorts {
    InsightPorts {
        books: Arc::new(InMemoryBooks::default()),
        overview: Arc::new(InMemoryOverview::default()),
        correspondence: Arc::new(InMemoryCorrespondence::default()),
        figures: Arc::new(InMemoryFigures::default()),
        summaries: Arc::new(InMemorySummaries::default()),
    }
}

/// Reports of nothing.
fn reports() -> ReportPorts {
    ReportPorts {
        days: Arc::new(InMemoryDays::default()),
        overview: Arc::new(InMemoryOverview::default()),
        daily: Arc::new(InMemoryDailyReports::default()),
        summarizer: None,
        renderer: Arc::new(MockReportRenderer::new()),
        saved: Arc::new(InMemorySavedReports::default()),
    }
}

/// A member who has a token, and a broker at which he connected an account.
fn ports(config: &ServeConfig) -> ApiPorts {
    let mut tokens = MockTokenVerifier::new();
    tokens.expect_verify().returning(|_| Ok(a_token()));
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().returning(|_| {
        let expires_at = time::OffsetDateTime::from_unix_timestamp(4_000_000_000).unwrap();
        Ok(cortex_connections::model::ConnectLink { expires_at, ..a_link() })
    });
    let mut authenticity = MockWebhookAuthenticity::new();
    authenticity.expect_is_authentic().returning(|_, signature| signature == "signed");
    let mut brokered = MockBrokeredConnections::new();
    brokered.expect_find().returning(|reference| {
        Ok(Some(cortex_connections::model::BrokerConnection { reference: reference.clone(), ..a_broker_connection() }))
    });
    let nothing = || Ok(ListedPage { connections: Vec::new(), is_last: true });
    brokered.expect_list().returning(move |_, _| nothing());
    let mut accounts = MockProviderAccounts::new();
    accounts.expect_who_am_i().returning(|_| Ok(an_account()));
    let members = InMemoryMembers::default();
    members.add(COMPANY_A, USER_1, a_membership().email);
    let mut facts = MockFacts::new();
    facts.expect_list().returning(|_, _, _, _| Ok(Vec::new()));
    let views = Arc::new(InMemoryConnectionViews::default());
    let (connections, sessions) = (Arc::clone(&views.connections), Arc::clone(&views.sessions));
    let jobs = Arc::new(InMemoryJobQueue::default());
    ApiPorts {
        shared: Ports {
            start_checks: Vec::new(),
            readiness: Vec::new(),
            attempts: Arc::new(InMemoryAttemptCounters::default()),
            memberships: Arc::new(InMemoryMembershipStore::with([a_company()], [a_membership()])),
            visits: Arc::new(InMemoryVisits::default()),
            members: Arc::new(members),
            brokered: Arc::new(brokered),
            accounts: Arc::new(accounts),
            connections: Arc::<InMemoryConnectionStore>::clone(&connections),
            connection_health: Arc::<InMemoryConnectionStore>::clone(&connections),
            connection_endings: Arc::<InMemoryConnectionStore>::clone(&connections),
            connection_views: views,
            unclaimed: connections,
            removals: Arc::new(InMemoryBrokerRemovals::default()),
            turns: Arc::new(InMemoryTurns::default()),
            connect_sessions: Arc::<InMemoryConnectSessionStore>::clone(&sessions),
            session_endings: sessions,
            originals: Arc::new(InMemoryOriginalConnections::default()),
            quarantine: Arc::new(InMemoryQuarantineStore::default()),
            inbox: Arc::new(InMemoryWebhookInbox::default()),
            jobs: Arc::<InMemoryJobQueue>::clone(&jobs),
            live_jobs: Arc::<InMemoryJobQueue>::clone(&jobs),
            company_jobs: Arc::<InMemoryJobQueue>::clone(&jobs),
            due_accounts: Arc::<InMemoryJobQueue>::clone(&jobs),
            active_members: Arc::new(MockActiveMembers::new()),
            sync_starter: jobs,
            insights: insights(),
            reports: reports(),
            rules: RulePorts {
                alerts: Arc::new(InMemoryAlerts::default()),
                facts: Arc::new(facts),
                signals: Arc::new(InMemoryMailSignals::default()),
                overview: Arc::new(InMemoryOverview::default()),
            },
            ..Ports::production(&config.runtime).unwrap()
        },
        tokens: Arc::new(tokens),
        signing_keys: Arc::new(NoKeysNeeded),
        membership_watch: None,
        user_directory: None,
        admin_pin: None,
        admin_tokens: Arc::new(MockAdminTokens::new()),
        admin: AdminPorts {
            members: Arc::new(InMemoryMembers::default()),
            connections: Arc::new(InMemoryConnectionStore::default()),
            stuck: Arc::new(InMemoryStuckThings::default()),
            jobs: Arc::new(InMemoryJobQueue::default()),
            overrides: Arc::new(InMemoryJobQueue::default()),
            documents: Arc::new(InMemoryLibrary::default()),
        },
        library: LibraryPorts {
            mail: Arc::new(InMemoryLibrary::default()),
            removal: Arc::new(InMemoryLibrary::default()),
            export: Arc::new(InMemoryLibrary::default()),
            erasure: Arc::new(InMemoryLibrary::default()),
        },
        chat: ChatPorts {
            chats: Arc::new(InMemoryChats::default()),
            passages: Arc::new(InMemoryLibrary::default()),
            summarizer: None,
        },
        broker: Arc::new(broker),
        webhook_authenticity: Arc::new(authenticity),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_ends_in_a_connection_without_any_server_behind_it() {
    let config = config();
    let stop = CancellationToken::new();
    let service = Service::bind(&config, ports(&config), None, true, stop.clone()).unwrap();
    let base = format!("http://{}", service.address());
    let webhook = json!({
        "connectionId": "broker-1", "from": "nango", "operation": "creation", "provider": "google",
        "providerConfigKey": "google-mail", "success": true, "type": "auth",
        "tags": { "end_user_id": USER_1.to_string(), "organization_id": COMPANY_A.to_string() },
    });

    let visit = async {
        let start = http().post(format!("{base}/api/v1/oauth/connect/start?provider=gmail")).bearer_auth("token");
        let started: Value = start.send().await.unwrap().json().await.unwrap();
        assert_eq!(started["company_id"], COMPANY_A.to_string(), "{started}");

        let told = http().post(format!("{base}/nango/webhook")).header("X-Nango-Hmac-Sha256", "signed");
        assert_eq!(told.body(webhook.to_string()).send().await.unwrap().status(), 202);

        let begun = Instant::now();
        let gmail = loop {
            let status = http().get(format!("{base}/api/v1/oauth/status")).bearer_auth("token");
            let status: Value = status.send().await.unwrap().json().await.unwrap();
            let gmail = status["providers"][Provider::Gmail.name()].clone();
            if gmail["connected"] == true {
                break gmail;
            }
            assert!(begun.elapsed() < Duration::from_mins(1), "it stays at {status}");
        };
        assert_eq!(gmail["connection_id"], "broker-1");
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(service.run(), visit);

    ended.unwrap();
}
