//! What a company sees of what it has.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::Role;
use cortex_insights::model::{ConnectionStanding, ConnectionState, TimeRange};
use cortex_insights::testing::books::Record;
use cortex_insights::testing::company_overview::{Brought, Ended};
use cortex_insights::testing::{COMPANY_A, COMPANY_B, InMemoryBooks, InMemoryOverview, NOON, a_record, a_standing};
use cortex_kernel::{ConnectionId, Provider};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;
use time::macros::date;

use super::problem_of;
use super::stage::{answer, as_role, call, insights, member, services};
use crate::Services;
use crate::problem::ProblemKind;

/// Two invoices of these thirty days, one older, a bill, a payment and a customer.
fn books() -> Services {
    let books = InMemoryBooks::default();
    let text = |text: &str| Some(text.to_owned());
    books.put(COMPANY_A, Record { total: text("980.50"), balance: text("480.50"), ..a_record("1") });
    let heron = Record { party: text("Heron & Co"), total: text("0.10"), balance: text("0"), ..a_record("2") };
    books.put(COMPANY_A, Record { status: text("Paid"), day: Some(date!(2026 - 02 - 01)), ..heron });
    books.put(COMPANY_A, Record { total: text("5.05"), day: Some(date!(2026 - 01 - 31)), ..a_record("3") });
    let bill = Record { kind: "bill", party: text("Northern Steel"), title: "Bill 4".to_owned(), ..a_record("4") };
    books.put(COMPANY_A, Record { total: text("2310"), balance: text("10.25"), ..bill });
    let payment = Record { kind: "payment", title: "Payment 5".to_owned(), ..a_record("5") };
    let payment = Record { balance: None, status: None, due_day: None, ..payment };
    books.put(COMPANY_A, Record { payment_method: text("Cheque"), total: text("500"), ..payment });
    books.put(COMPANY_A, Record { kind: "customer", day: None, ..a_record("6") });
    books.put(COMPANY_B, Record { total: text("1000000"), ..a_record("7") });
    Services { insights: insights(Arc::new(books), Arc::default()), ..services() }
}

fn get(path: &str) -> TestRequest {
    as_role(Role::Viewer, TestRequest::get().uri(path))
}

#[rstest]
#[case("/api/v1/dashboard/quickbooks/overview?days=30")]
#[case("/api/v1/dashboard/quickbooks/overview")]
#[case("/quickbooks/overview?days=30")]
#[actix_web::test]
async fn the_books_of_thirty_days_are_told(#[case] path: &str) {
    let answered = answer(books(), get(path)).await;

    let expected = json!({
        "period_days": 30,
        "start_date": "2026-02-01",
        "end_date": "2026-03-02",
        "invoices": {"count": 2, "total_amount": 980.6, "outstanding_balance": 480.5, "paid_amount": 500.1},
        "bills": {"count": 1, "total_amount": 2310, "unpaid_balance": 10.25, "paid_amount": 2299.75},
        "payments": {"count": 1, "total_amount": 500},
        "customers": {
            "count": 1,
            "top_5": [{"name": "Tern Hotels", "revenue": 980.5}, {"name": "Heron & Co", "revenue": 0.1}],
        },
        "recent_transactions": [
            {
                "id": 5, "type": "payment", "title": "Payment 5", "amount": 500, "date": "2026-03-02",
                "customer_vendor": "Tern Hotels", "status": null,
            },
            {
                "id": 4, "type": "bill", "title": "Bill 4", "amount": 2310, "date": "2026-03-02",
                "customer_vendor": "Northern Steel", "status": "Outstanding",
            },
            {
                "id": 1, "type": "invoice", "title": "Invoice 1 - Tern Hotels", "amount": 980.5, "date": "2026-03-02",
                "customer_vendor": "Tern Hotels", "status": "Outstanding",
            },
            {
                "id": 2, "type": "invoice", "title": "Invoice 2 - Tern Hotels", "amount": 0.1, "date": "2026-02-01",
                "customer_vendor": "Heron & Co", "status": "Paid",
            },
        ],
        "total_documents": 6,
        "currencies": ["GBP"],
    });
    assert_eq!(answered, (200, expected));
}

