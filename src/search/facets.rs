//! Counting what a query finds by state, language, tag and age, and what is near a query that finds little.
//!
//! The matches are those the search has just counted, looked up in three columns. Of more matches than are counted as
//! hits it looks at so many spread over the whole index, old and new, and the counts say "at least". A page asks for it
//! only where it shows it: beside the first hits, never while somebody types.

use std::collections::{BTreeSet, HashMap};

use tantivy::columnar::{Column, StrColumn};
use tantivy::query::EnableScoring;
use tantivy::{DocAddress, DocId, DocSet, Searcher, SegmentReader, TERMINATED};

use super::analysis::fold;
use super::document::{CREATED_AT, LABELS, SIGNALS};
use super::find::{COUNT_MAX, Plan, Shown, count};
use super::index::{Index, SearchError};
use super::query::Query;
use super::ranking::Signals;

/// Matches looked at, about: each costs some tens of nanoseconds, and a page has 600,000.
pub const FACET_MATCHES: u32 = COUNT_MAX;
/// Places of a segment from which matches are taken where not all are.
const WINDOWS: u32 = 16;
/// Tags counted that are shown.
pub const FACET_TAGS: usize = 10;
/// Tags looked through for near ones, per segment.
const NEAR_LOOK_MAX: usize = 2_000;
/// Words of a query that near tags are looked for with; a longer query says by its first words what it is about.
const NEAR_WORDS: usize = 4;
/// Letters of a word or a tag that the beginning of the other may be.
const NEAR_PREFIX: usize = 3;

/// Counts over the matches of a query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facets {
    /// Matches looked at.
    pub total: u32,
    /// There are more, so each count is the least there can be.
    pub more: bool,
    pub solved: u32,
    pub unanswered: u32,
    /// Codes of languages, the most frequent first.
    pub langs: Vec<(String, u32)>,
    /// The [`FACET_TAGS`] most frequent, with how often.
    pub tags: Vec<(String, u32)>,
    /// Asked at or after each of the moments given.
    pub since: [u32; 2],
}

impl Index {
    /// Counts what [`Index::search`] finds for the same query.
    ///
    /// # Errors
    /// `Index` or `Io` if the index cannot be read.
    pub fn facets(&self, query: &Query, any_word: bool, since: [i64; 2]) -> Result<Facets, SearchError> {
        if query.is_empty() {
            return Ok(Facets::default());
        }
        let searcher = self.searcher();
        let plan = self.plan(query, any_word);
        let found = count(&searcher, &plan)?;
        Facets::of(&searcher, &plan, found.all(), since)
    }

    /// Whether any thread says `word`, a query by itself.
    ///
    /// # Errors
    /// `Index` if the index cannot be read.
    pub fn knows(&self, word: &Query) -> Result<bool, SearchError> {
        let searcher = self.searcher();
        let plan = self.plan(word, false);
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(&searcher))?;
        for segment in searcher.segment_readers() {
            let shown = Shown::of(&searcher, segment, &plan)?;
            let mut docs = weight.scorer(segment, 1.0)?;
            let mut doc = docs.doc();
            while doc != TERMINATED {
                if shown.has(doc) {
                    return Ok(true);
                }
                doc = docs.advance();
            }
        }
        Ok(false)
    }

    /// Names of tags that are nearly these words, the nearest first. A name may be of a tag that no thread has any
    /// more: ask the database before it is shown.
    ///
    /// # Errors
    /// `Io` or `Index` if the index cannot be read.
    pub fn near_tags(&self, words: &[String], limit: usize) -> Result<Vec<String>, SearchError> {
        let words: Vec<Vec<char>> =
            words.iter().take(NEAR_WORDS).map(|word| fold(word).chars().collect()).collect();
        let mut near: BTreeSet<(usize, String)> = BTreeSet::new();
        for segment in self.searcher().segment_readers() {
            let Some(column) = segment.fast_fields().str(LABELS)? else { continue };
            let mut names = column.dictionary().prefix_range("tag:").into_stream()?;
            let mut looked = 0;
            while looked < NEAR_LOOK_MAX && names.advance() {
                looked += 1;
                let Some(name) =
                    std::str::from_utf8(names.key()).ok().and_then(|key| key.strip_prefix("tag:"))
                else {
                    continue;
                };
                let folded: Vec<char> = fold(name).chars().collect();
                let distance = words.iter().filter_map(|word| distance(word, &folded)).min();
                if let Some(distance) = distance {
                    near.insert((distance, name.to_owned()));
                }
            }
        }
        Ok(near.into_iter().take(limit).map(|(_, name)| name).collect())
    }
}

/// The columns of a segment that are counted by.
struct Columns {
    signals: Column<u64>,
    created: Column<i64>,
    labels: Option<StrColumn>,
    /// How often each label was met, by its ordinal.
    met: Vec<u32>,
}

impl Columns {
    fn of(segment: &SegmentReader) -> Result<Columns, SearchError> {
        let columns = segment.fast_fields();
        let labels = columns.str(LABELS)?;
        let met = vec![0u32; labels.as_ref().map_or(0, |labels| labels.num_terms())];
        Ok(Columns { signals: columns.u64(SIGNALS)?, created: columns.i64(CREATED_AT)?, labels, met })
    }

    fn count(&mut self, doc: DocId, facets: &mut Facets, since: [i64; 2]) {
        let signals = Signals::unpack(self.signals.first(doc).unwrap_or_default());
        facets.count(signals, self.created.first(doc).unwrap_or_default(), since);
        for ord in self.labels.iter().flat_map(|labels| labels.term_ords(doc)) {
            if let Some(count) = usize::try_from(ord).ok().and_then(|ord| self.met.get_mut(ord)) {
                *count += 1;
            }
        }
    }
}

