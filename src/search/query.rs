//! What people type, read by a bounded parser of our own: tantivy's aborts the process on deep parentheses.
//!
//! Everything that is not a phrase in quotes, an exclusion or a known qualifier is plain words, so there is no query
//! that cannot be parsed; what was dropped or not understood is told in hints.

use super::analysis::{self, Lang, QueryWord, fold};
use super::ranking::Reader;

/// Characters read of a query; a question's title is shorter.
pub const CHARS_MAX: usize = 200;
/// Words in all, those of phrases and exclusions included: each costs one lookup per field and segment.
pub const WORDS_MAX: usize = 16;
/// Qualifiers of one kind; more would only narrow to nothing.
pub const QUALIFIERS_MAX: usize = 8;

/// A state a thread can be asked to be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Solved,
    Unsolved,
    Answered,
    Unanswered,
}

impl State {
    /// The word after `is:`.
    pub fn word(self) -> &'static str {
        match self {
            State::Solved => "solved",
            State::Unsolved => "unsolved",
            State::Answered => "answered",
            State::Unanswered => "unanswered",
        }
    }

    fn parse(word: &str) -> Option<State> {
        [State::Solved, State::Unsolved, State::Answered, State::Unanswered]
            .into_iter()
            .find(|state| state.word() == word)
    }
}

/// What the reader of a query should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hint {
    /// Longer than [`CHARS_MAX`] characters: the rest was not read.
    TooLong,
    /// More than [`WORDS_MAX`] words: the rest was left out.
    TooManyWords,
    /// A quotation mark without its partner was read as plain text.
    UnclosedQuote,
    /// `is:` with a value we don't know, searched as plain words.
    UnknownState(String),
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
    /// States hits must be in.
    pub states: Vec<State>,
    /// Tags, folded, hits must carry.
    pub tags: Vec<String>,
    /// Username, folded, who must have asked.
    pub users: Vec<String>,
    /// Words are searched as they were typed, none corrected or completed.
    pub exact: bool,
    /// Who reads; set by the page, not by the text.
    pub reader: Reader,
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
        let mut query = Query { lang: Lang::guess(&text), ..Query::default() };
        let mut plain = String::new();
        let mut excluded: Vec<&str> = Vec::new();
        let mut phrases: Vec<&str> = Vec::new();
        let mut left = text.as_str();
        loop {
            left = left.trim_start();
            if left.is_empty() {
                break;
            }
            let without = left
                .strip_prefix('-')
                .filter(|rest| rest.starts_with(|c: char| !c.is_whitespace() && c != '-'));
            let negated = without.is_some();
            let body = without.unwrap_or(left);
            if let Some(inside) = body.strip_prefix(is_quote) {
                if let Some((phrase, after)) = inside.split_once(is_quote) {
                    if negated {
                        excluded.push(phrase)
                    } else {
                        phrases.push(phrase)
                    }
                    left = after;
                    continue;
                }
                hints.push(Hint::UnclosedQuote);
                plain.push(' ');
                plain.push_str(&inside.replace(is_quote, " "));
                break;
            }
            let end = body.find(char::is_whitespace).unwrap_or(body.len());
            let (word, after) = body.split_at(end);
            left = after;
            if negated {
                excluded.push(word);
            } else if !query.qualifier(word, &mut hints) {
                plain.push(' ');
                plain.push_str(word);
            }
        }
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

    /// Takes `word` if it is a qualifier with a value.
    fn qualifier(&mut self, word: &str, hints: &mut Vec<Hint>) -> bool {
        let Some((name, value)) = word.split_once(':') else {
            return false;
        };
        if value.is_empty() {
            return false;
        }
        let push = |list: &mut Vec<String>, value: String| {
            if list.len() < QUALIFIERS_MAX && !list.contains(&value) {
                list.push(value);
            }
            true
        };
        match name.to_ascii_lowercase().as_str() {
            "is" => match State::parse(&value.to_ascii_lowercase()) {
                Some(state) => {
                    if !self.states.contains(&state) {
                        self.states.push(state);
                    }
                    true
                }
                None => {
                    hints.push(Hint::UnknownState(value.to_owned()));
                    false
                }
            },
            "tag" => push(&mut self.tags, fold(value)),
            "user" | "author" => push(&mut self.users, fold(value.trim_start_matches('@'))),
            _ => false,
        }
    }

    /// Takes the phrases apart: their words are searched like the others.
    pub(super) fn loosen(&mut self) {
        self.words.extend(self.phrases.drain(..).flatten().filter(|word| !word.stop));
        drop_repeats(&mut self.words);
    }

    /// Nothing to search for at all.
    pub fn is_empty(&self) -> bool {
        !self.has_text() && !self.has_qualifiers() && self.excluded.is_empty()
    }

    /// Has words or phrases, so that hits have a text score.
    pub fn has_text(&self) -> bool {
        !self.words.is_empty() || !self.phrases.is_empty()
    }

    /// Asks for more than words: a search that is narrowed says little of what there is.
    pub fn has_qualifiers(&self) -> bool {
        !self.states.is_empty() || !self.tags.is_empty() || !self.users.is_empty()
    }
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

    fn surfaces(words: &[QueryWord]) -> Vec<&str> {
        words.iter().map(|word| word.surface.as_str()).collect()
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
        assert_eq!(query.states, [State::Solved]);
        assert_eq!(query.tags, ["reseau"]);
        assert_eq!(query.users, ["ann"]);
        assert!(hints.is_empty());
        assert_eq!(Query::parse("author:Ann user:@ann").0.users, ["ann"]);
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
        let (_, hints) = Query::parse("say \"hello");
        assert_eq!(hints, [Hint::UnclosedQuote]);
        let (query, hints) = Query::parse("is:purple");
        assert_eq!(surfaces(&query.words), ["purple"]);
        assert_eq!(hints, [Hint::UnknownState("purple".into())]);
        assert!(Query::parse(" \u{0}()*?~^\"\" - ").0.is_empty());
    }
}
