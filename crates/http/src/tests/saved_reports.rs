//! Reports that people keep.

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use rstest::rstest;
use serde_json::{Value, json};

use super::problem_of;
use super::stage::{answer, as_role, call, member, services};
use crate::Services;
use crate::problem::ProblemKind;

fn a_report() -> Value {
    json!({
        "title": "Pumps", "report_type": "investigation", "report_data": { "executive_summary": "Two are late." },
        "description": "What is late", "source_widget_title": "Deliveries", "source_widget_message": "Two late",
        "source_alert_id": "alert-1", "source_query": "Which?", "tags": ["pumps"],
    })
}

async fn save(services: &Services, role: Role, body: &Value) -> (u16, Value) {
    let request = TestRequest::post().uri("/api/v1/reports/save").set_json(body);
    answer(services.clone(), as_role(role, request)).await
}

async fn kept(services: &Services, role: Role) -> String {
    let (status, told) = save(services, role, &a_report()).await;
    assert_eq!((status, &told["success"]), (201, &json!(true)), "{told}");
    assert_eq!(told["user_id"], member(role).to_string());
    told["report_id"].as_str().unwrap().to_owned()
}

async fn get(services: &Services, role: Role, path: &str) -> (u16, Value) {
    answer(services.clone(), as_role(role, TestRequest::get().uri(path))).await
}

async fn patch(services: &Services, role: Role, id: &str, body: &Value) -> (u16, Value) {
    let request = TestRequest::patch().uri(&format!("/api/v1/reports/{id}")).set_json(body);
    answer(services.clone(), as_role(role, request)).await
}

async fn star(services: &Services, role: Role, id: &str) -> (u16, Value) {
    let request = TestRequest::post().uri(&format!("/api/v1/reports/{id}/star"));
    answer(services.clone(), as_role(role, request)).await
}

async fn delete(services: &Services, role: Role, id: &str) -> (u16, Value) {
    let request = TestRequest::delete().uri(&format!("/api/v1/reports/{id}"));
    answer(services.clone(), as_role(role, request)).await
}

#[actix_web::test]
async fn a_report_is_kept_listed_found_and_told() {
    let services = services();
    let id = kept(&services, Role::Viewer).await;

    let (status, listed) =
        get(&services, Role::Viewer, "/api/v1/reports/list?report_type=investigation&limit=10").await;

    let at = &listed["reports"][0]["created_at"];
    let item = json!({
        "report_id": id, "title": "Pumps", "report_type": "investigation", "description": "What is late",
        "created_at": at, "updated_at": at, "last_viewed_at": null, "view_count": 0, "is_starred": false,
        "is_shared": false, "is_own": true, "owner_id": member(Role::Viewer).to_string(), "tags": ["pumps"],
        "source_widget_title": "Deliveries", "source_alert_id": "alert-1", "report_summary": "Two are late.",
    });
    assert_eq!((status, &listed), (200, &json!({ "total": 1, "limit": 10, "offset": 0, "reports": [item] })));
    let nothing = json!({ "total": 0, "limit": 50, "offset": 0, "reports": [] });
    assert_eq!(get(&services, Role::Viewer, "/api/v1/reports/list?starred_only=true").await.1, nothing);
    assert_eq!(get(&services, Role::Viewer, "/api/v1/reports/search?q=PUMP").await.1["total"], 1);
    assert_eq!(get(&services, Role::Viewer, "/api/v1/reports/search?q=heron").await.1, nothing);

    let (_, told) = get(&services, Role::Viewer, &format!("/api/v1/reports/{id}")).await;
    assert_eq!(
        (&told["report_data"], &told["source_query"], &told["source_widget_message"], &told["view_count"]),
        (&json!({ "executive_summary": "Two are late." }), &json!("Which?"), &json!("Two late"), &json!(1))
    );
    let counts = json!({
        "total_reports": 1, "starred_reports": 0, "shared_reports": 0, "total_views": 1,
        "by_type": { "investigation": 1 },
    });
    assert_eq!(get(&services, Role::Viewer, "/api/v1/reports/stats").await.1, counts);
}

