//! The databases of the demo in a throw-away server: Master's and one for each company, with two logins that are no
//! superusers. All of it is removed at the end.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::sync::watch;
use tokio_postgres::{Client, Config, NoTls};
use url::Url;
use uuid::Uuid;

use crate::cli::{SERVER, SERVER_CA, WrongUsage};
use crate::people::{A, B, Company, EVERYBODY};

/// A server that we may make databases in.
#[derive(Clone)]
pub(crate) struct Server {
    url: Url,
    ca_file: Option<PathBuf>,
}

/// The demo's databases and logins. They stay until [`Databases::remove`].
pub(crate) struct Databases {
    server: Server,
    session: Session,
    prefix: String,
    owner: Login,
    service: Login,
}

/// A login that owns nothing more than it has to.
pub(crate) struct Login {
    name: String,
    password: String,
}

struct Session {
    client: Client,
    over: watch::Receiver<bool>,
}

const PATIENCE: Duration = Duration::from_secs(10);

impl Server {
    /// Reads the superuser's URL; nothing is tried yet.
    pub(crate) fn new(url: &str, ca_file: Option<&Path>) -> Result<Self> {
        // The value holds a password: it is not shown.
        let wrong = || {
            WrongUsage(format!(
                "{SERVER} is no URL like postgres://superuser:password@127.0.0.1:5433/postgres: correct it, or unset it \
                 and a private server is used"
            ))
        };
        let url = Url::parse(url).map_err(|_| wrong())?;
        if !url.scheme().starts_with("postgres") || !url.has_host() {
            return Err(wrong().into());
        }
        // Set but empty is as good as not set.
        let ca_file = ca_file.filter(|file| !file.as_os_str().is_empty());
        if let Some(file) = ca_file.filter(|file| !file.is_file()) {
            let message = format!("{SERVER_CA} names {}, where no file is: correct it, or unset it", file.display());
            return Err(WrongUsage(message).into());
        }
        Ok(Self { url, ca_file: ca_file.map(Path::to_owned) })
    }

    /// The certificate authority of the server, for the product.
    pub(crate) fn ca_file(&self) -> Option<&Path> {
        self.ca_file.as_deref()
    }

    fn database(&self, name: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(name);
        url
    }

    async fn connect(&self, database: &str) -> Result<Session> {
        let mut config: Config = self.database(database).as_str().parse().context(SERVER)?;
        config.connect_timeout(PATIENCE);
        let (client, connection) = config.connect(NoTls).await.with_context(|| {
            let (host, port) = (self.url.host_str().unwrap_or_default(), self.url.port().unwrap_or(5432));
            format!(
                "PostgreSQL at {host}:{port} cannot be used: start it or correct {SERVER}, or unset that and a private \
                 server is used"
            )
        })?;
        let (ended, over) = watch::channel(false);
        drive(async move {
            // The client's next statement says why it ended.
            let _ = connection.await;
            let _ = ended.send(true);
        });
        Ok(Session { client, over })
    }
}

impl Databases {
    /// Makes empty databases and the logins.
    pub(crate) async fn create(server: &Server) -> Result<Self> {
        let session = server.connect("postgres").await?;
        let is_superuser: bool =
            session.client.query_one("select rolsuper from pg_roles where rolname = current_user", &[]).await?.get(0);
        if !is_superuser {
            return Err(
                WrongUsage(format!("the login of {SERVER} is no superuser: name that of a throw-away server")).into()
            );
        }
        let prefix = format!("cortex_demo_{:08x}", rand::random::<u32>());
        let login = |what: &str| Login {
            name: format!("{prefix}_{what}"),
            password: format!("{:032x}", rand::random::<u128>()),
        };
        let (owner, service) = (login("owner"), login("service"));
        let databases = Self { server: server.clone(), session, owner, service, prefix };
        if let Err(error) = databases.make().await {
            // What failed first is worth more than what fails now.
            let _ = databases.remove().await;
            return Err(error);
        }
        Ok(databases)
    }

    /// The URL of Master's database for the owner of its tables.
    pub(crate) fn master_as_owner(&self) -> String {
        self.url_as("master", &self.owner)
    }

    /// The URL of Master's database for the service.
    pub(crate) fn master_as_service(&self) -> String {
        self.url_as("master", &self.service)
    }

    /// The URL of a company's database for the owner of its tables.
    pub(crate) fn company_as_owner(&self, company: &Company) -> String {
        self.url_as(company.slug, &self.owner)
    }

    /// The URL of a company's database for the service.
    pub(crate) fn company_as_service(&self, company: &Company) -> String {
        self.url_as(company.slug, &self.service)
    }

    /// Puts the companies and their members into Master, as an operator does by hand.
    pub(crate) async fn insert_people(&self) -> Result<()> {
        for company in [&A, &B] {
            self.insert_company(company).await?;
        }
        for person in EVERYBODY {
            let Some((company, role)) = &person.member else { continue };
            self.insert_member(company, person.id, person.email, role).await?;
        }
        Ok(())
    }

