//! Syncs: their state, their runs, the webhooks at the end of a run.
//!
//! A run takes what the provider's account holds. For a run that should do something else, or fail, a script is put
//! in its way. There is no schedule: runs begin by a trigger, by a new connection or by the control API.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use time::{Duration, OffsetDateTime};
use tokio::sync::oneshot;
use uuid::Uuid;

use super::config::SyncConfig;
use super::records::{Counts, Pile};
use super::state::State;
use super::tokens::{self, TokenTrouble};
use super::view;
use super::webhooks::{self, Sender};
use super::world::{Connection, World};
use crate::clock::millis_z;
use crate::provider::Vendor;
use crate::random;

/// The variant that every sync has.
pub(super) const BASE: &str = "base";
const INTERVAL: Duration = Duration::hours(1);

/// What the next run of a sync does in place of taking the provider's data.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SyncScript {
    /// Records to save, by model.
    pub save: BTreeMap<String, Vec<Value>>,
    /// Ids of records to delete, by model: only the id is left of them.
    pub delete: BTreeMap<String, Vec<String>>,
    /// Whether whatever is not saved counts as deleted, with its last payload kept.
    pub track_deletes: bool,
    /// The checkpoint that the run leaves behind; absent leaves the one that is there.
    pub checkpoint: Option<Map<String, Value>>,
    /// Makes the run fail with this text.
    pub fail: Option<String>,
}

/// A sync of a connection.
#[derive(Debug)]
pub(super) struct SyncState {
    pub(super) id: Uuid,
    pub(super) connection: u64,
    pub(super) name: String,
    pub(super) variant: String,
    pub(super) models: Vec<String>,
    pub(super) paused: bool,
    running: bool,
    last: Option<Ended>,
    next_at: OffsetDateTime,
    /// Start of the last run that went well; none after a reset.
    good_start: Option<OffsetDateTime>,
    checkpoint: Option<Map<String, Value>>,
    /// The checkpoint that the run under way, or the next one, starts from.
    checkpoint_before: Option<Map<String, Value>>,
    scripts: VecDeque<SyncScript>,
    /// Ids that came from the provider: only these can vanish with it.
    provided: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Debug)]
struct Ended {
    at: OffsetDateTime,
    kind: &'static str,
    results: BTreeMap<String, Counts>,
    failure_log_id: Option<String>,
}

/// A run that went wrong, as a webhook tells it.
struct Failure {
    error: Value,
}

impl SyncState {
    pub(super) fn new(connection: u64, sync: &SyncConfig, variant: &str, now: OffsetDateTime) -> Self {
        Self {
            id: random::uuid(),
            connection,
            name: sync.name.clone(),
            variant: variant.to_owned(),
            models: sync.models.clone(),
            paused: false,
            running: false,
            last: None,
            next_at: now + INTERVAL,
            good_start: None,
            checkpoint: None,
            checkpoint_before: None,
            scripts: VecDeque::new(),
            provided: BTreeMap::new(),
        }
    }

    pub(super) fn failure_log_id(&self) -> Option<&str> {
        self.last.as_ref()?.failure_log_id.as_deref()
    }

    /// The next run does this.
    pub(super) fn plan(&mut self, script: SyncScript) {
        self.scripts.push_back(script);
    }

    /// Forgets the checkpoint: the next run starts over.
    pub(super) fn reset(&mut self) {
        self.checkpoint = None;
        self.checkpoint_before = None;
        self.good_start = None;
    }

    pub(super) fn pile(&self, model: &str) -> Pile {
        (self.connection, model.to_owned(), self.variant.clone())
    }

    /// The entry of `GET /sync/status`.
    pub(super) fn status(&self, world: &World, connection_id: &str) -> Value {
        let failed = self.failure_log_id().is_some();
        let status = match () {
            () if self.running => "RUNNING",
            () if self.paused => "PAUSED",
            () if failed => "ERROR",
            () => "SUCCESS",
        };
        let counts = self.models.iter().map(|model| {
            // Variants show the count of the base variant.
            let pile = (self.connection, model.clone(), BASE.to_owned());
            (model.clone(), json!(world.records.count(&pile)))
        });
        let mut entry = json!({
            "id": self.id,
            "connection_id": connection_id,
            "name": self.name,
            "variant": self.variant,
            "status": status,
            "type": self.last.as_ref().map_or("INITIAL", |last| last.kind),
            "nextScheduledSyncAt": (!self.paused).then(|| millis_z(self.next_at)),
            "frequency": "every hour",
            "recordCount": counts.collect::<Map<_, _>>(),
            "checkpoint": self.checkpoint,
            "latestResult": {},
        });
        if self.running {
            entry["latestExecutionStatus"] = json!("RUNNING");
        } else if let Some(last) = &self.last {
            entry["latestExecutionStatus"] = json!(if failed { "STOPPED" } else { "SUCCESS" });
            entry["finishedAt"] = json!(millis_z(last.at));
            entry["latestResult"] =
                last.results.iter().map(|(model, counts)| (model.clone(), counts.to_json())).collect();
        }
        entry
    }
}

