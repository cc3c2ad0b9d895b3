//! What days, weeks and months were, and what is worth knowing of them.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_insights::testing::books::Record;
use cortex_insights::testing::correspondence::{Mail, a_mail};
use cortex_insights::testing::figures::{self, Item};
use cortex_insights::testing::{
    COMPANY_A, COMPANY_B, InMemoryBooks, InMemoryCorrespondence, InMemoryFigures, InMemoryOverview, InMemorySummaries,
    NOON, a_record, a_standing,
};
use cortex_insights::{Numbers, SumUp};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;
use time::macros::date;

use super::problem_of;
use super::stage::{answer, as_role, call, insights, services};
use crate::problem::ProblemKind;
use crate::{InsightServices, Services};

const NORA: &str = "nora@yard.example";
const MARTA: &str = "marta@example.com";

/// On this Monday Nora wrote twice and one invoice was sent, on the day before Marta wrote once.
fn monday() -> Services {
    let (mails, figures) = (InMemoryCorrespondence::default(), InMemoryFigures::default());
    let put = |id, from, to: &'static str, hours: i64| {
        let at = NOON + Duration::hours(hours);
        mails.put(COMPANY_A, Mail { at, subject: "Crane", thread: Some("thread"), ..a_mail(from, &[to]) });
        let item = Item { sender: Some(from), title: "Crane", created_at: Some(at), ..figures::a_mail(id) };
        figures.put(COMPANY_A, Item { ingested_at: at, ..item });
    };
    put(1, NORA, MARTA, -1);
    put(2, NORA, MARTA, -2);
    put(3, MARTA, NORA, -26);
    let entry = figures::an_entry(4, "invoice", "980.50");
    figures.put(COMPANY_A, Item { created_at: Some(NOON), ingested_at: NOON, ..entry });
    figures.put(COMPANY_B, Item { created_at: Some(NOON), ingested_at: NOON, ..figures::a_mail(5) });
    let books = InMemoryBooks::default();
    let amount = |text: &str| Some(text.to_owned());
    let day = Some(date!(2026 - 03 - 02));
    books.put(COMPANY_A, Record { total: amount("980.50"), balance: amount("480.50"), day, ..a_record("1") });
    let overview = InMemoryOverview::default();
    overview.put_connection(COMPANY_A, a_standing());
    let (books, overview) = (Arc::new(books), Arc::new(overview));
    let (mails, figures) = (Arc::new(mails), Arc::new(figures));
    let numbers = Numbers {
        books: books.clone(),
        overview: overview.clone(),
        correspondence: mails.clone(),
        figures: figures.clone(),
    };
    let sum_up = Arc::new(SumUp::new(numbers, Arc::<InMemorySummaries>::default(), Arc::new(|| NOON)));
    let insights = InsightServices { correspondence: mails, figures, sum_up, ..insights(books, overview) };
    Services { insights, ..services() }
}

async fn get(path: &str) -> (u16, Value) {
    answer(monday(), as_role(Role::Viewer, TestRequest::get().uri(path))).await
}

#[actix_web::test]
async fn a_day_is_told_in_numbers_and_in_sentences() {
    let (status, mut told) = get("/api/v1/intelligence/daily?date=2026-03-02").await;

    let score = told["topics"][0]["score"].take();
    assert!(score.as_f64().is_some_and(|score| score > 0.0), "{score}");
    let person = |email: &str, messages| json!({"name": email, "email": email, "messages": messages});
    let words = "On 2026-03-02 there were 3 documents, 2 of them mails (100 % more than the day before). Most was written \
                 by nora@yard.example (2 mails). nora@yard.example wrote for the first time. Written about more than \
                 before: crane. The books have 1 invoice of 980.50 and 0 bills of 0.00 in all.";
    let nothing = json!({"count": 0, "total_amount": 0, "outstanding_balance": 0});
    let expected = json!({
        "period": "daily",
        "period_start": "2026-03-02",
        "period_end": "2026-03-02",
        "generated_at": "2026-03-02T12:00:00Z",
        "totals": {"documents": 3, "emails": 2, "median_reply_minutes": 1440.0},
        "document_counts": {"by_source": {"gmail": 2, "quickbooks": 1}, "by_type": {"email": 2, "invoice": 1}},
        "quickbooks": {
            "invoices": {"count": 1, "total_amount": 980.5, "outstanding_balance": 480.5},
            "bills": nothing,
            "payments": nothing,
            "revenue": 980.5,
            "expenses": 0,
            "net_income": 980.5,
            "currencies": ["GBP"],
        },
        "most_active_people": [person(MARTA, 2), person(NORA, 2)],
        "most_active_companies": [{"name": "yard.example", "messages": 2}],
        "new_people": [person(NORA, 2)],
        "top_senders": [person(NORA, 2)],
        "top_recipients": [person(MARTA, 2)],
        "topics": [{"term": "crane", "count": 2, "previous_count": 1, "score": null}],
        "changes": {
            "documents_percent": 200.0, "emails_percent": 100.0, "revenue_percent": null, "expenses_percent": 0.0,
        },
        "health_scores": {"responsiveness": 70.6, "collection": 51.0, "activity": 100.0, "overall": 73.9},
        "key_insights": [
            "2 mails were written, 100 % more than the day before. Most by nora@yard.example (2).",
            "Wrote for the first time: nora@yard.example.",
            "Written about more than before: crane (2 mails, 1 before).",
            "1 invoice of 980.50 (nothing was invoiced the day before), 0 bills of 0.00, 0 payments of 0.00. \
             480.50 of what was invoiced is not paid.",
        ],
        "ai_summary": words,
        "executive_summary": words,
    });
    assert_eq!((status, told), (200, expected));
}

