//! Ports in, use cases out.

use std::collections::BTreeSet;
use std::sync::Arc;

use cortex_connections::{AdoptConnection, AdoptPorts, ReceiveWebhook, StartConnect, WorkOffInbox};
use cortex_http::health::Health;
use cortex_http::{AdminServices, Services};
use cortex_identity::{AdminDoor, EnterAdminPanel, EnterCompany, LogInAdmin, LogInPorts, LoginLimits};
use cortex_ingestion::ReadStream;
use cortex_sync_jobs::run_job::Timing;
use cortex_sync_jobs::worker::WorkerSettings;
use cortex_sync_jobs::{RetryJob, RunJob, StartSync, Worker};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::background::Background;
use crate::config::{RuntimeConfig, ServeConfig};
use crate::ports::{ApiPorts, Ports};
use crate::read_account::ReadAccount;
use crate::readiness::NangoAnswers;

/// How often a sync may begin without getting on, before it is given up.
const MAX_ATTEMPTS: u32 = 5;

/// Puts the use cases of the API over ports. `wake` makes a worker of the same process look at the queue.
#[must_use]
pub fn compose(config: &ServeConfig, ports: ApiPorts, wake: Arc<Notify>) -> Services {
    let ApiPorts {
        shared: ports,
        tokens,
        signing_keys: _,
        admin_pin,
        admin_tokens,
        admin: admin_ports,
        broker,
        webhook_authenticity,
    } = ports;
    let company_id = config.runtime.deployment.company_id;
    let providers: BTreeSet<_> = config.runtime.nango.provider_keys.keys().copied().collect();
    let start_connect = StartConnect::new(
        providers.clone(),
        broker,
        Arc::clone(&ports.connections),
        Arc::clone(&ports.connect_sessions),
        Arc::clone(&ports.clock),
        Arc::clone(&ports.ids),
    );
    let door = Arc::new(AdminDoor::new(
        company_id,
        config.admin.allowed_networks.clone(),
        Arc::clone(&ports.admin_sessions),
        Arc::clone(&ports.attempts),
    ));
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
    };
    let start_sync = Arc::new(StartSync::new(ports.sync_starter, Arc::clone(&ports.ids), wake, MAX_ATTEMPTS));
    let providers = Arc::new(providers);
    let mut everything = ports.readiness.clone();
    if let Some(provider) = providers.first().copied() {
        everything.push(Arc::new(NangoAnswers { brokered: Arc::clone(&ports.brokered), provider }));
    }
    let admin = AdminServices {
        clock: Arc::clone(&ports.clock),
        health: Arc::new(Health::new(everything)),
        providers: Arc::clone(&providers),
        member: ports.members,
        members: admin_ports.members,
        connections: admin_ports.connections,
        stuck: admin_ports.stuck,
        jobs: admin_ports.jobs,
        start_sync: Arc::clone(&start_sync),
        retry_job: Arc::new(RetryJob::new(Arc::clone(&ports.jobs), Arc::clone(&start_sync))),
        overrides: admin_ports.overrides,
        documents: admin_ports.documents,
    };
    Services {
        health: Arc::new(Health::new(ports.readiness)),
        tokens,
        enter_company: Arc::new(EnterCompany::new(company_id, ports.memberships, Arc::clone(&ports.clock))),
        log_in_admin: Arc::new(LogInAdmin::new(company_id, limits, Arc::clone(&door), admin_pin, log_in)),
        enter_admin_panel: Arc::new(EnterAdminPanel::new(company_id, door, Arc::clone(&ports.admin_sessions))),
        admin_sessions: ports.admin_sessions,
        admin,
        profiles: ports.profiles,
        providers,
        start_connect: Arc::new(start_connect),
        connections: ports.connections,
        session_endings: ports.session_endings,
        reading_states: ports.reading_states,
        receive_webhook: Arc::new(ReceiveWebhook::new(
            company_id,
            webhook_authenticity,
            ports.webhook_reader,
            ports.inbox,
        )),
        start_sync,
        ids: ports.ids,
        jobs: ports.jobs,
        documents: ports.documents,
        search: ports.search,
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
    let read_stream = ReadStream::new(
        Arc::clone(&ports.records),
        Arc::clone(&ports.pages),
        Arc::clone(&ports.clock),
        time::Duration::days(i64::from(sync.backfill_days)),
    );
    let runner = ReadAccount::new(
        Arc::clone(&ports.connections),
        Arc::clone(&ports.records),
        read_stream,
        Arc::clone(&ports.clock),
    );
    let jitter = Box::new(rand::random::<f64>);
    let run_job = RunJob::new(Arc::clone(&ports.jobs), Arc::new(runner), Timing::of_lease(sync.lease), jitter);
    let settings = WorkerSettings {
        company_id,
        name: format!("{}-{}", std::process::id(), ports.ids.new_uuid().simple()),
        concurrency: u16::try_from(sync.workers).unwrap_or(u16::MAX),
        lease_for: sync.lease,
        poll_every: sync.poll_interval,
    };
    let adopt = AdoptPorts {
        brokered: Arc::clone(&ports.brokered),
        accounts: Arc::clone(&ports.accounts),
        members: Arc::clone(&ports.members),
        connections: Arc::clone(&ports.connections),
        sessions: Arc::clone(&ports.connect_sessions),
        session_endings: Arc::clone(&ports.session_endings),
        originals: Arc::clone(&ports.originals),
        quarantine: Arc::clone(&ports.quarantine),
    };
    let inbox = WorkOffInbox::new(
        company_id,
        Arc::clone(&ports.inbox),
        Arc::clone(&ports.webhook_reader),
        AdoptConnection::new(company_id, adopt, Arc::clone(&ports.clock)),
    );
    Background {
        worker: Worker::new(Arc::clone(&ports.jobs), Arc::new(run_job), settings, stop),
        wake,
        inbox,
        poll_every: sync.poll_interval,
        documents: Arc::clone(&ports.searchable),
    }
}
