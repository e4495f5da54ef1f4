//! reputation room: what gives points and what is counted, as a pure fold over the ledger.
//!
//! The fold keeps what is true of each post now (what others said of it, acceptance, removal) and what
//! that gives to whom: its *claims*. An event changes the truth; its entries are the difference
//! between the claims after it and before it. So every total is always what the surviving facts
//! alone give, in whatever order they came, and an inverse takes back exactly what is left to take.
//! What a fact weighs therefore depends on nothing but facts that stand: how old an account was, how often the same
//! asker accepted the same answerer, whether a finding holds what two people said of each other.
use super::calibration::{Bin, bin_of};
use super::evidence::{self, Accepted, Evidence, Outcomes, Tally};
use crate::badges::{
    Badge, Change, FIRST, Held, Measure, OVERALL, PROVEN_SCORE, Per, Rules, Turn, Turned, Window,
};
use crate::kernel::ids::{ChallengeId, EventId, FindingId, FlagId, PostId, TagId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::ledger::{Event, Fact, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

// --- the values, each with its reason ---
/// A reader found the answer useful: the plainest sign of worth.
pub const ANSWER_UP_VOTE: i64 = 10;
/// A reader found it wrong: felt, but five times less than praise, so that trying is not punished.
pub const ANSWER_DOWN_VOTE: i64 = -2;
/// A good question helps the next who has it, less than its answer does.
pub const QUESTION_UP_VOTE: i64 = 5;
/// Half an answer's: a bad question misleads nobody.
pub const QUESTION_DOWN_VOTE: i64 = -1;
/// The one who had the problem says that this solved it: worth more than any one vote.
pub const ANSWER_ACCEPTED: i64 = 15;
/// Closing one's own thread tells every later reader what worked; small, lest one accepts for it.
pub const ACCEPTING: i64 = 2;
/// A moderator agreed with the flag: keeping the hall clean is work too.
pub const FLAG_AGREED: i64 = 2;
/// Moderators upheld a challenge: the next reader is spared a wrong answer.
pub const CHALLENGE_UPHELD: i64 = 5;
/// They rejected it: other people's time, and an author's peace.
pub const CHALLENGE_REJECTED: i64 = -5;
/// What a rejected challenge adds to its challenger's outcomes: half an outcome, and a wrong one.
const REJECTED_OUTCOME: Outcomes = Outcomes { weight: 500_000, right: 0, count: 0 };

/// What `full` acceptances of one answerer by one asker give together, and `new` ones more by an account that was
/// new: the first in full, the second half, the third a third, so that two friends mint little.
fn acceptance_points(full: i64, new: i64) -> i64 {
    let together = |n: i64| (1..=n.min(ANSWER_ACCEPTED)).map(|k| ANSWER_ACCEPTED / k).sum::<i64>();
    let all = together(full + new) - together(full);
    together(full) + all * evidence::NEW_SHARE / evidence::ONE
}

/// What a claim rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Cause {
    AnswerUpVote,
    AnswerDownVote,
    QuestionUpVote,
    QuestionDownVote,
    Acceptance,
    Accepting,
    Flag,
    ChallengeUpheld,
    ChallengeRejected,
}

impl Cause {
    fn points(self) -> i64 {
        match self {
            Cause::AnswerUpVote => ANSWER_UP_VOTE,
            Cause::AnswerDownVote => ANSWER_DOWN_VOTE,
            Cause::QuestionUpVote => QUESTION_UP_VOTE,
            Cause::QuestionDownVote => QUESTION_DOWN_VOTE,
            Cause::Acceptance => ANSWER_ACCEPTED,
            Cause::Accepting => ACCEPTING,
            Cause::Flag => FLAG_AGREED,
            Cause::ChallengeUpheld => CHALLENGE_UPHELD,
            Cause::ChallengeRejected => CHALLENGE_REJECTED,
        }
    }

    /// What a statement calls it when it came, and when it went.
    fn reasons(self) -> (Reason, Reason) {
        match self {
            Cause::AnswerUpVote => (Reason::AnswerUpVote, Reason::AnswerUpVoteWithdrawn),
            Cause::AnswerDownVote => (Reason::AnswerDownVote, Reason::AnswerDownVoteWithdrawn),
            Cause::QuestionUpVote => (Reason::QuestionUpVote, Reason::QuestionUpVoteWithdrawn),
            Cause::QuestionDownVote => (Reason::QuestionDownVote, Reason::QuestionDownVoteWithdrawn),
            Cause::Acceptance => (Reason::AnswerAccepted, Reason::AnswerUnaccepted),
            Cause::Accepting => (Reason::Accepting, Reason::AcceptingWithdrawn),
            Cause::Flag => (Reason::FlagAgreed, Reason::FlagAgreedWithdrawn),
            Cause::ChallengeUpheld => (Reason::ChallengeUpheld, Reason::ChallengeUpheldWithdrawn),
            Cause::ChallengeRejected => (Reason::ChallengeRejected, Reason::ChallengeRejectedWithdrawn),
        }
    }
}

/// Why a line stands in somebody's statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reason {
    AnswerUpVote,
    AnswerUpVoteWithdrawn,
    AnswerDownVote,
    AnswerDownVoteWithdrawn,
    QuestionUpVote,
    QuestionUpVoteWithdrawn,
    QuestionDownVote,
    QuestionDownVoteWithdrawn,
    AnswerAccepted,
    AnswerUnaccepted,
    Accepting,
    AcceptingWithdrawn,
    FlagAgreed,
    FlagAgreedWithdrawn,
    PostRemoved,
    PostRestored,
    ChallengeUpheld,
    ChallengeUpheldWithdrawn,
    ChallengeRejected,
    ChallengeRejectedWithdrawn,
    /// An acceptance weighs another than it did: somebody independent confirmed it, or no longer does.
    AcceptanceWeighed,
    /// Moderators found that the accepted answer is wrong; and that it is right after all.
    SolutionSuperseded,
    SolutionReinstated,
    /// A finding holds what the credit rested on; and it no longer does.
    CreditHeld,
    CreditReleased,
}

impl Reason {
    pub const ALL: [Reason; 25] = [
        Reason::AnswerUpVote,
        Reason::AnswerUpVoteWithdrawn,
        Reason::AnswerDownVote,
        Reason::AnswerDownVoteWithdrawn,
        Reason::QuestionUpVote,
        Reason::QuestionUpVoteWithdrawn,
        Reason::QuestionDownVote,
        Reason::QuestionDownVoteWithdrawn,
        Reason::AnswerAccepted,
        Reason::AnswerUnaccepted,
        Reason::Accepting,
        Reason::AcceptingWithdrawn,
        Reason::FlagAgreed,
        Reason::FlagAgreedWithdrawn,
        Reason::PostRemoved,
        Reason::PostRestored,
        Reason::ChallengeUpheld,
        Reason::ChallengeUpheldWithdrawn,
        Reason::ChallengeRejected,
        Reason::ChallengeRejectedWithdrawn,
        Reason::AcceptanceWeighed,
        Reason::SolutionSuperseded,
        Reason::SolutionReinstated,
        Reason::CreditHeld,
        Reason::CreditReleased,
    ];

