//! One file a port. A store owns its transactions: a method makes all of its value durable, or nothing.

mod connect_session_store;
mod connection_store;
mod job_queue;
mod membership_store;
mod page_store;

pub use connect_session_store::PgConnectSessionStore;
pub use connection_store::PgConnectionStore;
pub use job_queue::PgJobQueue;
pub use membership_store::PgMembershipStore;
pub use page_store::PgPageStore;
