//! Diesel's migration harness with its surroundings: the lock, the time limits, the leftovers, the warnings.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use cortex_kernel::CompanyId;
use diesel::connection::{Connection, InstrumentationEvent, SimpleConnection};
use diesel::migration::{Migration, MigrationSource, MigrationVersion};
use diesel::pg::Pg;
use diesel::result::Error as DieselError;
use diesel::sql_types::{Array, Bool, Text};
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use diesel_async::AsyncPgConnection;
use diesel_async::async_connection_wrapper::AsyncConnectionWrapper;
use diesel_migrations::MigrationHarness;
use futures_util::StreamExt;
use futures_util::stream::poll_fn;
use tokio_postgres::AsyncMessage;

use super::{MigrateError, Ran, Status, source, version};
use crate::connect::{Address, WireConnection};
use crate::schema::{BOOKKEEPING_TABLE, Database};

/// The advisory lock that a migrator holds; "cortex" in ASCII.
const LOCK_KEY: i64 = 0x636f_7274_6578;
/// How often the lock is asked for, a quarter of a second apart: a minute.
const LOCK_ATTEMPTS: u32 = 240;
/// How long a migration waits for a lock. Whoever comes meanwhile waits behind it, so it is well below the second that a
/// request may take longer because of us.
const LOCK_TIMEOUT: &str = "400ms";
/// How often a migration is tried that ran into that limit, half a second apart: about two minutes.
const MIGRATION_ATTEMPTS: u32 = 120;

/// The indexes of documents that the baseline asks for. On a database made by hand without one of them, the baseline would
/// build it while everybody who writes waits.
const INDEXES_BEFORE_ADOPTION: &[(&str, &str)] = &[
    ("idx_documents_tenant", "(tenant_id)"),
    ("idx_documents_source", "(source)"),
    ("idx_documents_content_hash", "(tenant_id, content_hash)"),
    ("idx_documents_created", "(source_created_at desc)"),
    ("idx_documents_metadata", "using gin (metadata)"),
];

/// A connection that migrates. Synchronous: lives on a thread that may block.
pub(super) struct Session {
    database: Database,
    place: String,
    company: Option<CompanyId>,
    connection: AsyncConnectionWrapper<AsyncPgConnection>,
    warnings: Arc<Mutex<Vec<String>>>,
    last_error: Arc<Mutex<Option<String>>>,
}

type BoxedMigration = Box<dyn Migration<Pg>>;

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = Text)]
    name: String,
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

impl Session {
    /// Connects as the migrating login.
    pub(super) async fn open(
        database: Database,
        address: &Address,
        company: Option<CompanyId>,
    ) -> Result<Self, MigrateError> {
        let (client, wire) = address.connect().await?;
        let warnings = Arc::default();
        drive(wire, Arc::clone(&warnings));
        let place = address.place().to_owned();
        let connection = AsyncPgConnection::try_from(client)
            .await
            .map_err(|error| MigrateError::Database { place: place.clone(), reason: error.to_string() })?;
        let mut connection = AsyncConnectionWrapper::from(connection);
        let last_error = Arc::default();
        remember_errors(&mut connection, Arc::clone(&last_error));
        Ok(Self { database, place, company, connection, warnings, last_error })
    }

    pub(super) fn status(&mut self) -> Result<Status, MigrateError> {
        let applied = self.applied_if_any()?;
        let known = names(self.database);
        let in_books = |name: &String| applied.iter().any(|number| number == version::number(name));
        let (applied_names, pending): (Vec<_>, Vec<_>) = known.iter().cloned().partition(in_books);
        let unknown =
            applied.iter().filter(|number| !known.iter().any(|name| version::number(name) == *number)).cloned();
        let unknown = unknown.collect();
        let tables = self.tables()?;
        let is_adopting = applied_names.is_empty();
        let names = if is_adopting { self.database.adoptable() } else { self.database.tables() };
        let (ours, foreign): (Vec<_>, Vec<_>) = tables.into_iter().partition(|table| names.contains(&table.as_str()));
        let to_adopt = if is_adopting { ours } else { Vec::new() };
        Ok(Status { applied: applied_names, pending, unknown, to_adopt, foreign })
    }

