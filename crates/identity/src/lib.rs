//! Who is asking, for which company, and with which role.
//!
//! Here: companies and memberships as Master knows them, what a verified token says, and [`EnterCompany`], which makes
//! a [`UserContext`](model::UserContext) of the two or refuses; the team: who may invite, change and remove whom
//! ([`InviteMember`], [`ChangeMember`]), and that accounts at Master say so ([`BindAccount`], [`KeepBindings`]); the
//! sessions of the admin panel, whose users are no members: [`LogInAdmin`] opens one for who knows the PIN, and
//! [`EnterAdminPanel`] lets them go on; and the audit log:
//! [`SealAudit`] and [`VerifyAudit`] keep it from being changed unseen, [`CopyMasterAudit`] brings in what was done in
//! Master, [`TellMaster`] tells Master of connections, [`ForgetAuditDetails`] forgets what is personal in it.
//!
//! Not here: how a token's signature is checked (an adapter does, behind [`TokenVerifier`](ports::TokenVerifier)), what
//! a role may do at which route (the HTTP layer's table), and anything a company stores in its own database.
//!
//! # Adding a port
//!
//! State in `ports.rs` what must be true, a `# Contract` bullet each. Write a fake and one case per bullet, of the same
//! name, in `testing`; run the cases on the fake in `tests/it` and on Postgres in `cortex-postgres`. A port that no
//! use case calls does not belong here yet.

pub mod admin_door;
pub mod announcing_team;
pub mod bind_account;
pub mod change_member;
mod closed_keys;
pub mod copy_master_audit;
pub mod enter_admin_panel;
pub mod enter_company;
pub mod forget_audit_details;
pub mod invite_member;
pub mod keep_bindings;
pub mod log_in_admin;
pub mod model;
pub mod ports;
mod remembered_memberships;
pub mod seal_audit;
pub mod tell_master;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verify_audit;
mod visits;

pub use admin_door::{AddressNotAllowed, AdminDoor};
pub use announcing_team::AnnouncingTeam;
pub use bind_account::{BindAccount, BindAccountError, Bound};
pub use change_member::ChangeMember;
pub use copy_master_audit::CopyMasterAudit;
pub use enter_admin_panel::{EnterAdminPanel, EnterAdminPanelError};
pub use enter_company::{EnterCompany, EnterCompanyError};
pub use forget_audit_details::ForgetAuditDetails;
pub use invite_member::{InviteMember, InviteMemberError, Invited, Wish};
pub use keep_bindings::KeepBindings;
pub use log_in_admin::{LogInAdmin, LogInAdminError, LogInPorts, LoggedInAdmin, LoginLimits};
pub use remembered_memberships::RememberedMemberships;
pub use seal_audit::SealAudit;
pub use tell_master::TellMaster;
pub use verify_audit::VerifyAudit;
pub use visits::Visits;
