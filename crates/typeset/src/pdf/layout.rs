//! What stands where on the pages.

use cortex_insights::model::{DailyReport, ReportChart};
use pulldown_cmark::{Event, Tag, TagEnd};

use super::chart::{Canvas, points};
use super::faces::Faces;
use crate::chart::{self, ChartError, PIXELS};
use crate::html::{harmless, made_at};
use crate::tone::Tone;

/// A4, in points.
pub(crate) const PAGE_WIDTH: f32 = 595.28;
pub(crate) const PAGE_HEIGHT: f32 = 841.89;
const MARGIN: f32 = 56.0;
const WIDTH: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// Where text ends, above the number of the page.
const BOTTOM: f32 = PAGE_HEIGHT - MARGIN;
/// A file has no more pages; what there would be on further ones is left out, and said to be.
const MOST_PAGES: usize = 60;
/// Room before an item of a list, for its sign.
const INDENT: f32 = 14.0;
const LEADING: f32 = 1.4;
/// The size of what stands below the text of a page.
const FOOT: f32 = 8.0;
/// As wide as text, in pixels.
const CHART_WIDTH: u32 = 483 * PIXELS as u32;

/// Something on a page.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Item {
    /// A text in one line, whose base line is at `y`.
    Text { x: f32, y: f32, size: f32, is_bold: bool, tone: Tone, text: String },
    /// A filled rectangle.
    Block { x: f32, y: f32, width: f32, height: f32, tone: Tone },
}

/// How a paragraph looks.
#[derive(Clone, Copy)]
struct Look {
    size: f32,
    is_bold: bool,
    tone: Tone,
    indent: f32,
    /// Room above it.
    above: f32,
    /// So much has to be left on the page below its first line.
    keep: f32,
}

const BODY: Look = Look { size: 10.0, is_bold: false, tone: Tone::Ink, indent: 0.0, above: 6.0, keep: 0.0 };
const TITLE: Look = Look { size: 18.0, is_bold: true, above: 0.0, keep: 60.0, ..BODY };
const HEADING: Look = Look { size: 13.0, is_bold: true, above: 16.0, keep: 40.0, ..BODY };
const CAPTION: Look = Look { is_bold: true, above: 12.0, ..BODY };
const NOTE: Look = Look { size: 9.0, tone: Tone::Quiet, ..BODY };
const LISTED: Look = Look { indent: INDENT, above: 2.0, ..BODY };

/// A part of a paragraph.
struct Span {
    text: String,
    is_bold: bool,
}

/// Pages in the making.
struct Pages<'a> {
    faces: &'a Faces,
    all: Vec<Vec<Item>>,
    /// Where the next line begins, from above.
    y: f32,
}

/// The pages of these reports.
pub(crate) fn pages(reports: &[DailyReport], faces: &Faces) -> Result<Vec<Vec<Item>>, ChartError> {
    let mut pages = Pages { faces, all: vec![Vec::new()], y: MARGIN };
    for (place, report) in reports.iter().enumerate() {
        if place > 0 {
            pages.turn();
        }
        pages.report(report)?;
    }
    Ok(pages.finish())
}

