//! tests: what breaks around the server, and what it still does then.
use crate::child::{Member, Reply, Server, Site, client, post_of, said, take, thread_of, until};
use crate::crash::whole;
use crate::ground::{Ground, Which, aside, play};
use crate::{postgres, scratch};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use loggia::db::schema::{mails, posts};
use loggia::db::{Access, Conn, Target};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Two people, an open server, and a client.
struct Play {
    site: Site,
    ann: Member,
    bruno: Member,
    server: Server,
    base: String,
    client: reqwest::Client,
}

impl Play {
    async fn open(site: Site) -> Play {
        for name in ["ann", "bruno"] {
            site.enrol(name, "customer");
        }
        let (server, base) = site.open().await;
        let ann = Member::sign_in(&base, "ann").await;
        let bruno = Member::sign_in(&base, "bruno").await;
        Play { site, ann, bruno, server, base, client: client() }
    }

    async fn ask(&self, token: &str) -> Reply {
        let title = format!("How does one reset the {token}?");
        let body = format!("The question says {token} and nothing else.");
        let form = [("title", title.as_str()), ("body", body.as_str()), ("tags", "radios")];
        self.ann.post(&self.client, &self.base, "/threads", &form).await
    }

    async fn answer(&self, thread: i64, token: &str) -> Reply {
        let body = format!("The answer says {token} and nothing else.");
        let path = format!("/threads/{thread}/answers");
        self.bruno.post(&self.client, &self.base, &path, &[("body", body.as_str())]).await
    }

    /// A page made for this person now, from no cache.
    async fn read(&self, path: &str) -> Reply {
        self.ann.get(&self.client, &self.base, path).await
    }

    async fn finds(&self, token: &str) -> bool {
        let page = take(self.client.get(format!("{}/search?q={token}", self.base))).await;
        page.text().contains("<li class=\"row\">")
    }

    async fn found(&self, token: &str) {
        until(&format!("{token} is found"), Duration::from_secs(30), async || self.finds(token).await).await;
    }

    /// Ends the server and looks at everything.
    async fn close(self, target: &Target) {
        self.server.stop().await;
        whole(&self.site, target, &mut target.connect(Access::Read).unwrap());
    }
}

fn bodies(target: &Target) -> Vec<String> {
    posts::table.select(posts::body_md).load(&mut target.connect(Access::Read).unwrap()).unwrap()
}

