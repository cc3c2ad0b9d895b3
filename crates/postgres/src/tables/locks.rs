//! Locks on what is not a row yet. They end with the transaction.

use diesel::sql_types::{Array, Bool, Text};
use diesel::{QueryResult, QueryableByName};
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use super::sql;

/// Waits until nobody else's transaction holds one of `names`. They are taken in one order, whoever asks, so that nobody
/// waits in a circle.
pub(crate) async fn hold(connection: &mut AsyncPgConnection, names: &[String]) -> QueryResult<()> {
    sql("select pg_advisory_xact_lock(key) from \
         (select distinct hashtextextended(name, 0) as key from unnest($1) as names(name) order by key) as keys")
    .bind::<Array<Text>, _>(names)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether nobody else's transaction holds `name`; then this one does.
pub(crate) async fn try_hold(connection: &mut AsyncPgConnection, name: &str) -> QueryResult<bool> {
    #[derive(QueryableByName)]
    struct Answer {
        #[diesel(sql_type = Bool)]
        yes: bool,
    }
    let Answer { yes } = sql("select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as yes")
        .bind::<Text, _>(name)
        .get_result(connection)
        .await?;
    Ok(yes)
}
