//! The arguments of `backup` and `restore`.

use super::arguments::{
    ComparisonArgs, ConflictArgs, ConnectionArgs, ConsentArgs, CrossCheckArgs, DetailArgs,
    IdentityArgs, LimitArgs, ReportOutputArgs, RewritingArgs, SelectionArgs, StateArgs,
    WritingArgs,
};
use super::operands::BackedUpArgs;
use super::{OutputFormat, arguments};
use clap::{ArgGroup, Args, Subcommand};
use jiff::SignedDuration;
use std::path::PathBuf;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub action: BackupAction,
}

/// A subcommand of `backup`.
#[derive(Debug, Subcommand)]
pub enum BackupAction {
    /// Back up accounts; an account that has not changed since its last backup is not stored again
    Create(BackupCreateArgs),
    /// List the backups of a repository
    List(BackupListArgs),
    /// Show what a backup holds, with every secret masked
    Show(BackupShowArgs),
    /// Check that backups are intact and recent enough, to detect a schedule that no longer runs
    Check(BackupCheckArgs),
    /// Remove the backups that a retention policy does not keep; never the newest of an account
    Forget(BackupForgetArgs),
}

/// The backup repository.
#[derive(Debug, Args)]
pub struct RepoArgs {
    /// Backup repository: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "REPO")]
    pub repo: String,
}

/// How to encrypt backups.
#[derive(Debug, Args)]
#[command(next_help_heading = "Encryption", group = ArgGroup::new("protection").required(true).multiple(true).args(["recipient", "recipients_file", "plaintext"]))]
pub struct ProtectionArgs {
    /// Encrypt to this age recipient (the public key that age-keygen prints); repeatable
    #[arg(long, value_name = "AGE1...", conflicts_with = "plaintext")]
    pub recipient: Vec<String>,
    /// Encrypt to the age recipients in this file, one per line
    #[arg(long, value_name = "FILE", conflicts_with = "plaintext")]
    pub recipients_file: Option<PathBuf>,
    /// Do not encrypt: anyone who can read the file then has every secret of the account
    #[arg(long)]
    pub plaintext: bool,
}

/// Arguments of `backup create`.
#[derive(Debug, Args)]
pub struct BackupCreateArgs {
    /// What to back up.
    #[command(flatten)]
    pub accounts: BackedUpArgs,
    /// The backup repository.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Store the backup even if the account has no webhooks, has less than half as many as in its last backup,
    /// or returns masked secrets
    #[arg(long)]
    pub accept_shrink: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// How to encrypt the backups.
    #[command(flatten)]
    pub protection: ProtectionArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// How to connect to the accounts.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Whether to ask the newer API, too.
    #[command(flatten)]
    pub cross_check: CrossCheckArgs,
}

/// Arguments of `backup list`.
#[derive(Debug, Args)]
pub struct BackupListArgs {
    /// The backup repository.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account, by the name that `backup list` shows
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// Selects a backup.
#[derive(Debug, Args)]
pub struct BackupChoiceArgs {
    /// Backup: `latest`, a time (the newest backup that is not later), or a path
    #[arg(value_name = "BACKUP")]
    pub backup: String,
    /// Backup repository, for `latest` or a time: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "REPO")]
    pub repo: Option<String>,
    /// The backed-up account, if the repository holds several
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// The keys that decrypt the backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
}

/// Arguments of `backup show`.
#[derive(Debug, Args)]
pub struct BackupShowArgs {
    /// The backup.
    #[command(flatten)]
    pub choice: BackupChoiceArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which of its webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
}

/// Arguments of `backup check`.
#[derive(Debug, Args)]
pub struct BackupCheckArgs {
    /// The backup repository.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Exit with code 3 if an account was last backed up, or found unchanged, longer ago than this
    #[arg(long, value_name = "TIME", value_parser = arguments::positive_duration)]
    pub max_age: Option<SignedDuration>,
    /// The keys that decrypt the backups; with them, the check reads every backup to its last byte.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
}

/// Arguments of `backup forget`.
#[derive(Debug, Args)]
pub struct BackupForgetArgs {
    /// The backup repository.
    #[command(flatten)]
    pub repo: RepoArgs,
    /// Only the backups of this account
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Show what would be removed and why the others stay, and remove nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// The keys that decrypt the backups; with them, the newest is read to its last byte before any is removed.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// The retention policy.
    #[command(flatten)]
    pub keep: KeepArgs,
}

/// The retention policy: a backup stays if any of these flags keeps it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Keep")]
pub struct KeepArgs {
    /// Keep the newest N backups
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_last: usize,
    /// Keep the newest backup of each hour, for the last N hours that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_hourly: usize,
    /// Keep the newest backup of each day, for the last N days that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_daily: usize,
    /// Keep the newest backup of each week, for the last N weeks that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_weekly: usize,
    /// Keep the newest backup of each month, for the last N months that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_monthly: usize,
    /// Keep the newest backup of each year, for the last N years that have one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub keep_yearly: usize,
    /// Keep all backups from this long before the newest, such as 2y5m7d3h, and the one in effect at its start
    #[arg(long, value_name = "TIME")]
    pub keep_within: Option<String>,
}

/// Arguments of `restore`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("where").required(true).args(["to", "rehearse"]))]
pub struct RestoreArgs {
    /// The backup.
    #[command(flatten)]
    pub choice: BackupChoiceArgs,
    /// Account to write to
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Restore to an account embedded in this program and verify the result, without touching a real account
    #[arg(long, conflicts_with_all = ["dry_run", "yes"])]
    pub rehearse: bool,
    /// Restore into another account than the one that the backup is of
    #[arg(long, conflicts_with = "rehearse")]
    pub into_other_account: bool,
    /// Whether anything is written, and who agrees.
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
    /// Which of its webhooks to select.
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
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// How to send writes.
    #[command(flatten)]
    pub writing: WritingArgs,
}

/// Arguments of `run-schedule`.
#[derive(Debug, Args)]
pub struct RunScheduleArgs {
    /// Schedule of the config file
    #[arg(value_name = "SCHEDULE")]
    pub name: String,
    /// Store a backup even if its account has no webhooks, has less than half as many as in its last backup,
    /// or returns masked secrets
    #[arg(long)]
    pub accept_shrink: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// How to connect to the accounts.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
