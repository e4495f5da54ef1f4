//! The second stage: the best of the first are looked at again, duplicates go into their masters, and what is shown
//! can say why it stands where it does.

use std::collections::HashMap;

use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, SegmentReader, Term};

use super::analysis::QueryWord;
use super::document::{ACTIVE_AT, MASTER, SIGNALS, THREAD_ID, version_fact};
use super::find::OneFrequency;
use super::index::{Index, SearchError};
use crate::kernel::moment::Moment;

use super::ranking::{self, Circumstances, Part, Reader, Signals};

/// Words between two neighbours at most, plus one: stop words keep their places.
const NEIGHBOURS_APART: u32 = 3;
/// Wordings of one problem told with its master.
pub const ALSO_MAX: usize = 3;

/// A thread with its place in the index, the first stage's score without its bonus, and its cosine.
pub type Seen = (i64, DocAddress, f32, Option<f32>);

/// A thread of the second stage.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub thread_id: i64,
    pub address: DocAddress,
    /// Score of the first stage without its bonus; 0 where only the meaning is like.
    pub text: f32,
    /// Cosine of the sentence encoder, where it has one.
    pub likeness: Option<f32>,
    pub covered: f32,
    pub together: f32,
    pub circumstances: Circumstances,
    master: i64,
    pub key: u64,
}

/// A candidate with those that were asked again of it.
#[derive(Clone, Debug)]
pub struct Group {
    pub best: Candidate,
    /// The document to show: the master's, where it is in the index.
    pub shown: DocAddress,
    pub shown_id: i64,
    /// Duplicates that match, to be named.
    pub also: Vec<DocAddress>,
}

/// What the second stage needs to know of the query.
pub struct Asked<'a> {
    /// In their order; neighbours count.
    pub words: &'a [QueryWord],
    /// Those of them that the first stage counted.
    pub scored: &'a [QueryWord],
    pub versions: &'a [String],
    /// A whole question, not its title alone.
    pub whole: bool,
    pub reader: Reader,
}

impl Asked<'_> {
    /// How much an encoder's word counts.
    fn meaning(&self) -> f32 {
        if self.whole {
            ranking::MEANING_OF_QUESTIONS
        } else if self.words.iter().any(|word| ranking::is_code(&word.folded)) {
            ranking::MEANING_OF_CODES
        } else {
            ranking::MEANING
        }
    }
}

impl Index {
    /// Looks again at what the first stage found, best first.
    pub(super) fn rerank(
        &self,
        statistics: &OneFrequency<'_>,
        asked: &Asked<'_>,
        found: Vec<Seen>,
    ) -> Result<Vec<Candidate>, SearchError> {
        let searcher = statistics.searcher;
        let mut by_segment: HashMap<u32, Vec<Candidate>> = HashMap::new();
        // Threads not encoded yet have nothing in common with the query, on the scale of those that are.
        let meaning = found.iter().any(|(.., likeness)| likeness.is_some());
        for (thread_id, address, text, likeness) in found {
            let likeness = likeness.or(meaning.then_some(ranking::MEANING_FROM));
            by_segment.entry(address.segment_ord).or_default().push(Candidate {
                thread_id,
                address,
                text,
                likeness,
                covered: 0.0,
                together: 0.0,
                circumstances: Circumstances { signals: Signals::unpack(0), active_day: 0, version: false },
                master: thread_id,
                key: 0,
            });
        }
        let mut idfs = Vec::with_capacity(asked.words.len());
        for word in asked.words {
            idfs.push(statistics.idf(word)?);
        }
        let mut all = Vec::new();
        for (ord, mut candidates) in by_segment {
            candidates.sort_unstable_by_key(|candidate| candidate.address.doc_id);
            let segment = searcher.segment_reader(ord);
            let signals = segment.fast_fields().column_first_or_default::<u64>(SIGNALS)?;
            let masters = segment.fast_fields().column_first_or_default::<i64>(MASTER)?;
            let active = segment.fast_fields().column_first_or_default::<i64>(ACTIVE_AT)?;
            for candidate in &mut candidates {
                let doc = candidate.address.doc_id;
                candidate.master = masters.get_val(doc);
                candidate.circumstances.signals = Signals::unpack(signals.get_val(doc));
                candidate.circumstances.active_day = Moment(active.get_val(doc)).day();
            }
            self.titles(segment, asked.words, &idfs, &mut candidates)?;
            for version in asked.versions {
                let term = Term::from_field_text(self.fields.facts, &version_fact(version));
                each_match(segment, &term, &mut candidates, |candidate| {
                    candidate.circumstances.version = true
                })?;
            }
            all.append(&mut candidates);
        }
        let top = all.iter().map(text_score).fold(0.0, f32::max);
        for candidate in &mut all {
            let text = text_score(candidate);
            let score = ranking::fused(text, top, candidate.likeness, asked.meaning())
                * ranking::bonus(&candidate.circumstances, &asked.reader);
            candidate.key = ranking::key(score);
        }
        all.sort_unstable_by_key(|candidate| std::cmp::Reverse((candidate.key, candidate.thread_id)));
        Ok(all)
    }

