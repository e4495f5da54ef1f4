//! cli room: a filled demo community of its own: Brezza, a made-up maker of home Wi-Fi.
//!
//! It never touches the forum's own data: its folder is `data-demo` unless `--data` or `LOGGIA_DATA` names
//! another, its database SQLite in that folder unless the line or the environment names an empty one.
//! Dates are moved so that the newest post is minutes old.
use super::serve::{Arguments, bind, keep_open};
use super::{Place, transfer};
use crate::accounts;
use crate::app::App;
use crate::error::Error;
use crate::exchange;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

const LINES: &str = include_str!("../../assets/demo/brezza.jsonl");
/// Seconds between the newest line and the moment of the first start.
const FRESHNESS: i64 = 240;
/// What a demo's folder is known by.
const MARK: &str = "demo.json";
/// Beside the database until everything is in.
const MOVED: &str = "demo.jsonl";

/// Who to be: sign-in, role, what they see.
const SIGN_INS: [(&str, &str, &str); 5] = [
    ("ann", "customer", "an asker: an accepted answer, a closed duplicate"),
    ("bruno", "power user", "points, badges, edits"),
    ("carla", "moderator", "the queue: flags, unanswered, unsolved"),
    ("dario", "staff", "the desk: an open case, one taken, two answered"),
    ("elena", "admin", "the owner: administration"),
];

/// Words of a password that is read off a terminal and typed: 64, so each is six bits.
const WORDS: [&str; 64] = [
    "acorn", "amber", "anchor", "apple", "arch", "autumn", "basil", "bell", "birch", "breeze", "bridge",
    "cedar", "chalk", "cherry", "cliff", "cloud", "clover", "copper", "coral", "daisy", "dawn", "delta",
    "dune", "ember", "fern", "field", "flint", "garden", "garnet", "glade", "harbor", "hazel", "heron",
    "island", "ivory", "jasmine", "juniper", "lagoon", "lantern", "laurel", "lemon", "linen", "maple",
    "marble", "meadow", "mint", "olive", "orchard", "otter", "pebble", "pepper", "piazza", "pine", "quartz",
    "river", "saffron", "sparrow", "spring", "stone", "summit", "thyme", "valley", "willow", "winter",
];

#[derive(Serialize, Deserialize)]
struct Mark {
    password: String,
    /// Where it lives, as [`crate::db::Target::describe`] says it.
    database: String,
    /// Everything is in and signs in with that password.
    ready: bool,
}

pub fn demo(place: &Place) -> anyhow::Result<ExitCode> {
    // What stands in loggia.toml is the forum's own.
    let named = |variable: &str| std::env::var(variable).ok().filter(|value| !value.is_empty());
    let data = place.data.clone().or_else(|| named("LOGGIA_DATA")).unwrap_or_else(|| "data-demo".into());
    let database_url = place
        .database_url
        .clone()
        .or_else(|| named("LOGGIA_DATABASE_URL"))
        .or_else(|| named("DATABASE_URL"))
        .unwrap_or_default();
    let fixed: Vec<(&'static str, String)> = vec![
        ("data", data),
        ("database_url", database_url),
        ("base_url", String::new()),
        ("brand.name", "Brezza".into()),
        ("brand.tagline", "Help from people with the same router".into()),
        ("brand.logo", String::new()),
        ("mail.transport", "folder".into()),
    ];
    let config = place.load(&fixed)?;
    super::log(&config, true)?;
    let mark_file = config.data.join(MARK);
    let mut mark = read_mark(&mark_file)?;
    let database = config.database.describe();
    if let Some(mark) = mark.as_ref().filter(|mark| mark.database != database) {
        anyhow::bail!(
            "the demo in {} lives in {}, not in {database}; name another folder with --data",
            super::shown(&config.data),
            mark.database
        );
    }
    if mark.is_none() && exchange::backup::first_full(&config.database)?.is_some() {
        anyhow::bail!(
            "{database} holds a forum that is no demo; name another folder with --data, or an empty database"
        );
    }
    let (config, listener) = bind(config)?;
    if mark.as_ref().is_none_or(|mark| !mark.ready) {
        super::say("Filling the demo community…");
        let password = match &mark {
            Some(mark) => mark.password.clone(),
            None => password()?,
        };
        let fresh = Mark { password, database: database.clone(), ready: false };
        if mark.is_none() {
            // A start that was cut off goes on with the same dates: its import knows the file again.
            write_private(&config.data.join(MOVED), move_dates(now_seconds())?.as_bytes())?;
            write_mark(&mark_file, &fresh)?;
        }
        let app = transfer::open_quietly(config.clone())?;
        transfer::bring_in(&app, &transfer::Source::Jsonl(config.data.join(MOVED)))?;
        let people = give_password(&app, &fresh.password)?;
        app.close();
        drop(app);
        anyhow::ensure!(people > 0, "nobody came into the demo");
        let ready = Mark { ready: true, ..fresh };
        write_mark(&mark_file, &ready)?;
        let _ = std::fs::remove_file(config.data.join(MOVED));
        mark = Some(ready);
    }
    let Some(mark) = mark else { anyhow::bail!("the demo has no password") };
    let app = App::open(config, crate::app::Options::default())?;
    let mut lines = vec![
        format!("The demo community Brezza is open at {}", app.config.base_url),
        format!("Sign in with the password: {}", mark.password),
    ];
    for (name, role, sees) in SIGN_INS {
        lines.push(format!("  {name:<7}{role:<12}{sees}"));
    }
    keep_open(&app, listener, &Arguments::default(), &lines)
}

