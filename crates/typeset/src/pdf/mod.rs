//! PDF: what is told is laid out on pages ([`layout`]), and these are written.

mod chart;
mod faces;
mod layout;

use cortex_insights::model::DailyReport;
use krilla::color::rgb;
use krilla::error::KrillaError;
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::text::{Font, TextDirection};
use krilla::{Data, Document};
use thiserror::Error;

use faces::{BOLD, Faces, REGULAR};
use layout::{Item, PAGE_HEIGHT, PAGE_WIDTH};

use crate::chart::ChartError;
use crate::tone::Tone;

/// No PDF could be made.
#[derive(Debug, Error)]
pub(crate) enum PdfError {
    /// Our own fonts cannot be read.
    #[error("the fonts cannot be read")]
    Fonts,
    /// A chart cannot be drawn.
    #[error(transparent)]
    Chart(#[from] ChartError),
    /// The pages cannot be written.
    #[error("the pages cannot be written: {0:?}")]
    Pages(KrillaError),
}

/// Fonts to write with.
struct Fonts {
    regular: Font,
    bold: Font,
}

/// The reports as one file.
pub(crate) fn file(reports: &[DailyReport]) -> Result<Vec<u8>, PdfError> {
    let faces = Faces::new().ok_or(PdfError::Fonts)?;
    let font = |bytes: &'static [u8]| Font::new(Data::from(bytes), 0).ok_or(PdfError::Fonts);
    let fonts = Fonts { regular: font(REGULAR)?, bold: font(BOLD)? };
    let mut document = Document::new();
    let title = reports.iter().map(DailyReport::title).collect::<Vec<_>>().join("; ");
    document.set_metadata(Metadata::new().title(title).language("en".to_owned()));
    for items in layout::pages(reports, &faces)? {
        let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT).unwrap_or_default();
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for item in &items {
            draw(&mut surface, item, &fonts, &faces);
        }
        surface.finish();
        page.finish();
    }
    document.finish().map_err(PdfError::Pages)
}

fn draw(surface: &mut Surface<'_>, item: &Item, fonts: &Fonts, faces: &Faces) {
    match item {
        Item::Text { x, y, size, is_bold, tone, text } => {
            surface.set_fill(Some(fill(*tone)));
            let font = if *is_bold { &fonts.bold } else { &fonts.regular };
            let mut x = *x;
            for (part, direction) in directed(text) {
                let place = Point::from_xy(x, *y);
                // The blank behind a part would be drawn before it where it is read from the right.
                surface.draw_text(place, font.clone(), *size, part.trim_end(), false, direction);
                x += faces.width(&part, *is_bold, *size);
            }
        }
        Item::Block { x, y, width, height, tone } => {
            let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) else { return };
            let mut path = PathBuilder::new();
            path.push_rect(rect);
            if let Some(path) = path.finish() {
                surface.set_fill(Some(fill(*tone)));
                surface.draw_path(&path);
            }
        }
    }
}

/// The text in parts that are read in one direction each: a shaper takes one at a time.
fn directed(text: &str) -> Vec<(String, TextDirection)> {
    let mut parts: Vec<(String, TextDirection)> = Vec::new();
    for word in text.split_inclusive(' ') {
        let is_from_right = word.chars().any(is_from_right);
        let direction = if is_from_right { TextDirection::RightToLeft } else { TextDirection::LeftToRight };
        match parts.last_mut() {
            Some((part, of_part)) if *of_part == direction => part.push_str(word),
            _ => parts.push((word.to_owned(), direction)),
        }
    }
    parts
}

/// Letters of Hebrew, Arabic and their neighbours.
const fn is_from_right(letter: char) -> bool {
    matches!(letter, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{fefc}')
}

fn fill(tone: Tone) -> Fill {
    let (red, green, blue) = tone.rgb();
    Fill { paint: rgb::Color::new(red, green, blue).into(), opacity: NormalizedF32::ONE, rule: FillRule::NonZero }
}
