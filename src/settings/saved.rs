//! Settings of `apply`: everything that a saved plan decided, with what the command line says once more.
//! A plan is only a file: no key goes to a host that neither the vendor owns nor the user named.

use super::accounts::{key, side};
use super::{Consent, Migrate, Origin, Route, RulesFile, StateFolder};
use super::{client, detail, filter, push_options};
use crate::cli::{self, RewritingArgs, SelectionArgs, UnmatchedArg};
use crate::coralogix::account::{Account, Side};
use crate::coralogix::endpoint::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::pipeline::binding::{Binding, BoundPlace};
use crate::pipeline::rewrite::rule::Unmatched;
use crate::render::document::SavedPlan;
use crate::store::disk;
use std::path::{Path, PathBuf};

/// Settings of `apply`.
#[derive(Debug, Clone)]
pub struct Apply {
    /// The plan.
    pub saved: SavedPlan,
    /// What it is bound to.
    pub binding: Binding,
    /// The name of its file.
    pub name: String,
    /// How it is carried out.
    pub migrate: Migrate,
}

impl Apply {
    /// Settings of an `apply` command line.
    pub fn resolve(arguments: cli::ApplyArgs) -> Result<Self, Error> {
        let name = crate::foreign::shown(&arguments.plan.display().to_string());
        let saved = read(&arguments.plan, &name)?;
        let binding = saved.document.binding.clone().ok_or_else(|| {
            Error::failed(format!(
                "`{name}` is a plan that cannot be applied: it is bound to nothing"
            ))
            .with_hint("save one with `hookferry plan --out plan.json`")
        })?;
        let route = route(&saved, &binding, &arguments)?;
        Ok(Self {
            migrate: Migrate {
                route,
                consent: Consent::of(arguments.dry_run, arguments.yes),
                max_changes: None,
                push: push_options(&arguments.writing),
                state: StateFolder::resolve(arguments.state.state_dir),
                detail: detail(arguments.diff),
                output: arguments.output,
            },
            saved,
            binding,
            name,
        })
    }
}

fn read(path: &Path, name: &str) -> Result<SavedPlan, Error> {
    let text = disk::read_text(path, "the plan")?;
    SavedPlan::read(&text).map_err(|why| {
        Error::failed(format!("`{name}` cannot be applied: {why}"))
            .with_hint("`hookferry plan --out plan.json` saves a plan that can")
    })
}

fn route(saved: &SavedPlan, binding: &Binding, arguments: &cli::ApplyArgs) -> Result<Route, Error> {
    let source = match &binding.source.place {
        BoundPlace::Url(url) => {
            Origin::Live(account(Side::Source, url, arguments.from.as_deref())?)
        }
        BoundPlace::File(path) => file(Some(path), arguments.from.as_deref())?,
        BoundPlace::Stdin(_) => file(None, arguments.from.as_deref())?,
    };
    let target = match &binding.target.place {
        BoundPlace::Url(url) => account(Side::Target, url, arguments.to.as_deref())?,
        BoundPlace::File(_) | BoundPlace::Stdin(_) => {
            return Err(Error::failed("the plan names no usable target"));
        }
    };
    Route::new(
        source,
        target,
        filter(selection(binding))?,
        saved.document.on_conflict,
        RulesFile::resolve(&rewriting(binding, arguments))?,
        client(&arguments.connection)?,
    )
}

/// The account that a plan names by its URL, with the key of its side.
fn account(side: Side, url: &str, named: Option<&str>) -> Result<Account, Error> {
    let flag = flag(side);
    let endpoint = Endpoint::parse(url)
        .map_err(|_| Error::failed(format!("the plan names no usable {side}")))?;
    let host = crate::foreign::shortened(endpoint.host(), 80);
    match named {
        Some(text) => {
            let named = Endpoint::parse(text).map_err(|unrecognised| {
                Error::usage(format!("{flag}: {unrecognised}")).with_hint(unrecognised.hint())
            })?;
            if named.base() != endpoint.base() {
                let what = format!(
                    "the plan's {side} is {host}, and {flag} names {}",
                    named.host()
                );
                let hint = format!(
                    "nothing was read or written; leave {flag} out, or make a plan for that account"
                );
                return Err(Error::new(ErrorKind::WrongAccount, what).with_hint(hint));
            }
        }
        None if !endpoint.is_vendor() && !endpoint.is_loopback() => {
            let what = format!("the plan's {side} is {host}, which is no Coralogix host");
            let hint = format!(
                "name it once more with {flag}, so that no key goes to a host that you did not name"
            );
            return Err(Error::new(ErrorKind::Refused, what).with_hint(hint));
        }
        None => {}
    }
    Ok(Account {
        side,
        endpoint,
        key: key(side)?,
    })
}

fn flag(side: Side) -> &'static str {
    match side {
        Side::Source => "--from",
        Side::Target => "--to",
    }
}

/// The file that a plan was made from, under the name that it has now.
fn file(path: Option<&str>, named: Option<&str>) -> Result<Origin, Error> {
    match (named, path) {
        (Some(named), _) => match side(Side::Source, "--from", named)? {
            Origin::Live(_) => Err(Error::new(
                ErrorKind::WrongAccount,
                "the plan was made from a file, and --from names an account",
            )
            .with_hint("name the file; what is in it has to be the same")),
            origin => Ok(origin),
        },
        (None, Some(path)) => Ok(Origin::File(PathBuf::from(path))),
        (None, None) => Err(Error::usage("the plan was made from standard input")
            .with_hint("give the same webhooks once more: --from FILE")),
    }
}

fn selection(binding: &Binding) -> SelectionArgs {
    let selection = &binding.selection;
    SelectionArgs {
        types: selection.types.iter().map(ToString::to_string).collect(),
        names: selection.names.clone(),
        ids: selection.ids.clone(),
    }
}

fn rewriting(binding: &Binding, arguments: &cli::ApplyArgs) -> RewritingArgs {
    let of_plan = binding
        .rules
        .as_ref()
        .map(|rules| PathBuf::from(&rules.file));
    RewritingArgs {
        rules: arguments.rules.clone().or(of_plan),
        allow_commands: arguments.allow_commands,
        unmatched_secret: Some(match binding.unmatched_secret {
            Unmatched::Keep => UnmatchedArg::Keep,
            Unmatched::Refuse => UnmatchedArg::Refuse,
        }),
        retarget: binding
            .retarget
            .clone()
            .map(|region| match region.as_str() {
                "target" => String::new(),
                _ => region,
            }),
    }
}
