//! The contract of [`MailReader`](crate::ports::MailReader), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{CompanyId, DocumentId, PageRequest};
use serde_json::{Value, json};
use time::Duration;

use super::custody::{Harness, put};
use super::library::a_document_view;
use super::{COMPANY_A, COMPANY_B, NOON};
use crate::model::{DocumentKind, DocumentText, DocumentView, MailFilter, MailQuery};
use crate::ports::ListError;

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! mail_reader_contract {
    ($harness:expr) => {
        $crate::mail_reader_contract! { $harness =>
            mails_are_listed_with_the_newest_first,
            pages_of_mails_follow_each_other_without_a_gap_and_without_repetition,
            a_cursor_that_is_no_place_among_mails_is_refused,
            mails_are_narrowed_by_who_wrote_them,
            mails_are_narrowed_by_whom_they_went_to,
            mails_are_narrowed_by_words_of_their_subject,
            mails_are_narrowed_by_their_date,
            all_that_is_asked_for_has_to_fit,
            what_is_no_mail_and_what_was_superseded_is_not_listed,
            metadata_of_any_form_are_listed,
            a_thread_is_told_in_the_order_of_time,
            a_thread_is_told_in_parts,
            several_threads_are_told_at_once_each_with_its_oldest_mails,
            a_document_is_found_with_what_came_with_it,
            an_attachment_answers_its_mail,
            only_a_mail_is_found_as_one,
            another_companys_mails_are_absent,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::mail_reader::$case(&$harness).await;
            }
        )+
    };
}

/// From Nora Berg to Jonas, with a copy to Ada, `hours` before noon.
fn a_mail(source_id: &str, hours: i64) -> DocumentView {
    DocumentView {
        created_at: Some(NOON - Duration::hours(hours)),
        metadata: json!({
            "sender_name": "Berg, Nora",
            "sender_address": "nora@yard.example",
            "to_addresses": ["jonas@kestrel.example", "list@kestrel.example"],
            "cc_addresses": ["ada@kestrel.example"],
            "thread_id": "thread-1",
            "has_attachments": false,
        }),
        ..a_document_view(source_id)
    }
}

fn with(mail: DocumentView, key: &str, value: Value) -> DocumentView {
    let mut metadata = mail.metadata.clone();
    metadata[key] = value;
    DocumentView { metadata, ..mail }
}

/// Of some other person to some other one.
fn another_mail() -> DocumentView {
    let mail = with(a_mail("other", 9), "sender_name", json!("Olive"));
    let mail = with(mail, "sender_address", json!("olive@quay.example"));
    let mail = with(mail, "to_addresses", json!(["vera@kestrel.example"]));
    DocumentView { title: "Other things".to_owned(), ..with(mail, "cc_addresses", json!([])) }
}

fn an_attachment(source_id: &str, parent: DocumentId) -> DocumentView {
    DocumentView { kind: DocumentKind::new("attachment"), parent: Some(parent), ..a_document_view(source_id) }
}

async fn listed(harness: &impl Harness, filter: MailFilter) -> Vec<DocumentId> {
    let query = MailQuery { filter, page: PageRequest::new(None, None) };
    let page = harness.mail(COMPANY_A).list_mails(COMPANY_A, &query).await.expect("an answer");
    page.items.into_iter().map(|mail| mail.document.id).collect()
}

fn from(text: &str) -> MailFilter {
    MailFilter { from: Some(text.to_owned()), ..MailFilter::default() }
}

fn to(text: &str) -> MailFilter {
    MailFilter { to: Some(text.to_owned()), ..MailFilter::default() }
}

fn about(text: &str) -> MailFilter {
    MailFilter { subject: Some(text.to_owned()), ..MailFilter::default() }
}

pub async fn mails_are_listed_with_the_newest_first(harness: &impl Harness) {
    let old = put(harness, a_mail("1", 2)).await;
    let newest = put(harness, a_mail("2", 0)).await;
    let undated = DocumentView { created_at: None, ingested_at: Some(NOON - Duration::HOUR), ..a_mail("3", 0) };
    let undated = put(harness, undated).await;
    let text = DocumentText { document: a_mail("4", 3), content: "Dear all,\r\n\r\n  hello".to_owned() };
    let oldest = harness.put_document(COMPANY_A, text).await;

    let query = MailQuery { filter: MailFilter::default(), page: PageRequest::new(None, None) };
    let page = harness.mail(COMPANY_A).list_mails(COMPANY_A, &query).await.expect("an answer");

    let ids: Vec<_> = page.items.iter().map(|mail| mail.document.id).collect();
    assert_eq!(ids, [newest, undated, old, oldest]);
    let last = page.items.last().expect("four");
    assert_eq!(last.document, DocumentView { id: oldest, ..a_mail("4", 3) });
    assert_eq!(last.snippet, "Dear all, hello");
}

