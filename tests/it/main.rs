//! tests: one binary, so that the house is linked once. Start reading at [`world`].
//!
//! Every test of the forum runs on SQLite and on PostgreSQL (see [`ground`]); what a machine lacks is
//! skipped with the reason, and with `CI` set a skip is a failure.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[macro_use]
mod ground;

mod browser;
mod child;
mod postgres;
mod scratch;
mod standing;
mod statements;
// The verbs of a visitor and a cast that tests may ask for; not each is asked for today.
#[allow(dead_code)]
mod visitor;
#[allow(dead_code)]
mod world;

mod accounts;
mod api;
mod appeals;
mod asking;
mod challenges;
mod cli;
mod crash;
mod doors;
#[allow(dead_code)]
mod dump;
mod faults;
#[allow(dead_code)]
mod gallery;
mod house;
mod imported;
mod journey;
mod leaks;
mod learning;
mod ledger;
mod licences;
mod mail;
#[cfg(feature = "meaning")]
mod meaning;
mod moderation;
mod notices;
mod privacy;
mod rights;
mod samples;
mod schema;
mod search;
mod source;
mod supervision;
mod threads;
#[cfg(feature = "meaning")]
mod tiny;
mod traps;
mod verdicts;
mod worth;
mod writing;
