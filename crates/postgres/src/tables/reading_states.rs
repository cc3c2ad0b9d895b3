//! How far connections were read, by their locks and their jobs.

use cortex_ingestion::model::ReadingState;
use cortex_kernel::{CompanyId, ConnectionId, UserId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use time::OffsetDateTime;

use super::sql;

#[derive(QueryableByName)]
pub(crate) struct Row {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_read_at: Option<OffsetDateTime>,
    #[diesel(sql_type = Bool)]
    may_begin: bool,
    #[diesel(sql_type = Bool)]
    is_complete: bool,
}

pub(crate) async fn list_own(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    user_id: UserId,
) -> QueryResult<Vec<Row>> {
    sql("select connection.id, \
           coalesce(connection.can_manual_sync, true) as may_begin, \
           coalesce(connection.initial_sync_completed, false) as is_complete, \
           (select max(job.completed_at) from sync_jobs job \
            where job.tenant_id = $1 and job.connection_id = connection.id and job.status = 'completed') as last_read_at \
         from connections connection \
         where connection.tenant_id = $1 and connection.user_id = $2 order by connection.id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(user_id.to_string())
    .load(connection)
    .await
}

impl From<Row> for ReadingState {
    fn from(row: Row) -> Self {
        Self {
            connection_id: ConnectionId::new(row.id),
            last_read_at: row.last_read_at,
            may_begin: row.may_begin,
            is_complete: row.is_complete,
        }
    }
}
