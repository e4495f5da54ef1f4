//! confirmations room: what readers say of an answer: it solved the problem for them, or it did not. One word per
//! person and answer, changed and taken back, counted as long as it stands.
//!
//! The asker accepts instead; this is the word of everybody who came after.
mod policy;
mod store;

use crate::accounts::Viewer;
use crate::db::Tx;
use crate::error::Result;
use crate::kernel::ids::PostId;
use crate::ledger::Fact;
use crate::threads::{self, Kind, Place, PostHead, Removed, Standpoint};
pub use store::{Sum, own, sums};

/// What a confirmation came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Confirming {
    /// How many it solved it for, and this reader's word now; also when nothing changed.
    Counted {
        solved: i64,
        mine: Option<bool>,
        place: Place,
    },
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// Whether a reader may say of a post if it solved it for them, whatever they have said today. For pages.
pub fn may_confirm(at: &Standpoint, kind: Kind, removed: Removed) -> bool {
    at.viewer.is_some() && policy::problem(at, kind, removed == Removed::No, 0).is_none()
}

/// Sets this reader's word on an answer: it solved it for them (`true`), or it did not.
pub fn confirm(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, value: bool) -> Result<Confirming> {
    let Some((head, at)) = threads::post_seen(tx.conn, Some((viewer.id, viewer.role)), post)? else {
        return Ok(Confirming::NotFound);
    };
    if viewer.is_suspended(tx.now) {
        return Ok(Confirming::Refused("you-are-suspended"));
    }
    let before = store::value(tx.conn, viewer.id, post)?;
    if before == Some(value) {
        return counted(tx, &head, post, before);
    }
    let there = head.removed == Removed::No && head.thread_removed == Removed::No;
    let today = store::today(tx.conn, viewer.id, tx.now)?;
    if let Some(key) = policy::problem(&at, head.kind, there, today) {
        return Ok(Confirming::Refused(key));
    }
    if let Some(value) = before {
        withdrawn(tx, viewer, &head, post, value)?;
    }
    store::insert(tx, viewer.id, head.thread, post, value)?;
    let (thread, author) = (head.thread, head.author);
    tx.append(Some(viewer.id), Fact::AnswerConfirmed { thread, post, user: viewer.id, author, value })?;
    counted(tx, &head, post, Some(value))
}

/// Takes this reader's word on an answer back.
pub fn withdraw(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId) -> Result<Confirming> {
    let Some((head, _)) = threads::post_seen(tx.conn, Some((viewer.id, viewer.role)), post)? else {
        return Ok(Confirming::NotFound);
    };
    if viewer.is_suspended(tx.now) {
        return Ok(Confirming::Refused("you-are-suspended"));
    }
    if let Some(value) = store::value(tx.conn, viewer.id, post)? {
        withdrawn(tx, viewer, &head, post, value)?;
    }
    counted(tx, &head, post, None)
}

fn withdrawn(tx: &mut Tx<'_>, viewer: &Viewer, head: &PostHead, post: PostId, value: bool) -> Result<()> {
    store::remove(tx, viewer.id, post, value)?;
    let (thread, author) = (head.thread, head.author);
    tx.append(Some(viewer.id), Fact::ConfirmationWithdrawn { thread, post, user: viewer.id, author, value })?;
    Ok(())
}

fn counted(tx: &mut Tx<'_>, head: &PostHead, post: PostId, mine: Option<bool>) -> Result<Confirming> {
    let solved = store::sums(tx.conn, &[post])?.get(&post).map_or(0, |sum| sum.solved);
    let place = Place { thread: head.thread, slug: head.slug.clone(), post };
    Ok(Confirming::Counted { solved, mine, place })
}