impl Pages<'_> {
    fn report(&mut self, report: &DailyReport) -> Result<(), ChartError> {
        self.say(&report.title(), TITLE);
        self.say(&report.executive_summary, BODY);
        for chart in &report.charts {
            self.chart(chart)?;
        }
        for section in &report.sections {
            self.say(&section.title, HEADING);
            self.markdown(&section.content);
            self.say(&section.evolution_note, NOTE);
        }
        let sources = report.sources();
        if !sources.is_empty() {
            self.say("Sources", HEADING);
        }
        for source in sources {
            self.item(&[Span::plain(format!("{}: {}", source.document_id, source.title))], INDENT);
        }
        self.say(&format!("Made at {} UTC.", made_at(report)), NOTE);
        Ok(())
    }

    fn say(&mut self, text: &str, look: Look) {
        self.paragraph(&[Span::plain(text.to_owned())], look);
    }

    fn markdown(&mut self, markdown: &str) {
        let (mut spans, mut bold, mut depth, mut heading) = (Vec::new(), 0_u32, 0_u16, false);
        for event in harmless(markdown) {
            match event {
                Event::Start(Tag::Strong) => bold += 1,
                Event::End(TagEnd::Strong) => bold = bold.saturating_sub(1),
                Event::Start(Tag::Heading { .. }) => heading = true,
                Event::Start(Tag::List(_)) => {
                    self.flush(&mut spans, depth, heading);
                    depth += 1;
                }
                Event::End(TagEnd::List(_)) => depth = depth.saturating_sub(1),
                Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::CodeBlock | TagEnd::Heading(_)) => {
                    self.flush(&mut spans, depth, heading);
                    heading = false;
                }
                Event::Text(text) | Event::Code(text) => {
                    spans.push(Span { text: text.into_string(), is_bold: bold > 0 });
                }
                Event::SoftBreak | Event::HardBreak => spans.push(Span::plain(" ".to_owned())),
                _ => {}
            }
        }
        self.flush(&mut spans, depth, heading);
    }

    fn flush(&mut self, spans: &mut Vec<Span>, depth: u16, heading: bool) {
        let spans = std::mem::take(spans);
        if heading {
            self.paragraph(&spans, CAPTION);
        } else if depth > 0 {
            // Deeper ones would have no room.
            self.item(&spans, INDENT * f32::from(depth.min(6)));
        } else {
            self.paragraph(&spans, BODY);
        }
    }

    fn item(&mut self, spans: &[Span], indent: f32) {
        let page = self.all.len();
        let before = self.last().len();
        self.paragraph(spans, Look { indent, ..LISTED });
        // Beside its first line, wherever that came to stand.
        let first =
            if self.all.len() > page && self.all[page - 1].len() == before { (page, 0) } else { (page - 1, before) };
        if let Some(Item::Text { y, .. }) = self.all.get(first.0).and_then(|items| items.get(first.1)) {
            let (x, y, text) = (MARGIN + indent - 10.0, *y, "•".to_owned());
            let sign = Item::Text { x, y, size: LISTED.size, is_bold: false, tone: Tone::Accent, text };
            self.all[first.0].push(sign);
        }
    }

    /// Breaks the paragraph into lines. A word that is wider than a line is broken anywhere.
    fn paragraph(&mut self, spans: &[Span], look: Look) {
        let mut line = Line::default();
        let mut is_first = true;
        let room = WIDTH - look.indent;
        for span in spans {
            let is_bold = span.is_bold || look.is_bold;
            let text = self.faces.writable(&span.text.replace(char::is_whitespace, " "), is_bold);
            for word in text.split_inclusive(' ') {
                let seen = word.trim_end_matches(' ');
                let width = self.faces.width(seen, is_bold, look.size);
                if line.width + width > room && !line.is_empty() {
                    self.put(&mut line, look, &mut is_first);
                }
                if width > room {
                    for letter in word.chars() {
                        let width = self.faces.width_of(letter, is_bold, look.size);
                        if line.width + width > room {
                            self.put(&mut line, look, &mut is_first);
                        }
                        line.add(letter.encode_utf8(&mut [0; 4]), is_bold, width);
                    }
                } else if !(line.is_empty() && seen.is_empty()) {
                    line.add(word, is_bold, self.faces.width(word, is_bold, look.size));
                }
            }
        }
        if !line.is_empty() {
            self.put(&mut line, look, &mut is_first);
        }
    }

    fn put(&mut self, line: &mut Line, look: Look, is_first: &mut bool) {
        let height = look.size * LEADING;
        let above = if *is_first && self.y > MARGIN { look.above } else { 0.0 };
        let keep = if *is_first { look.keep } else { 0.0 };
        self.room(above + height + keep);
        if self.y > MARGIN {
            self.y += above;
        }
        *is_first = false;
        let y = self.y + look.size;
        let mut x = MARGIN + look.indent;
        for (text, is_bold, width) in std::mem::take(line).runs {
            let item = Item::Text { x, y, size: look.size, is_bold, tone: look.tone, text };
            self.last().push(item);
            x += width;
        }
        self.y += height;
    }

    fn chart(&mut self, chart: &ReportChart) -> Result<(), ChartError> {
        let size = (CHART_WIDTH, chart::height(chart));
        let height = points(size.1.cast_signed());
        self.room(height + 40.0);
        self.say(&chart.title, CAPTION);
        let (faces, origin) = (self.faces, (MARGIN, self.y + 6.0));
        chart::draw(chart, Canvas { faces, origin, size, items: self.last() })?;
        self.y = origin.1 + height + 6.0;
        Ok(())
    }

    /// Turns the page where there is not so much room.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > MARGIN {
            self.turn();
        }
    }

    fn turn(&mut self) {
        self.all.push(Vec::new());
        self.y = MARGIN;
        // What comes further is written on a page that is thrown away.
        self.all.truncate(MOST_PAGES + 1);
        if let Some(beyond) = self.all.get_mut(MOST_PAGES) {
            beyond.clear();
        }
    }

    fn last(&mut self) -> &mut Vec<Item> {
        if self.all.is_empty() {
            self.all.push(Vec::new());
        }
        let last = self.all.len() - 1;
        &mut self.all[last]
    }

    fn finish(mut self) -> Vec<Vec<Item>> {
        let is_all = self.all.len() <= MOST_PAGES;
        self.all.truncate(MOST_PAGES);
        let count = self.all.len();
        for (place, page) in self.all.iter_mut().enumerate() {
            let more = if place + 1 == count && !is_all { " (there is more)" } else { "" };
            let text = format!("{} / {count}{more}", place + 1);
            let x = PAGE_WIDTH - MARGIN - self.faces.width(&text, false, FOOT);
            page.push(Item::Text { x, y: PAGE_HEIGHT - 30.0, size: FOOT, is_bold: false, tone: Tone::Quiet, text });
        }
        self.all
    }
}

