//! What people type, read by a bounded parser of our own: tantivy's aborts the process on deep parentheses.
//!
//! [`parts`] takes a text apart without losing anything of it: words, phrases in quotes and qualifiers, each perhaps
//! negated by a hyphen. [`Query::parse`] makes a query of the parts; the page's chips, controls and links put other
//! texts together from them, so that the query's text is the one place where a search is written down.
//!
//! Everything that is not a phrase, an exclusion or a qualifier that can be read is plain words, so there is no query
//! that cannot be parsed; what was dropped or not understood is told in hints.

use super::analysis::{self, LANGUAGES, Lang, QueryWord, fold};
use super::ranking::Reader;
use crate::kernel::moment::{DAY, Moment};

/// Characters read of a query; a question's title is shorter.
pub const CHARS_MAX: usize = 200;
/// Words in all, those of phrases and exclusions included: each costs one lookup per field and segment.
pub const WORDS_MAX: usize = 16;
/// Qualifiers in all; more would only narrow to nothing.
pub const QUALIFIERS_MAX: usize = 16;

/// A state a thread can be asked to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Solved,
    Unsolved,
    Answered,
    Unanswered,
    /// Has an official answer.
    Official,
}

impl State {
    pub const ALL: [State; 5] =
        [State::Solved, State::Unsolved, State::Answered, State::Unanswered, State::Official];

    /// The word after `is:`.
    pub fn word(self) -> &'static str {
        match self {
            State::Solved => "solved",
            State::Unsolved => "unsolved",
            State::Answered => "answered",
            State::Unanswered => "unanswered",
            State::Official => "official",
        }
    }

    fn parse(word: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.word().eq_ignore_ascii_case(word))
    }
}

/// The order of hits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By the words; where a query has none, the last active first.
    #[default]
    Best,
    Newest,
    Active,
    Votes,
}

impl Sort {
    pub const ALL: [Sort; 4] = [Sort::Best, Sort::Newest, Sort::Active, Sort::Votes];

    /// The word after `sort:`.
    pub fn word(self) -> &'static str {
        match self {
            Sort::Best => "best",
            Sort::Newest => "newest",
            Sort::Active => "active",
            Sort::Votes => "votes",
        }
    }

    fn parse(word: &str) -> Option<Sort> {
        Sort::ALL.into_iter().find(|sort| sort.word().eq_ignore_ascii_case(word))
    }
}

/// Values from `from` up to, but without, `to`; the ends of what a number can be stand for "no bound".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    pub fn holds(self, value: i64) -> bool {
        self.from <= value && value < self.to
    }

    /// Reads `3`, `>3`, `>=3`, `<3`, `<=3`, `1..5`, `1..` and `..5`; `read` gives the span of one value, so that a month
    /// is all its days and what is after it begins where it ends.
    fn parse(text: &str, read: impl Fn(&str) -> Option<Span>) -> Option<Span> {
        let (least, most) = (i64::MIN, i64::MAX);
        let span = if let Some((from, to)) = text.split_once("..") {
            let from = if from.is_empty() { None } else { Some(read(from)?.from) };
            let to = if to.is_empty() { None } else { Some(read(to)?.to) };
            if from.is_none() && to.is_none() {
                return None;
            }
            Span { from: from.unwrap_or(least), to: to.unwrap_or(most) }
        } else if let Some(value) = text.strip_prefix(">=") {
            Span { from: read(value)?.from, to: most }
        } else if let Some(value) = text.strip_prefix('>') {
            Span { from: read(value)?.to, to: most }
        } else if let Some(value) = text.strip_prefix("<=") {
            Span { from: least, to: read(value)?.to }
        } else if let Some(value) = text.strip_prefix('<') {
            Span { from: least, to: read(value)?.from }
        } else {
            read(text)?
        };
        (span.from < span.to).then_some(span)
    }

    fn number(text: &str) -> Option<Span> {
        let number = i64::from(text.parse::<i32>().ok()?);
        Some(Span { from: number, to: number + 1 })
    }

    /// A year, a month or a day, in UTC.
    fn date(text: &str) -> Option<Span> {
        let number = |piece: &str, digits: usize| {
            let plain = piece.len() <= digits && piece.bytes().all(|byte| byte.is_ascii_digit());
            piece.parse::<i16>().ok().filter(|_| plain)
        };
        let (year, rest) = text.split_at_checked(4)?;
        let year = number(year, 4)?;
        let mut pieces =
            rest.split('-').skip(1).map(|piece| number(piece, 2).and_then(|n| i8::try_from(n).ok()));
        let (month, day, more) = (pieces.next(), pieces.next(), pieces.next());
        if !(rest.is_empty() || rest.starts_with('-')) || more.is_some() {
            return None;
        }
        let begin = |year, month, day| Moment::of_date(year, month, day).map(|moment| moment.0);
        let (from, to) = match (month, day) {
            (Some(month), Some(day)) => {
                let from = begin(year, month?, day?)?;
                (from, from + DAY)
            }
            (Some(Some(month @ 1..=11)), _) => (begin(year, month, 1)?, begin(year, month + 1, 1)?),
            // Behind the last year that has a name there is nothing to be told apart.
            (month, _) => {
                (begin(year, month.unwrap_or(Some(1))?, 1)?, begin(year + 1, 1, 1).unwrap_or(i64::MAX))
            }
        };
        Some(Span { from, to })
    }
}

