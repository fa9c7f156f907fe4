//! Shell completion: the shell runs this program for every word, so that it can offer names that only its own
//! files contain. Opens no connection and reads no key.

use super::{ParseOutcome, help};
use clap::error::ErrorKind;
use clap::{Arg, Command};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::Shells;
use clap_complete::{CompleteEnv, Shell};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

/// The environment variable by which a shell asks for completions; its value names the shell.
pub const VARIABLE: &str = "HOOKFERRY_COMPLETE";

/// Returns the words that can complete an argument.
pub type WordSource = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// Completions that come from the user's files.
#[derive(Clone)]
pub struct CompletionSources {
    /// Account names: profiles and regions.
    pub accounts: WordSource,
    /// Run ids, and `latest`.
    pub runs: WordSource,
    /// Schedule names.
    pub schedules: WordSource,
}

/// Prints completions if a shell asks for them; otherwise returns `None`.
pub fn complete(
    arguments: impl IntoIterator<Item = OsString>,
    candidates: &CompletionSources,
) -> Option<ParseOutcome> {
    let folder = std::path::absolute(".").ok();
    let result = CompleteEnv::with_factory(|| with_completers(help::program(), candidates))
        .var(VARIABLE)
        .try_complete(arguments, folder.as_deref());
    match result {
        Ok(true) => Some(ParseOutcome::Text(String::new())),
        Ok(false) => None,
        Err(error) => Some(ParseOutcome::UsageError(error.render().ansi().to_string())),
    }
}

/// The script that makes a shell ask this program for completions.
pub(super) fn completion_script(shell: Shell) -> Result<String, clap::Error> {
    let shells = Shells::builtins();
    let completer = shells.completer(&shell.to_string()).ok_or_else(|| {
        let what = format!("there are no completions for {shell}\n");
        clap::Error::raw(ErrorKind::InvalidValue, what)
    })?;
    let mut script = Vec::new();
    completer.write_registration(VARIABLE, "hookferry", "hookferry", "hookferry", &mut script)?;
    Ok(String::from_utf8_lossy(&script).into_owned())
}

/// Adds completions to every argument that names an account, a run or a schedule.
fn with_completers(command: Command, candidates: &CompletionSources) -> Command {
    command
        .mut_args(|argument| with_completer(argument, candidates))
        .mut_subcommands(|command| with_completers(command, candidates))
}

fn with_completer(argument: Arg, candidates: &CompletionSources) -> Arg {
    let name = argument
        .get_value_names()
        .and_then(|names| Some(names.first()?.to_string()));
    let (words, takes_files) = match name.as_deref() {
        Some("RUN") => (&candidates.runs, false),
        Some("SCHEDULE") => (&candidates.schedules, false),
        Some("ACCOUNT") => {
            let takes_files = ["from", "accounts"].contains(&argument.get_id().as_str());
            (&candidates.accounts, takes_files)
        }
        Some("LEFT" | "RIGHT") => (&candidates.accounts, true),
        _ => return argument,
    };
    argument.add(ArgValueCompleter::new(WordCompleter {
        words: Arc::clone(words),
        takes_files,
    }))
}

/// Completes from a list of words, and from files if the argument takes them.
struct WordCompleter {
    words: WordSource,
    takes_files: bool,
}

impl ValueCompleter for WordCompleter {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let prefix = current.to_string_lossy();
        let words = (self.words)().into_iter();
        let mut completions: Vec<CompletionCandidate> = words
            .filter(|word| word.starts_with(prefix.as_ref()))
            .map(CompletionCandidate::new)
            .collect();
        if self.takes_files {
            completions.extend(PathCompleter::file().complete(current));
        }
        completions
    }
}
