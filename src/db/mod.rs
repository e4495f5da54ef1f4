//! db room: the only place that knows there are two databases.
//!
//! Readers come from a pool; all writes pass through one [`writer`] thread per process, which
//! commits waiting acts together. On SQLite that is the single writer WAL wants; on PostgreSQL the
//! writer first takes an advisory lock, so that several nodes append to the ledger in commit order.
pub mod dump;
mod fragments;
pub mod schema;
mod writer;

use crate::kernel::limits;
use crate::kernel::moment::Clock;
use crate::ledger::Event;
use diesel::connection::{Instrumentation, SimpleConnection};
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
pub use fragments::{Reckoned, among, among_texts, reckoned, zero};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use writer::Writer;
pub use writer::{Toll, Tx};

#[derive(diesel::MultiConnection)]
pub enum Conn {
    Sqlite(diesel::SqliteConnection),
    Postgres(diesel::PgConnection),
}

const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// Any number, as long as every node of one database takes the same ("Loggia" in ASCII).
const WRITE_LOCK: i64 = 0x4c6f_6767_6961;
/// Milliseconds between two looks at whether there is anything to wait for.
const DB_LOOK_MS: u64 = 100;
/// Held while migrating, so that two starting nodes do not run one migration twice.
const MIGRATION_LOCK: i64 = WRITE_LOCK + 1;

/// Why the database did not answer. Never to be read as "no such row".
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    #[error("the database is busy: {0}")]
    Busy(String),
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    #[error("the disk under the database is full: {0}")]
    Full(String),
    #[error("a rule of the database was broken: {0}")]
    Constraint(String),
    #[error("the database refused: {0}")]
    Refused(String),
    #[error("the schema is newer than this program: {0}")]
    Newer(String),
}

impl From<diesel::result::Error> for DbError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::{DatabaseErrorKind as Kind, Error};
        let text = error.to_string();
        let lower = text.to_lowercase();
        if lower.contains("disk is full") || lower.contains("no space left") {
            return DbError::Full(text);
        }
        if lower.contains("database is locked")
            || lower.contains("lock timeout")
            || lower.contains("statement timeout")
        {
            return DbError::Busy(text);
        }
        match error {
            Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, _) => {
                DbError::Unavailable(text)
            }
            Error::DatabaseError(
                Kind::UniqueViolation
                | Kind::ForeignKeyViolation
                | Kind::NotNullViolation
                | Kind::CheckViolation,
                _,
            ) => DbError::Constraint(text),
            Error::BrokenTransactionManager => DbError::Unavailable(text),
            _ if lower.contains("server closed the connection")
                || lower.contains("terminating connection")
                || lower.contains("crash of another server process")
                || lower.contains("could not receive data from server")
                || lower.contains("could not send data to server")
                || lower.contains("recovery mode")
                || lower.contains("no connection to the server")
                || lower.contains("shutting down")
                || lower.contains("starting up") =>
            {
                DbError::Unavailable(text)
            }
            _ => DbError::Refused(text),
        }
    }
}

impl From<diesel::ConnectionError> for DbError {
    fn from(error: diesel::ConnectionError) -> Self {
        DbError::Unavailable(error.to_string())
    }
}

pub type DbResult<T> = Result<T, DbError>;

/// Where the data lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Target {
    /// `None` when the text names no database Loggia knows.
    pub fn parse(url: &str) -> Option<Target> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Some(Target::Postgres(url.to_owned()));
        }
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:"))?;
        (!path.is_empty()).then(|| Target::Sqlite(PathBuf::from(path)))
    }

    /// For people: never shows a password.
    pub fn describe(&self) -> String {
        match self {
            Target::Sqlite(path) => format!("SQLite at {}", path.display()),
            Target::Postgres(url) => {
                let after = url.split_once("://").map_or("", |(_, rest)| rest);
                let host = after.rsplit_once('@').map_or(after, |(_, host)| host);
                format!("PostgreSQL at {}", host.split('?').next().unwrap_or_default())
            }
        }
    }

    /// Opens one connection with the settings every connection of Loggia has.
    pub fn connect(&self, access: Access) -> DbResult<Conn> {
        match self {
            Target::Sqlite(path) => {
                quicken_sqlite();
                let mut conn = diesel::SqliteConnection::establish(&path.to_string_lossy())?;
                // busy_timeout first: the journal pragma itself can meet a lock.
                conn.batch_execute(&format!("PRAGMA busy_timeout = {}", limits::DB_BUSY_MS))?;
                into_wal(&mut conn)?;
                conn.batch_execute(&format!(
                    "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{}; \
                     PRAGMA journal_size_limit = {}; PRAGMA wal_autocheckpoint = {};",
                    limits::SQLITE_CACHE_KIB,
                    limits::SQLITE_WAL_BYTES,
                    limits::SQLITE_CHECKPOINT_PAGES,
                ))?;
                if access == Access::Read {
                    conn.batch_execute("PRAGMA query_only = ON;")?;
                }
                Ok(Conn::Sqlite(conn))
            }
            Target::Postgres(url) => {
                let mut conn = diesel::PgConnection::establish(&within_time(url))?;
                conn.batch_execute(&format!(
                    "SET client_encoding = 'UTF8'; SET lock_timeout = {busy}; SET statement_timeout = {statement}; \
                     SET idle_in_transaction_session_timeout = {idle}; SET client_min_messages = warning;",
                    busy = limits::DB_BUSY_MS,
                    statement = limits::DB_STATEMENT_MS,
                    idle = limits::DB_IDLE_TRANSACTION_MS,
                ))?;
                if access == Access::Read {
                    conn.batch_execute("SET default_transaction_read_only = on;")?;
                }
                Ok(Conn::Postgres(conn))
            }
        }
    }
}

