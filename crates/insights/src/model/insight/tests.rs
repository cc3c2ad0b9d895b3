//! Insights of summaries.

use cortex_kernel::DocumentId;
use time::macros::{date, datetime};

use super::*;
use crate::model::{Amounts, Correspondent, KindTotals, Occurrences, Rise, SpanKind, Topic};

const WEEK: (SpanKind, time::Date) = (SpanKind::Week, date!(2026 - 03 - 04));

fn kept(summary: Summary) -> KeptSummary {
    KeptSummary { span: Span::of(WEEK.0, WEEK.1), summary, computed_at: datetime!(2026-03-09 02:00 UTC) }
}

fn somebody(name: &str, mails: u64) -> Correspondent {
    Correspondent { address: format!("{name}@yard.example"), name: Some(name.to_owned()), mails }
}

fn source(id: i64) -> SummarySource {
    SummarySource { document_id: DocumentId::new(id), quote: format!("Mail {id}"), from: None }
}

fn only(summary: Summary) -> Insight {
    let insights = kept(summary).insights();
    assert_eq!(insights.len(), 1, "{insights:?}");
    insights.into_iter().next().expect("one")
}

fn kinds(insight: &Insight) -> Vec<&'static str> {
    insight.widgets.iter().map(|widget| widget.kind.name()).collect()
}

#[test]
fn of_nothing_there_is_nothing_to_know() {
    assert_eq!(kept(Summary::default()).insights(), []);
}

#[test]
fn mails_are_told_with_their_change_and_a_steep_fall_is_an_alert() {
    let mails = |mails, before| Summary {
        amounts: Amounts { mails, ..Amounts::default() },
        before: Amounts { mails: before, ..Amounts::default() },
        senders: vec![somebody("Nora", mails)],
        mail_sources: vec![source(1), source(2)],
        ..Summary::default()
    };

    let more = only(mails(6, 5));
    assert_eq!(more.answer, "6 mails were written, 20 % more than the week before. Most by Nora (6).");
    assert_eq!((more.category, more.sources.len(), more.total_sources), (InsightCategory::Communication, 2, 6));
    assert_eq!(kinds(&more), ["stat", "trend"]);
    assert_eq!(more.widgets[1].value.as_deref(), Some("+20"));
    assert_eq!(kinds(&only(mails(3, 5))), ["stat", "trend"]);
    let steep = only(mails(2, 4));
    assert_eq!(
        (kinds(&steep), steep.widgets[2].message.as_str()),
        (vec!["stat", "trend", "alert"], "Mails fell by 50 %.")
    );
    let first = only(mails(2, 0));
    assert_eq!((kinds(&first), first.widgets[1].value.as_deref()), (vec!["stat", "trend"], None));
}

#[test]
fn those_who_are_new_are_named() {
    let new_people = (1..=6).map(|number| somebody(&format!("P{number}"), 2)).collect();

    let insight = only(Summary { new_people, new_people_sources: vec![source(3)], ..Summary::default() });

    assert_eq!(insight.answer, "Wrote for the first time: P1, P2, P3, P4, P5.");
    assert_eq!((insight.total_sources, insight.widgets[0].value.as_deref()), (12, Some("6")));
}

#[test]
fn topics_tell_in_how_many_mails_they_are() {
    let topic = Topic { what: "crane".to_owned(), occurrences: Occurrences { now: 3, before: 1 } };

    let insight = only(Summary { topics: vec![Rise { topic, score: 1.0 }], ..Summary::default() });

    assert_eq!(insight.answer, "Written about more than before: crane (3 mails, 1 before).");
    assert_eq!((insight.total_sources, kinds(&insight)), (3, vec!["snapshot"]));
}

#[test]
fn the_books_are_told_by_their_sums() {
    let revenue = Money::of_cents(100_000);
    let invoices =
        KindTotals { count: 2, total: revenue, paid: Money::of_cents(60_000), balance: Money::of_cents(40_000) };
    let books = BookTotals { invoices, ..BookTotals::default() };
    let amounts = |revenue| Amounts { revenue, ..Amounts::default() };
    let summary =
        Summary { books, amounts: amounts(revenue), before: amounts(Money::of_cents(400_000)), ..Summary::default() };

    let insight = only(summary);

    assert_eq!(
        insight.answer,
        "2 invoices of 1000.00 (-75 % against the week before), 0 bills of 0.00, 0 payments of 0.00. 400.00 of what was \
         invoiced is not paid."
    );
    assert_eq!(kinds(&insight), ["stat", "trend", "stat", "alert"]);
    assert_eq!(
        (insight.widgets[0].value.as_deref(), insight.widgets[3].value.as_deref()),
        (Some("1000.00"), Some("-75"))
    );
}

#[test]
fn five_documents_are_enough_to_be_certain() {
    let insight = |total_sources| Insight {
        category: InsightCategory::Topics,
        answer: String::new(),
        sources: Vec::new(),
        total_sources,
        widgets: Vec::new(),
    };

    let certain = [0, 1, 5, 500].map(|sources| insight(sources).confidence().to_bits());

    assert_eq!(certain, [0.0_f64, 0.2, 1.0, 1.0].map(f64::to_bits));
}

#[test]
fn an_insight_has_an_id_that_says_which_it_is() {
    let id = InsightId { span: Span::of(WEEK.0, WEEK.1), category: InsightCategory::People };

    assert_eq!(id.to_string(), "weekly:2026-03-02:people");
    assert_eq!(id.to_string().parse(), Ok(id));
    for wrong in ["", "weekly", "weekly:2026-03-02", "weekly:2026-03-02:x", "weekly:2026-13-02:people", "a:b:c:d"] {
        assert_eq!(wrong.parse::<InsightId>(), Err(InvalidInsightId), "{wrong}");
    }
    for category in InsightCategory::ALL {
        assert_eq!(category.name().parse(), Ok(category));
        assert!(!category.title().is_empty() && !category.icon().is_empty());
    }
}