/// What a thread can be asked to be, or not to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Qualifier {
    State(State),
    /// Folded.
    Tag(String),
    /// The asker's username, folded.
    User(String),
    Answers(Span),
    Score(Span),
    /// When it was asked, in microseconds.
    Created(Span),
    /// When something last happened in it, in microseconds.
    Active(Span),
    Lang(Lang),
    /// Of the product; folded.
    Version(String),
}

/// A kind of qualifier with values that cannot be read; its hint says what can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Is,
    Number,
    Date,
    Lang,
    Sort,
}

/// One piece of a query as it was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part<'a> {
    /// All of it, with hyphen and quotes.
    pub text: &'a str,
    pub negated: bool,
    pub what: What<'a>,
}

/// What a part is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What<'a> {
    Word(&'a str),
    /// The inside of quotes.
    Phrase(&'a str),
    /// What follows a quote without a partner: words, to the end of the text.
    Unclosed(&'a str),
    Qualifier(Qualifier),
    Sort(Sort),
    /// A qualifier whose value cannot be read: a word.
    Unread(Kind, &'a str),
}

/// The parts of a text, in order, each looked at once.
pub fn parts(text: &str) -> Parts<'_> {
    Parts { left: text }
}

/// See [`parts`].
#[derive(Clone, Debug)]
pub struct Parts<'a> {
    left: &'a str,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let left = self.left.trim_start();
        if left.is_empty() {
            self.left = left;
            return None;
        }
        let without =
            left.strip_prefix('-').filter(|rest| rest.starts_with(|c: char| !c.is_whitespace() && c != '-'));
        let negated = without.is_some();
        let body = without.unwrap_or(left);
        let (what, after) = match body.strip_prefix(is_quote) {
            Some(inside) => match inside.split_once(is_quote) {
                Some((phrase, after)) => (What::Phrase(phrase), after),
                None => (What::Unclosed(inside), ""),
            },
            None => {
                let (word, after) = body.split_at(body.find(char::is_whitespace).unwrap_or(body.len()));
                (What::of(word), after)
            }
        };
        self.left = after;
        let text = left.get(..left.len() - after.len()).unwrap_or_default();
        Some(Part { text, negated, what })
    }
}

