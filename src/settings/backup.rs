//! Settings of `backup`: accounts, repository, encryption and retention.

use super::accounts::Accounts;
use super::client;
use super::environment::variable;
use crate::cli::{self, KeepArgs, OutputForm, ProtectionArgs};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::ClientOptions;
use crate::error::Error;
use crate::store::backup::retention::{Policy, Within};
use crate::store::backup::{Identities, Protection, Recipients, Repository, recipient_lines};
use crate::store::disk;
use jiff::SignedDuration;
use std::path::Path;

/// An account to back up.
#[derive(Debug)]
pub struct ToBackUp {
    /// The name by which the user gave it.
    pub name: String,
    /// The account with its key, or why no key could be read.
    pub account: Result<Account, Error>,
}

/// Settings of `backup create`.
#[derive(Debug)]
pub struct BackupCreate {
    /// The accounts to back up; at least one.
    pub accounts: Vec<ToBackUp>,
    /// The backup repository.
    pub repository: Repository,
    /// Whether to encrypt the backups, and to whom.
    pub protection: Protection,
    /// Whether to store a backup of an account that shrank or is empty.
    pub accept_shrink: bool,
    /// How to connect to the accounts.
    pub client: ClientOptions,
    /// Format of the result.
    pub output: OutputForm,
}

/// Settings of `backup list`.
#[derive(Debug)]
pub struct BackupList {
    /// The backup repository.
    pub repository: Repository,
    /// The only account to consider; `None` for all.
    pub account: Option<String>,
    /// Format of the result.
    pub output: OutputForm,
}

/// Settings of `backup check`.
#[derive(Debug)]
pub struct BackupCheck {
    /// The backup repository.
    pub repository: Repository,
    /// The only account to consider; `None` for all.
    pub account: Option<String>,
    /// How long ago the last backup or check of an account may be; `None` for no limit.
    pub max_age: Option<SignedDuration>,
    /// The keys that decrypt backups.
    pub identities: Identities,
    /// Format of the result.
    pub output: OutputForm,
}

/// Settings of `backup forget`.
#[derive(Debug)]
pub struct BackupForget {
    /// The backup repository.
    pub repository: Repository,
    /// The only account to consider; `None` for all.
    pub account: Option<String>,
    /// The retention policy.
    pub policy: Policy,
    /// Whether to remove nothing.
    pub dry_run: bool,
    /// The keys that decrypt backups.
    pub identities: Identities,
    /// Format of the result.
    pub output: OutputForm,
}

impl BackupCreate {
    /// Resolves the arguments of `backup create`; a missing key becomes part of the account's result.
    pub async fn resolve(arguments: cli::BackupCreateArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::of(&arguments.connection.config)?;
        let names = if arguments.all {
            let names = accounts.profile_names()?;
            if names.is_empty() {
                return Err(
                    Error::usage("--all: the config file has no profiles").with_hint(
                        "`hookferry account list` shows where hookferry looks for the config file",
                    ),
                );
            }
            names
        } else {
            arguments.from
        };
        Ok(Self {
            accounts: to_back_up(&mut accounts, names).await?,
            repository: repository(&arguments.repo.repo)?,
            protection: protection(&arguments.protection)?,
            accept_shrink: arguments.accept_shrink,
            client: client(&arguments.connection)?,
            output: arguments.output,
        })
    }
}

/// Resolves the accounts to back up. The environment has only one key for the source, so several accounts need
/// keys of their own.
async fn to_back_up(accounts: &mut Accounts, names: Vec<String>) -> Result<Vec<ToBackUp>, Error> {
    let is_one = names.len() == 1;
    let mut found: Vec<ToBackUp> = Vec::new();
    for name in names {
        if found.iter().any(|account| account.name == name) {
            let name = crate::foreign::shortened(&name, 60);
            return Err(Error::usage(format!("--from names {name} twice")));
        }
        let meant = accounts.meant("--from", &name)?;
        let account = if is_one {
            meant.account(Side::Source).await
        } else {
            meant.with_own_key(Side::Source).await
        };
        found.push(ToBackUp { name, account });
    }
    Ok(found)
}

impl BackupList {
    /// Resolves the arguments of `backup list`.
    pub fn resolve(arguments: cli::BackupListArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: repository(&arguments.repo.repo)?,
            account: arguments.account,
            output: arguments.output,
        })
    }
}

impl BackupCheck {
    /// Resolves the arguments of `backup check`.
    pub fn resolve(arguments: cli::BackupCheckArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: repository(&arguments.repo.repo)?,
            account: arguments.account,
            max_age: arguments.max_age,
            identities: Identities::of(arguments.identity.identity),
            output: arguments.output,
        })
    }
}

impl BackupForget {
    /// Resolves the arguments of `backup forget`; refuses a policy that keeps nothing.
    pub fn resolve(arguments: cli::BackupForgetArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: repository(&arguments.repo.repo)?,
            account: arguments.account,
            policy: policy(&arguments.keep)?,
            dry_run: arguments.dry_run,
            identities: Identities::of(arguments.identity.identity),
            output: arguments.output,
        })
    }
}

/// Opens the named repository; credentials of an object store come from the environment.
pub(super) fn repository(text: &str) -> Result<Repository, Error> {
    Repository::named(text, &variable)
}

fn protection(arguments: &ProtectionArgs) -> Result<Protection, Error> {
    if arguments.plaintext {
        return Ok(Protection::Plaintext);
    }
    let given = arguments.recipient.iter();
    let given = given.map(|text| ("--recipient".to_owned(), text.as_str()));
    recipients(given.collect(), arguments.recipients_file.as_deref())
}

/// Encryption to recipients from the arguments and from a file.
pub(super) fn recipients(
    given: Vec<(String, &str)>,
    file: Option<&Path>,
) -> Result<Protection, Error> {
    let text = match file {
        Some(path) => {
            let text = disk::read_trusted(path, "the recipients file")?;
            let text = text.ok_or_else(|| disk::missing("the recipients file", path))?;
            (path.display().to_string(), text)
        }
        None => (String::new(), String::new()),
    };
    let mut given = given;
    given.extend(recipient_lines(&text.0, &text.1));
    Recipients::parse(given).map(Protection::Recipients)
}

fn policy(keep: &KeepArgs) -> Result<Policy, Error> {
    let within = match &keep.keep_within {
        Some(text) => Some(Within::parse(text).ok_or_else(|| {
            let text = crate::foreign::shortened(text, 20);
            Error::usage(format!("--keep-within: `{text}` is not a length of time")).with_hint(
                "give years, months, days and hours in this order, such as 2y5m7d3h or 30d",
            )
        })?),
        None => None,
    };
    let policy = Policy {
        last: keep.keep_last,
        hourly: keep.keep_hourly,
        daily: keep.keep_daily,
        weekly: keep.keep_weekly,
        monthly: keep.keep_monthly,
        yearly: keep.keep_yearly,
        within,
    };
    if policy.is_empty() {
        return Err(Error::usage(
            "the policy keeps nothing, so it would remove every backup but the newest",
        )
        .with_hint("pass what to keep, such as --keep-daily 14 --keep-monthly 12"));
    }
    Ok(policy)
}
