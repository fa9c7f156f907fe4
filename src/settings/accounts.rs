//! Resolves the accounts that a command line names (profiles, regions, URLs, files), each with its key.

use super::config::{Config, ConfigLocation};
use super::cx;
use super::key_variables::KeyVariables;
use super::keys::{self, LoadedKey, ProfileKey, Purpose};
use super::profiles;
use super::{Consent, Origin};
use crate::cli::{ConfigArgs, IdentityArgs, ReadingArgs};
use crate::coralogix::account::{Account, AccountProfile, Side};
use crate::coralogix::endpoint::Endpoint;
use crate::error::Error;
use crate::store::backup::Identities;
use crate::store::disk;
use std::path::Path;

/// Resolves the accounts of one command line; reads the config file only when a name may be a profile.
pub(super) struct AccountResolver {
    config_location: ConfigLocation,
    config: Option<Config>,
    identities: Identities,
}

/// A resolved account whose key has not been read yet.
#[derive(Debug, Clone)]
pub(super) struct ResolvedAccount {
    /// Where its API is.
    pub(super) endpoint: Endpoint,
    /// The profile that the argument names, if any.
    pub(super) profile: Option<AccountProfile>,
    profile_key: ProfileKey,
}

/// What an argument names, before any key is read.
pub(super) enum NamedOrigin {
    /// A file or standard input, which needs no key.
    File(Origin),
    /// An account.
    Account(Box<ResolvedAccount>),
}

impl NamedOrigin {
    /// Whether it is an account without a key of its own.
    pub(super) fn needs_environment(&self) -> bool {
        matches!(self, Self::Account(account) if !account.has_profile_key())
    }

    /// The origin, with the key of that side.
    pub(super) async fn open(self, side: Side, purpose: Purpose) -> Result<Origin, Error> {
        match self {
            Self::File(origin) => Ok(origin),
            Self::Account(account) => {
                let account = account.with_key_for(side, purpose).await?;
                Ok(Origin::Live(Box::new(account)))
            }
        }
    }
}

impl AccountResolver {
    /// Locates the config file, and reads it at once if `--config` or the environment names it.
    pub(super) fn new(arguments: &ConfigArgs) -> Result<Self, Error> {
        let config_location = ConfigLocation::find(arguments.config.as_deref());
        let mut resolver = Self {
            config_location,
            config: None,
            identities: Identities::default(),
        };
        if resolver.config_location.is_explicit {
            resolver.config()?;
        }
        Ok(resolver)
    }

    /// The resolver of a command that reads accounts, or files in their place.
    pub(super) fn for_reading(arguments: &ReadingArgs) -> Result<Self, Error> {
        Self::with_identities(&arguments.connection.config, &arguments.identity)
    }

    /// Like `new`, for a command that may read encrypted backups.
    pub(super) fn with_identities(
        arguments: &ConfigArgs,
        identity: &IdentityArgs,
    ) -> Result<Self, Error> {
        Ok(Self {
            identities: Identities::from_files(identity.identity.clone()),
            ..Self::new(arguments)?
        })
    }

    /// Resolves `--from` of a command that reads nothing else: `-`, a file, or an account.
    pub(super) async fn resolve_source(&mut self, text: &str) -> Result<Origin, Error> {
        let source = self.find("--from", text)?;
        source.open(Side::Source, Purpose::ReadAlone).await
    }

    /// Resolves `--from` and `--to` of a command that only reads both.
    pub(super) async fn resolve_to_read(
        &mut self,
        from: &str,
        to: &str,
    ) -> Result<(Origin, Account), Error> {
        let source = self.find("--from", from)?;
        let target = self.resolve("--to", to)?;
        let needs_environment = [source.needs_environment(), !target.has_profile_key()];
        let purpose = Purpose::of_reading(needs_environment);
        let source = source.open(Side::Source, purpose).await?;
        Ok((source, target.with_key_for(Side::Target, purpose).await?))
    }

    /// Resolves `--from` and `--to` of a command that writes to the target, if `consent` allows it.
    pub(super) async fn resolve_to_write(
        &mut self,
        from: &str,
        to: &str,
        consent: Consent,
    ) -> Result<(Origin, Account), Error> {
        let source = self.find("--from", from)?;
        let source = source.open(Side::Source, Purpose::Read).await?;
        Ok((source, self.resolve_target(to, consent).await?))
    }

    /// The origin for a file, which may be an encrypted backup.
    pub(super) fn file_origin(&self, path: &Path) -> Origin {
        Origin::File(path.to_owned(), self.identities.clone())
    }

    /// Resolves `--to`: an account with the target's key, to which a command writes if `consent` allows it.
    pub(super) async fn resolve_target(
        &mut self,
        text: &str,
        consent: Consent,
    ) -> Result<Account, Error> {
        let target = self.resolve("--to", text)?;
        target.with_key_for(Side::Target, consent.purpose()).await
    }

