//! Messages with a header, by RFC 5322, and what is attached to them.

use std::borrow::Cow;
use std::collections::HashSet;

use bytes::Bytes;
use cortex_ingestion::model::{Extracted, ExtractedMail, ExtractedPart, FileType};
use cortex_ingestion::normalise::html_to_text;
use cortex_ingestion::ports::ExtractError;
use cortex_kernel::Email;
use mail_parser::{Address, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use time::OffsetDateTime;

use crate::gathered::Gathered;
use crate::limits::{MAX_MIME_DEPTH, MAX_PART_BYTES, MAX_PARTS};

/// The body as text, the plain one where there are several, and the files that come along.
pub(crate) fn read(bytes: &Bytes) -> Result<Extracted, ExtractError> {
    let message = MessageParser::default().parse(bytes.as_ref()).ok_or(ExtractError::Broken)?;
    if is_too_deep(&message) {
        // What stands that deep within each other goes down one within another: the stack may be too small for it.
        std::mem::forget(message);
        return Err(ExtractError::TooDeep);
    }
    if is_encrypted(&message) {
        return Err(ExtractError::Encrypted);
    }
    let title = message.subject().map(in_one_line).filter(|subject| !subject.is_empty());
    let mail = head(&message);
    let body = body(&message);
    let parts = parts(message, bytes)?;
    let text = match body {
        Some(text) => text,
        // Somebody sends files and writes nothing: they are what it says.
        None => title.clone().or_else(|| names(&parts)).ok_or(ExtractError::WithoutText)?,
    };
    Ok(Extracted { file_type: FileType::Eml, title, text, mail: Some(mail), parts })
}

/// Whether messages stand within messages, or parts within parts, deeper than anybody forwards.
fn is_too_deep(message: &Message<'_>) -> bool {
    let mut waiting = vec![(message, 0_usize)];
    while let Some((message, depth)) = waiting.pop() {
        if depth > MAX_MIME_DEPTH {
            return true;
        }
        let mut depths = vec![depth; message.parts.len()];
        // A part comes before those within it.
        for (at, part) in message.parts.iter().enumerate() {
            if depths[at] > MAX_MIME_DEPTH {
                return true;
            }
            match &part.body {
                PartType::Multipart(within) => {
                    let deeper = depths[at] + 1;
                    for inner in within.iter().filter_map(|id| usize::try_from(*id).ok()).filter(|id| *id > at) {
                        if let Some(inner) = depths.get_mut(inner) {
                            *inner = deeper;
                        }
                    }
                }
                PartType::Message(inner) => waiting.push((inner, depths[at] + 1)),
                PartType::Text(_) | PartType::Html(_) | PartType::Binary(_) | PartType::InlineBinary(_) => {}
            }
        }
    }
    false
}

/// By PGP or S/MIME. What is only signed is not.
fn is_encrypted(message: &Message<'_>) -> bool {
    let Some(content_type) = message.content_type() else { return false };
    let subtype = content_type.subtype().unwrap_or_default().to_ascii_lowercase();
    match content_type.ctype().to_ascii_lowercase().as_str() {
        "multipart" => subtype == "encrypted",
        "application" => {
            let kind = content_type.attribute("smime-type").unwrap_or_default();
            matches!(subtype.as_str(), "pkcs7-mime" | "x-pkcs7-mime") && !kind.eq_ignore_ascii_case("signed-data")
        }
        _ => false,
    }
}

fn head(message: &Message<'_>) -> ExtractedMail {
    let sender = message.from().and_then(Address::first);
    let sent_at = message.date().filter(|date| date.is_valid()).map(mail_parser::DateTime::to_timestamp);
    ExtractedMail {
        sender_name: sender.and_then(|sender| sender.name()).map(in_one_line).filter(|name| !name.is_empty()),
        sender_address: sender.and_then(|sender| sender.address()).and_then(folded),
        to_addresses: addresses(message.to()),
        cc_addresses: addresses(message.cc()),
        sent_at: sent_at.and_then(|at| OffsetDateTime::from_unix_timestamp(at).ok()),
        message_id: message.message_id().map(in_one_line).filter(|id| !id.is_empty()),
    }
}

fn addresses(addresses: Option<&Address<'_>>) -> Vec<String> {
    let mut seen = HashSet::new();
    let all = addresses.into_iter().flat_map(Address::iter).filter_map(|address| address.address());
    all.filter_map(folded).filter(|address| seen.insert(address.clone())).collect()
}

fn folded(address: &str) -> Option<String> {
    address.parse::<Email>().ok().map(|address| address.folded())
}

/// Names come folded over lines.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn body(message: &Message<'_>) -> Option<String> {
    gather(message.text_bodies()).or_else(|| gather(message.html_bodies()))
}

fn gather<'a>(parts: impl Iterator<Item = &'a MessagePart<'a>>) -> Option<String> {
    let mut gathered = Gathered::default();
    for part in parts {
        let text = match &part.body {
            PartType::Text(text) => Cow::Borrowed(text.as_ref()),
            PartType::Html(html) => Cow::Owned(html_to_text(html)),
            PartType::Binary(_) | PartType::InlineBinary(_) | PartType::Message(_) | PartType::Multipart(_) => continue,
        };
        gathered.break_paragraph();
        gathered.push_str(&text);
    }
    gathered.finish()
}

fn parts(message: Message<'_>, whole: &Bytes) -> Result<Vec<ExtractedPart>, ExtractError> {
    let attached: HashSet<u32> = message.attachments.iter().copied().collect();
    if attached.len() > MAX_PARTS {
        return Err(ExtractError::ExpandsTooMuch);
    }
    let mut parts = Vec::new();
    let mut all = 0_u64;
    for (id, part) in (0_u32..).zip(message.parts) {
        if !attached.contains(&id) {
            continue;
        }
        let name = part.attachment_name().map(in_one_line).filter(|name| !name.is_empty());
        let mime_type = part.content_type().map(|content_type| match content_type.subtype() {
            Some(subtype) => format!("{}/{subtype}", content_type.ctype()).to_ascii_lowercase(),
            None => content_type.ctype().to_ascii_lowercase(),
        });
        let bytes = match part.body {
            PartType::Text(text) | PartType::Html(text) => match text {
                Cow::Borrowed(text) => whole.slice_ref(text.as_bytes()),
                Cow::Owned(text) => Bytes::from(text),
            },
            PartType::Binary(bytes) | PartType::InlineBinary(bytes) => match bytes {
                Cow::Borrowed(bytes) => whole.slice_ref(bytes),
                Cow::Owned(bytes) => Bytes::from(bytes),
            },
            PartType::Message(inner) => Bytes::copy_from_slice(inner.raw_message()),
            PartType::Multipart(_) => continue,
        };
        if bytes.is_empty() {
            continue;
        }
        all += bytes.len() as u64;
        if all > MAX_PART_BYTES {
            return Err(ExtractError::ExpandsTooMuch);
        }
        parts.push(ExtractedPart { name, mime_type, bytes });
    }
    Ok(parts)
}

fn names(parts: &[ExtractedPart]) -> Option<String> {
    let names: Vec<&str> = parts.iter().filter_map(|part| part.name.as_deref().or(part.mime_type.as_deref())).collect();
    (!names.is_empty()).then(|| names.join("\n"))
}
