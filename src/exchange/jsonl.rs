//! exchange room: JSON lines become a community: the demo's, a load corpus, or one's own export.
//!
//! One object per line with a `kind`; each refers only to lines before it. What people do with posts (vote, accept,
//! confirm, verdict, edit, delete) goes through the verbs and their policies, at `created`; a line they refuse is
//! listed with their reason. The rest has the effects the verbs would have had. All of it is written as history:
//! nobody is told about any of it.
//!
//! | kind | fields |
//! |---|---|
//! | user | id, name, display_name?, email?, role?, signature?, bio?, created? |
//! | question | id, user, title, body, tags?, views?, created? |
//! | answer | id, question, user, body, score?, official?, created? |
//! | comment | id?, post, user, body, created? |
//! | vote | post, user, value (1, -1, 0), created? |
//! | accept, unaccept | question, answer?, user?, created? |
//! | confirm | answer, user, value (true, false, null), created? |
//! | verdict | answer, user, value ("verified", "refuted", "outdated", null), note?, created? |
//! | delete, undelete | post, user?, reason?, created? |
//! | me_too, follow | question, user, created? |
//! | edit | post, user?, title?, tags?, body?, summary?, created? |
//! | duplicate | question, of, user?, reason?, created? |
//! | flag | post, user, reason, note?, created? |
//! | hide | post, user?, reason?, created? |
//! | case | question, user, note?, due?, created? |
//! | take | question, user, created? |
//!
//! `post` is `"question:1"`, `"answer:3"` or `"comment:5"`; `"question": 1` and `"answer": 3` say the
//! same. `created` is in seconds since 1970 UTC. An answer's `score` becomes that many votes of
//! nobody. `null` takes a word back. Where `user` is absent, the asker accepts and the author edits and deletes. Without `created` a thing happened when its post was written, or now. A line that cannot be used is counted by reason and listed; none stops the import.
mod acts;
mod lines;
mod people;

use super::pipeline;
use super::run::{DONE, Opened, Run, Stored};
use super::{ExchangeError, FileCount, Options, Report, Result};
use crate::db::schema::{imported_rows, imports, tags};
use crate::db::{Access, Target};
use crate::kernel::ids::{EventId, PostId, TagId, UserId};
use crate::kernel::moment::Moment;
use diesel::prelude::*;
use lines::{Line, Lines};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read;
use std::path::Path;

const STAGE: &str = "lines";

/// What every line needs.
struct Book<'a> {
    run: Run<'a>,
    /// The import's key; ids of lines are remembered under it until it is done.
    key: String,
    file: String,
    users: HashMap<i64, UserId>,
    posts: HashMap<(char, i64), PostId>,
    tags: HashMap<String, TagId>,
    /// Where the next search for findings is due, once it is known.
    next_search: Option<EventId>,
}

/// Imports the file at `path` into an already migrated database while no server runs on it.
/// Calling it again goes on where the last call stopped, and does nothing once all is in.
pub fn import(target: &Target, path: &Path, options: &Options<'_>) -> Result<Report> {
    let file = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let length = std::fs::metadata(path).map_err(ExchangeError::io(path))?.len();
    let key = key(target, path, &file)?;
    let plain: String =
        file.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
    let lengths = BTreeMap::from([(file.clone(), length)]);
    let mut run = match Run::open(target, &key, &format!("import-{plain}-unused.tsv"), options)? {
        Opened::Finished(stored) => {
            let Some(how) = stored.differs(&lengths) else { return Ok(stored.report) };
            return Err(ExchangeError::Refused(format!(
                "{file} is here already, but it was another file then ({how}). What was added to it is not \
                 brought in: put lines that stand by themselves into a file of another name, or bring the \
                 whole of it into an empty data folder (--data)"
            )));
        }
        Opened::Resumed(run) => match run.stored.differs(&lengths) {
            None => run,
            Some(how) => {
                return Err(ExchangeError::Refused(format!(
                    "{file} is not the file this import began with ({how}); put that one back to finish it"
                )));
            }
        },
        Opened::New(mut run) => {
            run.stored.lengths = lengths;
            run.stored.report.files.insert(file.clone(), FileCount::default());
            run.start(STAGE)?;
            run
        }
    };
    let tags = tags::table.select((tags::name, tags::id)).load(&mut run.conn)?.into_iter().collect();
    let (users, posts) = (HashMap::new(), HashMap::new());
    let mut book = Book { run, key, file, users, posts, tags, next_search: None };
    book.remember()?;
    if book.run.stage == STAGE {
        book.lines(path, length)?;
    }
    let Book { run, .. } = book;
    run.progress(DONE, 1, 1);
    run.finish()
}

