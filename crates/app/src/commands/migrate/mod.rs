//! `cortex migrate`: brings the schemas of the deployment's two databases, or of all companies' databases, up or down, or
//! tells how they stand.

mod fleet;
mod report;

use std::io::Write;

use anyhow::Context;
use clap::{Args, Subcommand};
use cortex_postgres::Address;
use cortex_postgres::migrate::{MigrateError, Migrator, Ran, resolve};
pub use cortex_postgres::schema::Database;

use crate::config::{MigrateConfig, MigrateFleetConfig};
use fleet::{Pace, Work};
use report::{Change, Report};

/// What to do with the schemas.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Tells which migrations have run, which have not, and which tables are not ours. Changes nothing.
    Status(StatusOptions),
    /// Runs what has not run yet. A second run does nothing.
    Up(UpOptions),
    /// Takes down the newest migration, or all that are newer than --to.
    Down(ChangeOptions),
}

#[derive(Debug, Args)]
struct StatusOptions {
    #[command(flatten)]
    options: Options,
    /// Master, and then every company's database in Master's registry.
    #[arg(long, conflicts_with = "database")]
    all_companies: bool,
    #[command(flatten)]
    pace: Pace,
}

#[derive(Debug, Args)]
struct UpOptions {
    #[command(flatten)]
    change: ChangeOptions,
    /// Master, and then every company's database in Master's registry.
    #[arg(long, conflicts_with_all = ["database", "to"])]
    all_companies: bool,
    #[command(flatten)]
    pace: Pace,
    /// With --all-companies: the first N that have something to run go first, and the others only if none of them fails.
    #[arg(long, value_name = "N", default_value_t = 0, requires = "all_companies")]
    canary: u16,
}

