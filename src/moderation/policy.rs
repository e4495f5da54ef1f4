//! moderation room: what may be flagged, decided and suspended, by whom and with which words. Pure.
use crate::accounts::Role;
use crate::kernel::ids::{ThreadId, UserId};
use crate::kernel::limits;

/// Why a member thinks that moderators should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlagReason {
    Spam,
    Rude,
    PersonalData,
    Outdated,
    Other,
}

impl FlagReason {
    pub const ALL: [FlagReason; 5] = [
        FlagReason::Spam,
        FlagReason::Rude,
        FlagReason::PersonalData,
        FlagReason::Outdated,
        FlagReason::Other,
    ];

    /// As stored and sent by forms.
    pub fn as_str(self) -> &'static str {
        match self {
            FlagReason::Spam => "spam",
            FlagReason::Rude => "rude",
            FlagReason::PersonalData => "personal_data",
            FlagReason::Outdated => "outdated",
            FlagReason::Other => "other",
        }
    }
    pub fn parse(text: &str) -> Option<FlagReason> {
        FlagReason::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
    /// Key of its name; `…-help` says when to take it.
    pub fn label_key(self) -> &'static str {
        match self {
            FlagReason::Spam => "flag-reason-spam",
            FlagReason::Rude => "flag-reason-rude",
            FlagReason::PersonalData => "flag-reason-personal-data",
            FlagReason::Outdated => "flag-reason-outdated",
            FlagReason::Other => "flag-reason-other",
        }
    }
}

/// What stands in the moderation log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Hide,
    Unhide,
    Lock,
    Unlock,
    Duplicate,
    Reopen,
    Suspend,
    Unsuspend,
    Escalate,
    Decide,
    /// What a finding is about counts no more, or again.
    Hold,
    Release,
    /// A challenge of an answer.
    Uphold,
    Reject,
    /// An appeal; and what an upheld one gave back is taken again.
    UpholdAppeal,
    RejectAppeal,
    UndoAppeal,
    Role,
}

impl Act {
    pub const ALL: [Act; 18] = [
        Act::Hide,
        Act::Unhide,
        Act::Lock,
        Act::Unlock,
        Act::Duplicate,
        Act::Reopen,
        Act::Suspend,
        Act::Unsuspend,
        Act::Escalate,
        Act::Decide,
        Act::Hold,
        Act::Release,
        Act::Uphold,
        Act::Reject,
        Act::UpholdAppeal,
        Act::RejectAppeal,
        Act::UndoAppeal,
        Act::Role,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Act::Hide => "hide",
            Act::Unhide => "unhide",
            Act::Lock => "lock",
            Act::Unlock => "unlock",
            Act::Duplicate => "duplicate",
            Act::Reopen => "reopen",
            Act::Suspend => "suspend",
            Act::Unsuspend => "unsuspend",
            Act::Escalate => "escalate",
            Act::Decide => "decide",
            Act::Hold => "hold",
            Act::Release => "release",
            Act::Uphold => "uphold",
            Act::Reject => "reject",
            Act::UpholdAppeal => "uphold-appeal",
            Act::RejectAppeal => "reject-appeal",
            Act::UndoAppeal => "undo-appeal",
            Act::Role => "role",
        }
    }
}

/// A text with `least..=most` characters; the key of a message when it is shorter, longer or holds
/// control characters other than line ends.
fn words(
    text: &str,
    least: usize,
    most: usize,
    short: &'static str,
    long: &'static str,
) -> Result<String, &'static str> {
    let text = text.trim();
    let chars = text.chars().count();
    if chars > most {
        return Err(long);
    }
    // White space alone explains nothing.
    if text.chars().filter(|c| !c.is_whitespace() && !c.is_control()).count() < least {
        return Err(short);
    }
    if text.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
        return Err("text-control");
    }
    Ok(text.to_owned())
}

/// The reason of an act that must have one.
pub fn parse_reason(text: &str) -> Result<String, &'static str> {
    words(text, limits::MIN_REASON, limits::MAX_REASON, "reason-too-short", "reason-too-long")
}

/// The reason of an act that opens something again: it may be left empty.
pub fn parse_remark(text: &str) -> Result<String, &'static str> {
    words(text, 0, limits::MAX_REASON, "reason-too-short", "reason-too-long")
}

pub fn parse_flag_note(text: &str) -> Result<String, &'static str> {
    words(text, 0, limits::MAX_FLAG_NOTE, "flag-note-too-long", "flag-note-too-long")
}

/// A note on a case, which must say something.
pub fn parse_case_note(text: &str) -> Result<String, &'static str> {
    words(text, limits::MIN_REASON, limits::MAX_CASE_NOTE, "case-note-too-short", "case-note-too-long")
}

/// The other thread of a duplicate: its number, `/threads/ID/…` or a whole address. `host` is the one
/// host whose addresses are ours, where the operator named it.
pub fn parse_thread_ref(text: &str, host: Option<&str>) -> Option<ThreadId> {
    let text = text.trim();
    let number =
        |text: &str| text.parse::<i64>().ok().filter(|n| *n > 0 && n.to_string() == text).map(ThreadId);
    let bare = text.strip_prefix('#').unwrap_or(text);
    if let Some(id) = number(bare) {
        return Some(id);
    }
    let path = match text.split_once("://") {
        Some(("http" | "https", rest)) => {
            let (given, path) = rest.split_at(rest.find('/')?);
            if host.is_some_and(|own| !own.eq_ignore_ascii_case(given)) {
                return None;
            }
            path
        }
        Some(_) => return None,
        None => text,
    };
    let rest = path.strip_prefix("/threads/")?;
    number(rest.split(['/', '?', '#']).next()?)
}

