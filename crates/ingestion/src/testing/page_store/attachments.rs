//! The cases about files that come with messages.

#![expect(missing_docs, reason = "a case is named by its bullet of the contract")]

use cortex_kernel::{DocumentId, UserId};

use super::Harness;
use super::cases::{bringers, committed, message, page, text};
use crate::model::{Document, MessageKey, NewDocument, PageCommit, PageCounts};
use crate::testing::{COMPANY_A, USER_1, USER_2, a_document, a_key, an_attachment};

pub async fn an_attachment_hangs_on_its_message(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    let records = [an_attachment("1", "a"), a_document("1"), an_attachment("1", "b"), a_document("2")];

    let commit = page(&run, None, "c1", records.clone());
    let counts = committed(harness, &commit).await;

    assert_eq!(counts, PageCounts { added: 4, ..PageCounts::default() });
    assert_eq!(commit.seen(), 2, "an attachment is no record of its own");
    assert_eq!(hanging(harness).await, ["1", "1_a on 1", "1_b on 1", "2"]);

    let before = harness.versions(COMPANY_A).await;
    let again = committed(harness, &page(&run, Some("c1"), "c2", records)).await;
    assert_eq!(again, PageCounts { unchanged: 4, ..PageCounts::default() });
    assert_eq!(harness.versions(COMPANY_A).await, before);
}

pub async fn the_attachments_of_a_message_that_a_colleague_has_as_well_hang_on_the_same_document(
    harness: &impl Harness,
) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [message("1", "m"), copy("1", "a")])).await;

    let page_of_colleague = page(&colleagues, None, "c1", [copy("9", "a"), copy("9", "b"), message("9", "m")]);
    let counts = committed(harness, &page_of_colleague).await;

    assert_eq!(counts, PageCounts { added: 1, updated: 2, ..PageCounts::default() });
    assert_eq!(hanging(harness).await, ["1", "1_a on 1", "9_b on 1"]);
    let documents = harness.documents(COMPANY_A).await;
    assert_eq!(bringers(harness, documents[1].id).await, [USER_1, USER_2]);
}

pub async fn an_attachment_comes_in_after_its_message_too(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    committed(harness, &page(&run, None, "c1", [message("1", "m"), a_document("2")])).await;
    committed(harness, &page(&colleagues, None, "c1", [message("9", "m")])).await;

    let with_what_is_unchanged = page(&run, Some("c1"), "c2", [a_document("2"), an_attachment("2", "a")]);
    committed(harness, &with_what_is_unchanged).await;
    committed(harness, &page(&colleagues, Some("c1"), "c2", [an_attachment("9", "b")])).await;

    assert_eq!(hanging(harness).await, ["1", "2", "2_a on 2", "9_b on 1"]);
}

pub async fn an_attachment_whose_message_is_not_known_is_not_lost_and_finds_it_later(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;

    let counts = committed(harness, &page(&run, None, "c1", [an_attachment("1", "a")])).await;
    assert_eq!((counts.added, hanging(harness).await), (1, vec!["1_a".to_owned()]));

    let both = page(&run, Some("c1"), "c2", [an_attachment("1", "a"), a_document("1")]);
    let counts = committed(harness, &both).await;

    assert_eq!(counts, PageCounts { added: 1, updated: 1, ..PageCounts::default() });
    assert_eq!(hanging(harness).await, ["1", "1_a on 1"]);
}

pub async fn the_attachments_of_a_message_that_vanishes_vanish_with_it(harness: &impl Harness) {
    let (run, colleagues) = (harness.run(COMPANY_A, USER_1).await, harness.run(COMPANY_A, USER_2).await);
    let mine = [message("1", "m"), copy("1", "a"), copy("1", "b"), a_document("2"), an_attachment("2", "c")];
    committed(harness, &page(&run, None, "c1", mine)).await;
    committed(harness, &page(&colleagues, None, "c1", [message("9", "m"), copy("9", "a"), copy("9", "b")])).await;
    let [mail, attachment, ..] = <[Document; 5]>::try_from(harness.documents(COMPANY_A).await).expect("five");

    let deletion = PageCommit { deletions: vec![a_key("1")], ..page(&run, Some("c1"), "c2", []) };
    let counts = committed(harness, &deletion).await;

    assert_eq!(counts, PageCounts { deleted: 3, ..PageCounts::default() });
    assert_eq!(hanging(harness).await.len(), 5, "the colleague has them still");
    for id in [mail.id, attachment.id] {
        assert_eq!(there(harness, id).await, [(USER_1, false), (USER_2, true)]);
    }

    let deletion = PageCommit { deletions: vec![a_key("9")], ..page(&colleagues, Some("c1"), "c2", []) };
    committed(harness, &deletion).await;
    assert_eq!(hanging(harness).await, ["2", "2_c on 2"]);

    let back = committed(harness, &page(&run, Some("c2"), "c3", [message("1", "m"), copy("1", "a")])).await;
    assert_eq!(back.added, 2);
}

pub async fn an_attachment_that_vanishes_by_itself_leaves_its_message(harness: &impl Harness) {
    let run = harness.run(COMPANY_A, USER_1).await;
    committed(harness, &page(&run, None, "c1", [a_document("1"), an_attachment("1", "a")])).await;

    let deletion =
        PageCommit { deletions: vec![a_key("1_a")], ..page(&run, Some("c1"), "c2", [text("1", "without it")]) };
    let counts = committed(harness, &deletion).await;

    assert_eq!(counts, PageCounts { updated: 1, deleted: 1, ..PageCounts::default() });
    assert_eq!(hanging(harness).await, ["1"]);
}

/// A file of the message `m`, as it lies in a mailbox with the record of this id.
fn copy(message_id: &str, name: &str) -> NewDocument {
    NewDocument { message_key: Some(MessageKey::new(format!("id:m {name}"))), ..an_attachment(message_id, name) }
}

/// The documents by key, and what each hangs on.
async fn hanging(harness: &impl Harness) -> Vec<String> {
    let documents = harness.documents(COMPANY_A).await;
    let told = documents.iter().map(|one| {
        let parent = documents.iter().find(|other| one.parent == Some(other.id));
        let on = parent.map(|parent| format!(" on {}", parent.key.source_id));
        format!("{}{}", one.key.source_id, on.unwrap_or_default())
    });
    told.collect()
}

/// Who brought the document in, and whether it is there still.
async fn there(harness: &impl Harness, id: DocumentId) -> Vec<(UserId, bool)> {
    let sources = harness.sources(COMPANY_A, id).await;
    sources.into_iter().map(|source| (source.user_id, source.vanished_at.is_none())).collect()
}
