//! What admins do with the accounts of others, and what they see.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::test::TestRequest;
use async_trait::async_trait;
use cortex_connections::model::{NewWebhook, Owner, WebhookEnding};
use cortex_connections::ports::{
    ConnectionStore, MockConnectionDirectory, MockStuckThings, QuarantineStore, WebhookInbox,
};
use cortex_connections::testing::{
    InMemoryConnectionStore, InMemoryConnectionViews, InMemoryMembers, InMemoryStuckThings, NOON, a_connection,
    a_quarantined_connection, a_save, a_webhook, an_owner, an_unclaimed_connection,
};
use cortex_identity::model::Role;
use cortex_identity::ports::AdminSessions;
use cortex_identity::testing::{COMPANY_A, InMemoryAdminSessions, a_new_admin_session};
use cortex_ingestion::model::DocumentText;
use cortex_ingestion::testing::{InMemoryLibrary, a_document_view};
use cortex_kernel::{Provider, StoreError, UserId};
use cortex_sync_jobs::model::{Ending, Failure, JobStatus, NOBODY, NewJob, Override, Trigger, WorkerSign};
use cortex_sync_jobs::ports::{JobDirectory, JobQueue, MockJobDirectory, Workers as _};
use cortex_sync_jobs::testing::{InMemoryJobQueue, a_claim, a_new_company_job, a_sign};
use cortex_sync_jobs::{CancelJob, RetryJob};
use rstest::rstest;
use serde_json::{Value, json};
use uuid::Uuid;

use super::stage::{ADMIN_TOKEN, answer, as_admin, call, member, panel, services, start_company_job_by, start_sync_by};
use super::{post, problem_of};
use crate::health::{Health, ReadinessCheck};
use crate::problem::ProblemKind;
use crate::{AdminServices, Services};

/// What stands behind the panel.
struct Scene {
    services: Services,
    sessions: Arc<InMemoryAdminSessions>,
    jobs: Arc<InMemoryJobQueue>,
    stuck: Arc<InMemoryStuckThings>,
    /// The id of the admin's session.
    session: String,
}

fn someone() -> UserId {
    member(Role::User)
}

/// An admin is logged in, and a member has connected his Gmail.
async fn scene() -> Scene {
    let sessions = Arc::new(InMemoryAdminSessions::default());
    let session = a_new_admin_session(COMPANY_A, ADMIN_TOKEN);
    sessions.open(&session).await.unwrap();
    let jobs = Arc::new(InMemoryJobQueue::default());
    let connections = Arc::new(InMemoryConnectionStore::default());
    let owner = Owner { company_id: COMPANY_A, user_id: someone(), ..an_owner() };
    connections.save_connection(&cortex_connections::model::SaveConnection { owner, ..a_save() }).await.unwrap();
    jobs.connect(COMPANY_A, someone(), Provider::Gmail);
    let members = Arc::new(InMemoryMembers::default());
    members.add(COMPANY_A, someone(), "one@example.com".parse().unwrap());
    let stuck = Arc::new(InMemoryStuckThings::default());
    let start_sync = start_sync_by(jobs.clone());
    let base = services();
    let admin = AdminServices {
        member: members.clone(),
        members,
        connections,
        stuck: stuck.clone(),
        jobs: jobs.clone(),
        workers: jobs.clone(),
        cancel_job: Arc::new(CancelJob::new(jobs.clone(), jobs.clone())),
        retry_job: Arc::new(RetryJob::new(jobs.clone(), start_sync.clone(), start_company_job_by(jobs.clone()))),
        start_sync,
        overrides: jobs.clone(),
        ..base.admin.clone()
    };
    let services =
        Services { enter_admin_panel: panel(sessions.clone(), &[]), admin_sessions: sessions.clone(), admin, ..base };
    Scene { services, sessions, jobs, stuck, session: session.id.to_string() }
}

impl Scene {
    async fn get(&self, path: &str) -> (u16, Value) {
        answer(self.services.clone(), as_admin(TestRequest::get().uri(path))).await
    }

    async fn post(&self, path: &str) -> (u16, Value) {
        answer(self.services.clone(), as_admin(TestRequest::post().uri(path))).await
    }

