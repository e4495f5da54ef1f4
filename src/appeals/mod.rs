//! appeals room: a member asks moderators to look again at what was taken from them or decided against them.
//!
//! Upholding an appeal does what the room that owns the matter does: a finding is released, a challenge decided the other
//! way, a badge given back by an event of its own. What follows from that is the reputation's.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{AppealId, ChallengeId, EventId, FindingId, TagId, UserId};
use crate::kernel::markdown::Written;
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
pub use crate::moderation::State;
use crate::moderation::{self, Act};
use crate::threads::Done;
use crate::{badges, challenges, findings};
pub use pages::{form_url, state_label};
use std::collections::HashMap;
pub use store::{forget, of_awards, open_count};

/// What somebody appeals against.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// A badge that this event took back.
    Award { badge: String, tag: TagId, event: EventId },
    /// A finding that holds their credit.
    Finding(FindingId),
    /// A challenge upheld against their answer, or rejected though they made it.
    Challenge(ChallengeId),
}

/// What an appeal says, or the key of a message where that is too short, too long or cannot be shown. It renders, which
/// takes its time: before the write, never inside it.
pub fn parse_text(text: &str) -> Result<Written, &'static str> {
    policy::parse_text(text).map(Written::of)
}

/// What an act on an appeal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acting {
    Done,
    /// It was so before.
    Already,
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// Whether what was taken or decided then can still be appealed against. For links.
pub fn in_time(at: Moment, now: Moment) -> bool {
    !policy::is_late(at, now)
}

/// The findings by which these events took points from this person, as far as they can appeal against them now. For links.
pub fn held_by(
    conn: &mut Conn,
    user: UserId,
    events: &[EventId],
    now: Moment,
) -> DbResult<HashMap<EventId, FindingId>> {
    let mut by = store::findings_of(conn, events)?;
    if by.is_empty() {
        return Ok(by);
    }
    let subjects: Vec<Subject> = by.values().map(|finding| Subject::Finding(*finding)).collect();
    let of: Vec<_> = subjects.iter().map(|subject| (user, subject)).collect();
    let grounds = store::grounds(conn, &of)?;
    let made = store::made_against(conn, user, by.values().copied())?;
    by.retain(|_, finding| {
        let against = grounds.against(user, &Subject::Finding(*finding));
        !made.contains(finding) && policy::problem(against.as_ref(), now, 0).is_none()
    });
    Ok(by)
}

/// Why this person may not appeal against it just now, whatever they appealed against today. For pages.
fn problem(conn: &mut Conn, user: UserId, subject: &Subject, now: Moment) -> DbResult<Option<&'static str>> {
    hindrance(conn, user, subject, now, 0)
}

fn hindrance(
    conn: &mut Conn,
    user: UserId,
    subject: &Subject,
    now: Moment,
    today: i64,
) -> DbResult<Option<&'static str>> {
    let grounds = store::grounds(conn, &[(user, subject)])?;
    if let Some(key) = policy::problem(grounds.against(user, subject).as_ref(), now, today) {
        return Ok(Some(key));
    }
    let Subject::Award { badge, tag, .. } = subject else { return Ok(None) };
    if badges::holds(conn, user, badge, *tag)? {
        return Ok(Some("appeal-badge-back"));
    }
    Ok((!is_given(conn, badge, *tag)?).then_some("appeal-badge-no-more"))
}

/// Whether the rules in force give this badge there.
fn is_given(conn: &mut Conn, badge: &str, tag: TagId) -> DbResult<bool> {
    let (_, rules) = badges::active(conn)?;
    Ok(rules.find(badge).is_some_and(|badge| badge.is_given_in(tag)))
}

/// Appeals, once for each matter.
pub fn make(tx: &mut Tx<'_>, viewer: &Viewer, subject: &Subject, text: &Written) -> Result<Acting> {
    if viewer.is_suspended(tx.now) {
        return Ok(Acting::Refused("you-are-suspended"));
    }
    if store::standing(tx.conn, viewer.id, subject)?.is_some() {
        return Ok(Acting::Already);
    }
    let today = store::today(tx.conn, viewer.id, tx.now)?;
    if let Some(key) = hindrance(tx.conn, viewer.id, subject, tx.now, today)? {
        return Ok(Acting::Refused(key));
    }
    tx.is_new()?;
    let appeal = store::insert(tx, viewer.id, subject, text)?;
    tx.append(Some(viewer.id), Fact::AppealMade { appeal })?;
    Ok(Acting::Done)
}

