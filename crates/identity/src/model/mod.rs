//! The words of this domain. They know no wire format and no row.

mod admin;
mod binding;
mod company;
mod membership;
mod profile;
mod role;
mod user_context;
mod verified_token;

pub use admin::{AdminFailure, AdminRefusal, AdminRefusalReason, AdminSession, AdminTokenHash, NewAdminSession};
pub use binding::{CompanyClaims, Refusal};
pub use company::{Company, CompanyStatus, UnknownCompanyStatus};
pub use membership::{Membership, Standing};
pub use profile::{Profile, UserCompany};
pub use role::{Role, UnknownRole};
pub use user_context::UserContext;
pub use verified_token::{TokenRefusal, VerifiedToken};
