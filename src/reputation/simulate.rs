//! reputation room: a community made of a seed, with honest members of known skill and people who would rather be
//! thought right than be it. It tells how far the attackers come, and how well standing tells the honest apart, with
//! our engine and with a plain count of accepted answers on the same stream. Pure; the same seed gives the same bytes.
//!
//! Moderators do here what the findings propose, all of it, so that what is found wrongly costs honest members too.
use super::evidence::ONE;
use super::findings::{self, Found, Kind};
use super::policy::Book;
use crate::kernel::ids::{ChallengeId, EventId, FindingId, PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::{DAY, HOUR, MINUTE, Moment};
use crate::ledger::{Event, Fact, Verdict};
use fastrand::Rng;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};

// --- the community: sizes of a middling brand's first year ---
const EXPERTS: i64 = 200;
const ASKERS: i64 = 1_500;
const STAFF: i64 = 4;
const DAYS: i64 = 300;
const QUESTIONS: usize = 6_000;
const TOPICS: i64 = 12;
/// A right answer is accepted where its asker says anything; a wrong one now and then: on Stack Overflow another
/// answer outscored the accepted one in about 12 of 100 questions.
const ACCEPTS_RIGHT: f64 = 0.75;
const ACCEPTS_WRONG: f64 = 0.12;
/// Readers who had the problem and say how it went, per answer on average.
const READERS: f64 = 2.5;
/// They say so rightly.
const READER_RIGHT: f64 = 0.9;
const VOTERS: f64 = 2.0;
/// Staff look at one answer in so many, and are right.
const STAFF_LOOKS: usize = 25;

/// What came out.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub seed: u64,
    pub events: i64,
    pub honest: usize,
    /// The median honest member's authority, in thousandths, and by the plain count.
    pub median: i64,
    pub median_plain_count: i64,
    /// Each attacker's authority as a share of the median honest member's: the best of a group.
    pub attackers: BTreeMap<&'static str, f64>,
    /// The same by a plain count of accepted answers.
    pub attackers_plain_count: BTreeMap<&'static str, f64>,
    /// Spearman's rank correlation between honest members' skill and their standing.
    pub spearman: f64,
    pub spearman_plain_count: f64,
    /// What was found, by kind, and how many honest members were among it.
    pub findings: BTreeMap<&'static str, usize>,
    pub honest_held: usize,
}

/// Somebody who answers.
struct Member {
    id: UserId,
    skill: f64,
    /// How often they answer, against the others.
    activity: f64,
    topics: Vec<i64>,
}

#[derive(Clone)]
struct Answer {
    thread: ThreadId,
    author: UserId,
    asker: UserId,
    right: bool,
    /// Two answers of one text are copies.
    text: u64,
    topic: i64,
}

struct World {
    rng: Rng,
    book: Book,
    events: i64,
    now: Moment,
    posts: i64,
    accepted: HashMap<ThreadId, PostId>,
    answers: HashMap<PostId, Answer>,
    /// Who wrote a text first.
    texts: HashMap<u64, UserId>,
    copies: BTreeMap<UserId, BTreeSet<PostId>>,
    found: Vec<Found>,
    searched: i64,
    /// Acts to come, by time.
    agenda: BTreeMap<(Moment, u64), Act>,
    acts: u64,
}

enum Act {
    Ask { asker: UserId, topic: i64, easy: bool },
    Answer { thread: ThreadId, asker: UserId, topic: i64, by: UserId, right: f64, text: Option<u64> },
    Judge(PostId),
    Accept(PostId),
    Say { post: PostId, by: UserId, value: bool },
    Vote { post: PostId, by: UserId, value: i16 },
    Verdict { post: PostId, by: UserId },
    Edit(PostId),
    Challenge { post: PostId, by: UserId, id: i64 },
    RingAsks { asker: UserId, by: UserId, helpers: Vec<UserId> },
}

impl World {
    fn tell(&mut self, actor: Option<UserId>, fact: Fact) {
        self.events += 1;
        let event = Event { id: EventId(self.events), at: self.now, actor, imported: false, fact };
        self.book.apply(&event);
        self.book.entries.clear();
        self.book.changes.clear();
    }

