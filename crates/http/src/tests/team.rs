//! `/api/v1/users`.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::test::TestRequest;
use cortex_identity::ChangeMember;
use cortex_identity::model::{Membership, Role};
use cortex_identity::ports::{
    ChangeTeamError, DirectoryError, InviteAnswer, MockTeamStore, MockUserDirectory, TeamStore, UserDirectory,
};
use cortex_identity::testing::team_store::InMemoryTeam;
use cortex_identity::testing::user_directory::InMemoryUserDirectory;
use cortex_identity::testing::{COMPANY_A, COMPANY_B, NOON, a_membership};
use cortex_kernel::{StoreError, UserId};
use rstest::rstest;
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::stage::{answer, as_role, call, invite_member, member, services};
use super::{header, problem_of};
use crate::Services;
use crate::problem::ProblemKind;

/// A member of each role by the role's name, and one of another company.
fn team() -> Arc<InMemoryTeam> {
    let of_role = |role: Role| Membership {
        user_id: member(role),
        role,
        email: format!("{role}@example.com").parse().unwrap(),
        ..a_membership()
    };
    let elsewhere = Membership { user_id: stranger(), company_id: COMPANY_B, ..a_membership() };
    Arc::new(InMemoryTeam::with(Role::ALL.map(of_role).into_iter().chain([elsewhere])))
}

fn stranger() -> UserId {
    UserId::new(Uuid::from_u128(77))
}

fn over(team: &Arc<InMemoryTeam>, directory: impl UserDirectory + 'static) -> Services {
    let team: Arc<dyn TeamStore> = team.clone();
    Services {
        team: Arc::clone(&team),
        change_member: Arc::new(ChangeMember::new(Arc::clone(&team), Arc::new(|| NOON))),
        invite_member: Some(invite_member(team, Arc::new(directory))),
        ..services()
    }
}

fn with_team(team: &Arc<InMemoryTeam>) -> Services {
    over(team, InMemoryUserDirectory::default())
}

fn invite(body: &Value) -> TestRequest {
    request(&Method::POST, "/api/v1/users/invite", body)
}

fn request(method: &Method, path: &str, body: &Value) -> TestRequest {
    let json = (CONTENT_TYPE, "application/json");
    TestRequest::with_uri(path).method(method.clone()).insert_header(json).set_payload(body.to_string())
}

fn place(user_id: UserId) -> String {
    format!("/api/v1/users/{user_id}")
}

#[actix_web::test]
async fn everybody_sees_the_team_of_his_company() {
    let request = || TestRequest::get().uri("/api/v1/users?limit=2");

    let (status, first) = answer(with_team(&team()), as_role(Role::Viewer, request())).await;

    assert_eq!(status, 200, "{first}");
    assert_eq!(first["total"], 4);
    let expected = json!({
        "id": first["users"][0]["id"],
        "user_id": member(Role::Admin).to_string(),
        "email": "admin@example.com",
        "role": "admin",
        "is_active": true,
        "status": "active",
        "invited_by": null,
        "invited_at": null,
        "last_login_at": null,
        "created_at": "2026-03-02T12:00:00Z",
    });
    assert_eq!(first["users"][0], expected);
    let next = format!("/api/v1/users?limit=2&cursor={}", first["next_cursor"].as_str().unwrap());
    let (_, last) = answer(with_team(&team()), as_role(Role::Viewer, TestRequest::get().uri(&next))).await;
    let emails: Vec<_> = last["users"].as_array().unwrap().iter().map(|user| user["email"].clone()).collect();
    assert_eq!(emails, ["user@example.com", "viewer@example.com"]);
    assert_eq!(last["next_cursor"], Value::Null);
}

#[actix_web::test]
async fn a_cursor_that_is_none_is_told() {
    let request = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/users?cursor=7"));

    problem_of(call(with_team(&team()), request).await, ProblemKind::InvalidQuery).await;
}

