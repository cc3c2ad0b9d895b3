//! Messages out of an mbox file, one after another, never the whole file in memory.
//!
//! Both customs of quoting are undone (`>From ` of mboxo, one `>` off any number of them as in mboxrd). A line begins a
//! message only after an empty line and when it looks like a separator, because many programs do not quote at all.

use std::io::{self, BufRead, Read as _};

/// A message may be this long; Gmail and Exchange stop at less than half of it.
pub(super) const LONGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// Lines are read in pieces of at most this size, so that a file without line ends does no harm.
const PIECE: u64 = 64 * 1024;

/// Whether a file that begins like this is an mbox.
pub(super) fn begins_mbox(start: &[u8]) -> bool {
    start.starts_with(b"From ")
}

/// Hands every message of the mbox to `sink`, without separator and quoting.
pub(super) fn split(mut reader: impl BufRead, sink: &mut dyn FnMut(Vec<u8>)) -> io::Result<()> {
    let mut current = Current::default();
    let mut line = Vec::new();
    let (mut at_line_start, mut after_empty_line) = (true, true);
    loop {
        line.clear();
        if reader.by_ref().take(PIECE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if at_line_start && after_empty_line && is_separator(&line) {
            current.hand_over(sink);
            current.open = true;
        } else if at_line_start {
            current.push(unquoted(&line));
        } else {
            current.push(&line);
        }
        after_empty_line = at_line_start && matches!(line.as_slice(), b"\n" | b"\r\n");
        at_line_start = line.ends_with(b"\n");
    }
    current.hand_over(sink);
    Ok(())
}

/// The message that is being read.
#[derive(Default)]
struct Current {
    bytes: Vec<u8>,
    open: bool,
    too_long: bool,
}

impl Current {
    fn push(&mut self, piece: &[u8]) {
        if self.bytes.len() + piece.len() > LONGEST_MESSAGE {
            self.too_long = true;
            self.bytes = Vec::new();
        }
        if self.open && !self.too_long {
            self.bytes.extend_from_slice(piece);
        }
    }

    fn hand_over(&mut self, sink: &mut dyn FnMut(Vec<u8>)) {
        if self.too_long {
            tracing::warn!(limit = LONGEST_MESSAGE, "a message of the mbox is too long and is passed over");
        } else if self.open {
            sink(std::mem::take(&mut self.bytes));
        }
        *self = Self::default();
    }
}

/// `From someone@somewhere Thu Jan  1 09:30:00 2026`, in whatever form of date: a sender, and a time of day after it.
fn is_separator(line: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"From ") else { return false };
    let text = String::from_utf8_lossy(rest);
    text.split_whitespace().skip(1).any(|word| {
        let mut parts = word.split(':');
        parts.clone().count() >= 2 && parts.all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    })
}

fn unquoted(line: &[u8]) -> &[u8] {
    let depth = line.iter().take_while(|byte| **byte == b'>').count();
    if depth > 0 && line[depth..].starts_with(b"From ") { &line[1..] } else { line }
}
