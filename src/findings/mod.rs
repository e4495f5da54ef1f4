//! findings room: looks for what only looks like being right, holds what it finds, and lets moderators decide.
//!
//! The search runs as the ledger grows (see [`crate::reputation::findings::step`]), in the house every few minutes
//! and within an import at the same places of the ledger, so that both come to the same.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{Conn, Db, DbResult, Tx};
use crate::error::Result;
use crate::kernel::ids::{EventId, FindingId, PostId, UserId};
use crate::kernel::limits;
use crate::ledger::follow::{advance, place};
use crate::ledger::{self, Fact};
use crate::moderation::{self, Act};
use crate::reputation;
use crate::reputation::findings::{COPIES, Found, Kind, step};
pub use pages::{evidence, title};
use std::collections::{BTreeMap, HashMap};
pub use store::{Finding, Held, authors, by_id, held_count, held_now};

/// The place up to which the ledger was searched.
const NAME: &str = "findings";

/// The event at which the next search is due; of an import, which asks after each act and would ask the database else.
pub fn next_search(tx: &mut Tx<'_>) -> DbResult<EventId> {
    let from = place(tx.conn, NAME)?;
    // The first head that is far enough from where the last search ended.
    let mut head = from.0;
    while head - from.0 < step(head) {
        head = from.0 + step(head);
    }
    Ok(EventId(head))
}

/// What a search came to, before anything of it is written down.
struct Search {
    from: EventId,
    /// The ledger's end when it began.
    head: EventId,
    copies: Copied,
    others: Vec<Found>,
}

/// The sentences of an answer, as numbers with their counts of words.
type Prints = Vec<(i64, i64)>;

/// Where the next search begins, if the ledger has grown enough since the last one, and where the ledger ends.
fn due(conn: &mut Conn) -> DbResult<Option<(EventId, EventId)>> {
    let (from, head) = (place(conn, NAME)?, ledger::head(conn)?);
    Ok((head.0 - from.0 >= step(head.0)).then_some((from, head)))
}

/// Searches if it is due, within an import, in which nobody else brings standings up to the ledger's head.
pub fn search_in_import(tx: &mut Tx<'_>) -> DbResult<()> {
    if let Some((from, head)) = due(tx.conn)? {
        reputation::fold_to_head(tx)?;
        let (mut after, mut copies) = (from, Copied::new());
        while let Some(written) = written(tx.conn, &mut after, head)? {
            store::set_prints(tx, &written.prints)?;
            compare(tx.conn, &written, &mut copies)?;
        }
        let others = reputation::findings::search(&reputation::praise(tx.conn)?);
        keep(tx, Search { from, head, copies, others })?;
    }
    Ok(())
}

/// Searches if it is due, and holds what is found; how much. All that is said is read without the writer, which others
/// wait for, and written down in small transactions; a kill on the way repeats the search and nothing else.
pub fn search(db: &Db) -> DbResult<usize> {
    let search = {
        let mut conn = db.reader()?;
        let Some((from, head)) = due(&mut conn)? else { return Ok(0) };
        let (mut after, mut copies) = (from, Copied::new());
        while let Some(written) = written(&mut conn, &mut after, head)? {
            for some in written.prints.chunks(limits::PRINTS_PER_STEP) {
                let some = some.to_vec();
                db.write_blocking(move |tx| store::set_prints(tx, &some))?;
            }
            compare(&mut conn, &written, &mut copies)?;
        }
        let others = reputation::findings::search(&reputation::praise(&mut conn)?);
        Search { from, head, copies, others }
    };
    db.write_blocking(move |tx| keep(tx, search))
}

/// Holds what is new of it, unless another node was quicker.
fn keep(tx: &mut Tx<'_>, search: Search) -> DbResult<usize> {
    if !advance(tx, NAME, search.from, search.head)? {
        return Ok(0);
    }
    let known = store::all(tx.conn)?;
    let mut count = 0;
    for found in search.others {
        // Held already, or released by a moderator, who knew these people.
        if !known.iter().any(|known| found.is_within(known.kind, &known.members)) {
            hold(tx, &found, Vec::new())?;
            count += 1;
        }
    }
    for (author, posts) in search.copies {
        let new: Vec<PostId> = posts
            .iter()
            .copied()
            .filter(|post| !known.iter().any(|known| known.posts.contains(post)))
            .collect();
        let before = known
            .iter()
            // What was released is no habit.
            .filter(|known| {
                known.kind == Kind::Copies && known.members == [author] && known.state != "released"
            })
            .map(|known| known.posts.len())
            .sum::<usize>();
        if !new.is_empty() && before + new.len() >= COPIES {
            let pieces = i64::try_from(new.len()).unwrap_or(i64::MAX);
            let found = Found { kind: Kind::Copies, members: vec![author], pieces, of: pieces };
            hold(tx, &found, new)?;
            count += 1;
        }
    }
    Ok(count)
}

