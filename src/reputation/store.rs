//! reputation room: the tables of standings and statements, and what the fold remembers between steps.
use super::policy::{Book, Entry, FlagState, Person, PostState, Reason};
use crate::badges::{Measure, Turned};
use crate::db::schema::{point_entries, posts, standings, threads};
use crate::db::{Conn, DbResult, zero};
use crate::kernel::ids::{EventId, FlagId, PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable, Text};
use std::collections::HashSet;
use std::fmt::{Display, Write};

/// Rows of one statement: enough to make its cost per row that of the row, few enough for any parser.
const ROWS_PER_STATEMENT: usize = 500;

/// The tables a fold writes: the living ones, or a replay's scratch of the same shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables {
    pub standings: &'static str,
    pub measures: &'static str,
    pub post_standings: &'static str,
    pub flag_standings: &'static str,
    pub point_entries: &'static str,
    pub badge_awards: &'static str,
}

pub(super) const LIVING: Tables = Tables {
    standings: "standings",
    measures: "measures",
    post_standings: "post_standings",
    flag_standings: "flag_standings",
    point_entries: "point_entries",
    badge_awards: "badge_awards",
};

/// What a profile shows at its head.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Queryable, serde::Serialize)]
pub struct Standing {
    pub points: i64,
    /// Questions that are there.
    pub question_count: i64,
    /// Answers that are there.
    pub answer_count: i64,
    /// Of those, the ones someone else accepted.
    pub accepted_count: i64,
}

/// One line of somebody's statement, with what its page needs.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct PointLine {
    /// The cursor for keyset paging.
    pub id: i64,
    pub event: EventId,
    /// One of [`super::Reason`], as stored.
    pub reason: String,
    pub points: i64,
    pub thread: Option<ThreadId>,
    pub post: Option<PostId>,
    pub at: Moment,
    /// Of the thread: address and title, absent when the thread is no longer there to be seen.
    pub slug: Option<String>,
    pub title: Option<String>,
    /// Of the post: still there (with `slug`, it can be linked to).
    pub post_removed: Option<i16>,
}

/// How `user` stands; all zero for who has done nothing yet.
pub fn standing(conn: &mut Conn, user: UserId) -> DbResult<Standing> {
    Ok(standings::table
        .find(user)
        .select((
            standings::points,
            standings::question_count,
            standings::answer_count,
            standings::accepted_count,
        ))
        .first(conn)
        .optional()?
        .unwrap_or_default())
}

/// The statement of `user`, newest first, from before line `before`. One query. Without the lines that flags gave
/// (`flags`): their time and number in the ledger would tell who flagged what was hidden then.
pub fn points_page(
    conn: &mut Conn,
    user: UserId,
    before: Option<i64>,
    limit: i64,
    flags: bool,
) -> DbResult<Vec<PointLine>> {
    let left_out: Vec<&str> = [Reason::FlagAgreed, Reason::FlagAgreedWithdrawn]
        .into_iter()
        .filter(|_| !flags)
        .map(Reason::as_str)
        .collect();
    Ok(point_entries::table
        .left_join(
            threads::table
                .on(threads::id.nullable().eq(point_entries::thread_id).and(threads::removed.eq(zero()))),
        )
        .left_join(posts::table.on(posts::id.nullable().eq(point_entries::post_id)))
        .filter(point_entries::user_id.eq(user))
        .filter(point_entries::reason.ne_all(left_out))
        .filter(point_entries::id.lt(before.unwrap_or(i64::MAX)))
        .order(point_entries::id.desc())
        .limit(limit)
        .select((
            point_entries::id,
            point_entries::event_id,
            point_entries::reason,
            point_entries::points,
            point_entries::thread_id,
            point_entries::post_id,
            point_entries::created_at,
            threads::slug.nullable(),
            threads::title.nullable(),
            posts::removed.nullable(),
        ))
        .load(conn)?)
}

#[derive(QueryableByName)]
struct PostRow {
    #[diesel(sql_type = BigInt)]
    post_id: PostId,
    #[diesel(sql_type = BigInt)]
    thread_id: ThreadId,
    #[diesel(sql_type = Nullable<BigInt>)]
    author_id: Option<UserId>,
    #[diesel(sql_type = BigInt)]
    up_votes: i64,
    #[diesel(sql_type = BigInt)]
    down_votes: i64,
    #[diesel(sql_type = Bool)]
    deleted: bool,
    #[diesel(sql_type = Bool)]
    hidden: bool,
    #[diesel(sql_type = Bool)]
    credited: bool,
    #[diesel(sql_type = Nullable<BigInt>)]
    accepted_id: Option<PostId>,
    #[diesel(sql_type = Bool)]
    accepting: bool,
}

