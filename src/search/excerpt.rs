//! The passage of a text that answers a query, with the query's words marked; one pass, no index needed.

use super::analysis::{Chunk, Lang, QueryWord, Scanner, fold_into, slice};

/// Bytes of an excerpt, about three lines of a results page.
pub const EXCERPT_BYTES: usize = 240;
/// Bytes shown before the first marked word of a passage, when it does not begin the text.
const LEAD_BYTES: usize = 50;
/// Marked places kept per text; the best passage of a longer text is among its first ones.
const MARKS_MAX: usize = 256;

/// Text in pieces, `true` = a word of the query.
pub type Pieces = Vec<(String, bool)>;

/// The query's terms, ready to be looked for in many texts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matcher {
    /// Term, number of the query's word, and whether the word being typed begins so.
    terms: Vec<(String, u32, bool)>,
    first_bytes: Vec<bool>,
    words: u32,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    from: usize,
    to: usize,
    word: u32,
}

impl Matcher {
    /// For words and phrases; `prefix` is the folded word being typed.
    pub fn new<'a>(words: impl Iterator<Item = &'a QueryWord>, prefix: Option<&str>) -> Matcher {
        let mut matcher = Matcher { first_bytes: vec![false; 256], ..Matcher::default() };
        for word in words {
            let number = matcher.words;
            for (term, _) in word.terms.iter().chain(word.parts.iter().flatten()) {
                matcher.add(term.clone(), number, false);
            }
            // Of a phrase that means the same, the words that say something.
            let meant = word
                .expressions
                .iter()
                .flatten()
                .filter(|(_, stops)| *stops == 0)
                .flat_map(|(terms, _)| terms);
            for (term, _) in meant {
                matcher.add(term.clone(), number, false);
            }
            matcher.words += 1;
        }
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            matcher.add(prefix.to_owned(), matcher.words, true);
            matcher.words += 1;
        }
        matcher
    }

    fn add(&mut self, term: String, word: u32, prefix: bool) {
        if let Some(flag) = term.bytes().next().and_then(|byte| self.first_bytes.get_mut(byte as usize)) {
            *flag = true;
            self.terms.push((term, word, prefix));
        }
    }

    /// Whether a word beginning so can be one of the query's.
    fn may_begin(&self, first: u8, second: u8) -> bool {
        self.first_bytes.get(first as usize).is_some_and(|known| *known)
            && self.terms.iter().any(|(term, ..)| {
                let mut bytes = term.bytes();
                bytes.next() == Some(first) && bytes.next().is_none_or(|byte| byte == second)
            })
    }

    fn word_of(&self, folded: &str, lang: Lang) -> Option<u32> {
        let first = folded.bytes().next()?;
        if !self.first_bytes.get(first as usize).is_some_and(|known| *known) {
            return None;
        }
        let start = folded.as_bytes().get(..2).unwrap_or(folded.as_bytes());
        let mut stem = None;
        for (term, word, prefix) in &self.terms {
            if folded == term || *prefix && folded.starts_with(term.as_str()) {
                return Some(*word);
            }
            // Stemming keeps the beginning of a word, so most words need no stem.
            if term.as_bytes().starts_with(start) && *stem.get_or_insert_with(|| lang.stem(folded)) == *term {
                return Some(*word);
            }
        }
        None
    }

    /// The query's words in the text: all of them, or up to the end of the first passage that has every word.
    fn marks(&self, text: &str, lang: Lang, all: bool) -> Vec<Mark> {
        let mut marks = Vec::new();
        if self.terms.is_empty() {
            return marks;
        }
        let mut folded = String::with_capacity(32);
        let mut scanner = Scanner::new(text);
        let mut last: Vec<Option<usize>> = vec![None; self.words as usize];
        let mut looked = 0;
        let mut end = usize::MAX;
        loop {
            scanner.skip_unwanted(|first, second| self.may_begin(first, second));
            let Some(chunk) = scanner.next_chunk() else {
                break;
            };
            self.mark_chunk(text, &chunk, lang, &mut folded, &mut marks);
            if marks.len() >= MARKS_MAX || chunk.span().0 > end {
                break;
            }
            for mark in marks.get(looked..).unwrap_or_default() {
                if let Some(place) = last.get_mut(mark.word as usize) {
                    *place = Some(mark.from);
                }
            }
            if !all && end == usize::MAX && looked < marks.len() && !last.contains(&None) {
                let first = last.iter().flatten().min().copied().unwrap_or(0);
                if chunk.span().1 - first <= EXCERPT_BYTES - LEAD_BYTES {
                    end = first + EXCERPT_BYTES;
                }
            }
            looked = marks.len();
        }
        marks
    }

    fn mark_chunk(&self, text: &str, chunk: &Chunk, lang: Lang, folded: &mut String, marks: &mut Vec<Mark>) {
        if let Some((from, to)) = chunk.whole {
            folded.clear();
            fold_into(slice(text, from, to), folded);
            let mut found = self.word_of(folded, lang);
            if found.is_none() {
                folded.clear();
                chunk.parts().iter().for_each(|&(from, to)| fold_into(slice(text, from, to), folded));
                found = self.word_of(folded, lang);
            }
            if let Some(word) = found {
                marks.push(Mark { from, to, word });
                return;
            }
        }
        for &(from, to) in chunk.parts() {
            let part = slice(text, from, to);
            // Most words of a text begin with a letter no query word begins with.
            match part.bytes().next() {
                Some(byte) if byte.is_ascii() => {
                    let known = self.first_bytes.get(byte.to_ascii_lowercase() as usize);
                    if !known.is_some_and(|known| *known) {
                        continue;
                    }
                }
                Some(_) => {}
                None => continue,
            }
            folded.clear();
            fold_into(part, folded);
            if let Some(word) = self.word_of(folded, lang) {
                marks.push(Mark { from, to, word });
            }
        }
    }

    /// The whole text with the query's words marked; for titles.
    pub fn mark_all(&self, text: &str, lang: Lang) -> Pieces {
        pieces(text, 0, text.len(), &self.marks(text, lang, true))
    }

    /// What the text has of the query, to compare texts before showing one.
    pub fn look<'a>(&self, text: &'a str, lang: Lang) -> Look<'a> {
        Look { text, marks: self.marks(text, lang, false) }
    }
}

