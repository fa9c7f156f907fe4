//! Settings of `backup`: accounts, repository, encryption and retention.

use super::accounts::AccountResolver;
use super::environment::text_variable;
use super::keys::Purpose;
use super::{client_options, state_keys};
use crate::cli::{self, KeepArgs, OutputFormat, ProtectionArgs};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::error::Error;
use crate::store::backup::retention::{Policy, Within};
use crate::store::backup::{Identities, Protection, Recipients, Repository, recipient_lines};
use crate::store::disk;
use jiff::SignedDuration;
use std::path::Path;

/// An account to back up.
#[derive(Debug)]
pub struct BackupAccount {
    /// The name by which the user gave it.
    pub name: String,
    /// The account with its key, or why no key could be read.
    pub account: Result<Account, Error>,
}

/// Settings of `backup create`.
#[derive(Debug)]
pub struct BackupCreateSettings {
    /// The accounts to back up; at least one.
    pub accounts: Vec<BackupAccount>,
    /// The backup repository.
    pub repository: Repository,
    /// Whether to encrypt the backups, and to whom.
    pub protection: Protection,
    /// Whether to store a backup of an account that shrank or is empty.
    pub accept_shrink: bool,
    /// The undocumented keys that do not count, in addition to those of the accounts' profiles.
    pub ignore_keys: StateKeys,
    /// How to connect to the accounts.
    pub client: ClientOptions,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `backup list`.
#[derive(Debug)]
pub struct BackupListSettings {
    /// The backup repository.
    pub repository: Repository,
    /// The only account to consider; `None` for all.
    pub account: Option<String>,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `backup check`.
#[derive(Debug)]
pub struct BackupCheckSettings {
    /// The backup repository.
    pub repository: Repository,
    /// The only account to consider; `None` for all.
    pub account: Option<String>,
    /// How long ago the last backup or check of an account may be; `None` for no limit.
    pub max_age: Option<SignedDuration>,
    /// The keys that decrypt backups.
    pub identities: Identities,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `backup forget`.
#[derive(Debug)]
pub struct BackupForgetSettings {
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
    pub output: OutputFormat,
}

impl BackupCreateSettings {
    /// Resolves the arguments of `backup create`; a missing key becomes part of the account's result.
    pub async fn resolve(arguments: cli::BackupCreateArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let names = if arguments.accounts.all {
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
            arguments.accounts.from
        };
        Ok(Self {
            accounts: resolve_accounts(&mut accounts, names).await?,
            repository: open_repository(&arguments.repo.repo)?,
            protection: protection(&arguments.protection)?,
            accept_shrink: arguments.accept_shrink,
            ignore_keys: state_keys(&arguments.comparison)?,
            client: ClientOptions {
                cross_check: arguments.cross_check.cross_check,
                ..client_options(&arguments.connection)?
            },
            output: arguments.output,
        })
    }
}

/// Resolves the accounts to back up. The environment has only one key for the source, so several accounts need
/// keys of their own.
async fn resolve_accounts(
    accounts: &mut AccountResolver,
    names: Vec<String>,
) -> Result<Vec<BackupAccount>, Error> {
    let is_single = names.len() == 1;
    let mut backup_accounts: Vec<BackupAccount> = Vec::new();
    for name in names {
        if backup_accounts.iter().any(|account| account.name == name) {
            let name = crate::untrusted::escape_truncated(&name, 60);
            return Err(Error::usage(format!("--from names {name} twice")));
        }
        let resolved = accounts.resolve("--from", &name)?;
        let account = if is_single {
            resolved
                .with_key_for(Side::Source, Purpose::ReadAlone)
                .await
        } else {
            resolved.with_profile_key(Side::Source).await
        };
        backup_accounts.push(BackupAccount { name, account });
    }
    Ok(backup_accounts)
}

impl BackupListSettings {
    /// Resolves the arguments of `backup list`.
    pub fn resolve(arguments: cli::BackupListArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: open_repository(&arguments.repo.repo)?,
            account: arguments.account,
            output: arguments.output,
        })
    }
}

impl BackupCheckSettings {
    /// Resolves the arguments of `backup check`.
    pub fn resolve(arguments: cli::BackupCheckArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: open_repository(&arguments.repo.repo)?,
            account: arguments.account,
            max_age: arguments.max_age,
            identities: Identities::from_files(arguments.identity.identity),
            output: arguments.output,
        })
    }
}

impl BackupForgetSettings {
    /// Resolves the arguments of `backup forget`; refuses a policy that keeps nothing.
    pub fn resolve(arguments: cli::BackupForgetArgs) -> Result<Self, Error> {
        Ok(Self {
            repository: open_repository(&arguments.repo.repo)?,
            account: arguments.account,
            policy: policy(&arguments.keep)?,
            dry_run: arguments.dry_run,
            identities: Identities::from_files(arguments.identity.identity),
            output: arguments.output,
        })
    }
}

/// Opens the named repository; credentials of an object store come from the environment.
pub(super) fn open_repository(text: &str) -> Result<Repository, Error> {
    Repository::parse(text, &text_variable)
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
            let text = text.ok_or_else(|| disk::missing_file("the recipients file", path))?;
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
            let text = crate::untrusted::escape_truncated(text, 20);
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
