//! Finding: a query is run over the fields, ranked, paged by key, and each hit is shown from its stored record.
//!
//! Words are first taken together: a hit has all of them. If that does not fill a page, a hit has any of them, ranked
//! by how much they say. Which of the two was chosen is kept in the cursor, so that a second page continues the first.
//! The best few hundred are ranked again (see [`super::ranking`]) and duplicates folded into their masters; who reads
//! on behind them goes on in the order of the first stage.

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

use super::analysis::{Alternatives, Lang, QueryWord, query_words, versions_into};
use super::document::{Record, SIGNALS, THREAD_ID};
use super::excerpt::{Matcher, Pieces};
use super::faces::Face;
use super::facets::Facets;
use super::filters::{self, Order, Ranges, Wanted};
use super::index::{Index, SearchError};
use super::query::{Query, Sort};
use super::ranking::{self, Part, Reader, Signals};
use super::rerank::{self, Asked, Group};
use super::spelling::{self, Correction, Reading};
use super::synonyms::{self, Synonyms};

/// Hits of one page at most.
pub const LIMIT_MAX: usize = 100;
/// Up to here hits are counted; beyond, there are "more than".
pub const COUNT_MAX: u32 = 1_000;
/// Words of a question's text that are searched for, those that say most.
const BODY_WORDS_MAX: usize = 60;
/// Characters of a question's text that are read for them.
const BODY_CHARS_MAX: usize = 5_000;

/// Where a passage was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExcerptFrom {
    Solution,
    Answer,
    Question,
}

/// One thread found, with all a results page shows of it; its passage is read later, see [`super::passages`].
#[derive(Clone, Debug, PartialEq)]
pub struct Hit {
    pub thread_id: i64,
    pub lang: Lang,
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
    /// Where there is no solution, the answer that says most of the query, if one says as much as the question.
    pub answer_post_id: Option<i64>,
    pub duplicate_of: Option<i64>,
    /// Titles under which it was asked again, with their threads.
    pub also: Vec<(i64, String)>,
    /// Why it stands where it does: the parts of its score, greatest first.
    pub why: Vec<(Part, f32)>,
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
    /// No thread has a phrase of the query as it is, so its words were searched.
    pub loosened: bool,
    /// Words read as others, since no thread has them as they were typed.
    pub corrected: Vec<Correction>,
    /// Words no thread has.
    pub unknown: Vec<String>,
    /// Counts over what was found, on a first page whose query asks for them.
    pub facets: Option<Facets>,
    /// Finds the query's words in the texts of the hits.
    pub matcher: Matcher,
}

/// Where a page begins: behind this hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    any_word: bool,
    /// Behind those that were ranked again: the key is one of the first stage.
    beyond: bool,
    /// Of a search whose phrases were taken apart.
    loosened: bool,
    /// Of a search in which a sentence encoder had its say.
    meant: bool,
    sort: Sort,
    key: u64,
    thread_id: i64,
    total: Total,
}

impl Cursor {
    /// As a short string for addresses.
    pub fn encode(&self) -> String {
        let mut bytes = [0u8; 21];
        let (flags, rest) = bytes.split_at_mut(1);
        let sort = Sort::ALL.iter().position(|sort| *sort == self.sort).unwrap_or(0);
        let marks = [self.any_word, self.total.more, self.beyond, self.loosened, self.meant];
        let marks = marks.iter().enumerate().fold(0, |all, (bit, on)| all | u8::from(*on) << bit);
        flags.fill(marks | (sort as u8) << 5);
        let fields = self
            .key
            .to_be_bytes()
            .into_iter()
            .chain(self.thread_id.to_be_bytes())
            .chain(self.total.count.to_be_bytes());
        rest.iter_mut().zip(fields).for_each(|(slot, byte)| *slot = byte);
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Whether a sentence encoder had its say on the page before: the next one must hear it too.
    pub fn is_meant(&self) -> bool {
        self.meant
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
            (total.count <= COUNT_MAX).then_some(Cursor {
                any_word: flags & 1 == 1,
                beyond: flags >> 2 & 1 == 1,
                loosened: flags >> 3 & 1 == 1,
                meant: flags >> 4 & 1 == 1,
                sort: *Sort::ALL.get(usize::from(flags >> 5))?,
                key: u64::from_be_bytes(*key),
                thread_id: i64::from_be_bytes(*thread_id),
                total,
            })
        };
        read().ok_or(SearchError::BadCursor)
    }

    /// Whether it is of a page in this order; places of another order say nothing.
    pub fn is_of(&self, query: &Query) -> bool {
        self.sort == query.sort
    }
}

/// A hit on its way: sort key, thread, place in the index.
type Found = (u64, i64, DocAddress);

/// What documents must match, and what they must not.
pub(super) struct Plan {
    pub(super) matching: Box<dyn Matching>,
    /// Kept apart: a flat union of terms is what lets tantivy skip, and its exclusion of phrases reads a phrase's
    /// documents beyond their end (0.27, an assertion in debug builds).
    excluded: Option<Box<dyn Matching>>,
    /// Apart for the same reason: see [`filters`].
    ranges: Vec<Wanted>,
}

