//! The server, who we are there, and what the database needs done for its own sake.

use cortex_kernel::Clock;
use time::{Duration, OffsetDateTime};
use tokio_postgres::{Client, Error, SimpleQueryRow};

use super::our_tables;
use crate::look::rows;
use crate::schema::Database;

/// A server of PostgreSQL.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Its version as it says it.
    pub version: String,
    /// The same as a number: 150004 is 15.4.
    pub version_number: u32,
    /// What no other database has: the cluster and the database's number in it. None where it does not say.
    pub identity: Option<String>,
    /// Whether nothing can be written: it follows another server, or was told so.
    pub is_read_only: bool,
    /// How far its clock is ahead of ours.
    pub ahead: Duration,
    /// How far off that may be: half of the time that the question took.
    pub doubt: Duration,
}

/// A login and what puts it above row level security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Why row level security does not bind it, in words; empty where it does.
    pub above_the_walls: Vec<&'static str>,
}

/// What the database needs done.
#[derive(Clone, Debug, PartialEq)]
pub struct Vitals {
    /// How many transactions ago its oldest row was written that has not been frozen.
    pub transaction_age: u64,
    /// Those that have been open for over an hour.
    pub long_transactions: Vec<LongTransaction>,
    /// Tables of ours with many rows that were never vacuumed or analysed: `table (rows)`.
    pub never_vacuumed: Vec<String>,
}

/// A transaction that has been open for long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LongTransaction {
    /// The server's process.
    pub pid: String,
    /// Who it is: login and program.
    pub who: String,
    /// For how many minutes.
    pub minutes: u64,
}

/// So many rows make it worth a look that a table was never vacuumed.
const MANY_ROWS: u32 = 10_000;

pub(super) async fn ask(client: &Client, clock: &dyn Clock) -> Result<Server, Error> {
    let before = clock.now();
    let told = rows(
        client,
        "select current_setting('server_version'), current_setting('server_version_num'), \
         pg_is_in_recovery() or current_setting('default_transaction_read_only')::boolean, \
         (extract(epoch from clock_timestamp()) * 1000)::bigint",
    );
    let told = told.await?;
    let after = clock.now();
    let row = told.first();
    let text = |column| row.and_then(|row: &SimpleQueryRow| row.get(column)).unwrap_or_default();
    let half = (after - before) / 2;
    let theirs = text(3)
        .parse::<i64>()
        .ok()
        .and_then(|millis| OffsetDateTime::from_unix_timestamp_nanos(i128::from(millis) * 1_000_000).ok());
    Ok(Server {
        version: text(0).to_owned(),
        version_number: text(1).parse().unwrap_or_default(),
        identity: identity(client).await,
        is_read_only: text(2) == "t",
        ahead: theirs.map_or(Duration::ZERO, |theirs| theirs - (before + half)),
        doubt: half,
    })
}

/// A hosted server may keep it to itself.
async fn identity(client: &Client) -> Option<String> {
    let identity = "select (pg_control_system()).system_identifier || '/' || oid \
                    from pg_database where datname = current_database()";
    rows(client, identity).await.ok()?.first()?.get(0).map(ToOwned::to_owned)
}

/// Who is logged in.
pub(crate) async fn login(client: &Client, database: Database) -> Result<Login, Error> {
    let standing = format!(
        "select rolname, rolsuper, rolbypassrls, exists (select from pg_class \
         where relnamespace = 'public'::regnamespace and relname in ({}) \
         and pg_has_role(current_user, relowner, 'member')) from pg_roles where rolname = current_user",
        our_tables(database)
    );
    let standing = rows(client, &standing).await?;
    let Some(row) = standing.first() else { return Ok(Login { name: String::new(), above_the_walls: Vec::new() }) };
    let reasons = [(1, "superuser"), (2, "above row level security"), (3, "owner of our tables")];
    let true_ones = reasons.into_iter().filter(|(column, _)| row.get(*column) == Some("t"));
    Ok(Login {
        name: row.get(0).unwrap_or_default().to_owned(),
        above_the_walls: true_ones.map(|(_, reason)| reason).collect(),
    })
}

pub(super) async fn vitals(client: &Client, database: Database) -> Result<Vitals, Error> {
    let age = rows(client, "select age(datfrozenxid) from pg_database where datname = current_database()").await?;
    let transaction_age = age.first().and_then(|row| row.get(0)).and_then(|age| age.parse().ok()).unwrap_or_default();
    // Whose the others are is shown to those only who may read all statistics.
    let long = rows(
        client,
        "select pid, format('%s, %s', usename, coalesce(nullif(application_name, ''), 'unnamed')), \
           (extract(epoch from now() - xact_start) / 60)::bigint \
         from pg_stat_activity where datname = current_database() and xact_start < now() - interval '1 hour' \
         order by xact_start limit 10",
    );
    let text = |row: &SimpleQueryRow, column| row.get(column).unwrap_or_default().to_owned();
    let transaction = |row: &SimpleQueryRow| LongTransaction {
        pid: text(row, 0),
        who: text(row, 1),
        minutes: text(row, 2).parse().unwrap_or_default(),
    };
    let long_transactions = long.await?.iter().map(transaction).collect();
    let never = format!(
        "select format('%s (%s rows)', relname, n_live_tup) from pg_stat_user_tables \
         where schemaname = 'public' and relname in ({}) and n_live_tup >= {MANY_ROWS} \
         and coalesce(last_autovacuum, last_vacuum, last_autoanalyze, last_analyze) is null order by relname",
        our_tables(database)
    );
    let never_vacuumed = crate::look::texts(client, &never).await?;
    Ok(Vitals { transaction_age, long_transactions, never_vacuumed })
}
