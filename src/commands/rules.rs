//! `hookferry rules`: drafts a rules file for an account, and checks what a rules file does to an account.

use super::reading::{party, read_origin, select};
use super::rewriting::{follow, rewriting};
use crate::cli::{OutputForm, RulesAction, RulesArgs};
use crate::coralogix::endpoint::Endpoint;
use crate::coralogix::region::Region;
use crate::coralogix::retry::Patience;
use crate::document::view::Detail;
use crate::error::{Error, ExitCode};
use crate::foreign;
use crate::pipeline::rewrite::regions;
use crate::render::json;
use crate::render::rules::{CheckView, Draft, document, draft, text};
use crate::render::screen::Screen;
use crate::settings::{Origin, RulesCheck, RulesInit};
use crate::store::disk;
use std::sync::Arc;

/// Drafts or checks a rules file.
pub(super) async fn run(arguments: RulesArgs, screen: &Screen) -> Result<ExitCode, Error> {
    match arguments.action {
        RulesAction::Init(arguments) => init(RulesInit::resolve(arguments).await?, screen).await,
        RulesAction::Check(arguments) => check(RulesCheck::resolve(arguments).await?, screen).await,
    }
}

async fn init(settings: RulesInit, screen: &Screen) -> Result<ExitCode, Error> {
    let patience = Arc::new(Patience::new());
    let inventory = read_origin(&settings.source, &settings.client, &patience, screen).await?;
    let account = party(&settings.source, &inventory);
    let named = match &settings.source {
        Origin::Live(account) => account.endpoint.region(),
        Origin::File(..) | Origin::Stdin(_) | Origin::Backup(_) => None,
    };
    let target = settings.target.as_ref();
    let text = draft(&Draft {
        moves: moves(
            &regions(&inventory),
            named,
            target.and_then(Endpoint::region),
        ),
        target: target.map(|target| target.host().to_owned()),
        inventory: select(inventory, &settings.filter)?,
        account,
    });
    match &settings.out {
        Some(path) => {
            disk::write_new(path, &text, "the rules file")?;
            let path = foreign::shown(&path.display().to_string());
            screen.say(&format!(
                "wrote {path}; it contains no secrets. Review the rules that it proposes, then: hookferry rules check --rules {path} …"
            ));
        }
        None => screen.result(&text)?,
    }
    Ok(ExitCode::Done)
}

/// Whether the webhooks contain hosts of the source's region, and the target is in another one.
fn moves(named: &[Region], source: Option<Region>, target: Option<Region>) -> bool {
    let is_source = |region: &Region| source.is_none_or(|source| source == *region);
    named
        .iter()
        .any(|region| is_source(region) && target.is_some_and(|target| target != *region))
}

async fn check(settings: RulesCheck, screen: &Screen) -> Result<ExitCode, Error> {
    let patience = Arc::new(Patience::new());
    let inventory = read_origin(&settings.source, &settings.client, &patience, screen).await?;
    let account = party(&settings.source, &inventory);
    let target = settings.target.as_ref();
    let mut rewriting = rewriting(&settings.rules, &settings.source, &inventory, target).await?;
    rewriting.lists_leftover = true;
    let useless = rewriting.rules.useless(&inventory);
    let selected = select(inventory, &settings.filter)?;
    let matched = rewriting.rules.matched(&selected);
    let portable = follow(&settings.rules, &rewriting, useless, selected)?;
    let view = CheckView {
        name: settings.rules.name.as_deref(),
        account: &account,
        rewriting: &rewriting,
        matched: &matched,
        portable: &portable,
    };
    screen.result(&match settings.output {
        OutputForm::Text => text(&view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&document(&view)),
    })?;
    Ok(if view.is_complete() {
        ExitCode::Done
    } else {
        ExitCode::Refused
    })
}
