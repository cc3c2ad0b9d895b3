//! The whole API over ports that live in memory.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::{self, TestRequest};
use async_trait::async_trait;
use cortex_connections::model::{OwnerClaims, Webhook, WebhookEvent};
use cortex_connections::ports::{
    BrokerError, ConnectionBroker, MockAccountReading, MockBrokeredConnections, MockConnectionBroker,
    MockProviderAccounts, ReadOutcome, WebhookAuthenticity, WebhookInbox, WebhookReader,
};
use cortex_connections::testing::{
    InMemoryBrokerRemovals, InMemoryConnectSessionStore, InMemoryConnectionStore, InMemoryConnectionViews,
    InMemoryMembers, InMemoryOriginalConnections, InMemoryQuarantineStore, InMemoryStuckThings, InMemoryTurns,
    InMemoryWebhookInbox, an_account,
};
use cortex_connections::{
    AdoptConnection, AdoptPorts, Disconnect, ReceiveWebhook, Reconcile, RemoveAtBroker, StartConnect,
};
use cortex_identity::model::{CompanyClaims, Membership, Role, TokenRefusal, VerifiedToken};
use cortex_identity::ports::{
    AdminSessions, AdminTokens, MembershipStore, PinVerifier, TeamStore, TokenVerifier, UserDirectory, VerifyTokenError,
};
use cortex_identity::testing::audit::InMemoryAudit;
use cortex_identity::testing::profile_reader::InMemoryProfiles;
use cortex_identity::testing::team_store::InMemoryTeam;
use cortex_identity::testing::user_directory::InMemoryUserDirectory;
use cortex_identity::testing::visit_store::InMemoryVisits;
use cortex_identity::testing::{
    COMPANY_A, COMPANY_B, InMemoryAdminSessions, InMemoryAttemptCounters, InMemoryMembershipStore, NOON, a_company,
    a_membership, a_token,
};
use cortex_identity::{
    AdminDoor, BindAccount, ChangeMember, EnterAdminPanel, EnterCompany, InviteMember, KeepBindings, LogInAdmin,
    LogInPorts, LoginLimits, Visits,
};
use cortex_ingestion::model::Quota;
use cortex_ingestion::ports::{HeldDeletions, MockBlobRemovals, MockBlobStore, MockTextExtractor};
use cortex_ingestion::testing::{InMemoryBlobStore, InMemoryIntake, InMemoryLibrary, InMemoryPageStore};
use cortex_ingestion::{AddDocument, DecideDeletions, ErasePerson, KeepBlob, UploadDocument};
use cortex_insights::model::Passage;
use cortex_insights::ports::{MockPassages, MockReportRenderer};
use cortex_insights::testing::{
    InMemoryAlerts, InMemoryBooks, InMemoryChats, InMemoryCorrespondence, InMemoryDailyReports, InMemoryDays,
    InMemoryFigures, InMemoryMailSignals, InMemoryOverview, InMemorySavedReports, InMemorySummaries,
};
use cortex_insights::{AnswerQuestion, Investigate, Numbers, ReportWriting, SumUp, WriteDailyReport};
use cortex_kernel::{Provider, RandomIds, UserId};
use cortex_sync_jobs::model::StartRefusal;
use cortex_sync_jobs::ports::{CancellationToken, MockSyncStarter, StartOutcome, SyncStarter};
use cortex_sync_jobs::testing::InMemoryJobQueue;
use cortex_sync_jobs::{CancelJob, RetryJob, StartCompanyJob, StartSync};
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Notify;
use uuid::Uuid;

use super::{OneId, settings};
use crate::event_streams::EventStreams;
use crate::exports::Exports;
use crate::gate::Gate;
use crate::health::Health;
use crate::opening::Opening;
use crate::rate_limit::{RateLimiter, RateLimits};
use crate::upload_room::UploadRoom;
use crate::watch::NobodyWatches;
use crate::{
    AdminServices, AlertServices, ChatServices, InsightServices, IntakeServices, LibraryServices, ReportServices,
    Services, SyncJobServices, UploadLimits, app,
};

/// What the broker's signature is here.
pub(super) const SIGNATURE: &str = "signed";

