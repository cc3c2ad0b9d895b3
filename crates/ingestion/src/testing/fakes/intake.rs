//! What people bring in by hand, in memory.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Page, PageRequest, StoreError, UserId};
use serde_json::Value;
use time::{Date, OffsetDateTime, Time};
use uuid::Uuid;

use super::super::NOON;
use super::super::intake::AuditView;
use crate::model::{
    Amount, Claim, ClaimOutcome, CompanyUsage, Document, DocumentKey, DocumentPut, DocumentSource, DocumentText,
    DocumentView, Fingerprint, IdempotencyKey, IngestionMethod, InvalidCursor, KEEP_ANSWERS, KeptAnswer, KeyedRequest,
    Known, MemberUsage, NewDocument, PutChange, PutDocument, PutOutcome, Usage,
};
use crate::ports::{DocumentWriter, IdempotencyKeys, ListError, UsageReader};

/// Documents, usage, keys and the audit log, in memory. It is noon at first.
#[derive(Debug, Default)]
pub struct InMemoryIntake {
    state: Mutex<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    documents: Vec<(CompanyId, DocumentText)>,
    sources: Vec<DocumentSource>,
    days: BTreeMap<(CompanyId, UserId, Date), Amount>,
    keys: HashMap<(CompanyId, UserId, &'static str, IdempotencyKey), KeyRow>,
    audit: Vec<(CompanyId, AuditView)>,
    passed: Duration,
}

#[derive(Clone, Debug)]
struct KeyRow {
    fingerprint: Fingerprint,
    token: Uuid,
    claimed_until: OffsetDateTime,
    created_at: OffsetDateTime,
    answer: Option<KeptAnswer>,
}

impl InMemoryIntake {
    /// Lets time pass.
    pub fn pass(&self, time: Duration) {
        self.state().passed += time;
    }

    /// The company's documents, by key.
    #[must_use]
    pub fn documents(&self, company_id: CompanyId) -> Vec<Document> {
        let state = self.state();
        let own = state.documents.iter().filter(|(of, _)| *of == company_id);
        let mut documents: Vec<_> = own.map(|(_, text)| document_of(text)).collect();
        documents.sort_by(|one, other| one.key.cmp(&other.key));
        documents
    }

    /// The sources of a document, by user.
    #[must_use]
    pub fn sources(&self, id: DocumentId) -> Vec<DocumentSource> {
        let state = self.state();
        let mut sources: Vec<_> = state.sources.iter().filter(|source| source.document_id == id).cloned().collect();
        sources.sort_by_key(|source| source.user_id);
        sources
    }

    /// What was written down of what was done in the company, in its order.
    #[must_use]
    pub fn audit(&self, company_id: CompanyId) -> Vec<AuditView> {
        let state = self.state();
        state.audit.iter().filter(|(of, _)| *of == company_id).map(|(_, view)| view.clone()).collect()
    }

    /// Counts what a sync brings in.
    pub fn bring(&self, company_id: CompanyId, user_id: UserId, amount: Amount) {
        let mut state = self.state();
        let day = state.now().date();
        let counted = state.days.entry((company_id, user_id, day)).or_default();
        *counted = sum([*counted, amount]);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

#[async_trait]
impl DocumentWriter for InMemoryIntake {
    async fn find_by_key(&self, company_id: CompanyId, key: &DocumentKey) -> Result<Option<DocumentText>, StoreError> {
        Ok(self.state().find(company_id, key).cloned())
    }

    async fn put(&self, put: &DocumentPut) -> Result<PutOutcome, StoreError> {
        let mut state = self.state();
        let before = state.clone();
        let outcome = state.put(put);
        if !matches!(outcome, PutOutcome::Put(_)) {
            *state = before;
        }
        Ok(outcome)
    }
}

#[async_trait]
impl UsageReader for InMemoryIntake {
    async fn of_user(&self, company_id: CompanyId, user_id: UserId) -> Result<Usage, StoreError> {
        Ok(self.state().usage(company_id, |of| of == user_id))
    }

    async fn of_company(&self, company_id: CompanyId, page: &PageRequest) -> Result<CompanyUsage, ListError> {
        let after = page.cursor().map(|cursor| cursor.parse::<UserId>().map_err(|_| InvalidCursor)).transpose()?;
        let state = self.state();
        let mut users: Vec<_> =
            state.days.keys().filter(|(of, ..)| *of == company_id).map(|(_, user, _)| *user).collect();
        users.dedup();
        let members = users.into_iter().filter(|user_id| after.is_none_or(|after| *user_id > after)).map(|user_id| {
            let Usage { total, today, .. } = state.usage(company_id, |of| of == user_id);
            MemberUsage { user_id, total, today }
        });
        let members = Page::of(members.collect(), page, |last: &MemberUsage| last.user_id.to_string());
        Ok(CompanyUsage { of_all: state.usage(company_id, |_| true), members })
    }
}

#[async_trait]
impl IdempotencyKeys for InMemoryIntake {
    async fn claim(&self, request: &KeyedRequest, token: Uuid, time: Duration) -> Result<ClaimOutcome, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let claim = request.claimed_by(token);
        if let Some(row) = state.keys.get(&place(&claim)) {
            let is_given_up = row.answer.is_none() && row.claimed_until <= now;
            let is_past = row.created_at + KEEP_ANSWERS <= now;
            if !is_given_up && !is_past {
                return Ok(match &row.answer {
                    _ if row.fingerprint != request.fingerprint => ClaimOutcome::OtherRequest,
                    Some(answer) => ClaimOutcome::Answered(answer.clone()),
                    None => ClaimOutcome::InProgress { retry_after: (row.claimed_until - now).unsigned_abs() },
                });
            }
        }
        let fingerprint = request.fingerprint.clone();
        let row = KeyRow { fingerprint, token, claimed_until: now + time, created_at: now, answer: None };
        state.keys.insert(place(&claim), row);
        Ok(ClaimOutcome::Claimed(claim))
    }

    async fn renew(&self, claim: &Claim, time: Duration) -> Result<bool, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let Some(row) = state.keys.get_mut(&place(claim)).filter(|row| row.token == claim.token) else {
            return Ok(false);
        };
        row.claimed_until = now + time;
        Ok(true)
    }

