//! kernel room: pure pieces without database, clock or web; the only place that can make safe HTML.
pub mod csv;
pub mod diff;
pub mod excerpt;
pub mod ids;
pub mod limits;
pub mod markdown;
pub mod moment;
pub mod money;
pub mod names;
pub mod safe_html;
pub mod safe_json;
pub mod slug;
pub mod token;
pub mod toml_text;
