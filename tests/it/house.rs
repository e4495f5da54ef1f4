//! tests: the house's own rules, read from its source. Each failure names file and line.
use crate::source::{Source, code_of, files, part_of_name, repository, sources};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// Which room writes a table. Others ask that room's verbs; anyone may read.
const OWNERS: &[(&str, &[&str])] = &[
    ("users", &["accounts"]),
    ("sessions", &["accounts"]),
    ("one_time_links", &["accounts"]),
    ("sign_ups", &["accounts"]),
    ("api_tokens", &["accounts"]),
    ("account_log", &["accounts"]),
    ("secrets", &["accounts", "web", "db", "app"]),
    ("posts", &["threads"]),
    ("threads", &["threads"]),
    ("revisions", &["threads"]),
    ("removals", &["threads"]),
    ("me_toos", &["threads"]),
    ("follows", &["threads"]),
    ("drafts", &["threads"]),
    ("submissions", &["threads"]),
    ("tags", &["tags", "threads"]),
    ("thread_tags", &["tags", "threads"]),
    ("votes", &["votes"]),
    ("confirmations", &["confirmations"]),
    ("confirmation_sums", &["confirmations"]),
    ("flags", &["moderation"]),
    ("suspensions", &["moderation"]),
    ("moderation_log", &["moderation"]),
    ("duplicate_candidates", &["moderation"]),
    ("cases", &["escalation"]),
    ("case_notes", &["escalation"]),
    ("notices", &["notices"]),
    ("mails", &["mail"]),
    ("unsubscriptions", &["mail"]),
    ("events", &["ledger"]),
    ("places", &["ledger"]),
    ("standings", &["reputation"]),
    ("point_entries", &["reputation"]),
    ("badge_awards", &["badges", "reputation"]),
    ("badge_rules", &["badges"]),
    ("standing_states", &["reputation"]),
    ("topic_standings", &["reputation"]),
    ("answer_standings", &["reputation"]),
    ("verdicts", &["verdicts"]),
    ("findings", &["findings"]),
    ("answer_prints", &["findings"]),
    ("challenges", &["challenges"]),
    ("appeals", &["appeals"]),
    ("notice_fanouts", &["notices"]),
    ("duplicate_links", &["threads"]),
    ("synonym_lists", &["search"]),
    ("search_counts", &["insight"]),
    ("dismissed_gaps", &["insight"]),
    ("saved_searches", &["watches"]),
    ("search_tellings", &["watches"]),
    ("solution_readers", &["worth"]),
    ("worth_statements", &["worth"]),
    ("samples", &["samples"]),
    ("sample_judgements", &["samples"]),
    ("imports", &["exchange"]),
    ("post_origins", &["exchange"]),
    ("imported_rows", &["exchange"]),
];

/// An importer brings whole communities, so it writes every table.
const WRITES_ALL: &[&str] = &["exchange"];

/// What every feature may stand on, and what stands on the features; neither counts as a feature.
const NOT_FEATURES: &[&str] =
    &["kernel", "db", "ledger", "web", "lib", "main", "app", "cli", "config", "routes", "error", "demo"];

#[track_caller]
fn none(rule: &str, found: Vec<String>) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

fn pure(source: &Source) -> bool {
    source.room() == "kernel" || source.file_name() == "policy.rs"
}

#[test]
fn the_kernel_and_policies_touch_no_database_web_disk_or_clock() {
    const FORBIDDEN: &[&str] = &[
        "diesel",
        "actix_web",
        "tera",
        "lettre",
        "tantivy",
        "tokio",
        "std::fs",
        "std::net",
        "std::process",
        "std::env",
        "SystemTime",
        "Timestamp::now",
        "Zoned::now",
        "crate::db",
        "crate::web",
    ];
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| pure(source)) {
        for word in FORBIDDEN {
            // Identifiers and moments know how a database stores them, and the clock reads the clock.
            let allowed = match source.path.as_str() {
                "src/kernel/ids.rs" => *word == "diesel",
                "src/kernel/moment.rs" => matches!(*word, "diesel" | "Timestamp::now"),
                _ => false,
            };
            let word = if allowed && *word == "diesel" { "diesel::prelude" } else { word };
            if allowed && word != "diesel::prelude" {
                continue;
            }
            found.extend(source.word(word).map(|at| format!("{} {word}", source.place(at))));
        }
    }
    none("these rooms are pure; pass values in", found);
}

