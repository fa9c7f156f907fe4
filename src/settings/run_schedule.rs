//! Settings of `run-schedule`, in two steps: first what reporting the result needs, then everything that can
//! fail, so that a failure there can be reported too.

use super::accounts::AccountResolver;
use super::backup::{BackupAccount, open_repository, recipients};
use super::client_options;
use super::config::{Config, ConfigLocation};
use super::environment::text_variable;
use super::schedule::find_schedule;
use super::schedules::{Encryption, HeartbeatSource, Schedule};
use crate::cli::{self, OutputFormat};
use crate::coralogix::account::Side;
use crate::coralogix::client::ClientOptions;
use crate::error::Error;
use crate::heartbeat::Heartbeat;
use crate::store::backup::{Protection, Repository};
use crate::store::disk;
use secrecy::{ExposeSecret as _, SecretString};
use std::path::PathBuf;

/// Settings of `run-schedule`.
#[derive(Debug)]
pub struct RunScheduleSettings {
    /// The schedule to run.
    pub schedule: Schedule,
    /// Whether to store a backup of an account that shrank or is empty.
    pub accept_shrink: bool,
    /// Format of the result.
    pub output: OutputFormat,
    connection: cli::ConnectionArgs,
    /// The folder that relative paths in the config file start from.
    config_folder: PathBuf,
}

/// Everything that the backups need.
#[derive(Debug)]
pub struct PreparedBackups {
    /// The accounts to back up; one without a usable key holds the error.
    pub accounts: Vec<BackupAccount>,
    /// The backup repository.
    pub repository: Repository,
    /// Whether to encrypt the backups, and to whom.
    pub protection: Protection,
    /// How to connect to the accounts.
    pub client: ClientOptions,
}

impl RunScheduleSettings {
    /// Resolves the arguments of `run-schedule`; reads no secret yet.
    pub fn resolve(arguments: cli::RunScheduleArgs) -> Result<Self, Error> {
        let config = Config::read(ConfigLocation::find(
            arguments.connection.config.config.as_deref(),
        ))?;
        Ok(Self {
            schedule: find_schedule(&config, &arguments.name)?.clone(),
            accept_shrink: arguments.accept_shrink,
            output: arguments.output,
            config_folder: config.folder().to_owned(),
            connection: arguments.connection,
        })
    }

    /// The heartbeat that reports the start and the result of the run; `None` if the schedule has none.
    ///
    /// # Errors
    /// If the schedule has one and hookferry cannot read its URL.
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>, Error> {
        let (url, place) = match &self.schedule.heartbeat {
            None => return Ok(None),
            Some(HeartbeatSource::Env(name)) => {
                let url = text_variable(name)?.ok_or_else(|| {
                    Error::usage(format!(
                        "the heartbeat URL must be in {name}, which is not set"
                    ))
                })?;
                (SecretString::from(url), format!("in {name}"))
            }
            Some(HeartbeatSource::File(path)) => {
                let path = self.config_folder.join(path);
                let url = disk::read_secret(&path, "the heartbeat URL file")?;
                let shown_path = crate::untrusted::escape(&path.display().to_string());
                (url, format!("of `{shown_path}`"))
            }
        };
        Heartbeat::new(url.expose_secret(), &place).map(Some)
    }

    /// Reads the keys and recipients. Every profile needs its own key, because a key in the environment is for
    /// one account only.
    pub async fn prepare(&self) -> Result<PreparedBackups, Error> {
        let mut accounts = AccountResolver::new(&self.connection.config)?;
        let mut backup_accounts = Vec::new();
        for name in &self.schedule.profiles {
            let resolved = accounts.resolve("the schedule", name)?;
            backup_accounts.push(BackupAccount {
                account: resolved.with_profile_key(Side::Source).await,
                name: name.clone(),
            });
        }
        Ok(PreparedBackups {
            accounts: backup_accounts,
            repository: open_repository(&self.schedule.repo)?,
            protection: self.protection()?,
            client: client_options(&self.connection)?,
        })
    }

    fn protection(&self) -> Result<Protection, Error> {
        let Encryption::Recipients { given, file } = &self.schedule.encryption else {
            return Ok(Protection::Plaintext);
        };
        let place = format!("a recipient of schedule {}", self.schedule.name);
        let given = given.iter().map(|text| (place.clone(), text.as_str()));
        let file = file.as_ref().map(|path| self.config_folder.join(path));
        recipients(given.collect(), file.as_deref())
    }
}
