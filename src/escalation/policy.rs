//! escalation room: the states of a case and who may do what to it. Pure.
use crate::accounts::Role;
use crate::kernel::ids::UserId;
use crate::kernel::limits;

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Taken,
    Answered,
    Closed,
}

impl State {
    pub const ALL: [State; 4] = [State::Open, State::Taken, State::Answered, State::Closed];

    pub fn as_str(self) -> &'static str {
        match self {
            State::Open => "open",
            State::Taken => "taken",
            State::Answered => "answered",
            State::Closed => "closed",
        }
    }
    pub fn parse(text: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.as_str() == text)
    }
    /// Staff have still to do something.
    pub fn waits(self) -> bool {
        matches!(self, State::Open | State::Taken)
    }
    /// Key of its name on the desk.
    pub fn label_key(self) -> &'static str {
        match self {
            State::Open => "state-open",
            State::Taken => "state-taken",
            State::Answered => "state-answered",
            State::Closed => "state-closed",
        }
    }
    /// Key of all that the public is told: passed to the team, or answered. Never by whom it was taken.
    pub fn public_key(self) -> Option<&'static str> {
        match self {
            State::Open | State::Taken => Some("escalated-open"),
            State::Answered => Some("escalated-answered"),
            State::Closed => None,
        }
    }
}

/// Why a case ends without an official answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloseReason {
    Community,
    Contacted,
    NotOurs,
    Other,
}

impl CloseReason {
    pub const ALL: [CloseReason; 4] =
        [CloseReason::Community, CloseReason::Contacted, CloseReason::NotOurs, CloseReason::Other];

    pub fn as_str(self) -> &'static str {
        match self {
            CloseReason::Community => "community",
            CloseReason::Contacted => "contacted",
            CloseReason::NotOurs => "not_ours",
            CloseReason::Other => "other",
        }
    }
    pub fn parse(text: &str) -> Option<CloseReason> {
        CloseReason::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
    pub fn label_key(self) -> &'static str {
        match self {
            CloseReason::Community => "case-close-community",
            CloseReason::Contacted => "case-close-contacted",
            CloseReason::NotOurs => "case-close-not-ours",
            CloseReason::Other => "case-close-other",
        }
    }
    /// Whether the reason says nothing without a note.
    pub fn needs_note(self) -> bool {
        matches!(self, CloseReason::NotOurs | CloseReason::Other)
    }
}

/// What a member of staff is to a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    pub viewer: (UserId, Role),
    pub state: State,
    pub assignee: Option<UserId>,
}

impl Standing {
    fn is_staff(&self) -> bool {
        self.viewer.1.answers_officially()
    }
    pub fn is_mine(&self) -> bool {
        self.state == State::Taken && self.assignee == Some(self.viewer.0)
    }
    /// Somebody else holds it.
    pub fn is_held(&self) -> bool {
        self.state == State::Taken && !self.is_mine()
    }
    pub fn may_take(&self) -> bool {
        self.is_staff() && self.state == State::Open
    }
    /// Whoever has it gives it back; an admin frees what an absent person holds.
    pub fn may_release(&self) -> bool {
        self.is_staff() && self.state == State::Taken && (self.is_mine() || self.viewer.1 == Role::Admin)
    }
    /// Answering an open case takes it.
    pub fn may_answer(&self) -> bool {
        self.is_staff() && (self.state == State::Open || self.is_mine())
    }
    pub fn may_close(&self) -> bool {
        self.may_answer() || self.may_release()
    }
    pub fn may_note(&self) -> bool {
        self.is_staff()
    }
}

/// What stands beneath an official answer: as typed, else the person's own, else name and brand.
pub fn signature(typed: &str, own: &str, name: &str, brand: &str) -> Result<String, &'static str> {
    for text in [typed.trim(), own.trim()] {
        if text.is_empty() {
            continue;
        }
        if text.chars().count() > limits::MAX_SIGNATURE {
            return Err("signature-too-long");
        }
        if text.chars().any(char::is_control) {
            return Err("text-control");
        }
        return Ok(text.to_owned());
    }
    Ok(format!("\u{2014} {name}, {brand}").chars().take(limits::MAX_SIGNATURE).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ME: UserId = UserId(1);
    const OTHER: UserId = UserId(2);

    fn at(role: Role, state: State, assignee: Option<UserId>) -> Standing {
        Standing { viewer: (ME, role), state, assignee }
    }

    #[test]
    fn a_case_is_worked_on_by_one_person_at_a_time() {
        use State::*;
        // state, assignee, take, release, answer, close
        for (state, assignee, expect) in [
            (Open, None, [true, false, true, true]),
            (Taken, Some(ME), [false, true, true, true]),
            (Taken, Some(OTHER), [false, false, false, false]),
            (Answered, Some(ME), [false, false, false, false]),
            (Closed, None, [false, false, false, false]),
        ] {
            let at = at(Role::Staff, state, assignee);
            let may = [at.may_take(), at.may_release(), at.may_answer(), at.may_close()];
            assert_eq!(may, expect, "{state:?} {assignee:?}");
            assert!(at.may_note());
        }
        assert!(at(Role::Staff, Taken, Some(OTHER)).is_held());
    }

    #[test]
    fn an_admin_frees_or_closes_what_another_holds_but_does_not_answer_in_their_place() {
        let held = at(Role::Admin, State::Taken, Some(OTHER));
        assert!(held.may_release() && held.may_close() && !held.may_answer() && !held.may_take());
    }

    #[test]
    fn the_desk_is_for_staff_alone() {
        for role in [Role::Customer, Role::Moderator] {
            for state in State::ALL {
                let at = at(role, state, Some(ME));
                let any =
                    at.may_take() || at.may_release() || at.may_answer() || at.may_close() || at.may_note();
                assert!(!any, "{role:?} {state:?}");
            }
        }
    }

    #[test]
    fn the_public_hears_nothing_of_who_has_it() {
        assert_eq!(State::Open.public_key(), State::Taken.public_key());
        assert_eq!(State::Closed.public_key(), None);
    }

    #[test]
    fn an_official_answer_is_always_signed() {
        for (typed, own, expect) in [
            (" Dario, Care ", "Own", Ok("Dario, Care")),
            ("", "Own", Ok("Own")),
            ("  ", " ", Ok("\u{2014} Dario, Brand")),
            ("two\nlines", "", Err("text-control")),
        ] {
            assert_eq!(signature(typed, own, "Dario", "Brand"), expect.map(str::to_owned), "{typed:?}");
        }
        assert_eq!(signature(&"x".repeat(81), "", "Dario", "Brand"), Err("signature-too-long"));
        let long = signature("", "", &"x".repeat(60), &"y".repeat(60)).unwrap();
        assert_eq!(long.chars().count(), limits::MAX_SIGNATURE);
    }

    #[test]
    fn words_that_are_stored_are_read_back() {
        for state in State::ALL {
            assert_eq!(State::parse(state.as_str()), Some(state));
        }
        for reason in CloseReason::ALL {
            assert_eq!(CloseReason::parse(reason.as_str()), Some(reason));
        }
    }
}