/// What [`as_admin`] brings.
pub(super) const ADMIN_TOKEN: &str = "the-token-of-an-admin";

/// A token is the name of a role and belongs to the member of that role; others are refused in their own ways.
struct Tokens;

/// Takes [`SIGNATURE`], and reads from no body anything.
struct Webhooks;

#[async_trait]
impl TokenVerifier for Tokens {
    async fn verify(&self, token: &str) -> Result<VerifiedToken, VerifyTokenError> {
        let bound_to = |companies: &[&str]| CompanyClaims {
            app_metadata: companies.iter().map(ToString::to_string).collect(),
            user_metadata: None,
        };
        let user = member(Role::User);
        let (user_id, companies) = match token {
            "stranger" => (UserId::new(Uuid::from_u128(98)), bound_to(&[&COMPANY_A.to_string()])),
            "deactivated" => (UserId::new(Uuid::from_u128(99)), bound_to(&[&COMPANY_A.to_string()])),
            "elsewhere" => (user, bound_to(&[&COMPANY_B.to_string()])),
            "nowhere" => (user, bound_to(&[])),
            "keyless" => return Err(VerifyTokenError::KeysUnavailable),
            role => match role.parse() {
                Ok(role) => (member(role), bound_to(&[&COMPANY_A.to_string()])),
                Err(_) => return Err(VerifyTokenError::Refused(TokenRefusal::BadSignature)),
            },
        };
        Ok(VerifiedToken { user_id, companies, ..a_token() })
    }
}

impl AdminTokens for OneId {
    fn new_token(&self) -> SecretString {
        ADMIN_TOKEN.into()
    }
}

impl WebhookAuthenticity for Webhooks {
    fn is_authentic(&self, _: &[u8], signature: &str) -> bool {
        signature == SIGNATURE
    }
}

impl WebhookReader for Webhooks {
    fn read(&self, _: &[u8]) -> Webhook {
        Webhook { event: WebhookEvent::Unknown, connection: None, claims: OwnerClaims::default() }
    }
}

/// The member of [`COMPANY_A`] who has this role.
pub(super) fn member(role: Role) -> UserId {
    UserId::new(Uuid::from_u128(1 + role as u128))
}

/// [`COMPANY_A`] with a member of each role, and one who is deactivated.
pub(super) fn members() -> InMemoryMembershipStore {
    let active = Role::ALL.map(|role| Membership { user_id: member(role), role, ..a_membership() });
    let deactivated = Membership { user_id: UserId::new(Uuid::from_u128(99)), is_active: false, ..a_membership() };
    InMemoryMembershipStore::with([a_company()], active.into_iter().chain([deactivated]))
}

/// Lets the members in.
pub(super) fn gate() -> Gate {
    Gate { tokens: Arc::new(Tokens), enter_company: entrance(members()) }
}

pub(super) fn entrance(members: impl MembershipStore + 'static) -> Arc<EnterCompany> {
    let visits = Arc::new(Visits::new(COMPANY_A, Arc::new(InMemoryVisits::default())));
    Arc::new(EnterCompany::new(COMPANY_A, Arc::new(members), visits, Arc::new(|| NOON)))
}

/// The admin panel of these sessions, for use from these networks.
pub(super) fn panel(sessions: Arc<dyn AdminSessions>, networks: &[&str]) -> Arc<EnterAdminPanel> {
    let networks = networks.iter().map(|network| network.parse().unwrap()).collect();
    let counters = Arc::new(InMemoryAttemptCounters::default());
    let door = AdminDoor::new(COMPANY_A, networks, Arc::clone(&sessions), counters, Arc::new(|| NOON));
    Arc::new(EnterAdminPanel::new(COMPANY_A, Arc::new(door), sessions))
}

