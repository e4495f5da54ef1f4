//! badges room: the tables of awards and of the rules. Only [`settle`] writes awards.
use super::policy::{self, Badge, Level, Rules, Turn};
use super::{Held, Turned};
use crate::db::schema::{badge_awards, badge_rules, events, posts, tags, threads, users};
use crate::db::{Conn, DbError, DbResult, Tx, among, zero};
use crate::kernel::ids::{EventId, PostId, TagId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Arc, LazyLock, Mutex};

/// Rows of one statement: enough to make its cost per row that of the row.
const ROWS_PER_INSERT: usize = 500;

/// A badge somebody was given, and when and why it went, if it did.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Award {
    /// The cursor for keyset paging.
    pub id: i64,
    pub user: UserId,
    pub badge: String,
    /// The topic, or [`super::OVERALL`].
    pub tag: TagId,
    pub level: String,
    /// Of the rules.
    pub version: i64,
    /// The event that crossed the threshold.
    pub event: EventId,
    pub post: Option<PostId>,
    pub at: Moment,
    /// The event under which it no longer held, when, and of what kind it was.
    pub revoked_event: Option<EventId>,
    pub revoked_at: Option<Moment>,
    pub cause: Option<String>,
    /// The lower bound of accuracy before that event and after it, in thousandths.
    pub bound_before: Option<i64>,
    pub bound_after: Option<i64>,
}

impl Award {
    /// It went as an appeal that had given it back was decided otherwise: nothing is left to appeal against.
    pub fn is_final(&self) -> bool {
        self.cause.as_deref() == Some(super::REINSTATEMENT_WITHDRAWN)
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
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct BadgeSummary {
    pub badge: Badge,
    pub holders: i64,
    pub revoked: i64,
}

/// A badge somebody holds, with its topic, and the title of the thread that earned it where everybody may see its post.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Earned {
    pub award: Award,
    pub title: Option<String>,
    pub topic: Option<String>,
    /// The kind of the event that gave it.
    pub given_by: Option<String>,
}

impl Earned {
    /// Moderators gave it back on an appeal.
    pub fn is_reinstated(&self) -> bool {
        self.given_by.as_deref() == Some(super::REINSTATED)
    }
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
    pub topic: Option<String>,
}

/// Writes what came and went, in this order, into `table` (the awards, or a replay's scratch).
pub fn settle(conn: &mut Conn, table: &str, turns: &[Turned]) -> DbResult<()> {
    struct New<'a> {
        by: &'a Turned,
        revoked: Option<&'a Turned>,
    }
    let mut new: Vec<New<'_>> = Vec::new();
    let mut held: HashMap<(UserId, &str, TagId), usize> = HashMap::new();
    for turned in turns {
        let key = (turned.user, turned.badge.as_str(), turned.tag);
        match turned.turn {
            Turn::Earned => {
                held.insert(key, new.len());
                new.push(New { by: turned, revoked: None });
            }
            Turn::Revoked => match held.remove(&key).and_then(|at| new.get_mut(at)) {
                Some(award) => award.revoked = Some(turned),
                // Integers and ids of our own (see the rules): nothing here comes from outside.
                None => conn.sql(&format!(
                    "UPDATE {table} SET revoked_event_id = {}, revoked_at = {}, cause = '{}', bound_before = {}, \
                     bound_after = {} WHERE user_id = {} AND badge = '{}' AND tag_id = {} AND revoked_event_id IS NULL",
                    turned.event,
                    turned.at,
                    turned.cause,
                    turned.bound_before,
                    turned.bound_after,
                    turned.user,
                    turned.badge,
                    turned.tag
                ))?,
            },
        }
    }
    for rows in new.chunks(ROWS_PER_INSERT) {
        let mut sql = format!(
            "INSERT INTO {table} (user_id, badge, tag_id, level, version, event_id, post_id, created_at, \
             revoked_event_id, revoked_at, cause, bound_before, bound_after) VALUES "
        );
        for (at, New { by, revoked }) in rows.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            let post = by.post.map_or_else(|| "NULL".to_owned(), |post| post.to_string());
            let gone = revoked.map_or_else(
                || "NULL,NULL,NULL,NULL,NULL".to_owned(),
                |gone| {
                    let Turned { event, at, cause, bound_before, bound_after, .. } = gone;
                    format!("{event},{at},'{cause}',{bound_before},{bound_after}")
                },
            );
            let _ = write!(
                sql,
                "{comma}({},'{}',{},'{}',{},{},{post},{},{gone})",
                by.user,
                by.badge,
                by.tag,
                by.level.map_or("bronze", Level::as_str),
                by.version,
                by.event,
                by.at
            );
        }
        conn.sql(&sql)?;
    }
    Ok(())
}

