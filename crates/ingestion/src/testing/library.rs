//! Documents to be read and searched, in memory.

mod custody;
mod mail;
mod passages;
mod words;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cortex_kernel::{CompanyId, ConnectionId, DocumentId, JobId, Page, StoreError};
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::uuid;

use super::{NOON, USER_1, a_key};
use crate::model::{
    DocumentFile, DocumentFilter, DocumentKind, DocumentQuery, DocumentText, DocumentView, IngestionMethod,
    InvalidCursor, Match, Ranking, SearchHit, SearchPage, SearchQuery, SourceName, SourceView,
};
use crate::ports::{DocumentCounts, DocumentReader, ListError, PassageFinder, SearchIndex};
use words::Wanted;

/// A fresh, empty library and a way to fill it.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The reader under test, as the deployment of this company uses it.
    fn reader(&self, company_id: CompanyId) -> Arc<dyn DocumentReader>;
    /// The index under test, as the deployment of this company uses it.
    fn index(&self, company_id: CompanyId) -> Arc<dyn SearchIndex>;
    /// The finder of passages under test, as the deployment of this company uses it.
    fn passages(&self, company_id: CompanyId) -> Arc<dyn PassageFinder>;
    /// The counts under test, as the deployment of this company uses them.
    fn counts(&self, company_id: CompanyId) -> Arc<dyn DocumentCounts>;
    /// Puts a document there and answers its id, whatever id it came with.
    async fn put_document(&self, company_id: CompanyId, document: DocumentText) -> DocumentId;
    /// Lets others take the place of a document.
    async fn supersede(&self, company_id: CompanyId, id: DocumentId);
    /// Tells how a document came in.
    async fn put_source(&self, company_id: CompanyId, id: DocumentId, source: SourceView);
}

/// Documents and their sources in memory. It knows words as they are written, no stems.
#[derive(Debug, Default)]
pub struct InMemoryLibrary {
    state: Mutex<State>,
}

/// [`InMemoryLibrary`] under test.
#[derive(Default)]
pub struct InMemoryHarness(Arc<InMemoryLibrary>);

#[derive(Debug, Default)]
struct State {
    documents: Vec<(CompanyId, DocumentText)>,
    sources: Vec<(DocumentId, SourceView)>,
    superseded: HashSet<DocumentId>,
    audited: Vec<(CompanyId, String)>,
    last_id: i64,
}

/// [`USER_1`]'s message of this id, as readers see it.
#[must_use]
pub fn a_document_view(source_id: &str) -> DocumentView {
    DocumentView {
        id: DocumentId::new(0),
        key: a_key(source_id),
        kind: DocumentKind::EMAIL,
        title: format!("Subject {source_id}"),
        created_at: Some(NOON),
        modified_at: None,
        ingested_at: Some(NOON),
        ingested_by: Some(USER_1.to_string()),
        ingested_by_email: Some("one@example.com".to_owned()),
        method: Some(IngestionMethod::OauthSync.name().to_owned()),
        metadata: json!({"labels": ["INBOX"]}),
        mime_type: Some("message/rfc822".to_owned()),
        file_size_bytes: Some(1_024),
        file_url: None,
        blob: None,
        parent: None,
        content_incomplete: false,
    }
}

/// How that message came in.
#[must_use]
pub fn a_source_view(source_id: &str) -> SourceView {
    SourceView {
        user_id: USER_1.to_string(),
        user_email: Some("one@example.com".to_owned()),
        connection_id: Some(ConnectionId::new(1)),
        account_email: Some("mailbox@example.com".to_owned()),
        job_id: Some(JobId::new(uuid!("0d000000-0000-4000-8000-000000000001"))),
        method: IngestionMethod::OauthSync.name().to_owned(),
        record: a_key(source_id),
        first_seen_at: NOON,
        last_seen_at: NOON,
        vanished_at: None,
    }
}

