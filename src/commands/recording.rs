//! Starts and finishes the record of a run: its header before the first write; its footer, report and id map
//! at the end.

use super::planning::Planned;
use crate::coralogix::content::Fingerprint;
use crate::coralogix::sealed::Sealer;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::{Depth, OutcomeDocument, PlanDocument};
use crate::error::Error;
use crate::pipeline::idmap::is_map;
use crate::pipeline::plan::{OnConflict, State, Step};
use crate::pipeline::push::{Applied, Fate, Observation};
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::verify::{Finding, Verdict};
use crate::render::idmap::{OutcomeMap, write_outcome_csv};
use crate::render::json;
use crate::store::runs::entry::{
    AlteredRow, Begin, End, JOURNAL_VERSION, ShownRow, SourceRow, TargetRow, WantedRow,
};
use crate::store::runs::{Opening, Recorder, Runs, new_id};
use jiff::Timestamp;
use smol_str::SmolStr;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Starts the record of a run: stores durably everything that must be safe before the first write.
pub(super) fn begin(
    runs: &Runs,
    planned: &Planned,
    settle: Duration,
    continues: Vec<String>,
    saved_plan: Option<String>,
) -> Result<Recorder, Error> {
    let account = planned.target_reader.account();
    let sealer = Sealer::new(&account.key)
        .ok_or_else(|| Error::failed("the operating system provides no random numbers"))?;
    let now = Timestamp::now();
    let inventory = &planned.target_inventory;
    let ids = inventory.webhooks.iter().filter_map(Webhook::id);
    let previous = previous_bodies(planned);
    let begin = Begin {
        format_version: JOURNAL_VERSION.to_owned(),
        run: new_id(now, &sealer.salt()),
        tool: concat!("hookferry ", env!("CARGO_PKG_VERSION")).to_owned(),
        at: now,
        pid: std::process::id(),
        source: SourceRow {
            name: planned.source.name.clone(),
            company: planned.source.company.clone(),
        },
        target: TargetRow {
            url: account.endpoint.base().to_string(),
            host: account.endpoint.host().to_owned(),
            company: planned.target.company.clone(),
        },
        on_conflict: planned.plan.on_conflict().word().to_owned(),
        settle_ms: u64::try_from(settle.as_millis()).unwrap_or(u64::MAX),
        salt: sealer.salt(),
        check: sealer.check(),
        target_time: inventory
            .server_time
            .and_then(|time| Timestamp::try_from(time).ok()),
        baseline: ids.map(|id| SmolStr::new(id.as_str())).collect(),
        wanted: planned
            .plan
            .steps()
            .map(|(webhook, step)| wanted(webhook, step, &sealer))
            .collect(),
        previous: previous
            .as_deref()
            .map(|text| sealer.text(text).to_string()),
        continues,
        saved_plan,
    };
    let opening = Opening {
        begin,
        plan: &|to| json::write_line(&PlanDocument::streamed(planned.view(), Depth::Steps), to),
        previous: previous.as_deref(),
    };
    runs.begin(opening, sealer)
}

fn wanted(webhook: &PortableWebhook, step: &Step, sealer: &Sealer) -> WantedRow {
    let content = webhook.content();
    let counterpart = step.counterpart.as_ref();
    let counterpart = counterpart.and_then(|webhook| webhook.content());
    WantedRow {
        source_id: webhook.source_id().map(|id| SmolStr::new(id.as_str())),
        alias: webhook.alias().clone(),
        type_id: webhook.type_id().map(|type_id| type_id.0),
        state: step.state,
        target_id: step.target_id().map(|id| SmolStr::new(id.as_str())),
        content: content.map(|content| sealer.content(content)),
        kept: counterpart
            .filter(|other| Some(*other) != content)
            .map(|other| sealer.content(other)),
    }
}

