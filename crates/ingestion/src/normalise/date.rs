//! Moments and days as records tell them.

use mail_parser::DateTime;
use mail_parser::parsers::fields::date::MONTH;
use serde_json::Value;
use time::format_description::well_known::{Iso8601, Rfc2822, Rfc3339};
use time::macros::format_description;
use time::{Date, Month, OffsetDateTime, UtcOffset};

use super::fields::{in_one_line, whole_number};

/// The moment that a text tells: RFC 2822 with its obsolete forms, or ISO 8601. None where it cannot be read, and where
/// it names no zone: a moment that is off by hours is worse than none.
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    let text = in_one_line(text);
    iso(&text).or_else(|| rfc_2822(&text)).and_then(|moment| plausible(moment.unix_timestamp_nanos()))
}

/// The moment that a number of milliseconds since 1970 names.
pub(super) fn moment_of_millis(value: &Value) -> Option<OffsetDateTime> {
    plausible(i128::from(whole_number(value)?) * 1_000_000)
}

/// The day that a text begins with, by ISO 8601, in whatever zone that was.
pub(super) fn day(text: &str) -> Option<Date> {
    let text = in_one_line(text);
    let (day, rest) = text.split_at_checked(10)?;
    if !(rest.is_empty() || rest.starts_with(['T', ' '])) {
        return None;
    }
    let day = Date::parse(day, format_description!("[year]-[month]-[day]")).ok()?;
    plausible(day.midnight().assume_utc().unix_timestamp_nanos()).map(OffsetDateTime::date)
}

fn iso(text: &str) -> Option<OffsetDateTime> {
    let rfc_3339 = OffsetDateTime::parse(text, &Rfc3339).ok();
    rfc_3339.or_else(|| OffsetDateTime::parse(text, &Iso8601::DEFAULT).ok())
}

/// The weekday says nothing and is misspelt more often than anything else: reading begins at the day.
fn rfc_2822(text: &str) -> Option<OffsetDateTime> {
    let text = without_comments(text);
    let text = text.trim_start_matches(|c: char| !c.is_ascii_digit());
    let text = ["GMT", "UTC"]
        .iter()
        .fold(text.to_owned(), |text, zone| text.replace(&format!("{zone}+"), "+").replace(&format!("{zone}-"), "-"));
    OffsetDateTime::parse(&text, &Rfc2822).ok().or_else(|| loose(&text))
}

fn without_comments(text: &str) -> String {
    let mut depth = 0_usize;
    let is_outside = |c: &char| {
        let was_inside = depth > 0;
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        !was_inside && depth == 0
    };
    in_one_line(&text.chars().filter(is_outside).collect::<String>())
}

/// What deviates in a detail: hours of one digit, years of three, unknown zones (which count as UTC). The parser takes
/// numbers in whatever order they come and letters for a month, so that these are looked at first.
fn loose(text: &str) -> Option<OffsetDateTime> {
    let words: Vec<&str> = text.split(' ').collect();
    let [day, month, year, time, ..] = words.as_slice() else { return None };
    let is_number = |word: &str, longest: usize| word.len() <= longest && word.bytes().all(|b| b.is_ascii_digit());
    let is_month = MONTH.iter().any(|name| name.eq_ignore_ascii_case(month));
    let is_time = time.bytes().all(|b| b.is_ascii_digit() || b == b':');
    if !(is_number(day, 2) && is_month && is_number(year, 4) && is_time) {
        return None;
    }
    let read = DateTime::parse_rfc822(text)?;
    let year = i32::from(read.year);
    let year = if year < 1_000 { year + 1_900 } else { year };
    let date = Date::from_calendar_date(year, Month::try_from(read.month).ok()?, read.day).ok()?;
    let (hours, minutes) = (read.tz_hour.cast_signed(), read.tz_minute.cast_signed());
    let sign = if read.tz_before_gmt { -1 } else { 1 };
    let offset = UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?;
    Some(date.with_hms(read.hour, read.minute, read.second).ok()?.assume_offset(offset))
}

