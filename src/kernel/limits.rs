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