#[derive(QueryableByName)]
struct FlagRow {
    #[diesel(sql_type = BigInt)]
    flag_id: FlagId,
    #[diesel(sql_type = BigInt)]
    flagger_id: UserId,
    #[diesel(sql_type = Bool)]
    credited: bool,
}

#[derive(QueryableByName)]
struct StandingRow {
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = BigInt)]
    points: i64,
    #[diesel(sql_type = BigInt)]
    question_count: i64,
    #[diesel(sql_type = BigInt)]
    answer_count: i64,
    #[diesel(sql_type = BigInt)]
    accepted_count: i64,
}

#[derive(QueryableByName)]
struct MeasureRow {
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = Text)]
    measure: String,
    #[diesel(sql_type = BigInt)]
    value: i64,
}

/// Runs `each` over the ids in lists short enough for one statement.
fn in_lists<I: Display>(ids: &[I], mut each: impl FnMut(&str) -> DbResult<()>) -> DbResult<()> {
    for ids in ids.chunks(ROWS_PER_STATEMENT) {
        let mut list = String::new();
        for (at, id) in ids.iter().enumerate() {
            let _ = write!(list, "{}{id}", if at == 0 { "" } else { "," });
        }
        each(&list)?;
    }
    Ok(())
}

pub(super) fn load_posts(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[PostId]) -> DbResult<()> {
    in_lists(ids, |list| {
        let sql = format!("SELECT * FROM {} WHERE post_id IN ({list})", tables.post_standings);
        for row in diesel::sql_query(sql).load::<PostRow>(conn)? {
            book.posts.insert(
                row.post_id,
                PostState {
                    thread: row.thread_id,
                    author: row.author_id,
                    up_votes: row.up_votes,
                    down_votes: row.down_votes,
                    deleted: row.deleted,
                    hidden: row.hidden,
                    credited: row.credited,
                    accepted: row.accepted_id,
                    accepting: row.accepting,
                },
            );
        }
        Ok(())
    })
}

pub(super) fn load_flags(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[FlagId]) -> DbResult<()> {
    in_lists(ids, |list| {
        let sql = format!("SELECT * FROM {} WHERE flag_id IN ({list})", tables.flag_standings);
        for row in diesel::sql_query(sql).load::<FlagRow>(conn)? {
            book.flags.insert(row.flag_id, FlagState { flagger: row.flagger_id, credited: row.credited });
        }
        Ok(())
    })
}

pub(super) fn load_people(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[UserId]) -> DbResult<()> {
    in_lists(ids, |list| {
        let sql = format!("SELECT * FROM {} WHERE user_id IN ({list})", tables.standings);
        for row in diesel::sql_query(sql).load::<StandingRow>(conn)? {
            let mut person = Person::with_points(row.points);
            person.set(Measure::Questions, row.question_count);
            person.set(Measure::Answers, row.answer_count);
            person.set(Measure::Solutions, row.accepted_count);
            book.people.insert(row.user_id, person);
        }
        let sql = format!("SELECT * FROM {} WHERE user_id IN ({list})", tables.measures);
        for row in diesel::sql_query(sql).load::<MeasureRow>(conn)? {
            if let Some(measure) = Measure::parse(&row.measure) {
                book.people.entry(row.user_id).or_default().set(measure, row.value);
            }
        }
        Ok(())
    })
}

/// Writes the rows of `values` in statements of at most [`ROWS_PER_STATEMENT`]. Every value is an
/// integer or one of our own words, so the text can be put together; both databases read it alike.
fn write_rows(conn: &mut Conn, head: &str, tail: &str, values: impl Iterator<Item = String>) -> DbResult<()> {
    let mut values = values.peekable();
    while values.peek().is_some() {
        let mut sql = head.to_owned();
        for (at, row) in values.by_ref().take(ROWS_PER_STATEMENT).enumerate() {
            if at > 0 {
                sql.push(',');
            }
            sql.push_str(&row);
        }
        sql.push_str(tail);
        conn.sql(&sql)?;
    }
    Ok(())
}