/// What these people hold in `table`, whom it concerns first.
pub fn load_held(conn: &mut Conn, table: &str, users: &[UserId]) -> DbResult<Vec<(UserId, Held)>> {
    #[derive(QueryableByName)]
    struct Row {
        #[diesel(sql_type = BigInt)]
        user_id: UserId,
        #[diesel(sql_type = Text)]
        badge: String,
        #[diesel(sql_type = BigInt)]
        tag_id: TagId,
    }
    let mut held = Vec::new();
    for users in users.chunks(ROWS_PER_INSERT) {
        let list = users.iter().map(UserId::to_string).collect::<Vec<_>>().join(",");
        let sql = format!(
            "SELECT user_id, badge, tag_id FROM {table} WHERE user_id IN ({list}) AND revoked_event_id IS NULL \
             ORDER BY user_id, badge, tag_id"
        );
        for row in diesel::sql_query(sql).load::<Row>(conn)? {
            held.push((row.user_id, Held { badge: row.badge, tag: row.tag_id }));
        }
    }
    Ok(held)
}

/// What this person holds.
pub fn held_by(conn: &mut Conn, user: UserId) -> DbResult<Vec<Held>> {
    Ok(load_held(conn, "badge_awards", &[user])?.into_iter().map(|(_, held)| held).collect())
}

