//! What a mistyped command line should have been. No tip beats a wrong one, so clap's own guesses are replaced.
//! Never repeats the value of an option that may be a key.

use super::help::topics;
use crate::closest::{closest_names, did_you_mean};
use crate::secret::resembles_vendor_key;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, Command};
use std::ffi::OsString;

/// Words that people bring from other programs, and what does the same here.
type Advice = (&'static [&'static str], &'static str);

const COMMANDS: &[Advice] = &[
    (
        &[
            "login",
            "auth",
            "config",
            "configure",
            "profile",
            "profiles",
            "accounts",
        ],
        "accounts are profiles of the config file: `hookferry account list` shows them, and `hookferry help config` how to write one",
    ),
    (
        &["undo", "destroy", "revert"],
        "`hookferry rollback latest` undoes the latest run; it shows first what it would delete",
    ),
    (
        &["copy", "cp", "sync", "clone", "push", "import"],
        "`hookferry migrate --from SOURCE --to TARGET` copies webhooks; a source is an account or a file",
    ),
    (
        &["snapshot", "snapshots"],
        "`hookferry backup create` makes a backup, `hookferry backup list --repo REPO` lists them",
    ),
    (
        &["forget", "prune"],
        "`hookferry backup forget` removes old backups, `hookferry runs prune` old run records",
    ),
    (
        &["check"],
        "`hookferry account check ACCOUNT` checks an account, `hookferry backup check --repo REPO` backups, `hookferry rules check` a rules file",
    ),
    (
        &["show"],
        "`hookferry runs show latest` shows a run, `hookferry backup show` a backup",
    ),
    (
        &["help"],
        "it comes first, as in `hookferry help backup create`",
    ),
    (
        &["history", "log", "logs"],
        "`hookferry runs` lists the recorded runs",
    ),
];

const OPTIONS: &[Advice] = &[
    (
        &[
            "--key",
            "--api-key",
            "--apikey",
            "--api_key",
            "--token",
            "--source-key",
            "--target-key",
            "--source-api-key",
            "--target-api-key",
        ],
        "keys come from the environment or from profiles (`hookferry help config`), because other users can see command lines; if this one was a real key, rotate it",
    ),
    (
        &["--force", "-f"],
        "no option skips the checks: --yes answers the question of a command that writes, and --on-conflict update overwrites webhooks that differ",
    ),
    (
        &["--limit", "--max"],
        "--type, --name and --id select webhooks; --max-changes N refuses a run that would write more than N",
    ),
    (
        &["--watch", "--follow"],
        "no command keeps running; `hookferry help config` shows how to back up on a schedule",
    ),
    (
        &["--insecure", "-k", "--skip-verify", "--no-verify-ssl"],
        "certificates are always checked; for a proxy with a CA of its own, pass --ca-file FILE",
    ),
    (
        &["--region", "--profile"],
        "--from and --to take a region or the name of a profile",
    ),
    (&["--format"], "the format of the result is --output"),
];

/// The text of a usage error, with a tip where one is known.
pub(super) fn explain(mut error: clap::Error, words: &[OsString], program: &Command) -> String {
    for guess in [
        ContextKind::Suggested,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedCommand,
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedValue,
        ContextKind::TrailingArg,
    ] {
        error.remove(guess);
    }
    let words: Vec<String> = words
        .iter()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    if let Some(tip) = tip(&error, &words, program) {
        let tip = ContextValue::StyledStrs(vec![StyledStr::from(tip)]);
        error.insert(ContextKind::Suggested, tip);
    }
    without_keys(error.render().ansi().to_string(), &words)
}

fn tip(error: &clap::Error, words: &[String], program: &Command) -> Option<String> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    let command = command_of(words, program);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            command_tip(context(ContextKind::InvalidSubcommand)?, command, program)
        }
        ErrorKind::UnknownArgument => single_dash_tip(words, command)
            .or_else(|| option_tip(context(ContextKind::InvalidArg)?, command, program)),
        ErrorKind::InvalidValue => single_dash_tip(words, command).or_else(|| {
            let value = context(ContextKind::InvalidValue)?;
            value_tip(value, error.get(ContextKind::ValidValue))
        }),
        _ => None,
    }
}

/// The command that the words name, one for each level, up to the first word that names none.
fn command_of<'p>(words: &[String], program: &'p Command) -> &'p Command {
    let mut command = program;
    for word in words.iter().filter(|word| !word.starts_with('-')) {
        match command.find_subcommand(word) {
            Some(subcommand) => command = subcommand,
            None => break,
        }
    }
    command
}

fn find_advice(table: &[Advice], word: &str) -> Option<String> {
    let word = word.to_lowercase();
    let found = table
        .iter()
        .find(|(words, _)| words.contains(&word.as_str()));
    found.map(|(_, advice)| (*advice).to_owned())
}

fn command_tip(word: &str, parent: &Command, program: &Command) -> Option<String> {
    find_advice(COMMANDS, word).or_else(|| {
        // `help` and `man` take commands of every level, and `help` topics, too.
        let names: Vec<&str> = match parent.get_name() {
            "help" => command_names(program).chain(topics()).collect(),
            "man" => command_names(program).collect(),
            _ => command_names(parent).collect(),
        };
        did_you_mean(&closest_names(word, names))
    })
}

fn command_names(parent: &Command) -> impl Iterator<Item = &str> {
    parent.get_subcommands().map(Command::get_name)
}

/// `-out=plan`, as some programs write long options.
fn single_dash_tip(words: &[String], command: &Command) -> Option<String> {
    let long = words.iter().find_map(|word| {
        let rest = word
            .strip_prefix('-')
            .filter(|rest| !rest.starts_with('-'))?;
        let name = rest.split('=').next().filter(|name| name.len() > 1)?;
        has_long(command, name).then(|| name.to_owned())
    })?;
    Some(format!("options with long names take two dashes: --{long}"))
}

fn option_tip(option: &str, command: &Command, program: &Command) -> Option<String> {
    if let Some(advice) = find_advice(OPTIONS, option) {
        return Some(advice);
    }
    let name = option.strip_prefix("--")?;
    let is_root = command.get_name() == program.get_name();
    if is_root
        && program
            .get_subcommands()
            .any(|command| has_long(command, name))
    {
        return Some("options of a command come after its name".to_owned());
    }
    let visible = command
        .get_arguments()
        .filter(|argument| !argument.is_hide_set());
    let near = closest_names(name, visible.filter_map(Arg::get_long));
    let near: Vec<String> = near.iter().map(|name| format!("--{name}")).collect();
    did_you_mean(&near.iter().map(String::as_str).collect::<Vec<&str>>())
}

fn value_tip(value: &str, valid: Option<&ContextValue>) -> Option<String> {
    let Some(ContextValue::Strings(valid)) = valid else {
        return None;
    };
    let is_format = valid.iter().any(|name| name == "json");
    if is_format && ["yaml", "yml"].contains(&value) {
        return Some("JSON is valid YAML, too: pass json".to_owned());
    }
    did_you_mean(&closest_names(value, valid.iter().map(String::as_str)))
}

fn has_long(command: &Command, name: &str) -> bool {
    command.get_arguments().any(|argument| {
        let aliases = argument.get_all_aliases().unwrap_or_default();
        argument.get_long() == Some(name) || aliases.contains(&name)
    })
}

/// The text without those of the words that look like keys.
fn without_keys(mut text: String, words: &[String]) -> String {
    for word in words {
        let value = word
            .split_once('=')
            .map_or(word.as_str(), |(_, value)| value);
        if resembles_vendor_key(value) {
            text = text.replace(value, "(hidden)");
        }
    }
    text
}
