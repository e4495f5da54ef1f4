//! reputation room: the tables of standings and statements, and what the fold remembers between steps.
use super::calibration::{BINS, Bin, Table};
use super::evidence::{Authority, Evidence, Outcomes};
use super::policy::{Book, Entry, Pair, PairKey, Person, PostState, Reason, Topic};
use crate::badges::{Measure, Turned};
use crate::db::schema::{answer_standings, point_entries, posts, standings, tags, threads, topic_standings};
use crate::db::{Conn, DbError, DbResult, among, zero};
use crate::kernel::ids::{ChallengeId, EventId, FlagId, PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::{HashMap, HashSet};
use std::fmt::{Display, Write};

/// Rows of one statement: enough to make its cost per row that of the row, few enough for any parser.
const ROWS_PER_STATEMENT: usize = 500;

/// The tables a fold writes: the living ones, or a replay's scratch of the same shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tables {
    pub states: &'static str,
    pub standings: &'static str,
    pub topic_standings: &'static str,
    pub answer_standings: &'static str,
    pub point_entries: &'static str,
    pub badge_awards: &'static str,
}

pub(super) const LIVING: Tables = Tables {
    states: "standing_states",
    standings: "standings",
    topic_standings: "topic_standings",
    answer_standings: "answer_standings",
    point_entries: "point_entries",
    badge_awards: "badge_awards",
};

/// The kinds of rows among the states.
mod kind {
    pub const POST: i64 = 1;
    pub const FLAG: i64 = 2;
    pub const PAIR: i64 = 3;
    pub const PERSON: i64 = 4;
    pub const CHALLENGE: i64 = 5;
    /// The one row says which version of the badges' rules is in force.
    pub const RULES: i64 = 6;
    /// By month and tenth of the scale.
    pub const BIN: i64 = 7;
}

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
    outcome_weight: i64,
    outcome_right: i64,
    outcome_count: i64,
}

impl Standing {
    /// How far their word carries, and what that rests on.
    pub fn authority(&self) -> Authority {
        authority(self.outcome_weight, self.outcome_right, self.outcome_count)
    }
}

fn authority(weight: i64, right: i64, count: i64) -> Authority {
    Outcomes { weight, right, count }.authority()
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
            standings::outcome_weight,
            standings::outcome_right,
            standings::outcome_count,
        ))
        .first(conn)
        .optional()?
        .unwrap_or_default())
}

/// How far the word of `user` carries in the topics `tags`: in the one where it carries farthest.
pub fn authority_in(conn: &mut Conn, user: UserId, tags: &[TagId]) -> DbResult<Authority> {
    let rows: Vec<(i64, i64, i64)> = topic_standings::table
        .filter(topic_standings::user_id.eq(user))
        .filter(among(topic_standings::tag_id, tags.iter().copied()))
        .select((
            topic_standings::outcome_weight,
            topic_standings::outcome_right,
            topic_standings::outcome_count,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(weight, right, count)| authority(weight, right, count))
        .max_by_key(|authority| authority.bound)
        .unwrap_or_default())
}

/// How far the word of `user` carries, in each topic in which it carries at all.
pub fn authority_by_topic(conn: &mut Conn, user: UserId) -> DbResult<Vec<(TagId, Authority)>> {
    let rows: Vec<(TagId, i64, i64, i64)> = topic_standings::table
        .filter(topic_standings::user_id.eq(user))
        .filter(topic_standings::outcome_weight.gt(0))
        .select((
            topic_standings::tag_id,
            topic_standings::outcome_weight,
            topic_standings::outcome_right,
            topic_standings::outcome_count,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(tag, weight, right, count)| (tag, authority(weight, right, count))).collect())
}

/// What is known of these answers: the evidence, and whether what it counts for is held back. One query.
pub fn evidence_of(conn: &mut Conn, posts: &[PostId]) -> DbResult<HashMap<PostId, (Evidence, bool)>> {
    if posts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(PostId, i64, i64, bool)> = answer_standings::table
        .filter(among(answer_standings::post_id, posts.iter().copied()))
        .select((
            answer_standings::post_id,
            answer_standings::evidence_right,
            answer_standings::evidence_wrong,
            answer_standings::held,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(post, right, wrong, held)| (post, (Evidence { right, wrong }, held))).collect())
}