    pub(super) fn up(&mut self, to: Option<&str>) -> Result<Vec<Ran>, MigrateError> {
        self.prepare()?;
        let applied = self.applied()?;
        let pending = embedded(self.database).into_iter().filter(|migration| {
            !applied.contains(&migration.name().version().as_owned())
                && to.is_none_or(|to| name(migration).as_str() <= to)
        });
        let pending: Vec<_> = pending.collect();
        if self.database == Database::Company && applied.is_empty() && !pending.is_empty() {
            self.index_before_adoption().map_err(|error| self.failed(&error))?;
        }
        let mut ran = self.run_each(pending, Direction::Up)?;
        // The service works without them: a moment without the lock is no failure, and the next run tries again.
        if let Err(error) = self.make_what_was_left_out() {
            tracing::warn!(reason = explain(&error), "unique indexes that were left out could not be made now");
        }
        let warnings = self.take_warnings();
        match ran.last_mut() {
            Some(last) => last.warnings.extend(warnings),
            None => {
                for warning in warnings {
                    tracing::warn!(place = %self.place, warning, "for somebody to decide");
                }
            }
        }
        Ok(ran)
    }

    pub(super) fn down(&mut self, to: Option<&str>) -> Result<Vec<Ran>, MigrateError> {
        self.prepare()?;
        let mut known = embedded(self.database);
        let mut leaving = Vec::new();
        for applied in self.applied()? {
            let Some(position) = known.iter().position(|migration| migration.name().version() == applied) else {
                let (place, version) = (self.place.clone(), applied.to_string());
                return Err(MigrateError::UnknownVersion { place, version });
            };
            let migration = known.swap_remove(position);
            if to.is_some_and(|to| name(&migration).as_str() <= to) {
                break;
            }
            leaving.push(migration);
            if to.is_none() {
                break;
            }
        }
        self.run_each(leaving, Direction::Down)
    }

    /// Takes the lock and makes the settings that the migrations' SQL relies on.
    fn prepare(&mut self) -> Result<(), MigrateError> {
        let settings = format!(
            "set search_path = public; set statement_timeout = 0; \
             select set_config('cortex.company_id', '{}', false)",
            self.company.map(|company| company.to_string()).unwrap_or_default()
        );
        self.connection.batch_execute(&settings).map_err(|error| self.failed(&error))?;
        self.begin_books().map_err(|error| self.failed(&error))?;
        for turn in 0..LOCK_ATTEMPTS {
            // Trying again and again lets a migrator be stopped while it waits, and PgBouncer is not asked to keep a
            // session: migrations use the direct address.
            let attempt = sql_query(format!("select pg_try_advisory_lock({LOCK_KEY}) as yes"));
            let answer: Answer = attempt.get_result(&mut self.connection).map_err(|error| self.failed(&error))?;
            if answer.yes {
                return Ok(());
            }
            if turn == 0 {
                tracing::info!(place = %self.place, "another migrator is at work there: waiting for it");
            }
            self.pause("0.25")?;
        }
        Err(MigrateError::Busy { place: self.place.clone() })
    }

    /// The harness makes the table of its books by itself, open to whom default privileges open it, and the baseline closes
    /// it: too late if the baseline fails.
    fn begin_books(&mut self) -> Result<(), DieselError> {
        self.connection.batch_execute(&format!(
            "do $$ declare r_role name; begin \
             if to_regclass('public.{BOOKKEEPING_TABLE}') is not null then return; end if; \
             create table public.{BOOKKEEPING_TABLE} \
               (version varchar(50) primary key not null, run_on timestamp not null default current_timestamp); \
             alter table public.{BOOKKEEPING_TABLE} enable row level security; \
             revoke all on table public.{BOOKKEEPING_TABLE} from public; \
             for r_role in select rolname from pg_roles where rolname in ('anon', 'authenticated') loop \
               execute format('revoke all on table public.{BOOKKEEPING_TABLE} from %I', r_role); \
             end loop; \
             exception when duplicate_table or duplicate_object or unique_violation then null; end $$"
        ))
    }

    /// Makes the unique indexes that a migration left out because rows were in their way, once they no longer are.
    fn make_what_was_left_out(&mut self) -> Result<(), DieselError> {
        let there = sql_query("select to_regprocedure('public.cortex_index_what_is_clean()') is not null as yes");
        let there: Answer = there.get_result(&mut self.connection)?;
        if there.yes {
            let make = format!("set lock_timeout = '{LOCK_TIMEOUT}'; select public.cortex_index_what_is_clean()");
            self.connection.batch_execute(&make)?;
        }
        Ok(())
    }