/// The documents of one segment that may be shown.
pub(super) struct Shown<'a> {
    segment: &'a SegmentReader,
    deletes: bool,
    excluded: Option<BitSet>,
    ranges: Ranges,
}

impl<'a> Shown<'a> {
    pub(super) fn of(
        searcher: &Searcher,
        segment: &'a SegmentReader,
        plan: &Plan,
    ) -> Result<Shown<'a>, SearchError> {
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
        let ranges = Ranges::of(segment, &plan.ranges)?;
        Ok(Shown { segment, deletes: segment.has_deletes(), excluded, ranges })
    }

    pub(super) fn has(&self, doc: DocId) -> bool {
        let deleted = self.deletes && self.segment.is_deleted(doc);
        !deleted
            && self.excluded.as_ref().is_none_or(|excluded| !excluded.contains(doc))
            && self.ranges.hold(doc)
    }
}

/// BM25's statistics with one document frequency per word for all fields: a word that is common in answers is not
/// made precious by being rare in titles. Lengths count against a multiple of their average, see
/// [`ranking::SPREAD`].
pub(super) struct OneFrequency<'a> {
    pub(super) searcher: &'a Searcher,
    texts: [Field; 5],
    spread: [(Field, f64); 4],
    known: Mutex<HashMap<Vec<u8>, u64>>,
}

impl OneFrequency<'_> {
    /// Threads with the term in any text.
    pub(super) fn threads_with(&self, term: &str) -> Result<u64, SearchError> {
        let [first, ..] = self.texts;
        Ok(self.doc_freq(&Term::from_field_text(first, term))?)
    }

    /// Has all terms that mean one word count as often as the commonest of them: the stem of another language is no
    /// rarer a word for being rare.
    fn share(&self, words: &[QueryWord]) -> Result<(), SearchError> {
        for word in words {
            for terms in std::iter::once(&word.terms).chain(&word.parts) {
                let mut most = 0;
                for (term, _) in terms {
                    most = most.max(self.threads_with(term)?);
                }
                let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
                for (term, _) in terms {
                    known.insert(term.clone().into_bytes(), most);
                }
            }
        }
        Ok(())
    }

    /// Threads with the commonest term that means the word.
    fn threads(&self, word: &QueryWord) -> Result<u64, SearchError> {
        let mut threads = 0;
        for (term, _) in word.terms.iter().chain(word.parts.iter().flatten()) {
            threads = threads.max(self.threads_with(term)?);
        }
        Ok(threads)
    }

    /// Inverse frequency of the commonest term that means the word.
    pub(super) fn idf(&self, word: &QueryWord) -> Result<f32, SearchError> {
        Ok(ranking::idf(self.threads(word)?, self.total_num_docs()?))
    }

    pub(super) fn idf_of(&self, term: &Term) -> Result<f32, SearchError> {
        Ok(ranking::idf(self.doc_freq(term)?, self.total_num_docs()?))
    }

    /// Length of a field that costs its words nothing.
    pub(super) fn average(&self, field: Field) -> Result<f32, SearchError> {
        let docs = self.total_num_docs()?.max(1);
        Ok((self.total_num_tokens(field)? as f64 / docs as f64) as f32)
    }
}

