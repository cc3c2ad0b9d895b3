//! Charts as shapes, whatever writes them. Lengths are in points; the origin is at the upper left.

use cortex_insights::model::{ChartForm, ReportChart};

/// A drawn chart.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Drawing {
    pub(crate) width: f32,
    pub(crate) height: f32,
    pub(crate) shapes: Vec<Shape>,
}

/// What a chart is made of.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Shape {
    /// A filled rectangle, of the colour of numbers.
    Bar { x: f32, y: f32, width: f32, height: f32 },
    /// A thin line below columns.
    Base { x: f32, y: f32, width: f32 },
    /// A text whose base line is at `y`.
    Label { x: f32, y: f32, anchor: Anchor, text: String },
}

/// Which part of a text is at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The size of texts in a chart.
pub(crate) const TEXT: f32 = 8.0;

/// More bars than these are not told apart.
const MOST_COLUMNS: usize = 31;
const MOST_ROWS: usize = 20;
/// Letters of the name beside a row.
const NAME: usize = 34;

const COLUMNS_HEIGHT: f32 = 90.0;
const ROW_HEIGHT: f32 = 14.0;
/// What names of rows take of the width.
const NAMES_SHARE: f32 = 0.42;
/// Room for the number behind a row.
const NUMBER_WIDTH: f32 = 40.0;

/// Draws the chart in this width.
pub(crate) fn draw(chart: &ReportChart, width: f32) -> Drawing {
    match chart.form {
        ChartForm::Columns => columns(chart, width),
        ChartForm::Rows => rows(chart, width),
    }
}

fn columns(chart: &ReportChart, width: f32) -> Drawing {
    let bars = &chart.bars[..chart.bars.len().min(MOST_COLUMNS)];
    let step = width / length(bars.len().max(1));
    // Names and numbers have a line each.
    let (base, room) = (COLUMNS_HEIGHT - 1.5 * TEXT, COLUMNS_HEIGHT - 3.0 * TEXT);
    let mut shapes = vec![Shape::Base { x: 0.0, y: base, width }];
    let every = if bars.len() > 12 { 3 } else { 1 };
    for (place, (name, number)) in bars.iter().enumerate() {
        let left = step * length(place);
        let (middle, height) = (left + step / 2.0, room * share(*number, bars));
        if *number > 0 {
            shapes.push(Shape::Bar { x: left + step * 0.15, y: base - height, width: step * 0.7, height });
            let text = number.to_string();
            shapes.push(Shape::Label { x: middle, y: base - height - 2.0, anchor: Anchor::Middle, text });
        }
        if place % every == 0 {
            let (y, text) = (COLUMNS_HEIGHT - 2.0, shortened(name));
            shapes.push(Shape::Label { x: middle, y, anchor: Anchor::Middle, text });
        }
    }
    Drawing { width, height: COLUMNS_HEIGHT, shapes }
}

fn rows(chart: &ReportChart, width: f32) -> Drawing {
    let bars = &chart.bars[..chart.bars.len().min(MOST_ROWS)];
    let names = width * NAMES_SHARE;
    let room = width - names - NUMBER_WIDTH;
    let mut shapes = Vec::new();
    for (place, (name, number)) in bars.iter().enumerate() {
        let top = ROW_HEIGHT * length(place);
        let (y, length) = (top + ROW_HEIGHT - 4.0, room * share(*number, bars));
        shapes.push(Shape::Label { x: names - 6.0, y, anchor: Anchor::End, text: shortened(name) });
        if *number > 0 {
            shapes.push(Shape::Bar { x: names, y: top + 2.0, width: length, height: ROW_HEIGHT - 4.0 });
        }
        shapes.push(Shape::Label { x: names + length + 4.0, y, anchor: Anchor::Start, text: number.to_string() });
    }
    Drawing { width, height: ROW_HEIGHT * length(bars.len()), shapes }
}

/// A count as a length; there are at most some dozens.
fn length(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap_or(u16::MAX))
}

/// How much of the greatest number this one is, from 0 to 1.
fn share(number: u64, bars: &[(String, u64)]) -> f32 {
    let most = bars.iter().map(|(_, number)| *number).max().unwrap_or_default();
    // In thousandths, of which a chart shows fewer.
    let share = u128::from(number) * 1_000 / u128::from(most.max(1));
    f32::from(u16::try_from(share).unwrap_or(1_000)) / 1_000.0
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let cut: String = name.chars().take(NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(form: ChartForm, numbers: &[u64]) -> ReportChart {
        let bars = numbers.iter().map(|number| (format!("n{number}"), *number)).collect();
        ReportChart { title: "Mails".to_owned(), form, bars }
    }

    fn bars(drawing: &Drawing) -> Vec<(f32, f32)> {
        let bar = |shape: &Shape| match shape {
            Shape::Bar { width, height, .. } => Some((*width, *height)),
            Shape::Base { .. } | Shape::Label { .. } => None,
        };
        drawing.shapes.iter().filter_map(bar).collect()
    }

    fn is_near(one: f32, other: f32) -> bool {
        (one - other).abs() < 0.01
    }

    #[test]
    fn bars_are_as_long_as_their_numbers_say() {
        let rows = bars(&draw(&chart(ChartForm::Rows, &[8, 4, 0]), 400.0));
        assert_eq!(rows.len(), 2);
        assert!(is_near(rows[0].0, 2.0 * rows[1].0), "{rows:?}");

        let columns = bars(&draw(&chart(ChartForm::Columns, &[8, 4, 0]), 400.0));
        assert_eq!(columns.len(), 2);
        assert!(is_near(columns[0].1, 2.0 * columns[1].1), "{columns:?}");
    }

    #[test]
    fn everything_stays_inside() {
        for form in [ChartForm::Rows, ChartForm::Columns] {
            for numbers in [vec![], vec![0], vec![u64::MAX, 1], vec![3; 100]] {
                let drawing = draw(&chart(form, &numbers), 400.0);
                for shape in &drawing.shapes {
                    let (left, top, right, bottom) = match shape {
                        Shape::Bar { x, y, width, height } => (*x, *y, x + width, y + height),
                        Shape::Base { x, y, width } => (*x, *y, x + width, *y),
                        Shape::Label { x, y, .. } => (*x, y - TEXT, *x, *y),
                    };
                    let fits = left >= 0.0 && top >= -0.01 && right <= 400.01 && bottom <= drawing.height + 0.01;
                    assert!(fits, "{form:?} {numbers:?}: {shape:?}");
                }
            }
        }
    }

    #[test]
    fn a_long_name_is_cut() {
        assert_eq!(shortened("Nora Dahl"), "Nora Dahl");
        assert_eq!(shortened(&"ä".repeat(35)), format!("{}…", "ä".repeat(33)));
    }
}
