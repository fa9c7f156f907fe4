//! Accounts as the command line names them: profiles, regions, URLs, files; each with the key that opens it.

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

/// What gives the accounts of one command line their meaning; reads the config file when a name asks for it.
pub(super) struct Accounts {
    place: ConfigPlace,
    config: Option<Config>,
    identities: Identities,
}

/// The account that a text means, before its key is read.
#[derive(Debug, Clone)]
pub(super) struct Meant {
    /// Where its API lives.
    pub(super) endpoint: Endpoint,
    /// The profile that the text names.
    pub(super) profile: Option<AccountProfile>,
    own_key: OwnKey,
}

impl Accounts {
    /// The accounts of a command line; a config file that it or the environment names is read at once.
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

    /// The same for a command line that may name encrypted backups.
    pub(super) fn with(arguments: &ConfigArgs, identity: &IdentityArgs) -> Result<Self, Error> {
        Ok(Self {
            identities: Identities::of(identity.identity.clone()),
            ..Self::of(arguments)?
        })
    }

    /// What `--from` names: `-`, a file, or an account.
    pub(super) async fn origin(&mut self, text: &str) -> Result<Origin, Error> {
        self.side(Side::Source, "--from", text).await
    }

    /// A file that may be an encrypted backup.
    pub(super) fn file(&self, path: &Path) -> Origin {
        Origin::File(path.to_owned(), self.identities.clone())
    }

    /// The account that `--to` names.
    pub(super) async fn target(&mut self, text: &str) -> Result<Account, Error> {
        self.meant("--to", text)?.account(Side::Target).await
    }

    /// What an argument names: `-`, a file, or an account with the key of that side.
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

    /// The account that an argument names.
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

    /// The profile of the config file that a text names, if it names one.
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

    /// The names of all profiles of the config file, in its order.
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
    /// An account that no profile names.
    pub(super) fn address(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            profile: None,
            own_key: OwnKey::NoProfile,
        }
    }

    /// The account on that side, with its key.
    pub(super) async fn account(&self, side: Side) -> Result<Account, Error> {
        let key = keys::for_side(side, self.name(), &self.own_key).await?;
        Ok(self.with_key(side, key))
    }

    /// Whether the profile says where its key is.
    pub(super) fn has_own_key(&self) -> bool {
        matches!(self.own_key, OwnKey::At(..) | OwnKey::Held(..))
    }

    /// The account on that side with the profile's own key, whatever the environment has.
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

/// What another command has to say to get the same target's key: nothing, or options with a space before.
pub(super) fn flags(arguments: &ConfigArgs, target: &Account) -> String {
    let Some(profile) = &target.profile else {
        return String::new();
    };
    let config = arguments.config.as_deref().map(Path::display);
    let config = config.map_or_else(String::new, |path| format!(" --config {path}"));
    format!(" --to {}{config}", profile.name)
}

/// Whether the form of a text says that it is no file.
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
