//! The program as its users run it: a child process with an environment of its own, and the transcript of its run.
//! Every run fails the test if the program shows a secret, unless the test says that showing it is the point.

use super::stand_in::StandIn;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// A run that takes longer hangs.
const LONGEST_RUN: Duration = Duration::from_secs(60);
/// Part of every made-up secret and of both keys.
const CANARY: &str = "canary";

/// Where runs without accounts take place; never removed, and nothing is written there.
static NOWHERE: LazyLock<PathBuf> = LazyLock::new(std::env::temp_dir);

/// A command line that is to be run.
pub(crate) struct Program<'s> {
    accounts: Option<&'s StandIn>,
    shown: String,
    words: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: String,
    reveals: bool,
    wrapper: Vec<String>,
}

/// The program while it runs.
pub(crate) struct Running<'s> {
    program: Program<'s>,
    id: u32,
    output: mpsc::Receiver<std::io::Result<Output>>,
    has_ended: Arc<AtomicBool>,
    before: Option<[usize; 2]>,
}

/// How it ended and what it said.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// What the accounts saw of it, a line a request.
    pub(crate) requests: String,
    shown: String,
    names: Vec<(String, &'static str)>,
}

impl Program<'static> {
    /// The program without any account to reach; both keys are set all the same.
    pub(crate) fn alone(command_line: &str) -> Self {
        Self::new(None, command_line)
    }
}

impl<'s> Program<'s> {
    /// The program beside two accounts.
    pub(crate) fn beside(accounts: &'s StandIn, command_line: &str) -> Self {
        Self::new(Some(accounts), command_line)
    }

    fn new(accounts: Option<&'s StandIn>, command_line: &str) -> Self {
        let (source, target) = accounts
            .map_or(("source-key-canary", "target-key-canary"), |both| {
                (both.source().key(), both.target().key())
            });
        let keys = [
            ("HOOKFERRY_SOURCE_API_KEY", source),
            ("HOOKFERRY_TARGET_API_KEY", target),
        ];
        Self {
            accounts,
            shown: command_line.to_owned(),
            words: command_line.split_whitespace().map(str::to_owned).collect(),
            environment: keys
                .map(|(name, key)| (name.to_owned(), key.to_owned()))
                .into(),
            stdin: String::new(),
            reveals: false,
            wrapper: Vec::new(),
        }
    }

    /// Adds a word to its command line, which may be empty or hold spaces.
    #[must_use]
    pub(crate) fn word(mut self, word: &str) -> Self {
        self.words.push(word.to_owned());
        self
    }