/// The topics in which the word of `user` carries farthest, in that order: name, address and authority.
pub fn topics_of(conn: &mut Conn, user: UserId, limit: i64) -> DbResult<Vec<(String, Authority)>> {
    let rows: Vec<(String, i64, i64, i64)> = topic_standings::table
        .inner_join(tags::table.on(tags::id.eq(topic_standings::tag_id)))
        .filter(topic_standings::user_id.eq(user))
        .filter(topic_standings::outcome_weight.gt(0))
        .order((topic_standings::authority.desc(), topic_standings::tag_id))
        .limit(limit)
        .select((
            tags::name,
            topic_standings::outcome_weight,
            topic_standings::outcome_right,
            topic_standings::outcome_count,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|(name, weight, right, count)| (name, authority(weight, right, count))).collect())
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

/// By which events of findings these people lost points.
pub fn held_from(conn: &mut Conn, users: &[UserId]) -> DbResult<Vec<(UserId, EventId)>> {
    Ok(point_entries::table
        .filter(among(point_entries::user_id, users.iter().copied()))
        .filter(point_entries::reason.eq(Reason::CreditHeld.as_str()))
        .filter(point_entries::points.lt(0))
        .select((point_entries::user_id, point_entries::event_id))
        .load(conn)?)
}

#[derive(QueryableByName)]
struct StateRow {
    #[diesel(sql_type = BigInt)]
    a: i64,
    #[diesel(sql_type = BigInt)]
    b: i64,
    #[diesel(sql_type = Text)]
    data: String,
}

#[derive(QueryableByName)]
struct TopicRow {
    #[diesel(sql_type = BigInt)]
    user_id: UserId,
    #[diesel(sql_type = BigInt)]
    tag_id: TagId,
    #[diesel(sql_type = BigInt)]
    outcome_weight: i64,
    #[diesel(sql_type = BigInt)]
    outcome_right: i64,
    #[diesel(sql_type = BigInt)]
    outcome_count: i64,
    #[diesel(sql_type = BigInt)]
    solution_count: i64,
    #[diesel(sql_type = BigInt)]
    correct_count: i64,
}

/// Runs `each` over the keys in lists short enough for one statement.
fn in_lists<T: Copy>(
    keys: &[T],
    mut write: impl FnMut(&mut String, T),
    mut each: impl FnMut(&str) -> DbResult<()>,
) -> DbResult<()> {
    for keys in keys.chunks(ROWS_PER_STATEMENT) {
        let mut list = String::new();
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                list.push(',');
            }
            write(&mut list, *key);
        }
        each(&list)?;
    }
    Ok(())
}

fn unreadable(error: &serde_json::Error) -> DbError {
    DbError::Refused(format!("a state of the reputation cannot be read: {error}"))
}

/// The states of `kind` with these numbers, one after the other.
fn load_states<T: DeserializeOwned>(
    conn: &mut Conn,
    tables: Tables,
    kind: i64,
    ids: &[i64],
    mut keep: impl FnMut(i64, T),
) -> DbResult<()> {
    in_lists(
        ids,
        |list, id| {
            let _ = write!(list, "{id}");
        },
        |list| {
            let sql = format!(
                "SELECT a, b, data FROM {} WHERE kind = {kind} AND a IN ({list}) AND b = 0",
                tables.states
            );
            for row in diesel::sql_query(sql).load::<StateRow>(conn)? {
                keep(row.a, serde_json::from_str(&row.data).map_err(|e| unreadable(&e))?);
            }
            Ok(())
        },
    )
}

pub(super) fn load_posts(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[PostId]) -> DbResult<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    load_states(conn, tables, kind::POST, &ids, |id, state: PostState| {
        book.posts.insert(PostId(id), state);
    })
}

/// Everything people said of each other's posts, with the posts that somebody said are wrong: for the search of
/// [`super::findings`]. As large as what has been said; nothing of it is kept.
pub fn praise(conn: &mut Conn) -> DbResult<Book> {
    let mut book = Book::default();
    let mut after = (0, 0);
    loop {
        let sql = format!(
            "SELECT a, b, data FROM {} WHERE kind = {} AND (a, b) > ({}, {}) ORDER BY a, b LIMIT {PAIRS_PER_STEP}",
            LIVING.states,
            kind::PAIR,
            after.0,
            after.1
        );
        let rows = diesel::sql_query(sql).load::<StateRow>(conn)?;
        let Some(last) = rows.last() else { break };
        after = (last.a, last.b);
        for row in rows {
            let pair: Pair = serde_json::from_str(&row.data).map_err(|e| unreadable(&e))?;
            if !pair.words.is_empty() {
                book.pairs.insert((UserId(row.a), UserId(row.b)), pair);
            }
        }
    }
    let blamed = |word: &super::policy::Word| word.vote < 0 || word.confirmation < 0;
    let mut posts: Vec<PostId> = book
        .pairs
        .values()
        .flat_map(|pair| pair.words.iter().filter(|(_, word)| blamed(word)).map(|(post, _)| *post))
        .collect();
    posts.sort_unstable();
    posts.dedup();
    load_posts(conn, LIVING, &mut book, &posts)?;
    Ok(book)
}

