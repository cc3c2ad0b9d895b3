//! Where a chart draws what.

use std::convert::Infallible;

use plotters_backend::{BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingErrorKind};

use super::*;

/// Writes down what is drawn on it.
#[derive(Default)]
struct Paper {
    bars: Vec<(BackendCoord, BackendCoord)>,
    texts: Vec<(String, BackendCoord)>,
}

struct Pen<'a>(&'a mut Paper, (u32, u32));

type Written = Result<(), DrawingErrorKind<Infallible>>;

impl DrawingBackend for Pen<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.1
    }

    fn ensure_prepared(&mut self) -> Written {
        Ok(())
    }

    fn present(&mut self) -> Written {
        Ok(())
    }

    fn draw_pixel(&mut self, _: BackendCoord, _: BackendColor) -> Written {
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, _: &S, _: bool) -> Written {
        self.0.bars.push((from, to));
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(&mut self, text: &str, _: &S, place: BackendCoord) -> Written {
        self.0.texts.push((text.to_owned(), place));
        Ok(())
    }
}

fn chart(form: ChartForm, numbers: &[u64]) -> ReportChart {
    let bars = numbers.iter().enumerate().map(|(place, number)| (format!("n{place}"), *number)).collect();
    ReportChart { title: "Mails".to_owned(), form, bars }
}

fn drawn(form: ChartForm, numbers: &[u64]) -> Paper {
    let chart = chart(form, numbers);
    let mut paper = Paper::default();
    draw(&chart, Pen(&mut paper, (1_600, height(&chart)))).unwrap();
    paper
}

fn place_of(paper: &Paper, text: &str) -> Vec<BackendCoord> {
    paper.texts.iter().filter(|(said, _)| said == text).map(|(_, place)| *place).collect()
}

#[test]
fn bars_are_as_long_as_their_numbers_say() {
    let rows = drawn(ChartForm::Rows, &[8, 4, 0]);
    let lengths: Vec<i32> = rows.bars.iter().map(|(from, to)| to.0 - from.0).collect();
    assert!(lengths[0] > 500 && (lengths[0] - 2 * lengths[1]).abs() <= 2 && lengths[2] == 0, "{lengths:?}");

    let columns = drawn(ChartForm::Columns, &[8, 4, 0]);
    let lengths: Vec<i32> = columns.bars.iter().map(|(from, to)| to.1 - from.1).collect();
    assert!(lengths[0] > 200 && (lengths[0] - 2 * lengths[1]).abs() <= 2 && lengths[2] == 0, "{lengths:?}");
}

#[test]
fn each_bar_has_its_name_and_its_number_beside_it() {
    let rows = drawn(ChartForm::Rows, &[8, 4, 2]);
    for (place, number) in ["8", "4", "2"].into_iter().enumerate() {
        let (from, to) = rows.bars[place];
        let (of_number, of_name) = (place_of(&rows, number)[0], place_of(&rows, &format!("n{place}"))[0]);
        for (_, y) in [of_number, of_name] {
            assert!((from.1..=to.1).contains(&y), "{number}: {y} beside {from:?} {to:?}");
        }
        assert!(of_number.0 > to.0 && of_name.0 < from.0, "{of_number:?} {of_name:?} {from:?} {to:?}");
    }
    assert!(rows.bars[0].0.1 < rows.bars[1].0.1, "the first one is the uppermost");

    let columns = drawn(ChartForm::Columns, &[8, 4, 0]);
    for (place, number) in ["8", "4"].into_iter().enumerate() {
        let (from, to) = columns.bars[place];
        let (of_number, of_name) = (place_of(&columns, number)[0], place_of(&columns, &format!("n{place}"))[0]);
        for (x, _) in [of_number, of_name] {
            assert!((from.0..=to.0).contains(&x), "{number}: {x} over {from:?} {to:?}");
        }
        assert!(of_number.1 <= from.1 && of_name.1 > to.1, "{of_number:?} {of_name:?} {from:?} {to:?}");
    }
    assert!(place_of(&columns, "0").is_empty(), "where nothing is there is no number");
}

#[test]
fn everything_stays_inside() {
    for form in [ChartForm::Rows, ChartForm::Columns] {
        for numbers in [vec![], vec![0], vec![7], vec![u64::MAX, 1], vec![3; 100]] {
            let paper = drawn(form, &numbers);
            let height = height(&chart(form, &numbers)).cast_signed();
            let corners = paper.bars.iter().flat_map(|(from, to)| [*from, *to]);
            for (x, y) in corners.chain(paper.texts.iter().map(|(_, place)| *place)) {
                assert!((0..=1_600).contains(&x) && (0..=height).contains(&y), "{form:?} {numbers:?}: {x} {y}");
            }
        }
    }
}

#[test]
fn one_bar_alone_is_seen() {
    for form in [ChartForm::Rows, ChartForm::Columns] {
        let paper = drawn(form, &[7]);
        let (from, to) = paper.bars[0];
        assert!(to.0 - from.0 > 20 && to.1 - from.1 > 20, "{form:?}: {from:?} {to:?}");
    }
}

#[test]
fn of_many_columns_every_third_is_named_and_of_many_rows_each_that_is_drawn() {
    let columns = drawn(ChartForm::Columns, &[3; 31]);
    assert_eq!(columns.bars.len(), 31);
    let names = columns.texts.iter().filter(|(said, _)| said.starts_with('n')).count();
    assert_eq!(names, 11);

    let rows = drawn(ChartForm::Rows, &[3; 31]);
    assert_eq!((rows.bars.len(), rows.texts.iter().filter(|(said, _)| said.starts_with('n')).count()), (20, 20));
}

#[test]
fn a_long_name_is_cut() {
    assert_eq!(shortened("Nora Dahl"), "Nora Dahl");
    assert_eq!(shortened(&"ä".repeat(35)), format!("{}…", "ä".repeat(33)));
}
