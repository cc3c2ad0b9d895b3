//! What a day, a week or a month was. Formulas and thresholds stand in `docs/insights.md`, "Summaries".

use cortex_kernel::DocumentId;
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{BookTotals, Correspondent, Money, Rise, Span, SpanKind, change_percent};

/// Documents of a kind, by where they came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindCount {
    /// Where they came from.
    pub source: String,
    /// Which kind.
    pub kind: String,
    /// How many.
    pub documents: u64,
}

/// A document that a number rests on. Kept is only which: what it says is its own to tell, as long as it is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummarySource {
    /// Which.
    #[serde(with = "document_number")]
    pub document_id: DocumentId,
    /// What it says of itself: its title.
    #[serde(skip)]
    pub quote: String,
    /// Who it is from, as far as it is from anybody.
    #[serde(skip)]
    pub from: Option<String>,
}

/// How much there was of what is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amounts {
    /// Documents, by their own dates.
    pub documents: u64,
    /// Mails.
    pub mails: u64,
    /// What invoices come to.
    pub revenue: Money,
    /// What bills come to.
    pub expenses: Money,
    /// What was paid by customers.
    pub payments: Money,
}

/// What there was in a span. Lists are of at most [`Summary::MOST`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What is compared.
    pub amounts: Amounts,
    /// The same of the span before.
    pub before: Amounts,
    /// The documents by source and kind, those with the most first.
    pub documents: Vec<KindCount>,
    /// What the books say.
    pub books: BookTotals,
    /// Those who wrote most.
    pub senders: Vec<Correspondent>,
    /// Those who were written to most.
    pub recipients: Vec<Correspondent>,
    /// Those at either end of most mails.
    pub people: Vec<Correspondent>,
    /// Domains of others in most mails, as correspondents whose address is a domain.
    pub companies: Vec<Correspondent>,
    /// Those who wrote for the first time.
    pub new_people: Vec<Correspondent>,
    /// Words that rose.
    pub topics: Vec<Rise>,
    /// The median of how long answers took, in seconds.
    pub median_reply: Option<i64>,
    /// The newest mails.
    pub mail_sources: Vec<SummarySource>,
    /// The newest mails of those who wrote for the first time.
    pub new_people_sources: Vec<SummarySource>,
    /// The newest mails about what rose.
    pub topic_sources: Vec<SummarySource>,
    /// The newest entries of the books.
    pub book_sources: Vec<SummarySource>,
}

/// A summary that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct KeptSummary {
    /// Of which span.
    pub span: Span,
    /// What there was.
    pub summary: Summary,
    /// When it was computed.
    pub computed_at: OffsetDateTime,
}

/// Scores of 0 to 100. What cannot be told is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthScores {
    /// How soon people answer: 100 up to [`PROMPT_REPLY`], 0 from [`SLOW_REPLY`] on, and evenly between.
    pub responsiveness: Option<f64>,
    /// How much of what customers were invoiced is paid.
    pub collection: Option<f64>,
    /// How many mails there are, of those in the span before; at most 100.
    pub activity: Option<f64>,
    /// The mean of those that can be told.
    pub overall: Option<f64>,
}

/// An answer within this time is as good as one can be.
pub const PROMPT_REPLY: Duration = Duration::hours(4);
/// An answer after this time is no better than none.
pub const SLOW_REPLY: Duration = Duration::hours(72);

impl Summary {
    /// Most of each list.
    pub const MOST: u16 = 15;

