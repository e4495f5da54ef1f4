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
pub use pages::cause;
pub use policy::{BADGES, Badge, Level, Measure, PROVEN_SCORE, Turn};
pub use store::{
    Award, BadgeCounts, BadgeSummary, Held, Holder, Turned, all_badges, badge_counts, badge_history,
    badges_of, holders, settle, tally,
};

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
