//! Excel.

use cortex_ingestion::ports::ExtractError;
use quick_xml::events::{BytesStart, Event};

use super::numbers::{Epoch, Format, shown};
use super::package::Package;
use super::xml::{Xml, attribute, push_text};
use crate::gathered::Gathered;
use crate::limits::MAX_SHARED_BYTES;

/// How many columns there are in a sheet.
const MAX_COLUMNS: usize = 16_384;

/// Sheets in their order, each with its name above it; rows are lines, and tabs stand between cells. Of a formula the
/// value stands there that it had when the file was saved.
pub(super) fn read(package: &mut Package<'_>, main: &str, gathered: &mut Gathered) -> Result<(), ExtractError> {
    let relations = package.relations(main)?;
    let part = |kind: &str| relations.iter().find(|relation| relation.kind == kind).map(|found| found.target.as_str());
    let workbook = Workbook::read(package, main)?;
    let strings = match part("sharedStrings") {
        Some(name) => Shared::read(package, name)?,
        None => Shared::default(),
    };
    let formats = match part("styles") {
        Some(name) => formats(package, name)?,
        None => Vec::new(),
    };
    for (name, id) in &workbook.sheets {
        let Some(sheet) = relations.iter().find(|relation| relation.id == *id && relation.kind == "worksheet") else {
            continue;
        };
        let mut xml = package.part(&sheet.target)?.ok_or(ExtractError::Broken)?;
        let known = Known { strings: &strings, formats: &formats, epoch: workbook.epoch };
        read_sheet(&mut xml, name, &known, gathered)?;
        if gathered.is_full() {
            break;
        }
    }
    Ok(())
}

struct Workbook {
    /// Name and id of each sheet.
    sheets: Vec<(String, String)>,
    epoch: Epoch,
}

/// The strings of all cells, one behind the other, and where each ends.
#[derive(Default)]
struct Shared {
    text: String,
    ends: Vec<u32>,
}

/// What cells refer to.
struct Known<'a> {
    strings: &'a Shared,
    formats: &'a [Format],
    epoch: Epoch,
}

/// A cell that is being read.
struct Cell {
    kind: String,
    style: usize,
    value: Gathered,
}

impl Workbook {
    fn read(package: &mut Package<'_>, main: &str) -> Result<Self, ExtractError> {
        let mut xml = package.part(main)?.ok_or(ExtractError::Broken)?;
        let mut workbook = Self { sheets: Vec::new(), epoch: Epoch::Of1900 };
        while let Some(event) = xml.next()? {
            let Event::Start(element) = event else { continue };
            match element.local_name().into_inner() {
                "workbookPr" if attribute(&element, "date1904").is_some_and(|set| set == "1" || set == "true") => {
                    workbook.epoch = Epoch::Of1904;
                }
                "sheet" => {
                    let names = (attribute(&element, "name"), attribute(&element, "id"));
                    if let (Some(name), Some(id)) = names {
                        workbook.sheets.push((name, id));
                    }
                }
                _ => {}
            }
        }
        Ok(workbook)
    }
}

impl Shared {
    fn read(package: &mut Package<'_>, name: &str) -> Result<Self, ExtractError> {
        let Some(mut xml) = package.part(name)? else { return Ok(Self::default()) };
        let mut shared = Self::default();
        let mut text = Gathered::default();
        let mut within_text = false;
        while let Some(event) = xml.next()? {
            match event {
                Event::Start(element) => match element.local_name().into_inner() {
                    "t" => within_text = true,
                    // How it is pronounced.
                    "rPh" => xml.skip()?,
                    _ => {}
                },
                Event::End(element) => match element.local_name().into_inner() {
                    "t" => within_text = false,
                    "si" => {
                        shared.text.push_str(&std::mem::take(&mut text).finish().unwrap_or_default());
                        if shared.text.len() > MAX_SHARED_BYTES {
                            return Err(ExtractError::ExpandsTooMuch);
                        }
                        shared.ends.push(u32::try_from(shared.text.len()).map_err(|_| ExtractError::ExpandsTooMuch)?);
                    }
                    _ => {}
                },
                event if within_text => push_text(&event, &mut text)?,
                _ => {}
            }
        }
        Ok(shared)
    }

    fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end)
    }
}

/// How the numbers of each style are shown.
fn formats(package: &mut Package<'_>, name: &str) -> Result<Vec<Format>, ExtractError> {
    let Some(mut xml) = package.part(name)? else { return Ok(Vec::new()) };
    let mut own = Vec::new();
    let mut formats = Vec::new();
    let mut within_cells = false;
    while let Some(event) = xml.next()? {
        match event {
            Event::Start(element) => match element.local_name().into_inner() {
                "numFmt" => {
                    if let (Some(id), Some(code)) = (number(&element, "numFmtId"), attribute(&element, "formatCode")) {
                        own.push((id, Format::of_code(&code)));
                    }
                }
                "cellXfs" => within_cells = true,
                "xf" if within_cells => {
                    let id = number(&element, "numFmtId").unwrap_or_default();
                    let format = own.iter().find(|(own, _)| *own == id).map(|(_, format)| *format);
                    formats.push(format.unwrap_or_else(|| Format::built_in(id)));
                }
                _ => {}
            },
            Event::End(element) if element.local_name().into_inner() == "cellXfs" => break,
            _ => {}
        }
    }
    Ok(formats)
}

fn read_sheet(xml: &mut Xml<'_>, name: &str, known: &Known<'_>, gathered: &mut Gathered) -> Result<(), ExtractError> {
    let mut is_named = false;
    let mut column = 0;
    let mut cell: Option<Cell> = None;
    let mut within_value = false;
    while !gathered.is_full() {
        let Some(event) = xml.next()? else { break };
        match event {
            Event::Start(element) => match element.local_name().into_inner() {
                "row" => column = 0,
                "c" => {
                    let at = attribute(&element, "r").and_then(|place| column_of(&place)).unwrap_or(column);
                    for _ in column..at {
                        gathered.push('\t');
                    }
                    column = column.max(at);
                    cell = Some(Cell {
                        kind: attribute(&element, "t").unwrap_or_default(),
                        style: number(&element, "s").unwrap_or_default(),
                        value: Gathered::default(),
                    });
                }
                "v" | "t" if cell.is_some() => within_value = true,
                "rPh" => xml.skip()?,
                _ => {}
            },
            Event::End(element) => match element.local_name().into_inner() {
                "v" | "t" => within_value = false,
                "c" => {
                    if let Some(text) = cell.take().and_then(|cell| cell.finish(known)) {
                        if !is_named {
                            is_named = true;
                            gathered.break_paragraph();
                            gathered.push_str(name);
                            gathered.break_line();
                        }
                        gathered.push_str(&text);
                    }
                    gathered.push('\t');
                    column += 1;
                }
                "row" => gathered.break_line(),
                _ => {}
            },
            event if within_value => {
                if let Some(cell) = &mut cell {
                    push_text(&event, &mut cell.value)?;
                }
            }
            _ => {}
        }
    }
    Ok(())
}

impl Cell {
    fn finish(self, known: &Known<'_>) -> Option<String> {
        let value = self.value.finish()?;
        let text = match self.kind.as_str() {
            "s" => value.trim().parse().ok().and_then(|index| known.strings.get(index)).unwrap_or_default().to_owned(),
            "b" => if value.trim() == "1" { "TRUE" } else { "FALSE" }.to_owned(),
            "str" | "inlineStr" | "e" | "d" => value,
            _ => shown(value.trim(), known.formats.get(self.style).copied().unwrap_or_default(), known.epoch),
        };
        // A cell is one line here, as lines are rows.
        let text =
            text.split(['\n', '\t']).map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }
}

fn number(element: &BytesStart<'_>, name: &str) -> Option<usize> {
    attribute(element, name)?.trim().parse().ok()
}

/// The column of a place like `AB12`, the first of which is 0.
fn column_of(place: &str) -> Option<usize> {
    let letters = place.bytes().take_while(u8::is_ascii_alphabetic);
    let column =
        letters.take(4).fold(0_usize, |sum, letter| sum * 26 + usize::from(letter.to_ascii_uppercase() - b'@'));
    column.checked_sub(1).filter(|column| *column < MAX_COLUMNS)
}
