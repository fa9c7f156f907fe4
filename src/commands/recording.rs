//! Starts and finishes the record of a run: its header before the first write; its footer, report and id map
//! at the end.

use super::planning::PlannedMigration;
use crate::coralogix::birth::Birth;
use crate::coralogix::content::FullDigest;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::document::{Depth, OutcomeDocument, PlanDocument};
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::idmap::has_unique_targets;
use crate::pipeline::plan::{OnConflict, Step, StepState};
use crate::pipeline::push::{ItemStatus, Observation, PushResult, SeenWebhook, url_digest};
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::verify::{ItemVerdict, Verdict};
use crate::render::idmap::{OutcomeMap, write_outcome_csv};
use crate::render::json;
use crate::store::runs::entry::{
    AlteredRow, Footer, FullDigestRow, Header, JOURNAL_VERSION, SourceRow, StepRow, TargetRow,
};
use crate::store::runs::{InitialFiles, Recorder, Runs, new_id};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Starts the record of a run: stores durably everything that must be safe before the first write.
pub(super) fn start_record(
    runs: &Runs,
    planned: &PlannedMigration,
    settle: Duration,
    continues: Vec<String>,
    saved_plan: Option<String>,
) -> Result<Recorder, Error> {
    let account = planned.target_reader.account();
    let digest_key = DigestKey::new(&account.key)
        .ok_or_else(|| Error::failed("the operating system provides no random numbers"))?
        .with_state_keys(planned.plan.portable().state_keys().clone());
    let now = Timestamp::now();
    let inventory = &planned.target_inventory;
    let ids = inventory.webhooks.iter().filter_map(Webhook::id);
    let previous = previous_bodies_json(planned);
    let header = Header {
        format_version: JOURNAL_VERSION.to_owned(),
        run: new_id(now, &digest_key.salt()),
        tool: concat!("hookferry ", env!("CARGO_PKG_VERSION")).to_owned(),
        started_at: now,
        pid: std::process::id(),
        source: SourceRow {
            name: planned.source.name.clone(),
            company: planned.source.company_id.clone(),
        },
        target: TargetRow {
            url: account.endpoint.base().to_string(),
            host: account.endpoint.host().to_owned(),
            company: planned.target.company_id.clone(),
        },
        on_conflict: planned.plan.on_conflict().word().to_owned(),
        settle_window_ms: u64::try_from(settle.as_millis()).unwrap_or(u64::MAX),
        salt: digest_key.salt(),
        key_check: digest_key.check(),
        target_time: inventory
            .server_time
            .and_then(|time| Timestamp::try_from(time).ok()),
        baseline: ids.collect(),
        newest_birth: newest_birth(inventory),
        steps: planned
            .plan
            .steps()
            .map(|(webhook, step)| step_row(webhook, step, &digest_key))
            .collect(),
        previous_bodies: previous
            .as_deref()
            .map(|text| digest_key.text(text).to_string()),
        continues,
        saved_plan,
        ignore_keys: planned.plan.portable().state_keys().named().to_vec(),
    };
    let opening = InitialFiles {
        header,
        plan: &|to| json::write_line(&PlanDocument::streamed(planned.view(), Depth::Steps), to),
        previous_bodies: previous.as_deref(),
    };
    runs.start(opening, digest_key)
}

/// The newest birth among the webhooks of the target; `None` if any of them shows none.
fn newest_birth(target: &Inventory) -> Option<Birth> {
    let births: Option<Vec<Birth>> = target.webhooks.iter().map(Webhook::birth).collect();
    births?.into_iter().reduce(Birth::later)
}

fn step_row(webhook: &PortableWebhook, step: &Step, digest_key: &DigestKey) -> StepRow {
    let content = webhook.content();
    let found = step.counterpart.as_ref();
    let unsent = found.filter(|_| step.state == StepState::Unchanged);
    let counterpart = found.and_then(|webhook| webhook.content());
    StepRow {
        source_id: webhook.source_id().cloned(),
        alias: webhook.alias().clone(),
        type_id: webhook.type_id().map(|type_id| type_id.0),
        state: step.state,
        target_id: step.target_id().cloned(),
        target_created_at: found.and_then(|webhook| webhook.original().birth()),
        content: content.map(|content| digest_key.digest_content(content)),
        url: (step.state == StepState::Create).then(|| url_digest(webhook.bare(), digest_key)),
        target_content: counterpart
            .filter(|other| Some(*other) != content)
            .map(|other| digest_key.digest_content(other)),
        undocumented: digest_key
            .digest_undocumented(unsent.map_or_else(|| webhook.bare(), |found| found.bare())),
    }
}

