//! The configuration of every command, read from the environment once, at start.
//!
//! One file a concern: the rows of its variables in the table, the settings they make, and how one becomes the other.
//! A command has a type of its own that holds what it needs, so nothing is optional that a command cannot do without,
//! and it neither reads nor checks what only others need. All mistakes are reported together.
//!
//! A pure function of what it is given: only [`Process`] looks at the real environment and at `.env`, and nothing else
//! in the workspace does. What it does read are the files that variables name. What only a database can tell (is the
//! company known, are migrations pending) is not checked here.
//!
//! # Adding a variable
//!
//! Add its row to `VARIABLES` of the concern's file, a field to the struct, and a line to `read`. Then bring
//! `.env.example` and `docs/configuration.md` up to date with the command that the failing test names.

mod admin;
mod databases;
mod deployment;
mod doctor;
mod http;
mod identity;
mod mistake;
mod nango;
mod observability;
mod process;
mod reader;
mod reference;
mod secret;
mod storage;
mod summarizer;
mod sync;
#[cfg(test)]
mod tests;
mod users;
mod variable;

use std::net::SocketAddr;

use cortex_postgres::Pooler;
use url::Url;

pub use admin::{AdminConfig, AdminPin};
pub use databases::{DatabaseUrls, DatabasesConfig, FleetDatabases, MasterDatabase, MigrationDatabases};
pub use deployment::{Deployment, Environment};
pub use doctor::{DoctorConfig, DoctorDatabases};
pub use http::{HttpConfig, RateLimits};
pub use identity::IdentityConfig;
pub use mistake::{ConfigErrors, Mistake};
pub use nango::{NangoAccess, NangoConfig, WebhookKeys};
pub use observability::{LogConfig, LogFormat, MetricsConfig};
pub use process::{DotEnvError, Process};
pub use secret::{DatabaseUrl, Secret};
pub use storage::{BlobStore, Bucket, StorageConfig};
pub use summarizer::SummarizerConfig;
pub use sync::SyncConfig;
pub use users::{UsersBindConfig, UsersConfig};
pub use variable::{Command, Fallback, Group, Variable};

pub(crate) use nango::provider_variable;
use reader::{Reader, Reading, read_all};

/// Every variable, in the order of the documentation.
pub const GROUPS: &[Group] = &[
    Group { title: "Deployment", variables: deployment::VARIABLES },
    Group { title: "Databases", variables: databases::VARIABLES },
    Group { title: "Identity", variables: identity::VARIABLES },
    Group { title: "Nango", variables: nango::VARIABLES },
    Group { title: "Admin panel", variables: admin::VARIABLES },
    Group { title: "HTTP API", variables: http::VARIABLES },
    Group { title: "Sync", variables: sync::VARIABLES },
    Group { title: "Storage", variables: storage::VARIABLES },
    Group { title: "Summaries", variables: summarizer::VARIABLES },
    Group { title: "Observability", variables: observability::VARIABLES },
];

/// What `cortex serve` needs.
#[derive(Clone, Debug)]
pub struct ServeConfig {
    /// What it has in common with `work`.
    pub runtime: RuntimeConfig,
    /// Whose tokens are accepted.
    pub identity: IdentityConfig,
    /// How webhooks are signed.
    pub webhook_keys: WebhookKeys,
    /// The admin panel.
    pub admin: AdminConfig,
    /// The HTTP API.
    pub http: HttpConfig,
}

/// What `cortex work` needs.
#[derive(Clone, Debug)]
pub struct WorkConfig {
    /// What it has in common with `serve`.
    pub runtime: RuntimeConfig,
    /// Where the process tells its health.
    pub health: Option<SocketAddr>,
}

/// What `cortex migrate` needs.
#[derive(Clone, Debug)]
pub struct MigrateConfig {
    /// What is deployed and for whom.
    pub deployment: Deployment,
    /// How events are written.
    pub log: LogConfig,
    /// The databases, as their owner reaches them.
    pub databases: MigrationDatabases,
}

/// What `cortex migrate --all-companies` needs: no company of its own, and of the databases only Master's.
#[derive(Clone, Debug)]
pub struct MigrateFleetConfig {
    /// How events are written.
    pub log: LogConfig,
    /// Where Master is.
    pub databases: FleetDatabases,
}

