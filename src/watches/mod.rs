//! watches room: searches somebody wants to hear of. A member saves one with a click; somebody without an account
//! leaves an address, which has to be confirmed by the link in a mail before anything else is sent to it.
//!
//! One row is one search, whoever it is for. `new` ones tell of every thread that comes to match and of those that
//! are solved; `solved` ones ("tell me when this is answered") only of those that have a solution.
pub mod follow;
pub mod pages;
mod store;
pub mod views;

pub use follow::{catch_up, spawn};
pub use store::{SavedSearch, address_of, forget, own_data, page, sweep};
pub use views::Beside;

use crate::db::{DbResult, Tx};
use crate::error::{Error, Result};
use crate::kernel::ids::{SearchId, UserId};
use crate::kernel::names::Email;
use crate::kernel::token::SiteKey;
use crate::kernel::{limits, token};
use crate::ledger::Fact;
use crate::mail::{self, Letter, Letterhead, List};
use crate::search::Query;
use crate::web::i18n::{Arg, translate};

/// What a saved search tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// New questions, and solutions.
    New,
    /// Solutions.
    Solved,
}

impl Mode {
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::New => "new",
            Mode::Solved => "solved",
        }
    }

    pub fn parse(text: &str) -> Option<Mode> {
        [Mode::New, Mode::Solved].into_iter().find(|mode| mode.as_str() == text)
    }
}

/// A query as it is kept: within its bounds, in one line. `None` where there is nothing to search for.
pub fn kept(text: &str) -> Option<String> {
    let (query, _) = Query::parse(text);
    let line = query.text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!query.is_empty()).then_some(line)
}

/// A name as it is kept: one line, cut; what it names where it is empty.
fn name_of(name: &str, query: &str) -> String {
    let name = mail::compose::one_line(name, limits::SEARCH_NAME);
    if name.is_empty() { mail::compose::one_line(query, limits::SEARCH_NAME) } else { name }
}

/// What became of a wish to hear of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    Saved(SearchId),
    /// This person has the same one already.
    Known,
    /// [`limits::SAVED_SEARCHES`] are enough.
    TooMany,
    NothingToSearch,
}

/// Saves a search of a member.
pub fn save(tx: &mut Tx<'_>, user: UserId, text: &str, name: &str, mode: Mode) -> Result<Saving> {
    let Some(query) = kept(text) else { return Ok(Saving::NothingToSearch) };
    let theirs = store::of_user(tx.conn, user)?;
    if theirs.iter().any(|known| known.query == query && known.mode == mode) {
        return Ok(Saving::Known);
    }
    if theirs.len() as i64 >= limits::SAVED_SEARCHES {
        return Ok(Saving::TooMany);
    }
    tx.is_new()?;
    let id = store::insert(tx, store::Owner::Member(user), &name_of(name, &query), &query, mode)?;
    tx.append(Some(user), Fact::SearchSaved { search: id })?;
    Ok(Saving::Saved(id))
}

/// Gives a member's search another name; `false` when they have none of this number.
pub fn rename(tx: &mut Tx<'_>, user: UserId, id: SearchId, name: &str) -> DbResult<bool> {
    let Some(known) = store::of_user(tx.conn, user)?.into_iter().find(|known| known.id == id) else {
        return Ok(false);
    };
    store::rename(tx, id, &name_of(name, &known.query))?;
    Ok(true)
}

/// Forgets a member's search; `false` when they have none of this number.
pub fn remove(tx: &mut Tx<'_>, user: UserId, id: SearchId) -> DbResult<bool> {
    if !store::of_user(tx.conn, user)?.iter().any(|known| known.id == id) {
        return Ok(false);
    }
    store::delete(tx, &[id])?;
    tx.append(Some(user), Fact::SearchForgotten { search: id })?;
    Ok(true)
}

/// Keeps a search for an address and writes to it. What was searched for is not in that mail: whoever typed the
/// address may not be the one who reads it. Where the address has enough of them, nothing is written; the visitor
/// is told the same.
pub fn ask(tx: &mut Tx<'_>, letterhead: &Letterhead, email: &Email, text: &str, lang: &str) -> Result<bool> {
    let Some(query) = kept(text) else { return Ok(false) };
    if store::count_of_address(tx.conn, &email.key())? >= limits::SAVED_SEARCHES {
        return Ok(true);
    }
    let token = token::random().map_err(|e| Error::Internal(e.to_string()))?;
    let owner = store::Owner::Address { email, digest: &token::digest(&token), lang };
    let id = store::insert(tx, owner, &name_of("", &query), &query, Mode::Solved)?;
    let words = |key: &str| translate(lang, key, &[("brand", Arg::from(&letterhead.brand))]);
    let letter = Letter {
        dedupe_key: format!("search:{id}:confirm"),
        user: None,
        recipient: email.as_str(),
        lang,
        list: List::Searches,
        subject: words("mail-watch-confirm-subject"),
        name: "",
        paragraphs: vec![words("mail-watch-confirm-body")],
        link: Some((
            words("mail-watch-confirm-link"),
            format!("{}/searches/confirm?token={token}", letterhead.base_url),
        )),
        thread: None,
        post: None,
        expires_at: Some(tx.now.plus(limits::CONFIRM_LIFE)),
        stop: Some(leave_url(letterhead, id)),
    };
    let mail = letterhead.compose(letter);
    mail::enqueue(tx, mail)?;
    Ok(true)
}

/// Confirms the address of the link's holder; `None` for a link that is not good any more.
pub fn confirm(tx: &mut Tx<'_>, token: &str) -> DbResult<Option<SearchId>> {
    let Some(id) = store::waiting(tx.conn, &token::digest(token), tx.now)? else { return Ok(None) };
    store::confirm(tx, id)?;
    tx.append(None, Fact::SearchSaved { search: id })?;
    Ok(Some(id))
}

const PURPOSE: &str = "leave-search";

/// The link in each mail to an address that ends them.
pub(crate) fn leave_url(letterhead: &Letterhead, id: SearchId) -> String {
    format!("{}/searches/leave?token={id}.{}", letterhead.base_url, letterhead.sign(PURPOSE, &id.to_string()))
}

/// Which search a link ends; `None` where it is not one of ours.
pub fn parse_leave(key: &SiteKey, token: &str) -> Option<SearchId> {
    let (id, signature) = token.split_once('.')?;
    let number: i64 = id.parse().ok()?;
    let good = number > 0 && number.to_string() == id && key.verify(PURPOSE, id, signature);
    good.then_some(SearchId(number))
}

/// Forgets the search of an address and the address with it; `false` when it is gone already.
pub fn leave(tx: &mut Tx<'_>, id: SearchId) -> DbResult<bool> {
    if store::address_of(tx.conn, id)?.is_none() {
        return Ok(false);
    }
    store::delete(tx, &[id])?;
    tx.append(None, Fact::SearchForgotten { search: id })?;
    Ok(true)
}
