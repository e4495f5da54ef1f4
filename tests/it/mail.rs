//! tests: mail, the outbox against a real SMTP conversation on loopback, with a clock the tests move.
use crate::ground::{Ground, Which, aside};
use crate::world::World;
use loggia::config::Config;
use loggia::db::{Db, DbResult, Target, Tx};
use loggia::kernel::ids::{MailId, PostId, ThreadId, UserId};
use loggia::kernel::moment::{Clock, DAY, HOUR, MINUTE, Moment, SECOND};
use loggia::kernel::token::SiteKey;
use loggia::ledger::follow::Bell;
use loggia::mail::compose::Addressee;
use loggia::mail::message::From;
use loggia::mail::send::{Pace, Sent, back_off};
use loggia::mail::{
    self, AccountMail, Delivery, FolderTransport, Letter, Letterhead, List, Mail, MailState, NewMail, Sender,
    SmtpTransport, Transport, send_due,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

struct House {
    db: Db,
    clock: Clock,
    start: Moment,
    desk: Letterhead,
    key: SiteKey,
    from: From,
    ground: Ground,
}

fn config(pairs: &[(&str, &str)]) -> Config {
    let mut env: Vec<(String, String)> = vec![
        ("LOGGIA_BASE_URL".into(), "https://help.example".into()),
        ("LOGGIA_BRAND_NAME".into(), "Caffè & Co".into()),
        ("LOGGIA_MAIL_FROM".into(), "community@help.example".into()),
    ];
    env.extend(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())));
    Config::load(None, env, &[]).unwrap()
}

/// Settings that lead to this server.
fn settings(server: &Smtp) -> Config {
    settings_with(server, &[("LOGGIA_MAIL_SMTP_TLS", "none")])
}

fn settings_with(server: &Smtp, more: &[(&str, &str)]) -> Config {
    let port = server.port.to_string();
    let mut pairs = vec![
        ("LOGGIA_MAIL_TRANSPORT", "smtp"),
        ("LOGGIA_MAIL_SMTP_HOST", "127.0.0.1"),
        ("LOGGIA_MAIL_SMTP_PORT", port.as_str()),
    ];
    pairs.extend(more);
    config(&pairs)
}

impl std::convert::From<Ground> for House {
    fn from(ground: Ground) -> House {
        let key = SiteKey::new("secret");
        let config = config(&[]);
        House {
            db: ground.db(),
            clock: ground.clock.clone(),
            start: ground.clock.now(),
            desk: Letterhead::new(&config, key.clone()),
            from: From::new(&config),
            key,
            ground,
        }
    }
}

impl House {
    fn write<T: Send + 'static>(&self, act: impl FnOnce(&mut Tx<'_>) -> DbResult<T> + Send + 'static) -> T {
        self.db.write_blocking(act).unwrap()
    }
    fn sql(&self, statement: &str) {
        use diesel::connection::SimpleConnection;
        let statement = statement.to_owned();
        self.write(move |tx| Ok(tx.conn.batch_execute(&statement)?));
    }
    fn letter(&self, key: &str, to: &str, thread: Option<i64>) -> NewMail {
        self.desk.compose(Letter {
            dedupe_key: key.into(),
            user: None,
            recipient: to,
            lang: "en",
            list: List::Answers,
            subject: format!("About {key}"),
            name: "Ann",
            paragraphs: vec!["One sentence.".into(), "A <b>second</b> & more.".into()],
            link: Some(("Read it".into(), "https://help.example/posts/2".into())),
            thread: thread.map(ThreadId),
            post: None,
            expires_at: None,
            stop: None,
        })
    }
    fn enqueue(&self, mail: NewMail) -> Option<MailId> {
        self.write(move |tx| mail::enqueue(tx, mail))
    }
    fn send(&self, transport: &dyn Transport) -> Sent {
        send_due(&self.db, &self.from, transport, self.clock.now()).unwrap()
    }
    fn row(&self, id: MailId) -> Mail {
        let rows = mail::page(&mut self.db.reader().unwrap(), &MailState::ALL, None, 50).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap()
    }
    fn person(&self, id: i64) {
        self.sql(&format!(
            "INSERT INTO users (id, username, username_key, display_name, email, email_key, email_confirmed_at, created_at)
             VALUES ({id}, 'p{id}', 'p{id}', 'P {id}', 'p{id}@example.org', 'p{id}@example.org', 1, 1)"
        ));
    }
    fn smtp(&self, server: &Smtp) -> SmtpTransport {
        SmtpTransport::new(&settings(server), Bell::default())
            .with_pace(Pace { step: Duration::from_millis(600), attempt: Duration::from_millis(1500) })
    }
}

