//! What people search for, and what they get.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::str::FromStr;

use cortex_kernel::{DocumentId, PageRequest};
use thiserror::Error;
use time::OffsetDateTime;

use super::{DocumentFilter, DocumentKind, SourceName};

/// What somebody typed: words that must all be there, `"phrases"`, `either or`, and `-without`. Not blank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchText(String);

/// The text cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidSearchText {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is longer than [`SearchText::MAX_CHARS`].
    #[error("may have {} characters", SearchText::MAX_CHARS)]
    TooLong,
}

/// A search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchQuery {
    /// For what.
    pub text: SearchText,
    /// Among which documents.
    pub filter: DocumentFilter,
    /// Which part of what is found.
    pub page: PageRequest,
}

/// A part of what was found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchPage {
    /// The documents, best first.
    pub hits: Vec<SearchHit>,
    /// How many documents were found in all; at most [`Ranking::MOST`].
    pub total: usize,
    /// Whether there are more than were counted.
    pub total_is_capped: bool,
    /// Where to go on; none on the last page.
    pub next_cursor: Option<String>,
}

/// A document that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchHit {
    /// Which.
    pub document_id: DocumentId,
    /// Its title.
    pub title: String,
    /// The parts of its text where the words are, or its beginning.
    pub snippet: Vec<SnippetPiece>,
    /// How well it fits; of use only to compare it with others of the same search.
    pub score: f32,
    /// Where it comes from.
    pub source: SourceName,
    /// What it is.
    pub kind: DocumentKind,
    /// When it came to be, by its own account.
    pub created_at: Option<OffsetDateTime>,
    /// The id of who brought it in first.
    pub ingested_by: Option<String>,
    /// The address of that person in the company.
    pub ingested_by_email: Option<String>,
    /// How it came in first, by the word of an [`IngestionMethod`](super::IngestionMethod).
    pub method: Option<String>,
}

/// A piece of plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnippetPiece {
    /// The text, as it is: nothing in it is markup.
    pub text: String,
    /// Whether it is what was searched for.
    pub is_match: bool,
}

/// The matches of a search, best first. A page begins after the match that ended the one before, wherever that stands by
/// now: what is added or removed meanwhile makes nothing appear twice.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    matches: Vec<Match>,
    is_capped: bool,
}

/// A document that matches, and how well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Which.
    pub document_id: DocumentId,
    /// How well, in part by its age.
    pub score: f32,
    /// The moment by which its age counts: the pages of one search have one, or they would not follow each other.
    pub as_of: OffsetDateTime,
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown cursor")]
pub struct InvalidCursor;

impl SearchText {
    /// The longest text that can be searched for, in characters.
    pub const MAX_CHARS: usize = 1_000;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for SearchText {
    type Err = InvalidSearchText;

    /// Takes a text without its surrounding white space. NUL, which no database takes, is white space too.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.replace('\0', " ");
        let text = text.trim();
        if text.is_empty() {
            Err(InvalidSearchText::Empty)
        } else if text.chars().count() > Self::MAX_CHARS {
            Err(InvalidSearchText::TooLong)
        } else {
            Ok(Self(text.to_owned()))
        }
    }
}

impl Ranking {
    /// The most matches that are counted and can be paged through.
    pub const MOST: usize = 1_000;
    /// Fewer matches are few.
    const MEAGRE: usize = 3;

    /// Ranks `matches`, of which one more than [`Self::MOST`] is enough to know that there are more.
    #[must_use]
    pub fn new(mut matches: Vec<Match>) -> Self {
        matches.sort_by(Match::best_first);
        let is_capped = matches.len() > Self::MOST;
        matches.truncate(Self::MOST);
        Self { matches, is_capped }
    }

    /// The same, of which it is known whether there are more matches than these.
    #[must_use]
    pub const fn having_more(mut self, has_more: bool) -> Self {
        self.is_capped |= has_more;
        self
    }

    /// The moment of the search whose page is asked for; none of a first page.
    pub fn as_of(page: &PageRequest) -> Result<Option<OffsetDateTime>, InvalidCursor> {
        Ok(page.cursor().map(str::parse::<Match>).transpose()?.map(|after| after.as_of))
    }

    /// Whether so little was found that a slip of the keyboard is the likeliest reason.
    #[must_use]
    pub fn is_meagre(&self) -> bool {
        self.matches.len() < Self::MEAGRE
    }

    /// Adds what is found where slips are allowed, after all that is here already.
    pub fn add_near(&mut self, near: Self) {
        let here: HashSet<DocumentId> = self.matches.iter().map(|found| found.document_id).collect();
        let least = self.matches.last().map_or(1.0, |last| last.score);
        let added = near.matches.into_iter().filter(|found| !here.contains(&found.document_id));
        let below = |found: Match| Match { score: least * found.score / (1.0 + found.score), ..found };
        let is_capped = self.is_capped || near.is_capped;
        *self = Self::new(self.matches.drain(..).chain(added.map(below)).collect());
        self.is_capped |= is_capped;
    }

    /// The matches of the page that is asked for, and where the next one begins.
    pub fn page(&self, page: &PageRequest) -> Result<(&[Match], Option<String>), InvalidCursor> {
        let after = page.cursor().map(str::parse::<Match>).transpose()?;
        let start = after.map_or(0, |after| self.matches.partition_point(|found| found.best_first(&after).is_le()));
        let rest = &self.matches[start..];
        let shown = &rest[..rest.len().min(usize::from(page.limit()))];
        let next = shown.last().filter(|_| shown.len() < rest.len());
        Ok((shown, next.map(Match::cursor)))
    }

