//! reputation room: keeps standings, statements and badges up with the ledger.
use super::policy::{
    Book, Entry, PairKey, Reason, concerns, finding_of, posts_of, reinstatement_of, silences,
};
use super::store::{self, LIVING, Step, Tables};
use crate::badges::{self, OVERALL, Turn, Turned};
use crate::db::{Conn, DbResult, Tx};
use crate::kernel::ids::{EventId, PostId, TagId, UserId};
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::ledger::follow::{Follower, advance, place};
use crate::ledger::{self, Event, Fact};
use crate::mail::Letterhead;
use crate::notices::{self, BadgeNews};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::Hash;

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
        let news = fold(tx.conn, LIVING, &mut Book::default(), events)?;
        self.tell_badges(tx, events, &news.turned)?;
        self.tell_credit(tx, events, &news.credited)
    }
}

impl Reputation {
    /// Tells people which badges came and went. Only the living follower does: a replay makes sums, not news,
    /// and what an import brought happened elsewhere, long ago.
    fn tell_badges(&self, tx: &mut Tx<'_>, events: &[Event], turned: &[Turned]) -> DbResult<()> {
        // One that came and went again within the step is no news: the last turn counts, if it is odd.
        let mut last: HashMap<(UserId, &str, TagId), (bool, &Turned)> = HashMap::new();
        for turned in turned {
            last.entry((turned.user, turned.badge.as_str(), turned.tag))
                .and_modify(|(news, known)| (*news, *known) = (!*news, turned))
                .or_insert((true, turned));
        }
        let mut news: BTreeMap<(EventId, UserId, bool), Vec<&Turned>> = BTreeMap::new();
        for (_, turned) in last.into_values().filter(|(news, _)| *news) {
            news.entry((turned.event, turned.user, turned.turn == Turn::Earned)).or_default().push(turned);
        }
        for ((id, user, earned), turned) in news {
            let Some(event) = events
                .iter()
                .find(|event| event.id == id && is_news(event, tx.now))
                // What an appeal gave back, or no longer does, is told with the moderators' words.
                .filter(|event| reinstatement_of(&event.fact).is_none())
            else {
                continue;
            };
            let mut badges: Vec<&str> = turned.iter().map(|turned| turned.badge.as_str()).collect();
            badges.sort_unstable();
            badges.dedup();
            let news = if earned {
                BadgeNews::Earned
            } else if turned.iter().all(|turned| turned.level.is_none()) {
                BadgeNews::NoMore
            } else {
                BadgeNews::Revoked(event.fact.kind())
            };
            notices::notify_badges(tx, &self.letterhead, user, &badges, id, news)?;
        }
        Ok(())
    }

    /// Tells whose points a finding took, or gave back: only the fold knows who stands on what its members said.
    fn tell_credit(&self, tx: &mut Tx<'_>, events: &[Event], credited: &[(EventId, UserId)]) -> DbResult<()> {
        let mut whose: BTreeMap<EventId, BTreeSet<UserId>> = BTreeMap::new();
        for (event, user) in credited {
            whose.entry(*event).or_default().insert(*user);
        }
        let now = tx.now;
        for event in events.iter().filter(|event| is_news(event, now)) {
            if let Some(people) = whose.remove(&event.id) {
                notices::notify_credit(tx, &self.letterhead, event, &people)?;
            }
        }
        Ok(())
    }
}

/// Whether what an event did to standings is told: not what an import brought, nor what a fold from the start finds again.
fn is_news(event: &Event, now: Moment) -> bool {
    !event.imported && now.since(event.at) < limits::STANDING_NEWS
}

/// What a fold came to that people are told of.
#[derive(Default)]
pub(super) struct News {
    /// Badges that came and went.
    turned: Vec<Turned>,
    /// By a finding's event: whose points it took, or gave back.
    credited: Vec<(EventId, UserId)>,
}

impl News {
    fn add(&mut self, other: News) {
        self.turned.extend(other.turned);
        self.credited.extend(other.credited);
    }
}

/// Brings the living tables up to the ledger's head, and tells nobody: for imports.
pub fn fold_to_head(tx: &mut Tx<'_>) -> DbResult<()> {
    let mut book = Book::default();
    loop {
        let from = place(tx.conn, NAME)?;
        let events = ledger::after(tx.conn, from, limits::EVENTS_PER_STEP)?;
        let Some(last) = events.last() else { return Ok(()) };
        fold(tx.conn, LIVING, &mut book, &events)?;
        if book.len() > limits::STATES_KEPT {
            book = Book::default();
        }
        advance(tx, NAME, from, last.id)?;
    }
}

