//! Runs the program as its users do: as a child process with its own environment, recording a transcript.
//! Every run fails the test if the program prints a secret, unless the test allows that explicitly.

use super::proposals;
use super::schema;
use super::stand_in::StandIn;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

/// A run that takes longer than this hangs.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);
/// Part of every fake secret and of both API keys.
const CANARY: &str = "canary";

/// Working folder of runs without accounts. Such runs write nothing there.
static SHARED_FOLDER: LazyLock<PathBuf> = LazyLock::new(std::env::temp_dir);

/// A command line to run.
pub(crate) struct Program<'s> {
    accounts: Option<&'s StandIn>,
    command_line: String,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    stdin: String,
    allows_secrets: bool,
    wrapper: Vec<String>,
}

/// A running program.
pub(crate) struct Running<'s> {
    program: Program<'s>,
    id: u32,
    output: mpsc::Receiver<std::io::Result<Output>>,
    has_ended: Arc<AtomicBool>,
    before: Option<[usize; 2]>,
}

/// Exit code and output of a finished run.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The requests that the accounts received, one per line.
    pub(crate) requests: String,
    command_line: String,
    placeholders: Vec<(String, &'static str)>,
}

impl Program<'static> {
    /// The program without accounts. Both API keys are set nevertheless.
    pub(crate) fn without_accounts(command_line: &str) -> Self {
        Self::new(None, command_line)
    }
}

impl<'s> Program<'s> {
    /// The program with two accounts.
    pub(crate) fn with_accounts(accounts: &'s StandIn, command_line: &str) -> Self {
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
            command_line: command_line.to_owned(),
            arguments: command_line.split_whitespace().map(str::to_owned).collect(),
            environment: keys
                .map(|(name, key)| (name.to_owned(), key.to_owned()))
                .into(),
            stdin: String::new(),
            allows_secrets: false,
            wrapper: Vec::new(),
        }
    }

    /// Adds an argument, which may be empty or contain spaces.
    #[must_use]
    pub(crate) fn arg(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }

    /// Sets an environment variable. The environment otherwise holds only the API keys.
    #[must_use]
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self = self.without_env(name);
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Removes an environment variable.
    #[must_use]
    pub(crate) fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(other, _)| other != name);
        self
    }

    /// Sets its standard input, which is never a terminal.
    #[must_use]
    pub(crate) fn stdin(mut self, text: &str) -> Self {
        text.clone_into(&mut self.stdin);
        self
    }

    /// Allows this run to print secrets.
    #[must_use]
    pub(crate) fn allow_secrets(mut self) -> Self {
        self.allows_secrets = true;
        self
    }

    /// Runs it under another program, such as a tracer.
    #[must_use]
    pub(crate) fn under(mut self, wrapper: &[&str]) -> Self {
        self.wrapper = wrapper.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Runs it and waits for its end.
    pub(crate) fn run(self) -> Run {
        self.start().finish()
    }

    /// Starts it in the background.
    pub(crate) fn start(self) -> Running<'s> {
        let before = self.accounts.map(StandIn::request_counts);
        let mut child = self.command().spawn().unwrap();
        let id = child.id();
        let mut stdin = child.stdin.take().unwrap();
        // A program that reads no input may close the pipe.
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
            // Wakes tests that wait on the account: removing an unknown id notifies them, too.
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

    fn into_run(self, output: Output, before: Option<[usize; 2]>) -> Run {
        let requests = match (self.accounts, before) {
            (Some(accounts), Some(before)) => accounts.requests_since(before),
            _ => String::new(),
        };
        let prints_json = self.prints_json();
        let proposes_commands = self.proposes_commands();
        let run = Run {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
            requests,
            placeholders: self.placeholders(),
            command_line: self.command_line,
        };
        assert!(
            !run.stderr.contains("panicked") && !run.stderr.contains("internal error"),
            "{} panicked: {}",
            run.command_line,
            run.stderr
        );
        for text in [&run.stdout, &run.stderr] {
            assert!(
                self.allows_secrets || !text.contains(CANARY),
                "{} printed a secret:\n{text}",
                run.command_line
            );
        }
        if prints_json && !run.stdout.is_empty() {
            run.assert_follows_schema();
        }
        if proposes_commands {
            run.assert_understands_its_commands();
        }
        run
    }

    /// Whether its result is a JSON document.
    fn prints_json(&self) -> bool {
        let is_json = |words: &[String]| words == ["-o", "json"] || words == ["--output", "json"];
        self.arguments.windows(2).any(is_json)
    }

    /// Whether the commands in its output are for people to paste: not in a script or a manual page, and not where clap
    /// breaks the lines of its examples.
    fn proposes_commands(&self) -> bool {
        let command = self.arguments.first().map_or("", String::as_str);
        let is_narrow = self.environment.iter().any(|(name, _)| name == "COLUMNS");
        let is_help = self
            .arguments
            .iter()
            .any(|word| word == "-h" || word == "--help");
        !(is_narrow && is_help || ["completions", "man"].contains(&command))
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
            .args(
                self.arguments
                    .iter()
                    .map(|argument| self.with_urls(argument)),
            )
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
        self.accounts.map_or(SHARED_FOLDER.as_path(), StandIn::home)
    }

    fn with_urls(&self, argument: &str) -> String {
        let mut argument = argument.to_owned();
        if let Some(accounts) = self.accounts {
            argument = argument.replace("[source]", &accounts.source().url());
            argument = argument.replace("[target]", &accounts.target().url());
        }
        argument
    }

    /// What differs from run to run, and the placeholder that replaces it.
    fn placeholders(&self) -> Vec<(String, &'static str)> {
        let Some(accounts) = self.accounts else {
            return Vec::new();
        };
        let mut placeholders = Vec::new();
        for (account, name) in [
            (accounts.source(), "[source]"),
            (accounts.target(), "[target]"),
        ] {
            let url = account.url();
            let host = url.trim_start_matches("http://").to_owned();
            placeholders.extend([(url, name), (host, name)]);
        }
        placeholders.push((accounts.home().display().to_string(), "[home]"));
        placeholders
    }
}