/// JSON array of the webhooks to be updated, as the target has them now; `None` if there are none.
fn previous_bodies(planned: &Planned) -> Option<String> {
    if planned.plan.on_conflict() != OnConflict::Update {
        return None;
    }
    let mut bodies = String::from("[");
    for (_, step) in planned.plan.steps() {
        if let (State::Update, Some(target)) = (step.state, &step.counterpart)
            && let Some(id) = target.id()
        {
            if bodies.len() > 1 {
                bodies.push_str(",\n");
            }
            target.bare().with("id", &id.to_json()).to_wire(&mut bodies);
        }
    }
    bodies.push_str("]\n");
    (bodies.len() > 3).then_some(bodies)
}

/// What the run record keeps of the final observation of the target, so that its webhooks can be dropped from
/// memory.
#[derive(Default)]
pub(super) struct LastLook {
    company: Option<String>,
    shown: Vec<ShownRow>,
    altered: Vec<AlteredRow>,
}

impl LastLook {
    /// Summarizes the final observation of a push; empty if the push ended without one.
    pub(super) fn of(recorder: &Recorder, applied: &Applied, verdict: Option<&Verdict>) -> Self {
        let Some(after) = &applied.after else {
            return Self::default();
        };
        Self {
            company: after.company().map(str::to_owned),
            shown: shown(recorder, applied, after),
            altered: verdict.map_or_else(Vec::new, |verdict| {
                altered(recorder, applied, verdict, after)
            }),
        }
    }
}

/// Finishes the record of a run, and saves its report and its id map.
pub(super) fn end(
    recorder: &Recorder,
    look: LastLook,
    report: &OutcomeDocument,
) -> Result<(), Error> {
    recorder.end(End {
        at: Timestamp::now(),
        complete: report.complete,
        stopped: report.stopped.as_ref().map(|stop| stop.code.clone()),
        summary: summary(report),
        company: look.company,
        altered: look.altered,
        shown: look.shown,
    })?;
    recorder.keep("report.json", &|to| json::write_line(report, to))?;
    // Two source webhooks share an id only if the source is damaged; then there is no id map.
    let pairs = report.id_map.iter();
    if is_map(pairs.map(|row| (&row.source_id, &row.target_id))) {
        let map = OutcomeMap::from(report);
        recorder.keep("idmap.json", &|to| json::write_line(&map, to))?;
        recorder.keep("idmap.csv", &|to| write_outcome_csv(report, to))?;
    }
    Ok(())
}

/// Full digests, in the final observation, of the webhooks that arrived.
fn shown(recorder: &Recorder, applied: &Applied, after: &Observation) -> Vec<ShownRow> {
    let seen = after.seen().iter();
    let shown: HashMap<&WebhookId, Fingerprint> = seen
        .filter_map(|seen| Some((seen.id(), seen.shown()?)))
        .collect();
    let row = |(place, fate): &(usize, Fate)| {
        Some(ShownRow {
            place: *place,
            seal: recorder.seal_shown(*shown.get(fate.arrived()?)?),
        })
    };
    applied.fates.iter().filter_map(row).collect()
}

/// Content digests, in the final observation, of the webhooks that the server altered.
fn altered(
    recorder: &Recorder,
    applied: &Applied,
    verdict: &Verdict,
    after: &Observation,
) -> Vec<AlteredRow> {
    if verdict.count(|finding| matches!(finding, Finding::Altered(_))) == 0 {
        return Vec::new();
    }
    let seen = after.seen().iter();
    let contents: HashMap<_, _> = seen
        .filter_map(|seen| Some((seen.id(), seen.content()?)))
        .collect();
    let fates: HashMap<usize, _> = applied
        .fates
        .iter()
        .filter_map(|(place, fate)| Some((*place, fate.arrived()?)))
        .collect();
    let row = |(place, finding): &(usize, Finding)| {
        let Finding::Altered(_) = finding else {
            return None;
        };
        let content = contents.get(fates.get(place)?)?;
        Some(AlteredRow {
            place: *place,
            kept: recorder.seal(*content),
        })
    };
    verdict.findings.iter().filter_map(row).collect()
}

/// The number of webhooks for each outcome code that occurred.
fn summary(report: &OutcomeDocument) -> BTreeMap<String, usize> {
    let counts = report.counts().into_iter();
    counts
        .map(|(ending, n)| (ending.code().to_owned(), n))
        .collect()
}
