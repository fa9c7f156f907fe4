//! Settings of `schedule`: which schedule to print, and whether the scheduler can run it as configured.

mod compatibility;

use super::config::{Config, ConfigLocation};
use super::profiles::KeySource;
use super::schedules::{Encryption, HeartbeatSource, Schedule};
use crate::cli::{self, BackendArg, OutputFormat};
use crate::document::job::{AccountJob, Backend, Repo, ScheduleJob, SecretLocation};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// The default path of the program.
const DEFAULT_BINARY: &str = "/usr/local/bin/hookferry";
/// The default container image.
const DEFAULT_IMAGE: &str = concat!("hookferry:", env!("CARGO_PKG_VERSION"));
/// The default path of the config file in a repository whose workflow runs the schedule.
const DEFAULT_CONFIG_IN_REPOSITORY: &str = ".github/hookferry/config.toml";

/// Settings of `schedule list`.
#[derive(Debug)]
pub struct ScheduleListSettings {
    /// The config file.
    pub config: Config,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `schedule print`.
#[derive(Debug)]
pub struct SchedulePrintSettings {
    /// What the scheduler needs to know about the schedule.
    pub job: ScheduleJob,
    /// The scheduler.
    pub backend: Backend,
    /// Folder to write the files to; `None` for standard output.
    pub out: Option<PathBuf>,
}

impl ScheduleListSettings {
    /// Resolves the arguments of `schedule list`.
    pub fn resolve(arguments: &cli::ScheduleListArgs) -> Result<Self, Error> {
        let location = ConfigLocation::find(arguments.config.config.as_deref());
        Ok(Self {
            config: Config::read(location)?,
            output: arguments.output,
        })
    }
}

impl SchedulePrintSettings {
    /// Reads the config file and resolves the arguments of `schedule print`; refuses a schedule that the
    /// scheduler cannot run as configured.
    pub fn resolve(arguments: &cli::SchedulePrintArgs) -> Result<Self, Error> {
        let config = Config::read(ConfigLocation::find(arguments.config.config.as_deref()))?;
        Self::from_config(&config, arguments)
    }

    /// Like `resolve`, for a config file that was read already.
    pub fn from_config(config: &Config, arguments: &cli::SchedulePrintArgs) -> Result<Self, Error> {
        let schedule = find_schedule(config, &arguments.name)?;
        let backend = resolve_backend(arguments)?;
        let config_path = match backend {
            Backend::GithubActions => config_path_in_repository(&config.location)?,
            _ => absolute_config_path(&config.location)?,
        };
        let job = build_job(config, schedule, config_path)?;
        compatibility::check(&job, &backend)?;
        Ok(Self {
            job,
            backend,
            out: arguments.out.clone(),
        })
    }
}

/// Finds a schedule by its name.
///
/// # Errors
/// A usage error whose hint suggests names.
pub(super) fn find_schedule<'c>(config: &'c Config, name: &str) -> Result<&'c Schedule, Error> {
    config.schedule(name).ok_or_else(|| {
        let hint = config.schedule_hint(name);
        let name = crate::untrusted::escape_truncated(name, 40);
        Error::usage(format!("there is no schedule `{name}`")).with_hint(hint.unwrap_or_else(
            || {
                "add a [schedule.NAME] table to the config file, or name another file with --config"
                    .to_owned()
            },
        ))
    })
}

fn resolve_backend(arguments: &cli::SchedulePrintArgs) -> Result<Backend, Error> {
    let uses_binary = matches!(arguments.backend, BackendArg::Systemd | BackendArg::Cron);
    if arguments.binary.is_some() && !uses_binary {
        return Err(Error::usage("--binary requires --backend systemd or cron"));
    }
    if arguments.image.is_some() && arguments.backend != BackendArg::Kubernetes {
        return Err(Error::usage("--image requires --backend kubernetes"));
    }
    let binary = match &arguments.binary {
        Some(path) if path.is_absolute() => printable(path, "--binary")?,
        Some(_) => return Err(Error::usage("--binary must be an absolute path")),
        None => DEFAULT_BINARY.to_owned(),
    };
    Ok(match arguments.backend {
        BackendArg::Systemd => Backend::Systemd { binary },
        BackendArg::Cron => Backend::Cron { binary },
        BackendArg::Kubernetes => Backend::Kubernetes {
            image: resolve_image(arguments.image.as_deref())?,
        },
        BackendArg::GithubActions => Backend::GithubActions,
    })
}

