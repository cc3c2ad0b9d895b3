//! A message as Gmail's API and the two generations of Nango's Gmail models show it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use mail_parser::{MimeHeaders as _, PartType};
use serde_json::{Value, json};

use super::message::{Attachment, Message};

/// Gmail cuts `snippet` at about this many characters.
const SNIPPET_LENGTH: usize = 200;

impl Message {
    /// As the older Gmail model (`GmailEmail`) has it, body and all.
    #[must_use]
    pub fn to_gmail_email(&self, _account: &str) -> Value {
        let attachments = self.attachments();
        let mut email = json!({
            "id": self.id,
            "threadId": self.thread_id,
            "sender": self.header("From").unwrap_or_default(),
            "recipients": self.header("To").unwrap_or_default(),
            "subject": self.subject,
            "body": self.body_text().or_else(|| self.body_html()).unwrap_or_default(),
            "attachments": attachments.iter().map(|file| json!({
                "filename": file.filename,
                "mimeType": file.mime,
                "size": file.bytes.len(),
                "attachmentId": file.id,
            })).collect::<Vec<_>>(),
        });
        if let Some(date) = self.header("Date") {
            email["date"] = json!(date);
        }
        email
    }

    /// As the current Gmail model (`Message`) has it: the API's resource without what stands in the parts.
    #[must_use]
    pub fn to_gmail_message(&self, account: &str) -> Value {
        self.gmail_resource(account, false)
    }

    /// As Gmail answers to `messages/{id}?format=full`: text parts with their data, attachments by id.
    #[must_use]
    pub fn to_gmail_message_full(&self, account: &str) -> Value {
        self.gmail_resource(account, true)
    }

    fn gmail_resource(&self, account: &str, with_data: bool) -> Value {
        let mut resource = json!({
            "id": self.id,
            "threadId": self.thread_id,
            "labelIds": self.gmail_labels(account),
            "snippet": self.preview(SNIPPET_LENGTH),
            "sizeEstimate": self.raw.len(),
            "historyId": self.history_id(),
            "payload": self.payload(with_data),
        });
        if let Some(arrived) = self.arrived() {
            resource["internalDate"] = json!((arrived.unix_timestamp() * 1000).to_string());
        }
        resource
    }

    fn payload(&self, with_data: bool) -> Value {
        let parsed = self.parsed();
        let headers: Vec<Value> =
            self.headers().into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let attachments = self.attachments();
        let mut texts: Vec<Value> = Vec::new();
        for part in &parsed.parts {
            let (PartType::Text(text) | PartType::Html(text)) = &part.body else { continue };
            if part.content_disposition().is_some_and(mail_parser::ContentType::is_attachment) {
                continue;
            }
            let mime = if matches!(part.body, PartType::Html(_)) { "text/html" } else { "text/plain" };
            let mut body = json!({ "size": text.len() });
            if with_data {
                body["data"] = json!(URL_SAFE.encode(text.as_bytes()));
            }
            texts.push(json!({ "mimeType": mime, "filename": "", "headers": [], "body": body }));
        }
        let files: Vec<Value> = attachments.iter().map(gmail_part).collect();

        if files.is_empty() && texts.len() <= 1 {
            let mut only = texts
                .pop()
                .unwrap_or_else(|| json!({ "mimeType": "text/plain", "filename": "", "body": { "size": 0 } }));
            only["partId"] = json!("");
            only["headers"] = json!(headers);
            return only;
        }
        let mime = if files.is_empty() { "multipart/alternative" } else { "multipart/mixed" };
        let parts: Vec<Value> = texts
            .into_iter()
            .chain(files)
            .enumerate()
            .map(|(index, mut part)| {
                part["partId"] = json!(index.to_string());
                part
            })
            .collect();
        json!({
            "partId": "", "mimeType": mime, "filename": "", "headers": headers, "body": { "size": 0 }, "parts": parts,
        })
    }

    /// Gmail's own names for the labels of Google Takeout; without those, what follows from the sender.
    pub(super) fn gmail_labels(&self, account: &str) -> Vec<String> {
        if !self.labels.is_empty() {
            return self.labels.iter().map(|label| system_label(label).unwrap_or(label).to_owned()).collect();
        }
        let place = if self.from_address.eq_ignore_ascii_case(account) { "SENT" } else { "INBOX" };
        vec![place.to_owned()]
    }

    /// The beginning of the text on one line.
    pub(super) fn preview(&self, length: usize) -> String {
        let parsed = self.parsed();
        let text = parsed.body_text(0).unwrap_or_default();
        let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c == '\0').filter(|w| !w.is_empty()).collect();
        words.join(" ").chars().take(length).collect()
    }

    /// Grows with time, as the mailbox's history does.
    fn history_id(&self) -> String {
        self.arrived().map_or(1, |moment| moment.unix_timestamp() / 60).to_string()
    }
}

fn gmail_part(file: &Attachment) -> Value {
    let disposition = if file.inline { "inline" } else { "attachment" };
    let mut headers = vec![
        json!({ "name": "Content-Type", "value": format!("{}; name=\"{}\"", file.mime, file.filename) }),
        json!({ "name": "Content-Disposition", "value": format!("{disposition}; filename=\"{}\"", file.filename) }),
    ];
    if let Some(id) = &file.content_id {
        headers.push(json!({ "name": "Content-ID", "value": format!("<{id}>") }));
    }
    json!({
        "mimeType": file.mime,
        "filename": file.filename,
        "headers": headers,
        "body": { "attachmentId": file.id, "size": file.bytes.len() },
    })
}

fn system_label(label: &str) -> Option<&'static str> {
    Some(match label.to_lowercase().as_str() {
        "inbox" => "INBOX",
        "sent" => "SENT",
        "draft" | "drafts" => "DRAFT",
        "important" => "IMPORTANT",
        "starred" => "STARRED",
        "unread" => "UNREAD",
        "spam" => "SPAM",
        "trash" => "TRASH",
        _ => return None,
    })
}