/// The address with limits on how long a server may be silent, where the operator set none: one that takes
/// connections and does not speak, or a host that is gone, must not hold a thread until the kernel gives up.
fn within_time(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in [
        ("connect_timeout", limits::DB_CONNECT_SECONDS),
        ("keepalives_idle", limits::DB_KEEPALIVE_SECONDS),
        ("keepalives_interval", limits::DB_KEEPALIVE_SECONDS),
        ("keepalives_count", limits::DB_KEEPALIVES),
        ("tcp_user_timeout", limits::DB_UNACKNOWLEDGED_MS),
    ] {
        let named = |part: &str| part.split_once('=').is_some_and(|(known, _)| known == name);
        let query = url.split_once('?').map_or("", |(_, query)| query);
        if !query.split('&').any(named) {
            let joint = if query.is_empty() && !url.ends_with('?') { '?' } else { '&' };
            url.push(joint);
            url.push_str(&format!("{name}={value}"));
        }
    }
    url
}

/// Refuses a server older than what the statements are written and tested for.
fn young_enough(conn: &mut diesel::PgConnection) -> DbResult<()> {
    #[derive(QueryableByName)]
    struct Server {
        #[diesel(sql_type = diesel::sql_types::Integer)]
        number: i32,
        #[diesel(sql_type = diesel::sql_types::Text)]
        name: String,
    }
    let server: Server = diesel::sql_query(
        "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS name",
    )
    .get_result(conn)?;
    if server.number < limits::POSTGRES_OLDEST {
        return Err(DbError::Refused(format!(
            "PostgreSQL {} is too old; {} or newer is needed",
            server.name,
            limits::POSTGRES_OLDEST / 10_000
        )));
    }
    Ok(())
}

