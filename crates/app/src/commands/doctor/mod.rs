//! `cortex doctor`: looks at a deployment and says what to do.
//!
//! It goes on where the other commands refuse: of what it cannot look at it says so. Whatever hangs, it ends: everything
//! that is independent is looked at side by side, and each for a few seconds only. It changes nothing, but for a probe in
//! the store of original files, which it takes back.

mod check;
mod configuration;
mod databases;
mod files;
mod report;
mod rows;
mod services;
mod walls;

use std::io::Write;

use clap::Args;
use cortex_postgres::schema::Database;
use futures_util::future::join5;

pub use check::{Check, Finding, Outcome, Severity, Verdict};
pub use report::{Report, Summary};

use crate::config::{ConfigErrors, DoctorConfig};
use crate::logging;

/// How to look.
#[derive(Clone, Copy, Debug, Args)]
pub struct DoctorArgs {
    /// For programs: one JSON document on standard output.
    #[arg(long)]
    json: bool,
    /// Ends with exit code 1 on warnings too.
    #[arg(long)]
    strict: bool,
}

type Out<'a> = &'a mut (dyn Write + Send);

/// Every check, in the order in which they are told.
#[must_use]
pub fn checks() -> Vec<&'static Check> {
    let of_rows = rows::of(Database::Master).iter().chain(rows::of(Database::Company));
    let mut all: Vec<&'static Check> = Vec::new();
    let groups = [configuration::CHECKS, databases::CHECKS, databases::OF_BOTH, walls::CHECKS];
    let services = [services::OF_SUPABASE, services::OF_NANGO, files::CHECKS];
    for check in groups.into_iter().flatten().chain(of_rows).chain(services.into_iter().flatten()) {
        if !all.contains(check) {
            all.push(check);
        }
    }
    all
}

/// Looks at the deployment that the variables describe, and writes what it found to `out`. True where nothing is worse than
/// a warning, or with `--strict` than a note.
pub async fn run(
    args: DoctorArgs,
    variable: &dyn Fn(&str) -> Option<String>,
    in_colour: bool,
    out: Out<'_>,
) -> anyhow::Result<bool> {
    let (config, mistakes) = DoctorConfig::from_env(variable);
    logging::start(&config.log)?;
    let report = examine(&config, mistakes.as_ref()).await;
    if args.json {
        writeln!(out, "{:#}", report.document())?;
    } else {
        report.tell(in_colour, out)?;
    }
    let Summary { errors, warnings, .. } = report.summary();
    Ok(errors == 0 && (warnings == 0 || !args.strict))
}

/// Looks at everything.
pub async fn examine(config: &DoctorConfig, mistakes: Option<&ConfigErrors>) -> Report {
    // In boxes: together they are deep enough for the compiler.
    let (pin, databases, supabase, nango, files) = join5(
        Box::pin(configuration::guess_pin(config)),
        Box::pin(databases::examine(config)),
        Box::pin(services::supabase(config)),
        Box::pin(services::nango(config)),
        Box::pin(files::examine(config)),
    )
    .await;
    let mut outcomes = [configuration::judge(config, mistakes), pin, databases, supabase, nango, files].concat();
    let order = checks();
    let place = |outcome: &Outcome| order.iter().position(|check| *check == outcome.check);
    outcomes.sort_by_key(|outcome| (place(outcome), outcome.database));
    Report::new(config, outcomes)
}
