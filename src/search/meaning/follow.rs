//! search room: keeps the vectors up with the ledger, on a thread that gives way to everybody else.
//!
//! A place of 0 says that threads may be missing: then all are walked through, in the order of their numbers, while
//! what happens meanwhile is followed. The print of a text says whether it was encoded already, so that a walk that
//! was cut off costs no encoding twice.
use super::{Entry, Meaning, ModelError, Vectors, passage, print};
use crate::app::App;
use crate::db::schema::{posts, threads};
use crate::db::{Conn, DbError, DbResult, zero};
use crate::kernel::ids::EventId;
use crate::kernel::limits;
use crate::kernel::markdown::plain_text;
use crate::ledger::{self, Fact};
use crate::search::analysis::Lang;
use diesel::prelude::*;
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

/// Threads read at once on the walk.
const THREADS_AT_ONCE: i64 = 256;
/// Threads encoded between two looks at whether the house closes: about half a second, and one commit of the file.
const ENCODED_AT_ONCE: usize = 16;
/// How much this thread gives way (the nice value): a visitor's page and query come first.
const NICE: i32 = 15;
/// Longest time between two tries after a failure, in milliseconds.
const PATIENCE_MS: u64 = 60_000;

#[derive(Debug, thiserror::Error)]
pub enum MeaningError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The house closes; what is missing is encoded next time.
    #[error("stopped")]
    Stopped,
}

type Result<T> = std::result::Result<T, MeaningError>;

/// A thread that keeps the vectors up until the bell says stop; none where there is no model.
pub fn spawn(app: App) -> anyhow::Result<Option<std::thread::JoinHandle<()>>> {
    if app.search.meaning.is_none() {
        return Ok(None);
    }
    let spawned = std::thread::Builder::new().name("vectors".into()).spawn(move || {
        give_way();
        let mut failures = 0u32;
        let mut follower = None;
        while !app.bell.stopping() {
            let seen = app.bell.rung();
            let patience = match turn(&app, &mut follower) {
                Ok(true) => 0,
                Ok(false) => {
                    failures = 0;
                    limits::FOLLOWER_POLL_MS
                }
                Err(MeaningError::Stopped) => break,
                Err(error) => {
                    failures += 1;
                    tracing::warn!(%error, failures, "the vectors could not move on; it will be tried again");
                    follower = None;
                    (limits::FOLLOWER_POLL_MS << failures.min(12)).min(PATIENCE_MS)
                }
            };
            let until = Instant::now() + Duration::from_millis(patience);
            // A ring says that there is something new, which after a failure is no reason to hurry.
            let mut seen = seen;
            while patience > 0 && !app.bell.stopping() {
                let left = until.saturating_duration_since(Instant::now());
                app.bell.wait(seen, left);
                if failures == 0 || left.is_zero() {
                    break;
                }
                seen = app.bell.rung();
            }
        }
    })?;
    Ok(Some(spawned))
}

/// Encodes all that is missing now. For tests and for those who want to wait.
///
/// # Errors
/// When the database does not answer, or the vectors cannot be written.
pub fn catch_up(app: &App) -> Result<()> {
    let mut follower = None;
    while turn(app, &mut follower)? {}
    Ok(())
}

/// Whether there was something to do.
fn turn(app: &App, follower: &mut Option<Follower>) -> Result<bool> {
    let Some(meaning) = app.search.meaning.as_ref() else { return Ok(false) };
    let own = match follower {
        Some(own) => own,
        None => follower.insert(Follower::begin(app, meaning)?),
    };
    let followed = own.follow(app, meaning)?;
    let walked = own.walk(app, meaning)?;
    Ok(followed || walked)
}

/// Lets other threads of the machine go first, where the system can.
fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICE) {
        tracing::debug!(%error, "the thread that encodes cannot give way");
    }
}

struct Follower {
    /// The last event that was followed.
    place: i64,
    /// The last thread the walk has passed, while there is one.
    walk: Option<i64>,
}

impl Follower {
    fn begin(app: &App, meaning: &Meaning) -> Result<Follower> {
        let head = ledger::head(&mut *app.db.reader()?)?.0;
        let place = meaning.vectors.place();
        // Ahead of the ledger they belong to a database that was put back from an older copy.
        if place <= 0 || place > head {
            if place > head {
                meaning.vectors.apply(Some(0), &[], &[])?;
            }
            tracing::info!(model = meaning.card().name, "the threads are encoded in the background");
            return Ok(Follower { place: head, walk: Some(0) });
        }
        Ok(Follower { place, walk: None })
    }

