//! insight room: what people seek, and what of it they don't find. Counted without a trace of who sought.
//!
//! A search is counted by its words and its day, nothing else: no account, address or session is in a row, and a
//! query that may be about a person ([`policy::personal`]) is not written down at all. Before anybody is shown a
//! query, it must have come from [`limits::SEARCH_SHOWN_VISITORS`] visitors, each counted once a day and node: how
//! many they were is told from a set of numbers made with a key of that day, which is never written down and gone
//! with the day.
//!
//! Counting costs a search no write: a bounded table in memory takes it and is written down now and then.
//!
//! What is counted together is told by the words' stems ([`group`]), since counting waits for nobody. Where a sentence
//! encoder runs, what means the same becomes one gap when it is looked at ([`policy::fold`]): only gaps that may be
//! shown by themselves, so that nothing comes to light in another's company.
pub mod pages;
mod policy;
mod store;
pub mod views;

pub use store::{dismiss, restore, sweep};

use crate::db::{Db, DbResult};
use crate::kernel::ids::ThreadId;
use crate::kernel::limits;
use crate::kernel::moment::{DAY, Moment};
use crate::search::analysis::Lang;
use crate::search::{Query, analysis};
use crate::web::form::Fields;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What is written down of a search: its words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Searched {
    /// Words and phrases, folded, in the order typed.
    query: String,
    lang: &'static str,
    group: String,
}

impl Searched {
    /// `None` where there are no words, they are narrowed by more than words, or may be about a person.
    pub fn of(text: &str) -> Option<Searched> {
        let (query, _) = Query::parse(text);
        let words = || query.words.iter().chain(query.phrases.iter().flatten());
        let folded: Vec<String> = words().map(|word| analysis::fold(&word.surface)).collect();
        let folded = folded.join(" ");
        if folded.is_empty() || query.has_qualifiers() || !query.excluded.is_empty() {
            return None;
        }
        if policy::personal(text.trim()) || policy::personal(&folded) {
            return None;
        }
        let lang = query.lang.map_or("", |lang| lang.language().code);
        Some(Searched { query: folded, lang, group: group(&query) })
    }
}

/// What searches have in common that are counted together: the same set of stems, in any order and form.
fn group(query: &Query) -> String {
    let words = query.words.iter().chain(query.phrases.iter().flatten());
    let mut stems: Vec<&str> = words
        .filter(|word| !word.stop)
        .filter_map(|word| {
            // The query's own language weighs most; among equals the first.
            word.terms.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(term, _)| term.as_str())
        })
        .collect();
    if stems.is_empty() {
        stems = query.words.iter().map(|word| word.surface.as_str()).collect();
    }
    stems.sort_unstable();
    stems.dedup();
    stems.join(" ")
}

/// What stands between the keys of one gap in its form; no word has it.
const KEYS_APART: &str = "|";

/// One thing that people sought in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    pub key: String,
    /// The wording sought most.
    pub wording: String,
    /// The language it was sought in, where that could be told.
    pub lang: Option<Lang>,
    /// Other gaps that mean the same and are in these numbers: keys and wordings, those sought most first.
    pub also: Vec<(String, String)>,
    /// How many more wordings there are.
    pub others: i64,
    pub searched: i64,
    pub found_none: i64,
    pub weak: i64,
    pub opened: i64,
    pub solved: i64,
    /// The first moment of the day of the last search in vain.
    pub missed_at: Moment,
}

impl Gap {
    /// Searches that found nothing, or not what was meant.
    pub fn missed(&self) -> i64 {
        self.found_none + self.weak
    }

    /// Keys of all that is counted in it.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.key).chain(self.also.iter().map(|(key, _)| key)).map(String::as_str)
    }

    /// All that it is called.
    pub fn wordings(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.wording).chain(self.also.iter().map(|(_, wording)| wording)).map(String::as_str)
    }
}

