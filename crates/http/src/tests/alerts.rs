//! What a company's people should look at.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_insights::model::{AlertRule, Finding, Urgency};
use cortex_insights::ports::Alerts as _;
use cortex_insights::testing::alerts::a_finding;
use cortex_insights::testing::{COMPANY_A, COMPANY_B, InMemoryAlerts, a_passage};
use cortex_sync_jobs::ports::JobQueue as _;
use cortex_sync_jobs::testing::InMemoryJobQueue;
use rstest::rstest;
use serde_json::{Value, json};

use super::problem_of;
use super::stage::{alert_services, answer, as_role, call, member, services};
use crate::Services;
use crate::problem::ProblemKind;

struct Scene {
    alerts: Arc<InMemoryAlerts>,
    jobs: Arc<InMemoryJobQueue>,
    services: Services,
}

impl Scene {
    /// A mail that is urgent, an account that is an admin's, and something of another company's.
    async fn new() -> Self {
        let (alerts, jobs) = (Arc::<InMemoryAlerts>::default(), Arc::<InMemoryJobQueue>::default());
        let said = vec![a_passage(7, &[("The crane stands still.", 2)])];
        let services = Services { alerts: alert_services(alerts.clone(), jobs.clone(), said), ..services() };
        let document = alerts.put_document(COMPANY_A, "Crane", "It stands still.");
        let urgent = Finding { document_id: Some(document), urgency: Urgency::Critical, ..a_finding("1") };
        alerts.record(COMPANY_A, AlertRule::UrgentMail, &[urgent]).await.unwrap();
        let of_admin = Finding { user_id: Some(member(Role::Admin).to_string()), ..a_finding("2") };
        alerts.record(COMPANY_A, AlertRule::FailedSyncs, &[of_admin]).await.unwrap();
        alerts.record(COMPANY_B, AlertRule::FailedSyncs, &[a_finding("3")]).await.unwrap();
        Self { alerts, jobs, services }
    }

    async fn get(&self, role: Role, path: &str) -> (u16, Value) {
        answer(self.services.clone(), as_role(role, TestRequest::get().uri(path))).await
    }

    async fn post(&self, role: Role, path: &str, body: &Value) -> (u16, Value) {
        answer(self.services.clone(), as_role(role, TestRequest::post().uri(path).set_json(body))).await
    }

