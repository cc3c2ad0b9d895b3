//! Everything together: databases, the world outside, and a deployment for each company.

use std::io::{self, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use cortex_sandbox::clock::Clock;
use cortex_sandbox::mailbox::Mailbox;
use cortex_sandbox::nango::{EnvironmentConfig, EnvironmentKeys, Nango, NangoConfig, RunningNango};
use cortex_sandbox::provider::Account;
use cortex_sandbox::supabase::{RunningSupabase, SeedUser, Supabase, SupabaseConfig};
use tempfile::TempDir;
use time::OffsetDateTime;
use tokio::time::interval;

use crate::cli::Setting;
use crate::client::{self, Client};
use crate::database::{Databases, Server};
use crate::deployment::{Deployment, Outside};
use crate::mail::Mail;
use crate::people::{A, A1, A2, ANOTHER_ACCOUNT, B, B1, Company, EVERYBODY, PASSWORD, Person};
use crate::places::{Places, local};
use crate::process::Cortex;
use crate::report::Report;

/// What was asked for, looked through before anything is started.
pub(crate) struct Plan {
    pub(crate) server: Server,
    cortex: Cortex,
    places: Places,
    mail: Mail,
    clock: Clock,
    logs: TempDir,
}

/// A running stack. Its processes end with it.
pub(crate) struct Stack<'a> {
    plan: &'a Plan,
    pub(crate) a: Deployment,
    pub(crate) b: Deployment,
    pub(crate) nango: RunningNango,
    pub(crate) supabase: RunningSupabase,
    pub(crate) http: reqwest::Client,
}

/// Seconds that an access token lives: somebody who stays wants to use it all day.
const TOKEN_SECONDS: u32 = 24 * 3600;

/// How often a stack that stays looks whether it is still whole.
const LOOK: Duration = Duration::from_secs(1);

impl Plan {
    /// Fails on what cannot be used, before anything has to be removed again.
    pub(crate) fn of(setting: &Setting) -> Result<Self> {
        let machine = &setting.machine;
        let server = Server::new(&machine.server, machine.server_ca.as_deref().map(Path::new))?;
        let logs = tempfile::Builder::new().prefix("cortex-demo-").tempdir().context("no temporary directory")?;
        let cortex = Cortex::new(&machine.cortex, logs.path())?;
        let clock = Clock::new();
        let mail = Mail::gather(setting.mailbox.as_deref(), clock.now())?;
        let places = Places::find(setting.port)?;
        Ok(Self { server, cortex, places, mail, clock, logs })
    }
}

