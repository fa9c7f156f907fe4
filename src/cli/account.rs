//! The arguments of `account`.

use super::OutputFormat;
use super::arguments::{ConfigArgs, ConnectionArgs};
use super::operands::AccountArg;
use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `account`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub action: AccountAction,
}

/// A subcommand of `account`.
#[derive(Debug, Subcommand)]
pub enum AccountAction {
    /// List the profiles of the config file, without contacting any account
    #[command(after_help = "Example:\n  hookferry account list -o json")]
    List(AccountListArgs),
    /// Read an account once and report what is known about it and what is not; writes nothing
    #[command(
        override_usage = "hookferry account check [OPTIONS] <ACCOUNT>",
        after_help = "Examples:
  hookferry account check prod-eu
  hookferry account check https://api.eu2.coralogix.com --as target
`hookferry account --help` explains what an ACCOUNT is."
    )]
    Check(AccountCheckArgs),
}

/// Arguments of `account list`.
#[derive(Debug, Args)]
pub struct AccountListArgs {
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// The config file that defines the profiles.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `account check`.
#[derive(Debug, Args)]
pub struct AccountCheckArgs {
    /// The account.
    #[command(flatten)]
    pub account: AccountArg,
    /// The side whose key in the environment to use for an account without its own [default: source]
    #[arg(long = "as", value_enum, value_name = "SIDE")]
    pub side: Option<SideArg>,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The role of an account in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    /// The account that webhooks are read from.
    Source,
    /// The account that webhooks are written to.
    Target,
}
