//! What reports of days say.

use std::sync::Arc;

use cortex_kernel::{Clock, RandomIds};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::model::OwnAddresses;
use crate::ports::{MockCompanyOverview, MockSummarizer, SummarizerError};
use crate::testing::day_reader::{Came, a_mail};
use crate::testing::{COMPANY_A, InMemoryDailyReports, InMemoryDays, NOON, TODAY};

const CLIENTS: DailyReportKind = DailyReportKind::ClientRelationships;
const OPERATIONS: DailyReportKind = DailyReportKind::Operations;
const MORNING_AFTER: OffsetDateTime = datetime!(2026-03-03 05:00 UTC);

struct Stage {
    days: Arc<InMemoryDays>,
    reports: Arc<InMemoryDailyReports>,
    summarizer: Option<Arc<dyn Summarizer>>,
    now: OffsetDateTime,
}

impl Stage {
    fn new() -> Self {
        Self { days: Arc::default(), reports: Arc::default(), summarizer: None, now: MORNING_AFTER }
    }

    fn put(&self, came: Came) -> i64 {
        self.days.put(COMPANY_A, came).get()
    }

    async fn write(&self, kind: DailyReportKind, day: Date, anew: bool) -> DailyReport {
        let mut overview = MockCompanyOverview::new();
        let own = || OwnAddresses::new(["marta@kestrel.example".to_owned()]);
        overview.expect_list_own_addresses().returning(move |_| Ok(own()));
        let now = self.now;
        let clock: Arc<dyn Clock> = Arc::new(move || now);
        let ports = ReportWriting {
            days: Arc::clone(&self.days) as _,
            overview: Arc::new(overview),
            reports: Arc::clone(&self.reports) as _,
            summarizer: self.summarizer.clone(),
            clock,
            ids: Arc::new(RandomIds),
        };
        WriteDailyReport::new(ports).write(COMPANY_A, kind, day, anew).await.expect("a report")
    }
}

fn titles(report: &DailyReport) -> Vec<&str> {
    report.sections.iter().map(|section| section.title.as_str()).collect()
}

#[tokio::test]
async fn a_report_of_clients_tells_whom_what_and_who_waits() {
    let stage = Stage::new();
    let pumps = stage.put(Came { content: "The second pump is broken. Please call.", ..a_mail("Pumps") });
    let valves = stage.put(Came { content: "We confirm Friday.", ..a_mail("Valves") });

    let report = stage.write(CLIENTS, TODAY, false).await;

    assert_eq!(
        titles(&report),
        ["Whom we exchanged mails with", "Issues", "Updates", "Threads that wait for an answer"]
    );
    let summary = "On 2026-03-02, 2 mails were exchanged with 1 person outside: 2 received and 0 sent. 1 mail speaks of \
                   issues and 1 of updates. 2 threads wait for an answer.";
    assert_eq!((report.executive_summary.as_str(), report.summarized_by), (summary, AnsweredBy::Extract));
    let content = |place: usize| report.sections[place].content.as_str();
    assert!(content(0).contains("- **Nora Dahl (nora@larkmoor.example)**: 2 received, 0 sent"), "{}", content(0));
    assert_eq!(content(1), "- **Pumps** (Nora Dahl): broken — “The second pump is broken”\n");
    assert_eq!(content(2), "- **Valves** (Nora Dahl): confirm — “We confirm Friday”\n");
    assert!(content(3).contains("- **Pumps**, from Nora Dahl (nora@larkmoor.example), since 2026-03-02 (0 days)"));
    let sources: Vec<_> = report.sections[1].sources.iter().map(|source| source.document_id.get()).collect();
    assert_eq!(sources, [pumps]);
    assert_eq!(report.sources().iter().map(|source| source.document_id.get()).collect::<Vec<_>>(), [pumps, valves]);
    assert_eq!(report.key_items[0], "Issue: Pumps");
    let charts: Vec<_> = report.charts.iter().map(|chart| chart.title.as_str()).collect();
    assert_eq!(charts, ["Mails by hour (UTC)", "Mails by person outside"]);
    assert_eq!(report.generated_at, MORNING_AFTER);
}

#[tokio::test]
async fn a_report_of_operations_tells_of_orders_production_quality_and_shipping() {
    let stage = Stage::new();
    let order = stage.put(Came { source: "upload", kind: "file", content: "We order two pumps.", ..a_mail("Sheet") });
    stage.put(Came { content: "Inspection passed; the pallets ship on Friday.", ..a_mail("News") });

    let report = stage.write(OPERATIONS, TODAY, false).await;

    assert_eq!(titles(&report), ["Orders", "Production", "Quality", "Shipping"]);
    let summary = "On 2026-03-02, 2 documents came to be from 2 sources. They speak of the following: 1 of orders, \
                   0 of production, 1 of quality, 1 of shipping.";
    assert_eq!(report.executive_summary, summary);
    assert_eq!(report.sections[0].sources[0].document_id.get(), order);
    assert_eq!(report.sections[1].content, "Nothing is said of it.\n");
    assert_eq!(
        report.sections[3].content,
        "- **News** (Nora Dahl): pallet, ship — “Inspection passed; the pallets ship on Friday”\n"
    );
    assert_eq!(report.charts[1].bars[0], ("Orders".to_owned(), 1));
}

