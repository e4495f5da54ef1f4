//! tests: the traps of the foundation (parsers, sockets, hashes, hosts) and of the web, at the running server.
use crate::ground::{Ground, Which, aside, play};
use crate::threads::{BODY, TITLE, answer, ask, thread_id};
use crate::visitor::{Page, Visitor};
use crate::world::World;
use diesel::prelude::*;
use loggia::db::schema::mails;
use loggia::kernel::limits;
use reqwest::{Method, Url};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Sends these bytes and reads what comes back until the other side closes, or `patience` is over.
/// The answer, and whether it was closed.
pub async fn raw(base_url: &str, bytes: impl Into<Vec<u8>>, patience: Duration) -> (String, bool) {
    read_all(connect(base_url, bytes.into()), patience).await
}

fn connect(base_url: &str, bytes: impl Into<Vec<u8>>) -> TcpStream {
    let mut socket = TcpStream::connect(base_url.trim_start_matches("http://")).unwrap();
    socket.write_all(&bytes.into()).unwrap();
    socket
}

async fn read_all(mut socket: TcpStream, patience: Duration) -> (String, bool) {
    aside(move || {
        let until = Instant::now() + patience;
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return (String::from_utf8_lossy(&answer).into_owned(), false);
            }
            socket.set_read_timeout(Some(left)).unwrap();
            match socket.read(&mut piece) {
                Ok(0) => return (String::from_utf8_lossy(&answer).into_owned(), true),
                Ok(n) => answer.extend_from_slice(&piece[..n]),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => {
                    return (String::from_utf8_lossy(&answer).into_owned(), true);
                }
                Err(_) => {}
            }
        }
    })
    .await
}

async fn lives(world: &World) {
    world.visitor().get("/livez").await.expect(200);
}

// --- section 0 of what is known of this stack ---

on_both!(deep_nesting_is_cheap_to_write_and_to_read, |world| async move {
    let ann = world.ann().await;
    for (n, body) in [
        ">".repeat(16_000),
        "- ".repeat(8_000),
        "[".repeat(16_000),
        "*a _b ".repeat(3_000),
        "|".repeat(16_000),
    ]
    .iter()
    .enumerate()
    {
        let begun = Instant::now();
        let form = ann.get("/ask").await;
        let title = format!("A text that is nested deeply, number {n}");
        let page = ann.submit(&form, "/threads", &[("title", &title), ("body", body)]).await;
        assert!(matches!(page.status, 303 | 422), "{}: {}", page.status, page.text());
        if page.status == 303 {
            ann.follow(&page).await.expect(200);
        }
        ann.post("/preview", &[("body_md", body)]).await.expect(200);
        // Quadratic work took eight seconds of an optimised program here.
        assert!(begun.elapsed() < Duration::from_secs(6), "{n} took {:?}", begun.elapsed());
    }
    // Ten thousand mentions tell a handful of people.
    let form = ann.get("/ask").await;
    let body = "@bruno @carla ".repeat(2_000);
    ann.submit(&form, "/threads", &[("title", "Many mentions in one text"), ("body", &body)])
        .await
        .expect(303);
    world.settle().await;
    lives(&world).await;
});

on_both!(a_search_that_is_a_bomb_is_answered, |world| async move {
    ask(&world.ann().await, TITLE, BODY, "router").await;
    world.settle().await;
    let deep = "(".repeat(1_500);
    let bombs = [
        deep.clone(),
        "a:(^".into(),
        "\"".repeat(301),
        format!("{}a{}", "(".repeat(700), ")".repeat(700)),
        "+-".repeat(600),
        "a AND ".repeat(300),
        "*".repeat(900),
        "[".repeat(900),
        "user:".repeat(250),
        "(a+)+$".into(),
        "a~1000000 b^99999999".into(),
        "\u{202e}\u{200b}\u{feff}".repeat(100),
        "é".repeat(600),
    ];
    let visitor = world.visitor();
    for bomb in &bombs {
        for (path, name) in [
            ("/search", "q"),
            ("/search/suggestions", "title"),
            ("/tags", "q"),
            ("/people", "q"),
            ("/ask", "title"),
            ("/search", "after"),
            ("/threads", "after"),
            ("/tags", "after"),
            ("/threads", "sort"),
        ] {
            let begun = Instant::now();
            let request = visitor.request(Method::GET, path).query(&[(name, bomb)]);
            let page = visitor.send(request).await;
            assert!(page.status < 500, "{path}?{name}={bomb} answered {}", page.status);
            assert!(
                begun.elapsed() < Duration::from_secs(4),
                "{path}?{name}={bomb} took {:?}",
                begun.elapsed()
            );
        }
    }
    lives(&world).await;
    visitor.get("/search?q=router").await.expect(200).contains("keeps losing the night connection");
});

