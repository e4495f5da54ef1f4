//! web room: anonymous pages in memory, dropped when the ledger says that they changed.
use crate::db::{Conn, DbResult};
use crate::kernel::ids::{EventId, PostId, ThreadId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::safe_html::SafeHtml;
use crate::ledger::{self, Event};
use actix_web::web::Bytes;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

/// What a page shows, and so which events make it old.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shows {
    Thread(ThreadId),
    /// Lists, tags, people: anything in the ledger may change them.
    Everything,
    /// What was searched for: the ledger changes it, and the index when it has followed.
    Search,
    /// Numbers alone, which may be a minute old.
    Numbers,
}

/// What a kept page is.
pub const HTML: &str = "text/html; charset=utf-8";

pub struct CachedPage {
    pub html: Bytes,
    /// Where the page is kept.
    pub etag: Option<String>,
    /// Its content type.
    pub kind: &'static str,
    gzip: OnceLock<Bytes>,
    shows: Shows,
    generation: u64,
    made: Moment,
}

impl CachedPage {
    /// The page compressed, made for the first visitor who takes it so: away from the request threads.
    pub fn gzip(&self) -> Bytes {
        self.gzip.get_or_init(|| compress(&self.html)).clone()
    }

    /// The same, if it has been made.
    pub fn ready_gzip(&self) -> Option<Bytes> {
        self.gzip.get().cloned()
    }
}

/// gzip at a level that costs little; the bytes themselves when that fails.
pub fn compress(html: &Bytes) -> Bytes {
    let mut encoder =
        flate2::write::GzEncoder::new(Vec::with_capacity(html.len() / 3), flate2::Compression::new(4));
    match encoder.write_all(html).and_then(|()| encoder.finish()) {
        Ok(bytes) => Bytes::from(bytes),
        Err(_) => html.clone(),
    }
}

/// A strong validator: the first half of the page's SHA-256.
pub fn etag(html: &[u8]) -> String {
    let digest: String = Sha256::digest(html).iter().take(16).map(|b| format!("{b:02x}")).collect();
    format!("\"{digest}\"")
}

#[derive(Clone)]
struct Weight;
impl quick_cache::Weighter<String, Arc<CachedPage>> for Weight {
    fn weight(&self, key: &String, page: &Arc<CachedPage>) -> u64 {
        (key.len() + page.html.len() + page.html.len() / 3 + 200) as u64
    }
}

/// Threads share counters by their number's remainder: a page dropped too often costs one rendering.
const STRIPES: usize = 4096;

pub struct PageCache {
    pages: Option<Cache<String, Arc<CachedPage>, Weight>>,
    threads: Vec<AtomicU64>,
    everything: AtomicU64,
    search: AtomicU64,
    numbers: AtomicU64,
}

impl PageCache {
    pub fn new(on: bool) -> PageCache {
        PageCache {
            pages: on.then(|| Cache::with_weighter(limits::CACHED_PAGES, limits::CACHE_BYTES, Weight)),
            threads: (0..STRIPES).map(|_| AtomicU64::new(0)).collect(),
            everything: AtomicU64::new(0),
            search: AtomicU64::new(0),
            numbers: AtomicU64::new(0),
        }
    }

    fn counter(&self, shows: Shows) -> &AtomicU64 {
        match shows {
            Shows::Everything => &self.everything,
            Shows::Search => &self.search,
            Shows::Numbers => &self.numbers,
            Shows::Thread(id) => {
                let stripe = usize::try_from(id.0.rem_euclid(STRIPES as i64)).unwrap_or(0);
                self.threads.get(stripe).unwrap_or(&self.everything)
            }
        }
    }

    /// Read before the database is, so that an event in between makes the page old at once.
    pub fn generation(&self, shows: Shows) -> u64 {
        self.counter(shows).load(Ordering::SeqCst)
    }

