//! The one session by which a process makes and removes databases and roles.
//!
//! It lives on a thread with a runtime of its own, so that a `Drop` inside of any runtime can wait for it, and as long
//! as the process: other processes see by its name that what carries the same name is still in use.

use std::sync::{OnceLock, mpsc};

use tokio::sync::{mpsc as requests, oneshot};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

use crate::names::{self, PREFIX, TEMPLATE_PREFIX};
use crate::{TestServer, session};

/// What became of a clone.
pub(crate) enum Cloned {
    Done,
    NoTemplate,
}

/// The way to the session.
pub(crate) struct Janitor {
    requests: requests::UnboundedSender<Request>,
}

type Reply = Box<dyn FnOnce(Result<(), Error>) + Send>;

struct Request {
    work: Work,
    reply: Reply,
}

enum Work {
    Execute(String),
    DropDatabase(String),
    DropRole(String),
    /// With the beginning of the names of templates.
    Sweep(String),
}

impl Janitor {
    /// The janitor of this process; the first call starts it, and removes what killed processes left.
    pub(crate) fn of_process(server: &TestServer) -> &'static Self {
        static JANITOR: OnceLock<Janitor> = OnceLock::new();
        JANITOR.get_or_init(|| Self::start(server))
    }

    pub(crate) async fn create(&self, database: &str) {
        let sql = format!("CREATE DATABASE {database} TEMPLATE template0 STRATEGY FILE_COPY");
        self.ask(Work::Execute(sql)).await.unwrap_or_else(|error| panic!("cannot create a test database: {error:?}"));
    }

    pub(crate) async fn clone_template(&self, template: &str, database: &str) -> Cloned {
        let sql = format!("CREATE DATABASE {database} TEMPLATE {template} STRATEGY FILE_COPY");
        match self.ask(Work::Execute(sql)).await {
            Ok(()) => Cloned::Done,
            Err(error) if error.code() == Some(&SqlState::UNDEFINED_DATABASE) => Cloned::NoTemplate,
            Err(error) => panic!("cannot clone the test template {template}: {error:?}"),
        }
    }

    pub(crate) async fn create_role(&self, name: &str, password: &str, options: &str) {
        let sql = format!("CREATE ROLE {name} LOGIN NOSUPERUSER PASSWORD '{password}' {options}");
        self.ask(Work::Execute(sql)).await.unwrap_or_else(|error| panic!("cannot create a test role: {error:?}"));
    }

    pub(crate) fn drop_database(&self, name: &str) {
        self.order(Work::DropDatabase(name.to_owned()));
    }

    pub(crate) fn drop_role(&self, name: &str) {
        self.order(Work::DropRole(name.to_owned()));
    }

    pub(crate) fn sweep(&self, templates: &str) {
        self.order(Work::Sweep(format!("{TEMPLATE_PREFIX}{templates}")));
    }

    fn start(server: &TestServer) -> Self {
        let (requests, inbox) = requests::unbounded_channel();
        let (started, has_started) = mpsc::sync_channel(1);
        let url = server.maintenance_url();
        let thread = std::thread::Builder::new().name("test-databases".to_owned());
        thread.spawn(move || work(&url, inbox, &started)).expect("a process may have one more thread");
        match has_started.recv() {
            Ok(Ok(())) => Self { requests },
            Ok(Err(error)) => panic!("cannot use the server of {}: {error:?}", crate::SERVER_VARIABLE),
            Err(mpsc::RecvError) => panic!("the thread of the test databases ended"),
        }
    }

    async fn ask(&self, work: Work) -> Result<(), Error> {
        let (sender, receiver) = oneshot::channel();
        self.send(work, move |result| drop(sender.send(result)));
        receiver.await.expect("the thread of the test databases answers every request")
    }

    /// Waits for the end without a runtime. A failure does not hide why a test failed: it is told, and the database is
    /// removed by a later process.
    fn order(&self, work: Work) {
        let (sender, receiver) = mpsc::sync_channel(1);
        self.send(work, move |result| drop(sender.send(result)));
        if let Ok(Err(error)) = receiver.recv()
            && !std::thread::panicking()
        {
            panic!("cannot remove a test database or role: {error:?}");
        }
    }

    fn send(&self, work: Work, reply: impl FnOnce(Result<(), Error>) + Send + 'static) {
        let request = Request { work, reply: Box::new(reply) };
        assert!(self.requests.send(request).is_ok(), "the thread of the test databases ended");
    }
}

