//! moderation room: flags, the queue, what moderators do and the log of it.
//!
//! Every act here writes one line of the log in the same transaction; what happens to a post or a
//! thread itself is done by the verbs of the threads room.
pub mod follow;
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::{self, Caller, Role, Viewer};
use crate::db::schema::flags;
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{CandidateId, FlagId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::DAY;
use crate::ledger::Fact;
use crate::threads::{self, Done, Place, PostHead, Removed, Standpoint};
use diesel::prelude::*;
pub use follow::NAME as FOLLOWER;
pub use pages::queue_counts;
pub use policy::{Act, FlagReason, State, may_suspend, parse_case_note, parse_flag_note, parse_reason};
pub use store::{forget, lock_reason, suspension};

/// Flags that wait for a decision, up to the cap that is shown.
pub fn open_flag_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<i64> = flags::table
        .filter(flags::decision.is_null())
        .limit(limits::COUNT_CAP)
        .select(flags::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

#[derive(Debug, PartialEq, Eq)]
pub enum RoleChange {
    Changed,
    Same,
    NoSuchPerson,
    /// Nobody changes their own role, so there is always an admin left.
    Oneself,
}

/// Gives somebody another role; it stands in the log like everything else that is decided about people.
pub fn change_role(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    username: &str,
    role: Role,
    caller: &Caller,
) -> Result<RoleChange> {
    let Some(person) = accounts::find_person(tx.conn, username)? else { return Ok(RoleChange::NoSuchPerson) };
    if person.id == viewer.id {
        return Ok(RoleChange::Oneself);
    }
    if person.role == role {
        return Ok(RoleChange::Same);
    }
    accounts::set_role(tx, viewer.id, person.id, role, caller)?;
    let entry = store::Entry {
        act: Act::Role,
        thread: None,
        post: None,
        user: Some(person.id),
        reason: role.as_str(),
    };
    store::insert_entry(tx, viewer.id, &entry)?;
    Ok(RoleChange::Changed)
}

/// An escalation stands in the log without its note, which is for staff.
pub fn log_escalation(tx: &mut Tx<'_>, actor: UserId, thread: ThreadId) -> DbResult<()> {
    let entry = store::Entry { act: Act::Escalate, thread: Some(thread), post: None, user: None, reason: "" };
    store::insert_entry(tx, actor, &entry)
}

/// What was decided about a finding, and why.
pub fn log_finding(tx: &mut Tx<'_>, actor: UserId, act: Act, reason: &str) -> DbResult<()> {
    store::insert_entry(tx, actor, &store::Entry { act, thread: None, post: None, user: None, reason })
}

/// What was decided about a challenge of an answer, and why.
pub fn log_challenge(
    tx: &mut Tx<'_>,
    actor: UserId,
    head: &PostHead,
    post: PostId,
    upheld: bool,
    reason: &str,
) -> DbResult<()> {
    let act = if upheld { Act::Uphold } else { Act::Reject };
    let entry = store::Entry { act, thread: Some(head.thread), post: Some(post), user: head.author, reason };
    store::insert_entry(tx, actor, &entry)
}

/// What was decided about somebody's appeal, and why.
pub fn log_appeal(tx: &mut Tx<'_>, actor: UserId, act: Act, user: UserId, reason: &str) -> DbResult<()> {
    let entry = store::Entry { act, thread: None, post: None, user: Some(user), reason };
    store::insert_entry(tx, actor, &entry)
}

/// The post as this viewer may know of it, and where they stand to it.
fn seen(conn: &mut Conn, viewer: &Viewer, post: PostId) -> DbResult<Option<(PostHead, Standpoint)>> {
    let Some(head) = threads::post_head(conn, post)? else { return Ok(None) };
    Ok(head.seen_by(Some((viewer.id, viewer.role))).map(|at| (head, at)))
}

fn place(head: &PostHead, post: PostId) -> Place {
    Place { thread: head.thread, slug: head.slug.clone(), post }
}

/// Why a post cannot be flagged by this viewer, as the key of a message.
fn flag_problem(head: &PostHead, at: &Standpoint) -> Option<&'static str> {
    if at.is_author() {
        Some("flag-own")
    } else if !at.may_flag(head.removed) || head.thread_removed != Removed::No {
        Some("flag-removed")
    } else {
        None
    }
}

/// A member asks moderators to look at a post; once per person and post.
pub fn flag(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, reason: FlagReason, note: &str) -> Result<Done> {
    let Some((head, at)) = seen(tx.conn, viewer, post)? else { return Ok(Done::NotFound) };
    if viewer.is_suspended(tx.now) {
        return Ok(Done::Refused("you-are-suspended"));
    }
    if let Some(problem) = flag_problem(&head, &at) {
        return Ok(Done::Refused(problem));
    }
    if store::has_flagged(tx.conn, post, viewer.id)? {
        return Ok(Done::Already(place(&head, post)));
    }
    tx.is_new()?;
    let flag = store::insert_flag(tx, post, viewer.id, reason.as_str(), note)?;
    tx.append(Some(viewer.id), Fact::PostFlagged { thread: head.thread, post, flag })?;
    Ok(Done::Done(place(&head, post)))
}

/// Why this viewer may not act as a moderator, if they may not.
fn kept_out(tx: &Tx<'_>, viewer: &Viewer) -> Option<Done> {
    if !viewer.role.moderates() {
        Some(Done::NotFound)
    } else if viewer.is_suspended(tx.now) {
        Some(Done::Refused("you-are-suspended"))
    } else {
        None
    }
}

/// Closes one flag. With `hide` and agreement the post is hidden for the same reason.
pub fn decide(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    flag: FlagId,
    agreed: bool,
    reason: &str,
    hide: bool,
) -> Result<Done> {
    if let Some(out) = kept_out(tx, viewer) {
        return Ok(out);
    }
    let Some(known) = store::flag_head(tx.conn, flag)? else { return Ok(Done::NotFound) };
    let post = known.post;
    let Some((head, _)) = seen(tx.conn, viewer, post)? else { return Ok(Done::NotFound) };
    if known.decision.is_some() {
        return Ok(Done::Already(place(&head, post)));
    }
    if !policy::may_decide((viewer.id, viewer.role), head.author) {
        return Ok(Done::Refused("flag-decide-own"));
    }
    store::decide_flag(tx, flag, agreed, viewer.id)?;
    let fact = Fact::FlagDecided { thread: head.thread, post, flag, flagger: known.flagger, agreed };
    tx.append(Some(viewer.id), fact)?;
    log(tx, viewer, Act::Decide, &head, post, reason)?;
    if agreed && hide && head.removed != Removed::Hidden {
        return self::hide(tx, viewer, post, reason);
    }
    Ok(Done::Done(place(&head, post)))
}

fn log(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    act: Act,
    head: &PostHead,
    post: PostId,
    reason: &str,
) -> DbResult<()> {
    let entry = store::Entry { act, thread: Some(head.thread), post: Some(post), user: head.author, reason };
    store::insert_entry(tx, viewer.id, &entry)
}

/// Does what `verb` does and, if that changed something, writes the line of the log.
fn logged(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    act: Act,
    post: PostId,
    reason: &str,
    verb: impl FnOnce(&mut Tx<'_>) -> Result<Done>,
) -> Result<Done> {
    if let Some(out) = kept_out(tx, viewer) {
        return Ok(out);
    }
    let Some((head, _)) = seen(tx.conn, viewer, post)? else { return Ok(Done::NotFound) };
    let done = verb(tx)?;
    if matches!(done, Done::Done(_)) {
        log(tx, viewer, act, &head, post, reason)?;
    }
    Ok(done)
}

/// Takes a post out of sight.
pub fn hide(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, reason: &str) -> Result<Done> {
    logged(tx, viewer, Act::Hide, post, reason, |tx| threads::hide(tx, viewer, post, reason))
}

/// Brings a hidden post back.
pub fn restore(tx: &mut Tx<'_>, viewer: &Viewer, post: PostId, reason: &str) -> Result<Done> {
    logged(tx, viewer, Act::Unhide, post, reason, |tx| threads::restore(tx, viewer, post))
}

pub fn lock(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, reason: &str) -> Result<Done> {
    logged(tx, viewer, Act::Lock, thread.question(), reason, |tx| {
        threads::set_locked(tx, viewer, thread, true)
    })
}

pub fn unlock(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, remark: &str) -> Result<Done> {
    logged(tx, viewer, Act::Unlock, thread.question(), remark, |tx| {
        threads::set_locked(tx, viewer, thread, false)
    })
}

/// Closes `thread` in favour of `of`.
pub fn close_as_duplicate(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    thread: ThreadId,
    of: ThreadId,
    reason: &str,
) -> Result<Done> {
    logged(tx, viewer, Act::Duplicate, thread.question(), reason, |tx| {
        let done = threads::close_as_duplicate(tx, viewer, thread, of)?;
        if matches!(done, Done::Done(_)) {
            store::confirm_candidate(tx, thread, of, viewer.id)?;
        }
        Ok(done)
    })
}

/// A moderator says that a proposed pair asks two things; it is not proposed again.
pub fn dismiss_candidate(tx: &mut Tx<'_>, viewer: &Viewer, id: CandidateId) -> Result<Done> {
    if let Some(out) = kept_out(tx, viewer) {
        return Ok(out);
    }
    let Some((thread, open)) = store::candidate(tx.conn, id)? else { return Ok(Done::NotFound) };
    let Some((head, _)) = seen(tx.conn, viewer, thread.question())? else { return Ok(Done::NotFound) };
    if !open {
        return Ok(Done::Already(place(&head, thread.question())));
    }
    store::dismiss_candidate(tx, id, viewer.id)?;
    Ok(Done::Done(place(&head, thread.question())))
}

pub fn reopen(tx: &mut Tx<'_>, viewer: &Viewer, thread: ThreadId, remark: &str) -> Result<Done> {
    logged(tx, viewer, Act::Reopen, thread.question(), remark, |tx| threads::reopen(tx, viewer, thread))
}

/// The answer to an act on a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suspending {
    /// The name as it is written, for the way back.
    Done(String),
    /// It was so before; nothing was written.
    Already(String),
    NotFound,
    Refused(&'static str),
}

/// Keeps a person from acting for `days` (1..=365): their sessions end, and until then nobody can
/// sign in to the account.
pub fn suspend(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    username: &str,
    days: i64,
    reason: &str,
) -> Result<Suspending> {
    let person = match person(tx, viewer, username)? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    if !(1..=limits::MAX_SUSPENSION_DAYS).contains(&days) {
        return Ok(Suspending::Refused("suspend-days-wrong"));
    }
    if person.suspended_until.is_some_and(|until| until > tx.now) {
        return Ok(Suspending::Already(person.username));
    }
    let until = tx.now.plus(days * DAY);
    store::insert_suspension(tx, person.id, viewer.id, reason, until)?;
    accounts::set_suspended(tx, person.id, Some(until))?;
    let entry = store::Entry { act: Act::Suspend, thread: None, post: None, user: Some(person.id), reason };
    store::insert_entry(tx, viewer.id, &entry)?;
    tx.append(Some(viewer.id), Fact::UserSuspended { user: person.id, until })?;
    Ok(Suspending::Done(person.username))
}

/// Ends a suspension before its time.
pub fn unsuspend(tx: &mut Tx<'_>, viewer: &Viewer, username: &str, remark: &str) -> Result<Suspending> {
    let person = match person(tx, viewer, username)? {
        Ok(person) => person,
        Err(answer) => return Ok(answer),
    };
    if person.suspended_until.is_none_or(|until| until <= tx.now) {
        return Ok(Suspending::Already(person.username));
    }
    store::lift_suspensions(tx, person.id, viewer.id)?;
    accounts::set_suspended(tx, person.id, None)?;
    let entry =
        store::Entry { act: Act::Unsuspend, thread: None, post: None, user: Some(person.id), reason: remark };
    store::insert_entry(tx, viewer.id, &entry)?;
    tx.append(Some(viewer.id), Fact::UserUnsuspended { user: person.id })?;
    Ok(Suspending::Done(person.username))
}

/// Whom a suspension is about, if this viewer may suspend them.
fn person(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    username: &str,
) -> Result<std::result::Result<accounts::PersonHead, Suspending>> {
    if !viewer.role.moderates() {
        return Ok(Err(Suspending::NotFound));
    }
    let Some(person) = accounts::find_person(tx.conn, username)? else {
        return Ok(Err(Suspending::NotFound));
    };
    // Looked at first, so that a suspended moderator is told that and cannot lift it themselves.
    if viewer.is_suspended(tx.now) {
        return Ok(Err(Suspending::Refused("you-are-suspended")));
    }
    Ok(match policy::may_suspend((viewer.id, viewer.role), (person.id, person.role)) {
        Ok(()) => Ok(person),
        Err(key) => Err(Suspending::Refused(key)),
    })
}