#[rstest]
#[case("daily", "2026-03-02", "2026-03-02")]
#[case("daily/latest", "2026-03-01", "2026-03-01")]
#[case("weekly", "2026-03-02", "2026-03-08")]
#[case("weekly?week_start=2026-03-01", "2026-02-23", "2026-03-01")]
#[case("weekly/latest", "2026-02-23", "2026-03-01")]
#[case("monthly?month=2026-02", "2026-02-01", "2026-02-28")]
#[case("monthly/latest", "2026-03-01", "2026-03-31")]
#[actix_web::test]
async fn spans_are_days_weeks_from_monday_and_months(#[case] path: &str, #[case] first: &str, #[case] last: &str) {
    let (status, told) = get(&format!("/api/v1/intelligence/{path}")).await;

    assert_eq!((status, &told["period_start"], &told["period_end"]), (200, &json!(first), &json!(last)));
}

#[actix_web::test]
async fn trends_tell_each_span_also_those_that_had_nothing() {
    let (status, told) = get("/api/v1/intelligence/trends/daily?days=3").await;

    let point = |date: &str, documents, emails, revenue: Value| {
        json!({
            "date": date, "documents": documents, "emails": emails, "revenue": revenue, "expenses": 0, "payments": 0,
        })
    };
    let time_series = [
        point("2026-02-28", 0, 0, json!(0)),
        point("2026-03-01", 1, 1, json!(0)),
        point("2026-03-02", 3, 2, json!(980.5)),
    ];
    assert_eq!((status, told), (200, json!({"period": "daily", "data_points": 3, "time_series": time_series})));
    let (_, weeks) = get("/api/v1/intelligence/trends/weekly?weeks=2").await;
    assert_eq!([&weeks["time_series"][0]["emails"], &weeks["time_series"][1]["emails"]], [&json!(1), &json!(2)]);
    let (_, months) = get("/api/v1/intelligence/trends/monthly").await;
    assert_eq!(
        (&months["data_points"], &months["time_series"][11]["emails"], &months["time_series"][0]["date"]),
        (&json!(12), &json!(3), &json!("2025-04-01"))
    );
}

#[actix_web::test]
async fn the_last_week_tells_how_the_company_stands() {
    let (status, told) = get("/api/v1/intelligence/health").await;

    assert_eq!((status, &told["status"], &told["period_start"]), (200, &json!("unknown"), &json!("2026-02-23")));
}

#[actix_web::test]
async fn insights_tell_what_they_rest_on() {
    let (status, told) = get("/api/v1/insights/daily?date=2026-03-02").await;

    assert_eq!((status, &told["time_period"], &told["total"]), (200, &json!("daily"), &json!(4)));
    let people = &told["insights"][1];
    let sources = [1, 2].map(|id| json!({"quote": "Crane", "document_id": id, "from": NORA}));
    let expected = json!({
        "insight_id": "daily:2026-03-02:people",
        "time_period": "daily",
        "period_start": "2026-03-02",
        "category": "people",
        "title": "New people",
        "icon": "users",
        "answer": "Wrote for the first time: nora@yard.example.",
        "confidence": 0.4,
        "sources": sources,
        "total_sources": 2,
        "generated_at": "2026-03-02T12:00:00Z",
        "output_format": "structured",
        "structured_data": [{
            "widget_type": "snapshot",
            "title": "New people",
            "message": NORA,
            "value": "1",
            "value_label": null,
            "urgency": "low",
            "sources": sources,
        }],
    });
    assert_eq!(people, &expected);
}

