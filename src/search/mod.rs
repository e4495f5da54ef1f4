//! Search: text analysis, the bounded query parser, the index with its place in the ledger, and what is found in it.

pub mod alike;
pub mod analysis;
pub mod document;
pub mod excerpt;
pub mod find;
pub mod follow;
pub mod index;
pub mod likeness;
pub mod pages;
pub mod query;
pub mod ranking;
mod texts;
pub mod views;

pub use alike::likely_duplicates;
pub use document::ThreadDoc;
pub use find::{Cursor, ExcerptFrom, Hit, Results, Total};
pub use follow::{FollowError, catch_up, compare, reindex, verify};
pub use index::{Differences, Index, Opened, Reason, Rebuild, SearchError};
pub use pages::{hits, similar_threads, strong_candidates};
pub use query::{Hint, Query, State};

use crate::app::App;
use crate::db::Db;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The index of a running house, and whether it has everything.
pub struct Search {
    pub index: Index,
    /// Found missing, damaged or of an older schema: it is being built anew, and pages say so.
    rebuilding: AtomicBool,
    /// It failed while the house was open: the follower builds it anew.
    distrusted: AtomicBool,
    /// The ledger id up to which what searches find is true. Never ahead of the index that searches see, and
    /// ahead of the place on disk by events that changed no text.
    place: AtomicI64,
    /// One step or rebuild at a time, whoever asks for it.
    turn: Mutex<()>,
}

impl Search {
    /// Opens what is there; a damaged index never keeps the house from opening.
    pub fn open(folder: &Path, _db: &Db) -> anyhow::Result<Search> {
        let (index, place, rebuilding) = match Index::open(folder)? {
            Opened::Ready { index, place } => (index, place, false),
            Opened::NeedsRebuild { index, reason } => {
                tracing::warn!(%reason, "the search index is built anew");
                (index, 0, true)
            }
        };
        Ok(Search {
            index,
            rebuilding: AtomicBool::new(rebuilding),
            distrusted: AtomicBool::new(false),
            place: AtomicI64::new(place),
            turn: Mutex::new(()),
        })
    }

    pub fn is_rebuilding(&self) -> bool {
        self.rebuilding.load(Ordering::SeqCst)
    }

    /// The ledger id up to which the index has followed.
    pub fn place(&self) -> i64 {
        self.place.load(Ordering::SeqCst)
    }

    pub(crate) fn set_rebuilding(&self, on: bool) {
        self.rebuilding.store(on, Ordering::SeqCst);
    }

    fn set_place(&self, place: i64) {
        self.place.store(place, Ordering::SeqCst);
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the follower build it anew.
    fn distrust(&self) {
        self.distrusted.store(true, Ordering::SeqCst);
    }

    fn is_distrusted(&self) -> bool {
        self.distrusted.load(Ordering::SeqCst)
    }

    fn trust(&self) {
        self.distrusted.store(false, Ordering::SeqCst);
    }
}

/// The line above every page while the index is being built.
pub fn banner(app: &App, lang: &str) -> Option<String> {
    app.search.is_rebuilding().then(|| crate::web::i18n::translate(lang, "search-rebuilding", &[]))
}

#[cfg(test)]
mod tests;
