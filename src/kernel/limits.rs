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

// --- mail and notices ---
/// Mails a sender holds at once: few, so that a killed one leaves little to wait for.
pub const MAIL_BATCH: i64 = 20;
/// Threads that send: a server that hangs on one mail must not hold up the others.
pub const MAIL_SENDERS: usize = 3;
/// Milliseconds between a sender's looks into the outbox when nothing is due.
pub const MAIL_POLL_MS: u64 = 500;
/// Milliseconds one step of an SMTP conversation may take.
pub const MAIL_STEP_MS: u64 = 20_000;
/// Milliseconds one attempt may take in all, also against a server that answers a byte at a time.
pub const MAIL_ATTEMPT_MS: u64 = 55_000;
/// Seconds a sender holds what it took: more than two attempts, so a slow one is not sent twice.
pub const MAIL_LEASE_SECONDS: i64 = 150;
/// Attempts that may hang beyond their time before no new ones are begun; each costs a thread.
pub const MAIL_STUCK: usize = 16;
/// Seconds before the first repetition; greylisting asks for less than a minute at most hosts.
pub const MAIL_FIRST_RETRY_SECONDS: i64 = 30;
/// Seconds the wait between attempts grows to.
pub const MAIL_LAST_RETRY_SECONDS: i64 = 4 * 3600;
/// Seconds until a server that could not be reached is tried again: after an outage the outbox
/// must drain within two minutes.
pub const MAIL_UNREACHABLE_SECONDS: i64 = 20;
/// Seconds after which a mail that nobody would take is given up (RFC 5321 asks for days).
pub const MAIL_GIVE_UP_SECONDS: i64 = 2 * 24 * 3600;
/// Seconds a mail's row is kept once it is sent or expired.
pub const MAIL_KEEP_SECONDS: i64 = 30 * 24 * 3600;
/// Characters of a mail's subject: clients show about seventy.
pub const MAIL_SUBJECT_CHARS: usize = 200;
/// Bytes of one part of a mail's body; ours are below three thousand.
pub const MAIL_BODY_BYTES: usize = 64 * 1024;
/// Bytes of an address that SMTP can carry (RFC 5321 4.5.3.1.3, without the brackets).
pub const MAIL_ADDRESS_BYTES: usize = 254;
/// People one post may call by name: more is a nuisance, not a mention.
pub const MENTIONS_TOLD: usize = 20;
/// Followers told in one transaction; the rest of a popular thread's are told in later ones.
pub const FOLLOWERS_PER_STEP: usize = 100;
/// Notices one step of the follower writes before it leaves fan-outs to later transactions.
pub const NOTICES_PER_STEP: usize = 1_000;
/// Staff told of a new case.
pub const STAFF_TOLD: i64 = 200;
/// Rows of notices or mails on one page.
pub const NOTICES_PER_PAGE: i64 = 50;
/// Where counting stops: "99+" says enough.
pub const COUNT_AT_MOST: i64 = 100;
