//! [`MembershipWatch`] on Master: LISTEN on a connection of its own.

use std::future::poll_fn;
use std::time::Duration;

use async_trait::async_trait;
use cortex_identity::ports::{MembershipChanges, MembershipWatch};
use cortex_kernel::{CompanyId, StoreError};
use tokio::time::{Instant, timeout};
use tokio_postgres::{AsyncMessage, Client};
use tracing::instrument;

use crate::connect::{Address, WireConnection};

/// Hears of changes in Master. Not through a transaction pooler: what listens there is not ours alone.
pub struct PgMembershipWatch {
    master: Address,
}

/// A connection that listens.
struct Listening {
    client: Client,
    connection: WireConnection,
    company: String,
    asked_at: Instant,
}

/// What the trigger of Master's tables notifies.
const CHANNEL: &str = "cortex_membership";

/// How long nothing may be heard before the server is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(15);

/// How long its answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

impl PgMembershipWatch {
    /// Listens to the Master at this address.
    #[must_use]
    pub const fn new(master: Address) -> Self {
        Self { master }
    }
}

#[async_trait]
impl MembershipWatch for PgMembershipWatch {
    #[instrument(name = "pg.membership_watch.listen", skip_all)]
    async fn listen(&self, company_id: CompanyId) -> Result<Box<dyn MembershipChanges>, StoreError> {
        let (client, connection) = self.master.connect().await.map_err(away)?;
        let company = company_id.to_string();
        let mut listening = Listening { client, connection, company, asked_at: Instant::now() };
        listening.ask(&format!("set role cortex_app; listen {CHANNEL}")).await?;
        Ok(Box::new(listening))
    }
}

#[async_trait]
impl MembershipChanges for Listening {
    async fn next(&mut self) -> Result<(), StoreError> {
        loop {
            let quiet_until = self.asked_at + SILENCE;
            match tokio::time::timeout_at(quiet_until, poll_fn(|context| self.connection.poll_message(context))).await {
                Ok(Some(Ok(message))) => {
                    if tells_of(&message, &self.company) {
                        return Ok(());
                    }
                }
                Ok(Some(Err(error))) => return Err(away(error)),
                Ok(None) => return Err(away("the server closed the connection")),
                // A server that vanished without a word is found out by asking.
                Err(_) => {
                    if self.ask("").await? {
                        return Ok(());
                    }
                }
            }
        }
    }
}

impl Listening {
    /// Runs statements, and answers whether a change was told meanwhile.
    async fn ask(&mut self, statements: &str) -> Result<bool, StoreError> {
        let Self { client, connection, company, asked_at } = self;
        let mut changed = false;
        let messages = async {
            loop {
                match poll_fn(|context| connection.poll_message(context)).await {
                    Some(Ok(message)) => changed |= tells_of(&message, company),
                    Some(Err(error)) => return away(error),
                    None => return away("the server closed the connection"),
                }
            }
        };
        let answer = async {
            tokio::select! {
                answered = client.batch_execute(statements) => answered.map_err(away),
                ended = messages => Err(ended),
            }
        };
        timeout(PATIENCE, answer).await.map_err(away)??;
        *asked_at = Instant::now();
        Ok(changed)
    }
}

fn tells_of(message: &AsyncMessage, company: &str) -> bool {
    matches!(message, AsyncMessage::Notification(told) if told.channel() == CHANNEL && told.payload() == company)
}

fn away(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> StoreError {
    StoreError::Unavailable(error.into())
}
