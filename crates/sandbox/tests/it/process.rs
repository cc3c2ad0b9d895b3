//! The stand-ins as a process: what it prints, how it ends, what it says when it cannot start.
#![expect(clippy::unwrap_used, reason = "what goes wrong while a test prepares fails that test")]

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_mins(1);

fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cortex-sandbox"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// What it prints until it is ready.
async fn printed(child: &mut Child) -> Vec<String> {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = Vec::new();
    while let Some(line) = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap() {
        let ready = line.starts_with("Ready");
        printed.push(line);
        if ready {
            return printed;
        }
    }
    panic!("it ended before it was ready: {printed:?}");
}

fn value(printed: &[String], label: &str) -> String {
    let line = printed.iter().find_map(|line| line.trim_start().strip_prefix(label)).unwrap();
    line.trim().to_owned()
}

async fn ended(child: Child) -> Output {
    tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap()
}

#[tokio::test]
async fn it_prints_addresses_and_keys_serves_and_ends_when_asked() {
    let key = "6a1f0f0e-5c1d-4f6e-9b0a-2d0c8f5e1a77";
    let ports = ["--port", "0", "--provider-port", "0", "--supabase-port", "0"];
    let more = ["--api-key", key, "--account", "anna@brightwater.example"];
    let mut child = command(&[&["all"], &ports[..], &more[..]].concat()).spawn().unwrap();
    let lines = printed(&mut child).await;
    assert_eq!(value(&lines, "API key"), key);
    assert!(value(&lines, "account").starts_with("anna@brightwater.example"));
    let http = crate::nango::client();
    let health = http.get(format!("{}/health", value(&lines, "Nango"))).send().await.unwrap();
    assert_eq!(health.status(), 200);
    let list = http.get(format!("{}/connections", value(&lines, "Nango"))).bearer_auth(key).send().await.unwrap();
    assert_eq!(list.status(), 200);
    assert!(value(&lines, "Supabase").starts_with("http://127.0.0.1:"));
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").arg(pid).status().await.unwrap().success());
    assert!(ended(child).await.status.success());
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let port = address.port().to_string();
    let child = command(&["nango", "--port", &port, "--provider-port", "0", "--account", "a@b.example"]).spawn();
    let output = ended(child.unwrap()).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains(&format!("cannot listen on {address}")), "{said}");
}

#[tokio::test]
async fn a_wrong_configuration_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("sandbox.json");
    std::fs::write(&file, r#"{ "nango": { "environment": [] } }"#).unwrap();
    let output = ended(command(&["all", "--config", file.to_str().unwrap()]).spawn().unwrap()).await;
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("is not a valid configuration") && said.contains("unknown field `environment`"), "{said}");
}
