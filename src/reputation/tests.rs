//! reputation room: its tests.
use super::policy::{self, Book, Reason, Topic};
use super::*;
use crate::badges::{self, FIRST, Measure, OVERALL};
use crate::config::Config;
use crate::db::{Access, Db, DbResult, Opening, Target, Tx, migrate};
use crate::kernel::ids::{ChallengeId, EventId, FindingId, FlagId, PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::{Clock, Moment, SECOND};
use crate::kernel::token::SiteKey;
use crate::ledger::follow::{Follower, catch_up};
use crate::ledger::{Event, Fact, Verdict};
use crate::mail::Letterhead;
use diesel::prelude::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

const ANN: UserId = UserId(1);
const BRUNO: UserId = UserId(2);
const CARLA: UserId = UserId(3);
const DARIO: UserId = UserId(4);
const PEOPLE: [UserId; 4] = [ANN, BRUNO, CARLA, DARIO];

// ---------- the pure fold ----------

#[derive(Default)]
struct Fold {
    book: Book,
    events: i64,
}

impl Fold {
    fn tell(&mut self, actor: Option<UserId>, fact: Fact) -> &mut Fold {
        self.events += 1;
        let (id, at) = (EventId(self.events), Moment(self.events * SECOND));
        self.book.apply(&Event { id, at, actor, imported: actor.is_none(), fact });
        self
    }
    fn points(&self, user: UserId) -> i64 {
        self.book.people.get(&user).map_or(0, |person| person.points)
    }
    fn value(&self, user: UserId, measure: Measure) -> i64 {
        self.book.people.get(&user).map_or(0, |person| person.value(measure))
    }
    fn last_reasons(&self) -> Vec<(UserId, Reason, i64)> {
        let last = EventId(self.events);
        self.book.entries.iter().filter(|e| e.event == last).map(|e| (e.user, e.reason, e.points)).collect()
    }
}

fn asked(question: i64, author: UserId) -> Fact {
    Fact::ThreadAsked { thread: ThreadId(question), author: Some(author) }
}
fn answered(question: i64, post: i64, author: UserId) -> Fact {
    let (thread, post, author) = (ThreadId(question), PostId(post), Some(author));
    Fact::AnswerPosted { thread, post, author, official: false }
}
fn voted(question: i64, post: i64, author: UserId, before: i16, value: i16) -> Fact {
    Fact::VoteCast {
        thread: ThreadId(question),
        post: PostId(post),
        author: Some(author),
        question: question == post,
        value,
        before,
    }
}
fn accepted(question: i64, post: i64, author: UserId, asker: UserId) -> Fact {
    let (thread, post) = (ThreadId(question), PostId(post));
    Fact::AnswerAccepted { thread, post, author: Some(author), asker: Some(asker) }
}
fn unaccepted(question: i64, post: i64, author: UserId, asker: UserId) -> Fact {
    let (thread, post) = (ThreadId(question), PostId(post));
    Fact::AnswerUnaccepted { thread, post, author: Some(author), asker: Some(asker) }
}
fn deleted(question: i64, post: i64, author: UserId) -> Fact {
    Fact::PostDeleted { thread: ThreadId(question), post: PostId(post), author: Some(author) }
}
fn undeleted(question: i64, post: i64, author: UserId) -> Fact {
    Fact::PostUndeleted { thread: ThreadId(question), post: PostId(post), author: Some(author) }
}
fn decided(question: i64, post: i64, flag: i64, flagger: UserId, agreed: bool) -> Fact {
    let (thread, post, flag) = (ThreadId(question), PostId(post), FlagId(flag));
    Fact::FlagDecided { thread, post, flag, flagger, agreed }
}

#[test]
fn every_reason_and_badge_has_its_words() {
    let words = include_str!("../../assets/i18n/en/reputation.ftl");
    let has = |key: String| words.lines().any(|line| line.split(" = ").next() == Some(&key));
    for reason in Reason::ALL {
        assert!(has(reason.message_key()), "{}", reason.message_key());
        assert_eq!(Reason::parse(reason.as_str()), Some(reason));
    }
    for badge in &FIRST.badges {
        assert!(has(badge.name_key()), "{}", badge.id);
    }
    for measure in Measure::ALL {
        assert!(has(format!("badge-needs-{}", measure.as_str())), "{}", measure.as_str());
    }
}

#[test]
fn accepting_and_unaccepting_in_turns_mints_nothing() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    for _ in 0..100 {
        fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
        assert_eq!((fold.points(ANN), fold.points(BRUNO)), (policy::ACCEPTING, policy::ANSWER_ACCEPTED));
        // Said twice, it counts once.
        fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
        assert_eq!(fold.last_reasons(), []);
        fold.tell(Some(ANN), unaccepted(1, 2, BRUNO, ANN)).tell(Some(ANN), unaccepted(1, 2, BRUNO, ANN));
        assert_eq!((fold.points(ANN), fold.points(BRUNO)), (0, 0));
    }
    assert_eq!(fold.value(BRUNO, Measure::Solutions), 0);
}

#[test]
fn accepting_another_answer_moves_the_credit_once() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN));
    fold.tell(Some(BRUNO), answered(1, 2, BRUNO)).tell(Some(CARLA), answered(1, 3, CARLA));
    fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN)).tell(Some(ANN), accepted(1, 3, CARLA, ANN));
    assert_eq!((fold.points(ANN), fold.points(BRUNO), fold.points(CARLA)), (2, 0, 15));
    assert_eq!(
        fold.last_reasons(),
        [(BRUNO, Reason::AnswerUnaccepted, -15), (CARLA, Reason::AnswerAccepted, 15)]
    );
    // The taking back of what no longer stands takes nothing.
    fold.tell(Some(ANN), unaccepted(1, 2, BRUNO, ANN));
    assert_eq!((fold.points(ANN), fold.points(CARLA)), (2, 15));
}

#[test]
fn nobody_has_credit_from_oneself() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(ANN), answered(1, 2, ANN));
    fold.tell(Some(ANN), accepted(1, 2, ANN, ANN)).tell(Some(ANN), voted(1, 2, ANN, 0, 1));
    assert_eq!(fold.points(ANN), 0);
    assert_eq!(fold.value(ANN, Measure::Solutions), 0);
    // A moderator accepting their own answer on somebody's question.
    fold.tell(Some(BRUNO), asked(10, BRUNO)).tell(Some(CARLA), answered(10, 11, CARLA));
    fold.tell(Some(CARLA), accepted(10, 11, CARLA, BRUNO));
    assert_eq!((fold.points(BRUNO), fold.points(CARLA)), (0, 0));
    // A moderator agreeing with their own flag, and a flag on one's own post.
    fold.tell(Some(DARIO), decided(1, 2, 1, DARIO, true)).tell(Some(DARIO), decided(1, 2, 2, ANN, true));
    assert_eq!((fold.points(DARIO), fold.points(ANN)), (0, 0));
}

#[test]
fn a_changed_vote_says_both_what_went_and_what_came() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    fold.tell(Some(CARLA), voted(1, 2, BRUNO, 0, 1)).tell(Some(CARLA), voted(1, 2, BRUNO, 1, -1));
    assert_eq!(
        fold.last_reasons(),
        [(BRUNO, Reason::AnswerUpVoteWithdrawn, -10), (BRUNO, Reason::AnswerDownVote, -2)]
    );
    fold.tell(Some(CARLA), voted(1, 2, BRUNO, -1, 0));
    assert_eq!(fold.last_reasons(), [(BRUNO, Reason::AnswerDownVoteWithdrawn, 2)]);
    assert_eq!(fold.points(BRUNO), 0);
    // Imported votes have no voter.
    fold.tell(None, voted(1, 2, BRUNO, 0, 1)).tell(None, voted(1, 2, BRUNO, 0, 1));
    assert_eq!(fold.points(BRUNO), 20);
    assert_eq!(fold.value(BRUNO, Measure::UpVotedAnswers), 1);
}

