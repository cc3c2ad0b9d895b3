//! `/api/v1/me`.

use std::sync::Arc;

use actix_web::test::TestRequest;
use cortex_identity::model::{Company, Membership, Role};
use cortex_identity::testing::profile_reader::InMemoryProfiles;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, a_company, a_membership};
use serde_json::json;

use super::stage::{answer, as_role, member, services};
use crate::Services;

fn profiles() -> Services {
    let profiles = InMemoryProfiles::default();
    profiles.put_company(a_company(), None);
    let company_b =
        Company { id: COMPANY_B, name: "Company B".to_owned(), slug: "company-b".to_owned(), ..a_company() };
    profiles.put_company(company_b, Some("https://b.example.com"));
    let admin = Membership { user_id: member(Role::Admin), role: Role::Admin, ..a_membership() };
    profiles.put_membership(admin.clone(), Some(NOON));
    profiles.put_membership(Membership { company_id: COMPANY_B, role: Role::Viewer, ..admin }, None);
    Services { profiles: Arc::new(profiles), ..services() }
}

#[actix_web::test]
async fn a_member_learns_who_he_is() {
    let answered = answer(profiles(), as_role(Role::Admin, TestRequest::get().uri("/api/v1/me"))).await;

    let expected = json!({
        "user_id": member(Role::Admin).to_string(),
        "company_id": COMPANY_A.to_string(),
        "email": "one@example.com",
        "role": "admin",
        "company": {
            "id": COMPANY_A.to_string(),
            "name": "Company A",
            "slug": "company-a",
            "status": "active",
        },
        "last_login_at": "2026-03-02T12:00:00Z",
    });
    assert_eq!(answered, (200, expected));
}

#[actix_web::test]
async fn a_member_learns_where_else_he_may_go() {
    let answered = answer(profiles(), as_role(Role::Admin, TestRequest::get().uri("/api/v1/me/companies"))).await;

    let expected = json!({"companies": [
        {
            "company_id": COMPANY_A.to_string(),
            "company_name": "Company A",
            "company_slug": "company-a",
            "user_role": "admin",
            "backend_url": null,
            "frontend_url": null,
        },
        {
            "company_id": COMPANY_B.to_string(),
            "company_name": "Company B",
            "company_slug": "company-b",
            "user_role": "viewer",
            "backend_url": "https://b.example.com",
            "frontend_url": null,
        },
    ]});
    assert_eq!(answered, (200, expected));
}
