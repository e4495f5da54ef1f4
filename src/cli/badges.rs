//! cli room: the rules of badges from the terminal, while the forum is open or not.
use super::{complain, open_database, read_text, require_database, say};
use crate::badges::{self, Changing, Problem, Rules};
use crate::config::Config;
use crate::reputation;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Prints the rules in force.
pub fn show(config: &Config) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let db = open_database(config)?;
    let mut conn = db.reader()?;
    let (version, _) = badges::active(&mut conn)?;
    say(badges::rules_text(&mut conn, version)?.unwrap_or_default().trim_end());
    drop(conn);
    db.stop();
    Ok(ExitCode::SUCCESS)
}

/// Says what a file would do today, or what is wrong with it.
pub fn check(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    let text = read_text(file)?;
    require_database(config)?;
    let db = open_database(config)?;
    let mut conn = db.reader()?;
    let known = badges::known_tags(&mut conn)?;
    let rules = match Rules::parse_with(&text, &known) {
        Ok(rules) => Arc::new(rules),
        Err(problem) => return Ok(wrong(file, &problem)),
    };
    let run = reputation::dry_run(&mut conn, &rules)?;
    say("badge                             now      then    gained      lost  other level");
    for (id, effect) in &run.effects {
        say(&format!(
            "{id:<28}{:>9}{:>10}{:>10}{:>10}{:>13}",
            effect.now, effect.then, effect.gained, effect.lost, effect.levelled
        ));
    }
    for id in run.common(&rules) {
        say(&format!("warning: {id} would go to nine in ten or more"));
    }
    say(&format!("{} people looked at in {} ms", run.people, run.took.as_millis()));
    drop(conn);
    db.stop();
    Ok(ExitCode::SUCCESS)
}

/// Puts a file in force; a running forum follows within a second.
pub fn load(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    let text = read_text(file)?;
    let db = open_database(config)?;
    let change = db.write_blocking(move |tx| badges::change_rules(tx, None, None, &text))?;
    db.stop();
    Ok(match change {
        Changing::Wrong(problem) => wrong(file, &problem),
        Changing::Same => {
            say("the rules are as they were");
            ExitCode::SUCCESS
        }
        Changing::Activated(_) | Changing::Overtaken => {
            say("the rules are in force");
            ExitCode::SUCCESS
        }
    })
}

fn wrong(file: &Path, problem: &Problem) -> ExitCode {
    complain(&format!("{}: {}", file.display(), badges::said("en", problem)));
    ExitCode::from(1)
}
