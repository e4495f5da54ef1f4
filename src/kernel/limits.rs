//! kernel room: every number the house lives by, each with its unit and its reason.

// --- database ---
/// Milliseconds a statement waits for a lock before the visitor is told to try again: longer and
/// people reload, which makes it worse. Below [`WRITE_MS`], so that the writer says why.
pub const DB_BUSY_MS: u64 = 4_000;
/// Milliseconds a reader waits for a database that is gone: a restart of PostgreSQL is quicker, and visitors
/// must hear within two seconds that it is not.
pub const DB_RETURN_MS: u64 = 1_500;
/// Milliseconds for which the others believe the one who waited in vain.
pub const DB_OUTAGE_MS: u64 = 1_000;
/// Milliseconds within which a request has read what it needs, its wait in the queue included, or is told to
/// come back: a database that hangs must not hang its visitors. All that a request waits for shares them.
pub const READ_MS: u64 = 4_500;
/// The same for a write: a little longer than it waits for the lock, and less than the five seconds after which
/// a visitor must have heard.
pub const WRITE_MS: u64 = 4_800;
const _: () = assert!(DB_BUSY_MS < WRITE_MS && READ_MS < 5_000 && WRITE_MS < 5_000);
/// Seconds PostgreSQL may take to let a connection in.
pub const DB_CONNECT_SECONDS: u64 = 2;
/// Seconds of silence after which PostgreSQL's host is asked whether it is there, and between two such questions.
pub const DB_KEEPALIVE_SECONDS: u64 = 5;
/// Questions without an answer after which it is not: gone hosts are noticed within 20 seconds, not two hours.
pub const DB_KEEPALIVES: u64 = 3;
/// Milliseconds what was sent to PostgreSQL may stay unacknowledged; the kernel's own limit is 15 minutes.
pub const DB_UNACKNOWLEDGED_MS: u64 = 10_000;
/// The oldest PostgreSQL the suite runs on, as the server numbers itself.
pub const POSTGRES_OLDEST: i32 = 150_000;
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

/// Differences between revisions the cache expects to hold; only sizes its tables.
pub const CACHED_DIFFS: usize = 1_000;
/// Bytes of kept differences at most: a hundred long ones, and thousands of ordinary ones.
pub const DIFF_CACHE_BYTES: u64 = 8 * 1024 * 1024;

// --- requests ---
/// Threads that render texts and compare revisions: a nasty text takes a tenth of a second, and two cores gain
/// nothing from more.
pub const RENDERERS: usize = 2;
/// Texts that may wait to be rendered; beyond this, visitors are told to come back.
pub const RENDERINGS_WAITING: usize = 256;
/// Bytes of one form: the longest body, percent-encoded, and room for the rest.
pub const FORM_BYTES: usize = 512 * 1024;
/// Fields of one form; our largest has a dozen.
pub const FORM_FIELDS: usize = 64;
/// Seconds a body may take to arrive: below the stop grace, so that a stalled one does not hold the stop.
pub const BODY_SECONDS: u64 = 8;
/// Bytes of path and query; nothing we link to is a tenth as long.
pub const URL_BYTES: usize = 4_096;
/// Milliseconds a visitor may leave what we sent unread: whoever does not read must not hold a page in memory.
pub const UNREAD_MS: u64 = 30_000;
/// Microseconds after which the last backup is old: a day and a late night.
pub const BACKUP_OLD: i64 = 26 * crate::kernel::moment::HOUR;
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
/// Microseconds between two notes that a session or an API token was used: saves a write per page.
pub const SESSION_TOUCH: i64 = crate::kernel::moment::HOUR;
/// Microseconds a reset link works (ASVS asks for at most an hour).
pub const RESET_LIFE: i64 = 30 * crate::kernel::moment::MINUTE;
/// Microseconds a confirmation link works.
pub const CONFIRM_LIFE: i64 = 3 * crate::kernel::moment::DAY;
/// Microseconds the link that undoes a change of address works.
pub const UNDO_LIFE: i64 = 7 * crate::kernel::moment::DAY;
/// Microseconds a line of the log of accounts is kept: a theft is noticed within a year, and addresses are not
/// hoarded.
pub const ACCOUNT_LOG_LIFE: i64 = 365 * crate::kernel::moment::DAY;
/// API tokens of one person.
pub const MAX_TOKENS: i64 = 20;
/// Characters of an API token's name: it has to fit a row of a table.
pub const MAX_TOKEN_NAME: usize = 60;
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
/// Verdicts read for one page of a thread: several of every answer on it.
pub const PAGE_VERDICTS: i64 = 200;
/// Comments on one page of all comments of a post.
pub const COMMENTS_PER_PAGE: i64 = 100;
/// Rows an API list gives at most.
pub const API_ROWS: i64 = 100;
/// Counts shown to people stop here: counting further costs more than it tells.
pub const COUNT_CAP: i64 = 100;

