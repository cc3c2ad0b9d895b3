//! Members who are let go, companies that are closed, and a Master that goes away, while people work.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cortex_app::serve::Service;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::people::{JONAS, KESTREL, MARTA};
use crate::stack::{Stack, http};

async fn me(address: SocketAddr, token: &str) -> (u16, Value) {
    let answer = http().get(format!("http://{address}/api/v1/me")).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Asks until the status is this one, which is soon: what was done happened on another connection.
async fn becomes(address: SocketAddr, token: &str, expected: u16) -> Value {
    let begun = Instant::now();
    loop {
        let (status, answer) = me(address, token).await;
        if status == expected {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "it stays at {status}: {answer}");
        tokio::task::yield_now().await;
    }
}

async fn serving(stack: &Stack, visit: impl AsyncFnOnce(SocketAddr)) {
    let stop = CancellationToken::new();
    let service = Service::bind(&stack.config, stack.ports(), None, false, stop.clone()).unwrap();
    let address = service.address();
    let visiting = async {
        visit(address).await;
        stop.cancel();
    };
    let (ended, ()) = tokio::join!(service.run(), visiting);
    ended.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_let_go_is_out_and_back_as_soon_as_it_is_told() {
    let stack = Stack::start().await;
    serving(&stack, async |address| {
        let token = stack.sign_in(&JONAS).await;
        let set_active = async |is_active: bool| {
            let update = format!("update company_users set is_active = {is_active} where user_id = '{}'", JONAS.id);
            stack.master.batch(&update).await;
        };
        for _ in 0..3 {
            becomes(address, &token, 200).await;
            set_active(false).await;
            assert_eq!(becomes(address, &token, 403).await["code"], "membership_inactive");
            set_active(true).await;
        }
        let promote = format!("update company_users set role = 'admin' where user_id = '{}'", JONAS.id);
        stack.master.batch(&promote).await;
        let begun = Instant::now();
        while becomes(address, &token, 200).await["role"] != "admin" {
            assert!(begun.elapsed() < Duration::from_secs(20));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_company_that_is_suspended_is_entered_by_nobody_until_it_is_not() {
    let stack = Stack::start().await;
    serving(&stack, async |address| {
        let token = stack.sign_in(&MARTA).await;
        becomes(address, &token, 200).await;

        stack.master.batch(&format!("update companies set status = 'suspended' where id = '{KESTREL}'")).await;
        assert_eq!(becomes(address, &token, 403).await["code"], "company_inactive");

        stack.master.batch(&format!("update companies set status = 'active' where id = '{KESTREL}'")).await;
        becomes(address, &token, 200).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_master_is_away_nobody_is_let_in_and_afterwards_everybody_is_without_a_restart() {
    let stack = Stack::start().await;
    serving(&stack, async |address| {
        let token = stack.sign_in(&MARTA).await;
        becomes(address, &token, 200).await;
        let name = stack.master.name();
        let watcher = stack.company.connect().await;
        let end = format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");

        watcher.batch_execute(&format!("alter database {name} allow_connections false")).await.unwrap();
        watcher.execute(&end, &[]).await.unwrap();
        assert_eq!(becomes(address, &token, 503).await["code"], "unavailable");
        assert_eq!(me(address, &token).await.0, 503);

        watcher.batch_execute(&format!("alter database {name} allow_connections true")).await.unwrap();
        becomes(address, &token, 200).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visit_and_a_new_address_are_noted_beside_the_request() {
    let stack = Stack::start().await;
    serving(&stack, async |address| {
        let rename =
            format!("update company_users set email = 'old@kestrelpumps.example' where user_id = '{}'", JONAS.id);
        stack.master.batch(&rename).await;
        let token = stack.sign_in(&JONAS).await;
        assert_eq!(becomes(address, &token, 200).await["last_login_at"], Value::Null);

        let begun = Instant::now();
        loop {
            let answer = becomes(address, &token, 200).await;
            if answer["last_login_at"].is_string() && answer["email"] == JONAS.email {
                break;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "it stays at {answer}");
        }
    })
    .await;
}
