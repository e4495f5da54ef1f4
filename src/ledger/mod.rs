//! ledger room: what happened, in commit order, never changed afterwards.
//!
//! Facts carry ids and numbers, never names, addresses or texts, so that erasing a person needs no
//! rewriting of history. Every fact that gives something has an inverse among the others.
pub mod follow;

use crate::db::schema::events;
use crate::db::{Conn, DbError, DbResult};
use crate::kernel::ids::{
    AppealId, CaseId, ChallengeId, EventId, FindingId, FlagId, PostId, SearchId, TagId, ThreadId, UserId,
};
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};

/// The closed set of things that happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fact {
    UserJoined {
        user: UserId,
    },
    UserRoleChanged {
        user: UserId,
        role: crate::accounts::Role,
    },
    UserProfileChanged {
        user: UserId,
    },
    UserSuspended {
        user: UserId,
        until: Moment,
    },
    UserUnsuspended {
        user: UserId,
    },
    UserErased {
        user: UserId,
    },
    ThreadAsked {
        thread: ThreadId,
        author: Option<UserId>,
    },
    AnswerPosted {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        official: bool,
    },
    CommentPosted {
        thread: ThreadId,
        post: PostId,
        parent: PostId,
        author: Option<UserId>,
    },
    /// `material`: it says something else now, so what was said of it before was said of another text.
    PostEdited {
        thread: ThreadId,
        post: PostId,
        revision: i32,
        #[serde(default)]
        author: Option<UserId>,
        #[serde(default)]
        material: bool,
    },
    /// `author` is whose post it was, so that a fold needs no other source.
    PostDeleted {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
    },
    PostUndeleted {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
    },
    PostHidden {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
    },
    PostRestored {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
    },
    /// `value` is 1, -1 or 0 (taken back); `before` is what this voter's vote was.
    VoteCast {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        question: bool,
        value: i16,
        before: i16,
    },
    AnswerAccepted {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        asker: Option<UserId>,
    },
    AnswerUnaccepted {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        asker: Option<UserId>,
    },
    /// A reader says that an answer solved it for them (`value`), or that it did not.
    AnswerConfirmed {
        thread: ThreadId,
        post: PostId,
        user: UserId,
        author: Option<UserId>,
        value: bool,
    },
    /// What they said is taken back; `value` is what it was.
    ConfirmationWithdrawn {
        thread: ThreadId,
        post: PostId,
        user: UserId,
        author: Option<UserId>,
        value: bool,
    },
    /// Staff, or a member with proven standing in the topic, judged an answer. One verdict per person and answer.
    VerdictGiven {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        verdict: Verdict,
        staff: bool,
    },
    VerdictWithdrawn {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
    },
    AnswerChallenged {
        thread: ThreadId,
        post: PostId,
        challenge: ChallengeId,
    },
    ChallengeWithdrawn {
        thread: ThreadId,
        post: PostId,
        challenge: ChallengeId,
    },
    /// What was decided about a challenge; a later decision takes the place of an earlier one.
    ChallengeDecided {
        thread: ThreadId,
        post: PostId,
        author: Option<UserId>,
        challenge: ChallengeId,
        challenger: UserId,
        upheld: bool,
    },
    /// Which tags a thread has, from now on.
    ThreadTagged {
        thread: ThreadId,
        tags: Vec<TagId>,
    },
    /// What these members said of each other's posts (of anybody's, where it is one member), and whatever was said of
    /// these posts, counts no more: a ring, a series of votes, copies. One event takes it all back, and one gives it
    /// all back.
    CreditHeld {
        finding: FindingId,
        members: Vec<UserId>,
        posts: Vec<PostId>,
    },
    CreditReleased {
        finding: FindingId,
        members: Vec<UserId>,
        posts: Vec<PostId>,
    },
    /// Badges are given by another version of the rules from now on.
    BadgeRulesActivated {
        version: i64,
    },
    /// Moderators gave a badge back (`tag`: the topic, or 0): it is held whatever the measures say.
    BadgeReinstated {
        user: UserId,
        badge: String,
        tag: TagId,
    },
    BadgeReinstatementWithdrawn {
        user: UserId,
        badge: String,
        tag: TagId,
    },
    /// Somebody asks moderators to look again at what was taken from them, or decided against them.
    AppealMade {
        appeal: AppealId,
    },
    AppealWithdrawn {
        appeal: AppealId,
    },
    /// What was decided about an appeal of `user`; a later decision takes the place of an earlier one.
    AppealDecided {
        appeal: AppealId,
        user: UserId,
        upheld: bool,
    },
    MeTooAdded {
        thread: ThreadId,
    },
    MeTooRemoved {
        thread: ThreadId,
    },
    PostFlagged {
        thread: ThreadId,
        post: PostId,
        flag: FlagId,
    },
    FlagDecided {
        thread: ThreadId,
        post: PostId,
        flag: FlagId,
        flagger: UserId,
        agreed: bool,
    },
    ThreadLocked {
        thread: ThreadId,
    },
    ThreadUnlocked {
        thread: ThreadId,
    },
    ThreadClosedAsDuplicate {
        thread: ThreadId,
        of: ThreadId,
    },
    ThreadReopened {
        thread: ThreadId,
        of: ThreadId,
    },
    TagDescribed {
        tag: TagId,
    },
    CaseOpened {
        thread: ThreadId,
        case: CaseId,
    },
    CaseTaken {
        thread: ThreadId,
        case: CaseId,
        assignee: UserId,
    },
    CaseReleased {
        thread: ThreadId,
        case: CaseId,
    },
    CaseAnswered {
        thread: ThreadId,
        case: CaseId,
        post: PostId,
    },
    CaseClosed {
        thread: ThreadId,
        case: CaseId,
    },
    /// The brand's list of synonyms is another; `list` is its row.
    SynonymsChanged {
        list: i64,
    },
    /// Somebody wants to hear of a search: a member, or an address that has just been confirmed.
    SearchSaved {
        search: SearchId,
    },
    SearchForgotten {
        search: SearchId,
    },
}