pub async fn pages_of_mails_follow_each_other_without_a_gap_and_without_repetition(harness: &impl Harness) {
    let mut ids = Vec::new();
    for (number, hours) in [4, 3, 3, 3, 1].into_iter().enumerate() {
        ids.insert(0, put(harness, a_mail(&number.to_string(), hours)).await);
    }
    for filter in [MailFilter::default(), to("jonas@kestrel.example")] {
        let mut cursor = None;
        for (expected, is_last) in [(&ids[..2], false), (&ids[2..4], false), (&ids[4..], true)] {
            let query = MailQuery { filter: filter.clone(), page: PageRequest::new(Some(2), cursor) };
            let page = harness.mail(COMPANY_A).list_mails(COMPANY_A, &query).await.expect("an answer");
            assert_eq!(page.items.iter().map(|mail| mail.document.id).collect::<Vec<_>>(), expected);
            assert_eq!(page.next_cursor.is_none(), is_last);
            cursor = page.next_cursor;
        }
    }
}

pub async fn a_cursor_that_is_no_place_among_mails_is_refused(harness: &impl Harness) {
    for cursor in ["", "7", "one.7", "1.", "9223372036854775807.1"] {
        let page = PageRequest::new(None, Some(cursor.to_owned()));
        let query = MailQuery { filter: MailFilter::default(), page: page.clone() };
        let listed = harness.mail(COMPANY_A).list_mails(COMPANY_A, &query).await;
        assert!(matches!(listed, Err(ListError::Cursor(_))), "{cursor}: {listed:?}");
        let thread = harness.mail(COMPANY_A).list_thread(COMPANY_A, "thread-1", &page).await;
        assert!(matches!(thread, Err(ListError::Cursor(_))), "{cursor}: {thread:?}");
    }
}

pub async fn mails_are_narrowed_by_who_wrote_them(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    put(harness, another_mail()).await;

    for fits in
        ["nora@yard.example", " Nora@Yard.Example", "yard.example", "@YARD.example", "nora", "Nora Berg", "berg, nora"]
    {
        assert_eq!(listed(harness, from(fits)).await, [mail], "{fits}");
    }
    for misses in ["ora@yard.example", "nora@yard", "@quay", "ard.example", "example", "nor", "Nora Quay", "?", ""] {
        assert_eq!(listed(harness, from(misses)).await, [], "{misses}");
    }
}

pub async fn mails_are_narrowed_by_whom_they_went_to(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    put(harness, another_mail()).await;

    for fits in ["jonas@kestrel.example", "LIST@kestrel.example", " ada@kestrel.example "] {
        assert_eq!(listed(harness, to(fits)).await, [mail], "{fits}");
    }
    for misses in ["nora@yard.example", "kestrel.example", "jonas", ""] {
        assert_eq!(listed(harness, to(misses)).await, [], "{misses}");
    }
}

pub async fn mails_are_narrowed_by_words_of_their_subject(harness: &impl Harness) {
    let titled = |title: &str| DocumentView { title: title.to_owned(), ..a_mail(title, 1) };
    let mail = put(harness, titled("Re: Pump no.7 – the OFFER/Invoice_2026")).await;
    put(harness, another_mail()).await;

    for fits in ["pump", "PUMP offer", "offer, re", "invoice 2026", "7", "no.7"] {
        assert_eq!(listed(harness, about(fits)).await, [mail], "{fits}");
    }
    for misses in ["pumps", "pum", "pump heron", "berg", "!?", ""] {
        assert_eq!(listed(harness, about(misses)).await, [], "{misses}");
    }
}

pub async fn mails_are_narrowed_by_their_date(harness: &impl Harness) {
    let old = put(harness, a_mail("1", 2)).await;
    let new = put(harness, DocumentView { created_at: None, ..a_mail("2", 0) }).await;
    let hour = |hours| Some(NOON - Duration::hours(hours));

    let since = MailFilter { since: hour(0), ..MailFilter::default() };
    let until = MailFilter { until: hour(0), ..MailFilter::default() };
    let both = MailFilter { since: hour(2), until: hour(1), ..to("jonas@kestrel.example") };
    assert_eq!(listed(harness, since).await, [new]);
    assert_eq!(listed(harness, until).await, [old]);
    assert_eq!(listed(harness, both).await, [old]);
}

