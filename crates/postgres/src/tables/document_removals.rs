//! Documents that somebody removes, and what is remembered of them.

use cortex_ingestion::model::DocumentKey;
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

/// What is told of a document that is removed: nothing of what it says.
#[derive(QueryableByName)]
pub(crate) struct Named {
    #[diesel(sql_type = Text)]
    pub(crate) source: String,
    #[diesel(sql_type = Text)]
    pub(crate) source_id: String,
    #[diesel(sql_type = Text)]
    pub(crate) document_type: String,
}

#[derive(QueryableByName)]
struct Place {
    #[diesel(sql_type = BigInt)]
    place: i64,
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Option<Named>> {
    sql("select source, source_id, document_type from documents where tenant_id = $1 and id = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<BigInt, _>(id.get())
        .get_result(connection)
        .await
        .optional()
}

/// Remembers what these documents say, so that no sync brings the same back.
pub(crate) async fn remember(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    ids: &[i64],
) -> QueryResult<()> {
    sql("insert into deleted_documents \
           (tenant_id, source, source_account, source_id, content_hash, message_key, is_partial) \
         select tenant_id, source, source_account, source_id, content_hash, message_key, content_incomplete \
         from documents where tenant_id = $1 and id = any($2) \
         order by source, source_account, source_id \
         on conflict (tenant_id, source, source_account, source_id) do update \
         set content_hash = excluded.content_hash, message_key = excluded.message_key, \
             is_partial = excluded.is_partial, deleted_at = now()")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<BigInt>, _>(ids)
    .execute(connection)
    .await?;
    Ok(())
}

/// The places, from 1, of those among these records whose documents somebody deleted.
pub(crate) async fn list_deleted(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    records: &[&DocumentKey],
) -> QueryResult<Vec<i64>> {
    let column = |part: fn(&DocumentKey) -> &str| records.iter().map(|key| part(key)).collect::<Vec<_>>();
    let found: Vec<Place> = sql("select page.place from unnest($2, $3, $4) with ordinality \
           as page(source, source_account, source_id, place) \
         join deleted_documents deleted on deleted.tenant_id = $1 and deleted.source = page.source \
           and deleted.source_account = page.source_account and deleted.source_id = page.source_id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(column(|key| key.source.as_str()))
    .bind::<Array<Text>, _>(column(|key| &key.source_account))
    .bind::<Array<Text>, _>(column(|key| &key.source_id))
    .load(connection)
    .await?;
    Ok(found.into_iter().map(|found| found.place).collect())
}

/// Deletes these documents with all that hangs on them, and answers how many there were.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, company_id: CompanyId, ids: &[i64]) -> QueryResult<u64> {
    let deleted = sql("delete from documents where tenant_id = $1 and id = any($2)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<BigInt>, _>(ids)
        .execute(connection)
        .await?;
    Ok(deleted as u64)
}