    /// As stored, and as the end of its message's key `point-reason-…`.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::AnswerUpVote => "answer-up-vote",
            Reason::AnswerUpVoteWithdrawn => "answer-up-vote-withdrawn",
            Reason::AnswerDownVote => "answer-down-vote",
            Reason::AnswerDownVoteWithdrawn => "answer-down-vote-withdrawn",
            Reason::QuestionUpVote => "question-up-vote",
            Reason::QuestionUpVoteWithdrawn => "question-up-vote-withdrawn",
            Reason::QuestionDownVote => "question-down-vote",
            Reason::QuestionDownVoteWithdrawn => "question-down-vote-withdrawn",
            Reason::AnswerAccepted => "answer-accepted",
            Reason::AnswerUnaccepted => "answer-unaccepted",
            Reason::Accepting => "accepting",
            Reason::AcceptingWithdrawn => "accepting-withdrawn",
            Reason::FlagAgreed => "flag-agreed",
            Reason::FlagAgreedWithdrawn => "flag-agreed-withdrawn",
            Reason::PostRemoved => "post-removed",
            Reason::PostRestored => "post-restored",
            Reason::ChallengeUpheld => "challenge-upheld",
            Reason::ChallengeUpheldWithdrawn => "challenge-upheld-withdrawn",
            Reason::ChallengeRejected => "challenge-rejected",
            Reason::ChallengeRejectedWithdrawn => "challenge-rejected-withdrawn",
            Reason::AcceptanceWeighed => "acceptance-weighed",
            Reason::SolutionSuperseded => "solution-superseded",
            Reason::SolutionReinstated => "solution-reinstated",
            Reason::CreditHeld => "credit-held",
            Reason::CreditReleased => "credit-released",
        }
    }

    pub fn parse(text: &str) -> Option<Reason> {
        Reason::ALL.into_iter().find(|reason| reason.as_str() == text)
    }

    /// The key of its words among the messages.
    pub fn message_key(self) -> String {
        format!("point-reason-{}", self.as_str())
    }
}

/// What is true of a question or an answer now. Comments give nothing and are not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostState {
    #[serde(rename = "t")]
    pub thread: ThreadId,
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub author: Option<UserId>,
    pub at: Moment,
    /// What others said of the text as it is.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub fresh: Tally,
    /// What others said of the text before its last material edit.
    #[serde(rename = "s", default, skip_serializing_if = "is_default")]
    pub stale: Tally,
    #[serde(rename = "x", default, skip_serializing_if = "is_default")]
    pub deleted: bool,
    #[serde(rename = "h", default, skip_serializing_if = "is_default")]
    pub hidden: bool,
    /// Material edits so far.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub edits: u32,
    /// Others who edited it.
    #[serde(rename = "eb", default, skip_serializing_if = "Vec::is_empty")]
    pub editors: Vec<UserId>,
    /// Findings that hold whatever was said of it.
    #[serde(rename = "hf", default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
    /// Of an answer: by whom it is accepted.
    #[serde(rename = "ac", default, skip_serializing_if = "Option::is_none")]
    pub accept: Option<Accept>,
    /// Of an answer: how much it can prove, in thousandths.
    #[serde(rename = "di", default, skip_serializing_if = "is_default")]
    pub difficulty: i64,
    /// Of an answer: challenges that were upheld.
    #[serde(rename = "su", default, skip_serializing_if = "is_default")]
    pub superseded: i64,
    /// Of a question: the accepted answer.
    #[serde(rename = "aa", default, skip_serializing_if = "Option::is_none")]
    pub accepted: Option<PostId>,
    /// Of a question: its asker has the credit for accepting that answer.
    #[serde(rename = "ai", default, skip_serializing_if = "is_default")]
    pub accepting: bool,
    /// Of a question: its tags.
    #[serde(rename = "tg", default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagId>,
    /// Of a question: who answered it, in order.
    #[serde(rename = "an", default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<(PostId, Option<UserId>)>,
    /// Of a question: who found out that it is a duplicate, while it is closed as one.
    #[serde(rename = "du", default, skip_serializing_if = "Option::is_none")]
    pub closer: Option<UserId>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Somebody's word that an answer solved it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accept {
    /// Nobody where it came with an import.
    #[serde(rename = "b", default, skip_serializing_if = "Option::is_none")]
    pub by: Option<UserId>,
    /// By an account that was new then.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub new: bool,
    /// The answer's material edits then.
    #[serde(rename = "e", default, skip_serializing_if = "is_default")]
    pub edits: u32,
}

impl PostState {
    fn new(thread: ThreadId, author: Option<UserId>, at: Moment) -> PostState {
        PostState {
            thread,
            author,
            at,
            fresh: Tally::default(),
            stale: Tally::default(),
            deleted: false,
            hidden: false,
            edits: 0,
            editors: Vec::new(),
            findings: Vec::new(),
            accept: None,
            difficulty: evidence::ONE,
            superseded: 0,
            accepted: None,
            accepting: false,
            tags: Vec::new(),
            answers: Vec::new(),
            closer: None,
        }
    }

    fn stands(&self) -> bool {
        !self.deleted && !self.hidden
    }

    fn up_votes(&self) -> i64 {
        self.fresh.up + self.stale.up
    }

    fn down_votes(&self) -> i64 {
        self.fresh.down + self.stale.down
    }

    fn score(&self) -> i64 {
        self.up_votes().saturating_sub(self.down_votes())
    }

    /// Staff or a proven member said that it was right once.
    pub fn outdated(&self) -> bool {
        self.fresh.outdated > 0
    }

    /// Accepted, and changed since.
    pub fn changed(&self) -> bool {
        self.accept.is_some_and(|accept| accept.edits < self.edits)
    }
}

/// What was last decided about a flag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlagState {
    pub flagger: UserId,
    /// Agreed with, by somebody else than the flagger, about somebody else's post.
    pub credited: bool,
}

/// What was last decided about a challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChallengeState {
    pub challenger: UserId,
    pub upheld: bool,
}

/// What one person says of one post of another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    #[serde(rename = "v", default, skip_serializing_if = "is_default")]
    pub vote: i16,
    #[serde(rename = "ve", default, skip_serializing_if = "is_default")]
    pub vote_edits: u32,
    /// It solved the problem (1), or it did not (-1).
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub confirmation: i16,
    #[serde(rename = "ce", default, skip_serializing_if = "is_default")]
    pub confirmation_edits: u32,
    /// They were new when they said so.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub new: bool,
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    #[serde(rename = "je", default, skip_serializing_if = "is_default")]
    pub verdict_edits: u32,
    #[serde(rename = "st", default, skip_serializing_if = "is_default")]
    pub staff: bool,
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub accepts: bool,
}

impl Word {
    /// What it adds to the fresh and the stale tally of a post with so many material edits.
    fn tally(&self, edits: u32) -> (Tally, Tally) {
        let (mut fresh, mut stale) = (Tally::default(), Tally::default());
        let mut of = |then: u32, add: &dyn Fn(&mut Tally)| {
            add(if then < edits { &mut stale } else { &mut fresh });
        };
        match self.vote.signum() {
            1 => of(self.vote_edits, &|tally| tally.up += 1),
            -1 => of(self.vote_edits, &|tally| tally.down += 1),
            _ => {}
        }
        match (self.confirmation.signum(), self.new) {
            (1, false) => of(self.confirmation_edits, &|tally| tally.solved += 1),
            (1, true) => of(self.confirmation_edits, &|tally| tally.solved_new += 1),
            (-1, false) => of(self.confirmation_edits, &|tally| tally.unsolved += 1),
            (-1, true) => of(self.confirmation_edits, &|tally| tally.unsolved_new += 1),
            _ => {}
        }
        match (self.verdict, self.staff) {
            (Some(Verdict::Verified), true) => of(self.verdict_edits, &|tally| tally.verified_by_staff += 1),
            (Some(Verdict::Verified), false) => {
                of(self.verdict_edits, &|tally| tally.verified_by_member += 1);
            }
            (Some(Verdict::Refuted), true) => of(self.verdict_edits, &|tally| tally.refuted_by_staff += 1),
            (Some(Verdict::Refuted), false) => of(self.verdict_edits, &|tally| tally.refuted_by_member += 1),
            (Some(Verdict::Outdated), _) => of(self.verdict_edits, &|tally| tally.outdated += 1),
            (None, _) => {}
        }
        (fresh, stale)
    }
}

