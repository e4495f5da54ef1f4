//! tests: a PostgreSQL cluster of our own, started when the first test asks, gone with the process.
use crate::scratch;
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use loggia::db::{Target, migrate};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

const OLDEST: u32 = 15;
const TEMPLATE: &str = "loggia_template";

pub struct Cluster {
    port: u16,
    password: String,
    /// One at a time: the template must have no other visitor while it is copied.
    admin: Mutex<PgConnection>,
    next: AtomicU32,
    files: Files,
    server: Mutex<Child>,
}

/// What a cluster is started from.
struct Files {
    bin: PathBuf,
    owner: Owner,
    home: PathBuf,
    data: PathBuf,
}

static CLUSTER: OnceLock<Result<Cluster, String>> = OnceLock::new();

/// The cluster of this process, or why there is none.
pub fn cluster() -> Result<&'static Cluster, &'static str> {
    CLUSTER.get_or_init(Cluster::start).as_ref().map_err(String::as_str)
}

/// A migrated database for one test, dropped with the value; `None` (and a word about it) without PostgreSQL.
pub fn migrated() -> Option<Database> {
    ours().map(|cluster| cluster.database(Some(TEMPLATE)))
}

/// A database without any table.
pub fn empty() -> Option<Database> {
    ours().map(|cluster| cluster.database(None))
}

/// A cluster of the caller's own, to be crashed and revived; lives until the process ends.
pub fn own() -> Option<&'static Cluster> {
    let started = Cluster::start();
    let started = started.map_err(|why| scratch::skip(&format!("PostgreSQL {OLDEST} or newer"), &why));
    started.ok().map(|cluster| &*Box::leak(Box::new(cluster)))
}

fn ours() -> Option<&'static Cluster> {
    cluster().map_err(|why| scratch::skip(&format!("PostgreSQL {OLDEST} or newer"), why)).ok()
}

pub struct Database {
    cluster: &'static Cluster,
    name: String,
}

impl Database {
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }
    pub fn target(&self) -> Target {
        Target::parse(&self.url()).unwrap()
    }
    /// A connection without the house's settings, as the owner of the cluster.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url()).unwrap()
    }
    /// Cuts every connection to it, as a restart of the server does.
    pub fn cut(&self) {
        self.cluster.sql(&format!(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{}'",
            self.name
        ));
    }
    /// Takes it away under its users.
    pub fn destroy(&self) {
        self.cluster.sql(&format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.destroy();
    }
}

impl Cluster {
    fn url(&self, database: &str) -> String {
        format!("postgres://postgres:{}@127.0.0.1:{}/{database}", self.password, self.port)
    }

    fn sql(&self, statement: &str) {
        let mut admin = self.admin.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Err(error) = admin.batch_execute(statement) {
            assert!(std::thread::panicking(), "{statement}: {error}");
        }
    }

    /// A migrated database on it.
    pub fn migrated(&'static self) -> Database {
        self.database(Some(TEMPLATE))
    }

    /// Ends the server at once and in disorder, as `pg_ctl stop -m immediate` does.
    pub fn crash(&self) {
        let mut server = self.server.lock().unwrap();
        scratch::signal_group(server.id(), "QUIT");
        server.wait().unwrap();
        scratch::unwatch(server.id());
    }

    /// Starts a crashed server again, where it was.
    pub fn revive(&self) {
        let (server, admin) = launch(&self.files, self.port, &self.password).unwrap();
        *self.server.lock().unwrap() = server;
        *self.admin.lock().unwrap() = admin;
    }

    /// Stops every process of the server where it stands, or lets them go on.
    pub fn signal(&self, signal: &str) {
        let postmaster = self.server.lock().unwrap().id();
        let script = "kill -s \"$1\" \"$2\" $(ps -o pid= --ppid \"$2\")";
        Command::new("sh").args(["-c", script, "sh", signal, &postmaster.to_string()]).status().unwrap();
    }

    fn database(&'static self, template: Option<&str>) -> Database {
        let name = format!("t_{}", self.next.fetch_add(1, Ordering::Relaxed));
        self.sql(&format!("CREATE DATABASE {name} TEMPLATE {}", template.unwrap_or("template0")));
        Database { cluster: self, name }
    }

