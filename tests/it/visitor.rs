//! tests: a browser without scripts. Keeps cookies, follows no redirect by itself, sends the page's CSRF token.
use loggia::kernel::limits;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::HeaderMap;
use reqwest::{Client, Method, RequestBuilder, Url, redirect};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub struct Visitor {
    client: Client,
    jar: Arc<Jar>,
    base: Url,
    csrf: Mutex<Option<String>>,
}

/// One answer of the server.
pub struct Page {
    pub status: u16,
    pub headers: HeaderMap,
    /// What was asked for, for messages of failed assertions.
    pub asked: String,
    pub bytes: Vec<u8>,
}

impl Visitor {
    pub fn new(base_url: &str) -> Visitor {
        let jar = Arc::new(Jar::default());
        let client = Client::builder()
            .cookie_provider(Arc::clone(&jar))
            .redirect(redirect::Policy::none())
            .no_proxy()
            .timeout(Duration::from_secs(30))
            // Shorter than the server keeps one that says nothing: it must not be taken while the server closes it.
            .pool_idle_timeout(Duration::from_secs(limits::KEEP_ALIVE_SECONDS / 2))
            .build()
            .unwrap();
        Visitor { client, jar, base: base_url.parse().unwrap(), csrf: Mutex::new(None) }
    }

    /// A request to fill by hand: odd headers, odd bodies. Goes out by [`Visitor::send`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.url(path))
    }

    fn url(&self, path: &str) -> Url {
        self.base.join(path).unwrap()
    }

    pub async fn send(&self, request: RequestBuilder) -> Page {
        let request = request.build().unwrap();
        let asked = format!("{} {}", request.method(), request.url().path());
        let answer = self.client.execute(request).await.unwrap_or_else(|e| panic!("{asked}: {e:?}"));
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let bytes = answer.bytes().await.unwrap_or_else(|e| panic!("{asked}: {e:?}")).to_vec();
        let page = Page { status, headers, asked, bytes };
        if let Some(token) = page.csrf() {
            *self.csrf.lock().unwrap() = Some(token);
        }
        page
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(self.request(Method::GET, path)).await
    }

    /// Sends a form with the token of the last page seen; looks at a page first when none was.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Page {
        if self.csrf().is_none() {
            self.get("/").await;
        }
        if self.csrf().is_none() {
            self.get("/sign-in").await;
        }
        let token = self.csrf().unwrap_or_default();
        let mut form = form.to_vec();
        form.push(("csrf", &token));
        self.post_bare(path, &form).await
    }

    /// Sends exactly these fields, as a stranger's page could.
    pub async fn post_bare(&self, path: &str, form: &[(&str, &str)]) -> Page {
        self.send(self.request(Method::POST, path).form(form)).await
    }

    pub async fn post_json(&self, path: &str, token: &str, body: &Value) -> Page {
        self.send(self.request(Method::POST, path).bearer_auth(token).json(body)).await
    }

    /// Sends the form of `page` that goes to `action`, as a browser would: with every field it holds,
    /// `fields` filled in over them.
    pub async fn submit(&self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let mut form = page.form(action);
        for (name, value) in fields {
            assert!(form.contains_key(*name), "the form {action} of {} has no field {name}", page.asked);
            form.insert((*name).to_owned(), (*value).to_owned());
        }
        self.send(self.request(Method::POST, action).form(&form)).await
    }

    pub async fn sign_in(&self, name: &str, password: &str) -> Page {
        let form = self.get("/sign-in").await;
        form.expect(200);
        let page = self.post("/sign-in", &[("login", name), ("password", password)]).await;
        // The token belongs to the session, and that is a new one now.
        *self.csrf.lock().unwrap() = None;
        page
    }

    /// Goes where a redirect leads.
    pub async fn follow(&self, page: &Page) -> Page {
        self.get(&page.location()).await
    }

    pub fn csrf(&self) -> Option<String> {
        self.csrf.lock().unwrap().clone()
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        let header = self.jar.cookies(&self.base)?;
        let pairs = header.to_str().ok()?.split("; ");
        pairs.filter_map(|pair| pair.split_once('=')).find(|(n, _)| *n == name).map(|(_, v)| v.to_owned())
    }

    /// Puts a cookie into the jar as the server would (`name=value; Path=/`).
    pub fn set_cookie(&self, cookie: &str) {
        self.jar.add_cookie_str(cookie, &self.base);
    }
}

impl Page {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    #[track_caller]
    pub fn expect(&self, status: u16) -> &Page {
        assert_eq!(self.status, status, "{} answered {}:\n{}", self.asked, self.status, self.shortened());
        self
    }

    #[track_caller]
    pub fn contains(&self, text: &str) -> &Page {
        assert!(self.text().contains(text), "{} does not say {text:?}:\n{}", self.asked, self.shortened());
        self
    }

    #[track_caller]
    pub fn lacks(&self, text: &str) -> &Page {
        assert!(!self.text().contains(text), "{} says {text:?}:\n{}", self.asked, self.shortened());
        self
    }

