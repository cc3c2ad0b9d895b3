//! `cortex migrate … --all-companies`: every company database of Master's registry.
//!
//! First Master, then a look at each company's database, then those that can be migrated, some at a time. Nothing that is
//! wrong with one of them keeps the others from being done.

mod companies;
mod report;

use std::io::Write;
use std::time::Instant;

use anyhow::Context;
use clap::Args;
use cortex_postgres::Address;
use cortex_postgres::migrate::{MigrateError, Migrator, Ran, read_registry};
use futures_util::StreamExt;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use self::companies::{Company, Outcome, find, look};
use self::report::{FleetReport, MasterPart};
use crate::config::MigrateFleetConfig;

/// How a fleet is gone through.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct Pace {
    /// With --all-companies: so many databases at once.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 4,
        requires = "all_companies",
        value_parser = clap::value_parser!(u16).range(1..=64)
    )]
    pub(super) jobs: u16,
}

/// What is done to each database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// It is looked at.
    Status,
    /// What would run is told, and what it would meet.
    DryRun,
    /// What is pending runs, in so many databases first and in the others only if it did.
    Up {
        /// How many go first.
        canary: usize,
    },
}

/// Does it and writes the report to `out`. True where nothing failed.
pub(super) async fn run(
    work: Work,
    pace: Pace,
    json: bool,
    config: &MigrateFleetConfig,
    read: &dyn Fn(&str) -> Option<String>,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let ca_file = config.databases.ca_file.as_ref();
    let master = Address::parse(config.databases.master_owner.as_secret(), ca_file, "cortex migrate")
        .context("MASTER_MIGRATION_DATABASE_URL or MASTER_DATABASE_URL")?;
    let mut report = FleetReport::new(work, json);
    let migrator = Migrator::of_master(master.clone());
    let mut part = work_on_master(work, &migrator).await;
    let registry = async { Ok((migrator.survey(Vec::new()).await?.identity, read_registry(&master).await?)) };
    let registry = if part.is_failure() { None } else { part.take(registry.await) };
    report.master(out, migrator.place(), &part)?;
    let Some((identity, registry)) = registry else {
        return report.end(out, &[]);
    };

    let bar = bar(json);
    let mut companies = find(registry, ca_file, read);
    go_through(
        &mut companies,
        pace,
        &bar,
        "looking at",
        async |company: Company| look(company, work).await,
        |company| company.outcome == Outcome::Waiting,
    )
    .await;
    companies::refuse_shared(&mut companies, &identity);
    if let Work::Up { canary } = work {
        migrate(&mut companies, pace, canary, &bar).await;
    }
    bar.finish_and_clear();
    report.end(out, &companies)
}

async fn work_on_master(work: Work, migrator: &Migrator) -> MasterPart {
    let found = async {
        let status = migrator.status().await?;
        let findings = if work == Work::DryRun { migrator.look_ahead().await? } else { Vec::new() };
        let ran = if matches!(work, Work::Up { .. }) { migrator.up(None).await? } else { Vec::new() };
        Ok::<_, MigrateError>((status, findings, ran))
    };
    match found.await {
        Ok((status, findings, ran)) => MasterPart { status: Some(status), findings, ran, error: None },
        Err(error) => {
            let (ran, reason) = parts(error);
            MasterPart { status: None, findings: Vec::new(), ran, error: Some(reason) }
        }
    }
}

/// Runs what is pending: first in the canaries, which are those that have something to run and come first by their slugs,
/// then, if none of them failed, in all others.
async fn migrate(companies: &mut [Company], pace: Pace, canary: usize, bar: &ProgressBar) {
    let is_ready = |company: &Company| company.outcome == Outcome::Waiting;
    if canary > 0 {
        let has_something_to_run =
            |company: &Company| company.survey.as_ref().is_some_and(|survey| !survey.status.pending.is_empty());
        let may_be = |company: &&mut Company| match company.outcome {
            Outcome::Waiting => has_something_to_run(company),
            // What cannot even be looked at goes first as well: whoever asks for canaries wants to be stopped.
            outcome => outcome == Outcome::Failed,
        };
        for company in companies.iter_mut().filter(may_be).take(canary) {
            company.is_canary = true;
        }
        go_through(companies, pace, bar, "migrating", up, |company| is_ready(company) && company.is_canary).await;
        let failed = companies.iter().find(|company| company.is_canary && company.outcome == Outcome::Failed);
        if let Some(failed) = failed.map(|company| company.registered.slug.clone()) {
            for company in companies.iter_mut().filter(|company| is_ready(company)) {
                company.outcome = Outcome::HeldBack;
                company.reason =
                    Some(format!("not begun, because {failed} goes first and failed: mend it, then run again"));
            }
            return;
        }
    }
    go_through(companies, pace, bar, "migrating", up, is_ready).await;
}

async fn up(mut company: Company) -> Company {
    let Some(migrator) = &company.migrator else { return company };
    let begun = Instant::now();
    match migrator.up(None).await {
        Ok(ran) => {
            // Another run may have been faster.
            company.outcome = if ran.is_empty() { Outcome::Current } else { Outcome::Migrated };
            company.ran = ran;
        }
        Err(error) => {
            let (ran, reason) = parts(error);
            company.ran = ran;
            company.fail(reason);
        }
    }
    company.took = begun.elapsed();
    company
}

/// Does something to those that are chosen, some at a time.
async fn go_through(
    companies: &mut [Company],
    pace: Pace,
    bar: &ProgressBar,
    doing: &'static str,
    work: impl AsyncFn(Company) -> Company,
    is_chosen: impl Fn(&Company) -> bool,
) {
    let chosen: Vec<_> = companies.iter().enumerate().filter(|(_, company)| is_chosen(company)).collect();
    let chosen: Vec<_> = chosen.into_iter().map(|(index, company)| (index, company.clone())).collect();
    if chosen.is_empty() {
        return;
    }
    bar.set_length(chosen.len() as u64);
    bar.reset();
    let done = stream::iter(chosen).map(|(index, company)| {
        let work = &work;
        async move {
            bar.set_message(format!("{doing} {}", company.registered.slug));
            let done = work(company).await;
            bar.inc(1);
            (index, done)
        }
    });
    let done: Vec<_> = done.buffer_unordered(usize::from(pace.jobs)).collect().await;
    for (index, company) in done {
        companies[index] = company;
    }
}

/// On standard error, and on a terminal only. Its colour goes where `NO_COLOR` is set.
fn bar(json: bool) -> ProgressBar {
    let target = if json { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style =
        ProgressStyle::with_template("{bar:30.green} {pos}/{len} {wide_msg}").expect("the template is well formed");
    ProgressBar::with_draw_target(Some(0), target).with_style(style)
}

/// What ran before an error, and the error.
fn parts(error: MigrateError) -> (Vec<Ran>, String) {
    match error {
        MigrateError::Failed { place, name, reason, ran } => {
            (ran, MigrateError::Failed { place, name, reason, ran: Vec::new() }.to_string())
        }
        error => (Vec::new(), error.to_string()),
    }
}
