//! Original bytes that are to be removed. That documents take and give up bytes is followed by triggers of theirs: whoever
//! writes documents has nothing to do here.

use std::time::Duration;

use cortex_ingestion::model::BlobKey;
use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::sql_types::{Array, BigInt, Double, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::scalars::Id;
use super::sql;

pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
    within: Duration,
) -> QueryResult<()> {
    sql("insert into blob_removals (tenant_id, blob_key, due_at) values ($1, $2, now() + make_interval(secs => $3))")
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(key.as_uuid())
        .bind::<Double, _>(within.as_secs_f64())
        .execute(connection)
        .await?;
    Ok(())
}

/// Takes some of those that are due, those first that have been so longest.
pub(crate) async fn claim_due(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    most: i64,
    hold: Duration,
) -> QueryResult<Vec<BlobKey>> {
    let claimed: Vec<Id> = sql("with due as ( \
           select blob_key from blob_removals \
           where tenant_id = $1 and due_at <= now() \
           order by due_at limit $2 \
           for update skip locked) \
         update blob_removals removal \
         set is_being_removed = true, due_at = now() + make_interval(secs => $3) \
         from due where removal.tenant_id = $1 and removal.blob_key = due.blob_key \
         returning removal.blob_key as id")
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(most)
    .bind::<Double, _>(hold.as_secs_f64())
    .load(connection)
    .await?;
    Ok(claimed.into_iter().map(|row| BlobKey::new(row.id)).collect())
}

pub(crate) async fn delete(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    keys: &[BlobKey],
) -> QueryResult<()> {
    sql("delete from blob_removals where tenant_id = $1 and blob_key = any($2)")
        .bind::<Text, _>(company_id.to_string())
        .bind::<Array<SqlUuid>, _>(keys.iter().map(|key| key.as_uuid()).collect::<Vec<_>>())
        .execute(connection)
        .await?;
    Ok(())
}
