//! Imports: every row of a dump is used or listed, and a kill at any moment changes nothing of the result.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "it/dump.rs"]
mod dump;
#[allow(dead_code)]
#[path = "it/ground.rs"]
#[macro_use]
mod ground;
#[allow(dead_code)]
#[path = "it/postgres.rs"]
mod postgres;
#[allow(dead_code)]
#[path = "it/scratch.rs"]
mod scratch;

use diesel::prelude::*;
use dump::{small_dump, strange_dump};
use ground::{Ground, Which};
use loggia::db::schema::*;
use loggia::db::{Access, Conn, Target, migrate};
use loggia::exchange::{self, ExchangeError, Options, Report, Stats, jsonl, stackexchange};
use loggia::kernel::moment::Moment;
use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const NOW: Moment = Moment(1_800_000_000_000_000);

/// One test on both databases.
macro_rules! on_each {
    ($name:ident, |$new:ident| $body:block) => {
        mod $name {
            use super::*;
            fn play($new: &dyn Fn() -> House) $body
            #[test]
            fn on_sqlite() {
                play(&|| House::new(Which::Sqlite).unwrap());
            }
            #[test]
            fn on_postgres() {
                if House::new(Which::Postgres).is_some() {
                    play(&|| House::new(Which::Postgres).unwrap());
                }
            }
        }
    };
}

struct House {
    folder: tempfile::TempDir,
    ground: Ground,
}

impl House {
    /// `None` when this machine has no such database; it has been said.
    fn new(which: Which) -> Option<House> {
        Some(House { folder: tempfile::tempdir().unwrap(), ground: Ground::lay(which)? })
    }
    fn lists(&self) -> PathBuf {
        self.folder.path().join("lists")
    }
    fn conn(&self) -> Conn {
        self.ground.target.connect(Access::Read).unwrap()
    }
    fn stats(&self) -> Stats {
        exchange::stats(&mut self.conn()).unwrap()
    }
    fn import(&self, dir: &Path) -> Result<Report, ExchangeError> {
        stackexchange::import(&self.ground.target, dir, &Options::new(self.lists(), NOW))
    }
    fn post(&self, origin: i64) -> Post {
        posts::table
            .inner_join(post_origins::table.on(post_origins::post_id.eq(posts::id)))
            .filter(post_origins::kind.eq("post").and(post_origins::origin_id.eq(origin)))
            .select(Post::as_select())
            .first(&mut self.conn())
            .unwrap()
    }
    fn thread(&self, origin: i64) -> Thread {
        let id = self.post(origin).id;
        threads::table.find(id).select(Thread::as_select()).first(&mut self.conn()).unwrap()
    }
}

#[derive(Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = posts)]
struct Post {
    id: i64,
    kind: String,
    thread_id: i64,
    author_id: Option<i64>,
    author_name: Option<String>,
    body_md: String,
    body_html: String,
    body_is_html: bool,
    created_at: i64,
    edited_at: Option<i64>,
    editor_name: Option<String>,
    revision: i32,
    up_votes: i64,
    down_votes: i64,
    score: i64,
    comment_count: i64,
}

#[derive(Queryable, Selectable, Debug, PartialEq)]
#[diesel(table_name = threads)]
struct Thread {
    id: i64,
    title: String,
    slug: String,
    tags: String,
    created_at: i64,
    active_at: i64,
    active_kind: String,
    answer_count: i64,
    accepted_answer_id: Option<i64>,
    accepted_at: Option<i64>,
    score: i64,
    view_count: i64,
    duplicate_of: Option<i64>,
}

fn at(text: &str) -> i64 {
    Moment::parse(text).unwrap().0
}

/// Everything an import wrote that the caller can see, ids included.
fn contents(conn: &mut Conn) -> BTreeMap<&'static str, Vec<String>> {
    #[derive(QueryableByName)]
    struct Line {
        #[diesel(sql_type = diesel::sql_types::Text)]
        line: String,
    }
    let mut all = BTreeMap::new();
    for (table, columns) in [
        (
            "users",
            "id, username, username_key, display_name, bio_md, bio_html, created_at, origin_site, origin_id",
        ),
        (
            "posts",
            "id, kind, thread_id, parent_id, author_id, author_name, body_md, body_html, body_is_html, created_at, edited_at, editor_id, editor_name, revision, up_votes, down_votes, score, comment_count",
        ),
        (
            "threads",
            "id, title, slug, tags, author_id, created_at, active_at, active_user_id, active_kind, answer_count, accepted_answer_id, accepted_at, score, view_count, duplicate_of",
        ),
        ("revisions", "post_id, number, title, tags, body_md, editor_id, editor_name, summary, created_at"),
        ("tags", "id, name, description_md, description_html, thread_count"),
        ("thread_tags", "tag_id, thread_id"),
        ("votes", "id, post_id, value, created_at"),
        ("duplicate_links", "id, thread_id, of_id, created_at"),
        ("post_origins", "post_id, site, kind, origin_id, url, author_url, licence"),
        ("events", "id, at, kind, actor_id, data, imported"),
    ] {
        // PostgreSQL's sequences keep the gaps of what was undone.
        let numbered =
            |c: &&str| !(c.ends_with("id") && *c != "origin_id") && *c != "duplicate_of" && *c != "data";
        let lines = match &mut *conn {
            Conn::Sqlite(conn) => {
                let sql = format!("SELECT json_array({columns}) AS line FROM {table} ORDER BY line");
                diesel::sql_query(sql).load::<Line>(conn).unwrap()
            }
            Conn::Postgres(conn) => {
                let columns = columns.split(", ").filter(numbered).collect::<Vec<_>>().join(", ");
                if columns.is_empty() {
                    continue;
                }
                let sql =
                    format!("SELECT json_build_array({columns})::text AS line FROM {table} ORDER BY line");
                diesel::sql_query(sql).load::<Line>(conn).unwrap()
            }
        };
        all.insert(table, lines.into_iter().map(|l| l.line).collect());
    }
    all
}

