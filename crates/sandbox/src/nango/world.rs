//! What the stand-in knows: environments, sessions, connections. In memory, gone with the process.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::{Map, Value};
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::config::{EnvironmentConfig, LimitedKey, SyncConfig, WebhookSettings};
use super::records::RecordStore;
use super::syncs::SyncState;
use crate::provider::Vendor;
use crate::random;

/// How long the jobs service goes on signing with the key it knew.
const OLD_SIGNING_KEY_LIFETIME: Duration = Duration::from_mins(5);
/// How long a session token lives.
pub(super) const SESSION_LIFETIME: Duration = Duration::from_mins(30);
/// The most sessions and pending authorizations that are kept, each; the oldest go first.
const MOST_KEPT: usize = 10_000;

#[derive(Default)]
pub(super) struct World {
    pub(super) environments: Vec<Environment>,
    pub(super) sessions: VecDeque<Session>,
    pub(super) authorizations: VecDeque<Authorization>,
    pub(super) connections: Vec<Connection>,
    pub(super) records: RecordStore,
    pub(super) syncs: Vec<SyncState>,
    pub(super) scheduler_down: bool,
    next_connection: u64,
}

/// An environment and its secrets.
pub(super) struct Environment {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) account: String,
    pub(super) api_key: Uuid,
    pub(super) limited_keys: Vec<LimitedKey>,
    signing_key: String,
    rotated: Option<(String, OffsetDateTime)>,
    pub(super) webhook_urls: Vec<String>,
    pub(super) settings: WebhookSettings,
    pub(super) integrations: Vec<Integration>,
}

#[derive(Debug, Clone)]
pub(super) struct Integration {
    pub(super) unique_key: String,
    pub(super) provider: String,
    pub(super) scopes: String,
    pub(super) syncs: Vec<SyncConfig>,
    pub(super) created_at: OffsetDateTime,
}

/// The deprecated way to say whose connection it is.
#[derive(Debug, Clone, Default)]
pub(super) struct EndUser {
    pub(super) id: String,
    pub(super) display_name: Option<String>,
    pub(super) email: Option<String>,
    pub(super) tags: Option<BTreeMap<String, String>>,
    pub(super) organization: Option<(String, Option<String>)>,
}

pub(super) type Tags = BTreeMap<String, String>;

#[derive(Clone)]
pub(super) struct Session {
    pub(super) token: String,
    pub(super) environment: Uuid,
    pub(super) ends: OffsetDateTime,
    pub(super) tags: Tags,
    pub(super) end_user: Option<EndUser>,
    pub(super) allowed: Option<Vec<String>>,
    pub(super) defaults: Map<String, Value>,
    pub(super) webhook_url: Option<String>,
    /// The connection that is reconnected.
    pub(super) reconnects: Option<u64>,
}

/// A browser on its way to the provider and back.
pub(super) struct Authorization {
    pub(super) state: String,
    pub(super) session: Session,
    pub(super) integration: String,
    pub(super) connection_id: String,
    pub(super) verifier: String,
}

#[derive(Clone)]
#[expect(clippy::struct_field_names, reason = "the API's own word, beside its internal number")]
pub(super) struct Connection {
    /// Nango's internal number.
    pub(super) number: u64,
    pub(super) environment: Uuid,
    pub(super) connection_id: String,
    pub(super) integration: String,
    pub(super) provider: String,
    pub(super) tags: Tags,
    pub(super) end_user: Option<EndUser>,
    pub(super) metadata: Option<Map<String, Value>>,
    pub(super) config: Map<String, Value>,
    pub(super) webhook_url: Option<String>,
    pub(super) created_at: OffsetDateTime,
    pub(super) updated_at: OffsetDateTime,
    pub(super) fetched_at: OffsetDateTime,
    pub(super) credentials: Credentials,
    pub(super) refresh: RefreshHistory,
}

#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) access_token: String,
    pub(super) refresh_token: Option<String>,
    pub(super) expires_at: Option<OffsetDateTime>,
    /// What the provider (or the importer) gave.
    pub(super) raw: Map<String, Value>,
}

/// How refreshing went lately.
#[derive(Debug, Clone, Default)]
pub(super) struct RefreshHistory {
    pub(super) failed_at: Option<OffsetDateTime>,
    pub(super) failed_days: BTreeSet<Date>,
    pub(super) log_id: Option<String>,
}

impl World {
    /// Adds an environment, or replaces the one of the same name together with its connections.
    pub(super) fn put_environment(&mut self, config: EnvironmentConfig, now: OffsetDateTime) {
        if let Some(place) = self.environments.iter().position(|known| known.name == config.name) {
            let old = self.environments.remove(place).id;
            let gone: Vec<u64> = self.of_environment(old).map(|connection| connection.number).collect();
            for number in gone {
                self.remove_connection(number);
            }
            self.sessions.retain(|session| session.environment != old);
        }
        self.environments.push(Environment::new(config, now));
    }

    pub(super) fn environment(&self, id: Uuid) -> Option<&Environment> {
        self.environments.iter().find(|environment| environment.id == id)
    }

    pub(super) fn environment_mut(&mut self, id: Uuid) -> Option<&mut Environment> {
        self.environments.iter_mut().find(|environment| environment.id == id)
    }

    pub(super) fn integration(&self, environment: Uuid, key: &str) -> Option<&Integration> {
        self.environment(environment)?.integrations.iter().find(|integration| integration.unique_key == key)
    }

    pub(super) fn keep_session(&mut self, session: Session) {
        keep(&mut self.sessions, session);
    }

    pub(super) fn session(&self, token: &str, now: OffsetDateTime) -> Option<&Session> {
        self.sessions.iter().find(|session| session.token == token && session.ends > now)
    }

