//! Settings of `apply`: what the saved plan decided, and what the command line repeats of it.
//! A plan is only a file, so no key goes to a host that neither belongs to Coralogix nor was named by the user.

use super::accounts::{AccountResolver, NamedOrigin, ResolvedAccount};
use super::follow_up::{follow_up, push_reading};
use super::keys::Purpose;
use super::{Consent, MigrateSettings, Origin, ReportFormat, Route, RulesFile, StateFolder};
use super::{detail, filter, push_options, source_client_options, state_keys};
use crate::cli::{self, RewritingArgs, SelectionArgs, UnmatchedArg};
use crate::coralogix::account::{Account, ApiKey, Side};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::undocumented::{StateKeys, ignore_key_flag};
use crate::document::SavedPlan;
use crate::error::{Error, ErrorKind};
use crate::pipeline::binding::{Binding, BindingKeys, BoundLocation, BoundSide};
use crate::pipeline::rewrite::rule::UnmatchedSecretPolicy;
use crate::proposal::Words;
use crate::store::disk;
use crate::store::input::Limit;
use smol_str::SmolStr;
use std::path::{Path, PathBuf};

/// Settings of `apply`.
#[derive(Debug)]
pub struct ApplySettings {
    /// The accounts, rules and settings that the plan is bound to.
    pub binding: Binding,
    /// The keys of the plan's digests.
    pub binding_keys: BindingKeys,
    /// The path of the plan file, escaped for messages.
    pub plan_name: String,
    /// The path of the plan file.
    pub plan_path: String,
    /// The options with which a command reads the same accounts and files.
    pub reading: Words,
    /// Settings of the migration that applies the plan.
    pub migrate: MigrateSettings,
}

impl ApplySettings {
    /// Reads the plan and resolves the arguments of `apply`.
    pub async fn resolve(arguments: cli::ApplyArgs) -> Result<(Self, SavedPlan), Error> {
        let name = crate::untrusted::escape(&arguments.plan.display().to_string());
        let mut saved = read_plan(&arguments.plan, &name)?;
        let binding = saved.binding.take().ok_or_else(|| {
            Error::failed(format!(
                "`{name}` cannot be applied: the plan does not record its accounts"
            ))
            .with_hint("save one with `hookferry plan --from SOURCE --to TARGET --out plan.json`")
        })?;
        refuse_unplanned_keys(&binding, &arguments)?;
        let mut reading = Words::default();
        push_reading(&mut reading, &arguments.reading);
        let consent = Consent::from_flags(arguments.consent.dry_run, arguments.consent.yes);
        let mut accounts = AccountResolver::for_reading(&arguments.reading)?;
        let (source, target) = resolve_sides(&binding, &arguments, consent, &mut accounts).await?;
        let binding_keys = check_seal(&saved, &binding, &name, source.key(), &target.key)?;
        // Only now is it certain that the plan names the files that somebody approved.
        let sides = (source, target);
        let route = route(&saved, &binding, &arguments, sides, &mut accounts)?;
        let state = StateFolder::resolve(arguments.state.state_dir.clone());
        let apply = Self {
            migrate: MigrateSettings {
                command: "apply",
                follow_up: follow_up(
                    &state,
                    &arguments.reading.connection,
                    &repeated_rewriting_args(&binding, &arguments),
                    &route.target,
                ),
                route,
                consent,
                max_changes: binding.max_changes,
                push: push_options(&arguments.writing),
                state,
                detail: detail(&arguments.detail),
                output: ReportFormat::resolve(&arguments.output)?,
            },
            binding,
            binding_keys,
            plan_name: name,
            plan_path: arguments.plan.display().to_string(),
            reading,
        };
        Ok((apply, saved))
    }
}

fn read_plan(path: &Path, name: &str) -> Result<SavedPlan, Error> {
    let text = disk::read_text(path, "the plan", Limit::Large)?;
    SavedPlan::read(text).map_err(|unreadable| {
        Error::failed(format!("`{name}` cannot be applied: {}", unreadable.why)).with_hint(
            if unreadable.is_of_other_version {
                "use the version of hookferry that wrote it, or a newer one"
            } else {
                "save a new one with `hookferry plan --from SOURCE --to TARGET --out plan.json`"
            },
        )
    })
}

