//! Finding: a query is run over the fields, ranked, paged by key, and each hit is shown from its stored record.
//!
//! Words are first taken together: a hit has all of them. If that does not fill a page, a hit has any of them, ranked
//! by how much they say. Which of the two was chosen is kept in the cursor, so that a second page continues the first.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::{Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tantivy::query::{
    AllQuery, Bm25StatisticsProvider, BooleanQuery, BoostQuery, ConstScoreQuery, EnableScoring, Occur,
    PhraseQuery, Query as Matching, TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{BitSet, DocAddress, DocId, DocSet, Searcher, SegmentReader, TERMINATED, Term};

use super::analysis::{Alternatives, Lang, QueryWord, fold, query_words};
use super::document::{ACTIVE_AT, Record, SIGNALS, THREAD_ID, state_fact, tag_fact, user_fact};
use super::excerpt::{Look, Matcher, Pieces};
use super::index::{Index, SearchError};
use super::query::Query;
use super::ranking::{self, Signals};

/// Hits of one page at most.
pub const LIMIT_MAX: usize = 100;
/// Up to here hits are counted; beyond, there are "more than".
pub const COUNT_MAX: u32 = 1_000;
/// Title terms that the word being typed may grow into.
const PREFIX_TERMS_MAX: usize = 12;
/// Terms looked at per segment to find them.
const PREFIX_LOOK_MAX: usize = 500;
/// Letters of the last word from which it is completed.
const PREFIX_LETTERS_MIN: usize = 2;
/// Characters of a question's body that are looked at: what it is about stands at its beginning.
const BODY_CHARS_MAX: usize = 4_000;
/// Words of them whose rarity is looked up.
const BODY_WORDS_LOOKED_AT: usize = 200;
/// Words of them that are searched for, the rarest: each costs as much as a word of the title.
const BODY_WORDS_MAX: usize = 16;
/// Weight of such a word against one of the title.
const BODY_WORD: f32 = 0.3;

/// Where an excerpt was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcerptFrom {
    Solution,
    Answer,
    Question,
}

/// One thread found, with all a results page shows of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub thread_id: i64,
    /// Text score times bonus; 0 where the query has no words.
    pub score: f32,
    pub title: String,
    /// The title in pieces, `true` = a word of the query.
    pub title_pieces: Pieces,
    /// A passage in pieces, `true` = a word of the query; plain text, to be escaped.
    pub excerpt: Pieces,
    pub excerpt_from: ExcerptFrom,
    pub tags: Vec<String>,
    pub author: Option<String>,
    pub solved: bool,
    pub answer_count: i64,
    /// Sum of votes.
    pub votes: i64,
    pub created_at_us: i64,
    pub active_at_us: i64,
    pub solution_post_id: Option<i64>,
    pub duplicate_of: Option<i64>,
}

/// How many hits there are in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Total {
    pub count: u32,
    /// There are more than `count`.
    pub more: bool,
}

/// One page of hits.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Results {
    pub hits: Vec<Hit>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
    pub total: Total,
    /// The total may count what was taken away since the index followed: it is not to be told.
    pub uncounted: bool,
    /// Too few threads have all the words, so these have some of them.
    pub any_word: bool,
}

/// Where a page begins: behind this hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    any_word: bool,
    key: u64,
    thread_id: i64,
    total: Total,
}

impl Cursor {
    /// As a short string for addresses.
    pub fn encode(&self) -> String {
        let mut bytes = [0u8; 21];
        let (flags, rest) = bytes.split_at_mut(1);
        flags.fill(u8::from(self.any_word) | u8::from(self.total.more) << 1);
        let fields = self
            .key
            .to_be_bytes()
            .into_iter()
            .chain(self.thread_id.to_be_bytes())
            .chain(self.total.count.to_be_bytes());
        rest.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = byte);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// `BadCursor` for anything else.
    pub fn decode(text: &str) -> Result<Cursor, SearchError> {
        let read = || {
            if text.len() > 40 {
                return None;
            }
            let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
            let (flags, rest) = bytes.split_first()?;
            let (key, rest) = rest.split_first_chunk::<8>()?;
            let (thread_id, rest) = rest.split_first_chunk::<8>()?;
            let total = Total { count: u32::from_be_bytes(rest.try_into().ok()?), more: flags >> 1 & 1 == 1 };
            (*flags < 4 && total.count <= COUNT_MAX).then_some(Cursor {
                any_word: flags & 1 == 1,
                key: u64::from_be_bytes(*key),
                thread_id: i64::from_be_bytes(*thread_id),
                total,
            })
        };
        read().ok_or(SearchError::BadCursor)
    }
}

