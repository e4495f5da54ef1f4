//! search room: the newest threads that have all of a query, for feeds and for whoever looks for gaps.
use super::Query;
use super::pages::ask;
use crate::app::App;
use crate::db::schema::events;
use crate::db::{Conn, among};
use crate::error::Result;
use crate::ledger;
use diesel::prelude::*;
use std::collections::HashSet;

/// Numbers of the newest threads that have all of a query, synonyms counted. What they say is for the caller to
/// read, who leaves out those that are removed. A thread of which something was taken away since the index last
/// followed is left out until it has: that it is found must not tell what is no longer there.
pub fn newest(app: &App, conn: &mut Conn, query: &Query, limit: usize) -> Result<Vec<i64>> {
    let place = app.search.place();
    let query = widened(app, query);
    let mut ids = ask(app, |index| index.newest_of(&query, false, limit))?;
    let head = ledger::head(conn)?.0;
    // An index ahead of the ledger belongs to another time.
    if head < place {
        ids.clear();
    }
    if head > place && !ids.is_empty() {
        let robbed: Vec<Option<i64>> = events::table
            .filter(among(events::thread_id, ids.iter().copied()))
            .filter(events::id.gt(place))
            .filter(events::kind.eq_any(["post_deleted", "post_hidden", "post_edited"]))
            .select(events::thread_id)
            .load(conn)?;
        let robbed: HashSet<i64> = robbed.into_iter().flatten().collect();
        ids.retain(|id| !robbed.contains(id));
    }
    Ok(ids)
}

/// Numbers of the newest threads that have most of a query, as the index has them: what the ledger has taken away
/// within the last second may be among them, so they are for counting, or to be looked up.
pub fn look(app: &App, query: &Query, limit: usize) -> Result<Vec<i64>> {
    let query = widened(app, query);
    ask(app, |index| index.newest_of(&query, true, limit))
}

fn widened(app: &App, query: &Query) -> Query {
    let mut query = query.clone();
    super::synonyms::expand(&mut query, &app.search.synonyms());
    query
}
