//! search room: the brand's words that mean the same: how its list is written, and how a query is widened by it.
//!
//! The list is TOML with two kinds of rules: `[[same]]`, whose expressions find each other, and `[[also]]`, whose
//! `from` finds what stands in `to` and not the reverse. It is applied to queries and never to the index, so that a
//! change is in force at once. Nothing here reads or writes anything.
use super::analysis::{Alternatives, QueryWord, query_words};
use super::query::{Query, WORDS_MAX};
use super::ranking;
use crate::kernel::limits;
use crate::kernel::toml_text::{self, line_of};
use serde::Deserialize;
use std::collections::{BTreeSet, HashMap};
use toml::Spanned;

/// A list, ready to widen queries. The default is the empty one.
#[derive(Debug, Default, PartialEq)]
pub struct Synonyms {
    expressions: Vec<Expression>,
    entries: Vec<Entry>,
    /// Entries by each term their first word may be.
    by_term: HashMap<String, Vec<usize>>,
    rules: usize,
}

#[derive(Debug, PartialEq)]
struct Expression {
    text: String,
    words: Vec<QueryWord>,
}

/// Whoever searches for `from` also finds `to`; both are numbers of expressions.
#[derive(Debug, PartialEq)]
struct Entry {
    from: usize,
    to: Vec<usize>,
}

/// What is wrong with a list, and on which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub what: Wrong,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// More than [`limits::SYNONYM_BYTES`].
    TooLarge,
    /// Not TOML, or not of these rules; the parser's own words.
    Toml(String),
    TooManyRules,
    /// A rule of less than two expressions says nothing.
    TooFew,
    TooManyExpressions,
    /// No letter and no digit.
    NoWord(String),
    TooLong(String),
    TooManyWords(String),
}

