//! exchange room: a Stack Exchange data dump becomes threads, answers, comments, votes and history.
//!
//! Each file is a stage (Posts.xml three: questions, then the rest, then acceptances, since an
//! answer can stand before its question). Decisions:
//! - A person comes in without address or password. User -1 ("Community", the old site's own
//!   hand) is a person too, but posts of its have no author here, only that name: no points for it.
//! - What is shown is the dump's HTML, cleaned; what is edited later is the Markdown of the post's
//!   last revision where PostHistory.xml has it.
//! - Closed questions are open here unless they are duplicates; a bounty, a bookmark, a badge or a
//!   comment's score has no meaning here and is counted, not kept.
//!
//! - An Id that comes twice in a file is used once, the first time. Ids ascend in every dump seen, so
//!   the reading that counts the rows sees whether they do; only a file where they do not is read for
//!   those that stand behind a higher one, and only these are remembered (votes and links have no old
//!   id in the database to look for).
//! - A value a post can do without (who edited it, how often it was seen) costs no post when it cannot
//!   be read: it is left out and noted.
//!
//! Memory: a person takes at most 40 bytes and a post (question or answer) 110 in the maps of ids,
//! beside batches of at most 40 MB: a site of a million posts needs about 200 MB. A row behind a higher
//! Id takes 9 bytes more.
mod place;
mod rows;
mod stages;

use super::pipeline;
use super::run::{DONE, Opened, Run};
use super::xml::{Late, Reason, Row, Rows};
use super::{ExchangeError, FileCount, Options, Report, Result};
use crate::db::Target;
use crate::db::schema::tags;
use crate::kernel::ids::TagId;
use diesel::prelude::*;
use place::Ids;
use rows::{Label, Take};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

type Files = BTreeMap<&'static str, PathBuf>;

/// Every file a dump may have. The first two must be there.
const FILES: [&str; 8] = [
    "Posts.xml",
    "Users.xml",
    "Tags.xml",
    "PostHistory.xml",
    "Comments.xml",
    "Votes.xml",
    "PostLinks.xml",
    "Badges.xml",
];

const STAGES: [&str; 11] = [
    "people",
    "tags",
    "questions",
    "answers",
    "history",
    "comments",
    "acceptances",
    "votes",
    "links",
    "badges",
    "counts",
];

/// What every stage needs.
struct Dump<'a> {
    /// The files there are, by their usual names.
    files: Files,
    site: String,
    /// The licence license.txt names, when it names one for all.
    licence: Option<String>,
    run: Run<'a>,
    ids: Ids,
    tag_ids: HashMap<String, TagId>,
}

/// Imports the dump in `dir` into an already migrated database while no server runs on it.
/// Calling it again goes on where the last call stopped, and does nothing once all is in.
pub fn import(target: &Target, dir: &Path, options: &Options<'_>) -> Result<Report> {
    let files = find(dir)?;
    let (site, guessed) = site_name(dir, options.site.as_deref())?;
    let list = format!("import-{site}-unused.tsv");
    let (mut run, new) = match Run::open(target, &site, &list, options)? {
        Opened::Finished(stored) => {
            let Some(how) = stored.differs(&lengths(&files)?) else { return Ok(stored.report) };
            return Err(ExchangeError::Refused(format!(
                "{site} is here already, from other files ({how}). A newer dump is not added to an older one: \
                 bring it into an empty data folder (--data), or leave things as they are"
            )));
        }
        Opened::Resumed(run) => (run, false),
        Opened::New(run) => (run, true),
    };
    if new {
        examine(&files, &mut run)?;
        run.note(
            "the site's address was guessed from the folder's name (--site tells it)",
            u64::from(guessed),
        );
        run.start("people")?;
    } else {
        // A place in a file means nothing in another one.
        if let Some(how) = run.stored.differs(&lengths(&files)?) {
            return Err(ExchangeError::Refused(format!(
                "the dump's files are not those this import began with ({how}); put those back to finish it"
            )));
        }
    }
    let licence = std::fs::read_to_string(dir.join("license.txt")).ok().and_then(|text| one_licence(&text));
    let ids = Ids::load(&mut run.conn, &site)?;
    let tag_ids = tags::table.select((tags::name, tags::id)).load(&mut run.conn)?.into_iter().collect();
    let mut dump = Dump { files, site, licence, run, ids, tag_ids };
    let begin = STAGES.iter().position(|stage| *stage == dump.run.stage).unwrap_or(STAGES.len());
    for (at, stage) in STAGES.iter().enumerate().skip(begin) {
        dump.stage(stage)?;
        let next = STAGES.get(at + 1).copied().unwrap_or(DONE);
        dump.run.transaction(next, 0, |_| Ok(()))?;
    }
    dump.run.progress(DONE, 1, 1);
    // Without it the first pages are planned for an empty house.
    let analyse =
        if dump.run.conn.is_sqlite() { "PRAGMA analysis_limit = 1000; ANALYZE;" } else { "ANALYZE" };
    dump.run.conn.sql(analyse)?;
    dump.run.finish()
}

