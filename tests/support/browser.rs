//! A browser for tests: headless Chromium, driven over the WebDriver protocol (<https://www.w3.org/TR/webdriver2/>).
#![allow(dead_code)] // Each test file uses its own part.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// Longer than any command takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running browser with one page; ends with its value.
pub struct Browser {
    _driver: Driver,
    session: String,
    agent: ureq::Agent,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts a browser; `None`, and a line on standard error, where there is none.
    pub fn start() -> Option<Self> {
        // The driver does not say early enough which port it took, so it is given one that was free a moment ago.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let driver = match driver {
            Ok(driver) => Driver(driver),
            Err(error) => {
                // Not `eprintln`, which the test harness keeps to itself.
                let _ = writeln!(std::io::stderr(), "SKIPPED, no browser: chromedriver cannot be started ({error})");
                return None;
            }
        };
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        let begin = Instant::now();
        while agent.get(&format!("http://127.0.0.1:{port}/status")).call().is_err() {
            assert!(begin.elapsed() < PATIENCE, "chromedriver does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        let profile = tempfile::tempdir().unwrap();
        let arguments = json!([
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1200,900",
            format!("--user-data-dir={}", profile.path().display()),
        ]);
        let capabilities = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": arguments },
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        } } });
        let server = format!("http://127.0.0.1:{port}/session");
        let answer = post(&agent, &server, &capabilities);
        let id = answer["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {answer}"));
        Some(Browser { session: format!("{server}/{id}"), agent, _driver: driver, _profile: profile })
    }

    /// Opens a file.
    pub fn open(&self, path: &Path) {
        self.command("url", json!({ "url": format!("file://{}", path.display()) }));
        let begin = Instant::now();
        while self.run("return document.readyState") != "complete" {
            assert!(begin.elapsed() < PATIENCE, "{} does not load", path.display());
        }
    }

    /// Runs the body of a function in the page and gives what it returns.
    pub fn run(&self, script: &str) -> Value {
        self.command("execute/sync", json!({ "script": script, "args": [] }))
    }

    /// What the page, and the browser about it, wrote to the console.
    pub fn console(&self) -> Vec<Value> {
        self.log("browser")
    }

    /// Addresses that pages opened from files asked for; the browser's own first page is none.
    pub fn requests(&self) -> Vec<String> {
        self.log("performance")
            .iter()
            .filter_map(|entry| serde_json::from_str::<Value>(entry["message"].as_str()?).ok())
            .filter(|event| event["message"]["method"] == "Network.requestWillBeSent")
            .map(|event| event["message"]["params"].clone())
            .filter(|request| request["documentURL"].as_str().is_some_and(|url| url.starts_with("file:")))
            .filter_map(|request| Some(request["request"]["url"].as_str()?.to_owned()))
            .collect()
    }

    /// Makes the window so many pixels wide, as a phone's.
    pub fn width(&self, width: u32) {
        let metrics = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Prefers dark colours, or light ones.
    pub fn dark(&self, is_dark: bool) {
        let value = if is_dark { "dark" } else { "light" };
        self.devtools(
            "Emulation.setEmulatedMedia",
            json!({ "features": [{ "name": "prefers-color-scheme", "value": value }] }),
        );
    }

    /// Keys typed into the element with the focus.
    pub fn type_text(&self, text: &str) {
        self.devtools("Input.insertText", json!({ "text": text }));
    }

    /// A key pressed and released.
    pub fn press(&self, key: &str) {
        for (kind, text) in [("keyDown", if key == "Enter" { "\r" } else { "" }), ("keyUp", "")] {
            let code = match key {
                "Enter" => 13,
                "Tab" => 9,
                _ => 0,
            };
            self.devtools(
                "Input.dispatchKeyEvent",
                json!({ "type": kind, "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code }),
            );
        }
    }

    fn devtools(&self, command: &str, parameters: Value) {
        self.command("goog/cdp/execute", json!({ "cmd": command, "params": parameters }));
    }

    fn log(&self, kind: &str) -> Vec<Value> {
        self.command("se/log", json!({ "type": kind })).as_array().cloned().unwrap_or_default()
    }

    fn command(&self, command: &str, parameters: Value) -> Value {
        post(&self.agent, &format!("{}/{command}", self.session), &parameters)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
    }
}

/// The driver's process; ends with its value, also where a test fails before there is a session.
struct Driver(Child);

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Sends a command and gives its value; an error of the driver ends the test.
fn post(agent: &ureq::Agent, url: &str, body: &Value) -> Value {
    let mut answer = agent.post(url).send_json(body).unwrap_or_else(|e| panic!("{url}: {e}"));
    let answer: Value =
        answer.body_mut().with_config().limit(1 << 28).read_json().unwrap_or_else(|e| panic!("{url}: {e}"));
    assert!(answer["value"].get("error").is_none(), "{url}: {}", answer["value"]["message"]);
    answer["value"].clone()
}
