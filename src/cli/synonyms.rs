//! cli room: the brand's synonyms from the terminal, while the forum is open or not.
use super::{complain, open_database, read_text, require_database, say};
use crate::config::Config;
use crate::search::synonyms::Problem;
use crate::search::{SynonymChange, Synonyms, change_synonyms, synonym_list};
use std::path::Path;
use std::process::ExitCode;

/// Prints the list in force.
pub fn show(config: &Config) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let db = open_database(config)?;
    let list = synonym_list(&mut *db.reader()?)?;
    say(list.body.trim_end());
    db.stop();
    Ok(ExitCode::SUCCESS)
}

/// Says whether a file could be put in force.
pub fn check(file: &Path) -> anyhow::Result<ExitCode> {
    let text = read_text(file)?;
    Ok(match Synonyms::parse(&text) {
        Ok(list) => {
            say(&format!("{} rules", list.rules()));
            ExitCode::SUCCESS
        }
        Err(problem) => wrong(file, &problem),
    })
}

/// Puts a file in force; a running forum follows within a second.
pub fn load(config: &Config, file: &Path) -> anyhow::Result<ExitCode> {
    let text = read_text(file)?;
    let db = open_database(config)?;
    let change = db.write_blocking(move |tx| change_synonyms(tx, None, None, &text))?;
    db.stop();
    Ok(match change {
        SynonymChange::Wrong(problem) => wrong(file, &problem),
        SynonymChange::Same => {
            say("the list is as it was");
            ExitCode::SUCCESS
        }
        SynonymChange::Changed | SynonymChange::Overtaken => {
            say("the list is in force");
            ExitCode::SUCCESS
        }
    })
}

fn wrong(file: &Path, problem: &Problem) -> ExitCode {
    complain(&format!("{}: {}", file.display(), crate::admin::problem_said("en", problem)));
    ExitCode::from(1)
}
