//! exchange room: communities that come in from elsewhere, and the counts that prove they are whole.
//!
//! An import runs from the command line while no server does. It reads its files as streams, and
//! each transaction moves the import's place in table `imports` together with the rows it wrote:
//! after a kill at any moment the next run goes on where the last commit ended.
pub mod backup;
mod forget;
pub mod jsonl;
mod pipeline;
mod run;
pub mod stackexchange;
mod stats;
mod text;
mod xml;

use crate::db::DbError;
use crate::kernel::moment::Moment;
pub use forget::forget;
use serde::{Deserialize, Serialize};
pub use stats::{Stats, stats};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why an import stopped. What was committed before stays and is not repeated by the next run.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    /// `offset` is in bytes from the file's start.
    #[error("{file} is not well-formed at byte {offset}: {text}")]
    Malformed { file: String, offset: u64, text: String },
    #[error("{0}")]
    Refused(String),
    #[error("stopped; the next run goes on from here")]
    Stopped,
}

impl From<diesel::result::Error> for ExchangeError {
    fn from(error: diesel::result::Error) -> Self {
        ExchangeError::Db(error.into())
    }
}

impl ExchangeError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ExchangeError + '_ {
        move |source| ExchangeError::Io { path: path.to_owned(), source }
    }
}

pub type Result<T> = std::result::Result<T, ExchangeError>;

/// Where an import stands, for people who wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub stage: &'static str,
    /// Rows of this stage's file (or bytes of a file that is read once).
    pub done: u64,
    pub total: u64,
}

/// How an import runs.
pub struct Options<'a> {
    /// The old site's host name, when the folder's name does not tell it.
    pub site: Option<String>,
    /// Folder for the list of rows that could not be used.
    pub lists: PathBuf,
    /// The time for what has none of its own.
    pub now: Moment,
    /// Rows per transaction; more is faster and loses more work at a kill.
    pub rows_per_commit: usize,
    /// Called after each transaction.
    pub progress: &'a dyn Fn(Progress),
    /// Asked before and after each commit; `false` ends the import as a kill would.
    pub keep_going: &'a dyn Fn() -> bool,
}

impl<'a> Options<'a> {
    /// Silent, uninterrupted, 2,000 rows per transaction.
    pub fn new(lists: PathBuf, now: Moment) -> Options<'a> {
        Options { site: None, lists, now, rows_per_commit: 2_000, progress: &|_| {}, keep_going: &|| true }
    }
}

/// What became of one file's rows: `read == used + the sum of unused`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileCount {
    pub read: u64,
    pub used: u64,
    pub unused: BTreeMap<String, u64>,
}

impl FileCount {
    pub fn unused_total(&self) -> u64 {
        self.unused.values().sum()
    }
}

/// What an import did, over all its runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub site: String,
    /// It was finished before this run, which changed nothing.
    pub already_there: bool,
    /// An earlier run was cut off and this one went on from there.
    pub resumed: bool,
    pub files: BTreeMap<String, FileCount>,
    /// Parts of used rows that were left behind, and guesses that were made, by kind.
    pub notes: BTreeMap<String, u64>,
    /// One line (file, row, reason) per row that could not be used; absent when all were.
    pub unused_list: Option<PathBuf>,
}

impl Report {
    /// Lines for people: what was used of each file and why the rest was not.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.already_there {
            lines.push(format!("{} is already here; nothing was changed.", self.site));
        }
        for (file, count) in &self.files {
            lines.push(format!("{file}: {} rows read, {} used", count.read, count.used));
            for (reason, rows) in &count.unused {
                lines.push(format!("  {rows} not used: {reason}"));
            }
        }
        for (note, count) in &self.notes {
            lines.push(format!("note: {note}: {count}"));
        }
        if let Some(list) = &self.unused_list {
            lines.push(format!("The rows not used are listed in {}", list.display()));
        }
        lines
    }
}
