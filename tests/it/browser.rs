//! tests: a real, headless Chromium for what only a browser can show.
use crate::scratch;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub struct Browser {
    pub client: Client,
    driver: Driver,
}

/// The chromedriver process. It leads a group in which Chromium runs too.
struct Driver {
    process: Child,
    url: String,
}

impl Driver {
    fn start(program: PathBuf) -> Result<Driver, String> {
        let log = scratch::folder("chromedriver").join("log");
        let mut process = Command::new(program)
            .arg("--port=0")
            // Also names our folder in its command line, by which the watchdog knows it.
            .arg(format!("--log-path={}", log.display()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|e| format!("chromedriver does not start: {e}"))?;
        scratch::watch(process.id(), "TERM");
        let stdout = process.stdout.take().unwrap();
        let mut driver = Driver { process, url: String::new() };
        let (send, port) = mpsc::channel();
        // Reads on after the port is known, so that the driver never writes into a closed pipe.
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let words = line.trim_end_matches('.').rsplit_once("successfully on port ");
                if let Some(port) = words.and_then(|(_, port)| port.parse::<u16>().ok()) {
                    let _ = send.send(port);
                }
            }
        });
        match port.recv_timeout(Duration::from_secs(90)) {
            Ok(port) => {
                driver.url = format!("http://127.0.0.1:{port}");
                Ok(driver)
            }
            Err(_) => Err("chromedriver did not say its port within 90 s".into()),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        scratch::signal_group(self.process.id(), "KILL");
        let _ = self.process.wait();
        scratch::unwatch(self.process.id());
    }
}

impl Browser {
    /// `None` where Chromium or its driver is missing; it has been said.
    pub async fn open() -> Option<Browser> {
        Browser::with_scripts(true).await
    }

    /// A browser in which pages may not run scripts, as some of their readers have it.
    pub async fn without_scripts() -> Option<Browser> {
        Browser::with_scripts(false).await
    }

    async fn with_scripts(allowed: bool) -> Option<Browser> {
        let chromium = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
            .into_iter()
            .find_map(scratch::program);
        let driver = ["chromedriver", "chromium.chromedriver"].into_iter().find_map(scratch::program);
        let (Some(chromium), Some(driver)) = (chromium, driver) else {
            scratch::skip("a browser test", "chromium and chromedriver are not both on the PATH");
            return None;
        };
        let driver = Driver::start(driver).unwrap();
        let profile = scratch::folder("chromium");
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": {
                "binary": chromium,
                "args": [
                    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
                    "--no-first-run", "--disable-background-networking", "--disable-component-update",
                    "--disable-sync", "--disable-default-apps", "--disable-extensions", "--force-color-profile=srgb",
                    "--hide-scrollbars", "--lang=en", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                    format!("--user-data-dir={}", profile.display()),
                ],
                // 1 allows, 2 blocks.
                "prefs": { "profile.managed_default_content_settings.javascript": if allowed { 1 } else { 2 } },
            },
            "goog:loggingPrefs": { "browser": "ALL" },
            "timeouts": { "pageLoad": 60_000, "script": 30_000 },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!() };
        let client =
            ClientBuilder::new(HttpConnector::new()).capabilities(capabilities).connect(&driver.url).await;
        let client = client.unwrap_or_else(|e| panic!("Chromium does not start: {e}"));
        Some(Browser { client, driver })
    }

    /// A command of the DevTools protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        self.ask("goog/cdp/execute", json!({ "cmd": command, "params": params })).await
    }

    async fn ask(&self, path: &str, body: Value) -> Value {
        let session = self.client.session_id().await.unwrap().unwrap();
        let answer = reqwest::Client::builder()
            .no_proxy()
            .build()
            .unwrap()
            .post(format!("{}/session/{session}/{path}", self.driver.url))
            .json(&body)
            .send()
            .await
            .unwrap();
        let status = answer.status();
        let mut answer: Value = answer.json().await.unwrap();
        assert!(status.is_success(), "{path}: {answer}");
        answer["value"].take()
    }

    /// A screen this many CSS pixels wide and high (Chromium's own window cannot be narrower than 500).
    pub async fn size(&self, width: u32, height: u32) {
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", params).await;
    }

    pub async fn dark(&self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let params = json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", params).await;
    }

    /// The whole page, as `target/screenshots/NAME.png`.
    pub async fn screenshot(&self, name: &str) -> PathBuf {
        use base64::Engine;
        let params = json!({ "format": "png", "captureBeyondViewport": true });
        let answer = self.devtools("Page.captureScreenshot", params).await;
        let png = base64::engine::general_purpose::STANDARD.decode(answer["data"].as_str().unwrap()).unwrap();
        let folder = scratch::target_folder().join("screenshots");
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(format!("{name}.png"));
        std::fs::write(&path, png).unwrap();
        path
    }

    /// What the console has said since last asked: refused scripts, missing files, thrown errors.
    pub async fn complaints(&self) -> Vec<String> {
        let entries = self.ask("se/log", json!({ "type": "browser" })).await;
        let entries = entries.as_array().cloned().unwrap_or_default();
        let bad =
            entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        bad.filter_map(|entry| entry["message"].as_str().map(str::to_owned)).collect()
    }

    /// Whether something on the page is wider than the screen.
    pub async fn scrolls_sideways(&self) -> bool {
        let script = "return document.documentElement.scrollWidth > document.documentElement.clientWidth";
        self.client.execute(script, Vec::new()).await.unwrap().as_bool().unwrap()
    }

    pub async fn close(self) {
        self.client.clone().close().await.unwrap();
    }
}

#[tokio::test]
async fn the_browser_opens_a_page_and_takes_its_picture() {
    let Some(browser) = Browser::open().await else { return };
    let house = crate::visitor::StandIn::open();
    browser.size(320, 640).await;
    browser.dark(true).await;
    browser.client.goto(&house.base_url).await.unwrap();
    assert_eq!(browser.client.title().await.unwrap(), "Card house");
    let dark = "return matchMedia('(prefers-color-scheme: dark)').matches && innerWidth == 320";
    assert_eq!(browser.client.execute(dark, Vec::new()).await.unwrap(), json!(true));
    assert!(!browser.scrolls_sideways().await);
    let path = browser.screenshot("card-house").await;
    assert!(std::fs::read(path).unwrap().starts_with(b"\x89PNG"));
    browser.client.execute("console.error('a test of the console')", Vec::new()).await.unwrap();
    assert!(browser.complaints().await.iter().any(|line| line.contains("a test of the console")));
    browser.close().await;
}
