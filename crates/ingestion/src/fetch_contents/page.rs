//! A page while it is completed.

use std::collections::HashMap;
use std::error::Error;

use bytes::Bytes;
use futures_util::lock::MutexGuard;
use serde_json::Value;

use super::allowance::{Allowance, Delay};
use super::file_kinds::may_have_text;
use super::without_texts::without_texts;
use super::{Before, Described, FIRST_WAIT, FetchContents, MOST_ATTEMPTS, MOST_BYTES, SMALL, fingerprint, wait_after};
use crate::content_source::{ContentError, Fetched, Wanted};
use crate::ingest_page::{ReadRecord, RecordDocuments};
use crate::model::{
    ContentHash, DocumentDraft, DocumentKey, FileBody, FileToRead, FileType, Fingerprint, Lacks, MessageKey,
    NewDocument, Postponed, RecordKey, SetAsideRecord, Stream, Unfinished,
};
use crate::normalise::{Account, AttachedContent, Attachment, Told, ToldDocument};
use crate::ports::ExtractError;
use crate::readers::Reader;
use crate::record_source::SourceError;

/// Why a document has no text, in its metadata.
const CONTENT_ERROR: &str = "content_error";
const TOO_LARGE: &str = "too_large";
const REFUSED: &str = "refused";
const GAVE_UP: &str = "gave_up";

pub(super) struct Page<'a> {
    fetching: &'a FetchContents,
    stream: &'a Stream,
    account: &'a Account,
    reader: Option<Reader>,
    allowance: Allowance<'a>,
}

/// Something was not had.
enum Trouble {
    /// It never will be.
    Final(&'static str),
    /// It may be.
    Later(Delay),
    /// Nothing will, before a person does something.
    Stop(SourceError),
}

/// What was fetched, and the turn for what is large.
type Had<'a> = (Fetched, Option<MutexGuard<'a, ()>>);

/// The files of a message, as far as they were had.
#[derive(Default)]
struct Files {
    documents: Vec<NewDocument>,
    pending: Vec<String>,
    delays: Vec<Delay>,
    is_given_up: bool,
}

impl<'a> Page<'a> {
    pub(super) fn new(
        fetching: &'a FetchContents,
        stream: &'a Stream,
        account: &'a Account,
        may_go_on: &'a (dyn Fn() -> bool + Send + Sync),
    ) -> Self {
        let reader = Reader::of(stream.provider, &stream.model);
        let allowance = Allowance::new(fetching.clock.as_ref(), may_go_on);
        Self { fetching, stream, account, reader, allowance }
    }

    pub(super) async fn complete(&self, described: Described) -> Result<ReadRecord, SourceError> {
        let Described { record, told, before } = described;
        if before.is_none() && !told.lacks_something() {
            let (key, document) = (told.draft.key.clone(), told.draft.finish());
            let documents = vec![document];
            return Ok(ReadRecord::from(RecordDocuments { key, documents, fingerprint: None, postponed: None }));
        }
        let Before { lacks, fingerprint, attempts } =
            before.unwrap_or_else(|| Before { lacks: Lacks::Everything, fingerprint: fingerprint(&told), attempts: 0 });
        match lacks {
            Lacks::Everything => self.complete_all(record, told, fingerprint, attempts).await,
            Lacks::Attachments { of, pending } => {
                let key = told.draft.key.clone();
                let files = self.complete_files(told.attachments, of.as_ref(), Some(&pending), attempts).await?;
                Ok(gathered(key, Vec::new(), files, of, record, fingerprint, attempts))
            }
        }
    }