    async fn all_jobs(&self) -> Vec<cortex_sync_jobs::model::Job> {
        let slice = cortex_sync_jobs::model::Slice::new(None, None);
        self.jobs.list_jobs(COMPANY_A, &cortex_sync_jobs::model::JobFilter::default(), slice).await.unwrap().jobs
    }

    /// Runs the job that waits longest, and ends it.
    async fn end(&self, ending: &Ending) {
        let claimed = self.jobs.claim(&a_claim()).await.unwrap().remove(0);
        self.jobs.finish(COMPANY_A, claimed.lease, ending).await.unwrap();
    }
}

fn failed() -> Ending {
    Ending::Failed(Failure::new("some_code", "Some sentence."))
}

fn sync_path(user_id: UserId, provider: &str) -> String {
    format!("/admin/connectors/sync?user_id={user_id}&provider={provider}")
}

#[rstest]
#[case::by_query(TestRequest::post().uri(&sync_path(someone(), "google-mail")))]
#[case::by_body(post("/admin/connectors/sync", json!({ "user_id": someone().to_string(), "provider": "gmail" }).to_string()))]
#[case::by_both(post(
    &format!("/admin/connectors/sync?user_id={}", someone()),
    json!({ "provider": "gmail" }).to_string()
))]
#[actix_web::test]
async fn an_admin_has_an_account_read(#[case] request: TestRequest) {
    let scene = scene().await;

    let (status, body) = answer(scene.services.clone(), as_admin(request)).await;

    let job = scene.all_jobs().await.remove(0);
    let expected = json!({
        "status": "queued",
        "job_id": job.id.to_string(),
        "user_id": someone().to_string(),
        "provider": "gmail",
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!((status, body), (200, expected));
    assert_eq!((job.user_id, job.trigger, job.triggered_by), (someone(), Trigger::Admin, Some(scene.session)));
}

#[rstest]
#[case::no_provider(TestRequest::post().uri(&format!("/admin/connectors/sync?user_id={}", someone())), ProblemKind::UnsupportedProvider)]
#[case::nothing(TestRequest::post().uri("/admin/connectors/sync"), ProblemKind::UnsupportedProvider)]
#[case::unknown_provider(TestRequest::post().uri(&sync_path(someone(), "myspace")), ProblemKind::UnsupportedProvider)]
#[case::unknown_in_the_body(
    post("/admin/connectors/sync", json!({ "user_id": someone().to_string(), "provider": "myspace" }).to_string()),
    ProblemKind::UnsupportedProvider
)]
#[case::switched_off(TestRequest::post().uri(&sync_path(someone(), "quickbooks")), ProblemKind::ProviderNotConfigured)]
#[case::no_user(TestRequest::post().uri("/admin/connectors/sync?provider=gmail"), ProblemKind::InvalidQuery)]
#[case::no_uuid(TestRequest::post().uri("/admin/connectors/sync?provider=gmail&user_id=me"), ProblemKind::InvalidQuery)]
#[case::no_uuid_in_the_body(
    post("/admin/connectors/sync", r#"{"provider":"gmail","user_id":"me"}"#),
    ProblemKind::InvalidField
)]
#[case::unknown_field(post("/admin/connectors/sync", r#"{"provider":"gmail","user":"me"}"#), ProblemKind::InvalidField)]
#[case::no_member(TestRequest::post().uri(&sync_path(UserId::new(Uuid::from_u128(77)), "gmail")), ProblemKind::NotFound)]
#[case::not_connected(TestRequest::post().uri(&sync_path(someone(), "outlook")), ProblemKind::NotConnected)]
#[actix_web::test]
async fn a_sync_that_cannot_be_makes_no_job(#[case] request: TestRequest, #[case] kind: ProblemKind) {
    let scene = scene().await;

    problem_of(call(scene.services.clone(), as_admin(request)).await, kind).await;

    assert_eq!(scene.all_jobs().await, []);
    assert_eq!(scene.sessions.audited(COMPANY_A), ["admin_login", "admin_action_failed"], "it is told all the same");
}

