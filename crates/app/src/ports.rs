//! Adapters in, ports out: the only place that names an adapter.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use cortex_connections::ports::{
    BrokerRemovals, BrokeredConnections, ConnectSessionEndings, ConnectSessionStore, ConnectionBroker,
    ConnectionDirectory, ConnectionEndings, ConnectionHealth, ConnectionStore, ConnectionViews, MemberDirectory,
    Members, OriginalConnections, ProviderAccounts, QuarantineStore, StuckThings, Turns, UnclaimedConnections,
    WebhookAuthenticity, WebhookInbox, WebhookReader,
};
use cortex_extract::ProcessTextExtractor;
use cortex_http::health::ReadinessCheck;
use cortex_identity::ports::{
    AdminSessions, AdminTokens, AttemptCounters, MembershipStore, MembershipWatch, PinVerifier, ProfileReader,
    TeamStore, TokenVerifier, UserDirectory, VisitStore,
};
use cortex_ingestion::content_source::ContentSource;
use cortex_ingestion::ports::{
    BlobRemovals, BlobStore, ContentLedger, DocumentCounts, DocumentExport, DocumentReader, DocumentRemoval,
    DocumentWriter, Erasure, HeldDeletions, IdempotencyKeys, MailReader, PageStore, PassageFinder, SearchIndex,
    SetAsideRecords, TextExtractor, UsageReader,
};
use cortex_ingestion::record_source::RecordSource;
use cortex_insights::RulePorts;
use cortex_insights::ports::{Chats, Summarizer};
use cortex_kernel::{Clock, IdGenerator, RandomIds, SystemClock};
use cortex_nango::{
    NangoClient, NangoConfig, NangoConnectionBroker, NangoConnections, NangoContentSource, NangoProviderAccounts,
    NangoRecordSource, NangoWebhookReader, WebhookSignature,
};
use cortex_postgres::migrate::Inspector;
use cortex_postgres::schema::Database;
use cortex_postgres::stores::{
    PgAdminSessions, PgAlerts, PgAttemptCounters, PgBlobRemovals, PgBrokerRemovals, PgChats, PgCompanyJobs,
    PgCompanyLeaves, PgCompanyOverview, PgConnectSessionEndings, PgConnectSessionStore, PgConnectionDirectory,
    PgConnectionEndings, PgConnectionHealth, PgConnectionStore, PgConnectionViews, PgContentLedger, PgDocumentCounts,
    PgDocumentExport, PgDocumentReader, PgDocumentRemoval, PgDocumentWriter, PgDueAccounts, PgErasure, PgFacts,
    PgHeldDeletions, PgIdempotencyKeys, PgJobDirectory, PgJobQueue, PgLiveJobs, PgMailReader, PgMailSignals,
    PgMemberDirectory, PgMembers, PgMembershipStore, PgMembershipWatch, PgOriginalConnections, PgPageStore,
    PgPassageFinder, PgProfileReader, PgQuarantineStore, PgSearchIndex, PgSetAsideRecords, PgStuckThings,
    PgSyncOverrides, PgSyncStarter, PgTeamStore, PgTurns, PgUnclaimedConnections, PgUsageReader, PgVisitStore,
    PgWebhookInbox, PgWorkers,
};
use cortex_postgres::{Address, Backlog, Pool, PoolConfig, Pooler, Upkeep};
use cortex_summarizer::{ChatApiConfig, ChatApiSummarizer};
use cortex_supabase::{
    HttpJwks, JwksSource, SupabaseTokenVerifier, SupabaseUserDirectory, TokenRules, UserDirectoryConfig,
};
use cortex_sync_jobs::ports::{
    ActiveMembers, CompanyJobs, CompanyLeaves, DueAccounts, JobDirectory, JobQueue, LiveJobs, SyncOverrides,
    SyncStarter, Workers,
};
use url::Url;

