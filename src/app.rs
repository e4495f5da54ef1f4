//! app room: everything that is open while the forum runs, and starting and stopping it.
use crate::accounts::password::Hasher;
use crate::config::Config;
use crate::db::{self, Db, Instrument, Opening};
use crate::error::Error;
use crate::kernel::limits;
use crate::kernel::moment::{Clock, Moment};
use crate::kernel::token::SiteKey;
use crate::ledger::follow::{self, Bell, Follower};
use crate::mail::Letterhead;
use crate::web::aside::Renderers;
use crate::web::cache::{Diffs, PageCache};
use crate::web::doorman;
use crate::web::rates::Rates;
use crate::web::templates::Templates;
use actix_web::dev::ServerHandle;
use actix_web::middleware::from_fn;
use actix_web::web::Data;
use actix_web::{App as WebApp, HttpServer, web};
use anyhow::Context;
use fs4::FileExt;
use std::net::TcpListener;
use std::os::unix::fs::DirBuilderExt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// The open house. Cheap to clone; derefs to [`House`].
#[derive(Clone)]
pub struct App(Arc<House>);

pub struct House {
    pub config: Config,
    pub db: Db,
    pub key: SiteKey,
    pub letterhead: Letterhead,
    pub content_security_policy: actix_web::http::header::HeaderValue,
    pub hasher: Hasher,
    pub templates: Templates,
    pub cache: Arc<PageCache>,
    pub rates: Rates,
    pub renderers: Renderers,
    pub diffs: Diffs,
    pub views: crate::threads::ViewCounter,
    /// Readers of solutions, for what they are worth.
    pub readers: crate::worth::Counter,
    pub steps: crate::threads::Steps,
    pub search: crate::search::Search,
    pub searches: crate::insight::Counter,
    pub bell: Bell,
    /// What the administrators' overview counted last.
    pub counts: crate::admin::KeptStats,
    pub started: Moment,
    threads: Mutex<Vec<std::thread::JoinHandle<()>>>,
    /// Held as long as the house is open: one server per data folder.
    _lock: Option<std::fs::File>,
}

impl std::ops::Deref for App {
    type Target = House;
    fn deref(&self) -> &House {
        &self.0
    }
}

/// What may differ between serving, commands and tests.
pub struct Options {
    pub clock: Clock,
    pub instrument: Option<Instrument>,
    /// Whether followers, the mail sender and the sweeper run in the background.
    pub background: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { clock: Clock::system(), instrument: None, background: true }
    }
}

/// Takes the data folder for this process, or says that another has it.
pub fn lock_data(config: &Config) -> anyhow::Result<std::fs::File> {
    // Addresses and password hashes are in it: nobody else's on this machine.
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .with_context(|| format!("the data folder {} cannot be made", config.data.display()))?;
    let path = config.data.join("loggia.lock");
    let file = std::fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    match FileExt::try_lock(&file) {
        Ok(()) => Ok(file),
        Err(_) => anyhow::bail!(
            "another Loggia is using the data folder {}; stop it first, or choose another with --data",
            config.data.display()
        ),
    }
}

/// The followers that write to the database, in no particular order.
pub fn followers(letterhead: &Letterhead) -> Vec<Arc<dyn Follower>> {
    vec![
        Arc::new(crate::reputation::Reputation::new(letterhead.clone())),
        Arc::new(crate::notices::Notices::new(letterhead.clone())),
    ]
}

/// The encoder, where there is a model. One that cannot be used never keeps the house from opening.
fn meaning(config: &Config) -> Option<crate::search::Meaning> {
    let model = config.model.as_ref()?;
    match crate::search::Meaning::open(model, &config.vectors()) {
        Ok(meaning) => Some(meaning),
        Err(error) => {
            tracing::warn!(folder = %model.display(), %error, "search goes by words alone");
            None
        }
    }
}

/// Whether so long a pause is over since `last`, which then is now.
fn is_due(last: &mut Moment, now: Moment, pause: i64) -> bool {
    let due = now.since(*last) >= pause;
    if due {
        *last = now;
    }
    due
}

/// What came of a chore of the background, or nothing and a line in the log that says what failed.
fn done<T, E: std::fmt::Display>(failed: &str, result: Result<T, E>) -> Option<T> {
    result.map_err(|error| tracing::warn!(%error, "{failed}")).ok()
}

