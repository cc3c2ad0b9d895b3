//! Databases as operators leave them, and the binary with a configuration that leads there.

use cortex_test_support::{TestDatabase, TestRole};

use crate::process::Cortex;

/// Whose deployment it is.
pub(crate) const COMPANY: &str = "0f8fad5b-d9cb-469f-a165-70867728950e";

/// Both databases, and the login of the service.
pub(crate) struct Deployment {
    pub(crate) master: TestDatabase,
    pub(crate) company: TestDatabase,
    pub(crate) service: TestRole,
}

impl Deployment {
    /// Nobody ever migrated.
    pub(crate) async fn empty() -> Self {
        Self::with_login("in role cortex_app").await
    }

    pub(crate) async fn with_login(options: &str) -> Self {
        let (master, company) = (TestDatabase::empty().await, TestDatabase::empty().await);
        // Roles belong to the server, and on a fresh one nobody made them yet.
        let make = "do $$ begin create role cortex_app nologin; \
                    exception when duplicate_object or unique_violation then null; end $$";
        master.batch(make).await;
        Self { master, company, service: TestRole::with(options).await }
    }

    /// At the newest migration, with an active company.
    pub(crate) async fn ready() -> Self {
        Self::empty().await.made_ready().await
    }

    pub(crate) async fn made_ready(self) -> Self {
        self.migrate(&["up"]);
        self.found_company("active").await;
        self
    }

    pub(crate) async fn found_company(&self, status: &str) {
        let insert = "insert into companies (id, slug, name, status)";
        self.master.batch(&format!("{insert} values ('{COMPANY}', 'acme', 'Acme', '{status}')")).await;
    }

    /// Runs `cortex migrate` as the owner of the tables.
    pub(crate) fn migrate(&self, arguments: &[&str]) {
        let cortex = self.cortex(&[&["migrate"], arguments].concat());
        let (code, _, stderr) = cortex.output();
        assert_eq!(code, Some(0), "{stderr}");
    }

    pub(crate) fn cortex(&self, arguments: &[&str]) -> Cortex {
        Cortex::serve()
            .running(arguments)
            .with("COMPANY_ID", COMPANY)
            .with("DATABASE_URL", &self.company.url_as(&self.service))
            .with("MASTER_DATABASE_URL", &self.master.url_as(&self.service))
            .with("MIGRATION_DATABASE_URL", &self.company.url())
            .with("MASTER_MIGRATION_DATABASE_URL", &self.master.url())
            // Tests ask again and again, and nobody reads the log meanwhile.
            .with("RUST_LOG", "info,cortex_http=off")
    }

    /// The reasons for which a command refuses to go on.
    pub(crate) fn refused(&self, arguments: &[&str]) -> Vec<String> {
        let (code, _, stderr) = self.cortex(arguments).with("RUST_LOG", "off").output();
        assert_eq!(code, Some(1), "{stderr}");
        let mut lines = stderr.lines().map(ToOwned::to_owned);
        let first = lines.next().unwrap();
        assert!(first.starts_with("cortex: not started: "), "{stderr}");
        lines.collect()
    }

    /// Lets nobody into a database, or everybody again. Told to the other one, as nobody can tell it to itself.
    pub(crate) async fn close(database: &TestDatabase, elsewhere: &TestDatabase, closed: bool) {
        elsewhere.batch(&format!("alter database {} allow_connections {}", database.name(), !closed)).await;
    }
}