#[test]
fn what_a_removed_post_gave_goes_and_comes_back_in_one_line() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    fold.tell(Some(CARLA), voted(1, 2, BRUNO, 0, 1)).tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
    fold.tell(Some(BRUNO), deleted(1, 2, BRUNO));
    assert_eq!(
        fold.last_reasons(),
        [(ANN, Reason::AcceptingWithdrawn, -2), (BRUNO, Reason::PostRemoved, -25)]
    );
    // Hidden as well: undeleting alone does not bring it back.
    let (thread, post, author) = (ThreadId(1), PostId(2), Some(BRUNO));
    fold.tell(Some(DARIO), Fact::PostHidden { thread, post, author });
    fold.tell(Some(BRUNO), undeleted(1, 2, BRUNO));
    assert_eq!((fold.points(ANN), fold.points(BRUNO)), (0, 0));
    fold.tell(Some(CARLA), voted(1, 2, BRUNO, 1, -1));
    assert_eq!(fold.last_reasons(), []);
    fold.tell(Some(DARIO), Fact::PostRestored { thread, post, author });
    assert_eq!(fold.last_reasons(), [(ANN, Reason::Accepting, 2), (BRUNO, Reason::PostRestored, 13)]);
    // The answerer keeps what the answer earned when the question goes; the asker does not.
    fold.tell(Some(ANN), deleted(1, 1, ANN));
    assert_eq!(fold.last_reasons(), [(ANN, Reason::PostRemoved, -2)]);
}

#[test]
fn a_comment_gives_nothing_and_its_removal_takes_nothing() {
    let mut fold = Fold::default();
    let (thread, post, parent, author) = (ThreadId(1), PostId(5), PostId(1), Some(BRUNO));
    fold.tell(Some(ANN), asked(1, ANN));
    fold.tell(author, Fact::CommentPosted { thread, post, parent, author });
    fold.tell(author, deleted(1, 5, BRUNO)).tell(author, undeleted(1, 5, BRUNO));
    assert_eq!(fold.value(BRUNO, Measure::Answers), 0);
    assert!(fold.book.entries.is_empty());
}

// ---------- properties of the fold ----------

/// The measures that [`Survivors::sums`] counts; the others are held to the surviving facts further down.
const COUNTED: [Measure; 7] = [
    Measure::Questions,
    Measure::Answers,
    Measure::Solutions,
    Measure::UpVotedAnswers,
    Measure::ProvenSolutions,
    Measure::SolvedQuestions,
    Measure::AgreedFlags,
];

/// Two questions (1 of Ann, 101 of Bruno), each with an answer of each person.
fn post_of(pick: usize) -> (i64, i64, UserId) {
    let question = if pick.is_multiple_of(2) { 1 } else { 101 };
    match (pick / 2) % 5 {
        0 => (question, question, if question == 1 { ANN } else { BRUNO }),
        n => (question, question + n as i64, PEOPLE[n - 1]),
    }
}

#[derive(Debug, Clone)]
enum Act {
    Vote(usize, usize, i16),
    AnonymousVote(usize, bool),
    Accept(usize, usize),
    Unaccept(usize),
    Remove(usize, bool, bool),
    Decide(usize, usize, usize, bool),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (0..4usize, 0..10usize, -1..=1i16).prop_map(|(a, b, c)| Act::Vote(a, b, c)),
        1 => (0..10usize, any::<bool>()).prop_map(|(a, b)| Act::AnonymousVote(a, b)),
        3 => (0..10usize, 0..5usize).prop_map(|(a, b)| Act::Accept(a, b)),
        2 => (0..10usize).prop_map(Act::Unaccept),
        3 => (0..10usize, any::<bool>(), any::<bool>()).prop_map(|(a, b, c)| Act::Remove(a, b, c)),
        1 => (0..3usize, 0..4usize, 0..10usize, any::<bool>()).prop_map(|(a, b, c, d)| Act::Decide(a, b, c, d)),
    ];
    proptest::collection::vec(act, 0..80)
}

/// What is left standing, kept without any sums.
#[derive(Default)]
struct Survivors {
    votes: BTreeMap<(usize, i64), i16>,
    anonymous: Vec<(i64, bool)>,
    accepted: BTreeMap<i64, (i64, Option<UserId>)>,
    deleted: BTreeSet<i64>,
    hidden: BTreeSet<i64>,
    flags: BTreeMap<usize, (UserId, bool)>,
}

fn opening() -> Vec<(Option<UserId>, Fact)> {
    (0..10)
        .map(|pick| {
            let (question, post, author) = post_of(pick);
            let fact =
                if post == question { asked(question, author) } else { answered(question, post, author) };
            (Some(author), fact)
        })
        .collect()
}

fn facts_of(acts: &[Act], left: &mut Survivors) -> Vec<(Option<UserId>, Fact)> {
    let asker = |question| if question == 1 { ANN } else { BRUNO };
    acts.iter()
        .filter_map(|act| match *act {
            Act::Vote(voter, post, value) => {
                let (question, post, author) = post_of(post);
                let before = left.votes.insert((voter, post), value).unwrap_or(0);
                Some((Some(PEOPLE[voter]), voted(question, post, author, before, value)))
            }
            Act::AnonymousVote(post, up) => {
                let (question, post, author) = post_of(post);
                left.anonymous.push((post, up));
                Some((None, voted(question, post, author, 0, if up { 1 } else { -1 })))
            }
            Act::Accept(post, actor) => {
                let (question, post, author) = post_of(post);
                let actor = PEOPLE.get(actor).copied();
                if post == question {
                    return None;
                }
                if left.accepted.get(&question).is_none_or(|(old, _)| *old != post) {
                    left.accepted.insert(question, (post, actor));
                }
                Some((actor, accepted(question, post, author, asker(question))))
            }
            Act::Unaccept(post) => {
                let (question, post, author) = post_of(post);
                if left.accepted.get(&question).is_some_and(|(old, _)| *old == post) {
                    left.accepted.remove(&question);
                }
                (post != question)
                    .then(|| (Some(asker(question)), unaccepted(question, post, author, asker(question))))
            }
            Act::Remove(post, away, hide) => {
                let (question, post, author) = post_of(post);
                if hide && away {
                    // Hiding takes the place of a deletion.
                    left.deleted.remove(&post);
                }
                let set = if hide { &mut left.hidden } else { &mut left.deleted };
                if away {
                    set.insert(post)
                } else {
                    set.remove(&post)
                };
                let (thread, post, author) = (ThreadId(question), PostId(post), Some(author));
                let fact = match (hide, away) {
                    (true, true) => Fact::PostHidden { thread, post, author },
                    (true, false) => Fact::PostRestored { thread, post, author },
                    (false, true) => Fact::PostDeleted { thread, post, author },
                    (false, false) => Fact::PostUndeleted { thread, post, author },
                };
                Some((Some(DARIO), fact))
            }
            Act::Decide(flag, decider, post, agreed) => {
                let flagger = PEOPLE[flag];
                let (question, post, author) = post_of(post);
                let own = flagger == author || flagger == PEOPLE[decider];
                left.flags.insert(flag, (flagger, agreed && !own));
                Some((Some(PEOPLE[decider]), decided(question, post, flag as i64, flagger, agreed)))
            }
        })
        .collect()
}

