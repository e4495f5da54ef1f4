//! badges room: the table of awards. Only [`settle`] writes to it.
use super::policy::{self, BADGES, Badge, Level, Turn};
use super::{Change, OVERALL};
use crate::db::schema::{badge_awards, posts, threads, users};
use crate::db::{Conn, DbResult, among, zero};
use crate::kernel::ids::{EventId, PostId, UserId};
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use std::collections::HashMap;
use std::fmt::Write;

/// Rows of one statement: enough to make its cost per row that of the row.
const ROWS_PER_INSERT: usize = 500;

/// A badge somebody was given, and when and why it went, if it did.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Award {
    /// The cursor for keyset paging.
    pub id: i64,
    pub user: UserId,
    /// See [`Award::rule`].
    pub badge: String,
    /// The event that crossed the threshold.
    pub event: EventId,
    pub post: Option<PostId>,
    pub at: Moment,
    /// The event under which it no longer held.
    pub revoked_event: Option<EventId>,
    pub revoked_at: Option<Moment>,
}

impl Award {
    /// The badge as it is now; `None` when this program no longer has it.
    pub fn rule(&self) -> Option<&'static Badge> {
        policy::find(&self.badge)
    }
}

/// How many badges somebody holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct BadgeCounts {
    pub bronze: i64,
    pub silver: i64,
    pub gold: i64,
}

/// A badge with how many hold it and how often it was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct BadgeSummary {
    pub badge: Badge,
    pub holders: i64,
    pub revoked: i64,
}

/// A badge somebody holds, with the title of the thread that earned it where everybody may see its post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub award: Award,
    pub title: Option<String>,
}

/// Somebody who holds a badge.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Holder {
    /// The cursor for keyset paging: the award.
    pub id: i64,
    pub user: UserId,
    pub username: String,
    pub display_name: String,
    pub event: EventId,
    pub post: Option<PostId>,
    pub at: Moment,
    /// Of the thread that earned it, where everybody may see its post.
    pub title: Option<String>,
}

/// A badge that came or went, and the event that did it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turned {
    pub user: UserId,
    pub badge: &'static Badge,
    pub turn: Turn,
    pub event: EventId,
}

/// Awards and revokes what `changes` earned and lost, in `table` (the awards, or a replay's scratch), and
/// tells it in that order.
pub fn settle(conn: &mut Conn, table: &str, changes: &[Change]) -> DbResult<Vec<Turned>> {
    struct New<'a> {
        badge: &'static Badge,
        by: &'a Change,
        revoked: Option<&'a Change>,
    }
    let mut new: Vec<New<'_>> = Vec::new();
    let mut held: HashMap<(UserId, &str), usize> = HashMap::new();
    let mut turned = Vec::new();
    for change in changes {
        if change.tag != OVERALL {
            continue;
        }
        for (badge, turn) in policy::crossed(change.measure, change.before, change.after) {
            turned.push(Turned { user: change.user, badge, turn, event: change.event });
            match turn {
                Turn::Earned => {
                    held.insert((change.user, badge.id), new.len());
                    new.push(New { badge, by: change, revoked: None });
                }
                Turn::Revoked => {
                    match held.remove(&(change.user, badge.id)).and_then(|at| new.get_mut(at)) {
                        Some(award) => award.revoked = Some(change),
                        // Integers and ids of our own: nothing here comes from outside.
                        None => conn.sql(&format!(
                            "UPDATE {table} SET revoked_event_id = {}, revoked_at = {} \
                             WHERE user_id = {} AND badge = '{}' AND revoked_event_id IS NULL",
                            change.event, change.at, change.user, badge.id
                        ))?,
                    }
                }
            }
        }
    }
    for rows in new.chunks(ROWS_PER_INSERT) {
        let mut sql = format!(
            "INSERT INTO {table} (user_id, badge, event_id, post_id, created_at, revoked_event_id, revoked_at) VALUES "
        );
        for (at, New { badge, by, revoked }) in rows.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let post = by.post.map_or_else(|| "NULL".to_owned(), |post| post.to_string());
            let (event, when) = revoked.map_or_else(
                || ("NULL".to_owned(), "NULL".to_owned()),
                |change| (change.event.to_string(), change.at.to_string()),
            );
            let _ = write!(
                sql,
                "{comma}({},'{}',{},{post},{},{event},{when})",
                by.user, badge.id, by.event, by.at
            );
        }
        conn.sql(&sql)?;
    }
    Ok(turned)
}

