//! worth room: readers by month, and statements.
use super::policy::{Candidate, month_text, solution};
use super::{Statement, Topic};
use crate::db::schema::{
    answer_standings, confirmations, posts, solution_readers, threads, users, worth_statements,
};
use crate::db::{Conn, DbError, DbResult, Tx, among, zero};
use crate::findings::Held;
use crate::kernel::ids::{PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::kernel::money::{self, Rate};
use crate::reputation::Evidence;
use diesel::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fmt::Write;

/// Readers of one thread who wait to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reading {
    pub month: i64,
    pub thread: ThreadId,
    pub member: Option<UserId>,
}

/// Of these threads, each with the answer that is its solution now, and its author.
fn solutions(conn: &mut Conn, ids: &[ThreadId]) -> DbResult<HashMap<ThreadId, Candidate>> {
    type Row = (PostId, ThreadId, Option<UserId>, Option<PostId>, (i64, i64), (bool, bool, bool));
    let rows: Vec<Row> = answer_standings::table
        .inner_join(posts::table.on(posts::id.eq(answer_standings::post_id)))
        .inner_join(threads::table.on(threads::id.eq(answer_standings::thread_id)))
        .filter(among(answer_standings::thread_id, ids.iter().copied()))
        .filter(posts::removed.eq(zero()))
        .filter(threads::removed.eq(zero()))
        .select((
            answer_standings::post_id,
            answer_standings::thread_id,
            posts::author_id,
            threads::accepted_answer_id,
            (answer_standings::evidence_right, answer_standings::evidence_wrong),
            (answer_standings::outdated, answer_standings::superseded, answer_standings::held),
        ))
        .load(conn)?;
    let mut candidates: HashMap<ThreadId, Vec<Candidate>> = HashMap::new();
    for (post, thread, author, accepted, (right, wrong), (outdated, superseded, held)) in rows {
        let Some(author) = author else { continue };
        candidates.entry(thread).or_default().push(Candidate {
            post,
            author,
            accepted: accepted == Some(post),
            evidence: Evidence { right, wrong },
            fallen: outdated || superseded || held,
        });
    }
    Ok(candidates.into_iter().filter_map(|(thread, of)| Some((thread, solution(&of)?))).collect())
}

/// Adds readers to the solutions they read. Who reads their own is no reader.
pub fn add(tx: &mut Tx<'_>, readings: &[(Reading, i64)]) -> DbResult<()> {
    let ids: Vec<ThreadId> = readings.iter().map(|(reading, _)| reading.thread).collect();
    let solutions = solutions(tx.conn, &ids)?;
    let mut sums: BTreeMap<(UserId, i64, PostId), i64> = BTreeMap::new();
    for (reading, n) in readings {
        let Some(solution) = solutions.get(&reading.thread) else { continue };
        if reading.member != Some(solution.author) {
            *sums.entry((solution.author, reading.month, solution.post)).or_default() += n;
        }
    }
    if sums.is_empty() {
        return Ok(());
    }
    // Numbers alone: nothing to escape, and both databases read it alike.
    let mut sql = "INSERT INTO solution_readers (user_id, month, post_id, readers) VALUES ".to_owned();
    for (at, ((user, month, post), n)) in sums.into_iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        let _ = write!(sql, "{comma}({user},{month},{post},{n})");
    }
    sql.push_str(
        " ON CONFLICT (user_id, month, post_id) DO UPDATE SET readers = solution_readers.readers + excluded.readers",
    );
    tx.conn.sql(&sql)
}

/// The first moment of a month and of the next.
fn bounds(month: i64) -> (Moment, Moment) {
    (Moment::of_month(month), Moment::of_month(month + 1))
}

pub fn readers(conn: &mut Conn, user: UserId, month: i64) -> DbResult<i64> {
    let counted: Vec<i64> = solution_readers::table
        .filter(solution_readers::user_id.eq(user))
        .filter(solution_readers::month.eq(month))
        .select(solution_readers::readers)
        .load(conn)?;
    Ok(counted.into_iter().sum())
}

