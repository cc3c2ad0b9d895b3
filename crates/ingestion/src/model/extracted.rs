//! What a file says.

use bytes::Bytes;
use time::OffsetDateTime;

use super::FileBody;

/// A file whose text is wanted. Its name and its type are what somebody says they are: what it is, its bytes tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileToRead {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its bytes.
    pub body: FileBody,
}

/// A kind of file whose text can be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileType {
    /// Portable Document Format.
    Pdf,
    /// Word, since 2007.
    Docx,
    /// `PowerPoint`, since 2007.
    Pptx,
    /// Excel, since 2007.
    Xlsx,
    /// Values with commas, semicolons or tabs between them.
    Csv,
    /// A web page.
    Html,
    /// Markdown.
    Markdown,
    /// Plain text.
    Text,
    /// A message with its header, by RFC 5322.
    Eml,
}

/// The text of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extracted {
    /// What the file is.
    pub file_type: FileType,
    /// Its title, where it carries one: a message's subject, a page's title.
    pub title: Option<String>,
    /// Its text; never blank. At most a little more than what is kept of a text.
    pub text: String,
    /// What it tells of a message, if it is one.
    pub mail: Option<ExtractedMail>,
    /// The files within it: a message's attachments, each with its bytes.
    pub parts: Vec<ExtractedPart>,
}

/// What the header of a message says; addresses in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtractedMail {
    /// The name of who sent it.
    pub sender_name: Option<String>,
    /// The address of who sent it.
    pub sender_address: Option<String>,
    /// To whom.
    pub to_addresses: Vec<String>,
    /// To whom besides.
    pub cc_addresses: Vec<String>,
    /// When.
    pub sent_at: Option<OffsetDateTime>,
    /// Its Message-ID, without the brackets.
    pub message_id: Option<String>,
}

/// A file within a file. Whether its text can be had is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtractedPart {
    /// Its name, where it has one.
    pub name: Option<String>,
    /// Its media type, as the file around it says.
    pub mime_type: Option<String>,
    /// Its bytes.
    pub bytes: Bytes,
}

impl FileType {
    /// All of them.
    pub const ALL: [Self; 9] =
        [Self::Pdf, Self::Docx, Self::Pptx, Self::Xlsx, Self::Csv, Self::Html, Self::Markdown, Self::Text, Self::Eml];

    /// The word in answers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Docx => "docx",
            Self::Pptx => "pptx",
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Html => "html",
            Self::Markdown => "markdown",
            Self::Text => "text",
            Self::Eml => "eml",
        }
    }

    /// The type of this name; none where there is no such.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file_type| file_type.name() == name)
    }

    /// The media type, as registered with IANA.
    #[must_use]
    pub const fn mime_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
            Self::Html => "text/html",
            Self::Markdown => "text/markdown",
            Self::Text => "text/plain",
            Self::Eml => "message/rfc822",
        }
    }
}