impl Bm25StatisticsProvider for OneFrequency<'_> {
    fn total_num_tokens(&self, field: Field) -> tantivy::Result<u64> {
        let tokens = self.searcher.total_num_tokens(field)?;
        let spread = self.spread.iter().find(|(known, _)| *known == field).map_or(1.0, |(_, spread)| *spread);
        Ok((tokens as f64 * spread) as u64)
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

/// Matches on their way, of which no more are kept than are counted.
#[derive(Default)]
pub(super) struct Counted {
    matches: u32,
    docs: Vec<DocAddress>,
}

impl Counted {
    fn add(&mut self, address: DocAddress) {
        self.matches = self.matches.saturating_add(1);
        if self.matches <= COUNT_MAX {
            self.docs.push(address);
        }
    }

    /// The matches, unless there are more than were kept.
    pub(super) fn all(&self) -> Option<&[DocAddress]> {
        (self.matches <= COUNT_MAX).then_some(&self.docs)
    }

    fn total(&self) -> Total {
        Total { count: self.matches.min(COUNT_MAX), more: self.matches > COUNT_MAX }
    }
}

/// Clauses under construction.
pub(super) type Clauses = Vec<(Occur, Box<dyn Matching>)>;

impl Index {
    /// One page of hits, best first; equal ones newest thread first. `limit` is bounded to [`LIMIT_MAX`].
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn search(&self, query: &Query, limit: usize, after: Option<Cursor>) -> Result<Results, SearchError> {
        self.search_like(query, &[], limit, after)
    }

    /// The same, with the threads that a sentence encoder holds to be like the query, each with its cosine.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn search_like(
        &self,
        query: &Query,
        like: &[(i64, f32)],
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Results, SearchError> {
        let found = self.run(query, like, limit, after, after.is_some_and(|after| after.loosened))?;
        let strict = after.is_none() && !query.exact && !query.phrases.is_empty();
        // Nobody wrote it so: its words may still find what is meant.
        if strict && found.hits.is_empty() { self.run(query, like, limit, None, true) } else { Ok(found) }
    }

    fn run(
        &self,
        query: &Query,
        like: &[(i64, f32)],
        limit: usize,
        after: Option<Cursor>,
        loosened: bool,
    ) -> Result<Results, SearchError> {
        let limit = limit.clamp(1, LIMIT_MAX);
        let searcher = self.searcher();
        if query.is_empty() {
            return Ok(Results::default());
        }
        if !query.has_text() || query.sort != Sort::Best {
            return self.in_order(&searcher, query, limit, after);
        }
        let statistics = self.statistics(&searcher);
        let mut query = query.clone();
        if loosened {
            query.loosen();
        }
        let typing = query.text.ends_with(char::is_alphanumeric);
        let known = |term: &str| statistics.threads_with(term);
        let reading = spelling::read(
            &searcher,
            &self.fields,
            &mut query.words,
            query.lang,
            typing,
            query.exact,
            known,
        )?;
        let words: Vec<QueryWord> =
            query.words.iter().chain(query.phrases.iter().flatten()).cloned().collect();
        statistics.share(&words)?;
        let matcher = Matcher::new(words.iter(), None);
        let beyond = after.filter(|after| after.beyond);
        let pool = if beyond.is_some() { limit } else { ranking::POOL.max(limit) };
        let any_word;
        let mut scored = None;
        let mut facets = None;
        let (mut found, total) = match after {
            Some(cursor) if cursor.any_word => {
                any_word = true;
                let telling = scored.insert(telling(&statistics, &query)?);
                (self.best_of_any(&statistics, &self.plan(telling, true), pool, beyond)?, cursor.total)
            }
            Some(cursor) => {
                any_word = false;
                (self.best_of_all(&statistics, &self.plan(&query, false), pool, beyond)?.0, cursor.total)
            }
            None => {
                let mut plan = self.plan(&query, false);
                let (mut found, mut counted) = self.best_of_all(&statistics, &plan, pool, None)?;
                any_word = query.words.len() > 1 && found.len() < limit;
                if any_word {
                    plan = self.plan(scored.insert(telling(&statistics, &query)?), true);
                    found = self.best_of_any(&statistics, &plan, pool, None)?;
                    counted = count(&searcher, &plan)?;
                }
                facets = self.counted(&searcher, &query, &plan, &counted)?;
                (found, counted.total())
            }
        };
        let more = found.len() > pool;
        found.truncate(pool);
        let last = found.last().filter(|_| more).map(|&(key, thread_id, _)| Cursor {
            any_word,
            beyond: true,
            loosened,
            meant: !like.is_empty(),
            sort: Sort::Best,
            key,
            thread_id,
            total,
        });
        let Reading { corrected, unknown } = reading;
        let mut results = Results {
            total,
            any_word,
            loosened,
            corrected,
            unknown,
            facets,
            next: last,
            ..Results::default()
        };
        if beyond.is_some() {
            let mut open = Vec::with_capacity(limit);
            for (key, thread_id, address) in found {
                open.push(hit(&searcher, thread_id, address, ranking::score(key), &matcher)?);
            }
            results.hits = self.choose(&searcher, words.iter(), open)?;
            results.matcher = matcher;
            return Ok(results);
        }
        let mut versions = Vec::new();
        versions_into(&query.text, &mut versions);
        let scored: Vec<QueryWord> = match &scored {
            Some(query) => query.words.iter().chain(query.phrases.iter().flatten()).cloned().collect(),
            None => words.clone(),
        };
        let reader = query.reader;
        let asked = Asked { words: &words, scored: &scored, versions: &versions, whole: false, reader };
        let found = self.with_likeness(&searcher, &query, found, like)?;
        let ranked = self.rerank(&statistics, &asked, found)?;
        let top = ranked.iter().map(rerank::text_score).fold(0.0, f32::max);
        // A qualifier is asked of each thread by itself, so its wording is shown as it is.
        let groups =
            if query.has_qualifiers() { Index::unfolded(ranked) } else { self.fold(&searcher, ranked)? };
        let mut groups: Vec<Group> = groups
            .into_iter()
            .skip_while(|group| {
                after.is_some_and(|after| {
                    (group.best.key, group.best.thread_id) >= (after.key, after.thread_id)
                })
            })
            .take(limit + 1)
            .collect();
        if groups.len() > limit {
            groups.truncate(limit);
            results.next = groups.last().map(|group| Cursor {
                any_word,
                beyond: false,
                loosened,
                meant: !like.is_empty(),
                sort: Sort::Best,
                key: group.best.key,
                thread_id: group.best.thread_id,
                total,
            });
        }
        let best: Vec<_> = groups.iter().map(|group| &group.best).collect();
        let whys = self.explain(&statistics, &asked, &self.weighed(), &best, top)?;
        let mut open = Vec::with_capacity(limit);
        for (group, why) in groups.iter().zip(whys) {
            let (hit, face) = self.show(&searcher, group, &matcher)?;
            open.push((Hit { why, ..hit }, face));
        }
        results.hits = self.choose(&searcher, words.iter(), open)?;
        results.matcher = matcher;
        Ok(results)
    }

    /// Counts over the matches of a query, where it asks for them.
    fn counted(
        &self,
        searcher: &Searcher,
        query: &Query,
        plan: &Plan,
        counted: &Counted,
    ) -> Result<Option<Facets>, SearchError> {
        query.since.map(|since| Facets::of(searcher, plan, counted.all(), since)).transpose()
    }

    /// A page of a search whose order is not that of what fits best.
    fn in_order(
        &self,
        searcher: &Searcher,
        query: &Query,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<Results, SearchError> {
        let order = Order::of(query.sort);
        let any = after.is_some_and(|cursor| cursor.any_word);
        let mut any_word = any;
        let mut plan = self.plan(query, any);
        let (mut found, mut counted) = self.ordered(searcher, &plan, order, limit, after)?;
        // In an order of their own, threads that have some of the words would bury those that have all.
        if found.is_empty() && after.is_none() && query.words.len() > 1 {
            any_word = true;
            plan = self.plan(query, true);
            (found, counted) = self.ordered(searcher, &plan, order, limit, None)?;
        }
        let total = counted.total();
        let facets = if after.is_none() { self.counted(searcher, query, &plan, &counted)? } else { None };
        let next = next(&found, limit, |&(key, thread_id, _)| Cursor {
            any_word,
            beyond: false,
            loosened: false,
            meant: false,
            sort: query.sort,
            key,
            thread_id,
            total,
        });
        let words = || query.words.iter().chain(query.phrases.iter().flatten());
        let matcher = Matcher::new(words(), None);
        let mut open = Vec::with_capacity(limit);
        for (_, thread_id, address) in found.into_iter().take(limit) {
            open.push(hit(searcher, thread_id, address, 0.0, &matcher)?);
        }
        let hits = self.choose(searcher, words(), open)?;
        Ok(Results { hits, next, total, any_word, facets, matcher, ..Results::default() })
    }

    /// Threads like a question being asked: any word of its title counts, the last one also as the beginning of a
    /// word, and of its text those that say most.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn similar(&self, title: &str, body: &str, limit: usize) -> Result<Results, SearchError> {
        self.similar_like(title, body, &Synonyms::default(), &[], limit)
    }

    /// The same, its title widened by synonyms, with the threads that a sentence encoder holds to be like the
    /// question, each with its cosine.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn similar_like(
        &self,
        title: &str,
        body: &str,
        synonyms: &Synonyms,
        like: &[(i64, f32)],
        limit: usize,
    ) -> Result<Results, SearchError> {
        let fields = &[
            (self.fields.title, ranking::TITLE),
            (self.fields.solution, ranking::SOLUTION),
            (self.fields.question, ranking::QUESTION),
            (self.fields.tags, ranking::TAGS),
        ];
        let limit = limit.clamp(1, LIMIT_MAX);
        let text: String = title.chars().take(super::query::CHARS_MAX).collect();
        let lang = Lang::guess(body).or_else(|| Lang::guess(&text));
        let (mut words, _) = query_words(&text, lang, super::query::WORDS_MAX);
        let typing = body.is_empty() && text.ends_with(char::is_alphanumeric);
        let prefix =
            words.last().filter(|word| typing && word.parts.is_empty()).map(|word| word.folded.clone());
        let prefix = prefix.filter(|prefix| prefix.chars().count() >= spelling::PREFIX_LETTERS_MIN);
        words.retain(|word| !word.stop);
        super::query::drop_repeats(&mut words);
        let mut query = Query { text, words, lang, ..Query::default() };
        synonyms::expand(&mut query, synonyms);
        let Query { text, mut words, .. } = query;
        let searcher = self.searcher();
        let statistics = self.statistics(&searcher);
        let known = |term: &str| statistics.threads_with(term);
        let mut grown = match &prefix {
            Some(prefix) => spelling::grown(&searcher, &self.fields, prefix)?,
            None => Alternatives::new(),
        };
        // What is half a word is no misspelt one. A stop word may be one too, but says nothing by itself.
        let typed = words.last().is_some_and(|last| prefix.as_deref() == Some(last.folded.as_str()));
        let whole = words.len() - usize::from(typed && !grown.is_empty());
        let (whole, last) = words.split_at_mut(whole);
        spelling::read(&searcher, &self.fields, whole, lang, false, false, known)?;
        let mut clauses: Clauses = Vec::new();
        for word in whole.iter().chain(&*last) {
            word_clauses(word, fields, true, 1.0, &mut clauses);
        }
        // Titles alone say what a word may grow into, and are asked for it alone: that is a dozen words at once.
        grown.retain(|(term, _)| !whole.iter().chain(&*last).any(|word| word.has(term)));
        for (term, weight) in &grown {
            clauses.push(term_clause(self.fields.title, term, ranking::TITLE * weight));
        }
        statistics.share(whole)?;
        statistics.share(last)?;
        if let [last] = last {
            last.terms.append(&mut grown);
        }
        let said = self.most_said(&statistics, body, lang)?;
        for (word, weight) in &said {
            word_clauses(word, fields, true, *weight, &mut clauses);
        }
        let found = if clauses.is_empty() {
            Vec::new()
        } else {
            let plan = Plan { matching: union(clauses), excluded: None, ranges: Vec::new() };
            let pool = if body.is_empty() { ranking::POOL_TYPING } else { ranking::POOL }.max(limit);
            let mut found = self.best_of_any(&statistics, &plan, pool, None)?;
            found.truncate(pool);
            found
        };
        let found = self.with_likeness(&searcher, &Query::default(), found, like)?;
        let mut versions = Vec::new();
        versions_into(&text, &mut versions);
        let asked = Asked {
            words: &words,
            scored: &words,
            versions: &versions,
            whole: !body.is_empty(),
            reader: Reader::default(),
        };
        let ranked = self.rerank(&statistics, &asked, found)?;
        let groups = self.fold(&searcher, ranked)?;
        // The passage is one about the title, where that says anything.
        let of_body = said.iter().map(|(word, _)| word).filter(|_| words.is_empty());
        let wanted = || words.iter().chain(of_body.clone());
        let matcher = Matcher::new(wanted(), prefix.as_deref());
        let mut open = Vec::with_capacity(limit);
        for group in groups.iter().take(limit) {
            open.push(self.show(&searcher, group, &matcher)?);
        }
        let hits = self.choose(&searcher, wanted(), open)?;
        Ok(Results { hits, matcher, ..Results::default() })
    }

    /// The words of a question that say most, each with its weight: often said in it, rare elsewhere.
    fn most_said(
        &self,
        statistics: &OneFrequency<'_>,
        body: &str,
        lang: Option<Lang>,
    ) -> Result<Vec<(QueryWord, f32)>, SearchError> {
        let end = body.char_indices().nth(BODY_CHARS_MAX).map_or(body.len(), |(at, _)| at);
        let (words, _) = query_words(body.get(..end).unwrap_or_default(), lang, usize::MAX);
        let mut said: Vec<(QueryWord, f32)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        for word in words.into_iter().filter(|word| !word.stop) {
            let Some((term, _)) = word.terms.first() else { continue };
            match places.get(term).and_then(|place| said.get_mut(*place)) {
                Some((_, times)) => *times += 1.0,
                None => {
                    places.insert(term.clone(), said.len());
                    said.push((word, 1.0));
                }
            }
        }
        let mut weighed: Vec<(QueryWord, f32, f32)> = Vec::with_capacity(said.len());
        for (word, times) in said {
            let idf = statistics.idf(&word)?;
            // Twice said is more, but not twice as much.
            weighed.push((word, ranking::BODY * 2.0 * times / (times + 1.0), times.sqrt() * idf));
        }
        weighed.sort_by(|a, b| b.2.total_cmp(&a.2));
        weighed.truncate(BODY_WORDS_MAX);
        Ok(weighed.into_iter().map(|(word, weight, _)| (word, weight)).collect())
    }

    /// The found with their cosines, and those that only the encoder found, where the query's qualifiers allow them.
    fn with_likeness(
        &self,
        searcher: &Searcher,
        query: &Query,
        found: Vec<Found>,
        like: &[(i64, f32)],
    ) -> Result<Vec<rerank::Seen>, SearchError> {
        let mut cosines: HashMap<i64, f32> = like.iter().copied().collect();
        let mut out = Vec::with_capacity(found.len() + like.len());
        let columns = searcher
            .segment_readers()
            .iter()
            .map(|segment| segment.fast_fields().column_first_or_default::<u64>(SIGNALS))
            .collect::<tantivy::Result<Vec<_>>>()?;
        for (key, thread_id, address) in found {
            let column = columns.get(address.segment_ord as usize);
            let signals = Signals::unpack(column.map_or(0, |column| column.get_val(address.doc_id)));
            let text = ranking::score(key) / ranking::first_bonus(signals);
            out.push((thread_id, address, text, cosines.remove(&thread_id)));
        }
        if cosines.is_empty() {
            return Ok(out);
        }
        let mut alone: HashMap<u32, Vec<(DocId, i64, f32)>> = HashMap::new();
        for (thread_id, cosine) in cosines.into_iter().filter(|(_, cosine)| *cosine >= ranking::MEANING_ALONE)
        {
            if let Some(address) = self.address(searcher, thread_id)? {
                alone.entry(address.segment_ord).or_default().push((address.doc_id, thread_id, cosine));
            }
        }
        let bare = Query { words: Vec::new(), ..query.clone() };
        let plan = self.plan(&bare, false);
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for (ord, mut docs) in alone {
            docs.sort_unstable_by_key(|(doc, ..)| *doc);
            let segment = searcher.segment_reader(ord);
            let shown = Shown::of(searcher, segment, &plan)?;
            let mut allowed = weight.scorer(segment, 1.0)?;
            for (doc, thread_id, cosine) in docs {
                if allowed.doc() < doc {
                    allowed.seek(doc);
                }
                if allowed.doc() == doc && shown.has(doc) {
                    out.push((thread_id, DocAddress::new(ord, doc), 0.0, Some(cosine)));
                }
            }
        }
        Ok(out)
    }

    /// What a results page shows of a group.
    fn show(
        &self,
        searcher: &Searcher,
        group: &Group,
        matcher: &Matcher,
    ) -> Result<(Hit, Face), SearchError> {
        let score = ranking::score(group.best.key);
        let (mut shown, face) = hit(searcher, group.shown_id, group.shown, score, matcher)?;
        for address in &group.also {
            let record: Record = searcher.doc(*address)?;
            shown.also.push((rerank::thread_id(searcher, *address)?, record.title));
        }
        Ok((shown, face))
    }

    /// The fields that are searched, with their weights.
    fn weighed(&self) -> [(Field, Part, f32); 5] {
        let fields = self.fields;
        [
            (fields.title, Part::Title, ranking::TITLE),
            (fields.solution, Part::Solution, ranking::SOLUTION),
            (fields.tags, Part::Tags, ranking::TAGS),
            (fields.question, Part::Question, ranking::QUESTION),
            (fields.answers, Part::Answers, ranking::ANSWERS),
        ]
    }

    pub(super) fn plan(&self, query: &Query, any_word: bool) -> Plan {
        let fields = self.fields;
        let weighed = self.weighed().map(|(field, _, weight)| (field, weight));
        let mut clauses: Clauses = Vec::new();
        let ranges = filters::ranges(query);
        for exact in query.wanted.iter().filter_map(|qualifier| filters::exact(fields, qualifier)) {
            clauses.push((Occur::Must, exact));
        }
        for phrase in &query.phrases {
            clauses.push((Occur::Must, union(self.phrase_clauses(phrase, &weighed))));
        }
        let mut words: Clauses = Vec::new();
        for word in &query.words {
            if any_word {
                if word.stop {
                    words.push(term_clause(fields.every, &word.folded, ranking::TITLE));
                }
                word_clauses(word, &weighed, true, 1.0, &mut words);
                for (root, weight) in &word.roots {
                    words.push(term_clause(fields.roots, root, weight * ranking::ROOT));
                }
            } else {
                let mut each = Vec::new();
                word_clauses(word, &weighed, false, 1.0, &mut each);
                if word.stop {
                    // Only titles have them, and as they are written.
                    each.push(term_clause(fields.every, &word.folded, ranking::TITLE));
                }
                clauses.push((Occur::Must, union(each)));
            }
        }
        let excluded: Clauses = query
            .excluded
            .iter()
            .map(|words| union(self.phrase_clauses(words, &weighed)))
            .chain(query.unwanted.iter().filter_map(|qualifier| filters::exact(fields, qualifier)))
            .map(|unwanted| (Occur::Should, unwanted))
            .collect();
        let excluded = (!excluded.is_empty()).then(|| union(excluded));
        if !words.is_empty() {
            if clauses.is_empty() {
                // A flat union of terms lets tantivy skip what cannot reach the page.
                return Plan { matching: union(words), excluded, ranges };
            }
            clauses.push((Occur::Must, union(words)));
        }
        if clauses.is_empty() {
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(AllQuery), 0.0))));
        }
        Plan { matching: Box::new(BooleanQuery::new(clauses)), excluded, ranges }
    }

    pub(super) fn statistics<'a>(&self, searcher: &'a Searcher) -> OneFrequency<'a> {
        let fields = self.fields;
        let texts = [fields.title, fields.question, fields.solution, fields.answers, fields.tags];
        let spread = [
            (fields.title, ranking::SPREAD.title),
            (fields.question, ranking::SPREAD.question),
            (fields.solution, ranking::SPREAD.solution),
            (fields.answers, ranking::SPREAD.answers),
        ];
        OneFrequency { searcher, texts, spread, known: Mutex::new(HashMap::new()) }
    }

    /// The best `limit` + 1 behind `after`, and the count of all: every match is looked at.
    fn best_of_all(
        &self,
        statistics: &OneFrequency<'_>,
        plan: &Plan,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Found>, Counted), SearchError> {
        let searcher = statistics.searcher;
        let scoring = EnableScoring::enabled_from_statistics_provider(statistics, searcher);
        let weight = plan.matching.weight(scoring)?;
        let mut best = Best::new(limit + 1, after);
        let mut counted = Counted::default();
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let signals = segment.fast_fields().column_first_or_default::<u64>(SIGNALS)?;
            let shown = Shown::of(searcher, segment, plan)?;
            weight.for_each(segment, &mut |doc, text_score| {
                if shown.has(doc) {
                    let address = DocAddress::new(ord, doc);
                    counted.add(address);
                    let key = ranking::first_key(text_score, Signals::unpack(signals.get_val(doc)));
                    if key >= best.worst {
                        best.push((key, ids.get_val(doc), address));
                    }
                }
            })?;
        }
        Ok((best.into_sorted(), counted))
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
                    let key = ranking::first_key(text_score, Signals::unpack(signals.get_val(doc)));
                    if key >= best.worst {
                        best.push((key, ids.get_val(doc), DocAddress::new(ord, doc)));
                    }
                }
                best.floor()
            })?;
        }
        Ok(best.into_sorted())
    }

    /// All matches by a column: for queries of qualifiers alone, and where an order is asked for.
    fn ordered(
        &self,
        searcher: &Searcher,
        plan: &Plan,
        order: Order,
        limit: usize,
        after: Option<Cursor>,
    ) -> Result<(Vec<Found>, Counted), SearchError> {
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
        let mut best = Best::new(limit + 1, after);
        let mut counted = Counted::default();
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let keys = order.keys(segment)?;
            let shown = Shown::of(searcher, segment, plan)?;
            weight.for_each_no_score(segment, &mut |docs| {
                for &doc in docs {
                    if shown.has(doc) {
                        let address = DocAddress::new(ord, doc);
                        counted.add(address);
                        let key = keys.key(doc);
                        if key >= best.worst {
                            best.push((key, ids.get_val(doc), address));
                        }
                    }
                }
            })?;
        }
        Ok((best.into_sorted(), counted))
    }

    /// Words side by side, stemmed by one language at a time; a single word is itself.
    fn phrase_clauses(&self, words: &[QueryWord], fields: &[(Field, f32)]) -> Clauses {
        let mut out = Vec::new();
        if words.iter().all(|word| word.stops != 0) {
            // Nothing but stop words: only titles have them, as they are written.
            let terms: Vec<(usize, &str)> =
                words.iter().enumerate().map(|(at, word)| (at, word.folded.as_str())).collect();
            push_phrase(&terms, &[(self.fields.every, ranking::TITLE)], 1.0, &mut out);
        }
        if let [word] = words {
            word_clauses(word, fields, false, 1.0, &mut out);
            return out;
        }
        // Every part with its place and the languages in which it has no term.
        let mut parts: Vec<(&Alternatives, u32)> = Vec::new();
        for word in words {
            if word.parts.is_empty() {
                parts.push((&word.terms, word.stops));
            } else {
                parts.extend(word.parts.iter().map(|part| (part, 0)));
            }
        }
        side_by_side(&parts, fields, 1.0, &mut out);
        out
    }

    /// The newest threads that have all of a query, without a look at what they say; with `most`, of four words and
    /// more three quarters are enough.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn newest_of(&self, query: &Query, most: bool, limit: usize) -> Result<Vec<i64>, SearchError> {
        if query.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.searcher();
        let mut plan = self.plan(query, false);
        if most && query.words.len() >= 4 {
            let rest = self.plan(&Query { words: Vec::new(), ..query.clone() }, false);
            let least = (query.words.len() * 3).div_ceil(4);
            let each = query.words.iter().map(|word| {
                let only = Query { words: vec![word.clone()], ..Query::default() };
                (Occur::Should, self.plan(&only, false).matching)
            });
            let enough = BooleanQuery::with_minimum_required_clauses(each.collect(), least);
            let all =
                vec![(Occur::Must, rest.matching), (Occur::Must, Box::new(enough) as Box<dyn Matching>)];
            plan = Plan {
                matching: Box::new(BooleanQuery::new(all)),
                excluded: rest.excluded,
                ranges: rest.ranges,
            };
        }
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        let mut newest: BinaryHeap<Reverse<i64>> = BinaryHeap::new();
        for segment in searcher.segment_readers() {
            let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
            let shown = Shown::of(&searcher, segment, &plan)?;
            weight.for_each_no_score(segment, &mut |docs| {
                for &doc in docs.iter().filter(|doc| shown.has(**doc)) {
                    newest.push(Reverse(ids.get_val(doc)));
                    if newest.len() > limit {
                        newest.pop();
                    }
                }
            })?;
        }
        Ok(newest.into_sorted_vec().into_iter().map(|Reverse(id)| id).collect())
    }
}