/// What was judged of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was tried and it is right.
    Verified,
    /// It is wrong.
    Refuted,
    /// It was right for an earlier version or time.
    Outdated,
}

impl Verdict {
    pub const ALL: [Verdict; 3] = [Verdict::Verified, Verdict::Refuted, Verdict::Outdated];

    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Verified => "verified",
            Verdict::Refuted => "refuted",
            Verdict::Outdated => "outdated",
        }
    }

    pub fn parse(text: &str) -> Option<Verdict> {
        Verdict::ALL.into_iter().find(|verdict| verdict.as_str() == text)
    }
}

impl Fact {
    /// The thread this is about, if any.
    pub fn thread(&self) -> Option<ThreadId> {
        use Fact::*;
        match *self {
            UserJoined { .. }
            | UserRoleChanged { .. }
            | UserProfileChanged { .. }
            | UserSuspended { .. }
            | UserUnsuspended { .. }
            | UserErased { .. }
            | TagDescribed { .. }
            | SynonymsChanged { .. }
            | SearchSaved { .. }
            | SearchForgotten { .. }
            | CreditHeld { .. }
            | CreditReleased { .. }
            | BadgeReinstated { .. }
            | BadgeReinstatementWithdrawn { .. }
            | AppealMade { .. }
            | AppealWithdrawn { .. }
            | AppealDecided { .. }
            | BadgeRulesActivated { .. } => None,
            ThreadAsked { thread, .. }
            | AnswerPosted { thread, .. }
            | CommentPosted { thread, .. }
            | PostEdited { thread, .. }
            | PostDeleted { thread, .. }
            | PostUndeleted { thread, .. }
            | PostHidden { thread, .. }
            | PostRestored { thread, .. }
            | VoteCast { thread, .. }
            | AnswerAccepted { thread, .. }
            | AnswerUnaccepted { thread, .. }
            | AnswerConfirmed { thread, .. }
            | ConfirmationWithdrawn { thread, .. }
            | VerdictGiven { thread, .. }
            | VerdictWithdrawn { thread, .. }
            | AnswerChallenged { thread, .. }
            | ChallengeWithdrawn { thread, .. }
            | ChallengeDecided { thread, .. }
            | ThreadTagged { thread, .. }
            | MeTooAdded { thread }
            | MeTooRemoved { thread }
            | PostFlagged { thread, .. }
            | FlagDecided { thread, .. }
            | ThreadLocked { thread }
            | ThreadUnlocked { thread }
            | ThreadClosedAsDuplicate { thread, .. }
            | ThreadReopened { thread, .. }
            | CaseOpened { thread, .. }
            | CaseTaken { thread, .. }
            | CaseReleased { thread, .. }
            | CaseAnswered { thread, .. }
            | CaseClosed { thread, .. } => Some(thread),
        }
    }

