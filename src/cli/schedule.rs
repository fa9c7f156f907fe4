//! The arguments of `schedule`.

use super::OutputFormat;
use super::arguments::ConfigArgs;
use clap::{Args, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Arguments of `schedule`.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// The subcommand.
    #[command(subcommand)]
    pub action: ScheduleAction,
}

/// A subcommand of `schedule`.
#[derive(Debug, Subcommand)]
pub enum ScheduleAction {
    /// List the schedules of the config file, and when each runs next
    #[command(after_help = "Example:\n  hookferry schedule list -o json")]
    List(ScheduleListArgs),
    /// Print the files with which a scheduler runs a schedule, and how to install them; installs nothing
    #[command(after_help = "Examples:
  hookferry schedule print nightly --backend systemd --config /etc/hookferry/config.toml
  hookferry schedule print nightly --backend systemd --out units
  hookferry schedule print nightly --backend kubernetes --image registry.example.net/hookferry:1")]
    Print(SchedulePrintArgs),
}

/// Arguments of `schedule list`.
#[derive(Debug, Args)]
pub struct ScheduleListArgs {
    /// Format of the result
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value = "text")]
    pub output: OutputFormat,
    /// The config file that defines the schedules.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// Arguments of `schedule print`.
#[derive(Debug, Args)]
pub struct SchedulePrintArgs {
    /// Schedule of the config file
    #[arg(value_name = "SCHEDULE")]
    pub name: String,
    /// Scheduler to print files for
    #[arg(long, value_enum, value_name = "BACKEND")]
    pub backend: BackendArg,
    /// Path of the hookferry binary, for systemd and cron [default: /usr/local/bin/hookferry]
    #[arg(long, value_name = "PATH")]
    pub binary: Option<PathBuf>,
    /// Container image, for kubernetes
    /// [default: hookferry:VERSION, which you build from the source's Containerfile]
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
    /// Write the files into this folder; overwrites earlier files of this schedule, but no others
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// The config file that defines the schedules.
    #[command(flatten)]
    pub config: ConfigArgs,
}

/// The scheduler that runs a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BackendArg {
    /// A systemd service and timer.
    Systemd,
    /// A crontab line.
    Cron,
    /// A Kubernetes `CronJob`.
    Kubernetes,
    /// A GitHub Actions workflow.
    GithubActions,
}