on_each!(every_oddity_of_a_dump_is_used_or_listed, |new| {
    let house = new();
    let dir = small_dump(house.folder.path());
    let report = house.import(&dir).unwrap();
    let stats = house.stats();
    assert_eq!(
        stats,
        Stats {
            people: 5,
            questions: 5,
            answers: 2,
            accepted: 1,
            comments: 3,
            up_votes: 2,
            down_votes: 2,
            tags: 4,
            duplicates: 4,
            events: 5 + 7 + 3 + 4 + 1 + 1 + 2,
        }
    );
    let unused = |file: &str| report.files[file].unused.clone().into_iter().collect::<Vec<_>>();
    let pairs = |list: &[(&str, u64)]| list.iter().map(|(r, n)| ((*r).to_owned(), *n)).collect::<Vec<_>>();
    assert_eq!(
        unused("Users.xml"),
        pairs(&[
            ("CreationDate is not a date", 1),
            ("Id is not a number", 1),
            ("a row with this Id came before", 1),
            ("it has no Id", 1)
        ])
    );
    assert_eq!(unused("Tags.xml"), pairs(&[("it has no TagName", 1)]));
    assert_eq!(
        unused("Posts.xml"),
        pairs(&[
            ("a row with this Id came before", 1),
            ("an empty tag wiki", 1),
            ("an unknown type of post", 1),
            ("it has no Id", 1),
            ("it has no PostTypeId", 1),
            ("its question is not here", 1),
            ("no tag has this description", 1),
            ("posts of type 7 have no place here", 1)
        ])
    );
    assert_eq!(
        unused("PostHistory.xml"),
        pairs(&[
            ("a revision without its text", 1),
            ("a row with this Id came before", 1),
            ("history of type 24 changes no text", 1),
            ("its post is not here", 1)
        ])
    );
    assert_eq!(
        unused("Comments.xml"),
        pairs(&[("a row with this Id came before", 1), ("its post is not here", 1)])
    );
    assert_eq!(
        unused("Votes.xml"),
        pairs(&[
            ("CreationDate is not a date", 1),
            ("PostId is not a number", 1),
            ("a bookmark of the old site", 1),
            ("a bounty of the old site", 1),
            ("a row with this Id came before", 1),
            ("an acceptance its question does not know", 1),
            ("its post is not here", 1)
        ])
    );
    assert_eq!(
        unused("PostLinks.xml"),
        pairs(&[
            ("a link between posts that are no duplicates", 1),
            ("a row with this Id came before", 1),
            ("one of its questions is not here", 1)
        ])
    );
    assert_eq!(unused("Badges.xml"), pairs(&[("badges are earned anew here", 1)]));
    let listed = std::fs::read_to_string(report.unused_list.unwrap()).unwrap();
    let total: u64 = report.files.values().map(|f| f.unused_total()).sum();
    assert_eq!(listed.lines().count() as u64, total);
    assert!(listed.contains("Posts.xml\t12\tits question is not here\n"), "{listed}");
    assert!(listed.contains("Users.xml\trow 7\tit has no Id\n"), "{listed}");

    let question = house.post(10);
    let thread = house.thread(10);
    assert_eq!(question.body_html, "<p>One</p>\n");
    assert_eq!((question.body_md.as_str(), question.body_is_html, question.revision), ("One *md*", false, 3));
    assert_eq!(
        (question.up_votes, question.down_votes, question.score, question.comment_count),
        (2, 1, 1, 2)
    );
    assert_eq!(question.edited_at, Some(at("2011-02-01T00:00:00")));
    assert_eq!((thread.title.as_str(), thread.tags.as_str()), ("How <do> I start?", "c++ c#"));
    assert_eq!((thread.view_count, thread.score, thread.answer_count), (77, 1, 2));
    assert_eq!((thread.active_at, thread.active_kind.as_str()), (at("2011-03-01T00:00:00"), "answered"));
    assert_eq!(thread.accepted_answer_id, Some(house.post(11).id));
    assert_eq!(thread.accepted_at, Some(at("2011-03-05T00:00:00")));
    assert_eq!(house.post(9).thread_id, question.id, "an answer before its question is its answer");
    assert_eq!(house.post(11).author_name.as_deref(), Some("Gone Person"));
    assert_eq!(house.post(13).author_name.as_deref(), Some("Community"));
    assert_eq!(house.post(13).author_id, None);
    assert_eq!(house.post(14).author_name.as_deref(), Some("user4444"));
    assert_eq!(house.thread(13).accepted_answer_id, None, "another question's answer cannot be accepted");
    assert_eq!(house.thread(13).duplicate_of, Some(question.id), "the first master wins");
    assert_eq!(thread.duplicate_of, None, "a circle of duplicates is not closed");
    assert_eq!(house.thread(14).duplicate_of, None);
    assert_eq!(report.notes["ViewCount is not a number; it was left out"], 1);
    assert_eq!(house.thread(15).view_count, 0, "a number that is none costs no question");
    let closed: i64 = events::table
        .filter(events::kind.eq("thread_closed_as_duplicate"))
        .count()
        .get_result(&mut house.conn())
        .unwrap();
    assert_eq!(closed, 1, "the ledger tells of closings that happened");
    assert_eq!(house.post(11).editor_name.as_deref(), Some("Old Editor"));
    assert_eq!(house.post(16).body_md, "&nosuch; \u{fffd}end", "a reference to no character costs no row");
    assert!(house.post(13).body_is_html, "a history of titles alone keeps the body");

    type Revision = (i32, Option<String>, Option<String>, String, Option<String>, String);
    let history: Vec<Revision> = revisions::table
        .filter(revisions::post_id.eq(question.id))
        .order(revisions::number)
        .select((
            revisions::number,
            revisions::title,
            revisions::tags,
            revisions::body_md,
            revisions::editor_name,
            revisions::summary,
        ))
        .load(&mut house.conn())
        .unwrap();
    let row = |n, title: &str, body: &str, editor: Option<&str>, summary: &str| -> Revision {
        (n, Some(title.into()), Some("c++".into()), body.into(), editor.map(Into::into), summary.into())
    };
    assert_eq!(
        history,
        [
            row(1, "First title", "One *md*", None, ""),
            row(2, "New title", "One\n**md**", Some("Ex"), "bold"),
            row(3, "New title", "One *md*", None, "")
        ]
    );
    let bare: i64 = posts::table
        .filter(diesel::dsl::not(diesel::dsl::exists(
            revisions::table.filter(revisions::post_id.eq(posts::id)),
        )))
        .count()
        .get_result(&mut house.conn())
        .unwrap();
    assert_eq!(bare, 0, "every post has its last revision");

    let names: Vec<(Option<i64>, String, String)> = users::table
        .order(users::id)
        .select((users::origin_id, users::username, users::display_name))
        .load(&mut house.conn())
        .unwrap();
    let person = |id, name: &str, display: &str| (Some(id), name.to_owned(), display.to_owned());
    assert_eq!(
        names,
        [
            person(-1, "Community", "Community"),
            person(1, "Ann-Co", "Ann & Co"),
            person(2, "Bruno", "Bruno"),
            person(3, "bruno-3", "bruno"),
            person(4, "user-4", "user4")
        ]
    );
    let origins: HashMap<i64, (String, Option<String>, String)> = post_origins::table
        .filter(post_origins::kind.eq("post"))
        .select((
            post_origins::origin_id,
            (post_origins::url, post_origins::author_url, post_origins::licence),
        ))
        .load(&mut house.conn())
        .unwrap()
        .into_iter()
        .collect();
    let origin = |url: &str, author: Option<&str>, licence: &str| {
        (url.to_owned(), author.map(str::to_owned), licence.to_owned())
    };
    let ann = Some("https://small.example.org/users/1");
    assert_eq!(origins[&10], origin("https://small.example.org/questions/10", ann, "CC BY-SA 2.5"));
    assert_eq!(origins[&11], origin("https://small.example.org/a/11", None, "CC BY-SA 4.0"));
    assert_eq!(origins[&13].2, "CC BY-SA 3.0");
    assert_eq!(origins[&14].2, "CC BY-SA 4.0");
    let tag: (String, String, i64) = tags::table
        .filter(tags::name.eq("c++"))
        .select((tags::description_md, tags::description_html, tags::thread_count))
        .first(&mut house.conn())
        .unwrap();
    assert_eq!(tag, ("About C++\n\n<p>More</p>".into(), "<p>About C++</p>\n<p>More</p>".into(), 2));
});

