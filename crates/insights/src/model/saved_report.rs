//! Reports that people keep.

use cortex_kernel::SavedReportId;
use serde_json::{Map, Value};
use thiserror::Error;
use time::OffsetDateTime;

use super::Owner;
use super::line::in_one_line;

/// A report to be kept.
#[derive(Clone, Debug, PartialEq)]
pub struct NewSavedReport {
    /// Its id.
    pub id: SavedReportId,
    /// What it says in lists.
    pub head: ReportHead,
    /// The report itself.
    pub data: ReportData,
    /// What it came from.
    pub origin: ReportOrigin,
}

/// What a kept report says in lists, in its owner's words. Each is bounded and has no NUL in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportHead {
    /// Its title: one line, not blank.
    title: String,
    /// What kind of report it is: one line, not blank.
    report_type: String,
    /// What is said of it.
    description: Option<String>,
    /// Words to find it by, each once.
    tags: Vec<String>,
}

/// A report as its reader composed it: an object of JSON, bounded, without NUL, which no database takes.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportData(Value);

/// What a kept report came from, in its owner's words; each bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportOrigin {
    /// The title of a widget.
    widget_title: Option<String>,
    /// What the widget said.
    widget_message: Option<String>,
    /// An alert.
    alert_id: Option<String>,
    /// A question.
    query: Option<String>,
}

/// Something of a report cannot be kept; names the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidSavedReport {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty(&'static str),
    /// It has more than so many characters.
    #[error("may have {1} characters")]
    TooLong(&'static str, usize),
    /// There are more than [`ReportHead::MOST_TAGS`].
    #[error("may have {} tags", ReportHead::MOST_TAGS)]
    TooManyTags,
    /// It is no object.
    #[error("must be an object")]
    NoObject,
    /// It is larger than [`ReportData::MAX_BYTES`].
    #[error("may have {} bytes", ReportData::MAX_BYTES)]
    TooLarge,
}

/// A kept report without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReport {
    /// Its id.
    pub id: SavedReportId,
    /// Who keeps it.
    pub owner_id: String,
    /// Its title.
    pub title: String,
    /// What kind of report it is.
    pub report_type: String,
    /// What is said of it.
    pub description: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// The beginning of what it says.
    pub summary: String,
    /// The title of the widget that it came from.
    pub widget_title: Option<String>,
    /// What the widget said.
    pub widget_message: Option<String>,
    /// The alert that it came from.
    pub alert_id: Option<String>,
    /// The question that it came from.
    pub query: Option<String>,
    /// Whether its owner starred it.
    pub is_starred: bool,
    /// Whether its owner shares it with the company.
    pub is_shared: bool,
    /// When it was kept.
    pub created_at: OffsetDateTime,
    /// When it was last changed.
    pub updated_at: OffsetDateTime,
    /// When its owner last looked at it.
    pub last_viewed_at: Option<OffsetDateTime>,
    /// How often he did.
    pub view_count: u64,
}

/// Which kept reports are wanted, of one's own and those that others share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportQuery {
    /// Of which kind.
    pub report_type: Option<String>,
    /// Only one's own that are starred.
    pub starred_only: bool,
    /// Only those in whose title, description, tags, summary or question this stands, whatever its case.
    pub text: Option<String>,
    /// At most so many.
    pub limit: u16,
    /// Leaves out so many.
    pub offset: u32,
}

/// A part of kept reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedReportPart {
    /// How many there are.
    pub total: u64,
    /// Some of them, the newest first.
    pub reports: Vec<SavedReport>,
}

/// What is changed of a kept report; what is none stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportChange {
    /// Its title.
    pub(crate) title: Option<String>,
    /// What is said of it; blank for nothing.
    pub(crate) description: Option<String>,
    /// Its tags.
    pub(crate) tags: Option<Vec<String>>,
    /// Whether it is shared.
    pub(crate) is_shared: Option<bool>,
}

/// How much a person keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportStats {
    /// How many of his own there are, by their kinds, those with the most first.
    pub by_type: Vec<(String, u64)>,
    /// How many of them are starred.
    pub starred: u64,
    /// How many of them he shares.
    pub shared: u64,
    /// How often he looked at them.
    pub views: u64,
}

impl ReportHead {
    /// The longest title, in characters.
    pub const MAX_TITLE: usize = 200;
    /// The longest kind, in characters.
    pub const MAX_TYPE: usize = 50;
    /// The longest description, in characters.
    pub const MAX_DESCRIPTION: usize = 2_000;
    /// The most tags.
    pub const MOST_TAGS: usize = 20;
    /// The longest tag, in characters.
    pub const MAX_TAG: usize = 50;

