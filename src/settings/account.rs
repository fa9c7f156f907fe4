//! Settings of `account`: the config file, and which account to check with which key.

use super::accounts::AccountResolver;
use super::client_options;
use super::config::{Config, ConfigLocation};
use super::keys::{Purpose, unused_variables};
use crate::cli::{self, OutputFormat, SideArg};
use crate::coralogix::account::{Account, AccountProfile, Side};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::endpoint::Endpoint;
use crate::error::Error;

/// Settings of `account list`.
#[derive(Debug)]
pub struct AccountListSettings {
    /// The config file.
    pub config: Config,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `account check`.
#[derive(Debug)]
pub struct AccountCheckSettings {
    /// Where the account's API is.
    pub endpoint: Endpoint,
    /// The profile that named the account, if any.
    pub profile: Option<AccountProfile>,
    /// The account with its key, or why no key could be read.
    pub account: Result<Account, Error>,
    /// States which key variables are set and not used, because the profile's own key wins.
    pub unused_variables: Option<String>,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// The `--ca-file`, as given.
    pub ca_file: Option<String>,
    /// Format of the result.
    pub output: OutputFormat,
}

impl AccountListSettings {
    /// Resolves the arguments of `account list`.
    pub fn resolve(arguments: &cli::AccountListArgs) -> Result<Self, Error> {
        let location = ConfigLocation::find(arguments.config.config.as_deref());
        Ok(Self {
            config: Config::read(location)?,
            output: arguments.output,
        })
    }
}

impl AccountCheckSettings {
    /// Resolves the arguments of `account check`; a missing key is not an error here, but part of the report.
    pub async fn resolve(arguments: cli::AccountCheckArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let client = client_options(&arguments.connection)?;
        let resolved = accounts.resolve("ACCOUNT", &arguments.account.account)?;
        let both = &[Side::Source, Side::Target][..];
        let (side, sides, purpose) = match arguments.side {
            Some(SideArg::Source) => (Side::Source, &[Side::Source][..], Purpose::Read),
            Some(SideArg::Target) => (Side::Target, &[Side::Target][..], Purpose::Read),
            None => (Side::Source, both, Purpose::ReadAlone),
        };
        let account = resolved.with_key_for(side, purpose).await;
        let uses_own_key = resolved.has_profile_key()
            && account
                .as_ref()
                .is_ok_and(|account| account.key_stands_in_because.is_none());
        let ca_file = arguments.connection.ca_file;
        Ok(Self {
            endpoint: resolved.endpoint.clone(),
            profile: resolved.profile.clone(),
            account,
            unused_variables: uses_own_key.then(|| unused_variables(sides)).flatten(),
            client,
            ca_file: ca_file.map(|path| path.display().to_string()),
            output: arguments.output,
        })
    }
}
