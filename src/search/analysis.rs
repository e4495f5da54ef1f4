//! How text becomes index terms: one scanner cuts words and codes, one fold makes them comparable, a language stems them.
//!
//! Shape of the terms. A word gives one term: folded (lower case, no accents), then stemmed in the text's language.
//! A compound such as `WRT54G-v2` gives its whole (`wrt54g-v2`), its parts joined (`wrt54gv2`) and each part, so it
//! is found with, without and between its separators. Stop words are left out, of documents and queries alike, and
//! only their places are kept for phrases: a text then counts as long as what it says, which is worth three points
//! of recall. Titles are indexed a second time with every word, for those who search for nothing but stop words.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::OnceLock;

use quick_cache::unsync::Cache;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use unicode_normalization::char::decompose_compatible;

/// A term longer than this is cut, in documents and queries alike: nobody types it, and it would bloat the dictionary.
pub const TERM_BYTES_MAX: usize = 64;
/// Parts of one compound; a longer chain (a path, a line of dashes) is cut into several compounds.
pub const COMPOUND_PARTS_MAX: usize = 8;
/// Words looked at to guess a text's language; stop words are so frequent that more changes nothing.
const GUESS_WORDS: usize = 150;
/// Stems a thread remembers per language: the words that make up nearly all of what is written, in about 2 MB.
const STEMS_KEPT: usize = 20_000;
/// Weight of a stem in a language other than the one the query seems to be in.
const OTHER_LANGUAGE_WEIGHT: f32 = 0.8;

/// A language the analysis knows. Adding one is one line in [`LANGUAGES`] and its list of stop words.
pub struct Language {
    /// ISO 639-1 code.
    pub code: &'static str,
    algorithm: frostem::Algorithm,
    /// Folded and separated by spaces.
    stop_words: &'static str,
    /// Letters after which a word's root is cut for [`ROOTS`], where the stemmer leaves the forms of a verb apart;
    /// 0 where it does not.
    root_letters: usize,
}

/// The languages in the order of their marks; never reorder without raising the schema version.
pub static LANGUAGES: [Language; 2] = [
    Language { code: "en", algorithm: frostem::Algorithm::English, stop_words: ENGLISH, root_letters: 0 },
    Language { code: "it", algorithm: frostem::Algorithm::Italian, stop_words: ITALIAN, root_letters: 4 },
];

const ENGLISH: &str = "a about after again all also am an and any are arent as at be because been before being \
    between but by can cannot cant could did didnt do does doesnt doing dont down each else ever few for from \
    further get gets getting got had has hasnt have havent having he her here hers him his how i id if ill im in \
    into is isnt it its ive just let like me more most my no nor not of off on once only or other our out over \
    own please same she should so some such than that thats the their them then there these they this those \
    through to too under until up use using very was wasnt we were what whats when where which while who whom why \
    will with without wont would you your yours";

const ITALIAN: &str = "a abbia abbiamo ad agli ai al alla alle allo altra altre altri altro anche ancora avere \
    aveva avevo c che chi ci ciao cio col come con cosa cosi cui d da dagli dai dal dalla dalle dallo degli dei \
    del dell della delle dello dentro di do dopo dov dove due e ed era erano essere fa fare fino fra gia gli grazie \
    ha hai hanno ho i il in io l la le lei li lo loro lui ma me mi mia mie miei mio ne negli nei nel nell nella nelle \
    nello no noi non nostra nostro o ogni oppure per perche pero piu poi possibile posso prima puo qua qual quale \
    quali quando quanto quel quella quelle quelli quello questa queste questi questo qui quindi sarebbe se sei \
    senza si sia siamo siano siete sono sta stata stato sto su sua sue sugli sui sul sull sulla sulle sullo suo suoi \
    ti tra tu tua tuo tutta tutte tutti tutto un una uno va vi voi vorrei";

/// Index into [`LANGUAGES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lang(u8);

impl Lang {
    /// What a text is taken for when nothing tells its language.
    pub const DEFAULT: Lang = Lang(0);

    /// All languages, in the order of their marks.
    pub fn all() -> impl Iterator<Item = Lang> {
        (0..LANGUAGES.len() as u8).map(Lang)
    }

    /// `it`, `it-IT` and `IT` are Italian; an unknown code is `None`.
    pub fn from_code(code: &str) -> Option<Lang> {
        let primary = code.split(['-', '_']).next().unwrap_or_default();
        Lang::all().find(|lang| lang.language().code.eq_ignore_ascii_case(primary))
    }