/// One event takes back all that rests on it.
fn hold(tx: &mut Tx<'_>, found: &Found, posts: Vec<PostId>) -> DbResult<()> {
    let finding = store::insert(tx, found, &posts)?;
    tx.append(None, held(finding, found.kind, &found.members, posts))?;
    Ok(())
}

/// Copies are about posts: what their author says elsewhere stands.
fn silenced(kind: Kind, members: &[UserId]) -> Vec<UserId> {
    if kind == Kind::Copies { Vec::new() } else { members.to_vec() }
}

fn held(finding: FindingId, kind: Kind, members: &[UserId], posts: Vec<PostId>) -> Fact {
    Fact::CreditHeld { finding, members: silenced(kind, members), posts }
}

/// Answers that are copies, by author.
type Copied = BTreeMap<UserId, Vec<PostId>>;

/// Answers that were written or changed: their sentences, and who wrote them.
struct Written {
    prints: Vec<(PostId, Prints)>,
    authors: BTreeMap<PostId, Option<UserId>>,
}

/// The next answers written and changed behind `after`, which moves on; none once `head` is reached.
fn written(conn: &mut Conn, after: &mut EventId, head: EventId) -> DbResult<Option<Written>> {
    let mut events = ledger::after(conn, *after, limits::EVENTS_PER_STEP)?;
    events.retain(|event| event.id <= head);
    let Some(last) = events.last() else { return Ok(None) };
    *after = last.id;
    let mut ids: Vec<PostId> = events
        .iter()
        .filter_map(|event| match event.fact {
            Fact::AnswerPosted { post, .. } | Fact::PostEdited { post, .. } => Some(post),
            _ => None,
        })
        .collect();
    ids.sort_unstable();
    ids.dedup();
    let texts = store::texts(conn, &ids)?;
    let prints = texts.iter().map(|(post, md)| (*post, policy::prints(md))).collect();
    Ok(Some(Written { prints, authors: store::authors(conn, &ids)? }))
}

/// Finds those among them that are copies of what others wrote before. Their own sentences are written down.
fn compare(conn: &mut Conn, written: &Written, copied: &mut Copied) -> DbResult<()> {
    let numbers: Vec<i64> =
        written.prints.iter().flat_map(|(_, prints)| prints.iter().map(|print| print.0)).collect();
    let firsts = store::firsts(conn, &numbers)?;
    for (post, prints) in &written.prints {
        let Some(author) = written.authors.get(post).copied().flatten() else { continue };
        let of_others: HashMap<i64, bool> = prints
            .iter()
            .filter_map(|(print, _)| {
                let (first, by) = firsts.get(print)?;
                Some((*print, first < post && *by != Some(author)))
            })
            .collect();
        if policy::is_copy(prints, &of_others) {
            copied.entry(author).or_default().push(*post);
        }
    }
    Ok(())
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deciding {
    Decided,
    /// It was so before.
    Already,
    NotFound,
    /// The key of a message that says why not.
    Refused(&'static str),
}

/// A moderator keeps a finding held for good, or releases what it holds; either may be changed later.
pub fn decide(tx: &mut Tx<'_>, viewer: &Viewer, id: FindingId, uphold: bool, note: &str) -> Result<Deciding> {
    let Some(finding) = store::find(tx.conn, id)? else { return Ok(Deciding::NotFound) };
    if !viewer.role.moderates() {
        return Ok(Deciding::NotFound);
    }
    if viewer.is_suspended(tx.now) {
        return Ok(Deciding::Refused("you-are-suspended"));
    }
    if finding.members.contains(&viewer.id) {
        return Ok(Deciding::Refused("finding-own"));
    }
    let note = note.trim();
    if note.chars().count() > limits::MAX_REASON {
        return Ok(Deciding::Refused("reason-too-long"));
    }
    let state = if uphold { "upheld" } else { "released" };
    if finding.state == state {
        return Ok(Deciding::Already);
    }
    store::decide(tx, id, viewer.id, state, note)?;
    moderation::log_finding(tx, viewer.id, if uphold { Act::Hold } else { Act::Release }, note)?;
    if !uphold {
        let members = silenced(finding.kind, &finding.members);
        tx.append(Some(viewer.id), Fact::CreditReleased { finding: id, members, posts: finding.posts })?;
    } else if finding.state == "released" {
        tx.append(Some(viewer.id), held(id, finding.kind, &finding.members, finding.posts))?;
    }
    Ok(Deciding::Decided)
}
