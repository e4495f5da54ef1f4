//! search room: threads as the index sees them, read from the database in a few statements for many.
use super::document::{ANSWERS_MAX, ThreadDoc};
use super::ranking;
use crate::db::schema::{posts, standings, threads, users};
use crate::db::{Conn, DbResult, among, zero};
use crate::kernel::markdown::plain_text;
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use std::collections::HashMap;

/// Steps from a duplicate to its last master; a longer chain shows the thread for itself.
const CHAIN_MAX: usize = 8;

/// Posts read by one statement, about: bounds memory, whatever threads come together.
const POSTS_AT_ONCE: i64 = 1_000;

/// A visible thread without its texts.
#[derive(Queryable)]
struct Row {
    id: i64,
    title: String,
    tags: String,
    created_at: Moment,
    active_at: Moment,
    answer_count: i64,
    accepted: Option<i64>,
    official: Option<i64>,
    score: i64,
    duplicate_of: Option<i64>,
    author: Option<(String, Option<Moment>)>,
}

macro_rules! rows {
    () => {
        threads::table
            .left_join(users::table.on(users::id.nullable().eq(threads::author_id)))
            .filter(threads::removed.eq(zero()))
            .select((
                threads::id,
                threads::title,
                threads::tags,
                threads::created_at,
                threads::active_at,
                threads::answer_count,
                threads::accepted_answer_id,
                threads::official_answer_id,
                threads::score,
                threads::duplicate_of,
                (users::username, users::erased_at).nullable(),
            ))
    };
}

/// Those of the threads `ids` that everybody may see; the others are not in the answer.
pub(super) fn by_ids(conn: &mut Conn, ids: &[i64]) -> DbResult<Vec<ThreadDoc>> {
    let rows: Vec<Row> = rows!().filter(threads::id.eq_any(ids)).load(conn)?;
    with_texts(conn, rows)
}

/// The next `limit` visible threads behind number `after`, in the order of their numbers.
pub(super) fn following(conn: &mut Conn, after: i64, limit: i64) -> DbResult<Vec<ThreadDoc>> {
    let rows: Vec<Row> = rows!().filter(threads::id.gt(after)).order(threads::id).limit(limit).load(conn)?;
    with_texts(conn, rows)
}

struct Post {
    id: i64,
    thread: i64,
    html: String,
}

fn with_texts(conn: &mut Conn, mut rows: Vec<Row>) -> DbResult<Vec<ThreadDoc>> {
    to_last_masters(conn, &mut rows)?;
    let mut docs = Vec::with_capacity(rows.len());
    let mut group: Vec<Row> = Vec::new();
    let mut expected = 0;
    for row in rows {
        let posts = row.answer_count.saturating_add(1);
        if row.answer_count > ANSWERS_MAX as i64 {
            let texts = of_a_long_thread(conn, &row)?;
            docs.push(document(row, texts));
            continue;
        }
        if expected + posts > POSTS_AT_ONCE && !group.is_empty() {
            finish(conn, std::mem::take(&mut group), &mut docs)?;
            expected = 0;
        }
        expected += posts;
        group.push(row);
    }
    finish(conn, group, &mut docs)?;
    docs.sort_unstable_by_key(|doc| doc.thread_id);
    with_authority(conn, &mut docs)?;
    Ok(docs)
}

/// A master may be a duplicate itself by now: each row gets the end of its chain.
fn to_last_masters(conn: &mut Conn, rows: &mut [Row]) -> DbResult<()> {
    for _ in 0..CHAIN_MAX {
        let masters: Vec<i64> = rows.iter().filter_map(|row| row.duplicate_of).collect();
        if masters.is_empty() {
            return Ok(());
        }
        let further: HashMap<i64, Option<i64>> = threads::table
            .filter(among(threads::id, masters))
            .filter(threads::duplicate_of.is_not_null())
            .select((threads::id, threads::duplicate_of))
            .load::<(i64, Option<i64>)>(conn)?
            .into_iter()
            .collect();
        if further.is_empty() {
            return Ok(());
        }
        for row in rows.iter_mut() {
            let next = row.duplicate_of.and_then(|master| further.get(&master).copied().flatten());
            row.duplicate_of = next.or(row.duplicate_of);
        }
    }
    rows.iter_mut().for_each(|row| row.duplicate_of = None);
    Ok(())
}

