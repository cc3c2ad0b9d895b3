//! Charts as items of a page: a backend of `plotters`.

use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind};

use super::faces::Faces;
use super::layout::Item;
use crate::chart::PIXELS;
use crate::tone::Tone;

/// Draws on a part of a page. What is no rectangle and no text is drawn pixel by pixel.
pub(crate) struct Canvas<'a> {
    pub(crate) faces: &'a Faces,
    /// Where its upper left corner is, in points.
    pub(crate) origin: (f32, f32),
    /// Its width and height, in pixels.
    pub(crate) size: (u32, u32),
    /// What was drawn.
    pub(crate) items: &'a mut Vec<Item>,
}

/// `plotters` gives the height of a line, of which letters are that much.
const LETTERS: f32 = 1.24;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Canvas<'_> {
    fn place(&self, (x, y): BackendCoord) -> (f32, f32) {
        (self.origin.0 + points(x), self.origin.1 + points(y))
    }

    fn block(&mut self, (left, top): BackendCoord, (right, bottom): BackendCoord, color: BackendColor) {
        if color.alpha > 0.0 {
            let ((x, y), tone) = (self.place((left, top)), Tone::of(color.rgb));
            self.items.push(Item::Block { x, y, width: points(right - left), height: points(bottom - top), tone });
        }
    }
}

impl DrawingBackend for Canvas<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> Drawn {
        self.block((x, y), (x + 1, y + 1), color);
        Ok(())
    }

    /// Those along an axis are thin rectangles.
    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        if from.0 != to.0 && from.1 != to.1 {
            return plotters_backend::rasterizer::draw_line(self, from, to, style);
        }
        let thick = i32::try_from(style.stroke_width()).unwrap_or(1);
        let least = (from.0.min(to.0), from.1.min(to.1));
        let most = (from.0.max(to.0), from.1.max(to.1));
        let end = if from.1 == to.1 { (most.0, least.1 + thick) } else { (least.0 + thick, most.1) };
        self.block(least, end, style.color());
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        upper_left: BackendCoord,
        bottom_right: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        if !fill {
            return plotters_backend::rasterizer::draw_rect(self, upper_left, bottom_right, style, fill);
        }
        self.block(upper_left, bottom_right, style.color());
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, style: &S, place: BackendCoord) -> Drawn {
        let text = self.faces.writable(text, false);
        let size = size(style);
        let width = self.faces.width(&text, false, size);
        let left = match style.anchor().h_pos {
            HPos::Left => 0.0,
            HPos::Center => width / 2.0,
            HPos::Right => width,
        };
        // As far as browsers move the base line for what `plotters` writes of these in SVG.
        let down = match style.anchor().v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.27,
            VPos::Bottom => -0.27,
        };
        let (x, y) = self.place(place);
        let tone = Tone::of(style.color().rgb);
        self.items.push(Item::Text { x: x - left, y: y + down * size, size, is_bold: false, tone, text });
        Ok(())
    }

    fn estimate_text_size<S: BackendTextStyle>(
        &self,
        text: &str,
        style: &S,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let size = size(style);
        Ok((pixels(self.faces.width(text, false, size)), pixels(size)))
    }
}

/// How great letters are, in points.
#[expect(clippy::cast_possible_truncation, reason = "sizes of texts are some dozens")]
fn size<S: BackendTextStyle>(style: &S) -> f32 {
    style.size() as f32 / LETTERS / f32::from(PIXELS)
}

#[expect(clippy::cast_precision_loss, reason = "a page has some thousand pixels")]
pub(crate) fn points(pixels: i32) -> f32 {
    pixels as f32 / f32::from(PIXELS)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a text is some hundred points wide")]
fn pixels(points: f32) -> u32 {
    (points * f32::from(PIXELS)).ceil().max(0.0) as u32
}
