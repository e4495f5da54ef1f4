//! verdicts room: its rows.
use super::Verdict;
use crate::db::schema::{users, verdicts};
use crate::db::{Conn, DbResult, Tx, among, made_today};
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use std::collections::HashMap;

/// What a person judged of an answer, if anything.
pub fn verdict(conn: &mut Conn, user: UserId, post: PostId) -> DbResult<Option<Verdict>> {
    let text: Option<String> = verdicts::table
        .filter(verdicts::user_id.eq(user))
        .filter(verdicts::post_id.eq(post))
        .select(verdicts::verdict)
        .first(conn)
        .optional()?;
    Ok(text.as_deref().and_then(Verdict::parse))
}

/// A verdict with who gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub user: UserId,
    /// `None` where they left for good.
    pub display_name: Option<String>,
    pub verdict: Verdict,
    pub staff: bool,
    pub note: String,
    pub at: Moment,
}

/// The verdicts on these answers, the newest first, at most [`limits::PAGE_VERDICTS`].
pub fn of_posts(conn: &mut Conn, posts: &[PostId]) -> DbResult<HashMap<PostId, Vec<Given>>> {
    let mut given: HashMap<PostId, Vec<Given>> = HashMap::new();
    if posts.is_empty() {
        return Ok(given);
    }
    type Row = (PostId, UserId, String, Option<Moment>, String, bool, String, Moment);
    let rows: Vec<Row> = verdicts::table
        .inner_join(users::table.on(users::id.eq(verdicts::user_id)))
        .filter(among(verdicts::post_id, posts.iter().copied()))
        .order(verdicts::id.desc())
        .limit(limits::PAGE_VERDICTS)
        .select((
            verdicts::post_id,
            verdicts::user_id,
            users::display_name,
            users::erased_at,
            verdicts::verdict,
            verdicts::staff,
            verdicts::note,
            verdicts::created_at,
        ))
        .load(conn)?;
    for (post, user, name, erased, verdict, staff, note, at) in rows {
        let Some(verdict) = Verdict::parse(&verdict) else { continue };
        let display_name = erased.is_none().then_some(name);
        let row = Given { user, display_name, verdict, staff, note, at };
        given.entry(post).or_default().push(row);
    }
    Ok(given)
}

pub fn set(
    tx: &mut Tx<'_>,
    user: UserId,
    thread: ThreadId,
    post: PostId,
    verdict: Verdict,
    staff: bool,
    note: &str,
) -> DbResult<()> {
    remove(tx, user, post)?;
    diesel::insert_into(verdicts::table)
        .values((
            verdicts::user_id.eq(user),
            verdicts::post_id.eq(post),
            verdicts::thread_id.eq(thread),
            verdicts::verdict.eq(verdict.as_str()),
            verdicts::staff.eq(staff),
            verdicts::note.eq(note),
            verdicts::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn remove(tx: &mut Tx<'_>, user: UserId, post: PostId) -> DbResult<()> {
    diesel::delete(verdicts::table.filter(verdicts::user_id.eq(user)).filter(verdicts::post_id.eq(post)))
        .execute(tx.conn)?;
    Ok(())
}

/// How many verdicts of this person's last day stand, up to the limit.
pub fn today(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<i64> {
    made_today!(conn, verdicts, verdicts::user_id.eq(user), now, limits::VERDICTS_PER_DAY)
}
