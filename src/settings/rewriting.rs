//! Settings of everything that is changed on the way: the rules file and the flags beside it.

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

/// The rules of a run, and what the command line says about them.
#[derive(Debug, Clone)]
pub struct RulesFile {
    /// What the file says; no rules where there is no file.
    pub rules: Arc<Rules>,
    /// The name of the file as the user gave it.
    pub name: Option<String>,
    /// What tells its text from others.
    pub text: Option<Fingerprint>,
    /// Where relative files of the rules are found.
    pub folder: PathBuf,
    /// Whether commands may be run.
    pub may_run_commands: bool,
    /// What becomes of secrets that no rule names.
    pub unmatched: Unmatched,
    /// Whether the vendor's hosts are pointed at another region.
    pub retarget: Retargeting,
}

/// Whether the vendor's hosts are pointed at another region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retargeting {
    /// They stay.
    No,
    /// At the target's.
    ToTarget,
    /// At that one.
    To(Region),
}

/// Settings of `rules init`.
#[derive(Debug, Clone)]
pub struct RulesInit {
    /// Where webhooks are read.
    pub source: Origin,
    /// Where they go.
    pub target: Option<Endpoint>,
    /// Which of them are meant.
    pub filter: Filter,
    /// How the account is reached.
    pub client: ClientOptions,
    /// The file to write; standard output without one.
    pub out: Option<PathBuf>,
}

/// Settings of `rules check`.
#[derive(Debug, Clone)]
pub struct RulesCheck {
    /// Where webhooks are read.
    pub source: Origin,
    /// Where they go.
    pub target: Option<Endpoint>,
    /// Which of them are meant.
    pub filter: Filter,
    /// The rules.
    pub rules: RulesFile,
    /// How the account is reached.
    pub client: ClientOptions,
    /// The form of the result.
    pub output: OutputForm,
}

impl RulesFile {
    /// No rules: every webhook is copied as it is.
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
        Error::usage(format!("the rules cannot be read\n{lines}")).with_hint(
            "docs/secrets.md describes the file; `hookferry rules init` writes one to start from",
        )
    })?;
    Ok((rules, of_text(&text)))
}

fn region(name: &str) -> Result<Region, Error> {
    Region::named(name).ok_or_else(|| {
        let codes: Vec<&str> = Region::all().map(Region::code).collect();
        let name = crate::foreign::shortened(name, 20);
        Error::usage(format!("--retarget: `{name}` is no region"))
            .with_hint(format!("regions are {}", codes.join(", ")))
    })
}

/// Where a target is, of which nothing is read.
fn endpoint(text: Option<&str>, accounts: &mut Accounts) -> Result<Option<Endpoint>, Error> {
    let meant = text.map(|text| accounts.meant("--to", text)).transpose()?;
    Ok(meant.map(|meant| meant.endpoint))
}

impl RulesInit {
    /// Settings of a `rules init` command line.
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
    /// Settings of a `rules check` command line.
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
