//! An audit log, and Master's part in it, in memory.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use cortex_kernel::{CompanyId, Page, StoreError};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

use super::{NewRow, a_row};
use crate::model::audit::{
    AuditEntry, AuditQuery, ChainHash, Covers, EntryFacts, ExportStart, Finding, InvalidAuditCursor, Link,
    MasterAction, MasterPosition, NewSeal, Past, Personal, SealHead, StoredSeal,
};
use crate::ports::{
    AuditChain, AuditCopies, AuditHeads, AuditLog, AuditRetention, AuditSealer, ConnectionActions, ListAuditError,
    MasterActions, MasterCopies, Sealing,
};

/// The audit logs of companies in memory, with their seals.
#[derive(Debug, Default)]
pub struct InMemoryAudit {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    rows: Vec<(CompanyId, OffsetDateTime, EntryFacts)>,
    queue: Vec<(CompanyId, Uuid)>,
    seals: Vec<(CompanyId, NewSeal)>,
    written: u32,
    patience_is_over: bool,
}

impl InMemoryAudit {
    /// Writes a row at noon.
    pub fn tell(&self, company_id: CompanyId, action: &str) -> Uuid {
        self.put(company_id, a_row(action))
    }

    /// Writes a row, which waits for its seal then.
    pub fn put(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        self.state().add(company_id, row)
    }

    /// Writes a row that the sealer is told nothing of.
    pub fn smuggle(&self, company_id: CompanyId, row: NewRow) -> Uuid {
        let mut state = self.state();
        let id = state.add(company_id, row);
        state.queue.pop();
        id
    }

    /// Takes a row away.
    pub fn cut_out(&self, id: Uuid) {
        self.state().rows.retain(|(_, _, facts)| facts.id != id);
    }

    /// From now on whatever waits has waited for too long.
    pub fn let_wait(&self) {
        self.state().patience_is_over = true;
    }

    /// What the company's log tells, oldest first.
    #[must_use]
    pub fn actions(&self, company_id: CompanyId) -> Vec<String> {
        self.state().of(company_id).map(|(_, facts)| facts.action.clone()).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nobody panics while holding it")
    }
}

impl State {
    fn add(&mut self, company_id: CompanyId, row: NewRow) -> Uuid {
        self.written += 1;
        let number = u128::from(self.written);
        let NewRow { action, user_id, at, address, user_agent, details } = row;
        let facts = EntryFacts {
            id: Uuid::from_u128(0x0e00_0000_0000_4000_8000_0000_0000_0000 + number),
            tenant_id: company_id.to_string(),
            company_id: company_id.to_string(),
            user_id: user_id.map(|user_id| user_id.to_string()),
            session_id: None,
            action,
            resource_type: None,
            resource_id: None,
            request_id: None,
            at_micros: Some(micros(at)),
            personal: Personal::salted(number.to_be_bytes().to_vec(), address, user_agent, details),
        };
        self.insert(company_id, at, facts)
    }

    fn insert(&mut self, company_id: CompanyId, at: OffsetDateTime, facts: EntryFacts) -> Uuid {
        let id = facts.id;
        self.rows.push((company_id, at, facts));
        self.queue.push((company_id, id));
        id
    }

    fn of(&self, company_id: CompanyId) -> impl Iterator<Item = (OffsetDateTime, &EntryFacts)> {
        self.rows.iter().filter(move |(of, _, _)| *of == company_id).map(|(_, at, facts)| (*at, facts))
    }

    fn head(&self, company_id: CompanyId) -> Option<SealHead> {
        self.seals.iter().rfind(|(of, _)| *of == company_id).map(|(_, seal)| seal.head())
    }
}