    pub fn get(&self, key: &str, now: Moment) -> Option<Arc<CachedPage>> {
        let page = self.pages.as_ref()?.get(key)?;
        let fresh =
            page.generation == self.generation(page.shows) && now.since(page.made) < limits::CACHE_MICROS;
        fresh.then_some(page)
    }

    pub fn put(
        &self,
        key: String,
        shows: Shows,
        generation: u64,
        (kind, html, compressed): (&'static str, Bytes, Option<Bytes>),
        now: Moment,
    ) -> Arc<CachedPage> {
        // A page that is not kept is made anew for the next visitor, whatever they have: a validator saves nothing.
        let etag = self.pages.as_ref().map(|_| etag(&html));
        let gzip = compressed.map(OnceLock::from).unwrap_or_default();
        let page = Arc::new(CachedPage { etag, html, kind, gzip, shows, generation, made: now });
        if let Some(pages) = &self.pages {
            pages.insert(key, Arc::clone(&page));
        }
        page
    }

    /// Makes old what these events changed. A change of a person may be on any page.
    pub fn follow(&self, events: &[Event]) {
        let mut shown = events.iter().filter(|event| event.fact.is_shown()).peekable();
        let any = shown.peek().is_some();
        for event in shown {
            match event.fact.thread() {
                Some(thread) => {
                    self.counter(Shows::Thread(thread)).fetch_add(1, Ordering::SeqCst);
                }
                None => self.drop_all(),
            }
        }
        if any {
            self.everything.fetch_add(1, Ordering::SeqCst);
            self.search_moved();
        }
    }

    /// [`PageCache::follow`] of the events behind `place` and up to `end`, or to the ledger's.
    pub fn follow_after(&self, conn: &mut Conn, place: &mut EventId, end: Option<EventId>) -> DbResult<()> {
        while end.is_none_or(|end| end > *place) {
            let mut events = ledger::after(conn, *place, limits::EVENTS_PER_STEP)?;
            events.retain(|event| end.is_none_or(|end| event.id <= end));
            let Some(last) = events.last() else { break };
            *place = last.id;
            self.follow(&events);
        }
        Ok(())
    }

    /// Makes old what was searched for: the index has moved on.
    pub fn search_moved(&self) {
        self.search.fetch_add(1, Ordering::SeqCst);
    }

    /// Makes everything old: a person was renamed, erased or suspended, points were counted anew.
    pub fn drop_all(&self) {
        for counter in &self.threads {
            counter.fetch_add(1, Ordering::SeqCst);
        }
        for counter in [&self.everything, &self.search, &self.numbers] {
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// What changed between two revisions of a post; `None` where nothing did.
#[derive(Debug, Clone, Default)]
pub struct Diff {
    pub title_html: Option<SafeHtml>,
    pub body_html: Option<SafeHtml>,
}

/// The post, the two revisions, and the language of the words a screen reader says.
pub type DiffKey = (PostId, i32, i32, &'static str);

#[derive(Clone)]
struct DiffWeight;
impl quick_cache::Weighter<DiffKey, Arc<Diff>> for DiffWeight {
    fn weight(&self, _: &DiffKey, diff: &Arc<Diff>) -> u64 {
        let bytes = |html: &Option<SafeHtml>| html.as_ref().map_or(0, |html| html.as_str().len());
        (bytes(&diff.title_html) + bytes(&diff.body_html) + 200) as u64
    }
}

/// Differences between revisions, kept while there is room: a revision never changes.
pub struct Diffs(Cache<DiffKey, Arc<Diff>, DiffWeight>);

impl Default for Diffs {
    fn default() -> Diffs {
        Diffs(Cache::with_weighter(limits::CACHED_DIFFS, limits::DIFF_CACHE_BYTES, DiffWeight))
    }
}

impl Diffs {
    pub fn get(&self, key: &DiffKey) -> Option<Arc<Diff>> {
        self.0.get(key)
    }

    pub fn put(&self, key: DiffKey, diff: Diff) -> Arc<Diff> {
        let diff = Arc::new(diff);
        self.0.insert(key, Arc::clone(&diff));
        diff
    }
}
