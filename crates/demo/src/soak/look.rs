//! Looking at the jobs, past the product.

use anyhow::{Context, Result};
use tokio_postgres::Client;
use uuid::Uuid;

use crate::database::Databases;
use crate::people::A;

/// The jobs at a moment.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Those that wait or run.
    pub(super) jobs: Vec<LiveJob>,
    /// How many of them are initial syncs.
    pub(super) initial_live: usize,
    /// Records that all jobs have seen, once or again.
    pub(super) seen: u32,
}

/// A job that waits or runs.
#[derive(Debug)]
pub(super) struct LiveJob {
    pub(super) id: Uuid,
    pub(super) epoch: i64,
    /// The worker's name, while one runs it.
    pub(super) owner: Option<String>,
}

/// Looks again and again, also after the server was restarted.
#[derive(Default)]
pub(super) struct Watch {
    session: Option<Client>,
}

const LIVE: &str = "select id, lease_epoch, lease_owner, kind = 'initial' from sync_jobs \
                    where status in ('queued', 'running')";
const SEEN: &str = "select coalesce(sum((progress ->> 'seen')::bigint), 0)::bigint from sync_jobs";

impl Watch {
    /// Fails while the server is away.
    pub(super) async fn look(&mut self, databases: &Databases) -> Result<Look> {
        let session = match self.session.take().filter(|session| !session.is_closed()) {
            Some(session) => session,
            None => databases.look_into(&A).await?,
        };
        let rows = session.query(LIVE, &[]).await.context("looking at jobs")?;
        let seen: i64 = session.query_one(SEEN, &[]).await.context("looking at jobs")?.get(0);
        self.session = Some(session);
        let initial_live = rows.iter().filter(|row| row.get::<_, bool>(3)).count();
        let jobs = rows.into_iter().map(|row| LiveJob { id: row.get(0), epoch: row.get(1), owner: row.get(2) });
        Ok(Look { jobs: jobs.collect(), initial_live, seen: u32::try_from(seen).unwrap_or(u32::MAX) })
    }
}
