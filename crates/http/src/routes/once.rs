//! Requests that a client may send again and that are done once: the header `Idempotency-Key`.

use std::error::Error as StdError;
use std::future::{Future, Ready, ready};
use std::pin::pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName};
use actix_web::rt::time::sleep;
use actix_web::{FromRequest, HttpRequest, HttpResponse};
use cortex_identity::model::UserContext;
use cortex_ingestion::model::{
    Claim, ClaimOutcome, Contributor, Fingerprint, IdempotencyKey, KeptAnswer, KeyedRequest,
};
use cortex_ingestion::ports::IdempotencyKeys;
use cortex_kernel::Origin;
use futures_util::future::{Either, select};
use serde::Serialize;

use crate::IntakeServices;
use crate::problem::{Problem, ProblemKind};

/// By what the client names the request, where it does.
pub(super) struct Named(Option<IdempotencyKey>);

/// What a request came to.
pub(super) struct Done {
    pub(super) answer: KeptAnswer,
    /// Whether the answer is kept already, with what it tells of.
    pub(super) is_kept: bool,
}

/// A request with what it carries.
pub(super) struct Sent<'a> {
    pub(super) caller: &'a UserContext,
    pub(super) route: &'static str,
    pub(super) named: Named,
    pub(super) fingerprint: Fingerprint,
}

/// How long a claim holds that nobody renews. A client that hung up in the midst, and asks again, waits for so long at
/// the most.
const CLAIM: Duration = Duration::from_mins(1);

/// How often it is renewed while the request is being done: one that fails is made up for by the next.
const RENEW_EVERY: Duration = Duration::from_secs(20);

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Does the work, or gives the answer that it got when it was done.
pub(super) async fn answer_once(
    intake: &IntakeServices,
    sent: Sent<'_>,
    work: impl AsyncFnOnce(Option<Claim>) -> Result<Done, Problem>,
) -> Result<HttpResponse, Problem> {
    let Sent { caller, route, named: Named(key), fingerprint } = sent;
    let Some(key) = key else { return work(None).await.map(|done| respond(done.answer)) };
    let request = KeyedRequest { company_id: caller.company_id, user_id: caller.user_id, route, key, fingerprint };
    let keys = intake.keys.as_ref();
    let claim = match keys.claim(&request, intake.ids.new_uuid(), CLAIM).await? {
        ClaimOutcome::Claimed(claim) => claim,
        ClaimOutcome::Answered(answer) => return Ok(respond(answer)),
        ClaimOutcome::OtherRequest => return Err(Problem::new(ProblemKind::IdempotencyKeyReused)),
        ClaimOutcome::InProgress { retry_after } => {
            let seconds = retry_after.as_secs().max(1);
            return Err(Problem::new(ProblemKind::IdempotencyKeyInUse).retry_after(seconds));
        }
    };
    match beside(work(Some(claim.clone())), renew_while_held(keys, &claim, RENEW_EVERY)).await {
        Ok(Done { answer, is_kept: true }) => Ok(respond(answer)),
        Ok(Done { answer, is_kept: false }) => {
            // What was done is done: whoever asks again finds it done, if not by this answer.
            match keys.answer(&claim, &answer).await {
                Ok(true) => {}
                Ok(false) => tracing::warn!("an answer is not kept: its claim was lost"),
                Err(error) => tell("an answer is not kept", Err(error)),
            }
            Ok(respond(answer))
        }
        Err(problem) => {
            tell("a key stays claimed for a while", keys.release(&claim).await);
            Err(problem)
        }
    }
}

/// The work with what goes on beside it, both looked at all the time: the other may wait for something that the work
/// holds, a lock on a row for one. Once the work is done, the other is dropped.
async fn beside<T>(work: impl Future<Output = T>, other: impl Future<Output = ()>) -> T {
    match select(pin!(work), pin!(other)).await {
        Either::Left((done, _)) => done,
        Either::Right(((), work)) => work.await,
    }
}

/// Renews the claim again and again, until it is lost. Whoever does the work then finds out himself, where that
/// matters.
async fn renew_while_held(keys: &dyn IdempotencyKeys, claim: &Claim, every: Duration) {
    loop {
        sleep(every).await;
        match keys.renew(claim, CLAIM).await {
            Ok(true) => {}
            Ok(false) => {
                tracing::warn!(route = claim.route, "the claim on a request that is being done was lost");
                return;
            }
            Err(error) => tell("a claim is not renewed", Err(error)),
        }
    }
}

/// The answer as it is kept.
pub(super) fn kept(status: StatusCode, body: &impl Serialize) -> KeptAnswer {
    let body = serde_json::to_string(body).expect("texts, numbers and JSON values can be written");
    KeptAnswer { status: status.as_u16(), body }
}

