//! cli room: measures the search on question sets whose answers are known.
use super::progress::Progress;
use super::say;
use crate::search::evaluate::{Bench, Evaluation, FIELDS};
use anyhow::Context;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(clap::Subcommand)]
pub enum Evaluate {
    /// Index a corpus, run queries whose answers are known, and print how good what was found is
    Search(Search),
}

#[derive(clap::Args)]
pub struct Search {
    /// Gzip JSON lines of {"id","title"?,"body"?,"answers"?}; given several times, all are one corpus
    #[arg(long, value_name = "FILE", required = true)]
    corpus: Vec<PathBuf>,
    /// Gzip JSON lines of {"query_id","title","body"?,"positive_ids"}
    #[arg(long, value_name = "FILE")]
    queries: PathBuf,
    /// Gzip JSON lines of {"id","duplicate_of"}: duplicates known in the corpus
    #[arg(long, value_name = "FILE")]
    links: Option<PathBuf>,
    /// Fields of the corpus that are indexed
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = FIELDS)]
    fields: Vec<String>,
    /// Each query is its title and body, as when a question is asked
    #[arg(long)]
    query_body: bool,
    /// A sentence encoder's folder, as for the setting `model`
    #[arg(long, value_name = "DIR")]
    model: Option<PathBuf>,
    /// The language of the corpus [default: found for each document]
    #[arg(long, value_name = "LANG")]
    lang: Option<String>,
    /// Where the run is written: query_id, doc_id and score, the first 100 of each query
    #[arg(long, value_name = "RUN")]
    out: PathBuf,
}

pub fn evaluate(what: Evaluate) -> anyhow::Result<ExitCode> {
    let Evaluate::Search(asked) = what;
    let of = Evaluation {
        corpora: asked.corpus,
        queries: asked.queries,
        links: asked.links,
        fields: asked.fields,
        query_body: asked.query_body,
        lang: asked.lang,
    };
    let folder = std::env::temp_dir().join(format!("loggia-evaluate-{}", std::process::id()));
    std::fs::create_dir(&folder).with_context(|| folder.display().to_string())?;
    let bench = Bench::build(&of, &folder)?;
    let meant = match &asked.model {
        None => None,
        Some(model) => {
            let progress = Progress::new();
            let meant = bench.encode(&of, model, &|done, total| progress.at("encode", done, total))?;
            progress.end();
            if meant.is_none() {
                say("the model does not know the language: words alone are searched");
            }
            meant
        }
    };
    let report = bench.run(&of, meant.as_ref(), &asked.out)?;
    let measures = report.measures;
    say(&format!(
        "{} documents, indexed in {:.1} s; {} queries",
        report.documents, report.build_s, report.queries
    ));
    for (name, value) in [
        ("R@1", measures.recall_1),
        ("R@5", measures.recall_5),
        ("R@10", measures.recall_10),
        ("MRR@10", measures.mrr_10),
        ("nDCG@10", measures.ndcg_10),
    ] {
        say(&format!("{name:<8} {value:.4}"));
    }
    say(&format!("CPU      {:.2} ms a query", report.cpu_ms));
    Ok(ExitCode::SUCCESS)
}
