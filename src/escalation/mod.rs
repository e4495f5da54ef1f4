//! escalation room: cases, which a moderator opens where the community could not help and staff answer.
pub mod views;

use crate::db::schema::cases;
use crate::db::{Conn, DbResult};
use crate::kernel::limits;
use diesel::prelude::*;

/// Cases nobody has answered yet, up to the cap that is shown.
pub fn open_case_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<i64> = cases::table
        .filter(cases::state.eq_any(["open", "taken"]))
        .limit(limits::COUNT_CAP)
        .select(cases::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

/// What everyone may know of a thread's newest case: how far it is, nothing of what staff write about it.
#[derive(Debug, Clone)]
pub struct PublicState {
    pub id: crate::kernel::ids::CaseId,
    /// open, taken, answered or closed.
    pub state: &'static str,
    pub opened_at: crate::kernel::moment::Moment,
}

pub fn public_state(conn: &mut Conn, thread: crate::kernel::ids::ThreadId) -> DbResult<Option<PublicState>> {
    let row: Option<(crate::kernel::ids::CaseId, String, crate::kernel::moment::Moment)> = cases::table
        .filter(cases::thread_id.eq(thread))
        .order(cases::id.desc())
        .select((cases::id, cases::state, cases::opened_at))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, state, opened_at)| {
        let state = ["open", "taken", "answered"].into_iter().find(|s| *s == state).unwrap_or("closed");
        PublicState { id, state, opened_at }
    }))
}
