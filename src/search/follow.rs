//! search room: keeps the index up with the ledger. The index carries its own place, so each node has its own.
//!
//! Events say which threads changed; what is in them now is read from the database, so that doing an event
//! twice does no harm. An index that is missing, damaged or far behind is built anew beside the living one.
use super::document::ThreadDoc;
use super::index::{Differences, Index, Rebuild, SearchError};
use super::texts;
use crate::app::App;
use crate::db::schema::{events, threads};
use crate::db::{Conn, Db, DbError, DbResult, zero};
use crate::kernel::ids::{EventId, ThreadId, UserId};
use crate::kernel::limits;
use crate::ledger::{self, Event, Fact};
use diesel::prelude::*;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

/// Milliseconds to wait for more after the bell: a commit of the index costs as much as ten of its documents.
const GATHER_MS: u64 = 15;
/// Longest pause between two commits of the index, in milliseconds: keeps it below a third of a processor
/// under steady writing, and a new post still within the second it may take to be found.
const PAUSE_MS: u128 = 250;
/// Events read at once.
const EVENTS_AT_ONCE: i64 = 2_000;
/// Threads changed by one commit of the index: bounds memory.
const THREADS_AT_ONCE: usize = 300;
/// Events without a change of any text after which the index's place is written down all the same.
const EVENTS_UNWRITTEN: i64 = 20_000;
/// Events behind which building anew is quicker than following.
const EVENTS_BEHIND_MAX: i64 = 100_000;
/// Failures in a row after which the index is not trusted any more.
const FAILURES_MAX: u32 = 4;

/// Why the index could not move on.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Index(#[from] SearchError),
    #[error("the search index panicked: {0}")]
    Panicked(String),
    /// The house closes; what was begun is begun again next time.
    #[error("stopped")]
    Stopped,
}

impl From<diesel::result::Error> for FollowError {
    fn from(error: diesel::result::Error) -> Self {
        FollowError::Db(error.into())
    }
}

type Result<T> = std::result::Result<T, FollowError>;

/// A thread that keeps this node's index up until the bell says stop.
pub fn spawn(app: App) -> anyhow::Result<std::thread::JoinHandle<()>> {
    Ok(std::thread::Builder::new().name("index".into()).spawn(move || {
        let mut failures = 0u32;
        while !app.bell.stopping() {
            let seen = app.bell.rung();
            match turn(&app) {
                Ok(0) => {
                    failures = 0;
                    app.bell.wait(seen, Duration::from_millis(limits::FOLLOWER_POLL_MS));
                    std::thread::sleep(Duration::from_millis(GATHER_MS));
                }
                Ok(_) => failures = 0,
                Err(FollowError::Stopped) => break,
                Err(error) => {
                    if !matches!(error, FollowError::Db(_)) {
                        failures += 1;
                    }
                    tracing::warn!(%error, failures, "the search index could not move on; it will try again");
                    if failures >= FAILURES_MAX {
                        app.search.distrust();
                    }
                    // A rebuild that fails at its end, on a full disk say, must not fill the time until there is room.
                    let patience = 2u64.saturating_pow(failures.min(8)) * limits::FOLLOWER_POLL_MS;
                    wait(&app, Duration::from_millis(patience));
                }
            }
        }
    })?)
}

/// Waits through every ring, but not past a stop.
fn wait(app: &App, time: Duration) {
    let until = Instant::now() + time;
    while !app.bell.stopping() {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        app.bell.wait(app.bell.rung(), left);
    }
}

/// Builds anew if that is needed, else follows one step and rests as long as that asks for.
fn turn(app: &App) -> Result<usize> {
    guarded(|| {
        if needs_rebuild(app)? {
            rebuild(app, &|_, _| {})?;
            return Ok(1);
        }
        let began = Instant::now();
        let done = step(app)?;
        if done.changed > 0 && done.events < EVENTS_AT_ONCE as usize {
            let pause = (began.elapsed().as_millis() * 2).min(PAUSE_MS);
            wait(app, Duration::from_millis(u64::try_from(pause).unwrap_or(0)));
        }
        Ok(done.events)
    })
}

/// A broken index can make its library panic; that must cost the index, not its follower.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(FollowError::Panicked(text.unwrap_or_default()))
    })
}

