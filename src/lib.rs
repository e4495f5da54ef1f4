//! Loggia: a brand's own help community. This page is the map of the house.
#![deny(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod accounts;
pub mod admin;
pub mod api;
pub mod app;
pub mod badges;
pub mod config;
pub mod db;
pub mod error;
pub mod escalation;
pub mod exchange;
pub mod kernel;
pub mod ledger;
pub mod mail;
pub mod moderation;
pub mod notices;
pub mod reputation;
pub mod routes;
pub mod search;
pub mod tags;
pub mod threads;
pub mod votes;
pub mod web;