#[actix_web::test]
async fn an_admins_sync_passes_the_lock() {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;
    let first = scene.all_jobs().await.remove(0);
    scene.jobs.get_on(first.id);
    scene.end(&failed()).await;

    // The id generator of the stage gives one id only, so the lock is what is looked at.
    assert!(scene.jobs.sync_state(first.subject.connection_id().unwrap()).is_locked);
    let (status, _) = scene.post(&sync_path(someone(), "gmail")).await;

    assert_eq!(status, 200);
}

#[rstest]
#[case("/admin/jobs/all")]
#[case("/admin/connectors/history")]
#[actix_web::test]
async fn jobs_are_listed_with_the_brokers_ids_of_their_connections(#[case] path: &str) {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;

    let (status, body) = scene.get(path).await;

    assert_eq!((status, &body["count"], &body["limit"], &body["offset"]), (200, &json!(1), &json!(50), &json!(0)));
    let job = &body["jobs"][0];
    assert_eq!(job["connection_id"], a_save().broker_id.as_str());
    assert_eq!((&job["provider"], &job["trigger"]), (&json!("gmail"), &json!("admin")));
    assert_eq!(job["triggered_by"], scene.session);
}

#[rstest]
#[case("status=failed", 0)]
#[case("status=queued&provider=google-mail", 1)]
#[case("provider=outlook", 0)]
#[case("user_id=00000000-0000-4000-8000-000000000077", 0)]
#[case("limit=9999&offset=1", 0)]
#[actix_web::test]
async fn a_list_of_jobs_is_narrowed(#[case] query: &str, #[case] expected: usize) {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;

    let (status, body) = scene.get(&format!("/admin/jobs/all?{query}")).await;

    assert_eq!((status, body["jobs"].as_array().unwrap().len()), (200, expected), "{body}");
    assert_eq!(scene.sessions.audited(COMPANY_A), ["admin_login"], "what was done is told by whoever did it");
    assert!(body["limit"].as_u64().unwrap() <= 200);
}

#[rstest]
#[case("status=lost", ProblemKind::InvalidQuery)]
#[case("provider=myspace", ProblemKind::UnsupportedProvider)]
#[case("user_id=me", ProblemKind::InvalidQuery)]
#[case("limit=many", ProblemKind::InvalidQuery)]
#[case("offset=100001", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn a_list_of_nothing_that_there_is_is_refused(#[case] query: &str, #[case] kind: ProblemKind) {
    let request = as_admin(TestRequest::get().uri(&format!("/admin/jobs/all?{query}")));

    problem_of(call(scene().await.services, request).await, kind).await;
}

#[actix_web::test]
async fn a_job_of_the_company_is_listed_and_tried_again_although_it_is_nobodys() {
    let scene = scene().await;
    let by_schedule = NewJob { user_id: NOBODY, company_id: COMPANY_A, ..a_new_company_job() };
    scene.jobs.enqueue(&by_schedule).await.unwrap();
    scene.jobs.note(COMPANY_A, &a_sign(), std::time::Duration::ZERO).await.unwrap();
    let claimed = scene.jobs.claim(&a_claim()).await.unwrap().remove(0);

    let (_, body) = scene.get("/admin/workers/status").await;
    let running = &body["workers"][0]["running_jobs"][0];
    assert_eq!((&running["kind"], &running["provider"]), (&json!("summaries"), &Value::Null));

    scene.jobs.finish(COMPANY_A, claimed.lease, &failed()).await.unwrap();
    let (_, body) = scene.get("/admin/jobs/all?status=failed").await;
    let job = &body["jobs"][0];
    assert_eq!((&job["kind"], &job["period"]), (&json!("summaries"), &json!("2026-03-02")));
    assert_eq!((&job["provider"], &job["user_id"]), (&Value::Null, &json!(NOBODY.to_string())));
    assert_eq!(scene.get("/admin/metrics/overview").await.1["sync_jobs"]["total"], 0, "it is no sync");

    let (status, _) = scene.post(&format!("/admin/jobs/{}/retry", by_schedule.id)).await;

    let new = scene.all_jobs().await.into_iter().find(|job| job.id != by_schedule.id).unwrap();
    assert_eq!((status, new.status, new.trigger), (200, JobStatus::Queued, Trigger::Admin));
    assert_eq!((new.user_id, new.triggered_by), (NOBODY, Some(scene.session.clone())));
}