#[actix_web::test]
async fn entries_are_listed_by_their_kind() {
    let (_, invoices) = answer(books(), get("/api/v1/dashboard/quickbooks/invoices?limit=1")).await;
    let (_, bills) = answer(books(), get("/api/v1/dashboard/quickbooks/bills")).await;
    let (_, payments) = answer(books(), get("/api/v1/dashboard/quickbooks/payments")).await;

    let expected = json!({
        "id": 1, "doc_number": "1", "customer_name": "Tern Hotels", "total": 980.5, "balance": 480.5,
        "status": "Outstanding", "date": "2026-03-02", "due_date": "2026-04-01", "currency": "GBP", "content": "Number: 1",
    });
    assert_eq!((&invoices["count"], &invoices["invoices"]), (&json!(2), &json!([expected])));
    let expected = json!({
        "id": 4, "doc_number": "4", "vendor_name": "Northern Steel", "total": 2310, "balance": 10.25,
        "status": "Outstanding", "date": "2026-03-02", "due_date": "2026-04-01", "currency": "GBP", "content": "Number: 4",
    });
    assert_eq!(bills, json!({"count": 1, "bills": [expected], "next_cursor": null}));
    let expected = json!({
        "id": 5, "reference_number": "5", "customer_name": "Tern Hotels", "total": 500, "payment_method": "Cheque",
        "date": "2026-03-02", "currency": "GBP", "content": "Number: 5",
    });
    assert_eq!(payments, json!({"count": 1, "payments": [expected], "next_cursor": null}));

    let next = invoices["next_cursor"].as_str().unwrap();
    let (_, rest) = answer(books(), get(&format!("/api/v1/dashboard/quickbooks/invoices?cursor={next}"))).await;
    assert_eq!((&rest["invoices"][0]["id"], &rest["next_cursor"]), (&json!(2), &Value::Null));
}

#[rstest]
#[case("/api/v1/integrations/quickbooks/summary")]
#[case("/integrations/quickbooks/summary?time_range=30d")]
#[actix_web::test]
async fn the_books_are_summed_up(#[case] path: &str) {
    let (status, body) = answer(books(), get(path)).await;

    let mut expected = json!({
        "success": true,
        "time_range": "30d",
        "start_date": "2026-02-01",
        "end_date": "2026-03-02",
        "revenue": 980.6,
        "expenses": 2310,
        "net_income": -1329.4,
        "outstanding_invoices": 520.5,
        "unpaid_bills": 10.25,
        "cash_on_hand": 0,
        "cash_on_hand_is_known": false,
        "top_customers": [
            {"name": "Tern Hotels", "revenue": 980.5, "invoices": 1},
            {"name": "Heron & Co", "revenue": 0.1, "invoices": 1},
        ],
        "top_vendors": [{"name": "Northern Steel", "expenses": 2310, "bills": 1}],
        "data_counts": {"invoices": 3, "bills": 1, "payments": 1, "customers": 1, "total": 6},
        "currencies": ["GBP"],
    });
    expected["recent_invoices"] = body["recent_invoices"].clone();
    assert_eq!((status, &body), (200, &expected));
    let recent: Vec<_> = body["recent_invoices"].as_array().unwrap().iter().map(|one| one["id"].as_i64()).collect();
    assert_eq!(recent, [Some(1), Some(2)]);
}

#[actix_web::test]
async fn every_stretch_of_time_is_taken() {
    for name in TimeRange::NAMES {
        let path = format!("/api/v1/integrations/quickbooks/summary?time_range={name}");
        let (status, body) = answer(books(), get(&path)).await;
        assert_eq!((status, &body["time_range"]), (200, &json!(name)));
        let revenue = match name {
            "7d" | "month" => json!(980.5),
            "30d" => json!(980.6),
            _ => json!(985.65),
        };
        assert_eq!(body["revenue"], revenue, "{name}");
    }
}