/// How the little server treats one connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Act {
    Take,
    /// This reply to RCPT.
    Rcpt(&'static str),
    /// This reply after the message.
    AfterData(&'static str),
    /// Hangs up in the middle of DATA with 421.
    CutData,
    /// Accepts the connection and never says anything.
    Stall,
    /// Greets, then a byte of an answer every 50 ms, never a line.
    Drip,
    Greeting(&'static str),
}

#[derive(Clone, Debug, Default)]
struct Received {
    from: String,
    to: Vec<String>,
    data: String,
}

struct Smtp {
    port: u16,
    taken: Arc<Mutex<Vec<Received>>>,
    connections: Arc<Mutex<usize>>,
}

/// The server's end of TLS, and whether it begins at once or after STARTTLS.
type Tls = (Arc<ServerConfig>, bool);

impl Smtp {
    fn start(script: &[Act]) -> Smtp {
        Smtp::open(script, None)
    }
    fn open(script: &[Act], tls: Option<Tls>) -> Smtp {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let script = Arc::new(Mutex::new(script.iter().copied().collect::<VecDeque<_>>()));
        let taken: Arc<Mutex<Vec<Received>>> = Arc::default();
        let connections: Arc<Mutex<usize>> = Arc::default();
        let (t, c) = (taken.clone(), connections.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *c.lock().unwrap() += 1;
                let act = script.lock().unwrap().pop_front().unwrap_or(Act::Take);
                let (taken, tls) = (t.clone(), tls.clone());
                std::thread::spawn(move || match tls {
                    Some(tls) => serve_tls(stream, tls, &taken),
                    None => serve(stream, act, true, &taken),
                });
            }
        });
        Smtp { port, taken, connections }
    }
    fn taken(&self) -> Vec<Received> {
        self.taken.lock().unwrap().clone()
    }
    fn connections(&self) -> usize {
        *self.connections.lock().unwrap()
    }
}

/// One line, without its end. Byte by byte: what follows it may be said by another protocol.
fn line_of(stream: &mut impl Read) -> Option<String> {
    let mut line = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        if byte[0] == b'\n' {
            return Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned());
        }
        line.push(byte[0]);
    }
}

/// A certificate for `name` that vouches for itself, and a server that shows it.
fn certificate(name: &str) -> (String, Arc<ServerConfig>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = ServerConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (made.cert.pem(), Arc::new(config))
}

/// Takes no mail in the clear.
fn serve_tls(mut stream: TcpStream, (config, at_once): Tls, taken: &Mutex<Vec<Received>>) -> Option<()> {
    if !at_once {
        stream.write_all(b"220 test ESMTP\r\n").ok()?;
        loop {
            let line = line_of(&mut stream)?.to_uppercase();
            let reply = match line.as_str() {
                "STARTTLS" => "220 go on",
                line if line.starts_with("EHLO") => "250-test\r\n250 STARTTLS",
                _ => "530 STARTTLS first",
            };
            stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
            if line == "STARTTLS" {
                break;
            }
        }
    }
    let tls = StreamOwned::new(ServerConnection::new(config).ok()?, stream);
    serve(tls, Act::Take, at_once, taken)
}

