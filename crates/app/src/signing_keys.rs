//! The keys that tokens are signed with, kept fresh while the service runs.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_http::health::ReadinessCheck;
use cortex_supabase::SupabaseTokenVerifier;
use tokio_util::sync::CancellationToken;

/// Where the keys are fetched from, and whether any are there.
#[async_trait]
pub trait SigningKeys: Send + Sync {
    /// Fetches them now. After a failure those at hand stay in use.
    async fn refresh(&self) -> Result<(), Box<dyn StdError + Send + Sync>>;

    /// Whether they could ever be fetched.
    fn are_loaded(&self) -> bool;
}

/// How old keys may become. An unknown key is fetched at once; this is for keys that were withdrawn.
const EVERY: Duration = Duration::from_mins(10);
/// How soon a failed fetch is tried again.
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// Fetches the keys at once, and again and again until `stop` is cancelled.
pub(crate) async fn keep_fresh(keys: Arc<dyn SigningKeys>, stop: CancellationToken) {
    stop.run_until_cancelled_owned(async {
        loop {
            let pause = match keys.refresh().await {
                Ok(()) => EVERY,
                Err(error) => {
                    tracing::warn!(error, "the keys of tokens cannot be fetched; those at hand stay in use");
                    AFTER_FAILURE
                }
            };
            tokio::time::sleep(pause).await;
        }
    })
    .await;
}

/// Whether tokens can be checked at all.
pub(crate) struct KeysAreLoaded(pub(crate) Arc<dyn SigningKeys>);

#[async_trait]
impl SigningKeys for SupabaseTokenVerifier {
    async fn refresh(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        Ok(Self::refresh(self).await?)
    }

    fn are_loaded(&self) -> bool {
        self.keys_fetched_at().is_some()
    }
}

#[async_trait]
impl ReadinessCheck for KeysAreLoaded {
    fn component(&self) -> &'static str {
        "keys"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if self.0.are_loaded() { Ok(()) } else { Err("no key of MASTER_SUPABASE_URL could be fetched yet".into()) }
    }
}
