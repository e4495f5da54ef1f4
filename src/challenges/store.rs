//! challenges room: its rows.
use super::Evidence;
use crate::db::schema::{challenges, posts, threads};
use crate::db::{Conn, DbResult, Tx, zero};
use crate::kernel::ids::{ChallengeId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::{DAY, Moment};
use crate::ledger::Fact;
use crate::web::view::Cursor;
use diesel::prelude::*;
use std::collections::HashMap;

const OPEN: &str = "open";
const UPHELD: &str = "upheld";
const WITHDRAWN: &str = "withdrawn";

/// A challenge as its verbs need it.
#[derive(Debug, Clone)]
pub struct Head {
    pub post: PostId,
    pub challenger: UserId,
    pub open: bool,
}

pub fn head(conn: &mut Conn, id: ChallengeId) -> DbResult<Option<Head>> {
    let row: Option<(PostId, UserId, String)> = challenges::table
        .find(id)
        .select((challenges::post_id, challenges::challenger_id, challenges::state))
        .first(conn)
        .optional()?;
    Ok(row.map(|(post, challenger, state)| Head { post, challenger, open: state == OPEN }))
}

/// What this person's open challenge of an answer says.
#[derive(Debug, Clone, Queryable)]
pub struct Own {
    pub id: ChallengeId,
    pub evidence_html: String,
    pub created_at: Moment,
}

pub fn open_by(conn: &mut Conn, post: PostId, challenger: UserId) -> DbResult<Option<Own>> {
    Ok(challenges::table
        .filter(challenges::post_id.eq(post))
        .filter(challenges::challenger_id.eq(challenger))
        .filter(challenges::state.eq(OPEN))
        .select((challenges::id, challenges::evidence_html, challenges::created_at))
        .first(conn)
        .optional()?)
}

/// How many this person challenged within a day, up to the limit; those taken back count too.
pub fn today(conn: &mut Conn, challenger: UserId, now: Moment) -> DbResult<i64> {
    let ids: Vec<ChallengeId> = challenges::table
        .filter(challenges::challenger_id.eq(challenger))
        .filter(challenges::created_at.gt(now.plus(-DAY)))
        .limit(limits::CHALLENGES_PER_DAY)
        .select(challenges::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

pub fn insert(
    tx: &mut Tx<'_>,
    challenger: UserId,
    thread: ThreadId,
    post: PostId,
    evidence: &Evidence,
    instead: Option<PostId>,
) -> DbResult<ChallengeId> {
    Ok(diesel::insert_into(challenges::table)
        .values((
            challenges::thread_id.eq(thread),
            challenges::post_id.eq(post),
            challenges::challenger_id.eq(challenger),
            challenges::evidence_md.eq(&evidence.md),
            challenges::evidence_html.eq(evidence.html.as_str()),
            challenges::instead_id.eq(instead),
            challenges::state.eq(OPEN),
            challenges::created_at.eq(tx.now),
        ))
        .returning(challenges::id)
        .get_result(tx.conn)?)
}

pub fn withdraw(tx: &mut Tx<'_>, id: ChallengeId) -> DbResult<()> {
    diesel::update(challenges::table.find(id)).set(challenges::state.eq(WITHDRAWN)).execute(tx.conn)?;
    Ok(())
}

pub fn decide(tx: &mut Tx<'_>, id: ChallengeId, upheld: bool, by: UserId, note: &str) -> DbResult<()> {
    diesel::update(challenges::table.find(id))
        .set((
            challenges::state.eq(if upheld { UPHELD } else { "rejected" }),
            challenges::decided_by.eq(by),
            challenges::decided_at.eq(tx.now),
            challenges::decision_note.eq(note),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether moderators upheld a challenge of this answer.
pub fn is_superseded(conn: &mut Conn, post: PostId) -> DbResult<bool> {
    let upheld: Option<ChallengeId> = challenges::table
        .filter(challenges::post_id.eq(post))
        .filter(challenges::state.eq(UPHELD))
        .select(challenges::id)
        .first(conn)
        .optional()?;
    Ok(upheld.is_some())
}

/// Why an answer is no solution any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    /// In the words of the moderator who decided it.
    pub note: String,
    /// The answer that is right, if it was named and is there.
    pub instead: Option<PostId>,
}

/// The superseded answers of a thread, as far as a page of it can show them.
pub fn superseded(conn: &mut Conn, thread: ThreadId) -> DbResult<HashMap<PostId, Superseded>> {
    let rows: Vec<(PostId, String, Option<PostId>)> = challenges::table
        .left_join(
            posts::table.on(posts::id.nullable().eq(challenges::instead_id).and(posts::removed.eq(zero()))),
        )
        .filter(challenges::thread_id.eq(thread))
        .filter(challenges::state.eq(UPHELD))
        .order(challenges::id.desc())
        .limit(limits::PAGE_VERDICTS)
        .select((challenges::post_id, challenges::decision_note, posts::id.nullable()))
        .load(conn)?;
    let mut found: HashMap<PostId, Superseded> = HashMap::new();
    for (post, note, instead) in rows {
        // Upheld several times: the newest words, and whichever names what is right.
        let known = found.entry(post).or_insert(Superseded { note, instead });
        known.instead = known.instead.or(instead);
    }
    Ok(found)
}

/// Challenges that wait for a decision, up to the cap that is shown.
pub fn open_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<ChallengeId> = challenges::table
        .filter(challenges::state.eq(OPEN))
        .limit(limits::COUNT_CAP)
        .select(challenges::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

/// A challenge as the queue shows it.
#[derive(Debug, Clone, Queryable)]
pub struct Waiting {
    pub id: ChallengeId,
    pub challenger: UserId,
    pub evidence_html: String,
    pub instead: Option<PostId>,
    pub created_at: Moment,
    pub post: PostId,
    pub author_id: Option<UserId>,
    pub author_name: Option<String>,
    pub body_html: String,
    pub removed: i16,
    pub thread_removed: i16,
    pub title: String,
    pub accepted_answer: Option<PostId>,
    pub asker: Option<UserId>,
}

/// Challenges that wait, oldest first, after the one with this number.
pub fn waiting(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Waiting>, Option<Cursor>)> {
    let rows: Vec<Waiting> = challenges::table
        .inner_join(posts::table.on(posts::id.eq(challenges::post_id)))
        .inner_join(threads::table.on(threads::id.eq(challenges::thread_id)))
        .filter(challenges::state.eq(OPEN))
        .filter(challenges::id.gt(after.map_or(0, |at| at.id)))
        .order(challenges::id)
        .limit(limits::PAGE_ROWS + 1)
        .select((
            challenges::id,
            challenges::challenger_id,
            challenges::evidence_html,
            challenges::instead_id,
            challenges::created_at,
            posts::id,
            posts::author_id,
            posts::author_name,
            posts::body_html,
            posts::removed,
            threads::removed,
            threads::title,
            threads::accepted_answer_id,
            threads::author_id,
        ))
        .load(conn)?;
    Ok(crate::threads::cut(rows, limits::PAGE_ROWS, |row| Cursor { key: 0, id: row.id.0 }))
}

/// Takes back what nobody has decided, and blanks what they wrote: that they challenged, and what was decided, stays.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    let open: Vec<(ChallengeId, ThreadId, PostId)> = challenges::table
        .filter(challenges::challenger_id.eq(user))
        .filter(challenges::state.eq(OPEN))
        .select((challenges::id, challenges::thread_id, challenges::post_id))
        .load(tx.conn)?;
    for (challenge, thread, post) in open {
        withdraw(tx, challenge)?;
        tx.append(Some(user), Fact::ChallengeWithdrawn { thread, post, challenge })?;
    }
    diesel::update(challenges::table.filter(challenges::challenger_id.eq(user)))
        .set((challenges::evidence_md.eq(""), challenges::evidence_html.eq("")))
        .execute(tx.conn)?;
    Ok(())
}
