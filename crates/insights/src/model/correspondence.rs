//! Who writes to whom.

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::Touches;

/// Somebody who wrote mails, or got them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Correspondent {
    /// His address, in small letters.
    pub address: String,
    /// What his mails call him, where he wrote any.
    pub name: Option<String>,
    /// How many mails.
    pub mails: u64,
}

/// Somebody and how many others are at the other ends of his mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acquainted {
    /// Who, and in how many mails.
    pub who: Correspondent,
    /// How many others.
    pub contacts: u64,
}

/// Who writes most, who is written to most, and who to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Correspondents {
    /// Those who wrote most mails.
    pub writers: Vec<Acquainted>,
    /// Those who were sent most mails, by their own or with a copy.
    pub receivers: Vec<Acquainted>,
    /// The pairs with most mails. Nobody is tied to himself.
    pub ties: Vec<Tie>,
}

/// How many are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostCorrespondents {
    /// Writers, and receivers.
    pub people: u16,
    /// Pairs of both.
    pub ties: u16,
}

/// That somebody wrote to somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tie {
    /// Who wrote.
    pub from: String,
    /// To whom.
    pub to: String,
    /// How many mails.
    pub mails: u64,
    /// When last.
    pub last_at: OffsetDateTime,
}

/// People with the mails between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// Those with the most mails, whichever end they were at.
    pub people: Vec<Correspondent>,
    /// The mails between these people.
    pub ties: Vec<Tie>,
}

/// Mails of an hour of the days of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HourShare {
    /// 0 for Monday to 6 for Sunday.
    pub weekday: u8,
    /// 0 to 23, of UTC.
    pub hour: u8,
    /// How many mails.
    pub mails: u64,
}

/// A thread that people wrote in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TouchedThread {
    /// What its mails call it.
    pub id: String,
    /// The subject of the last mail in it.
    pub subject: String,
    /// How often people wrote.
    pub touches: Touches,
}

/// A mail is an answer to the one before it in its thread if somebody else wrote that, and at most so long before.
pub const LONGEST_REPLY: Duration = Duration::days(30);

/// Mails by the hours of a day, and by the days of a week from Monday.
#[must_use]
pub fn by_hour_and_weekday(shares: &[HourShare]) -> ([u64; 24], [u64; 7]) {
    let (mut hours, mut weekdays) = ([0; 24], [0; 7]);
    for share in shares {
        if let (Some(hour), Some(weekday)) =
            (hours.get_mut(usize::from(share.hour)), weekdays.get_mut(usize::from(share.weekday)))
        {
            *hour += share.mails;
            *weekday += share.mails;
        }
    }
    (hours, weekdays)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_and_weekdays_are_added_up() {
        let share = |weekday, hour, mails| HourShare { weekday, hour, mails };

        let (hours, weekdays) = by_hour_and_weekday(&[share(0, 9, 2), share(6, 9, 3), share(6, 23, 1)]);

        assert_eq!((hours[9], hours[23], hours.iter().sum::<u64>()), (5, 1, 6));
        assert_eq!(weekdays, [2, 0, 0, 0, 0, 0, 4]);
    }
}
