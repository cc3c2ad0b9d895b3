//! What keeps the audit log in order, in `serve` as well as in `work`: rows are sealed, what was done in Master is copied,
//! Master is told of connections, what is old enough is forgotten. Any number of processes may do so at once.

use std::sync::Arc;
use std::time::Duration;

use cortex_identity::ports::{
    AuditCopies, AuditHeads, AuditLog, AuditRetention, AuditSealer, ConnectionActions, MasterActions, MasterCopies,
};
use cortex_identity::{CopyMasterAudit, ForgetAuditDetails, SealAudit, TellMaster};
use cortex_postgres::Pool;
use cortex_postgres::stores::{
    PgAuditCopies, PgAuditHeads, PgAuditLog, PgAuditRetention, PgAuditSealer, PgConnectionActions, PgMasterActions,
    PgMasterCopies,
};
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

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
    /// What was done about connections.
    pub connection_actions: Arc<dyn ConnectionActions>,
    /// Where Master keeps that.
    pub master_copies: Arc<dyn MasterCopies>,
    /// What forgets.
    pub retention: Arc<dyn AuditRetention>,
    /// What admins read.
    pub log: Arc<dyn AuditLog>,
}

/// The loops.
pub(crate) struct AuditUpkeep {
    pub(crate) seal: SealAudit,
    pub(crate) copy: CopyMasterAudit,
    pub(crate) tell: TellMaster,
    /// None where nothing is ever forgotten.
    pub(crate) forget: Option<ForgetAuditDetails>,
}

/// A row is sealed within five seconds of its commit: a look takes part of one, and another process may be at it.
const SEAL_EVERY: Duration = Duration::from_secs(1);
/// Master is shared by all companies.
const COPY_EVERY: Duration = Duration::from_secs(10);
/// Nobody waits for it.
const TELL_EVERY: Duration = Duration::from_secs(30);
/// After a failure there is no waiting for another day.
const FORGET: Every = Every { success: Duration::from_hours(24), failure: Duration::from_mins(5) };

impl AuditPorts {
    /// The adapters that production runs with.
    pub(crate) fn over(company: &Pool, master: &Pool) -> Self {
        Self {
            sealer: Arc::new(PgAuditSealer::new(company.clone())),
            heads: Arc::new(PgAuditHeads::new(master.clone())),
            master_actions: Arc::new(PgMasterActions::new(master.clone())),
            copies: Arc::new(PgAuditCopies::new(company.clone())),
            connection_actions: Arc::new(PgConnectionActions::new(company.clone())),
            master_copies: Arc::new(PgMasterCopies::new(master.clone())),
            retention: Arc::new(PgAuditRetention::new(company.clone())),
            log: Arc::new(PgAuditLog::new(company.clone())),
        }
    }
}

impl AuditUpkeep {
    /// Runs until `stop` is cancelled. What is begun then is dropped: it was a transaction, and the next process does it.
    /// Rows that were written until then are sealed once more, so that none waits for the next start.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { seal, copy, tell, forget } = self;
        let work = async {
            tokio::join!(
                again_and_again("the audit log could not be sealed", Every::always(SEAL_EVERY), async || {
                    seal.seal_rows().await.map(drop)
                }),
                again_and_again(
                    "Master was not told of the newest audit seal",
                    Every::always(SEAL_EVERY),
                    async || { seal.tell_master().await }
                ),
                again_and_again("what was done in Master could not be copied", Every::always(COPY_EVERY), async || {
                    copy.copy().await.map(|copied| {
                        if copied > 0 {
                            tracing::info!(copied, "what was done in Master stands in the audit log");
                        }
                    })
                }),
                again_and_again("Master was not told of connections", Every::always(TELL_EVERY), async || {
                    tell.tell().await.map(drop)
                }),
                async {
                    let Some(forget) = &forget else { return };
                    again_and_again("old audit rows could not be shortened", FORGET, async || {
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
