//! mail room: the senders. They take due rows under a lease, hand them to a transport, and write down
//! what became of them. The web never waits for any of this.
//!
//! With `mail.transport = off` mails stay queued, and expire unsent after two days: turning mail on
//! again does not send last month's.
use super::message::{From, Ready, build};
use super::store::{self, Held, Outcome};
use crate::config::{Config, MailTransport, SmtpTls};
use crate::db::{Db, DbError, DbResult, Target};
use crate::kernel::limits;
use crate::kernel::moment::{HOUR, Moment, SECOND};
use crate::ledger::follow::Bell;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, SmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailCommand, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

/// What the other end made of one mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    Accepted,
    /// Not now (4xx, a time-out in the middle): again later.
    Deferred(String),
    /// No server to talk to: no mail would go, so the others need not be tried now.
    Unreachable(String),
    /// Never (5xx).
    Refused(String),
}

/// How mails leave.
pub trait Transport: Send + Sync {
    /// Hands one mail over; must end within [`limits::MAIL_ATTEMPT_MS`].
    fn deliver(&self, mail: &Ready) -> Delivery;
    /// For the administrators' page.
    fn describe(&self) -> String;
}

/// What one call of [`send_due`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    pub sent: usize,
    pub deferred: usize,
    pub failed: usize,
    pub expired: usize,
    /// Given back untried.
    pub released: usize,
    pub unreachable: bool,
}

impl Sent {
    /// Whether any row was moved, so that looking again at once makes sense.
    pub fn any(&self) -> bool {
        self.sent + self.deferred + self.failed + self.expired > 0
    }
}

/// Takes one batch of what is due at `now` and tries each once.
pub fn send_due(db: &Db, from: &From, transport: &dyn Transport, now: Moment) -> DbResult<Sent> {
    let begun = Instant::now();
    let mut done = Sent::default();
    if !store::any_due(&mut *db.reader()?, now)? {
        return Ok(done);
    }
    let lease = now.plus(limits::MAIL_LEASE_SECONDS * SECOND);
    let (expired, held) = db.write_blocking(move |tx| -> DbResult<_> {
        Ok((store::expire(tx, now)?, store::claim(tx, now, lease, limits::MAIL_BATCH)?))
    })?;
    done.expired = expired;
    let mut giving_back = false;
    for mail in &held {
        // The clock of the caller, moved by what this batch took so far.
        let present = now.plus(i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX));
        let time_left = lease.since(present) > 1000 * limits::MAIL_ATTEMPT_MS as i64 + 5 * SECOND;
        let outcome = if giving_back || !time_left {
            Outcome::Released
        } else {
            let (outcome, unreachable) = attempt(from, transport, mail, present);
            giving_back |= unreachable;
            done.unreachable |= unreachable;
            outcome
        };
        let present = match outcome {
            // Due again as it was.
            Outcome::Released => now,
            _ => now.plus(i64::try_from(begun.elapsed().as_micros()).unwrap_or(i64::MAX)),
        };
        match &outcome {
            Outcome::Sent => done.sent += 1,
            Outcome::Again(..) => done.deferred += 1,
            Outcome::Failed(_) => done.failed += 1,
            Outcome::Expired => done.expired += 1,
            Outcome::Released => done.released += 1,
        }
        write_down(db, mail, lease, present, outcome)?;
    }
    Ok(done)
}

/// One try, and whether the server itself was out of reach.
fn attempt(from: &From, transport: &dyn Transport, mail: &Held, now: Moment) -> (Outcome, bool) {
    if mail.expires_at.is_some_and(|end| end <= now) {
        return (Outcome::Expired, false);
    }
    let ready = match build(from, mail) {
        Ok(ready) => ready,
        Err(why) => return (Outcome::Failed(why), false),
    };
    let delivery = catch_unwind(AssertUnwindSafe(|| transport.deliver(&ready)))
        .unwrap_or_else(|_| Delivery::Deferred("the transport panicked".into()));
    let age = now.since(mail.created_at);
    let old = age >= limits::MAIL_GIVE_UP_SECONDS * SECOND;
    match delivery {
        Delivery::Accepted => (Outcome::Sent, false),
        Delivery::Refused(why) => (Outcome::Failed(short(&why)), false),
        Delivery::Deferred(why) | Delivery::Unreachable(why) if old => {
            (Outcome::Failed(short(&format!("given up after two days: {why}"))), false)
        }
        Delivery::Deferred(why) => {
            (Outcome::Again(now.plus(back_off(mail.id.0, mail.attempts)), short(&why)), false)
        }
        Delivery::Unreachable(why) => {
            let wait = spread(mail.id.0, mail.attempts, limits::MAIL_UNREACHABLE_SECONDS * SECOND);
            (Outcome::Again(now.plus(wait), short(&why)), true)
        }
    }
}