fn or_null<T: Display>(value: Option<T>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

fn bit(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

/// Where a measure is kept: as a column of the standings, or in a row of its own.
fn has_own_row(measure: Measure) -> bool {
    !matches!(measure, Measure::Questions | Measure::Answers | Measure::Solutions)
}

/// Writes what moved in `book` since it was last saved, and empties its lists of lines and changes.
/// `posts` and `flags` are what the events of this step were about. Tells which badges came and went.
pub(super) fn save(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    posts: &[PostId],
    flags: &[FlagId],
) -> DbResult<Vec<Turned>> {
    let entries = std::mem::take(&mut book.entries);
    let changes = std::mem::take(&mut book.changes);
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (post_id, thread_id, author_id, up_votes, down_votes, deleted, hidden, credited, accepted_id, accepting) VALUES ",
            tables.post_standings
        ),
        " ON CONFLICT (post_id) DO UPDATE SET up_votes = excluded.up_votes, down_votes = excluded.down_votes, \
         deleted = excluded.deleted, hidden = excluded.hidden, credited = excluded.credited, \
         accepted_id = excluded.accepted_id, accepting = excluded.accepting",
        posts.iter().filter_map(|id| book.posts.get(id).map(|state| (id, state))).map(|(id, state)| {
            format!(
                "({id},{},{},{},{},{},{},{},{},{})",
                state.thread,
                or_null(state.author),
                state.up_votes,
                state.down_votes,
                bit(state.deleted),
                bit(state.hidden),
                bit(state.credited),
                or_null(state.accepted),
                bit(state.accepting),
            )
        }),
    )?;
    write_rows(
        conn,
        &format!("INSERT INTO {} (flag_id, flagger_id, credited) VALUES ", tables.flag_standings),
        " ON CONFLICT (flag_id) DO UPDATE SET flagger_id = excluded.flagger_id, credited = excluded.credited",
        flags
            .iter()
            .filter_map(|id| book.flags.get(id).map(|state| (id, state)))
            .map(|(id, state)| format!("({id},{},{})", state.flagger, bit(state.credited))),
    )?;
    let mut seen = HashSet::new();
    let people: Vec<UserId> = entries
        .iter()
        .map(|entry| entry.user)
        .chain(changes.iter().map(|change| change.user))
        .filter(|user| seen.insert(*user))
        .collect();
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (user_id, points, question_count, answer_count, accepted_count) VALUES ",
            tables.standings
        ),
        " ON CONFLICT (user_id) DO UPDATE SET points = excluded.points, question_count = excluded.question_count, \
         answer_count = excluded.answer_count, accepted_count = excluded.accepted_count",
        people.iter().filter_map(|id| book.people.get(id).map(|person| (id, person))).map(|(id, person)| {
            format!(
                "({id},{},{},{},{})",
                person.points,
                person.value(Measure::Questions),
                person.value(Measure::Answers),
                person.value(Measure::Solutions),
            )
        }),
    )?;
    let mut seen = HashSet::new();
    write_rows(
        conn,
        &format!("INSERT INTO {} (user_id, measure, value) VALUES ", tables.measures),
        " ON CONFLICT (user_id, measure) DO UPDATE SET value = excluded.value",
        changes
            .iter()
            .map(|change| (change.user, change.measure))
            .filter(|(user, measure)| has_own_row(*measure) && seen.insert((*user, *measure)))
            .filter_map(|(user, measure)| {
                let value = book.people.get(&user)?.value(measure);
                Some(format!("({user},'{}',{value})", measure.as_str()))
            }),
    )?;
    write_entries(conn, tables, &entries)?;
    crate::badges::settle(conn, tables.badge_awards, &changes)
}

fn write_entries(conn: &mut Conn, tables: Tables, entries: &[Entry]) -> DbResult<()> {
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (user_id, event_id, reason, points, thread_id, post_id, created_at) VALUES ",
            tables.point_entries
        ),
        "",
        entries.iter().map(|entry| {
            format!(
                "({},{},'{}',{},{},{},{})",
                entry.user,
                entry.event,
                entry.reason.as_str(),
                entry.points,
                or_null(entry.thread),
                or_null(entry.post),
                entry.at,
            )
        }),
    )
}
