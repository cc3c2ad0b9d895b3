//! User administration over a real socket: what is sent, and what becomes of answers.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, rt, web};
use cortex_identity::model::{Account, AccountBinding};
use cortex_identity::ports::{DirectoryError, InviteAnswer, UserDirectory};
use cortex_identity::testing::{COMPANY_A, USER_1};
use cortex_kernel::Email;
use cortex_supabase::{SupabaseUserDirectory, UserDirectoryConfig};
use rstest::rstest;
use rustls::{ClientConfig, RootCertStore};
use serde_json::{Value, json};

const PATIENCE: Duration = Duration::from_secs(20);
const KEY: &str = "service-key";

/// What was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    call: String,
    keys: [Option<String>; 2],
    body: Value,
}

/// Answers the requests in this order; after the last one never.
struct Project {
    url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
    handle: ServerHandle,
}

type Answer = (u16, String);

impl Project {
    fn answering(answers: impl IntoIterator<Item = Answer>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers = Arc::new(Mutex::new(answers.into_iter().collect::<std::collections::VecDeque<_>>()));
        let notes = Arc::clone(&asked);
        let handler = move |request: HttpRequest, body: web::Bytes| {
            let header = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
            let asked = Asked {
                call: format!("{} {}", request.method(), request.uri()),
                keys: [header("apikey"), header("authorization")],
                body: serde_json::from_slice(&body).unwrap_or_default(),
            };
            notes.lock().unwrap().push(asked);
            let answer = answers.lock().unwrap().pop_front();
            async move {
                let Some((status, body)) = answer else { std::future::pending().await };
                let status = StatusCode::from_u16(status).unwrap();
                HttpResponse::build(status).insert_header(("retry-after", "7")).body(body)
            }
        };
        let app = move || App::new().default_service(web::to(handler.clone()));
        let server = HttpServer::new(app).workers(1).bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let handle = server.handle();
        rt::spawn(server);
        Self { url, asked, handle }
    }

    fn directory(&self, timeout: Duration) -> SupabaseUserDirectory {
        directory(&self.url, timeout)
    }

    async fn stop(self) -> Vec<Asked> {
        self.handle.stop(false).await;
        self.asked.lock().unwrap().clone()
    }
}

fn directory(url: &str, timeout: Duration) -> SupabaseUserDirectory {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    let config = UserDirectoryConfig {
        supabase_url: url.parse().unwrap(),
        service_key: KEY.into(),
        redirect_to: Some("https://app.example.com/welcome".parse().unwrap()),
        timeout,
    };
    SupabaseUserDirectory::new(&config, tls).unwrap()
}

fn user(email: &str) -> Value {
    json!({ "id": USER_1.to_string(), "email": email, "app_metadata": {}, "user_metadata": {} })
}

fn ok(body: &Value) -> Answer {
    (200, body.to_string())
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    (status, json!({ "code": status, "error_code": code, "msg": message }).to_string())
}

fn guest() -> Email {
    "guest+new@example.com".parse().unwrap()
}

async fn invite(answer: Answer) -> Result<InviteAnswer, DirectoryError> {
    let project = Project::answering([answer]);
    let answered = project.directory(PATIENCE).invite(&guest(), COMPANY_A).await;
    project.stop().await;
    answered
}

#[actix_web::test]
async fn an_invitation_names_address_company_and_where_to_go() {
    let project = Project::answering([ok(&user("guest+new@example.com"))]);

    let invited = project.directory(PATIENCE).invite(&guest(), COMPANY_A).await.unwrap();

    assert_eq!(invited, InviteAnswer::Sent(USER_1));
    let expected = Asked {
        call: "POST /auth/v1/invite?redirect_to=https%3A%2F%2Fapp.example.com%2Fwelcome".to_owned(),
        keys: [Some(KEY.to_owned()), Some(format!("Bearer {KEY}"))],
        body: json!({ "email": "guest+new@example.com", "data": { "company_id": COMPANY_A.to_string() } }),
    };
    assert_eq!(project.stop().await, [expected]);
}