    /// The language whose stop words are strictly the most frequent among the first words, if there is one.
    pub fn guess(text: &str) -> Option<Lang> {
        let mut counts = [0u32; LANGUAGES.len()];
        let mut folded = String::new();
        let mut seen = 0;
        let mut scanner = Scanner::new(text);
        while let Some(chunk) = scanner.next_chunk() {
            for &(from, to) in chunk.parts() {
                folded.clear();
                fold_into(slice(text, from, to), &mut folded);
                let mask = stop_mask(&folded);
                for (bit, count) in counts.iter_mut().enumerate() {
                    *count += u32::from(mask >> bit & 1 == 1);
                }
                seen += 1;
            }
            if seen >= GUESS_WORDS {
                break;
            }
        }
        let best = counts.iter().copied().max().unwrap_or(0);
        let mut leaders = counts.iter().enumerate().filter(|(_, count)| **count == best);
        match (best, leaders.next(), leaders.next()) {
            (1.., Some((bit, _)), None) => Some(Lang(bit as u8)),
            _ => None,
        }
    }

    /// The language's row of the table.
    pub fn language(self) -> &'static Language {
        LANGUAGES.get(self.0 as usize).unwrap_or(&LANGUAGES[0])
    }

    /// One byte for the stored record.
    pub fn mark(self) -> u8 {
        self.0
    }

    /// Back from the stored byte; unknown marks are the default language.
    pub fn from_mark(mark: u8) -> Lang {
        if (mark as usize) < LANGUAGES.len() { Lang(mark) } else { Lang::DEFAULT }
    }

    /// Stem of a folded word. Words with digits or outside ASCII are kept: the stemmers here know Latin letters only.
    pub fn stem<'a>(self, folded: &'a str) -> std::borrow::Cow<'a, str> {
        if folded.len() < 3 || !folded.bytes().all(|byte| byte.is_ascii_lowercase()) {
            return folded.into();
        }
        frostem::Stemmer::new(self.language().algorithm).stem(folded)
    }

    /// The same into `stem`, remembered by the thread: of a community's words few are said most of the time, and
    /// stemming them anew is a third of the cost of indexing.
    fn stem_into(self, folded: &str, stem: &mut String) {
        thread_local! {
            static STEMS: RefCell<Vec<Cache<Box<str>, Box<str>>>> =
                RefCell::new(LANGUAGES.iter().map(|_| Cache::new(STEMS_KEPT)).collect());
        }
        stem.clear();
        STEMS.with_borrow_mut(|stems| {
            let Some(known) = stems.get_mut(usize::from(self.0)) else { return stem.push_str(folded) };
            if let Some(known) = known.get(folded) {
                return stem.push_str(known);
            }
            stem.push_str(&self.stem(folded));
            known.insert(folded.into(), stem.as_str().into());
        });
    }

    fn char(self) -> char {
        char::from(b'0' + self.0)
    }

    pub(super) fn is_stop(self, folded: &str) -> bool {
        stop_mask(folded) >> self.0 & 1 == 1
    }

    /// The root of a stem, where the language has roots and the stem is long enough.
    pub fn root(self, stem: &str) -> Option<&str> {
        let letters = self.language().root_letters;
        (letters > 0 && stem.bytes().all(|byte| byte.is_ascii_lowercase()))
            .then(|| stem.get(..letters))
            .flatten()
    }

    /// Whether the language has roots at all.
    pub fn has_roots(self) -> bool {
        self.language().root_letters > 0
    }
}

/// `IT`, `IO`, `US`: a name, not a stop word, where the text around it is not in capitals too.
fn is_acronym(surface: &str) -> bool {
    (2..=5).contains(&surface.len()) && surface.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn has_lower_case(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_lowercase())
}

/// One bit per language in which the folded word is a stop word.
fn stop_mask(folded: &str) -> u32 {
    static WORDS: OnceLock<HashMap<&'static str, u32>> = OnceLock::new();
    // The longest stop word has nine letters.
    if folded.len() > 12 {
        return 0;
    }
    let words = WORDS.get_or_init(|| {
        let mut words = HashMap::new();
        for (bit, language) in LANGUAGES.iter().enumerate() {
            for word in language.stop_words.split_ascii_whitespace() {
                *words.entry(word).or_insert(0) |= 1 << bit;
            }
        }
        words
    });
    words.get(folded).copied().unwrap_or(0)
}

