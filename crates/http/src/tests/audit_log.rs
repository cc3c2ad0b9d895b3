//! The audit log, as admins read it and take it out.

use std::sync::Arc;

use actix_web::test::{self, TestRequest};
use cortex_identity::ports::{AdminSessions, MockAuditLog};
use cortex_identity::testing::audit::{InMemoryAudit, NewRow, a_row, minutes_after_noon};
use cortex_identity::testing::{COMPANY_A, COMPANY_B, InMemoryAdminSessions, USER_1, USER_2, a_new_admin_session};
use cortex_kernel::StoreError;
use rstest::rstest;
use serde_json::{Value, json};

use super::stage::{ADMIN_TOKEN, answer, as_admin, call, panel, services};
use super::{header, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

/// An admin is logged in.
async fn with(log: InMemoryAudit) -> (Services, Arc<InMemoryAudit>) {
    let sessions = Arc::new(InMemoryAdminSessions::default());
    sessions.open(&a_new_admin_session(COMPANY_A, ADMIN_TOKEN)).await.unwrap();
    let log = Arc::new(log);
    let services = Services {
        enter_admin_panel: panel(sessions.clone(), &[]),
        admin_sessions: sessions,
        audit_log: Arc::clone(&log) as _,
        ..services()
    };
    (services, log)
}

fn get(path: &str) -> TestRequest {
    as_admin(TestRequest::get().uri(path))
}

/// Three rows of the company, and one of another.
fn three() -> InMemoryAudit {
    let log = InMemoryAudit::default();
    for (minutes, action, user_id) in [(0, "one", USER_1), (1, "two", USER_1), (2, "two", USER_2)] {
        let row = NewRow { at: minutes_after_noon(minutes), user_id: Some(user_id), ..a_row(action) };
        log.put(COMPANY_A, row);
    }
    log.tell(COMPANY_B, "elsewhere");
    log
}

fn actions(body: &Value) -> Vec<&str> {
    body["logs"].as_array().unwrap().iter().map(|row| row["action"].as_str().unwrap()).collect()
}

#[actix_web::test]
async fn the_log_is_listed_in_parts_the_newest_rows_first() {
    let (services, _) = with(three()).await;

    let (status, first) = answer(services.clone(), get("/admin/audit-log?limit=2")).await;
    let cursor = first["next_cursor"].as_str().unwrap().to_owned();
    let (_, rest) = answer(services, get(&format!("/admin/audit-log?limit=2&cursor={cursor}"))).await;

    assert_eq!((status, actions(&first)), (200, vec!["two", "two"]));
    let id = rest["logs"][0]["id"].clone();
    let expected = json!({
        "logs": [{
            "id": id,
            "action": "one",
            "user_id": USER_1.to_string(),
            "company_id": COMPANY_A.to_string(),
            "session_id": null,
            "resource_type": null,
            "resource_id": null,
            "details": {"provider": "gmail"},
            "ip_address": "203.0.113.7",
            "user_agent": "browser",
            "request_id": null,
            "created_at": "2026-03-02T12:00:00Z",
        }],
        "count": 1,
        "limit": 2,
        "next_cursor": null,
    });
    assert_eq!(rest, expected);
}

#[rstest]
#[case("", 3, 50)]
#[case("?action=two", 2, 50)]
#[case(&format!("?user_id={USER_1}&limit=1000"), 2, 200)]
#[case(&format!("?action=two&user_id={USER_2}"), 1, 50)]
#[case("?action=nothing", 0, 50)]
#[actix_web::test]
async fn the_log_is_narrowed_by_its_query(#[case] query: &str, #[case] count: usize, #[case] limit: u16) {
    let (services, _) = with(three()).await;

    let (status, body) = answer(services, get(&format!("/admin/audit-log{query}"))).await;

    assert_eq!((status, actions(&body).len()), (200, count));
    assert_eq!((&body["count"], &body["limit"]), (&json!(count), &json!(limit)));
}

#[rstest]
#[case("/admin/audit-log?cursor=rubbish")]
#[case("/admin/audit-log?user_id=nobody")]
#[case("/admin/audit-log?action=a%00b")]
#[case("/admin/audit-log/export?format=xlsx")]
#[case("/admin/audit-log/export?user_id=nobody")]
#[actix_web::test]
async fn what_cannot_be_taken_is_refused(#[case] path: &str) {
    let (services, log) = with(three()).await;

    problem_of(call(services, get(path)).await, ProblemKind::InvalidQuery).await;

    assert!(!log.actions(COMPANY_A).contains(&"export_started".to_owned()));
}

#[actix_web::test]
async fn an_export_has_every_row_once_and_itself() {
    let log = InMemoryAudit::default();
    for number in 0..450 {
        log.put(COMPANY_A, NewRow { at: minutes_after_noon(-1 - number), ..a_row("one") });
    }
    let (services, log) = with(log).await;

    let response = call(services, get("/admin/audit-log/export?format=ndjson")).await;

    assert_eq!(header(response.headers(), "content-type"), Some("application/x-ndjson"));
    let disposition = header(response.headers(), "content-disposition");
    assert_eq!(disposition, Some("attachment; filename=\"audit-log.ndjson\""));
    let body = test::read_body(response).await;
    let rows: Vec<Value> =
        std::str::from_utf8(&body).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows.len(), 451);
    assert_eq!(rows[0]["action"], "export_started");
    assert_eq!(rows[1]["details"], json!({"provider": "gmail"}));
    let told = log.actions(COMPANY_A).into_iter().filter(|action| action == "export_started").count();
    assert_eq!(told, 1);
}

#[rstest]
#[case("=HYPERLINK(\"http://x\")")]
#[case("+1")]
#[case("-1")]
#[case("@SUM(A1)")]
#[case("\t=1")]
#[case("\r=1")]
#[case("\n=1")]
#[case("＝1")]
#[actix_web::test]
async fn a_table_holds_no_formula(#[case] user_agent: &str) {
    let log = InMemoryAudit::default();
    log.put(COMPANY_A, NewRow { user_agent: Some(user_agent.to_owned()), ..a_row("one, \"two\"") });
    let (services, _) = with(log).await;

    let response = call(services, get("/admin/audit-log/export?format=csv&action=one,%20%22two%22")).await;

    assert_eq!(header(response.headers(), "content-type"), Some("text/csv; charset=utf-8"));
    let body = test::read_body(response).await;
    let mut reader = csv::Reader::from_reader(body.as_ref());
    let head = reader.headers().unwrap().iter().collect::<Vec<_>>().join(",");
    assert_eq!(
        head,
        "id,action,user_id,company_id,session_id,resource_type,resource_id,details,ip_address,user_agent,request_id,\
         created_at"
    );
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 1);
    assert_eq!((&rows[0][1], &rows[0][9]), ("one, \"two\"", format!("'{user_agent}").as_str()));
    assert_eq!(&rows[0][11], "2026-03-02T12:00:00Z");
}

#[actix_web::test]
async fn an_export_that_cannot_be_told_is_none() {
    let (services, _) = with(three()).await;
    let mut log = MockAuditLog::new();
    log.expect_start_export().returning(|_| Err(StoreError::Unavailable("gone".into())));

    let response = call(Services { audit_log: Arc::new(log), ..services }, get("/admin/audit-log/export")).await;

    problem_of(response, ProblemKind::Unavailable).await;
}
