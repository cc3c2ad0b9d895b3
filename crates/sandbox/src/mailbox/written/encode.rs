//! Characters to bytes to what mail servers of every age let through.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

/// RFC 2047: an encoded word has at most 75 characters; this is what is left for the text in it.
const WORD_PAYLOAD: usize = 45;

/// The text in a charset. Everything in the corpus can be written in the charset that it asks for.
pub(super) fn in_charset(text: &str, charset: &str) -> Vec<u8> {
    let encoding = Encoding::for_label(charset.as_bytes()).unwrap_or_else(|| panic!("unknown charset {charset}"));
    let (bytes, _, lossy) = encoding.encode(text);
    assert!(!lossy, "{charset} cannot hold: {text}");
    bytes.into_owned()
}

/// Base64 in lines of 76 characters.
pub(super) fn base64_lines(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / 38);
    for chunk in encoded.as_bytes().chunks(76) {
        lines.extend(chunk.iter().map(|byte| char::from(*byte)));
        lines.push_str("\r\n");
    }
    lines
}

/// Quoted-printable; lines of the text are ended by CRLF.
pub(super) fn quoted_printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + bytes.len() / 8);
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut length = 0;
        for (index, byte) in line.iter().enumerate() {
            let trailing_space = index + 1 == line.len() && matches!(byte, b' ' | b'\t');
            let plain = matches!(byte, b' ' | b'\t' | 33..=60 | 62..=126) && !trailing_space;
            let piece = if plain { char::from(*byte).to_string() } else { format!("={byte:02X}") };
            if length + piece.len() > 75 {
                text.push_str("=\r\n");
                length = 0;
            }
            length += piece.len();
            text.push_str(&piece);
        }
        text.push_str("\r\n");
    }
    text
}

/// Text of a header line: as it is, or as encoded words of RFC 2047.
pub(super) fn header_text(text: &str, charset: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for letter in text.chars() {
        word.push(letter);
        if in_charset(&word, charset).len() * 4 / 3 > WORD_PAYLOAD - 8 {
            words.push(std::mem::take(&mut word));
        }
    }
    words.push(word);
    let words = words.iter().filter(|word| !word.is_empty()).map(|word| encoded_word(word, charset));
    words.collect::<Vec<_>>().join("\r\n ")
}

/// A display name: quoted where it has to be, encoded where it is not ASCII.
pub(super) fn display_name(name: &str, charset: &str) -> String {
    if !name.is_ascii() {
        header_text(name, charset)
    } else if name.contains([',', '(', ')', '.']) {
        format!("\"{name}\"")
    } else {
        name.to_owned()
    }
}

/// Latin charsets in Q, which stays readable; everything else in B.
fn encoded_word(word: &str, charset: &str) -> String {
    let bytes = in_charset(word, charset);
    if charset.starts_with("iso-8859") || charset.starts_with("windows") {
        let quoted: String = bytes
            .iter()
            .map(|byte| match byte {
                b' ' => "_".to_owned(),
                b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(*byte).to_string(),
                other => format!("={other:02X}"),
            })
            .collect();
        format!("=?{charset}?Q?{quoted}?=")
    } else {
        format!("=?{charset}?B?{}?=", STANDARD.encode(bytes))
    }
}
