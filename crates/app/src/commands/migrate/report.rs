//! What `cortex migrate` tells: lines for people, or one JSON document for programs.

use std::io::Write;

use cortex_postgres::migrate::{Finding, Migrator, Ran, Status};
use serde_json::{Map, Value, json};

/// Collects what is told of each database.
pub(super) struct Report {
    json: bool,
    databases: Vec<Map<String, Value>>,
    failure: Option<anyhow::Error>,
    is_barred: bool,
}

/// Which way migrations ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Up,
    Down,
}

type Out<'a> = &'a mut (dyn Write + Send);

impl Report {
    pub(super) const fn new(json: bool) -> Self {
        Self { json, databases: Vec::new(), failure: None, is_barred: false }
    }

    /// The next database.
    pub(super) fn begin(&mut self, out: Out<'_>, migrator: &Migrator) -> anyhow::Result<()> {
        let (database, place) = (migrator.database().name(), migrator.place());
        self.databases.push(object(json!({ "database": database, "place": place })));
        self.line(out, &format!("{database} at {place}"))
    }

    pub(super) fn status(&mut self, out: Out<'_>, status: &Status) -> anyhow::Result<()> {
        self.add(json!({
            "applied": status.applied, "pending": status.pending, "unknown": status.unknown,
            "to_adopt": status.to_adopt, "foreign": status.foreign,
        }));
        self.found(out, status)?;
        self.list(out, "applied", &status.applied)?;
        self.list(out, "pending", &status.pending)
    }

    pub(super) fn planned(
        &mut self,
        out: Out<'_>,
        status: &Status,
        planned: &[String],
        findings: &[Finding],
    ) -> anyhow::Result<()> {
        self.add(json!({
            "would_run": planned, "to_adopt": status.to_adopt, "foreign": status.foreign,
            "findings": findings_json(findings),
        }));
        self.found(out, status)?;
        self.list(out, "would run", planned)?;
        for Finding { is_in_the_way, text } in findings {
            self.is_barred |= is_in_the_way;
            self.line(out, &format!("  {}: {text}", if *is_in_the_way { "in the way" } else { "to know" }))?;
        }
        Ok(())
    }

    pub(super) fn ran(&mut self, out: Out<'_>, change: Change, before: &Status, ran: &[Ran]) -> anyhow::Result<()> {
        self.add(json!({ "ran": ran_json(ran), "to_adopt": before.to_adopt, "foreign": before.foreign }));
        self.found(out, before)?;
        let mark = match change {
            Change::Up => '↑',
            Change::Down => '↓',
        };
        for Ran { name, took, warnings } in ran {
            self.line(out, &format!("  {mark} {name} ({} ms)", took.as_millis()))?;
            for warning in warnings {
                self.line(out, &format!("    warning: {warning}"))?;
            }
        }
        Ok(())
    }

    /// All that was asked for was done already.
    pub(super) fn nothing_to_do(&mut self, out: Out<'_>) -> anyhow::Result<()> {
        self.line(out, "  nothing to do")
    }

    /// The database that was begun last cannot be done.
    pub(super) fn failed(&mut self, out: Out<'_>, error: anyhow::Error) -> anyhow::Result<()> {
        self.add(json!({ "error": format!("{error:#}") }));
        self.failure = Some(error);
        self.line(out, "  failed")
    }

    /// Writes what is written at the end. The failure, if there was one, is the caller's to tell; to a program it is told
    /// in the document.
    pub(super) fn end(self, out: Out<'_>) -> anyhow::Result<bool> {
        if self.json {
            let document = json!({ "databases": self.databases });
            writeln!(out, "{document:#}")?;
            return Ok(self.failure.is_none() && !self.is_barred);
        }
        match self.failure {
            Some(error) => Err(error),
            None => Ok(!self.is_barred),
        }
    }

    /// What stands in the database beside what is ours by our own books.
    fn found(&self, out: Out<'_>, status: &Status) -> anyhow::Result<()> {
        self.list(out, "takes over", &status.to_adopt)?;
        self.list(out, "leaves alone", &status.foreign)?;
        self.list(out, "made by a newer version", &status.unknown)
    }

    fn list(&self, out: Out<'_>, title: &str, names: &[String]) -> anyhow::Result<()> {
        if names.is_empty() { Ok(()) } else { self.line(out, &format!("  {title}: {}", names.join(", "))) }
    }

    fn line(&self, out: Out<'_>, text: &str) -> anyhow::Result<()> {
        if !self.json {
            writeln!(out, "{text}")?;
        }
        Ok(())
    }

    fn add(&mut self, facts: Value) {
        if let Some(database) = self.databases.last_mut() {
            database.extend(object(facts));
        }
    }
}

/// Migrations that ran, for programs.
pub(super) fn ran_json(ran: &[Ran]) -> Value {
    let row = |ran: &Ran| json!({ "name": ran.name, "took_ms": ran.took.as_millis(), "warnings": ran.warnings });
    ran.iter().map(row).collect()
}

/// What pending migrations would meet, for programs.
pub(super) fn findings_json(findings: &[Finding]) -> Value {
    findings.iter().map(|finding| json!({ "in_the_way": finding.is_in_the_way, "text": finding.text })).collect()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
