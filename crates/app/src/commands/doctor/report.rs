//! What `cortex doctor` tells: paragraphs for people, or one JSON document for programs.

use std::io::Write;

use cortex_postgres::schema::Database;
use serde_json::{Value, json};

use super::check::{Finding, Outcome, Severity, Verdict};
use crate::config::DoctorConfig;

/// All that came of it.
#[derive(Clone, Debug)]
pub struct Report {
    /// For whom.
    company_id: Option<String>,
    environment: &'static str,
    outcomes: Vec<Outcome>,
}

/// How many there are of what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings by which the deployment does not work or is not safe.
    pub errors: usize,
    /// Findings with which it works.
    pub warnings: usize,
    /// Findings that are good to know.
    pub notes: usize,
    /// Checks that were made and found nothing.
    pub ok: usize,
    /// Checks that could not be made.
    pub skipped: usize,
}

/// The colours of a terminal (ECMA-48, SGR).
const RED: &str = "31";
const YELLOW: &str = "33";
const CYAN: &str = "36";
const FAINT: &str = "2";

type Out<'a> = &'a mut (dyn Write + Send);

impl Report {
    pub(super) fn new(config: &DoctorConfig, outcomes: Vec<Outcome>) -> Self {
        let environment = if config.environment.is_production() { "production" } else { "development" };
        Self { company_id: config.company_id.map(|id| id.to_string()), environment, outcomes }
    }

    /// What came of each check, in the order of the documentation.
    #[must_use]
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// How many there are of what.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for outcome in &self.outcomes {
            match (&outcome.verdict, outcome.check.severity) {
                (Verdict::Fine, _) => summary.ok += 1,
                (Verdict::NotMade(_), _) => summary.skipped += 1,
                (Verdict::Found(found), Severity::Error) => summary.errors += found.len(),
                (Verdict::Found(found), Severity::Warning) => summary.warnings += found.len(),
                (Verdict::Found(found), Severity::Note) => summary.notes += found.len(),
            }
        }
        summary
    }

    /// For programs.
    #[must_use]
    pub fn document(&self) -> Value {
        let checks: Vec<Value> = self.outcomes.iter().flat_map(entries).collect();
        let Summary { errors, warnings, notes, ok, skipped } = self.summary();
        json!({
            "version": env!("CARGO_PKG_VERSION"), "company_id": self.company_id, "environment": self.environment,
            "checks": checks,
            "summary": { "errors": errors, "warnings": warnings, "notes": notes, "ok": ok, "skipped": skipped },
        })
    }

    /// For people.
    pub(super) fn tell(&self, in_colour: bool, out: Out<'_>) -> anyhow::Result<()> {
        let painted = |text: &str, colour: &str| {
            if in_colour { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
        };
        for severity in Severity::ALL {
            let (title, colour) = match severity {
                Severity::Error => ("Errors", RED),
                Severity::Warning => ("Warnings", YELLOW),
                Severity::Note => ("Notes", CYAN),
            };
            let found: Vec<_> = self.outcomes.iter().filter(|outcome| outcome.check.severity == severity).collect();
            let found: Vec<_> =
                found.into_iter().flat_map(|outcome| findings(outcome).map(move |one| (outcome, one))).collect();
            if found.is_empty() {
                continue;
            }
            writeln!(out, "{}", painted(&format!("{title} ({})", found.len()), colour))?;
            for (outcome, Finding { finding, remedy, .. }) in found {
                writeln!(out, "\n  {}: {finding}", painted(&name(outcome), colour))?;
                writeln!(out, "  → {remedy}")?;
            }
            writeln!(out)?;
        }
        let not_made = self.outcomes.iter().filter_map(|outcome| match &outcome.verdict {
            Verdict::NotMade(reason) => Some((outcome, reason)),
            Verdict::Fine | Verdict::Found(_) => None,
        });
        tell_not_made(&not_made.collect::<Vec<_>>(), &painted, out)?;
        let Summary { errors, warnings, notes, ok, skipped } = self.summary();
        let company = self.company_id.as_deref().unwrap_or("no company");
        writeln!(
            out,
            "{company} ({}): {errors} errors, {warnings} warnings, {notes} notes; {ok} checks fine, {skipped} not made",
            self.environment
        )?;
        Ok(())
    }
}

/// Those that have one reason stand together.
fn tell_not_made(
    not_made: &[(&Outcome, &String)],
    painted: &dyn Fn(&str, &str) -> String,
    out: Out<'_>,
) -> anyhow::Result<()> {
    if not_made.is_empty() {
        return Ok(());
    }
    let mut by_reason: Vec<(&String, Vec<String>)> = Vec::new();
    for (outcome, reason) in not_made {
        match by_reason.iter_mut().find(|(known, _)| known == reason) {
            Some((_, names)) => names.push(name(outcome)),
            None => by_reason.push((reason, vec![name(outcome)])),
        }
    }
    writeln!(out, "{}", painted(&format!("Not checked ({})", not_made.len()), FAINT))?;
    for (reason, names) in by_reason {
        writeln!(out, "\n  {reason}:\n  {}", names.join(", "))?;
    }
    Ok(writeln!(out)?)
}

fn findings(outcome: &Outcome) -> impl Iterator<Item = &Finding> {
    match &outcome.verdict {
        Verdict::Found(found) => found.as_slice(),
        Verdict::Fine | Verdict::NotMade(_) => &[],
    }
    .iter()
}

fn name(outcome: &Outcome) -> String {
    match outcome.database {
        Some(database) => format!("{} ({database})", outcome.check.name),
        None => outcome.check.name.to_owned(),
    }
}

/// One entry for each finding, or one for the check.
fn entries(outcome: &Outcome) -> Vec<Value> {
    let entry = |severity: &str, finding: Value, remedy: Value, details: &Value| {
        json!({
            "name": outcome.check.name, "database": outcome.database.map(Database::name),
            "severity": severity, "finding": finding, "remedy": remedy, "details": details,
        })
    };
    match &outcome.verdict {
        Verdict::Fine => vec![entry("ok", Value::Null, Value::Null, &json!({}))],
        Verdict::NotMade(reason) => vec![entry("skipped", json!(reason), Value::Null, &json!({}))],
        Verdict::Found(found) => found
            .iter()
            .map(|one| entry(outcome.check.severity.name(), json!(one.finding), json!(one.remedy), &one.details))
            .collect(),
    }
}
