//! Starts and ends the record of a run: its header before the first write, its footer at the end.

use super::planning::PlannedMigration;
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::webhook::Webhook;
use crate::document::run::StepRows;
use crate::document::run::entry::{Footer, FullDigests, Header};
use crate::error::Error;
use crate::pipeline::fetch::Inventory;
use crate::pipeline::plan::{StepIx, StepState};
use crate::pipeline::push::{ItemStatus, Observation, PushResult};
use crate::pipeline::verify::Verdict;
use crate::settings::MigrateSettings;
use crate::store::runs::{InitialFiles, LiveRecord, Runs, new_id};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;

/// What the record of a run says of the run besides its plan.
pub(super) struct RunFacts {
    /// The earlier runs that this run continues.
    pub(super) continues: Vec<String>,
    /// The keyed digest of the saved plan that the run applies; `None` unless the command is `apply`.
    pub(super) saved_plan: Option<String>,
}

/// Starts the record of a run: stores durably everything that must be safe before the first write.
pub(super) fn start_record<'p>(
    runs: &Runs,
    planned: &'p PlannedMigration,
    settings: &MigrateSettings,
    facts: RunFacts,
) -> Result<LiveRecord<'p>, Error> {
    let account = planned.target_reader.account();
    let digest_key = DigestKey::new(&account.key)
        .ok_or_else(|| Error::failed("the operating system provides no random numbers"))?
        .with_state_keys(planned.plan.portable().state_keys().clone());
    let digest_key = Arc::new(digest_key);
    let now = Timestamp::now();
    let inventory = &planned.target_inventory;
    let ids = inventory.webhooks.iter().filter_map(Webhook::id);
    let previous = previous_bodies_json(planned);
    let settle = settings.push.settle.as_millis();
    let header = Header {
        run: new_id(now, &digest_key.salt()),
        started_at: now,
        pid: std::process::id(),
        target_url: account.endpoint.base().to_string(),
        settle_window_ms: u64::try_from(settle).unwrap_or(u64::MAX),
        target_time: inventory
            .server_time
            .and_then(|time| Timestamp::try_from(time).ok()),
        baseline: ids.collect(),
        newest_birth: newest_birth(inventory),
        has_previous_bodies: previous.is_some(),
        continues: facts.continues,
        saved_plan: facts.saved_plan,
        ..plan_header(planned, settings, Some(&digest_key))
    };
    let opening = InitialFiles {
        header,
        previous_bodies: previous,
    };
    runs.start(opening, digest_key)
}

/// The header of a run with this plan, as far as the plan and the settings tell.
pub(super) fn plan_header<'p>(
    planned: &'p PlannedMigration,
    settings: &MigrateSettings,
    digest_key: Option<&Arc<DigestKey>>,
) -> Header<StepRows<'p>> {
    Header {
        follow_up: settings.follow_up.clone(),
        is_rehearsal: settings.route.is_rehearsal,
        ..Header::of_plan(planned.view(), digest_key)
    }
}

/// The newest birth among the webhooks of the target; `None` if any of them shows none.
fn newest_birth(target: &Inventory) -> Option<Birth> {
    let births: Option<Vec<Birth>> = target.webhooks.iter().map(Webhook::birth).collect();
    births?.into_iter().reduce(Birth::later)
}

/// JSON array of the webhooks to be updated, as the target has them now; `None` if there are none.
fn previous_bodies_json(planned: &PlannedMigration) -> Option<String> {
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

/// The last entry of a run's journal, with digests of what the final observation shows.
pub(super) fn footer(
    live: &LiveRecord<'_>,
    push_result: &PushResult,
    verdict: Option<&Verdict>,
) -> Footer {
    let mut footer = Footer {
        ended_at: Timestamp::now(),
        ..Footer::new(live.record(), push_result, verdict)
    };
    if let Some(after) = &push_result.final_observation {
        footer.company = after.common_company_id().map(str::to_owned);
        footer.full_digests = full_digests(live, push_result, after);
        digest_altered(live, &mut footer, push_result, after);
    }
    footer
}

/// Full digests, in the final observation, of the webhooks that arrived.
fn full_digests(
    live: &LiveRecord<'_>,
    push_result: &PushResult,
    after: &Observation,
) -> FullDigests {
    let by_id = after.by_id();
    let mut rows = FullDigests::default();
    for (step_ix, status) in &push_result.statuses {
        let id = status.target_id();
        let found = id.and_then(|id| by_id.get(id));
        let seen = found.filter(|_| !push_result.replaced.contains(step_ix));
        let Some((seen, full)) = seen.and_then(|seen| Some((seen, seen.full_digest()?))) else {
            continue;
        };
        let recorded = live.record().items[step_ix.get()].birth;
        let new_birth = seen.birth().filter(|birth| Some(*birth) != recorded);
        rows.push(*step_ix, live.recorder().digest_full(full), new_birth);
    }
    rows
}

/// Adds the content digests, in the final observation, of the webhooks that the server altered.
fn digest_altered(
    live: &LiveRecord<'_>,
    footer: &mut Footer,
    push_result: &PushResult,
    after: &Observation,
) {
    if footer.altered.is_empty() {
        return;
    }
    let observed = after.webhooks().iter();
    let contents: HashMap<_, _> = observed
        .filter_map(|seen| Some((seen.id(), seen.content()?)))
        .collect();
    let arrived: HashMap<StepIx, &ItemStatus> = push_result
        .statuses
        .iter()
        .map(|(step_ix, status)| (*step_ix, status))
        .collect();
    for row in &mut footer.altered {
        let id = arrived
            .get(&row.step_ix)
            .and_then(|status| status.target_id());
        let content = id.and_then(|id| contents.get(id));
        row.content = content.map(|content| live.recorder().digest_content(*content));
    }
}
