//! Files in Google Drive, with their contents.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use crate::clock::millis_z;

const GOOGLE_TYPE: &str = "application/vnd.google-apps.";

/// A file, a Google document or a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriveFile {
    /// Id.
    pub id: String,
    /// Name with extension.
    pub name: String,
    /// Media type; `application/vnd.google-apps.*` for what only Google can open.
    pub mime_type: String,
    /// Ids of the folders it lies in.
    pub parents: Vec<String>,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// When its content last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub modified_at: OffsetDateTime,
    /// In the bin.
    pub trashed: bool,
    /// Address and name of the owner.
    pub owner: (String, String),
    /// The content; the exported text for a Google document.
    pub content: Vec<u8>,
}

impl DriveFile {
    /// The invented files of a person: a folder and a short cut, a document, a sheet, slides, text, a picture and
    /// something in the bin.
    #[must_use]
    pub fn invented(email: &str, name: &str, now: OffsetDateTime) -> Vec<Self> {
        let local = email.split('@').next().unwrap_or(email);
        let folder = format!("{local}-folder");
        let samples: [(&str, &str, &str, i64, &str); 8] = [
            ("plans", "Plans", "application/vnd.google-apps.folder", 90, ""),
            (
                "kickoff",
                "Kick-off notes Harbour project",
                "application/vnd.google-apps.document",
                21,
                "Kick-off, Harbour project\n\nWe agreed to deliver the pump station drawings first.\n\
                 Open: who signs off the revised budget of 48,200?\n",
            ),
            (
                "budget",
                "Budget by quarter",
                "application/vnd.google-apps.spreadsheet",
                14,
                "Quarter,Planned,Spent\nQ1,12000,11480.50\nQ2,15000,15210.00\nQ3,9000,\n",
            ),
            (
                "review",
                "Quarterly review",
                "application/vnd.google-apps.presentation",
                7,
                "Quarterly review\n\nThree projects closed\nOne supplier late\n",
            ),
            ("readme", "handover.txt", "text/plain", 3, "Keys are with reception. The alarm code changes on Monday.\n"),
            ("quay", "quay-wall.svg", "image/svg+xml", 5, "<svg xmlns=\"http://www.w3.org/2000/svg\"/>"),
            ("link", "Drawings", "application/vnd.google-apps.shortcut", 5, ""),
            ("old", "old-draft.txt", "text/plain", 40, "Superseded by the kick-off notes.\n"),
        ];
        samples
            .into_iter()
            .map(|(slug, title, mime, days, text)| Self {
                id: format!("{local}-{slug}"),
                name: title.to_owned(),
                mime_type: mime.to_owned(),
                parents: if slug == "plans" { vec!["root".to_owned()] } else { vec![folder.clone()] },
                created_at: now - Duration::days(days + 30),
                modified_at: now - Duration::days(days),
                trashed: slug == "old",
                owner: (email.to_owned(), name.to_owned()),
                content: text.as_bytes().to_vec(),
            })
            .collect()
    }

    /// Can only be exported, not downloaded.
    #[must_use]
    pub fn is_google_document(&self) -> bool {
        self.mime_type.starts_with(GOOGLE_TYPE)
    }

    /// As the older model `DriveFile` has it.
    #[must_use]
    pub fn to_drive_file(&self) -> Value {
        let mut record = self.fields();
        if !self.is_google_document() {
            record["size"] = json!(self.content.len());
        }
        record
    }

    /// As the current model `File` has it.
    #[must_use]
    pub fn to_file(&self) -> Value {
        let mut record = self.fields();
        record["driveId"] = Value::Null;
        record["size"] = json!(self.content.len().to_string());
        record
    }

    fn fields(&self) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "mimeType": self.mime_type,
            "webViewLink": format!("https://drive.google.com/file/d/{}/view", self.id),
            "parents": self.parents,
            "createdTime": millis_z(self.created_at),
            "modifiedTime": millis_z(self.modified_at),
            "trashed": self.trashed,
        })
    }

    /// As the Drive API has it: with owners.
    pub(super) fn to_api(&self) -> Value {
        let mut file = self.to_file();
        let (email, name) = &self.owner;
        file["owners"] = json!([{ "emailAddress": email, "displayName": name }]);
        file
    }
}