    fn plan(&mut self, after: i64, act: Act) {
        self.acts += 1;
        self.agenda.insert((self.now.plus(after), self.acts), act);
    }

    /// A waiting time of this mean.
    fn wait(&mut self, mean: i64) -> i64 {
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss)]
        let wait = (-(1.0 - self.rng.f64()).ln() * mean as f64) as i64;
        wait
    }

    /// How many, where so many are the mean.
    fn count(&mut self, mean: f64) -> usize {
        let (limit, mut product, mut n) = ((-mean).exp(), self.rng.f64(), 0);
        while product > limit {
            product *= self.rng.f64();
            n += 1;
        }
        n
    }

    fn chance(&mut self, of: f64) -> bool {
        self.rng.f64() < of
    }

    fn ask(&mut self, asker: UserId, topic: i64) -> ThreadId {
        self.posts += 1;
        let thread = ThreadId(self.posts);
        self.tell(Some(asker), Fact::ThreadAsked { thread, author: Some(asker) });
        self.tell(Some(asker), Fact::ThreadTagged { thread, tags: vec![TagId(topic)] });
        thread
    }

    fn answer(&mut self, answer: Answer) -> PostId {
        self.posts += 1;
        let post = PostId(self.posts);
        let (thread, author) = (answer.thread, Some(answer.author));
        let first = *self.texts.entry(answer.text).or_insert(answer.author);
        if first != answer.author {
            self.copies.entry(answer.author).or_default().insert(post);
        }
        self.answers.insert(post, answer);
        self.tell(author, Fact::AnswerPosted { thread, post, author, official: false });
        post
    }

    fn accept(&mut self, post: PostId) {
        let Some(answer) = self.answers.get(&post).cloned() else { return };
        let (thread, author, asker) = (answer.thread, Some(answer.author), Some(answer.asker));
        if let Some(before) = self.accepted.insert(thread, post) {
            let author = self.answers.get(&before).map(|before| before.author);
            self.tell(asker, Fact::AnswerUnaccepted { thread, post: before, author, asker });
        }
        self.tell(asker, Fact::AnswerAccepted { thread, post, author, asker });
    }

    fn say(&mut self, post: PostId, by: UserId, value: bool) {
        let Some(answer) = self.answers.get(&post).cloned() else { return };
        if by == answer.author || by == answer.asker {
            return;
        }
        let (thread, author) = (answer.thread, Some(answer.author));
        self.tell(Some(by), Fact::AnswerConfirmed { thread, post, user: by, author, value });
    }

    fn vote(&mut self, post: PostId, by: UserId, value: i16) {
        let Some(answer) = self.answers.get(&post).cloned() else { return };
        let author = Some(answer.author);
        if by != answer.author {
            let thread = answer.thread;
            self.tell(Some(by), Fact::VoteCast { thread, post, author, question: false, value, before: 0 });
        }
    }

    /// What the program does as the evidence grows: search, and hold what is found.
    fn supervise(&mut self) {
        if self.events - self.searched < findings::step(self.events) {
            return;
        }
        self.searched = self.events;
        let copies: Vec<Vec<PostId>> = self
            .copies
            .values()
            .filter(|posts| posts.len() >= findings::COPIES)
            .map(|posts| posts.iter().copied().collect())
            .collect();
        for posts in copies {
            let new: Vec<PostId> = posts
                .into_iter()
                .filter(|post| self.book.posts.get(post).is_some_and(|state| state.findings.is_empty()))
                .collect();
            if !new.is_empty() {
                let (pieces, of) = (0, 0);
                let found = Found { kind: Kind::Copies, members: Vec::new(), pieces, of };
                self.hold(found, new);
            }
        }
        for found in findings::search(&self.book) {
            if !self.found.iter().any(|known| found.is_within(known.kind, &known.members)) {
                self.hold(found, Vec::new());
            }
        }
    }

    fn hold(&mut self, found: Found, posts: Vec<PostId>) {
        let finding = FindingId(i64::try_from(self.found.len()).unwrap_or(0) + 1);
        let members = found.members.clone();
        self.found.push(found);
        self.tell(None, Fact::CreditHeld { finding, members, posts });
    }
}