on_both!(a_name_cannot_add_a_line_to_a_mail, |world| async move {
    let ann = world.ann().await;
    for odd in ["Ann\r\nBcc: eve@evil.test", "Ann\nBcc: eve@evil.test", "Ann\u{85}Bcc: eve", "Ann\u{2028}Bcc"]
    {
        let page = ann.get("/settings").await;
        let saved = ann.submit(&page, "/settings", &[("display_name", odd)]).await;
        assert!(matches!(saved.status, 422 | 303), "{odd:?}: {}", saved.status);
        let form = ann.get("/ask").await;
        let asked =
            ann.submit(&form, "/threads", &[("title", &format!("{odd} {TITLE}")), ("body", BODY)]).await;
        assert!(matches!(asked.status, 422 | 303), "{odd:?}: {}", asked.status);
        if let 303 = asked.status {
            answer(&world.bruno().await, &asked.location(), "An answer, so that a mail is written.").await;
        }
    }
    ann.post("/settings", &[("display_name", "Ann\0")]).await.expect(400);
    world.settle().await;
    let mut conn = world.db.reader().unwrap();
    let subjects: Vec<String> = mails::table.select(mails::subject).load(&mut *conn).unwrap();
    let broken = |c: char| c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}');
    assert!(subjects.iter().all(|subject| !subject.contains(broken)), "{subjects:?}");
});

on_both!(a_title_does_not_leave_the_data_for_search_engines, |world| async move {
    let ann = world.ann().await;
    let title = "Cannot </script><script>alert(1)</script> <!-- close & \"open\" \u{2028} it";
    let plain: String = title.replace('\u{2028}', "");
    let form = ann.get("/ask").await;
    let asked =
        ann.submit(&form, "/threads", &[("title", &plain), ("body", &format!("{plain} in the text"))]).await;
    let page = world.visitor().get(&asked.expect(303).location()).await;
    let html = page.expect(200).text();
    let (_, rest) = html.split_once("<script type=\"application/ld+json\">").unwrap();
    let data: serde_json::Value = serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap();
    assert!(data.to_string().contains("</script><script>alert(1)</script>"), "{data}");
    page.lacks("<script>alert(1)");
});

/// The same house once more at another door, with a handler that panics.
struct Second {
    base_url: String,
    handle: actix_web::dev::ServerHandle,
    thread: std::thread::JoinHandle<()>,
}

async fn second_door(world: &World) -> Second {
    async fn panics() -> &'static str {
        let empty: Vec<&'static str> = Vec::new();
        empty[std::hint::black_box(1)]
    }
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let app = world.app.clone();
    let (send, receive) = std::sync::mpsc::channel();
    let thread = std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async {
            let more = |config: &mut actix_web::web::ServiceConfig| {
                config.route("/panics", actix_web::web::get().to(panics));
                config.route("/api/panics", actix_web::web::get().to(panics));
            };
            let (handle, server) = app.serve_with(listener, more).unwrap();
            send.send(handle).unwrap();
            server.await.unwrap();
        });
    });
    let handle = aside(move || receive.recv().unwrap()).await;
    Second { base_url, handle, thread }
}

impl Second {
    /// Asks it to finish; how long that took.
    async fn stop(self) -> Duration {
        let begun = Instant::now();
        drop(self.handle.stop(true));
        aside(move || self.thread.join().unwrap()).await;
        begun.elapsed()
    }
}

on_both!(a_panic_is_answered_with_a_page, |world| async move {
    let door = second_door(&world).await;
    let visitor = Visitor::new(&door.base_url);
    for _ in 0..3 {
        let page = visitor.get("/panics").await;
        page.expect(500).contains("Something broke").lacks("index out of bounds").lacks("traps.rs");
        assert_eq!(page.header("cache-control"), "no-store");
        guarded(&page);
        let problem = visitor.get("/api/panics").await;
        assert_eq!(problem.expect(500).header("content-type"), "application/problem+json");
        assert!(problem.json()["request_id"].is_string());
    }
    visitor.get("/").await.expect(200);
    door.stop().await;
});

