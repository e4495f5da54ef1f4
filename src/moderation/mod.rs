//! moderation room: flags, the queue, what moderators do and the log of it.
pub mod views;

use crate::accounts::Role;
use crate::db::schema::{flags, moderation_log};
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use diesel::prelude::*;

/// Flags that wait for a decision, up to the cap that is shown.
pub fn open_flag_count(conn: &mut Conn) -> DbResult<i64> {
    let open: Vec<i64> = flags::table
        .filter(flags::decision.is_null())
        .limit(limits::COUNT_CAP)
        .select(flags::id)
        .load(conn)?;
    Ok(open.len() as i64)
}

/// A change of role stands in the log like everything else that is decided about people.
pub fn log_role_change(tx: &mut Tx<'_>, actor: UserId, user: UserId, role: Role) -> DbResult<()> {
    diesel::insert_into(moderation_log::table)
        .values((
            moderation_log::actor_id.eq(actor),
            moderation_log::act.eq("role"),
            moderation_log::user_id.eq(user),
            moderation_log::reason.eq(role.as_str()),
            moderation_log::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(())
}