impl<'a> What<'a> {
    fn of(word: &'a str) -> What<'a> {
        let Some((name, value)) = word.split_once(':').filter(|(_, value)| !value.is_empty()) else {
            return What::Word(word);
        };
        let named = |make: fn(String) -> Qualifier, value: &str| {
            Some(fold(value)).filter(|value| !value.is_empty()).map(make).ok_or(None)
        };
        let date =
            |make: fn(Span) -> Qualifier| Span::parse(value, Span::date).map(make).ok_or(Some(Kind::Date));
        let number = |make: fn(Span) -> Qualifier| {
            Span::parse(value, Span::number).map(make).ok_or(Some(Kind::Number))
        };
        let read = match name.to_ascii_lowercase().as_str() {
            "is" => State::parse(value).map(Qualifier::State).ok_or(Some(Kind::Is)),
            "tag" => named(Qualifier::Tag, value),
            "user" | "author" => named(Qualifier::User, value.trim_start_matches('@')),
            "version" => named(Qualifier::Version, value),
            "answers" => number(Qualifier::Answers),
            "score" => number(Qualifier::Score),
            "created" => date(Qualifier::Created),
            "active" => date(Qualifier::Active),
            "lang" => Lang::from_code(value).map(Qualifier::Lang).ok_or(Some(Kind::Lang)),
            "sort" => match Sort::parse(value) {
                Some(sort) => return What::Sort(sort),
                None => Err(Some(Kind::Sort)),
            },
            _ => Err(None),
        };
        match read {
            Ok(qualifier) => What::Qualifier(qualifier),
            Err(Some(kind)) => What::Unread(kind, word),
            Err(None) => What::Word(word),
        }
    }
}

/// What the reader of a query should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Longer than [`CHARS_MAX`] characters: the rest was not read.
    TooLong,
    /// More than [`WORDS_MAX`] words: the rest was left out.
    TooManyWords,
    /// More than [`QUALIFIERS_MAX`] qualifiers: the rest was left out.
    TooManyQualifiers,
    /// A quotation mark without its partner was read as plain text.
    UnclosedQuote,
    /// A qualifier with a value we cannot read, searched as plain words.
    Unread(Kind, String),
    /// Only words such as "the" and "come": searched all the same.
    OnlyCommonWords,
    /// Only exclusions: everything else is listed.
    OnlyExclusions,
}

/// A parsed query. The default is the empty one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// The text as read: cut, control characters made spaces.
    pub text: String,
    /// The language the words seem to be in.
    pub lang: Option<Lang>,
    /// Words, of which hits have all or, where too few do, some.
    pub words: Vec<QueryWord>,
    /// Phrases hits must have.
    pub phrases: Vec<Vec<QueryWord>>,
    /// Words and phrases hits must not have.
    pub excluded: Vec<Vec<QueryWord>>,
    /// What hits must be.
    pub wanted: Vec<Qualifier>,
    /// What hits must not be.
    pub unwanted: Vec<Qualifier>,
    pub sort: Sort,
    /// The words are meant as they are typed: nothing is to be corrected.
    pub exact: bool,
    /// Who reads; set by the page, not by the text.
    pub reader: Reader,
    /// What is found is counted by state, tag, language, and age from these moments on; set by a page that shows it.
    pub since: Option<[i64; 2]>,
}

