//! Who writes to whom, and what about.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_insights::model::{Keyword, LEXICON_VERSION, ReadMail, SignalCategory};
use cortex_insights::ports::MailSignals as _;
use cortex_insights::testing::correspondence::{Mail, a_mail};
use cortex_insights::testing::{
    COMPANY_A, COMPANY_B, InMemoryCorrespondence, InMemoryMailSignals, InMemoryOverview, NOON, a_standing,
};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;

use super::problem_of;
use super::stage::{answer, as_role, call, insights, services};
use crate::problem::ProblemKind;
use crate::{InsightServices, Services};

const NORA: &str = "nora@yard.example";
const MARTA: &str = "marta@example.com";

/// Nora of the yard asks and Marta of the company answers, on this Monday and the one before.
fn mails() -> Services {
    let mails = InMemoryCorrespondence::default();
    let in_thread = |from, to: &'static str, hours: i64| Mail {
        thread: Some("thread"),
        at: NOON + Duration::hours(hours),
        ..a_mail(from, &[to])
    };
    let asked = Mail { name: Some("Nora Berg"), subject: "Crane", ..in_thread(NORA, MARTA, -3) };
    mails.put(COMPANY_A, asked);
    mails.put(COMPANY_A, Mail { subject: "Re: Crane", ..in_thread(MARTA, NORA, -2) });
    mails.put(COMPANY_A, Mail { subject: "Re: Crane", ..in_thread(NORA, MARTA, -1) });
    mails.put(COMPANY_A, Mail { subject: "Crane", ..in_thread(NORA, MARTA, -14 * 24) });
    // Without anything else in the week before, nothing would be more frequent now.
    let other = a_mail("ida@dock.example", &[MARTA]);
    mails.put(COMPANY_A, Mail { subject: "Rope", at: NOON - Duration::days(8), ..other });
    mails.put(COMPANY_B, in_thread("stranger@other.example", MARTA, -1));
    let overview = InMemoryOverview::default();
    overview.put_connection(COMPANY_A, a_standing());
    let insights = insights(Arc::default(), Arc::new(overview));
    Services { insights: InsightServices { correspondence: Arc::new(mails), ..insights }, ..services() }
}

async fn get(path: &str) -> (u16, Value) {
    answer(mails(), as_role(Role::Viewer, TestRequest::get().uri(path))).await
}

#[actix_web::test]
async fn patterns_tell_who_writes_to_whom_and_when() {
    let answered = get("/api/v1/analytics/communication/patterns?days=7").await;

    let mut by_hour = [0; 24];
    by_hour[9..12].fill(1);
    let nora = |count| json!({"name": "Nora Berg", "email": NORA, "email_count": count, "unique_contacts": 1});
    let marta = |count| json!({"name": MARTA, "email": MARTA, "email_count": count, "unique_contacts": 1});
    let expected = json!({
        "top_senders": [nora(2), marta(1)],
        "top_recipients": [marta(2), nora(1)],
        "edges": [{"from": NORA, "to": MARTA, "count": 2}, {"from": MARTA, "to": NORA, "count": 1}],
        "by_hour": by_hour,
        "by_weekday": [3, 0, 0, 0, 0, 0, 0],
        "median_reply_minutes": 60.0,
        "total_emails": 3,
        "date_range_days": 7,
    });
    assert_eq!(answered, (200, expected));
    let (_, usual) = get("/api/v1/analytics/communication/patterns").await;
    assert_eq!((&usual["date_range_days"], &usual["total_emails"]), (&json!(30), &json!(5)));
}

#[actix_web::test]
async fn a_network_has_nodes_and_edges() {
    let answered = get("/api/v1/analytics/relationships/network?days=7&limit=2").await;

    let expected = json!({
        "nodes": [{"id": MARTA, "label": MARTA, "messages": 3}, {"id": NORA, "label": "Nora Berg", "messages": 3}],
        "edges": [
            {"from": NORA, "to": MARTA, "count": 2, "last_at": "2026-03-02T11:00:00Z"},
            {"from": MARTA, "to": NORA, "count": 1, "last_at": "2026-03-02T10:00:00Z"},
        ],
        "date_range_days": 7,
    });
    assert_eq!(answered, (200, expected));
    assert_eq!(get("/api/v1/analytics/relationships/network").await.1["date_range_days"], 90);
}

#[actix_web::test]
async fn what_rose_is_told_and_the_companys_own_people_are_not() {
    let (status, told) = get("/api/v1/analytics/entities/trending").await;

    assert_eq!((status, &told["date_range_days"]), (200, &json!(7)));
    let names = |kind: &str| -> Vec<_> {
        told[kind].as_array().unwrap().iter().map(|one| (one["name"].clone(), one["count"].clone())).collect()
    };
    assert_eq!(names("people"), [(json!(NORA), json!(3))]);
    assert_eq!(names("companies"), [(json!("yard.example"), json!(3))]);
    assert_eq!(names("terms"), [(json!("crane"), json!(3))]);
    let crane = &told["terms"][0];
    assert!(crane["previous_count"] == 0 && crane["score"].as_f64().unwrap() > 0.0, "{crane}");
}

#[actix_web::test]
async fn threads_tell_how_they_get_on() {
    let answered = get("/api/v1/analytics/deals/momentum").await;

    let deal = json!({
        "name": "Re: Crane",
        "thread_id": "thread",
        "touchpoints_this_week": 3,
        "touchpoints_last_week": 1,
        "last_mention_date": "2026-03-02",
        "days_since_last_mention": 0,
        "status": "active",
        "trend": "up",
        "velocity_percent": 200.0,
    });
    assert_eq!(answered, (200, json!({"deals": [deal], "date_range_days": 14})));
}

#[actix_web::test]
async fn words_of_complaint_and_urgency_are_told_with_their_mails() {
    let signals = InMemoryMailSignals::default();
    signals.put_mail(COMPANY_A, NOON, "Crane", "It is urgent.");
    let unread = signals.list_unread(COMPANY_A, LEXICON_VERSION, 9).await.unwrap();
    let keywords = vec![Keyword { text: "urgent", category: SignalCategory::Urgency }];
    let read = ReadMail { document_id: unread[0].document_id, state: unread[0].state.clone(), keywords };
    signals.keep(COMPANY_A, LEXICON_VERSION, &[read]).await.unwrap();
    let services = mails();
    let insights = InsightServices { signals: Arc::new(signals), ..services.insights };
    let services = Services { insights, ..services };

    let request = TestRequest::get().uri("/api/v1/analytics/sentiment/analysis");
    let answered = answer(services, as_role(Role::Viewer, request)).await;

    let alert = json!({
        "type": "urgency",
        "keyword": "urgent",
        "count": 1,
        "severity": "low",
        "document_ids": [1],
        "weeks": [{"week_start": "2026-03-02", "count": 1}],
    });
    let expected = json!({"alerts": [alert], "total_documents_analyzed": 1, "date_range_days": 30});
    assert_eq!(answered, (200, expected));
}

#[rstest]
#[case("communication/patterns?days=0")]
#[case("communication/patterns?days=366")]
#[case("relationships/network?limit=0")]
#[case("relationships/network?limit=501")]
#[case("entities/trending?days=91")]
#[case("deals/momentum?days=91")]
#[actix_web::test]
async fn what_cannot_be_computed_is_refused(#[case] query: &str) {
    let path = format!("/api/v1/analytics/{query}");

    let refused = call(mails(), as_role(Role::Viewer, TestRequest::get().uri(&path))).await;

    problem_of(refused, ProblemKind::InvalidQuery).await;
}
