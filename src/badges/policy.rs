//! badges room: what there is to earn, as data from a closed vocabulary: levels, measures, thresholds, windows. Pure.
use super::OVERALL;
use crate::kernel::ids::TagId;
use crate::kernel::limits;
use crate::kernel::toml_text::{self, line_of};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};
use toml::Spanned;

/// How precious a badge is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

    pub fn parse(text: &str) -> Option<Level> {
        [Level::Bronze, Level::Silver, Level::Gold].into_iter().find(|level| level.as_str() == text)
    }
}

/// Whether a badge is given once, or once for each topic.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    #[default]
    All,
    Topic,
}

/// The time in which what a badge needs must have been done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Window {
    #[default]
    Ever,
    Year,
    Month,
}

impl Window {
    pub fn as_str(self) -> &'static str {
        match self {
            Window::Ever => "ever",
            Window::Year => "year",
            Window::Month => "month",
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

    /// Whether it is kept for each topic too.
    pub fn per_topic(self) -> bool {
        matches!(
            self,
            Measure::Solutions | Measure::CorrectAnswers | Measure::ResolvedAnswers | Measure::Authority
        )
    }

    /// Whether it is kept for each month too.
    pub fn windowed(self) -> bool {
        matches!(self, Measure::Solutions | Measure::CorrectAnswers)
    }

    /// The most a rule may ask for: more of it nobody reaches.
    pub fn at_most(self) -> i64 {
        if self == Measure::Authority { MOST_AUTHORITY } else { limits::BADGE_THRESHOLD }
    }
}

/// The score at which a solution counts as proven: more readers than a small circle of friends.
pub const PROVEN_SCORE: i64 = 10;
/// A lower bound is below one, however much it rests on.
const MOST_AUTHORITY: i64 = 990;

/// One badge: whoever has all that it needs holds it, for as long as they have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Badge {
    /// Stored with each award and shown in addresses; never changed once awarded.
    pub id: String,
    pub level: Level,
    pub per: Per,
    pub within: Window,
    /// The way in for newcomers: it says nothing about being right.
    pub starter: bool,
    /// What it is called, where the program has no words for its id.
    pub name: String,
    pub about: String,
    pub needs: Vec<(Measure, i64)>,
    /// Of a badge per topic: the topics it is given in, by name; every one, where none is named.
    pub tags: Vec<String>,
    /// The same by number, as far as the house knows them.
    #[serde(skip)]
    pub tag_ids: Vec<TagId>,
}

impl Badge {
    /// Whether it is given in this topic, or overall.
    pub fn is_given_in(&self, tag: TagId) -> bool {
        match self.per {
            Per::All => tag == OVERALL,
            Per::Topic => tag != OVERALL && (self.tags.is_empty() || self.tag_ids.contains(&tag)),
        }
    }

    /// The key of its name among the messages.
    pub fn name_key(&self) -> String {
        format!("badge-{}-name", self.id)
    }

    /// Whether somebody with these values holds it.
    pub fn earned(&self, mut value: impl FnMut(Measure, Window) -> i64) -> bool {
        self.needs.iter().all(|(measure, least)| {
            let within = if measure.windowed() { self.within } else { Window::Ever };
            value(*measure, within) >= *least
        })
    }
}

/// A version of all rules.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    pub badges: Vec<Badge>,
}

/// The rules a house begins with, as the file they are edited as.
pub const FIRST_RULES: &str = include_str!("../../assets/badges.toml");

/// The same, read.
pub static FIRST: LazyLock<Arc<Rules>> =
    LazyLock::new(|| Arc::new(Rules::parse(FIRST_RULES).unwrap_or_default()));

/// Why a text is no set of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Line of the text, from 1.
    pub line: usize,
    pub what: Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    TooLarge,
    /// What the parser says.
    Toml(String),
    TooMany,
    /// There is no badge in it.
    None,
    BadId(String),
    Twice(String),
    NoNeeds(String),
    UnknownMeasure(String),
    /// The measure, and the most it may be.
    OutOfRange(String, i64),
    NotPerTopic(String),
    NotWindowed(String),
    NoName(String),
    /// There is no such tag, or the badge is not per topic.
    UnknownTag(String),
    /// A more precious badge asks for no more than a less precious one of the same measures.
    Contradiction(String, String),
}