/// The people of the simulation, by number: askers, then experts, then staff, then the attackers.
struct Cast {
    experts: Vec<Member>,
    ring: Vec<UserId>,
    master: UserId,
    servants: Vec<UserId>,
    flooder: UserId,
    refuter: UserId,
    swindler: UserId,
    picker: UserId,
}

/// Runs it.
pub fn run(seed: u64) -> Report {
    let mut world = World {
        rng: Rng::with_seed(seed),
        book: Book::default(),
        events: 0,
        now: Moment(0),
        posts: 0,
        accepted: HashMap::new(),
        answers: HashMap::new(),
        texts: HashMap::new(),
        copies: BTreeMap::new(),
        found: Vec::new(),
        searched: 0,
        agenda: BTreeMap::new(),
        acts: 0,
    };
    let cast = people(&mut world);
    plan(&mut world, &cast);
    let end = Moment(DAYS * DAY);
    while let Some((at, _)) = world.agenda.first_key_value().map(|(key, _)| *key)
        && at < end
    {
        let Some((_, act)) = world.agenda.pop_first() else { break };
        world.now = at;
        happen(&mut world, &cast, act);
        world.supervise();
    }
    world.searched = i64::MIN / 2;
    world.supervise();
    report(seed, &world, &cast)
}

fn people(world: &mut World) -> Cast {
    let mut next = 0;
    let mut join = |world: &mut World, day: i64| {
        next += 1;
        let user = UserId(next);
        world.now = Moment(day * DAY);
        world.tell(Some(user), Fact::UserJoined { user });
        user
    };
    for _ in 0..ASKERS {
        // Half come with their question, half were there before.
        let day = if world.chance(0.5) { -30 } else { world.rng.i64(0..DAYS) };
        join(world, day);
    }
    let experts = (0..EXPERTS)
        .map(|_| {
            let id = join(world, -60);
            let skill = 0.3 + 0.65 * world.rng.f64();
            // A few answer much, many little.
            let activity = (1.2 * (world.rng.f64() + world.rng.f64() + world.rng.f64() - 1.5)).exp();
            let topics = (0..3).map(|_| world.rng.i64(1..=TOPICS)).collect();
            Member { id, skill, activity, topics }
        })
        .collect();
    for _ in 0..STAFF {
        join(world, -90);
    }
    let ring = (0..50).map(|_| join(world, 5)).collect();
    let master = join(world, 2);
    let servants = (0..25).map(|_| join(world, 8)).collect();
    let [flooder, refuter, swindler, picker] = [3; 4].map(|day| join(world, day));
    world.now = Moment(0);
    Cast { experts, ring, master, servants, flooder, refuter, swindler, picker }
}

fn plan(world: &mut World, cast: &Cast) {
    for _ in 0..QUESTIONS {
        let at = world.rng.i64(0..DAYS * DAY);
        // Nine askers in ten are customers; members ask too.
        let asker = if world.chance(0.9) {
            UserId(world.rng.i64(1..=ASKERS))
        } else {
            cast.experts.get(world.rng.usize(0..cast.experts.len())).map_or(UserId(1), |member| member.id)
        };
        let (topic, easy) = (world.rng.i64(1..=TOPICS), world.chance(0.25));
        world.plan(at, Act::Ask { asker, topic, easy });
    }
    // The ring: each asks and answers within it, with patience, so that its questions look hard.
    for round in 0..600 {
        let asker = cast.ring[world.rng.usize(0..cast.ring.len())];
        let by = cast.ring[world.rng.usize(0..cast.ring.len())];
        let helpers = (0..6).map(|_| cast.ring[world.rng.usize(0..cast.ring.len())]).collect();
        if asker != by {
            let at = (25 + round % (DAYS - 60)) * DAY;
            world.plan(at, Act::RingAsks { asker, by, helpers });
        }
    }
    // One person: the servants ask, the master answers, other servants agree.
    for round in 0..250 {
        let asker = cast.servants[world.rng.usize(0..cast.servants.len())];
        let helpers = (0..4).map(|_| cast.servants[world.rng.usize(0..cast.servants.len())]).collect();
        let at = (25 + round % (DAYS - 60)) * DAY;
        world.plan(at, Act::RingAsks { asker, by: cast.master, helpers });
    }
}

