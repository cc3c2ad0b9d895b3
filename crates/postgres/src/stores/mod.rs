//! One file a port. A store owns its transactions: a method makes all of its value durable, or nothing.

mod admin_sessions;
mod attempt_counters;
mod connect_session_endings;
mod connect_session_store;
mod connection_store;
mod document_reader;
mod job_queue;
mod members;
mod membership_store;
mod original_connections;
mod page_store;
mod profile_reader;
mod quarantine_store;
mod reading_states;
mod search_index;
mod sync_starter;
mod webhook_inbox;

pub use admin_sessions::PgAdminSessions;
pub use attempt_counters::PgAttemptCounters;
pub use connect_session_endings::PgConnectSessionEndings;
pub use connect_session_store::PgConnectSessionStore;
pub use connection_store::PgConnectionStore;
pub use document_reader::PgDocumentReader;
pub use job_queue::PgJobQueue;
pub use members::PgMembers;
pub use membership_store::PgMembershipStore;
pub use original_connections::PgOriginalConnections;
pub use page_store::PgPageStore;
pub use profile_reader::PgProfileReader;
pub use quarantine_store::PgQuarantineStore;
pub use reading_states::PgReadingStates;
pub use search_index::PgSearchIndex;
pub use sync_starter::PgSyncStarter;
pub use webhook_inbox::PgWebhookInbox;