/// A small disk of its own; gone with the value.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(megabytes: u32) -> Option<SmallDisk> {
        let folder = scratch::folder("disk");
        let size = format!("size={megabytes}m,mode=0700");
        let made = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&folder).output();
        let why = match made {
            Ok(made) if made.status.success() => return Some(SmallDisk(folder)),
            Ok(made) => said(&made),
            Err(error) => error.to_string(),
        };
        scratch::skip("a small disk", why.trim());
        None
    }

    fn fill(&self) -> PathBuf {
        let path = self.0.join("filler");
        let mut file = fs::File::create(&path).unwrap();
        for size in [1 << 20, 1 << 12, 1] {
            while file.write_all(&vec![b'x'; size]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_stops_writing_and_nothing_else() {
    play(Which::Sqlite, |ground: Ground| async move {
        let Some(disk) = SmallDisk::mount(192) else { return };
        let data = disk.0.join("data");
        let target = Target::Sqlite(data.join("loggia.sqlite"));
        let play =
            Play::open(Site::at(&data, format!("sqlite:{}", data.join("loggia.sqlite").display()))).await;
        let first = play.ask("qzxfirstqo").await.expect(303).location().to_owned();
        let mut acknowledged = vec!["qzxfirstqo".to_owned()];
        for round in 0..2 {
            let filler = disk.fill();
            let mut refused = 0;
            for n in 0..400 {
                let token = format!("qzxround{round}number{n}qo");
                match play.answer(thread_of(&first), &token).await {
                    Reply::Answered { status: 303, .. } => acknowledged.push(token),
                    Reply::Answered { status: 503 | 507, retry_after, .. } => {
                        assert!(retry_after.is_some());
                        refused += 1;
                    }
                    other => panic!("{other:?}\n{}", play.server.journal()),
                }
                if refused == 5 {
                    break;
                }
            }
            assert_eq!(refused, 5, "the disk was not full");
            play.read(&first).await.expect(200);
            play.read("/settings").await.expect(200);
            take(play.client.get(format!("{}/readyz", play.base))).await.expect(200);
            take(play.client.get(format!("{}/search?q=qzxfirstqo", play.base))).await.expect(200);
            fs::remove_file(filler).unwrap();
            let token = format!("qzxafter{round}qo");
            until("writing goes on", Duration::from_secs(10), async || {
                matches!(play.answer(thread_of(&first), &token).await, Reply::Answered { status: 303, .. })
            })
            .await;
            play.found(&token).await;
            acknowledged.push(token);
        }
        play.close(&target).await;
        let bodies = bodies(&target).join("\n");
        for token in &acknowledged {
            assert_eq!(bodies.matches(token.as_str()).count(), 1, "{token}");
        }
        drop(ground);
    });
}

on_both!(a_deleted_index_is_built_anew_while_pages_are_served, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    let first = play.ask("qzxfirstqo").await.expect(303).location().to_owned();
    play.found("qzxfirstqo").await;
    fs::remove_dir_all(play.site.data.join("index")).unwrap();
    play.ask("qzxsecondqo").await.expect(303);
    // Never a wrong "nothing found": the old index, or the word that a new one is being built.
    until("both are found", Duration::from_secs(30), async || {
        play.read(&first).await.expect(200);
        let page = take(play.client.get(format!("{}/search?q=qzxfirstqo", play.base))).await;
        let found = page.text().contains("<li class=\"row\">");
        let rebuilding = page.text().contains("being built");
        assert!(found || rebuilding || page.status() == 503, "{page:?}");
        found && play.finds("qzxsecondqo").await
    })
    .await;
    let Play { site, ann, bruno, server, client, .. } = play;
    server.stop().await;
    fs::remove_dir_all(site.data.join("index")).unwrap();
    let (server, base) = site.open().await;
    let play = Play { site, ann, bruno, server, base, client };
    play.read(&first).await.expect(200);
    play.found("qzxfirstqo").await;
    play.found("qzxsecondqo").await;
    play.close(&ground.target).await;
});

on_both!(a_second_server_on_one_folder_refuses_and_a_stale_lock_does_not, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    let began = Instant::now();
    let second = play.site.run(&["serve"]);
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(second.status.code(), Some(1));
    assert!(said(&second).contains("another Loggia is using the data folder"), "{}", said(&second));
    play.ask("qzxfirstqo").await.expect(303);
    let Play { site, ann, bruno, server, client, .. } = play;
    server.kill();
    assert!(site.data.join("loggia.lock").exists());
    let (server, base) = site.open().await;
    let play = Play { site, ann, bruno, server, base, client };
    play.ask("qzxsecondqo").await.expect(303);
    play.found("qzxsecondqo").await;
    play.close(&ground.target).await;
});

/// Another process that keeps every writer out until it is dropped.
fn hold(target: &Target) -> Conn {
    let mut conn = target.connect(Access::Write).unwrap();
    match &mut conn {
        Conn::Sqlite(conn) => conn.batch_execute("BEGIN EXCLUSIVE").unwrap(),
        // The forum's own write lock ("Loggia" in ASCII).
        Conn::Postgres(conn) => conn.batch_execute("SELECT pg_advisory_lock(84041359911265)").unwrap(),
    }
    conn
}

on_both!(readers_go_on_while_another_process_holds_the_write_lock, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    let first = play.ask("qzxfirstqo").await.expect(303).location().to_owned();
    let target = ground.target.clone();
    let held = aside(move || hold(&target)).await;
    let began = Instant::now();
    let reading = async {
        let mut slowest = Duration::ZERO;
        while began.elapsed() < Duration::from_secs(3) {
            let asked = Instant::now();
            play.read(&first).await.expect(200);
            play.read("/settings").await.expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        drop(held);
        slowest
    };
    let (slowest, written) = tokio::join!(reading, play.ask("qzxsecondqo"));
    assert!(slowest < Duration::from_secs(2), "a reader waited {slowest:?}");
    written.expect(303);
    assert!(began.elapsed() >= Duration::from_secs(3), "the lock did not hold");
    play.found("qzxsecondqo").await;
    play.close(&ground.target).await;
});

on_both!(writes_behind_a_lock_are_refused_together, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    play.ask("qzxfirstqo").await.expect(303);
    let target = ground.target.clone();
    let held = aside(move || hold(&target)).await;
    let began = Instant::now();
    let tokens: Vec<String> = (0..8).map(|n| format!("qzxbehind{n}qo")).collect();
    for reply in futures_util::future::join_all(tokens.iter().map(|token| play.ask(token))).await {
        assert!(matches!(reply, Reply::Answered { status: 503, retry_after: Some(_), .. }), "{reply:?}");
    }
    assert!(began.elapsed() < Duration::from_secs(8), "the last one waited {:?}", began.elapsed());
    drop(held);
    play.ask("qzxlastqo").await.expect(303);
    play.found("qzxlastqo").await;
    assert_eq!(bodies(&ground.target).len(), 2, "a refused write was done");
    play.close(&ground.target).await;
});