/// Whether following cannot make this index true.
fn needs_rebuild(app: &App) -> Result<bool> {
    if app.search.is_distrusted() || !app.search.index.is_complete() {
        return Ok(true);
    }
    let head = ledger::head(&mut *app.db.reader()?)?.0;
    let place = app.search.place();
    // An index ahead of the ledger belongs to a database that was put back from an older copy.
    Ok(place > head || head - place > EVENTS_BEHIND_MAX)
}

/// Brings the index up to what is in the ledger now.
///
/// # Errors
/// When the database does not answer or the index cannot be written.
pub fn catch_up(app: &App) -> Result<()> {
    guarded(|| {
        if needs_rebuild(app)? {
            rebuild(app, &|_, _| {})?;
        }
        while step(app)?.events > 0 {}
        Ok(())
    })
}

/// Builds the whole index anew and brings it up to the ledger; `progress` hears how many of how many threads are in.
///
/// # Errors
/// As [`catch_up`]; the living index stays.
pub fn reindex(app: &App, progress: &dyn Fn(u64, u64)) -> Result<()> {
    guarded(|| {
        rebuild(app, progress)?;
        while step(app)?.events > 0 {}
        Ok(())
    })
}

fn rebuild(app: &App, progress: &dyn Fn(u64, u64)) -> Result<()> {
    let search = &app.search;
    let turn = search.turn();
    tracing::info!("the search index is being built anew");
    search.set_rebuilding(true);
    app.cache.drop_all();
    let began = Instant::now();
    let (place, total) = {
        let mut conn = app.db.reader()?;
        // What happens from here on is followed afterwards, whether or not the reading below sees it.
        let place = ledger::head(&mut conn)?;
        search.read_synonyms(&mut conn)?;
        let total: i64 = threads::table.filter(threads::removed.eq(zero())).count().get_result(&mut *conn)?;
        (place.0, u64::try_from(total).unwrap_or(0))
    };
    let mut building = Rebuild::begin(&search.index)?;
    let mut done = 0u64;
    each_page(&app.db, |docs| {
        if app.bell.stopping() {
            return Err(FollowError::Stopped);
        }
        done += docs.len() as u64;
        building.add(docs)?;
        progress(done, total.max(done));
        Ok(())
    })?;
    building.finish(place)?;
    search.set_place(place);
    search.trust();
    search.set_rebuilding(false);
    app.cache.drop_all();
    drop(turn);
    tracing::info!(threads = done, seconds = began.elapsed().as_secs(), "the search index was built anew");
    Ok(())
}

/// Every visible thread in pages, with a connection held only while one is read.
fn each_page(db: &Db, mut take: impl FnMut(Vec<ThreadDoc>) -> Result<()>) -> Result<()> {
    let mut after = 0;
    loop {
        let docs = texts::following(&mut *db.reader()?, after, THREADS_AT_ONCE as i64)?;
        let Some(last) = docs.last().map(|doc| doc.thread_id) else { return Ok(()) };
        after = last;
        take(docs)?;
    }
}

/// What one step did.
struct Step {
    events: usize,
    /// Threads changed in the index.
    changed: usize,
}

fn step(app: &App) -> Result<Step> {
    let search = &app.search;
    let _turn = search.turn();
    let from = search.place();
    let (events, touched) = {
        let mut conn = app.db.reader()?;
        let events = ledger::after(&mut conn, EventId(from), EVENTS_AT_ONCE)?;
        if events.iter().any(|event| matches!(event.fact, Fact::SynonymsChanged { .. })) {
            search.read_synonyms(&mut conn)?;
            app.cache.search_moved();
        }
        let touched = touched(&mut conn, &events)?;
        (events, touched)
    };
    let Some(last) = events.last().map(|event| event.id.0) else {
        return Ok(Step { events: 0, changed: 0 });
    };
    let changed = touched.len();
    if changed == 0 && last - search.index.place() >= EVENTS_UNWRITTEN {
        search.index.apply(last, Vec::new(), Vec::new())?;
    }
    let mut chunks = touched.chunks(THREADS_AT_ONCE).peekable();
    while let Some(ids) = chunks.next() {
        let docs = texts::by_ids(&mut *app.db.reader()?, ids)?;
        let seen: HashSet<i64> = docs.iter().map(|doc| doc.thread_id).collect();
        let gone = ids.iter().copied().filter(|id| !seen.contains(id)).collect();
        // The place moves with the last of the changes: a kill before it does them all again.
        search.index.apply(if chunks.peek().is_none() { last } else { from }, docs, gone)?;
    }
    search.set_place(last);
    if changed > 0 {
        app.cache.search_moved();
    }
    Ok(Step { events: events.len(), changed })
}

