//! The one answer to "who is asking".

use cortex_kernel::{CompanyId, Email, UserId};

use super::Role;

/// Who is asking, for which company, and with which role. Data is filtered by the company, actions are attributed to
/// the user: whoever needs one of the ids has the other too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserContext {
    /// The person.
    pub user_id: UserId,
    /// The company the person works for in this request.
    pub company_id: CompanyId,
    /// The person's address in this company.
    pub email: Email,
    /// What the person may do in this company.
    pub role: Role,
}
