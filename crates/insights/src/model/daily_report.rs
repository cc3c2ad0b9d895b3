//! What a company is told of a day.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::str::FromStr;

use cortex_kernel::DocumentId;
use thiserror::Error;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use super::AnsweredBy;
use super::line::in_one_line;

/// What a report of a day is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DailyReportKind {
    /// Whom the company exchanged mails with, and what waits.
    ClientRelationships,
    /// Orders, production, quality and shipping.
    Operations,
}

/// The text names no kind of report of a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown kind of report: expected client_relationships or operations")]
pub struct UnknownReportKind;

/// A report of a day, as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct DailyReport {
    /// Its id; another one each time it is made.
    pub id: Uuid,
    /// What it is about.
    pub kind: DailyReportKind,
    /// The day, by UTC.
    pub day: Date,
    /// All of it in a few sentences.
    pub executive_summary: String,
    /// Who put those in words.
    pub summarized_by: AnsweredBy,
    /// Its parts, in their order.
    pub sections: Vec<ReportSection>,
    /// What is better looked at than read.
    pub charts: Vec<ReportChart>,
    /// What matters most, a line each.
    pub key_items: Vec<String>,
    /// When it was made.
    pub generated_at: OffsetDateTime,
    /// How long that took.
    pub duration_ms: u64,
}

/// A part of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSection {
    /// Its title.
    pub title: String,
    /// What it answers.
    pub question: String,
    /// Its text, in Markdown. What comes from documents is [`escaped`].
    pub content: String,
    /// The documents that it rests on.
    pub sources: Vec<ReportSource>,
    /// What is new against the day before.
    pub evolution_note: String,
    /// What that is told by.
    pub facts: SectionFacts,
}

/// What a section counts and names, to be compared with that of the day before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SectionFacts {
    /// How many of what it is about there are.
    pub count: u64,
    /// Who and what is named in it.
    pub names: BTreeSet<String>,
}

/// A document that a report rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportSource {
    /// Which.
    pub document_id: DocumentId,
    /// Its title, in one line.
    pub title: String,
}

/// Numbers that are better looked at than read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportChart {
    /// What they are of.
    pub title: String,
    /// How they are drawn.
    pub form: ChartForm,
    /// Each number with its name, in their order.
    pub bars: Vec<(String, u64)>,
}

/// How numbers are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChartForm {
    /// Beside each other, as of hours.
    Columns,
    /// Below each other, as of names.
    Rows,
}

/// A report as a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// Markdown.
    Markdown,
    /// HTML that needs nothing besides itself.
    Html,
    /// PDF.
    Pdf,
}

/// The text names no format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown format: expected md, html or pdf")]
pub struct UnknownReportFormat;

impl DailyReportKind {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 2] = [Self::ClientRelationships, Self::Operations];

    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientRelationships => "client_relationships",
            Self::Operations => "operations",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::ClientRelationships => "Client relationships",
            Self::Operations => "Operations",
        }
    }
}

impl FromStr for DailyReportKind {
    type Err = UnknownReportKind;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|kind| kind.name() == text).ok_or(UnknownReportKind)
    }
}

impl ChartForm {
    /// The word in rows.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Columns => "columns",
            Self::Rows => "rows",
        }
    }
}

impl FromStr for ReportFormat {
    type Err = UnknownReportFormat;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "md" => Ok(Self::Markdown),
            "html" => Ok(Self::Html),
            "pdf" => Ok(Self::Pdf),
            _ => Err(UnknownReportFormat),
        }
    }
}

impl ReportFormat {
    /// How the names of such files end.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Markdown => "md",
            Self::Html => "html",
            Self::Pdf => "pdf",
        }
    }
}

impl DailyReport {
    /// What people call it: its kind and its day.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{}, {}", self.kind.title(), self.day)
    }

    /// The documents that it rests on, each once, by their ids.
    #[must_use]
    pub fn sources(&self) -> Vec<&ReportSource> {
        let mut sources: Vec<_> = self.sections.iter().flat_map(|section| &section.sources).collect();
        sources.sort_by_key(|source| source.document_id);
        sources.dedup_by_key(|source| source.document_id);
        sources
    }

    /// All of it as Markdown (`CommonMark`), its charts as lists of numbers.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let mut text = format!("# {}\n\n{}\n", self.title(), escaped(&self.executive_summary));
        for chart in &self.charts {
            let _ = writeln!(text, "\n## {}\n", escaped(&chart.title));
            for (name, number) in chart.bars.iter().filter(|(_, number)| *number > 0) {
                let _ = writeln!(text, "- {}: {number}", escaped(name));
            }
        }
        for section in &self.sections {
            let _ = writeln!(text, "\n## {}\n\n{}", escaped(&section.title), section.content.trim_end());
            let _ = writeln!(text, "\n*{}*", escaped(&section.evolution_note));
        }
        let sources = self.sources();
        if !sources.is_empty() {
            text += "\n## Sources\n\n";
        }
        for source in sources {
            let _ = writeln!(text, "- {}: {}", source.document_id, escaped(&source.title));
        }
        text
    }
}

/// The text in one line, as Markdown that means nothing but itself, wherever in a line it stands.
#[must_use]
pub fn escaped(text: &str) -> String {
    let line = in_one_line(text);
    let mut escaped = String::with_capacity(line.len());
    for (place, letter) in line.char_indices() {
        // `1.` at its beginning would begin a list.
        let ends_number = matches!(letter, '.' | ')') && place > 0 && line[..place].bytes().all(|b| b.is_ascii_digit());
        if matches!(
            letter,
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '#' | '+' | '-' | '!' | '|' | '~' | '&' | '='
        ) || ends_number
        {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::tags("<script>alert(1)</script>", "\\<script\\>alert(1)\\</script\\>")]
    #[case::links("[here](javascript:x)", "\\[here\\](javascript:x)")]
    #[case::lines("one\n# two", "one \\# two")]
    #[case::numbers("12. May", "12\\. May")]
    #[case::entities("&lt;", "\\&lt;")]
    #[case::plain("Grüße, Ελλάδα 3.5", "Grüße, Ελλάδα 3.5")]
    fn what_documents_say_means_nothing_in_markdown(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(escaped(text), expected);
    }

    #[test]
    fn kinds_and_formats_are_called_by_their_names() {
        for kind in DailyReportKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
        }
        assert_eq!("Operations".parse::<DailyReportKind>(), Err(UnknownReportKind));
        for format in [ReportFormat::Markdown, ReportFormat::Html, ReportFormat::Pdf] {
            assert_eq!(format.extension().parse(), Ok(format));
        }
        assert_eq!("exe".parse::<ReportFormat>(), Err(UnknownReportFormat));
    }
}
