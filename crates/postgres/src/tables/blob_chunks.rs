//! Original bytes in pieces. What is there never changes.

use cortex_ingestion::model::BlobKey;
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Binary, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = Nullable<BigInt>)]
    size: Option<i64>,
}

#[derive(QueryableByName)]
struct Piece {
    #[diesel(sql_type = Binary)]
    bytes: Vec<u8>,
}

/// Adds a piece, unless it is there.
pub(crate) async fn insert(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
    number: i32,
    bytes: &[u8],
) -> QueryResult<()> {
    sql("insert into blob_chunks (tenant_id, blob_key, number, bytes) values ($1, $2, $3, $4) on conflict do nothing")
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(key.as_uuid())
        .bind::<Integer, _>(number)
        .bind::<Binary, _>(bytes)
        .execute(connection)
        .await?;
    Ok(())
}

/// How many bytes all pieces have; none where there is no piece. No bytes are read to tell.
pub(crate) async fn size(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
) -> QueryResult<Option<i64>> {
    let Size { size } =
        sql("select sum(octet_length(bytes)) as size from blob_chunks where tenant_id = $1 and blob_key = $2")
            .bind::<Text, _>(company_id.to_string())
            .bind::<SqlUuid, _>(key.as_uuid())
            .get_result(connection)
            .await?;
    Ok(size)
}

/// The piece of this number.
pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    key: BlobKey,
    number: i32,
) -> QueryResult<Option<Vec<u8>>> {
    let piece: Option<Piece> =
        sql("select bytes from blob_chunks where tenant_id = $1 and blob_key = $2 and number = $3")
            .bind::<Text, _>(company_id.to_string())
            .bind::<SqlUuid, _>(key.as_uuid())
            .bind::<Integer, _>(number)
            .get_result(connection)
            .await
            .optional()?;
    Ok(piece.map(|piece| piece.bytes))
}

/// Deletes all pieces.
pub(crate) async fn delete(connection: &mut AsyncPgConnection, company_id: CompanyId, key: BlobKey) -> QueryResult<()> {
    sql("delete from blob_chunks where tenant_id = $1 and blob_key = $2")
        .bind::<Text, _>(company_id.to_string())
        .bind::<SqlUuid, _>(key.as_uuid())
        .execute(connection)
        .await?;
    Ok(())
}