fn serve(mut stream: impl Read + Write, act: Act, greets: bool, taken: &Mutex<Vec<Received>>) -> Option<()> {
    match act {
        Act::Stall => {
            while line_of(&mut stream).is_some() {}
            return None;
        }
        _ if !greets => {}
        Act::Greeting(reply) => stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?,
        _ => stream.write_all(b"220 test ESMTP\r\n").ok()?,
    }
    let mut mail = Received::default();
    loop {
        let line = line_of(&mut stream)?;
        let upper = line.to_uppercase();
        let reply = if upper.starts_with("EHLO") {
            "250-test\r\n250-8BITMIME\r\n250 SMTPUTF8".to_owned()
        } else if upper.starts_with("MAIL FROM:") {
            if act == Act::Drip {
                while stream.write_all(b"2").is_ok() {
                    std::thread::sleep(Duration::from_millis(50));
                }
                return None;
            }
            mail.from = line[10..].to_owned();
            "250 ok".into()
        } else if upper.starts_with("RCPT TO:") {
            mail.to.push(line[8..].to_owned());
            match act {
                Act::Rcpt(reply) => reply.into(),
                _ => "250 ok".into(),
            }
        } else if upper == "DATA" {
            stream.write_all(b"354 go on\r\n").ok()?;
            if act == Act::CutData {
                line_of(&mut stream)?;
                stream.write_all(b"421 closing\r\n").ok()?;
                return None;
            }
            loop {
                let line = line_of(&mut stream)?;
                if line == "." {
                    break;
                }
                mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.data.push_str("\r\n");
            }
            match act {
                Act::AfterData(reply) => reply.into(),
                _ => {
                    taken.lock().unwrap().push(std::mem::take(&mut mail));
                    "250 taken".into()
                }
            }
        } else if upper == "QUIT" {
            stream.write_all(b"221 bye\r\n").ok()?;
            return None;
        } else {
            "500 what".into()
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?;
    }
}

fn head_of(data: &str) -> String {
    data.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ").replace("\r\n\t", " ")
}

fn header(data: &str, name: &str) -> Vec<String> {
    let prefix = format!("{}: ", name.to_lowercase());
    head_of(data)
        .split("\r\n")
        .filter(|line| line.to_lowercase().starts_with(&prefix))
        .map(|line| line[prefix.len()..].to_owned())
        .collect()
}

fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "waited too long until {what}");
        std::thread::yield_now();
    }
}

on_both!(a_mail_arrives_with_both_parts_and_the_headers_it_should_have, |house: House| {
    let server = Smtp::start(&[]);
    let id = house.enqueue(house.letter("a", "ann@example.org", Some(7))).unwrap();
    let sent = house.send(&house.smtp(&server));
    assert_eq!((sent.sent, sent.failed, sent.deferred), (1, 0, 0));
    assert_eq!(house.row(id).state, MailState::Sent);
    let taken = server.taken();
    assert_eq!(taken.len(), 1);
    let mail = &taken[0];
    assert_eq!(mail.from.trim(), "<community@help.example>");
    assert_eq!(mail.to, vec!["<ann@example.org>".to_owned()]);
    assert_eq!(header(&mail.data, "To"), vec!["ann@example.org"]);
    assert_eq!(header(&mail.data, "Auto-Submitted"), vec!["auto-generated"]);
    assert_eq!(header(&mail.data, "References"), vec!["<thread-7@help.example>"]);
    assert_eq!(header(&mail.data, "In-Reply-To"), vec!["<thread-7@help.example>"]);
    assert_eq!(header(&mail.data, "List-Unsubscribe-Post"), vec!["List-Unsubscribe=One-Click"]);
    assert_eq!(header(&mail.data, "Message-ID").len(), 1);
    let stop = header(&mail.data, "List-Unsubscribe").remove(0);
    assert!(stop.starts_with("<https://help.example/unsubscribe?token="), "{stop}");
    assert!(header(&mail.data, "Content-Type")[0].starts_with("multipart/alternative"));
    let body = mail.data.replace("=\r\n", "").replace("=3D", "=");
    assert!(body.contains("text/plain") && body.contains("text/html"));
    let link = stop.trim_matches(['<', '>']);
    assert_eq!(body.matches(link).count(), 3, "the header and both parts bear the link");
    assert!(body.contains("A <b>second</b> & more."), "the text part is plain");
    assert!(body.contains("A &lt;b&gt;second&lt;/b&gt; &amp; more."), "the HTML part is escaped");
});

