//! db room: pieces of statements that keep the statement's text the same, so that it is prepared once.
//!
//! SQLite prepares a statement whose text it has not seen anew, which costs more than most of ours take to run.
use super::MultiBackend;
use diesel::expression::{AppearsOnTable, Expression, SelectableExpression, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Text};
use diesel::sqlite::Sqlite;
use std::marker::PhantomData;

/// The number 0 in the statement itself. Partial indexes are used only where the statement says what they are
/// for; a bound value says nothing when the plan is made.
#[derive(Debug, Clone, Copy)]
pub struct Zero<T>(PhantomData<T>);

pub fn zero<T>() -> Zero<T> {
    Zero(PhantomData)
}

impl<T: diesel::sql_types::SqlType + diesel::expression::TypedExpressionType> Expression for Zero<T> {
    type SqlType = T;
}
impl<T, Source> SelectableExpression<Source> for Zero<T> where Zero<T>: AppearsOnTable<Source> {}
impl<T, Source> AppearsOnTable<Source> for Zero<T> where Zero<T>: Expression {}
impl<T, Group> ValidGrouping<Group> for Zero<T> {
    type IsAggregate = is_aggregate::Never;
}
impl<T: 'static> QueryId for Zero<T> {
    type QueryId = Zero<T>;
    const HAS_STATIC_QUERY_ID: bool = true;
}
impl<T, B: diesel::backend::Backend> QueryFragment<B> for Zero<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        out.push_sql("0");
        Ok(())
    }
}

/// A number made of columns by a text of ours that never changes, for what diesel has no words for. Unlike
/// `diesel::dsl::sql`, it may be prepared once. Both databases must read it alike.
#[derive(Debug, Clone, Copy)]
pub struct Reckoned(&'static str);

pub fn reckoned(text: &'static str) -> Reckoned {
    Reckoned(text)
}

impl Expression for Reckoned {
    type SqlType = BigInt;
}
impl<Source> SelectableExpression<Source> for Reckoned {}
impl<Source> AppearsOnTable<Source> for Reckoned {}
impl<Group> ValidGrouping<Group> for Reckoned {
    type IsAggregate = is_aggregate::No;
}
impl QueryId for Reckoned {
    type QueryId = Reckoned;
    // Its text is not in its type.
    const HAS_STATIC_QUERY_ID: bool = false;
}
impl<B: diesel::backend::Backend> QueryFragment<B> for Reckoned {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, B>) -> QueryResult<()> {
        out.push_sql(self.0);
        Ok(())
    }
}

/// `column` is one of `values`: one bound list, however long it is.
#[derive(Debug, Clone)]
pub struct Among<C, V> {
    column: C,
    values: Vec<V>,
    /// The same as JSON: SQLite has no arrays to bind.
    json: String,
}

/// `column` is one of these numbers.
pub fn among<C: Expression>(column: C, ids: impl IntoIterator<Item = impl Into<i64>>) -> Among<C, i64> {
    let values: Vec<i64> = ids.into_iter().map(Into::into).collect();
    let json = serde_json::Value::from(values.as_slice()).to_string();
    Among { column, values, json }
}

/// `column` is one of these texts.
pub fn among_texts<C: Expression>(
    column: C,
    texts: impl IntoIterator<Item = impl Into<String>>,
) -> Among<C, String> {
    let values: Vec<String> = texts.into_iter().map(Into::into).collect();
    let json = serde_json::Value::from(values.as_slice()).to_string();
    Among { column, values, json }
}

impl<C: Expression, V> Expression for Among<C, V> {
    type SqlType = Bool;
}
impl<C: SelectableExpression<Source>, V, Source> SelectableExpression<Source> for Among<C, V> where
    Among<C, V>: AppearsOnTable<Source>
{
}
impl<C: AppearsOnTable<Source>, V, Source> AppearsOnTable<Source> for Among<C, V> {}
impl<C: ValidGrouping<Group>, V, Group> ValidGrouping<Group> for Among<C, V> {
    type IsAggregate = C::IsAggregate;
}
impl<C: QueryId, V: 'static> QueryId for Among<C, V> {
    type QueryId = Among<C::QueryId, V>;
    const HAS_STATIC_QUERY_ID: bool = C::HAS_STATIC_QUERY_ID;
}
impl<C: QueryFragment<Sqlite>, V> QueryFragment<Sqlite> for Among<C, V> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" IN (SELECT value FROM json_each(");
        out.push_bind_param::<Text, _>(&self.json)?;
        out.push_sql("))");
        Ok(())
    }
}
impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Among<C, i64> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<BigInt>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}
impl<C: QueryFragment<Pg>> QueryFragment<Pg> for Among<C, String> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.column.walk_ast(out.reborrow())?;
        out.push_sql(" = ANY(");
        out.push_bind_param::<Array<Text>, _>(&self.values)?;
        out.push_sql(")");
        Ok(())
    }
}
impl<C, V> QueryFragment<MultiBackend> for Among<C, V>
where
    Among<C, V>: QueryFragment<Sqlite> + QueryFragment<Pg>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, MultiBackend>) -> QueryResult<()> {
        MultiBackend::walk_variant_ast(self, pass)
    }
}