    /// Puts a company into Master.
    pub(crate) async fn insert_company(&self, company: &Company) -> Result<()> {
        let master = self.server.connect(&self.name("master")).await?;
        let insert = "insert into companies (id, slug, name, status) values ($1, $2, $3, 'active')";
        let Company { id, slug, name, .. } = company;
        master.client.execute(insert, &[id, slug, name]).await.context("inserting a company")?;
        Ok(())
    }

    /// Puts a member of it into Master.
    pub(crate) async fn insert_member(&self, company: &Company, id: Uuid, email: &str, role: &str) -> Result<()> {
        let master = self.server.connect(&self.name("master")).await?;
        let insert = "insert into company_users (user_id, company_id, email, role, is_active) \
                      values ($1, $2, $3, $4, true)";
        master.client.execute(insert, &[&id, &company.id, &email, &role]).await.context("inserting a member")?;
        Ok(())
    }

    /// A session in a company's database that no wall stops.
    pub(crate) async fn look_into(&self, company: &Company) -> Result<Client> {
        Ok(self.server.connect(&self.name(company.slug)).await?.client)
    }

    /// Comes to its end when the server does.
    pub(crate) async fn gone(&self) {
        // An error says the same: nobody will ever send.
        let _ = self.session.over.clone().wait_for(|over| *over).await;
    }

    /// Removes everything that [`Databases::create`] made.
    pub(crate) async fn remove(&self) -> Result<()> {
        // It may have been restarted; where it is gone, everything in it is.
        let Ok(Session { client: session, .. }) = self.server.connect("postgres").await else { return Ok(()) };
        for what in ["master", A.slug, B.slug] {
            session.batch_execute(&format!("drop database if exists {} with (force)", self.name(what))).await?;
        }
        for login in [&self.owner, &self.service] {
            let Login { name, .. } = login;
            let exists = session.query_opt("select from pg_roles where rolname = $1", &[name]).await?.is_some();
            if exists {
                session.batch_execute(&format!("drop owned by {name} cascade; drop role {name}")).await?;
            }
        }
        Ok(())
    }

    async fn make(&self) -> Result<()> {
        let session = &self.session.client;
        let Login { name: owner, password } = &self.owner;
        session.batch_execute(&format!("create role {owner} login createrole password '{password}'")).await?;
        // Other databases of the server may have made these. Whoever migrates has to be able to pass them on.
        for role in ["cortex_app", "cortex_search"] {
            session
                .batch_execute(&format!(
                    "do $$ begin create role {role} nologin; exception when duplicate_object then null; end $$; \
                     grant {role} to {owner} with admin option"
                ))
                .await?;
        }
        let Login { name: service, password } = &self.service;
        session.batch_execute(&format!("create role {service} login password '{password}' in role cortex_app")).await?;
        for what in ["master", A.slug, B.slug] {
            session.batch_execute(&format!("create database {} owner {owner}", self.name(what))).await?;
        }
        Ok(())
    }

    fn name(&self, what: &str) -> String {
        format!("{}_{what}", self.prefix)
    }

    fn url_as(&self, what: &str, login: &Login) -> String {
        let mut url = self.server.database(&self.name(what));
        url.set_username(&login.name)
            .and_then(|()| url.set_password(Some(&login.password)))
            .expect("an URL with a host has room for both");
        url.into()
    }
}

#[expect(clippy::disallowed_methods, reason = "a connection of tokio-postgres is driven beside its client")]
fn drive(connection: impl Future<Output = ()> + Send + 'static) {
    tokio::spawn(connection);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_url_that_is_none_is_wrong_usage_and_never_shown() {
        for url in ["", "hush", "mysql://root:hush@127.0.0.1/x", "postgres:hush"] {
            let error = Server::new(url, None).err().unwrap();
            assert!(error.is::<WrongUsage>(), "{url}");
            assert!(error.to_string().contains(SERVER) && !error.to_string().contains("hush"), "{error:#}");
        }
    }

    #[test]
    fn a_missing_authority_is_named() {
        let error =
            Server::new("postgres://u:p@127.0.0.1:5433/postgres", Some(Path::new("nowhere.crt"))).err().unwrap();
        assert!(error.to_string().contains("nowhere.crt"), "{error:#}");
    }

    #[tokio::test]
    async fn a_server_that_is_away_is_told_in_one_line_without_the_password() {
        let server = Server::new("postgres://u:hush@127.0.0.1:1/postgres", None).unwrap();
        let error = format!("{:#}", Databases::create(&server).await.err().unwrap());
        assert!(error.starts_with("PostgreSQL at 127.0.0.1:1 cannot be used: "), "{error}");
        assert!(!error.contains("hush") && !error.contains('\n'), "{error}");
    }
}