impl Query {
    /// Reads at most [`CHARS_MAX`] characters, in time linear in them.
    pub fn parse(text: &str) -> (Query, Vec<Hint>) {
        let mut hints = Vec::new();
        let mut rest = text.chars();
        let text: String =
            rest.by_ref().take(CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        if rest.next().is_some() {
            hints.push(Hint::TooLong);
        }
        let mut query = Query::default();
        let mut plain = String::new();
        let mut excluded: Vec<&str> = Vec::new();
        let mut phrases: Vec<&str> = Vec::new();
        for part in parts(&text) {
            match part.what {
                What::Phrase(phrase) if part.negated => excluded.push(phrase),
                What::Phrase(phrase) => phrases.push(phrase),
                What::Unclosed(inside) => {
                    hints.push(Hint::UnclosedQuote);
                    plain.push(' ');
                    plain.push_str(inside);
                }
                What::Qualifier(qualifier) => query.qualify(qualifier, part.negated, &mut hints),
                What::Sort(sort) if !part.negated => query.sort = sort,
                What::Sort(_) | What::Word(_) | What::Unread(..) => {
                    let word = part.text.strip_prefix('-').filter(|_| part.negated).unwrap_or(part.text);
                    if let What::Unread(kind, _) = part.what {
                        hints.push(Hint::Unread(kind, word.to_owned()));
                    }
                    if part.negated {
                        excluded.push(word);
                    } else {
                        plain.push(' ');
                        plain.push_str(word);
                    }
                }
            }
        }
        // Of the words alone: `lang:it` and `is:solved` are in no language.
        query.lang = Lang::guess(&format!("{plain} {}", phrases.join(" ")));
        let mut budget = WORDS_MAX;
        let mut cut = false;
        let mut take = |text: &str| {
            let (words, more) = analysis::query_words(text, query.lang, budget);
            budget -= words.len();
            cut |= more;
            words
        };
        // Exclusions first: leaving one out would show what was asked not to be shown.
        query.excluded = excluded.into_iter().map(&mut take).filter(|words| !words.is_empty()).collect();
        query.phrases = phrases.into_iter().map(&mut take).filter(|words| !words.is_empty()).collect();
        query.words = take(&plain);
        if cut {
            hints.push(Hint::TooManyWords);
        }
        drop_repeats(&mut query.words);
        if query.words.iter().any(|word| !word.stop) || !query.phrases.is_empty() {
            query.words.retain(|word| !word.stop);
        } else if !query.words.is_empty() {
            hints.push(Hint::OnlyCommonWords);
        }
        if !query.has_text() && !query.has_qualifiers() && !query.excluded.is_empty() {
            hints.push(Hint::OnlyExclusions);
        }
        query.text = text;
        (query, hints)
    }

    fn qualify(&mut self, qualifier: Qualifier, negated: bool, hints: &mut Vec<Hint>) {
        let full = self.wanted.len() + self.unwanted.len() == QUALIFIERS_MAX;
        let list = if negated { &mut self.unwanted } else { &mut self.wanted };
        if list.contains(&qualifier) {
            return;
        }
        if full {
            hints.push(Hint::TooManyQualifiers);
        } else {
            list.push(qualifier);
        }
    }

    /// Takes the phrases apart: their words are searched like the others.
    pub(super) fn loosen(&mut self) {
        self.words.extend(self.phrases.drain(..).flatten().filter(|word| !word.stop));
        drop_repeats(&mut self.words);
    }

    /// Whether hits must be in this state.
    pub fn wants(&self, state: State) -> bool {
        self.wanted.contains(&Qualifier::State(state))
    }

    /// Nothing to search for at all.
    pub fn is_empty(&self) -> bool {
        !self.has_text() && !self.has_qualifiers() && self.excluded.is_empty()
    }

    /// Has words or phrases, so that hits have a text score.
    pub fn has_text(&self) -> bool {
        !self.words.is_empty() || !self.phrases.is_empty()
    }

    /// Is narrowed by something beside its words and phrases.
    pub fn has_qualifiers(&self) -> bool {
        !self.wanted.is_empty() || !self.unwanted.is_empty()
    }
}

/// The codes `lang:` takes.
pub fn lang_codes() -> impl Iterator<Item = &'static str> {
    LANGUAGES.iter().map(|language| language.code)
}

pub(super) fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}')
}