on_both!(a_mail_goes_by_tls_to_the_server_that_was_meant_and_to_no_other, |house: House| {
    for (at_once, mode) in [(true, "tls"), (false, "starttls")] {
        let (pem, right) = certificate("127.0.0.1");
        let (other_pem, other) = certificate("mail.example.org");
        let ca = house.ground.data.join("ca.pem");
        std::fs::write(&ca, format!("{pem}{other_pem}")).unwrap();
        let ca = ca.display().to_string();
        let known = [("LOGGIA_MAIL_SMTP_TLS", mode), ("LOGGIA_MAIL_SMTP_CA", ca.as_str())];
        let (meant, elsewhere) =
            (Smtp::open(&[], Some((right, at_once))), Smtp::open(&[], Some((other, at_once))));
        let bare = Smtp::start(&[Act::Take, Act::Take]);
        let id = house.enqueue(house.letter(mode, "ann@example.org", None)).unwrap();
        // Nobody vouches for it; it is another's; there is no TLS at all.
        for (server, more) in [(&meant, &known[..1]), (&elsewhere, &known[..]), (&bare, &known[..])] {
            let smtp = SmtpTransport::new(&settings_with(server, more), Bell::default())
                .with_pace(Pace { step: Duration::from_millis(600), attempt: Duration::from_millis(1500) });
            let sent = house.send(&smtp);
            assert!(sent.unreachable && sent.sent == 0, "{mode} {sent:?}");
            assert_eq!(house.row(id).state, MailState::Queued);
            assert!(server.taken().is_empty());
            assert!(smtp.check().is_err());
            house.clock.advance(HOUR);
        }
        let smtp = SmtpTransport::new(&settings_with(&meant, &known), Bell::default());
        assert_eq!(smtp.check(), Ok(()));
        assert_eq!(house.send(&smtp).sent, 1, "{mode}: {:?}", house.row(id).last_error);
        assert_eq!(meant.taken()[0].to, ["<ann@example.org>"]);
    }
});

on_both!(one_cause_makes_one_mail, |house: House| {
    assert!(house.enqueue(house.letter("a", "ann@example.org", None)).is_some());
    assert!(house.enqueue(house.letter("a", "ann@example.org", None)).is_none());
});

on_both!(a_person_who_left_a_list_gets_no_mail_of_it_and_all_others, |house: House| {
    house.person(1);
    let to = |list: List| {
        let mut mail = house.letter(list.as_str(), "p1@example.org", None);
        mail.user = Some(UserId(1));
        mail.list = list;
        mail
    };
    let url = mail::unsubscribe_url("https://help.example", &house.key, Some(UserId(1)), List::Answers);
    let token = url.split("token=").nth(1).unwrap().to_owned();
    let (user, list) = mail::parse_unsubscribe(&house.key, &token).unwrap();
    assert!(house.write(move |tx| mail::unsubscribe(tx, user, list)));
    assert!(!house.write(move |tx| mail::unsubscribe(tx, user, list)), "the second click changes nothing");
    assert!(!house.write(move |tx| mail::unsubscribe(tx, user, List::Account)));
    assert!(!house.write(move |tx| mail::unsubscribe(tx, UserId(0), List::Answers)));
    assert!(house.enqueue(to(List::Answers)).is_none());
    assert!(house.enqueue(to(List::Comments)).is_some());
    assert!(house.enqueue(to(List::Account)).is_some());
    let lists = mail::subscriptions(&mut house.db.reader().unwrap(), user).unwrap();
    assert!(lists.iter().all(|(list, on)| *on == (*list != List::Answers)));
    house.write(move |tx| mail::set_subscriptions(tx, user, &[List::Answers]));
    let lists = mail::subscriptions(&mut house.db.reader().unwrap(), user).unwrap();
    assert!(lists.iter().all(|(list, on)| *on == matches!(list, List::Answers | List::Account)));
});

on_both!(a_greylisted_mail_is_delivered_exactly_once, |which: Which| {
    for act in [Act::Rcpt("451 later"), Act::AfterData("452 no room"), Act::CutData, Act::Rcpt("421 closing")]
    {
        let house = House::from(Ground::lay(which).unwrap());
        let server = Smtp::start(&[act]);
        let smtp = house.smtp(&server);
        let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
        assert_eq!(house.send(&smtp).deferred, 1, "{act:?}");
        let row = house.row(id);
        assert_eq!((row.state, row.attempts), (MailState::Queued, 1));
        assert!(row.last_error.is_some());
        assert_eq!(row.next_attempt_at.since(house.start) / SECOND, back_off(id.0, 0) / SECOND);
        assert_eq!(house.send(&smtp), Sent::default(), "nothing goes before its time");
        house.clock.advance(MINUTE);
        assert_eq!(house.send(&smtp).sent, 1);
        house.clock.advance(DAY);
        assert_eq!(house.send(&smtp), Sent::default());
        assert_eq!(server.taken().len(), 1);
    }
});

