//! cli room: the command line, one module per group of commands.
//!
//! Ends with 0 when done, 1 when it could not be done or something is wrong, 2 when settings or
//! arguments are.
mod badges;
mod demo;
mod doctor;
mod evaluate;
mod model;
mod people;
mod progress;
mod reputation;
mod serve;
mod synonyms;
mod transfer;

use crate::accounts::Role;
use crate::config::{Config, ConfigError};
use crate::db::{self, Db, Opening, Target};
use crate::kernel::moment::Clock;
use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, LazyLock};

static VERSION: LazyLock<String> =
    LazyLock::new(|| format!("{} (SQLite {})", env!("CARGO_PKG_VERSION"), db::sqlite_version()));

/// The settings file that is read when none is named.
const SETTINGS_FILE: &str = "loggia.toml";

#[derive(Parser)]
#[command(
    name = "loggia",
    version = VERSION.as_str(),
    about = "A brand's own help community: ask, answer, find the public solution, escalate what the community cannot solve.",
    after_help = "Without a command, loggia serves. Every setting can stand in loggia.toml or in the environment as LOGGIA_NAME; \
                  `loggia settings` lists them."
)]
struct Cli {
    #[command(flatten)]
    place: Place,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings that every command takes on its line.
#[derive(Args)]
struct Place {
    /// Folder of the database, the search index and development mails [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data: Option<String>,
    /// Where the forum answers [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME [default: loggia.sqlite in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// Settings file [default: loggia.toml in this folder, where there is one]
    #[arg(long, global = true, value_name = "FILE", env = "LOGGIA_CONFIG")]
    config: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Command {
    /// Open the forum (the default)
    Serve(serve::Arguments),
    /// Open a filled demo community in a folder of its own (./data-demo, or --data) and print its sign-ins
    Demo,
    /// Bring a community in from elsewhere; a run that was cut off goes on where it stopped
    #[command(subcommand)]
    Import(Import),
    /// Build the search index anew
    Reindex,
    /// Compute points and badges anew from the ledger; ends with 1 when it had to put something right
    Replay,
    /// Tell how everybody stands: points, authority, badges, and what was taken back and why
    Standing(reputation::Standing),
    /// Make up a community and see what would come of it
    #[command(subcommand)]
    Simulate(Simulate),
    /// Count what there is
    Stats {
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Accounts; works while the forum is open
    #[command(subcommand)]
    User(User),
    /// The rules of badges; works while the forum is open
    #[command(subcommand)]
    Badges(BrandFile),
    /// The brand's words that mean the same to a search; works while the forum is open
    #[command(subcommand)]
    Synonyms(BrandFile),
    /// Write everything into one file, while the forum is open or not
    Backup {
        #[arg(value_name = "FILE.tar.gz")]
        file: PathBuf,
    },
    /// Fill an empty database, SQLite or PostgreSQL, from a backup of either
    Restore {
        #[arg(value_name = "FILE.tar.gz")]
        file: PathBuf,
    },
    /// The sentence encoder: with it, search also finds what means the same in other words
    Model {
        #[command(subcommand)]
        what: Option<Model>,
    },
    /// Check settings, folders, database, index and mail, and say what to mend; ends with 1 on errors
    Doctor {
        /// Also compare the search index, points and badges with what they are made from
        #[arg(long)]
        deep: bool,
    },
    /// Compare the search index with the database and name every difference; ends with 1 when there are any
    Verify,
    /// Measure how good the search is, on sets whose answers are known
    #[command(subcommand)]
    Evaluate(evaluate::Evaluate),
    /// List every setting, what it takes and its default
    Settings,
}

#[derive(Subcommand)]
enum Import {
    /// A Stack Exchange data dump: a folder with Posts.xml, Users.xml and so on
    Stackexchange {
        #[arg(value_name = "DIR")]
        folder: PathBuf,
        /// The old site's host name, when the folder's name does not tell it
        #[arg(long, value_name = "NAME")]
        site: Option<String>,
    },
    /// JSON lines, one user, question, answer, vote and so on per line
    Jsonl {
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum Simulate {
    /// Honest members, and those who would rather be thought right: how far each comes
    Reputation {
        /// The same seed gives the same community
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// As one JSON object
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum Model {
    /// Check a model and put it in place: a folder with model.safetensors, tokenizer.json and config.json, or a wheel
    Add {
        #[arg(value_name = "PATH_OR_WHEEL")]
        from: PathBuf,
        /// What to call it [default: what it calls itself]
        #[arg(long)]
        name: Option<String>,
        /// Codes of the languages it knows, comma separated [default: en]
        #[arg(long, value_delimiter = ',')]
        languages: Vec<String>,
    },
    /// Show which model is in place (the default)
    Show,
    /// Take the model and the vectors it made away
    Remove,
}

/// What can be done with a file of the brand's.
#[derive(Subcommand)]
enum BrandFile {
    /// Print what is in force
    Show,
    /// Say whether a file could be put in force, what it would do, or what is wrong with it; changes nothing
    Check {
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
    /// Put a file in force
    Load {
        #[arg(value_name = "FILE.toml")]
        file: PathBuf,
    },
}

#[derive(Subcommand)]
enum User {
    /// Make an account; its password is one line of standard input
    Create {
        /// The name to sign in with
        #[arg(long)]
        name: String,
        #[arg(long)]
        email: String,
        /// customer, moderator, staff or admin
        #[arg(long, default_value = "customer", value_parser = role)]
        role: Role,
        /// The name others see [default: the same]
        #[arg(long)]
        display_name: Option<String>,
    },
    /// Erase a person for good: name, address, sessions, tokens, drafts, mails; their posts stay without a name
    Erase {
        /// The name they sign in with
        #[arg(long)]
        name: String,
    },
    /// Set a new password (one line of standard input) and end the person's sessions and access tokens
    SetPassword {
        /// Name or e-mail address
        #[arg(long)]
        name: String,
    },
}

fn role(text: &str) -> Result<Role, String> {
    Role::parse(text).ok_or_else(|| "a role is customer, moderator, staff or admin".into())
}

/// Parses the command line and does what it says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(error) => {
            let wrong_settings = error.downcast_ref::<ConfigError>().is_some();
            complain(&format!("loggia: {error:#}"));
            ExitCode::from(if wrong_settings { 2 } else { 1 })
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let command = cli.command.unwrap_or(Command::Serve(serve::Arguments::default()));
    if let Command::Settings = command {
        settings();
        return Ok(ExitCode::SUCCESS);
    }
    if let Command::Demo = command {
        return demo::demo(&cli.place);
    }
    if let Command::Evaluate(what) = command {
        return evaluate::evaluate(what);
    }
    if let Command::Simulate(Simulate::Reputation { seed, json }) = command {
        return reputation::simulate(seed, json);
    }
    let config = cli.place.load(&[])?;
    let serving = matches!(command, Command::Serve(_));
    log(&config, serving)?;
    match command {
        Command::Serve(arguments) => serve::serve(config, &arguments),
        Command::Import(Import::Stackexchange { folder, site }) => {
            transfer::import(config, transfer::Source::StackExchange(folder, site))
        }
        Command::Import(Import::Jsonl { file }) => transfer::import(config, transfer::Source::Jsonl(file)),
        Command::Reindex => transfer::reindex(config),
        Command::Replay => transfer::replay(&config),
        Command::Standing(arguments) => reputation::standing(&config, &arguments),
        Command::Stats { json } => transfer::stats(&config, json),
        Command::User(User::Create { name, email, role, display_name }) => {
            people::create(&config, &name, &email, role, display_name.as_deref())
        }
        Command::User(User::Erase { name }) => people::erase(&config, &name),
        Command::User(User::SetPassword { name }) => people::set_password(&config, &name),
        Command::Badges(BrandFile::Show) => badges::show(&config),
        Command::Badges(BrandFile::Check { file }) => badges::check(&config, &file),
        Command::Badges(BrandFile::Load { file }) => badges::load(&config, &file),
        Command::Synonyms(BrandFile::Show) => synonyms::show(&config),
        Command::Synonyms(BrandFile::Check { file }) => synonyms::check(&file),
        Command::Synonyms(BrandFile::Load { file }) => synonyms::load(&config, &file),
        Command::Backup { file } => transfer::backup(&config, &file, cli.place.settings_file().as_deref()),
        Command::Restore { file } => transfer::restore(&config, &file),
        Command::Model { what } => match what.unwrap_or(Model::Show) {
            Model::Add { from, name, languages } => {
                model::add(&config, &from, model::Said { name, languages })
            }
            Model::Show => model::show(&config),
            Model::Remove => model::remove(&config),
        },
        Command::Doctor { deep } => doctor::doctor(&config, deep),
        Command::Verify => doctor::verify(&config),
        Command::Demo | Command::Settings | Command::Evaluate(_) | Command::Simulate(_) => {
            Ok(ExitCode::SUCCESS)
        }
    }
}

impl Place {
    /// The file settings come from, if there is one.
    fn settings_file(&self) -> Option<PathBuf> {
        self.config.clone().or_else(|| {
            let usual = PathBuf::from(SETTINGS_FILE);
            usual.exists().then_some(usual)
        })
    }

    /// Defaults, file, environment, the line, and above all `fixed`.
    fn load(&self, fixed: &[(&'static str, String)]) -> anyhow::Result<Config> {
        let mut environment = Vec::new();
        for (key, value) in std::env::vars_os() {
            let key = key.to_string_lossy().into_owned();
            match value.into_string() {
                Ok(value) => environment.push((key, value)),
                Err(value) if key.starts_with("LOGGIA_") || key == "DATABASE_URL" => {
                    anyhow::bail!(ConfigError::File(key, format!("{value:?} is not UTF-8")));
                }
                Err(_) => {}
            }
        }
        let mut flags: Vec<(&str, String)> = Vec::new();
        let given = [("data", &self.data), ("listen", &self.listen), ("database_url", &self.database_url)];
        for (name, value) in given {
            if let Some(value) = value {
                flags.push((name, value.clone()));
            }
        }
        flags.extend(fixed.iter().cloned());
        Ok(Config::load(self.settings_file().as_deref(), environment, &flags)?)
    }
}

/// Sends the log to standard error. Commands that are not the server say only what went wrong,
/// unless the setting asks for more.
fn log(config: &Config, serving: bool) -> anyhow::Result<()> {
    let filter = if serving || config.log != "info" { config.log.as_str() } else { "warn" };
    // The server's own words say more than its library's.
    let filter = if filter == "info" { "info,actix_server=warn" } else { filter };
    let filter = tracing_subscriber::EnvFilter::try_new(filter).map_err(|_| ConfigError::Wrong {
        name: "log",
        takes: "a filter such as info or loggia=debug",
        value: config.log.clone(),
        from: "log".into(),
    })?;
    let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .try_init();
    Ok(())
}

fn settings() {
    for setting in crate::config::SETTINGS {
        let variable = setting.name.replace('.', "_").to_uppercase();
        say(&format!("{} (LOGGIA_{variable})", setting.name));
        say(&format!("    {}", setting.what));
        let default = if setting.default.is_empty() { "nothing" } else { setting.default };
        say(&format!("    takes {}; default {default}", setting.takes));
    }
}

/// One line on standard output. A reader that went away is no failure.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// One line on standard error.
fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Whether the database was ever opened; a command that only looks must not make one.
fn require_database(config: &Config) -> anyhow::Result<()> {
    match &config.database {
        Target::Sqlite(path) if !path.is_file() => anyhow::bail!(
            "there is no database at {}; `loggia serve` makes one, --data or --database-url name another",
            path.display()
        ),
        _ => Ok(()),
    }
}

/// A file that somebody edited.
fn read_text(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
}

/// Brings the schema up to date; refuses to do so under a running server.
fn prepare(config: &Config) -> anyhow::Result<()> {
    if let Target::Sqlite(path) = &config.database {
        db::prepare_folder(path).with_context(|| format!("the folder of {}", path.display()))?;
    }
    let cannot = || format!("{} cannot be opened", config.database.describe());
    if db::dump::pending(&config.database).with_context(cannot)? > 0 {
        let _alone = crate::app::lock_data(config)?;
        db::migrate(&config.database).with_context(cannot)?;
    }
    Ok(())
}

/// The database for a command that may run beside a server.
fn open_database(config: &Config) -> anyhow::Result<Db> {
    prepare(config)?;
    Ok(Db::open(Opening {
        target: config.database.clone(),
        clock: Clock::system(),
        readers: 1,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })?)
}

/// A path as people know it.
fn shown(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
