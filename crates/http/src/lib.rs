//! The HTTP API on actix-web: routes, what requests and answers look like, and what failures look like.
//!
//! - [`app`]: the whole API over its [`Services`]; `cortex serve` runs it and tests call it. [`probe_app`] is what a worker
//!   process tells of its health.
//! - `routes::table`: every address with its methods and who may call them. There is no other way to a handler.
//! - `gate`, `admin_gate`: who may come in; one of them stands before every handler and its extractors.
//! - [`rate_limit`]: how often those who came in may call. `cors`: which web sites may.
//! - [`opening`]: whether anything is served yet.
//! - [`problem`]: the closed table of failures. Every failure of every route is one of them, those of extractors, of
//!   unknown addresses and of panics too.
//! - [`extract`]: how handlers take bodies.
//! - [`upload_room`]: how much is uploaded at a time. [`event_streams`]: how many may watch jobs at a time.
//!   [`exports`]: how long documents are handed out.
//! - [`health`]: what the process needs to be of use. [`watch`]: who counts and traces requests, and `/metrics`.
//!
//! A handler turns a request into a call of a use case and its outcome into an answer. Not here: decisions, SQL, calls to
//! other services; no adapter is in reach.
//!
//! # Adding a route
//!
//! Write the handler and its DTOs in `routes/<resource>.rs`, give it a line with its least role in `routes::table`, and
//! put the use case it needs into [`Services`]. A failure that clients should be able to tell apart gets a line in
//! [`problem::ProblemKind`].

mod admin_gate;
mod cors;
mod edge;
mod endpoint;
pub mod event_streams;
pub mod exports;
pub mod extract;
mod gate;
pub mod health;
pub mod opening;
mod origin;
pub mod problem;
pub mod rate_limit;
mod request_id;
mod routes;
#[cfg(test)]
mod tests;
pub mod upload_room;
pub mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::web::{self, ServiceConfig};
use actix_web::{App, Error};
use cortex_connections::ports::{
    ConnectionDirectory, ConnectionStore, ConnectionViews, MemberDirectory, Members, StuckThings,
};
use cortex_connections::{Disconnect, ReceiveWebhook, Reconcile, StartConnect};
use cortex_identity::ports::{AdminSessions, AuditLog, ProfileReader, TeamStore, TokenVerifier};
use cortex_identity::{ChangeMember, EnterAdminPanel, EnterCompany, InviteMember, LogInAdmin};
use cortex_ingestion::model::Quota;
use cortex_ingestion::ports::{
    BlobStore, DocumentCounts, DocumentReader, DocumentRemoval, HeldDeletions, IdempotencyKeys, MailReader,
    SearchIndex, SetAsideRecords, UsageReader,
};
use cortex_ingestion::{AddDocument, DecideDeletions, ErasePerson, UploadDocument};
use cortex_insights::ports::{
    Alerts, Books, Chats, CompanyOverview, Correspondence, DailyReports, Figures, MailSignals, ReportRenderer,
    SavedReports,
};
use cortex_insights::{AnswerQuestion, Investigate, SumUp, WriteDailyReport};
use cortex_kernel::{Clock, IdGenerator, Provider};
use cortex_sync_jobs::ports::{JobDirectory, JobQueue, SyncOverrides, Workers};
use cortex_sync_jobs::{CancelJob, RetryJob, StartCompanyJob, StartSync};
use ipnet::IpNet;
use time::{Date, UtcOffset};

use edge::Edge;
use event_streams::EventStreams;
use exports::Exports;
use health::Health;
use opening::Opening;
use rate_limit::RateLimiter;
use upload_room::UploadRoom;
use watch::{Metrics, RequestWatch};

pub use routes::openapi;

