//! search room: how good the search is, measured on question sets whose answers are known.
//!
//! The index and the ranking are the forum's own, in a folder that is thrown away; of a community there is nothing
//! but texts and known duplicates. Measures as usual in retrieval: R@k is the share of a query's right documents
//! among the first k; MRR@10 one over the place of the first of them, 0 behind the tenth; nDCG@10 the discounted gain
//! against the best order possible (Järvelin and Kekäläinen 2002, binary gains).

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, bail, ensure};
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::analysis::Lang;
use super::document::ThreadDoc;
use super::find::Hit;
use super::index::{Index, Rebuild};
use super::meaning::{Encoder, Entry, Vectors, passage};
use super::query::Query;
use super::ranking;

/// Hits written per query.
const HITS: usize = 100;
/// Passages encoded at once.
const ENCODED_AT_ONCE: usize = 32;
/// Documents added to the index at once.
const DOCS_AT_ONCE: usize = 500;
/// Steps along a chain of duplicates; longer ones are circles.
const CHAIN_MAX: usize = 50;

/// The fields of a corpus that can be indexed.
pub const FIELDS: [&str; 3] = ["title", "body", "answers"];

/// An encoder with the vectors of a corpus.
pub struct Meant {
    encoder: Encoder,
    vectors: Vectors,
}

impl Meant {
    /// Threads whose meaning is like a text, each with its cosine; none in a language the model does not know.
    fn like(&self, text: &str) -> anyhow::Result<Vec<(i64, f32)>> {
        if Lang::guess(text).is_some_and(|lang| !self.knows(lang.language().code)) {
            return Ok(Vec::new());
        }
        let vector = self.encoder.encode(&[text])?.into_iter().next().unwrap_or_default();
        Ok(self.vectors.nearest(&vector, ranking::POOL, None))
    }

    fn knows(&self, code: &str) -> bool {
        self.encoder.languages().iter().any(|known| known == code)
    }
}

/// What to measure.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// Gzip JSON lines of `{"id","title"?,"body"?,"answers"?}`; several are one corpus.
    pub corpora: Vec<PathBuf>,
    /// Gzip JSON lines of `{"query_id","title","body"?,"positive_ids"}`.
    pub queries: PathBuf,
    /// Gzip JSON lines of `{"id","duplicate_of"}`: known duplicates.
    pub links: Option<PathBuf>,
    /// Of [`FIELDS`].
    pub fields: Vec<String>,
    /// The query is title and body, as when a question is asked.
    pub query_body: bool,
    /// ISO 639-1 code of every document; otherwise it is found per document.
    pub lang: Option<String>,
}

/// Means over all queries.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Measures {
    pub recall_1: f64,
    pub recall_5: f64,
    pub recall_10: f64,
    pub mrr_10: f64,
    pub ndcg_10: f64,
}

/// What was measured.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub documents: usize,
    pub queries: usize,
    pub measures: Measures,
    /// Milliseconds of the searching thread on a processor, per query.
    pub cpu_ms: f64,
    /// Seconds to build the index.
    pub build_s: f64,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    answers: Vec<String>,
}

#[derive(Deserialize)]
struct Asked {
    query_id: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    body: String,
    #[serde(default)]
    positive_ids: Vec<String>,
}

#[derive(Deserialize)]
struct Link {
    id: String,
    duplicate_of: String,
}