impl Span {
    const fn plain(text: String) -> Self {
        Self { text, is_bold: false }
    }
}

/// A line in the making: texts that look the same, each with its width.
#[derive(Default)]
struct Line {
    runs: Vec<(String, bool, f32)>,
    width: f32,
}

impl Line {
    fn add(&mut self, text: &str, is_bold: bool, width: f32) {
        self.width += width;
        match self.runs.last_mut() {
            Some((run, of_run, run_width)) if *of_run == is_bold => {
                run.push_str(text);
                *run_width += width;
            }
            _ => self.runs.push((text.to_owned(), is_bold, width)),
        }
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn laid_out(markdown: &str) -> Vec<Vec<Item>> {
        let faces = Faces::new().unwrap();
        let mut pages = Pages { faces: &faces, all: vec![Vec::new()], y: MARGIN };
        pages.markdown(markdown);
        pages.finish()
    }

    fn texts(items: &[Item]) -> Vec<&str> {
        let text = |item: &'_ Item| matches!(item, Item::Text { .. });
        let texts = items.iter().filter(|item| text(item));
        texts.map(|item| if let Item::Text { text, .. } = item { text.trim_end() } else { "" }).collect()
    }

    /// Every text, with where it ends.
    fn ends(pages: &[Vec<Item>]) -> Vec<(f32, f32)> {
        let faces = Faces::new().unwrap();
        let end = |item: &Item| match item {
            Item::Text { x, y, size, is_bold, text, .. } => {
                Some((x + faces.width(text.trim_end(), *is_bold, *size), *y))
            }
            Item::Block { .. } => None,
        };
        pages.iter().flatten().filter_map(end).collect()
    }

    #[test]
    fn words_stay_together_in_lines_that_fit() {
        let pages = laid_out(&"Herons stand in the reed. ".repeat(30));

        assert!(texts(&pages[0]).iter().filter(|text| text.starts_with(char::is_alphabetic)).count() > 5);
        assert!(ends(&pages).iter().all(|(right, _)| *right <= PAGE_WIDTH - MARGIN + 0.01));
        assert!(texts(&pages[0]).iter().all(|text| !text.starts_with(' ')));
    }

    #[test]
    fn a_word_wider_than_a_line_is_broken() {
        let pages = laid_out(&"Donaudampfschiff".repeat(40));

        assert!(texts(&pages[0]).len() > 3);
        assert!(ends(&pages).iter().all(|(right, _)| *right <= PAGE_WIDTH - MARGIN + 0.01));
        assert_eq!(
            texts(&pages[0])[..3].concat().matches("Donaudampfschiff").count(),
            texts(&pages[0])[..3].concat().len() / 16
        );
    }

    #[test]
    fn what_does_not_fit_on_a_page_goes_on_the_next_one_and_there_are_only_so_many() {
        let pages = laid_out(&"- An item\n".repeat(100));
        assert_eq!(pages.len(), 3);
        assert!(texts(&pages[2]).contains(&"3 / 3"));
        let signs = pages.iter().flatten().filter(|item| matches!(item, Item::Text { text, .. } if text == "•"));
        assert_eq!(signs.count(), 100);

        let pages = laid_out(&"A paragraph\n\n".repeat(10_000));
        assert_eq!(pages.len(), MOST_PAGES);
        assert!(texts(&pages[MOST_PAGES - 1]).contains(&"60 / 60 (there is more)"));
        assert!(ends(&pages).iter().all(|(_, bottom)| *bottom <= PAGE_HEIGHT));
    }

    #[test]
    fn what_is_stressed_is_bold_and_html_is_text() {
        let pages = laid_out("One **two** <b>three</b> [four](http://x)");

        let bold =
            pages[0].iter().filter(|item| matches!(item, Item::Text { is_bold: true, text, .. } if text == "two"));
        assert_eq!(bold.count(), 1);
        assert_eq!(texts(&pages[0])[..3].join(" ").replace("  ", " "), "One two <b>three</b> four");
    }
}
