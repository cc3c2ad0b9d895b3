//! A deployment under trouble, for as long as it takes to read everything: workers are killed, PostgreSQL is restarted,
//! Nango fails, asks to wait or says nothing, and the accounts change while they are read. In the end every record is
//! accounted for, once.
//!
//! What must be there is what the stand-in was told to hold ([`Accounts`]); what is there is read from the database, past
//! the product ([`Books`]).

mod accounts;
mod books;
mod look;
mod memory;
mod rescues;
mod stage;
mod trouble;

use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::time::{Instant, sleep};

use crate::cli::SoakSetting;
use crate::database::Databases;
use crate::report::{Report, Step};
use crate::table::Table;
use accounts::Accounts;
use books::Books;
use look::Watch;
use memory::Memory;
use rescues::Rescues;
pub(crate) use stage::Plan;
use stage::Stage;
use trouble::Trouble;

/// How often the deployment is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// How long nothing may move.
const STANDSTILL: Duration = Duration::from_mins(2);
/// What a deployment promises: a rescue within a lease and this.
const AFTER_THE_LEASE: Duration = Duration::from_secs(5);
/// How much more memory a worker may need in the end than when it had warmed up.
const GROWTH: f64 = 1.25;

/// Plays it. True where everything is accounted for.
pub(crate) async fn soak(
    setting: &SoakSetting,
    plan: &Plan,
    databases: &Databases,
    report: &mut Report,
) -> Result<bool> {
    report.scene("A deployment under trouble");
    let mut stage = Stage::start(setting, plan, databases, report).await?;
    match play(setting, &mut stage, databases, report).await {
        Ok(held) => {
            if !held {
                stage.tell_troubles();
            }
            Ok(held)
        }
        Err(error) => {
            report.settle();
            stage.tell_troubles();
            Err(error)
        }
    }
}

/// What there was to see on the way.
struct Seen {
    watch: Watch,
    trouble: Trouble,
    rescues: Rescues,
    memory: Memory,
    took: Duration,
}

async fn play(
    setting: &SoakSetting,
    stage: &mut Stage<'_>,
    databases: &Databases,
    report: &mut Report,
) -> Result<bool> {
    let mut accounts = Accounts::fill(stage, setting.records, report).await?;
    stage.begin_initial_syncs().await?;
    let mut seen = Seen {
        watch: Watch::default(),
        trouble: Trouble::new(setting),
        rescues: Rescues::default(),
        memory: Memory::default(),
        took: Duration::ZERO,
    };
    let begun = Instant::now();
    read_under_trouble(stage, databases, &mut accounts, &mut seen, report).await?;
    // Nothing goes wrong any more.
    stage.nango.faults().clear();
    stage.nango.settled().await;
    // As the schedule does it: what came after the last look at an account.
    stage.begin_last_syncs().await?;
    read_quietly(stage, databases, &mut seen, report).await?;
    seen.took = begun.elapsed();
    report.progress("each record is looked for");
    let books = Books::read(databases).await?;
    tell(setting, &accounts, &books, &seen, report);
    Ok(report.summary())
}

/// Until all that was there in the beginning is read.
async fn read_under_trouble(
    stage: &mut Stage<'_>,
    databases: &Databases,
    accounts: &mut Accounts,
    seen: &mut Seen,
    report: &mut Report,
) -> Result<()> {
    let mut moved = Moved::new();
    loop {
        sleep(LOOK).await;
        stage.check()?;
        // Away for a moment, while it is restarted.
        if let Ok(look) = seen.watch.look(databases).await {
            seen.rescues.look(&look);
            moved.look(look.seen)?;
            let part = f64::from(look.seen) / f64::from(accounts.total());
            seen.memory.look(stage.witness(), part);
            report.progress(format_args!(
                "{} of {} records, {} kills",
                look.seen,
                accounts.total(),
                seen.trouble.kills
            ));
            if look.initial_live == 0 {
                return Ok(());
            }
            seen.trouble.tick(stage, &look, &mut seen.rescues, part).await?;
            if seen.trouble.is_time_for_changes() {
                accounts.change(stage).await?;
            }
        }
        seen.trouble.look_for_restart();
    }
}