on_each!(an_import_killed_at_any_transaction_ends_with_the_same_rows, |new| {
    let whole = new();
    let dir = small_dump(whole.folder.path());
    let import = |house: &House, keep_going: &dyn Fn() -> bool| {
        let mut options = Options::new(house.lists(), NOW);
        options.rows_per_commit = 4;
        options.keep_going = keep_going;
        stackexchange::import(&house.ground.target, &dir, &options)
    };
    let steps = Cell::new(0);
    let report = import(&whole, &|| {
        steps.set(steps.get() + 1);
        true
    })
    .unwrap();
    let expect = contents(&mut whole.conn());
    let list = |house: &House| {
        std::fs::read_to_string(house.lists().join("import-small.example.org-unused.tsv")).unwrap()
    };
    assert!(steps.get() > 40);
    for step in (1..=steps.get()).step_by(3) {
        let house = new();
        let left = Cell::new(step);
        let stopped = import(&house, &|| {
            left.set(left.get() - 1);
            left.get() > 0
        });
        assert!(matches!(stopped, Err(ExchangeError::Stopped)) || step == steps.get(), "step {step}");
        let again = import(&house, &|| true).unwrap();
        assert_eq!(contents(&mut house.conn()), expect, "step {step}");
        assert_eq!(again.files, report.files, "step {step}");
        assert_eq!(again.notes, report.notes, "step {step}");
        assert_eq!(list(&house), list(&whole), "step {step}");
    }
    // Killed at every step, it still ends, and with the same rows.
    let house = new();
    let mut runs = 0;
    loop {
        let left = Cell::new(4);
        match import(&house, &|| {
            left.set(left.get() - 1);
            left.get() > 0
        }) {
            Err(ExchangeError::Stopped) => runs += 1,
            other => {
                other.unwrap();
                break;
            }
        }
        assert!(runs < 10_000);
    }
    assert_eq!(contents(&mut house.conn()), expect);
});

/// The other process of the test below; on its own it does nothing.
#[test]
fn a_child_that_imports() {
    let Some(place) = std::env::var_os("LOGGIA_TEST_IMPORT") else { return };
    let place = PathBuf::from(place);
    let mut options = Options::new(place.join("lists"), NOW);
    options.rows_per_commit = 3;
    let progress = |at: exchange::Progress| println!("\ncommitted {at:?}");
    options.progress = &progress;
    let target = Target::Sqlite(place.join("loggia.sqlite"));
    stackexchange::import(&target, &place.join("small.example.org-2026"), &options).unwrap();
}