#[actix_web::test]
async fn a_report_is_starred_changed_and_deleted() {
    let services = services();
    let id = kept(&services, Role::User).await;

    assert_eq!(star(&services, Role::User, &id).await.1["is_starred"], true);
    let set = TestRequest::post().uri(&format!("/api/v1/reports/{id}/star")).set_json(json!({ "is_starred": true }));
    assert_eq!(answer(services.clone(), as_role(Role::User, set)).await.1["is_starred"], true);
    let (status, told) = patch(&services, Role::User, &id, &json!({ "title": "Late pumps", "tags": [] })).await;
    assert_eq!((status, &told["title"], &told["tags"]), (200, &json!("Late pumps"), &json!([])));
    assert_eq!((&told["description"], &told["is_starred"]), (&json!("What is late"), &json!(true)));

    let (status, told) = delete(&services, Role::User, &id).await;
    assert_eq!((status, &told["report_id"], &told["success"]), (200, &json!(id), &json!(true)));
    assert_eq!(delete(&services, Role::User, &id).await.0, 404);
}

#[actix_web::test]
async fn somebody_elses_report_is_absent_whatever_his_role() {
    let services = services();
    let id = kept(&services, Role::User).await;

    let reading = get(&services, Role::Owner, &format!("/api/v1/reports/{id}")).await;
    let changing = patch(&services, Role::Owner, &id, &json!({ "is_shared": true })).await;
    let starring = star(&services, Role::Owner, &id).await;
    let deleting = delete(&services, Role::Owner, &id).await;

    for (status, problem) in [reading, changing, starring, deleting] {
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")));
    }
    assert_eq!(get(&services, Role::Owner, "/api/v1/reports/list").await.1["total"], 0);
}

#[actix_web::test]
async fn what_somebody_shares_his_colleagues_read_and_nothing_else() {
    let services = services();
    let id = kept(&services, Role::User).await;
    assert_eq!(patch(&services, Role::User, &id, &json!({ "is_shared": true })).await.1["is_shared"], true);

    let (status, told) = get(&services, Role::Viewer, &format!("/api/v1/reports/{id}")).await;

    assert_eq!((status, &told["is_own"], &told["view_count"]), (200, &json!(false), &json!(0)));
    assert_eq!(patch(&services, Role::Owner, &id, &json!({ "title": "Mine" })).await.0, 404);
    assert_eq!(star(&services, Role::Owner, &id).await.0, 404);
    assert_eq!(delete(&services, Role::Owner, &id).await.0, 404);
}

#[rstest]
#[case::title(json!({ "title": " " }), "/title")]
#[case::long_title(json!({ "title": "x".repeat(201) }), "/title")]
#[case::kind(json!({ "report_type": "" }), "/report_type")]
#[case::data(json!({ "report_data": [] }), "/report_data")]
#[case::large(json!({ "report_data": { "a": "x".repeat(256 * 1024) } }), "/report_data")]
#[case::description(json!({ "description": "x".repeat(2_001) }), "/description")]
#[case::tags(json!({ "tags": vec!["x".repeat(51)] }), "/tags")]
#[case::query(json!({ "source_query": "x".repeat(2_001) }), "/source_query")]
#[actix_web::test]
async fn what_cannot_be_kept_is_refused_by_its_field(#[case] wrong: Value, #[case] pointer: &str) {
    let mut body = a_report();
    body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());

    let (status, problem) = save(&services(), Role::User, &body).await;

    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
}

#[rstest]
#[case::nothing("")]
#[case::blank("q=%20")]
#[case::too_long(&format!("q={}", "x".repeat(201)))]
#[case::nul("q=a%00b")]
#[actix_web::test]
async fn what_is_no_text_is_not_looked_for(#[case] query: &str) {
    let request = TestRequest::get().uri(&format!("/api/v1/reports/search?{query}"));

    problem_of(call(services(), as_role(Role::User, request)).await, ProblemKind::InvalidQuery).await;
}