#[async_trait]
impl AuditSealer for InMemoryAudit {
    async fn seal_next(&self, company_id: CompanyId, most: u16) -> Result<Sealing, StoreError> {
        let mut state = self.state();
        let waiting: Vec<Uuid> = state.queue.iter().filter(|(of, _)| *of == company_id).map(|(_, id)| *id).collect();
        let mut count = 0;
        for id in waiting.into_iter().take(usize::from(most)) {
            let Some(facts) = state.of(company_id).find(|(_, facts)| facts.id == id).map(|(_, facts)| facts.clone())
            else {
                continue;
            };
            let head = if let Some(head) = state.head(company_id) {
                head
            } else {
                let past = Past::NONE.seal(company_id);
                state.seals.push((company_id, past));
                past.head()
            };
            state.seals.push((company_id, head.seal(company_id, &facts)));
            state.queue.retain(|(_, waiting)| *waiting != id);
            count += 1;
        }
        Ok(Sealing::Sealed { count, head: state.head(company_id) })
    }

    async fn find_seal(&self, company_id: CompanyId, seq: u64) -> Result<Option<ChainHash>, StoreError> {
        let state = self.state();
        let found = state.seals.iter().find(|(of, seal)| *of == company_id && seal.seq == seq);
        Ok(found.map(|(_, seal)| seal.hash))
    }
}

#[async_trait]
impl AuditChain for InMemoryAudit {
    async fn list_links(&self, company_id: CompanyId, after: Option<u64>, limit: u16) -> Result<Vec<Link>, StoreError> {
        let state = self.state();
        let seals = state.seals.iter().filter(|(of, seal)| *of == company_id && after.is_none_or(|at| seal.seq > at));
        let links = seals.take(usize::from(limit)).map(|(_, seal)| {
            let (entry, covered) = match seal.covers {
                Covers::Entry(id) => (Some(id), None),
                Covers::Past(count) => (None, Some(i64::try_from(count).expect("few rows"))),
            };
            Link {
                seal: StoredSeal {
                    seq: i64::try_from(seal.seq).expect("few seals"),
                    entry,
                    covered,
                    previous: seal.previous.as_bytes().to_vec(),
                    hash: seal.hash.as_bytes().to_vec(),
                },
                entry: state.of(company_id).find(|(_, row)| Some(row.id) == entry).map(|(_, row)| row.clone()),
            }
        });
        Ok(links.collect())
    }

    /// Nothing is older than this store.
    async fn list_past(&self, _: CompanyId, _: Option<Uuid>, _: u16) -> Result<Vec<EntryFacts>, StoreError> {
        Ok(Vec::new())
    }

    async fn find_overdue(&self, company_id: CompanyId, _: Duration) -> Result<Option<Finding>, StoreError> {
        let state = self.state();
        for (of, id) in &state.queue {
            if *of == company_id && !state.of(company_id).any(|(_, row)| row.id == *id) {
                return Ok(Some(Finding::GoneUnsealed { entry: *id }));
            }
        }
        let is_late = |id: Uuid| {
            let waits = state.queue.contains(&(company_id, id));
            let is_sealed = state.seals.iter().any(|(_, seal)| seal.covers == Covers::Entry(id));
            !is_sealed && (!waits || state.patience_is_over)
        };
        let late = state.of(company_id).map(|(_, row)| row.id).find(|id| is_late(*id));
        Ok(late.map(|entry| Finding::Unsealed { entry }))
    }

    async fn forgotten_before(&self, company_id: CompanyId) -> Result<Option<OffsetDateTime>, StoreError> {
        let state = self.state();
        let told = state.of(company_id).filter(|(_, row)| row.action == FORGOTTEN);
        let moments = told.filter_map(|(_, row)| row.resource_id.as_deref());
        Ok(moments.filter_map(|text| OffsetDateTime::parse(text, &Rfc3339).ok()).max())
    }
}

#[async_trait]
impl AuditCopies for InMemoryAudit {
    async fn copy(&self, company_id: CompanyId, actions: &[MasterAction]) -> Result<usize, StoreError> {
        let mut state = self.state();
        let before = state.rows.len();
        for action in actions {
            if state.rows.iter().any(|(_, _, row)| row.id == action.id) {
                continue;
            }
            let MasterAction { id, user_id, action, resource_type, resource_id, .. } = action.clone();
            let original = actions.iter().find(|one| one.id == id).expect("it is one of them");
            let facts = EntryFacts {
                id,
                tenant_id: company_id.to_string(),
                company_id: company_id.to_string(),
                user_id,
                session_id: None,
                action,
                resource_type,
                resource_id,
                request_id: original.request_id.clone(),
                at_micros: Some(micros(original.at)),
                personal: Personal::salted(
                    id.as_bytes().to_vec(),
                    original.address.clone(),
                    original.user_agent.clone(),
                    original.details.clone(),
                ),
            };
            state.insert(company_id, original.at, facts);
        }
        Ok(state.rows.len() - before)
    }
}

