//! Conversations of people with what their company knows.

use cortex_kernel::{ChatId, CompanyId, DocumentId, UserId};
use serde_json::Value;
use thiserror::Error;
use time::OffsetDateTime;
use uuid::Uuid;

use super::line::in_one_line;

/// Whose chats: nobody else's are there for him, whatever his role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The company of the deployment.
    pub company_id: CompanyId,
    /// The person.
    pub user_id: UserId,
}

/// A chat, as its owner sees it in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chat {
    /// Its id.
    pub id: ChatId,
    /// Its title; older programs gave none.
    pub title: Option<String>,
    /// When it began.
    pub created_at: OffsetDateTime,
    /// When somebody last said something in it.
    pub updated_at: OffsetDateTime,
    /// How many messages are in it.
    pub message_count: u64,
}

/// What somebody said in a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// Its id.
    pub id: Uuid,
    /// In which chat.
    pub chat_id: ChatId,
    /// Who.
    pub speaker: Speaker,
    /// The text.
    pub content: String,
    /// The documents that it rests on, as they were kept; older programs kept them in shapes of their own.
    pub sources: Value,
    /// When.
    pub created_at: OffsetDateTime,
}

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaker {
    /// The owner.
    User,
    /// Cortex.
    Assistant,
}

/// The text names nobody who speaks in a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown speaker: expected user or assistant")]
pub struct UnknownSpeaker;

/// The title of a chat: not blank, in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChatTitle(String);

/// The text is no title.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum InvalidChatTitle {
    /// There is nothing in it.
    #[error("must not be empty")]
    Empty,
    /// It is longer than [`ChatTitle::MAX_CHARS`].
    #[error("may have {} characters", ChatTitle::MAX_CHARS)]
    TooLong,
}

/// A question and what was answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// In which chat.
    pub chat_id: ChatId,
    /// The question.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
}

/// An answer with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The text; `[2]` names the second source.
    pub text: String,
    /// The documents, best first.
    pub sources: Vec<AnswerSource>,
    /// Who put it in words.
    pub by: AnsweredBy,
}

/// Who put an answer in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnsweredBy {
    /// The documents themselves: these are their sentences.
    Extract,
    /// A language model, of the documents' sentences.
    Model,
}

/// A document that an answer rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct AnswerSource {
    /// Its number in the answer; the first is 1.
    pub index: usize,
    /// Which.
    pub document_id: DocumentId,
    /// Its title.
    pub document_name: String,
    /// Where it comes from.
    pub source: String,
    /// What it is.
    pub document_type: String,
    /// When it came to be, by its own account.
    pub timestamp: Option<OffsetDateTime>,
    /// What it says to the question; its title where only that does.
    pub text_preview: String,
    /// How well it fits; of use only to compare it with the other sources.
    pub score: f32,
    /// Where it is shown at its provider.
    pub file_url: Option<String>,
    /// The document that it is a part of.
    pub parent_document_id: Option<DocumentId>,
}

impl Speaker {
    /// The word in rows and answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl std::str::FromStr for Speaker {
    type Err = UnknownSpeaker;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::User, Self::Assistant].into_iter().find(|speaker| speaker.name() == text).ok_or(UnknownSpeaker)
    }
}

impl ChatTitle {
    /// The longest title, in characters.
    pub const MAX_CHARS: usize = 200;
    /// As much of a question stands for it in a list, in characters.
    const OF_QUESTION: usize = 80;

    /// The title of a chat that begins with this question, which is not blank.
    #[must_use]
    pub fn of_question(question: &str) -> Self {
        let line = in_one_line(question);
        if line.chars().count() <= Self::OF_QUESTION {
            return Self(line);
        }
        let cut: String = line.chars().take(Self::OF_QUESTION - 1).collect();
        Self(format!("{}…", cut.trim_end()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for ChatTitle {
    type Err = InvalidChatTitle;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let line = in_one_line(text);
        if line.is_empty() {
            Err(InvalidChatTitle::Empty)
        } else if line.chars().count() > Self::MAX_CHARS {
            Err(InvalidChatTitle::TooLong)
        } else {
            Ok(Self(line))
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::lines(" Who wrote\n to Larkmoor? ", Ok("Who wrote to Larkmoor?"))]
    #[case::nul("a\0b", Ok("a b"))]
    #[case::blank(" \n\0", Err(InvalidChatTitle::Empty))]
    #[case::longest(&"ä".repeat(200), Ok(&*"ä".repeat(200)))]
    #[case::too_long(&"ä".repeat(201), Err(InvalidChatTitle::TooLong))]
    fn a_title_is_one_line(#[case] text: &str, #[case] expected: Result<&str, InvalidChatTitle>) {
        assert_eq!(text.parse::<ChatTitle>().as_ref().map(ChatTitle::as_str), expected.as_ref().map(|text| *text));
    }

    #[test]
    fn a_long_question_is_cut_for_its_title() {
        assert_eq!(ChatTitle::of_question("Who\nwrote?").as_str(), "Who wrote?");
        let title = ChatTitle::of_question(&"word ".repeat(40));
        assert_eq!(title.as_str().chars().count(), 80);
        assert!(title.as_str().ends_with("word…"), "{title:?}");
    }
}
