//! What a database looks like to whoever has to find out what is wrong with it: facts, and no judgement of them.
//!
//! An [`Examiner`] pays one short visit and changes nothing. It looks at the catalog as its login, and at rows as the
//! service does: as the app role, for one company. Each part is asked for in a transaction of its own, so that one that
//! fails hides no other.

mod rows;
mod schema;
mod server;
mod walls;

use std::sync::Arc;

use cortex_kernel::{Clock, CompanyId};
use tokio_postgres::{Client, Error};

use crate::connect::{Address, ConnectError, explain};
use crate::look;
use crate::schema::{BOOKKEEPING_TABLE, Database};

pub use rows::{CompanyRows, MasterRows, Several};
pub use schema::{Indexes, LeftOut};
pub use server::{Login, LongTransaction, Server, Vitals};
pub use walls::{Function, Walls};

pub(crate) use server::login;

/// Looks at one database.
pub struct Examiner {
    database: Database,
    address: Address,
    company: CompanyId,
    clock: Arc<dyn Clock>,
}

/// What was found. Of a part that could not be looked at there is the reason.
#[derive(Clone, Debug)]
pub struct Examination {
    /// Whether what goes to and fro is encrypted.
    pub is_encrypted: bool,
    /// The server.
    pub server: Server,
    /// Who we are there.
    pub login: Login,
    /// Who may see and do what.
    pub walls: Result<Walls, String>,
    /// What is wrong with indexes.
    pub indexes: Result<Indexes, String>,
    /// What the database needs done for its own sake.
    pub vitals: Result<Vitals, String>,
    /// The rows that the service works on.
    pub rows: Result<Rows, String>,
}

/// The rows of either database.
#[derive(Clone, Debug)]
pub enum Rows {
    /// Of Master.
    Master(MasterRows),
    /// Of a company's own.
    Company(Box<CompanyRows>),
}

/// A database could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum ExamineError {
    /// There is no connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// There was one, and it broke.
    #[error("the database at {place} failed: {reason}")]
    Broken {
        /// Host, port and database.
        place: String,
        /// What it said.
        reason: String,
    },
}

/// How long one question may take on the server.
const STATEMENT_TIMEOUT: &str = "5s";

impl Examiner {
    /// Will look at a database by this address, at the rows of this company. `clock` is what the server's is compared with.
    #[must_use]
    pub fn new(database: Database, address: Address, company: CompanyId, clock: Arc<dyn Clock>) -> Self {
        Self { database, address, company, clock }
    }

    /// Looks at everything.
    pub async fn examine(&self) -> Result<Examination, ExamineError> {
        let (client, wire, is_encrypted) = self.address.connect_and_tell().await?;
        let examined = look::with(client, wire, async |client: &Client| {
            let database = self.database;
            let server = server::ask(client, &*self.clock).await?;
            let login = server::login(client, database).await?;
            let walls = part(client, walls::ask(client, database)).await;
            let indexes = part(client, schema::invalid(client, database)).await;
            let vitals = part(client, server::vitals(client, database)).await;
            let rows = part(client, async {
                rows::enter(client, self.company).await?;
                match database {
                    Database::Master => rows::master(client, self.company).await.map(Rows::Master),
                    Database::Company => rows::company(client).await.map(|rows| Rows::Company(Box::new(rows))),
                }
            });
            let rows = rows.await;
            Ok::<_, Error>(Examination { is_encrypted, server, login, walls, indexes, vitals, rows })
        });
        examined.await.map_err(|error| self.broken(&*error))
    }

    /// The companies, other than ours, that rows of this database belong to, with the tables in which they were met.
    /// Asked by a login that row level security does not bind.
    pub async fn other_companies(&self) -> Result<Vec<String>, ExamineError> {
        let (client, wire) = self.address.connect().await?;
        let asked = look::with(client, wire, async |client: &Client| {
            begin(client).await?;
            // Whoever is bound all the same is refused, and does not merely see nothing.
            client.simple_query("set local row_security = off").await?;
            let others = rows::other_companies(client, self.company).await?;
            client.simple_query("rollback").await?;
            Ok::<_, Error>(others)
        });
        asked.await.map_err(|error| self.broken(&*error))
    }

    fn broken(&self, error: &(dyn std::error::Error + 'static)) -> ExamineError {
        ExamineError::Broken { place: self.address.place().to_owned(), reason: explain(error) }
    }
}

/// Asks for one part, and leaves the connection as it was.
async fn part<T>(client: &Client, ask: impl Future<Output = Result<T, Error>>) -> Result<T, String> {
    let asked = async {
        begin(client).await?;
        ask.await
    };
    let outcome = asked.await.map_err(|error| explain(&error));
    let ended = client.simple_query("rollback").await.map_err(|error| explain(&error));
    outcome.and_then(|found| ended.map(|_| found))
}

/// Everything that is set is within the transaction, so that it may go through a transaction pooler.
async fn begin(client: &Client) -> Result<(), Error> {
    let begin = format!("begin read only; set local statement_timeout = '{STATEMENT_TIMEOUT}'");
    client.simple_query(&begin).await.map(drop)
}

/// The names of our tables as a list of SQL literals, the books included.
fn our_tables(database: Database) -> String {
    let tables = database.tables().iter().chain([&BOOKKEEPING_TABLE]);
    tables.map(|table| format!("'{table}'")).collect::<Vec<_>>().join(", ")
}