impl App {
    /// Opens the database (migrating it), the index and all that runs beside.
    pub fn open(config: Config, options: Options) -> anyhow::Result<App> {
        let lock = lock_data(&config)?;
        if let db::Target::Sqlite(path) = &config.database {
            db::prepare_folder(path)?;
        }
        db::migrate(&config.database)
            .with_context(|| format!("{} cannot be opened", config.database.describe()))?;
        let cache = Arc::new(PageCache::new(config.page_cache));
        let bell = Bell::default();
        let on_commit: db::OnCommit = {
            let (cache, bell) = (Arc::clone(&cache), bell.clone());
            Arc::new(move |events| {
                cache.follow(events);
                bell.ring();
            })
        };
        let db = Db::open(Opening {
            target: config.database.clone(),
            clock: options.clock,
            readers: config.readers,
            on_commit,
            instrument: options.instrument,
        })?;
        let secret = db
            .write_blocking(|tx| crate::accounts::secret(tx, "site"))
            .map_err(|e: Error| anyhow::anyhow!("the site's secret cannot be read: {e}"))?;
        let key = SiteKey::new(&secret);
        let letterhead = Letterhead::new(&config, key.clone());
        let templates = Templates::load(config.reload_templates.clone(), config.brand.hue)
            .map_err(|e| anyhow::anyhow!("templates: {e}"))?;
        let mut search = crate::search::Search::open(&config.data.join("index"), &db)?;
        if options.background {
            search.meaning = meaning(&config);
        }
        let app = App(Arc::new(House {
            key,
            letterhead,
            content_security_policy: doorman::content_security_policy(&config),
            hasher: Hasher::start(config.password_memory_kib)
                .map_err(|e| anyhow::anyhow!("passwords cannot be hashed: {e}"))?,
            templates,
            cache,
            rates: Rates::new(config.rate_limits),
            renderers: Renderers::start().context("no thread can be started")?,
            diffs: Diffs::default(),
            views: crate::threads::ViewCounter::default(),
            readers: crate::worth::Counter::default(),
            steps: crate::threads::Steps::default(),
            search,
            searches: crate::insight::Counter::default(),
            bell,
            counts: crate::admin::KeptStats::default(),
            started: db.clock.now(),
            threads: Mutex::new(Vec::new()),
            _lock: Some(lock),
            db,
            config,
        }));
        if options.background {
            app.start_background()?;
        }
        Ok(app)
    }

    fn start_background(&self) -> anyhow::Result<()> {
        let mut threads = vec![
            follow::spawn(self.db.clone(), followers(&self.letterhead), self.bell.clone())?,
            crate::search::follow::spawn(self.clone())?,
            crate::moderation::follow::spawn(self.clone())?,
            self.spawn_cache_follower()?,
            self.spawn_sweeper()?,
            crate::watches::spawn(self.clone())?,
            crate::notices::spawn_fan_out(self.db.clone(), self.letterhead.clone(), self.bell.clone())?,
        ];
        threads.extend(crate::search::meaning::follow::spawn(self.clone())?);
        threads.push(crate::mail::Sender::spawn(self.db.clone(), &self.config, self.bell.clone())?);
        if let Ok(mut own) = self.threads.lock() {
            own.extend(threads);
        }
        Ok(())
    }

    /// Another node's commits make this node's cached pages old too, and so do standings when they have come after what
    /// was said: a page made between the two shows what was known before.
    fn spawn_cache_follower(&self) -> anyhow::Result<std::thread::JoinHandle<()>> {
        let app = self.clone();
        let one_node = matches!(self.config.database, db::Target::Sqlite(_));
        let mut standings = follow::place(&mut *self.db.reader()?, crate::reputation::FOLLOWER)?;
        let mut place = { crate::ledger::head(&mut *self.db.reader()?)? };
        Ok(std::thread::Builder::new().name("cache".into()).spawn(move || {
            while !app.bell.stopping() {
                let seen = app.bell.rung();
                let moved = app.db.reader().and_then(|mut conn| {
                    let reached = follow::place(&mut conn, crate::reputation::FOLLOWER)?;
                    app.cache.follow_after(&mut conn, &mut standings, Some(reached))?;
                    if one_node { Ok(()) } else { app.cache.follow_after(&mut conn, &mut place, None) }
                });
                if let Err(error) = moved {
                    tracing::debug!(%error, "the cache could not look at the ledger");
                }
                app.bell.wait(seen, Duration::from_millis(limits::FOLLOWER_POLL_MS));
            }
        })?)
    }

