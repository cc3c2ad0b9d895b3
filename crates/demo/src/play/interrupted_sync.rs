//! A2 has his mailbox read too. The worker that does it is killed in the middle; another one ends what it began.

use anyhow::Result;
use cortex_sandbox::faults::{Fault, FaultKind};
use serde_json::Value;

use super::Seats;
use super::syncing::{ended, follow, is_over, start};
use crate::library::Library;
use crate::people::A2;
use crate::report::{Report, Step};
use crate::stack::Stack;

/// How long each page takes, so that there is time to strike between two of them.
const PAGE_MILLIS: u64 = 600;

pub(super) async fn play(stack: &mut Stack<'_>, seats: &Seats, report: &mut Report) -> Result<()> {
    let messages = stack.mail().a2.messages.len();
    stack.nango.faults().add(Fault {
        path_prefix: "/records".to_owned(),
        method: None,
        times: None,
        fault: FaultKind::Delay { millis: PAGE_MILLIS },
    });
    let id = start(&A2, &seats.a2, "gmail", report).await?;
    let under_way = follow(&seats.a2, &id, messages, report, |job| seen(job) > 0).await?;
    let process = stack.a.kill_worker().await?;
    stack.nango.faults().clear();
    report.step(
        Step::asked(format_args!("SIGKILL to A's worker, process {process}"))
            .check("in the middle of it", is_in_the_middle(&under_way, messages))
            .tell(format_args!("after {} of {messages} messages", seen(&under_way))),
    );

    let number = stack.start_worker()?;
    let job = follow(&seats.a2, &id, messages, report, is_over).await?;
    report.step(ended(&A2, &job, messages).tell(format_args!("by worker {number}")));
    Ok(())
}

/// Nothing is lost and nothing is there twice.
pub(super) async fn count(stack: &Stack<'_>, seats: &Seats, library: &Library, report: &mut Report) -> Result<()> {
    report.progress("each message is looked for");
    let mail = stack.mail();
    let missing = library.missing(&seats.a2, &A2, &mail.a2).await?;
    let twice = library.repeated();
    report.step(
        Step::asked(format_args!("A2: GET /api/v1/documents, all {} of them", library.len()))
            .compare("messages missing", missing, 0)
            .compare("records twice", twice, 0),
    );
    Ok(())
}

fn seen(job: &Value) -> u64 {
    job["progress"]["seen"].as_u64().unwrap_or(0)
}

fn is_in_the_middle(job: &Value, messages: usize) -> bool {
    job["status"] == "running" && seen(job) > 0 && seen(job) < messages as u64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_middle_is_neither_the_beginning_nor_the_end() {
        let job = |status: &str, seen: u64| json!({ "status": status, "progress": { "seen": seen } });
        assert!(is_in_the_middle(&job("running", 100), 101));
        for other in [job("running", 0), job("running", 101), job("completed", 100), json!({})] {
            assert!(!is_in_the_middle(&other, 101), "{other}");
        }
    }
}