fn happen(world: &mut World, cast: &Cast, act: Act) {
    match act {
        Act::Ask { asker, topic, easy } => {
            let thread = world.ask(asker, topic);
            answered_by_honest(world, cast, thread, asker, topic, easy);
            answered_by_attackers(world, cast, thread, asker, topic, easy);
        }
        Act::Answer { thread, asker, topic, by, right, text } => {
            if by == asker {
                return;
            }
            let right = world.chance(right);
            let text = text.unwrap_or_else(|| world.rng.u64(..));
            let post = world.answer(Answer { thread, author: by, asker, right, text, topic });
            let wait = world.wait(8 * HOUR);
            world.plan(wait, Act::Judge(post));
            if by == cast.swindler {
                world.plan(3 * DAY, Act::Edit(post));
            }
        }
        Act::Judge(post) => heard(world, cast, post),
        Act::Accept(post) => world.accept(post),
        Act::Say { post, by, value } => world.say(post, by, value),
        Act::Vote { post, by, value } => world.vote(post, by, value),
        Act::Verdict { post, by } => {
            let Some(answer) = world.answers.get(&post).cloned() else { return };
            let verdict = if answer.right { Verdict::Verified } else { Verdict::Refuted };
            let (thread, author) = (answer.thread, Some(answer.author));
            world.tell(Some(by), Fact::VerdictGiven { thread, post, author, verdict, staff: true });
        }
        Act::Edit(post) => {
            // Once accepted, the good advice becomes an offer.
            let Some(answer) = world.answers.get_mut(&post) else { return };
            answer.right = false;
            let (thread, author) = (answer.thread, Some(answer.author));
            world.tell(author, Fact::PostEdited { thread, post, revision: 2, author, material: true });
            readers(world, cast, post);
        }
        Act::Challenge { post, by, id } => {
            let Some(answer) = world.answers.get(&post).cloned() else { return };
            let fact = Fact::ChallengeDecided {
                thread: answer.thread,
                post,
                author: Some(answer.author),
                challenge: ChallengeId(id),
                challenger: by,
                upheld: !answer.right,
            };
            let moderator = staff(world);
            world.tell(Some(moderator), fact);
        }
        Act::RingAsks { asker, by, helpers } => {
            let topic = 1 + by.0 % TOPICS;
            let thread = world.ask(asker, topic);
            world.now = world.now.plus(10 * HOUR);
            let text = world.rng.u64(..);
            let post = world.answer(Answer { thread, author: by, asker, right: false, text, topic });
            world.accept(post);
            for helper in helpers {
                world.say(post, helper, true);
                world.vote(post, helper, 1);
            }
            // Strangers happen on it too, now and then.
            if world.chance(0.1) {
                readers(world, cast, post);
            }
        }
    }
}

fn staff(world: &mut World) -> UserId {
    UserId(ASKERS + EXPERTS + world.rng.i64(1..=STAFF))
}

fn answered_by_honest(
    world: &mut World,
    cast: &Cast,
    thread: ThreadId,
    asker: UserId,
    topic: i64,
    easy: bool,
) {
    let about: Vec<&Member> = cast.experts.iter().filter(|member| member.topics.contains(&topic)).collect();
    let all: f64 = about.iter().map(|member| member.activity).sum();
    let mut chosen = BTreeSet::new();
    for _ in 0..1 + world.count(0.9) {
        let mut at = world.rng.f64() * all;
        let Some(member) = about.iter().find(|member| {
            at -= member.activity;
            at <= 0.0
        }) else {
            continue;
        };
        if !chosen.insert(member.id) {
            continue;
        }
        let right = if easy { 1.0 - (1.0 - member.skill) * 0.4 } else { member.skill };
        let (by, wait) = (member.id, if easy { 40 * MINUTE } else { 9 * HOUR });
        let wait = world.wait(wait);
        world.plan(wait, Act::Answer { thread, asker, topic, by, right, text: None });
    }
}

