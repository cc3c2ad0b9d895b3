//! A login of one test.

use crate::janitor::Janitor;
use crate::{TestServer, names};

/// A role that may log in and little else, removed when this value is dropped, or as soon as the last database with
/// something of it is.
pub struct TestRole {
    server: TestServer,
    name: String,
    password: String,
}

impl TestRole {
    /// A role without privileges, neither superuser nor above row level security.
    ///
    /// # Panics
    ///
    /// When there is no server, or it refuses.
    pub async fn create() -> Self {
        Self::with("").await
    }

    /// A role with further options of `CREATE ROLE`: `IN ROLE owners`, `BYPASSRLS`, `CREATEDB`.
    ///
    /// # Panics
    ///
    /// When there is no server, or it refuses.
    pub async fn with(options: &str) -> Self {
        let role = Self { server: TestServer::from_env(), name: names::fresh(), password: names::random() };
        Janitor::of_process(&role.server).create_role(&role.name, &role.password, options).await;
        role
    }

    /// Its name, safe to be written into a statement.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its password.
    #[must_use]
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl std::fmt::Debug for TestRole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestRole").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Drop for TestRole {
    fn drop(&mut self) {
        Janitor::of_process(&self.server).drop_role(&self.name);
    }
}
