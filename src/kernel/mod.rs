//! Kernel: pure functions and values; no clock, no database, no network.

pub mod diff;
pub mod excerpt;
pub mod limits;
pub mod markdown;
pub mod names;
pub mod safe_html;
pub mod safe_json;
pub mod slug;
