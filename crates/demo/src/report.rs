//! What people see: scenes, steps with marks that comparisons earn, tables, and on a terminal what is being waited for.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use crate::table::Table;

/// Writes the report. Colours and progress on a terminal only, and no colours when `NO_COLOR` is set.
pub(crate) struct Report {
    out: Box<dyn Write>,
    colour: bool,
    live: bool,
    progress: Option<String>,
    held: usize,
    failed: usize,
}

/// Something that was asked for, and what came compared with what had to come.
#[must_use = "a step counts when it is reported"]
#[derive(Debug)]
pub(crate) struct Step {
    asked: String,
    findings: Vec<Finding>,
}

#[derive(Debug)]
struct Finding {
    text: String,
    comparison: Comparison,
}

#[derive(Debug, PartialEq, Eq)]
enum Comparison {
    None,
    Equal,
    Different,
}

const BOLD: &str = "1";
const DIM: &str = "2";
const GREEN: &str = "32";
const RED: &str = "31";

/// Where what came begins.
const ASKED_WIDTH: usize = 58;

impl Report {
    pub(crate) fn to_terminal() -> Self {
        Self {
            colour: io::stdout().is_terminal() && !no_colour(),
            live: io::stdout().is_terminal() && io::stderr().is_terminal(),
            ..Self::plain(Box::new(io::stdout()))
        }
    }

    fn plain(out: Box<dyn Write>) -> Self {
        Self { out, colour: false, live: false, progress: None, held: 0, failed: 0 }
    }

    /// A part of the journey begins.
    pub(crate) fn scene(&mut self, title: &str) {
        let title = self.paint(BOLD, title);
        self.line(format_args!("\n{title}"));
    }

    /// A step is over.
    pub(crate) fn step(&mut self, step: Step) {
        let held = step.held();
        *(if held { &mut self.held } else { &mut self.failed }) += 1;
        let mark = if held { self.paint(GREEN, "✓") } else { self.paint(RED, "✗") };
        let Step { asked, findings } = step;
        let came: Vec<String> = findings.iter().map(|finding| self.told(finding)).collect();
        self.line(format_args!("  {mark} {asked:<ASKED_WIDTH$}  {}", came.join(", ")));
    }

    /// A line about something that is no step.
    pub(crate) fn note(&mut self, text: impl Display) {
        self.line(format_args!("  {text}"));
    }

    pub(crate) fn table(&mut self, table: &Table) {
        for (index, line) in table.lines().iter().enumerate() {
            let line = if index == 0 { self.paint(DIM, line) } else { line.clone() };
            self.line(format_args!("  {line}"));
        }
    }

    /// What is being waited for: the same line again and again, gone when something else is written. Elsewhere than on a
    /// terminal nothing.
    pub(crate) fn progress(&mut self, text: impl Display) {
        let text = text.to_string();
        if self.live && self.progress.as_ref() != Some(&text) {
            let _ = write!(io::stderr(), "\r\x1b[K  … {text}");
            let _ = io::stderr().flush();
            self.progress = Some(text);
        }
    }

    /// Takes the line of progress away.
    pub(crate) fn settle(&mut self) {
        if self.progress.take().is_some() {
            let _ = write!(io::stderr(), "\r\x1b[K");
            let _ = io::stderr().flush();
        }
    }

    /// The end of the journey: true when every step held, and there was one.
    pub(crate) fn summary(&mut self) -> bool {
        let (held, all) = (self.held, self.held + self.failed);
        let good = self.failed == 0 && held > 0;
        let text = if good { format!("All {all} steps held.") } else { format!("{held} of {all} steps held.") };
        let text = self.paint(if good { GREEN } else { RED }, &text);
        self.line(format_args!("\n{text}"));
        good
    }

    fn told(&self, finding: &Finding) -> String {
        match finding.comparison {
            Comparison::Different => self.paint(RED, &finding.text),
            Comparison::Equal | Comparison::None => finding.text.clone(),
        }
    }

    fn line(&mut self, text: impl Display) {
        self.settle();
        // A reader that went away (`| head`) has what it wanted.
        let _ = writeln!(self.out, "{text}");
        let _ = self.out.flush();
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Step {
    pub(crate) fn asked(what: impl Display) -> Self {
        Self { asked: what.to_string(), findings: Vec::new() }
    }

    /// Compares what came with what had to come, as they are written.
    pub(crate) fn compare(mut self, what: &str, came: impl Display, wanted: impl Display) -> Self {
        let (came, wanted) = (came.to_string(), wanted.to_string());
        let told = format!("{what} {came}").trim().to_owned();
        self.findings.push(if came == wanted {
            Finding { text: told, comparison: Comparison::Equal }
        } else {
            Finding { text: format!("{told} instead of {wanted}"), comparison: Comparison::Different }
        });
        self
    }

    /// The same for something that either is so or is not.
    pub(crate) fn check(mut self, what: &str, is_so: bool) -> Self {
        self.findings.push(if is_so {
            Finding { text: what.to_owned(), comparison: Comparison::Equal }
        } else {
            Finding { text: format!("not {what}"), comparison: Comparison::Different }
        });
        self
    }

    /// Tells something that is not compared.
    pub(crate) fn tell(mut self, text: impl Display) -> Self {
        self.findings.push(Finding { text: text.to_string(), comparison: Comparison::None });
        self
    }

    /// Whether something was compared, and all of it was as it had to be.
    fn held(&self) -> bool {
        let all = |wanted: &Comparison| self.findings.iter().any(|finding| finding.comparison == *wanted);
        all(&Comparison::Equal) && !all(&Comparison::Different)
    }
}

#[expect(clippy::disallowed_methods, reason = "NO_COLOR belongs to the terminal and is no setting of ours")]
fn no_colour() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn written(write: impl FnOnce(&mut Report)) -> String {
        let paper = Paper::default();
        write(&mut Report::plain(Box::new(paper.clone())));
        let bytes = paper.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_mark_is_earned_by_comparisons_alone() {
        assert!(!Step::asked("x").held());
        assert!(!Step::asked("x").tell("fine").held());
        assert!(Step::asked("x").compare("status", 403, 403).tell("fine").held());
        assert!(Step::asked("x").check("there", true).held());
        assert!(!Step::asked("x").check("there", false).check("here", true).held());
        assert!(!Step::asked("x").compare("status", 200, 403).compare("code", "a", "a").held());
    }

    #[test]
    fn a_step_shows_what_was_asked_what_came_and_what_had_to_come() {
        let text = written(|report| {
            report.step(Step::asked("B1 at A").compare("status", 200, 403).compare("", "x", "x"));
            report.step(Step::asked("A1 at A").compare("status", 200, 200));
        });
        let lines: Vec<String> =
            text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines, ["✗ B1 at A status 200 instead of 403, x", "✓ A1 at A status 200"]);
    }

    #[test]
    fn all_is_well_only_when_something_was_checked_and_nothing_failed() {
        let sum = |wanted: &[u16]| {
            let mut good = false;
            written(|report| {
                for status in wanted {
                    report.step(Step::asked("x").compare("status", 200, *status));
                }
                good = report.summary();
            });
            good
        };
        assert!(sum(&[200, 200]));
        assert!(!sum(&[200, 403]));
        assert!(!sum(&[]));
    }
}
