//! The page of search results.

use serde::Serialize;

use crate::kernel::safe_html::SafeHtml;
use crate::web::views::{Choice, Pager, TagLink, When};

/// `search/results.html`.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SearchPage {
    pub query: String,
    /// Its words without what narrows them, for the heading; the whole query where there are none.
    pub heading: String,
    pub hits: Vec<Hit>,
    /// "About 120 threads", translated; empty before a search.
    pub total_label: String,
    pub pager: Pager,
    /// The words were corrected; the way to what was typed.
    pub corrected: Option<Corrected>,
    /// What could not be understood in the query, translated.
    pub notes: Vec<String>,
    /// Qualifiers in use ("solved only", "tag: grammar"), each with the URL without it.
    pub filters: Vec<Filter>,
    /// Adds or drops `is:solved`.
    pub solved_toggle_url: Option<String>,
    pub solved_only: bool,
    /// Hearing of later hits: a saved search, a feed.
    pub beside: Option<crate::watches::Beside>,
    /// The qualifiers as a form; `None` before a search.
    pub controls: Option<Controls>,
    /// Counts of the hits; on first pages only.
    pub facets: Vec<FacetGroup>,
    /// The counts are the least there can be, translated.
    pub facets_note: Option<String>,
    /// On pages with few hits or none.
    pub leads: Option<Leads>,
    /// Asking with the words in the title.
    pub ask_url: String,
    /// The index is being built anew: what is not found may be there all the same.
    pub rebuilding: bool,
}

/// "Showing results for **`shown`**. Search instead for **`query`**" of the page.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Corrected {
    pub shown: String,
    /// The query as typed, corrected in nothing.
    pub instead_url: String,
}

/// The form beside the hits; its handler writes it into the query's text.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Controls {
    /// The query's whole text.
    pub q: String,
    pub exact: bool,
    /// The word after `is:` or empty; `sort:` below the same.
    pub state: String,
    pub sort: String,
    /// Tags with spaces between them.
    pub tag: String,
    pub user: String,
    pub langs: Vec<Choice>,
    pub answers: String,
    pub score: String,
    /// Days, `2026-01-31`.
    pub from: String,
    pub to: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct FacetGroup {
    pub label: String,
    pub rows: Vec<FacetRow>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct FacetRow {
    pub label: String,
    /// "1,204", "1,204+".
    pub count: String,
    pub url: String,
}

/// Where a page that found little leads on.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Leads {
    /// The query without its filters.
    pub unfiltered: Option<Instead>,
    /// Words that no thread says.
    pub unknown: Option<Unknown>,
    /// Tags near the words.
    pub tags: Vec<NearTag>,
    /// What nobody has answered under the nearest of them.
    pub unanswered_url: Option<String>,
    pub ask_url: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct Unknown {
    pub words: String,
    /// The query without them, if it says something still.
    pub instead: Option<Instead>,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct NearTag {
    pub name: String,
    pub url: String,
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
    /// Titles of its duplicates that were found too.
    pub also: Vec<String>,
    /// What its place is made of, the largest part first.
    pub why: Vec<Why>,
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

/// A part of what a hit's place is made of.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Why {
    pub label: String,
    /// "62 %".
    pub share: String,
}