impl Survivors {
    /// Points and measures, from what is left alone.
    fn sums(&self) -> BTreeMap<UserId, (i64, BTreeMap<Measure, i64>)> {
        let mut sums: BTreeMap<UserId, (i64, BTreeMap<Measure, i64>)> =
            PEOPLE.iter().map(|user| (*user, Default::default())).collect();
        let mut give = |user: UserId, points: i64, measures: &[Measure]| {
            let sum = sums.get_mut(&user).unwrap();
            sum.0 += points;
            for measure in measures {
                *sum.1.entry(*measure).or_default() += 1;
            }
        };
        let there = |post: i64| !self.deleted.contains(&post) && !self.hidden.contains(&post);
        for pick in 0..10 {
            let (question, post, author) = post_of(pick);
            if !there(post) {
                continue;
            }
            let votes: Vec<bool> = self
                .votes
                .iter()
                .filter(|((voter, on), value)| *on == post && PEOPLE[*voter] != author && **value != 0)
                .map(|(_, value)| *value == 1)
                .chain(self.anonymous.iter().filter(|(on, _)| *on == post).map(|(_, up)| *up))
                .collect();
            let up = votes.iter().filter(|up| **up).count() as i64;
            let down = votes.len() as i64 - up;
            let asker = if question == 1 { ANN } else { BRUNO };
            let chosen = self.accepted.get(&question);
            if post == question {
                give(author, up * 5 - down, &[Measure::Questions]);
                let Some((answer, actor)) = chosen else { continue };
                let answerer = PEOPLE[(answer - question) as usize - 1];
                if there(*answer) && answerer != asker && actor.is_none_or(|actor| actor == asker) {
                    give(asker, 2, if up > down { &[Measure::SolvedQuestions] } else { &[] });
                }
            } else {
                give(author, up * 10 - down * 2, &[Measure::Answers]);
                if up > down {
                    give(author, 0, &[Measure::UpVotedAnswers]);
                }
                if let Some((_, actor)) = chosen.filter(|(answer, _)| *answer == post)
                    && author != asker
                    && *actor != Some(author)
                {
                    give(author, 15, &[Measure::Solutions]);
                    if up - down >= 10 {
                        give(author, 0, &[Measure::ProvenSolutions]);
                    }
                }
            }
        }
        for (flagger, credited) in self.flags.values() {
            if *credited {
                give(*flagger, 2, &[Measure::AgreedFlags]);
            }
        }
        sums
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn totals_are_what_the_surviving_facts_alone_give(acts in acts()) {
        let mut left = Survivors::default();
        let mut fold = Fold::default();
        for (actor, fact) in opening().into_iter().chain(facts_of(&acts, &mut left)) {
            fold.tell(actor, fact);
        }
        for (user, (points, measures)) in left.sums() {
            prop_assert_eq!(fold.points(user), points, "{:?}", user);
            for measure in COUNTED {
                let expected = measures.get(&measure).copied().unwrap_or(0);
                prop_assert_eq!(fold.value(user, measure), expected, "{:?} {:?}", user, measure);
            }
            let lines: i64 = fold.book.entries.iter().filter(|e| e.user == user).map(|e| e.points).sum();
            prop_assert_eq!(lines, points, "the statement of {:?} does not add up", user);
        }
        let mut keys = BTreeSet::new();
        for entry in &fold.book.entries {
            prop_assert!(entry.points != 0);
            prop_assert!(keys.insert((entry.user, entry.event, entry.reason)), "two lines for one reason");
        }
    }

    #[test]
    fn taking_everything_back_leaves_nothing(acts in acts()) {
        let mut left = Survivors::default();
        let mut fold = Fold::default();
        let acts: Vec<Act> = acts.into_iter().filter(|act| !matches!(act, Act::AnonymousVote(..))).collect();
        for (actor, fact) in opening().into_iter().chain(facts_of(&acts, &mut left)) {
            fold.tell(actor, fact);
        }
        let mut back: Vec<Act> = left.votes.keys().flat_map(|(voter, post)| {
            let pick = (0..10).find(|pick| post_of(*pick).1 == *post);
            pick.map(|pick| Act::Vote(*voter, pick, 0))
        }).collect();
        back.extend((0..10).map(Act::Unaccept));
        back.extend((0..10).flat_map(|pick| [Act::Remove(pick, false, true), Act::Remove(pick, false, false)]));
        back.extend((0..3).map(|flag| Act::Decide(flag, 3, 0, false)));
        for (actor, fact) in facts_of(&back, &mut left) {
            fold.tell(actor, fact);
        }
        for user in PEOPLE {
            prop_assert_eq!(fold.points(user), 0);
            prop_assert_eq!(fold.value(user, Measure::Solutions), 0);
        }
    }
}

// ---------- all that people do, against the surviving facts alone ----------

/// What can be said twice, and counts as it was said last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Vote(usize, i64),
    Confirmation(usize, i64),
    Verdict(usize, i64),
    Accepted(i64),
    Removed(i64),
    Tags(i64),
    Duplicate(i64),
    Challenge(usize),
    Finding(usize),
    Reinstated(usize, usize, i64),
    /// Whether somebody is here, which is no word on what they wrote.
    Here(usize),
    /// Which rules of badges are in force.
    Rules,
    /// An edit is never taken back.
    Edit(usize),
}

#[derive(Debug, Clone)]
enum Deed {
    Vote(usize, usize, i16),
    Confirm(usize, usize, Option<bool>),
    Judge(usize, usize, Option<Verdict>, bool),
    Accept(usize, bool),
    Remove(usize, u8),
    Tag(bool, u8),
    Close(bool, usize, bool),
    Challenge(usize, usize, bool),
    Hold(usize, u8, bool),
    Edit(usize, usize, bool),
    Reinstate(usize, usize, i64, bool),
    /// Suspended, back again, or gone for good.
    Leave(usize, u8),
    Rules(bool),
}

/// Badges that moderators give back: of both rules, overall and per topic, and one that neither has.
const GIVEN_BACK: [&str; 5] = ["first-solution", "solver-10", "topic-helper", "tidy-mind", "no-more"];

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let verdict = prop_oneof![
        Just(None),
        Just(Some(Verdict::Verified)),
        Just(Some(Verdict::Refuted)),
        Just(Some(Verdict::Outdated))
    ];
    let deed = prop_oneof![
        4 => (0..4usize, 0..10usize, -1..=1i16).prop_map(|(a, b, c)| Deed::Vote(a, b, c)),
        4 => (0..4usize, 0..10usize, any::<Option<bool>>()).prop_map(|(a, b, c)| Deed::Confirm(a, b, c)),
        2 => (0..4usize, 0..10usize, verdict, any::<bool>()).prop_map(|(a, b, c, d)| Deed::Judge(a, b, c, d)),
        4 => (0..10usize, any::<bool>()).prop_map(|(a, b)| Deed::Accept(a, b)),
        2 => (0..10usize, 0..3u8).prop_map(|(a, b)| Deed::Remove(a, b)),
        1 => (any::<bool>(), 0..8u8).prop_map(|(a, b)| Deed::Tag(a, b)),
        1 => (any::<bool>(), 0..4usize, any::<bool>()).prop_map(|(a, b, c)| Deed::Close(a, b, c)),
        1 => (0..3usize, 0..10usize, any::<bool>()).prop_map(|(a, b, c)| Deed::Challenge(a, b, c)),
        1 => (0..2usize, 0..16u8, any::<bool>()).prop_map(|(a, b, c)| Deed::Hold(a, b, c)),
        2 => (0..10usize, 0..4usize, any::<bool>()).prop_map(|(a, b, c)| Deed::Edit(a, b, c)),
        2 => (0..4usize, 0..5usize, 0..4i64, any::<bool>()).prop_map(|(a, b, c, d)| Deed::Reinstate(a, b, c, d)),
        1 => (0..4usize, 0..3u8).prop_map(|(a, b)| Deed::Leave(a, b)),
        1 => any::<bool>().prop_map(Deed::Rules),
    ];
    proptest::collection::vec(deed, 0..90)
}

