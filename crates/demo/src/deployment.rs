//! One company's deployment: `cortex serve`, and for A workers beside it.

use std::time::Duration;

use anyhow::{Context, Result};

use crate::client::Client;
use crate::database::{Databases, Server};
use crate::people::Company;
use crate::places::local;
use crate::poll;
use crate::process::{Cortex, Service, Variables};

/// Processes of the product that serve one company.
pub(crate) struct Deployment {
    pub(crate) company: &'static Company,
    /// Without a slash at the end.
    pub(crate) base_url: String,
    variables: Variables,
    api: Option<Service>,
    workers: Vec<Service>,
}

/// What a deployment has to be told about the world outside.
pub(crate) struct Outside<'a> {
    pub(crate) supabase_url: &'a str,
    pub(crate) nango_url: &'a str,
    pub(crate) nango_key: String,
    pub(crate) signing_key: String,
    pub(crate) backfill_days: u32,
}

/// How long a debug build on a busy machine may take until it is ready.
const START: Duration = Duration::from_mins(1);

/// The PIN of the admin panels, and what `cortex admin hash-pin` makes of it.
pub(crate) const ADMIN_PIN: &str = "270131";
const ADMIN_PIN_HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$jNN/z0ec5bMFzu4TGAGFPA$p8L2aZo6QQIS6E5LVXjifBApAjYyMOdqnmKvJQiKOt4";

/// Where front ends under development commonly are.
pub(crate) const PAGES: [&str; 2] = ["http://localhost:3000", "http://localhost:5173"];

/// Leases are short, so that the work of a killed process is soon taken over.
const LEASE_SECONDS: u32 = 4;

impl Deployment {
    /// Settles how it will be run; nothing is started yet.
    pub(crate) fn new(
        company: &'static Company,
        port: u16,
        (databases, server): (&Databases, &Server),
        outside: &Outside<'_>,
    ) -> Self {
        let mut variables = vec![
            ("ENVIRONMENT", "production".to_owned()),
            ("COMPANY_ID", company.id.to_string()),
            ("DATABASE_URL", databases.company_as_service(company)),
            ("MASTER_DATABASE_URL", databases.master_as_service()),
            ("MIGRATION_DATABASE_URL", databases.company_as_owner(company)),
            ("MASTER_MIGRATION_DATABASE_URL", databases.master_as_owner()),
            ("MASTER_SUPABASE_URL", outside.supabase_url.to_owned()),
            ("NANGO_HOST", outside.nango_url.to_owned()),
            ("NANGO_SECRET_KEY", outside.nango_key.clone()),
            ("NANGO_WEBHOOK_SIGNING_KEY", outside.signing_key.clone()),
            ("HOST", "127.0.0.1".to_owned()),
            ("PORT", port.to_string()),
            ("EXPOSE_DOCS", "true".to_owned()),
            ("ADMIN_PIN_HASH", ADMIN_PIN_HASH.to_owned()),
            ("CORS_ALLOWED_ORIGINS", PAGES.join(",")),
            ("RATE_LIMIT_READ", "0".to_owned()),
            ("RATE_LIMIT_WRITE", "0".to_owned()),
            ("RATE_LIMIT_CONNECT", "0".to_owned()),
            ("SYNC_POLL_MS", "100".to_owned()),
            ("SYNC_LEASE_SECONDS", LEASE_SECONDS.to_string()),
            ("SYNC_INTERVAL_SECONDS", "0".to_owned()),
            ("ALERT_INTERVAL_MINUTES", "0".to_owned()),
            ("BACKFILL_DAYS", outside.backfill_days.to_string()),
        ];
        if let Some(file) = server.ca_file() {
            variables.push(("DATABASE_CA_FILE", file.display().to_string()));
        }
        let base_url = format!("http://{}", local(port));
        Self { company, base_url, variables, api: None, workers: Vec::new() }
    }

    /// Settles a variable anew, before anything is started.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(known, _)| *known != name);
        self.variables.push((name, value.to_owned()));
    }

    /// Where Nango's webhooks go.
    pub(crate) fn webhook_url(&self) -> String {
        format!("{}/nango/webhook", self.base_url)
    }

    /// Brings the schemas of both databases up.
    pub(crate) async fn migrate(&self, cortex: &Cortex) -> Result<()> {
        cortex.run(&format!("migrate {}", self.company.mark), &["migrate", "up"], &self.variables).await
    }

    /// Starts the API; the worker in the same process, or none.
    pub(crate) fn serve(&mut self, cortex: &Cortex, with_worker: bool) -> Result<()> {
        let arguments: &[&str] = if with_worker { &["serve"] } else { &["serve", "--no-worker"] };
        self.api = Some(cortex.start(&format!("serve {}", self.company.mark), arguments, &self.variables)?);
        Ok(())
    }

    /// Starts one more worker: the number that it has.
    pub(crate) fn start_worker(&mut self, cortex: &Cortex) -> Result<usize> {
        let number = self.workers.len() + 1;
        let name = format!("work {} {number}", self.company.mark);
        self.workers.push(cortex.start(&name, &["work"], &self.variables)?);
        Ok(number)
    }

    /// Kills the worker that was started last: its process id.
    pub(crate) async fn kill_worker(&mut self) -> Result<u32> {
        kill(self.workers.last_mut().context("no worker was started")?).await
    }

    /// Kills a worker, counted from 0, and starts another one in its place: the process id of the killed one.
    pub(crate) async fn replace_worker(&mut self, cortex: &Cortex, worker: usize) -> Result<u32> {
        let id = kill(self.workers.get_mut(worker).context("there is no such worker")?).await?;
        let name = format!("work {} {}", self.company.mark, worker + 1);
        self.workers[worker] = cortex.start(&name, &["work"], &self.variables)?;
        Ok(id)
    }

    /// The process id of a worker, counted from 0.
    pub(crate) fn worker_id(&self, worker: usize) -> Option<u32> {
        self.workers.get(worker)?.id()
    }

    /// Waits until it says that it is ready. What ends in the meantime is told at once.
    pub(crate) async fn ready(&mut self, client: &Client) -> Result<()> {
        let mut last = String::new();
        let ready = poll::until("it to be ready", START, async || {
            self.check()?;
            // Nothing listens yet.
            let Ok(answer) = client.get("/health/ready").await else { return Ok(None) };
            last = answer.body.to_string();
            Ok((answer.status == 200).then_some(()))
        });
        let ready = ready.await;
        let says = if last.is_empty() { String::new() } else { format!(" and says {last}") };
        ready.with_context(|| format!("the deployment of {} does not get ready{says}", self.company.mark))
    }

    /// Fails if a process that should run has ended.
    pub(crate) fn check(&mut self) -> Result<()> {
        let worker = self.workers.last_mut();
        self.api.iter_mut().chain(worker).try_for_each(Service::check)
    }

    /// Fails if any of its workers has ended by itself, or the API.
    pub(crate) fn check_all(&mut self) -> Result<()> {
        self.api.iter_mut().chain(&mut self.workers).try_for_each(Service::check)
    }

    /// What its logs tell of trouble, a few lines of each.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.api.iter().chain(&self.workers).flat_map(|service| service.troubles(8)).collect()
    }
}

async fn kill(worker: &mut Service) -> Result<u32> {
    let id = worker.id().context("the worker has ended by itself")?;
    worker.kill().await?;
    Ok(id)
}