on_both!(a_refused_mail_is_tried_once_and_can_be_tried_again_by_hand, |house: House| {
    let server = Smtp::start(&[Act::Rcpt("550 no such user")]);
    let smtp = house.smtp(&server);
    let id = house.enqueue(house.letter("a", "gone@example.org", None)).unwrap();
    assert_eq!(house.send(&smtp).failed, 1);
    house.clock.advance(DAY);
    assert_eq!(house.send(&smtp), Sent::default());
    assert_eq!(server.connections(), 1);
    let row = house.row(id);
    assert_eq!(row.state, MailState::Failed);
    assert!(row.last_error.unwrap().contains("550"));
    let counts = mail::counts(&mut house.db.reader().unwrap()).unwrap();
    assert!(counts.contains(&(MailState::Failed, 1)));
    assert!(house.write(move |tx| mail::retry(tx, id)));
    assert_eq!(house.send(&smtp).sent, 1);
    assert!(!house.write(move |tx| mail::retry(tx, id)), "a sent mail is not sent again");
});

on_both!(the_wait_doubles_with_a_spread_and_ends_after_two_days, |house: House| {
    for id in 1..200 {
        for attempts in 0..30 {
            let middle = (30_i64 << attempts.min(20)).min(4 * 3600) * SECOND;
            let wait = back_off(id, attempts);
            assert!(
                wait >= middle / 4 * 3 - SECOND && wait <= middle / 4 * 5 + SECOND,
                "{id} {attempts} {wait}"
            );
        }
    }
    assert_ne!(back_off(1, 3), back_off(2, 3));

    struct Never;
    impl Transport for Never {
        fn deliver(&self, _: &loggia::mail::message::Ready) -> Delivery {
            Delivery::Deferred("451 never".into())
        }
        fn describe(&self) -> String {
            String::new()
        }
    }
    let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
    let mut tries = 0;
    while house.row(id).state == MailState::Queued {
        let due = house.row(id).next_attempt_at;
        house.clock.advance(due.since(house.clock.now()).max(0));
        house.send(&Never);
        tries += 1;
        assert!(tries < 60);
    }
    let row = house.row(id);
    assert_eq!(row.state, MailState::Failed);
    assert!((10..40).contains(&tries), "{tries}");
    assert!(house.clock.now().since(house.start) < 3 * DAY);
    assert!(row.last_error.unwrap().contains("451 never"));
});

on_both!(a_tarpit_ends_in_time_and_holds_nobody_else_up, |which: Which| {
    for act in [Act::Stall, Act::Drip] {
        let house = House::from(Ground::lay(which).unwrap());
        let server = Smtp::start(&[act]);
        let smtp = house.smtp(&server);
        house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
        let begun = Instant::now();
        let sent = house.send(&smtp);
        assert!(begun.elapsed() < Duration::from_secs(5), "{act:?}");
        assert_eq!(sent.deferred, 1, "{act:?}");
        house.enqueue(house.letter("b", "bruno@example.org", None)).unwrap();
        assert_eq!(house.send(&smtp).sent, 1, "{act:?}");
    }
});

on_both!(a_server_out_of_reach_is_asked_once_per_round_and_drains_when_it_is_back, |house: House| {
    let server = Smtp::start(&[Act::Greeting("554 not today"), Act::Greeting("421 busy")]);
    let smtp = house.smtp(&server);
    let ids: Vec<MailId> = (0..10)
        .map(|n| house.enqueue(house.letter(&n.to_string(), &format!("p{n}@example.org"), None)).unwrap())
        .collect();
    for round in 1..=2 {
        let sent = house.send(&smtp);
        assert!(sent.unreachable);
        assert_eq!((sent.deferred, sent.released, sent.failed), (1, 10 - round, 0));
        assert_eq!(server.connections(), round);
    }
    house.clock.advance(2 * MINUTE);
    assert_eq!(house.send(&smtp).sent, 10);
    assert!(ids.iter().all(|id| house.row(*id).state == MailState::Sent));
});

