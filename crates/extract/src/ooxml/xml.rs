//! The parts, element by element.

use std::cell::Cell;
use std::io::{self, BufReader, Read};

use cortex_ingestion::ports::ExtractError;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::gathered::Gathered;
use crate::limits::MAX_XML_DEPTH;

/// A part that is read as it unpacks.
pub(super) struct Xml<'a> {
    reader: Reader<BufReader<Unpacking<'a>>>,
    buffer: Vec<u8>,
    depth: usize,
    left: &'a Cell<u64>,
}

/// Bytes as they unpack, until there are too many.
pub(super) struct Unpacking<'a> {
    source: Box<dyn Read + 'a>,
    left: &'a Cell<u64>,
}

impl<'a> Unpacking<'a> {
    pub(super) fn new(source: impl Read + 'a, left: &'a Cell<u64>) -> Self {
        Self { source: Box::new(source), left }
    }
}

impl Read for Unpacking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        match self.left.get().checked_sub(read as u64) {
            Some(left) if left > 0 => self.left.set(left),
            _ => {
                self.left.set(0);
                return Err(io::ErrorKind::QuotaExceeded.into());
            }
        }
        Ok(read)
    }
}

impl<'a> Xml<'a> {
    pub(super) fn new(source: Unpacking<'a>) -> Self {
        let left = source.left;
        let mut reader = Reader::from_reader(BufReader::with_capacity(64 << 10, source));
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, left }
    }

    /// What comes next; none at the end of the part. Elements without content begin and end like others.
    pub(super) fn next(&mut self) -> Result<Option<Event<'_>>, ExtractError> {
        self.buffer.clear();
        let event = match self.reader.read_event_into(&mut self.buffer) {
            Ok(event) => event,
            Err(_) if self.left.get() == 0 => return Err(ExtractError::ExpandsTooMuch),
            Err(_) => return Err(ExtractError::Broken),
        };
        match &event {
            Event::Start(_) => {
                self.depth += 1;
                if self.depth > MAX_XML_DEPTH {
                    return Err(ExtractError::TooDeep);
                }
            }
            Event::End(_) => self.depth = self.depth.saturating_sub(1),
            // No Office file has one. Those that define entities do it to have them multiply.
            Event::DocType(declared) if declared.contains("<!ENTITY") => return Err(ExtractError::ExpandsTooMuch),
            Event::Eof if self.depth > 0 => return Err(ExtractError::Broken),
            Event::Eof => return Ok(None),
            _ => {}
        }
        Ok(Some(event))
    }

    /// Leaves out all that is within the element that just began, and its end.
    pub(super) fn skip(&mut self) -> Result<(), ExtractError> {
        let outside = self.depth - 1;
        while self.depth > outside {
            if self.next()?.is_none() {
                return Err(ExtractError::Broken);
            }
        }
        Ok(())
    }
}

/// Whether the element has this name, in whatever namespace: files abbreviate them as they like.
pub(super) fn is_named(element: &BytesStart<'_>, name: &str) -> bool {
    element.local_name().into_inner() == name
}

/// The value of an attribute, whatever its namespace; none where there is none that can be read.
pub(super) fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let mut attributes = element.attributes();
    attributes.with_checks(false);
    let found = attributes.flatten().find(|attribute| attribute.key.local_name().into_inner() == name)?;
    found.normalized_value(quick_xml::XmlVersion::Explicit1_0).ok().map(std::borrow::Cow::into_owned)
}

/// Adds what is written between elements.
pub(super) fn push_text(event: &Event<'_>, gathered: &mut Gathered) -> Result<(), ExtractError> {
    match event {
        Event::Text(text) => gathered.push_str(&text.xml10_content()),
        Event::CData(text) => gathered.push_str(&text.xml10_content()),
        Event::GeneralRef(reference) => {
            if let Some(c) = character(reference)? {
                gathered.push(c);
            }
        }
        _ => {}
    }
    Ok(())
}

/// The character that is referred to; none for an entity that nobody defined.
fn character(reference: &quick_xml::events::BytesRef<'_>) -> Result<Option<char>, ExtractError> {
    if let Some(c) = reference.resolve_char_ref().map_err(|_| ExtractError::Broken)? {
        return Ok(Some(c));
    }
    Ok(match reference.xml10_content().as_ref() {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    })
}