impl Running<'_> {
    /// Sends a signal such as `INT`. Does nothing if the program has already ended.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.id.to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).output();
        assert!(sent.is_ok(), "kill -s {name} {id}");
    }

    /// Waits for its end and returns only the exit status.
    pub(crate) fn status(self) -> ExitStatus {
        let output = self.output.recv_timeout(RUN_TIMEOUT).unwrap().unwrap();
        output.status
    }

    /// Whether it has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.has_ended.load(Ordering::SeqCst)
    }

    /// Waits for its end and returns its output.
    pub(crate) fn finish(self) -> Run {
        match self.output.recv_timeout(RUN_TIMEOUT) {
            Ok(output) => self.program.into_run(output.unwrap(), self.before),
            Err(RecvTimeoutError::Timeout) => {
                self.signal("KILL");
                panic!("{} did not end within a minute", self.program.command_line);
            }
            Err(RecvTimeoutError::Disconnected) => panic!("the waiting thread is gone"),
        }
    }
}

impl Run {
    /// Command line, exit code, both streams and the requests, as snapshots store them.
    pub(crate) fn transcript(&self) -> String {
        let mut text = format!(
            "$ {}\n",
            format!("hookferry {}", self.command_line).trim_end()
        );
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let _ = writeln!(text, "exit code: {code}");
        for (name, stream) in [
            ("stdout", self.stdout()),
            ("stderr", source_lines_first(&self.stderr())),
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

    /// The command line, the exit code, and the lines of both streams that start with one of `beginnings`, apart from
    /// white space: for a test that is about these.
    pub(crate) fn excerpt(&self, beginnings: &[&str]) -> String {
        let transcript = self.transcript();
        let (head, rest) = transcript
            .split_once("\n-----")
            .unwrap_or((&transcript, ""));
        let is_wanted = |line: &&str| {
            let line = line.trim_start();
            beginnings
                .iter()
                .any(|beginning| line.starts_with(beginning))
        };
        let lines = head.lines().chain(rest.lines().filter(is_wanted));
        lines.collect::<Vec<_>>().join("\n") + "\n"
    }

    /// Standard output with placeholders for what differs from run to run.
    pub(crate) fn stdout(&self) -> String {
        self.with_placeholders(&self.stdout)
    }

    /// Standard error with placeholders for what differs from run to run.
    pub(crate) fn stderr(&self) -> String {
        self.with_placeholders(&self.stderr)
    }

    /// Standard output followed by standard error.
    pub(crate) fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// Asserts that standard output is one document, which follows the schema of its kind.
    fn assert_follows_schema(&self) {
        let problem = match serde_json::from_str(&self.stdout) {
            Ok(document) => schema::errors(&document),
            // The library reads 127 levels. A webhook may have that many, and its masked values two for each.
            Err(error) if error.to_string().starts_with("recursion limit") => None,
            Err(error) => Some(format!("not JSON: {error}")),
        };
        if let Some(problem) = problem {
            panic!("{problem}\n{}", self.transcript());
        }
    }

    /// Asserts that the program understands every command that it printed.
    fn assert_understands_its_commands(&self) {
        let mistakes = proposals::mistakes(&self.stdout, &self.stderr);
        assert!(
            mistakes.is_empty(),
            "$ hookferry {}\nproposes what it does not understand:\n{}",
            self.command_line,
            mistakes.join("\n")
        );
    }

    #[track_caller]
    pub(crate) fn assert_code(&self, code: i32) {
        assert_eq!(self.code, Some(code), "{}", self.transcript());
    }

    fn with_placeholders(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (original, name) in &self.placeholders {
            text = text.replace(original, name);
        }
        without_run_ids(&text)
    }
}

/// The text with `[run]` in place of every run id, such as 20261124-021530-7f3a2b.
pub(crate) fn without_run_ids(text: &str) -> String {
    let is_id = |bytes: &[u8]| {
        bytes.iter().enumerate().all(|(index, byte)| match index {
            8 | 15 => *byte == b'-',
            16.. => byte.is_ascii_hexdigit(),
            _ => byte.is_ascii_digit(),
        })
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.as_bytes().windows(22).position(is_id) {
        out.push_str(&rest[..start]);
        out.push_str("[run]");
        rest = &rest[start + 22..];
    }
    out + rest
}

/// Moves the lines about the source to the front of their block, and sorts those of profiles by name: accounts
/// are read concurrently.
fn source_lines_first(text: &str) -> String {
    let is_progress = |line: &&str| line.starts_with("  ");
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let mut out = String::new();
    for block in lines.chunk_by(|a, b| is_progress(a) == is_progress(b)) {
        let mut block = block.to_vec();
        block.sort_by_key(|line| match read_account(line) {
            Some("source") => (0, ""),
            None | Some("target") => (2, ""),
            Some(profile) => (1, profile),
        });
        out.extend(block);
    }
    out
}

/// Which account a line of progress is about, where it is one about reading.
fn read_account(line: &str) -> Option<&str> {
    let mut words = line.strip_prefix("  ")?.split_whitespace();
    match words.next()? {
        "source" => Some("source"),
        "read" => words.next(),
        _ => None,
    }
}
