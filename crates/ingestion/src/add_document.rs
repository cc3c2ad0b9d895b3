//! A document comes in by the API.

use std::sync::Arc;

use cortex_kernel::{IdGenerator, Provider, StoreError};
use serde_json::{Map, Value};
use thiserror::Error;
use time::OffsetDateTime;

use crate::model::{
    Contributor, DocumentDraft, DocumentKey, DocumentKind, DocumentPut, IngestionMethod, Known, Once, PutDocument,
    PutOutcome, Quota, SourceName,
};
use crate::ports::DocumentWriter;

/// Takes in what clients of the API send.
pub struct AddDocument {
    writer: Arc<dyn DocumentWriter>,
    ids: Arc<dyn IdGenerator>,
    quota: Quota,
}

/// A document as a client sends it.
#[derive(Clone, Debug, PartialEq)]
pub struct SentDocument {
    /// Its title.
    pub title: String,
    /// Its text.
    pub content: String,
    /// Where it comes from, by a name of the client's own; `api` where it does not say.
    pub source: Option<SourceName>,
    /// Its id there: one that is sent again is the same document. A new one where the client does not say.
    pub source_id: Option<String>,
    /// What it is; `document` where the client does not say.
    pub kind: Option<DocumentKind>,
    /// When it came to be.
    pub created_at: Option<OffsetDateTime>,
    /// What is known about it besides.
    pub metadata: Map<String, Value>,
}

/// What a person brings in by hand did not become durable.
#[derive(Debug, Error)]
pub enum PutError {
    /// It is more than the person may bring in today.
    #[error("it is more than may be brought in on a day")]
    QuotaExceeded {
        /// When the next day begins.
        resets_at: OffsetDateTime,
    },
    /// It took so long that somebody else may answer the request.
    #[error("the request is answered by somebody else")]
    ClaimLost,
    /// It could not be written.
    #[error("the document could not be stored")]
    Store(#[from] StoreError),
}

impl AddDocument {
    /// Writes with `writer`, so much for each person and day.
    #[must_use]
    pub const fn new(writer: Arc<dyn DocumentWriter>, ids: Arc<dyn IdGenerator>, quota: Quota) -> Self {
        Self { writer, ids, quota }
    }

    /// Takes it in, or writes it over what came in under its source and id before.
    pub async fn add(&self, by: Contributor, sent: SentDocument, once: Option<Once>) -> Result<PutDocument, PutError> {
        let SentDocument { title, content, source, source_id, kind, created_at, metadata } = sent;
        let document = DocumentDraft {
            key: DocumentKey {
                source: source.unwrap_or(SourceName::API),
                source_account: String::new(),
                source_id: source_id.unwrap_or_else(|| self.ids.new_uuid().to_string()),
            },
            kind: kind.unwrap_or(DocumentKind::DOCUMENT),
            title,
            content,
            content_incomplete: false,
            mail: None,
            metadata,
            raw: None,
            mime_type: None,
            file_size_bytes: None,
            file_url: None,
            created_at,
            modified_at: None,
            parent: None,
        };
        let document = document.finish();
        let put = DocumentPut {
            by,
            method: IngestionMethod::Api,
            bytes: document.content.len() as u64,
            document,
            parts: Vec::new(),
            quota: self.quota,
            known: Known::WrittenOver,
            once,
        };
        put_with(self.writer.as_ref(), &put).await
    }
}

/// Whether documents of this source come in otherwise than by the API, so that no client may take the name: those of
/// providers, by any of their spellings, and uploads.
#[must_use]
pub fn is_reserved(source: &str) -> bool {
    let name = source.to_lowercase();
    name.parse::<Provider>().is_ok() || name == SourceName::UPLOAD.as_str()
}

/// Puts what is decided.
pub(crate) async fn put_with(writer: &dyn DocumentWriter, put: &DocumentPut) -> Result<PutDocument, PutError> {
    match writer.put(put).await? {
        PutOutcome::Put(done) => Ok(*done),
        PutOutcome::QuotaExceeded { resets_at } => Err(PutError::QuotaExceeded { resets_at }),
        PutOutcome::ClaimLost => Err(PutError::ClaimLost),
    }
}

#[cfg(test)]
mod tests {
    use cortex_kernel::RandomIds;
    use rstest::rstest;
    use serde_json::json;

    use super::*;
    use crate::model::PutChange;
    use crate::testing::{COMPANY_A, InMemoryIntake, NOON, USER_1, a_contributor};

    fn sent() -> SentDocument {
        SentDocument {
            title: "Title".to_owned(),
            content: "Zwölf\r\n".to_owned(),
            source: None,
            source_id: None,
            kind: None,
            created_at: None,
            metadata: Map::new(),
        }
    }

    fn adding(quota: Quota) -> (Arc<InMemoryIntake>, AddDocument) {
        let intake = Arc::<InMemoryIntake>::default();
        (Arc::clone(&intake), AddDocument::new(intake, Arc::new(RandomIds), quota))
    }

    #[tokio::test]
    async fn what_a_client_does_not_say_is_said_for_it() {
        let (intake, add) = adding(Quota::default());

        let one = add.add(a_contributor(), sent(), None).await.unwrap();
        let other = add.add(a_contributor(), sent(), None).await.unwrap();

        let view = &one.stored.document;
        assert_eq!((view.key.source.as_str(), view.kind.as_str()), ("api", "document"));
        assert_eq!((view.key.source_account.as_str(), one.stored.content.as_str()), ("", "Zwölf"));
        assert_eq!((one.change, other.change), (PutChange::Created, PutChange::Created));
        assert_ne!(view.key.source_id, other.stored.document.key.source_id);
        let [first, _] = intake.documents(COMPANY_A).try_into().unwrap();
        assert_eq!((first.ingested_by, first.method), (Some(USER_1), Some(IngestionMethod::Api)));
    }

    #[tokio::test]
    async fn what_a_client_says_is_kept() {
        let (_, add) = adding(Quota::default());
        let said = SentDocument {
            source: Some(SourceName::new("crm")),
            source_id: Some("7".to_owned()),
            kind: Some(DocumentKind::new("contact")),
            created_at: Some(NOON),
            metadata: json!({"stage": "won"}).as_object().cloned().unwrap(),
            ..sent()
        };

        add.add(a_contributor(), said.clone(), None).await.unwrap();
        let again = add.add(a_contributor(), said, None).await.unwrap();

        let view = again.stored.document;
        assert_eq!(again.change, PutChange::Updated);
        assert_eq!(
            (view.key.source.as_str(), view.key.source_id.as_str(), view.kind.as_str()),
            ("crm", "7", "contact")
        );
        assert_eq!((view.created_at, view.metadata), (Some(NOON), json!({"stage": "won"})));
    }

    #[tokio::test]
    async fn its_text_counts_for_the_quota() {
        let (_, add) = adding(Quota { documents: None, bytes: Some(11) });
        add.add(a_contributor(), sent(), None).await.unwrap();

        let refused = add.add(a_contributor(), sent(), None).await;

        assert!(matches!(refused, Err(PutError::QuotaExceeded { .. })), "{refused:?}");
    }

    #[rstest]
    #[case("gmail", true)]
    #[case("google-mail", true)]
    #[case("QBO", true)]
    #[case("Upload", true)]
    #[case("api", false)]
    #[case("crm", false)]
    fn names_of_providers_and_of_uploads_are_reserved(#[case] source: &str, #[case] reserved: bool) {
        assert_eq!(is_reserved(source), reserved);
    }
}
