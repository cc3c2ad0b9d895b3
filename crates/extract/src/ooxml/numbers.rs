//! Numbers as sheets show them, as far as it matters to a reader: dates are numbers there.

use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// How a number is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Format {
    #[default]
    Number,
    Percent,
    Date,
    Time,
    DateTime,
}

/// From when days are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Epoch {
    Of1900,
    Of1904,
}

impl Format {
    /// One that every program knows by this id.
    pub(super) fn built_in(id: usize) -> Self {
        match id {
            9 | 10 => Self::Percent,
            14..=17 | 27..=31 | 36 | 50..=54 | 57 | 58 => Self::Date,
            18..=21 | 32..=35 | 45..=47 | 55 | 56 => Self::Time,
            22 => Self::DateTime,
            _ => Self::Number,
        }
    }

    /// One that the file defines, like `dd.mm.yyyy` or `0.00 %`.
    pub(super) fn of_code(code: &str) -> Self {
        let mut letters = String::new();
        let mut characters = code.split(';').next().unwrap_or_default().chars();
        while let Some(c) = characters.next() {
            match c {
                '"' => {
                    characters.by_ref().find(|c| *c == '"');
                }
                '\\' | '_' | '*' => {
                    characters.next();
                }
                // A colour, a condition or a language; but for hours that go on beyond a day.
                '[' => {
                    let within: String = characters.by_ref().take_while(|c| *c != ']').collect();
                    if matches!(within.to_ascii_lowercase().as_str(), "h" | "hh" | "m" | "mm" | "s" | "ss") {
                        letters.push('h');
                    }
                }
                c => letters.push(c.to_ascii_lowercase()),
            }
        }
        if letters.contains("general") {
            return Self::Number;
        }
        let (day, hour) = (letters.contains(['y', 'd']), letters.contains(['h', 's']));
        match (day, hour) {
            (true, true) => Self::DateTime,
            (true, false) => Self::Date,
            (false, true) => Self::Time,
            (false, false) if letters.contains('m') => Self::Date,
            (false, false) if letters.contains('%') => Self::Percent,
            (false, false) => Self::Number,
        }
    }
}

/// The number as a reader sees it, but for how many digits he sees.
pub(super) fn shown(value: &str, format: Format, epoch: Epoch) -> String {
    let Ok(number) = value.parse::<f64>() else { return value.to_owned() };
    match format {
        Format::Number => digits(number).unwrap_or_else(|| value.to_owned()),
        Format::Percent => digits(number * 100.0).map_or_else(|| value.to_owned(), |digits| format!("{digits}%")),
        Format::Date | Format::Time | Format::DateTime => {
            moment(number, format, epoch).or_else(|| digits(number)).unwrap_or_else(|| value.to_owned())
        }
    }
}

/// With the fifteen digits that sheets calculate with: what is 0.1 + 0.2 is 0.3 there.
fn digits(number: f64) -> Option<String> {
    if !number.is_finite() || number.abs() >= 1e15 || (number != 0.0 && number.abs() < 1e-9) {
        return None;
    }
    let before = format!("{:.0}", number.abs().trunc()).len();
    let text = format!("{number:.*}", 15_usize.saturating_sub(before).min(12));
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    Some(if text == "-0" { "0" } else { text }.to_owned())
}

fn moment(number: f64, format: Format, epoch: Epoch) -> Option<String> {
    const SECONDS: f64 = 86_400.0;
    // The last day of the year 9999.
    if !(0.0..2_958_466.0).contains(&number) {
        return None;
    }
    let seconds = (number * SECONDS).round();
    #[expect(clippy::cast_possible_truncation, reason = "it is in the range that was just checked")]
    let seconds = seconds as i64;
    if format == Format::Time {
        let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        let rest = if rest == 0 { String::new() } else { format!(":{rest:02}") };
        return Some(format!("{hours:02}:{minutes:02}{rest}"));
    }
    let begin = match epoch {
        // Lotus took 1900 for a leap year, and Excel had to agree.
        Epoch::Of1900 if number < 60.0 => Date::from_calendar_date(1899, Month::December, 31),
        Epoch::Of1900 => Date::from_calendar_date(1899, Month::December, 30),
        Epoch::Of1904 => Date::from_calendar_date(1904, Month::January, 1),
    };
    let at = PrimitiveDateTime::new(begin.ok()?, Time::MIDNIGHT).checked_add(Duration::seconds(seconds))?;
    let (date, time) = (at.date(), at.time());
    Some(match format {
        Format::DateTime if time != Time::MIDNIGHT => format!("{date} {:02}:{:02}", time.hour(), time.minute()),
        _ => date.to_string(),
    })
}