#[actix_web::test]
async fn the_latest_insights_are_of_the_last_whole_day_week_and_month() {
    let spans = async |path: &str| -> Vec<_> {
        let (status, told) = get(path).await;
        assert_eq!(status, 200);
        told["insights"].as_array().unwrap().iter().map(|one| one["insight_id"].as_str().unwrap().to_owned()).collect()
    };

    let all = spans("/api/v1/insights/latest").await;
    assert_eq!(all[..2], ["daily:2026-03-01:communication", "weekly:2026-02-23:communication"]);
    assert!(all.contains(&"monthly:2026-03-01:finance".to_owned()), "{all:?}");
    assert_eq!(spans("/api/v1/insights/latest?limit=1").await, all[..1]);
    assert_eq!(spans("/api/v1/insights/latest?time_period=daily").await, all[..1]);
    let finance = spans("/api/v1/insights/categories?category=finance").await;
    assert_eq!(finance, ["monthly:2026-03-01:finance"]);
    assert_eq!(spans("/api/v1/insights/categories").await, all);
}

#[actix_web::test]
async fn members_have_insights_computed_anew() {
    let services = monday();
    let post = |path: &str| as_role(Role::User, TestRequest::post().uri(path));

    let (status, first) = answer(services.clone(), post("/api/v1/insights/generate")).await;
    let (_, again) = answer(services.clone(), post("/api/v1/insights/generate")).await;
    let path = "/api/v1/insights/regenerate?insight_id=weekly:2026-02-23:people";
    let (of_one, other) = answer(services, post(path)).await;

    assert_eq!((status, &first["status"], first["success"].as_bool()), (202, &json!("queued"), Some(true)));
    assert_eq!((&again["status"], &again["job_id"]), (&json!("already_queued"), &first["job_id"]));
    assert_eq!((of_one, &other["status"]), (202, &json!("queued")));
    assert_ne!(other["job_id"], first["job_id"]);
}

#[rstest]
#[case::no_date("/api/v1/intelligence/daily?date=2026-02-30")]
#[case::ahead("/api/v1/intelligence/daily?date=2026-03-03")]
#[case::long_ago("/api/v1/intelligence/daily?date=1989-12-31")]
#[case::no_month("/api/v1/intelligence/monthly?month=2026-13")]
#[case::no_weeks("/api/v1/intelligence/trends/weekly?weeks=0")]
#[case::too_many_months("/api/v1/intelligence/trends/monthly?months=25")]
#[case::no_category("/api/v1/insights/categories?category=x")]
#[case::no_period("/api/v1/insights/latest?time_period=yearly")]
#[case::no_limit("/api/v1/insights/latest?limit=0")]
#[actix_web::test]
async fn what_cannot_be_computed_is_refused(#[case] path: &str) {
    let refused = call(monday(), as_role(Role::Viewer, TestRequest::get().uri(path))).await;

    problem_of(refused, ProblemKind::InvalidQuery).await;
}

#[actix_web::test]
async fn what_is_no_insight_is_not_computed_anew() {
    for id in ["x", "daily:2026-03-03:people"] {
        let post = TestRequest::post().uri(&format!("/api/v1/insights/regenerate?insight_id={id}"));
        let refused = call(monday(), as_role(Role::User, post)).await;

        problem_of(refused, ProblemKind::InvalidQuery).await;
    }
}

#[actix_web::test]
async fn what_is_known_about_a_widget_is_told() {
    let wish = json!({"widget_title": "Revenue fell", "widget_message": "By half."});
    let post = TestRequest::post().uri("/api/v1/insights/drill-down").set_json(wish);

    let (status, told) = answer(monday(), as_role(Role::Viewer, post)).await;

    assert_eq!((status, &told["success"], &told["report"]["title"]), (200, &json!(true), &json!("Revenue fell")));
    assert_eq!((&told["report"]["total_sources"], &told["report"]["sources"]), (&json!(0), &json!([])));
    for wrong in [" ".to_owned(), "x".repeat(301)] {
        let post = TestRequest::post().uri("/api/v1/insights/drill-down").set_json(json!({"widget_title": wrong}));
        let refused = call(monday(), as_role(Role::Viewer, post)).await;
        problem_of(refused, ProblemKind::InvalidField).await;
    }
}