// --- search ---
/// Hits of one page of results: few people look at a second one, and each hit costs.
pub const SEARCH_HITS: usize = 15;
/// Hits on a first page below which it leads on: to tags, other words, asking. A page so short is seen whole.
pub const SEARCH_FEW: usize = 5;
/// Tags that such a page leads to.
pub const SEARCH_NEAR_TAGS: usize = 6;
/// Characters of one control of the search page, as of a name or a date; what is longer is no value.
pub const SEARCH_CONTROL_CHARS: usize = 60;
/// Threads suggested while somebody types.
pub const SUGGESTIONS: usize = 6;
/// Likelihood, in per mille, from which a solved thread is shown before another like it is posted: three of four were
/// then the same question (docs/search.md), so that nobody is held up in vain often.
pub const STRONG_LIKELIHOOD: u16 = 500;
/// Such threads shown at once: who must read more than these posts without reading any.
pub const STRONG_CANDIDATES: usize = 3;
/// Bytes of the list of threads somebody has seen while asking: some hundred numbers.
pub const SEEN_BYTES: usize = 2_000;

/// Pieces of words that are encoded of what is looked for: a question's body helps, its end does not.
pub const MEANING_QUERY_PIECES: usize = 128;
/// Pieces of words that are encoded of a thread: title and beginning. 128 took twice the time and found no more.
pub const MEANING_PASSAGE_PIECES: usize = 64;
/// Bytes of what is looked for that are encoded: more than so many pieces ever have.
pub const MEANING_QUERY_BYTES: usize = 8_192;
/// Milliseconds a search waits for its query's vector: a query takes 10 to 20 on a busy core, and words alone are an
/// answer too.
pub const MEANING_WAIT_MS: u64 = 80;
/// Milliseconds it waits while a title is typed: the next key is near.
pub const MEANING_WAIT_TYPING_MS: u64 = 30;
/// Milliseconds the next page of such a search waits: its order depends on it, and the vector is nearly always kept.
pub const MEANING_WAIT_AGAIN_MS: u64 = 1_000;
/// Queries that may wait for the encoder; the next ones are answered by words alone.
pub const MEANING_WAITING: usize = 8;
/// Vectors of recent queries that are kept, 1.5 KB each: the next page of the same results asks again.
pub const MEANING_RECENT: usize = 512;
/// Vectors of texts that were compared with each other, 1.5 KB each: the gaps of each period, open and put aside.
pub const MEANING_COMPARED: usize = 1_000;
/// Texts of a few words that are encoded at once, between two looks at the clock: 30 to 60 milliseconds.
pub const MEANING_TEXTS_AT_ONCE: usize = 8;

