//! Every value that the config file accepts survives in the printed files, as parsers of their languages read it.

use super::{arguments, config, print};
use crate::support::generator::cases;
use hookferry::cli::BackendArg::{self, Cron, GithubActions, Kubernetes, Systemd};
use hookferry::cli::{ParseOutcome, parse};
use hookferry::render::schedule::GeneratedFile;
use proptest::prelude::*;
use proptest::sample::select;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// Texts with a meaning in at least one of the languages.
const PIECES: &[&str] = &[
    "a", "Z", "0", " ", "  ", "%", "%h", "%%", "$", "$HOME", "${x}", "$(id)", "$$", "${{ x }}",
    "${{", "}}", "\"", "'", "''", "\\", "\\n", "\\\"", "`id`", ";", "#", " #", ": ", ":", "- ",
    "-", "&", "*", "!", "|", ">", "<", "{", "}", "[", "]", ",", "?", "@", "~", "=", "ü", "日",
    "🚀", "\u{a0}", "\u{e000}", "null", "true", "1e3", "é", "^", "+", "(", ")",
];

/// An absolute path of one or more odd names.
fn path() -> impl Strategy<Value = String> {
    let name = proptest::collection::vec(select(PIECES), 1..5).prop_map(|pieces| pieces.concat());
    let plain = "[a-z]{1,6}";
    proptest::collection::vec(prop_oneof![name, plain], 1..4)
        .prop_map(|names| format!("/x{}", names.join("/")))
}

/// A schedule in which every path is odd.
#[derive(Debug, Clone)]
pub(super) struct OddSchedule {
    pub(super) name: String,
    pub(super) config: String,
    pub(super) binary: String,
    pub(super) repo: String,
    pub(super) key: String,
    pub(super) heartbeat: String,
    pub(super) recipients: String,
    pub(super) status: String,
}

pub(super) fn odd_schedule() -> impl Strategy<Value = OddSchedule> {
    let name = "[A-Za-z0-9_][A-Za-z0-9_-]{0,12}".prop_filter("no region", |name| {
        hookferry::settings::profiles::is_name(name)
    });
    let secrets = (path(), path(), path());
    (name, path(), path(), path(), secrets, path()).prop_map(
        |(name, config, binary, repo, (key, heartbeat, recipients), status)| OddSchedule {
            name,
            config,
            binary,
            repo,
            key,
            heartbeat,
            recipients,
            status: format!("{status}/s"),
        },
    )
}

impl OddSchedule {
    /// The files of a backend; `None` if it refuses the schedule.
    pub(super) fn print(&self, backend: BackendArg) -> Option<Vec<GeneratedFile>> {
        // TOML's basic strings are those of JSON.
        let quoted = |text: &str| serde_json::to_string(text).unwrap();
        let text = format!(
            "[profile.p]\nregion = \"eu1\"\napi_key_file = {}\n[schedule.{}]\nprofiles = [\"p\"]\nat = \"17 3 * * *\"\nrepo = {}\n\
             heartbeat_url_file = {}\nrecipients_file = {}\nstatus_file = {}\n",
            quoted(&self.key),
            self.name,
            quoted(&self.repo),
            quoted(&self.heartbeat),
            quoted(&self.recipients),
            quoted(&self.status),
        );
        let mut arguments = arguments(&self.name, backend);
        if matches!(backend, Systemd | Cron) {
            arguments.binary = Some(PathBuf::from(&self.binary));
        }
        print(&config(&self.config, &text), &arguments).ok()
    }

    /// The same schedule on a CI runner, where only the config file's path is odd.
    pub(super) fn workflow(&self) -> GeneratedFile {
        let text = format!(
            "[profile.p]\nregion = \"eu1\"\napi_key_env = \"KEY\"\n[schedule.{}]\nprofiles = [\"p\"]\nat = \"17 3 * * *\"\n\
             repo = \"s3://bucket\"\nplaintext = true\n",
            self.name
        );
        let config = config(&self.config[1..], &text);
        let files = print(&config, &arguments(&self.name, GithubActions));
        let [file] = files.unwrap().try_into().unwrap();
        file
    }

    pub(super) fn status_folder(&self) -> String {
        let folder = self.status.rsplit_once('/').unwrap().0;
        folder.to_owned()
    }
}

/// The values of a unit file's lines of that name.
fn values<'u>(unit: &'u str, name: &str) -> Vec<&'u str> {
    let values = unit
        .lines()
        .filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    values.collect()
}