#[actix_web::test]
async fn a_job_of_anybody_or_nobody_is_called_off_once() {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;
    let by_schedule = NewJob { user_id: NOBODY, company_id: COMPANY_A, ..a_new_company_job() };
    scene.jobs.enqueue(&by_schedule).await.unwrap();

    for job in scene.all_jobs().await {
        let path = format!("/admin/jobs/{}/cancel", job.id);
        let (status, body) = scene.post(&path).await;
        assert_eq!((status, &body["id"], &body["status"]), (200, &json!(job.id.to_string()), &json!("cancelled")));
        assert_eq!(scene.post(&path).await.0, 409);
    }
    let mut audited = scene.jobs.audited(COMPANY_A);
    audited.sort();
    assert_eq!(audited, ["job_cancelled", "sync_cancelled", "sync_triggered"]);
}

/// Another id with every call.
struct Ids(std::sync::atomic::AtomicU64);

impl cortex_kernel::IdGenerator for Ids {
    fn new_uuid(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed).into())
    }
}

#[actix_web::test]
async fn what_failed_is_tried_again_as_a_new_job() {
    let mut scene = scene().await;
    let wake = Arc::new(tokio::sync::Notify::new());
    let ids = Arc::new(Ids(1.into()));
    let start_sync = Arc::new(cortex_sync_jobs::StartSync::new(scene.jobs.clone(), ids, wake, 5));
    let start_company_job = start_company_job_by(scene.jobs.clone());
    scene.services.admin.retry_job = Arc::new(RetryJob::new(scene.jobs.clone(), start_sync.clone(), start_company_job));
    scene.services.admin.start_sync = start_sync;
    scene.post(&sync_path(someone(), "gmail")).await;
    scene.end(&failed()).await;
    let original = scene.all_jobs().await.remove(0).id;

    let (status, body) = scene.post(&format!("/admin/jobs/{original}/retry")).await;

    let new = scene.all_jobs().await.into_iter().find(|job| job.id != original).unwrap();
    let expected =
        json!({ "status": "queued", "new_job_id": new.id.to_string(), "original_job_id": original.to_string() });
    assert_eq!((status, body), (200, expected));
    assert_eq!(scene.jobs.audited(COMPANY_A), ["sync_triggered", "job_retried"]);
    let request = as_admin(TestRequest::post().uri(&format!("/admin/jobs/{}/retry", new.id)));
    problem_of(call(scene.services.clone(), request).await, ProblemKind::WrongState).await;
    assert_eq!(new.status, JobStatus::Queued);
}

#[rstest]
#[case::absent("00000000-0000-4000-8000-000000000077", ProblemKind::NotFound)]
#[case::no_id("first", ProblemKind::InvalidPath)]
#[actix_web::test]
async fn a_job_that_is_not_there_is_not_tried(#[case] id: &str, #[case] kind: ProblemKind) {
    let request = as_admin(TestRequest::post().uri(&format!("/admin/jobs/{id}/retry")));

    problem_of(call(scene().await.services, request).await, kind).await;
}

#[actix_web::test]
async fn members_are_listed_with_their_accounts() {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;
    scene.end(&Ending::Completed).await;

    let (status, body) = scene.get("/admin/connectors/users").await;

    assert_eq!((status, body["users"].as_array().unwrap().len(), &body["next_cursor"]), (200, 1, &Value::Null));
    let user = &body["users"][0];
    assert_eq!(user["user_id"], someone().to_string());
    assert_eq!((&user["email"], &user["tenant_id"]), (&json!("one@example.com"), &json!(COMPANY_A.to_string())));
    let gmail = &user["providers"]["gmail"];
    assert_eq!((&gmail["connected"], &gmail["status"]), (&json!(true), &json!("active")));
    assert_eq!(gmail["connection_id"], a_save().broker_id.as_str());
    assert!(gmail["last_sync"].is_string());
    assert_eq!(user["providers"]["google_drive"]["connected"], false);
    let names: BTreeSet<_> = user["last_syncs"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(["drive", "gmail", "outlook", "quickbooks"]));
    assert_eq!(user["last_syncs"]["gmail"]["status"], "completed");
    assert_eq!(user["last_syncs"]["drive"], Value::Null);
}

