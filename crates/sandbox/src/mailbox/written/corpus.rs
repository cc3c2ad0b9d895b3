//! The text format of the corpus.
//!
//! ```text
//! %% offer-larkmoor/1                 a message; its key is thread/number, number n answers n-1 unless `re:` is given
//! at: 118 09:14 +0100                 days before the mailbox is made, time of day, zone
//! from: jonas                         keys of people.txt
//! to: larkmoor, larkbuy
//! subject: Offer Q-2291               left out: "Re: " and the subject of what it answers
//!
//! The text. {d+7} is the day of the message plus seven, {month} its month.
//!
//! --- pdf Offer Q-2291.pdf            a file that comes with it; its content follows
//! --- rows                            one message for every row; {1}, {2} … are the row's columns in all of the above
//! 90 | INV-3001
//! ```
//!
//! More header lines: `cc`, `bcc`, `re` (key of what it answers, or `none`), `form` (`text`, `html`, `both`), `charset`,
//! `encoding` (`7bit`, `8bit`, `quoted-printable`, `base64`), `date` (the form of the Date line), `quote` (`yes`: what it
//! answers follows), `importance`, `quirk`.

use std::collections::BTreeMap;

/// A message as the corpus has it.
#[derive(Debug, Clone, Default)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) body: String,
    pub(super) files: Vec<FileEntry>,
    headers: BTreeMap<String, String>,
}

/// A file as the corpus has it.
#[derive(Debug, Clone)]
pub(super) struct FileEntry {
    pub(super) kind: String,
    pub(super) name: String,
    pub(super) content: String,
}

/// The messages of all corpus files.
pub(super) struct Corpus;

impl Corpus {
    pub(super) fn read(files: &[&str]) -> Vec<Entry> {
        let blocks = files.iter().flat_map(|file| file.split("\n%% ").skip(1));
        blocks.flat_map(|block| with_rows(block).into_iter()).map(|block| Entry::parse(&block)).collect()
    }
}

impl Entry {
    fn parse(block: &str) -> Self {
        let (key, rest) = block.split_once('\n').unwrap_or((block, ""));
        let (head, rest) = rest.split_once("\n\n").unwrap_or((rest, ""));
        let headers = head.lines().map(|line| {
            let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("no header line in {key}: {line}"));
            (name.trim().to_owned(), value.trim().to_owned())
        });
        let text = format!("\n{rest}");
        let mut sections = text.split("\n--- ");
        let body = sections.next().unwrap_or_default().trim().to_owned();
        Self { key: key.trim().to_owned(), body, headers: headers.collect(), files: sections.map(file).collect() }
    }

    /// A header line's value.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A header line's value that must be there.
    pub(super) fn need(&self, name: &str) -> &str {
        self.get(name).unwrap_or_else(|| panic!("{} has no line {name}", self.key))
    }

    /// A header line's comma list.
    pub(super) fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).into_iter().flat_map(|list| list.split(',')).map(str::trim).collect()
    }

    /// The key of what this message answers.
    pub(super) fn answers(&self) -> Option<String> {
        if let Some(key) = self.get("re") {
            return (key != "none").then(|| key.to_owned());
        }
        let (thread, number) = self.key.split_once('/')?;
        let number: u32 = number.parse().ok()?;
        (number > 1).then(|| format!("{thread}/{}", number - 1))
    }
}

fn file(section: &str) -> FileEntry {
    let (head, content) = section.split_once('\n').unwrap_or((section, ""));
    let (kind, name) = head.trim().split_once(' ').unwrap_or((head, "file"));
    FileEntry { kind: kind.to_owned(), name: name.trim().to_owned(), content: content.trim().to_owned() }
}

/// The block itself, or one copy for every one of its rows.
fn with_rows(block: &str) -> Vec<String> {
    let Some((template, rows)) = block.split_once("\n--- rows\n") else { return vec![block.to_owned()] };
    let rows = rows.lines().filter(|row| !row.trim().is_empty());
    rows.map(|row| {
        let columns = row.split('|').map(str::trim).enumerate();
        columns.fold(template.to_owned(), |text, (index, value)| text.replace(&format!("{{{}}}", index + 1), value))
    })
    .collect()
}