/// Who said in a month that an answer of this person's solved it for them: the answer and who. Without those whose
/// word a finding holds.
pub fn helped(conn: &mut Conn, user: UserId, month: i64, held: &Held) -> DbResult<Vec<(PostId, UserId)>> {
    let (from, to) = bounds(month);
    let rows: Vec<(PostId, UserId)> = confirmations::table
        .inner_join(posts::table.on(posts::id.eq(confirmations::post_id)))
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(posts::author_id.eq(user))
        .filter(posts::kind.eq("answer"))
        .filter(posts::removed.eq(zero()))
        .filter(threads::removed.eq(zero()))
        .filter(confirmations::value)
        .filter(confirmations::created_at.ge(from))
        .filter(confirmations::created_at.lt(to))
        .select((confirmations::post_id, confirmations::user_id))
        .load(conn)?;
    Ok(rows.into_iter().filter(|(post, giver)| !held.holds(user, *giver, *post)).collect())
}

/// Threads of others that accepted an answer of this person's in a month, as far as that still stands.
pub fn threads_solved(conn: &mut Conn, user: UserId, month: i64) -> DbResult<i64> {
    let (from, to) = bounds(month);
    Ok(posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .left_join(answer_standings::table.on(answer_standings::post_id.eq(posts::id)))
        .filter(posts::author_id.eq(user))
        .filter(posts::kind.eq("answer"))
        .filter(posts::removed.eq(zero()))
        .filter(threads::removed.eq(zero()))
        .filter(threads::accepted_answer_id.eq(posts::id.nullable()))
        .filter(threads::accepted_at.ge(from))
        .filter(threads::accepted_at.lt(to))
        .filter(threads::author_id.is_null().or(threads::author_id.ne(user)))
        .filter(answer_standings::post_id.nullable().is_null().or(answer_standings::superseded.eq(false)))
        .count()
        .get_result(conn)?)
}

/// An answer that was read.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Read {
    pub post: PostId,
    pub readers: i64,
    pub title: String,
    pub removed: i16,
    pub thread_removed: i16,
}

/// A person's answers that were read in a month, those most read first.
pub fn read(conn: &mut Conn, user: UserId, month: i64, limit: i64) -> DbResult<Vec<Read>> {
    Ok(solution_readers::table
        .inner_join(posts::table.on(posts::id.eq(solution_readers::post_id)))
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(solution_readers::user_id.eq(user))
        .filter(solution_readers::month.eq(month))
        .order((solution_readers::readers.desc(), solution_readers::post_id))
        .limit(limit)
        .select((
            solution_readers::post_id,
            solution_readers::readers,
            threads::title,
            posts::removed,
            threads::removed,
        ))
        .load(conn)?)
}

/// The same of answers that helped without having been read as a solution.
pub fn unread(conn: &mut Conn, ids: &[PostId]) -> DbResult<Vec<Read>> {
    let rows: Vec<(PostId, String, i16, i16)> = posts::table
        .inner_join(threads::table.on(threads::id.eq(posts::thread_id)))
        .filter(among(posts::id, ids.iter().copied()))
        .order(posts::id)
        .select((posts::id, threads::title, posts::removed, threads::removed))
        .load(conn)?;
    let read =
        |(post, title, removed, thread_removed)| Read { post, readers: 0, title, removed, thread_removed };
    Ok(rows.into_iter().map(read).collect())
}

type Row = (i64, i64, i64, i64, i64, String, String, Moment);

fn shown(
    (month, readers, people_helped, threads_solved, rate, currency, topics, at): Row,
) -> DbResult<Statement> {
    let topics: Vec<Topic> = serde_json::from_str(&topics)
        .map_err(|e| DbError::Refused(format!("the topics of a statement cannot be read: {e}")))?;
    Ok(Statement {
        month,
        readers,
        people_helped,
        threads_solved,
        rate: Rate { per_thousand: rate, currency },
        topics,
        made_at: Some(at),
    })
}

macro_rules! columns {
    () => {
        (
            worth_statements::month,
            worth_statements::readers,
            worth_statements::people_helped,
            worth_statements::threads_solved,
            worth_statements::rate,
            worth_statements::currency,
            worth_statements::topics,
            worth_statements::made_at,
        )
    };
}

/// A statement that was written down.
pub fn stated(conn: &mut Conn, user: UserId, month: i64) -> DbResult<Option<Statement>> {
    let row: Option<Row> =
        worth_statements::table.find((user, month)).select(columns!()).first(conn).optional()?;
    row.map(shown).transpose()
}

/// Months with a statement, the newest first.
pub fn months(conn: &mut Conn, user: UserId, limit: i64) -> DbResult<Vec<i64>> {
    Ok(worth_statements::table
        .filter(worth_statements::user_id.eq(user))
        .order(worth_statements::month.desc())
        .limit(limit)
        .select(worth_statements::month)
        .load(conn)?)
}

