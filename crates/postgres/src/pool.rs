//! Connections that work for one company and for nobody else.
//!
//! Whatever login the URL names, a connection works as the role `cortex_app`, which owns nothing and is bound by row
//! level security, and with `cortex.tenant_id` set to the deployment's company. Both are made when the connection is
//! made; behind a transaction pooler, where the next transaction may run on another server connection, at the beginning
//! of every transaction.

use std::error::Error as StdError;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cortex_kernel::{CompanyId, StoreError};
use deadpool::managed::TimeoutType;
use diesel::result::{ConnectionError, DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::{Object, Pool as DeadPool, PoolError};
use diesel_async::pooled_connection::{
    AsyncDieselConnectionManager, ManagerConfig, PoolError as SetupError, RecyclingMethod,
};
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::FutureExt;
use tokio_postgres::Client;

use crate::connect::{self, Address, WireConnection};

/// What stands between us and the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooler {
    /// Nothing, or something that keeps our session: a setting made once stays.
    Session,
    /// `PgBouncer` or Supavisor in transaction mode: session state leaks to whoever comes next, and statements prepared by
    /// name collide.
    Transaction,
}

/// How a pool is made.
#[derive(Clone)]
pub struct PoolConfig {
    /// Where the database is.
    pub address: Address,
    /// The company that all connections work for.
    pub company: CompanyId,
    /// What stands in between.
    pub pooler: Pooler,
    /// Most connections at once.
    pub size: NonZeroU16,
    /// How long to wait for a free connection before the database counts as away.
    pub acquire_timeout: Duration,
    /// How long a statement may run.
    pub statement_timeout: Duration,
}

/// A pool of connections for one company. Cheap to clone.
#[derive(Clone)]
pub struct Pool {
    connections: DeadPool<AsyncPgConnection>,
    company: CompanyId,
    pooler: Pooler,
    /// Makes role, company and limits for the transaction that it begins.
    transaction_setup: String,
    watch: Option<Arc<dyn PoolWatch>>,
}

/// Is told how connections are had.
pub trait PoolWatch: Send + Sync {
    /// One was had after so long.
    fn had(&self, waited: Duration);

    /// None was had: all were in use for as long as anybody waits, or else the database could not be reached.
    fn not_had(&self, all_in_use: bool);
}

/// How a pool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolStanding {
    /// Most connections at once.
    pub most: usize,
    /// Those that there are.
    pub open: usize,
    /// Those of them that nobody uses.
    pub idle: usize,
    /// How many wait for one.
    pub waiting: usize,
}

/// Why a transaction ended without being committed.
#[derive(Debug)]
pub enum Abort<E> {
    /// The work decided so: its answer, after a rollback.
    Decided(E),
    /// The database failed.
    Database(DieselError),
}

/// A unit of work on one connection that may be run again after a failure that passes.
pub trait Work<'c, T>:
    Fn(&'c mut AsyncPgConnection) -> Self::Running + AsyncFn(&'c mut AsyncPgConnection) -> T
{
    /// The work while it runs.
    type Running: Future<Output = T> + Send;
}

impl<'c, T, W, R> Work<'c, T> for W
where
    W: Fn(&'c mut AsyncPgConnection) -> R + AsyncFn(&'c mut AsyncPgConnection) -> T,
    R: Future<Output = T> + Send,
{
    type Running = R;
}

/// How often a transaction is tried that lost against another one.
const ATTEMPTS: u32 = 3;

impl Pool {
    /// Makes the pool; connections are made when they are asked for.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn new(config: PoolConfig) -> Self {
        let PoolConfig { address, company, pooler, size, acquire_timeout, statement_timeout } = config;
        let timeout_ms = statement_timeout.as_millis();
        let session_setup = match pooler {
            Pooler::Session => format!(
                "set role cortex_app; select set_config('cortex.tenant_id', '{company}', false); \
                 set statement_timeout = {timeout_ms}; set idle_in_transaction_session_timeout = '60s'"
            ),
            // Of what making the connection ready was begun with.
            Pooler::Transaction => "rollback".to_owned(),
        };
        let transaction_setup = match pooler {
            Pooler::Session => String::new(),
            Pooler::Transaction => format!(
                "set local role cortex_app; select set_config('cortex.tenant_id', '{company}', true); \
                 set local timezone = 'UTC'; set local statement_timeout = {timeout_ms}; \
                 set local idle_in_transaction_session_timeout = '60s'"
            ),
        };

