//! The words of this domain. They know no wire format and no row.

mod account;
mod admin;
pub mod audit;
mod binding;
mod company;
mod membership;
mod profile;
mod role;
mod team;
mod user_context;
mod verified_token;
mod visit;

pub use account::{Account, AccountBinding};
pub use admin::{AdminFailure, AdminRefusal, AdminRefusalReason, AdminSession, AdminTokenHash, NewAdminSession};
pub use binding::{CompanyClaims, Refusal};
pub use company::{Company, CompanyStatus, UnknownCompanyStatus};
pub use membership::{Membership, Standing};
pub use profile::{Profile, UserCompany};
pub use role::{Role, UnknownRole};
pub use team::{
    Difference, Invitation, InvitationKind, Mapping, Member, MemberChange, MemberPage, TeamRefusal, check_invitable,
    check_rank,
};
pub use user_context::UserContext;
pub use verified_token::{TokenRefusal, VerifiedToken};
pub use visit::{NewEmail, Visit};
