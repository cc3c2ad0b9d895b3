//! What has to hold before a process does anything, and what it does until that is known.
//!
//! In production `serve` and `work` refuse to go on where something makes it unsafe or useless: they end with everything
//! that was found. A database that is away is no finding. It is looked at again and again, and until each was looked at
//! nothing is served but probes, of which readiness is red, and no job runs. In development everything is served at once,
//! and what is found is only warned of.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cortex_http::health::ReadinessCheck;
use cortex_http::opening::Opening;
use cortex_identity::model::CompanyStatus;
use cortex_identity::ports::MembershipStore;
use cortex_kernel::{CompanyId, StoreError};
use cortex_postgres::migrate::{Inspection, Inspector, MigrateError};
use cortex_postgres::schema::Database;
use futures_util::future::join_all;
use thiserror::Error;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::commands::migrate;
use crate::config::{Environment, MigrateConfig};

/// Something that speaks against going on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The variable that it is about.
    pub variable: &'static str,
    /// What is the matter and what to do.
    pub message: String,
}

/// Everything that speaks against going on; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct StartRefused(Vec<Finding>);

/// One thing that is looked at.
#[async_trait]
pub trait StartCheck: Send + Sync {
    /// Looks. An error says that it cannot be looked at now.
    async fn look(&self) -> Result<Vec<Finding>, StoreError>;
}

/// A database: our login in it, its schema, and in Master the company.
pub(crate) struct DatabaseCheck {
    inspector: Inspector,
    company: Option<(CompanyId, Arc<dyn MembershipStore>)>,
}

/// The beginning of a process.
pub(crate) struct Start {
    checks: Vec<Arc<dyn StartCheck>>,
    migration: Option<MigrateConfig>,
    environment: Environment,
    opening: Arc<Opening>,
    /// Cancelled as soon as work may begin.
    over: CancellationToken,
}

/// Whether everything could be looked at.
pub(crate) struct EverythingWasLookedAt(pub(crate) Arc<Opening>);

/// What came of a look at everything.
#[derive(Default)]
struct Look {
    findings: Vec<Finding>,
    away: Vec<StoreError>,
}

/// How long the first look may take before we listen without it.
const FIRST_LOOK: Duration = Duration::from_secs(3);

/// How soon what is away is looked at again.
const AGAIN: Duration = Duration::from_secs(2);

impl DatabaseCheck {
    /// Looks at the company's database.
    pub(crate) const fn of_company(inspector: Inspector) -> Self {
        Self { inspector, company: None }
    }

    /// Looks at Master, and at this company there.
    pub(crate) fn of_master(
        inspector: Inspector,
        company_id: CompanyId,
        memberships: Arc<dyn MembershipStore>,
    ) -> Self {
        Self { inspector, company: Some((company_id, memberships)) }
    }

    /// The variable that leads there.
    const fn variable(&self) -> &'static str {
        match self.inspector.database() {
            Database::Master => "MASTER_DATABASE_URL",
            Database::Company => "DATABASE_URL",
        }
    }

    fn finding(&self, message: String) -> Finding {
        Finding { variable: self.variable(), message }
    }

    /// What speaks against the login, told with the way out.
    fn keeps_its_rights(&self, login: &str, above_the_walls: &[&str], reason: &str) -> Finding {
        let place = self.inspector.place();
        let above = match above_the_walls {
            [] => String::new(),
            reasons => format!(" (it is {})", reasons.join(", ")),
        };
        self.finding(format!(
            "the login {login}{above} cannot work as cortex_app in the database at {place}: {reason}; run `cortex migrate \
             up` if that was never done, then `grant cortex_app to {login}` as the owner of that role"
        ))
    }
}

#[async_trait]
impl StartCheck for DatabaseCheck {
    async fn look(&self) -> Result<Vec<Finding>, StoreError> {
        let (pending, unknown) = match self.inspector.look().await? {
            Inspection::Schema { pending, unknown } => (pending, unknown),
            // Nothing more can be asked by a login that nobody may work with.
            Inspection::LoginKeepsItsRights { login, above_the_walls, reason } => {
                return Ok(vec![self.keeps_its_rights(&login, &above_the_walls, &reason)]);
            }
        };
        let (database, place) = (self.inspector.database(), self.inspector.place());
        if !unknown.is_empty() {
            let migrations = unknown.join(", ");
            tracing::warn!(%database, place, migrations, "a newer version has migrated this database: going on with it");
        }
        let mut findings = Vec::new();
        if !pending.is_empty() {
            findings.push(self.finding(format!(
                "in the {database} database at {place} {} not run: run `cortex migrate up`, or start `serve` with --migrate",
                have(&pending)
            )));
        }
        if let Some((company_id, memberships)) = &self.company {
            match memberships.find_company(*company_id).await {
                Ok(company) => findings.extend(standing(*company_id, company.map(|company| company.status))),
                // Of a table that a migration has yet to make, nothing can be asked.
                Err(StoreError::Broken(_)) if !pending.is_empty() => {}
                Err(StoreError::Broken(error)) => findings.push(Finding {
                    variable: "COMPANY_ID",
                    message: format!("Master's row of the company {company_id} cannot be read ({error}): correct it"),
                }),
                Err(error @ StoreError::Unavailable(_)) if findings.is_empty() => return Err(error),
                // What was found is enough.
                Err(StoreError::Unavailable(_)) => {}
            }
        }
        Ok(findings)
    }
}

