//! `GmailEmail`, the older model: the message with its text, in a shape of its own.

use cortex_kernel::Provider;
use serde_json::Value;

use super::{labels_of_sent, message_id_field};
use crate::content_source::Wanted;
use crate::normalise::address::{addresses, decoded, sender};
use crate::normalise::attachment::File;
use crate::normalise::date::moment;
use crate::normalise::fields::{id, line, lines, record_id, text, whole_number};
use crate::normalise::html::{html_to_text, is_html};
use crate::normalise::mail::Letter;
use crate::normalise::{Account, SetAside, ToldDocument};

/// What a record of the model `GmailEmail` tells.
///
/// Drafts (label `DRAFT`) are set aside. The record is not kept as it came: all of it stands in the document.
pub fn gmail_email(record: &Value, account: &Account) -> Result<ToldDocument, SetAside> {
    let record_id = record_id(record)?;
    let labels = labels_of_sent(record)?;
    let body = text(&record["body"]).unwrap_or_default();
    let sent_at = text(&record["date"]).as_deref().and_then(moment);
    let letter = Letter {
        source: Provider::Gmail.into(),
        subject: text(&record["subject"]).as_deref().map(decoded).unwrap_or_default(),
        content: if is_html(&body) { html_to_text(&body) } else { body },
        content_incomplete: false,
        from: text(&record["sender"]).as_deref().map(sender).unwrap_or_default(),
        to: list(&record["recipients"]).as_deref().map(addresses),
        cc: list(&record["cc"]).as_deref().map(addresses),
        labels,
        thread_id: id(&record["threadId"]),
        message_id: message_id_field(record, &record_id),
        web_link: line(&record["webLink"]),
        sent_at,
        created_at: sent_at,
        files: record["attachments"].as_array().into_iter().flatten().map(file).collect(),
        raw: None,
        missing: Wanted::GmailMessage { id: record_id.clone() },
        attached: |message_id, id| Wanted::GmailAttachment { message_id, id },
        id: record_id,
    };
    Ok(letter.into_record(account))
}

/// One text of correspondents; a list of them is joined to one.
fn list(value: &Value) -> Option<String> {
    text(value).or_else(|| lines(value).map(|lines| lines.join(", ")))
}

/// The model does not say which files stand within the text, unless a script adds it. Small images mostly do, so that
/// what is not said to be beside the text counts as within.
fn file(file: &Value) -> File {
    File {
        id: id(&file["attachmentId"]),
        name: text(&file["filename"]).as_deref().map(decoded).filter(|name| !name.is_empty()),
        mime_type: line(&file["mimeType"]).map(|mime_type| mime_type.to_lowercase()),
        size: whole_number(&file["size"]),
        is_inline: file["isInline"].as_bool().unwrap_or(true),
        bytes: None,
    }
}