/// How a search went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Outcome {
    #[default]
    Found,
    /// Too few threads have all the words, so others were shown.
    Weak,
    Nothing,
}

/// Numbers of one search on one day that are still to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Tally {
    searched: i64,
    found_none: i64,
    weak: i64,
    opened: i64,
    solved: i64,
    visitors: i64,
}

#[derive(Default)]
struct Seen {
    waiting: Tally,
    /// How it went last: pages come from a cache too.
    outcome: Outcome,
    /// Visitors of today, by numbers that mean nothing without today's key.
    visitors: HashSet<u64>,
}

/// A hit that was opened.
struct Opening {
    day: i64,
    searched: Searched,
    thread: ThreadId,
}

#[derive(Default)]
struct Counts {
    day: i64,
    key: RandomState,
    today: HashMap<Searched, Seen>,
    /// Of days that are over, or could not be written down.
    late: Vec<(i64, Searched, Tally)>,
    openings: Vec<Opening>,
}

/// Counts searches until they are written down.
#[derive(Default)]
pub struct Counter(Mutex<Counts>);

fn day_of(now: Moment) -> i64 {
    now.0.div_euclid(DAY)
}

impl Counts {
    /// A new day has a new key, and forgets who came yesterday.
    fn turn(&mut self, now: Moment) {
        let day = day_of(now);
        if day == self.day {
            return;
        }
        let before = std::mem::take(&mut self.today);
        let unwritten = before.into_iter().filter(|(_, seen)| seen.waiting != Tally::default());
        self.late.extend(unwritten.map(|(searched, seen)| (self.day, searched, seen.waiting)));
        self.late.truncate(limits::SEARCHES_COUNTED);
        self.key = RandomState::new();
        self.day = day;
    }

    fn of(&mut self, searched: Searched, now: Moment) -> Option<&mut Seen> {
        self.turn(now);
        let room = self.today.len() < limits::SEARCHES_COUNTED || self.today.contains_key(&searched);
        room.then(|| self.today.entry(searched).or_default())
    }
}

impl Counter {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how a search went that was just made, for this one and for those who are shown the same page.
    pub fn went(&self, text: &str, outcome: Outcome, now: Moment) {
        let Some(searched) = Searched::of(text) else { return };
        if let Some(seen) = self.counts().of(searched, now) {
            seen.outcome = outcome;
        }
    }

    /// Counts one search by a visitor from `household`.
    pub fn searched(&self, text: &str, household: IpAddr, now: Moment) {
        let Some(searched) = Searched::of(text) else { return };
        let mut counts = self.counts();
        counts.turn(now);
        let visitor = counts.key.hash_one((household, &searched));
        let Some(seen) = counts.of(searched, now) else { return };
        seen.waiting.searched += 1;
        match seen.outcome {
            Outcome::Found => {}
            Outcome::Weak => seen.waiting.weak += 1,
            Outcome::Nothing => seen.waiting.found_none += 1,
        }
        // Once it may be shown, more visitors change nothing.
        if (seen.visitors.len() as i64) < limits::SEARCH_SHOWN_VISITORS && seen.visitors.insert(visitor) {
            seen.waiting.visitors += 1;
        }
    }

    /// Counts that a hit was opened from the page of results at `came_from`.
    ///
    /// Browsers say of their own accord which page of ours a link was on. So links of hits are the threads' plain
    /// addresses: no number in them to be copied, kept by caches or followed by robots, and nothing needs a script.
    pub fn opened(&self, came_from: Option<&str>, thread: ThreadId, now: Moment) {
        let query = came_from.and_then(|path| path.strip_prefix("/search?"));
        let Some(fields) = query.and_then(|query| Fields::parse(query.as_bytes()).ok()) else { return };
        let Some(searched) = Searched::of(fields.get("q")) else { return };
        let mut counts = self.counts();
        if counts.openings.len() < limits::OPENINGS_WAITING {
            counts.openings.push(Opening { day: day_of(now), searched, thread });
        }
    }

