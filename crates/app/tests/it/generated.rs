//! `.env.example` and the tables of the documentation say what the code says.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use cortex_app::commands::doctor::{self, Check};
use cortex_app::config::{Fallback, GROUPS, Variable};
use cortex_http::problem::ProblemKind;

use crate::metrics::metrics_of_a_process;

/// Set to bring the files up to date in place of comparing them.
const UPDATE: &str = "CORTEX_UPDATE_GENERATED";

#[test]
fn the_example_of_an_environment_lists_every_variable() {
    expect_file(".env.example", |_| env_example());
}

#[test]
fn the_documentation_lists_every_variable() {
    expect_file("docs/configuration.md", |document| between_markers(document, &variable_tables()));
}

#[test]
fn the_documentation_lists_every_problem() {
    expect_file("docs/problems.md", |document| between_markers(document, &problem_table()));
}

#[test]
fn the_documentation_lists_every_check() {
    expect_file("docs/doctor.md", |document| between_markers(document, &check_table()));
}

#[test]
fn the_documentation_lists_every_metric() {
    expect_file("docs/observability.md", |document| between_markers(document, &metric_table()));
}

#[test]
fn every_alert_is_about_metrics_that_there_are_and_is_explained() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let (rules, document) = (read("docs/alerts.yaml"), read("docs/observability.md"));
    let metrics = metrics_of_a_process();
    let mut known: BTreeSet<String> = BTreeSet::from(["up".to_owned()]);
    for metric in metrics.described() {
        known.insert(metric.name.clone());
        if metric.kind == "histogram" {
            known.extend(["_bucket", "_sum", "_count"].map(|part| format!("{}{part}", metric.name)));
        }
    }
    let code: String = rules
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'))
        .fold(String::new(), |code, line| code + line + "\n");
    let words = code.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    let named: BTreeSet<_> =
        words.filter(|word| ["cortex_", "process_"].iter().any(|of| word.starts_with(of))).collect();
    assert!(named.len() > 10, "{named:?}");
    for name in named {
        assert!(known.contains(name), "no metric is called {name}");
    }
    let alerts: BTreeSet<_> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    let explained: BTreeSet<_> = document
        .lines()
        .filter_map(|line| line.strip_prefix("| `Cortex")?.split_once('`'))
        .map(|(name, _)| name)
        .collect();
    let alerts: BTreeSet<_> = alerts.into_iter().map(|name| name.strip_prefix("Cortex").unwrap()).collect();
    assert_eq!(alerts, explained);
}

