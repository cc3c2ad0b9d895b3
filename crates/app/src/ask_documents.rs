//! Questions are put to the documents: where the words of `insights` become those of `ingestion`.

use std::sync::Arc;

use async_trait::async_trait;
use cortex_ingestion::model::{self as documents, DocumentFilter, PassageQuery};
use cortex_ingestion::ports::PassageFinder;
use cortex_insights::model::{Passage, Question, Sentence};
use cortex_insights::ports::Passages;
use cortex_kernel::{CompanyId, StoreError};

/// Asks the documents.
pub(crate) struct AskDocuments(pub(crate) Arc<dyn PassageFinder>);

#[async_trait]
impl Passages for AskDocuments {
    async fn find(&self, company_id: CompanyId, question: &Question, most: u8) -> Result<Vec<Passage>, StoreError> {
        // What is a question there is something to search for here: neither is blank, and both may be as long.
        let Ok(text) = question.as_str().parse() else { return Ok(Vec::new()) };
        let query = PassageQuery { text, filter: DocumentFilter::default(), most };
        let found = self.0.find_passages(company_id, &query).await?;
        Ok(found.into_iter().map(passage).collect())
    }
}

fn passage(found: documents::Passage) -> Passage {
    let sentence = |documents::Sentence { text, worth }| Sentence { text, worth };
    Passage {
        document_id: found.document_id,
        title: found.title,
        sentences: found.sentences.into_iter().map(sentence).collect(),
        score: found.score,
        source: found.source.as_str().to_owned(),
        kind: found.kind.as_str().to_owned(),
        created_at: found.created_at,
        sender: found.sender,
        file_url: found.file_url,
        parent_id: found.parent_id,
    }
}

#[cfg(test)]
mod tests {
    use cortex_ingestion::model::DocumentText;
    use cortex_ingestion::testing::{COMPANY_A, InMemoryLibrary, a_document_view};

    use super::*;

    #[tokio::test]
    async fn the_longest_question_is_put_to_the_documents() {
        let library = Arc::<InMemoryLibrary>::default();
        let content = "Otters swim. The heron stands.".to_owned();
        let id = library.put_document(COMPANY_A, DocumentText { document: a_document_view("1"), content });
        let question: Question = format!("heron {}", "ä".repeat(Question::MAX_CHARS - 6)).parse().unwrap();

        let found = AskDocuments(library).find(COMPANY_A, &question, 3).await.unwrap();

        let sentence = Sentence { text: "The heron stands.".to_owned(), worth: 1 };
        let told: Vec<_> = found.iter().map(|found| (found.document_id, found.sentences.as_slice())).collect();
        assert_eq!(told, [(id, [sentence].as_slice())]);
        assert_eq!((found[0].source.as_str(), found[0].kind.as_str()), ("gmail", "email"));
    }
}
