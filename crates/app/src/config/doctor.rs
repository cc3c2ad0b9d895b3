//! What `cortex doctor` looks at: all that the other commands of a deployment read, as far as it can be read.
//!
//! It goes on where they would not start. So of each part there is the part or nothing, and beside them all mistakes.

use std::path::PathBuf;

use cortex_kernel::CompanyId;
use cortex_postgres::Pooler;
use url::Url;

use super::admin::AdminConfig;
use super::databases::{must_differ, owners_must_differ, read_pooler};
use super::deployment::{Deployment, Environment};
use super::http::HttpConfig;
use super::identity::{IdentityConfig, read_supabase_url};
use super::mistake::ConfigErrors;
use super::nango::{NangoConfig, WebhookKeys};
use super::observability::{LogConfig, LogFormat, MetricsConfig, read_traces_endpoint, read_work_health};
use super::reader::{Reader, read_some};
use super::secret::DatabaseUrl;
use super::storage::StorageConfig;
use super::summarizer::SummarizerConfig;
use super::sync::SyncConfig;
use super::variable::Command;

/// What `cortex doctor` looks at.
#[derive(Clone, Debug)]
pub struct DoctorConfig {
    /// How careful the deployment is. A word that is not known counts as production.
    pub environment: Environment,
    /// The one company that is served.
    pub company_id: Option<CompanyId>,
    /// How events are written; as usual, where that cannot be read.
    pub log: LogConfig,
    /// Where the databases are.
    pub databases: DoctorDatabases,
    /// Base URL of Master's Supabase project.
    pub supabase_url: Option<Url>,
    /// What tokens must look like.
    pub identity: Option<IdentityConfig>,
    /// How Nango is used.
    pub nango: Option<NangoConfig>,
    /// How webhooks are signed.
    pub webhook_keys: Option<WebhookKeys>,
    /// The admin panel.
    pub admin: Option<AdminConfig>,
    /// What is kept.
    pub storage: Option<StorageConfig>,
    /// Who may read metrics.
    pub metrics: Option<MetricsConfig>,
}

/// Where the databases are.
#[derive(Clone, Debug)]
pub struct DoctorDatabases {
    /// The company's database, as the service logs in.
    pub company: Option<DatabaseUrl>,
    /// Master's database, as the service logs in.
    pub master: Option<DatabaseUrl>,
    /// The company's database, as its owner, where that is told.
    pub company_owner: Option<DatabaseUrl>,
    /// Master's database, as its owner, where that is told.
    pub master_owner: Option<DatabaseUrl>,
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
    /// What stands between us and the servers.
    pub pooler: Pooler,
}

impl DoctorConfig {
    /// Reads it from variables, and tells all that is wrong with them.
    #[must_use]
    pub fn from_env(read: &dyn Fn(&str) -> Option<String>) -> (Self, Option<ConfigErrors>) {
        read_some(Command::Doctor, read, Self::read)
    }

    fn read(reader: &mut Reader<'_>) -> Self {
        let deployment = Deployment::read(reader);
        let databases = DoctorDatabases::read(reader);
        let supabase_url = read_supabase_url(reader);
        let nango = NangoConfig::read(reader);
        let identity = IdentityConfig::read(reader, supabase_url.as_ref().map_err(|noted| *noted));
        let access = nango.as_ref().map(|nango| &nango.access);
        let webhook_keys = WebhookKeys::read(reader, access.map_err(|noted| *noted));
        let admin = AdminConfig::read(reader);
        let storage = StorageConfig::read(reader);
        let metrics = MetricsConfig::read(reader);
        let log = LogConfig::read(reader);
        // Of these only the mistakes count.
        let _ = HttpConfig::read(reader);
        let _ = SyncConfig::read(reader);
        let _ = SummarizerConfig::read(reader);
        let _ = read_traces_endpoint(reader);
        let _ = read_work_health(reader);
        let usual = || LogConfig { format: LogFormat::Text, filter: "info".to_owned() };
        Self {
            environment: reader.environment(),
            company_id: deployment.ok().map(|deployment| deployment.company_id),
            log: log.unwrap_or_else(|_| usual()),
            databases,
            supabase_url: supabase_url.ok(),
            identity: identity.ok(),
            nango: nango.ok(),
            webhook_keys: webhook_keys.ok(),
            admin: admin.ok(),
            storage: storage.ok(),
            metrics: metrics.ok(),
        }
    }
}

impl DoctorDatabases {
    fn read(reader: &mut Reader<'_>) -> Self {
        let company = reader.database_url("DATABASE_URL").ok();
        let master = reader.database_url("MASTER_DATABASE_URL").ok();
        let company_owner = reader.optional("MIGRATION_DATABASE_URL", DatabaseUrl::parse);
        let master_owner = reader.optional("MASTER_MIGRATION_DATABASE_URL", DatabaseUrl::parse);
        let ca_file = reader.optional_file("DATABASE_CA_FILE");
        let pooler = read_pooler(reader);
        // Of these only the mistakes count.
        let _ = reader.nonzero("DATABASE_POOL_SIZE");
        let _ = reader.nonzero("MASTER_DATABASE_POOL_SIZE");
        let _ = reader.milliseconds("DATABASE_ACQUIRE_TIMEOUT_MS");
        let _ = reader.milliseconds("DATABASE_STATEMENT_TIMEOUT_MS");
        let (company_owner, master_owner) = (company_owner.ok().flatten(), master_owner.ok().flatten());
        if let (Some(company), Some(master)) = (&company, &master)
            && must_differ(reader, company, master).is_ok()
        {
            let (company, master) =
                (company_owner.as_ref().unwrap_or(company), master_owner.as_ref().unwrap_or(master));
            let _ = owners_must_differ(reader, company, master);
        }
        Self {
            company,
            master,
            company_owner,
            master_owner,
            ca_file: ca_file.ok().flatten(),
            pooler: pooler.unwrap_or(Pooler::Session),
        }
    }
}
