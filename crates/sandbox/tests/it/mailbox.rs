//! The invented company's mail, and real mailboxes from disk.

mod disk;
mod views;
mod written;

use cortex_sandbox::mailbox::{Mailbox, Message};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-20 13:45 UTC);

fn company() -> Mailbox {
    Mailbox::written(NOW)
}

/// The only message whose subject contains the words; answers only when the words begin with `Re: `.
fn about<'m>(mailbox: &'m Mailbox, words: &str) -> &'m Message {
    let mut found = mailbox.messages.iter().filter(|message| {
        message.subject.contains(words) && message.subject.starts_with("Re: ") == words.starts_with("Re: ")
    });
    let message = found.next().unwrap_or_else(|| panic!("no message about {words}"));
    assert!(found.next().is_none(), "several messages about {words}");
    message
}

fn text(message: &Message) -> String {
    String::from_utf8_lossy(&message.raw).into_owned()
}