    fn run_each(&mut self, migrations: Vec<BoxedMigration>, direction: Direction) -> Result<Vec<Ran>, MigrateError> {
        let mut ran = Vec::new();
        for migration in migrations {
            let begun = Instant::now();
            let name = name(&migration);
            tracing::debug!(database = %self.database, place = %self.place, migration = %name, ?direction, "migrating");
            match self.run_one(&*migration, direction) {
                Ok(()) => ran.push(Ran { name, took: begun.elapsed(), warnings: self.take_warnings() }),
                Err(reason) => {
                    return Err(MigrateError::Failed { place: self.place.clone(), name, reason, ran });
                }
            }
        }
        Ok(ran)
    }

    fn run_one(&mut self, migration: &dyn Migration<Pg>, direction: Direction) -> Result<(), String> {
        let in_transaction = migration.metadata().run_in_transaction();
        for attempt in 1..=MIGRATION_ATTEMPTS {
            if in_transaction {
                self.ask_autovacuum_to_go().map_err(|error| error.to_string())?;
            } else {
                self.drop_half_built_indexes().map_err(|error| error.to_string())?;
            }
            // Building an index beside a live service waits for old transactions, and blocks nobody meanwhile.
            let limit = if in_transaction { LOCK_TIMEOUT } else { "0" };
            let limit = format!("set lock_timeout = '{limit}'");
            self.connection.batch_execute(&limit).map_err(|error| error.to_string())?;
            let outcome = match direction {
                Direction::Up => self.connection.run_migration(migration),
                Direction::Down => self.connection.revert_migration(migration),
            };
            let Err(error) = outcome else {
                return Ok(());
            };
            let reason = lock(&self.last_error).take().unwrap_or_else(|| error.to_string());
            // Diesel hands on no SQLSTATE (55P03, 40P01), only the server's words.
            let gave_way = reason.contains("lock timeout") || (in_transaction && reason.contains("deadlock detected"));
            if attempt == MIGRATION_ATTEMPTS || !gave_way {
                return Err(reason);
            }
            self.take_warnings();
            self.pause("0.5").map_err(|error| error.to_string())?;
        }
        unreachable!("the last attempt returned")
    }

    /// Builds what documents that are about to be taken over lack, beside whoever works with them.
    fn index_before_adoption(&mut self) -> Result<(), DieselError> {
        let there = sql_query("select to_regclass('public.documents') is not null as yes");
        let there: Answer = there.get_result(&mut self.connection)?;
        if there.yes {
            self.connection.batch_execute("set lock_timeout = 0")?;
            self.drop_half_built_indexes()?;
            for (name, columns) in INDEXES_BEFORE_ADOPTION {
                let build = format!("create index concurrently if not exists {name} on public.documents {columns}");
                self.connection.batch_execute(&build)?;
            }
        }
        Ok(())
    }

    /// What a `CREATE INDEX CONCURRENTLY` left behind that was interrupted, on our tables, and nobody is building now.
    /// While somebody builds one of whom this login may only see that, all are left alone.
    fn drop_half_built_indexes(&mut self) -> Result<(), DieselError> {
        let leftovers: Vec<Name> = sql_query(
            "select i.indexrelid::regclass::text as name from pg_index i join pg_class t on t.oid = i.indrelid \
             where not i.indisvalid and t.relnamespace = 'public'::regnamespace and t.relname = any ($1) \
             and not exists (select from pg_stat_progress_create_index p \
               where p.index_relid = i.indexrelid or (p.datname = current_database() and p.relid is null))",
        )
        .bind::<Array<Text>, _>(self.database.tables())
        .load(&mut self.connection)?;
        for Name { name } in leftovers {
            self.connection.batch_execute(&format!("drop index concurrently if exists {name}"))?;
        }
        Ok(())
    }

    /// Autovacuum keeps its lock of a table as long as it takes, and is sent away only by somebody who has waited for
    /// `deadlock_timeout`, a second: longer than a migration waits. So somebody waits whom neither readers nor writers have
    /// to wait for.
    fn ask_autovacuum_to_go(&mut self) -> Result<(), DieselError> {
        let kept: Vec<Name> = sql_query(
            "select distinct t.oid::regclass::text as name from pg_locks l join pg_class t on t.oid = l.relation \
             where l.locktype = 'relation' and l.mode = 'ShareUpdateExclusiveLock' and l.granted \
             and l.database = (select oid from pg_database where datname = current_database()) \
             and t.relnamespace = 'public'::regnamespace and t.relname = any ($1) and l.pid <> pg_backend_pid()",
        )
        .bind::<Array<Text>, _>(self.database.tables())
        .load(&mut self.connection)?;
        for Name { name } in kept {
            self.connection.batch_execute(&format!(
                "set lock_timeout = '3s'; do $$ begin lock table {name} in share update exclusive mode; \
                 exception when lock_not_available or deadlock_detected then null; end $$"
            ))?;
        }
        Ok(())
    }

