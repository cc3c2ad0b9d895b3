//! Who is asking, for which company, and with which role.
//!
//! Here: companies and memberships as Master knows them, what a verified token says, and [`EnterCompany`], which makes
//! a [`UserContext`](model::UserContext) of the two or refuses; and the sessions of the admin panel, whose users are no
//! members: [`LogInAdmin`] opens one for who knows the PIN, and [`EnterAdminPanel`] lets them go on.
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
pub mod enter_admin_panel;
pub mod enter_company;
pub mod log_in_admin;
pub mod model;
pub mod ports;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use admin_door::{AddressNotAllowed, AdminDoor};
pub use enter_admin_panel::{EnterAdminPanel, EnterAdminPanelError};
pub use enter_company::{EnterCompany, EnterCompanyError};
pub use log_in_admin::{LogInAdmin, LogInAdminError, LogInPorts, LoggedInAdmin, LoginLimits};
