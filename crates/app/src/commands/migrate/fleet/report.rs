//! What is told of a fleet: a table for people, with what went wrong below it, or one JSON document for programs.

use std::io::Write;
use std::time::Duration;

use cortex_postgres::migrate::{Finding, MigrateError, Ran, Status};
use serde_json::{Value, json};

use super::Work;
use super::companies::{Company, Outcome};
use crate::commands::migrate::report::{findings_json, ran_json};

/// What became of Master.
pub(super) struct MasterPart {
    /// How it stood before.
    pub(super) status: Option<Status>,
    pub(super) findings: Vec<Finding>,
    pub(super) ran: Vec<Ran>,
    pub(super) error: Option<String>,
}

/// Writes the report.
pub(super) struct FleetReport {
    work: Work,
    json: bool,
    master: Value,
    is_done: bool,
}

type Out<'a> = &'a mut (dyn Write + Send);

impl MasterPart {
    /// Whether there is nothing to be read there.
    pub(super) const fn is_failure(&self) -> bool {
        self.error.is_some()
    }

    /// What was found there, or else nothing and the error as its own.
    pub(super) fn take<T>(&mut self, found: Result<T, MigrateError>) -> Option<T> {
        found.map_err(|error| self.error = Some(error.to_string())).ok()
    }

    fn word(&self, work: Work) -> String {
        let pending = self.status.as_ref().map_or(0, |status| status.pending.len());
        match (work, &self.error) {
            (_, Some(_)) => "failed".to_owned(),
            (Work::Up { .. }, None) if self.ran.is_empty() => "nothing to do".to_owned(),
            (Work::Up { .. }, None) => format!("{} migrations ran", self.ran.len()),
            (_, None) if pending == 0 => "current".to_owned(),
            (_, None) => format!("{pending} migrations are pending"),
        }
    }
}

impl FleetReport {
    pub(super) const fn new(work: Work, json: bool) -> Self {
        Self { work, json, master: Value::Null, is_done: true }
    }

    /// Master, which comes first.
    pub(super) fn master(&mut self, out: Out<'_>, place: &str, part: &MasterPart) -> anyhow::Result<()> {
        self.is_done &= part.error.is_none() && part.findings.iter().all(|finding| !finding.is_in_the_way);
        let status = part.status.as_ref();
        self.master = json!({
            "place": place,
            "applied": status.map(|status| &status.applied),
            "pending": status.map(|status| &status.pending),
            "unknown": status.map(|status| &status.unknown),
            "findings": findings_json(&part.findings),
            "ran": ran_json(&part.ran),
            "error": part.error,
        });
        self.line(out, &format!("master at {place}: {}", part.word(self.work)))?;
        self.details(out, "  ", &part.findings, &part.ran)?;
        match &part.error {
            Some(error) => self.line(out, &format!("  {error}\n  no company is begun before Master is done")),
            None => Ok(()),
        }
    }

    /// The companies, and whether all is done.
    pub(super) fn end(mut self, out: Out<'_>, companies: &[Company]) -> anyhow::Result<bool> {
        self.is_done &= companies.iter().all(|company| !matches!(company.outcome, Outcome::Failed | Outcome::HeldBack));
        if self.json {
            let companies: Vec<Value> = companies.iter().map(|company| self.company(company)).collect();
            writeln!(out, "{:#}", json!({ "master": self.master, "companies": companies, "done": self.is_done }))?;
            return Ok(self.is_done);
        }
        if !companies.is_empty() {
            self.table(out, companies)?;
            for company in companies {
                self.told_of(out, company)?;
            }
        }
        if !self.master["error"].is_string() {
            self.line(out, &self.summary(companies))?;
        }
        Ok(self.is_done)
    }

    fn table(&self, out: Out<'_>, companies: &[Company]) -> anyhow::Result<()> {
        let width = companies.iter().map(|company| company.registered.slug.chars().count()).max().unwrap_or(0).max(7);
        let (count, last) = match self.work {
            Work::Status => ("pending", "newest"),
            Work::DryRun => ("would run", ""),
            Work::Up { .. } => ("migrations", "time"),
        };
        self.line(out, format!("\n{:width$}  {:13}  {count:>10}  {last}", "company", "outcome").trim_end())?;
        for company in companies {
            let pending = company.survey.as_ref().map(|survey| survey.status.pending.len());
            let (count, last) = match self.work {
                Work::Status => (pending, newest(company)),
                Work::DryRun => (pending, String::new()),
                Work::Up { .. } if matches!(company.outcome, Outcome::LeftOut | Outcome::HeldBack) => {
                    (None, String::new())
                }
                Work::Up { .. } => (Some(company.ran.len()), seconds(company.took)),
            };
            let count = count.map(|count| count.to_string()).unwrap_or_default();
            let (slug, word) = (&company.registered.slug, self.word(company.outcome));
            self.line(out, format!("{slug:width$}  {word:13}  {count:>10}  {last}").trim_end())?;
        }
        Ok(())
    }