#[test]
fn a_postgres_that_hangs_hangs_no_visitor() {
    let Some(cluster) = postgres::own() else { return };
    let database = cluster.migrated();
    let data = scratch::folder("data");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let play = Play::open(Site::at(&data, database.url())).await;
        let first = play.ask("qzxfirstqo").await.expect(303).location().to_owned();
        cluster.signal("STOP");
        let began = Instant::now();
        let reading = futures_util::future::join_all((0..30).map(|_| play.read("/settings")));
        let writing = play.ask("qzxsecondqo");
        let (read, written) = tokio::join!(reading, writing);
        for reply in read.into_iter().chain([written]) {
            assert!(matches!(reply, Reply::Answered { status: 503, retry_after: Some(_), .. }), "{reply:?}");
        }
        assert!(began.elapsed() < Duration::from_millis(6_000), "{:?}", began.elapsed());
        take(play.client.get(format!("{}/livez", play.base))).await.expect(200);
        cluster.signal("CONT");
        until("it reads and writes again", Duration::from_secs(5), async || {
            play.read(&first).await.status() == 200 && play.ask("qzxthirdqo").await.status() == 303
        })
        .await;
        play.found("qzxthirdqo").await;
        play.close(&database.target()).await;
    });
}

/// One connection that has had an answer and stays open.
fn idle(base: &str) -> TcpStream {
    let address = base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(stream, "GET /livez HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some(n) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    assert_eq!(body, b"ok\n");
    stream
}

on_both!(a_stop_under_load_lets_what_was_begun_end, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    let base = play.base.clone();
    let idle: Vec<TcpStream> = aside(move || (0..100).map(|_| idle(&base)).collect()).await;
    let address = play.base.strip_prefix("http://").unwrap();
    let mut stalled = TcpStream::connect(address).unwrap();
    write!(
        stalled,
        "POST /threads HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nContent-Length: 100\r\n\
         Content-Type: application/x-www-form-urlencoded\r\n\r\ntitle=",
        play.ann.cookie()
    )
    .unwrap();
    let target = ground.target.clone();
    let held = aside(move || hold(&target)).await;
    let tokens: Vec<String> = (0..20).map(|n| format!("qzxinflight{n}qo")).collect();
    let asking = futures_util::future::join_all(tokens.iter().map(|token| play.ask(token)));
    let stopping = async {
        // The twenty are on their way into the writer's queue.
        tokio::time::sleep(Duration::from_millis(700)).await;
        play.server.signal("TERM");
        tokio::time::sleep(Duration::from_millis(700)).await;
        drop(held);
    };
    let (replies, ()) = tokio::join!(asking, stopping);
    for reply in replies {
        reply.expect(303);
    }
    let (code, took) = play.server.ended(Duration::from_secs(14)).await;
    assert_eq!(code, Some(0), "after {took:?}");
    println!("ended after {took:?}");
    drop((idle, stalled));
    let bodies = bodies(&ground.target);
    assert_eq!(bodies.len(), tokens.len());
    whole(&play.site, &ground.target, &mut ground.target.connect(Access::Read).unwrap());
});

