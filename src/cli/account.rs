//! The arguments of `account`.

use super::OutputForm;
use super::arguments::{ConfigArgs, ConnectionArgs};
use clap::{Args, Subcommand, ValueEnum};

/// Arguments of `account`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: AccountAction,
}

/// What to do with accounts.
#[derive(Debug, Subcommand)]
pub enum AccountAction {
    /// List the profiles of the config file; nothing is read from any account
    #[command(after_help = "Example:\n  hookferry account list -o json")]
    List(AccountListArgs),
    /// Read an account once and say what is known of it, and what is not; writes nothing
    #[command(after_help = "Examples:
  hookferry account check prod-eu
  hookferry account check https://api.eu2.coralogix.com --as target
`hookferry account --help` says what an ACCOUNT is.")]
    Check(AccountCheckArgs),
}

/// Arguments of `account list`.
#[derive(Debug, Args)]
pub struct AccountListArgs {
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Where accounts have their names.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `account check`.
#[derive(Debug, Args)]
pub struct AccountCheckArgs {
    /// Account to look at
    #[arg(value_name = "ACCOUNT")]
    pub account: String,
    /// Use the key that a run would use for it on this side [default: the profile's own, else the source's]
    #[arg(long = "as", value_enum, value_name = "SIDE")]
    pub side: Option<SideArg>,
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// How the account is reached.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}

/// The side that an account stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SideArg {
    /// Where webhooks are read.
    Source,
    /// Where webhooks are written.
    Target,
}