        let mut manager_config = ManagerConfig::default();
        // A broken connection shows itself at its next use; asking before each would cost a round trip.
        manager_config.recycling_method = RecyclingMethod::Fast;
        manager_config.custom_setup = Box::new(move |_| {
            let (address, session_setup) = (address.clone(), session_setup.clone());
            async move { establish(&address, &session_setup, pooler).await }.boxed()
        });
        let manager = AsyncDieselConnectionManager::new_with_config(String::new(), manager_config);
        let connections = DeadPool::builder(manager)
            .max_size(usize::from(size.get()))
            .wait_timeout(Some(acquire_timeout))
            .create_timeout(Some(acquire_timeout))
            .runtime(deadpool::Runtime::Tokio1)
            .build()
            .expect("a runtime is given, and nothing else can be missing");
        Self { connections, company, pooler, transaction_setup, watch: None }
    }

    /// The same pool, of which somebody is told; clones that were made before are not watched.
    #[must_use]
    pub fn watched_by(self, watch: Arc<dyn PoolWatch>) -> Self {
        Self { watch: Some(watch), ..self }
    }

    /// The company that all connections work for.
    pub(crate) const fn company_id(&self) -> CompanyId {
        self.company
    }

    /// How it stands now.
    #[must_use]
    pub fn standing(&self) -> PoolStanding {
        let status = self.connections.status();
        PoolStanding { most: status.max_size, open: status.size, idle: status.available, waiting: status.waiting }
    }

    /// Runs statements that need not be one transaction, a single one above all.
    pub async fn run<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send,
        for<'c> W: Work<'c, Result<T, DieselError>> + Send + Sync,
    {
        match self.pooler {
            Pooler::Session => {
                let mut connection = self.connection().await?;
                work(&mut connection).await.map_err(store_error)
            }
            Pooler::Transaction => {
                self.transaction(async |connection: &mut AsyncPgConnection| {
                    work(connection).await.map_err(Abort::<StoreError>::Database)
                })
                .await
            }
        }
    }

    /// Runs statements as one transaction: all of it, or nothing. Work that lost against another transaction (deadlock,
    /// serialization failure) is run again, up to three times in all.
    pub async fn transaction<T, E, W>(&self, work: W) -> Result<T, E>
    where
        T: Send,
        E: From<StoreError> + Send,
        for<'c> W: Work<'c, Result<T, Abort<E>>> + Send + Sync,
    {
        let mut attempt = 1;
        loop {
            let mut held = Held(Some(self.connection().await?));
            let outcome = held
                .connection()
                .transaction(async |connection: &mut AsyncPgConnection| {
                    if !self.transaction_setup.is_empty() {
                        connection.batch_execute(&self.transaction_setup).await.map_err(Abort::Database)?;
                    }
                    work(connection).await
                })
                .await;
            held.give_back();
            match outcome {
                Ok(value) => return Ok(value),
                Err(Abort::Decided(answer)) => return Err(answer),
                Err(Abort::Database(error)) if attempt < ATTEMPTS && lost_against_another(&error) => attempt += 1,
                Err(Abort::Database(error)) => return Err(store_error(error).into()),
            }
        }
    }

    /// Whether the database answers: one round trip.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.run(async |connection: &mut AsyncPgConnection| connection.batch_execute("select 1").await).await
    }

    async fn connection(&self) -> Result<Object<AsyncPgConnection>, StoreError> {
        let begun = Instant::now();
        let outcome = self.connections.get().await;
        if let Some(watch) = &self.watch {
            match &outcome {
                Ok(_) => watch.had(begun.elapsed()),
                Err(error) => watch.not_had(matches!(error, PoolError::Timeout(TimeoutType::Wait))),
            }
        }
        outcome.map_err(|error| StoreError::Unavailable(explain(error)))
    }
}

