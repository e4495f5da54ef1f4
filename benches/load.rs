//! What the forum costs on a made-up community: `cargo bench --bench load`.
//!
//! Fills SQLite with 10,000 questions, 30,000 answers and 2,000 people (or the JSON lines that
//! LOGGIA_BENCH_CORPUS names), starts the release program as a process of its own, and drives it over
//! HTTP on loopback with 8 kept connections: each page beside a static reply of the same bytes from the same
//! process (`serve --bench-static`), without and with the page cache; then answers posted by 32
//! people at once. CPU and memory are the server's alone, read from /proc. Seconds a case:
//! LOGGIA_BENCH_SECONDS (3). Prints a table in Markdown.
use std::collections::HashSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const QUESTIONS: usize = 10_000;
const ANSWERS: usize = 30_000;
const PEOPLE: usize = 2_000;
const CHARS: usize = 600;
const CONNECTIONS: usize = 8;
const POSTERS: usize = 32;
/// Different pages and queries that a case goes through.
const TARGETS: usize = 400;
const PASSWORD: &str = "olive lantern harbour";

fn main() {
    let home = tempfile::Builder::new().prefix("loggia-bench-").tempdir().unwrap();
    let corpus = match std::env::var_os("LOGGIA_BENCH_CORPUS") {
        Some(path) => PathBuf::from(path),
        None => {
            let path = home.path().join("corpus.jsonl");
            fs::write(&path, corpus()).unwrap();
            path
        }
    };
    let queries = queries(&fs::read_to_string(&corpus).unwrap());
    let data = home.path().join("data");
    import(&data, &corpus);

    println!(
        "\n| page | cache | bytes | requests/s | p50 ms | p99 ms | static/s | of static | CPU ms/page |"
    );
    println!("|---|---|--:|--:|--:|--:|--:|--:|--:|");
    for cache in [false, true] {
        let server = Server::start(home.path(), &data, cache);
        if !cache {
            eprintln!("cold start: {:.0} ms", server.cold_start.as_secs_f64() * 1e3);
        }
        let threads = server.threads();
        for (name, targets) in [
            ("front page", vec!["/".to_owned()]),
            ("question page", threads.clone()),
            ("search", queries.iter().map(|q| format!("/search?q={}", q.replace(' ', "+"))).collect()),
        ] {
            page(&server, name, cache, &targets);
        }
        eprintln!("resident memory at most: {:.0} MB (cache {})", server.peak_memory(), on_off(cache));
    }
    let server = Server::start(home.path(), &data, true);
    post_answers(&server, home.path(), &data);
    eprintln!("resident memory at most: {:.0} MB (posting)", server.peak_memory());
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn seconds() -> Duration {
    Duration::from_secs(std::env::var("LOGGIA_BENCH_SECONDS").ok().and_then(|s| s.parse().ok()).unwrap_or(3))
}

fn program(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("LOGGIA_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command.current_dir(data.parent().unwrap()).env("LOGGIA_RATE_LIMITS", "false").arg("--data").arg(data);
    command
}

/// The import alone, in this process, and then what follows it by the command.
fn import(data: &Path, corpus: &Path) {
    fs::create_dir_all(data).unwrap();
    let target = loggia::db::Target::Sqlite(data.join("loggia.sqlite"));
    loggia::db::migrate(&target).unwrap();
    let now = loggia::kernel::moment::Clock::system().now();
    let start = Instant::now();
    let options = loggia::exchange::Options::new(data.join("imports"), now);
    let report = loggia::exchange::jsonl::import(&target, corpus, &options).unwrap();
    let took = start.elapsed().as_secs_f64();
    let stats = loggia::exchange::stats(&mut target.connect(loggia::db::Access::Read).unwrap()).unwrap();
    let posts = stats.questions + stats.answers + stats.comments;
    let unused: u64 = report.files.values().map(|file| file.unused_total()).sum();
    eprintln!(
        "import: {posts} posts in {took:.1} s = {:.0} posts/s ({unused} lines not used)",
        posts as f64 / took
    );
    let start = Instant::now();
    let done = program(data).args(["import", "jsonl"]).arg(corpus).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    eprintln!("points, badges and index after it: {:.1} s", start.elapsed().as_secs_f64());
}

struct Server {
    child: Child,
    address: String,
    cold_start: Duration,
}

impl Server {
    fn start(home: &Path, data: &Path, cache: bool) -> Server {
        let start = Instant::now();
        let mut child = program(data)
            .current_dir(home)
            .args(["serve", "--listen", "127.0.0.1:0", "--bench-static", "4194304"])
            .env("LOGGIA_PAGE_CACHE", if cache { "true" } else { "false" })
            .env("LOGGIA_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        out.read_line(&mut line).unwrap();
        let (_, address) = line.trim().split_once("http://").expect("the server did not open");
        let mut server = Server { child, address: address.to_owned(), cold_start: Duration::ZERO };
        assert_eq!(Client::new(&server.address).get("/livez").status, 200);
        let front = Client::new(&server.address).get("/").status;
        server.cold_start = start.elapsed();
        if front != 200 {
            eprintln!("the front page answers {front}");
        }
        server
    }

    /// Seconds of CPU the server used so far.
    fn cpu(&self) -> f64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
        // Clock ticks are hundredths on every Linux.
        let ticks = |at: usize| fields.get(at).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
        (ticks(11) + ticks(12)) / 100.0
    }

    /// MB.
    fn peak_memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("");
        line.split_whitespace().nth(1).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    /// Addresses of question pages, as the house itself writes them.
    fn threads(&self) -> Vec<String> {
        let mut client = Client::new(&self.address);
        (1..)
            .take(TARGETS * 2)
            .filter_map(|id| client.get(&format!("/threads/{id}")).header("location"))
            .take(TARGETS)
            .map(|url| {
                url.split("://").last().map_or(url.clone(), |rest| {
                    format!(
                        "/{}",
                        rest.split_once('/').map_or(rest.trim_start_matches('/'), |(_, path)| path)
                    )
                })
            })
            .collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One kept connection.
struct Client {
    stream: BufReader<TcpStream>,
    address: String,
    cookies: String,
    body: Vec<u8>,
}

struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    bytes: usize,
}

impl Reply {
    fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone())
    }
}

impl Client {
    fn new(address: &str) -> Client {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let stream = BufReader::with_capacity(1 << 16, stream);
        Client { stream, address: address.to_owned(), cookies: String::new(), body: Vec::new() }
    }

    fn get(&mut self, path: &str) -> Reply {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n", self.address, self.cookies);
        self.talk(request.as_bytes())
    }

    fn post(&mut self, path: &str, form: &str) -> Reply {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            self.address,
            self.cookies,
            form.len()
        );
        self.talk(request.as_bytes())
    }

    fn talk(&mut self, request: &[u8]) -> Reply {
        self.stream.get_mut().write_all(request).unwrap();
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let mut headers = Vec::new();
        let mut bytes = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                bytes = value.parse().unwrap();
            }
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        self.body.resize(bytes, 0);
        self.stream.read_exact(&mut self.body).unwrap();
        Reply { status, headers, bytes }
    }

    fn keep_cookies(&mut self, reply: &Reply) {
        let mut kept: Vec<String> = self
            .cookies
            .trim_start_matches("Cookie: ")
            .trim()
            .split("; ")
            .filter(|c| !c.is_empty())
            .map(str::to_owned)
            .collect();
        for (_, value) in reply.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = value.split(';').next().unwrap_or("");
            let name = pair.split('=').next().unwrap_or("");
            kept.retain(|old| old.split('=').next() != Some(name));
            kept.push(pair.to_owned());
        }
        self.cookies = format!("Cookie: {}\r\n", kept.join("; "));
    }

    /// The value of the last page's hidden field.
    fn field(&self, name: &str) -> Option<String> {
        let text = String::from_utf8_lossy(&self.body);
        let (_, rest) = text.split_once(&format!("name=\"{name}\" value=\""))?;
        Some(rest.split('"').next()?.to_owned())
    }
}

