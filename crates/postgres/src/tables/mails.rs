//! Mails: documents of the kind `email` that nothing newer stands in the place of. The functions that list them see the
//! rows of the company for which the connection works, which is the one that the pool was made for.

use cortex_ingestion::model::{DocumentView, MAX_ATTACHMENTS, MailCursor, MailFilter, MailView};
use cortex_kernel::{CompanyId, DocumentId};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text, Timestamptz};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::document_views::{Row, TextRow, view_columns};
use super::sql;

/// A mail with the beginning of its text.
#[derive(QueryableByName)]
pub(crate) struct MailRow {
    #[diesel(embed)]
    view: Row,
    #[diesel(sql_type = Text)]
    beginning: String,
}

/// At most `limit` mails of those before `before`, the newest first.
pub(crate) async fn list(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    filter: &MailFilter,
    before: Option<MailCursor>,
    limit: i32,
) -> QueryResult<Vec<MailRow>> {
    let MailFilter { from, to, subject, since, until } = filter;
    sql(concat!(
        "select ",
        view_columns!(),
        ", left(content, 1000) as beginning \
         from cortex_list_mail($2, $3, $4, $5, $6, $7, $8, $9) listed \
         join documents on documents.id = listed.document_id and documents.tenant_id = $1 \
         order by listed.moment desc, listed.document_id desc"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Nullable<Text>, _>(from.as_deref())
    .bind::<Nullable<Text>, _>(to.as_deref())
    .bind::<Nullable<Text>, _>(subject.as_deref())
    .bind::<Nullable<Timestamptz>, _>(*since)
    .bind::<Nullable<Timestamptz>, _>(*until)
    .bind::<Nullable<Timestamptz>, _>(before.and_then(MailCursor::moment))
    .bind::<Nullable<BigInt>, _>(before.map(|before| before.id))
    .bind::<diesel::sql_types::Integer, _>(limit)
    .load(connection)
    .await
}

/// At most `limit` mails of the thread, of those after `after`, the oldest first.
pub(crate) async fn list_thread(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    thread_id: &str,
    after: Option<MailCursor>,
    limit: i32,
) -> QueryResult<Vec<MailRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", left(content, 1000) as beginning \
         from cortex_list_thread($2, $3, $4, $5) listed \
         join documents on documents.id = listed.document_id and documents.tenant_id = $1 \
         order by listed.moment, listed.document_id"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Text, _>(thread_id)
    .bind::<Nullable<Timestamptz>, _>(after.and_then(MailCursor::moment))
    .bind::<Nullable<BigInt>, _>(after.map(|after| after.id))
    .bind::<diesel::sql_types::Integer, _>(limit)
    .load(connection)
    .await
}

/// At most `most` mails of each of these threads, in the order of the threads, the oldest first.
pub(crate) async fn list_threads(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    thread_ids: &[String],
    most: i32,
) -> QueryResult<Vec<MailRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", left(content, 1000) as beginning \
         from unnest($2) with ordinality as asked(thread, place) \
         cross join lateral cortex_list_thread(asked.thread, null, null, $3) listed \
         join documents on documents.id = listed.document_id and documents.tenant_id = $1 \
         order by asked.place, listed.moment, listed.document_id"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<Array<Text>, _>(thread_ids)
    .bind::<diesel::sql_types::Integer, _>(most)
    .load(connection)
    .await
}

pub(crate) async fn find(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Option<TextRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", content from documents \
         where tenant_id = $1 and id = $2 and document_type = 'email' and superseded_at is null"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .get_result(connection)
    .await
    .optional()
}

/// The document; of an attachment, the mail that it came with.
pub(crate) async fn find_parent_or_self(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Option<TextRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", content from documents where tenant_id = $1 and id = ( \
           select case when parent_document_id is not null then parent_document_id else id end \
           from documents where tenant_id = $1 and id = $2)"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .get_result(connection)
    .await
    .optional()
}

/// What came with the document, in the order in which it came in.
pub(crate) async fn list_attachments(
    connection: &mut AsyncPgConnection,
    company_id: CompanyId,
    id: DocumentId,
) -> QueryResult<Vec<TextRow>> {
    sql(concat!(
        "select ",
        view_columns!(),
        ", content from documents where tenant_id = $1 and parent_document_id = $2 order by id limit $3"
    ))
    .bind::<Text, _>(company_id.to_string())
    .bind::<BigInt, _>(id.get())
    .bind::<BigInt, _>(i64::from(MAX_ATTACHMENTS))
    .load(connection)
    .await
}

impl From<MailRow> for MailView {
    fn from(MailRow { view, beginning }: MailRow) -> Self {
        Self::new(DocumentView::from(view), &beginning)
    }
}
