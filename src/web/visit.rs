//! web room: one request as handlers see it. Whoever wants the database must come through here, and is
//! asked first whether the route is for them.
use crate::accounts::{self, Role, Viewer};
use crate::app::App;
use crate::db::{Conn, Tx};
use crate::error::{Error, Result};
use crate::kernel::ids::UserId;
use crate::kernel::{limits, token};
use crate::web::aside::aside;
use crate::web::cache::{self, Shows};
use crate::web::form::Form;
use crate::web::rates::{Budget, household};
use crate::web::{templates, views};
use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use actix_web::dev::Payload;
use actix_web::http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, ETAG,
    HeaderMap, IF_NONE_MATCH, LOCATION, ORIGIN, REFERER, USER_AGENT, VARY,
};
use actix_web::web::{Bytes, Data};
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse};
use serde::Serialize;
use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Anyone,
    SignedIn,
    Moderator,
    Staff,
    Admin,
}

/// What the route table says of the route this request came by.
#[derive(Debug, Clone, Copy)]
pub struct RouteAccess(pub Access);

/// The request, without anything borrowed from it.
#[derive(Clone)]
pub struct Visit {
    pub app: App,
    pub access: Access,
    pub lang: &'static str,
    /// Path and query.
    pub path: String,
    pub address: IpAddr,
    pub user_agent: String,
    pub wants_json: bool,
    api: bool,
    session: Option<String>,
    bearer: Option<String>,
    /// A random value for forms of visitors without a session.
    anonymous: Option<String>,
    flash: Option<String>,
    csrf_header: Option<String>,
    cross_site: bool,
    gzip: bool,
    if_none_match: Option<String>,
    get: bool,
    /// The page of ours that this request came from: path and query.
    came_from: Option<String>,
    /// When the first thing was asked for that may have to be waited for.
    begun: OnceLock<Instant>,
}

/// What a handler's closure works with while it reads.
pub struct Room<'a> {
    pub conn: &'a mut Conn,
    pub visit: &'a Visit,
    pub viewer: Option<Viewer>,
    pub now: crate::kernel::moment::Moment,
}

fn text(headers: &HeaderMap, name: impl actix_web::http::header::AsHeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The token in the header, empty when only the scheme is there; other schemes are a proxy's business.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = text(headers, AUTHORIZATION)?.trim();
    let (scheme, token) = value.split_once(' ').unwrap_or((value, ""));
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The visitor's address: the peer's, or what a trusted proxy says of it.
pub fn address(app: &App, req: &HttpRequest) -> IpAddr {
    let peer = req.peer_addr().map_or(IpAddr::from([0, 0, 0, 0]), |a| a.ip());
    // A line that is no text counts as one hop nobody can read.
    let lines = req.headers().get_all("x-forwarded-for").map(|value| value.to_str().unwrap_or_default());
    visitor_behind(peer, &lines.collect::<Vec<_>>().join(","), &app.config.trusted_proxies)
}

/// Goes back from the peer through what each trusted proxy says of the one before it. A hop that cannot be read
/// ends the way: what stands before it was written by somebody we do not trust.
fn visitor_behind(peer: IpAddr, forwarded: &str, trusted: &[IpAddr]) -> IpAddr {
    let mut visitor = peer.to_canonical();
    for part in forwarded.rsplit(',') {
        if !trusted.iter().any(|proxy| proxy.to_canonical() == visitor) {
            break;
        }
        let Some(before) = hop(part.trim()) else { break };
        visitor = before;
    }
    visitor
}

/// One hop as proxies write it: an address, one with a port, or an IPv6 address in brackets.
fn hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let address = match bare {
        Some(bare) => bare.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|at| at.ip())),
    };
    address.map(|address| address.to_canonical())
}

