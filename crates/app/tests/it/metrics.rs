//! Metrics of processes as Prometheus reads them, and who may.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cortex_app::metrics::Metrics;
use cortex_kernel::{Clock, SystemClock};
use rstest::rstest;

use crate::deployment::Deployment;
use crate::process::{Cortex, Running, ask};

const TOKEN: &str = "Authorization: Bearer geheim-und-lang\r\n";

/// Those of a process in which nothing happened yet.
pub(crate) fn metrics_of_a_process() -> Metrics {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Metrics::new(&clock)
}

/// Serves although no database is there.
fn serving() -> Cortex {
    Cortex::serve().with("ENVIRONMENT", "development")
}

/// What a scrape answers, beside the head.
fn metrics(answer: &str) -> &str {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 "), "{answer}");
    assert!(head.to_lowercase().contains("content-type: text/plain; version=0.0.4"), "{head}");
    body
}

fn value(metrics: &str, series: &str) -> Option<f64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.map(|value| value.trim().parse().unwrap())
}

#[test]
fn nobody_who_was_not_told_of_them_finds_metrics() {
    let running = serving().start();

    assert!(running.get("/metrics").starts_with("HTTP/1.1 404 "));
    assert!(running.ask("GET", "/metrics", TOKEN).starts_with("HTTP/1.1 404 "));
}

#[test]
fn a_token_opens_metrics_beside_the_api() {
    let running = serving().with("METRICS_TOKEN", "geheim-und-lang").start();

    assert!(running.get("/metrics").starts_with("HTTP/1.1 401 "));
    assert!(running.ask("GET", "/metrics", "Authorization: Bearer geheim\r\n").starts_with("HTTP/1.1 401 "));
    assert!(running.ask("POST", "/metrics", TOKEN).starts_with("HTTP/1.1 405 "));
    let answer = running.ask("GET", "/metrics", TOKEN);
    assert_eq!(value(metrics(&answer), "cortex_build_info{version=\"0.1.0\"}"), Some(1.0), "{answer}");
}

#[rstest]
#[case::open(None)]
#[case::behind_a_token(Some("geheim-und-lang"))]
fn a_listener_of_their_own_has_them_and_the_api_has_not(#[case] token: Option<&str>) {
    let cortex = serving().with("METRICS_ADDR", "127.0.0.1:0");
    let cortex = token.into_iter().fold(cortex, |cortex, token| cortex.with("METRICS_TOKEN", token));
    let mut running = cortex.start();
    let scrapes = running.scrape_address();

    let status = if token.is_some() { "HTTP/1.1 401 " } else { "HTTP/1.1 200 " };
    assert!(ask(&scrapes, "GET", "/metrics", "").starts_with(status));
    assert!(metrics(&ask(&scrapes, "GET", "/metrics", TOKEN)).contains("cortex_http_requests_total"));
    assert!(running.ask("GET", "/metrics", TOKEN).starts_with("HTTP/1.1 404 "));
    for path in ["/health/live", "/api/v1/me"] {
        assert!(ask(&scrapes, "GET", path, TOKEN).starts_with("HTTP/1.1 404 "), "{path}");
    }
}