/// The query without the words that do not count in the first stage.
fn telling(statistics: &OneFrequency<'_>, query: &Query) -> Result<Query, SearchError> {
    let docs = statistics.total_num_docs()?;
    let mut query = query.clone();
    if docs < ranking::LARGE {
        return Ok(query);
    }
    let mut threads = Vec::with_capacity(query.words.len());
    for word in &query.words {
        threads.push(statistics.threads(word)?);
    }
    let mut telling = ranking::telling(&threads, docs).into_iter();
    query.words.retain(|_| telling.next().unwrap_or(true));
    Ok(query)
}

/// The cursor behind the last of `limit` shown, where there are more.
fn next<T>(found: &[T], limit: usize, cursor: impl Fn(&T) -> Cursor) -> Option<Cursor> {
    (found.len() > limit).then(|| found.get(limit - 1).map(cursor)).flatten()
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

/// As many matches as are counted, and one more.
pub(super) fn count(searcher: &Searcher, plan: &Plan) -> Result<Counted, SearchError> {
    let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut counted = Counted::default();
    for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
        let shown = Shown::of(searcher, segment, plan)?;
        let mut docs = weight.scorer(segment, 1.0)?;
        let mut doc = docs.doc();
        while doc != TERMINATED {
            if shown.has(doc) {
                counted.add(DocAddress::new(ord, doc));
                if counted.matches > COUNT_MAX {
                    return Ok(counted);
                }
            }
            doc = docs.advance();
        }
    }
    Ok(counted)
}

