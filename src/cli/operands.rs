//! The accounts of a command line: named by options, or by their order without options.
//! Every command that takes accounts takes them both ways.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgGroup, Args};

const FROM: &str = "--from <ACCOUNT>";
const TO: &str = "--to <ACCOUNT>";

/// Makes clap read arguments in the form in which they are typed, from which they are then made.
macro_rules! read_as {
    ($arguments:ty, $typed:ty) => {
        impl clap::FromArgMatches for $arguments {
            fn from_arg_matches(matches: &clap::ArgMatches) -> Result<Self, clap::Error> {
                <$typed>::from_arg_matches(matches).and_then(Self::try_from)
            }

            fn update_from_arg_matches(
                &mut self,
                matches: &clap::ArgMatches,
            ) -> Result<(), clap::Error> {
                *self = Self::from_arg_matches(matches)?;
                Ok(())
            }
        }

        impl Args for $arguments {
            fn augment_args(command: clap::Command) -> clap::Command {
                <$typed>::augment_args(command)
            }

            fn augment_args_for_update(command: clap::Command) -> clap::Command {
                <$typed>::augment_args_for_update(command)
            }
        }
    };
}

/// The source and the target.
#[derive(Debug)]
pub struct RouteArgs {
    /// Account to read from, or a file.
    pub from: String,
    /// Account to write to.
    pub to: String,
}

#[derive(Debug, Args)]
struct TypedRoute {
    /// The source, then the target, instead of --from and --to
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// Account to read from, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
    /// Account to write to
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
}

read_as!(RouteArgs, TypedRoute);

impl TryFrom<TypedRoute> for RouteArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedRoute) -> Result<Self, clap::Error> {
        let named = assign(typed.accounts, [typed.from, typed.to])?;
        let [from, to] = require([FROM, TO], named)?;
        Ok(Self { from, to })
    }
}

/// The source of a command that reads only one account.
#[derive(Debug)]
pub struct SourceArgs {
    /// Account to read from, or a file.
    pub from: String,
}

#[derive(Debug, Args)]
struct TypedSource {
    /// The same as --from
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// Account to read from, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
}

read_as!(SourceArgs, TypedSource);

impl TryFrom<TypedSource> for SourceArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedSource) -> Result<Self, clap::Error> {
        let [from] = require([FROM], assign(typed.accounts, [typed.from])?)?;
        Ok(Self { from })
    }
}

/// The source, and the target if it is known.
#[derive(Debug)]
pub struct RulesRouteArgs {
    /// Account to read from, or a file.
    pub from: String,
    /// Account that the webhooks will go to.
    pub to: Option<String>,
}

#[derive(Debug, Args)]
struct TypedRulesRoute {
    /// The source, then the target, instead of --from and --to
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// Account to read from, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT")]
    from: Option<String>,
    /// Account that the webhooks will go to; hookferry does not contact it and needs no key for it
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
}

read_as!(RulesRouteArgs, TypedRulesRoute);

impl TryFrom<TypedRulesRoute> for RulesRouteArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedRulesRoute) -> Result<Self, clap::Error> {
        let [from, to] = assign(typed.accounts, [typed.from, typed.to])?;
        let [from] = require([FROM], [from])?;
        Ok(Self { from, to })
    }
}

/// What `verify` compares: a target with a source, or with what a run wrote.
#[derive(Debug)]
pub enum VerifiedArgs {
    /// A target with a source.
    Source(RouteArgs),
    /// The target of a run with what the run wrote.
    Run {
        /// A run id, or `latest`.
        run: String,
        /// The run's target again.
        to: Option<String>,
    },
}

#[derive(Debug, Args)]
struct TypedVerified {
    /// The source, then the target, instead of --from and --to
    #[arg(value_name = "ACCOUNT", conflicts_with = "run")]
    accounts: Vec<String>,
    /// Account to compare with, or a backup, an export file, or - for standard input
    #[arg(long, value_name = "ACCOUNT", conflicts_with = "run")]
    from: Option<String>,
    /// Account to verify; with --run, the run's target again, as a profile that has its key
    #[arg(long, value_name = "ACCOUNT")]
    to: Option<String>,
    /// Compare with what this run wrote to its target: a run id, or `latest`
    #[arg(long, value_name = "RUN", conflicts_with_all = ["types", "names", "ids", "rules", "retarget", "unmatched_secret"])]
    run: Option<String>,
}

read_as!(VerifiedArgs, TypedVerified);

impl TryFrom<TypedVerified> for VerifiedArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedVerified) -> Result<Self, clap::Error> {
        if let Some(run) = typed.run {
            return Ok(Self::Run { run, to: typed.to });
        }
        let named = assign(typed.accounts, [typed.from, typed.to])?;
        if named.iter().all(Option::is_none) {
            return Err(missing(&["<--from <ACCOUNT>|--run <RUN>>"]));
        }
        let [from, to] = require([FROM, TO], named)?;
        Ok(Self::Source(RouteArgs { from, to }))
    }
}

