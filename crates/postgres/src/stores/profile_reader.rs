//! [`ProfileReader`] on Master.

use async_trait::async_trait;
use cortex_identity::model::{Profile, UserCompany};
use cortex_identity::ports::ProfileReader;
use cortex_kernel::{CompanyId, StoreError, UserId};
use diesel_async::AsyncPgConnection;
use tracing::instrument;

use crate::Pool;
use crate::tables::profiles;

/// People's places in Master.
pub struct PgProfileReader {
    master: Pool,
}

impl PgProfileReader {
    /// Works on the pool of Master.
    #[must_use]
    pub fn new(master: Pool) -> Self {
        Self { master }
    }
}

#[async_trait]
impl ProfileReader for PgProfileReader {
    #[instrument(name = "pg.profile_reader.find_profile", skip_all)]
    async fn find_profile(&self, company_id: CompanyId, user_id: UserId) -> Result<Option<Profile>, StoreError> {
        let row = self
            .master
            .run(async |connection: &mut AsyncPgConnection| profiles::find(connection, company_id, user_id).await)
            .await?;
        Ok(row.map(Profile::try_from).transpose()?)
    }

    #[instrument(name = "pg.profile_reader.list_companies", skip_all)]
    async fn list_companies(&self, user_id: UserId) -> Result<Vec<UserCompany>, StoreError> {
        let rows = self
            .master
            .run(async |connection: &mut AsyncPgConnection| profiles::list_companies(connection, user_id).await)
            .await?;
        Ok(rows.into_iter().map(UserCompany::try_from).collect::<Result<_, _>>()?)
    }
}
