//! exchange room: how much of everything there is.
use crate::db::schema::{duplicate_links, events, posts, tags, threads, users, votes};
use crate::db::{Conn, DbResult};
use diesel::prelude::*;
use serde::Serialize;

/// Rows present, whoever may see them: hidden and deleted posts are rows and count. `accepted`
/// counts threads with an accepted answer; `duplicates` known links between threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stats {
    pub people: i64,
    pub questions: i64,
    pub answers: i64,
    pub accepted: i64,
    pub comments: i64,
    pub up_votes: i64,
    pub down_votes: i64,
    pub tags: i64,
    pub duplicates: i64,
    pub events: i64,
}

/// Counts on one connection; begin a snapshot first when numbers must agree under writes.
pub fn stats(conn: &mut Conn) -> DbResult<Stats> {
    let of_kind = |conn: &mut Conn, kind: &str| -> DbResult<i64> {
        Ok(posts::table.filter(posts::kind.eq(kind)).count().get_result(conn)?)
    };
    Ok(Stats {
        people: users::table.count().get_result(conn)?,
        questions: of_kind(conn, "question")?,
        answers: of_kind(conn, "answer")?,
        accepted: threads::table
            .filter(threads::accepted_answer_id.is_not_null())
            .count()
            .get_result(conn)?,
        comments: of_kind(conn, "comment")?,
        up_votes: votes::table.filter(votes::value.eq(1)).count().get_result(conn)?,
        down_votes: votes::table.filter(votes::value.eq(-1)).count().get_result(conn)?,
        tags: tags::table.count().get_result(conn)?,
        duplicates: duplicate_links::table.count().get_result(conn)?,
        events: events::table.count().get_result(conn)?,
    })
}
