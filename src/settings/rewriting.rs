//! Settings for rewriting webhooks on their way to the target: the rules file and the related flags.

use super::accounts::Accounts;
use super::{Origin, client, filter};
use crate::cli::{self, OutputForm, RewritingArgs, UnmatchedArg};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::content::{Fingerprint, of_text};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::error::Error;
use crate::pipeline::filter::Filter;
use crate::pipeline::rewrite::file;
use crate::pipeline::rewrite::rule::{Rules, Unmatched};
use crate::store::disk;
use crate::toml_file;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The rules of a run and the flags that affect them.
#[derive(Debug, Clone)]
pub struct RulesFile {
    /// The rules of the file; empty if there is no file.
    pub rules: Arc<Rules>,
    /// The path of the file as the user gave it.
    pub name: Option<String>,
    /// A fingerprint of the file's text, which a plan stores to detect drift.
    pub text: Option<Fingerprint>,
    /// The folder that relative paths in the rules start from.
    pub folder: PathBuf,
    /// Whether hookferry may run the commands that rules name.
    pub may_run_commands: bool,
    /// What to do with secrets that no rule covers.
    pub unmatched: Unmatched,
    /// Whether to replace Coralogix hosts by those of another region.
    pub retarget: Retargeting,
}

/// Whether to replace Coralogix hosts by those of another region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retargeting {
    /// Keep the hosts.
    No,
    /// Replace them by the hosts of the target's region.
    ToTarget,
    /// Replace them by the hosts of this region.
    To(Region),
}

/// Settings of `rules init`.
#[derive(Debug, Clone)]
pub struct RulesInit {
    /// Where to read webhooks.
    pub source: Origin,
    /// Where the webhooks will go, if known.
    pub target: Option<Endpoint>,
    /// Which of them to select.
    pub filter: Filter,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// File to write; `None` for standard output.
    pub out: Option<PathBuf>,
}

/// Settings of `rules check`.
#[derive(Debug, Clone)]
pub struct RulesCheck {
    /// Where to read webhooks.
    pub source: Origin,
    /// Where the webhooks will go, if known.
    pub target: Option<Endpoint>,
    /// Which of them to select.
    pub filter: Filter,
    /// The rules to check.
    pub rules: RulesFile,
    /// How to connect to the account.
    pub client: ClientOptions,
    /// Format of the result.
    pub output: OutputForm,
}

impl RulesFile {
    /// No rules: every webhook is copied unchanged.
    pub fn none() -> Self {
        Self {
            rules: Arc::new(Rules::default()),
            name: None,
            text: None,
            folder: PathBuf::new(),
            may_run_commands: false,
            unmatched: Unmatched::Keep,
            retarget: Retargeting::No,
        }
    }

    pub(super) fn resolve(arguments: &RewritingArgs) -> Result<Self, Error> {
        let (rules, text) = match &arguments.rules {
            Some(path) => read(path).map(|(rules, text)| (rules, Some(text)))?,
            None => (Rules::default(), None),
        };
        let folder = arguments.rules.as_deref().and_then(Path::parent);
        Ok(Self {
            name: arguments
                .rules
                .as_ref()
                .map(|path| path.display().to_string()),
            text,
            folder: folder.map(Path::to_owned).unwrap_or_default(),
            may_run_commands: arguments.allow_commands,
            unmatched: match arguments.unmatched_secret {
                Some(UnmatchedArg::Keep) => Unmatched::Keep,
                Some(UnmatchedArg::Refuse) => Unmatched::Refuse,
                None => rules.unmatched.unwrap_or(Unmatched::Keep),
            },
            retarget: match arguments.retarget.as_deref() {
                Some("") => Retargeting::ToTarget,
                Some(name) => Retargeting::To(region(name)?),
                None if rules.retarget => Retargeting::ToTarget,
                None => Retargeting::No,
            },
            rules: Arc::new(rules),
        })
    }
}

fn read(path: &Path) -> Result<(Rules, Fingerprint), Error> {
    let text = disk::read_text(path, "the rules file")?;
    let rules = file::parse(&text).map_err(|misread| {
        let lines = toml_file::listed(&path.display().to_string(), &misread);
        Error::usage(format!("the rules file has errors\n{lines}")).with_hint(
            "see docs/secrets.md, or let `hookferry rules init` write a file to start from",
        )
    })?;
    Ok((rules, of_text(&text)))
}

fn region(name: &str) -> Result<Region, Error> {
    Region::named(name).ok_or_else(|| {
        let codes: Vec<&str> = Region::all().map(Region::code).collect();
        let name = crate::foreign::shortened(name, 20);
        Error::usage(format!("--retarget: `{name}` is not a region"))
            .with_hint(format!("the regions are {}", codes.join(", ")))
    })
}

/// Resolves the address of a target that is not contacted, so that no key is needed.
fn endpoint(text: Option<&str>, accounts: &mut Accounts) -> Result<Option<Endpoint>, Error> {
    let meant = text.map(|text| accounts.meant("--to", text)).transpose()?;
    Ok(meant.map(|meant| meant.endpoint))
}

impl RulesInit {
    /// Resolves the arguments of `rules init`.
    pub async fn resolve(arguments: cli::RulesInitArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        Ok(Self {
            source: accounts.origin(&arguments.from).await?,
            target: endpoint(arguments.to.as_deref(), &mut accounts)?,
            filter: filter(arguments.selection)?,
            client: client(&arguments.connection)?,
            out: arguments.out,
        })
    }
}

impl RulesCheck {
    /// Resolves the arguments of `rules check`.
    pub async fn resolve(arguments: cli::RulesCheckArgs) -> Result<Self, Error> {
        let mut accounts = Accounts::with(&arguments.connection.config, &arguments.identity)?;
        Ok(Self {
            source: accounts.origin(&arguments.from).await?,
            target: endpoint(arguments.to.as_deref(), &mut accounts)?,
            filter: filter(arguments.selection)?,
            rules: RulesFile::resolve(&arguments.rewriting)?,
            client: client(&arguments.connection)?,
            output: arguments.output,
        })
    }
}