    /// The post this is about, if any.
    pub fn post(&self) -> Option<PostId> {
        use Fact::*;
        match *self {
            ThreadAsked { thread, .. } => Some(thread.question()),
            AnswerPosted { post, .. }
            | CommentPosted { post, .. }
            | PostEdited { post, .. }
            | PostDeleted { post, .. }
            | PostUndeleted { post, .. }
            | PostHidden { post, .. }
            | PostRestored { post, .. }
            | VoteCast { post, .. }
            | AnswerAccepted { post, .. }
            | AnswerUnaccepted { post, .. }
            | AnswerConfirmed { post, .. }
            | ConfirmationWithdrawn { post, .. }
            | VerdictGiven { post, .. }
            | VerdictWithdrawn { post, .. }
            | AnswerChallenged { post, .. }
            | ChallengeWithdrawn { post, .. }
            | ChallengeDecided { post, .. }
            | PostFlagged { post, .. }
            | FlagDecided { post, .. }
            | CaseAnswered { post, .. } => Some(post),
            _ => None,
        }
    }

    /// Whom it concerns beside the actor: whose post, or whose account.
    pub fn user(&self) -> Option<UserId> {
        use Fact::*;
        match *self {
            UserJoined { user }
            | UserRoleChanged { user, .. }
            | UserProfileChanged { user }
            | UserSuspended { user, .. }
            | UserUnsuspended { user }
            | UserErased { user }
            | BadgeReinstated { user, .. }
            | BadgeReinstatementWithdrawn { user, .. }
            | AppealDecided { user, .. } => Some(user),
            ThreadAsked { author, .. }
            | AnswerPosted { author, .. }
            | CommentPosted { author, .. }
            | PostEdited { author, .. }
            | PostDeleted { author, .. }
            | PostUndeleted { author, .. }
            | PostHidden { author, .. }
            | PostRestored { author, .. }
            | VoteCast { author, .. }
            | AnswerAccepted { author, .. }
            | AnswerUnaccepted { author, .. }
            | AnswerConfirmed { author, .. }
            | ConfirmationWithdrawn { author, .. }
            | VerdictGiven { author, .. }
            | VerdictWithdrawn { author, .. }
            | ChallengeDecided { author, .. } => author,
            FlagDecided { flagger, .. } => Some(flagger),
            CaseTaken { assignee, .. } => Some(assignee),
            _ => None,
        }
    }

    /// Whether a page that others see may be another after it: what somebody saved is theirs alone, and an appeal is
    /// between them and moderators (what it gives back is another fact).
    pub fn is_shown(&self) -> bool {
        !matches!(
            self,
            Fact::SearchSaved { .. }
                | Fact::SearchForgotten { .. }
                | Fact::AppealMade { .. }
                | Fact::AppealWithdrawn { .. }
                | Fact::AppealDecided { .. }
        )
    }

    /// The standard term of this kind, as stored and shown in statements.
    pub fn kind(&self) -> &'static str {
        use Fact::*;
        match self {
            UserJoined { .. } => "user_joined",
            UserRoleChanged { .. } => "user_role_changed",
            UserProfileChanged { .. } => "user_profile_changed",
            UserSuspended { .. } => "user_suspended",
            UserUnsuspended { .. } => "user_unsuspended",
            UserErased { .. } => "user_erased",
            ThreadAsked { .. } => "thread_asked",
            AnswerPosted { .. } => "answer_posted",
            CommentPosted { .. } => "comment_posted",
            PostEdited { .. } => "post_edited",
            PostDeleted { .. } => "post_deleted",
            PostUndeleted { .. } => "post_undeleted",
            PostHidden { .. } => "post_hidden",
            PostRestored { .. } => "post_restored",
            VoteCast { .. } => "vote_cast",
            AnswerAccepted { .. } => "answer_accepted",
            AnswerUnaccepted { .. } => "answer_unaccepted",
            AnswerConfirmed { .. } => "answer_confirmed",
            ConfirmationWithdrawn { .. } => "confirmation_withdrawn",
            VerdictGiven { .. } => "verdict_given",
            VerdictWithdrawn { .. } => "verdict_withdrawn",
            AnswerChallenged { .. } => "answer_challenged",
            ChallengeWithdrawn { .. } => "challenge_withdrawn",
            ChallengeDecided { .. } => "challenge_decided",
            ThreadTagged { .. } => "thread_tagged",
            CreditHeld { .. } => "credit_held",
            CreditReleased { .. } => "credit_released",
            BadgeRulesActivated { .. } => "badge_rules_activated",
            BadgeReinstated { .. } => "badge_reinstated",
            BadgeReinstatementWithdrawn { .. } => "badge_reinstatement_withdrawn",
            AppealMade { .. } => "appeal_made",
            AppealWithdrawn { .. } => "appeal_withdrawn",
            AppealDecided { .. } => "appeal_decided",
            MeTooAdded { .. } => "me_too_added",
            MeTooRemoved { .. } => "me_too_removed",
            PostFlagged { .. } => "post_flagged",
            FlagDecided { .. } => "flag_decided",
            ThreadLocked { .. } => "thread_locked",
            ThreadUnlocked { .. } => "thread_unlocked",
            ThreadClosedAsDuplicate { .. } => "thread_closed_as_duplicate",
            ThreadReopened { .. } => "thread_reopened",
            TagDescribed { .. } => "tag_described",
            CaseOpened { .. } => "case_opened",
            CaseTaken { .. } => "case_taken",
            CaseReleased { .. } => "case_released",
            CaseAnswered { .. } => "case_answered",
            CaseClosed { .. } => "case_closed",
            SynonymsChanged { .. } => "synonyms_changed",
            SearchSaved { .. } => "search_saved",
            SearchForgotten { .. } => "search_forgotten",
        }
    }
}