/// A corpus in an index of its own.
pub struct Bench {
    pub index: Index,
    /// Names of the documents; thread n is the n-th, from 1.
    ids: Vec<String>,
    /// Title and question of each document, for an encoder.
    texts: Vec<(String, String)>,
    build_s: f64,
    /// Removed when this is dropped.
    folder: PathBuf,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn rows<T: serde::de::DeserializeOwned>(
    path: &Path,
    mut take: impl FnMut(T) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let name = path.display();
    let file = File::open(path).with_context(|| format!("{name}"))?;
    for (line, text) in (1usize..).zip(BufReader::new(MultiGzDecoder::new(file)).lines()) {
        let text = text.with_context(|| format!("{name}: not gzip text"))?;
        if text.trim().is_empty() {
            continue;
        }
        let row = serde_json::from_str(&text).with_context(|| format!("{name}, line {line}"))?;
        take(row).with_context(|| format!("{name}, line {line}"))?;
    }
    Ok(())
}

impl Bench {
    /// Reads the corpora and builds the index in `folder`, which must not exist yet.
    ///
    /// # Errors
    /// Files that cannot be read, rows that are none, ids given twice.
    pub fn build(of: &Evaluation, folder: &Path) -> anyhow::Result<Bench> {
        for field in &of.fields {
            ensure!(
                FIELDS.contains(&field.as_str()),
                "there is no field {field}; there are {}",
                FIELDS.join(", ")
            );
        }
        let wanted = |field: &str| of.fields.is_empty() || of.fields.iter().any(|known| known == field);
        let mut places: HashMap<String, i64> = HashMap::new();
        let mut ids: Vec<String> = Vec::new();
        let mut docs: Vec<ThreadDoc> = Vec::new();
        for path in &of.corpora {
            rows(path, |row: Row| {
                let thread_id = ids.len() as i64 + 1;
                if places.insert(row.id.clone(), thread_id).is_some() {
                    bail!("{} is there twice", row.id);
                }
                docs.push(ThreadDoc {
                    thread_id,
                    title: if wanted("title") { row.title } else { String::new() },
                    question: if wanted("body") { row.body } else { String::new() },
                    answers: if wanted("answers") { row.answers } else { Vec::new() },
                    language: of.lang.clone(),
                    ..ThreadDoc::default()
                });
                ids.push(row.id);
                Ok(())
            })?;
        }
        ensure!(!docs.is_empty(), "the corpus is empty");
        let mut masters: HashMap<i64, i64> = HashMap::new();
        if let Some(path) = &of.links {
            rows(path, |link: Link| {
                if let (Some(id), Some(master)) = (places.get(&link.id), places.get(&link.duplicate_of)) {
                    masters.insert(*id, *master);
                }
                Ok(())
            })?;
        }
        let mut texts = Vec::with_capacity(docs.len());
        for doc in &mut docs {
            let (mut at, mut steps) = (doc.thread_id, 0);
            while let Some(master) = masters.get(&at).filter(|_| steps < CHAIN_MAX) {
                at = *master;
                steps += 1;
            }
            doc.duplicate_of = Some(at).filter(|master| *master != doc.thread_id && steps < CHAIN_MAX);
            texts.push((doc.title.clone(), doc.question.clone()));
        }
        let began = Instant::now();
        let index = Index::open(folder)?.into_index();
        let mut rebuild = Rebuild::begin(&index)?;
        let mut docs = docs.into_iter().peekable();
        while docs.peek().is_some() {
            rebuild.add(docs.by_ref().take(DOCS_AT_ONCE))?;
        }
        rebuild.finish(1)?;
        let build_s = began.elapsed().as_secs_f64();
        Ok(Bench { index, ids, texts, build_s, folder: folder.to_owned() })
    }

    /// Encodes the corpus with the model in `model`; `progress` hears how many of how many texts are done. `None`
    /// where the model does not know the language that was told.
    ///
    /// # Errors
    /// A model that cannot be used.
    pub fn encode(
        &self,
        of: &Evaluation,
        model: &Path,
        progress: &dyn Fn(u64, u64),
    ) -> anyhow::Result<Option<Meant>> {
        let encoder = Encoder::open(model).with_context(|| model.display().to_string())?;
        let meant = Meant { vectors: Vectors::in_memory(encoder.dims())?, encoder };
        if of.lang.as_deref().is_some_and(|code| !meant.knows(code)) {
            return Ok(None);
        }
        let passages: Vec<String> =
            self.texts.iter().map(|(title, question)| passage(title, question)).collect();
        let ids: Vec<i64> = (1..).take(passages.len()).collect();
        for (ids, texts) in ids.chunks(ENCODED_AT_ONCE).zip(passages.chunks(ENCODED_AT_ONCE)) {
            let borrowed: Vec<&str> = texts.iter().map(String::as_str).collect();
            let entries: Vec<Entry> = meant
                .encoder
                .encode_passages(&borrowed)?
                .into_iter()
                .zip(ids)
                .map(|(vector, id)| Entry { id: *id, print: 0, vector })
                .collect();
            meant.vectors.apply(None, &entries, &[])?;
            progress(ids.last().map_or(0, |id| id.unsigned_abs()), passages.len() as u64);
        }
        Ok(Some(meant))
    }