/// What `cortex audit` needs.
#[derive(Clone, Debug)]
pub struct AuditConfig {
    /// What is deployed and for whom.
    pub deployment: Deployment,
    /// How events are written.
    pub log: LogConfig,
    /// Where the databases are.
    pub databases: DatabaseUrls,
    /// What stands between us and the servers.
    pub pooler: Pooler,
}

/// What the API and the workers have in common.
#[derive(Clone, Debug)]
pub struct RuntimeConfig {
    /// What is deployed and for whom.
    pub deployment: Deployment,
    /// How events are written.
    pub log: LogConfig,
    /// The databases.
    pub databases: DatabasesConfig,
    /// Base URL of Master's Supabase project.
    pub supabase_url: Url,
    /// Nango.
    pub nango: NangoConfig,
    /// How records are synced.
    pub sync: SyncConfig,
    /// What is kept.
    pub storage: StorageConfig,
    /// The language model, where there is one.
    pub summarizer: Option<SummarizerConfig>,
    /// Metrics.
    pub metrics: MetricsConfig,
    /// Where traces are sent.
    pub traces_endpoint: Option<Url>,
}

impl ServeConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::Serve, read, |reader| {
            let runtime = RuntimeConfig::read(reader);
            let known = runtime.as_ref().map_err(|noted| *noted);
            let identity = IdentityConfig::read(reader, known.map(|runtime| &runtime.supabase_url));
            let webhook_keys = WebhookKeys::read(reader, known.map(|runtime| &runtime.nango.access));
            let admin = AdminConfig::read(reader);
            let http = HttpConfig::read(reader);
            Ok(Self { runtime: runtime?, identity: identity?, webhook_keys: webhook_keys?, admin: admin?, http: http? })
        })
    }
}

impl WorkConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::Work, read, |reader| {
            let runtime = RuntimeConfig::read(reader);
            let health = observability::read_work_health(reader);
            Ok(Self { runtime: runtime?, health: health? })
        })
    }
}

impl MigrateConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::Migrate, read, |reader| {
            let deployment = Deployment::read(reader);
            let databases = MigrationDatabases::read(reader);
            let log = LogConfig::read(reader);
            Ok(Self { deployment: deployment?, log: log?, databases: databases? })
        })
    }
}

impl MigrateFleetConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::MigrateFleet, read, |reader| {
            let databases = FleetDatabases::read(reader);
            let log = LogConfig::read(reader);
            Ok(Self { log: log?, databases: databases? })
        })
    }
}

impl AuditConfig {
    /// Reads it from variables.
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigErrors> {
        read_all(Command::Audit, read, |reader| {
            let deployment = Deployment::read(reader);
            let databases = DatabaseUrls::read(reader);
            let pooler = databases::read_pooler(reader);
            let log = LogConfig::read(reader);
            Ok(Self { deployment: deployment?, log: log?, databases: databases?, pooler: pooler? })
        })
    }
}

impl RuntimeConfig {
    fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let deployment = Deployment::read(reader);
        let databases = DatabasesConfig::read(reader);
        let supabase_url = identity::read_supabase_url(reader);
        let nango = NangoConfig::read(reader);
        let sync = SyncConfig::read(reader);
        let storage = StorageConfig::read(reader);
        let summarizer = SummarizerConfig::read(reader);
        let log = LogConfig::read(reader);
        let metrics = MetricsConfig::read(reader);
        let traces_endpoint = observability::read_traces_endpoint(reader);
        Ok(Self {
            deployment: deployment?,
            log: log?,
            databases: databases?,
            supabase_url: supabase_url?,
            nango: nango?,
            sync: sync?,
            storage: storage?,
            summarizer: summarizer?,
            metrics: metrics?,
            traces_endpoint: traces_endpoint?,
        })
    }
}

/// The row of a variable.
fn row(name: &str) -> &'static Variable {
    GROUPS
        .iter()
        .flat_map(|group| group.variables)
        .find(|variable| variable.name == name)
        .unwrap_or_else(|| panic!("{name} is read but not in the table"))
}