#[test]
fn a_body_that_trickles_is_cut_and_holds_no_stop() {
    play(Which::Sqlite, |world: World| async move {
        let door = second_door(&world).await;
        let stall = |base_url: &str, line: &str| {
            let request = format!(
                "{line} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: 100\r\n\r\na",
                base_url.trim_start_matches("http://")
            );
            connect(base_url, request)
        };
        let patience = Duration::from_secs(limits::BODY_SECONDS + 6);
        let begun = Instant::now();
        let lines = ["POST /sign-in", "POST /unsubscribe?token=x", "POST /nowhere", "GET /", "POST /threads"];
        let here = lines.map(|line| stall(&world.base_url, line));
        let there = lines.map(|line| stall(&door.base_url, line));
        // Others are served while they stall; at the other door the order to stop comes.
        lives(&world).await;
        Visitor::new(&door.base_url).get("/livez").await.expect(200);
        let stopping = door.stop();
        let here = futures_util::future::join_all(here.map(|socket| read_all(socket, patience)));
        let there = futures_util::future::join_all(there.map(|socket| read_all(socket, patience)));
        let (took, (here, there)) =
            futures_util::future::join(stopping, futures_util::future::join(here, there)).await;
        assert!(took < Duration::from_secs(limits::STOP_SECONDS + 5), "{took:?}");
        for (line, (answer, closed)) in lines.iter().zip(&here) {
            assert!(*closed, "{line} is still open after {:?}: {answer}", begun.elapsed());
        }
        assert!(here[0].0.starts_with("HTTP/1.1 408"), "{}", here[0].0);
        assert!(there.iter().all(|(_, closed)| *closed));
        lives(&world).await;
    });
}

on_both!(many_sign_ins_at_once_are_all_answered, |world| async move {
    let begun = Instant::now();
    let visitors: Vec<Visitor> = (0..100).map(|_| world.visitor()).collect();
    let tries = visitors.iter().enumerate().map(|(n, visitor)| async move {
        let name = if n % 2 == 0 { "ann" } else { "nobody-here" };
        let page = visitor.get("/sign-in").await;
        visitor
            .submit(&page, "/sign-in", &[("login", name), ("password", "not the one, I fear")])
            .await
            .status
    });
    let answers = futures_util::future::join_all(tries).await;
    assert!(answers.iter().all(|status| matches!(status, 422 | 429)), "{answers:?}");
    assert!(answers.contains(&422));
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    world.ann().await.get("/settings").await.expect(200);
});

#[test]
fn sqlite_is_newer_than_the_bug_that_lost_pages() {
    let version: Vec<u32> =
        loggia::db::sqlite_version().split('.').map(|part| part.parse().unwrap()).collect();
    assert!(version >= vec![3, 51, 3], "{version:?}");
}

// --- hosts and proxies ---

on_both!(what_a_client_says_of_the_host_is_in_no_mail, |world| async move {
    let visitor = world.visitor();
    let form = visitor.get("/password/forgot").await;
    let csrf = form.field("csrf").unwrap();
    let request = visitor
        .request(Method::POST, "/password/forgot")
        .form(&[("csrf", csrf.as_str()), ("email", "ann@example.com")])
        .header("x-forwarded-host", "evil.test")
        .header("x-forwarded-proto", "https")
        .header("forwarded", "host=evil.test;proto=https")
        .header("x-original-host", "evil.test");
    visitor.send(request).await.expect(200);
    let mut conn = world.db.reader().unwrap();
    let (text, html): (String, String) =
        mails::table.select((mails::body_text, mails::body_html)).first(&mut *conn).unwrap();
    assert!(text.contains(&format!("{}/password/reset", world.base_url)), "{text}");
    assert!(!text.contains("evil.test") && !html.contains("evil.test"));
    for host in ["evil.test", "evil.test:80", "127.0.0.1.evil.test", "localhost.evil.test", "", "a@127.0.0.1"]
    {
        let bytes = format!("GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let (answer, _) = raw(&world.base_url, bytes, Duration::from_secs(5)).await;
        let status = answer.get(..12).unwrap_or_default();
        assert!(matches!(status, "HTTP/1.1 421" | "HTTP/1.1 400"), "{host}: {answer}");
    }
});

on_both!(the_host_that_was_named_is_the_only_one, |ground: Ground| async move {
    let world = World::with(ground, &[("base_url", "https://help.example")]).await;
    let visitor = world.visitor();
    let from = |host: &'static str, path: &'static str| {
        visitor.send(visitor.request(Method::GET, path).header("host", host))
    };
    for host in ["127.0.0.1", "localhost", "evil.test", "help.example.evil.test", "help.example:8443"] {
        let page = from(host, "/").await;
        guarded(page.expect(421));
        assert_eq!(page.header("cache-control"), "no-store");
    }
    // A balancer asks by address.
    from("10.0.0.1", "/livez").await.expect(200);
    let page = from("HELP.example", "/sign-in").await;
    page.expect(200);
    assert!(page.header("strict-transport-security").contains("max-age=31536000"));
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-loggia_"), "{cookie}");
    for part in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
        assert!(cookie.contains(part), "{cookie} has no {part}");
    }
    assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
    for bytes in [
        "GET http://evil.test/ HTTP/1.1\r\nHost: help.example\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: help.example\r\nHost: evil.test\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: evil.test\r\nHost: help.example\r\nConnection: close\r\n\r\n",
    ] {
        let (answer, _) = raw(&world.base_url, bytes, Duration::from_secs(5)).await;
        let status = answer.get(..12).unwrap_or_default();
        assert!(matches!(status, "HTTP/1.1 421" | "HTTP/1.1 400"), "{bytes}: {answer}");
    }
    // Every address that others read bears the name.
    ask_at(&world, "help.example").await;
    for path in ["/robots.txt", "/sitemap.xml", "/sitemap-1.xml", "/threads/feed.atom"] {
        from("help.example", path).await.expect(200).contains("https://help.example/").lacks("127.0.0.1");
    }
});

