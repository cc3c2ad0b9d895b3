//! The contract of [`DocumentExport`](crate::ports::DocumentExport), one case a bullet.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::Origin;
use time::Duration;

use super::custody::{Harness, put};
use super::library::{a_document_view, a_source_view};
use super::{COMPANY_A, COMPANY_B, NOON, USER_2};
use crate::model::{DocumentText, DocumentView, ExportStart, SourceView};

/// Runs every case as a test of its own. Takes an expression that makes a fresh [`Harness`]; it may `.await`.
#[macro_export]
macro_rules! document_export_contract {
    ($harness:expr) => {
        $crate::document_export_contract! { $harness =>
            an_export_begins_with_an_audit_row,
            every_document_is_exported_once_with_its_text_and_its_sources,
            another_companys_documents_are_not_exported,
        }
    };
    ($harness:expr => $($case:ident,)+) => {
        $(
            #[::tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::testing::document_export::$case(&$harness).await;
            }
        )+
    };
}

pub async fn an_export_begins_with_an_audit_row(harness: &impl Harness) {
    let start = ExportStart { company_id: COMPANY_A, by: USER_2, origin: Origin::default() };

    harness.export(COMPANY_A).start(&start).await.expect("an answer");

    assert_eq!(harness.audited(COMPANY_A).await, ["export_started"]);
}

pub async fn every_document_is_exported_once_with_its_text_and_its_sources(harness: &impl Harness) {
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(put(harness, a_document_view(&number.to_string())).await);
    }
    let first = SourceView { connection_id: None, ..a_source_view("1") };
    let second = SourceView { user_id: USER_2.to_string(), first_seen_at: NOON + Duration::HOUR, ..first.clone() };
    for (id, source) in [(ids[1], &first), (ids[1], &second), (ids[3], &first)] {
        harness.put_source(COMPANY_A, id, source.clone()).await;
    }

    let export = harness.export(COMPANY_A);
    let (mut all, mut after) = (Vec::new(), None);
    for expected in [2, 2, 1, 0] {
        let part = export.list_some(COMPANY_A, after, 2).await.expect("an answer");
        assert_eq!(part.len(), expected);
        all.extend(part);
        after = all.last().map(|exported| exported.document.document.id);
    }

    assert_eq!(all.iter().map(|exported| exported.document.document.id).collect::<Vec<_>>(), ids);
    let view = DocumentView { id: ids[1], ..a_document_view("1") };
    assert_eq!(all[1].document, DocumentText { content: format!("Text of {}", view.title), document: view });
    assert_eq!(all[1].sources, [first.clone(), second]);
    assert_eq!((&all[2].sources, &all[3].sources), (&vec![], &vec![first]));
}

pub async fn another_companys_documents_are_not_exported(harness: &impl Harness) {
    let text = DocumentText { document: a_document_view("1"), content: "Text".to_owned() };
    harness.put_document(COMPANY_B, text).await;

    for deployment in [COMPANY_A, COMPANY_B] {
        assert_eq!(harness.export(deployment).list_some(COMPANY_A, None, 9).await.expect("an answer"), []);
    }
}