/// Rows read at once.
const PAIRS_PER_STEP: i64 = 10_000;

pub(super) fn load_flags(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[FlagId]) -> DbResult<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    load_states(conn, tables, kind::FLAG, &ids, |id, state| {
        book.flags.insert(FlagId(id), state);
    })
}

pub(super) fn load_challenges(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    ids: &[ChallengeId],
) -> DbResult<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    load_states(conn, tables, kind::CHALLENGE, &ids, |id, state| {
        book.challenges.insert(ChallengeId(id), state);
    })
}

pub(super) fn load_people(conn: &mut Conn, tables: Tables, book: &mut Book, ids: &[UserId]) -> DbResult<()> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    load_states(conn, tables, kind::PERSON, &ids, |id, person: Person| {
        book.people.insert(UserId(id), person);
    })?;
    let users: Vec<UserId> = ids.iter().map(|id| UserId(*id)).collect();
    for user in &users {
        book.held.insert(*user, Vec::new());
    }
    for (user, held) in crate::badges::load_held(conn, tables.badge_awards, &users)? {
        book.held.entry(user).or_default().push(held);
    }
    Ok(())
}

/// What was foretold and what came in these months.
pub(super) fn load_bins(conn: &mut Conn, tables: Tables, book: &mut Book, months: &[i64]) -> DbResult<()> {
    in_lists(
        months,
        |list, month| {
            let _ = write!(list, "{month}");
        },
        |list| {
            let sql = format!(
                "SELECT a, b, data FROM {} WHERE kind = {} AND a IN ({list})",
                tables.states,
                kind::BIN
            );
            for row in diesel::sql_query(sql).load::<StateRow>(conn)? {
                let bin: Bin = serde_json::from_str(&row.data).map_err(|e| unreadable(&e))?;
                book.bins.insert((row.a, row.b), bin);
            }
            Ok(())
        },
    )
}

/// What was foretold of answers and what came: over all time, and in the months from `since` on.
pub fn calibration(conn: &mut Conn, since: i64) -> DbResult<(Table, Table)> {
    let sql = format!("SELECT a, b, data FROM {} WHERE kind = {}", LIVING.states, kind::BIN);
    let (mut all, mut recent) = (Table::default(), Table::default());
    for row in diesel::sql_query(sql).load::<StateRow>(conn)? {
        let bin: Bin = serde_json::from_str(&row.data).map_err(|e| unreadable(&e))?;
        all.add(row.b, bin);
        if row.a >= since {
            recent.add(row.b, bin);
        }
    }
    Ok((all, recent))
}

/// The version of the badges' rules in force at the follower's place.
pub(super) fn rules_in_force(conn: &mut Conn, tables: Tables) -> DbResult<i64> {
    let mut version = 0;
    load_states(conn, tables, kind::RULES, &[0], |_, of: i64| version = of)?;
    Ok(version)
}

pub(super) fn put_in_force(conn: &mut Conn, tables: Tables, version: i64) -> DbResult<()> {
    let row = state_row(kind::RULES, 0, 0, &version)?;
    write_states(conn, tables, vec![row])
}

/// The next people who have a standing, after this one.
pub(super) fn people_after(
    conn: &mut Conn,
    tables: Tables,
    after: UserId,
    limit: i64,
) -> DbResult<Vec<UserId>> {
    let sql = format!(
        "SELECT a, b, data FROM {} WHERE kind = {} AND a > {after} ORDER BY a LIMIT {limit}",
        tables.states,
        kind::PERSON
    );
    let rows = diesel::sql_query(sql).load::<StateRow>(conn)?;
    Ok(rows.into_iter().map(|row| UserId(row.a)).collect())
}

/// All topics of these people.
pub(super) fn load_topics_of(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    users: &[UserId],
) -> DbResult<()> {
    topics_where(conn, tables, book, users, "user_id", |list, user| {
        let _ = write!(list, "({user})");
    })
}

