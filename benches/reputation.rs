//! How fast the reputation folds, on one core: `cargo bench --bench reputation -- [EVENTS]`.
//!
//! Folds a generated ledger (a question with its tags, 3 answers, votes, confirmations, acceptances, now and then one
//! taken back, an edit or a verdict) in memory, as `loggia standing` does, and tells events a second and how much
//! memory the surviving facts take; the same number of events again of votes that come and go shows that events that
//! leave nothing take none.
use loggia::kernel::ids::{EventId, PostId, TagId, ThreadId, UserId};
use loggia::kernel::moment::{MINUTE, Moment};
use loggia::ledger::{Event, Fact, Verdict};
use loggia::reputation::policy::Book;
use std::time::Instant;

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
}
