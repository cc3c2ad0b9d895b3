//! Who is asking, for which company, and with which role.
//!
//! Here: companies and memberships as Master knows them, what a verified token says, and [`EnterCompany`], which makes
//! a [`UserContext`](model::UserContext) of the two or refuses; and the team: who may invite, change and remove whom
//! ([`InviteMember`], [`ChangeMember`]), and that accounts at Master say so ([`BindAccount`], [`KeepBindings`]).
//!
//! Not here: how a token's signature is checked (an adapter does, behind [`TokenVerifier`](ports::TokenVerifier)), what
//! a role may do at which route (the HTTP layer's table), and anything a company stores in its own database.
//!
//! # Adding a port
//!
//! State in `ports.rs` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A port that no
//! use case calls does not belong here yet.

pub mod announcing_team;
pub mod bind_account;
pub mod change_member;
pub mod enter_company;
pub mod invite_member;
pub mod keep_bindings;
pub mod model;
pub mod ports;
mod remembered_memberships;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
mod visits;

pub use announcing_team::AnnouncingTeam;
pub use bind_account::{BindAccount, BindAccountError, Bound};
pub use change_member::ChangeMember;
pub use enter_company::{EnterCompany, EnterCompanyError};
pub use invite_member::{InviteMember, InviteMemberError, Invited, Wish};
pub use keep_bindings::KeepBindings;
pub use remembered_memberships::RememberedMemberships;
pub use visits::Visits;
