//! worth room: counts readers until they are written down.
use super::store::{self, Reading};
use crate::db::{Db, DbResult};
use crate::kernel::ids::{ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Readings of one transaction: visitors' writes get between.
const READINGS_AT_ONCE: usize = 500;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reader {
    /// Nobody who is signed in: whoever comes from one household in a day is one reader.
    Household(IpAddr),
    Member(UserId),
}

#[derive(Default)]
struct Counts {
    day: i64,
    /// Of today, never written down: without it the numbers below mean nothing.
    key: RandomState,
    seen: HashSet<u64>,
    /// A member is named until the next writing alone, so that nobody reads for themselves.
    waiting: HashMap<Reading, i64>,
}

/// Counts readers of threads, each once a day and thread.
#[derive(Default)]
pub struct Counter {
    counts: Mutex<Counts>,
    /// Whoever writes down comes back when all that was counted before is written, by whomever.
    writing: Mutex<()>,
}

impl Counter {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn read(&self, thread: ThreadId, reader: Reader, now: Moment) {
        let mut counts = self.counts();
        if counts.day != now.day() {
            counts.day = now.day();
            counts.key = RandomState::new();
            counts.seen = HashSet::new();
        }
        let number = counts.key.hash_one((thread, reader));
        let member = match reader {
            Reader::Member(user) => Some(user),
            Reader::Household(_) => None,
        };
        let reading = Reading { month: now.month(), thread, member };
        let room = counts.waiting.len() < limits::VIEWS_WAITING || counts.waiting.contains_key(&reading);
        // Where there is no more room, too few are counted and never too many.
        if room && counts.seen.len() < limits::READERS_PER_DAY && counts.seen.insert(number) {
            *counts.waiting.entry(reading).or_default() += 1;
        }
    }

    /// Writes down what was counted; what cannot be written is kept.
    pub fn flush(&self, db: &Db) -> DbResult<()> {
        let _turn = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut waiting: Vec<(Reading, i64)> =
            std::mem::take(&mut self.counts().waiting).into_iter().collect();
        while !waiting.is_empty() {
            let rest = waiting.split_off(waiting.len().min(READINGS_AT_ONCE));
            let batch = waiting.clone();
            if let Err(error) = db.write_blocking(move |tx| store::add(tx, &batch)) {
                let mut counts = self.counts();
                for (reading, n) in waiting.into_iter().chain(rest) {
                    *counts.waiting.entry(reading).or_default() += n;
                }
                return Err(error);
            }
            waiting = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::moment::DAY;
    use std::net::Ipv4Addr;

    #[test]
    fn whoever_reads_a_thread_twice_in_a_day_is_one_reader() {
        let counter = Counter::default();
        let home = |n: u8| Reader::Household(IpAddr::V4(Ipv4Addr::new(192, 0, 2, n)));
        let monday = Moment(20_000 * DAY);
        for thread in [7, 7, 8] {
            counter.read(ThreadId(thread), home(1), monday);
        }
        counter.read(ThreadId(7), home(2), monday);
        counter.read(ThreadId(7), Reader::Member(UserId(3)), monday);
        counter.read(ThreadId(7), home(1), monday.plus(DAY));
        let counts = counter.counts();
        let of = |thread: i64, member: Option<i64>| {
            let month = monday.month();
            counts
                .waiting
                .get(&Reading { month, thread: ThreadId(thread), member: member.map(UserId) })
                .copied()
        };
        assert_eq!((of(7, None), of(8, None), of(7, Some(3))), (Some(3), Some(1), Some(1)));
    }

    #[test]
    fn a_flood_of_readers_fills_no_memory() {
        let counter = Counter::default();
        for n in 0..limits::VIEWS_WAITING as i64 + 10 {
            counter.read(ThreadId(n), Reader::Member(UserId(1)), Moment(0));
        }
        assert_eq!(counter.counts().waiting.len(), limits::VIEWS_WAITING);
    }
}