/// Until nothing waits and nothing runs.
async fn read_quietly(
    stage: &mut Stage<'_>,
    databases: &Databases,
    seen: &mut Seen,
    report: &mut Report,
) -> Result<()> {
    let mut moved = Moved::new();
    loop {
        sleep(LOOK).await;
        stage.check()?;
        let look = seen.watch.look(databases).await.context("the database does not come back")?;
        seen.rescues.look(&look);
        seen.memory.look(stage.witness(), 1.0);
        moved.look(look.seen)?;
        report.progress(format_args!("{} jobs to go", look.jobs.len()));
        if look.jobs.is_empty() {
            return Ok(());
        }
    }
}

fn tell(setting: &SoakSetting, accounts: &Accounts, books: &Books, seen: &Seen, report: &mut Report) {
    let Seen { trouble, rescues, memory, took, .. } = seen;
    let mut table = Table::new(["what", "how much"]);
    let mut row = |what: &str, how_much: String| table.row([what.to_owned(), how_much]);
    row("people", setting.users.to_string());
    row("workers", format!("{}, four jobs each", setting.workers));
    row("records at the beginning", accounts.total().to_string());
    row(
        "changed while they were read",
        format!("{} updated, {} deleted, {} new", accounts.updated, accounts.deleted, accounts.added),
    );
    row(
        "took",
        format!("{:.0} s, {:.0} records/s", took.as_secs_f64(), f64::from(accounts.total()) / took.as_secs_f64()),
    );
    row("workers killed", format!("{}, {} jobs interrupted", trouble.kills, rescues.interrupted));
    row(
        "longest rescue",
        rescues.longest().map_or_else(|| "none".to_owned(), |longest| format!("{:.1} s", longest.as_secs_f64())),
    );
    row(
        "PostgreSQL restarted",
        trouble.restarted.map_or_else(|| "no".to_owned(), |away| format!("once, {:.1} s away", away.as_secs_f64())),
    );
    row("Nango", trouble.told());
    row("jobs", format!("{} completed, {} failed", books.jobs_completed, books.jobs_failed));
    row("memory of a worker", memory.told());
    report.table(&table);

    let difference = books.compared_with(accounts);
    report.step(
        Step::asked("every record, once")
            .compare("missing", difference.missing, 0)
            .compare("twice", difference.twice, 0)
            .compare("of an older state", difference.stale, 0)
            .compare("deleted and there", difference.undead, 0)
            .compare("nobody's", difference.strange, 0),
    );
    report.step(
        Step::asked("what the jobs tell: added less deleted")
            .compare("", books.told_added.saturating_sub(books.told_deleted), books.documents)
            .compare("failed jobs", books.jobs_failed, 0),
    );
    let mut meanwhile = Step::asked("something went wrong meanwhile")
        .check("workers were killed", trouble.kills > 0)
        .check("accounts changed", accounts.updated > 0);
    if setting.restart_request.is_some() {
        meanwhile = meanwhile.check("PostgreSQL was restarted", trouble.restarted.is_some());
    }
    report.step(meanwhile);
    if setting.untimed {
        return;
    }
    let limit = Duration::from_secs(setting.lease_seconds) + AFTER_THE_LEASE;
    if let Some(longest) = rescues.longest() {
        report.step(
            Step::asked(format_args!("a killed worker's job runs again within {limit:?}"))
                .check("the longest did", longest <= limit)
                .compare("never rescued", rescues.outstanding(), 0),
        );
    }
    if let Some(growth) = memory.growth() {
        report.step(
            Step::asked("a worker's memory is flat")
                .check(&format!("in the end {growth:.2} times that after a quarter"), growth <= GROWTH),
        );
    }
}

/// Notices that nothing moves.
struct Moved {
    seen: u32,
    at: Instant,
}

impl Moved {
    fn new() -> Self {
        Self { seen: 0, at: Instant::now() }
    }

    fn look(&mut self, seen: u32) -> Result<()> {
        if self.seen != seen {
            *self = Self { seen, at: Instant::now() };
        }
        if self.at.elapsed() > STANDSTILL {
            bail!("nothing has moved for {} s, after {seen} records", STANDSTILL.as_secs());
        }
        Ok(())
    }
}
