//! What a Nango stand-in is started with.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use serde::Deserialize;
use uuid::Uuid;

use crate::clock::Clock;
use crate::provider::AccountConfig;
use crate::random;

/// Everything about one stand-in; every part has a default, so `{}` is a whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NangoConfig {
    /// Where the API listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the providers (Google, Microsoft, Intuit) listen.
    pub provider_listen: SocketAddr,
    /// The environments, each with keys of its own. Without any, `dev` with the four usual integrations.
    pub environments: Vec<EnvironmentConfig>,
    /// The accounts a person can choose at the providers.
    pub accounts: Vec<AccountConfig>,
    /// API calls a minute and account; 0 = no limit.
    pub rate_limit_per_minute: u32,
    /// Whether a new connection starts its syncs.
    pub auto_start_syncs: bool,
    /// Milliseconds between a new connection and its first sync runs.
    pub auto_start_delay_ms: u64,
    /// Milliseconds before the second and the third attempt of a webhook.
    pub webhook_retry_delays_ms: Vec<u64>,
    /// Milliseconds that a receiver has for its answer.
    pub webhook_timeout_ms: u64,
    /// Milliseconds before the first retry of a proxied call; doubled each time.
    pub proxy_retry_delay_ms: u64,
    /// Seconds that an access token of the providers lives.
    pub access_token_seconds: u64,
    /// The time that it goes by.
    #[serde(skip)]
    pub clock: Clock,
}

impl Default for NangoConfig {
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            listen: any_port,
            provider_listen: any_port,
            environments: Vec::new(),
            accounts: Vec::new(),
            rate_limit_per_minute: 200,
            auto_start_syncs: true,
            auto_start_delay_ms: 200,
            webhook_retry_delays_ms: vec![3000, 6000],
            webhook_timeout_ms: 20_000,
            proxy_retry_delay_ms: 3000,
            access_token_seconds: 3599,
            clock: Clock::new(),
        }
    }
}

impl NangoConfig {
    /// For tests: no rate limit, and everything that waits in real time waits a few milliseconds.
    #[must_use]
    pub fn quick() -> Self {
        Self {
            rate_limit_per_minute: 0,
            auto_start_delay_ms: 0,
            webhook_retry_delays_ms: vec![5, 10],
            webhook_timeout_ms: 1000,
            proxy_retry_delay_ms: 5,
            ..Self::default()
        }
    }

    pub(super) fn webhook_timeout(&self) -> Duration {
        Duration::from_millis(self.webhook_timeout_ms)
    }
}

/// An environment: for a product that keeps one per company, the company.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnvironmentConfig {
    /// Name; replaces an environment of the same name.
    pub name: String,
    /// Environments of one account share its rate limit.
    pub account: String,
    /// The key with all scopes: a version 4 UUID, random when absent.
    pub api_key: Uuid,
    /// More keys, with only the scopes named.
    pub limited_keys: Vec<LimitedKey>,
    /// What webhooks are signed with.
    pub webhook_signing_key: String,
    /// Where webhooks go.
    pub webhook_url: Option<String>,
    /// Where they go as well.
    pub webhook_url_secondary: Option<String>,
    /// Which webhooks are sent.
    pub webhook_settings: WebhookSettings,
    /// The integrations; the four usual ones when absent.
    pub integrations: Vec<IntegrationConfig>,
}

impl Default for EnvironmentConfig {
    fn default() -> Self {
        Self {
            name: "dev".to_owned(),
            account: "sandbox".to_owned(),
            api_key: random::uuid(),
            limited_keys: Vec::new(),
            webhook_signing_key: random::uuid().to_string(),
            webhook_url: None,
            webhook_url_secondary: None,
            webhook_settings: WebhookSettings::default(),
            integrations: IntegrationConfig::usual(),
        }
    }
}

/// An API key that may do only some things.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitedKey {
    /// The key.
    pub key: Uuid,
    /// Scopes such as `environment:connections:read`.
    pub scopes: BTreeSet<String>,
}

impl fmt::Debug for EnvironmentConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvironmentConfig").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for LimitedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitedKey").field("scopes", &self.scopes).finish_non_exhaustive()
    }
}

/// Which webhooks an environment sends. Overrides, and runs that changed something, are always sent.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the settings are independent switches")]
pub struct WebhookSettings {
    /// A connection was made, or could not be made.
    pub on_auth_creation: bool,
    /// A token could not be refreshed.
    pub on_auth_refresh_error: bool,
    /// A run that changed nothing.
    pub on_sync_completion_always: bool,
    /// A run that failed.
    pub on_sync_error: bool,
}

impl Default for WebhookSettings {
    fn default() -> Self {
        Self {
            on_auth_creation: true,
            on_auth_refresh_error: true,
            on_sync_completion_always: true,
            on_sync_error: true,
        }
    }
}

/// An integration of an environment.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntegrationConfig {
    /// Its id: what the API calls `provider_config_key`.
    pub unique_key: String,
    /// `google-mail`, `google-drive`, `outlook` or `quickbooks`.
    pub provider: String,
    /// Scopes asked for; the provider's usual ones when absent.
    #[serde(default)]
    pub scopes: Option<String>,
    /// Its syncs; the provider's usual ones when absent.
    #[serde(default)]
    pub syncs: Option<Vec<SyncConfig>>,
}

impl IntegrationConfig {
    /// An integration with the provider's usual scopes and syncs.
    #[must_use]
    pub fn new(unique_key: &str, provider: &str) -> Self {
        Self { unique_key: unique_key.to_owned(), provider: provider.to_owned(), scopes: None, syncs: None }
    }

    /// `google-mail`, `google-drive`, `outlook` and `quickbooks`, each named like its provider.
    #[must_use]
    pub fn usual() -> Vec<Self> {
        ["google-mail", "google-drive", "outlook", "quickbooks"].map(|name| Self::new(name, name)).to_vec()
    }
}

/// A sync of an integration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncConfig {
    /// Its name.
    pub name: String,
    /// The models it saves.
    pub models: Vec<String>,
}

impl SyncConfig {
    /// A sync with these models.
    #[must_use]
    pub fn new(name: &str, models: &[&str]) -> Self {
        Self { name: name.to_owned(), models: models.iter().map(|model| (*model).to_owned()).collect() }
    }

    /// What the provider's integration usually syncs.
    #[must_use]
    pub fn usual(provider: &str) -> Vec<Self> {
        match provider {
            "google-mail" => vec![Self::new("emails", &["GmailEmail"])],
            "outlook" => vec![Self::new("emails", &["OutlookEmail"])],
            "google-drive" => vec![Self::new("documents", &["DriveFile"])],
            "quickbooks" => vec![
                Self::new("invoices", &["Invoice"]),
                Self::new("bills", &["Bill"]),
                Self::new("payments", &["Payment"]),
                Self::new("customers", &["Customer"]),
            ],
            _ => Vec::new(),
        }
    }
}