/// A question, put there by the verbs: no browser keeps a cookie for https on this plain door.
async fn ask_at(world: &World, _host: &str) {
    use loggia::db::schema::posts;
    let ann = world.ann.id;
    let title = loggia::kernel::names::Title::parse(TITLE).unwrap();
    let body = loggia::threads::Body::parse(BODY, loggia::threads::Kind::Question).unwrap();
    world
        .db
        .write(move |tx| -> loggia::error::Result<()> {
            let viewer = loggia::accounts::Viewer {
                id: ann,
                username: "ann".into(),
                display_name: "Ann".into(),
                role: loggia::accounts::Role::Customer,
                suspended_until: None,
                signature: String::new(),
                unread_notices: 0,
                session: None,
                token: None,
            };
            let new = loggia::threads::NewQuestion { title, body, tags: Vec::new(), submission_key: None };
            loggia::threads::ask(tx, &viewer, new)?;
            Ok(())
        })
        .await
        .unwrap();
    let n: i64 = posts::table.count().get_result(&mut *world.db.reader().unwrap()).unwrap();
    assert_eq!(n, 1);
}

// --- caches, smuggling ---

on_both!(a_request_of_two_lengths_is_refused, |world| async move {
    let host = world.base_url.trim_start_matches("http://").to_owned();
    let head = |more: &str| format!("POST /sign-in HTTP/1.1\r\nHost: {host}\r\n{more}\r\n\r\n");
    let smuggled = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\n\r\n");
    for request in [
        head("Content-Length: 4\r\nTransfer-Encoding: chunked") + "0\r\n\r\n" + &smuggled,
        head("Transfer-Encoding: chunked\r\nContent-Length: 4") + "0\r\n\r\n" + &smuggled,
        head("Content-Length: 4\r\nContent-Length: 5") + "abcd" + &smuggled,
        head("Content-Length: +4") + "abcd" + &smuggled,
        head("Content-Length: 4, 4") + "abcd" + &smuggled,
        head("Transfer-Encoding: chunked, identity") + "0\r\n\r\n" + &smuggled,
        head("Transfer-Encoding: xchunked") + "0\r\n\r\n" + &smuggled,
        head("Content-Length : 4") + "abcd" + &smuggled,
    ] {
        let (answer, closed) = raw(&world.base_url, request.clone(), Duration::from_secs(4)).await;
        assert!(answer.starts_with("HTTP/1.1 400"), "{request}\n{answer}");
        assert!(closed, "{request}\nleft the connection open");
        assert!(!answer.contains("\r\n\r\nok\n"), "{request}\nwas followed by another answer: {answer}");
    }
    lives(&world).await;
});

on_both!(long_addresses_and_headers_are_refused_at_once, |world| async move {
    let visitor = world.visitor();
    for length in [5_000, 60_000, 200_000] {
        let begun = Instant::now();
        let host = world.base_url.trim_start_matches("http://").to_owned();
        let bytes =
            format!("GET /{} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n", "y".repeat(length));
        let (answer, _) = raw(&world.base_url, bytes, Duration::from_secs(5)).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{length}: {answer}");
        assert!(begun.elapsed() < Duration::from_secs(3));
    }
    for name in ["user-agent", "referer", "accept-language", "cookie", "x-forwarded-for", "if-none-match"] {
        let request = visitor.request(Method::GET, "/").header(name, "x,;q=".repeat(10_000));
        let page = visitor.send(request).await;
        assert!(page.status < 500, "{name}: {}", page.status);
    }
});

