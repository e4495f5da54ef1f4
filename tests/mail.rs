//! Mail: the outbox against a real SMTP conversation on loopback, with a clock the tests move.
use loggia::config::Config;
use loggia::db::{Db, DbResult, Opening, Target, Tx, migrate};
use loggia::kernel::ids::{MailId, ThreadId, UserId};
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
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const START: Moment = Moment(1_790_000_000_000_000);

struct House {
    db: Db,
    clock: Clock,
    folder: tempfile::TempDir,
    desk: Letterhead,
    key: SiteKey,
    from: From,
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

fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let target = Target::Sqlite(folder.path().join("loggia.sqlite"));
    migrate(&target).unwrap();
    let clock = Clock::standing(START);
    let db = Db::open(Opening {
        target,
        clock: clock.clone(),
        readers: 2,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })
    .unwrap();
    let key = SiteKey::new("secret");
    let config = config(&[]);
    House { db, clock, folder, desk: Letterhead::new(&config, key.clone()), from: From::new(&config), key }
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
            expires_at: None,
        })
    }
    fn enqueue(&self, mail: NewMail) -> Option<MailId> {
        self.write(move |tx| mail::enqueue(tx, mail))
    }
    fn send(&self, transport: &dyn Transport) -> Sent {
        send_due(&self.db, &self.from, transport, self.clock.now()).unwrap()
    }
    fn row(&self, id: MailId) -> Mail {
        let rows = mail::page(&mut self.db.reader().unwrap(), None, None, 50).unwrap();
        rows.into_iter().find(|row| row.id == id).unwrap()
    }
    fn person(&self, id: i64) {
        self.sql(&format!(
            "INSERT INTO users (id, username, username_key, display_name, email, email_key, email_confirmed_at, created_at)
             VALUES ({id}, 'p{id}', 'p{id}', 'P {id}', 'p{id}@example.org', 'p{id}@example.org', 1, 1)"
        ));
    }
    fn smtp(&self, server: &Smtp) -> SmtpTransport {
        let port = server.port.to_string();
        let config = config(&[
            ("LOGGIA_MAIL_TRANSPORT", "smtp"),
            ("LOGGIA_MAIL_SMTP_HOST", "127.0.0.1"),
            ("LOGGIA_MAIL_SMTP_PORT", &port),
            ("LOGGIA_MAIL_SMTP_TLS", "none"),
        ]);
        SmtpTransport::new(&config, Bell::default())
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

impl Smtp {
    fn start(script: &[Act]) -> Smtp {
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
                let taken = t.clone();
                std::thread::spawn(move || serve(stream, act, &taken));
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

fn serve(mut stream: TcpStream, act: Act, taken: &Mutex<Vec<Received>>) -> Option<()> {
    let mut lines = BufReader::new(stream.try_clone().ok()?).split(b'\n');
    let mut next = || -> Option<String> {
        let line = lines.next()?.ok()?;
        Some(String::from_utf8_lossy(&line).trim_end_matches('\r').to_owned())
    };
    match act {
        Act::Stall => {
            while next().is_some() {}
            return None;
        }
        Act::Greeting(reply) => stream.write_all(format!("{reply}\r\n").as_bytes()).ok()?,
        _ => stream.write_all(b"220 test ESMTP\r\n").ok()?,
    }
    let mut mail = Received::default();
    loop {
        let line = next()?;
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
                next()?;
                stream.write_all(b"421 closing\r\n").ok()?;
                return None;
            }
            loop {
                let line = next()?;
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

#[test]
fn a_mail_arrives_with_both_parts_and_the_headers_it_should_have() {
    let house = house();
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
}

#[test]
fn one_cause_makes_one_mail() {
    let house = house();
    assert!(house.enqueue(house.letter("a", "ann@example.org", None)).is_some());
    assert!(house.enqueue(house.letter("a", "ann@example.org", None)).is_none());
}

#[test]
fn a_person_who_left_a_list_gets_no_mail_of_it_and_all_others() {
    let house = house();
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
}

#[test]
fn a_greylisted_mail_is_delivered_exactly_once() {
    for act in [Act::Rcpt("451 later"), Act::AfterData("452 no room"), Act::CutData, Act::Rcpt("421 closing")]
    {
        let house = house();
        let server = Smtp::start(&[act]);
        let smtp = house.smtp(&server);
        let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
        assert_eq!(house.send(&smtp).deferred, 1, "{act:?}");
        let row = house.row(id);
        assert_eq!((row.state, row.attempts), (MailState::Queued, 1));
        assert!(row.last_error.is_some());
        assert_eq!(row.next_attempt_at.since(START) / SECOND, back_off(id.0, 0) / SECOND);
        assert_eq!(house.send(&smtp), Sent::default(), "nothing goes before its time");
        house.clock.advance(MINUTE);
        assert_eq!(house.send(&smtp).sent, 1);
        house.clock.advance(DAY);
        assert_eq!(house.send(&smtp), Sent::default());
        assert_eq!(server.taken().len(), 1);
    }
}

#[test]
fn a_refused_mail_is_tried_once_and_can_be_tried_again_by_hand() {
    let house = house();
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
}

#[test]
fn the_wait_doubles_with_a_spread_and_ends_after_two_days() {
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
    let house = house();
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
    assert!(house.clock.now().since(START) < 3 * DAY);
    assert!(row.last_error.unwrap().contains("451 never"));
}

#[test]
fn a_tarpit_ends_in_time_and_holds_nobody_else_up() {
    for act in [Act::Stall, Act::Drip] {
        let house = house();
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
}

#[test]
fn a_server_out_of_reach_is_asked_once_per_round_and_drains_when_it_is_back() {
    let house = house();
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
}

#[test]
fn mails_of_one_thread_reach_one_person_in_order() {
    let house = house();
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
}

#[test]
fn what_has_expired_is_never_sent() {
    let house = house();
    let server = Smtp::start(&[]);
    let smtp = house.smtp(&server);
    let to = Addressee { user: None, address: "ann@example.org", name: "Ann", lang: "en" };
    let reset = house.desk.account(
        AccountMail::ResetPassword,
        &to,
        Some("/password/reset?token=abc"),
        "reset".into(),
        Some(START.plus(HOUR)),
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
}

#[test]
fn what_a_killed_sender_held_is_taken_again_under_the_same_message_id() {
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
    let house = house();
    let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
    let first = Dies(Mutex::default());
    house.send(&first);
    // As if the process had been killed between the server's 250 and the commit.
    house.sql(&format!(
        "UPDATE mails SET state = 'sending', next_attempt_at = {}, body_text = 'x', body_html = 'x'",
        START.0 + 150 * SECOND
    ));
    assert_eq!(house.send(&first), Sent::default(), "a held row is left alone");
    house.clock.advance(151 * SECOND);
    let second = Dies(Mutex::default());
    assert_eq!(house.send(&second).sent, 1);
    assert_eq!(house.row(id).state, MailState::Sent);
    let id_of = |bytes: &[u8]| header(&String::from_utf8_lossy(bytes), "Message-ID");
    assert_eq!(id_of(&first.0.lock().unwrap()[0]), id_of(&second.0.lock().unwrap()[0]));
}

#[test]
fn a_mail_that_cannot_be_built_fails_with_its_reason_and_stops_nobody() {
    let house = house();
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
}

#[test]
fn what_people_type_never_becomes_a_header_or_a_command() {
    let house = house();
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
            expires_at: None,
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
}

#[test]
fn a_folder_takes_mails_as_files() {
    let house = house();
    let id = house.enqueue(house.letter("a", "ann@example.org", None)).unwrap();
    let transport = FolderTransport::new(house.folder.path());
    assert_eq!(house.send(&transport).sent, 1);
    let file = house.folder.path().join("mails").join(format!("{:08}.eml", id.0));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(text.contains("To: ann@example.org"));
    assert_eq!(std::fs::read_dir(house.folder.path().join("mails")).unwrap().count(), 1);
}

#[test]
fn the_senders_work_on_their_own_until_the_bell_stops_them() {
    let house = house();
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
        house.sql(&format!("UPDATE mails SET state = 'sending', next_attempt_at = {}", START.0 + HOUR));
    }
    let handle = Sender::spawn(house.db.clone(), &config, bell.clone()).unwrap();
    until("the stalling server has its victim", || server.connections() >= 1);
    for n in 0..10 {
        house.enqueue(house.letter(&n.to_string(), &format!("p{n}@example.org"), None)).unwrap();
    }
    until("the others have gone", || server.taken().len() == 10);
    bell.stop();
    handle.join().unwrap();
}
