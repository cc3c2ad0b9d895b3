//! Word.

use std::collections::HashSet;

use cortex_ingestion::ports::ExtractError;
use quick_xml::events::Event;

use super::package::Package;
use super::xml::{Xml, attribute, push_text};
use crate::gathered::Gathered;

/// What stands beside the text itself, in the order in which it follows here.
const BESIDE: [&str; 5] = ["footnotes", "endnotes", "comments", "header", "footer"];

pub(super) fn read(package: &mut Package<'_>, main: &str, gathered: &mut Gathered) -> Result<(), ExtractError> {
    let mut document = package.part(main)?.ok_or(ExtractError::Broken)?;
    read_part(&mut document, gathered)?;
    drop(document);
    let relations = package.relations(main)?;
    let mut told = HashSet::new();
    for kind in BESIDE {
        for relation in relations.iter().filter(|relation| relation.kind == kind) {
            if gathered.is_full() {
                return Ok(());
            }
            let Some(mut part) = package.part(&relation.target)? else { continue };
            let mut text = Gathered::default();
            read_part(&mut part, &mut text)?;
            // Sections repeat their headers.
            if let Some(text) = text.finish().filter(|text| told.insert(text.clone())) {
                gathered.break_paragraph();
                gathered.push_str(&text);
            }
        }
    }
    Ok(())
}

/// Paragraphs are lines, rows of a table too; cells stand beside each other.
fn read_part(xml: &mut Xml<'_>, gathered: &mut Gathered) -> Result<(), ExtractError> {
    let mut cells = 0_usize;
    let mut within_text = false;
    while !gathered.is_full() {
        let Some(event) = xml.next()? else { break };
        match event {
            Event::Start(element) => {
                let name = element.local_name().into_inner().to_owned();
                match name.as_str() {
                    "t" => within_text = true,
                    "tab" | "ptab" => gathered.push('\t'),
                    "br" | "cr" if cells == 0 => gathered.push('\n'),
                    "br" | "cr" => gathered.push(' '),
                    "noBreakHyphen" => gathered.push('-'),
                    "tc" => cells += 1,
                    // Tab stops, which are no tabs; what is gone; and what stands there for old programs once more.
                    "tabs" | "pPrChange" | "moveFrom" | "del" | "Fallback" => xml.skip()?,
                    "footnote" | "endnote" if attribute(&element, "type").is_some() => xml.skip()?,
                    _ => {}
                }
            }
            Event::End(element) => match element.local_name().into_inner() {
                "t" => within_text = false,
                "tc" => {
                    cells = cells.saturating_sub(1);
                    gathered.push('\t');
                }
                "p" | "tr" if cells == 0 => gathered.push('\n'),
                "p" | "tr" => gathered.push(' '),
                _ => {}
            },
            event if within_text => push_text(&event, gathered)?,
            _ => {}
        }
    }
    Ok(())
}
