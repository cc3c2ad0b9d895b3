//! `OutlookEmail`, the older model: the message with its text, in a shape of its own.

use cortex_kernel::Provider;
use serde_json::Value;

use super::{attached, refuse_draft};
use crate::content_source::Wanted;
use crate::normalise::address::{addresses, decoded, sender};
use crate::normalise::attachment::File;
use crate::normalise::date::moment;
use crate::normalise::fields::{id, line, lines, record_id, text};
use crate::normalise::html::text_of_either;
use crate::normalise::mail::{Letter, list, message_id_field};
use crate::normalise::{Account, SetAside, ToldDocument};

/// What a record of the model `OutlookEmail` tells.
///
/// Drafts are set aside, where a script says which they are. The record is not kept as it came: all of it stands in the
/// document.
pub fn outlook_email(record: &Value, account: &Account) -> Result<ToldDocument, SetAside> {
    let record_id = record_id(record)?;
    refuse_draft(record)?;
    let sent_at = text(&record["date"]).as_deref().and_then(moment);
    let letter = Letter {
        source: Provider::Outlook.into(),
        subject: text(&record["subject"]).as_deref().map(decoded).unwrap_or_default(),
        content: text_of_either(text(&record["body"]).unwrap_or_default()),
        content_incomplete: false,
        from: text(&record["sender"]).as_deref().map(sender).unwrap_or_default(),
        to: list(&record["recipients"]).as_deref().map(addresses),
        cc: list(&record["cc"]).as_deref().map(addresses),
        labels: lines(&record["labels"]),
        thread_id: id(&record["threadId"]),
        message_id: line(&record["internetMessageId"]).or_else(|| message_id_field(record, &record_id)),
        web_link: line(&record["webLink"]),
        sent_at,
        created_at: sent_at,
        files: record["attachments"].as_array().into_iter().flatten().map(File::listed).collect(),
        has_unlisted_files: false,
        raw: None,
        missing: Wanted::OutlookMessage { id: record_id.clone() },
        attached,
        id: record_id,
    };
    Ok(letter.into_record(account))
}
