//! From where to where webhooks go.

use super::accounts::Accounts;
use super::restore::BackupChoice;
use super::{RulesFile, client, filter};
use crate::cli::{self, ConflictArg, ConnectionArgs, RewritingArgs, SelectionArgs};
use crate::coralogix::account::Account;
use crate::coralogix::client::ClientOptions;
use crate::error::{Error, ErrorKind};
use crate::pipeline::filter::Filter;
use crate::pipeline::plan::OnConflict;
use crate::store::backup::Identities;
use std::path::PathBuf;

/// Where webhooks are read from.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A live account.
    Live(Box<Account>),
    /// A file that holds a backup, or an array of webhooks as the API gives it.
    File(PathBuf, Identities),
    /// The same on standard input.
    Stdin(Identities),
    /// A backup of a repository.
    Backup(Box<BackupChoice>),
}

/// What a plan is made of.
#[derive(Debug, Clone)]
pub struct Route {
    /// Where webhooks are read.
    pub source: Origin,
    /// Where they are wanted.
    pub target: Account,
    /// Which of the source's are meant.
    pub filter: Filter,
    /// What happens to conflicts.
    pub on_conflict: OnConflict,
    /// What is changed on the way.
    pub rules: RulesFile,
    /// How the accounts are reached.
    pub client: ClientOptions,
    /// Whether the target is an account embedded in this program, which stands for the source itself.
    pub is_drill: bool,
}

impl Route {
    pub(super) async fn resolve(
        route: &cli::RouteArgs,
        selection: SelectionArgs,
        on_conflict: ConflictArg,
        rewriting: &RewritingArgs,
        connection: &ConnectionArgs,
    ) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&connection.config, &route.identity)?;
        Self::new(
            accounts.origin(&route.from).await?,
            accounts.target(&route.to).await?,
            filter(selection)?,
            super::on_conflict(on_conflict),
            RulesFile::resolve(rewriting)?,
            client(connection)?,
        )
    }

    /// A route between two accounts that are not known to be the same one.
    pub fn new(
        source: Origin,
        target: Account,
        filter: Filter,
        on_conflict: OnConflict,
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
            source,
            target,
            filter,
            on_conflict,
            rules,
            client,
            is_drill: false,
        })
    }
}