    fn follow(&mut self, app: &App, meaning: &Meaning) -> Result<bool> {
        let (last, openings, gone) = {
            let mut conn = app.db.reader()?;
            let events = ledger::after(&mut conn, EventId(self.place), limits::EVENTS_PER_STEP)?;
            let Some(last) = events.last().map(|event| event.id.0) else { return Ok(false) };
            let ids: BTreeSet<i64> = events
                .iter()
                .filter(|event| changes_opening(&event.fact))
                .filter_map(|event| event.fact.thread())
                .map(|thread| thread.0)
                .collect();
            let ids: Vec<i64> = ids.into_iter().collect();
            let openings = by_ids(&mut conn, &ids)?;
            let seen: HashSet<i64> = openings.iter().map(|opening| opening.id).collect();
            let gone: Vec<i64> = ids.into_iter().filter(|id| !seen.contains(id)).collect();
            (last, openings, gone)
        };
        bring(app, meaning, openings, gone)?;
        // Events that changed nothing are not worth a commit of the file each.
        let written = meaning.vectors.place();
        if self.walk.is_none()
            && (meaning.vectors.changed_since_place() || last - written >= limits::EVENTS_PER_STEP)
        {
            meaning.vectors.apply(Some(last), &[], &[])?;
        }
        self.place = last;
        Ok(true)
    }

    fn walk(&mut self, app: &App, meaning: &Meaning) -> Result<bool> {
        let Some(after) = self.walk else { return Ok(false) };
        let openings = following(&mut *app.db.reader()?, after)?;
        let last = openings.last().map_or(i64::MAX, |opening| opening.id);
        let seen: HashSet<i64> = openings.iter().map(|opening| opening.id).collect();
        let gone = meaning.vectors.between(after, last).into_iter().filter(|id| !seen.contains(id)).collect();
        bring(app, meaning, openings, gone)?;
        self.walk = Some(last);
        if last == i64::MAX {
            meaning.vectors.apply(Some(self.place), &[], &[])?;
            Vectors::remove_others(&meaning.folder, &meaning.card().id);
            self.walk = None;
            tracing::info!(threads = meaning.vectors.len(), "every thread is encoded");
        }
        Ok(true)
    }
}

/// Removes the vectors of what is gone, then encodes those openings that are new or were changed.
fn bring(app: &App, meaning: &Meaning, openings: Vec<Opening>, gone: Vec<i64>) -> Result<()> {
    let mut gone: Vec<i64> = gone.into_iter().filter(|id| meaning.vectors.print(*id).is_some()).collect();
    let mut wanted = Vec::new();
    for opening in openings {
        let question = plain_text(&opening.html);
        let text = passage(&opening.title, &question);
        let (known, print) = (meaning.vectors.print(opening.id), print(&text));
        // What the model cannot read would lie near by chance.
        if !meaning.knows(Lang::guess(&question).or_else(|| Lang::guess(&opening.title))) {
            gone.extend(known.map(|_| opening.id));
        } else if known != Some(print) {
            wanted.push((opening.id, print, text));
        }
    }
    if !gone.is_empty() {
        meaning.vectors.apply(None, &[], &gone)?;
    }
    for some in wanted.chunks(ENCODED_AT_ONCE) {
        if app.bell.stopping() {
            return Err(MeaningError::Stopped);
        }
        let texts: Vec<&str> = some.iter().map(|(.., text)| text.as_str()).collect();
        let vectors = meaning.encoder.encode_passages(&texts)?;
        let entries: Vec<Entry> = some
            .iter()
            .zip(vectors)
            .map(|((id, print, _), vector)| Entry { id: *id, print: *print, vector })
            .collect();
        meaning.vectors.apply(None, &entries, &[])?;
    }
    Ok(())
}

/// Whether a thread's title or question may be another, or be seen by others, after it.
fn changes_opening(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ThreadAsked { .. }
            | Fact::PostEdited { .. }
            | Fact::PostDeleted { .. }
            | Fact::PostUndeleted { .. }
            | Fact::PostHidden { .. }
            | Fact::PostRestored { .. }
    )
}

/// What is encoded of a visible thread.
#[derive(Queryable)]
struct Opening {
    id: i64,
    title: String,
    html: String,
}

macro_rules! openings {
    () => {
        threads::table
            .inner_join(posts::table.on(posts::id.eq(threads::id)))
            .filter(threads::removed.eq(zero()))
            .order(threads::id)
            .select((threads::id, threads::title, posts::body_html))
    };
}

fn by_ids(conn: &mut Conn, ids: &[i64]) -> DbResult<Vec<Opening>> {
    Ok(openings!().filter(threads::id.eq_any(ids)).load(conn)?)
}

fn following(conn: &mut Conn, after: i64) -> DbResult<Vec<Opening>> {
    Ok(openings!().filter(threads::id.gt(after)).limit(THREADS_AT_ONCE).load(conn)?)
}

/// Threads that everybody may see.
///
/// # Errors
/// When the database does not answer.
pub fn visible(conn: &mut Conn) -> DbResult<i64> {
    Ok(threads::table.filter(threads::removed.eq(zero())).count().get_result(conn)?)
}
