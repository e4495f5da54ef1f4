//! exchange room: one import under way: its connection, its place, its counts and its list.
use super::xml::Reason;
use super::{ExchangeError, Options, Progress, Report, Result};
use crate::db::schema::imports;
use crate::db::{Access, Conn, DbError, Target};
use crate::kernel::ids::UserId;
use crate::kernel::moment::Moment;
use crate::ledger::Fact;
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Seek, SeekFrom, Write};
use std::path::PathBuf;

/// The last stage: everything is in.
pub const DONE: &str = "done";

/// What is stored with the place: the report so far and what a restart must find unchanged.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Stored {
    pub report: Report,
    /// Bytes of the list of unused rows that belong to committed rows.
    list_bytes: u64,
    /// File name to its length in bytes.
    pub lengths: BTreeMap<String, u64>,
    /// File name to its number of rows.
    pub rows: BTreeMap<String, u64>,
    /// Files whose Ids do not ascend, so that one may come twice.
    #[serde(default)]
    pub jumbled: BTreeSet<String>,
}

impl Stored {
    /// How files of these lengths differ from those the import began with, in words.
    pub fn differs(&self, now: &BTreeMap<String, u64>) -> Option<String> {
        let names = self.lengths.keys().chain(now.keys());
        let mut told = names.filter_map(|name| match (self.lengths.get(name), now.get(name)) {
            (Some(then), Some(now)) if then == now => None,
            (Some(then), Some(now)) => Some(format!("{name} had {then} bytes and has {now}")),
            (Some(_), None) => Some(format!("{name} is not there any more")),
            (None, _) => Some(format!("{name} was not there")),
        });
        told.next()
    }
}

pub struct Run<'a> {
    pub conn: Conn,
    pub options: &'a Options<'a>,
    pub stored: Stored,
    pub stage: String,
    pub rows_done: u64,
    id: i64,
    list: List,
    /// Appended to the ledger at the end of the transaction, in this order.
    pub facts: Vec<(Moment, Option<UserId>, Fact)>,
}

