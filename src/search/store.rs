//! search room: the brand's list of synonyms as it is kept.
use super::synonyms::{Problem, Synonyms};
use crate::db::schema::synonym_lists;
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::UserId;
use crate::ledger::Fact;
use diesel::prelude::*;

/// The list as it was written; the default is what a house without one has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SynonymList {
    /// Tells this list from later ones.
    pub id: i64,
    pub body: String,
}

/// The list in force.
pub fn synonym_list(conn: &mut Conn) -> DbResult<SynonymList> {
    let row: Option<(i64, String)> = synonym_lists::table
        .order(synonym_lists::id.desc())
        .select((synonym_lists::id, synonym_lists::body))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, body)| SynonymList { id, body }).unwrap_or_default())
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SynonymChange {
    Changed,
    /// It says what the list in force says.
    Same,
    /// Somebody has changed the list since it was read.
    Overtaken,
    Wrong(Problem),
}

/// Puts another list in force, if nobody has since `base` was read; `None` asks for no such thing.
pub fn change_synonyms(
    tx: &mut Tx<'_>,
    actor: Option<UserId>,
    base: Option<i64>,
    body: &str,
) -> DbResult<SynonymChange> {
    if let Err(problem) = Synonyms::parse(body) {
        return Ok(SynonymChange::Wrong(problem));
    }
    let known = synonym_list(tx.conn)?;
    if known.body == body {
        return Ok(SynonymChange::Same);
    }
    if base.is_some_and(|base| base != known.id) {
        return Ok(SynonymChange::Overtaken);
    }
    let id: i64 = diesel::insert_into(synonym_lists::table)
        .values((synonym_lists::body.eq(body), synonym_lists::created_at.eq(tx.now)))
        .returning(synonym_lists::id)
        .get_result(tx.conn)?;
    diesel::delete(synonym_lists::table.filter(synonym_lists::id.lt(id))).execute(tx.conn)?;
    tx.append(actor, Fact::SynonymsChanged { list: id })?;
    Ok(SynonymChange::Changed)
}
