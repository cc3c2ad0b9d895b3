//! The same statements, by pgbench.

use std::fmt::Write as _;

use cortex_sync_jobs::ports::MOST_PER_USER;
use tokio::process::Command;

use crate::SESSIONS;
use crate::world::{COMPANY, World};

/// Jobs a second that pgbench claims and finishes by these statements, at as many sessions and as often.
pub(crate) async fn jobs_a_second(world: &World, statements: &[String], batch: u16, claims: u32) -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("claim_and_finish.sql");
    std::fs::write(&file, script(statements, batch)).unwrap();
    let output = Command::new("pgbench")
        .args(["--no-vacuum", "--protocol=prepared"])
        .args(["--client", &SESSIONS.to_string(), "--transactions", &claims.to_string()])
        .args(["--define", &format!("tenant={COMPANY}"), "--define", &format!("batch={batch}")])
        .args(["--define", &format!("most={MOST_PER_USER}"), "--define", "lease=60"])
        .args(["--define", "code=worker_lost", "--define", "message=lost"])
        .arg("--file")
        .arg(&file)
        .arg(world.url())
        .env("PGOPTIONS", format!("-c role=cortex_app -c cortex.tenant_id={COMPANY}"))
        .output()
        .await
        .unwrap_or_else(|error| panic!("pgbench comes with PostgreSQL and cannot be run: {error}"));
    let (said, wrong) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse::<f64>().ok());
    let all = format!("number of transactions actually processed: {0}/{0}", claims * SESSIONS);
    assert!(said.contains(&all), "pgbench did not do everything: {said} {wrong}");
    tps.unwrap() * f64::from(batch)
}

/// One claim with its finishes. A statement of its own learns what was claimed: pgbench keeps a single row of an answer.
/// Where there is but one, it comes with the claim.
fn script(statements: &[String], batch: u16) -> String {
    let [fail_abandoned, claim, complete, unlock] = statements else {
        panic!("expected the statements of a claim and of an end: {statements:#?}")
    };
    let mut script = String::from("begin;\n");
    let fail_abandoned = with(fail_abandoned, &[":tenant", ":code", ":message"]);
    let claim = with(claim, &[":tenant", ":batch", ":client_id", ":lease", ":most"]);
    writeln!(script, "{fail_abandoned};").unwrap();
    if batch == 1 {
        writeln!(script, "{claim} \\gset job1_\ncommit;").unwrap();
    } else {
        let columns: Vec<_> = (1..=batch)
            .map(|n| format!("(array_agg(id))[{n}] job{n}_id, (array_agg(lease_epoch))[{n}] job{n}_lease_epoch"))
            .collect();
        let columns = columns.join(", ");
        let claimed = "where tenant_id = :tenant and status = 'running' and lease_owner = :client_id";
        writeln!(script, "{claim};\ncommit;\nselect {columns} from sync_jobs {claimed} \\gset").unwrap();
    }
    for n in 1..=batch {
        let (id, epoch) = (format!(":job{n}_id"), format!(":job{n}_lease_epoch"));
        let complete = with(complete, &[":tenant", &id, &epoch]);
        let unlock = with(unlock, &[":tenant", &id]);
        writeln!(script, "begin;\n{complete};\n{unlock};\ncommit;").unwrap();
    }
    script
}

/// The statement with pgbench's variables in place of its numbered values. The comment in front names those again.
fn with(statement: &str, values: &[&str]) -> String {
    let text = statement.split_once("*/").map_or(statement, |(_, text)| text);
    // No statement has ten values: `$1` is not the beginning of another one.
    assert!(values.len() < 10);
    (1..).zip(values).fold(text.to_owned(), |text, (n, value)| text.replace(&format!("${n}"), value))
}