impl InMemoryLibrary {
    /// Adds a document.
    pub fn put_document(&self, company_id: CompanyId, mut document: DocumentText) -> DocumentId {
        let mut state = self.state();
        state.last_id += 1;
        let id = DocumentId::new(state.last_id);
        document.document.id = id;
        state.documents.push((company_id, document));
        id
    }

    /// Lets others take the place of a document.
    pub fn supersede(&self, id: DocumentId) {
        self.state().superseded.insert(id);
    }

    /// Adds a way by which a document came in.
    pub fn put_source(&self, id: DocumentId, source: SourceView) {
        self.state().sources.push((id, source));
    }

    /// The actions of the company's audit rows.
    #[must_use]
    pub fn audited(&self, company_id: CompanyId) -> Vec<String> {
        let state = self.state();
        state.audited.iter().filter(|(of, _)| *of == company_id).map(|(_, action)| action.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl InMemoryHarness {
    /// What the harness fills.
    pub(super) fn library(&self) -> Arc<InMemoryLibrary> {
        Arc::clone(&self.0)
    }
}

impl State {
    fn of(&self, company_id: CompanyId) -> impl DoubleEndedIterator<Item = &DocumentText> {
        self.documents.iter().filter(move |(of, _)| *of == company_id).map(|(_, document)| document)
    }

    /// Those that others did not take the place of.
    fn shown(&self, company_id: CompanyId) -> impl DoubleEndedIterator<Item = &DocumentText> {
        self.of(company_id).filter(|stored| !self.superseded.contains(&stored.document.id))
    }
}

#[async_trait]
impl DocumentReader for InMemoryLibrary {
    async fn list_documents(
        &self,
        company_id: CompanyId,
        query: &DocumentQuery,
    ) -> Result<Page<DocumentView>, ListError> {
        let before = match query.page.cursor() {
            None => i64::MAX,
            Some(cursor) => cursor.parse().map_err(|_| InvalidCursor)?,
        };
        let state = self.state();
        let wanted = state.shown(company_id).rev().map(|stored| &stored.document).filter(|document| {
            let method = query.method.map(IngestionMethod::name);
            document.id.get() < before
                && is_among(document, &query.filter)
                && method.is_none_or(|method| document.method.as_deref() == Some(method))
        });
        let views: Vec<_> = wanted.cloned().collect();
        Ok(Page::of(views, &query.page, |last| last.id.to_string()))
    }

    async fn find_document(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentText>, StoreError> {
        Ok(self.state().of(company_id).find(|stored| stored.document.id == id).cloned())
    }

    async fn find_sources(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<Vec<SourceView>>, StoreError> {
        let state = self.state();
        let is_there = state.of(company_id).any(|stored| stored.document.id == id);
        let sources = state.sources.iter().filter(|(of, _)| *of == id).map(|(_, source)| source.clone());
        Ok(is_there.then(|| sources.collect()))
    }

    async fn find_file(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<DocumentFile>, StoreError> {
        let state = self.state();
        let document = state.of(company_id).map(|stored| &stored.document).find(|document| document.id == id);
        Ok(document.and_then(|document| {
            let name = document.metadata.get("original_filename").and_then(Value::as_str).unwrap_or(&document.title);
            Some(DocumentFile { blob: document.blob?, name: name.to_owned(), mime_type: document.mime_type.clone() })
        }))
    }
}

#[async_trait]
impl SearchIndex for InMemoryLibrary {
    async fn search(&self, company_id: CompanyId, query: &SearchQuery) -> Result<SearchPage, ListError> {
        let wanted = Wanted::parse(query.text.as_str());
        let state = self.state();
        let found = |score: &dyn Fn(&str, &str, &str) -> Option<f32>| -> Vec<Match> {
            let among = state.of(company_id).filter(|stored| {
                is_among(&stored.document, &query.filter) && !state.superseded.contains(&stored.document.id)
            });
            let fits = |stored: &DocumentText| {
                let score = score(&stored.document.title, &sender(&stored.document), &stored.content)?;
                let score = score * freshness(&stored.document);
                Some(Match { document_id: stored.document.id, score, as_of: NOON })
            };
            among.filter_map(fits).collect()
        };
        let mut ranking = Ranking::new(found(&|title, sender, content| wanted.score(title, sender, content)));
        if ranking.is_meagre() {
            let near = |title: &str, sender: &str, content: &str| wanted.is_near(title, sender, content).then_some(1.0);
            ranking.add_near(Ranking::new(found(&near)));
        }
        let (shown, next_cursor) = ranking.page(&query.page)?;
        let hits = shown.iter().filter_map(|found| {
            let stored = state.of(company_id).find(|stored| stored.document.id == found.document_id)?;
            Some(hit(stored, found.score, &wanted))
        });
        Ok(SearchPage {
            hits: hits.collect(),
            total: ranking.total(),
            total_is_capped: ranking.is_capped(),
            next_cursor,
        })
    }
}

#[async_trait]
impl Harness for InMemoryHarness {
    fn reader(&self, _: CompanyId) -> Arc<dyn DocumentReader> {
        self.0.clone()
    }

    fn index(&self, _: CompanyId) -> Arc<dyn SearchIndex> {
        self.0.clone()
    }

    fn passages(&self, _: CompanyId) -> Arc<dyn PassageFinder> {
        self.0.clone()
    }

    fn counts(&self, _: CompanyId) -> Arc<dyn DocumentCounts> {
        self.0.clone()
    }

    async fn put_document(&self, company_id: CompanyId, document: DocumentText) -> DocumentId {
        self.0.put_document(company_id, document)
    }

    async fn put_source(&self, _: CompanyId, id: DocumentId, source: SourceView) {
        self.0.put_source(id, source);
    }

    async fn supersede(&self, _: CompanyId, id: DocumentId) {
        self.0.supersede(id);
    }
}

/// Name and address of who sent it.
fn sender(document: &DocumentView) -> String {
    let told = |key: &str| document.metadata[key].as_str().unwrap_or_default().to_owned();
    [told("sender_name"), told("sender_address")].join(" ")
}

/// By how much a score counts at this age: a tenth less after a year, a fifth at most.
fn freshness(document: &DocumentView) -> f32 {
    let date = document.created_at.or(document.ingested_at);
    let years = date.map_or(f32::INFINITY, |date| (NOON - date).as_seconds_f32().max(0.0) / 31_557_600.0);
    0.8 + 0.2 / (1.0 + years)
}

fn is_among(document: &DocumentView, filter: &DocumentFilter) -> bool {
    let date: Option<OffsetDateTime> = document.created_at.or(document.ingested_at);
    let by = filter.ingested_by.map(|user_id| user_id.to_string());
    filter.source.as_ref().is_none_or(|source| document.key.source == *source)
        && filter.kind.as_ref().is_none_or(|kind| document.kind == *kind)
        && by.is_none_or(|by| document.ingested_by.as_deref() == Some(by.as_str()))
        && filter.since.is_none_or(|since| date.is_some_and(|date| date >= since))
        && filter.until.is_none_or(|until| date.is_some_and(|date| date < until))
}

fn hit(stored: &DocumentText, score: f32, wanted: &Wanted) -> SearchHit {
    let DocumentText { document, content } = stored;
    SearchHit {
        document_id: document.id,
        title: document.title.clone(),
        snippet: wanted.mark(content),
        score,
        source: document.key.source.clone(),
        kind: document.kind.clone(),
        created_at: document.created_at,
        ingested_by: document.ingested_by.clone(),
        ingested_by_email: document.ingested_by_email.clone(),
        method: document.method.clone(),
    }
}

#[async_trait]
impl DocumentCounts for InMemoryLibrary {
    async fn count_by_source(&self, company_id: CompanyId) -> Result<Vec<(SourceName, u64)>, StoreError> {
        let mut counts = BTreeMap::new();
        for text in self.state().shown(company_id) {
            *counts.entry(text.document.key.source.clone()).or_default() += 1;
        }
        Ok(counts.into_iter().collect())
    }
}
