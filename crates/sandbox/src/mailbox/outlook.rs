//! A message as Microsoft Graph and the two generations of Nango's Outlook models show it.

use mail_parser::{Addr, Address};
use serde_json::{Value, json};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::message::Message;

/// Graph cuts `bodyPreview` at this many characters.
const PREVIEW_LENGTH: usize = 255;

impl Message {
    /// As the older Outlook model (`OutlookEmail`) has it, body and all.
    #[must_use]
    pub fn to_outlook_email(&self, account: &str) -> Value {
        let attachments: Vec<Value> = self
            .attachments()
            .iter()
            .map(|file| {
                let mut entry = json!({
                    "filename": file.filename,
                    "mimeType": file.mime,
                    "size": file.bytes.len(),
                    "attachmentId": file.id,
                    "userId": account,
                    "isInline": file.inline,
                });
                if let Some(id) = &file.content_id {
                    entry["contentId"] = json!(id);
                }
                entry
            })
            .collect();
        let mut email = json!({
            "id": self.id,
            "threadId": self.thread_id,
            "userId": account,
            "sender": self.from_address,
            "recipients": self.to.join(", "),
            "subject": self.subject,
            "body": self.body_html().or_else(|| self.body_text()).unwrap_or_default(),
            "attachments": attachments,
        });
        set_time(&mut email, "date", self.arrived());
        email
    }

    /// As the current Outlook model (`Message`) has it: Graph's resource without its body.
    #[must_use]
    pub fn to_graph_message(&self, account: &str) -> Value {
        let parsed = self.parsed();
        let labels = self.gmail_labels(account);
        let has = |label: &str| labels.iter().any(|found| found == label);
        let list = |field: Option<&Address<'_>>| -> Vec<Value> {
            field.map(|all| all.iter().map(recipient).collect()).unwrap_or_default()
        };
        let from = parsed.from().and_then(Address::first);
        let mut resource = json!({
            "id": self.id,
            "conversationId": self.thread_id,
            "subject": self.subject,
            "toRecipients": list(parsed.to()),
            "ccRecipients": list(parsed.cc()),
            "bodyPreview": self.preview(PREVIEW_LENGTH),
            "hasAttachments": self.attachments().iter().any(|file| !file.inline),
            "isRead": !has("UNREAD"),
            "isDraft": has("DRAFT"),
            "importance": importance(self.header("Importance")),
            "folderId": if has("SENT") { "sentitems" } else { "inbox" },
            "webLink": format!("https://outlook.office365.com/owa/?ItemID={}", self.id),
        });
        if let Some(sender) = from {
            resource["from"] = recipient(sender);
            resource["sender"] = recipient(parsed.sender().and_then(Address::first).unwrap_or(sender));
        }
        if let Some(id) = &self.message_id {
            resource["internetMessageId"] = json!(format!("<{id}>"));
        }
        set_time(&mut resource, "sentDateTime", self.date);
        set_time(&mut resource, "receivedDateTime", self.arrived());
        resource
    }

    /// As Graph answers to `messages/{id}`: with its body.
    #[must_use]
    pub fn to_graph_message_full(&self, account: &str) -> Value {
        let mut resource = self.to_graph_message(account);
        resource["body"] = match self.body_html() {
            Some(html) => json!({ "contentType": "html", "content": html }),
            None => json!({ "contentType": "text", "content": self.body_text().unwrap_or_default() }),
        };
        resource
    }
}

fn recipient(addr: &Addr<'_>) -> Value {
    let address = addr.address().unwrap_or_default();
    json!({ "emailAddress": { "name": addr.name().unwrap_or(address), "address": address } })
}

fn importance(header: Option<String>) -> &'static str {
    match header.map(|text| text.to_lowercase()).as_deref() {
        Some("high") => "high",
        Some("low") => "low",
        _ => "normal",
    }
}

fn set_time(resource: &mut Value, field: &str, moment: Option<OffsetDateTime>) {
    let text = moment.and_then(|moment| moment.to_offset(time::UtcOffset::UTC).format(&Rfc3339).ok());
    if let Some(text) = text {
        resource[field] = json!(text);
    }
}