on_both!(mails_of_one_thread_reach_one_person_in_order, |house: House| {
    let server = Smtp::start(&[Act::Rcpt("451 later")]);
    let smtp = house.smtp(&server);
    house.enqueue(house.letter("first", "ann@example.org", Some(7))).unwrap();
    house.enqueue(house.letter("second", "ann@example.org", Some(7))).unwrap();
    house.enqueue(house.letter("other thread", "ann@example.org", Some(8))).unwrap();
    house.enqueue(house.letter("other person", "bruno@example.org", Some(7))).unwrap();
    let mut rounds = 0;
    while server.taken().len() < 4 {
        house.send(&smtp);
        house.clock.advance(10 * SECOND);
        rounds += 1;
        assert!(rounds < 50);
    }
    let subjects: Vec<String> =
        server.taken().iter().map(|mail| header(&mail.data, "Subject").remove(0)).collect();
    let place = |what: &str| subjects.iter().position(|s| s == what).unwrap();
    assert!(place("About first") < place("About second"), "{subjects:?}");
    assert!(place("About other thread") < place("About first"), "{subjects:?}");
    assert!(place("About other person") < place("About first"), "{subjects:?}");
});

on_both!(what_has_expired_is_never_sent, |house: House| {
    let server = Smtp::start(&[]);
    let smtp = house.smtp(&server);
    let to = Addressee { user: None, address: "ann@example.org", name: "Ann", lang: "en" };
    let reset = house.desk.account(
        AccountMail::ResetPassword,
        &to,
        Some("/password/reset?token=abc"),
        "reset".into(),
        Some(house.start.plus(HOUR)),
    );
    assert!(reset.text.contains("https://help.example/password/reset?token=abc"));
    let id = house.enqueue(reset).unwrap();
    house.clock.advance(HOUR);
    assert_eq!(house.send(&smtp).expired, 1);
    assert_eq!(house.row(id).state, MailState::Expired);
    assert!(!house.write(move |tx| mail::retry(tx, id)));
    let stale = house.enqueue(house.letter("stale", "ann@example.org", None)).unwrap();
    house.clock.advance(3 * DAY);
    house.send(&smtp);
    assert_eq!(house.row(stale).state, MailState::Expired, "what nobody tried for days is not news");
    assert_eq!(server.connections(), 0);
});

on_both!(what_nobody_may_or_wants_to_read_any_more_is_not_sent, |house: House| {
    house.person(1);
    house.sql(
        "INSERT INTO posts (id, kind, thread_id, parent_id, body_md, body_html, created_at) VALUES
         (100, 'question', 100, NULL, '', '', 1), (101, 'answer', 100, NULL, '', '', 1), (102, 'comment', 100, 101, '', '', 1);
         INSERT INTO threads (id, title, slug, tags, created_at, active_at) VALUES (100, 'Drips', 'drips', '', 1, 1);",
    );
    let server = Smtp::start(&[]);
    let smtp = house.smtp(&server);
    let restored =
        "UPDATE posts SET removed = 0; UPDATE threads SET removed = 0; DELETE FROM unsubscriptions;
                    UPDATE suspensions SET lifted_at = 1";
    let later = house.start.plus(HOUR);
    let causes = [
        "UPDATE posts SET removed = 2 WHERE id = 102".to_owned(),
        "UPDATE posts SET removed = 1 WHERE id = 101".to_owned(),
        "UPDATE posts SET removed = 2 WHERE id = 100; UPDATE threads SET removed = 2".to_owned(),
        "INSERT INTO unsubscriptions (user_id, list, created_at) VALUES (1, 'answers', 1)".to_owned(),
        format!(
            "INSERT INTO suspensions (user_id, actor_id, reason, created_at, until) VALUES (1, 1, '', {}, {})",
            house.start.plus(MINUTE),
            later
        ),
    ];
    for (n, cause) in causes.iter().enumerate() {
        let letter = |what: &str, list: List| NewMail {
            user: Some(UserId(1)),
            post: Some(PostId(102)),
            list,
            ..house.letter(&format!("{what} {n}"), "p1@example.org", Some(100))
        };
        let id = house.enqueue(letter("cause", List::Answers)).unwrap();
        let account = house.enqueue(NewMail { post: None, ..letter("account", List::Account) }).unwrap();
        house.sql(cause);
        let sent = house.send(&smtp);
        assert_eq!((sent.sent, sent.expired), (1, 1), "{cause}");
        assert_eq!(house.row(id).state, MailState::Expired, "{cause}");
        assert_eq!(house.row(account).state, MailState::Sent, "{cause}");
        house.sql(restored);
    }
    // Written after the suspension began: it says why.
    house.clock.advance(2 * MINUTE);
    house.sql(&causes[4]);
    let why = house.enqueue(NewMail { user: Some(UserId(1)), ..house.letter("why", "p1@example.org", None) });
    assert_eq!(house.send(&smtp).sent, 1);
    assert_eq!(house.row(why.unwrap()).state, MailState::Sent);
});