fn union(clauses: Clauses) -> Box<dyn Matching> {
    Box::new(BooleanQuery::new(clauses))
}

fn term_clause(field: Field, term: &str, weight: f32) -> (Occur, Box<dyn Matching>) {
    let term = TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs);
    (Occur::Should, Box::new(BoostQuery::new(Box::new(term), weight)))
}

/// A word in every field. A compound counts with its parts: each for itself where `loose`, else only side by side.
fn word_clauses(word: &QueryWord, fields: &[(Field, f32)], loose: bool, share: f32, out: &mut Clauses) {
    for &(field, weight) in fields {
        for (term, own) in &word.terms {
            out.push(term_clause(field, term, weight * share * own));
        }
        if loose {
            for (term, own) in word.parts.iter().flatten() {
                out.push(term_clause(field, term, weight * share * own * ranking::PART));
            }
        }
    }
    if !loose && word.parts.len() > 1 {
        for lang in Lang::all() {
            let terms: Vec<(usize, &str)> = word
                .parts
                .iter()
                .enumerate()
                .filter_map(|(at, part)| Some((at, pick(part, lang)?)))
                .collect();
            push_phrase(&terms, fields, share * ranking::PART, out);
        }
    }
    for expression in &word.expressions {
        let parts: Vec<(&Alternatives, u32)> =
            expression.iter().map(|(terms, stops)| (terms, *stops)).collect();
        side_by_side(&parts, fields, share * ranking::SYNONYM, out);
    }
}

