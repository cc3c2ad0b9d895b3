//! Facts, for those who read them and for those who reckon with them.

use std::fmt::Display;

use serde_json::{Map, Value};

use crate::normalise::money::Amount;

/// What a record says: as lines of a text, and as metadata. The hash by which a change of a document is told covers its
/// title and its text, so that whatever may change by itself stands in both.
#[derive(Debug, Default)]
pub(super) struct Facts {
    lines: Vec<String>,
    listed: Vec<String>,
    metadata: Map<String, Value>,
}

impl Facts {
    /// A fact, if it is known. Amounts and days are texts in the metadata as well: JSON's numbers are binary.
    pub(super) fn tell(&mut self, label: &str, name: &str, fact: Option<impl Display>) {
        if let Some(fact) = fact {
            let fact = fact.to_string();
            self.lines.push(format!("{label}: {fact}"));
            self.metadata.insert(name.to_owned(), Value::from(fact));
        }
    }

    /// What somebody wrote besides.
    pub(super) fn note(&mut self, label: &str, note: Option<String>) {
        self.lines.extend(note.map(|note| format!("{label}: {note}")));
    }

    /// What only machines ask for.
    pub(super) fn keep(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.metadata.insert(name.to_owned(), value.into());
        }
    }

    /// A line of the record, if it says anything.
    pub(super) fn list(&mut self, words: impl Iterator<Item = String>, amount: Option<Amount>) {
        let words: Vec<String> = words.collect();
        let words = (!words.is_empty()).then(|| words.join(", "));
        let line = match (words, amount) {
            (Some(words), Some(amount)) => format!("- {words}: {amount}"),
            (Some(words), None) => format!("- {words}"),
            (None, Some(amount)) => format!("- {amount}"),
            (None, None) => return,
        };
        self.listed.push(line);
    }

    /// The text and the metadata.
    pub(super) fn into_parts(self) -> (String, Map<String, Value>) {
        let paragraphs = [self.lines.join("\n"), self.listed.join("\n")];
        let text = paragraphs.into_iter().filter(|paragraph| !paragraph.is_empty()).collect::<Vec<_>>().join("\n\n");
        (text, self.metadata)
    }
}