/// Why `actor` may not suspend `target`, as the key of a message.
pub fn may_suspend(actor: (UserId, Role), target: (UserId, Role)) -> Result<(), &'static str> {
    let ((actor, role), (target, target_role)) = (actor, target);
    if actor == target {
        return Err("suspend-oneself");
    }
    let allowed = match role {
        Role::Admin => target_role != Role::Admin,
        Role::Moderator => target_role == Role::Customer,
        Role::Customer | Role::Staff => false,
    };
    if allowed { Ok(()) } else { Err("suspend-not-them") }
}

/// Nobody judges a flag on a post of their own; an admin may, since there may be nobody else.
pub fn may_decide(decider: (UserId, Role), author: Option<UserId>) -> bool {
    let (id, role) = decider;
    role.moderates() && (author != Some(id) || role == Role::Admin)
}

/// What became of a claim that moderators decide: a challenge, an appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Upheld,
    Rejected,
    /// By whoever made it.
    Withdrawn,
}

impl State {
    /// As stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Upheld => "upheld",
            State::Rejected => "rejected",
            State::Withdrawn => "withdrawn",
        }
    }

    pub fn parse(text: &str) -> State {
        let all = [State::Open, State::Upheld, State::Rejected];
        all.into_iter().find(|state| state.as_str() == text).unwrap_or(State::Withdrawn)
    }

    pub fn decided(upheld: bool) -> State {
        if upheld { State::Upheld } else { State::Rejected }
    }

    /// What moderators decided, if they did.
    pub fn upheld(self) -> Option<bool> {
        match self {
            State::Upheld => Some(true),
            State::Rejected => Some(false),
            State::Open | State::Withdrawn => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_is_no_book() {
        for (text, expect) in [
            ("", Err("reason-too-short")),
            ("   \n\t     ", Err("reason-too-short")),
            ("no", Err("reason-too-short")),
            ("  an advertisement ", Ok("an advertisement")),
            ("a\u{7}bcdef", Err("text-control")),
        ] {
            assert_eq!(parse_reason(text), expect.map(str::to_owned), "{text:?}");
        }
        assert!(parse_reason(&"x".repeat(500)).is_ok());
        assert_eq!(parse_reason(&"x".repeat(501)), Err("reason-too-long"));
        assert_eq!(parse_remark(""), Ok(String::new()));
        assert_eq!(parse_flag_note(&"é".repeat(500)).map(|n| n.chars().count()), Ok(500));
        assert!(parse_flag_note(&"é".repeat(501)).is_err());
        assert!(parse_case_note("").is_err());
    }

    #[test]
    fn another_thread_is_named_by_number_path_or_address() {
        let own = Some("forum.example");
        for (text, host, expect) in [
            ("42", own, Some(42)),
            (" #42 ", own, Some(42)),
            ("/threads/42", own, Some(42)),
            ("/threads/42/the-slug?sort=oldest#post-7", own, Some(42)),
            ("https://forum.example/threads/42/the-slug", own, Some(42)),
            ("http://FORUM.example/threads/42", own, Some(42)),
            ("https://elsewhere.example/threads/42", own, None),
            ("http://127.0.0.1:8080/threads/42/x", None, Some(42)),
            ("https://forum.example", own, None),
            ("javascript://forum.example/threads/42", own, None),
            ("/posts/42", own, None),
            ("/threads/-1", own, None),
            ("007", own, None),
            ("+7", own, None),
            ("0", own, None),
            ("99999999999999999999", own, None),
            ("", own, None),
        ] {
            assert_eq!(parse_thread_ref(text, host), expect.map(ThreadId), "{text}");
        }
    }

    #[test]
    fn nobody_suspends_themselves_or_those_who_stand_beside_or_above_them() {
        use Role::*;
        let actor = UserId(1);
        for role in Role::ALL {
            assert_eq!(may_suspend((actor, role), (actor, Customer)), Err("suspend-oneself"));
        }
        for (role, target, allowed) in [
            (Moderator, Customer, true),
            (Moderator, Moderator, false),
            (Moderator, Staff, false),
            (Moderator, Admin, false),
            (Admin, Customer, true),
            (Admin, Moderator, true),
            (Admin, Staff, true),
            (Admin, Admin, false),
            (Staff, Customer, false),
            (Customer, Customer, false),
        ] {
            assert_eq!(
                may_suspend((actor, role), (UserId(2), target)).is_ok(),
                allowed,
                "{role:?} {target:?}"
            );
        }
    }

    #[test]
    fn flags_on_ones_own_post_are_for_others_to_judge() {
        let me = UserId(1);
        assert!(may_decide((me, Role::Moderator), Some(UserId(2))));
        assert!(may_decide((me, Role::Moderator), None));
        assert!(!may_decide((me, Role::Moderator), Some(me)));
        assert!(may_decide((me, Role::Admin), Some(me)));
        assert!(!may_decide((me, Role::Staff), Some(UserId(2))));
    }

    #[test]
    fn words_that_are_stored_are_read_back() {
        for reason in FlagReason::ALL {
            assert_eq!(FlagReason::parse(reason.as_str()), Some(reason));
        }
        assert_eq!(FlagReason::parse("nonsense"), None);
        let mut names: Vec<&str> = Act::ALL.iter().map(|act| act.as_str()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Act::ALL.len());
    }
}