#[actix_web::test]
async fn an_admin_invites_a_colleague() {
    let team = team();
    let body = json!({ "email": "New@example.com", "role": "user" });

    let answered = answer(with_team(&team), as_role(Role::Admin, invite(&body))).await;

    let expected = json!({
        "success": true,
        "warning": false,
        "message": "An invitation was sent to New@example.com.",
        "invitee_email": "New@example.com",
        "user_id": member(Role::Admin).to_string(),
        "company_id": COMPANY_A.to_string(),
    });
    assert_eq!(answered, (200, expected));
    assert_eq!(team.audited(COMPANY_A), ["user_invited"]);
}

/// A directory without expectations panics when it is asked anything.
#[actix_web::test]
async fn another_domain_is_a_warning_until_it_is_meant() {
    let team = team();
    let body = json!({ "email": "new@elsewhere.example", "role": "user", "confirm": false });

    let (status, warned) = answer(over(&team, MockUserDirectory::new()), as_role(Role::Admin, invite(&body))).await;

    assert_eq!((status, &warned["warning"], &warned["success"]), (200, &json!(true), &json!(false)), "{warned}");
    assert_eq!(team.audited(COMPANY_A), [""; 0]);

    let body = json!({ "email": "new@elsewhere.example", "role": "user", "confirm": true });
    let (_, invited) = answer(with_team(&team), as_role(Role::Admin, invite(&body))).await;
    assert_eq!((&invited["warning"], &invited["success"]), (&json!(false), &json!(true)), "{invited}");
}

#[rstest]
#[case::unknown_role(Role::Admin, json!({ "email": "new@example.com", "role": "king" }), ProblemKind::InvalidField)]
#[case::no_address(Role::Admin, json!({ "email": "new", "role": "user" }), ProblemKind::InvalidField)]
#[case::unknown_field(Role::Admin, json!({ "email": "new@example.com", "role": "user", "x": 1 }), ProblemKind::InvalidField)]
#[case::active(Role::Admin, json!({ "email": "VIEWER@example.com", "role": "user" }), ProblemKind::AlreadyAMember)]
#[case::an_owner_by_an_admin(Role::Admin, json!({ "email": "new@example.com", "role": "owner" }), ProblemKind::RoleTooLow)]
#[case::by_a_user(Role::User, json!({ "email": "new@example.com", "role": "user" }), ProblemKind::RoleTooLow)]
#[case::by_a_viewer(Role::Viewer, json!({ "email": "new@example.com", "role": "user" }), ProblemKind::RoleTooLow)]
#[actix_web::test]
async fn who_is_not_invited_is_told_why_twice(#[case] by: Role, #[case] body: Value, #[case] kind: ProblemKind) {
    let services = over(&team(), MockUserDirectory::new());

    let problem = problem_of(call(services, as_role(by, invite(&body))).await, kind).await;

    assert_eq!(problem["message"], problem["detail"], "{problem}");
}

#[actix_web::test]
async fn an_owner_invites_an_owner() {
    let body = json!({ "email": "new@example.com", "role": "owner" });

    let (status, invited) = answer(with_team(&team()), as_role(Role::Owner, invite(&body))).await;

    assert_eq!(status, 200, "{invited}");
}

#[actix_web::test]
async fn without_a_key_nobody_is_invited() {
    let services = Services { invite_member: None, ..services() };
    let body = json!({ "email": "new@example.com", "role": "user" });

    let response = call(services, as_role(Role::Admin, invite(&body))).await;

    let problem = problem_of(response, ProblemKind::InvitationsNotConfigured).await;
    assert!(problem["message"].is_string());
}

