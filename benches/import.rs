//! How fast a Stack Exchange dump comes in, and in how much memory: `cargo bench --bench import -- [QUESTIONS]`.
//!
//! Writes a synthetic dump (3 answers, 4 comments and 8 votes a question, bodies of about 900
//! characters, one edit in three posts), imports it into a fresh SQLite file and prints rows a second.
use loggia::db::{Target, migrate};
use loggia::exchange::{Options, Progress, stackexchange, stats};
use loggia::kernel::moment::Moment;
use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

fn main() {
    let questions = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(10_000);
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("bench.example.org");
    std::fs::create_dir(&dir).unwrap();
    dump(&dir, questions);
    let bytes: u64 = std::fs::read_dir(&dir).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
    let target = Target::Sqlite(folder.path().join("loggia.sqlite"));
    migrate(&target).unwrap();
    let stages: RefCell<Vec<(&'static str, Instant)>> = RefCell::default();
    let begun = Instant::now();
    let progress = |at: Progress| {
        let mut stages = stages.borrow_mut();
        match stages.last_mut() {
            Some((stage, end)) if *stage == at.stage => *end = Instant::now(),
            _ => stages.push((at.stage, Instant::now())),
        }
    };
    let mut options = Options::new(folder.path().to_owned(), Moment(1_800_000_000_000_000));
    options.progress = &progress;
    stackexchange::import(&target, &dir, &options).unwrap();
    let took = begun.elapsed();
    let mut before = begun;
    for (stage, end) in stages.borrow().iter() {
        println!("{stage:>12} {:8.2} s", end.duration_since(before).as_secs_f64());
        before = *end;
    }
    let stats = stats(&mut target.connect(loggia::db::Access::Read).unwrap()).unwrap();
    println!("{stats:?}");
    println!("{:.0} MB in {:.2} s", bytes as f64 / 1e6, took.as_secs_f64());
    let rate = |what: &str, count: i64, took: Duration| {
        println!("{:>40} {:8.0} a second", what, count as f64 / took.as_secs_f64());
    };
    rate("questions and answers, all told", stats.questions + stats.answers, took);
    rate("with comments", stats.questions + stats.answers + stats.comments, took);
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        print!(
            "{}",
            status.lines().filter(|l| l.starts_with("VmHWM")).map(|l| format!("{l}\n")).collect::<String>()
        );
    }
}

/// A small generator of numbers: the same dump every time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides.max(1)
    }
    fn text(&mut self, words: u64) -> String {
        let mut text = String::new();
        for _ in 0..words {
            let word = self.roll(9_000);
            let _ = write!(text, "w{word:x}o{} ", word % 7);
        }
        text
    }
}

fn dump(dir: &Path, questions: u64) {
    let people = questions / 5 + 10;
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let open = |name: &str, root: &str| {
        let mut file = BufWriter::new(File::create(dir.join(name)).unwrap());
        writeln!(file, "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<{root}>").unwrap();
        file
    };
    let date = |n: u64| {
        Moment(1_300_000_000_000_000 + i64::try_from(n).unwrap() * 60_000_000).iso().replace('Z', ".123")
    };
    let mut users = open("Users.xml", "users");
    for id in 1..=people {
        writeln!(
            users,
            "<row Id=\"{id}\" DisplayName=\"Person {id}\" CreationDate=\"{}\" Reputation=\"1\" />",
            date(id)
        )
        .unwrap();
    }
    writeln!(users, "</users>").unwrap();
    let mut posts = open("Posts.xml", "posts");
    let mut history = open("PostHistory.xml", "posthistory");
    let mut comments = open("Comments.xml", "comments");
    let mut votes = open("Votes.xml", "votes");
    let (mut post, mut row) = (0, 0);
    for question in 0..questions {
        let first = post + 1;
        for part in 0..4 {
            post += 1;
            let when = date(post);
            let person = dice.roll(people) + 1;
            let (one, two) = (dice.text(50), dice.text(50));
            let body = format!(
                "&lt;p&gt;{one}&lt;a href=&quot;https://example.org/{post}&quot;&gt;link&lt;/a&gt;&lt;/p&gt;&#xA;&lt;pre&gt;&lt;code&gt;let x = {post};&#xA;&lt;/code&gt;&lt;/pre&gt;&#xA;&lt;p&gt;{two}&lt;/p&gt;"
            );
            if part == 0 {
                let tags = format!("&lt;tag{}&gt;&lt;tag{}&gt;", dice.roll(300), dice.roll(300));
                writeln!(posts, "<row Id=\"{post}\" PostTypeId=\"1\" AcceptedAnswerId=\"{}\" CreationDate=\"{when}\" Score=\"1\" ViewCount=\"{}\" Body=\"{body}\" OwnerUserId=\"{person}\" LastActivityDate=\"{when}\" Title=\"Question {question} {}\" Tags=\"{tags}\" />", post + 1, dice.roll(5_000), dice.text(6)).unwrap();
            } else {
                writeln!(posts, "<row Id=\"{post}\" PostTypeId=\"2\" ParentId=\"{first}\" CreationDate=\"{when}\" Score=\"1\" Body=\"{body}\" OwnerUserId=\"{person}\" />").unwrap();
            }
            for edit in 0..1 + u64::from(dice.roll(3) == 0) {
                row += 1;
                writeln!(history, "<row Id=\"{row}\" PostHistoryTypeId=\"{}\" PostId=\"{post}\" RevisionGUID=\"g{row}\" CreationDate=\"{when}\" UserId=\"{person}\" Text=\"{one}&#xD;&#xA;&#xD;&#xA;{two}\" />", if edit == 0 { 2 } else { 5 }).unwrap();
            }
            row += 1;
            writeln!(comments, "<row Id=\"{row}\" PostId=\"{post}\" Score=\"0\" Text=\"{}\" CreationDate=\"{when}\" UserId=\"{}\" />", dice.text(20), dice.roll(people) + 1).unwrap();
            for _ in 0..2 {
                row += 1;
                let kind = if dice.roll(10) == 0 { 3 } else { 2 };
                writeln!(
                    votes,
                    "<row Id=\"{row}\" PostId=\"{post}\" VoteTypeId=\"{kind}\" CreationDate=\"{when}\" />"
                )
                .unwrap();
            }
        }
    }
    writeln!(posts, "</posts>").unwrap();
    writeln!(history, "</posthistory>").unwrap();
    writeln!(comments, "</comments>").unwrap();
    writeln!(votes, "</votes>").unwrap();
}
