//! reputation room: how everybody stands, or stood at a time, told from the ledger alone: for scripts.
//!
//! The whole ledger up to that time is folded in memory, so that the answer depends on nothing but what had happened
//! then: the same bytes whenever it is asked, on both databases.
use super::evidence::Authority;
use super::policy::{Book, Rulebook};
use crate::badges::{self, OVERALL, Turn, Turned};
use crate::db::schema::{badge_rules, tags, users};
use crate::db::{Conn, DbResult};
use crate::kernel::ids::{EventId, TagId, UserId};
use crate::kernel::moment::{Moment, SECOND};
use crate::ledger;
use diesel::prelude::*;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// Events read at once.
const EVENTS_PER_STEP: i64 = 10_000;

/// How everybody stands.
#[derive(Debug, Serialize)]
pub struct Register {
    /// The topic it was asked for, or nothing.
    pub topic: Option<String>,
    /// Events it rests on, and the last of them.
    pub events: u64,
    pub last_event: i64,
    /// By number; who has nothing at all is left out.
    pub members: Vec<Member>,
}

#[derive(Debug, Serialize)]
pub struct Member {
    /// The name they sign in with; a pseudonym for those who left for good.
    pub user: String,
    pub id: UserId,
    pub points: i64,
    pub authority: Interval,
    /// By topic, where there is an outcome.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub topics: BTreeMap<String, Interval>,
    pub badges: Vec<Held>,
    pub revoked: Vec<Revoked>,
    /// Findings that hold some of their credit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub held_by: Vec<i64>,
}

/// How far a word carries, between 0 and 1: the bound is the lower end of the interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub bound: f64,
    pub accuracy: f64,
    pub low: f64,
    pub high: f64,
    /// Answers whose outcome is resolved.
    pub count: i64,
}