#[test]
fn an_import_whose_process_is_killed_ends_with_the_same_rows() {
    let whole = House::new(Which::Sqlite).unwrap();
    let dir = small_dump(whole.folder.path());
    let mut options = Options::new(whole.lists(), NOW);
    options.rows_per_commit = 3;
    stackexchange::import(&whole.ground.target, &dir, &options).unwrap();
    let place = tempfile::tempdir().unwrap();
    let target = Target::Sqlite(place.path().join("loggia.sqlite"));
    migrate(&target).unwrap();
    small_dump(place.path());
    let mut killed = 0;
    loop {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_child_that_imports", "--nocapture"])
            .env("LOGGIA_TEST_IMPORT", place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Each run gets a little further before it dies: in the midst of whatever comes next.
        let seen =
            lines.map_while(Result::ok).filter(|l| l.starts_with("committed")).take(9 + killed % 3).count();
        if seen < 9 + killed % 3 {
            assert!(child.wait().unwrap().success());
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed += 1;
        assert!(killed < 100);
    }
    assert!(killed > 1, "{killed}");
    let mut conn = target.connect(Access::Read).unwrap();
    assert_eq!(contents(&mut conn), contents(&mut whole.conn()));
    let list = "import-small.example.org-unused.tsv";
    let read = |folder: PathBuf| std::fs::read_to_string(folder.join(list)).unwrap();
    assert_eq!(read(place.path().join("lists")), read(whole.lists()));
}

on_each!(a_second_import_of_a_finished_site_changes_nothing, |new| {
    let house = new();
    let dir = small_dump(house.folder.path());
    let first = house.import(&dir).unwrap();
    let before = contents(&mut house.conn());
    let second = house.import(&dir).unwrap();
    assert!(second.already_there && !first.already_there);
    assert_eq!(second.files, first.files);
    assert_eq!(contents(&mut house.conn()), before);
    assert!(second.lines()[0].contains("already here"));
    // Other files of the same site are no reason to say so.
    let votes = std::fs::read_to_string(dir.join("Votes.xml")).unwrap();
    std::fs::write(dir.join("Votes.xml"), format!("{votes}\n")).unwrap();
    let said = house.import(&dir).unwrap_err().to_string();
    assert!(said.contains("Votes.xml had") && said.contains("--data"), "{said}");
    std::fs::remove_file(dir.join("Votes.xml")).unwrap();
    let said = house.import(&dir).unwrap_err().to_string();
    assert!(said.contains("Votes.xml is not there any more"), "{said}");
    assert_eq!(contents(&mut house.conn()), before);
});

on_each!(a_dump_that_is_damaged_or_incomplete_changes_nothing_and_says_where, |new| {
    let house = new();
    let dir = small_dump(house.folder.path());
    let check = |file: &str, text: &[u8], expect: &[&str]| {
        let old = std::fs::read(dir.join(file)).unwrap();
        std::fs::write(dir.join(file), text).unwrap();
        let said = house.import(&dir).unwrap_err().to_string();
        for part in expect {
            assert!(said.contains(part), "{said}");
        }
        std::fs::write(dir.join(file), old).unwrap();
        assert_eq!(house.stats().events, 0);
        let places: i64 = imports::table.count().get_result(&mut house.conn()).unwrap();
        assert_eq!(places, 0);
    };
    check("Votes.xml", b"<votes><row Id=\"1\" /><row Id=\"2\"", &["Votes.xml", "byte 21"]);
    check("Votes.xml", b"<votes><row Id=\"1\" />", &["Votes.xml", "byte 21", "cut off"]);
    check("Votes.xml", b"<votes><row Id=1 /></votes>", &["Votes.xml", "byte"]);
    check("Votes.xml", b"<votes><row Id=\"1\" Id=\"2\" /></votes>", &["Votes.xml", "duplicate"]);
    check("Votes.xml", b"<votes></notes>", &["Votes.xml", "byte"]);
    check("Votes.xml", "<a>".repeat(500).as_bytes(), &["Votes.xml", "too deep"]);
    check("Votes.xml", b"", &["Votes.xml", "byte 0"]);
    check("Votes.xml", b"\xff\xfe<\0", &["Votes.xml", "UTF-16"]);
    check("Votes.xml", b"<votes><row Id=\"\xff\" /></votes>", &["Votes.xml", "byte"]);
    std::fs::rename(dir.join("Posts.xml"), dir.join("x")).unwrap();
    assert!(house.import(&dir).unwrap_err().to_string().contains("holds no Posts.xml"));
    assert!(house.import(&dir.join("nowhere")).is_err());
    std::fs::rename(dir.join("x"), dir.join("posts.XML")).unwrap();
    for optional in
        ["Tags.xml", "Comments.xml", "Votes.xml", "PostLinks.xml", "PostHistory.xml", "Badges.xml"]
    {
        std::fs::remove_file(dir.join(optional)).unwrap();
    }
    house.import(&dir).unwrap();
    assert_eq!((house.stats().questions, house.stats().accepted, house.stats().tags), (5, 1, 3));
});

on_each!(an_import_does_not_go_on_with_other_files, |new| {
    let house = new();
    let dir = small_dump(house.folder.path());
    let calls = Cell::new(0);
    let mut options = Options::new(house.lists(), NOW);
    let keep_going = || {
        calls.set(calls.get() + 1);
        calls.get() < 5
    };
    options.keep_going = &keep_going;
    assert!(matches!(
        stackexchange::import(&house.ground.target, &dir, &options),
        Err(ExchangeError::Stopped)
    ));
    std::fs::write(dir.join("Badges.xml"), "<badges></badges>").unwrap();
    assert!(house.import(&dir).unwrap_err().to_string().contains("not those this import began with"));
});

/// The real site's folder, when it is there.
fn italian() -> Option<PathBuf> {
    let shared = std::env::var_os("LOGGIA_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data"), PathBuf::from);
    let dir = shared.join("dumps/italian.stackexchange.com-2014");
    if !dir.is_dir() {
        eprintln!("skipped: the Italian site is not in {}", dir.display());
        return None;
    }
    Some(dir)
}

/// The rows of a file, each Id once, read by cutting its text: nothing of the importer's own is used.
fn plain_rows(dir: &Path, file: &str) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(dir.join(file)).unwrap();
    let mut rows: Vec<HashMap<String, String>> = Vec::new();
    let mut ids = HashSet::new();
    for part in text.split("<row").skip(1) {
        let mut row = HashMap::new();
        let mut rest = part.split("/>").next().unwrap();
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap();
            row.insert(name.trim().to_owned(), value.to_owned());
            rest = after;
        }
        if ids.insert(row["Id"].clone()) {
            rows.push(row);
        }
    }
    rows
}

/// Holds what was imported against the dump's files.
fn numbers_are_those_of(house: &House, dir: &Path, report: &Report) {
    let rows = plain_rows(dir, "Posts.xml");
    let id = |row: &HashMap<String, String>, key: &str| row.get(key).and_then(|v| v.parse::<i64>().ok());
    let of_type = |kind: &str| rows.iter().filter(|r| r["PostTypeId"] == kind).collect::<Vec<_>>();
    let questions: HashSet<i64> = of_type("1").iter().map(|r| id(r, "Id").unwrap()).collect();
    let answers: HashMap<i64, i64> = of_type("2")
        .iter()
        .map(|r| (id(r, "Id").unwrap(), id(r, "ParentId").unwrap()))
        .filter(|(_, parent)| questions.contains(parent))
        .collect();
    let here = |post: i64| questions.contains(&post) || answers.contains_key(&post);
    let accepted = of_type("1")
        .iter()
        .filter(|r| id(r, "AcceptedAnswerId").is_some_and(|a| answers.get(&a) == id(r, "Id").as_ref()))
        .count();
    let comments = plain_rows(dir, "Comments.xml").iter().filter(|r| here(id(r, "PostId").unwrap())).count();
    let mut scores: HashMap<i64, (i64, i64)> = HashMap::new();
    for vote in plain_rows(dir, "Votes.xml") {
        let post = id(&vote, "PostId").unwrap();
        match vote["VoteTypeId"].as_str() {
            "2" if here(post) => scores.entry(post).or_default().0 += 1,
            "3" if here(post) => scores.entry(post).or_default().1 += 1,
            _ => {}
        }
    }
    let duplicates = plain_rows(dir, "PostLinks.xml")
        .iter()
        .filter(|r| r["LinkTypeId"] == "3")
        .filter(|r| questions.contains(&id(r, "PostId").unwrap()))
        .filter(|r| questions.contains(&id(r, "RelatedPostId").unwrap()))
        .count();
    let stats = house.stats();
    assert_eq!(stats.questions, questions.len() as i64);
    assert_eq!(stats.answers, answers.len() as i64);
    assert_eq!(stats.accepted, accepted as i64);
    assert_eq!(stats.comments, comments as i64);
    assert_eq!(stats.up_votes, scores.values().map(|s| s.0).sum::<i64>());
    assert_eq!(stats.down_votes, scores.values().map(|s| s.1).sum::<i64>());
    assert_eq!(stats.duplicates, duplicates as i64);
    assert_eq!(stats.people, plain_rows(dir, "Users.xml").len() as i64);
    let found: Vec<(i64, i64, i64, i64)> = posts::table
        .inner_join(post_origins::table.on(post_origins::post_id.eq(posts::id)))
        .filter(post_origins::kind.eq("post"))
        .select((post_origins::origin_id, posts::up_votes, posts::down_votes, posts::score))
        .load(&mut house.conn())
        .unwrap();
    assert_eq!(found.len(), questions.len() + answers.len());
    for (origin, up, down, score) in found {
        let (expect_up, expect_down) = scores.get(&origin).copied().unwrap_or_default();
        assert_eq!((up, down, score), (expect_up, expect_down, expect_up - expect_down), "post {origin}");
    }
    for (file, count) in &report.files {
        let all = std::fs::read_to_string(dir.join(file)).unwrap().matches("<row ").count();
        assert_eq!(count.read, all as u64, "{file}");
        assert_eq!(count.read, count.used + count.unused_total(), "{file}");
    }
    let wrong: i64 = threads::table
        .inner_join(posts::table.on(posts::id.eq(threads::id)))
        .filter(posts::score.ne(threads::score))
        .count()
        .get_result(&mut house.conn())
        .unwrap();
    assert_eq!(wrong, 0);
}

