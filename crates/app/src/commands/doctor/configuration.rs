//! What the variables tell by themselves: mistakes, secrets that somebody guesses, ports that do not fit.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use cortex_postgres::Pooler;
use serde_json::json;

use super::check::{Check, Finding, Notes, Outcome};
use crate::admin_pin::PinHash;
use crate::commands::admin;
use crate::config::{AdminPin, ConfigErrors, DatabaseUrl, DoctorConfig, Secret};

static CONFIGURATION: Check = Check::error(
    "configuration",
    "a variable that `serve`, `work` or `migrate` reads is missing or wrong",
    "set it as the finding says; docs/configuration.md has the table of variables",
);
static PIN_COMMON: Check = Check::warning(
    "admin_pin_common",
    "`ADMIN_PIN_HASH` is the hash of a PIN that is tried first",
    "`cortex admin hash-pin` with another PIN, and set `ADMIN_PIN_HASH` to what it prints",
);
static PIN_PLAIN: Check = Check::note(
    "admin_pin_plain",
    "development takes a plain PIN, `2525` unless another is set",
    "for anything but development: `ENVIRONMENT=production` and `ADMIN_PIN_HASH` from `cortex admin hash-pin`",
);
static JWT_SECRET: Check = Check::warning(
    "jwt_secret_weak",
    "`SUPABASE_JWT_SECRET` is short, well known or of few different characters: whoever guesses it signs tokens",
    "rotate to asymmetric signing keys at Supabase and unset it, or generate a new one there",
);
static METRICS_TOKEN: Check = Check::warning(
    "metrics_token_weak",
    "`METRICS_TOKEN` is short or of few different characters",
    "set `METRICS_TOKEN` to the output of `openssl rand -hex 32`",
);
static WEBHOOK_KEY: Check = Check::warning(
    "webhook_key_missing",
    "webhooks are checked with `NANGO_SECRET_KEY`: Nango signs with a key of its own",
    "set `NANGO_WEBHOOK_SIGNING_KEY` to the environment's webhook signing key, from Nango's environment settings",
);
static POOLER_MODE: Check = Check::warning(
    "pooler_mode",
    "a port of a pooler in transaction mode with `DATABASE_POOLER=session`: settings leak to others",
    "`DATABASE_POOLER=transaction`, or the port of the database itself",
);
static POOLER_NEEDLESS: Check = Check::note(
    "pooler_needless",
    "`DATABASE_POOLER=transaction` although the port is PostgreSQL's own: where nothing pools there, every transaction sets \
     up anew for nothing, and changes of members are noticed later",
    "nothing, where a pooler in transaction mode listens there; only where it is the server itself, or a pooler that keeps \
     sessions: `DATABASE_POOLER=session`",
);
static MIGRATION_POOLER: Check = Check::warning(
    "migration_pooler",
    "migrations would go through a pooler in transaction mode, where they lose their lock",
    "set `MIGRATION_DATABASE_URL` and `MASTER_MIGRATION_DATABASE_URL` to direct addresses",
);

pub(super) static CHECKS: &[&Check] = &[
    &CONFIGURATION,
    &PIN_COMMON,
    &PIN_PLAIN,
    &JWT_SECRET,
    &METRICS_TOKEN,
    &WEBHOOK_KEY,
    &POOLER_MODE,
    &POOLER_NEEDLESS,
    &MIGRATION_POOLER,
];

/// Supavisor in transaction mode, and Supabase's PgBouncer.
const TRANSACTION_PORT: u16 = 6543;
/// PostgreSQL itself, and Supavisor in session mode.
const SESSION_PORT: u16 = 5432;

/// How long PINs are compared with the hash: each takes as long as a login on purpose.
const GUESSING: Duration = Duration::from_secs(3);

/// Secrets that stand in examples.
const WELL_KNOWN: [&str; 3] = [
    "super-secret-jwt-token-with-at-least-32-characters-long",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "changeme",
];

/// What is too little for a secret.
struct Least {
    bytes: usize,
    /// Bits, by how often each character occurs.
    entropy: f64,
}

/// RFC 7518, section 3.2, asks for the size of the hash.
const OF_A_SIGNATURE: Least = Least { bytes: 32, entropy: 100.0 };
const OF_A_TOKEN: Least = Least { bytes: 16, entropy: 50.0 };

