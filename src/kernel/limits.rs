//! kernel room: every number the house lives by, each with its unit and its reason.

// --- database ---
/// Milliseconds a statement waits for a lock before the visitor is told to try again: longer and
/// people reload, which makes it worse.
pub const DB_BUSY_MS: u64 = 5_000;
/// Milliseconds one PostgreSQL statement of a request may take; no page needs a tenth of it.
pub const DB_STATEMENT_MS: u64 = 10_000;
/// Milliseconds PostgreSQL keeps a silent open transaction: a node that hangs must not hold the write lock.
pub const DB_IDLE_TRANSACTION_MS: u64 = 15_000;
/// KiB of page cache per SQLite connection; more only doubles what the operating system keeps.
pub const SQLITE_CACHE_KIB: u64 = 4_096;
/// Bytes the WAL file shrinks back to after a long reader let it grow.
pub const SQLITE_WAL_BYTES: u64 = 64 * 1024 * 1024;
/// Pages (4 KiB) between checkpoints: rarer ones make fewer, larger writes.
pub const SQLITE_CHECKPOINT_PAGES: u64 = 4_000;
/// Acts that may wait for the writer; beyond this a visitor is told the house is busy.
pub const WRITE_QUEUE: usize = 4_096;
/// Acts that share one commit: bounds how long the first of them waits.
pub const WRITES_PER_COMMIT: usize = 64;
/// Events a follower takes at once: bounds memory and the length of its transaction.
pub const EVENTS_PER_STEP: i64 = 500;
/// Milliseconds between a follower's looks at the ledger when no commit on this node woke it:
/// what another node wrote is seen within this.
pub const FOLLOWER_POLL_MS: u64 = 250;

// --- page cache ---
/// Pages the cache expects to hold; only sizes its tables.
pub const CACHED_PAGES: usize = 4_000;
/// Bytes of cached pages at most: the server stays far below 250 MB.
pub const CACHE_BYTES: u64 = 48 * 1024 * 1024;
/// Microseconds after which a cached page is made anew although no event changed it: "3 minutes ago" grows old.
pub const CACHE_MICROS: i64 = 60_000_000;

// --- requests ---
/// Bytes of one form: the longest body, percent-encoded, and room for the rest.
pub const FORM_BYTES: usize = 512 * 1024;
/// Fields of one form; our largest has a dozen.
pub const FORM_FIELDS: usize = 64;
/// Seconds a body may take to arrive: below the stop grace, so that a stalled one does not hold the stop.
pub const BODY_SECONDS: u64 = 8;
/// Bytes of path and query; nothing we link to is a tenth as long.
pub const URL_BYTES: usize = 4_096;
/// Seconds running requests have at a stop.
pub const STOP_SECONDS: u64 = 10;
/// Connections one worker keeps open; idle ones cost little.
pub const CONNECTIONS: usize = 12_000;

// --- accounts ---
/// Characters of a password at least (OWASP ASVS 5.0, 6.2.1).
pub const MIN_PASSWORD: usize = 8;
/// Characters of a password at most: hashing is bounded by memory, not by this, but a form is not a book.
pub const MAX_PASSWORD: usize = 256;
/// argon2 hashes at once: each holds 19 MiB, and two cores gain nothing from more.
pub const HASHES_AT_ONCE: usize = 2;
/// Hashes that may wait for a turn; beyond this, visitors are told to come back.
pub const HASHES_WAITING: usize = 64;
/// Microseconds a session lives without use.
pub const SESSION_IDLE: i64 = 30 * crate::kernel::moment::DAY;
/// Microseconds a session lives at most.
pub const SESSION_LIFE: i64 = 90 * crate::kernel::moment::DAY;
/// Microseconds between two notes that a session was used: saves a write per page.
pub const SESSION_TOUCH: i64 = crate::kernel::moment::HOUR;
/// Microseconds a reset link works (ASVS asks for at most an hour).
pub const RESET_LIFE: i64 = 30 * crate::kernel::moment::MINUTE;
/// Microseconds a confirmation link works.
pub const CONFIRM_LIFE: i64 = 3 * crate::kernel::moment::DAY;
/// Microseconds the link that undoes a change of address works.
pub const UNDO_LIFE: i64 = 7 * crate::kernel::moment::DAY;
/// API tokens of one person.
pub const MAX_TOKENS: i64 = 20;
/// Characters of a biography.
pub const MAX_BIO: usize = 2_000;
/// Characters of a signature beneath official answers.
pub const MAX_SIGNATURE: usize = 80;

// --- lists ---
/// Rows of a list page.
pub const PAGE_ROWS: i64 = 30;
/// Answers on one page of a thread.
pub const PAGE_ANSWERS: i64 = 30;
/// Comments shown beneath one post before "show more".
pub const SHOWN_COMMENTS: usize = 5;
/// Comments read for one page of a thread.
pub const PAGE_COMMENTS: i64 = 400;
/// Rows an API list gives at most.
pub const API_ROWS: i64 = 100;
/// Counts shown to people stop here: counting further costs more than it tells.
pub const COUNT_CAP: i64 = 100;
