//! notices room: who is told what, in the house and by mail.
//!
//! [`Notices`] follows the ledger; each event that concerns somebody becomes a row of `notices` and, if
//! the person wants it, a mail in the outbox, in the same transaction. Nobody is told twice of one event,
//! nor of their own acts, nor of what has been taken away since.
pub mod follow;
pub mod pages;
pub mod store;
pub mod views;

pub use follow::{
    BadgeNews, Notices, fan_out_step, notify_badges, notify_credit, notify_search, spawn_fan_out,
};
pub use store::{Notice, forget, mark_all_read, open, page, unread_count};

pub use crate::kernel::ids::NoticeId;
use crate::mail::List;

/// What somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// To the asker.
    Answer,
    OfficialAnswer,
    /// To those who follow the thread.
    FollowedAnswer,
    FollowedOfficialAnswer,
    FollowedSolved,
    Comment,
    Mention,
    Accepted,
    Unaccepted,
    /// A reader says that the answer solved it for them.
    Confirmed,
    Duplicate,
    Reopened,
    Locked,
    Unlocked,
    /// By a moderator.
    Edited,
    Hidden,
    Restored,
    Suspended,
    FlagAgreed,
    FlagDeclined,
    /// To the asker: somebody else changed what the solution says.
    SolutionChanged,
    /// To everyone who relied on an answer: it proved wrong.
    SolutionSuperseded,
    /// To the author of a challenged answer.
    AnswerSuperseded,
    AnswerStands,
    /// To the challenger.
    ChallengeUpheld,
    ChallengeRejected,
    /// The same four where moderators changed what they had decided.
    AnswerSupersededAnew,
    AnswerStandsAnew,
    ChallengeUpheldAnew,
    ChallengeRejectedAnew,
    /// To everyone who was told that an answer proved wrong: it stands after all.
    SolutionStands,
    /// To whom a finding holds: credit counts no more; and it counts again.
    CreditHeld,
    CreditReleased,
    /// To whoever appealed.
    AppealUpheld,
    AppealRejected,
    /// What an appeal had given is taken back.
    AppealUndone,
    /// To staff.
    CaseOpened,
    /// To the asker: staff will look at it.
    CasePassedOn,
    CaseTaken,
    CaseAnswered,
    CaseClosed,
    Badge,
    BadgeRevoked,
    /// A question that matches a saved search.
    SearchNew,
    /// A solution that matches one.
    SearchSolved,
}

impl Kind {
    pub const ALL: [Kind; 45] = [
        Kind::Answer,
        Kind::OfficialAnswer,
        Kind::FollowedAnswer,
        Kind::FollowedOfficialAnswer,
        Kind::FollowedSolved,
        Kind::Comment,
        Kind::Mention,
        Kind::Accepted,
        Kind::Unaccepted,
        Kind::Confirmed,
        Kind::Duplicate,
        Kind::Reopened,
        Kind::Locked,
        Kind::Unlocked,
        Kind::Edited,
        Kind::Hidden,
        Kind::Restored,
        Kind::Suspended,
        Kind::FlagAgreed,
        Kind::FlagDeclined,
        Kind::SolutionChanged,
        Kind::SolutionSuperseded,
        Kind::AnswerSuperseded,
        Kind::AnswerStands,
        Kind::ChallengeUpheld,
        Kind::ChallengeRejected,
        Kind::AnswerSupersededAnew,
        Kind::AnswerStandsAnew,
        Kind::ChallengeUpheldAnew,
        Kind::ChallengeRejectedAnew,
        Kind::SolutionStands,
        Kind::CreditHeld,
        Kind::CreditReleased,
        Kind::AppealUpheld,
        Kind::AppealRejected,
        Kind::AppealUndone,
        Kind::CaseOpened,
        Kind::CasePassedOn,
        Kind::CaseTaken,
        Kind::CaseAnswered,
        Kind::CaseClosed,
        Kind::Badge,
        Kind::BadgeRevoked,
        Kind::SearchNew,
        Kind::SearchSolved,
    ];