/// What can be told at once.
pub(super) fn judge(config: &DoctorConfig, mistakes: Option<&ConfigErrors>) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let mistakes = mistakes.map(ConfigErrors::mistakes).unwrap_or_default();
    notes.made(
        &CONFIGURATION,
        mistakes.iter().map(|mistake| {
            Finding::new(mistake.to_string(), format!("correct {} and restart the processes", mistake.variable))
                .with(json!({ "variable": mistake.variable }))
        }),
    );
    let unread = "a part of the configuration cannot be read";
    match &config.admin {
        Some(admin) => notes.made(&PIN_PLAIN, matches!(admin.pin, Some(AdminPin::Plain(_))).then(plain_pin)),
        None => notes.not_made(&PIN_PLAIN, unread),
    }
    match &config.identity {
        Some(identity) => {
            let weak = identity.legacy_secret.as_ref().and_then(|secret| weakness(secret, &OF_A_SIGNATURE));
            notes.made(
                &JWT_SECRET,
                weak.map(|why| Finding::new(format!("SUPABASE_JWT_SECRET {why}"), JWT_SECRET.remedy)),
            );
        }
        None => notes.not_made(&JWT_SECRET, unread),
    }
    match &config.metrics {
        Some(metrics) => {
            let weak = metrics.token.as_ref().and_then(|token| weakness(token, &OF_A_TOKEN));
            let found = weak.map(|why| Finding::new(format!("METRICS_TOKEN {why}"), METRICS_TOKEN.remedy));
            notes.made(&METRICS_TOKEN, found);
        }
        None => notes.not_made(&METRICS_TOKEN, unread),
    }
    match (&config.webhook_keys, &config.nango) {
        (Some(keys), Some(nango)) => {
            let is_the_same = keys.current.expose() == nango.access.secret_key.expose();
            notes.made(&WEBHOOK_KEY, is_the_same.then(missing_webhook_key));
        }
        _ => notes.not_made(&WEBHOOK_KEY, unread),
    }
    poolers(config, &mut notes);
    notes.outcomes()
}

fn plain_pin() -> Finding {
    Finding::new("the admin panel takes a plain PIN, as development allows", PIN_PLAIN.remedy)
}

fn missing_webhook_key() -> Finding {
    Finding::new(
        "webhooks are checked with NANGO_SECRET_KEY, because NANGO_WEBHOOK_SIGNING_KEY is not set or the same: a Nango \
         that signs with a key of its own is refused with 401, and whoever has the one key has the other",
        WEBHOOK_KEY.remedy,
    )
}

fn poolers(config: &DoctorConfig, notes: &mut Notes) {
    let databases = &config.databases;
    let services = [("DATABASE_URL", &databases.company), ("MASTER_DATABASE_URL", &databases.master)];
    let on = |port: u16| {
        let on_it = move |(name, url): &(&'static str, &Option<DatabaseUrl>)| {
            url.as_ref().is_some_and(|url| url.endpoint().1 == port).then_some(*name)
        };
        services.iter().filter_map(on_it).collect::<Vec<_>>()
    };
    let in_session_mode = databases.pooler == Pooler::Session;
    let wrong = on(TRANSACTION_PORT).into_iter().filter(|_| in_session_mode).map(|variable| {
        Finding::new(
            format!(
                "{variable} leads to port {TRANSACTION_PORT}, where poolers work in transaction mode, and \
                 DATABASE_POOLER is session: the company of one connection would be that of another"
            ),
            POOLER_MODE.remedy,
        )
        .with(json!({ "variable": variable }))
    });
    notes.made(&POOLER_MODE, wrong);
    // One variable is for both: it may be meant for the other one.
    let needless = !in_session_mode && on(TRANSACTION_PORT).is_empty() && on(SESSION_PORT).len() == services.len();
    notes.made(
        &POOLER_NEEDLESS,
        needless.then(|| {
            Finding::new(
                format!(
                    "DATABASE_POOLER is transaction, and both databases are on port {SESSION_PORT}, PostgreSQL's own"
                ),
                POOLER_NEEDLESS.remedy,
            )
        }),
    );
    let owners = [
        ("MIGRATION_DATABASE_URL", "DATABASE_URL", &databases.company_owner, &databases.company),
        ("MASTER_MIGRATION_DATABASE_URL", "MASTER_DATABASE_URL", &databases.master_owner, &databases.master),
    ];
    let pooled = owners.into_iter().filter_map(|(variable, fallback, owner, service)| {
        let (named, url, is_pooled) = match (owner, service) {
            (Some(url), _) => (variable, url, false),
            (None, Some(url)) => (fallback, url, !in_session_mode),
            (None, None) => return None,
        };
        let is_pooled = is_pooled || url.endpoint().1 == TRANSACTION_PORT;
        is_pooled.then(|| {
            let what = format!("`cortex migrate` takes {named}, which leads through a pooler in transaction mode");
            Finding::new(what, format!("set {variable} to the owner's login at the database itself"))
                .with(json!({ "variable": variable }))
        })
    });
    notes.made(&MIGRATION_POOLER, pooled);
}

