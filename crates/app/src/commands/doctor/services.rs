//! The services that the deployment talks to: Master's Supabase Auth and Nango.

use std::sync::Arc;
use std::time::Duration;

use cortex_connections::ports::BrokerError;
use cortex_kernel::{Clock, SystemClock};
use cortex_nango::{NangoClient, NangoExaminer, NangoFacts};
use cortex_supabase::{FetchJwksError, PublishedKeys, SupabaseExaminer, SupabaseFacts};
use serde_json::json;
use time::OffsetDateTime;
use url::Url;

use super::check::{Check, Finding, Notes, Outcome};
use super::databases::causes;
use crate::config::{DoctorConfig, IdentityConfig, NangoConfig, provider_variable};
use crate::tls;

static SUPABASE: Check = Check::error(
    "supabase_reachable",
    "the keys of tokens cannot be fetched from Master's Supabase Auth: nobody can come in",
    "correct `MASTER_SUPABASE_URL`, or open the way there",
);
static KEYS: Check = Check::error(
    "signing_keys",
    "Supabase publishes no key that tokens can be checked with, and there is no `SUPABASE_JWT_SECRET`",
    "rotate to asymmetric signing keys (ES256) at Supabase, or set `SUPABASE_JWT_SECRET` to the project's legacy secret",
);
static ISSUER: Check = Check::error(
    "issuer",
    "tokens carry another issuer than the one that is asked for: all of them are refused",
    "`JWT_ISSUER` as Supabase says it, or unset where that is `{MASTER_SUPABASE_URL}/auth/v1`",
);
static SUPABASE_CLOCK: Check = Check::warning(
    "supabase_clock",
    "the clocks of Supabase Auth and of this machine differ by more than tokens have leeway",
    "let this machine follow NTP (`timedatectl set-ntp true`)",
);
static NANGO: Check = Check::error(
    "nango_reachable",
    "Nango does not answer, or what answers is not Nango: nothing can be connected or read",
    "correct `NANGO_HOST`, or open the way there",
);
static NANGO_KEY: Check = Check::error(
    "nango_key",
    "Nango refuses the key: no job runs",
    "set `NANGO_SECRET_KEY` to the API key of this environment, from Nango's environment settings",
);
static INTEGRATIONS: Check = Check::error(
    "nango_integrations",
    "a provider is switched on whose integration Nango does not have",
    "add the integration in Nango, set `NANGO_PROVIDER_KEY_…` to its unique key, or to nothing to switch the provider off",
);
static NANGO_CLOCK: Check = Check::warning(
    "nango_clock",
    "the clocks of Nango and of this machine differ by more than 30 seconds",
    "let this machine follow NTP (`timedatectl set-ntp true`)",
);

pub(super) static OF_SUPABASE: &[&Check] = &[&SUPABASE, &KEYS, &ISSUER, &SUPABASE_CLOCK];
pub(super) static OF_NANGO: &[&Check] = &[&NANGO, &NANGO_KEY, &INTEGRATIONS, &NANGO_CLOCK];

/// How long a service may take for one answer.
const PATIENCE: Duration = Duration::from_secs(6);

/// So much the clock of Nango may differ: webhooks and records carry its time.
const CLOCKS_DIFFER: Duration = Duration::from_secs(30);

/// The header that tells the time has whole seconds, and the answer takes a while.
const DOUBT: Duration = Duration::from_secs(2);

/// Looks at Supabase Auth, and judges.
pub(super) async fn supabase(config: &DoctorConfig) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let Some(url) = &config.supabase_url else {
        notes.none_made(OF_SUPABASE, "MASTER_SUPABASE_URL is not set or cannot be read");
        return notes.outcomes();
    };
    let examiner = match tls::client_config().and_then(|tls| Ok(SupabaseExaminer::new(url, PATIENCE, tls)?)) {
        Ok(examiner) => examiner,
        Err(error) => {
            notes.none_made(OF_SUPABASE, &format!("{error:#}"));
            return notes.outcomes();
        }
    };
    let facts = examiner.examine().await;
    judge_supabase(&facts, url, config.identity.as_ref(), SystemClock.now(), &mut notes);
    notes.outcomes()
}

