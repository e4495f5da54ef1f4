//! tests: the real program as a child process, ended as the world ends programs; and the people in it.
use crate::ground::{Ground, aside};
use crate::scratch;
use crate::visitor::Visitor;
use loggia::db::Target;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Long enough for the house's rules, in no list of leaked ones.
pub const PASSWORD: &str = "the arches face the square";

/// Where and how the program runs: a data folder, a database, settings.
pub struct Site {
    pub data: PathBuf,
    pub database: String,
    settings: Vec<(&'static str, String)>,
    logs: PathBuf,
    runs: AtomicU32,
}

/// One run of the server. Killed when dropped.
pub struct Server {
    child: Child,
    out: Option<BufReader<ChildStdout>>,
    pub log: PathBuf,
}

impl Site {
    pub fn on(ground: &Ground) -> Site {
        let url = match &ground.target {
            Target::Sqlite(path) => format!("sqlite:{}", path.display()),
            Target::Postgres(url) => url.clone(),
        };
        Site::at(&ground.data, url)
    }

    pub fn at(data: &Path, database: String) -> Site {
        Site {
            data: data.to_owned(),
            database,
            settings: vec![
                ("LOGGIA_RATE_LIMITS", "false".into()),
                ("LOGGIA_PASSWORD_MEMORY_KIB", "1024".into()),
                ("LOGGIA_MAIL_TRANSPORT", "off".into()),
                ("LOGGIA_LOG", "info".into()),
            ],
            logs: scratch::folder("logs"),
            runs: AtomicU32::new(1),
        }
    }

    pub fn set(mut self, variable: &'static str, value: impl Into<String>) -> Site {
        self.settings.retain(|(name, _)| *name != variable);
        self.settings.push((variable, value.into()));
        self
    }

    /// The program with these arguments on this site, and nothing of the tests' own environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loggia"));
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("LOGGIA_") || name.starts_with("PG") || name == "DATABASE_URL" {
                command.env_remove(&*name);
            }
        }
        command
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .args(["--database-url", &self.database, "--listen", "127.0.0.1:0"])
            .envs(self.settings.iter().map(|(name, value)| (*name, value.as_str())))
            .current_dir(&self.logs)
            .stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts the server and does not wait for it.
    pub fn launch(&self) -> Server {
        let log = self.logs.join(format!("run-{}.log", self.runs.fetch_add(1, Ordering::Relaxed)));
        let mut child = self
            .command(&["serve"])
            .stdout(Stdio::piped())
            .stderr(fs::File::create(&log).unwrap())
            .process_group(0)
            .spawn()
            .unwrap();
        scratch::watch(child.id(), "KILL");
        let out = child.stdout.take().map(BufReader::new);
        Server { child, out, log }
    }

    /// Starts the server; its address once it answers there.
    pub async fn open(&self) -> (Server, String) {
        let mut server = self.launch();
        let base = server.address().await;
        (server, base)
    }

    /// Makes an account from the terminal.
    pub fn enrol(&self, name: &str, role: &str) {
        let mail = format!("{name}@example.com");
        let mut made = self
            .command(&["user", "create", "--name", name, "--email", &mail, "--role", role])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        writeln!(made.stdin.take().unwrap(), "{PASSWORD}").unwrap();
        let output = made.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}

/// Both outputs of a command.
pub fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

impl Server {
    /// The address it prints once it is open.
    pub async fn address(&mut self) -> String {
        let mut out = self.out.take().expect("asked once");
        let (out, line) = aside(move || {
            let mut line = String::new();
            let _ = out.read_line(&mut line);
            (out, line)
        })
        .await;
        self.out = Some(out);
        match line.trim().strip_prefix("Loggia is open at ") {
            Some(base) => base.to_owned(),
            None => panic!("the server did not open: {line}{}", self.journal()),
        }
    }

    /// What it has written to its log.
    pub fn journal(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// As `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        scratch::unwatch(self.child.id());
    }