/// Words side by side, stemmed by one language at a time. Stop words keep their places and may be any there; what is
/// left of `log in` is the one word that says something.
fn side_by_side(parts: &[(&Alternatives, u32)], fields: &[(Field, f32)], share: f32, out: &mut Clauses) {
    for (bit, lang) in Lang::all().enumerate() {
        let terms: Vec<(usize, &str)> = parts
            .iter()
            .enumerate()
            .filter(|(_, (_, stops))| stops >> bit & 1 == 0)
            .filter_map(|(at, (part, _))| pick(part, lang).map(|term| (at, term)))
            .collect();
        match terms.as_slice() {
            [(_, term)] => {
                out.extend(fields.iter().map(|(field, weight)| term_clause(*field, term, weight * share)))
            }
            terms => push_phrase(terms, fields, share, out),
        }
    }
}

/// The term of a language, or the one all languages share.
fn pick(alternatives: &Alternatives, lang: Lang) -> Option<&str> {
    alternatives.get(usize::from(lang.mark())).or_else(|| alternatives.last()).map(|(term, _)| term.as_str())
}

/// Terms at their places from the first on.
fn push_phrase(terms: &[(usize, &str)], fields: &[(Field, f32)], share: f32, out: &mut Clauses) {
    // tantivy's phrases begin at two terms.
    if terms.len() < 2 {
        return;
    }
    let first = terms.first().map_or(0, |(at, _)| *at);
    for &(field, weight) in fields {
        let placed =
            terms.iter().map(|(at, term)| (at - first, Term::from_field_text(field, term))).collect();
        let phrase = PhraseQuery::new_with_offset(placed);
        out.push((Occur::Should, Box::new(BoostQuery::new(Box::new(phrase), weight * share))));
    }
}

fn hit(
    searcher: &Searcher,
    thread_id: i64,
    address: DocAddress,
    score: f32,
    matcher: &Matcher,
) -> Result<(Hit, Face), SearchError> {
    let record: Record = searcher.doc(address)?;
    let lang = Lang::from_mark(record.lang);
    let hit = Hit {
        thread_id,
        lang,
        score,
        title_pieces: matcher.mark_all(&record.title, lang),
        title: record.title,
        excerpt: Pieces::new(),
        excerpt_from: ExcerptFrom::Question,
        tags: record.tags,
        author: record.author,
        solved: record.solved,
        answer_count: record.answer_count,
        votes: record.score,
        created_at_us: record.created_at_us,
        active_at_us: record.active_at_us,
        solution_post_id: record.solution_post_id,
        answer_post_id: None,
        duplicate_of: record.duplicate_of,
        also: Vec::new(),
        why: Vec::new(),
    };
    Ok((hit, Face { address, answers: record.answer_post_ids }))
}
