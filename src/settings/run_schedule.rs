//! Settings of `run-schedule`: first what is needed to tell how it went, then what may go wrong already.

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
    /// What is to be done.
    pub schedule: Schedule,
    /// Whether an account may have shrunk, or be empty.
    pub accept_shrink: bool,
    /// The form of the result.
    pub output: OutputForm,
    connection: cli::ConnectionArgs,
    /// Where relative paths of the config file are found.
    folder: PathBuf,
}

/// All that the work needs.
#[derive(Debug)]
pub struct Prepared {
    /// The accounts; one whose key cannot be had says so in its result.
    pub accounts: Vec<ToBackUp>,
    /// Where the backups are kept.
    pub repository: Repository,
    /// Who can read them.
    pub protection: Protection,
    /// How the accounts are reached.
    pub client: ClientOptions,
}

impl RunSchedule {
    /// Settings of a `run-schedule` command line; no secret is read yet.
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

    /// Who is told that the run begins and how it ended; an error where that is said and cannot be read.
    pub fn heartbeat(&self) -> Result<Option<Heartbeat>, Error> {
        let (url, place) = match &self.schedule.heartbeat {
            None => return Ok(None),
            Some(HeartbeatSource::Env(name)) => {
                let url = variable(name)?.ok_or_else(|| {
                    Error::usage(format!(
                        "the heartbeat's URL is to be in {name}, which is not set"
                    ))
                })?;
                (SecretString::from(url), format!("in {name}"))
            }
            Some(HeartbeatSource::File(path)) => {
                let path = self.folder.join(path);
                let url = disk::read_secret(&path, "the file of the heartbeat's URL")?;
                let shown = crate::foreign::shown(&path.display().to_string());
                (url, format!("of `{shown}`"))
            }
        };
        Heartbeat::new(url.expose_secret(), &place).map(Some)
    }

    /// Reads what the work needs: keys and recipients. Each profile has its own key; the environment's are for one account.
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