/// Writes the outcome down; keeps trying for a while, because a mail that left and is not marked so
/// leaves again when its lease ends.
fn write_down(db: &Db, mail: &Held, lease: Moment, now: Moment, outcome: Outcome) -> DbResult<()> {
    let id = mail.id;
    let mut tries = 0;
    loop {
        let this = outcome.clone();
        match db.write_blocking(move |tx| store::settle(tx, id, lease, now, &this)) {
            Ok(true) => return Ok(()),
            Ok(false) => {
                tracing::warn!(mail = id.0, "another sender took this mail over");
                return Ok(());
            }
            Err(error) => {
                tries += 1;
                if tries >= 5 || matches!(outcome, Outcome::Released) {
                    return Err(error);
                }
                std::thread::sleep(Duration::from_millis(200 * tries));
            }
        }
    }
}

/// Microseconds to wait after the attempt numbered `attempts` (from 0): doubling from
/// [`limits::MAIL_FIRST_RETRY_SECONDS`] up to [`limits::MAIL_LAST_RETRY_SECONDS`], give or take a quarter.
pub fn back_off(id: i64, attempts: i32) -> i64 {
    let doublings = u32::try_from(attempts).unwrap_or(0).min(16);
    let seconds = (limits::MAIL_FIRST_RETRY_SECONDS << doublings).clamp(1, limits::MAIL_LAST_RETRY_SECONDS);
    spread(id, attempts, seconds * SECOND)
}

/// `wait` between three and five quarters of itself, by a hash: mails that failed together do not
/// come back together, and a test knows when they do.
fn spread(id: i64, attempts: i32, wait: i64) -> i64 {
    let mut hash = (id as u64) ^ ((attempts as u64) << 48) ^ 0x9e37_79b9_7f4a_7c15;
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let part = ((hash ^ (hash >> 31)) % 1001) as i64;
    wait / 4 * 3 + wait / 2000 * part
}

fn short(why: &str) -> String {
    super::compose::one_line(why, 300)
}

// --- SMTP ---

/// How long the steps and the whole of an attempt may take.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    pub step: Duration,
    pub attempt: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            step: Duration::from_millis(limits::MAIL_STEP_MS),
            attempt: Duration::from_millis(limits::MAIL_ATTEMPT_MS),
        }
    }
}

#[derive(Clone)]
struct Server {
    host: String,
    port: u16,
    tls: SmtpTls,
    ca: Option<PathBuf>,
    user: String,
    password: String,
    hello: ClientId,
    pace: Pace,
}

/// One connection per mail, each on a thread of its own, so that a server which sends a byte now and
/// then cannot hold a sender.
pub struct SmtpTransport {
    server: Server,
    hanging: Arc<AtomicUsize>,
    bell: Bell,
}

impl SmtpTransport {
    pub fn new(config: &Config, bell: Bell) -> SmtpTransport {
        let host = super::compose::host_of(&config.base_url);
        let hello = if host == "localhost" || host.parse::<std::net::IpAddr>().is_ok() {
            ClientId::default()
        } else {
            ClientId::Domain(host)
        };
        SmtpTransport {
            server: Server {
                host: config.mail.smtp_host.clone(),
                port: config.mail.smtp_port,
                tls: config.mail.smtp_tls,
                ca: config.mail.smtp_ca.clone(),
                user: config.mail.smtp_user.clone(),
                password: config.mail.smtp_password.clone(),
                hello,
                pace: Pace::default(),
            },
            hanging: Arc::new(AtomicUsize::new(0)),
            bell,
        }
    }