use crate::admin_pin::{ArgonPinVerifier, PinHash, RandomAdminTokens};
use crate::audit_upkeep::AuditPorts;
use crate::blob_store;
use crate::config::{AdminPin, DatabaseUrl, RuntimeConfig, Secret, ServeConfig};
pub use crate::insight_ports::{InsightPorts, ReportPorts};
use crate::kept_counts::KeepCounts;
use crate::metrics::{CompanyBacklog, Metrics};
use crate::readiness::{DatabaseAnswers, NangoAnswers, NangoTakesOurKey};
use crate::searchable::MakeSearchable;
use crate::signing_keys::{KeysAreLoaded, SigningKeys};
use crate::start::{DatabaseCheck, StartCheck};
use crate::tls;

/// What the use cases of every process stand on. A test replaces what it wants:
/// `Ports { ids: .., ..Ports::production(&config)? }`.
#[derive(Clone)]
pub struct Ports {
    /// What has to hold before the process does anything.
    pub start_checks: Vec<Arc<dyn StartCheck>>,
    /// What the process cannot do without.
    pub readiness: Vec<Arc<dyn ReadinessCheck>>,
    /// What is measured of the process. Ports that are put in the place of others are not.
    pub metrics: Arc<Metrics>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where new ids come from.
    pub ids: Arc<dyn IdGenerator>,
    /// Who belongs to the company.
    pub memberships: Arc<dyn MembershipStore>,
    /// When they were here.
    pub visits: Arc<dyn VisitStore>,
    /// The audit log.
    pub audit: AuditPorts,
    /// Who may own connections.
    pub members: Arc<dyn Members>,
    /// What may be tried only so often.
    pub attempts: Arc<dyn AttemptCounters>,
    /// The sessions of the admin panel.
    pub admin_sessions: Arc<dyn AdminSessions>,
    /// What people may know of their own places.
    pub profiles: Arc<dyn ProfileReader>,
    /// The members of the company, to be changed.
    pub team: Arc<dyn TeamStore>,
    /// The connections that the broker holds.
    pub brokered: Arc<dyn BrokeredConnections>,
    /// Whose accounts stand behind them.
    pub accounts: Arc<dyn ProviderAccounts>,
    /// Who connected which account.
    pub connections: Arc<dyn ConnectionStore>,
    /// How they fare.
    pub connection_health: Arc<dyn ConnectionHealth>,
    /// How they end.
    pub connection_endings: Arc<dyn ConnectionEndings>,
    /// What people see of them.
    pub connection_views: Arc<dyn ConnectionViews>,
    /// Those from before connections had owners.
    pub unclaimed: Arc<dyn UnclaimedConnections>,
    /// What is to go at the broker.
    pub removals: Arc<dyn BrokerRemovals>,
    /// Whose turn it is to do what has to be done now and then.
    pub turns: Arc<dyn Turns>,
    /// The connect sessions that we had opened.
    pub connect_sessions: Arc<dyn ConnectSessionStore>,
    /// What became of them.
    pub session_endings: Arc<dyn ConnectSessionEndings>,
    /// The accounts that people first connected.
    pub originals: Arc<dyn OriginalConnections>,
    /// Connections that fit nobody.
    pub quarantine: Arc<dyn QuarantineStore>,
    /// Webhooks that wait.
    pub inbox: Arc<dyn WebhookInbox>,
    /// What webhooks say.
    pub webhook_reader: Arc<dyn WebhookReader>,
    /// Where records come from.
    pub records: Arc<dyn RecordSource>,
    /// What files say.
    pub extractor: Arc<dyn TextExtractor>,
    /// Where that comes from which records do not carry.
    pub contents: Arc<dyn ContentSource>,
    /// What of it is there, and what lacks.
    pub content_ledger: Arc<dyn ContentLedger>,
    /// Documents, and how far each stream was read.
    pub pages: Arc<dyn PageStore>,
    /// Deletions that wait for somebody's word.
    pub held_deletions: Arc<dyn HeldDeletions>,
    /// Records that could become no documents.
    pub set_aside: Arc<dyn SetAsideRecords>,
    /// Original bytes of documents.
    pub blobs: Arc<dyn BlobStore>,
    /// Which of them are to be removed.
    pub blob_removals: Arc<dyn BlobRemovals>,
    /// Documents, to be looked at.
    pub documents: Arc<dyn DocumentReader>,
    /// Documents, to be brought in by hand.
    pub document_writer: Arc<dyn DocumentWriter>,
    /// Requests that may be sent again.
    pub idempotency_keys: Arc<dyn IdempotencyKeys>,
    /// How much people bring in.
    pub usage: Arc<dyn UsageReader>,
    /// Documents, to be searched.
    pub search: Arc<dyn SearchIndex>,
    /// Documents, to be made findable.
    pub searchable: Arc<dyn MakeSearchable>,
    /// What counts documents and mails, to be kept.
    pub counts: Arc<dyn KeepCounts>,
    /// The sync jobs.
    pub jobs: Arc<dyn JobQueue>,
    /// Who works them off.
    pub workers: Arc<dyn Workers>,
    /// Those that wait and run, to be called off.
    pub live_jobs: Arc<dyn LiveJobs>,
    /// How jobs of the company itself are made.
    pub company_jobs: Arc<dyn CompanyJobs>,
    /// What was not read for long.
    pub due_accounts: Arc<dyn DueAccounts>,
    /// For whom they may run.
    pub active_members: Arc<dyn ActiveMembers>,
    /// What the company is told of its days, and what people keep of that.
    pub reports: ReportPorts,
    /// How a sync begins.
    pub sync_starter: Arc<dyn SyncStarter>,
    /// Where Master lets a whole company begin one once more.
    pub company_leaves: Arc<dyn CompanyLeaves>,
    /// What the company sees of all that it has.
    pub insights: InsightPorts,
    /// What rules of alerts look at, and what they found.
    pub rules: RulePorts,
}