on_both!(headers_of_one_visitor_change_no_page_of_another, |world| async move {
    ask(&world.ann().await, TITLE, BODY, "router").await;
    for path in
        ["/", "/threads", "/tags/router", "/people/ann", "/search?q=router", "/threads/feed.atom", "/help"]
    {
        let odd = world.visitor();
        for (name, value) in [
            ("x-forwarded-host", "evil.test"),
            ("x-forwarded-prefix", "/evil.test"),
            ("x-original-url", "/evil.test"),
            ("x-rewrite-url", "/evil.test"),
            ("x-requested-with", "XMLHttpRequest evil.test"),
            ("accept", "application/json"),
            ("accept", "evil.test/x"),
            ("origin", "https://evil.test"),
            ("referer", "https://evil.test/"),
            ("cookie", "loggia_visit=evil.test"),
            ("cookie", "loggia_flash=ok.flash-saved"),
            ("range", "bytes=0-5"),
            ("user-agent", "evil.test"),
        ] {
            let page = odd.send(odd.request(Method::GET, path).header(name, value)).await;
            page.expect(200).lacks("evil.test");
        }
        odd.send(odd.request(Method::HEAD, path)).await.expect(200);
        let page = world.visitor().get(path).await;
        page.expect(200).lacks("evil.test").lacks("flash-saved").lacks("Saved.");
        assert!(page.header("set-cookie").is_empty() || page.header("cache-control").contains("no-store"));
        assert!(page.text().len() > 200);
    }
});

on_both!(
    pictures_of_other_hosts_are_asked_for_only_where_the_operator_named_them,
    |ground: Ground| async move {
        let pictures = |page: &Page| {
            let policy = page.header("content-security-policy").to_owned();
            policy.split("; ").find(|part| part.starts_with("img-src")).map(str::to_owned)
        };
        let world = World::with(ground, &[("image_hosts", "i.example.com, *.example.org")]).await;
        let named = world.visitor().get("/").await;
        assert_eq!(
            pictures(&named).as_deref(),
            Some("img-src 'self' https://i.example.com https://*.example.org")
        );
    }
);

/// What every answer bears, whatever it is.
#[track_caller]
fn guarded(page: &Page) {
    let csp = page.header("content-security-policy");
    for part in [
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "img-src 'self';",
    ] {
        assert!(csp.contains(part), "{} has no {part} in {csp:?}", page.asked);
    }
    assert!(!csp.contains("unsafe"), "{csp}");
    assert_eq!(page.header("x-content-type-options"), "nosniff", "{}", page.asked);
    assert_eq!(page.header("x-frame-options"), "DENY", "{}", page.asked);
    assert_eq!(page.header("referrer-policy"), "same-origin", "{}", page.asked);
    assert!(page.headers.contains_key("permissions-policy"), "{}", page.asked);
    assert!(!page.headers.contains_key("access-control-allow-origin"), "{}", page.asked);
    assert!(page.headers.get_all("content-security-policy").iter().count() == 1, "{}", page.asked);
    if !page.bytes.is_empty() {
        let kind = page.header("content-type");
        assert!(!kind.is_empty(), "{} has no content type", page.asked);
        assert!(!kind.starts_with("text/") || kind.contains("charset=utf-8"), "{}: {kind}", page.asked);
    }
    if page.status >= 400 {
        assert_eq!(page.header("cache-control"), "no-store", "{}", page.asked);
    }
}