    /// The id of the urgent mail's.
    async fn id(&self) -> String {
        let (_, listed) = self.get(Role::Viewer, "/api/v1/alerts/active").await;
        listed["alerts"][0]["alert_id"].as_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn active_alerts_are_told_with_their_documents() {
    let scene = Scene::new().await;

    let (status, told) = scene.get(Role::Viewer, "/api/v1/alerts/active").await;

    let alert = json!({
        "alert_id": told["alerts"][0]["alert_id"], "document_id": 1, "document_title": "Crane",
        "document_source": "gmail", "alert_type": "urgent_mail", "urgency_level": "critical", "summary": "About 1.",
        "key_entities": a_finding("1").key_entities, "detected_at": "2026-03-02T12:00:01Z", "investigation_count": 0,
        "occurrences": 1,
    });
    assert_eq!((status, &told), (200, &json!({"total": 1, "urgency_filter": null, "alerts": [alert]})));
    let (_, high) = scene.get(Role::Admin, "/api/v1/alerts/active?urgency_filter=high&limit=5").await;
    assert_eq!((&high["total"], &high["urgency_filter"]), (&json!(1), &json!("high")));
    assert_eq!((&high["alerts"][0]["summary"], &high["alerts"][0]["document_id"]), (&json!("About 2."), &Value::Null));
}

#[actix_web::test]
async fn alerts_are_counted_for_who_asks() {
    let scene = Scene::new().await;

    let (_, viewers) = scene.get(Role::Viewer, "/api/v1/alerts/stats").await;
    let (_, admins) = scene.get(Role::Admin, "/api/v1/alerts/stats").await;
    let (_, dashboard) = scene.get(Role::Admin, "/api/v1/dashboard").await;

    let stats = json!({"critical": 1, "high": 0, "medium": 0, "low": 0, "total_active": 1});
    assert_eq!(viewers, json!({"stats": stats, "timestamp": "2026-03-02T12:00:00Z"}));
    assert_eq!(admins["stats"]["total_active"], 2);
    let by_urgency = json!({"critical": 1, "high": 1, "medium": 0, "low": 0});
    assert_eq!(dashboard["open_alerts"], json!({"total": 2, "by_urgency": by_urgency}));
}

#[actix_web::test]
async fn a_dismissal_keeps_who_and_why() {
    let scene = Scene::new().await;
    let id = scene.id().await;

    let (status, told) =
        scene.post(Role::User, &format!("/api/v1/alerts/{id}/dismiss"), &json!({"note": " It runs again. "})).await;

    let user_id = member(Role::User).to_string();
    assert_eq!((status, &told["success"], &told["note"]), (200, &json!(true), &json!("It runs again.")));
    assert_eq!((&told["dismissed_by"], &told["user_id"]), (&json!(user_id), &json!(user_id)));
    assert_eq!(told["company_id"], COMPANY_A.to_string());
    let (_, one) = scene.get(Role::Viewer, &format!("/api/v1/alerts/{id}")).await;
    let one = &one["alert"];
    assert_eq!((&one["status"], &one["dismissed_by"]), (&json!("dismissed"), &json!(user_id)));
    assert_eq!((&one["note"], &one["content_preview"]), (&json!("It runs again."), &json!("It stands still.")));
    let (_, history) = scene.get(Role::Viewer, "/api/v1/alerts/history?days=1").await;
    let counts = ["total_alerts", "active_count", "dismissed_count", "resolved_count"].map(|name| &history[name]);
    assert_eq!(counts, [&json!(1), &json!(0), &json!(1), &json!(0)]);
    assert_eq!((&history["by_urgency"]["critical"], &history["by_type"]), (&json!(1), &json!({"urgent_mail": 1})));
    assert_eq!(history["alerts"][0]["dismissed_by"], user_id);
    let (_, without) = scene.get(Role::Viewer, "/api/v1/alerts/history?include_dismissed=false").await;
    assert_eq!((&without["total_alerts"], &without["alerts"]), (&json!(0), &json!([])));
    assert_eq!(scene.alerts.audited(COMPANY_A), ["alert_dismissed"]);

    let again = as_role(Role::User, TestRequest::post().uri(&format!("/api/v1/alerts/{id}/dismiss")));
    problem_of(call(scene.services.clone(), again).await, ProblemKind::WrongState).await;
}

#[actix_web::test]
async fn an_investigation_tells_what_is_known_and_counts() {
    let scene = Scene::new().await;
    let id = scene.id().await;

    let (status, told) = scene.post(Role::User, &format!("/api/v1/alerts/{id}/investigate"), &json!({})).await;

    assert_eq!((status, &told["success"], &told["alert_id"]), (200, &json!(true), &json!(id)), "{told}");
    let report = &told["report"];
    assert_eq!(
        report["alert_context"]["source_document"],
        json!({
            "id": 1, "title": "Crane", "content_preview": "It stands still.",
        })
    );
    assert_eq!((&report["title"], &report["root_cause"]["primary_cause"]), (&json!("About 1."), &json!("About 1.")));
    assert_eq!(report["root_cause"]["evidence"], json!(["The crane stands still."]));
    assert_eq!(
        report["impact"],
        json!({
            "financial_impact": "", "customers_affected": [], "orders_blocked": [], "urgency": "critical",
            "risk_level": "critical",
        })
    );
    assert_eq!(report["timeline"], json!([{"date": "2026-03-02T12:00:00Z", "event": "Mail 7", "source": "gmail"}]));
    assert_eq!(report["key_stakeholders"], json!([{"name": "Nora Dahl", "role": "sender", "status": "1 document"}]));
    assert_eq!(report["recommendations"][0]["action"], "Answer the sender.");
    let source = json!({
        "document_id": 7, "text": "The crane stands still.", "score": 0.5, "from": "gmail",
        "date": "2026-03-02T12:00:00Z", "type": "email", "sender": "Nora Dahl",
        "metadata": {"title": "Mail 7", "file_url": null, "parent_document_id": null},
    });
    assert_eq!((&report["sources"], &report["total_sources"]), (&json!([source]), &json!(1)));
    assert_eq!((&report["metrics"], &report["generation_time_ms"]), (&json!([]), &json!(0)));
    let (_, listed) = scene.get(Role::Viewer, "/api/v1/alerts/active").await;
    assert_eq!(listed["alerts"][0]["investigation_count"], 1);
}

#[actix_web::test]
async fn a_backfill_is_a_job_of_who_asked_for_it() {
    let scene = Scene::new().await;

    let (status, told) = scene.post(Role::Admin, "/api/v1/alerts/backfill", &json!({})).await;
    let (_, again) = scene.post(Role::Admin, "/api/v1/alerts/backfill", &json!({})).await;

    assert_eq!((status, &told["success"], &told["status"]), (202, &json!(true), &json!("queued")));
    assert_eq!(told["job_id"], again["job_id"]);
    let id = told["job_id"].as_str().unwrap().parse().unwrap();
    let job = scene.jobs.find_job(COMPANY_A, cortex_kernel::JobId::new(id)).await.unwrap().unwrap();
    assert_eq!((job.kind.name(), job.user_id), ("alert_rules", member(Role::Admin)));
    assert_eq!(job.subject.period().map(cortex_sync_jobs::model::Period::as_str), Some("backfill"));
    assert_eq!(told["user_id"], member(Role::Admin).to_string());
}

#[rstest]
#[case::unknown_urgency("GET", "/api/v1/alerts/active?urgency_filter=all", ProblemKind::InvalidQuery)]
#[case::no_days("GET", "/api/v1/alerts/history?days=0", ProblemKind::InvalidQuery)]
#[case::no_cursor("GET", "/api/v1/alerts/history?cursor=nowhere", ProblemKind::InvalidQuery)]
#[case::no_id("GET", "/api/v1/alerts/urgent", ProblemKind::InvalidPath)]
#[case::nothing_there("GET", "/api/v1/alerts/00000000-0000-4000-8000-000000000009", ProblemKind::NotFound)]
#[case::nothing_to_dismiss(
    "POST",
    "/api/v1/alerts/00000000-0000-4000-8000-000000000009/dismiss",
    ProblemKind::NotFound
)]
#[case::nothing_to_look_into(
    "POST",
    "/api/v1/alerts/00000000-0000-4000-8000-000000000009/investigate",
    ProblemKind::NotFound
)]
#[actix_web::test]
async fn what_is_not_there_or_not_understood_is_refused(
    #[case] method: &str,
    #[case] path: &str,
    #[case] kind: ProblemKind,
) {
    let scene = Scene::new().await;
    let request = TestRequest::default().method(method.parse().unwrap()).uri(path);

    problem_of(call(scene.services, as_role(Role::User, request)).await, kind).await;
}

#[actix_web::test]
async fn a_note_may_be_only_so_long() {
    let scene = Scene::new().await;
    let path = format!("/api/v1/alerts/{}/dismiss", scene.id().await);
    let request = TestRequest::post().uri(&path).set_json(json!({"note": "ä".repeat(2_001)}));

    problem_of(call(scene.services, as_role(Role::User, request)).await, ProblemKind::InvalidField).await;
}