/// What happened, in order, each with its key and whether it leaves something standing.
fn happenings(deeds: &[Deed]) -> Vec<(Key, bool, Option<UserId>, Fact)> {
    let mut votes: BTreeMap<(usize, i64), i16> = BTreeMap::new();
    let mut accepted: BTreeMap<i64, i64> = BTreeMap::new();
    let mut removed: BTreeMap<i64, u8> = BTreeMap::new();
    let mut held: BTreeMap<usize, (Vec<UserId>, Vec<PostId>)> = BTreeMap::new();
    let mut challenged: BTreeMap<usize, usize> = BTreeMap::new();
    let mut confirmed: BTreeMap<(usize, i64), bool> = BTreeMap::new();
    let mut all = Vec::new();
    for (at, deed) in deeds.iter().enumerate() {
        match *deed {
            Deed::Vote(who, pick, value) => {
                let (question, post, author) = post_of(pick);
                let before = votes.insert((who, post), value).unwrap_or(0);
                let fact = voted(question, post, author, before, value);
                all.push((Key::Vote(who, post), value != 0, Some(PEOPLE[who]), fact));
            }
            Deed::Confirm(who, pick, value) => {
                let (question, post, author) = post_of(pick);
                let (thread, id, user, author) =
                    (ThreadId(question), PostId(post), PEOPLE[who], Some(author));
                let key = Key::Confirmation(who, post);
                if post == question {
                    continue;
                }
                match value {
                    Some(value) => {
                        confirmed.insert((who, post), value);
                        let fact = Fact::AnswerConfirmed { thread, post: id, user, author, value };
                        all.push((key, true, Some(user), fact));
                    }
                    None => {
                        let Some(value) = confirmed.remove(&(who, post)) else { continue };
                        let fact = Fact::ConfirmationWithdrawn { thread, post: id, user, author, value };
                        all.push((key, false, Some(user), fact));
                    }
                }
            }
            Deed::Judge(who, pick, verdict, staff) => {
                let (question, post, author) = post_of(pick);
                let (thread, id, author) = (ThreadId(question), PostId(post), Some(author));
                if post == question {
                    continue;
                }
                let fact = match verdict {
                    Some(verdict) => Fact::VerdictGiven { thread, post: id, author, verdict, staff },
                    None => Fact::VerdictWithdrawn { thread, post: id, author },
                };
                all.push((Key::Verdict(who, post), verdict.is_some(), Some(PEOPLE[who]), fact));
            }
            Deed::Accept(pick, on) => {
                let (question, post, author) = post_of(pick);
                let asker = if question == 1 { ANN } else { BRUNO };
                let before = accepted.get(&question).copied();
                // Saying it again of a text that has changed is another fact: told further down.
                if post == question || (on && before == Some(post)) || (!on && before != Some(post)) {
                    continue;
                }
                if on {
                    accepted.insert(question, post);
                    all.push((
                        Key::Accepted(question),
                        true,
                        Some(asker),
                        self::accepted(question, post, author, asker),
                    ));
                } else {
                    accepted.remove(&question);
                    all.push((
                        Key::Accepted(question),
                        false,
                        Some(asker),
                        unaccepted(question, post, author, asker),
                    ));
                }
            }
            Deed::Remove(pick, how) => {
                let (question, post, author) = post_of(pick);
                let (thread, id, author) = (ThreadId(question), PostId(post), Some(author));
                // As the verbs do it: what is there goes, what went comes back the way it went.
                let fact = match (removed.get(&post).copied().unwrap_or(0), how) {
                    (0, 1) => Fact::PostDeleted { thread, post: id, author },
                    (0 | 1, 2) => Fact::PostHidden { thread, post: id, author },
                    (1, 0) => Fact::PostUndeleted { thread, post: id, author },
                    (2, 0) => Fact::PostRestored { thread, post: id, author },
                    _ => continue,
                };
                removed.insert(post, how);
                all.push((Key::Removed(post), how != 0, Some(DARIO), fact));
            }
            Deed::Tag(first, bits) => {
                let question = if first { 1 } else { 101 };
                let tags = (0..3).filter(|bit| bits & (1 << bit) != 0).map(|bit| TagId(bit + 1)).collect();
                let fact = Fact::ThreadTagged { thread: ThreadId(question), tags };
                all.push((Key::Tags(question), true, Some(ANN), fact));
            }
            Deed::Close(first, who, on) => {
                let (question, of) = if first { (1, 101) } else { (101, 1) };
                let (thread, of) = (ThreadId(question), ThreadId(of));
                let fact = if on {
                    Fact::ThreadClosedAsDuplicate { thread, of }
                } else {
                    Fact::ThreadReopened { thread, of }
                };
                all.push((Key::Duplicate(question), on, Some(PEOPLE[who]), fact));
            }
            Deed::Challenge(challenge, pick, upheld) => {
                // A challenge is about one answer for good.
                let pick = *challenged.entry(challenge).or_insert(pick);
                let (question, post, author) = post_of(pick);
                if post == question {
                    continue;
                }
                let fact = Fact::ChallengeDecided {
                    thread: ThreadId(question),
                    post: PostId(post),
                    author: Some(author),
                    challenge: ChallengeId(challenge as i64),
                    challenger: PEOPLE[challenge],
                    upheld,
                };
                all.push((Key::Challenge(challenge), true, Some(DARIO), fact));
            }
            Deed::Hold(finding, bits, on) => {
                let members: Vec<UserId> = PEOPLE
                    .into_iter()
                    .enumerate()
                    .filter(|(n, _)| bits & (1 << n) != 0)
                    .map(|(_, p)| p)
                    .collect();
                let id = FindingId(finding as i64);
                let posts = if bits == 3 { vec![PostId(3)] } else { vec![] };
                if on {
                    if held.contains_key(&finding) {
                        continue;
                    }
                    held.insert(finding, (members.clone(), posts.clone()));
                    let fact = Fact::CreditHeld { finding: id, members, posts };
                    all.push((Key::Finding(finding), true, None, fact));
                } else if let Some((members, posts)) = held.remove(&finding) {
                    let fact = Fact::CreditReleased { finding: id, members, posts };
                    all.push((Key::Finding(finding), false, None, fact));
                }
            }
            Deed::Reinstate(who, badge, tag, on) => {
                let (user, id, of) = (PEOPLE[who], GIVEN_BACK[badge].to_owned(), TagId(tag));
                let fact = if on {
                    Fact::BadgeReinstated { user, badge: id, tag: of }
                } else {
                    Fact::BadgeReinstatementWithdrawn { user, badge: id, tag: of }
                };
                all.push((Key::Reinstated(who, badge, tag), on, Some(DARIO), fact));
            }
            Deed::Rules(others) => {
                let version = i64::from(others);
                all.push((Key::Rules, true, None, Fact::BadgeRulesActivated { version }));
            }
            Deed::Leave(who, how) => {
                let user = PEOPLE[who];
                let fact = match how {
                    0 => Fact::UserSuspended { user, until: Moment(i64::MAX) },
                    1 => Fact::UserUnsuspended { user },
                    _ => Fact::UserErased { user },
                };
                // What they gave and got stands all the same, under their number.
                all.push((Key::Here(who), false, None, fact));
            }
            Deed::Edit(pick, who, material) => {
                let (question, post, author) = post_of(pick);
                let fact = Fact::PostEdited {
                    thread: ThreadId(question),
                    post: PostId(post),
                    revision: 2,
                    author: Some(author),
                    material,
                };
                all.push((Key::Edit(at), true, Some(PEOPLE[who]), fact));
            }
        }
    }
    all
}

/// The book's truth and sums, in an order of their own.
fn told(book: &Book) -> String {
    let mut lines = Vec::new();
    for (id, person) in &book.people {
        let values: Vec<i64> = Measure::ALL.into_iter().map(|measure| person.value(measure)).collect();
        if person.points != 0
            || values.iter().any(|value| *value != 0)
            || !person.findings.is_empty()
            || !person.silenced.is_empty()
            || !person.reinstated.is_empty()
        {
            lines.push(format!(
                "{id}: {} {values:?} {:?} {:?} {:?}",
                person.points, person.outcomes, person.findings, person.reinstated
            ));
        }
    }
    for ((user, tag), topic) in book.topics.iter().filter(|(_, topic)| **topic != Topic::default()) {
        lines.push(format!("{user} in {tag}: {topic:?}"));
    }
    for (id, post) in &book.posts {
        lines.push(format!("post {id}: {:?}", book.evidence(post)));
    }
    lines.sort();
    lines.join("\n")
}