fn judge_supabase(
    facts: &SupabaseFacts,
    url: &Url,
    identity: Option<&IdentityConfig>,
    now: OffsetDateTime,
    notes: &mut Notes,
) {
    let keys = match &facts.keys {
        Ok(keys) => keys,
        Err(error) => {
            let what = format!("the keys of tokens cannot be fetched from {url}: {}", causes(error));
            let remedy = match error {
                FetchJwksError::Unreachable(_) => {
                    "open the way to Supabase, or correct MASTER_SUPABASE_URL (host, port, certificate)"
                }
                FetchJwksError::Status(_) | FetchJwksError::TooLong | FetchJwksError::NotAKeySet(_) => {
                    "correct MASTER_SUPABASE_URL: it is the project's URL, without a path"
                }
            };
            notes.made(&SUPABASE, [Finding::new(what, remedy)]);
            notes.none_made(&OF_SUPABASE[1..], "Supabase Auth does not answer with its keys");
            return;
        }
    };
    notes.made(&SUPABASE, None);
    match identity {
        Some(identity) => {
            notes.made(&KEYS, no_key(*keys, identity.legacy_secret.is_some()));
            judge_issuer(facts.issuer.as_deref(), url, identity, notes);
        }
        None => notes.none_made(&[&KEYS, &ISSUER], "the rules for tokens cannot be read"),
    }
    let leeway = identity.map_or(CLOCKS_DIFFER, |identity| identity.leeway);
    clock(&SUPABASE_CLOCK, "Supabase Auth", facts.date, leeway, now, notes);
}

fn no_key(keys: PublishedKeys, has_secret: bool) -> Option<Finding> {
    let PublishedKeys { usable, symmetric, all } = keys;
    if usable > 0 || has_secret {
        return None;
    }
    let what = match (all, symmetric) {
        (0, _) => "Supabase publishes no key, and SUPABASE_JWT_SECRET is not set: every token is refused".to_owned(),
        (_, symmetric) if symmetric == all => {
            "Supabase publishes symmetric keys only, and SUPABASE_JWT_SECRET is not set: every token is refused"
                .to_owned()
        }
        _ => format!("of the {all} keys that Supabase publishes none is for ES256 or RS256: every token is refused"),
    };
    Some(Finding::new(what, KEYS.remedy).with(json!({ "keys": all, "symmetric": symmetric })))
}

fn judge_issuer(says: Option<&str>, url: &Url, identity: &IdentityConfig, notes: &mut Notes) {
    let expected = &identity.issuer;
    match says {
        Some(says) => {
            let found = (says != expected).then(|| {
                let what = format!("tokens carry the issuer {says}, and {expected} is asked for: all of them are refused");
                Finding::new(what, format!("set JWT_ISSUER={says}")).with(json!({ "says": says, "expected": expected }))
            });
            notes.made(&ISSUER, found);
        }
        None if *expected == format!("{}/auth/v1", url.as_str().trim_end_matches('/')) => notes.made(&ISSUER, None),
        None => notes.not_made(
            &ISSUER,
            format!(
                "JWT_ISSUER is {expected}, which is not the usual one, and Supabase does not say what its tokens carry: \
                 compare the `iss` of one"
            ),
        ),
    }
}

/// Looks at Nango, and judges.
pub(super) async fn nango(config: &DoctorConfig) -> Vec<Outcome> {
    let mut notes = Notes::new(None);
    let Some(nango) = &config.nango else {
        notes.none_made(OF_NANGO, "the configuration of Nango cannot be read");
        return notes.outcomes();
    };
    let client = match client(nango) {
        Ok(client) => client,
        Err(error) => {
            notes.none_made(OF_NANGO, &format!("{error:#}"));
            return notes.outcomes();
        }
    };
    let facts = NangoExaminer::new(client, nango.provider_keys.clone()).examine().await;
    judge_nango(facts, nango, SystemClock.now(), &mut notes);
    notes.outcomes()
}

fn client(nango: &NangoConfig) -> anyhow::Result<NangoClient> {
    let access = cortex_nango::NangoConfig {
        host: nango.access.host.clone(),
        secret_key: nango.access.secret_key.as_secret().clone(),
        timeout: PATIENCE,
        rate_share: nango.rate_share,
    };
    Ok(NangoClient::new(&access, tls::client_config()?, Arc::new(SystemClock))?)
}

