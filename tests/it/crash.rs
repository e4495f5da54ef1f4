//! tests: the server is killed at random under writing; what it acknowledged is there afterwards, once.
//!
//! `LOGGIA_TEST_KILLS` sets how often (30), `LOGGIA_TEST_SEED` the moments.
use crate::child::{Member, Reply, Server, Site, client, post_of, said, take, thread_of, until};
use crate::ground::{Ground, aside};
use crate::visitor::{Page, Visitor};
use crate::{postgres, scratch};
use diesel::prelude::*;
use loggia::db::schema::{events, places, posts, threads, users, votes};
use loggia::db::{Access, Conn, Db, Opening, Target};
use loggia::kernel::ids::PostId;
use loggia::kernel::moment::Clock;
use loggia::search::{Index, compare};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const WRITERS: u64 = 6;
const KILLS: u64 = 30;

/// A small generator whose numbers follow from its seed.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.roll() % n
    }
    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[(self.roll() % from.len() as u64) as usize])
    }
}

/// What a question, an answer or a comment is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Written {
    kind: &'static str,
    writer: usize,
    thread: i64,
    post: i64,
    parent: i64,
    url: String,
}

/// What the clients know: noted only after the answer was read to its end.
#[derive(Default)]
struct Ledger {
    acknowledged: BTreeMap<String, Written>,
    /// Cut off, and never heard of again: there or not.
    maybe: BTreeSet<String>,
    /// Cut off, and sent again with the same key until it was acknowledged.
    repeated: u64,
    /// By post and voter.
    votes: HashMap<(i64, usize), i16>,
    maybe_votes: HashMap<(i64, usize), i16>,
    accepted: HashMap<i64, i64>,
    maybe_accepted: HashMap<i64, Vec<i64>>,
    /// Answers no client should have got.
    wrong: Vec<String>,
}

/// Writers and the one who kills, between them.
struct Stage {
    base: Mutex<Option<String>>,
    ending: AtomicBool,
    acknowledged: AtomicU64,
    next: AtomicU64,
    ledger: Mutex<Ledger>,
    /// Whether the database itself is killed too: then the server may answer that it cannot.
    may_refuse: bool,
}

impl Stage {
    fn new(may_refuse: bool) -> Arc<Stage> {
        Arc::new(Stage {
            base: Mutex::default(),
            ending: AtomicBool::new(false),
            acknowledged: AtomicU64::new(0),
            next: AtomicU64::new(0),
            ledger: Mutex::default(),
            may_refuse,
        })
    }

    fn set(&self, base: Option<&str>) {
        *self.base.lock().unwrap() = base.map(str::to_owned);
    }

    fn count(&self) -> u64 {
        self.acknowledged.load(Ordering::SeqCst)
    }

    /// A word no language has, and no other request.
    fn token(&self) -> String {
        let mut n = self.next.fetch_add(1, Ordering::SeqCst) + 1;
        let letters = b"bcdfghjklmnpqrtvwxz";
        let mut word = String::from("qzx");
        for _ in 0..6 {
            word.push(char::from(letters[(n % 19) as usize]));
            n /= 19;
        }
        word + "qo"
    }

