//! The files that come with a letter: small, and real ones of their kind.

use super::corpus::FileEntry;
use super::{pdf, png};

/// A file that comes with a letter.
#[derive(Debug, Clone)]
pub(super) struct File {
    pub(super) name: String,
    pub(super) mime: &'static str,
    /// Set on a picture that the HTML shows.
    pub(super) content_id: Option<String>,
    pub(super) bytes: Vec<u8>,
}

impl File {
    pub(super) fn new(entry: &FileEntry, content: &str) -> Self {
        let (mime, bytes) = match entry.kind.as_str() {
            "pdf" => ("application/pdf", pdf::document(content)),
            "csv" => ("text/csv", content.replace('\n', "\r\n").into_bytes()),
            "text" => ("text/plain", content.replace('\n', "\r\n").into_bytes()),
            "logo" => ("image/png", png::logo()),
            other => panic!("no kind of file {other}"),
        };
        let content_id = (entry.kind == "logo").then(|| format!("{}@kestrelpumps.example", entry.name));
        Self { name: entry.name.clone(), mime, content_id, bytes }
    }

    pub(super) fn inline(&self) -> bool {
        self.content_id.is_some()
    }
}
