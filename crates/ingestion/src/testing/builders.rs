//! Values that a test starts from and changes where it matters.

use std::sync::Arc;
use std::time::Duration;

use cortex_kernel::{BrokerConnectionId, CompanyId, ConnectionId, JobId, Lease, Provider, UserId};
use serde_json::{Map, json};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::uuid;

use crate::FetchContents;
use crate::content_source::MockContentSource;
use crate::model::{
    Cursor, DocumentDraft, DocumentKey, DocumentKind, Fingerprint, IngestionMethod, Lacks, NewDocument, PageCommit,
    PageContents, Postponed, RecordKey, SetAside, SetAsideRecord, Stream, Unfinished,
};
use crate::ports::{ContentLedger, MockTextExtractor};

/// The company of the deployment under test.
pub const COMPANY_A: CompanyId = CompanyId::new(uuid!("0a000000-0000-4000-8000-00000000000a"));
/// Some other company.
pub const COMPANY_B: CompanyId = CompanyId::new(uuid!("0b000000-0000-4000-8000-00000000000b"));
/// A person.
pub const USER_1: UserId = UserId::new(uuid!("01000000-0000-4000-8000-000000000001"));
/// A colleague.
pub const USER_2: UserId = UserId::new(uuid!("02000000-0000-4000-8000-000000000002"));
/// The moment at which tests take place.
pub const NOON: OffsetDateTime = datetime!(2026-03-02 12:00 UTC);

/// The first run of some job.
#[must_use]
pub fn a_lease() -> Lease {
    Lease { job: JobId::new(uuid!("0d000000-0000-4000-8000-000000000001")), epoch: 1 }
}

/// The messages of [`USER_1`]'s Gmail.
#[must_use]
pub fn a_stream() -> Stream {
    Stream {
        company_id: COMPANY_A,
        user_id: USER_1,
        connection_id: ConnectionId::new(1),
        broker_id: BrokerConnectionId::new("broker-1"),
        provider: Provider::Gmail,
        model: "GmailEmail".to_owned(),
        variant: "base".to_owned(),
    }
}

/// The key of a message in [`USER_1`]'s mailbox.
#[must_use]
pub fn a_key(source_id: &str) -> DocumentKey {
    DocumentKey {
        source: Provider::Gmail.into(),
        source_account: "one@example.com".to_owned(),
        source_id: source_id.to_owned(),
    }
}

/// A message, as a normaliser tells it.
#[must_use]
pub fn a_draft(source_id: &str) -> DocumentDraft {
    let mut metadata = Map::new();
    metadata.insert("labels".to_owned(), json!(["INBOX"]));
    DocumentDraft {
        key: a_key(source_id),
        kind: DocumentKind::EMAIL,
        title: format!("Subject {source_id}"),
        content: format!("Text {source_id}"),
        content_incomplete: false,
        mail: None,
        metadata,
        raw: Some(json!({"id": source_id})),
        mime_type: Some("message/rfc822".to_owned()),
        file_size_bytes: Some(1_024),
        file_url: None,
        created_at: Some(NOON),
        modified_at: None,
        parent: None,
    }
}

/// The same, ready to be stored.
#[must_use]
pub fn a_document(source_id: &str) -> NewDocument {
    a_draft(source_id).finish()
}

/// A file that came with the message of this id in [`USER_1`]'s mailbox.
#[must_use]
pub fn an_attachment(message_id: &str, name: &str) -> NewDocument {
    let draft = a_draft(&format!("{message_id}_{name}"));
    DocumentDraft {
        kind: DocumentKind::new("attachment"),
        title: name.to_owned(),
        content: format!("Text of {name}"),
        parent: Some(a_key(message_id)),
        ..draft
    }
    .finish()
}

/// A record of this id that could not be taken in.
#[must_use]
pub fn a_set_aside(record_id: &str, reason: SetAside) -> SetAsideRecord {
    SetAsideRecord::new(Some(record_id), &Cursor::new("cursor"), reason)
}

/// A message of this id of which nothing could be had, and which is left alone for some minutes.
#[must_use]
pub fn a_postponed(record_id: &str) -> Postponed {
    let unfinished = Unfinished {
        key: RecordKey::of(record_id),
        record: json!({ "id": record_id }),
        lacks: Lacks::Everything,
        fingerprint: Fingerprint::of([record_id]),
        attempts: 1,
    };
    Postponed { unfinished, wait: Duration::from_mins(5), reason: "unavailable" }
}

/// An empty page at the beginning of [`a_stream`].
#[must_use]
pub fn a_commit() -> PageCommit {
    PageCommit {
        lease: a_lease(),
        stream: a_stream(),
        user_email: "one@example.com".parse().expect("an address"),
        account_email: Some("mailbox@example.com".parse().expect("an address")),
        method: IngestionMethod::OauthSync,
        read_from: None,
        moved_to: Some(Cursor::new("cursor-1")),
        documents: Vec::new(),
        deletions: Vec::new(),
        left_out: Vec::new(),
        set_aside: Vec::new(),
        set_aside_count: 0,
        contents: PageContents::default(),
    }
}

/// What completes records of which nothing lacks, and panics at others.
#[must_use]
pub fn fetching_nothing(ledger: Arc<dyn ContentLedger>) -> Arc<FetchContents> {
    let (source, extractor) = (Arc::new(MockContentSource::new()), Arc::new(MockTextExtractor::new()));
    Arc::new(FetchContents::new(source, extractor, ledger, Arc::new(|| NOON)))
}
