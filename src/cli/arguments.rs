//! The arguments of commands, and the argument groups that several commands share.

use super::ReportFormatArg;
use super::operands::RouteArgs;
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use std::path::PathBuf;
use std::time::Duration;

/// The config file.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    /// Config file with the profiles
    /// [default: `$HOOKFERRY_CONFIG`, else ~/.config/hookferry/config.toml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// How to find and connect to accounts.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct ConnectionArgs {
    /// The config file that defines the profiles.
    #[command(flatten)]
    pub config: ConfigArgs,
    /// Longest wait without progress: to connect, for the first byte, or between bytes
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub timeout: Duration,
    /// Most requests per second to each account
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub rate: u32,
    /// Longest time that the whole run may wait for rate limits and servers that fail
    ///
    /// A server that asks for a longer wait ends the run at once; hookferry then says when it accepts requests again.
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = duration)]
    pub max_wait: Duration,
    /// Trust the CA certificates in this PEM file in addition to the system's
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
}

/// Selects webhooks; without any flag, all of them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Select these types: a documented name such as `slack` or `pager_duty`, or a number; repeatable
    #[arg(long = "type", value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Select aliases that match this pattern (* and ?), or exclude them with !GLOB; repeatable
    #[arg(long = "name", value_name = "GLOB")]
    pub names: Vec<String>,
    /// Select these source ids; repeatable
    #[arg(long = "id", value_name = "ID", value_delimiter = ',')]
    pub ids: Vec<String>,
}

/// The keys that decrypt backups.
#[derive(Debug, Clone, Args)]
pub struct IdentityArgs {
    /// File with an age identity (as age-keygen writes it) to decrypt the backup with; repeatable
    #[arg(long, value_name = "FILE")]
    pub identity: Vec<PathBuf>,
}

/// How to read accounts, and the backups and files that may take their place.
#[derive(Debug, Args)]
pub struct ReadingArgs {
    /// The keys that decrypt a backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How to connect to the accounts.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Which lists to accept from a source.
    #[command(flatten)]
    pub source_list: SourceListArgs,
}

/// Which lists to accept from a source.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct SourceListArgs {
    /// Read a source even if its headers announce more webhooks than its list holds
    ///
    /// For a gateway that adds such headers to whole lists, and for a source that --cross-check refuses. The result states
    /// it. It never applies to the target of a write.
    #[arg(long)]
    pub accept_incomplete: bool,
    /// Whether to ask the newer API, too.
    #[command(flatten)]
    pub cross_check: CrossCheckArgs,
}

/// Whether to hold lists against a second one.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct CrossCheckArgs {
    /// Hold each account's list against the summaries of Coralogix's newer API
    ///
    /// hookferry reads both once more if they differ, and refuses a list that lacks webhooks which the newer API names;
    /// with --accept-incomplete, where a command has it, it names those of a source and goes on. An account without that
    /// API, or a key without its permission, is only reported as not checked.
    #[arg(long)]
    pub cross_check: bool,
}

/// What counts when webhooks are compared.
#[derive(Debug, Args)]
#[command(next_help_heading = "Comparison")]
pub struct ComparisonArgs {
    /// Ignore this undocumented key in comparisons, because the server changes its value by itself; repeatable
    ///
    /// hookferry still copies the key, and ignores by itself what is plainly the server's own state: times such as
    /// `last_triggered_at` and counters such as `success_count`. A profile can name such keys with `ignore_keys`. `apply`
    /// ignores exactly the keys that its plan ignores.
    #[arg(long = "ignore-key", value_name = "KEY")]
    pub ignore_keys: Vec<String>,
}

/// How to change webhooks on their way to the target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rewriting")]
pub struct RewritingArgs {
    /// Rules file, which gives webhooks other secrets, hosts or names in the target; see `hookferry help rules`
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Run the commands that the rules get values from
    #[arg(long, requires = "rules")]
    pub allow_commands: bool,
    /// File with lines NAME=value that rules read like variables of the environment, which it outranks
    ///
    /// It holds no API keys: hookferry reads those from the environment or as a profile states.
    #[arg(long, value_name = "FILE", requires = "rules")]
    pub env_file: Option<PathBuf>,
    /// What to do with secrets that no rule covers [default: what the rules file sets, else keep]
    #[arg(long, value_enum, value_name = "POLICY")]
    pub unmatched_secret: Option<UnmatchedArg>,
    /// Replace Coralogix hosts of the source's region by the target's, or by those of REGION
    #[arg(long, value_name = "REGION", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub retarget: Option<String>,
}

/// What to do with secrets that no rule covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum UnmatchedArg {
    /// Copy them unchanged.
    Keep,
    /// Block every webhook that has one: the plan shows it, but it cannot be sent.
    Refuse,
}

/// The state folder.
#[derive(Debug, Args)]
#[command(next_help_heading = "Run records")]
pub struct StateArgs {
    /// Folder for run records and locks [default: ~/.local/state/hookferry, or below `$XDG_STATE_HOME`]
    #[arg(long, value_name = "DIR")]
    pub state_dir: Option<PathBuf>,
}

/// Output options for a plan or the outcome of a run.
#[derive(Debug, Args)]
pub struct ReportOutputArgs {
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: ReportFormatArg,
    /// Size limit of the Markdown output; what does not fit is only counted
    /// [default: 60000, which fits a pull request comment]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1000..))]
    pub max_bytes: Option<u32>,
}