    fn start() -> Result<Cluster, String> {
        let bin = binaries()?;
        let owner = Owner::find()?;
        let home = scratch::folder("postgres");
        let password = random_word();
        let secret = home.join("password");
        fs::write(&secret, &password).map_err(|e| e.to_string())?;
        for path in [&home, &secret] {
            if let Some((uid, gid)) = owner.0 {
                chown(path, Some(uid), Some(gid)).map_err(|e| e.to_string())?;
            }
        }
        let data = home.join("data");
        let made = owner
            .command(&bin.join("initdb"), &home)
            .arg("-D")
            .arg(&data)
            .args(["-U", "postgres", "-E", "UTF8", "--locale=C", "--auth=password", "--no-sync"])
            .arg(format!("--pwfile={}", secret.display()))
            .output()
            .map_err(|e| format!("initdb does not start: {e}"))?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr).trim()));
        }
        // Between finding a free port and listening on it another program may take it.
        let mut last = String::new();
        let files = Files { bin, owner, home, data };
        for _ in 0..5 {
            let port = free_port();
            match launch(&files, port, &password) {
                Ok((server, admin)) => {
                    let (admin, server, next) = (Mutex::new(admin), Mutex::new(server), AtomicU32::new(1));
                    let cluster = Cluster { port, password, admin, next, files, server };
                    cluster.make_template()?;
                    return Ok(cluster);
                }
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    fn make_template(&self) -> Result<(), String> {
        {
            // A text order unlike that of bytes, as most installations have: it finds what relies on order.
            let mut admin = self.admin.lock().map_err(|e| e.to_string())?;
            admin
                .batch_execute(&format!(
                    "CREATE DATABASE {TEMPLATE} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
                ))
                .or_else(|_| admin.batch_execute(&format!("CREATE DATABASE {TEMPLATE} TEMPLATE template0")))
                .map_err(|e| e.to_string())?;
        }
        let target =
            Target::parse(&self.url(TEMPLATE)).ok_or("the address of the template is not understood")?;
        migrate(&target).map(|_| ()).map_err(|e| format!("the template cannot be migrated: {e}"))
    }
}

fn launch(files: &Files, port: u16, password: &str) -> Result<(Child, PgConnection), String> {
    let Files { bin, owner, home, data } = files;
    let log = fs::File::create(home.join("log")).map_err(|e| e.to_string())?;
    let mut server = owner.command(&bin.join("postgres"), home);
    server.arg("-D").arg(data);
    for setting in [
        "listen_addresses=127.0.0.1",
        &format!("port={port}"),
        "unix_socket_directories=",
        "max_connections=300",
        "shared_buffers=32MB",
        // The cluster never outlives the tests, so nothing has to survive a power cut.
        "fsync=off",
        "full_page_writes=off",
        "autovacuum=off",
        "jit=off",
        "max_parallel_workers_per_gather=0",
        "max_wal_senders=0",
        "wal_level=minimal",
        "checkpoint_timeout=1h",
    ] {
        server.args(["-c", setting]);
    }
    let mut server = server
        .stdout(Stdio::null())
        .stderr(log)
        .process_group(0)
        .spawn()
        .map_err(|e| format!("postgres does not start: {e}"))?;
    scratch::watch(server.id(), "INT");
    let url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        if let Ok(admin) = PgConnection::establish(&url) {
            return Ok((server, admin));
        }
        let ended = server.try_wait().map_err(|e| e.to_string())?.is_some();
        if ended || Instant::now() > deadline {
            end(server);
            let log = fs::read_to_string(home.join("log")).unwrap_or_default();
            return Err(format!("postgres did not answer: {}", log.trim()));
        }
        std::thread::park_timeout(Duration::from_millis(10));
    }
}

fn end(mut server: Child) {
    scratch::signal_group(server.id(), "QUIT");
    let _ = server.wait();
    scratch::unwatch(server.id());
}

