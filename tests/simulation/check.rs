//! The invariants of every simulated push: before each request, after each step, and at the end.

use super::super::status::{ItemStatus, Proof};
use super::super::stop::StopReason;
use super::object::Object;
use super::run::{Simulation, id_of};
use super::server::{Stored, identity};
use super::switches::{ById, Rows};
use crate::coralogix::client::Presence;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::absence::TOO_LONG;
use std::collections::{HashMap, HashSet};

/// A webhook older than the run by more than this many milliseconds is certainly not ours.
const PROVEN_FOREIGN_AGE: i64 = 60_000;
/// Maximum number of requests that may contain the same webhook.
const MAX_SENDS_PER_ITEM: usize = 40;

/// After each step: our requests created no more copies of any webhook than desired.
pub(super) fn step(run: &mut Simulation<'_>) {
    if run.server.excuses.is_empty()
        && run.violations.is_empty()
        && let Some(object) = run.server.surplus_copies()
    {
        run.violations.push(format!("duplicate of {object:?}"));
    }
}

/// Before a request: it has only creates, only updates, or one delete, repeats no item, resends no create before an
/// observation, and deletes nothing that somebody was seen to change.
pub(super) fn request(run: &mut Simulation<'_>, batch: &[usize]) {
    let mut problems = Vec::new();
    let is_update = |at: &usize| run.desired[*at].known_id.is_some();
    let n_updates = batch.iter().filter(|at| is_update(at)).count();
    let has_delete = batch.iter().any(|at| run.desired[*at].is_delete);
    if batch.is_empty()
        || n_updates != 0 && n_updates != batch.len()
        || has_delete && batch.len() > 1
    {
        problems.push(format!(
            "creates and updates together, or nothing: {batch:?}"
        ));
    }
    if batch.len() > run.server.switches.batch_size {
        problems.push(format!("too large: {batch:?}"));
    }
    let distinct: HashSet<&usize> = batch.iter().collect();
    if distinct.len() != batch.len() {
        problems.push(format!("twice in a request: {batch:?}"));
    }
    if let Some(at) = batch.iter().find(|at| run.unobserved_creates.contains(at)) {
        problems.push(format!("create {at} sent again without an observation"));
    }
    let mut accepted = run.requests.iter().filter(|sending| sending.is_accepted);
    if let Some(at) = batch.iter().find(|at| is_update(at))
        && accepted.any(|sending| sending.batch.contains(at))
    {
        problems.push(format!("update {at} sent again after it was accepted"));
    }
    if let Some(at) = batch
        .iter()
        .find(|at| run.changed_before_delete.contains(at))
    {
        problems.push(format!(
            "delete {at} sent after somebody changed the webhook"
        ));
    }
    if let Some(at) = batch.iter().find(|at| run.replaced.contains(at)) {
        problems.push(format!(
            "update or delete {at} sent after its id was seen to belong to another webhook"
        ));
    }
    run.violations.extend(problems);
}

/// Checks everything that must hold when the push has ended.
pub(super) fn result(run: &mut Simulation<'_>) {
    step(run);
    let mut problems = Vec::new();
    match &run.machine_result {
        None => problems.push("no end".to_owned()),
        Some(result) if result.statuses.len() != run.desired.len() => {
            problems.push("an item without a status".to_owned());
        }
        Some(result) => {
            for (at, status) in result.statuses.iter().enumerate() {
                check_status(run, at, status, result.stop.as_ref(), &mut problems);
            }
            check_ids(run, &result.statuses, &mut problems);
            check_all_accounted(run, &result.statuses, &mut problems);
            check_gone(run, &result.unlisted, &mut problems);
            check_may_have_written(run, result.may_have_written, &mut problems);
            check_stop(run, result.stop.as_ref(), &mut problems);
            check_effort(run, result.stop.as_ref(), &result.statuses, &mut problems);
        }
    }
    run.violations.extend(problems);
}