fn judge_nango(facts: Result<NangoFacts, BrokerError>, nango: &NangoConfig, now: OffsetDateTime, notes: &mut Notes) {
    let host = &nango.access.host;
    let facts = match facts {
        Ok(facts) => facts,
        Err(error @ BrokerError::Unauthorised(_)) => {
            notes.made(&NANGO, None);
            let what = format!("Nango at {host} refuses NANGO_SECRET_KEY: {}", causes(&error));
            notes.made(&NANGO_KEY, [Finding::new(what, NANGO_KEY.remedy)]);
            notes.none_made(&OF_NANGO[2..], "Nango refuses the key");
            return;
        }
        Err(error @ BrokerError::Throttled { .. }) => {
            notes.made(&NANGO, None);
            notes.none_made(&OF_NANGO[1..], &format!("{}: run `cortex doctor` again in a minute", causes(&error)));
            return;
        }
        Err(error @ (BrokerError::Unavailable(_) | BrokerError::BadAnswer(_))) => {
            let what = format!("Nango at {host} does not answer as it should: {}", causes(&error));
            notes.made(&NANGO, [Finding::new(what, NANGO.remedy)]);
            notes.none_made(&OF_NANGO[1..], "Nango does not answer");
            return;
        }
    };
    notes.made(&NANGO, None);
    notes.made(&NANGO_KEY, None);
    let missing = facts.missing.iter().map(|(provider, key)| {
        let variable = provider_variable(*provider);
        let what = format!("Nango has no integration `{key}`, which {variable} names for {provider}");
        let remedy = format!(
            "add the integration `{key}` in Nango, or set {variable} to the unique key of the one that is meant; the empty \
             string switches {provider} off"
        );
        Finding::new(what, remedy).with(json!({ "provider": provider.name(), "integration": key, "variable": variable }))
    });
    notes.made(&INTEGRATIONS, missing);
    clock(&NANGO_CLOCK, "Nango", facts.date, CLOCKS_DIFFER, now, notes);
}

/// Compares what a service says of the time with what it is here.
fn clock(
    check: &'static Check,
    service: &str,
    date: Option<OffsetDateTime>,
    leeway: Duration,
    now: OffsetDateTime,
    notes: &mut Notes,
) {
    let Some(date) = date else {
        notes.not_made(check, format!("{service} does not say what time it is"));
        return;
    };
    let ahead = date - now;
    let word = if ahead.is_negative() { "behind" } else { "ahead of" };
    let found = (ahead.unsigned_abs() > leeway + DOUBT).then(|| {
        let seconds = ahead.whole_seconds();
        let what = format!("the clock of {service} is {} seconds {word} this machine's", seconds.abs());
        Finding::new(what, check.remedy).with(json!({ "seconds_ahead": seconds }))
    });
    notes.made(check, found);
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::datetime;

    use super::super::check::Verdict;
    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

    fn published(usable: usize, symmetric: usize, all: usize) -> PublishedKeys {
        PublishedKeys { usable, symmetric, all }
    }

    #[rstest]
    #[case::one_that_can_be_used(published(1, 1, 2), false, None)]
    #[case::a_secret_of_our_own(published(0, 1, 1), true, None)]
    #[case::none(published(0, 0, 0), false, Some("publishes no key"))]
    #[case::symmetric(published(0, 2, 2), false, Some("symmetric keys only"))]
    #[case::of_another_kind(published(0, 1, 2), false, Some("none is for ES256 or RS256"))]
    fn tokens_need_a_key_that_they_can_be_checked_with(
        #[case] keys: PublishedKeys,
        #[case] has_secret: bool,
        #[case] expected: Option<&str>,
    ) {
        let found = no_key(keys, has_secret).map(|found| found.finding);

        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()));
    }

    #[rstest]
    #[case::the_same(Some(NOON), Verdict::Fine)]
    #[case::within_the_leeway(Some(datetime!(2026-03-02 12:00:31 UTC)), Verdict::Fine)]
    #[case::untold(None, Verdict::NotMade("Nango does not say what time it is".to_owned()))]
    fn clocks_that_agree_are_fine(#[case] date: Option<OffsetDateTime>, #[case] expected: Verdict) {
        let mut notes = Notes::new(None);
        clock(&NANGO_CLOCK, "Nango", date, CLOCKS_DIFFER, NOON, &mut notes);

        assert_eq!(notes.outcomes()[0].verdict, expected);
    }

    #[rstest]
    #[case(datetime!(2026-03-02 12:01 UTC), "60 seconds ahead of")]
    #[case(datetime!(2026-03-02 11:59 UTC), "60 seconds behind")]
    fn clocks_that_differ_are_told_with_the_side(#[case] date: OffsetDateTime, #[case] expected: &str) {
        let mut notes = Notes::new(None);
        clock(&NANGO_CLOCK, "Nango", Some(date), CLOCKS_DIFFER, NOON, &mut notes);

        let Verdict::Found(found) = &notes.outcomes()[0].verdict else { panic!("they differ by a minute") };
        assert!(found[0].finding.contains(expected), "{}", found[0].finding);
    }
}
