//! The arguments of `schedule`.

use super::OutputForm;
use super::arguments::ConfigArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Arguments of `schedule`.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// What to do.
    #[command(subcommand)]
    pub action: ScheduleAction,
}

/// What to do with schedules.
#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// List the schedules of the config file, and when each is due next
    #[command(after_help = "Example:\n  hookferry schedule list -o json")]
    List(ScheduleListArgs),
    /// Print the files that make a scheduler run a schedule, with how to install them; installs nothing
    #[command(after_help = "Examples:
  hookferry schedule print nightly --backend systemd --config /etc/hookferry/config.toml
  hookferry schedule print nightly --backend systemd --out units
  hookferry schedule print nightly --backend kubernetes --image registry.example.net/hookferry:1")]
    Print(SchedulePrintArgs),
}

/// Arguments of `schedule list`.
#[derive(Debug, Args)]
pub struct ScheduleListArgs {
    /// Form of the result
    #[arg(short, long, value_enum, value_name = "FORM", default_value = "text")]
    pub output: OutputForm,
    /// Where schedules have their names.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `schedule print`.
#[derive(Debug, Args)]
pub struct SchedulePrintArgs {
    /// Schedule of the config file
    #[arg(value_name = "SCHEDULE")]
    pub name: String,
    /// What is to run it
    #[arg(long, value_enum, value_name = "BACKEND")]
    pub backend: BackendArg,
    /// Path of the program, for systemd and cron [default: /usr/local/bin/hookferry]
    #[arg(long, value_name = "PATH")]
    pub binary: Option<PathBuf>,
    /// Container image, for kubernetes [default: hookferry:VERSION, which you build from docs/container/Containerfile]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Write the files into this folder; replaces older ones of the same schedule and nothing else
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Where schedules have their names.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// What runs a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendArg {
    /// A service and a timer.
    Systemd,
    /// A line of a crontab.
    Cron,
    /// A `CronJob`.
    Kubernetes,
    /// A workflow.
    GithubActions,
}
