//! One message: its bytes, and what is asked of them often.

use mail_parser::parsers::MessageStream;
use mail_parser::{Addr, Address, DateTime, HeaderForm, HeaderValue, MessageParser, MimeHeaders, PartType};
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::hex;

/// A message as it went over the wire, with the few facts that are asked for often.
#[derive(Debug, Clone)]
pub struct Message {
    /// 16 lower-case hexadecimal digits, a digest of `raw`.
    pub id: String,
    /// The `id` of the oldest message of the thread.
    pub thread_id: String,
    /// `Message-ID` without angle brackets.
    pub message_id: Option<String>,
    /// The sender as people read it: `Name <a@b>`.
    pub from: String,
    /// The sender's address alone, lower case.
    pub from_address: String,
    /// Addresses of `To`, lower case.
    pub to: Vec<String>,
    /// Addresses of `Cc`, lower case.
    pub cc: Vec<String>,
    /// Addresses of `Bcc`, lower case: only the sender's own copy has them.
    pub bcc: Vec<String>,
    /// The subject, decoded; empty where there is none.
    pub subject: String,
    /// `Date`, where it can be read.
    pub date: Option<OffsetDateTime>,
    /// When the last server took the message over, by its `Received` line.
    pub received: Option<OffsetDateTime>,
    /// `X-Gmail-Labels` of Google Takeout, as the mailbox's owner sees them.
    pub labels: Vec<String>,
    /// The whole message, RFC 5322, lines ended by CRLF.
    pub raw: Vec<u8>,
    pub(super) references: Vec<String>,
    pub(super) takeout_thread: Option<String>,
}

/// A file that came with a message.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// 16 lower-case hexadecimal digits, unique within the message.
    pub id: String,
    /// The name that the sender gave it; made up from its kind where he gave none.
    pub filename: String,
    /// Media type, for example `application/pdf`.
    pub mime: String,
    /// `Content-ID` without angle brackets.
    pub content_id: Option<String>,
    /// Shown inside the text (an image, mostly) and not beside it.
    pub inline: bool,
    /// The content, decoded.
    pub bytes: Vec<u8>,
}

impl Message {
    /// When it arrived: by the last server, else by the sender's clock.
    #[must_use]
    pub fn arrived(&self) -> Option<OffsetDateTime> {
        self.received.or(self.date)
    }

    /// Whether the person with that address sent it or got it.
    #[must_use]
    pub fn concerns(&self, address: &str) -> bool {
        let address = address.to_lowercase();
        self.from_address == address || [&self.to, &self.cc, &self.bcc].iter().any(|list| list.contains(&address))
    }

    /// The text as the sender wrote it; none where there is HTML only, or nothing.
    #[must_use]
    pub fn body_text(&self) -> Option<String> {
        let parsed = self.parsed();
        let texts = parsed.text_bodies().filter_map(|part| match &part.body {
            PartType::Text(text) => Some(text.as_ref()),
            _ => None,
        });
        joined(texts)
    }

    /// The HTML as the sender wrote it; none where there is text only, or nothing.
    #[must_use]
    pub fn body_html(&self) -> Option<String> {
        let parsed = self.parsed();
        let texts = parsed.html_bodies().filter_map(|part| match &part.body {
            PartType::Html(html) => Some(html.as_ref()),
            _ => None,
        });
        joined(texts)
    }

    /// The files that came with it, in their order.
    #[must_use]
    pub fn attachments(&self) -> Vec<Attachment> {
        let parsed = self.parsed();
        parsed
            .attachments()
            .enumerate()
            .map(|(index, part)| {
                let mime = part.content_type().map_or_else(
                    || if part.is_message() { "message/rfc822".into() } else { "application/octet-stream".into() },
                    |kind| format!("{}/{}", kind.ctype(), kind.subtype().unwrap_or("octet-stream")).to_lowercase(),
                );
                let content_id = part.content_id().map(ToOwned::to_owned);
                let declared_inline = part.content_disposition().is_some_and(mail_parser::ContentType::is_inline);
                Attachment {
                    id: own_id(&self.id, &index.to_string()),
                    filename: part.attachment_name().map_or_else(|| unnamed(index, &mime), ToOwned::to_owned),
                    inline: declared_inline || (content_id.is_some() && mime.starts_with("image/")),
                    bytes: part.contents().to_vec(),
                    content_id,
                    mime,
                }
            })
            .collect()
    }

