//! cli room: looks at everything the forum stands on and says what to mend. Changes nothing.
use super::progress::Progress;
use super::{say, shown};
use crate::config::{Config, MailTransport, SmtpTls};
use crate::db::{Access, Conn, Db, Opening, Target, dump};
use crate::kernel::limits;
use crate::kernel::moment::Clock;
use crate::kernel::token::SiteKey;
use crate::ledger;
use crate::ledger::follow::Bell;
use crate::mail::Letterhead;
use crate::search::Index;
use crate::search::meaning::{Encoder, Vectors};
use std::net::{TcpListener, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// Bytes of free space below which a forum soon stands still, and below which it is worth a word.
const SPACE_ERROR: u64 = 100 * 1024 * 1024;
const SPACE_WARN: u64 = 1024 * 1024 * 1024;
/// Events a follower or the index may be behind without a word: what a busy second makes.
const LAG_WARN: i64 = 1_000;
/// Seconds the mail server has to answer.
const MAIL_SECONDS: u64 = 5;

#[derive(Default)]
struct Findings {
    warnings: u32,
    errors: u32,
}

impl Findings {
    fn ok(&mut self, what: &str, text: &str) {
        say(&format!("ok     {what}: {text}"));
    }
    fn warn(&mut self, what: &str, text: &str) {
        self.warnings += 1;
        say(&format!("warn   {what}: {text}"));
    }
    fn error(&mut self, what: &str, text: &str) {
        self.errors += 1;
        say(&format!("error  {what}: {text}"));
    }
}

pub fn doctor(config: &Config, deep: bool) -> anyhow::Result<ExitCode> {
    let mut found = Findings::default();
    // Wrong settings do not get this far: they are refused by name.
    found.ok("settings", "every one is understood");
    folder(config, &mut found);
    address(config, &mut found);
    let open = match database(config, &mut found) {
        Some(mut conn) => {
            places(config, &mut conn, &mut found);
            index(config, &mut conn, &mut found);
            meaning(config, &mut conn, &mut found);
            mails(&mut conn, &mut found);
            backups(config, &mut found);
            true
        }
        None => false,
    };
    transport(config, &mut found);
    if deep && open {
        compare(config, &mut found);
    }
    if !deep {
        say("       doctor --deep also compares points, badges and the index with what they are made from");
    }
    say(&format!("{} errors, {} warnings", found.errors, found.warnings));
    Ok(if found.errors > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn folder(config: &Config, found: &mut Findings) {
    let what = "data folder";
    let name = shown(&config.data);
    match std::fs::metadata(&config.data) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            found.warn(what, &format!("{name} is not there yet; the first start makes it"));
            return;
        }
        Err(error) => {
            return found.error(what, &format!("{name}: {error}; give this user the right to enter it"));
        }
        Ok(meta) if !meta.is_dir() => {
            return found.error(what, &format!("{name} is no folder; name another with --data"));
        }
        Ok(meta) => {
            use std::os::unix::fs::PermissionsExt;
            if meta.permissions().mode() & 0o007 != 0 && matches!(config.database, Target::Sqlite(_)) {
                found.warn(
                    what,
                    &format!("{name} can be entered by every user of this machine; chmod o-rwx it: it holds addresses and password hashes"),
                );
            }
        }
    }
    let probe = config.data.join(format!(".doctor.{}", std::process::id()));
    let written = std::fs::write(&probe, b"x");
    let _ = std::fs::remove_file(&probe);
    if let Err(error) = written {
        return found.error(
            what,
            &format!("{name} cannot be written: {error}; give this user the right, or make room"),
        );
    }
    match fs4::available_space(&config.data) {
        Err(error) => found.warn(what, &format!("{name} can be written; its free space is unknown: {error}")),
        Ok(bytes) => {
            let text = format!("{name} can be written; {} MB are free", bytes / 1_000_000);
            if bytes < SPACE_ERROR {
                found.error(what, &format!("{text}: make room, writes are about to fail"));
            } else if bytes < SPACE_WARN {
                found.warn(what, &format!("{text}: make room soon"));
            } else {
                found.ok(what, &text);
            }
        }
    }
}

fn address(config: &Config, found: &mut Findings) {
    let what = "address";
    match TcpListener::bind(config.listen) {
        Ok(_) => found.ok(what, &format!("{} can be listened on", config.listen)),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => {
            found.ok(what, &format!("{} is in use, by the running forum or another program", config.listen));
        }
        Err(error) => found.error(
            what,
            &format!("{} cannot be listened on: {error}; choose another with --listen", config.listen),
        ),
    }
    let what = "base_url";
    if !config.base_url_set {
        if config.listen.ip().is_loopback() {
            found.ok(what, "not set; fine on one machine, set it before others come");
        } else {
            found.warn(what, "not set, but the forum listens beyond this machine: links in mails will not lead here; set base_url");
        }
    } else if config.is_https()
        || config.base_url.contains("://localhost")
        || config.base_url.contains("://127.")
    {
        found.ok(what, &config.base_url);
    } else {
        found.warn(
            what,
            &format!(
                "{} is not https: passwords and sessions travel in the clear; put TLS in front and say https",
                config.base_url
            ),
        );
    }
    if config.trusted_proxies.is_empty() && config.is_https() && config.listen.ip().is_loopback() {
        found.warn(
            "trusted_proxies",
            "empty, but TLS ends in front of the forum: all visitors seem to come from the proxy and share its limits; name the proxy's address",
        );
    }
    if !config.rate_limits {
        found.warn("rate_limits", "off: right for benchmarks only");
    }
}

fn database(config: &Config, found: &mut Findings) -> Option<Conn> {
    let what = "database";
    let name = config.database.describe();
    if let Target::Sqlite(path) = &config.database
        && !path.exists()
    {
        found.warn(what, &format!("there is none yet ({name}); the first start makes it"));
        return None;
    }
    let mut conn = match config.database.connect(Access::Read) {
        Ok(conn) => conn,
        Err(error) => {
            let mend = match &config.database {
                Target::Sqlite(path) => {
                    format!("see whether {} belongs to this user and is a database of Loggia", path.display())
                }
                Target::Postgres(_) => {
                    "see whether the server runs and database_url names it, its user and its password".into()
                }
            };
            found.error(what, &format!("{name}: {error}; {mend}"));
            return None;
        }
    };
    let _ = conn.without_time_limits();
    match dump::pending(&config.database) {
        Ok(0) => found.ok(what, &format!("{name}, its schema is this program's")),
        Ok(n) => {
            found.warn(
                what,
                &format!("{name} lacks {n} migrations; the next start brings them; make a backup before"),
            );
            return None;
        }
        Err(error) => {
            found.error(what, &format!("{name}: {error}"));
            return None;
        }
    }
    match dump::damage(&mut conn) {
        Ok(said) if said.is_empty() => found.ok("integrity", "the database finds no fault with its file"),
        Ok(said) => {
            let first = said.first().cloned().unwrap_or_default();
            found.error(
                "integrity",
                &format!("{first} (and {} more); stop the forum and restore the last backup", said.len() - 1),
            );
        }
        Err(error) => {
            found.error("integrity", &format!("{error}; stop the forum and restore the last backup"))
        }
    }
    match dump::broken_references(&mut conn) {
        Ok(None) => found.ok("references", "every row refers to rows that are there"),
        Ok(Some(broken)) => found.error(
            "references",
            &format!("{broken}; something wrote past the forum; restore the last backup"),
        ),
        Err(error) => found.error("references", &error.to_string()),
    }
    Some(conn)
}

fn lag(what: &str, place: i64, head: i64, found: &mut Findings) {
    if place > head {
        found.error(
            what,
            &format!("is at event {place}, the ledger ends at {head}: the database is older than it; `loggia reindex` and `loggia replay` mend it"),
        );
    } else if head - place > LAG_WARN {
        found.warn(
            what,
            &format!(
                "is {} events behind; it catches up while the forum runs; if it does not, see the log",
                head - place
            ),
        );
    } else {
        found.ok(what, &format!("{} of {head} events done", place));
    }
}

fn places(config: &Config, conn: &mut Conn, found: &mut Findings) {
    let head = match ledger::head(conn) {
        Ok(head) => head.0,
        Err(error) => return found.error("ledger", &error.to_string()),
    };
    // Only their names are asked for, so any key will do.
    let letterhead = Letterhead::new(config, SiteKey::new("doctor"));
    let followers = crate::app::followers(&letterhead);
    let names = followers.iter().map(|follower| follower.name());
    for name in names.chain([crate::moderation::FOLLOWER]) {
        match ledger::follow::place(conn, name) {
            Ok(place) => lag(name, place.0, head, found),
            Err(error) => found.error(name, &error.to_string()),
        }
    }
}

fn index(config: &Config, conn: &mut Conn, found: &mut Findings) {
    let what = "search index";
    let head = match ledger::head(conn) {
        Ok(head) => head.0,
        Err(error) => return found.error(what, &error.to_string()),
    };
    match Index::open_read_only(&config.data.join("index")) {
        Ok(Ok(index)) => {
            lag(what, index.place(), head, found);
            if let Ok(bytes) = index.space_on_disk() {
                found.ok(what, &format!("{} threads in {} MB", index.doc_count(), bytes / 1_000_000));
            }
        }
        Ok(Err(reason)) => {
            found.warn(what, &format!("{reason}; the next start builds it, or `loggia reindex` now"));
        }
        Err(error) => found.error(what, &format!("{error}; stop the forum and run `loggia reindex`")),
    }
}

fn meaning(config: &Config, conn: &mut Conn, found: &mut Findings) {
    let what = "meaning";
    let Some(model) = &config.model else {
        let text = "off, search goes by words alone; `loggia model add` puts a model in place";
        return found.ok(what, text);
    };
    let encoder = match Encoder::open(model) {
        Ok(encoder) => encoder,
        Err(error) => {
            return found.error(
                what,
                &format!(
                    "{}: {error}; `loggia model add` puts another in place, model = \"off\" does without",
                    shown(model)
                ),
            );
        }
    };
    let card = encoder.card();
    let languages = card.languages.join(", ");
    found.ok(what, &format!("{} in {}, {} numbers, knows {languages}", card.name, shown(model), card.dims));
    let what = "vectors";
    let counts = (
        ledger::head(conn),
        crate::search::meaning::follow::visible(conn),
        Vectors::look(&config.vectors(), &card.id, card.dims),
    );
    match counts {
        (Ok(head), Ok(threads), Ok(seen)) => {
            let seen = seen.unwrap_or_default();
            let text = format!("{} of {threads} threads are encoded", seen.vectors);
            if seen.damaged > 0 {
                found.warn(
                    what,
                    &format!(
                        "{text}; {} records are damaged, the next start encodes them again",
                        seen.damaged
                    ),
                );
            } else if seen.place == 0 && threads > 0 {
                found.warn(what, &format!("{text}; the rest is encoded while the forum runs"));
            } else {
                found.ok(what, &text);
                lag(what, seen.place, head.0, found);
            }
        }
        (Err(error), ..) | (_, Err(error), _) => found.error(what, &error.to_string()),
        (.., Err(error)) => found.error(what, &format!("{}: {error}", shown(&config.vectors()))),
    }
}

fn mails(conn: &mut Conn, found: &mut Findings) {
    let what = "outbox";
    match crate::mail::counts(conn) {
        Ok(counts) => {
            let of = |state| counts.iter().find(|(s, _)| *s == state).map_or(0, |(_, n)| *n);
            let failed = of(crate::mail::MailState::Failed);
            let queued = of(crate::mail::MailState::Queued);
            if failed > 0 {
                found.warn(what, &format!("{failed} mails were given up; see them in the administration"));
            } else {
                found.ok(what, &format!("{queued} mails wait"));
            }
        }
        Err(error) => found.error(what, &error.to_string()),
    }
}

fn backups(config: &Config, found: &mut Findings) {
    let what = "backup";
    let now = Clock::system().now();
    match crate::exchange::backup::last_made(&config.data) {
        Ok(None) => found
            .warn(what, "none was made yet; `loggia backup FILE.tar.gz` makes one, beside the running forum"),
        Ok(Some(at)) if now.since(at) > limits::BACKUP_OLD => {
            found.warn(what, &format!("the last one is of {}; see why the daily one is not made", at.iso()));
        }
        Ok(Some(at)) => found.ok(what, &format!("the last one is of {}", at.iso())),
        Err(error) => found.error(what, &format!("when the last one was made cannot be read: {error}")),
    }
}

fn transport(config: &Config, found: &mut Findings) {
    let what = "mail";
    match config.mail.transport {
        MailTransport::Off => {
            found.warn(what, "off: nobody can confirm an address or reset a password; set mail.transport")
        }
        MailTransport::Folder => {
            let text = format!("mails are files in {}", shown(&config.data.join("mails")));
            if config.listen.ip().is_loopback() && !config.base_url_set {
                found.ok(what, &text);
            } else {
                found.warn(what, &format!("{text}; nobody gets them; set mail.transport to smtp"));
            }
        }
        MailTransport::Smtp => smtp(config, found),
    }
    if config.mail.transport != MailTransport::Folder && config.mail.from.ends_with("@localhost") {
        found.warn(
            "mail.from",
            &format!("{} is no address on the net; mail servers will refuse it", config.mail.from),
        );
    }
}

fn smtp(config: &Config, found: &mut Findings) {
    let what = "mail";
    let server = format!("{}:{}", config.mail.smtp_host, config.mail.smtp_port);
    if config.mail.smtp_tls == SmtpTls::None && !is_local(&config.mail.smtp_host) {
        found.warn("mail.smtp_tls", "none: passwords and mails travel in the clear; use starttls or tls");
    }
    let asked = crate::mail::SmtpTransport::new(config, Bell::default());
    let (tell, told) = sync_channel(1);
    let spawned = std::thread::Builder::new().name("doctor-mail".into()).spawn(move || {
        let _ = tell.send(asked.check());
    });
    let answer = match spawned {
        Ok(_) => told
            .recv_timeout(Duration::from_secs(MAIL_SECONDS))
            .unwrap_or_else(|_| Err(format!("no answer within {MAIL_SECONDS} s"))),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(()) => found.ok(what, &format!("{server} answers and lets us in")),
        Err(why) => found.error(
            what,
            &format!("{server}: {why}; see mail.smtp_host, mail.smtp_port, mail.smtp_tls, mail.smtp_user and mail.smtp_password"),
        ),
    }
}

fn is_local(host: &str) -> bool {
    host == "localhost"
        || (host, 25).to_socket_addrs().is_ok_and(|mut found| found.all(|address| address.ip().is_loopback()))
}

/// The database, opened beside a running forum.
fn beside(config: &Config) -> crate::db::DbResult<Db> {
    Db::open(Opening {
        target: config.database.clone(),
        clock: Clock::system(),
        readers: 1,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })
}

/// Differing threads named per kind.
const NAMED: usize = 50;

/// Compares the search index with the database and names every difference.
pub fn verify(config: &Config) -> anyhow::Result<ExitCode> {
    let index = match Index::open_read_only(&config.data.join("index"))? {
        Ok(index) => index,
        Err(reason) => {
            say(&format!("{reason}; the next start builds it, or `loggia reindex` now"));
            return Ok(ExitCode::FAILURE);
        }
    };
    let db = beside(config)?;
    let compared = crate::search::compare(&db, &index);
    db.stop();
    let found = compared?;
    for (what, ids) in [
        ("not in the index", &found.missing),
        ("in the index, but not to be seen", &found.extra),
        ("in the index with an old text", &found.stale),
        ("in the index more than once", &found.repeated),
    ] {
        if !ids.is_empty() {
            let named: Vec<String> = ids.iter().take(NAMED).map(i64::to_string).collect();
            let more = if ids.len() > NAMED { " and more" } else { "" };
            say(&format!("{} threads {what}: {}{more}", ids.len(), named.join(", ")));
        }
    }
    if found.is_empty() {
        say(&format!("the search index holds every thread as it is: {}", index.doc_count()));
        return Ok(ExitCode::SUCCESS);
    }
    say("stop the forum and run `loggia reindex`, which builds the index anew");
    Ok(ExitCode::FAILURE)
}

/// Points and badges against the ledger, in a transaction that is undone, and the index against the threads.
fn compare(config: &Config, found: &mut Findings) {
    let what = "points and badges";
    let db = match beside(config) {
        Ok(db) => db,
        Err(error) => return found.error(what, &error.to_string()),
    };
    let progress = Progress::new();
    let checked = crate::reputation::check(&db, &mut |done, total| progress.at("replay", done, total));
    progress.end();
    match checked {
        Ok(report) if report.differences == 0 => {
            found.ok(what, &format!("follow from {} events, for {} people", report.events, report.people));
        }
        Ok(report) => found.error(
            what,
            &format!(
                "{} rows do not follow from the ledger; `loggia replay` puts them right",
                report.differences
            ),
        ),
        Err(error) => found.error(what, &error.to_string()),
    }
    let what = "index content";
    if let Ok(Ok(index)) = Index::open_read_only(&config.data.join("index")) {
        match crate::search::compare(&db, &index) {
            Ok(differences) if differences.is_empty() => found.ok(what, "holds every thread as it is"),
            Ok(differences) => found.error(
                what,
                &format!(
                    "{} threads are missing, {} too many, {} old, {} twice; stop the forum and run `loggia reindex`",
                    differences.missing.len(),
                    differences.extra.len(),
                    differences.stale.len(),
                    differences.repeated.len()
                ),
            ),
            Err(error) => found.error(what, &error.to_string()),
        }
    }
    db.stop();
}