#[test]
fn requests_are_counted_by_what_they_were_and_nothing_that_somebody_makes_up_makes_a_series() {
    let running = serving().with("METRICS_TOKEN", "geheim-und-lang").start();
    for n in 0..20 {
        running.get(&format!("/api/v1/documents/{n}"));
        running.get(&format!("/made/up/{n}?mail=marta@kestrel.example"));
        running.ask(&format!("BREW{n}"), "/coffee", "");
    }
    running.get("/health/live");

    let answer = running.ask("GET", "/metrics", TOKEN);

    let metrics = metrics(&answer);
    let counted = |series: &str| value(metrics, &format!("cortex_http_requests_total{{{series}}}"));
    assert_eq!(counted(r#"route="/api/v1/documents/{id}",method="GET",status="401""#), Some(20.0), "{metrics}");
    assert_eq!(counted(r#"route="none",method="GET",status="404""#), Some(20.0));
    assert_eq!(counted(r#"route="none",method="other",status="404""#), Some(20.0));
    assert_eq!(counted(r#"route="/health/live",method="GET",status="200""#), Some(1.0));
    let took = r#"cortex_http_request_duration_seconds_count{route="/api/v1/documents/{id}",method="GET"}"#;
    assert_eq!(value(metrics, took), Some(20.0));
    assert_eq!(value(metrics, r#"cortex_http_problems_total{code="unauthenticated"}"#), Some(20.0));
    assert_eq!(value(metrics, "cortex_http_requests_in_flight"), Some(1.0), "the scrape itself");
    for made_up in ["marta", "BREW", "made", "coffee"] {
        assert!(!metrics.contains(made_up), "{made_up} is in {metrics}");
    }
}

#[test]
fn a_database_that_is_away_takes_the_figures_of_the_deployment_along_and_nothing_else() {
    let running = serving().with("METRICS_TOKEN", "geheim-und-lang").start();

    let answer = running.ask("GET", "/metrics", TOKEN);

    let metrics = metrics(&answer);
    assert_eq!(value(metrics, "cortex_standing_known"), Some(0.0), "{metrics}");
    assert_eq!(value(metrics, "cortex_workers"), None);
    assert_eq!(value(metrics, r#"cortex_component_up{component="database"}"#), Some(0.0));
    let failures = r#"cortex_database_acquire_failures_total{database="company",reason="unreachable"}"#;
    assert!(value(metrics, failures).is_some_and(|failures| failures >= 1.0));
}

/// Scrapes until the metrics say so: the figures of a deployment are some seconds old.
fn until(running: &Running, holds: impl Fn(&str) -> bool) -> String {
    let begun = Instant::now();
    loop {
        let answer = running.get("/metrics");
        if holds(metrics(&answer)) {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "{answer}");
        std::thread::yield_now();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_tells_of_the_deployment_beside_its_health() {
    let deployment = Deployment::ready().await;
    let running = deployment.cortex(&["work"]).with("WORK_HEALTH_ADDR", "127.0.0.1:0").start();

    let answer = until(&running, |metrics| value(metrics, "cortex_workers") == Some(1.0));

    let metrics = metrics(&answer);
    for (series, expected) in [
        (r#"cortex_jobs{status="queued",kind="initial"}"#, 0.0),
        (r#"cortex_jobs_oldest_seconds{status="running",kind="content"}"#, 0.0),
        (r#"cortex_webhook_inbox{state="dead"}"#, 0.0),
        ("cortex_standing_known", 1.0),
        (r#"cortex_component_up{component="worker"}"#, 1.0),
        (r#"cortex_database_connections_max{database="company"}"#, 16.0),
        (r#"cortex_jobs_ended_total{outcome="failed"}"#, 0.0),
    ] {
        assert_eq!(value(metrics, series), Some(expected), "{series} in {metrics}");
    }
    assert!(value(metrics, "cortex_clock_offset_seconds").is_some_and(|offset| offset.abs() < 5.0));
    assert!(value(metrics, "process_resident_memory_bytes").is_none_or(|bytes| bytes > 1_000_000.0));
    assert!(running.get("/health/live").contains("alive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_asks_for_the_token_and_tells_its_health_without() {
    let deployment = Deployment::ready().await;
    let mut running = deployment
        .cortex(&["work"])
        .with("WORK_HEALTH_ADDR", "127.0.0.1:0")
        .with("METRICS_ADDR", "127.0.0.1:0")
        .with("METRICS_TOKEN", "geheim-und-lang")
        .start();

    assert!(running.get("/health/live").contains("alive"));
    assert!(running.get("/metrics").starts_with("HTTP/1.1 401 "));
    assert!(metrics(&running.ask("GET", "/metrics", TOKEN)).contains("cortex_build_info"));
    let scrapes = running.scrape_address();
    assert!(ask(&scrapes, "GET", "/metrics", "").starts_with("HTTP/1.1 401 "));
    assert!(metrics(&ask(&scrapes, "GET", "/metrics", TOKEN)).contains("cortex_build_info"));
}

#[test]
fn an_address_that_is_taken_is_told_with_its_variable() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();

    let (code, _, stderr) = serving().with("METRICS_ADDR", &address).output();

    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains(&format!("cannot listen on {address}: choose another METRICS_ADDR")), "{stderr}");
}

#[test]
fn every_metric_has_a_name_that_prometheus_would_give_it() {
    let metrics = metrics_of_a_process();
    let mut names = BTreeSet::new();
    for metric in metrics.described() {
        let name = metric.name.as_str();
        assert!(names.insert(name), "{name} is there twice");
        assert!(name.starts_with("cortex_") || name.starts_with("process_"), "{name}");
        assert_eq!(metric.kind == "counter", name.ends_with("_total"), "{name}");
        assert!(metric.kind != "histogram" || name.ends_with("_seconds"), "{name}");
        assert!(metric.labels.len() <= 3, "{name}");
    }
}
