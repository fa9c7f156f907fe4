//! The arguments of `rules`.

use super::OutputFormat;
use super::arguments::{
    ConnectionArgs, IdentityArgs, RewritingArgs, SelectionArgs, SourceListArgs,
};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub action: RulesAction,
}

/// A subcommand of `rules`.
#[derive(Debug, Subcommand)]
pub enum RulesAction {
    /// Write a rules file that names every secret of an account but contains none
    Init(RulesInitArgs),
    /// Show what each rule changes, which secrets no rule covers, and whether each value can be read
    Check(RulesCheckArgs),
}

/// Arguments of `rules init`.
#[derive(Debug, Args)]
pub struct RulesInitArgs {
    /// Account to read from, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account that the webhooks will go to; hookferry does not contact it and needs no key for it
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Write to this new file, readable only by you
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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

/// Arguments of `rules check`.
#[derive(Debug, Args)]
pub struct RulesCheckArgs {
    /// Account to read from, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account that the webhooks will go to; hookferry does not contact it and needs no key for it
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to rewrite webhooks.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
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
