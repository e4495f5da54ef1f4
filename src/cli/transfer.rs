//! cli room: communities in and out, and what is computed from the ledger anew.
use super::progress::Progress;
use super::{open_database, prepare, require_database, say, shown};
use crate::app::{App, Options, followers, lock_data};
use crate::config::Config;
use crate::db::Access;
use crate::exchange::{self, Report};
use crate::kernel::moment::Clock;
use crate::ledger::follow;
use crate::reputation;
use anyhow::Context;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

pub enum Source {
    StackExchange(PathBuf, Option<String>),
    Jsonl(PathBuf),
}

/// The house without its background threads: the command does their work itself.
pub fn open_quietly(config: Config) -> anyhow::Result<App> {
    App::open(config, Options { background: false, ..Options::default() })
}

pub fn import(config: Config, source: Source) -> anyhow::Result<ExitCode> {
    let app = open_quietly(config)?;
    let report = bring_in(&app, &source)?;
    app.close();
    for line in report.lines() {
        say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Imports and lets everything that follows the ledger catch up.
pub fn bring_in(app: &App, source: &Source) -> anyhow::Result<Report> {
    let progress = Progress::new();
    let show = |at: exchange::Progress| progress.at(at.stage, at.done, at.total);
    let mut options = exchange::Options::new(app.config.data.join("imports"), Clock::system().now());
    options.progress = &show;
    let target = &app.config.database;
    let report = match source {
        Source::StackExchange(folder, site) => {
            options.site.clone_from(site);
            exchange::stackexchange::import(target, folder, &options)?
        }
        Source::Jsonl(file) => exchange::jsonl::import(target, file, &options)?,
    };
    progress.end();
    catch_up(app)?;
    let mut conn = target.connect(Access::Write)?;
    conn.without_time_limits()?;
    // Without it the first pages are planned for an empty house.
    conn.sql(if conn.is_sqlite() { "PRAGMA analysis_limit = 1000; ANALYZE;" } else { "ANALYZE" })?;
    Ok(report)
}

/// Every follower up to the ledger's head, then the index.
fn catch_up(app: &App) -> anyhow::Result<()> {
    let progress = Progress::new();
    for follower in followers(&app.letterhead) {
        let (start, head) = {
            let mut conn = app.db.reader()?;
            (follow::place(&mut conn, follower.name())?, crate::ledger::head(&mut conn)?)
        };
        let (mut done, total) = (0, u64::try_from(head.0 - start.0).unwrap_or(0));
        loop {
            let step = follow::step(&app.db, &follower)?;
            if step == 0 {
                break;
            }
            done += step as u64;
            progress.at(follower.name(), done, total.max(done));
        }
    }
    progress.end();
    index(app)
}

/// What is there is followed; what is missing or damaged is built anew.
fn index(app: &App) -> anyhow::Result<()> {
    if app.search.is_rebuilding() {
        return build_index(app);
    }
    crate::search::catch_up(app)?;
    Ok(())
}

fn build_index(app: &App) -> anyhow::Result<()> {
    let progress = Progress::new();
    crate::search::reindex(app, &|done, total| progress.at("search index", done, total))?;
    progress.end();
    Ok(())
}

/// The index that is there stays whole until the new one takes its place.
pub fn reindex(config: Config) -> anyhow::Result<ExitCode> {
    require_database(&config)?;
    let app = open_quietly(config)?;
    build_index(&app)?;
    say(&format!("{} threads are in the search index", app.search.index.doc_count()));
    app.close();
    Ok(ExitCode::SUCCESS)
}

/// What is not there is built anew.
fn remove_index(config: &Config) -> anyhow::Result<()> {
    let folder = config.data.join("index");
    match std::fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("{} cannot be removed", folder.display()))
        }
        _ => Ok(()),
    }
}

pub fn replay(config: &Config) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let db = open_database(config)?;
    let progress = Progress::new();
    let report = reputation::replay(&db, &mut |done, total| progress.at("replay", done, total))?;
    progress.end();
    db.stop();
    say(&format!("{} events were folded again; {} people have points", report.events, report.people));
    if report.differences == 0 {
        say("Everything was as it should be.");
        return Ok(ExitCode::SUCCESS);
    }
    say(&format!("{} rows were wrong and have been put right.", report.differences));
    Ok(ExitCode::FAILURE)
}

pub fn stats(config: &Config, json: bool) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    prepare(config)?;
    let mut conn = config.database.connect(Access::Read)?;
    conn.without_time_limits()?;
    conn.begin_snapshot()?;
    let stats = exchange::stats(&mut conn)?;
    conn.sql("COMMIT")?;
    if json {
        say(&serde_json::to_string(&stats)?);
        return Ok(ExitCode::SUCCESS);
    }
    let rows = [
        ("people", stats.people),
        ("questions", stats.questions),
        ("answers", stats.answers),
        ("accepted", stats.accepted),
        ("comments", stats.comments),
        ("votes up", stats.up_votes),
        ("votes down", stats.down_votes),
        ("tags", stats.tags),
        ("duplicates", stats.duplicates),
        ("events", stats.events),
    ];
    for (name, count) in rows {
        say(&format!("{name:<12}{count:>12}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub fn backup(config: &Config, file: &Path, settings: Option<&Path>) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let progress = Progress::new();
    let show = |at: exchange::Progress| progress.at("backup", at.done, at.total);
    let now = Clock::system().now();
    let made = exchange::backup::backup(&config.database, file, settings, now, &show);
    progress.end();
    let made = made.context("no backup was made")?;
    if let Err(error) = exchange::backup::note_made(&config.data, now) {
        super::complain(&format!(
            "loggia: the backup is made, but its time could not be written down: {error}"
        ));
    }
    say(&format!(
        "{} rows of {} tables are in {} ({} bytes). It holds password hashes and addresses: keep it safe.",
        made.rows(),
        made.sums.tables.len(),
        shown(file),
        made.bytes
    ));
    Ok(ExitCode::SUCCESS)
}

pub fn restore(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    // Before the data folder is even made: a damaged file changes nothing.
    exchange::backup::verify(file)?;
    let _alone = lock_data(config)?;
    let progress = Progress::new();
    let show = |at: exchange::Progress| progress.at("restore", at.done, at.total);
    let restored = exchange::backup::restore(&config.database, file, &show);
    progress.end();
    let restored = restored.with_context(|| format!("{} was not restored", shown(file)))?;
    remove_index(config)?;
    say(&format!(
        "{} rows of {} (Loggia {}, {}) are in {}. The search index is built at the next start; settings are not touched (the archive's settings.toml, where there is one, is the file of then).",
        restored.rows(),
        restored.head.created,
        restored.head.loggia,
        restored.head.database,
        config.database.describe()
    ));
    Ok(ExitCode::SUCCESS)
}