    /// Fills in what the titles have of the query.
    fn titles(
        &self,
        segment: &SegmentReader,
        words: &[QueryWord],
        idfs: &[f32],
        candidates: &mut [Candidate],
    ) -> Result<(), SearchError> {
        let total: f32 = idfs.iter().sum();
        if total <= 0.0 {
            return Ok(());
        }
        let mut before: Vec<Vec<u32>> = vec![Vec::new(); candidates.len()];
        let mut before_idf = 0.0f32;
        for (word, idf) in words.iter().zip(idfs) {
            let mut places: Vec<Vec<u32>> = vec![Vec::new(); candidates.len()];
            let mut share = vec![0.0f32; candidates.len()];
            let parts = word.parts.iter().flatten().map(|(term, weight)| (term, weight * ranking::PART));
            for (term, weight) in word.terms.iter().map(|(term, weight)| (term, *weight)).chain(parts) {
                let term = Term::from_field_text(self.fields.title, term);
                let option = IndexRecordOption::WithFreqsAndPositions;
                let terms = segment.inverted_index(self.fields.title)?;
                let Some(mut postings) = terms.read_postings(&term, option)? else { continue };
                let mut positions = Vec::new();
                for (at, candidate) in candidates.iter().enumerate() {
                    let doc = candidate.address.doc_id;
                    if postings.doc() < doc {
                        postings.seek(doc);
                    }
                    if postings.doc() == doc {
                        postings.positions(&mut positions);
                        if let (Some(own), Some(share)) = (places.get_mut(at), share.get_mut(at)) {
                            own.extend_from_slice(&positions);
                            *share = share.max(weight.min(1.0));
                        }
                    }
                }
            }
            for (at, candidate) in candidates.iter_mut().enumerate() {
                let (Some(own), Some(share)) = (places.get(at), share.get(at)) else { continue };
                candidate.covered += share * idf / total;
                let neighbours = before.get(at).is_some_and(|before| {
                    before.iter().any(|first| {
                        own.iter().any(|second| second > first && second - first <= NEIGHBOURS_APART)
                    })
                });
                if neighbours {
                    candidate.together += idf.min(before_idf);
                }
            }
            before = places;
            before_idf = *idf;
        }
        Ok(())
    }

    /// Puts duplicates into their masters; the order stays that of each group's best.
    pub(super) fn fold(
        &self,
        searcher: &Searcher,
        ranked: Vec<Candidate>,
    ) -> Result<Vec<Group>, SearchError> {
        let mut groups: Vec<Group> = Vec::with_capacity(ranked.len());
        let mut places: HashMap<i64, usize> = HashMap::new();
        for candidate in ranked {
            match places.get(&candidate.master).and_then(|place| groups.get_mut(*place)) {
                Some(group) => {
                    if candidate.thread_id == candidate.master {
                        // The best stood here as one of its wordings: that is named, the master shown.
                        group.shown = candidate.address;
                        group.shown_id = candidate.thread_id;
                    } else if group.also.len() < ALSO_MAX {
                        group.also.push(candidate.address);
                    }
                }
                None => {
                    places.insert(candidate.master, groups.len());
                    let own = candidate.thread_id == candidate.master;
                    groups.push(Group {
                        shown: candidate.address,
                        shown_id: candidate.thread_id,
                        also: if own { Vec::new() } else { vec![candidate.address] },
                        best: candidate,
                    });
                }
            }
        }
        for group in &mut groups {
            if group.shown_id != group.best.master {
                match self.address(searcher, group.best.master)? {
                    Some(address) => {
                        group.shown = address;
                        group.shown_id = group.best.master;
                    }
                    // The master is not to be seen: its wording stands for itself.
                    None => group.also.retain(|also| *also != group.shown),
                }
            }
        }
        Ok(groups)
    }

    /// Each candidate for itself.
    pub(super) fn unfolded(ranked: Vec<Candidate>) -> Vec<Group> {
        ranked
            .into_iter()
            .map(|best| Group { shown: best.address, shown_id: best.thread_id, also: Vec::new(), best })
            .collect()
    }

    /// Where a thread stands in the index.
    pub(super) fn address(
        &self,
        searcher: &Searcher,
        thread_id: i64,
    ) -> Result<Option<DocAddress>, SearchError> {
        let term = Term::from_field_i64(self.fields.thread_id, thread_id);
        for (ord, segment) in (0u32..).zip(searcher.segment_readers()) {
            let terms = segment.inverted_index(self.fields.thread_id)?;
            if let Some(mut postings) = terms.read_postings(&term, IndexRecordOption::Basic)? {
                while postings.doc() != tantivy::TERMINATED {
                    if !segment.is_deleted(postings.doc()) {
                        return Ok(Some(DocAddress::new(ord, postings.doc())));
                    }
                    postings.advance();
                }
            }
        }
        Ok(None)
    }

