//! A1 has her mailbox read, all of it.

use std::time::Duration;

use anyhow::{Result, bail};
use serde_json::Value;
use tokio::time::{Instant, sleep};

use super::Seats;
use crate::client::{Client, text};
use crate::people::{A1, Person};
use crate::report::{Report, Step};
use crate::stack::Stack;

/// How long a job may stand still.
const STANDSTILL: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(50);

pub(super) async fn play(stack: &Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    report.scene("Both sync");
    let messages = stack.mail().a1.messages.len();
    let job = start(&A1, &seats.a1, "gmail", report).await?;
    let job = follow(&seats.a1, &job, messages, report, is_over).await?;
    report.step(ended(&A1, &job, messages));
    Ok(())
}

/// Starts the initial sync: the id of its job.
pub(super) async fn start(person: &Person, seat: &Client, provider: &str, report: &mut Report) -> Result<String> {
    let path = format!("/api/v1/sync/initial/{provider}");
    let answer = seat.post(&path, None).await?;
    report.step(
        Step::asked(format_args!("{}: POST {path}", person.mark))
            .compare("status", answer.status, 202)
            .tell(format_args!("the last {} days", answer.text("/backfill_days"))),
    );
    Ok(text(&answer.expected(202)?, "/job_id"))
}

/// Looks at a job until `enough`, and gives up when nothing moves.
pub(super) async fn follow(
    seat: &Client,
    id: &str,
    messages: usize,
    report: &mut Report,
    enough: impl Fn(&Value) -> bool,
) -> Result<Value> {
    let mut last = (Value::Null, Instant::now());
    loop {
        let job = seat.get(&format!("/api/v1/sync/jobs/{id}")).await?.expected(200)?;
        if enough(&job) || is_over(&job) {
            return Ok(job);
        }
        report.progress(format_args!("{} of {messages} records, {}", job["progress"]["seen"], text(&job, "/status")));
        if job["progress"] != last.0 {
            last = (job["progress"].clone(), Instant::now());
        } else if last.1.elapsed() > STANDSTILL {
            bail!("the job has stood still for {} s: {job}", STANDSTILL.as_secs());
        }
        sleep(LOOK).await;
    }
}

pub(super) fn is_over(job: &Value) -> bool {
    ["completed", "failed", "cancelled"].iter().any(|status| job["status"] == *status)
}

/// The step of a job that has to be complete.
pub(super) fn ended(person: &Person, job: &Value, messages: usize) -> Step {
    let step = Step::asked(format_args!("{}: GET /api/v1/sync/jobs/{{id}}, until its end", person.mark))
        .compare("", text(job, "/status"), "completed")
        .compare("records", text(job, "/progress/seen"), messages);
    match text(job, "/error_code") {
        code if code.is_empty() => step.tell(format_args!("documents {}", job["progress"]["added"])),
        code => step.tell(format_args!("{code}: {}", text(job, "/error_message"))),
    }
}