    pub(super) fn keep_authorization(&mut self, authorization: Authorization) {
        keep(&mut self.authorizations, authorization);
    }

    pub(super) fn take_authorization(&mut self, state: &str) -> Option<Authorization> {
        let place = self.authorizations.iter().position(|authorization| authorization.state == state)?;
        self.authorizations.remove(place)
    }

    pub(super) fn of_environment(&self, environment: Uuid) -> impl Iterator<Item = &Connection> {
        self.connections.iter().filter(move |connection| connection.environment == environment)
    }

    pub(super) fn find(&self, environment: Uuid, integration: &str, connection_id: &str) -> Option<&Connection> {
        self.of_environment(environment)
            .find(|connection| connection.integration == integration && connection.connection_id == connection_id)
    }

    pub(super) fn connection(&self, number: u64) -> Option<&Connection> {
        self.connections.iter().find(|connection| connection.number == number)
    }

    pub(super) fn connection_mut(&mut self, number: u64) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.number == number)
    }

    /// The next internal number, counted over all environments.
    pub(super) fn next_number(&mut self) -> u64 {
        self.next_connection += 1;
        self.next_connection
    }

    /// Removes a connection with its records and syncs.
    pub(super) fn remove_connection(&mut self, number: u64) {
        self.connections.retain(|connection| connection.number != number);
        self.syncs.retain(|sync| sync.connection != number);
        self.records.drop_connection(number);
    }

    /// The syncs of a new connection, not yet run.
    pub(super) fn deploy_syncs(&mut self, number: u64, now: OffsetDateTime) {
        let Some(connection) = self.connection(number) else { return };
        let Some(integration) = self.integration(connection.environment, &connection.integration) else { return };
        let fresh: Vec<SyncState> =
            integration.syncs.iter().map(|sync| SyncState::new(number, sync, "base", now)).collect();
        self.syncs.extend(fresh);
    }
}

impl Environment {
    fn new(config: EnvironmentConfig, now: OffsetDateTime) -> Self {
        let integrations = config.integrations.into_iter().map(|integration| {
            let (scopes, syncs) = (integration.scopes, integration.syncs);
            Integration {
                scopes: scopes.unwrap_or_else(|| usual_scopes(&integration.provider).to_owned()),
                syncs: syncs.unwrap_or_else(|| SyncConfig::usual(&integration.provider)),
                unique_key: integration.unique_key,
                provider: integration.provider,
                created_at: now,
            }
        });
        Self {
            id: random::uuid(),
            name: config.name,
            account: config.account,
            api_key: config.api_key,
            limited_keys: config.limited_keys,
            signing_key: config.webhook_signing_key,
            rotated: None,
            webhook_urls: config.webhook_url.into_iter().chain(config.webhook_url_secondary).collect(),
            settings: config.webhook_settings,
            integrations: integrations.collect(),
        }
    }

    /// What the API server signs with.
    pub(super) fn signing_key(&self) -> &str {
        &self.signing_key
    }

    /// What the jobs service signs with: it learns of a rotation five minutes late.
    pub(super) fn jobs_signing_key(&self, now: OffsetDateTime) -> &str {
        match &self.rotated {
            Some((old, at)) if now < *at + OLD_SIGNING_KEY_LIFETIME => old,
            _ => &self.signing_key,
        }
    }

    pub(super) fn rotate_signing_key(&mut self, now: OffsetDateTime) -> String {
        let fresh = random::uuid().to_string();
        let old = std::mem::replace(&mut self.signing_key, fresh.clone());
        self.rotated = Some((old, now));
        fresh
    }
}

impl Integration {
    pub(super) fn vendor(&self) -> Option<Vendor> {
        Vendor::of_provider(&self.provider)
    }

    /// Name and secret under which the provider knows the application.
    pub(super) fn client(&self) -> (String, String) {
        (format!("sandbox-{}-id", self.unique_key), format!("sandbox-{}-secret", self.unique_key))
    }
}

fn keep<T>(kept: &mut VecDeque<T>, item: T) {
    if kept.len() >= MOST_KEPT {
        kept.pop_front();
    }
    kept.push_back(item);
}

fn usual_scopes(provider: &str) -> &'static str {
    match provider {
        "google-mail" => "https://www.googleapis.com/auth/gmail.readonly",
        "google-drive" => "https://www.googleapis.com/auth/drive.readonly",
        "outlook" => "Mail.Read offline_access",
        "quickbooks" => "com.intuit.quickbooks.accounting",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_jobs_service_learns_of_a_rotation_late() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let config = EnvironmentConfig { webhook_signing_key: "old".to_owned(), ..Default::default() };
        let mut environment = Environment::new(config, start);
        let fresh = environment.rotate_signing_key(start);
        assert_eq!(environment.signing_key(), fresh);
        assert_eq!(environment.jobs_signing_key(start + Duration::from_secs(299)), "old");
        assert_eq!(environment.jobs_signing_key(start + Duration::from_mins(5)), fresh);
    }

    #[test]
    fn replacing_an_environment_drops_its_sessions() {
        let start = OffsetDateTime::UNIX_EPOCH;
        let mut world = World::default();
        world.put_environment(EnvironmentConfig::default(), start);
        let id = world.environments[0].id;
        world.keep_session(Session {
            token: "t".to_owned(),
            environment: id,
            ends: start + SESSION_LIFETIME,
            tags: Tags::new(),
            end_user: None,
            allowed: None,
            defaults: Map::new(),
            webhook_url: None,
            reconnects: None,
        });
        assert!(world.session("t", start).is_some());
        assert!(world.session("t", start + SESSION_LIFETIME).is_none());
        world.put_environment(EnvironmentConfig::default(), start);
        assert!(world.session("t", start).is_none());
        assert_eq!(world.environments.len(), 1);
    }
}
