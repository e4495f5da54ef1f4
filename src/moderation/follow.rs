//! moderation room: new threads are compared with earlier ones, and likely pairs are laid before moderators.
//!
//! One of its kind, whatever the number of nodes: its place is in the database. It goes as far as this node's index has
//! followed, because it is the index that finds what is like a new thread, the thread itself among it. Threads brought
//! over by an import are left alone: their old community judged them.
use super::store;
use crate::app::App;
use crate::db::{DbError, DbResult};
use crate::error::Error;
use crate::kernel::ids::{EventId, ThreadId};
use crate::kernel::limits;
use crate::ledger::{self, Event, Fact, follow};
use crate::search;
use std::time::Duration;

/// The follower's name among the places.
pub const NAME: &str = "duplicates";

/// A thread that compares what is asked until the bell says stop.
pub fn spawn(app: App) -> anyhow::Result<std::thread::JoinHandle<()>> {
    Ok(std::thread::Builder::new().name("duplicates".into()).spawn(move || {
        while !app.bell.stopping() {
            let seen = app.bell.rung();
            match step(&app) {
                Ok(0) => app.bell.wait(seen, Duration::from_millis(limits::FOLLOWER_POLL_MS)),
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "new threads could not be compared; it will be tried again");
                    app.bell.wait(app.bell.rung(), Duration::from_millis(limits::FOLLOWER_POLL_MS));
                }
            }
        }
    })?)
}

/// Compares all that the index has followed to.
pub fn catch_up(app: &App) -> DbResult<()> {
    while step(app)? > 0 {}
    Ok(())
}

/// One step; the number of events done, 0 when there is nothing to do or the index is not there yet.
fn step(app: &App) -> DbResult<usize> {
    if app.search.is_rebuilding() {
        return Ok(0);
    }
    let reach = app.search.place();
    let mut conn = app.db.reader()?;
    let from = follow::place(&mut conn, NAME)?;
    let mut events = ledger::after(&mut conn, from, limits::EVENTS_PER_STEP)?;
    events.retain(|event| event.id.0 <= reach);
    let mut left = limits::DUPLICATES_PER_STEP;
    let stop = events.iter().position(|event| match asked(event) {
        Some(_) if left == 0 => true,
        Some(_) => {
            left -= 1;
            false
        }
        None => false,
    });
    events.truncate(stop.unwrap_or(events.len()));
    let Some(last) = events.last().map(|event| event.id) else { return Ok(0) };
    let mut pairs: Vec<(ThreadId, ThreadId, u16)> = Vec::new();
    for thread in events.iter().filter_map(asked) {
        let likely = match search::likely_duplicates(app, &mut conn, thread) {
            Ok(likely) => likely,
            Err(Error::Db(error)) => return Err(error),
            Err(error) => return Err(DbError::Unavailable(error.to_string())),
        };
        let likely = likely.into_iter().filter(|(_, likelihood)| *likelihood >= limits::DUPLICATE_LIKELIHOOD);
        pairs.extend(
            likely.take(limits::DUPLICATE_CANDIDATES).map(|(of, likelihood)| (thread, of, likelihood)),
        );
    }
    drop(conn);
    write(app, from, last, pairs)?;
    Ok(events.len())
}

fn write(app: &App, from: EventId, last: EventId, pairs: Vec<(ThreadId, ThreadId, u16)>) -> DbResult<()> {
    app.db.write_blocking(move |tx| -> DbResult<()> {
        // Another node may have done it meanwhile.
        if follow::advance(tx, NAME, from, last)? {
            for (thread, candidate, likelihood) in pairs {
                store::propose(tx, thread, candidate, likelihood)?;
            }
        }
        Ok(())
    })
}

fn asked(event: &Event) -> Option<ThreadId> {
    match event.fact {
        Fact::ThreadAsked { thread, .. } if !event.imported => Some(thread),
        _ => None,
    }
}
