//! Characters of bytes.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{CoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::gathered::Gathered;

/// How much is looked at to tell how characters are written, in bytes.
const SAMPLE: usize = 256 << 10;
/// How much is decoded at once, in bytes.
const CHUNK: usize = 16 << 10;

/// How the characters of this text are written: as its first bytes say, else as UTF-8 where it is that, else as it looks.
pub(crate) fn of(bytes: &[u8]) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    if let Some(encoding) = utf_16(bytes) {
        return encoding;
    }
    if is_mostly_utf_8(bytes) {
        return UTF_8;
    }
    let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
    let start = first.saturating_sub(SAMPLE / 2);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(&bytes[start..bytes.len().min(start + SAMPLE)], true);
    detector.guess(None, Utf8Detection::Deny)
}

/// All of it. The encoding that a byte order mark names comes first.
pub(crate) fn decode<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Cow<'a, str> {
    encoding.decode(bytes).0
}

/// As much of it as is enough.
pub(crate) fn gather(bytes: &[u8], encoding: &'static Encoding) -> Gathered {
    let mut gathered = Gathered::default();
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut text = String::with_capacity(CHUNK);
    let mut chunks = bytes.chunks(CHUNK).peekable();
    while let Some(mut chunk) = chunks.next() {
        let is_last = chunks.peek().is_none();
        loop {
            let (result, read, _) = decoder.decode_to_string(chunk, &mut text, is_last);
            chunk = &chunk[read..];
            gathered.push_str(&text);
            text.clear();
            if result == CoderResult::InputEmpty {
                break;
            }
        }
        if gathered.is_full() {
            break;
        }
    }
    gathered
}

/// Whether this is no text: too many of its characters are none that anybody writes.
pub(crate) fn is_binary(bytes: &[u8], encoding: &'static Encoding) -> bool {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let text = decode(sample, encoding);
    let (mut strange, mut all) = (0_usize, 0_usize);
    for c in text.chars() {
        all += 1;
        strange += usize::from(matches!(c, '\u{1}'..='\u{8}' | '\u{e}'..='\u{1a}' | '\u{1c}'..='\u{1f}' | '\u{fffd}'));
        // A text may have lost a few bytes; whole pages of zeros were never one.
        strange += usize::from(c == '\0');
    }
    strange * 50 > all
}

/// UTF-16 without a mark: every other byte of what is written in Latin letters is zero.
fn utf_16(bytes: &[u8]) -> Option<&'static Encoding> {
    let sample = &bytes[..bytes.len().min(4096)];
    let zeros = |at: usize| sample.iter().skip(at).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd) = (zeros(0), zeros(1));
    let half = sample.len() / 2;
    match () {
        () if half < 2 => None,
        () if odd * 10 > half * 4 && even * 20 < half => Some(UTF_16LE),
        () if even * 10 > half * 4 && odd * 20 < half => Some(UTF_16BE),
        () => None,
    }
}

/// Whether it is UTF-8 but for a few bytes, as files are that were cut or put together.
fn is_mostly_utf_8(bytes: &[u8]) -> bool {
    // What only ends too early is cut off within a character.
    if std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return true;
    }
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let mut broken = 0_usize;
    let mut long = 0_usize;
    for chunk in sample.utf8_chunks() {
        broken += usize::from(!chunk.invalid().is_empty());
        long += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
    }
    long > broken * 10
}

/// The encoding of this name, as pages tell theirs.
pub(crate) fn labelled(label: &[u8]) -> Option<&'static Encoding> {
    // What says in ASCII that it is UTF-16 is not.
    Encoding::for_label(label).filter(|encoding| *encoding != UTF_16LE && *encoding != UTF_16BE)
}