#[actix_web::test]
async fn an_account_that_was_used_is_told_apart() {
    let answered =
        invite(error(422, "email_exists", "A user with this email address has already been registered")).await;

    assert_eq!(answered.unwrap(), InviteAnswer::HasAccount);
}

#[rstest]
#[case::no_mail_server(error(500, "unexpected_failure", "Error sending invite email"))]
#[case::too_many_mails(error(429, "over_email_send_rate_limit", "email rate limit exceeded"))]
#[case::not_to_everybody(error(400, "email_address_not_authorized", "Email address not authorized"))]
#[actix_web::test]
async fn a_mail_that_cannot_be_sent_is_told_as_such(#[case] answer: Answer) {
    let refused = invite(answer).await;

    assert!(matches!(refused, Err(DirectoryError::MailNotSent(_))), "{refused:?}");
}

#[actix_web::test]
async fn an_address_that_it_does_not_take_is_told_as_such() {
    let refused = invite(error(400, "validation_failed", "Unable to validate email address: invalid format")).await;

    assert!(matches!(refused, Err(DirectoryError::AddressRefused(_))), "{refused:?}");
}

#[rstest]
#[case::no_key(error(401, "", "No API key found in request"), "Unauthorised")]
#[case::no_admin(error(403, "not_admin", "User not allowed"), "Unauthorised")]
#[case::too_many(error(429, "over_request_rate_limit", "Request rate limit reached"), "Throttled")]
#[case::broken(error(500, "unexpected_failure", "Database error saving new user"), "Unavailable")]
#[case::gateway((502, "<html>".to_owned()), "Unavailable")]
#[case::maintenance((503, String::new()), "Unavailable")]
#[case::html((200, "<!doctype html>".to_owned()), "BadAnswer")]
#[case::cut((200, "{\"id\":\"01".to_owned()), "BadAnswer")]
#[case::no_id((200, json!({ "id": "guest" }).to_string()), "BadAnswer")]
#[case::elsewhere((404, "not found".to_owned()), "BadAnswer")]
#[case::redirect((302, String::new()), "BadAnswer")]
#[case::endless((200, " ".repeat(4 * 1024 * 1024 + 1)), "BadAnswer")]
#[actix_web::test]
async fn failures_are_told_apart(#[case] answer: Answer, #[case] expected: &str) {
    let told = format!("{:?}", invite(answer).await.unwrap_err());

    assert!(told.starts_with(expected), "{told}");
    assert!(!told.contains("Database error") && !told.contains("guest"), "{told}");
}

#[actix_web::test]
async fn a_wait_that_is_asked_for_is_passed_on() {
    let throttled = invite(error(429, "over_request_rate_limit", "slower")).await;

    let Err(DirectoryError::Throttled { retry_after }) = throttled else { panic!("{throttled:?}") };
    assert_eq!(retry_after, Some(Duration::from_secs(7)));
}

#[actix_web::test]
async fn who_does_not_answer_is_not_waited_for() {
    let project = Project::answering([]);

    let away = project.directory(Duration::from_millis(50)).find(USER_1).await;

    assert!(matches!(away, Err(DirectoryError::Unavailable(_))), "{away:?}");
    project.stop().await;
}

#[actix_web::test]
async fn who_is_not_there_is_away() {
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();

    let away = directory(&format!("http://{closed}/"), PATIENCE).find_by_email(&guest()).await;

    assert!(matches!(away, Err(DirectoryError::Unavailable(_))), "{away:?}");
    assert!(!format!("{away:?}").contains("guest"), "{away:?}");
}

#[actix_web::test]
async fn an_address_is_looked_for_on_every_page() {
    let others = json!({ "users": vec![user("other.guest+new@example.com"); 100] });
    let last = json!({ "users": [user("x@example.com"), user("Guest+New@example.com")] });
    let project = Project::answering([ok(&others), ok(&last)]);

    let found = project.directory(PATIENCE).find_by_email(&guest()).await.unwrap();

    assert_eq!(found, Some(USER_1));
    let calls: Vec<_> = project.stop().await.into_iter().map(|asked| asked.call).collect();
    let expected = ["1", "2"]
        .map(|page| format!("GET /auth/v1/admin/users?filter=guest%2Bnew%40example.com&page={page}&per_page=100"));
    assert_eq!(calls, expected);
}

