//! Resolves flags and environment variables into settings, once, before any work starts.
//! The only module that reads the environment.

mod account;
mod accounts;
mod apply;
mod backup;
pub mod calendar;
mod candidates;
pub mod config;
mod cx;
mod deliver_test;
mod env_file;
mod environment;
mod follow_up;
mod key_text;
mod key_variables;
mod keys;
mod network;
pub mod profiles;
mod reading;
mod records;
mod report;
mod restore;
mod rewriting;
mod route;
mod run_schedule;
mod schedule;
pub mod schedules;
mod values;

pub use account::{AccountCheckSettings, AccountListSettings};
pub use backup::{
    BackupAccount, BackupCheckSettings, BackupCreateSettings, BackupForgetSettings,
    BackupListSettings,
};
pub use candidates::completion_sources;
pub use deliver_test::{DeliverTestSettings, Tested};
pub use env_file::EnvFile;
pub use reading::{DiffSettings, ExportSettings, ListSettings};
pub use records::{
    IdmapSettings, IdmapSource, IdmapTask, RecordedTarget, RollbackSettings, RunsSettings,
    RunsTask, StateFolder, VerifyAgainst, VerifyRun, VerifySettings, VerifySource,
};

pub use apply::ApplySettings;
pub use report::{ReportFormat, ReportSettings, ReportSubject};
pub use restore::{
    BackupSelector, BackupShowSettings, RehearsalSettings, RepositoryBackup, RestoreSettings,
};
pub use rewriting::{Retargeting, RulesCheckSettings, RulesFile, RulesInitSettings};
pub use route::{Origin, Route};
pub use run_schedule::{PreparedBackups, RunScheduleSettings};
pub use schedule::{ScheduleListSettings, SchedulePrintSettings};
pub use values::read as read_values;

use crate::cli::{
    self, AllArgs, ColorArg, ComparisonArgs, ConflictArg, ConflictArgs, ConnectionArgs, DetailArgs,
    ReadingArgs, SelectionArgs, WritingArgs,
};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::FollowUp;
use crate::document::view::Detail;
use crate::error::Error;
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::{ConflictDecision, ConflictPolicy, OnConflict};
use crate::pipeline::push::PushOptions;
use crate::proposal::Words;
use crate::store::disk;
use crate::store::input::Limit;
use accounts::AccountResolver;
use anstream::ColorChoice;
use follow_up::follow_up;
use jiff::SignedDuration;
use keys::Purpose;
use std::path::PathBuf;

/// Whether a command may write, and whether a person has to confirm first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Never write: a dry run.
    DryRun,
    /// Write only after somebody types yes at the terminal.
    Ask,
    /// Write without asking (`--yes`).
    Given,
}

impl Consent {
    fn from_flags(dry_run: bool, yes: bool) -> Self {
        match (dry_run, yes) {
            (true, _) => Self::DryRun,
            (false, true) => Self::Given,
            (false, false) => Self::Ask,
        }
    }

    /// What a command does with its target.
    fn purpose(self) -> Purpose {
        match self {
            Self::DryRun => Purpose::Read,
            Self::Ask | Self::Given => Purpose::Write,
        }
    }
}

/// Settings of `migrate`.
#[derive(Debug, Clone)]
pub struct MigrateSettings {
    /// Name of the command, which the lock shows to commands that wait for it.
    pub command: &'static str,
    /// Source, target, and what to do between them.
    pub route: Route,
    /// Whether it may write.
    pub consent: Consent,
    /// Most webhooks that the run may write; `None` for no limit.
    pub max_changes: Option<usize>,
    /// How to send writes.
    pub push: PushOptions,
    /// Folder that keeps the run record.
    pub state: StateFolder,
    /// What a command that follows the run needs.
    pub follow_up: FollowUp,
    /// How much of the plan to show.
    pub detail: Detail,
    /// Format of the result.
    pub output: ReportFormat,
}

/// Settings of `plan`.
#[derive(Debug, Clone)]
pub struct PlanSettings {
    /// Source, target, and what to do between them.
    pub route: Route,
    /// The most webhooks that the plan may write; `None` for any number.
    pub max_changes: Option<usize>,
    /// Whether pending changes exit with code 2.
    pub detailed_exitcode: bool,
    /// File to save the plan to, if any.
    pub out: Option<PathBuf>,
    /// What `apply` needs to carry out the saved plan.
    pub apply_options: Words,
    /// How long `apply` accepts the plan.
    pub valid_for: SignedDuration,
    /// Folder that keeps the records of earlier runs.
    pub state: StateFolder,
    /// How much of the plan to show.
    pub detail: Detail,
    /// Format of the result.
    pub output: ReportFormat,
}

/// Decides about color: by the flag, else by `NO_COLOR` and `CLICOLOR_FORCE`, else by the terminal.
pub fn color_choice(when: ColorArg) -> ColorChoice {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        ColorArg::Always => ColorChoice::Always,
        ColorArg::Never => ColorChoice::Never,
        ColorArg::Auto if is_set("NO_COLOR") => ColorChoice::Never,
        ColorArg::Auto if is_set("CLICOLOR_FORCE") => ColorChoice::Always,
        ColorArg::Auto => ColorChoice::Auto,
    }
}

/// The columns that `COLUMNS` asks for where there is no terminal; `None` if it is unset, or no number above zero.
pub fn columns() -> Option<usize> {
    let text = std::env::var("COLUMNS").ok()?;
    text.parse().ok().filter(|columns| *columns > 0)
}