pub async fn all_that_is_asked_for_has_to_fit(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    let filter = MailFilter {
        from: Some("yard.example".to_owned()),
        to: Some("ada@kestrel.example".to_owned()),
        subject: Some("subject 1".to_owned()),
        since: Some(NOON - Duration::hours(2)),
        until: Some(NOON),
    };
    let other = |text: &str| Some(text.to_owned());
    assert_eq!(listed(harness, filter.clone()).await, [mail]);
    assert_eq!(listed(harness, MailFilter { from: other("olive"), ..filter.clone() }).await, []);
    assert_eq!(listed(harness, MailFilter { to: other("vera@kestrel.example"), ..filter.clone() }).await, []);
    assert_eq!(listed(harness, MailFilter { subject: other("things"), ..filter.clone() }).await, []);
    assert_eq!(listed(harness, MailFilter { until: filter.since, ..filter }).await, []);
}

pub async fn what_is_no_mail_and_what_was_superseded_is_not_listed(harness: &impl Harness) {
    let old = put(harness, a_mail("1", 1)).await;
    harness.supersede(COMPANY_A, old).await;
    let kind = DocumentKind::FILE;
    put(harness, DocumentView { kind, ..a_mail("2", 1) }).await;

    for filter in [MailFilter::default(), from("nora@yard.example"), about("subject")] {
        assert_eq!(listed(harness, filter).await, []);
    }
    let page = PageRequest::new(None, None);
    let thread = harness.mail(COMPANY_A).list_thread(COMPANY_A, "thread-1", &page).await.expect("an answer");
    assert_eq!(thread.items, []);
}

pub async fn metadata_of_any_form_are_listed(harness: &impl Harness) {
    let forms = [
        Value::Null,
        json!([["sender_address"]]),
        json!("sender_address"),
        json!({"sender_address": 7, "sender_name": ["Nora"], "to_addresses": {"a": "jonas@kestrel.example"}}),
        json!({"to_addresses": [null, {"address": "x"}, ["y"], 7], "cc_addresses": 7, "thread_id": {}}),
    ];
    for (number, metadata) in forms.iter().enumerate() {
        put(harness, DocumentView { metadata: metadata.clone(), ..a_mail(&number.to_string(), 1) }).await;
    }

    assert_eq!(listed(harness, MailFilter::default()).await.len(), forms.len());
    assert_eq!(listed(harness, to("jonas@kestrel.example")).await, []);
}

pub async fn a_thread_is_told_in_the_order_of_time(harness: &impl Harness) {
    let second = put(harness, a_mail("1", 1)).await;
    let first = put(harness, a_mail("2", 2)).await;
    let third = put(harness, a_mail("3", 1)).await;
    put(harness, with(a_mail("4", 1), "thread_id", json!("thread-11"))).await;
    put(harness, with(a_mail("5", 1), "thread_id", Value::Null)).await;

    let page = PageRequest::new(None, None);
    let thread = harness.mail(COMPANY_A).list_thread(COMPANY_A, "thread-1", &page).await.expect("an answer");

    let ids: Vec<_> = thread.items.iter().map(|mail| mail.document.id).collect();
    assert_eq!((ids, thread.next_cursor), (vec![first, second, third], None));
}

pub async fn a_thread_is_told_in_parts(harness: &impl Harness) {
    let mut ids = Vec::new();
    for (number, hours) in [4, 3, 3, 2, 1].into_iter().enumerate() {
        ids.push(put(harness, a_mail(&number.to_string(), hours)).await);
    }
    let mut cursor = None;
    for (expected, is_last) in [(&ids[..2], false), (&ids[2..4], false), (&ids[4..], true)] {
        let page = PageRequest::new(Some(2), cursor);
        let part = harness.mail(COMPANY_A).list_thread(COMPANY_A, "thread-1", &page).await.expect("an answer");
        assert_eq!(part.items.iter().map(|mail| mail.document.id).collect::<Vec<_>>(), expected);
        assert_eq!(part.next_cursor.is_none(), is_last);
        cursor = part.next_cursor;
    }
}

