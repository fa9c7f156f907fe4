//! Settings of `deliver-test`.

use super::accounts::AccountResolver;
use super::records::RecordedTarget;
use super::{Consent, StateFolder, client_options, filter};
use crate::cli::{self, OutputFormat, SelectionArgs};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::client::ClientOptions;
use crate::error::Error;
use crate::pipeline::filter::Filter;

/// Settings of `deliver-test`.
#[derive(Debug)]
pub struct DeliverTestSettings {
    /// What to test.
    pub tested: Tested,
    /// Which of these webhooks; always names types.
    pub filter: Filter,
    /// Whether to test also what an earlier test has reached, or may have.
    pub again: bool,
    /// Whether it may send.
    pub consent: Consent,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// The folder that keeps the record of test deliveries.
    pub state: StateFolder,
    /// Format of the result.
    pub output: OutputFormat,
}

/// What `deliver-test` tests.
#[derive(Debug)]
pub enum Tested {
    /// What a run created or updated: an id, the start of one, or `latest`; and its target.
    Run(String, Box<RecordedTarget>),
    /// The webhooks of an account.
    Account(Box<Account>),
}

impl DeliverTestSettings {
    /// Resolves the arguments of `deliver-test`.
    pub async fn resolve(arguments: cli::DeliverTestArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::new(&arguments.connection.config)?;
        let consent = Consent::from_flags(arguments.dry_run, arguments.yes);
        let (to, purpose) = (arguments.to.as_deref(), consent.purpose());
        let tested = match (arguments.run, to) {
            (None, Some(to)) => {
                let resolved = accounts.resolve("--to", to)?;
                let account = resolved.with_key_for(Side::Target, purpose).await?;
                Tested::Account(Box::new(account))
            }
            (run, to) => Tested::Run(
                run.unwrap_or_default(),
                Box::new(RecordedTarget::resolve(to, purpose, &mut accounts)?),
            ),
        };
        Ok(Self {
            tested,
            filter: filter(SelectionArgs {
                types: arguments.types,
                names: arguments.names,
                ids: arguments.ids,
            })?,
            again: arguments.again,
            consent,
            client: client_options(&arguments.connection)?,
            state: StateFolder::resolve(arguments.state.state_dir),
            output: arguments.output,
        })
    }
}