// --- what searches teach ---
/// Bytes of the brand's list of synonyms: two thousand rules fit, and a form carries it.
pub const SYNONYM_BYTES: usize = 150 * 1024;
/// Rules of the list.
pub const SYNONYM_RULES: usize = 2_000;
/// Expressions of one rule; more are a sign that a rule is several.
pub const SYNONYM_EXPRESSIONS: usize = 20;
/// Characters of one expression.
pub const SYNONYM_CHARS: usize = 60;
/// Words of one expression: each more makes every search for it dearer.
pub const SYNONYM_WORDS: usize = 5;
/// Expressions one query may be widened by: each costs a lookup per field and segment.
pub const SYNONYMS_PER_QUERY: usize = 24;
/// Different queries that are counted in a day and node; what comes after is not counted, which costs the rarest.
pub const SEARCHES_COUNTED: usize = 10_000;
/// Openings of hits that wait to be written down at once.
pub const OPENINGS_WAITING: usize = 5_000;
/// Characters of a query that is written down: longer ones are stories, and may name people.
pub const SEARCH_COUNTED_CHARS: usize = 80;
/// Digits in a row, marks between them not counted, from which a query is taken for somebody's number.
pub const SEARCH_DIGITS: usize = 7;
/// Visitors of a day, added up over days, from whom a query must have come before anybody is shown it.
pub const SEARCH_SHOWN_VISITORS: i64 = 5;
/// Microseconds between two writings of counted searches: a crash loses at most these.
pub const SEARCH_FLUSH: i64 = 30_000_000;
/// Days that counts of searches are kept: the longest period the page of gaps shows, and the month in progress.
pub const SEARCH_COUNT_DAYS: i64 = 120;
/// Gaps of one page, each of which costs a search.
pub const GAPS_PER_PAGE: usize = 20;
/// Gaps of one file.
pub const GAPS_PER_FILE: usize = 1_000;
/// Gaps of a list that are grouped by what they mean, those most often missed: each costs 5 to 15 milliseconds of the
/// encoder once, and is compared with all others.
pub const GAPS_COMPARED: usize = 200;
/// Milliseconds the page of gaps waits for their vectors: what is not done by then is done when it is looked at again.
pub const GAPS_WAIT_MS: u64 = 2_000;
/// Cosine from which two wordings are one gap. Of wordings of known questions, those so near ask the same 99 times in
/// 100, and opposites (`turn on`, `turn off`) begin below; two gaps too many cost a look, one too few hides something.
/// docs/search.md has the figures.
pub const GAP_LIKENESS: f32 = 0.80;
/// Threads named beside one gap, unanswered and solved ones each.
pub const GAP_THREADS: usize = 3;
/// Hits looked at to find them.
pub const GAP_HITS: usize = 40;
/// Searches one member or address may have saved.
pub const SAVED_SEARCHES: i64 = 30;
/// Characters of a saved search's name: it has to fit a row of a table.
pub const SEARCH_NAME: usize = 80;
/// Threads one saved search tells of in a day; whoever wants more reads the feed.
pub const SEARCH_NEWS_PER_DAY: i64 = 5;
/// Saved searches that are compared with changed threads at once: bounds memory.
pub const SEARCHES_PER_STEP: i64 = 500;
/// Milliseconds between two looks of the follower of saved searches: the more has changed, the less each costs.
pub const SEARCH_NEWS_PAUSE_MS: u64 = 3_000;

// --- feeds ---
/// Entries of a feed.
pub const FEED_ENTRIES: i64 = 30;
/// Post numbers that one page of the site map covers, and so its addresses at most (the format allows 50,000).
pub const SITEMAP_RANGE: i64 = 5_000;

// --- texts ---

/// Characters in one post body. The longest useful posts on the large question sites end near
/// 30,000 characters.
pub const MAX_BODY_CHARS: usize = 30_000;

/// Bytes in one post body: `MAX_BODY_CHARS` characters of four bytes each. Rendering never
/// looks at more than this, whatever the caller lets in.
pub const MAX_BODY_BYTES: usize = 120_000;

/// Elements open at once in rendered HTML, Markdown's own and raw HTML together. Cleaning is
/// about quadratic in depth (16,000 nested quotes took 8 s), and nobody reads the 17th list
/// inside a list.
pub const MAX_NESTING: usize = 32;

/// Elements in one rendered post. Cleaning costs near 1 µs an element, so this bounds it to
/// about 10 ms; a post of 30,000 characters in ordinary Markdown has fewer than 2,000.
pub const MAX_ELEMENTS: usize = 8_000;

/// Columns in one table; further cells are left out. Markdown fills short rows up to the
/// header's width, so width times rows grows quadratically with the input.
pub const MAX_TABLE_COLUMNS: usize = 40;

/// Cells in one post's tables; further rows are left out. Same reason, the other way round.
pub const MAX_TABLE_CELLS: usize = 4_000;

/// Links in one post; further ones keep their text. More is a link farm.
pub const MAX_LINKS: usize = 300;

/// Images in one post; further ones keep their alternative text. Each is a request by every
/// reader's browser.
pub const MAX_IMAGES: usize = 60;

/// Bytes of one URL in a post. Browsers and proxies stop working reliably near 2,000.
pub const MAX_URL_BYTES: usize = 2_000;

