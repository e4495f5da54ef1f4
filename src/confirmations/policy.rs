//! confirmations room: who may say that an answer solved it for them. Pure.
use crate::kernel::limits;
use crate::threads::{Kind, Standpoint};

/// Why this person may not say of a post whether it solved their problem, as the key of a message. `there`: the post
/// and its thread are there for everybody. `today`: how often they have said so within a day.
pub fn problem(at: &Standpoint, kind: Kind, there: bool, today: i64) -> Option<&'static str> {
    if kind != Kind::Answer || !there {
        Some("confirm-not-here")
    } else if at.is_author() {
        Some("confirm-own")
    } else if at.is_asker() {
        Some("confirm-asker")
    } else if today >= limits::CONFIRMATIONS_PER_DAY {
        Some("confirm-too-many")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::Role;
    use crate::kernel::ids::UserId;

    fn at(viewer: i64) -> Standpoint {
        Standpoint {
            viewer: Some((UserId(viewer), Role::Customer)),
            author: Some(UserId(1)),
            asker: Some(UserId(2)),
        }
    }

    #[test]
    fn readers_confirm_answers_that_are_there_and_neither_author_nor_asker_does() {
        assert_eq!(problem(&at(3), Kind::Answer, true, 0), None);
        assert_eq!(problem(&at(1), Kind::Answer, true, 0), Some("confirm-own"));
        assert_eq!(problem(&at(2), Kind::Answer, true, 0), Some("confirm-asker"));
        assert_eq!(problem(&at(3), Kind::Answer, false, 0), Some("confirm-not-here"));
        assert_eq!(problem(&at(3), Kind::Question, true, 0), Some("confirm-not-here"));
        assert_eq!(problem(&at(3), Kind::Comment, true, 0), Some("confirm-not-here"));
    }

    #[test]
    fn a_day_has_an_end() {
        assert_eq!(problem(&at(3), Kind::Answer, true, limits::CONFIRMATIONS_PER_DAY - 1), None);
        assert_eq!(
            problem(&at(3), Kind::Answer, true, limits::CONFIRMATIONS_PER_DAY),
            Some("confirm-too-many")
        );
    }
}
