//! What a check is, and what comes of one.

use cortex_postgres::schema::Database;
use serde_json::{Value, json};

/// One thing that is looked at. Its name is a contract: programs look for it.
#[derive(Debug, PartialEq, Eq)]
pub struct Check {
    /// By which it is known.
    pub name: &'static str,
    /// How bad it is where something is found.
    pub severity: Severity,
    /// What is the case then.
    pub meaning: &'static str,
    /// What to do, in general; a finding says it for the case.
    pub remedy: &'static str,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The deployment does not work, or is not safe.
    Error,
    /// It works, and something is wrong.
    Warning,
    /// Good to know.
    Note,
}

/// What was found, of one thing.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// What is the case, with the names concerned. Never holds a secret.
    pub finding: String,
    /// What to do: the command, the SQL, the setting.
    pub remedy: String,
    /// The names and numbers by themselves, for programs.
    pub details: Value,
}

/// What came of a check.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It was made, and nothing was found.
    Fine,
    /// It was made, and this was found; never empty.
    Found(Vec<Finding>),
    /// It could not be made, for this reason.
    NotMade(String),
}

/// A check with what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Which.
    pub check: &'static Check,
    /// In which of the two databases, where it is about one.
    pub database: Option<Database>,
    /// What came of it.
    pub verdict: Verdict,
}

/// Takes down what comes of checks that belong together.
pub(super) struct Notes {
    database: Option<Database>,
    outcomes: Vec<Outcome>,
}

impl Check {
    pub(super) const fn error(name: &'static str, meaning: &'static str, remedy: &'static str) -> Self {
        Self { name, severity: Severity::Error, meaning, remedy }
    }

    pub(super) const fn warning(name: &'static str, meaning: &'static str, remedy: &'static str) -> Self {
        Self { name, severity: Severity::Warning, meaning, remedy }
    }

    pub(super) const fn note(name: &'static str, meaning: &'static str, remedy: &'static str) -> Self {
        Self { name, severity: Severity::Note, meaning, remedy }
    }
}

impl Severity {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Error, Self::Warning, Self::Note];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Finding {
    pub(super) fn new(finding: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { finding: finding.into(), remedy: remedy.into(), details: json!({}) }
    }

    pub(super) fn with(mut self, details: Value) -> Self {
        self.details = details;
        self
    }
}

impl Notes {
    pub(super) const fn new(database: Option<Database>) -> Self {
        Self { database, outcomes: Vec::new() }
    }

    /// The check was made.
    pub(super) fn made(&mut self, check: &'static Check, found: impl IntoIterator<Item = Finding>) {
        let found: Vec<_> = found.into_iter().collect();
        let verdict = if found.is_empty() { Verdict::Fine } else { Verdict::Found(found) };
        self.outcomes.push(Outcome { check, database: self.database, verdict });
    }

    /// The check could not be made.
    pub(super) fn not_made(&mut self, check: &'static Check, reason: impl Into<String>) {
        self.outcomes.push(Outcome { check, database: self.database, verdict: Verdict::NotMade(reason.into()) });
    }

    /// None of these could be made, all for one reason.
    pub(super) fn none_made(&mut self, checks: &[&'static Check], reason: &str) {
        for check in checks {
            self.not_made(check, reason);
        }
    }

    pub(super) fn outcomes(self) -> Vec<Outcome> {
        self.outcomes
    }
}

/// Names as a sentence takes them.
pub(super) fn list<T: AsRef<str>>(names: &[T]) -> String {
    names.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ")
}

/// A finding about several things, each of which has its own line of SQL; none where there are no things.
pub(super) fn about<T: AsRef<str>>(names: &[T], what: &str, remedy: impl Into<String>) -> Option<Finding> {
    let shown: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    (!shown.is_empty())
        .then(|| Finding::new(format!("{what}: {}", shown.join(", ")), remedy).with(json!({ "names": shown })))
}

/// A statement for each name.
pub(super) fn statements<T: AsRef<str>>(names: &[T], statement: impl Fn(&str) -> String) -> String {
    names.iter().map(|name| format!("`{}`", statement(name.as_ref()))).collect::<Vec<_>>().join(" ")
}
