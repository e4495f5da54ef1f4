//! Loggia: a brand's own help community. This page is the map of the house.
pub mod accounts;
pub mod db;
pub mod exchange;
pub mod kernel;
pub mod ledger;