/// Ann is new all the time; the others came long ago.
fn joined() -> (Option<UserId>, Fact) {
    (Some(ANN), Fact::UserJoined { user: ANN })
}

/// The badges these people should hold: what the rules say of what they have, and what moderators gave back, as far as
/// there is such a badge.
fn due(book: &Book) -> BTreeSet<(UserId, String, TagId)> {
    let mut due = BTreeSet::new();
    for (user, person) in &book.people {
        for badge in &book.rulebook.rules.badges {
            let tags: Vec<TagId> = match badge.per {
                badges::Per::All => vec![OVERALL],
                badges::Per::Topic => {
                    book.topics.keys().filter(|(of, _)| of == user).map(|(_, tag)| *tag).collect()
                }
            };
            for tag in tags {
                let earned = badge.earned(|measure, within| match tag {
                    OVERALL => person.value_within(measure, within),
                    tag => book.value(*user, measure, tag),
                });
                if earned {
                    due.insert((*user, badge.id.clone(), tag));
                }
            }
        }
        for (id, tag) in &person.reinstated {
            if book.rulebook.rules.find(id).is_some_and(|badge| badge.is_given_in(*tag)) {
                due.insert((*user, id.clone(), *tag));
            }
        }
    }
    due
}

fn held(book: &Book) -> BTreeSet<(UserId, String, TagId)> {
    let of = |(user, held): (&UserId, &Vec<badges::Held>)| {
        held.iter().map(|held| (*user, held.badge.clone(), held.tag)).collect::<Vec<_>>()
    };
    book.held.iter().flat_map(of).collect()
}

/// Rules under which a handful of acts earns something.
fn easy_rules() -> Arc<badges::Rules> {
    Arc::new(
        badges::Rules::parse(
            "[[badge]]\nid = \"first-solution\"\nlevel = \"bronze\"\nneeds = { solutions = 1 }\n\
             [[badge]]\nid = \"solver-10\"\nlevel = \"silver\"\nneeds = { correct-answers = 2 }\nwithin = \"month\"\n\
             [[badge]]\nid = \"topic-helper\"\nlevel = \"bronze\"\nper = \"topic\"\nneeds = { correct-answers = 1, authority = 200 }\n\
             [[badge]]\nid = \"good-hand\"\nlevel = \"bronze\"\nneeds = { good-edits = 1 }\n",
        )
        .unwrap(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whoever_has_what_a_badge_needs_holds_it_and_nobody_else(deeds in deeds(), change in 0..90usize) {
        let mut fold = Fold::default();
        fold.book.rulebook.versions.insert(1, easy_rules());
        let facts = happenings(&deeds).into_iter().map(|(_, _, actor, fact)| (actor, fact));
        for (at, (actor, fact)) in opening().into_iter().chain(facts).enumerate() {
            if at == change {
                fold.tell(None, Fact::BadgeRulesActivated { version: 1 });
            }
            fold.tell(actor, fact);
            prop_assert_eq!(held(&fold.book), due(&fold.book));
        }
        // A badge that is held was earned once more often than it was taken back, and each turn names its event.
        let mut counts: BTreeMap<(UserId, String, TagId), i64> = BTreeMap::new();
        for turned in &fold.book.turns {
            prop_assert!(turned.event.0 > 0 && turned.event.0 <= fold.events);
            let sign = if turned.turn == badges::Turn::Earned { 1 } else { -1 };
            *counts.entry((turned.user, turned.badge.clone(), turned.tag)).or_default() += sign;
        }
        counts.retain(|_, count| *count != 0);
        prop_assert!(counts.values().all(|count| *count == 1));
        prop_assert_eq!(counts.into_keys().collect::<BTreeSet<_>>(), held(&fold.book));
    }

    #[test]
    fn standing_is_what_the_surviving_facts_alone_give(deeds in deeds()) {
        let all = happenings(&deeds);
        let mut last: BTreeMap<&Key, usize> = BTreeMap::new();
        for (at, (key, ..)) in all.iter().enumerate() {
            last.insert(key, at);
        }
        let (mut whole, mut rest) = (Fold::default(), Fold::default());
        for fold in [&mut whole, &mut rest] {
            fold.book.rulebook.versions.insert(1, easy_rules());
        }
        for (actor, fact) in std::iter::once(joined()).chain(opening()) {
            whole.tell(actor, fact.clone());
            rest.tell(actor, fact);
        }
        for (at, (key, stands, actor, fact)) in all.iter().enumerate() {
            whole.tell(*actor, fact.clone());
            if last.get(key) != Some(&at) || !stands {
                continue;
            }
            // A vote that changed stands as if it had been the first.
            let fact = match fact.clone() {
                Fact::VoteCast { thread, post, author, question, value, .. } => {
                    Fact::VoteCast { thread, post, author, question, value, before: 0 }
                }
                fact => fact,
            };
            rest.tell(*actor, fact);
        }
        prop_assert_eq!(told(&whole.book), told(&rest.book));
        prop_assert_eq!(held(&whole.book), held(&rest.book));
        for (user, person) in &whole.book.people {
            let lines: i64 = whole.book.entries.iter().filter(|e| e.user == *user).map(|e| e.points).sum();
            prop_assert_eq!(lines, person.points, "the statement of {:?} does not add up", user);
        }
    }
}

#[test]
fn the_second_acceptance_of_the_same_asker_gives_half_and_the_third_a_third() {
    let mut fold = Fold::default();
    for (n, points) in [(1, 15), (2, 22), (3, 27)] {
        let question = n * 100;
        fold.tell(Some(ANN), asked(question, ANN)).tell(Some(BRUNO), answered(question, question + 1, BRUNO));
        fold.tell(Some(ANN), accepted(question, question + 1, BRUNO, ANN));
        assert_eq!(fold.points(BRUNO), points);
    }
    fold.tell(Some(ANN), unaccepted(100, 101, BRUNO, ANN));
    assert_eq!(fold.points(BRUNO), 22, "whichever of them goes");
}

#[test]
fn a_new_account_s_acceptance_counts_in_full_once_somebody_independent_confirms() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), Fact::UserJoined { user: ANN });
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
    assert_eq!(fold.points(BRUNO), 3);
    let (thread, post, user, author) = (ThreadId(1), PostId(2), CARLA, Some(BRUNO));
    fold.tell(Some(CARLA), Fact::AnswerConfirmed { thread, post, user, author, value: true });
    assert_eq!(fold.last_reasons(), [(BRUNO, Reason::AcceptanceWeighed, 12)]);
    fold.tell(Some(CARLA), Fact::ConfirmationWithdrawn { thread, post, user, author, value: true });
    assert_eq!(fold.points(BRUNO), 3);
}

#[test]
fn a_ring_loses_what_it_gave_itself_in_one_event_and_gets_it_back_in_one() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN)).tell(Some(CARLA), voted(1, 2, BRUNO, 0, 1));
    fold.tell(Some(DARIO), voted(1, 2, BRUNO, 0, 1)).tell(Some(BRUNO), voted(1, 1, ANN, 0, 1));
    assert_eq!((fold.points(ANN), fold.points(BRUNO)), (2 + 5, 15 + 20));
    let (finding, members, posts) = (FindingId(1), vec![ANN, BRUNO, CARLA], vec![]);
    fold.tell(None, Fact::CreditHeld { finding, members: members.clone(), posts: posts.clone() });
    assert_eq!((fold.points(ANN), fold.points(BRUNO)), (0, 10), "what an outsider said stands");
    assert_eq!(fold.last_reasons(), [(ANN, Reason::CreditHeld, -7), (BRUNO, Reason::CreditHeld, -25)]);
    // What they say to each other from now on counts no more either.
    fold.tell(Some(CARLA), voted(1, 2, BRUNO, 1, -1));
    assert_eq!(fold.last_reasons(), []);
    fold.tell(None, Fact::CreditReleased { finding, members, posts });
    assert_eq!((fold.points(ANN), fold.points(BRUNO)), (7, 15 + 10 - 2));
}

