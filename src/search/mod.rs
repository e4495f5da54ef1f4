//! Search: text analysis, the bounded query parser, the index with its place in the ledger, and what is found in it.

pub mod analysis;
pub mod document;
pub mod excerpt;
pub mod find;
pub mod index;
pub mod query;
pub mod ranking;

pub use document::ThreadDoc;
pub use find::{Cursor, ExcerptFrom, Hit, Results, Total};
pub use index::{Differences, Index, Opened, Reason, Rebuild, SearchError};
pub use query::{Hint, Query, State};

#[cfg(test)]
mod tests;
