//! Values that a test starts from and changes where it matters.

use cortex_kernel::{CompanyId, ConnectionId, DocumentId, IdGenerator, Provider, RandomIds, SavedReportId, UserId};
use serde_json::json;
use time::macros::{date, datetime};
use time::{Date, OffsetDateTime};
use uuid::{Uuid, uuid};

use super::books::Record;
use crate::model::{
    Alert, AlertRule, AnsweredBy, ChartForm, ConnectionStanding, ConnectionState, DailyReport, DailyReportKind,
    NewSavedReport, Passage, ReportChart, ReportData, ReportHead, ReportOrigin, ReportSection, ReportSource,
    SectionFacts, Sentence, Urgency,
};

/// The company of the deployment under test.
pub const COMPANY_A: CompanyId = CompanyId::new(uuid!("0a000000-0000-4000-8000-00000000000a"));
/// Some other company.
pub const COMPANY_B: CompanyId = CompanyId::new(uuid!("0b000000-0000-4000-8000-00000000000b"));
/// A person.
pub const USER_1: UserId = UserId::new(uuid!("01000000-0000-4000-8000-000000000001"));
/// A colleague.
pub const USER_2: UserId = UserId::new(uuid!("02000000-0000-4000-8000-000000000002"));
/// The moment at which tests take place, on a Monday.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);
/// The day of that moment.
pub const TODAY: Date = date!(2026 - 03 - 02);

/// An invoice of 100 to Tern Hotels of [`TODAY`], of which 40 are not paid.
#[must_use]
pub fn a_record(source_id: &str) -> Record {
    Record {
        source: "quickbooks",
        source_id: source_id.to_owned(),
        kind: "invoice",
        title: format!("Invoice {source_id} - Tern Hotels"),
        number: Some(source_id.to_owned()),
        party: Some("Tern Hotels".to_owned()),
        total: Some("100.00".to_owned()),
        balance: Some("40.00".to_owned()),
        currency: Some("GBP".to_owned()),
        status: Some("Outstanding".to_owned()),
        day: Some(TODAY),
        due_day: Some(date!(2026 - 04 - 01)),
        payment_method: None,
        content: format!("Number: {source_id}"),
        entered_at: None,
    }
}

/// [`USER_1`]'s Gmail, which works and was never read.
#[must_use]
pub fn a_standing() -> ConnectionStanding {
    ConnectionStanding {
        id: ConnectionId::new(1),
        provider: Provider::Gmail,
        user_id: Some(USER_1),
        user_email: Some("one@example.com".to_owned()),
        account_email: Some("mailbox@example.com".to_owned()),
        state: ConnectionState::Active,
        reason: None,
        connected_at: NOON,
        last_sync_at: None,
        last_failure: None,
    }
}

/// The mail of this number, in which a sentence holds so many words of the question.
#[must_use]
pub fn a_passage(id: i64, sentences: &[(&str, usize)]) -> Passage {
    let sentence = |(text, worth): &(&str, usize)| Sentence { text: (*text).to_owned(), worth: *worth };
    Passage {
        document_id: DocumentId::new(id),
        title: format!("Mail {id}"),
        sentences: sentences.iter().map(sentence).collect(),
        score: 0.5,
        source: "gmail".to_owned(),
        kind: "email".to_owned(),
        created_at: Some(NOON),
        sender: Some("Nora Dahl".to_owned()),
        file_url: None,
        parent_id: None,
    }
}

/// A report of this title and kind about pumps, with two tags.
#[must_use]
pub fn a_saved_report(title: &str, report_type: &str) -> NewSavedReport {
    let tags = ["pumps".to_owned(), "Larkmoor".to_owned()];
    let data = json!({ "executive_summary": "Two pumps are late.", "metrics": [{ "value": 2 }] });
    NewSavedReport {
        id: SavedReportId::new(RandomIds.new_uuid()),
        head: ReportHead::new(title, report_type, Some("What is late"), &tags).expect("a head"),
        data: ReportData::new(data).expect("a report"),
        origin: ReportOrigin::new(Some("Deliveries"), Some("Two are late"), Some("alert-1"), Some("Which pumps?"))
            .expect("an origin"),
    }
}

/// A report of this kind and day, with a section, two sources and two charts.
#[must_use]
pub fn a_daily_report(kind: DailyReportKind, day: Date) -> DailyReport {
    let source = |id, title: &str| ReportSource { document_id: DocumentId::new(id), title: title.to_owned() };
    let chart = |title: &str, form| ReportChart {
        title: title.to_owned(),
        form,
        bars: vec![("Nora Dahl".to_owned(), 3), ("Olaf".to_owned(), 1)],
    };
    DailyReport {
        id: RandomIds.new_uuid(),
        kind,
        day,
        executive_summary: "Two pumps are late.".to_owned(),
        summarized_by: AnsweredBy::Extract,
        sections: vec![ReportSection {
            title: "Issues".to_owned(),
            question: "What went wrong?".to_owned(),
            content: "- **Pumps** (Nora Dahl): late\n".to_owned(),
            sources: vec![source(7, "Pumps"), source(8, "Re: Pumps")],
            evolution_note: "1 more than the day before.".to_owned(),
            facts: SectionFacts { count: 2, names: ["late".to_owned()].into() },
        }],
        charts: vec![chart("Mails by person", ChartForm::Rows), chart("Mails by hour", ChartForm::Columns)],
        key_items: vec!["Issue: Pumps".to_owned()],
        generated_at: NOON,
        duration_ms: 12,
    }
}

/// Invoice 1042 to Tern Hotels is overdue, and nobody did anything about it.
#[must_use]
pub fn an_alert() -> Alert {
    Alert {
        id: Uuid::from_u128(42),
        rule: AlertRule::OverdueInvoice,
        urgency: Urgency::High,
        summary: "Invoice 1042 to Tern Hotels was due on 2026-02-01; 480.50 GBP is open.".to_owned(),
        key_entities: ["Tern Hotels", "1042", "480.50 GBP"].map(ToOwned::to_owned).into(),
        document: None,
        detected_at: NOON,
        occurrences: 1,
        investigation_count: 0,
        resolved_at: None,
        dismissed: None,
    }
}
