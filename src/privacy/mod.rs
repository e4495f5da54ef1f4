//! privacy room: what a person may ask of the house about themselves: a copy of it all, and to be forgotten.
//!
//! Both reach into every room that keeps something of a person, so they stand above them; each room forgets its
//! own rows. What was written and counted stays, under a number that leads to nobody.
mod store;

use crate::accounts::{self, AccountAct, Caller, Role};
use crate::db::{Conn, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::UserId;
use crate::kernel::moment::Moment;
use crate::{appeals, challenges, exchange, mail, moderation, notices, threads, watches, worth};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Erasing {
    Erased,
    /// Somebody must be able to open the doors.
    LastAdmin,
    NoSuchPerson,
}

/// Erases a person for good. `actor` is nobody where the command line does it.
pub fn erase(tx: &mut Tx<'_>, actor: Option<UserId>, user: UserId) -> Result<Erasing> {
    let Some(person) = accounts::person_head(tx.conn, user)? else { return Ok(Erasing::NoSuchPerson) };
    if person.role == Role::Admin && !accounts::another_admin(tx.conn, user)? {
        return Ok(Erasing::LastAdmin);
    }
    let address = accounts::email_of(tx.conn, user)?;
    threads::forget(tx, user)?;
    exchange::forget(tx, user)?;
    moderation::forget(tx, user)?;
    challenges::forget(tx, user)?;
    appeals::forget(tx, user)?;
    notices::forget(tx, user)?;
    watches::forget(tx, user, address.as_deref())?;
    worth::forget(tx, user)?;
    mail::forget(tx, user, address.as_deref())?;
    accounts::erase(tx, actor, user)?;
    Ok(Erasing::Erased)
}

/// Notes that somebody took a copy of their data with them.
pub fn note_export(tx: &mut Tx<'_>, user: UserId, caller: &Caller) -> DbResult<()> {
    accounts::note(tx, AccountAct::Exported, Some(user), user, caller)
}

/// All that the house keeps of a person, and of nobody else.
pub fn own_data(conn: &mut Conn, user: UserId, now: Moment) -> DbResult<Value> {
    store::own_data(conn, user, now)
}
