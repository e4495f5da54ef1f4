//! watches room: saved searches as rows.
use super::Mode;
use crate::db::schema::{saved_searches, search_tellings};
use crate::db::{Conn, DbResult, Tx, among};
use crate::kernel::ids::{EventId, SearchId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::{DAY, Moment};
use crate::kernel::names::Email;
use crate::ledger::{self, Fact};
use diesel::prelude::*;
use serde_json::{Value, json};

/// A search as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedSearch {
    pub id: SearchId,
    pub name: String,
    pub query: String,
    pub mode: Mode,
    pub created_at: Moment,
    /// When it last told of anything.
    pub told_at: Option<Moment>,
}

type Row = (SearchId, String, String, String, Moment, Option<Moment>);

fn saved((id, name, query, mode, created_at, told_at): Row) -> SavedSearch {
    SavedSearch { id, name, query, mode: Mode::parse(&mode).unwrap_or(Mode::New), created_at, told_at }
}

/// All searches of a member; they are bounded.
pub fn of_user(conn: &mut Conn, user: UserId) -> DbResult<Vec<SavedSearch>> {
    page(conn, user, None, limits::SAVED_SEARCHES)
}

/// A member's searches, newest first, below `before`.
pub fn page(
    conn: &mut Conn,
    user: UserId,
    before: Option<SearchId>,
    limit: i64,
) -> DbResult<Vec<SavedSearch>> {
    let rows: Vec<Row> = saved_searches::table
        .filter(saved_searches::user_id.eq(user))
        .filter(saved_searches::id.lt(before.unwrap_or(SearchId(i64::MAX))))
        .order(saved_searches::id.desc())
        .limit(limit)
        .select((
            saved_searches::id,
            saved_searches::name,
            saved_searches::query,
            saved_searches::mode,
            saved_searches::created_at,
            saved_searches::told_at,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(saved).collect())
}

/// Searches an address has, unconfirmed ones among them.
pub fn count_of_address(conn: &mut Conn, key: &str) -> DbResult<i64> {
    let ids: Vec<SearchId> = saved_searches::table
        .filter(saved_searches::email_key.eq(key))
        .limit(limits::SAVED_SEARCHES)
        .select(saved_searches::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

pub enum Owner<'a> {
    Member(UserId),
    /// To be confirmed by the token of this digest.
    Address {
        email: &'a Email,
        digest: &'a str,
        lang: &'a str,
    },
}

pub fn insert(tx: &mut Tx<'_>, owner: Owner<'_>, name: &str, query: &str, mode: Mode) -> DbResult<SearchId> {
    let (user, email, digest, lang) = match owner {
        Owner::Member(user) => (Some(user), None, None, ""),
        Owner::Address { email, digest, lang } => (None, Some(email), Some(digest), lang),
    };
    let member = user.is_some();
    let head = ledger::head(tx.conn)?;
    Ok(diesel::insert_into(saved_searches::table)
        .values((
            saved_searches::user_id.eq(user),
            saved_searches::email.eq(email.map(|email| email.as_str().to_owned())),
            saved_searches::email_key.eq(email.map(Email::key)),
            saved_searches::token_digest.eq(digest),
            saved_searches::language.eq(lang),
            saved_searches::name.eq(name),
            saved_searches::query.eq(query),
            saved_searches::mode.eq(mode.as_str()),
            saved_searches::since_event_id.eq(head),
            saved_searches::created_at.eq(tx.now),
            saved_searches::confirmed_at.eq(member.then_some(tx.now)),
            saved_searches::expires_at.eq((!member).then(|| tx.now.plus(limits::CONFIRM_LIFE))),
        ))
        .returning(saved_searches::id)
        .get_result(tx.conn)?)
}

pub fn rename(tx: &mut Tx<'_>, id: SearchId, name: &str) -> DbResult<()> {
    diesel::update(saved_searches::table.find(id)).set(saved_searches::name.eq(name)).execute(tx.conn)?;
    Ok(())
}

/// Drops searches with all that says what they told of.
pub fn delete(tx: &mut Tx<'_>, ids: &[SearchId]) -> DbResult<()> {
    let ids = || ids.iter().copied();
    diesel::delete(search_tellings::table.filter(among(search_tellings::search_id, ids())))
        .execute(tx.conn)?;
    diesel::delete(saved_searches::table.filter(among(saved_searches::id, ids()))).execute(tx.conn)?;
    Ok(())
}

/// The search that waits for the token of this digest.
pub fn waiting(conn: &mut Conn, digest: &str, now: Moment) -> DbResult<Option<SearchId>> {
    Ok(saved_searches::table
        .filter(saved_searches::token_digest.eq(digest))
        .filter(saved_searches::expires_at.gt(now))
        .select(saved_searches::id)
        .first(conn)
        .optional()?)
}

pub fn confirm(tx: &mut Tx<'_>, id: SearchId) -> DbResult<()> {
    diesel::update(saved_searches::table.find(id))
        .set((
            saved_searches::confirmed_at.eq(tx.now),
            saved_searches::token_digest.eq(None::<String>),
            saved_searches::expires_at.eq(None::<Moment>),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The address a search is for, where it is for one.
pub fn address_of(conn: &mut Conn, id: SearchId) -> DbResult<Option<String>> {
    let email: Option<Option<String>> =
        saved_searches::table.find(id).select(saved_searches::email).first(conn).optional()?;
    Ok(email.flatten())
}

/// Forgets what a person wanted to hear of, under their account and under their address.
pub fn forget(tx: &mut Tx<'_>, user: UserId, address: Option<&str>) -> DbResult<()> {
    let mut ids: Vec<SearchId> = saved_searches::table
        .filter(saved_searches::user_id.eq(user))
        .select(saved_searches::id)
        .load(tx.conn)?;
    if let Some(email) = address.and_then(|address| Email::parse(address).ok()) {
        let more: Vec<SearchId> = saved_searches::table
            .filter(saved_searches::email_key.eq(email.key()))
            .select(saved_searches::id)
            .load(tx.conn)?;
        ids.extend(more);
    }
    delete(tx, &ids)?;
    for id in ids {
        tx.append(None, Fact::SearchForgotten { search: id })?;
    }
    Ok(())
}

/// A person's searches, for the copy of their data.
pub fn own_data(conn: &mut Conn, user: UserId) -> DbResult<Vec<Value>> {
    let shown = |search: SavedSearch| {
        json!({
            "name": search.name, "query": search.query, "mode": search.mode.as_str(),
            "saved_at": search.created_at.iso(), "told_at": search.told_at.map(Moment::iso),
        })
    };
    Ok(of_user(conn, user)?.into_iter().map(shown).collect())
}

/// Drops searches whose address nobody confirmed in time.
pub fn sweep(tx: &mut Tx<'_>) -> DbResult<()> {
    let late: Vec<SearchId> = saved_searches::table
        .filter(saved_searches::expires_at.lt(tx.now))
        .select(saved_searches::id)
        .load(tx.conn)?;
    if late.is_empty() { Ok(()) } else { delete(tx, &late) }
}

/// A search as the follower compares it.
#[derive(Debug, Clone, Queryable)]
pub struct Watching {
    pub id: SearchId,
    pub user: Option<UserId>,
    pub query: String,
    pub mode: String,
    pub since: EventId,
}

/// Whether anybody wants to hear of anything.
pub fn any(conn: &mut Conn) -> DbResult<bool> {
    Ok(!watching(conn, SearchId(0), 1)?.is_empty())
}

/// The next confirmed searches behind number `after`.
pub fn watching(conn: &mut Conn, after: SearchId, limit: i64) -> DbResult<Vec<Watching>> {
    Ok(saved_searches::table
        .filter(saved_searches::id.gt(after))
        .filter(saved_searches::confirmed_at.is_not_null())
        .order(saved_searches::id)
        .limit(limit)
        .select((
            saved_searches::id,
            saved_searches::user_id,
            saved_searches::query,
            saved_searches::mode,
            saved_searches::since_event_id,
        ))
        .load(conn)?)
}

/// Whom a search tells, just before it does.
#[derive(Debug, Clone, Queryable)]
pub struct Listener {
    pub user: Option<UserId>,
    pub email: Option<String>,
    pub language: String,
    pub name: String,
    pub told_day: i64,
    pub told_count: i64,
}

/// Notes that a search tells of a thread now; `None` when it did before, has told enough today, or is gone.
pub fn tell(tx: &mut Tx<'_>, id: SearchId, thread: i64, kind: Mode) -> DbResult<Option<Listener>> {
    let listener: Option<Listener> = saved_searches::table
        .find(id)
        .select((
            saved_searches::user_id,
            saved_searches::email,
            saved_searches::language,
            saved_searches::name,
            saved_searches::told_day,
            saved_searches::told_count,
        ))
        .first(tx.conn)
        .optional()?;
    let Some(listener) = listener else { return Ok(None) };
    let today = tx.now.0.div_euclid(DAY);
    let told = if listener.told_day == today { listener.told_count } else { 0 };
    let row = search_tellings::table.find((id, thread, kind.as_str()));
    let before: Option<i64> = row.select(search_tellings::thread_id).first(tx.conn).optional()?;
    if told >= limits::SEARCH_NEWS_PER_DAY || before.is_some() {
        return Ok(None);
    }
    diesel::insert_into(search_tellings::table)
        .values((
            search_tellings::search_id.eq(id),
            search_tellings::thread_id.eq(thread),
            search_tellings::kind.eq(kind.as_str()),
            search_tellings::told_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    diesel::update(saved_searches::table.find(id))
        .set((
            saved_searches::told_day.eq(today),
            saved_searches::told_count.eq(told + 1),
            saved_searches::told_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(Some(listener))
}
