//! findings room: its rows, and the prints of answers.
use crate::db::schema::{answer_prints, findings, posts};
use crate::db::{Conn, DbResult, Tx, among, insert_all};
use crate::kernel::ids::{FindingId, PostId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::reputation::findings::{Found, Kind};
use diesel::prelude::*;
use std::collections::{BTreeMap, HashMap};

/// A finding as moderators see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub id: FindingId,
    pub kind: Kind,
    pub members: Vec<UserId>,
    pub posts: Vec<PostId>,
    pub pieces: i64,
    pub of: i64,
    /// held, upheld or released.
    pub state: String,
    pub found_at: Moment,
    pub decided_by: Option<UserId>,
    pub decided_at: Option<Moment>,
    pub note: String,
}

type Row =
    (FindingId, String, String, String, i64, i64, String, Moment, Option<UserId>, Option<Moment>, String);

fn numbers<T>(text: &str, make: impl Fn(i64) -> T) -> Vec<T> {
    text.split_whitespace().filter_map(|number| number.parse().ok()).map(make).collect()
}

fn words<T: ToString>(numbers: &[T]) -> String {
    numbers.iter().map(T::to_string).collect::<Vec<_>>().join(" ")
}

fn finding(row: Row) -> Option<Finding> {
    let (id, kind, members, posts, pieces, of, state, found_at, decided_by, decided_at, note) = row;
    let (members, posts) = (numbers(&members, UserId), numbers(&posts, PostId));
    Some(Finding {
        id,
        kind: Kind::parse(&kind)?,
        members,
        posts,
        pieces,
        of,
        state,
        found_at,
        decided_by,
        decided_at,
        note,
    })
}

macro_rules! columns {
    () => {
        (
            findings::id,
            findings::kind,
            findings::members,
            findings::posts,
            findings::pieces,
            findings::of_pieces,
            findings::state,
            findings::found_at,
            findings::decided_by,
            findings::decided_at,
            findings::note,
        )
    };
}

pub fn insert(tx: &mut Tx<'_>, found: &Found, posts: &[PostId]) -> DbResult<FindingId> {
    Ok(diesel::insert_into(findings::table)
        .values((
            findings::kind.eq(found.kind.as_str()),
            findings::members.eq(words(&found.members)),
            findings::posts.eq(words(posts)),
            findings::pieces.eq(found.pieces),
            findings::of_pieces.eq(found.of),
            findings::state.eq("held"),
            findings::found_at.eq(tx.now),
        ))
        .returning(findings::id)
        .get_result(tx.conn)?)
}

pub fn find(conn: &mut Conn, id: FindingId) -> DbResult<Option<Finding>> {
    let row: Option<Row> = findings::table.find(id).select(columns!()).first(conn).optional()?;
    Ok(row.and_then(finding))
}

/// What findings hold just now.
#[derive(Debug, Clone, Default)]
pub struct Held(Vec<(Kind, Vec<UserId>, Vec<PostId>)>);

impl Held {
    /// Whether what `giver` says of a post of `author` counts for nothing.
    pub fn holds(&self, author: UserId, giver: UserId, post: PostId) -> bool {
        self.0.iter().any(|(kind, members, posts)| {
            posts.contains(&post)
                || match members.as_slice() {
                    _ if *kind == Kind::Copies => false,
                    [silenced] => *silenced == giver,
                    several => several.contains(&giver) && several.contains(&author),
                }
        })
    }
}

/// What findings hold just now: there are few of them.
pub fn held_now(conn: &mut Conn) -> DbResult<Held> {
    let rows: Vec<Row> =
        findings::table.filter(findings::state.eq_any(["held", "upheld"])).select(columns!()).load(conn)?;
    let stand = rows.into_iter().filter_map(finding);
    Ok(Held(stand.map(|finding| (finding.kind, finding.members, finding.posts)).collect()))
}

