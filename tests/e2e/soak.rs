//! Real processes under trouble: a small soak, as `cargo xtask soak` runs a large one.

use std::path::PathBuf;

use cortex_test_support::TestServer;
use tokio::process::Command;

/// Leases are short, so that there are many rescues. Nobody restarts the server that other tests use, and nothing is timed.
const SMALL: [&str; 7] = [
    "--users=3",
    "--records=2000",
    "--workers=3",
    "--kill-every-millis=700",
    "--lease-seconds=2",
    "--untimed",
    "--cortex",
];

#[tokio::test(flavor = "multi_thread")]
async fn workers_killed_again_and_again_lose_and_double_nothing() {
    let server = TestServer::from_env();
    let mut soak = Command::new(binary("cortex-demo"));
    soak.arg("soak").args(SMALL).arg(binary("cortex")).arg("--server").arg(server.url("postgres"));
    if let Some(ca_file) = server.ca_file() {
        soak.arg("--server-ca").arg(ca_file);
    }

    let output = soak.kill_on_drop(true).output().await.unwrap();

    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{wrong}");
    assert!(said.contains("missing 0, twice 0"), "{said}");
}

/// A binary of the workspace, which stands beside the directory of its tests. `cargo xtask test` builds it first.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let binary = test.parent().and_then(|deps| deps.parent()).unwrap().join(name);
    assert!(binary.is_file(), "{} is missing: build it by `cargo build --workspace --bins`", binary.display());
    binary
}
