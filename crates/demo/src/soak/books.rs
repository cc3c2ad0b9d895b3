//! What the deployment has made of it, read from its database past the product.

use std::collections::{BTreeMap, HashSet};

use anyhow::{Context, Result};
use futures_util::{TryStreamExt as _, pin_mut};
use uuid::Uuid;

use super::accounts::{Accounts, States};
use crate::database::Databases;
use crate::people::A;

/// Documents by person and record, and what the jobs tell.
#[derive(Debug, Default)]
pub(super) struct Books {
    /// Each document that somebody's record stands behind: whose, which, and the state that its text tells.
    found: Vec<(Uuid, String, Option<u32>)>,
    /// Documents that no record stands behind.
    orphans: u64,
    pub(super) documents: u64,
    pub(super) told_added: u64,
    pub(super) told_deleted: u64,
    pub(super) jobs_completed: u64,
    pub(super) jobs_failed: u64,
}

/// What is not as it should be.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Records without a document.
    pub(super) missing: u64,
    /// Records with more than one.
    pub(super) twice: u64,
    /// Documents of a state that was overwritten.
    pub(super) stale: u64,
    /// Documents of records that were deleted.
    pub(super) undead: u64,
    /// Documents of no record.
    pub(super) strange: u64,
}

const DOCUMENTS: &str = "select source.user_id, source.source_id, substring(document.content from 'State (\\d+) of ') \
                         from document_sources source join documents document on document.id = source.document_id \
                         where source.vanished_at is null";
const ORPHANS: &str = "select count(*), count(*) filter (where not exists ( \
                         select from document_sources source \
                         where source.document_id = document.id and source.vanished_at is null)) \
                       from documents document";
const JOBS: &str = "select coalesce(sum((progress ->> 'added')::bigint), 0)::bigint, \
                      coalesce(sum((progress ->> 'deleted')::bigint), 0)::bigint, \
                      count(*) filter (where status = 'completed'), count(*) filter (where status = 'failed') \
                    from sync_jobs";

impl Books {
    pub(super) async fn read(databases: &Databases) -> Result<Self> {
        let session = databases.look_into(&A).await?;
        let mut books = Self::default();
        let none: [&str; 0] = [];
        let rows = session.query_raw(DOCUMENTS, none).await.context("reading documents")?;
        pin_mut!(rows);
        while let Some(row) = rows.try_next().await.context("reading documents")? {
            let (user, record, state): (String, String, Option<String>) = (row.get(0), row.get(1), row.get(2));
            books.found.push((user.parse()?, record, state.and_then(|state| state.parse().ok())));
        }
        let count = |row: &tokio_postgres::Row, at| u64::try_from(row.get::<_, i64>(at)).unwrap_or_default();
        let row = session.query_one(ORPHANS, &[]).await.context("counting documents")?;
        (books.documents, books.orphans) = (count(&row, 0), count(&row, 1));
        let row = session.query_one(JOBS, &[]).await.context("counting jobs")?;
        (books.told_added, books.told_deleted) = (count(&row, 0), count(&row, 1));
        (books.jobs_completed, books.jobs_failed) = (count(&row, 2), count(&row, 3));
        Ok(books)
    }

    pub(super) fn compared_with(&self, accounts: &Accounts) -> Difference {
        self.compared(&accounts.states)
    }

    fn compared(&self, accounts: &BTreeMap<Uuid, States>) -> Difference {
        let mut difference = Difference { strange: self.orphans, ..Difference::default() };
        let mut met = HashSet::new();
        for (user, record, state) in &self.found {
            if !met.insert((user, record)) {
                difference.twice += 1;
                continue;
            }
            match accounts.get(user).and_then(|states| states.get(record)) {
                None => difference.strange += 1,
                Some(None) => difference.undead += 1,
                Some(wanted) if wanted != state => difference.stale += 1,
                Some(_) => {}
            }
        }
        let alive = accounts.iter().flat_map(|(user, states)| {
            states.iter().filter(|(_, state)| state.is_some()).map(move |(record, _)| (user, record))
        });
        difference.missing = alive.filter(|record| !met.contains(record)).count() as u64;
        difference
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHO: Uuid = Uuid::from_u128(1);

    fn difference(found: &[(&str, u32)], orphans: u64) -> Difference {
        let states = [("a", Some(1)), ("b", Some(2)), ("gone", None)];
        let states: States = states.map(|(id, state)| (id.to_owned(), state)).into();
        let found = found.iter().map(|(id, state)| (WHO, (*id).to_owned(), Some(*state))).collect();
        Books { found, orphans, ..Books::default() }.compared(&BTreeMap::from([(WHO, states)]))
    }

    #[test]
    fn everything_as_it_should_be_is_no_difference() {
        assert_eq!(difference(&[("a", 1), ("b", 2)], 0), Difference::default());
    }

    #[test]
    fn each_kind_of_difference_is_told() {
        let found = [("a", 1), ("a", 1), ("gone", 3), ("never", 1)];
        let expected = Difference { missing: 1, twice: 1, stale: 0, undead: 1, strange: 3 };
        assert_eq!(difference(&found, 2), expected);
        assert_eq!(difference(&[("a", 1), ("b", 1)], 0), Difference { stale: 1, ..Difference::default() });
    }
}
