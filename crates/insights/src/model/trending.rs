//! What is spoken of more than before.

use serde::{Deserialize, Serialize};

use super::common_words::is_common;
use super::{Occurrences, OwnAddresses, domain_of, is_public, log_odds};

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TopicKind {
    /// Addresses that mails are from or to.
    People,
    /// The domains of these addresses.
    Companies,
    /// Words of subjects, of four letters and more, in small letters.
    Terms,
}

/// Somebody or something, and in how many mails of two stretches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topic {
    /// An address, a domain or a word.
    pub what: String,
    /// In how many mails.
    pub occurrences: Occurrences,
}

/// What mails of two stretches are about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Those of which there is the most now.
    pub topics: Vec<Topic>,
    /// Of all topics together, also of those that are not told.
    pub all: Occurrences,
}

/// A topic that rose.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rise {
    /// What.
    pub topic: Topic,
    /// By how many standard deviations: [`log_odds`].
    pub score: f64,
}

/// What is in fewer mails than so many rises by chance.
pub const LEAST_MENTIONS: u64 = 2;

impl Topic {
    /// Whether it tells anything to be in as many mails now. The company's own people and domains, domains where anybody has an
    /// address, and words that everybody uses do not, nor does what is in fewer than [`LEAST_MENTIONS`].
    #[must_use]
    pub fn tells(&self, kind: TopicKind, own: &OwnAddresses) -> bool {
        let what = self.what.as_str();
        self.occurrences.now >= LEAST_MENTIONS
            && match kind {
                TopicKind::People => !own.own(what),
                TopicKind::Companies => !is_public(what) && !own.has_domain(what),
                TopicKind::Terms => !is_common(what),
            }
    }
}

impl Comparison {
    /// At most `most` of what rose, what rose most first, of what [tells](Topic::tells) anything.
    #[must_use]
    pub fn risen(self, kind: TopicKind, own: &OwnAddresses, most: usize) -> Vec<Rise> {
        let all = self.all;
        let mut risen: Vec<_> = self
            .topics
            .into_iter()
            .filter(|topic| topic.tells(kind, own))
            .map(|topic| Rise { score: log_odds(topic.occurrences, all), topic })
            .filter(|rise| rise.score > 0.0)
            .collect();
        risen.sort_by(|one, other| {
            other.score.total_cmp(&one.score).then_with(|| one.topic.what.cmp(&other.topic.what))
        });
        risen.truncate(most);
        risen
    }
}

impl TopicKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::People, Self::Companies, Self::Terms];

    /// What a mail with this sender, these receivers and this subject is about, each once.
    #[must_use]
    pub fn of_mail<'m>(self, people: impl Iterator<Item = &'m str>, subject: &'m str) -> Vec<String> {
        let mut topics: Vec<String> = match self {
            Self::People => people.map(ToOwned::to_owned).collect(),
            Self::Companies => people.filter_map(domain_of).map(ToOwned::to_owned).collect(),
            Self::Terms => subject
                .to_lowercase()
                .split(|char: char| !char.is_alphanumeric())
                .filter(|word| word.chars().count() >= 4 && !word.chars().all(|char| char.is_ascii_digit()))
                .map(ToOwned::to_owned)
                .collect(),
        };
        topics.sort();
        topics.dedup();
        topics
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn comparison(topics: &[(&str, u64, u64)]) -> Comparison {
        let topic = |(what, now, before): &(&str, u64, u64)| Topic {
            what: (*what).to_owned(),
            occurrences: Occurrences { now: *now, before: *before },
        };
        Comparison { topics: topics.iter().map(topic).collect(), all: Occurrences { now: 1_000, before: 1_000 } }
    }

    #[test]
    fn what_rose_most_comes_first_and_what_did_not_rise_is_left_out() {
        let told =
            comparison(&[("crane", 20, 10), ("dock", 40, 2), ("rope", 5, 9), ("buoy", 1, 0), ("anchor", 20, 10)]);

        let risen = told.risen(TopicKind::Terms, &OwnAddresses::default(), 3);

        let whats: Vec<_> = risen.iter().map(|rise| rise.topic.what.as_str()).collect();
        assert_eq!(whats, ["dock", "anchor", "crane"]);
        assert!(risen.iter().all(|rise| rise.score > 0.0));
        assert_eq!(
            comparison(&[("crane", 9, 1), ("dock", 9, 1)]).risen(TopicKind::Terms, &OwnAddresses::default(), 1).len(),
            1
        );
    }

    #[rstest]
    #[case(TopicKind::People, &["nora@yard.example", "marta@kestrel.example"], "nora@yard.example")]
    #[case(TopicKind::Companies, &["yard.example", "gmail.com", "kestrel.example"], "yard.example")]
    #[case(TopicKind::Terms, &["crane", "with", "about"], "crane")]
    fn what_tells_nothing_is_left_out(#[case] kind: TopicKind, #[case] whats: &[&str], #[case] told: &str) {
        let topics: Vec<_> = whats.iter().map(|what| (*what, 20, 1)).collect();
        let own = OwnAddresses::new(["sync@kestrel.example".to_owned()]);

        let risen = comparison(&topics).risen(kind, &own, 9);

        assert_eq!(risen.iter().map(|rise| rise.topic.what.as_str()).collect::<Vec<_>>(), [told]);
    }

    #[test]
    fn a_mail_is_about_each_of_its_people_companies_and_words_once() {
        let people = ["nora@yard.example", "ida@yard.example", "nora@yard.example", "x"];
        let about = |kind: TopicKind| kind.of_mail(people.into_iter(), "Re: Crane 2026, CRANE B7-441x of the dock");

        assert_eq!(about(TopicKind::People), ["ida@yard.example", "nora@yard.example", "x"]);
        assert_eq!(about(TopicKind::Companies), ["yard.example"]);
        assert_eq!(about(TopicKind::Terms), ["441x", "crane", "dock"]);
    }
}