/// The log filter in `HOOKFERRY_LOG`, if it is set.
pub fn log_filter() -> Option<String> {
    std::env::var("HOOKFERRY_LOG")
        .ok()
        .filter(|value| !value.is_empty())
}

impl MigrateSettings {
    /// Resolves the arguments of `migrate`.
    pub async fn resolve(arguments: cli::MigrateArgs) -> Result<Self, Error> {
        let consent = Consent::from_flags(arguments.consent.dry_run, arguments.consent.yes);
        let client = source_client_options(&arguments.reading)?;
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let (from, to) = (&arguments.route.from, &arguments.route.to);
        let route = Route::resolve(
            accounts.resolve_to_write(from, to, consent).await?,
            &mut accounts,
            arguments.selection,
            &arguments.conflict,
            &arguments.rewriting,
            &arguments.comparison,
            client,
        )?;
        let state = StateFolder::resolve(arguments.state.state_dir);
        Ok(Self {
            command: "migrate",
            follow_up: follow_up(
                &state,
                &arguments.reading.connection,
                &arguments.rewriting,
                &route.target,
            ),
            route,
            consent,
            max_changes: arguments.limit.max_changes,
            state,
            detail: detail(&arguments.detail),
            push: push_options(&arguments.writing),
            output: ReportFormat::resolve(&arguments.output)?,
        })
    }
}

impl PlanSettings {
    /// Resolves the arguments of `plan`.
    pub async fn resolve(arguments: cli::PlanArgs) -> Result<Self, Error> {
        let client = source_client_options(&arguments.reading)?;
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let (from, to) = (&arguments.route.from, &arguments.route.to);
        let sides = accounts.resolve_to_read(from, to).await?;
        let route = Route::resolve(
            sides,
            &mut accounts,
            arguments.selection.clone(),
            &arguments.conflict,
            &arguments.rewriting,
            &arguments.comparison,
            client,
        )?;
        Ok(Self {
            apply_options: follow_up::apply_words(&arguments, &route),
            route,
            max_changes: arguments.limit.max_changes,
            detailed_exitcode: arguments.detailed_exitcode,
            out: arguments.out,
            valid_for: arguments.valid_for,
            state: StateFolder::resolve(arguments.state.state_dir),
            detail: detail(&arguments.detail),
            output: ReportFormat::resolve(&arguments.output)?,
        })
    }
}

fn conflict_policy(arguments: &ConflictArgs) -> Result<ConflictPolicy, Error> {
    let decisions = arguments.on_conflict_for.iter().map(|text| {
        ConflictDecision::parse(text).ok_or_else(|| {
            let shown = crate::untrusted::escape_truncated(text, 60);
            Error::usage(format!("--on-conflict-for: `{shown}` is not ALIAS=POLICY")).with_hint(
                "policies are fail, skip and update, as in --on-conflict-for 'ops pager=update'",
            )
        })
    });
    Ok(ConflictPolicy {
        general: match arguments.on_conflict {
            ConflictArg::Fail => OnConflict::Fail,
            ConflictArg::Skip => OnConflict::Skip,
            ConflictArg::Update => OnConflict::Update,
        },
        decisions: decisions.collect::<Result<_, _>>()?,
    })
}

fn push_options(writing: &WritingArgs) -> PushOptions {
    PushOptions {
        settle: writing.settle.settle,
        batch_size: writing.batch_size,
    }
}

fn detail(arguments: &DetailArgs) -> Detail {
    Detail {
        shows_values: arguments.diff,
        lists_all: arguments.all.all,
    }
}

/// The level of detail of a command that shows what differs in any case.
fn listing_detail(arguments: &AllArgs) -> Detail {
    Detail {
        lists_all: arguments.all,
        ..Detail::default()
    }
}

fn filter(selection: SelectionArgs) -> Result<Filter, Error> {
    let mut filter = Filter::default();
    for text in &selection.types {
        filter.add_type(text)?;
    }
    for pattern in &selection.names {
        filter.add_name(pattern);
    }
    filter.ids = selection.ids.into_iter().map(WebhookId::new).collect();
    Ok(filter)
}

/// The undocumented keys that the flags leave out of comparisons.
fn state_keys(comparison: &ComparisonArgs) -> Result<StateKeys, Error> {
    for key in &comparison.ignore_keys {
        StateKeys::check(key).map_err(|why| {
            let key = crate::untrusted::escape_truncated(key, 60);
            Error::usage(format!("--ignore-key: `{key}` {}", why.reason()))
        })?;
    }
    Ok(StateKeys::default().with(&comparison.ignore_keys))
}

fn client_options(connection: &ConnectionArgs) -> Result<ClientOptions, Error> {
    let ca = match &connection.ca_file {
        Some(path) => Some(disk::read_bytes(
            path,
            "the file of --ca-file",
            Limit::Small,
        )?),
        None => None,
    };
    Ok(ClientOptions {
        timeout: connection.timeout,
        rate: connection.rate,
        max_wait: connection.max_wait,
        ca_pem: ca,
        proxy: network::proxy_variable(),
        ca_problem: network::ca_problem(),
        accept_incomplete: false,
        cross_check: false,
    })
}

/// The client options of a command that reads a source with `--accept-incomplete`.
fn source_client_options(reading: &ReadingArgs) -> Result<ClientOptions, Error> {
    Ok(ClientOptions {
        accept_incomplete: reading.source_list.accept_incomplete,
        cross_check: reading.source_list.cross_check.cross_check,
        ..client_options(&reading.connection)?
    })
}