/// A final status does not contradict the server's own state.
fn check_status(
    run: &Simulation<'_>,
    at: usize,
    status: &ItemStatus,
    stop: Option<&StopReason>,
    problems: &mut Vec<String>,
) {
    let want = run.desired[at];
    let server = &run.server;
    let switches = &server.switches;
    let is_true = match status {
        ItemStatus::Created { .. } if has_reused_number_of_ours(run) => want.known_id.is_none(),
        ItemStatus::Created { id, proof } => stored(run, at, id)
            .any(|stored| want.known_id.is_none() && is_attributable(run, at, stored, *proof)),
        ItemStatus::Updated { .. } => want.known_id.is_some_and(|id| {
            let original = server.original(id);
            let mut holders = server.webhooks.iter().filter(|stored| stored.id == id);
            original.is_edited
                || is_stored_form_of(run, want.object, original)
                // Somebody replaced it while our request was under way.
                || holders.any(|stored| stored.is_overwritten)
        }),
        ItemStatus::Deleted(_) => {
            want.is_delete && want.known_id.is_some_and(|id| is_gone(run, id))
        }
        ItemStatus::CreatedByOthers(id) => stored(run, at, id)
            .any(|stored| want.known_id.is_none() && is_by_others(run, want.object, stored)),
        ItemStatus::TypeRefused(_) => !has_created_of_type(run, want.object.type_id),
        ItemStatus::Refused(refusal) => {
            server.poison.contains(&want.object)
                || server.is_revoked && refusal.status == 403
                // An item alone that the server fails on twice is refused, whatever the reason.
                || switches.faults > 0 && matches!(refusal.status, 408 | 500..)
                || switches.has_clash
                || switches.most_items == 0
                || want.known_id.is_some_and(|id| is_gone(run, id))
        }
        ItemStatus::Ignored => {
            switches.foreign > 0
                // The server answered 404, which counts as a deletion until the final observation.
                || server.is_revoked && want.is_delete
                || switches.ignores_updates && want.known_id.is_some()
                || !server.excuses.is_empty()
                || server.poison.contains(&want.object)
        }
        ItemStatus::Vanished(_) => {
            want.known_id.is_some_and(|id| is_gone(run, id))
                // Dated anew and altered beyond recognition, it looks like another webhook.
                || switches.redates && (switches.alters() || !server.excuses.is_empty())
        }
        ItemStatus::Unresolved(why)
            if want.known_id.is_some()
                && (switches.by_id != ById::Works || why.contains(TOO_LONG)) =>
        {
            true
        }
        ItemStatus::Unresolved(_) => {
            // Without an answer, a webhook that was dated anew looks like another one.
            switches.redates
                || switches.foreign > 0
                || switches.alters()
                || !server.excuses.is_empty()
        }
        ItemStatus::DeleteConfirmed(_) => {
            want.is_delete && (stop.is_some() || !run.was_read_at_the_end())
        }
        // An accepted update that nobody could read back at the end.
        ItemStatus::NotSeen if want.known_id.is_some() && !run.was_read_at_the_end() => true,
        ItemStatus::NotSent if want.is_delete => {
            let is_deleted = |id| server.original(id).is_deleted;
            stop.is_some() && !(want.known_id.is_some_and(is_deleted) && server.excuses.is_empty())
        }
        ItemStatus::NotSeen | ItemStatus::NotSent => stop.is_some(),
        // Only a record, or a verification, has these.
        ItemStatus::Open | ItemStatus::Missing(_) | ItemStatus::Duplicated(_) => false,
    };
    if !is_true {
        problems.push(format!("item {at} ({want:?}) has the status {status:?}"));
    }
}

/// Whether somebody removed one of our webhooks during the run, and another one got its number.
fn has_reused_number_of_ours(run: &Simulation<'_>) -> bool {
    let webhooks = &run.server.webhooks;
    webhooks.iter().enumerate().any(|(at, lost)| {
        let is_lost = lost.is_removed && lost.sent.is_some();
        is_lost && webhooks[at + 1..].iter().any(|later| later.id == lost.id)
    })
}

/// Whether the run created a webhook of that type.
fn has_created_of_type(run: &Simulation<'_>, type_id: u64) -> bool {
    let statuses = run
        .machine_result
        .iter()
        .flat_map(|result| &result.statuses);
    let mut items = run.desired.iter().zip(statuses);
    items.any(|(desired, status)| {
        matches!(status, ItemStatus::Created { .. }) && desired.object.type_id == type_id
    })
}

/// The webhooks with an id that the run created, or somebody else meanwhile, and with the birth that the machine has of
/// the item at index `at`, if it has one.
fn stored<'r>(
    run: &'r Simulation<'_>,
    at: usize,
    id: &WebhookId,
) -> impl Iterator<Item = &'r Stored> {
    let birth = run.births[at];
    let webhooks = run.server.webhooks.iter();
    webhooks.filter(move |stored| {
        let shown = identity(stored.object, stored.created_at).birth();
        id_of(stored.id) == *id && (birth.is_none() || birth == shown)
    })
}

