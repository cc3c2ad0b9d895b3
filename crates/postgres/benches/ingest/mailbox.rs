//! Messages of 4 kB in words as people use them: few words often, most of them seldom.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

const BODY_BYTES: usize = 4_000;

/// Different words.
const WORDS: f64 = 20_000.0;

/// The record of a message.
pub(crate) fn record(number: u64) -> Value {
    json!({
        "id": id(number),
        "threadId": format!("t{}", number / 3),
        "sender": format!("Person {0} <person{0}@example.org>", number % 500),
        "recipients": "Nora Berg <nora@example.com>",
        "date": date(number).format(&time::format_description::well_known::Rfc2822).unwrap(),
        "subject": text(number, 40),
        "body": text(number, BODY_BYTES),
    })
}

/// Its id.
pub(crate) fn id(number: u64) -> String {
    format!("m{number}")
}

/// When it was sent.
pub(crate) fn date(number: u64) -> OffsetDateTime {
    let minutes = i64::try_from(number).unwrap();
    cortex_ingestion::testing::NOON - Duration::minutes(minutes)
}

/// Words of so many bytes together, always the same for a number.
pub(crate) fn text(number: u64, bytes: usize) -> String {
    let mut state = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ bytes as u64;
    let mut text = String::with_capacity(bytes + 16);
    while text.len() < bytes {
        // xorshift64 (Marsaglia 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let even = (state >> 11) as f64 / (1_u64 << 53) as f64;
        // By Zipf: the rank is spread evenly over the orders of magnitude.
        text.push_str(&word(WORDS.powf(even) as u64));
        text.push(if state.is_multiple_of(12) { '\n' } else { ' ' });
    }
    text.trim_end().to_owned()
}

/// The word of a rank, in syllables.
fn word(rank: u64) -> String {
    const SYLLABLES: [&str; 16] =
        ["ba", "den", "fir", "go", "hal", "in", "ker", "lo", "mun", "nes", "or", "pra", "sti", "tur", "vel", "zo"];
    let mut word = String::new();
    let mut rest = rank + 16;
    while rest > 0 {
        word.push_str(SYLLABLES[(rest % 16) as usize]);
        rest /= 16;
    }
    word
}
