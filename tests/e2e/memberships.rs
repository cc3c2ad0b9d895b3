//! Members who are let go, companies that are closed, and a Master that goes away, while people work.

use reqwest::Method;
use serde_json::Value;

use crate::client::{self, Client};
use crate::people::{JONAS, KESTREL, MARTA};
use crate::stack::Stack;

const ME: &str = "/api/v1/me";

impl Client<'_> {
    /// Who the bearer is here, as soon as the status is this one: what was done happened on another connection.
    async fn becomes(&self, token: &str, expected: u16) -> Value {
        self.until(token, ME, |status, _| status == expected).await
    }
}

async fn serving(stack: &Stack, visit: impl AsyncFnOnce(Client<'_>)) {
    client::visit(stack, false, visit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_go_is_out_and_back_as_soon_as_it_is_told() {
    let stack = Stack::start().await;
    serving(&stack, async |client| {
        let token = stack.sign_in(&JONAS).await;
        let set_active = async |is_active: bool| {
            let update = format!("update company_users set is_active = {is_active} where user_id = '{}'", JONAS.id);
            stack.master.batch(&update).await;
        };
        for _ in 0..3 {
            client.becomes(&token, 200).await;
            set_active(false).await;
            assert_eq!(client.becomes(&token, 403).await["code"], "membership_inactive");
            set_active(true).await;
        }
        let promote = format!("update company_users set role = 'admin' where user_id = '{}'", JONAS.id);
        stack.master.batch(&promote).await;
        client.until(&token, ME, |_, me| me["role"] == "admin").await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_suspended_is_entered_by_nobody_until_it_is_not() {
    let stack = Stack::start().await;
    serving(&stack, async |client| {
        let token = stack.sign_in(&MARTA).await;
        client.becomes(&token, 200).await;

        stack.master.batch(&format!("update companies set status = 'suspended' where id = '{KESTREL}'")).await;
        assert_eq!(client.becomes(&token, 403).await["code"], "company_inactive");

        stack.master.batch(&format!("update companies set status = 'active' where id = '{KESTREL}'")).await;
        client.becomes(&token, 200).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_master_is_away_nobody_is_let_in_and_afterwards_everybody_is_without_a_restart() {
    let stack = Stack::start().await;
    serving(&stack, async |client| {
        let token = stack.sign_in(&MARTA).await;
        client.becomes(&token, 200).await;
        let name = stack.master.name();
        let watcher = stack.company.connect().await;
        let end = format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");

        watcher.batch_execute(&format!("alter database {name} allow_connections false")).await.unwrap();
        watcher.execute(&end, &[]).await.unwrap();
        assert_eq!(client.becomes(&token, 503).await["code"], "unavailable");
        assert_eq!(client.call(&token, Method::GET, ME, None).await.0, 503);

        watcher.batch_execute(&format!("alter database {name} allow_connections true")).await.unwrap();
        client.becomes(&token, 200).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_and_a_new_address_are_noted_beside_the_request() {
    let stack = Stack::start().await;
    serving(&stack, async |client| {
        let rename =
            format!("update company_users set email = 'old@kestrelpumps.example' where user_id = '{}'", JONAS.id);
        stack.master.batch(&rename).await;
        let token = stack.sign_in(&JONAS).await;
        assert_eq!(client.becomes(&token, 200).await["last_login_at"], Value::Null);

        let is_noted = |_, me: &Value| me["last_login_at"].is_string() && me["email"] == JONAS.email;
        client.until(&token, ME, is_noted).await;
    })
    .await;
}

/// There nobody can listen, so each request asks; and no setting may leak into the next transaction.
#[tokio::test(flavor = "multi_thread")]
async fn behind_a_transaction_pooler_whoever_one_replica_lets_go_is_out_at_the_other_too() {
    let stack = Stack::with(&[("DATABASE_POOLER", "transaction")]).await;
    serving(&stack, async |one| {
        serving(&stack, async |other| {
            let (marta, jonas) = (stack.sign_in(&MARTA).await, stack.sign_in(&JONAS).await);
            let jonas_here = format!("/api/v1/users/{}", JONAS.id);
            for client in [&one, &other] {
                client.becomes(&jonas, 200).await;
            }

            assert_eq!(one.call(&marta, Method::DELETE, &jonas_here, None).await.0, 200);

            for client in [&one, &other] {
                assert_eq!(client.call(&jonas, Method::GET, ME, None).await.0, 403);
            }
        })
        .await;
    })
    .await;
}