on_both!(every_answer_bears_the_guards, |world| async move {
    let ann = world.ann().await;
    let url = ask(&ann, TITLE, BODY, "router").await;
    let id = thread_id(&url);
    world.settle().await;
    let visitor = world.visitor();
    let front = visitor.get("/").await;
    let etag = front.header("etag").to_owned();
    assert!(!etag.is_empty());
    let sheet = front.text().split("href=\"").find(|part| part.contains("/css/app.css")).unwrap().to_owned();
    let sheet = sheet.split('"').next().unwrap().to_owned();
    let mut pages = vec![front];
    for path in [
        "/livez",
        "/readyz",
        "/robots.txt",
        "/threads/feed.atom",
        "/sitemap.xml",
        "/search?q=router",
        "/search/suggestions?title=router",
        "/nowhere",
        "/threads/999",
        "/?a=1&a=2",
        "/settings",
        "/favicon.ico",
        "/assets/v/nothing.css",
        "/tags/nothing",
        "/people/nobody",
        "/sign-in",
        "/help",
    ] {
        pages.push(visitor.get(path).await);
    }
    pages.push(visitor.get(&sheet).await);
    pages.push(visitor.get(&format!("/threads/{id}")).await);
    pages.push(visitor.get(&format!("/threads/{id}/news?since=0")).await);
    pages.push(visitor.send(visitor.request(Method::GET, "/").header("if-none-match", &etag)).await);
    pages.last().unwrap().expect(304);
    pages.push(visitor.send(visitor.request(Method::DELETE, "/threads")).await);
    pages.push(visitor.send(visitor.request(Method::TRACE, "/")).await);
    pages.push(visitor.post_bare("/sign-in", &[("login", "x")]).await);
    pages.push(visitor.send(visitor.request(Method::POST, "/sign-in").body("x")).await);
    pages.push(visitor.send(visitor.request(Method::POST, "/sign-in").json(&1)).await);
    pages.push(
        visitor.send(visitor.request(Method::GET, "/nowhere").header("accept", "application/json")).await,
    );
    pages.push(visitor.post("/sign-in", &[("login", "ann"), ("password", "wrong, surely")]).await);
    pages.push(ann.get(&url).await);
    pages.push(ann.post(&format!("/posts/{id}/vote"), &[("value", "1")]).await);
    for page in &pages {
        guarded(page);
    }
    for path in ["/", "/settings", "/notices", "/drafts", &url, "/nowhere", "/moderation", "/search?q=router"]
    {
        let page = ann.get(path).await;
        assert!(
            page.header("cache-control").contains("no-store"),
            "{path}: {}",
            page.header("cache-control")
        );
    }
    // What never changes may be kept, signed in or not; it holds nothing of anybody.
    assert!(ann.get(&sheet).await.expect(200).header("cache-control").contains("immutable"));
    let page = world.visitor().sign_in("ann", world.ann.password).await;
    let cookie = page
        .headers
        .get_all("set-cookie")
        .iter()
        .map(|v| v.to_str().unwrap().to_owned())
        .find(|cookie| cookie.starts_with("loggia_session="))
        .unwrap();
    assert!(
        cookie.contains("; HttpOnly") && cookie.contains("; SameSite=Lax") && cookie.contains("; Path=/"),
        "{cookie}"
    );
    assert!(!cookie.to_lowercase().contains("domain"), "{cookie}");
});

on_both!(files_that_probes_look_for_are_not_there, |world| async move {
    let visitor = world.visitor();
    for path in [
        "/.git/HEAD",
        "/.env",
        "/.htaccess",
        "/backup",
        "/backup.zip",
        "/data.db",
        "/loggia.sqlite",
        "/loggia.toml",
        "/index/meta.json",
        "/data/loggia.sqlite",
        "/assets/../Cargo.toml",
        "/index.php.bak",
        "/assets/v/..%2f..%2fCargo.toml",
        "/assets/v/%2e%2e/%2e%2e/Cargo.toml",
        "/assets/v/i18n/en/base.ftl",
        "/assets/v/demo/people.json",
        "/metrics",
        "/debug",
        "/server-status",
        "/wp-login.php",
        "/settings/x.css",
        "/settings/account/x.css",
        "/threads/1%00",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%5c..%5cwin.ini",
    ] {
        let page = visitor.get(path).await;
        assert!(matches!(page.status, 404 | 400), "{path} answered {}", page.status);
        page.lacks("[package]");
    }
});

on_both!(a_parameter_that_stands_twice_is_refused_everywhere, |world| async move {
    let ann = world.ann().await;
    for path in [
        "/?after=1&after=2",
        "/threads?sort=newest&sort=active",
        "/search?q=a&q=b",
        "/tags?q=a&q=b",
        "/people/ann?tab=answers&tab=points",
        "/search/suggestions?title=a&title=b",
        "/notices?after=1&after=2",
        "/sign-up?return=/a&return=/b",
        "/confirm?token=a&token=b",
    ] {
        ann.get(path).await.expect(400);
    }
    ann.get("/settings").await;
    ann.post("/settings", &[("display_name", "A"), ("display_name", "B")]).await.expect(400);
    let visitor = world.visitor();
    visitor.get("/password/forgot").await;
    let twice = [("email", "ann@example.com"), ("email", "eve@evil.test")];
    visitor.post("/password/forgot", &twice).await.expect(400);
    let mut conn = world.db.reader().unwrap();
    assert_eq!(mails::table.count().get_result::<i64>(&mut *conn).unwrap(), 0);
});

// --- redirects ---