/// No mail is older than 1970, and no column takes a year of five digits.
fn plausible(nanoseconds: i128) -> Option<OffsetDateTime> {
    let moment = OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?;
    (nanoseconds > 0 && moment.year() <= 9_999).then_some(moment)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;
    use time::macros::datetime;

    use super::*;

    const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

    #[rstest]
    #[case::complete("Mon, 2 Mar 2026 13:00:00 +0100")]
    #[case::without_weekday("02 Mar 2026 13:00:00 +0100")]
    #[case::without_seconds("Mon, 2 Mar 2026 13:00 +0100")]
    #[case::year_of_two_digits("Mon, 2 Mar 26 13:00:00 +0100")]
    #[case::year_of_three_digits("Mon, 2 Mar 126 13:00:00 +0100")]
    #[case::west("Mon, 2 Mar 2026 06:30:00 -0530")]
    #[case::gmt("Mon, 2 Mar 2026 12:00:00 GMT")]
    #[case::ut("Mon, 2 Mar 2026 12:00:00 UT")]
    #[case::utc("Mon, 2 Mar 2026 12:00:00 UTC")]
    #[case::zulu("Mon, 2 Mar 2026 12:00:00 Z")]
    #[case::unknown_offset("Mon, 2 Mar 2026 12:00:00 -0000")]
    #[case::est("Mon, 2 Mar 2026 07:00:00 EST")]
    #[case::pdt("Mon, 2 Mar 2026 05:00:00 PDT")]
    #[case::zone_without_seconds("2 Mar 26 07:00 EST")]
    #[case::unknown_zone_is_utc("Mon, 2 Mar 2026 12:00:00 XYZ")]
    #[case::gmt_and_offset("Mon, 2 Mar 2026 13:00:00 GMT+0100")]
    #[case::comment("Mon, 2 Mar 2026 13:00:00 +0100 (CET)")]
    #[case::comment_after_zone("Mon, 2 Mar 2026 12:00:00 GMT (Greenwich Mean Time)")]
    #[case::comment_within("Mon, 2 Mar 2026 (a Monday) 13:00:00 +0100")]
    #[case::folded("Mon, 2 Mar 2026\r\n\t13:00:00 +0100")]
    #[case::lower_case("mon, 2 mar 2026 13:00:00 +0100")]
    #[case::another_weekday("Tue, 2 Mar 2026 13:00:00 +0100")]
    #[case::weekday_in_full("Monday 2 Mar 2026 13:00:00 +0100")]
    #[case::german_weekday("Mo, 2 Mar 2026 13:00:00 +0100")]
    #[case::hour_of_one_digit("Mon, 2 Mar 2026 6:30:00 -0530")]
    #[case::padded("  Mon,  2 Mar 2026  13:00:00  +0100 ")]
    #[case::nul("Mon, 2 Mar\0 2026 13:00:00 +0100")]
    #[case::iso("2026-03-02T12:00:00Z")]
    #[case::iso_fraction("2026-03-02T12:00:00.000Z")]
    #[case::iso_offset("2026-03-02T13:00:00+01:00")]
    #[case::iso_basic("20260302T120000Z")]
    fn a_date_is_read_in_every_form(#[case] text: &str) {
        assert_eq!(moment(text), Some(NOON));
    }

    #[rstest]
    #[case::of_the_last_century("Thu, 31 Dec 98 23:59:59 GMT", datetime!(1998-12-31 23:59:59 UTC))]
    #[case::of_this_century("Sat, 1 Jan 49 00:00:00 GMT", datetime!(2049-01-01 00:00 UTC))]
    #[case::iso_of_millis("2026-03-02T12:00:00.250Z", datetime!(2026-03-02 12:00:00.25 UTC))]
    fn a_date_keeps_what_it_says(#[case] text: &str, #[case] read: OffsetDateTime) {
        assert_eq!(moment(text), Some(read));
    }

    #[rstest]
    #[case::empty("")]
    #[case::words("yesterday at noon")]
    #[case::no_zone("Mon, 2 Mar 2026 12:00:00")]
    #[case::iso_without_zone("2026-03-02T12:00:00")]
    #[case::no_year("Mon, 2 Mar 12:00:00 +0000")]
    #[case::no_time("Mon, 2 Mar 2026 +0000")]
    #[case::no_such_day("Mon, 30 Feb 2026 12:00:00 +0000")]
    #[case::no_such_hour("Mon, 2 Mar 2026 25:00:00 +0000")]
    #[case::no_such_month("Mon, 2 Foo 2026 12:00:00 +0000")]
    #[case::of_c("Mon Mar  2 12:00:00 2026 +0000")]
    #[case::by_slashes("03/02/2026 12:00:00 +0000")]
    #[case::before_mail("Thu, 1 Jan 1970 00:00:00 +0000")]
    #[case::of_another_millennium("Mon, 2 Mar 1026 12:00:00 +0000")]
    #[case::beyond_the_last_year("9999-12-31T23:59:59-05:00")]
    fn a_date_that_cannot_be_read_is_none(#[case] text: &str) {
        assert_eq!(moment(text), None);
    }

    #[rstest]
    #[case::alone("2026-03-02", true)]
    #[case::padded(" 2026-03-02\n", true)]
    #[case::of_a_moment("2026-03-02T00:00:00.000Z", true)]
    #[case::where_it_was("2026-03-02T23:30:00-08:00", true)]
    #[case::without_a_zone("2026-03-02 23:30", true)]
    #[case::no_such_day("2026-02-30", false)]
    #[case::goes_on("2026-03-021", false)]
    #[case::by_slashes("03/02/2026", false)]
    #[case::day_first("02-03-2026", false)]
    #[case::of_antiquity("0026-03-02", false)]
    #[case::signed("+2026-03-0", false)]
    #[case::letters_of_several_bytes("äöüäöüäöü", false)]
    #[case::empty("", false)]
    fn a_day_is_what_a_text_begins_with(#[case] text: &str, #[case] is_read: bool) {
        assert_eq!(day(text), is_read.then_some(NOON.date()));
    }

    #[rstest]
    #[case::text(json!("1772452800000"), Some(NOON))]
    #[case::number(json!(1_772_452_800_000_u64), Some(NOON))]
    #[case::zero(json!("0"), None)]
    #[case::negative(json!(-5), None)]
    #[case::too_large(json!(i64::MAX), None)]
    #[case::words(json!("noon"), None)]
    #[case::absent(Value::Null, None)]
    fn milliseconds_are_a_moment(#[case] value: Value, #[case] read: Option<OffsetDateTime>) {
        assert_eq!(moment_of_millis(&value), read);
    }
}