pub fn free_port() -> u16 {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

fn random_word() -> String {
    let mut bytes = [0u8; 16];
    getrandom::fill(&mut bytes).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The folder of the newest server binaries that are new enough.
fn binaries() -> Result<PathBuf, String> {
    if let Some(folder) = std::env::var_os("LOGGIA_TEST_POSTGRES_BIN") {
        let folder = PathBuf::from(folder);
        return match version(&folder) {
            Some(found) if found >= OLDEST => Ok(folder),
            Some(found) => Err(format!("LOGGIA_TEST_POSTGRES_BIN names version {found}")),
            None => Err("LOGGIA_TEST_POSTGRES_BIN names a folder without initdb and postgres".into()),
        };
    }
    let mut folders: Vec<PathBuf> =
        std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default();
    // A link on the PATH leads to where the other binaries stand.
    folders.extend(
        scratch::program("initdb")
            .and_then(|path| fs::canonicalize(path).ok())
            .and_then(|path| path.parent().map(Path::to_path_buf)),
    );
    for parent in ["/usr/lib/postgresql", "/usr/local/opt", "/opt/homebrew/opt", "/usr", "/usr/local"] {
        let entries = fs::read_dir(parent).into_iter().flatten().flatten();
        folders.extend(entries.filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ours = parent == "/usr/lib/postgresql"
                || name.starts_with("postgresql@")
                || name.starts_with("pgsql");
            ours.then(|| entry.path().join("bin"))
        }));
    }
    let best =
        folders.into_iter().filter_map(|folder| Some((version(&folder)?, folder))).max_by_key(|(v, _)| *v);
    match best {
        Some((found, folder)) if found >= OLDEST => Ok(folder),
        Some((found, _)) => Err(format!("only version {found} was found")),
        None => {
            Err("no server binaries on the PATH, in /usr/lib/postgresql/*/bin or LOGGIA_TEST_POSTGRES_BIN"
                .into())
        }
    }
}

fn version(folder: &Path) -> Option<u32> {
    if !scratch::executable(&folder.join("initdb")) {
        return None;
    }
    let said = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Who owns the cluster: PostgreSQL refuses to run as root.
struct Owner(Option<(u32, u32)>);

impl Owner {
    fn find() -> Result<Owner, String> {
        let me = fs::metadata(scratch::root()).map_err(|e| e.to_string())?.uid();
        if me != 0 {
            return Ok(Owner(None));
        }
        let people = fs::read_to_string("/etc/passwd").map_err(|e| e.to_string())?;
        let people: Vec<(&str, u32, u32)> = people
            .lines()
            .filter_map(|line| {
                let mut fields = line.split(':');
                let (name, uid, gid) = (fields.next()?, fields.nth(1)?, fields.next()?);
                Some((name, uid.parse().ok()?, gid.parse().ok()?))
            })
            .filter(|&(_, uid, _)| uid != 0)
            .collect();
        let rank = |name: &str| match name {
            "postgres" => 0,
            "nobody" => 1,
            _ => 2,
        };
        people
            .into_iter()
            .min_by_key(|&(name, _, _)| rank(name))
            .map(|(_, uid, gid)| Owner(Some((uid, gid))))
            .ok_or_else(|| "the tests run as root and the machine has no other user".into())
    }

    fn command(&self, program: &Path, home: &Path) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("PG") {
                command.env_remove(name);
            }
        }
        command.current_dir(home).env("HOME", home).env("LC_ALL", "C").stdin(Stdio::null());
        if let Some((uid, gid)) = self.0 {
            command.uid(uid).gid(gid);
        }
        command
    }
}

#[test]
fn the_cluster_is_ours_alone() {
    let Some(database) = migrated() else { return };
    let wrong = database.url().replace(&database.cluster.password, "guessed");
    assert!(PgConnection::establish(&wrong).is_err(), "the cluster lets anyone in");
    let home = scratch::root().read_dir().unwrap().flatten();
    let home = home.map(|e| e.path()).find(|p| p.join("data").is_dir()).unwrap();
    assert_eq!(fs::metadata(home).unwrap().permissions().mode() & 0o077, 0);
}