/// The login to that panel, by this PIN.
pub(super) fn admin_login(sessions: Arc<dyn AdminSessions>, pin: Option<Arc<dyn PinVerifier>>) -> Arc<LogInAdmin> {
    let attempts = Arc::new(InMemoryAttemptCounters::default());
    let door = AdminDoor::new(COMPANY_A, Vec::new(), Arc::clone(&sessions), attempts.clone(), Arc::new(|| NOON));
    let limits =
        LoginLimits { per_address: 5, in_all: 50, window: Duration::from_mins(15), session: Duration::from_hours(1) };
    let ports =
        LogInPorts { attempts, sessions, tokens: Arc::new(OneId), ids: Arc::new(OneId), clock: Arc::new(|| NOON) };
    Arc::new(LogInAdmin::new(COMPANY_A, limits, Arc::new(door), pin, ports))
}

/// Connects by way of this broker whoever has these connections.
pub(super) fn start_connect(
    broker: impl ConnectionBroker + 'static,
    connections: InMemoryConnectionStore,
) -> Arc<StartConnect> {
    let mut providers = BTreeSet::from(Provider::ALL);
    providers.remove(&Provider::QuickBooks);
    let sessions = InMemoryConnectSessionStore::default();
    Arc::new(StartConnect::new(
        providers,
        Arc::new(broker),
        Arc::new(connections),
        Arc::new(InMemoryOriginalConnections::default()),
        Arc::new(sessions),
        Arc::new(|| NOON),
        Arc::new(OneId),
    ))
}

/// Decides of what is held there.
pub(super) fn decide_deletions(held: Arc<dyn HeldDeletions>) -> Arc<DecideDeletions> {
    Arc::new(DecideDeletions::new(COMPANY_A, held))
}

/// Ends these connections; the broker does not hear of it.
pub(super) fn disconnect(connections: Arc<InMemoryConnectionStore>) -> Arc<Disconnect> {
    let mut brokered = MockBrokeredConnections::new();
    brokered.expect_delete().returning(|_| Err(BrokerError::Unavailable("gone".into())));
    let remove = RemoveAtBroker::new(COMPANY_A, Arc::new(brokered), Arc::new(InMemoryBrokerRemovals::default()));
    Arc::new(Disconnect::new(connections, remove, Arc::new(|| NOON)))
}

/// Asks a broker that answers so, once.
pub(super) fn reconcile(error: BrokerError) -> Arc<Reconcile> {
    let mut brokered = MockBrokeredConnections::new();
    brokered.expect_list().return_once(|_, _| Err(error));
    reconcile_with(brokered)
}

/// Compares an empty company with what this broker has.
pub(super) fn reconcile_with(brokered: MockBrokeredConnections) -> Arc<Reconcile> {
    let (connections, sessions) =
        (Arc::new(InMemoryConnectionStore::default()), Arc::new(InMemoryConnectSessionStore::default()));
    let mut accounts = MockProviderAccounts::new();
    accounts.expect_who_am_i().returning(|_| Ok(an_account()));
    let mut reading = MockAccountReading::new();
    reading.expect_have_read().returning(|_, _, _| Ok(ReadOutcome::NotBegun));
    let people = InMemoryMembers::default();
    people.add(COMPANY_A, member(Role::User), a_membership().email);
    let ports = AdoptPorts {
        brokered: Arc::new(brokered),
        accounts: Arc::new(accounts),
        members: Arc::new(people),
        connections: connections.clone(),
        health: connections.clone(),
        sessions: sessions.clone(),
        session_endings: sessions,
        originals: Arc::new(InMemoryOriginalConnections::default()),
        quarantine: Arc::new(InMemoryQuarantineStore::default()),
        unclaimed: connections,
        removals: Arc::new(InMemoryBrokerRemovals::default()),
        reading: Arc::new(reading),
    };
    let adopt = Arc::new(AdoptConnection::new(COMPANY_A, ports.clone(), Arc::new(|| NOON)));
    let turns = Arc::new(InMemoryTurns::default());
    Arc::new(Reconcile::new(COMPANY_A, ports, turns, adopt, Arc::new(|| NOON)))
}

/// Invites into this team by way of this directory.
pub(super) fn invite_member(team: Arc<dyn TeamStore>, directory: Arc<dyn UserDirectory>) -> Arc<InviteMember> {
    let bind = BindAccount::new(Arc::clone(&directory), Arc::new(InMemoryProfiles::default()));
    let bindings = KeepBindings::new(COMPANY_A, Arc::clone(&team), Arc::new(bind));
    let valid_for = time::Duration::days(7);
    Arc::new(InviteMember::new(team, directory, Arc::new(bindings), Arc::new(|| NOON), valid_for))
}

