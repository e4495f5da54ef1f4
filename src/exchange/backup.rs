//! exchange room: a whole community in one file, and out of it again into either database.
//!
//! The file is a gzipped tar that any tar opens:
//!
//! | entry | what |
//! |---|---|
//! | backup.json | format, version, time, kind of database, migrations: [`Head`] |
//! | settings.toml | the settings file of then, where there was one |
//! | tables/NAME/000001.jsonl … | rows as JSON arrays in the order of their keys, about 4 MiB a piece |
//! | sums.json | of each table: columns, rows, SHA-256, the last id that was given: [`Sums`] |
//!
//! The SHA-256 of all that follows the gzip header stands in that header, so one flipped bit
//! anywhere is found before anything is written. The search index is not in it: it is rebuilt.
use super::{ExchangeError, Progress, Result};
use crate::db::{self, Access, Target, dump};
use crate::kernel::moment::Moment;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Changes when a program of today could not read the file.
pub const FORMAT: u32 = 1;

/// Bytes of rows in one entry.
const PIECE: usize = 4 * 1024 * 1024;
/// Bytes of an entry at most: a piece, and the row that ended it.
const ENTRY: u64 = 64 * 1024 * 1024;
/// Ten bytes of gzip header, the length of what follows, and our field's name and length.
const HEADER: [u8; 16] = [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 36, 0, b'L', b'g', 32, 0];
const HEADER_BYTES: usize = HEADER.len() + 32;
/// What a house has written down before anybody lives in it; a restore replaces it.
const FURNITURE: [&str; 3] = ["secrets", "one_time_links", "places"];

/// What a backup is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub format: u32,
    pub loggia: String,
    /// RFC 3339, UTC.
    pub created: String,
    /// `sqlite` or `postgres`.
    pub database: String,
    pub migrations: Vec<String>,
}

/// What is in a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub columns: Vec<String>,
    pub rows: u64,
    /// Of all lines, each with its line feed.
    pub sha256: String,
    /// The last id the database counted, where it counts.
    pub last_id: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    pub tables: BTreeMap<String, Sum>,
}

/// What was written or read.
#[derive(Debug, Clone)]
pub struct Summary {
    pub head: Head,
    pub sums: Sums,
    /// The file's length in bytes.
    pub bytes: u64,
}

impl Summary {
    pub fn rows(&self) -> u64 {
        self.sums.tables.values().map(|sum| sum.rows).sum()
    }
}

fn refused(text: impl Into<String>) -> ExchangeError {
    ExchangeError::Refused(text.into())
}

fn damaged(path: &Path, what: impl std::fmt::Display) -> ExchangeError {
    refused(format!("{} is damaged: {what}; nothing was changed", path.display()))
}

/// Writes one consistent state of the database to `path` while others go on writing. The file is
/// there whole or not at all; an earlier backup of that name stays until then.
pub fn backup(
    target: &Target,
    path: &Path,
    settings: Option<&Path>,
    now: Moment,
    progress: &dyn Fn(Progress),
) -> Result<Summary> {
    if path.exists() && !starts_like_ours(path) {
        return Err(refused(format!(
            "{} is there and no backup of Loggia; it is left as it is",
            path.display()
        )));
    }
    let name = path.file_name().ok_or_else(|| refused(format!("{} names no file", path.display())))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let unfinished =
        Unfinished(folder.join(format!(".{}.{}.unfinished", name.to_string_lossy(), std::process::id())));
    let io = ExchangeError::io(&unfinished.0);
    // Hashes of passwords and addresses are in it.
    let file = OpenOptions::new()
        .create(true)
        .truncate(true)
        .read(true)
        .write(true)
        .mode(0o600)
        .open(&unfinished.0)
        .map_err(io)?;
    let written = write(target, file, settings, now, progress).map_err(|error| match error {
        Failure::Exchange(error) => error,
        Failure::Io(source) => ExchangeError::Io { path: unfinished.0.clone(), source },
    })?;
    std::fs::rename(&unfinished.0, path).map_err(ExchangeError::io(path))?;
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(ExchangeError::io(&folder))?;
    Ok(written)
}

/// A file that goes away unless it was renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Failures before it is known which file they are about.
enum Failure {
    Exchange(ExchangeError),
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Io(error)
    }
}
impl From<ExchangeError> for Failure {
    fn from(error: ExchangeError) -> Self {
        Failure::Exchange(error)
    }
}
impl From<db::DbError> for Failure {
    fn from(error: db::DbError) -> Self {
        Failure::Exchange(error.into())
    }
}

/// Writes through to a file and sums up what follows the header.
struct Summing {
    file: BufWriter<File>,
    to_skip: usize,
    sum: Sha256,
}

