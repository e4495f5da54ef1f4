//! samples room: its rows.
use super::policy::{Judgement, Settled};
use crate::db::schema::{
    answer_standings, challenges, confirmations, posts, revisions, sample_judgements, samples, thread_tags,
    threads, verdicts, votes,
};
use crate::db::{Conn, DbResult, Tx, among, insert_all, zero};
use crate::kernel::ids::{PostId, SampleId, TagId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::reputation::Evidence;
use diesel::prelude::*;
use std::collections::{HashMap, HashSet};

const OPEN: &str = "open";

/// How many wait, counted up to what may.
pub fn open_count(conn: &mut Conn) -> DbResult<i64> {
    let ids: Vec<SampleId> = samples::table
        .filter(samples::state.eq(OPEN))
        .limit(limits::SAMPLES_OPEN)
        .select(samples::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

/// When a sample was last drawn.
pub fn newest_draw(conn: &mut Conn) -> DbResult<Option<Moment>> {
    Ok(samples::table.order(samples::drawn_at.desc()).select(samples::drawn_at).first(conn).optional()?)
}

/// The highest number a thread has; 0 where there is none.
pub fn highest_thread(conn: &mut Conn) -> DbResult<i64> {
    let highest: Option<i64> =
        threads::table.order(threads::id.desc()).select(threads::id).first(conn).optional()?;
    Ok(highest.unwrap_or(0))
}

/// An accepted answer, and how likely its page says that it is right.
#[derive(Debug, Clone, Copy)]
pub struct Drawn {
    pub post: PostId,
    pub thread: ThreadId,
    pub chance: i64,
}

/// Of these numbers, the threads with an accepted answer that is there and was not drawn since.
pub fn acceptable(conn: &mut Conn, numbers: &[i64], since: Moment) -> DbResult<Vec<Drawn>> {
    let rows: Vec<(PostId, ThreadId, Option<i64>)> = threads::table
        .inner_join(posts::table.on(threads::accepted_answer_id.eq(posts::id.nullable())))
        .left_join(answer_standings::table.on(answer_standings::post_id.eq(posts::id)))
        .filter(among(threads::id, numbers.iter().copied()))
        .filter(threads::removed.eq(zero()))
        .filter(posts::removed.eq(zero()))
        .select((posts::id, threads::id, answer_standings::chance.nullable()))
        .load(conn)?;
    let known: Vec<PostId> = samples::table
        .filter(among(samples::post_id, rows.iter().map(|row| row.0)))
        .filter(samples::drawn_at.gt(since))
        .select(samples::post_id)
        .load(conn)?;
    let unknown = Evidence::default().chance();
    let mut drawn: Vec<Drawn> = rows
        .into_iter()
        .filter(|(post, ..)| !known.contains(post))
        .map(|(post, thread, chance)| Drawn { post, thread, chance: chance.unwrap_or(unknown) })
        .collect();
    // As the numbers came, since only the first may be taken.
    let place = |drawn: &Drawn| numbers.iter().position(|number| *number == drawn.thread.0);
    drawn.sort_by_key(place);
    Ok(drawn)
}

pub fn insert(tx: &mut Tx<'_>, drawn: &[Drawn]) -> DbResult<()> {
    let rows: Vec<_> = drawn
        .iter()
        .map(|one| {
            (
                samples::post_id.eq(one.post),
                samples::thread_id.eq(one.thread),
                samples::chance.eq(one.chance),
                samples::drawn_at.eq(tx.now),
                samples::state.eq(OPEN),
            )
        })
        .collect();
    insert_all!(tx.conn, samples::table, &rows);
    Ok(())
}

/// A sample that waits.
#[derive(Debug, Clone, Queryable)]
pub struct Open {
    pub id: SampleId,
    pub post: PostId,
    pub thread: ThreadId,
    pub title: String,
    pub answer_html: String,
}

/// Samples that wait, the oldest first: those by others, to others' questions, that this person has not judged.
pub fn open(conn: &mut Conn, viewer: UserId, only: Option<SampleId>) -> DbResult<Vec<Open>> {
    let judged: Vec<SampleId> = samples::table
        .inner_join(sample_judgements::table.on(sample_judgements::sample_id.eq(samples::id)))
        .filter(samples::state.eq(OPEN))
        .filter(sample_judgements::user_id.eq(viewer))
        .select(samples::id)
        .load(conn)?;
    let rows: Vec<(Open, Option<UserId>, Option<UserId>)> = samples::table
        .inner_join(posts::table.on(posts::id.eq(samples::post_id)))
        .inner_join(threads::table.on(threads::id.eq(samples::thread_id)))
        .filter(samples::state.eq(OPEN))
        .filter(posts::removed.eq(zero()))
        .filter(threads::removed.eq(zero()))
        .order(samples::id)
        .limit(limits::SAMPLES_OPEN)
        .select((
            (samples::id, samples::post_id, samples::thread_id, threads::title, posts::body_html),
            posts::author_id,
            threads::author_id,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter(|(_, author, asker)| *author != Some(viewer) && *asker != Some(viewer))
        .map(|(open, ..)| open)
        .filter(|open| !judged.contains(&open.id) && only.is_none_or(|only| only == open.id))
        .collect())
}

pub fn tags_of(conn: &mut Conn, threads: &[ThreadId]) -> DbResult<HashMap<ThreadId, Vec<TagId>>> {
    let rows: Vec<(ThreadId, TagId)> = thread_tags::table
        .filter(among(thread_tags::thread_id, threads.iter().copied()))
        .select((thread_tags::thread_id, thread_tags::tag_id))
        .load(conn)?;
    let mut tags: HashMap<ThreadId, Vec<TagId>> = HashMap::new();
    for (thread, tag) in rows {
        tags.entry(thread).or_default().push(tag);
    }
    Ok(tags)
}

/// Of these, the answers this person has had to do with: spoken of them, changed them, called them wrong or decided about
/// that, or written in the same thread. They know what is known of them, or have a stake.
pub fn known_to(conn: &mut Conn, user: UserId, open: &[Open]) -> DbResult<HashSet<PostId>> {
    let mut known: HashSet<PostId> = HashSet::new();
    if open.is_empty() {
        return Ok(known);
    }
    let ids = || open.iter().map(|sample| sample.post);
    let threads = || open.iter().map(|sample| sample.thread);
    let voted = votes::table
        .filter(votes::voter_id.eq(user))
        .filter(among(votes::post_id, ids()))
        .select(votes::post_id);
    known.extend(voted.load::<PostId>(conn)?);
    let confirmed = confirmations::table
        .filter(confirmations::user_id.eq(user))
        .filter(among(confirmations::post_id, ids()))
        .select(confirmations::post_id);
    known.extend(confirmed.load::<PostId>(conn)?);
    let judged = verdicts::table
        .filter(verdicts::user_id.eq(user))
        .filter(among(verdicts::post_id, ids()))
        .select(verdicts::post_id);
    known.extend(judged.load::<PostId>(conn)?);
    let edited = revisions::table
        .filter(among(revisions::post_id, ids()))
        .filter(revisions::editor_id.eq(user))
        .select(revisions::post_id);
    known.extend(edited.load::<PostId>(conn)?);
    let challenged = challenges::table
        .filter(among(challenges::post_id, ids()))
        .filter(challenges::challenger_id.eq(user).or(challenges::decided_by.eq(user).assume_not_null()))
        .select(challenges::post_id);
    known.extend(challenged.load::<PostId>(conn)?);
    let wrote: HashSet<ThreadId> = posts::table
        .filter(among(posts::thread_id, threads()))
        .filter(posts::author_id.eq(user))
        .select(posts::thread_id)
        .load::<ThreadId>(conn)?
        .into_iter()
        .collect();
    known.extend(open.iter().filter(|sample| wrote.contains(&sample.thread)).map(|sample| sample.post));
    Ok(known)
}

pub fn judge(tx: &mut Tx<'_>, id: SampleId, user: UserId, judgement: Judgement) -> DbResult<()> {
    diesel::insert_into(sample_judgements::table)
        .values((
            sample_judgements::sample_id.eq(id),
            sample_judgements::user_id.eq(user),
            sample_judgements::judgement.eq(judgement.as_str()),
            sample_judgements::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn judgements(conn: &mut Conn, id: SampleId) -> DbResult<Vec<Judgement>> {
    let given: Vec<String> = sample_judgements::table
        .filter(sample_judgements::sample_id.eq(id))
        .select(sample_judgements::judgement)
        .load(conn)?;
    Ok(given.iter().filter_map(|text| Judgement::parse(text)).collect())
}

pub fn settle(tx: &mut Tx<'_>, id: SampleId, state: Settled) -> DbResult<()> {
    diesel::update(samples::table.find(id))
        .set((samples::state.eq(state.as_str()), samples::settled_at.eq(tx.now)))
        .execute(tx.conn)?;
    Ok(())
}

/// Samples that wait since before `before`.
pub fn old(conn: &mut Conn, before: Moment) -> DbResult<Vec<SampleId>> {
    Ok(samples::table
        .filter(samples::state.eq(OPEN))
        .filter(samples::drawn_at.lt(before))
        .order(samples::id)
        .limit(limits::SAMPLES_OPEN)
        .select(samples::id)
        .load(conn)?)
}

/// Samples that wait though their answer or thread is gone.
pub fn gone(conn: &mut Conn) -> DbResult<Vec<SampleId>> {
    Ok(samples::table
        .inner_join(posts::table.on(posts::id.eq(samples::post_id)))
        .inner_join(threads::table.on(threads::id.eq(samples::thread_id)))
        .filter(samples::state.eq(OPEN))
        .filter(posts::removed.ne(zero()).or(threads::removed.ne(zero())))
        .select(samples::id)
        .load(conn)?)
}

/// What this person judged of a sample: its answer and thread, now that they may see them.
pub fn judged_by(conn: &mut Conn, user: UserId, id: SampleId) -> DbResult<Option<(PostId, String)>> {
    Ok(sample_judgements::table
        .inner_join(samples::table.on(samples::id.eq(sample_judgements::sample_id)))
        .inner_join(posts::table.on(posts::id.eq(samples::post_id)))
        .inner_join(threads::table.on(threads::id.eq(samples::thread_id)))
        .filter(sample_judgements::sample_id.eq(id))
        .filter(sample_judgements::user_id.eq(user))
        .filter(posts::removed.eq(zero()))
        .filter(threads::removed.eq(zero()))
        .select((posts::id, threads::title))
        .first(conn)
        .optional()?)
}

/// The text of a thread's question.
pub fn question(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<String>> {
    Ok(posts::table.find(thread.question()).select(posts::body_html).first(conn).optional()?)
}

/// How often accepted answers were right, as far as it was judged blind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    pub right: i64,
    pub wrong: i64,
    pub unclear: i64,
    /// Nobody judged them, or they were removed before.
    pub void: i64,
    pub open: i64,
    /// Of those right and wrong: the sum of the chances their pages showed, in thousandths.
    pub chances: i64,
}

impl Estimate {
    pub fn judged(self) -> i64 {
        self.right + self.wrong
    }

    /// Percent that were right, and the interval that holds the true share nine times in ten; `None` without any.
    pub fn share(self) -> Option<(i64, i64, i64)> {
        let judged = self.judged();
        let evidence = Evidence { right: self.right * 1_000, wrong: self.wrong * 1_000 };
        let (low, high) = evidence.interval();
        (judged > 0).then(|| (self.right * 100 / judged, low / 10, high / 10))
    }

    /// Percent that their pages said, on average.
    pub fn said(self) -> Option<i64> {
        (self.judged() > 0).then(|| self.chances / self.judged() / 10)
    }

    /// Enough were judged, and what pages say lies outside the interval.
    pub fn drifts(self) -> bool {
        let Some(((_, low, high), said)) = self.share().zip(self.said()) else { return false };
        self.judged() >= limits::SAMPLES_ENOUGH && !(low..=high).contains(&said)
    }
}

pub fn estimate(conn: &mut Conn, since: Moment) -> DbResult<Estimate> {
    let rows: Vec<(String, i64)> = samples::table
        .filter(samples::drawn_at.gt(since))
        .limit(limits::SAMPLES_READ)
        .select((samples::state, samples::chance))
        .load(conn)?;
    let mut estimate = Estimate::default();
    for (state, chance) in rows {
        match state.as_str() {
            OPEN => estimate.open += 1,
            "right" => {
                estimate.right += 1;
                estimate.chances += chance;
            }
            "wrong" => {
                estimate.wrong += 1;
                estimate.chances += chance;
            }
            "unclear" => estimate.unclear += 1,
            _ => estimate.void += 1,
        }
    }
    Ok(estimate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_estimate_has_an_interval_and_says_when_pages_promise_too_much() {
        let few = Estimate { right: 3, wrong: 1, chances: 4 * 900, ..Estimate::default() };
        let (share, low, high) = few.share().unwrap();
        assert!(share == 75 && low < 50 && high > 85, "{share} {low} {high}");
        assert_eq!(few.said(), Some(90));
        assert!(!few.drifts(), "four say little");
        let many = Estimate { right: 60, wrong: 40, chances: 100 * 900, ..Estimate::default() };
        assert!(many.drifts());
        assert!(!Estimate { chances: 100 * 600, ..many }.drifts());
        assert_eq!(Estimate::default().share(), None);
    }
}
