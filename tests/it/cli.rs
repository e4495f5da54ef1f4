//! tests: the program itself, run as an operator runs it: settings, accounts, backups, starting and stopping.
use crate::{dump, postgres, scratch};
use diesel::connection::SimpleConnection;
use loggia::db::{Access, Target};
use loggia::exchange::backup;
use loggia::kernel::moment::Clock;
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::time::Duration;

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo/brezza.jsonl");

/// The program in a folder of its own, without any of the machine's settings.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("LOGGIA_") || name == "DATABASE_URL" {
            command.env_remove(name.as_ref());
        }
    }
    command.current_dir(folder).env("LOGGIA_PASSWORD_MEMORY_KIB", "1024").stdin(Stdio::null());
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    program(folder).args(arguments).output().unwrap()
}

/// Runs it and wants it to succeed; what it said.
#[track_caller]
fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stdout)
}

/// Runs it and wants it to end with `code`; what it complained about.
#[track_caller]
fn refused(code: i32, folder: &Path, arguments: &[&str]) -> String {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output.stderr));
    text(&output.stderr)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn with_input(mut command: Command, input: &str) -> Output {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin: ChildStdin = child.stdin.take().unwrap();
    // A program that refuses before it reads closes the pipe.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    child.wait_with_output().unwrap()
}

fn create_user(folder: &Path, name: &str, role: &str, password: &str) -> Output {
    let mut command = program(folder);
    let email = format!("{name}@example.test");
    command.args(["user", "create", "--name", name, "--email", &email, "--role", role]);
    with_input(command, password)
}

/// A server of ours, ended with the value.
struct Server {
    child: Child,
    address: String,
    first_run: Option<String>,
    log: BufReader<std::process::ChildStderr>,
}