    /// What somebody has to know of a company beside its line in the table.
    fn told_of(&self, out: Out<'_>, company: &Company) -> anyhow::Result<()> {
        let has_warnings = company.ran.iter().any(|ran| !ran.warnings.is_empty());
        let status = company.survey.as_ref().map(|survey| &survey.status);
        let lists = match (self.work, status) {
            (Work::DryRun | Work::Status, Some(status)) => [
                ("takes over", status.to_adopt.as_slice()),
                ("leaves alone", &status.foreign),
                ("made by a newer version", &status.unknown),
            ],
            _ => [("", [].as_slice()), ("", &[]), ("", &[])],
        };
        let would_run = self.work == Work::DryRun && status.is_some_and(|status| !status.pending.is_empty());
        let has_lists = would_run || lists.iter().any(|(_, names)| !names.is_empty());
        if company.reason.is_none() && company.findings.is_empty() && !has_warnings && !has_lists {
            return Ok(());
        }
        self.line(out, &format!("\n{}", company.registered.slug))?;
        if let Some(reason) = &company.reason {
            self.line(out, &format!("  {reason}"))?;
        }
        if let (Work::DryRun, Some(status)) = (self.work, status)
            && !status.pending.is_empty()
        {
            self.line(out, &format!("  would run: {}", shortened(&status.pending)))?;
        }
        for (title, names) in lists.iter().filter(|(_, names)| !names.is_empty()) {
            self.line(out, &format!("  {title}: {}", names.join(", ")))?;
        }
        let warned: Vec<Ran> = company.ran.iter().filter(|ran| !ran.warnings.is_empty()).cloned().collect();
        self.details(out, "  ", &company.findings, &warned)
    }

    fn details(&self, out: Out<'_>, indent: &str, findings: &[Finding], ran: &[Ran]) -> anyhow::Result<()> {
        for Finding { is_in_the_way, text } in findings {
            let title = if *is_in_the_way { "in the way" } else { "to know" };
            self.line(out, &format!("{indent}{title}: {text}"))?;
        }
        for ran in ran {
            for warning in &ran.warnings {
                self.line(out, &format!("{indent}warning of {}: {warning}", ran.name))?;
            }
        }
        Ok(())
    }

    fn company(&self, company: &Company) -> Value {
        let status = company.survey.as_ref().map(|survey| &survey.status);
        json!({
            "company_id": company.registered.id.to_string(),
            "slug": company.registered.slug,
            "status": company.registered.status,
            "place": company.migrator.as_ref().map(|migrator| migrator.place()),
            "outcome": self.word(company.outcome).replace(' ', "_"),
            "canary": company.is_canary,
            "reason": company.reason,
            "applied": status.map(|status| &status.applied),
            "pending": status.map(|status| &status.pending),
            "unknown": status.map(|status| &status.unknown),
            "to_adopt": status.map(|status| &status.to_adopt),
            "foreign": status.map(|status| &status.foreign),
            "findings": findings_json(&company.findings),
            "ran": ran_json(&company.ran),
            "took_ms": company.took.as_millis(),
        })
    }

    fn summary(&self, companies: &[Company]) -> String {
        if companies.iter().all(|company| company.outcome == Outcome::LeftOut) {
            return "no company of Master's registry says where its database is: set companies.database_url_ref"
                .to_owned();
        }
        let outcomes = [
            Outcome::Waiting,
            Outcome::Migrated,
            Outcome::Current,
            Outcome::Failed,
            Outcome::HeldBack,
            Outcome::LeftOut,
        ];
        let counts: Vec<String> = outcomes
            .into_iter()
            .map(|outcome| (outcome, companies.iter().filter(|company| company.outcome == outcome).count()))
            .filter(|(_, count)| *count > 0)
            .map(|(outcome, count)| format!("{count} {}", self.word(outcome)))
            .collect();
        let again = match self.work {
            Work::Up { .. } if !self.is_done => "; what failed is told above, and the same command goes on there",
            _ => "",
        };
        format!("\n{}{again}", counts.join(", "))
    }

    const fn word(&self, outcome: Outcome) -> &'static str {
        match (outcome, self.work) {
            (Outcome::Waiting, Work::DryRun) => "would migrate",
            (Outcome::Waiting, _) => "behind",
            (Outcome::Migrated, _) => "migrated",
            (Outcome::Current, Work::Up { .. }) => "nothing to do",
            (Outcome::Current, _) => "current",
            (Outcome::Failed, _) => "failed",
            (Outcome::HeldBack, _) => "held back",
            (Outcome::LeftOut, _) => "left out",
        }
    }

    fn line(&self, out: Out<'_>, text: &str) -> anyhow::Result<()> {
        if !self.json {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }
}

/// Some names, or the first and the last of many: `--json` has them all.
fn shortened(names: &[String]) -> String {
    match names {
        [first, .., last] if names.len() > 5 => format!("{first} to {last}"),
        names => names.join(", "),
    }
}

fn newest(company: &Company) -> String {
    let newest = company.survey.as_ref().and_then(|survey| survey.status.applied.last());
    newest.cloned().unwrap_or_default()
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}