    /// The same with other times, for tests.
    pub fn with_pace(mut self, pace: Pace) -> SmtpTransport {
        self.server.pace = pace;
        self
    }

    /// Connects, says hello, signs in and leaves: what `doctor` asks.
    pub fn check(&self) -> Result<(), String> {
        let server = self.server.clone();
        let result = self.bounded(move |deadline| match open(&server, deadline) {
            Ok(mut conn) => {
                let _ = conn.set_timeout(Some(Duration::from_secs(1)));
                let _ = conn.quit();
                Delivery::Accepted
            }
            Err(why) => Delivery::Unreachable(why),
        });
        match result {
            Delivery::Accepted => Ok(()),
            Delivery::Deferred(why) | Delivery::Unreachable(why) | Delivery::Refused(why) => Err(why),
        }
    }

    /// Runs `talk` on its own thread and waits for it no longer than an attempt may take.
    fn bounded(&self, talk: impl FnOnce(Instant) -> Delivery + Send + 'static) -> Delivery {
        if self.hanging.load(Ordering::SeqCst) >= limits::MAIL_STUCK {
            return Delivery::Unreachable("too many earlier attempts still hang".into());
        }
        let deadline = Instant::now() + self.server.pace.attempt;
        let (answer, result) = sync_channel(1);
        let count = Counted::new(&self.hanging);
        let spawned = std::thread::Builder::new().name("smtp".into()).spawn(move || {
            let _count = count;
            let _ = answer.send(talk(deadline));
        });
        if let Err(error) = spawned {
            return Delivery::Unreachable(format!("no thread for the attempt: {error}"));
        }
        let mut end = deadline + Duration::from_millis(500);
        let mut stopping = false;
        loop {
            if !stopping && self.bell.stopping() {
                // The house closes: what is nearly done may finish.
                stopping = true;
                end = end.min(Instant::now() + Duration::from_secs(3));
            }
            match result.recv_timeout(Duration::from_millis(100)) {
                Ok(delivery) => return delivery,
                Err(RecvTimeoutError::Disconnected) => {
                    return Delivery::Deferred("the attempt broke off".into());
                }
                Err(RecvTimeoutError::Timeout) if Instant::now() >= end => {
                    return Delivery::Deferred(format!(
                        "the server took longer than {} s",
                        self.server.pace.attempt.as_secs()
                    ));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}

/// One more attempt on its way, until this is dropped.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Counted {
        count.fetch_add(1, Ordering::SeqCst);
        Counted(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Transport for SmtpTransport {
    fn deliver(&self, mail: &Ready) -> Delivery {
        let (server, mail) = (self.server.clone(), mail.clone());
        self.bounded(move |deadline| match open(&server, deadline) {
            Ok(mut conn) => {
                let delivery = hand_over(&mut conn, &server, &mail, deadline);
                if delivery == Delivery::Accepted {
                    // The mail is theirs; the goodbye is only manners.
                    let _ = conn.set_timeout(Some(Duration::from_millis(500)));
                    let _ = conn.quit();
                } else if !conn.has_broken() {
                    let _ = conn.set_timeout(Some(Duration::from_millis(500)));
                    conn.abort();
                }
                delivery
            }
            Err(why) => Delivery::Unreachable(why),
        })
    }

    fn describe(&self) -> String {
        format!("SMTP {}:{}", self.server.host, self.server.port)
    }
}

/// Time for the next step, or that there is none left.
fn step(conn: Option<&mut SmtpConnection>, pace: Pace, deadline: Instant) -> Result<Duration, String> {
    let left = deadline.saturating_duration_since(Instant::now()).min(pace.step);
    if left.is_zero() {
        return Err("the server took too long".into());
    }
    if let Some(conn) = conn {
        conn.set_timeout(Some(left)).map_err(|e| e.to_string())?;
    }
    Ok(left)
}

/// Whom to believe that they are this server: the public authorities, and the operator's own. The file is read
/// for each connection, so that a renewed certificate needs no new start.
fn trusting(server: &Server) -> Result<TlsParameters, String> {
    let mut tls = TlsParameters::builder(server.host.clone());
    if let Some(path) = &server.ca {
        let wrong = |why: String| format!("mail.smtp_ca {}: {why}", path.display());
        let pem = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
        tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|e| wrong(e.to_string()))?);
    }
    tls.build().map_err(|e| e.to_string())
}

/// Up to the point where a mail can be handed over. What fails here is not the mail's fault.
fn open(server: &Server, deadline: Instant) -> Result<SmtpConnection, String> {
    let text = |e: lettre::transport::smtp::Error| e.to_string();
    let tls = match server.tls {
        SmtpTls::None => None,
        SmtpTls::Tls | SmtpTls::StartTls => Some(trusting(server)?),
    };
    let left = step(None, server.pace, deadline)?;
    let at_once = tls.as_ref().filter(|_| server.tls == SmtpTls::Tls);
    let mut conn = SmtpConnection::connect(
        (server.host.as_str(), server.port),
        Some(left),
        &server.hello,
        at_once,
        None,
    )
    .map_err(text)?;
    if server.tls == SmtpTls::StartTls
        && let Some(tls) = &tls
    {
        if !conn.can_starttls() {
            return Err("the server offers no STARTTLS, and mail.smtp_tls asks for it".into());
        }
        step(Some(&mut conn), server.pace, deadline)?;
        conn.starttls(tls, &server.hello).map_err(text)?;
    }
    if !server.user.is_empty() {
        step(Some(&mut conn), server.pace, deadline)?;
        let credentials = Credentials::new(server.user.clone(), server.password.clone());
        conn.auth(&[Mechanism::Plain, Mechanism::Login], &credentials).map_err(text)?;
    }
    Ok(conn)
}

fn hand_over(conn: &mut SmtpConnection, server: &Server, mail: &Ready, deadline: Instant) -> Delivery {
    let ascii = |address: &lettre::Address| AsRef::<str>::as_ref(address).is_ascii();
    let mut options = Vec::new();
    if !ascii(&mail.from) || !ascii(&mail.to) {
        if !conn.server_info().supports_feature(Extension::SmtpUtfEight) {
            return Delivery::Refused("the mail server takes no addresses beyond ASCII".into());
        }
        options.push(MailParameter::SmtpUtfEight);
    }
    let talk = || -> Result<(), Delivery> {
        let late = Delivery::Deferred;
        step(Some(conn), server.pace, deadline).map_err(late)?;
        conn.command(MailCommand::new(Some(mail.from.clone()), options)).map_err(answer)?;
        step(Some(conn), server.pace, deadline).map_err(late)?;
        conn.command(Rcpt::new(mail.to.clone(), Vec::new())).map_err(answer)?;
        step(Some(conn), server.pace, deadline).map_err(late)?;
        conn.command(Data).map_err(answer)?;
        step(Some(conn), server.pace, deadline).map_err(late)?;
        conn.message(&mail.bytes).map_err(answer)?;
        Ok(())
    };
    match talk() {
        Ok(()) => Delivery::Accepted,
        Err(delivery) => delivery,
    }
}

/// What an error in the middle of handing over means for the mail.
fn answer(error: lettre::transport::smtp::Error) -> Delivery {
    let text = error.to_string();
    let code = error.status().map(u16::from).unwrap_or(0);
    if matches!(code, 530 | 534 | 535 | 538) {
        // They want us to sign in or encrypt: the settings are wrong, not the mail.
        Delivery::Unreachable(text)
    } else if error.is_permanent() || error.is_client() {
        Delivery::Refused(text)
    } else {
        Delivery::Deferred(text)
    }
}

// --- a folder, for development ---

/// Writes `.eml` files named by the row's number, so that one sent again replaces itself.
pub struct FolderTransport {
    folder: PathBuf,
}

impl FolderTransport {
    pub fn new(data: &Path) -> FolderTransport {
        FolderTransport { folder: data.join("mails") }
    }
}

impl Transport for FolderTransport {
    fn deliver(&self, mail: &Ready) -> Delivery {
        let path = self.folder.join(format!("{:08}.eml", mail.id.0));
        let part = self.folder.join(format!("{:08}.part", mail.id.0));
        let written = std::fs::create_dir_all(&self.folder)
            .and_then(|()| std::fs::write(&part, &mail.bytes))
            .and_then(|()| std::fs::rename(&part, &path));
        match written {
            Ok(()) => {
                tracing::info!(to = %mail.to, file = %path.display(), "a mail was written");
                Delivery::Accepted
            }
            Err(error) => Delivery::Unreachable(format!("{}: {error}", self.folder.display())),
        }
    }

    fn describe(&self) -> String {
        format!("Folder {}", self.folder.display())
    }
}

// --- the threads ---

/// The transport the settings name; `None` when mail is off.
pub fn transport(config: &Config, bell: &Bell) -> Option<Arc<dyn Transport>> {
    match config.mail.transport {
        MailTransport::Smtp => Some(Arc::new(SmtpTransport::new(config, bell.clone()))),
        MailTransport::Folder => Some(Arc::new(FolderTransport::new(&config.data))),
        MailTransport::Off => None,
    }
}

/// The senders of this node.
pub struct Sender;

impl Sender {
    /// Starts the senders; the handle ends when the bell says stop. On SQLite one process holds the
    /// data folder, so what a killed one held is taken again at once.
    pub fn spawn(db: Db, config: &Config, bell: Bell) -> DbResult<std::thread::JoinHandle<()>> {
        let from = From::new(config);
        let transport = transport(config, &bell);
        std::thread::Builder::new()
            .name("mail".into())
            .spawn(move || {
                if matches!(db.target(), Target::Sqlite(_))
                    && let Err(error) = db.write_blocking(store::release_all)
                {
                    tracing::warn!(%error, "mails held by an earlier process wait for their lease to end");
                }
                let helpers: Vec<_> = (1..limits::MAIL_SENDERS)
                    .filter_map(|number| {
                        let (db, from, bell) = (db.clone(), from.clone(), bell.clone());
                        let transport = transport.clone()?;
                        std::thread::Builder::new()
                            .name(format!("mail-{number}"))
                            .spawn(move || work(&db, &from, Some(&*transport), &bell, false))
                            .ok()
                    })
                    .collect();
                work(&db, &from, transport.as_deref(), &bell, true);
                for helper in helpers {
                    let _ = helper.join();
                }
            })
            .map_err(|e| DbError::Unavailable(e.to_string()))
    }
}

/// Sends until the bell says stop; the first sender also tidies up.
fn work(db: &Db, from: &From, transport: Option<&dyn Transport>, bell: &Bell, first: bool) {
    let mut tidy_at = db.clock.now();
    while !bell.stopping() {
        let now = db.clock.now();
        if first && now >= tidy_at {
            tidy_at = now.plus(HOUR);
            let tidied = db.write_blocking(move |tx| -> DbResult<usize> {
                Ok(store::expire(tx, now)? + store::purge(tx, now)?)
            });
            if let Err(error) = tidied {
                tracing::warn!(%error, "old mails could not be tidied away");
            }
        }
        let wait = match transport.map(|transport| send_due(db, from, transport, now)) {
            Some(Ok(done)) if done.unreachable => {
                tracing::warn!("the mail server cannot be reached; mails wait");
                // Shorter than a row's own wait: the next look finds rows that fell due meanwhile.
                Duration::from_secs(limits::MAIL_UNREACHABLE_SECONDS as u64 / 2)
            }
            Some(Ok(done)) if done.any() => continue,
            Some(Ok(_)) | None => Duration::from_millis(limits::MAIL_POLL_MS),
            Some(Err(error)) => {
                tracing::warn!(%error, "the outbox could not be worked on; it will be tried again");
                Duration::from_secs(1)
            }
        };
        pause(bell, wait);
    }
}

/// Waits in short slices: commits ring the bell a thousand times a second, and senders need not hear it.
fn pause(bell: &Bell, wait: Duration) {
    let end = Instant::now() + wait;
    while !bell.stopping() {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(Duration::from_millis(100)));
    }
}