/// The threads whose document may be another after `events`, in order.
fn touched(conn: &mut Conn, events: &[Event]) -> DbResult<Vec<i64>> {
    let mut ids: BTreeSet<i64> = BTreeSet::new();
    let mut erased: Vec<UserId> = Vec::new();
    let mut mastered: Vec<ThreadId> = Vec::new();
    for event in events {
        match &event.fact {
            // Its own duplicates follow it to its master, and back.
            Fact::ThreadClosedAsDuplicate { thread, .. } | Fact::ThreadReopened { thread, .. } => {
                ids.insert(thread.0);
                mastered.push(*thread);
            }
            // The asker's name is all the index knows of a person, and it changes only so.
            Fact::UserErased { user } => erased.push(*user),
            fact if changes_document(fact) => ids.extend(fact.thread().map(|thread| thread.0)),
            _ => {}
        }
    }
    while !mastered.is_empty() {
        let theirs: Vec<i64> =
            threads::table.filter(threads::duplicate_of.eq_any(&mastered)).select(threads::id).load(conn)?;
        mastered = theirs.into_iter().filter(|id| ids.insert(*id)).map(ThreadId).collect();
    }
    if !erased.is_empty() {
        let theirs: Vec<i64> =
            threads::table.filter(threads::author_id.eq_any(erased)).select(threads::id).load(conn)?;
        ids.extend(theirs);
    }
    Ok(ids.into_iter().collect())
}

fn changes_document(fact: &Fact) -> bool {
    match fact {
        Fact::VoteCast { question, .. } => *question,
        Fact::AnswerConfirmed { .. }
        | Fact::ConfirmationWithdrawn { .. }
        | Fact::MeTooAdded { .. }
        | Fact::MeTooRemoved { .. }
        | Fact::PostFlagged { .. }
        | Fact::FlagDecided { .. }
        | Fact::ThreadLocked { .. }
        | Fact::ThreadUnlocked { .. }
        | Fact::CaseOpened { .. }
        | Fact::CaseTaken { .. }
        | Fact::CaseReleased { .. }
        | Fact::CaseClosed { .. } => false,
        _ => true,
    }
}

/// Compares every thread of the database with the running house's index. What is only not followed yet is no
/// difference.
///
/// # Errors
/// When either of them cannot be read.
pub fn verify(app: &App) -> Result<Differences> {
    compare(&app.db, &app.search.index)
}

/// The same for an index opened beside a running house ([`Index::open_read_only`]).
///
/// # Errors
/// As [`verify`].
pub fn compare(db: &Db, index: &Index) -> Result<Differences> {
    guarded(|| {
        let place = index.place();
        let mut expected: HashMap<i64, u64> = HashMap::new();
        each_page(db, |docs| {
            expected.extend(docs.iter().map(|doc| (doc.thread_id, doc.fingerprint())));
            Ok(())
        })?;
        let mut found = index.verify(expected)?;
        let mut behind: HashSet<i64> = HashSet::new();
        let ids: Vec<i64> =
            [&found.missing, &found.extra, &found.stale].into_iter().flatten().copied().collect();
        let mut conn = db.reader()?;
        for ids in ids.chunks(THREADS_AT_ONCE) {
            let later: Vec<Option<i64>> = events::table
                .filter(events::thread_id.eq_any(ids))
                .filter(events::id.gt(place))
                .select(events::thread_id)
                .distinct()
                .load(&mut *conn)?;
            behind.extend(later.into_iter().flatten());
        }
        for list in [&mut found.missing, &mut found.extra, &mut found.stale] {
            list.retain(|id| !behind.contains(id));
        }
        Ok(found)
    })
}
