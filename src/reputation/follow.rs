//! reputation room: keeps standings, statements and badges up with the ledger.
use super::policy::{Book, concerns, posts_of};
use super::store::{self, LIVING, Tables};
use crate::badges::{Turn, Turned};
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::{EventId, FlagId, PostId, UserId};
use crate::ledger::follow::Follower;
use crate::ledger::{Event, Fact};
use crate::mail::Letterhead;
use crate::notices::{self, BadgeNews};
use std::collections::{BTreeMap, HashMap, HashSet};

/// The follower's name among the places.
pub const NAME: &str = "reputation";

/// The follower. It remembers nothing between steps, so any node can do the next one.
#[derive(Clone)]
pub struct Reputation {
    letterhead: Letterhead,
}

impl Reputation {
    pub fn new(letterhead: Letterhead) -> Reputation {
        Reputation { letterhead }
    }
}

impl Follower for Reputation {
    fn name(&self) -> &'static str {
        NAME
    }

    fn apply(&self, tx: &mut Tx<'_>, events: &[Event]) -> DbResult<()> {
        let turned = fold(tx.conn, LIVING, &mut Book::default(), events)?;
        self.tell(tx, events, &turned)
    }
}

impl Reputation {
    /// Tells people which badges came and went. Only the living follower does: a replay makes sums, not news,
    /// and what an import brought happened elsewhere, long ago.
    fn tell(&self, tx: &mut Tx<'_>, events: &[Event], turned: &[Turned]) -> DbResult<()> {
        // One that came and went again within the step is no news: the last turn counts, if it is odd.
        let mut last: HashMap<(UserId, &str), (bool, &Turned)> = HashMap::new();
        for turned in turned {
            last.entry((turned.user, turned.badge.id))
                .and_modify(|(news, known)| (*news, *known) = (!*news, turned))
                .or_insert((true, turned));
        }
        let mut news: BTreeMap<(EventId, UserId, bool), Vec<&'static str>> = BTreeMap::new();
        for (_, turned) in last.into_values().filter(|(news, _)| *news) {
            news.entry((turned.event, turned.user, turned.turn == Turn::Earned))
                .or_default()
                .push(turned.badge.id);
        }
        for ((id, user, earned), mut badges) in news {
            let Some(event) = events.iter().find(|event| event.id == id && !event.imported) else { continue };
            badges.sort_unstable();
            let news = if earned { BadgeNews::Earned } else { BadgeNews::Revoked(event.fact.kind()) };
            notices::notify_badges(tx, &self.letterhead, user, &badges, id, news)?;
        }
        Ok(())
    }
}

/// Folds `events` into `tables`, with what `book` already has of them. A constant number of
/// statements per few hundred events, however many people and posts they are about.
pub(super) fn fold(
    conn: &mut Conn,
    tables: Tables,
    book: &mut Book,
    events: &[Event],
) -> DbResult<Vec<Turned>> {
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
        return Ok(Vec::new());
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
