//! Having accounts read, and what became of it.

use std::sync::{Arc, Mutex};

use actix_web::http::header::{CONTENT_TYPE, USER_AGENT};
use actix_web::test::TestRequest;
use cortex_connections::model::{Connection, Owner};
use cortex_connections::testing::{InMemoryConnectionStore, a_connection, an_owner};
use cortex_identity::model::Role;
use cortex_identity::testing::COMPANY_A;
use cortex_kernel::{JobId, Origin, Provider, StoreError};
use cortex_sync_jobs::model::{
    Failure, Job, JobStatus, NewJob, Progress, StartRefusal, SyncRequest, SyncWish, Trigger,
};
use cortex_sync_jobs::ports::{JobQueue as _, MockJobQueue, MockSyncStarter, StartOutcome};
use cortex_sync_jobs::testing::{InMemoryJobQueue, NOON, a_job, a_new_company_job, a_new_job, an_account};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{answer, as_role, call, job_services, member, services, start_sync};
use super::{MADE_ID, post, problem_of};
use crate::problem::ProblemKind;
use crate::{Services, SyncJobServices};

/// Starts whatever is asked for, and keeps what was.
fn starting(asked: &Arc<Mutex<Vec<SyncRequest>>>) -> Services {
    let asked = Arc::clone(asked);
    let mut starter = MockSyncStarter::new();
    starter.expect_start().returning(move |start| {
        asked.lock().unwrap().push(start.request.clone());
        Ok(StartOutcome::Started(a_job()))
    });
    Services { start_sync: start_sync(starter), ..services() }
}

fn refusing(outcome: fn() -> Result<StartOutcome, StoreError>) -> Services {
    let mut starter = MockSyncStarter::new();
    starter.expect_start().returning(move |_| outcome());
    Services { start_sync: start_sync(starter), ..services() }
}

#[rstest]
#[case("/api/v1/sync/initial/gmail")]
#[case("/sync/initial/google-mail")]
#[actix_web::test]
async fn an_account_is_read_from_the_beginning(#[case] path: &str) {
    let asked = Arc::default();
    let request = TestRequest::post()
        .uri(path)
        .insert_header((USER_AGENT, "a test"))
        .insert_header(("X-Forwarded-For", "203.0.113.7"))
        .peer_addr("10.0.0.9:50000".parse().unwrap());

    let (status, mut body) = answer(starting(&asked), as_role(Role::User, request)).await;

    let message = body.as_object_mut().unwrap().remove("message");
    assert!(message.is_some_and(|message| message.as_str().unwrap().contains("365 days")));
    let expected = json!({
        "status": "started",
        "job_id": a_job().id.to_string(),
        "provider": "gmail",
        "backfill_days": 365,
        "locked": true,
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!((status, body), (202, expected));
    let request = SyncRequest {
        company_id: COMPANY_A,
        user_id: member(Role::User),
        provider: Provider::Gmail,
        wish: SyncWish::Initial,
        trigger: Trigger::User,
        triggered_by: Some(member(Role::User).to_string()),
        retry_of: None,
        origin: Origin {
            request_id: Some(MADE_ID.to_owned()),
            address: Some("203.0.113.7".parse().unwrap()),
            user_agent: Some("a test".to_owned()),
        },
    };
    assert_eq!(*asked.lock().unwrap(), [request]);
}

#[rstest]
#[case::canonical(TestRequest::post().uri("/api/v1/sync/drive"), Provider::GoogleDrive)]
#[case::with_a_body(post("/api/v1/sync/gmail", "{}"), Provider::Gmail)]
#[case::once(TestRequest::get().uri("/sync/once/drive"), Provider::GoogleDrive)]
#[case::once_by_post(TestRequest::post().uri("/sync/once/gmail"), Provider::Gmail)]
#[case::once_outlook(TestRequest::get().uri("/sync/once"), Provider::Outlook)]
#[actix_web::test]
async fn what_changed_is_read(#[case] request: TestRequest, #[case] provider: Provider) {
    let asked = Arc::default();

    let (status, mut body) = answer(starting(&asked), as_role(Role::User, request)).await;

    assert!(body.as_object_mut().unwrap().remove("message").is_some());
    let expected = json!({
        "status": "queued",
        "job_id": a_job().id.to_string(),
        "provider": provider.name(),
        "user_id": member(Role::User).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!((status, body), (202, expected));
    let asked = asked.lock().unwrap();
    assert_eq!(
        asked.iter().map(|asked| (asked.provider, asked.wish)).collect::<Vec<_>>(),
        [(provider, SyncWish::Incremental)]
    );
}

#[rstest]
#[case::not_connected(|| Ok(StartOutcome::Refused(StartRefusal::NotConnected)), ProblemKind::NotConnected)]
#[case::to_be_connected_again(
    || Ok(StartOutcome::Refused(StartRefusal::NeedsReauthorization)),
    ProblemKind::NeedsReauthorization
)]
#[case::locked(|| Ok(StartOutcome::Refused(StartRefusal::Locked)), ProblemKind::SyncLocked)]
#[case::database_away(|| Err(StoreError::Unavailable("hush".into())), ProblemKind::Unavailable)]
#[actix_web::test]
async fn a_sync_that_cannot_be_says_why(
    #[case] outcome: fn() -> Result<StartOutcome, StoreError>,
    #[case] kind: ProblemKind,
) {
    let request = as_role(Role::User, TestRequest::post().uri("/api/v1/sync/initial/gmail"));

    problem_of(call(refusing(outcome), request).await, kind).await;
}

#[rstest]
#[case::unknown(TestRequest::post().uri("/api/v1/sync/myspace"), ProblemKind::UnsupportedProvider)]
#[case::switched_off(TestRequest::post().uri("/api/v1/sync/initial/qbo"), ProblemKind::ProviderNotConfigured)]
#[case::unknown_field(post("/api/v1/sync/drive", r#"{"folders": ["1"]}"#), ProblemKind::InvalidField)]
#[case::no_json(post("/api/v1/sync/drive", "{"), ProblemKind::MalformedJson)]
#[case::other_media_type(
    TestRequest::post().uri("/api/v1/sync/drive").insert_header((CONTENT_TYPE, "text/plain")).set_payload("{}"),
    ProblemKind::UnsupportedMediaType
)]
#[actix_web::test]
async fn a_sync_of_nothing_is_refused(#[case] request: TestRequest, #[case] kind: ProblemKind) {
    problem_of(call(services(), as_role(Role::User, request)).await, kind).await;
}

