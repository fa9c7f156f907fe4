//! Settings of the commands that read webhooks and show or write them as they are.

use super::accounts::AccountResolver;
use super::keys::Purpose;
use super::restore::find_side;
use super::{Origin, filter, source_client_options, state_keys};
use crate::cli::{self, ExportFormat, OutputFormat};
use crate::coralogix::account::Side;
use crate::coralogix::client::ClientOptions;
use crate::coralogix::undocumented::StateKeys;
use crate::document::view::Detail;
use crate::error::Error;
use crate::pipeline::filter::Filter;
use std::path::PathBuf;

/// Settings of `list`.
#[derive(Debug, Clone)]
pub struct ListSettings {
    /// Where to read webhooks.
    pub source: Origin,
    /// Which of them to select.
    pub filter: Filter,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `diff`.
#[derive(Debug, Clone)]
pub struct DiffSettings {
    /// The left side.
    pub left: Origin,
    /// The right side.
    pub right: Origin,
    /// Which webhooks of both sides to select.
    pub filter: Filter,
    /// The undocumented keys that do not count.
    pub state_keys: StateKeys,
    /// How to connect to the accounts.
    pub client: ClientOptions,
    /// Whether differences exit with code 2.
    pub detailed_exitcode: bool,
    /// The level of detail of the text.
    pub detail: Detail,
    /// Format of the result.
    pub output: OutputFormat,
}

/// Settings of `export`.
#[derive(Debug, Clone)]
pub struct ExportSettings {
    /// Where to read webhooks.
    pub source: Origin,
    /// Which of them to select.
    pub filter: Filter,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// What to write.
    pub format: ExportFormat,
    /// The undocumented keys that are the server's own state.
    pub state_keys: StateKeys,
    /// File or folder to write; `None` for standard output.
    pub out: Option<PathBuf>,
    /// Whether to strip the fields that the server sets.
    pub ready: bool,
    /// Whether to print secrets even to a terminal.
    pub reveal: bool,
}

impl ListSettings {
    /// Resolves the arguments of `list`.
    pub async fn resolve(arguments: cli::ListArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        Ok(Self {
            source: accounts.resolve_source(&arguments.source.from).await?,
            filter: filter(arguments.selection)?,
            client: source_client_options(&arguments.reading)?,
            output: arguments.output,
        })
    }
}

impl DiffSettings {
    /// Resolves the arguments of `diff`.
    pub async fn resolve(arguments: cli::DiffArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let cli::SidesArgs { left, right } = &arguments.sides;
        let mut find = |argument, text: &String, other: &String| {
            let choice = || cli::BackupChoiceArgs {
                backup: text.clone(),
                repo: arguments.repo.clone(),
                account: arguments.account.clone(),
                identity: arguments.reading.identity.clone(),
            };
            let repo = arguments.repo.as_deref();
            find_side(&mut accounts, argument, text, repo, choice, other)
        };
        let (left, right) = (find("LEFT", left, right)?, find("RIGHT", right, left)?);
        let purpose = Purpose::of_reading([left.needs_environment(), right.needs_environment()]);
        let left = left.open(Side::Source, purpose).await?;
        let right = right.open(Side::Target, purpose).await?;
        if matches!((&left, &right), (Origin::Stdin(_), Origin::Stdin(_))) {
            return Err(Error::usage("only one side can be - (standard input)"));
        }
        let named = state_keys(&arguments.comparison)?;
        let state_keys = named
            .with(left.ignore_keys().named())
            .with(right.ignore_keys().named());
        Ok(Self {
            left,
            right,
            state_keys,
            filter: filter(arguments.selection)?,
            client: source_client_options(&arguments.reading)?,
            detailed_exitcode: arguments.detailed_exitcode,
            detail: super::listing_detail(&arguments.all),
            output: arguments.output,
        })
    }
}

impl ExportSettings {
    /// Resolves the arguments of `export`.
    pub async fn resolve(arguments: cli::ExportArgs) -> Result<Self, Error> {
        let json_only = [("--ready", arguments.ready), ("--reveal", arguments.reveal)];
        for (flag, is_passed) in json_only {
            if is_passed && arguments.format != ExportFormat::Json {
                let what = format!("{flag} is for --format json only");
                return Err(Error::usage(what).with_hint(
                    "the other formats hold no secret and nothing that the server sets",
                ));
            }
        }
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let source = accounts.resolve_source(&arguments.source.from).await?;
        Ok(Self {
            state_keys: source.ignore_keys(),
            source,
            filter: filter(arguments.selection)?,
            client: source_client_options(&arguments.reading)?,
            format: arguments.format,
            out: arguments.out,
            ready: arguments.ready,
            reveal: arguments.reveal,
        })
    }
}