    /// Where a redirect leads: path and query.
    #[track_caller]
    pub fn location(&self) -> String {
        let place = self.header("location");
        assert!(
            (300..400).contains(&self.status) && !place.is_empty(),
            "{} leads nowhere ({}):\n{}",
            self.asked,
            self.status,
            self.shortened()
        );
        place.to_owned()
    }

    #[track_caller]
    pub fn leads_to(&self, place: &str) -> &Page {
        let found = self.location();
        assert_eq!(found, place, "{} leads elsewhere", self.asked);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|e| panic!("{} is no JSON: {e}\n{}", self.asked, self.shortened()))
    }

    fn shortened(&self) -> String {
        self.text().chars().take(4_000).collect()
    }

    fn is_html(&self) -> bool {
        self.header("content-type").starts_with("text/html")
    }

    /// The CSRF token, from `<meta name="csrf">` or a hidden field.
    pub fn csrf(&self) -> Option<String> {
        if !self.is_html() {
            return None;
        }
        let html = self.text();
        let token = |tag: &str, attribute: &str| {
            tags(&html, tag)
                .into_iter()
                .find(|tag| tag.get("name").is_some_and(|name| name == "csrf"))
                .and_then(|tag| tag.get(attribute).cloned())
                .filter(|token| !token.is_empty())
        };
        token("meta", "content").or_else(|| token("input", "value"))
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<String> {
        let html = self.text();
        let input = tags(&html, "input").into_iter().find(|tag| tag.get("name").is_some_and(|n| n == name));
        input.map(|tag| tag.get("value").cloned().unwrap_or_default())
    }

    /// Every link of the page.
    pub fn links(&self) -> Vec<String> {
        tags(&self.text(), "a").into_iter().filter_map(|mut tag| tag.remove("href")).collect()
    }

    /// Where the page's forms go.
    pub fn forms(&self) -> Vec<String> {
        tags(&self.text(), "form").into_iter().filter_map(|mut tag| tag.remove("action")).collect()
    }

    /// The fields of the form that goes to `action`, as they stand.
    #[track_caller]
    pub fn form(&self, action: &str) -> BTreeMap<String, String> {
        let html = self.text();
        let inside = html
            .split("<form")
            .skip(1)
            .map(|part| format!("<form{}", part.split("</form").next().unwrap_or_default()))
            .find(|form| tags(form, "form")[0].get("action").is_some_and(|found| found == action));
        let Some(inside) = inside else {
            panic!("{} has no form to {action}, but {:?}", self.asked, self.forms())
        };
        let mut fields = BTreeMap::new();
        for mut input in tags(&inside, "input") {
            let kind = input.get("type").cloned().unwrap_or_default();
            let sent = match kind.as_str() {
                "checkbox" | "radio" => input.contains_key("checked"),
                "submit" | "button" | "file" | "reset" | "image" => false,
                _ => true,
            };
            let value =
                input.remove("value").unwrap_or(if kind == "checkbox" { "on".into() } else { String::new() });
            if let (true, Some(name)) = (sent, input.remove("name")) {
                fields.insert(name, value);
            }
        }
        for part in inside.split("<textarea").skip(1) {
            let mut tag = tags(&format!("<textarea{part}"), "textarea").swap_remove(0);
            let text = part.split_once('>').and_then(|(_, rest)| rest.split("</textarea").next());
            let text = text.unwrap_or_default();
            if let Some(name) = tag.remove("name") {
                fields.insert(name, unescape(text.strip_prefix('\n').unwrap_or(text)));
            }
        }
        for part in inside.split("<select").skip(1) {
            let part = format!("<select{}", part.split("</select").next().unwrap_or_default());
            let options = tags(&part, "option");
            let chosen = options.iter().find(|tag| tag.contains_key("selected")).or(options.first());
            let value = chosen.and_then(|tag| tag.get("value").cloned()).unwrap_or_default();
            if let Some(name) = tags(&part, "select")[0].remove("name") {
                fields.insert(name, value);
            }
        }
        fields
    }
}

/// The attributes of every opening tag of this name. Enough for our own well-formed pages.
pub fn tags(html: &str, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut found = Vec::new();
    for part in html.split(&format!("<{name}")).skip(1) {
        if !part.starts_with([' ', '\n', '\t', '\r', '>', '/']) {
            continue;
        }
        let mut attributes = BTreeMap::new();
        let mut rest = part.trim_start();
        while !rest.is_empty() && !rest.starts_with('>') {
            let end = rest.find(['=', '>', ' ', '\n', '\t', '\r']).unwrap_or(rest.len());
            let (key, after) = rest.split_at(end.max(1));
            let (value, after) = match after.strip_prefix('=') {
                Some(after) if after.starts_with(['"', '\'']) => {
                    let (quote, after) = after.split_at(1);
                    after.split_once(quote).unwrap_or((after, ""))
                }
                Some(after) => after.split_at(after.find([' ', '>', '\n']).unwrap_or(after.len())),
                None => ("", after),
            };
            attributes.insert(key.to_ascii_lowercase(), unescape(value));
            rest = after.trim_start();
        }
        found.push(attributes);
    }
    found
}