/// `text[from..to]`, empty where that is no slice of it.
pub(super) fn slice(text: &str, from: usize, to: usize) -> &str {
    text.get(from..to).unwrap_or_default()
}

/// Soft hyphens, joiners and direction marks: inside a word they are part of it, and folding drops them.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}')
}

fn is_word_char(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    c.is_alphanumeric() || is_combining(c) || unicode_normalization::char::is_combining_mark(c)
}

/// Scripts written without spaces: every character is a word, and a run of them is a phrase.
fn stands_alone(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2bc}')
}

fn is_connector(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '+' | '#' | '&' | '\u{2010}' | '\u{2011}')
}

/// Appends `text` folded: lower case, accents and ligatures resolved, apostrophes and invisible characters dropped.
pub fn fold_into(text: &str, out: &mut String) {
    for c in text.chars() {
        if c.is_ascii() {
            if c != '\'' {
                out.push(c.to_ascii_lowercase());
            }
            continue;
        }
        match c {
            'ß' | 'ẞ' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ø' | 'Ø' => out.push('o'),
            'ł' | 'Ł' => out.push('l'),
            'đ' | 'Đ' | 'ð' | 'Ð' => out.push('d'),
            'þ' | 'Þ' => out.push_str("th"),
            'ı' => out.push('i'),
            '\u{2010}' | '\u{2011}' => out.push('-'),
            _ if is_apostrophe(c) || is_ignorable(c) => {}
            _ => decompose_compatible(c, |piece| {
                if !is_combining(piece) {
                    out.extend(piece.to_lowercase().filter(|lower| !is_combining(*lower)));
                }
            }),
        }
    }
}

/// [`fold_into`] a new string.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out
}

/// Cuts a folded term to [`TERM_BYTES_MAX`] at a character's edge.
fn bound_term(term: &mut String) {
    if term.len() > TERM_BYTES_MAX {
        let mut end = TERM_BYTES_MAX;
        while !term.is_char_boundary(end) {
            end -= 1;
        }
        term.truncate(end);
    }
}

/// A word or a compound as it stands in the text; offsets are bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Chunk {
    parts: [(usize, usize); COMPOUND_PARTS_MAX],
    count: usize,
    /// The whole with its separators, where it is more than its one part.
    pub whole: Option<(usize, usize)>,
}

impl Chunk {
    /// The words in it, in order.
    pub fn parts(&self) -> &[(usize, usize)] {
        self.parts.get(..self.count).unwrap_or_default()
    }

    /// First and last byte (exclusive) of the chunk.
    pub fn span(&self) -> (usize, usize) {
        self.whole.unwrap_or_else(|| {
            let parts = self.parts();
            (parts.first().map_or(0, |part| part.0), parts.last().map_or(0, |part| part.1))
        })
    }

    fn push(&mut self, from: usize, to: usize) {
        if let Some(slot) = self.parts.get_mut(self.count) {
            *slot = (from, to);
            self.count += 1;
        }
    }
}