pub(super) fn receive_webhook(inbox: Arc<dyn WebhookInbox>) -> Arc<ReceiveWebhook> {
    Arc::new(ReceiveWebhook::new(COMPANY_A, Arc::new(Webhooks), Arc::new(Webhooks), inbox))
}

pub(super) fn start_sync(starter: impl SyncStarter + 'static) -> Arc<StartSync> {
    Arc::new(StartSync::new(Arc::new(starter), Arc::new(OneId), Arc::new(Notify::new()), 5))
}

/// Everything empty and the broker away; all providers but QuickBooks are switched on.
pub(super) fn services() -> Services {
    let mut broker = MockConnectionBroker::new();
    broker.expect_open_connect_session().returning(|_| Err(BrokerError::Unavailable("no route to 10.0.0.7".into())));
    let mut starter = MockSyncStarter::new();
    starter.expect_start().returning(|_| Ok(StartOutcome::Refused(StartRefusal::NotConnected)));
    let profiles = InMemoryProfiles::default();
    profiles.put_company(a_company(), None);
    for role in Role::ALL {
        profiles.put_membership(Membership { user_id: member(role), role, ..a_membership() }, None);
    }
    let team: Arc<dyn TeamStore> = Arc::new(InMemoryTeam::default());
    let library = Arc::new(InMemoryLibrary::default());
    let admin_sessions = Arc::new(InMemoryAdminSessions::default());
    Services {
        health: Arc::new(Health::new(Vec::new())),
        opening: Arc::new(Opening::opened()),
        watch: Arc::new(NobodyWatches),
        metrics: None,
        rate_limiter: Arc::new(RateLimiter::new(RateLimits::default(), Arc::new(InMemoryAttemptCounters::default()))),
        clock: Arc::new(|| NOON),
        ids: Arc::new(OneId),
        tokens: Arc::new(Tokens),
        enter_company: entrance(members()),
        log_in_admin: admin_login(admin_sessions.clone(), None),
        enter_admin_panel: panel(admin_sessions.clone(), &[]),
        admin_sessions,
        audit_log: Arc::new(InMemoryAudit::default()),
        admin: admin_services(),
        profiles: Arc::new(profiles),
        change_member: Arc::new(ChangeMember::new(Arc::clone(&team), Arc::new(|| NOON))),
        invite_member: Some(invite_member(Arc::clone(&team), Arc::new(InMemoryUserDirectory::default()))),
        team,
        providers: Arc::new(switched_on()),
        start_connect: start_connect(broker, InMemoryConnectionStore::default()),
        connections: Arc::new(InMemoryConnectionStore::default()),
        connection_views: Arc::new(InMemoryConnectionViews::default()),
        held_deletions: Arc::new(InMemoryPageStore::default()),
        decide_deletions: decide_deletions(Arc::new(InMemoryPageStore::default())),
        disconnect: disconnect(Arc::default()),
        reconcile: reconcile(BrokerError::Unavailable("no route to 10.0.0.7".into())),
        receive_webhook: receive_webhook(Arc::new(InMemoryWebhookInbox::default())),
        start_sync: start_sync(starter),
        jobs: job_services(Arc::default()),
        documents: Arc::clone(&library) as _,
        library: library_services(&library),
        blobs: Arc::new(InMemoryBlobStore::default()),
        search: library,
        intake: intake(Arc::default(), MockTextExtractor::new(), Quota::default()),
        chat: chat_services(),
        insights: insights(Arc::default(), Arc::default()),
        reports: report_services(),
        alerts: alert_services(Arc::default(), Arc::default(), Vec::new()),
    }
}

/// These alerts, jobs among these, and documents of which these say something to everything.
pub(super) fn alert_services(
    alerts: Arc<InMemoryAlerts>,
    jobs: Arc<InMemoryJobQueue>,
    said: Vec<Passage>,
) -> AlertServices {
    let mut passages = MockPassages::new();
    passages.expect_find().returning(move |_, _, _| Ok(said.clone()));
    let books = Arc::<InMemoryBooks>::default();
    AlertServices {
        alerts,
        investigate: Arc::new(Investigate::new(Arc::new(passages), books, Arc::new(|| NOON))),
        start_job: start_company_job_by(jobs),
        clock: Arc::new(|| NOON),
    }
}

