//! The database of one test.

use tokio_postgres::{Client, Error};

use crate::janitor::{Cloned, Janitor};
use crate::template::Template;
use crate::{TestRole, TestServer, names, session};

/// How often a template may vanish between its making and its cloning, by runs of other checkouts.
const ATTEMPTS: usize = 10;

/// A database that is dropped, with all sessions in it, when this value is.
#[derive(Debug)]
pub struct TestDatabase {
    server: TestServer,
    name: String,
}

impl TestDatabase {
    /// A database with nothing in it.
    ///
    /// # Panics
    ///
    /// When there is no server, or it refuses.
    pub async fn empty() -> Self {
        Self::empty_in(TestServer::from_env()).await
    }

    /// A clone of a template. Where the template does not exist yet, `prepare` fills it, given its superuser's URL, and
    /// panics where it cannot; other tests wait meanwhile.
    ///
    /// # Panics
    ///
    /// When there is no server, or it refuses.
    pub async fn create(template: &Template, prepare: impl AsyncFn(String)) -> Self {
        let server = TestServer::from_env();
        let database = Self { name: names::fresh(), server };
        let janitor = Janitor::of_process(&database.server);
        for _ in 0..ATTEMPTS {
            match janitor.clone_template(&template.database(), &database.name).await {
                Cloned::Done => return database,
                Cloned::NoTemplate => template
                    .make(&database.server, &prepare)
                    .await
                    .unwrap_or_else(|error| panic!("cannot make the template {template:?}: {error:?}")),
            }
        }
        panic!("the template {template:?} is removed again and again: which runs share this server?");
    }

    pub(crate) async fn empty_in(server: TestServer) -> Self {
        let database = Self { name: names::fresh(), server };
        Janitor::of_process(&database.server).create(&database.name).await;
        database
    }

    /// The superuser's URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url(&self.name)
    }

    /// The URL for a role.
    #[must_use]
    pub fn url_as(&self, role: &TestRole) -> String {
        self.server.url_as(&self.name, role.name(), role.password())
    }

    /// Its name, safe to be written into a statement.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The server that it is in.
    #[must_use]
    pub fn server(&self) -> &TestServer {
        &self.server
    }

    /// Connects as the superuser.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn connect(&self) -> Client {
        session::connect(&self.url()).await.unwrap_or_else(|error| panic!("cannot connect to {}: {error:?}", self.name))
    }

    /// Connects as a role.
    pub async fn connect_as(&self, role: &TestRole) -> Result<Client, Error> {
        session::connect(&self.url_as(role)).await
    }

    /// Runs statements as the superuser.
    ///
    /// # Panics
    ///
    /// When one fails.
    pub async fn batch(&self, sql: &str) {
        self.connect().await.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        Janitor::of_process(&self.server).drop_database(&self.name);
    }
}
