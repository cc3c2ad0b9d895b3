//! What a service finds when it comes: whether its login can lay down its rights, and how the schema stands.
//!
//! It looks as the service itself: by the service's address, behind a pooler too, and at the books by a plain SELECT as
//! the app role. Changes nothing.

use std::error::Error as StdError;
use std::time::Duration;

use cortex_kernel::StoreError;
use tokio::time::timeout;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use super::{names, version};
use crate::connect::Address;
use crate::doctor::{self, Login};
use crate::look::{self, rows};
use crate::schema::{BOOKKEEPING_TABLE, Database};

/// Looks at one database.
pub struct Inspector {
    database: Database,
    address: Address,
}

/// What it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    /// The login cannot become the app role, as which alone the service works.
    LoginKeepsItsRights {
        /// Its name.
        login: String,
        /// Why the database's walls do not hold it, in words: owner, superuser. Often empty.
        above_the_walls: Vec<&'static str>,
        /// What the server said.
        reason: String,
    },
    /// It can, and the books say this.
    Schema {
        /// Migrations that have not run, oldest first.
        pending: Vec<String>,
        /// The numbers of those that have run and that this binary does not know: a newer one made them.
        unknown: Vec<String>,
    },
}

/// How long looking may take, the way to the server included.
const PATIENCE: Duration = Duration::from_secs(15);

impl Inspector {
    /// Will look at a database by the address that the service uses.
    #[must_use]
    pub const fn new(database: Database, address: Address) -> Self {
        Self { database, address }
    }

    /// Which database it looks at.
    #[must_use]
    pub const fn database(&self) -> Database {
        self.database
    }

    /// Where that database is, fit for anyone to read.
    #[must_use]
    pub fn place(&self) -> &str {
        self.address.place()
    }

    /// Looks. A database that lets nobody in counts as away.
    pub async fn look(&self) -> Result<Inspection, StoreError> {
        let late = || format!("the database at {} gave no answer within {PATIENCE:?}", self.place()).into();
        let found = timeout(PATIENCE, self.visit()).await.unwrap_or_else(|_| Err(late()));
        found.map_err(StoreError::Unavailable)
    }

    async fn visit(&self) -> Result<Inspection, Box<dyn StdError + Send + Sync>> {
        let (client, wire) = self.address.connect().await?;
        look::with(client, wire, async |client: &Client| self.ask(client).await).await
    }

    /// Without prepared statements and with everything that is set within a transaction, so that it may go through a
    /// transaction pooler.
    async fn ask(&self, client: &Client) -> Result<Inspection, Error> {
        let Login { name: login, above_the_walls } = doctor::login(client, self.database).await?;

        client.simple_query("begin; set local statement_timeout = '5s'").await?;
        let found = match client.simple_query("set local role cortex_app").await {
            Ok(_) => self.schema(client).await?,
            Err(error) if is_refusal(&error) => {
                let reason = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
                Inspection::LoginKeepsItsRights { login, above_the_walls, reason }
            }
            Err(error) => return Err(error),
        };
        client.simple_query("rollback").await?;
        Ok(found)
    }

    async fn schema(&self, client: &Client) -> Result<Inspection, Error> {
        let applied = applied(client).await?;
        let (known, pending): (Vec<_>, Vec<_>) = names(self.database)
            .into_iter()
            .partition(|name| applied.iter().any(|number| number == version::number(name)));
        let unknown =
            applied.into_iter().filter(|number| !known.iter().any(|name| version::number(name) == number)).collect();
        Ok(Inspection::Schema { pending, unknown })
    }
}

/// The numbers in the books; none where there are no books, or none yet that the app role may read: the baseline opens
/// them.
async fn applied(client: &Client) -> Result<Vec<String>, Error> {
    let table = format!("public.{BOOKKEEPING_TABLE}");
    let readable = format!("select coalesce(has_table_privilege(to_regclass('{table}'), 'select'), false)");
    let readable = match rows(client, &readable).await {
        Ok(rows) => rows.first().is_some_and(|row| row.get(0) == Some("t")),
        // The schema itself is closed.
        Err(error) if error.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE) => false,
        Err(error) => return Err(error),
    };
    if !readable {
        return Ok(Vec::new());
    }
    let numbers = rows(client, &format!("select version from {table} order by version")).await?;
    Ok(numbers.iter().filter_map(|row| row.get(0)).map(ToOwned::to_owned).collect())
}

/// Whether the server does not let us become the app role, because we may not or because it is missing.
fn is_refusal(error: &Error) -> bool {
    let codes = [SqlState::INSUFFICIENT_PRIVILEGE, SqlState::INVALID_PARAMETER_VALUE, SqlState::UNDEFINED_OBJECT];
    error.code().is_some_and(|code| codes.contains(code))
}