    /// How the span stands.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds and mails of a month are far below what binary numbers tell"
    )]
    pub fn health(&self) -> HealthScores {
        let reply = |seconds: i64| {
            let (prompt, slow) = (PROMPT_REPLY.as_seconds_f64(), SLOW_REPLY.as_seconds_f64());
            percent((slow - seconds as f64) / (slow - prompt))
        };
        let (now, before) = (self.amounts.mails as f64, self.before.mails as f64);
        let invoices = self.books.invoices;
        let scores = [
            self.median_reply.map(reply),
            share_of(invoices.paid, invoices.total),
            (before > 0.0).then(|| percent(now / before)),
        ];
        let known: Vec<f64> = scores.into_iter().flatten().collect();
        let [responsiveness, collection, activity] = scores;
        let overall = (!known.is_empty()).then(|| tenth(known.iter().sum::<f64>() / known.len() as f64));
        HealthScores { responsiveness, collection, activity, overall }
    }

    /// The documents that it rests on, list by list.
    pub fn sources_mut(&mut self) -> [&mut Vec<SummarySource>; 4] {
        [&mut self.mail_sources, &mut self.new_people_sources, &mut self.topic_sources, &mut self.book_sources]
    }

    /// The span in sentences, each of which repeats numbers that stand in the summary.
    #[must_use]
    pub fn in_words(&self, span: Span) -> String {
        let Amounts { documents, mails, revenue, expenses, .. } = self.amounts;
        if documents == 0 && mails == 0 && self.books == BookTotals::default() {
            return format!("Nothing is known of {}.", span.in_words());
        }
        let preposition = if span.kind() == SpanKind::Day { "On" } else { "In" };
        let mut sentences = vec![format!(
            "{preposition} {} there were {}, {mails} of them mails ({}).",
            span.in_words(),
            counted(documents, "document"),
            change_in_words(mails, self.before.mails, span)
        )];
        if let Some(first) = self.senders.first() {
            sentences.push(format!("Most was written by {} ({}).", first.called(), counted(first.mails, "mail")));
        }
        match self.new_people.as_slice() {
            [] => {}
            [one] => sentences.push(format!("{} wrote for the first time.", one.called())),
            [one, others @ ..] => {
                let others = counted(others.len() as u64, "other");
                sentences.push(format!("{} and {others} wrote for the first time.", one.called()));
            }
        }
        if !self.topics.is_empty() {
            let words: Vec<_> = self.topics.iter().take(3).map(|rise| rise.topic.what.as_str()).collect();
            sentences.push(format!("Written about more than before: {}.", words.join(", ")));
        }
        if self.books != BookTotals::default() {
            let (invoices, bills) = (self.books.invoices.count, self.books.bills.count);
            sentences.push(format!(
                "The books have {} of {revenue} and {} of {expenses} in all.",
                counted(invoices, "invoice"),
                counted(bills, "bill")
            ));
        }
        sentences.join(" ")
    }
}

impl Correspondent {
    /// What his mails call him, or else his address.
    #[must_use]
    pub fn called(&self) -> &str {
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&self.address)
    }
}

