//! reputation room: finds what only looks like being right: rings, one person with many accounts, series of votes, and
//! those who contradict everybody. Pure: it looks at who said what of whose posts, and tells what stands out, with
//! the figures that show it. Copies are found by their texts, elsewhere.
//!
//! What is found is held back at once and shown to moderators, who know whether five people of a club, or a fan, stand
//! behind it. The measures are shares, not counts, so that a busy honest member is no ring; each has its reason.
use super::policy::{Book, Map, PairKey};
use crate::kernel::ids::UserId;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Pieces of praise among whom nothing is sought yet: in a young house everybody knows everybody.
pub const LEAST_PRAISE: i64 = 100;
/// Members of a ring, at least: two are a pair, whose credit falls anyway.
const RING_MEMBERS: usize = 3;
/// Of all who have credit, a ring is a part: more than this share of them is the community itself.
const RING_SHARE: f64 = 0.4;
/// Of a ring's credit, what comes from within it. Honest circles are asked by strangers too.
const RING_CLOSED: f64 = 0.85;
/// Pieces of praise a member of a ring has on average from within it.
const RING_PIECES: i64 = 5;
/// Of one account's pair, what counts at most when groups are looked for: no single fan makes a group.
const PIECES_OF_PAIR: i64 = 5;
/// Rounds in which members take over the group of those who praise them; groups settle within a few.
const ROUNDS: usize = 12;
/// A servant praises this one author at least so often…
const SERVANT_PIECES: i64 = 3;
/// …and hardly anybody else.
const SERVANT_SHARE: f64 = 0.8;
/// So many of them are no chance…
const SERVANTS: usize = 3;
/// …if they make so much of the author's credit.
const SERVED_SHARE: f64 = 0.5;
/// Where one author has so much of all praise, everybody praises mostly them.
const PROMINENT: f64 = 0.3;
/// A series of praise or blame for one author: so many pieces…
const SERIES: i64 = 8;
/// …and so much of all this account ever said of that kind.
const SERIES_SHARE: f64 = 0.6;
/// Who contradicts: so many answers that others say are right…
const CONTRADICTIONS: i64 = 8;
/// …which is so much of all they say is wrong.
const CONTRARY_SHARE: f64 = 0.7;
/// Others' word on such an answer, in thousandths of a reader, and so many times what speaks against it.
const CLEARLY_RIGHT: i64 = 2_000;
const CLEARLY_TIMES: i64 = 4;

/// Answers one author copied from others, from which it is a habit.
pub const COPIES: usize = 3;
/// Between two searches the ledger grows by a tenth, and at least by so many events: searching then costs a constant
/// number of times what looking at everything once does, however large the house.
const LEAST_STEP: i64 = 50;

/// Events after which it is time to search again, in a ledger of so many.
pub fn step(events: i64) -> i64 {
    (events / 10).max(LEAST_STEP)
}

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A closed group whose members praise each other.
    Ring,
    /// One author praised by accounts that praise nobody else.
    Servants,
    /// One account that praises or blames one author in a series.
    Series,
    /// One account that says of answers everybody else finds right that they are wrong.
    Contrary,
    /// Answers copied from others' answers.
    Copies,
}

impl Kind {
    pub const ALL: [Kind; 5] = [Kind::Ring, Kind::Servants, Kind::Series, Kind::Contrary, Kind::Copies];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Ring => "ring",
            Kind::Servants => "servants",
            Kind::Series => "series",
            Kind::Contrary => "contrary",
            Kind::Copies => "copies",
        }
    }

    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something found, with the figures that show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    pub kind: Kind,
    /// Whom it holds, by number; one alone is silenced.
    pub members: Vec<UserId>,
    /// Pieces among them.
    pub pieces: i64,
    /// Pieces in all that the share is of.
    pub of: i64,
}

impl Found {
    /// Whether a finding of this kind about these members says it already.
    pub fn is_within(&self, kind: Kind, members: &[UserId]) -> bool {
        self.kind == kind && self.members.iter().all(|member| members.contains(member))
    }
}

/// Praise and blame between an author and one other.
#[derive(Debug, Clone, Copy, Default)]
struct Edge {
    good: i64,
    bad: i64,
    /// Blame on answers that others say are right.
    contrary: i64,
}