    /// The message that these bytes are; none where they have no header line at all.
    pub(super) fn read(raw: &[u8]) -> Option<Self> {
        let raw = with_crlf(raw);
        let parsed = MessageParser::default().parse_headers(&raw)?;
        if parsed.headers().is_empty() {
            return None;
        }
        let sender = parsed.from().or_else(|| parsed.sender()).and_then(Address::first);
        let id = short_digest(&raw);
        let references = [parsed.references(), parsed.in_reply_to()].into_iter().flat_map(ids_of).collect();
        let (from, from_address) = (sender.map(spelled).unwrap_or_default(), sender.map(lower).unwrap_or_default());
        let addresses = |list: Option<&Address<'_>>| list.map(|list| list.iter().map(lower).collect());
        let message = Self {
            thread_id: id.clone(),
            message_id: parsed.message_id().map(ToOwned::to_owned),
            from,
            from_address,
            to: addresses(parsed.to()).unwrap_or_default(),
            cc: addresses(parsed.cc()).unwrap_or_default(),
            bcc: addresses(parsed.bcc()).unwrap_or_default(),
            subject: parsed.subject().unwrap_or_default().to_owned(),
            date: parsed.date().and_then(moment),
            received: parsed.received().and_then(mail_parser::Received::date).as_ref().and_then(moment),
            labels: list_of(&parsed, "X-Gmail-Labels"),
            takeout_thread: list_of(&parsed, "X-GM-THRID").pop(),
            references,
            id,
            raw: Vec::new(),
        };
        Some(Self { raw, ..message })
    }

    /// The message taken apart.
    pub(super) fn parsed(&self) -> mail_parser::Message<'_> {
        MessageParser::default().parse(&self.raw).unwrap_or_default()
    }

    /// Every header line of the message in its order: name, and the value unfolded and decoded.
    pub(super) fn headers(&self) -> Vec<(String, String)> {
        let Some(parsed) = MessageParser::default().parse_headers(&self.raw) else { return Vec::new() };
        let line = |header: &mail_parser::Header<'_>| {
            let raw = &self.raw[header.offset_start() as usize..header.offset_end() as usize];
            let value = MessageStream::new(raw).parse_unstructured().into_text().unwrap_or_default();
            (header.name().to_owned(), value.trim().to_owned())
        };
        parsed.headers().iter().map(line).collect()
    }

    /// The value of the first header line of that name, unfolded and decoded.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.headers().into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// An id that is derived from two others.
pub(super) fn own_id(scope: &str, id: &str) -> String {
    short_digest(format!("{}\n{id}", scope.to_lowercase()).as_bytes())
}

/// The address as people read it: `Name <a@b>`, the name quoted where it has to be.
pub(super) fn spelled(addr: &Addr<'_>) -> String {
    let address = addr.address().unwrap_or_default();
    match addr.name().filter(|name| !name.is_empty()) {
        None => address.to_owned(),
        Some(name) if name.contains([',', ';', '<', '>', '@', '(', ')', '"', ':', '\\']) => {
            format!("\"{}\" <{address}>", name.replace('\\', "\\\\").replace('"', "\\\""))
        }
        Some(name) => format!("{name} <{address}>"),
    }
}

fn lower(addr: &Addr<'_>) -> String {
    addr.address().unwrap_or_default().to_lowercase()
}

fn joined<'x>(texts: impl Iterator<Item = &'x str>) -> Option<String> {
    texts.map(ToOwned::to_owned).reduce(|all, next| all + "\r\n" + &next)
}

fn unnamed(index: usize, mime: &str) -> String {
    let ending = match mime {
        "message/rfc822" => "eml",
        "text/plain" => "txt",
        other => other.rsplit('/').next().unwrap_or("bin"),
    };
    format!("attachment-{}.{ending}", index + 1)
}

fn moment(date: &DateTime) -> Option<OffsetDateTime> {
    date.is_valid().then(|| OffsetDateTime::from_unix_timestamp(date.to_timestamp()).ok()).flatten()
}

fn ids_of(value: &HeaderValue<'_>) -> Vec<String> {
    match value {
        HeaderValue::Text(id) => vec![id.to_string()],
        HeaderValue::TextList(ids) => ids.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// A comma list in a header line that the parser knows nothing of.
fn list_of(parsed: &mail_parser::Message<'_>, name: &'static str) -> Vec<String> {
    let values = parsed.header_as(name, HeaderForm::Text);
    let text = values.first().and_then(HeaderValue::as_text).unwrap_or_default();
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(ToOwned::to_owned).collect()
}

/// The same message is the same bytes, whether it comes from an mbox (lines ended by LF) or from the wire.
fn with_crlf(raw: &[u8]) -> Vec<u8> {
    let end = raw.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
    let mut lines = Vec::with_capacity(raw.len() + raw.len() / 32);
    for line in raw[..end].split(|byte| *byte == b'\n') {
        lines.extend_from_slice(line.strip_suffix(b"\r").unwrap_or(line));
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

fn short_digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes)[..8])
}