/// Refuses a plan that was not made with these keys, or that was changed since; returns the keys of its digests.
///
/// The file may come from anybody, so this comes before anything that it names is opened.
fn check_seal(
    saved: &SavedPlan,
    binding: &Binding,
    name: &str,
    source_key: Option<&ApiKey>,
    target_key: &ApiKey,
) -> Result<BindingKeys, Error> {
    let keys = BindingKeys::for_plan(binding, source_key, target_key, &plan_state_keys(binding));
    let keys = keys.map_err(|side| {
        Error::new(
            ErrorKind::Stale,
            format!("`{name}` was made with a different {side} API key"),
        )
        .with_hint("a plan can be checked only with the keys that it was made with: use that key, or make a new plan; nothing was read or written")
    })?;
    if saved.is_intact(binding, keys.target()) {
        return Ok(keys);
    }
    Err(Error::new(
        ErrorKind::Stale,
        format!("somebody changed `{name}` after it was saved"),
    )
    .with_hint("make a new plan; nothing was read or written"))
}

/// The undocumented keys that do not count: those of the plan, whatever the profiles say now.
fn plan_state_keys(binding: &Binding) -> StateKeys {
    StateKeys::default().with(&binding.ignore_keys)
}

/// Resolves both accounts of the plan, and their keys; opens no file that only the plan names.
async fn resolve_sides(
    binding: &Binding,
    arguments: &cli::ApplyArgs,
    consent: Consent,
    accounts: &mut AccountResolver,
) -> Result<(Origin, Account), Error> {
    let (from, to) = (arguments.from.as_deref(), arguments.to.as_deref());
    let BoundLocation::Url(url) = &binding.target.location else {
        return Err(Error::failed("the plan has no usable target address"));
    };
    // Check that both accounts are those of the plan before reading any key.
    let target = resolve_bound_account(accounts, Side::Target, url, &binding.target, to)?;
    let source = match &binding.source.location {
        BoundLocation::Url(url) => {
            let resolved =
                resolve_bound_account(accounts, Side::Source, url, &binding.source, from)?;
            let source = resolved.with_key_for(Side::Source, Purpose::Read).await?;
            Origin::Live(Box::new(source))
        }
        BoundLocation::File(path) => resolve_file(accounts, Some(path), from)?,
        BoundLocation::Stdin(_) => resolve_file(accounts, None, from)?,
    };
    let target = target.with_key_for(Side::Target, consent.purpose());
    Ok((source, target.await?))
}

fn route(
    saved: &SavedPlan,
    binding: &Binding,
    arguments: &cli::ApplyArgs,
    (source, target): (Origin, Account),
    accounts: &mut AccountResolver,
) -> Result<Route, Error> {
    let route = Route::new(
        source,
        target,
        filter(selection_args(binding))?,
        saved.document.policy(),
        RulesFile::resolve(&rewriting_args(binding, arguments), accounts)?,
        source_client_options(&arguments.reading)?,
    )?;
    Ok(Route {
        state_keys: plan_state_keys(binding),
        ..route
    })
}

/// Refuses keys that the plan does not ignore: whoever approved it saw a plan in which they count.
fn refuse_unplanned_keys(binding: &Binding, arguments: &cli::ApplyArgs) -> Result<(), Error> {
    let named = state_keys(&arguments.comparison)?;
    let is_unplanned = |key: &&SmolStr| !binding.ignore_keys.contains(key);
    let Some(key) = named.named().iter().find(is_unplanned) else {
        return Ok(());
    };
    let flag = ignore_key_flag(key);
    Err(
        Error::usage(format!("{flag}: the plan does not ignore this key")).with_hint(format!(
            "make a new plan with `hookferry plan {flag} …` and have it approved; `apply` ignores the keys that its plan ignores"
        )),
    )
}

