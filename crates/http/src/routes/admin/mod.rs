//! `/admin`: the panel of the deployment's admins. None of it reads a document.

pub(super) mod audit_log;
pub(super) mod jobs;
pub(super) mod login;
pub(super) mod overview;
pub(super) mod session;
pub(super) mod stuck;
pub(super) mod workers;