on_both!(what_a_killed_sender_held_is_taken_again_under_the_same_message_id, |house: House| {
    struct Dies(Mutex<Vec<Vec<u8>>>);
    impl Transport for Dies {
        fn deliver(&self, mail: &loggia::mail::message::Ready) -> Delivery {
            self.0.lock().unwrap().push(mail.bytes.clone());
            Delivery::Accepted
        }
        fn describe(&self) -> String {
            String::new()
        }
    }
    let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
    let first = Dies(Mutex::default());
    house.send(&first);
    // As if the process had been killed between the server's 250 and the commit.
    house.sql(&format!(
        "UPDATE mails SET state = 'sending', next_attempt_at = {}, body_text = 'x', body_html = 'x'",
        house.start.0 + 150 * SECOND
    ));
    assert_eq!(house.send(&first), Sent::default(), "a held row is left alone");
    house.clock.advance(151 * SECOND);
    let second = Dies(Mutex::default());
    assert_eq!(house.send(&second).sent, 1);
    assert_eq!(house.row(id).state, MailState::Sent);
    let id_of = |bytes: &[u8]| header(&String::from_utf8_lossy(bytes), "Message-ID");
    assert_eq!(id_of(&first.0.lock().unwrap()[0]), id_of(&second.0.lock().unwrap()[0]));
});

on_both!(a_mail_that_cannot_be_built_fails_with_its_reason_and_stops_nobody, |house: House| {
    let server = Smtp::start(&[]);
    let smtp = house.smtp(&server);
    let bad = house.enqueue(house.letter("bad", "=?x?q?u=40evil.com=3e=00?=foo@example.com", None)).unwrap();
    let good = house.enqueue(house.letter("good", "ann@example.org", None)).unwrap();
    struct Panics<'a>(&'a SmtpTransport);
    impl Transport for Panics<'_> {
        fn deliver(&self, mail: &loggia::mail::message::Ready) -> Delivery {
            assert!(!mail.to.to_string().starts_with("boom"));
            self.0.deliver(mail)
        }
        fn describe(&self) -> String {
            String::new()
        }
    }
    let boom = house.enqueue(house.letter("boom", "boom@example.org", None)).unwrap();
    let sent = house.send(&Panics(&smtp));
    assert_eq!((sent.sent, sent.failed, sent.deferred), (1, 1, 1));
    assert_eq!(house.row(bad).state, MailState::Failed);
    assert!(house.row(bad).last_error.unwrap().contains("address"));
    assert_eq!(house.row(good).state, MailState::Sent);
    assert_eq!(house.row(boom).state, MailState::Queued);
});

on_both!(what_people_type_never_becomes_a_header_or_a_command, |house: House| {
    let server = Smtp::start(&[]);
    let smtp = house.smtp(&server);
    let evil = [
        "x\r\nBcc: eve@evil.example",
        "x\0y",
        "x\u{85}Bcc: eve@evil.example",
        "x\u{2028}Bcc: eve@evil.example",
        "=?utf-8?q?x?=",
        "x\r\n.\r\nMAIL FROM:<eve@evil.example>\r\nRCPT TO:<eve@evil.example>\r\nDATA\r\nhi\r\n.",
        "\"><img src=x>",
    ];
    for (n, evil) in evil.iter().enumerate() {
        let mail = house.desk.compose(Letter {
            dedupe_key: n.to_string(),
            user: None,
            recipient: "ann@example.org",
            lang: "en",
            list: List::Answers,
            subject: (*evil).into(),
            name: evil,
            paragraphs: vec![(*evil).into()],
            link: None,
            thread: None,
            post: None,
            expires_at: None,
            stop: None,
        });
        assert!(!mail.html.contains("<img"));
        house.enqueue(mail).unwrap();
    }
    assert_eq!(house.send(&smtp).sent, evil.len());
    let taken = server.taken();
    assert_eq!(taken.len(), evil.len(), "one mail in, one mail out");
    for mail in taken {
        assert_eq!(mail.to, vec!["<ann@example.org>".to_owned()]);
        assert!(header(&mail.data, "Bcc").is_empty());
        assert_eq!(header(&mail.data, "To").len(), 1);
        assert_eq!(header(&mail.data, "Subject").len(), 1);
        assert_eq!(header(&mail.data, "Content-Type").len(), 1);
        assert!(header(&mail.data, "Subject")[0] != "=?utf-8?q?x?=");
    }
});