impl FromRequest for Visit {
    type Error = Error;
    type Future = Ready<Result<Visit>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(app) = req.app_data::<Data<App>>() else {
            return ready(Err(Error::Internal("the app is missing".into())));
        };
        let app = app.get_ref().clone();
        let headers = req.headers();
        let names = CookieNames::of(&app);
        let cookie = |name: &str| {
            req.cookie(name)
                .map(|c| c.value().to_owned())
                .filter(|v| v.len() <= 128 && v.is_ascii() && !v.is_empty())
        };
        let base = &app.config.base_url;
        let same_host = |origin: &str| {
            origin == base
                || (!app.config.base_url_set
                    && text(headers, "host").is_some_and(|host| origin.strip_prefix("http://") == Some(host)))
        };
        let came_from = text(headers, REFERER).and_then(|url| {
            let host = url.find("://")? + 3;
            let (origin, path) = url.split_at_checked(host + url.get(host..)?.find('/')?)?;
            same_host(origin).then(|| path.to_owned())
        });
        let cross_site = match text(headers, ORIGIN) {
            Some(origin) => !same_host(origin),
            None => matches!(text(headers, "sec-fetch-site"), Some("cross-site" | "same-site")),
        };
        let visit = Visit {
            access: req.extensions().get::<RouteAccess>().map_or(Access::Admin, |a| a.0),
            lang: templates::language(&app, text(headers, "accept-language")),
            path: req.uri().path_and_query().map_or_else(|| "/".into(), |p| p.as_str().to_owned()),
            address: address(&app, req),
            user_agent: text(headers, USER_AGENT).unwrap_or_default().chars().take(200).collect(),
            wants_json: text(headers, "accept").is_some_and(|a| a.starts_with("application/json")),
            api: req.path().starts_with("/api/"),
            session: cookie(&names.session),
            bearer: bearer(headers).filter(|_| req.path().starts_with("/api/")).map(str::to_owned),
            anonymous: cookie(&names.anonymous),
            flash: cookie(&names.flash),
            csrf_header: text(headers, "x-csrf-token").map(str::to_owned),
            cross_site,
            gzip: text(headers, ACCEPT_ENCODING).is_some_and(|v| v.contains("gzip")),
            if_none_match: text(headers, IF_NONE_MATCH).map(str::to_owned),
            get: req.method() == actix_web::http::Method::GET
                || req.method() == actix_web::http::Method::HEAD,
            came_from,
            begun: OnceLock::new(),
            app,
        };
        ready(Ok(visit))
    }
}

/// Names of our cookies; the browser itself guards those that begin with `__Host-`.
pub struct CookieNames {
    pub session: String,
    pub anonymous: String,
    pub flash: String,
}

impl CookieNames {
    pub fn of(app: &App) -> CookieNames {
        let prefix = if app.config.is_https() { "__Host-" } else { "" };
        CookieNames {
            session: format!("{prefix}loggia_session"),
            anonymous: format!("{prefix}loggia_visit"),
            flash: format!("{prefix}loggia_flash"),
        }
    }
}

/// A cookie for this host, all paths, hidden from scripts. `seconds` 0 removes it; `None` lasts with the browser.
pub fn cookie(app: &App, name: String, value: String, seconds: Option<i64>) -> Cookie<'static> {
    let mut cookie = Cookie::build(name, value).path("/").http_only(true).same_site(SameSite::Lax);
    if app.config.is_https() {
        cookie = cookie.secure(true);
    }
    if let Some(seconds) = seconds {
        cookie = cookie.max_age(CookieDuration::seconds(seconds));
    }
    cookie.finish()
}

impl Visit {
    pub fn t(&self, key: &str) -> String {
        crate::web::i18n::translate(self.lang, key, &[])
    }

    pub fn household(&self) -> IpAddr {
        household(self.address)
    }

    /// Where this comes from, for the log of accounts.
    pub fn caller(&self) -> accounts::Caller {
        accounts::Caller { address: Some(self.address), user_agent: self.user_agent.clone() }
    }

    /// Whether nobody is signed in, judged by the cookies alone.
    pub fn is_anonymous(&self) -> bool {
        self.session.is_none() && self.bearer.is_none()
    }

    /// The value that ties this browser's anonymous forms together.
    pub fn browser(&self) -> Option<&str> {
        self.anonymous.as_deref()
    }

