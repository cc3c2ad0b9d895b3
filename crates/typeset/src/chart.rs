//! Charts, drawn once for whatever a backend of `plotters` writes.

use std::error::Error;

use cortex_insights::model::{ChartForm, ReportChart};
use plotters::chart::ChartBuilder;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{EmptyElement, PathElement, Rectangle, Text};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, TextStyle};
use plotters_backend::DrawingBackend;
use thiserror::Error;

use crate::tone::Tone;

/// Backends count whole pixels: so many of them are a point.
pub(crate) const PIXELS: u16 = 4;

/// A chart could not be drawn.
#[derive(Debug, Error)]
#[error("a chart cannot be drawn")]
pub(crate) struct ChartError(#[source] Box<dyn Error + Send + Sync>);

/// What a backend makes of drawing.
type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

/// The size of texts, in pixels. A backend writes letters of 1/1.24 of that, as `plotters` has it.
const TEXT: i32 = 40;
/// More bars than these are not told apart.
const MOST_COLUMNS: usize = 31;
const MOST_ROWS: usize = 20;
/// Letters of the name beside a row.
const NAME: usize = 34;

/// All of these in pixels.
const COLUMNS_HEIGHT: u32 = 360;
const ROW_HEIGHT: u32 = 56;
/// Room for the number behind a row.
const NUMBER_WIDTH: u32 = 160;
/// Between texts and what they are of.
const GAP: i32 = 14;

/// On the axes: the length of the greatest number, how broad the place of a bar is, and what of that is left on either side.
const FULL: u32 = 1_000;
const PLACE: u32 = 100;
const SIDE: u32 = 15;

/// How high the chart is, in pixels.
pub(crate) fn height(chart: &ReportChart) -> u32 {
    match chart.form {
        ChartForm::Columns => COLUMNS_HEIGHT,
        ChartForm::Rows => ROW_HEIGHT * told(chart),
    }
}

/// Draws the chart over all of the backend.
pub(crate) fn draw<B: DrawingBackend<ErrorType: 'static>>(chart: &ReportChart, backend: B) -> Result<(), ChartError> {
    let area = backend.into_drawing_area();
    let drawn = match chart.form {
        _ if chart.bars.is_empty() => Ok(()),
        ChartForm::Columns => columns(chart, &area),
        ChartForm::Rows => rows(chart, &area),
    };
    drawn.and_then(|()| area.present()).map_err(|error| ChartError(Box::new(error)))
}

fn columns<B: DrawingBackend>(chart: &ReportChart, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let count = told(chart);
    let mut context = ChartBuilder::on(area)
        .margin_top(TEXT)
        .x_label_area_size(TEXT + GAP)
        .build_cartesian_2d(0..count * PLACE, 0..FULL)?;
    context.draw_series([PathElement::new([(0, 0), (count * PLACE, 0)], color(Tone::Quiet))])?;
    context.draw_series(bars(chart).map(|Bar { from, length, .. }| {
        let corners = [(from + SIDE, 0), (from + PLACE - SIDE, length)];
        Rectangle::new(corners, color(Tone::Accent).filled())
    }))?;
    let (above, below) = (text(HPos::Center, VPos::Bottom), text(HPos::Center, VPos::Top));
    context.draw_series(bars(chart).filter(|bar| bar.number > 0).map(|Bar { from, length, number, .. }| {
        EmptyElement::at((from + PLACE / 2, length)) + Text::new(number.to_string(), (0, 0), above.clone())
    }))?;
    let every = if count > 12 { 3 } else { 1 };
    context.draw_series(bars(chart).step_by(every).map(|Bar { from, name, .. }| {
        EmptyElement::at((from + PLACE / 2, 0)) + Text::new(shortened(name), (0, GAP), below.clone())
    }))?;
    Ok(())
}

fn rows<B: DrawingBackend>(chart: &ReportChart, area: &DrawingArea<B, Shift>) -> Drawn<B> {
    let (width, _) = area.dim_in_pixel();
    // The axis goes up, and the first one is the uppermost.
    let all = told(chart) * PLACE;
    let up = |down: u32| all - down;
    let mut context = ChartBuilder::on(area)
        .margin_right(NUMBER_WIDTH)
        .y_label_area_size(width * 42 / 100)
        .build_cartesian_2d(0..FULL, 0..all)?;
    context.draw_series([PathElement::new([(0, 0), (0, all)], color(Tone::Quiet))])?;
    context.draw_series(bars(chart).map(|Bar { from, length, .. }| {
        let corners = [(0, up(from + PLACE - SIDE)), (length, up(from + SIDE))];
        Rectangle::new(corners, color(Tone::Accent).filled())
    }))?;
    let (behind, before) = (text(HPos::Left, VPos::Center), text(HPos::Right, VPos::Center));
    context.draw_series(bars(chart).map(|Bar { from, length, number, .. }| {
        EmptyElement::at((length, up(from + PLACE / 2))) + Text::new(number.to_string(), (GAP, 0), behind.clone())
    }))?;
    context.draw_series(bars(chart).map(|Bar { from, name, .. }| {
        EmptyElement::at((0, up(from + PLACE / 2))) + Text::new(shortened(name), (-GAP, 0), before.clone())
    }))?;
    Ok(())
}

/// A bar on the axes.
struct Bar<'a> {
    /// Where its place begins.
    from: u32,
    /// Of [`FULL`].
    length: u32,
    number: u64,
    name: &'a str,
}

/// How many bars are drawn.
fn told(chart: &ReportChart) -> u32 {
    let most = match chart.form {
        ChartForm::Columns => MOST_COLUMNS,
        ChartForm::Rows => MOST_ROWS,
    };
    u32::try_from(chart.bars.len().min(most)).unwrap_or_default()
}

/// The bars that are drawn.
fn bars(chart: &ReportChart) -> impl Iterator<Item = Bar<'_>> {
    let drawn = || (0..told(chart)).zip(&chart.bars);
    let most = drawn().map(|(_, (_, number))| *number).max().unwrap_or_default().max(1);
    drawn().map(move |(place, (name, number))| {
        let length = u128::from(*number) * u128::from(FULL) / u128::from(most);
        Bar { from: place * PLACE, length: u32::try_from(length).unwrap_or(FULL), number: *number, name }
    })
}

fn color(tone: Tone) -> RGBColor {
    let (red, green, blue) = tone.rgb();
    RGBColor(red, green, blue)
}

fn text(across: HPos, along: VPos) -> TextStyle<'static> {
    let (font, color) = (("sans-serif", TEXT).into_font(), color(Tone::Ink).to_backend_color());
    TextStyle { font, color, pos: Pos::new(across, along) }
}

fn shortened(name: &str) -> String {
    if name.chars().count() <= NAME {
        return name.to_owned();
    }
    let cut: String = name.chars().take(NAME - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests;
