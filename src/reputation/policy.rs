//! reputation room: what gives points and what is counted, as a pure fold over the ledger.
//!
//! The fold keeps what is true of each post now (votes from others, acceptance, removal) and what
//! that gives to whom: its *claims*. An event changes the truth; its entries are the difference
//! between the claims after it and before it. So every total is always what the surviving facts
//! alone give, in whatever order they came, and an inverse takes back exactly what is left to take.
use crate::badges::PROVEN_SCORE;
use crate::badges::{Change, Measure};
use crate::kernel::ids::{EventId, FlagId, PostId, ThreadId, UserId};
use crate::kernel::moment::Moment;
use crate::ledger::{Event, Fact};
use std::collections::HashMap;

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
}

impl Reason {
    pub const ALL: [Reason; 16] = [
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostState {
    pub thread: ThreadId,
    pub author: Option<UserId>,
    /// Votes from others than the author.
    pub up_votes: i64,
    pub down_votes: i64,
    pub deleted: bool,
    pub hidden: bool,
    /// Of an answer: accepted, and neither on its author's own question nor by its author.
    pub credited: bool,
    /// Of a question: the accepted answer.
    pub accepted: Option<PostId>,
    /// Of a question: its asker has the credit for accepting that answer.
    pub accepting: bool,
}

impl PostState {
    fn new(thread: ThreadId, author: Option<UserId>) -> PostState {
        PostState {
            thread,
            author,
            up_votes: 0,
            down_votes: 0,
            deleted: false,
            hidden: false,
            credited: false,
            accepted: None,
            accepting: false,
        }
    }

    fn stands(&self) -> bool {
        !self.deleted && !self.hidden
    }

    fn score(&self) -> i64 {
        self.up_votes.saturating_sub(self.down_votes)
    }
}

/// What was last decided about a flag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlagState {
    pub flagger: UserId,
    /// Agreed with, by somebody else than the flagger, about somebody else's post.
    pub credited: bool,
}

/// One person's sums.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Person {
    pub points: i64,
    values: [i64; Measure::COUNT],
}

