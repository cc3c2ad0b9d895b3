//! Brings the schema of a database up or down, one numbered migration at a time.
//!
//! The migrations stand under `migrations/master` and `migrations/company`, are embedded in the binary, and run by
//! diesel's harness. Around it stands what a live service asks for:
//!
//! - Only one migrator works on a database at a time; the others wait up to a minute.
//! - A migration that has to wait for a lock gives up before half a second is over, lets through whoever queued behind it,
//!   and tries again. Autovacuum is asked to make way beforehand. The service is never blocked for longer.
//! - A migration that may not run in a transaction (`CREATE INDEX CONCURRENTLY`) finds no half-built index of an earlier
//!   attempt in its way.
//!
//! Databases that have lived are adopted: the baseline takes over the tables that it finds, and all that follows ends in
//! the same schema as on an empty database.

mod harness;
mod inspect;
mod outlook;
mod registry;
mod version;

use std::time::Duration;

use cortex_kernel::CompanyId;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use thiserror::Error;

use crate::connect::{Address, ConnectError};
use crate::schema::Database;

pub use self::inspect::{Inspection, Inspector};
pub use self::outlook::{Finding, Survey};
pub use self::registry::{Registered, read_registry};
pub use self::version::{UnknownVersion, resolve};

const MASTER: EmbeddedMigrations = embed_migrations!("../../migrations/master");
const COMPANY: EmbeddedMigrations = embed_migrations!("../../migrations/company");

/// Migrates one database.
pub struct Migrator {
    database: Database,
    address: Address,
    company: Option<CompanyId>,
}

/// How a database stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// Migrations that have run and that this binary knows, oldest first.
    pub applied: Vec<String>,
    /// Migrations that have not run, in the order in which they will.
    pub pending: Vec<String>,
    /// Migrations that have run and that this binary does not know: a newer one made them. The service works with them.
    pub unknown: Vec<String>,
    /// Our tables that stand there although no migration made them: the baseline takes them over.
    pub to_adopt: Vec<String>,
    /// Tables beside ours. They are left alone.
    pub foreign: Vec<String>,
}

/// A migration that ran just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its number and name.
    pub name: String,
    /// How long it took, waiting for locks included.
    pub took: Duration,
    /// What it found in the data and left for somebody to decide.
    pub warnings: Vec<String>,
}

/// A migration, or the way to it, failed.
#[derive(Debug, Error)]
pub enum MigrateError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The database failed beside the migrations themselves.
    #[error("the database at {place} failed: {reason}")]
    Database {
        /// Host, port and database.
        place: String,
        /// What it said.
        reason: String,
    },
    /// Another migrator holds the database and did not let go of it for a minute.
    #[error("another migration of the database at {place} has been running for over a minute: wait for it to end")]
    Busy {
        /// Host, port and database.
        place: String,
    },
    /// A migration failed. Those before it have run, itself and those after it have not: the same command goes on there.
    #[error("migration {name} of the database at {place} failed: {reason}")]
    Failed {
        /// Host, port and database.
        place: String,
        /// The migration's number and name.
        name: String,
        /// What the server said, with its hint.
        reason: String,
        /// Those that ran before it.
        ran: Vec<Ran>,
    },
    /// The newest migration of the database is not ours, so that we do not know the way back.
    #[error(
        "migration {version} of the database at {place} is not known here: take it down by the version that made it"
    )]
    UnknownVersion {
        /// Host, port and database.
        place: String,
        /// The number in the database's books.
        version: String,
    },
}

impl MigrateError {
    /// Whether the same may go through later without anybody doing something.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Connect(error) => error.passes(),
            Self::Busy { .. } => true,
            Self::Database { .. } | Self::Failed { .. } | Self::UnknownVersion { .. } => false,
        }
    }
}

impl Migrator {
    /// Makes a migrator for one database. `company` is the one that the deployment serves: rows from before companies
    /// were written down are counted to it.
    #[must_use]
    pub const fn new(database: Database, address: Address, company: CompanyId) -> Self {
        Self { database, address, company: Some(company) }
    }

    /// Makes a migrator for Master on behalf of all companies: no row there is counted to one of them.
    #[must_use]
    pub const fn of_master(address: Address) -> Self {
        Self { database: Database::Master, address, company: None }
    }

    /// Which database it migrates.
    #[must_use]
    pub const fn database(&self) -> Database {
        self.database
    }

    /// Where that database is, fit for anyone to read.
    #[must_use]
    pub fn place(&self) -> &str {
        self.address.place()
    }

    /// Looks and changes nothing.
    ///
    /// # Panics
    ///
    /// On a tokio runtime of one thread, like [`Migrator::up`] and [`Migrator::down`].
    pub async fn status(&self) -> Result<Status, MigrateError> {
        self.on_its_own_thread(harness::Session::status).await
    }

    /// Tells which database this is, how it stands, and which companies its rows name. Changes nothing. Companies that
    /// `others` lists are found wherever they are named.
    pub async fn survey(&self, others: Vec<CompanyId>) -> Result<Survey, MigrateError> {
        self.on_its_own_thread(move |session| session.survey(&others)).await
    }

    /// Tells what the pending migrations would find, as far as looking tells. Changes nothing, and reads the documents
    /// once or twice.
    pub async fn look_ahead(&self) -> Result<Vec<Finding>, MigrateError> {
        self.on_its_own_thread(harness::Session::look_ahead).await
    }

    /// Runs what is pending, up to and including the migration named `to`, or all of it.
    pub async fn up(&self, to: Option<String>) -> Result<Vec<Ran>, MigrateError> {
        self.on_its_own_thread(move |session| session.up(to.as_deref())).await
    }

    /// Takes down what is newer than the migration named `to`; without it, the newest one.
    pub async fn down(&self, to: Option<String>) -> Result<Vec<Ran>, MigrateError> {
        self.on_its_own_thread(move |session| session.down(to.as_deref())).await
    }

    /// Diesel's harness is synchronous: it blocks its thread, and takes one of its own for that.
    async fn on_its_own_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut harness::Session) -> Result<T, MigrateError> + Send + 'static,
    ) -> Result<T, MigrateError> {
        let mut session = harness::Session::open(self.database, &self.address, self.company).await?;
        match tokio::task::spawn_blocking(move || work(&mut session)).await {
            Ok(outcome) => outcome,
            Err(stopped) => std::panic::resume_unwind(stopped.into_panic()),
        }
    }
}

/// The names of all migrations of a database, oldest first.
#[must_use]
pub fn names(database: Database) -> Vec<String> {
    harness::embedded(database).iter().map(harness::name).collect()
}

const fn source(database: Database) -> EmbeddedMigrations {
    match database {
        Database::Master => MASTER,
        Database::Company => COMPANY,
    }
}
