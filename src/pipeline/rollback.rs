//! Rollback of one run: deletes what the run created and restores what it updated.
//!
//! `plan_rollback` is pure: it decides from what the target holds now. `execute_rollback` is a thin I/O loop around it.
//! A rollback never touches a webhook that the run did not write, or that somebody has changed since.

use super::fetch::{Inventory, fetch};
use super::push::ProgressSink;
use super::strip::{Key, strip};
use crate::coralogix::client::{WriteAnswer, Writer};
use crate::coralogix::content::Content;
use crate::coralogix::digest::{
    ContentDigest, DigestKey, FullChange, KeyedFullDigest, MemberDigests,
};
use crate::coralogix::retry::{self, MAX_ATTEMPTS, WaitBudget};
use crate::coralogix::undocumented::ignore_key_flag;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::http::failure::{Failure, Refusal};
use crate::interrupt::Interrupt;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

/// One webhook that a run wrote, according to its run record.
#[derive(Debug, Clone)]
pub struct RollbackItem {
    /// Its id in the target.
    pub id: WebhookId,
    /// Its id in the source, if known.
    pub source_id: Option<WebhookId>,
    /// Its alias and type.
    pub key: Key,
    /// Keyed digest of the content that was sent.
    pub sent: ContentDigest,
    /// Keyed digest of the content that the target stored, if the server altered it.
    pub altered_content: Option<ContentDigest>,
    /// Keyed digest of everything the target showed of it when the run ended; `None` if the run was cut off.
    pub full_digest: Option<KeyedFullDigest>,
    /// Keyed digests of the undocumented members that were sent.
    pub sent_undocumented: MemberDigests,
    /// Whether the response to the run's own request named it; if not, a later observation found it.
    pub is_acknowledged: bool,
    /// Its content before the run updated it; `None` if the run created it.
    pub previous: Option<PreviousContent>,
}

/// The content of a webhook before a run updated it.
#[derive(Debug, Clone)]
pub struct PreviousContent {
    /// Keyed digest of the content.
    pub content: ContentDigest,
    /// The whole object to send, with its id; `None` if the run record does not hold it.
    pub body: Option<Webhook>,
}

/// What a rollback has to do about one webhook, or the state in which the webhook stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UndoState {
    /// To delete: the run created it, and nobody has changed it since.
    Delete,
    /// To restore to its previous content: the run updated it, and nobody has changed it since.
    Restore,
    /// The target does not have it any more.
    Gone,
    /// It has its previous content again.
    Restored,
    /// It stays as it is; holds the reason.
    Keep(String),
}

impl UndoState {
    /// Whether the rollback still has to write to the target for it.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Delete | Self::Restore)
    }
}

/// Decides what to do about each webhook that a run wrote, in the order of `written`.
pub fn plan_rollback(
    written: &[RollbackItem],
    target: &Inventory,
    digest_key: &DigestKey,
) -> Vec<UndoState> {
    let stripped = strip(target.clone());
    let by_id: HashMap<&WebhookId, CurrentWebhook<'_>> = stripped
        .webhooks()
        .iter()
        .zip(&target.webhooks)
        .filter_map(|(stripped, object)| {
            let content = stripped.content();
            Some((stripped.id()?, CurrentWebhook { content, object }))
        })
        .collect();
    let decide = |written: &RollbackItem| match by_id.get(&written.id) {
        None => UndoState::Gone,
        Some(current) => decide_undo(written, current, digest_key),
    };
    written.iter().map(decide).collect()
}

/// One webhook as the target holds it now.
struct CurrentWebhook<'t> {
    content: Option<Content>,
    /// The whole object, for the full digest.
    object: &'t Webhook,
}

