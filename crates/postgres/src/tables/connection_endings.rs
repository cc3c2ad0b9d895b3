//! The end of connections, in `connections`, whoever owns them, and of what they brought in.

use cortex_connections::model::EndConnection;
use cortex_kernel::{CompanyId, ConnectionId};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

/// Whose a connection is, and what the broker knows it by.
#[derive(QueryableByName)]
pub(crate) struct Held {
    #[diesel(sql_type = Nullable<Text>)]
    pub(crate) user_id: Option<String>,
    #[diesel(sql_type = Text)]
    pub(crate) provider_key: String,
    #[diesel(sql_type = Text)]
    pub(crate) connection_id: String,
    #[diesel(sql_type = Bool)]
    pub(crate) is_ended: bool,
}

#[derive(QueryableByName)]
struct DocumentId {
    #[diesel(sql_type = BigInt)]
    document_id: i64,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<Option<Held>> {
    sql("select user_id, provider_key, connection_id, status = 'disconnected' as is_ended from connections \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .get_result(connection)
    .await
    .optional()
}

/// The same, and nobody else changes it before the transaction ends.
pub(crate) async fn lock(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
) -> QueryResult<Option<Held>> {
    sql("select user_id, provider_key, connection_id, status = 'disconnected' as is_ended from connections \
         where tenant_id = $1 and id = $2 for update")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .get_result(connection)
    .await
    .optional()
}

/// Ends it. Whoever connects next begins anew: nothing is left of its lock.
pub(crate) async fn end(connection: &mut AsyncPgConnection, end: &EndConnection) -> QueryResult<()> {
    sql("update connections \
         set status = 'disconnected', reason = null, status_changed_at = $3, follow_up = null, \
             can_manual_sync = true, sync_lock_reason = null, initial_sync_started_at = null, \
             initial_sync_completed = false, initial_sync_completed_at = null, updated_at = now() \
         where tenant_id = $1 and id = $2")
    .bind::<Text, _>(end.company_id.to_string())
    .bind::<BigInt, _>(end.id.get())
    .bind::<Timestamptz, _>(end.at)
    .execute(connection)
    .await?;
    Ok(())
}

/// Some of the documents that the connection brought in.
pub(crate) async fn list_documents(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
    most: i64,
) -> QueryResult<Vec<i64>> {
    let found: Vec<DocumentId> = sql("select distinct document_id from document_sources \
         where tenant_id = $1 and connection_id = $2 order by document_id limit $3")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .bind::<BigInt, _>(most)
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|found| found.document_id).collect())
}

/// Deletes that the connection brought these documents in.
pub(crate) async fn delete_sources(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: ConnectionId,
    documents: &[i64],
) -> QueryResult<()> {
    sql("delete from document_sources where tenant_id = $1 and connection_id = $2 and document_id = any($3)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .bind::<diesel::sql_types::Array<BigInt>, _>(documents)
        .execute(connection)
        .await?;
    Ok(())
}