    /// The best matches, at most `most`.
    #[must_use]
    pub fn best(mut self, most: usize) -> Vec<Match> {
        self.matches.truncate(most);
        self.matches
    }

    /// How many matches there are, as far as they are counted.
    #[must_use]
    pub fn total(&self) -> usize {
        self.matches.len()
    }

    /// Whether there are more than were counted.
    #[must_use]
    pub const fn is_capped(&self) -> bool {
        self.is_capped
    }
}

impl Match {
    /// By score, and of equals the newest.
    fn best_first(&self, other: &Self) -> Ordering {
        other.score.total_cmp(&self.score).then_with(|| other.document_id.cmp(&self.document_id))
    }

    /// The score by its bits: no rounding on the way there and back. The moment by its second.
    fn cursor(&self) -> String {
        format!("{:08x}.{}.{}", self.score.to_bits(), self.document_id, self.as_of.unix_timestamp())
    }
}

impl FromStr for Match {
    type Err = InvalidCursor;

    fn from_str(cursor: &str) -> Result<Self, InvalidCursor> {
        let (bits, rest) = cursor.split_once('.').ok_or(InvalidCursor)?;
        let (id, second) = rest.split_once('.').ok_or(InvalidCursor)?;
        let second = second.parse().map_err(|_| InvalidCursor)?;
        let as_of = OffsetDateTime::from_unix_timestamp(second).map_err(|_| InvalidCursor)?;
        let score = u32::from_str_radix(bits, 16).map(f32::from_bits).map_err(|_| InvalidCursor)?;
        let document_id = id.parse().map(DocumentId::new).map_err(|_| InvalidCursor)?;
        if score.is_nan() { Err(InvalidCursor) } else { Ok(Self { document_id, score, as_of }) }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::testing::NOON;

    #[rstest]
    #[case::words(" heron reed ", Ok("heron reed"))]
    #[case::nul("heron\0reed", Ok("heron reed"))]
    #[case::blank(" \t\0\n", Err(InvalidSearchText::Empty))]
    #[case::longest(&"ä".repeat(1_000), Ok(&*"ä".repeat(1_000)))]
    #[case::too_long(&"ä".repeat(1_001), Err(InvalidSearchText::TooLong))]
    fn a_text_to_search_for_has_something_in_it(#[case] typed: &str, #[case] taken: Result<&str, InvalidSearchText>) {
        assert_eq!(typed.parse::<SearchText>().as_ref().map(SearchText::as_str), taken.as_ref().map(|text| *text));
    }

    fn matches(count: usize) -> Vec<Match> {
        let id = |number: usize| DocumentId::new(number.try_into().unwrap());
        (0..count).map(|number| Match { document_id: id(number), score: 0.5, as_of: NOON }).collect()
    }

    fn ids(matches: &[Match]) -> Vec<i64> {
        matches.iter().map(|found| found.document_id.get()).collect()
    }

    #[test]
    fn the_best_come_first_and_of_equals_the_newest() {
        let mut found = matches(3);
        found[1].score = 0.9;
        found[0].score = 0.1;

        let ranking = Ranking::new(found);

        assert_eq!(ids(ranking.page(&PageRequest::new(None, None)).unwrap().0), [1, 2, 0]);
    }

    #[test]
    fn what_comes_and_goes_between_two_pages_makes_nothing_appear_twice() {
        let ranking = Ranking::new(matches(5));
        let (first, next) = ranking.page(&PageRequest::new(Some(2), None)).unwrap();
        assert_eq!(ids(first), [4, 3]);

        let mut changed = matches(6);
        changed.remove(3);
        let changed = Ranking::new(changed);
        let (second, next) = changed.page(&PageRequest::new(Some(2), next)).unwrap();

        assert_eq!(ids(second), [2, 1]);
        assert_eq!(ids(changed.page(&PageRequest::new(Some(2), next)).unwrap().0), [0]);
    }

    #[test]
    fn the_last_page_has_none_after_it() {
        let ranking = Ranking::new(matches(2));

        assert_eq!(ranking.page(&PageRequest::new(Some(2), None)).unwrap().1, None);
    }

    #[test]
    fn matches_are_counted_to_a_thousand() {
        for (found, total, is_capped) in [(999, 999, false), (1_000, 1_000, false), (1_001, 1_000, true)] {
            let ranking = Ranking::new(matches(found));
            assert_eq!((ranking.total(), ranking.is_capped()), (total, is_capped));
        }
    }

    #[test]
    fn what_is_found_by_a_slip_comes_after_the_rest_and_once() {
        let mut ranking = Ranking::new(matches(2));
        assert!(ranking.is_meagre());

        ranking.add_near(Ranking::new(matches(4)));

        assert_eq!(ids(ranking.page(&PageRequest::new(None, None)).unwrap().0), [1, 0, 3, 2]);
        assert!(!ranking.is_meagre());
    }

    #[rstest]
    #[case("")]
    #[case("7")]
    #[case("x.7")]
    #[case("3f000000.x")]
    #[case("3f000000.7")]
    #[case("3f000000.7.x")]
    #[case("3f000000.7.99999999999999")]
    #[case("7fc00000.7.0")]
    fn what_is_no_cursor_is_refused(#[case] cursor: &str) {
        let page = PageRequest::new(None, Some(cursor.to_owned()));

        assert_eq!(Ranking::new(matches(1)).page(&page), Err(InvalidCursor));
    }
}