#[actix_web::test]
async fn folders_may_be_chosen_and_the_answer_says_that_all_are_read() {
    let chosen = json!({"folder_ids": vec!["ä".repeat(500); 100]}).to_string();
    for (body, says_so) in [(chosen, true), ("{}".to_owned(), false)] {
        let asked = Arc::default();

        let (status, body) = answer(starting(&asked), as_role(Role::User, post("/api/v1/sync/drive", body))).await;

        let message = body["message"].as_str().unwrap();
        assert_eq!((status, message.contains("all folders"), asked.lock().unwrap().len()), (202, says_so, 1));
    }
}

#[rstest]
#[case::empty(&json!(["1", ""]), "/folder_ids/1")]
#[case::too_long(&json!(["x".repeat(501)]), "/folder_ids/0")]
#[case::too_many(&json!(vec!["1"; 101]), "/folder_ids")]
#[case::no_text(&json!([1]), "/folder_ids/0")]
#[actix_web::test]
async fn folders_that_cannot_be_are_named(#[case] folder_ids: &Value, #[case] pointer: &str) {
    let request = post("/api/v1/sync/drive", json!({"folder_ids": folder_ids}).to_string());

    let body = problem_of(call(services(), as_role(Role::User, request)).await, ProblemKind::InvalidField).await;

    assert_eq!(body["errors"][0]["pointer"], pointer);
}

/// The services with one job of the member with this role, and his connection.
fn with_job(role: Role, job: Job) -> Services {
    let job = Job { user_id: member(role), ..job };
    let owner = Owner { user_id: member(role), ..an_owner() };
    let connections = InMemoryConnectionStore::with([Connection { owner, ..a_connection() }]);
    let mut jobs = MockJobQueue::new();
    jobs.expect_find_job()
        .returning(move |company_id, id| Ok((company_id == COMPANY_A && id == job.id).then(|| job.clone())));
    let base = services();
    let jobs = SyncJobServices { queue: Arc::new(jobs), connections: Arc::new(connections), ..base.jobs.clone() };
    Services { jobs, ..base }
}

fn get_job(id: JobId) -> TestRequest {
    TestRequest::get().uri(&format!("/api/v1/sync/jobs/{id}"))
}