/// Whatever the number of members: the mocks are called once each.
#[actix_web::test]
async fn however_many_members_are_listed_everything_is_asked_for_once() {
    let mut scene = scene().await;
    let members = Arc::new(InMemoryMembers::default());
    for n in 1..=50 {
        members.add(COMPANY_A, UserId::new(Uuid::from_u128(n)), format!("m{n}@example.com").parse().unwrap());
    }
    let mut connections = MockConnectionDirectory::new();
    connections.expect_list_of().once().returning(|_, _| Ok(Vec::new()));
    let mut jobs = MockJobDirectory::new();
    jobs.expect_last_syncs().once().returning(|_, _| Ok(Vec::new()));
    scene.services.admin.members = members;
    scene.services.admin.connections = Arc::new(connections);
    scene.services.admin.jobs = Arc::new(jobs);

    let (status, body) = scene.get("/admin/connectors/users?limit=40").await;

    assert_eq!((status, body["users"].as_array().unwrap().len()), (200, 40));
    assert!(body["next_cursor"].is_string());
}

fn put(body: &Value) -> TestRequest {
    as_admin(post("/admin/sync-permissions", body.to_string()).method(actix_web::http::Method::PUT))
}

#[actix_web::test]
async fn an_admin_allows_one_more_initial_sync() {
    let scene = scene().await;
    let wanted = json!({ "user_id": someone().to_string(), "provider": "google-mail", "allow": true, "reason": " moved house " });

    let (status, mut body) = answer(scene.services.clone(), put(&wanted)).await;

    assert!(body.as_object_mut().unwrap().remove("id").is_some());
    let expected = json!({
        "company_id": COMPANY_A.to_string(),
        "user_id": someone().to_string(),
        "provider": "gmail",
        "allow": true,
        "reason": "moved house",
        "by": scene.session,
        "created_at": "2026-03-02T12:00:00Z",
    });
    assert_eq!((status, body), (200, expected));
    assert_eq!(scene.jobs.words(COMPANY_A), [(Some(someone()), Some(Provider::Gmail), Override::Allow)]);
}

#[rstest]
#[case::no_reason(json!({ "allow": true, "reason": "  " }), ProblemKind::InvalidField)]
#[case::endless_reason(json!({ "allow": true, "reason": "x".repeat(501) }), ProblemKind::InvalidField)]
#[case::no_word(json!({ "reason": "because" }), ProblemKind::InvalidField)]
#[case::unknown_provider(json!({ "allow": true, "reason": "because", "provider": "myspace" }), ProblemKind::UnsupportedProvider)]
#[case::no_member(
    json!({ "allow": true, "reason": "because", "user_id": "00000000-0000-4000-8000-000000000077" }),
    ProblemKind::NotFound
)]
#[actix_web::test]
async fn a_word_about_nothing_is_not_kept(#[case] body: Value, #[case] kind: ProblemKind) {
    let scene = scene().await;

    problem_of(call(scene.services.clone(), put(&body)).await, kind).await;

    assert_eq!(scene.jobs.words(COMPANY_A), []);
}

#[actix_web::test]
async fn dead_webhooks_are_listed_without_what_is_in_them_and_replayed() {
    let scene = scene().await;
    let webhook = NewWebhook { body: b"{\"subject\": \"hush\"}".to_vec(), ..a_webhook() };
    scene.stuck.inbox.put(&webhook).await.unwrap();
    let claimed = scene.stuck.inbox.claim_next(COMPANY_A, std::time::Duration::from_mins(1)).await.unwrap().unwrap();
    let ending = WebhookEnding::Dead { error: "no user".to_owned() };
    scene.stuck.inbox.finish(COMPANY_A, claimed.claim, &ending).await.unwrap();

    let (status, body) = scene.get("/admin/inbox?state=dead").await;

    assert_eq!(
        (status, &body["items"][0]["state"], &body["items"][0]["note"]),
        (200, &json!("dead"), &json!("no user"))
    );
    assert!(!body.to_string().contains("hush"), "{body}");
    let path = format!("/admin/inbox/{}/replay", body["items"][0]["id"]);
    assert_eq!(scene.post(&path).await, (200, json!({ "status": "pending", "id": body["items"][0]["id"] })));
    assert_eq!(scene.stuck.inbox.replayed(COMPANY_A)[0].session_id.to_string(), scene.session);
    let again = as_admin(TestRequest::post().uri(&path));
    problem_of(call(scene.services.clone(), again).await, ProblemKind::WrongState).await;
    let absent = as_admin(TestRequest::post().uri("/admin/inbox/77/replay"));
    problem_of(call(scene.services.clone(), absent).await, ProblemKind::NotFound).await;
}

