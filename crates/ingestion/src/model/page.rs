//! A page of a stream, decided and ready to become durable.

use std::collections::BTreeSet;

use cortex_kernel::{Email, Lease};

use super::{
    Attribution, Cursor, DocumentKey, IngestionMethod, NewDocument, PageContents, RecordKey, SetAsideRecord, Stream,
};

/// Everything that committing a page changes, decided before the first write.
#[derive(Clone, Debug, PartialEq)]
pub struct PageCommit {
    /// The right to write for the job that reads the stream.
    pub lease: Lease,
    /// What was read.
    pub stream: Stream,
    /// The address, in the company, of the person whose account it is.
    pub user_email: Email,
    /// The address of the connected account, where it has one.
    pub account_email: Option<Email>,
    /// How what is in it came in.
    pub method: IngestionMethod,
    /// The cursor that the page was read from; none at the beginning of the stream.
    pub read_from: Option<Cursor>,
    /// The cursor of the last record in it; the same again where the page was empty.
    pub moved_to: Option<Cursor>,
    /// The records that are there, at most one a key.
    pub documents: Vec<NewDocument>,
    /// The records that vanished; none of them is among `documents`.
    pub deletions: Vec<DocumentKey>,
    /// The records that change nothing and are not wanted: they are too old, or vanished and could never come in.
    pub left_out: Vec<RecordKey>,
    /// The records that could not be taken in, at most one a key; none of them came in later in the page.
    pub set_aside: Vec<SetAsideRecord>,
    /// How many could not, of the same key or not.
    pub set_aside_count: u64,
    /// What is known of contents that the records do not carry.
    pub contents: PageContents,
}

/// What committing a page came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// The page is durable.
    Committed(PageCounts),
    /// The job is somebody else's: nothing was written. Stop.
    LeaseLost,
    /// The stream was read on by somebody else since: nothing was written. Read again from the stored cursor.
    CursorMoved,
}

/// What a committed page changed. Files that came with a message count beside it, as the documents that they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Documents that are new.
    pub added: u64,
    /// Documents that changed, or have a further source.
    pub updated: u64,
    /// Records that said nothing new.
    pub unchanged: u64,
    /// Documents that the connection no longer has: sources that vanished.
    pub deleted: u64,
    /// Documents that it would no longer have, if deletions were not held back.
    pub held: u64,
}

impl PageCommit {
    /// Who brings in what is in the page.
    #[must_use]
    pub fn attribution(&self) -> Attribution {
        Attribution {
            user_id: self.stream.user_id,
            user_email: self.user_email.clone(),
            connection_id: Some(self.stream.connection_id),
            account_email: self.account_email.clone(),
            job_id: Some(self.lease.job),
            method: self.method,
        }
    }

    /// Whether reading it got anywhere: it held something, or it moves the cursor.
    #[must_use]
    pub fn gets_on(&self) -> bool {
        self.seen() > 0 || !self.documents.is_empty() || self.moved_to != self.read_from
    }

    /// How many records it holds. Files that came with a message are no records of their own.
    #[must_use]
    pub fn seen(&self) -> u64 {
        let whole = self.documents.iter().filter(|new| new.parent.is_none()).count();
        let told = whole + self.deletions.len() + self.contents.unchanged.len();
        told as u64 + self.set_aside_count
    }

    /// The ids of the documents, from before, of the threads that its messages belong to.
    #[must_use]
    pub fn threads(&self) -> BTreeSet<String> {
        self.documents.iter().filter_map(NewDocument::thread).collect()
    }

    /// Whether the records are there at this moment, as the stream tells them. A page that moves no cursor brings what
    /// records lacked, by what they said when they were read.
    #[must_use]
    pub fn tells_what_is_there(&self) -> bool {
        self.read_from != self.moved_to
    }

    /// By what those of its records are known that are kept aside no longer, if they were.
    #[must_use]
    pub fn settled(&self) -> BTreeSet<RecordKey> {
        let taken_in = self.documents.iter().map(|new| &new.key).chain(&self.deletions);
        let changed = taken_in.chain(&self.contents.unchanged);
        let mut settled: BTreeSet<_> = changed.map(|key| RecordKey::of(&key.source_id)).collect();
        settled.extend(self.left_out.iter().cloned());
        for record in &self.set_aside {
            settled.remove(&record.key);
        }
        settled
    }

    /// By what those of its records are known whose contents are waited for no longer, if they were.
    #[must_use]
    pub fn settled_contents(&self) -> BTreeSet<RecordKey> {
        let mut settled = self.contents.settled();
        settled.extend(self.deletions.iter().map(|key| RecordKey::of(&key.source_id)));
        settled.extend(self.left_out.iter().cloned());
        settled.extend(self.set_aside.iter().map(|record| record.key.clone()));
        for postponed in &self.contents.postponed {
            settled.remove(&postponed.unfinished.key);
        }
        settled
    }
}
