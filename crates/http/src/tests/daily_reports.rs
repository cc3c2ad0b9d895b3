//! Reports of days.

use std::sync::Arc;

use actix_web::test::{self, TestRequest};
use cortex_identity::model::Role;
use cortex_identity::testing::COMPANY_A;
use cortex_insights::testing::InMemoryDays;
use cortex_insights::testing::day_reader::{Came, a_mail};
use rstest::rstest;
use serde_json::{Value, json};
use time::macros::datetime;

use super::problem_of;
use super::stage::{answer, as_role, call, member, reports_of, services};
use crate::Services;
use crate::problem::ProblemKind;

/// Yesterday a mail told of an issue; today none did.
fn reporting() -> Services {
    let days = Arc::<InMemoryDays>::default();
    let mail = a_mail("Pumps");
    days.put(COMPANY_A, Came { at: datetime!(2026-03-01 12:00 UTC), content: "A pump is broken.", ..mail });
    Services { reports: reports_of(days), ..services() }
}

async fn generate(services: &Services, role: Role, body: &Value) -> (u16, Value) {
    let request = TestRequest::post().uri("/api/v1/reports/daily/generate").set_json(body);
    answer(services.clone(), as_role(role, request)).await
}

async fn get(services: &Services, path: &str) -> (u16, Value) {
    answer(services.clone(), as_role(Role::Viewer, TestRequest::get().uri(path))).await
}

const YESTERDAY: &str = "2026-03-01";

#[actix_web::test]
async fn a_report_is_made_and_told_by_its_day() {
    let services = reporting();

    let (status, told) = generate(&services, Role::User, &json!({ "report_type": "client_relationships" })).await;

    assert_eq!(
        (status, &told["success"], &told["user_id"]),
        (200, &json!(true), &json!(member(Role::User).to_string()))
    );
    let report = &told["report"];
    assert_eq!((&report["report_type"], &report["report_date"]), (&json!("client_relationships"), &json!(YESTERDAY)));
    let full = &report["full_report"];
    assert_eq!((&report["summary"], &report["key_items"][0]), (&full["executive_summary"], &json!("Issue: Pumps")));
    assert_eq!((&full["total_sources"], &full["summarized_by"]), (&json!(1), &json!("extract")));
    let section = json!({
        "title": "Issues", "content": "- **Pumps** (Nora Dahl): broken — “A pump is broken”\n", "order": 2,
        "sources": [{ "document_id": 1, "title": "Pumps" }],
        "evolution_note": "There is no report of the day before to compare with.",
    });
    assert_eq!(full["sections"][1], section);
    assert_eq!(full["sub_questions_asked"].as_array().unwrap().len(), 4);
    assert_eq!(full["charts"][1]["bars"], json!([{ "name": "Nora Dahl", "value": 1 }]));

    let day = YESTERDAY;
    let list = json!({ "success": true, "reports": [report], "total": 1 });
    for path in ["latest", day, &format!("{day}/all"), &format!("{day}?report_type=client_relationships")] {
        assert_eq!(get(&services, &format!("/api/v1/reports/daily/{path}")).await, (200, list.clone()), "{path}");
    }
    let nothing = json!({ "success": true, "reports": [], "total": 0 });
    for path in ["2026-01-01", &format!("{day}?report_type=operations")] {
        assert_eq!(get(&services, &format!("/api/v1/reports/daily/{path}")).await, (200, nothing.clone()), "{path}");
    }
}

#[actix_web::test]
async fn a_report_that_is_there_is_told_unless_it_is_wanted_anew() {
    let services = reporting();
    let ask = async |body: Value| generate(&services, Role::User, &body).await.1["report"]["id"].clone();
    let day = YESTERDAY;

    let first = ask(json!({ "report_type": "operations", "target_date": day })).await;

    assert_eq!(ask(json!({ "report_type": "operations", "report_date": day })).await, first);
    let anew = ask(json!({ "report_type": "operations", "report_date": day, "force_regenerate": true })).await;
    assert_ne!(anew, first);
    assert_eq!(ask(json!({ "report_type": "operations" })).await, anew);
}

#[rstest]
#[case::kind(json!({ "report_type": "weather" }), "/report_type")]
#[case::day(json!({ "report_type": "operations", "target_date": "02.03.2026" }), "/target_date")]
#[case::tomorrow(json!({ "report_type": "operations", "report_date": "9999-12-31" }), "/report_date")]
#[case::long_ago(json!({ "report_type": "operations", "report_date": "1969-12-31" }), "/report_date")]
#[actix_web::test]
async fn what_is_no_day_or_no_report_is_refused_by_its_field(#[case] body: Value, #[case] pointer: &str) {
    let (status, problem) = generate(&services(), Role::User, &body).await;

    assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{problem}");
}

#[rstest]
#[case::markdown("md", "text/markdown; charset=utf-8")]
#[case::html("html", "text/html; charset=utf-8")]
#[case::pdf("pdf", "application/pdf")]
#[actix_web::test]
async fn a_file_is_to_be_saved_and_does_nothing(#[case] format: &str, #[case] media_type: &str) {
    let services = reporting();
    for kind in ["operations", "client_relationships"] {
        generate(&services, Role::User, &json!({ "report_type": kind })).await;
    }
    let day = YESTERDAY;
    let file = async |more: &str| {
        let path = format!("/api/v1/reports/daily/{day}/download?format={format}{more}");
        let response = call(services.clone(), as_role(Role::Viewer, TestRequest::get().uri(&path))).await;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let headers = ["content-type", "content-disposition", "content-security-policy", "cache-control"].map(header);
        (headers, test::read_body(response).await)
    };

    let ([kind, disposition, policy, caching], both) = file("").await;

    assert_eq!(kind.as_deref(), Some(media_type));
    assert_eq!(disposition, Some(format!("attachment; filename=\"reports-{day}.{format}\"")));
    let policy = policy.unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("sandbox"), "{policy}");
    assert_eq!((caching.as_deref(), &*both), (Some("private, no-store"), "client_relationships operations".as_bytes()));
    let ([_, disposition, ..], one) = file("&report_type=operations").await;
    assert_eq!(disposition, Some(format!("attachment; filename=\"operations-{day}.{format}\"")));
    assert_eq!(&*one, "operations".as_bytes());
}

#[rstest]
#[case::nothing_there("/api/v1/reports/daily/2026-01-01/download?format=md", ProblemKind::NotFound)]
#[case::no_day("/api/v1/reports/daily/yesterday", ProblemKind::InvalidPath)]
#[case::no_date("/api/v1/reports/daily/2026-02-30/all", ProblemKind::InvalidPath)]
#[case::no_format("/api/v1/reports/daily/2026-01-01/download?format=doc", ProblemKind::InvalidQuery)]
#[case::without_format("/api/v1/reports/daily/2026-01-01/download", ProblemKind::InvalidQuery)]
#[case::no_kind("/api/v1/reports/daily/2026-01-01?report_type=weather", ProblemKind::InvalidQuery)]
#[actix_web::test]
async fn what_is_not_there_or_not_understood_is_said(#[case] path: &str, #[case] kind: ProblemKind) {
    let response = call(services(), as_role(Role::Viewer, TestRequest::get().uri(path))).await;

    problem_of(response, kind).await;
}
