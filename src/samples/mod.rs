//! samples room: accepted answers drawn at random and judged blind, to know how often accepted answers are right.
//!
//! What is known of an answer comes from those who chose to speak of it; this asks about answers nobody chose. Whoever
//! judges sees the question and the answer and nothing else: not who wrote it, what marks it has, or that this very one
//! was picked for anything but chance. What they say measures ([`estimate`]) and moves nobody's standing.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{Conn, DbResult, Tx};
use crate::error::{Error, Result};
use crate::kernel::ids::{SampleId, TagId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::verdicts;
pub use policy::Judgement;
use std::collections::HashSet;
pub use store::{Estimate, estimate};

/// What judging came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judging {
    Judged,
    /// It is settled, gone, or was judged by this person before.
    Over,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// What somebody may judge.
pub enum Reach {
    /// By their role, whatever it is about.
    Everything,
    /// Topics in which their own answers held.
    Topics(HashSet<TagId>),
}

impl Reach {
    pub fn of(conn: &mut Conn, viewer: &Viewer) -> DbResult<Reach> {
        Ok(match verdicts::topics_judged(conn, viewer)? {
            None => Reach::Everything,
            Some(topics) => Reach::Topics(topics.into_iter().collect()),
        })
    }

    pub fn is_nothing(&self) -> bool {
        matches!(self, Reach::Topics(topics) if topics.is_empty())
    }

    fn has(&self, tags: &[TagId]) -> bool {
        match self {
            Reach::Everything => true,
            Reach::Topics(topics) => tags.iter().any(|tag| topics.contains(tag)),
        }
    }
}

/// Draws as many as there is room for among those that wait; how many. `random` gives any number.
///
/// # Errors
/// When the database does not answer, or `random` fails.
pub fn draw(tx: &mut Tx<'_>, random: impl FnMut() -> Result<u64>) -> Result<usize> {
    let room = limits::SAMPLES_OPEN - store::open_count(tx.conn)?;
    let room = usize::try_from(room).unwrap_or(0).min(limits::SAMPLES_PER_DRAW);
    if room == 0 {
        return Ok(0);
    }
    let highest = store::highest_thread(tx.conn)?;
    let since = tx.now.plus(-limits::SAMPLE_AGAIN);
    let mut numbers = policy::Numbers::new(highest, random);
    let mut drawn = Vec::new();
    // Every number is as likely as any other, whether there is an accepted answer behind it or not: so every accepted
    // answer is as likely as any other, and none is counted.
    while drawn.len() < room {
        let some = numbers.next(limits::SAMPLE_NUMBERS)?;
        if some.is_empty() {
            break;
        }
        drawn.extend(store::acceptable(tx.conn, &some, since)?);
    }
    drawn.truncate(room);
    store::insert(tx, &drawn)?;
    Ok(drawn.len())
}

/// [`draw`] once a day, however many nodes ask and however often they start.
pub fn draw_if_due(tx: &mut Tx<'_>) -> Result<usize> {
    let newest = store::newest_draw(tx.conn)?;
    if newest.is_some_and(|at| tx.now.since(at) < limits::SAMPLE_PAUSE) {
        return Ok(0);
    }
    draw(tx, random)
}

/// Random numbers of the operating system, for [`draw`].
pub fn random() -> Result<u64> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|e| Error::Internal(e.to_string()))?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Settles what has waited long enough, and what is gone, with what was said of it: what is wrong is removed more often
/// than what is right, so a word on it must not go with it.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    let old = store::old(tx.conn, tx.now.plus(-limits::SAMPLE_WAITS))?;
    let gone = store::gone(tx.conn)?;
    for waiting in old.into_iter().chain(gone) {
        let given = store::judgements(tx.conn, waiting)?;
        store::settle(tx, waiting, policy::settled_late(&given))?;
    }
    Ok(())
}

/// The next sample this person may judge.
fn next(
    conn: &mut Conn,
    viewer: &Viewer,
    reach: &Reach,
    only: Option<SampleId>,
) -> DbResult<Option<store::Open>> {
    if reach.is_nothing() {
        return Ok(None);
    }
    let open = store::open(conn, viewer.id, only)?;
    let threads: Vec<_> = open.iter().map(|sample| sample.thread).collect();
    let tags = store::tags_of(conn, &threads)?;
    let known = store::known_to(conn, viewer.id, &open)?;
    let none = Vec::new();
    Ok(open
        .into_iter()
        .find(|sample| reach.has(tags.get(&sample.thread).unwrap_or(&none)) && !known.contains(&sample.post)))
}

/// Notes what somebody judges of a sample.
pub fn judge(tx: &mut Tx<'_>, viewer: &Viewer, id: SampleId, judgement: Judgement) -> Result<Judging> {
    if viewer.is_suspended(tx.now) {
        return Ok(Judging::Refused("you-are-suspended"));
    }
    let reach = Reach::of(tx.conn, viewer)?;
    if reach.is_nothing() {
        return Ok(Judging::Refused("sample-not-proven"));
    }
    if next(tx.conn, viewer, &reach, Some(id))?.is_none() {
        return Ok(Judging::Over);
    }
    store::judge(tx, id, viewer.id, judgement)?;
    let given = store::judgements(tx.conn, id)?;
    if let Some(state) = policy::settled(&given) {
        store::settle(tx, id, state)?;
    }
    Ok(Judging::Judged)
}

/// How often accepted answers that were drawn since proved right.
pub fn recent(conn: &mut Conn, now: Moment) -> DbResult<Estimate> {
    estimate(conn, now.plus(-limits::SAMPLE_WINDOW))
}