#[actix_web::test]
async fn quarantined_connections_are_listed() {
    let scene = scene().await;
    scene.stuck.quarantine.quarantine(&a_quarantined_connection()).await.unwrap();

    let (status, body) = scene.get("/admin/connections?status=quarantined").await;

    let kept = a_quarantined_connection();
    let item = &body["items"][0];
    assert_eq!((status, &item["status"], &item["reason"]), (200, &json!("quarantined"), &json!(kept.reason.name())));
    assert_eq!(item["connection_id"], kept.reference.id.as_str());
}

#[actix_web::test]
async fn the_companys_connections_of_a_status_are_listed() {
    let scene = scene().await;
    let connections = InMemoryConnectionStore::with([a_connection()]);
    connections.put_unclaimed(COMPANY_A, an_unclaimed_connection(), NOON);
    let views = Arc::new(InMemoryConnectionViews::of(connections));
    let admin = AdminServices { connection_views: views, ..scene.services.admin.clone() };
    let services = Services { admin, ..scene.services };

    for (status, id) in [("active", 1), ("needs_reauthorization", 7)] {
        let path = format!("/admin/connections?status={status}");
        let (code, body) = answer(services.clone(), as_admin(TestRequest::get().uri(&path))).await;
        assert_eq!((code, body["items"].as_array().unwrap().len()), (200, 1), "{body}");
        assert_eq!((&body["items"][0]["id"], &body["items"][0]["status"]), (&json!(id), &json!(status)));
    }
}

#[rstest]
#[case("/admin/inbox?state=lost")]
#[case("/admin/inbox?cursor=nonsense")]
#[case("/admin/connections?status=moody")]
#[case("/admin/connections?status=active&cursor=nonsense")]
#[case("/admin/connections?cursor=nonsense")]
#[case("/admin/connectors/users?cursor=nonsense")]
#[actix_web::test]
async fn a_list_that_there_is_not_is_refused(#[case] path: &str) {
    let request = as_admin(TestRequest::get().uri(path));

    problem_of(call(scene().await.services, request).await, ProblemKind::InvalidQuery).await;
}

struct Check(&'static str, bool);

#[async_trait]
impl ReadinessCheck for Check {
    fn component(&self) -> &'static str {
        self.0
    }

    async fn check(&self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        if self.1 { Ok(()) } else { Err("no route to 10.0.0.7".into()) }
    }
}

#[rstest]
#[case::all_up(true, "healthy")]
#[case::one_down(false, "degraded")]
#[actix_web::test]
async fn the_health_of_every_component_is_told(#[case] nango: bool, #[case] expected: &str) {
    let mut scene = scene().await;
    let checks: [Arc<dyn ReadinessCheck>; 4] = [
        Arc::new(Check("database", true)),
        Arc::new(Check("master", true)),
        Arc::new(Check("keys", true)),
        Arc::new(Check("nango", nango)),
    ];
    scene.services.admin.health = Arc::new(Health::new(checks.into()));

    let (status, body) = scene.get("/admin/health/full").await;

    assert_eq!((status, &body["status"], &body["timestamp"]), (200, &json!(expected), &json!("2026-03-02T12:00:00Z")));
    let names: Vec<_> = body["components"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["database", "jwks", "master", "nango", "worker"]);
    assert_eq!(body["components"]["nango"]["status"], if nango { "up" } else { "down" });
    assert!(body["components"]["database"]["latency_ms"].is_u64());
    assert!(!body.to_string().contains("10.0.0.7"), "{body}");
}