impl<'a> Stack<'a> {
    /// Starts everything and waits until both deployments are ready.
    pub(crate) async fn start(plan: &'a Plan, databases: &Databases, report: &mut Report) -> Result<Self> {
        report.scene("Two companies, from nothing");
        let supabase = start_supabase(plan)?;
        let nango = start_nango(plan)?;
        let deployment = |company: &'static Company, port| -> Result<Deployment> {
            let EnvironmentKeys { api_key, webhook_signing_key, .. } = nango.environment(company.slug)?;
            let outside = Outside {
                supabase_url: supabase.base_url(),
                nango_url: nango.base_url(),
                nango_key: api_key.to_string(),
                signing_key: webhook_signing_key,
                backfill_days: plan.mail.backfill_days,
            };
            let deployment = Deployment::new(company, port, (databases, &plan.server), &outside);
            nango.set_webhook_urls(company.slug, &[&deployment.webhook_url()])?;
            Ok(deployment)
        };
        let (a, b) = (deployment(&A, plan.places.a)?, deployment(&B, plan.places.b)?);
        let mut stack = Self { plan, a, b, nango, supabase, http: client::http()? };
        stack.migrate(report).await?;
        databases.insert_people().await?;
        stack.start_deployments(report).await?;
        stack.describe(report);
        Ok(stack)
    }

    /// Somebody at a deployment, signed in just now.
    pub(crate) async fn seat(&self, person: &Person, at: &Deployment) -> Result<Client> {
        let token = self.sign_in(person).await?;
        Ok(Client::new(&self.http, &at.base_url, Some(&token)))
    }

    /// The access token of a fresh sign-in.
    pub(crate) async fn sign_in(&self, person: &Person) -> Result<String> {
        client::sign_in(&self.http, self.supabase.base_url(), self.supabase.anon_key(), person.email).await
    }

    /// Starts one more worker for A: its number.
    pub(crate) fn start_worker(&mut self) -> Result<usize> {
        self.a.start_worker(&self.plan.cortex)
    }

    /// What time it is in the world outside.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.plan.clock.now()
    }

    pub(crate) fn mail(&self) -> &'a Mail {
        &self.plan.mail
    }

    /// Where the processes write.
    pub(crate) fn logs(&self) -> &Path {
        self.plan.logs.path()
    }

    /// Says what the logs tell of trouble, on standard error: they are gone afterwards.
    pub(crate) fn tell_troubles(&self) {
        for line in self.a.troubles().into_iter().chain(self.b.troubles()) {
            let _ = writeln!(io::stderr(), "{line}");
        }
    }

    /// Fails when something of it ends by itself; ends in no other way.
    pub(crate) async fn until_something_ends(&mut self, databases: &Databases) -> Result<()> {
        let mut look = interval(LOOK);
        loop {
            tokio::select! {
                () = databases.gone() => anyhow::bail!("the PostgreSQL server has gone"),
                _ = look.tick() => {
                    self.a.check()?;
                    self.b.check()?;
                }
            }
        }
    }

    async fn migrate(&self, report: &mut Report) -> Result<()> {
        report.progress("bringing the schemas up");
        self.a.migrate(&self.plan.cortex).await?;
        // Master's is up by now.
        self.b.migrate(&self.plan.cortex).await
    }

    async fn start_deployments(&mut self, report: &mut Report) -> Result<()> {
        report.progress("starting the deployments");
        self.a.serve(&self.plan.cortex, false)?;
        self.start_worker()?;
        self.b.serve(&self.plan.cortex, true)?;
        for deployment in [&mut self.a, &mut self.b] {
            let client = Client::new(&self.http, &deployment.base_url, None);
            deployment.ready(&client).await?;
        }
        Ok(())
    }

    fn describe(&self, report: &mut Report) {
        for (deployment, how) in [(&self.a, "cortex serve --no-worker, cortex work"), (&self.b, "cortex serve")] {
            let Company { mark, name, .. } = deployment.company;
            report.note(format_args!("{mark}  {name:<18} {}  {how}", deployment.base_url));
        }
        report.note(format_args!("   {:<18} {}", "Supabase Auth", self.supabase.base_url()));
        report.note(format_args!("   {:<18} {}", "Nango", self.nango.base_url()));
        let mail = self.mail();
        for (person, mailbox) in [(&A1, &mail.a1), (&A2, &mail.a2)] {
            let real = mail.real.as_ref().filter(|_| *person == A2);
            let more = real.map_or_else(String::new, |real| format!(", {real} among them"));
            report.note(format_args!(
                "{} {}: {} messages in Gmail{more}",
                person.mark,
                person.email,
                mailbox.messages.len()
            ));
        }
    }
}

fn start_supabase(plan: &Plan) -> Result<RunningSupabase> {
    let users = EVERYBODY.map(|person| {
        let user = SeedUser::new(person.email, PASSWORD).with_id(person.id);
        match person.member {
            // The documented binding.
            Some((company, _)) => user.with_user_metadata("company_id", company.id.to_string()),
            None => user,
        }
    });
    let config = SupabaseConfig {
        listen: local(plan.places.supabase),
        token_seconds: TOKEN_SECONDS,
        clock: plan.clock.clone(),
        ..SupabaseConfig::with_users(users)
    };
    Ok(Supabase::start(config)?)
}

/// One environment for each company, as keys and webhooks are per environment.
fn start_nango(plan: &Plan) -> Result<RunningNango> {
    let environment = |company: &Company| EnvironmentConfig {
        name: company.slug.to_owned(),
        account: company.slug.to_owned(),
        ..EnvironmentConfig::default()
    };
    let nango = Nango::start(NangoConfig {
        listen: local(plan.places.nango),
        provider_listen: local(plan.places.providers),
        environments: vec![environment(&A), environment(&B)],
        // The answer of a debug build on a busy machine may take its time.
        webhook_timeout_ms: 20_000,
        webhook_retry_delays_ms: vec![500, 2000],
        clock: plan.clock.clone(),
        ..NangoConfig::quick()
    })?;
    let now = plan.clock.now();
    let account =
        |email: &str, mailbox: Mailbox| Account { mailbox, ..Account::invented(email, &Mailbox::default(), now) };
    let Mail { a1, a2, written, .. } = &plan.mail;
    nango.put_account(account(A1.email, a1.clone()));
    nango.put_account(account(A2.email, a2.clone()));
    for email in [ANOTHER_ACCOUNT, B1.email] {
        nango.put_account(account(email, written.as_seen_by(email)));
    }
    Ok(nango)
}
