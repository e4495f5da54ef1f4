//! Loggia: a brand's own help community. This page is the map of the house.
pub mod accounts;
pub mod config;
pub mod db;
pub mod kernel;
pub mod ledger;
pub mod mail;
pub mod notices;
pub mod web;
