//! The arguments of the commands that read webhooks and show or write them as they are.

use super::OutputFormat;
use super::arguments::{AllArgs, ComparisonArgs, ReadingArgs, SelectionArgs};
use super::operands::{SidesArgs, SourceArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Arguments of `diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What to compare.
    #[command(flatten)]
    pub sides: SidesArgs,
    /// Backup repository, for `latest`, a time or the path of a backup as a side: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "REPO")]
    pub repo: Option<String>,
    /// The backed-up account, if the repository holds several and the other side is none of them
    #[arg(long, value_name = "NAME", requires = "repo")]
    pub account: Option<String>,
    /// Exit with code 2 if the two sides differ
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks are listed.
    #[command(flatten)]
    pub all: AllArgs,
    /// Which webhooks of both sides to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What counts in comparisons.
    #[command(flatten)]
    pub comparison: ComparisonArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
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
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// What `export` writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ExportFormat {
    /// The webhooks as the API returns them, secrets included
    Json,
    /// Terraform resources with import blocks, and variables for secrets
    Terraform,
    /// Resources for Coralogix's Kubernetes operator, with placeholders for secrets
    Operator,
    /// A shell script that creates the webhooks with curl, with variables for secrets
    Curl,
}

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Where to read webhooks.
    #[command(flatten)]
    pub source: SourceArgs,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "json")]
    pub format: ExportFormat,
    /// Write to this new file, readable only by you; with --format terraform, to files in this new folder
    #[arg(long, value_name = "PATH")]
    pub out: Option<PathBuf>,
    /// With --format json: strip the fields that the server sets, so that each webhook is a body for POST
    #[arg(long)]
    pub ready: bool,
    /// With --format json: print secrets even on a terminal
    #[arg(long)]
    pub reveal: bool,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
}
