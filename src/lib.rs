//! Loggia: a brand's own help community. This page is the map of the house.
//!
//! # One picture
//! ```text
//! browser, API client, mail ──► routes ──► a feature's pages ──► its verb ──► policy (pure) + store (SQL)
//!                                                                  │ one transaction, one writer
//!                                                                  ├──► its tables
//!                                                                  └──► the ledger: one immutable event
//!                                                                           │ each follower keeps its own place
//!                            search index · reputation and badges · notices and mail · page cache
//! ```
//! Everything that happens later follows the ledger. So a crash loses nothing, a projection (the index, points,
//! badges) can be thrown away and rebuilt, and a second machine catches up the way the first restarts.
//!
//! # Words
//! One word per thing, in tables, types, addresses, templates and events alike.
//!
//! | word | what it is |
//! |---|---|
//! | thread | a question with its answers and comments; its number is the question's |
//! | question, answer, comment | the three kinds of post |
//! | revision | a text a post had; the newest is the post's |
//! | vote | +1 or −1 by one person on a question or an answer |
//! | acceptance | the asker's word that an answer solved it; the thread is then solved |
//! | confirmation | a reader's word that an answer solved it for them, or did not |
//! | verdict | what staff, moderators and proven members judge of an answer: verified, refuted, outdated |
//! | evidence, chance | what was said of an answer, weighed; how likely it is right |
//! | outcome, authority | an answer that proved right or wrong; the lower bound of somebody's accuracy |
//! | finding | a ring, a series or copies that were found: what it is about counts no more |
//! | official answer | staff's answer in the brand's name, signed by a person |
//! | me-too | "I have this problem too" |
//! | duplicate, master | a thread closed in favour of another; that other |
//! | candidate | a thread that may be the master of another, with its likelihood; for moderators to judge |
//! | removed | deleted by its author or hidden by a moderator; a state with who, when and why |
//! | flag | a member's report of a post |
//! | challenge | somebody's claim, with evidence, that an answer is wrong; upheld, it supersedes the answer |
//! | appeal | a member's word to moderators against what was taken from them or decided against them |
//! | reinstatement | a badge given back on appeal: held whatever the measures say |
//! | case | an escalation of a thread to staff, with a clock |
//! | sample, judgement | an accepted answer drawn at random; what somebody says of it who sees nothing else |
//! | event, ledger | what happened, in commit order: ids and numbers only |
//! | synonyms | the brand's list of words that mean the same to a search |
//! | gap | what people search for and don't find |
//! | saved search | a query somebody wants to hear of: a member, or a confirmed address |
//! | follower, place | reacts to events; the last one it has done |
//! | statement of worth | what somebody's solutions were worth in a month: readers, people helped, value |
//! | points, badge, standing | what being right earned; an award under a version of the rules; the sums of a person |
//! | notice, mail, list | what somebody is told in the house; by mail; a kind of mail that can be left |
//! | erased | a person who left for good: their number and posts stay, nothing that names them |
//! | visit, room, page | a request; what a handler's closure works with; what it answers with |
//!
//! # Rooms
//! Features are folders: [`threads`] (with [`votes`], [`confirmations`], [`verdicts`],
//! [`challenges`] and [`tags`]), [`search`], [`reputation`], [`findings`], [`badges`], [`appeals`],
//! [`samples`] (answers judged blind), [`worth`] (what readers are worth), [`moderation`], [`escalation`],
//! [`notices`], [`watches`] (saved searches), [`insight`] (what searches teach),
//! [`mail`], [`accounts`], [`privacy`], [`admin`], [`api`], [`exchange`]. In each, at most:
//! `mod.rs` (types and verbs), `policy.rs` (pure rules), `store.rs` (SQL), `follow.rs` (reacts to events),
//! `pages.rs` (handlers) and `views.rs` (what templates show). Beneath them: [`kernel`] (pure; only it makes
//! [`kernel::safe_html::SafeHtml`]), [`db`] (the only place that knows two databases), [`ledger`], [`web`] (visits,
//! forms, templates, headers), [`error`], [`config`], [`app`] (what is open while the forum runs), [`routes`] (every
//! address in one table), [`cli`].
//!
//! # What holds everywhere (and is tested)
//! 1. A handler reaches the database only through [`web::visit::Visit`], which asks the route table who may.
//! 2. All writes go through one writer thread; waiting acts share a commit; an act is one transaction with its events.
//! 3. A table is written only by the room that owns it; verbs stand on each other without a circle. Pages may show
//!    what many rooms know, so the circle rule is for everything but pages and views.
//! 4. `kernel` and every `policy.rs` do no I/O.
//! 5. What is removed is absent from lists, search, feeds, the API, counts, mails and structured data, at once.
//! 6. Rebuilt projections equal the living ones.
//! 7. A database failure is never read as "no".
//!
//! # Decisions that differ from the first plan, and why
//! - **PostgreSQL writes are serialised too**, by an advisory lock taken when a write transaction begins. Verbs then
//!   see the same world on both databases, the ledger is in commit order without looking at running transactions,
//!   and group commit gives back the throughput: waiting acts of one node share one commit.
//! - **Followers move their place by compare-and-swap in the transaction of their effects**, so several nodes need no
//!   leases for them; only the mail sender holds rows for a while, because what it does cannot be undone.
//! - **libpq is built from source**, so that PostgreSQL is in every build and needs no library on the machine.
//! - **Accounts exist only once their address is confirmed** (`sign_ups` holds who waits): nothing a stranger sees
//!   tells whether an address has an account.
//! - **SQLite plans without looking at bound values**, so each statement is prepared once and not at every run, which
//!   was half the cost of a page. What a partial index is for therefore stands in the statement (`db::zero`), and a list
//!   of numbers is one bound value (`db::among`); `tests/it/statements.rs` holds every page's statements to their plans.
//! - **Search ranks in two stages**: BM25 over all matches, then the best few hundred again by an open formula
//!   ([`search::ranking`]), into which a sentence encoder's likeness is fused where a model is in place
//!   ([`search::meaning`]). The encoder is small code of our own on a crate for matrices: four crates instead of 170.
//! - **Stop words are not in the index**, so that a text counts as long as what it says; titles are in it a second time
//!   with every word.
//! - **Standing is whole numbers**: evidence in thousandths, outcomes in millionths, so that sums are the same in
//!   whatever order events came; what a fact weighs depends on facts that stand, never on the standing of others.
//! - **What only looks like being right is held by an event**, found as the ledger grows and not at a time of day, so that
//!   a part of a ledger comes to what the whole one came to then.
//! - **Templates are compiled once per language** and words without arguments are put in at load, so that
//!   translation costs a page nothing.
#![deny(clippy::unwrap_used, clippy::expect_used)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod accounts;
pub mod admin;
pub mod api;
pub mod app;
pub mod appeals;
pub mod badges;
pub mod challenges;
pub mod cli;
pub mod config;
pub mod confirmations;
pub mod db;
pub mod error;
pub mod escalation;
pub mod exchange;
pub mod findings;
pub mod insight;
pub mod kernel;
pub mod ledger;
pub mod mail;
pub mod moderation;
pub mod notices;
pub mod privacy;
pub mod reputation;
pub mod routes;
pub mod samples;
pub mod search;
pub mod tags;
pub mod threads;
pub mod verdicts;
pub mod votes;
pub mod watches;
pub mod web;
pub mod worth;