/// JSON array of the webhooks to be updated, as the target has them now; `None` if there are none.
fn previous_bodies_json(planned: &PlannedMigration) -> Option<String> {
    if planned.plan.on_conflict() != OnConflict::Update {
        return None;
    }
    let mut bodies = String::from("[");
    for (_, step) in planned.plan.steps() {
        if let (StepState::Update, Some(target)) = (step.state, &step.counterpart)
            && let Some(id) = target.id()
        {
            if bodies.len() > 1 {
                bodies.push_str(",\n");
            }
            target
                .bare()
                .with_member("id", &id.to_json())
                .to_wire(&mut bodies);
        }
    }
    bodies.push_str("]\n");
    (bodies.len() > 3).then_some(bodies)
}

/// What the run record keeps of the final observation of the target, so that its webhooks can be dropped from
/// memory.
#[derive(Default)]
pub(super) struct FinalObservationSummary {
    company: Option<String>,
    full_digests: Vec<FullDigestRow>,
    altered: Vec<AlteredRow>,
}

impl FinalObservationSummary {
    /// Summarizes the final observation of a push; empty if the push ended without one.
    pub(super) fn new(
        recorder: &Recorder,
        push_result: &PushResult,
        verdict: Option<&Verdict>,
    ) -> Self {
        let Some(after) = &push_result.final_observation else {
            return Self::default();
        };
        Self {
            company: after.common_company_id().map(str::to_owned),
            full_digests: full_digest_rows(recorder, push_result, after),
            altered: verdict.map_or_else(Vec::new, |verdict| {
                altered_rows(recorder, push_result, verdict, after)
            }),
        }
    }
}

/// Finishes the record of a run, and saves its report and its id map.
pub(super) fn finish_record(
    recorder: &Recorder,
    final_observation: FinalObservationSummary,
    report: &OutcomeDocument,
) -> Result<(), Error> {
    recorder.finish(Footer {
        ended_at: Timestamp::now(),
        complete: report.complete,
        stopped: report.stopped.as_ref().map(|stop| stop.code.clone()),
        summary: outcome_counts(report),
        company: final_observation.company,
        altered: final_observation.altered,
        full_digests: final_observation.full_digests,
    })?;
    recorder.write_file("report.json", &|to| json::write_line(report, to))?;
    // Two source webhooks share an id only if the source is damaged; then there is no id map.
    let pairs = report.id_map.iter();
    if has_unique_targets(pairs.map(|row| (&row.source_id, &row.target_id))) {
        let map = OutcomeMap::from(report);
        recorder.write_file("idmap.json", &|to| json::write_line(&map, to))?;
        recorder.write_file("idmap.csv", &|to| write_outcome_csv(report, to))?;
    }
    Ok(())
}

/// Full digests, in the final observation, of the webhooks that arrived.
fn full_digest_rows(
    recorder: &Recorder,
    push_result: &PushResult,
    after: &Observation,
) -> Vec<FullDigestRow> {
    let observed = after.webhooks().iter();
    let digests: HashMap<&WebhookId, (&SeenWebhook, &FullDigest)> = observed
        .filter_map(|seen| Some((seen.id(), (seen, seen.full_digest()?))))
        .collect();
    let row = |(step_ix, status): &(usize, ItemStatus)| {
        if push_result.replaced.contains(step_ix) {
            return None;
        }
        let (seen, full) = digests.get(status.target_id()?)?;
        let full = recorder.digest_full(full);
        Some(FullDigestRow {
            step_ix: *step_ix,
            created_at: seen.birth(),
            digest: full.documented,
            undocumented: full.undocumented,
        })
    };
    push_result.statuses.iter().filter_map(row).collect()
}

/// Content digests, in the final observation, of the webhooks that the server altered.
fn altered_rows(
    recorder: &Recorder,
    push_result: &PushResult,
    verdict: &Verdict,
    after: &Observation,
) -> Vec<AlteredRow> {
    if verdict.count(|verdict| matches!(verdict, ItemVerdict::Altered(_))) == 0 {
        return Vec::new();
    }
    let observed = after.webhooks().iter();
    let contents: HashMap<_, _> = observed
        .filter_map(|seen| Some((seen.id(), seen.content()?)))
        .collect();
    let arrived_ids: HashMap<usize, _> = push_result
        .statuses
        .iter()
        .filter_map(|(step_ix, status)| Some((*step_ix, status.target_id()?)))
        .collect();
    let row = |(step_ix, item_verdict): &(usize, ItemVerdict)| {
        let ItemVerdict::Altered(_) = item_verdict else {
            return None;
        };
        let content = contents.get(arrived_ids.get(step_ix)?)?;
        Some(AlteredRow {
            step_ix: *step_ix,
            content: recorder.digest_content(*content),
        })
    };
    verdict.item_verdicts.iter().filter_map(row).collect()
}

/// The number of webhooks for each outcome code that occurred.
fn outcome_counts(report: &OutcomeDocument) -> BTreeMap<String, usize> {
    let counts = report.counts().into_iter();
    counts
        .map(|(outcome, n)| (outcome.code().to_owned(), n))
        .collect()
}