fn decide_undo(
    written: &RollbackItem,
    current: &CurrentWebhook<'_>,
    digest_key: &DigestKey,
) -> UndoState {
    let Some(content) = current
        .content
        .map(|content| digest_key.digest_content(content))
    else {
        return UndoState::Keep("its current content cannot be compared".to_owned());
    };
    let change = change_since(written, current, digest_key);
    let is_as_sent = content == written.sent;
    let is_unchanged_since =
        change.is_none() && (is_as_sent || Some(content) == written.altered_content);
    match (&written.previous, is_unchanged_since) {
        (Some(previous), _) if content == previous.content => UndoState::Restored,
        (_, false) => UndoState::Keep(changed_reason(change.as_ref())),
        (Some(PreviousContent { body: None, .. }), true) => {
            UndoState::Keep("its previous content is not in the run record".to_owned())
        }
        (Some(_), true) => UndoState::Restore,
        // No response named it, so nothing but exactly the content that was sent proves that it is ours.
        (None, true) if !written.is_acknowledged && !is_as_sent => UndoState::Keep(
            "it was found after a lost response and differs from what was sent, so it may belong to somebody else".to_owned(),
        ),
        (None, true) => UndoState::Delete,
    }
}

/// What has changed in a webhook since the run wrote it.
///
/// If the run was cut off, nobody knows what the target showed; then the members that were sent count, where the target
/// shows them. One that it does not show proves nothing: the server may never have kept it.
fn change_since(
    written: &RollbackItem,
    current: &CurrentWebhook<'_>,
    digest_key: &DigestKey,
) -> Option<FullChange> {
    if let Some(then) = &written.full_digest {
        return digest_key.change_since(then, current.object, current.content);
    }
    let shown = digest_key.digest_undocumented(current.object);
    let mut unkept = digest_key.unkept_members(&written.sent_undocumented, current.object);
    unkept.retain(|name| shown.contains_key(name));
    (!unkept.is_empty()).then_some(FullChange::Undocumented(unkept))
}

fn changed_reason(change: Option<&FullChange>) -> String {
    match change {
        Some(FullChange::Undocumented(names)) => {
            let flags: Vec<String> = names.iter().map(|name| ignore_key_flag(name)).collect();
            format!(
                "it was changed after the run in undocumented keys alone ({})",
                flags.join(" ")
            )
        }
        Some(FullChange::Documented) | None => "it was changed after the run".to_owned(),
    }
}

/// The result of a rollback.
#[derive(Debug)]
pub struct RollbackResult {
    /// The first decision about each webhook, in the order of `written`.
    pub planned: Vec<UndoState>,
    /// The final state of each webhook, in the same order.
    pub final_states: Vec<UndoState>,
    /// Why the rollback stopped early; `None` if it tried everything.
    pub stop: Option<String>,
    /// The refusal that stopped it, if that was the reason.
    pub refusal: Option<Refusal>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// The last successful reading of the target.
    pub last_reading: Inventory,
}

/// Everything a rollback needs besides the run record and the target.
pub struct RollbackContext<'s> {
    /// How long the whole run may still wait.
    pub wait_budget: &'s WaitBudget,
    /// Receives progress and wait reports.
    pub progress_sink: &'s dyn ProgressSink,
    /// Signals that the user wants the rollback to end.
    pub interrupt: &'s Interrupt,
}

/// Maximum number of webhooks restored in one request.
const RESTORE_BATCH_SIZE: usize = 500;

