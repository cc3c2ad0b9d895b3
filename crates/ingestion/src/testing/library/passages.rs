//! What documents in memory say to a question: by the lexer that the real ones are found by.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, StoreError};

use super::{InMemoryLibrary, is_among};
use crate::lexemes::{Lexed, sentences};
use crate::model::{DocumentText, Passage, PassageQuery};
use crate::ports::PassageFinder;

#[async_trait]
impl PassageFinder for InMemoryLibrary {
    async fn find_passages(&self, company_id: CompanyId, query: &PassageQuery) -> Result<Vec<Passage>, StoreError> {
        let Some(wanted) = Lexed::any_of(query.text.as_str()) else { return Ok(Vec::new()) };
        let state = self.state();
        let among = state.shown(company_id).rev().filter(|stored| is_among(&stored.document, &query.filter));
        let mut passages: Vec<_> = among.filter_map(|stored| passage(&wanted, stored)).collect();
        passages.sort_by(|one, other| other.score.total_cmp(&one.score));
        passages.truncate(query.most.into());
        Ok(passages)
    }
}

fn passage(wanted: &Lexed, stored: &DocumentText) -> Option<Passage> {
    let DocumentText { document, content } = stored;
    let sentences = |text: &str| sentences(wanted, &document.title, text, Passage::MOST_SENTENCES);
    let (of_title, of_content) = (sentences(&document.title), sentences(content));
    let worth = of_title.iter().chain(&of_content).map(|sentence| sentence.worth).max()?;
    let told = |key: &str| document.metadata[key].as_str().filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Some(Passage {
        document_id: document.id,
        title: document.title.clone(),
        sentences: of_content,
        score: f32::from(u16::try_from(worth).unwrap_or(u16::MAX)),
        source: document.key.source.clone(),
        kind: document.kind.clone(),
        created_at: document.created_at,
        sender: told("sender_name").or_else(|| told("sender_address")),
        file_url: document.file_url.clone(),
        parent_id: document.parent,
    })
}