    /// Writes down what was counted, searches for findings and drops what is too old, now and then.
    fn spawn_sweeper(&self) -> anyhow::Result<std::thread::JoinHandle<()>> {
        let app = self.clone();
        Ok(std::thread::Builder::new().name("sweeper".into()).spawn(move || {
            let mut last_sweep = app.started;
            let mut last_flush = app.started;
            let mut last_count = app.started;
            let mut last_search = app.started;
            // Months before this one have their statements, as far as this node knows.
            let mut stated = 0;
            while !app.bell.stopping() {
                app.bell.wait(app.bell.rung(), Duration::from_millis(limits::FOLLOWER_POLL_MS));
                let now = app.db.clock.now();
                if is_due(&mut last_flush, now, limits::VIEW_FLUSH) {
                    done("views could not be written down yet; they are kept", app.views.flush(&app.db));
                    done("readers could not be written down yet; they are kept", app.readers.flush(&app.db));
                }
                if is_due(&mut last_count, now, limits::SEARCH_FLUSH) {
                    done(
                        "searches could not be written down yet; they are kept",
                        app.searches.flush(&app.db),
                    );
                }
                if is_due(&mut last_search, now, limits::FINDINGS_PAUSE) {
                    let found = done("findings could not be searched for", crate::findings::search(&app.db));
                    if let Some(found @ 1..) = found {
                        tracing::info!(found, "findings wait for a moderator");
                    }
                }
                if is_due(&mut last_sweep, now, limits::SWEEP) {
                    app.sweep(now, &mut stated);
                }
            }
            done("the last views were not written down", app.views.flush(&app.db));
            done("the last readers were not written down", app.readers.flush(&app.db));
            done("the last searches were not written down", app.searches.flush(&app.db));
        })?)
    }

    /// Drops what is too old, and does what is due once a day or month.
    fn sweep(&self, now: Moment, stated: &mut i64) {
        self.rates.sweep();
        let swept = self.db.write_blocking(|tx| {
            crate::accounts::sweep(tx)?;
            crate::threads::sweep(tx)?;
            crate::insight::sweep(tx)?;
            crate::samples::sweep(tx)?;
            crate::watches::sweep(tx)
        });
        done("old rows could not be dropped", swept);
        done("no sample could be drawn", self.db.write_blocking(crate::samples::draw_if_due));
        let before = now.plus(-limits::WORTH_SETTLES).month();
        if *stated < before {
            let made = crate::worth::state_months(&self.db, &self.letterhead, &self.config.worth);
            if let Some(made) = done("statements of worth could not be made", made) {
                *stated = before;
                tracing::info!(made, "statements of worth were made");
            }
        }
    }

    /// Runs every follower until it has caught up: after an import, and in tests that look at effects.
    pub fn catch_up(&self) -> anyhow::Result<()> {
        for follower in followers(&self.letterhead) {
            follow::catch_up(&self.db, &follower)?;
        }
        crate::search::follow::catch_up(self)?;
        crate::watches::catch_up(self)?;
        crate::moderation::follow::catch_up(self)?;
        Ok(())
    }

    /// Stops what runs in the background, after it has finished what it is at.
    pub fn close(&self) {
        self.bell.stop();
        let threads = self.threads.lock().map(|mut own| std::mem::take(&mut *own)).unwrap_or_default();
        for thread in threads {
            let _ = thread.join();
        }
        self.db.stop();
    }

    /// Serves on `listener` until the handle stops it. The future ends when the last request has.
    pub fn serve(
        &self,
        listener: TcpListener,
    ) -> std::io::Result<(ServerHandle, impl Future<Output = std::io::Result<()>> + use<>)> {
        self.serve_with(listener, |_| {})
    }

    /// The same with routes beside the table's: the benchmark's static reply.
    pub fn serve_with<F>(
        &self,
        listener: TcpListener,
        more: F,
    ) -> std::io::Result<(ServerHandle, impl Future<Output = std::io::Result<()>> + use<F>)>
    where
        F: FnOnce(&mut web::ServiceConfig) + Clone + Send + 'static,
    {
        let data = Data::new(self.clone());
        let readers = usize::try_from(self.config.readers).unwrap_or(2);
        let workers = self.config.workers.max(1);
        let server = HttpServer::new(move || {
            WebApp::new()
                .app_data(data.clone())
                .wrap(from_fn(doorman::stand))
                .configure(crate::routes::configure)
                .configure(more.clone())
                .default_service(web::to(doorman::nothing_here))
        })
        .workers(workers)
        .worker_max_blocking_threads((readers / workers).max(1))
        .max_connections(limits::CONNECTIONS)
        .on_connect(|stream, _| {
            if let Some(stream) = stream.downcast_ref::<actix_web::rt::net::TcpStream>() {
                let unread = Some(Duration::from_millis(limits::UNREAD_MS));
                if let Err(error) = socket2::SockRef::from(stream).set_tcp_user_timeout(unread) {
                    tracing::debug!(%error, "a connection has no limit on being left unread");
                }
            }
        })
        .client_request_timeout(Duration::from_secs(limits::HEADER_SECONDS))
        .client_disconnect_timeout(Duration::from_secs(1))
        .keep_alive(Duration::from_secs(limits::KEEP_ALIVE_SECONDS))
        .shutdown_timeout(limits::STOP_SECONDS)
        .disable_signals()
        .listen(listener)?
        .run();
        Ok((server.handle(), server))
    }
}
