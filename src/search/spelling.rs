//! Words the index does not know: completed where they are still being typed, corrected where they are misspelt.
//!
//! A correction is a word of the index one letter away (two for long words; neighbours swapped count as one), found by
//! running a Levenshtein automaton over the sorted words. Titles are asked first, as they are written; where no title
//! has a near word, the stems of the other texts are. Words with digits are codes and never corrected.

use std::collections::HashMap;
use std::sync::OnceLock;

use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};
use tantivy::Searcher;
use tantivy::schema::Field;
use tantivy_fst::Automaton;

use super::analysis::{Alternatives, Lang, QueryWord, alternatives};
use super::document::Fields;
use super::index::SearchError;
use super::ranking;

/// Letters from which a word is corrected by one letter.
const ONE_LETTER_FROM: usize = 4;
/// Letters from which it is corrected by two.
const TWO_LETTERS_FROM: usize = 8;
/// Words a misspelt one may mean.
const CORRECTIONS_MAX: usize = 3;
/// Near words looked at per segment and field.
const NEAR_LOOK_MAX: usize = 500;
/// Words of one query that are corrected: each costs up to six walks over the words of the index.
const CORRECTED_MAX: usize = 4;
/// Title words that the word being typed may grow into.
pub const PREFIX_TERMS_MAX: usize = 12;
/// Words looked at per segment to find them.
const PREFIX_LOOK_MAX: usize = 500;
/// Letters of the last word from which it is completed.
pub const PREFIX_LETTERS_MIN: usize = 2;

/// A word that was read as another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// As typed.
    pub typed: String,
    /// As the index has it.
    pub read: String,
}

/// The words of a query as the index understands them.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub corrected: Vec<Correction>,
    /// Typed words that no thread has, nor any near them.
    pub unknown: Vec<String>,
}

struct Near<'a>(&'a DFA);

impl Automaton for Near<'_> {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}

fn automaton(word: &str, letters: u8) -> DFA {
    static ONE: OnceLock<LevenshteinAutomatonBuilder> = OnceLock::new();
    static TWO: OnceLock<LevenshteinAutomatonBuilder> = OnceLock::new();
    let (cell, letters) = if letters > 1 { (&TWO, 2) } else { (&ONE, 1) };
    cell.get_or_init(|| LevenshteinAutomatonBuilder::new(letters, true)).build_dfa(word)
}

/// Words of `field` up to `letters` away from `word`, with their distance and frequency: nearest and then most
/// frequent first.
fn near(
    searcher: &Searcher,
    field: Field,
    word: &str,
    letters: u8,
) -> Result<Vec<(String, u8, u32)>, SearchError> {
    let dfa = automaton(word, letters);
    let mut found: HashMap<String, (u8, u32)> = HashMap::new();
    for segment in searcher.segment_readers() {
        let terms = segment.inverted_index(field)?;
        let mut stream = terms.terms().search(Near(&dfa)).into_stream().map_err(SearchError::Io)?;
        let mut looked = 0;
        while looked < NEAR_LOOK_MAX && stream.advance() {
            looked += 1;
            let Ok(term) = std::str::from_utf8(stream.key()) else { continue };
            let Distance::Exact(distance) = dfa.eval(term) else { continue };
            if distance > 0 && !term.bytes().any(|byte| byte.is_ascii_digit()) {
                let entry = found.entry(term.to_owned()).or_insert((distance, 0));
                entry.1 = entry.1.saturating_add(stream.value().doc_freq);
            }
        }
    }
    let mut found: Vec<(String, u8, u32)> =
        found.into_iter().map(|(term, (distance, freq))| (term, distance, freq)).collect();
    // A misspelling that another has typed too is not what was meant where a common word is as near.
    found.sort_unstable_by(|a, b| (a.1, u32::MAX - a.2, &a.0).cmp(&(b.1, u32::MAX - b.2, &b.0)));
    Ok(found)
}