/// The findings with these numbers.
pub fn by_id(conn: &mut Conn, ids: &[FindingId]) -> DbResult<Vec<Finding>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<Row> =
        findings::table.filter(among(findings::id, ids.iter().copied())).select(columns!()).load(conn)?;
    Ok(rows.into_iter().filter_map(finding).collect())
}

/// All there are: what was found before is not found again.
pub fn all(conn: &mut Conn) -> DbResult<Vec<Finding>> {
    let rows: Vec<Row> = findings::table.order(findings::id).select(columns!()).load(conn)?;
    Ok(rows.into_iter().filter_map(finding).collect())
}

/// Those in this state, the newest first, from before `before`.
pub fn page(conn: &mut Conn, state: &str, before: Option<i64>, limit: i64) -> DbResult<Vec<Finding>> {
    let rows: Vec<Row> = findings::table
        .filter(findings::state.eq(state))
        .filter(findings::id.lt(before.unwrap_or(i64::MAX)))
        .order(findings::id.desc())
        .limit(limit)
        .select(columns!())
        .load(conn)?;
    Ok(rows.into_iter().filter_map(finding).collect())
}

/// How many wait for a moderator, counted up to a limit.
pub fn held_count(conn: &mut Conn) -> DbResult<i64> {
    let ids: Vec<FindingId> = findings::table
        .filter(findings::state.eq("held"))
        .limit(limits::COUNT_CAP)
        .select(findings::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

pub fn decide(tx: &mut Tx<'_>, id: FindingId, by: UserId, state: &str, note: &str) -> DbResult<()> {
    diesel::update(findings::table.find(id))
        .set((
            findings::state.eq(state),
            findings::decided_by.eq(by),
            findings::decided_at.eq(tx.now),
            findings::note.eq(note),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The texts of these answers.
pub fn texts(conn: &mut Conn, ids: &[PostId]) -> DbResult<Vec<(PostId, String)>> {
    Ok(posts::table
        .filter(among(posts::id, ids.iter().copied()))
        .filter(posts::kind.eq("answer"))
        .select((posts::id, posts::body_md))
        .load(conn)?)
}

pub fn set_prints(tx: &mut Tx<'_>, prints: &[(PostId, Vec<(i64, i64)>)]) -> DbResult<()> {
    let ids = prints.iter().map(|(post, _)| *post);
    diesel::delete(answer_prints::table.filter(among(answer_prints::post_id, ids))).execute(tx.conn)?;
    let rows: Vec<_> = prints
        .iter()
        .flat_map(|(post, prints)| {
            prints.iter().map(|(print, words)| {
                (
                    answer_prints::post_id.eq(*post),
                    answer_prints::print.eq(*print),
                    answer_prints::words.eq(*words),
                )
            })
        })
        .collect();
    insert_all!(tx.conn, answer_prints::table, &rows);
    Ok(())
}

/// Of these prints, the first answer that has each, and its author.
pub fn firsts(conn: &mut Conn, prints: &[i64]) -> DbResult<HashMap<i64, (PostId, Option<UserId>)>> {
    let rows: Vec<(i64, PostId, Option<UserId>)> = answer_prints::table
        .inner_join(posts::table.on(posts::id.eq(answer_prints::post_id)))
        .filter(among(answer_prints::print, prints.iter().copied()))
        .order((answer_prints::print, answer_prints::post_id))
        .select((answer_prints::print, answer_prints::post_id, posts::author_id))
        .load(conn)?;
    let mut firsts = HashMap::new();
    for (print, post, author) in rows {
        firsts.entry(print).or_insert((post, author));
    }
    Ok(firsts)
}

/// Who wrote these answers.
pub fn authors(conn: &mut Conn, ids: &[PostId]) -> DbResult<BTreeMap<PostId, Option<UserId>>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows: Vec<(PostId, Option<UserId>)> = posts::table
        .filter(among(posts::id, ids.iter().copied()))
        .select((posts::id, posts::author_id))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
