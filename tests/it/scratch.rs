//! tests: one throwaway folder per test process; a watchdog ends what runs in it and removes it,
//! however the process ends.
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The read ends when the last holder of the pipe's other end, the test process, is gone: by return,
/// panic, Ctrl-C or kill -9. Only process groups noted in `pids` are signalled, and only while their
/// leader still is a program started on this folder.
const WATCHDOG: &str = r#"
while read -r _; do :; done
cd / || exit 1
ours() {
  line=$(tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" || ps -o command= -p "$1" 2>/dev/null)
  case "$line" in ''|*"$LOGGIA_SCRATCH"*) return 0 ;; *) return 1 ;; esac
}
alive() {
  for file in "$LOGGIA_SCRATCH"/pids/*; do
    [ -e "$file" ] || continue
    kill -0 -- "-${file##*/}" 2>/dev/null && return 0
  done
  return 1
}
for round in first QUIT KILL; do
  for file in "$LOGGIA_SCRATCH"/pids/*; do
    [ -e "$file" ] || continue
    pid=${file##*/}
    signal=$round
    [ "$round" = first ] && signal=$(cat "$file")
    ours "$pid" && kill -s "$signal" -- "-$pid" 2>/dev/null
  done
  tries=0
  while alive && [ "$tries" -lt 40 ]; do sleep 0.05; tries=$((tries + 1)); done
  alive || break
done
for _ in 1 2 3; do rm -rf "$LOGGIA_SCRATCH" && break; sleep 0.2; done
"#;

struct Scratch {
    root: PathBuf,
    /// Its standard input is the pipe that closes with this process.
    _watchdog: Child,
}

static SCRATCH: OnceLock<Scratch> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The folder of this process. Others may pass through it, so that a database server of another user can.
pub fn root() -> &'static Path {
    &SCRATCH.get_or_init(Scratch::make).root
}

/// A new folder that only this user can enter.
pub fn folder(name: &str) -> PathBuf {
    let path = root().join(format!("{name}-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

/// Has the watchdog end this process group, `signal` first. Its command line must name the scratch folder.
pub fn watch(leader: u32, signal: &str) {
    fs::write(root().join("pids").join(leader.to_string()), signal).unwrap();
}

/// Takes an ended process off the watchdog's list, before its number can belong to another.
pub fn unwatch(leader: u32) {
    let _ = fs::remove_file(root().join("pids").join(leader.to_string()));
}

/// Signals a process group of ours.
pub fn signal_group(leader: u32, signal: &str) {
    let _ = Command::new("sh")
        .args(["-c", "kill -s \"$1\" -- \"-$2\" 2>/dev/null", "sh", signal, &leader.to_string()])
        .status();
}

/// Whether the machine that runs the tests promises to have everything.
pub fn everything_required() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Says past the capture of test output that the running test is skipped; a failure where [`everything_required`].
pub fn skip(what: &str, why: &str) {
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("a test");
    assert!(!everything_required(), "{test} may not be skipped with CI set: {what}: {why}");
    let _ = writeln!(std::io::stderr(), "skipped: {what} for {test}: {why}");
}

/// Cargo's target folder.
pub fn target_folder() -> &'static Path {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap()
}

/// A program of this name on the PATH.
pub fn program(name: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(name))
        .find(|path| executable(path))
}

pub fn executable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

impl Scratch {
    fn make() -> Scratch {
        let root = tempfile::Builder::new().prefix("loggia-test-").tempdir_in(open_folder()).unwrap().keep();
        fs::set_permissions(&root, fs::Permissions::from_mode(0o711)).unwrap();
        fs::create_dir(root.join("pids")).unwrap();
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG])
            .env("LOGGIA_SCRATCH", &root)
            // A group of its own: Ctrl-C at the terminal must not end the one who cleans up.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Scratch { root, _watchdog: watchdog }
    }
}

/// A temporary folder that every user can pass through, all the way from the root of the disk.
fn open_folder() -> PathBuf {
    let passable = |path: &Path| {
        path.ancestors()
            .all(|p| fs::metadata(p).is_ok_and(|m| m.is_dir() && m.permissions().mode() & 0o001 != 0))
    };
    [std::env::temp_dir(), "/tmp".into(), "/var/tmp".into()]
        .into_iter()
        .filter_map(|path| fs::canonicalize(path).ok())
        .find(|path| passable(path))
        .unwrap_or_else(std::env::temp_dir)
}

#[test]
fn the_watchdog_ends_our_programs_and_leaves_no_folder() {
    let root = tempfile::Builder::new().prefix("loggia-test-").tempdir().unwrap().keep();
    fs::create_dir(root.join("pids")).unwrap();
    let mut watchdog = Command::new("sh")
        .args(["-c", WATCHDOG])
        .env("LOGGIA_SCRATCH", &root)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let start = |arg: &Path| {
        // The shell stays the leader: its command line names the folder.
        Command::new("sh")
            .args(["-c", "sleep 600; exit 0"])
            .arg(arg)
            .process_group(0)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut ours = start(&root);
    let mut stranger = start(Path::new("/elsewhere"));
    for pid in [ours.id(), stranger.id()] {
        fs::write(root.join("pids").join(pid.to_string()), "TERM").unwrap();
    }
    drop(watchdog.stdin.take());
    assert!(!ours.wait().unwrap().success());
    signal_group(stranger.id(), "CONT");
    assert!(stranger.try_wait().unwrap().is_none(), "a process that is not ours was ended");
    signal_group(stranger.id(), "KILL");
    stranger.wait().unwrap();
    watchdog.wait().unwrap();
    assert!(!root.exists());
}