#[rstest]
#[case::mail(|| DirectoryError::MailNotSent("smtp.internal".into()), ProblemKind::InvitationNotSent)]
#[case::address(|| DirectoryError::AddressRefused("smtp.internal".into()), ProblemKind::InvalidField)]
#[case::key(|| DirectoryError::Unauthorised("smtp.internal".into()), ProblemKind::AccountsUnavailable)]
#[case::away(|| DirectoryError::Unavailable("smtp.internal".into()), ProblemKind::AccountsUnavailable)]
#[case::nonsense(|| DirectoryError::BadAnswer("smtp.internal".into()), ProblemKind::AccountsBadAnswer)]
#[actix_web::test]
async fn what_goes_wrong_at_the_accounts_is_told_apart(
    #[case] error: fn() -> DirectoryError,
    #[case] kind: ProblemKind,
) {
    let mut directory = MockUserDirectory::new();
    directory.expect_invite().returning(move |_, _| Err(error()));
    let team = team();
    let body = json!({ "email": "new@example.com", "role": "user" });

    let response = call(over(&team, directory), as_role(Role::Admin, invite(&body))).await;

    let problem = problem_of(response, kind).await;
    assert!(!problem.to_string().contains("smtp.internal"), "{problem}");
    assert_eq!(team.audited(COMPANY_A), [""; 0]);
}

#[actix_web::test]
async fn a_wait_that_the_accounts_ask_for_is_passed_on() {
    let mut directory = MockUserDirectory::new();
    let retry_after = Some(std::time::Duration::from_secs(9));
    directory.expect_invite().returning(move |_, _| Err(DirectoryError::Throttled { retry_after }));
    let body = json!({ "email": "new@example.com", "role": "user" });

    let response = call(over(&team(), directory), as_role(Role::Admin, invite(&body))).await;

    assert_eq!(header(response.headers(), "retry-after"), Some("9"));
    problem_of(response, ProblemKind::AccountsUnavailable).await;
}

#[actix_web::test]
async fn a_store_that_is_away_after_the_mail_can_be_asked_again() {
    let mut directory = MockUserDirectory::new();
    directory.expect_invite().returning(|_, _| Ok(InviteAnswer::Sent(stranger())));
    let mut store = MockTeamStore::new();
    store.expect_list_by_email().returning(|_, _| Ok(Vec::new()));
    store.expect_invite().returning(|_| Err(ChangeTeamError::Store(StoreError::Unavailable("10.0.0.7".into()))));
    let services = Services { invite_member: Some(invite_member(Arc::new(store), Arc::new(directory))), ..services() };
    let body = json!({ "email": "new@example.com", "role": "user" });

    problem_of(call(services, as_role(Role::Admin, invite(&body))).await, ProblemKind::Unavailable).await;
}

#[actix_web::test]
async fn a_role_is_changed() {
    let body = json!({ "role": "admin" });
    let change = request(&Method::PATCH, &place(member(Role::Viewer)), &body);

    let (status, changed) = answer(with_team(&team()), as_role(Role::Admin, change)).await;

    assert_eq!(status, 200, "{changed}");
    assert_eq!((&changed["role"], &changed["status"]), (&json!("admin"), &json!("active")));
    assert_eq!(changed["user_id"], member(Role::Viewer).to_string());
    assert_eq!(changed["company_id"], COMPANY_A.to_string());
}

#[actix_web::test]
async fn a_change_of_nothing_answers_the_member() {
    let change = TestRequest::patch().uri(&place(member(Role::Viewer)));

    let (status, unchanged) = answer(with_team(&team()), as_role(Role::Admin, change)).await;

    assert_eq!((status, &unchanged["role"]), (200, &json!("viewer")), "{unchanged}");
}

#[actix_web::test]
async fn a_member_is_taken_out_and_let_in_again() {
    let team = team();
    let path = place(member(Role::User));

    let out = TestRequest::delete().uri(&path);
    let (status, gone) = answer(with_team(&team), as_role(Role::Admin, out)).await;
    assert_eq!((status, &gone["status"], &gone["is_active"]), (200, &json!("deactivated"), &json!(false)), "{gone}");

    let back = request(&Method::PATCH, &path, &json!({ "is_active": true }));
    let (status, back) = answer(with_team(&team), as_role(Role::Admin, back)).await;
    assert_eq!((status, &back["status"]), (200, &json!("active")), "{back}");
    assert_eq!(team.audited(COMPANY_A), ["user_deactivated", "user_reactivated"]);
}

