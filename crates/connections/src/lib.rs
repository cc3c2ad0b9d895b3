//! Who connected which account of which provider.
//!
//! Here: connections and their life, the sessions in which people connect, and the use cases around them. A connection
//! belongs to one person in one company; the broker (Nango) holds its credentials, we hold whose it is.
//!
//! Not here: credentials (we never see any), what is read through a connection (`cortex-ingestion`), when
//! (`cortex-sync-jobs`), and the broker's wire contract (`cortex-nango`).
//!
//! # Adding a port
//!
//! State in `ports` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A remote port has
//! no contract suite: its adapter is tested against recorded answers. A port that no use case calls does not belong
//! here yet.

pub mod adopt_connection;
pub mod check_connection;
pub mod disconnect;
pub mod forget_old;
mod identify_account;
mod log;
pub mod model;
pub mod ports;
pub mod receive_webhook;
pub mod reconcile;
pub mod remove_at_broker;
#[cfg(test)]
mod scene;
pub mod start_connect;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod work_off_inbox;

pub use adopt_connection::{AdoptConnection, AdoptPorts};
pub use check_connection::{CheckConnection, CheckError};
pub use disconnect::{Disconnect, DisconnectError, DisconnectRequest};
pub use forget_old::ForgetOld;
pub use receive_webhook::{ReceiveWebhook, ReceiveWebhookError, ReceivedWebhook};
pub use reconcile::{Reconcile, Reconciled};
pub use remove_at_broker::RemoveAtBroker;
pub use start_connect::{StartConnect, StartConnectError};
pub use work_off_inbox::{InboxPorts, Tick, WorkOffInbox};
