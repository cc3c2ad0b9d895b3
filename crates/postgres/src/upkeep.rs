//! What the database needs done for its own sake, beside a live service.

use cortex_kernel::StoreError;
use diesel::sql_query;
use diesel::sql_types::BigInt;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::pool::Pool;

/// Does what a migration left to be done in small steps.
pub struct Upkeep {
    company: Pool,
}

impl Upkeep {
    /// Looks after the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }

    /// Makes at most `most` documents findable that were there before search was, and answers how many. Several processes
    /// may do so at once: each takes others.
    ///
    /// The trigger of the table computes what search looks at; touching the column is what calls it.
    #[tracing::instrument(name = "pg.upkeep.make_searchable", skip(self))]
    pub async fn make_searchable(&self, most: u16) -> Result<usize, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                sql_query(
                    "update documents set search_vector = '' where id in \
                     (select id from documents where search_vector is null order by id limit $1 for update skip locked)",
                )
                .bind::<BigInt, _>(i64::from(most))
                .execute(connection)
                .await
            })
            .await
    }
}
