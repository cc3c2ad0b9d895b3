//! What Nango says is wrong with a call.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

/// Nango's own words for an error, as far as they are words: codes and names of members. Its free texts are left out,
/// because they may repeat what was sent.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Complaint {
    code: Option<String>,
    members: Vec<String>,
}

/// Names of members that are kept of one complaint.
const MAX_MEMBERS: usize = 5;
/// Longest word that is kept, in bytes.
const MAX_WORD: usize = 64;

#[derive(Deserialize)]
struct Envelope {
    error: Detail,
}

/// `code` is a text for Nango's own errors and a number for a provider's that it passed on.
#[derive(Deserialize)]
struct Detail {
    #[serde(default)]
    code: Value,
    #[serde(default)]
    errors: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    path: Vec<Value>,
}

impl Complaint {
    /// Reads an error body; what is none is an empty complaint.
    pub(crate) fn read(body: &[u8]) -> Self {
        let Ok(Envelope { error: Detail { code, errors } }) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let members = errors.iter().filter_map(|issue| issue.path.first().and_then(word));
        Self { code: word(&code), members: members.take(MAX_MEMBERS).collect() }
    }

    /// Whether this is Nango's code for it.
    pub(crate) fn is_code(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }

    /// Whether it is about this member of the call's body.
    pub(crate) fn is_about(&self, member: &str) -> bool {
        self.members.iter().any(|named| named == member)
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if self.members.is_empty() { Ok(()) } else { write!(f, " about {}", self.members.join(", ")) }
    }
}

fn word(value: &Value) -> Option<String> {
    let text = value.as_str()?;
    let is_word = (1..=MAX_WORD).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    is_word.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> String {
        Complaint::read(body.as_bytes()).to_string()
    }

    #[test]
    fn codes_and_members_are_told() {
        let body =
            r#"{"error":{"code":"invalid_body","errors":[{"code":"custom","message":"m","path":["tags","x"]}]}}"#;

        assert_eq!(told(body), " invalid_body about tags");
    }

    #[test]
    fn free_text_is_not_repeated() {
        for body in [
            r#"{"error":{"message":"the key 5f1e is unknown"}}"#,
            r#"{"error":{"code":"the key 5f1e is unknown"}}"#,
            r#"{"error":{"errors":[{"message":"5f1e","path":["5f1e-7a"]}]}}"#,
            r#"{"error":{"code":404}}"#,
            r#"{"error":"5f1e"}"#,
            "<html>5f1e</html>",
            "",
        ] {
            assert_eq!(told(body), "", "{body}");
        }
    }
}
