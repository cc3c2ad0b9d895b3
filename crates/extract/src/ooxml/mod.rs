//! Office files since 2007: parts of XML in a zip.

mod numbers;
mod package;
mod sheets;
mod slides;
mod words;
mod xml;

use cortex_ingestion::model::{Extracted, FileType};
use cortex_ingestion::ports::ExtractError;
use quick_xml::events::Event;

use self::package::Package;
use self::xml::{attribute, is_named};
use crate::gathered::Gathered;

/// Types of main parts, as they are in every flavour: documents, templates, with macros and without.
const MAIN: &[(&str, FileType)] = &[
    ("wordprocessingml.document.main+xml", FileType::Docx),
    ("wordprocessingml.template.main+xml", FileType::Docx),
    ("ms-word.document.macroenabled.main+xml", FileType::Docx),
    ("ms-word.template.macroenabledtemplate.main+xml", FileType::Docx),
    ("presentationml.presentation.main+xml", FileType::Pptx),
    ("presentationml.slideshow.main+xml", FileType::Pptx),
    ("presentationml.template.main+xml", FileType::Pptx),
    ("ms-powerpoint.presentation.macroenabled.main+xml", FileType::Pptx),
    ("ms-powerpoint.slideshow.macroenabled.main+xml", FileType::Pptx),
    ("spreadsheetml.sheet.main+xml", FileType::Xlsx),
    ("spreadsheetml.template.main+xml", FileType::Xlsx),
    ("ms-excel.sheet.macroenabled.main+xml", FileType::Xlsx),
    ("ms-excel.template.macroenabled.main+xml", FileType::Xlsx),
];

/// The longest media type that is told of a zip that is something else.
const MAX_TYPE: usize = 100;

/// The text of an Office file. What else comes in a zip is told by its media type, if it says one.
pub(crate) fn read(bytes: &[u8]) -> Result<Extracted, ExtractError> {
    let mut package = Package::open(bytes)?;
    let Some(file_type) = main_type(&mut package)? else {
        return Err(ExtractError::Unsupported { found: other_type(&mut package)? });
    };
    let mut gathered = Gathered::default();
    let main = package.main_part()?;
    match file_type {
        FileType::Docx => words::read(&mut package, &main, &mut gathered)?,
        FileType::Pptx => slides::read(&mut package, &main, &mut gathered)?,
        _ => sheets::read(&mut package, &main, &mut gathered)?,
    }
    let text = gathered.finish().ok_or(ExtractError::WithoutText)?;
    // The properties are no reason to lose the text.
    let title = title(&mut package).unwrap_or_default();
    Ok(Extracted { file_type, title, text, mail: None, parts: Vec::new() })
}

fn main_type(package: &mut Package<'_>) -> Result<Option<FileType>, ExtractError> {
    let Some(mut types) = package.part("[Content_Types].xml")? else { return Ok(None) };
    while let Some(event) = types.next()? {
        let Event::Start(element) = event else { continue };
        let Some(content_type) = attribute(&element, "ContentType") else { continue };
        let content_type = content_type.to_ascii_lowercase();
        if let Some((_, file_type)) = MAIN.iter().find(|(name, _)| content_type.ends_with(name)) {
            return Ok(Some(*file_type));
        }
    }
    Ok(None)
}

/// Formats that are not Office's say what they are in a member of this name.
fn other_type(package: &mut Package<'_>) -> Result<String, ExtractError> {
    let told = package.small("mimetype", MAX_TYPE)?;
    let told = told.and_then(|told| String::from_utf8(told).ok()).map(|told| told.trim().to_owned());
    let is_type = |told: &String| {
        told.split_once('/').is_some_and(|(kind, rest)| !kind.is_empty() && !rest.is_empty())
            && told.bytes().all(|b| b.is_ascii_alphanumeric() || b"/.+-".contains(&b))
    };
    Ok(told.filter(is_type).unwrap_or_else(|| "application/zip".to_owned()))
}

/// As the properties of the file say it.
fn title(package: &mut Package<'_>) -> Result<Option<String>, ExtractError> {
    let Some(mut properties) = package.part("docProps/core.xml")? else { return Ok(None) };
    let mut title = Gathered::default();
    let mut within = false;
    while let Some(event) = properties.next()? {
        match event {
            Event::Start(element) => within = is_named(&element, "title"),
            Event::End(_) if within => break,
            event if within => xml::push_text(&event, &mut title)?,
            _ => {}
        }
    }
    Ok(title.finish().map(|title| title.split_whitespace().collect::<Vec<_>>().join(" ")))
}
