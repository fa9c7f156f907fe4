//! The arguments of `deliver-test`.

use super::OutputFormat;
use super::arguments::{ConnectionArgs, StateArgs};
use clap::{ArgGroup, Args};

/// Arguments of `deliver-test`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("tested").args(["run", "to"]).multiple(true).required(true))]
pub struct DeliverTestArgs {
    /// Test what this run created or updated: an id, the start of one, or `latest`
    #[arg(value_name = "RUN")]
    pub run: Option<String>,
    /// Account to test, or with a run its target again
    #[arg(long, value_name = "ACCOUNT")]
    pub to: Option<String>,
    /// Test webhooks of these types: a documented name such as `slack` or `pager_duty`, or a number; repeatable
    #[arg(
        long = "type",
        alias = "types",
        value_name = "TYPE",
        value_delimiter = ',',
        required = true
    )]
    pub types: Vec<String>,
    /// Test only aliases that match this pattern (* and ?), or exclude them with !GLOB; repeatable
    #[arg(long = "name", value_name = "GLOB")]
    pub names: Vec<String>,
    /// Test only webhooks with these ids in the account; repeatable
    #[arg(long = "id", value_name = "ID", value_delimiter = ',')]
    pub ids: Vec<String>,
    /// Test also webhooks whose last test since they changed was delivered, or may have been
    #[arg(long)]
    pub again: bool,
    /// Show what would be sent, and send nothing
    #[arg(short = 'n', long)]
    pub dry_run: bool,
    /// Send without asking for confirmation
    #[arg(short, long)]
    pub yes: bool,
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// The state folder.
    #[command(flatten)]
    pub state: StateArgs,
    /// How to connect to the account.
    #[command(flatten)]
    pub connection: ConnectionArgs,
}