/// The name that follows an opening parenthesis: `schema::posts::table` → its segments.
fn path_after(code: &str, at: usize) -> Vec<&str> {
    let rest = code[at..].trim_start().trim_start_matches('&').trim_start();
    let end = rest.bytes().position(|b| !part_of_name(b) && b != b':').unwrap_or(rest.len());
    rest[..end].split("::").collect()
}

/// The table that a diesel statement whose target stands at `at` writes, if the code names it: there, or
/// where the variable that stands there was last bound.
fn written_table(source: &Source, at: usize) -> Option<&'static str> {
    let named = |at: usize| {
        let path = path_after(&source.code, at);
        OWNERS.iter().map(|(table, _)| *table).find(|table| path.len() > 1 && path.contains(table))
    };
    named(at).or_else(|| {
        let name = *path_after(&source.code, at).first()?;
        let before = &source.code[..at];
        let bound = before.rfind(&format!("let {name} =")).map(|found| found + "let  =".len() + name.len());
        let mutable =
            before.rfind(&format!("let mut {name} =")).map(|found| found + "let mut  =".len() + name.len());
        named(bound.max(mutable)?)
    })
}

fn may_write(source: &Source, table: &str) -> bool {
    WRITES_ALL.contains(&source.room())
        || OWNERS.iter().any(|(name, rooms)| *name == table && rooms.contains(&source.room()))
}

#[test]
fn a_table_is_written_only_by_the_room_that_owns_it() {
    const VERBS: &[&str] =
        &["insert_into(", "insert_or_ignore_into(", "replace_into(", "update(", "delete(", "insert_all!("];
    let mut found = Vec::new();
    for source in &sources() {
        for verb in VERBS {
            for at in source.word(verb) {
                let before = source.code[..at].trim_end();
                let diesels = before.ends_with("diesel::") || before.ends_with("dsl::");
                // `hasher.update(…)`, `fn delete(…)` and verbs of our own are other things.
                if !diesels
                    && (verb.starts_with("update") || verb.starts_with("delete") || before.ends_with('.'))
                {
                    continue;
                }
                let mut target = at + verb.len();
                if *verb == "insert_all!(" {
                    target += source.code[target..].find(',').unwrap_or_default() + 1;
                }
                if source.code[target..].starts_with('$') {
                    continue;
                }
                match written_table(source, target) {
                    Some(table) if may_write(source, table) => {}
                    Some(table) => found.push(format!("{} writes {table}", source.place(at))),
                    None if WRITES_ALL.contains(&source.room()) => {}
                    None => found.push(format!(
                        "{} writes what this test cannot read: begin with `TABLE::table`",
                        source.place(at)
                    )),
                }
            }
        }
        for (at, text) in &source.strings {
            for table in raw_writes(text) {
                if !may_write(source, table) {
                    found.push(format!("{} writes {table} in SQL", source.place(*at)));
                }
            }
        }
    }
    none("ask the verbs of the room that owns the table", found);
}

/// Tables that a text of SQL writes.
fn raw_writes(sql: &str) -> Vec<&'static str> {
    let words: Vec<String> = sql
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    let mut found = Vec::new();
    for pair in words.windows(3) {
        let table = match [pair[0].as_str(), pair[1].as_str(), pair[2].as_str()] {
            ["insert" | "replace" | "ignore" | "abort", "into", table] | ["delete", "from", table] => table,
            ["update", table, "set" | "as"]
            | ["truncate", "table", table]
            | ["drop" | "alter", "table", table] => table,
            _ => continue,
        };
        found.extend(OWNERS.iter().map(|(name, _)| *name).filter(|name| *name == table));
    }
    found
}

#[test]
fn every_table_has_an_owner() {
    let schema = fs::read_to_string(repository().join("src/db/schema.rs")).unwrap();
    let tables: BTreeSet<String> = crate::schema::declared(&schema).tables.into_keys().collect();
    let owned = |table: &String| OWNERS.iter().any(|(name, _)| name == table);
    none("say in OWNERS which room writes them", tables.into_iter().filter(|table| !owned(table)).collect());
}

fn features(sources: &[Source]) -> BTreeSet<String> {
    sources
        .iter()
        .map(|source| source.room().to_owned())
        .filter(|room| !NOT_FEATURES.contains(&room.as_str()))
        .collect()
}