impl Problem {
    /// Fluent key; its arguments are `line`, `detail` and `n`.
    pub fn key(&self) -> &'static str {
        match self.what {
            Wrong::TooLarge => "synonyms-too-large",
            Wrong::Toml(_) => "synonyms-not-toml",
            Wrong::TooManyRules => "synonyms-too-many-rules",
            Wrong::TooFew => "synonyms-too-few",
            Wrong::TooManyExpressions => "synonyms-too-many-expressions",
            Wrong::NoWord(_) => "synonyms-no-word",
            Wrong::TooLong(_) => "synonyms-too-long",
            Wrong::TooManyWords(_) => "synonyms-too-many-words",
        }
    }

    /// What the problem is about: an expression, or what the parser said.
    pub fn detail(&self) -> &str {
        match &self.what {
            Wrong::Toml(text) | Wrong::NoWord(text) | Wrong::TooLong(text) | Wrong::TooManyWords(text) => {
                text
            }
            _ => "",
        }
    }

    /// The bound that was passed.
    pub fn bound(&self) -> usize {
        match self.what {
            Wrong::TooLarge => limits::SYNONYM_BYTES / 1024,
            Wrong::TooManyRules => limits::SYNONYM_RULES,
            Wrong::TooManyExpressions => limits::SYNONYM_EXPRESSIONS,
            Wrong::TooLong(_) => limits::SYNONYM_CHARS,
            Wrong::TooManyWords(_) => limits::SYNONYM_WORDS,
            Wrong::Toml(_) | Wrong::TooFew | Wrong::NoWord(_) => 0,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    same: Vec<Same>,
    #[serde(default)]
    also: Vec<Also>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Same {
    words: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Also {
    from: Spanned<String>,
    to: Spanned<Vec<Spanned<String>>>,
}

impl Synonyms {
    /// Reads a list, in time linear in its bounded text.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Synonyms, Problem> {
        let wrong = |at: usize, what| Problem { line: line_of(text, at), what };
        if text.len() > limits::SYNONYM_BYTES {
            return Err(wrong(text.len(), Wrong::TooLarge));
        }
        let file: File =
            toml_text::read(text).map_err(|(line, said)| Problem { line, what: Wrong::Toml(said) })?;
        let mut list = Synonyms { rules: file.same.len() + file.also.len(), ..Synonyms::default() };
        if list.rules > limits::SYNONYM_RULES {
            return Err(wrong(text.len(), Wrong::TooManyRules));
        }
        for rule in &file.same {
            let numbers = list.take(text, &rule.words)?;
            if numbers.len() < 2 {
                return Err(wrong(rule.words.span().start, Wrong::TooFew));
            }
            for &from in &numbers {
                let to = numbers.iter().copied().filter(|other| *other != from).collect();
                list.entries.push(Entry { from, to });
            }
        }
        for rule in &file.also {
            let from = list.add(text, &rule.from)?;
            let to = list.take(text, &rule.to)?;
            if to.is_empty() {
                return Err(wrong(rule.to.span().start, Wrong::TooFew));
            }
            list.entries.push(Entry { from, to });
        }
        for (number, entry) in list.entries.iter().enumerate() {
            let first = list.expressions.get(entry.from).and_then(|expression| expression.words.first());
            for (term, _) in first.iter().flat_map(|word| &word.terms) {
                list.by_term.entry(term.clone()).or_default().push(number);
            }
        }
        Ok(list)
    }

    fn take(&mut self, text: &str, words: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<usize>, Problem> {
        if words.get_ref().len() > limits::SYNONYM_EXPRESSIONS {
            let line = line_of(text, words.span().start);
            return Err(Problem { line, what: Wrong::TooManyExpressions });
        }
        words.get_ref().iter().map(|word| self.add(text, word)).collect()
    }

    fn add(&mut self, text: &str, typed: &Spanned<String>) -> Result<usize, Problem> {
        let shown = typed.get_ref().split_whitespace().collect::<Vec<_>>().join(" ");
        let wrong = |what| Problem { line: line_of(text, typed.span().start), what };
        if shown.chars().count() > limits::SYNONYM_CHARS {
            return Err(wrong(Wrong::TooLong(shown.chars().take(limits::SYNONYM_CHARS).collect())));
        }
        let (words, more) = query_words(&shown, None, limits::SYNONYM_WORDS);
        if more {
            return Err(wrong(Wrong::TooManyWords(shown)));
        }
        if words.is_empty() {
            return Err(wrong(Wrong::NoWord(shown)));
        }
        self.expressions.push(Expression { text: shown, words });
        Ok(self.expressions.len() - 1)
    }

    /// Rules of the list.
    pub fn rules(&self) -> usize {
        self.rules
    }

    /// The entries whose `from` stands in `words` at `at`.
    fn found<'a>(&'a self, words: &'a [QueryWord], at: usize) -> impl Iterator<Item = (&'a Entry, usize)> {
        let first = words.get(at);
        let numbers: BTreeSet<usize> = first
            .iter()
            .flat_map(|word| &word.terms)
            .filter_map(|(term, _)| self.by_term.get(term))
            .flatten()
            .copied()
            .collect();
        numbers.into_iter().filter_map(move |number| {
            let entry = self.entries.get(number)?;
            let wanted = &self.expressions.get(entry.from)?.words;
            let run = words.get(at..at.checked_add(wanted.len())?)?;
            run.iter().zip(wanted).all(|(word, wanted)| same(word, wanted)).then_some((entry, run.len()))
        })
    }
}

/// Two words are forms of one when they have a stem in common, in any language.
fn same(a: &QueryWord, b: &QueryWord) -> bool {
    a.terms.iter().any(|(term, _)| b.terms.iter().any(|(other, _)| term == other))
}

/// What a query was widened by: words as typed, and the expressions that are now found too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widened {
    pub typed: String,
    pub to: Vec<String>,
}

/// Widens a query's plain words: one-word synonyms become terms of lesser weight, longer ones phrases. Several typed
/// words that together are an entry get the synonyms each, so that a hit has either the words or what means the same.
/// Phrases in quotes and exclusions are meant as they stand.
pub fn expand(query: &mut Query, synonyms: &Synonyms) -> Vec<Widened> {
    let mut done = Vec::new();
    if synonyms.entries.is_empty() || query.words.is_empty() {
        return done;
    }
    // With stop words, which the query has dropped: "log in" is not "log".
    let (typed, _) = query_words(&query.text, query.lang, WORDS_MAX * 2);
    let plain: Vec<Alternatives> = query.words.iter().map(|word| word.terms.clone()).collect();
    let place = |word: &QueryWord| plain.iter().position(|terms| *terms == word.terms);
    let mut budget = limits::SYNONYMS_PER_QUERY;
    for at in 0..typed.len() {
        for (entry, length) in synonyms.found(&typed, at) {
            let run = typed.get(at..at + length).unwrap_or_default();
            let places: Vec<usize> = run.iter().filter_map(place).collect();
            // A word of the run stands only in quotes or behind a minus.
            if places.is_empty() || run.iter().any(|word| !word.stop && place(word).is_none()) {
                continue;
            }
            let mut to = Vec::new();
            for expression in entry.to.iter().filter_map(|number| synonyms.expressions.get(*number)) {
                if budget == 0 {
                    break;
                }
                budget -= 1;
                to.push(expression.text.clone());
                for place in &places {
                    if let Some(word) = query.words.get_mut(*place) {
                        widen(word, &expression.words);
                    }
                }
            }
            if !to.is_empty() {
                let typed: Vec<&str> = run.iter().map(|word| word.surface.as_str()).collect();
                done.push(Widened { typed: typed.join(" "), to });
            }
        }
    }
    done
}

fn widen(word: &mut QueryWord, by: &[QueryWord]) {
    let mut phrase: Vec<(Alternatives, u32)> = Vec::new();
    for other in by {
        if by.len() == 1 {
            for (term, weight) in &other.terms {
                if !word.terms.iter().any(|(known, _)| known == term) {
                    word.terms.push((term.clone(), weight * ranking::SYNONYM));
                }
            }
        }
        if !other.parts.is_empty() {
            phrase.extend(other.parts.iter().map(|part| (part.clone(), 0)));
        } else if by.len() > 1 {
            phrase.push((other.terms.clone(), other.stops));
        }
    }
    if phrase.len() > 1 && !word.expressions.contains(&phrase) {
        word.expressions.push(phrase);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# any of these finds the others\n[[same]]\nwords = [\"wifi\", \"wi-fi\", \"wireless network\", \"wlan\"]\n\n\
                        [[also]]\nfrom = \"login\"\nto = [\"sign in\", \"log in\"]\n\n[[same]]\nwords = [\"sign in\", \"log in\"]\n";

    fn widened(text: &str) -> (Query, Vec<Widened>) {
        let (mut query, _) = Query::parse(text);
        let done = expand(&mut query, &Synonyms::parse(LIST).unwrap());
        (query, done)
    }

    fn says(done: &[Widened]) -> Vec<(&str, Vec<&str>)> {
        done.iter().map(|one| (one.typed.as_str(), one.to.iter().map(String::as_str).collect())).collect()
    }

    #[test]
    fn forms_of_a_word_and_expressions_of_several_are_widened() {
        let (query, done) = widened("Logins fail");
        assert_eq!(says(&done), [("Logins", vec!["sign in", "log in"])]);
        let [logins, fail] = query.words.as_slice() else { panic!("{:?}", query.words) };
        assert_eq!(logins.expressions.len(), 2);
        assert!(fail.expressions.is_empty() && fail.terms.len() == 1);
        // "in" is no word of the query, and still part of what was typed.
        let (query, done) = widened("cannot log in");
        assert_eq!(says(&done), [("log in", vec!["sign in"])]);
        assert_eq!(query.words.len(), 1);
        assert!(widened("cannot read the log").1.is_empty());
        // One word for two: each of the two may be the one.
        let (query, _) = widened("wireless network slow");
        for word in query.words.iter().take(2) {
            assert!(word.terms.iter().any(|(term, weight)| term == "wlan" && *weight < 1.0), "{word:?}");
        }
    }

    #[test]
    fn one_way_rules_go_one_way_and_quotes_are_kept() {
        assert!(says(&widened("sign in").1).iter().all(|(_, to)| !to.contains(&"login")));
        assert!(widened("\"login\" page").1.is_empty());
        assert!(widened("page -login").1.is_empty());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let long = "a".repeat(limits::SYNONYM_CHARS + 1);
        for (text, line, key) in [
            ("[[same]]\nwords = [\"a\", ", 2, "synonyms-not-toml"),
            ("\n[[some]]\nwords = []", 2, "synonyms-not-toml"),
            ("[[same]]\nwords = [\"wifi\"]", 2, "synonyms-too-few"),
            ("[[same]]\nwords = [\n\"wifi\",\n\"...\"]", 4, "synonyms-no-word"),
            (&format!("[[same]]\nwords = [\"a\",\n\"{long}\"]"), 3, "synonyms-too-long"),
            ("[[also]]\nfrom = \"a\"\nto = [\"b c d e f g\"]", 3, "synonyms-too-many-words"),
            ("[[also]]\nfrom = \"a\"\nto = []", 3, "synonyms-too-few"),
            (&format!("[[same]]\nwords = [{}]", "\"a\",".repeat(21)), 2, "synonyms-too-many-expressions"),
            (
                &"[[same]]\nwords = [\"a\", \"b\"]\n".repeat(limits::SYNONYM_RULES + 1),
                4003,
                "synonyms-too-many-rules",
            ),
        ] {
            let problem = Synonyms::parse(text).unwrap_err();
            assert_eq!((problem.line, problem.key()), (line, key), "{text:.60}");
            assert!(crate::web::i18n::has("en", problem.key()), "{key}");
        }
        assert!(Synonyms::parse(&" ".repeat(limits::SYNONYM_BYTES + 1)).is_err());
        assert_eq!(Synonyms::parse("").unwrap(), Synonyms::default());
    }

    #[test]
    fn a_query_is_widened_within_bounds() {
        let words: Vec<String> = (0..20).map(|n| format!("\"w{n}\"")).collect();
        let list = format!("[[same]]\nwords = [{}]\n", words.join(",")).repeat(50);
        let list = Synonyms::parse(&list).unwrap();
        let (mut query, _) = Query::parse("w0 w1 w2 w3 w4 w5 w6 w7");
        let done = expand(&mut query, &list);
        assert!(done.iter().map(|one| one.to.len()).sum::<usize>() <= limits::SYNONYMS_PER_QUERY);
        assert!(query.words.iter().map(|word| word.terms.len()).sum::<usize>() < 200);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_list_or_a_problem(
            text in "(\\[\\[(same|also)\\]\\]\n|words = |from = |to = |\\[|\\]|\"[^\"\n]{0,8}\"|, |\n|#|.){0,30}",
            query in "(?s).{0,60}",
        ) {
            match Synonyms::parse(&text) {
                Ok(list) => {
                    let (mut query, _) = Query::parse(&query);
                    expand(&mut query, &list);
                }
                Err(problem) => {
                    proptest::prop_assert!(problem.line >= 1 && problem.line <= text.split('\n').count());
                }
            }
        }
    }
}