    /// Runs the queries; each line of `out` is `query_id<TAB>doc_id<TAB>score`, best first.
    ///
    /// # Errors
    /// Queries that cannot be read, an output that cannot be written.
    pub fn run(&self, of: &Evaluation, meaning: Option<&Meant>, out: &Path) -> anyhow::Result<Report> {
        let file = File::create(out).with_context(|| out.display().to_string())?;
        let mut out = BufWriter::new(file);
        let mut report = Report { documents: self.ids.len(), build_s: self.build_s, ..Report::default() };
        let mut sums = Measures::default();
        let cpu = cpu_seconds();
        rows(&of.queries, |asked: Asked| {
            let hits = self.hits(&asked, of.query_body, meaning)?;
            let mut ranked: Vec<&str> = Vec::with_capacity(hits.len());
            for hit in &hits {
                let id = usize::try_from(hit.thread_id - 1).ok().and_then(|place| self.ids.get(place));
                let Some(id) = id else { continue };
                ranked.push(id);
                writeln!(out, "{}\t{id}\t{}", asked.query_id, hit.score)?;
            }
            sums.add(&measure(&ranked, &asked.positive_ids));
            report.queries += 1;
            Ok(())
        })?;
        out.flush()?;
        ensure!(report.queries > 0, "there are no queries");
        let queries = report.queries as f64;
        report.cpu_ms = (cpu_seconds() - cpu) * 1000.0 / queries;
        report.measures = sums.over(queries);
        Ok(report)
    }

    fn hits(&self, asked: &Asked, query_body: bool, meaning: Option<&Meant>) -> anyhow::Result<Vec<Hit>> {
        let whole;
        let text = if query_body {
            whole = format!("{}\n{}", asked.title, asked.body);
            &whole
        } else {
            &asked.title
        };
        let like = meaning.map(|meaning| meaning.like(text)).transpose()?.unwrap_or_default();
        if query_body {
            return Ok(self
                .index
                .similar_like(&asked.title, &asked.body, &super::Synonyms::default(), &like, HITS)?
                .hits);
        }
        let (query, _) = Query::parse(&asked.title);
        Ok(self.index.search_like(&query, &like, HITS, None)?.hits)
    }
}

impl Measures {
    fn each(&mut self, other: &Measures, with: impl Fn(&mut f64, f64)) {
        with(&mut self.recall_1, other.recall_1);
        with(&mut self.recall_5, other.recall_5);
        with(&mut self.recall_10, other.recall_10);
        with(&mut self.mrr_10, other.mrr_10);
        with(&mut self.ndcg_10, other.ndcg_10);
    }

    fn add(&mut self, other: &Measures) {
        self.each(other, |sum, one| *sum += one);
    }

    fn over(mut self, count: f64) -> Measures {
        self.each(&Measures::default(), |sum, _| *sum /= count);
        self
    }
}

/// Measures of one ranking; a query without right documents counts nothing.
pub fn measure(ranked: &[&str], right: &[String]) -> Measures {
    let right: HashSet<&str> = right.iter().map(String::as_str).collect();
    if right.is_empty() {
        return Measures::default();
    }
    let recall =
        |k: usize| ranked.iter().take(k).filter(|id| right.contains(*id)).count() as f64 / right.len() as f64;
    let gain = |place: usize| 1.0 / (place as f64 + 2.0).log2();
    let mut of_ten =
        ranked.iter().take(10).enumerate().filter(|(_, id)| right.contains(*id)).map(|(place, _)| place);
    let first = of_ten.clone().next();
    let gained: f64 = of_ten.by_ref().map(gain).sum();
    let best: f64 = (0..right.len().min(10)).map(gain).sum();
    Measures {
        recall_1: recall(1),
        recall_5: recall(5),
        recall_10: recall(10),
        mrr_10: first.map_or(0.0, |place| 1.0 / (place as f64 + 1.0)),
        ndcg_10: gained / best,
    }
}

/// Seconds this thread has been on a processor; where the system does not tell, of the clock.
fn cpu_seconds() -> f64 {
    static BEGAN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let nanoseconds = std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    match nanoseconds {
        Some(nanoseconds) => nanoseconds / 1e9,
        None => BEGAN.get_or_init(Instant::now).elapsed().as_secs_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_are_those_of_the_textbook() {
        let right = ["b".to_owned(), "z".to_owned()];
        let found = measure(&["a", "b", "c"], &right);
        assert_eq!((found.recall_1, found.recall_5, found.mrr_10), (0.0, 0.5, 0.5));
        let best = 1.0 + 1.0 / 3f64.log2();
        assert!((found.ndcg_10 - 1.0 / 3f64.log2() / best).abs() < 1e-12);
        assert_eq!(measure(&["z", "b"], &right).ndcg_10, 1.0);
        assert_eq!(measure(&[], &right), Measures::default());
        assert_eq!(measure(&["a"], &[]), Measures::default());
    }
}