/// Carries out a rollback: deletes and restores what is due, reads the target again, and repeats while that
/// makes progress.
pub async fn execute_rollback(
    written: &[RollbackItem],
    first: &Inventory,
    digest_key: &DigestKey,
    writer: &Writer,
    context: RollbackContext<'_>,
) -> RollbackResult {
    let planned = plan_rollback(written, first, digest_key);
    let mut driver = RollbackDriver {
        written,
        writer,
        context,
        refusal_reasons: BTreeMap::new(),
        accepted_restores: BTreeSet::new(),
        stop: None,
        refusal: None,
        may_have_written: false,
        throttled: None,
        n_throttled: 0,
    };
    let mut states = planned.clone();
    let mut last_reading = first.clone();
    let mut n_idle_rounds = 0;
    while driver.has_due(&states) && driver.stop.is_none() {
        driver.run_round(&states).await;
        let was_throttled = driver.wait_for_rate_limit().await;
        let n_due_before = count_due(&states);
        match fetch(writer.reader()).await {
            Ok(inventory) => {
                states = plan_rollback(written, &inventory, digest_key);
                last_reading = inventory;
            }
            Err(error) => {
                driver.stop = Some(format!("the target cannot be read: {error}"));
                break;
            }
        }
        let has_progressed = count_due(&states) < n_due_before;
        if has_progressed {
            (n_idle_rounds, driver.n_throttled) = (0, 0);
        }
        if driver.has_due(&states) && driver.stop.is_none() && !was_throttled {
            n_idle_rounds += u32::from(!has_progressed);
            driver.pause(n_idle_rounds).await;
        }
    }
    for (ix, why) in &driver.refusal_reasons {
        if states[*ix].is_due() {
            states[*ix] = UndoState::Keep(why.clone());
        }
    }
    for ix in &driver.accepted_restores {
        if matches!(states[*ix], UndoState::Keep(_)) {
            let why = "the server accepted its previous content, but stored something else";
            states[*ix] = UndoState::Keep(why.to_owned());
        }
    }
    RollbackResult {
        planned,
        final_states: states,
        stop: driver.stop,
        refusal: driver.refusal,
        may_have_written: driver.may_have_written,
        last_reading,
    }
}

fn count_due(states: &[UndoState]) -> usize {
    states.iter().filter(|state| state.is_due()).count()
}

/// The I/O loop of a rollback.
struct RollbackDriver<'r> {
    written: &'r [RollbackItem],
    writer: &'r Writer,
    context: RollbackContext<'r>,
    /// Webhooks that the server refused for good: index in `written`, and the reason in the server's words.
    refusal_reasons: BTreeMap<usize, String>,
    /// Webhooks whose previous content the server accepted: index in `written`.
    accepted_restores: BTreeSet<usize>,
    stop: Option<String>,
    refusal: Option<Refusal>,
    may_have_written: bool,
    /// The 429 that ended the round.
    throttled: Option<Refusal>,
    /// Rounds in a row that ended with a 429 and made no progress.
    n_throttled: u32,
}