    async fn complete_all(
        &self,
        record: Value,
        mut told: ToldDocument,
        fingerprint: Fingerprint,
        attempts: u32,
    ) -> Result<ReadRecord, SourceError> {
        let key = told.draft.key.clone();
        let mut known = record;
        let mut is_given_up = false;
        if let Some(wanted) = told.missing.take() {
            match self.content(&told.draft, &wanted).await {
                Ok(Content::Text(text)) => fill(&mut told.draft, text),
                Ok(Content::Resource(resource)) => {
                    known = merged(known, resource);
                    match self.reader.map(|reader| reader.read(&known, self.account)) {
                        Some(Ok(Told::Document(fetched))) if fetched.draft.key == key => told = *fetched,
                        Some(Ok(Told::Gone(_))) => return Ok(ReadRecord::Vanished(key)),
                        Some(Ok(Told::Unwanted)) => return Ok(ReadRecord::LeftOut(RecordKey::of(&key.source_id))),
                        // Another message than was asked for.
                        Some(Ok(Told::Document(_))) | None => fail(&mut told.draft, REFUSED, true),
                        Some(Err(reason)) => {
                            let key = RecordKey::of(&key.source_id);
                            return Ok(ReadRecord::SetAside(SetAsideRecord { key, has_id: true, reason }));
                        }
                    }
                    if told.missing.take().is_some() {
                        // The provider tells the text of a message with it, unless it is out of all proportion.
                        fail(&mut told.draft, TOO_LARGE, true);
                    }
                }
                Err(Trouble::Final(code)) => fail(&mut told.draft, code, is_message(&wanted)),
                Err(Trouble::Later(delay)) if delay.gives_up(attempts) => {
                    is_given_up = true;
                    fail(&mut told.draft, GAVE_UP, true);
                }
                Err(Trouble::Later(delay)) => {
                    told.draft.content_incomplete = true;
                    let lacks = Lacks::Everything;
                    let postponed = postponed(&key, known, lacks, fingerprint, attempts, &[delay]);
                    let documents = vec![finished(told.draft)];
                    let record = RecordDocuments { key, documents, fingerprint: None, postponed: Some(postponed) };
                    return Ok(ReadRecord::from(record));
                }
                Err(Trouble::Stop(error)) => return Err(error),
            }
        }
        let document = finished(told.draft);
        let of = document.message_key.clone();
        let mut files = self.complete_files(told.attachments, of.as_ref(), None, attempts).await?;
        files.is_given_up |= is_given_up;
        Ok(gathered(key, vec![document], files, of, known, fingerprint, attempts))
    }

    /// Those of the files that are pending; all of them where that is none.
    async fn complete_files(
        &self,
        attachments: Vec<Attachment>,
        of: Option<&MessageKey>,
        pending: Option<&[String]>,
        attempts: u32,
    ) -> Result<Files, SourceError> {
        let mut files = Files::default();
        let mut of_name: HashMap<String, usize> = HashMap::new();
        for Attachment { mut draft, content } in attachments {
            let ordinal = of_name.entry(draft.title.clone()).or_default();
            let message_key = of.map(|of| MessageKey::of_attachment(of, &draft.title, *ordinal));
            *ordinal += 1;
            if pending.is_some_and(|pending| !pending.contains(&draft.key.source_id)) {
                continue;
            }
            match self.attached(&draft, content).await {
                Ok(text) => fill(&mut draft, text),
                Err(Trouble::Final(code)) => fail(&mut draft, code, false),
                Err(Trouble::Later(delay)) if delay.gives_up(attempts) => {
                    files.is_given_up = true;
                    fail(&mut draft, GAVE_UP, true);
                }
                Err(Trouble::Later(delay)) => {
                    draft.content_incomplete = true;
                    files.pending.push(draft.key.source_id.clone());
                    files.delays.push(delay);
                }
                Err(Trouble::Stop(error)) => return Err(error),
            }
            files.documents.push(NewDocument { message_key, ..finished(draft) });
        }
        Ok(files)
    }

    async fn attached(&self, draft: &DocumentDraft, content: AttachedContent) -> Result<String, Trouble> {
        match content {
            _ if !may_have_text(draft.mime_type.as_deref(), &draft.title) => Ok(String::new()),
            AttachedContent::Here(bytes) => self.text(draft.title.clone(), bytes).await,
            AttachedContent::Missing(wanted) => match self.content(draft, &wanted).await? {
                Content::Text(text) => Ok(text),
                Content::Resource(resource) => {
                    let bytes = self.bytes_within(&resource, &draft.key).ok_or(Trouble::Final(REFUSED))?;
                    self.text(draft.title.clone(), bytes).await
                }
            },
        }
    }

