//! kernel room: one kind of time, microseconds since 1970 in UTC, bound from Rust on both databases.
use super::ids::id;
use diesel::backend::Backend;
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::BigInt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

id!(
    /// Microseconds since 1970-01-01T00:00:00Z.
    Moment
);

pub const SECOND: i64 = 1_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;
pub const DAY: i64 = 24 * HOUR;

impl Moment {
    /// This moment moved by `micros` (negative: into the past); stays within what an `i64` holds.
    pub fn plus(self, micros: i64) -> Moment {
        Moment(self.0.saturating_add(micros))
    }
    /// Whole days since the epoch.
    pub fn day(self) -> i64 {
        self.0.div_euclid(DAY)
    }
    /// Months of the calendar since the year 0, in UTC: twelve times the year and the month from 0.
    pub fn month(self) -> i64 {
        let date = self.timestamp().to_zoned(jiff::tz::TimeZone::UTC).date();
        i64::from(date.year()) * 12 + i64::from(date.month()) - 1
    }
    /// The first moment of a month as [`Moment::month`] counts them; the epoch where the calendar has no such month.
    pub fn of_month(month: i64) -> Moment {
        let year = i16::try_from(month.div_euclid(12)).ok();
        let month = i8::try_from(month.rem_euclid(12) + 1).ok();
        year.zip(month).and_then(|(year, month)| Moment::of_date(year, month, 1)).unwrap_or(Moment(0))
    }
    /// Microseconds from `earlier` to this moment.
    pub fn since(self, earlier: Moment) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
    pub fn from_unix_seconds(seconds: i64) -> Moment {
        Moment(seconds.saturating_mul(SECOND))
    }
    fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
    /// RFC 3339 in UTC with seconds, for `<time datetime>`, feeds and JSON.
    pub fn iso(self) -> String {
        self.timestamp().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
    /// `2026-11-22 09:30 UTC`, for people.
    pub fn long(self) -> String {
        self.timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string()
    }
    /// `2026-11-22`.
    pub fn date(self) -> String {
        self.timestamp().strftime("%Y-%m-%d").to_string()
    }
    /// The beginning of a day in UTC; `None` where the calendar has no such day.
    pub fn of_date(year: i16, month: i8, day: i8) -> Option<Moment> {
        let zoned = jiff::civil::Date::new(year, month, day).ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Moment(zoned.timestamp().as_microsecond()))
    }
    /// Reads `2013-11-05T20:22:07.323` (taken as UTC), with or without a zone; `None` when it is no date.
    pub fn parse(text: &str) -> Option<Moment> {
        if let Ok(stamp) = text.parse::<jiff::Timestamp>() {
            return Some(Moment(stamp.as_microsecond()));
        }
        let civil = text.parse::<jiff::civil::DateTime>().ok()?;
        let zoned = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Moment(zoned.timestamp().as_microsecond()))
    }
}

/// Where "now" comes from: the system, or a hand the tests move.
#[derive(Clone)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    pub fn system() -> Clock {
        Clock(None)
    }
    /// A clock that stands at `start` until it is moved.
    pub fn standing(start: Moment) -> Clock {
        Clock(Some(Arc::new(AtomicI64::new(start.0))))
    }
    pub fn now(&self) -> Moment {
        match &self.0 {
            Some(hand) => Moment(hand.load(Ordering::SeqCst)),
            None => Moment(jiff::Timestamp::now().as_microsecond()),
        }
    }
    /// Moves a standing clock; the system's cannot be moved.
    pub fn advance(&self, micros: i64) {
        if let Some(hand) = &self.0 {
            hand.fetch_add(micros, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_what_dumps_write() {
        let m = Moment::parse("2013-11-05T20:22:07.323").unwrap();
        assert_eq!(m.iso(), "2013-11-05T20:22:07Z");
        assert_eq!(Moment::parse("2013-11-05T20:22:07Z").unwrap().long(), "2013-11-05 20:22 UTC");
        assert_eq!(Moment::parse("yesterday"), None);
        assert_eq!(Moment::of_month(m.month()).iso(), "2013-11-01T00:00:00Z");
        assert_eq!(Moment::of_month(m.month() + 2).date(), "2014-01-01");
    }
}
