//! challenges room: its rows.
use crate::db::schema::{challenges, posts, threads};
use crate::db::{Conn, DbResult, Tx, among, made_today, zero};
use crate::kernel::ids::{ChallengeId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::markdown::Written;
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
use crate::moderation::State;
use crate::web::view::Cursor;
use diesel::prelude::*;
use std::collections::HashMap;

/// A challenge as its verbs need it.
#[derive(Debug, Clone)]
pub struct Head {
    pub post: PostId,
    pub challenger: UserId,
    pub state: State,
}

pub fn head(conn: &mut Conn, id: ChallengeId) -> DbResult<Option<Head>> {
    let row: Option<(PostId, UserId, String)> = challenges::table
        .find(id)
        .select((challenges::post_id, challenges::challenger_id, challenges::state))
        .first(conn)
        .optional()?;
    Ok(row.map(|(post, challenger, state)| Head { post, challenger, state: State::parse(&state) }))
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
        .filter(challenges::state.eq(State::Open.as_str()))
        .select((challenges::id, challenges::evidence_html, challenges::created_at))
        .first(conn)
        .optional()?)
}

/// How many this person challenged within a day, up to the limit; those taken back count too.
pub fn today(conn: &mut Conn, challenger: UserId, now: Moment) -> DbResult<i64> {
    made_today!(conn, challenges, challenges::challenger_id.eq(challenger), now, limits::CHALLENGES_PER_DAY)
}

pub fn insert(
    tx: &mut Tx<'_>,
    challenger: UserId,
    thread: ThreadId,
    post: PostId,
    evidence: &Written,
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
            challenges::state.eq(State::Open.as_str()),
            challenges::created_at.eq(tx.now),
        ))
        .returning(challenges::id)
        .get_result(tx.conn)?)
}

pub fn withdraw(tx: &mut Tx<'_>, id: ChallengeId) -> DbResult<()> {
    diesel::update(challenges::table.find(id))
        .set(challenges::state.eq(State::Withdrawn.as_str()))
        .execute(tx.conn)?;
    Ok(())
}