/// A hit on its way: sort key, thread, place in the index.
type Found = (u64, i64, DocAddress);

/// What documents must match, and what they must not.
struct Plan {
    matching: Box<dyn Matching>,
    /// Kept apart: a flat union of terms is what lets tantivy skip, and its exclusion of phrases reads a phrase's
    /// documents beyond their end (0.27, an assertion in debug builds).
    excluded: Option<Box<dyn Matching>>,
}

/// The documents of one segment that may be shown.
struct Shown<'a> {
    segment: &'a SegmentReader,
    deletes: bool,
    excluded: Option<BitSet>,
}

impl<'a> Shown<'a> {
    fn of(searcher: &Searcher, segment: &'a SegmentReader, plan: &Plan) -> Result<Shown<'a>, SearchError> {
        let mut excluded = None;
        if let Some(query) = &plan.excluded {
            let mut docs = BitSet::with_max_value(segment.max_doc());
            let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
            weight.for_each_no_score(segment, &mut |found| {
                for &doc in found {
                    docs.insert(doc);
                }
            })?;
            excluded = Some(docs);
        }
        Ok(Shown { segment, deletes: segment.has_deletes(), excluded })
    }

    fn has(&self, doc: DocId) -> bool {
        let deleted = self.deletes && self.segment.is_deleted(doc);
        !deleted && self.excluded.as_ref().is_none_or(|excluded| !excluded.contains(doc))
    }
}

/// BM25's statistics with one document frequency per word for all fields: a word that is common in answers is not
/// made precious by being rare in titles.
struct OneFrequency<'a> {
    searcher: &'a Searcher,
    texts: [Field; 5],
    known: Mutex<HashMap<Vec<u8>, u64>>,
}

impl Bm25StatisticsProvider for OneFrequency<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        self.searcher.total_num_tokens(field)
    }

    fn total_num_docs(&self) -> tantivy::Result<u64> {
        self.searcher.total_num_docs()
    }

    fn doc_freq(&self, term: &Term) -> tantivy::Result<u64> {
        if !self.texts.contains(&term.field()) {
            return self.searcher.doc_freq(term);
        }
        let word = term.serialized_value_bytes();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = known.get(word) {
            return Ok(*count);
        }
        let mut most = 0;
        for field in self.texts {
            most = most.max(self.searcher.doc_freq(&Term::from_field_bytes(field, word))?);
        }
        known.insert(word.to_vec(), most);
        Ok(most)
    }
}

/// Clauses under construction.
type Clauses = Vec<(Occur, Box<dyn Matching>)>;

impl Index {
    /// One page of hits, best first; equal ones newest thread first. `limit` is bounded to [`LIMIT_MAX`].
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn search(&self, query: &Query, limit: usize, after: Option<Cursor>) -> Result<Results, SearchError> {
        let limit = limit.clamp(1, LIMIT_MAX);
        let searcher = self.searcher();
        if query.is_empty() {
            return Ok(Results::default());
        }
        let matcher = Matcher::new(query.words.iter().chain(query.phrases.iter().flatten()), None);
        if !query.has_text() {
            let plan = self.plan(query, false);
            let (found, total) = self.newest(&searcher, &plan, limit, after)?;
            return self.page(&searcher, found, limit, total, false, &matcher, |_| 0.0);
        }
        let statistics = self.statistics(&searcher);
        let any_word = match after {
            Some(cursor) => cursor.any_word,
            None if query.words.len() < 2 => false,
            None => {
                let (found, total) = self.best_of_all(&statistics, &self.plan(query, false), limit, None)?;
                if found.len() >= limit {
                    return self.page(&searcher, found, limit, total, false, &matcher, ranking::score);
                }
                true
            }
        };
        let plan = self.plan(query, any_word);
        let (found, total) = if any_word {
            let found = self.best_of_any(&statistics, &plan, limit, after)?;
            let total = match after {
                Some(cursor) => cursor.total,
                None => count(&searcher, &plan)?,
            };
            (found, total)
        } else {
            self.best_of_all(&statistics, &plan, limit, after)?
        };
        self.page(&searcher, found, limit, total, any_word, &matcher, ranking::score)
    }

