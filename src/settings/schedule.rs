//! Settings of `schedule`: which schedule to print, and whether the scheduler can run it as configured.

mod suitable;

use super::config::{Config, ConfigPlace};
use super::profiles::KeySource;
use super::schedules::{Encryption, HeartbeatSource, Schedule};
use crate::cli::{self, BackendArg, OutputForm};
use crate::document::job::{AccountJob, Backend, Job, Repo, SecretPlace};
use crate::error::Error;
use std::path::{Path, PathBuf};

/// The default path of the program.
const BINARY: &str = "/usr/local/bin/hookferry";
/// The default container image.
const IMAGE: &str = concat!("hookferry:", env!("CARGO_PKG_VERSION"));
/// The default path of the config file in a repository whose workflow runs the schedule.
const CONFIG_IN_REPOSITORY: &str = ".github/hookferry/config.toml";

/// Settings of `schedule list`.
#[derive(Debug)]
pub struct ScheduleList {
    /// The config file.
    pub config: Config,
    /// Format of the result.
    pub output: OutputForm,
}

/// Settings of `schedule print`.
#[derive(Debug)]
pub struct SchedulePrint {
    /// What the scheduler needs to know about the schedule.
    pub job: Job,
    /// The scheduler.
    pub backend: Backend,
    /// Folder to write the files to; `None` for standard output.
    pub out: Option<PathBuf>,
}

impl ScheduleList {
    /// Resolves the arguments of `schedule list`.
    pub fn resolve(arguments: &cli::ScheduleListArgs) -> Result<Self, Error> {
        let place = ConfigPlace::find(arguments.config.config.as_deref());
        Ok(Self {
            config: Config::read(place)?,
            output: arguments.output,
        })
    }
}

impl SchedulePrint {
    /// Reads the config file and resolves the arguments of `schedule print`; refuses a schedule that the
    /// scheduler cannot run as configured.
    pub fn resolve(arguments: &cli::SchedulePrintArgs) -> Result<Self, Error> {
        let config = Config::read(ConfigPlace::find(arguments.config.config.as_deref()))?;
        Self::of(&config, arguments)
    }

    /// Like `resolve`, for a config file that was read already.
    pub fn of(config: &Config, arguments: &cli::SchedulePrintArgs) -> Result<Self, Error> {
        let schedule = named(config, &arguments.name)?;
        let backend = backend(arguments, schedule)?;
        let config_path = match backend {
            Backend::GithubActions { .. } => in_repository(&config.place)?,
            _ => absolute(&config.place)?,
        };
        let job = job(config, schedule, config_path)?;
        suitable::check(&job, &backend)?;
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
pub(super) fn named<'c>(config: &'c Config, name: &str) -> Result<&'c Schedule, Error> {
    config.schedule(name).ok_or_else(|| {
        let hint = config.schedule_hint(name);
        let name = crate::foreign::shortened(name, 40);
        Error::usage(format!("there is no schedule `{name}`")).with_hint(hint.unwrap_or_else(
            || {
                "add a [schedule.NAME] table to the config file, or name another file with --config"
                    .to_owned()
            },
        ))
    })
}

fn backend(arguments: &cli::SchedulePrintArgs, schedule: &Schedule) -> Result<Backend, Error> {
    let takes_binary = matches!(arguments.backend, BackendArg::Systemd | BackendArg::Cron);
    if arguments.binary.is_some() && !takes_binary {
        return Err(Error::usage("--binary requires --backend systemd or cron"));
    }
    if arguments.image.is_some() && arguments.backend != BackendArg::Kubernetes {
        return Err(Error::usage("--image requires --backend kubernetes"));
    }
    let binary = match &arguments.binary {
        Some(path) if path.is_absolute() => plain(path, "--binary")?,
        Some(_) => return Err(Error::usage("--binary must be an absolute path")),
        None => BINARY.to_owned(),
    };
    let fields = || {
        schedule.at.cron().map_err(|why| {
            Error::usage(format!(
                "cron cannot express the time of schedule {}: {why}",
                schedule.name
            ))
            .with_hint("change `at` in the config file, or use --backend systemd")
        })
    };
    Ok(match arguments.backend {
        BackendArg::Systemd => Backend::Systemd { binary },
        BackendArg::Cron => Backend::Cron {
            binary,
            fields: fields()?,
        },
        BackendArg::Kubernetes => Backend::Kubernetes {
            image: image(arguments.image.as_deref())?,
            fields: fields()?,
        },
        BackendArg::GithubActions => Backend::GithubActions { fields: fields()? },
    })
}