impl<'a> Book<'a> {
    fn lines(&mut self, path: &Path, length: u64) -> Result<()> {
        let first = self.run.rows_done;
        let mut lines = Lines::open(path)?;
        lines.skip(first)?;
        let read = move || {
            Ok(lines.next_line()?.map(|line| {
                let weight = line.bytes.len();
                (line, weight)
            }))
        };
        let per_commit = self.run.options.rows_per_commit;
        pipeline::run(per_commit, first, read, Line::parse, |done, batch| {
            let offset = batch.last().map_or(0, |line| line.end);
            self.run.begin()?;
            let written = batch.into_iter().try_for_each(|line| self.line(line));
            self.run.end(STAGE, done, written)?;
            self.run.progress(STAGE, offset, length);
            Ok(())
        })?;
        let done = self.run.rows_done;
        self.run.begin()?;
        let settled = self.settle();
        self.run.end(DONE, done, settled)
    }

    /// What lines before this run became.
    fn remember(&mut self) -> Result<()> {
        let rows: Vec<(String, i64, Option<i64>)> = imported_rows::table
            .filter(imported_rows::site.eq(&self.key))
            .select((imported_rows::kind, imported_rows::origin_id, imported_rows::local_id))
            .load(&mut self.run.conn)?;
        for (kind, origin, local) in rows {
            match (kind.as_str(), local) {
                ("user", Some(id)) => drop(self.users.insert(origin, UserId(id))),
                ("question", Some(id)) => drop(self.posts.insert(('q', origin), PostId(id))),
                ("answer", Some(id)) => drop(self.posts.insert(('a', origin), PostId(id))),
                (_, Some(id)) => drop(self.posts.insert(('c', origin), PostId(id))),
                (_, None) => {}
            }
        }
        Ok(())
    }

    /// Writes down what a line became.
    fn became(&mut self, kind: &str, origin: i64, local: i64) -> Result<()> {
        diesel::insert_into(imported_rows::table)
            .values((
                imported_rows::site.eq(&self.key),
                imported_rows::kind.eq(kind),
                imported_rows::origin_id.eq(origin),
                imported_rows::local_id.eq(local),
            ))
            .execute(&mut self.run.conn)?;
        Ok(())
    }

    /// The end: people who came without a date came with their first post.
    fn settle(&mut self) -> Result<()> {
        use crate::db::schema::{posts, users};
        let of = |kind: &'static str| {
            imported_rows::table
                .filter(imported_rows::site.eq(self.key.clone()).and(imported_rows::kind.eq(kind)))
                .select(imported_rows::local_id)
        };
        let people: Vec<Option<i64>> = of("user").load(&mut self.run.conn)?;
        for id in people.into_iter().flatten().map(UserId) {
            let earliest: Option<Moment> = posts::table
                .filter(posts::author_id.eq(id))
                .select(diesel::dsl::min(posts::created_at))
                .first(&mut self.run.conn)?;
            if let Some(earliest) = earliest {
                diesel::update(users::table.find(id).filter(users::created_at.gt(earliest)))
                    .set(users::created_at.eq(earliest))
                    .execute(&mut self.run.conn)?;
            }
        }
        diesel::delete(imported_rows::table.filter(imported_rows::site.eq(&self.key)))
            .execute(&mut self.run.conn)?;
        Ok(())
    }
}

/// Bytes at the start of a file that tell it from others of its name.
const START_BYTES: u64 = 1024;

/// What this file's import is called: by its name and how it begins. One that began so before, and was
/// shorter than what is looked at, is the same.
fn key(target: &Target, path: &Path, file: &str) -> Result<String> {
    let of = |bytes: u64| Ok::<_, ExchangeError>(format!("jsonl:{file}:{}", fingerprint(path, bytes)?));
    let mut conn = target.connect(Access::Read)?;
    let known: Vec<(String, String)> =
        imports::table.select((imports::site, imports::report)).load(&mut conn)?;
    for (site, stored) in known {
        let then = serde_json::from_str(&stored).ok().and_then(|s: Stored| s.lengths.get(file).copied());
        if let Some(then) = then.filter(|then| *then < START_BYTES)
            && site == of(then)?
        {
            return Ok(site);
        }
    }
    of(START_BYTES)
}

fn fingerprint(path: &Path, bytes: u64) -> Result<String> {
    let mut start = Vec::new();
    let file = File::open(path).map_err(ExchangeError::io(path))?;
    file.take(bytes).read_to_end(&mut start).map_err(ExchangeError::io(path))?;
    Ok(Sha256::digest(&start).iter().take(8).map(|b| format!("{b:02x}")).collect())
}
