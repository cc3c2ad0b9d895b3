//! What is wrong with the indexes of our tables.

use tokio_postgres::{Client, Error};

use super::our_tables;
use crate::look::texts;
use crate::schema::Database;

/// What is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    /// Indexes that are not valid, with their tables: `index on table`. Building one takes a while too, and whether that is
    /// so only its owner sees.
    pub invalid: Vec<String>,
    /// The unique index that a migration left out because rows are in its way.
    pub left_out: Option<LeftOut>,
}

/// A unique index that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// Its name.
    pub index: &'static str,
    /// Its table.
    pub table: &'static str,
}

impl Database {
    /// The unique index that goes without where rows are in its way.
    const fn index_of_what_is_clean(self) -> LeftOut {
        match self {
            Self::Master => LeftOut { index: "company_users_active_email", table: "company_users" },
            Self::Company => LeftOut { index: "connections_one_without_user", table: "connections" },
        }
    }
}

pub(super) async fn invalid(client: &Client, database: Database) -> Result<Indexes, Error> {
    let ours = our_tables(database);
    let invalid = format!(
        "select format('%s on %s', i.indexrelid::regclass, t.relname) from pg_index i \
         join pg_class t on t.oid = i.indrelid \
         where not i.indisvalid and t.relnamespace = 'public'::regnamespace and t.relname in ({ours}) order by 1"
    );
    let invalid = texts(client, &invalid).await?;
    let clean = database.index_of_what_is_clean();
    // Where the function is not there yet, the migration that leaves the index out has not run.
    let missing = format!(
        "select 1 where to_regprocedure('public.cortex_index_what_is_clean()') is not null \
         and to_regclass('public.{}') is null",
        clean.index
    );
    let is_missing = !texts(client, &missing).await?.is_empty();
    Ok(Indexes { invalid, left_out: is_missing.then_some(clean) })
}