/// What stands between an author and one other person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// What the other says of the author's posts.
    #[serde(rename = "w", default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<(PostId, Word)>,
    /// Outcomes of the author's answers to the other's questions: overall (tag 0) and per topic.
    #[serde(rename = "o", default, skip_serializing_if = "Vec::is_empty")]
    pub outcomes: Vec<(TagId, Outcomes)>,
    /// Of them, accepted in full, and by an account that was new and with nobody who confirms.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub full: i64,
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub new: i64,
}

impl Pair {
    fn word(&self, post: PostId) -> Word {
        self.words.iter().find(|(id, _)| *id == post).map(|(_, word)| *word).unwrap_or_default()
    }

    fn set_word(&mut self, post: PostId, word: Word) {
        let at = self.words.iter().position(|(id, _)| *id == post);
        let nothing = word.vote == 0 && word.confirmation == 0 && word.verdict.is_none() && !word.accepts;
        match (at, nothing) {
            (Some(at), true) => drop(self.words.swap_remove(at)),
            (Some(at), false) => {
                if let Some(place) = self.words.get_mut(at) {
                    place.1 = word;
                }
            }
            (None, true) => {}
            (None, false) => self.words.push((post, word)),
        }
    }

    fn outcomes(&self, tag: TagId) -> Outcomes {
        self.outcomes.iter().find(|(id, _)| *id == tag).map(|(_, sum)| *sum).unwrap_or_default()
    }

    fn add(&mut self, tag: TagId, outcome: Outcomes, sign: i64) {
        match self.outcomes.iter().position(|(id, _)| *id == tag) {
            Some(at) => {
                let Some((_, sum)) = self.outcomes.get_mut(at) else { return };
                sum.add(outcome, sign);
                if sum.is_none() {
                    self.outcomes.swap_remove(at);
                }
            }
            None => {
                let mut sum = Outcomes::default();
                sum.add(outcome, sign);
                if !sum.is_none() {
                    self.outcomes.push((tag, sum));
                }
            }
        }
    }

    /// As it is stored: in an order that does not tell how it came about.
    pub fn sorted(&self) -> Pair {
        let mut sorted = self.clone();
        sorted.words.sort_unstable_by_key(|(post, _)| *post);
        sorted.outcomes.sort_unstable_by_key(|(tag, _)| *tag);
        sorted
    }
}

/// One person's sums.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    #[serde(rename = "p", default)]
    pub points: i64,
    #[serde(rename = "v", default)]
    values: Vec<i64>,
    #[serde(rename = "o", default)]
    pub outcomes: Outcomes,
    #[serde(rename = "j", default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Moment>,
    /// Findings that hold what they and others of the same finding said of each other.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingId>,
    /// Findings that hold whatever they say.
    #[serde(rename = "s", default, skip_serializing_if = "Vec::is_empty")]
    pub silenced: Vec<FindingId>,
    /// Badges that moderators gave back, with their topics, in order: held whatever the measures say.
    #[serde(rename = "r", default, skip_serializing_if = "Vec::is_empty")]
    pub reinstated: Vec<(String, TagId)>,
    /// Solutions and correct answers by the month in which they were written.
    #[serde(rename = "m", default, skip_serializing_if = "BTreeMap::is_empty")]
    months: BTreeMap<i64, (i64, i64)>,
}

impl Person {
    pub fn value(&self, measure: Measure) -> i64 {
        self.values.get(measure as usize).copied().unwrap_or(0)
    }
    pub fn set(&mut self, measure: Measure, value: i64) {
        if self.values.len() < Measure::COUNT {
            self.values.resize(Measure::COUNT, 0);
        }
        if let Some(place) = self.values.get_mut(measure as usize) {
            *place = value;
        }
    }

    /// The most there was within a window of the calendar.
    pub fn value_within(&self, measure: Measure, within: Window) -> i64 {
        let of = |(solutions, correct): &(i64, i64)| match measure {
            Measure::Solutions => *solutions,
            _ => *correct,
        };
        match within {
            Window::Ever => self.value(measure),
            Window::Month => self.months.values().map(of).max().unwrap_or(0),
            Window::Year => {
                let mut years: BTreeMap<i64, i64> = BTreeMap::new();
                for (month, counts) in &self.months {
                    *years.entry(month.div_euclid(12)).or_default() += of(counts);
                }
                years.into_values().max().unwrap_or(0)
            }
        }
    }

    fn is_reinstated(&self, badge: &str, tag: TagId) -> bool {
        self.reinstated.iter().any(|(id, of)| id == badge && *of == tag)
    }

    fn reinstate(&mut self, badge: &str, tag: TagId, on: bool) {
        self.reinstated.retain(|(id, of)| id != badge || *of != tag);
        if on {
            self.reinstated.push((badge.to_owned(), tag));
            self.reinstated.sort_unstable();
        }
    }

    fn count_month(&mut self, month: i64, solutions: i64, correct: i64) {
        let counts = self.months.entry(month).or_default();
        counts.0 += solutions;
        counts.1 += correct;
        if *counts == (0, 0) {
            self.months.remove(&month);
        }
    }
}

/// One person's sums in one topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topic {
    pub outcomes: Outcomes,
    pub solutions: i64,
    pub correct: i64,
    /// What follows from the outcomes, as last told.
    pub authority: i64,
    pub resolved: i64,
}

impl Topic {
    pub fn value(&self, measure: Measure) -> i64 {
        match measure {
            Measure::Solutions => self.solutions,
            Measure::CorrectAnswers => self.correct,
            Measure::Authority => self.authority,
            Measure::ResolvedAnswers => self.resolved,
            _ => 0,
        }
    }

    fn set(&mut self, measure: Measure, value: i64) {
        match measure {
            Measure::Solutions => self.solutions = value,
            Measure::CorrectAnswers => self.correct = value,
            Measure::Authority => self.authority = value,
            Measure::ResolvedAnswers => self.resolved = value,
            _ => {}
        }
    }
}

/// One line of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub user: UserId,
    pub event: EventId,
    pub at: Moment,
    pub reason: Reason,
    pub points: i64,
    pub thread: Option<ThreadId>,
    pub post: Option<PostId>,
}

/// Who said it of whose post: the author first; 0 where nobody is known.
pub type PairKey = (UserId, UserId);
pub type Map<K, V> = HashMap<K, V, Quick>;
/// Ids of our own need no hash that withstands an enemy.
pub type Quick = std::hash::BuildHasherDefault<rustc_hash::FxHasher>;

/// The rules of badges in force, and those that may come into force.
#[derive(Debug, Clone)]
pub struct Rulebook {
    pub version: i64,
    pub rules: Arc<Rules>,
    pub versions: BTreeMap<i64, Arc<Rules>>,
}

impl Default for Rulebook {
    /// What a house begins with.
    fn default() -> Rulebook {
        Rulebook { version: 0, rules: FIRST.clone(), versions: BTreeMap::from([(0, FIRST.clone())]) }
    }
}

