//! How far the chains of companies reached, in Master.

use cortex_identity::model::audit::{ChainHash, SealHead};
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bytea, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::inconsistency::Reading;
use super::{Inconsistency, sql};

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Bytea)]
    hash: Vec<u8>,
}

/// Keeps a head, unless one as late is kept.
pub(crate) async fn keep(connection: &mut AsyncPgConnection, company_id: CompanyId, head: SealHead) -> QueryResult<()> {
    sql("insert into audit_heads (company_id, seq, hash) values ($1, $2, $3) \
         on conflict (company_id) do update set seq = excluded.seq, hash = excluded.hash, sealed_at = now() \
         where audit_heads.seq < excluded.seq")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<BigInt, _>(i64::try_from(head.seq).expect("no chain is that long"))
    .bind::<Bytea, _>(head.hash.as_bytes().as_slice())
    .execute(connection)
    .await?;
    Ok(())
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
) -> QueryResult<Option<Result<SealHead, Inconsistency>>> {
    let row: Option<Row> = sql("select seq, hash from audit_heads where company_id = $1")
        .bind::<SqlUuid, _>(company_id.as_uuid())
        .get_result(connection)
        .await
        .optional()?;
    Ok(row.map(|row| {
        let reading = Reading { table: "audit_heads", row: &company_id };
        Ok(SealHead {
            seq: reading.required("seq", row.seq.try_into().ok())?,
            hash: reading.required("hash", ChainHash::try_from(row.hash.as_slice()).ok())?,
        })
    }))
}
