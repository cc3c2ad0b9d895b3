//! Tokens that come a second time.

use cortex_identity::model::TokenRefusal::{BadSignature, Expired, UnknownKey};
use serde_json::json;

use crate::support::{
    EcKey, HandClock, Published, SECRET, Verdict, claims, hs256, rules, rules_with_secret, token, verdict, verifier,
    with,
};

fn is_accepted(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Accepted(_))
}

#[tokio::test]
async fn a_token_says_the_same_every_time() {
    let key = EcKey::generate("ec");
    let verifier = verifier(rules(), &Published::keys([key.jwk()]), &HandClock::at_noon());
    let token = key.token(&claims());

    let first = verdict(&verifier, &token).await;

    assert!(is_accepted(&first), "{first:?}");
    assert_eq!(verdict(&verifier, &token).await, first);
}

#[tokio::test]
async fn a_token_that_was_accepted_ends_when_it_says() {
    let key = EcKey::generate("ec");
    let clock = HandClock::at_noon();
    let verifier = verifier(rules(), &Published::keys([key.jwk()]), &clock);
    let token = key.token(&claims());
    assert!(is_accepted(&verdict(&verifier, &token).await));

    clock.advance(3600 + 29);
    assert!(is_accepted(&verdict(&verifier, &token).await), "within the leeway it is verified once more");
    clock.advance(1);
    assert_eq!(verdict(&verifier, &token).await, Verdict::Refused(Expired));
}

#[tokio::test]
async fn a_token_that_was_accepted_goes_with_its_key() {
    let (old, new) = (EcKey::generate("old"), EcKey::generate("new"));
    let source = Published::keys([old.jwk(), new.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    let token = old.token(&claims());
    assert!(is_accepted(&verdict(&verifier, &token).await));
    source.publish([new.jwk()]);

    verifier.refresh().await.unwrap();

    assert_eq!(verdict(&verifier, &token).await, Verdict::Refused(UnknownKey));
    assert!(is_accepted(&verdict(&verifier, &new.token(&claims())).await));
}

/// An attacker who puts a key of his own in place of one that is gone gets nothing from what was verified by the old one.
#[tokio::test]
async fn a_token_that_was_accepted_goes_with_a_key_that_was_replaced_under_its_id() {
    let (old, new) = (EcKey::generate("ec"), EcKey::generate("ec"));
    let source = Published::keys([old.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    let token = old.token(&claims());
    assert!(is_accepted(&verdict(&verifier, &token).await));
    source.publish([new.jwk()]);

    verifier.refresh().await.unwrap();

    assert_eq!(verdict(&verifier, &token).await, Verdict::Refused(BadSignature));
}

#[tokio::test]
async fn a_fetch_that_fails_takes_nothing_away() {
    let key = EcKey::generate("ec");
    let source = Published::keys([key.jwk()]);
    let verifier = verifier(rules(), &source, &HandClock::at_noon());
    verifier.refresh().await.unwrap();
    let token = key.token(&claims());
    assert!(is_accepted(&verdict(&verifier, &token).await));
    source.go_away();

    assert!(verifier.refresh().await.is_err());

    assert!(is_accepted(&verdict(&verifier, &token).await));
}

/// The signature of an accepted token over other claims, and other spellings of the same token.
#[tokio::test]
async fn nothing_but_the_very_token_passes_for_it() {
    let key = EcKey::generate("ec");
    let verifier = verifier(rules_with_secret(), &Published::keys([key.jwk()]), &HandClock::at_noon());
    let good = key.token(&claims());
    let header = json!({ "alg": "HS256", "typ": "JWT" });
    let legacy = token(&header, &claims(), |message| hs256(SECRET, message));
    for accepted in [&good, &legacy] {
        assert!(is_accepted(&verdict(&verifier, accepted).await));
    }

    let (_, signature) = good.rsplit_once('.').unwrap();
    let other = key.token(&with(claims(), "sub", "02000000-0000-4000-8000-000000000002"));
    let (other, _) = other.rsplit_once('.').unwrap();
    let forged = [
        format!("{other}.{signature}"),
        format!("{good}="),
        format!("{good} "),
        good[..good.len() - 2].to_owned(),
        token(&key.header(), &claims(), |message| hs256(key.public(), message)),
        token(&header, &claims(), |message| hs256(key.public(), message)),
    ];
    for forged in forged {
        assert!(matches!(verdict(&verifier, &forged).await, Verdict::Refused(_)), "{forged}");
    }
}
