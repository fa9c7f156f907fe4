//! Settings of `account`: the config file, and which account to check with which key.

use super::accounts::AccountResolver;
use super::client_options;
use super::config::{Config, ConfigLocation};
use super::environment;
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
    /// Key variables that are set and would take precedence over the profile's own key in a run.
    pub overriding_variables: Vec<String>,
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
        let resolved = accounts.resolve("ACCOUNT", &arguments.account)?;
        let side = arguments.side.map(|side| match side {
            SideArg::Source => Side::Source,
            SideArg::Target => Side::Target,
        });
        let (account, winners) = match side {
            None if resolved.has_profile_key() => (
                resolved.with_profile_key(Side::Source).await,
                overriding_variables(),
            ),
            side => {
                let side = side.unwrap_or(Side::Source);
                (resolved.with_key_for(side).await, Vec::new())
            }
        };
        let ca_file = arguments.connection.ca_file;
        Ok(Self {
            endpoint: resolved.endpoint.clone(),
            profile: resolved.profile.clone(),
            account,
            overriding_variables: winners,
            client,
            ca_file: ca_file.map(|path| path.display().to_string()),
            output: arguments.output,
        })
    }
}

/// The key variables that are set.
fn overriding_variables() -> Vec<String> {
    let names = [Side::Source, Side::Target].map(Side::key_variable);
    let with_files = names
        .iter()
        .flat_map(|name| [(*name).to_owned(), format!("{name}_FILE")]);
    with_files
        .filter(|name| environment::path_variable(name).is_some())
        .collect()
}