#[test]
fn an_answer_changed_after_its_acceptance_proves_a_quarter_until_it_is_accepted_again() {
    let mut fold = Fold::default();
    fold.tell(Some(ANN), asked(1, ANN)).tell(Some(BRUNO), answered(1, 2, BRUNO));
    fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
    let right = |fold: &Fold| fold.book.evidence(&fold.book.posts[&PostId(2)]).right;
    assert_eq!(right(&fold), 1_000);
    let (thread, post, author) = (ThreadId(1), PostId(2), Some(BRUNO));
    fold.tell(Some(BRUNO), Fact::PostEdited { thread, post, revision: 2, author, material: true });
    assert_eq!(right(&fold), 250);
    assert!(fold.book.posts[&PostId(2)].changed());
    fold.tell(Some(ANN), accepted(1, 2, BRUNO, ANN));
    assert_eq!(right(&fold), 1_000);
    assert!(!fold.book.posts[&PostId(2)].changed());
}

// ---------- on a database ----------

struct House {
    db: Db,
    follower: Arc<dyn Follower>,
    _folder: tempfile::TempDir,
}

/// On SQLite; on PostgreSQL where `LOGGIA_TEST_POSTGRES` names a server's address up to the last `/`.
fn house(people: i64) -> House {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let folder = tempfile::tempdir().unwrap();
    let target = match std::env::var("LOGGIA_TEST_POSTGRES") {
        Ok(server) => {
            let next = NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let name = format!("reputation_{}_{next}", std::process::id());
            let mut conn = Target::Postgres(format!("{server}postgres")).connect(Access::Write).unwrap();
            conn.without_time_limits().unwrap();
            conn.sql(&format!("CREATE DATABASE {name}")).unwrap();
            Target::Postgres(format!("{server}{name}"))
        }
        Err(_) => Target::Sqlite(folder.path().join("loggia.db")),
    };
    open(target, folder, people)
}

fn open(target: Target, folder: tempfile::TempDir, people: i64) -> House {
    migrate(&target).unwrap();
    let mut conn = target.connect(Access::Write).unwrap();
    for id in 1..=people {
        conn.sql(&format!(
            "INSERT INTO users (id, username, username_key, display_name, created_at) VALUES ({id}, 'u{id}', 'u{id}', 'U {id}', 0)"
        ))
        .unwrap();
    }
    drop(conn);
    let db = Db::open(Opening {
        target,
        clock: Clock::standing(Moment::from_unix_seconds(1_000)),
        readers: 2,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })
    .unwrap();
    let letterhead = Letterhead::new(&Config::load(None, [], &[]).unwrap(), SiteKey::new("secret"));
    House { db, follower: Arc::new(Reputation::new(letterhead)), _folder: folder }
}

type Line = (UserId, i64, String, i64);

impl House {
    fn tell(&self, facts: Vec<(Option<UserId>, Fact)>) {
        self.db.clock.advance(SECOND);
        self.db
            .write_blocking(move |tx: &mut Tx<'_>| -> DbResult<()> {
                for (actor, fact) in facts {
                    tx.append(actor, fact)?;
                }
                Ok(())
            })
            .unwrap();
    }
    fn catch_up(&self) {
        catch_up(&self.db, &self.follower).unwrap();
    }
    fn points(&self, user: UserId) -> i64 {
        standing(&mut self.db.reader().unwrap(), user).unwrap().points
    }
    fn held(&self, user: UserId) -> Vec<String> {
        let awards = badges::badges_of(&mut self.db.reader().unwrap(), user).unwrap();
        awards.into_iter().map(|held| held.award.badge).collect()
    }
    fn lines(&self) -> Vec<Line> {
        use crate::db::schema::point_entries::dsl::*;
        point_entries
            .order((event_id, user_id, reason))
            .select((user_id, event_id, reason, points))
            .load(&mut *self.db.reader().unwrap())
            .unwrap()
    }
    fn sql(&self, statement: &'static str) {
        self.db.write_blocking(move |tx: &mut Tx<'_>| tx.conn.sql(statement)).unwrap();
    }
    fn replay(&self) -> ReplayReport {
        let whole = replay(&self.db, &mut |_, _| {}).unwrap();
        if whole.differences == 0 {
            // The size of the steps and the memory between them change nothing.
            assert_eq!(replay::replay_in_steps(&self.db, 7, 5, &mut |_, _| {}).unwrap(), whole);
        }
        whole
    }
}

#[test]
fn badges_name_their_event_go_when_the_facts_go_and_come_again() {
    let house = house(4);
    house.tell(vec![(Some(ANN), asked(1, ANN)), (Some(BRUNO), answered(1, 2, BRUNO))]);
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(house.held(BRUNO), ["first-solution"]);
    house.tell(vec![(Some(ANN), unaccepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(house.held(BRUNO), [""; 0]);
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN)), (Some(CARLA), voted(1, 1, ANN, 0, 1))]);
    house.catch_up();
    assert_eq!(house.held(BRUNO), ["first-solution"]);
    assert_eq!(house.held(ANN), ["asker"]);

    let mut conn = house.db.reader().unwrap();
    let history = badges::badge_history(&mut conn, BRUNO, None, 10).unwrap();
    assert_eq!(history.len(), 2);
    assert_eq!((history[0].event, history[0].revoked_event), (EventId(5), None));
    assert_eq!((history[1].event, history[1].revoked_event), (EventId(3), Some(EventId(4))));
    assert_eq!(history[1].revoked_at, Some(Moment::from_unix_seconds(1_003)));
    assert_eq!(history[1].post, Some(PostId(2)));
    assert_eq!(badges::badge_history(&mut conn, BRUNO, Some(history[0].id), 10).unwrap(), history[1..]);

    let counts = badges::badge_counts(&mut conn, &[ANN, BRUNO, CARLA]).unwrap();
    assert_eq!(counts.get(&BRUNO).map(|c| (c.bronze, c.silver, c.gold)), Some((1, 0, 0)));
    assert_eq!(counts.get(&CARLA), None);
    let all = badges::all_badges(&mut conn, &FIRST).unwrap();
    assert_eq!(all.len(), FIRST.badges.len());
    let of = |id: &str| all.iter().find(|s| s.badge.id == id).map(|s| (s.holders, s.revoked));
    assert_eq!(of("first-solution"), Some((1, 1)));
    assert_eq!(of("solver-50"), Some((0, 0)));
    let holders = badges::holders(&mut conn, "first-solution", None, 10).unwrap();
    assert_eq!(holders.len(), 1);
    assert_eq!((holders[0].user, holders[0].username.as_str()), (BRUNO, "u2"));
    drop(conn);
    assert_eq!(house.replay().differences, 0);
}

