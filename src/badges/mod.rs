//! badges room: awards that name the event that earned them, taken back when it no longer holds.
//!
//! The rules are data in [`policy`]; the reputation's fold tells which measures moved and
//! [`settle`] turns that into awards and revocations.
pub mod pages;
pub mod policy;
mod store;
pub mod views;

use crate::kernel::ids::{EventId, PostId, TagId, UserId};
use crate::kernel::moment::Moment;
pub use pages::{cause, name, rule};
pub use policy::{Badge, FIRST, Level, Measure, PROVEN_SCORE, Per, Rules, Turn, Window};
pub use store::{
    Award, BadgeCounts, BadgeSummary, Earned, Holder, active, all_badges, badge_counts, badge_history,
    badges_of, holders, load_held, rules_of, settle, tally,
};

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
