//! The deployment, its people, and the world around them.

use std::io::{self, Write};
use std::path::Path;

use anyhow::{Context, Result};
use cortex_sandbox::clock::Clock;
use cortex_sandbox::nango::{ConnectionName, Decision, EnvironmentConfig, Nango, NangoConfig, RunningNango};
use cortex_sandbox::provider::Account;
use cortex_sandbox::supabase::{RunningSupabase, SeedUser, Supabase, SupabaseConfig};
use futures_util::future::try_join_all;
use serde_json::Value;
use tempfile::TempDir;
use uuid::Uuid;

use crate::cli::SoakSetting;
use crate::client::{self, Client, text};
use crate::database::{Databases, Server};
use crate::deployment::{Deployment, Outside};
use crate::people::{A, PASSWORD};
use crate::places::Places;
use crate::poll;
use crate::process::Cortex;
use crate::report::Report;

/// What was asked for, looked through before anything is started.
pub(crate) struct Plan {
    pub(crate) server: Server,
    cortex: Cortex,
    places: Places,
    _logs: TempDir,
}

/// Somebody whose account is read.
pub(super) struct Reader {
    pub(super) id: Uuid,
    pub(super) email: String,
    pub(super) connection: ConnectionName,
    seat: Client,
}

/// A running deployment. Its processes end with it.
pub(super) struct Stage<'a> {
    plan: &'a Plan,
    pub(super) readers: Vec<Reader>,
    pub(super) nango: RunningNango,
    deployment: Deployment,
    _supabase: RunningSupabase,
}

impl Plan {
    /// Fails on what cannot be used, before anything has to be removed again.
    pub(crate) fn of(setting: &SoakSetting) -> Result<Self> {
        let machine = &setting.machine;
        let server = Server::new(&machine.server, machine.server_ca.as_deref().map(Path::new))?;
        let logs = tempfile::Builder::new().prefix("cortex-soak-").tempdir().context("no temporary directory")?;
        let cortex = Cortex::new(&machine.cortex, logs.path())?;
        Ok(Self { server, cortex, places: Places::find(None)?, _logs: logs })
    }
}

impl<'a> Stage<'a> {
    /// Everybody is a member, has connected an empty Gmail account, and nothing was read yet.
    pub(super) async fn start(
        setting: &SoakSetting,
        plan: &'a Plan,
        databases: &Databases,
        report: &mut Report,
    ) -> Result<Self> {
        report.progress("bringing the schemas up");
        let people: Vec<(Uuid, String)> = (1..=setting.users).map(person).collect();
        let seeds = people.iter().map(|(id, email)| {
            SeedUser::new(email, PASSWORD).with_id(*id).with_user_metadata("company_id", A.id.to_string())
        });
        let supabase = Supabase::start(SupabaseConfig::with_users(seeds))?;
        let nango = start_nango(&people)?;
        let keys = nango.environment(A.slug)?;
        let outside = Outside {
            supabase_url: supabase.base_url(),
            nango_url: nango.base_url(),
            nango_key: keys.api_key.to_string(),
            signing_key: keys.webhook_signing_key,
            backfill_days: 365,
        };
        let mut deployment = Deployment::new(&A, plan.places.a, (databases, &plan.server), &outside);
        deployment.set("SYNC_LEASE_SECONDS", &setting.lease_seconds.to_string());
        // What is silent is given up soon, so that much goes wrong in little time.
        deployment.set("NANGO_TIMEOUT_SECONDS", "2");
        deployment.set("SYNC_POLL_MS", "500");
        nango.set_webhook_urls(A.slug, &[&deployment.webhook_url()])?;
        deployment.migrate(&plan.cortex).await?;
        databases.insert_company(&A).await?;
        for (id, email) in &people {
            databases.insert_member(&A, *id, email, "user").await?;
        }

        report.progress("starting the deployment");
        deployment.serve(&plan.cortex, false)?;
        for _ in 0..setting.workers {
            deployment.start_worker(&plan.cortex)?;
        }
        let http = client::http()?;
        deployment.ready(&Client::new(&http, &deployment.base_url, None)).await?;
        let mut readers = Vec::new();
        for (id, email) in people {
            report.progress(format_args!("{email} connects"));
            let token = client::sign_in(&http, supabase.base_url(), supabase.anon_key(), &email).await?;
            let seat = Client::new(&http, &deployment.base_url, Some(&token));
            let connection = connect(&seat, &nango, &email).await?;
            readers.push(Reader { id, email, connection, seat });
        }
        nango.settled().await;
        Ok(Self { plan, readers, nango, deployment, _supabase: supabase })
    }

    pub(super) async fn begin_initial_syncs(&self) -> Result<()> {
        self.begin("/api/v1/sync/initial/gmail").await
    }

    pub(super) async fn begin_last_syncs(&self) -> Result<()> {
        self.begin("/api/v1/sync/gmail").await
    }

    async fn begin(&self, path: &str) -> Result<()> {
        try_join_all(self.readers.iter().map(async |reader| reader.seat.post(path, None).await?.expected(202))).await?;
        Ok(())
    }

    /// Kills a worker and starts another one in its place: the process id of the killed one.
    pub(super) async fn kill(&mut self, worker: usize) -> Result<u32> {
        self.deployment.replace_worker(&self.plan.cortex, worker).await
    }

    /// The process id of the worker that is never killed.
    pub(super) fn witness(&self) -> Option<u32> {
        self.deployment.worker_id(0)
    }

    /// Fails if a process has ended by itself.
    pub(super) fn check(&mut self) -> Result<()> {
        self.deployment.check_all()
    }

    /// Says what the logs tell of trouble, on standard error: they are gone afterwards.
    pub(super) fn tell_troubles(&self) {
        for line in self.deployment.troubles() {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }
}

fn person(number: u32) -> (Uuid, String) {
    (Uuid::new_v5(&A.id, &number.to_be_bytes()), format!("reader{number}@kestrelpumps.example"))
}

fn start_nango(people: &[(Uuid, String)]) -> Result<RunningNango> {
    let nango = Nango::start(NangoConfig {
        environments: vec![EnvironmentConfig { name: A.slug.to_owned(), ..EnvironmentConfig::default() }],
        // Like the real one: the second attempt comes when a restart is over.
        webhook_timeout_ms: 20_000,
        webhook_retry_delays_ms: vec![3000, 6000],
        clock: Clock::new(),
        ..NangoConfig::quick()
    })?;
    for (_, email) in people {
        nango.put_account(Account::empty(email));
    }
    Ok(nango)
}

async fn connect(seat: &Client, nango: &RunningNango, email: &str) -> Result<ConnectionName> {
    let started = seat.post("/api/v1/oauth/connect/start?provider=gmail", None).await?.expected(200)?;
    let session = text(&started, "/connect_session_token");
    let connection = nango.connect(&session, "google-mail", email, Decision::Allow).await?;
    let connected = poll::until("the webhook of a connection", poll::WEBHOOK, async || {
        let status = seat.get("/api/v1/oauth/status").await?.expected(200)?;
        Ok((status.pointer("/providers/gmail/connected") == Some(&Value::Bool(true))).then_some(()))
    });
    connected.await.with_context(|| format!("{email} allowed the connection"))?;
    Ok(connection)
}
