//! Words that every crate of Cortex shares: ids, providers, e-mail addresses, time, pages, leases, where a
//! request came from, how often a memory helped and the error of a store.
//!
//! Nothing here does IO, knows a runtime or a wire format. A word belongs here when two domains need it, because
//! domains do not depend on each other; everything else stays in its domain.

mod clock;
mod email;
mod ids;
mod lease;
mod lookups;
mod origin;
mod page;
mod provider;
mod store_error;

pub use clock::{Clock, SystemClock};
pub use email::{Email, InvalidEmail};
pub use ids::{
    AdminSessionId, BrokerConnectionId, ChatId, CompanyId, ConnectionId, DocumentId, IdGenerator, JobId, RandomIds,
    SavedReportId, UserId,
};
pub use lease::Lease;
pub use lookups::Lookups;
pub use origin::Origin;
pub use page::{Page, PageRequest};
pub use provider::{Provider, UnknownProvider};
pub use store_error::StoreError;