struct List {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

/// How an import begins.
pub enum Opened<'a> {
    New(Run<'a>),
    Resumed(Run<'a>),
    Finished(Stored),
}

impl<'a> Run<'a> {
    /// Opens the database and finds the import's place; a new import is written down only by
    /// [`Run::start`]. `site` is the import's key, `list_name` a file name.
    pub fn open(
        target: &Target,
        site: &str,
        list_name: &str,
        options: &'a Options<'a>,
    ) -> Result<Opened<'a>> {
        let mut conn = target.connect(Access::Write)?;
        conn.without_time_limits()?;
        if conn.is_sqlite() {
            // An import touches all of every index; the usual 4 MiB would go to the disk for each row.
            conn.sql("PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 20000;")?;
        }
        let place: Option<(i64, String, i64, Option<Moment>, String)> = imports::table
            .filter(imports::site.eq(site))
            .select((imports::id, imports::stage, imports::rows_done, imports::finished_at, imports::report))
            .first(&mut conn)
            .optional()?;
        let list = List { path: options.lists.join(list_name), file: None };
        let mut run = Run {
            conn,
            options,
            stored: Stored::default(),
            stage: String::new(),
            rows_done: 0,
            id: 0,
            list,
            facts: Vec::new(),
        };
        run.stored.report.site = site.to_owned();
        let Some((id, stage, rows_done, finished_at, stored)) = place else { return Ok(Opened::New(run)) };
        run.stored = serde_json::from_str(&stored).map_err(|e| {
            ExchangeError::Refused(format!("what is stored about the import of {site} cannot be read: {e}"))
        })?;
        if finished_at.is_some() {
            run.stored.report.already_there = true;
            return Ok(Opened::Finished(run.stored));
        }
        (run.id, run.stage, run.rows_done) = (id, stage, u64::try_from(rows_done).unwrap_or(0));
        run.stored.report.resumed = true;
        Ok(Opened::Resumed(run))
    }

    /// Writes the import down at its first stage.
    pub fn start(&mut self, first: &str) -> Result<()> {
        let stored = self.stored_json()?;
        self.conn.begin_write()?;
        let inserted: diesel::QueryResult<i64> = diesel::insert_into(imports::table)
            .values((
                imports::site.eq(&self.stored.report.site),
                imports::stage.eq(first),
                imports::started_at.eq(self.options.now),
                imports::report.eq(stored),
            ))
            .returning(imports::id)
            .get_result(&mut self.conn);
        match inserted {
            Ok(id) => {
                self.conn.sql("COMMIT")?;
                (self.id, self.stage, self.rows_done) = (id, first.to_owned(), 0);
                Ok(())
            }
            Err(error) => {
                self.conn.sql("ROLLBACK")?;
                Err(error.into())
            }
        }
    }

    /// Does `work` and moves the place to (`stage`, `rows_done`) in one transaction.
    pub fn transaction(
        &mut self,
        stage: &str,
        rows_done: u64,
        work: impl FnOnce(&mut Run<'a>) -> Result<()>,
    ) -> Result<()> {
        self.begin()?;
        let done = work(self);
        self.end(stage, rows_done, done)
    }

    /// Begins a transaction that [`Run::end`] ends.
    pub fn begin(&mut self) -> Result<()> {
        self.facts.clear();
        Ok(self.conn.begin_write()?)
    }

    /// Commits when `done` is well, together with the new place; undoes everything otherwise.
    pub fn end(&mut self, stage: &str, rows_done: u64, done: Result<()>) -> Result<()> {
        if let Err(error) = done.and_then(|()| self.close(stage, rows_done)) {
            // The first error says more than a rollback that fails after it.
            let _ = self.conn.sql("ROLLBACK");
            return Err(error);
        }
        (self.stage, self.rows_done) = (stage.to_owned(), rows_done);
        if (self.options.keep_going)() { Ok(()) } else { Err(ExchangeError::Stopped) }
    }

    fn close(&mut self, stage: &str, rows_done: u64) -> Result<()> {
        let facts = std::mem::take(&mut self.facts);
        crate::ledger::append_past(&mut self.conn, facts)?;
        self.stored.list_bytes = self.list.settle(self.stored.list_bytes)?;
        if self.list.file.is_some() {
            self.stored.report.unused_list = Some(self.list.path.clone());
        }
        let stored = self.stored_json()?;
        let finished = (stage == DONE).then_some(self.options.now);
        let moved = diesel::update(imports::table.find(self.id))
            .filter(imports::stage.eq(&self.stage))
            .filter(imports::rows_done.eq(signed(self.rows_done)))
            .filter(imports::finished_at.is_null())
            .set((
                imports::stage.eq(stage),
                imports::rows_done.eq(signed(rows_done)),
                imports::report.eq(stored),
                imports::finished_at.eq(finished),
            ))
            .execute(&mut self.conn)?;
        if moved != 1 {
            return Err(ExchangeError::Refused("another import of the same site is running".into()));
        }
        if !(self.options.keep_going)() {
            return Err(ExchangeError::Stopped);
        }
        Ok(self.conn.sql("COMMIT")?)
    }

    fn stored_json(&self) -> Result<String> {
        serde_json::to_string(&self.stored).map_err(|e| DbError::Refused(e.to_string()).into())
    }

    pub fn used(&mut self, file: &str) {
        let count = self.stored.report.files.entry(file.to_owned()).or_default();
        count.read += 1;
        count.used += 1;
    }

    /// Counts a row that cannot be used and lists it.
    pub fn unused(&mut self, file: &str, label: &str, reason: &Reason) -> Result<()> {
        let count = self.stored.report.files.entry(file.to_owned()).or_default();
        count.read += 1;
        *count.unused.entry(reason.to_string()).or_default() += 1;
        self.list.add(self.stored.list_bytes, file, label, reason)
    }

    pub fn note(&mut self, note: &str, count: u64) {
        if count > 0 {
            *self.stored.report.notes.entry(note.to_owned()).or_default() += count;
        }
    }

    pub fn progress(&self, stage: &'static str, done: u64, total: u64) {
        (self.options.progress)(Progress { stage, done, total });
    }

    /// Takes `count` ids of `table` ("users" or "posts") that no other row has or had; the first.
    pub fn reserve(&mut self, table: &'static str, count: usize) -> Result<i64> {
        #[derive(QueryableByName)]
        struct Id {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            id: i64,
        }
        let count = i64::try_from(count).unwrap_or(0);
        if count == 0 {
            return Ok(0);
        }
        let found = match &mut self.conn {
            Conn::Sqlite(conn) => diesel::sql_query(format!(
                "SELECT max(coalesce((SELECT max(id) FROM {table}), 0), \
                 coalesce((SELECT seq FROM sqlite_sequence WHERE name = '{table}'), 0)) + 1 AS id"
            ))
            .get_result::<Id>(conn)?,
            Conn::Postgres(conn) => diesel::sql_query(format!(
                "SELECT setval(pg_get_serial_sequence('{table}', 'id'), \
                 nextval(pg_get_serial_sequence('{table}', 'id')) + {count} - 1) - {count} + 1 AS id"
            ))
            .get_result::<Id>(conn)?,
        };
        Ok(found.id)
    }

    /// The report, after its sums were checked.
    pub fn finish(self) -> Result<Report> {
        for (file, count) in &self.stored.report.files {
            let told = self.stored.rows.get(file).copied().unwrap_or(count.read);
            if count.read != count.used + count.unused_total() || count.read != told {
                return Err(ExchangeError::Refused(format!(
                    "{file} has {told} rows, but {} were read, {} used and {} listed as unused",
                    count.read,
                    count.used,
                    count.unused_total()
                )));
            }
        }
        Ok(self.stored.report)
    }
}

impl List {
    /// The file is cut back to what belongs to committed rows when this run first touches it.
    fn add(&mut self, committed: u64, file: &str, label: &str, reason: &str) -> Result<()> {
        if self.file.is_none() {
            self.open(committed)?;
        }
        let path = &self.path;
        match &mut self.file {
            // A file's name may hold anything; a list's line has three fields.
            Some(out) if file.contains(char::is_control) => {
                let file = file.replace(char::is_control, "?");
                writeln!(out, "{file}\t{label}\t{reason}").map_err(ExchangeError::io(path))
            }
            Some(out) => writeln!(out, "{file}\t{label}\t{reason}").map_err(ExchangeError::io(path)),
            None => Ok(()),
        }
    }

    fn open(&mut self, committed: u64) -> Result<()> {
        let path = &self.path;
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(ExchangeError::io(path))?;
        }
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path)
            .map_err(ExchangeError::io(path))?;
        file.set_len(committed).map_err(ExchangeError::io(path))?;
        file.seek(SeekFrom::End(0)).map_err(ExchangeError::io(path))?;
        self.file = Some(BufWriter::new(file));
        Ok(())
    }

    /// Makes the lines durable; the file's length.
    fn settle(&mut self, before: u64) -> Result<u64> {
        let path = &self.path;
        let Some(out) = &mut self.file else { return Ok(before) };
        out.flush().map_err(ExchangeError::io(path))?;
        let file = out.get_ref();
        file.sync_data().map_err(ExchangeError::io(path))?;
        Ok(file.metadata().map_err(ExchangeError::io(path))?.len())
    }
}

pub fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
