//! Settings of `backup`: which accounts, which repository, who can read it, and what is kept.

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

/// An account that is to be backed up.
#[derive(Debug)]
pub struct ToBackUp {
    /// What the user calls it.
    pub name: String,
    /// The account with its key, or why there is no key.
    pub account: Result<Account, Error>,
}

/// Settings of `backup create`.
#[derive(Debug)]
pub struct BackupCreate {
    /// Which accounts; at least one.
    pub accounts: Vec<ToBackUp>,
    /// Where the backups are kept.
    pub repository: Repository,
    /// Who can read them.
    pub protection: Protection,
    /// Whether an account may have shrunk, or be empty.
    pub accept_shrink: bool,
    /// How the accounts are reached.
    pub client: ClientOptions,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `backup list`.
#[derive(Debug)]
pub struct BackupList {
    /// Where the backups are kept.
    pub repository: Repository,
    /// The only account that is meant.
    pub account: Option<String>,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `backup check`.
#[derive(Debug)]
pub struct BackupCheck {
    /// Where the backups are kept.
    pub repository: Repository,
    /// The only account that is meant.
    pub account: Option<String>,
    /// How long ago an account may have been looked at.
    pub max_age: Option<SignedDuration>,
    /// What opens them.
    pub identities: Identities,
    /// The form of the result.
    pub output: OutputForm,
}

/// Settings of `backup forget`.
#[derive(Debug)]
pub struct BackupForget {
    /// Where the backups are kept.
    pub repository: Repository,
    /// The only account that is meant.
    pub account: Option<String>,
    /// What is kept.
    pub policy: Policy,
    /// Whether nothing is removed.
    pub dry_run: bool,
    /// What opens them.
    pub identities: Identities,
    /// The form of the result.
    pub output: OutputForm,
}

impl BackupCreate {
    /// Settings of a `backup create` command line; a key that cannot be had is told with the account's result.
    pub async fn resolve(arguments: cli::BackupCreateArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::of(&arguments.connection.config)?;
        let names = if arguments.all {
            let names = accounts.profile_names()?;
            if names.is_empty() {
                return Err(
                    Error::usage("--all: there is no profile in the config file")
                        .with_hint("`hookferry account list` shows where it is looked for"),
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

/// The accounts of these names. The environment has one key for the source, so it cannot be that of several accounts.
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
    /// Settings of a `backup list` command line.
    pub fn resolve(arguments: cli::BackupListArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: repository(&arguments.repo.repo)?,
            account: arguments.account,
            output: arguments.output,
        })
    }
}

impl BackupCheck {
    /// Settings of a `backup check` command line.
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
    /// Settings of a `backup forget` command line; a policy that keeps nothing is refused.
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

/// The repository that a text names, reached as the environment says.
pub(super) fn repository(text: &str) -> Result<Repository, Error> {
    Repository::named(text, &variable)
}

/// How the backups of a command line are protected.
fn protection(arguments: &ProtectionArgs) -> Result<Protection, Error> {
    if arguments.plaintext {
        return Ok(Protection::Plaintext);
    }
    let given = arguments.recipient.iter();
    let given = given.map(|text| ("--recipient".to_owned(), text.as_str()));
    recipients(given.collect(), arguments.recipients_file.as_deref())
}

/// Encryption to recipients that are given, and to those of a file.
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
            Error::usage(format!("--keep-within: `{text}` is no length of time"))
                .with_hint("years, months, days and hours in this order, such as 2y5m7d3h or 30d")
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
            "the policy keeps nothing, so every backup but the newest would be removed",
        )
        .with_hint("say what is kept, such as --keep-daily 14 --keep-monthly 12"));
    }
    Ok(policy)
}