#[actix_web::test]
async fn a_member_sees_his_job() {
    let completed = Job {
        status: JobStatus::Completed,
        progress: Progress { pages: 2, seen: 120, added: 100, ..Progress::default() },
        started_at: Some(NOON),
        completed_at: Some(NOON),
        ..a_job()
    };

    let answered = answer(with_job(Role::User, completed), as_role(Role::User, get_job(a_job().id))).await;

    let progress = json!({
        "pages": 2, "seen": 120, "added": 100, "updated": 0, "unchanged": 0, "deleted": 0, "held": 0, "set_aside": 0,
    });
    let expected = json!({
        "id": a_job().id.to_string(),
        "user_id": member(Role::User).to_string(),
        "tenant_id": COMPANY_A.to_string(),
        "company_id": COMPANY_A.to_string(),
        "job_type": "gmail",
        "provider": "gmail",
        "kind": "incremental",
        "period": null,
        "status": "completed",
        "triggered_by": a_job().triggered_by,
        "trigger": "user",
        "connection_id": "broker-1",
        "progress": progress,
        "attempt": 0,
        "max_attempts": a_job().max_attempts,
        "error_code": null,
        "error_message": null,
        "result": progress,
        "created_at": "2026-03-02T12:00:00Z",
        "started_at": "2026-03-02T12:00:00Z",
        "completed_at": "2026-03-02T12:00:00Z",
    });
    assert_eq!(answered, (200, expected));
}

#[actix_web::test]
async fn a_failed_job_says_why() {
    let failure = Some(Failure::new("invalid_credentials", "Connect the account again."));
    let failed = Job { status: JobStatus::Failed, failure, ..a_job() };

    let request = TestRequest::get().uri(&format!("/sync/jobs/{}", failed.id));
    let (status, body) = answer(with_job(Role::User, failed), as_role(Role::User, request)).await;

    assert_eq!((status, &body["error_code"], &body["result"]), (200, &json!("invalid_credentials"), &Value::Null));
}

#[rstest]
#[case::own(Role::Viewer, Role::Viewer, 200)]
#[case::somebody_elses(Role::User, Role::Viewer, 404)]
#[case::for_an_admin(Role::User, Role::Admin, 200)]
#[actix_web::test]
async fn a_job_is_seen_by_its_owner_and_by_admins(#[case] owner: Role, #[case] caller: Role, #[case] expected: u16) {
    let (status, _) = answer(with_job(owner, a_job()), as_role(caller, get_job(a_job().id))).await;

    assert_eq!(status, expected);
}

#[actix_web::test]
async fn a_job_that_is_not_there_is_not_found() {
    let request = as_role(Role::Owner, get_job(JobId::new(Uuid::nil())));

    problem_of(call(with_job(Role::User, a_job()), request).await, ProblemKind::NotFound).await;
}

/// One failed job of each of two members, the second one's a minute younger.
async fn two_members() -> (Services, Arc<InMemoryJobQueue>, [JobId; 2]) {
    let queue = Arc::new(InMemoryJobQueue::default());
    let mut ids = [JobId::new(Uuid::nil()); 2];
    for (n, role) in (1_u128..).zip([Role::User, Role::Admin]) {
        let user_id = member(role);
        let connection_id = queue.connect(COMPANY_A, user_id, Provider::Gmail);
        let id = JobId::new(Uuid::from_u128(n));
        let job = NewJob { id, user_id, subject: an_account(connection_id), company_id: COMPANY_A, ..a_new_job() };
        queue.enqueue(&job).await.unwrap();
        queue.pass(std::time::Duration::from_mins(1));
        ids[usize::try_from(n).unwrap() - 1] = id;
    }
    (Services { jobs: job_services(queue.clone()), ..services() }, queue, ids)
}

async fn listed(services: &Services, role: Role, query: &str) -> (u16, Vec<String>, Value) {
    let request = TestRequest::get().uri(&format!("/api/v1/sync/jobs{query}"));
    let (status, body) = answer(services.clone(), as_role(role, request)).await;
    let ids = body["items"].as_array().into_iter().flatten();
    (status, ids.map(|job| job["id"].as_str().unwrap().to_owned()).collect(), body["next_cursor"].clone())
}

#[actix_web::test]
async fn a_member_lists_his_jobs_and_an_admin_everybodys() {
    let (services, _, [users, admins]) = two_members().await;
    let [users, admins] = [users.to_string(), admins.to_string()];

    assert_eq!(listed(&services, Role::User, "").await, (200, vec![users.clone()], Value::Null));
    let (_, all, _) = listed(&services, Role::Admin, "?status=queued&provider=gmail").await;
    assert_eq!(all, [admins.clone(), users.clone()]);
    let of_user = format!("?user_id={}", member(Role::User));
    assert_eq!(listed(&services, Role::Admin, &of_user).await.1, std::slice::from_ref(&users));
    let (_, first, cursor) = listed(&services, Role::Admin, "?limit=1").await;
    let (_, second, end) =
        listed(&services, Role::Admin, &format!("?limit=1&cursor={}", cursor.as_str().unwrap())).await;
    assert_eq!((first, second, end), (vec![admins], vec![users], Value::Null));
}

