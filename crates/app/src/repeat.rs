//! What is done again and again beside everything else.

use std::error::Error as StdError;
use std::time::Duration;

/// How often something is done.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Every {
    /// After it worked.
    pub(crate) success: Duration,
    /// After it did not.
    pub(crate) failure: Duration,
}

impl Every {
    /// As often, whatever came of it.
    pub(crate) const fn always(pause: Duration) -> Self {
        Self { success: pause, failure: pause }
    }
}

/// Does `work` for ever. Says once that it fails, and once that it works again: a database that is away for an hour is
/// one fact.
pub(crate) async fn again_and_again<E>(what_fails: &'static str, every: Every, work: impl AsyncFn() -> Result<(), E>)
where
    E: StdError + 'static,
{
    let mut fails = false;
    loop {
        let pause = match work().await {
            Ok(()) => {
                if std::mem::take(&mut fails) {
                    tracing::info!("it works again: {what_fails}");
                }
                every.success
            }
            Err(error) => {
                if !std::mem::replace(&mut fails, true) {
                    tracing::warn!(error = &error as &dyn StdError, "{what_fails}");
                }
                every.failure
            }
        };
        tokio::time::sleep(pause).await;
    }
}
