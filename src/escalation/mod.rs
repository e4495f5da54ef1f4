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
