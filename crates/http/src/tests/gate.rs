//! Who may come in, at every address of the table.

use actix_web::HttpResponse;
use actix_web::http::header::AUTHORIZATION;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{self, TestRequest};
use actix_web::web::ServiceConfig;
use cortex_identity::model::{Company, CompanyStatus, Role};
use cortex_identity::ports::MockMembershipStore;
use cortex_identity::testing::{InMemoryMembershipStore, a_company};
use cortex_kernel::StoreError;
use rstest::rstest;

use super::stage::{answer, as_role, call, entrance, services};
use super::{edge, header, problem_of, settings};
use crate::endpoint::{Access, Endpoint};
use crate::gate::Caller;
use crate::problem::ProblemKind;
use crate::routes::table;
use crate::{Services, app, app_over};

/// Every method of every address, with a path, a query and a body that nothing can be made of.
pub(super) fn bad_requests() -> Vec<(Access, impl Fn() -> TestRequest)> {
    let mut requests = Vec::new();
    for endpoint in table() {
        let (paths, accesses) = endpoint.declared();
        for path in paths {
            for (method, access) in accesses.iter().cloned() {
                let path = path.replace(['{', '}'], "~") + "?provider=%00&limit=many&since=never";
                requests.push((access, move || {
                    TestRequest::with_uri(&path).method(method.clone()).set_payload("{rubbish")
                }));
            }
        }
    }
    requests
}

#[actix_web::test]
async fn every_protected_route_asks_who_is_calling_and_whether_he_may_before_anything_else() {
    let app = test::init_service(app(services(), settings(false))).await;
    let mut protected = 0;
    for (access, request) in bad_requests() {
        let Access::Member(least) = access else { continue };
        protected += 1;
        let code_for = async |token: Option<&str>| {
            let request = token
                .into_iter()
                .fold(request(), |request, token| request.insert_header((AUTHORIZATION, format!("Bearer {token}"))));
            let request = request.to_request();
            let called = format!("{} {}", request.method(), request.path());
            let response = test::call_service(&app, request).await;
            let status = response.status();
            let challenge = header(response.headers(), "www-authenticate").map(ToOwned::to_owned);
            let body = test::read_body(response).await;
            let code = serde_json::from_slice::<serde_json::Value>(&body).map(|body| body["code"].clone());
            let code = code.unwrap_or_default().as_str().unwrap_or_default().to_owned();
            (called, status, code, challenge)
        };
        for token in [None, Some("forged")] {
            let (called, status, code, challenge) = code_for(token).await;
            assert_eq!((status, code.as_str()), (StatusCode::UNAUTHORIZED, "unauthenticated"), "{called}");
            assert_eq!(challenge.as_deref(), Some("Bearer"), "{called}");
        }
        let (called, status, code, _) = code_for(Some("elsewhere")).await;
        assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "wrong_company"), "{called}");
        for role in Role::ALL {
            let (called, status, code, _) = code_for(Some(role.name())).await;
            if role < least {
                assert_eq!((status, code.as_str()), (StatusCode::FORBIDDEN, "role_too_low"), "{called} as {role}");
            } else {
                let is_stopped = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN].contains(&status);
                assert!(!is_stopped && !status.is_server_error(), "{called} as {role}: {status} {code}");
            }
        }
    }
    assert!(protected > 15, "{protected}");
}

#[test]
fn only_these_addresses_are_open_to_everybody() {
    let open = table().into_iter().flat_map(|endpoint| {
        let (paths, accesses) = endpoint.declared();
        let open = accesses.iter().filter(|(_, access)| *access == Access::Open);
        open.flat_map(|(method, _)| paths.iter().map(move |path| format!("{method} {path}"))).collect::<Vec<_>>()
    });

    let expected = [
        "GET /health/live",
        "GET /health/ready",
        "GET /health",
        "POST /nango/webhook",
        "POST /api/v1/webhooks/nango",
        "POST /nango/oauth/callback",
        "POST /admin/auth",
    ];
    assert_eq!(open.collect::<Vec<_>>(), expected);
}

#[test]
fn no_address_stands_in_the_table_twice() {
    let mut paths: Vec<_> = table().iter().flat_map(|endpoint| endpoint.declared().0.to_vec()).collect();
    let count = paths.len();
    paths.sort_unstable();
    paths.dedup();

    assert_eq!(paths.len(), count);
}