    async fn answer(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool, StoreError> {
        Ok(self.state().answer(claim, answer))
    }

    async fn release(&self, claim: &Claim) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.held(claim).is_some() {
            state.keys.remove(&place(claim));
        }
        Ok(())
    }

    async fn forget(&self, company_id: CompanyId, age: Duration, most: u16) -> Result<usize, StoreError> {
        let mut state = self.state();
        let now = state.now();
        let past = state.keys.iter().filter(|((of, ..), row)| *of == company_id && row.created_at + age <= now);
        let past: Vec<_> = past.map(|(place, _)| place.clone()).take(most.into()).collect();
        for place in &past {
            state.keys.remove(place);
        }
        Ok(past.len())
    }
}

impl State {
    fn put(&mut self, put: &DocumentPut) -> PutOutcome {
        let company_id = put.by.company_id;
        let known = self.find(company_id, &put.document.key).map(|text| text.document.id);
        let (change, id) = match (known, put.known) {
            (Some(id), Known::Left) => (PutChange::Unchanged, id),
            (Some(id), Known::WrittenOver) => {
                self.write_over(id, &put.document);
                self.attach(put, id, &put.document.key);
                (PutChange::Updated, id)
            }
            (None, _) => {
                let id = self.add(put, &put.document, None);
                for part in &put.parts {
                    self.add(put, part, Some(id));
                }
                (PutChange::Created, id)
            }
        };
        if change != PutChange::Unchanged {
            let documents = if change == PutChange::Created { 1 + put.parts.len() as u64 } else { 0 };
            if !self.count(put, Amount { documents, bytes: put.bytes }) {
                return PutOutcome::QuotaExceeded { resets_at: self.resets_at() };
            }
            let view = AuditView {
                user_id: Some(put.by.user_id),
                action: put.action(change).to_owned(),
                resource_id: id.to_string(),
                request_id: put.by.origin.request_id.clone(),
            };
            self.audit.push((company_id, view));
        }
        let stored = self.find(company_id, &put.document.key).cloned().expect("it is there");
        let done = PutDocument { change, stored };
        if let Some(once) = &put.once
            && !self.answer(&once.claim, &(once.answer)(&done))
        {
            return PutOutcome::ClaimLost;
        }
        PutOutcome::Put(Box::new(done))
    }

    fn find(&self, company_id: CompanyId, key: &DocumentKey) -> Option<&DocumentText> {
        let mut own = self.documents.iter().filter(|(of, _)| *of == company_id).map(|(_, text)| text);
        own.find(|text| text.document.key == *key)
    }

    fn add(&mut self, put: &DocumentPut, new: &NewDocument, parent: Option<DocumentId>) -> DocumentId {
        let id = DocumentId::new(1 + i64::try_from(self.documents.len()).expect("few documents"));
        let by = &put.by;
        let mut document = view_of(id, new, self.now());
        document.ingested_by = Some(by.user_id.to_string());
        document.ingested_by_email = Some(by.user_email.as_str().to_owned());
        document.method = Some(put.method.name().to_owned());
        document.parent = parent;
        self.documents.push((by.company_id, DocumentText { document, content: new.content.clone() }));
        self.attach(put, id, &new.key);
        id
    }

