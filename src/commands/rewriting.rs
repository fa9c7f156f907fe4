//! Resolves the rewriting for one source and one target: finds the regions and reads the values that rules
//! need.

use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::rewrite::{Mistake, Portable, Retarget, Rewriting, regions, rewrite};
use crate::pipeline::strip::strip;
use crate::settings::{self, Origin, Retargeting, RulesFile};
use std::sync::Arc;

/// Resolves everything that changes webhooks on the way from the source to the target.
pub(super) async fn rewriting(
    rules: &RulesFile,
    origin: &Origin,
    source: &Inventory,
    target: Option<&Endpoint>,
) -> Result<Rewriting, Error> {
    let needed = rules.rules.needed(source);
    let values = settings::read_values(needed, &rules.folder, rules.may_run_commands).await;
    let retarget = retarget(rules.retarget, origin, source, target)?;
    Ok(Rewriting {
        rules: Arc::clone(&rules.rules),
        values,
        unmatched: rules.unmatched,
        lists_leftover: false,
        retarget,
        target_region: retarget
            .map(|retarget| retarget.to)
            .or_else(|| target.and_then(Endpoint::region)),
        uuid_names: (
            identity(origin, source),
            target.map(Endpoint::home).unwrap_or_default(),
        ),
    })
}

/// Rewrites the selected webhooks for the target; the error lists every rule that cannot be applied.
///
/// A rule must match a webhook of the source, but not necessarily a selected one.
pub(super) fn follow(
    rules: &RulesFile,
    rewriting: &Rewriting,
    mut mistakes: Vec<Mistake>,
    selected: Inventory,
) -> Result<Portable, Error> {
    match rewrite(strip(selected), rewriting) {
        Ok(portable) if mistakes.is_empty() => Ok(portable),
        Ok(_) => Err(cannot_follow(rules, &mistakes)),
        Err(more) => {
            mistakes.extend(more);
            mistakes.sort();
            Err(cannot_follow(rules, &mistakes))
        }
    }
}

fn cannot_follow(rules: &RulesFile, mistakes: &[Mistake]) -> Error {
    let name = crate::foreign::shown(rules.name.as_deref().unwrap_or_default());
    let lines: Vec<String> = mistakes
        .iter()
        .map(|mistake| format!("{name}: {mistake}"))
        .collect();
    Error::usage(format!("the rules cannot be applied\n{}", lines.join("\n"))).with_hint(
        "`hookferry rules check` shows what each rule does; a rule with `optional = true` may match nothing",
    )
}

/// The name of the source account in derived UUIDs: its company id if known, so that a live account and its
/// export give the same UUIDs.
fn identity(origin: &Origin, source: &Inventory) -> String {
    source.company().unwrap_or_else(|| match origin {
        Origin::Live(account) => account.endpoint.home(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => "file".to_owned(),
    })
}

/// The regions between which `--retarget` moves the vendor's hosts; `None` without that flag.
fn retarget(
    retargeting: Retargeting,
    origin: &Origin,
    source: &Inventory,
    target: Option<&Endpoint>,
) -> Result<Option<Retarget>, Error> {
    let to = match (retargeting, target.and_then(Endpoint::region)) {
        (Retargeting::No, _) => return Ok(None),
        (Retargeting::To(region), _) | (Retargeting::ToTarget, Some(region)) => region,
        (Retargeting::ToTarget, None) => {
            return Err(Error::usage("--retarget: the target's region is unknown")
                .with_hint("pass the region: --retarget=us2"));
        }
    };
    let from = match origin {
        Origin::Live(account) => account.endpoint.region(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => None,
    };
    let from = match from {
        Some(region) => region,
        None => from_content(source)?.unwrap_or(to),
    };
    Ok(Some(Retarget { from, to }))
}

/// The only region whose hosts the webhooks contain; `None` if they contain none, an error if several.
fn from_content(source: &Inventory) -> Result<Option<Region>, Error> {
    let found = regions(source);
    if found.len() > 1 {
        let codes: Vec<&str> = found.iter().map(|region| region.code()).collect();
        return Err(Error::usage(format!(
            "--retarget: the source's region is unknown, and its webhooks contain hosts of several regions: {}",
            codes.join(", ")
        ))
        .with_hint("read the live account, or write a `replace` rule for each host"));
    }
    Ok(found.first().copied())
}
