//! `hookferry verify`: compares the target with a source or with a recorded run. Writes nothing.

use super::consent::refuse_missing;
use super::history::account_for;
use super::reading::{live_party, planned_with, read_both, read_first, reader, rewriting_of};
use super::recorded::{refuse_other_company, sealer_of, surplus};
use crate::cli::OutputForm;
use crate::coralogix::content::Content;
use crate::coralogix::retry::Patience;
use crate::coralogix::sealed::{Sealed, Sealer};
use crate::coralogix::webhook::{TypeId, WebhookId};
use crate::error::{Error, ExitCode};
use crate::pipeline::plan::Known;
use crate::pipeline::plan::State;
use crate::pipeline::rewrite::{PortableWebhook, rewrite};
use crate::pipeline::strip::{Stripped, strip};
use crate::pipeline::verify::{Finding, compare};
use crate::render::json;
use crate::render::screen::Screen;
use crate::render::verify::{VerifyRow, VerifyView, document, text};
use crate::render::view::Detail;
use crate::settings::{Route, Verify, VerifyRun, Wanted};
use crate::store::runs::{Record, Runs, Standing};
use std::collections::HashMap;
use std::sync::Arc;

/// Compares, and prints a verdict for each webhook.
pub(super) async fn run(settings: Verify, screen: &Screen) -> Result<ExitCode, Error> {
    let view = match &settings.wanted {
        Wanted::Source(route) => against_source(route, screen).await?,
        Wanted::Run(run) => against_run(run, screen).await?,
    };
    screen.result(&match settings.output {
        OutputForm::Text => text(&view, screen.page(Detail::Normal)),
        OutputForm::Json => json::text(&document(&view)),
    })?;
    Ok(if view.is_verified() {
        ExitCode::Done
    } else {
        ExitCode::Partial
    })
}

async fn against_source(route: &Route, screen: &Screen) -> Result<VerifyView, Error> {
    let readings = read_both(route, screen).await?;
    let rewriting = rewriting_of(route, &readings).await?;
    // Rules may fail on webhooks that are not selected; then copies are counted for the selected ones only.
    let all = rewrite(strip(readings.source.clone()), &rewriting).ok();
    let planned = planned_with(route, readings, Known::nothing(), &rewriting)?;
    // With placeholders for missing values, everything would look altered.
    refuse_missing(&planned.plan)?;
    let target = strip(planned.target_inventory.clone());
    let source: Vec<PortableWebhook> = match all {
        Some(all) => all.into_webhooks(),
        None => planned
            .plan
            .steps()
            .map(|(webhook, _)| webhook.clone())
            .collect(),
    };
    let verdict = compare(&planned.plan, &source, &target);
    let rows = planned.plan.steps().zip(verdict.findings);
    Ok(VerifyView {
        wanted: format!("source {}", planned.source.identity()),
        target: planned.target.clone(),
        rows: rows
            .map(|((webhook, step), (_, finding))| VerifyRow {
                type_id: webhook.type_id(),
                alias: webhook.alias().clone(),
                source_id: webhook.source_id().cloned(),
                target_id: step.target_id().cloned(),
                finding,
                why: None,
            })
            .collect(),
    })
}

async fn against_run(settings: &VerifyRun, screen: &Screen) -> Result<VerifyView, Error> {
    let runs = Runs::new(settings.state.path()?);
    let mut record = runs.open(&runs.find(&settings.run)?)?;
    let target = &record.begin.target;
    let account = settings.target.account(&target.url, &target.host).await?;
    let sealer = sealer_of(&record, &account)?;
    let patience = Arc::new(Patience::new());
    let reader = reader(&account, &settings.client, &patience, screen)?;
    let first = read_first(&reader, screen).await?;
    refuse_other_company(&record, &first, &account)?;
    let (inventory, accounted) =
        account_for(&record, &sealer, &reader, first, &patience, screen).await?;
    if let Some(accounted) = accounted {
        record.learn(accounted.rows);
    }
    let party = live_party(&account, &inventory);
    Ok(VerifyView {
        wanted: format!("run {}", record.id()),
        target: party,
        rows: rows_of(&record, &strip(inventory), &sealer),
    })
}

/// Compares the target with every item of a run.
fn rows_of(record: &Record, target: &Stripped, sealer: &Sealer) -> Vec<VerifyRow> {
    let mut contents: HashMap<&WebhookId, Option<Content>> = HashMap::new();
    for webhook in target.webhooks() {
        if let Some(id) = webhook.id() {
            contents.insert(id, webhook.content());
        }
    }
    let now = |id: &WebhookId| {
        let found = contents.get(id)?;
        Some(Now(found.map(|content| sealer.content(content))))
    };
    let surplus = surplus(record, target, sealer);
    let mut rows = Vec::new();
    for (place, row) in record.begin.wanted.iter().enumerate() {
        let wanted = row.content;
        let (id, kept) = match &record.standings[place] {
            Standing::Arrived(arrived) => (Some(arrived.id.clone()), arrived.kept),
            _ if row.state == State::Unchanged => {
                (row.target_id.clone().map(WebhookId::new), row.kept)
            }
            // Items that the run was not supposed to write are left out.
            _ if row.state != State::Create && row.state != State::Update => continue,
            _ => (None, None),
        };
        let (finding, why) = match (&id, &record.standings[place]) {
            (None, Standing::Open | Standing::Unresolved(_)) => {
                let why = "the run sent it, but it is unknown whether it arrived";
                (Finding::Unclear(why.to_owned()), None)
            }
            (None, _) => (Finding::Missing, None),
            (Some(id), _) => found(now(id), wanted, kept),
        };
        let copies = wanted.and_then(|wanted| surplus.get(&wanted));
        let finding = match (finding, copies, &id) {
            (Finding::Verified, Some(copies), Some(id)) => {
                let all = std::iter::once(id).chain(copies).cloned();
                Finding::Duplicated(all.collect())
            }
            (finding, ..) => finding,
        };
        rows.push(VerifyRow {
            type_id: row.type_id.map(TypeId),
            alias: row.alias.clone(),
            source_id: row.source_id.clone().map(WebhookId::new),
            target_id: id,
            finding,
            why,
        });
    }
    rows
}

/// Digest of a webhook's current content; `None` if the content cannot be compared.
#[derive(Clone, Copy)]
struct Now(Option<Sealed>);

/// The verdict on a webhook from its current content (`None` if it is missing), its desired content, and the
/// content that the target kept when it was written; an altered one comes with the reason.
fn found(
    now: Option<Now>,
    wanted: Option<Sealed>,
    kept: Option<Sealed>,
) -> (Finding, Option<String>) {
    match now {
        None => (Finding::Missing, None),
        Some(Now(Some(now))) if Some(now) == wanted => (Finding::Verified, None),
        Some(Now(now)) => {
            let is_as_kept = now.is_some() && now == kept;
            let why = if is_as_kept {
                "the server altered it when it was written, and it has not changed since"
            } else {
                "it was changed after the run"
            };
            (Finding::Altered(Vec::new()), Some(why.to_owned()))
        }
    }
}