/// The tags there are.
pub fn known_tags(conn: &mut Conn) -> DbResult<HashMap<String, TagId>> {
    let rows: Vec<(String, TagId)> = tags::table.select((tags::name, tags::id)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// The text of a version of the rules; `None` when there is no such version.
pub fn rules_text(conn: &mut Conn, version: i64) -> DbResult<Option<String>> {
    if version == 0 {
        return Ok(Some(policy::FIRST_RULES.to_owned()));
    }
    Ok(badge_rules::table.find(version).select(badge_rules::body).first(conn).optional()?)
}

/// A version of the rules, as the list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Version {
    pub id: i64,
    pub by: Option<UserId>,
    pub at: Moment,
}

/// The newest versions of the rules.
pub fn versions(conn: &mut Conn, limit: i64) -> DbResult<Vec<Version>> {
    Ok(badge_rules::table
        .order(badge_rules::id.desc())
        .limit(limit)
        .select((badge_rules::id, badge_rules::created_by, badge_rules::created_at))
        .load(conn)?)
}

/// Writes a version down, in force from now on.
pub fn insert_rules(tx: &mut Tx<'_>, body: &str, by: Option<UserId>) -> DbResult<i64> {
    Ok(diesel::insert_into(badge_rules::table)
        .values((
            badge_rules::body.eq(body),
            badge_rules::created_by.eq(by),
            badge_rules::created_at.eq(tx.now),
            badge_rules::activated_at.eq(tx.now),
        ))
        .returning(badge_rules::id)
        .get_result(tx.conn)?)
}

/// A version of the rules.
pub fn rules_of(conn: &mut Conn, version: i64) -> DbResult<Arc<Rules>> {
    if version == 0 {
        return Ok(policy::FIRST.clone());
    }
    let at: Moment = badge_rules::table.find(version).select(badge_rules::created_at).first(conn)?;
    read(conn, version, at)
}

/// Versions never change, so that each is read once. Told apart by when they were written too, as a process may have
/// more than one house.
fn read(conn: &mut Conn, version: i64, at: Moment) -> DbResult<Arc<Rules>> {
    type Known = HashMap<(i64, Moment), Arc<Rules>>;
    static READ: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let known = || READ.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(rules) = known().get(&(version, at)) {
        return Ok(rules.clone());
    }
    let body: String = badge_rules::table.find(version).select(badge_rules::body).first(conn)?;
    let tags = known_tags(conn)?;
    let rules = Rules::parse_with(&body, &tags).map_err(|problem| {
        DbError::Refused(format!("version {version} of the badges' rules cannot be read: {problem:?}"))
    })?;
    let rules = Arc::new(rules);
    known().insert((version, at), rules.clone());
    Ok(rules)
}

/// The rules in force.
pub fn active(conn: &mut Conn) -> DbResult<(i64, Arc<Rules>)> {
    let newest: Option<(i64, Moment)> = badge_rules::table
        .filter(badge_rules::activated_at.is_not_null())
        .order((badge_rules::activated_at.desc(), badge_rules::id.desc()))
        .select((badge_rules::id, badge_rules::created_at))
        .first(conn)
        .optional()?;
    match newest {
        Some((version, at)) => Ok((version, read(conn, version, at)?)),
        None => Ok((0, policy::FIRST.clone())),
    }
}

/// What `user` holds now, the most precious first, in one query.
pub fn badges_of(conn: &mut Conn, user: UserId) -> DbResult<Vec<Earned>> {
    let mut held: Vec<Earned> = badge_awards::table
        .left_join(
            posts::table.on(posts::id.nullable().eq(badge_awards::post_id).and(posts::removed.eq(zero()))),
        )
        .left_join(threads::table.on(threads::id.eq(posts::thread_id).and(threads::removed.eq(zero()))))
        .left_join(tags::table.on(tags::id.eq(badge_awards::tag_id)))
        .left_join(events::table.on(events::id.eq(badge_awards::event_id)))
        .filter(badge_awards::user_id.eq(user))
        .filter(badge_awards::revoked_event_id.is_null())
        .order(badge_awards::id)
        .limit(limits::BADGES_SHOWN)
        .select((
            badge_awards::all_columns,
            threads::title.nullable(),
            tags::name.nullable(),
            events::kind.nullable(),
        ))
        .load(conn)?;
    held.sort_by_key(|held| (std::cmp::Reverse(Level::parse(&held.award.level)), held.award.id));
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

/// What these events took back from these people.
pub fn taken_back(conn: &mut Conn, users: &[UserId], events: &[EventId]) -> DbResult<Vec<Award>> {
    Ok(badge_awards::table
        .filter(among(badge_awards::user_id, users.iter().copied()))
        .filter(among(badge_awards::revoked_event_id, events.iter().copied()))
        .order(badge_awards::id)
        .load(conn)?)
}

/// Whether this person holds this badge.
pub fn holds(conn: &mut Conn, user: UserId, badge: &str, tag: TagId) -> DbResult<bool> {
    let held: Option<i64> = badge_awards::table
        .filter(badge_awards::user_id.eq(user))
        .filter(badge_awards::badge.eq(badge))
        .filter(badge_awards::tag_id.eq(tag))
        .filter(badge_awards::revoked_event_id.is_null())
        .select(badge_awards::id)
        .first(conn)
        .optional()?;
    Ok(held.is_some())
}

/// How many badges of each level each of `users` holds, in one query; who holds none is left out.
pub fn badge_counts(conn: &mut Conn, users: &[UserId]) -> DbResult<HashMap<UserId, BadgeCounts>> {
    if users.is_empty() {
        return Ok(HashMap::new());
    }
    let held: Vec<(UserId, String)> = badge_awards::table
        .filter(among(badge_awards::user_id, users.iter().copied()))
        .filter(badge_awards::revoked_event_id.is_null())
        .select((badge_awards::user_id, badge_awards::level))
        .load(conn)?;
    Ok(tally(held))
}

/// How many badges of each level people hold, from the levels of what they hold.
pub fn tally(held: impl IntoIterator<Item = (UserId, String)>) -> HashMap<UserId, BadgeCounts> {
    let mut counts: HashMap<UserId, BadgeCounts> = HashMap::new();
    for (user, level) in held {
        let Some(level) = Level::parse(&level) else { continue };
        let count = counts.entry(user).or_default();
        match level {
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
        .left_join(tags::table.on(tags::id.eq(badge_awards::tag_id)))
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
            tags::name.nullable(),
        ))
        .load(conn)?)
}

/// Every badge there is, in the order of the rules, with its holders counted in one query.
pub fn all_badges(conn: &mut Conn, rules: &Rules) -> DbResult<Vec<BadgeSummary>> {
    let counted: Vec<(String, i64, i64)> = badge_awards::table
        .group_by(badge_awards::badge)
        .select((
            badge_awards::badge,
            diesel::dsl::count(badge_awards::id),
            diesel::dsl::count(badge_awards::revoked_event_id),
        ))
        .load(conn)?;
    Ok(rules
        .badges
        .iter()
        .map(|badge| {
            let (given, revoked) = counted
                .iter()
                .find(|(id, _, _)| *id == badge.id)
                .map_or((0, 0), |(_, given, revoked)| (*given, *revoked));
            BadgeSummary { badge: badge.clone(), holders: given - revoked, revoked }
        })
        .collect())
}
