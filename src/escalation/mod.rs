//! escalation room: cases, which a moderator opens where the community could not help and staff answer.
//!
//! Notes, assignee and reasons of a case are for staff; the public learns from [`State::public_key`]
//! alone that a thread was passed on or answered.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{CaseId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::{HOUR, Moment};
use crate::ledger::Fact;
use crate::moderation;
use crate::threads::{self, Body, Kind, Place, PostHead, Posted, Posting, Removed, Standpoint};
use policy::Standing;
pub use policy::{CloseReason, State};
use store::Case;

/// Cases nobody has answered yet, up to the cap that is shown.
pub fn open_case_count(conn: &mut Conn) -> DbResult<i64> {
    store::waiting_count(conn, None, false)
}

/// The newest case of a thread: its state, number and when it was opened.
pub fn state_for_thread(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<(State, CaseId, Moment)>> {
    store::newest_of(conn, thread)
}

/// A thread's question, if this viewer may know of it.
fn question(conn: &mut Conn, viewer: &Viewer, thread: ThreadId) -> DbResult<Option<PostHead>> {
    let Some(head) = threads::post_head(conn, thread.question())? else { return Ok(None) };
    let at = Standpoint { viewer: Some((viewer.id, viewer.role)), author: head.author, asker: head.asker };
    Ok((head.kind == Kind::Question && at.sees(head.removed)).then_some(head))
}

/// The answer to a moderator who passes a thread on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Opening {
    Opened(CaseId, Place),
    /// There is a case that waits; nothing was written.
    Already(CaseId, Place),
    NotFound,
    Refused(&'static str),
}

/// Passes a thread to staff, who have `due_hours` for it.
pub fn open(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    thread: ThreadId,
    note: &str,
    due_hours: i64,
) -> Result<Opening> {
    if !viewer.role.moderates() {
        return Ok(Opening::NotFound);
    }
    let Some(head) = question(tx.conn, viewer, thread)? else { return Ok(Opening::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Opening::Refused("you-are-suspended"));
    }
    if head.removed != Removed::No {
        return Ok(Opening::Refused("case-thread-removed"));
    }
    let place = Place { thread, slug: head.slug, post: thread.question() };
    if let Some(case) = store::open_case(tx.conn, thread)? {
        return Ok(Opening::Already(case, place));
    }
    let due = tx.now.plus(due_hours.saturating_mul(HOUR));
    let case = store::insert(tx, thread, viewer.id, note, due)?;
    threads::set_escalated(tx, thread, true)?;
    moderation::log_escalation(tx, viewer.id, thread)?;
    tx.append(Some(viewer.id), Fact::CaseOpened { thread, case })?;
    Ok(Opening::Opened(case, place))
}

/// The answer to an act of staff on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Handling {
    Done,
    /// It was so before; nothing was written.
    Already,
    /// Somebody else has it.
    HeldBy(Option<UserId>),
    /// It is answered or closed.
    Over,
    NotFound,
    Refused(&'static str),
}

/// The case, if this viewer is staff and may know of its thread.
fn seen(conn: &mut Conn, viewer: &Viewer, case: CaseId) -> DbResult<Option<(Case, Standing)>> {
    if !viewer.role.answers_officially() {
        return Ok(None);
    }
    let Some(case) = store::case(conn, case)? else { return Ok(None) };
    if question(conn, viewer, case.thread)?.is_none() {
        return Ok(None);
    }
    let standing =
        Standing { viewer: (viewer.id, viewer.role), state: case.state(), assignee: case.assignee };
    Ok(Some((case, standing)))
}

/// Why an act that this standing does not allow is not possible.
fn refusal(case: &Case, standing: &Standing) -> Handling {
    if !case.state().waits() {
        Handling::Over
    } else if standing.is_held() {
        Handling::HeldBy(case.assignee)
    } else {
        Handling::Already
    }
}

/// Takes a case: it is this viewer's to answer.
pub fn take(tx: &mut Tx<'_>, viewer: &Viewer, case: CaseId) -> Result<Handling> {
    let Some((case, standing)) = seen(tx.conn, viewer, case)? else { return Ok(Handling::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Handling::Refused("you-are-suspended"));
    }
    if !standing.may_take() {
        return Ok(refusal(&case, &standing));
    }
    store::assign(tx, case.id, Some(viewer.id))?;
    let fact = Fact::CaseTaken { thread: case.thread, case: case.id, assignee: viewer.id };
    tx.append(Some(viewer.id), fact)?;
    Ok(Handling::Done)
}

/// Gives a case back to the desk.
pub fn release(tx: &mut Tx<'_>, viewer: &Viewer, case: CaseId) -> Result<Handling> {
    let Some((case, standing)) = seen(tx.conn, viewer, case)? else { return Ok(Handling::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Handling::Refused("you-are-suspended"));
    }
    if !standing.may_release() {
        return Ok(refusal(&case, &standing));
    }
    store::assign(tx, case.id, None)?;
    tx.append(Some(viewer.id), Fact::CaseReleased { thread: case.thread, case: case.id })?;
    Ok(Handling::Done)
}

/// Adds an internal note. The same words by the same person within minutes are one note sent twice.
pub fn note(tx: &mut Tx<'_>, viewer: &Viewer, case: CaseId, body: &str) -> Result<Handling> {
    let Some((case, standing)) = seen(tx.conn, viewer, case)? else { return Ok(Handling::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Handling::Refused("you-are-suspended"));
    }
    if !standing.may_note() {
        return Ok(Handling::NotFound);
    }
    let notes = store::notes(tx.conn, case.id)?;
    let same = |note: &store::Note| {
        note.author == viewer.id && note.body == body && tx.now.since(note.created_at) < limits::SAME_NOTE
    };
    if notes.last().is_some_and(same) {
        return Ok(Handling::Already);
    }
    if notes.len() as i64 >= limits::MAX_CASE_NOTES {
        return Ok(Handling::Refused("case-notes-too-many"));
    }
    store::insert_note(tx, case.id, viewer.id, body)?;
    Ok(Handling::Done)
}

/// The answer to an official answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answering {
    Posted(Posted),
    HeldBy(Option<UserId>),
    Over,
    NotFound,
    Refused(&'static str),
}

/// Answers in the brand's name, signed; a case nobody has is taken by that.
pub fn answer(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    case: CaseId,
    body: &Body,
    signature: &str,
    submission_key: Option<&str>,
) -> Result<Answering> {
    let Some((case, standing)) = seen(tx.conn, viewer, case)? else { return Ok(Answering::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Answering::Refused("you-are-suspended"));
    }
    if !standing.may_answer() {
        // The same form sent twice: its answer is what closed the case.
        if let (Some(key), Some(post)) = (submission_key, case.answer)
            && threads::answered_before(tx, viewer, case.thread, key, body)? == Some(post)
            && let Some(head) = threads::post_head(tx.conn, post)?
        {
            let posted = Posted { thread: case.thread, slug: head.slug, post, new: false };
            return Ok(Answering::Posted(posted));
        }
        return Ok(match refusal(&case, &standing) {
            Handling::HeldBy(who) => Answering::HeldBy(who),
            _ => Answering::Over,
        });
    }
    let posted = match threads::answer(tx, viewer, case.thread, body, submission_key, Some(signature))? {
        Posting::Posted(posted) if posted.new => posted,
        // The key belongs to a post that answers no case.
        Posting::Posted(_) => return Ok(Answering::Refused("case-form-used")),
        Posting::NotFound => return Ok(Answering::NotFound),
        Posting::Refused(key) => return Ok(Answering::Refused(key)),
    };
    if standing.state == State::Open {
        store::assign(tx, case.id, Some(viewer.id))?;
        let fact = Fact::CaseTaken { thread: case.thread, case: case.id, assignee: viewer.id };
        tx.append(Some(viewer.id), fact)?;
    }
    store::set_answered(tx, case.id, posted.post)?;
    threads::set_escalated(tx, case.thread, false)?;
    threads::remove_draft_at(tx, viewer.id, &draft_place(case.id))?;
    let fact = Fact::CaseAnswered { thread: case.thread, case: case.id, post: posted.post };
    tx.append(Some(viewer.id), fact)?;
    Ok(Answering::Posted(posted))
}

/// Where the draft of a case's answer is kept.
fn draft_place(case: CaseId) -> String {
    format!("case:{case}")
}

/// Ends a case without an official answer.
pub fn close(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    case: CaseId,
    reason: CloseReason,
    note: &str,
) -> Result<Handling> {
    let Some((case, standing)) = seen(tx.conn, viewer, case)? else { return Ok(Handling::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Handling::Refused("you-are-suspended"));
    }
    if !standing.may_close() {
        return Ok(refusal(&case, &standing));
    }
    store::set_closed(tx, case.id, viewer.id, reason, note)?;
    threads::set_escalated(tx, case.thread, false)?;
    tx.append(Some(viewer.id), Fact::CaseClosed { thread: case.thread, case: case.id })?;
    Ok(Handling::Done)
}