on_both!(a_folder_takes_mails_as_files, |house: House| {
    let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
    let transport = FolderTransport::new(&house.ground.data);
    assert_eq!(house.send(&transport).sent, 1);
    let file = house.ground.data.join("mails").join(format!("{:08}.eml", id.0));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("To: ann@example.org"));
    assert_eq!(std::fs::read_dir(house.ground.data.join("mails")).unwrap().count(), 1);
});

on_both!(the_senders_work_on_their_own_until_the_bell_stops_them, |house: House| {
    let server = Smtp::start(&[Act::Stall]);
    let port = server.port.to_string();
    let bell = Bell::default();
    let config = config(&[
        ("LOGGIA_MAIL_TRANSPORT", "smtp"),
        ("LOGGIA_MAIL_SMTP_HOST", "127.0.0.1"),
        ("LOGGIA_MAIL_SMTP_PORT", &port),
        ("LOGGIA_MAIL_SMTP_TLS", "none"),
    ]);
    house.enqueue(house.letter("held", "held@example.org", None)).unwrap();
    if matches!(house.db.target(), Target::Sqlite(_)) {
        // An earlier process held the row; on SQLite there is no other, so it is taken again at once.
        house.sql(&format!("UPDATE mails SET state = 'sending', next_attempt_at = {}", house.start.0 + HOUR));
    }
    let handle = Sender::spawn(house.db.clone(), &config, bell.clone()).unwrap();
    until("the stalling server has its victim", || server.connections() >= 1);
    for n in 0..10 {
        house.enqueue(house.letter(&n.to_string(), &format!("p{n}@example.org"), None)).unwrap();
    }
    until("the others have gone", || server.taken().len() == 10);
    bell.stop();
    handle.join().unwrap();
});

on_both!(a_mail_that_waited_while_its_answer_was_hidden_never_leaves, |ground: Ground| async move {
    let world = World::with(ground, &[("mail.transport", "off")]).await;
    let (down, up) = (Smtp::start(&[Act::Greeting("421 not now")]), Smtp::start(&[]));
    let question = world.ask(&world.ann, "The boiler goes out at night").await;
    let answer = world.answer(&world.bruno, question.thread).await;
    let said = world.answer(&world.dario, question.thread).await;
    world.settle().await;
    let (db, clock) = (world.db.clone(), world.clock.clone());
    let send = move |server: &Smtp| {
        let config = settings(server);
        let (db, now) = (db.clone(), clock.now());
        aside(move || {
            let smtp = SmtpTransport::new(&config, Bell::default());
            send_due(&db, &From::new(&config), &smtp, now).unwrap()
        })
    };
    assert!(send(&down).await.unreachable);
    let post = answer.post;
    world.act(&world.carla, move |tx, v| loggia::moderation::hide(tx, v, post, "an advertisement")).await;
    world.settle().await;
    world.clock.advance(HOUR);
    send(&up).await;
    let to_ann = |server: &Smtp| -> Vec<String> {
        let mails = server.taken().into_iter().filter(|mail| mail.to == ["<ann@example.com>"]);
        mails.map(|mail| mail.data).collect()
    };
    let taken = to_ann(&up);
    assert_eq!(taken.len(), 1, "{taken:?}");
    assert!(taken[0].contains(&format!("/posts/{}", said.post)), "{taken:?}");
    assert!(up.taken().iter().any(|mail| mail.to == ["<bruno@example.com>"]), "its author is told why");
    // And the administrators see what became of it.
    let elena = world.elena().await;
    let page = elena.get("/admin/mails?state=expired").await;
    page.expect(200)
        .contains("ann@example.com")
        .contains("Bruno answered")
        .contains("was not wanted any more");
    elena.get("/admin/mails?state=failed").await.expect(200).lacks("ann@example.com");
});