impl Problem {
    /// Fluent key; its arguments are `line`, `detail`, `other` and `n`.
    pub fn key(&self) -> &'static str {
        match self.what {
            Wrong::TooLarge => "badge-rules-too-large",
            Wrong::Toml(_) => "badge-rules-not-toml",
            Wrong::TooMany => "badge-rules-too-many",
            Wrong::None => "badge-rules-none",
            Wrong::BadId(_) => "badge-rules-bad-id",
            Wrong::Twice(_) => "badge-rules-twice",
            Wrong::NoNeeds(_) => "badge-rules-no-needs",
            Wrong::UnknownMeasure(_) => "badge-rules-unknown-measure",
            Wrong::OutOfRange(..) => "badge-rules-out-of-range",
            Wrong::NotPerTopic(_) => "badge-rules-not-per-topic",
            Wrong::NotWindowed(_) => "badge-rules-not-windowed",
            Wrong::NoName(_) => "badge-rules-no-name",
            Wrong::UnknownTag(_) => "badge-rules-unknown-tag",
            Wrong::Contradiction(..) => "badge-rules-contradiction",
        }
    }

    pub fn detail(&self) -> &str {
        match &self.what {
            Wrong::TooLarge | Wrong::TooMany | Wrong::None => "",
            Wrong::Toml(text)
            | Wrong::BadId(text)
            | Wrong::Twice(text)
            | Wrong::NoNeeds(text)
            | Wrong::UnknownMeasure(text)
            | Wrong::OutOfRange(text, _)
            | Wrong::NotPerTopic(text)
            | Wrong::NotWindowed(text)
            | Wrong::NoName(text)
            | Wrong::UnknownTag(text)
            | Wrong::Contradiction(text, _) => text,
        }
    }

    pub fn other(&self) -> &str {
        match &self.what {
            Wrong::Contradiction(_, other) => other,
            _ => "",
        }
    }

    /// The bound that was passed.
    pub fn bound(&self) -> i64 {
        match self.what {
            Wrong::TooLarge => limits::BADGE_RULES_BYTES as i64 / 1024,
            Wrong::TooMany => limits::BADGES as i64,
            Wrong::OutOfRange(_, most) => most,
            _ => 0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    badge: Vec<Spanned<Row>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    id: Spanned<String>,
    level: Level,
    #[serde(default)]
    per: Per,
    #[serde(default)]
    within: Window,
    #[serde(default)]
    starter: bool,
    #[serde(default)]
    name: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    tags: Vec<Spanned<String>>,
    needs: Spanned<BTreeMap<Spanned<String>, Spanned<i64>>>,
}

impl Rules {
    /// Reads rules; of their tags the names alone, see [`Rules::parse_with`].
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn parse(text: &str) -> Result<Rules, Problem> {
        let wrong = |at: usize, what| Problem { line: line_of(text, at), what };
        if text.len() > limits::BADGE_RULES_BYTES {
            return Err(wrong(text.len(), Wrong::TooLarge));
        }
        let file: File =
            toml_text::read(text).map_err(|(line, said)| Problem { line, what: Wrong::Toml(said) })?;
        if file.badge.is_empty() {
            return Err(wrong(0, Wrong::None));
        }
        if file.badge.len() > limits::BADGES {
            return Err(wrong(text.len(), Wrong::TooMany));
        }
        let mut badges: Vec<Badge> = Vec::new();
        let mut ids = BTreeSet::new();
        for row in file.badge {
            let at = row.span().start;
            let badge = Rules::badge(&wrong, row.into_inner())?;
            if !ids.insert(badge.id.clone()) {
                return Err(wrong(at, Wrong::Twice(badge.id)));
            }
            if let Some(other) = badges.iter().find(|other| contradict(other, &badge)) {
                return Err(wrong(at, Wrong::Contradiction(badge.id, other.id.clone())));
            }
            badges.push(badge);
        }
        Ok(Rules { badges })
    }

    fn badge(wrong: &dyn Fn(usize, Wrong) -> Problem, row: Row) -> Result<Badge, Problem> {
        let at = row.id.span().start;
        let id = row.id.into_inner();
        let fits = (2..=limits::BADGE_ID_CHARS).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        if !fits {
            return Err(wrong(at, Wrong::BadId(id.chars().take(limits::BADGE_ID_CHARS).collect())));
        }
        let whole = row.needs.span().start;
        let mut needs = Vec::new();
        for (name, least) in row.needs.into_inner() {
            let at = name.span().start;
            let name = name.into_inner();
            let Some(measure) = Measure::parse(&name) else {
                return Err(wrong(at, Wrong::UnknownMeasure(name.chars().take(60).collect())));
            };
            let (span, least) = (least.span().start, *least.get_ref());
            if !(1..=measure.at_most()).contains(&least) {
                return Err(wrong(span, Wrong::OutOfRange(name, measure.at_most())));
            }
            if row.per == Per::Topic && !measure.per_topic() {
                return Err(wrong(at, Wrong::NotPerTopic(name)));
            }
            needs.push((measure, least));
        }
        if needs.is_empty() {
            return Err(wrong(whole, Wrong::NoNeeds(id)));
        }
        let windowed = row.per == Per::All && needs.iter().any(|(measure, _)| measure.windowed());
        if row.within != Window::Ever && !windowed {
            return Err(wrong(whole, Wrong::NotWindowed(id)));
        }
        needs.sort_unstable();
        let cut = |text: String, most: usize| text.trim().chars().take(most).collect::<String>();
        let (name, about) =
            (cut(row.name, limits::BADGE_NAME_CHARS), cut(row.about, limits::BADGE_ABOUT_CHARS));
        if name.is_empty() && !WORDED.contains(&id.as_str()) {
            return Err(wrong(at, Wrong::NoName(id)));
        }
        if let Some(tag) = row.tags.first().filter(|_| row.per == Per::All) {
            return Err(wrong(
                tag.span().start,
                Wrong::NotPerTopic(tag.get_ref().chars().take(60).collect()),
            ));
        }
        let tags = row.tags.into_iter().map(Spanned::into_inner).collect();
        let Row { level, per, within, starter, .. } = row;
        Ok(Badge { id, level, per, within, starter, name, about, needs, tags, tag_ids: Vec::new() })
    }

    /// Reads rules, and finds the numbers of their tags by `known`.
    ///
    /// # Errors
    /// The first thing that is wrong with them, or the first tag there is not.
    pub fn parse_with(text: &str, known: &HashMap<String, TagId>) -> Result<Rules, Problem> {
        let mut rules = Rules::parse(text)?;
        for badge in &mut rules.badges {
            for tag in &badge.tags {
                let Some(id) = known.get(tag) else {
                    let at = text.find(&format!("\"{tag}\"")).unwrap_or(0);
                    let what = Wrong::UnknownTag(tag.chars().take(60).collect());
                    return Err(Problem { line: line_of(text, at), what });
                };
                badge.tag_ids.push(*id);
            }
        }
        Ok(rules)
    }

    pub fn find(&self, id: &str) -> Option<&Badge> {
        self.badges.iter().find(|badge| badge.id == id)
    }
}

/// Ids for which the program has words: see the messages `badge-…-name`.
pub const WORDED: [&str; 15] = [
    "first-answer",
    "first-solution",
    "asker",
    "solver-10",
    "solver-50",
    "helped-many",
    "pathfinder",
    "month-10",
    "topic-helper",
    "topic-solver",
    "topic-expert",
    "good-eye",
    "good-hand",
    "tidy-mind",
    "second-look",
];

/// Whether, of two badges for the same things, the more precious asks for no more than the other: then everybody who
/// has the one has the other, and one of them is a mistake.
fn contradict(one: &Badge, other: &Badge) -> bool {
    let same = one.per == other.per
        && one.tags == other.tags
        && one.within == other.within
        && one.needs.len() == other.needs.len()
        && one.needs.iter().zip(&other.needs).all(|(a, b)| a.0 == b.0);
    if !same {
        return false;
    }
    let asks_less = |high: &Badge, low: &Badge| high.needs.iter().zip(&low.needs).all(|(a, b)| a.1 <= b.1);
    match one.level.cmp(&other.level) {
        std::cmp::Ordering::Equal => one.needs == other.needs,
        std::cmp::Ordering::Greater => asks_less(one, other),
        std::cmp::Ordering::Less => asks_less(other, one),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Earned,
    Revoked,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> (usize, &'static str) {
        let problem = Rules::parse(text).unwrap_err();
        (problem.line, problem.key())
    }

    #[test]
    fn the_first_rules_are_rules_and_have_words() {
        let rules = Rules::parse(FIRST_RULES).unwrap();
        assert_eq!(rules.badges.len(), WORDED.len());
        for badge in &rules.badges {
            assert!(WORDED.contains(&badge.id.as_str()), "{}", badge.id);
        }
        assert!(rules.badges.iter().any(|badge| badge.starter));
        assert_eq!(rules, **FIRST);
        for (at, measure) in Measure::ALL.into_iter().enumerate() {
            assert_eq!(measure as usize, at);
            assert_eq!(Measure::parse(measure.as_str()), Some(measure));
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let badge = |more: &str| format!("[[badge]]\nid = \"x-1\"\nname = \"X\"\nlevel = \"gold\"\n{more}\n");
        assert_eq!(problem(""), (1, "badge-rules-none"));
        assert_eq!(problem("[[badge]"), (1, "badge-rules-not-toml"));
        assert_eq!(problem(&badge("needs = { answers = 1 }\nspell = 3")), (6, "badge-rules-not-toml"));
        assert_eq!(problem(&badge("needs = {}")), (5, "badge-rules-no-needs"));
        assert_eq!(problem(&badge("needs = { likes = 1 }")), (5, "badge-rules-unknown-measure"));
        assert_eq!(problem(&badge("needs = { answers = 0 }")), (5, "badge-rules-out-of-range"));
        assert_eq!(problem(&badge("needs = { answers = -3 }")), (5, "badge-rules-out-of-range"));
        assert_eq!(problem(&badge("needs = { authority = 1000 }")), (5, "badge-rules-out-of-range"));
        assert_eq!(
            problem(&badge("needs = { answers = 1 }\nper = \"topic\"")),
            (5, "badge-rules-not-per-topic")
        );
        assert_eq!(
            problem(&badge("needs = { answers = 1 }\nwithin = \"year\"")),
            (5, "badge-rules-not-windowed")
        );
        assert_eq!(problem(&badge("needs = { answers = 1.5 }")), (5, "badge-rules-not-toml"));
        assert_eq!(problem(&badge("needs = { answers = 1 }").replace("X", "")), (2, "badge-rules-no-name"));
        assert_eq!(
            problem(&badge("needs = { answers = 1 }").replace("x-1", "X!")),
            (2, "badge-rules-bad-id")
        );
        let one = badge("needs = { answers = 5 }");
        assert_eq!(problem(&format!("{one}{one}")), (6, "badge-rules-twice"));
        let lower = one.replace("x-1", "x-2").replace("gold", "silver").replace('5', "9");
        assert_eq!(problem(&format!("{one}{lower}")), (6, "badge-rules-contradiction"));
        assert_eq!(
            problem(&badge("needs = { answers = 1 }\ntags = [\"wifi\"]")),
            (6, "badge-rules-not-per-topic")
        );
        let per_topic = badge("needs = { solutions = 1 }\nper = \"topic\"\ntags = [\"wifi\"]");
        let known = HashMap::from([("wifi".to_owned(), TagId(7))]);
        let rules = Rules::parse_with(&per_topic, &known).unwrap();
        assert!(rules.badges[0].is_given_in(TagId(7)) && !rules.badges[0].is_given_in(TagId(8)));
        let unknown = Rules::parse_with(&per_topic, &HashMap::new()).unwrap_err();
        assert_eq!((unknown.line, unknown.key()), (7, "badge-rules-unknown-tag"));
        assert_eq!(problem(&"x".repeat(limits::BADGE_RULES_BYTES + 1)), (1, "badge-rules-too-large"));
    }

    #[test]
    fn a_badge_needs_all_it_names() {
        let rules = Rules::parse(FIRST_RULES).unwrap();
        let solver = rules.find("solver-10").unwrap();
        let with = |correct, authority| {
            solver.earned(|measure, _| match measure {
                Measure::CorrectAnswers => correct,
                Measure::Authority => authority,
                _ => 0,
            })
        };
        assert!(with(10, 500) && !with(9, 900) && !with(50, 499));
    }
}
