//! The arguments of `backup` and `restore`.

use super::arguments::{
    ConflictArg, ConnectionArgs, IdentityArgs, ReportOutputArgs, RewritingArgs, SelectionArgs,
    StateArgs, WritingArgs,
};
use super::{OutputForm, arguments};
use clap::{ArgGroup, Args, Subcommand};
use jiff::SignedDuration;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: BackupAction,
}

/// What to do with backups.
#[derive(Debug, Subcommand)]
pub enum BackupAction {
    /// Read accounts and keep what they hold; what has not changed is not stored again
    Create(BackupCreateArgs),
    /// List the backups of a repository
    List(BackupListArgs),
    /// Show what a backup holds, with every secret masked
    Show(BackupShowArgs),
    /// Check that backups are whole, and young enough: is my schedule alive?
    Check(BackupCheckArgs),
    /// Remove old backups, as a policy says; never the newest of an account
    Forget(BackupForgetArgs),
}

/// Where backups are kept.
#[derive(Debug, Args)]
pub struct RepoArgs {
    /// Repository of backups: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "REPO")]
    pub repo: String,
}

/// How a backup is protected.
#[derive(Debug, Args)]
#[command(next_help_heading = "Encryption", group = ArgGroup::new("protection").required(true).multiple(true).args(["recipient", "recipients_file", "plaintext"]))]
pub struct ProtectionArgs {
    /// Encrypt to this age recipient, the public key that age-keygen prints; repeatable
    #[arg(long, value_name = "AGE1...", conflicts_with = "plaintext")]
    pub recipient: Vec<String>,
    /// Encrypt to the age recipients of this file, one a line
    #[arg(long, value_name = "FILE", conflicts_with = "plaintext")]
    pub recipients_file: Option<PathBuf>,
    /// Do not encrypt: whoever can read the file has every secret of the account
    #[arg(long)]
    pub plaintext: bool,
}

/// Arguments of `backup create`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("accounts").required(true).args(["from", "all"]))]
pub struct BackupCreateArgs {
    /// Account to back up; repeatable, and several have to be profiles with keys of their own
    #[arg(long, value_name = "ACCOUNT")]
    pub from: Vec<String>,
    /// Back up every profile of the config file
    #[arg(long)]
    pub all: bool,
    /// Where backups are kept.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Store it although the account has no webhook, less than half of the last backup's, or masks for secrets
    #[arg(long)]
    pub accept_shrink: bool,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// How it is protected.
    #[command(flatten)]
    pub protection: ProtectionArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `backup list`.
#[derive(Debug, Args)]
pub struct BackupListArgs {
    /// Where backups are kept.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account, as `backup list` names it
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
}

/// Which backup is meant.
#[derive(Debug, Args)]
pub struct ChoiceArgs {
    /// The backup: `latest`, a time (the newest that is not later), or a path
    #[arg(value_name = "BACKUP")]
    pub backup: String,
    /// Repository of backups, for `latest` or a time: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "REPO")]
    pub repo: Option<String>,
    /// The account, where the repository holds several
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// Arguments of `backup show`.
#[derive(Debug, Args)]
pub struct BackupShowArgs {
    /// Which backup.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which of its webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// Arguments of `backup check`.
#[derive(Debug, Args)]
pub struct BackupCheckArgs {
    /// Where backups are kept.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Exit with 3 where an account was last backed up, or found unchanged, longer ago
    #[arg(long, value_name = "TIME", value_parser = arguments::age)]
    pub max_age: Option<SignedDuration>,
    /// What opens encrypted backups: with it they are read to the last byte.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
}

/// Arguments of `backup forget`.
#[derive(Debug, Args)]
pub struct BackupForgetArgs {
    /// Where backups are kept.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Show what would be removed, and why the others stay; remove nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// What opens encrypted backups: with it the newest is read to the last byte before another is removed.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// What is kept.
    #[command(flatten)]
    pub keep: KeepArgs,
}

/// What is kept: a backup stays if any of these keeps it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keep")]
pub struct KeepArgs {
    /// The newest N
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_last: usize,
    /// The newest of each hour, for N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_hourly: usize,
    /// The newest of each day, for N days that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_daily: usize,
    /// The newest of each week, for N weeks that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_weekly: usize,
    /// The newest of each month, for N months that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_monthly: usize,
    /// The newest of each year, for N years that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_yearly: usize,
    /// All of this time before the newest, such as 2y5m7d3h, and what held when it began
    #[arg(long, value_name = "TIME")]
    pub keep_within: Option<String>,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a flag of the command line"
)]
#[command(group = ArgGroup::new("where").required(true).args(["to", "rehearse"]))]
pub struct RestoreArgs {
    /// Which backup.
    #[command(flatten)]
    pub choice: ChoiceArgs,
    /// Account to write
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Restore into an account that is embedded in this program, and verify: a drill that touches nothing real
    #[arg(long, conflicts_with_all = ["dry_run", "yes"])]
    pub rehearse: bool,
    /// Show the plan and write nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Write without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Where the account has the webhook with other content
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
    /// Which of its webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What is changed on the way.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// Where the run is on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How it is written.
    #[command(flatten)]
    pub writing: WritingArgs,
}

/// Arguments of `run-schedule`.
#[derive(Debug, Args)]
pub struct RunScheduleArgs {
    /// The schedule of the config file
    #[arg(value_name = "SCHEDULE")]
    pub name: String,
    /// Store it although an account has no webhook, less than half of the last backup's, or masks for secrets
    #[arg(long)]
    pub accept_shrink: bool,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