    fn applied(&mut self) -> Result<Vec<MigrationVersion<'static>>, MigrateError> {
        self.connection.applied_migrations().map_err(|error| MigrateError::Database {
            place: self.place.clone(),
            reason: lock(&self.last_error).take().unwrap_or_else(|| error.to_string()),
        })
    }

    /// The numbers in the books, without beginning books where there are none.
    fn applied_if_any(&mut self) -> Result<Vec<String>, MigrateError> {
        let begun = sql_query(format!("select to_regclass('public.{BOOKKEEPING_TABLE}') is not null as yes"));
        let begun: Answer = begun.get_result(&mut self.connection).map_err(|error| self.failed(&error))?;
        if !begun.yes {
            return Ok(Vec::new());
        }
        self.names_by(&format!("select version::text as name from public.{BOOKKEEPING_TABLE} order by version"))
    }

    /// The tables and views of the database, those of extensions left out.
    fn tables(&mut self) -> Result<Vec<String>, MigrateError> {
        self.names_by(&format!(
            "select c.relname::text as name from pg_class c \
             where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') \
             and c.relname <> '{BOOKKEEPING_TABLE}' \
             and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1"
        ))
    }

    pub(super) const fn database(&self) -> Database {
        self.database
    }

    pub(super) const fn company(&self) -> Option<CompanyId> {
        self.company
    }

    /// Texts that a query answers, in a column called `name`.
    pub(super) fn names_by(&mut self, query: &str) -> Result<Vec<String>, MigrateError> {
        let rows: Vec<Name> = sql_query(query).load(&mut self.connection).map_err(|error| self.failed(&error))?;
        Ok(rows.into_iter().map(|row| row.name).collect())
    }

    /// Waits on the server, so that a lost connection ends the waiting too.
    fn pause(&mut self, seconds: &str) -> Result<(), MigrateError> {
        let pause = format!("select pg_sleep({seconds})");
        self.connection.batch_execute(&pause).map_err(|error| self.failed(&error))
    }

    fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *lock(&self.warnings))
    }

    fn failed(&self, error: &DieselError) -> MigrateError {
        MigrateError::Database { place: self.place.clone(), reason: explain(error) }
    }
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Up,
    Down,
}

/// All migrations of a database, oldest first.
pub(super) fn embedded(database: Database) -> Vec<BoxedMigration> {
    let mut migrations: Vec<BoxedMigration> =
        source(database).migrations().expect("embedded migrations were checked when they were compiled");
    migrations.sort_by(|a, b| a.name().version().cmp(&b.name().version()));
    migrations
}

/// Number and name, as the folder is called.
pub(super) fn name(migration: &BoxedMigration) -> String {
    migration.name().to_string()
}

fn names(database: Database) -> Vec<String> {
    super::names(database)
}

/// Moves the bytes of a connection until it ends, and keeps what the server warns of.
#[expect(clippy::disallowed_methods, reason = "the task is the wire of one connection and ends with it")]
fn drive(mut wire: WireConnection, warnings: Arc<Mutex<Vec<String>>>) {
    tokio::spawn(async move {
        let mut messages = poll_fn(move |context| wire.poll_message(context));
        while let Some(Ok(message)) = messages.next().await {
            if let AsyncMessage::Notice(notice) = message
                && notice.severity() == "WARNING"
            {
                let text = match notice.hint() {
                    Some(hint) => format!("{} ({hint})", notice.message()),
                    None => notice.message().to_owned(),
                };
                lock(&warnings).push(text);
            }
        }
    });
}

/// Keeps what the server said of the last failure: the harness hands on a text without the hint.
fn remember_errors(connection: &mut AsyncConnectionWrapper<AsyncPgConnection>, last: Arc<Mutex<Option<String>>>) {
    connection.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::FinishQuery { error: Some(error), .. } = event {
            *lock(&last) = Some(explain(error));
        }
    });
}

fn explain(error: &DieselError) -> String {
    match error {
        DieselError::DatabaseError(_, information) => {
            // The detail names the row that stands in the way of a unique index.
            let parts = [Some(information.message()), information.details(), information.hint()];
            parts.into_iter().flatten().map(|part| part.trim_end_matches('.')).collect::<Vec<_>>().join(". ")
        }
        other => other.to_string(),
    }
}

/// A panic elsewhere leaves a text, or none, and never half of one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