#[test]
fn a_badge_that_moderators_gave_back_is_held_until_they_take_that_back_whatever_the_measures_say() {
    use crate::notices;
    let house = house(4);
    let told = |user| -> Vec<notices::Kind> {
        let (told, _) = notices::page(&mut house.db.reader().unwrap(), user, None, 50, "en").unwrap();
        told.into_iter().map(|notice| notice.kind).collect()
    };
    let (user, tag) = (BRUNO, OVERALL);
    let given = || Fact::BadgeReinstated { user, badge: "first-solution".into(), tag };
    let taken = || Fact::BadgeReinstatementWithdrawn { user, badge: "first-solution".into(), tag };
    house.tell(vec![(Some(ANN), asked(1, ANN)), (Some(BRUNO), answered(1, 2, BRUNO))]);
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    house.tell(vec![(Some(ANN), unaccepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(told(BRUNO), [notices::Kind::BadgeRevoked, notices::Kind::Badge]);
    house.tell(vec![(Some(DARIO), given())]);
    house.catch_up();
    let award = |at: usize| {
        badges::badge_history(&mut house.db.reader().unwrap(), BRUNO, None, 10).unwrap()[at].clone()
    };
    assert_eq!((award(0).event, award(0).revoked_event), (EventId(5), None));
    let held = badges::badges_of(&mut house.db.reader().unwrap(), BRUNO).unwrap();
    assert!(held.len() == 1 && held[0].is_reinstated());
    assert_eq!(told(BRUNO).len(), 2, "what an appeal came to is told elsewhere, and it was not earned");
    let shown = register::register(&mut house.db.reader().unwrap(), None, None).unwrap().unwrap();
    let bruno = shown.members.iter().find(|member| member.id == BRUNO).unwrap();
    assert!(bruno.badges[0].reinstated && bruno.badges[0].event == EventId(5) && bruno.revoked.len() == 1);

    // What comes and goes elsewhere moves nothing; nor does it twice.
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN)), (Some(ANN), unaccepted(1, 2, BRUNO, ANN))]);
    house.tell(vec![(Some(DARIO), given())]);
    house.catch_up();
    assert_eq!(house.held(BRUNO), ["first-solution"]);
    assert_eq!(house.replay().differences, 0);
    // Rules without it take it; rules that have it again give it back.
    house
        .db
        .write_blocking(|tx: &mut Tx<'_>| {
            tx.conn.sql(
                "INSERT INTO badge_rules (id, body, created_at) VALUES (1, '[[badge]]\nid = \"good-eye\"\n\
                 level = \"bronze\"\nneeds = { agreed-flags = 1 }', 8)",
            )
        })
        .unwrap();
    for (version, held) in [(1, [""; 0].as_slice()), (0, ["first-solution"].as_slice())] {
        house.tell(vec![(None, Fact::BadgeRulesActivated { version })]);
        house.catch_up();
        assert_eq!(house.held(BRUNO), held);
        assert_eq!(house.replay().differences, 0);
    }
    let before = told(BRUNO);
    assert_eq!(before[0], notices::Kind::Badge);
    house.tell(vec![(Some(DARIO), taken())]);
    house.catch_up();
    assert_eq!(house.held(BRUNO), [""; 0]);
    assert_eq!(award(0).cause.as_deref(), Some("badge_reinstatement_withdrawn"));
    assert_eq!(told(BRUNO), before, "what becomes of an appeal is told elsewhere");
    assert_eq!(house.replay().differences, 0);
}

#[test]
fn a_flood_of_accepts_and_unaccepts_leaves_the_points_of_the_last() {
    let house = house(4);
    let mut facts = vec![(Some(ANN), asked(1, ANN)), (Some(BRUNO), answered(1, 2, BRUNO))];
    for _ in 0..700 {
        facts.push((Some(ANN), accepted(1, 2, BRUNO, ANN)));
        facts.push((Some(ANN), unaccepted(1, 2, BRUNO, ANN)));
    }
    house.tell(facts);
    house.catch_up();
    assert_eq!((house.points(ANN), house.points(BRUNO)), (0, 0));
    assert_eq!(house.held(BRUNO), [""; 0]);
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!((house.points(ANN), house.points(BRUNO)), (2, 15));
    assert_eq!(house.replay().differences, 0);
}