on_both!(nobody_is_sent_elsewhere_after_signing_in, |world| async move {
    let base = Url::parse(&world.base_url).unwrap();
    let (ann, evil) = (
        world.ann().await,
        [
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "/\n/evil.test",
            "\t//evil.test",
            " //evil.test",
            "https://evil.test",
            "https:evil.test",
            "http:/evil.test",
            "javascript:alert(1)",
            "/%09/evil.test",
            "%2F%2Fevil.test",
            "/%5Cevil.test",
            "//evil.test%2f..",
            "/./\\evil.test",
            "//127.0.0.1@evil.test/",
            "/\u{a0}/evil.test",
            "data:text/html,x",
            "evil.test",
            "@evil.test",
            "/\r\nSet-Cookie: a=b",
        ],
    );
    let stays = |place: &str, sent: &str| {
        let to = base.join(place).unwrap();
        assert!(to.host_str() == base.host_str() && to.scheme() == "http", "{sent:?} leads to {to}");
    };
    for place in evil {
        for path in ["/sign-in", "/sign-up"] {
            let page = ann.send(ann.request(Method::GET, path).query(&[("return", place)])).await;
            assert!(page.status < 500, "{place:?}: {}", page.status);
            if page.status == 303 {
                stays(&page.location(), place);
            }
            let stranger = world.visitor();
            let page = stranger.send(stranger.request(Method::GET, path).query(&[("return", place)])).await;
            for link in page.links() {
                assert!(
                    !link.contains("evil.test") || base.join(&link).unwrap().host_str() == base.host_str(),
                    "{link}"
                );
            }
        }
        let who = world.visitor();
        who.get("/sign-in").await;
        let fields = [("login", "ann"), ("password", world.ann.password), ("return", place)];
        let page = who.post("/sign-in", &fields).await;
        stays(&page.expect(303).location(), place);
        assert!(!page.headers.get_all("set-cookie").iter().any(|v| v.as_bytes().starts_with(b"a=b")));
    }
    let who = world.visitor();
    who.get("/sign-in").await;
    let fields = [("login", "ann"), ("password", world.ann.password), ("return", "/threads?sort=active")];
    who.post("/sign-in", &fields).await.expect(303).leads_to("/threads?sort=active");
});

// --- what people write, in every field ---

/// The names of all attributes of a page, as a browser would read its tags.
fn attributes(html: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic()) {
            continue;
        }
        let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '/').unwrap_or(rest.len());
        rest = &rest[end..];
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            if rest.is_empty() || rest.starts_with('>') {
                break;
            }
            let end = rest
                .find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))
                .filter(|end| *end > 0)
                .unwrap_or(1);
            found.push(&rest[..end]);
            rest = rest[end..].trim_start();
            let Some(value) = rest.strip_prefix('=') else { continue };
            let value = value.trim_start();
            rest = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).map_or("", |(_, rest)| rest),
                _ => &value[value.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(value.len())..],
            };
        }
    }
    found
}

#[test]
fn attributes_are_found_as_browsers_find_them() {
    assert_eq!(
        attributes("a < b <p id=x class='a b' hidden><a href=\"'>\" onclick=x()>"),
        ["id", "class", "hidden", "href", "onclick"]
    );
}