/// A connection with a transaction on it. Dropped before the transaction ended, as happens to work that is called off, it
/// is closed instead of given back: the pool would look at it only when somebody asks for it, and its locks would stay
/// until then.
struct Held(Option<Object<AsyncPgConnection>>);

impl Held {
    fn connection(&mut self) -> &mut AsyncPgConnection {
        self.0.as_mut().expect("it is given back by value only")
    }

    fn give_back(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(object) = self.0.take() {
            drop(Object::take(object));
        }
    }
}

impl<E> From<DieselError> for Abort<E> {
    fn from(error: DieselError) -> Self {
        Self::Database(error)
    }
}

async fn establish(
    address: &Address,
    session_setup: &str,
    pooler: Pooler,
) -> Result<AsyncPgConnection, ConnectionError> {
    let refused = |reason| ConnectionError::CouldntSetupConfiguration(broken(reason));
    let (client, mut wire) = address.connect().await.map_err(|error| refused(error.to_string()))?;
    if pooler == Pooler::Transaction {
        begin(&client, &mut wire).await.map_err(refused)?;
    }
    let mut connection = AsyncPgConnection::try_from_client_and_connection(client, wire).await?;
    if pooler == Pooler::Transaction {
        connection.set_prepared_statement_cache_size(diesel::connection::CacheSize::Disabled);
    }
    connection.batch_execute(session_setup).await.map_err(ConnectionError::CouldntSetupConfiguration)?;
    Ok(connection)
}

/// Begins the transaction, to be rolled back, in which Diesel makes a connection ready behind a transaction pooler. It
/// does so by statements with names: outside of one, the next message may reach a server connection that does not know
/// the name, and what is set stays there.
async fn begin(client: &Client, wire: &mut WireConnection) -> Result<(), String> {
    let failure = tokio::select! {
        biased;
        begun = client.batch_execute("begin") => begun.err(),
        ended = wire => Some(ended.err().ok_or("the server hung up")?),
    };
    failure.map_or(Ok(()), |error| Err(connect::explain(&error)))
}

/// Diesel has no place for a reason of our own but a text.
fn broken(reason: String) -> DieselError {
    DieselError::DatabaseError(DatabaseErrorKind::UnableToSendCommand, Box::new(reason))
}

fn explain(error: PoolError) -> Box<dyn StdError + Send + Sync> {
    match error {
        // Only the inner error says what is the matter, and deadpool's own text hides it.
        PoolError::Backend(SetupError::ConnectionError(error)) => Box::new(error),
        PoolError::Backend(SetupError::QueryError(error)) => Box::new(error),
        other => Box::new(other),
    }
}

/// Whether the transaction was a victim, and would go through now.
fn lost_against_another(error: &DieselError) -> bool {
    match error {
        DieselError::DatabaseError(DatabaseErrorKind::SerializationFailure, _) => true,
        // Diesel has no kind for a deadlock (SQLSTATE 40P01), only the server's words.
        DieselError::DatabaseError(_, information) => information.message() == "deadlock detected",
        _ => false,
    }
}

/// What callers need to know of an error of the database.
pub(crate) fn store_error(error: DieselError) -> StoreError {
    let passes = match &error {
        DieselError::DatabaseError(
            DatabaseErrorKind::ClosedConnection
            | DatabaseErrorKind::UnableToSendCommand
            | DatabaseErrorKind::SerializationFailure
            | DatabaseErrorKind::ReadOnlyTransaction,
            _,
        )
        | DieselError::BrokenTransactionManager => true,
        // Diesel hands on no SQLSTATE, only the server's words: shutdown, overload, a time limit, a lost race.
        DieselError::DatabaseError(_, information) => {
            let message = information.message();
            message.starts_with("terminating connection")
                || message.starts_with("canceling statement")
                || message.starts_with("the database system is")
                || message == "deadlock detected"
        }
        _ => false,
    };
    if passes { StoreError::Unavailable(Box::new(error)) } else { StoreError::Broken(Box::new(error)) }
}
