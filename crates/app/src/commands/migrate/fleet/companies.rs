//! The companies of a fleet: where their databases are, and which of them may be migrated.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::CompanyId;
use cortex_postgres::Address;
use cortex_postgres::migrate::{Finding, Migrator, Ran, Registered, Survey};
use cortex_postgres::schema::Database;

use super::Work;
use crate::config::DatabaseUrl;

/// One company and what became of it.
#[derive(Clone)]
pub(super) struct Company {
    pub(super) registered: Registered,
    pub(super) outcome: Outcome,
    /// Why it came to that, and what to do.
    pub(super) reason: Option<String>,
    /// Whether the others wait for it.
    pub(super) is_canary: bool,
    pub(super) migrator: Option<Arc<Migrator>>,
    pub(super) survey: Option<Survey>,
    pub(super) findings: Vec<Finding>,
    pub(super) ran: Vec<Ran>,
    pub(super) took: Duration,
    others: Arc<[Registered]>,
}

/// What became of a company's database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has something to run, or was not looked at yet.
    Waiting,
    /// Something ran.
    Migrated,
    /// Nothing had to run.
    Current,
    /// It cannot be done, or not to its end.
    Failed,
    /// It was not begun, because one that goes first failed.
    HeldBack,
    /// It is not meant to be done.
    LeftOut,
}

impl Company {
    pub(super) fn fail(&mut self, reason: String) {
        self.outcome = Outcome::Failed;
        self.reason = Some(reason);
    }
}

/// Finds out where each company's database is.
pub(super) fn find(
    registry: Vec<Registered>,
    ca_file: Option<&PathBuf>,
    read: &dyn Fn(&str) -> Option<String>,
) -> Vec<Company> {
    let others: Arc<[Registered]> = registry.clone().into();
    registry.into_iter().map(|registered| locate(registered, &others, ca_file, read)).collect()
}

fn locate(
    registered: Registered,
    others: &Arc<[Registered]>,
    ca_file: Option<&PathBuf>,
    read: &dyn Fn(&str) -> Option<String>,
) -> Company {
    let id = registered.id;
    let mut company = Company {
        registered,
        outcome: Outcome::Waiting,
        reason: None,
        is_canary: false,
        migrator: None,
        survey: None,
        findings: Vec::new(),
        ran: Vec::new(),
        took: Duration::ZERO,
        others: Arc::clone(others),
    };
    let Some(reference) = &company.registered.database_url_ref else {
        company.outcome = Outcome::LeftOut;
        company.reason = Some("Master does not say where its database is: set companies.database_url_ref".to_owned());
        return company;
    };
    if company.registered.status == "deleted" {
        company.outcome = Outcome::LeftOut;
        company.reason = Some("it is deleted in Master".to_owned());
        return company;
    }
    let address = DatabaseUrl::of_reference(reference, read).and_then(|url| {
        Address::parse(url.as_secret(), ca_file, "cortex migrate")
            .map_err(|error| format!("{reference} is of no use: {error}"))
    });
    match address {
        Ok(address) => company.migrator = Some(Arc::new(Migrator::new(Database::Company, address, id))),
        Err(reason) => company.fail(reason),
    }
    company
}

/// Looks at a company's database, and refuses one that belongs to somebody else.
pub(super) async fn look(mut company: Company, work: Work) -> Company {
    let Some(migrator) = company.migrator.clone() else { return company };
    let id = company.registered.id;
    let others = company.others.iter().map(|other| other.id).filter(|other| *other != id).collect();
    let survey = match migrator.survey(others).await {
        Ok(survey) => survey,
        Err(error) => {
            let reference = company.registered.database_url_ref.clone().unwrap_or_default();
            company.fail(format!("{error}; see that it runs, and that {reference} holds the URL of its owner's login"));
            return company;
        }
    };
    if let Some(reason) = stranger(id, &survey, &company.others) {
        company.fail(format!("the database at {} {reason}", migrator.place()));
    } else if survey.status.pending.is_empty() && matches!(work, Work::DryRun | Work::Status) {
        company.outcome = Outcome::Current;
    }
    if work == Work::DryRun && company.outcome == Outcome::Waiting {
        match migrator.look_ahead().await {
            Ok(findings) => company.findings = findings,
            Err(error) => company.fail(error.to_string()),
        }
        if company.findings.iter().any(|finding| finding.is_in_the_way) {
            company.fail("something is in the way".to_owned());
        }
    }
    company.survey = Some(survey);
    company
}

/// Why a database is not this company's. Rows decide: those of a company that Master knows as another one, or, where no
/// row names this company, those of anybody. An id that nobody knows, beside rows of this company, is let be.
fn stranger(id: CompanyId, survey: &Survey, registry: &[Registered]) -> Option<String> {
    let own = id.to_string();
    let named = |other: &&Registered| other.id != id && survey.companies.contains(&other.id.to_string());
    if let Some(other) = registry.iter().find(named) {
        return Some(format!(
            "holds rows of the company {} ({}): correct database_url_ref in Master, of this company or of that one",
            other.slug, other.id
        ));
    }
    match survey.companies.first() {
        Some(other) if !survey.companies.contains(&own) => Some(format!(
            "holds rows of the company {other} and none of this one ({own}): correct database_url_ref in Master"
        )),
        _ => None,
    }
}

/// Refuses databases that the registry gives to two companies, and Master itself.
pub(super) fn refuse_shared(companies: &mut [Company], master: &str) {
    let mut of_database: HashMap<String, Vec<String>> = HashMap::new();
    for company in companies.iter() {
        if let Some(survey) = &company.survey {
            of_database.entry(survey.identity.clone()).or_default().push(company.registered.slug.clone());
        }
    }
    for company in companies {
        let (Some(survey), Some(migrator)) = (&company.survey, &company.migrator) else { continue };
        let place = migrator.place();
        let sharing = &of_database[&survey.identity];
        if survey.identity == master {
            company.fail(format!("the database at {place} is Master: give the company one of its own"));
        } else if sharing.len() > 1 {
            let others: Vec<_> = sharing.iter().filter(|slug| **slug != company.registered.slug).cloned().collect();
            company.fail(format!(
                "the database at {place} is that of {} too: correct database_url_ref of all but one",
                others.join(", ")
            ));
        }
    }
}