    /// Takes what the owner says of it.
    pub fn new(
        title: &str,
        report_type: &str,
        description: Option<&str>,
        tags: &[String],
    ) -> Result<Self, InvalidSavedReport> {
        Ok(Self {
            title: title_of(title)?,
            report_type: named("report_type", report_type, Self::MAX_TYPE)?,
            description: text("description", description, Self::MAX_DESCRIPTION)?,
            tags: tags_of(tags)?,
        })
    }

    /// Its title.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What kind of report it is.
    #[must_use]
    pub fn report_type(&self) -> &str {
        &self.report_type
    }

    /// What is said of it.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Its tags.
    #[must_use]
    pub fn tags(&self) -> &[String] {
        &self.tags
    }
}

impl ReportData {
    /// The largest report, in bytes of JSON.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Takes what the reader composed.
    pub fn new(data: Value) -> Result<Self, InvalidSavedReport> {
        if !data.is_object() {
            return Err(InvalidSavedReport::NoObject);
        }
        let data = scrubbed(data);
        if data.to_string().len() > Self::MAX_BYTES { Err(InvalidSavedReport::TooLarge) } else { Ok(Self(data)) }
    }

    /// The object.
    #[must_use]
    pub const fn as_value(&self) -> &Value {
        &self.0
    }
}

impl ReportOrigin {
    /// The longest text in it, in characters.
    pub const MAX_TEXT: usize = 2_000;
    /// The longest id of an alert, in characters.
    pub const MAX_ALERT: usize = 100;

    /// Takes what the report came from.
    pub fn new(
        widget_title: Option<&str>,
        widget_message: Option<&str>,
        alert_id: Option<&str>,
        query: Option<&str>,
    ) -> Result<Self, InvalidSavedReport> {
        Ok(Self {
            widget_title: text("source_widget_title", widget_title, Self::MAX_TEXT)?,
            widget_message: text("source_widget_message", widget_message, Self::MAX_TEXT)?,
            alert_id: text("source_alert_id", alert_id, Self::MAX_ALERT)?,
            query: text("source_query", query, Self::MAX_TEXT)?,
        })
    }

    /// The title of a widget.
    #[must_use]
    pub fn widget_title(&self) -> Option<&str> {
        self.widget_title.as_deref()
    }

    /// What the widget said.
    #[must_use]
    pub fn widget_message(&self) -> Option<&str> {
        self.widget_message.as_deref()
    }

    /// An alert.
    #[must_use]
    pub fn alert_id(&self) -> Option<&str> {
        self.alert_id.as_deref()
    }

    /// A question.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }
}

impl InvalidSavedReport {
    /// The name of the field, as clients call it.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Empty(field) | Self::TooLong(field, _) => field,
            Self::TooManyTags => "tags",
            Self::NoObject | Self::TooLarge => "report_data",
        }
    }
}

impl NewSavedReport {
    /// Characters of the summary.
    const SUMMARY: usize = 300;

    /// The beginning of what the report says: of its `executive_summary` or `summary`, or else of its description.
    #[must_use]
    pub fn summary(&self) -> String {
        let told = ["executive_summary", "summary"].iter().find_map(|name| self.data.0[*name].as_str());
        let line = in_one_line(told.or(self.head.description()).unwrap_or_default());
        line.chars().take(Self::SUMMARY).collect()
    }
}

impl ReportQuery {
    /// The longest text that is looked for, in characters.
    pub const MAX_TEXT: usize = 200;
}

impl SavedReport {
    /// Whether it is this person's own.
    #[must_use]
    pub fn is_of(&self, owner: Owner) -> bool {
        self.owner_id == owner.user_id.to_string()
    }
}

impl ReportChange {
    /// Takes what the owner wants changed.
    pub fn new(
        title: Option<&str>,
        description: Option<&str>,
        tags: Option<&[String]>,
        is_shared: Option<bool>,
    ) -> Result<Self, InvalidSavedReport> {
        let said = text("description", description, ReportHead::MAX_DESCRIPTION)?;
        Ok(Self {
            title: title.map(title_of).transpose()?,
            description: description.map(|_| said.unwrap_or_default()),
            tags: tags.map(tags_of).transpose()?,
            is_shared,
        })
    }

    /// Its new title.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// What is said of it from now on; empty for nothing.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Its new tags.
    #[must_use]
    pub fn tags(&self) -> Option<&[String]> {
        self.tags.as_deref()
    }

    /// Whether it is shared from now on.
    #[must_use]
    pub const fn is_shared(&self) -> Option<bool> {
        self.is_shared
    }
}

impl ReportStats {
    /// How many of his own there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_type.iter().map(|(_, count)| count).sum()
    }
}

fn title_of(title: &str) -> Result<String, InvalidSavedReport> {
    named("title", title, ReportHead::MAX_TITLE)
}

