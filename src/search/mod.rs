//! Search: text analysis, the bounded query parser, the index with its place in the ledger, and what is found in it.

pub mod alike;
pub mod analysis;
pub mod document;
pub mod evaluate;
pub mod excerpt;
mod faces;
pub mod facets;
mod filters;
pub mod find;
pub mod follow;
pub mod index;
pub mod likeness;
pub mod meaning;
mod newest;
pub mod pages;
mod passages;
pub mod query;
pub mod ranking;
mod rerank;
pub mod spelling;
mod store;
pub mod synonyms;
mod texts;
pub mod views;

pub use alike::likely_duplicates;
pub use document::ThreadDoc;
pub use facets::Facets;
pub use find::{Cursor, ExcerptFrom, Hit, Results, Total};
pub use follow::{FollowError, catch_up, compare, reindex, verify};
pub use index::{Differences, Index, Opened, Reason, Rebuild, SearchError};
pub use meaning::Meaning;
pub use newest::{look, newest};
pub use pages::{hits, similar_threads, strong_candidates};
pub use query::{Hint, Qualifier, Query, Sort, State};
pub use store::{SynonymChange, SynonymList, change_synonyms, synonym_list};
pub use synonyms::Synonyms;

use crate::app::App;
use crate::db::{Conn, Db, DbResult};
use crate::kernel::limits;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

/// The index of a running house, and whether it has everything.
pub struct Search {
    pub index: Index,
    /// None where there is no model; see [`meaning`].
    pub meaning: Option<Meaning>,
    /// Found missing, damaged or of an older schema: it is being built anew, and pages say so.
    rebuilding: AtomicBool,
    /// It failed while the house was open: the follower builds it anew.
    distrusted: AtomicBool,
    /// The ledger id up to which what searches find is true. Never ahead of the index that searches see, and
    /// ahead of the place on disk by events that changed no text.
    place: AtomicI64,
    /// One step or rebuild at a time, whoever asks for it.
    turn: Mutex<()>,
    /// The brand's list, read anew whenever the ledger says that it is another.
    synonyms: RwLock<Arc<Synonyms>>,
}

impl Search {
    /// Opens what is there; a damaged index never keeps the house from opening.
    pub fn open(folder: &Path, db: &Db) -> anyhow::Result<Search> {
        let (index, place, rebuilding) = match Index::open(folder)? {
            Opened::Ready { index, place } => (index, place, false),
            Opened::NeedsRebuild { index, reason } => {
                tracing::warn!(%reason, "the search index is built anew");
                (index, 0, true)
            }
        };
        let search = Search {
            index,
            meaning: None,
            rebuilding: AtomicBool::new(rebuilding),
            distrusted: AtomicBool::new(false),
            place: AtomicI64::new(place),
            turn: Mutex::new(()),
            synonyms: RwLock::default(),
        };
        search.read_synonyms(&mut *db.reader()?)?;
        Ok(search)
    }

    /// The brand's words that mean the same.
    pub fn synonyms(&self) -> Arc<Synonyms> {
        self.synonyms.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts the list that the database has now in force.
    fn read_synonyms(&self, conn: &mut Conn) -> DbResult<()> {
        let list = Synonyms::parse(&synonym_list(conn)?.body).unwrap_or_else(|problem| {
            // Only a list from a program with wider bounds comes here.
            tracing::warn!(line = problem.line, "the list of synonyms cannot be read and is left out");
            Synonyms::default()
        });
        *self.synonyms.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(list);
        Ok(())
    }

    /// Threads whose meaning is like a query's, each with its cosine: none without a model, while it is busy, or where
    /// the words are asked for as they stand. Behind a first page that had them, it is waited for longer, since the
    /// order of the second depends on it.
    pub fn like(&self, query: &Query, after: Option<Cursor>) -> Vec<(i64, f32)> {
        let wait = match after {
            None => limits::MEANING_WAIT_MS,
            Some(after) if after.is_meant() => limits::MEANING_WAIT_AGAIN_MS,
            Some(_) => return Vec::new(),
        };
        if query.exact || query.sort != Sort::Best || query.words.is_empty() {
            return Vec::new();
        }
        if query.has_qualifiers() || !query.excluded.is_empty() {
            let words: Vec<&str> = query.words.iter().map(|word| word.surface.as_str()).collect();
            return self.like_text(&words.join(" "), wait);
        }
        self.like_text(&query.text, wait)
    }

    /// The same for a text, waiting so many milliseconds at most.
    pub fn like_text(&self, text: &str, wait_ms: u64) -> Vec<(i64, f32)> {
        let Some(meaning) = &self.meaning else { return Vec::new() };
        let Some(vector) = meaning.query(text, Duration::from_millis(wait_ms)) else { return Vec::new() };
        meaning.nearest(&vector, ranking::POOL, None)
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

/// Those of the threads `ids` that everybody may see, with all that searches look at.
pub fn documents(conn: &mut Conn, ids: &[i64]) -> DbResult<Vec<ThreadDoc>> {
    texts::by_ids(conn, ids)
}

/// The line above every page while the index is being built.
pub fn banner(app: &App, lang: &str) -> Option<String> {
    app.search.is_rebuilding().then(|| crate::web::i18n::translate(lang, "search-rebuilding", &[]))
}

#[cfg(test)]
mod tests;
