//! Whose a connection is.

use cortex_kernel::{CompanyId, Email, UserId};

/// A person in a company, as owner of connections. To the broker the person is the end user, never the company; the
/// company is the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The company in whose database the connection stands.
    pub company_id: CompanyId,
    /// The person.
    pub user_id: UserId,
    /// The person's address in the company; the connected account may have another.
    pub email: Email,
}
