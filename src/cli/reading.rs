//! The arguments of the commands that read webhooks and show or write them as they are.

use super::OutputFormat;
use super::arguments::{
    ComparisonArgs, ConnectionArgs, IdentityArgs, SelectionArgs, SourceListArgs,
};
use super::operands::{SidesArgs, SourceArgs};
use clap::Args;
use std::path::PathBuf;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What to compare.
    #[command(flatten)]
    pub sides: SidesArgs,
    /// Exit with code 2 if the two sides differ
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks of both sides to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
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

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Where to read webhooks.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// The keys that decrypt a backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Which lists to accept from a source.
    #[command(flatten)]
    pub source_list: SourceListArgs,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where to read webhooks.
    #[command(flatten)]
    pub source: SourceArgs,
    /// Write to this new file, readable only by you
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Strip the fields that the server sets, so that each webhook is a body for POST
    #[arg(long)]
    pub ready: bool,
    /// Print secrets even on a terminal
    #[arg(long)]
    pub reveal: bool,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// The keys that decrypt a backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Which lists to accept from a source.
    #[command(flatten)]
    pub source_list: SourceListArgs,
}