/// What the API stands on besides.
#[derive(Clone)]
pub struct ApiPorts {
    /// What it has in common with every process.
    pub shared: Ports,
    /// Whose tokens are ours.
    pub tokens: Arc<dyn TokenVerifier>,
    /// The keys behind that, to be kept fresh.
    pub signing_keys: Arc<dyn SigningKeys>,
    /// Who tells of changes of memberships; none where nobody can listen.
    pub membership_watch: Option<Arc<dyn MembershipWatch>>,
    /// People's accounts at Master, where the deployment has the key to them.
    pub user_directory: Option<Arc<dyn UserDirectory>>,
    /// Who knows the PIN of the admin panel; none where there is no PIN.
    pub admin_pin: Option<Arc<dyn PinVerifier>>,
    /// Where the tokens of its sessions come from.
    pub admin_tokens: Arc<dyn AdminTokens>,
    /// What the admin panel looks at.
    pub admin: AdminPorts,
    /// What is done with documents besides finding and reading them.
    pub library: LibraryPorts,
    /// What people ask the documents.
    pub chat: ChatPorts,
    /// Where people connect their accounts.
    pub broker: Arc<dyn ConnectionBroker>,
    /// Whose webhooks are Nango's.
    pub webhook_authenticity: Arc<dyn WebhookAuthenticity>,
}

/// What the admin panel looks at.
#[derive(Clone)]
pub struct AdminPorts {
    /// The members.
    pub members: Arc<dyn MemberDirectory>,
    /// Who connected which account.
    pub connections: Arc<dyn ConnectionDirectory>,
    /// What got stuck.
    pub stuck: Arc<dyn StuckThings>,
    /// The jobs.
    pub jobs: Arc<dyn JobDirectory>,
    /// Who may have an account read once more.
    pub overrides: Arc<dyn SyncOverrides>,
    /// How many documents there are.
    pub documents: Arc<dyn DocumentCounts>,
}

/// What is done with documents besides finding and reading them.
#[derive(Clone)]
pub struct LibraryPorts {
    /// Mails, and documents with what came with them.
    pub mail: Arc<dyn MailReader>,
    /// Documents, to be removed one by one.
    pub removal: Arc<dyn DocumentRemoval>,
    /// Documents, to be handed out.
    pub export: Arc<dyn DocumentExport>,
    /// What people contributed, to be erased.
    pub erasure: Arc<dyn Erasure>,
}

