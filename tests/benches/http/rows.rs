//! The row of a webhook, by pgbench.

use std::fmt::Write as _;
use std::time::Duration;

use tokio::process::Command;

use crate::people::KESTREL;
use crate::stack::Stack;

/// How many rows a second pgbench inserts into a table of the same columns and indexes, each in a transaction, from so many
/// sessions.
pub(crate) async fn inserted(stack: &Stack, body: &[u8], sessions: usize, long: Duration) -> f64 {
    stack.company.batch("create table if not exists bench_rows (like webhook_inbox including all)").await;
    let hex = body.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let script = format!(
        "\\set n random(1, 1000000000000)\n\
         insert into bench_rows (tenant_id, body, body_hash, request_id) \
         values ('{KESTREL}', '\\x{hex}', sha256((:n)::text::bytea), 'bench');\n"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("insert.sql");
    std::fs::write(&file, script).unwrap();
    let sessions = sessions.to_string();
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared", "--client", &sessions, "--time", &long.as_secs().to_string()])
        .arg("--file")
        .arg(&file)
        .arg(stack.company.url())
        .output()
        .await
        .unwrap_or_else(|error| panic!("pgbench comes with PostgreSQL and cannot be run: {error}"));
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "pgbench failed: {said} {wrong}");
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
    tps.unwrap()
}