/// Whether the webhook that had this number before the run is gone.
fn is_gone(run: &Simulation<'_>, id: u64) -> bool {
    run.server.original(id).is_removed
}

/// Whether this webhook is new in the target, equals the desired one, and is not ours.
fn is_by_others(run: &Simulation<'_>, wanted: Object, stored: &Stored) -> bool {
    // Where a foreign writer creates equal webhooks, it does not matter which is whose.
    let is_foreign = stored.sent.is_none() || run.server.switches.foreign > 0;
    (is_foreign || !run.server.excuses.is_empty())
        && stored.listed_in != Some(0)
        && (stored.is_edited || stored.object == wanted)
}

/// Whether the server stores the desired object as this webhook.
fn is_stored_form_of(run: &Simulation<'_>, wanted: Object, stored: &Stored) -> bool {
    let mut expected = run.server.altered_but_uuid(wanted);
    if run.server.switches.replaces_uuid {
        expected.uuid = stored.object.uuid;
    }
    expected == stored.object
}

/// Whether this webhook may be attributed to a create: it is that create's, or nothing proves that it is not.
fn is_attributable(run: &Simulation<'_>, at: usize, stored: &Stored, proof: Proof) -> bool {
    if let Some(sent) = stored.sent {
        let wanted = run.desired[at].object;
        let is_excused = stored.is_edited || run.server.has_twin || !run.server.excuses.is_empty();
        return sent == wanted || is_excused || is_stored_form_of(run, wanted, stored);
    }
    // Limit 5: a webhook that an earlier request for an equal item may have created can be attributed to this
    // one.
    let is_equal = |other: &usize| {
        let want = run.desired[*other];
        want.known_id.is_none() && want.object == run.desired[at].object
    };
    let first = run
        .requests
        .iter()
        .find(|sending| !sending.is_not_sent && sending.batch.iter().any(is_equal));
    let was_seen_before =
        first.is_none_or(|first| stored.listed_in.is_none_or(|call| call < first.call));
    let switches = &run.server.switches;
    let is_older = switches.has_clock && stored.created_at < 5_000_000 - PROVEN_FOREIGN_AGE;
    // Limit 6: such a response names what others created as if our request had created it.
    let is_named = proof == Proof::Acknowledged && switches.rows == Rows::Everything;
    is_named || proof == Proof::Observed && !was_seen_before && !is_older
}

/// No webhook is attributed to two items.
fn check_ids(run: &Simulation<'_>, statuses: &[ItemStatus], problems: &mut Vec<String>) {
    let mut taken = HashSet::new();
    for (status, birth) in statuses.iter().zip(&run.births) {
        let Some(id) = status.target_id() else {
            continue;
        };
        let birth = birth.map(|birth| birth.at());
        // Of an item whose webhook made way for another one of ours, no birth is known any more.
        let is_gone = birth.is_none() && run.server.switches.reuses_ids;
        if !is_gone && !taken.insert((id, birth)) {
            problems.push(format!("{id} is attributed to two items"));
        }
    }
}

/// Some final status accounts for every webhook that our requests created.
fn check_all_accounted(run: &Simulation<'_>, statuses: &[ItemStatus], problems: &mut Vec<String>) {
    if !run.server.excuses.is_empty() {
        return;
    }
    let mut owned: HashMap<Object, usize> = HashMap::new();
    for object in &run.owned_before {
        *owned
            .entry(run.server.altered_but_uuid(*object))
            .or_default() += 1;
    }
    for (desired, status) in run.desired.iter().zip(statuses) {
        let accounts_for_it = matches!(
            status,
            ItemStatus::Created { .. }
                | ItemStatus::CreatedByOthers(_)
                | ItemStatus::NotSeen
                | ItemStatus::Unresolved(_)
        );
        if desired.known_id.is_none() && accounts_for_it {
            let object = run.server.altered_but_uuid(desired.object);
            *owned.entry(object).or_default() += 1;
        }
    }
    for stored in run
        .server
        .webhooks
        .iter()
        .filter(|stored| !stored.is_removed)
    {
        let Some(sent) = stored.sent else { continue };
        match owned.get_mut(&run.server.altered_but_uuid(sent)) {
            Some(left) if *left > 0 => *left -= 1,
            _ => problems.push(format!(
                "{} was created and no status accounts for it",
                stored.id
            )),
        }
    }
}

