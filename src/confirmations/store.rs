//! confirmations room: its rows, and their sums.
use crate::db::schema::{confirmation_sums, confirmations};
use crate::db::{Conn, DbResult, Tx, among, made_today};
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use std::collections::HashMap;

/// What a person says of an answer, if anything.
pub fn value(conn: &mut Conn, user: UserId, post: PostId) -> DbResult<Option<bool>> {
    Ok(confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(confirmations::post_id.eq(post))
        .select(confirmations::value)
        .first(conn)
        .optional()?)
}

/// What a person says of these answers.
pub fn own(conn: &mut Conn, user: UserId, posts: &[PostId]) -> DbResult<HashMap<PostId, bool>> {
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(PostId, bool)> = confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(among(confirmations::post_id, posts.iter().copied()))
        .select((confirmations::post_id, confirmations::value))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// How many an answer solved it for, and how many not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    pub solved: i64,
    pub unsolved: i64,
}

/// The sums of these answers; one that nobody said anything of has none.
pub fn sums(conn: &mut Conn, posts: &[PostId]) -> DbResult<HashMap<PostId, Sum>> {
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(PostId, i64, i64)> = confirmation_sums::table
        .filter(among(confirmation_sums::post_id, posts.iter().copied()))
        .select((confirmation_sums::post_id, confirmation_sums::solved, confirmation_sums::unsolved))
        .load(conn)?;
    Ok(rows.into_iter().map(|(post, solved, unsolved)| (post, Sum { solved, unsolved })).collect())
}

/// How often a person has said so within a day, as far as it stands; counted up to the limit.
pub fn today(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<i64> {
    made_today!(conn, confirmations, confirmations::user_id.eq(user), now, limits::CONFIRMATIONS_PER_DAY)
}

pub fn insert(tx: &mut Tx<'_>, user: UserId, thread: ThreadId, post: PostId, value: bool) -> DbResult<()> {
    diesel::insert_into(confirmations::table)
        .values((
            confirmations::user_id.eq(user),
            confirmations::post_id.eq(post),
            confirmations::thread_id.eq(thread),
            confirmations::value.eq(value),
            confirmations::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    count(tx, post, value, 1)
}

pub fn remove(tx: &mut Tx<'_>, user: UserId, post: PostId, value: bool) -> DbResult<()> {
    diesel::delete(
        confirmations::table.filter(confirmations::user_id.eq(user)).filter(confirmations::post_id.eq(post)),
    )
    .execute(tx.conn)?;
    count(tx, post, value, -1)
}

fn count(tx: &mut Tx<'_>, post: PostId, value: bool, change: i64) -> DbResult<()> {
    let (solved, unsolved) = if value { (change, 0) } else { (0, change) };
    let changed = diesel::update(confirmation_sums::table.find(post))
        .set((
            confirmation_sums::solved.eq(confirmation_sums::solved + solved),
            confirmation_sums::unsolved.eq(confirmation_sums::unsolved + unsolved),
        ))
        .execute(tx.conn)?;
    if changed == 0 {
        diesel::insert_into(confirmation_sums::table)
            .values((
                confirmation_sums::post_id.eq(post),
                confirmation_sums::solved.eq(solved),
                confirmation_sums::unsolved.eq(unsolved),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}