impl Person {
    pub fn with_points(points: i64) -> Person {
        Person { points, ..Person::default() }
    }
    pub fn value(&self, measure: Measure) -> i64 {
        self.values.get(measure as usize).copied().unwrap_or(0)
    }
    pub fn set(&mut self, measure: Measure, value: i64) {
        if let Some(place) = self.values.get_mut(measure as usize) {
            *place = value;
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

/// What the events read so far make true, as far as it has been loaded, and what they gave.
#[derive(Debug, Default)]
pub struct Book {
    pub posts: HashMap<PostId, PostState>,
    pub flags: HashMap<FlagId, FlagState>,
    pub people: HashMap<UserId, Person>,
    /// Lines written since they were last taken out.
    pub entries: Vec<Entry>,
    /// Measures moved since they were last taken out.
    pub changes: Vec<Change>,
    claims: Vec<Claim>,
    counts: Vec<Count>,
}

/// Points somebody has from a post: minus before the event, plus after it.
type Claim = (UserId, PostId, Cause, i64);
/// The same for a measure.
type Count = (UserId, Measure, PostId, i64);

/// Does this fact move anything here? Its posts are then [`posts_of`], beside the accepted answer.
pub fn concerns(fact: &Fact) -> bool {
    matches!(
        fact,
        Fact::ThreadAsked { .. }
            | Fact::AnswerPosted { .. }
            | Fact::PostDeleted { .. }
            | Fact::PostUndeleted { .. }
            | Fact::PostHidden { .. }
            | Fact::PostRestored { .. }
            | Fact::VoteCast { .. }
            | Fact::AnswerAccepted { .. }
            | Fact::AnswerUnaccepted { .. }
            | Fact::FlagDecided { .. }
    )
}

/// The post and the question that `fact` is about.
pub fn posts_of(fact: &Fact) -> Option<(PostId, PostId)> {
    Some((fact.post()?, fact.thread()?.question()))
}

impl Book {
    /// Folds one event in. What it needs must have been loaded: see [`posts_of`].
    pub fn apply(&mut self, event: &Event) {
        if !concerns(&event.fact) {
            return;
        }
        let Some((post, question)) = posts_of(&event.fact) else { return };
        let flag = match event.fact {
            Fact::FlagDecided { flag, .. } => Some(flag),
            _ => None,
        };
        let accepted = self.posts.get(&question).and_then(|state| state.accepted);
        let touched = [
            Some(post),
            (question != post).then_some(question),
            accepted.filter(|id| *id != post && *id != question),
        ];
        self.claim(touched, flag, post, -1);
        self.change(event, post, question);
        self.claim(touched, flag, post, 1);
        self.write_entries(event);
        self.write_changes(event);
    }

    /// The only place where an event changes what is true.
    fn change(&mut self, event: &Event, post: PostId, question: PostId) {
        match event.fact {
            Fact::ThreadAsked { thread, author } | Fact::AnswerPosted { thread, author, .. } => {
                self.posts.entry(post).or_insert_with(|| PostState::new(thread, author));
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
                let state = self.posts.entry(post).or_insert_with(|| PostState::new(thread, author));
                // Imported votes have no voter and count like any other.
                if event.actor.is_none() || event.actor != state.author {
                    state.up_votes += i64::from(value > 0) - i64::from(before > 0);
                    state.down_votes += i64::from(value < 0) - i64::from(before < 0);
                }
            }
            Fact::AnswerAccepted { thread, author, asker, .. } => {
                let state = self.posts.entry(post).or_insert_with(|| PostState::new(thread, author));
                let author = state.author;
                let asked = self.posts.entry(question).or_insert_with(|| PostState::new(thread, asker));
                let asker = asked.author;
                if asked.accepted == Some(post) {
                    return;
                }
                let own = author.is_some() && (author == asker || author == event.actor);
                let former = asked.accepted.replace(post);
                asked.accepting = !own && (event.actor.is_none() || event.actor == asker);
                self.with(post, |state| state.credited = !own);
                if let Some(former) = former {
                    self.with(former, |state| state.credited = false);
                }
            }
            Fact::AnswerUnaccepted { .. } => {
                let Some(asked) = self.posts.get_mut(&question) else { return };
                if asked.accepted == Some(post) {
                    asked.accepted = None;
                    asked.accepting = false;
                    self.with(post, |state| state.credited = false);
                }
            }
            Fact::FlagDecided { flag, flagger, agreed, .. } => {
                let own = event.actor == Some(flagger)
                    || self.posts.get(&post).is_some_and(|state| state.author == Some(flagger));
                self.flags.insert(flag, FlagState { flagger, credited: agreed && !own });
            }
            _ => {}
        }
    }

    fn with(&mut self, post: PostId, change: impl FnOnce(&mut PostState)) {
        // A removal of what is not kept is a comment's.
        if let Some(state) = self.posts.get_mut(&post) {
            change(state);
        }
    }

    /// Adds what `touched` gives now, `sign` times.
    fn claim(&mut self, touched: [Option<PostId>; 3], flag: Option<FlagId>, about: PostId, sign: i64) {
        let Book { posts, flags, claims, counts, .. } = self;
        for post in touched.into_iter().flatten() {
            let Some(state) = posts.get(&post) else { continue };
            let Some(author) = state.author.filter(|_| state.stands()) else { continue };
            let mut give = |cause: Cause, times: i64| {
                if times != 0 {
                    claims.push((author, post, cause, sign * times * cause.points()));
                }
            };
            let mut count = |measure: Measure| counts.push((author, measure, post, sign));
            if post == state.thread.question() {
                give(Cause::QuestionUpVote, state.up_votes);
                give(Cause::QuestionDownVote, state.down_votes);
                count(Measure::Questions);
                let answer = state.accepted.filter(|_| state.accepting).and_then(|id| posts.get(&id));
                if answer.is_some_and(PostState::stands) {
                    give(Cause::Accepting, 1);
                    if state.score() >= 1 {
                        count(Measure::SolvedQuestions);
                    }
                }
            } else {
                give(Cause::AnswerUpVote, state.up_votes);
                give(Cause::AnswerDownVote, state.down_votes);
                count(Measure::Answers);
                if state.score() >= 1 {
                    count(Measure::UpVotedAnswers);
                }
                if state.credited {
                    give(Cause::Acceptance, 1);
                    count(Measure::Solutions);
                    if state.score() >= PROVEN_SCORE {
                        count(Measure::ProvenSolutions);
                    }
                }
            }
        }
        if let Some(state) = flag.and_then(|flag| flags.get(&flag)).filter(|state| state.credited) {
            claims.push((state.flagger, about, Cause::Flag, sign * FLAG_AGREED));
            counts.push((state.flagger, Measure::AgreedFlags, about, sign));
        }
    }

    fn write_entries(&mut self, event: &Event) {
        if self.claims.is_empty() {
            return;
        }
        let removal = match event.fact {
            Fact::PostDeleted { post, .. } | Fact::PostHidden { post, .. } => {
                Some((post, Reason::PostRemoved))
            }
            Fact::PostUndeleted { post, .. } | Fact::PostRestored { post, .. } => {
                Some((post, Reason::PostRestored))
            }
            _ => None,
        };
        self.claims.sort_unstable();
        let from = self.entries.len();
        for same in self.claims.chunk_by(|a, b| (a.0, a.1, a.2) == (b.0, b.1, b.2)) {
            let Some(&(user, post, cause, _)) = same.first() else { continue };
            let points: i64 = same.iter().map(|claim| claim.3).sum();
            if points == 0 {
                continue;
            }
            let (came, went) = cause.reasons();
            let reason = match removal {
                Some((removed, reason)) if removed == post => reason,
                _ if points.signum() == cause.points().signum() => came,
                _ => went,
            };
            // One line per reason: what a removed post had from several causes goes together.
            let fresh = self.entries.get_mut(from..).unwrap_or_default();
            match fresh.iter_mut().find(|entry| entry.user == user && entry.reason == reason) {
                Some(entry) => entry.points += points,
                None => self.entries.push(Entry {
                    user,
                    event: event.id,
                    at: event.at,
                    reason,
                    points,
                    thread: event.fact.thread(),
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
        self.counts.sort_unstable();
        for same in self.counts.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)) {
            let by: i64 = same.iter().map(|count| count.3).sum();
            let Some(&(user, measure, _, _)) = same.first().filter(|_| by != 0) else { continue };
            // Of several posts, the one that moved the measure this way is the one to name.
            let post = same
                .chunk_by(|a, b| a.2 == b.2)
                .find(|of_post| of_post.iter().map(|count| count.3).sum::<i64>().signum() == by.signum())
                .and_then(|of_post| of_post.first())
                .map(|count| count.2);
            let person = self.people.entry(user).or_default();
            let before = person.value(measure);
            let after = before + by;
            person.set(measure, after);
            let (event, at) = (event.id, event.at);
            self.changes.push(Change { user, measure, before, after, event, at, post });
        }
        self.counts.clear();
    }
}