/// One line that is not blank.
fn named(field: &'static str, text: &str, most: usize) -> Result<String, InvalidSavedReport> {
    let line = in_one_line(text);
    if line.is_empty() {
        Err(InvalidSavedReport::Empty(field))
    } else if line.chars().count() > most {
        Err(InvalidSavedReport::TooLong(field, most))
    } else {
        Ok(line)
    }
}

/// A text of any lines; a blank one is none.
fn text(field: &'static str, text: Option<&str>, most: usize) -> Result<Option<String>, InvalidSavedReport> {
    let text = text.unwrap_or_default().replace('\0', "");
    let text = text.trim();
    if text.chars().count() > most {
        return Err(InvalidSavedReport::TooLong(field, most));
    }
    Ok(Some(text).filter(|text| !text.is_empty()).map(str::to_owned))
}

fn tags_of(tags: &[String]) -> Result<Vec<String>, InvalidSavedReport> {
    let mut kept: Vec<String> = Vec::new();
    for tag in tags {
        let tag = named("tags", tag, ReportHead::MAX_TAG)?;
        if !kept.contains(&tag) {
            kept.push(tag);
        }
        if kept.len() > ReportHead::MOST_TAGS {
            return Err(InvalidSavedReport::TooManyTags);
        }
    }
    Ok(kept)
}

/// JSON without NUL in it.
fn scrubbed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.replace('\0', "")),
        Value::Array(items) => Value::Array(items.into_iter().map(scrubbed).collect()),
        Value::Object(map) => {
            let map: Map<_, _> = map.into_iter().map(|(key, value)| (key.replace('\0', ""), scrubbed(value))).collect();
            Value::Object(map)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn head(title: &str, report_type: &str, tags: &[&str]) -> Result<ReportHead, InvalidSavedReport> {
        let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
        ReportHead::new(title, report_type, Some(" \0 "), &tags)
    }

    #[test]
    fn what_is_said_of_a_report_is_in_order() {
        let head = head(" The\nweek ", "weekly\0review", &["a", " a ", "b"]).unwrap();

        assert_eq!((head.title(), head.report_type(), head.description()), ("The week", "weekly review", None));
        assert_eq!(head.tags(), ["a", "b"]);
    }

    #[rstest]
    #[case::no_title(head(" \0", "t", &[]), "title")]
    #[case::long_title(head(&"ä".repeat(201), "t", &[]), "title")]
    #[case::no_type(head("t", "", &[]), "report_type")]
    #[case::blank_tag(head("t", "t", &[" "]), "tags")]
    #[case::long_tag(head("t", "t", &[&"x".repeat(51)]), "tags")]
    fn what_cannot_be_said_of_it_is_named(#[case] head: Result<ReportHead, InvalidSavedReport>, #[case] field: &str) {
        assert_eq!(head.unwrap_err().field(), field);
    }

    #[test]
    fn so_many_tags_and_no_more() {
        let tags: Vec<String> = (0..21).map(|number| number.to_string()).collect();

        assert!(ReportHead::new("t", "t", None, &tags[..20]).is_ok());
        assert_eq!(ReportHead::new("t", "t", None, &tags), Err(InvalidSavedReport::TooManyTags));
    }

    #[test]
    fn a_report_is_an_object_without_nul_and_of_bounded_size() {
        let data = ReportData::new(json!({ "a\0": ["b\0", { "c": 1.5 }] })).unwrap();
        assert_eq!(data.as_value(), &json!({ "a": ["b", { "c": 1.5 }] }));

        assert_eq!(ReportData::new(json!([])), Err(InvalidSavedReport::NoObject));
        let large = json!({ "a": "x".repeat(ReportData::MAX_BYTES) });
        assert_eq!(ReportData::new(large), Err(InvalidSavedReport::TooLarge));
    }

    #[rstest]
    #[case::its_own(json!({ "executive_summary": "All\nwell.", "summary": "s" }), "All well.")]
    #[case::shorter(json!({ "summary": "Short." }), "Short.")]
    #[case::described(json!({ "summary": 1 }), "What it is")]
    fn its_beginning_stands_for_it_in_lists(#[case] data: Value, #[case] summary: &str) {
        let report = NewSavedReport {
            id: SavedReportId::new(uuid::Uuid::nil()),
            head: ReportHead::new("t", "t", Some("What it is"), &[]).unwrap(),
            data: ReportData::new(data).unwrap(),
            origin: ReportOrigin::default(),
        };

        assert_eq!(report.summary(), summary);
    }

    #[test]
    fn a_blank_description_is_taken_away_and_none_is_left_as_it_is() {
        let change = |description| ReportChange::new(None, description, None, None).unwrap();

        assert_eq!(change(Some(" ")).description(), Some(""));
        assert_eq!(change(None).description(), None);
    }
}