/// Cuts a text into chunks, each byte looked at a bounded number of times.
pub struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    pub fn new(text: &'a str) -> Scanner<'a> {
        Scanner { text, at: 0 }
    }

    fn peek(&self, at: usize) -> Option<char> {
        match self.text.as_bytes().get(at) {
            Some(&byte) if byte < 128 => Some(char::from(byte)),
            Some(_) => self.text.get(at..)?.chars().next(),
            None => None,
        }
    }

    /// End of the run of word characters from `at`; `at` itself when there is none.
    fn run(&self, mut at: usize) -> usize {
        let bytes = self.text.as_bytes();
        loop {
            match bytes.get(at) {
                Some(byte) if byte.is_ascii_alphanumeric() => at += 1,
                Some(byte) if byte.is_ascii() => return at,
                Some(_) => match self.peek(at) {
                    Some(c) if (is_word_char(c) || is_ignorable(c)) && !stands_alone(c) => at += c.len_utf8(),
                    _ => return at,
                },
                None => return at,
            }
        }
    }

    /// Steps over plain ASCII words whose first two bytes, in lower case (0 for the second of a single letter), are
    /// not `wanted`: looking for few words in a long text is spent on the others.
    pub fn skip_unwanted(&mut self, wanted: impl Fn(u8, u8) -> bool) {
        let bytes = self.text.as_bytes();
        let at = |place: usize| bytes.get(place).copied().unwrap_or(b' ');
        // Only from a word's beginning: inside a compound every part counts.
        if self.at > 0 && !at(self.at - 1).is_ascii_whitespace() && !at(self.at).is_ascii_whitespace() {
            return;
        }
        loop {
            while self.at < bytes.len() && at(self.at).is_ascii_whitespace() {
                self.at += 1;
            }
            let first = at(self.at).to_ascii_lowercase();
            let second = match at(self.at + 1) {
                byte if byte.is_ascii_alphanumeric() => byte.to_ascii_lowercase(),
                _ => 0,
            };
            if !first.is_ascii_alphanumeric() || wanted(first, second) {
                return;
            }
            let mut end = self.at + 1;
            while at(end).is_ascii_alphanumeric() {
                end += 1;
            }
            if matches!(at(end), b'.' | b',' | b';' | b':' | b'!' | b'?' | b')') {
                end += 1;
            }
            if !at(end).is_ascii_whitespace() {
                return;
            }
            self.at = end;
        }
    }

    /// The next chunk, or `None` at the end.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let mut before = ' ';
        let (start, first) = loop {
            let c = self.peek(self.at)?;
            if is_word_char(c) {
                break (self.at, c);
            }
            // `.net`, but not the end of an ellipsis.
            if c == '.'
                && before != '.'
                && self.peek(self.at + 1).is_some_and(|next| next.is_alphabetic() && !stands_alone(next))
            {
                break (self.at, c);
            }
            before = c;
            self.at += c.len_utf8();
        };
        let mut chunk = Chunk::default();
        if stands_alone(first) {
            self.at = start + first.len_utf8();
            chunk.push(start, self.at);
            return Some(chunk);
        }
        let dotted = first == '.';
        let mut from = if dotted { start + 1 } else { start };
        let mut end;
        loop {
            end = self.run(from);
            let mut part_end = end;
            if let Some(mark) = self.peek(end).filter(|c| is_apostrophe(*c)) {
                let tail = end + mark.len_utf8();
                let tail_end = self.run(tail);
                match slice(self.text, tail, tail_end) {
                    // don't, can't: one word. It's, we'll, router's: the ending says nothing.
                    "t" | "T" => {
                        part_end = tail_end;
                        end = tail_end;
                    }
                    "s" | "S" | "re" | "ve" | "ll" | "d" | "m" => end = tail_end,
                    // dell'account, l'aggiornamento: two words.
                    _ => {}
                }
            }
            chunk.push(from, part_end);
            if end != part_end || chunk.count == COMPOUND_PARTS_MAX || part_end - start > TERM_BYTES_MAX {
                break;
            }
            let Some(link) = self.peek(end).filter(|c| is_connector(*c)) else {
                break;
            };
            let next = end + link.len_utf8();
            if !self.peek(next).is_some_and(|c| is_word_char(c) && !stands_alone(c)) {
                break;
            }
            from = next;
        }
        self.at = end;
        let part_end = chunk.parts().last().map_or(end, |part| part.1);
        let mut whole_end = part_end;
        if chunk.count == 1 && end == part_end && end - start <= 3 {
            // C++, C#, g++
            let suffix = self.text.as_bytes().get(end..).unwrap_or_default();
            let plus = suffix.iter().take_while(|byte| **byte == b'+').count();
            whole_end += match suffix.first() {
                Some(b'#') => 1,
                Some(b'+') if plus <= 2 => plus,
                _ => 0,
            };
            self.at = whole_end;
        }
        if chunk.count > 1 || dotted || whole_end != part_end {
            chunk.whole = Some((start, whole_end));
        }
        Some(chunk)
    }
}

/// Adds the product versions of `text`, each once: `2.4`, `v2.4.1` and `V3` as `2.4`, `2.4.1` and `3`.
pub fn versions_into(text: &str, out: &mut Vec<String>) {
    let mut scanner = Scanner::new(text);
    while let Some(chunk) = scanner.next_chunk() {
        let (from, to) = chunk.span();
        let surface = slice(text, from, to);
        let bare = surface.strip_prefix(['v', 'V']).unwrap_or(surface);
        let numbers = bare
            .split('.')
            .filter(|part| (1..=5).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit()));
        let parts = bare.split('.').count();
        // A lone number is a version only after a `v`; more than three dots are an address.
        let fits = if bare.len() < surface.len() { 1..=3 } else { 2..=3 };
        if numbers.count() == parts && fits.contains(&parts) && !out.iter().any(|known| known == bare) {
            out.push(bare.to_owned());
        }
    }
}