    /// Threads like a question being written: any word of the title counts, the last one also as the beginning of a
    /// word; of the body the rarest words count a little.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn similar(&self, title: &str, body: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        let fields = self.fields;
        let fields = [
            (fields.title, ranking::TITLE),
            (fields.solution, 0.6),
            (fields.question, 0.6),
            (fields.tags, 0.8),
        ];
        let body: String = body.chars().take(BODY_CHARS_MAX).collect();
        let (mut words, _) = query_words(&body, Lang::guess(&body), BODY_WORDS_LOOKED_AT);
        words.retain(|word| !word.stop);
        let firsts: Vec<&str> =
            words.iter().map(|word| word.terms.first().map_or("", |(term, _)| term)).collect();
        let mut beside: Vec<(u64, QueryWord)> = self.frequencies(&firsts)?.into_iter().zip(words).collect();
        beside.retain(|(threads, _)| *threads > 0);
        beside.sort_by(|a, b| a.0.cmp(&b.0).then_with(|| a.1.surface.cmp(&b.1.surface)));
        beside.dedup_by(|a, b| a.1.terms == b.1.terms);
        beside.truncate(BODY_WORDS_MAX);
        let beside: Vec<QueryWord> = beside.into_iter().map(|(_, word)| word).collect();
        self.typed(title, &beside, limit, &fields, true)
    }

    /// Threads whose titles fit what is typed in a search box. Cheaper than [`Index::similar`]: titles only, and the
    /// hits have no excerpt.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Hit>, SearchError> {
        self.typed(typed, &[], limit, &[(self.fields.title, ranking::TITLE)], false)
    }

    fn typed(
        &self,
        text: &str,
        beside: &[QueryWord],
        limit: usize,
        fields: &[(Field, f32)],
        excerpts: bool,
    ) -> Result<Vec<Hit>, SearchError> {
        let limit = limit.clamp(1, LIMIT_MAX);
        let text: String = text.chars().take(super::query::CHARS_MAX).collect();
        let (mut words, _) = query_words(&text, Lang::guess(&text), super::query::WORDS_MAX);
        let typing = !text.ends_with(|c: char| !c.is_alphanumeric());
        let prefix =
            words.last().filter(|word| typing && word.parts.is_empty()).map(|word| fold(&word.surface));
        let prefix = prefix.filter(|prefix| prefix.chars().count() >= PREFIX_LETTERS_MIN);
        words.retain(|word| !word.stop);
        let searcher = self.searcher();
        let mut clauses: Clauses = Vec::new();
        for word in &words {
            word_clauses(word, fields, true, &mut clauses);
        }
        let lighter: Vec<(Field, f32)> =
            fields.iter().map(|(field, weight)| (*field, weight * BODY_WORD)).collect();
        for word in beside.iter().filter(|word| !words.iter().any(|known| known.terms == word.terms)) {
            word_clauses(word, &lighter, true, &mut clauses);
        }
        if let Some(prefix) = &prefix {
            for (term, weight) in self.grown(&searcher, prefix)? {
                if !words.iter().any(|word| word.terms.iter().any(|(known, _)| *known == term)) {
                    clauses.push(term_clause(self.fields.title, &term, ranking::TITLE * weight));
                }
            }
        }
        if clauses.is_empty() {
            return Ok(Vec::new());
        }
        let plan = Plan { matching: union(clauses), excluded: None };
        // The passage is one about the title, where that says anything.
        let looked_for = if words.is_empty() { beside } else { words.as_slice() };
        let matcher = Matcher::new(looked_for.iter(), prefix.as_deref());
        let statistics = self.statistics(&searcher);
        let mut found = self.best_of_any(&statistics, &plan, limit, None)?;
        found.truncate(limit);
        found
            .into_iter()
            .map(|found| hit(&searcher, found, ranking::score(found.0), &matcher, excerpts))
            .collect()
    }

    /// Title terms beginning with `prefix`, the most frequent ones, with their weights.
    fn grown(&self, searcher: &Searcher, prefix: &str) -> Result<Alternatives, SearchError> {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for segment in searcher.segment_readers() {
            let terms = segment.inverted_index(self.fields.title)?;
            let mut stream = terms.terms().range().ge(prefix).into_stream().map_err(SearchError::Io)?;
            let mut looked = 0;
            while looked < PREFIX_LOOK_MAX && stream.advance() && stream.key().starts_with(prefix.as_bytes())
            {
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

    fn plan(&self, query: &Query, any_word: bool) -> Plan {
        let fields = self.fields;
        let weighed = [
            (fields.title, ranking::TITLE),
            (fields.solution, ranking::SOLUTION),
            (fields.tags, ranking::TAGS),
            (fields.question, ranking::QUESTION),
            (fields.answers, ranking::ANSWERS),
        ];
        let mut clauses: Clauses = Vec::new();
        let mut facts: Vec<String> = query.states.iter().map(|state| state_fact(*state)).collect();
        facts.extend(query.tags.iter().map(|tag| tag_fact(tag)));
        facts.extend(query.users.iter().map(|user| user_fact(user)));
        for fact in facts {
            let term = Term::from_field_text(fields.facts, &fact);
            let exact = TermQuery::new(term, IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(exact), 0.0))));
        }
        for phrase in &query.phrases {
            clauses.push((Occur::Must, union(phrase_clauses(phrase, &weighed))));
        }
        let mut words: Clauses = Vec::new();
        for word in &query.words {
            if any_word {
                word_clauses(word, &weighed, true, &mut words);
            } else {
                let mut each = Vec::new();
                word_clauses(word, &weighed, false, &mut each);
                clauses.push((Occur::Must, union(each)));
            }
        }
        let excluded: Clauses = query
            .excluded
            .iter()
            .map(|words| (Occur::Should, union(phrase_clauses(words, &weighed))))
            .collect();
        let excluded = (!excluded.is_empty()).then(|| union(excluded));
        if !words.is_empty() {
            if clauses.is_empty() {
                // A flat union of terms lets tantivy skip what cannot reach the page.
                return Plan { matching: union(words), excluded };
            }
            clauses.push((Occur::Must, union(words)));
        }
        if clauses.is_empty() {
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))));
        }
        Plan { matching: Box::new(BooleanQuery::new(clauses)), excluded }
    }

    fn statistics<'a>(&self, searcher: &'a Searcher) -> OneFrequency<'a> {
        let fields = self.fields;
        let texts = [fields.title, fields.question, fields.solution, fields.answers, fields.tags];
        OneFrequency { searcher, texts, known: Mutex::new(HashMap::new()) }
    }

    /// The best `limit` + 1 behind `after`, and the count of all: every match is looked at.
    fn best_of_all(
        &self,
        statistics: &OneFrequency<'_>,
        plan: &Plan,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Found>, Total), SearchError> {
        let searcher = statistics.searcher;
        let scoring = EnableScoring::enabled_from_statistics_provider(statistics, searcher);
        let weight = plan.matching.weight(scoring)?;
        let mut best = Best::new(limit + 1, after);
        let mut matches = 0u32;
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let signals = segment.fast_fields().column_first_or_default::<u64>(SIGNALS)?;
            let shown = Shown::of(searcher, segment, plan)?;
            weight.for_each(segment, &mut |doc, text_score| {
                if shown.has(doc) {
                    matches = matches.saturating_add(1);
                    let key = ranking::key(text_score, Signals::unpack(signals.get_val(doc)));
                    if key >= best.worst {
                        best.push((key, ids.get_val(doc), DocAddress::new(ord, doc)));
                    }
                }
            })?;
        }
        Ok((best.into_sorted(), Total { count: matches.min(COUNT_MAX), more: matches > COUNT_MAX }))
    }

    /// The best `limit` + 1 behind `after`; documents that cannot be among them are skipped.
    fn best_of_any(
        &self,
        statistics: &OneFrequency<'_>,
        plan: &Plan,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Vec<Found>, SearchError> {
        let searcher = statistics.searcher;
        let scoring = EnableScoring::enabled_from_statistics_provider(statistics, searcher);
        let weight = plan.matching.weight(scoring)?;
        let mut best = Best::new(limit + 1, after);
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let signals = segment.fast_fields().column_first_or_default::<u64>(SIGNALS)?;
            let shown = Shown::of(searcher, segment, plan)?;
            weight.for_each_pruning(best.floor(), segment, &mut |doc, text_score| {
                if shown.has(doc) {
                    let key = ranking::key(text_score, Signals::unpack(signals.get_val(doc)));
                    if key >= best.worst {
                        best.push((key, ids.get_val(doc), DocAddress::new(ord, doc)));
                    }
                }
                best.floor()
            })?;
        }
        Ok(best.into_sorted())
    }

    /// The last active ones first, for queries of qualifiers alone.
    fn newest(
        &self,
        searcher: &Searcher,
        plan: &Plan,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Found>, Total), SearchError> {
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let mut best = Best::new(limit + 1, after);
        let mut matches = 0u32;
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let active = segment.fast_fields().column_first_or_default::<i64>(ACTIVE_AT)?;
            let shown = Shown::of(searcher, segment, plan)?;
            weight.for_each_no_score(segment, &mut |docs| {
                for &doc in docs {
                    if shown.has(doc) {
                        matches = matches.saturating_add(1);
                        let key = u64::try_from(active.get_val(doc)).unwrap_or(0);
                        if key >= best.worst {
                            best.push((key, ids.get_val(doc), DocAddress::new(ord, doc)));
                        }
                    }
                }
            })?;
        }
        Ok((best.into_sorted(), Total { count: matches.min(COUNT_MAX), more: matches > COUNT_MAX }))
    }

    #[allow(clippy::too_many_arguments)]
    fn page(
        &self,
        searcher: &Searcher,
        mut found: Vec<Found>,
        limit: usize,
        total: Total,
        any_word: bool,
        matcher: &Matcher,
        score: impl Fn(u64) -> f32,
    ) -> Result<Results, SearchError> {
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|&(key, thread_id, _)| Cursor {
            any_word,
            key,
            thread_id,
            total,
        });
        let hits = found
            .into_iter()
            .map(|found| hit(searcher, found, score(found.0), matcher, true))
            .collect::<Result<_, _>>()?;
        Ok(Results { hits, next, total, uncounted: false, any_word })
    }
}