    /// The bytes of a file that its message carries.
    fn bytes_within(&self, message: &Value, file: &DocumentKey) -> Option<Bytes> {
        let Ok(Told::Document(told)) = self.reader?.read(message, self.account) else { return None };
        let found = told.attachments.into_iter().find(|attachment| attachment.draft.key == *file)?;
        match found.content {
            AttachedContent::Here(bytes) => Some(bytes),
            AttachedContent::Missing(_) => None,
        }
    }

    async fn content(&self, draft: &DocumentDraft, wanted: &Wanted) -> Result<Content, Trouble> {
        let is_message = is_message(wanted);
        let is_exported = matches!(wanted, Wanted::DriveExport { .. });
        if !is_message && !is_exported && !may_have_text(draft.mime_type.as_deref(), &draft.title) {
            return Ok(Content::Text(String::new()));
        }
        // What is exported has another size than what it is made of.
        let size = draft.file_size_bytes.filter(|_| !is_exported).and_then(|size| u64::try_from(size).ok());
        match self.fetch(wanted, size).await? {
            (Fetched::Resource(resource), _) if is_message => Ok(Content::Resource(resource)),
            (Fetched::Bytes(bytes), _turn) if !is_message => {
                Ok(Content::Text(self.text(name_of(draft, wanted), bytes).await?))
            }
            (Fetched::Resource(_) | Fetched::Bytes(_), _) => Err(Trouble::nonsense()),
        }
    }

    async fn fetch(&self, wanted: &Wanted, size: Option<u64>) -> Result<Had<'_>, Trouble> {
        if size.is_some_and(|size| size > MOST_BYTES) {
            return Err(Trouble::Final(TOO_LARGE));
        }
        if size.is_none_or(|size| size <= SMALL) {
            match self.ask(wanted, SMALL).await? {
                Err(ContentError::TooLarge) => {}
                answer => return Ok((answer.map_err(|error| self.trouble(error))?, None)),
            }
        }
        let turn = self.fetching.large.lock().await;
        let answer = self.ask(wanted, MOST_BYTES).await?;
        Ok((answer.map_err(|error| self.trouble(error))?, Some(turn)))
    }

    async fn ask(&self, wanted: &Wanted, most_bytes: u64) -> Result<Result<Fetched, ContentError>, Trouble> {
        self.allowance.take().map_err(Trouble::Later)?;
        let Stream { provider, broker_id, .. } = self.stream;
        let answer = self.fetching.source.fetch(*provider, broker_id, wanted, most_bytes).await;
        if !matches!(answer, Err(ContentError::Unavailable(_))) {
            self.allowance.went_through();
        }
        Ok(answer)
    }

    fn trouble(&self, error: ContentError) -> Trouble {
        tracing::debug!(error = &error as &dyn Error, "a content was not had");
        match error {
            ContentError::Unauthorised(error) => Trouble::Stop(SourceError::Unauthorised(error)),
            ContentError::NeedsReauthorization(error) => Trouble::Stop(SourceError::NeedsReauthorization(error)),
            ContentError::Throttled { retry_after } => {
                let wait = retry_after.unwrap_or(FIRST_WAIT);
                self.allowance.hold(wait);
                Trouble::Later(Delay { reason: "throttled", wait: Some(wait), is_attempt: false })
            }
            ContentError::Unavailable(_) => {
                self.allowance.was_in_vain();
                Trouble::in_vain("unavailable")
            }
            ContentError::Refused(_) => Trouble::Final(REFUSED),
            ContentError::TooLarge => Trouble::Final(TOO_LARGE),
        }
    }

    async fn text(&self, name: String, bytes: Bytes) -> Result<String, Trouble> {
        let file = FileToRead { name: Some(name).filter(|name| !name.is_empty()), body: FileBody::InMemory(bytes) };
        match self.fetching.extractor.extract(file).await {
            Ok(extracted) => {
                self.allowance.keep(extracted.text.len());
                Ok(extracted.text)
            }
            Err(error @ ExtractError::Unavailable(_)) => {
                tracing::warn!(error = &error as &dyn Error, "a file was not read");
                Err(Trouble::in_vain(error.code()))
            }
            Err(error) => Err(Trouble::Final(error.code())),
        }
    }
}

/// What was fetched, ready to be taken in.
enum Content {
    Text(String),
    Resource(Value),
}

