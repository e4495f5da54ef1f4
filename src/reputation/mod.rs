//! reputation room: points that follow from the ledger, each line naming the event that gave it.
//!
//! [`policy`] is the pure fold, [`follow`] keeps its sums in the database one step behind the
//! ledger, [`replay`] makes them again from the first event and says whether they were right.
pub mod follow;
pub mod policy;
mod replay;
mod store;

pub use follow::Reputation;
pub use policy::Reason;
pub use replay::{ReplayReport, replay};
pub use store::{PointLine, Standing, points_page, standing};

#[cfg(test)]
mod tests;
