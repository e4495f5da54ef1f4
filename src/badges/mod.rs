//! badges room: awards that name the event that earned them, taken back when it no longer holds.
//!
//! The rules are data in [`policy`]; the reputation's fold tells which measures moved and
//! [`settle`] turns that into awards and revocations.
pub mod pages;
pub mod policy;
mod store;
pub mod views;

use crate::db::{DbResult, Tx};
use crate::kernel::ids::{EventId, PostId, TagId, UserId};
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
pub use pages::{cause, name, rule};
pub use policy::{Badge, FIRST, Level, Measure, PROVEN_SCORE, Per, Problem, Rules, Turn, Window};
pub use store::{
    Award, BadgeCounts, BadgeSummary, Earned, Holder, Version, active, all_badges, badge_counts,
    badge_history, badges_of, held_by, holders, holds, known_tags, load_held, rules_of, rules_text, settle,
    taken_back, tally, versions,
};

/// The kinds of the events by which moderators give a badge back on an appeal, and take that again.
pub const REINSTATED: &str = "badge_reinstated";
pub const REINSTATEMENT_WITHDRAWN: &str = "badge_reinstatement_withdrawn";

/// A badge somebody holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub badge: String,
    /// The topic, or [`OVERALL`].
    pub tag: TagId,
}

/// A badge that came or went, and the event that did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    pub user: UserId,
    pub badge: String,
    /// As the rules have it; `None` where they no longer have the badge.
    pub level: Option<Level>,
    pub tag: TagId,
    pub turn: Turn,
    pub event: EventId,
    pub at: Moment,
    pub post: Option<PostId>,
    /// The kind of the event.
    pub cause: &'static str,
    /// The version of the rules.
    pub version: i64,
    /// The lower bound of accuracy, in the topic or overall, before the event and after it.
    pub bound_before: i64,
    pub bound_after: i64,
}

/// Overall, where a topic could stand.
pub const OVERALL: TagId = TagId(0);

/// A measure of somebody that an event moved from `before` to `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub user: UserId,
    pub measure: Measure,
    /// The topic it counts in, or [`OVERALL`].
    pub tag: TagId,
    pub before: i64,
    pub after: i64,
    pub event: EventId,
    pub at: Moment,
    /// The post that moved it.
    pub post: Option<PostId>,
}

/// What a change of the rules came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changing {
    /// This version is in force; everybody is looked at anew.
    Activated(i64),
    Same,
    /// Another version came into force since `base` was read; nothing was written.
    Overtaken,
    Wrong(Problem),
}

/// Puts rules in force, as the file they are edited as, in the place of version `base` (whichever, without one). What
/// cannot be read leaves the rules in force as they are.
pub fn change_rules(
    tx: &mut Tx<'_>,
    by: Option<UserId>,
    base: Option<i64>,
    text: &str,
) -> DbResult<Changing> {
    let text = text.replace("\r\n", "\n");
    let (version, _) = active(tx.conn)?;
    if base.is_some_and(|base| base != version) {
        return Ok(Changing::Overtaken);
    }
    let known = known_tags(tx.conn)?;
    if let Err(problem) = Rules::parse_with(&text, &known) {
        return Ok(Changing::Wrong(problem));
    }
    if rules_text(tx.conn, version)?.is_some_and(|now| now.trim_end() == text.trim_end()) {
        return Ok(Changing::Same);
    }
    let version = store::insert_rules(tx, &text, by)?;
    tx.append(by, Fact::BadgeRulesActivated { version })?;
    Ok(Changing::Activated(version))
}

/// A problem in words.
pub fn said(lang: &str, problem: &Problem) -> String {
    use crate::web::i18n::{Arg, translate};
    let args = [
        ("line", Arg::Number(problem.line as i64)),
        ("detail", Arg::Text(problem.detail())),
        ("other", Arg::Text(problem.other())),
        ("n", Arg::Number(problem.bound())),
    ];
    translate(lang, problem.key(), &args)
}
