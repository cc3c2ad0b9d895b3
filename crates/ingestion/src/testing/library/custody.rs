//! What becomes of documents, in memory.

use std::collections::BTreeSet;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, DocumentId, StoreError, UserId};
use uuid::Uuid;

use super::{InMemoryLibrary, State};
use crate::model::{Erase, ErasureReceipt, ExportStart, ExportedDocument, RemoveDocument, SourceView};
use crate::ports::{DocumentExport, DocumentRemoval, Erasure};
use crate::testing::NOON;

impl State {
    fn tell(&mut self, company_id: CompanyId, action: &str) {
        self.audited.push((company_id, action.to_owned()));
    }

    fn children(&self, id: DocumentId) -> Vec<DocumentId> {
        let children = self.documents.iter().filter(|(_, stored)| stored.document.parent == Some(id));
        children.map(|(_, stored)| stored.document.id).collect()
    }

    fn delete(&mut self, ids: &BTreeSet<DocumentId>) {
        self.documents.retain(|(_, stored)| !ids.contains(&stored.document.id));
        self.sources.retain(|(id, _)| !ids.contains(id));
    }

    /// What the person has a hand in.
    fn of_person(&self, company_id: CompanyId, user_id: UserId) -> BTreeSet<DocumentId> {
        let user_id = user_id.to_string();
        let named = self.of(company_id).filter(|stored| {
            let id = stored.document.id;
            stored.document.ingested_by.as_ref() == Some(&user_id)
                || self.sources.iter().any(|(of, source)| *of == id && source.user_id == user_id)
        });
        named.map(|stored| stored.document.id).collect()
    }

    /// By which way it came in first, of those that are left; an attachment came in with its mail.
    fn first_source(&self, id: DocumentId) -> Option<SourceView> {
        let of = |id| {
            let live = self.sources.iter().filter(move |(of, source)| *of == id && source.vanished_at.is_none());
            live.map(|(_, source)| source).min_by_key(|source| source.first_seen_at).cloned()
        };
        let stored = self.documents.iter().find(|(_, stored)| stored.document.id == id);
        of(id).or_else(|| of(stored?.1.document.parent?))
    }
}

#[async_trait]
impl DocumentRemoval for InMemoryLibrary {
    async fn remove(&self, request: &RemoveDocument) -> Result<Option<u64>, StoreError> {
        let mut state = self.state();
        if !state.of(request.company_id).any(|stored| stored.document.id == request.id) {
            return Ok(None);
        }
        let ids: BTreeSet<_> = state.children(request.id).into_iter().chain([request.id]).collect();
        state.delete(&ids);
        state.tell(request.company_id, "document_deleted");
        Ok(Some(ids.len() as u64))
    }
}

#[async_trait]
impl DocumentExport for InMemoryLibrary {
    async fn start(&self, start: &ExportStart) -> Result<(), StoreError> {
        self.state().tell(start.company_id, "export_started");
        Ok(())
    }

    async fn list_some(
        &self,
        company_id: CompanyId,
        after: Option<DocumentId>,
        most: u16,
    ) -> Result<Vec<ExportedDocument>, StoreError> {
        let state = self.state();
        let after = after.map_or(0, DocumentId::get);
        let documents = state.of(company_id).filter(|stored| stored.document.id.get() > after).take(most.into());
        let exported = documents.map(|document| {
            let id = document.document.id;
            let sources = state.sources.iter().filter(|(of, _)| *of == id).map(|(_, source)| source.clone());
            ExportedDocument { document: document.clone(), sources: sources.collect() }
        });
        Ok(exported.collect())
    }
}

#[async_trait]
impl Erasure for InMemoryLibrary {
    async fn has_any(&self, company_id: CompanyId, user_id: UserId) -> Result<bool, StoreError> {
        Ok(!self.state().of_person(company_id, user_id).is_empty())
    }

    async fn erase_some(&self, erase: &Erase) -> Result<Option<ErasureReceipt>, StoreError> {
        let mut state = self.state();
        let user_id = erase.user_id.to_string();
        let his = state.of_person(erase.company_id, erase.user_id);
        let before = state.sources.len();
        state.sources.retain(|(id, source)| !(his.contains(id) && source.user_id == user_id));
        let sources = (before - state.sources.len()) as u64;

        let mut gone: BTreeSet<_> = his.iter().copied().filter(|id| state.first_source(*id).is_none()).collect();
        let children: Vec<_> = gone.iter().flat_map(|id| state.children(*id)).collect();
        gone.extend(children);
        state.delete(&gone);
        let kept: Vec<_> = his.difference(&gone).copied().collect();
        for id in &kept {
            let first = state.first_source(*id).expect("it stays as there is one");
            let stored = state.documents.iter_mut().find(|(_, stored)| stored.document.id == *id);
            let document = &mut stored.expect("it was not deleted").1.document;
            if document.ingested_by.as_ref() == Some(&user_id) {
                document.ingested_by = Some(first.user_id);
                document.ingested_by_email = first.user_email;
                document.method = Some(first.method);
            }
        }
        state.tell(erase.company_id, "person_erased");
        Ok(Some(ErasureReceipt {
            id: Uuid::nil(),
            documents: gone.len() as u64,
            documents_kept: kept.len() as u64,
            sources,
            connections: 0,
            erased_at: NOON,
        }))
    }
}
