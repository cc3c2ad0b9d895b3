//! People who read and write while the schema changes under them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use cortex_test_support::Client;
use tokio::task::JoinHandle;

use crate::world::{COMPANY, World};

/// The longest that somebody waited.
pub(crate) struct Wait {
    pub(crate) who: &'static str,
    pub(crate) longest: Duration,
    /// When that request was made.
    pub(crate) at: Instant,
    pub(crate) statement: &'static str,
    pub(crate) requests: u64,
}

pub(crate) struct Traffic {
    stop: Arc<AtomicBool>,
    people: Vec<JoinHandle<Wait>>,
    report: JoinHandle<()>,
}

/// A request in the words of before, and in those that a migration asked for since. `$n` is the number of the round.
type Request = &'static [&'static str];

const READS: &[Request] = &[
    &[
        "select title, content from documents where tenant_id = '$company' and source = 'gmail' and source_id = 'record-$n'",
    ],
    &["select id, title from documents where tenant_id = '$company' order by source_created_at desc limit 20"],
    &["select connection_id, can_manual_sync from connections where tenant_id = '$company'"],
    &["select id, status from sync_jobs order by created_at desc limit 20"],
    &["select action, created_at from admin_audit_log order by created_at desc limit 1"],
    &["select m.content from chat_messages m join chats c on c.id = m.chat_id where c.title = 'One' limit 50"],
    &["select last_cursor from nango_sync_cursors where connection_id = 'broker-outlook'"],
];

const WRITES: &[Request] = &[
    &["insert into documents (tenant_id, source, source_id, document_type, title, content) \
       values ('$company', 'gmail', 'new-' || gen_random_uuid(), 'email', 'New', 'What is new')"],
    &["update documents set title = 'Seen again' where tenant_id = '$company' and source = 'gmail' \
       and source_id = 'record-$n'"],
    &["update connections set updated_at = now() where tenant_id = '$company'"],
    &[
        "insert into sync_jobs (user_id, job_type, status) values ('u1', 'gmail', 'completed')",
        "insert into sync_jobs (user_id, job_type, status, tenant_id) values ('u1', 'gmail', 'completed', '$company')",
    ],
    &[
        "insert into admin_audit_log (action) values ('looked')",
        "insert into admin_audit_log (action, tenant_id) values ('looked', '$company')",
    ],
    &["insert into chat_messages (chat_id, role, content) select id, 'user', 'Now' from chats where title = 'One'"],
    &["update gmail_cursors set last_synced_at = now() where tenant_id = '$company'"],
];

impl Traffic {
    /// `seconds` is how long a report takes.
    pub(crate) async fn start(world: &World, seconds: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut people = Vec::new();
        for (who, requests) in [("a reader", READS), ("a writer", WRITES)] {
            people.push(spawn(ask(world.connect().await, who, requests, Arc::clone(&stop))));
        }
        let report = spawn(report(world.connect().await, seconds, Arc::clone(&stop)));
        Self { stop, people, report }
    }

    pub(crate) async fn stop(self) -> Vec<Wait> {
        self.stop.store(true, Ordering::Relaxed);
        let mut waits = Vec::new();
        for person in self.people {
            waits.push(person.await.unwrap());
        }
        self.report.await.unwrap();
        waits
    }
}

async fn ask(client: Client, who: &'static str, requests: &[Request], stop: Arc<AtomicBool>) -> Wait {
    let mut wait = Wait { who, longest: Duration::ZERO, at: Instant::now(), statement: "", requests: 0 };
    let mut words = vec![0; requests.len()];
    while !stop.load(Ordering::Relaxed) {
        for (request, word) in requests.iter().zip(&mut words) {
            let n = wait.requests % 1_000 * 7 + 1;
            let statement = request[*word].replace("$company", COMPANY).replace("$n", &n.to_string());
            let begun = Instant::now();
            let answer = client.batch_execute(&statement).await;
            let took = begun.elapsed();
            wait.requests += 1;
            if took > wait.longest {
                (wait.longest, wait.at, wait.statement) = (took, begun, request[*word]);
            }
            match answer {
                Ok(()) => {}
                Err(_) if *word + 1 < request.len() => *word += 1,
                Err(error) => panic!("{statement}: {error:?}"),
            }
        }
    }
    wait
}

/// Looks at everything for so long at a time, and rests as long.
async fn report(client: Client, seconds: &str, stop: Arc<AtomicBool>) {
    let look = format!(
        "begin; select count(*) from connections; select id from documents limit 1; select id from sync_jobs limit 1; \
         select id from admin_audit_log limit 1; select pg_sleep({seconds}); commit"
    );
    let rest = format!("select pg_sleep({seconds})");
    while !stop.load(Ordering::Relaxed) {
        client.batch_execute(&look).await.unwrap();
        client.batch_execute(&rest).await.unwrap();
    }
}

#[expect(clippy::disallowed_methods, reason = "they work beside the migration, until they are told to stop")]
fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
