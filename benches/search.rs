//! Cost of search on a made-up community: `cargo bench --bench search [-- THREADS [FOLDER]]`, 10,000 threads by default;
//! an index in FOLDER is used again, and made there where there is none.
//!
//! Words are drawn from 12,000 made-up ones by Zipf's law (s = 1); every thread has a question and, on average, three
//! answers of 600 characters. Queries are two words of rank 50 to 3,000 from one and the same question, as in the
//! comparison with other forums. Prints µs of CPU of the searching thread, on which
//! neighbours on the machine have little influence, and of the clock; then of the clock while two threads search so
//! many times a second.

use std::time::{Duration, Instant};

use loggia::search::{Index, Opened, Query, Rebuild, ThreadDoc};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 11) as usize % end
    }

    fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

struct Words {
    words: Vec<String>,
    sums: Vec<f64>,
}

impl Words {
    fn new(random: &mut Random) -> Words {
        let starts = [
            "b", "c", "d", "f", "g", "h", "l", "m", "n", "p", "r", "s", "t", "v", "br", "st", "tr", "pl",
            "sh", "ch",
        ];
        let vowels = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"];
        let ends = ["", "n", "r", "s", "t", "l", "m", "x"];
        let mut known = std::collections::HashSet::new();
        let mut words = Vec::new();
        while words.len() < 12_000 {
            let syllables = match words.len() {
                0..120 => 1,
                120..3_000 => 2,
                _ => 3,
            };
            let mut word = String::new();
            for _ in 0..syllables {
                word += starts[random.below(starts.len())];
                word += vowels[random.below(vowels.len())];
            }
            word += ends[random.below(ends.len())];
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut sum = 0.0;
        let sums = (0..words.len())
            .map(|rank| {
                sum += 1.0 / (rank + 1) as f64;
                sum
            })
            .collect();
        Words { words, sums }
    }

    fn rank(&self, random: &mut Random) -> usize {
        let at = random.unit() * self.sums.last().unwrap();
        self.sums.partition_point(|sum| *sum < at).min(self.words.len() - 1)
    }

    fn text(&self, random: &mut Random, chars: usize) -> String {
        let mut text = String::new();
        while text.len() < chars {
            for word in 0..6 + random.below(13) {
                if word > 0 {
                    text.push(' ');
                }
                text += &self.words[self.rank(random)];
            }
            text += ". ";
        }
        text
    }
}

fn cpu_us() -> f64 {
    // Nanoseconds on the CPU are the first number of this file; without it (not Linux) the clock has to do.
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let start = START.get_or_init(Instant::now);
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split(' ').next()?.parse::<f64>().ok())
        .map_or_else(|| start.elapsed().as_secs_f64() * 1e6, |nanoseconds| nanoseconds / 1e3)
}

fn resident_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|kb| kb.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}

fn main() {
    let threads: usize = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(10_000);
    let mut random = Random(42);
    let words = Words::new(&mut random);
    let mut bytes = 0;
    let mut posts = 0;
    let mut queries = Vec::new();
    let mut made = |id: i64| {
        let question = words.text(&mut random, 600);
        if queries.len() < 500 {
            let middle: Vec<&str> = question
                .split_whitespace()
                .map(|word| word.trim_end_matches('.'))
                .filter(|word| words.words[50..3_000].iter().any(|known| known == word))
                .collect();
            if middle.len() > 1 {
                queries.push(format!(
                    "{} {}",
                    middle[random.below(middle.len())],
                    middle[random.below(middle.len())]
                ));
            }
        }
        let mut answers: Vec<String> = (0..random.below(7)).map(|_| words.text(&mut random, 600)).collect();
        let solved = random.below(2) == 0 && !answers.is_empty();
        let answer_count = answers.len() as i64;
        let title = words.text(&mut random, 40);
        bytes += title.len() + question.len() + answers.iter().map(String::len).sum::<usize>();
        posts += 1 + answer_count;
        ThreadDoc {
            thread_id: id,
            solution: if solved { answers.pop() } else { None },
            title,
            question,
            answers,
            tags: vec![words.words[random.below(400)].clone()],
            author: Some(format!("user{}", random.below(2_000))),
            solved,
            answer_count,
            score: random.below(12) as i64,
            created_at_us: id,
            active_at_us: id,
            ..ThreadDoc::default()
        }
    };
    let folder = std::env::args().nth(2).map(std::path::PathBuf::from);
    let dir = tempfile::tempdir().unwrap();
    let folder = folder.as_deref().unwrap_or(dir.path());
    let opened = Index::open(folder).unwrap();
    let whole = matches!(opened, Opened::Ready { .. });
    let index = opened.into_index();
    let before = resident_mb();
    let mut some: Vec<ThreadDoc> = Vec::new();
    let mut rebuild = if whole { None } else { Some(Rebuild::begin(&index).unwrap()) };
    let mut making = 0.0;
    let began = Instant::now();
    // A thousand at a time: the texts of a large community are not in memory either when its index is built.
    for from in (1..=threads as i64).step_by(1_000) {
        let cpu = cpu_us();
        let docs: Vec<ThreadDoc> = (from..(from + 1_000).min(threads as i64 + 1)).map(&mut made).collect();
        making += (cpu_us() - cpu) / 1e6;
        some.extend(docs.iter().take(200 - some.len().min(200)).cloned());
        match &mut rebuild {
            Some(rebuild) => rebuild.add(docs).unwrap(),
            None => break,
        }
    }
    if let Some(rebuild) = rebuild {
        let added = began.elapsed().as_secs_f64();
        rebuild.finish(1).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        let space = index.space_on_disk().unwrap() as f64;
        println!(
            "build: {threads} threads, {posts} posts, {:.1} MB of text in {seconds:.2} s, of which making the texts \
             took {making:.1} and the end {:.1}: {:.0} posts/s with it, {:.0} without",
            bytes as f64 / 1e6,
            seconds - added,
            posts as f64 / seconds,
            posts as f64 / (seconds - making)
        );
        println!(
            "index: {:.1} MB on disk = {:.0} % of the text; resident {before:.0} MB before, {:.0} MB after",
            space / 1e6,
            100.0 * space / bytes as f64,
            resident_mb()
        );
    }
    let began = Instant::now();
    let opened = Index::open_read_only(folder).unwrap().is_ok();
    println!("open and check: {:.0} ms, whole: {opened}", began.elapsed().as_secs_f64() * 1e3);

    measure(&index, &queries, "search, two words, page of 20");
    at_a_rate(&index, &queries);
    let began = Instant::now();
    for (place, doc) in (2..).zip(some.iter().cloned()) {
        index.apply(place, vec![ThreadDoc { score: 99, ..doc }], vec![]).unwrap();
    }
    println!(
        "apply, one thread a commit: {:.2} ms each",
        began.elapsed().as_secs_f64() * 1e3 / some.len() as f64
    );
    measure(&index, &queries, "the same after 200 commits");
    println!("resident {:.0} MB", resident_mb());
}