/// What people ask the documents.
#[derive(Clone)]
pub struct ChatPorts {
    /// The chats.
    pub chats: Arc<dyn Chats>,
    /// What documents say to a question.
    pub passages: Arc<dyn PassageFinder>,
    /// Puts answers in words, where there is a language model.
    pub summarizer: Option<Arc<dyn Summarizer>>,
}

/// As PostgreSQL's own views show us.
const APPLICATION_NAME: &str = "cortex";

/// How long a call about an account may take: a mail is sent within it.
const ACCOUNTS_TIMEOUT: Duration = Duration::from_secs(15);

/// Where the broker's webhooks arrive, below the deployment's own URL.
const WEBHOOK_PATH: &str = "nango/webhook";

/// The command that reads a file.
pub const EXTRACT_COMMAND: &str = "extract-text";

/// The databases of a process.
struct Pools {
    company: Pool,
    master: Pool,
}

impl Ports {
    /// The adapters that production runs with. Nothing is connected yet: what is away at the start is away like at any
    /// other time.
    pub fn production(config: &RuntimeConfig) -> anyhow::Result<Self> {
        let tls = tls::client_config()?;
        Self::over(config, nango(config, tls.clone())?, tls).map(|(ports, _)| ports)
    }

    fn over(config: &RuntimeConfig, nango: NangoClient, tls: rustls::ClientConfig) -> anyhow::Result<(Self, Pools)> {
        let databases = &config.databases;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let metrics = Arc::new(Metrics::new(&clock));
        let company = pool(config, &databases.urls.company, databases.company_pool_size).context("DATABASE_URL")?;
        let company = metrics.of_pool("company", company);
        let master = pool(config, &databases.urls.master, databases.master_pool_size).context("MASTER_DATABASE_URL")?;
        let master = metrics.of_pool("master", master);
        let integrations = &config.nango.provider_keys;
        let company_id = config.deployment.company_id;
        metrics.of_backlog(Arc::new(CompanyBacklog { backlog: Backlog::new(company.clone()), company_id }));
        let memberships: Arc<dyn MembershipStore> = Arc::new(PgMembershipStore::new(master.clone()));
        let look_at_master = Inspector::new(Database::Master, address(config, &databases.urls.master)?);
        let look_at_company = Inspector::new(Database::Company, address(config, &databases.urls.company)?);
        let brokered: Arc<dyn BrokeredConnections> =
            metrics.of::<dyn BrokeredConnections>(Arc::new(NangoConnections::new(nango.clone(), integrations.clone())));
        let mut readiness: Vec<Arc<dyn ReadinessCheck>> = vec![
            Arc::new(DatabaseAnswers::new("database", company.clone())),
            Arc::new(DatabaseAnswers::new("master", master.clone())),
        ];
        if let Some(provider) = integrations.keys().next().copied() {
            let nango = NangoAnswers { brokered: Arc::clone(&brokered), provider };
            readiness.push(Arc::new(NangoTakesOurKey::new(nango)));
        }
        let ports = Self {
            start_checks: vec![
                Arc::new(DatabaseCheck::of_master(look_at_master, company_id, Arc::clone(&memberships))),
                Arc::new(DatabaseCheck::of_company(look_at_company)),
            ],
            readiness,
            clock,
            ids: Arc::new(RandomIds),
            memberships,
            visits: Arc::new(PgVisitStore::new(master.clone())),
            audit: AuditPorts::over(&company, &master),
            members: Arc::new(PgMembers::new(master.clone())),
            attempts: Arc::new(PgAttemptCounters::new(company.clone())),
            admin_sessions: Arc::new(PgAdminSessions::new(company.clone())),
            profiles: Arc::new(PgProfileReader::new(master.clone())),
            team: Arc::new(PgTeamStore::new(master.clone())),
            brokered,
            accounts: metrics
                .of::<dyn ProviderAccounts>(Arc::new(NangoProviderAccounts::new(nango.clone(), integrations.clone()))),
            connections: Arc::new(PgConnectionStore::new(company.clone())),
            connection_health: Arc::new(PgConnectionHealth::new(company.clone())),
            connection_endings: Arc::new(PgConnectionEndings::new(company.clone())),
            connection_views: Arc::new(PgConnectionViews::new(company.clone())),
            unclaimed: Arc::new(PgUnclaimedConnections::new(company.clone())),
            removals: Arc::new(PgBrokerRemovals::new(company.clone())),
            turns: Arc::new(PgTurns::new(company.clone())),
            connect_sessions: Arc::new(PgConnectSessionStore::new(company.clone())),
            session_endings: Arc::new(PgConnectSessionEndings::new(company.clone())),
            originals: Arc::new(PgOriginalConnections::new(master.clone())),
            quarantine: Arc::new(PgQuarantineStore::new(company.clone())),
            inbox: metrics.of::<dyn WebhookInbox>(Arc::new(PgWebhookInbox::new(company.clone()))),
            webhook_reader: Arc::new(NangoWebhookReader::new(integrations)),
            records: metrics
                .of::<dyn RecordSource>(Arc::new(NangoRecordSource::new(nango.clone(), integrations.clone()))),
            contents: metrics.of::<dyn ContentSource>(Arc::new(NangoContentSource::new(nango, integrations.clone()))),
            content_ledger: Arc::new(PgContentLedger::new(company.clone())),
            extractor: metrics.of::<dyn TextExtractor>(Arc::new(extractor()?)),
            pages: metrics.of::<dyn PageStore>(Arc::new(PgPageStore::new(company.clone()))),
            held_deletions: Arc::new(PgHeldDeletions::new(company.clone())),
            set_aside: Arc::new(PgSetAsideRecords::new(company.clone())),
            blobs: blob_store::chosen(&config.storage.blobs, &company).context("BLOB_STORE")?,
            blob_removals: Arc::new(PgBlobRemovals::new(company.clone())),
            documents: Arc::new(PgDocumentReader::new(company.clone())),
            document_writer: metrics.of::<dyn DocumentWriter>(Arc::new(PgDocumentWriter::new(company.clone()))),
            idempotency_keys: Arc::new(PgIdempotencyKeys::new(company.clone())),
            usage: Arc::new(PgUsageReader::new(company.clone())),
            search: metrics.of::<dyn SearchIndex>(Arc::new(PgSearchIndex::new(company.clone()))),
            searchable: Arc::new(Upkeep::new(company.clone())),
            counts: Arc::new(Upkeep::new(company.clone())),
            jobs: metrics.of::<dyn JobQueue>(Arc::new(PgJobQueue::new(company.clone()))),
            workers: Arc::new(PgWorkers::new(company.clone())),
            live_jobs: Arc::new(PgLiveJobs::new(company.clone())),
            company_jobs: Arc::new(PgCompanyJobs::new(company.clone())),
            due_accounts: Arc::new(PgDueAccounts::new(company.clone())),
            active_members: Arc::new(PgMembers::new(master.clone())),
            reports: ReportPorts::production(&company, summarizer(config, tls)?),
            sync_starter: Arc::new(PgSyncStarter::new(company.clone())),
            company_leaves: Arc::new(PgCompanyLeaves::new(master.clone())),
            insights: InsightPorts::production(&company),
            rules: RulePorts {
                alerts: Arc::new(PgAlerts::new(company.clone())),
                facts: Arc::new(PgFacts::new(company.clone())),
                signals: Arc::new(PgMailSignals::new(company.clone())),
                overview: Arc::new(PgCompanyOverview::new(company.clone())),
            },
            metrics,
        };
        Ok((ports, Pools { company, master }))
    }
}