/// `1 mail`, `2 mails`.
pub(super) fn counted(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// `20 % more than the day before`.
pub(super) fn change_in_words(now: u64, before: u64, span: Span) -> String {
    let noun = span.kind().noun();
    match change_percent(now, before) {
        None => format!("none the {noun} before"),
        Some(0.0) => format!("as many as the {noun} before"),
        Some(change) if change > 0.0 => format!("{change} % more than the {noun} before"),
        Some(change) => format!("{} % fewer than the {noun} before", -change),
    }
}

/// By how many percent money changed, to a tenth: as [`change_percent`], against the size of what was there before.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "a tenth of a percent is far above what binary numbers lose")]
pub fn money_change_percent(now: Money, before: Money) -> Option<f64> {
    match (now.cents(), before.cents()) {
        (now, before) if now == before => Some(0.0),
        (_, 0) => None,
        (now, before) => Some(tenth((now - before) as f64 / before.abs() as f64 * 100.0)),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a tenth of a percent is far above what binary numbers lose")]
fn share_of(part: Money, whole: Money) -> Option<f64> {
    (whole.cents() > 0).then(|| percent(part.cents() as f64 / whole.cents() as f64))
}

/// Of 0 to 1, to a tenth of a percent.
fn percent(share: f64) -> f64 {
    tenth(share.clamp(0.0, 1.0) * 100.0)
}

fn tenth(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

mod document_number {
    use cortex_kernel::DocumentId;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a field by reference")]
    pub(super) fn serialize<S: Serializer>(id: &DocumentId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_i64(id.get())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DocumentId, D::Error> {
        i64::deserialize(deserializer).map(DocumentId::new)
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::macros::date;

    use super::*;
    use crate::model::{KindTotals, Occurrences, Topic};

    fn somebody(address: &str, name: Option<&str>, mails: u64) -> Correspondent {
        Correspondent { address: address.to_owned(), name: name.map(ToOwned::to_owned), mails }
    }

    fn paid(total: i128, paid: i128) -> Summary {
        let (total, paid) = (Money::of_cents(total), Money::of_cents(paid));
        let invoices = KindTotals { count: 1, total, paid, balance: total - paid };
        Summary { books: BookTotals { invoices, ..BookTotals::default() }, ..Summary::default() }
    }

    fn mails(now: u64, before: u64) -> Summary {
        let amounts = |mails| Amounts { mails, ..Amounts::default() };
        Summary { amounts: amounts(now), before: amounts(before), ..Summary::default() }
    }

    #[rstest]
    #[case(0, 100.0)]
    #[case(4 * 3600, 100.0)]
    #[case(38 * 3600, 50.0)]
    #[case(72 * 3600, 0.0)]
    #[case(900 * 3600, 0.0)]
    fn who_answers_soon_is_responsive(#[case] seconds: i64, #[case] score: f64) {
        let health = Summary { median_reply: Some(seconds), ..Summary::default() }.health();

        assert_eq!((health.responsiveness, health.overall), (Some(score), Some(score)));
    }

    #[test]
    fn what_is_paid_of_invoices_is_collected() {
        assert_eq!(paid(30_000, 10_000).health().collection, Some(33.3));
        assert_eq!(paid(30_000, 40_000).health().collection, Some(100.0));
        assert_eq!(paid(0, 0).health().collection, None);
        assert_eq!(paid(-100, 0).health().collection, None);
    }

    #[test]
    fn activity_is_against_the_span_before() {
        let activity = |now, before| mails(now, before).health().activity;

        assert_eq!([activity(5, 10), activity(20, 10), activity(0, 10)], [Some(50.0), Some(100.0), Some(0.0)]);
        assert_eq!(activity(5, 0), None);
    }

    #[test]
    fn the_mean_is_of_what_can_be_told() {
        let health = Summary { median_reply: Some(0), ..mails(5, 10) }.health();

        assert_eq!((health.collection, health.overall), (None, Some(75.0)));
        assert_eq!(Summary::default().health().overall, None);
    }

    #[rstest]
    #[case(10_000, 5_000, Some(100.0))]
    #[case(0, 5_000, Some(-100.0))]
    #[case(5_000, -10_000, Some(150.0))]
    #[case(0, 0, Some(0.0))]
    #[case(1, 0, None)]
    fn money_changes_against_what_there_was(#[case] now: i128, #[case] before: i128, #[case] change: Option<f64>) {
        assert_eq!(money_change_percent(Money::of_cents(now), Money::of_cents(before)), change);
    }

    #[test]
    fn a_span_is_told_in_sentences_of_its_numbers() {
        let day = Span::of(SpanKind::Day, date!(2026 - 03 - 02));
        let topic = Topic { what: "crane".to_owned(), occurrences: Occurrences { now: 3, before: 0 } };
        let summary = Summary {
            amounts: Amounts { documents: 9, mails: 6, revenue: Money::of_cents(98_050), ..Amounts::default() },
            senders: vec![somebody("nora@yard.example", Some("Nora Berg"), 4)],
            new_people: vec![somebody("ida@yard.example", None, 1), somebody("x@y.example", None, 1)],
            topics: vec![Rise { topic, score: 2.0 }],
            books: paid(98_050, 0).books,
            ..mails(6, 5)
        };

        assert_eq!(
            summary.in_words(day),
            "On 2026-03-02 there were 9 documents, 6 of them mails (20 % more than the day before). Most was written by \
             Nora Berg (4 mails). ida@yard.example and 1 other wrote for the first time. Written about more than before: \
             crane. The books have 1 invoice of 980.50 and 0 bills of 0.00 in all."
        );
        assert_eq!(Summary::default().in_words(day), "Nothing is known of 2026-03-02.");
    }

    #[test]
    fn a_change_is_told_in_words() {
        let week = Span::of(SpanKind::Week, date!(2026 - 03 - 02));
        let told = [(5, 0), (5, 5), (6, 5), (4, 5)].map(|(now, before)| change_in_words(now, before, week));

        assert_eq!(
            told,
            [
                "none the week before",
                "as many as the week before",
                "20 % more than the week before",
                "20 % fewer than the week before",
            ]
        );
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let topic = Topic { what: "crane".to_owned(), occurrences: Occurrences { now: 3, before: 1 } };
        let source = SummarySource { document_id: DocumentId::new(7), quote: String::new(), from: None };
        let summary = Summary {
            topics: vec![Rise { topic, score: 1.73 }],
            topic_sources: vec![source],
            senders: vec![somebody("nora@yard.example", None, 4)],
            ..paid(98_050, 12_345)
        };

        let kept = serde_json::to_value(&summary).expect("a value");

        assert_eq!(serde_json::from_value::<Summary>(kept).expect("a summary"), summary);
    }
}