/// Looks at everything `book` knows. The same book gives the same findings, in the same order. What another finding
/// holds already is left out of later ones.
pub fn search(book: &Book) -> Vec<Found> {
    let edges = edges(book);
    let praise: i64 = edges.values().map(|edge| edge.good).sum();
    if praise < LEAST_PRAISE {
        return Vec::new();
    }
    let mut found = rings(&edges);
    let mut taken: BTreeSet<UserId> = found.iter().flat_map(|ring| ring.members.clone()).collect();
    for more in [servants(&edges, praise, &taken), series(&edges, praise), contraries(&edges)] {
        for one in more {
            if one.members.iter().all(|member| taken.contains(member)) {
                continue;
            }
            taken.extend(&one.members);
            found.push(one);
        }
    }
    found
}

fn edges(book: &Book) -> BTreeMap<PairKey, Edge> {
    let mut edges = BTreeMap::new();
    for (key, pair) in &book.pairs {
        if key.0 == UserId(0) || key.1 == UserId(0) || key.0 == key.1 {
            continue;
        }
        let mut edge = Edge::default();
        for (post, word) in &pair.words {
            let good = i64::from(word.vote > 0) + i64::from(word.confirmation > 0) + i64::from(word.accepts);
            let bad = i64::from(word.vote < 0) + i64::from(word.confirmation < 0);
            edge.good += good;
            edge.bad += bad;
            if bad > 0
                && let Some(state) = book.posts.get(post)
            {
                let others = book.evidence(state);
                // Their own word against it is in there.
                let against = (others.wrong - 1_000).max(0);
                let clearly = others.right >= CLEARLY_RIGHT && others.right >= CLEARLY_TIMES * against;
                edge.contrary += if clearly { bad } else { 0 };
            }
        }
        if edge.good + edge.bad > 0 {
            edges.insert(*key, edge);
        }
    }
    edges
}

