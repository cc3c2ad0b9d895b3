//! Nango, the connection broker: how to reach it and what its integrations are called.

use std::collections::BTreeMap;
use std::time::Duration;

use cortex_kernel::Provider;
use url::Url;

use super::reader::{Noted, Reader, Reading, Scheme, quoted};
use super::secret::Secret;
use super::variable::{Fallback, SERVE, SERVE_WORK, Variable};

pub(super) const VARIABLES: &[Variable] = &[
    Variable::required("NANGO_SECRET_KEY", SERVE_WORK, "API key of the Nango environment").secret(),
    Variable::preset(
        "NANGO_HOST",
        "https://api.nango.dev",
        SERVE_WORK,
        "base URL of Nango; in production `http://` only within one's own network",
    ),
    Variable::preset("NANGO_TIMEOUT_SECONDS", "20", SERVE_WORK, "how long one request to Nango may take")
        .within(1, 300),
    Variable::new(
        "NANGO_WEBHOOK_SIGNING_KEY",
        Fallback::Derived("`NANGO_SECRET_KEY`"),
        SERVE,
        "key of the signature `X-Nango-Hmac-Sha256` of webhooks",
    )
    .secret(),
    Variable::optional("NANGO_WEBHOOK_SIGNING_KEY_PREVIOUS", SERVE, "accepted as well, while the key is being changed")
        .secret(),
    Variable::optional(
        "PUBLIC_URL",
        SERVE,
        "this deployment's own URL; when set, Nango is asked to send the webhooks of our connections here, which is \
         needed where several companies share one Nango environment",
    ),
    provider_key(
        "NANGO_PROVIDER_KEY_GMAIL",
        "google-mail",
        "unique key of the Gmail integration in Nango; set but empty: Gmail is off",
    ),
    provider_key("NANGO_PROVIDER_KEY_OUTLOOK", "outlook", "the same for Outlook"),
    provider_key("NANGO_PROVIDER_KEY_GOOGLE_DRIVE", "google-drive", "the same for Google Drive"),
    provider_key("NANGO_PROVIDER_KEY_QUICKBOOKS", "quickbooks", "the same for QuickBooks"),
    Variable::preset(
        "NANGO_RATE_SHARE",
        "0.8",
        SERVE_WORK,
        "share of Nango's rate limit that this deployment may use, above 0 and up to 1; the limit is one for the whole \
         Nango account",
    ),
];

/// How to reach Nango.
#[derive(Clone, Debug)]
pub struct NangoAccess {
    /// The API key.
    pub secret_key: Secret,
    /// The base URL.
    pub host: Url,
}

/// How `serve` and `work` use Nango.
#[derive(Clone, Debug)]
pub struct NangoConfig {
    /// How to reach it.
    pub access: NangoAccess,
    /// How long one request may take.
    pub timeout: Duration,
    /// Nango's unique key of each provider's integration; a provider that is not in it is switched off.
    pub provider_keys: BTreeMap<Provider, String>,
    /// Share of the account's rate limit, above 0 and up to 1.
    pub rate_share: f64,
}

/// Keys of the signatures of webhooks.
#[derive(Clone, Debug)]
pub struct WebhookKeys {
    /// The key in use.
    pub current: Secret,
    /// The one before it, while it is being changed.
    pub previous: Option<Secret>,
}

impl NangoAccess {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let secret_key = reader.secret("NANGO_SECRET_KEY");
        let host = reader.url("NANGO_HOST", Scheme::SecureInProduction);
        Ok(Self { secret_key: secret_key?, host: host? })
    }
}

impl NangoConfig {
    pub(super) fn read(reader: &mut Reader<'_>) -> Reading<Self> {
        let access = NangoAccess::read(reader);
        let timeout = reader.seconds("NANGO_TIMEOUT_SECONDS");
        let provider_keys = read_provider_keys(reader);
        let rate_share = reader.required("NANGO_RATE_SHARE", |text| {
            let share = text.trim().parse::<f64>().ok().filter(|share| *share > 0.0 && *share <= 1.0);
            share.ok_or_else(|| format!("expected a number above 0 and up to 1, found {}", quoted(text)))
        });
        Ok(Self { access: access?, timeout: timeout?, provider_keys: provider_keys?, rate_share: rate_share? })
    }
}

impl WebhookKeys {
    pub(super) fn read(reader: &mut Reader<'_>, nango: Reading<&NangoAccess>) -> Reading<Self> {
        let current = reader.optional_secret("NANGO_WEBHOOK_SIGNING_KEY");
        let previous = reader.optional_secret("NANGO_WEBHOOK_SIGNING_KEY_PREVIOUS");
        let current = match current? {
            Some(key) => key,
            None => nango?.secret_key.clone(),
        };
        Ok(Self { current, previous: previous? })
    }
}

const fn provider_key(name: &'static str, default: &'static str, meaning: &'static str) -> Variable {
    Variable::preset(name, default, SERVE_WORK, meaning).empty_is_value()
}

/// The variable of a provider's key.
pub(crate) const fn provider_variable(provider: Provider) -> &'static str {
    match provider {
        Provider::Gmail => "NANGO_PROVIDER_KEY_GMAIL",
        Provider::Outlook => "NANGO_PROVIDER_KEY_OUTLOOK",
        Provider::GoogleDrive => "NANGO_PROVIDER_KEY_GOOGLE_DRIVE",
        Provider::QuickBooks => "NANGO_PROVIDER_KEY_QUICKBOOKS",
    }
}

fn read_provider_keys(reader: &mut Reader<'_>) -> Reading<BTreeMap<Provider, String>> {
    let mut keys = BTreeMap::new();
    let mut outcome = Ok(());
    for provider in Provider::ALL {
        match reader.word(provider_variable(provider)) {
            Ok(key) if key.is_empty() => {}
            Ok(key) => {
                if let Some((other, _)) = keys.iter().find(|(_, taken)| **taken == key) {
                    let message = format!(
                        "the same key as {}: webhooks of the two could not be told apart",
                        provider_variable(*other)
                    );
                    outcome = Err(reader.mistake(provider_variable(provider), message));
                }
                keys.insert(provider, key);
            }
            Err(Noted) => outcome = Err(Noted),
        }
    }
    outcome.map(|()| keys)
}
