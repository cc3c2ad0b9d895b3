//! Mails, in memory. Words are told apart as they are in the database.

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, Page, PageRequest, StoreError};

use super::{InMemoryLibrary, State};
use crate::model::{
    DocumentKind, DocumentText, DocumentView, MAX_ATTACHMENTS, MailCursor, MailFilter, MailQuery, MailView,
    WholeDocument,
};
use crate::ports::{ListError, MailReader};

impl State {
    fn mails(&self, company_id: CompanyId) -> Vec<&DocumentText> {
        let all = self.of(company_id);
        let mut mails: Vec<_> = all.filter(|stored| self.is_mail(&stored.document)).collect();
        mails.sort_by_key(|stored| MailCursor::of(&stored.document));
        mails
    }

    fn is_mail(&self, document: &DocumentView) -> bool {
        document.kind == DocumentKind::EMAIL && !self.superseded.contains(&document.id)
    }

    fn whole(&self, company_id: CompanyId, id: DocumentId) -> Option<WholeDocument> {
        let document = self.of(company_id).find(|stored| stored.document.id == id)?.clone();
        let attachments = self.of(company_id).filter(|stored| stored.document.parent == Some(id));
        Some(WholeDocument { document, attachments: attachments.take(MAX_ATTACHMENTS.into()).cloned().collect() })
    }
}

#[async_trait]
impl MailReader for InMemoryLibrary {
    async fn list_mails(&self, company_id: CompanyId, query: &MailQuery) -> Result<Page<MailView>, ListError> {
        let before: Option<MailCursor> = query.page.cursor().map(str::parse).transpose()?;
        let state = self.state();
        let mails = state.mails(company_id).into_iter().rev().filter(|stored| {
            before.is_none_or(|before| MailCursor::of(&stored.document) < before)
                && is_among(&stored.document, &query.filter)
        });
        Ok(part(mails, &query.page))
    }

    async fn list_thread(
        &self,
        company_id: CompanyId,
        thread_id: &str,
        page: &PageRequest,
    ) -> Result<Page<MailView>, ListError> {
        let after: Option<MailCursor> = page.cursor().map(str::parse).transpose()?;
        let state = self.state();
        let mails = state.mails(company_id).into_iter().filter(|stored| {
            after.is_none_or(|after| MailCursor::of(&stored.document) > after)
                && stored.document.mail_head().thread_id() == Some(thread_id)
        });
        Ok(part(mails, page))
    }

    async fn list_threads(
        &self,
        company_id: CompanyId,
        thread_ids: &[String],
        most: u16,
    ) -> Result<Vec<MailView>, StoreError> {
        let state = self.state();
        let mails = state.mails(company_id);
        let of = |id: &String| {
            let thread = mails.iter().filter(|stored| stored.document.mail_head().thread_id() == Some(id.as_str()));
            let told = thread.take(most.into()).map(|stored| MailView::new(stored.document.clone(), &stored.content));
            told.collect::<Vec<_>>()
        };
        Ok(thread_ids.iter().flat_map(of).collect())
    }

    async fn find_mail(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError> {
        let state = self.state();
        Ok(state.whole(company_id, id).filter(|whole| state.is_mail(&whole.document.document)))
    }

    async fn find_whole(&self, company_id: CompanyId, id: DocumentId) -> Result<Option<WholeDocument>, StoreError> {
        let state = self.state();
        let found = state.whole(company_id, id);
        let parent = found.as_ref().and_then(|whole| whole.document.document.parent);
        Ok(parent.map_or(found, |parent| state.whole(company_id, parent)))
    }
}

fn part<'a>(mails: impl Iterator<Item = &'a DocumentText>, page: &PageRequest) -> Page<MailView> {
    let views = mails.map(|stored| MailView::new(stored.document.clone(), &stored.content)).collect();
    Page::of(views, page, |last: &MailView| MailCursor::of(&last.document).to_string())
}

fn is_among(document: &DocumentView, filter: &MailFilter) -> bool {
    let head = document.mail_head();
    let is_from = |from: &str| {
        let from = from.trim().to_lowercase();
        let sender = head.sender_address().unwrap_or_default().to_lowercase();
        let domain = sender.split_once('@').map_or("", |(_, domain)| domain);
        match from.strip_prefix('@').unwrap_or(&from) {
            address if address.contains('@') => sender == address,
            name if name.contains('.') && !name.contains(char::is_whitespace) => domain == name,
            name => has_words(head.sender_name().unwrap_or_default(), name),
        }
    };
    let is_to = |to: &str| {
        let addresses = [head.to_addresses(), head.cc_addresses()].concat();
        addresses.iter().any(|address| address.to_lowercase() == to.trim().to_lowercase())
    };
    filter.from.as_deref().is_none_or(is_from)
        && filter.to.as_deref().is_none_or(is_to)
        && filter.subject.as_deref().is_none_or(|subject| has_words(&document.title, subject))
        && filter.since.is_none_or(|since| document.moment() >= since)
        && filter.until.is_none_or(|until| document.moment() < until)
}

/// Whether all words are there, of which there is one at least.
fn has_words(text: &str, wanted: &str) -> bool {
    let (there, wanted) = (words(text), words(wanted));
    !wanted.is_empty() && wanted.iter().all(|word| there.contains(word))
}

fn words(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(ToOwned::to_owned).collect()
}