    /// Writes down what was counted; what cannot be written is kept for the next time.
    pub fn flush(&self, db: &Db) -> DbResult<()> {
        let (mut rows, openings) = {
            let mut counts = self.counts();
            let day = counts.day;
            let mut rows = std::mem::take(&mut counts.late);
            for (searched, seen) in &mut counts.today {
                let waiting = std::mem::take(&mut seen.waiting);
                if waiting != Tally::default() {
                    rows.push((day, searched.clone(), waiting));
                }
            }
            (rows, std::mem::take(&mut counts.openings))
        };
        let solved = match db.reader().and_then(|mut conn| store::solved(&mut conn, &openings)) {
            Ok(solved) => solved,
            Err(error) => {
                let mut counts = self.counts();
                counts.late.extend(rows);
                counts.openings.extend(openings);
                return Err(error);
            }
        };
        rows.extend(openings.into_iter().map(|opening| {
            let solved = i64::from(solved.contains(&opening.thread));
            (opening.day, opening.searched, Tally { opened: 1, solved, ..Tally::default() })
        }));
        while !rows.is_empty() {
            let rest = rows.split_off(rows.len().min(store::ROWS_AT_ONCE));
            let batch = rows.clone();
            if let Err(error) = db.write_blocking(move |tx| store::add(tx, &batch)) {
                rows.extend(rest);
                self.counts().late.extend(rows);
                return Err(error);
            }
            rows = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn group_of(text: &str) -> String {
        Searched::of(text).unwrap().group
    }

    #[test]
    fn searches_for_one_thing_are_one_group() {
        assert_eq!(group_of("reset the router"), group_of("Router: resetting routers"));
        assert_eq!(group_of("\"reset router\""), group_of("router reset"));
        assert_ne!(group_of("reset router"), group_of("reset modem"));
        for narrowed in ["  is:solved ", "router is:solved", "router user:ann", "router -modem"] {
            assert_eq!(Searched::of(narrowed), None, "{narrowed}");
        }
        assert_eq!(Searched::of("call 340 1234567"), None);
        assert_eq!(Searched::of("The Routers, reset").unwrap().query, "routers reset");
    }

    #[test]
    fn a_visitor_counts_once_a_day_and_numbers_stay_bounded() {
        let counter = Counter::default();
        let home = |n: u8| IpAddr::V4(Ipv4Addr::new(192, 0, 2, n));
        let monday = Moment(20_000 * DAY);
        for _ in 0..3 {
            counter.searched("router", home(1), monday);
        }
        counter.searched("router", home(2), monday);
        counter.searched("router", home(1), monday.plus(DAY));
        let counts = counter.counts();
        let (day, _, tally) = &counts.late[0];
        assert_eq!((*day, tally.searched, tally.visitors), (20_000, 4, 2));
        assert_eq!(counts.today.values().map(|seen| seen.waiting.visitors).sum::<i64>(), 1);
        drop(counts);
        for n in 0..limits::SEARCHES_COUNTED + 10 {
            counter.searched(&format!("w{n}"), home(1), monday.plus(DAY));
        }
        assert_eq!(counter.counts().today.len(), limits::SEARCHES_COUNTED);
    }

    #[test]
    fn only_a_page_of_results_leads_to_an_opening() {
        let counter = Counter::default();
        let thread = ThreadId(7);
        for from in [
            None,
            Some("/"),
            Some("/search"),
            Some("/search?q="),
            Some("/search?q=a%40b.c"),
            Some("/search?q=%ff"),
        ] {
            counter.opened(from, thread, Moment(0));
        }
        assert!(counter.counts().openings.is_empty());
        counter.opened(Some("/search?q=the+Router&after=x"), thread, Moment(0));
        assert_eq!(counter.counts().openings[0].searched.query, "router");
    }
}
