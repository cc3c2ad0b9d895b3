//! The mail of a company, as the stand-ins of Gmail and Outlook serve it: an invented company's, or a real mailbox from
//! disk.
//!
//! A [`Message`] is the bytes that went over the wire; every provider's view of it is derived from them. What is not
//! here: sending, folders, and whatever a mail server adds when it delivers.

mod disk;
mod gmail;
mod mbox;
mod message;
mod outlook;
mod threads;
mod written;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

pub use message::{Attachment, Message};
pub use written::{Person, people};

/// Messages, oldest first.
#[derive(Debug, Clone, Default)]
pub struct Mailbox {
    /// The messages by the time of their arrival; those that tell no time come last.
    pub messages: Vec<Message>,
}

/// Why a mailbox could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MailboxError {
    /// Nothing is there.
    #[error("{}: no such file or directory; expected an mbox file or a directory of .eml files", .0.display())]
    NoSuchPath(PathBuf),
    /// Something is there, and it is something else.
    #[error(
        "{}: not a mailbox; expected an mbox file (its first line begins with \"From \"), a single .eml file, or a \
         directory with .eml files in it", .0.display()
    )]
    NotAMailbox(PathBuf),
    /// The right kind of place, with no message in it.
    #[error("{}: holds no message; expected at least one e-mail", .0.display())]
    Empty(PathBuf),
    /// It could not be read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Mailbox {
    /// The whole invented company's mail, dated relative to `now`. The same `now` gives the same bytes.
    #[must_use]
    pub fn written(now: OffsetDateTime) -> Self {
        Self::of_raw(written::letters(now))
    }

    /// A real mailbox: an mbox file (as Thunderbird, Apple Mail or Google Takeout write it), a `.eml` file, or a
    /// directory of such files with its subdirectories.
    ///
    /// What is in there and is no message, or is longer than 64 MiB, is logged and passed over.
    pub fn open(path: &Path) -> Result<Self, MailboxError> {
        let mut messages = Vec::new();
        disk::read(path, &mut |raw| messages.extend(Message::read(&raw)))?;
        if messages.is_empty() {
            return Err(MailboxError::Empty(path.to_path_buf()));
        }
        Ok(Self::of_messages(messages))
    }

    /// The mailbox that holds these messages, each as RFC 5322 bytes.
    #[must_use]
    pub fn of_raw(raw: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self::of_messages(raw.into_iter().filter_map(|raw| Message::read(&raw)).collect())
    }

    /// What the person with that address sent or got (From, To, Cc, Bcc), with the company's ids: the same message has
    /// the same id for everyone.
    #[must_use]
    pub fn of(&self, address: &str) -> Self {
        let messages = self.messages.iter().filter(|message| message.concerns(address)).cloned().collect();
        Self { messages }
    }

    /// As [`Mailbox::of`], with ids of that mailbox alone: real providers give one and the same message another id in
    /// every mailbox that it lies in.
    #[must_use]
    pub fn as_seen_by(&self, address: &str) -> Self {
        let mut own = self.of(address);
        for message in &mut own.messages {
            message.id = message::own_id(address, &message.id);
            message.thread_id = message::own_id(address, &message.thread_id);
        }
        own
    }

    fn of_messages(mut messages: Vec<Message>) -> Self {
        messages.sort_by_key(|message| (message.arrived().is_none(), message.arrived()));
        let mut known = HashSet::new();
        messages.retain(|message| known.insert(message.id.clone()));
        threads::assign(&mut messages);
        Self { messages }
    }
}