/// What the run found to be gone is gone.
fn check_gone(
    run: &Simulation<'_>,
    unlisted: &[(WebhookId, Presence)],
    problems: &mut Vec<String>,
) {
    let switches = &run.server.switches;
    // A server without webhooks by id proves nothing if it lists none; and a number may be given anew afterwards.
    if switches.by_id == ById::NeverFound || switches.reuses_ids || !run.server.excuses.is_empty() {
        return;
    }
    let gone = unlisted
        .iter()
        .filter(|(_, found)| *found == Presence::Gone);
    for (id, _) in gone {
        let mut webhooks = run.server.webhooks.iter();
        if webhooks.any(|stored| id_of(stored.id) == *id && !stored.is_removed) {
            problems.push(format!("{id} counts as gone, and the target has it"));
        }
    }
}

fn check_may_have_written(
    run: &Simulation<'_>,
    may_have_written: bool,
    problems: &mut Vec<String>,
) {
    let is_ours = |stored: &Stored| stored.sent.is_some() && !stored.is_removed;
    let has_written = run.server.webhooks.iter().any(is_ours);
    // Of a run that resumes, an earlier one wrote some of it.
    let is_first = run.resumed.is_none();
    if is_first && has_written && !may_have_written && run.server.excuses.is_empty() {
        problems.push("something was written, and the result denies it".to_owned());
    }
}

/// A push gives up only after enough failures.
fn check_stop(run: &Simulation<'_>, stop: Option<&StopReason>, problems: &mut Vec<String>) {
    let n_failed = run.requests.iter().filter(|sending| sending.is_retryable);
    let is_stable = run.server.switches.foreign == 0 && !run.server.switches.is_flapping;
    let is_due = match stop {
        Some(StopReason::NoProgress(why)) if why.contains("keeps changing") => !is_stable,
        Some(StopReason::NoProgress(_)) => n_failed.count() >= 5,
        _ => true,
    };
    if !is_due {
        problems.push(format!("gave up too early: {stop:?}"));
    }
}

/// A push ends, does not repeat requests too often, and writes everything if nothing prevents it.
fn check_effort(
    run: &Simulation<'_>,
    stop: Option<&StopReason>,
    statuses: &[ItemStatus],
    problems: &mut Vec<String>,
) {
    let switches = &run.server.switches;
    for at in 0..run.desired.len() {
        if run.n_sends(at) > MAX_SENDS_PER_ITEM {
            problems.push(format!("item {at} was sent too often"));
        }
    }
    let is_easy = switches.faults + switches.foreign + switches.poison + switches.lag == 0
        && run.server.excuses.is_empty()
        && switches.wait_budget == 900_000
        && switches.by_id == ById::Works
        && switches.most_items > 0
        && switches.settle <= 30_000
        && !(switches.alters() || switches.has_clash || switches.ignores_updates);
    let is_done = |status: &ItemStatus| {
        status.target_id().is_some() || matches!(status, ItemStatus::Deleted(_))
    };
    if is_easy && (stop.is_some() || !statuses.iter().all(is_done)) {
        problems.push(format!(
            "nothing prevented completion, and it stopped with {stop:?}"
        ));
    }
    if is_easy && switches.is_calm() {
        check_calm(run, problems);
    }
}

/// Without any fault, there is no request and no observation more than necessary.
fn check_calm(run: &Simulation<'_>, problems: &mut Vec<String>) {
    let n_deletes = run.desired.iter().filter(|want| want.is_delete).count();
    let n_known = run.desired.iter().filter(|want| want.known_id.is_some());
    let n_known = n_known.count();
    let (n_updates, n_creates) = (n_known - n_deletes, run.desired.len() - n_known);
    let most = run.server.switches.batch_size;
    let n_requests = n_creates.div_ceil(most) + n_updates.div_ceil(most) + n_deletes;
    let n_looks = u32::from(!run.desired.is_empty());
    if run.requests.len() != n_requests || run.n_observations != n_looks {
        problems.push(format!(
            "{} requests instead of {n_requests}, {} observations instead of {n_looks}",
            run.requests.len(),
            run.n_observations
        ));
    }
}
