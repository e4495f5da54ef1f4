//! The page of findings.

use serde::Serialize;

use crate::moderation::views::QueueCounts;
use crate::web::views::{Pager, Person, When};

/// `findings/index.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct FindingsPage {
    #[serde(flatten)]
    pub counts: QueueCounts,
    /// held, upheld or released.
    pub state: String,
    pub rows: Vec<FindingRow>,
    pub max_note: i64,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct FindingRow {
    pub id: i64,
    /// ring, servants, series, contrary or copies.
    pub kind: String,
    /// What it is, translated.
    pub title: String,
    /// The figures that show it, translated.
    pub evidence: String,
    pub members: Vec<Person>,
    /// "and 12 more", translated; may be empty.
    pub more_label: String,
    /// Of copies: the answers.
    pub post_urls: Vec<String>,
    pub found: When,
    pub decided_by: Option<Person>,
    pub note: String,
}