impl Write for Summing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.file.write(bytes)?;
        let fresh = bytes.get(..n).unwrap_or_default();
        let skipped = self.to_skip.min(fresh.len());
        self.to_skip -= skipped;
        self.sum.update(fresh.get(skipped..).unwrap_or_default());
        Ok(n)
    }
    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

type Archive = tar::Builder<GzEncoder<Summing>>;

fn entry(archive: &mut Archive, name: &str, bytes: &[u8], mtime: u64) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_size(bytes.len() as u64);
    header.set_mode(0o600);
    header.set_mtime(mtime);
    archive.append_data(&mut header, name, bytes)
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| refused(e.to_string()))
}

fn write(
    target: &Target,
    file: File,
    settings: Option<&Path>,
    now: Moment,
    progress: &dyn Fn(Progress),
) -> std::result::Result<Summary, Failure> {
    let mut conn = target.connect(Access::Read)?;
    conn.without_time_limits()?;
    conn.begin_snapshot()?;
    let migrations = dump::applied(&mut conn)?;
    let known = dump::known(target)?;
    if let Some(version) = migrations.iter().find(|version| !known.contains(version)) {
        return Err(refused(format!(
            "the database has migration {version}: back it up with the Loggia that made it"
        ))
        .into());
    }
    let head = Head {
        format: FORMAT,
        loggia: env!("CARGO_PKG_VERSION").into(),
        created: now.iso(),
        database: if conn.is_sqlite() { "sqlite" } else { "postgres" }.into(),
        migrations,
    };
    let mut extra = vec![b'L', b'g', 32, 0];
    extra.extend([0; 32]);
    let out =
        Summing { file: BufWriter::with_capacity(1 << 18, file), to_skip: HEADER_BYTES, sum: Sha256::new() };
    let gzip = GzBuilder::new().mtime(0).operating_system(255).extra(extra).write(out, Compression::new(3));
    let mut archive = tar::Builder::new(gzip);
    let mtime = u64::try_from(now.0 / crate::kernel::moment::SECOND).unwrap_or(0);
    entry(&mut archive, "backup.json", &json(&head)?, mtime)?;
    if let Some(settings) = settings {
        let text = std::fs::read(settings).map_err(ExchangeError::io(settings))?;
        entry(&mut archive, "settings.toml", &text, mtime)?;
    }
    let tables = dump::tables(&mut conn)?;
    let mut sums = Sums { tables: BTreeMap::new() };
    let total = tables.len() as u64;
    for (table, done) in tables.iter().zip(0..) {
        progress(Progress { stage: "tables", done, total });
        let mut piece: Vec<u8> = Vec::with_capacity(PIECE + PIECE / 4);
        let (mut rows, mut pieces, mut sum) = (0u64, 0u32, Sha256::new());
        dump::read(&mut conn, table, |line| -> std::result::Result<(), Failure> {
            // Each database has its own spaces and escapes; a row has one form.
            let row: Vec<serde_json::Value> = serde_json::from_str(&line)
                .map_err(|e| refused(format!("a row of {} cannot be read: {e}", table.name)))?;
            let before = piece.len();
            serde_json::to_writer(&mut piece, &row).map_err(io::Error::other)?;
            piece.push(b'\n');
            sum.update(piece.get(before..).unwrap_or_default());
            rows += 1;
            if piece.len() >= PIECE {
                pieces += 1;
                entry(&mut archive, &piece_name(&table.name, pieces), &piece, mtime)?;
                piece.clear();
            }
            Ok(())
        })?;
        if !piece.is_empty() {
            entry(&mut archive, &piece_name(&table.name, pieces + 1), &piece, mtime)?;
        }
        let columns = table.columns.iter().map(|column| column.name.clone()).collect();
        let last_id = dump::counter(&mut conn, table)?;
        sums.tables.insert(table.name.clone(), Sum { columns, rows, sha256: hex(sum), last_id });
    }
    conn.sql("COMMIT")?;
    progress(Progress { stage: "tables", done: total, total });
    entry(&mut archive, "sums.json", &json(&sums)?, mtime)?;
    let Summing { mut file, sum, .. } = archive.into_inner()?.finish()?;
    file.flush()?;
    let mut file = file.into_inner().map_err(|e| e.into_error())?;
    file.seek(SeekFrom::Start(HEADER.len() as u64))?;
    file.write_all(&sum.finalize())?;
    file.sync_all()?;
    let bytes = file.metadata()?.len();
    Ok(Summary { head, sums, bytes })
}

fn piece_name(table: &str, piece: u32) -> String {
    format!("tables/{table}/{piece:06}.jsonl")
}

