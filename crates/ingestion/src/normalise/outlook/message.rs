//! `Message`, the current model: Graph's resource.

use std::collections::HashSet;

use cortex_kernel::{Email, Provider};
use serde_json::Value;

use super::{attached, refuse_draft};
use crate::content_source::Wanted;
use crate::normalise::address::{Correspondent, decoded};
use crate::normalise::attachment::{File, bytes, size};
use crate::normalise::date::moment;
use crate::normalise::fields::{id, is_true, line, record_id, text, whole_number, without_brokers_part};
use crate::normalise::html::{html_to_text, text_of_either};
use crate::normalise::mail::Letter;
use crate::normalise::{Account, SetAside, ToldDocument};

/// What a record of the model `Message` tells, and likewise Graph's resource with its body and the list of its files.
///
/// The records come without both: then the content is the beginning that Graph calls `bodyPreview`, and incomplete.
/// Drafts are set aside. The record is kept without texts and bytes, as it tells more than the document does.
pub fn outlook_message(record: &Value, account: &Account) -> Result<ToldDocument, SetAside> {
    let record_id = record_id(record)?;
    refuse_draft(record)?;
    let content = whole_text(&record["body"]);
    let sent_at = date(&record["sentDateTime"]);
    let created_at = date(&record["receivedDateTime"]).or(sent_at);
    let listed = record["attachments"].as_array();
    let from = [&record["from"], &record["sender"]].map(correspondent);
    let letter = Letter {
        source: Provider::Outlook.into(),
        subject: text(&record["subject"]).as_deref().map(decoded).unwrap_or_default(),
        content_incomplete: content.is_none(),
        content: content.unwrap_or_else(|| text(&record["bodyPreview"]).unwrap_or_default()),
        from: from.into_iter().find(|from| *from != Correspondent::default()).unwrap_or_default(),
        to: recipients(&record["toRecipients"]),
        cc: recipients(&record["ccRecipients"]),
        labels: None,
        thread_id: id(&record["conversationId"]),
        message_id: line(&record["internetMessageId"]),
        web_link: line(&record["webLink"]),
        sent_at: sent_at.or(created_at),
        created_at,
        files: listed.into_iter().flatten().map(file).collect(),
        has_unlisted_files: listed.is_none() && is_true(&record["hasAttachments"]),
        raw: Some(without_texts(record)),
        missing: Wanted::OutlookMessage { id: record_id.clone() },
        attached,
        id: record_id,
    };
    Ok(letter.into_record(account))
}

fn date(value: &Value) -> Option<time::OffsetDateTime> {
    text(value).as_deref().and_then(moment)
}

/// The text of a body; none where there is no body.
fn whole_text(body: &Value) -> Option<String> {
    let content = body["content"].as_str()?;
    match line(&body["contentType"]).map(|kind| kind.to_lowercase()).as_deref() {
        Some("html") => Some(html_to_text(content)),
        Some("text") => Some(content.to_owned()),
        _ => Some(text_of_either(content.to_owned())),
    }
}

/// Graph tells names and addresses apart. An address may be none of this world's: Exchange has others.
fn correspondent(somebody: &Value) -> Correspondent {
    let written = &somebody["emailAddress"];
    let address = line(&written["address"]).and_then(|address| address.parse::<Email>().ok());
    let address = address.map(|address| address.folded());
    let name = line(&written["name"]).map(|name| decoded(&name));
    Correspondent { name: name.filter(|name| address.as_ref() != Some(&name.to_lowercase())), address }
}

/// The addresses in a list, each once; none where there is no list.
fn recipients(list: &Value) -> Option<Vec<String>> {
    let mut seen = HashSet::new();
    let addresses = list.as_array()?.iter().filter_map(|somebody| correspondent(somebody).address);
    Some(addresses.filter(|address| seen.insert(address.clone())).collect())
}

/// A file as Graph lists it. An item (a message, an appointment, a contact) that came with the message is a file too:
/// Graph hands it over as text. A reference is only a link to a file that lies elsewhere: it has no bytes here, and so
/// no id by which they could be had.
fn file(file: &Value) -> File {
    let kind = line(&file["@odata.type"]).unwrap_or_default();
    let is_reference = kind.ends_with("referenceAttachment");
    let bytes = bytes(&file["contentBytes"]);
    File {
        id: id(&file["id"]).filter(|_| !is_reference),
        name: line(&file["name"]).map(|name| decoded(&name)),
        mime_type: line(&file["contentType"]).map(|mime_type| mime_type.to_lowercase()),
        size: bytes.as_ref().map(size).or_else(|| whole_number(&file["size"])),
        is_inline: is_true(&file["isInline"]),
        bytes,
        is_had_with_message: false,
    }
}

/// The record without the broker's part, its body and the bytes of its files.
fn without_texts(record: &Value) -> Value {
    let mut record = without_brokers_part(record);
    if let Some(fields) = record.as_object_mut() {
        fields.remove("body");
        fields.remove("uniqueBody");
    }
    let files = record.get_mut("attachments").and_then(Value::as_array_mut);
    for file in files.into_iter().flatten().filter_map(Value::as_object_mut) {
        file.remove("contentBytes");
    }
    record
}