/// Folds `events` into `tables`, with what `book` already has of them. A constant number of
/// statements per few hundred events, however many people and posts they are about; only new rules of badges look at
/// everybody, some at a time.
pub(super) fn fold(conn: &mut Conn, tables: Tables, book: &mut Book, events: &[Event]) -> DbResult<News> {
    let version = store::rules_in_force(conn, tables)?;
    if version != book.rulebook.version {
        book.rulebook.rules = badges::rules_of(conn, version)?;
        book.rulebook.version = version;
    }
    let mut news = News::default();
    for part in events.split_inclusive(|event| matches!(event.fact, Fact::BadgeRulesActivated { .. })) {
        match part.split_last() {
            Some((event @ Event { fact: Fact::BadgeRulesActivated { version }, .. }, before)) => {
                news.add(step(conn, tables, book, before)?);
                let rules = badges::rules_of(conn, *version)?;
                book.rulebook.versions.insert(*version, rules);
                book.activate(event, *version);
                store::put_in_force(conn, tables, *version)?;
                news.turned.extend(judge_everybody(conn, tables, book, event)?);
            }
            _ => news.add(step(conn, tables, book, part)?),
        }
    }
    Ok(news)
}

fn step(conn: &mut Conn, tables: Tables, book: &mut Book, events: &[Event]) -> DbResult<News> {
    let step = load(conn, tables, book, events)?;
    if step.people.is_empty() && step.posts.is_empty() {
        return Ok(News::default());
    }
    for event in events {
        book.apply(event);
    }
    // A finding takes points and its release gives them; what goes the other way by it (a vote against an answer that is
    // held) is nothing that anybody has to be told.
    let credited = |entry: &Entry| match entry.reason {
        Reason::CreditHeld => entry.points < 0,
        Reason::CreditReleased => entry.points > 0,
        _ => false,
    };
    let lines = book.entries.iter().filter(|entry| credited(entry));
    let credited = lines.map(|entry| (entry.event, entry.user)).collect();
    Ok(News { turned: store::save(conn, tables, book, &step)?, credited })
}

/// Looks at everybody with the rules that have just come into force.
fn judge_everybody(conn: &mut Conn, tables: Tables, book: &mut Book, event: &Event) -> DbResult<Vec<Turned>> {
    let (mut turned, mut after) = (Vec::new(), UserId(0));
    loop {
        let people = store::people_after(conn, tables, after, limits::BADGE_PEOPLE_PER_STEP)?;
        let Some(last) = people.last() else { return Ok(turned) };
        after = *last;
        let mut some = Book::under(book.rulebook.clone());
        store::load_people(conn, tables, &mut some, &people)?;
        store::load_topics_of(conn, tables, &mut some, &people)?;
        some.judge_anew(event, &people);
        turned.extend(store::save(conn, tables, &mut some, &Step::default())?);
        // What the book has of them would be out of date.
        for person in &people {
            book.held.remove(person);
            book.people.remove(person);
        }
    }
}

