//! Loggia: a brand's own help community. This page is the map of the house.
#![deny(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod accounts;
pub mod app;
pub mod config;
pub mod db;
pub mod error;
pub mod kernel;
pub mod ledger;
pub mod moderation;
pub mod escalation;
pub mod search;
pub mod web;