#[test]
fn badges_that_come_and_go_within_a_step_or_came_with_an_import_are_no_news() {
    use crate::notices;
    let house = house(4);
    let told = |user| -> Vec<notices::Kind> {
        let (told, _) = notices::page(&mut house.db.reader().unwrap(), user, None, 50, "en").unwrap();
        told.into_iter().map(|notice| notice.kind).collect()
    };
    house.tell(vec![
        (Some(ANN), asked(1, ANN)),
        (Some(BRUNO), answered(1, 2, BRUNO)),
        (Some(ANN), accepted(1, 2, BRUNO, ANN)),
        (Some(ANN), unaccepted(1, 2, BRUNO, ANN)),
    ]);
    house.catch_up();
    assert_eq!(told(BRUNO), []);
    house.tell(vec![(Some(ANN), accepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(told(BRUNO), [notices::Kind::Badge]);
    // Earned anew by another event within one step: it was held before and after.
    house.tell(vec![(Some(ANN), unaccepted(1, 2, BRUNO, ANN)), (Some(ANN), accepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(told(BRUNO), [notices::Kind::Badge]);
    house.tell(vec![(Some(ANN), unaccepted(1, 2, BRUNO, ANN))]);
    house.catch_up();
    assert_eq!(told(BRUNO), [notices::Kind::BadgeRevoked, notices::Kind::Badge]);
    house
        .db
        .write_blocking(|tx: &mut Tx<'_>| {
            Tx::past(tx.conn, Moment(0), &mut Vec::new()).append(Some(ANN), accepted(1, 2, BRUNO, ANN))
        })
        .unwrap();
    house.catch_up();
    assert_eq!(house.held(BRUNO), ["first-solution"]);
    // A replay makes the awards again and tells nobody.
    house.sql("DELETE FROM badge_awards");
    assert!(house.replay().differences > 0);
    assert_eq!(house.held(BRUNO), ["first-solution"]);
    assert_eq!(told(BRUNO).len(), 2);
}

#[test]
fn a_statement_is_read_page_by_page_and_adds_up() {
    let house = house(4);
    house.tell(vec![(Some(ANN), asked(1, ANN)), (Some(BRUNO), answered(1, 2, BRUNO))]);
    house.tell((0..25).map(|_| (None, voted(1, 2, BRUNO, 0, 1))).collect());
    house.tell(vec![(Some(BRUNO), deleted(1, 2, BRUNO))]);
    house.catch_up();
    let mut conn = house.db.reader().unwrap();
    let (mut lines, mut before) = (Vec::new(), None);
    loop {
        let page = points_page(&mut conn, BRUNO, before, 10, true).unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id);
        lines.extend(page);
    }
    assert_eq!(lines.len(), 26);
    assert_eq!((lines[0].reason.as_str(), lines[0].points), ("post-removed", -250));
    // No thread row stands in this world, so no title may be shown.
    assert_eq!((lines[0].thread, &lines[0].title), (Some(ThreadId(1)), &None));
    assert_eq!(lines.iter().map(|line| line.points).sum::<i64>(), 0);
    // A title is shown while its thread is there, and no longer.
    house.sql(
        "INSERT INTO posts (id, kind, thread_id, body_md, body_html, created_at) \
         VALUES (1, 'question', 1, '', '', 0), (2, 'answer', 1, '', '', 0)",
    );
    house.sql(
        "INSERT INTO threads (id, title, slug, tags, created_at, active_at) VALUES (1, 'Wi-Fi?', 'wi-fi', '', 0, 0)",
    );
    let line = points_page(&mut conn, BRUNO, None, 1, true).unwrap().remove(0);
    assert_eq!((line.title.as_deref(), line.slug.as_deref()), (Some("Wi-Fi?"), Some("wi-fi")));
    assert_eq!(line.post_removed, Some(0));
    house.sql("UPDATE threads SET removed = 2");
    let line = points_page(&mut conn, BRUNO, None, 1, true).unwrap().remove(0);
    assert_eq!((line.title, line.slug), (None, None));
    assert_eq!(standing(&mut conn, BRUNO).unwrap(), Standing::default());
    assert_eq!(standing(&mut conn, UserId(99)).unwrap(), Standing::default());
}

#[test]
fn replay_finds_what_was_tampered_with_and_puts_it_right() {
    let house = house(4);
    house.tell(opening());
    house.tell(facts_of(
        &[Act::Vote(2, 4, 1), Act::Accept(4, 0), Act::AnonymousVote(6, true), Act::Decide(0, 3, 2, true)],
        &mut Survivors::default(),
    ));
    house.catch_up();
    let right = house.lines();
    assert!(!right.is_empty());
    let report = house.replay();
    assert_eq!((report.events, report.differences), (14, 0));
    assert_eq!(house.lines(), right);

    house.sql("UPDATE standings SET points = points + 1000 WHERE user_id = 2");
    house.sql("DELETE FROM point_entries WHERE event_id = 11");
    house.sql("DELETE FROM badge_awards");
    assert!(house.replay().differences >= 4);
    assert_eq!(house.lines(), right);
    assert_eq!(house.replay().differences, 0);
    house.tell(vec![(Some(CARLA), voted(1, 3, BRUNO, 0, 1))]);
    house.catch_up();
    assert_eq!(house.replay().differences, 0);
}

#[test]
fn replay_and_the_living_house_do_not_disturb_each_other() {
    let house = house(4);
    house.tell(opening());
    house.tell((0..40).map(|_| (None, voted(1, 2, ANN, 0, 1))).collect());
    house.catch_up();
    let mut seen = Vec::new();
    let report = replay::replay_in_steps(&house.db, 10, 5, &mut |done, _| {
        seen.push(done);
        if done == 20 {
            house.tell(vec![(Some(ANN), accepted(1, 3, BRUNO, ANN)), (None, voted(1, 1, ANN, 0, -1))]);
            house.catch_up();
        }
    })
    .unwrap();
    assert_eq!(report, ReplayReport { events: 52, people: 4, differences: 0 });
    assert_eq!(seen, [10, 20, 30, 40, 50, 52]);
    assert_eq!((house.points(ANN), house.points(BRUNO)), (400 + 2 - 1, 15));
}

#[test]
fn replay_of_an_empty_house_finds_nothing() {
    let house = house(1);
    assert_eq!(house.replay(), ReplayReport::default());
}

#[test]
fn an_event_that_gives_nothing_moves_the_place_and_nothing_else() {
    let house = house(4);
    house.tell(vec![(Some(ANN), Fact::UserJoined { user: ANN })]);
    house.catch_up();
    assert!(house.lines().is_empty());
    assert_eq!(
        crate::ledger::follow::place(&mut house.db.reader().unwrap(), "reputation").unwrap(),
        EventId(1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn however_the_steps_fall_the_tables_equal_the_pure_fold(
        acts in acts(), cuts in proptest::collection::btree_set(0..80usize, 0..6)
    ) {
        let house = house(4);
        let mut fold = Fold::default();
        let facts: Vec<_> = opening().into_iter().chain(facts_of(&acts, &mut Survivors::default())).collect();
        for (at, (actor, fact)) in facts.into_iter().enumerate() {
            fold.tell(actor, fact.clone());
            house.tell(vec![(actor, fact)]);
            if cuts.contains(&at) {
                house.catch_up();
            }
        }
        house.catch_up();
        let mut lines: Vec<Line> = fold.book.entries.iter()
            .map(|e| (e.user, e.event.0, e.reason.as_str().to_owned(), e.points)).collect();
        lines.sort_by(|a, b| (a.1, a.0, &a.2).cmp(&(b.1, b.0, &b.2)));
        prop_assert_eq!(house.lines(), lines);
        for user in PEOPLE {
            prop_assert_eq!(house.points(user), fold.points(user));
            let mut held = house.held(user);
            held.sort();
            let mut due: Vec<String> = fold.book.held.get(&user).into_iter().flatten()
                .map(|held| held.badge.clone()).collect();
            due.sort();
            prop_assert_eq!(held, due);
        }
        prop_assert_eq!(house.replay().differences, 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn all_that_people_do_is_folded_alike_on_a_database(
        deeds in deeds(), cuts in proptest::collection::btree_set(0..90usize, 0..6)
    ) {
        let house = house(4);
        house.sql("INSERT INTO tags (id, name, created_at) VALUES (1, 'a', 0), (2, 'b', 0), (3, 'c', 0)");
        house.sql(
            "INSERT INTO posts (id, kind, thread_id, body_md, body_html, created_at) VALUES \
             (2, 'answer', 1, '', '', 0), (3, 'answer', 1, '', '', 0), (4, 'answer', 1, '', '', 0), \
             (5, 'answer', 1, '', '', 0), (102, 'answer', 101, '', '', 0), (103, 'answer', 101, '', '', 0), \
             (104, 'answer', 101, '', '', 0), (105, 'answer', 101, '', '', 0)",
        );
        house.db.write_blocking(|tx: &mut Tx<'_>| tx.conn.sql(
            "INSERT INTO badge_rules (id, body, created_at) VALUES (1, '[[badge]]\nid = \"first-solution\"\n\
             level = \"bronze\"\nneeds = { solutions = 1 }\n[[badge]]\nid = \"topic-helper\"\nlevel = \"bronze\"\n\
             per = \"topic\"\nneeds = { correct-answers = 1 }', 7)"
        )).unwrap();
        let mut fold = Fold::default();
        let rules = badges::rules_of(&mut house.db.reader().unwrap(), 1).unwrap();
        fold.book.rulebook.versions.insert(1, rules);
        let mut facts: Vec<_> = std::iter::once(joined()).chain(opening()).collect();
        facts.extend(happenings(&deeds).into_iter().map(|(_, _, actor, fact)| (actor, fact)));
        facts.insert(facts.len() / 2, (None, Fact::BadgeRulesActivated { version: 1 }));
        for (at, (actor, fact)) in facts.into_iter().enumerate() {
            fold.tell(actor, fact.clone());
            house.tell(vec![(actor, fact)]);
            if cuts.contains(&at) {
                house.catch_up();
            }
        }
        house.catch_up();
        for user in PEOPLE {
            prop_assert_eq!(house.points(user), fold.points(user));
            let authority = standing(&mut house.db.reader().unwrap(), user).unwrap().authority();
            let person = fold.book.people.get(&user);
            prop_assert_eq!(authority, person.map(|p| p.outcomes.authority()).unwrap_or_default());
            let mut held = house.held(user);
            held.sort();
            let mut due: Vec<String> =
                fold.book.held.get(&user).into_iter().flatten().map(|held| held.badge.clone()).collect();
            due.sort();
            prop_assert_eq!(held, due);
        }
        prop_assert_eq!(house.replay().differences, 0);
    }
}

/// Not a check of speed: `cargo test -- --ignored --nocapture throughput` prints a figure.
#[test]
#[ignore = "prints a figure"]
fn throughput_of_a_catch_up_and_a_replay() {
    const THREADS: i64 = 5_000;
    const USERS: i64 = 500;
    let house = house(USERS);
    let mut seed = 7u64;
    let mut pick = move |below: i64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) as i64) % below
    };
    let mut facts = Vec::new();
    for thread in 0..THREADS {
        let (question, asker) = (thread * 10 + 1, UserId(1 + pick(USERS)));
        facts.push((Some(asker), asked(question, asker)));
        for post in 1..=3 {
            let author = UserId(1 + pick(USERS));
            facts.push((Some(author), answered(question, question + post, author)));
            facts.extend((0..4).map(|_| (None, voted(question, question + post, author, 0, 1))));
            if post == 2 {
                facts.push((Some(asker), accepted(question, question + post, author, asker)));
            }
        }
    }
    let events = facts.len();
    let mut facts = facts.into_iter();
    loop {
        let some: Vec<_> = facts.by_ref().take(10_000).collect();
        if some.is_empty() {
            break;
        }
        house.tell(some);
    }
    let start = std::time::Instant::now();
    house.catch_up();
    let caught_up = start.elapsed();
    let start = std::time::Instant::now();
    assert_eq!(replay(&house.db, &mut |_, _| {}).unwrap().differences, 0);
    let replayed = start.elapsed();
    let rate = |took: std::time::Duration| events as f64 / took.as_secs_f64();
    println!("{events} events: catch-up {:.0}/s, replay {:.0}/s", rate(caught_up), rate(replayed));
}
