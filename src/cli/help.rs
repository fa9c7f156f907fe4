//! What `help` and `man` show of commands, and the topics that are no commands.

use super::{Cli, other_names};
use crate::error::ExitCode;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, CommandFactory as _};
use std::fmt::Write as _;

/// The end of the help of `rules`: examples, and the rules file.
pub(super) const RULES: &str = concat!(
    "Examples:
  hookferry rules init --from eu1 --to us2 --out rules.toml
  hookferry rules check --rules rules.toml --from eu1 --to us2
  hookferry plan --rules rules.toml --from eu1 --to us2

",
    include_str!("help/rules.txt")
);

/// A topic that is no command: its name, and what makes its text.
type Topic = (&'static str, fn() -> String);

const TOPICS: [Topic; 3] = [
    ("config", || include_str!("help/config.txt").to_owned()),
    ("exit-codes", exit_codes),
    ("object-stores", || {
        include_str!("help/object_stores.txt").to_owned()
    }),
];

/// The names of the topics that are no commands.
pub(super) fn topics<'t>() -> impl Iterator<Item = &'t str> {
    TOPICS.iter().map(|(name, _)| *name)
}

/// The program's commands, as clap sees them on a command line.
pub(super) fn program() -> Command {
    // The page about rules has a file to copy, which stays valid only as long as nobody breaks its lines.
    let program = Cli::command().mut_subcommand("rules", |rules| rules.term_width(100));
    other_names::add(program)
}

/// The help of a command, of a topic, or of the program if no word names one.
///
/// # Errors
/// A word that names no command.
pub(super) fn help(words: &[String]) -> Result<String, clap::Error> {
    if let [word] = words
        && let Some((_, text)) = TOPICS.iter().find(|(name, _)| name == word)
    {
        return Ok(text());
    }
    let mut command = find(words)?;
    Ok(command.render_long_help().ansi().to_string())
}

/// The manual page of a command, or of the program if no word names one.
///
/// # Errors
/// A word that names no command.
pub(super) fn man_page(words: &[String]) -> Result<String, clap::Error> {
    let mut page = Vec::new();
    clap_mangen::Man::new(find(words)?).render(&mut page)?;
    Ok(String::from_utf8_lossy(&page).into_owned())
}

fn exit_codes() -> String {
    let mut text = String::new();
    for (code, meaning) in ExitCode::TABLE {
        let _ = writeln!(text, "{:>5}  {meaning}", code.code());
    }
    text + "\nAny other code is a failure.\n"
}

/// The command that words name, one for each level; a manual page's name is also one: `hookferry-backup-create`.
fn find(words: &[String]) -> Result<Command, clap::Error> {
    let mut command = program();
    command.build();
    if let [name] = words
        && let Some(page) = page_command(&command, name)
    {
        return Ok(page);
    }
    for word in words {
        match command.find_subcommand(word) {
            Some(found) => command = found.clone(),
            None => return Err(unknown(word, &command)),
        }
    }
    Ok(command)
}

/// The command below `command` whose manual page has that name, with or without `hookferry-`.
fn page_command(command: &Command, name: &str) -> Option<Command> {
    let is_page = |command: &&Command| {
        let page = command.get_display_name().unwrap_or_default();
        page == name || page.strip_prefix("hookferry-") == Some(name)
    };
    command.get_subcommands().find_map(|command| {
        let found = is_page(&command).then(|| command.clone());
        found.or_else(|| page_command(command, name))
    })
}

/// The error for a word that names no command, as clap would make it.
fn unknown(word: &str, parent: &Command) -> clap::Error {
    let mut error = clap::Error::new(ErrorKind::InvalidSubcommand).with_cmd(parent);
    let word = ContextValue::String(word.to_owned());
    error.insert(ContextKind::InvalidSubcommand, word);
    error
}
