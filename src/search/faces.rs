//! The answer a thread without a solution shows: the one that says most of the query, found without reading it.
//!
//! Every answer begins with a mark in the index ([`analysis::PART`]), so the places of the query's words tell in which
//! answer each stands; a page then reads one post per hit.

use tantivy::postings::Postings;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocAddress, DocSet, Searcher, Term};

use super::analysis::{self, QueryWord};
use super::find::Hit;
use super::index::{Index, SearchError};

/// What is known of a hit before its answer is chosen.
pub(super) struct Face {
    pub(super) address: DocAddress,
    /// Posts of the first answers, in their order; none where a solution is shown.
    pub(super) answers: Vec<i64>,
}

/// Words of a query that are told apart.
const WORDS_MAX: usize = 64;

impl Index {
    /// The hits, each that has no solution to show with its answer: the first of those that say most of the words,
    /// unless the question says more of them.
    pub(super) fn choose<'a>(
        &self,
        searcher: &Searcher,
        words: impl Iterator<Item = &'a QueryWord>,
        mut hits: Vec<(Hit, Face)>,
    ) -> Result<Vec<Hit>, SearchError> {
        let mut open: Vec<(DocAddress, &Face, &mut Hit)> = hits
            .iter_mut()
            .filter(|(_, face)| !face.answers.is_empty())
            .map(|(hit, face)| (face.address, &*face, hit))
            .collect();
        open.sort_unstable_by_key(|(address, ..)| *address);
        let addresses: Vec<DocAddress> = open.iter().map(|(address, ..)| *address).collect();
        let (question, answers) = (self.fields.question, self.fields.answers);
        let mut beginnings: Vec<Vec<u32>> = vec![Vec::new(); open.len()];
        places(searcher, answers, analysis::PART, &addresses, |at, found| {
            if let Some(beginnings) = beginnings.get_mut(at) {
                beginnings.extend_from_slice(found);
            }
        })?;
        let mut asked = vec![0u64; open.len()];
        let mut said: Vec<Vec<u64>> = open.iter().map(|(_, face, _)| vec![0; face.answers.len()]).collect();
        for (bit, word) in words.take(WORDS_MAX).enumerate() {
            let bit = 1u64 << bit;
            for (term, _) in word.terms.iter().chain(word.parts.iter().flatten()) {
                places(searcher, question, term, &addresses, |at, _| {
                    asked.iter_mut().skip(at).take(1).for_each(|asked| *asked |= bit);
                })?;
                places(searcher, answers, term, &addresses, |at, found| {
                    let (Some(beginnings), Some(said)) = (beginnings.get(at), said.get_mut(at)) else {
                        return;
                    };
                    for place in found {
                        let answer = beginnings.partition_point(|begins| begins <= place).checked_sub(1);
                        if let Some(said) = answer.and_then(|answer| said.get_mut(answer)) {
                            *said |= bit;
                        }
                    }
                })?;
            }
        }
        for (((_, face, hit), asked), said) in open.into_iter().zip(asked).zip(said) {
            let most = said.iter().map(|said| said.count_ones()).max().unwrap_or(0);
            if most >= asked.count_ones().max(1) {
                let best = said.iter().position(|said| said.count_ones() == most);
                hit.answer_post_id = best.and_then(|best| face.answers.get(best).copied());
            }
        }
        Ok(hits.into_iter().map(|(hit, _)| hit).collect())
    }
}

/// Calls `each` with the number of every document that has the term in the field, and with its places there.
fn places(
    searcher: &Searcher,
    field: Field,
    term: &str,
    addresses: &[DocAddress],
    mut each: impl FnMut(usize, &[u32]),
) -> Result<(), SearchError> {
    let term = Term::from_field_text(field, term);
    let mut found = Vec::new();
    let mut open = None;
    for (at, address) in addresses.iter().enumerate() {
        if open.as_ref().is_none_or(|(ord, _)| *ord != address.segment_ord) {
            let terms = searcher.segment_reader(address.segment_ord).inverted_index(field)?;
            let postings = terms.read_postings(&term, IndexRecordOption::WithFreqsAndPositions)?;
            open = Some((address.segment_ord, postings));
        }
        let Some((_, Some(postings))) = &mut open else { continue };
        if postings.doc() < address.doc_id {
            postings.seek(address.doc_id);
        }
        if postings.doc() == address.doc_id {
            postings.positions(&mut found);
            each(at, &found);
        }
    }
    Ok(())
}