    /// The address, once there is one; `None` when the play is over.
    async fn address(&self) -> Option<String> {
        loop {
            if let Some(base) = self.base.lock().unwrap().clone() {
                return Some(base);
            }
            if self.ending.load(Ordering::SeqCst) {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
}

/// One form as it is sent, perhaps twice.
struct Sending {
    path: String,
    form: Vec<(&'static str, String)>,
    token: String,
    kind: &'static str,
    /// 0 for a question, which has none yet.
    thread: i64,
    parent: i64,
}

async fn write_on(stage: Arc<Stage>, me: usize, member: Member, seed: u64) {
    let mut dice = Dice::new(seed);
    let client = client();
    let mut again: Option<Sending> = None;
    loop {
        let ending = stage.ending.load(Ordering::SeqCst);
        if ending && again.is_none() {
            return;
        }
        let Some(base) = stage.address().await else { return };
        let (sending, repeated) = match again.take() {
            Some(sending) => (sending, true),
            None => match plan(&stage, me, &mut dice) {
                Plan::Write(sending) => (sending, false),
                Plan::Vote(post, value) => {
                    vote(&stage, &client, &base, me, &member, (post, value)).await;
                    continue;
                }
                Plan::Accept(thread, answer) => {
                    accept(&stage, &client, &base, &member, (thread, answer)).await;
                    continue;
                }
            },
        };
        let form: Vec<(&str, &str)> =
            sending.form.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = member.post(&client, &base, &sending.path, &form).await;
        let mut ledger = stage.ledger.lock().unwrap();
        match reply {
            Reply::Answered { status: 303, location, .. } => {
                let (thread, post) = match sending.kind {
                    "question" => (thread_of(&location), thread_of(&location)),
                    _ => (sending.thread, post_of(&location)),
                };
                let (kind, parent) = (sending.kind, sending.parent);
                let written = Written { kind, writer: me, thread, post, parent, url: location };
                ledger.maybe.remove(&sending.token);
                ledger.acknowledged.insert(sending.token, written);
                ledger.repeated += u64::from(repeated);
                stage.acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Reply::Cut(_) | Reply::Answered { status: 503, .. }
                if matches!(reply, Reply::Cut(_)) || stage.may_refuse =>
            {
                ledger.maybe.insert(sending.token.clone());
                if repeated || dice.below(2) == 0 {
                    again = Some(sending);
                }
            }
            other => ledger.wrong.push(format!("{} {}: {}", sending.kind, sending.path, brief(&other))),
        }
    }
}

fn brief(reply: &Reply) -> String {
    match reply {
        Reply::Answered { status, text, .. } => {
            let main = text.split("<main").nth(1).unwrap_or(text);
            format!("{status} {}", main.chars().take(300).collect::<String>())
        }
        Reply::Cut(why) => why.clone(),
    }
}

enum Plan {
    Write(Sending),
    Vote(i64, i16),
    Accept(i64, i64),
}

fn plan(stage: &Stage, me: usize, dice: &mut Dice) -> Plan {
    let token = stage.token();
    let ledger = stage.ledger.lock().unwrap();
    let key = format!("submission-{token}");
    let recent: Vec<&Written> = ledger.acknowledged.values().rev().take(60).collect();
    let posts: Vec<&&Written> = recent.iter().filter(|w| w.kind != "comment").collect();
    let body = |about: &str| format!("{about} says {token} and nothing that anybody said before.");
    match dice.below(100) {
        25..=59 => {
            if let Some(on) = dice.pick(&recent) {
                return Plan::Write(Sending {
                    path: format!("/threads/{}/answers", on.thread),
                    form: vec![("body", body("The answer")), ("submission_key", key)],
                    token,
                    kind: "answer",
                    thread: on.thread,
                    parent: on.thread,
                });
            }
        }
        60..=74 => {
            if let Some(on) = dice.pick(&posts) {
                return Plan::Write(Sending {
                    path: format!("/posts/{}/comments", on.post),
                    form: vec![("body", body("The comment")), ("submission_key", key)],
                    token,
                    kind: "comment",
                    thread: on.thread,
                    parent: on.post,
                });
            }
        }
        75..=94 => {
            let free: Vec<&&&Written> = posts
                .iter()
                .filter(|w| {
                    let pair = (w.post, me);
                    w.writer != me
                        && !ledger.votes.contains_key(&pair)
                        && !ledger.maybe_votes.contains_key(&pair)
                })
                .collect();
            if let Some(on) = dice.pick(&free) {
                return Plan::Vote(on.post, if dice.below(4) == 0 { -1 } else { 1 });
            }
        }
        95..=99 => {
            let open: Vec<&&Written> = recent
                .iter()
                .filter(|w| {
                    let asker = ledger.acknowledged.values().find(|q| q.post == w.thread).map(|q| q.writer);
                    w.kind == "answer"
                        && asker == Some(me)
                        && !ledger.accepted.contains_key(&w.thread)
                        && !ledger.maybe_accepted.contains_key(&w.thread)
                })
                .collect();
            if let Some(on) = dice.pick(&open) {
                return Plan::Accept(on.thread, on.post);
            }
        }
        _ => {}
    }
    Plan::Write(Sending {
        path: "/threads".into(),
        form: vec![
            ("title", format!("How does one reset the {token}?")),
            ("body", body("The question")),
            ("tags", "radios".into()),
            ("submission_key", key),
        ],
        token,
        kind: "question",
        thread: 0,
        parent: 0,
    })
}

async fn vote(
    stage: &Stage,
    client: &reqwest::Client,
    base: &str,
    me: usize,
    member: &Member,
    (post, value): (i64, i16),
) {
    let text = value.to_string();
    let reply = member.post(client, base, &format!("/posts/{post}/vote"), &[("value", &text)]).await;
    let mut ledger = stage.ledger.lock().unwrap();
    match reply.status() {
        303 => {
            ledger.votes.insert((post, me), value);
            stage.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        status if status == 0 || (status == 503 && stage.may_refuse) => {
            ledger.maybe_votes.insert((post, me), value);
        }
        _ => ledger.wrong.push(format!("a vote on {post}: {}", brief(&reply))),
    }
}

async fn accept(
    stage: &Stage,
    client: &reqwest::Client,
    base: &str,
    member: &Member,
    (thread, answer): (i64, i64),
) {
    let text = answer.to_string();
    let reply =
        member.post(client, base, &format!("/threads/{thread}/acceptance"), &[("answer_id", &text)]).await;
    let mut ledger = stage.ledger.lock().unwrap();
    match reply.status() {
        303 => {
            ledger.accepted.insert(thread, answer);
            stage.acknowledged.fetch_add(1, Ordering::SeqCst);
        }
        status if status == 0 || (status == 503 && stage.may_refuse) => {
            ledger.maybe_accepted.entry(thread).or_default().push(answer);
        }
        _ => ledger.wrong.push(format!("accepting {answer} in {thread}: {}", brief(&reply))),
    }
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn seed() -> u64 {
    let mut bytes = [0u8; 4];
    getrandom::fill(&mut bytes).unwrap();
    let seed = setting("LOGGIA_TEST_SEED", u64::from(u32::from_le_bytes(bytes)));
    println!("LOGGIA_TEST_SEED={seed}");
    seed
}

/// Six people and their sessions.
async fn crew(site: &Site) -> Vec<Member> {
    let names: Vec<String> = (0..WRITERS).map(|n| format!("writer{n}")).collect();
    for name in &names {
        site.enrol(name, "customer");
    }
    let (server, base) = site.open().await;
    let mut crew = Vec::new();
    for name in &names {
        crew.push(Member::sign_in(&base, name).await);
    }
    server.stop().await;
    crew
}

fn begin(stage: &Arc<Stage>, crew: &[Member], seed: u64) -> Vec<tokio::task::JoinHandle<()>> {
    crew.iter()
        .enumerate()
        .map(|(me, member)| {
            let seed = seed.wrapping_add(1 + me as u64);
            tokio::spawn(write_on(Arc::clone(stage), me, member.clone(), seed))
        })
        .collect()
}

on_both!(what_was_acknowledged_survives_kill_9, |ground: Ground| async move {
    let site = Site::on(&ground);
    let crew = crew(&site).await;
    let seed = seed();
    let mut dice = Dice::new(seed);
    let stage = Stage::new(false);
    let writers = begin(&stage, &crew, seed);
    for _ in 0..setting("LOGGIA_TEST_KILLS", KILLS) {
        let mut server = site.launch();
        if dice.below(5) == 0 {
            // While it opens: migrating, making the index, taking leases.
            tokio::time::sleep(Duration::from_millis(dice.below(250))).await;
            server.kill();
            continue;
        }
        let base = server.address().await;
        let wanted = stage.count() + dice.below(90);
        stage.set(Some(&base));
        until("some writes", Duration::from_secs(20), async || stage.count() >= wanted).await;
        tokio::time::sleep(Duration::from_micros(dice.below(40_000))).await;
        server.kill();
        stage.set(None);
    }
    let (server, base) = site.open().await;
    stage.set(Some(&base));
    stage.ending.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    judge(&site, &ground.target, &stage, server, &base, &crew).await;
});

/// How long an answer took, and what it was.
async fn timed(reply: impl Future<Output = Reply>) -> (Duration, Reply) {
    let began = Instant::now();
    let reply = reply.await;
    (began.elapsed(), reply)
}

#[test]
fn a_crash_of_postgres_costs_nothing_but_its_own_time() {
    let Some(cluster) = postgres::own() else { return };
    let database = cluster.migrated();
    let data = scratch::folder("data");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let site = Site::at(&data, database.url());
        let crew = crew(&site).await;
        let seed = seed();
        let mut dice = Dice::new(seed);
        let stage = Stage::new(true);
        let (mut server, base) = site.open().await;
        stage.set(Some(&base));
        let writers = begin(&stage, &crew, seed);
        let client = client();
        for _ in 0..setting("LOGGIA_TEST_CRASHES", 3) {
            let wanted = stage.count() + 20 + dice.below(60);
            until("some writes", Duration::from_secs(20), async || stage.count() >= wanted).await;
            stage.set(None);
            aside(|| cluster.crash()).await;
            // Many at once, as visitors come: nobody waits behind those who wait.
            let asking = (0..40).map(|n| {
                let (member, client, base) = (&crew[n % crew.len()], &client, &base);
                timed(async move {
                    match n % 4 {
                        0 => member.post(client, base, "/threads", &question("Whatever is gone?")).await,
                        1 => take(client.get(format!("{base}/readyz"))).await,
                        _ => member.get(client, base, "/settings").await,
                    }
                })
            });
            for (took, reply) in futures_util::future::join_all(asking).await {
                assert!(took < Duration::from_secs(2), "{took:?}: {}", brief(&reply));
                let Reply::Answered { status, retry_after, .. } = &reply else { panic!("{reply:?}") };
                assert_eq!(*status, 503, "{}", brief(&reply));
                assert!(retry_after.is_some(), "503 without Retry-After");
            }
            take(client.get(format!("{base}/livez"))).await.expect(200);
            aside(|| cluster.revive()).await;
            until("it reads and writes again", Duration::from_secs(10), async || {
                let read = crew[0].get(&client, &base, "/settings").await.status();
                let drafted = [("place", "question"), ("title", "Later"), ("body", "What I meant to ask")];
                read == 200 && crew[0].post(&client, &base, "/drafts", &drafted).await.status() == 204
            })
            .await;
            assert!(server.runs(), "{}", server.journal());
            stage.set(Some(&base));
        }
        let wanted = stage.count() + 20;
        until("some writes", Duration::from_secs(20), async || stage.count() >= wanted).await;
        stage.ending.store(true, Ordering::SeqCst);
        for writer in writers {
            writer.await.unwrap();
        }
        judge(&site, &database.target(), &stage, server, &base, &crew).await;
    });
}

fn question(title: &str) -> [(&'static str, &str); 3] {
    [("title", title), ("body", "The question is asked while nobody can write it down."), ("tags", "radios")]
}

/// Everything the clients know against everything the house holds, on line and at rest.
async fn judge(site: &Site, target: &Target, stage: &Stage, server: Server, base: &str, crew: &[Member]) {
    let ledger = std::mem::take(&mut *stage.ledger.lock().unwrap());
    println!(
        "{} posts acknowledged ({} of them sent twice), {} cut; {} votes, {} acceptances",
        ledger.acknowledged.len(),
        ledger.repeated,
        ledger.maybe.len(),
        ledger.votes.len(),
        ledger.accepted.len()
    );
    assert_eq!(ledger.wrong, Vec::<String>::new(), "answers nobody should have got");
    assert!(ledger.acknowledged.len() > 20, "next to nothing was written");
    read_online(target, &ledger, base).await;
    server.stop().await;
    let mut conn = target.connect(Access::Read).unwrap();
    count_posts(&mut conn, &ledger);
    count_votes(&mut conn, &ledger, crew);
    whole(site, target, &mut conn);
}

/// By address, in the lists, by search.
async fn read_online(target: &Target, ledger: &Ledger, base: &str) {
    let visitor = Visitor::new(base);
    let mut conn = target.connect(Access::Read).unwrap();
    let head: i64 =
        events::table.select(diesel::dsl::max(events::id)).first::<Option<i64>>(&mut conn).unwrap().unwrap();
    // However much is left to do after the kills, it goes on: none may stand still.
    let mut left = i64::MAX;
    while left > 0 {
        let before = left;
        until("the followers go on", Duration::from_secs(20), async || {
            let at: Vec<i64> = places::table.select(places::event_id).load(&mut conn).unwrap();
            left = if at.len() < 2 { i64::MAX } else { at.iter().map(|place| (head - place).max(0)).sum() };
            left < before
        })
        .await;
    }
    let listed: Vec<Page> = walk(&visitor, "/threads?sort=newest").await;
    let listed: String = listed.iter().map(Page::text).collect();
    let mut pages: HashMap<i64, Arc<str>> = HashMap::new();
    let every = (ledger.acknowledged.len() / 150).max(1);
    for (n, (token, written)) in ledger.acknowledged.iter().enumerate() {
        if written.kind == "question" {
            let link = format!("href=\"/threads/{}/", written.thread);
            let rows = listed.matches(&link).count();
            assert!(rows >= 1, "{token} is not in the list: {written:?}");
            let titles = listed.matches(token.as_str()).count();
            assert!((1..=3).contains(&titles), "{token} is listed {titles} times");
        }
        if n % every != 0 {
            continue;
        }
        if written.kind == "comment" {
            visitor.get(&format!("/posts/{}/comments", written.parent)).await.expect(200).contains(token);
            continue;
        }
        let page = match pages.get(&written.thread) {
            Some(page) => Arc::clone(page),
            None => {
                let path = visitor.get(&format!("/threads/{}", written.thread)).await.location();
                let path = path.split('#').next().unwrap();
                let pages_of = walk(&visitor, &format!("{path}?sort=oldest")).await;
                let page: Arc<str> = pages_of.iter().map(Page::text).collect::<String>().into();
                pages.insert(written.thread, Arc::clone(&page));
                page
            }
        };
        assert!(page.contains(token.as_str()), "{token} is not on its page: {written:?}");
        visitor.get(&format!("/posts/{}", written.post)).await.expect(303);
        let found = format!("/search?q={token}");
        let mut last = None;
        until(&format!("{token} is found"), Duration::from_secs(10), async || {
            let page = visitor.get(&found).await;
            page.expect(200);
            let hits = page.text().matches("<li class=\"row\">").count();
            let here = page.text().contains(&format!("/threads/{}/", written.thread));
            last = Some(hits);
            here
        })
        .await;
        assert_eq!(last, Some(1), "{token} is found once");
    }
}

/// A list from its first page to its last.
async fn walk(visitor: &Visitor, first: &str) -> Vec<Page> {
    let mut pages = Vec::new();
    let mut seen = BTreeSet::from([first.to_owned()]);
    let mut next = Some(first.to_owned());
    while let Some(path) = next.take() {
        let page = visitor.get(&path).await;
        page.expect(200);
        let own = path.split('?').next().unwrap();
        next = page
            .links()
            .into_iter()
            .map(|link| link.split('#').next().unwrap().to_owned())
            .find(|link| link.starts_with(own) && link.contains("after=") && seen.insert(link.clone()));
        pages.push(page);
    }
    pages
}

fn count_posts(conn: &mut Conn, ledger: &Ledger) {
    let rows: Vec<(PostId, String, String)> =
        posts::table.select((posts::id, posts::kind, posts::body_md)).load(conn).unwrap();
    let mut found: BTreeMap<&str, Vec<(i64, &str)>> = BTreeMap::new();
    for (id, kind, body) in &rows {
        let token = body.split_whitespace().find(|word| word.starts_with("qzx")).unwrap();
        found.entry(token).or_default().push((id.0, kind));
    }
    for (token, written) in &ledger.acknowledged {
        let there = found.remove(token.as_str()).unwrap_or_default();
        assert_eq!(there, [(written.post, written.kind)], "{token} was acknowledged: {written:?}");
    }
    for (token, there) in &found {
        assert!(ledger.maybe.contains(*token), "{token} was never sent, or refused: {there:?}");
        assert_eq!(there.len(), 1, "{token} is there more than once");
    }
    println!("{} of {} cut posts are there", found.len(), ledger.maybe.len());
}

fn count_votes(conn: &mut Conn, ledger: &Ledger, crew: &[Member]) {
    let people: HashMap<i64, usize> = users::table
        .select((users::id, users::username))
        .load::<(loggia::kernel::ids::UserId, String)>(conn)
        .unwrap()
        .into_iter()
        .filter_map(|(id, name)| Some((id.0, crew.iter().position(|member| member.name == name)?)))
        .collect();
    let rows: Vec<(PostId, Option<loggia::kernel::ids::UserId>, i16)> =
        votes::table.select((votes::post_id, votes::voter_id, votes::value)).load(conn).unwrap();
    let mut held: HashMap<(i64, usize), i16> = HashMap::new();
    let mut scores: HashMap<i64, i64> = HashMap::new();
    for (post, voter, value) in rows {
        let pair = (post.0, people[&voter.unwrap().0]);
        assert_eq!(held.insert(pair, value), None, "a vote is there twice: {pair:?}");
        *scores.entry(post.0).or_default() += i64::from(value);
    }
    for (pair, value) in &ledger.votes {
        assert_eq!(held.remove(pair), Some(*value), "an acknowledged vote: {pair:?}");
    }
    for (pair, value) in &held {
        assert_eq!(ledger.maybe_votes.get(pair), Some(value), "a vote nobody cast: {pair:?}");
    }
    let rows: Vec<(PostId, i64)> = posts::table.select((posts::id, posts::score)).load(conn).unwrap();
    for (post, score) in rows {
        assert_eq!(score, scores.get(&post.0).copied().unwrap_or(0), "the score of {post}");
    }
    let rows: Vec<(loggia::kernel::ids::ThreadId, Option<PostId>)> =
        threads::table.select((threads::id, threads::accepted_answer_id)).load(conn).unwrap();
    let mut accepted: HashMap<i64, i64> =
        rows.into_iter().filter_map(|(thread, answer)| Some((thread.0, answer?.0))).collect();
    for (thread, answer) in &ledger.accepted {
        assert_eq!(accepted.remove(thread), Some(*answer), "the accepted answer of {thread}");
    }
    for (thread, answer) in &accepted {
        let maybe = ledger.maybe_accepted.get(thread).is_some_and(|maybe| maybe.contains(answer));
        assert!(maybe, "nobody accepted {answer} in {thread}");
    }
}

/// The database's own check, the points, the index, at rest.
pub fn whole(site: &Site, target: &Target, conn: &mut Conn) {
    if let Conn::Sqlite(conn) = conn {
        #[derive(diesel::QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            integrity_check: String,
        }
        let said: Vec<Line> = diesel::sql_query("PRAGMA integrity_check").load(conn).unwrap();
        assert_eq!(said.iter().map(|l| l.integrity_check.as_str()).collect::<Vec<_>>(), ["ok"]);
    }
    let replay = site.run(&["replay"]);
    assert_eq!(replay.status.code(), Some(0), "points or badges differ: {}", said(&replay));
    let doctor = site.run(&["doctor", "--deep"]);
    assert_eq!(doctor.status.code(), Some(0), "{}", said(&doctor));
    let index = Index::open_read_only(&site.data.join("index")).unwrap().unwrap();
    let db = Db::open(Opening {
        target: target.clone(),
        clock: Clock::system(),
        readers: 2,
        on_commit: Arc::new(|_| {}),
        instrument: None,
    })
    .unwrap();
    let differences = compare(&db, &index).unwrap();
    db.stop();
    assert!(differences.is_empty(), "{differences:?}");
}