/// What the routes call. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    /// What the process needs to be of use.
    pub health: Arc<Health>,
    /// Whether requests are served yet.
    pub opening: Arc<Opening>,
    /// Who watches them.
    pub watch: Arc<dyn RequestWatch>,
    /// What there is to be measured, where it is told beside the API.
    pub metrics: Option<Metrics>,
    /// How often members may call.
    pub rate_limiter: Arc<RateLimiter>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where request ids come from.
    pub ids: Arc<dyn IdGenerator>,
    /// Whose tokens are ours.
    pub tokens: Arc<dyn TokenVerifier>,
    /// Lets people in.
    pub enter_company: Arc<EnterCompany>,
    /// Lets admins in.
    pub log_in_admin: Arc<LogInAdmin>,
    /// Lets admins go on.
    pub enter_admin_panel: Arc<EnterAdminPanel>,
    /// The sessions of the admin panel.
    pub admin_sessions: Arc<dyn AdminSessions>,
    /// What was done here.
    pub audit_log: Arc<dyn AuditLog>,
    /// What the admin panel calls.
    pub admin: AdminServices,
    /// What people may know of their own places.
    pub profiles: Arc<dyn ProfileReader>,
    /// The members of the company.
    pub team: Arc<dyn TeamStore>,
    /// Changes what they are.
    pub change_member: Arc<ChangeMember>,
    /// Invites more of them, where the deployment can.
    pub invite_member: Option<Arc<InviteMember>>,
    /// The providers that are not switched off.
    pub providers: Arc<BTreeSet<Provider>>,
    /// Opens sessions in which people connect accounts.
    pub start_connect: Arc<StartConnect>,
    /// Who connected which account.
    pub connections: Arc<dyn ConnectionStore>,
    /// What people see of that.
    pub connection_views: Arc<dyn ConnectionViews>,
    /// Deletions that are held back.
    pub held_deletions: Arc<dyn HeldDeletions>,
    /// Decides of them.
    pub decide_deletions: Arc<DecideDeletions>,
    /// Ends connections.
    pub disconnect: Arc<Disconnect>,
    /// Looks for connections of which nobody told us.
    pub reconcile: Arc<Reconcile>,
    /// Takes the broker's webhooks in.
    pub receive_webhook: Arc<ReceiveWebhook>,
    /// Has accounts read.
    pub start_sync: Arc<StartSync>,
    /// What became of that.
    pub jobs: SyncJobServices,
    /// The documents.
    pub documents: Arc<dyn DocumentReader>,
    /// What else is done with them.
    pub library: LibraryServices,
    /// Their original bytes.
    pub blobs: Arc<dyn BlobStore>,
    /// What they say.
    pub search: Arc<dyn SearchIndex>,
    /// Those that people bring in by hand.
    pub intake: IntakeServices,
    /// What people ask the documents.
    pub chat: ChatServices,
    /// What the company sees of all of it.
    pub insights: InsightServices,
    /// What it is told of it in reports.
    pub reports: ReportServices,
    /// What its people should look at.
    pub alerts: AlertServices,
}

