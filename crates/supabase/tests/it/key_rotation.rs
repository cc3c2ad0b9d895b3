//! Keys that come and go while the service runs.

use std::sync::Arc;

use cortex_identity::model::TokenRefusal::{BadSignature, Malformed, UnknownKey, WrongAlgorithm};
use cortex_identity::testing::NOON;
use cortex_supabase::FetchJwksError;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde_json::{Value, json};
use time::Duration;

use crate::support::{
    EcKey, HandClock, Published, RsaKey, Verdict, claims, rules, rules_with_secret, token, verdict, verifier, with,
};

const STORM: usize = 200;

fn is_accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted(_))
}

#[tokio::test]
async fn a_new_key_is_taken_up_by_the_first_token_that_needs_it() {
    let (old, new) = (EcKey::generate("old"), EcKey::generate("new"));
    let source = Published::keys([old.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    source.publish([new.jwk(), old.jwk()]);

    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
    assert!(is_accepted(&verdict(&verifier, &old.token(&claims())).await));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_was_withdrawn_is_gone_with_the_next_refresh() {
    let (old, new) = (EcKey::generate("old"), EcKey::generate("new"));
    let source = Published::keys([old.jwk()]);
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &source, &clock);
    verifier.refresh().await.unwrap();
    source.publish([new.jwk()]);
    clock.advance(600);

    verifier.refresh().await.unwrap();

    assert_eq!(verdict(&verifier, &old.token(&claims())).await, Verdict::Refused(UnknownKey));
    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
    assert_eq!(verifier.keys_fetched_at(), Some(NOON + Duration::MINUTE * 10));
}

#[tokio::test]
async fn a_key_published_under_an_old_id_replaces_it() {
    let (old, new) = (EcKey::generate("ec"), EcKey::generate("ec"));
    let source = Published::keys([old.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    source.publish([new.jwk()]);

    verifier.refresh().await.unwrap();

    assert_eq!(verdict(&verifier, &old.token(&claims())).await, Verdict::Refused(BadSignature));
    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
}

#[tokio::test]
async fn a_storm_of_unknown_keys_causes_one_fetch() {
    let source = Published::gated([EcKey::generate("known").jwk()]);
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &source, &clock);
    let stranger = EcKey::generate("stranger");
    let forged: Vec<String> = (0..STORM)
        .map(|n| {
            let header = with(stranger.header(), "kid", format!("unknown-{n}"));
            token(&header, &claims(), |message| stranger.signature(message))
        })
        .collect();
    let mut storm = join_all(forged.iter().map(|forged| verdict(&verifier, forged)));
    assert_eq!((&mut storm).now_or_never(), None, "all of them wait");
    source.open_the_gate();

    let verdicts = storm.await;

    assert!(verdicts.iter().all(|verdict| *verdict == Verdict::Refused(UnknownKey)), "{verdicts:?}");
    assert_eq!(source.fetches(), 1);

    clock.advance(29);
    verdict(&verifier, &forged[0]).await;
    assert_eq!(source.fetches(), 1);

    clock.advance(1);
    verdict(&verifier, &forged[0]).await;
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn those_who_wait_for_the_same_new_key_share_one_fetch() {
    let key = EcKey::generate("new");
    let source = Published::gated([key.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    let good = key.token(&claims());
    let mut waiting = join_all((0..STORM).map(|_| verdict(&verifier, &good)));
    assert_eq!((&mut waiting).now_or_never(), None, "all of them wait");
    source.open_the_gate();

    assert!(waiting.await.iter().all(is_accepted));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_refresh_does_not_use_up_the_fetch_of_an_unknown_key() {
    let (old, new) = (EcKey::generate("old"), EcKey::generate("new"));
    let source = Published::keys([old.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    for _ in 0..3 {
        verifier.refresh().await.unwrap();
    }
    source.publish([new.jwk()]);

    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
}

#[tokio::test]
async fn a_client_that_hangs_up_does_not_take_the_fetch_with_him() {
    let key = EcKey::generate("new");
    let source = Published::gated([key.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    let good = key.token(&claims());
    assert_eq!(verdict(&verifier, &good).now_or_never(), None, "nobody answered yet");
    source.open_the_gate();

    assert!(is_accepted(&verdict(&verifier, &good).await));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test]
async fn a_fetch_left_behind_long_ago_is_not_gone_on_with() {
    let (old, new) = (EcKey::generate("old"), EcKey::generate("new"));
    let source = Published::gated([old.jwk()]);
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &source, &clock);
    assert_eq!(verdict(&verifier, &old.token(&claims())).now_or_never(), None, "nobody answered yet");
    clock.advance(31);
    source.publish([new.jwk()]);
    source.open_the_gate();

    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
    assert_eq!(source.fetches(), 2);
}

#[tokio::test]
async fn a_failed_fetch_keeps_the_keys_at_hand() {
    let key = EcKey::generate("ec");
    let source = Published::keys([key.jwk()]);
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &source, &clock);
    verifier.refresh().await.unwrap();
    source.go_away();
    clock.advance(600);

    let refreshed = verifier.refresh().await;

    assert!(matches!(refreshed, Err(FetchJwksError::Unreachable(_))), "{refreshed:?}");
    assert_eq!(verdict(&verifier, &EcKey::generate("other").token(&claims())).await, Verdict::Refused(UnknownKey));
    assert!(is_accepted(&verdict(&verifier, &key.token(&claims())).await));
    assert_eq!(verifier.keys_fetched_at(), Some(NOON));
}

#[tokio::test]
async fn without_any_key_and_secret_nothing_can_be_said() {
    let key = EcKey::generate("ec");
    let source = Published::nothing();
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &source, &clock);

    assert_eq!(verdict(&verifier, &key.token(&claims())).await, Verdict::NoKeys);
    assert_eq!(verdict(&verifier, "rubbish").await, Verdict::Refused(Malformed));
    assert_eq!(verifier.keys_fetched_at(), None);

    source.publish([key.jwk()]);
    clock.advance(30);
    assert!(is_accepted(&verdict(&verifier, &key.token(&claims())).await), "it mends by itself");
}

#[tokio::test]
async fn with_a_secret_an_unknown_key_is_just_unknown() {
    let verifier = verifier(rules_with_secret(), &Published::nothing(), &HandClock::at_noon());

    let verdict = verdict(&verifier, &EcKey::generate("ec").token(&claims())).await;

    assert_eq!(verdict, Verdict::Refused(UnknownKey));
}

/// Neither can become right by any fetch.
#[tokio::test]
async fn only_an_algorithm_that_keys_can_have_makes_us_fetch() {
    let key = EcKey::generate("ec");
    let source = Published::keys([key.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());

    for algorithm in ["none", "HS256", "HS512", "ES384", "PS256", "EdDSA"] {
        let header = json!({ "alg": algorithm, "kid": "unknown" });
        let forged = token(&header, &claims(), |message| key.signature(message));

        assert_eq!(verdict(&verifier, &forged).await, Verdict::Refused(WrongAlgorithm), "{algorithm}");
    }
    assert_eq!(source.fetches(), 0);
}

#[tokio::test]
async fn keys_of_unknown_kinds_hide_no_other() {
    let (ec, rsa) = (EcKey::generate("ec"), RsaKey::throw_away("rsa"));
    let point = ec.jwk();
    let mixed: Vec<Value> = vec![
        json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "ed", "x": point["x"] }),
        json!({ "kty": "EC", "crv": "secp256k1", "alg": "ES256K", "kid": "k1", "x": point["x"], "y": point["y"] }),
        json!({ "kty": "oct", "alg": "HS256", "kid": "oct", "k": "c2VjcmV0" }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AAAA" }),
        json!(null),
        ec.jwk(),
        rsa.jwk(),
    ];
    let verifier = verifier(rules(), &Published::keys(mixed), &HandClock::at_noon());

    let of_rsa = token(&rsa.header(), &claims(), |message| rsa.signature(message));

    assert!(is_accepted(&verdict(&verifier, &ec.token(&claims())).await));
    assert!(is_accepted(&verdict(&verifier, &of_rsa).await));
}

#[tokio::test]
async fn the_verifier_is_shared_between_threads() {
    fn shared<T: Send + Sync + 'static>(_: &T) {}

    shared(&Arc::new(verifier(rules(), &Published::nothing(), &HandClock::at_noon())));
}
