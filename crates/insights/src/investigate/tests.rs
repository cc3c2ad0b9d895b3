//! [`Investigate`] over what documents and books say.

use rstest::rstest;
use time::macros::{date, datetime};

use super::*;
use crate::model::Urgency;
use crate::ports::MockPassages;
use crate::testing::books::Record;
use crate::testing::{COMPANY_A, InMemoryBooks, NOON, a_passage, a_record, an_alert};

fn investigate(sources: Vec<Passage>, books: InMemoryBooks) -> Investigate {
    let mut passages = MockPassages::new();
    passages
        .expect_find()
        .withf(|company_id, _, most| (*company_id, *most) == (COMPANY_A, MOST_SOURCES))
        .returning(move |_, _, _| Ok(sources.clone()));
    Investigate::new(Arc::new(passages), Arc::new(books), Arc::new(|| NOON))
}

fn books() -> InMemoryBooks {
    let books = InMemoryBooks::default();
    books.put(COMPANY_A, a_record("1"));
    let before = Record { total: Some("300".to_owned()), day: Some(date!(2026 - 01 - 10)), ..a_record("2") };
    books.put(COMPANY_A, Record { party: Some("Heron & Co".to_owned()), ..before });
    books
}

#[tokio::test]
async fn an_alert_is_looked_into_by_what_documents_and_books_say() {
    let earlier = Passage { created_at: Some(datetime!(2026-02-01 9:00 UTC)), ..a_passage(2, &[]) };
    let nobodys = Passage { created_at: None, sender: None, ..a_passage(3, &[("Not paid.", 1)]) };
    let first = a_passage(1, &[("Tern  hotels did not pay 1042.", 3), ("Again.", 1)]);
    let investigate = investigate(vec![first, earlier, nobodys], books());

    let report = investigate.investigate(COMPANY_A, Inquiry::about(an_alert())).await.unwrap();

    let found = an_alert().summary;
    assert_eq!(report.title, found);
    let expected = format!(
        "{found} 3 documents say something about this, from 2026-02-01 to 2026-03-02. 2 of them are from Nora Dahl."
    );
    assert_eq!(report.executive_summary, expected);
    assert_eq!(report.cause.primary.as_ref(), Some(&found));
    assert_eq!(report.cause.evidence, ["Tern  hotels did not pay 1042.", "Again.", "Not paid."]);
    assert_eq!((report.impact.financial.as_ref(), report.impact.urgency), (Some(&found), Some(Urgency::High)));
    assert_eq!(report.impact.customers, ["Tern Hotels"]);
    let timeline: Vec<_> = report.timeline.iter().map(|moment| moment.event.as_str()).collect();
    assert_eq!(timeline, ["Mail 2", "Mail 1"]);
    assert_eq!(report.stakeholders, [Stakeholder { name: "Nora Dahl".to_owned(), sources: 2 }]);
    let advice = report.recommendations[0];
    assert_eq!((advice.action, advice.priority), ("Ask the customer for payment.", Urgency::High));
    let metrics: Vec<_> =
        report.metrics.iter().map(|metric| (metric.name, metric.value.cents(), metric.trend)).collect();
    assert_eq!(metrics[0], ("invoiced", 10_000, MetricTrend::Down));
    assert_eq!(metrics[1], ("outstanding of invoices", 4_000, MetricTrend::Flat));
    assert_eq!(report.sources.len(), 3);
}

#[tokio::test]
async fn what_nothing_says_stays_empty() {
    let inquiry = Inquiry { title: "Herons".to_owned(), words: Inquiry::words("herons"), alert: None };

    let report = investigate(Vec::new(), InMemoryBooks::default()).investigate(COMPANY_A, inquiry).await.unwrap();

    assert_eq!((report.title.as_str(), report.executive_summary.as_str()), ("Herons", NOTHING_KNOWN));
    assert_eq!((report.cause, report.impact), (Cause::default(), Impact::default()));
    assert!(report.timeline.is_empty() && report.stakeholders.is_empty() && report.recommendations.is_empty());
    assert!(report.metrics.is_empty() && report.sources.is_empty());
}

#[rstest]
#[case::named("Invoice of HERON & Co.", true)]
#[case::a_part_of_a_word("Herons and Cormorants", false)]
#[case::apart("Heron. And so on, Co", false)]
fn customers_are_those_whose_names_are_said(#[case] title: &str, #[case] is_named: bool) {
    let names = || ["Heron & Co", " ", "&"].map(ToOwned::to_owned).into_iter();

    assert_eq!(named(names(), title, [].iter(), &[]).len(), usize::from(is_named));
}

#[test]
fn as_much_is_asked_for_as_can_be() {
    let mut alert = an_alert();
    alert.key_entities = vec!["heron ".repeat(500)];
    assert_eq!(Inquiry::about(alert.clone()).words.map(|words| words.as_str().chars().count()), Some(1_000));

    alert.key_entities.clear();
    let words = Inquiry::about(alert.clone()).words.expect("words");
    assert_eq!(words.as_str(), alert.summary);
}