struct Measured {
    per_second: f64,
    /// Milliseconds.
    p50: f64,
    p99: f64,
    cpu: f64,
    bytes: usize,
    refused: usize,
}

/// Asks for the targets in turn over kept connections until the time is up.
fn measure(server: &Server, targets: &[String], time: Duration) -> Measured {
    let next = AtomicUsize::new(0);
    let (cpu, start) = (server.cpu(), Instant::now());
    let runs: Vec<(Vec<f64>, usize, usize)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::new(&server.address);
                    let (mut times, mut bytes, mut refused) = (Vec::new(), 0, 0);
                    while start.elapsed() < time {
                        let target = &targets[next.fetch_add(1, Ordering::Relaxed) % targets.len()];
                        let asked = Instant::now();
                        let reply = client.get(target);
                        times.push(asked.elapsed().as_secs_f64() * 1e3);
                        bytes += reply.bytes;
                        refused += usize::from(reply.status != 200);
                    }
                    (times, bytes, refused)
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let took = start.elapsed().as_secs_f64();
    let cpu = server.cpu() - cpu;
    let (mut bytes, mut refused) = (0, 0);
    let mut times = Vec::new();
    for (t, b, r) in runs {
        times.extend(t);
        bytes += b;
        refused += r;
    }
    times.sort_by(f64::total_cmp);
    let count = times.len().max(1);
    let at = |share: f64| times.get((count as f64 * share) as usize).copied().unwrap_or(0.0);
    Measured {
        per_second: times.len() as f64 / took,
        p50: at(0.5),
        p99: at(0.99),
        cpu: cpu * 1e3 / count as f64,
        bytes: bytes / count,
        refused,
    }
}

