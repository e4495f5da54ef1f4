//! The page of what people seek and don't find.

use serde::Serialize;

use crate::web::views::{Pager, When};

/// `admin/gaps.html`: POST /admin/gaps/dismissal and /admin/gaps/dismissal/removal.
#[derive(Debug, Clone, Default, Serialize)]
pub struct GapsPage {
    pub rows: Vec<GapRow>,
    /// Some of them are several wordings that mean the same.
    pub folded: bool,
    /// Days looked back over: 7, 30 or 90.
    pub days: i64,
    pub periods: Vec<Period>,
    /// Those put aside are shown.
    pub aside: bool,
    pub aside_url: String,
    pub csv_url: String,
    pub pager: Pager,
    /// From so many visitors on a search is shown.
    pub visitors: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Period {
    pub label: String,
    pub url: String,
    pub here: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct GapRow {
    /// Keys of all that is in it.
    pub key: String,
    pub wording: String,
    pub search_url: String,
    /// Other wordings that mean the same; their numbers are in this one's.
    pub also: Vec<Wording>,
    /// "and 3 more wordings"; may be empty.
    pub others_label: String,
    pub searched: i64,
    pub found_none: i64,
    pub weak: i64,
    pub opened: i64,
    pub solved: i64,
    pub last: When,
    pub unanswered: Vec<ThreadLink>,
    /// Solved since it was last sought in vain.
    pub solutions: Vec<ThreadLink>,
    pub ask_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Wording {
    pub wording: String,
    pub search_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct ThreadLink {
    pub title: String,
    pub url: String,
}
