//! Everything that is decided before any work begins: flags and environment made into values, once.
//! The only place that reads the environment.

mod account;
mod accounts;
mod backup;
pub mod calendar;
mod candidates;
mod closest;
pub mod config;
mod cx;
mod environment;
mod keys;
pub mod profiles;
mod records;
mod report;
mod restore;
mod rewriting;
mod route;
mod run_schedule;
mod saved;
mod schedule;
pub mod schedules;
mod values;

pub use account::{AccountCheck, AccountList};
pub use backup::{BackupCheck, BackupCreate, BackupForget, BackupList, ToBackUp};
pub use candidates::candidates;
pub use records::{
    Idmap, IdmapWork, MapForm, MapSource, RecordedTarget, Rollback, RunsSettings, RunsWork,
    StateFolder, Verify, VerifyRun, Wanted,
};

pub use report::{Report, ReportForm, Reported};
pub use restore::{BackupChoice, BackupShow, Rehearsal, Restore, Which};
pub use rewriting::{Retargeting, RulesCheck, RulesFile, RulesInit};
pub use route::{Origin, Route};
pub use run_schedule::{Prepared, RunSchedule};
pub use saved::Apply;
pub use schedule::{ScheduleList, SchedulePrint};
pub use values::read as read_values;

use crate::cli::{self, ConflictArg, ConnectionArgs, OutputForm, SelectionArgs, When, WritingArgs};
use crate::coralogix::account::Side;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::webhook::WebhookId;
use crate::document::view::Detail;
use crate::error::Error;
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::store::disk;
use accounts::Accounts;
use anstream::ColorChoice;
use jiff::SignedDuration;
use std::path::PathBuf;

/// When a migration may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Never: it is a dry run.
    DryRun,
    /// After a person has said yes at the terminal.
    Ask,
    /// At once.
    Given,
}

impl Consent {
    fn of(dry_run: bool, yes: bool) -> Self {
        match (dry_run, yes) {
            (true, _) => Self::DryRun,
            (false, true) => Self::Given,
            (false, false) => Self::Ask,
        }
    }
}

/// Settings of `migrate`.
#[derive(Debug, Clone)]
pub struct Migrate {
    /// The command that it is, for those who wait for it.
    pub command: &'static str,
    /// From where to where.
    pub route: Route,
    /// When it may write.
    pub consent: Consent,
    /// The most webhooks it may write.
    pub max_changes: Option<usize>,
    /// How it writes.
    pub push: PushOptions,
    /// Where its record is kept.
    pub state: StateFolder,
    /// What another command has to say to find the record and the target's key: nothing, or options with a space before.
    pub flags: String,
    /// How much of the plan is shown.
    pub detail: Detail,
    /// The form of the result.
    pub output: ReportForm,
}

/// Settings of `plan`.
#[derive(Debug, Clone)]
pub struct Plan {
    /// From where to where.
    pub route: Route,
    /// Whether changes give an exit code of their own.
    pub detailed_exitcode: bool,
    /// The file to save the plan to.
    pub out: Option<PathBuf>,
    /// How long it may be applied.
    pub valid_for: SignedDuration,
    /// Where earlier runs are on record.
    pub state: StateFolder,
    /// How much of the plan is shown.
    pub detail: Detail,
    /// The form of the result.
    pub output: ReportForm,
}

