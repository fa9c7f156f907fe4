//! The arguments of `rules`.

use super::OutputForm;
use super::arguments::{ConnectionArgs, IdentityArgs, RewritingArgs, SelectionArgs};
use clap::{Args, Subcommand};
use std::path::PathBuf;

/// Arguments of `rules`.
#[derive(Debug, Args)]
pub struct RulesArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: RulesAction,
}

/// What to do with a rules file.
#[derive(Debug, Subcommand)]
pub enum RulesAction {
    /// Write a rules file that names every secret of an account, and holds none of them
    Init(RulesInitArgs),
    /// Show which rule changes what, what no rule names, and whether each value can be read
    Check(RulesCheckArgs),
}

/// Arguments of `rules init`.
#[derive(Debug, Args)]
pub struct RulesInitArgs {
    /// Account to read, a backup, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account that the webhooks go to; nothing is read there and no key is needed
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Write to this file, readable by you alone; it must not exist yet
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
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

/// Arguments of `rules check`.
#[derive(Debug, Args)]
pub struct RulesCheckArgs {
    /// Account to read, a backup, an export file, or -
    #[arg(long, value_name = "ACCOUNT")]
    pub from: String,
    /// Account that the webhooks go to; nothing is read there and no key is needed
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Which webhooks.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// What is changed on the way.
    #[command(flatten)]
    pub rewriting: RewritingArgs,
    /// What opens an encrypted backup.
    #[command(flatten)]
    pub identity: IdentityArgs,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