    /// The page of ours that this request came from, as the browser says.
    pub fn came_from(&self) -> Option<&str> {
        self.came_from.as_deref()
    }

    pub fn session_token(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Who is looking, from the session or, under `/api/`, the token; and whether they may.
    fn admit(&self, conn: &mut Conn, now: crate::kernel::moment::Moment) -> Result<Option<Viewer>> {
        let viewer = if self.api {
            match &self.bearer {
                Some(bearer) => Some(
                    accounts::viewer_by_api_token(conn, &token::digest(bearer), now)?
                        .ok_or(Error::Unauthorized)?,
                ),
                None => None,
            }
        } else {
            match &self.session {
                Some(session) => accounts::viewer_by_session(conn, &token::digest(session), now)?,
                None => None,
            }
        };
        let role = viewer.as_ref().map(|v| v.role);
        let allowed = match self.access {
            Access::Anyone => true,
            Access::SignedIn => role.is_some(),
            Access::Moderator => role.is_some_and(Role::moderates),
            Access::Staff => role.is_some_and(Role::answers_officially),
            Access::Admin => role == Some(Role::Admin),
        };
        match (allowed, &viewer) {
            (true, _) => Ok(viewer),
            (false, None) if self.api => Err(Error::Unauthorized),
            (false, None) => Err(Error::SignIn(self.way_back())),
            // What a role opens is nobody else's business, not even that it is there.
            (false, Some(_)) => Err(Error::NotFound),
        }
    }

    /// Where to go on after signing in: here, or where the form stood that was sent here.
    fn way_back(&self) -> String {
        if self.get { self.path.clone() } else { self.came_from.clone().unwrap_or_else(|| "/".into()) }
    }

    /// What is left of this many milliseconds, which all that this request waits for shares.
    fn left(&self, milliseconds: u64) -> Duration {
        let begun = self.begun.get_or_init(Instant::now);
        Duration::from_millis(milliseconds).saturating_sub(begun.elapsed())
    }

    /// Runs `work` off the request threads, for handlers that look something up before they know who asks.
    pub async fn aside<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        aside(self.left(limits::READ_MS), work).await
    }

    /// [`Visit::read`] of what must be known before something slow that no connection may wait for; what comes after
    /// reads again, and both share the time of one request.
    pub async fn ahead<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Room<'_>) -> Result<T> + Send + 'static,
    {
        self.left(limits::READ_MS);
        self.clone().read(work).await
    }

