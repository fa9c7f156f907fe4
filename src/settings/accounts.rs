//! Resolves the accounts that a command line names (profiles, regions, URLs, files), each with its key.

use super::Origin;
use super::config::{Config, ConfigPlace};
use super::cx;
use super::keys::{self, Key, OwnKey};
use super::profiles;
use crate::cli::{ConfigArgs, IdentityArgs};
use crate::coralogix::account::{Account, AccountProfile, Side};
use crate::coralogix::endpoint::Endpoint;
use crate::error::Error;
use crate::store::backup::Identities;
use crate::store::disk;
use std::path::Path;

/// Resolves the accounts of one command line; reads the config file only when a name may be a profile.
pub(super) struct Accounts {
    place: ConfigPlace,
    config: Option<Config>,
    identities: Identities,
}

/// A resolved account whose key has not been read yet.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    /// Where its API is.
    pub(super) endpoint: Endpoint,
    /// The profile that the argument names, if any.
    pub(super) profile: Option<AccountProfile>,
    own_key: OwnKey,
}

impl Accounts {
    /// Starts with the config file. One that `--config` or the environment names is read at once.
    pub(super) fn of(arguments: &ConfigArgs) -> Result<Self, Error> {
        let place = ConfigPlace::find(arguments.config.as_deref());
        let mut accounts = Self {
            place,
            config: None,
            identities: Identities::default(),
        };
        if accounts.place.is_named {
            accounts.config()?;
        }
        Ok(accounts)
    }

    /// Like `new`, for a command that may read encrypted backups.
    pub(super) fn with(arguments: &ConfigArgs, identity: &IdentityArgs) -> Result<Self, Error> {
        Ok(Self {
            identities: Identities::of(identity.identity.clone()),
            ..Self::of(arguments)?
        })
    }

    /// Resolves `--from`: `-`, a file, or an account.
    pub(super) async fn origin(&mut self, text: &str) -> Result<Origin, Error> {
        self.side(Side::Source, "--from", text).await
    }

    /// A file, which may be an encrypted backup.
    pub(super) fn file(&self, path: &Path) -> Origin {
        Origin::File(path.to_owned(), self.identities.clone())
    }

    /// Resolves `--to`: an account with the target's key.
    pub(super) async fn target(&mut self, text: &str) -> Result<Account, Error> {
        self.meant("--to", text)?.account(Side::Target).await
    }

    /// Resolves an argument: `-`, a file, or an account with the key of that side.
    pub(super) async fn side(
        &mut self,
        side: Side,
        argument: &str,
        text: &str,
    ) -> Result<Origin, Error> {
        if text == "-" {
            return Ok(Origin::Stdin(self.identities.clone()));
        }
        let is_account = is_address(text) || self.profile(text)?.is_some();
        let path = Path::new(text);
        if !is_account && (looks_like_path(text) || disk::is_file(path)) {
            return Ok(self.file(path));
        }
        let account = self.meant(argument, text)?.account(side).await?;
        Ok(Origin::Live(Box::new(account)))
    }

    /// Resolves an account without reading its key.
    pub(super) fn meant(&mut self, argument: &str, text: &str) -> Result<Meant, Error> {
        if let Some(name) = text.strip_prefix(cx::PREFIX) {
            let profile = cx::read(argument, name)?;
            return Ok(Meant {
                endpoint: profile.endpoint,
                profile: Some(profile.account),
                own_key: profile.key,
            });
        }
        if let Some(meant) = self.profile(text)? {
            return Ok(meant);
        }
        let endpoint = Endpoint::parse(text).map_err(|unrecognised| {
            let what = format!("{argument}: {unrecognised}");
            let hint = unrecognised.hint();
            match self.config.as_ref().and_then(|config| config.hint(text)) {
                Some(known) => Error::usage(format!("{what}, nor a profile"))
                    .with_hint(format!("{known}; else {hint}")),
                None => Error::usage(what).with_hint(hint),
            }
        })?;
        Ok(Meant::address(endpoint))
    }

    /// The profile of that name in the config file, if there is one.
    fn profile(&mut self, text: &str) -> Result<Option<Meant>, Error> {
        if !profiles::is_name(text) {
            return Ok(None);
        }
        let config = self.config()?;
        Ok(config.profile(text).map(|profile| Meant {
            endpoint: profile.endpoint.clone(),
            profile: Some(profile.account.clone()),
            own_key: match &profile.key {
                Some(source) => OwnKey::At(source.clone(), config.folder().to_owned()),
                None => OwnKey::None,
            },
        }))
    }

    /// The names of all profiles, in the order of the config file.
    pub(super) fn profile_names(&mut self) -> Result<Vec<String>, Error> {
        Ok(self.config()?.names().map(str::to_owned).collect())
    }

    pub(super) fn config(&mut self) -> Result<&Config, Error> {
        let config = match self.config.take() {
            Some(config) => config,
            None => Config::read(self.place.clone())?,
        };
        Ok(self.config.insert(config))
    }
}

impl Meant {
    /// An account that was named by its address, without a profile.
    pub(super) fn address(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            profile: None,
            own_key: OwnKey::NoProfile,
        }
    }

    /// Reads the key for a side: the environment's, else the profile's own.
    pub(super) async fn account(&self, side: Side) -> Result<Account, Error> {
        let key = keys::for_side(side, self.name(), &self.own_key).await?;
        Ok(self.with_key(side, key))
    }

    /// Whether the account has a profile that says where its key is.
    pub(super) fn has_own_key(&self) -> bool {
        matches!(self.own_key, OwnKey::At(..) | OwnKey::Held(..))
    }

    /// Reads the profile's own key, even if the environment has one for the side.
    pub(super) async fn with_own_key(&self, side: Side) -> Result<Account, Error> {
        let key = keys::own(side, self.name(), &self.own_key).await?;
        Ok(self.with_key(side, key))
    }

    fn with_key(&self, side: Side, key: Key) -> Account {
        Account {
            key_from: key.from,
            profile: self.profile.clone(),
            ..Account::new(side, self.endpoint.clone(), key.key)
        }
    }

    fn name(&self) -> &str {
        let name = self.profile.as_ref().map(|profile| profile.name.as_str());
        name.unwrap_or_default()
    }
}

/// Options with which a suggested command finds the target's key: empty, or with a leading space.
pub(super) fn flags(arguments: &ConfigArgs, target: &Account) -> String {
    let Some(profile) = &target.profile else {
        return String::new();
    };
    let config = arguments.config.as_deref().map(Path::display);
    let config = config.map_or_else(String::new, |path| format!(" --config {path}"));
    format!(" --to {}{config}", profile.name)
}

/// Whether an argument cannot be a file because of its syntax.
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