/// Files are read by further processes of this program.
fn extractor() -> anyhow::Result<ProcessTextExtractor> {
    ProcessTextExtractor::of_this_program(vec![EXTRACT_COMMAND.into()]).context("this program cannot be found")
}

impl AdminPorts {
    fn production(pools: &Pools) -> Self {
        let Pools { company, master } = pools;
        Self {
            members: Arc::new(PgMemberDirectory::new(master.clone())),
            connections: Arc::new(PgConnectionDirectory::new(company.clone())),
            stuck: Arc::new(PgStuckThings::new(company.clone())),
            jobs: Arc::new(PgJobDirectory::new(company.clone())),
            overrides: Arc::new(PgSyncOverrides::new(company.clone())),
            documents: Arc::new(PgDocumentCounts::new(company.clone())),
        }
    }
}

impl LibraryPorts {
    fn production(company: &Pool) -> Self {
        Self {
            mail: Arc::new(PgMailReader::new(company.clone())),
            removal: Arc::new(PgDocumentRemoval::new(company.clone())),
            export: Arc::new(PgDocumentExport::new(company.clone())),
            erasure: Arc::new(PgErasure::new(company.clone())),
        }
    }
}

impl ChatPorts {
    fn production(company: &Pool, summarizer: Option<Arc<dyn Summarizer>>) -> Self {
        Self {
            chats: Arc::new(PgChats::new(company.clone())),
            passages: Arc::new(PgPassageFinder::new(company.clone())),
            summarizer,
        }
    }
}

