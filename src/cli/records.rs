//! The arguments of the commands that work on recorded runs: what they did, what they wrote, and the new ids.

use super::OutputFormat;
use super::arguments::{
    AllArgs, ComparisonArgs, ConnectionArgs, CrossCheckArgs, DetailArgs, IdentityArgs,
    ReportOutputArgs, RewritingArgs, SelectionArgs, SettleArgs, StateArgs,
};
use super::operands::VerifiedArgs;
use clap::{Args, Subcommand, ValueEnum};
use jiff::SignedDuration;
use std::path::PathBuf;

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// What to compare.
    #[command(flatten)]
    pub verified: VerifiedArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks are listed.
    #[command(flatten)]
    pub all: AllArgs,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How the webhooks were rewritten.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// The keys that decrypt a backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How to connect to the accounts.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Whether to ask the newer API, too.
    #[command(flatten)]
    pub cross_check: CrossCheckArgs,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// The subcommand; without one, `runs` lists the runs.
    #[command(subcommand)]
    pub action: Option<RunsAction>,
    /// Options for the list.
    #[command(flatten)]
    pub list: RunsListArgs,
}

/// Output options of `runs`.
#[derive(Debug, Args)]
pub struct RunsListArgs {
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
}

/// A subcommand of `runs`.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// List the runs, as `runs` alone does
    List(RunsListArgs),
    /// Show what a run did and what it left open
    Show {
        /// Run: an id, the start of one, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// Output options.
        #[command(flatten)]
        list: RunsListArgs,
    },
    /// Close a run that left requests open, or whose webhooks the target does not list, after you have checked the target
    Close {
        /// Run: an id, the start of one, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// The state folder.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Remove the records of old runs, but never of a run that left something open
    Prune {
        /// Keep the runs that started within this time
        #[arg(long, value_name = "TIME", default_value = "90d", value_parser = super::arguments::positive_duration)]
        keep_within: SignedDuration,
        /// The state folder.
        #[command(flatten)]
        state: StateArgs,
    },
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run (an id, the start of one, or `latest`), saved plan or outcome (JSON), or - for standard input
    #[arg(value_name = "RUN|FILE")]
    pub of: String,
    /// Show the plan that the run carried out, instead of its outcome
    #[arg(long)]
    pub plan: bool,
    /// How much is shown.
    #[command(flatten)]
    pub detail: DetailArgs,
    /// The output format.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// Runs to undo together: ids, starts of ids, or `latest`
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<String>,
    /// Undo the whole chain of each: with it the runs that it continued, and those that continued it
    ///
    /// A run continues an earlier one that was interrupted, cut off or refused in part. Runs of the chain that are
    /// already rolled back are left out, and named.
    #[arg(long)]
    pub chain: bool,
    /// The run's target again; required if its key is in a profile, or if it is not a Coralogix host
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Show what would be undone, and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Undo without asking for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// The settle window.
    #[command(flatten)]
    pub settle: SettleArgs,
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The format in which to print an id map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IdmapFormat {
    /// A table
    Text,
    /// A JSON document
    Json,
    /// CSV, for a spreadsheet
    Csv,
    /// Terraform `import` blocks, in which the ids of the newer API are to be filled in
    TerraformImport,
    /// A script for `sed -E`, which rewrites ids in JSON and Terraform
    Sed,
}

/// Arguments of `idmap`.
#[derive(Debug, Args)]
pub struct IdmapArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub action: IdmapAction,
}

/// A subcommand of `idmap`.
#[derive(Debug, Subcommand)]
pub enum IdmapAction {
    /// Print a run's map from source ids to target ids
    Show {
        /// Run: an id, the start of one, or `latest`
        #[arg(value_name = "RUN", default_value = "latest")]
        run: String,
        /// Format of the result
        #[arg(
            short,
            long,
            visible_alias = "format",
            value_enum,
            value_name = "FORMAT",
            default_value = "text"
        )]
        output: IdmapFormat,
        /// Leave out what the run did not create: what both accounts had before, and skipped conflicts
        #[arg(long)]
        only_created: bool,
        /// The state folder.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Write copies of files with alerts, referring to the target's webhooks; sends nothing and keeps the originals
    ///
    /// Reads alerts as JSON, Terraform (*.tf, *.tf.json) and resources of the Kubernetes operator (*.yaml, *.yml). Every
    /// byte that is no reference stays as it is. References that cannot be resolved are listed with file and line, and
    /// the exit code is 3.
    Apply {
        /// File with alerts, or a folder of them
        #[arg(value_name = "ALERTS")]
        alerts: PathBuf,
        /// New file, if ALERTS is a file; else a folder that is empty or does not exist yet
        #[arg(long, value_name = "PATH")]
        out: PathBuf,
        /// Id map file, printed by `idmap show` or `migrate -o json`, instead of the map of a run
        #[arg(long, value_name = "FILE", conflicts_with = "run")]
        map: Option<PathBuf>,
        /// Run whose map to use
        #[arg(long, value_name = "RUN", default_value = "latest")]
        run: String,
        /// Turn alerts that refer to the target back to the source
        #[arg(long)]
        reverse: bool,
        /// Leave out what the run did not create: what both accounts had before, and skipped conflicts
        #[arg(long)]
        only_created: bool,
        /// Format of the result
        #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
        output: OutputFormat,
        /// The state folder.
        #[command(flatten)]
        state: StateArgs,
    },
}