/// What `user` holds now, the most precious first, in one query.
pub fn badges_of(conn: &mut Conn, user: UserId) -> DbResult<Vec<Held>> {
    let rows: Vec<(Award, Option<String>)> = badge_awards::table
        .left_join(
            posts::table.on(posts::id.nullable().eq(badge_awards::post_id).and(posts::removed.eq(zero()))),
        )
        .left_join(threads::table.on(threads::id.eq(posts::thread_id).and(threads::removed.eq(zero()))))
        .filter(badge_awards::user_id.eq(user))
        .filter(badge_awards::revoked_event_id.is_null())
        .order(badge_awards::id)
        .limit(BADGES.len() as i64)
        .select((badge_awards::all_columns, threads::title.nullable()))
        .load(conn)?;
    let mut held: Vec<Held> = rows.into_iter().map(|(award, title)| Held { award, title }).collect();
    held.sort_by_key(|held| (std::cmp::Reverse(held.award.rule().map(|badge| badge.level)), held.award.id));
    Ok(held)
}

/// Everything `user` was ever given, the newest first, from before award `before`.
pub fn badge_history(conn: &mut Conn, user: UserId, before: Option<i64>, limit: i64) -> DbResult<Vec<Award>> {
    Ok(badge_awards::table
        .filter(badge_awards::user_id.eq(user))
        .filter(badge_awards::id.lt(before.unwrap_or(i64::MAX)))
        .order(badge_awards::id.desc())
        .limit(limit)
        .load(conn)?)
}

/// How many badges of each level each of `users` holds, in one query; who holds none is left out.
pub fn badge_counts(conn: &mut Conn, users: &[UserId]) -> DbResult<HashMap<UserId, BadgeCounts>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let held: Vec<(UserId, String)> = badge_awards::table
        .filter(among(badge_awards::user_id, users.iter().copied()))
        .filter(badge_awards::revoked_event_id.is_null())
        .select((badge_awards::user_id, badge_awards::badge))
        .load(conn)?;
    Ok(tally(held))
}

/// How many badges of each level people hold, from what they hold.
pub fn tally(held: impl IntoIterator<Item = (UserId, String)>) -> HashMap<UserId, BadgeCounts> {
    let mut counts: HashMap<UserId, BadgeCounts> = HashMap::new();
    for (user, badge) in held {
        let Some(badge) = policy::find(&badge) else { continue };
        let count = counts.entry(user).or_default();
        match badge.level {
            Level::Bronze => count.bronze += 1,
            Level::Silver => count.silver += 1,
            Level::Gold => count.gold += 1,
        }
    }
    counts
}

/// Who holds `badge`, the newest first, from before award `before`.
pub fn holders(conn: &mut Conn, badge: &str, before: Option<i64>, limit: i64) -> DbResult<Vec<Holder>> {
    Ok(badge_awards::table
        .inner_join(users::table.on(users::id.eq(badge_awards::user_id)))
        .left_join(
            posts::table.on(posts::id.nullable().eq(badge_awards::post_id).and(posts::removed.eq(zero()))),
        )
        .left_join(threads::table.on(threads::id.eq(posts::thread_id).and(threads::removed.eq(zero()))))
        .filter(users::erased_at.is_null())
        .filter(badge_awards::badge.eq(badge))
        .filter(badge_awards::revoked_event_id.is_null())
        .filter(badge_awards::id.lt(before.unwrap_or(i64::MAX)))
        .order(badge_awards::id.desc())
        .limit(limit)
        .select((
            badge_awards::id,
            users::id,
            users::username,
            users::display_name,
            badge_awards::event_id,
            badge_awards::post_id,
            badge_awards::created_at,
            threads::title.nullable(),
        ))
        .load(conn)?)
}

/// Every badge there is, in the order of the rules, with its holders counted in one query.
pub fn all_badges(conn: &mut Conn) -> DbResult<Vec<BadgeSummary>> {
    let counted: Vec<(String, i64, i64)> = badge_awards::table
        .group_by(badge_awards::badge)
        .select((
            badge_awards::badge,
            diesel::dsl::count(badge_awards::id),
            diesel::dsl::count(badge_awards::revoked_event_id),
        ))
        .load(conn)?;
    Ok(BADGES
        .iter()
        .map(|badge| {
            let (given, revoked) = counted
                .iter()
                .find(|(id, _, _)| id == badge.id)
                .map_or((0, 0), |(_, given, revoked)| (*given, *revoked));
            BadgeSummary { badge: *badge, holders: given - revoked, revoked }
        })
        .collect())
}