/// Loads what folding `events` needs, and tells what of it may change.
fn load(conn: &mut Conn, tables: Tables, book: &mut Book, events: &[Event]) -> DbResult<Step> {
    let mut posts = Set::default();
    let mut people: Set<UserId> = Set::default();
    let mut pairs: Set<PairKey> = Set::default();
    let (mut flags, mut challenges) = (Set::default(), Set::default());
    let mut tags: Vec<TagId> = Vec::new();
    for event in events.iter().filter(|event| concerns(&event.fact)) {
        if let Some((post, question)) = posts_of(&event.fact) {
            posts.add([post, question]);
        }
        people.add(event.actor.into_iter().chain(event.fact.user()));
        match &event.fact {
            Fact::FlagDecided { flag, .. } => flags.add([*flag]),
            Fact::ChallengeDecided { challenge, challenger, .. } => {
                challenges.add([*challenge]);
                people.add([*challenger]);
            }
            Fact::AnswerAccepted { asker: Some(asker), .. } => people.add([*asker]),
            Fact::ThreadTagged { tags: now, .. } => tags.extend(now),
            fact => {
                if let Some((_, members, of)) = finding_of(fact) {
                    posts.add(of.iter().copied());
                    people.add(members.iter().copied());
                    pairs.add(match silences(members) {
                        Some(giver) => store::pairs_of_giver(conn, tables, giver)?,
                        None => members.iter().flat_map(|a| members.iter().map(move |b| (*a, *b))).collect(),
                    });
                }
            }
        }
    }
    // Who said what of whose posts: the authors are known once the posts are. What a finding holds leads to posts,
    // posts to their questions, and questions to the answer they accept and to all they have. Three rounds reach
    // everything: a finding's posts, their questions, their answers.
    for _ in 0..3 {
        let missing = posts.unknown(|id| !book.posts.contains_key(id));
        store::load_posts(conn, tables, book, &missing)?;
        let missing = pairs.unknown(|key| !book.pairs.contains_key(key));
        store::load_pairs(conn, tables, book, &missing)?;
        for key in pairs.taken() {
            if let Some(pair) = book.pairs.get(&key) {
                posts.add(pair.words.iter().map(|(post, _)| *post));
            }
        }
        for id in posts.taken() {
            let Some(state) = book.posts.get(&id) else { continue };
            posts.add([state.thread.question()]);
            posts.add(state.accepted);
        }
        for event in events {
            if let Fact::ThreadTagged { thread, .. } = event.fact
                && let Some(state) = book.posts.get(&thread.question())
            {
                posts.add(state.answers.iter().map(|(answer, _)| *answer));
            }
        }
    }
    let missing = flags.unknown(|id| !book.flags.contains_key(id));
    store::load_flags(conn, tables, book, &missing)?;
    let missing = challenges.unknown(|id| !book.challenges.contains_key(id));
    store::load_challenges(conn, tables, book, &missing)?;

    // A finding's words were loaded for the pairs among its members. Everybody else speaks for themselves: one pair
    // with each author they speak of, and one of each author with their asker.
    let mut spoken: Set<PairKey> = Set::default();
    for event in events.iter().filter(|event| concerns(&event.fact)) {
        let Some((post, _)) = posts_of(&event.fact) else { continue };
        let author = book.posts.get(&post).and_then(|state| state.author).or(event.fact.user());
        spoken.add([(author.unwrap_or(UserId(0)), event.actor.unwrap_or(UserId(0)))]);
        if let Fact::AnswerAccepted { asker, author, .. } = event.fact {
            spoken.add([(author.unwrap_or(UserId(0)), event.actor.or(asker).unwrap_or(UserId(0)))]);
        }
    }
    let mut topics: Set<(UserId, TagId)> = Set::default();
    // Posts that begin within these events have no state yet: what they will be stands in the events.
    let mut askers: HashMap<PostId, Option<UserId>> = HashMap::new();
    for event in events {
        if let Fact::ThreadAsked { thread, author } = event.fact {
            askers.insert(thread.question(), author);
        }
    }
    let mut of_answer = |book: &Book, author: Option<UserId>, question: PostId| {
        let Some(author) = author else { return };
        let asked = book.posts.get(&question);
        let asker = asked.and_then(|state| state.author).or(askers.get(&question).copied().flatten());
        spoken.add([(author, asker.unwrap_or(UserId(0)))]);
        let of_thread = asked.map(|state| state.tags.as_slice()).unwrap_or_default();
        topics.add(of_thread.iter().chain(&tags).map(|tag| (author, *tag)));
    };
    for id in posts.taken() {
        let Some(state) = book.posts.get(&id) else { continue };
        people.add(state.author);
        people.add(state.accept.and_then(|accept| accept.by));
        people.add(state.closer);
        people.add(state.editors.iter().copied());
        if id != state.thread.question() {
            of_answer(book, state.author, state.thread.question());
            if let (Some(author), Some(accept)) = (state.author, state.accept) {
                pairs.add([(author, accept.by.unwrap_or(UserId(0)))]);
            }
        }
    }
    for event in events {
        if let Fact::AnswerPosted { thread, author, .. } = event.fact {
            of_answer(book, author, thread.question());
        }
    }
    // Whether it is earned as well shows in its topic.
    topics.add(events.iter().filter_map(|event| {
        let (user, _, tag, _) = reinstatement_of(&event.fact)?;
        (tag != OVERALL).then_some((user, tag))
    }));
    let mut months: Set<i64> = Set::default();
    let spoke =
        |event: &&Event| matches!(event.fact, Fact::AnswerConfirmed { .. } | Fact::VerdictGiven { .. });
    months.add(events.iter().filter(spoke).map(|event| event.at.month()));
    let missing = months.unknown(|month| !book.bins.keys().any(|(known, _)| known == month));
    store::load_bins(conn, tables, book, &missing)?;
    pairs.add(spoken.taken());
    let missing = pairs.unknown(|key| !book.pairs.contains_key(key));
    store::load_pairs(conn, tables, book, &missing)?;
    let missing = topics.unknown(|key| !book.topics.contains_key(key));
    store::load_topics(conn, tables, book, &missing)?;
    let missing = people.unknown(|id| !book.people.contains_key(id));
    store::load_people(conn, tables, book, &missing)?;
    Ok(Step {
        posts: posts.taken(),
        flags: flags.taken(),
        challenges: challenges.taken(),
        pairs: pairs.taken(),
        people: people.taken(),
        topics: topics.taken(),
        months: months.taken(),
    })
}

/// Keys in the order they came, each once.
struct Set<T> {
    list: Vec<T>,
    seen: HashSet<T>,
    /// How many of them were asked for.
    asked: usize,
}

impl<T> Default for Set<T> {
    fn default() -> Set<T> {
        Set { list: Vec::new(), seen: HashSet::new(), asked: 0 }
    }
}

impl<T: Copy + Eq + Hash> Set<T> {
    fn add(&mut self, keys: impl IntoIterator<Item = T>) {
        for key in keys {
            if self.seen.insert(key) {
                self.list.push(key);
            }
        }
    }

    fn taken(&self) -> Vec<T> {
        self.list.clone()
    }

    /// Those that came since this was last asked and that `missing` says are not there.
    fn unknown(&mut self, missing: impl Fn(&T) -> bool) -> Vec<T> {
        let new = self.list.get(self.asked..).unwrap_or_default();
        let unknown = new.iter().copied().filter(|key| missing(key)).collect();
        self.asked = self.list.len();
        unknown
    }
}