/// Settings of `list`.
#[derive(Debug, Clone)]
pub struct List {
    /// Where webhooks are read.
    pub source: Origin,
    /// Which of them are meant.
    pub filter: Filter,
    /// How the account is reached.
    pub client: ClientOptions,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `diff`.
#[derive(Debug, Clone)]
pub struct Diff {
    /// The one side.
    pub left: Origin,
    /// The other.
    pub right: Origin,
    /// Which webhooks of both are meant.
    pub filter: Filter,
    /// How accounts are reached.
    pub client: ClientOptions,
    /// Whether differences give an exit code of their own.
    pub detailed_exitcode: bool,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `export`.
#[derive(Debug, Clone)]
pub struct Export {
    /// Where webhooks are read.
    pub source: Origin,
    /// Which of them are meant.
    pub filter: Filter,
    /// How the account is reached.
    pub client: ClientOptions,
    /// The file to write; standard output without one.
    pub out: Option<PathBuf>,
    /// Whether to strip what the server owns.
    pub ready: bool,
    /// Whether secrets may go to a terminal.
    pub reveal: bool,
}

/// Whether to colour: the flag, else what `NO_COLOR` and `CLICOLOR_FORCE` say, else what the terminal can.
pub fn colour(when: When) -> ColorChoice {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match when {
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
        When::Auto if is_set("NO_COLOR") => ColorChoice::Never,
        When::Auto if is_set("CLICOLOR_FORCE") => ColorChoice::Always,
        When::Auto => ColorChoice::Auto,
    }
}

/// The log filter of `HOOKFERRY_LOG`, if there is one.
pub fn log_filter() -> Option<String> {
    std::env::var("HOOKFERRY_LOG")
        .ok()
        .filter(|value| !value.is_empty())
}

impl Migrate {
    /// Settings of a `migrate` command line.
    pub async fn resolve(arguments: cli::MigrateArgs) -> Result<Self, Error> {
        let route = Route::resolve(
            &arguments.route,
            arguments.selection,
            arguments.on_conflict,
            &arguments.rewriting,
            &arguments.connection,
        )
        .await?;
        let state = StateFolder::resolve(arguments.state.state_dir);
        Ok(Self {
            command: "migrate",
            flags: state.flag() + &accounts::flags(&arguments.connection.config, &route.target),
            route,
            consent: Consent::of(arguments.dry_run, arguments.yes),
            max_changes: arguments.max_changes,
            state,
            detail: detail(arguments.diff),
            push: push_options(&arguments.writing),
            output: ReportForm::resolve(&arguments.output)?,
        })
    }
}

impl Plan {
    /// Settings of a `plan` command line.
    pub async fn resolve(arguments: cli::PlanArgs) -> Result<Self, Error> {
        Ok(Self {
            route: Route::resolve(
                &arguments.route,
                arguments.selection,
                arguments.on_conflict,
                &arguments.rewriting,
                &arguments.connection,
            )
            .await?,
            detailed_exitcode: arguments.detailed_exitcode,
            out: arguments.out,
            valid_for: arguments.valid_for,
            state: StateFolder::resolve(arguments.state.state_dir),
            detail: detail(arguments.diff),
            output: ReportForm::resolve(&arguments.output)?,
        })
    }
}

impl List {
    /// Settings of a `list` command line.
    pub async fn resolve(arguments: cli::ListArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        Ok(Self {
            source: accounts.origin(&arguments.from).await?,
            filter: filter(arguments.selection)?,
            client: client(&arguments.connection)?,
            output: arguments.output,
        })
    }
}

impl Diff {
    /// Settings of a `diff` command line.
    pub async fn resolve(arguments: cli::DiffArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        let left = accounts.side(Side::Source, "LEFT", &arguments.left);
        let left = left.await?;
        let right = accounts.side(Side::Target, "RIGHT", &arguments.right);
        let right = right.await?;
        if matches!((&left, &right), (Origin::Stdin(_), Origin::Stdin(_))) {
            return Err(Error::usage("only one side can come on standard input"));
        }
        Ok(Self {
            left,
            right,
            filter: filter(arguments.selection)?,
            client: client(&arguments.connection)?,
            detailed_exitcode: arguments.detailed_exitcode,
            output: arguments.output,
        })
    }
}

impl Export {
    /// Settings of an `export` command line.
    pub async fn resolve(arguments: cli::ExportArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        Ok(Self {
            source: accounts.origin(&arguments.from).await?,
            filter: filter(arguments.selection)?,
            client: client(&arguments.connection)?,
            out: arguments.out,
            ready: arguments.ready,
            reveal: arguments.reveal,
        })
    }
}

fn on_conflict(argument: ConflictArg) -> OnConflict {
    match argument {
        ConflictArg::Fail => OnConflict::Fail,
        ConflictArg::Skip => OnConflict::Skip,
        ConflictArg::Update => OnConflict::Update,
    }
}

fn push_options(writing: &WritingArgs) -> PushOptions {
    PushOptions {
        settle: writing.settle,
        batch_size: writing.batch_size,
    }
}

fn detail(diff: bool) -> Detail {
    if diff { Detail::Full } else { Detail::Normal }
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

fn client(connection: &ConnectionArgs) -> Result<ClientOptions, Error> {
    let ca = match &connection.ca_file {
        Some(path) => Some(disk::read_bytes(path, "the file of --ca-file")?),
        None => None,
    };
    Ok(ClientOptions {
        timeout: connection.timeout,
        rate: connection.rate,
        ca,
    })
}
