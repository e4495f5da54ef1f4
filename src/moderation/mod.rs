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

/// Why a thread was locked, in the words of the moderator who did it.
pub fn lock_reason(conn: &mut Conn, thread: crate::kernel::ids::ThreadId) -> DbResult<Option<String>> {
    Ok(moderation_log::table
        .filter(moderation_log::thread_id.eq(thread.0))
        .filter(moderation_log::act.eq("lock"))
        .order(moderation_log::id.desc())
        .select(moderation_log::reason)
        .first(conn)
        .optional()?)
}

/// Why somebody is kept out, for themselves and for moderators.
pub fn suspension_reason(conn: &mut Conn, user: UserId) -> DbResult<Option<String>> {
    use crate::db::schema::suspensions;
    Ok(suspensions::table
        .filter(suspensions::user_id.eq(user))
        .filter(suspensions::lifted_at.is_null())
        .order(suspensions::id.desc())
        .select(suspensions::reason)
        .first(conn)
        .optional()?)
}
