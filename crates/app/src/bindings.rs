//! Accounts at Master that do not say yet of which companies their owners are members, worked off beside the API: `serve`
//! alone has the key to them.

use std::time::Duration;

use cortex_identity::KeepBindings;
use tokio_util::sync::CancellationToken;

/// How long to wait where nothing was due. A mark is rare, and looking for one costs little.
const PAUSE: Duration = Duration::from_secs(2);

/// Works marks off until `stop` is cancelled. What is dropped then is found again: a mark is taken for a time only.
pub(crate) async fn keep_bound(bindings: &KeepBindings, stop: CancellationToken) {
    stop.run_until_cancelled_owned(async {
        loop {
            match bindings.tick().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "accounts to be bound cannot be looked for"
                    );
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
    .await;
}