impl<'a> Dump<'a> {
    fn stage(&mut self, stage: &str) -> Result<()> {
        match stage {
            "people" => self.people(),
            "tags" => self.tags(),
            "questions" => self.questions(),
            "answers" => self.answers(),
            "history" => self.history(),
            "comments" => self.comments(),
            "acceptances" => self.acceptances(),
            "votes" => self.votes(),
            "links" => self.links(),
            "badges" => self.badges(),
            _ => self.counts(),
        }
    }

    /// One stage over one file: rows before the import's place are passed over, the others are
    /// parsed and rendered off this thread and handed to `write` in transactions.
    fn over<P: Send>(
        &mut self,
        stage: &'static str,
        file: &'static str,
        wanted: &'static [&'static str],
        parse: impl Fn(Row) -> P + Sync,
        mut write: impl FnMut(&mut Dump<'a>, Vec<P>) -> Result<()>,
    ) -> Result<()> {
        let Some(mut rows) = self.rows(file, wanted)? else { return Ok(()) };
        let total = self.run.stored.rows.get(file).copied().unwrap_or(0);
        let first = self.run.rows_done;
        rows.skip(first)?;
        let read = move || {
            Ok(rows.next_row()?.map(|row| {
                let weight = row.weight();
                (row, weight)
            }))
        };
        let per_commit = self.run.options.rows_per_commit;
        pipeline::run(per_commit, first, read, parse, |done, batch| {
            self.transaction(stage, done, |dump| write(dump, batch))?;
            self.run.progress(stage, done, total);
            Ok(())
        })
    }