/// What the events read so far make true, as far as it has been loaded, and what they gave.
#[derive(Debug, Default)]
pub struct Book {
    pub rulebook: Rulebook,
    /// The badges people hold.
    pub held: Map<UserId, Vec<Held>>,
    /// Badges that came and went since they were last taken out.
    pub turns: Vec<Turned>,
    pub posts: Map<PostId, PostState>,
    pub flags: Map<FlagId, FlagState>,
    pub challenges: Map<ChallengeId, ChallengeState>,
    pub pairs: Map<PairKey, Pair>,
    pub people: Map<UserId, Person>,
    pub topics: Map<(UserId, TagId), Topic>,
    /// What was foretold of answers and what came, by month and tenth of the scale.
    pub bins: Map<(i64, i64), Bin>,
    /// Lines written since they were last taken out.
    pub entries: Vec<Entry>,
    /// Measures moved since they were last taken out.
    pub changes: Vec<Change>,
    claims: Vec<Claim>,
    counts: Vec<Count>,
    /// Whose outcomes an event moved, overall or in a topic.
    weighed: Vec<(UserId, TagId)>,
    /// Solutions and correct answers that came and went, by author and month.
    months: Vec<(UserId, i64, i64, i64)>,
}

/// Points somebody has from a post: minus before the event, plus after it.
type Claim = (UserId, PostId, Cause, i64);
/// The same for a measure, overall or in a topic.
type Count = (UserId, Measure, TagId, PostId, i64);

/// Does this fact move anything here?
pub fn concerns(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::UserJoined { .. }
            | Fact::ThreadAsked { .. }
            | Fact::ThreadTagged { .. }
            | Fact::AnswerPosted { .. }
            | Fact::PostEdited { .. }
            | Fact::PostDeleted { .. }
            | Fact::PostUndeleted { .. }
            | Fact::PostHidden { .. }
            | Fact::PostRestored { .. }
            | Fact::VoteCast { .. }
            | Fact::AnswerAccepted { .. }
            | Fact::AnswerUnaccepted { .. }
            | Fact::AnswerConfirmed { .. }
            | Fact::ConfirmationWithdrawn { .. }
            | Fact::VerdictGiven { .. }
            | Fact::VerdictWithdrawn { .. }
            | Fact::ChallengeDecided { .. }
            | Fact::ThreadClosedAsDuplicate { .. }
            | Fact::ThreadReopened { .. }
            | Fact::CreditHeld { .. }
            | Fact::CreditReleased { .. }
            | Fact::BadgeRulesActivated { .. }
            | Fact::BadgeReinstated { .. }
            | Fact::BadgeReinstatementWithdrawn { .. }
            | Fact::FlagDecided { .. }
    )
}

/// The post and the question that `fact` is about.
pub fn posts_of(fact: &Fact) -> Option<(PostId, PostId)> {
    let question = fact.thread()?.question();
    Some((fact.post().unwrap_or(question), question))
}

/// Whom and what a finding holds.
pub fn finding_of(fact: &Fact) -> Option<(FindingId, &[UserId], &[PostId])> {
    match fact {
        Fact::CreditHeld { finding, members, posts } | Fact::CreditReleased { finding, members, posts } => {
            Some((*finding, members, posts))
        }
        _ => None,
    }
}

/// Whose badge, in which topic, moderators give back, or no longer do.
pub fn reinstatement_of(fact: &Fact) -> Option<(UserId, &str, TagId, bool)> {
    match fact {
        Fact::BadgeReinstated { user, badge, tag } => Some((*user, badge, *tag, true)),
        Fact::BadgeReinstatementWithdrawn { user, badge, tag } => Some((*user, badge, *tag, false)),
        _ => None,
    }
}

/// What an event changes, so that its claims are counted before and after it.
#[derive(Default)]
struct Touched {
    posts: Vec<PostId>,
    /// The pairs of these answers, and their topics before and after.
    pairs: Vec<PairKey>,
    tags: Vec<TagId>,
    people: Vec<UserId>,
}

/// Whether a finding holds what `giver` says of the posts of `author`.
fn held(people: &Map<UserId, Person>, author: UserId, giver: UserId) -> bool {
    let Some(theirs) = people.get(&giver) else { return false };
    if !theirs.silenced.is_empty() {
        return true;
    }
    if theirs.findings.is_empty() {
        return false;
    }
    let Some(mine) = people.get(&author) else { return false };
    mine.findings.iter().any(|finding| theirs.findings.contains(finding))
}

/// Whether a finding is about one who is silenced, not about several who spoke of each other.
pub fn silences(members: &[UserId]) -> Option<UserId> {
    match members {
        [member] => Some(*member),
        _ => None,
    }
}

/// The acceptance of an answer, if it counts.
fn acceptance(people: &Map<UserId, Person>, state: &PostState) -> Option<Accepted> {
    let accept = state.accept.filter(|_| state.superseded == 0)?;
    let author = state.author?;
    if accept.by.is_some_and(|by| held(people, author, by)) {
        return None;
    }
    Some(Accepted { new: accept.new, stale: accept.edits < state.edits })
}

impl Book {
    /// An empty book under these rules.
    pub fn under(rulebook: Rulebook) -> Book {
        Book { rulebook, ..Book::default() }
    }