fn read_mark(path: &Path) -> anyhow::Result<Option<Mark>> {
    match std::fs::read(path) {
        Ok(text) => {
            let mark = serde_json::from_slice(&text)
                .with_context(|| format!("{} cannot be read; remove the demo's folder", path.display()))?;
            Ok(Some(mark))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| path.display().to_string()),
    }
}

/// Whole or not at all.
fn write_mark(path: &Path, mark: &Mark) -> anyhow::Result<()> {
    let unfinished = path.with_extension("json.unfinished");
    write_private(&unfinished, &serde_json::to_vec(mark)?)?;
    std::fs::rename(&unfinished, path).with_context(|| path.display().to_string())
}

fn write_private(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file =
            std::fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().with_context(|| path.display().to_string())
}

fn now_seconds() -> i64 {
    crate::kernel::moment::Clock::system().now().0 / crate::kernel::moment::SECOND
}

/// The demo's lines, all moved by one stretch of time.
fn move_dates(now: i64) -> anyhow::Result<String> {
    let mut lines = LINES
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect::<Result<Vec<serde_json::Map<String, Value>>, _>>()?;
    let newest = lines.iter().filter_map(|line| line.get("created")?.as_i64()).max().unwrap_or(now);
    let stretch = now - FRESHNESS - newest;
    let mut text = String::with_capacity(LINES.len());
    for line in &mut lines {
        for name in ["created", "due"] {
            if let Some(at) = line.get(name).and_then(Value::as_i64) {
                line.insert(name.to_owned(), Value::from(at + stretch));
            }
        }
        text.push_str(&serde_json::to_string(line)?);
        text.push('\n');
    }
    Ok(text)
}

fn password() -> anyhow::Result<String> {
    let mut bytes = [0u8; 5];
    getrandom::fill(&mut bytes).map_err(|e| anyhow::anyhow!("no random numbers: {e}"))?;
    let words: Vec<&str> =
        bytes.iter().filter_map(|byte| WORDS.get(usize::from(*byte) % WORDS.len()).copied()).collect();
    Ok(words.join("-"))
}

/// Everybody of the demo gets the same password, hashed once; how many they are.
fn give_password(app: &App, password: &str) -> anyhow::Result<usize> {
    let hash = app.hasher.hash_blocking(password).map_err(|e| anyhow::anyhow!("{e}"))?;
    let names: Vec<String> = LINES
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("kind").and_then(Value::as_str) == Some("user"))
        .filter_map(|line| line.get("name")?.as_str().map(str::to_owned))
        .collect();
    app.db
        .write_blocking(move |tx| -> Result<usize, Error> {
            let mut people = 0;
            for name in &names {
                if let Some(person) = accounts::find_person(tx.conn, name)? {
                    accounts::set_password(tx, None, person.id, &hash, &accounts::Caller::default())?;
                    people += 1;
                }
            }
            Ok(people)
        })
        .map_err(|e| anyhow::anyhow!("{e}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_line_of_the_demo_is_minutes_old() {
        let now = 1_800_000_000;
        let text = move_dates(now).unwrap();
        assert_eq!(text.lines().count(), LINES.lines().count());
        let newest = text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).unwrap().get("created")?.as_i64())
            .max();
        assert_eq!(newest, Some(now - FRESHNESS));
    }

    #[test]
    fn every_printed_sign_in_is_a_person_of_the_demo() {
        for (name, ..) in SIGN_INS {
            assert!(LINES.contains(&format!("\"name\": \"{name}\"")), "{name}");
        }
    }

    #[test]
    fn the_demos_password_is_accepted_by_the_house() {
        let password = password().unwrap();
        assert_eq!(accounts::policy::password_problem(&password, &["ann"]), None, "{password}");
    }
}
