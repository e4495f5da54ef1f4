//! How fast the reputation folds, on one core: `cargo bench --bench reputation -- [EVENTS]`.
//!
//! Folds a generated ledger (a question with its tags, 3 answers, votes, confirmations, acceptances, now and then one
//! taken back, an edit or a verdict) in memory, as `loggia standing` does, and tells events a second and how much
//! memory the surviving facts take; the same number of events again of votes that come and go shows that events that
//! leave nothing take none. Then a house is opened on SQLite with some thousand threads, and votes are cast in it, each the
//! first on somebody's answer: how long until their badge is there, from before the vote is written?
use diesel::prelude::*;
use loggia::accounts;
use loggia::app::{App, Options};
use loggia::config::Config;
use loggia::db::schema::{badge_awards, posts, users};
use loggia::kernel::ids::{EventId, PostId, TagId, ThreadId, UserId};
use loggia::kernel::moment::{MINUTE, Moment};
use loggia::ledger::{Event, Fact, Verdict};
use loggia::reputation::policy::Book;
use std::fmt::Write;
use std::process::Command;
use std::time::{Duration, Instant};

struct Stream {
    rng: fastrand::Rng,
    id: i64,
    at: i64,
    posts: i64,
    events: Vec<Event>,
}

const PEOPLE: i64 = 20_000;

impl Stream {
    fn tell(&mut self, actor: i64, fact: Fact) {
        self.id += 1;
        self.at += MINUTE / 10;
        let (id, at) = (EventId(self.id), Moment(self.at));
        self.events.push(Event { id, at, actor: Some(UserId(actor)), imported: true, fact });
    }

    fn thread(&mut self) {
        self.posts += 1;
        let (thread, asker) = (ThreadId(self.posts), self.rng.i64(1..=PEOPLE));
        self.tell(asker, Fact::ThreadAsked { thread, author: Some(UserId(asker)) });
        let tags = vec![TagId(self.rng.i64(1..=300)), TagId(self.rng.i64(301..=600))];
        self.tell(asker, Fact::ThreadTagged { thread, tags });
        for at in 0..3 {
            self.posts += 1;
            let post = PostId(self.posts);
            // A twentieth of the people write most answers.
            let by = if self.rng.bool() { self.rng.i64(1..=PEOPLE / 20) } else { self.rng.i64(1..=PEOPLE) };
            let author = Some(UserId(by));
            self.tell(by, Fact::AnswerPosted { thread, post, author, official: false });
            for _ in 0..4 {
                let voter = self.rng.i64(1..=PEOPLE);
                let value = if self.rng.u8(0..5) == 0 { -1 } else { 1 };
                self.tell(voter, Fact::VoteCast { thread, post, author, question: false, value, before: 0 });
            }
            let reader = self.rng.i64(1..=PEOPLE);
            let user = UserId(reader);
            let value = self.rng.u8(0..4) > 0;
            self.tell(reader, Fact::AnswerConfirmed { thread, post, user, author, value });
            if at == 1 {
                let asker = Some(UserId(asker));
                self.tell(
                    asker.map_or(0, |user| user.0),
                    Fact::AnswerAccepted { thread, post, author, asker },
                );
                if self.rng.u8(0..10) == 0 {
                    self.tell(by, Fact::PostEdited { thread, post, revision: 2, author, material: true });
                }
                if self.rng.u8(0..20) == 0 {
                    let verdict = Verdict::Verified;
                    self.tell(1, Fact::VerdictGiven { thread, post, author, verdict, staff: true });
                }
            }
        }
    }
}

fn resident_kib() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.trim().trim_end_matches(" kB").trim().parse().ok()).unwrap_or(0)
}