/// The best so far, as many as a page needs.
struct Best {
    heap: BinaryHeap<Reverse<Found>>,
    size: usize,
    after: Option<(u64, i64)>,
    /// Key below which nothing is taken any more.
    worst: u64,
}

impl Best {
    fn new(size: usize, after: Option<Cursor>) -> Best {
        let after = after.map(|cursor| (cursor.key, cursor.thread_id));
        Best { heap: BinaryHeap::with_capacity(size + 1), size, after, worst: 0 }
    }

    fn push(&mut self, found: Found) {
        if self.after.is_some_and(|after| (found.0, found.1) >= after) {
            return;
        }
        self.heap.push(Reverse(found));
        if self.heap.len() > self.size {
            self.heap.pop();
        }
        if self.heap.len() == self.size {
            self.worst = self.heap.peek().map_or(0, |Reverse(found)| found.0);
        }
    }

    fn floor(&self) -> f32 {
        if self.heap.len() < self.size { f32::MIN } else { ranking::floor(self.worst) }
    }

    fn into_sorted(self) -> Vec<Found> {
        self.heap.into_sorted_vec().into_iter().map(|Reverse(found)| found).collect()
    }
}

fn count(searcher: &Searcher, plan: &Plan) -> Result<Total, SearchError> {
    let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut matches = 0;
    for segment in searcher.segment_readers() {
        let shown = Shown::of(searcher, segment, plan)?;
        let mut docs = weight.scorer(segment, 1.0)?;
        let mut doc = docs.doc();
        while doc != TERMINATED {
            if shown.has(doc) {
                if matches == COUNT_MAX {
                    return Ok(Total { count: COUNT_MAX, more: true });
                }
                matches += 1;
            }
            doc = docs.advance();
        }
    }
    Ok(Total { count: matches, more: false })
}