/// `crate::a::b` and `crate::{a::b, c}` in the code: the first two segments of each path, with the offset.
fn crate_paths(source: &Source) -> Vec<(usize, String, Option<String>)> {
    fn walk(
        code: &str,
        at: usize,
        prefix: &[String],
        found: &mut Vec<(usize, String, Option<String>)>,
    ) -> usize {
        let bytes = code.as_bytes();
        let mut segments = prefix.to_vec();
        let mut at = at;
        loop {
            at += code[at..].len() - code[at..].trim_start().len();
            match bytes.get(at) {
                Some(b'{') => {
                    at += 1;
                    loop {
                        at = walk(code, at, &segments, found);
                        at += code[at..].len() - code[at..].trim_start().len();
                        match bytes.get(at) {
                            Some(b',') => at += 1,
                            Some(b'}') => return at + 1,
                            _ => return at,
                        }
                    }
                }
                Some(&byte) if part_of_name(byte) => {
                    let end =
                        bytes[at..].iter().position(|b| !part_of_name(*b)).map_or(bytes.len(), |n| at + n);
                    segments.push(code[at..end].to_owned());
                    at = end;
                    if code[at..].starts_with("::") && segments.len() < 3 {
                        at += 2;
                        continue;
                    }
                    found.push((at, segments[0].clone(), segments.get(1).cloned()));
                    return bytes[at..]
                        .iter()
                        .position(|b| !part_of_name(*b) && !matches!(b, b':' | b' '))
                        .map_or(bytes.len(), |n| at + n);
                }
                _ => return at,
            }
        }
    }
    let mut found = Vec::new();
    for at in source.word("crate::") {
        walk(&source.code, at + "crate::".len(), &[], &mut found);
    }
    found
}

#[test]
fn features_reach_each_other_through_their_front_door() {
    const INNER: &[&str] = &["store", "pages", "policy", "follow"];
    let sources = sources();
    let features = features(&sources);
    let mut found = Vec::new();
    for source in &sources {
        // The table of routes names every page; that is its work.
        if matches!(source.room(), "routes" | "app") {
            continue;
        }
        for (at, room, inner) in crate_paths(source) {
            let inner = inner.unwrap_or_default();
            if features.contains(&room) && room != source.room() && INNER.contains(&inner.as_str()) {
                found.push(format!("{} reaches into crate::{room}::{inner}", source.place(at)));
            }
        }
    }
    none("use what the other room's mod.rs offers", found);
}

/// A feature's pages and views: what shows, not what is done. A page gathers what many features know of
/// (a thread with its badges, cases and flags; a person with threads and points), so pages may use any
/// feature's front door; nothing stands on a page, so they cannot close a circle. Verbs, rules, stores and
/// followers can: each of them must be understandable, and testable, with what lies beneath it alone.
fn shows(source: &Source) -> bool {
    let inside = source.path.split('/').nth(2).unwrap_or_default();
    matches!(inside.trim_end_matches(".rs"), "pages" | "views")
}

#[test]
fn the_verbs_of_features_stand_on_each_other_without_a_circle() {
    let sources = sources();
    let features = features(&sources);
    let mut graph: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let verbs = sources.iter().filter(|source| features.contains(source.room()) && !shows(source));
    for source in verbs {
        for (at, room, _) in crate_paths(source) {
            if features.contains(&room) && room != source.room() {
                let edges = graph.entry(source.room().to_owned()).or_default();
                edges.entry(room).or_insert_with(|| source.place(at));
            }
        }
    }
    // Takes away what stands on nothing else until nothing is left, or only circles.
    let mut left = graph;
    loop {
        let rooms: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, edges| edges.keys().any(|to| rooms.contains(to)));
        if left.len() == before {
            break;
        }
    }
    let rooms: BTreeSet<String> = left.keys().cloned().collect();
    let found = left.iter().flat_map(|(from, edges)| {
        let rooms = &rooms;
        edges
            .iter()
            .filter(move |(to, _)| rooms.contains(*to))
            .map(move |(to, place)| format!("{from} → {to} at {place}"))
    });
    none("these features stand in a circle", found.collect());
}

