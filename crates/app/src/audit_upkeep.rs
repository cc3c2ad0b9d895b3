//! What keeps the audit log in order, in `serve` as well as in `work`: rows are sealed, what was done in Master is copied,
//! what is old enough is forgotten. Any number of processes may do so at once.

use std::sync::Arc;
use std::time::Duration;

use cortex_identity::ports::{AuditCopies, AuditHeads, AuditLog, AuditRetention, AuditSealer, MasterActions};
use cortex_identity::{CopyMasterAudit, ForgetAuditDetails, SealAudit};
use cortex_kernel::StoreError;
use cortex_postgres::Pool;
use cortex_postgres::stores::{
    PgAuditCopies, PgAuditHeads, PgAuditLog, PgAuditRetention, PgAuditSealer, PgMasterActions,
};
use tokio_util::sync::CancellationToken;

/// What the audit log stands on.
#[derive(Clone)]
pub struct AuditPorts {
    /// Seals rows.
    pub sealer: Arc<dyn AuditSealer>,
    /// How far the chain reached, as Master knows it.
    pub heads: Arc<dyn AuditHeads>,
    /// What was done in Master.
    pub master_actions: Arc<dyn MasterActions>,
    /// Where that is copied to.
    pub copies: Arc<dyn AuditCopies>,
    /// What forgets.
    pub retention: Arc<dyn AuditRetention>,
    /// What admins read.
    pub log: Arc<dyn AuditLog>,
}

/// The loops.
pub(crate) struct AuditUpkeep {
    pub(crate) seal: SealAudit,
    pub(crate) copy: CopyMasterAudit,
    /// None where nothing is ever forgotten.
    pub(crate) forget: Option<ForgetAuditDetails>,
}

/// A row is sealed within five seconds of its commit: a look takes part of one, and another process may be at it.
const SEAL_EVERY: Duration = Duration::from_secs(1);
/// Master is shared by all companies.
const COPY_EVERY: Duration = Duration::from_secs(10);
const FORGET_EVERY: Duration = Duration::from_hours(24);
/// After a failure there is no waiting for another day.
const TRY_AGAIN: Duration = Duration::from_mins(5);

impl AuditPorts {
    /// The adapters that production runs with.
    pub(crate) fn over(company: &Pool, master: &Pool) -> Self {
        Self {
            sealer: Arc::new(PgAuditSealer::new(company.clone())),
            heads: Arc::new(PgAuditHeads::new(master.clone())),
            master_actions: Arc::new(PgMasterActions::new(master.clone())),
            copies: Arc::new(PgAuditCopies::new(company.clone())),
            retention: Arc::new(PgAuditRetention::new(company.clone())),
            log: Arc::new(PgAuditLog::new(company.clone())),
        }
    }
}

impl AuditUpkeep {
    /// Runs until `stop` is cancelled. What is begun then is dropped: it was a transaction, and the next process does it.
    /// Rows that were written until then are sealed once more, so that none waits for the next start.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { seal, copy, forget } = self;
        let work = async {
            tokio::join!(
                again_and_again("the audit log could not be sealed", SEAL_EVERY, SEAL_EVERY, async || {
                    seal.seal_rows().await.map(drop)
                }),
                again_and_again("Master was not told of the newest audit seal", SEAL_EVERY, SEAL_EVERY, async || {
                    seal.tell_master().await
                }),
                again_and_again("what was done in Master could not be copied", COPY_EVERY, COPY_EVERY, async || {
                    copy.copy().await.map(|copied| {
                        if copied > 0 {
                            tracing::info!(copied, "what was done in Master stands in the audit log");
                        }
                    })
                }),
                async {
                    let Some(forget) = &forget else { return };
                    again_and_again("old audit rows could not be shortened", FORGET_EVERY, TRY_AGAIN, async || {
                        forget.forget().await.map(|rows| {
                            if rows > 0 {
                                tracing::info!(rows, "address, agent and details of old audit rows were forgotten");
                            }
                        })
                    })
                    .await;
                },
            );
        };
        stop.run_until_cancelled(work).await;
        if !matches!(tokio::time::timeout(LAST_SEAL, seal.seal()).await, Ok(Ok(_))) {
            tracing::debug!("the last audit rows are left to be sealed later");
        }
    }
}

/// How long a process that is asked to stop may go on sealing.
const LAST_SEAL: Duration = Duration::from_secs(2);

/// Says once that something fails, and once that it works again: a database that is away for an hour is one fact.
async fn again_and_again(
    what_fails: &'static str,
    every: Duration,
    after_failure: Duration,
    work: impl AsyncFn() -> Result<(), StoreError>,
) {
    let mut fails = false;
    loop {
        let wait = match work().await {
            Ok(()) => {
                if std::mem::take(&mut fails) {
                    tracing::info!("it works again: {what_fails}");
                }
                every
            }
            Err(error) => {
                if !std::mem::replace(&mut fails, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "{what_fails}");
                }
                after_failure
            }
        };
        tokio::time::sleep(wait).await;
    }
}