/// Who brings something in by this request.
pub(super) fn contributor(caller: &UserContext, origin: Origin) -> Contributor {
    let UserContext { user_id, company_id, email, role: _ } = caller;
    Contributor { company_id: *company_id, user_id: *user_id, user_email: email.clone(), origin }
}

fn respond(answer: KeptAnswer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::OK);
    HttpResponse::build(status).insert_header((CONTENT_TYPE, "application/json")).body(answer.body)
}

fn tell<E: StdError + 'static>(what_fails: &'static str, outcome: Result<(), E>) {
    if let Err(error) = outcome {
        tracing::warn!(error = &error as &dyn StdError, "{what_fails}");
    }
}

impl FromRequest for Named {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let mut values = request.headers().get_all(IDEMPOTENCY_KEY);
        let key = match (values.next(), values.next()) {
            (None, _) => return ready(Ok(Self(None))),
            (Some(value), None) => value.to_str().ok().and_then(|text| text.parse().ok()),
            (Some(_), Some(_)) => None,
        };
        ready(key.map(|key| Self(Some(key))).ok_or_else(|| Problem::new(ProblemKind::InvalidIdempotencyKey)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use cortex_ingestion::ports::MockIdempotencyKeys;
    use cortex_ingestion::testing::intake::a_request;
    use cortex_kernel::{CompanyId, StoreError};
    use tokio::sync::{Mutex, Notify};
    use uuid::Uuid;

    use super::*;

    const AT_ONCE: Duration = Duration::from_millis(1);

    fn claim() -> Claim {
        a_request().claimed_by(Uuid::from_u128(1))
    }

    #[actix_web::test]
    async fn a_claim_is_renewed_as_long_as_the_work_goes_on() {
        let renewed = Arc::new(Notify::new());
        let tell = Arc::clone(&renewed);
        let mut keys = MockIdempotencyKeys::new();
        keys.expect_renew().withf(|of, time| *of == claim() && *time == CLAIM).times(3..).returning(move |_, _| {
            tell.notify_one();
            Ok(true)
        });
        let work = async {
            for _ in 0..3 {
                renewed.notified().await;
            }
            "done"
        };

        assert_eq!(beside(work, renew_while_held(&keys, &claim(), AT_ONCE)).await, "done");
    }

    #[actix_web::test]
    async fn a_claim_that_was_lost_is_renewed_no_more_and_the_work_goes_on() {
        let asked = Arc::new(AtomicUsize::new(0));
        let (count, lost) = (Arc::clone(&asked), Arc::new(Notify::new()));
        let tell = Arc::clone(&lost);
        let mut keys = MockIdempotencyKeys::new();
        keys.expect_renew().returning(move |_, _| match count.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(true),
            // Who fails is asked again.
            1 => Err(StoreError::Unavailable("away".into())),
            _ => {
                tell.notify_one();
                Ok(false)
            }
        });

        renew_while_held(&keys, &claim(), AT_ONCE).await;

        assert_eq!(asked.load(Ordering::Relaxed), 3);
        lost.notified().await;
        let work = async {
            lost.notified().await;
            "done"
        };
        assert_eq!(beside(work, renew_while_held(&keys, &claim(), AT_ONCE)).await, "done");
    }

    /// A key whose row is locked, as it is while the answer is kept with the document.
    #[derive(Default)]
    struct Locked {
        row: Mutex<()>,
        asked: Notify,
    }

    #[async_trait]
    impl IdempotencyKeys for Locked {
        async fn claim(&self, _: &KeyedRequest, _: Uuid, _: Duration) -> Result<ClaimOutcome, StoreError> {
            panic!("it is claimed")
        }

        async fn renew(&self, _: &Claim, _: Duration) -> Result<bool, StoreError> {
            self.asked.notify_one();
            let _row = self.row.lock().await;
            Ok(true)
        }

        async fn answer(&self, _: &Claim, _: &KeptAnswer) -> Result<bool, StoreError> {
            panic!("the work answers")
        }

        async fn release(&self, _: &Claim) -> Result<(), StoreError> {
            panic!("the work answers")
        }

        async fn forget(&self, _: CompanyId, _: Duration, _: u16) -> Result<usize, StoreError> {
            panic!("it is of today")
        }
    }

    #[actix_web::test]
    async fn a_renewal_that_waits_for_the_work_keeps_it_from_nothing() {
        let keys = Locked::default();
        let work = async {
            let row = keys.row.lock().await;
            keys.asked.notified().await;
            // It waits for the row now, and the work has a few things to do still.
            tokio::task::yield_now().await;
            drop(row);
            "done"
        };

        assert_eq!(beside(work, renew_while_held(&keys, &claim(), AT_ONCE)).await, "done");
    }
}