/// One row of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    pub at: Moment,
    pub actor: Option<UserId>,
    /// Brought over from another community: it counts, but nobody is told about it now.
    pub imported: bool,
    pub fact: Fact,
}

/// Appends inside the caller's write transaction; see [`crate::db::Tx::append`].
pub(crate) fn append(
    conn: &mut Conn,
    at: Moment,
    actor: Option<UserId>,
    fact: Fact,
    imported: bool,
) -> DbResult<Event> {
    let data = serde_json::to_string(&fact).map_err(|e| DbError::Refused(e.to_string()))?;
    let id: EventId = diesel::insert_into(events::table)
        .values((
            events::at.eq(at),
            events::kind.eq(fact.kind()),
            events::actor_id.eq(actor),
            events::thread_id.eq(fact.thread()),
            events::post_id.eq(fact.post()),
            events::user_id.eq(fact.user()),
            events::data.eq(data),
            events::imported.eq(imported),
        ))
        .returning(events::id)
        .get_result(conn)?;
    Ok(Event { id, at, actor, imported, fact })
}

/// Appends many events of the past in order, for imports; ids follow the order of `facts`.
pub(crate) fn append_past(conn: &mut Conn, facts: Vec<(Moment, Option<UserId>, Fact)>) -> DbResult<()> {
    let mut rows = Vec::with_capacity(facts.len());
    for (at, actor, fact) in facts {
        let data = serde_json::to_string(&fact).map_err(|e| DbError::Refused(e.to_string()))?;
        rows.push((
            events::at.eq(at),
            events::kind.eq(fact.kind()),
            events::actor_id.eq(actor),
            events::thread_id.eq(fact.thread()),
            events::post_id.eq(fact.post()),
            events::user_id.eq(fact.user()),
            events::data.eq(data),
            events::imported.eq(true),
        ));
    }
    crate::db::insert_all!(conn, events::table, rows);
    Ok(())
}

/// What event `id` says, as stored.
pub fn fact(id: EventId, data: &str) -> DbResult<Fact> {
    serde_json::from_str(data)
        .map_err(|e| DbError::Refused(format!("event {id} of the ledger cannot be read: {e}")))
}

/// Up to `limit` events after `place`, oldest first.
pub fn after(conn: &mut Conn, place: EventId, limit: i64) -> DbResult<Vec<Event>> {
    let rows: Vec<(EventId, Moment, Option<UserId>, bool, String)> = events::table
        .filter(events::id.gt(place))
        .order(events::id)
        .limit(limit)
        .select((events::id, events::at, events::actor_id, events::imported, events::data))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, at, actor, imported, data)| {
            let fact = fact(id, &data)?;
            Ok(Event { id, at, actor, imported, fact })
        })
        .collect()
}

/// The newest event, or 0 in an empty house.
pub fn head(conn: &mut Conn) -> DbResult<EventId> {
    let newest: Option<EventId> =
        events::table.select(events::id).order(events::id.desc()).first(conn).optional()?;
    Ok(newest.unwrap_or(EventId(0)))
}