#[derive(Debug, Args)]
struct Options {
    /// One of the two databases: master or company. Both without it, Master first.
    #[arg(long)]
    database: Option<Database>,
    /// For programs: one JSON document on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
struct ChangeOptions {
    /// Up to and including this migration, or down to it: its number (012) or its whole name.
    #[arg(long, value_name = "VERSION")]
    to: Option<String>,
    /// Tells what would run, and runs nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    options: Options,
}

impl MigrateArgs {
    /// Whether it is about all companies, and not about the deployment's one.
    #[must_use]
    pub const fn is_about_all_companies(&self) -> bool {
        match &self.action {
            Action::Status(status) => status.all_companies,
            Action::Up(up) => up.all_companies,
            Action::Down(_) => false,
        }
    }
}

/// Does as `args` says for Master and all companies, whose URLs `read` tells, and writes the report to `out`. True where
/// all that was asked for was done.
pub async fn run_for_all(
    args: &MigrateArgs,
    config: &MigrateFleetConfig,
    read: &dyn Fn(&str) -> Option<String>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let (work, pace, json) = match &args.action {
        Action::Status(StatusOptions { options, pace, .. }) => (Work::Status, *pace, options.json),
        Action::Up(UpOptions { change, pace, .. }) if change.dry_run => (Work::DryRun, *pace, change.options.json),
        Action::Up(UpOptions { change, pace, canary, .. }) => {
            (Work::Up { canary: usize::from(*canary) }, *pace, change.options.json)
        }
        Action::Down(_) => anyhow::bail!("down is for one pair of databases: leave --all-companies out"),
    };
    fleet::run(work, pace, json, config, read, out).await
}

/// Migrates as `args` says and writes the report to `out`. True where all that was asked for was done.
pub async fn run(args: &MigrateArgs, config: &MigrateConfig, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let (options, change) = match &args.action {
        Action::Status(status) => (&status.options, None),
        Action::Up(UpOptions { change, .. }) => (&change.options, Some((change, Direction::Up))),
        Action::Down(change) => (&change.options, Some((change, Direction::Down))),
    };
    let databases: Vec<Database> = options.database.map_or_else(|| Database::ALL.to_vec(), |one| vec![one]);
    let targets = targets(&databases, change.and_then(|(change, _)| change.to.as_deref()))?;

    let mut report = Report::new(options.json);
    for (database, to) in targets {
        let migrator = Migrator::new(database, address(database, config)?, config.deployment.company_id);
        report.begin(out, &migrator)?;
        let outcome = match change {
            None => status(&migrator, &mut report, out).await,
            Some((change, direction)) if change.dry_run => plan(&migrator, direction, to, &mut report, out).await,
            Some((_, direction)) => migrate(&migrator, direction, to, &mut report, out).await,
        };
        // Master goes first because the company's database is of no use without it.
        if let Err(error) = outcome {
            report.failed(out, error)?;
            break;
        }
    }
    report.end(out)
}

/// Brings one database up, and tells only the log: for whoever starts a deployment, not for operators.
pub async fn up(database: Database, config: &MigrateConfig) -> anyhow::Result<()> {
    let migrator = Migrator::new(database, address(database, config)?, config.deployment.company_id);
    for Ran { name, took, warnings } in migrator.up(None).await? {
        let took_ms = took.as_millis();
        tracing::info!(database = database.name(), place = migrator.place(), migration = name, took_ms, "migrated");
        for warning in warnings {
            tracing::warn!(database = database.name(), migration = name, warning, "for somebody to decide");
        }
    }
    Ok(())
}

/// The databases with the migration that each goes to. A number that only one of them knows is a mistake to be told
/// before anything runs.
fn targets(databases: &[Database], to: Option<&str>) -> anyhow::Result<Vec<(Database, Option<String>)>> {
    databases
        .iter()
        .map(|&database| {
            let to = to.map(|wanted| resolve(database, wanted)).transpose();
            let to = if databases.len() > 1 { to.context("--to without --database")? } else { to? };
            Ok((database, to))
        })
        .collect()
}

fn address(database: Database, config: &MigrateConfig) -> anyhow::Result<Address> {
    let (url, variable) = match database {
        Database::Master => (&config.databases.master_owner, "MASTER_MIGRATION_DATABASE_URL or MASTER_DATABASE_URL"),
        Database::Company => (&config.databases.company_owner, "MIGRATION_DATABASE_URL or DATABASE_URL"),
    };
    Address::parse(url.as_secret(), config.databases.urls.ca_file.as_ref(), "cortex migrate").context(variable)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Up,
    Down,
}

async fn status(migrator: &Migrator, report: &mut Report, out: &mut (dyn Write + Send)) -> anyhow::Result<()> {
    let status = migrator.status().await?;
    report.status(out, &status)
}

async fn plan(
    migrator: &Migrator,
    direction: Direction,
    to: Option<String>,
    report: &mut Report,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let status = migrator.status().await?;
    let to = to.as_deref();
    let planned: Vec<String> = match direction {
        Direction::Up => {
            status.pending.iter().filter(|name| to.is_none_or(|to| name.as_str() <= to)).cloned().collect()
        }
        Direction::Down => {
            let newest = || status.applied.last().map_or("", String::as_str);
            if let Some(version) = status.unknown.iter().find(|version| version.as_str() > to.unwrap_or_else(newest)) {
                let (place, version) = (migrator.place().to_owned(), version.clone());
                return Err(MigrateError::UnknownVersion { place, version }.into());
            }
            let newest_first = status.applied.iter().rev();
            match to {
                Some(to) => newest_first.take_while(|name| name.as_str() > to).cloned().collect(),
                None => newest_first.take(1).cloned().collect(),
            }
        }
    };
    let findings = match direction {
        Direction::Up if !planned.is_empty() => migrator.look_ahead().await?,
        _ => Vec::new(),
    };
    report.planned(out, &status, &planned, &findings)
}

async fn migrate(
    migrator: &Migrator,
    direction: Direction,
    to: Option<String>,
    report: &mut Report,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<()> {
    let before = migrator.status().await?;
    let outcome = match direction {
        Direction::Up => migrator.up(to).await,
        Direction::Down => migrator.down(to).await,
    };
    let change = if direction == Direction::Up { Change::Up } else { Change::Down };
    match outcome {
        Ok(ran) => {
            report.ran(out, change, &before, &ran)?;
            if ran.is_empty() { report.nothing_to_do(out) } else { Ok(()) }
        }
        Err(MigrateError::Failed { place, name, reason, ran }) => {
            report.ran(out, change, &before, &ran)?;
            Err(MigrateError::Failed { place, name, reason, ran: Vec::new() }.into())
        }
        Err(error) => Err(error.into()),
    }
}