    /// The rows of a file from its beginning, if there is one.
    fn rows(&self, file: &'static str, wanted: &'static [&'static str]) -> Result<Option<Rows>> {
        let Some(path) = self.files.get(file) else { return Ok(None) };
        let mut rows = Rows::open(path, wanted)?;
        if self.run.stored.jumbled.contains(file) {
            rows.guard(Late::of(path)?);
        }
        Ok(Some(rows))
    }

    /// [`Run::transaction`] with all of the dump at hand.
    fn transaction(
        &mut self,
        stage: &str,
        rows_done: u64,
        work: impl FnOnce(&mut Dump<'a>) -> Result<()>,
    ) -> Result<()> {
        self.run.begin()?;
        let done = work(self);
        self.run.end(stage, rows_done, done)
    }

    /// Counts what is not used of a batch and keeps the rest, each with what names it in a list.
    fn sift<T>(&mut self, file: &'static str, batch: Vec<Take<T>>) -> Result<Vec<(Label, T)>> {
        let mut kept = Vec::with_capacity(batch.len());
        for row in batch {
            match row {
                Take::Use(label, row) => kept.push((label, row)),
                Take::Skip => {}
                Take::Leave(label, reason) => self.unused(file, &label, reason)?,
            }
        }
        Ok(kept)
    }

    /// Counts a row as used, with what was left out of it.
    fn used(&mut self, file: &str, label: &Label) {
        self.run.used(file);
        for note in &label.notes {
            self.run.note(note, 1);
        }
    }

    fn unused(&mut self, file: &str, label: &Label, reason: impl Into<Reason>) -> Result<()> {
        self.run.unused(file, &label.name, &reason.into())
    }
}

/// Finds the files, whatever the case of their names (dumps before 2010 wrote them small).
fn find(dir: &Path) -> Result<Files> {
    let mut files = Files::new();
    for entry in std::fs::read_dir(dir).map_err(ExchangeError::io(dir))? {
        let entry = entry.map_err(ExchangeError::io(dir))?;
        let name = entry.file_name();
        if let Some(known) = FILES.iter().find(|known| name.eq_ignore_ascii_case(known)) {
            files.insert(known, entry.path());
        }
    }
    let missing: Vec<&str> = FILES.into_iter().take(2).filter(|f| !files.contains_key(f)).collect();
    if missing.is_empty() {
        return Ok(files);
    }
    Err(ExchangeError::Refused(format!(
        "{} holds no {}; unpack the site's archive there and name that folder",
        dir.display(),
        missing.join(" and no ")
    )))
}

/// Reads every file once before anything is written: a dump that is cut off changes nothing.
fn examine(files: &Files, run: &mut Run<'_>) -> Result<()> {
    for (at, (name, path)) in (0..).zip(files) {
        run.progress("checking", at, files.len() as u64);
        let mut rows = Rows::open(path, &[])?;
        let (mut count, mut highest, mut jumbled) = (0, None, false);
        while let Some(row) = rows.next_row()? {
            count += 1;
            if let Ok(Some(id)) = row.int("Id") {
                jumbled |= Some(id) <= highest;
                highest = highest.max(Some(id));
            }
        }
        if jumbled {
            run.stored.jumbled.insert((*name).to_owned());
        }
        run.stored.rows.insert((*name).to_owned(), count);
        run.stored.report.files.insert((*name).to_owned(), FileCount::default());
    }
    run.stored.lengths = lengths(files)?;
    Ok(())
}

/// Bytes of each file.
fn lengths(files: &Files) -> Result<BTreeMap<String, u64>> {
    let mut lengths = BTreeMap::new();
    for (name, path) in files {
        let file = std::fs::metadata(path).map_err(ExchangeError::io(path))?;
        lengths.insert((*name).to_owned(), file.len());
    }
    Ok(lengths)
}

/// The old site's host name, and whether it is a guess: `italian.stackexchange.com-2014` and
/// `italian` are both `italian.stackexchange.com`.
fn site_name(dir: &Path, told: Option<&str>) -> Result<(String, bool)> {
    let folder = match told {
        Some(_) => String::new(),
        None => {
            let dir = dir.canonicalize().map_err(ExchangeError::io(dir))?;
            dir.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default()
        }
    };
    let (text, guess) = match told {
        Some(told) => (told.trim().to_lowercase(), false),
        None => {
            let host = folder.trim_end_matches(".7z");
            let cut = host
                .rfind('.')
                .and_then(|dot| host.get(dot..).and_then(|end| end.find(['-', '_', ' '])).map(|at| dot + at));
            let host = cut.and_then(|at| host.get(..at)).unwrap_or(host);
            match host {
                "stackoverflow" | "superuser" | "serverfault" | "askubuntu" | "stackapps" => {
                    (format!("{host}.com"), true)
                }
                "mathoverflow" => (format!("{host}.net"), true),
                _ if host.contains('.') => (host.to_owned(), false),
                _ => {
                    let name: String =
                        host.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
                    (format!("{}.stackexchange.com", name.trim_matches('-')), true)
                }
            }
        }
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    let host = text.len() <= 100 && text.chars().all(fits) && text.contains('.');
    if host && !text.starts_with(['.', '-']) && !text.ends_with(['.', '-']) && !text.contains("..") {
        return Ok((text, guess));
    }
    Err(ExchangeError::Refused(format!(
        "\"{}\" is no site's host name; give --site, for example --site italian.stackexchange.com",
        text.chars().take(100).collect::<String>()
    )))
}

/// The licence a text names, if it names exactly one.
fn one_licence(text: &str) -> Option<String> {
    let text = text.to_lowercase().replace('/', " ");
    let mut named = ["2.5", "3.0", "4.0"].into_iter().filter(|v| text.contains(&format!("by-sa {v}")));
    match (named.next(), named.next()) {
        (Some(version), None) => Some(format!("CC BY-SA {version}")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_site_is_read_from_the_folder() {
        let temp = tempfile::tempdir().unwrap();
        let check = |folder: &str, expect: &str, guess| {
            let dir = temp.path().join(folder);
            std::fs::create_dir_all(&dir).unwrap();
            assert_eq!(site_name(&dir, None).unwrap(), (expect.to_owned(), guess), "{folder}");
        };
        check("italian.stackexchange.com-2014", "italian.stackexchange.com", false);
        check("it.meta.stackoverflow.com", "it.meta.stackoverflow.com", false);
        check("askubuntu", "askubuntu.com", true);
        check("My Dump", "my-dump.stackexchange.com", true);
        assert_eq!(
            site_name(temp.path(), Some("A.example.org")).unwrap(),
            ("a.example.org".to_owned(), false)
        );
        for bad in ["", "nodot", "a/b.c", "a..b", ".a.b", "x'; DROP.com"] {
            assert!(site_name(temp.path(), Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_licence_is_taken_only_when_it_is_the_only_one() {
        assert_eq!(one_licence("cc-by-sa 3.0 http://x/by-sa/3.0/").as_deref(), Some("CC BY-SA 3.0"));
        assert_eq!(one_licence("CC BY-SA 2.5 until, CC BY-SA 3.0 then"), None);
        assert_eq!(one_licence(""), None);
    }
}
