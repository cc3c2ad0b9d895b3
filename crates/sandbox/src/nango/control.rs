//! What a test or a developer does to the stand-in from behind the scenes. The same is there over HTTP, under
//! `/sandbox/`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::config::EnvironmentConfig;
use super::journal::{Delivery, ReceivedRequest};
use super::records::Counts;
use super::state::State;
use super::syncs::{self, BASE, SyncScript};
use super::world::World;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::provider::{Account, Provider, Vendor};

/// The hands behind the scenes of a stand-in. Clones work on the same one.
#[derive(Debug, Clone)]
pub struct NangoControl {
    pub(super) state: Arc<State>,
}

/// An environment with its secrets.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct EnvironmentKeys {
    /// Name.
    pub name: String,
    /// Id, part of the addresses that providers send their webhooks to.
    pub id: Uuid,
    /// The API key with all scopes.
    pub api_key: Uuid,
    /// What webhooks are signed with.
    pub webhook_signing_key: String,
}

/// A connection as the API names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConnectionName {
    /// Its id.
    pub connection_id: String,
    /// Its integration.
    pub provider_config_key: String,
    /// Name of its environment; needed only where an id was imported into several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
}

/// What a person does at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Agrees.
    #[default]
    Allow,
    /// Presses cancel.
    Deny,
}

/// Why something behind the scenes could not be done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SandboxError {
    /// There is no such environment, connection, sync or account.
    #[error("there is no {0}")]
    Unknown(String),
    /// The way through the browser ended early.
    #[error("connecting failed: {0}")]
    Connect(String),
}

impl NangoControl {
    /// The stand-in's time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Trouble of the API.
    #[must_use]
    pub fn faults(&self) -> Faults {
        self.state.faults.clone()
    }

    /// The providers and the accounts there.
    #[must_use]
    pub fn provider(&self) -> &Provider {
        &self.state.provider
    }

    /// Adds an environment, or replaces the one of the same name together with its connections.
    pub fn put_environment(&self, config: EnvironmentConfig) {
        let now = self.state.clock.now();
        self.state.world().put_environment(config, now);
    }

    /// All environments with their secrets.
    #[must_use]
    pub fn environments(&self) -> Vec<EnvironmentKeys> {
        let world = self.state.world();
        let keys = |environment: &super::world::Environment| EnvironmentKeys {
            name: environment.name.clone(),
            id: environment.id,
            api_key: environment.api_key,
            webhook_signing_key: environment.signing_key().to_owned(),
        };
        world.environments.iter().map(keys).collect()
    }

    /// The environment of that name.
    pub fn environment(&self, name: &str) -> Result<EnvironmentKeys, SandboxError> {
        let found = self.environments().into_iter().find(|environment| environment.name == name);
        found.ok_or_else(|| SandboxError::Unknown(format!("environment {name}")))
    }

    /// Sets where the webhooks of an environment go.
    pub fn set_webhook_urls(&self, environment: &str, urls: &[&str]) -> Result<(), SandboxError> {
        let mut world = self.state.world();
        let found = world.environments.iter_mut().find(|known| known.name == environment);
        let found = found.ok_or_else(|| SandboxError::Unknown(format!("environment {environment}")))?;
        found.webhook_urls = urls.iter().map(|url| (*url).to_owned()).collect();
        Ok(())
    }

    /// Adds an account at the providers, or replaces the one with the same address.
    pub fn put_account(&self, account: Account) {
        self.state.provider.put_account(account);
    }

    /// The account's tokens become worthless, so that refreshing them fails.
    pub fn revoke_account(&self, email: &str, vendor: Option<Vendor>) {
        self.state.provider.revoke(email, vendor);
    }