fn work(url: &str, mut inbox: requests::UnboundedReceiver<Request>, started: &mpsc::SyncSender<Result<(), Error>>) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread needs nothing that can be missing");
    runtime.block_on(async {
        let mut worker = match Worker::start(url).await {
            Ok(worker) => worker,
            Err(error) => return drop(started.send(Err(error))),
        };
        if started.send(Ok(())).is_err() {
            return;
        }
        while let Some(Request { work, reply }) = inbox.recv().await {
            reply(worker.perform(work).await);
        }
    });
}

struct Worker {
    session: Client,
    /// Roles that still own something in a database, or may do something there.
    needed_roles: Vec<String>,
}

impl Worker {
    async fn start(url: &str) -> Result<Self, Error> {
        let session = session::connect_named(url, Some(names::process())).await?;
        let worker = Self { session, needed_roles: Vec::new() };
        worker.sweep_dead().await?;
        Ok(worker)
    }

    async fn perform(&mut self, work: Work) -> Result<(), Error> {
        match work {
            Work::Execute(sql) => self.session.batch_execute(&sql).await,
            Work::DropDatabase(name) => {
                self.drop_database(&name).await?;
                for role in std::mem::take(&mut self.needed_roles) {
                    self.drop_own_role(role).await?;
                }
                Ok(())
            }
            Work::DropRole(name) => self.drop_own_role(name).await,
            Work::Sweep(templates) => {
                self.sweep_dead().await?;
                self.sweep_templates(&templates).await
            }
        }
    }

    /// Removes what belongs to processes without a session.
    async fn sweep_dead(&self) -> Result<(), Error> {
        for database in self.dead("pg_database", "datname").await? {
            forgive(self.drop_database(&database).await)?;
        }
        for role in self.dead("pg_roles", "rolname").await? {
            forgive(self.drop_role(&role).await)?;
        }
        Ok(())
    }

    async fn sweep_templates(&self, prefix: &str) -> Result<(), Error> {
        let is_template = "starts_with(datname::text, $1)";
        for template in self.names("pg_database", "datname", is_template, prefix).await? {
            forgive(self.drop_database(&template).await)?;
        }
        Ok(())
    }

    async fn dead(&self, catalogue: &str, column: &str) -> Result<Vec<String>, Error> {
        let owner = format!("substring(thing.{column}::text from '^{PREFIX}[0-9a-f]{{12}}')");
        let is_dead = format!(
            "starts_with({column}::text, $1) AND {owner} IS NOT NULL \
             AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = {owner})"
        );
        self.names(catalogue, column, &is_dead, PREFIX).await
    }

    async fn names(&self, catalogue: &str, column: &str, condition: &str, prefix: &str) -> Result<Vec<String>, Error> {
        let sql = format!("SELECT {column}::text FROM {catalogue} AS thing WHERE {condition}");
        let rows = self.session.query(&sql, &[&prefix]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    async fn drop_database(&self, name: &str) -> Result<(), Error> {
        self.session.batch_execute(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await
    }

    async fn drop_own_role(&mut self, name: String) -> Result<(), Error> {
        match self.drop_role(&name).await {
            Err(error) if error.code() == Some(&SqlState::DEPENDENT_OBJECTS_STILL_EXIST) => {
                self.needed_roles.push(name);
                Ok(())
            }
            other => other,
        }
    }

    async fn drop_role(&self, name: &str) -> Result<(), Error> {
        let sessions = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = $1";
        self.session.execute(sessions, &[&name]).await?;
        self.session.batch_execute(&format!("DROP ROLE IF EXISTS {name}")).await
    }
}

/// Two processes may sweep the same leftover, and one of them finds it gone under its hands; or a template is just
/// being cloned. Whatever then stays is swept by a later process.
fn forgive(result: Result<(), Error>) -> Result<(), Error> {
    let harmless = [
        SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
        SqlState::INTERNAL_ERROR,
        SqlState::OBJECT_IN_USE,
        SqlState::UNDEFINED_DATABASE,
    ];
    match result {
        Err(error) if error.code().is_some_and(|code| harmless.contains(code)) => Ok(()),
        other => other,
    }
}
