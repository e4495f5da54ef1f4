//! escalation room: its rows, and the joined rows its pages show.
use super::policy::{CloseReason, State};
use crate::db::schema::{case_notes, cases, events, threads};
use crate::db::{Conn, DbResult, Tx, zero};
use crate::kernel::ids::{CaseId, PostId, ThreadId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
use crate::web::view::Cursor;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// A case, whole.
#[derive(Debug, Clone, Queryable)]
pub struct Case {
    pub id: CaseId,
    pub thread: ThreadId,
    pub opened_by: UserId,
    pub note: String,
    pub opened_at: Moment,
    pub due_at: Moment,
    state: String,
    pub assignee: Option<UserId>,
    pub answer: Option<PostId>,
    pub closed_by: Option<UserId>,
    close_reason: Option<String>,
    pub close_note: String,
}

impl Case {
    pub fn state(&self) -> State {
        State::parse(&self.state).unwrap_or(State::Closed)
    }
    pub fn close_reason(&self) -> Option<CloseReason> {
        self.close_reason.as_deref().and_then(CloseReason::parse)
    }
}

/// The columns of [`Case`], in its order.
macro_rules! case_columns {
    () => {
        (
            cases::id,
            cases::thread_id,
            cases::opened_by,
            cases::note,
            cases::opened_at,
            cases::due_at,
            cases::state,
            cases::assignee_id,
            cases::answer_id,
            cases::closed_by,
            cases::close_reason,
            cases::close_note,
        )
    };
}

/// Written out, so that both databases take the partial index.
fn waits() -> diesel::expression::SqlLiteral<Bool> {
    sql::<Bool>("cases.state IN ('open','taken')")
}

pub fn case(conn: &mut Conn, id: CaseId) -> DbResult<Option<Case>> {
    Ok(cases::table.find(id).select(case_columns!()).first(conn).optional()?)
}

/// The case of a thread that still waits; there is at most one.
pub fn open_case(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<CaseId>> {
    Ok(cases::table
        .filter(cases::thread_id.eq(thread))
        .filter(waits())
        .select(cases::id)
        .first(conn)
        .optional()?)
}

/// The newest case of a thread: its state, number and when it was opened.
pub fn newest_of(conn: &mut Conn, thread: ThreadId) -> DbResult<Option<(State, CaseId, Moment)>> {
    let row: Option<(String, CaseId, Moment)> = cases::table
        .filter(cases::thread_id.eq(thread))
        .order(cases::id.desc())
        .select((cases::state, cases::id, cases::opened_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(state, id, at)| (State::parse(&state).unwrap_or(State::Closed), id, at)))
}

pub fn insert(
    tx: &mut Tx<'_>,
    thread: ThreadId,
    opener: UserId,
    note: &str,
    due: Moment,
) -> DbResult<CaseId> {
    Ok(diesel::insert_into(cases::table)
        .values((
            cases::thread_id.eq(thread),
            cases::opened_by.eq(opener),
            cases::note.eq(note),
            cases::opened_at.eq(tx.now),
            cases::due_at.eq(due),
        ))
        .returning(cases::id)
        .get_result(tx.conn)?)
}

/// Gives the case to somebody, or back to the desk.
pub fn assign(tx: &mut Tx<'_>, case: CaseId, to: Option<UserId>) -> DbResult<()> {
    let state = if to.is_some() { State::Taken } else { State::Open };
    diesel::update(cases::table.find(case))
        .set((
            cases::state.eq(state.as_str()),
            cases::assignee_id.eq(to),
            cases::taken_at.eq(to.map(|_| tx.now)),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_answered(tx: &mut Tx<'_>, case: CaseId, answer: PostId) -> DbResult<()> {
    diesel::update(cases::table.find(case))
        .set((
            cases::state.eq(State::Answered.as_str()),
            cases::answered_at.eq(tx.now),
            cases::answer_id.eq(answer),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_closed(
    tx: &mut Tx<'_>,
    case: CaseId,
    closer: UserId,
    reason: CloseReason,
    note: &str,
) -> DbResult<()> {
    diesel::update(cases::table.find(case))
        .set((
            cases::state.eq(State::Closed.as_str()),
            cases::closed_at.eq(tx.now),
            cases::closed_by.eq(closer),
            cases::close_reason.eq(reason.as_str()),
            cases::close_note.eq(note),
        ))
        .execute(tx.conn)?;
    Ok(())
}

#[derive(Debug, Clone, Queryable)]
pub struct Note {
    pub author: UserId,
    pub body: String,
    pub created_at: Moment,
}

/// Internal notes, oldest first.
pub fn notes(conn: &mut Conn, case: CaseId) -> DbResult<Vec<Note>> {
    Ok(case_notes::table
        .filter(case_notes::case_id.eq(case))
        .order(case_notes::id)
        .limit(limits::MAX_CASE_NOTES)
        .select((case_notes::author_id, case_notes::body, case_notes::created_at))
        .load(conn)?)
}

pub fn insert_note(tx: &mut Tx<'_>, case: CaseId, author: UserId, body: &str) -> DbResult<()> {
    diesel::insert_into(case_notes::table)
        .values((
            case_notes::case_id.eq(case),
            case_notes::author_id.eq(author),
            case_notes::body.eq(body),
            case_notes::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Which cases the desk shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tab {
    Open,
    Mine,
    Answered,
    All,
}

impl Tab {
    pub fn as_str(self) -> &'static str {
        match self {
            Tab::Open => "open",
            Tab::Mine => "mine",
            Tab::Answered => "answered",
            Tab::All => "all",
        }
    }
    pub fn parse(text: &str) -> Option<Tab> {
        [Tab::Open, Tab::Mine, Tab::Answered, Tab::All].into_iter().find(|tab| tab.as_str() == text)
    }
}

/// Whose eyes look at the desk: cases of removed threads are there for those alone who see the thread.
#[derive(Debug, Clone, Copy)]
pub struct Eyes {
    pub viewer: UserId,
    pub sees_removed: bool,
}

#[derive(Debug, Clone, Queryable)]
pub struct DeskCase {
    pub id: CaseId,
    pub opened_by: UserId,
    pub note: String,
    pub opened_at: Moment,
    pub due_at: Moment,
    state: String,
    pub assignee: Option<UserId>,
    pub title: String,
    pub tags: String,
    pub asker: Option<UserId>,
}

impl DeskCase {
    pub fn state(&self) -> State {
        State::parse(&self.state).unwrap_or(State::Closed)
    }
}

/// One page of the desk: what waits by the moment it is due, what is over newest first.
pub fn desk(
    conn: &mut Conn,
    tab: Tab,
    eyes: Eyes,
    after: Option<Cursor>,
) -> DbResult<(Vec<DeskCase>, Option<Cursor>)> {
    let mut query = cases::table
        .inner_join(threads::table.on(threads::id.eq(cases::thread_id)))
        .select((
            cases::id,
            cases::opened_by,
            cases::note,
            cases::opened_at,
            cases::due_at,
            cases::state,
            cases::assignee_id,
            threads::title,
            threads::tags,
            threads::author_id,
        ))
        .into_boxed();
    if !eyes.sees_removed {
        query = query
            .filter(threads::removed.eq(zero()).or(threads::author_id.eq(eyes.viewer).assume_not_null()));
    }
    query = match tab {
        Tab::Open => query.filter(waits()),
        Tab::Mine => {
            query.filter(cases::assignee_id.eq(eyes.viewer)).filter(cases::state.eq(State::Taken.as_str()))
        }
        Tab::Answered => query.filter(cases::state.eq(State::Answered.as_str())),
        Tab::All => query,
    };
    query = match (tab, after) {
        (Tab::Open | Tab::Mine, Some(at)) => {
            query.filter(cases::due_at.ge(at.key)).filter(cases::due_at.gt(at.key).or(cases::id.gt(at.id)))
        }
        (Tab::Answered, Some(at)) => {
            query.filter(cases::due_at.le(at.key)).filter(cases::due_at.lt(at.key).or(cases::id.lt(at.id)))
        }
        (Tab::All, Some(at)) => query.filter(cases::id.lt(at.id)),
        (_, None) => query,
    };
    query = match tab {
        Tab::Open | Tab::Mine => query.order((cases::due_at, cases::id)),
        Tab::Answered => query.order((cases::due_at.desc(), cases::id.desc())),
        Tab::All => query.order(cases::id.desc()),
    };
    let mut rows: Vec<DeskCase> = query.limit(limits::PAGE_ROWS + 1).load(conn)?;
    let limit = usize::try_from(limits::PAGE_ROWS).unwrap_or(0);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(|row| Cursor { key: row.due_at.0, id: row.id.0 }) } else { None };
    Ok((rows, next))
}

/// Cases that wait (all, or those `eyes` holds), up to the cap that is shown.
pub fn waiting_count(conn: &mut Conn, eyes: Option<Eyes>, mine: bool) -> DbResult<i64> {
    let mut query = cases::table
        .inner_join(threads::table.on(threads::id.eq(cases::thread_id)))
        .filter(waits())
        .select(cases::id)
        .into_boxed();
    match eyes {
        Some(eyes) => {
            if !eyes.sees_removed {
                query = query.filter(
                    threads::removed.eq(zero()).or(threads::author_id.eq(eyes.viewer).assume_not_null()),
                );
            }
            if mine {
                query = query.filter(cases::assignee_id.eq(eyes.viewer));
            }
        }
        None => query = query.filter(threads::removed.eq(zero())),
    }
    let ids: Vec<CaseId> = query.limit(limits::COUNT_CAP).load(conn)?;
    Ok(ids.len() as i64)
}

/// How many of a person's threads that can be seen are solved, up to the cap.
pub fn solved_count(conn: &mut Conn, asker: UserId) -> DbResult<i64> {
    let ids: Vec<ThreadId> = threads::table
        .filter(threads::author_id.eq(asker))
        .filter(threads::removed.eq(zero()))
        .filter(threads::accepted_answer_id.is_not_null())
        .limit(limits::COUNT_CAP)
        .select(threads::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

/// How many cases a person's threads became, up to the cap.
pub fn case_count(conn: &mut Conn, asker: UserId) -> DbResult<i64> {
    let ids: Vec<CaseId> = cases::table
        .inner_join(threads::table.on(threads::id.eq(cases::thread_id)))
        .filter(threads::author_id.eq(asker))
        .limit(limits::COUNT_CAP)
        .select(cases::id)
        .load(conn)?;
    Ok(ids.len() as i64)
}

/// What happened to a case, oldest first: when, by whom, what.
pub fn history(conn: &mut Conn, of: &Case) -> DbResult<Vec<(Moment, Option<UserId>, Fact)>> {
    let rows: Vec<(Moment, Option<UserId>, String)> = events::table
        .filter(events::thread_id.eq(of.thread))
        .filter(events::kind.eq_any([
            "case_opened",
            "case_taken",
            "case_released",
            "case_answered",
            "case_closed",
        ]))
        .filter(events::at.ge(of.opened_at))
        .order(events::id)
        .limit(limits::CASE_EVENTS)
        .select((events::at, events::actor_id, events::data))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(at, actor, data)| Some((at, actor, serde_json::from_str::<Fact>(&data).ok()?)))
        .filter(|(_, _, fact)| case_of(fact) == Some(of.id))
        .collect())
}

fn case_of(fact: &Fact) -> Option<CaseId> {
    match *fact {
        Fact::CaseOpened { case, .. }
        | Fact::CaseTaken { case, .. }
        | Fact::CaseReleased { case, .. }
        | Fact::CaseAnswered { case, .. }
        | Fact::CaseClosed { case, .. } => Some(case),
        _ => None,
    }
}