    /// The parts of each candidate's score, greatest first: of the text as they were added up, of the rest the shares
    /// they added to it.
    pub(super) fn explain(
        &self,
        statistics: &OneFrequency<'_>,
        asked: &Asked<'_>,
        weighed: &[(Field, Part, f32)],
        candidates: &[&Candidate],
        top_text: f32,
    ) -> Result<Vec<Vec<(Part, f32)>>, SearchError> {
        let mut all: Vec<Vec<(Part, f32)>> = vec![Vec::new(); candidates.len()];
        // In the order of the index, so that each list of documents is read once.
        let mut order: Vec<usize> = (0..candidates.len()).collect();
        order.sort_unstable_by_key(|at| candidates.get(*at).map(|candidate| candidate.address));
        for &(field, part, weight) in weighed {
            let average = statistics.average(field)?;
            let mut sums = vec![0.0f32; candidates.len()];
            for word in asked.scored {
                let pieces = word.parts.iter().flatten().map(|(term, share)| (term, share * ranking::PART));
                for (term, share) in word.terms.iter().map(|(term, share)| (term, *share)).chain(pieces) {
                    let term = Term::from_field_text(field, term);
                    let idf = statistics.idf_of(&term)?;
                    let mut open = None;
                    for &at in &order {
                        let Some(address) = candidates.get(at).map(|candidate| candidate.address) else {
                            continue;
                        };
                        let segment = statistics.searcher.segment_reader(address.segment_ord);
                        if open.as_ref().is_none_or(|(ord, _)| *ord != address.segment_ord) {
                            let terms = segment.inverted_index(field)?;
                            let postings = terms.read_postings(&term, IndexRecordOption::WithFreqs)?;
                            let lengths = segment.get_fieldnorms_reader(field)?;
                            open = Some((address.segment_ord, postings.map(|postings| (postings, lengths))));
                        }
                        let Some((_, Some((postings, lengths)))) = &mut open else { continue };
                        if postings.doc() < address.doc_id {
                            postings.seek(address.doc_id);
                        }
                        if let Some(sum) = sums.get_mut(at).filter(|_| postings.doc() == address.doc_id) {
                            let length = lengths.fieldnorm(address.doc_id);
                            *sum +=
                                weight * share * ranking::bm25(idf, postings.term_freq(), length, average);
                        }
                    }
                }
            }
            for (parts, sum) in all.iter_mut().zip(sums) {
                parts.push((part, sum));
            }
        }
        for (parts, candidate) in all.iter_mut().zip(candidates) {
            if candidate.text > 0.0 {
                // What the fields do not account for are the roots, synonyms of several words and rounding.
                let known: f32 = parts.iter().map(|(_, share)| share).sum();
                parts.push((Part::Roots, (candidate.text - known).max(0.0)));
                parts.push((Part::Covered, candidate.text * ranking::COVERED * candidate.covered));
                parts.push((Part::Together, ranking::TOGETHER * candidate.together));
            }
            let text = text_score(candidate);
            let fused = ranking::fused(text, top_text, candidate.likeness, asked.meaning());
            if candidate.likeness.is_some() {
                // Both kinds of likeness on one scale.
                let by_words = ranking::fused(text, top_text, Some(ranking::MEANING_FROM), asked.meaning());
                let scale = if text > 0.0 { by_words / text } else { 0.0 };
                parts.iter_mut().for_each(|(_, share)| *share *= scale);
                parts.push((Part::Meaning, fused - by_words));
            }
            let bonuses = ranking::bonuses(&candidate.circumstances, &asked.reader);
            parts.extend(bonuses.map(|(part, share)| (part, share * fused)));
            parts.retain(|(_, share)| *share > 0.0);
            parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        }
        Ok(all)
    }
}

/// The score of the text alone.
pub(super) fn text_score(candidate: &Candidate) -> f32 {
    candidate.text * (1.0 + ranking::COVERED * candidate.covered) + ranking::TOGETHER * candidate.together
}

/// Calls `hit` with each of the candidates, sorted by document, that has the term.
fn each_match(
    segment: &SegmentReader,
    term: &Term,
    candidates: &mut [Candidate],
    hit: impl Fn(&mut Candidate),
) -> Result<(), SearchError> {
    let terms = segment.inverted_index(term.field())?;
    let Some(mut postings) = terms.read_postings(term, IndexRecordOption::Basic)? else { return Ok(()) };
    for candidate in candidates {
        let doc = candidate.address.doc_id;
        if postings.doc() < doc {
            postings.seek(doc);
        }
        if postings.doc() == doc {
            hit(candidate);
        }
    }
    Ok(())
}

/// Thread numbers of documents.
pub(super) fn thread_id(searcher: &Searcher, address: DocAddress) -> Result<i64, SearchError> {
    let segment = searcher.segment_reader(address.segment_ord);
    let ids = segment.fast_fields().column_first_or_default::<i64>(THREAD_ID)?;
    Ok(ids.get_val(address.doc_id))
}