#[test]
fn a_template_trusts_only_what_was_made_safe() {
    let mut found = Vec::new();
    for path in files("templates", "") {
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        for (number, line) in text.lines().enumerate() {
            if line.contains("autoescape") {
                found.push(format!("{path}:{} turns escaping off", number + 1));
            }
            let squeezed = line.replace("| ", "|").replace(" |", "|");
            for (at, _) in squeezed.match_indices("|safe") {
                let rest = &squeezed[at + "|safe".len()..];
                if rest.as_bytes().first().is_some_and(|b| part_of_name(*b)) {
                    continue;
                }
                let name = squeezed[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
                let name = name.unwrap_or_default();
                if !(name.ends_with("_html") || name == "json_ld") {
                    found.push(format!("{path}:{} trusts `{name}`", number + 1));
                }
            }
        }
    }
    none("only fields named …_html or json_ld hold HTML that the kernel made", found);
}

#[test]
fn a_form_of_an_account_takes_what_its_handler_takes() {
    let mut found = Vec::new();
    for path in ["templates/accounts", "templates/admin"].iter().flat_map(|folder| files(folder, "html")) {
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        for (number, line) in text.lines().enumerate() {
            for (at, word) in line.match_indices("length=") {
                let bare = line[at + word.len()..].trim_start_matches(['"', '{']);
                if bare.starts_with(|c: char| c.is_ascii_digit()) {
                    found.push(format!("{path}:{}", number + 1));
                }
            }
        }
    }
    none("ask limit(of=…) instead of writing a number", found);
}

#[test]
fn nothing_in_the_house_may_panic_on_purpose() {
    const FORBIDDEN: &[&str] = &[
        ".unwrap()",
        ".expect(",
        ".unwrap_err()",
        ".expect_err(",
        "panic!",
        "unreachable!",
        "todo!",
        "unimplemented!",
        "dbg!",
        "unwrap_unchecked",
    ];
    let mut found = Vec::new();
    for source in &sources() {
        for word in FORBIDDEN {
            found.extend(source.word(word).map(|at| format!("{} {word}", source.place(at))));
        }
    }
    none("answer with an error instead", found);
}

#[test]
fn what_a_request_waits_for_has_a_deadline() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.path != "src/web/aside.rs") {
        found.extend(source.word("web::block").map(|at| format!("{} web::block", source.place(at))));
    }
    none("use web::aside, which waits no longer than a visitor does", found);
}

#[test]
fn every_file_says_which_room_it_is() {
    let mut found = Vec::new();
    for source in &sources() {
        let first = source.text.lines().next().unwrap_or_default();
        if !first.starts_with("//! ") || first.len() < 12 {
            found.push(source.path.clone());
        }
    }
    for path in files("tests/it", "rs") {
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        if !text.starts_with("//! tests: ") {
            found.push(path);
        }
    }
    none("the first line is a //! line that says which room it is", found);
}

#[test]
fn the_repository_stands_alone() {
    // Put together here, so that this file does not find itself.
    let machine: Vec<String> = ["work", "root", "home"].iter().map(|folder| format!("/{folder}/")).collect();
    let mut found = Vec::new();
    let folders = ["src", "tests", "templates", "assets", "migrations", "docs", "benches", ".ci"];
    let mut all: Vec<String> = folders.iter().flat_map(|folder| files(folder, "")).collect();
    all.extend(["Cargo.toml", "README.md"].map(String::from));
    for path in all {
        let Ok(text) = fs::read_to_string(repository().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            // A path of a machine begins a word; `/users/root/` in a URL does not.
            let begins = |at: usize| {
                at == 0 || matches!(line.as_bytes()[at - 1], b'"' | b'\'' | b' ' | b'`' | b'(' | b'=')
            };
            if machine.iter().any(|m| line.match_indices(m.as_str()).any(|(at, _)| begins(at))) {
                found.push(format!("{path}:{}", number + 1));
            }
        }
    }
    none("these name a folder of one machine", found);
}

#[test]
fn the_rules_find_what_they_forbid() {
    assert_eq!(raw_writes("INSERT INTO posts (id) SELECT 1; update threads set a = 1"), ["posts", "threads"]);
    assert_eq!(raw_writes("SELECT * FROM posts FOR UPDATE"), [] as [&str; 0]);
    let text = "use crate::{votes::store, tags::{self, policy::x}, kernel};\nfn f() { crate::mail::send() }\n\
                let n = diesel::update(schema::posts::table.find(1));";
    let (code, strings) = code_of(text);
    let source = Source { path: "src/threads/mod.rs".into(), text: text.into(), code, strings };
    let paths: Vec<String> =
        crate_paths(&source).into_iter().map(|(_, a, b)| format!("{a}.{}", b.unwrap_or_default())).collect();
    assert_eq!(paths, ["votes.store", "tags.self", "tags.policy", "kernel.", "mail.send"]);
    let at = source.word("update(").next().unwrap();
    assert_eq!(written_table(&source, at + "update(".len()), Some("posts"));
    let text = "let held =\n  mails::table.find(id); match x { Sent => diesel::delete(held), _ => diesel::delete(other) }";
    let (code, strings) = code_of(text);
    let mail = Source { path: "src/mail/store.rs".into(), text: text.into(), code, strings };
    let found: Vec<_> = mail.word("delete(").map(|at| written_table(&mail, at + "delete(".len())).collect();
    assert_eq!(found, [Some("mails"), None]);
    assert!(may_write(&source, "posts") && !may_write(&source, "votes"));
}