/// Splits a unit file's value into words, by the rules of systemd.syntax(7) and systemd.unit(5).
fn unit_words(value: &str, is_command: bool) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            '\\' => {
                let escaped = characters.next().unwrap();
                assert!(matches!(escaped, '"' | '\\'), "{value}");
                words.last_mut().unwrap().push(escaped);
            }
            '\'' => assert!(is_quoted, "{value}"),
            _ => {}
        }
        if !matches!(character, '"' | '\\') && (is_quoted || character != ' ') {
            words.last_mut().unwrap().push(character);
        }
    }
    let unescape = |word: &str, sign: char| {
        let double = format!("{sign}{sign}");
        assert!(!word.replace(&double, "").contains(sign), "{value}");
        word.replace(&double, &sign.to_string())
    };
    let resolved = |(n, word): (usize, String)| {
        let word = unescape(&word, '%');
        // systemd expands no variables in the program's own path.
        if is_command && n > 0 {
            unescape(&word, '$')
        } else {
            word
        }
    };
    words.into_iter().enumerate().map(resolved).collect()
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_unit_preserves_the_paths(schedule in odd_schedule()) {
        let files = schedule.print(Systemd);
        prop_assert_eq!(files.is_none(), schedule.binary.contains(['"', '\'', '\\']));
        let Some(files) = files else {
            return Ok(());
        };
        let [service, timer] = files.try_into().unwrap();
        let commands = values(&service.text, "ExecStart");
        prop_assert_eq!(commands.len(), 1);
        let words = unit_words(commands[0], true);
        let expected = [&schedule.binary, "run-schedule", &schedule.name, "--config", &schedule.config, "--no-progress", "--log-format", "json"];
        prop_assert_eq!(&words, &expected);
        prop_assert!(is_command_line(words));
        let folders = values(&service.text, "ReadWritePaths");
        let folders: Vec<String> = folders.into_iter().flat_map(|value| unit_words(value, false)).collect();
        prop_assert_eq!(folders, distinct([schedule.repo.clone(), schedule.status_folder()]));
        prop_assert_eq!(values(&timer.text, "OnCalendar"), ["*-*-* 03:17:00 UTC"]);
    }

    #[test]
    fn a_crontab_preserves_the_paths(schedule in odd_schedule()) {
        let files = schedule.print(Cron);
        let is_odd = schedule.binary.contains('\\') || schedule.config.contains('\\');
        prop_assert_eq!(files.is_none(), is_odd);
        if let Some(files) = files {
            let [file] = files.try_into().unwrap();
            let line = file.text.lines().last().unwrap();
            let command = line.strip_prefix("17 3 * * * ").unwrap();
            let command = command.strip_suffix(" >/dev/null").unwrap();
            let words = shell_words(&cron_unescape(command));
            prop_assert_eq!(&words, &[
                &schedule.binary, "run-schedule", &schedule.name, "--config", &schedule.config, "--quiet", "--no-progress",
            ]);
            prop_assert!(is_command_line(words));
        }
    }

    /// Paths also occur in comments.
    #[test]
    fn no_text_breaks_out_of_its_line(schedule in odd_schedule()) {
        let files = [Systemd, Cron, Kubernetes].map(|backend| schedule.print(backend).unwrap_or_default());
        for file in files.into_iter().flatten().chain([schedule.workflow()]) {
            prop_assert!(file.text.ends_with('\n'));
            prop_assert!(!file.text.replace('\n', "").contains(char::is_control));
        }
    }
}

/// Whether this program parses the words as a `run-schedule` command.
pub(super) fn is_command_line(words: Vec<String>) -> bool {
    let parsed = parse(words.into_iter().map(OsString::from));
    let ParseOutcome::Run(cli) = parsed else {
        return false;
    };
    matches!(cli.command, hookferry::cli::Command::RunSchedule(_))
}

pub(super) fn distinct<const N: usize>(texts: [String; N]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

/// The command that cron hands to the shell: up to the first unescaped `%`.
fn cron_unescape(command: &str) -> String {
    let mut out = String::new();
    let mut is_escaped = false;
    for character in command.chars() {
        match (is_escaped, character) {
            (false, '\\') => {
                is_escaped = true;
                continue;
            }
            (false, '%') => break,
            (true, '%') | (false, _) => {}
            (true, _) => out.push('\\'),
        }
        out.push(character);
        is_escaped = false;
    }
    out
}

/// The words that a real shell splits a command into.
fn shell_words(command: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {command}");
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{script}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}
