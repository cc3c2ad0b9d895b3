//! What the accounts hold: the truth that everything is compared with.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use cortex_sandbox::nango::SyncScript;
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc2822;
use tokio::time::sleep;
use uuid::Uuid;

use super::stage::{Reader, Stage};
use crate::report::Report;

const SYNC: &str = "emails";
const MODEL: &str = "GmailEmail";

/// Of a record, in how many states it has been; none where it is deleted.
pub(super) type States = BTreeMap<String, Option<u32>>;

/// The records of everybody, and what became of them.
pub(super) struct Accounts {
    pub(super) states: BTreeMap<Uuid, States>,
    pub(super) updated: usize,
    pub(super) deleted: usize,
    pub(super) added: usize,
    total: u32,
}

const A_MOMENT: Duration = Duration::from_millis(20);

/// So many records of one account change at a time.
const UPDATES: usize = 40;
const DELETIONS: usize = 5;
const ADDITIONS: usize = 5;

impl Accounts {
    /// So many records in all, in accounts of the same size. Nango has fetched them.
    pub(super) async fn fill(stage: &Stage<'_>, records: u32, report: &mut Report) -> Result<Self> {
        let mut accounts = Self { states: BTreeMap::new(), updated: 0, deleted: 0, added: 0, total: 0 };
        let of_each = records.div_ceil(u32::try_from(stage.readers.len())?);
        for reader in &stage.readers {
            report.progress(format_args!("{of_each} records for {}", reader.email));
            let ids: Vec<String> = (0..of_each).map(|number| format!("record-{number:06}")).collect();
            let save = ids.iter().map(|id| record(stage, reader, id, 1)).collect();
            run(stage, reader, SyncScript { save: one(save), ..SyncScript::default() }).await?;
            accounts.states.insert(reader.id, ids.into_iter().map(|id| (id, Some(1))).collect());
            accounts.total += of_each;
        }
        Ok(accounts)
    }

    /// How many there were in the beginning.
    pub(super) const fn total(&self) -> u32 {
        self.total
    }

    /// Something changes in somebody's account, and Nango tells of it.
    pub(super) async fn change(&mut self, stage: &Stage<'_>) -> Result<()> {
        let Some((reader, script)) = self.next_change(stage) else { return Ok(()) };
        run(stage, reader, script).await
    }

    fn next_change<'s>(&mut self, stage: &'s Stage<'_>) -> Option<(&'s Reader, SyncScript)> {
        let rng = &mut rand::rng();
        let reader = stage.readers.choose(rng)?;
        let states = self.states.get_mut(&reader.id)?;
        let mut alive: Vec<String> =
            states.iter().filter(|(_, state)| state.is_some()).map(|(id, _)| id.clone()).collect();
        let mut pick = |most: usize| -> Vec<String> {
            let count = most.min(alive.len());
            (0..count).map(|_| alive.swap_remove(rng.random_range(0..alive.len()))).collect()
        };
        let (updates, deletions) = (pick(UPDATES), pick(DELETIONS));
        let new: Vec<String> = (0..ADDITIONS).map(|n| format!("new-{:06}", states.len() + n)).collect();
        let mut save = Vec::new();
        for id in &updates {
            let next = states.get(id).copied().flatten().unwrap_or_default() + 1;
            states.insert(id.clone(), Some(next));
            save.push(record(stage, reader, id, next));
        }
        for id in &new {
            states.insert(id.clone(), Some(1));
            save.push(record(stage, reader, id, 1));
        }
        for id in &deletions {
            states.insert(id.clone(), None);
        }
        self.updated += updates.len();
        self.deleted += deletions.len();
        self.added += new.len();
        let script = SyncScript { save: one(save), delete: one(deletions), ..SyncScript::default() };
        Some((reader, script))
    }
}

async fn run(stage: &Stage<'_>, reader: &Reader, script: SyncScript) -> Result<()> {
    stage.nango.plan_run(&reader.connection, SYNC, script)?;
    // One that is under way already may have begun without the script.
    while !stage.nango.run_sync(&reader.connection, SYNC).await? {
        sleep(A_MOMENT).await;
    }
    Ok(())
}

fn one<T>(of_model: T) -> BTreeMap<String, T> {
    BTreeMap::from([(MODEL.to_owned(), of_model)])
}

/// A message as Nango keeps it, which nobody else got. Its text tells which state of it that is; see [`Books`](super::Books).
fn record(stage: &Stage<'_>, reader: &Reader, id: &str, nth: u32) -> Value {
    let date = stage.nango.clock().now().format(&Rfc2822).unwrap_or_default();
    json!({
        "id": id,
        "threadId": id,
        "sender": "Works <works@kestrelpumps.example>",
        "recipients": reader.email,
        "subject": format!("Pump report {id} for {}", reader.email),
        "date": date,
        "body": format!("State {nth} of {id}. {}", "The seal of the second stage was changed and holds. ".repeat(6)),
        "attachments": [],
    })
}
