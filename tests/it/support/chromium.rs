//! Drives headless Chromium over the `DevTools` protocol: NUL-terminated JSON messages over two pipes.
//! The pipes need no network and no WebSocket crate; a shell passes them on as file descriptors 3 and 4.

use serde_json::{Value, json};
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

/// A page that takes longer than this hangs.
const TIMEOUT: Duration = Duration::from_secs(240);

/// A running browser with one page.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    /// Events received since they were last taken.
    events: VecDeque<Value>,
    session: String,
    n_sent: u64,
    _profile: tempfile::TempDir,
}

/// Chromium's path and the source of axe-core.
pub(crate) fn tools() -> (String, String) {
    let chromium = std::env::var("HOOKFERRY_CHROMIUM").unwrap_or_else(|_| "chromium".to_owned());
    let axe = std::env::var_os("HOOKFERRY_AXE").expect("HOOKFERRY_AXE names axe-core's axe.min.js");
    (chromium, std::fs::read_to_string(axe).unwrap())
}

impl Browser {
    /// Starts a browser that has one empty page.
    pub(crate) fn start(chromium: &str) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args([
                "-c",
                r#"exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null 2>/dev/null"#,
                "sh",
                chromium,
            ])
            .args([
                "--headless",
                "--remote-debugging-pipe",
                "--disable-gpu",
                "--no-first-run",
            ])
            // Chromium cannot sandbox as root; the page is our own file.
            .args([
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-background-networking",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (send, messages) = mpsc::channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|n| n > 0) {
                message.pop();
                let Ok(value) = serde_json::from_slice(&message) else {
                    return;
                };
                if send.send(value).is_err() {
                    return;
                }
                message.clear();
            }
        });
        let mut browser = Self {
            child,
            commands,
            messages,
            events: VecDeque::new(),
            session: String::new(),
            n_sent: 0,
            _profile: profile,
        };
        browser.attach();
        browser
    }

    fn attach(&mut self) {
        let target = self.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = self.call("Target.attachToTarget", &attach);
        session["sessionId"]
            .as_str()
            .unwrap()
            .clone_into(&mut self.session);
        for domain in ["Page", "Runtime", "Log", "Network", "Audits"] {
            self.call(&format!("{domain}.enable"), &json!({}));
        }
    }

    /// Sends a command and returns its result.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: &Value) -> Value {
        self.n_sent += 1;
        let mut message = json!({"id": self.n_sent, "method": method, "params": parameters});
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        loop {
            let message = self.messages.recv_timeout(TIMEOUT).expect(method);
            if message["id"] == self.n_sent {
                assert!(
                    message.get("error").is_none(),
                    "{method}: {}",
                    message["error"]
                );
                return message["result"].clone();
            }
            self.events.push_back(message);
        }
    }

    /// Waits for an event of this method.
    fn wait_for_event(&mut self, method: &str) {
        let is_expected = |event: &Value| event["method"] == method;
        while !self.events.iter().any(is_expected) {
            let message = self.messages.recv_timeout(TIMEOUT).expect(method);
            self.events.push_back(message);
        }
    }

    /// Opens a file with an optional fragment, waits until it has loaded, and returns the events received meanwhile.
    pub(crate) fn open(&mut self, path: &Path, fragment: &str) -> Vec<Value> {
        // A change of the fragment alone does not reload the page.
        self.call("Page.navigate", &json!({"url": "about:blank"}));
        self.wait_for_event("Page.loadEventFired");
        self.events.clear();
        let url = format!("file://{}{fragment}", path.display());
        self.call("Page.navigate", &json!({"url": url}));
        self.wait_for_event("Page.loadEventFired");
        self.take_events()
    }

    /// Takes the events received since the last call.
    pub(crate) fn take_events(&mut self) -> Vec<Value> {
        // A response arrives after every event that preceded the request.
        self.call("Runtime.evaluate", &json!({"expression": "0"}));
        self.events.drain(..).collect()
    }

    /// Evaluates an expression on the page, awaits a promise, and returns the value.
    #[track_caller]
    pub(crate) fn evaluate(&mut self, expression: &str) -> Value {
        let parameters =
            json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", &parameters);
        assert!(
            answer.get("exceptionDetails").is_none(),
            "{expression}: {answer}"
        );
        answer["result"]["value"].clone()
    }

    /// Presses and releases a key.
    pub(crate) fn press(&mut self, key: &str) {
        let code = match key {
            "Escape" => 27,
            "Tab" => 9,
            "Enter" => 13,
            " " => 32,
            other => u32::from(other.chars().next().unwrap()),
        };
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        let event = |kind: &str, text: &str| json!({"type": kind, "key": key, "text": text, "windowsVirtualKeyCode": code});
        let down = if text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        self.call("Input.dispatchKeyEvent", &event(down, text));
        self.call("Input.dispatchKeyEvent", &event("keyUp", ""));
    }

    /// Types text into the focused element.
    pub(crate) fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", &json!({"text": text}));
    }

    /// Emulates a CSS media type and a preferred color scheme.
    pub(crate) fn emulate(&mut self, media: &str, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call(
            "Emulation.setEmulatedMedia",
            &json!({"media": media, "features": features}),
        );
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // An open page has no state to save.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