/// Weighs each solution by its author's authority. It is no part of a document's fingerprint: a thread
/// keeps the weight of the day on which it was indexed until it changes or the index is built anew.
fn with_authority(conn: &mut Conn, docs: &mut [ThreadDoc]) -> DbResult<()> {
    let solutions: Vec<i64> = docs.iter().filter_map(|doc| doc.solution_post_id).collect();
    if solutions.is_empty() {
        return Ok(());
    }
    let bounds: HashMap<i64, i64> = posts::table
        .inner_join(standings::table.on(standings::user_id.nullable().eq(posts::author_id)))
        .filter(among(posts::id, solutions))
        .select((posts::id, standings::authority))
        .load::<(i64, i64)>(conn)?
        .into_iter()
        .collect();
    for doc in docs {
        let own = doc.solution_post_id.and_then(|post| bounds.get(&post));
        doc.authority = own.map_or(0, |bound| ranking::authority(*bound));
    }
    Ok(())
}

fn finish(conn: &mut Conn, rows: Vec<Row>, docs: &mut Vec<ThreadDoc>) -> DbResult<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = rows.iter().map(|row| row.id).collect();
    let found: Vec<(i64, i64, String)> = posts::table
        .filter(posts::thread_id.eq_any(&ids))
        .filter(posts::kind.eq_any(["question", "answer"]))
        .filter(posts::removed.eq(zero()))
        .select((posts::id, posts::thread_id, posts::body_html))
        .load(conn)?;
    let mut texts: HashMap<i64, Vec<Post>> = HashMap::with_capacity(rows.len());
    for (id, thread, html) in found {
        texts.entry(thread).or_default().push(Post { id, thread, html });
    }
    for row in rows {
        let own = texts.remove(&row.id).unwrap_or_default();
        docs.push(document(row, own));
    }
    Ok(())
}

/// The question, the first answers and the solution of a thread with more answers than are indexed.
fn of_a_long_thread(conn: &mut Conn, row: &Row) -> DbResult<Vec<Post>> {
    let columns = (posts::id, posts::thread_id, posts::body_html);
    let mut found: Vec<(i64, i64, String)> = posts::table
        .filter(posts::thread_id.eq(row.id))
        .filter(posts::kind.eq("answer"))
        .filter(posts::removed.eq(zero()))
        .order(posts::id)
        .limit(ANSWERS_MAX as i64)
        .select(columns)
        .load(conn)?;
    let others: Vec<i64> = [Some(row.id), row.accepted, row.official]
        .into_iter()
        .flatten()
        .filter(|id| !found.iter().any(|(known, ..)| known == id))
        .collect();
    let more: Vec<(i64, i64, String)> = posts::table
        .filter(posts::id.eq_any(others))
        .filter(posts::removed.eq(zero()))
        .select(columns)
        .load(conn)?;
    found.extend(more);
    Ok(found.into_iter().map(|(id, thread, html)| Post { id, thread, html }).collect())
}

/// The accepted answer is the solution, else the newest official one; both only while they can be seen.
fn document(row: Row, mut posts: Vec<Post>) -> ThreadDoc {
    posts.retain(|post| post.thread == row.id);
    posts.sort_unstable_by_key(|post| post.id);
    let seen = |id: &i64| posts.iter().any(|post| post.id == *id);
    let official = row.official.filter(seen);
    let solution = row.accepted.filter(seen).or(official);
    let mut doc = ThreadDoc {
        thread_id: row.id,
        title: row.title,
        solution_post_id: solution,
        tags: row.tags.split_whitespace().map(str::to_owned).collect(),
        author: row.author.filter(|(_, erased)| erased.is_none()).map(|(username, _)| username),
        solved: row.accepted.is_some(),
        official: official.is_some(),
        answer_count: row.answer_count,
        score: row.score,
        created_at_us: row.created_at.0,
        active_at_us: row.active_at.0,
        duplicate_of: row.duplicate_of,
        ..ThreadDoc::default()
    };
    for post in posts {
        let text = plain_text(&post.html);
        if post.id == row.id {
            doc.question = text;
        } else if Some(post.id) == solution {
            doc.solution = Some(text);
        } else if doc.answers.len() < ANSWERS_MAX {
            doc.answers.push(text);
            doc.answer_post_ids.push(post.id);
        }
    }
    doc
}