fn union(clauses: Clauses) -> Box<dyn Matching> {
    Box::new(BooleanQuery::new(clauses))
}

fn term_clause(field: Field, term: &str, weight: f32) -> (Occur, Box<dyn Matching>) {
    let term = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
    (Occur::Should, Box::new(BoostQuery::new(Box::new(term), weight)))
}

/// A word in every field. A compound counts with its parts: each for itself where `loose`, else only side by side.
fn word_clauses(word: &QueryWord, fields: &[(Field, f32)], loose: bool, out: &mut Clauses) {
    for &(field, weight) in fields {
        for (term, share) in &word.terms {
            out.push(term_clause(field, term, weight * share));
        }
        if loose {
            for (term, share) in word.parts.iter().flatten() {
                out.push(term_clause(field, term, weight * share * ranking::PART));
            }
        }
    }
    if !loose && word.parts.len() > 1 {
        for lang in 0..word.parts.iter().map(Vec::len).max().unwrap_or(0) {
            let terms: Vec<&str> = word.parts.iter().filter_map(|part| pick(part, lang)).collect();
            push_phrase(&terms, fields, ranking::PART, out);
        }
    }
}

/// The term of a language, or the one all languages share.
fn pick(alternatives: &Alternatives, lang: usize) -> Option<&str> {
    alternatives.get(lang).or_else(|| alternatives.last()).map(|(term, _)| term.as_str())
}

