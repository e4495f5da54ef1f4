//! api room: the JSON door onto the same verbs as the pages, under `/api/v1/`.
//!
//! Nothing is decided here. A handler reads what it was sent within limits, calls the verb or the query a
//! page would call, and says what came of it; errors become problem+json at the doorman's.
pub mod body;
pub mod models;
pub mod openapi;
pub mod read;
pub mod write;
