//! Settings of the commands that work on recorded runs: `verify`, `rollback`, `idmap` and `runs`.

use super::accounts::{AccountResolver, ResolvedAccount};
use super::environment::absolute_path_variable;
use super::follow_up::{absolute, rewriting_options, target_options, verify_words};
use super::keys::Purpose;
use super::{Consent, Route, RulesFile, client_options, filter, state_keys};
use crate::cli::{self, IdmapAction, IdmapFormat, OutputFormat, RunsAction, VerifiedArgs};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::undocumented::StateKeys;
use crate::document::run::entry::Header;
use crate::document::run::{FollowUp, RewritingOptions};
use crate::document::view::Detail;
use crate::error::{Error, ErrorKind};
use crate::pipeline::idmap::Direction;
use crate::pipeline::plan::OnConflict;
use crate::pipeline::push::PushOptions;
use crate::proposal::Words;
use crate::store::runs::Runs;
use crate::store::{disk, state_folder};
use jiff::SignedDuration;
use std::path::{Path, PathBuf};

/// The folder that keeps run records and locks.
#[derive(Debug, Clone)]
pub struct StateFolder {
    path: Option<PathBuf>,
    /// Whether `--state-dir` names it.
    is_explicit: bool,
}

impl StateFolder {
    /// Uses a folder that no flag named, so [`flag_value`](Self::flag_value) returns `None`.
    pub fn from_path(path: &Path) -> Self {
        Self {
            path: Some(path.to_owned()),
            is_explicit: false,
        }
    }

    /// The folder that the flag names, else the one in the user's XDG state folder.
    pub(super) fn resolve(flag: Option<PathBuf>) -> Self {
        let in_home = || Some(absolute_path_variable("HOME")?.join(".local").join("state"));
        let user_folder = || {
            let base = absolute_path_variable("XDG_STATE_HOME").or_else(in_home)?;
            Some(base.join("hookferry"))
        };
        Self {
            is_explicit: flag.is_some(),
            path: flag.or_else(user_folder),
        }
    }

    /// The value of `--state-dir` with which another command finds the same folder; `None` if it is the default.
    pub fn flag_value(&self) -> Option<String> {
        let path = self.path.as_deref().filter(|_| self.is_explicit);
        path.map(absolute)
    }

    /// The run records in the folder.
    ///
    /// # Errors
    /// As for [`path`](Self::path).
    pub fn runs(&self) -> Result<Runs, Error> {
        Ok(Runs::new(self.path()?, self.flag_value()))
    }

    /// The path of the folder.
    ///
    /// # Errors
    /// A usage error if neither the flag nor the environment determines it, and an error if other users can write there.
    pub fn path(&self) -> Result<&Path, Error> {
        let path = self.path.as_deref().ok_or_else(|| {
            Error::usage(
                "there is no folder for run records: neither XDG_STATE_HOME nor HOME is set",
            )
            .with_hint("name one with --state-dir DIR")
        })?;
        state_folder::check(path)?;
        Ok(path)
    }
}

impl StateFolder {
    /// The runs in the folder, for a command that needs one.
    ///
    /// # Errors
    /// As for [`path`](Self::path), and where `--state-dir` names no folder: "no runs" would sound as if all were well.
    pub fn recorded_runs(&self) -> Result<Runs, Error> {
        let path = self.path()?;
        if !self.is_explicit || path.is_dir() {
            return self.runs();
        }
        let shown = crate::untrusted::escape(&path.display().to_string());
        Err(Error::usage(if disk::is_missing(path) {
            format!("the state folder `{shown}` does not exist")
        } else {
            format!("the state folder `{shown}` is not a folder that can be read")
        })
        .with_hint("check --state-dir: it is the folder that was named to the command that wrote, and without it hookferry uses the user's own"))
    }
}

/// Settings of `verify`.
#[derive(Debug, Clone)]
pub struct VerifySettings {
    /// What to compare the target with.
    pub against: VerifyAgainst,
    /// The level of detail of the text.
    pub detail: Detail,
    /// Format of the result.
    pub output: OutputFormat,
}

/// What `verify` compares the target with.
#[derive(Debug, Clone)]
pub enum VerifyAgainst {
    /// The webhooks of a source, rewritten like in a migration.
    Source(Box<VerifySource>),
    /// What a recorded run wrote.
    Run(Box<VerifyRun>),
}

/// A source to compare the target with.
#[derive(Debug, Clone)]
pub struct VerifySource {
    /// Source, target, and what happens to webhooks between them.
    pub route: Route,
    /// The options that say how webhooks are rewritten, as typed.
    pub rewriting: RewritingOptions,
    /// The other options with which the same comparison is made again.
    pub again: Words,
    /// The folder that keeps the records of earlier runs.
    pub state: StateFolder,
}