/// The language model, where one is named.
fn summarizer(config: &RuntimeConfig, tls: rustls::ClientConfig) -> anyhow::Result<Option<Arc<dyn Summarizer>>> {
    let Some(named) = &config.summarizer else { return Ok(None) };
    let api_key = named.api_key.as_ref().map(|key| key.as_secret().clone());
    let access = ChatApiConfig { url: named.url.clone(), api_key, model: named.model.clone() };
    Ok(Some(Arc::new(ChatApiSummarizer::new(access, tls)?)))
}

impl ApiPorts {
    /// The adapters that production runs with.
    pub fn production(config: &ServeConfig) -> anyhow::Result<Self> {
        let tls = tls::client_config()?;
        let nango = nango(&config.runtime, tls.clone())?;
        let (mut shared, pools) = Ports::over(&config.runtime, nango.clone(), tls.clone())?;
        let metrics = Arc::clone(&shared.metrics);
        let user_directory = user_directory(config, tls.clone())?
            .map(|directory| -> Arc<dyn UserDirectory> { metrics.of::<dyn UserDirectory>(directory) });
        let verifier = Arc::new(token_verifier(config, tls.clone(), Arc::clone(&shared.clock), &metrics)?);
        metrics.of_memory("tokens", verifier.lookups());
        let signing_keys: Arc<dyn SigningKeys> = Arc::<SupabaseTokenVerifier>::clone(&verifier);
        shared.readiness.push(Arc::new(KeysAreLoaded(Arc::clone(&signing_keys))));
        let webhook_url = config.http.public_url.as_ref().map(webhook_url).transpose()?;
        let integrations = config.runtime.nango.provider_keys.clone();
        let keys = &config.webhook_keys;
        let previous = keys.previous.as_ref().map(|key| key.as_secret().clone());
        let summarizer = shared.reports.summarizer.clone();
        Ok(Self {
            shared,
            membership_watch: membership_watch(&config.runtime)?,
            tokens: verifier,
            signing_keys,
            user_directory,
            admin_pin: admin_pin(config)?,
            admin_tokens: Arc::new(RandomAdminTokens),
            admin: AdminPorts::production(&pools),
            library: LibraryPorts::production(&pools.company),
            chat: ChatPorts::production(&pools.company, summarizer),
            broker: metrics.of::<dyn ConnectionBroker>(Arc::new(NangoConnectionBroker::new(
                nango,
                integrations,
                webhook_url,
            ))),
            webhook_authenticity: metrics.of::<dyn WebhookAuthenticity>(Arc::new(WebhookSignature::new(
                keys.current.as_secret().clone(),
                previous,
            ))),
        })
    }
}

