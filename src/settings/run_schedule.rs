//! Settings of `run-schedule`, in two steps: first what reporting the result needs, then everything that can
//! fail, so that a failure there can be reported too.

use super::accounts::Accounts;
use super::backup::{ToBackUp, recipients, repository};
use super::client;
use super::config::{Config, ConfigPlace};
use super::environment::variable;
use super::schedule::named;
use super::schedules::{Encryption, HeartbeatSource, Schedule};
use crate::cli::{self, OutputForm};
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
pub struct RunSchedule {
    /// The schedule to run.
    pub schedule: Schedule,
    /// Whether to store a backup of an account that shrank or is empty.
    pub accept_shrink: bool,
    /// Format of the result.
    pub output: OutputForm,
    connection: cli::ConnectionArgs,
    /// The folder that relative paths in the config file start from.
    folder: PathBuf,
}

/// Everything that the backups need.
#[derive(Debug)]
pub struct Prepared {
    /// The accounts to back up; one without a usable key holds the error.
    pub accounts: Vec<ToBackUp>,
    /// The backup repository.
    pub repository: Repository,
    /// Whether to encrypt the backups, and to whom.
    pub protection: Protection,
    /// How to connect to the accounts.
    pub client: ClientOptions,
}

impl RunSchedule {
    /// Resolves the arguments of `run-schedule`; reads no secret yet.
    pub fn resolve(arguments: cli::RunScheduleArgs) -> Result<Self, Error> {
        let config = Config::read(ConfigPlace::find(
            arguments.connection.config.config.as_deref(),
        ))?;
        Ok(Self {
            schedule: named(&config, &arguments.name)?.clone(),
            accept_shrink: arguments.accept_shrink,
            output: arguments.output,
            folder: config.folder().to_owned(),
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
                let url = variable(name)?.ok_or_else(|| {
                    Error::usage(format!(
                        "the heartbeat URL must be in {name}, which is not set"
                    ))
                })?;
                (SecretString::from(url), format!("in {name}"))
            }
            Some(HeartbeatSource::File(path)) => {
                let path = self.folder.join(path);
                let url = disk::read_secret(&path, "the heartbeat URL file")?;
                let shown = crate::foreign::shown(&path.display().to_string());
                (url, format!("of `{shown}`"))
            }
        };
        Heartbeat::new(url.expose_secret(), &place).map(Some)
    }

    /// Reads the keys and recipients. Every profile needs its own key, because a key in the environment is for
    /// one account only.
    pub async fn prepare(&self) -> Result<Prepared, Error> {
        let mut accounts = Accounts::of(&self.connection.config)?;
        let mut to_back_up = Vec::new();
        for name in &self.schedule.profiles {
            let meant = accounts.meant("the schedule", name)?;
            to_back_up.push(ToBackUp {
                account: meant.with_own_key(Side::Source).await,
                name: name.clone(),
            });
        }
        Ok(Prepared {
            accounts: to_back_up,
            repository: repository(&self.schedule.repo)?,
            protection: self.protection()?,
            client: client(&self.connection)?,
        })
    }

    fn protection(&self) -> Result<Protection, Error> {
        let Encryption::Recipients { given, file } = &self.schedule.encryption else {
            return Ok(Protection::Plaintext);
        };
        let place = format!("a recipient of schedule {}", self.schedule.name);
        let given = given.iter().map(|text| (place.clone(), text.as_str()));
        let file = file.as_ref().map(|path| self.folder.join(path));
        recipients(given.collect(), file.as_deref())
    }
}