#[allow(clippy::cast_precision_loss)] // counts of pieces
fn share(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// Closed groups: every member takes over the group of those who praise them most, until nothing changes; a group
/// whose credit comes from within is a ring. (Label propagation: Raghavan, Albert, Kumara, "Near linear time algorithm
/// to detect community structures", Phys. Rev. E 76, 2007.)
fn rings(edges: &BTreeMap<PairKey, Edge>) -> Vec<Found> {
    let mut around: Map<UserId, Vec<(UserId, i64)>> = Map::default();
    let (mut receivers, mut givers) = (BTreeSet::new(), BTreeSet::new());
    for ((author, giver), edge) in edges.iter().filter(|(_, edge)| edge.good > 0) {
        let weight = edge.good.min(PIECES_OF_PAIR);
        around.entry(*author).or_default().push((*giver, weight));
        around.entry(*giver).or_default().push((*author, weight));
        receivers.insert(*author);
        givers.insert(*giver);
    }
    // Who only asks, or only answers, is in no ring.
    let both: BTreeSet<UserId> = receivers.intersection(&givers).copied().collect();
    let mut group: Map<UserId, UserId> = both.iter().map(|user| (*user, *user)).collect();
    for _ in 0..ROUNDS {
        let mut moved = false;
        for user in &both {
            let mut weights: BTreeMap<UserId, i64> = BTreeMap::new();
            for (other, weight) in around.get(user).into_iter().flatten() {
                if let Some(label) = group.get(other) {
                    *weights.entry(*label).or_default() += weight;
                }
            }
            let Some((best, _)) =
                weights.iter().max_by_key(|(label, weight)| (**weight, std::cmp::Reverse(**label)))
            else {
                continue;
            };
            if group.get(user) != Some(best) {
                group.insert(*user, *best);
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut groups: BTreeMap<UserId, Vec<UserId>> = BTreeMap::new();
    for user in &both {
        if let Some(label) = group.get(user) {
            groups.entry(*label).or_default().push(*user);
        }
    }
    let mut inside: BTreeMap<UserId, i64> = BTreeMap::new();
    let mut all: BTreeMap<UserId, i64> = BTreeMap::new();
    for ((author, giver), edge) in edges {
        let Some(label) = group.get(author) else { continue };
        *all.entry(*label).or_default() += edge.good;
        if group.get(giver) == Some(label) {
            *inside.entry(*label).or_default() += edge.good;
        }
    }
    #[allow(clippy::cast_possible_wrap)] // numbers of people
    let size = |n: usize| n as i64;
    groups
        .into_iter()
        .filter_map(|(label, members)| {
            let (pieces, of) = (inside.get(&label).copied()?, all.get(&label).copied()?);
            let closed = members.len() >= RING_MEMBERS
                && share(size(members.len()), size(receivers.len())) <= RING_SHARE
                && pieces >= RING_PIECES * size(members.len())
                && share(pieces, of) >= RING_CLOSED;
            closed.then_some(Found { kind: Kind::Ring, members, pieces, of })
        })
        .collect()
}

/// Sums over the edges of one side of the pairs.
fn sums(edges: &BTreeMap<PairKey, Edge>, side: impl Fn(&PairKey) -> UserId) -> Map<UserId, Edge> {
    let mut sums: Map<UserId, Edge> = Map::default();
    for (key, edge) in edges {
        let sum = sums.entry(side(key)).or_default();
        sum.good += edge.good;
        sum.bad += edge.bad;
        sum.contrary += edge.contrary;
    }
    sums
}

/// Authors whose credit comes from accounts that praise nobody else.
fn servants(edges: &BTreeMap<PairKey, Edge>, praise: i64, taken: &BTreeSet<UserId>) -> Vec<Found> {
    let (given, received) = (sums(edges, |key| key.1), sums(edges, |key| key.0));
    let mut of_author: BTreeMap<UserId, (Vec<UserId>, i64)> = BTreeMap::new();
    for ((author, giver), edge) in edges {
        let all = given.get(giver).map_or(0, |sum| sum.good);
        if edge.good >= SERVANT_PIECES && share(edge.good, all) >= SERVANT_SHARE {
            let (servants, pieces) = of_author.entry(*author).or_default();
            servants.push(*giver);
            *pieces += edge.good;
        }
    }
    of_author
        .into_iter()
        .filter(|(author, _)| !taken.contains(author))
        .filter_map(|(author, (servants, pieces))| {
            let of = received.get(&author).map_or(0, |sum| sum.good);
            let served = servants.len() >= SERVANTS
                && share(pieces, of) >= SERVED_SHARE
                && share(of - pieces, praise - pieces) <= PROMINENT;
            let mut members = servants;
            members.push(author);
            members.sort_unstable();
            served.then_some(Found { kind: Kind::Servants, members, pieces, of })
        })
        .collect()
}

/// Accounts that praise, or blame, one author in a series.
fn series(edges: &BTreeMap<PairKey, Edge>, praise: i64) -> Vec<Found> {
    let (given, received) = (sums(edges, |key| key.1), sums(edges, |key| key.0));
    edges
        .iter()
        .filter_map(|((author, giver), edge)| {
            let all = given.get(giver).copied().unwrap_or_default();
            let of_author = received.get(author).copied().unwrap_or_default();
            let prominent = share(of_author.good - edge.good, praise - edge.good) > PROMINENT;
            let praising = edge.good >= SERIES && share(edge.good, all.good) >= SERIES_SHARE && !prominent;
            let blaming = edge.bad >= SERIES && share(edge.bad, all.bad) >= SERIES_SHARE;
            let mut members = vec![*author, *giver];
            members.sort_unstable();
            let (pieces, of) = if praising { (edge.good, all.good) } else { (edge.bad, all.bad) };
            (praising || blaming).then_some(Found { kind: Kind::Series, members, pieces, of })
        })
        .collect()
}

/// Accounts that contradict everybody.
fn contraries(edges: &BTreeMap<PairKey, Edge>) -> Vec<Found> {
    let given: BTreeMap<UserId, Edge> = sums(edges, |key| key.1).into_iter().collect();
    given
        .into_iter()
        .filter(|(_, sum)| sum.contrary >= CONTRADICTIONS && share(sum.contrary, sum.bad) >= CONTRARY_SHARE)
        .map(|(giver, sum)| Found {
            kind: Kind::Contrary,
            members: vec![giver],
            pieces: sum.contrary,
            of: sum.bad,
        })
        .collect()
}
