//! `/admin`: the panel of the deployment's admins. None of it reads a document.

pub(super) mod login;
pub(super) mod session;
