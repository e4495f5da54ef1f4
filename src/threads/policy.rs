//! threads room: who may do what to a post. Pure: everything they depend on is passed in.
use crate::accounts::Role;
use crate::kernel::ids::UserId;

/// Why a post is not there for everyone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removed {
    No,
    /// By its author.
    Deleted,
    /// By a moderator.
    Hidden,
}

impl Removed {
    pub fn from_column(value: i16) -> Removed {
        match value {
            0 => Removed::No,
            1 => Removed::Deleted,
            _ => Removed::Hidden,
        }
    }
    pub fn column(self) -> i16 {
        match self {
            Removed::No => 0,
            Removed::Deleted => 1,
            Removed::Hidden => 2,
        }
    }
    pub fn word(self) -> &'static str {
        match self {
            Removed::No => "",
            Removed::Deleted => "deleted",
            Removed::Hidden => "hidden",
        }
    }
}

/// What the one who looks or acts is to a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standpoint {
    pub viewer: Option<(UserId, Role)>,
    pub author: Option<UserId>,
    pub asker: Option<UserId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Question,
    Answer,
    Comment,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Question => "question",
            Kind::Answer => "answer",
            Kind::Comment => "comment",
        }
    }
    pub fn parse(text: &str) -> Kind {
        match text {
            "question" => Kind::Question,
            "answer" => Kind::Answer,
            _ => Kind::Comment,
        }
    }
}

impl Standpoint {
    pub fn moderates(&self) -> bool {
        self.viewer.is_some_and(|(_, role)| role.moderates())
    }
    pub fn is_author(&self) -> bool {
        self.viewer.is_some_and(|(id, _)| Some(id) == self.author)
    }
    pub fn is_asker(&self) -> bool {
        self.viewer.is_some_and(|(id, _)| Some(id) == self.asker)
    }

    /// Removed posts are there for their author and for moderators, nobody else.
    pub fn sees(&self, removed: Removed) -> bool {
        removed == Removed::No || self.moderates() || self.is_author()
    }

    pub fn may_answer(&self, locked: bool) -> bool {
        self.viewer.is_some() && (!locked || self.moderates())
    }

    pub fn may_vote(&self, kind: Kind, removed: Removed, locked: bool) -> bool {
        self.viewer.is_some()
            && !self.is_author()
            && removed == Removed::No
            && !locked
            && kind != Kind::Comment
    }

    /// Authors edit their own, moderators anything that is there.
    pub fn may_edit(&self, removed: Removed, locked: bool) -> bool {
        removed == Removed::No && (self.moderates() || (self.is_author() && !locked))
    }

    /// A question others have answered belongs to them too, and a solution to all who look for it.
    pub fn may_delete(
        &self,
        kind: Kind,
        removed: Removed,
        locked: bool,
        has_answers: bool,
        accepted: bool,
    ) -> bool {
        let free = match kind {
            Kind::Question => !has_answers,
            Kind::Answer => !accepted,
            Kind::Comment => true,
        };
        removed == Removed::No && self.is_author() && free && !locked
    }

    pub fn may_undelete(&self, removed: Removed, locked: bool) -> bool {
        removed == Removed::Deleted && (self.moderates() || (self.is_author() && !locked))
    }

    /// Also what its author deleted, who could bring it back otherwise.
    pub fn may_hide(&self, removed: Removed) -> bool {
        removed != Removed::Hidden && self.moderates()
    }

    pub fn may_restore(&self, removed: Removed) -> bool {
        removed == Removed::Hidden && self.moderates()
    }

    pub fn may_flag(&self, removed: Removed) -> bool {
        self.viewer.is_some() && !self.is_author() && removed == Removed::No
    }

    /// The asker says what solved it; moderators where the asker is gone or came with an import.
    pub fn may_accept(&self, removed: Removed, locked: bool) -> bool {
        removed == Removed::No && (self.moderates() || (self.is_asker() && !locked))
    }
}

