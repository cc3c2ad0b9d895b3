//! Hashes tell apart whatever differs.

use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::Config;

use super::*;
use crate::testing::{COMPANY_A, COMPANY_B};

/// Short texts of few letters, so that neighbours collide easily if they can.
fn a_text() -> impl Strategy<Value = String> {
    "[ab\u{1}\u{0}é]{0,3}"
}

fn an_entry() -> impl Strategy<Value = EntryFacts> {
    let text = || option::of(a_text());
    let bytes = || option::of(proptest::collection::vec(any::<u8>(), 0..4));
    let ids = (0..3_u128, option::of(0..3_u128));
    let words = (a_text(), a_text(), text(), a_text(), text(), text(), text());
    (ids, words, option::of(-2..3_i64), (bytes(), bytes(), bytes())).prop_map(
        |((id, session_id), (tenant_id, company_id, user_id, action, kind, which, request_id), at_micros, digests)| {
            EntryFacts {
                id: Uuid::from_u128(id),
                tenant_id,
                company_id,
                user_id,
                session_id: session_id.map(Uuid::from_u128),
                action,
                resource_type: kind,
                resource_id: which,
                request_id,
                at_micros,
                personal: Personal {
                    address_digest: digests.0,
                    agent_digest: digests.1,
                    details_digest: digests.2,
                    ..Personal::default()
                },
            }
        },
    )
}

fn personal() -> impl Strategy<Value = Personal> {
    let values = (option::of(a_text()), option::of(a_text()), option::of(a_text()));
    (proptest::collection::vec(any::<u8>(), 1..5), values)
        .prop_map(|(salt, (address, user_agent, details))| Personal::salted(salt, address, user_agent, details))
}

proptest! {
    #![proptest_config(Config { cases: 512, failure_persistence: None, ..Config::default() })]

    #[test]
    fn rows_that_differ_have_hashes_that_differ(one in an_entry(), other in an_entry()) {
        prop_assert_eq!(one.hash() == other.hash(), one == other);
    }

    #[test]
    fn a_seal_depends_on_all_that_it_stands_for(one in an_entry(), other in an_entry(), seq in 0..5_u64, byte in 0..3_u8) {
        let head = SealHead { seq, hash: ChainHash::new([byte; 32]) };
        let seal = head.seal(COMPANY_A, &one);

        prop_assert_eq!((seal.seq, seal.previous), (seq + 1, head.hash));
        prop_assert_eq!(head.seal(COMPANY_A, &other).hash == seal.hash, one == other);
        prop_assert_ne!(head.seal(COMPANY_B, &one).hash, seal.hash);
        prop_assert_ne!(SealHead { seq: seq + 1, ..head }.seal(COMPANY_A, &one).hash, seal.hash);
        prop_assert_ne!(SealHead { hash: seal.hash, ..head }.seal(COMPANY_A, &one).hash, seal.hash);
    }

    #[test]
    fn the_past_depends_on_its_rows_and_their_order(rows in proptest::collection::vec(an_entry(), 0..4),
                                                    others in proptest::collection::vec(an_entry(), 0..4)) {
        let fold = |rows: &[EntryFacts]| {
            let mut past = Past::NONE;
            for row in rows {
                past.add(row);
            }
            past.seal(COMPANY_A)
        };

        prop_assert_eq!(fold(&rows) == fold(&others), rows == others);
        prop_assert_eq!(fold(&rows).covers, Covers::Past(u64::try_from(rows.len()).unwrap()));
    }

    #[test]
    fn what_is_personal_agrees_with_its_digests_until_it_is_altered(kept in personal(), other in option::of(a_text())) {
        prop_assert_eq!(kept.state(), PersonalState::Kept);
        let altered = [
            Personal { address: other.clone(), ..kept.clone() },
            Personal { user_agent: other.clone(), ..kept.clone() },
            Personal { details: other.clone(), ..kept.clone() },
        ];
        for altered in altered {
            let expected = if altered == kept { PersonalState::Kept } else { PersonalState::Altered };
            prop_assert_eq!(altered.state(), expected);
        }
        prop_assert_eq!(Personal { salt: Some(vec![9; 9]), ..kept.clone() }.state(), PersonalState::Altered);
        prop_assert_eq!(Personal { details_digest: None, ..kept }.state(), PersonalState::Altered);
    }

    #[test]
    fn what_was_forgotten_leaves_the_hash_as_it_was(kept in personal(), entry in an_entry()) {
        let entry = EntryFacts { personal: kept, ..entry };
        let forgotten = EntryFacts { personal: entry.personal.clone().forgotten(), ..entry.clone() };

        prop_assert_eq!(forgotten.personal.state(), PersonalState::Forgotten);
        prop_assert_eq!(forgotten.hash(), entry.hash());
        let half = Personal { address: Some("203.0.113.7".to_owned()), ..forgotten.personal };
        prop_assert_eq!(half.state(), PersonalState::Altered);
    }

    #[test]
    fn a_hash_survives_the_way_through_text(bytes in any::<[u8; 32]>()) {
        let hash = ChainHash::new(bytes);

        prop_assert_eq!(hash.to_string().parse(), Ok(hash));
        prop_assert_eq!(ChainHash::try_from(bytes.as_slice()), Ok(hash));
    }
}

/// Chains that are in use were made like this: whoever changes it needs a new version.
#[test]
fn the_encoding_is_what_it_always_was() {
    let past = Past::NONE.seal(COMPANY_A);
    let entry = EntryFacts {
        id: Uuid::from_u128(1),
        tenant_id: "a".to_owned(),
        company_id: "a".to_owned(),
        user_id: None,
        session_id: None,
        action: "admin_login".to_owned(),
        resource_type: None,
        resource_id: None,
        request_id: None,
        at_micros: Some(1),
        personal: Personal::salted(vec![1], None, None, None),
    };
    let seal = past.head().seal(COMPANY_A, &entry);

    assert_eq!(past.hash.to_string(), "246e3c8be37a9233200242ebc9bc2fd89951f4631c05f1d2b27e23808bf4815d");
    assert_eq!(entry.hash().to_string(), "b7a721bffd97e6f5489a5807f146892382f3b808037b189e12d6accaf9dd022d");
    assert_eq!(seal.hash.to_string(), "24d82e0e09f1e5538577e06de7c09cdce3a3c990bf1d7dc48d6f4fd054313c72");
}

#[test]
fn what_is_no_hash_is_not_taken_for_one() {
    assert_eq!(ChainHash::try_from([0; 31].as_slice()), Err(InvalidChainHash));
    for text in ["", "00", &"g0".repeat(32), &"é0".repeat(32), &"+1".repeat(32)] {
        assert_eq!(text.parse::<ChainHash>(), Err(InvalidChainHash), "{text}");
    }
}
