//! verdicts room: what staff, and members with proven standing in the topic, judge of an answer.
pub mod pages;
mod policy;
mod store;

use crate::accounts::Viewer;
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{PostId, TagId, ThreadId};
use crate::kernel::limits;
use crate::ledger::Fact;
pub use crate::ledger::Verdict;
use crate::reputation;
use crate::threads::{self, Kind, Place, Removed, Standpoint};
pub use store::{Given, of_posts};

/// What judging came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judging {
    /// Also when nothing changed.
    Judged(Place),
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// Whether this person may judge answers of a thread: staff may, moderators, and members whose own answers in one of
/// its topics held.
pub fn may_judge(conn: &mut Conn, viewer: &Viewer, thread: ThreadId) -> DbResult<bool> {
    if policy::judges_by_role(viewer.role) {
        return Ok(true);
    }
    let tags = threads::store::tag_ids(conn, thread)?;
    Ok(policy::is_proven(reputation::authority_in(conn, viewer.id, &tags)?))
}

/// The topics whose answers this person may judge; `None`: all there are.
pub fn topics_judged(conn: &mut Conn, viewer: &Viewer) -> DbResult<Option<Vec<TagId>>> {
    if policy::judges_by_role(viewer.role) {
        return Ok(None);
    }
    let topics = reputation::authority_by_topic(conn, viewer.id)?;
    Ok(Some(topics.into_iter().filter(|(_, of)| policy::is_proven(*of)).map(|(tag, _)| tag).collect()))
}

/// Why this person may not judge this answer, as far as it depends on the answer. For pages.
pub fn problem(at: &Standpoint, kind: Kind, removed: Removed) -> Option<&'static str> {
    policy::problem(at, kind, removed == Removed::No)
}

/// Sets this person's verdict on an answer, with a note that says why, or takes it back (`None`).
pub fn judge(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    post: PostId,
    verdict: Option<Verdict>,
    note: &str,
) -> Result<Judging> {
    let Some((head, at)) = threads::post_seen(tx.conn, Some((viewer.id, viewer.role)), post)? else {
        return Ok(Judging::NotFound);
    };
    if viewer.is_suspended(tx.now) {
        return Ok(Judging::Refused("you-are-suspended"));
    }
    let (thread, author) = (head.thread, head.author);
    let place = Place { thread, slug: head.slug.clone(), post };
    let before = store::verdict(tx.conn, viewer.id, post)?;
    let Some(verdict) = verdict else {
        if before.is_some() {
            store::remove(tx, viewer.id, post)?;
            tx.append(Some(viewer.id), Fact::VerdictWithdrawn { thread, post, author })?;
        }
        return Ok(Judging::Judged(place));
    };
    if before == Some(verdict) {
        return Ok(Judging::Judged(place));
    }
    let there = head.removed == Removed::No && head.thread_removed == Removed::No;
    if let Some(key) = policy::problem(&at, head.kind, there) {
        return Ok(Judging::Refused(key));
    }
    if !may_judge(tx.conn, viewer, thread)? {
        return Ok(Judging::Refused("verdict-not-proven"));
    }
    let limited = !policy::judges_by_role(viewer.role) && before.is_none();
    if limited && store::today(tx.conn, viewer.id, tx.now)? >= limits::VERDICTS_PER_DAY {
        return Ok(Judging::Refused("verdict-too-many"));
    }
    tx.is_new()?;
    let staff = viewer.role.answers_officially();
    let note = note.trim();
    if note.chars().count() > limits::MAX_REASON {
        return Ok(Judging::Refused("reason-too-long"));
    }
    store::set(tx, viewer.id, thread, post, verdict, staff, note)?;
    tx.append(Some(viewer.id), Fact::VerdictGiven { thread, post, author, verdict, staff })?;
    Ok(Judging::Judged(place))
}
