//! [`MailSignals`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{KeywordCount, MailText, Period, ReadMail, SignalCounts};
use cortex_insights::ports::MailSignals;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::tables::mail_signals;
use crate::{Abort, Pool};

/// What was found in the mails of a company's database.
pub struct PgMailSignals {
    company: Pool,
}

impl PgMailSignals {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl MailSignals for PgMailSignals {
    #[instrument(name = "pg.mail_signals.list_unread", skip_all)]
    async fn list_unread(&self, company_id: CompanyId, version: i16, most: u8) -> Result<Vec<MailText>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_signals::list_unread(connection, company_id, version, most).await
            })
            .await?;
        Ok(rows.into_iter().map(MailText::from).collect())
    }

    #[instrument(name = "pg.mail_signals.keep", skip_all)]
    async fn keep(&self, company_id: CompanyId, version: i16, mails: &[ReadMail]) -> Result<(), StoreError> {
        self.company
            .transaction(async |connection: &mut AsyncPgConnection| {
                let read = mail_signals::mark_read(connection, company_id, version, mails).await?;
                let found: Vec<_> = mails
                    .iter()
                    .filter(|mail| read.contains(&mail.document_id.get()))
                    .flat_map(|mail| mail.keywords.iter().map(|keyword| (mail.document_id, *keyword)))
                    .collect();
                mail_signals::delete(connection, company_id, &read).await?;
                if !found.is_empty() {
                    mail_signals::insert(connection, company_id, &found).await?;
                }
                Ok::<_, Abort<StoreError>>(())
            })
            .await
    }

    #[instrument(name = "pg.mail_signals.count", skip_all)]
    async fn count(&self, company_id: CompanyId, period: Period) -> Result<SignalCounts, StoreError> {
        let (mails, rows) = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                let mails = mail_signals::count_read(connection, company_id, period).await?;
                Ok((mails, mail_signals::count_words(connection, company_id, period).await?))
            })
            .await?;
        let keywords = rows.into_iter().map(KeywordCount::try_from).collect::<Result<_, _>>()?;
        Ok(SignalCounts { mails, keywords })
    }
}