    pub fn signal(&self, name: &str) {
        scratch::signal_group(self.child.id(), name);
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its exit code, and how long it took to end.
    pub async fn ended(mut self, patience: Duration) -> (Option<i32>, Duration) {
        aside(move || {
            let began = Instant::now();
            while self.runs() {
                assert!(
                    began.elapsed() < patience,
                    "the server did not end in {patience:?}: {}",
                    self.journal()
                );
                std::thread::park_timeout(Duration::from_millis(10));
            }
            let code = self.child.wait().unwrap().code();
            (code, began.elapsed())
        })
        .await
    }

    /// Asks it to end and sees that it does so in order.
    pub async fn stop(self) {
        self.signal("TERM");
        let (code, _) = self.ended(Duration::from_secs(20)).await;
        assert_eq!(code, Some(0), "an ordered stop");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Somebody signed in, whatever becomes of the server: the session is in the database.
#[derive(Debug, Clone)]
pub struct Member {
    pub name: String,
    session: String,
    pub csrf: String,
}

/// What became of a request.
#[derive(Debug)]
pub enum Reply {
    Answered {
        status: u16,
        location: String,
        retry_after: Option<u64>,
        text: String,
    },
    /// No whole answer came: it may have been done or not.
    Cut(String),
}

impl Reply {
    pub fn status(&self) -> u16 {
        match self {
            Reply::Answered { status, .. } => *status,
            Reply::Cut(_) => 0,
        }
    }

    #[track_caller]
    pub fn expect(self, wanted: u16) -> Reply {
        assert_eq!(self.status(), wanted, "{self:?}");
        self
    }

    #[track_caller]
    pub fn location(&self) -> &str {
        match self {
            Reply::Answered { status: 303, location, .. } => location,
            other => panic!("leads nowhere: {other:?}"),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Reply::Answered { text, .. } => text,
            Reply::Cut(why) => why,
        }
    }
}

impl Member {
    pub async fn sign_in(base: &str, name: &str) -> Member {
        let visitor = Visitor::new(base);
        visitor.sign_in(name, PASSWORD).await.expect(303);
        let csrf = visitor.get("/ask").await.csrf().unwrap();
        Member { name: name.to_owned(), session: visitor.cookie("loggia_session").unwrap(), csrf }
    }

    pub async fn get(&self, client: &reqwest::Client, base: &str, path: &str) -> Reply {
        take(client.get(format!("{base}{path}")).header("cookie", self.cookie())).await
    }

    pub async fn post(
        &self,
        client: &reqwest::Client,
        base: &str,
        path: &str,
        form: &[(&str, &str)],
    ) -> Reply {
        let mut form = form.to_vec();
        form.push(("csrf", &self.csrf));
        take(client.post(format!("{base}{path}")).header("cookie", self.cookie()).form(&form)).await
    }

    pub fn cookie(&self) -> String {
        format!("loggia_session={}", self.session)
    }
}

/// A client that keeps no cookies, follows nothing and never waits for ever.
pub fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(Duration::from_secs(15))
        .build()
        .unwrap()
}

pub async fn take(request: reqwest::RequestBuilder) -> Reply {
    let answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return Reply::Cut(format!("{error:?}")),
    };
    let header =
        |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned();
    let (status, location) = (answer.status().as_u16(), header("location"));
    let retry_after = header("retry-after").parse().ok();
    match answer.text().await {
        Ok(text) => Reply::Answered { status, location, retry_after, text },
        Err(error) => Reply::Cut(format!("{error:?}")),
    }
}

/// The number behind `/threads/` in an address.
pub fn thread_of(location: &str) -> i64 {
    location.split('/').nth(2).unwrap().parse().unwrap()
}

/// The number at the end of `/posts/N` or `…#post-N`, where answers and comments lead.
pub fn post_of(location: &str) -> i64 {
    location.rsplit(['/', '-']).next().unwrap().parse().unwrap()
}

/// Looks again and again until it is so.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, patience: Duration, mut look: F) {
    let began = Instant::now();
    while !look().await {
        assert!(began.elapsed() < patience, "not within {patience:?}: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}