    /// States that are kept.
    pub fn len(&self) -> usize {
        self.posts.len()
            + self.people.len()
            + self.pairs.len()
            + self.topics.len()
            + self.flags.len()
            + self.challenges.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Folds one event in. What it needs must have been loaded: see [`super::follow`].
    pub fn apply(&mut self, event: &Event) {
        if let Fact::UserJoined { user } = event.fact {
            let person = self.people.entry(user).or_default();
            person.joined = person.joined.or(Some(event.at));
            return;
        }
        if let Fact::BadgeRulesActivated { version } = event.fact {
            self.activate(event, version);
            let mut everybody: Vec<UserId> = self.people.keys().copied().collect();
            everybody.sort_unstable();
            self.judge_anew(event, &everybody);
            return;
        }
        if let Some((user, badge, tag, on)) = reinstatement_of(&event.fact) {
            self.people.entry(user).or_default().reinstate(badge, tag, on);
            let rules = self.rulebook.rules.clone();
            if let Some(badge) = rules.find(badge).filter(|badge| badge.is_given_in(tag)) {
                self.settle(event, (user, badge, tag), None, None);
            }
            return;
        }
        if !concerns(&event.fact) {
            return;
        }
        let from = self.changes.len();
        let touched = self.touched(&event.fact);
        let about = posts_of(&event.fact);
        self.try_chance(event);
        self.claim(&touched, &event.fact, -1);
        if let Some((finding, members, posts)) = finding_of(&event.fact) {
            let on = matches!(event.fact, Fact::CreditHeld { .. });
            self.hold(finding, members, posts, on);
        } else if let Some((post, question)) = about {
            self.change(event, post, question);
        }
        self.claim(&touched, &event.fact, 1);
        self.write_entries(event);
        self.write_changes(event);
        self.judge(event, from);
    }

    /// Puts a version of the rules in force, if it is known.
    pub fn activate(&mut self, event: &Event, version: i64) {
        if let Some(rules) = self.rulebook.versions.get(&version) {
            self.rulebook.rules = rules.clone();
            self.rulebook.version = version;
        }
        debug_assert_eq!(self.rulebook.version, version, "rules of event {} are not loaded", event.id);
    }

    /// Gives and takes the badges that the changes of an event, from `from` on, are about.
    fn judge(&mut self, event: &Event, from: usize) {
        let changes = self.changes.get(from..).unwrap_or_default();
        if changes.is_empty() {
            return;
        }
        let mut about: BTreeMap<(UserId, TagId), (Vec<Measure>, Option<PostId>)> = BTreeMap::new();
        for change in changes {
            let (measures, post) = about.entry((change.user, change.tag)).or_default();
            measures.push(change.measure);
            *post = post.or(change.post);
        }
        let before: HashMap<(UserId, TagId), i64> = changes
            .iter()
            .filter(|change| change.measure == Measure::Authority)
            .map(|change| ((change.user, change.tag), change.before))
            .collect();
        let rules = self.rulebook.rules.clone();
        for ((user, tag), (measures, post)) in about {
            for badge in &rules.badges {
                let concerned = badge.is_given_in(tag)
                    && badge.needs.iter().any(|(measure, _)| measures.contains(measure));
                if concerned {
                    let was = before.get(&(user, tag)).copied();
                    self.settle(event, (user, badge, tag), post, was);
                }
            }
        }
    }

    /// Gives and takes the badges of these people after the rules changed. All that is known of them is loaded.
    pub fn judge_anew(&mut self, event: &Event, people: &[UserId]) {
        let rules = self.rulebook.rules.clone();
        let mut topics: BTreeMap<UserId, Vec<TagId>> = BTreeMap::new();
        for (user, tag) in self.topics.keys() {
            topics.entry(*user).or_default().push(*tag);
        }
        for user in people {
            let gone: Vec<Held> = self
                .held
                .get(user)
                .into_iter()
                .flatten()
                .filter(|held| rules.find(&held.badge).is_none_or(|badge| !badge.is_given_in(held.tag)))
                .cloned()
                .collect();
            for held in gone {
                self.turn(event, *user, &held.badge, None, held.tag, None, None);
            }
            let mut tags = topics.get(user).cloned().unwrap_or_default();
            let reinstated = self.people.get(user).map(|person| person.reinstated.as_slice());
            tags.extend(reinstated.unwrap_or_default().iter().map(|(_, tag)| *tag));
            tags.sort_unstable();
            tags.dedup();
            for badge in &rules.badges {
                match badge.per {
                    Per::All => self.settle(event, (*user, badge, OVERALL), None, None),
                    Per::Topic => {
                        for tag in tags.iter().filter(|tag| badge.is_given_in(**tag)) {
                            self.settle(event, (*user, badge, *tag), None, None);
                        }
                    }
                }
            }
        }
    }

    /// Gives or takes one badge, where what is due to somebody (earned, or given back by moderators) and what they hold
    /// differ. `was` is the bound before.
    fn settle(
        &mut self,
        event: &Event,
        (user, badge, tag): (UserId, &Badge, TagId),
        post: Option<PostId>,
        was: Option<i64>,
    ) {
        let person = self.people.get(&user);
        let earned = badge.earned(|measure, within| match person {
            Some(person) if tag == OVERALL => person.value_within(measure, within),
            _ => self.value(user, measure, tag),
        });
        let due = earned || person.is_some_and(|person| person.is_reinstated(&badge.id, tag));
        let holds = self
            .held
            .get(&user)
            .is_some_and(|held| held.iter().any(|held| held.badge == badge.id && held.tag == tag));
        if due != holds {
            self.turn(event, user, &badge.id, Some(badge), tag, post, was);
        }
    }

    /// A badge that was held goes, another comes.
    #[allow(clippy::too_many_arguments)] // one column each
    fn turn(
        &mut self,
        event: &Event,
        user: UserId,
        id: &str,
        badge: Option<&Badge>,
        tag: TagId,
        post: Option<PostId>,
        was: Option<i64>,
    ) {
        let held = self.held.entry(user).or_default();
        let at = held.iter().position(|held| held.badge == id && held.tag == tag);
        let turn = match (at, badge) {
            (Some(at), _) => {
                held.remove(at);
                Turn::Revoked
            }
            (None, Some(_)) => {
                held.push(Held { badge: id.to_owned(), tag });
                Turn::Earned
            }
            (None, None) => return,
        };
        let bound = self.value(user, Measure::Authority, tag);
        self.turns.push(Turned {
            user,
            badge: id.to_owned(),
            level: badge.map(|badge| badge.level),
            tag,
            turn,
            event: event.id,
            at: event.at,
            post: post.or(event.fact.post()),
            cause: event.fact.kind(),
            version: self.rulebook.version,
            bound_before: was.unwrap_or(bound),
            bound_after: bound,
        });
    }

    fn touched(&self, fact: &Fact) -> Touched {
        let mut touched = Touched::default();
        if let Some((_, members, posts)) = finding_of(fact) {
            let mut all: BTreeSet<PostId> = posts.iter().copied().collect();
            for key in self.pairs_among(members) {
                if let Some(pair) = self.pairs.get(&key) {
                    all.extend(pair.words.iter().map(|(post, _)| *post));
                }
            }
            // An asker's credit for accepting goes with the acceptance.
            let questions: Vec<PostId> =
                all.iter().filter_map(|id| Some(self.posts.get(id)?.thread.question())).collect();
            all.extend(questions);
            touched.posts = all.into_iter().collect();
        } else if let Some((post, question)) = posts_of(fact) {
            touched.posts.push(post);
            if question != post {
                touched.posts.push(question);
            }
            if let Some(state) = self.posts.get(&question) {
                let accepting = matches!(fact, Fact::AnswerAccepted { .. });
                if let Some(accepted) =
                    state.accepted.filter(|id| *id != post && *id != question && accepting)
                {
                    touched.posts.push(accepted);
                }
                if matches!(fact, Fact::ThreadTagged { .. }) {
                    touched.posts.extend(state.answers.iter().map(|(answer, _)| *answer));
                }
            }
        }
        if let Fact::ThreadTagged { tags, .. } = fact {
            touched.tags.extend(tags);
        }
        for post in &touched.posts {
            let Some(state) = self.posts.get(post) else { continue };
            let question = state.thread.question();
            let Some(author) = state.author else { continue };
            if *post != question {
                touched.pairs.push((author, self.asker(question)));
                touched.people.push(author);
                if let Some(asked) = self.posts.get(&question) {
                    touched.tags.extend(&asked.tags);
                }
            }
        }
        touched.pairs.sort_unstable();
        touched.pairs.dedup();
        touched.tags.sort_unstable();
        touched.tags.dedup();
        touched.people.sort_unstable();
        touched.people.dedup();
        touched
    }

    fn asker(&self, question: PostId) -> UserId {
        self.posts.get(&question).and_then(|state| state.author).unwrap_or(UserId(0))
    }

    fn held(&self, author: UserId, giver: UserId) -> bool {
        held(&self.people, author, giver)
    }

    /// The pairs in which these members spoke of each other, or one silenced member of anybody.
    fn pairs_among(&self, members: &[UserId]) -> Vec<PairKey> {
        if let Some(giver) = silences(members) {
            let mut keys: Vec<PairKey> = self.pairs.keys().copied().filter(|key| key.1 == giver).collect();
            keys.sort_unstable();
            return keys;
        }
        members
            .iter()
            .flat_map(|author| members.iter().map(move |giver| (*author, *giver)))
            .filter(|key| self.pairs.contains_key(key))
            .collect()
    }

    fn is_new(&self, user: Option<UserId>, at: Moment) -> bool {
        let joined = user.and_then(|user| self.people.get(&user)).and_then(|person| person.joined);
        joined.is_some_and(|joined| at.since(joined) < evidence::NEW_ACCOUNT)
    }

    /// Somebody independent says whether an answer is right: a trial of what its page said until now.
    fn try_chance(&mut self, event: &Event) {
        let right = match &event.fact {
            Fact::AnswerConfirmed { value, .. } => *value,
            Fact::VerdictGiven { verdict: Verdict::Verified, .. } => true,
            Fact::VerdictGiven { verdict: Verdict::Refuted, .. } => false,
            _ => return,
        };
        let (Some(giver), Some(post)) = (event.actor, event.fact.post()) else { return };
        let Some(state) = self.posts.get(&post) else { return };
        let Some(author) = state.author.filter(|author| *author != giver) else { return };
        let said = self.pairs.get(&(author, giver)).map(|pair| pair.word(post)).unwrap_or_default();
        // Who spoke before is in what was foretold.
        let spoke = said.confirmation != 0 || said.verdict.is_some() || said.accepts || said.vote != 0;
        let evidence = self.evidence(state);
        let shown = evidence.right + evidence.wrong > 0;
        if !shown || spoke || self.held(author, giver) || self.is_new(Some(giver), event.at) {
            return;
        }
        let chance = evidence.chance();
        self.bins.entry((event.at.month(), bin_of(chance))).or_default().try_one(chance, right);
    }

    /// The only place where an event changes what is true, beside [`Book::hold`].
    fn change(&mut self, event: &Event, post: PostId, question: PostId) {
        match &event.fact {
            Fact::ThreadAsked { thread, author } => {
                self.posts.entry(post).or_insert_with(|| PostState::new(*thread, *author, event.at));
            }
            Fact::AnswerPosted { thread, author, .. } => {
                let asked =
                    self.posts.entry(question).or_insert_with(|| PostState::new(*thread, None, event.at));
                let waited = event.at.since(asked.at);
                let tried = asked.answers.iter().filter(|(_, other)| other != author).count();
                let known = asked.answers.iter().any(|(id, _)| *id == post);
                if !known {
                    asked.answers.push((post, *author));
                }
                self.posts.entry(post).or_insert_with(|| PostState {
                    difficulty: evidence::difficulty(waited, tried),
                    ..PostState::new(*thread, *author, event.at)
                });
            }
            Fact::ThreadTagged { tags, .. } => {
                self.with(post, |state| {
                    state.tags.clone_from(tags);
                    state.tags.sort_unstable();
                    state.tags.dedup();
                });
            }
            Fact::PostEdited { material, .. } => {
                let actor = event.actor;
                self.with(post, |state| {
                    if *material {
                        state.edits += 1;
                        let fresh = std::mem::take(&mut state.fresh);
                        state.stale.add(&fresh, 1);
                    }
                    if let Some(editor) = actor.filter(|editor| state.author != Some(*editor))
                        && !state.editors.contains(&editor)
                    {
                        state.editors.push(editor);
                    }
                });
            }
            Fact::PostDeleted { .. } => self.with(post, |state| state.deleted = true),
            Fact::PostUndeleted { .. } => self.with(post, |state| state.deleted = false),
            // Hiding takes the place of a deletion: a restored post is there.
            Fact::PostHidden { .. } => self.with(post, |state| {
                state.hidden = true;
                state.deleted = false;
            }),
            Fact::PostRestored { .. } => self.with(post, |state| state.hidden = false),
            Fact::VoteCast { thread, author, value, before, .. } => {
                self.known(post, *thread, *author, event.at);
                match event.actor {
                    Some(_) => self.say(event, post, |word, edits| {
                        word.vote = *value;
                        word.vote_edits = edits;
                    }),
                    // Imported votes have no voter and count like any other.
                    None => self.with(post, |state| {
                        state.fresh.up += i64::from(*value > 0) - i64::from(*before > 0);
                        state.fresh.down += i64::from(*value < 0) - i64::from(*before < 0);
                    }),
                }
            }
            Fact::AnswerConfirmed { thread, author, value, .. } => {
                self.known(post, *thread, *author, event.at);
                let new = self.is_new(event.actor, event.at);
                self.say(event, post, |word, edits| {
                    word.confirmation = if *value { 1 } else { -1 };
                    word.confirmation_edits = edits;
                    word.new = new;
                });
            }
            Fact::ConfirmationWithdrawn { .. } => self.say(event, post, |word, _| {
                word.confirmation = 0;
                word.confirmation_edits = 0;
                word.new = false;
            }),
            Fact::VerdictGiven { thread, author, verdict, staff, .. } => {
                self.known(post, *thread, *author, event.at);
                self.say(event, post, |word, edits| {
                    word.verdict = Some(*verdict);
                    word.verdict_edits = edits;
                    word.staff = *staff;
                });
            }
            Fact::VerdictWithdrawn { .. } => self.say(event, post, |word, _| {
                word.verdict = None;
                word.verdict_edits = 0;
                word.staff = false;
            }),
            Fact::AnswerAccepted { thread, author, asker, .. } => {
                self.accepted(event, post, question, *thread, *author, *asker);
            }
            Fact::AnswerUnaccepted { .. } => {
                let Some(asked) = self.posts.get_mut(&question) else { return };
                if asked.accepted == Some(post) {
                    asked.accepted = None;
                    asked.accepting = false;
                    self.unaccept(post);
                }
            }
            Fact::ChallengeDecided { challenge, challenger, upheld, .. } => {
                let (challenger, upheld) = (*challenger, *upheld);
                let before = self.challenges.insert(*challenge, ChallengeState { challenger, upheld });
                let by = i64::from(upheld) - i64::from(before.is_some_and(|before| before.upheld));
                self.with(post, |state| state.superseded += by);
            }
            Fact::ThreadClosedAsDuplicate { .. } => {
                let actor = event.actor;
                self.with(question, |state| state.closer = actor);
            }
            Fact::ThreadReopened { .. } => self.with(question, |state| state.closer = None),
            Fact::FlagDecided { flag, flagger, agreed, .. } => {
                let own = event.actor == Some(*flagger)
                    || self.posts.get(&post).is_some_and(|state| state.author == Some(*flagger));
                self.flags.insert(*flag, FlagState { flagger: *flagger, credited: *agreed && !own });
            }
            _ => {}
        }
    }

    fn accepted(
        &mut self,
        event: &Event,
        post: PostId,
        question: PostId,
        thread: ThreadId,
        author: Option<UserId>,
        asker: Option<UserId>,
    ) {
        self.known(post, thread, author, event.at);
        let by = event.actor.or(asker);
        let new = self.is_new(by, event.at);
        let author = self.posts.get(&post).and_then(|state| state.author);
        let asked = self.posts.entry(question).or_insert_with(|| PostState::new(thread, asker, event.at));
        let asker = asked.author;
        if asked.accepted == Some(post) {
            // Said again of a text that changed since: that is what was asked for.
            self.with(post, |state| {
                let edits = state.edits;
                if let Some(accept) = &mut state.accept {
                    accept.edits = edits;
                }
            });
            return;
        }
        let own = author.is_some() && (author == asker || author == event.actor);
        let former = asked.accepted.replace(post);
        asked.accepting = !own && (event.actor.is_none() || event.actor == asker);
        if let Some(former) = former {
            self.unaccept(former);
        }
        self.with(post, |state| {
            let edits = state.edits;
            state.accept = (!own).then_some(Accept { by, new, edits });
        });
        if let (Some(author), Some(by), false) = (author, by, own) {
            let pair = self.pairs.entry((author, by)).or_default();
            let word = Word { accepts: true, ..pair.word(post) };
            pair.set_word(post, word);
        }
    }

    fn unaccept(&mut self, post: PostId) {
        let Some(state) = self.posts.get_mut(&post) else { return };
        let Some(accept) = state.accept.take() else { return };
        if let (Some(author), Some(by)) = (state.author, accept.by)
            && let Some(pair) = self.pairs.get_mut(&(author, by))
        {
            let word = Word { accepts: false, ..pair.word(post) };
            pair.set_word(post, word);
        }
    }

    /// Somebody changes what they say of a post. One's own word counts nowhere.
    fn say(&mut self, event: &Event, post: PostId, change: impl FnOnce(&mut Word, u32)) {
        let Some(giver) = event.actor else { return };
        let Some(state) = self.posts.get(&post) else { return };
        let (author, edits) = (state.author.unwrap_or(UserId(0)), state.edits);
        if author == giver {
            return;
        }
        let counts = !self.held(author, giver);
        let pair = self.pairs.entry((author, giver)).or_default();
        let before = pair.word(post);
        let mut after = before;
        change(&mut after, edits);
        pair.set_word(post, after);
        if counts {
            self.count(post, before, -1);
            self.count(post, after, 1);
        }
    }

    fn count(&mut self, post: PostId, word: Word, sign: i64) {
        if let Some(state) = self.posts.get_mut(&post) {
            let (fresh, stale) = word.tally(state.edits);
            state.fresh.add(&fresh, sign);
            state.stale.add(&stale, sign);
        }
    }

    /// Holds what `members` said of each other and whatever was said of `posts`, or lets it count again.
    fn hold(&mut self, finding: FindingId, members: &[UserId], posts: &[PostId], on: bool) {
        let keys = self.pairs_among(members);
        let before: Vec<bool> = keys.iter().map(|(author, giver)| self.held(*author, *giver)).collect();
        for member in members {
            let person = self.people.entry(*member).or_default();
            let list = if silences(members).is_some() { &mut person.silenced } else { &mut person.findings };
            list.retain(|id| *id != finding);
            if on {
                list.push(finding);
                list.sort_unstable();
            }
        }
        for (key, before) in keys.into_iter().zip(before) {
            let after = self.held(key.0, key.1);
            if before == after {
                continue;
            }
            let words = self.pairs.get(&key).map(|pair| pair.words.clone()).unwrap_or_default();
            for (post, word) in words {
                self.count(post, word, if after { -1 } else { 1 });
            }
        }
        for post in posts {
            self.with(*post, |state| {
                state.findings.retain(|id| *id != finding);
                if on {
                    state.findings.push(finding);
                    state.findings.sort_unstable();
                }
            });
        }
    }

    fn known(&mut self, post: PostId, thread: ThreadId, author: Option<UserId>, at: Moment) {
        self.posts.entry(post).or_insert_with(|| PostState::new(thread, author, at));
    }

    fn with(&mut self, post: PostId, change: impl FnOnce(&mut PostState)) {
        // A removal of what is not kept is a comment's.
        if let Some(state) = self.posts.get_mut(&post) {
            change(state);
        }
    }

    /// What is known of an answer.
    pub fn evidence(&self, state: &PostState) -> Evidence {
        let accepted = acceptance(&self.people, state);
        Evidence::weigh(&state.fresh, &state.stale, accepted, state.superseded > 0)
    }

    /// Adds what `touched` gives now, `sign` times.
    fn claim(&mut self, touched: &Touched, fact: &Fact, sign: i64) {
        // Pairs change together: taken out as they were, put back as they are.
        if sign < 0 {
            self.sum_pairs(touched, -1);
        }
        for post in &touched.posts {
            self.claim_post(*post, sign);
        }
        if sign > 0 {
            self.sum_pairs(touched, 1);
        }
        let about = posts_of(fact).map(|(post, _)| post);
        if let (Fact::FlagDecided { flag, .. }, Some(about)) = (fact, about)
            && let Some(state) = self.flags.get(flag).filter(|state| state.credited)
        {
            self.claims.push((state.flagger, about, Cause::Flag, sign * FLAG_AGREED));
            self.counts.push((state.flagger, Measure::AgreedFlags, OVERALL, about, sign));
        }
        if let (Fact::ChallengeDecided { challenge, .. }, Some(about)) = (fact, about)
            && let Some(state) = self.challenges.get(challenge).cloned()
        {
            let author = self.posts.get(&about).and_then(|post| post.author);
            if author != Some(state.challenger) {
                let cause = if state.upheld { Cause::ChallengeUpheld } else { Cause::ChallengeRejected };
                self.claims.push((state.challenger, about, cause, sign * cause.points()));
                if state.upheld {
                    self.counts.push((state.challenger, Measure::UpheldChallenges, OVERALL, about, sign));
                } else {
                    self.people.entry(state.challenger).or_default().outcomes.add(REJECTED_OUTCOME, sign);
                    self.weighed.push((state.challenger, OVERALL));
                }
            }
        }
    }

    fn sum_pairs(&mut self, touched: &Touched, sign: i64) {
        for key in &touched.pairs {
            let Some(pair) = self.pairs.get(key) else { continue };
            let overall = pair.outcomes(OVERALL);
            if overall.is_none() {
                continue;
            }
            self.people.entry(key.0).or_default().outcomes.add(overall.of_a_pair(), sign);
            self.weighed.push((key.0, OVERALL));
            for tag in &touched.tags {
                let sum = pair.outcomes(*tag);
                if !sum.is_none() {
                    self.weighed.push((key.0, *tag));
                    self.topics.entry((key.0, *tag)).or_default().outcomes.add(sum.of_a_pair(), sign);
                }
            }
        }
    }

    /// Adds what one post gives now, `sign` times; what an answer gives through its pair goes into the pair.
    fn claim_post(&mut self, post: PostId, sign: i64) {
        let Book { posts, people, pairs, claims, counts, months, .. } = self;
        let Some(state) = posts.get(&post) else { return };
        let question = state.thread.question();
        for editor in state.editors.iter().filter(|_| state.stands()) {
            counts.push((*editor, Measure::GoodEdits, OVERALL, post, sign));
        }
        if let Some(closer) = state.closer.filter(|closer| state.stands() && state.author != Some(*closer)) {
            counts.push((closer, Measure::DuplicatesFound, OVERALL, post, sign));
        }
        let Some(author) = state.author.filter(|_| state.stands()) else { return };
        let mut give = |cause: Cause, times: i64| {
            if times != 0 {
                claims.push((author, post, cause, sign * times * cause.points()));
            }
        };
        if post == question {
            if state.findings.is_empty() {
                give(Cause::QuestionUpVote, state.up_votes());
                give(Cause::QuestionDownVote, state.down_votes());
            }
            counts.push((author, Measure::Questions, OVERALL, post, sign));
            let answer = state.accepted.filter(|_| state.accepting).and_then(|id| posts.get(&id));
            let credited = answer.is_some_and(|answer| {
                answer.stands() && answer.findings.is_empty() && acceptance(people, answer).is_some()
            });
            if credited {
                give(Cause::Accepting, 1);
                if state.score() >= 1 {
                    counts.push((author, Measure::SolvedQuestions, OVERALL, post, sign));
                }
            }
            return;
        }
        counts.push((author, Measure::Answers, OVERALL, post, sign));
        if !state.findings.is_empty() {
            return;
        }
        give(Cause::AnswerUpVote, state.up_votes());
        give(Cause::AnswerDownVote, state.down_votes());
        if state.score() >= 1 {
            counts.push((author, Measure::UpVotedAnswers, OVERALL, post, sign));
        }
        let solved =
            state.fresh.solved + state.fresh.solved_new + state.stale.solved + state.stale.solved_new;
        if solved > 0 {
            counts.push((author, Measure::ReadersHelped, OVERALL, post, sign * solved));
        }
        let accepted = acceptance(people, state);
        let evidence = Evidence::weigh(&state.fresh, &state.stale, accepted, state.superseded > 0);
        // What was right once says nothing of what its author knows now, neither for nor against.
        let outcome = if state.outdated() { Outcomes::default() } else { evidence.outcome(state.difficulty) };
        let correct = evidence.correct() && !state.outdated();
        let asked = posts.get(&question);
        let asker = asked.and_then(|asked| asked.author).unwrap_or(UserId(0));
        let independent = state.fresh.independent() || state.stale.independent();
        if accepted.is_some() {
            counts.push((author, Measure::Solutions, OVERALL, post, sign));
            if state.score() >= PROVEN_SCORE {
                counts.push((author, Measure::ProvenSolutions, OVERALL, post, sign));
            }
        }
        if correct {
            counts.push((author, Measure::CorrectAnswers, OVERALL, post, sign));
        }
        if correct || accepted.is_some() {
            let (solutions, right) = (i64::from(accepted.is_some()), i64::from(correct));
            months.push((author, state.at.month(), sign * solutions, sign * right));
        }
        for tag in asked.map(|asked| asked.tags.as_slice()).unwrap_or_default() {
            if accepted.is_some() {
                counts.push((author, Measure::Solutions, *tag, post, sign));
            }
            if correct {
                counts.push((author, Measure::CorrectAnswers, *tag, post, sign));
            }
        }
        if outcome.is_none() && accepted.is_none() {
            return;
        }
        let pair = pairs.entry((author, asker)).or_default();
        pair.add(OVERALL, outcome, sign);
        for tag in asked.map(|asked| asked.tags.as_slice()).unwrap_or_default() {
            pair.add(*tag, outcome, sign);
        }
        if let Some(accepted) = accepted {
            // The difference this one makes to what the pair has: the sum of all is the pair's.
            let before = acceptance_points(pair.full, pair.new);
            if accepted.new && !independent {
                pair.new += sign;
            } else {
                pair.full += sign;
            }
            let after = acceptance_points(pair.full, pair.new);
            claims.push((author, post, Cause::Acceptance, after - before));
        }
    }

    fn write_entries(&mut self, event: &Event) {
        if self.claims.is_empty() {
            return;
        }
        let removal = match event.fact {
            Fact::PostDeleted { post, .. } | Fact::PostHidden { post, .. } => {
                Some((Some(post), Reason::PostRemoved))
            }
            Fact::PostUndeleted { post, .. } | Fact::PostRestored { post, .. } => {
                Some((Some(post), Reason::PostRestored))
            }
            Fact::CreditHeld { .. } => Some((None, Reason::CreditHeld)),
            Fact::CreditReleased { .. } => Some((None, Reason::CreditReleased)),
            _ => None,
        };
        let challenged = matches!(event.fact, Fact::ChallengeDecided { .. });
        let accepting = matches!(event.fact, Fact::AnswerAccepted { .. } | Fact::AnswerUnaccepted { .. });
        self.claims.sort_unstable();
        let from = self.entries.len();
        for same in self.claims.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let Some(&(user, post, cause, _)) = same.first() else { continue };
            let points: i64 = same.iter().map(|claim| claim.3).sum();
            if points == 0 {
                continue;
            }
            let (came, went) = cause.reasons();
            let reason =
                match removal {
                    Some((removed, reason)) if removed.is_none_or(|removed| removed == post) => reason,
                    _ if challenged && matches!(cause, Cause::Acceptance | Cause::Accepting) => {
                        if points < 0 { Reason::SolutionSuperseded } else { Reason::SolutionReinstated }
                    }
                    _ if cause == Cause::Acceptance && !accepting => Reason::AcceptanceWeighed,
                    _ if points.signum() == cause.points().signum() => came,
                    _ => went,
                };
            // One line per reason: what a removed post had from several causes goes together.
            let fresh = self.entries.get_mut(from..).unwrap_or_default();
            match fresh.iter_mut().find(|entry| entry.user == user && entry.reason == reason) {
                Some(entry) => {
                    entry.points += points;
                    // A line about many posts names none.
                    if entry.post != Some(post) && removal.is_some_and(|(removed, _)| removed.is_none()) {
                        (entry.post, entry.thread) = (None, None);
                    }
                }
                None => self.entries.push(Entry {
                    user,
                    event: event.id,
                    at: event.at,
                    reason,
                    points,
                    thread: self.posts.get(&post).map(|state| state.thread).or(event.fact.thread()),
                    post: Some(post),
                }),
            }
        }
        self.claims.clear();
        let mut at = from;
        while let Some(entry) = self.entries.get(at) {
            if entry.points == 0 {
                self.entries.remove(at);
                continue;
            }
            self.people.entry(entry.user).or_default().points += entry.points;
            at += 1;
        }
    }

