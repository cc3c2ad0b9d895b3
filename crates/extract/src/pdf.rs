//! Portable Document Format.
//!
//! The interpreter draws each page on something that only looks at the glyphs: where they are and which characters they
//! stand for. They are taken in the order in which they are drawn, which is the one in which programs write; putting them
//! in order by place would mix columns.

use std::sync::Arc;

use bytes::Bytes;
use cortex_ingestion::model::{Extracted, FileType};
use cortex_ingestion::ports::ExtractError;
use encoding_rs::{UTF_8, UTF_16BE, WINDOWS_1252};
use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::{DecryptionError, LoadPdfError, Pdf};
use hayro_interpret::kurbo::{Affine, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps, InterpreterCache,
    InterpreterSettings, SoftMask, interpret_page,
};

use crate::gathered::Gathered;

/// How wide a gap between two glyphs is a space, in sizes of the font.
const SPACE: f64 = 0.15;
/// How far apart two baselines are that are not one, in sizes of the font.
const LINE: f64 = 0.4;
/// How far apart two lines are that have an empty one between them, in sizes of the font.
const PARAGRAPH: f64 = 1.8;
/// In which fonts count the width of a glyph.
const UNITS: f64 = 1000.0;

/// The text of all pages, until there is enough.
pub(crate) fn read(bytes: Bytes) -> Result<Extracted, ExtractError> {
    let is_whole = bytes[bytes.len().saturating_sub(4096)..].windows(5).any(|window| window == b"%%EOF");
    let pdf = Pdf::new(Arc::new(bytes)).map_err(|error| match error {
        LoadPdfError::Decryption(DecryptionError::MissingIDEntry | DecryptionError::InvalidEncryption)
        | LoadPdfError::Invalid => ExtractError::Broken,
        LoadPdfError::Decryption(DecryptionError::PasswordProtected | DecryptionError::UnsupportedAlgorithm) => {
            ExtractError::Encrypted
        }
    })?;
    let cache = InterpreterCache::new();
    let mut reader = Reader { gathered: Gathered::default(), last: None };
    for page in pdf.pages().iter() {
        let (width, height) = page.render_dimensions();
        let bounds = Rect::new(0.0, 0.0, f64::from(width), f64::from(height));
        // Turned as a reader sees it: down is more.
        let transform = Affine::new(page.initial_transform(true).as_coeffs());
        let mut context = Context::new(transform, bounds, &cache, pdf.xref(), InterpreterSettings::default());
        interpret_page(page, &mut context, &mut reader);
        reader.end_page();
        if reader.gathered.is_full() {
            break;
        }
    }
    let title = pdf.metadata().title.as_deref().and_then(line);
    // What is left of a file that was cut off may have pages without anything on them.
    let nothing = if is_whole { ExtractError::WithoutText } else { ExtractError::Broken };
    let text = reader.gathered.finish().ok_or(nothing)?;
    Ok(Extracted { file_type: FileType::Pdf, title, text, mail: None, parts: Vec::new() })
}

/// A text string outside of pages.
fn line(bytes: &[u8]) -> Option<String> {
    let encoding = match bytes {
        [0xfe, 0xff, ..] => UTF_16BE,
        [0xef, 0xbb, 0xbf, ..] => UTF_8,
        _ => WINDOWS_1252,
    };
    let mut gathered = Gathered::default();
    gathered.push_str(encoding.decode(bytes).0.trim());
    gathered.finish()
}

struct Reader {
    gathered: Gathered,
    last: Option<Drawn>,
}

/// A glyph on the page.
#[derive(Clone, Copy)]
struct Drawn {
    start: Point,
    end: Point,
    size: f64,
}

impl Reader {
    fn end_page(&mut self) {
        self.last = None;
        self.gathered.break_paragraph();
    }

    fn draw(&mut self, drawn: Drawn, text: &str) {
        if let Some(last) = self.last {
            let size = last.size.max(drawn.size);
            // Along the line and across it: texts stand upright on some pages.
            let along = (last.end - last.start).normalize();
            let step = drawn.start - last.end;
            let (ahead, aside) =
                if along.is_finite() { (step.dot(along), along.cross(step)) } else { (step.x, step.y) };
            if aside.abs() > size * PARAGRAPH {
                self.gathered.break_paragraph();
            } else if aside.abs() > size * LINE {
                self.gathered.break_line();
            } else if ahead > size * SPACE || ahead < -size {
                self.gathered.push(' ');
            }
        }
        self.gathered.push_str(text);
        self.last = Some(drawn);
    }
}

impl Device<'_> for Reader {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, mode: &DrawMode) {
        // Letters that are filled and then drawn around come twice.
        if matches!(mode, DrawMode::Stroke(_)) && self.last.is_some() {
            let first = run.glyphs().last().map(|glyph| props.transform * glyph.transform() * Point::ZERO);
            if first.zip(self.last).is_some_and(|(place, last)| place.distance(last.start) < f64::EPSILON) {
                return;
            }
        }
        for glyph in run.glyphs() {
            if self.gathered.is_full() {
                return;
            }
            let transform = props.transform * glyph.transform();
            let width = match &**glyph {
                hayro_interpret::font::Glyph::Outline(outline) => outline.advance_width(),
                hayro_interpret::font::Glyph::Type3(drawn) => drawn.advance_width(),
            };
            let width = f64::from(width.unwrap_or_default());
            let (start, end) = (transform * Point::ZERO, transform * Point::new(width, 0.0));
            let size = (transform * Point::new(0.0, UNITS)).distance(start);
            let drawn = Drawn { start, end, size };
            match glyph.as_unicode() {
                Some(BfString::Char(c)) => self.draw(drawn, c.encode_utf8(&mut [0; 4])),
                Some(BfString::String(text)) => self.draw(drawn, &text),
                // Whatever it shows is a picture.
                None => {}
            }
        }
    }

    fn draw_path(&mut self, _: &hayro_interpret::kurbo::BezPath, _: DrawProps<'_>, _: &DrawMode) {}

    fn push_clip_path(&mut self, _: &ClipPath) {}

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {}

    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {}

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}