impl From<Authority> for Interval {
    fn from(authority: Authority) -> Interval {
        #[allow(clippy::cast_precision_loss)] // thousandths
        let share = |thousandths: i64| thousandths as f64 / 1e3;
        let bound = share(authority.bound);
        Interval {
            bound,
            accuracy: share(authority.accuracy),
            low: bound,
            high: share(authority.high),
            count: authority.count,
        }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct Held {
    pub badge: String,
    pub level: String,
    pub topic: Option<String>,
    /// The event that gave it, in the ledger, and when that was, in seconds since 1970.
    pub event: EventId,
    pub at: i64,
    pub post: Option<i64>,
    /// Moderators gave it back: that event stands above, and it is held whatever the measures say.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub reinstated: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct Revoked {
    pub badge: String,
    pub level: String,
    pub topic: Option<String>,
    pub event: EventId,
    pub at: i64,
    /// The event that took it back, when, and what kind of event it was.
    pub revoked_event: EventId,
    pub revoked_at: i64,
    pub why: &'static str,
    pub bound_before: f64,
    pub bound_after: f64,
}

/// Tells how everybody stands after what happened up to `at` (everything, without it), overall or in one topic.
/// `None` when there is no such topic.
pub fn register(conn: &mut Conn, at: Option<Moment>, topic: Option<&str>) -> DbResult<Option<Register>> {
    let names: Vec<(TagId, String)> = tags::table.select((tags::id, tags::name)).load(conn)?;
    let names: HashMap<TagId, String> = names.into_iter().collect();
    let tag = match topic {
        Some(topic) => match names.iter().find(|(_, name)| *name == topic) {
            Some((tag, _)) => *tag,
            None => return Ok(None),
        },
        None => OVERALL,
    };
    let mut rulebook = Rulebook::default();
    let versions: Vec<i64> = badge_rules::table.select(badge_rules::id).load(conn)?;
    for version in versions {
        rulebook.versions.insert(version, badges::rules_of(conn, version)?);
    }
    let mut book = Book::under(rulebook);
    let (mut place, mut count) = (EventId(0), 0);
    let mut turns: Vec<Turned> = Vec::new();
    loop {
        let events = ledger::after(conn, place, EVENTS_PER_STEP)?;
        let Some(last) = events.last() else { break };
        place = last.id;
        for event in events.iter().filter(|event| at.is_none_or(|at| event.at <= at)) {
            book.apply(event);
            count += 1;
        }
        // A statement's lines are not asked for.
        book.entries.clear();
        book.changes.clear();
        turns.append(&mut book.turns);
    }
    let people: Vec<(UserId, String)> =
        users::table.select((users::id, users::username)).order(users::id).load(conn)?;
    let mut by_person: HashMap<UserId, Vec<&Turned>> = HashMap::new();
    for turned in turns.iter().filter(|turned| tag == OVERALL || turned.tag == tag) {
        by_person.entry(turned.user).or_default().push(turned);
    }
    let mut by_topic: BTreeMap<UserId, BTreeMap<String, Interval>> = BTreeMap::new();
    for ((user, of), sums) in &book.topics {
        if let Some(name) = names.get(of).filter(|_| !sums.outcomes.is_none()) {
            by_topic.entry(*user).or_default().insert(name.clone(), sums.outcomes.authority().into());
        }
    }
    let mut members = Vec::new();
    for (id, user) in people {
        let Some(person) = book.people.get(&id) else { continue };
        let authority = match tag {
            OVERALL => person.outcomes.authority(),
            _ => book.topics.get(&(id, tag)).map(|sums| sums.outcomes.authority()).unwrap_or_default(),
        };
        let (badges, revoked) = told(by_person.get(&id).map(Vec::as_slice).unwrap_or_default(), &names);
        let topics = by_topic.remove(&id).filter(|_| tag == OVERALL).unwrap_or_default();
        let held_by = person.findings.iter().chain(&person.silenced).map(|finding| finding.0).collect();
        let (points, authority) = (person.points, authority.into());
        members.push(Member { user, id, points, authority, topics, badges, revoked, held_by });
    }
    let last_event = match at {
        None => place.0,
        Some(at) => last_before(conn, at)?,
    };
    Ok(Some(Register { topic: topic.map(str::to_owned), events: count, last_event, members }))
}

fn last_before(conn: &mut Conn, at: Moment) -> DbResult<i64> {
    use crate::db::schema::events;
    let last: Option<i64> =
        events::table.filter(events::at.le(at)).select(diesel::dsl::max(events::id)).first(conn)?;
    Ok(last.unwrap_or(0))
}

fn told(turns: &[&Turned], names: &HashMap<TagId, String>) -> (Vec<Held>, Vec<Revoked>) {
    let (mut held, mut revoked): (Vec<(TagId, Held)>, Vec<Revoked>) = (Vec::new(), Vec::new());
    #[allow(clippy::cast_precision_loss)] // thousandths
    let share = |thousandths: i64| thousandths as f64 / 1e3;
    for turned in turns {
        let at = turned.at.0.div_euclid(SECOND);
        match turned.turn {
            Turn::Earned => held.push((
                turned.tag,
                Held {
                    badge: turned.badge.clone(),
                    level: turned.level.map(|level| level.as_str().to_owned()).unwrap_or_default(),
                    topic: names.get(&turned.tag).cloned(),
                    event: turned.event,
                    at,
                    post: turned.post.map(|post| post.0),
                    reinstated: turned.cause == crate::badges::REINSTATED,
                },
            )),
            Turn::Revoked => {
                let place =
                    held.iter().position(|(tag, held)| *tag == turned.tag && held.badge == turned.badge);
                let Some(place) = place else { continue };
                let (_, Held { badge, level, topic, event, at: given, .. }) = held.remove(place);
                revoked.push(Revoked {
                    badge,
                    level,
                    topic,
                    event,
                    at: given,
                    revoked_event: turned.event,
                    revoked_at: at,
                    why: turned.cause,
                    bound_before: share(turned.bound_before),
                    bound_after: share(turned.bound_after),
                });
            }
        }
    }
    (held.into_iter().map(|(_, held)| held).collect(), revoked)
}
