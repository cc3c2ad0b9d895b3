//! What documents are found by, as the database holds it, and the documents that still lack it.

use std::io::Write as _;

use cortex_ingestion::lexemes::{SearchVector, Searchable, VERSION};
use cortex_ingestion::model::NewDocument;
use cortex_kernel::CompanyId;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::{Array, BigInt, Nullable, SmallInt, SqlType, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use serde_json::Value;

use super::sql;

/// The type of the column.
#[derive(SqlType)]
#[diesel(postgres_type(oid = 3614, array_oid = 3643))]
pub(crate) struct TsVector;

/// Lexemes on their way into the column, in the form in which the database sends them: it reads text four times as long.
#[derive(Debug)]
pub(crate) struct Lexemes(SearchVector);

/// A document whose lexemes are missing, or of an old lexer.
#[derive(QueryableByName)]
struct Stale {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(embed)]
    texts: Texts,
}

/// What a document says, as far as it is searched.
#[derive(QueryableByName)]
struct Texts {
    #[diesel(sql_type = Text)]
    title: String,
    #[diesel(sql_type = Text)]
    content: String,
    #[diesel(sql_type = Nullable<Text>)]
    sender_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    sender_address: Option<String>,
}

/// What these documents are found by.
pub(crate) async fn of(documents: &[&NewDocument]) -> QueryResult<Vec<Lexemes>> {
    make(documents.iter().map(|new| Texts::of(new)).collect()).await
}

/// Makes the lexemes of a page on a thread where nobody else waits: it takes tens of milliseconds.
async fn make(page: Vec<Texts>) -> QueryResult<Vec<Lexemes>> {
    let made = tokio::task::spawn_blocking(move || page.iter().map(Texts::lexemes).collect());
    made.await.map_err(|panicked| diesel::result::Error::SerializationError(Box::new(panicked)))
}

/// Makes the lexemes of at most `most` documents that lack them, and answers how many. Locks them until the transaction
/// ends, and leaves out those that others have locked.
pub(crate) async fn renew(connection: &mut AsyncPgConnection, company_id: CompanyId, most: u16) -> QueryResult<usize> {
    let stale: Vec<Stale> = sql("select id, title, left(content, 100000) as content, \
                                 metadata ->> 'sender_name' as sender_name, metadata ->> 'sender_address' as sender_address \
                               from documents \
                               where tenant_id = $3 and search_version < $1 \
                               order by search_version limit $2 for update skip locked")
    .bind::<SmallInt, _>(VERSION)
    .bind::<BigInt, _>(i64::from(most))
    .bind::<Text, _>(company_id.to_string())
    .load(connection)
    .await?;
    if stale.is_empty() {
        return Ok(0);
    }
    let (ids, texts): (Vec<i64>, Vec<Texts>) = stale.into_iter().map(|stale| (stale.id, stale.texts)).unzip();
    let lexemes = make(texts).await?;
    sql("update documents set search_vector = made.lexemes, search_version = $3 \
         from unnest($1, $2) as made(id, lexemes) \
         where documents.tenant_id = $4 and documents.id = made.id")
    .bind::<Array<BigInt>, _>(ids)
    .bind::<Array<TsVector>, _>(lexemes)
    .bind::<SmallInt, _>(VERSION)
    .bind::<Text, _>(company_id.to_string())
    .execute(connection)
    .await
}

impl Texts {
    fn of(new: &NewDocument) -> Self {
        let told = |key: &str| new.metadata.get(key).and_then(Value::as_str).map(str::to_owned);
        Self {
            title: new.title.clone(),
            content: new.content.clone(),
            sender_name: told("sender_name"),
            sender_address: told("sender_address"),
        }
    }

    fn lexemes(&self) -> Lexemes {
        Lexemes(SearchVector::of(&Searchable {
            title: &self.title,
            sender_name: self.sender_name.as_deref(),
            sender_address: self.sender_address.as_deref(),
            content: &self.content,
        }))
    }
}

impl ToSql<TsVector, Pg> for Lexemes {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let lexemes = &self.0.lexemes;
        out.write_all(&u32::try_from(lexemes.len())?.to_be_bytes())?;
        for lexeme in lexemes {
            out.write_all(lexeme.text.as_bytes())?;
            out.write_all(&[0])?;
            out.write_all(&u16::try_from(lexeme.places.len())?.to_be_bytes())?;
            for place in &lexeme.places {
                out.write_all(&place.to_be_bytes())?;
            }
        }
        Ok(IsNull::No)
    }
}
