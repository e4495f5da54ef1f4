//! reputation room: keeps standings, statements and badges up with the ledger.
use super::policy::{Book, concerns, posts_of};
use super::store::{self, LIVING, Tables};
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::{FlagId, PostId, UserId};
use crate::ledger::follow::Follower;
use crate::ledger::{Event, Fact};
use std::collections::HashSet;

/// The follower's name among the places.
pub const NAME: &str = "reputation";

/// The follower. It remembers nothing between steps, so any node can do the next one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reputation;

impl Follower for Reputation {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, tx: &mut Tx<'_>, events: &[Event]) -> DbResult<()> {
        fold(tx.conn, LIVING, &mut Book::default(), events)
    }
}

/// Folds `events` into `tables`, with what `book` already has of them. A constant number of
/// statements per few hundred events, however many people and posts they are about.
pub(super) fn fold(conn: &mut Conn, tables: Tables, book: &mut Book, events: &[Event]) -> DbResult<()> {
    let mut seen: HashSet<PostId> = HashSet::new();
    let mut posts: Vec<PostId> = Vec::new();
    let mut flags: Vec<FlagId> = Vec::new();
    for event in events.iter().filter(|event| concerns(&event.fact)) {
        if let Some((post, question)) = posts_of(&event.fact) {
            posts.extend([post, question].into_iter().filter(|id| seen.insert(*id)));
        }
        if let Fact::FlagDecided { flag, .. } = event.fact {
            flags.push(flag);
        }
    }
    if posts.is_empty() {
        return Ok(());
    }
    flags.sort_unstable();
    flags.dedup();
    let missing: Vec<PostId> = posts.iter().copied().filter(|id| !book.posts.contains_key(id)).collect();
    store::load_posts(conn, tables, book, &missing)?;
    // An acceptance may take the place of another, about which no event of this step need be.
    let former: Vec<PostId> =
        posts.iter().filter_map(|id| book.posts.get(id)?.accepted).filter(|id| seen.insert(*id)).collect();
    let missing: Vec<PostId> = former.iter().copied().filter(|id| !book.posts.contains_key(id)).collect();
    store::load_posts(conn, tables, book, &missing)?;
    posts.extend(former);
    let missing: Vec<FlagId> = flags.iter().copied().filter(|id| !book.flags.contains_key(id)).collect();
    store::load_flags(conn, tables, book, &missing)?;

    let mut people: HashSet<UserId> = posts.iter().filter_map(|id| book.posts.get(id)?.author).collect();
    for event in events.iter().filter(|event| concerns(&event.fact)) {
        people.extend(event.fact.user());
        if let Fact::AnswerAccepted { asker: Some(asker), .. } = event.fact {
            people.insert(asker);
        }
    }
    people.extend(flags.iter().filter_map(|id| Some(book.flags.get(id)?.flagger)));
    let missing: Vec<UserId> = people.into_iter().filter(|id| !book.people.contains_key(id)).collect();
    store::load_people(conn, tables, book, &missing)?;

    for event in events {
        book.apply(event);
    }
    store::save(conn, tables, book, &posts, &flags)
}
