//! `GmailEmail`, the older model: the message with its text, in a shape of its own.

use cortex_kernel::Provider;
use serde_json::Value;

use super::labels_of_sent;
use crate::content_source::Wanted;
use crate::normalise::address::{addresses, decoded, sender};
use crate::normalise::attachment::File;
use crate::normalise::date::moment;
use crate::normalise::fields::{id, line, record_id, text};
use crate::normalise::html::text_of_either;
use crate::normalise::mail::{Letter, list, message_id_field};
use crate::normalise::{Account, SetAside, ToldDocument};

/// What a record of the model `GmailEmail` tells.
///
/// Drafts (label `DRAFT`) are set aside. The record is not kept as it came: all of it stands in the document.
pub fn gmail_email(record: &Value, account: &Account) -> Result<ToldDocument, SetAside> {
    let record_id = record_id(record)?;
    let labels = labels_of_sent(record)?;
    let sent_at = text(&record["date"]).as_deref().and_then(moment);
    let letter = Letter {
        source: Provider::Gmail.into(),
        subject: text(&record["subject"]).as_deref().map(decoded).unwrap_or_default(),
        content: text_of_either(text(&record["body"]).unwrap_or_default()),
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
        has_unlisted_files: false,
        files: record["attachments"].as_array().into_iter().flatten().map(File::listed).collect(),
        raw: None,
        missing: Wanted::GmailMessage { id: record_id.clone() },
        attached: |message_id, id| Wanted::GmailAttachment { message_id, id },
        id: record_id,
    };
    Ok(letter.into_record(account))
}