fn answered_by_attackers(
    world: &mut World,
    cast: &Cast,
    thread: ThreadId,
    asker: UserId,
    topic: i64,
    easy: bool,
) {
    let answer = |by, right, text| Act::Answer { thread, asker, topic, by, right, text };
    if easy && world.chance(0.5) {
        world.plan(2 * MINUTE, answer(cast.picker, 0.93, None));
    }
    if world.chance(0.12) {
        // The flooder pastes an accepted answer of the same topic: it fits now and then.
        let source: Option<u64> = world
            .accepted
            .values()
            .filter_map(|post| world.answers.get(post))
            .filter(|known| known.topic == topic && known.author != cast.flooder)
            .map(|known| known.text)
            .min();
        if let Some(text) = source {
            let wait = world.wait(2 * HOUR);
            world.plan(wait, answer(cast.flooder, 0.35, Some(text)));
        }
    }
    if world.chance(0.02) {
        let wait = world.wait(5 * HOUR);
        world.plan(wait, answer(cast.swindler, 0.9, None));
    }
    if world.chance(0.01) {
        let wait = world.wait(5 * HOUR);
        world.plan(wait, answer(cast.refuter, 0.35, None));
    }
}

/// The asker, readers, staff and the refuter say what they have to say of an answer.
fn heard(world: &mut World, cast: &Cast, post: PostId) {
    let Some(answer) = world.answers.get(&post).cloned() else { return };
    let accepts = if answer.right { ACCEPTS_RIGHT } else { ACCEPTS_WRONG };
    if !world.accepted.contains_key(&answer.thread) && world.chance(accepts) {
        world.plan(0, Act::Accept(post));
    }
    readers(world, cast, post);
    if world.rng.usize(0..STAFF_LOOKS) == 0 {
        let by = staff(world);
        let wait = world.wait(4 * DAY);
        world.plan(wait, Act::Verdict { post, by });
    }
    // The refuter is after ten members who once contradicted them.
    let hated = cast.experts.iter().take(10).any(|member| member.id == answer.author);
    if hated && world.chance(0.6) {
        world.plan(HOUR, Act::Say { post, by: cast.refuter, value: false });
        world.plan(HOUR, Act::Vote { post, by: cast.refuter, value: -1 });
        if world.chance(0.1) {
            world.plan(2 * HOUR, Act::Challenge { post, by: cast.refuter, id: post.0 });
        }
    }
}

fn readers(world: &mut World, cast: &Cast, post: PostId) {
    let Some(right) = world.answers.get(&post).map(|answer| answer.right) else { return };
    for _ in 0..world.count(READERS) {
        let by = somebody(world, cast);
        let value = if world.chance(READER_RIGHT) { right } else { !right };
        let wait = world.wait(10 * DAY);
        world.plan(wait, Act::Say { post, by, value });
    }
    for _ in 0..world.count(VOTERS) {
        let by = somebody(world, cast);
        // Votes follow how it looks: wrong answers are voted up too.
        let up = world.chance(if right { 0.9 } else { 0.45 });
        let wait = world.wait(5 * DAY);
        world.plan(wait, Act::Vote { post, by, value: if up { 1 } else { -1 } });
    }
}

fn somebody(world: &mut World, cast: &Cast) -> UserId {
    if world.chance(0.6) {
        return UserId(world.rng.i64(1..=ASKERS));
    }
    cast.experts.get(world.rng.usize(0..cast.experts.len())).map_or(UserId(1), |member| member.id)
}