    fn write_changes(&mut self, event: &Event) {
        for (user, month, solutions, correct) in self.months.drain(..) {
            self.people.entry(user).or_default().count_month(month, solutions, correct);
        }
        self.counts.sort_unstable();
        let key = |count: &Count| (count.0, count.1, count.2);
        let counts = std::mem::take(&mut self.counts);
        for same in counts.chunk_by(|a, b| key(a) == key(b)) {
            let by: i64 = same.iter().map(|count| count.4).sum();
            let Some(&(user, measure, tag, _, _)) = same.first().filter(|_| by != 0) else { continue };
            // Of several posts, the one that moved the measure this way is the one to name.
            let post = same
                .chunk_by(|a, b| a.3 == b.3)
                .find(|of_post| of_post.iter().map(|count| count.4).sum::<i64>().signum() == by.signum())
                .and_then(|of_post| of_post.first())
                .map(|count| count.3);
            let before = self.value(user, measure, tag);
            self.moved(event, (user, measure, tag), before, before + by, post);
        }
        self.counts = counts;
        self.counts.clear();
        // Authority follows from the outcomes.
        let mut weighed = std::mem::take(&mut self.weighed);
        weighed.sort_unstable();
        weighed.dedup();
        let post = event.fact.post();
        for (user, tag) in weighed.drain(..) {
            let outcomes = match tag {
                OVERALL => self.people.get(&user).map(|person| person.outcomes),
                _ => self.topics.get(&(user, tag)).map(|topic| topic.outcomes),
            };
            let Some(outcomes) = outcomes else { continue };
            for (measure, after) in
                [(Measure::Authority, outcomes.authority().bound), (Measure::ResolvedAnswers, outcomes.count)]
            {
                let before = self.value(user, measure, tag);
                if before != after {
                    self.moved(event, (user, measure, tag), before, after, post);
                }
            }
        }
        self.weighed = weighed;
    }

    /// What a measure of somebody is, overall or in a topic.
    pub fn value(&self, user: UserId, measure: Measure, tag: TagId) -> i64 {
        if tag == OVERALL {
            return self.people.get(&user).map_or(0, |person| person.value(measure));
        }
        let Some(topic) = self.topics.get(&(user, tag)) else { return 0 };
        topic.value(measure)
    }

    fn moved(
        &mut self,
        event: &Event,
        (user, measure, tag): (UserId, Measure, TagId),
        before: i64,
        after: i64,
        post: Option<PostId>,
    ) {
        if tag == OVERALL {
            self.people.entry(user).or_default().set(measure, after);
        } else {
            self.topics.entry((user, tag)).or_default().set(measure, after);
        }
        self.changes.push(Change { user, measure, tag, before, after, event: event.id, at: event.at, post });
    }
}
