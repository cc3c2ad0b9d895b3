//! How often one may connect holds for a company, however many processes serve it.

use std::net::SocketAddr;

use reqwest::StatusCode;

use crate::client;
use crate::people::{JONAS, MARTA};
use crate::stack::{Stack, http};

/// Runs one more process of the deployment, without a worker, for as long as `visit` takes.
async fn replica(stack: &Stack, visit: impl AsyncFnOnce(SocketAddr)) {
    client::visit(stack, false, async |client| visit(client.address).await).await;
}

async fn connect(address: SocketAddr, token: &str) -> reqwest::Response {
    let start = http().post(format!("http://{address}/api/v1/oauth/connect/start?provider=gmail"));
    start.bearer_auth(token).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_twenty_first_connect_in_a_minute_is_refused_by_any_replica_and_after_a_restart() {
    let stack = Stack::start().await;
    let (marta, jonas) = (stack.sign_in(&MARTA).await, stack.sign_in(&JONAS).await);

    replica(&stack, async |one| {
        replica(&stack, async |other| {
            for number in 0..20 {
                let address = if number % 2 == 0 { one } else { other };
                let answer = connect(address, &marta).await;
                assert_eq!(answer.status(), StatusCode::OK, "{number}: {:?}", answer.text().await);
            }
            for address in [one, other] {
                let answer = connect(address, &marta).await;
                assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
                let told = |name: &str| answer.headers()[name].to_str().unwrap().parse::<u64>().unwrap();
                assert_eq!((told("ratelimit-limit"), told("ratelimit-remaining")), (20, 0));
                assert!((1..=60).contains(&told("retry-after")), "{:?}", answer.headers());
                assert_eq!(connect(address, &jonas).await.status(), StatusCode::OK, "each has a limit of his own");
            }
        })
        .await;
    })
    .await;

    replica(&stack, async |restarted| {
        assert_eq!(connect(restarted, &marta).await.status(), StatusCode::TOO_MANY_REQUESTS);
    })
    .await;
}
