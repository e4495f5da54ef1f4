//! moderation room: its rows, and the joined rows its pages show.
use super::policy::Act;
use crate::db::schema::{duplicate_candidates, flags, moderation_log, posts, suspensions, threads};
use crate::db::{Conn, DbResult, Tx, among, zero};
use crate::kernel::ids::{CandidateId, FlagId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::web::view::Cursor;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashMap;

/// One line of the moderation log, before it has a number.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub act: Act,
    pub thread: Option<ThreadId>,
    pub post: Option<PostId>,
    pub user: Option<UserId>,
    pub reason: &'a str,
}

pub fn insert_entry(tx: &mut Tx<'_>, actor: UserId, entry: &Entry<'_>) -> DbResult<()> {
    diesel::insert_into(moderation_log::table)
        .values((
            moderation_log::actor_id.eq(actor),
            moderation_log::act.eq(entry.act.as_str()),
            moderation_log::thread_id.eq(entry.thread.map(|t| t.0)),
            moderation_log::post_id.eq(entry.post.map(|p| p.0)),
            moderation_log::user_id.eq(entry.user.map(|u| u.0)),
            moderation_log::reason.eq(entry.reason),
            moderation_log::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// What a post is, for pages that name it.
#[derive(Debug, Clone, Queryable)]
pub struct Target {
    pub kind: String,
    pub thread: ThreadId,
    pub slug: String,
    pub title: String,
    pub author_id: Option<UserId>,
    pub author_name: Option<String>,
    pub body_html: String,
}

pub fn target(conn: &mut Conn, post: PostId) -> DbResult<Option<Target>> {
    Ok(posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::id.eq(post))
        .select((
            posts::kind,
            posts::thread_id,
            threads::slug,
            threads::title,
            posts::author_id,
            posts::author_name,
            posts::body_html,
        ))
        .first(conn)
        .optional()?)
}

/// Whether this person flagged this post, decided or not.
pub fn has_flagged(conn: &mut Conn, post: PostId, flagger: UserId) -> DbResult<bool> {
    let flag: Option<FlagId> = flags::table
        .filter(flags::post_id.eq(post))
        .filter(flags::flagger_id.eq(flagger))
        .select(flags::id)
        .first(conn)
        .optional()?;
    Ok(flag.is_some())
}

pub fn insert_flag(
    tx: &mut Tx<'_>,
    post: PostId,
    flagger: UserId,
    reason: &str,
    note: &str,
) -> DbResult<FlagId> {
    Ok(diesel::insert_into(flags::table)
        .values((
            flags::post_id.eq(post),
            flags::flagger_id.eq(flagger),
            flags::reason.eq(reason),
            flags::note.eq(note),
            flags::created_at.eq(tx.now),
        ))
        .returning(flags::id)
        .get_result(tx.conn)?)
}

#[derive(Debug, Clone, Queryable)]
pub struct FlagHead {
    pub post: PostId,
    pub flagger: UserId,
    pub decision: Option<String>,
}

pub fn flag_head(conn: &mut Conn, flag: FlagId) -> DbResult<Option<FlagHead>> {
    Ok(flags::table
        .find(flag)
        .select((flags::post_id, flags::flagger_id, flags::decision))
        .first(conn)
        .optional()?)
}

pub fn decide_flag(tx: &mut Tx<'_>, flag: FlagId, agreed: bool, decider: UserId) -> DbResult<()> {
    diesel::update(flags::table.find(flag))
        .set((
            flags::decision.eq(if agreed { "agreed" } else { "declined" }),
            flags::decided_by.eq(decider),
            flags::decided_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// A flag as the queue shows it.
#[derive(Debug, Clone, Queryable)]
pub struct OpenFlag {
    pub id: FlagId,
    pub post: PostId,
    pub flagger: UserId,
    pub reason: String,
    pub note: String,
    pub created_at: Moment,
    pub kind: String,
    pub author_id: Option<UserId>,
    pub author_name: Option<String>,
    pub body_html: String,
    pub removed: i16,
    pub thread_removed: i16,
    pub title: String,
}

/// Flags that wait, oldest first, after the flag with this number.
pub fn open_flags(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<OpenFlag>, Option<Cursor>)> {
    let rows: Vec<OpenFlag> = flags::table
        .inner_join(posts::table.on(posts::id.eq(flags::post_id)))
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(flags::decision.is_null())
        .filter(flags::id.gt(after.map_or(0, |at| at.id)))
        .order(flags::id)
        .limit(limits::PAGE_ROWS + 1)
        .select((
            flags::id,
            flags::post_id,
            flags::flagger_id,
            flags::reason,
            flags::note,
            flags::created_at,
            posts::kind,
            posts::author_id,
            posts::author_name,
            posts::body_html,
            posts::removed,
            threads::removed,
            threads::title,
        ))
        .load(conn)?;
    Ok(cut(rows, |row| Cursor { key: 0, id: row.id.0 }))
}

/// How many flags wait on each of these posts; those beyond [`limits::COUNT_CAP`] per page row are not counted.
pub fn open_flags_on(conn: &mut Conn, ids: &[PostId]) -> DbResult<HashMap<PostId, i64>> {
    let rows: Vec<PostId> = flags::table
        .filter(among(flags::post_id, ids.iter().copied()))
        .filter(flags::decision.is_null())
        .limit(limits::COUNT_CAP * limits::PAGE_ROWS)
        .select(flags::post_id)
        .load(conn)?;
    let mut counts = HashMap::new();
    for post in rows {
        *counts.entry(post).or_insert(0) += 1;
    }
    Ok(counts)
}

/// Lays a pair before moderators, unless it was before them already, whichever of the two came first.
pub fn propose(tx: &mut Tx<'_>, thread: ThreadId, candidate: ThreadId, likelihood: u16) -> DbResult<()> {
    let pair = |a: ThreadId, b: ThreadId| {
        duplicate_candidates::thread_id.eq(a).and(duplicate_candidates::candidate_id.eq(b))
    };
    let known: Option<CandidateId> = duplicate_candidates::table
        .filter(pair(thread, candidate).or(pair(candidate, thread)))
        .select(duplicate_candidates::id)
        .first(tx.conn)
        .optional()?;
    if known.is_some() {
        return Ok(());
    }
    diesel::insert_into(duplicate_candidates::table)
        .values((
            duplicate_candidates::thread_id.eq(thread),
            duplicate_candidates::candidate_id.eq(candidate),
            duplicate_candidates::likelihood.eq(i64::from(likelihood)),
            duplicate_candidates::state.eq("open"),
            duplicate_candidates::found_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The thread of a proposed pair, and whether it still waits for a decision.
pub fn candidate(conn: &mut Conn, id: CandidateId) -> DbResult<Option<(ThreadId, bool)>> {
    let row: Option<(ThreadId, String)> = duplicate_candidates::table
        .find(id)
        .select((duplicate_candidates::thread_id, duplicate_candidates::state))
        .first(conn)
        .optional()?;
    Ok(row.map(|(thread, state)| (thread, state == "open")))
}

pub fn dismiss_candidate(tx: &mut Tx<'_>, id: CandidateId, by: UserId) -> DbResult<()> {
    diesel::update(duplicate_candidates::table.find(id))
        .set((
            duplicate_candidates::state.eq("dismissed"),
            duplicate_candidates::decided_by.eq(by),
            duplicate_candidates::decided_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The pair was right, if it was proposed.
pub fn confirm_candidate(tx: &mut Tx<'_>, thread: ThreadId, of: ThreadId, by: UserId) -> DbResult<()> {
    diesel::update(
        duplicate_candidates::table
            .filter(duplicate_candidates::thread_id.eq(thread))
            .filter(duplicate_candidates::candidate_id.eq(of)),
    )
    .set((
        duplicate_candidates::state.eq("confirmed"),
        duplicate_candidates::decided_by.eq(by),
        duplicate_candidates::decided_at.eq(tx.now),
    ))
    .execute(tx.conn)?;
    Ok(())
}

/// A pair as the queue shows it.
#[derive(Debug, Clone, Queryable)]
pub struct Candidate {
    pub id: CandidateId,
    pub likelihood: i64,
    pub thread: Side,
    pub of: Side,
}

/// One of the two threads.
#[derive(Debug, Clone, Queryable)]
pub struct Side {
    pub id: ThreadId,
    pub slug: String,
    pub title: String,
    pub excerpt: String,
    pub created_at: Moment,
    pub answer_count: i64,
    pub accepted: Option<PostId>,
}

diesel::alias!(threads as masters: Masters);

/// Pairs that wait, the likeliest first. One of which either thread is gone, locked or closed already waits no more.
pub fn open_candidates(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Candidate>, Option<Cursor>)> {
    let mut query = duplicate_candidates::table
        .inner_join(threads::table.on(threads::id.eq(duplicate_candidates::thread_id)))
        .inner_join(masters.on(masters.field(threads::id).eq(duplicate_candidates::candidate_id)))
        .filter(duplicate_candidates::state.eq("open"))
        .filter(threads::removed.eq(zero()))
        .filter(threads::duplicate_of.is_null())
        .filter(threads::locked.eq(false))
        .filter(masters.field(threads::removed).eq(0))
        .filter(masters.field(threads::duplicate_of).is_null())
        .filter(masters.field(threads::locked).eq(false))
        .select((
            duplicate_candidates::id,
            duplicate_candidates::likelihood,
            (
                threads::id,
                threads::slug,
                threads::title,
                threads::excerpt,
                threads::created_at,
                threads::answer_count,
                threads::accepted_answer_id,
            ),
            masters.fields((
                threads::id,
                threads::slug,
                threads::title,
                threads::excerpt,
                threads::created_at,
                threads::answer_count,
                threads::accepted_answer_id,
            )),
        ))
        .into_boxed();
    if let Some(at) = after {
        query = query
            .filter(duplicate_candidates::likelihood.le(at.key))
            .filter(duplicate_candidates::likelihood.lt(at.key).or(duplicate_candidates::id.lt(at.id)));
    }
    let rows: Vec<Candidate> = query
        .order((duplicate_candidates::likelihood.desc(), duplicate_candidates::id.desc()))
        .limit(limits::PAGE_ROWS + 1)
        .load(conn)?;
    Ok(cut(rows, |row| Cursor { key: row.likelihood, id: row.id.0 }))
}

/// How many of them there are, up to the cap that is shown.
pub fn open_candidate_count(conn: &mut Conn) -> DbResult<i64> {
    let ids: Vec<CandidateId> = duplicate_candidates::table
        .inner_join(threads::table.on(threads::id.eq(duplicate_candidates::thread_id)))
        .inner_join(masters.on(masters.field(threads::id).eq(duplicate_candidates::candidate_id)))
        .filter(duplicate_candidates::state.eq("open"))
        .filter(threads::removed.eq(zero()))
        .filter(threads::duplicate_of.is_null())
        .filter(threads::locked.eq(false))
        .filter(masters.field(threads::removed).eq(0))
        .filter(masters.field(threads::duplicate_of).is_null())
        .filter(masters.field(threads::locked).eq(false))
        .order((duplicate_candidates::likelihood.desc(), duplicate_candidates::id.desc()))
        .limit(limits::COUNT_CAP)
        .select(duplicate_candidates::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

/// What a thread waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    Unanswered,
    Unsolved,
}

/// A thread in the queue.
#[derive(Debug, Clone, Queryable)]
pub struct WaitingThread {
    pub id: ThreadId,
    pub title: String,
    pub slug: String,
    pub tags: String,
    pub author_id: Option<UserId>,
    pub author_name: Option<String>,
    pub created_at: Moment,
    pub answer_count: i64,
    pub me_too_count: i64,
    pub escalated: bool,
}

/// Written out, so that both databases see that the partial indexes hold these threads.
fn waits(what: Waiting) -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>(match what {
        Waiting::Unanswered => {
            "threads.removed = 0 AND threads.answer_count = 0 AND threads.duplicate_of IS NULL"
        }
        Waiting::Unsolved => {
            "threads.removed = 0 AND threads.accepted_answer_id IS NULL AND threads.duplicate_of IS NULL"
        }
    })
}

/// Threads that were asked before `since` and still wait, oldest first.
pub fn waiting(
    conn: &mut Conn,
    what: Waiting,
    since: Moment,
    after: Option<Cursor>,
) -> DbResult<(Vec<WaitingThread>, Option<Cursor>)> {
    let mut query = threads::table
        .inner_join(posts::table.on(posts::id.eq(threads::id)))
        .filter(waits(what))
        .filter(threads::created_at.le(since))
        .select((
            threads::id,
            threads::title,
            threads::slug,
            threads::tags,
            threads::author_id,
            posts::author_name,
            threads::created_at,
            threads::answer_count,
            threads::me_too_count,
            threads::escalated,
        ))
        .into_boxed();
    if let Some(at) = after {
        query = query
            .filter(threads::created_at.ge(at.key))
            .filter(threads::created_at.gt(at.key).or(threads::id.gt(at.id)));
    }
    let rows: Vec<WaitingThread> =
        query.order((threads::created_at, threads::id)).limit(limits::PAGE_ROWS + 1).load(conn)?;
    Ok(cut(rows, |row| Cursor { key: row.created_at.0, id: row.id.0 }))
}

/// How many of them there are, up to the cap that is shown.
pub fn waiting_count(conn: &mut Conn, what: Waiting, since: Moment) -> DbResult<i64> {
    let ids: Vec<ThreadId> = threads::table
        .filter(waits(what))
        .filter(threads::created_at.le(since))
        .order((threads::created_at, threads::id))
        .limit(limits::COUNT_CAP)
        .select(threads::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

fn cut<T>(mut rows: Vec<T>, cursor: impl Fn(&T) -> Cursor) -> (Vec<T>, Option<Cursor>) {
    let limit = usize::try_from(limits::PAGE_ROWS).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(cursor) } else { None };
    (rows, next)
}

#[derive(Debug, Clone, Queryable)]
pub struct Logged {
    pub id: i64,
    pub actor: Option<UserId>,
    pub act: String,
    pub thread: Option<i64>,
    pub post: Option<i64>,
    pub user: Option<i64>,
    pub reason: String,
    pub created_at: Moment,
}

/// The log, newest first.
pub fn log_page(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Logged>, Option<Cursor>)> {
    let rows: Vec<Logged> = moderation_log::table
        .filter(moderation_log::id.lt(after.map_or(i64::MAX, |at| at.id)))
        .order(moderation_log::id.desc())
        .limit(limits::PAGE_ROWS + 1)
        .select((
            moderation_log::id,
            moderation_log::actor_id,
            moderation_log::act,
            moderation_log::thread_id,
            moderation_log::post_id,
            moderation_log::user_id,
            moderation_log::reason,
            moderation_log::created_at,
        ))
        .load(conn)?;
    Ok(cut(rows, |row| Cursor { key: 0, id: row.id }))
}

/// Slugs and titles of these threads.
pub fn titles_of(conn: &mut Conn, ids: &[ThreadId]) -> DbResult<HashMap<ThreadId, (String, String)>> {
    let rows: Vec<(ThreadId, String, String)> = threads::table
        .filter(among(threads::id, ids.iter().copied()))
        .select((threads::id, threads::slug, threads::title))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, slug, title)| (id, (slug, title))).collect())
}

/// What these posts are: question, answer or comment.
pub fn kinds_of(conn: &mut Conn, ids: &[PostId]) -> DbResult<HashMap<PostId, String>> {
    let rows: Vec<(PostId, String)> = posts::table
        .filter(among(posts::id, ids.iter().copied()))
        .select((posts::id, posts::kind))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

pub fn insert_suspension(
    tx: &mut Tx<'_>,
    user: UserId,
    actor: UserId,
    reason: &str,
    until: Moment,
) -> DbResult<()> {
    diesel::insert_into(suspensions::table)
        .values((
            suspensions::user_id.eq(user),
            suspensions::actor_id.eq(actor),
            suspensions::reason.eq(reason),
            suspensions::created_at.eq(tx.now),
            suspensions::until.eq(until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Blanks why a person was suspended and the notes on their flags. That it was so, and the kind of flag, stay.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    diesel::update(suspensions::table.filter(suspensions::user_id.eq(user)))
        .set(suspensions::reason.eq(""))
        .execute(tx.conn)?;
    let about = [Act::Suspend.as_str(), Act::Unsuspend.as_str()];
    diesel::update(
        moderation_log::table
            .filter(moderation_log::user_id.eq(user.0))
            .filter(moderation_log::act.eq_any(about)),
    )
    .set(moderation_log::reason.eq(""))
    .execute(tx.conn)?;
    diesel::update(flags::table.filter(flags::flagger_id.eq(user)))
        .set(flags::note.eq(""))
        .execute(tx.conn)?;
    Ok(())
}

pub fn lift_suspensions(tx: &mut Tx<'_>, user: UserId, actor: UserId) -> DbResult<()> {
    diesel::update(
        suspensions::table.filter(suspensions::user_id.eq(user)).filter(suspensions::lifted_at.is_null()),
    )
    .set((suspensions::lifted_at.eq(tx.now), suspensions::lifted_by.eq(actor)))
    .execute(tx.conn)?;
    Ok(())
}

/// The suspension that holds at `now`: until when, and why.
pub fn suspension(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<Option<(Moment, String)>> {
    Ok(suspensions::table
        .filter(suspensions::user_id.eq(user))
        .filter(suspensions::lifted_at.is_null())
        .filter(suspensions::until.gt(now))
        .order(suspensions::id.desc())
        .select((suspensions::until, suspensions::reason))
        .first(conn)
        .optional()?)
}

/// Why a thread was locked, in the words of the moderator who did it.
pub fn lock_reason(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<String>> {
    Ok(moderation_log::table
        .filter(moderation_log::thread_id.eq(thread.0))
        .filter(moderation_log::act.eq(Act::Lock.as_str()))
        .order(moderation_log::id.desc())
        .select(moderation_log::reason)
        .first(conn)
        .optional()?)
}
