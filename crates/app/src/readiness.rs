//! What readiness asks of adapters.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use cortex_connections::model::BrokerReference;
use cortex_connections::ports::{BrokerError, BrokeredConnections};
use cortex_http::health::ReadinessCheck;
use cortex_kernel::{BrokerConnectionId, Provider};
use cortex_postgres::Pool;
use cortex_sync_jobs::pulse::{LONGEST_SILENCE, Pulse};
use tokio::sync::Mutex;
use tokio::time::timeout;

/// Whether a database answers.
pub(crate) struct DatabaseAnswers {
    component: &'static str,
    pool: Pool,
}

impl DatabaseAnswers {
    pub(crate) const fn new(component: &'static str, pool: Pool) -> Self {
        Self { component, pool }
    }
}

#[async_trait]
impl ReadinessCheck for DatabaseAnswers {
    fn component(&self) -> &'static str {
        self.component
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.pool.ping().await?)
    }
}

/// Whether Nango answers, and takes our key. It is no readiness: without Nango the company can still search.
pub(crate) struct NangoAnswers {
    pub(crate) brokered: Arc<dyn BrokeredConnections>,
    /// One that is switched on.
    pub(crate) provider: Provider,
}

/// The id of no connection: asked for it, a Nango that takes our key says that there is none.
const NO_CONNECTION: &str = "cortex-health";

#[async_trait]
impl ReadinessCheck for NangoAnswers {
    fn component(&self) -> &'static str {
        "nango"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(self.ask().await?)
    }
}

impl NangoAnswers {
    async fn ask(&self) -> Result<(), BrokerError> {
        let id = BrokerConnectionId::new(NO_CONNECTION);
        self.brokered.find(&BrokerReference { provider: self.provider, id }).await.map(drop)
    }
}

/// Whether Nango takes our key, as far as it says so: that it is away is no reason to turn people away, and a wrong key is a
/// mistake of the configuration that only an operator can mend. Probes come often, and Nango counts what it is asked, so
/// it is asked now and then.
pub(crate) struct NangoTakesOurKey {
    nango: NangoAnswers,
    last: Mutex<Option<Asked>>,
}

#[derive(Clone, Copy)]
struct Asked {
    at: Instant,
    is_refused: bool,
}

/// How long a key that was taken is taken for granted.
const TAKEN_FOR: Duration = Duration::from_secs(30);
/// How long one that was refused is: it is to be noticed soon that it was mended.
const REFUSED_FOR: Duration = Duration::from_secs(5);
/// Shorter than a probe waits, so that the answer is remembered.
const NANGO_PATIENCE: Duration = Duration::from_secs(1);

impl NangoTakesOurKey {
    pub(crate) fn new(nango: NangoAnswers) -> Self {
        Self { nango, last: Mutex::new(None) }
    }
}

#[async_trait]
impl ReadinessCheck for NangoTakesOurKey {
    fn component(&self) -> &'static str {
        "nango_key"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        // One asks, and the others wait for what he hears.
        let mut last = self.last.lock().await;
        let keep = |asked: Asked| if asked.is_refused { REFUSED_FOR } else { TAKEN_FOR };
        let known = last.filter(|asked| asked.at.elapsed() < keep(*asked));
        let is_refused = match known {
            Some(asked) => asked.is_refused,
            None => match timeout(NANGO_PATIENCE, self.nango.ask()).await {
                Ok(Ok(())) => false,
                Ok(Err(BrokerError::Unauthorised(_))) => true,
                // Nobody knows: it is as it was.
                Ok(Err(_)) | Err(_) => last.is_some_and(|asked| asked.is_refused),
            },
        };
        if known.is_none() {
            *last = Some(Asked { at: Instant::now(), is_refused });
        }
        if is_refused { Err("Nango refuses NANGO_SECRET_KEY: is it that of this environment?".into()) } else { Ok(()) }
    }
}

/// Whether the worker of this process looks at its queue.
pub(crate) struct WorkerTicks(pub(crate) Pulse);

#[async_trait]
impl ReadinessCheck for WorkerTicks {
    fn component(&self) -> &'static str {
        "worker"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        match self.0.last_tick() {
            None => Err("the worker has not looked at its queue yet".into()),
            Some(_) if self.0.beats(LONGEST_SILENCE) => Ok(()),
            Some(_) => Err("the worker has not looked at its queue for 30 seconds".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use cortex_connections::ports::MockBrokeredConnections;

    use super::*;

    #[tokio::test]
    async fn a_worker_that_never_looked_is_not_said_to_have_stopped() {
        let said = WorkerTicks(Pulse::default()).check().await.unwrap_err().to_string();

        assert_eq!(said, "the worker has not looked at its queue yet");
    }

    /// A Nango that answers so, one after the other.
    fn nango(answers: impl IntoIterator<Item = Result<(), BrokerError>>) -> NangoTakesOurKey {
        let mut answers: VecDeque<_> = answers.into_iter().collect();
        let mut brokered = MockBrokeredConnections::new();
        brokered.expect_find().returning(move |_| answers.pop_front().expect("it is asked no more").map(|()| None));
        NangoTakesOurKey::new(NangoAnswers { brokered: Arc::new(brokered), provider: Provider::Gmail })
    }

    fn refused() -> Result<(), BrokerError> {
        Err(BrokerError::Unauthorised("invalid secret key".into()))
    }

    fn away() -> Result<(), BrokerError> {
        Err(BrokerError::Unavailable("connection refused".into()))
    }

    /// As if time had passed.
    async fn forget_when(check: &NangoTakesOurKey) {
        let mut last = check.last.lock().await;
        let asked = last.expect("it was asked");
        *last = Some(Asked { at: asked.at.checked_sub(TAKEN_FOR).expect("the machine runs for longer"), ..asked });
    }

    #[tokio::test]
    async fn a_key_that_was_looked_at_is_not_looked_at_with_every_probe() {
        let check = nango([Ok(())]);

        for _ in 0..3 {
            check.check().await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_refused_key_is_told_until_it_is_taken_again() {
        let check = nango([refused(), away(), Ok(())]);

        assert!(check.check().await.is_err());
        assert!(check.check().await.is_err());
        forget_when(&check).await;
        assert!(check.check().await.is_err(), "that Nango is away says nothing of the key");
        forget_when(&check).await;
        check.check().await.unwrap();
    }

    #[tokio::test]
    async fn a_nango_that_is_away_is_no_reason_to_turn_people_away() {
        nango([away()]).check().await.unwrap();
    }
}