pub(super) fn load_pairs(conn: &mut Conn, tables: Tables, book: &mut Book, keys: &[PairKey]) -> DbResult<()> {
    in_lists(
        keys,
        |list, (author, giver)| {
            let _ = write!(list, "({author},{giver})");
        },
        |list| {
            let sql = format!(
                "SELECT a, b, data FROM {} WHERE kind = {} AND (a, b) IN (VALUES {list})",
                tables.states,
                kind::PAIR
            );
            for row in diesel::sql_query(sql).load::<StateRow>(conn)? {
                let pair: Pair = serde_json::from_str(&row.data).map_err(|e| unreadable(&e))?;
                book.pairs.insert((UserId(row.a), UserId(row.b)), pair);
            }
            Ok(())
        },
    )
}

/// The pairs in which this person spoke of somebody.
pub(super) fn pairs_of_giver(conn: &mut Conn, tables: Tables, giver: UserId) -> DbResult<Vec<PairKey>> {
    let sql = format!("SELECT a, b, data FROM {} WHERE kind = {} AND b = {giver}", tables.states, kind::PAIR);
    let rows = diesel::sql_query(sql).load::<StateRow>(conn)?;
    Ok(rows.into_iter().map(|row| (UserId(row.a), UserId(row.b))).collect())
}

pub(super) fn load_topics(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    keys: &[(UserId, TagId)],
) -> DbResult<()> {
    topics_where(conn, tables, book, keys, "(user_id, tag_id)", |list, (user, tag)| {
        let _ = write!(list, "({user},{tag})");
    })
}

