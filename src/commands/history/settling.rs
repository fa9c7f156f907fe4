//! When a target has settled after earlier runs: what they sent can no longer take effect, and the list shows all that
//! they wrote.

use super::listed_ids;
use crate::coralogix::client::Reader;
use crate::coralogix::retry::WaitBudget;
use crate::coralogix::webhook::WebhookId;
use crate::document::run::RunRecord;
use crate::error::{Error, ErrorKind};
use crate::pipeline::absence::{Absence, prove_absence};
use crate::pipeline::fetch::Inventory;
use crate::pipeline::push::{SettleOptions, settle};
use crate::render::screen::Screen;
use crate::wording::counted;
use jiff::{SignedDuration, Timestamp};
use std::collections::HashSet;
use std::time::Duration;
use tokio::time::Instant;

/// Warns about the open sends of these runs, and reads the target until they can no longer take effect.
pub(super) async fn wait_until_all_settled(
    records: &[&RunRecord],
    reader: &Reader,
    first: Inventory,
    wait_budget: &WaitBudget,
    screen: &Screen,
) -> Result<Inventory, Error> {
    let mut remaining = Duration::ZERO;
    for record in records {
        remaining = remaining.max(settle_time_left(record));
        let n = record.open_sends().len();
        if record.is_rollback_open() {
            screen.warn(&format!(
                "the rollback of run {id} was cut off; checking the target first; to finish it, run `{finish}`",
                id = record.id(),
                finish = record.finish_rollback_command()
            ));
            continue;
        }
        if n == 0 {
            screen.warn(&format!(
                "run {} ended a moment ago, and the target does not list all of its webhooks yet; reading the target again first",
                record.id()
            ));
            continue;
        }
        if record.digest_key(&reader.account().key).is_none() {
            screen.warn(&format!(
                "run {id} left {webhooks} open and used another target API key, so hookferry cannot look for them; look for them yourself, then run `{close}`",
                id = record.id(),
                close = record.close_command(),
                webhooks = counted(n, "webhook")
            ));
            continue;
        }
        let ending = if record.footer.is_some() {
            "ended"
        } else {
            "was cut off"
        };
        screen.warn(&format!(
            "run {} {ending} without knowing whether {} that it sent arrived; checking the target first",
            record.id(),
            counted(n, "webhook")
        ));
    }
    let stage = screen.start_stage("earlier run");
    let inventory = settle(
        reader,
        first,
        SettleOptions {
            until: Instant::now() + remaining,
            wait_budget,
            progress_sink: &stage,
        },
    )
    .await?;
    stage.finish(&counted(inventory.webhooks.len(), "webhook"));
    Ok(inventory)
}

/// Whether the target may still change by what a run or its rollback sent, or may not show it yet.
pub(super) fn is_unsettled(record: &RunRecord, listed: &HashSet<WebhookId>) -> bool {
    let has_rollback_in_flight =
        || record.is_rollback_open() && !settle_time_left(record).is_zero();
    !record.open_sends().is_empty() || is_lagging(record, listed) || has_rollback_in_flight()
}

/// Whether the target does not list a webhook yet that a recent run wrote; sending it again would create a
/// duplicate.
pub(super) fn is_lagging(record: &RunRecord, listed: &HashSet<WebhookId>) -> bool {
    !settle_time_left(record).is_zero() && !missing_ids(record, listed).is_empty()
}

/// Fails if the target's list lacks a webhook that a run wrote, unless it is proven to be gone.
///
/// Where nobody can tell, a user can: closing the run says that it is gone.
pub(in super::super) async fn require_listed(
    record: &RunRecord,
    reader: &Reader,
    target: &Inventory,
) -> Result<(), Error> {
    let listed = listed_ids(target);
    let missing = missing_ids(record, &listed);
    let (account, run) = (reader.account(), record.id());
    let settle_left = settle_time_left(record);
    let (what, hint) = match prove_absence(reader, &missing, &listed, settle_left).await {
        Absence::Proven => return Ok(()),
        Absence::Unknown(..) if record.is_closed => return Ok(()),
        Absence::Disproven(id) => (
            format!("{account} does not list webhook {id}, which run {run} wrote and which still exists: its list is incomplete"),
            "nothing was written; a list that lags or ends too early would lead to duplicates, so run the same command again later".to_owned(),
        ),
        Absence::Unknown(id, why) => (
            format!("{account} does not list webhook {id}, which run {run} wrote, and it is unknown whether it still exists: {why}"),
            format!("nothing was written; run the same command again later, or `{}` once you have checked that the webhook is gone", record.close_command()),
        ),
    };
    Err(Error::new(ErrorKind::Partial, what).with_hint(hint))
}

/// The ids that a run wrote, that no rollback deleted, and that a list lacks.
///
/// An id that the list shows with another birth is not among them: the list itself proves that ours is gone.
pub(super) fn missing_ids(record: &RunRecord, listed: &HashSet<WebhookId>) -> Vec<WebhookId> {
    let ids = record.written().map(|(_, written)| written.id);
    ids.filter(|id| !listed.contains(*id) && !record.is_deleted(id))
        .cloned()
        .collect()
}

/// The rest of the settle window after a run's last send, in which the server may still be processing it.
pub(in super::super) fn settle_time_left(record: &RunRecord) -> Duration {
    let rollback = record.rollback.as_ref();
    let settle = rollback.map_or(record.header.settle_window_ms, |rollback| {
        rollback.settle_window_ms
    });
    let settle = SignedDuration::from_millis(i64::try_from(settle).unwrap_or(0));
    let Some(last) = record.last_sent else {
        return Duration::ZERO;
    };
    // A clock that was set back in the meantime must not make the wait longer than the window.
    let remaining = Timestamp::now().duration_until(last + settle).min(settle);
    Duration::try_from(remaining).unwrap_or_default()
}
