//! Accounts at Master that do not say yet of which companies their owners are members, worked off beside the API: `serve`
//! alone has the key to them.

use std::time::Duration;

use cortex_identity::KeepBindings;
use cortex_kernel::StoreError;
use tokio_util::sync::CancellationToken;

use crate::repeat::{Every, again_and_again};

/// How long to wait where nothing was due. A mark is rare, and looking for one costs little.
const PAUSE: Duration = Duration::from_secs(2);

/// Works marks off until `stop` is cancelled. What is dropped then is found again: a mark is taken for a time only.
pub(crate) async fn keep_bound(bindings: &KeepBindings, stop: CancellationToken) {
    let work = again_and_again("accounts to be bound cannot be looked for", Every::always(PAUSE), async || {
        while bindings.tick().await? {}
        Ok::<(), StoreError>(())
    });
    stop.run_until_cancelled_owned(work).await;
}