#[rstest]
#[case::of_somebody_else("?user_id=07000000-0000-4000-8000-000000000007", 403)]
#[case::of_no_status("?status=lost", 400)]
#[case::of_no_provider("?provider=fax", 400)]
#[case::from_nowhere("?cursor=here", 400)]
#[actix_web::test]
async fn a_list_that_is_none_of_his_or_makes_no_sense_is_refused(#[case] query: &str, #[case] expected: u16) {
    let (services, ..) = two_members().await;

    assert_eq!(listed(&services, Role::User, query).await.0, expected);
}

/// The summaries of a day, which the member with this role asked for.
async fn with_summaries(role: Role) -> (Services, Arc<InMemoryJobQueue>, JobId) {
    let queue = Arc::new(InMemoryJobQueue::default());
    let job = NewJob { user_id: member(role), company_id: COMPANY_A, ..a_new_company_job() };
    queue.enqueue(&job).await.unwrap();
    (Services { jobs: job_services(queue.clone()), ..services() }, queue, job.id)
}

#[rstest]
#[case::to_who_asked_for_it(Role::User, 200)]
#[case::to_somebody_else(Role::Viewer, 404)]
#[case::to_an_admin(Role::Admin, 200)]
#[actix_web::test]
async fn a_job_of_the_company_is_shown_by_its_id_and_is_no_sync(#[case] caller: Role, #[case] expected: u16) {
    let (services, _, id) = with_summaries(Role::User).await;

    let (status, job) = answer(services.clone(), as_role(caller, get_job(id))).await;

    assert_eq!(status, expected);
    if status == 200 {
        assert_eq!((&job["provider"], &job["connection_id"]), (&Value::Null, &Value::Null));
        assert_eq!((&job["job_type"], &job["kind"]), (&json!("summaries"), &json!("summaries")));
        assert_eq!((&job["period"], &job["user_id"]), (&json!("2026-03-02"), &json!(member(Role::User).to_string())));
    }
    assert_eq!(listed(&services, caller, "").await.1, [""; 0]);
}

#[actix_web::test]
async fn a_job_of_the_company_is_called_off_and_tried_again_in_the_name_of_who_wants_it() {
    let (services, queue, id) = with_summaries(Role::Viewer).await;
    assert_eq!(act(&services, Role::User, id, "cancel").await.0, 404, "it is somebody else's");

    let (status, job) = act(&services, Role::Admin, id, "cancel").await;
    assert_eq!((status, &job["status"], &job["provider"]), (200, &json!("cancelled"), &Value::Null));
    let (status, job) = act(&services, Role::Admin, id, "retry").await;

    assert_eq!((status, &job["status"], &job["period"]), (200, &json!("queued"), &json!("2026-03-02")));
    assert_eq!(job["user_id"], member(Role::Admin).to_string());
    assert_eq!(queue.audited(COMPANY_A), ["job_cancelled", "job_retried"]);
}

async fn act(services: &Services, role: Role, id: JobId, what: &str) -> (u16, Value) {
    let request = TestRequest::post().uri(&format!("/api/v1/sync/jobs/{id}/{what}"));
    answer(services.clone(), as_role(role, request)).await
}

#[actix_web::test]
async fn a_job_is_called_off_by_its_person_or_an_admin_and_once() {
    let (services, queue, [users, admins]) = two_members().await;

    let (status, job) = act(&services, Role::User, users, "cancel").await;
    assert_eq!((status, &job["status"], &job["error_code"]), (200, &json!("cancelled"), &json!("cancelled")));
    let (status, problem) = act(&services, Role::User, users, "cancel").await;
    assert_eq!((status, &problem["code"]), (409, &json!("wrong_state")));
    assert_eq!(act(&services, Role::User, admins, "cancel").await.0, 404, "it is somebody else's");
    assert_eq!(act(&services, Role::Viewer, users, "cancel").await.0, 403);
    assert_eq!(queue.audited(COMPANY_A), ["sync_cancelled"]);
}

#[actix_web::test]
async fn what_was_called_off_is_tried_again_as_a_new_job() {
    let (services, queue, [users, admins]) = two_members().await;
    assert_eq!(act(&services, Role::User, users, "retry").await.0, 409, "it waits still");
    act(&services, Role::User, users, "cancel").await;

    let (status, job) = act(&services, Role::Admin, users, "retry").await;

    assert_eq!((status, &job["status"], &job["trigger"]), (200, &json!("queued"), &json!("user")));
    let owner = (&json!(member(Role::User).to_string()), &json!(member(Role::Admin).to_string()));
    assert_eq!((&job["user_id"], &job["triggered_by"]), owner);
    assert_ne!(job["id"], users.to_string());
    assert_eq!(act(&services, Role::User, admins, "retry").await.0, 404, "it is somebody else's");
    assert_eq!(queue.audited(COMPANY_A), ["sync_cancelled", "job_retried"]);
}