/// What to do about conflicts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ConflictArg {
    /// Refuse to write anything if there is a conflict, or an ambiguous or blocked webhook.
    Fail,
    /// Skip these webhooks, and write the others.
    Skip,
    /// Overwrite the target's webhook; still refuse to write if one is ambiguous or blocked.
    Update,
}

/// Whether a command writes, and whether it asks first.
#[derive(Debug, Args)]
pub struct ConsentArgs {
    /// Show the plan, and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write without asking for confirmation
    #[arg(short, long)]
    pub yes: bool,
}

/// The policy for webhooks that exist on both sides with different content.
#[derive(Debug, Args)]
pub struct ConflictArgs {
    /// What to do about conflicts: webhooks that match one in the target by alias and type, but not in content
    ///
    /// A webhook is ambiguous if hookferry cannot tell which webhook of the target it corresponds to, because
    /// several share its alias and type, or because another alias is nearly the same. A webhook is blocked if
    /// hookferry cannot send it; the plan states why.
    #[arg(long, value_enum, value_name = "POLICY", default_value = "fail")]
    pub on_conflict: ConflictArg,
    /// What to do about the conflicts of certain webhooks instead: `ALIAS=POLICY`, such as 'ops pager=update'
    ///
    /// ALIAS is an alias as the plan shows it; where no webhook has it, a case-sensitive pattern with the wildcards *
    /// and ?. Of several decisions about a webhook, the last counts.
    #[arg(long, value_name = "ALIAS=POLICY", allow_hyphen_values = true)]
    pub on_conflict_for: Vec<String>,
}

/// A limit on what a run may write.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Refuse the run if it would write more than N webhooks
    #[arg(long, value_name = "N")]
    pub max_changes: Option<usize>,
}

/// The level of detail of a plan.
#[derive(Debug, Args)]
pub struct DetailArgs {
    /// Show every field of new webhooks and every difference in full, with secrets masked
    #[arg(long)]
    pub diff: bool,
    /// Which webhooks are listed.
    #[command(flatten)]
    pub all: AllArgs,
}

/// Which webhooks a text lists.
#[derive(Debug, Args)]
pub struct AllArgs {
    /// List the webhooks that need no attention, too, which text output only counts
    #[arg(long)]
    pub all: bool,
}

/// Arguments of `migrate`.
#[derive(Debug, Args)]
pub struct MigrateArgs {
    /// The source and the target.
    #[command(flatten)]
    pub route: RouteArgs,
    /// Whether to write, and whether to ask first.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// What happens to webhooks that differ.
    #[command(flatten)]
    pub conflict: ConflictArgs,
    /// How much may be written.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// How much is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// The output format.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to rewrite webhooks.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How to send writes.
    #[command(flatten)]
    pub writing: WritingArgs,
}

/// Arguments of `plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The source and the target.
    #[command(flatten)]
    pub route: RouteArgs,
    /// What happens to webhooks that differ.
    #[command(flatten)]
    pub conflict: ConflictArgs,
    /// How much may be written.
    #[command(flatten)]
    pub limit: LimitArgs,
    /// Exit with code 2 if there is something to do
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Save the plan to this file for `hookferry apply`; overwrites an older plan, but no other file
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// How long `apply` accepts the saved plan
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = positive_duration)]
    pub valid_for: SignedDuration,
    /// How much is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// The output format.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to rewrite webhooks.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Arguments of `apply`.
#[derive(Debug, Args)]
pub struct ApplyArgs {
    /// Plan file that `plan --out` saved
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,
    /// The plan's source again; required if it is not a Coralogix host, or is a file that was renamed since
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Option<String>,
    /// The plan's target again; required if it is not a Coralogix host
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// The plan's rules file, if it was renamed since
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,
    /// Run the commands that the rules get values from
    #[arg(long)]
    pub allow_commands: bool,
    /// File with lines NAME=value that rules read like variables of the environment, which it outranks
    #[arg(long, value_name = "FILE")]
    pub env_file: Option<PathBuf>,
    /// Whether to write, and whether to ask first.
    #[command(flatten)]
    pub consent: ConsentArgs,
    /// How much is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// The output format.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// How to send writes.
    #[command(flatten)]
    pub writing: WritingArgs,
}

/// How long a request may take effect after its response was lost.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct SettleArgs {
    /// Settle window: how long the server may still be processing a request whose response was lost
    ///
    /// After such a request, hookferry reads the target back until this time has passed and two reads in a row
    /// agree. Only then does it send anything again.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub settle: Duration,
}

/// How to send writes to the target.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub struct WritingArgs {
    /// The settle window.
    #[command(flatten)]
    pub settle: SettleArgs,
    /// Most webhooks to send in one request
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = at_least_one)]
    pub batch_size: usize,
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

/// Parses a positive length of time such as `36h`, `90d` or `2w`; a day has 24 hours.
pub(crate) fn positive_duration(text: &str) -> Result<SignedDuration, String> {
    let wrong = || "give a number with its unit, such as 90d, 36h or 2w".to_owned();
    let span: jiff::Span = text.parse().map_err(|_| wrong())?;
    let length = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    (length.is_positive()).then_some(length).ok_or_else(wrong)
}
