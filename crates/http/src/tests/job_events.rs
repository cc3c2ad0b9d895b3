//! Watching a job.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::test::TestRequest;
use cortex_identity::model::{Membership, Role};
use cortex_identity::ports::MockMembershipStore;
use cortex_identity::testing::{COMPANY_A, a_company, a_membership};
use cortex_kernel::{JobId, Provider};
use cortex_sync_jobs::model::{ClaimedJob, Ending, NewJob};
use cortex_sync_jobs::ports::{CancellationToken, ClaimRequest, JobQueue as _};
use cortex_sync_jobs::testing::{InMemoryJobQueue, a_claim, a_new_job, an_account};
use serde_json::Value;
use uuid::Uuid;

use super::problem_of;
use super::stage::{as_role, call, entrance, job_services, member, services};
use crate::event_streams::EventStreams;
use crate::problem::ProblemKind;
use crate::{Services, SyncJobServices};

/// A queued job of the member who may only look.
async fn stage(stop: &CancellationToken) -> (Services, Arc<InMemoryJobQueue>, JobId) {
    let queue = Arc::new(InMemoryJobQueue::default());
    let (user_id, id) = (member(Role::Viewer), JobId::new(Uuid::from_u128(7)));
    let connection_id = queue.connect(COMPANY_A, user_id, Provider::Gmail);
    queue
        .enqueue(&NewJob { id, user_id, subject: an_account(connection_id), company_id: COMPANY_A, ..a_new_job() })
        .await
        .unwrap();
    let events = Arc::new(EventStreams::restless(stop.clone()));
    let jobs = SyncJobServices { events, ..job_services(queue.clone()) };
    (Services { jobs, ..services() }, queue, id)
}

fn watch(id: JobId) -> TestRequest {
    TestRequest::get().uri(&format!("/api/v1/sync/jobs/{id}/events"))
}

/// What an answer goes on to say, piece by piece.
struct Heard(Pin<Box<BoxBody>>);

impl Heard {
    async fn of(services: Services, role: Role, request: TestRequest) -> Self {
        let response = call(services, as_role(role, request)).await;
        let header = |name| response.headers().get(name).unwrap().to_str().unwrap();
        assert_eq!((response.status().as_u16(), header("content-type")), (200, "text/event-stream"));
        assert_eq!(header("cache-control"), "no-store");
        Self(Box::pin(response.map_into_boxed_body().into_body()))
    }

    async fn next(&mut self) -> Option<String> {
        let piece = std::future::poll_fn(|cx| self.0.as_mut().poll_next(cx)).await?;
        Some(String::from_utf8(piece.unwrap().to_vec()).unwrap())
    }

    /// The id of the next event, and its job.
    async fn event(&mut self) -> Option<(String, Value)> {
        let piece = self.next().await?;
        let field = |name: &str| piece.lines().find_map(|line| line.strip_prefix(name)).map(ToOwned::to_owned);
        assert!(piece.ends_with("\n\n"), "{piece}");
        Some((field("id: ").unwrap(), serde_json::from_str(&field("data: ").unwrap()).unwrap()))
    }
}

async fn claim(queue: &InMemoryJobQueue) -> ClaimedJob {
    queue.claim(&ClaimRequest { company_id: COMPANY_A, ..a_claim() }).await.unwrap().remove(0)
}

#[actix_web::test]
async fn a_job_is_told_whenever_it_changed_until_it_has_ended() {
    let (services, queue, id) = stage(&CancellationToken::new()).await;
    let mut heard = Heard::of(services, Role::Viewer, watch(id)).await;

    let (event, job) = heard.event().await.unwrap();
    assert_eq!((event.as_str(), &job["status"], &job["id"]), ("queued", &"queued".into(), &id.to_string().into()));

    let claimed = claim(&queue).await;
    assert_eq!(heard.event().await.unwrap().0, "running");
    queue.get_on(id);
    assert_eq!(heard.event().await.unwrap().1["progress"]["pages"], 1);

    queue.finish(COMPANY_A, claimed.lease, &Ending::Completed).await.unwrap();
    let (event, job) = heard.event().await.unwrap();
    assert_eq!((event.as_str(), &job["result"]["pages"]), ("completed", &1.into()));
    assert_eq!(heard.next().await, None);
}

#[actix_web::test]
async fn who_saw_the_end_is_told_to_stay_away() {
    let (services, queue, id) = stage(&CancellationToken::new()).await;
    let claimed = claim(&queue).await;
    queue.finish(COMPANY_A, claimed.lease, &Ending::Completed).await.unwrap();
    let again = || watch(id).insert_header(("Last-Event-ID", "completed"));

    assert_eq!(call(services.clone(), as_role(Role::Viewer, again())).await.status(), 204);

    let earlier = watch(id).insert_header(("Last-Event-ID", "running"));
    assert_eq!(Heard::of(services, Role::Viewer, earlier).await.event().await.unwrap().0, "completed");
}

#[actix_web::test]
async fn a_job_is_watched_by_its_person_and_by_admins() {
    let (services, _, id) = stage(&CancellationToken::new()).await;

    assert!(Heard::of(services.clone(), Role::Admin, watch(id)).await.event().await.is_some());
    problem_of(call(services.clone(), as_role(Role::User, watch(id))).await, ProblemKind::NotFound).await;
    let absent = as_role(Role::Owner, watch(JobId::new(Uuid::nil())));
    problem_of(call(services, absent).await, ProblemKind::NotFound).await;
}

#[actix_web::test]
async fn a_process_that_is_to_stop_ends_its_streams() {
    let stop = CancellationToken::new();
    let (services, _, id) = stage(&stop).await;
    let mut heard = Heard::of(services, Role::Viewer, watch(id)).await;
    heard.event().await.unwrap();

    stop.cancel();

    assert_eq!(heard.next().await, None);
}

#[actix_web::test]
async fn who_is_no_member_any_more_hears_nothing_more() {
    let (services, queue, id) = stage(&CancellationToken::new()).await;
    let is_member = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&is_member);
    let mut memberships = MockMembershipStore::new();
    memberships.expect_find_membership().returning(move |_, _| {
        let (user_id, is_active) = (member(Role::Viewer), asked.load(Ordering::SeqCst));
        Ok(Some(Membership { user_id, role: Role::Viewer, is_active, ..a_membership() }))
    });
    memberships.expect_find_company().returning(|_| Ok(Some(a_company())));
    let services = Services { enter_company: entrance(memberships), ..services };
    let mut heard = Heard::of(services, Role::Viewer, watch(id)).await;
    heard.event().await.unwrap();

    is_member.store(false, Ordering::SeqCst);
    claim(&queue).await;

    assert_eq!(heard.next().await, None);
}
