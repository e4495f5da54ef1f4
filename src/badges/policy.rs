//! badges room: what there is to earn, as data: a level, a measure, and how much of it. Pure.
use serde::Serialize;

/// How precious a badge is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Bronze,
    Silver,
    Gold,
}

impl Level {
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Bronze => "bronze",
            Level::Silver => "silver",
            Level::Gold => "gold",
        }
    }
}

/// The closed vocabulary of what is counted about a person. Each goes down again when what it
/// counted falls away; none counts what one did for oneself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measure {
    /// Questions that are there.
    Questions,
    /// Answers that are there.
    Answers,
    /// Answers that are there and were accepted by someone else.
    Solutions,
    /// Answers that are there with a score of 1 or more.
    UpVotedAnswers,
    /// Solutions with a score of [`PROVEN_SCORE`] or more.
    ProvenSolutions,
    /// Questions with a score of 1 or more whose asker accepted somebody else's answer.
    SolvedQuestions,
    /// Flags a moderator agreed with.
    AgreedFlags,
    /// Answers whose outcome is resolved and right, as the evidence stands.
    CorrectAnswers,
    /// Answers whose outcome is resolved, right or wrong.
    ResolvedAnswers,
    /// The lower bound of accuracy, in thousandths.
    Authority,
    /// Readers who said that an answer solved it for them.
    ReadersHelped,
    /// Threads closed as a duplicate, and still closed.
    DuplicatesFound,
    /// Others' posts that were made better, and are there.
    GoodEdits,
    /// Challenges of wrong solutions that moderators upheld.
    UpheldChallenges,
}

impl Measure {
    pub const COUNT: usize = 14;
    pub const ALL: [Measure; Measure::COUNT] = [
        Measure::Questions,
        Measure::Answers,
        Measure::Solutions,
        Measure::UpVotedAnswers,
        Measure::ProvenSolutions,
        Measure::SolvedQuestions,
        Measure::AgreedFlags,
        Measure::CorrectAnswers,
        Measure::ResolvedAnswers,
        Measure::Authority,
        Measure::ReadersHelped,
        Measure::DuplicatesFound,
        Measure::GoodEdits,
        Measure::UpheldChallenges,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Measure::Questions => "questions",
            Measure::Answers => "answers",
            Measure::Solutions => "solutions",
            Measure::UpVotedAnswers => "up-voted-answers",
            Measure::ProvenSolutions => "proven-solutions",
            Measure::SolvedQuestions => "solved-questions",
            Measure::AgreedFlags => "agreed-flags",
            Measure::CorrectAnswers => "correct-answers",
            Measure::ResolvedAnswers => "resolved-answers",
            Measure::Authority => "authority",
            Measure::ReadersHelped => "readers-helped",
            Measure::DuplicatesFound => "duplicates-found",
            Measure::GoodEdits => "good-edits",
            Measure::UpheldChallenges => "upheld-challenges",
        }
    }

    pub fn parse(text: &str) -> Option<Measure> {
        Measure::ALL.into_iter().find(|measure| measure.as_str() == text)
    }
}

/// The score at which a solution counts as proven: more readers than a small circle of friends.
pub const PROVEN_SCORE: i64 = 10;

/// One badge: whoever reaches `at_least` of `measure` holds it, for as long as they have that much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// Stored with each award and shown in addresses; never changed once awarded.
    pub id: &'static str,
    pub level: Level,
    pub measure: Measure,
    pub at_least: i64,
}

impl Badge {
    /// The key of its name among the messages.
    pub fn name_key(&self) -> String {
        format!("badge-{}-name", self.id)
    }
    /// The key of its rule in plain words among the messages.
    pub fn description_key(&self) -> String {
        format!("badge-{}-description", self.id)
    }
}

/// Every badge there is. Being right weighs more than being busy: nothing here counts posts alone.
pub const BADGES: [Badge; 8] = [
    badge("first-answer", Level::Bronze, Measure::UpVotedAnswers, 1),
    badge("first-solution", Level::Bronze, Measure::Solutions, 1),
    badge("asker", Level::Bronze, Measure::SolvedQuestions, 1),
    badge("good-eye", Level::Bronze, Measure::AgreedFlags, 5),
    badge("solver-10", Level::Silver, Measure::Solutions, 10),
    badge("helped-many", Level::Silver, Measure::ProvenSolutions, 1),
    badge("solver-50", Level::Gold, Measure::Solutions, 50),
    badge("pathfinder", Level::Gold, Measure::ProvenSolutions, 10),
];

const fn badge(id: &'static str, level: Level, measure: Measure, at_least: i64) -> Badge {
    Badge { id, level, measure, at_least }
}

/// The badge with this id, if there is one.
pub fn find(id: &str) -> Option<&'static Badge> {
    BADGES.iter().find(|badge| badge.id == id)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Earned,
    Revoked,
}

/// The badges whose threshold lies between two values of a measure, and which way it was crossed.
pub fn crossed(measure: Measure, before: i64, after: i64) -> impl Iterator<Item = (&'static Badge, Turn)> {
    BADGES.iter().filter(move |badge| badge.measure == measure).filter_map(move |badge| {
        match (before >= badge.at_least, after >= badge.at_least) {
            (false, true) => Some((badge, Turn::Earned)),
            (true, false) => Some((badge, Turn::Revoked)),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_badge_has_its_own_id_and_a_threshold_somebody_must_reach() {
        for (at, badge) in BADGES.iter().enumerate() {
            assert!(badge.at_least > 0, "{}", badge.id);
            assert_eq!(BADGES.iter().position(|other| other.id == badge.id), Some(at));
            assert_eq!(find(badge.id), Some(badge));
        }
        for (at, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, at);
            assert_eq!(Measure::parse(measure.as_str()), Some(measure));
        }
    }

    #[test]
    fn a_threshold_is_crossed_once_each_way() {
        let turns = |before, after| {
            crossed(Measure::Solutions, before, after).map(|(b, t)| (b.id, t)).collect::<Vec<_>>()
        };
        assert_eq!(turns(0, 1), [("first-solution", Turn::Earned)]);
        assert_eq!(turns(1, 2), []);
        assert_eq!(turns(10, 9), [("solver-10", Turn::Revoked)]);
        assert_eq!(
            turns(0, 50),
            [("first-solution", Turn::Earned), ("solver-10", Turn::Earned), ("solver-50", Turn::Earned)]
        );
    }
}
