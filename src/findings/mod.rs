//! findings room: looks for what only looks like being right, holds what it finds, and lets moderators decide.
//!
//! The search runs as the ledger grows (see [`crate::reputation::findings::step`]), in the house every few minutes
//! and within an import at the same places of the ledger, so that both come to the same.
pub mod pages;
mod policy;
mod store;
pub mod views;

use crate::accounts::Viewer;
use crate::db::{DbResult, Tx};
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
pub use store::{Finding, authors, by_id, held_count};

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

/// Searches if the ledger has grown enough since the last time. Tells how much was found.
///
/// `fold`: bring standings up to the ledger's head first, as nobody else does during an import.
pub fn search_if_due(tx: &mut Tx<'_>, fold: bool) -> DbResult<usize> {
    let (from, head) = (place(tx.conn, NAME)?, ledger::head(tx.conn)?);
    if head.0 - from.0 < step(head.0) {
        return Ok(0);
    }
    if fold {
        reputation::fold_to_head(tx)?;
    }
    let copies = copies(tx, from)?;
    let book = reputation::praise(tx.conn)?;
    let known = store::all(tx.conn)?;
    let mut count = 0;
    for found in reputation::findings::search(&book) {
        // Held already, or released by a moderator, who knew these people.
        if !known.iter().any(|known| found.is_within(known.kind, &known.members)) {
            hold(tx, &found, Vec::new())?;
            count += 1;
        }
    }
    for (author, posts) in copies {
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
    let head = ledger::head(tx.conn)?;
    advance(tx, NAME, from, head)?;
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

/// Reads the answers written and changed since `from`, and tells whose copies are among all answers, by author.
fn copies(tx: &mut Tx<'_>, from: EventId) -> DbResult<BTreeMap<UserId, Vec<PostId>>> {
    let mut after = from;
    let mut copied: BTreeMap<UserId, Vec<PostId>> = BTreeMap::new();
    loop {
        let events = ledger::after(tx.conn, after, limits::EVENTS_PER_STEP)?;
        let Some(last) = events.last() else { return Ok(copied) };
        after = last.id;
        let mut ids: Vec<PostId> = events
            .iter()
            .filter_map(|event| match event.fact {
                Fact::AnswerPosted { post, .. } | Fact::PostEdited { post, .. } => Some(post),
                _ => None,
            })
            .collect();
        ids.sort_unstable();
        ids.dedup();
        let texts = store::texts(tx.conn, &ids)?;
        let prints: Vec<(PostId, Vec<(i64, i64)>)> =
            texts.iter().map(|(post, md)| (*post, policy::prints(md))).collect();
        store::set_prints(tx, &prints)?;
        let numbers: Vec<i64> = prints.iter().flat_map(|(_, prints)| prints.iter().map(|p| p.0)).collect();
        let firsts = store::firsts(tx.conn, &numbers)?;
        let authors = store::authors(tx.conn, &ids)?;
        for (post, prints) in &prints {
            let Some(author) = authors.get(post).copied().flatten() else { continue };
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
    }
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