    /// Runs `work` with a reading connection, off the request threads, for a visitor the route is for.
    pub async fn read<T, F>(self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Room<'_>) -> Result<T> + Send + 'static,
    {
        let patience = self.left(limits::READ_MS);
        aside(patience, move || {
            let now = self.app.db.clock.now();
            let db = self.app.db.clone();
            let mut conn = db.reader()?;
            let viewer = self.admit(&mut conn, now)?;
            if let Some(viewer) = &viewer {
                accounts::touch_later(&db, viewer, now);
            }
            work(&mut Room { conn: &mut conn, visit: &self, viewer, now })
        })
        .await
    }

    /// A page nobody but this visitor may keep.
    pub async fn page<F>(self, work: F) -> Result<HttpResponse>
    where
        F: FnOnce(&mut Room<'_>) -> Result<Page> + Send + 'static,
    {
        let had_flash = self.flash.is_some();
        let needs_anonymous = self.session.is_none() && self.anonymous.is_none();
        let app = self.app.clone();
        let (page, fresh) = self
            .read(move |room| {
                // A form for a visitor without any cookie needs one to tie its token to.
                let fresh = if needs_anonymous {
                    Some(token::random().map_err(|e| Error::Internal(e.to_string()))?)
                } else {
                    None
                };
                let page = work(room)?;
                Ok((page.finish(room, fresh.as_deref())?, fresh))
            })
            .await?;
        let names = CookieNames::of(&app);
        let mut reply = match page {
            Done::Redirect(url) => {
                let mut reply = HttpResponse::SeeOther();
                reply.insert_header((LOCATION, url));
                reply.insert_header((CACHE_CONTROL, "no-store"));
                return Ok(reply.finish());
            }
            Done::Moved(url) => {
                return Ok(HttpResponse::MovedPermanently().insert_header((LOCATION, url)).finish());
            }
            Done::Html { html, gzip, status, has_form } => {
                let mut reply = HttpResponse::build(status);
                if let (Some(fresh), true) = (fresh, has_form) {
                    reply.cookie(cookie(&app, names.anonymous, fresh, None));
                }
                if had_flash {
                    reply.cookie(cookie(&app, names.flash, String::new(), Some(0)));
                }
                if gzip.is_some() {
                    reply.insert_header((CONTENT_ENCODING, "gzip"));
                }
                let html = gzip.unwrap_or(html);
                reply.insert_header((CACHE_CONTROL, "private, no-store"));
                reply.insert_header((VARY, "cookie, accept-encoding, accept-language"));
                (reply, html)
            }
        };
        reply.0.insert_header((CONTENT_TYPE, "text/html; charset=utf-8"));
        Ok(reply.0.body(reply.1))
    }

    /// A page every anonymous visitor sees alike, kept in memory until the ledger changes `shows`.
    pub async fn shared_page<F>(self, shows: Shows, work: F) -> Result<HttpResponse>
    where
        F: FnOnce(&mut Room<'_>) -> Result<Page> + Send + 'static,
    {
        if !self.is_anonymous() || self.flash.is_some() {
            return self.page(work).await;
        }
        let app = self.app.clone();
        let now = app.db.clock.now();
        let key = format!("{} {}", self.lang, self.path);
        let (gzip, seen) = (self.gzip, self.if_none_match.clone());
        if let Some(page) = app.cache.get(&key, now) {
            return kept(page, gzip, seen.as_deref()).await;
        }
        let generations = [shows, Shows::Everything].map(|shows| (shows, app.cache.generation(shows)));
        // The page goes to everyone: nothing of this visitor, not even a form's token, may be in it.
        let mut visit = self;
        visit.anonymous = None;
        visit.session = None;
        let made = visit
            .read(move |room| {
                let page = work(room)?;
                let others = matches!(&page, Page::Html { head, .. } if head.names_threads);
                let [own, everything] = generations;
                let (shows, generation) = if others { everything } else { own };
                Ok(match page.finish(room, None)? {
                    Done::Html { html, gzip, status, .. } if status.is_success() => {
                        let cache = &room.visit.app.cache;
                        Made::Kept(cache.put(key, shows, generation, (cache::HTML, html, gzip), now))
                    }
                    done => Made::Once(done),
                })
            })
            .await?;
        match made {
            Made::Kept(page) => kept(page, gzip, seen.as_deref()).await,
            Made::Once(Done::Redirect(url)) => {
                Ok(HttpResponse::SeeOther().insert_header((LOCATION, url)).finish())
            }
            Made::Once(Done::Moved(url)) => {
                Ok(HttpResponse::MovedPermanently().insert_header((LOCATION, url)).finish())
            }
            Made::Once(Done::Html { html, status, .. }) => Ok(HttpResponse::build(status)
                .insert_header((CONTENT_TYPE, cache::HTML))
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(html)),
        }
    }

    /// A file that is the same for everybody, signed in or not, kept in memory until the ledger changes `shows`.
    /// `name` is all that its content depends on.
    pub async fn shared_file<F>(
        mut self,
        name: String,
        shows: Shows,
        kind: &'static str,
        work: F,
    ) -> Result<HttpResponse>
    where
        F: FnOnce(&mut Room<'_>) -> Result<String> + Send + 'static,
    {
        let app = self.app.clone();
        let now = app.db.clock.now();
        let (gzip, seen) = (self.gzip, self.if_none_match.clone());
        if let Some(page) = app.cache.get(&name, now) {
            return kept(page, gzip, seen.as_deref()).await;
        }
        let generation = app.cache.generation(shows);
        self.session = None;
        self.bearer = None;
        let page = self
            .read(move |room| {
                let text = Bytes::from(work(room)?);
                let compressed = room.visit.gzip.then(|| cache::compress(&text));
                Ok(room.visit.app.cache.put(name, shows, generation, (kind, text, compressed), now))
            })
            .await?;
        kept(page, gzip, seen.as_deref()).await
    }

    /// JSON for scripts of ours or, under `/api/`, for others.
    pub async fn json<T, F>(self, work: F) -> Result<HttpResponse>
    where
        T: Serialize + Send + 'static,
        F: FnOnce(&mut Room<'_>) -> Result<T> + Send + 'static,
    {
        let value = self.read(work).await?;
        Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "private, no-store")).json(value))
    }

    /// A table as a CSV file of this name, for this visitor to keep.
    pub async fn table<F>(self, name: String, work: F) -> Result<HttpResponse>
    where
        F: FnOnce(&mut Room<'_>) -> Result<String> + Send + 'static,
    {
        let text = self.read(work).await?;
        Ok(HttpResponse::Ok()
            .insert_header((CONTENT_TYPE, "text/csv; charset=utf-8"))
            .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
            .insert_header((CACHE_CONTROL, "private, no-store"))
            .body(text))
    }

    /// What the csrf token of this visitor's forms is made of.
    fn csrf_subject(&self) -> Option<&str> {
        self.session.as_deref().or(self.anonymous.as_deref())
    }

    /// Whether this request comes from a form of ours, in this browser.
    fn check_form(&self, form: &Form) -> Result<()> {
        let sent = self.csrf_header.as_deref().unwrap_or_else(|| form.get("csrf"));
        let good = !self.cross_site
            && self.csrf_subject().is_some_and(|subject| self.app.key.verify("csrf", subject, sent));
        if good {
            return Ok(());
        }
        Err(self.keeping(form, Error::Expired))
    }

    /// An error that gives back what was typed. A script that is no longer signed in is told, not led elsewhere.
    fn keeping(&self, form: &Form, error: Error) -> Error {
        let told = self.wants_json && matches!(error, Error::SignIn(_));
        error.keeping(form.typed().or_else(|| told.then(String::new)))
    }

    /// Checks that the form is ours without writing anything: for what only reads but is posted.
    pub fn confirm_form(&self, form: &Form) -> Result<()> {
        self.check_form(form)
    }

    /// Says what is wrong with a form, but only to those its route is for; to others the route is not there.
    pub async fn refuse<T>(self, why: Error) -> Result<T> {
        self.read(|_| Ok(())).await?;
        Err(why)
    }

    /// The page of a form that was not taken. Whatever goes wrong then, what was `typed` is given back.
    pub async fn again<F>(self, typed: Option<String>, work: F) -> Result<HttpResponse>
    where
        F: FnOnce(&mut Room<'_>) -> Result<Page> + Send + 'static,
    {
        self.page(work).await.map_err(|error| error.keeping(typed))
    }

    /// One act of a signed-in visitor: the form is ours, the route is theirs, the allowance is not used up,
    /// and `work` runs in one write transaction.
    pub async fn act<T, F>(&self, form: &Form, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    {
        self.check_form(form)?;
        self.write(budget, Counted::Always, work).await.map_err(|error| self.keeping(form, error))
    }

    /// The same for a verb that can tell a form sent twice and says so ([`Tx::is_new`]): the same form sent again
    /// takes nothing from the allowance and is answered as the first one was.
    pub async fn act_once<T, F>(&self, form: &Form, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    {
        self.check_form(form)?;
        self.write(budget, Counted::WhenNew, work).await.map_err(|error| self.keeping(form, error))
    }

    /// One act by the API: the token in the header stands for the form.
    pub async fn act_by_api<T, F>(&self, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    {
        self.confirm_token()?;
        self.write(budget, Counted::Always, work).await
    }

    /// [`Visit::act_once`] by the API.
    pub async fn act_once_by_api<T, F>(&self, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    {
        self.confirm_token()?;
        self.write(budget, Counted::WhenNew, work).await
    }

    fn confirm_token(&self) -> Result<()> {
        if self.api && self.bearer.is_some() { Ok(()) } else { Err(Error::Unauthorized) }
    }

    /// Work that takes its time (rendering a text, say): the form is ours, the route is the visitor's, their
    /// allowance is not used up, and only then it is done, where neither requests nor readers wait for it.
    pub async fn prepare<T, F>(&self, form: &Form, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        self.check_form(form)?;
        self.render(budget, work).await.map_err(|error| self.keeping(form, error))
    }

    /// The same by the API.
    pub async fn prepare_by_api<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        self.confirm_token()?;
        self.render(Budget::Render, work).await
    }

    async fn render<T, F>(&self, budget: Budget, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        self.clone()
            .read(move |room| {
                let viewer = room.viewer()?.id;
                room.visit.app.rates.take(budget, (budget, viewer))
            })
            .await?;
        self.compute(work).await
    }

    /// Work of the renderers for whoever is looking; what it may cost has been asked already.
    pub async fn compute<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce() -> Result<T> + Send + 'static,
    {
        self.app.renderers.run(self.left(limits::READ_MS), work).await
    }

    async fn write<T, F>(&self, budget: Budget, counted: Counted, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>, &Viewer) -> Result<T> + Send + 'static,
    {
        let app = self.app.clone();
        let gate = Gate {
            access: self.access,
            api: self.api,
            session: self.session.as_deref().map(token::digest),
            bearer: self.bearer.as_deref().map(token::digest),
            path: self.way_back(),
        };
        // From whose allowance the act was taken.
        let taken: Arc<OnceLock<UserId>> = Arc::default();
        let mark = Arc::clone(&taken);
        let done = self
            .app
            .db
            .write_within(self.left(limits::WRITE_MS), move |tx| {
                let viewer = gate.admit(tx)?;
                let mut toll = || {
                    if mark.get().is_none() {
                        app.rates.take(budget, (budget, viewer.id))?;
                        let _ = mark.set(viewer.id);
                    }
                    Ok(())
                };
                if counted == Counted::Always {
                    toll()?;
                }
                accounts::touch(tx, &viewer)?;
                work(&mut tx.counted(&mut toll), &viewer)
            })
            .await;
        // What the house could not do is taken from nobody.
        if let (Err(error), Some(who)) = (&done, taken.get())
            && error.is_ours()
        {
            self.app.rates.give_back(budget, (budget, *who));
        }
        done
    }

    /// One act of a visitor who need not be signed in (making an account, say); the form is ours.
    pub async fn act_anonymously<T, F>(&self, form: &Form, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        if self.access != Access::Anyone {
            return Err(Error::NotFound);
        }
        self.check_form(form)?;
        self.app.db.write_within(self.left(limits::WRITE_MS), work).await
    }

    /// One act of whoever holds a link that we signed for exactly this act. No session and no form token is asked
    /// for: mail providers post for their customers without cookies (RFC 8058), so the link's token, which the
    /// caller has verified, is the whole right. Only for acts that do no harm if a mail is passed on.
    pub async fn act_by_link<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T> + Send + 'static,
    {
        if self.access != Access::Anyone {
            return Err(Error::NotFound);
        }
        self.app.db.write_within(self.left(limits::WRITE_MS), work).await
    }

    /// Back to a page, with a word to show there once.
    pub fn redirect(&self, url: &str, flash: Option<(&'static str, &'static str)>) -> HttpResponse {
        let mut reply = HttpResponse::SeeOther();
        reply.insert_header((LOCATION, url.to_owned())).insert_header((CACHE_CONTROL, "no-store"));
        if let Some((kind, key)) = flash {
            let names = CookieNames::of(&self.app);
            reply.cookie(cookie(&self.app, names.flash, format!("{kind}.{key}"), Some(60)));
        }
        reply.finish()
    }
}

/// When an act is taken from somebody's allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counted {
    Always,
    WhenNew,
}

struct Gate {
    access: Access,
    api: bool,
    session: Option<String>,
    bearer: Option<String>,
    path: String,
}

impl Gate {
    fn admit(&self, tx: &mut Tx<'_>) -> Result<Viewer> {
        let viewer = match (self.api, &self.session, &self.bearer) {
            (true, _, Some(digest)) => accounts::viewer_by_api_token(tx.conn, digest, tx.now)?,
            (false, Some(digest), _) => accounts::viewer_by_session(tx.conn, digest, tx.now)?,
            _ => None,
        };
        let Some(viewer) = viewer else {
            return Err(if self.api { Error::Unauthorized } else { Error::SignIn(self.path.clone()) });
        };
        let allowed = match self.access {
            Access::Anyone | Access::SignedIn => true,
            Access::Moderator => viewer.role.moderates(),
            Access::Staff => viewer.role.answers_officially(),
            Access::Admin => viewer.role == Role::Admin,
        };
        if allowed { Ok(viewer) } else { Err(Error::NotFound) }
    }
}

async fn kept(page: Arc<cache::CachedPage>, gzip: bool, seen: Option<&str>) -> Result<HttpResponse> {
    let vary =
        if page.kind == cache::HTML { "cookie, accept-encoding, accept-language" } else { "accept-encoding" };
    let known = |etag: &&String| {
        seen.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == **etag))
    };
    if let Some(etag) = page.etag.as_ref().filter(known) {
        return Ok(HttpResponse::NotModified()
            .insert_header((ETAG, etag.clone()))
            .insert_header((CACHE_CONTROL, "no-cache"))
            .insert_header((VARY, vary))
            .finish());
    }
    let gzip = match (gzip, page.ready_gzip()) {
        (false, _) => None,
        (true, Some(made)) => Some(made),
        // The first who takes it so, after others who did not.
        (true, None) => {
            let page = Arc::clone(&page);
            Some(aside(Duration::from_millis(limits::READ_MS), move || Ok(page.gzip())).await?)
        }
    };
    let mut reply = HttpResponse::Ok();
    reply
        .insert_header((CONTENT_TYPE, page.kind))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((VARY, vary));
    if let Some(etag) = &page.etag {
        // The same bytes under another coding are another representation.
        let weak = if gzip.is_some() { "W/" } else { "" };
        reply.insert_header((ETAG, format!("{weak}{etag}")));
    }
    if gzip.is_some() {
        reply.insert_header((CONTENT_ENCODING, "gzip"));
    }
    Ok(reply.body(gzip.unwrap_or_else(|| page.html.clone())))
}

/// What a handler answers with: a template and its view, or another place to go.
pub enum Page {
    Html {
        template: &'static str,
        view: Box<tera::Value>,
        head: Head,
        status: actix_web::http::StatusCode,
    },
    Fragment {
        template: &'static str,
        view: Box<tera::Value>,
    },
    Redirect(String),
    /// For good: search engines may forget the old address.
    Moved(String),
}

enum Done {
    Html {
        html: Bytes,
        /// Compressed, for those who take it so.
        gzip: Option<Bytes>,
        status: actix_web::http::StatusCode,
        has_form: bool,
    },
    Redirect(String),
    Moved(String),
}

/// A shared page as it was made: kept for others, or for this visitor alone.
enum Made {
    Kept(Arc<cache::CachedPage>),
    Once(Done),
}

impl Done {
    /// Compressed here, off the request threads: a large page takes milliseconds.
    fn html(visit: &Visit, html: String, status: actix_web::http::StatusCode, has_form: bool) -> Done {
        let html = Bytes::from(html);
        let gzip = visit.gzip.then(|| cache::compress(&html));
        Done::Html { html, gzip, status, has_form }
    }
}

/// What a page says of itself to the shell.
#[derive(Debug, Clone, Default)]
pub struct Head {
    pub title: String,
    pub section: &'static str,
    /// Path of the page's one true address.
    pub canonical: Option<String>,
    pub description: String,
    pub noindex: bool,
    pub search_text: String,
    pub banner: Option<String>,
    /// Names threads beside its own, so that any event may make it old.
    pub names_threads: bool,
}

impl Head {
    pub fn new(title: String, section: &'static str) -> Head {
        Head { title, section, ..Head::default() }
    }
    /// For pages that only make sense to the one who sees them.
    pub fn private(title: String, section: &'static str) -> Head {
        Head { title, section, noindex: true, ..Head::default() }
    }
}

impl Page {
    pub fn html<V: Serialize>(template: &'static str, head: Head, view: &V) -> Page {
        let view = Box::new(tera::Value::from_serializable(view));
        Page::Html { template, view, head, status: actix_web::http::StatusCode::OK }
    }

    /// The same page with the status a refused form has.
    pub fn with_status(self, code: u16) -> Page {
        match self {
            Page::Html { template, view, head, status } => {
                let status = actix_web::http::StatusCode::from_u16(code).unwrap_or(status);
                Page::Html { template, view, head, status }
            }
            other => other,
        }
    }

    fn finish(self, room: &mut Room<'_>, fresh: Option<&str>) -> Result<Done> {
        match self {
            Page::Redirect(url) => Ok(Done::Redirect(url)),
            Page::Moved(url) => Ok(Done::Moved(url)),
            Page::Fragment { template, view } => {
                let html = room.visit.app.templates.fragment(room.visit.lang, template, *view)?;
                Ok(Done::html(room.visit, html, actix_web::http::StatusCode::OK, false))
            }
            Page::Html { template, view, head, status } => {
                let subject = room.visit.csrf_subject().or(fresh);
                let csrf = subject.map(|s| room.visit.app.key.sign("csrf", s)).unwrap_or_default();
                let shell = crate::web::view::shell(room, head, csrf)?;
                let html = room.visit.app.templates.render(room.visit.lang, template, &shell, *view)?;
                Ok(Done::html(room.visit, html, status, true))
            }
        }
    }
}

impl Room<'_> {
    /// The viewer, on routes that are for people with an account.
    pub fn viewer(&self) -> Result<&Viewer> {
        self.viewer.as_ref().ok_or_else(|| Error::SignIn(self.visit.path.clone()))
    }

    pub fn flash(&self) -> Option<views::Flash> {
        let (kind, key) = self.visit.flash.as_deref()?.split_once('.')?;
        let known = matches!(kind, "ok" | "warn" | "error") && key.starts_with("flash-");
        (known && crate::web::i18n::has("en", key))
            .then(|| views::Flash { kind: kind.to_owned(), text: self.visit.t(key) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visitor_is_whom_the_last_trusted_proxy_saw() {
        let trusted: Vec<IpAddr> =
            ["127.0.0.1", "10.0.0.2", "::ffff:10.0.0.3"].map(|a| a.parse().unwrap()).into();
        for (peer, forwarded, visitor) in [
            ("127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("::ffff:127.0.0.1", "203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7:51234", "203.0.113.7"),
            ("127.0.0.1", "198.51.100.1,[2001:db8::7]:443", "2001:db8::7"),
            ("127.0.0.1", "198.51.100.1,[2001:db8::7]", "2001:db8::7"),
            ("127.0.0.1", "198.51.100.1, 2001:db8::7", "2001:db8::7"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7, 10.0.0.3, 10.0.0.2", "203.0.113.7"),
            // What cannot be read ends the way.
            ("127.0.0.1", "198.51.100.1, unknown", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1, _hidden, 10.0.0.2", "10.0.0.2"),
            ("127.0.0.1", "198.51.100.1, 203.0.113.7:", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1, [203.0.113.7]", "127.0.0.1"),
            ("127.0.0.1", "198.51.100.1,", "127.0.0.1"),
            ("127.0.0.1", "", "127.0.0.1"),
            // Nobody else is believed.
            ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        ] {
            let seen = visitor_behind(peer.parse().unwrap(), forwarded, &trusted);
            assert_eq!(seen.to_string(), visitor, "{peer} says {forwarded}");
        }
    }
}
