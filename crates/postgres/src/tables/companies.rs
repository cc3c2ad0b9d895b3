//! Master's registry of companies. The service sees its own one, and of that what is granted to it.

use cortex_identity::model::Company;
use cortex_kernel::CompanyId;
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;

use super::Inconsistency;
use super::inconsistency::Reading;

diesel::table! {
    companies (id) {
        id -> Uuid,
        slug -> Text,
        name -> Text,
        status -> Nullable<Text>,
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = companies)]
pub(crate) struct Row {
    id: Uuid,
    slug: String,
    name: String,
    status: Option<String>,
}

pub(crate) async fn find(connection: &mut AsyncPgConnection, id: CompanyId) -> QueryResult<Option<Row>> {
    companies::table.find(id.as_uuid()).select(Row::as_select()).first(connection).await.optional()
}

impl TryFrom<Row> for Company {
    type Error = Inconsistency;

    fn try_from(row: Row) -> Result<Self, Inconsistency> {
        let reading = Reading { table: "companies", row: &row.id };
        let status = reading.required("status", row.status.as_deref())?;
        let status = reading.parse("status", status)?;
        Ok(Self { id: CompanyId::new(row.id), slug: row.slug, name: row.name, status })
    }
}
