//! challenges room: somebody says, with evidence, that an answer is wrong; moderators decide; who relied on it hears.
//!
//! An upheld challenge supersedes the answer: it stays readable, but is no solution any more, and its acceptance is left
//! for the asker to change. What that does to standings is the reputation's; whom it is told to, the notices'.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{ChallengeId, PostId, UserId};
use crate::kernel::markdown::Written;
use crate::ledger::Fact;
use crate::moderation;
pub use crate::moderation::State;
use crate::threads::{self, Done, Kind, Place, PostHead, Removed, Standpoint};
pub use store::{Matter, Superseded, forget, matters, open_count, superseded};

/// What a challenge says, or the key of a message where that is too short, too long or cannot be shown. It renders, which
/// takes its time: before the write, never inside it.
pub fn parse_evidence(text: &str) -> Result<Written, &'static str> {
    policy::parse_evidence(text).map(Written::of)
}

fn place(head: &PostHead, post: PostId) -> Place {
    Place { thread: head.thread, slug: head.slug.clone(), post }
}

fn there(head: &PostHead) -> bool {
    head.removed == Removed::No && head.thread_removed == Removed::No
}

/// Whether this person may challenge a post that is not superseded, whatever they challenged today. For pages.
pub fn may_challenge(at: &Standpoint, kind: Kind, removed: Removed) -> bool {
    at.viewer.is_some() && policy::problem(at, kind, removed == Removed::No, false, 0).is_none()
}

/// Claims that an answer is wrong. `instead`: the answer of the same thread that is right.
pub fn challenge(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    post: PostId,
    evidence: &Written,
    instead: Option<PostId>,
) -> Result<Done> {
    let Some((head, at)) = threads::post_seen(tx.conn, Some((viewer.id, viewer.role)), post)? else {
        return Ok(Done::NotFound);
    };
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    if store::open_by(tx.conn, post, viewer.id)?.is_some() {
        return Ok(Done::Already(place(&head, post)));
    }
    let superseded = threads::is_superseded(tx.conn, post)?;
    let today = store::today(tx.conn, viewer.id, tx.now)?;
    if let Some(key) = policy::problem(&at, head.kind, there(&head), superseded, today) {
        return Ok(Done::Refused(key));
    }
    if let Some(instead) = instead {
        let other = threads::post_head(tx.conn, instead)?;
        let right = other.is_some_and(|other| {
            other.kind == Kind::Answer && other.thread == head.thread && there(&other) && instead != post
        });
        if !right {
            return Ok(Done::Refused("challenge-instead-unknown"));
        }
    }
    tx.is_new()?;
    let thread = head.thread;
    let challenge = store::insert(tx, viewer.id, thread, post, evidence, instead)?;
    tx.append(Some(viewer.id), Fact::AnswerChallenged { thread, post, challenge })?;
    Ok(Done::Done(place(&head, post)))
}

/// The challenger takes it back, as long as nobody has decided it.
pub fn withdraw(tx: &mut Tx<'_>, viewer: &Viewer, id: ChallengeId) -> Result<Done> {
    let Some(known) = store::head(tx.conn, id)?.filter(|known| known.challenger == viewer.id) else {
        return Ok(Done::NotFound);
    };
    // Also of an answer that is gone meanwhile: the challenge is theirs.
    let Some(head) = threads::post_head(tx.conn, known.post)? else { return Ok(Done::NotFound) };
    let here = place(&head, known.post);
    if known.state != State::Open {
        return Ok(Done::Already(here));
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    store::withdraw(tx, id)?;
    let fact = Fact::ChallengeWithdrawn { thread: head.thread, post: known.post, challenge: id };
    tx.append(Some(viewer.id), fact)?;
    Ok(Done::Done(here))
}

/// A moderator decides, and says why; or decides anew, the other way, what was decided before. `seen` is how it stood
/// when they made up their mind: what somebody decided meanwhile is not overturned by a page that does not know of it.
pub fn decide(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    id: ChallengeId,
    seen: State,
    upheld: bool,
    note: &str,
) -> Result<Done> {
    if !viewer.role.moderates() {
        return Ok(Done::NotFound);
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    let Some(known) = store::head(tx.conn, id)? else { return Ok(Done::NotFound) };
    let post = known.post;
    let Some((head, _)) = threads::post_seen(tx.conn, Some((viewer.id, viewer.role)), post)? else {
        return Ok(Done::NotFound);
    };
    let here = place(&head, post);
    if known.state != seen || [State::Withdrawn, State::decided(upheld)].contains(&seen) {
        return Ok(Done::Already(here));
    }
    if let Some(key) = policy::decision_problem(viewer.id, known.challenger, head.author) {
        return Ok(Done::Refused(key));
    }
    store::decide(tx, id, upheld, viewer.id, note)?;
    threads::supersede(tx, post)?;
    moderation::log_challenge(tx, viewer.id, &head, post, upheld, note)?;
    let (thread, author, challenger) = (head.thread, head.author, known.challenger);
    tx.append(
        Some(viewer.id),
        Fact::ChallengeDecided { thread, post, author, challenge: id, challenger, upheld },
    )?;
    Ok(Done::Done(here))
}

/// Whether this person may decide a challenge of that answer.
pub fn may_decide(decider: UserId, challenger: UserId, author: Option<UserId>) -> bool {
    policy::decision_problem(decider, challenger, author).is_none()
}

/// Why an answer cannot be challenged by this person just now, for its page.
fn problem(
    conn: &mut Conn,
    at: &Standpoint,
    head: &PostHead,
    post: PostId,
) -> DbResult<Option<&'static str>> {
    let superseded = threads::is_superseded(conn, post)?;
    Ok(policy::problem(at, head.kind, there(head), superseded, 0))
}