/// No chats, and documents that say nothing to anything.
pub(super) fn chat_services() -> ChatServices {
    let chats = Arc::<InMemoryChats>::default();
    let mut passages = MockPassages::new();
    passages.expect_find().returning(|_, _, _| Ok(Vec::new()));
    let answer = AnswerQuestion::new(Arc::new(passages), chats.clone(), None, Arc::new(RandomIds));
    ChatServices { chats, answer: Arc::new(answer), ids: Arc::new(RandomIds) }
}

/// No reports yet, of days on which there was nothing; their files say their names.
pub(super) fn report_services() -> ReportServices {
    reports_of(Arc::default())
}

/// The same, of these days.
pub(super) fn reports_of(days: Arc<InMemoryDays>) -> ReportServices {
    let daily = Arc::<InMemoryDailyReports>::default();
    let mut renderer = MockReportRenderer::new();
    renderer.expect_render().returning(|reports, _| {
        let names: Vec<_> = reports.iter().map(|report| report.kind.name()).collect();
        Ok(names.join(" ").into_bytes())
    });
    let writing = ReportWriting {
        days,
        overview: Arc::<InMemoryOverview>::default(),
        reports: daily.clone(),
        summarizer: None,
        clock: Arc::new(|| NOON),
        ids: Arc::new(RandomIds),
    };
    ReportServices {
        saved: Arc::<InMemorySavedReports>::default(),
        ids: Arc::new(RandomIds),
        daily,
        write: Arc::new(WriteDailyReport::new(writing)),
        renderer: Arc::new(renderer),
        clock: Arc::new(|| NOON),
    }
}

/// What these books and this overview say, at noon.
pub(super) fn insights(books: Arc<InMemoryBooks>, overview: Arc<InMemoryOverview>) -> InsightServices {
    let (correspondence, figures) = (Arc::<InMemoryCorrespondence>::default(), Arc::<InMemoryFigures>::default());
    let numbers = Numbers {
        books: books.clone(),
        overview: overview.clone(),
        correspondence: correspondence.clone(),
        figures: figures.clone(),
    };
    InsightServices {
        books,
        overview,
        correspondence,
        figures,
        signals: Arc::<InMemoryMailSignals>::default(),
        sum_up: Arc::new(SumUp::new(numbers, Arc::<InMemorySummaries>::default(), Arc::new(|| NOON))),
        start_company_job: start_company_job_by(Arc::default()),
        providers: Arc::new(switched_on()),
        clock: Arc::new(|| NOON),
    }
}

/// Takes in what is brought in by hand: files of at most a thousand bytes, three at once, which `extractor` reads.
pub(super) fn intake(intake: Arc<InMemoryIntake>, extractor: MockTextExtractor, quota: Quota) -> IntakeServices {
    let (mut blobs, mut removals) = (MockBlobStore::new(), MockBlobRemovals::new());
    removals.expect_announce().returning(|_, _, _| Ok(()));
    blobs.expect_put().returning(|_, _, _| Ok(()));
    let blobs = Arc::new(KeepBlob::new(Arc::new(blobs), Arc::new(removals), Arc::new(RandomIds)));
    let limits = UploadLimits { most_bytes: 1_000, most_files: 3 };
    let (writer, usage, clock) = (intake.clone(), intake.clone(), Arc::new(|| NOON));
    IntakeServices {
        upload: Arc::new(UploadDocument::new(Arc::new(extractor), blobs, writer, usage, clock, quota)),
        add: Arc::new(AddDocument::new(intake.clone(), Arc::new(RandomIds), quota)),
        keys: intake.clone(),
        ids: Arc::new(RandomIds),
        usage: intake,
        quota,
        limits,
        room: Arc::new(UploadRoom::new(limits)),
        clock: Arc::new(|| NOON),
    }
}