fn measure(index: &Index, queries: &[String], what: &str) {
    let run = |what: &str, one: &dyn Fn(&str) -> usize| {
        queries.iter().for_each(|query| drop(std::hint::black_box(one(query).to_string())));
        let mut times = Vec::new();
        let mut hits = 0;
        let cpu = cpu_us();
        for query in queries.iter().cycle().take(2_000) {
            let began = Instant::now();
            hits += one(query);
            times.push(began.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        let mean = (cpu_us() - cpu) / times.len() as f64;
        println!(
            "{what}: {mean:.0} µs of CPU; clock {:.0} median, {:.0} p99; {:.1} hits",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            hits as f64 / times.len() as f64
        );
    };
    run(what, &|query| index.search(&Query::parse(query).0, 20, None).unwrap().hits.len());
    run("  the first word alone", &|query| {
        index.search(&Query::parse(query.split(' ').next().unwrap_or("")).0, 20, None).unwrap().hits.len()
    });
    run("  six words (three queries joined)", &|query| {
        index
            .search(&Query::parse(&format!("{query} {} {}", queries[0], queries[1])).0, 20, None)
            .unwrap()
            .hits
            .len()
    });
    run("  similar while typing, 6", &|query| {
        index.similar(query.get(..query.len() - 1).unwrap_or(query), "", 6).unwrap().hits.len()
    });
}

/// Two threads that share so many searches a second, each followed by a title being typed.
fn at_a_rate(index: &Index, queries: &[String]) {
    const A_SECOND: u32 = 50;
    let took: Vec<(Vec<f64>, Vec<f64>)> = std::thread::scope(|scope| {
        let halves = [0, 1].map(|half| {
            scope.spawn(move || {
                let began = Instant::now();
                let (mut searches, mut typing) = (Vec::new(), Vec::new());
                for (n, query) in (0u32..).zip(queries).filter(|(n, _)| n % 2 == half) {
                    let due = Duration::from_secs(1) * n / A_SECOND;
                    std::thread::sleep(due.saturating_sub(began.elapsed()));
                    let start = Instant::now();
                    std::hint::black_box(index.search(&Query::parse(query).0, 20, None).unwrap());
                    searches.push(start.elapsed().as_secs_f64() * 1e3);
                    let start = Instant::now();
                    std::hint::black_box(index.similar(query, "", 6).unwrap());
                    typing.push(start.elapsed().as_secs_f64() * 1e3);
                }
                (searches, typing)
            })
        });
        halves.map(|half| half.join().unwrap()).into()
    });
    let (searches, typing): (Vec<Vec<f64>>, Vec<Vec<f64>>) = took.into_iter().unzip();
    for (what, times) in [("searches", searches), ("titles being typed", typing)] {
        let mut times = times.concat();
        times.sort_by(f64::total_cmp);
        println!(
            "{A_SECOND} {what} a second: {:.1} ms median, {:.1} p99, {:.1} at most",
            times[times.len() / 2],
            times[times.len() * 99 / 100],
            times.last().unwrap()
        );
    }
}