pub async fn several_threads_are_told_at_once_each_with_its_oldest_mails(harness: &impl Harness) {
    let of = |id: &str, hours, thread: &str| with(a_mail(id, hours), "thread_id", json!(thread));
    let second = put(harness, of("1", 1, "thread-1")).await;
    let first = put(harness, of("2", 2, "thread-1")).await;
    put(harness, of("3", 0, "thread-1")).await;
    let other = put(harness, of("4", 3, "thread-2")).await;
    put(harness, of("5", 3, "thread-3")).await;
    let superseded = put(harness, of("6", 9, "thread-1")).await;
    harness.supersede(COMPANY_A, superseded).await;

    let asked = ["thread-2", "nothing", "thread-1"].map(ToOwned::to_owned);
    let told = harness.mail(COMPANY_A).list_threads(COMPANY_A, &asked, 2).await.expect("an answer");

    assert_eq!(told.iter().map(|mail| mail.document.id).collect::<Vec<_>>(), [other, first, second]);
    assert_eq!(told[1].snippet, "Text of Subject 2");
}

pub async fn a_document_is_found_with_what_came_with_it(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    let plan = put(harness, an_attachment("1_a", mail)).await;
    let bill = put(harness, an_attachment("1_b", mail)).await;
    put(harness, a_mail("2", 1)).await;
    let file = put(harness, DocumentView { kind: DocumentKind::FILE, ..a_document_view("3") }).await;

    let reader = harness.mail(COMPANY_A);
    let whole = reader.find_mail(COMPANY_A, mail).await.expect("an answer").expect("a mail");
    let again = reader.find_whole(COMPANY_A, mail).await.expect("an answer");
    let alone = reader.find_whole(COMPANY_A, file).await.expect("an answer").expect("a file");

    let text = |document: DocumentView| DocumentText { content: format!("Text of {}", document.title), document };
    assert_eq!(whole.document, text(DocumentView { id: mail, ..a_mail("1", 1) }));
    let attachments = [
        text(DocumentView { id: plan, ..an_attachment("1_a", mail) }),
        text(DocumentView { id: bill, ..an_attachment("1_b", mail) }),
    ];
    assert_eq!(whole.attachments, attachments);
    assert_eq!(again, Some(whole));
    assert_eq!((alone.document.document.id, alone.attachments), (file, vec![]));
}

pub async fn an_attachment_answers_its_mail(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    let attachment = put(harness, an_attachment("1_a", mail)).await;

    let whole = harness.mail(COMPANY_A).find_whole(COMPANY_A, attachment).await.expect("an answer");

    let whole = whole.expect("its mail");
    assert_eq!((whole.document.document.id, whole.attachments.len()), (mail, 1));
}

pub async fn only_a_mail_is_found_as_one(harness: &impl Harness) {
    let mail = put(harness, a_mail("1", 1)).await;
    let attachment = put(harness, an_attachment("1_a", mail)).await;
    let file = put(harness, DocumentView { kind: DocumentKind::FILE, ..a_document_view("2") }).await;
    let old = put(harness, a_mail("3", 1)).await;
    harness.supersede(COMPANY_A, old).await;

    for id in [attachment, file, old, DocumentId::new(i64::MAX)] {
        assert_eq!(harness.mail(COMPANY_A).find_mail(COMPANY_A, id).await.expect("an answer"), None, "{id}");
    }
}

pub async fn another_companys_mails_are_absent(harness: &impl Harness) {
    let text = DocumentText { document: a_mail("1", 1), content: "Text".to_owned() };
    let mail = harness.put_document(COMPANY_B, text).await;

    // Seen from both sides: a deployment answers for its own company, whichever it is asked for.
    for deployment in [COMPANY_A, COMPANY_B] {
        assert!(is_empty(harness, deployment, mail).await, "{deployment}");
    }
}

async fn is_empty(harness: &impl Harness, deployment: CompanyId, mail: DocumentId) -> bool {
    let reader = harness.mail(deployment);
    let page = PageRequest::new(None, None);
    let query = MailQuery { filter: MailFilter::default(), page: page.clone() };
    let listed = reader.list_mails(COMPANY_A, &query).await.expect("an answer").items;
    let thread = reader.list_thread(COMPANY_A, "thread-1", &page).await.expect("an answer").items;
    let found = [reader.find_mail(COMPANY_A, mail).await, reader.find_whole(COMPANY_A, mail).await];
    listed.is_empty() && thread.is_empty() && found.into_iter().all(|found| found.expect("an answer").is_none())
}