#[actix_web::test]
async fn empty_books_are_zeros_and_empty_lists() {
    let (status, overview) = answer(services(), get("/quickbooks/overview?days=365")).await;
    assert_eq!((status, &overview["start_date"]), (200, &json!("2025-03-03")));
    assert_eq!(
        overview["invoices"],
        json!({"count": 0, "total_amount": 0, "outstanding_balance": 0, "paid_amount": 0})
    );
    assert_eq!(overview["customers"], json!({"count": 0, "top_5": []}));
    assert_eq!(overview["recent_transactions"], json!([]));
    for (list, items) in [("invoices", "invoices"), ("bills", "bills"), ("payments", "payments")] {
        let answered = answer(services(), get(&format!("/api/v1/dashboard/quickbooks/{list}"))).await;
        assert_eq!(answered, (200, json!({"count": 0, items: [], "next_cursor": null})));
    }
    let (status, summary) = answer(services(), get("/integrations/quickbooks/summary?time_range=all")).await;
    assert_eq!((status, &summary["net_income"], &summary["start_date"]), (200, &json!(0), &Value::Null));
    assert_eq!(summary["top_vendors"], json!([]));
}

#[rstest]
#[case::no_day("/api/v1/dashboard/quickbooks/overview?days=0")]
#[case::more_than_a_year("/quickbooks/overview?days=366")]
#[case::below_zero("/api/v1/dashboard/quickbooks/invoices?days=-1")]
#[case::no_number("/api/v1/dashboard/quickbooks/bills?days=month")]
#[case::no_cursor("/api/v1/dashboard/quickbooks/payments?cursor=here")]
#[case::another_range("/api/v1/integrations/quickbooks/summary?time_range=14d")]
#[actix_web::test]
async fn what_makes_no_sense_is_refused(#[case] path: &str) {
    problem_of(call(books(), get(path)).await, ProblemKind::InvalidQuery).await;
}

/// The viewer's Gmail works, the user's Outlook does not, a third one was ended.
fn company() -> Services {
    let overview = InMemoryOverview::default();
    let of = |id, role, provider, state| ConnectionStanding {
        id: ConnectionId::new(id),
        user_id: Some(member(role)),
        provider,
        state,
        connected_at: NOON - Duration::days(3),
        ..a_standing()
    };
    overview.put_connection(COMPANY_A, of(1, Role::Viewer, Provider::Gmail, ConnectionState::Active));
    let closed = of(2, Role::User, Provider::Outlook, ConnectionState::NeedsReauthorization);
    overview.put_connection(COMPANY_A, ConnectionStanding { reason: Some("invalid_credentials".to_owned()), ..closed });
    overview.put_connection(COMPANY_A, of(3, Role::Owner, Provider::GoogleDrive, ConnectionState::Disconnected));
    overview.put_connection(COMPANY_B, of(4, Role::Viewer, Provider::Gmail, ConnectionState::NeedsReauthorization));
    let job = |hours, status, error_code| Ended {
        connection_id: ConnectionId::new(1),
        status,
        created_at: NOON - Duration::hours(hours),
        ended_at: Some(NOON - Duration::hours(hours)),
        error_code,
        is_for_contents: false,
    };
    overview.put_job(COMPANY_A, job(1, "completed", None));
    overview.put_job(COMPANY_A, job(5, "completed", None));
    overview.put_job(COMPANY_A, job(9, "failed", Some("provider_unavailable")));
    let brought = |source, role, days| Brought {
        source,
        user_id: Some(member(role).to_string()),
        email: Some(format!("{role}@example.com")),
        at: NOON - Duration::days(days) - Duration::HOUR,
        is_superseded: false,
    };
    for (source, role, days) in
        [("gmail", Role::Viewer, 0), ("gmail", Role::Viewer, 1), ("gmail", Role::Viewer, 7), ("upload", Role::User, 30)]
    {
        overview.put_document(COMPANY_A, brought(source, role, days));
    }
    Services { insights: insights(Arc::default(), Arc::new(overview)), ..services() }
}

fn the_viewers() -> Value {
    json!({
        "id": 1,
        "provider": "gmail",
        "user_id": member(Role::Viewer).to_string(),
        "user_email": "one@example.com",
        "account_email": "mailbox@example.com",
        "status": "active",
        "reason": null,
        "connected_at": "2026-02-27T12:00:00Z",
        "last_sync": "2026-03-02T11:00:00Z",
        "last_error": null,
        "needs_reauthorization": false,
        "attention": null,
    })
}

