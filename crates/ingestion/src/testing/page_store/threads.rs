//! The cases about documents of whole threads, from before messages were documents of their own.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::Provider;
use serde_json::json;

use super::Harness;
use super::cases::{committed, page};
use crate::model::{DocumentKey, NewDocument};
use crate::testing::{COMPANY_A, COMPANY_B, USER_1, a_document, an_attachment};

pub async fn the_document_of_a_thread_is_superseded_when_a_message_of_it_comes_in(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    committed(harness, &page(&run, None, "c1", [in_thread(a_document("1"), "t1")])).await;
    let [first, second] = [
        harness.put_thread(COMPANY_A, thread("gmail:thread:t1")).await,
        harness.put_thread(COMPANY_A, thread("gmail:thread:t2")).await,
    ];

    let records = [in_thread(a_document("2"), "t2"), in_thread(a_document("3"), "t2")];
    let counts = committed(harness, &page(&run, Some("c1"), "c2", records)).await;
    assert_eq!((counts.added, harness.superseded(COMPANY_A).await), (2, vec![second]));

    // A message that says nothing new tells as much of its thread as a new one.
    committed(harness, &page(&run, Some("c2"), "c3", [in_thread(a_document("1"), "t1")])).await;
    let mut superseded = harness.superseded(COMPANY_A).await;
    superseded.sort();
    assert_eq!(superseded, [first, second]);
    let kept = harness.documents(COMPANY_A).await.into_iter().find(|document| document.id == first);
    assert!(!kept.expect("it is there").content.is_empty(), "nothing of it is lost");

    let before = harness.versions(COMPANY_A).await;
    committed(harness, &page(&run, Some("c3"), "c4", [in_thread(a_document("1"), "t1")])).await;
    assert_eq!(harness.versions(COMPANY_A).await, before, "once is enough");
}

pub async fn the_document_of_another_thread_is_not_superseded(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    for id in ["gmail:thread:t2", "outlook:thread:t1", "t1"] {
        harness.put_thread(COMPANY_A, thread(id)).await;
    }
    let in_an_account = DocumentKey { source_account: "one@example.com".to_owned(), ..thread("gmail:thread:t1") };
    harness.put_thread(COMPANY_A, in_an_account).await;
    let other_provider = DocumentKey { source: Provider::Outlook.into(), ..thread("gmail:thread:t1") };
    harness.put_thread(COMPANY_A, other_provider).await;
    harness.put_thread(COMPANY_B, thread("gmail:thread:t1")).await;

    let records = [in_thread(a_document("1"), "t1"), a_document("2"), in_thread(an_attachment("1", "a"), "t2")];
    committed(harness, &page(&run, None, "c1", records)).await;

    assert_eq!(harness.superseded(COMPANY_A).await, []);
    assert_eq!(harness.superseded(COMPANY_B).await, []);
}

fn thread(source_id: &str) -> DocumentKey {
    DocumentKey { source: Provider::Gmail.into(), source_account: String::new(), source_id: source_id.to_owned() }
}

fn in_thread(mut new: NewDocument, thread_id: &str) -> NewDocument {
    new.metadata.insert("thread_id".to_owned(), json!(thread_id));
    new
}