impl Facets {
    /// Counts `found`, the matches of a plan; where they are too many to have been kept, some of all of them.
    pub(super) fn of(
        searcher: &Searcher,
        plan: &Plan,
        found: Option<&[DocAddress]>,
        since: [i64; 2],
    ) -> Result<Facets, SearchError> {
        let mut facets = Facets { more: found.is_none(), ..Facets::default() };
        let mut labels: HashMap<String, u32> = HashMap::new();
        match found {
            Some(mut found) => {
                while let Some(first) = found.first() {
                    let ord = first.segment_ord;
                    let (own, rest) = found.split_at(found.partition_point(|doc| doc.segment_ord == ord));
                    found = rest;
                    let segment = searcher.segment_reader(ord);
                    let mut columns = Columns::of(segment)?;
                    own.iter().for_each(|doc| columns.count(doc.doc_id, &mut facets, since));
                    named(segment, &columns.met, &mut labels)?;
                }
            }
            None => facets.spread(searcher, plan, since, &mut labels)?,
        }
        let of = |kind: &str| {
            let own = labels.iter().filter_map(|(label, count)| Some((label.strip_prefix(kind)?, *count)));
            let mut own: Vec<(String, u32)> = own.map(|(label, count)| (label.to_owned(), count)).collect();
            own.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            own
        };
        facets.langs = of("lang:");
        facets.tags = of("tag:");
        facets.tags.truncate(FACET_TAGS);
        Ok(facets)
    }

    /// Counts matches from many places of the index, old and new.
    fn spread(
        &mut self,
        searcher: &Searcher,
        plan: &Plan,
        since: [i64; 2],
        labels: &mut HashMap<String, u32>,
    ) -> Result<(), SearchError> {
        let all: u32 = searcher.segment_readers().iter().map(|segment| segment.max_doc()).sum();
        let weight = plan.matching.weight(EnableScoring::disabled_from_searcher(searcher))?;
        for segment in searcher.segment_readers() {
            let mut columns = Columns::of(segment)?;
            let shown = Shown::of(searcher, segment, plan)?;
            let mut docs = weight.scorer(segment, 1.0)?;
            let mut doc = docs.doc();
            let width = segment.max_doc().div_ceil(WINDOWS).max(1);
            // A segment's share by its size, a window's by their number; what one leaves, the next may take.
            let share = u64::from(FACET_MATCHES) * u64::from(width) / u64::from(all.max(1));
            let share = u32::try_from(share).unwrap_or(0).max(1);
            let mut left = 0;
            for window in 0..WINDOWS {
                left += share;
                if doc < window * width {
                    doc = docs.seek(window * width);
                }
                while doc < (window + 1) * width && doc != TERMINATED {
                    if shown.has(doc) {
                        if left == 0 {
                            break;
                        }
                        left -= 1;
                        columns.count(doc, self, since);
                    }
                    doc = docs.advance();
                }
            }
            named(segment, &columns.met, labels)?;
        }
        Ok(())
    }

    fn count(&mut self, signals: Signals, created: i64, since: [i64; 2]) {
        self.total += 1;
        self.solved += u32::from(signals.solved);
        self.unanswered += u32::from(!signals.answered);
        for (count, since) in self.since.iter_mut().zip(since) {
            *count += u32::from(created >= since);
        }
    }
}

/// Adds the counts of a segment's ordinals under their names: one walk through its dictionary.
fn named(
    segment: &SegmentReader,
    counts: &[u32],
    labels: &mut HashMap<String, u32>,
) -> Result<(), SearchError> {
    let Some(column) = segment.fast_fields().str(LABELS)? else { return Ok(()) };
    let (ords, counts): (Vec<u64>, Vec<u32>) =
        (0u64..).zip(counts.iter().copied()).filter(|(_, count)| *count > 0).unzip();
    let mut counts = counts.into_iter();
    column.dictionary().sorted_ords_to_term_cb(&ords, |term| {
        if let (Some(count), Ok(label)) = (counts.next(), std::str::from_utf8(term)) {
            *labels.entry(label.to_owned()).or_insert(0) += count;
        }
    })?;
    Ok(())
}

/// How far a word is from a tag: 0 the same, 1 the beginning of the other or one letter away, 2 two letters in a
/// long word; `None` farther.
fn distance(word: &[char], tag: &[char]) -> Option<usize> {
    if word == tag {
        return Some(0);
    }
    let shorter = word.len().min(tag.len());
    if shorter >= NEAR_PREFIX && (word.starts_with(tag) || tag.starts_with(word)) {
        return Some(1);
    }
    let allowed = match shorter {
        0..=3 => return None,
        4..=7 => 1,
        _ => 2,
    };
    if word.len().abs_diff(tag.len()) > allowed {
        return None;
    }
    let mut row: Vec<usize> = (0..=tag.len()).collect();
    for (line, letter) in word.iter().enumerate() {
        let mut corner = line;
        let mut left = line + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(tag) {
            let above = *cell;
            let next = (corner + usize::from(letter != other)).min(above + 1).min(left + 1);
            corner = above;
            left = next;
            *cell = next;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().filter(|distance| *distance <= allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_tags_begin_alike_or_differ_by_a_letter_or_two_in_long_words() {
        let far = |a: &str, b: &str| distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>());
        assert_eq!(far("router", "router"), Some(0));
        assert_eq!(far("routers", "router"), Some(1));
        assert_eq!(far("bat", "battery"), Some(1));
        assert_eq!(far("rooter", "router"), Some(1));
        assert_eq!(far("ruoter", "router"), None);
        assert_eq!(far("thermsotat", "thermostat"), Some(2));
        assert_eq!(far("a", "ab"), None);
        assert_eq!(far("hub", "tub"), None);
        assert_eq!(far("", "hub"), None);
    }
}