on_both!(a_text_in_any_field_is_shown_as_it_was_written, |world| async move {
    const PAYLOADS: [&str; 6] = [
        "\"><img src=x onerror=zqx(1)>",
        "</script><script>zqx(2)</script>",
        "</title><svg onload=zqx(3)>",
        "javascript:zqx(4)",
        "{{7*7}}{% raw %}${7*7}<%= 7*7 %>",
        "' onmouseover='zqx(5)' x='`",
    ];
    const RAW: [&str; 5] =
        ["<img src=x", "<script>zqx", "<svg onload", "href='javascript:", "href=\"javascript:"];
    let (ann, bruno) = (world.ann().await, world.bruno().await);
    let (carla, dario) = (world.carla().await, world.dario().await);
    let clean = |page: &Page| {
        assert!(page.status < 500, "{}: {}", page.asked, page.text());
        let json = page.header("content-type").contains("json");
        for raw in RAW.iter().filter(|_| !json) {
            page.lacks(raw);
        }
        page.lacks("4949");
        if page.header("content-type").starts_with("text/html") {
            let html = page.text();
            let handler = attributes(&html).into_iter().find(|name| name.to_lowercase().starts_with("on"));
            assert_eq!(handler, None, "{}: {html}", page.asked);
        }
    };
    for (n, payload) in PAYLOADS.into_iter().enumerate() {
        let text = format!("{payload} zqtext {n}");
        // Names of accounts and tags are of letters; others hold anything.
        let new = world.visitor();
        let form = new.get("/sign-up").await;
        let fields = [
            ("username", payload),
            ("display_name", payload),
            ("email", "x@example.com"),
            ("password", payload),
        ];
        clean(new.submit(&form, "/sign-up", &fields).await.expect(422));
        clean(&new.post("/sign-in", &[("login", payload), ("password", payload)]).await);
        clean(&new.post("/password/forgot", &[("email", payload)]).await);
        let page = dario.get("/settings").await;
        let fields = [("display_name", payload), ("about", text.as_str()), ("signature", payload)];
        clean(&dario.submit(&page, "/settings", &fields).await);
        let page = ann.get("/settings/tokens").await;
        clean(
            &ann.submit(&page, "/settings/tokens", &[("name", payload), ("password", world.ann.password)])
                .await,
        );
        let form = ann.get("/ask").await;
        let refused = [("title", text.as_str()), ("body", text.as_str()), ("tags", payload)];
        clean(ann.submit(&form, "/threads", &refused).await.expect(422));
        let asked = ann
            .submit(
                &form,
                "/threads",
                &[("title", &text), ("body", &format!("{text}\n\n[x]({payload})")), ("tags", "garden")],
            )
            .await;
        let url = asked.expect(303).location();
        let id = thread_id(&url);
        let answer = answer(&bruno, &url, &text).await;
        ann.get(&url).await;
        clean(&ann.post(&format!("/posts/{answer}/comments"), &[("body", &text)]).await);
        let form = bruno.get(&format!("/posts/{answer}/edit")).await;
        let edit = [("body", "Another text than before."), ("summary", payload)];
        clean(&bruno.submit(&form, &format!("/posts/{answer}/revisions"), &edit).await);
        bruno.get("/").await;
        let flag = [("reason", "other"), ("note", text.as_str())];
        clean(&bruno.post(&format!("/posts/{id}/flags"), &flag).await);
        carla.get("/").await;
        clean(&carla.post(&format!("/threads/{id}/cases"), &[("note", &text)]).await);
        clean(&carla.post(&format!("/posts/{answer}/hiding"), &[("reason", &text)]).await);
        clean(&carla.post(&format!("/threads/{id}/lock"), &[("reason", &text)]).await);
        let draft = [("place", "question"), ("title", payload), ("body", text.as_str()), ("tags", payload)];
        clean(&ann.post("/drafts", &draft).await);
        world.settle().await;
        let ids = [
            url.clone(),
            format!("/posts/{answer}/revisions"),
            format!("/posts/{id}/edit"),
            format!("/posts/{id}/flag"),
            format!("/posts/{answer}/comments"),
            format!("/threads/{id}/escalate"),
            format!("/desk/{}", n + 1),
        ];
        let everywhere = [
            "/",
            "/threads",
            "/tags",
            "/tags/garden",
            "/search?q=zqtext",
            "/search/suggestions?title=zqtext",
            "/threads/feed.atom",
            "/people",
            "/people/dario",
            "/people/ann",
            "/people/bruno?tab=points",
            "/notices",
            "/drafts",
            "/settings",
            "/settings/tokens",
            "/moderation",
            "/moderation/log",
            "/desk",
            "/ask",
            "/nowhere",
        ];
        for who in [&world.visitor(), &ann, &bruno, &carla, &dario] {
            for path in everywhere.iter().map(|path| (*path).to_owned()).chain(ids.clone()) {
                clean(&who.get(&path).await);
            }
            for path in [
                "/search?q",
                "/tags?q",
                "/people?q",
                "/ask?title",
                "/sign-in?return",
                "/threads?sort",
                "/threads?after",
            ] {
                let (path, name) = path.split_once('?').unwrap();
                clean(&who.send(who.request(Method::GET, path).query(&[(name, payload)])).await);
            }
            clean(
                &who.send(
                    who.request(Method::GET, "/threads/1/x")
                        .header("referer", payload)
                        .header("accept-language", payload),
                )
                .await,
            );
        }
        let shown = world.visitor().get(&url).await;
        let title = crate::visitor::unescape(&shown.expect(200).text());
        assert!(title.contains(&text), "the title is not shown as it was written: {}", shown.text());
        let mut conn = world.db.reader().unwrap();
        let htmls: Vec<String> = mails::table.select(mails::body_html).load(&mut *conn).unwrap();
        assert!(htmls.iter().all(|html| RAW.iter().all(|raw| !html.contains(raw))), "{htmls:?}");
    }
});