fn report(seed: u64, world: &World, cast: &Cast) -> Report {
    let bound = |user: UserId| world.book.people.get(&user).map_or(0, |p| p.outcomes.authority().bound);
    let mut counts: HashMap<UserId, i64> = HashMap::new();
    for answer in world.accepted.values().filter_map(|post| world.answers.get(post)) {
        *counts.entry(answer.author).or_default() += 1;
    }
    let plain = |user: UserId| counts.get(&user).copied().unwrap_or(0);
    let answered: BTreeSet<UserId> = world.answers.values().map(|answer| answer.author).collect();
    let honest: Vec<&Member> = cast.experts.iter().filter(|member| answered.contains(&member.id)).collect();
    let skill: Vec<f64> = honest.iter().map(|member| member.skill).collect();
    #[allow(clippy::cast_precision_loss)]
    let of = |standing: &dyn Fn(UserId) -> i64| -> Vec<f64> {
        honest.iter().map(|member| standing(member.id) as f64).collect()
    };
    let (ours, theirs) = (of(&bound), of(&plain));
    let median = |standing: &dyn Fn(UserId) -> i64| {
        let mut all: Vec<i64> = honest.iter().map(|member| standing(member.id)).collect();
        all.sort_unstable();
        all.get(all.len() / 2).copied().unwrap_or(0)
    };
    let (middle, middle_plain) = (median(&bound), median(&plain));
    let attackers = |standing: &dyn Fn(UserId) -> i64, median: i64| -> BTreeMap<&'static str, f64> {
        let best = |users: &[UserId]| users.iter().map(|user| standing(*user)).max().unwrap_or(0);
        #[allow(clippy::cast_precision_loss)]
        let ratio = |of: i64| (of as f64 / median.max(1) as f64 * 1e3).round() / 1e3;
        BTreeMap::from([
            ("copy_paste_flooder", ratio(standing(cast.flooder))),
            ("easy_question_picker", ratio(standing(cast.picker))),
            ("edit_after_accept_swindler", ratio(standing(cast.swindler))),
            ("one_person_with_many", ratio(standing(cast.master).max(best(&cast.servants)))),
            ("revenge_refuter", ratio(standing(cast.refuter))),
            ("ring_of_50", ratio(best(&cast.ring))),
        ])
    };
    let mut kinds: BTreeMap<&'static str, usize> = BTreeMap::new();
    for found in &world.found {
        *kinds.entry(found.kind.as_str()).or_default() += 1;
    }
    let held: BTreeSet<UserId> = world.found.iter().flat_map(|found| found.members.clone()).collect();
    let round = |value: f64| (value * f64::from(u16::try_from(ONE).unwrap_or(1_000))).round() / 1e3;
    Report {
        seed,
        events: world.events,
        honest: honest.len(),
        median: middle,
        median_plain_count: middle_plain,
        attackers: attackers(&bound, middle),
        attackers_plain_count: attackers(&plain, middle_plain),
        spearman: round(spearman(&skill, &ours)),
        spearman_plain_count: round(spearman(&skill, &theirs)),
        findings: kinds,
        honest_held: held.iter().filter(|user| user.0 <= ASKERS + EXPERTS + STAFF).count(),
    }
}

/// Spearman's rank correlation: Pearson's of the ranks, ties sharing the middle of their places.
fn spearman(one: &[f64], other: &[f64]) -> f64 {
    let (one, other) = (ranks(one), ranks(other));
    #[allow(clippy::cast_precision_loss)]
    let mean = (one.len() as f64 + 1.0) / 2.0;
    let (mut both, mut left, mut right) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(&other) {
        both += (a - mean) * (b - mean);
        left += (a - mean) * (a - mean);
        right += (b - mean) * (b - mean);
    }
    if left * right > 0.0 { both / (left * right).sqrt() } else { 0.0 }
}

#[allow(clippy::cast_precision_loss)]
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    for same in order.chunk_by(|a, b| values[*a].total_cmp(&values[*b]).is_eq()) {
        let first = order.iter().position(|at| Some(at) == same.first()).unwrap_or(0);
        let middle = first as f64 + (same.len() as f64 + 1.0) / 2.0;
        for at in same {
            ranks[*at] = middle;
        }
    }
    ranks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_share_ties_and_correlation_is_one_for_the_same_order() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        assert!((spearman(&[1.0, 2.0, 3.0], &[10.0, 20.0, 30.0]) - 1.0).abs() < 1e-9);
        assert!((spearman(&[1.0, 2.0, 3.0], &[3.0, 2.0, 1.0]) + 1.0).abs() < 1e-9);
    }

    #[test]
    fn no_attacker_reaches_the_median_honest_member_and_standing_tells_skill() {
        let report = run(1);
        for (name, ratio) in &report.attackers {
            assert!(*ratio <= 1.0, "{name}: {ratio}");
        }
        assert!(report.spearman >= 0.85, "{report:?}");
        assert!(report.spearman >= report.spearman_plain_count + 0.15, "{report:?}");
        assert_eq!(serde_json::to_string(&run(1)).unwrap(), serde_json::to_string(&report).unwrap());
    }
}