    /// Sets a variable of its environment, which is empty but for the keys.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self = self.without_env(name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Leaves a variable out of its environment.
    #[must_use]
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self
    }

    /// What it reads on standard input, which is never a terminal.
    #[must_use]
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Allows this run to show secrets.
    #[must_use]
    pub(crate) fn reveals_secrets(mut self) -> Self {
        self.reveals = true;
        self
    }

    /// Runs it by another program, such as a tracer, that is given before it.
    #[must_use]
    pub(crate) fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Runs it to its end.
    pub(crate) fn run(self) -> Run {
        self.start().finish()
    }

    /// Starts it.
    pub(crate) fn start(self) -> Running<'s> {
        let before = self.accounts.map(StandIn::n_seen);
        let mut child = self.command().spawn().unwrap();
        let id = child.id();
        let mut stdin = child.stdin.take().unwrap();
        // Who reads no input closes the pipe, and that is their right.
        let _ = stdin.write_all(self.stdin.as_bytes());
        drop(stdin);
        let (done, output) = mpsc::channel();
        let has_ended = Arc::new(AtomicBool::new(false));
        let (flag, target) = (
            Arc::clone(&has_ended),
            self.accounts.map(StandIn::target).cloned(),
        );
        std::thread::spawn(move || {
            let output = child.wait_with_output();
            flag.store(true, Ordering::SeqCst);
            // Whoever waits at the account hears of the end too: removing what is not there wakes them.
            if let Some(target) = target {
                target.remove(u64::MAX);
            }
            done.send(output)
        });
        Running {
            program: self,
            id,
            output,
            has_ended,
            before,
        }
    }

    fn ended(self, output: Output, before: Option<[usize; 2]>) -> Run {
        let requests = match (self.accounts, before) {
            (Some(accounts), Some(before)) => accounts.requests_since(before),
            _ => String::new(),
        };
        let run = Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            requests,
            names: self.names(),
            shown: self.shown,
        };
        assert!(
            !run.stderr.contains("panicked") && !run.stderr.contains("internal error"),
            "{} panicked: {}",
            run.shown,
            run.stderr
        );
        for text in [&run.stdout, &run.stderr] {
            assert!(
                self.reveals || !text.contains(CANARY),
                "{} shows a secret:\n{text}",
                run.shown
            );
        }
        run
    }

    /// The command to spawn, with pipes for its streams.
    pub(crate) fn command(&self) -> Command {
        let mut words = self.wrapper.iter().cloned();
        let mut command = match words.next() {
            None => Command::new(env!("CARGO_BIN_EXE_hookferry")),
            Some(wrapper) => {
                let mut command = Command::new(wrapper);
                command.args(words).arg(env!("CARGO_BIN_EXE_hookferry"));
                command
            }
        };
        let home = self.home();
        command
            .args(self.words.iter().map(|word| self.meant(word)))
            .env_clear()
            .env("HOME", home)
            .env("XDG_CONFIG_HOME", home.join("config"))
            .env("XDG_STATE_HOME", home.join("state"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    fn home(&self) -> &Path {
        self.accounts.map_or(NOWHERE.as_path(), StandIn::home)
    }

    fn meant(&self, word: &str) -> String {
        let mut word = word.to_owned();
        if let Some(accounts) = self.accounts {
            word = word.replace("[source]", &accounts.source().url());
            word = word.replace("[target]", &accounts.target().url());
        }
        word
    }

    /// What differs from run to run, and what stands for it.
    fn names(&self) -> Vec<(String, &'static str)> {
        let Some(accounts) = self.accounts else {
            return Vec::new();
        };
        let mut names = Vec::new();
        for (account, name) in [
            (accounts.source(), "[source]"),
            (accounts.target(), "[target]"),
        ] {
            let url = account.url();
            let host = url.trim_start_matches("http://").to_owned();
            names.extend([(url, name), (host, name)]);
        }
        names.push((accounts.home().display().to_string(), "[home]"));
        names
    }
}

impl Running<'_> {
    /// Sends it a signal, such as `INT`; one that has ended meanwhile gets none.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id.to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).output();
        assert!(sent.is_ok(), "kill -s {name} {id}");
    }

    /// Waits until it has ended, and says only how.
    pub(crate) fn status(self) -> ExitStatus {
        let output = self.output.recv_timeout(LONGEST_RUN).unwrap().unwrap();
        output.status
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    /// Waits for its end.
    pub(crate) fn finish(self) -> Run {
        match self.output.recv_timeout(LONGEST_RUN) {
            Ok(output) => self.program.ended(output.unwrap(), self.before),
            Err(RecvTimeoutError::Timeout) => {
                self.signal("KILL");
                panic!("{} did not end within a minute", self.program.shown);
            }
            Err(RecvTimeoutError::Disconnected) => panic!("the thread that waits is gone"),
        }
    }
}

impl Run {
    /// Command line, exit code, both streams and the requests: what a snapshot holds.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!("$ {}\n", format!("hookferry {}", self.shown).trim_end());
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let _ = writeln!(text, "exit code: {code}");
        for (name, stream) in [
            ("stdout", self.stdout()),
            ("stderr", in_order(&self.stderr())),
            ("requests", self.requests.clone()),
        ] {
            if !stream.is_empty() {
                let _ = write!(text, "----- {name}\n{stream}");
                if !stream.ends_with('\n') {
                    text.push_str("(no line break at the end)\n");
                }
            }
        }
        text
    }

    /// Standard output with names in place of what differs from run to run.
    pub(crate) fn stdout(&self) -> String {
        self.named(&self.stdout)
    }

    /// The same of standard error.
    pub(crate) fn stderr(&self) -> String {
        self.named(&self.stderr)
    }

    /// Both streams together.
    pub(crate) fn said(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}", self.transcript());
    }

    fn named(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (original, name) in &self.names {
            text = text.replace(original, name);
        }
        without_run_ids(&text)
    }
}

/// The text with `[run]` in place of every run id, such as 20261124-021530-7f3a2b.
pub(crate) fn without_run_ids(text: &str) -> String {
    let is_id = |bytes: &[u8]| {
        bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 15 => *byte == b'-',
            16.. => byte.is_ascii_hexdigit(),
            _ => byte.is_ascii_digit(),
        })
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.as_bytes().windows(22).position(is_id) {
        out.push_str(&rest[..at]);
        out.push_str("[run]");
        rest = &rest[at + 22..];
    }
    out + rest
}

/// Both accounts are read at once: the lines about the source go before the others of their block.
fn in_order(text: &str) -> String {
    let is_progress = |line: &&str| line.starts_with("  ");
    let is_source = |line: &&str| line.starts_with("  read source") || line.starts_with("  source");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::new();
    for block in lines.chunk_by(|a, b| is_progress(a) == is_progress(b)) {
        let (first, then): (Vec<&str>, Vec<&str>) = block.iter().partition(|line| is_source(line));
        out.extend(first);
        out.extend(then);
    }
    out
}
