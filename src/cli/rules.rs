//! The arguments of `rules`.

use super::OutputFormat;
use super::arguments::{ReadingArgs, RewritingArgs, SelectionArgs};
use super::operands::RulesRouteArgs;
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
    #[command(override_usage = "hookferry rules init [OPTIONS] --from <ACCOUNT> [--to <ACCOUNT>]")]
    Init(RulesInitArgs),
    /// Show what each rule changes, which secrets no rule covers, and whether each value can be read
    #[command(override_usage = "hookferry rules check [OPTIONS] --from <ACCOUNT> --rules <FILE>")]
    Check(RulesCheckArgs),
}

/// Arguments of `rules init`.
#[derive(Debug, Args)]
pub struct RulesInitArgs {
    /// Where the webhooks come from and go to.
    #[command(flatten)]
    pub route: RulesRouteArgs,
    /// Write to this new file, readable only by you
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// Arguments of `rules check`.
#[derive(Debug, Args)]
pub struct RulesCheckArgs {
    /// Where the webhooks come from and go to.
    #[command(flatten)]
    pub route: RulesRouteArgs,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// Which webhooks to select.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// How to rewrite webhooks.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// How to read the accounts, and files in their place.
    #[command(flatten)]
    pub reading: ReadingArgs,
}