    fn write_over(&mut self, id: DocumentId, new: &NewDocument) {
        let now = self.now();
        let mut texts = self.documents.iter_mut().map(|(_, text)| text);
        let text = texts.find(|text| text.document.id == id).expect("it was found");
        let old = text.document.clone();
        text.document = DocumentView {
            ingested_at: old.ingested_at,
            ingested_by: old.ingested_by,
            ingested_by_email: old.ingested_by_email,
            method: old.method,
            parent: old.parent,
            blob: new.blob.or(old.blob),
            ..view_of(id, new, now)
        };
        text.content.clone_from(&new.content);
    }

    fn attach(&mut self, put: &DocumentPut, id: DocumentId, record: &DocumentKey) {
        let user_id = put.by.user_id;
        if self.sources.iter().any(|source| source.document_id == id && source.user_id == user_id) {
            return;
        }
        self.sources.push(DocumentSource {
            document_id: id,
            user_id,
            connection_id: None,
            job_id: None,
            method: put.method,
            record: record.clone(),
            vanished_at: None,
        });
    }

    /// Whether the quota lets it in.
    fn count(&mut self, put: &DocumentPut, amount: Amount) -> bool {
        let day = self.now().date();
        let counted = self.days.entry((put.by.company_id, put.by.user_id, day)).or_default();
        let fits = put.quota.admits(*counted, amount);
        if fits {
            *counted = sum([*counted, amount]);
        }
        fits
    }

    fn usage(&self, company_id: CompanyId, is_counted: impl Fn(UserId) -> bool) -> Usage {
        let today = self.now().date();
        let rows = || self.days.iter().filter(|((of, user_id, _), _)| *of == company_id && is_counted(*user_id));
        Usage {
            total: sum(rows().map(|(_, amount)| *amount)),
            today: sum(rows().filter(|((_, _, day), _)| *day == today).map(|(_, amount)| *amount)),
            resets_at: self.resets_at(),
        }
    }

    fn answer(&mut self, claim: &Claim, answer: &KeptAnswer) -> bool {
        let Some(row) = self.held(claim) else { return false };
        row.answer = Some(answer.clone());
        true
    }

    /// The row of the claim, while it holds and nothing was answered.
    fn held(&mut self, claim: &Claim) -> Option<&mut KeyRow> {
        self.keys.get_mut(&place(claim)).filter(|row| row.token == claim.token && row.answer.is_none())
    }

    fn resets_at(&self) -> OffsetDateTime {
        (self.now() + time::Duration::DAY).replace_time(Time::MIDNIGHT)
    }

    fn now(&self) -> OffsetDateTime {
        NOON + self.passed
    }
}

fn place(claim: &Claim) -> (CompanyId, UserId, &'static str, IdempotencyKey) {
    (claim.company_id, claim.user_id, claim.route, claim.key.clone())
}

fn sum(amounts: impl IntoIterator<Item = Amount>) -> Amount {
    amounts.into_iter().fold(Amount::default(), |sum, amount| Amount {
        documents: sum.documents + amount.documents,
        bytes: sum.bytes + amount.bytes,
    })
}

fn view_of(id: DocumentId, new: &NewDocument, now: OffsetDateTime) -> DocumentView {
    DocumentView {
        id,
        key: new.key.clone(),
        kind: new.kind.clone(),
        title: new.title.clone(),
        created_at: new.created_at,
        modified_at: new.modified_at,
        ingested_at: Some(now),
        ingested_by: None,
        ingested_by_email: None,
        method: None,
        metadata: Value::Object(new.metadata.clone()),
        mime_type: new.mime_type.clone(),
        file_size_bytes: new.file_size_bytes,
        file_url: new.file_url.clone(),
        blob: new.blob,
        parent: None,
        content_incomplete: new.content_incomplete,
    }
}

fn document_of(text: &DocumentText) -> Document {
    let view = &text.document;
    Document {
        id: view.id,
        key: view.key.clone(),
        kind: view.kind.clone(),
        title: view.title.clone(),
        content: text.content.clone(),
        content_incomplete: view.content_incomplete,
        metadata: view.metadata.as_object().cloned().unwrap_or_default(),
        ingested_by: view.ingested_by.as_deref().and_then(|id| id.parse().ok()),
        ingested_by_email: view.ingested_by_email.as_deref().and_then(|email| email.parse().ok()),
        method: view.method.as_deref().and_then(|method| method.parse::<IngestionMethod>().ok()),
        parent: view.parent,
        blob: view.blob,
    }
}