impl Trouble {
    const fn in_vain(reason: &'static str) -> Self {
        Self::Later(Delay { reason, wait: None, is_attempt: true })
    }

    const fn nonsense() -> Self {
        Self::in_vain("bad_answer")
    }
}

impl Delay {
    /// Whether it is asked for no more, after so many attempts before.
    const fn gives_up(&self, attempts: u32) -> bool {
        self.is_attempt && attempts + 1 >= MOST_ATTEMPTS
    }
}

const fn is_message(wanted: &Wanted) -> bool {
    match wanted {
        Wanted::GmailMessage { .. } | Wanted::OutlookMessage { .. } => true,
        Wanted::GmailAttachment { .. }
        | Wanted::OutlookAttachment { .. }
        | Wanted::DriveFile { .. }
        | Wanted::DriveExport { .. } => false,
    }
}

/// The name of the file that is fetched. What is exported has the ending of what it was exported to.
fn name_of(draft: &DocumentDraft, wanted: &Wanted) -> String {
    let Wanted::DriveExport { mime_type, .. } = wanted else { return draft.title.clone() };
    let file_type = FileType::ALL.into_iter().find(|file_type| file_type.mime_type() == *mime_type);
    match file_type {
        None => draft.title.clone(),
        Some(FileType::Text) => format!("{}.txt", draft.title),
        Some(FileType::Markdown) => format!("{}.md", draft.title),
        Some(file_type) => format!("{}.{}", draft.title, file_type.name()),
    }
}

/// The resource, with what only the record says of it.
fn merged(record: Value, resource: Value) -> Value {
    match (record, resource) {
        (Value::Object(mut record), Value::Object(resource)) => {
            record.extend(resource);
            Value::Object(record)
        }
        (_, resource) => resource,
    }
}

fn fill(draft: &mut DocumentDraft, text: String) {
    draft.content = text;
    draft.content_incomplete = false;
}

/// Says why there is no text. A file that cannot be read is as complete as it gets; where there is a part of a text, or was
/// all of an earlier one, it `remains` incomplete.
fn fail(draft: &mut DocumentDraft, code: &'static str, remains: bool) {
    draft.content_incomplete = remains;
    draft.metadata.insert(CONTENT_ERROR.to_owned(), Value::from(code));
}

/// The document. One that remains incomplete for good says something else than before, although its text is the same.
fn finished(draft: DocumentDraft) -> NewDocument {
    let mut document = draft.finish();
    let error = document.metadata.get(CONTENT_ERROR).and_then(Value::as_str);
    if let Some(code) = error.filter(|_| document.content_incomplete) {
        document.content_hash = ContentHash::of(&document.title, &format!("{}\0{code}", document.content));
    }
    document
}

fn gathered(
    key: DocumentKey,
    mut documents: Vec<NewDocument>,
    files: Files,
    of: Option<MessageKey>,
    record: Value,
    fingerprint: Fingerprint,
    attempts: u32,
) -> ReadRecord {
    let Files { documents: attached, pending, delays, is_given_up } = files;
    documents.extend(attached);
    if pending.is_empty() {
        let fingerprint = Some(fingerprint).filter(|_| !is_given_up);
        return ReadRecord::from(RecordDocuments { key, documents, fingerprint, postponed: None });
    }
    let lacks = Lacks::Attachments { of, pending };
    let postponed = Some(postponed(&key, record, lacks, fingerprint, attempts, &delays));
    ReadRecord::from(RecordDocuments { key, documents, fingerprint: None, postponed })
}

fn postponed(
    key: &DocumentKey,
    record: Value,
    lacks: Lacks,
    fingerprint: Fingerprint,
    attempts: u32,
    delays: &[Delay],
) -> Postponed {
    let attempts = attempts + u32::from(delays.iter().any(|delay| delay.is_attempt));
    let soonest = delays.iter().map(|delay| (delay.wait.unwrap_or_else(|| wait_after(attempts)), delay.reason)).min();
    let (wait, reason) = soonest.unwrap_or((FIRST_WAIT, "not_yet"));
    let key = RecordKey::of(&key.source_id);
    Postponed {
        unfinished: Unfinished { key, record: without_texts(record), lacks, fingerprint, attempts },
        wait,
        reason,
    }
}
