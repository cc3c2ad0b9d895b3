//! What the whole way leaves in the metrics of the deployment.

use std::net::SocketAddr;

use crate::client::{connected, visit_with_nango as visit};
use crate::people::MARTA;
use crate::stack::{Stack, http};

const TOKEN: &str = "a-token-for-scrapes";
const STATUS: &str = "/api/v1/oauth/status";

async fn scrape(address: SocketAddr) -> String {
    let answer = http().get(format!("http://{address}/metrics")).bearer_auth(TOKEN).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap()
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connect_and_a_sync_are_counted_and_name_nobody() {
    let stack = Stack::with(&[("METRICS_TOKEN", TOKEN)]).await;
    visit(&stack, async |client| {
        let token = client.connect(&MARTA, "gmail", MARTA.email).await;
        client.until(&token, STATUS, connected).await;
        let job = client.sync(&token).await;
        client.get(&token, "/api/v1/search?query=pump").await;

        let metrics = scrape(client.address).await;

        for (series, counted) in [
            (r#"cortex_records_total{provider="gmail",outcome="added"}"#, "added"),
            (r#"cortex_pages_total{provider="gmail",outcome="committed"}"#, "pages"),
        ] {
            // What Nango fetches meanwhile is read by further jobs.
            let of_the_job = job["progress"][counted].as_f64().filter(|number| *number > 0.0).unwrap();
            assert!(value(&metrics, series).is_some_and(|number| number >= of_the_job), "{series} in {metrics}");
        }
        for (series, expected) in [
            (r#"cortex_jobs_claimed_total{kind="initial"}"#, 1.0),
            (r#"cortex_jobs_ended_total{outcome="failed"}"#, 0.0),
            ("cortex_leases_lost_total", 0.0),
            (r#"cortex_remote_calls_total{service="nango",operation="open_connect_session",outcome="ok"}"#, 1.0),
            (r#"cortex_http_requests_total{route="/api/v1/search",method="GET",status="200"}"#, 1.0),
            ("cortex_search_duration_seconds_count", 1.0),
            (r#"cortex_http_problems_total{code="internal"}"#, 0.0),
        ] {
            assert_eq!(value(&metrics, series), Some(expected), "{series} in {metrics}");
        }
        for series in [
            r#"cortex_jobs_ended_total{outcome="completed"}"#,
            r#"cortex_webhooks_received_total{outcome="stored"}"#,
            r#"cortex_webhooks_worked_off_total{outcome="done"}"#,
            r#"cortex_remote_calls_total{service="nango",operation="read_records",outcome="ok"}"#,
            r#"cortex_remote_calls_total{service="supabase",operation="fetch_keys",outcome="ok"}"#,
            r#"cortex_cache_lookups_total{cache="tokens",outcome="hit"}"#,
            r#"cortex_database_acquire_duration_seconds_count{database="company"}"#,
        ] {
            assert!(value(&metrics, series).is_some_and(|count| count >= 1.0), "{series} in {metrics}");
        }
        let id = MARTA.id.to_string();
        for hidden in [MARTA.email, &id, &stack.config.runtime.deployment.company_id.to_string(), TOKEN] {
            assert!(!metrics.contains(hidden), "{hidden} is in {metrics}");
        }
    })
    .await;
}
