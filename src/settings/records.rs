//! Settings of the commands that look back at runs on record.

use super::accounts::{Accounts, Meant};
use super::environment::absolute_path;
use super::{Consent, Route, RulesFile, client, filter};
use crate::cli::{self, IdmapAction, OutputForm, RunsAction};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::pipeline::plan::OnConflict;
use jiff::SignedDuration;
use std::path::{Path, PathBuf};

/// Where run records and locks are kept.
#[derive(Debug, Clone)]
pub struct StateFolder {
    path: Option<PathBuf>,
    /// Whether the user named it.
    is_named: bool,
}

impl StateFolder {
    /// That folder.
    pub fn at(path: &Path) -> Self {
        Self {
            path: Some(path.to_owned()),
            is_named: false,
        }
    }

    /// The folder that the flag names, else the one for this user's state by the XDG rules.
    pub(super) fn resolve(flag: Option<PathBuf>) -> Self {
        let of_home = || Some(absolute_path("HOME")?.join(".local").join("state"));
        let of_user = || {
            let base = absolute_path("XDG_STATE_HOME").or_else(of_home)?;
            Some(base.join("hookferry"))
        };
        Self {
            is_named: flag.is_some(),
            path: flag.or_else(of_user),
        }
    }

    /// What another command has to say to find the same one: nothing, or ` --state-dir DIR`.
    pub fn flag(&self) -> String {
        match &self.path {
            Some(path) if self.is_named => format!(" --state-dir {}", path.display()),
            _ => String::new(),
        }
    }

    /// Where it is; an error where nothing tells.
    pub fn path(&self) -> Result<&Path, Error> {
        self.path.as_deref().ok_or_else(|| {
            Error::usage(
                "there is no folder for run records: neither XDG_STATE_HOME nor HOME is set",
            )
            .with_hint("name one with --state-dir DIR")
        })
    }
}

/// Settings of `verify`.
#[derive(Debug, Clone)]
pub struct Verify {
    /// What says what is wanted.
    pub wanted: Wanted,
    /// The form of the result.
    pub output: OutputForm,
}

/// What says what is wanted in a target.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// A source.
    Source(Box<Route>),
    /// A run on record.
    Run(Box<VerifyRun>),
}

/// A run whose result is to be verified.
#[derive(Debug, Clone)]
pub struct VerifyRun {
    /// The run as the user named it.
    pub run: String,
    /// Its target as the user confirmed it.
    pub target: RecordedTarget,
    /// How the account is reached.
    pub client: ClientOptions,
    /// Where runs are on record.
    pub state: StateFolder,
}

/// Settings of `rollback`.
#[derive(Debug, Clone)]
pub struct Rollback {
    /// The run as the user named it.
    pub run: String,
    /// Its target as the user confirmed it.
    pub target: RecordedTarget,
    /// How the account is reached.
    pub client: ClientOptions,
    /// When it may write.
    pub consent: Consent,
    /// Where runs are on record.
    pub state: StateFolder,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `idmap`.
#[derive(Debug, Clone)]
pub struct Idmap {
    /// What to do.
    pub work: IdmapWork,
    /// Where the map comes from.
    pub map: MapSource,
    /// Where runs are on record.
    pub state: StateFolder,
}

/// What to do with an id map.
#[derive(Debug, Clone)]
pub enum IdmapWork {
    /// Print it.
    Show(MapForm),
    /// Write exported alerts anew with it.
    Apply {
        /// A file, or a folder of them.
        alerts: PathBuf,
        /// The folder for the new ones.
        out: PathBuf,
        /// The form of the report.
        output: OutputForm,
    },
}

/// How an id map is printed.
#[derive(Debug, Clone, Copy)]
pub enum MapForm {
    /// For a spreadsheet.
    Csv,
    /// For people or programs.
    Output(OutputForm),
}

/// Where an id map comes from.
#[derive(Debug, Clone)]
pub enum MapSource {
    /// A file.
    File(PathBuf),
    /// A run, as the user named it.
    Run(String),
}

/// The target that a record names, and what the user says about it.
#[derive(Debug, Clone)]
pub struct RecordedTarget(Option<Meant>);

/// Settings of `runs`.
#[derive(Debug, Clone)]
pub struct RunsSettings {
    /// What to do.
    pub work: RunsWork,
    /// Where runs are on record.
    pub state: StateFolder,
}

/// What to do with run records.
#[derive(Debug, Clone)]
pub enum RunsWork {
    /// List them.
    List(OutputForm),
    /// Show one.
    Show(String, OutputForm),
    /// Say that what one left open does not matter.
    Close(String),
    /// Remove those that began longer ago.
    Prune(SignedDuration),
}

impl RecordedTarget {
    fn resolve(flag: Option<&str>, accounts: &mut Accounts) -> Result<Self, Error> {
        let named = flag.map(|text| accounts.meant("--to", text));
        named.transpose().map(Self)
    }