fn resolve_image(argument: Option<&str>) -> Result<String, Error> {
    let Some(image) = argument else {
        return Ok(DEFAULT_IMAGE.to_owned());
    };
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"./:@_-".contains(&byte);
    if image.is_empty() || !image.bytes().all(is_part) {
        return Err(Error::usage(
            "--image must be a name such as registry.example.net/hookferry:1",
        ));
    }
    Ok(image.to_owned())
}

/// The absolute path of the config file, because the scheduler may start the program in any folder.
fn absolute_config_path(location: &ConfigLocation) -> Result<String, Error> {
    let path = location.path.as_deref().unwrap_or(Path::new(""));
    let path = std::path::absolute(path).map_err(|error| {
        Error::failed("cannot determine the absolute path of the config file").with_source(error)
    })?;
    printable(&path, "the path of the config file")
}

/// The path of the config file in the repository: the one given by the user if it is relative and has no `..`,
/// else the default.
fn config_path_in_repository(location: &ConfigLocation) -> Result<String, Error> {
    let path = location.path.as_deref().unwrap_or(Path::new(""));
    let is_inside = path.components().all(|component| {
        matches!(
            component,
            std::path::Component::Normal(_) | std::path::Component::CurDir
        )
    });
    if location.is_explicit && is_inside {
        return printable(path, "the path of the config file");
    }
    Ok(DEFAULT_CONFIG_IN_REPOSITORY.to_owned())
}

/// The path as text that fits on one line and contains no invisible characters.
fn printable(path: &Path, what: &str) -> Result<String, Error> {
    match path.to_str() {
        Some(text) if crate::untrusted::is_visible(text) => Ok(text.to_owned()),
        _ => Err(Error::usage(format!(
            "{what} cannot be written into a file: it is not valid UTF-8, or contains invisible characters"
        ))),
    }
}

fn build_job(
    config: &Config,
    schedule: &Schedule,
    config_path: String,
) -> Result<ScheduleJob, Error> {
    let accounts: Result<Vec<AccountJob>, Error> = schedule
        .profiles
        .iter()
        .map(|name| account_job(config, schedule, name))
        .collect();
    let text = |path: &Option<PathBuf>, what: &str| match path {
        Some(path) => printable(path, what).map(Some),
        None => Ok(None),
    };
    let recipients_file = match &schedule.encryption {
        Encryption::Recipients { file, .. } => text(file, "recipients_file")?,
        Encryption::Plaintext => None,
    };
    Ok(ScheduleJob {
        name: schedule.name.clone(),
        cron_fields: schedule.calendar.to_string(),
        systemd_calendar: schedule.calendar.systemd(),
        description: schedule.calendar.description(),
        shortest_gap: schedule.calendar.shortest_gap(),
        accounts: accounts?,
        repo: if schedule.repo.starts_with('/') {
            Repo::Folder(schedule.repo.clone())
        } else {
            Repo::ObjectStore(schedule.repo.clone())
        },
        recipients_file,
        heartbeat: match &schedule.heartbeat {
            Some(HeartbeatSource::File(path)) => {
                Some(SecretLocation::File(printable(path, "heartbeat_url_file")?))
            }
            Some(HeartbeatSource::Env(name)) => Some(SecretLocation::Env(name.clone())),
            None => None,
        },
        metrics_file: text(&schedule.metrics_file, "metrics_file")?,
        status_file: text(&schedule.status_file, "status_file")?,
        config: config_path,
    })
}

/// The profile to back up and where its key is.
fn account_job(config: &Config, schedule: &Schedule, name: &str) -> Result<AccountJob, Error> {
    let profile = config
        .profile(name)
        .ok_or_else(|| Error::failed(format!("there is no profile {name}")))?;
    let key = match &profile.key {
        Some(KeySource::Env(name)) => SecretLocation::Env(name.clone()),
        Some(KeySource::File(path)) => {
            SecretLocation::File(printable(path, &format!("api_key_file of profile {name}"))?)
        }
        Some(KeySource::Command(arguments)) => {
            let what = format!("api_key_command of profile {name}");
            SecretLocation::Command(printable(Path::new(&arguments[0]), &what)?)
        }
        // `run-schedule` uses no key of the environment unless the profile says that it is this account's.
        None => {
            return Err(Error::usage(format!(
                "profile {name} of schedule {} names no key",
                schedule.name
            ))
            .with_hint(format!(
                "set one of {} in the profile; schedules do not use the keys in HOOKFERRY_… variables",
                super::profiles::KEY_SOURCE_FIELDS
            )));
        }
    };
    Ok(AccountJob {
        profile: name.to_owned(),
        key,
    })
}
