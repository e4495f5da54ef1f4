//! The page of search results.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::web::views::{Pager, TagLink, When};

/// `search/results.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchPage {
    pub query: String,
    pub hits: Vec<Hit>,
    /// "About 120 threads", translated; empty before a search.
    pub total_label: String,
    pub pager: Pager,
    /// "Did you mean", or the query without its strictest part.
    pub instead: Option<Instead>,
    /// What could not be understood in the query, translated.
    pub notes: Vec<String>,
    /// Qualifiers in use ("solved only", "tag: grammar"), each with the URL without it.
    pub filters: Vec<Filter>,
    /// Adds or drops `is:solved`.
    pub solved_toggle_url: Option<String>,
    pub solved_only: bool,
    /// The index is being built anew: what is not found may be there all the same.
    pub rebuilding: bool,
}

/// A similar thread; also the JSON of /search/suggestions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Suggestion {
    pub thread_id: i64,
    pub title: String,
    pub url: String,
    pub solved: bool,
    /// The passage that answers, else the one that asks, with `<mark>`; inline HTML only, may be empty.
    pub passage_html: SafeHtml,
    /// The answer the passage is from, where that is the solution.
    pub answer_id: Option<i64>,
    /// Most likely the same question: to be seen before another is posted.
    pub strong: bool,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Instead {
    pub query: String,
    pub url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Filter {
    pub label: String,
    pub remove_url: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct Hit {
    pub url: String,
    /// Inline HTML only, here and below, with `<mark>` around what matched.
    pub title_html: SafeHtml,
    /// Of the question or of an answer, with `<mark>`; may be empty.
    pub excerpt_html: SafeHtml,
    /// Of the accepted answer, else of the official one, with `<mark>`; links to `solution_url`.
    pub solution_html: Option<SafeHtml>,
    pub solution_url: Option<String>,
    pub solved: bool,
    /// The solution is the official answer, not accepted.
    pub official: bool,
    pub duplicate: bool,
    pub score: i64,
    pub score_label: String,
    pub answer_count: i64,
    pub answers_label: String,
    pub tags: Vec<TagLink>,
    /// Username; empty where there is none.
    pub author_name: String,
    pub author_url: Option<String>,
    pub when: When,
}
