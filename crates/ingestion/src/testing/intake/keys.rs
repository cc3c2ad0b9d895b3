//! The contract of [`IdempotencyKeys`](crate::ports::IdempotencyKeys).

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use std::time::Duration;

use cortex_kernel::{IdGenerator, RandomIds};
use futures_util::future::join_all;
use uuid::Uuid;

use super::super::{COMPANY_A, COMPANY_B, USER_1, USER_2};
use super::Harness;
use crate::model::{Claim, ClaimOutcome, Fingerprint, KeptAnswer, KeyedRequest};

const MINUTE: Duration = Duration::from_mins(1);
const DAY: Duration = Duration::from_hours(24);

pub async fn a_key_that_nobody_used_is_claimed(harness: &impl Harness) {
    let token = Uuid::from_u128(1);

    let outcome = claim(harness, &a_request(), token).await;

    assert_eq!(outcome, ClaimOutcome::Claimed(a_request().claimed_by(token)));
}

pub async fn of_twenty_who_claim_a_key_at_once_one_gets_it(harness: &impl Harness) {
    let request = &a_request();

    let outcomes = join_all((0..20).map(|n| claim(harness, request, Uuid::from_u128(n)))).await;

    let claimed = outcomes.iter().filter(|outcome| matches!(outcome, ClaimOutcome::Claimed(_)));
    assert_eq!(claimed.count(), 1, "{outcomes:?}");
}