on_both!(an_older_program_leaves_a_newer_database_alone, |ground: Ground| async move {
    let site = Site::on(&ground);
    site.enrol("ann", "admin");
    let newer = "INSERT INTO __diesel_schema_migrations (version) VALUES ('99991231000001')";
    match ground.target.connect(Access::Write).unwrap() {
        Conn::Sqlite(mut conn) => conn.batch_execute(&format!("{newer}; PRAGMA wal_checkpoint(TRUNCATE)")),
        Conn::Postgres(mut conn) => conn.batch_execute(newer),
    }
    .unwrap();
    let content = || match &ground.target {
        Target::Sqlite(path) => fs::read(path).unwrap(),
        Target::Postgres(_) => Vec::new(),
    };
    let before = content();
    let commands: [&[&str]; 6] = [
        &["serve"],
        &["replay"],
        &["reindex"],
        &["stats"],
        &["doctor"],
        &["user", "set-password", "--name", "ann"],
    ];
    for command in commands {
        let refused = site.run(command);
        assert_eq!(refused.status.code(), Some(1), "{command:?}: {}", said(&refused));
        assert!(said(&refused).contains("99991231000001"), "{command:?}: {}", said(&refused));
        assert!(content() == before, "{command:?} wrote to the newer database");
    }
});

on_both!(a_form_sent_fifty_times_at_once_is_one_post, |ground: Ground| async move {
    let play = Play::open(Site::on(&ground)).await;
    let thread = thread_of(play.ask("qzxfirstqo").await.expect(303).location());
    let key = "submission-key-of-one-form";
    let question = [
        ("title", "How does one send a form once?"),
        ("body", "The question says qzxonceqo and nothing else."),
        ("tags", "forms"),
        ("submission_key", key),
    ];
    let answer = [("body", "The answer says qzxoncemoreqo and nothing else."), ("submission_key", key)];
    let path = format!("/threads/{thread}/answers");
    let asked = futures_util::future::join_all(
        (0..50).map(|_| play.bruno.post(&play.client, &play.base, "/threads", &question)),
    );
    let answered = futures_util::future::join_all(
        (0..50).map(|_| play.bruno.post(&play.client, &play.base, &path, &answer)),
    );
    let (asked, answered) = tokio::join!(asked, answered);
    for replies in [asked, answered] {
        let places: BTreeSet<String> =
            replies.into_iter().map(|reply| reply.expect(303).location().to_owned()).collect();
        assert_eq!(places.len(), 1, "{places:?}");
    }
    let bodies = bodies(&ground.target);
    assert_eq!(bodies.len(), 3);
    play.close(&ground.target).await;
});