/// Words side by side, stemmed by one language at a time; a single word is itself.
fn phrase_clauses(words: &[QueryWord], fields: &[(Field, f32)]) -> Clauses {
    let mut out = Vec::new();
    if let [word] = words {
        word_clauses(word, fields, false, &mut out);
        return out;
    }
    let parts: Vec<&Alternatives> = words
        .iter()
        .flat_map(|word| {
            if word.parts.is_empty() { std::slice::from_ref(&word.terms) } else { word.parts.as_slice() }
        })
        .collect();
    for lang in 0..parts.iter().map(|part| part.len()).max().unwrap_or(0) {
        let terms: Vec<&str> = parts.iter().filter_map(|part| pick(part, lang)).collect();
        push_phrase(&terms, fields, 1.0, &mut out);
    }
    out
}

fn push_phrase(terms: &[&str], fields: &[(Field, f32)], share: f32, out: &mut Clauses) {
    // tantivy's phrases begin at two terms.
    if terms.len() < 2 {
        return;
    }
    for &(field, weight) in fields {
        let phrase = PhraseQuery::new(terms.iter().map(|term| Term::from_field_text(field, term)).collect());
        out.push((Occur::Should, Box::new(BoostQuery::new(Box::new(phrase), weight * share))));
    }
}

fn hit(
    searcher: &Searcher,
    found: Found,
    score: f32,
    matcher: &Matcher,
    with_excerpt: bool,
) -> Result<Hit, SearchError> {
    let (_, thread_id, address) = found;
    let record: Record = searcher.doc(address)?;
    let lang = Lang::from_mark(record.lang);
    let (excerpt, excerpt_from) =
        if with_excerpt { excerpt(&record, lang, matcher) } else { (Pieces::new(), ExcerptFrom::Question) };
    Ok(Hit {
        thread_id,
        score,
        title_pieces: matcher.mark_all(&record.title, lang),
        title: record.title,
        excerpt,
        excerpt_from,
        tags: record.tags,
        author: record.author,
        solved: record.solved,
        answer_count: record.answer_count,
        votes: record.score,
        created_at_us: record.created_at_us,
        active_at_us: record.active_at_us,
        solution_post_id: record.solution_post_id,
        duplicate_of: record.duplicate_of,
    })
}

/// The solution is a thread's face; without one, the answer that has more of the words than the question.
fn excerpt(record: &Record, lang: Lang, matcher: &Matcher) -> (Pieces, ExcerptFrom) {
    if let Some(solution) = record.solution.as_deref().filter(|solution| !solution.trim().is_empty()) {
        return (matcher.look(solution, lang).excerpt(), ExcerptFrom::Solution);
    }
    let (question, answers) =
        record.texts.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let question = matcher.look(question, lang);
    let mut best = (question.count().max(1), &question, ExcerptFrom::Question);
    let looks: Vec<Look<'_>> = answers.iter().map(|answer| matcher.look(answer, lang)).collect();
    for look in &looks {
        let words = look.count();
        if words > best.0 || words == best.0 && best.2 == ExcerptFrom::Question {
            best = (words, look, ExcerptFrom::Answer);
        }
    }
    (best.1.excerpt(), best.2)
}
