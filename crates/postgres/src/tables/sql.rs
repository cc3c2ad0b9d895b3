//! Statements in plain SQL that are prepared once a connection.
//!
//! Diesel's `sql_query` prepares its statement anew each time, which is most of what a small statement costs. Here the
//! text is fixed, so it is its own key in the cache of prepared statements.

use std::marker::PhantomData;

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Untyped};

/// A statement; its values are named `$1`, `$2` and so on, in the order in which they are bound.
pub(crate) struct Sql<Values> {
    text: &'static str,
    values: Values,
}

/// No values yet.
pub(crate) struct Unbound;

/// One more value, of the SQL type `ST`.
pub(crate) struct Bound<Earlier, ST, Value> {
    earlier: Earlier,
    value: Value,
    sql_type: PhantomData<ST>,
}

/// A statement with this text, as yet without values.
pub(crate) const fn sql(text: &'static str) -> Sql<Unbound> {
    Sql { text, values: Unbound }
}

impl<Values> Sql<Values> {
    /// Binds the next value, as the SQL type `ST`.
    pub(crate) fn bind<ST, Value>(self, value: Value) -> Sql<Bound<Values, ST, Value>> {
        let values = Bound { earlier: self.values, value, sql_type: PhantomData };
        Sql { text: self.text, values }
    }
}

impl<Values: QueryFragment<Pg>> QueryFragment<Pg> for Sql<Values> {
    /// Diesel writes a placeholder wherever a value is bound. Binding all of them within a comment leaves the text free
    /// to name each as often as it likes.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("/* ");
        self.values.walk_ast(out.reborrow())?;
        out.push_sql(" */ ");
        out.push_sql(self.text);
        Ok(())
    }
}

impl QueryFragment<Pg> for Unbound {
    fn walk_ast<'b>(&'b self, _: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        Ok(())
    }
}

impl<Earlier, ST, Value> QueryFragment<Pg> for Bound<Earlier, ST, Value>
where
    Pg: HasSqlType<ST>,
    Earlier: QueryFragment<Pg>,
    Value: ToSql<ST, Pg>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.earlier.walk_ast(out.reborrow())?;
        out.push_bind_param(&self.value)
    }
}

impl<Values> QueryId for Sql<Values> {
    type QueryId = ();

    // The type does not tell the text, so the cache has to look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Values> Query for Sql<Values> {
    type SqlType = Untyped;
}
