//! The team: from an invitation by mail to a member, and out again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_app::commands::users;
use cortex_app::config::{ServeConfig, UsersBindConfig};
use cortex_app::ports::ApiPorts;
use cortex_identity::ports::UserDirectory;
use cortex_identity::testing::user_directory::Harness;
use cortex_kernel::UserId;
use cortex_sandbox::faults::{Fault, FaultKind};
use cortex_sandbox::supabase::{MailService, RunningSupabase, SeedUser, Supabase, SupabaseConfig, User};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::{self, Client};
use crate::people::{BRAMBLEWICK, JONAS, KESTREL, MARTA, OLIVE, Person, STRANGER};
use crate::stack::{Stack, http};

const GUEST: &str = "nils.aas@kestrelpumps.example";
const INVITE: &str = "/api/v1/users/invite";

impl Client<'_> {
    async fn invite(&self, email: &str, confirm: bool) -> (StatusCode, Value) {
        let token = self.stack.sign_in(&MARTA).await;
        let body = json!({ "email": email, "role": "user", "confirm": confirm });
        self.call(&token, Method::POST, INVITE, Some(body)).await
    }

    async fn status_of(&self, email: &str) -> Option<String> {
        let token = self.stack.sign_in(&MARTA).await;
        let (_, team) = self.call(&token, Method::GET, "/api/v1/users", None).await;
        let users = team["users"].as_array().unwrap();
        let user = users.iter().find(|user| user["email"] == email)?;
        Some(user["status"].as_str().unwrap().to_owned())
    }
}

/// Runs the deployment for as long as `visit` takes.
async fn visit(stack: &Stack, visit: impl AsyncFnOnce(Client<'_>)) {
    client::visit(stack, false, visit).await;
}

/// Follows the link of the last mail: the access token of the sign-in.
async fn follow_link(stack: &Stack) -> String {
    let mail = stack.supabase.outbox().pop().unwrap();
    let answer = http()
        .post(format!("{}/auth/v1/verify", stack.supabase.base_url()))
        .header("apikey", stack.supabase.anon_key())
        .json(&json!({ "type": "invite", "token_hash": mail.token }))
        .send()
        .await
        .unwrap();
    let session: Value = answer.json().await.unwrap();
    session["access_token"].as_str().unwrap().to_owned()
}

fn bound_to(user: &User) -> Vec<String> {
    let ids = user.app_metadata.get("company_ids").and_then(Value::as_array).cloned().unwrap_or_default();
    ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Waits for what another task does over sockets.
async fn until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it never came");
        tokio::task::yield_now().await;
    }
}