    /// The account that a record names by URL and host, with the target's key.
    ///
    /// A host outside the vendor's domains and this machine has to be named by the user too: a record is only a file.
    pub async fn account(&self, url: &str, host: &str) -> Result<Account, Error> {
        let host = crate::foreign::shortened(host, 80);
        let endpoint = Endpoint::parse(url)
            .map_err(|_| Error::failed(format!("the run record names no usable target: {host}")))?;
        match &self.0 {
            Some(named) if named.endpoint.base() != endpoint.base() => {
                return Err(Error::new(
                    ErrorKind::WrongAccount,
                    format!(
                        "the run wrote to {host}, and --to names {}",
                        named.endpoint.host()
                    ),
                )
                .with_hint(
                    "nothing was read or written; leave --to out, or name the run's own target",
                ));
            }
            None if !endpoint.is_vendor() && !endpoint.is_loopback() => {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!("the run wrote to {host}, which is no Coralogix host"),
                )
                .with_hint("name it once more with --to, so that no key goes to a host that you did not name"));
            }
            _ => {}
        }
        if let Some(meant) = &self.0 {
            return meant.account(Side::Target).await;
        }
        let account = Meant::address(endpoint).account(Side::Target).await;
        account.map_err(or_by_profile)
    }
}

/// A run does not remember by which profile its target was named.
fn or_by_profile(error: Error) -> Error {
    match (error.kind(), error.hint()) {
        (ErrorKind::Authentication, Some(hint)) => {
            let hint = format!("{hint}; or name the profile that has it: --to PROFILE");
            error.with_hint(hint)
        }
        _ => error,
    }
}

impl Verify {
    /// Settings of a `verify` command line.
    pub async fn resolve(arguments: cli::VerifyArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        let client = client(&arguments.connection)?;
        let wanted = match (arguments.run, arguments.from, arguments.to) {
            (Some(run), _, to) => Wanted::Run(Box::new(VerifyRun {
                run,
                target: RecordedTarget::resolve(to.as_deref(), &mut accounts)?,
                client,
                state: StateFolder::resolve(arguments.state.state_dir),
            })),
            (None, Some(from), Some(to)) => Wanted::Source(Box::new(Route::new(
                accounts.origin(&from).await?,
                accounts.target(&to).await?,
                filter(arguments.selection)?,
                OnConflict::Fail,
                RulesFile::resolve(&arguments.rewriting)?,
                client,
            )?)),
            _ => return Err(Error::usage("verify needs --from and --to, or --run")),
        };
        Ok(Self {
            wanted,
            output: arguments.output,
        })
    }
}

impl Rollback {
    /// Settings of a `rollback` command line.
    pub fn resolve(arguments: cli::RollbackArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::of(&arguments.connection.config)?;
        Ok(Self {
            target: RecordedTarget::resolve(arguments.to.as_deref(), &mut accounts)?,
            client: client(&arguments.connection)?,
            consent: Consent::of(arguments.dry_run, arguments.yes),
            state: StateFolder::resolve(arguments.state.state_dir),
            run: arguments.run,
            output: arguments.output,
        })
    }
}

impl RunsSettings {
    /// Settings of a `runs` command line.
    pub fn resolve(arguments: cli::RunsArgs) -> Self {
        let (work, state) = match arguments.action {
            None => (RunsWork::List(arguments.list.output), arguments.list.state),
            Some(RunsAction::Show { run, list }) => (RunsWork::Show(run, list.output), list.state),
            Some(RunsAction::Close { run, state }) => (RunsWork::Close(run), state),
            Some(RunsAction::Prune { keep_within, state }) => (RunsWork::Prune(keep_within), state),
        };
        Self {
            work,
            state: StateFolder::resolve(state.state_dir),
        }
    }
}

impl Idmap {
    /// Settings of an `idmap` command line.
    pub fn resolve(arguments: cli::IdmapArgs) -> Self {
        let (work, map, state) = match arguments.action {
            IdmapAction::Show {
                run,
                csv,
                output,
                state,
            } => {
                let form = if csv {
                    MapForm::Csv
                } else {
                    MapForm::Output(output)
                };
                (IdmapWork::Show(form), MapSource::Run(run), state)
            }
            IdmapAction::Apply {
                alerts,
                out,
                map,
                run,
                output,
                state,
            } => {
                let work = IdmapWork::Apply {
                    alerts,
                    out,
                    output,
                };
                let map = map.map_or(MapSource::Run(run), MapSource::File);
                (work, map, state)
            }
        };
        Self {
            work,
            map,
            state: StateFolder::resolve(state.state_dir),
        }
    }
}