pub fn decide(tx: &mut Tx<'_>, id: ChallengeId, upheld: bool, by: UserId, note: &str) -> DbResult<()> {
    diesel::update(challenges::table.find(id))
        .set((
            challenges::state.eq(State::decided(upheld).as_str()),
            challenges::decided_by.eq(by),
            challenges::decided_at.eq(tx.now),
            challenges::decision_note.eq(note),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Why an answer is no solution any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Superseded {
    pub challenge: ChallengeId,
    pub decided_at: Option<Moment>,
    /// In the words of the moderator who decided it.
    pub note: String,
    /// The answer that is right, if it was named and is there.
    pub instead: Option<PostId>,
}

/// The superseded answers of a thread, as far as a page of it can show them.
pub fn superseded(conn: &mut Conn, thread: ThreadId) -> DbResult<HashMap<PostId, Superseded>> {
    type Row = (ChallengeId, PostId, Option<Moment>, String, Option<PostId>);
    let rows: Vec<Row> = challenges::table
        .left_join(
            posts::table.on(posts::id.nullable().eq(challenges::instead_id).and(posts::removed.eq(zero()))),
        )
        .filter(challenges::thread_id.eq(thread))
        .filter(challenges::state.eq(State::Upheld.as_str()))
        .order(challenges::id.desc())
        .limit(limits::PAGE_VERDICTS)
        .select((
            challenges::id,
            challenges::post_id,
            challenges::decided_at,
            challenges::decision_note,
            posts::id.nullable(),
        ))
        .load(conn)?;
    let mut found: HashMap<PostId, Superseded> = HashMap::new();
    for (challenge, post, decided_at, note, instead) in rows {
        // Upheld several times: the newest words, and whichever names what is right.
        let known = found.entry(post).or_insert(Superseded { challenge, decided_at, note, instead });
        known.instead = known.instead.or(instead);
    }
    Ok(found)
}

/// Challenges that wait for a decision, up to the cap that is shown.
pub fn open_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<ChallengeId> = challenges::table
        .filter(challenges::state.eq(State::Open.as_str()))
        .limit(limits::COUNT_CAP)
        .select(challenges::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

type Row = (
    (ChallengeId, UserId, String, Option<PostId>, Moment),
    (PostId, Option<UserId>, Option<String>, String, i16),
    (i16, String, Option<PostId>, Option<UserId>),
    (String, Option<UserId>, Option<Moment>, String),
);

/// A challenge with all that is known of it, for those who judge it.
#[derive(Debug, Clone)]
pub struct Matter {
    pub id: ChallengeId,
    pub challenger: UserId,
    pub evidence_html: String,
    pub instead: Option<PostId>,
    pub created_at: Moment,
    pub post: PostId,
    pub author: Option<UserId>,
    pub author_name: Option<String>,
    pub body_html: String,
    pub removed: bool,
    pub title: String,
    pub accepted_answer: Option<PostId>,
    pub asker: Option<UserId>,
    pub state: State,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Moment>,
    pub note: String,
}

fn matter(row: Row) -> Matter {
    let (
        (id, challenger, evidence_html, instead, created_at),
        (post, author, author_name, body_html, removed),
        (thread_removed, title, accepted_answer, asker),
        (state, decided_by, decided_at, note),
    ) = row;
    Matter {
        id,
        challenger,
        evidence_html,
        instead,
        created_at,
        post,
        author,
        author_name,
        body_html,
        removed: removed != 0 || thread_removed != 0,
        title,
        accepted_answer,
        asker,
        state: State::parse(&state),
        decided_by,
        decided_at,
        note,
    }
}

macro_rules! matters {
    () => {
        challenges::table
            .inner_join(posts::table.on(posts::id.eq(challenges::post_id)))
            .inner_join(threads::table.on(threads::id.eq(challenges::thread_id)))
            .select((
                (
                    challenges::id,
                    challenges::challenger_id,
                    challenges::evidence_html,
                    challenges::instead_id,
                    challenges::created_at,
                ),
                (posts::id, posts::author_id, posts::author_name, posts::body_html, posts::removed),
                (threads::removed, threads::title, threads::accepted_answer_id, threads::author_id),
                (
                    challenges::state,
                    challenges::decided_by,
                    challenges::decided_at,
                    challenges::decision_note,
                ),
            ))
    };
}

/// Challenges that wait, oldest first, after the one with this number.
pub fn waiting(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Matter>, Option<Cursor>)> {
    let rows: Vec<Row> = matters!()
        .filter(challenges::state.eq(State::Open.as_str()))
        .filter(challenges::id.gt(after.map_or(0, |at| at.id)))
        .order(challenges::id)
        .limit(limits::PAGE_ROWS + 1)
        .load(conn)?;
    let rows = rows.into_iter().map(matter).collect();
    Ok(crate::threads::cut(rows, limits::PAGE_ROWS, |row: &Matter| Cursor { key: 0, id: row.id.0 }))
}

/// Challenges that were decided, the newest decision first.
pub fn decided(conn: &mut Conn, after: Option<Cursor>) -> DbResult<(Vec<Matter>, Option<Cursor>)> {
    let (key, id) = after.map_or((i64::MAX, i64::MAX), |at| (at.key, at.id));
    let rows: Vec<Row> = matters!()
        .filter(challenges::decided_at.le(Moment(key)))
        .filter(challenges::decided_at.lt(Moment(key)).or(challenges::id.lt(id)))
        .order((challenges::decided_at.desc(), challenges::id.desc()))
        .limit(limits::PAGE_ROWS + 1)
        .load(conn)?;
    let rows = rows.into_iter().map(matter).collect();
    Ok(crate::threads::cut(rows, limits::PAGE_ROWS, |row: &Matter| Cursor {
        key: row.decided_at.map_or(0, |at| at.0),
        id: row.id.0,
    }))
}

/// The challenges with these numbers.
pub fn matters(conn: &mut Conn, ids: &[ChallengeId]) -> DbResult<Vec<Matter>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> = matters!().filter(among(challenges::id, ids.iter().copied())).load(conn)?;
    Ok(rows.into_iter().map(matter).collect())
}

/// Takes back what nobody has decided, and blanks what they wrote: that they challenged, and what was decided, stays.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    let open: Vec<(ChallengeId, ThreadId, PostId)> = challenges::table
        .filter(challenges::challenger_id.eq(user))
        .filter(challenges::state.eq(State::Open.as_str()))
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