#[test]
fn a_thousand_idle_connections_stop_nobody() {
    play(Which::Sqlite, |ground: Ground| async move {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let limit = getrlimit(Resource::Nofile);
        if limit.maximum.is_some_and(|most| most < 4_000) {
            return scratch::skip("a thousand connections", "too few open files are allowed");
        }
        setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
        let play = Play::open(Site::on(&ground)).await;
        let first = play.ask("qzxfirstqo").await.expect(303).location().to_owned();
        let base = play.base.clone();
        let idle: Vec<TcpStream> = aside(move || (0..1_000).map(|_| idle(&base)).collect()).await;
        let began = Instant::now();
        for n in 0..10 {
            play.read(&first).await.expect(200);
            play.answer(thread_of(&first), &format!("qzxbeside{n}qo")).await.expect(303);
            take(client().get(format!("{}/livez", play.base))).await.expect(200);
        }
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        let began = Instant::now();
        play.server.signal("TERM");
        let (code, _) = play.server.ended(Duration::from_secs(14)).await;
        assert_eq!(code, Some(0));
        println!("stopped beside {} idle connections in {:?}", idle.len(), began.elapsed());
    });
}

/// A mail server that takes everything and keeps the Message-IDs.
fn sink(listener: TcpListener, got: Arc<Mutex<Vec<String>>>) {
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { return };
            let got = Arc::clone(&got);
            std::thread::spawn(move || {
                let mut out = stream.try_clone().unwrap();
                let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
                let _ = out.write_all(b"220 sink\r\n");
                while let Some(line) = lines.next() {
                    let answer = match line.get(..4).unwrap_or_default().to_ascii_uppercase().as_str() {
                        "DATA" => {
                            let _ = out.write_all(b"354 go on\r\n");
                            let id = lines
                                .by_ref()
                                .take_while(|line| line != ".")
                                .filter(|line| line.to_ascii_lowercase().starts_with("message-id:"))
                                .last();
                            got.lock().unwrap().extend(id);
                            "250 taken"
                        }
                        "QUIT" => "221 bye",
                        _ => "250 fine",
                    };
                    let _ = write!(out, "{answer}\r\n");
                }
            });
        }
    });
}

on_both!(while_the_mail_server_is_away_posting_goes_on_and_mails_wait, |ground: Ground| async move {
    use socket2::{Domain, Socket, Type};
    // Bound, not listening: connections are refused, and nobody else takes the port.
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let port = socket.local_addr().unwrap().as_socket().unwrap().port();
    let site = Site::on(&ground)
        .set("LOGGIA_MAIL_TRANSPORT", "smtp")
        .set("LOGGIA_MAIL_SMTP_HOST", "127.0.0.1")
        .set("LOGGIA_MAIL_SMTP_PORT", port.to_string())
        .set("LOGGIA_MAIL_SMTP_TLS", "none");
    let play = Play::open(site).await;
    let mut slowest = Duration::ZERO;
    for n in 0..5 {
        let began = Instant::now();
        let thread = thread_of(play.ask(&format!("qzxquestion{n}qo")).await.expect(303).location());
        let post = post_of(play.answer(thread, &format!("qzxanswer{n}qo")).await.expect(303).location());
        assert!(post > thread);
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(3), "posting took {slowest:?}");
    let mut conn = ground.target.connect(Access::Read).unwrap();
    let mut states = || -> Vec<String> { mails::table.select(mails::state).load(&mut conn).unwrap() };
    let waiting = |states: &[String]| states.iter().all(|state| state == "queued" || state == "sending");
    until("five mails wait", Duration::from_secs(15), async || {
        let states = states();
        states.len() >= 5 && waiting(&states)
    })
    .await;
    // A kill while they wait loses none and doubles none.
    let Play { site, ann, bruno, server, client, .. } = play;
    server.kill();
    let (server, base) = site.open().await;
    let play = Play { site, ann, bruno, server, base, client };
    play.ask("qzxlastqo").await.expect(303);
    socket.listen(64).unwrap();
    let got = Arc::new(Mutex::new(Vec::new()));
    sink(socket.into(), Arc::clone(&got));
    until("all mails are sent", Duration::from_secs(60), async || {
        states().iter().all(|state| state == "sent")
    })
    .await;
    let ids = got.lock().unwrap().clone();
    let distinct: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), states().len(), "every mail once");
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
    play.server.stop().await;
});
