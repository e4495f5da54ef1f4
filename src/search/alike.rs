//! search room: threads that may ask what another asks, each with its likelihood.
use super::analysis::{Lang, query_words};
use super::excerpt::Matcher;
use super::likeness::{Asked, Features, Rarity};
use super::{Hit, Index, Results, SearchError, ThreadDoc, pages, passages, texts};
use crate::app::App;
use crate::db::Conn;
use crate::error::Result;
use crate::kernel::ids::ThreadId;
use std::collections::{BTreeSet, HashMap};
use tantivy::Term;

/// Threads found that are looked at closely: likelier ones are seldom farther down.
const LOOKED_AT: usize = 10;
/// Words of one question that are compared; each costs a look into the index.
const WORDS_MAX: usize = 200;

impl Index {
    /// How many threads say each of these terms when they ask.
    pub(super) fn frequencies(&self, terms: &[&str]) -> std::result::Result<Vec<u64>, SearchError> {
        let searcher = self.searcher();
        let fields = [self.fields.title, self.fields.question];
        let mut counts = Vec::with_capacity(terms.len());
        for term in terms {
            let mut most = 0;
            for field in fields {
                most = most.max(searcher.doc_freq(&Term::from_field_text(field, term))?);
            }
            counts.push(most);
        }
        Ok(counts)
    }
}

/// What a question says, each word as the stem of the language it is in.
pub fn asked(title: &str, body: &str) -> Asked {
    let lang = Lang::guess(body).or_else(|| Lang::guess(title));
    let terms = |text: &str| {
        let (words, _) = query_words(text, lang, WORDS_MAX);
        let mut terms = BTreeSet::new();
        for word in words.iter().filter(|word| !word.stop) {
            // Of a compound the last one is its parts joined, as some write it.
            let whole = if word.parts.is_empty() { best(&word.terms) } else { word.terms.last() };
            terms.extend(whole.map(|(term, _)| term.clone()));
            terms.extend(word.parts.iter().filter_map(|part| best(part)).map(|(term, _)| term.clone()));
        }
        terms
    };
    let title = terms(title);
    let whole = title.union(&terms(body)).cloned().collect();
    Asked { title, whole }
}

/// The stem in the language of the text; the first where that is not known.
fn best(terms: &[(String, f32)]) -> Option<&(String, f32)> {
    terms.iter().rev().max_by(|a, b| a.1.total_cmp(&b.1))
}

/// How `question` and each of `docs` are alike.
///
/// # Errors
/// `Index` if the index cannot be read.
pub fn features(
    index: &Index,
    (title, body): (&str, &str),
    docs: &[ThreadDoc],
) -> std::result::Result<Vec<Features>, SearchError> {
    let one = asked(title, body);
    let others: Vec<Asked> = docs.iter().map(|doc| asked(&doc.title, &doc.question)).collect();
    let terms: BTreeSet<&str> =
        others.iter().chain([&one]).flat_map(|asked| &asked.whole).map(String::as_str).collect();
    let terms: Vec<&str> = terms.into_iter().collect();
    let counts = index.frequencies(&terms)?;
    let having = terms.into_iter().map(str::to_owned).zip(counts).collect();
    let rarity = Rarity { threads: index.doc_count(), having };
    Ok(others.iter().map(|other| Features::of(&one, other, &rarity)).collect())
}

/// Threads like a question, as everybody may see them, each with the likelihood in per mille that it asks the same,
/// the likeliest first: at most `limit` of those that `keep` wants, with their passages.
pub(super) fn likely(
    app: &App,
    conn: &mut Conn,
    (title, body): (&str, &str),
    limit: usize,
    keep: impl Fn(&Hit, u16) -> bool,
) -> Result<Vec<(Hit, u16)>> {
    let (mut found, matcher) = weighed(app, conn, (title, body), LOOKED_AT)?;
    found.retain(|(hit, likelihood)| keep(hit, *likelihood));
    found.truncate(limit);
    let (mut hits, likelihoods): (Vec<Hit>, Vec<u16>) = found.into_iter().unzip();
    passages::read(conn, &matcher, &mut hits)?;
    Ok(hits.into_iter().zip(likelihoods).collect())
}

fn weighed(
    app: &App,
    conn: &mut Conn,
    (title, body): (&str, &str),
    limit: usize,
) -> Result<(Vec<(Hit, u16)>, Matcher)> {
    let Results { hits, matcher, .. } = pages::like_this(app, conn, title, body, limit)?;
    let ids: Vec<i64> = hits.iter().map(|hit| hit.thread_id).collect();
    let docs = texts::by_ids(conn, &ids)?;
    let features = pages::ask(app, |index| features(index, (title, body), &docs))?;
    let likelihoods: HashMap<i64, u16> =
        docs.iter().zip(features).map(|(doc, features)| (doc.thread_id, features.likelihood())).collect();
    let mut found: Vec<(Hit, u16)> = hits
        .into_iter()
        .filter_map(|hit| Some((likelihoods.get(&hit.thread_id).copied()?, hit)))
        .map(|(likelihood, hit)| (hit, likelihood))
        .collect();
    found.sort_by_key(|(_, likelihood)| std::cmp::Reverse(*likelihood));
    Ok((found, matcher))
}

/// Earlier threads that may ask what `thread` asks, each with its likelihood in per mille, the likeliest first; a known
/// duplicate stands for the one it was closed in favour of. Empty when the thread is not there for everybody.
pub fn likely_duplicates(app: &App, conn: &mut Conn, thread: ThreadId) -> Result<Vec<(ThreadId, u16)>> {
    let Some(doc) = texts::by_ids(conn, &[thread.0])?.pop().filter(|doc| doc.duplicate_of.is_none()) else {
        return Ok(Vec::new());
    };
    let (found, _) = weighed(app, conn, (&doc.title, &doc.question), LOOKED_AT + 1)?;
    let mut known = BTreeSet::from([thread.0]);
    Ok(found
        .into_iter()
        .map(|(hit, likelihood)| (hit.duplicate_of.unwrap_or(hit.thread_id), likelihood))
        .filter(|(master, _)| *master < thread.0 && known.insert(*master))
        .map(|(master, likelihood)| (ThreadId(master), likelihood))
        .collect())
}