fn the_users() -> Value {
    json!({
        "id": 2,
        "provider": "outlook",
        "user_id": member(Role::User).to_string(),
        "user_email": "one@example.com",
        "account_email": "mailbox@example.com",
        "status": "needs_reauthorization",
        "reason": "invalid_credentials",
        "connected_at": "2026-02-27T12:00:00Z",
        "last_sync": null,
        "last_error": null,
        "needs_reauthorization": true,
        "attention": "needs_reauthorization",
    })
}

#[actix_web::test]
async fn integrations_tell_who_connected_what_and_how_it_does() {
    let (status, body) = answer(company(), as_role(Role::Admin, TestRequest::get().uri("/api/v1/integrations"))).await;

    let of = |provider: &str| {
        let all = body["integrations"].as_array().unwrap();
        all.iter().find(|one| one["provider"] == provider).unwrap().clone()
    };
    assert_eq!(status, 200);
    let expected = json!({
        "provider": "gmail", "configured": true, "health": "healthy", "connected": 1, "needs_attention": 0,
        "last_sync": "2026-03-02T11:00:00Z", "documents": 3, "connections": [the_viewers()],
    });
    assert_eq!(of("gmail"), expected);
    let expected = json!({
        "provider": "outlook", "configured": true, "health": "needs_attention", "connected": 1, "needs_attention": 1,
        "last_sync": null, "documents": 0, "connections": [the_users()],
    });
    assert_eq!(of("outlook"), expected);
    assert_eq!((&of("google_drive")["health"], &of("google_drive")["connected"]), (&json!("not_connected"), &json!(0)));
    assert_eq!(
        (&of("quickbooks")["health"], &of("quickbooks")["configured"]),
        (&json!("not_configured"), &json!(false))
    );
}

#[actix_web::test]
async fn accounts_of_others_are_shown_to_admins_only() {
    let (_, body) = answer(company(), get("/api/v1/integrations")).await;
    let seen: Vec<_> = body["integrations"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|one| one["connections"].as_array().unwrap())
        .collect();
    assert_eq!(seen, [&the_viewers()]);

    let (_, body) = answer(company(), get("/api/v1/dashboard")).await;
    assert_eq!(body["connections"], json!({"total": 2, "needs_attention": 1, "attention": []}));
}

#[actix_web::test]
async fn the_dashboard_tells_how_the_company_stands() {
    let (status, body) = answer(company(), as_role(Role::Admin, TestRequest::get().uri("/api/v1/dashboard"))).await;

    let person = |role: Role, documents| json!({"user_id": member(role).to_string(), "email": format!("{role}@example.com"), "documents": documents});
    let expected = json!({
        "company_id": COMPANY_A.to_string(),
        "generated_at": "2026-03-02T12:00:00Z",
        "documents": {
            "total": 4,
            "by_source": [{"source": "gmail", "documents": 3}, {"source": "upload", "documents": 1}],
            "by_user": [person(Role::Viewer, 3), person(Role::User, 1)],
            "more_users": 0,
        },
        "new_documents": {
            "this_week": {"start_date": "2026-03-02", "end_date": "2026-03-08", "documents": 1},
            "last_week": {"start_date": "2026-02-23", "end_date": "2026-03-01", "documents": 2},
            "last_week_by_now": 1,
            "change_percent": 0.0,
        },
        "syncs": {
            "health": "degraded", "period_days": 7, "queued": 0, "running": 0, "completed": 2, "failed": 1,
            "success_percent": 66.7, "last_completed_at": "2026-03-02T11:00:00Z",
        },
        "connections": {"total": 2, "needs_attention": 1, "attention": [the_users()]},
        "open_alerts": {"total": 0, "by_urgency": {"critical": 0, "high": 0, "medium": 0, "low": 0}},
    });
    assert_eq!((status, body), (200, expected));
}

#[actix_web::test]
async fn an_empty_company_has_an_empty_dashboard() {
    let (status, body) = answer(services(), get("/api/v1/dashboard")).await;

    assert_eq!(status, 200);
    assert_eq!(body["documents"], json!({"total": 0, "by_source": [], "by_user": [], "more_users": 0}));
    assert_eq!(body["new_documents"]["change_percent"], json!(0.0));
    assert_eq!((&body["syncs"]["health"], &body["syncs"]["success_percent"]), (&json!("idle"), &Value::Null));
}