/// What a misspelt word may mean: the terms with their weights, and how the best is written.
pub fn corrections(
    searcher: &Searcher,
    fields: &Fields,
    word: &QueryWord,
    lang: Option<Lang>,
) -> Result<Option<(Alternatives, String)>, SearchError> {
    let count = word.folded.chars().count();
    let plain = word.parts.is_empty() && word.folded.chars().all(char::is_alphabetic);
    if !plain || count < ONE_LETTER_FROM {
        return Ok(None);
    }
    let letters = if count >= TWO_LETTERS_FROM { 2 } else { 1 };
    let weight = |distance: u8| ranking::CORRECTED.powi(i32::from(distance));
    for letters in 1..=letters {
        let written = near(searcher, fields.every, &word.folded, letters)?;
        if let Some((best, ..)) = written.first() {
            let mut terms = Alternatives::new();
            for (term, distance, _) in written.iter().take(CORRECTIONS_MAX) {
                for (stem, share) in alternatives(term, lang) {
                    if !terms.iter().any(|(known, _)| *known == stem) {
                        terms.push((stem, share * weight(*distance)));
                    }
                }
            }
            return Ok(Some((terms, best.clone())));
        }
    }
    for (stem, _) in &word.terms {
        for field in [fields.solution, fields.question, fields.answers, fields.tags] {
            let stems = near(searcher, field, stem, letters)?;
            if let Some((best, ..)) = stems.first() {
                let terms = stems
                    .iter()
                    .take(CORRECTIONS_MAX)
                    .map(|(term, distance, _)| (term.clone(), weight(*distance)))
                    .collect();
                return Ok(Some((terms, best.clone())));
            }
        }
    }
    Ok(None)
}

/// Reads the words of a query: those no thread has are completed (the last, while `typing`), corrected or told.
/// `known` says in how many threads a term stands.
pub fn read(
    searcher: &Searcher,
    fields: &Fields,
    words: &mut [QueryWord],
    lang: Option<Lang>,
    typing: bool,
    exact: bool,
    known: impl Fn(&str) -> Result<u64, SearchError>,
) -> Result<Reading, SearchError> {
    let mut reading = Reading::default();
    if exact {
        return Ok(reading);
    }
    let last = words.len().saturating_sub(1);
    for (at, word) in words.iter_mut().enumerate() {
        let mut threads = 0;
        for (term, _) in word.terms.iter().chain(word.parts.iter().flatten()) {
            threads = threads.max(known(term)?);
        }
        if threads > 0 {
            continue;
        }
        if at == last && typing && word.parts.is_empty() {
            let grown = grown(searcher, fields, &word.folded)?;
            if !grown.is_empty() {
                word.terms.extend(grown);
                continue;
            }
        }
        match corrections(searcher, fields, word, lang)?.filter(|_| reading.corrected.len() < CORRECTED_MAX) {
            Some((terms, best)) => {
                reading.corrected.push(Correction { typed: word.surface.clone(), read: best });
                word.terms = terms;
                word.roots.clear();
            }
            None => reading.unknown.push(word.surface.clone()),
        }
    }
    Ok(reading)
}

/// Title terms beginning with `prefix`, the most frequent ones, with their weights.
pub fn grown(searcher: &Searcher, fields: &Fields, prefix: &str) -> Result<Alternatives, SearchError> {
    if prefix.chars().count() < PREFIX_LETTERS_MIN {
        return Ok(Alternatives::new());
    }
    let mut counts: HashMap<String, u32> = HashMap::new();
    for segment in searcher.segment_readers() {
        let terms = segment.inverted_index(fields.title)?;
        let mut stream = terms.terms().range().ge(prefix).into_stream().map_err(SearchError::Io)?;
        let mut looked = 0;
        while looked < PREFIX_LOOK_MAX && stream.advance() && stream.key().starts_with(prefix.as_bytes()) {
            looked += 1;
            if let Ok(term) = std::str::from_utf8(stream.key()) {
                *counts.entry(term.to_owned()).or_insert(0) += stream.value().doc_freq;
            }
        }
    }
    let mut terms: Vec<(String, u32)> = counts.into_iter().collect();
    terms.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    terms.truncate(PREFIX_TERMS_MAX);
    Ok(terms.into_iter().map(|(term, _)| (term, ranking::PREFIX)).collect())
}
