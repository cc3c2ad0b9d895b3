//! The two PostgreSQL databases: the company's own and Master's.

use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

use cortex_postgres::Pooler;

use super::reader::{Reader, Reading, quoted};
use super::secret::DatabaseUrl;
use super::variable::{ALL, BOTH_DATABASES, Fallback, MIGRATE, MIGRATE_MASTER, SERVE_WORK, SERVE_WORK_AUDIT, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::required(
        "DATABASE_URL",
        BOTH_DATABASES,
        "PostgreSQL of the company: documents, connections, jobs. `sslmode=disable`, `prefer`, `require` or \
         `verify-full` in the URL says how TLS is used",
    )
    .secret(),
    Variable::required(
        "MASTER_DATABASE_URL",
        ALL,
        "PostgreSQL of Master: companies and members; must not be the same database",
    )
    .secret(),
    Variable::new(
        "MIGRATION_DATABASE_URL",
        Fallback::Derived("`DATABASE_URL`"),
        MIGRATE,
        "login of the owner of the company's tables, direct and not through a transaction pooler; `serve --migrate` \
         reads it too",
    )
    .secret(),
    Variable::new(
        "MASTER_MIGRATION_DATABASE_URL",
        Fallback::Derived("`MASTER_DATABASE_URL`"),
        MIGRATE_MASTER,
        "the same for Master",
    )
    .secret(),
    Variable::optional(
        "DATABASE_CA_FILE",
        ALL,
        "PEM file of the authorities that sign the servers' certificates; the system's own where it is not set",
    ),
    Variable::preset("DATABASE_POOL_SIZE", "16", SERVE_WORK, "connections to the company's database").within(1, 500),
    Variable::preset("MASTER_DATABASE_POOL_SIZE", "8", SERVE_WORK, "connections to Master").within(1, 500),
    Variable::preset(
        "DATABASE_POOLER",
        "session",
        SERVE_WORK_AUDIT,
        "`session`, or `transaction` behind PgBouncer or Supavisor in transaction mode",
    ),
    Variable::preset(
        "DATABASE_ACQUIRE_TIMEOUT_MS",
        "5000",
        SERVE_WORK,
        "how long a request waits for a connection before it is answered with 503",
    )
    .within(10, 60_000),
    Variable::preset("DATABASE_STATEMENT_TIMEOUT_MS", "15000", SERVE_WORK, "a slower statement is an error")
        .within(100, 600_000),
];

/// Where the databases are, for every command.
#[derive(Clone, Debug)]
pub struct DatabaseUrls {
    /// The company's database, as the service logs in.
    pub company: DatabaseUrl,
    /// Master's database, as the service logs in.
    pub master: DatabaseUrl,
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
}

/// How `serve` and `work` use the databases.
#[derive(Clone, Debug)]
pub struct DatabasesConfig {
    /// Where they are.
    pub urls: DatabaseUrls,
    /// Most connections to the company's database.
    pub company_pool_size: NonZeroU16,
    /// Most connections to Master.
    pub master_pool_size: NonZeroU16,
    /// What stands between us and the servers.
    pub pooler: Pooler,
    /// How long to wait for a free connection.
    pub acquire_timeout: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
}

/// How `migrate` reaches the databases: as the owner of the tables.
#[derive(Clone, Debug)]
pub struct MigrationDatabases {
    /// As the service reaches them.
    pub urls: DatabaseUrls,
    /// The company's database, as its owner.
    pub company_owner: DatabaseUrl,
    /// Master's database, as its owner.
    pub master_owner: DatabaseUrl,
}

/// How `migrate --all-companies` reaches Master, where it reads where all others are.
#[derive(Clone, Debug)]
pub struct FleetDatabases {
    /// Master's database, as its owner.
    pub master_owner: DatabaseUrl,
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
}

/// Where Master is, for commands that need no other database.
#[derive(Clone, Debug)]
pub struct MasterDatabase {
    /// Master's database, as the service logs in.
    pub url: DatabaseUrl,
    /// PEM file of the authorities to trust in place of the system's.
    pub ca_file: Option<PathBuf>,
}

impl MasterDatabase {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let url = reader.database_url("MASTER_DATABASE_URL");
        let ca_file = reader.optional_file("DATABASE_CA_FILE");
        Ok(Self { url: url?, ca_file: ca_file? })
    }
}

impl FleetDatabases {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let master = MasterDatabase::read(reader);
        let owner = reader.optional("MASTER_MIGRATION_DATABASE_URL", DatabaseUrl::parse);
        let MasterDatabase { url, ca_file } = master?;
        Ok(Self { master_owner: owner?.unwrap_or(url), ca_file })
    }
}

impl DatabaseUrls {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let company = reader.database_url("DATABASE_URL");
        let master = reader.database_url("MASTER_DATABASE_URL");
        let ca_file = reader.optional_file("DATABASE_CA_FILE");
        let (company, master) = (company?, master?);
        must_differ(reader, &company, &master)?;
        Ok(Self { company, master, ca_file: ca_file? })
    }
}

/// Master needs a database of its own.
pub(super) fn must_differ(reader: &mut Reader<'_>, company: &DatabaseUrl, master: &DatabaseUrl) -> Reading<()> {
    if company.same_database(master) {
        return Err(reader.mistake(
            "MASTER_DATABASE_URL",
            "leads to the same database as DATABASE_URL: Master needs a database of its own",
        ));
    }
    Ok(())
}

/// The same of the owners' addresses.
pub(super) fn owners_must_differ(reader: &mut Reader<'_>, company: &DatabaseUrl, master: &DatabaseUrl) -> Reading<()> {
    if company.same_database(master) {
        return Err(reader.mistake(
            "MASTER_MIGRATION_DATABASE_URL",
            "leads to the same database as the company's: Master needs a database of its own",
        ));
    }
    Ok(())
}

impl DatabasesConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let urls = DatabaseUrls::read(reader);
        let company_pool_size = reader.nonzero("DATABASE_POOL_SIZE");
        let master_pool_size = reader.nonzero("MASTER_DATABASE_POOL_SIZE");
        let pooler = read_pooler(reader);
        let acquire_timeout = reader.milliseconds("DATABASE_ACQUIRE_TIMEOUT_MS");
        let statement_timeout = reader.milliseconds("DATABASE_STATEMENT_TIMEOUT_MS");
        Ok(Self {
            urls: urls?,
            company_pool_size: company_pool_size?,
            master_pool_size: master_pool_size?,
            pooler: pooler?,
            acquire_timeout: acquire_timeout?,
            statement_timeout: statement_timeout?,
        })
    }
}

/// What stands between us and the servers.
pub(super) fn read_pooler(reader: &mut Reader<'_>) -> Reading<Pooler> {
    reader.required("DATABASE_POOLER", |text| match text {
        "session" => Ok(Pooler::Session),
        "transaction" => Ok(Pooler::Transaction),
        _ => Err(format!("expected session or transaction, found {}", quoted(text))),
    })
}

impl MigrationDatabases {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let urls = DatabaseUrls::read(reader);
        let company_owner = reader.optional("MIGRATION_DATABASE_URL", DatabaseUrl::parse);
        let master_owner = reader.optional("MASTER_MIGRATION_DATABASE_URL", DatabaseUrl::parse);
        let urls = urls?;
        let company_owner = company_owner?.unwrap_or_else(|| urls.company.clone());
        let master_owner = master_owner?.unwrap_or_else(|| urls.master.clone());
        owners_must_differ(reader, &company_owner, &master_owner)?;
        Ok(Self { urls, company_owner, master_owner })
    }
}
