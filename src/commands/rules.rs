//! `hookferry rules`: drafts a rules file for an account, and checks what a rules file does to an account.

use super::reading::{party, read_origin, report_list_doubts, select_webhooks};
use super::rewriting::{apply_rules, resolve_rewriting};
use crate::cli::{OutputFormat, RulesAction, RulesArgs};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::retry::WaitBudget;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::pipeline::rewrite::service_regions;
use crate::proposal::Proposal;
use crate::render::json;
use crate::render::rules::{RulesCheckView, RulesDraft, document, draft, text};
use crate::render::screen::Screen;
use crate::settings::{Origin, RulesCheckSettings, RulesInitSettings};
use crate::store::disk;
use crate::untrusted;
use std::sync::Arc;

/// Drafts or checks a rules file.
pub(super) async fn run(arguments: RulesArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        RulesAction::Init(arguments) => {
            init(RulesInitSettings::resolve(arguments).await?, screen).await
        }
        RulesAction::Check(arguments) => {
            check(RulesCheckSettings::resolve(arguments).await?, screen).await
        }
    }
}

async fn init(settings: RulesInitSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let inventory = read_origin(&settings.source, &settings.client, &wait_budget, screen).await?;
    report_list_doubts(&settings.source, &inventory, screen);
    let account = party(&settings.source, &inventory);
    let source_region = match &settings.source {
        Origin::Live(account) => account.endpoint.region(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => None,
    };
    let target = settings.target.as_ref();
    let text = draft(&RulesDraft {
        changes_region: is_other_region(
            &service_regions(&inventory),
            source_region,
            target.and_then(Endpoint::region),
        ),
        target: target.map(|target| target.host().to_owned()),
        inventory: select_webhooks(inventory, &settings.filter)?,
        account,
    });
    match &settings.out {
        Some(path) => {
            disk::write_new(path, &text, "the rules file")?;
            let path = path.display().to_string();
            let check = Proposal::new("rules check").option("--rules", &path);
            screen.print_message(&format!(
                "wrote {path}; it contains no secrets. Review the rules that it proposes, then: {check}",
                path = untrusted::escape(&path),
                check = check.words(&settings.check_options)
            ));
        }
        None => screen.print_result(&text)?,
    }
    Ok(ExitCode::Done)
}

/// Whether the webhooks contain hosts of the source's region, and the target is in another one.
fn is_other_region(found: &[Region], source: Option<Region>, target: Option<Region>) -> bool {
    let is_source = |region: &Region| source.is_none_or(|source| source == *region);
    found
        .iter()
        .any(|region| is_source(region) && target.is_some_and(|target| target != *region))
}

async fn check(settings: RulesCheckSettings, screen: &Screen) -> Result<ExitCode, Error> {
    let wait_budget = Arc::new(WaitBudget::new(settings.client.max_wait));
    let inventory = read_origin(&settings.source, &settings.client, &wait_budget, screen).await?;
    report_list_doubts(&settings.source, &inventory, screen);
    let account = party(&settings.source, &inventory);
    let target = settings.target.as_ref();
    let mut rewriting =
        resolve_rewriting(&settings.rules, &settings.source, &inventory, target).await?;
    rewriting.lists_unmatched_secrets = true;
    let useless_rules = rewriting.rules.ineffective_rules(&inventory);
    let selected = select_webhooks(inventory, &settings.filter)?;
    let matched = rewriting.rules.matched_webhooks(&selected);
    let portable = apply_rules(&settings.rules, &rewriting, useless_rules, selected)?;
    let view = RulesCheckView {
        name: settings.rules.name.as_deref(),
        account: &account,
        rewriting: &rewriting,
        matched: &matched,
        portable: &portable,
    };
    screen.print_result(&match settings.output {
        OutputFormat::Text => text(&view, screen.stdout_page(Detail::default())),
        OutputFormat::Json => json::text(&document(&view)),
    })?;
    Ok(if view.is_complete() {
        ExitCode::Done
    } else {
        ExitCode::Refused
    })
}
