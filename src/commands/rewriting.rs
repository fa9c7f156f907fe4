//! Resolves the rewriting for one source and one target: finds the regions and reads the values that rules
//! need.

use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::undocumented::StateKeys;
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::rewrite::{Mistake, Portable, Retarget, Rewriting, rewrite, service_regions};
use crate::pipeline::strip::strip;
use crate::settings::{self, Origin, Retargeting, RulesFile};
use jiff::Timestamp;
use jiff::tz::Offset;
use std::sync::Arc;

/// Resolves everything that changes webhooks on the way from the source to the target.
pub(super) async fn resolve_rewriting(
    rules: &RulesFile,
    origin: &Origin,
    source: &Inventory,
    target: Option<&Endpoint>,
) -> Result<Rewriting, Error> {
    let needed = rules.rules.needed_sources(source);
    let values = settings::read_values(
        needed,
        &rules.folder,
        rules.may_run_commands,
        &rules.key_variables,
        rules.env_file.as_ref(),
    )
    .await;
    let retarget = resolve_retarget(rules.retarget, origin, source, target)?;
    Ok(Rewriting {
        rules: Arc::clone(&rules.rules),
        values,
        unmatched_policy: rules.unmatched,
        lists_unmatched_secrets: false,
        state_keys: StateKeys::default(),
        today: Offset::UTC.to_datetime(Timestamp::now()).date(),
        retarget,
        target_region: retarget
            .map(|retarget| retarget.to)
            .or_else(|| target.and_then(Endpoint::region)),
        uuid_namespace: (
            source_identity(origin, source),
            target.map(Endpoint::canonical_host).unwrap_or_default(),
        ),
    })
}

/// Rewrites the selected webhooks for the target; the error lists every rule that cannot be applied.
///
/// A rule must match a webhook of the source, but not necessarily a selected one.
pub(super) fn apply_rules(
    rules: &RulesFile,
    rewriting: &Rewriting,
    mut mistakes: Vec<Mistake>,
    selected: Inventory,
) -> Result<Portable, Error> {
    match rewrite(strip(selected), rewriting) {
        Ok(portable) if mistakes.is_empty() => Ok(portable),
        Ok(_) => Err(rules_error(rules, &mistakes)),
        Err(more) => {
            mistakes.extend(more);
            mistakes.sort();
            Err(rules_error(rules, &mistakes))
        }
    }
}

fn rules_error(rules: &RulesFile, mistakes: &[Mistake]) -> Error {
    let name = crate::untrusted::escape(rules.name.as_deref().unwrap_or_default());
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
fn source_identity(origin: &Origin, source: &Inventory) -> String {
    source.common_company_id().unwrap_or_else(|| match origin {
        Origin::Live(account) => account.endpoint.canonical_host(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => "file".to_owned(),
    })
}

/// The regions between which `--retarget` moves the vendor's hosts; `None` without that flag.
fn resolve_retarget(
    retargeting: Retargeting,
    origin: &Origin,
    source: &Inventory,
    target: Option<&Endpoint>,
) -> Result<Option<Retarget>, Error> {
    let target_region = match (retargeting, target.and_then(Endpoint::region)) {
        (Retargeting::No, _) => return Ok(None),
        (Retargeting::To(region), _) | (Retargeting::ToTarget, Some(region)) => region,
        (Retargeting::ToTarget, None) => {
            return Err(Error::usage("--retarget: the target's region is unknown")
                .with_hint("pass the region: --retarget=us2"));
        }
    };
    let source_region = match origin {
        Origin::Live(account) => account.endpoint.region(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => None,
    };
    let source_region = match source_region {
        Some(region) => region,
        None => region_in_content(source)?.unwrap_or(target_region),
    };
    Ok(Some(Retarget {
        from: source_region,
        to: target_region,
    }))
}

/// The only region whose hosts the webhooks contain; `None` if they contain none, an error if several.
fn region_in_content(source: &Inventory) -> Result<Option<Region>, Error> {
    let found = service_regions(source);
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
