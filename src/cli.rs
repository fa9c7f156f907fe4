//! What the user typed, and nothing more: no file is read here and no default that needs one is filled in.

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const ACCOUNT_HELP: &str = "\
An ACCOUNT is a region (eu1, US2, EUROPE1), a domain or team URL as you paste it,
a base URL (https://...), or for --from a file that `hookferry export` wrote, or -.

API keys are read from HOOKFERRY_SOURCE_API_KEY and HOOKFERRY_TARGET_API_KEY,
or from the files that HOOKFERRY_SOURCE_API_KEY_FILE and HOOKFERRY_TARGET_API_KEY_FILE name.
There is no option for a key: command lines are visible to other users.";

/// Copy a Coralogix account's outbound webhooks to another account or region, exactly once.
#[derive(Debug, Parser)]
#[command(
    name = "hookferry", version, styles = STYLES, max_term_width = 100, propagate_version = true,
    arg_required_else_help = true, infer_long_args = false, disable_help_subcommand = true,
    after_help = "New here? `hookferry demo` shows a whole migration in seconds, without any account.\nExit codes: 0 done, 1 failed, 2 changes, 3 partial, 4 authentication, 5 wrong account, 6 refused, 64 usage.",
    after_long_help = ACCOUNT_HELP,
)]
pub struct Cli {
    /// How the run talks.
    #[command(flatten)]
    pub talk: TalkArgs,
    /// What is to be done.
    #[command(subcommand)]
    pub command: Command,
}

/// How the run talks; accepted by every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Talk")]
pub struct TalkArgs {
    /// Say nothing but the result and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Log requests; twice for more, three times for everything
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to colour
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto"
    )]
    pub color: When,
    /// Draw no bars: plain lines even on a terminal
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Form of the log lines on stderr
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORM",
        default_value = "text"
    )]
    pub log_format: LogForm,
}

/// When something is done that depends on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// In any case.
    Always,
    /// In no case.
    Never,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogForm {
    /// One readable line each.
    Text,
    /// One JSON object each.
    Json,
}

/// The form of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputForm {
    /// For people.
    Text,
    /// One versioned JSON document.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Copy webhooks: show the plan, ask, create, read back, print the id map
    #[command(after_help = "Examples:
  hookferry migrate --from eu1 --to us2 --dry-run
  hookferry migrate --from eu1 --to us2 --name 'prod-*' --type slack,pager_duty
  hookferry migrate --from webhooks.json --to us2 --yes", after_long_help = ACCOUNT_HELP)]
    Migrate(MigrateArgs),
    /// Show what a migration would do; writes nothing to either account
    #[command(after_help = "Examples:
  hookferry plan --from eu1 --to us2
  hookferry plan --from eu1 --to us2 -o json --detailed-exitcode", after_long_help = ACCOUNT_HELP)]
    Plan(PlanArgs),
    /// List an account's webhooks with every secret masked
    #[command(after_help = "Examples:
  hookferry list --from eu1
  hookferry list --from https://myteam.app.eu2.coralogix.com --type webhook -o json", after_long_help = ACCOUNT_HELP)]
    List(ListArgs),
    /// Write an account's webhooks as raw JSON, secrets included, for jq and curl
    #[command(after_help = "Examples:
  hookferry export --from eu1 --out webhooks.json
  hookferry export --from eu1 --ready | jq length", after_long_help = ACCOUNT_HELP)]
    Export(ExportArgs),
    /// Watch a whole migration between two embedded accounts; needs no account and no network
    Demo,
    /// Serve two stand-in accounts on this machine, for rehearsals and your own tests
    #[command(after_help = "Examples:
  hookferry sandbox
  hookferry sandbox --seeds awkward --switch bulk=best-effort --fault post:1:drop-after")]
    Sandbox(SandboxArgs),
    /// Print shell completions
    #[command(after_help = "Example:
  hookferry completions bash > ~/.local/share/bash-completion/completions/hookferry")]
    Completions {
        /// The shell
        #[arg(value_enum, value_name = "SHELL")]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, of a command where one is named
    #[command(after_help = "Example:\n  hookferry man migrate | man -l -")]
    Man {
        /// The command
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
    },
}

