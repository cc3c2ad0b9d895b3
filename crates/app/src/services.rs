//! Ports in, use cases out.

use std::collections::BTreeSet;
use std::sync::Arc;

use cortex_connections::ports::ConnectionBroker;
use cortex_connections::{
    AdoptConnection, AdoptPorts, CheckConnection, Disconnect, ForgetOld, InboxPorts, ReceiveWebhook, Reconcile,
    RemoveAtBroker, StartConnect, WorkOffInbox,
};
use cortex_http::event_streams::EventStreams;
use cortex_http::exports::Exports;
use cortex_http::health::Health;
use cortex_http::opening::Opening;
use cortex_http::rate_limit::{RateLimiter, RateLimits};
use cortex_http::upload_room::UploadRoom;
use cortex_http::watch::NobodyWatches;
use cortex_http::{
    AdminServices, ChatServices, IntakeServices, LibraryServices, Services, SyncJobServices, UploadLimits,
};
use cortex_identity::ports::{AdminTokens, PinVerifier, TeamStore};
use cortex_identity::{
    AdminDoor, AnnouncingTeam, BindAccount, ChangeMember, CopyMasterAudit, EnterAdminPanel, EnterCompany,
    ForgetAuditDetails, InviteMember, KeepBindings, LogInAdmin, LogInPorts, LoginLimits, RememberedMemberships,
    SealAudit, TellMaster, Visits,
};
use cortex_ingestion::model::Quota;
use cortex_ingestion::{
    AddDocument, DecideDeletions, ErasePerson, FetchContents, FinishContents, ForgetIdempotencyKeys, ForgetSetAside,
    KeepBlob, ReadStream, RemoveBlobs, UploadDocument,
};
use cortex_insights::AnswerQuestion;
use cortex_kernel::Provider;
use cortex_sync_jobs::model::WorkerSign;
use cortex_sync_jobs::run_job::Timing;
use cortex_sync_jobs::worker::WorkerSettings;
use cortex_sync_jobs::{
    ByCompanyLeave, CallOffDeparted, CancelJob, ForgetCompanyJobs, ReportWorker, RetryJob, RunJob, ScheduleCompanyJobs,
    ScheduleSyncs, StartCompanyJob, StartSync, Worker,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::ask_documents::AskDocuments;
use crate::audit_upkeep::{AuditPorts, AuditUpkeep};
use crate::background::Background;
use crate::beside_requests::BesideRequests;
use crate::company_schedule::CompanySchedule;
use crate::config::{RuntimeConfig, ServeConfig};
use crate::connection_upkeep::ConnectionUpkeep;
use crate::departures::Departures;
use crate::have_read::HaveRead;
use crate::insight_services::{CompanyWork, compose_alerts, compose_company_work, compose_insights, compose_reports};
use crate::lacking_contents::LackingContents;
use crate::own_thread::OnItsOwnThread;
use crate::ports::{AdminPorts, ApiPorts, ChatPorts, LibraryPorts, Ports};
use crate::read_account::ReadAccount;
use crate::readiness::NangoAnswers;
use crate::run_jobs::RunJobs;
use crate::schedule::Schedule;

/// How often a sync may begin without getting on, before it is given up.
const MAX_ATTEMPTS: u32 = 5;

/// Puts the use cases of the API over ports, and what goes on beside its requests; the API serves at once. `wake` makes a
/// worker of the same process look at the queue; `left` is told whenever somebody may have left the company; `stop` ends
/// answers that would go on.
#[must_use]
pub fn compose(
    config: &ServeConfig,
    ports: ApiPorts,
    wake: &Arc<Notify>,
    left: Arc<Notify>,
    stop: CancellationToken,
) -> (Services, BesideRequests) {
    let company_id = config.runtime.deployment.company_id;
    let bindings = compose_bindings(&config.runtime, &ports);
    let ApiPorts {
        shared: ports,
        tokens,
        signing_keys,
        membership_watch,
        admin_pin,
        admin_tokens,
        admin: admin_ports,
        library,
        chat,
        user_directory,
        broker,
        webhook_authenticity,
    } = ports;
    let memberships = Arc::new(RememberedMemberships::new(Arc::clone(&ports.memberships), Arc::clone(&ports.clock)));
    ports.metrics.of_memory("memberships", memberships.lookups());
    let visits = Arc::new(Visits::new(company_id, Arc::clone(&ports.visits)));
    let enter_company = EnterCompany::new(
        company_id,
        Arc::<RememberedMemberships>::clone(&memberships),
        Arc::clone(&visits),
        Arc::clone(&ports.clock),
    );
    // What is changed here counts for the next request, whether or not anybody listens.
    let (remembered, heard) = (Arc::clone(&memberships), Arc::clone(&left));
    let announce = move || {
        remembered.forget();
        heard.notify_one();
    };
    let team: Arc<dyn TeamStore> = Arc::new(AnnouncingTeam::new(Arc::clone(&ports.team), announce));
    let invite_member = user_directory.zip(bindings.clone()).map(|(directory, bindings)| {
        let (team, clock) = (Arc::clone(&team), Arc::clone(&ports.clock));
        let valid_for = config.identity.invitation_validity.try_into().unwrap_or(time::Duration::WEEK);
        Arc::new(InviteMember::new(team, directory, bindings, clock, valid_for))
    });
    let beside = BesideRequests { company_id, signing_keys, memberships, membership_watch, visits, bindings, left };
    let providers: Arc<BTreeSet<_>> = Arc::new(config.runtime.nango.provider_keys.keys().copied().collect());
    let start_connect = compose_start_connect(BTreeSet::clone(&providers), broker, &ports);
    let door = Arc::new(compose_door(config, &ports));
    let log_in_admin = compose_login(config, &ports, admin_pin, admin_tokens, Arc::clone(&door));
    let start_sync = start_sync(&ports, wake);
    let Connecting { reconcile, remove, .. } = compose_connecting(&config.runtime, &ports, &start_sync);
    let endings = Arc::clone(&ports.connection_endings);
    let disconnect = Disconnect::new(endings, remove, Arc::clone(&ports.clock));
    let start_company_job = start_company_job(&ports, wake);
    let jobs = compose_jobs(&ports, &admin_ports, &start_sync, Arc::clone(&start_company_job), stop.clone());
    let intake = compose_intake(config, &ports);
    let alerts = compose_alerts(&chat, &ports, Arc::clone(&start_company_job));
    let chat = compose_chat(chat, &ports);
    let insights = compose_insights(&ports, start_company_job, &providers);
    let reports = compose_reports(&ports);
    let admin = compose_admin(&ports, admin_ports, &jobs, &start_sync, &providers);
    let services = Services {
        health: Arc::new(Health::new(ports.readiness)),
        opening: Arc::new(Opening::opened()),
        watch: Arc::new(NobodyWatches),
        metrics: None,
        rate_limiter: Arc::new(RateLimiter::new(rate_limits(config), ports.attempts)),
        tokens,
        clock: Arc::clone(&ports.clock),
        change_member: Arc::new(ChangeMember::new(Arc::clone(&team), Arc::clone(&ports.clock))),
        invite_member,
        team,
        enter_company: Arc::new(enter_company),
        enter_admin_panel: Arc::new(EnterAdminPanel::new(company_id, door, Arc::clone(&ports.admin_sessions))),
        admin_sessions: ports.admin_sessions,
        log_in_admin: Arc::new(log_in_admin),
        audit_log: ports.audit.log,
        admin,
        profiles: ports.profiles,
        providers,
        start_connect: Arc::new(start_connect),
        connections: ports.connections,
        connection_views: ports.connection_views,
        decide_deletions: Arc::new(DecideDeletions::new(company_id, Arc::clone(&ports.held_deletions))),
        held_deletions: ports.held_deletions,
        disconnect: Arc::new(disconnect),
        reconcile: Arc::new(reconcile),
        receive_webhook: Arc::new(ReceiveWebhook::new(
            company_id,
            webhook_authenticity,
            ports.webhook_reader,
            ports.inbox,
        )),
        start_sync,
        ids: ports.ids,
        jobs,
        documents: ports.documents,
        library: compose_library(library, stop),
        blobs: ports.blobs,
        search: ports.search,
        intake,
        chat,
        insights,
        reports,
        alerts,
    };
    (services, beside)
}

/// Opens sessions in which people connect accounts of these providers.
fn compose_start_connect(
    providers: BTreeSet<Provider>,
    broker: Arc<dyn ConnectionBroker>,
    ports: &Ports,
) -> StartConnect {
    StartConnect::new(
        providers,
        broker,
        Arc::clone(&ports.connections),
        Arc::clone(&ports.originals),
        Arc::clone(&ports.connect_sessions),
        Arc::clone(&ports.clock),
        Arc::clone(&ports.ids),
    )
}

/// How often members may call.
fn rate_limits(config: &ServeConfig) -> RateLimits {
    let limits = &config.http.rate_limits;
    RateLimits { read: limits.read, write: limits.write, connect: limits.connect }
}

/// The door of the admin panel.
fn compose_door(config: &ServeConfig, ports: &Ports) -> AdminDoor {
    AdminDoor::new(
        config.runtime.deployment.company_id,
        config.admin.allowed_networks.clone(),
        Arc::clone(&ports.admin_sessions),
        Arc::clone(&ports.attempts),
        Arc::clone(&ports.clock),
    )
}

/// Opens sessions of the admin panel behind its door.
fn compose_login(
    config: &ServeConfig,
    ports: &Ports,
    pin: Option<Arc<dyn PinVerifier>>,
    admin_tokens: Arc<dyn AdminTokens>,
    door: Arc<AdminDoor>,
) -> LogInAdmin {
    let limits = LoginLimits {
        per_address: config.admin.login_max_failures,
        in_all: config.admin.login_global_max,
        window: config.admin.login_window,
        session: config.admin.session_duration,
    };
    let log_in = LogInPorts {
        attempts: Arc::clone(&ports.attempts),
        sessions: Arc::clone(&ports.admin_sessions),
        tokens: admin_tokens,
        ids: Arc::clone(&ports.ids),
        clock: Arc::clone(&ports.clock),
    };
    LogInAdmin::new(config.runtime.deployment.company_id, limits, door, pin, log_in)
}

/// What people bring something in by hand with.
fn compose_intake(config: &ServeConfig, ports: &Ports) -> IntakeServices {
    let storage = &config.runtime.storage;
    let quota = Quota { documents: storage.daily_document_quota, bytes: storage.daily_byte_quota };
    let (writer, ids) = (&ports.document_writer, &ports.ids);
    let blobs = KeepBlob::new(Arc::clone(&ports.blobs), Arc::clone(&ports.blob_removals), Arc::clone(ids));
    let limits = UploadLimits { most_bytes: config.http.upload_max_bytes, most_files: config.http.upload_max_files };
    let upload = UploadDocument::new(
        Arc::clone(&ports.extractor),
        Arc::new(blobs),
        Arc::clone(writer),
        Arc::clone(&ports.usage),
        Arc::clone(&ports.clock),
        quota,
    );
    IntakeServices {
        upload: Arc::new(upload),
        add: Arc::new(AddDocument::new(Arc::clone(writer), Arc::clone(ids), quota)),
        keys: Arc::clone(&ports.idempotency_keys),
        ids: Arc::clone(ids),
        usage: Arc::clone(&ports.usage),
        quota,
        limits,
        room: Arc::new(UploadRoom::new(limits)),
        clock: Arc::clone(&ports.clock),
    }
}

/// What is called by who asks the documents.
fn compose_chat(chat: ChatPorts, ports: &Ports) -> ChatServices {
    let ChatPorts { chats, passages, summarizer } = chat;
    let (passages, ids) = (Arc::new(AskDocuments(passages)), &ports.ids);
    let answer = AnswerQuestion::new(passages, Arc::clone(&chats), summarizer, Arc::clone(ids));
    ChatServices { chats, answer: Arc::new(answer), ids: Arc::clone(ids) }
}

/// What is called about jobs.
fn compose_jobs(
    ports: &Ports,
    admin_ports: &AdminPorts,
    start_sync: &Arc<StartSync>,
    start_company_job: Arc<StartCompanyJob>,
    stop: CancellationToken,
) -> SyncJobServices {
    let queue = Arc::clone(&ports.jobs);
    SyncJobServices {
        queue: Arc::clone(&queue),
        directory: Arc::clone(&admin_ports.jobs),
        set_aside: Arc::clone(&ports.set_aside),
        connections: Arc::clone(&admin_ports.connections),
        members: Arc::clone(&ports.members),
        cancel: Arc::new(CancelJob::new(Arc::clone(&queue), Arc::clone(&ports.live_jobs))),
        retry: Arc::new(RetryJob::new(queue, Arc::clone(start_sync), start_company_job)),
        events: Arc::new(EventStreams::new(stop)),
    }
}

/// What is called about documents, besides finding and reading them.
fn compose_library(ports: LibraryPorts, stop: CancellationToken) -> LibraryServices {
    LibraryServices {
        mail: ports.mail,
        removal: ports.removal,
        exports: Arc::new(Exports::new(ports.export, stop)),
        erase: Arc::new(ErasePerson::new(ports.erasure)),
    }
}

/// What the admin panel calls.
fn compose_admin(
    ports: &Ports,
    admin_ports: AdminPorts,
    jobs: &SyncJobServices,
    start_sync: &Arc<StartSync>,
    providers: &Arc<BTreeSet<Provider>>,
) -> AdminServices {
    let mut everything = ports.readiness.clone();
    if let Some(provider) = providers.first().copied() {
        everything.push(Arc::new(NangoAnswers { brokered: Arc::clone(&ports.brokered), provider }));
    }
    AdminServices {
        clock: Arc::clone(&ports.clock),
        health: Arc::new(Health::new(everything)),
        providers: Arc::clone(providers),
        member: Arc::clone(&ports.members),
        members: admin_ports.members,
        connections: admin_ports.connections,
        connection_views: Arc::clone(&ports.connection_views),
        stuck: admin_ports.stuck,
        jobs: admin_ports.jobs,
        workers: Arc::clone(&ports.workers),
        start_sync: Arc::clone(start_sync),
        cancel_job: Arc::clone(&jobs.cancel),
        retry_job: Arc::clone(&jobs.retry),
        overrides: admin_ports.overrides,
        documents: admin_ports.documents,
    }
}

/// What the ways to a connection have in common.
struct Connecting {
    ports: AdoptPorts,
    adopt: Arc<AdoptConnection>,
    check: CheckConnection,
    remove: RemoveAtBroker,
    reconcile: Reconcile,
}

fn compose_connecting(config: &RuntimeConfig, ports: &Ports, start_sync: &Arc<StartSync>) -> Connecting {
    let company_id = config.deployment.company_id;
    let clock = || Arc::clone(&ports.clock);
    let adopt_ports = AdoptPorts {
        brokered: Arc::clone(&ports.brokered),
        accounts: Arc::clone(&ports.accounts),
        members: Arc::clone(&ports.members),
        connections: Arc::clone(&ports.connections),
        health: Arc::clone(&ports.connection_health),
        sessions: Arc::clone(&ports.connect_sessions),
        session_endings: Arc::clone(&ports.session_endings),
        originals: Arc::clone(&ports.originals),
        quarantine: Arc::clone(&ports.quarantine),
        unclaimed: Arc::clone(&ports.unclaimed),
        removals: Arc::clone(&ports.removals),
        reading: Arc::new(HaveRead::new(Arc::clone(start_sync), config.sync.on_connect)),
    };
    let adopt = Arc::new(AdoptConnection::new(company_id, adopt_ports.clone(), clock()));
    let check = CheckConnection::new(company_id, adopt_ports.clone(), clock());
    let remove = RemoveAtBroker::new(company_id, Arc::clone(&ports.brokered), Arc::clone(&ports.removals));
    let turns = Arc::clone(&ports.turns);
    let reconcile = Reconcile::new(company_id, adopt_ports.clone(), turns, Arc::clone(&adopt), clock());
    Connecting { ports: adopt_ports, adopt, check, remove, reconcile }
}

/// Starts syncs; `wake` makes a worker of the same process look at the queue.
fn start_sync(ports: &Ports, wake: &Arc<Notify>) -> Arc<StartSync> {
    let starter = ByCompanyLeave::new(Arc::clone(&ports.sync_starter), Arc::clone(&ports.company_leaves));
    Arc::new(StartSync::new(Arc::new(starter), Arc::clone(&ports.ids), Arc::clone(wake), MAX_ATTEMPTS))
}

/// Makes jobs of the company; `wake` makes a worker of the same process look at the queue.
fn start_company_job(ports: &Ports, wake: &Arc<Notify>) -> Arc<StartCompanyJob> {
    let (jobs, ids) = (Arc::clone(&ports.company_jobs), Arc::clone(&ports.ids));
    Arc::new(StartCompanyJob::new(jobs, ids, Arc::clone(wake), MAX_ATTEMPTS))
}

/// Puts what looks after the jobs of people who leave over ports.
#[must_use]
pub(crate) fn compose_departures(config: &RuntimeConfig, ports: &Ports, left: Arc<Notify>) -> Departures {
    let (jobs, members) = (Arc::clone(&ports.live_jobs), Arc::clone(&ports.active_members));
    Departures { call_off: CallOffDeparted::new(config.deployment.company_id, jobs, members), heard: left }
}

/// Binds accounts to the company, where the deployment has the key to them.
fn compose_bindings(config: &RuntimeConfig, ports: &ApiPorts) -> Option<Arc<KeepBindings>> {
    let directory = ports.user_directory.as_ref()?;
    let bind = BindAccount::new(Arc::clone(directory), Arc::clone(&ports.shared.profiles));
    let team = Arc::clone(&ports.shared.team);
    Some(Arc::new(KeepBindings::new(config.deployment.company_id, team, Arc::new(bind))))
}

/// Puts what keeps the audit log in order over ports.
#[must_use]
pub(crate) fn compose_audit_upkeep(config: &RuntimeConfig, ports: &Ports) -> AuditUpkeep {
    let company_id = config.deployment.company_id;
    let AuditPorts { sealer, heads, master_actions, copies, connection_actions, master_copies, retention, log: _ } =
        ports.audit.clone();
    let keep = config.storage.audit_retention.map(|keep| time::Duration::try_from(keep).unwrap_or(time::Duration::MAX));
    AuditUpkeep {
        seal: SealAudit::new(company_id, sealer, heads),
        copy: CopyMasterAudit::new(company_id, Arc::clone(&master_actions), copies, Arc::clone(&ports.clock)),
        tell: TellMaster::new(company_id, connection_actions, master_copies),
        forget: keep
            .map(|keep| ForgetAuditDetails::new(company_id, retention, master_actions, Arc::clone(&ports.clock), keep)),
    }
}

/// Puts what goes on beside requests over ports. Once `stop` is cancelled, it ends.
#[must_use]
pub(crate) fn compose_background(
    config: &RuntimeConfig,
    ports: &Ports,
    wake: Arc<Notify>,
    stop: CancellationToken,
) -> Background {
    let company_id = config.deployment.company_id;
    let sync = &config.sync;
    let fetch_contents = Arc::new(FetchContents::new(
        Arc::clone(&ports.contents),
        Arc::clone(&ports.extractor),
        Arc::clone(&ports.content_ledger),
        Arc::clone(&ports.clock),
    ));
    let read_stream = ReadStream::new(
        Arc::clone(&ports.records),
        Arc::clone(&fetch_contents),
        Arc::clone(&ports.pages),
        Arc::clone(&ports.clock),
        time::Duration::days(i64::from(sync.backfill_days)),
    );
    let runner = ReadAccount::new(
        Arc::clone(&ports.connections),
        Arc::clone(&ports.connection_health),
        Arc::clone(&ports.records),
        read_stream,
        compose_contents(ports, fetch_contents),
        Arc::clone(&ports.clock),
    );
    let CompanyWork { runners, plan } = compose_company_work(config, ports);
    let runner = RunJobs { account: Arc::new(runner), company: runners };
    let jitter = Box::new(rand::random::<f64>);
    let run_job = RunJob::new(
        Arc::clone(&ports.jobs),
        Arc::new(OnItsOwnThread(Arc::new(runner))),
        Timing::of_lease(sync.lease, sync.poll_interval),
        jitter,
    );
    let sign = WorkerSign {
        name: format!("{}-{}", std::process::id(), ports.ids.new_uuid().simple()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        capacity: u16::try_from(sync.workers).unwrap_or(u16::MAX),
    };
    let settings = WorkerSettings {
        company_id,
        name: sign.name.clone(),
        concurrency: sign.capacity,
        lease_for: sync.lease,
        poll_every: sync.poll_interval,
    };
    let start_sync = start_sync(ports, &wake);
    let schedule = sync.interval.map(|interval| {
        let (due, members) = (Arc::clone(&ports.due_accounts), Arc::clone(&ports.active_members));
        let syncs = ScheduleSyncs::new(company_id, due, members, Arc::clone(&start_sync), interval);
        Schedule { company_id, turns: Arc::clone(&ports.turns), syncs }
    });
    let company_schedule = (!plan.is_empty()).then(|| {
        let (start_job, clock) = (start_company_job(ports, &wake), Arc::clone(&ports.clock));
        let jobs = ScheduleCompanyJobs::new(company_id, start_job, clock, plan);
        CompanySchedule { company_id, turns: Arc::clone(&ports.turns), jobs }
    });
    let connecting = compose_connecting(config, ports, &start_sync);
    let worker = Worker::new(Arc::clone(&ports.jobs), Arc::new(run_job), settings, stop);
    Background {
        report: ReportWorker::new(Arc::clone(&ports.workers), company_id, sign, worker.pulse()),
        worker,
        wake,
        connections: compose_connection_upkeep(config, ports, connecting),
        schedule,
        company_schedule,
        documents: Arc::clone(&ports.searchable),
        counts: Arc::clone(&ports.counts),
        deletions: DecideDeletions::new(company_id, Arc::clone(&ports.held_deletions)),
        idempotency_keys: ForgetIdempotencyKeys::new(company_id, Arc::clone(&ports.idempotency_keys)),
        ended_company_jobs: ForgetCompanyJobs::new(company_id, Arc::clone(&ports.company_jobs)),
        set_aside: ForgetSetAside::new(company_id, Arc::clone(&ports.set_aside), config.storage.set_aside_retention),
        blobs: RemoveBlobs::new(company_id, Arc::clone(&ports.blobs), Arc::clone(&ports.blob_removals)),
    }
}

fn compose_contents(ports: &Ports, fetch_contents: Arc<FetchContents>) -> LackingContents {
    let ledger = Arc::clone(&ports.content_ledger);
    LackingContents {
        finish: FinishContents::new(fetch_contents, Arc::clone(&ledger), Arc::clone(&ports.pages)),
        ledger,
        jobs: Arc::clone(&ports.jobs),
        ids: Arc::clone(&ports.ids),
        max_attempts: MAX_ATTEMPTS,
    }
}

fn compose_connection_upkeep(config: &RuntimeConfig, ports: &Ports, connecting: Connecting) -> ConnectionUpkeep {
    let company_id = config.deployment.company_id;
    let Connecting { ports: adopt_ports, adopt, check, remove, reconcile } = connecting;
    let inbox_ports = InboxPorts {
        inbox: Arc::clone(&ports.inbox),
        reader: Arc::clone(&ports.webhook_reader),
        health: Arc::clone(&ports.connection_health),
        members: adopt_ports.members,
        reading: adopt_ports.reading,
    };
    ConnectionUpkeep {
        inbox: WorkOffInbox::new(company_id, inbox_ports, adopt, check, config.nango.timeout),
        poll_every: config.sync.poll_interval,
        remove,
        reconcile,
        forget: ForgetOld::new(
            company_id,
            Arc::clone(&ports.inbox),
            Arc::clone(&ports.connect_sessions),
            Arc::clone(&ports.removals),
            Arc::clone(&ports.clock),
            config.storage.inbox_retention,
        ),
    }
}