fn main() {
    let wanted: usize = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(1_000_000);
    let mut stream = Stream {
        rng: fastrand::Rng::with_seed(7),
        id: 0,
        at: 0,
        posts: 0,
        events: Vec::with_capacity(wanted),
    };
    for user in 1..=PEOPLE {
        stream.tell(user, Fact::UserJoined { user: UserId(user) });
    }
    while stream.events.len() < wanted {
        stream.thread();
    }
    let before = resident_kib();
    let mut book = Book::default();
    let start = Instant::now();
    let (mut lines, mut turns) = (0, 0);
    for chunk in stream.events.chunks(1_000) {
        for event in chunk {
            book.apply(event);
        }
        lines += book.entries.len();
        turns += book.turns.len();
        book.entries.clear();
        book.changes.clear();
        book.turns.clear();
    }
    let took = start.elapsed().as_secs_f64();
    let count = stream.events.len() as f64;
    let after = resident_kib();
    println!(
        "{} events, {lines} lines, {turns} badges came or went: {took:.2} s, {:.0} events/s, {} MiB for {} states",
        stream.events.len(),
        count / took,
        (after - before) / 1024,
        book.len()
    );
    // Votes that come and go.
    let mut last = None;
    let start = Instant::now();
    for n in 0..stream.events.len() as i64 {
        let (thread, post) = (ThreadId(1), PostId(2));
        let author = book.posts.get(&post).and_then(|state| state.author);
        let (value, vote_before) = if n % 2 == 0 { (1, 0) } else { (0, 1) };
        let fact = Fact::VoteCast { thread, post, author, question: false, value, before: vote_before };
        let (id, at) = (EventId(stream.id + n), Moment(stream.at));
        let event = Event { id, at, actor: Some(UserId(9_999)), imported: true, fact };
        book.apply(&event);
        if n % 1_000 == 0 {
            book.entries.clear();
            book.changes.clear();
            book.turns.clear();
        }
        last = Some(event);
    }
    let took = start.elapsed().as_secs_f64();
    println!(
        "as many votes that come and go (the last event {}): {:.0} events/s, {} MiB more",
        last.map_or(0, |event| event.id.0),
        count / took,
        (resident_kib() - after) / 1024
    );
    to_the_badge();
}

/// Answers whose first vote is measured, each by somebody else.
const WRITERS: i64 = 60;
/// Threads beside, so that the house is not empty.
const THREADS: i64 = 2_000;

fn lines() -> String {
    let mut text = String::new();
    let mut line = |value: serde_json::Value| {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "{value}");
    };
    for n in 1..=WRITERS + 2 {
        line(
            serde_json::json!({"kind": "user", "id": n, "name": format!("person-{n}"), "created": 1_700_000_000}),
        );
    }
    let (asker, voter) = (WRITERS + 1, WRITERS + 2);
    for n in 1..=WRITERS + THREADS {
        let at = 1_700_000_000 + n * 60;
        let writer = if n <= WRITERS { n } else { voter };
        line(serde_json::json!({
            "kind": "question", "id": n, "user": asker, "title": format!("The router of the night {n}"),
            "body": "It drops each night, and nobody knows why it does.", "tags": ["router"], "created": at,
        }));
        line(serde_json::json!({
            "kind": "answer", "id": n, "question": n, "user": writer,
            "body": format!("Switch off the nightly update number {n} in the settings."), "created": at + 1,
        }));
        if n > WRITERS && n % 2 == 0 {
            line(serde_json::json!({"kind": "accept", "question": n, "answer": n, "created": at + 2}));
        }
    }
    text
}

fn to_the_badge() {
    let home = tempfile::Builder::new().prefix("loggia-bench-").tempdir().unwrap();
    let (file, data) = (home.path().join("lines.jsonl"), home.path().join("data"));
    std::fs::write(&file, lines()).unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_loggia"))
        .args(["import", "jsonl"])
        .arg(&file)
        .arg("--data")
        .arg(&data)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let flags = [("data", data.display().to_string()), ("mail.transport", "off".to_owned())];
    let config = Config::load(None, Vec::new(), &flags).unwrap();
    let app = App::open(config, Options::default()).unwrap();
    let mut conn = app.db.reader().unwrap();
    let person = |conn: &mut loggia::db::Conn, n: i64| -> UserId {
        users::table.filter(users::username.eq(format!("person-{n}"))).select(users::id).first(conn).unwrap()
    };
    let voter = person(&mut conn, WRITERS + 2);
    let viewer = accounts::viewer_by_id(&mut conn, voter).unwrap().unwrap();
    let mut took: Vec<Duration> = Vec::new();
    for n in 1..=WRITERS {
        let writer = person(&mut conn, n);
        let post: PostId = posts::table
            .filter(posts::author_id.eq(writer))
            .filter(posts::kind.eq("answer"))
            .select(posts::id)
            .first(&mut *conn)
            .unwrap();
        let by = viewer.clone();
        let start = Instant::now();
        app.db.write_blocking(move |tx| loggia::votes::cast(tx, &by, post, 1)).unwrap();
        loop {
            let awards: i64 = badge_awards::table
                .filter(badge_awards::user_id.eq(writer))
                .count()
                .get_result(&mut *conn)
                .unwrap();
            if awards > 0 {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "no badge came");
            std::thread::sleep(Duration::from_micros(200));
        }
        took.push(start.elapsed());
    }
    drop(conn);
    app.close();
    took.sort_unstable();
    let ms = |at: usize| took.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e3);
    println!(
        "from a vote to its badge, {} times: {:.1} ms in the middle, {:.1} ms at most",
        took.len(),
        ms(took.len() / 2),
        ms(took.len() - 1)
    );
}
