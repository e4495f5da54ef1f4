//! mail room: who wants which mails, and the signed links that stop one list without signing in.
use super::List;
use crate::db::schema::unsubscriptions;
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::UserId;
use crate::kernel::token::SiteKey;
use diesel::prelude::*;

const PURPOSE: &str = "unsubscribe";

/// The link that stops `list` for `user`: GET shows a button, POST acts. `None` (a mail to an address
/// without an account) signs for nobody.
pub fn unsubscribe_url(base_url: &str, key: &SiteKey, user: Option<UserId>, list: List) -> String {
    let user = user.map_or(0, |user| user.0);
    let signature = key.sign(PURPOSE, &format!("{user}:{}", list.as_str()));
    // All three parts are URL-safe as they are.
    format!("{base_url}/unsubscribe?token={user}.{}.{signature}", list.as_str())
}

/// Whom and what a token is for; `None` when this site did not sign exactly that.
pub fn parse_unsubscribe(key: &SiteKey, token: &str) -> Option<(UserId, List)> {
    let mut parts = token.splitn(3, '.');
    let (user, list, signature) = (parts.next()?, parts.next()?, parts.next()?);
    let id: i64 = user.parse().ok()?;
    let list = List::parse(list)?;
    let canonical = id >= 0 && user == id.to_string();
    (canonical && key.verify(PURPOSE, &format!("{id}:{}", list.as_str()), signature))
        .then_some((UserId(id), list))
}

/// Stops `list` for `user`; `false` when nothing changed: it was stopped before, cannot be left,
/// or there is no such person.
pub fn unsubscribe(tx: &mut Tx<'_>, user: UserId, list: List) -> DbResult<bool> {
    use crate::db::schema::users;
    if !list.can_be_left() || is_unsubscribed(tx.conn, user, list)? {
        return Ok(false);
    }
    let known: Option<i64> = users::table.find(user).select(users::id).first(tx.conn).optional()?;
    if known.is_none() {
        return Ok(false);
    }
    diesel::insert_into(unsubscriptions::table)
        .values((
            unsubscriptions::user_id.eq(user),
            unsubscriptions::list.eq(list.as_str()),
            unsubscriptions::created_at.eq(tx.now),
        ))
        .execute(tx.conn)?;
    Ok(true)
}

pub fn is_unsubscribed(conn: &mut Conn, user: UserId, list: List) -> DbResult<bool> {
    let row: Option<i64> = unsubscriptions::table
        .find((user, list.as_str()))
        .select(unsubscriptions::user_id)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// Every list in order with whether `user` gets it.
pub fn subscriptions(conn: &mut Conn, user: UserId) -> DbResult<Vec<(List, bool)>> {
    let left: Vec<String> = unsubscriptions::table
        .filter(unsubscriptions::user_id.eq(user))
        .select(unsubscriptions::list)
        .load(conn)?;
    Ok(List::ALL
        .into_iter()
        .map(|list| (list, !list.can_be_left() || !left.iter().any(|name| name == list.as_str())))
        .collect())
}

/// Makes `wanted` the lists `user` gets; those that cannot be left stay.
pub fn set_subscriptions(tx: &mut Tx<'_>, user: UserId, wanted: &[List]) -> DbResult<()> {
    for list in List::ALL {
        if wanted.contains(&list) || !list.can_be_left() {
            diesel::delete(unsubscriptions::table.find((user, list.as_str()))).execute(tx.conn)?;
        } else {
            unsubscribe(tx, user, list)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_for_its_person_and_list_alone() {
        let key = SiteKey::new("secret");
        let url = unsubscribe_url("https://help.example", &key, Some(UserId(7)), List::Answers);
        let token = url.strip_prefix("https://help.example/unsubscribe?token=").unwrap();
        assert_eq!(parse_unsubscribe(&key, token), Some((UserId(7), List::Answers)));
        for wrong in [
            token.replace("7.", "8."),
            token.replace("7.", "07."),
            token.replace("7.", "+7."),
            token.replace("answers", "comments"),
            token.replace("answers", "all"),
            format!("{token}x"),
            "7.answers.".into(),
            "7.answers".into(),
            "..".into(),
            String::new(),
        ] {
            assert_eq!(parse_unsubscribe(&key, &wrong), None, "{wrong}");
        }
        assert_eq!(parse_unsubscribe(&SiteKey::new("other"), token), None);
    }
}