    /// Goes the way of a browser without one: from the session through the provider's consent and back.
    pub async fn connect(
        &self,
        session_token: &str,
        integration: &str,
        account: &str,
        decision: Decision,
    ) -> Result<ConnectionName, SandboxError> {
        let http = &self.state.provider_http;
        let broken = |error: reqwest::Error| SandboxError::Connect(error.to_string());
        let start = format!("{}/oauth/connect/{integration}", self.state.base_url);
        let leave = http.get(start).query(&[("connect_session_token", session_token)]).send();
        let consent = location(leave.await.map_err(broken)?).await?;
        let csrf = consent.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned());
        let name = self.pending(csrf.as_deref().unwrap_or_default())?;
        let word = match decision {
            Decision::Allow => "allow",
            Decision::Deny => "deny",
        };
        let decide = http.post(consent).form(&[("account", account), ("decision", word)]).send();
        let back = location(decide.await.map_err(broken)?).await?;
        let end = http.get(back).send().await.map_err(broken)?;
        if end.status().is_success() {
            return Ok(name);
        }
        Err(SandboxError::Connect(format!("the callback answered {}", end.status())))
    }

    /// Saves and deletes records without a run and without a webhook.
    pub fn change_records(
        &self,
        connection: &ConnectionName,
        model: &str,
        save: &[Value],
        delete: &[String],
    ) -> Result<(), SandboxError> {
        let now = self.state.clock.now();
        let mut world = self.state.world();
        let pile = (find(&world, connection)?, model.to_owned(), BASE.to_owned());
        let _: Counts = world.records.save(&pile, save, now);
        world.records.delete(&pile, delete, false, now);
        Ok(())
    }

    /// Empties the payloads of all records of a model, as time does with old ones: how many.
    pub fn prune_records(&self, connection: &ConnectionName, model: &str) -> Result<usize, SandboxError> {
        let now = self.state.clock.now();
        let mut world = self.state.world();
        let pile = (find(&world, connection)?, model.to_owned(), BASE.to_owned());
        Ok(world.records.prune_all(&pile, now))
    }

    /// The next run of a sync does this in place of taking the provider's data.
    pub fn plan_run(&self, connection: &ConnectionName, sync: &str, script: SyncScript) -> Result<(), SandboxError> {
        let mut world = self.state.world();
        let id = find_sync(&world, connection, sync)?;
        let found = world.syncs.iter_mut().find(|known| known.id == id);
        found.map(|found| found.plan(script)).ok_or_else(|| SandboxError::Unknown(format!("sync {sync}")))
    }

    /// Runs a sync to its end. False when nothing ran: a run is under way, or the scheduler is down.
    pub async fn run_sync(&self, connection: &ConnectionName, sync: &str) -> Result<bool, SandboxError> {
        let id = find_sync(&self.state.world(), connection, sync)?;
        Ok(syncs::run(&self.state, id).await)
    }

    /// While held, runs begin but do not end.
    pub fn hold_syncs(&self, hold: bool) {
        self.state.hold_syncs.send_replace(hold);
    }

    /// While down, triggers answer 200 and nothing runs.
    pub fn set_scheduler_down(&self, down: bool) {
        self.state.world().scheduler_down = down;
    }

    /// The next `count` webhooks are never sent.
    pub fn lose_webhooks(&self, count: u32) {
        self.state.journal.lose_webhooks(count);
    }

    /// Calls a minute and account; 0 = no limit. Forgets the calls so far.
    pub fn set_rate_limit(&self, per_minute: u32) {
        self.state.limiter.set(per_minute);
    }

    /// The webhooks so far, with their attempts.
    #[must_use]
    pub fn webhooks(&self) -> Vec<Delivery> {
        self.state.journal.deliveries()
    }

    /// The requests so far.
    #[must_use]
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.state.journal.requests()
    }

    /// Waits until no run and no delivery is under way.
    pub async fn settled(&self) {
        self.state.tasks.settled().await;
    }

    /// Lets time pass at once.
    pub fn advance(&self, by: Duration) {
        self.state.clock.advance(by);
    }

    fn pending(&self, csrf: &str) -> Result<ConnectionName, SandboxError> {
        let world = self.state.world();
        let pending = world.authorizations.iter().find(|pending| pending.state == csrf);
        let pending = pending.ok_or_else(|| SandboxError::Connect("the authorization is unknown".to_owned()))?;
        Ok(ConnectionName {
            connection_id: pending.connection_id.clone(),
            provider_config_key: pending.integration.clone(),
            environment: world.environment(pending.session.environment).map(|one| one.name.clone()),
        })
    }
}

impl fmt::Debug for EnvironmentKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentKeys").field("name", &self.name).field("id", &self.id).finish_non_exhaustive()
    }
}

/// Where a redirect leads.
async fn location(response: reqwest::Response) -> Result<Url, SandboxError> {
    let target = response.headers().get("location").and_then(|value| value.to_str().ok());
    if let Some(url) = target.and_then(|target| response.url().join(target).ok()) {
        return Ok(url);
    }
    let status = response.status();
    let body: Value = serde_json::from_str(&response.text().await.unwrap_or_default()).unwrap_or_default();
    let code = body["error"]["code"].as_str().map(|code| format!(" ({code})")).unwrap_or_default();
    Err(SandboxError::Connect(format!("expected a redirect, got {status}{code}")))
}

fn find(world: &World, name: &ConnectionName) -> Result<u64, SandboxError> {
    let named = |id: Uuid| {
        name.environment.is_none() || world.environment(id).map(|one| &one.name) == name.environment.as_ref()
    };
    let found = world.connections.iter().find(|connection| {
        connection.connection_id == name.connection_id
            && connection.integration == name.provider_config_key
            && named(connection.environment)
    });
    let found = found.ok_or_else(|| SandboxError::Unknown(format!("connection {}", name.connection_id)))?;
    Ok(found.number)
}

fn find_sync(world: &World, name: &ConnectionName, sync: &str) -> Result<Uuid, SandboxError> {
    let number = find(world, name)?;
    let (sync, variant) = sync.split_once("::").unwrap_or((sync, BASE));
    let mut own = world.syncs.iter().filter(|known| known.connection == number);
    let found = own.find(|known| known.name == sync && known.variant == variant);
    Ok(found.ok_or_else(|| SandboxError::Unknown(format!("sync {sync}")))?.id)
}

impl From<SandboxError> for super::error::ApiError {
    fn from(error: SandboxError) -> Self {
        let status = match error {
            SandboxError::Unknown(_) => 404,
            SandboxError::Connect(_) => 400,
        };
        Self::bare(status, json!({ "error": error.to_string() }))
    }
}