    /// Finds out what the text of an argument names: `-`, a file, or an account. Messages call the argument
    /// `argument`, such as `--from`.
    pub(super) fn find(&mut self, argument: &str, text: &str) -> Result<NamedOrigin, Error> {
        if text == "-" {
            let stdin = Origin::Stdin(self.identities.clone());
            return Ok(NamedOrigin::File(stdin));
        }
        let is_account = is_address(text) || self.find_profile(text)?.is_some();
        let path = Path::new(text);
        if !is_account && (looks_like_path(text) || disk::is_file(path)) {
            return Ok(NamedOrigin::File(self.file_origin(path)));
        }
        let account = self.resolve(argument, text)?;
        Ok(NamedOrigin::Account(Box::new(account)))
    }

    /// Resolves an account without reading its key. Messages call the argument `argument`.
    pub(super) fn resolve(&mut self, argument: &str, text: &str) -> Result<ResolvedAccount, Error> {
        if let Some(name) = text.strip_prefix(cx::PREFIX) {
            let profile = cx::read(argument, name)?;
            return Ok(ResolvedAccount {
                endpoint: profile.endpoint,
                profile: Some(profile.account),
                profile_key: profile.profile_key,
            });
        }
        if let Some(resolved) = self.find_profile(text)? {
            return Ok(resolved);
        }
        let endpoint = Endpoint::parse(text).map_err(|unrecognized| {
            let what = format!("{argument}: {unrecognized}");
            let hint = unrecognized.hint();
            match self
                .config
                .as_ref()
                .and_then(|config| config.profile_hint(text))
            {
                Some(profile_hint) => Error::usage(format!("{what}, nor a profile"))
                    .with_hint(format!("{profile_hint}; else {hint}")),
                None => Error::usage(what).with_hint(hint),
            }
        })?;
        Ok(ResolvedAccount::from_endpoint(endpoint))
    }

    /// The profile of that name in the config file, if there is one.
    fn find_profile(&mut self, text: &str) -> Result<Option<ResolvedAccount>, Error> {
        if !profiles::is_name(text) {
            return Ok(None);
        }
        let config = self.config()?;
        Ok(config.profile(text).map(|profile| ResolvedAccount {
            endpoint: profile.endpoint.clone(),
            profile: Some(profile.account.clone()),
            profile_key: match &profile.key {
                Some(source) => ProfileKey::Configured(
                    source.clone(),
                    config.folder().to_owned(),
                    KeyVariables::of_config(config),
                ),
                None => ProfileKey::None,
            },
        }))
    }

    /// The names of all profiles, in the order of the config file.
    pub(super) fn profile_names(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.config()?.profile_names().map(str::to_owned).collect())
    }

    pub(super) fn config(&mut self) -> Result<&Config, Error> {
        let config = match self.config.take() {
            Some(config) => config,
            None => Config::read(self.config_location.clone())?,
        };
        Ok(self.config.insert(config))
    }
}

impl ResolvedAccount {
    /// An account that was named by its address, without a profile.
    pub(super) fn from_endpoint(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            profile: None,
            profile_key: ProfileKey::NoProfile(
                "name a profile that states where its key is (`hookferry demo` needs no key)",
            ),
        }
    }

    /// An account that a run record names; the record does not store the profile that named it.
    pub(super) fn from_record(endpoint: Endpoint) -> Self {
        Self {
            profile_key: ProfileKey::NoProfile("name a profile that has the key: --to PROFILE"),
            ..Self::from_endpoint(endpoint)
        }
    }

    /// The account with the key for a side: the profile's own, else the environment's.
    pub(super) async fn with_key_for(
        &self,
        side: Side,
        purpose: Purpose,
    ) -> Result<Account, Error> {
        let (name, own) = (self.profile_name(), &self.profile_key);
        let key = keys::read_for_side(side, purpose, name, own).await?;
        Ok(Account {
            access: purpose.access(),
            ..self.with_key(side, key)
        })
    }

    /// Whether the account has a profile that states where its key is.
    pub(super) fn has_profile_key(&self) -> bool {
        self.profile_key.is_named()
    }

    /// The account with the profile's own key; the environment's never stands in for it.
    pub(super) async fn with_profile_key(&self, side: Side) -> Result<Account, Error> {
        let key = keys::read_profile_key(side, self.profile_name(), &self.profile_key).await?;
        keys::log_use(side, &key, &self.profile_key);
        Ok(self.with_key(side, key))
    }

    fn with_key(&self, side: Side, key: LoadedKey) -> Account {
        Account {
            key_origin: key.origin,
            key_stands_in_because: key.stands_in_because,
            key_alternative: key.alternative,
            profile: self.profile.clone(),
            ..Account::new(side, self.endpoint.clone(), key.key)
        }
    }

    /// The profile's name; empty without a profile.
    fn profile_name(&self) -> &str {
        let name = self.profile.as_ref().map(|profile| profile.name.as_str());
        name.unwrap_or_default()
    }
}

/// Whether the syntax of an argument rules out a file.
fn is_address(text: &str) -> bool {
    text.contains("://") || text.starts_with(cx::PREFIX)
}

fn looks_like_path(text: &str) -> bool {
    let extension = Path::new(text).extension();
    text.contains(std::path::MAIN_SEPARATOR)
        || extension.is_some_and(|extension| {
            ["json", "gz", "age"]
                .iter()
                .any(|known| extension == *known)
        })
}