/// What the routes of alerts call. Cheap to clone.
#[derive(Clone)]
pub struct AlertServices {
    /// The alerts.
    pub alerts: Arc<dyn Alerts>,
    /// Looks into them.
    pub investigate: Arc<Investigate>,
    /// Has rules put to all documents.
    pub start_job: Arc<StartCompanyJob>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// What the routes of chats call. Cheap to clone.
#[derive(Clone)]
pub struct ChatServices {
    /// The chats.
    pub chats: Arc<dyn Chats>,
    /// Answers questions.
    pub answer: Arc<AnswerQuestion>,
    /// Where ids of new chats come from.
    pub ids: Arc<dyn IdGenerator>,
}

/// What the routes of reports call. Cheap to clone.
#[derive(Clone)]
pub struct ReportServices {
    /// Those that people keep.
    pub saved: Arc<dyn SavedReports>,
    /// Where ids of new ones come from.
    pub ids: Arc<dyn IdGenerator>,
    /// Those of days.
    pub daily: Arc<dyn DailyReports>,
    /// Writes them.
    pub write: Arc<WriteDailyReport>,
    /// Makes files of them.
    pub renderer: Arc<dyn ReportRenderer>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl ReportServices {
    /// The day that it is, by UTC.
    pub(crate) fn today(&self) -> Date {
        self.clock.now().to_offset(UtcOffset::UTC).date()
    }
}

/// What the routes call by which a company looks at what it has. Cheap to clone.
#[derive(Clone)]
pub struct InsightServices {
    /// What documents of accounting say.
    pub books: Arc<dyn Books>,
    /// Documents, connections and syncs in numbers.
    pub overview: Arc<dyn CompanyOverview>,
    /// Who writes to whom.
    pub correspondence: Arc<dyn Correspondence>,
    /// How much there was, day by day.
    pub figures: Arc<dyn Figures>,
    /// Which words of the lexicon stand in mails.
    pub signals: Arc<dyn MailSignals>,
    /// What days, weeks and months were.
    pub sum_up: Arc<SumUp>,
    /// Has it computed anew.
    pub start_company_job: Arc<StartCompanyJob>,
    /// The providers that are not switched off.
    pub providers: Arc<BTreeSet<Provider>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl InsightServices {
    /// The day that it is, by UTC.
    pub(crate) fn today(&self) -> Date {
        self.clock.now().to_offset(UtcOffset::UTC).date()
    }
}

/// What the routes by which people bring something in by hand call. Cheap to clone.
#[derive(Clone)]
pub struct IntakeServices {
    /// Takes files in.
    pub upload: Arc<UploadDocument>,
    /// Takes in what clients send.
    pub add: Arc<AddDocument>,
    /// Requests that may be sent again.
    pub keys: Arc<dyn IdempotencyKeys>,
    /// Where claims on those come from.
    pub ids: Arc<dyn IdGenerator>,
    /// How much people bring in.
    pub usage: Arc<dyn UsageReader>,
    /// How much one of them may on a day.
    pub quota: Quota,
    /// How large uploads may be.
    pub limits: UploadLimits,
    /// How much of them there may be at a time.
    pub room: Arc<UploadRoom>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

/// How large uploads may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Bytes of a file.
    pub most_bytes: u64,
    /// Files of a request.
    pub most_files: usize,
}

/// What is done with documents besides finding and reading them. Cheap to clone.
#[derive(Clone)]
pub struct LibraryServices {
    /// Mails, and documents with what came with them.
    pub mail: Arc<dyn MailReader>,
    /// Removes them one by one.
    pub removal: Arc<dyn DocumentRemoval>,
    /// Hands all of them out.
    pub exports: Arc<Exports>,
    /// Erases what people contributed.
    pub erase: Arc<ErasePerson>,
}

/// What the routes about jobs call. Cheap to clone.
#[derive(Clone)]
pub struct SyncJobServices {
    /// The jobs, one by one.
    pub queue: Arc<dyn JobQueue>,
    /// The jobs, in lists.
    pub directory: Arc<dyn JobDirectory>,
    /// The records that they could not take in.
    pub set_aside: Arc<dyn SetAsideRecords>,
    /// What the broker knows their connections by.
    pub connections: Arc<dyn ConnectionDirectory>,
    /// Whose accounts may be read.
    pub members: Arc<dyn Members>,
    /// Calls them off.
    pub cancel: Arc<CancelJob>,
    /// Tries them again.
    pub retry: Arc<RetryJob>,
    /// Room for those who watch them.
    pub events: Arc<EventStreams>,
}

/// What the routes of the admin panel call. Cheap to clone.
#[derive(Clone)]
pub struct AdminServices {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// What the deployment needs, besides what the process cannot do without.
    pub health: Arc<Health>,
    /// The providers that are not switched off.
    pub providers: Arc<BTreeSet<Provider>>,
    /// Who is a member.
    pub member: Arc<dyn Members>,
    /// All of them.
    pub members: Arc<dyn MemberDirectory>,
    /// Who connected which account.
    pub connections: Arc<dyn ConnectionDirectory>,
    /// The same, one by one.
    pub connection_views: Arc<dyn ConnectionViews>,
    /// What got stuck.
    pub stuck: Arc<dyn StuckThings>,
    /// The jobs.
    pub jobs: Arc<dyn JobDirectory>,
    /// Who works them off.
    pub workers: Arc<dyn Workers>,
    /// Has accounts read.
    pub start_sync: Arc<StartSync>,
    /// Calls jobs off.
    pub cancel_job: Arc<CancelJob>,
    /// Has them tried again.
    pub retry_job: Arc<RetryJob>,
    /// Who may have it done once more.
    pub overrides: Arc<dyn SyncOverrides>,
    /// How many documents there are: none of them can be read by this.
    pub documents: Arc<dyn DocumentCounts>,
}

/// How the deployment stands in the world, and what of it shows in answers.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Whether browsers are told to come by HTTPS only.
    pub strict_transport: bool,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Arc<[IpNet]>,
    /// Origins of web sites that may call from a browser, spelled as browsers spell them.
    pub cors_origins: Arc<[String]>,
    /// How many days back an initial sync reads.
    pub backfill_days: u32,
    /// Whether the API describes itself at `/docs` and `/openapi.json`.
    pub expose_docs: bool,
}

/// Largest body of a request, in bytes, but for uploads.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The whole API.
#[must_use]
pub fn app(
    services: Services,
    settings: Settings,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (ids, opening) = (Arc::clone(&services.ids), Arc::clone(&services.opening));
    let watch = Arc::clone(&services.watch);
    let routes = routes::register(services, &settings);
    let edge = Edge { ids, settings, opening, watch };
    app_over(edge, routes)
}

/// What a process tells operators' programs, on a listener of its own.
#[derive(Clone)]
pub struct Probes {
    /// What it needs to be of use, where that is told here.
    pub health: Option<Arc<Health>>,
    /// What there is to be measured, where that is told here.
    pub metrics: Option<Metrics>,
    /// Where request ids come from.
    pub ids: Arc<dyn IdGenerator>,
    /// Who watches requests.
    pub watch: Arc<dyn RequestWatch>,
}

/// The addresses below `/health`, and `/metrics`, as far as they are told here, and no others.
#[must_use]
pub fn probe_app(
    probes: Probes,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let Probes { health, metrics, ids, watch } = probes;
    let settings = Settings {
        strict_transport: false,
        trusted_proxies: Arc::default(),
        cors_origins: Arc::default(),
        backfill_days: 0,
        expose_docs: false,
    };
    let edge = Edge { ids, settings, opening: Arc::new(Opening::opened()), watch };
    app_over(edge, routes::register_probes(health, metrics))
}

/// What is true of every route, around any routes.
fn app_over(
    edge: Edge,
    routes: impl FnOnce(&mut ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let (cors, names_origins) = (cors::layer(&edge.settings.cors_origins), !edge.settings.cors_origins.is_empty());
    App::new()
        .app_data(web::Data::new(edge))
        .configure(extract::configure)
        .configure(routes)
        .default_service(web::to(routes::nothing_here))
        // The last one is the outermost.
        .wrap(from_fn(opening::hold_back))
        .wrap(from_fn(edge::catch_panics))
        .wrap(from_fn(edge::spare_event_streams))
        .wrap(Compress::default())
        .wrap(Condition::new(names_origins, cors))
        .wrap(Condition::new(names_origins, from_fn(cors::vary)))
        .wrap(from_fn(edge::answer))
}
