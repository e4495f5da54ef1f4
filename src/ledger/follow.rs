//! ledger room: followers. Each keeps its own place and can be thrown away and rebuilt.
//!
//! A follower that writes to the database moves its place in the same transaction as its effects,
//! and only if the place is still where it read from: so two nodes never do one event twice.
use super::{Event, after};
use crate::db::schema::places;
use crate::db::{Conn, Db, DbError, DbResult, Tx};
use crate::kernel::ids::EventId;
use crate::kernel::limits;
use diesel::prelude::*;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// Reacts to the ledger with rows of its own.
pub trait Follower: Send + Sync {
    /// Its name in the table of places.
    fn name(&self) -> &'static str;
    /// Writes the effects of `events`, in order. Must not depend on anything but them and the database.
    fn apply(&self, tx: &mut Tx<'_>, events: &[Event]) -> DbResult<()>;
}

/// Where `name` stands: the last event it has done.
pub fn place(conn: &mut Conn, name: &str) -> DbResult<EventId> {
    let id: Option<EventId> = places::table.find(name).select(places::event_id).first(conn).optional()?;
    Ok(id.unwrap_or(EventId(0)))
}

/// Moves `name` from `from` to `to`; `false` when it is no longer at `from`.
pub fn advance(tx: &mut Tx<'_>, name: &str, from: EventId, to: EventId) -> DbResult<bool> {
    let moved =
        diesel::update(places::table.filter(places::follower.eq(name)).filter(places::event_id.eq(from)))
            .set((places::event_id.eq(to), places::updated_at.eq(tx.now)))
            .execute(tx.conn)?;
    if moved == 0 && from == EventId(0) {
        let known: Option<EventId> =
            places::table.find(name).select(places::event_id).first(tx.conn).optional()?;
        if known.is_none() {
            diesel::insert_into(places::table)
                .values((places::follower.eq(name), places::event_id.eq(to), places::updated_at.eq(tx.now)))
                .execute(tx.conn)?;
            return Ok(true);
        }
    }
    Ok(moved == 1)
}

/// Does one step of at most [`limits::EVENTS_PER_STEP`] events; the number done, 0 when it has caught up.
pub fn step(db: &Db, follower: &Arc<dyn Follower>) -> DbResult<usize> {
    let (from, events) = {
        let mut conn = db.reader()?;
        let from = place(&mut conn, follower.name())?;
        (from, after(&mut conn, from, limits::EVENTS_PER_STEP)?)
    };
    let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
    let count = events.len();
    let follower = Arc::clone(follower);
    db.write_blocking(move |tx| -> DbResult<()> {
        if advance(tx, follower.name(), from, last)? {
            follower.apply(tx, &events)?;
        }
        Ok(())
    })?;
    Ok(count)
}

/// Runs `follower` until it has done everything that is in the ledger now.
pub fn catch_up(db: &Db, follower: &Arc<dyn Follower>) -> DbResult<()> {
    while step(db, follower)? > 0 {}
    Ok(())
}

/// Wakes sleeping followers when something was committed on this node, or when it is time to stop.
#[derive(Clone, Default)]
pub struct Bell(Arc<(Mutex<BellState>, Condvar)>);

#[derive(Default)]
struct BellState {
    rung: u64,
    stopping: bool,
}

impl Bell {
    pub fn ring(&self) {
        if let Ok(mut state) = self.0.0.lock() {
            state.rung += 1;
            self.0.1.notify_all();
        }
    }
    pub fn stop(&self) {
        if let Ok(mut state) = self.0.0.lock() {
            state.stopping = true;
            self.0.1.notify_all();
        }
    }
    pub fn stopping(&self) -> bool {
        self.0.0.lock().map(|state| state.stopping).unwrap_or(true)
    }
    /// How often it has rung; hand it to [`Bell::wait`] so that no ring is missed between looking and sleeping.
    pub fn rung(&self) -> u64 {
        self.0.0.lock().map(|state| state.rung).unwrap_or(0)
    }
    /// Sleeps until it rings past `seen`, or for `at_most` (another node's commits ring no bell here).
    pub fn wait(&self, seen: u64, at_most: Duration) {
        if let Ok(state) = self.0.0.lock() {
            let _ = self.0.1.wait_timeout_while(state, at_most, |s| s.rung == seen && !s.stopping);
        }
    }
}

/// A thread that keeps `followers` up with the ledger until the bell says stop. A failure is logged
/// and tried again; it never stops the others.
pub fn spawn(
    db: Db,
    followers: Vec<Arc<dyn Follower>>,
    bell: Bell,
) -> Result<std::thread::JoinHandle<()>, DbError> {
    std::thread::Builder::new()
        .name("followers".into())
        .spawn(move || {
            while !bell.stopping() {
                let seen = bell.rung();
                let mut busy = false;
                let mut failed = false;
                for follower in &followers {
                    match step(&db, follower) {
                        Ok(done) => busy |= done as i64 == limits::EVENTS_PER_STEP,
                        Err(error) => {
                            failed = true;
                            tracing::warn!(follower = follower.name(), %error, "a follower could not move on; it will try again");
                        }
                    }
                }
                if failed || !busy {
                    let seen = if failed { bell.rung() } else { seen };
                    bell.wait(seen, Duration::from_millis(limits::FOLLOWER_POLL_MS));
                }
            }
        })
        .map_err(|e| DbError::Unavailable(e.to_string()))
}
