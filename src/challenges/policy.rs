//! challenges room: who may challenge which answer, with how much evidence, and who decides. Pure.
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::names::parse_prose;
use crate::threads::{Kind, Standpoint};

/// Why this person may not challenge this post, as the key of a message. `there`: the post and its thread are there
/// for everybody. `today`: how many they challenged within a day.
pub fn problem(
    at: &Standpoint,
    kind: Kind,
    there: bool,
    superseded: bool,
    today: i64,
) -> Option<&'static str> {
    if kind != Kind::Answer || !there {
        Some("challenge-not-here")
    } else if at.is_author() {
        Some("challenge-own")
    } else if superseded {
        Some("challenge-superseded")
    } else if today >= limits::CHALLENGES_PER_DAY {
        Some("challenge-too-many")
    } else {
        None
    }
}

/// Nobody decides about their own claim or their own answer.
pub fn decision_problem(decider: UserId, challenger: UserId, author: Option<UserId>) -> Option<&'static str> {
    (decider == challenger || Some(decider) == author).then_some("challenge-decide-own")
}

pub fn parse_evidence(text: &str) -> Result<String, &'static str> {
    parse_prose(
        text,
        limits::MIN_EVIDENCE..=limits::MAX_EVIDENCE,
        ["challenge-evidence-short", "challenge-evidence-long"],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Role;

    #[test]
    fn answers_that_are_there_are_challenged_by_anyone_but_their_author() {
        let at = |viewer| Standpoint {
            viewer: Some((UserId(viewer), Role::Customer)),
            author: Some(UserId(1)),
            asker: Some(UserId(2)),
        };
        assert_eq!(problem(&at(3), Kind::Answer, true, false, 0), None);
        assert_eq!(problem(&at(2), Kind::Answer, true, false, 0), None, "the asker too");
        assert_eq!(problem(&at(1), Kind::Answer, true, false, 0), Some("challenge-own"));
        assert_eq!(problem(&at(3), Kind::Answer, false, false, 0), Some("challenge-not-here"));
        assert_eq!(problem(&at(3), Kind::Question, true, false, 0), Some("challenge-not-here"));
        assert_eq!(problem(&at(3), Kind::Answer, true, true, 0), Some("challenge-superseded"));
        let day = limits::CHALLENGES_PER_DAY;
        assert_eq!(problem(&at(3), Kind::Answer, true, false, day - 1), None);
        assert_eq!(problem(&at(3), Kind::Answer, true, false, day), Some("challenge-too-many"));
    }

    #[test]
    fn neither_challenger_nor_author_decides() {
        let (a, b, c) = (UserId(1), UserId(2), UserId(3));
        assert_eq!(decision_problem(c, a, Some(b)), None);
        assert_eq!(decision_problem(c, a, None), None);
        assert!(decision_problem(a, a, Some(b)).is_some() && decision_problem(b, a, Some(b)).is_some());
    }

    #[test]
    fn evidence_says_something_and_has_an_end() {
        assert!(parse_evidence(" The manual says so on page 12. ").is_ok());
        assert_eq!(parse_evidence("It is wrong."), Err("challenge-evidence-short"));
        assert_eq!(parse_evidence(&" x".repeat(19)), Err("challenge-evidence-short"));
        assert!(parse_evidence(&"é".repeat(limits::MAX_EVIDENCE)).is_ok());
        assert_eq!(parse_evidence(&"é".repeat(limits::MAX_EVIDENCE + 1)), Err("challenge-evidence-long"));
        assert_eq!(parse_evidence("The manual says\u{7} so on page 12."), Err("text-control"));
    }
}