fn writing_accounts_fails() -> Fault {
    Fault {
        path_prefix: "/auth/v1/admin/users/".to_owned(),
        method: Some("PUT".to_owned()),
        times: None,
        fault: FaultKind::Status { status: 503, retry_after_seconds: None },
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_invited_becomes_a_member_with_his_first_token() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (status, invited) = client.invite(GUEST, false).await;
        assert_eq!(status, StatusCode::OK, "{invited}");
        assert_eq!((&invited["success"], &invited["warning"]), (&json!(true), &json!(false)));
        assert_eq!(client.status_of(GUEST).await.as_deref(), Some("invited"));
        let mail = stack.supabase.outbox().pop().unwrap();
        assert_eq!(mail.email, GUEST);
        assert!(mail.link.ends_with("redirect_to=https%3A%2F%2Fapp.kestrelpumps.example%2Fwelcome"), "{}", mail.link);
        let account = stack.supabase.user_by_email(GUEST).unwrap();
        assert_eq!(bound_to(&account), [KESTREL.to_string()]);

        let token = follow_link(&stack).await;
        let (status, me) = client.call(&token, Method::GET, "/api/v1/me", None).await;

        assert_eq!(status, StatusCode::OK, "{me}");
        assert_eq!((&me["role"], &me["email"]), (&json!("user"), &json!(GUEST)));
        assert_eq!(client.status_of(GUEST).await.as_deref(), Some("active"));
        let (status, again) = client.invite(&GUEST.to_uppercase(), false).await;
        assert_eq!((status, &again["code"]), (StatusCode::CONFLICT, &json!("already_a_member")), "{again}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_made_inactive_by_hand_stays_so() {
    let stack = Stack::start().await;
    let Person { id, email, .. } = STRANGER;
    let insert = "insert into company_users (user_id, company_id, email, role, is_active)";
    stack.master.batch(&format!("{insert} values ('{id}', '{KESTREL}', '{email}', 'user', false)")).await;
    visit(&stack, async |client| {
        let token = stack.sign_in(&STRANGER).await;

        let (status, refused) = client.call(&token, Method::GET, "/api/v1/me", None).await;

        assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("membership_inactive")), "{refused}");
        assert_eq!(client.status_of(email).await.as_deref(), Some("deactivated"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_request_of_a_removed_member_is_refused() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (marta, jonas) = (stack.sign_in(&MARTA).await, stack.sign_in(&JONAS).await);
        assert_eq!(client.call(&jonas, Method::GET, "/api/v1/me", None).await.0, StatusCode::OK);

        let (status, gone) = client.call(&marta, Method::DELETE, &format!("/api/v1/users/{}", JONAS.id), None).await;
        assert_eq!(status, StatusCode::OK, "{gone}");

        let (status, refused) = client.call(&jonas, Method::GET, "/api/v1/me", None).await;
        assert_eq!((status, &refused["code"]), (StatusCode::FORBIDDEN, &json!("membership_inactive")), "{refused}");
        let (status, oneself) = client.call(&marta, Method::DELETE, &format!("/api/v1/users/{}", MARTA.id), None).await;
        assert_eq!((status, &oneself["code"]), (StatusCode::BAD_REQUEST, &json!("own_membership")), "{oneself}");
        let demote = Some(json!({ "role": "admin" }));
        let (status, last) = client.call(&marta, Method::PATCH, &format!("/api/v1/users/{}", MARTA.id), demote).await;
        assert_eq!((status, &last["code"]), (StatusCode::CONFLICT, &json!("last_owner")), "{last}");
        let (status, foreign) = client.call(&marta, Method::DELETE, &format!("/api/v1/users/{}", OLIVE.id), None).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{foreign}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_could_not_be_bound_is_bound_later_and_after_a_restart() {
    let stack = Stack::start().await;
    stack.supabase.faults().add(writing_accounts_fails());
    let account = || stack.supabase.user_by_email(GUEST).unwrap();
    visit(&stack, async |client| {
        let (status, invited) = client.invite(GUEST, false).await;
        assert_eq!(status, StatusCode::OK, "{invited}");
        assert_eq!(client.status_of(GUEST).await.as_deref(), Some("invited"));
        assert!(bound_to(&account()).is_empty());
    })
    .await;

    visit(&stack, async |_| {
        stack.supabase.faults().clear();
        until(|| bound_to(&account()) == [KESTREL.to_string()]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_belongs_to_another_company_gets_no_mail_and_keeps_his_place_there() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        let (status, warned) = client.invite(OLIVE.email, false).await;
        assert_eq!((status, &warned["warning"]), (StatusCode::OK, &json!(true)), "{warned}");
        assert_eq!(client.status_of(OLIVE.email).await, None);

        let (status, invited) = client.invite(&OLIVE.email.to_uppercase(), true).await;
        assert_eq!((status, &invited["success"]), (StatusCode::OK, &json!(true)), "{invited}");

        assert_eq!(stack.supabase.outbox().len(), 0);
        let account = stack.supabase.user_by_email(OLIVE.email).unwrap();
        assert_eq!(bound_to(&account), [KESTREL.to_string(), BRAMBLEWICK.to_string()]);
        assert_eq!(account.user_metadata["company_id"], BRAMBLEWICK.to_string());
        let token = stack.sign_in(&OLIVE).await;
        let (status, me) = client.call(&token, Method::GET, "/api/v1/me", None).await;
        assert_eq!(status, StatusCode::OK, "{me}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_sent_leaves_nothing_behind() {
    let stack = Stack::start().await;
    visit(&stack, async |client| {
        for (mail, code) in
            [(MailService::Broken, "invitation_not_sent"), (MailService::RateLimited, "invitation_not_sent")]
        {
            stack.supabase.set_mail(mail);
            let (status, refused) = client.invite(GUEST, false).await;
            assert_eq!((status, &refused["code"]), (StatusCode::BAD_GATEWAY, &json!(code)), "{refused}");
            assert!(refused["message"].is_string());
        }
        stack.supabase.set_mail(MailService::Working);
        stack.supabase.faults().fail_all("/auth/v1/invite", 503);
        let (status, away) = client.invite(GUEST, false).await;
        assert_eq!(
            (status, &away["code"]),
            (StatusCode::SERVICE_UNAVAILABLE, &json!("accounts_unavailable")),
            "{away}"
        );
        assert_eq!(client.status_of(GUEST).await, None);
        assert!(stack.supabase.user_by_email(GUEST).is_none());

        stack.supabase.faults().clear();
        assert_eq!(client.invite(GUEST, false).await.0, StatusCode::OK, "without a restart");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_of_members_are_bound_by_a_command() {
    let stack = Stack::start().await;
    let ghost = "insert into company_users (user_id, company_id, email) values (gen_random_uuid()";
    stack.master.batch(&format!("{ghost}, '{KESTREL}', 'ghost@kestrelpumps.example')")).await;
    let variables = HashMap::from([
        ("COMPANY_ID", KESTREL.to_string()),
        ("MASTER_DATABASE_URL", stack.master.url()),
        ("MASTER_SUPABASE_URL", stack.supabase.base_url().to_owned()),
        ("MASTER_SUPABASE_SERVICE_KEY", stack.supabase.service_key().to_owned()),
    ]);
    let config = UsersBindConfig::from_env(&|name| variables.get(name).cloned()).unwrap();
    let bind = async || {
        let mut out = Vec::new();
        let all = users::bind(&config, true, &mut out).await.unwrap();
        (all, serde_json::from_slice::<Value>(&out).unwrap())
    };

    let (all, told) = bind().await;
    assert!(!all, "one has no account: {told}");
    let changed = |told: &Value| {
        let users = told["users"].as_array().unwrap().clone();
        users.iter().map(|user| (user["bound"] == true, user["changed"] == true)).collect::<Vec<_>>()
    };
    // By address: Ada, the one without an account, Jonas, Marta, Vera.
    let bound = (true, true);
    assert_eq!(changed(&told), [bound, (false, false), bound, bound, bound], "{told}");
    let account = stack.supabase.user_by_email(MARTA.email).unwrap();
    assert_eq!(bound_to(&account), [KESTREL.to_string()]);

    stack.master.batch("update company_users set is_active = false where email like 'ghost@%'").await;
    let (all, told) = bind().await;
    assert!(all, "{told}");
    assert_eq!(changed(&told), [(true, false); 4], "a second run does nothing: {told}");
}

/// The stand-in as a directory of accounts.
struct Accounts {
    supabase: RunningSupabase,
    directory: Arc<dyn UserDirectory>,
}

impl Accounts {
    fn start() -> Self {
        let supabase = Supabase::start(SupabaseConfig::with_users([])).unwrap();
        let variables = HashMap::from([
            ("COMPANY_ID", KESTREL.to_string()),
            ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/company".to_owned()),
            ("MASTER_DATABASE_URL", "postgres://nobody@127.0.0.1:1/master".to_owned()),
            ("MASTER_SUPABASE_URL", supabase.base_url().to_owned()),
            ("MASTER_SUPABASE_SERVICE_KEY", supabase.secret_key().to_owned()),
            ("NANGO_SECRET_KEY", "key".to_owned()),
        ]);
        let config = ServeConfig::from_env(&|name| variables.get(name).cloned()).unwrap();
        let directory = ApiPorts::production(&config).unwrap().user_directory.unwrap();
        Self { supabase, directory }
    }
}

#[async_trait]
impl Harness for Accounts {
    fn directory(&self) -> Arc<dyn UserDirectory> {
        Arc::clone(&self.directory)
    }

    async fn put_used(&self, user_id: UserId, email: &str) {
        self.supabase.add_user(SeedUser::new(email, "correct horse").with_id(user_id.as_uuid())).unwrap();
    }

    async fn mails(&self, email: &str) -> usize {
        self.supabase.outbox().iter().filter(|mail| mail.email == email).count()
    }
}

mod the_stand_in_keeps_the_contract {
    use super::Accounts;

    cortex_identity::user_directory_contract!(Accounts::start());
}
