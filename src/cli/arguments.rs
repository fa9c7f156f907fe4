//! The arguments of single commands, and the groups of them that several share.

use super::{OutputForm, ReportForm};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use std::path::PathBuf;
use std::time::Duration;

/// Where accounts have their names.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Config file with the profiles [default: that of `HOOKFERRY_CONFIG`, else the user's own]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Which accounts, and how they are reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// Where accounts have their names.
    #[command(flatten)]
    pub config: ConfigArgs,
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

/// What opens encrypted backups.
#[derive(Debug, Args)]
pub struct IdentityArgs {
    /// File with an age identity, as age-keygen makes it, that opens an encrypted backup; repeatable
    #[arg(long, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
}

/// From where to where.
#[derive(Debug, Args)]
pub struct RouteArgs {
    /// Account to read, a backup, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account to write
    #[arg(long, value_name = "ACCOUNT")]
    pub to: String,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// What is changed on the way.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rewriting")]
pub struct RewritingArgs {
    /// Rules that give webhooks other secrets, hosts or names in the target; see `hookferry rules`
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Run the commands that the rules name, to get values from them
    #[arg(long, requires = "rules")]
    pub allow_commands: bool,
    /// What becomes of secrets that no rule names [default: as the rules file says, else keep]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub unmatched_secret: Option<UnmatchedArg>,
    /// Point Coralogix hosts of the source's region at the target's, or at the REGION given
    #[arg(long, value_name = "REGION", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub retarget: Option<String>,
}

/// What becomes of secrets that no rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnmatchedArg {
    /// Copy them.
    Keep,
    /// Do not send a webhook that has one.
    Refuse,
}

/// Where run records are kept.
#[derive(Debug, Args)]
#[command(next_help_heading = "Record")]
pub struct StateArgs {
    /// Folder of run records and locks, instead of the user's state folder
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// In which form a plan or an outcome is shown.
#[derive(Debug, Args)]
pub struct ReportOutputArgs {
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: ReportForm,
    /// Longest markdown; what does not fit is counted [default: 60000, which fits a comment]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1000..))]
    pub max_bytes: Option<u32>,
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
    /// Show every field of what is created and every difference, masked
    #[arg(long)]
    pub diff: bool,
    /// Form of the result.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What is changed on the way.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// Where the run is on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How it is written.
    #[command(flatten)]
    pub writing: WritingArgs,
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
    /// Save the plan to this file, for `hookferry apply`; replaces an older plan and nothing else
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How long the plan may be applied
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = age)]
    pub valid_for: SignedDuration,
    /// Show every field of what is created and every difference, masked
    #[arg(long)]
    pub diff: bool,
    /// Form of the result.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What is changed on the way.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// Where the run is on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
pub struct ApplyArgs {
    /// The plan, as `hookferry plan --out` saved it
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// The plan's source once more: needed where it is no Coralogix host, or where a file has another name now
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Option<String>,
    /// The plan's target once more: needed where it is no Coralogix host
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// The plan's rules file, where it has another name now
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Run the commands that the rules name, to get values from them
    #[arg(long)]
    pub allow_commands: bool,
    /// Check whether the plan still holds, show it, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Show every field of what is created and every difference, masked
    #[arg(long)]
    pub diff: bool,
    /// In which form it is shown.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Where the run is on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How it is written.
    #[command(flatten)]
    pub writing: WritingArgs,
}

/// How a run writes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct WritingArgs {
    /// How long a server may still be at work on a request whose answer was lost
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub settle: Duration,
    /// Webhooks in one request, at most
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one)]
    pub batch_size: usize,
}

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Account to read with the source's key, a backup, an export file, or -
    #[arg(value_name = "LEFT")]
    pub left: String,
    /// Account to read with the target's key, a backup, an export file, or -
    #[arg(value_name = "RIGHT")]
    pub right: String,
    /// Exit with 2 where they differ
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks, of both sides.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Account to read, a backup, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Account to read, a backup, an export file, or -
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
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
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

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let parsed: Option<SignedDuration> = text.parse().ok();
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

/// A length of time in days or less; a day has 24 hours.
/// A length of time that is not nothing; days are 24 hours long.
pub(crate) fn age(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "give a number with its unit, such as 90d, 36h or 2w".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let length = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    (length.is_positive()).then_some(length).ok_or_else(wrong)
}
