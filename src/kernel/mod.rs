//! kernel room: pure pieces without database, clock or web; the only place that can make safe HTML.
pub mod ids;
pub mod limits;
pub mod moment;
pub mod token;