/// A text with its marks.
pub struct Look<'a> {
    text: &'a str,
    marks: Vec<Mark>,
}

impl Look<'_> {
    /// How many different words of the query the text has.
    pub fn count(&self) -> usize {
        distinct(&self.marks)
    }

    /// The passage with the most different words of the query; the beginning of the text if there is none.
    pub fn excerpt(&self) -> Pieces {
        let text = self.text;
        let Some(start) = best_window(&self.marks) else {
            let end = cut_back(text, EXCERPT_BYTES.min(text.len()), 0);
            return pieces(text, 0, end, &self.marks);
        };
        let first = self.marks.get(start).map_or(0, |mark| mark.from);
        let from = passage_start(text, first);
        let end = cut_back(text, (from + EXCERPT_BYTES).min(text.len()), first);
        pieces(text, from, end, &self.marks)
    }
}

fn distinct(marks: &[Mark]) -> usize {
    marks.iter().fold(0u64, |seen, mark| seen | 1 << mark.word.min(63)).count_ones() as usize
}

/// Index of the mark at which the best passage begins; the earliest among equals.
fn best_window(marks: &[Mark]) -> Option<usize> {
    let mut best: Option<(usize, usize, usize)> = None;
    for (start, mark) in marks.iter().enumerate() {
        let rest = marks.get(start..).unwrap_or_default();
        let length =
            rest.iter().take_while(|other| other.to <= mark.from + EXCERPT_BYTES - LEAD_BYTES).count();
        let window = rest.get(..length.max(1)).unwrap_or_default();
        let found = distinct(window);
        if best.is_none_or(|(_, words, marks)| (found, window.len()) > (words, marks)) {
            best = Some((start, found, window.len()));
        }
    }
    best.map(|(start, _, _)| start)
}

