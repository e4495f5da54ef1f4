//! The statement of worth: what somebody's solutions were worth in a month.
use crate::web::views::When;
use serde::Serialize;

/// `worth/show.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WorthPage {
    /// "October 2026".
    pub month: String,
    pub months: Vec<WorthMonth>,
    /// The month is not over yet.
    pub running: bool,
    /// When it was written down, if it was.
    pub made: Option<When>,
    pub readers: i64,
    pub people_helped: i64,
    pub threads_solved: i64,
    /// "12.50 EUR"; empty where the brand has set no rate.
    pub value: String,
    /// What a thousand readers are worth, translated; may be empty.
    pub rate_label: String,
    pub topics: Vec<WorthTopic>,
    pub rows: Vec<WorthRow>,
    /// There are more answers than are listed.
    pub more: bool,
    pub csv_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct WorthMonth {
    pub month: String,
    pub url: String,
    pub here: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct WorthTopic {
    pub name: String,
    pub url: String,
    /// "72 % from 14 answers", translated.
    pub label: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct WorthRow {
    /// Of the thread; what stands instead of it where the answer is removed.
    pub title: String,
    pub url: Option<String>,
    pub readers: i64,
    pub people_helped: i64,
    pub value: String,
}