/// What is done with these documents.
pub(super) fn library_services(library: &Arc<InMemoryLibrary>) -> LibraryServices {
    LibraryServices {
        mail: Arc::clone(library) as _,
        removal: Arc::clone(library) as _,
        exports: Arc::new(Exports::restless(Arc::clone(library) as _, CancellationToken::new())),
        erase: Arc::new(ErasePerson::new(Arc::clone(library) as _)),
    }
}

/// The jobs of this queue, of members who are all active; their connections are not known.
pub(super) fn job_services(jobs: Arc<InMemoryJobQueue>) -> SyncJobServices {
    let people = InMemoryMembers::default();
    for role in Role::ALL {
        people.add(COMPANY_A, member(role), a_membership().email);
    }
    SyncJobServices {
        queue: jobs.clone(),
        directory: jobs.clone(),
        set_aside: Arc::new(InMemoryPageStore::default()),
        connections: Arc::new(InMemoryConnectionStore::default()),
        members: Arc::new(people),
        cancel: Arc::new(CancelJob::new(jobs.clone(), jobs.clone())),
        retry: Arc::new(RetryJob::new(jobs.clone(), start_sync_by(jobs.clone()), start_company_job_by(jobs))),
        events: Arc::new(EventStreams::restless(CancellationToken::new())),
    }
}

/// The same for the admin panel: everything empty.
fn admin_services() -> AdminServices {
    let jobs = Arc::new(InMemoryJobQueue::default());
    let start_sync = start_sync_by(jobs.clone());
    AdminServices {
        clock: Arc::new(|| NOON),
        health: Arc::new(Health::new(Vec::new())),
        providers: Arc::new(switched_on()),
        member: Arc::new(InMemoryMembers::default()),
        members: Arc::new(InMemoryMembers::default()),
        connections: Arc::new(InMemoryConnectionStore::default()),
        connection_views: Arc::new(InMemoryConnectionViews::default()),
        stuck: Arc::new(InMemoryStuckThings::default()),
        jobs: jobs.clone(),
        workers: jobs.clone(),
        start_sync: start_sync.clone(),
        cancel_job: Arc::new(CancelJob::new(jobs.clone(), jobs.clone())),
        retry_job: Arc::new(RetryJob::new(jobs.clone(), start_sync, start_company_job_by(jobs.clone()))),
        overrides: jobs,
        documents: Arc::new(InMemoryLibrary::default()),
    }
}

/// All providers but `QuickBooks`.
fn switched_on() -> BTreeSet<Provider> {
    let mut providers = BTreeSet::from(Provider::ALL);
    providers.remove(&Provider::QuickBooks);
    providers
}

/// Starts syncs in these jobs.
pub(super) fn start_sync_by(jobs: Arc<InMemoryJobQueue>) -> Arc<StartSync> {
    Arc::new(StartSync::new(jobs, Arc::new(OneId), Arc::new(Notify::new()), 5))
}

/// Makes jobs of the company among these.
pub(super) fn start_company_job_by(jobs: Arc<InMemoryJobQueue>) -> Arc<StartCompanyJob> {
    Arc::new(StartCompanyJob::new(jobs, Arc::new(RandomIds), Arc::new(Notify::new()), 5))
}

/// The request in the name of the member with this role.
pub(super) fn as_role(role: Role, request: TestRequest) -> TestRequest {
    request.insert_header((AUTHORIZATION, format!("Bearer {role}")))
}

/// The request in the name of the admin whose session this token opens.
pub(super) fn as_admin(request: TestRequest) -> TestRequest {
    request.insert_header(("X-Admin-Session", ADMIN_TOKEN)).peer_addr("10.0.0.9:50000".parse().unwrap())
}

pub(super) async fn call(services: Services, request: TestRequest) -> ServiceResponse<impl MessageBody> {
    let app = test::init_service(app(services, settings(false))).await;
    test::call_service(&app, request.to_request()).await
}

/// Status and JSON of the answer.
pub(super) async fn answer(services: Services, request: TestRequest) -> (u16, Value) {
    let response = call(services, request).await;
    let status = response.status().as_u16();
    (status, test::read_body_json(response).await)
}