#[async_trait]
impl AuditRetention for InMemoryAudit {
    async fn forget(&self, company_id: CompanyId, before: OffsetDateTime, most: u16) -> Result<u64, StoreError> {
        let mut state = self.state();
        let mut forgotten = 0;
        let old = state
            .rows
            .iter_mut()
            .filter(|(of, at, row)| *of == company_id && *at < before && row.personal.salt.is_some());
        for (_, _, row) in old.take(usize::from(most)) {
            row.personal = std::mem::take(&mut row.personal).forgotten();
            forgotten += 1;
        }
        let told = before.format(&Rfc3339).expect("a moment of the calendar");
        let is_told =
            state.of(company_id).any(|(_, row)| row.action == FORGOTTEN && row.resource_id.as_ref() == Some(&told));
        if forgotten > 0 && !is_told {
            let row = NewRow { user_id: None, at: OffsetDateTime::UNIX_EPOCH.max(before), ..a_row(FORGOTTEN) };
            state.add(company_id, row);
            if let Some((_, _, row)) = state.rows.last_mut() {
                row.resource_id = Some(told);
            }
        }
        Ok(forgotten)
    }
}

const FORGOTTEN: &str = "audit_details_forgotten";

#[async_trait]
impl AuditLog for InMemoryAudit {
    async fn list_entries(
        &self,
        company_id: CompanyId,
        query: &AuditQuery,
    ) -> Result<Page<AuditEntry>, ListAuditError> {
        let after: Option<Uuid> =
            query.page.cursor().map(|cursor| cursor.parse().map_err(|_| InvalidAuditCursor)).transpose()?;
        let state = self.state();
        let filter = &query.filter;
        let user_id = filter.user_id.map(|user_id| user_id.to_string());
        let fits = |row: &EntryFacts| {
            filter.action.as_ref().is_none_or(|action| *action == row.action)
                && user_id.as_ref().is_none_or(|user_id| row.user_id.as_ref() == Some(user_id))
        };
        let mut rows: Vec<_> = state.of(company_id).filter(|(_, row)| fits(row)).collect();
        rows.sort_by_key(|(at, row)| (Reverse(*at), row.id));
        let begin = match after {
            None => 0,
            Some(id) => rows.iter().position(|(_, row)| row.id == id).ok_or(InvalidAuditCursor)? + 1,
        };
        let limit = usize::from(query.page.limit());
        let items: Vec<_> = rows[begin..].iter().take(limit).map(|(at, row)| shown(*at, row)).collect();
        let is_last = rows.len() - begin <= limit;
        let next_cursor = items.last().filter(|_| !is_last).map(|last| last.id.to_string());
        Ok(Page { items, next_cursor })
    }

    async fn start_export(&self, start: &ExportStart) -> Result<(), StoreError> {
        let details = format!(r#"{{"format": "{}"}}"#, start.format.name());
        let row = NewRow { user_id: None, details: Some(details), ..a_row("export_started") };
        self.put(start.company_id, row);
        Ok(())
    }
}

fn shown(at: OffsetDateTime, row: &EntryFacts) -> AuditEntry {
    let row = row.clone();
    AuditEntry {
        id: row.id,
        action: row.action,
        user_id: row.user_id,
        company_id: row.company_id,
        session_id: row.session_id,
        resource_type: row.resource_type,
        resource_id: row.resource_id,
        details: row.personal.details,
        address: row.personal.address,
        user_agent: row.personal.user_agent,
        request_id: row.request_id,
        at,
    }
}

fn micros(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000).expect("a moment of the calendar")
}