/// Whoever made it takes it back, as long as nobody has decided it.
pub fn withdraw(tx: &mut Tx<'_>, viewer: &Viewer, id: AppealId) -> Result<Acting> {
    let Some(appeal) = store::find(tx.conn, id)?.filter(|appeal| appeal.user == viewer.id) else {
        return Ok(Acting::NotFound);
    };
    if appeal.state != State::Open {
        return Ok(Acting::Already);
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Acting::Refused("you-are-suspended"));
    }
    store::withdraw(tx, id)?;
    tx.append(Some(viewer.id), Fact::AppealWithdrawn { appeal: id })?;
    Ok(Acting::Done)
}

/// A moderator decides, and says why. A badge that an appeal gave back can be taken again: then it is rejected after all.
/// `seen` is how the appeal stood when they made up their mind: what somebody decided meanwhile is not overturned by a
/// page that does not know of it.
pub fn decide(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    id: AppealId,
    seen: State,
    upheld: bool,
    note: &str,
) -> Result<Acting> {
    if !viewer.role.moderates() {
        return Ok(Acting::NotFound);
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Acting::Refused("you-are-suspended"));
    }
    let Some(appeal) = store::find(tx.conn, id)? else { return Ok(Acting::NotFound) };
    let undoes = !upheld && appeal.can_be_undone();
    if appeal.state != seen || (seen != State::Open && !undoes) {
        return Ok(Acting::Already);
    }
    let grounds = store::grounds(tx.conn, &[(appeal.user, &appeal.subject)])?;
    let against = grounds.against(appeal.user, &appeal.subject);
    if let Some(key) = policy::decision_problem((viewer.id, viewer.role), appeal.user, against.as_ref()) {
        return Ok(Acting::Refused(key));
    }
    if upheld && let Some(key) = give_back(tx, viewer, &appeal, &grounds, note)? {
        return Ok(Acting::Refused(key));
    }
    let user = appeal.user;
    store::decide(tx, id, upheld, viewer.id, note)?;
    let act = match (upheld, undoes) {
        (true, _) => Act::UpholdAppeal,
        (false, false) => Act::RejectAppeal,
        (false, true) => Act::UndoAppeal,
    };
    moderation::log_appeal(tx, viewer.id, act, user, note)?;
    if undoes && let Subject::Award { badge, tag, .. } = appeal.subject {
        // Another appeal may have given it back too.
        if !store::is_reinstated(tx.conn, user, &badge, tag)? {
            tx.append(Some(viewer.id), Fact::BadgeReinstatementWithdrawn { user, badge, tag })?;
        }
    }
    tx.append(Some(viewer.id), Fact::AppealDecided { appeal: id, user, upheld })?;
    Ok(Acting::Done)
}

/// Does what upholding comes to; the key of a message where that cannot be. What has been put right meanwhile stays so.
fn give_back(
    tx: &mut Tx<'_>,
    viewer: &Viewer,
    appeal: &store::Appeal,
    grounds: &store::Grounds,
    note: &str,
) -> Result<Option<&'static str>> {
    match &appeal.subject {
        Subject::Award { badge, tag, .. } => {
            if !is_given(tx.conn, badge, *tag)? {
                return Ok(Some("appeal-badge-no-more"));
            }
            let (user, badge, tag) = (appeal.user, badge.clone(), *tag);
            tx.append(Some(viewer.id), Fact::BadgeReinstated { user, badge, tag })?;
            Ok(None)
        }
        Subject::Finding(finding) => Ok(match findings::decide(tx, viewer, *finding, false, note)? {
            findings::Deciding::Decided | findings::Deciding::Already => None,
            findings::Deciding::NotFound => Some("appeal-gone"),
            findings::Deciding::Refused(key) => Some(key),
        }),
        Subject::Challenge(challenge) => {
            let Some(matter) = grounds.challenge(*challenge) else { return Ok(Some("appeal-gone")) };
            // Who made it wants it upheld; whose answer it is, rejected.
            let wanted = matter.challenger == appeal.user;
            // Anew: it was decided against them.
            let seen = State::decided(!wanted);
            Ok(match challenges::decide(tx, viewer, *challenge, seen, wanted, note)? {
                Done::Done(_) | Done::Already(_) => None,
                Done::NotFound => Some("appeal-gone"),
                Done::Refused(key) => Some(key),
            })
        }
    }
}
