//! Where a request came from.

use std::net::IpAddr;

/// Where a request came from, as audit rows tell it. Every part is missing where nobody asked: a schedule did, or the
/// work of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The id under which log lines, the answer and audit rows of the request are found.
    pub request_id: Option<String>,
    /// The caller's address, after proxies that are trusted.
    pub address: Option<IpAddr>,
    /// What the caller's program calls itself.
    pub user_agent: Option<String>,
}