/// Bytes of rendered HTML for one post; beyond it the post falls back to escaped text. Escaping
/// multiplies by six at worst, and 1 MB is what a page may carry for one post.
pub const MAX_HTML_BYTES: usize = 1_000_000;

/// People one post may mention: each mention is a notice to someone.
pub const MAX_MENTIONS: usize = 20;

/// Bytes of code highlighted in one post; the rest is shown as it is. Highlighting costs near
/// 2 µs a byte, a hundred times more than the rest of the rendering.
pub const MAX_HIGHLIGHT_BYTES: usize = 20_000;

/// Bytes of one highlighted line. The grammars' expressions backtrack, so long lines (minified
/// code) cost more than their length.
pub const MAX_HIGHLIGHT_LINE_BYTES: usize = 500;

/// Time for highlighting one post, looked at between lines: the last fence against a grammar
/// that is slow on lines nobody thought of.
pub const MAX_HIGHLIGHT_TIME: std::time::Duration = std::time::Duration::from_millis(100);

/// Attributes read from one raw HTML tag; further ones are left out. HTML parsers compare each
/// attribute with those before it.
pub const MAX_ATTRIBUTES: usize = 16;

/// Characters in a thread's title, at least. Shorter ones say nothing in a list of results.
pub const MIN_TITLE: usize = 10;

/// Characters in a thread's title, at most. Search engines show about 60, mail lists about 100.
pub const MAX_TITLE: usize = 150;

/// Characters in a username, at least: shorter ones are taken for abbreviations in mentions.
pub const MIN_USERNAME: usize = 3;

/// Characters in a username, at most: it has to fit a line beside an avatar.
pub const MAX_USERNAME: usize = 30;

/// Characters in a display name, at most: the same line, with room for two family names.
pub const MAX_DISPLAY_NAME: usize = 60;

/// Bytes in any name or title before it is looked at: normalisation can grow a text eighteen
/// times, so its input is bounded first.
pub const MAX_NAME_BYTES: usize = 1_000;

/// Bytes in an e-mail address: RFC 5321's longest forward path without its angle brackets.
pub const MAX_EMAIL_BYTES: usize = 254;

/// Bytes before the `@` (RFC 5321, 4.5.3.1.1).
pub const MAX_EMAIL_LOCAL_BYTES: usize = 64;

/// Characters in a tag name, at least.
pub const MIN_TAG: usize = 1;

/// Characters in a tag name, at most: Stack Exchange's own limit, so that its dumps fit.
pub const MAX_TAG: usize = 35;

/// Bytes of a slug: enough to recognise a title in a URL.
pub const MAX_SLUG_BYTES: usize = 80;

/// Time for one diff between two revisions; past it the rest is shown as removed and added.
pub const MAX_DIFF_TIME: std::time::Duration = std::time::Duration::from_millis(150);

/// Lines shown in one diff.
pub const MAX_DIFF_LINES: usize = 3_000;

/// Bytes of a pair of lines that is compared word by word.
pub const MAX_DIFF_LINE_BYTES: usize = 4_000;

// --- running ---
/// Seconds the headers of a request may take.
pub const HEADER_SECONDS: u64 = 5;
/// Seconds an idle connection is kept for the next request.
pub const KEEP_ALIVE_SECONDS: u64 = 30;
/// Microseconds between two writings of counted views: a crash loses at most these.
pub const VIEW_FLUSH: i64 = 10_000_000;
/// Microseconds between two sweeps of what is too old.
pub const SWEEP: i64 = 600_000_000;
/// Answers whose sentences are written down in one transaction.
pub const PRINTS_PER_STEP: usize = 200;
/// Threads whose views wait to be written down at once.
pub const VIEWS_WAITING: usize = 20_000;
/// Readers told apart in a day and node: 16 bytes each. Whoever comes after counts for nothing.
pub const READERS_PER_DAY: usize = 1_000_000;
/// Microseconds into a month before the last one is stated: every node has written down its readers by then.
pub const WORTH_SETTLES: i64 = crate::kernel::moment::HOUR;
/// Answers on the page of a statement of worth, and in its file.
pub const WORTH_ROWS: i64 = 50;
pub const WORTH_LINES: i64 = 5_000;
/// Months a statement's page leads to.
pub const WORTH_MONTHS: i64 = 24;