/// Of an answer's words, how many may change before it says something else: one in so many.
const MATERIAL_SHARE: usize = 10;

/// Whether a text says something else than before, so that what people said of it was said of another: more than a
/// tenth of its words changed, or where a link leads. Mending a typo, or the marks of formatting, is not.
pub fn is_material(before: &str, after: &str) -> bool {
    use std::collections::HashMap;
    let mut words: HashMap<String, i64> = HashMap::new();
    let (mut count, mut links) = (0usize, 0usize);
    for (text, sign) in [(before, 1), (after, -1)] {
        for word in text.split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '<' | '>'))
        {
            let word = word.trim_matches(|c: char| !c.is_alphanumeric());
            if word.is_empty() {
                continue;
            }
            count += usize::from(sign > 0);
            *words.entry(word.to_lowercase()).or_default() += sign;
        }
    }
    let changed: u64 = words
        .iter()
        .map(|(word, n)| {
            links += usize::from(*n != 0 && (word.contains("://") || word.starts_with("www.")));
            n.unsigned_abs()
        })
        .sum();
    // A word mended is one gone and one come.
    links > 0 || changed > 2 * (count / MATERIAL_SHARE).max(1) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_no_material_edit_and_another_advice_or_link_is() {
        let before =
            "Hold the reset button for ten seconds until the lamp turns blue, then wait for a minute.";
        assert!(!is_material(before, before));
        assert!(!is_material(before, &before.replace("reset", "**reset**")));
        assert!(!is_material(before, &before.replace("lamp", "light")));
        assert!(is_material(before, "Buy a new one, it is not worth the trouble."));
        assert!(is_material(before, &format!("{before} See [this](https://shop.example/offer).")));
        assert!(is_material("Press A", "Press B and C"));
    }

    fn at(viewer: Option<(i64, Role)>) -> Standpoint {
        Standpoint {
            viewer: viewer.map(|(id, role)| (UserId(id), role)),
            author: Some(UserId(1)),
            asker: Some(UserId(2)),
        }
    }

    #[test]
    fn removed_posts_are_there_for_their_author_and_for_moderators() {
        for (viewer, sees) in [
            (None, false),
            (Some((3, Role::Customer)), false),
            (Some((3, Role::Staff)), false),
            (Some((1, Role::Customer)), true),
            (Some((3, Role::Moderator)), true),
            (Some((3, Role::Admin)), true),
        ] {
            assert_eq!(at(viewer).sees(Removed::Deleted), sees, "{viewer:?}");
            assert_eq!(at(viewer).sees(Removed::Hidden), sees, "{viewer:?}");
            assert!(at(viewer).sees(Removed::No));
        }
    }

    #[test]
    fn nobody_votes_on_their_own_post_or_on_one_that_is_gone() {
        assert!(!at(Some((1, Role::Admin))).may_vote(Kind::Answer, Removed::No, false));
        assert!(!at(None).may_vote(Kind::Answer, Removed::No, false));
        assert!(at(Some((3, Role::Customer))).may_vote(Kind::Answer, Removed::No, false));
        assert!(!at(Some((3, Role::Customer))).may_vote(Kind::Answer, Removed::Hidden, false));
        assert!(!at(Some((3, Role::Customer))).may_vote(Kind::Answer, Removed::No, true));
        assert!(!at(Some((3, Role::Customer))).may_vote(Kind::Comment, Removed::No, false));
    }

    #[test]
    fn an_author_cannot_take_back_what_others_built_on() {
        let author = at(Some((1, Role::Customer)));
        assert!(author.may_delete(Kind::Question, Removed::No, false, false, false));
        assert!(!author.may_delete(Kind::Question, Removed::No, false, true, false));
        assert!(!author.may_delete(Kind::Answer, Removed::No, false, false, true));
        assert!(!at(Some((3, Role::Moderator))).may_delete(Kind::Answer, Removed::No, false, false, false));
        assert!(!author.may_restore(Removed::Hidden), "what a moderator hid, its author cannot bring back");
    }
}