fn page(server: &Server, name: &str, cache: bool, targets: &[String]) {
    if targets.is_empty() {
        return println!("| {name} | {} | not there | | | | | | |", on_off(cache));
    }
    // What a server that has been open for a while has done already.
    measure(server, targets, seconds() / 3);
    let found = measure(server, targets, seconds());
    if found.refused > 0 {
        return println!(
            "| {name} | {} | {} replies were not 200 | | | | | | |",
            on_off(cache),
            found.refused
        );
    }
    let fixed = measure(server, &[format!("/bench/static/{}", found.bytes)], seconds());
    println!(
        "| {name} | {} | {} | {:.0} | {:.2} | {:.2} | {:.0} | {:.3} | {:.3} |",
        on_off(cache),
        found.bytes,
        found.per_second,
        found.p50,
        found.p99,
        fixed.per_second,
        found.per_second / fixed.per_second,
        found.cpu
    );
}

/// Thirty-two people answer at once; every answer is durable before its reply comes.
fn post_answers(server: &Server, home: &Path, data: &Path) {
    let mut maker = program(data)
        .current_dir(home)
        .args(["user", "create", "--name", "bench.poster", "--email", "bench.poster@example.test"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    maker.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(maker.wait().unwrap().success());
    let mut client = Client::new(&server.address);
    let form = client.get("/sign-in");
    client.keep_cookies(&form);
    let csrf = client.field("csrf").unwrap_or_default();
    let reply = client
        .post("/sign-in", &format!("csrf={csrf}&login=bench.poster&password={}", PASSWORD.replace(' ', "+")));
    client.keep_cookies(&reply);
    let threads = server.threads();
    let Some(first) = threads.first() else { return eprintln!("posting: no thread pages") };
    let shown = client.get(first);
    client.keep_cookies(&shown);
    let Some(csrf) = client.field("csrf").filter(|_| reply.status == 303) else {
        return eprintln!("posting: the sign-in was answered with {}", reply.status);
    };
    let cookies = Arc::new(client.cookies.clone());
    let next = AtomicUsize::new(0);
    let (cpu, start, time) = (server.cpu(), Instant::now(), seconds());
    let runs: Vec<(Vec<f64>, usize)> = std::thread::scope(|scope| {
        let posters: Vec<_> = (0..POSTERS)
            .map(|_| {
                scope.spawn(|| {
                    let mut client = Client::new(&server.address);
                    client.cookies.clone_from(&cookies);
                    let (mut times, mut refused) = (Vec::new(), 0);
                    while start.elapsed() < time {
                        let n = next.fetch_add(1, Ordering::Relaxed);
                        let id = threads[n % threads.len()].split('/').nth(2).unwrap_or_default();
                        let form = format!(
                            "csrf={csrf}&submission_key={n:032x}&body=Answer+number+{n}%3A+restart+the+device%2C+then+open+its+page+and+choose+**Update**."
                        );
                        let asked = Instant::now();
                        let reply = client.post(&format!("/threads/{id}/answers"), &form);
                        if reply.status == 303 {
                            times.push(asked.elapsed().as_secs_f64() * 1e3);
                        } else {
                            refused += 1;
                        }
                    }
                    (times, refused)
                })
            })
            .collect();
        posters.into_iter().map(|poster| poster.join().unwrap()).collect()
    });
    let took = start.elapsed().as_secs_f64();
    let cpu = server.cpu() - cpu;
    let refused: usize = runs.iter().map(|(_, refused)| refused).sum();
    let mut times: Vec<f64> = runs.into_iter().flat_map(|(times, _)| times).collect();
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or(0.0);
    println!(
        "\nAnswers posted with durable commit by {POSTERS} clients: {:.0}/s, p50 {:.1} ms, p99 {:.1} ms, {:.2} ms CPU each, {refused} refused",
        times.len() as f64 / took,
        at(0.5),
        at(0.99),
        cpu * 1e3 / times.len().max(1) as f64
    );
}

/// Deterministic random numbers (xorshift*).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
    /// `low` to `high`, both included.
    fn between(&mut self, low: usize, high: usize) -> usize {
        low + (self.unit() * (high - low + 1) as f64) as usize
    }
}

/// A choice among ranks whose weights fall as 1 / (rank + shift): Zipf's law.
struct Zipf(Vec<f64>);

impl Zipf {
    fn new(count: usize, shift: f64) -> Zipf {
        let mut sum = 0.0;
        Zipf(
            (0..count)
                .map(|rank| {
                    sum += 1.0 / (rank as f64 + shift);
                    sum
                })
                .collect(),
        )
    }
    fn rank(&self, random: &mut Random) -> usize {
        let at = random.unit() * self.0.last().copied().unwrap_or(0.0);
        self.0.partition_point(|sum| *sum < at).min(self.0.len() - 1)
    }
}

/// The community as JSON lines: Zipf words, a Zipf few who write most, three answers a question.
fn corpus() -> String {
    let mut random = Random(42);
    let words = words(&mut random);
    let (word_law, tag_law, person_law) =
        (Zipf::new(words.len(), 1.0), Zipf::new(400, 3.0), Zipf::new(PEOPLE, 20.0));
    let sentence = |random: &mut Random, low: usize, high: usize| {
        let mut text = String::new();
        for n in 0..random.between(low, high) {
            let word = &words[word_law.rank(random)];
            if n == 0 {
                text.push_str(&word[..1].to_uppercase());
                text.push_str(&word[1..]);
            } else {
                text.push(' ');
                text.push_str(word);
            }
        }
        text
    };
    let body = |random: &mut Random| {
        let length = (CHARS as f64 * (0.6 + 0.8 * random.unit())) as usize;
        let (mut text, mut left) = (String::new(), random.between(2, 5));
        while text.len() < length {
            text.push_str(&sentence(random, 6, 18));
            left -= 1;
            // JSON's own escapes.
            text.push_str(if left == 0 { ".\\n\\n" } else { ". " });
            if left == 0 {
                left = random.between(2, 5);
            }
        }
        text
    };
    let mut out = String::with_capacity(40 << 20);
    for id in 1..=PEOPLE {
        let name = &words[300 + id * 7 % 2_000];
        let _ = writeln!(
            out,
            r#"{{"kind":"user","id":{id},"name":"{name}{id}","email":"user{id}@example.test"}}"#
        );
    }
    let (start, span) = (1_700_000_000, 700 * 86_400);
    for id in 1..=QUESTIONS {
        let created = start + span * id / (QUESTIONS + 1);
        let (user, title) = (1 + person_law.rank(&mut random), sentence(&mut random, 6, 12));
        let body = body(&mut random);
        let mut tags: Vec<String> = Vec::new();
        for _ in 0..random.between(1, 5) {
            let tag = format!("\"{}\"", words[200 + tag_law.rank(&mut random)]);
            if tag.len() > 3 && !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let views = random.between(1, 2_000);
        let _ = writeln!(
            out,
            r#"{{"kind":"question","id":{id},"user":{user},"title":"{title}?","body":"{body}","tags":[{}],"views":{views},"created":{created}}}"#,
            tags.join(",")
        );
    }
    let mut counts = vec![0usize; QUESTIONS];
    for count in counts.iter_mut().take(1_000) {
        *count = random.between(3, 5);
    }
    let mut left = ANSWERS - counts.iter().sum::<usize>();
    while left > 0 {
        let at = random.between(1_000, QUESTIONS - 1);
        if counts[at] < 10 {
            counts[at] += 1;
            left -= 1;
        }
    }
    let mut id = 0;
    for (question, count) in counts.into_iter().enumerate() {
        for n in 0..count {
            id += 1;
            let user = 1 + person_law.rank(&mut random);
            let body = body(&mut random);
            let score = (-(1.0 - random.unit()).ln() / 0.4) as i64 - 1;
            let created =
                start + span * (question + 1) / (QUESTIONS + 1) + 3_600 * (n + 1) + random.between(0, 3_000);
            let _ = writeln!(
                out,
                r#"{{"kind":"answer","id":{id},"question":{},"user":{user},"body":"{body}","score":{score},"created":{created}}}"#,
                question + 1
            );
        }
    }
    out
}

/// Pronounceable words by rank: the frequent ones are short.
fn words(random: &mut Random) -> Vec<String> {
    let starts = [
        "b", "c", "d", "f", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "st", "tr",
        "pl", "sh", "ch",
    ];
    let vowels = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"];
    let ends = ["", "n", "r", "s", "t", "l", "m", "x"];
    let (mut known, mut words) = (HashSet::new(), Vec::new());
    while words.len() < 12_000 {
        let syllables = match words.len() {
            0..120 => 1,
            120..3_000 => 2,
            _ => 3,
        };
        let mut word = String::new();
        for _ in 0..syllables {
            word += starts[random.between(0, starts.len() - 1)];
            word += vowels[random.between(0, vowels.len() - 1)];
        }
        word += ends[random.between(0, ends.len() - 1)];
        if word.len() > 1 && known.insert(word.clone()) {
            words.push(word);
        }
    }
    words
}

/// Two words of one question's text each, neither among the most frequent: every query finds something.
fn queries(corpus: &str) -> Vec<String> {
    let mut random = Random(7);
    let mut seen: std::collections::HashMap<&str, usize> = std::collections::HashMap::new();
    let questions: Vec<Vec<&str>> = corpus
        .lines()
        .filter(|line| line.contains("\"question\",\"id\"") || line.contains("\"kind\": \"question\""))
        .map(|line| {
            line.split(|c: char| !c.is_ascii_lowercase()).filter(|word| word.len() > 3).collect::<Vec<_>>()
        })
        .collect();
    for word in questions.iter().flatten() {
        *seen.entry(word).or_default() += 1;
    }
    let mut ranks: Vec<(&str, usize)> = seen.into_iter().collect();
    ranks.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let wanted: HashSet<&str> = ranks.iter().skip(50).take(2_950).map(|(word, _)| *word).collect();
    let mut queries = Vec::new();
    for _ in 0..TARGETS * 20 {
        let Some(words) = questions.get(random.between(0, questions.len().max(1) - 1)) else { break };
        let words: Vec<&&str> = words.iter().filter(|word| wanted.contains(**word)).collect();
        if words.len() > 1 && queries.len() < TARGETS {
            let (a, b) = (random.between(0, words.len() - 1), random.between(0, words.len() - 1));
            if words[a] != words[b] {
                queries.push(format!("{} {}", words[a], words[b]));
            }
        }
    }
    queries
}