impl Server {
    fn start(folder: &Path) -> Server {
        let mut child = program(folder)
            // The watchdog knows ours by the folder on their command lines.
            .args(["--data", folder.join("data").to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        scratch::watch(child.id(), "TERM");
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = said.next().map(Result::unwrap).unwrap_or_default();
        let Some((_, address)) = first.split_once("Loggia is open at http://") else {
            let mut why = String::new();
            let mut log = log;
            let _ = log.read_to_string(&mut why);
            panic!("the server did not open: {first} {why}");
        };
        let address = address.to_owned();
        let owned = fs::exists(folder.join("owned")).unwrap();
        let first_run = (!owned).then(|| said.next().unwrap().unwrap());
        Server { child, address, first_run, log }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn get(&self, path: &str) -> String {
        let mut stream = self.connect();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address).unwrap();
        let mut reply = String::new();
        stream.read_to_string(&mut reply).unwrap();
        reply
    }

    fn signal(&self, name: &str) {
        scratch::signal_group(self.child.id(), name);
    }

    fn stop(mut self) -> Option<i32> {
        self.signal("TERM");
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        scratch::unwatch(self.child.id());
    }
}

/// A folder whose `data` holds the demo's community.
fn imported() -> PathBuf {
    let folder = scratch::folder("cli");
    done(&folder, &["import", "jsonl", DEMO]);
    folder
}

/// The same with one thread that is closed as a duplicate of a later one.
fn filled() -> PathBuf {
    let folder = imported();
    let mut conn = Target::Sqlite(folder.join("data/loggia.sqlite")).connect(Access::Write).unwrap();
    conn.batch_execute("UPDATE threads SET duplicate_of = (SELECT max(id) FROM threads) WHERE id = (SELECT min(id) FROM threads)")
        .unwrap();
    folder
}

fn sums(target: &Target, folder: &Path) -> backup::Sums {
    let file = folder.join("sums.tar.gz");
    backup::backup(target, &file, None, Clock::system().now(), &|_| {}).unwrap().sums
}

fn sqlite(folder: &Path, data: &str) -> Target {
    Target::Sqlite(folder.join(data).join("loggia.sqlite"))
}

#[test]
fn the_version_names_sqlite() {
    let said = done(&scratch::folder("cli"), &["--version"]);
    let (ours, sqlite) = said.trim().split_once(" (SQLite ").expect(&said);
    assert_eq!(ours, format!("loggia {}", env!("CARGO_PKG_VERSION")));
    assert!(sqlite.trim_end_matches(')').split('.').count() == 3, "{said}");
}

#[test]
fn the_help_names_every_command() {
    let said = done(&scratch::folder("cli"), &["--help"]);
    for command in [
        "serve", "demo", "import", "reindex", "replay", "stats", "user", "synonyms", "model", "backup",
        "restore", "verify", "evaluate", "doctor", "settings",
    ] {
        assert!(said.contains(&format!("\n  {command} ")), "{command} is not in the help:\n{said}");
    }
    for option in ["--data", "--listen", "--database-url", "--config"] {
        assert!(said.contains(option), "{option}");
    }
}

#[test]
fn wrong_settings_are_refused_by_name_with_what_they_take() {
    let folder = scratch::folder("cli");
    let with = |name: &str, value: &str| {
        let output = program(&folder).args(["stats"]).env(name, value).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        text(&output.stderr)
    };
    assert!(with("LOGGIA_LISEN", "x").contains("LOGGIA_LISEN"));
    assert!(with("LOGGIA_BRAND_HUE", "red").contains("brand.hue"));
    assert!(with("LOGGIA_LOG", "a=b=c").contains("log"));
    assert!(with("DATABASE_URL", "mysql://x").contains("sqlite:PATH"));
    let said = refused(2, &folder, &["stats", "--listen", "8080"]);
    assert!(said.contains("listen") && said.contains("127.0.0.1:8080"), "{said}");
    assert!(refused(2, &folder, &["stats", "--config", "nowhere.toml"]).contains("nowhere.toml"));
    refused(2, &folder, &["stats", "--nonsense"]);
    fs::write(folder.join("loggia.toml"), "[brand]\ncolour = \"red\"\n").unwrap();
    assert!(refused(2, &folder, &["stats"]).contains("brand.colour"));
    assert!(!folder.join("data").exists(), "a refused command made a data folder");
}

#[test]
fn a_command_that_only_looks_makes_no_database() {
    let folder = scratch::folder("cli");
    for arguments in [&["stats"][..], &["backup", "x.tar.gz"], &["replay"], &["reindex"]] {
        assert!(refused(1, &folder, arguments).contains("no database"), "{arguments:?}");
    }
    done(&folder, &["doctor"]);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
}

#[test]
fn an_account_is_made_from_a_line_of_standard_input() {
    let folder = scratch::folder("cli");
    let made = create_user(&folder, "elena", "admin", "olive lantern harbour\nsecond line\n");
    assert!(made.status.success(), "{}", text(&made.stderr));
    let stats: serde_json::Value = serde_json::from_str(&done(&folder, &["stats", "--json"])).unwrap();
    assert_eq!(stats["people"], 1);
    assert_eq!(stats["events"], 1);
    for key in
        ["questions", "answers", "accepted", "comments", "up_votes", "down_votes", "tags", "duplicates"]
    {
        assert_eq!(stats[key], 0, "{key}");
    }
    let again = create_user(&folder, "elena", "customer", "olive lantern harbour\n");
    assert!(text(&again.stderr).contains("taken"));
    for (name, role, password, why) in [
        ("bruno", "customer", "short", "characters"),
        ("bruno", "customer", "", "characters"),
        ("b", "customer", "olive lantern harbour", "--name"),
        ("bruno", "king", "olive lantern harbour", "customer, moderator"),
    ] {
        let refused = create_user(&folder, name, role, password);
        assert!(!refused.status.success());
        assert!(text(&refused.stderr).contains(why), "{}", text(&refused.stderr));
    }
    let mut command = program(&folder);
    command.args(["user", "set-password", "--name", "Elena"]);
    assert!(with_input(command, "another arch of stone\n").status.success());
    let said = refused(1, &folder, &["user", "erase", "--name", "elena"]);
    assert!(said.contains("only admin"), "{said}");
    create_user(&folder, "bruno", "customer", "olive lantern harbour\n");
    let said = done(&folder, &["user", "erase", "--name", "Bruno"]);
    assert!(said.contains("erased"), "{said}");
    let said = refused(1, &folder, &["user", "erase", "--name", "bruno"]);
    assert!(said.contains("nobody is called"), "{said}");
    done(&folder, &["replay"]);
}

#[test]
fn a_backup_restores_the_same_community() {
    let folder = filled();
    let said = done(&folder, &["backup", "b.tar.gz"]);
    assert!(said.contains("b.tar.gz"), "{said}");
    done(&folder, &["restore", "b.tar.gz", "--data", "other"]);
    assert_eq!(done(&folder, &["stats", "--json"]), done(&folder, &["stats", "--json", "--data", "other"]));
    assert_eq!(sums(&sqlite(&folder, "data"), &folder), sums(&sqlite(&folder, "other"), &folder));
    done(&folder, &["doctor", "--deep", "--data", "other"]);
    // A second backup takes the first one's place; a file that is none of ours does not give way.
    done(&folder, &["backup", "b.tar.gz"]);
    let said = refused(1, &folder, &["backup", "data/loggia.sqlite"]);
    assert!(said.contains("left as it is"), "{said}");
    let said = refused(1, &folder, &["restore", "b.tar.gz", "--data", "other"]);
    assert!(said.contains("not empty"), "{said}");
}

#[test]
fn a_community_moves_from_sqlite_to_postgres_and_back() {
    let Some(database) = postgres::empty() else { return };
    let folder = filled();
    let before = sums(&sqlite(&folder, "data"), &folder);
    done(&folder, &["backup", "there.tar.gz"]);
    let url = database.url();
    let on_postgres = ["--database-url", url.as_str(), "--data", "pg"];
    done(&folder, &[&["restore", "there.tar.gz"], &on_postgres[..]].concat());
    let stats = done(&folder, &["stats", "--json"]);
    assert_eq!(stats, done(&folder, &[&["stats", "--json"], &on_postgres[..]].concat()));
    assert_eq!(before, sums(&database.target(), &folder));
    done(&folder, &[&["doctor", "--deep"], &on_postgres[..]].concat());
    done(&folder, &[&["backup", "back.tar.gz"], &on_postgres[..]].concat());
    done(&folder, &["restore", "back.tar.gz", "--data", "back"]);
    assert_eq!(before, sums(&sqlite(&folder, "back"), &folder));
    // Ids go on where they stopped, and what refers to nothing is refused again.
    let mut made = program(&folder);
    made.args(["user", "create", "--name", "newcomer", "--email", "newcomer@example.test"]).args(on_postgres);
    let made = with_input(made, "olive lantern harbour\n");
    assert!(text(&made.stdout).contains("number 25"), "{}{}", text(&made.stdout), text(&made.stderr));
    let mut conn = database.target().connect(Access::Write).unwrap();
    assert!(conn.batch_execute("UPDATE threads SET duplicate_of = 999999 WHERE id = 1").is_err());
}

#[test]
fn a_damaged_backup_is_refused_and_changes_nothing() {
    let folder = filled();
    done(&folder, &["backup", "b.tar.gz"]);
    let whole = fs::read(folder.join("b.tar.gz")).unwrap();
    let damaged = folder.join("damaged.tar.gz");
    let target = sqlite(&folder, "untouched");
    let refuse = |bytes: &[u8], what: &str| {
        fs::write(&damaged, bytes).unwrap();
        let error = backup::restore(&target, &damaged, &|_| {}).expect_err(what).to_string();
        assert!(error.contains("nothing was changed"), "{what}: {error}");
        assert!(!folder.join("untouched").exists(), "{what}");
    };
    for cut in [0, 5, 30, 60, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        refuse(&whole[..cut], &format!("cut at {cut}"));
    }
    for at in (0..64).chain((64..whole.len()).step_by(whole.len() / 150)).chain(whole.len() - 10..whole.len())
    {
        let mut flipped = whole.clone();
        flipped[at] ^= 1 << (at % 8);
        refuse(&flipped, &format!("a bit of byte {at}"));
    }
    refuse(&[&whole[..], b"x"].concat(), "a byte too many");
    // A format of later days, with every sum as it should be.
    let mut tar = Vec::new();
    flate2::read::GzDecoder::new(&whole[..]).read_to_end(&mut tar).unwrap();
    let at = tar.windows(11).position(|window| window == b"\"format\": 1").unwrap();
    tar[at + 10] = b'9';
    let extra = [&b"Lg\x20\x00"[..], &[0; 32]].concat();
    let builder = flate2::GzBuilder::new().mtime(0).operating_system(255).extra(extra);
    let mut gzip = builder.write(Vec::new(), flate2::Compression::new(3));
    gzip.write_all(&tar).unwrap();
    let mut later = gzip.finish().unwrap();
    let sum = Sha256::digest(&later[48..]);
    later[16..48].copy_from_slice(&sum);
    refuse(&later, "format 9");
    let said = refused(1, &folder, &["restore", "damaged.tar.gz", "--data", "untouched"]);
    assert!(said.contains("format 9"), "{said}");
    assert!(!folder.join("untouched").exists());
}

/// Runs it where no file may grow beyond 40 to 80 KB: a write beyond fails as on a full disk.
fn without_room(folder: &Path, arguments: &[&str]) -> Output {
    let ours = program(folder);
    let mut command = Command::new("sh");
    for (name, value) in ours.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
        .args(["-c", "trap '' XFSZ; ulimit -f 80; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_loggia")])
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

#[test]
fn a_full_disk_leaves_the_last_backup_and_the_target_as_they_are() {
    let folder = filled();
    done(&folder, &["backup", "b.tar.gz"]);
    let before = fs::read(folder.join("b.tar.gz")).unwrap();
    assert!(before.len() > 82_000, "the backup is too small for this test");
    let failed = without_room(&folder, &["backup", "b.tar.gz"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    assert!(text(&failed.stderr).contains("no backup was made"), "{}", text(&failed.stderr));
    assert_eq!(fs::read(folder.join("b.tar.gz")).unwrap(), before);
    let left: Vec<_> = fs::read_dir(&folder).unwrap().flatten().map(|e| e.file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().contains("unfinished")), "{left:?}");
    let failed = without_room(&folder, &["restore", "b.tar.gz", "--data", "small"]);
    assert_eq!(failed.status.code(), Some(1), "{}", text(&failed.stderr));
    assert!(!folder.join("small/loggia.sqlite").exists());
    done(&folder, &["restore", "b.tar.gz", "--data", "small"]);
}

#[test]
fn a_second_server_on_one_folder_is_refused_and_the_first_unharmed() {
    let folder = scratch::folder("cli");
    let server = Server::start(&folder);
    let link = server.first_run.clone().unwrap();
    assert!(link.contains("/first-run?token="), "{link}");
    let said = refused(1, &folder, &["serve", "--listen", "127.0.0.1:0"]);
    assert!(said.contains("another Loggia is using the data folder"), "{said}");
    let said = refused(1, &folder, &["import", "jsonl", DEMO]);
    assert!(said.contains("another Loggia"), "{said}");
    assert!(server.get("/livez").starts_with("HTTP/1.1 200"));
    // What may run beside the server does.
    let made = create_user(&folder, "elena", "admin", "olive lantern harbour\n");
    assert!(made.status.success(), "{}", text(&made.stderr));
    done(&folder, &["backup", "beside.tar.gz"]);
    assert!(server.get("/readyz").starts_with("HTTP/1.1 200"));
    assert_eq!(server.stop(), Some(0));
    done(&folder, &["restore", "beside.tar.gz", "--data", "other"]);
    assert!(done(&folder, &["stats", "--json", "--data", "other"]).contains("\"people\":1"));
    fs::write(folder.join("owned"), "").unwrap();
    let server = Server::start(&folder);
    server.signal("INT");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_stop_lets_the_running_request_end_and_idle_connections_go() {
    let folder = scratch::folder("cli");
    let mut server = Server::start(&folder);
    let mut idle = server.connect();
    write!(idle, "GET /livez HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).unwrap();
    let mut first = [0; 15];
    idle.read_exact(&mut first).unwrap();
    let mut running = server.connect();
    write!(
        running,
        "POST /sign-in HTTP/1.1\r\nHost: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 14\r\nExpect: 100-continue\r\n\r\n",
        server.address
    )
    .unwrap();
    let mut reply = BufReader::new(running.try_clone().unwrap());
    let mut line = String::new();
    // The server waits for the body now.
    reply.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 100"), "{line}");
    server.signal("TERM");
    while !line.contains("stopping") {
        line.clear();
        assert_ne!(server.log.read_line(&mut line).unwrap(), 0, "the server said nothing about stopping");
    }
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    running.write_all(b"login=a&csrf=b").unwrap();
    let mut answer = String::new();
    reply.read_to_string(&mut answer).unwrap();
    assert!(answer.trim_start().starts_with("HTTP/1.1 4"), "{answer}");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_dump_that_is_imported_is_a_community_at_once() {
    let folder = scratch::folder("cli");
    let dump = dump::small_dump(&folder);
    let import = |site: &'static str| {
        ["import", "stackexchange", dump.to_str().unwrap(), "--site", site].map(str::to_owned)
    };
    let run_import = |site| {
        let arguments = import(site);
        run(&folder, &arguments.each_ref().map(String::as_str))
    };
    let refused = run_import("no host");
    assert!(text(&refused.stderr).contains("--site"), "{}", text(&refused.stderr));
    let done_first = run_import("old.example.net");
    assert!(done_first.status.success(), "{}", text(&done_first.stderr));
    let said = text(&done_first.stdout);
    for line in [
        "Posts.xml: 17 rows read, 9 used",
        "  1 not used: its question is not here",
        "note: ViewCount is not a number; it was left out: 1",
        "import-old.example.net-unused.tsv",
    ] {
        assert!(said.contains(line), "{said}");
    }
    let list = fs::read_to_string(folder.join("data/imports/import-old.example.net-unused.tsv")).unwrap();
    assert!(list.contains("Votes.xml\t2\ta row with this Id came before"), "{list}");
    let said = done(&folder, &["doctor", "--deep"]);
    assert!(said.contains("index content: holds every thread") && said.contains("0 errors"), "{said}");
    let stats = done(&folder, &["stats", "--json"]);
    assert!(stats.contains("\"questions\":5,\"answers\":2,\"accepted\":1,\"comments\":3"), "{stats}");
    assert!(text(&run_import("old.example.net").stdout).contains("already here"));
    done(&folder, &["backup", "b.tar.gz"]);
    done(&folder, &["restore", "b.tar.gz", "--data", "other"]);
    assert_eq!(stats, done(&folder, &["stats", "--json", "--data", "other"]));
    fs::write(folder.join("owned"), "").unwrap();
    let server = Server::start(&folder);
    let moved = server.get("/questions/10/old-words");
    assert!(moved.starts_with("HTTP/1.1 301"), "{moved}");
    let place = moved.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
    let page = server.get(&place);
    for part in ["HTTP/1.1 200", "https://old.example.net/questions/10", "CC BY-SA 2.5", "Gone Person"] {
        assert!(page.contains(part), "{part}: {page}");
    }
    let found = server.get("/search?q=start");
    assert!(found.contains(&place), "{found}");
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_doctor_says_what_to_mend() {
    let folder = imported();
    done(&folder, &["doctor", "--deep"]);
    let mut conn = sqlite(&folder, "data").connect(Access::Write).unwrap();
    conn.batch_execute(
        "UPDATE standings SET points = points + 1 WHERE user_id = (SELECT min(user_id) FROM standings)",
    )
    .unwrap();
    let output = run(&folder, &["doctor", "--deep"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("loggia replay"), "{}", text(&output.stdout));
    assert_eq!(run(&folder, &["replay"]).status.code(), Some(1));
    done(&folder, &["replay"]);
    done(&folder, &["doctor", "--deep"]);
    conn.batch_execute("PRAGMA foreign_keys = OFF; UPDATE votes SET post_id = 999999 WHERE id = 1").unwrap();
    let output = run(&folder, &["doctor"]);
    assert!(
        text(&output.stdout).contains("votes row 1 refers to a row of posts"),
        "{}",
        text(&output.stdout)
    );
    // An SMTP server that is not there.
    let port = postgres::free_port().to_string();
    let output = program(&scratch::folder("cli"))
        .arg("doctor")
        .envs([
            ("LOGGIA_MAIL_TRANSPORT", "smtp"),
            ("LOGGIA_MAIL_SMTP_HOST", "127.0.0.1"),
            ("LOGGIA_MAIL_SMTP_TLS", "none"),
            ("LOGGIA_MAIL_SMTP_PORT", &port),
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("mail.smtp_host"), "{}", text(&output.stdout));
}

#[test]
fn the_doctor_knows_each_part_that_is_not_right() {
    let folder = imported();
    let doctor = |arguments: &[&str]| {
        let output = run(&folder, &[&["doctor"], arguments].concat());
        (output.status.code(), text(&output.stdout))
    };
    let check = |arguments: &[&str], code: i32, line: &str| {
        let (ended, said) = doctor(arguments);
        assert_eq!(ended, Some(code), "{said}");
        assert!(
            said.lines().any(|l| l.split_whitespace().collect::<Vec<_>>().join(" ").starts_with(line)),
            "{said}"
        );
    };
    check(&[], 0, "warn backup: none was made yet");
    done(&folder, &["backup", "all.tar.gz"]);
    check(&[], 0, "ok backup: the last one is of");
    std::fs::write(folder.join("data/last-backup"), "2026-01-02T03:04:05Z\n").unwrap();
    check(&[], 0, "warn backup: the last one is of 2026-01-02");
    std::fs::write(folder.join("file"), "no folder").unwrap();
    check(&["--data", "file"], 1, "error data folder:");
    check(&["--database-url", "postgres://nobody@127.0.0.1:1/nothing"], 1, "error database: PostgreSQL at");
    check(&["--database-url", "sqlite:file"], 1, "error database: SQLite at file");
    check(&["--listen", "192.0.2.1:80"], 1, "error address: 192.0.2.1:80 cannot be listened on");
    let index = folder.join(format!("data/index/v{}", loggia::search::document::SCHEMA_VERSION));
    let current = std::fs::read_to_string(index.join("CURRENT")).unwrap();
    std::fs::write(index.join(current.trim()).join("meta.json"), "{").unwrap();
    let (_, said) = doctor(&[]);
    assert!(said.lines().any(|l| l.contains("search index") && !l.starts_with("ok")), "{said}");
    std::fs::remove_dir_all(folder.join("data/index")).unwrap();
    check(&[], 0, "warn search index: there is no search index");
}

#[test]
fn the_index_is_compared_with_the_database_and_every_difference_is_named() {
    let folder = imported();
    assert!(done(&folder, &["verify"]).contains("holds every thread as it is"));
    let (index, kept) = (folder.join("data/index"), folder.join("kept"));
    std::fs::rename(&index, &kept).unwrap();
    let said = run(&folder, &["verify"]);
    assert_eq!((said.status.code(), text(&said.stdout).contains("no search index")), (Some(1), true));
    std::fs::rename(&kept, &index).unwrap();
    let opened = loggia::search::Index::open(&index).unwrap().into_index();
    let stranger =
        loggia::search::ThreadDoc { thread_id: 990_001, title: "Stranger".into(), ..Default::default() };
    opened.apply(opened.place(), vec![stranger], Vec::new()).unwrap();
    drop(opened);
    let said = run(&folder, &["verify"]);
    assert_eq!(said.status.code(), Some(1));
    assert!(
        text(&said.stdout).contains("1 threads in the index, but not to be seen: 990001"),
        "{}",
        text(&said.stdout)
    );
    done(&folder, &["reindex"]);
    done(&folder, &["verify"]);
}

#[test]
fn search_is_measured_on_sets_whose_answers_are_known() {
    let folder = scratch::folder("cli");
    let write = |name: &str, lines: &str| {
        let file = fs::File::create(folder.join(name)).unwrap();
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gzip.write_all(lines.as_bytes()).unwrap();
        gzip.finish().unwrap();
    };
    write(
        "one.gz",
        "{\"id\":\"a\",\"title\":\"The router forgets its password\"}\n{\"id\":\"b\",\"title\":\"Password gone from the router\"}\n",
    );
    write(
        "two.gz",
        "{\"id\":\"c\",\"title\":\"Kettle\",\"body\":\"It whistles.\",\"answers\":[\"Descale it\"]}\n",
    );
    write("links.gz", "{\"id\":\"b\",\"duplicate_of\":\"a\"}\n");
    write(
        "queries.gz",
        "{\"query_id\":\"q1\",\"title\":\"password gone\",\"positive_ids\":[\"a\"]}\n{\"query_id\":\"q2\",\"title\":\"descale\",\"positive_ids\":[\"c\"]}\n",
    );
    let given = ["evaluate", "search", "--corpus", "one.gz", "--corpus", "two.gz", "--queries", "queries.gz"];
    let said = done(&folder, &[&given[..], &["--links", "links.gz", "--out", "run.tsv"]].concat());
    assert!(said.contains("3 documents") && said.contains("R@1      1.0000"), "{said}");
    let written = fs::read_to_string(folder.join("run.tsv")).unwrap();
    let rows: Vec<Vec<&str>> = written.lines().map(|line| line.split('\t').collect()).collect();
    assert!(rows.iter().all(|row| row.len() == 3 && row[2].parse::<f32>().unwrap() > 0.0), "{written}");
    assert_eq!((rows[0][0], rows[0][1]), ("q1", "a"), "a known duplicate stands for its master");
    assert!(!written.contains("\tb\t"), "{written}");
    // Without its links, and without the answers, less is found.
    let said = done(&folder, &[&given[..], &["--fields", "title,body", "--out", "run.tsv"]].concat());
    assert!(said.contains("R@1      0.0000"), "{said}");
    refused(2, &folder, &[&given[..], &["--fields", "tags", "--out", "run.tsv"]].concat());
    fs::write(folder.join("plain.gz"), "not gzip").unwrap();
    let said = refused(
        1,
        &folder,
        &["evaluate", "search", "--corpus", "plain.gz", "--queries", "queries.gz", "--out", "x"],
    );
    assert!(said.contains("plain.gz: not gzip text"), "{said}");
    let said = refused(1, &folder, &[&given[..], &["--model", "nothing-here", "--out", "run.tsv"]].concat());
    assert!(said.contains("nothing-here"), "{said}");
}

#[test]
fn the_demo_opens_filled_and_again() {
    let folder = scratch::folder("cli");
    let own = folder.join("own.toml");
    std::fs::write(&own, "database_url = \"sqlite:precious.sqlite\"\n[brand]\nname = \"Own\"\n").unwrap();
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let data = folder.join("demo");
        let mut child = program(&folder)
            .args(["demo", "--listen", "127.0.0.1:0"])
            .env("LOGGIA_DATA", &data)
            // The forum's own settings do not reach the demo.
            .env("LOGGIA_CONFIG", &own)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        scratch::watch(child.id(), "TERM");
        let said: Vec<String> = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap)
            .inspect(|line| {
                if line.contains("elena") {
                    scratch::signal_group(child.id(), "TERM");
                }
            })
            .collect();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        scratch::unwatch(child.id());
        for person in ["ann", "bruno", "carla", "dario", "elena"] {
            assert!(said.iter().any(|line| line.trim_start().starts_with(person)), "{said:?}");
        }
        passwords.extend(said.into_iter().filter(|line| line.contains("password")));
    }
    assert_eq!(passwords.len(), 2);
    assert_eq!(passwords[0], passwords[1]);
    assert!(!folder.join("precious.sqlite").exists());
    let stats = done(&folder, &["stats", "--json", "--data", "demo"]);
    assert!(stats.contains("\"people\":24,\"questions\":45"), "{stats}");
    create_user(&folder, "elena", "admin", "olive lantern harbour\n");
    assert!(refused(1, &folder, &["demo", "--data", "data"]).contains("no demo"));
    let elsewhere = ["demo", "--data", "other", "--database-url", "sqlite:data/loggia.sqlite"];
    assert!(refused(1, &folder, &elsewhere).contains("no demo"));
    let moved = ["demo", "--data", "demo", "--database-url", "sqlite:data/loggia.sqlite"];
    assert!(refused(1, &folder, &moved).contains("lives in"));
    let stats = done(&folder, &["stats", "--json"]);
    assert!(stats.contains("\"people\":1,\"questions\":0"), "{stats}");
}

#[test]
fn synonyms_are_checked_put_in_force_and_shown() {
    let folder = scratch::folder("cli");
    let file = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    file("good.toml", "[[same]]\nwords = [\"wifi\", \"wlan\"]\n");
    file("bad.toml", "[[same]]\nwords = [\"wifi\", \"wlan\"]\n\n[[also]]\nfrom = \"login\"\n");
    assert_eq!(done(&folder, &["synonyms", "check", "good.toml"]), "1 rules\n");
    let said = refused(1, &folder, &["synonyms", "check", "bad.toml"]);
    assert!(said.contains("bad.toml: Line 4 cannot be read"), "{said}");
    refused(1, &folder, &["synonyms", "show"]);
    done(&folder, &["synonyms", "load", "good.toml"]);
    refused(1, &folder, &["synonyms", "load", "bad.toml"]);
    assert_eq!(done(&folder, &["synonyms", "show"]), "[[same]]\nwords = [\"wifi\", \"wlan\"]\n");
    assert!(done(&folder, &["synonyms", "load", "good.toml"]).contains("as it was"));
}
