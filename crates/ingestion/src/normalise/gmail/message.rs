//! `Message`, the current model: the resource of Gmail's API.

use cortex_kernel::Provider;
use serde_json::Value;

use super::labels_of_sent;
use super::payload::{Payload, headers};
use crate::content_source::Wanted;
use crate::normalise::address::{addresses, decoded, sender};
use crate::normalise::date::{moment, moment_of_millis};
use crate::normalise::fields::{id, line, record_id, text, without_brokers_part};
use crate::normalise::html::{html_to_text, resolved};
use crate::normalise::mail::{Letter, message_id_field};
use crate::normalise::{Account, SetAside, ToldDocument};

/// What a record of the model `Message` tells, and likewise the resource of the API with its texts.
///
/// The records come without them: then the content is the beginning that Gmail calls `snippet`, and incomplete. Drafts
/// (label `DRAFT`) are set aside. The record is kept without texts, as its headers tell more than the document does.
pub fn gmail_message(record: &Value, account: &Account) -> Result<ToldDocument, SetAside> {
    let record_id = record_id(record)?;
    let labels = labels_of_sent(record)?;
    let header = |name| headers(&record["payload"], name).next();
    let list = |name| Some(headers(&record["payload"], name).collect::<Vec<_>>()).filter(|all| !all.is_empty());
    let payload = Payload::read(&record["payload"]);
    let content = whole_text(&payload);
    let sent_at = header("Date").as_deref().and_then(moment);
    let created_at = moment_of_millis(&record["internalDate"]).or(sent_at);
    let letter = Letter {
        source: Provider::Gmail.into(),
        subject: header("Subject").as_deref().map(decoded).unwrap_or_default(),
        content_incomplete: content.is_none(),
        content: content.unwrap_or_else(|| text(&record["snippet"]).as_deref().map(resolved).unwrap_or_default()),
        from: header("From").as_deref().map(sender).unwrap_or_default(),
        to: list("To").map(|all| addresses(&all.join(", "))),
        cc: list("Cc").map(|all| addresses(&all.join(", "))),
        labels,
        thread_id: id(&record["threadId"]),
        message_id: header("Message-ID").or_else(|| message_id_field(record, &record_id)),
        web_link: line(&record["webLink"]),
        sent_at: sent_at.or(created_at),
        created_at,
        has_unlisted_files: false,
        files: payload.files,
        raw: Some(without_texts(record)),
        missing: Wanted::GmailMessage { id: record_id.clone() },
        attached: |message_id, id| Wanted::GmailAttachment { message_id, id },
        id: record_id,
    };
    Ok(letter.into_record(account))
}

/// The text, by preference the plain one; none where it is not all there.
fn whole_text(payload: &Payload) -> Option<String> {
    if let Some(plain) = payload.plain.whole() {
        return Some(plain);
    }
    if let Some(html) = payload.html.whole() {
        return Some(html_to_text(&html));
    }
    payload.is_told.then(String::new).filter(|_| !payload.plain.is_missing && !payload.html.is_missing)
}

/// The record without the broker's part and without the data of its parts.
fn without_texts(record: &Value) -> Value {
    let mut record = without_brokers_part(record);
    let mut parts: Vec<&mut Value> = record.get_mut("payload").into_iter().collect();
    while let Some(part) = parts.pop() {
        if let Some(body) = part.get_mut("body").and_then(Value::as_object_mut) {
            body.remove("data");
        }
        parts.extend(part.get_mut("parts").and_then(Value::as_array_mut).into_iter().flatten());
    }
    record
}
