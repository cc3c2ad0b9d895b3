//! [`Correspondence`] on a company's database.

use async_trait::async_trait;
use cortex_insights::model::{
    Comparison, Correspondent, Correspondents, HourShare, MostCorrespondents, Network, Stretch, TopicKind,
    TouchedThread,
};
use cortex_insights::ports::Correspondence;
use cortex_kernel::{CompanyId, StoreError};
use diesel_async::AsyncPgConnection;
use time::Duration;
use tracing::instrument;

use crate::Pool;
use crate::tables::mail_records;

/// The mails in a company's database.
pub struct PgCorrespondence {
    company: Pool,
}

impl PgCorrespondence {
    /// Works on the pool of the company's database.
    #[must_use]
    pub fn new(company: Pool) -> Self {
        Self { company }
    }
}

#[async_trait]
impl Correspondence for PgCorrespondence {
    #[instrument(name = "pg.correspondence.list_correspondents", skip_all)]
    async fn list_correspondents(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: MostCorrespondents,
    ) -> Result<Correspondents, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::list_correspondents(connection, company_id, stretch, most).await
            })
            .await
    }

    #[instrument(name = "pg.correspondence.count_by_hour", skip_all)]
    async fn count_by_hour(&self, company_id: CompanyId, stretch: Stretch) -> Result<Vec<HourShare>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::count_by_hour(connection, company_id, stretch).await
            })
            .await?;
        Ok(rows.into_iter().map(HourShare::from).collect())
    }

    #[instrument(name = "pg.correspondence.find_median_reply", skip_all)]
    async fn find_median_reply(&self, company_id: CompanyId, stretch: Stretch) -> Result<Option<Duration>, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::find_median_reply(connection, company_id, stretch).await
            })
            .await
    }

    #[instrument(name = "pg.correspondence.map_network", skip_all)]
    async fn map_network(&self, company_id: CompanyId, stretch: Stretch, most: u16) -> Result<Network, StoreError> {
        self.company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::map_network(connection, company_id, stretch, most).await
            })
            .await
    }

    #[instrument(name = "pg.correspondence.list_threads", skip_all)]
    async fn list_threads(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<TouchedThread>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::list_threads(connection, company_id, stretch, most).await
            })
            .await?;
        Ok(rows.into_iter().map(TouchedThread::from).collect())
    }

    #[instrument(name = "pg.correspondence.compare", skip_all)]
    async fn compare(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        kind: TopicKind,
        most: u16,
    ) -> Result<Comparison, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::compare(connection, company_id, stretch, kind, most).await
            })
            .await?;
        Ok(mail_records::comparison(rows))
    }

    #[instrument(name = "pg.correspondence.list_new_writers", skip_all)]
    async fn list_new_writers(
        &self,
        company_id: CompanyId,
        stretch: Stretch,
        most: u16,
    ) -> Result<Vec<Correspondent>, StoreError> {
        let rows = self
            .company
            .run(async |connection: &mut AsyncPgConnection| {
                mail_records::list_new_writers(connection, company_id, stretch, most).await
            })
            .await?;
        Ok(rows.into_iter().map(Correspondent::from).collect())
    }
}