/// Compares a file of the repository with what `render` makes of it.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "a switch for developers, not configuration")]
fn expect_file(path: &str, render: impl FnOnce(&str) -> String) {
    let file = root().join(path);
    let current = std::fs::read_to_string(&file).unwrap_or_default();
    let expected = render(&current);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::write(&file, expected).unwrap();
    } else {
        assert!(current == expected, "{path} is stale; run: {UPDATE}=1 cargo test -p cortex-app --test it generated");
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The document with another text between the two markers.
#[track_caller]
fn between_markers(document: &str, text: &str) -> String {
    const BEGIN: &str = "<!-- generated: begin -->\n";
    const END: &str = "<!-- generated: end -->\n";
    let (before, rest) = document.split_once(BEGIN).expect("the document has a place for it");
    let (_, after) = rest.split_once(END).expect("the place has an end");
    format!("{before}{BEGIN}\n{text}\n{END}{after}")
}

fn env_example() -> String {
    let mut text = String::from(
        "# Every variable that cortex reads, with its default. docs/configuration.md says more.\n\
         #\n\
         # Copy it to .env for development: the file is read from the working directory, and only while ENVIRONMENT is\n\
         # development. Variables of the process count before those of the file. Put values with blanks, # or $ in single\n\
         # quotes. Each variable marked (secret) can instead be given as NAME_FILE, the path of a file with the value.\n",
    );
    for group in GROUPS {
        write!(text, "\n# --- {} ---\n", group.title).unwrap();
        for variable in group.variables {
            let secret = if variable.secret { " (secret)" } else { "" };
            text.push('\n');
            for line in wrapped(&format!("{}{}{secret}", capital(variable.meaning), details(variable))) {
                writeln!(text, "# {line}").unwrap();
            }
            writeln!(text, "{}", assignment(variable)).unwrap();
        }
    }
    text
}

/// What development has to fill in is there; everything else shows its default.
fn assignment(variable: &Variable) -> String {
    let name = variable.name;
    match variable.fallback {
        _ if name == "ENVIRONMENT" => format!("{name}=development"),
        Fallback::Required => format!("{name}="),
        Fallback::Text(default) => format!("#{name}={default}"),
        Fallback::ByEnvironment { development, .. } => format!("#{name}={}", development.unwrap_or_default()),
        Fallback::Absent | Fallback::Derived(_) => format!("#{name}="),
    }
}

fn details(variable: &Variable) -> String {
    let bounds = variable.bounds.map(|(least, greatest)| format!(" ({least} to {greatest})")).unwrap_or_default();
    match variable.fallback {
        Fallback::Derived(from) => format!("{bounds}; default: {from}"),
        Fallback::ByEnvironment { production: Some(production), .. } => {
            format!("{bounds}; default in production: {production}")
        }
        _ => bounds,
    }
}

fn variable_tables() -> String {
    let mut text = String::new();
    for group in GROUPS {
        write!(text, "### {}\n\n| variable | default | read by | meaning |\n|---|---|---|---|\n", group.title).unwrap();
        for variable in group.variables {
            writeln!(
                text,
                "| `{}`{} | {} | {} | {}{} |",
                variable.name,
                if variable.secret { " (secret)" } else { "" },
                default(variable),
                variable.commands.iter().map(|command| command.name()).collect::<Vec<_>>().join(", "),
                variable.meaning,
                variable.bounds.map(|(least, most)| format!(" ({least} to {most})")).unwrap_or_default(),
            )
            .unwrap();
        }
        text.push('\n');
    }
    text
}

fn default(variable: &Variable) -> String {
    match variable.fallback {
        Fallback::Required => "**required**".to_owned(),
        Fallback::Absent => "none".to_owned(),
        Fallback::Text(text) => format!("`{text}`"),
        Fallback::Derived(from) => from.to_owned(),
        Fallback::ByEnvironment { development, production } => {
            let shown = |text: Option<&str>| text.map_or("none".to_owned(), |text| format!("`{text}`"));
            format!("{} in production, {} in development", shown(production), shown(development))
        }
    }
}

fn problem_table() -> String {
    let mut text = String::from("| status | `code` | title | meaning |\n|---|---|---|---|\n");
    for kind in ProblemKind::ALL {
        let status = kind.status().as_u16();
        writeln!(text, "| {status} | `{}` | {} | {} |", kind.code(), kind.title(), kind.meaning()).unwrap();
    }
    text
}

fn check_table() -> String {
    let mut text = String::from("| check | severity | found when | what to do |\n|---|---|---|---|\n");
    for check in doctor::checks() {
        let Check { name, severity, meaning, remedy } = check;
        writeln!(text, "| `{name}` | {} | {meaning} | {remedy} |", severity.name()).unwrap();
    }
    text
}

fn metric_table() -> String {
    let mut text = String::from("| metric | kind | labels | meaning |\n|---|---|---|---|\n");
    for metric in metrics_of_a_process().described() {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(text, "| `{}` | {} | {} | {} |", metric.name, metric.kind, labels.join(", "), metric.meaning).unwrap();
    }
    text
}

/// Lines short enough to be read beside code.
fn wrapped(text: &str) -> Vec<String> {
    const WIDTH: usize = 110;
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is always one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + 1 + word.len() <= WIDTH {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
