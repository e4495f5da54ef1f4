//! The page of all tags. The list of one tag is `threads::views::ListPage`.

use serde::Serialize;

use crate::web::views::Pager;

/// `tags/index.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TagsPage {
    pub rows: Vec<TagRow>,
    /// What was typed to narrow the list; may be empty.
    pub query: String,
    /// popular or name.
    pub sort: String,
    pub pager: Pager,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct TagRow {
    pub name: String,
    pub url: String,
    pub thread_count: i64,
    /// "120 threads", translated.
    pub threads_label: String,
    /// Plain text; may be empty.
    pub excerpt: String,
}
