//! What is changed on the way, decided for one source and one target: regions found out, values read.

use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::rewrite::{Mistake, Portable, Retarget, Rewriting, regions, rewrite};
use crate::pipeline::strip::strip;
use crate::settings::{self, Origin, Retargeting, RulesFile};
use std::sync::Arc;

/// Everything that decides what is changed on the way from that source to that target.
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

/// The selected webhooks as they are wanted in the target; an error lists every rule that cannot be followed.
///
/// A rule has to mean a webhook of the source, though it need not be a selected one.
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
    Error::usage(format!("the rules cannot be followed\n{}", lines.join("\n"))).with_hint(
        "`hookferry rules check` shows what each rule does; `optional = true` allows one to match nothing",
    )
}

/// What names the source account in new uuids: the company where it is known, so that a live account and its export agree.
fn identity(origin: &Origin, source: &Inventory) -> String {
    source.company().unwrap_or_else(|| match origin {
        Origin::Live(account) => account.endpoint.home(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => "file".to_owned(),
    })
}

/// From which region to which the vendor's hosts are pointed.
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
            return Err(Error::usage("--retarget: the target's region is not known")
                .with_hint("name it: --retarget=us2"));
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

/// The one region whose hosts the webhooks name; `None` where they name none.
fn from_content(source: &Inventory) -> Result<Option<Region>, Error> {
    let found = regions(source);
    if found.len() > 1 {
        let codes: Vec<&str> = found.iter().map(|region| region.code()).collect();
        return Err(Error::usage(format!(
            "--retarget: the source's region is not known, and its webhooks name hosts of several: {}",
            codes.join(", ")
        ))
        .with_hint("read the live account, or say it with a `replace` rule for each host"));
    }
    Ok(found.first().copied())
}
