//! What whoever runs Master said about a company's initial syncs.

use cortex_kernel::CompanyId;
use diesel::QueryResult;
use diesel::sql_types::{Bool, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

/// Moves the leave from `from` to the opposite. Answers whether it stood there.
pub(crate) async fn turn(connection: &mut AsyncPgConnection, company_id: CompanyId, from: bool) -> QueryResult<bool> {
    let turned = sql("update sync_permissions set can_manual_sync_override = not $2, updated_at = now() \
         where company_id = $1 and can_manual_sync_override = $2")
    .bind::<SqlUuid, _>(company_id.as_uuid())
    .bind::<Bool, _>(from)
    .execute(connection)
    .await?;
    Ok(turned > 0)
}
