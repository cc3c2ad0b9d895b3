//! A letter as the bytes that go over the wire.

use time::OffsetDateTime;
use time::macros::format_description;

use super::attach::File;
use super::encode::{base64_lines, display_name, header_text, in_charset, quoted_printable};
use super::letter::{Form, Letter};
use super::{Person, html};

/// The whole message.
pub(super) fn render(letter: &Letter) -> Vec<u8> {
    let mut bytes = headers(letter).into_bytes();
    bytes.extend(whole_body(letter).bytes());
    bytes
}

/// A body, or a part of one: its own header lines and its content.
struct Part {
    headers: String,
    content: Vec<u8>,
}

impl Part {
    fn bytes(self) -> Vec<u8> {
        let mut bytes = self.headers.into_bytes();
        bytes.extend_from_slice(b"\r\n");
        bytes.extend(self.content);
        bytes
    }

    fn multipart(kind: &str, boundary: &str, parts: Vec<Self>) -> Self {
        let mut content = Vec::new();
        for part in parts {
            content.extend(format!("--{boundary}\r\n").into_bytes());
            content.extend(part.bytes());
            content.extend_from_slice(b"\r\n");
        }
        content.extend(format!("--{boundary}--\r\n").into_bytes());
        Self { headers: format!("Content-Type: multipart/{kind};\r\n boundary=\"{boundary}\"\r\n"), content }
    }
}

fn headers(letter: &Letter) -> String {
    let received = format!(
        "from mail.{from} (mail.{from} [192.0.2.25])\r\n by mx.{to} with ESMTPS id {id};\r\n {at}",
        from = letter.from.domain(),
        to = letter.to.first().map_or("undisclosed.example", |person| person.domain()),
        id = &letter.token[..10],
        at = full(letter.at + time::Duration::seconds(4)),
    );
    let charset = letter.charset.as_str();
    let list = |people: &[&Person]| (!people.is_empty()).then(|| addresses(people, charset));
    let bracketed = |id: &String| format!("<{id}>");
    let references: Vec<String> = letter.references.iter().map(bracketed).collect();
    let lines = [
        ("Received", Some(received)),
        ("Date", date(letter)),
        ("From", list(&[letter.from])),
        ("To", list(&letter.to)),
        ("Cc", list(&letter.cc)),
        ("Bcc", list(&letter.bcc)),
        ("Subject", Some(header_text(&letter.subject, charset))),
        ("Message-ID", letter.message_id.as_ref().map(bracketed)),
        ("In-Reply-To", references.last().cloned()),
        ("References", (!references.is_empty()).then(|| references.join("\r\n "))),
        ("Importance", letter.importance.clone()),
        ("MIME-Version", Some("1.0".to_owned())),
    ];
    lines.into_iter().filter_map(|(name, value)| Some(format!("{name}: {}\r\n", value?))).collect()
}

/// The Date line, in every form that people's mail has.
fn date(letter: &Letter) -> Option<String> {
    let at = letter.at;
    let without_zone = |at: OffsetDateTime| {
        let form = format_description!(
            "[weekday repr:short], [day padding:none] [month repr:short] [year] [hour]:[minute]:[second]"
        );
        at.format(form).expect("every moment has these parts")
    };
    Some(match letter.date_form.as_str() {
        "full" => full(at),
        "no-weekday" => full(at).split_once(", ").map_or_else(String::new, |(_, rest)| rest.to_owned()),
        "no-seconds" => {
            let form = format_description!(
                "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute] [offset_hour sign:mandatory][offset_minute]"
            );
            at.format(form).expect("every moment has these parts")
        }
        "comment" => format!("{} (CET)", full(at)),
        "est" => format!("{} EST", without_zone(at.to_offset(time::macros::offset!(-5)))),
        "gmt" => format!("{} GMT", without_zone(at.to_offset(time::UtcOffset::UTC))),
        "unreadable" => "on the Tuesday after the fair".to_owned(),
        "missing" => return None,
        other => panic!("no form of date {other}"),
    })
}

fn full(at: OffsetDateTime) -> String {
    let form = format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] [offset_hour sign:mandatory][offset_minute]"
    );
    at.format(form).expect("every moment has these parts")
}

/// One address a line, as longer lists are folded.
fn addresses(list: &[&Person], charset: &str) -> String {
    let charset = if list.iter().all(|person| fits(person.name, charset)) { charset } else { "utf-8" };
    let all: Vec<String> =
        list.iter().map(|person| format!("{} <{}>", display_name(person.name, charset), person.address)).collect();
    all.join(",\r\n ")
}

fn fits(name: &str, charset: &str) -> bool {
    encoding_rs::Encoding::for_label(charset.as_bytes()).is_some_and(|encoding| !encoding.encode(name).2)
}

fn whole_body(letter: &Letter) -> Part {
    let boundary = |name: &str| format!("={name}_{}", &letter.token[..12]);
    let (inline, beside): (Vec<&File>, Vec<&File>) = letter.files.iter().partition(|file| file.inline());

    let text = |subtype: &str, content: &str| text_part(letter, subtype, content);
    let mut body = match letter.form {
        Form::Text => text("plain", &letter.body),
        Form::Html => text("html", &html::document(&letter.body, &inline)),
        Form::Both => {
            let parts = vec![text("plain", &letter.body), text("html", &html::document(&letter.body, &inline))];
            Part::multipart("alternative", &boundary("alt"), parts)
        }
    };
    for (kind, files) in [("related", inline), ("mixed", beside)] {
        if !files.is_empty() {
            let parts = std::iter::once(body).chain(files.into_iter().map(file_part)).collect();
            body = Part::multipart(kind, &boundary(kind), parts);
        }
    }
    body
}

fn text_part(letter: &Letter, subtype: &str, content: &str) -> Part {
    let charset = letter.charset.as_str();
    let bytes = in_charset(&content.replace('\n', "\r\n"), charset);
    let encoding = letter.encoding.as_deref().unwrap_or_else(|| fitting_encoding(&bytes));
    let content = match encoding {
        "7bit" | "8bit" => bytes.into_iter().chain(*b"\r\n").collect(),
        "quoted-printable" => quoted_printable(&bytes).into_bytes(),
        "base64" => base64_lines(&bytes).into_bytes(),
        other => panic!("no encoding {other}"),
    };
    let headers =
        format!("Content-Type: text/{subtype}; charset=\"{charset}\"\r\nContent-Transfer-Encoding: {encoding}\r\n");
    Part { headers, content }
}

fn fitting_encoding(bytes: &[u8]) -> &'static str {
    let long_line = bytes.split(|byte| *byte == b'\n').any(|line| line.len() > 900);
    if bytes.is_ascii() && !long_line { "7bit" } else { "quoted-printable" }
}

fn file_part(file: &File) -> Part {
    let disposition = if file.inline() { "inline" } else { "attachment" };
    let name = header_text(&file.name, "utf-8");
    let content_id = file.content_id.as_ref().map(|id| format!("Content-ID: <{id}>\r\n")).unwrap_or_default();
    let headers = format!(
        "Content-Type: {};\r\n name=\"{name}\"\r\nContent-Disposition: {disposition};\r\n filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n{content_id}",
        file.mime
    );
    Part { headers, content: base64_lines(&file.bytes).into_bytes() }
}
