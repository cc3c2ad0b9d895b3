//! By what a message is the same one in two mailboxes.

use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use super::text::hex;

/// Names a message across mailboxes of a company: two records with one key are one document with two sources.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey(String);

/// What a mail record tells of the message itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailIdentity {
    /// The Message-ID of RFC 5322, where the record carries it.
    pub message_id: Option<String>,
    /// The sender's address.
    pub sender: Option<String>,
    /// When it was sent.
    pub sent_at: Option<OffsetDateTime>,
}

/// The longest line of a message, and thereby the longest id in one, by RFC 5322, section 2.1.1.
const MAX_ID_BYTES: usize = 998;

impl MessageKey {
    /// The key of a message with this title and text, both normalised; the text is none where it is not all there.
    ///
    /// Without a Message-ID the key is made of what every copy of a message shares. Where one of these is missing there
    /// is no key: to keep two copies is better than to lose one message. An id that is longer than any mailer makes them
    /// stands as its hash, since an index takes no text of any length.
    #[must_use]
    pub fn of(mail: &MailIdentity, title: &str, content: Option<&str>) -> Option<Self> {
        let message_id = mail.message_id.as_deref().map(bare).filter(|id| !id.is_empty());
        match message_id {
            Some(id) if id.len() > MAX_ID_BYTES => {
                return Some(Self(format!("id-sha256:{}", hex(&Sha256::digest(id)))));
            }
            Some(id) => return Some(Self(format!("id:{id}"))),
            None => {}
        }
        let (sender, sent_at, content) = (mail.sender.as_deref()?, mail.sent_at?, content?);
        let seconds = sent_at.unix_timestamp().to_string();
        let mut hash = Sha256::new();
        for part in [sender.trim().to_lowercase().as_str(), &seconds, title, content] {
            hash.update(part);
            hash.update([0]);
        }
        Some(Self(format!("sha256:{}", hex(&hash.finalize()))))
    }

    /// The key of a file that came with the message of this key: the files of one name are told by their order. The ids
    /// that providers give it differ between mailboxes, and at Gmail from time to time.
    #[must_use]
    pub fn of_attachment(message: &Self, name: &str, ordinal: usize) -> Self {
        let mut hash = Sha256::new();
        for part in [message.as_str(), name, &ordinal.to_string()] {
            hash.update(part);
            hash.update([0]);
        }
        Self(format!("attachment-sha256:{}", hex(&hash.finalize())))
    }

    /// Takes a stored key.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }

    /// The text, for rows.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A Message-ID without what providers put around it.
fn bare(message_id: &str) -> String {
    let is_around = |c: char| c.is_whitespace() || matches!(c, '<' | '>' | '\0');
    message_id.trim_matches(is_around).replace('\0', "")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use time::Duration;

    use super::*;
    use crate::testing::NOON;

    fn mail() -> MailIdentity {
        MailIdentity {
            message_id: None,
            sender: Some("Nora@Example.com".to_owned()),
            sent_at: Some(NOON + Duration::milliseconds(300)),
        }
    }

    fn key(mail: &MailIdentity) -> Option<MessageKey> {
        MessageKey::of(mail, "Subject", Some("Body"))
    }

    #[rstest]
    #[case("<a.b@example.com>")]
    #[case("a.b@example.com")]
    #[case(" <a.b@example.com>\r\n")]
    fn a_message_id_is_the_key_however_it_is_wrapped(#[case] message_id: &str) {
        let mail = MailIdentity { message_id: Some(message_id.to_owned()), ..MailIdentity::default() };

        assert_eq!(MessageKey::of(&mail, "", None), Some(MessageKey::new("id:a.b@example.com")));
    }

    #[test]
    fn an_id_of_any_length_makes_a_short_key() {
        let long = |end: &str| MailIdentity { message_id: Some("x".repeat(9_999) + end), ..mail() };

        let keys = [key(&long("1")).unwrap(), key(&long("2")).unwrap()];

        assert_ne!(keys[0], keys[1]);
        assert!(keys.iter().all(|key| key.as_str().len() < MAX_ID_BYTES));
    }

    #[test]
    fn without_a_message_id_the_key_is_what_all_copies_share() {
        let copy = MailIdentity {
            message_id: Some(" <> ".to_owned()),
            sender: Some("nora@example.com ".to_owned()),
            sent_at: Some(NOON),
        };

        assert!(key(&mail()).is_some());
        assert_eq!(key(&mail()), key(&copy));
    }

    #[test]
    fn another_sender_second_subject_or_body_is_another_message() {
        let other_sender = MailIdentity { sender: Some("nils@example.com".to_owned()), ..mail() };
        let other_second = MailIdentity { sent_at: Some(NOON + Duration::SECOND), ..mail() };
        let others = [
            key(&other_sender),
            key(&other_second),
            MessageKey::of(&mail(), "Other", Some("Body")),
            MessageKey::of(&mail(), "Subject", Some("Other")),
            MessageKey::of(&mail(), "SubjectBody", Some("")),
        ];

        for other in others {
            assert_ne!(key(&mail()), other);
        }
    }

    #[test]
    fn what_is_known_too_little_of_has_no_key() {
        assert_eq!(key(&MailIdentity { sender: None, ..mail() }), None);
        assert_eq!(key(&MailIdentity { sent_at: None, ..mail() }), None);
        assert_eq!(MessageKey::of(&mail(), "Subject", None), None);
    }

    #[test]
    fn a_file_is_told_by_its_message_its_name_and_its_place_among_those_of_its_name() {
        let (one, other) = (MessageKey::new("id:one"), MessageKey::new("id:other"));
        let key = MessageKey::of_attachment(&one, "plan.pdf", 0);

        assert_eq!(key, MessageKey::of_attachment(&one, "plan.pdf", 0));
        let others = [(&other, "plan.pdf", 0), (&one, "plan.doc", 0), (&one, "plan.pdf", 1)];
        for (message, name, ordinal) in others {
            assert_ne!(key, MessageKey::of_attachment(message, name, ordinal), "{name} {ordinal}");
        }
    }
}