/// A recorded run to verify.
#[derive(Debug, Clone)]
pub struct VerifyRun {
    /// The run: an id, the start of one, or `latest`.
    pub run: String,
    /// Its target, which `--to` may name again.
    pub target: RecordedTarget,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// The undocumented keys that do not count, in addition to those that the run left out.
    pub ignore_keys: StateKeys,
    /// The folder that keeps run records.
    pub state: StateFolder,
}

/// Settings of `rollback`.
#[derive(Debug, Clone)]
pub struct RollbackSettings {
    /// The runs, each an id, the start of one, or `latest`; never empty.
    pub runs: Vec<String>,
    /// Whether to undo their whole chains.
    pub chain: bool,
    /// What a command needs that follows the rollback.
    pub follow_up: FollowUp,
    /// The limits for writing.
    pub push: PushOptions,
    /// Its target, which `--to` may name again.
    pub target: RecordedTarget,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// The undocumented keys that do not count, in addition to those that the run left out.
    pub ignore_keys: StateKeys,
    /// Whether it may write.
    pub consent: Consent,
    /// The folder that keeps run records.
    pub state: StateFolder,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `idmap`.
#[derive(Debug, Clone)]
pub struct IdmapSettings {
    /// The subcommand.
    pub task: IdmapTask,
    /// Where to read the map.
    pub map: IdmapSource,
    /// Whether to leave out what the run did not create.
    pub only_created: bool,
    /// The folder that keeps run records.
    pub state: StateFolder,
}

/// A subcommand of `idmap`.
#[derive(Debug, Clone)]
pub enum IdmapTask {
    /// Print the map.
    Show(IdmapFormat),
    /// Write copies of files with alerts that refer to the other account's webhooks.
    Apply {
        /// A file with alerts, or a folder of them.
        alerts: PathBuf,
        /// The new file or folder.
        out: PathBuf,
        /// Which account's webhooks they get.
        direction: Direction,
        /// Format of the report.
        output: OutputFormat,
    },
}

/// Where an id map comes from.
#[derive(Debug, Clone)]
pub enum IdmapSource {
    /// A file that `idmap show` or `migrate -o json` printed.
    File(PathBuf),
    /// A run: an id, the start of one, or `latest`.
    Run(String),
}

/// Resolves the target of a recorded run.
#[derive(Debug, Clone)]
pub struct RecordedTarget {
    /// The account that `--to` names, if it is given.
    named: Option<ResolvedAccount>,
    purpose: Purpose,
}

/// Settings of `runs`.
#[derive(Debug, Clone)]
pub struct RunsSettings {
    /// The subcommand.
    pub task: RunsTask,
    /// The folder that keeps run records.
    pub state: StateFolder,
}

/// A subcommand of `runs`.
#[derive(Debug, Clone)]
pub enum RunsTask {
    /// List the runs.
    List(OutputFormat),
    /// Show one run.
    Show(String, OutputFormat),
    /// Close a run that left requests open.
    Close(String),
    /// Remove the records of runs that started longer ago than this.
    Prune(SignedDuration),
}

impl RecordedTarget {
    pub(super) fn resolve(
        flag: Option<&str>,
        purpose: Purpose,
        accounts: &mut AccountResolver,
    ) -> Result<Self, Error> {
        let named = flag.map(|text| accounts.resolve("--to", text));
        Ok(Self {
            named: named.transpose()?,
            purpose,
        })
    }