/// Where the passage around byte `at` begins: the text's start, a sentence's or at least a word's.
fn passage_start(text: &str, at: usize) -> usize {
    if at <= LEAD_BYTES {
        return 0;
    }
    let mut lead = at - LEAD_BYTES;
    while !text.is_char_boundary(lead) {
        lead += 1;
    }
    let before = slice(text, lead, at);
    let sentence = before.rfind(['\n', '!', '?']).into_iter().chain(before.rfind(". ")).max();
    match sentence.or_else(|| before.find(char::is_whitespace)) {
        Some(offset) => {
            let rest = slice(text, lead + offset, at);
            at - rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '.' | '!' | '?')).len()
        }
        None => at,
    }
}

/// `end` moved back to a word's edge, but not before `least`.
fn cut_back(text: &str, mut end: usize, least: usize) -> usize {
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    if end >= text.len() {
        return text.len();
    }
    match slice(text, least, end).rfind(char::is_whitespace) {
        Some(offset) if offset > 0 => least + offset,
        _ => end,
    }
}

fn pieces(text: &str, from: usize, end: usize, marks: &[Mark]) -> Pieces {
    let mut out: Pieces = Vec::new();
    let mut push = |text: &str, marked: bool| {
        if text.is_empty() {
            return;
        }
        match out.last_mut() {
            Some((last, false)) if !marked => last.push_str(text),
            _ => out.push((text.to_owned(), marked)),
        }
    };
    if from > 0 {
        push("…", false);
    }
    let mut at = from;
    for mark in marks.iter().filter(|mark| mark.from >= from && mark.to <= end) {
        push(&tidy(slice(text, at, mark.from)), false);
        push(slice(text, mark.from, mark.to), true);
        at = mark.to;
    }
    push(&tidy(slice(text, at, end)), false);
    if slice(text, end, text.len()).trim().is_empty() {
        return out;
    }
    push("…", false);
    out
}

/// Runs of white space and control characters as one space.
fn tidy(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.bytes().any(|byte| byte < 32) && !text.contains("  ") {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            space = true;
            continue;
        }
        if std::mem::take(&mut space) {
            out.push(' ');
        }
        out.push(c);
    }
    if space {
        out.push(' ');
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::analysis::query_words;

    fn shown(query: &str, text: &str) -> String {
        let (words, _) = query_words(query, None, 16);
        let matcher = Matcher::new(words.iter(), None);
        let lang = Lang::guess(text).unwrap_or(Lang::DEFAULT);
        matcher
            .look(text, lang)
            .excerpt()
            .into_iter()
            .map(|(piece, hit)| if hit { format!("[{piece}]") } else { piece })
            .collect()
    }

    #[test]
    fn words_are_marked_whatever_their_form() {
        assert_eq!(shown("router reset", "Reset the\nROUTERS now"), "[Reset] the [ROUTERS] now");
        assert_eq!(shown("citta", "la città è di tutte le Città"), "la [città] è di tutte le [Città]");
        assert_eq!(shown("wrt54gv2", "my WRT54G-v2, and v2"), "my [WRT54G-v2], and v2");
    }

    #[test]
    fn the_passage_with_most_words_is_shown() {
        let text = format!(
            "A router is nice. {}At the end, reset the router by its pin. {}",
            "Words go by. ".repeat(60),
            "More. ".repeat(60)
        );
        let shown = shown("router reset", &text);
        assert!(shown.starts_with("…At the end, [reset] the [router] by its pin."), "{shown}");
        assert!(shown.ends_with('…') && shown.len() < EXCERPT_BYTES + 20, "{shown}");
    }

    #[test]
    fn a_text_without_any_word_shows_its_beginning() {
        assert_eq!(shown("router", "nothing here"), "nothing here");
        assert_eq!(shown("router", ""), "");
    }
}