on_each!(a_dump_of_any_year_comes_in_whole, |new| {
    let house = new();
    let dir = strange_dump(house.folder.path());
    let report = house.import(&dir).unwrap();
    numbers_are_those_of(&house, &dir, &report);
    let stats = house.stats();
    assert_eq!((stats.people, stats.questions, stats.answers, stats.accepted), (6, 6, 5, 1));
    assert_eq!((stats.comments, stats.up_votes, stats.down_votes, stats.duplicates), (5, 4, 1, 3));
    for key in ["ViewCount", "LastEditorUserId", "OwnerUserId", "UserId"] {
        assert!(report.notes.contains_key(&format!("{key} is not a number; it was left out")), "{key}");
    }
    for key in ["LastEditDate", "LastActivityDate"] {
        assert_eq!(report.notes[&format!("{key} is not a date; it was left out")], 1);
    }
    let first = house.thread(1);
    assert_eq!((first.answer_count, first.view_count, first.active_at), (3, 0, first.created_at));
    assert_eq!(house.post(1).author_name.as_deref(), Some("Somebody"));
    assert_eq!(house.post(1).comment_count, 2);
    assert_eq!(house.thread(3).tags, "a.b my-tag");
    assert_eq!(house.thread(4).tags, "two words");
    assert_eq!(report.notes["tags that are written otherwise here, or not at all"], 2);
    assert_eq!(house.post(3).created_at, at("2009-04-30T07:06:33.770"));
    assert_eq!(house.post(4).created_at, at("2009-05-01T00:00:00"));
    assert_eq!((house.post(5).author_id, house.post(5).author_name), (None, None));
    assert_eq!(house.post(6).author_name.as_deref(), Some("user9"), "a number that is nobody's");
    assert_eq!(house.thread(6).title.chars().count(), 300);
    assert_eq!(house.thread(7).title, "😀 🧑🏽 𝕏");
    assert!(house.post(7).body_md.contains("bell: end"), "{:?}", house.post(7).body_md);
    let strange = |text: &str| text.chars().any(|c| c.is_control() && c != '\n' && c != '\t');
    let bodies: Vec<(String, String)> =
        posts::table.select((posts::body_md, posts::body_html)).load(&mut house.conn()).unwrap();
    for (md, html) in bodies {
        assert!(!strange(&md) && !strange(&html), "{md:?} {html:?}");
    }
    // Two edits without the numbers that tell edits apart, at two moments.
    assert_eq!((house.post(7).revision, house.post(2).revision), (2, 1));
    for name in tags::table.select(tags::name).load::<String>(&mut house.conn()).unwrap() {
        assert!(loggia::kernel::names::TagName::parse(&name).is_ok(), "{name}");
    }
});

on_each!(the_italian_sites_numbers_are_those_of_its_files, |new| {
    let Some(dir) = italian() else { return };
    let house = new();
    let report = house.import(&dir).unwrap();
    numbers_are_those_of(&house, &dir, &report);
    let stats = house.stats();
    assert_eq!((stats.questions, stats.answers, stats.accepted, stats.people), (266, 571, 141, 611));
    let licences: Vec<String> =
        post_origins::table.select(post_origins::licence).distinct().load(&mut house.conn()).unwrap();
    assert_eq!(licences, ["CC BY-SA 3.0"]);
    for line in report.lines() {
        println!("{line}");
    }
});

const LINES: &str = r#"{"kind":"user","id":1,"name":"ann","email":"ann@example.test","created":1700000000}
{"kind":"user","id":2,"name":"bruno","display_name":"Bruno P","email":"ANN@example.test","bio":"*hi*"}
{"kind":"user","id":3,"name":"dario","role":"staff","signature":"— Dario","created":1700000000}
{"kind":"user","id":4,"name":"carla","role":"moderator","created":1700000000}

{"kind":"question","id":1,"user":1,"title":"Where is it?","body":"I <b>ask</b>","tags":["place","Lost"],"views":7,"created":1700001000}
{"kind":"question","id":2,"user":2,"title":"Where is it again?","body":"I ask","tags":["place"],"created":1700002000}
{"kind":"answer","id":1,"question":1,"user":2,"body":"Here","score":3,"created":1700003000}
{"kind":"answer","id":2,"question":1,"user":1,"body":"There","score":-2,"created":1700003500}
{"kind":"comment","id":1,"post":"answer:1","user":1,"body":"Thanks","created":1700004000}
{"kind":"vote","user":1,"answer":1,"value":1,"created":1700004100}
{"kind":"vote","user":1,"answer":1,"value":-1,"created":1700004200}
{"kind":"vote","user":2,"question":1,"value":1,"created":1700004300}
{"kind":"vote","user":3,"question":1,"value":1,"created":1700004300}
{"kind":"vote","user":3,"question":1,"value":0,"created":1700004400}
{"kind":"accept","question":1,"answer":2,"user":1,"created":1700005000}
{"kind":"accept","question":1,"answer":1,"user":1,"created":1700005100}
{"kind":"me_too","question":1,"user":2,"created":1700005200}
{"kind":"me_too","question":1,"user":2,"created":1700005200}
{"kind":"follow","question":1,"user":2,"created":1700005200}
{"kind":"edit","post":"question:1","user":4,"title":"Where is it, please?","tags":["place"],"body":"I ask kindly","summary":"kinder","created":1700006000}
{"kind":"duplicate","question":2,"of":1,"user":4,"reason":"same","created":1700006100}
{"kind":"flag","post":"answer:2","user":2,"reason":"outdated","note":"old","created":1700006200}
{"kind":"hide","post":"answer:2","user":4,"reason":"wrong","created":1700006300}
{"kind":"case","question":1,"user":4,"note":"please","created":1700006400}
{"kind":"take","question":1,"user":3,"created":1700006500}
{"kind":"answer","id":3,"question":1,"user":3,"body":"Officially here","official":true,"created":1700006600}
{"kind":"confirm","user":4,"answer":1,"value":true,"created":1700006700}
{"kind":"confirm","user":4,"answer":1,"value":false,"created":1700006800}
{"kind":"verdict","user":3,"answer":1,"value":"verified","note":"tried it","created":1700006900}
{"kind":"delete","post":"answer:3","user":3,"created":1700007000}
{"kind":"undelete","post":"answer:3","user":3,"created":1700007100}
"#;