fn image(given: Option<&str>) -> Result<String, Error> {
    let Some(image) = given else {
        return Ok(IMAGE.to_owned());
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
fn absolute(place: &ConfigPlace) -> Result<String, Error> {
    let path = place.path.as_deref().unwrap_or(Path::new(""));
    let path = std::path::absolute(path).map_err(|error| {
        Error::failed("cannot determine the absolute path of the config file").with_source(error)
    })?;
    plain(&path, "the path of the config file")
}

/// The path of the config file in the repository: the one given by the user if it is relative and has no `..`,
/// else the default.
fn in_repository(place: &ConfigPlace) -> Result<String, Error> {
    let path = place.path.as_deref().unwrap_or(Path::new(""));
    let is_below = path.components().all(|component| {
        matches!(
            component,
            std::path::Component::Normal(_) | std::path::Component::CurDir
        )
    });
    if place.is_named && is_below {
        return plain(path, "the path of the config file");
    }
    Ok(CONFIG_IN_REPOSITORY.to_owned())
}

/// The path as text that fits on one line and contains no invisible characters.
fn plain(path: &Path, what: &str) -> Result<String, Error> {
    match path.to_str() {
        Some(text) if crate::foreign::is_visible(text) => Ok(text.to_owned()),
        _ => Err(Error::usage(format!(
            "{what} cannot be written into a file: it is not valid UTF-8, or contains invisible characters"
        ))),
    }
}

fn job(config: &Config, schedule: &Schedule, config_path: String) -> Result<Job, Error> {
    let words = schedule.at.description();
    let accounts: Result<Vec<AccountJob>, Error> = schedule
        .profiles
        .iter()
        .map(|name| account(config, schedule, name))
        .collect();
    let text = |path: &Option<PathBuf>, what: &str| match path {
        Some(path) => plain(path, what).map(Some),
        None => Ok(None),
    };
    let recipients_file = match &schedule.encryption {
        Encryption::Recipients { file, .. } => text(file, "recipients_file")?,
        Encryption::Plaintext => None,
    };
    Ok(Job {
        name: schedule.name.clone(),
        calendar: schedule.at.to_string(),
        when: words.unwrap_or_else(|| format!("at {} UTC", schedule.at)),
        shortest_gap: schedule.at.shortest_gap(),
        accounts: accounts?,
        repo: if schedule.repo.starts_with('/') {
            Repo::Folder(schedule.repo.clone())
        } else {
            Repo::ObjectStore(schedule.repo.clone())
        },
        recipients_file,
        heartbeat: match &schedule.heartbeat {
            Some(HeartbeatSource::File(path)) => {
                Some(SecretPlace::File(plain(path, "heartbeat_url_file")?))
            }
            Some(HeartbeatSource::Env(name)) => Some(SecretPlace::Env(name.clone())),
            None => None,
        },
        metrics_file: text(&schedule.metrics_file, "metrics_file")?,
        status_file: text(&schedule.status_file, "status_file")?,
        config: config_path,
    })
}

/// The profile to back up and where its key is.
fn account(config: &Config, schedule: &Schedule, name: &str) -> Result<AccountJob, Error> {
    let profile = config
        .profile(name)
        .ok_or_else(|| Error::failed(format!("there is no profile {name}")))?;
    let key = match &profile.key {
        Some(KeySource::Env(name)) => SecretPlace::Env(name.clone()),
        Some(KeySource::File(path)) => {
            SecretPlace::File(plain(path, &format!("api_key_file of profile {name}"))?)
        }
        Some(KeySource::Command(arguments)) => {
            let what = format!("api_key_command of profile {name}");
            SecretPlace::Command(plain(Path::new(&arguments[0]), &what)?)
        }
        // `run-schedule` uses no key of the environment unless the profile says that it is this account's.
        None => {
            return Err(Error::usage(format!(
                "profile {name} of schedule {} names no key",
                schedule.name
            ))
            .with_hint(format!(
                "set one of {} in the profile; schedules do not use the keys in HOOKFERRY_… variables",
                super::profiles::WAYS
            )));
        }
    };
    Ok(AccountJob {
        profile: name.to_owned(),
        key,
    })
}