/// Marks a text with its language for [`ThreadTokenizer`], which is told nothing but the text.
pub fn marked(lang: Lang, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 1);
    out.push(lang.char());
    out.push_str(text);
    out
}

/// The same for one of several texts of a field: it begins with the term [`PART`].
pub fn marked_part(lang: Lang, text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(PART_MARK);
    out.push(lang.char());
    out.push_str(text);
    out
}

/// The term at the beginning of each text of a field that has several; no text can say it.
pub const PART: &str = "\u{1e}";
const PART_MARK: char = '>';

/// The whole (`wrt54g-v2`) and the joined form (`wrt54gv2`, stemmed where it is a word) of a compound.
fn compound_terms(text: &str, chunk: &Chunk, lang: Lang) -> (Option<String>, Option<String>) {
    let Some((from, to)) = chunk.whole else {
        return (None, None);
    };
    let mut whole = fold(slice(text, from, to));
    let joined =
        (chunk.parts().len() > 1 && whole.bytes().any(|byte| byte.is_ascii_alphabetic())).then(|| {
            let mut joined = String::with_capacity(to - from);
            for &(from, to) in chunk.parts() {
                fold_into(slice(text, from, to), &mut joined);
            }
            bound_term(&mut joined);
            lang.stem(&joined).into_owned()
        });
    bound_term(&mut whole);
    (Some(whole), joined)
}

/// The words of a text without stop words.
pub const TOKENIZER: &str = "thread";
/// Every word of a text, as it is written: for searches of stop words alone, and to know how words are spelled.
pub const EVERY: &str = "every";
/// The roots of a text's words.
pub const ROOTS: &str = "roots";

/// tantivy's view of the analysis: expects texts made by [`marked`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThreadTokenizer {
    Content,
    Every,
    Roots,
}

impl Tokenizer for ThreadTokenizer {
    type TokenStream<'a> = ThreadTokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> ThreadTokens<'a> {
        let bare = text.strip_prefix(PART_MARK);
        let part = bare.is_some() && *self != ThreadTokenizer::Roots;
        let text = bare.unwrap_or(text);
        let lang = text.bytes().next().map_or(Lang::DEFAULT, |mark| Lang::from_mark(mark.wrapping_sub(b'0')));
        let text = text.get(1..).unwrap_or_default();
        ThreadTokens {
            kind: *self,
            text,
            acronyms: has_lower_case(text),
            scanner: Scanner::new(text),
            lang,
            chunk: Chunk::default(),
            next_part: 0,
            // Comes out like the whole of a compound, at a place of its own.
            whole: part.then(|| PART.to_owned()),
            joined: None,
            position: 0,
            token: Token::default(),
            folded: String::new(),
        }
    }
}

/// The terms of one marked text.
pub struct ThreadTokens<'a> {
    kind: ThreadTokenizer,
    text: &'a str,
    /// Words in capitals stand out.
    acronyms: bool,
    scanner: Scanner<'a>,
    lang: Lang,
    chunk: Chunk,
    next_part: usize,
    whole: Option<String>,
    joined: Option<String>,
    position: usize,
    token: Token,
    folded: String,
}

impl TokenStream for ThreadTokens<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some(term) = self.whole.take().or_else(|| self.joined.take()) {
                (self.token.offset_from, self.token.offset_to) = self.chunk.span();
                self.token.position = self.position;
                self.position += usize::from(term == PART);
                self.token.text = term;
                return true;
            }
            if let Some(&(from, to)) = self.chunk.parts().get(self.next_part) {
                self.next_part += 1;
                self.token.position = self.position;
                self.position += 1;
                self.token.offset_from = from;
                self.token.offset_to = to;
                self.folded.clear();
                fold_into(slice(self.text, from, to), &mut self.folded);
                bound_term(&mut self.folded);
                if self.kind != ThreadTokenizer::Every
                    && self.chunk.whole.is_none()
                    && self.lang.is_stop(&self.folded)
                    && !(self.acronyms && is_acronym(slice(self.text, from, to)))
                {
                    continue;
                }
                let term = &mut self.token.text;
                match self.kind {
                    ThreadTokenizer::Every => term.clone_from(&self.folded),
                    _ => self.lang.stem_into(&self.folded, term),
                }
                if self.kind == ThreadTokenizer::Roots {
                    let letters = self.lang.root(term).map_or(0, str::len);
                    term.truncate(letters);
                }
                if term.is_empty() {
                    continue;
                }
                return true;
            }
            let Some(chunk) = self.scanner.next_chunk() else {
                return false;
            };
            if self.kind != ThreadTokenizer::Roots {
                (self.whole, self.joined) = compound_terms(self.text, &chunk, self.lang);
            }
            self.chunk = chunk;
            self.next_part = 0;
        }
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}