fn hex(sum: Sha256) -> String {
    sum.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn starts_like_ours(path: &Path) -> bool {
    let mut start = [0; HEADER.len()];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == HEADER
}

/// Reads the whole file once and says whether it is as it was written.
pub fn verify(path: &Path) -> Result<Head> {
    let io = |source| ExchangeError::Io { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(io)?;
    let mut start = [0; HEADER_BYTES];
    let whole = file.read_exact(&mut start).is_ok();
    let (header, told) = start.split_at(HEADER.len());
    if !whole || header != HEADER {
        return Err(damaged(path, "it does not begin as a backup of Loggia does"));
    }
    let mut sum = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut buffer).map_err(io)?;
        if n == 0 {
            break;
        }
        sum.update(buffer.get(..n).unwrap_or_default());
    }
    if sum.finalize().as_slice() != told {
        return Err(damaged(path, "its content is not what was written (cut off, or changed)"));
    }
    let mut archive = open(path)?;
    let mut entries = archive.entries().map_err(io)?;
    let first = entries.next().ok_or_else(|| damaged(path, "it is empty"))?.map_err(io)?;
    let head: Head = entry_json(path, first, "backup.json")?;
    if head.format != FORMAT {
        return Err(refused(format!(
            "{} has format {} (of Loggia {}); this program reads format {FORMAT}; nothing was changed",
            path.display(),
            head.format,
            head.loggia
        )));
    }
    Ok(head)
}

fn open(path: &Path) -> Result<tar::Archive<GzDecoder<BufReader<File>>>> {
    let file = File::open(path).map_err(ExchangeError::io(path))?;
    Ok(tar::Archive::new(GzDecoder::new(BufReader::with_capacity(1 << 18, file))))
}

fn entry_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    mut entry: tar::Entry<'_, impl Read>,
    name: &str,
) -> Result<T> {
    let bytes = entry_bytes(path, &mut entry)?;
    let called = entry.path().map_err(|e| damaged(path, e))?.to_string_lossy().into_owned();
    if called != name {
        return Err(damaged(path, format!("{called} stands where {name} should")));
    }
    serde_json::from_slice(&bytes).map_err(|e| damaged(path, format!("{name}: {e}")))
}

fn entry_bytes(path: &Path, entry: &mut tar::Entry<'_, impl Read>) -> Result<Vec<u8>> {
    if entry.size() > ENTRY {
        return Err(damaged(path, "an entry is too large"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(entry.size()).unwrap_or(0));
    entry.read_to_end(&mut bytes).map_err(|e| damaged(path, e))?;
    Ok(bytes)
}

/// Fills the empty database `target` from the file, all or nothing. The caller holds the data folder.
pub fn restore(target: &Target, path: &Path, progress: &dyn Fn(Progress)) -> Result<Summary> {
    let head = verify(path)?;
    let known = dump::known(target)?;
    if let Some(version) = head.migrations.iter().find(|version| !known.contains(version)) {
        return Err(refused(format!(
            "{} was made by Loggia {} with migration {version}, which this program does not know; \
             use that version or a newer one; nothing was changed",
            path.display(),
            head.loggia
        )));
    }
    let Some(last) = head.migrations.last() else {
        return Err(damaged(path, "it is of a database without a schema"));
    };
    let fresh = match target {
        Target::Sqlite(file) if !file.exists() => {
            db::prepare_folder(file).map_err(ExchangeError::io(file))?;
            Some(FreshFile(Some(file.clone())))
        }
        _ => {
            // Asked again under the write lock; here, so that a full house is not even migrated.
            if let Some(table) = first_full(target)? {
                return Err(not_empty(target, &table));
            }
            None
        }
    };
    dump::migrate_to(target, last)?;
    let sums = load(target, path, &head, progress)?;
    if let Some(mut fresh) = fresh {
        fresh.0 = None;
    }
    // A backup of an earlier version becomes one of today.
    db::migrate(target)?;
    let bytes = std::fs::metadata(path).map_err(ExchangeError::io(path))?.len();
    Ok(Summary { head, sums, bytes })
}

/// A database file that was not there before and goes away when it is not filled.
struct FreshFile(Option<PathBuf>);

impl Drop for FreshFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            for end in ["", "-wal", "-shm"] {
                let mut file = path.clone().into_os_string();
                file.push(end);
                let _ = std::fs::remove_file(file);
            }
        }
    }
}

/// The first table in which somebody has left something, if the database is there at all.
pub fn first_full(target: &Target) -> Result<Option<String>> {
    if matches!(target, Target::Sqlite(file) if !file.exists()) {
        return Ok(None);
    }
    let mut conn = target.connect(Access::Read)?;
    let tables = dump::tables(&mut conn)?;
    full(&mut conn, &tables)
}

