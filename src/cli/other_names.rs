//! Names that other programs have for our options. They work, and help does not show them.

use clap::{Arg, ArgAction, Command};

/// Names of options, each with another one for the same.
const OPTIONS: [(&str, &str); 3] = [
    ("from", "source"),
    ("to", "target"),
    ("yes", "auto-approve"),
];

/// The commands with all other names.
pub(super) fn add(command: Command) -> Command {
    let command = command.mut_args(with_other_name);
    let command = if has_argument(&command, "output") {
        with_json_flag(command)
    } else {
        command
    };
    let command = if command.get_name() == "plan" {
        command.arg(dry_run_flag())
    } else {
        command
    };
    command.mut_subcommands(add)
}

fn with_other_name(argument: Arg) -> Arg {
    let other = OPTIONS
        .iter()
        .find(|(name, _)| argument.get_long() == Some(*name));
    match other {
        Some((_, other)) => argument.alias(*other),
        None => argument,
    }
}

/// `--json` for `--output json`.
fn with_json_flag(command: Command) -> Command {
    let flag = Arg::new("json")
        .long("json")
        .action(ArgAction::SetTrue)
        .hide(true)
        .help("The same as --output json")
        .conflicts_with("output");
    command.arg(flag).mut_arg("output", |output| {
        output.default_value_if("json", "true", "json")
    })
}

/// `plan --dry-run`: a plan writes nothing anyway.
fn dry_run_flag() -> Arg {
    Arg::new("dry_run")
        .short('n')
        .long("dry-run")
        .action(ArgAction::SetTrue)
        .hide(true)
        .help("The same without it: a plan writes nothing")
}

fn has_argument(command: &Command, id: &str) -> bool {
    command
        .get_arguments()
        .any(|argument| argument.get_id() == id)
}