/// Whoever has something to be stated of a month and has no statement of it: their answers were read or helped, or
/// solved a thread.
pub fn unstated(conn: &mut Conn, month: i64) -> DbResult<BTreeSet<UserId>> {
    let (from, to) = bounds(month);
    let read: Vec<UserId> = solution_readers::table
        .filter(solution_readers::month.eq(month))
        .select(solution_readers::user_id)
        .distinct()
        .load(conn)?;
    let helped: Vec<Option<UserId>> = confirmations::table
        .inner_join(posts::table.on(posts::id.eq(confirmations::post_id)))
        .filter(confirmations::created_at.ge(from))
        .filter(confirmations::created_at.lt(to))
        .filter(confirmations::value)
        .select(posts::author_id)
        .distinct()
        .load(conn)?;
    let solved: Vec<Option<UserId>> = threads::table
        .inner_join(posts::table.on(threads::accepted_answer_id.eq(posts::id.nullable())))
        .filter(threads::accepted_at.ge(from))
        .filter(threads::accepted_at.lt(to))
        .select(posts::author_id)
        .distinct()
        .load(conn)?;
    let stated: HashSet<UserId> = worth_statements::table
        .filter(worth_statements::month.eq(month))
        .select(worth_statements::user_id)
        .load::<UserId>(conn)?
        .into_iter()
        .collect();
    let all = read.into_iter().chain(helped.into_iter().chain(solved).flatten());
    Ok(all.filter(|user| !stated.contains(user)).collect())
}

/// To whom a statement goes.
#[derive(Debug, Clone, Queryable)]
pub struct Addressee {
    pub user: UserId,
    pub display_name: String,
    pub email: Option<String>,
    pub confirmed: Option<Moment>,
    pub language: String,
    pub suspended_until: Option<Moment>,
}

/// Those of these people who are still here.
pub fn addressees(conn: &mut Conn, ids: &[UserId]) -> DbResult<Vec<Addressee>> {
    Ok(users::table
        .filter(among(users::id, ids.iter().copied()))
        .filter(users::erased_at.is_null())
        .select((
            users::id,
            users::display_name,
            users::email,
            users::email_confirmed_at,
            users::language,
            users::suspended_until,
        ))
        .load(conn)?)
}

pub fn insert(tx: &mut Tx<'_>, user: UserId, statement: &Statement) -> DbResult<()> {
    let topics = serde_json::to_string(&statement.topics)
        .map_err(|e| DbError::Refused(format!("a statement's topics cannot be written: {e}")))?;
    diesel::insert_into(worth_statements::table)
        .values((
            worth_statements::user_id.eq(user),
            worth_statements::month.eq(statement.month),
            worth_statements::readers.eq(statement.readers),
            worth_statements::people_helped.eq(statement.people_helped),
            worth_statements::threads_solved.eq(statement.threads_solved),
            worth_statements::rate.eq(statement.rate.per_thousand),
            worth_statements::currency.eq(&statement.rate.currency),
            worth_statements::topics.eq(topics),
            worth_statements::made_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Drops the statements of somebody who leaves; how many read which answer stays, under a number that leads to nobody.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    diesel::delete(worth_statements::table.filter(worth_statements::user_id.eq(user))).execute(tx.conn)?;
    Ok(())
}

/// For the copy of one's data.
pub fn own_data(conn: &mut Conn, user: UserId) -> DbResult<Value> {
    let rows: Vec<Row> = worth_statements::table
        .filter(worth_statements::user_id.eq(user))
        .order(worth_statements::month)
        .select(columns!())
        .load(conn)?;
    let shown: Vec<Statement> = rows.into_iter().map(shown).collect::<DbResult<_>>()?;
    let read: Vec<(i64, PostId, i64)> = solution_readers::table
        .filter(solution_readers::user_id.eq(user))
        .order((solution_readers::month, solution_readers::post_id))
        .select((solution_readers::month, solution_readers::post_id, solution_readers::readers))
        .load(conn)?;
    Ok(json!({
        "statements": shown.iter().map(|one| json!({
            "month": month_text(one.month), "readers": one.readers, "people_helped": one.people_helped,
            "threads_solved": one.threads_solved, "rate_per_thousand": money::plain(one.rate.per_thousand),
            "currency": one.rate.currency, "value": money::plain(one.value()), "topics": one.topics,
        })).collect::<Vec<_>>(),
        "readers": read.iter().map(|(month, post, readers)| json!({
            "month": month_text(*month), "post": post, "readers": readers,
        })).collect::<Vec<_>>(),
    }))
}