fn full(conn: &mut db::Conn, tables: &[dump::Table]) -> Result<Option<String>> {
    for table in tables.iter().filter(|table| !FURNITURE.contains(&table.name.as_str())) {
        if !dump::is_empty(conn, table)? {
            return Ok(Some(table.name.clone()));
        }
    }
    Ok(None)
}

fn not_empty(target: &Target, table: &str) -> ExchangeError {
    refused(format!(
        "{} is not empty (table {table}); a backup is restored into an empty database only; nothing was changed",
        target.describe()
    ))
}

/// A table that is coming in.
struct Coming {
    rows: u64,
    sum: Sha256,
}

fn load(target: &Target, path: &Path, head: &Head, progress: &dyn Fn(Progress)) -> Result<Sums> {
    let mut load = dump::Load::begin(target)?;
    if dump::applied(load.conn())? != head.migrations {
        return Err(refused(format!(
            "{} has a schema of another version than the backup; restore into a new database",
            target.describe()
        )));
    }
    let tables = dump::tables(load.conn())?;
    if let Some(table) = full(load.conn(), &tables)? {
        return Err(not_empty(target, &table));
    }
    for table in tables.iter().filter(|table| FURNITURE.contains(&table.name.as_str())) {
        dump::clear(load.conn(), table)?;
    }
    load.free_references()?;
    let mut coming: BTreeMap<String, Coming> = BTreeMap::new();
    let mut sums: Option<Sums> = None;
    let total = tables.len() as u64;
    let mut archive = open(path)?;
    for entry in archive.entries().map_err(|e| damaged(path, e))? {
        let mut entry = entry.map_err(|e| damaged(path, e))?;
        let name = entry.path().map_err(|e| damaged(path, e))?.to_string_lossy().into_owned();
        if name == "backup.json" || name == "settings.toml" {
            continue;
        }
        if name == "sums.json" {
            sums = Some(entry_json(path, entry, "sums.json")?);
            continue;
        }
        let table = name
            .strip_prefix("tables/")
            .and_then(|rest| rest.split('/').next())
            .and_then(|called| tables.iter().find(|table| table.name == called))
            .ok_or_else(|| damaged(path, format!("it holds {name}, which is no table here")))?;
        let bytes = entry_bytes(path, &mut entry)?;
        let text = String::from_utf8(bytes).map_err(|e| damaged(path, e))?;
        let state =
            coming.entry(table.name.clone()).or_insert_with(|| Coming { rows: 0, sum: Sha256::new() });
        state.sum.update(text.as_bytes());
        state.rows += text.lines().count() as u64;
        let rows = format!("[{}]", text.trim_end_matches('\n').replace('\n', ","));
        // The rows' columns stand in the order of the schema, which is the same by its migrations;
        // the sums at the file's end tell whether that held.
        let columns: Vec<String> = table.columns.iter().map(|column| column.name.clone()).collect();
        load.insert(table, &columns, &rows)?;
        progress(Progress { stage: "tables", done: coming.len() as u64, total });
    }
    let sums = sums.ok_or_else(|| damaged(path, "its end is missing"))?;
    for table in &tables {
        let Some(told) = sums.tables.get(&table.name) else {
            return Err(damaged(path, format!("nothing is said of table {}", table.name)));
        };
        let columns: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        if told.columns != columns {
            return Err(damaged(path, format!("table {} has other columns", table.name)));
        }
        let came = coming.remove(&table.name).unwrap_or_else(|| Coming { rows: 0, sum: Sha256::new() });
        if came.rows != told.rows || hex(came.sum) != told.sha256 {
            return Err(damaged(path, format!("the rows of {} are not those that were written", table.name)));
        }
        if let Some(last_id) = told.last_id {
            load.count_from(table, last_id)?;
        }
    }
    load.commit()?;
    Ok(sums)
}
/// In the data folder: when the last whole backup was made, RFC 3339.
const LAST: &str = "last-backup";

/// Writes down that a whole backup was made.
pub fn note_made(data: &Path, at: Moment) -> io::Result<()> {
    std::fs::create_dir_all(data)?;
    let unfinished = data.join("last-backup.unfinished");
    std::fs::write(&unfinished, format!("{}\n", at.iso()))?;
    std::fs::rename(unfinished, data.join(LAST))
}

/// When the last whole backup was made; `None` where none was.
pub fn last_made(data: &Path) -> io::Result<Option<Moment>> {
    match std::fs::read_to_string(data.join(LAST)) {
        Ok(text) => Moment::parse(text.trim()).map(Some).ok_or_else(|| io::Error::other("it holds no time")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