#[actix_web::test]
async fn everything_is_counted() {
    let mut scene = scene().await;
    let library = InMemoryLibrary::default();
    library.put_document(COMPANY_A, DocumentText { document: a_document_view("1"), content: "Text".to_owned() });
    scene.services.admin.documents = Arc::new(library);
    scene.post(&sync_path(someone(), "gmail")).await;

    let (status, body) = scene.get("/admin/metrics/overview").await;

    let expected = json!({
        "documents": { "total": 1, "by_source": { "gmail": 1 } },
        "sync_jobs": { "total": 1, "by_status": { "queued": 1 } },
        "connections": { "total": 1, "by_status": { "active": 1 } },
        "users": { "total": 1 },
        "qdrant": { "vectors": 0 },
        "neo4j": { "nodes": 0, "relationships": 0 },
        "timestamp": "2026-03-02T12:00:00Z",
    });
    assert_eq!((status, body), (200, expected));
}

#[actix_web::test]
async fn a_database_that_is_away_is_told_as_such() {
    let mut scene = scene().await;
    let mut jobs = MockJobDirectory::new();
    jobs.expect_list_jobs().returning(|_, _, _| Err(StoreError::Unavailable("hush".into())));
    jobs.expect_count_by_status().returning(|_| Err(StoreError::Unavailable("hush".into())));
    jobs.expect_last_syncs().returning(|_, _| Err(StoreError::Unavailable("hush".into())));
    let mut stuck = MockStuckThings::new();
    stuck.expect_replay().returning(|_| Err(StoreError::Unavailable("hush".into())));
    scene.services.admin.jobs = Arc::new(jobs);
    scene.services.admin.stuck = Arc::new(stuck);

    for path in ["/admin/jobs/all", "/admin/metrics/overview", "/admin/connectors/users"] {
        let request = as_admin(TestRequest::get().uri(path));
        problem_of(call(scene.services.clone(), request).await, ProblemKind::Unavailable).await;
    }
    let request = as_admin(TestRequest::post().uri("/admin/inbox/1/replay"));
    problem_of(call(scene.services.clone(), request).await, ProblemKind::Unavailable).await;
}

#[actix_web::test]
async fn workers_are_told_with_what_they_run() {
    let scene = scene().await;
    scene.post(&sync_path(someone(), "gmail")).await;
    scene.jobs.claim(&a_claim()).await.unwrap();
    let other = WorkerSign { name: "z".to_owned(), ..a_sign() };
    for (sign, silent) in [(a_sign(), 30), (other, 31)] {
        scene.jobs.note(COMPANY_A, &sign, std::time::Duration::from_secs(silent)).await.unwrap();
    }

    let (status, body) = scene.get("/admin/workers/status").await;

    let job = &scene.all_jobs().await[0];
    let (kind, provider) = (job.kind.name(), job.subject.provider().unwrap().name());
    let running =
        json!([{ "id": job.id.to_string(), "user_id": someone().to_string(), "provider": provider, "kind": kind }]);
    let worker = |name: &str, last_tick_at: &str, alive: bool, running_jobs: &Value| {
        json!({
            "name": name, "version": "1.2.3", "alive": alive, "capacity": 4, "started_at": "2026-03-02T12:00:00Z",
            "last_tick_at": last_tick_at, "running_jobs": running_jobs,
        })
    };
    let workers = [
        worker("worker", "2026-03-02T11:59:30Z", true, &running),
        worker("z", "2026-03-02T11:59:29Z", false, &json!([])),
    ];
    assert_eq!((status, body), (200, json!({ "workers": workers, "timestamp": "2026-03-02T12:00:00Z" })));
}

/// What the panel can call counts documents, and reads none: there is no reader among its ports.
#[actix_web::test]
async fn an_admin_session_reads_no_document() {
    for path in ["/api/v1/documents", "/api/v1/documents/1", "/api/v1/search?query=pump"] {
        let request = as_admin(TestRequest::get().uri(path));
        problem_of(call(scene().await.services, request).await, ProblemKind::Unauthenticated).await;
    }
}