/// Which accounts, and how they are reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Longest wait without progress: to connect, for the first byte, between bytes
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// Requests a second for each account
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: u32,
    /// Trust the certificates of this PEM file besides the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// Which of the source's webhooks are meant.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only these types: a documented name such as `slack` or `pager_duty`, or a number; repeatable
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Only aliases like this (* and ?); !GLOB leaves out; repeatable
    #[arg(long = "name", value_name = "GLOB")]
    pub names: Vec<String>,
    /// Only these ids of the source
    #[arg(long = "id", value_name = "ID", value_delimiter = ',')]
    pub ids: Vec<String>,
}

/// From where to where.
#[derive(Debug, Args)]
pub struct RouteArgs {
    /// Account to read, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account to write
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
}

/// What to do about webhooks that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConflictArg {
    /// Write nothing at all while there is one.
    Fail,
    /// Leave them alone, and ambiguous and blocked ones too.
    Skip,
    /// Bring the target's webhook to the source's content.
    Update,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// From where to where.
    #[command(flatten)]
    pub route: RouteArgs,
    /// Show the plan and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Where alias and type are equal and the content is not
    #[arg(long, value_enum, value_name = "POLICY", default_value = "fail")]
    pub on_conflict: ConflictArg,
    /// Refuse to write more webhooks than this
    #[arg(long, value_name = "N")]
    pub max_changes: Option<usize>,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How long a server may still be at work on a request whose answer was lost
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration, help_heading = "Connection")]
    pub settle: Duration,
    /// Webhooks in one request, at most
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one, help_heading = "Connection")]
    pub batch_size: usize,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// From where to where.
    #[command(flatten)]
    pub route: RouteArgs,
    /// Where alias and type are equal and the content is not
    #[arg(long, value_enum, value_name = "POLICY", default_value = "fail")]
    pub on_conflict: ConflictArg,
    /// Exit with 2 where there is something to do
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Account to read, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Account to read, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Write to this file, readable by you alone; it must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Strip what the server owns: the body that a POST takes
    #[arg(long)]
    pub ready: bool,
    /// Print secrets even on a terminal
    #[arg(long)]
    pub reveal: bool,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Which webhooks the stand-in accounts hold at the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeedsArg {
    /// A team's ordinary webhooks.
    Demo,
    /// Every odd case.
    Awkward,
    /// None.
    Empty,
}

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Port of the source account; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub source_port: u16,
    /// Port of the target account; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub target_port: u16,
    /// Webhooks that the accounts hold at the start
    #[arg(long, value_enum, value_name = "SEEDS", default_value = "demo")]
    pub seeds: SeedsArg,
    /// How the target behaves where the vendor's page is silent; `--switch help` lists all
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub switches: Vec<String>,
    /// The same for the source
    #[arg(long = "source-switch", value_name = "NAME=VALUE")]
    pub source_switches: Vec<String>,
    /// A fault of the target, such as post:1:drop-after; `--fault help` explains
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<String>,
    /// The same for the source
    #[arg(long = "source-fault", value_name = "FAULT")]
    pub source_faults: Vec<String>,
    /// Delay of every answer
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub latency: Duration,
}

fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Option<jiff::SignedDuration> = text.parse().ok();
    parsed
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| *duration <= Duration::from_secs(24 * 60 * 60))
        .ok_or_else(|| "give a number with its unit, such as 500ms, 30s or 2m".to_owned())
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err("give a number of at least 1".to_owned()),
    }
}

/// What clap made of the command line: the arguments, or text to print with the stream it belongs to.
pub enum Parsed {
    /// The arguments.
    Arguments(Box<Cli>),
    /// Help or version: the result of the run.
    Help(String),
    /// A mistake, explained.
    Mistake(String),
}

/// Reads a command line.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Parsed {
    match Cli::try_parse_from(arguments) {
        Ok(cli) => Parsed::Arguments(Box::new(cli)),
        Err(error) => {
            let text = error.render().ansi().to_string();
            if error.use_stderr() {
                Parsed::Mistake(text)
            } else {
                Parsed::Help(text)
            }
        }
    }
}

/// The completion script of a shell.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hookferry", &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The manual page of the program or of one of its commands; `None` where there is no such command.
pub fn manual(name: Option<&str>) -> Option<String> {
    let mut program = Cli::command();
    program.build();
    let command = match name {
        None => program,
        Some(name) => program.find_subcommand(name)?.clone(),
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).ok()?;
    Some(String::from_utf8_lossy(&page).into_owned())
}