/// Resolves an account of the plan: the one that the flag names again, else the plan's profile, else the plan's
/// URL, if sending a key there is safe.
///
/// A profile belongs to the user and determines where its key goes. That must be the address in the plan.
fn resolve_bound_account(
    accounts: &mut AccountResolver,
    side: Side,
    url: &str,
    bound: &BoundSide,
    named: Option<&str>,
) -> Result<ResolvedAccount, Error> {
    let flag = flag_name(side);
    let endpoint = Endpoint::parse(url)
        .map_err(|_| Error::failed(format!("the plan has no usable {side} address")))?;
    let host = crate::untrusted::escape_truncated(endpoint.host(), 80);
    let (resolved, named_as) = match (named, bound.profile.as_deref()) {
        (Some(text), _) => (accounts.resolve(flag, text)?, flag.to_owned()),
        (None, Some(profile)) => {
            let named_as = format!(
                "profile {}",
                crate::untrusted::escape_truncated(profile, 40)
            );
            let resolved = accounts.resolve(
                &format!("the {named_as}, which the plan uses as its {side}"),
                profile,
            );
            (resolved?, named_as)
        }
        (None, None) if !endpoint.is_vendor_host() && !endpoint.is_loopback() => {
            let what = format!("the plan's {side} is {host}, which is not a Coralogix host");
            let hint = format!(
                "pass {flag} with that host to confirm it; hookferry sends no key to a host that you did not name"
            );
            return Err(Error::new(ErrorKind::Refused, what).with_hint(hint));
        }
        (None, None) => return Ok(ResolvedAccount::from_endpoint(endpoint)),
    };
    if resolved.endpoint.base() != endpoint.base() {
        let actual_host = resolved.endpoint.host();
        let what = format!("the plan's {side} is {host}, but {named_as} is {actual_host}");
        let hint = "nothing was read or written; make a new plan for the right account";
        return Err(Error::new(ErrorKind::WrongAccount, what).with_hint(hint));
    }
    Ok(resolved)
}

fn flag_name(side: Side) -> &'static str {
    match side {
        Side::Source => "--from",
        Side::Target => "--to",
    }
}

/// The file that the plan was made from, at its present path.
fn resolve_file(
    accounts: &mut AccountResolver,
    path: Option<&str>,
    named: Option<&str>,
) -> Result<Origin, Error> {
    match (named, path) {
        (Some(named), _) => match accounts.find("--from", named)? {
            NamedOrigin::Account(_) => Err(Error::new(
                ErrorKind::WrongAccount,
                "the plan was made from a file, but --from names an account",
            )
            .with_hint("pass the file to --from; its content must not have changed")),
            NamedOrigin::File(origin) => Ok(origin),
        },
        (None, Some(path)) => Ok(accounts.file_origin(Path::new(path))),
        (None, None) => Err(Error::usage("the plan was made from standard input")
            .with_hint("pass a file with the same webhooks: --from FILE")),
    }
}

fn selection_args(binding: &Binding) -> SelectionArgs {
    let selection = &binding.selection;
    SelectionArgs {
        types: selection.types.iter().map(ToString::to_string).collect(),
        names: selection.names.clone(),
        ids: selection.ids.clone(),
    }
}

/// The same for a command that makes the next plan: what a rules file decides, it may decide anew.
fn repeated_rewriting_args(binding: &Binding, arguments: &cli::ApplyArgs) -> RewritingArgs {
    let all = rewriting_args(binding, arguments);
    let is_strict = binding.unmatched_secret == UnmatchedSecretPolicy::Refuse;
    RewritingArgs {
        unmatched_secret: all.unmatched_secret.filter(|_| is_strict),
        ..all
    }
}

fn rewriting_args(binding: &Binding, arguments: &cli::ApplyArgs) -> RewritingArgs {
    let plan_rules = binding
        .rules
        .as_ref()
        .map(|rules| PathBuf::from(&rules.file));
    RewritingArgs {
        rules: arguments.rules.clone().or(plan_rules),
        allow_commands: arguments.allow_commands,
        env_file: arguments.env_file.clone(),
        unmatched_secret: Some(match binding.unmatched_secret {
            UnmatchedSecretPolicy::Keep => UnmatchedArg::Keep,
            UnmatchedSecretPolicy::Refuse => UnmatchedArg::Refuse,
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
