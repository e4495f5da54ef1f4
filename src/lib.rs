//! Loggia: a brand's own help community.

pub mod search;
