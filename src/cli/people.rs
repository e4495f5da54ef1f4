//! cli room: accounts made and mended from the terminal.
use super::{open_database, require_database, say};
use crate::accounts::password::Hasher;
use crate::accounts::{self, Caller, NewUser, Role, UserMade, password_problem};
use crate::config::Config;
use crate::error::Error;
use crate::kernel::limits;
use crate::kernel::names::{DisplayName, Email, Username};
use crate::privacy::{self, Erasing};
use std::io::{BufRead, IsTerminal, Read};
use std::process::ExitCode;

/// Bytes read as a password: more than the longest that is accepted.
const PASSWORD_BYTES: u64 = 4 * 1024;

pub fn create(
    config: &Config,
    name: &str,
    email: &str,
    role: Role,
    display_name: Option<&str>,
) -> anyhow::Result<ExitCode> {
    let username = Username::parse_new(name).map_err(|e| anyhow::anyhow!("--name {name}: {e}"))?;
    let display_name = DisplayName::parse(display_name.unwrap_or(name))
        .map_err(|e| anyhow::anyhow!("--display-name: {e}"))?;
    let email = Email::parse(email).map_err(|e| anyhow::anyhow!("--email {email}: {e}"))?;
    let password = read_password(&[username.as_str(), display_name.as_str(), email.as_str()])?;
    let db = open_database(config)?;
    let password_hash = hash(config, &password)?;
    let new =
        NewUser { username, display_name, email: Some(email), password_hash: Some(password_hash), role };
    let made = db.write_blocking(move |tx| accounts::make_user(tx, new)).map_err(failed)?;
    db.stop();
    match made {
        UserMade::Made(id) => {
            say(&format!("{name} is {} number {id}", role.as_str()));
            Ok(ExitCode::SUCCESS)
        }
        UserMade::NameTaken => anyhow::bail!("the name {name} is taken"),
        UserMade::EmailTaken => anyhow::bail!("there is an account with this e-mail address"),
    }
}

pub fn set_password(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let db = open_database(config)?;
    let found = accounts::find_person(&mut *db.reader()?, name)?;
    let Some(user) = found.map(|person| person.id) else { anyhow::bail!("nobody is called {name}") };
    let hash = hash(config, &read_password(&[name])?)?;
    let caller = Caller::default();
    db.write_blocking(move |tx| accounts::set_password(tx, None, user, &hash, &caller))?;
    db.stop();
    say(&format!("{name} has a new password; open sessions and access tokens were ended"));
    Ok(ExitCode::SUCCESS)
}

pub fn erase(config: &Config, name: &str) -> anyhow::Result<ExitCode> {
    require_database(config)?;
    let db = open_database(config)?;
    let found = accounts::find_person(&mut *db.reader()?, name)?;
    let Some(user) = found.map(|person| person.id) else { anyhow::bail!("nobody is called {name}") };
    let erasing = db.write_blocking(move |tx| privacy::erase(tx, None, user)).map_err(failed)?;
    db.stop();
    match erasing {
        Erasing::Erased => {
            say(&format!("{name} is erased; what they wrote stays without their name"));
            Ok(ExitCode::SUCCESS)
        }
        Erasing::LastAdmin => anyhow::bail!("{name} is the only admin; make another one first"),
        Erasing::NoSuchPerson => anyhow::bail!("nobody is called {name}"),
    }
}

fn hash(config: &Config, password: &str) -> anyhow::Result<String> {
    Hasher::start(config.password_memory_kib)
        .and_then(|hasher| hasher.hash_blocking(password))
        .map_err(|e| anyhow::anyhow!("the password cannot be hashed: {e}"))
}

/// One line of standard input; at a terminal it is not shown.
fn read_password(about: &[&str]) -> anyhow::Result<String> {
    let password = if std::io::stdin().is_terminal() {
        rpassword::prompt_password("Password: ")?
    } else {
        let mut line = Vec::new();
        std::io::stdin().lock().take(PASSWORD_BYTES).read_until(b'\n', &mut line)?;
        let text = String::from_utf8(line).map_err(|_| anyhow::anyhow!("the password is not UTF-8"))?;
        text.trim_end_matches(['\n', '\r']).to_owned()
    };
    let problem = match password_problem(&password, about) {
        None => return Ok(password),
        Some("password-too-short") => format!("has fewer than {} characters", limits::MIN_PASSWORD),
        Some("password-too-long") => format!("has more than {} characters", limits::MAX_PASSWORD),
        Some("password-is-name") => "is the name or the address".to_owned(),
        Some(_) => "is among those that are tried first".to_owned(),
    };
    anyhow::bail!("the password (one line of standard input) {problem}")
}

fn failed(error: Error) -> anyhow::Error {
    anyhow::anyhow!("{error}")
}