// --- blind samples ---
/// Samples that wait at once: as many as a few people judge in a week or two, and one page reads all of them.
pub const SAMPLES_OPEN: i64 = 30;
/// Samples drawn at a time, once a day: a year's are enough for an interval of a few in a hundred.
pub const SAMPLES_PER_DRAW: usize = 5;
/// Numbers looked up at once while drawing.
pub const SAMPLE_NUMBERS: usize = 500;
/// Microseconds between two draws.
pub const SAMPLE_PAUSE: i64 = crate::kernel::moment::DAY;
/// Microseconds after which an answer may be drawn again.
pub const SAMPLE_AGAIN: i64 = 365 * crate::kernel::moment::DAY;
/// Microseconds a sample waits for a second judgement.
pub const SAMPLE_WAITS: i64 = 14 * crate::kernel::moment::DAY;
/// Microseconds that an estimate looks back.
pub const SAMPLE_WINDOW: i64 = 365 * crate::kernel::moment::DAY;
/// Samples an estimate reads at most; a window has fewer.
pub const SAMPLES_READ: i64 = 5_000;
/// Judged samples from which an estimate says something.
pub const SAMPLES_ENOUGH: i64 = 30;

// --- threads ---
/// Characters, white space not counted, that say something in a question or an answer.
pub const MIN_BODY: usize = 10;
/// The same for a comment: "yes" and "no" are votes.
pub const MIN_COMMENT: usize = 5;
/// Characters of a comment; longer thoughts are answers.
pub const MAX_COMMENT_CHARS: usize = 1_000;
/// Comments on one post; a conversation that long wants a thread of its own.
pub const MAX_COMMENTS: i64 = 500;
/// Tags of one thread.
pub const MAX_TAGS: usize = 5;
/// Characters of the tag field: all tags at their longest, with a comma and a space between them.
pub const MAX_TAGS_CHARS: usize = MAX_TAGS * (MAX_TAG + 2);
/// Characters of a thread's excerpt in lists.
pub const EXCERPT_CHARS: usize = 180;
/// Confirmations of one answer its author is told of; later ones are counted on the page.
pub const CONFIRMATIONS_TOLD: i64 = 3;
/// Microseconds within which the same form sent again is a second press of its button, not a second thought.
pub const SENT_TWICE: i64 = 10_000_000;
/// Forms remembered that were through the step before posting: an hour's worth of a busy house.
pub const STEPS_KEPT: usize = 2_000;
/// Drafts one person keeps.
pub const MAX_DRAFTS: i64 = 50;
/// Characters of the words that say why something was edited.
pub const MAX_SUMMARY: usize = 200;
/// Microseconds a form's key is remembered: longer than any browser keeps a page to send again.
pub const SUBMISSION_LIFE: i64 = 7 * crate::kernel::moment::DAY;

// --- what one person says in a day, so that nobody speaks for many ---
/// Votes: who reads all day long stays below it, and who votes for a friend's every post does not.
pub const VOTES_PER_DAY: i64 = 100;
/// Answers one person says of in a day that they helped, or did not: who reads a whole evening stays below it.
pub const CONFIRMATIONS_PER_DAY: i64 = 50;
/// Verdicts one member gives in a day: each should have been tried. Staff and moderators have no such limit.
pub const VERDICTS_PER_DAY: i64 = 30;
/// Answers one person challenges in a day: each costs a moderator minutes of trying.
pub const CHALLENGES_PER_DAY: i64 = 5;
/// Appeals one person makes in a day: each sends a moderator through what it rests on, and one act seldom takes more
/// than a few things.
pub const APPEALS_PER_DAY: i64 = 5;

