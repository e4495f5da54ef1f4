//! appeals room: who may appeal against what, until when, with how many words, and who decides. Pure.
use crate::accounts::Role;
use crate::kernel::ids::UserId;
use crate::kernel::limits;
use crate::kernel::moment::Moment;
use crate::kernel::names::parse_prose;

/// What somebody appeals against, as far as these rules ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Against {
    /// It was taken from them, or decided against them.
    pub theirs: bool,
    /// Why there is nothing to give back, as the key of a message.
    pub over: Option<&'static str>,
    /// When it was taken or decided.
    pub at: Moment,
    /// Who decided it.
    pub decided_by: Option<UserId>,
    /// Whom it is about beside the one who appeals: they do not decide either.
    pub concerned: Vec<UserId>,
}

/// Why this person may not appeal, as the key of a message. What is not there and what is somebody else's is answered
/// alike. `today`: how many they made within a day.
pub fn problem(against: Option<&Against>, now: Moment, today: i64) -> Option<&'static str> {
    let Some(against) = against.filter(|against| against.theirs) else { return Some("appeal-not-here") };
    if against.over.is_some() {
        against.over
    } else if is_late(against.at, now) {
        Some("appeal-too-late")
    } else if today >= limits::APPEALS_PER_DAY {
        Some("appeal-too-many")
    } else {
        None
    }
}

/// Whether what was taken or decided then can no longer be appealed against.
pub fn is_late(at: Moment, now: Moment) -> bool {
    now.since(at) > limits::APPEAL_WITHIN
}

/// Why this moderator does not decide about an appeal, as the key of a message. Nobody decides about their own, nor where
/// they are a party; nor about what they decided themselves, unless they are an admin: a house may have one moderator.
pub fn decision_problem(
    (decider, role): (UserId, Role),
    appellant: UserId,
    against: Option<&Against>,
) -> Option<&'static str> {
    if decider == appellant || against.is_some_and(|against| against.concerned.contains(&decider)) {
        Some("appeal-decide-own")
    } else if role != Role::Admin && against.is_some_and(|against| against.decided_by == Some(decider)) {
        Some("appeal-decide-against-own")
    } else {
        None
    }
}

pub fn parse_text(text: &str) -> Result<String, &'static str> {
    parse_prose(text, limits::MIN_APPEAL..=limits::MAX_APPEAL, ["appeal-text-short", "appeal-text-long"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::moment::DAY;

    fn against() -> Against {
        let concerned = vec![UserId(4)];
        Against { theirs: true, over: None, at: Moment(0), decided_by: Some(UserId(3)), concerned }
    }

    #[test]
    fn what_is_ones_own_still_taken_and_not_long_ago_is_appealed_against() {
        let (now, late) = (Moment(60 * DAY), Moment(60 * DAY + 1));
        assert_eq!(problem(Some(&against()), now, 0), None);
        assert_eq!(problem(Some(&against()), late, 0), Some("appeal-too-late"));
        assert_eq!(problem(None, now, 0), Some("appeal-not-here"));
        let others = Against { theirs: false, over: Some("appeal-over"), ..against() };
        assert_eq!(problem(Some(&others), late, 9), Some("appeal-not-here"), "nothing of others is told");
        let over = Against { over: Some("appeal-over"), ..against() };
        assert_eq!(problem(Some(&over), late, 9), Some("appeal-over"));
        let day = limits::APPEALS_PER_DAY;
        assert_eq!(problem(Some(&against()), now, day - 1), None);
        assert_eq!(problem(Some(&against()), now, day), Some("appeal-too-many"));
    }

    #[test]
    fn nobody_decides_where_they_are_a_party_and_only_admins_about_what_they_decided() {
        let moderator = |id| (UserId(id), Role::Moderator);
        let admin = |id| (UserId(id), Role::Admin);
        let known = against();
        let problem = |by| decision_problem(by, UserId(1), Some(&known));
        assert_eq!(problem(moderator(2)), None);
        assert_eq!(problem(moderator(3)), Some("appeal-decide-against-own"));
        assert_eq!(problem(admin(3)), None);
        for id in [1, 4] {
            assert_eq!(problem(moderator(id)), Some("appeal-decide-own"));
            assert_eq!(problem(admin(id)), Some("appeal-decide-own"));
        }
        assert_eq!(decision_problem(moderator(1), UserId(1), None), Some("appeal-decide-own"));
    }

    #[test]
    fn an_appeal_says_something_and_has_an_end() {
        assert!(parse_text(" The asker took it back by mistake. ").is_ok());
        assert_eq!(parse_text("Give it back."), Err("appeal-text-short"));
        assert!(parse_text(&"é".repeat(limits::MAX_APPEAL)).is_ok());
        assert_eq!(parse_text(&"é".repeat(limits::MAX_APPEAL + 1)), Err("appeal-text-long"));
        assert_eq!(parse_text("The asker took it back\u{7} by mistake."), Err("text-control"));
    }
}
