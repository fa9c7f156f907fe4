//! Settings for rewriting webhooks on their way to the target: the rules file and the related flags.

use super::accounts::AccountResolver;
use super::env_file::EnvFile;
use super::follow_up::push_reading;
use super::key_variables::KeyVariables;
use super::{Origin, filter, source_client_options};
use crate::cli::{self, OutputFormat, RewritingArgs, UnmatchedArg};
use crate::coralogix::client::ClientOptions;
use crate::coralogix::content::{Fingerprint, text_digest};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::{self, Region};
use crate::error::Error;
use crate::pipeline::filter::Filter;
use crate::pipeline::rewrite::file;
use crate::pipeline::rewrite::rule::{Rules, UnmatchedSecretPolicy};
use crate::proposal::Words;
use crate::store::disk;
use crate::store::input::Limit;
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
    /// The variables that no rule gets.
    pub key_variables: KeyVariables,
    /// The file of `--env-file`, with values for rules.
    pub env_file: Option<EnvFile>,
    /// What to do with secrets that no rule covers.
    pub unmatched: UnmatchedSecretPolicy,
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
pub struct RulesInitSettings {
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
    /// What `rules check` needs to read the same account.
    pub check_options: Words,
}

/// Settings of `rules check`.
#[derive(Debug, Clone)]
pub struct RulesCheckSettings {
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
    pub output: OutputFormat,
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
            key_variables: KeyVariables::of_environment(),
            env_file: None,
            unmatched: UnmatchedSecretPolicy::Keep,
            retarget: Retargeting::No,
        }
    }

    /// Reads the rules file, and from the config file which variables no rule gets.
    pub(super) fn resolve(
        arguments: &RewritingArgs,
        accounts: &mut AccountResolver,
    ) -> Result<Self, Error> {
        let (rules, text) = match &arguments.rules {
            Some(path) => read_rules(path).map(|(rules, text)| (rules, Some(text)))?,
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
            env_file: arguments
                .env_file
                .as_deref()
                .map(EnvFile::read)
                .transpose()?,
            key_variables: match accounts.config() {
                _ if arguments.rules.is_none() => KeyVariables::of_environment(),
                Ok(config) => KeyVariables::of_config(config),
                // Without the file nobody knows which variables to keep from a command.
                Err(error) if arguments.allow_commands => return Err(error),
                Err(_) => KeyVariables::of_environment(),
            },
            unmatched: match arguments.unmatched_secret {
                Some(UnmatchedArg::Keep) => UnmatchedSecretPolicy::Keep,
                Some(UnmatchedArg::Refuse) => UnmatchedSecretPolicy::Refuse,
                None => rules.unmatched_policy.unwrap_or_default(),
            },
            retarget: match arguments.retarget.as_deref() {
                Some("") => Retargeting::ToTarget,
                Some(name) => Retargeting::To(parse_region(name)?),
                None if rules.retarget => Retargeting::ToTarget,
                None => Retargeting::No,
            },
            rules: Arc::new(rules),
        })
    }
}

fn read_rules(path: &Path) -> Result<(Rules, Fingerprint), Error> {
    let text = disk::read_text(path, "the rules file", Limit::Medium)?;
    let rules = file::parse(&text).map_err(|diagnostics| {
        let lines = toml_file::format_diagnostics(&path.display().to_string(), &diagnostics);
        Error::usage(format!("the rules file has errors\n{lines}")).with_hint(
            "`hookferry help rules` explains the file; `hookferry rules init --from ACCOUNT` writes one to start from",
        )
    })?;
    Ok((rules, text_digest(&text)))
}

fn parse_region(name: &str) -> Result<Region, Error> {
    Region::from_name(name).ok_or_else(|| {
        let shown = crate::untrusted::escape_truncated(name, 20);
        Error::usage(format!("--retarget: `{shown}` is not a region"))
            .with_hint(region::name_hint(name, "the regions are"))
    })
}

/// Resolves the address of a target that is not contacted, so that no key is needed.
fn resolve_endpoint(
    text: Option<&str>,
    accounts: &mut AccountResolver,
) -> Result<Option<Endpoint>, Error> {
    let resolved = text
        .map(|text| accounts.resolve("--to", text))
        .transpose()?;
    Ok(resolved.map(|account| account.endpoint))
}

impl RulesInitSettings {
    /// Resolves the arguments of `rules init`.
    pub async fn resolve(arguments: cli::RulesInitArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let mut check_options = Words::default();
        check_options.push_option("--from", &arguments.route.from);
        if let Some(to) = &arguments.route.to {
            check_options.push_option("--to", to);
        }
        push_reading(&mut check_options, &arguments.reading);
        Ok(Self {
            check_options,
            source: accounts.resolve_source(&arguments.route.from).await?,
            target: resolve_endpoint(arguments.route.to.as_deref(), &mut accounts)?,
            filter: filter(arguments.selection)?,
            client: source_client_options(&arguments.reading)?,
            out: arguments.out,
        })
    }
}

impl RulesCheckSettings {
    /// Resolves the arguments of `rules check`.
    pub async fn resolve(arguments: cli::RulesCheckArgs) -> Result<Self, Error> {
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        Ok(Self {
            source: accounts.resolve_source(&arguments.route.from).await?,
            target: resolve_endpoint(arguments.route.to.as_deref(), &mut accounts)?,
            filter: filter(arguments.selection)?,
            rules: RulesFile::resolve(&arguments.rewriting, &mut accounts)?,
            client: source_client_options(&arguments.reading)?,
            output: arguments.output,
        })
    }
}