/// The index terms that mean one word, each with a weight up to 1.
pub type Alternatives = Vec<(String, f32)>;

/// One chunk of a query.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryWord {
    /// As typed.
    pub surface: String,
    /// As typed, folded: the term of [`EVERY`].
    pub folded: String,
    /// Terms of which any means the chunk as a whole.
    pub terms: Alternatives,
    /// For a compound the terms of each part, in order; empty for a plain word.
    pub parts: Vec<Alternatives>,
    /// Expressions of several words that mean the same, each word with its terms and the languages (one bit each) in
    /// which it is a stop word: found as phrases.
    pub expressions: Vec<Vec<(Alternatives, u32)>>,
    /// Says nothing in the query's language; left out unless the query is made of nothing else.
    pub stop: bool,
    /// One bit per language in which it is a stop word, so that no document of that language has it.
    pub stops: u32,
    /// Roots of the word, for [`ROOTS`], where the query's language is known: texts of others have none to match.
    pub roots: Alternatives,
}

impl QueryWord {
    /// Whether the term is one of those that mean the word.
    pub fn has(&self, term: &str) -> bool {
        self.terms.iter().any(|(known, _)| known == term)
    }
}

/// Cuts a query into at most `max` words; the flag tells that there were more. `lang` is the query's language where known.
pub fn query_words(text: &str, lang: Option<Lang>, max: usize) -> (Vec<QueryWord>, bool) {
    let mut words = Vec::new();
    let acronyms = has_lower_case(text);
    let mut scanner = Scanner::new(text);
    while let Some(chunk) = scanner.next_chunk() {
        let mut parts: Vec<Alternatives> = Vec::with_capacity(chunk.parts().len());
        let mut stop = chunk.whole.is_none();
        let mut stops = if stop { u32::MAX } else { 0 };
        let mut roots = Alternatives::new();
        for &(from, to) in chunk.parts() {
            let surface = slice(text, from, to);
            let mut folded = fold(surface);
            bound_term(&mut folded);
            let mask = if acronyms && is_acronym(surface) { 0 } else { stop_mask(&folded) };
            stops &= mask;
            stop &= match lang {
                Some(lang) => mask >> lang.0 & 1 == 1,
                None => mask != 0,
            };
            if !folded.is_empty() {
                parts.push(alternatives(&folded, lang));
                for each in Lang::all().filter(|each| each.has_roots() && lang == Some(*each)) {
                    if let Some(root) = each.root(&each.stem(&folded)).filter(|_| chunk.whole.is_none()) {
                        roots.push((root.to_owned(), 1.0));
                    }
                }
            }
        }
        let mut terms: Alternatives = Vec::new();
        if chunk.whole.is_some() {
            for each in Lang::all() {
                let (whole, joined) = compound_terms(text, &chunk, each);
                for term in whole.into_iter().chain(joined) {
                    if !term.is_empty() && !terms.iter().any(|(known, _)| *known == term) {
                        terms.push((term, 1.0));
                    }
                }
            }
        } else {
            terms = parts.pop().unwrap_or_default();
        }
        if terms.is_empty() {
            continue;
        }
        if words.len() >= max {
            return (words, true);
        }
        let (from, to) = chunk.span();
        let surface = slice(text, from, to);
        let mut folded = fold(surface);
        bound_term(&mut folded);
        words.push(QueryWord {
            surface: surface.to_owned(),
            folded,
            terms,
            parts,
            expressions: Vec::new(),
            stop,
            stops,
            roots,
        });
    }
    (words, false)
}

