//! The fonts: `DejaVu Sans`, which has the letters of Latin, Greek, Cyrillic, Arabic, Hebrew, Georgian and Armenian, and some
//! signs. What it lacks (Chinese, Japanese, Korean, most emoji) is a box.

use ttf_parser::Face;

/// Upright text.
pub(crate) const REGULAR: &[u8] = include_bytes!("../../fonts/DejaVuSans.ttf");
/// Headings, and what is stressed.
pub(crate) const BOLD: &[u8] = include_bytes!("../../fonts/DejaVuSans-Bold.ttf");

/// How wide letters are.
pub(crate) struct Faces {
    regular: Face<'static>,
    bold: Face<'static>,
}

/// Stands for a letter that a font lacks.
const BOX: char = '\u{25a1}';

impl Faces {
    /// Reads the fonts, which are ours.
    pub(crate) fn new() -> Option<Self> {
        let face = |bytes| Face::parse(bytes, 0).ok();
        Some(Self { regular: face(REGULAR)?, bold: face(BOLD)? })
    }

    /// The text with a box for each letter that the font lacks, without what is not to be seen.
    pub(crate) fn writable(&self, text: &str, is_bold: bool) -> String {
        let face = self.face(is_bold);
        let seen = |letter: &char| !letter.is_control() && !is_invisible(*letter);
        let letter = |letter| if face.glyph_index(letter).is_some() { letter } else { BOX };
        text.chars().filter(seen).map(letter).collect()
    }

    /// How wide a letter is at this size, in points.
    pub(crate) fn width_of(&self, letter: char, is_bold: bool, size: f32) -> f32 {
        let face = self.face(is_bold);
        let advance = face.glyph_index(letter).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or_default();
        f32::from(advance) / f32::from(face.units_per_em()) * size
    }

    /// How wide a text is at this size, in points.
    pub(crate) fn width(&self, text: &str, is_bold: bool, size: f32) -> f32 {
        text.chars().map(|letter| self.width_of(letter, is_bold, size)).sum()
    }

    const fn face(&self, is_bold: bool) -> &Face<'static> {
        if is_bold { &self.bold } else { &self.regular }
    }
}

/// Marks that change how others look (joiners, variation selectors, tags, soft hyphens), and those of direction.
const fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_fonts_lack_is_a_box_and_what_is_invisible_is_nothing() {
        let faces = Faces::new().unwrap();

        for is_bold in [false, true] {
            assert_eq!(faces.writable("Größe, Ελλάδα, Москва", is_bold), "Größe, Ελλάδα, Москва");
            assert_eq!(faces.writable("水 a\u{200d}\u{fe0f}\u{202e}\0b", is_bold), "□ ab");
        }
    }

    #[test]
    fn wider_texts_are_wider() {
        let faces = Faces::new().unwrap();

        assert!(faces.width("mm", false, 10.0) > faces.width("mi", false, 10.0));
        assert!(faces.width("mm", true, 10.0) > faces.width("mm", false, 10.0));
    }
}
