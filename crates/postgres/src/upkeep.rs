//! What the database needs done for its own sake, beside a live service.

use cortex_kernel::StoreError;
use diesel_async::AsyncPgConnection;

use crate::pool::{Abort, Pool};
use crate::tables::{document_days, lexemes, locks, mail_months};

/// Does in small steps what a migration left to be done, and what triggers leave.
pub struct Upkeep {
    company: Pool,
}

impl Upkeep {
    /// Looks after the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }

    /// Makes at most `most` documents findable that came without what search looks at, or with that of an older lexer, and
    /// answers how many. Several processes may do so at once: each takes others.
    #[tracing::instrument(name = "pg.upkeep.make_searchable", skip(self))]
    pub async fn make_searchable(&self, most: u16) -> Result<usize, StoreError> {
        let company_id = self.company.company_id();
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                lexemes::renew(connection, company_id, most).await.map_err(Abort::<StoreError>::Database)
            })
            .await
    }

    /// Makes one row of those that count the documents of a day, at most `most` times, and answers how often. What they come to
    /// stays as it is, whoever writes or does the same meanwhile.
    #[tracing::instrument(name = "pg.upkeep.fold_counts", skip(self))]
    pub async fn fold_counts(&self, most: u16) -> Result<usize, StoreError> {
        let company_id = self.company.company_id();
        self.company
            .run(async |connection: &mut AsyncPgConnection| document_days::fold(connection, company_id, most).await)
            .await
    }

    /// Keeps what the mails of a month come to that is over, and answers whether there was one: the latest first. Several
    /// processes may do so at once: they do it one after the other.
    #[tracing::instrument(name = "pg.upkeep.keep_month", skip(self))]
    pub async fn keep_month(&self) -> Result<bool, StoreError> {
        let company_id = self.company.company_id();
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                locks::hold(connection, &["mail_months".to_owned()]).await?;
                let Some(month) = mail_months::find_unkept(connection, company_id).await? else {
                    mail_months::forget_old(connection, company_id).await?;
                    return Ok(false);
                };
                mail_months::keep(connection, company_id, month).await?;
                Ok::<_, Abort<StoreError>>(true)
            })
            .await
    }
}