/// Starts a run beside the request; nothing happens while one is under way or the scheduler is down.
pub(super) fn start(state: &Arc<State>, sync: Uuid) {
    if !begin(state, sync) {
        return;
    }
    let shared = Arc::clone(state);
    state.tasks.spawn(async move { finish(&shared, sync).await });
}

/// Runs a sync to its end; false when it could not begin.
pub(super) async fn run(state: &Arc<State>, sync: Uuid) -> bool {
    if !begin(state, sync) {
        return false;
    }
    // As a task of its own, so that a caller who goes away does not leave the run half done.
    let (ended, wait) = oneshot::channel();
    let shared = Arc::clone(state);
    state.tasks.spawn(async move {
        finish(&shared, sync).await;
        // Nobody waits any more: fine.
        let _ = ended.send(());
    });
    // An error says that the server stops.
    let _ = wait.await;
    true
}

/// Starts all syncs of a new connection, a moment later.
pub(super) fn auto_start(state: &Arc<State>, connection: u64) {
    if !state.config.auto_start_syncs {
        return;
    }
    let shared = Arc::clone(state);
    state.tasks.spawn(async move {
        tokio::time::sleep(std::time::Duration::from_millis(shared.config.auto_start_delay_ms)).await;
        let syncs: Vec<Uuid> = {
            let world = shared.world();
            world.syncs.iter().filter(|sync| sync.connection == connection).map(|sync| sync.id).collect()
        };
        for sync in syncs {
            run(&shared, sync).await;
        }
    });
}

fn begin(state: &State, sync: Uuid) -> bool {
    let mut world = state.world();
    if world.scheduler_down {
        return false;
    }
    match world.syncs.iter_mut().find(|known| known.id == sync) {
        Some(known) if !known.running => {
            known.running = true;
            true
        }
        _ => false,
    }
}

async fn finish(state: &Arc<State>, sync: Uuid) {
    let started = state.clock.now();
    let mut hold = state.hold_syncs.subscribe();
    // The sender lives as long as the state.
    let _ = hold.wait_for(|held| !held).await;
    let Some((number, script)) = take_script(state, sync) else { return };
    let outcome = match tokens::fresh(state, number, false).await {
        Ok(connection) => apply(state, sync, &connection, script),
        Err(TokenTrouble::NoConnection) => return,
        Err(trouble) => Err(credentials_failure(state, number, trouble)),
    };
    conclude(state, sync, started, outcome);
}

fn take_script(state: &State, sync: Uuid) -> Option<(u64, Option<SyncScript>)> {
    let mut world = state.world();
    let known = world.syncs.iter_mut().find(|known| known.id == sync)?;
    Some((known.connection, known.scripts.pop_front()))
}

fn apply(
    state: &State,
    sync: Uuid,
    connection: &Connection,
    script: Option<SyncScript>,
) -> Result<BTreeMap<String, Counts>, Failure> {
    if let Some(fail) = script.as_ref().and_then(|script| script.fail.clone()) {
        let payload = json!({ "name": "Error", "message": fail, "stacktrace": [format!("Error: {fail}")] });
        let description = "The script of the sync threw an error";
        return Err(Failure {
            error: json!({ "type": "script_error", "description": description, "payload": payload }),
        });
    }
    let account = state.provider.account_of_token(&connection.credentials.access_token);
    let vendor = Vendor::of_provider(&connection.provider);
    let now = state.clock.now();
    let mut world = state.world();
    let World { syncs, records, .. } = &mut *world;
    let Some(known) = syncs.iter_mut().find(|known| known.id == sync) else { return Ok(BTreeMap::new()) };
    let mut results = BTreeMap::new();
    for model in known.models.clone() {
        let pile = known.pile(&model);
        let counts = match (&script, &account, vendor) {
            (Some(script), _, _) => {
                let saved = script.save.get(&model).map(Vec::as_slice).unwrap_or_default();
                let mut counts = records.save(&pile, saved, now);
                let gone = script.delete.get(&model).cloned().unwrap_or_default();
                counts.deleted = records.delete(&pile, &gone, false, now);
                if script.track_deletes {
                    let kept: BTreeSet<String> = ids_of(saved);
                    let vanished: Vec<String> =
                        records.ids(&pile).into_iter().filter(|id| !kept.contains(id)).collect();
                    counts.deleted += records.delete(&pile, &vanished, true, now);
                }
                counts
            }
            (None, Some((account, _, _)), Some(vendor)) => {
                let held = account.records(vendor, &model);
                let ids = ids_of(&held);
                let before = known.provided.insert(model.clone(), ids.clone()).unwrap_or_default();
                let mut counts = records.save(&pile, &held, now);
                let vanished: Vec<String> = before.difference(&ids).cloned().collect();
                counts.deleted = records.delete(&pile, &vanished, true, now);
                counts
            }
            _ => Counts::default(),
        };
        results.insert(model, counts);
    }
    if let Some(checkpoint) = script.and_then(|script| script.checkpoint) {
        known.checkpoint = Some(checkpoint);
    }
    Ok(results)
}

