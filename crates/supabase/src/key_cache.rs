//! The issuer's keys at hand, and when new ones are fetched.

use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use biscuit::jwa::SignatureAlgorithm;
use cortex_identity::model::TokenRefusal;
use cortex_kernel::Clock;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

use crate::jwks_source::{FetchJwksError, JwksSource};
use crate::key_set::{KeySet, VerificationKey};

/// Tokens with unknown keys make us fetch at most this often.
const COOL_DOWN: Duration = Duration::seconds(30);

/// Keeps the last set that could be fetched, for as long as no newer one can be.
pub(crate) struct KeyCache {
    source: Arc<dyn JwksSource>,
    clock: Arc<dyn Clock>,
    keys: RwLock<Arc<KeySet>>,
    /// Whoever holds it may fetch: there is one fetch at a time.
    turn: Mutex<Turn>,
}

/// What passes from one who fetches to the next.
#[derive(Default)]
struct Turn {
    /// When an unknown key last made us fetch.
    asked_at: Option<OffsetDateTime>,
    /// A fetch whose caller went away before it ended. It is kept so that the next one goes on with it: a client who
    /// asks and hangs up would otherwise use up the one fetch of the cool-down.
    unfinished: Option<Fetch>,
}

type Fetch = Pin<Box<dyn Future<Output = Result<Vec<u8>, FetchJwksError>> + Send>>;

impl KeyCache {
    pub(crate) fn new(source: Arc<dyn JwksSource>, clock: Arc<dyn Clock>) -> Self {
        Self { source, clock, keys: RwLock::default(), turn: Mutex::default() }
    }

    /// The set at hand.
    pub(crate) fn keys(&self) -> Arc<KeySet> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The key of that id, if it is for that algorithm. An unknown id is looked up once more after a fetch that all who
    /// wait share.
    pub(crate) async fn find(
        &self,
        id: &str,
        algorithm: SignatureAlgorithm,
    ) -> Result<Arc<VerificationKey>, TokenRefusal> {
        match self.keys().find(id, algorithm) {
            Err(TokenRefusal::UnknownKey) => {}
            decided => return decided,
        }
        let mut turn = self.turn.lock().await;
        // Somebody may have fetched it while we waited for our turn.
        match self.keys().find(id, algorithm) {
            Err(TokenRefusal::UnknownKey) => {}
            decided => return decided,
        }
        let now = self.clock.now();
        if turn.asked_at.is_some_and(|asked_at| (Duration::ZERO..COOL_DOWN).contains(&(now - asked_at))) {
            if turn.unfinished.is_none() {
                return Err(TokenRefusal::UnknownKey);
            }
        } else {
            *turn = Turn { asked_at: Some(now), unfinished: None };
        }
        if let Err(error) = self.fetch(&mut turn).await {
            let reason = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            tracing::warn!(reason, "{error}; the keys at hand stay");
        }
        self.keys().find(id, algorithm)
    }

    /// Fetches the set now. A failure changes nothing.
    pub(crate) async fn refresh(&self) -> Result<(), FetchJwksError> {
        let mut turn = self.turn.lock().await;
        turn.unfinished = None;
        self.fetch(&mut turn).await
    }

    async fn fetch(&self, turn: &mut Turn) -> Result<(), FetchJwksError> {
        let fetch = turn.unfinished.get_or_insert_with(|| {
            let source = Arc::clone(&self.source);
            Box::pin(async move { source.fetch().await })
        });
        let fetched = fetch.as_mut().await;
        turn.unfinished = None;
        let keys = KeySet::parse(&fetched?, self.clock.now()).map_err(FetchJwksError::NotAKeySet)?;
        tracing::debug!(keys.usable = keys.len(), "fetched the issuer's keys");
        let mut current = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(keys.after(&current));
        Ok(())
    }
}