/// What speaks against serving a company with this status, or one that is not there.
fn standing(company_id: CompanyId, status: Option<CompanyStatus>) -> Option<Finding> {
    let message = match status {
        Some(status) if status.may_be_entered() => return None,
        Some(status) => format!(
            "the company {company_id} is {} in Master: only an active one is served; set its status, or correct \
             COMPANY_ID",
            status.name()
        ),
        None => format!(
            "Master does not know the company {company_id}: insert it into `companies`, or correct COMPANY_ID or \
             MASTER_DATABASE_URL"
        ),
    };
    Some(Finding { variable: "COMPANY_ID", message })
}

impl Start {
    /// Will make these checks, and before them, where there is a configuration for it, migrate.
    pub(crate) fn new(
        checks: Vec<Arc<dyn StartCheck>>,
        migration: Option<MigrateConfig>,
        environment: Environment,
    ) -> Self {
        let over = CancellationToken::new();
        let waits = environment.is_production() || migration.is_some();
        let opening = if waits {
            Opening::closed()
        } else {
            over.cancel();
            Opening::opened()
        };
        Self { checks, migration, environment, opening: Arc::new(opening), over }
    }

    /// Open as soon as requests may be served.
    pub(crate) fn opening(&self) -> Arc<Opening> {
        Arc::clone(&self.opening)
    }

    /// Cancelled as soon as work may begin.
    pub(crate) fn over(&self) -> CancellationToken {
        self.over.clone()
    }

    /// A first look, before the first request is accepted: where the databases answer, whoever finds us listening is served,
    /// and where something speaks against it nobody ever is. It is short, since probes wait meanwhile.
    pub(crate) async fn look_first(&self) -> Result<(), StartRefused> {
        if self.migration.is_some() || self.opening.is_open() {
            return Ok(());
        }
        match timeout(FIRST_LOOK, look_at_all(&self.checks)).await {
            Ok(look) => self.judge(look).map(drop),
            Err(_) => Ok(()),
        }
    }

    /// Goes on until all was looked at, or `stop` is cancelled.
    pub(crate) async fn run(self, stop: CancellationToken) -> anyhow::Result<()> {
        stop.run_until_cancelled_owned(self.look_until_open()).await.unwrap_or(Ok(()))
    }

    async fn look_until_open(self) -> anyhow::Result<()> {
        if self.opening.is_open() && self.environment.is_production() {
            return Ok(());
        }
        if let Some(config) = &self.migration {
            for database in Database::ALL {
                migrate_when_possible(database, config).await?;
            }
        }
        let mut told = false;
        loop {
            let away = self.judge(look_at_all(&self.checks).await)?;
            if away.is_empty() {
                return Ok(());
            }
            for error in away {
                let error: &dyn StdError = &error;
                if told {
                    tracing::debug!(error, "a database cannot be looked at yet");
                } else {
                    tracing::warn!(error, "a database cannot be looked at yet; trying again until it can");
                }
            }
            told = true;
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// Lets the process go on where everything answered, and tells what did not. In production the first finding ends it,
    /// whatever is away.
    fn judge(&self, Look { findings, away }: Look) -> Result<Vec<StoreError>, StartRefused> {
        if self.environment.is_production() && !findings.is_empty() {
            return Err(StartRefused(findings));
        }
        if away.is_empty() {
            for Finding { variable, message } in findings {
                tracing::warn!("{variable}: {message}; production would not start");
            }
            self.opening.open();
            self.over.cancel();
            tracing::debug!("the databases were looked at");
        }
        Ok(away)
    }
}

/// Migrates as soon as the database lets us in and no other migrator is at it.
async fn migrate_when_possible(database: Database, config: &MigrateConfig) -> anyhow::Result<()> {
    loop {
        let Err(error) = Box::pin(migrate::up(database, config)).await else { return Ok(()) };
        if !error.downcast_ref::<MigrateError>().is_some_and(MigrateError::passes) {
            return Err(error);
        }
        tracing::warn!(%database, error = format!("{error:#}"), "cannot migrate yet; trying again until it can be done");
        tokio::time::sleep(AGAIN).await;
    }
}

async fn look_at_all(checks: &[Arc<dyn StartCheck>]) -> Look {
    let mut look = Look::default();
    for outcome in join_all(checks.iter().map(|check| check.look())).await {
        match outcome {
            Ok(findings) => look.findings.extend(findings),
            Err(error) => look.away.push(error),
        }
    }
    look
}

/// Names migrations, so that a sentence can go on with "not run".
fn have(pending: &[String]) -> String {
    match pending {
        [one] => format!("the migration {one} has"),
        [first, .., last] => format!("{} migrations ({first} to {last}) have", pending.len()),
        [] => "no migration has".to_owned(),
    }
}

#[async_trait]
impl ReadinessCheck for EverythingWasLookedAt {
    fn component(&self) -> &'static str {
        "start_checks"
    }

    async fn check(&self) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if self.0.is_open() { Ok(()) } else { Err("not every database could be looked at since the start".into()) }
    }
}

impl StartRefused {
    /// What was found.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for StartRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = if self.0.len() == 1 { "reason speaks" } else { "reasons speak" };
        write!(f, "not started: {} {plural} against it:", self.0.len())?;
        for Finding { variable, message } in &self.0 {
            write!(f, "\n  {variable}: {message}")?;
        }
        Ok(())
    }
}