/// What is personal is not told: it is kept as digests here.
#[async_trait]
impl ConnectionActions for InMemoryAudit {
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError> {
        let state = self.state();
        let mut found: Vec<_> = state
            .of(company_id)
            .filter(|(_, facts)| facts.action.starts_with("connection_"))
            .map(|(at, facts)| MasterAction {
                id: facts.id,
                user_id: facts.user_id.clone(),
                action: facts.action.clone(),
                resource_type: facts.resource_type.clone(),
                resource_id: facts.resource_id.clone(),
                details: None,
                address: None,
                user_agent: None,
                request_id: facts.request_id.clone(),
                at,
            })
            .filter(|action| after.is_none_or(|after| action.position() > after))
            .collect();
        found.sort_by_key(MasterAction::position);
        found.truncate(usize::from(limit));
        Ok(found)
    }
}

/// Kept heads in memory.
#[derive(Debug, Default)]
pub struct InMemoryAuditHeads {
    heads: Mutex<HashMap<CompanyId, SealHead>>,
}

#[async_trait]
impl AuditHeads for InMemoryAuditHeads {
    async fn keep_head(&self, company_id: CompanyId, head: SealHead) -> Result<(), StoreError> {
        let mut heads = self.heads.lock().expect("nobody panics while holding it");
        let kept = heads.entry(company_id).or_insert(head);
        if kept.seq < head.seq {
            *kept = head;
        }
        Ok(())
    }

    async fn find_head(&self, company_id: CompanyId) -> Result<Option<SealHead>, StoreError> {
        Ok(self.heads.lock().expect("nobody panics while holding it").get(&company_id).copied())
    }
}

/// What was done in Master, in memory.
#[derive(Debug, Default)]
pub struct InMemoryMasterActions {
    actions: Mutex<Vec<(CompanyId, MasterAction)>>,
}

impl InMemoryMasterActions {
    /// Has something done.
    pub fn put(&self, company_id: CompanyId, action: MasterAction) {
        self.actions.lock().expect("nobody panics while holding it").push((company_id, action));
    }
}

#[async_trait]
impl MasterActions for InMemoryMasterActions {
    async fn list_actions(
        &self,
        company_id: CompanyId,
        after: Option<MasterPosition>,
        limit: u16,
    ) -> Result<Vec<MasterAction>, StoreError> {
        let actions = self.actions.lock().expect("nobody panics while holding it");
        let mut found: Vec<_> = actions
            .iter()
            .filter(|(of, action)| *of == company_id && !action.action.starts_with("connection_"))
            .map(|(_, action)| action.clone())
            .filter(|action| after.is_none_or(|after| action.position() > after))
            .collect();
        found.sort_by_key(MasterAction::position);
        found.truncate(usize::from(limit));
        Ok(found)
    }

    async fn forget_details(
        &self,
        company_id: CompanyId,
        before: OffsetDateTime,
        most: u16,
    ) -> Result<u64, StoreError> {
        let mut actions = self.actions.lock().expect("nobody panics while holding it");
        let is_personal =
            |action: &MasterAction| action.address.is_some() || action.user_agent.is_some() || action.details.is_some();
        let old = actions
            .iter_mut()
            .filter(|(of, action)| *of == company_id && action.at < before && is_personal(action))
            .take(usize::from(most));
        let mut forgotten = 0;
        for (_, action) in old {
            action.address = None;
            action.user_agent = None;
            action.details = None;
            action.request_id = None;
            forgotten += 1;
        }
        Ok(forgotten)
    }
}

#[async_trait]
impl MasterCopies for InMemoryMasterActions {
    async fn find_latest(&self, company_id: CompanyId) -> Result<Option<MasterPosition>, StoreError> {
        let actions = self.actions.lock().expect("nobody panics while holding it");
        let told = actions.iter().filter(|(of, action)| *of == company_id && action.action.starts_with("connection_"));
        Ok(told.map(|(_, action)| action.position()).max())
    }

    async fn copy(&self, company_id: CompanyId, new: &[MasterAction]) -> Result<usize, StoreError> {
        let mut actions = self.actions.lock().expect("nobody panics while holding it");
        let before = actions.len();
        for action in new {
            if actions.iter().all(|(_, known)| known.id != action.id) {
                actions.push((company_id, action.clone()));
            }
        }
        Ok(actions.len() - before)
    }
}