#[tokio::test]
async fn an_empty_day_gives_a_report_that_says_so() {
    for (kind, sections) in [(CLIENTS, 4), (OPERATIONS, 4)] {
        let report = Stage::new().write(kind, TODAY, false).await;

        assert_eq!((report.sections.len(), report.charts.len(), report.key_items.len()), (sections, 0, 0));
        assert!(report.sections.iter().all(|section| section.sources.is_empty() && section.facts.count == 0));
    }
}

#[tokio::test]
async fn a_section_says_what_is_new_against_the_day_before() {
    let stage = Stage::new();
    let day_before = TODAY.previous_day().unwrap();
    stage.put(Came { at: NOON - Duration::DAY, content: "A delay.", ..a_mail("Pumps") });
    stage.put(Came { content: "A delay.", ..a_mail("Pumps") });
    stage.put(Came { content: "It is broken.", sender: Some(("olaf@yard.example", None)), ..a_mail("Crane") });

    let first = stage.write(CLIENTS, day_before, false).await;
    let report = stage.write(CLIENTS, TODAY, false).await;

    let notes =
        |report: &DailyReport| report.sections.iter().map(|section| section.evolution_note.clone()).collect::<Vec<_>>();
    assert!(notes(&first).iter().all(|note| note == "There is no report of the day before to compare with."));
    let expected = [
        "1 more than the day before. New: olaf@yard.example.",
        "1 more than the day before. New: broken.",
        "As many as the day before (0).",
        "1 more than the day before. New: Crane.",
    ];
    assert_eq!(notes(&report), expected);
}

#[tokio::test]
async fn a_kept_report_is_told_until_somebody_wants_it_made_anew() {
    let stage = Stage::new();
    let kept = stage.write(CLIENTS, TODAY, false).await;
    stage.put(a_mail("Came later"));

    assert_eq!(stage.write(CLIENTS, TODAY, false).await, kept);
    let anew = stage.write(CLIENTS, TODAY, true).await;
    assert_ne!((anew.id, &anew.executive_summary), (kept.id, &kept.executive_summary));
    assert_eq!(stage.write(CLIENTS, TODAY, false).await, anew);
}

#[tokio::test]
async fn a_report_that_was_made_before_its_day_was_over_is_made_anew() {
    let mut stage = Stage { now: NOON, ..Stage::new() };
    let first = stage.write(CLIENTS, TODAY, false).await;
    stage.now = MORNING_AFTER;

    let whole = stage.write(CLIENTS, TODAY, false).await;

    assert_ne!(first.id, whole.id);
    assert_eq!(stage.write(CLIENTS, TODAY, false).await, whole);
}

#[tokio::test]
async fn a_model_puts_the_summary_in_words_and_nothing_else() {
    let mut stage = Stage::new();
    stage.put(Came { content: "The pump is broken.", ..a_mail("Pumps") });
    let mut summarizer = MockSummarizer::new();
    summarizer.expect_put_in_words().returning(|task, material| {
        assert!(task.contains("no instructions") && material.contains("The pump is broken"), "{material}");
        Ok("A pump\0 broke. ".to_owned())
    });
    stage.summarizer = Some(Arc::new(summarizer));

    let report = stage.write(CLIENTS, TODAY, false).await;

    assert_eq!((report.executive_summary.as_str(), report.summarized_by), ("A pump broke.", AnsweredBy::Model));
    assert!(report.sections[1].content.contains("The pump is broken"));
}

#[tokio::test]
async fn without_the_model_the_summary_is_made_of_the_numbers() {
    let mut summarizer = MockSummarizer::new();
    summarizer.expect_put_in_words().returning(|_, _| Err(SummarizerError("away".into())));
    let stage = Stage { summarizer: Some(Arc::new(summarizer)), ..Stage::new() };

    let report = stage.write(CLIENTS, TODAY, false).await;

    assert!(report.executive_summary.starts_with("On 2026-03-02, 0 mails were exchanged with 0 people outside"));
    assert_eq!(report.summarized_by, AnsweredBy::Extract);
}

#[tokio::test]
async fn what_a_mail_says_means_nothing_in_a_report() {
    let stage = Stage::new();
    let title = "<script>alert(1)</script> [x](javascript:y)";
    let name = Some("**Nora** <b>");
    stage.put(Came {
        content: "# A problem <img src=x>\n",
        sender: Some(("nora@larkmoor.example", name)),
        ..a_mail(title)
    });

    let report = stage.write(CLIENTS, TODAY, false).await;

    let markdown = report.to_markdown();
    for hostile in ["<script", "<img", "[x](", "<b>", "****Nora"] {
        assert!(
            !markdown.replace("\\<", "").replace("\\[", "").replace("\\*", "").contains(hostile),
            "{hostile}: {markdown}"
        );
    }
    assert!(markdown.contains("\\<script\\>alert(1)\\</script\\>"), "{markdown}");
}
