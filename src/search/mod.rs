//! Search: text analysis, the bounded query parser, the index with its place in the ledger, and what is found in it.

pub mod analysis;
pub mod document;
pub mod excerpt;
pub mod find;
pub mod follow;
pub mod index;
pub mod query;
pub mod ranking;
pub mod views;

pub use document::ThreadDoc;
pub use find::{Cursor, ExcerptFrom, Hit, Results, Total};
pub use index::{Differences, Index, Opened, Reason, Rebuild, SearchError};
pub use query::{Hint, Query, State};

use crate::app::App;
use crate::db::Db;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The index of a running house, and whether it has everything.
pub struct Search {
    pub index: Index,
    /// Found missing, damaged or of an older schema: it is being built anew, and pages say so.
    rebuilding: AtomicBool,
}

impl Search {
    /// Opens what is there; a damaged index never keeps the house from opening.
    pub fn open(folder: &Path, _db: &Db) -> anyhow::Result<Search> {
        match Index::open(folder)? {
            Opened::Ready { index, .. } => Ok(Search { index, rebuilding: AtomicBool::new(false) }),
            Opened::NeedsRebuild { index, reason } => {
                tracing::warn!(?reason, "the search index is built anew");
                Ok(Search { index, rebuilding: AtomicBool::new(true) })
            }
        }
    }

    pub fn is_rebuilding(&self) -> bool {
        self.rebuilding.load(Ordering::SeqCst)
    }

    pub(crate) fn set_rebuilding(&self, on: bool) {
        self.rebuilding.store(on, Ordering::SeqCst);
    }
}

/// The line above every page while the index is being built.
pub fn banner(app: &App, lang: &str) -> Option<String> {
    app.search.is_rebuilding().then(|| crate::web::i18n::translate(lang, "search-rebuilding", &[]))
}

/// Threads that may hold the answer to a question with this title, best first.
pub fn similar_threads(app: &App, title: &str, limit: usize) -> Vec<crate::threads::views::Suggestion> {
    let _ = (app, title, limit);
    Vec::new()
}

#[cfg(test)]
mod tests;