/// The two sides of `diff`.
#[derive(Debug)]
pub struct SidesArgs {
    /// Account or file on the left.
    pub left: String,
    /// Account or file on the right.
    pub right: String,
}

#[derive(Debug, Args)]
struct TypedSides {
    /// Account to read, with the source's key if both are set, or a backup, an export file, or - for standard input
    #[arg(value_name = "LEFT")]
    left: Option<String>,
    /// Account to read, with the target's key if both are set, or a backup, an export file, or - for standard input
    #[arg(value_name = "RIGHT")]
    right: Option<String>,
    /// The same as LEFT
    #[arg(long, hide = true, value_name = "ACCOUNT")]
    from: Option<String>,
    /// The same as RIGHT
    #[arg(long, hide = true, value_name = "ACCOUNT")]
    to: Option<String>,
}

read_as!(SidesArgs, TypedSides);

impl TryFrom<TypedSides> for SidesArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedSides) -> Result<Self, clap::Error> {
        let operands = typed.left.into_iter().chain(typed.right).collect();
        let named = assign(operands, [typed.from, typed.to])?;
        let [left, right] = require(["<LEFT>", "<RIGHT>"], named)?;
        Ok(Self { left, right })
    }
}

/// The account of `account check`.
#[derive(Debug)]
pub struct AccountArg {
    /// Account to check.
    pub account: String,
}

#[derive(Debug, Args)]
struct TypedAccount {
    /// Account to check
    #[arg(value_name = "ACCOUNT")]
    names: Vec<String>,
    /// The same as ACCOUNT
    #[arg(long, hide = true, value_name = "ACCOUNT", alias = "account")]
    from: Option<String>,
}

read_as!(AccountArg, TypedAccount);

impl TryFrom<TypedAccount> for AccountArg {
    type Error = clap::Error;

    fn try_from(typed: TypedAccount) -> Result<Self, clap::Error> {
        let [account] = require(["<ACCOUNT>"], assign(typed.names, [typed.from])?)?;
        Ok(Self { account })
    }
}

/// The accounts of `backup create`.
#[derive(Debug)]
pub struct BackedUpArgs {
    /// Accounts to back up; empty with `all`.
    pub from: Vec<String>,
    /// Whether to back up every profile of the config file.
    pub all: bool,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("backed_up").required(true).multiple(true).args(["from", "accounts", "all"]))]
struct TypedBackedUp {
    /// The same as --from, once for each
    #[arg(value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// Account to back up; repeatable, but several accounts must be profiles with keys of their own
    #[arg(long, value_name = "ACCOUNT")]
    from: Vec<String>,
    /// Back up every profile of the config file
    #[arg(long, conflicts_with_all = ["from", "accounts"])]
    all: bool,
}

read_as!(BackedUpArgs, TypedBackedUp);

impl TryFrom<TypedBackedUp> for BackedUpArgs {
    type Error = clap::Error;

    fn try_from(typed: TypedBackedUp) -> Result<Self, clap::Error> {
        Ok(Self {
            from: typed.from.into_iter().chain(typed.accounts).collect(),
            all: typed.all,
        })
    }
}

/// Gives operands, in their order, to the roles that no option names.
fn assign<const N: usize>(
    operands: Vec<String>,
    mut named: [Option<String>; N],
) -> Result<[Option<String>; N], clap::Error> {
    for operand in operands {
        let Some(role) = named.iter_mut().find(|role| role.is_none()) else {
            let mut error = clap::Error::new(ErrorKind::UnknownArgument);
            error.insert(ContextKind::InvalidArg, ContextValue::String(operand));
            return Err(error);
        };
        *role = Some(operand);
    }
    Ok(named)
}

/// The values of all roles; an error that lists those without one.
fn require<const N: usize>(
    roles: [&str; N],
    named: [Option<String>; N],
) -> Result<[String; N], clap::Error> {
    let unnamed = roles
        .iter()
        .zip(&named)
        .filter(|(_, value)| value.is_none());
    let unnamed: Vec<&str> = unnamed.map(|(role, _)| *role).collect();
    if unnamed.is_empty() {
        return Ok(named.map(Option::unwrap_or_default));
    }
    Err(missing(&unnamed))
}

fn missing(arguments: &[&str]) -> clap::Error {
    let names = arguments.iter().map(|name| (*name).to_owned()).collect();
    let mut error = clap::Error::new(ErrorKind::MissingRequiredArgument);
    error.insert(ContextKind::InvalidArg, ContextValue::Strings(names));
    error
}
