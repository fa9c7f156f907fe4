//! The arguments of `sandbox`.

use super::arguments::duration;
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Which webhooks the sandbox accounts start with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SeedsArg {
    /// A team's typical webhooks.
    Demo,
    /// Every edge case.
    Awkward,
    /// No webhooks.
    Empty,
}

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Port of the source account; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub source_port: u16,
    /// Port of the target account; 0 picks a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub target_port: u16,
    /// Webhooks that both accounts start with
    #[arg(long, value_enum, value_name = "SEEDS", default_value = "demo")]
    pub seeds: SeedsArg,
    /// How the target behaves where Coralogix's documentation is silent; `--switch help` lists all
    #[arg(long = "switch", value_name = "NAME=VALUE")]
    pub switches: Vec<String>,
    /// Like --switch, for the source
    #[arg(long = "source-switch", value_name = "NAME=VALUE")]
    pub source_switches: Vec<String>,
    /// Inject a fault into the target, such as post:1:drop-after; `--fault help` explains
    #[arg(long = "fault", value_name = "FAULT")]
    pub faults: Vec<String>,
    /// Like --fault, for the source
    #[arg(long = "source-fault", value_name = "FAULT")]
    pub source_faults: Vec<String>,
    /// Delay of every response
    #[arg(long, value_name = "TIME", default_value = "0s", value_parser = duration)]
    pub latency: Duration,
}