fn topics_where<T: Copy>(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    keys: &[T],
    columns: &str,
    write: impl FnMut(&mut String, T),
) -> DbResult<()> {
    in_lists(keys, write, |list| {
        let sql = format!(
            "SELECT user_id, tag_id, outcome_weight, outcome_right, outcome_count, solution_count, correct_count \
             FROM {} WHERE {columns} IN (VALUES {list})",
            tables.topic_standings
        );
        for row in diesel::sql_query(sql).load::<TopicRow>(conn)? {
            let outcomes =
                Outcomes { weight: row.outcome_weight, right: row.outcome_right, count: row.outcome_count };
            let topic = Topic {
                outcomes,
                solutions: row.solution_count,
                correct: row.correct_count,
                authority: outcomes.authority().bound,
                resolved: outcomes.count,
            };
            book.topics.insert((row.user_id, row.tag_id), topic);
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

/// A state as a row. Its text holds numbers, names of fields and of verdicts alone: nothing to escape.
fn state_row(kind: i64, a: i64, b: i64, state: &impl Serialize) -> DbResult<String> {
    let data = serde_json::to_string(state).map_err(|e| unreadable(&e))?;
    debug_assert!(!data.contains('\''));
    Ok(format!("({kind},{a},{b},'{data}')"))
}

fn write_states(conn: &mut Conn, tables: Tables, rows: Vec<String>) -> DbResult<()> {
    write_rows(
        conn,
        &format!("INSERT INTO {} (kind, a, b, data) VALUES ", tables.states),
        " ON CONFLICT (kind, a, b) DO UPDATE SET data = excluded.data",
        rows.into_iter(),
    )
}

/// What the events of a step were about: whose states have to be written.
#[derive(Debug, Default)]
pub(super) struct Step {
    pub posts: Vec<PostId>,
    pub flags: Vec<FlagId>,
    pub challenges: Vec<ChallengeId>,
    pub pairs: Vec<PairKey>,
    pub people: Vec<UserId>,
    pub topics: Vec<(UserId, TagId)>,
    /// Months in which somebody spoke.
    pub months: Vec<i64>,
}

/// Writes what moved in `book` since it was last saved, and empties its lists of lines and changes.
/// Tells which badges came and went.
pub(super) fn save(conn: &mut Conn, tables: Tables, book: &mut Book, step: &Step) -> DbResult<Vec<Turned>> {
    let entries = std::mem::take(&mut book.entries);
    let changes = std::mem::take(&mut book.changes);
    let mut rows = Vec::new();
    for id in &step.posts {
        if let Some(state) = book.posts.get(id) {
            rows.push(state_row(kind::POST, id.0, 0, state)?);
        }
    }
    for id in &step.flags {
        if let Some(state) = book.flags.get(id) {
            rows.push(state_row(kind::FLAG, id.0, 0, state)?);
        }
    }
    for id in &step.challenges {
        if let Some(state) = book.challenges.get(id) {
            rows.push(state_row(kind::CHALLENGE, id.0, 0, state)?);
        }
    }
    for key in &step.pairs {
        // One that never had anything has no row.
        if let Some(pair) = book.pairs.get(key) {
            rows.push(state_row(kind::PAIR, key.0.0, key.1.0, &pair.sorted())?);
        }
    }
    for id in &step.people {
        if let Some(person) = book.people.get(id) {
            rows.push(state_row(kind::PERSON, id.0, 0, person)?);
        }
    }
    for month in &step.months {
        for tenth in 0..BINS as i64 {
            if let Some(bin) = book.bins.get(&(*month, tenth)) {
                rows.push(state_row(kind::BIN, *month, tenth, bin)?);
            }
        }
    }
    write_states(conn, tables, rows)?;
    let mut seen = HashSet::new();
    let people: Vec<UserId> = entries
        .iter()
        .map(|entry| entry.user)
        .chain(changes.iter().map(|change| change.user))
        .chain(step.people.iter().copied())
        .filter(|user| user.0 != 0 && seen.insert(*user))
        .collect();
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (user_id, points, question_count, answer_count, accepted_count, outcome_weight, \
             outcome_right, outcome_count, authority) VALUES ",
            tables.standings
        ),
        " ON CONFLICT (user_id) DO UPDATE SET points = excluded.points, question_count = excluded.question_count, \
         answer_count = excluded.answer_count, accepted_count = excluded.accepted_count, \
         outcome_weight = excluded.outcome_weight, outcome_right = excluded.outcome_right, \
         outcome_count = excluded.outcome_count, authority = excluded.authority",
        people.iter().filter_map(|id| book.people.get(id).map(|person| (id, person))).map(|(id, person)| {
            format!(
                "({id},{},{},{},{},{},{},{},{})",
                person.points,
                person.value(Measure::Questions),
                person.value(Measure::Answers),
                person.value(Measure::Solutions),
                person.outcomes.weight,
                person.outcomes.right,
                person.outcomes.count,
                person.value(Measure::Authority),
            )
        }),
    )?;
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (user_id, tag_id, outcome_weight, outcome_right, outcome_count, solution_count, \
             correct_count, authority) VALUES ",
            tables.topic_standings
        ),
        " ON CONFLICT (user_id, tag_id) DO UPDATE SET outcome_weight = excluded.outcome_weight, \
         outcome_right = excluded.outcome_right, outcome_count = excluded.outcome_count, \
         solution_count = excluded.solution_count, correct_count = excluded.correct_count, \
         authority = excluded.authority",
        step.topics.iter().filter_map(|key| book.topics.get(key).map(|topic| (key, topic))).map(
            |((user, tag), topic)| {
                let Outcomes { weight, right, count } = topic.outcomes;
                format!(
                    "({user},{tag},{weight},{right},{count},{},{},{})",
                    topic.solutions, topic.correct, topic.authority
                )
            },
        ),
    )?;
    write_rows(
        conn,
        &format!(
            "INSERT INTO {} (post_id, thread_id, evidence_right, evidence_wrong, chance, outdated, superseded, \
             changed, held) VALUES ",
            tables.answer_standings
        ),
        " ON CONFLICT (post_id) DO UPDATE SET evidence_right = excluded.evidence_right, \
         evidence_wrong = excluded.evidence_wrong, chance = excluded.chance, outdated = excluded.outdated, \
         superseded = excluded.superseded, changed = excluded.changed, held = excluded.held",
        step.posts
            .iter()
            .filter_map(|id| book.posts.get(id).map(|state| (*id, state)))
            .filter(|(id, state)| *id != state.thread.question())
            .map(|(id, state)| {
                let evidence = book.evidence(state);
                format!(
                    "({id},{},{},{},{},{},{},{},{})",
                    state.thread,
                    evidence.right,
                    evidence.wrong,
                    evidence.chance(),
                    bit(state.outdated()),
                    bit(state.superseded > 0),
                    bit(state.changed()),
                    bit(!state.findings.is_empty()),
                )
            }),
    )?;
    write_entries(conn, tables, &entries)?;
    let turns = std::mem::take(&mut book.turns);
    crate::badges::settle(conn, tables.badge_awards, &turns)?;
    Ok(turns)
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
