//! The pages of saved searches, and what stands beside results.

use serde::Serialize;

use crate::search::Query;
use crate::web::view::encode;
use crate::web::views::{FieldErrors, Pager, When};

/// What can be done with a search beside reading its hits.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Beside {
    pub query: String,
    pub feed_url: String,
    /// For those without an account.
    pub watch_url: String,
    /// Nothing was found, or not what was meant.
    pub missed: bool,
}

impl Beside {
    /// `None` where there is nothing to search for.
    pub fn of(query: &Query, missed: bool) -> Option<Beside> {
        let text = super::kept(&query.text)?;
        let encoded = encode(&text);
        Some(Beside {
            feed_url: format!("/search.atom?q={encoded}"),
            watch_url: format!("/search/watch?q={encoded}"),
            query: text,
            missed,
        })
    }
}

/// `search/watch.html`: POST /search/watch.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WatchPage {
    pub query: String,
    pub email: String,
    pub errors: FieldErrors,
}

/// `search/saved.html` (/searches).
#[derive(Debug, Clone, Default, Serialize)]
pub struct SavedPage {
    pub rows: Vec<SavedRow>,
    pub pager: Pager,
    /// Searches one member may have.
    pub max: i64,
    /// Threads one of them tells of in a day.
    pub daily: i64,
}

#[derive(Debug, Clone, Default, Serialize)]
pub struct SavedRow {
    pub id: i64,
    pub name: String,
    pub query: String,
    pub url: String,
    pub feed_url: String,
    /// Tells of solutions alone.
    pub solved_only: bool,
    pub saved: When,
    pub told: Option<When>,
}

/// `search/token.html`: POST /searches/confirm and /searches/leave.
#[derive(Debug, Clone, Default, Serialize)]
pub struct TokenPage {
    pub title: String,
    pub text: String,
    /// Where the button sends the token; empty: there is nothing to press.
    pub action: String,
    pub button: String,
    pub token: String,
}
