//! verdicts room: who may judge an answer. Pure.
use crate::accounts::Role;
use crate::reputation::Authority;
use crate::threads::{Kind, Standpoint};

/// The lower bound of accuracy, in thousandths, from which a member's standing in a topic is proven: right more often
/// than not, beyond doubt.
pub const PROVEN_BOUND: i64 = 600;
/// Resolved answers it must rest on.
pub const PROVEN_COUNT: i64 = 10;

/// Staff know the product, moderators the hall.
pub fn judges_by_role(role: Role) -> bool {
    role.answers_officially() || role.moderates()
}

/// Whether a member's standing in a topic is proven.
pub fn is_proven(authority: Authority) -> bool {
    authority.bound >= PROVEN_BOUND && authority.count >= PROVEN_COUNT
}

/// Why this person may not judge this post, whoever they are otherwise.
pub fn problem(at: &Standpoint, kind: Kind, there: bool) -> Option<&'static str> {
    if kind != Kind::Answer || !there {
        Some("verdict-not-here")
    } else if at.is_author() {
        Some("verdict-own")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::ids::UserId;

    #[test]
    fn staff_moderators_and_proven_members_judge_and_nobody_judges_their_own() {
        assert!(
            judges_by_role(Role::Staff) && judges_by_role(Role::Moderator) && judges_by_role(Role::Admin)
        );
        assert!(!judges_by_role(Role::Customer));
        let of = |bound, count| Authority { bound, count, ..Authority::default() };
        assert!(is_proven(of(600, 10)) && !is_proven(of(599, 100)) && !is_proven(of(900, 9)));
        let at = |viewer| Standpoint {
            viewer: Some((UserId(viewer), Role::Staff)),
            author: Some(UserId(1)),
            asker: Some(UserId(2)),
        };
        assert_eq!(problem(&at(1), Kind::Answer, true), Some("verdict-own"));
        assert_eq!(problem(&at(2), Kind::Answer, true), None);
        assert_eq!(problem(&at(3), Kind::Answer, false), Some("verdict-not-here"));
        assert_eq!(problem(&at(3), Kind::Question, true), Some("verdict-not-here"));
    }
}
