//! The payload of a message: headers, texts and files in a tree of parts.

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::parsers::MessageStream;
use serde_json::Value;

use crate::normalise::address::decoded;
use crate::normalise::attachment::{File, bytes, size};
use crate::normalise::base64::decode as decode_base64;
use crate::normalise::fields::{id, line, text, whole_number};

/// What stands in a payload.
#[derive(Debug, Default)]
pub(super) struct Payload {
    pub(super) plain: Text,
    pub(super) html: Text,
    pub(super) files: Vec<File>,
    /// Whether the parts are all told of. A payload may be absent, or end above its parts.
    pub(super) is_told: bool,
}

/// The texts of one kind.
#[derive(Debug, Default)]
pub(super) struct Text {
    parts: Vec<String>,
    /// Whether the text of a part is not there.
    pub(super) is_missing: bool,
}

impl Payload {
    /// Reads the parts in their order, without recursion: nobody bounds their depth.
    pub(super) fn read(payload: &Value) -> Self {
        let mut read = Self { is_told: payload.is_object(), ..Self::default() };
        let mut parts = vec![payload];
        while let Some(part) = parts.pop() {
            let mime_type = mime_type(part);
            let inner = part["parts"].as_array().filter(|_| mime_type.starts_with("multipart/"));
            match inner {
                Some(inner) => parts.extend(inner.iter().rev()),
                None => read.take_leaf(part, &mime_type),
            }
        }
        read
    }

    fn take_leaf(&mut self, part: &Value, mime_type: &str) {
        let is_attached = disposition(part).is_some_and(|disposition| disposition.starts_with("attachment"));
        let is_named = line(&part["filename"]).is_some();
        match mime_type {
            _ if !part.is_object() => {}
            multipart if multipart.starts_with("multipart/") => self.is_told = false,
            "text/plain" if !is_attached && !is_named => self.plain.take(part),
            "text/html" if !is_attached && !is_named => self.html.take(part),
            _ => self.files.push(file(part, mime_type, is_attached)),
        }
    }
}

impl Text {
    /// The texts as one; none where one is missing, or nothing is in them.
    pub(super) fn whole(&self) -> Option<String> {
        let whole = self.parts.join("\n");
        (!self.is_missing && !whole.trim().is_empty()).then_some(whole)
    }

    fn take(&mut self, part: &Value) {
        match part_text(part) {
            Some(text) => self.parts.push(text),
            None => self.is_missing = true,
        }
    }
}

/// The values of all header lines of that name, in any case.
pub(super) fn headers(part: &Value, name: &str) -> impl Iterator<Item = String> {
    let all = part["headers"].as_array().into_iter().flatten();
    let of_name = move |header: &&Value| header["name"].as_str().is_some_and(|n| n.trim().eq_ignore_ascii_case(name));
    all.filter(of_name).filter_map(|header| line(&header["value"]))
}

/// A part without a type is plain text, by RFC 2045.
fn mime_type(part: &Value) -> String {
    line(&part["mimeType"]).map_or_else(|| "text/plain".to_owned(), |mime_type| mime_type.to_lowercase())
}

fn disposition(part: &Value) -> Option<String> {
    headers(part, "Content-Disposition").next().map(|disposition| disposition.to_lowercase())
}

fn file(part: &Value, mime_type: &str, is_attached: bool) -> File {
    let is_inline = disposition(part).is_some_and(|disposition| disposition.starts_with("inline"));
    let is_referred_to = headers(part, "Content-ID").next().is_some();
    let bytes = bytes(&part["body"]["data"]);
    // Of a small file Gmail tells the data in the place of an id.
    let attachment_id = id(&part["body"]["attachmentId"]);
    File {
        is_had_with_message: attachment_id.is_none(),
        id: attachment_id.or_else(|| id(&part["partId"])),
        name: text(&part["filename"]).as_deref().map(decoded).filter(|name| !name.is_empty()),
        mime_type: Some(mime_type.to_owned()),
        size: bytes.as_ref().map(size).or_else(|| whole_number(&part["body"]["size"])),
        is_inline: is_inline || (is_referred_to && !is_attached),
        bytes,
    }
}

/// The text of a part; none where it has to be fetched.
fn part_text(part: &Value) -> Option<String> {
    let body = &part["body"];
    match body["data"].as_str() {
        Some(data) => Some(in_unicode(decode_base64(data)?, part)),
        None => (whole_number(&body["size"]) == Some(0)).then(String::new),
    }
}

/// Text in whatever charset: UTF-8 if it can be that, else the one that the part names. Charsets that switch by escapes
/// look like UTF-8 and are not.
fn in_unicode(bytes: Vec<u8>, part: &Value) -> String {
    let has_escapes = bytes.contains(&0x1b);
    match String::from_utf8(bytes) {
        Ok(text) if !has_escapes => text,
        Ok(text) => decode(text.as_bytes(), part).unwrap_or(text),
        Err(error) => {
            let bytes = error.into_bytes();
            decode(&bytes, part).unwrap_or_else(|| String::from_utf8_lossy(&bytes).into_owned())
        }
    }
}

fn decode(bytes: &[u8], part: &Value) -> Option<String> {
    let content_type = headers(part, "Content-Type").next()? + "\n";
    let parsed = MessageStream::new(content_type.as_bytes()).parse_content_type();
    let charset = parsed.as_content_type()?.attribute("charset")?;
    Some(charset_decoder(charset.as_bytes())?(bytes))
}