/// The first process to open a file turns it to WAL; SQLite makes others that try meanwhile fail at once
/// instead of wait, whatever the busy_timeout.
fn into_wal(conn: &mut diesel::SqliteConnection) -> DbResult<()> {
    let deadline = Instant::now() + Duration::from_millis(limits::DB_BUSY_MS);
    while let Err(error) = conn.batch_execute("PRAGMA journal_mode = WAL").map_err(DbError::from) {
        if !matches!(error, DbError::Busy(_)) || Instant::now() > deadline {
            return Err(error);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Read,
    Write,
}

impl Conn {
    /// Takes all the time a command-line job needs; requests keep their limits.
    pub fn without_time_limits(&mut self) -> DbResult<()> {
        if let Conn::Postgres(conn) = self {
            conn.batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0;")?;
        }
        Ok(())
    }

    /// Begins the one kind of write transaction: no other writer gets in until it ends.
    pub(crate) fn begin_write(&mut self) -> DbResult<()> {
        match self {
            // Deferred transactions that read before they write fail at once when another writes.
            Conn::Sqlite(conn) => conn.batch_execute("BEGIN IMMEDIATE")?,
            Conn::Postgres(conn) => {
                conn.batch_execute("BEGIN")?;
                if let Err(error) = conn.batch_execute(&format!("SELECT pg_advisory_xact_lock({WRITE_LOCK})"))
                {
                    let _ = conn.batch_execute("ROLLBACK");
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    /// Begins a transaction that sees one state of the data from its first read to its last.
    pub fn begin_snapshot(&mut self) -> DbResult<()> {
        match self {
            Conn::Sqlite(conn) => conn.batch_execute("BEGIN DEFERRED")?,
            Conn::Postgres(conn) => {
                conn.batch_execute("BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            }
        }
        Ok(())
    }

    pub(crate) fn sql(&mut self, statement: &str) -> DbResult<()> {
        Ok(self.batch_execute(statement)?)
    }

    /// Keeps this connection's temporary tables on disk, for jobs whose scratch may outgrow memory.
    pub(crate) fn scratch_on_disk(&mut self) -> DbResult<()> {
        match self {
            Conn::Sqlite(conn) => Ok(conn.batch_execute("PRAGMA temp_store = FILE")?),
            Conn::Postgres(_) => Ok(()),
        }
    }

    pub fn is_sqlite(&self) -> bool {
        matches!(self, Conn::Sqlite(_))
    }
}

/// Inserts a vector of rows in order, in as few statements as the database does well: SQLite
/// repeats one prepared statement, PostgreSQL takes 500 rows per round trip.
macro_rules! insert_all {
    ($conn:expr, $table:expr, $rows:expr) => {{
        use diesel::RunQueryDsl as _;
        let rows = $rows;
        match $conn {
            crate::db::Conn::Sqlite(conn) => {
                for row in rows {
                    diesel::insert_into($table).values(row).execute(conn)?;
                }
            }
            crate::db::Conn::Postgres(conn) => {
                for chunk in rows.chunks(500) {
                    diesel::insert_into($table).values(chunk).execute(conn)?;
                }
            }
        }
    }};
}
pub(crate) use insert_all;

/// How many rows of a table somebody (`$by`, a filter) made within the day before `$now`, counted up to `$limit`. Rows from
/// after it do not count: an import acts in the past of people who have acted since.
macro_rules! made_today {
    ($conn:expr, $table:ident, $by:expr, $now:expr, $limit:expr) => {{
        let ids: Vec<i64> = $table::table
            .filter($by)
            .filter($table::created_at.gt($now.plus(-crate::kernel::moment::DAY)))
            .filter($table::created_at.le($now))
            .limit($limit)
            .select($table::id)
            .load($conn)?;
        Ok(i64::try_from(ids.len()).unwrap_or(i64::MAX))
    }};
}
pub(crate) use made_today;

/// Brings the schema up to this program's; refuses a newer one and writes nothing to it.
pub fn migrate(target: &Target) -> DbResult<usize> {
    let mut conn = target.connect(Access::Write)?;
    conn.without_time_limits()?;
    let refused = |e: Box<dyn std::error::Error + Send + Sync>| DbError::Refused(e.to_string());
    match &mut conn {
        Conn::Sqlite(conn) => {
            // All or nothing, and one process at a time: the lock is taken before the look at what is there.
            conn.immediate_transaction(|conn| -> DbResult<usize> {
                newer(conn.applied_migrations().map_err(refused)?, SQLITE_MIGRATIONS.names()?)?;
                Ok(conn.run_pending_migrations(SQLITE_MIGRATIONS).map_err(refused)?.len())
            })
        }
        Conn::Postgres(conn) => {
            young_enough(conn)?;
            conn.batch_execute(&format!("SET lock_timeout = 0; SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
            newer(conn.applied_migrations().map_err(refused)?, POSTGRES_MIGRATIONS.names()?)?;
            Ok(conn.run_pending_migrations(POSTGRES_MIGRATIONS).map_err(refused)?.len())
        }
    }
}

fn newer(applied: Vec<diesel::migration::MigrationVersion<'_>>, known: Vec<String>) -> DbResult<()> {
    match applied.iter().map(ToString::to_string).find(|version| !known.contains(version)) {
        Some(version) => Err(DbError::Newer(format!(
            "it has migration {version}; start the Loggia that made it, or a newer one"
        ))),
        None => Ok(()),
    }
}

trait MigrationNames {
    fn names(&self) -> DbResult<Vec<String>>;
}

impl MigrationNames for EmbeddedMigrations {
    fn names(&self) -> DbResult<Vec<String>> {
        use diesel::migration::MigrationSource;
        let migrations = MigrationSource::<diesel::sqlite::Sqlite>::migrations(self)
            .map_err(|e| DbError::Refused(e.to_string()))?;
        Ok(migrations.iter().map(|m| m.name().version().to_string()).collect())
    }
}

struct Readers {
    target: Target,
}

impl diesel::r2d2::ManageConnection for Readers {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        self.target.connect(Access::Read).map_err(|e| {
            diesel::r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(e.to_string()))
        })
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        match conn {
            Conn::Sqlite(_) => Ok(()),
            Conn::Postgres(conn) => conn.batch_execute("SELECT 1").map_err(diesel::r2d2::Error::QueryError),
        }
    }

    fn has_broken(&self, _: &mut Conn) -> bool {
        std::thread::panicking()
    }
}

/// Told of every commit on this node, on the writer's thread: drops cached pages, wakes followers.
pub type OnCommit = Arc<dyn Fn(&[Event]) + Send + Sync>;

/// Counts or prints statements; the tests' way to prove that no page asks once per row.
pub type Instrument = Arc<dyn Fn() -> Box<dyn Instrumentation> + Send + Sync>;

/// The open database: a pool of readers and one writer. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    target: Target,
    readers: diesel::r2d2::Pool<Readers>,
    writer: Writer,
    /// When a reader last waited in vain while no connection was left.
    outage: Arc<Mutex<Option<Instant>>>,
    pub clock: Clock,
}

pub struct Opening {
    pub target: Target,
    pub clock: Clock,
    pub readers: u32,
    pub on_commit: OnCommit,
    pub instrument: Option<Instrument>,
}

impl Db {
    /// Opens an already migrated database.
    pub fn open(opening: Opening) -> DbResult<Db> {
        let Opening { target, clock, readers, on_commit, instrument } = opening;
        // First, because it says at once why it cannot; the pool tries for seconds and does not say.
        let writer = Writer::start(target.clone(), clock.clone(), on_commit)?;
        let pool = diesel::r2d2::Pool::builder()
            .max_size(readers.max(1))
            .min_idle(Some(1))
            .connection_timeout(Duration::from_millis(limits::DB_BUSY_MS))
            .test_on_check_out(true)
            .connection_customizer(Box::new(Instrumented(instrument)))
            .build(Readers { target: target.clone() })
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Db { target, readers: pool, writer, outage: Arc::default(), clock })
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Reads on this thread: for followers, commands and closures already off the request threads.
    ///
    /// # Errors
    /// `Busy` when every connection stays taken, `Unavailable` when none is left. Of many who ask while the
    /// database is gone the first waits for it to come back; the others, who queued behind, are told at once.
    pub fn reader(&self) -> DbResult<impl std::ops::DerefMut<Target = Conn> + use<>> {
        if let Some(conn) = self.readers.try_get() {
            return Ok(conn);
        }
        let began = Instant::now();
        let mut gone_since: Option<Instant> = None;
        loop {
            if self.readers.state().connections > 0 {
                gone_since = None;
            } else {
                let since = *gone_since.get_or_insert_with(Instant::now);
                let Ok(mut known) = self.outage.lock() else {
                    return Err(DbError::Unavailable("a reader panicked".into()));
                };
                if since.elapsed() >= Duration::from_millis(limits::DB_RETURN_MS) {
                    *known = Some(Instant::now());
                }
                if known.is_some_and(|at| at.elapsed() < Duration::from_millis(limits::DB_OUTAGE_MS)) {
                    return Err(DbError::Unavailable("it does not answer".into()));
                }
            }
            // In short waits: how long to wait at all depends on whether a connection is left.
            match self.readers.get_timeout(Duration::from_millis(DB_LOOK_MS)) {
                Ok(conn) => return Ok(conn),
                Err(error) if began.elapsed() >= Duration::from_millis(limits::DB_BUSY_MS) => {
                    return Err(DbError::Busy(error.to_string()));
                }
                Err(_) => {}
            }
        }
    }

    /// A reader if one is free this moment: for those who hold one already, who must not wait for a second.
    pub fn reader_if_free(&self) -> Option<impl std::ops::DerefMut<Target = Conn> + use<>> {
        self.readers.try_get()
    }

    /// Runs one act in a transaction of its own and answers when it is durable.
    /// After [`limits::WRITE_MS`] it answers `Busy`, though the act may be done yet: who sends it again must send
    /// something that tells it is the same (a submission key, a vote's value).
    /// An `Err` from the act undoes it; what it appended to the ledger is visible to followers after.
    pub async fn write<T, E, F>(&self, act: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        self.write_within(Duration::from_millis(limits::WRITE_MS), act).await
    }

    /// The same for a request that has used up some of its time.
    pub async fn write_within<T, E, F>(&self, patience: Duration, act: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let reply = match self.writer.submit(act) {
            Ok(reply) => reply,
            Err(error) => return Err(error.into()),
        };
        match tokio::time::timeout(patience, reply).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(DbError::Unavailable("the writer stopped".into()).into()),
            Err(_) => Err(DbError::Busy("the write was not done in time; it may still be".into()).into()),
        }
    }

    /// The same for threads that may block: followers and commands.
    pub fn write_blocking<T, E, F>(&self, act: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        match self.writer.submit(act) {
            Ok(reply) => match reply.blocking_recv() {
                Ok(result) => result,
                Err(_) => Err(DbError::Unavailable("the writer stopped".into()).into()),
            },
            Err(error) => Err(error.into()),
        }
    }

    /// Starts an act nobody waits for.
    pub fn write_later<F>(&self, act: F) -> DbResult<()>
    where
        F: FnOnce(&mut Tx<'_>) -> DbResult<()> + Send + 'static,
    {
        self.writer.submit(act).map(drop)
    }

    /// Ends the writer after the acts it already has; later writes are refused.
    pub fn stop(&self) {
        self.writer.stop();
    }
}

struct Instrumented(Option<Instrument>);

impl std::fmt::Debug for Instrumented {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Instrumented")
    }
}

impl diesel::r2d2::CustomizeConnection<Conn, diesel::r2d2::Error> for Instrumented {
    fn on_acquire(&self, conn: &mut Conn) -> Result<(), diesel::r2d2::Error> {
        if let Some(make) = &self.0 {
            match conn {
                Conn::Sqlite(c) => c.set_instrumentation(make()),
                Conn::Postgres(c) => c.set_instrumentation(make()),
            }
        }
        Ok(())
    }
}

/// Tells SQLite, before its first connection, that no two threads use one connection at once (a `Conn` is
/// borrowed mutably for every call, so Rust sees to that) and that nobody asks how much memory it holds. Both
/// would cost a mutex per call: a sixth of the processor time of a page. And every connection keeps its plans.
fn quicken_sqlite() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: called once, before any other use of SQLite in this process; both options take what is given.
        // SQLite calls what is registered with the connection it has just opened. A refusal changes nothing but
        // speed.
        unsafe {
            libsqlite3_sys::sqlite3_config(libsqlite3_sys::SQLITE_CONFIG_MULTITHREAD);
            libsqlite3_sys::sqlite3_config(libsqlite3_sys::SQLITE_CONFIG_MEMSTATUS, 0);
            libsqlite3_sys::sqlite3_auto_extension(Some(keep_plans));
        }
    });
}

/// Turns on the planner's stability guarantee. Without it SQLite looks at bound values while it plans, and so
/// prepares every statement with a `LIMIT ?` anew each time it is run: a fifth of the processor time of a page.
/// The price: what a partial index is for must stand in the statement ([`zero`]).
unsafe extern "C" fn keep_plans(
    conn: *mut libsqlite3_sys::sqlite3,
    _: *mut *mut std::ffi::c_char,
    _: *const libsqlite3_sys::sqlite3_api_routines,
) -> std::ffi::c_int {
    let nowhere: *mut std::ffi::c_int = std::ptr::null_mut();
    // SAFETY: the connection is SQLite's own, open and ours alone; the option takes a number and a place for the
    // old value, or none.
    unsafe {
        libsqlite3_sys::sqlite3_db_config(conn, libsqlite3_sys::SQLITE_DBCONFIG_ENABLE_QPSG, 1, nowhere);
    }
    libsqlite3_sys::SQLITE_OK
}

/// The SQLite built into this program.
pub fn sqlite_version() -> &'static str {
    // SAFETY: sqlite3_libversion returns a pointer to a NUL-terminated constant inside the library.
    unsafe { std::ffi::CStr::from_ptr(libsqlite3_sys::sqlite3_libversion()) }.to_str().unwrap_or("unknown")
}

/// The folder a SQLite file stands in exists and may be written.
pub fn prepare_folder(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => std::fs::create_dir_all(folder),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_on_a_silent_server_are_added_where_none_are_set() {
        let check = |url: &str, has: &[&str], has_not: &[&str]| {
            let out = within_time(url);
            assert!(out.starts_with(url) && has.iter().all(|part| out.contains(part)), "{out}");
            assert!(!has_not.iter().any(|part| out.contains(part)), "{out}");
            assert_eq!(out.matches('?').count(), 1, "{out}");
        };
        check("postgres://h/d", &["?connect_timeout=2&", "&tcp_user_timeout=10000"], &[]);
        check("postgres://h/d?", &["?&connect_timeout=2"], &[]);
        check("postgres://h/d?sslmode=require", &["require&connect_timeout=2&keepalives_idle=5"], &[]);
        check("postgres://h/d?tcp_user_timeout=1", &["&keepalives_count=3"], &["tcp_user_timeout=10000"]);
    }
}
