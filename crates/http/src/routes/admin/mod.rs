//! `/admin`: the panel of the deployment's admins. None of it reads a document.

pub(super) mod audit_log;
pub(super) mod session;