const BAD_LINES: [(&str, &str); 28] = [
    (
        "{\"kind\":\"confirm\",\"user\":1,\"answer\":1,\"value\":\"yes\"}",
        "a confirmation is true, false or null",
    ),
    (
        "{\"kind\":\"confirm\",\"user\":2,\"answer\":1,\"value\":true}",
        "refused: You cannot say that of your own answer.",
    ),
    (
        "{\"kind\":\"verdict\",\"user\":3,\"answer\":1,\"value\":\"fine\"}",
        "a verdict is verified, refuted, outdated or null",
    ),
    (
        "{\"kind\":\"verdict\",\"user\":1,\"answer\":1,\"value\":\"refuted\"}",
        "refused: Staff, moderators and members whose answers in this topic proved right can judge an answer.",
    ),
    (
        "{\"kind\":\"delete\",\"post\":\"answer:1\",\"user\":3}",
        "refused: This can no longer be deleted: others have answered it, or it is the solution.",
    ),
    ("{", "it is not JSON"),
    ("[1]", "a field is of another type than it should be"),
    ("{\"kind\":\"user\",\"id\":\"x\",\"name\":\"x\"}", "a field is of another type than it should be"),
    ("{}", "it has no kind"),
    ("{\"kind\":\"spell\"}", "an unknown kind"),
    ("{\"kind\":\"user\",\"id\":1,\"name\":\"again\"}", "this id came before"),
    ("{\"kind\":\"user\",\"id\":9,\"name\":\"x\",\"role\":\"god\"}", "an unknown role"),
    ("{\"kind\":\"question\",\"id\":1,\"user\":1,\"title\":\"x\",\"body\":\"x\"}", "this id came before"),
    ("{\"kind\":\"question\",\"id\":9,\"user\":77,\"title\":\"x\",\"body\":\"x\"}", "its user is not here"),
    (
        "{\"kind\":\"question\",\"id\":9,\"user\":1,\"title\":\" \",\"body\":\"x\"}",
        "its title or body is empty",
    ),
    (
        "{\"kind\":\"question\",\"id\":9,\"user\":1,\"title\":\"x\",\"body\":\"x\",\"created\":-5}",
        "created is no time",
    ),
    ("{\"kind\":\"answer\",\"id\":9,\"user\":1,\"question\":77,\"body\":\"x\"}", "its post is not here"),
    (
        "{\"kind\":\"answer\",\"id\":9,\"user\":1,\"question\":1,\"body\":\"x\",\"score\":5000}",
        "its score is beyond 1,000",
    ),
    (
        "{\"kind\":\"answer\",\"id\":9,\"user\":1,\"question\":1,\"body\":\"x\",\"official\":true}",
        "an official answer by somebody who is not staff",
    ),
    ("{\"kind\":\"comment\",\"user\":1,\"post\":\"comment:1\",\"body\":\"x\"}", "a comment on a comment"),
    ("{\"kind\":\"comment\",\"user\":1,\"post\":\"x\",\"body\":\"x\"}", "post is no post's name"),
    (
        "{\"kind\":\"vote\",\"user\":1,\"question\":1,\"value\":1}",
        "refused: You cannot vote on your own post.",
    ),
    ("{\"kind\":\"vote\",\"user\":2,\"question\":1,\"value\":99999}", "a vote is 1, -1 or 0"),
    ("{\"kind\":\"accept\",\"question\":2,\"answer\":1}", "its answer belongs to another question"),
    (
        "{\"kind\":\"accept\",\"question\":1,\"answer\":2}",
        "refused: Only the person who asked can accept an answer.",
    ),
    ("{\"kind\":\"duplicate\",\"question\":1,\"of\":2,\"user\":4}", "a duplicate of itself"),
    (
        "{\"kind\":\"flag\",\"post\":\"answer:1\",\"user\":1,\"reason\":\"boring\"}",
        "an unknown reason of a flag",
    ),
    ("{\"kind\":\"take\",\"question\":2,\"user\":3}", "it has no open case"),
];

fn import_lines(
    house: &House,
    file: &Path,
    per_commit: usize,
    keep_going: &dyn Fn() -> bool,
) -> Result<Report, ExchangeError> {
    let mut options = Options::new(house.lists(), NOW);
    options.rows_per_commit = per_commit;
    options.keep_going = keep_going;
    jsonl::import(&house.ground.target, file, &options)
}

