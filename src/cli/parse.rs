//! Reads a command line: what to run, a text to print, or what is wrong with it.

use super::completions::completion_script;
use super::{AnyCommand, Cli, Command, Explain, VerbosityArgs, advice, help, version};
use clap::error::{ContextKind, ContextValue};
use clap::{ArgMatches, FromArgMatches as _};
use std::ffi::OsString;

/// A valid command line of a command that does something.
#[derive(Debug)]
pub struct Invocation {
    /// How much the program prints, and how.
    pub verbosity: VerbosityArgs,
    /// Whether stdout must be one JSON document even on failure, because `--output` is `json`.
    pub json_output: bool,
    /// The command to run.
    pub command: Command,
}

/// A parsed command line: what to run, or text to print and exit with.
pub enum ParseOutcome {
    /// A valid command line.
    Run(Box<Invocation>),
    /// Help, the version, a manual page or a script, for stdout.
    Text(String),
    /// A usage error with its explanation, for stderr.
    UsageError(String),
}

/// Parses a command line, the program's name first.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> ParseOutcome {
    let words: Vec<OsString> = arguments.into_iter().collect();
    let mut program = help::program();
    let parsed = program.try_get_matches_from_mut(&words);
    match parsed.and_then(|matches| read(&matches, &mut program)) {
        Ok(outcome) => outcome,
        Err(error) if error.use_stderr() => {
            ParseOutcome::UsageError(advice::explain(error, &words, &program))
        }
        Err(error) => ParseOutcome::Text(error.render().ansi().to_string()),
    }
}

fn read(matches: &ArgMatches, program: &mut clap::Command) -> Result<ParseOutcome, clap::Error> {
    let cli =
        Cli::from_arg_matches(matches).map_err(|error| with_usage(error, matches, program))?;
    Ok(match cli.command {
        AnyCommand::Work(command) => ParseOutcome::Run(Box::new(Invocation {
            verbosity: cli.verbosity,
            json_output: is_json_requested(matches),
            command: *command,
        })),
        AnyCommand::Explain(about) => ParseOutcome::Text(text(about)?),
    })
}

fn text(about: Explain) -> Result<String, clap::Error> {
    match about {
        Explain::Help { words } => help::help(&words),
        Explain::Version => Ok(format!("hookferry {}\n", *version::LONG)),
        Explain::Completions { shell } => completion_script(shell),
        Explain::Man { words } => help::man_page(&words),
    }
}

/// The error with the usage of the command that the matches name, as clap's own errors have it.
fn with_usage(
    error: clap::Error,
    mut matches: &ArgMatches,
    program: &mut clap::Command,
) -> clap::Error {
    let mut path = Vec::new();
    while let Some((name, subcommand)) = matches.subcommand() {
        path.push(name);
        matches = subcommand;
    }
    let mut names = path.into_iter();
    let Some(command) = names.try_fold(program, |command, name| command.find_subcommand_mut(name))
    else {
        return error;
    };
    let mut error = error.with_cmd(command);
    let usage = ContextValue::StyledStr(command.render_usage());
    error.insert(ContextKind::Usage, usage);
    error
}

/// Whether `--output` of the command or of its subcommand is `json`.
fn is_json_requested(matches: &ArgMatches) -> bool {
    let output = matches.try_get_raw("output").ok().flatten();
    let is_json = output.is_some_and(|mut values| values.any(|value| value == "json"));
    is_json
        || matches
            .subcommand()
            .is_some_and(|(_, subcommand)| is_json_requested(subcommand))
}