    /// As stored, and the end of its Fluent keys `notice-…`, `notice-…-gone`, `mail-…-subject`.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Answer => "answer",
            Kind::OfficialAnswer => "official-answer",
            Kind::FollowedAnswer => "followed-answer",
            Kind::FollowedOfficialAnswer => "followed-official-answer",
            Kind::FollowedSolved => "followed-solved",
            Kind::Comment => "comment",
            Kind::Mention => "mention",
            Kind::Accepted => "accepted",
            Kind::Unaccepted => "unaccepted",
            Kind::Confirmed => "confirmed",
            Kind::Duplicate => "duplicate",
            Kind::Reopened => "reopened",
            Kind::Locked => "locked",
            Kind::Unlocked => "unlocked",
            Kind::Edited => "edited",
            Kind::Hidden => "hidden",
            Kind::Restored => "restored",
            Kind::Suspended => "suspended",
            Kind::FlagAgreed => "flag-agreed",
            Kind::FlagDeclined => "flag-declined",
            Kind::SolutionChanged => "solution-changed",
            Kind::SolutionSuperseded => "solution-superseded",
            Kind::AnswerSuperseded => "answer-superseded",
            Kind::AnswerStands => "answer-stands",
            Kind::ChallengeUpheld => "challenge-upheld",
            Kind::ChallengeRejected => "challenge-rejected",
            Kind::AnswerSupersededAnew => "answer-superseded-anew",
            Kind::AnswerStandsAnew => "answer-stands-anew",
            Kind::ChallengeUpheldAnew => "challenge-upheld-anew",
            Kind::ChallengeRejectedAnew => "challenge-rejected-anew",
            Kind::SolutionStands => "solution-stands",
            Kind::CreditHeld => "credit-held",
            Kind::CreditReleased => "credit-released",
            Kind::AppealUpheld => "appeal-upheld",
            Kind::AppealRejected => "appeal-rejected",
            Kind::AppealUndone => "appeal-undone",
            Kind::CaseOpened => "case-opened",
            Kind::CasePassedOn => "case-passed-on",
            Kind::CaseTaken => "case-taken",
            Kind::CaseAnswered => "case-answered",
            Kind::CaseClosed => "case-closed",
            Kind::Badge => "badge",
            Kind::BadgeRevoked => "badge-revoked",
            Kind::SearchNew => "search-new",
            Kind::SearchSolved => "search-solved",
        }
    }

    pub fn parse(text: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// The mail list it belongs to; `None`: told in the house alone.
    pub fn list(self) -> Option<List> {
        match self {
            Kind::Answer | Kind::OfficialAnswer | Kind::FollowedAnswer | Kind::FollowedOfficialAnswer => {
                Some(List::Answers)
            }
            Kind::Comment => Some(List::Comments),
            Kind::Mention => Some(List::Mentions),
            Kind::Accepted
            | Kind::Confirmed
            | Kind::FollowedSolved
            | Kind::SolutionChanged
            | Kind::SolutionSuperseded
            | Kind::SolutionStands => Some(List::Accepted),
            Kind::Unaccepted => None,
            Kind::Duplicate
            | Kind::Reopened
            | Kind::Locked
            | Kind::Unlocked
            | Kind::Edited
            | Kind::Hidden
            | Kind::Restored
            | Kind::Suspended
            | Kind::FlagAgreed
            | Kind::FlagDeclined
            | Kind::AnswerSuperseded
            | Kind::AnswerStands
            | Kind::ChallengeUpheld
            | Kind::ChallengeRejected
            | Kind::AnswerSupersededAnew
            | Kind::AnswerStandsAnew
            | Kind::ChallengeUpheldAnew
            | Kind::ChallengeRejectedAnew
            | Kind::CreditHeld
            | Kind::CreditReleased
            | Kind::AppealUpheld
            | Kind::AppealRejected
            | Kind::AppealUndone => Some(List::Moderation),
            Kind::CaseOpened
            | Kind::CasePassedOn
            | Kind::CaseTaken
            | Kind::CaseAnswered
            | Kind::CaseClosed => Some(List::Cases),
            Kind::Badge | Kind::BadgeRevoked => Some(List::Badges),
            Kind::SearchNew | Kind::SearchSolved => Some(List::Searches),
        }
    }

    /// The sign beside it: answer, official, comment, mention, acceptance, moderation, flag, case or badge.
    pub fn sign(self) -> &'static str {
        match self {
            Kind::Answer | Kind::FollowedAnswer => "answer",
            Kind::OfficialAnswer | Kind::FollowedOfficialAnswer => "official",
            Kind::Comment => "comment",
            Kind::Mention => "mention",
            Kind::Accepted
            | Kind::Unaccepted
            | Kind::Confirmed
            | Kind::FollowedSolved
            | Kind::SolutionChanged
            | Kind::SolutionSuperseded
            | Kind::SolutionStands => "acceptance",
            Kind::Duplicate
            | Kind::Reopened
            | Kind::Locked
            | Kind::Unlocked
            | Kind::Edited
            | Kind::Hidden
            | Kind::Restored
            | Kind::Suspended
            | Kind::AnswerSuperseded
            | Kind::AnswerStands
            | Kind::ChallengeUpheld
            | Kind::ChallengeRejected
            | Kind::AnswerSupersededAnew
            | Kind::AnswerStandsAnew
            | Kind::ChallengeUpheldAnew
            | Kind::ChallengeRejectedAnew
            | Kind::CreditHeld
            | Kind::CreditReleased
            | Kind::AppealUpheld
            | Kind::AppealRejected
            | Kind::AppealUndone => "moderation",
            Kind::FlagAgreed | Kind::FlagDeclined => "flag",
            Kind::CaseOpened
            | Kind::CasePassedOn
            | Kind::CaseTaken
            | Kind::CaseAnswered
            | Kind::CaseClosed => "case",
            Kind::Badge | Kind::BadgeRevoked => "badge",
            Kind::SearchNew | Kind::SearchSolved => "search",
        }
    }

    /// What was decided about a challenge: its notice bears the moderators' words and the challenge's number.
    fn is_of_challenge(self) -> bool {
        matches!(
            self,
            Kind::AnswerSuperseded
                | Kind::AnswerStands
                | Kind::ChallengeUpheld
                | Kind::ChallengeRejected
                | Kind::AnswerSupersededAnew
                | Kind::AnswerStandsAnew
                | Kind::ChallengeUpheldAnew
                | Kind::ChallengeRejectedAnew
        )
    }

    /// Decisions of the house bear no person's name, nor does what a reader says by a press of a button.
    fn names_actor(self) -> bool {
        !matches!(
            self,
            Kind::FollowedSolved
                | Kind::Confirmed
                | Kind::Duplicate
                | Kind::Reopened
                | Kind::Locked
                | Kind::Unlocked
                | Kind::Edited
                | Kind::Hidden
                | Kind::Restored
                | Kind::Suspended
                | Kind::FlagAgreed
                | Kind::FlagDeclined
                | Kind::SolutionChanged
                | Kind::SolutionSuperseded
                | Kind::AnswerSuperseded
                | Kind::AnswerStands
                | Kind::ChallengeUpheld
                | Kind::ChallengeRejected
                | Kind::SolutionStands
                | Kind::AnswerSupersededAnew
                | Kind::AnswerStandsAnew
                | Kind::ChallengeUpheldAnew
                | Kind::ChallengeRejectedAnew
                | Kind::CreditHeld
                | Kind::CreditReleased
                | Kind::AppealUpheld
                | Kind::AppealRejected
                | Kind::AppealUndone
                | Kind::CasePassedOn
                | Kind::Badge
                | Kind::BadgeRevoked
                | Kind::SearchNew
                | Kind::SearchSolved
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::i18n::has;

    #[test]
    fn every_kind_has_its_words() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert!(has("en", &format!("notice-{}", kind.as_str())), "{kind:?}");
            if kind.list().is_some() {
                assert!(has("en", &format!("mail-{}-subject", kind.as_str())), "{kind:?}");
            }
        }
    }
}
