//! What a person may know of his own places.

use cortex_kernel::CompanyId;
use time::OffsetDateTime;

use super::{Company, Role};

/// A member's place in one company, for himself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The company.
    pub company: Company,
    /// When the member last came; none where he never did, or where nobody took note.
    pub last_login_at: Option<OffsetDateTime>,
}

/// A company that a person may enter, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserCompany {
    /// Its id.
    pub id: CompanyId,
    /// Its name for people.
    pub name: String,
    /// Its short name in addresses.
    pub slug: String,
    /// What the person may do there.
    pub role: Role,
    /// Where its deployment answers, if it is known.
    pub backend_url: Option<String>,
    /// Where its application for browsers is, if it is known.
    pub frontend_url: Option<String>,
}