/// Whether the hash is one of a PIN that everybody tries, as far as that can be found out within a few seconds.
pub(super) async fn guess_pin(config: &DoctorConfig) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let Some(admin) = &config.admin else {
        notes.not_made(&PIN_COMMON, "the configuration of the admin panel cannot be read");
        return notes.outcomes();
    };
    let Some(AdminPin::Hash(hash)) = &admin.pin else {
        notes.made(&PIN_COMMON, None);
        return notes.outcomes();
    };
    let hash = hash.clone();
    match tokio::task::spawn_blocking(move || is_common(&hash, Instant::now() + GUESSING)).await {
        Ok(is_common) => notes.made(&PIN_COMMON, is_common.then(common_pin)),
        Err(stopped) => notes.not_made(&PIN_COMMON, stopped.to_string()),
    }
    notes.outcomes()
}

fn common_pin() -> Finding {
    Finding::new("ADMIN_PIN_HASH is the hash of one of the PINs that everybody tries first", PIN_COMMON.remedy)
}

fn is_common(hash: &PinHash, until: Instant) -> bool {
    admin::tried_first().take_while(|_| Instant::now() < until).any(|pin| hash.is_of(pin))
}

/// Why the secret is none, without telling it.
fn weakness(secret: &Secret, least: &Least) -> Option<String> {
    let text = secret.expose();
    if WELL_KNOWN.contains(&text) {
        return Some("is one that stands in examples: everybody knows it".to_owned());
    }
    if text.len() < least.bytes {
        return Some(format!("has {} bytes, and at least {} are needed", text.len(), least.bytes));
    }
    (entropy(text) < least.entropy).then(|| {
        let different = text.chars().collect::<BTreeSet<_>>().len();
        format!("is easily guessed: it has {different} different characters, or repeats itself")
    })
}

/// Bits, by how often each character occurs. What repeats itself as a whole has those of one part.
fn entropy(text: &str) -> f64 {
    let characters: Vec<char> = text.chars().collect();
    let whole = characters.len();
    let period = (1..=whole).find(|part| characters.iter().zip(&characters[*part..]).all(|(one, other)| one == other));
    let part = &characters[..period.unwrap_or(whole)];
    let mut counts = BTreeMap::new();
    for character in part {
        *counts.entry(character).or_insert(0_u32) += 1;
    }
    let length = f64::from(u32::try_from(part.len()).unwrap_or(u32::MAX));
    counts.values().map(|count| f64::from(*count) * (length / f64::from(*count)).log2()).sum()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::random("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", false)]
    #[case::short("9f86d081884c7d659a2feaa", true)]
    #[case::one_letter("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", true)]
    #[case::a_word_again_and_again("secretsecretsecretsecretsecretsecretsecretsecretsecret", true)]
    #[case::of_an_example("super-secret-jwt-token-with-at-least-32-characters-long", true)]
    fn a_secret_that_can_be_guessed_is_weak_and_is_not_told(#[case] text: &str, #[case] is_weak: bool) {
        let why = weakness(&Secret::new(text), &OF_A_SIGNATURE);

        assert_eq!(why.is_some(), is_weak, "{why:?}");
        assert!(!why.unwrap_or_default().contains(text));
    }
}