#[actix_web::test]
async fn a_list_without_end_is_given_up() {
    let others = json!({ "users": vec![user("other.guest+new@example.com"); 100] });
    let project = Project::answering(vec![ok(&others); 21]);

    let given_up = project.directory(PATIENCE).find_by_email(&guest()).await;

    assert!(matches!(given_up, Err(DirectoryError::BadAnswer(_))), "{given_up:?}");
    assert_eq!(project.stop().await.len(), 20);
}

#[rstest]
#[case::nothing(json!({}), json!({}), &[], None, None)]
#[case::null(Value::Null, Value::Null, &[], None, None)]
#[case::all(json!({ "company_ids": ["a", "b"], "company_id": "c" }), json!({ "company_id": "d" }), &["a", "b"], Some("c"), Some("d"))]
#[case::one_text(json!({ "company_ids": "a" }), json!({ "company_id": 7 }), &["a"], None, None)]
#[case::rubbish(json!({ "company_ids": ["a", 7, null], "company_id": [] }), json!({}), &["a"], None, None)]
#[actix_web::test]
async fn an_account_is_read_whatever_stands_in_it(
    #[case] app_metadata: Value,
    #[case] user_metadata: Value,
    #[case] company_ids: &[&str],
    #[case] company_id: Option<&str>,
    #[case] own_company_id: Option<&str>,
) {
    let body = json!({ "id": USER_1.to_string(), "app_metadata": app_metadata, "user_metadata": user_metadata });
    let project = Project::answering([ok(&body)]);

    let account = project.directory(PATIENCE).find(USER_1).await.unwrap();

    let expected = Account {
        user_id: USER_1,
        company_ids: company_ids.iter().map(ToString::to_string).collect(),
        company_id: company_id.map(ToOwned::to_owned),
        own_company_id: own_company_id.map(ToOwned::to_owned),
    };
    assert_eq!(account, Some(expected));
    assert_eq!(project.stop().await[0].call, format!("GET /auth/v1/admin/users/{USER_1}"));
}

#[actix_web::test]
async fn only_what_is_given_is_written() {
    let project = Project::answering([ok(&user("guest@example.com")), ok(&user("guest@example.com"))]);
    let all = AccountBinding {
        company_ids: vec!["a".to_owned()],
        company_id: Some("b".to_owned()),
        own_company_id: Some("c".to_owned()),
    };
    let list = AccountBinding { company_id: None, own_company_id: None, ..all.clone() };

    for binding in [&all, &list] {
        project.directory(PATIENCE).write_binding(USER_1, binding).await.unwrap();
    }

    let bodies: Vec<_> = project.stop().await.into_iter().map(|asked| asked.body).collect();
    let expected = [
        json!({ "app_metadata": { "company_ids": ["a"], "company_id": "b" }, "user_metadata": { "company_id": "c" } }),
        json!({ "app_metadata": { "company_ids": ["a"] } }),
    ];
    assert_eq!(bodies, expected);
}

#[actix_web::test]
async fn who_is_gone_reads_as_absent() {
    let gone = || error(404, "user_not_found", "User not found");
    let project = Project::answering([gone(), gone()]);
    let directory = project.directory(PATIENCE);
    let binding = AccountBinding { company_ids: Vec::new(), company_id: None, own_company_id: None };

    assert_eq!(directory.find(USER_1).await.unwrap(), None);
    directory.write_binding(USER_1, &binding).await.unwrap();
    project.stop().await;
}

#[test]
fn the_key_shows_nowhere() {
    let told = format!("{:?}", directory("https://abc.supabase.co", PATIENCE));

    assert!(!told.contains(KEY), "{told}");
}
