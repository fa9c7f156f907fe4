//! The source and the target of a plan.

use super::accounts::AccountResolver;
use super::restore::RepositoryBackup;
use super::{RulesFile, filter, state_keys};
use crate::cli::{ComparisonArgs, ConflictArgs, RewritingArgs, SelectionArgs};
use crate::coralogix::account::{Account, ApiKey};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::error::{Error, ErrorKind};
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::ConflictPolicy;
use crate::store::backup::Identities;
use std::path::PathBuf;

/// Where to read webhooks from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A live account.
    Live(Box<Account>),
    /// A file with a backup or with an array of webhooks as the API returns it.
    File(PathBuf, Identities),
    /// The content of such a file on standard input.
    Stdin(Identities),
    /// A backup in a repository.
    Backup(Box<RepositoryBackup>),
}

impl Origin {
    /// The source's API key; `None` for a file.
    pub fn key(&self) -> Option<&ApiKey> {
        match self {
            Self::Live(account) => Some(&account.key),
            Self::File(..) | Self::Stdin(_) | Self::Backup(_) => None,
        }
    }

    /// The undocumented keys that the account's profile leaves out of comparisons; none for a file.
    pub(super) fn ignore_keys(&self) -> StateKeys {
        match self {
            Self::Live(account) => StateKeys::default().with(account.ignore_keys()),
            Self::File(..) | Self::Stdin(_) | Self::Backup(_) => StateKeys::default(),
        }
    }
}

/// The input of a plan: source, target, and what to do between them.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where to read webhooks.
    pub source: Origin,
    /// The account to write to.
    pub target: Account,
    /// Which of the source's webhooks to select.
    pub filter: Filter,
    /// What to do about conflicts.
    pub on_conflict: ConflictPolicy,
    /// How to rewrite webhooks.
    pub rules: RulesFile,
    /// The undocumented keys that do not count in comparisons: those of the accounts' profiles, and those that the
    /// user names.
    pub state_keys: StateKeys,
    /// How to connect to the accounts.
    pub client: ClientOptions,
    /// Whether the target has to be the account that the source is a copy of: a restore, unless the user allows another
    /// account.
    pub restores_own_account: bool,
    /// Whether the source is restored, as a backup.
    pub is_restore: bool,
    /// Whether this is a rehearsal: the target is embedded in this program and plays the source account.
    pub is_rehearsal: bool,
}

impl Route {
    /// Resolves the options of a command that makes a plan, for a source and a target.
    pub(super) fn resolve(
        (source, target): (Origin, Account),
        accounts: &mut AccountResolver,
        selection: SelectionArgs,
        conflict: &ConflictArgs,
        rewriting: &RewritingArgs,
        comparison: &ComparisonArgs,
        client: ClientOptions,
    ) -> Result<Self, Error> {
        let route = Self::new(
            source,
            target,
            filter(selection)?,
            super::conflict_policy(conflict)?,
            RulesFile::resolve(rewriting, accounts)?,
            client,
        )?;
        Ok(route.with_ignored_keys(&state_keys(comparison)?))
    }

    /// Leaves further undocumented keys out of comparisons.
    #[must_use]
    pub(super) fn with_ignored_keys(self, keys: &StateKeys) -> Self {
        Self {
            state_keys: self.state_keys.with(keys.named()),
            ..self
        }
    }

    /// Combines source and target.
    ///
    /// # Errors
    /// `WrongAccount` if both have the same API key, because then they are the same account.
    pub fn new(
        source: Origin,
        target: Account,
        filter: Filter,
        on_conflict: impl Into<ConflictPolicy>,
        rules: RulesFile,
        client: ClientOptions,
    ) -> Result<Self, Error> {
        if let Origin::Live(source) = &source
            && source.key.is_same_as(&target.key)
        {
            return Err(Error::new(
                ErrorKind::WrongAccount,
                "source and target have the same API key, so they are the same account",
            )
            .with_hint("give each side the key of its own account; nothing was read or written"));
        }
        Ok(Self {
            state_keys: source.ignore_keys().with(target.ignore_keys()),
            source,
            target,
            filter,
            on_conflict: on_conflict.into(),
            rules,
            client,
            restores_own_account: false,
            is_restore: false,
            is_rehearsal: false,
        })
    }
}