#[rstest]
#[case::lower_case("bearer viewer", true)]
#[case::several_blanks("Bearer   viewer", true)]
#[case::another_scheme("Basic viewer", false)]
#[case::no_scheme("viewer", false)]
#[case::no_token("Bearer ", false)]
#[case::two_tokens("Bearer viewer viewer", false)]
#[actix_web::test]
async fn a_token_stands_after_the_word_bearer(#[case] value: &str, #[case] is_taken: bool) {
    let request = TestRequest::get().uri("/api/v1/oauth/status").insert_header((AUTHORIZATION, value));

    let status = call(services(), request).await.status();

    assert_eq!(status, if is_taken { StatusCode::OK } else { StatusCode::UNAUTHORIZED });
}

#[actix_web::test]
async fn two_headers_are_no_token() {
    let request = as_role(Role::Viewer, TestRequest::get().uri("/api/v1/oauth/status"));
    let request = request.append_header((AUTHORIZATION, "Bearer owner"));

    problem_of(call(services(), request).await, ProblemKind::Unauthenticated).await;
}

#[rstest]
#[case::bound_elsewhere("elsewhere", ProblemKind::WrongCompany)]
#[case::bound_nowhere("nowhere", ProblemKind::WrongCompany)]
#[case::no_member("stranger", ProblemKind::NotAMember)]
#[case::deactivated("deactivated", ProblemKind::MembershipInactive)]
#[case::no_key_was_ever_loaded("keyless", ProblemKind::Unavailable)]
#[actix_web::test]
async fn every_refusal_has_its_own_code(#[case] token: &str, #[case] kind: ProblemKind) {
    let request = TestRequest::get().uri("/api/v1/me").insert_header((AUTHORIZATION, format!("Bearer {token}")));

    problem_of(call(services(), request).await, kind).await;
}

#[rstest]
#[case::suspended(CompanyStatus::Suspended)]
#[case::deleted(CompanyStatus::Deleted)]
#[actix_web::test]
async fn a_company_that_is_not_active_is_entered_by_nobody(#[case] status: CompanyStatus) {
    let members = InMemoryMembershipStore::with([Company { status, ..a_company() }], []);
    let services = Services { enter_company: entrance(members), ..services() };

    let response = call(services, as_role(Role::Owner, TestRequest::get().uri("/api/v1/me"))).await;

    problem_of(response, ProblemKind::CompanyInactive).await;
}

#[actix_web::test]
async fn nobody_is_let_in_while_master_is_away() {
    let mut members = MockMembershipStore::new();
    members.expect_find_company().returning(|_| Err(StoreError::Unavailable("no route to 10.0.0.7".into())));
    let services = Services { enter_company: entrance(members), ..services() };

    let response = call(services, as_role(Role::Owner, TestRequest::get().uri("/api/v1/me"))).await;

    assert_eq!(header(response.headers(), "retry-after"), Some("5"));
    let body = problem_of(response, ProblemKind::Unavailable).await;
    assert!(!body.to_string().contains("10.0.0.7"), "{body}");
}

#[actix_web::test]
async fn a_handler_of_an_open_route_gets_no_caller() {
    let routes = |config: &mut ServiceConfig| {
        Endpoint::at("/open").get(Access::Open, |_: Caller| async { HttpResponse::Ok().finish() }).register(config);
    };
    let app = test::init_service(app_over(edge(false), routes)).await;
    let request = as_role(Role::Owner, TestRequest::get().uri("/open"));

    problem_of(test::call_service(&app, request.to_request()).await, ProblemKind::Internal).await;
}

#[actix_web::test]
async fn head_asks_for_the_same_role_as_get() {
    let head = || TestRequest::with_uri("/api/v1/oauth/status").method(Method::HEAD);

    assert_eq!(call(services(), head()).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(call(services(), as_role(Role::Viewer, head())).await.status(), StatusCode::OK);
}

#[actix_web::test]
async fn a_role_that_is_too_low_is_told_which_one_is_needed() {
    let (status, body) = answer(services(), as_role(Role::Viewer, TestRequest::post().uri("/connect/start"))).await;

    assert_eq!(status, 403);
    assert_eq!(body["detail"], "This asks for the role user or a higher one, and yours is viewer.");
}
