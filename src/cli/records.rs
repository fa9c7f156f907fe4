//! The arguments of the commands that look back: at runs on record, at what they wrote, and at the ids they gave.

use super::OutputForm;
use super::arguments::{
    ConnectionArgs, IdentityArgs, ReportOutputArgs, RewritingArgs, SelectionArgs, StateArgs,
};
use clap::{ArgGroup, Args, Subcommand};
use jiff::SignedDuration;
use std::path::PathBuf;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("wanted").required(true).args(["from", "run"]))]
pub struct VerifyArgs {
    /// Account that says what is wanted, a backup, an export file, or -
    #[arg(long, value_name = "ACCOUNT", requires = "to")]
    pub from: Option<String>,
    /// Account to look at; with --run the run's own, named once more for the profile that has its key
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Compare with what this run brought to its target: an id, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["types", "names", "ids", "rules", "retarget", "unmatched_secret"])]
    pub run: Option<String>,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What was changed on the way.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// Where runs are on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How the accounts are reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `runs`.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    /// What to do; lists the runs without it.
    #[command(subcommand)]
    pub action: Option<RunsAction>,
    /// How the list is shown.
    #[command(flatten)]
    pub list: RunsListArgs,
}

/// How runs are listed.
#[derive(Debug, Args)]
pub struct RunsListArgs {
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Where runs are on record.
    #[command(flatten)]
    pub state: StateArgs,
}

/// What to do with run records.
#[derive(Debug, Subcommand)]
pub enum RunsAction {
    /// Show what a run did and what is still open
    Show {
        /// The run: an id, the beginning of one, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// How it is shown.
        #[command(flatten)]
        list: RunsListArgs,
    },
    /// Say that what a run left open does not matter: you have looked, and none of it is in the target
    Close {
        /// The run: an id, the beginning of one, or `latest`
        #[arg(value_name = "RUN")]
        run: String,
        /// Where runs are on record.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Remove the records of old runs; never of one that has something open
    Prune {
        /// Keep what began within this time
        #[arg(long, value_name = "TIME", default_value = "90d", value_parser = super::arguments::age)]
        keep_within: SignedDuration,
        /// Where runs are on record.
        #[command(flatten)]
        state: StateArgs,
    },
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// A run (an id, the beginning of one, or `latest`), a saved plan or outcome (JSON), or -
    #[arg(value_name = "RUN|FILE")]
    pub of: String,
    /// Show every field and every difference in text; the other forms have them anyway
    #[arg(long)]
    pub diff: bool,
    /// Form of the result.
    #[command(flatten)]
    pub output: ReportOutputArgs,
    /// Where runs are on record.
    #[command(flatten)]
    pub state: StateArgs,
}

/// Arguments of `rollback`.
#[derive(Debug, Args)]
pub struct RollbackArgs {
    /// The run: an id, the beginning of one, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Its target, named once more; needed where a profile has its key, or it is no Coralogix host
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Show what would be undone and change nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Undo without asking
    #[arg(short, long)]
    pub yes: bool,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Where runs are on record.
    #[command(flatten)]
    pub state: StateArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// Arguments of `idmap`.
#[derive(Debug, Args)]
pub struct IdmapArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: IdmapAction,
}

/// What to do with an id map.
#[derive(Debug, Subcommand)]
pub enum IdmapAction {
    /// Print a run's map from source ids to target ids
    Show {
        /// The run: an id, the beginning of one, or `latest`
        #[arg(value_name = "RUN", default_value = "latest")]
        run: String,
        /// As CSV, for a spreadsheet
        #[arg(long, conflicts_with = "output")]
        csv: bool,
        /// Form of the result
        #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
        output: OutputForm,
        /// Where runs are on record.
        #[command(flatten)]
        state: StateArgs,
    },
    /// Write exported alerts anew with the target's ids; nothing is sent, and the originals stay
    Apply {
        /// An exported JSON file, or a folder of them
        #[arg(value_name = "ALERTS")]
        alerts: PathBuf,
        /// Folder for the new files; must not exist yet, or be empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The map: a file that `idmap show` or `migrate -o json` gave, instead of a run's
        #[arg(long, value_name = "FILE", conflicts_with = "run")]
        map: Option<PathBuf>,
        /// The run whose map it is
        #[arg(long, value_name = "RUN", default_value = "latest")]
        run: String,
        /// Form of the result
        #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
        output: OutputForm,
        /// Where runs are on record.
        #[command(flatten)]
        state: StateArgs,
    },
}