pub async fn a_request_in_progress_is_not_done_by_another(harness: &impl Harness) {
    a_claim(harness, &a_request()).await;

    let outcome = claim(harness, &a_request(), Uuid::from_u128(2)).await;

    let ClaimOutcome::InProgress { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(retry_after > Duration::ZERO && retry_after <= MINUTE, "{retry_after:?}");
}

pub async fn a_claim_that_ran_out_is_taken_over_and_worth_nothing_then(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    harness.pass(MINUTE).await;

    let second = a_claim(harness, &a_request()).await;

    let keys = harness.keys(COMPANY_A);
    assert!(!keys.answer(&first, &an_answer("first")).await.expect("an answer"));
    keys.release(&first).await.expect("an answer");
    assert!(keys.answer(&second, &an_answer("second")).await.expect("an answer"));
    assert_eq!(claim(harness, &a_request(), Uuid::from_u128(3)).await, ClaimOutcome::Answered(an_answer("second")));
}

pub async fn a_claim_that_is_renewed_in_time_is_not_taken_over(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    let keys = harness.keys(COMPANY_A);
    for _ in 0..3 {
        harness.pass(MINUTE * 3 / 4).await;
        assert!(keys.renew(&first, MINUTE).await.expect("an answer"));
    }

    let outcome = claim(harness, &a_request(), Uuid::from_u128(2)).await;
    let ClaimOutcome::InProgress { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(retry_after > MINUTE / 2 && retry_after <= MINUTE, "{retry_after:?}");

    harness.pass(MINUTE).await;
    assert!(keys.renew(&first, MINUTE).await.expect("an answer"), "nobody took it over");
    assert!(keys.answer(&first, &an_answer("first")).await.expect("an answer"));
    assert!(keys.renew(&first, MINUTE).await.expect("an answer"), "it was answered under this claim");
    assert_eq!(claim(harness, &a_request(), Uuid::from_u128(3)).await, ClaimOutcome::Answered(an_answer("first")));
}

pub async fn a_claim_that_was_taken_over_or_given_back_is_not_renewed(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    harness.pass(MINUTE).await;
    let second = a_claim(harness, &a_request()).await;
    let keys = harness.keys(COMPANY_A);

    assert!(!keys.renew(&first, 10 * MINUTE).await.expect("an answer"));

    let outcome = claim(harness, &a_request(), Uuid::from_u128(3)).await;
    let ClaimOutcome::InProgress { retry_after } = outcome else { panic!("{outcome:?}") };
    assert!(retry_after <= MINUTE, "{retry_after:?}: the second one's time is its own");
    keys.release(&second).await.expect("an answer");
    assert!(!keys.renew(&second, MINUTE).await.expect("an answer"));
    a_claim(harness, &a_request()).await;
}

pub async fn a_request_that_was_done_answers_the_same_again(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    let keys = harness.keys(COMPANY_A);
    assert!(keys.answer(&first, &an_answer("{\"é\": 1}")).await.expect("an answer"));

    for _ in 0..2 {
        harness.pass(MINUTE).await;
        let again = claim(harness, &a_request(), Uuid::from_u128(2)).await;
        assert_eq!(again, ClaimOutcome::Answered(an_answer("{\"é\": 1}")));
    }
    assert!(!keys.answer(&first, &an_answer("other")).await.expect("an answer"), "it was answered");
    keys.release(&first).await.expect("an answer");
    assert!(matches!(claim(harness, &a_request(), Uuid::from_u128(2)).await, ClaimOutcome::Answered(_)));
}

pub async fn a_key_that_names_another_request_is_refused(harness: &impl Harness) {
    let other = KeyedRequest { fingerprint: Fingerprint::of([b"other".as_slice()]), ..a_request() };
    let first = a_claim(harness, &a_request()).await;
    assert_eq!(claim(harness, &other, Uuid::from_u128(2)).await, ClaimOutcome::OtherRequest);

    harness.keys(COMPANY_A).answer(&first, &an_answer("done")).await.expect("an answer");

    assert_eq!(claim(harness, &other, Uuid::from_u128(2)).await, ClaimOutcome::OtherRequest);
}

pub async fn a_request_that_came_to_nothing_is_done_anew(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    harness.keys(COMPANY_A).release(&first).await.expect("an answer");

    a_claim(harness, &a_request()).await;
}

pub async fn the_same_key_of_another_person_address_or_company_is_another_key(harness: &impl Harness) {
    let others = [
        a_request(),
        KeyedRequest { user_id: USER_2, ..a_request() },
        KeyedRequest { route: "/elsewhere", ..a_request() },
        KeyedRequest { company_id: COMPANY_B, ..a_request() },
    ];

    for (number, request) in others.iter().enumerate() {
        let claim = a_claim(harness, request).await;
        let answered = harness.keys(request.company_id).answer(&claim, &an_answer(&number.to_string())).await;
        assert!(answered.expect("an answer"));
    }

    for (number, request) in others.iter().enumerate() {
        let again = claim(harness, request, Uuid::from_u128(2)).await;
        assert_eq!(again, ClaimOutcome::Answered(an_answer(&number.to_string())));
    }
}

pub async fn after_a_day_a_key_names_nothing(harness: &impl Harness) {
    let first = a_claim(harness, &a_request()).await;
    harness.keys(COMPANY_A).answer(&first, &an_answer("done")).await.expect("an answer");
    harness.pass(DAY).await;

    a_claim(harness, &a_request()).await;
}

pub async fn what_is_older_is_forgotten_and_no_other_companys(harness: &impl Harness) {
    let other_route = |route| KeyedRequest { route, ..a_request() };
    for route in ["/1", "/2", "/3"] {
        a_claim(harness, &other_route(route)).await;
    }
    a_claim(harness, &KeyedRequest { company_id: COMPANY_B, ..a_request() }).await;
    harness.pass(MINUTE).await;
    a_claim(harness, &other_route("/4")).await;

    let keys = harness.keys(COMPANY_A);
    let forget = async |age| keys.forget(COMPANY_A, age, 2).await.expect("an answer");
    assert_eq!(forget(2 * MINUTE).await, 0);
    assert_eq!((forget(MINUTE).await, forget(MINUTE).await, forget(MINUTE).await), (2, 1, 0));
    let others = harness.keys(COMPANY_B).forget(COMPANY_B, MINUTE, 9).await.expect("an answer");
    assert_eq!(others, 1);
}

/// A request of [`USER_1`].
#[must_use]
pub fn a_request() -> KeyedRequest {
    KeyedRequest {
        company_id: COMPANY_A,
        user_id: USER_1,
        route: "/somewhere",
        key: "key-1".parse().expect("a key"),
        fingerprint: Fingerprint::of([b"body".as_slice()]),
    }
}

/// The request claimed, for a minute.
pub async fn a_claim(harness: &impl Harness, request: &KeyedRequest) -> Claim {
    let outcome = claim(harness, request, RandomIds.new_uuid()).await;
    let ClaimOutcome::Claimed(claim) = outcome else { panic!("{outcome:?}") };
    claim
}

/// An answer that says this.
#[must_use]
pub fn an_answer(body: &str) -> KeptAnswer {
    KeptAnswer { status: 201, body: body.to_owned() }
}

async fn claim(harness: &impl Harness, request: &KeyedRequest, token: Uuid) -> ClaimOutcome {
    harness.keys(request.company_id).claim(request, token, MINUTE).await.expect("an answer")
}