on_each!(lines_of_json_have_the_effects_of_the_acts_they_tell, |new| {
    let house = new();
    let file = house.folder.path().join("lines.jsonl");
    std::fs::write(&file, LINES).unwrap();
    let report = import_lines(&house, &file, 1_000, &|| true).unwrap();
    let count = &report.files["lines.jsonl"];
    assert_eq!((count.read, count.used), (32, 31));
    assert_eq!(count.unused["an empty line"], 1);
    assert_eq!(
        house.stats(),
        Stats {
            people: 4,
            questions: 2,
            answers: 3,
            accepted: 1,
            comments: 1,
            up_votes: 4,
            down_votes: 3,
            tags: 2,
            duplicates: 1,
            events: 4 + 2 + 3 + 5 + 1 + 5 + 3 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 1 + 3 + 6,
        }
    );
    let conn = &mut house.conn();
    let thread: Thread = threads::table.find(1).select(Thread::as_select()).first(conn).unwrap();
    assert_eq!((thread.title.as_str(), thread.slug.as_str()), ("Where is it, please?", "where-is-it-please"));
    assert_eq!(
        (thread.tags.as_str(), thread.score, thread.answer_count, thread.view_count),
        ("place", 1, 2, 7)
    );
    assert_eq!((thread.active_kind.as_str(), thread.active_at), ("answered", 1_700_006_600_000_000));
    let (me_too, escalated, official): (i64, bool, Option<i64>) = threads::table
        .find(1)
        .select((threads::me_too_count, threads::escalated, threads::official_answer_id))
        .first(conn)
        .unwrap();
    assert_eq!((me_too, escalated), (1, false));
    let (signature, is_official): (Option<String>, bool) =
        posts::table.find(official.unwrap()).select((posts::signature, posts::official)).first(conn).unwrap();
    assert_eq!((signature.as_deref(), is_official), (Some("— Dario"), true));
    let answer: Post =
        posts::table.find(thread.accepted_answer_id.unwrap()).select(Post::as_select()).first(conn).unwrap();
    assert_eq!((answer.up_votes, answer.down_votes, answer.score, answer.comment_count), (3, 1, 2, 1));
    let question: Post = posts::table.find(1).select(Post::as_select()).first(conn).unwrap();
    assert_eq!((question.body_md.as_str(), question.revision), ("I ask kindly", 2));
    let tag: i64 = tags::table.filter(tags::name.eq("lost")).select(tags::thread_count).first(conn).unwrap();
    assert_eq!(tag, 0);
    let people: Vec<(String, Option<String>, i64)> = users::table
        .order(users::id)
        .select((users::username, users::email, users::created_at))
        .load(conn)
        .unwrap();
    assert_eq!(people[0], ("ann".into(), Some("ann@example.test".into()), 1_700_000_000_000_000));
    assert_eq!(
        people[1],
        ("bruno".into(), None, 1_700_002_000_000_000),
        "without a date: with the first post"
    );
    let state: String = cases::table.select(cases::state).first(conn).unwrap();
    assert_eq!(state, "answered");
    let left: i64 = imported_rows::table.count().get_result(conn).unwrap();
    assert_eq!(left, 0, "what was remembered for a restart is gone");
    assert!(import_lines(&house, &file, 10, &|| true).unwrap().already_there);
});

on_each!(a_file_that_is_in_is_known_by_its_start_and_its_length, |new| {
    let house = new();
    let file = house.folder.path().join("lines.jsonl");
    let more = "{\"kind\":\"me_too\",\"question\":2,\"user\":1}\n";
    let first = LINES.lines().next().unwrap();
    for start in [LINES, &format!("{first}\n")] {
        std::fs::write(&file, start).unwrap();
        import_lines(&house, &file, 10, &|| true).unwrap();
        let before = contents(&mut house.conn());
        assert!(import_lines(&house, &file, 10, &|| true).unwrap().already_there);
        std::fs::write(&file, format!("{start}{more}")).unwrap();
        let said = import_lines(&house, &file, 10, &|| true).unwrap_err().to_string();
        let (then, now) = (start.len(), start.len() + more.len());
        assert!(said.contains(&format!("lines.jsonl had {then} bytes and has {now}")), "{said}");
        assert!(said.contains("another name"), "{said}");
        assert_eq!(contents(&mut house.conn()), before);
    }
});

on_each!(a_hidden_answer_solves_nothing_and_is_not_the_brands, |new| {
    let house = new();
    let file = house.folder.path().join("hidden.jsonl");
    let more = [
        r#"{"kind":"hide","post":"answer:1","user":4,"reason":"wrong"}"#,
        r#"{"kind":"hide","post":"answer:3","user":4,"reason":"wrong"}"#,
        r#"{"kind":"edit","post":"question:1","tags":["my_tag","two words"]}"#,
    ];
    std::fs::write(&file, LINES.to_owned() + &more.join("\n")).unwrap();
    let report = import_lines(&house, &file, 10, &|| true).unwrap();
    assert_eq!(house.stats().accepted, 0);
    assert_eq!(report.notes["tags that are written otherwise here, or not at all"], 2);
    type Found = (Option<i64>, Option<i64>, Option<i64>, i64, String);
    let thread: Found = threads::table
        .find(1)
        .select((
            threads::accepted_answer_id,
            threads::accepted_at,
            threads::official_answer_id,
            threads::answer_count,
            threads::tags,
        ))
        .first(&mut house.conn())
        .unwrap();
    assert_eq!(thread, (None, None, None, 0, "my-tag two-words".into()));
    let taken: i64 = events::table
        .filter(events::kind.eq("answer_unaccepted"))
        .count()
        .get_result(&mut house.conn())
        .unwrap();
    assert_eq!(taken, 2, "once for another answer, once for hiding it");
});

on_each!(bad_lines_are_listed_with_their_number_and_the_others_used, |new| {
    let house = new();
    let file = house.folder.path().join("bad lines.jsonl");
    let mut text = LINES.as_bytes().to_vec();
    for (line, _) in BAD_LINES {
        text.extend_from_slice(line.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"{\"kind\":\"\xff\"}\n");
    text.extend(std::iter::repeat_n(b'x', 5 << 20));
    text.extend_from_slice(b"\n{\"kind\":\"me_too\",\"question\":2,\"user\":1}");
    std::fs::write(&file, text).unwrap();
    let report = import_lines(&house, &file, 7, &|| true).unwrap();
    let list = std::fs::read_to_string(report.unused_list.unwrap()).unwrap();
    let first = LINES.lines().count() + 1;
    for (at, (line, reason)) in BAD_LINES.iter().enumerate() {
        let expect = format!("bad lines.jsonl\tline {}\t{reason}\n", first + at);
        assert!(list.contains(&expect), "{line}: {list}");
    }
    assert!(list.contains("it is not UTF-8") && list.contains("it is longer than 4 MiB"));
    assert_eq!(report.files["bad lines.jsonl"].used, 32, "the last line has no end and is used");
});

on_each!(lines_of_json_killed_at_any_transaction_end_with_the_same_rows, |new| {
    let whole = new();
    let file = whole.folder.path().join("lines.jsonl");
    let mut text = LINES.to_owned();
    for (line, _) in BAD_LINES {
        text.push_str(line);
        text.push('\n');
    }
    std::fs::write(&file, text).unwrap();
    let steps = Cell::new(0);
    let counting = || {
        steps.set(steps.get() + 1);
        true
    };
    let report = import_lines(&whole, &file, 3, &counting).unwrap();
    let expect = contents(&mut whole.conn());
    for step in (1..=steps.get()).step_by(3) {
        let house = new();
        let left = Cell::new(step);
        let stopping = || {
            left.set(left.get() - 1);
            left.get() > 0
        };
        assert!(
            matches!(import_lines(&house, &file, 3, &stopping), Err(ExchangeError::Stopped)),
            "step {step}"
        );
        let again = import_lines(&house, &file, 3, &|| true).unwrap();
        assert_eq!(contents(&mut house.conn()), expect, "step {step}");
        assert_eq!(again.files, report.files, "step {step}");
    }
});

/// A community in lines: forty members who ask and answer each other, and a ring of six that praises itself.
fn lines_with_a_ring() -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    let start = 1_700_000_000;
    for user in 1..=46 {
        let _ = writeln!(text, r#"{{"kind":"user","id":{user},"name":"member{user}","created":{start}}}"#);
    }
    let (mut question, mut at) = (0, start + 40 * 86_400);
    let mut thread = |text: &mut String, asker: i64, by: i64, fans: &[i64]| {
        question += 1;
        at += 20_000;
        let body =
            format!("Text of number {question} that says nothing another one says at all, word for word.");
        let _ = writeln!(
            text,
            r#"{{"kind":"question","id":{question},"user":{asker},"title":"Question number {question}","body":"{body}","tags":["router"],"created":{at}}}"#
        );
        let then = at + 15_000;
        let _ = writeln!(
            text,
            r#"{{"kind":"answer","id":{question},"question":{question},"user":{by},"body":"An answer: {body}","created":{then}}}"#
        );
        let _ = writeln!(
            text,
            r#"{{"kind":"accept","question":{question},"answer":{question},"user":{asker},"created":{then}}}"#
        );
        for fan in fans {
            let _ = writeln!(
                text,
                r#"{{"kind":"vote","answer":{question},"user":{fan},"value":1,"created":{then}}}"#
            );
        }
    };
    let mut seed = 7u64;
    let mut member = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        1 + ((seed >> 33) % 40) as i64
    };
    for round in 0..120 {
        let (asker, by) = (member(), member());
        let mut fans: Vec<i64> = (0..4).map(|_| member()).filter(|fan| *fan != by && *fan != asker).collect();
        fans.sort_unstable();
        fans.dedup();
        if asker != by {
            thread(&mut text, asker, by, &fans);
        }
        let (asker, by) = (41 + round % 6, 41 + (round + 1 + round % 5) % 6);
        if round % 2 == 0 && asker != by {
            let fans: Vec<i64> = (41..=46).filter(|fan| *fan != by && *fan != asker).collect();
            thread(&mut text, asker, by, &fans);
        }
    }
    text
}