pub(super) fn drop_repeats(words: &mut Vec<QueryWord>) {
    let mut kept: Vec<QueryWord> = Vec::with_capacity(words.len());
    for word in words.drain(..) {
        if !kept.iter().any(|known| known.terms == word.terms) {
            kept.push(word);
        }
    }
    *words = kept;
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn surfaces(words: &[QueryWord]) -> Vec<&str> {
        words.iter().map(|word| word.surface.as_str()).collect()
    }

    fn wanted(text: &str) -> Vec<Qualifier> {
        let (query, hints) = Query::parse(text);
        assert!(hints.is_empty() && query.words.is_empty(), "{text}: {hints:?}");
        query.wanted
    }

    fn at(date: &str) -> i64 {
        Moment::parse(&format!("{date}T00:00:00")).unwrap().0
    }

    #[test]
    fn words_phrases_exclusions_and_qualifiers_are_told_apart() {
        let (query, hints) = Query::parse(
            "router \"factory reset\" -wifi -\"old model\" is:solved tag:Réseau user:@Ann price:10",
        );
        assert_eq!(surfaces(&query.words), ["router", "price", "10"]);
        assert_eq!(
            query.phrases.iter().map(|words| surfaces(words)).collect::<Vec<_>>(),
            [["factory", "reset"]]
        );
        assert_eq!(
            query.excluded.iter().map(|words| surfaces(words)).collect::<Vec<_>>(),
            [vec!["wifi"], vec!["old", "model"]]
        );
        assert_eq!(
            query.wanted,
            [Qualifier::State(State::Solved), Qualifier::Tag("reseau".into()), Qualifier::User("ann".into())]
        );
        assert!(hints.is_empty());
        assert_eq!(wanted("author:Ann user:@ann"), [Qualifier::User("ann".into())]);
    }

    #[test]
    fn any_qualifier_can_be_turned_round_by_a_hyphen() {
        let text =
            "-is:solved -tag:x -user:ann -answers:0 -score:<0 -created:2025 -active:2025 -lang:it -version:2";
        let (query, hints) = Query::parse(text);
        assert!(hints.is_empty() && query.wanted.is_empty() && query.excluded.is_empty());
        assert_eq!(query.unwanted.len(), 9);
        assert_eq!(query.unwanted.first(), Some(&Qualifier::State(State::Solved)));
        let (query, _) = Query::parse("--is:solved");
        assert!(query.unwanted.is_empty() && !query.words.is_empty());
    }

    #[test]
    fn numbers_and_their_ranges_are_read() {
        let (least, most) = (i64::MIN, i64::MAX);
        for (value, from, to) in [
            ("0", 0, 1),
            ("-3", -3, -2),
            (">2", 3, most),
            (">=2", 2, most),
            ("<2", least, 2),
            ("<=-2", least, -1),
            ("1..5", 1, 6),
            ("-5..-1", -5, 0),
            ("..4", least, 5),
            ("4..", 4, most),
        ] {
            assert_eq!(wanted(&format!("score:{value}")), [Qualifier::Score(Span { from, to })], "{value}");
            assert_eq!(wanted(&format!("Answers:{value}")), [Qualifier::Answers(Span { from, to })]);
        }
    }

    #[test]
    fn dates_are_years_months_or_days_and_spans_are_half_open() {
        let (least, most) = (i64::MIN, i64::MAX);
        for (value, from, to) in [
            ("2025", at("2025-01-01"), at("2026-01-01")),
            ("2025-12", at("2025-12-01"), at("2026-01-01")),
            ("2024-2", at("2024-02-01"), at("2024-03-01")),
            ("2024-02-29", at("2024-02-29"), at("2024-03-01")),
            (">2026-01", at("2026-02-01"), most),
            (">=2026-01", at("2026-01-01"), most),
            ("<2026", least, at("2026-01-01")),
            ("<=2026", least, at("2027-01-01")),
            ("2026-01..2026-03", at("2026-01-01"), at("2026-04-01")),
            ("2025..2026-03-05", at("2025-01-01"), at("2026-03-06")),
            ("9999", at("9999-01-01"), most),
        ] {
            assert_eq!(
                wanted(&format!("created:{value}")),
                [Qualifier::Created(Span { from, to })],
                "{value}"
            );
            assert_eq!(wanted(&format!("active:{value}")), [Qualifier::Active(Span { from, to })]);
        }
    }

    #[test]
    fn what_cannot_be_read_is_searched_as_words_and_told() {
        for (text, kind) in [
            ("is:purple", Kind::Is),
            ("score:abc", Kind::Number),
            ("answers:1..x", Kind::Number),
            ("answers:5..1", Kind::Number),
            ("score:..", Kind::Number),
            ("score:99999999999999999999", Kind::Number),
            ("created:soon", Kind::Date),
            ("created:2026-13", Kind::Date),
            ("created:2026-02-30", Kind::Date),
            ("created:2026-", Kind::Date),
            ("created:2026-01-02-03", Kind::Date),
            ("created:20260101", Kind::Date),
            ("active:>", Kind::Date),
            ("created:٢٠٢٦", Kind::Date),
            ("lang:xx", Kind::Lang),
            ("sort:sideways", Kind::Sort),
        ] {
            let (query, hints) = Query::parse(text);
            assert!(hints.contains(&Hint::Unread(kind, text.into())), "{text}: {hints:?}");
            assert!(!query.has_qualifiers(), "{text}");
            let (words, _) = Query::parse(&text.replace(':', " "));
            assert_eq!(surfaces(&query.words), surfaces(&words.words), "{text}");
        }
        let (query, hints) = Query::parse("router -created:soon");
        assert_eq!(hints, [Hint::Unread(Kind::Date, "created:soon".into())]);
        assert_eq!(
            query.excluded.iter().map(|words| surfaces(words)).collect::<Vec<_>>(),
            [["created", "soon"]]
        );
        for text in ["tag:", "is:", "user:@", "https://example.org", "12:30"] {
            let (query, hints) = Query::parse(text);
            assert!(
                !query.has_qualifiers() && !hints.iter().any(|hint| matches!(hint, Hint::Unread(..))),
                "{text}"
            );
        }
    }

    #[test]
    fn the_order_asked_for_is_no_filter_and_the_last_one_counts() {
        let (query, hints) = Query::parse("router sort:newest sort:Votes");
        assert_eq!((query.sort, query.has_qualifiers(), hints.len()), (Sort::Votes, false, 0));
        assert_eq!(surfaces(&query.words), ["router"]);
        assert!(Query::parse("sort:newest").0.is_empty());
    }

    #[test]
    fn qualifiers_do_not_tell_the_language_of_the_words() {
        assert_eq!(Query::parse("is:solved user:the tag:you reset").0.lang, None);
        assert_eq!(Query::parse("come si fa is:solved").0.lang, Lang::from_code("it"));
    }

    #[test]
    fn stop_words_go_unless_they_are_all_there_is() {
        let (query, hints) = Query::parse("how do I reset the router");
        assert_eq!(surfaces(&query.words), ["reset", "router"]);
        assert!(hints.is_empty());
        let (query, hints) = Query::parse("come si fa");
        assert_eq!(query.words.len(), 3);
        assert_eq!(hints, [Hint::OnlyCommonWords]);
    }

    #[test]
    fn limits_are_kept_and_told() {
        let (query, hints) = Query::parse(&"ab ".repeat(100_000));
        assert_eq!(query.words.len(), 1);
        assert!(hints.contains(&Hint::TooLong) && hints.contains(&Hint::TooManyWords));
        let (query, _) = Query::parse(&(0..50).map(|n| format!("w{n} ")).collect::<String>());
        assert_eq!(query.words.len(), WORDS_MAX);
        let (query, hints) = Query::parse(&(0..30).map(|n| format!("tag:{n} ")).collect::<String>());
        assert_eq!(query.wanted.len(), QUALIFIERS_MAX);
        assert!(hints.contains(&Hint::TooManyQualifiers));
        let (_, hints) = Query::parse("say \"hello");
        assert_eq!(hints, [Hint::UnclosedQuote]);
        assert!(Query::parse(" \u{0}()*?~^\"\" - ").0.is_empty());
    }

    /// Texts that are likelier than chance to be nearly a query.
    fn texts() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "(?s).{0,12}",
            "-?(is|tag|user|answers|score|created|active|lang|version|sort):[-<>=.0-9a-z]{0,9}",
            "-?\"[a-z ]{0,6}\"?",
            "[-«»\u{201c}\u{202e}\u{301}😀 ]{0,4}",
        ];
        prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.join(" "))
    }

    proptest! {
        #[test]
        fn any_text_is_taken_apart_without_loss(text in texts()) {
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            let joined: String = parts(&text).map(|part| part.text).collect();
            prop_assert_eq!(squeeze(&joined), squeeze(&text));
        }

        #[test]
        fn parts_put_together_again_are_the_same_query(text in texts()) {
            let (query, hints) = Query::parse(&text);
            let texts: Vec<&str> = parts(&query.text).map(|part| part.text).collect();
            let (again, _) = Query::parse(&texts.join(" "));
            // A text that touches its neighbour may grow by the space between them, beyond what is read.
            if texts.join(" ").chars().count() <= CHARS_MAX && !hints.contains(&Hint::TooLong) {
                prop_assert_eq!(Query { text: String::new(), ..again }, Query { text: String::new(), ..query });
            }
        }
    }
}