/// Nobody can listen through a transaction pooler.
fn membership_watch(config: &RuntimeConfig) -> anyhow::Result<Option<Arc<dyn MembershipWatch>>> {
    let databases = &config.databases;
    Ok(match databases.pooler {
        Pooler::Session => {
            let master = address(config, &databases.urls.master).context("MASTER_DATABASE_URL")?;
            Some(Arc::new(PgMembershipWatch::new(master)))
        }
        Pooler::Transaction => None,
    })
}

fn pool(config: &RuntimeConfig, url: &DatabaseUrl, size: NonZeroU16) -> anyhow::Result<Pool> {
    let databases = &config.databases;
    Ok(Pool::new(PoolConfig {
        address: address(config, url)?,
        company: config.deployment.company_id,
        pooler: databases.pooler,
        size,
        acquire_timeout: databases.acquire_timeout,
        statement_timeout: databases.statement_timeout,
    }))
}

fn address(config: &RuntimeConfig, url: &DatabaseUrl) -> anyhow::Result<Address> {
    Ok(Address::parse(url.as_secret(), config.databases.urls.ca_file.as_ref(), APPLICATION_NAME)?)
}

fn nango(config: &RuntimeConfig, tls: rustls::ClientConfig) -> anyhow::Result<NangoClient> {
    let nango = &config.nango;
    let access = NangoConfig {
        host: nango.access.host.clone(),
        secret_key: nango.access.secret_key.as_secret().clone(),
        timeout: nango.timeout,
        rate_share: nango.rate_share,
    };
    Ok(NangoClient::new(&access, tls, Arc::new(SystemClock))?)
}

fn token_verifier(
    config: &ServeConfig,
    tls: rustls::ClientConfig,
    clock: Arc<dyn Clock>,
    metrics: &Arc<Metrics>,
) -> anyhow::Result<SupabaseTokenVerifier> {
    let identity = &config.identity;
    let rules = TokenRules {
        issuer: identity.issuer.clone(),
        audience: identity.audience.clone(),
        leeway: identity.leeway,
        allowed_client_ids: identity.allowed_client_ids.iter().cloned().collect(),
        legacy_secret: identity.legacy_secret.as_ref().map(|secret| secret.as_secret().clone()),
    };
    let keys = HttpJwks::new(&config.runtime.supabase_url, config.runtime.nango.timeout, tls)
        .context("the client for Supabase Auth cannot be set up")?;
    Ok(SupabaseTokenVerifier::new(rules, metrics.of::<dyn JwksSource>(Arc::new(keys)), clock))
}

fn user_directory(config: &ServeConfig, tls: rustls::ClientConfig) -> anyhow::Result<Option<Arc<dyn UserDirectory>>> {
    let Some(key) = &config.identity.service_key else { return Ok(None) };
    let redirect_to = config.identity.frontend_url.clone();
    Ok(Some(Arc::new(supabase_accounts(&config.runtime.supabase_url, key, redirect_to, tls)?)))
}

/// The accounts of Master's project.
pub(crate) fn supabase_accounts(
    supabase_url: &Url,
    service_key: &Secret,
    redirect_to: Option<Url>,
    tls: rustls::ClientConfig,
) -> anyhow::Result<SupabaseUserDirectory> {
    let config = UserDirectoryConfig {
        supabase_url: supabase_url.clone(),
        service_key: service_key.as_secret().clone(),
        redirect_to,
        timeout: ACCOUNTS_TIMEOUT,
    };
    SupabaseUserDirectory::new(&config, tls).context("MASTER_SUPABASE_SERVICE_KEY")
}

/// A plain PIN is hashed once, so that every login costs the same in development too.
fn admin_pin(config: &ServeConfig) -> anyhow::Result<Option<Arc<dyn PinVerifier>>> {
    let hash = match &config.admin.pin {
        Some(AdminPin::Hash(hash)) => hash.clone(),
        Some(AdminPin::Plain(pin)) => PinHash::of(pin.expose())?,
        None => return Ok(None),
    };
    Ok(Some(Arc::new(ArgonPinVerifier::new(hash))))
}

fn webhook_url(public_url: &Url) -> anyhow::Result<Url> {
    let base = public_url.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/{WEBHOOK_PATH}")).context("PUBLIC_URL")
}