/// Undoes the escaping of text in HTML.
pub fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(end) = rest.find(';').filter(|end| *end < 12) else {
            out.push('&');
            rest = &rest[1..];
            continue;
        };
        let code = &rest[1..end];
        let number = code.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        });
        match (code, number.and_then(char::from_u32)) {
            (_, Some(letter)) => out.push(letter),
            ("amp", _) => out.push('&'),
            ("lt", _) => out.push('<'),
            ("gt", _) => out.push('>'),
            ("quot", _) => out.push('"'),
            ("apos", _) => out.push('\''),
            _ => write!(out, "&{code};").unwrap(),
        }
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// A house of cards with a form and a session, for the tests of the tests.
pub struct StandIn {
    pub base_url: String,
    server: actix_web::dev::ServerHandle,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl StandIn {
    pub fn open() -> StandIn {
        use actix_web::{App, HttpRequest, HttpResponse, HttpServer, cookie::Cookie, rt, web};
        async fn front(request: HttpRequest) -> HttpResponse {
            let name = request.cookie("session").map_or_else(|| "nobody".into(), |c| c.value().to_owned());
            HttpResponse::Ok()
                .content_type("text/html; charset=utf-8")
                .body(format!("<!doctype html><title>Card house</title><p>You are {name}.</p>"))
        }
        async fn form() -> HttpResponse {
            HttpResponse::Ok().content_type("text/html; charset=utf-8").body(
                "<title>Sign in</title><form method=post action=\"/sign-in\">\
                 <input type=hidden name=csrf value=\"a&amp;b&#x2F;c\"><input name=login value=''>\
                 <input type=password name=password><textarea name=note>\nfirst &lt;line&gt;</textarea>\
                 <input type=checkbox name=stay checked><select name=lang><option value=en>E</option>\
                 <option value=it selected>I</option></select><button>Go</button></form>",
            )
        }
        async fn enter(form: web::Form<BTreeMap<String, String>>) -> HttpResponse {
            if form.get("csrf").is_none_or(|token| token != "a&b/c") {
                return HttpResponse::Forbidden().body("no token");
            }
            let name = form.get("login").cloned().unwrap_or_default();
            HttpResponse::SeeOther()
                .insert_header(("location", "/"))
                .cookie(Cookie::build("session", name).http_only(true).path("/").finish())
                .finish()
        }
        let (send, receive) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = HttpServer::new(|| {
                    App::new()
                        .route("/", web::get().to(front))
                        .route("/sign-in", web::get().to(form))
                        .route("/sign-in", web::post().to(enter))
                })
                .workers(1)
                .disable_signals()
                .bind(("127.0.0.1", 0))
                .unwrap();
                let address = server.addrs()[0];
                let server = server.run();
                send.send((address, server.handle())).unwrap();
                server.await.unwrap();
            });
        });
        let (address, server) = receive.recv().unwrap();
        StandIn { base_url: format!("http://{address}"), server, thread: Some(thread) }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        // The order is given when the future is made; the thread carries it out.
        drop(self.server.stop(false));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[tokio::test]
async fn a_visitor_keeps_cookies_and_sends_the_token_of_the_page() {
    let house = StandIn::open();
    let ann = Visitor::new(&house.base_url);
    ann.get("/").await.expect(200).contains("You are nobody.");
    ann.post_bare("/sign-in", &[("login", "ann")]).await.expect(403);
    let page = ann.sign_in("ann", "secret").await;
    page.expect(303).leads_to("/");
    ann.follow(&page).await.expect(200).contains("You are ann.").lacks("nobody");
    assert_eq!(ann.cookie("session").as_deref(), Some("ann"));
}

#[tokio::test]
async fn a_form_is_sent_with_what_it_holds() {
    let house = StandIn::open();
    let ann = Visitor::new(&house.base_url);
    let page = ann.get("/sign-in").await;
    let form = page.form("/sign-in");
    let held: Vec<(&str, &str)> = form.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(
        held,
        [
            ("csrf", "a&b/c"),
            ("lang", "it"),
            ("login", ""),
            ("note", "first <line>"),
            ("password", ""),
            ("stay", "on")
        ]
    );
    ann.submit(&page, "/sign-in", &[("login", "ann")]).await.expect(303);
    ann.get("/").await.contains("You are ann.");
}

#[test]
fn text_is_unescaped_once() {
    for (html, text) in [
        ("a &amp;lt; b", "a &lt; b"),
        ("&#x27;&#39;&quot;", "''\""),
        ("R&D; & more", "R&D; & more"),
        ("&#xFFFFFFFF;", "&#xFFFFFFFF;"),
    ] {
        assert_eq!(unescape(html), text);
    }
}