/// The stems of a folded word in every language.
pub(super) fn alternatives(folded: &str, lang: Option<Lang>) -> Alternatives {
    let mut terms: Alternatives = Vec::new();
    for each in Lang::all() {
        let weight = if lang.is_none_or(|lang| lang == each) { 1.0 } else { OTHER_LANGUAGE_WEIGHT };
        let stem = each.stem(folded);
        match terms.iter_mut().find(|(known, _)| *known == stem) {
            Some((_, known)) => *known = known.max(weight),
            None => terms.push((stem.into_owned(), weight)),
        }
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terms(lang: &str, text: &str) -> Vec<(String, usize)> {
        let marked = marked(Lang::from_code(lang).unwrap(), text);
        let mut tokenizer = ThreadTokenizer::Content;
        let mut stream = tokenizer.token_stream(&marked);
        let mut out = Vec::new();
        while stream.advance() {
            out.push((stream.token().text.clone(), stream.token().position));
        }
        out
    }

    fn check(lang: &str, text: &str, expected: &[(&str, usize)]) {
        let expected: Vec<_> = expected.iter().map(|(term, at)| (term.to_string(), *at)).collect();
        assert_eq!(terms(lang, text), expected, "{text}");
    }

    #[test]
    fn codes_are_kept_whole_joined_and_in_parts() {
        check("en", "WRT54G-v2 x", &[("wrt54g-v2", 0), ("wrt54gv2", 0), ("wrt54g", 0), ("v2", 1), ("x", 2)]);
        check("en", "0x80070057", &[("0x80070057", 0)]);
        check("en", "C++ and C#.", &[("c++", 0), ("c", 0), ("c#", 2), ("c", 2)]);
        check("en", "a .net thing...then", &[(".net", 1), ("net", 1), ("thing", 2)]);
        check("en", "e-mails", &[("e-mails", 0), ("email", 0), ("e", 0), ("mail", 1)]);
        check("en", "192.168.1.1", &[("192.168.1.1", 0), ("192", 0), ("168", 1), ("1", 2), ("1", 3)]);
    }

    #[test]
    fn versions_are_told_from_other_numbers() {
        let found = |text: &str| {
            let mut out = Vec::new();
            versions_into(text, &mut out);
            out
        };
        assert_eq!(found("Firmware v2.4.1 on a V3, 18.04 and 18.04"), ["2.4.1", "3", "18.04"]);
        assert_eq!(found("192.168.1.1, 42, 1,5, vodka, wrt54g-v2, 2.4ghz"), Vec::<String>::new());
    }

    #[test]
    fn words_in_capitals_are_names_where_the_rest_is_not() {
        check("it", "bonus su IO", &[("bonus", 0), ("io", 2)]);
        check("it", "BONUS SU IO", &[("bonus", 0)]);
    }

    #[test]
    fn apostrophes_follow_the_language_of_the_word() {
        check("en", "don't router's we’ll", &[("router", 1)]);
        check("it", "l'aggiornamento dell’account", &[("aggiorn", 1), ("account", 3)]);
    }

    #[test]
    fn accents_case_and_invisible_marks_do_not_matter() {
        for text in ["città", "citta", "CITTÀ", "citta\u{300}", "cit\u{ad}tà"] {
            assert_eq!(terms("it", text), terms("it", "città"), "{text:?}");
        }
        assert_eq!(fold("Straße Ærø ﬁle Ⅷ İstanbul"), "strasse aero file viii istanbul");
    }

    #[test]
    fn the_language_is_guessed_from_stop_words() {
        assert_eq!(Lang::guess("come posso configurare il router"), Lang::from_code("it"));
        assert_eq!(Lang::guess("how do I set up the router"), Lang::from_code("en-GB"));
        assert_eq!(Lang::guess("router firmware"), None);
        assert_eq!(Lang::from_code("tlh"), None);
    }

    #[test]
    fn every_text_is_cut_without_panic_and_forward() {
        for text in [
            "",
            "'",
            "''''",
            "....",
            ".a",
            "a-",
            "-a-",
            "a--b",
            "+++",
            "#",
            "日本語のルータ",
            "\u{300}\u{301}",
            "a\u{202e}b",
            "’t",
            "x’",
            "\u{0}",
        ] {
            let mut scanner = Scanner::new(text);
            let mut last = 0;
            while let Some(chunk) = scanner.next_chunk() {
                let (from, to) = chunk.span();
                assert!(from >= last && to > from && text.get(from..to).is_some(), "{text:?} {chunk:?}");
                last = to;
            }
        }
    }
}
