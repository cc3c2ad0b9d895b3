//! What a company has, as its API tells it: the documents, and who brought them in.

use std::collections::{BTreeMap, HashSet};

use anyhow::Result;
use cortex_sandbox::mailbox::Mailbox;
use serde_json::Value;

use crate::client::{Client, text};
use crate::people::Person;

/// Every document of the company, without its text.
pub(crate) struct Library {
    documents: Vec<Value>,
}

/// The most that a page can hold.
const PAGE: u32 = 200;

impl Library {
    /// Reads the list to its end.
    pub(crate) async fn read(seat: &Client) -> Result<Self> {
        let mut documents = Vec::new();
        let mut after = String::new();
        loop {
            let page = seat.get(&format!("/api/v1/documents?limit={PAGE}{after}")).await?.expected(200)?;
            documents.extend(page["items"].as_array().cloned().unwrap_or_default());
            match page["next_cursor"].as_str() {
                Some(cursor) => {
                    let cursor: String = url::form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
                    after = format!("&cursor={cursor}");
                }
                None => return Ok(Self { documents }),
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    /// The document that a record was first brought in as.
    pub(crate) fn of_record(&self, record_id: &str) -> Option<&Value> {
        self.documents.iter().find(|document| document["source_id"] == record_id)
    }

    /// How many messages of a mailbox no document has among its sources.
    pub(crate) async fn missing(&self, seat: &Client, owner: &Person, mailbox: &Mailbox) -> Result<usize> {
        let own: HashSet<&str> = self.documents.iter().filter_map(|document| document["source_id"].as_str()).collect();
        let unseen = mailbox.messages.iter().filter(|message| !own.contains(&*message.id));
        let mut missing: HashSet<&str> = HashSet::new();
        let mut subjects: HashSet<&str> = HashSet::new();
        for message in unseen {
            missing.insert(&message.id);
            subjects.insert(message.subject.trim());
        }
        // A second copy is a source of the document that the first one became, most likely one of the same title.
        let mut documents: Vec<&Value> = self.documents.iter().collect();
        documents.sort_by_key(|document| !document["title"].as_str().is_some_and(|title| subjects.contains(title)));
        for document in documents {
            if missing.is_empty() {
                break;
            }
            for source in sources(seat, document).await? {
                if text(&source, "/user_id") == owner.id.to_string() {
                    missing.remove(&*text(&source, "/source_id"));
                }
            }
        }
        Ok(missing.len())
    }

    /// How many documents were made of a record that another one was made of already.
    pub(crate) fn repeated(&self) -> usize {
        let mut seen = HashSet::new();
        let key = |document: &Value| ["/source", "/source_account", "/source_id"].map(|at| text(document, at));
        self.documents.iter().filter(|document| !seen.insert(key(document))).count()
    }

    /// How many documents somebody first brought in.
    pub(crate) fn of_bringer(&self, person: &Person) -> usize {
        let id = person.id.to_string();
        self.documents.iter().filter(|document| document["ingested_by_user_id"] == id.as_str()).count()
    }

    /// How many documents are of a kind.
    pub(crate) fn of_kind(&self, kind: &str) -> usize {
        self.documents.iter().filter(|document| document["document_type"] == kind).count()
    }

    /// How many documents there are by e-mail of the first bringer, method and kind.
    pub(crate) fn by_user_and_method(&self) -> BTreeMap<(String, String, String), usize> {
        let mut counts = BTreeMap::new();
        for document in &self.documents {
            let key = ["/ingested_by_user_email", "/ingestion_method", "/document_type"].map(|at| text(document, at));
            *counts.entry(key.into()).or_default() += 1;
        }
        counts
    }
}

/// Who brought a document in.
pub(crate) async fn sources(seat: &Client, document: &Value) -> Result<Vec<Value>> {
    let path = format!("/api/v1/documents/{}/provenance", document["id"]);
    let provenance = seat.get(&path).await?.expected(200)?;
    Ok(provenance["sources"].as_array().cloned().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_are_counted_by_bringer_method_and_kind() {
        let document = |email: &str, method: &str| json!({ "ingested_by_user_email": email, "ingestion_method": method, "document_type": "email" });
        let documents = vec![document("b@x", "oauth_sync"), document("a@x", "webhook"), document("b@x", "oauth_sync")];
        let counts = Library { documents }.by_user_and_method();
        let counts: Vec<(&str, &str, usize)> =
            counts.iter().map(|((email, method, _), count)| (&**email, &**method, *count)).collect();
        assert_eq!(counts, [("a@x", "webhook", 1), ("b@x", "oauth_sync", 2)]);
    }
}