/// Notes how the run ended and tells so.
fn conclude(
    state: &Arc<State>,
    sync: Uuid,
    started: OffsetDateTime,
    outcome: Result<BTreeMap<String, Counts>, Failure>,
) {
    let now = state.clock.now();
    let letters = {
        let mut world = state.world();
        let World { syncs, connections, environments, .. } = &mut *world;
        let Some(known) = syncs.iter_mut().find(|known| known.id == sync) else { return };
        let Some(connection) = connections.iter().find(|connection| connection.number == known.connection) else {
            return;
        };
        let Some(environment) = environments.iter().find(|one| one.id == connection.environment) else { return };
        let kind = if known.good_start.is_none() { "INITIAL" } else { "INCREMENTAL" };
        let common = json!({
            "from": "nango",
            "type": "sync",
            "connectionId": connection.connection_id,
            "providerConfigKey": connection.integration,
            "syncName": known.name,
            "syncVariant": known.variant,
            "syncType": kind,
            "checkpoints": { "from": known.checkpoint_before, "to": known.checkpoint },
        });
        known.running = false;
        known.next_at = started + INTERVAL;
        let mut bodies = Vec::new();
        match outcome {
            Ok(results) => {
                for (model, counts) in &results {
                    if counts.changed() || environment.settings.on_sync_completion_always {
                        let mut body = common.clone();
                        body["success"] = json!(true);
                        body["model"] = json!(model);
                        body["modifiedAfter"] = json!(millis_z(started));
                        body["queryTimeStamp"] = json!(millis_z(started));
                        body["responseResults"] = counts.to_json();
                        bodies.push(body);
                    }
                }
                known.good_start = Some(started);
                known.last = Some(Ended { at: now, kind, results, failure_log_id: None });
            }
            Err(failure) => {
                if environment.settings.on_sync_error {
                    let mut body = common;
                    body["success"] = json!(false);
                    body["model"] = json!(known.models.join(","));
                    body["error"] = failure.error;
                    body["startedAt"] = json!(millis_z(known.good_start.unwrap_or(now)));
                    body["failedAt"] = json!(millis_z(now));
                    bodies.push(body);
                }
                let failure_log_id = Some(random::log_id(now));
                known.last = Some(Ended { at: now, kind, results: BTreeMap::new(), failure_log_id });
            }
        }
        known.checkpoint_before.clone_from(&known.checkpoint);
        bodies
            .into_iter()
            .map(|body| (connection.environment, connection.webhook_url.clone(), body))
            .collect::<Vec<_>>()
    };
    for (environment, only_to, body) in letters {
        webhooks::send(state, environment, only_to.as_deref(), Sender::Jobs, &body);
    }
}

fn credentials_failure(state: &State, number: u64, trouble: TokenTrouble) -> Failure {
    let world = state.world();
    let connection = world
        .connection(number)
        .map(|connection| view::single(&world, connection, view::nothing(), view::Times::Offset));
    let answer = json!({
        "error": {
            "code": "invalid_credentials",
            "message": trouble.message(),
            "payload": { "connection": connection },
        }
    });
    let status = if trouble == TokenTrouble::Failed { 400 } else { 424 };
    Failure {
        error: json!({
            "type": "script_error",
            "description": "A call of the script went wrong",
            "payload": answer,
            "additional_properties": {
                "upstream_response": {
                    "status": status,
                    "headers": { "content-type": "application/json; charset=utf-8" },
                    "body": answer,
                }
            },
        }),
    }
}

fn ids_of(records: &[Value]) -> BTreeSet<String> {
    let id = |record: &Value| match &record["id"] {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    records.iter().filter_map(id).collect()
}