    /// The account that the header of a record names by URL and host, with the target's key.
    ///
    /// Refuses a host outside Coralogix's domains and this machine unless `--to` names it too: a record is only
    /// a file, and whoever changed it must not get a key.
    pub async fn account<S>(&self, header: &Header<S>) -> Result<Account, Error> {
        let host = crate::untrusted::escape_truncated(&header.target.name, 80);
        let endpoint = Endpoint::parse(&header.target_url)
            .map_err(|_| Error::failed(format!("the run record has an unusable target: {host}")))?;
        match &self.named {
            Some(resolved) if resolved.endpoint.base() != endpoint.base() => {
                return Err(Error::new(
                    ErrorKind::WrongAccount,
                    format!(
                        "the run wrote to {host}, but --to names {}",
                        resolved.endpoint.host()
                    ),
                )
                .with_hint(
                    "nothing was read or written; omit --to, or name the run's own target",
                ));
            }
            None if !endpoint.is_vendor_host() && !endpoint.is_loopback() => {
                return Err(Error::new(
                    ErrorKind::Refused,
                    format!("the run wrote to {host}, which is not a Coralogix host"),
                )
                .with_hint("pass --to with that host to confirm it; hookferry sends no key to a host that you did not name"));
            }
            _ => {}
        }
        let recorded = || ResolvedAccount::from_record(endpoint);
        let target = self.named.clone().unwrap_or_else(recorded);
        let account = target.with_key_for(Side::Target, self.purpose).await;
        let named_then = header.follow_up.target.to.as_deref();
        account.map_err(|error| match named_then {
            Some(to) if self.named.is_none() && error.kind() == ErrorKind::Authentication => {
                let mut words = Words::default();
                words.push_option("--to", to);
                error.with_hint(format!("pass `{words}`, as the run named its target"))
            }
            _ => error,
        })
    }
}

impl VerifySettings {
    /// Resolves the arguments of `verify`.
    pub async fn resolve(arguments: cli::VerifyArgs) -> Result<Self, Error> {
        let mut accounts =
            AccountResolver::with_identities(&arguments.connection.config, &arguments.identity)?;
        let client = ClientOptions {
            cross_check: arguments.cross_check.cross_check,
            ..client_options(&arguments.connection)?
        };
        let ignore_keys = state_keys(&arguments.comparison)?;
        let against = match &arguments.verified {
            VerifiedArgs::Run { run, to } => VerifyAgainst::Run(Box::new(VerifyRun {
                run: run.clone(),
                target: RecordedTarget::resolve(to.as_deref(), Purpose::Read, &mut accounts)?,
                client,
                ignore_keys,
                state: StateFolder::resolve(arguments.state.state_dir.clone()),
            })),
            VerifiedArgs::Source(sides) => {
                let again = verify_words(&arguments, sides);
                let (from, to) = (&sides.from, &sides.to);
                let (source, target) = accounts.resolve_to_read(from, to).await?;
                let route = Route::new(
                    source,
                    target,
                    filter(arguments.selection.clone())?,
                    OnConflict::Fail,
                    RulesFile::resolve(&arguments.rewriting, &mut accounts)?,
                    client,
                )?;
                VerifyAgainst::Source(Box::new(VerifySource {
                    route: route.with_ignored_keys(&ignore_keys),
                    rewriting: rewriting_options(&arguments.rewriting),
                    again,
                    state: StateFolder::resolve(arguments.state.state_dir.clone()),
                }))
            }
        };
        Ok(Self {
            against,
            detail: super::listing_detail(&arguments.all),
            output: arguments.output,
        })
    }
}

impl RollbackSettings {
    /// Resolves the arguments of `rollback`.
    pub fn resolve(arguments: cli::RollbackArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let consent = Consent::from_flags(arguments.dry_run, arguments.yes);
        let (to, purpose) = (arguments.to.as_deref(), consent.purpose());
        let state = StateFolder::resolve(arguments.state.state_dir);
        Ok(Self {
            follow_up: FollowUp {
                state_dir: state.flag_value(),
                target: target_options(&arguments.connection, to),
                ..FollowUp::default()
            },
            target: RecordedTarget::resolve(to, purpose, &mut accounts)?,
            client: client_options(&arguments.connection)?,
            ignore_keys: state_keys(&arguments.comparison)?,
            consent,
            state,
            push: PushOptions {
                settle: arguments.settle.settle,
                batch_size: RESTORE_BATCH_SIZE,
            },
            runs: arguments.runs,
            chain: arguments.chain,
            output: arguments.output,
        })
    }
}

/// Maximum number of webhooks restored in one request.
const RESTORE_BATCH_SIZE: usize = 500;

impl RunsSettings {
    /// Resolves the arguments of `runs`.
    pub fn resolve(arguments: cli::RunsArgs) -> Self {
        let (task, state) = match arguments.action {
            None => (RunsTask::List(arguments.list.output), arguments.list.state),
            Some(RunsAction::List(list)) => (RunsTask::List(list.output), list.state),
            Some(RunsAction::Show { run, list }) => (RunsTask::Show(run, list.output), list.state),
            Some(RunsAction::Close { run, state }) => (RunsTask::Close(run), state),
            Some(RunsAction::Prune { keep_within, state }) => (RunsTask::Prune(keep_within), state),
        };
        Self {
            task,
            state: StateFolder::resolve(state.state_dir),
        }
    }
}

impl IdmapSettings {
    /// Resolves the arguments of `idmap`.
    pub fn resolve(arguments: cli::IdmapArgs) -> Self {
        let (task, map, only_created, state) = match arguments.action {
            IdmapAction::Show {
                run,
                output,
                only_created,
                state,
            } => {
                let (task, map) = (IdmapTask::Show(output), IdmapSource::Run(run));
                (task, map, only_created, state)
            }
            IdmapAction::Apply {
                alerts,
                out,
                map,
                run,
                reverse,
                only_created,
                output,
                state,
            } => {
                let task = IdmapTask::Apply {
                    alerts,
                    out,
                    direction: if reverse {
                        Direction::ToSource
                    } else {
                        Direction::ToTarget
                    },
                    output,
                };
                let map = map.map_or(IdmapSource::Run(run), IdmapSource::File);
                (task, map, only_created, state)
            }
        };
        Self {
            task,
            map,
            only_created,
            state: StateFolder::resolve(state.state_dir),
        }
    }
}
