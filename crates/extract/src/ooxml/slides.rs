//! `PowerPoint`.

use cortex_ingestion::ports::ExtractError;
use quick_xml::events::Event;

use super::package::Package;
use super::xml::{Xml, attribute, push_text};
use crate::gathered::Gathered;

/// Slides in their order, each with its notes behind it.
pub(super) fn read(package: &mut Package<'_>, main: &str, gathered: &mut Gathered) -> Result<(), ExtractError> {
    let relations = package.relations(main)?;
    for id in order(package, main)? {
        if gathered.is_full() {
            break;
        }
        let Some(slide) = relations.iter().find(|relation| relation.id == id) else { continue };
        let Some(mut xml) = package.part(&slide.target)? else { return Err(ExtractError::Broken) };
        read_part(&mut xml, gathered)?;
        drop(xml);
        gathered.break_paragraph();
        for notes in package.relations(&slide.target)? {
            if notes.kind != "notesSlide" {
                continue;
            }
            if let Some(mut xml) = package.part(&notes.target)? {
                read_part(&mut xml, gathered)?;
                gathered.break_paragraph();
            }
        }
    }
    Ok(())
}

/// The ids by which the presentation refers to its slides.
fn order(package: &mut Package<'_>, main: &str) -> Result<Vec<String>, ExtractError> {
    let mut presentation = package.part(main)?.ok_or(ExtractError::Broken)?;
    let mut ids = Vec::new();
    while let Some(event) = presentation.next()? {
        let Event::Start(element) = event else { continue };
        if element.local_name().into_inner() == "sldId" {
            // It has an id of its own too, without a namespace.
            let related = element
                .attributes()
                .flatten()
                .find(|attribute| attribute.key.prefix().is_some() && attribute.key.local_name().into_inner() == "id");
            ids.extend(related.map(|related| related.value.into_owned()));
        }
    }
    Ok(ids)
}

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
                    "br" if cells == 0 => gathered.push('\n'),
                    "br" => gathered.push(' '),
                    "tc" => cells += 1,
                    // The number of the slide, and what stands there for old programs once more.
                    "fld" if attribute(&element, "type").is_some_and(|field| field == "slidenum") => xml.skip()?,
                    "Fallback" => xml.skip()?,
                    _ => {}
                }
            }
            Event::End(element) => match element.local_name().into_inner() {
                "t" => within_text = false,
                "p" if cells == 0 => gathered.break_line(),
                "p" => gathered.push(' '),
                "tc" => {
                    cells = cells.saturating_sub(1);
                    gathered.push('\t');
                }
                "tr" => gathered.break_line(),
                _ => {}
            },
            event if within_text => push_text(&event, gathered)?,
            _ => {}
        }
    }
    Ok(())
}