#[rstest]
#[case::oneself(Role::Admin, Method::DELETE, place(member(Role::Admin)), Value::Null, ProblemKind::OwnMembership)]
#[case::oneself_by_patch(
    Role::Admin, Method::PATCH, place(member(Role::Admin)), json!({ "is_active": false }), ProblemKind::OwnMembership
)]
#[case::an_owner_by_an_admin(
    Role::Admin,
    Method::DELETE,
    place(member(Role::Owner)),
    Value::Null,
    ProblemKind::RoleTooLow
)]
#[case::an_owner_made_by_an_admin(
    Role::Admin, Method::PATCH, place(member(Role::User)), json!({ "role": "owner" }), ProblemKind::RoleTooLow
)]
#[case::the_last_owner(
    Role::Owner, Method::PATCH, place(member(Role::Owner)), json!({ "role": "admin" }), ProblemKind::LastOwner
)]
#[case::another_company(Role::Owner, Method::DELETE, place(stranger()), Value::Null, ProblemKind::NotFound)]
#[case::nobody(Role::Owner, Method::PATCH, place(UserId::new(Uuid::nil())), json!({ "role": "user" }), ProblemKind::NotFound)]
#[case::no_id(Role::Owner, Method::DELETE, "/api/v1/users/7".to_owned(), Value::Null, ProblemKind::InvalidPath)]
#[case::unknown_role(
    Role::Owner, Method::PATCH, place(member(Role::User)), json!({ "role": "king" }), ProblemKind::InvalidField
)]
#[actix_web::test]
async fn what_must_not_be_is_refused(
    #[case] by: Role,
    #[case] method: Method,
    #[case] path: String,
    #[case] body: Value,
    #[case] kind: ProblemKind,
) {
    let team = team();
    let request =
        if body.is_null() { TestRequest::with_uri(&path).method(method) } else { request(&method, &path, &body) };

    let problem = problem_of(call(with_team(&team), as_role(by, request)).await, kind).await;

    assert_eq!(problem.get("message"), None, "of inviting alone");
    assert_eq!(team.audited(COMPANY_A), [""; 0]);
}

#[actix_web::test]
async fn an_invitation_is_open_until_it_runs_out() {
    let open = Membership {
        user_id: stranger(),
        email: "x@example.com".parse().unwrap(),
        is_active: false,
        invitation_expires_at: Some(NOON + Duration::SECOND),
        ..a_membership()
    };
    let ran_out = Membership {
        user_id: UserId::new(Uuid::from_u128(78)),
        email: "y@example.com".parse().unwrap(),
        invitation_expires_at: Some(NOON),
        ..open.clone()
    };
    let team = Arc::new(InMemoryTeam::with([open, ran_out]));

    let (_, listed) = answer(with_team(&team), as_role(Role::Viewer, TestRequest::get().uri("/api/v1/users"))).await;

    assert_eq!(
        (&listed["users"][0]["status"], &listed["users"][1]["status"]),
        (&json!("invited"), &json!("deactivated"))
    );
}

#[actix_web::test]
async fn an_account_is_bound_with_the_invitation() {
    let (team, directory) = (team(), Arc::new(InMemoryUserDirectory::default()));
    let shared: Arc<dyn UserDirectory> = directory.clone();
    let services = Services { invite_member: Some(invite_member(team.clone(), shared)), ..with_team(&team) };
    let body = json!({ "email": "new@example.com", "role": "user" });

    answer(services, as_role(Role::Admin, invite(&body))).await;

    let user_id = directory.find_by_email(&"new@example.com".parse().unwrap()).await.unwrap().unwrap();
    let account = directory.find(user_id).await.unwrap().unwrap();
    assert_eq!(account.company_ids, [COMPANY_A.to_string()]);
}