// --- supervision ---
/// Characters of a reason at least: one word explains nothing to the person it is about.
pub const MIN_REASON: usize = 5;
/// Characters of a reason in the moderation log.
pub const MAX_REASON: usize = 500;
/// Characters a member adds to a flag.
pub const MAX_FLAG_NOTE: usize = 500;
/// Days of a suspension at most; a longer one is a decision for the owner.
pub const MAX_SUSPENSION_DAYS: i64 = 365;
/// Characters of what is flagged, as the queue shows it.
pub const FLAG_EXCERPT_CHARS: usize = 400;
/// Characters of the evidence against an answer, white space not counted: enough to say what fails, or where it is read.
pub const MIN_EVIDENCE: usize = 20;
/// Characters of such evidence at most: a moderator reads it whole.
pub const MAX_EVIDENCE: usize = 4_000;
/// Characters of an appeal, white space not counted: enough to say what was overlooked.
pub const MIN_APPEAL: usize = 20;
/// Characters of an appeal at most: a moderator reads it whole.
pub const MAX_APPEAL: usize = 4_000;
/// Microseconds after it was taken or decided in which somebody may appeal: time for a holiday; later, nobody remembers
/// what it rested on.
pub const APPEAL_WITHIN: i64 = 60 * crate::kernel::moment::DAY;
/// Likelihood, in per mille, from which a pair of threads is laid before moderators: two of three were then the same
/// question (docs/search.md).
pub const DUPLICATE_LIKELIHOOD: u16 = 400;
/// Candidates kept for one thread: the right one is seldom behind the third.
pub const DUPLICATE_CANDIDATES: usize = 3;
/// New threads compared in one step of the follower: each costs some milliseconds.
pub const DUPLICATES_PER_STEP: usize = 50;
/// Characters of a note on a case.
pub const MAX_CASE_NOTE: usize = 2_000;
/// Internal notes on one case; a case that needs more is several.
pub const MAX_CASE_NOTES: i64 = 200;
/// Microseconds within which the same note by the same person is a form sent twice.
pub const SAME_NOTE: i64 = 10 * crate::kernel::moment::MINUTE;
/// Answers a case's page shows of its thread; the rest is on the thread's own page.
pub const CASE_ANSWERS: usize = 5;
/// Earlier threads of the asker on a case's page.
pub const CASE_HISTORY: usize = 8;
/// Events of a case's thread that are read for its timeline.
pub const CASE_EVENTS: i64 = 200;
/// Microseconds the counts of the administrators' overview are kept: counting a large house costs most of a second.
pub const OVERVIEW_LIFE: i64 = crate::kernel::moment::MINUTE;

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

// --- badges ---
/// Bytes of the rules of badges: a hundred badges with words of their own.
pub const BADGE_RULES_BYTES: usize = 64 * 1024;
/// Badges there may be: more than that nobody looks through.
pub const BADGES: usize = 100;
/// Characters of a badge's id: it stands in addresses and in every award.
pub const BADGE_ID_CHARS: usize = 40;
/// Characters of a badge's name and of what is said about it.
pub const BADGE_NAME_CHARS: usize = 60;
pub const BADGE_ABOUT_CHARS: usize = 300;
/// What a rule may ask for at most: a million of anything is more than anybody does.
pub const BADGE_THRESHOLD: i64 = 1_000_000;
/// People whose badges are looked at in one step when rules change.
pub const BADGE_PEOPLE_PER_STEP: i64 = 1_000;
/// Badges shown of one person: with a topic each, a busy member has many.
pub const BADGES_SHOWN: i64 = 200;
/// Posts, people and pairs a long fold keeps in memory between steps; beyond this they are read again when needed.
pub const STATES_KEPT: usize = 200_000;
/// Microseconds between two looks at whether findings are to be searched for.
pub const FINDINGS_PAUSE: i64 = 5 * crate::kernel::moment::MINUTE;
/// People told in one transaction that a finding holds credit of theirs, of those it is about and of others who lose points
/// by it each: more than any ring that was found. More than that is a warning in the log.
pub const FINDING_TOLD: usize = 500;
/// Members of a finding that are named on its page; the count says how many there are.
pub const FINDING_MEMBERS_SHOWN: usize = 60;
/// People named as examples of who would gain or lose a badge.
pub const BADGE_EXAMPLES: usize = 5;
/// People from which a badge that nine in ten would hold is worth a warning.
pub const BADGE_COMMON_PEOPLE: i64 = 20;
/// Versions of the badges' rules that are listed.
pub const BADGE_VERSIONS: i64 = 50;
/// Microseconds a badge that was taken back still shows: long enough to ask a moderator, or to earn it again.
pub const BADGE_GRACE: i64 = 14 * crate::kernel::moment::DAY;
/// Microseconds after which what befell somebody's standing is no news: a ledger that is folded again from its start tells
/// nobody twice.
pub const STANDING_NEWS: i64 = 2 * crate::kernel::moment::DAY;
/// Topics shown of one person's standing.
pub const TOPICS_SHOWN: i64 = 10;