on_each!(a_ring_in_a_file_is_held_where_the_same_part_of_the_file_holds_it, |new| {
    let text = lines_with_a_ring();
    let read = |text: &str| {
        let house = new();
        let file = house.folder.path().join("ring.jsonl");
        std::fs::write(&file, text).unwrap();
        import_lines(&house, &file, 50, &|| true).unwrap();
        house
    };
    let standing = |house: &House, at: Option<Moment>| {
        let register = loggia::reputation::register::register(&mut house.conn(), at, None).unwrap().unwrap();
        (serde_json::to_string(&register).unwrap(), register)
    };
    let whole = read(&text);
    let (_, register) = standing(&whole, None);
    let ring: Vec<_> = register.members.iter().filter(|member| !member.held_by.is_empty()).collect();
    assert_eq!(ring.len(), 6, "{:?}", ring.iter().map(|member| &member.user).collect::<Vec<_>>());
    for member in ring {
        assert!(member.id.0 > 40, "an honest member is held");
        assert_eq!((member.points, member.authority.bound), (0, 0.0), "{}", member.user);
        assert!(member.revoked.iter().any(|gone| gone.why == "credit_held"), "{:?}", member.revoked);
    }
    assert!(register.members.iter().filter(|member| member.authority.bound > 0.0).count() > 20);
    let found: Vec<(String, String)> =
        findings::table.select((findings::kind, findings::state)).load(&mut whole.conn()).unwrap();
    assert_eq!(found, [("ring".to_owned(), "held".to_owned())]);

    // As it was at any time is as it is where only so much of the file was read.
    for lines in [300, 500, 700] {
        let part: Vec<&str> = text.lines().take(lines).collect();
        let last: serde_json::Value = serde_json::from_str(part[lines - 1]).unwrap();
        let next: serde_json::Value = serde_json::from_str(text.lines().nth(lines).unwrap()).unwrap();
        if last["created"] == next["created"] {
            continue;
        }
        let then = Moment::from_unix_seconds(last["created"].as_i64().unwrap());
        let part = read(&(part.join("\n") + "\n"));
        assert_eq!(standing(&whole, Some(then)).0, standing(&part, None).0, "{lines} lines");
    }
});

on_each!(copies_in_a_file_are_found_by_their_words, |new| {
    let house = new();
    let file = house.folder.path().join("copies.jsonl");
    let mut text = String::new();
    for user in 1..=4 {
        text += &format!(
            "{{\"kind\":\"user\",\"id\":{user},\"name\":\"member{user}\",\"created\":1700000000}}\n"
        );
    }
    for n in 1..=8 {
        let at = 1_705_000_000 + n * 10_000;
        let good = format!(
            "Open panel {n} of the settings and move the third switch to the left before you restart it."
        );
        let dressed = format!("Hello! **{good}** Greetings");
        text += &format!(
            "{{\"kind\":\"question\",\"id\":{n},\"user\":1,\"title\":\"Question number {n}\",\"body\":\"It fails.\",\"created\":{at}}}\n"
        );
        text += &format!(
            "{{\"kind\":\"answer\",\"id\":{},\"question\":{n},\"user\":2,\"body\":\"{good}\",\"created\":{}}}\n",
            2 * n,
            at + 1
        );
        text += &format!(
            "{{\"kind\":\"answer\",\"id\":{},\"question\":{n},\"user\":3,\"body\":\"{dressed}\",\"created\":{}}}\n",
            2 * n + 1,
            at + 2
        );
        text += &format!(
            "{{\"kind\":\"accept\",\"question\":{n},\"answer\":{},\"user\":1,\"created\":{}}}\n",
            2 * n + 1,
            at + 3
        );
        for vote in 0..4 {
            text += &format!(
                "{{\"kind\":\"vote\",\"answer\":{},\"user\":4,\"value\":{},\"created\":{}}}\n",
                2 * n + 1,
                1 - 2 * (vote % 2),
                at + 4 + vote
            );
        }
    }
    std::fs::write(&file, text).unwrap();
    import_lines(&house, &file, 100, &|| true).unwrap();
    let found: Vec<(String, String, String)> = findings::table
        .select((findings::kind, findings::members, findings::posts))
        .order(findings::id)
        .load(&mut house.conn())
        .unwrap();
    assert!(!found.is_empty());
    assert!(found.iter().all(|(kind, members, _)| kind == "copies" && members == "3"), "{found:?}");
    let posts: usize = found.iter().map(|(_, _, posts)| posts.split(' ').count()).sum();
    assert!(posts >= 3, "{found:?}");
});
