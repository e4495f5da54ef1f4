//! admin room: the state of the house, its people's roles and its outbox, for administrators.
pub mod pages;
pub mod views;

pub use pages::synonyms::said as problem_said;

use crate::db::schema::{places, users};
use crate::db::{Conn, DbResult};
use crate::exchange::{Stats, stats};
use crate::kernel::ids::EventId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::Email;
use crate::ledger;
use diesel::prelude::*;
use std::sync::Mutex;

/// The counts of the overview, kept for a minute: every administrator's look would count all rows again.
#[derive(Default)]
pub struct KeptStats(Mutex<Option<(Moment, Stats)>>);

impl KeptStats {
    /// What was counted within [`limits::OVERVIEW_LIFE`] before `now`, or is counted now.
    pub fn get(&self, conn: &mut Conn, now: Moment) -> DbResult<Stats> {
        let kept = self.0.lock().map(|kept| kept.clone()).unwrap_or_default();
        if let Some((at, counts)) = kept
            && (0..limits::OVERVIEW_LIFE).contains(&now.since(at))
        {
            return Ok(counts);
        }
        let counts = stats(conn)?;
        if let Ok(mut kept) = self.0.lock() {
            *kept = Some((now, counts.clone()));
        }
        Ok(counts)
    }
}

/// Where a follower stands, and when it last moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowerPlace {
    pub name: String,
    pub place: EventId,
    /// Events it has still to do, as the ledger counts them.
    pub lag: i64,
    pub moved_at: Option<Moment>,
}

/// Every follower with a place of its own in the database.
pub fn follower_places(conn: &mut Conn) -> DbResult<Vec<FollowerPlace>> {
    let head = ledger::head(conn)?;
    let rows: Vec<(String, EventId, Moment)> = places::table
        .order(places::follower)
        .limit(limits::COUNT_CAP)
        .select((places::follower, places::event_id, places::updated_at))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(name, place, moved)| FollowerPlace {
            name,
            place,
            lag: head.0.saturating_sub(place.0).max(0),
            moved_at: Some(moved),
        })
        .collect())
}

/// The user name of whom this address belongs to; never shown to anybody but administrators.
pub fn username_by_email(conn: &mut Conn, email: &str) -> DbResult<Option<String>> {
    let Ok(email) = Email::parse(email) else { return Ok(None) };
    Ok(users::table
        .filter(users::email_key.eq(email.key()))
        .filter(users::erased_at.is_null())
        .select(users::username)
        .first(conn)
        .optional()?)
}
