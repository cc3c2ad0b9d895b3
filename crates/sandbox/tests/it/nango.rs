//! The Nango stand-in against the contract: the cases carry the names of the situations they stand for.
#![expect(clippy::needless_pass_by_value, reason = "`json!` at the call reads better without a borrow")]
#![expect(clippy::unwrap_used, reason = "what goes wrong on the stage of a test fails that test")]

mod access;
mod behind;
mod browser;
mod connections;
mod proxy;
mod records;
mod refresh;
mod sessions;
mod shape;
mod stage;
mod syncs;
mod webhook_auth;
mod webhook_delivery;
mod webhook_sync;

pub(crate) use stage::client;