impl RollbackDriver<'_> {
    /// Whether any webhook is due that the server has not refused for good.
    fn has_due(&self, states: &[UndoState]) -> bool {
        let is_left = |(ix, state): (usize, &UndoState)| {
            state.is_due() && !self.refusal_reasons.contains_key(&ix)
        };
        states.iter().enumerate().any(is_left)
    }

    /// Tries once to delete or restore each webhook that is due.
    async fn run_round(&mut self, states: &[UndoState]) {
        let due_ixs = |state: UndoState| -> Vec<usize> {
            let is_due =
                |ix: &usize| states[*ix] == state && !self.refusal_reasons.contains_key(ix);
            (0..states.len()).filter(is_due).collect()
        };
        let (deletes, restores) = (due_ixs(UndoState::Delete), due_ixs(UndoState::Restore));
        let total = deletes.len() + restores.len();
        for (done, ix) in deletes.iter().enumerate() {
            self.context.progress_sink.report_progress(done, total);
            if self.check_stopped() {
                return;
            }
            let answer = self.writer.delete(&self.written[*ix].id).await;
            self.may_have_written |= !matches!(answer, Err(Failure::NotSent(_)));
            if let Err(failure) = answer
                && self.handle_failure(failure, &[*ix])
            {
                return;
            }
        }
        for batch in restores.chunks(RESTORE_BATCH_SIZE) {
            if self.check_stopped() {
                return;
            }
            let answer = self.writer.post_bulk(self.restore_body(batch)).await;
            self.may_have_written |= !matches!(answer, WriteAnswer::Failed(Failure::NotSent(_)));
            match answer {
                WriteAnswer::Accepted(_) => self.accepted_restores.extend(batch),
                WriteAnswer::Failed(failure) => {
                    if self.handle_failure(failure, batch) {
                        return;
                    }
                }
            }
        }
    }

    fn restore_body(&self, batch: &[usize]) -> String {
        let mut out = String::from("[");
        for (n, ix) in batch.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            let previous = self.written[*ix].previous.as_ref();
            if let Some(body) = previous.and_then(|previous| previous.body.as_ref()) {
                body.to_wire(&mut out);
            }
        }
        out.push(']');
        out
    }

    /// Whether the rollback has to stop; a signal that arrived meanwhile stops it.
    fn check_stopped(&mut self) -> bool {
        if self.context.interrupt.signal().is_some() {
            self.stop = Some("it was interrupted".to_owned());
        }
        self.stop.is_some()
    }

    /// Processes a failed request; returns `true` if the rest of this round is pointless.
    fn handle_failure(&mut self, failure: Failure, ixs: &[usize]) -> bool {
        match failure {
            Failure::Refused(refusal) if refusal.status == 429 => {
                self.throttled = Some(refusal);
                true
            }
            Failure::Refused(refusal)
                if matches!(refusal.status, 300..=399 | 401 | 403 | 405 | 407) =>
            {
                self.stop = Some(format!("the target answered {}", refusal.status));
                self.refusal = Some(refusal);
                true
            }
            Failure::Refused(refusal)
                if (400..=499).contains(&refusal.status) && refusal.status != 408 =>
            {
                let why = format!(
                    "the target answered {}: {}",
                    refusal.status, refusal.message
                );
                // The message may be empty.
                let why = why.trim_end_matches(": ").to_owned();
                self.refusal_reasons
                    .extend(ixs.iter().map(|ix| (*ix, why.clone())));
                false
            }
            // The reading after the round shows the effect of the request.
            other => {
                self.context
                    .progress_sink
                    .report_wait(&other.brief(), Duration::ZERO);
                true
            }
        }
    }

    /// Waits before the next round, or stops the rollback if waiting is pointless.
    async fn pause(&mut self, n_idle_rounds: u32) {
        if n_idle_rounds >= MAX_ATTEMPTS {
            self.stop = Some("several rounds made no progress".to_owned());
            return;
        }
        let wait = retry::back_off(n_idle_rounds.max(1), 0.0);
        if self.context.wait_budget.try_spend(wait) {
            self.wait(wait, "some webhooks are not undone yet").await;
        } else {
            self.stop = Some("the rollback waited as long as --max-wait allows".to_owned());
        }
    }

    /// Waits if a 429 ended the round, before the target is read: the rate limit holds for reads, too.
    /// Returns whether it did end the round.
    async fn wait_for_rate_limit(&mut self) -> bool {
        let Some(refusal) = self.throttled.take() else {
            return false;
        };
        self.n_throttled += 1;
        let requested = refusal.requested_wait.map(|wait| wait.duration);
        match retry::throttle_wait(self.n_throttled, requested, 0.0) {
            None => {
                self.stop = Some("the target is rate limiting (429) and does not stop".to_owned());
            }
            Some(wait) if self.context.wait_budget.try_spend(wait) => {
                self.wait(wait, "rate limited (429)").await;
            }
            Some(_) => {
                self.stop = Some(match refusal.requested_wait {
                    Some(wait) => format!(
                        "the target asked to wait {wait}, which is longer than --max-wait allows"
                    ),
                    None => "the rollback waited as long as --max-wait allows".to_owned(),
                });
            }
        }
        true
    }

    async fn wait(&mut self, wait: Duration, why: &str) {
        self.context.progress_sink.report_wait(why, wait);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            _ = self.context.interrupt.wait_for_signal() => self.stop = Some("it was interrupted".to_owned()),
        }
    }
}
