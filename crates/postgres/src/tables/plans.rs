//! How statements are planned.

use diesel::QueryResult;
use diesel_async::{AsyncPgConnection, SimpleAsyncConnection};

/// Plans each statement of this transaction for the values that it comes with. A plan for values in general can use none of
/// the indexes that filters have, and is kept from when the tables were small: it goes through all of them for each record
/// until somebody gathers statistics, seven times slower after 2,000 documents, and worse with every page.
pub(crate) async fn plan_for_these_values(connection: &mut AsyncPgConnection) -> QueryResult<()> {
    connection.batch_execute("set local plan_cache_mode = force_custom_plan").await
}
