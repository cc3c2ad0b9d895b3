//! Waiting for what other processes do and do not tell.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep};

/// How long a webhook may take until it shows.
pub(crate) const WEBHOOK: Duration = Duration::from_mins(1);

const INTERVAL: Duration = Duration::from_millis(50);

/// Asks again and again until there is an answer. `what` completes "waited … s for".
pub(crate) async fn until<T>(
    what: &str,
    limit: Duration,
    mut ask: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = ask().await? {
            return Ok(answer);
        }
        if Instant::now() >= end {
            bail!("waited {} s for {what}", limit.as_secs());
        }
        sleep(INTERVAL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_asks_until_there_is_an_answer() {
        let mut asked = 0;
        let answer = until("three", Duration::from_secs(10), async || {
            asked += 1;
            Ok((asked == 3).then_some(asked))
        });
        assert_eq!(answer.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn it_gives_up_and_says_what_it_waited_for() {
        let error = until::<()>("a word", Duration::ZERO, async || Ok(None)).await.unwrap_err();
        assert_eq!(error.to_string(), "waited 0 s for a word");
    }
}
