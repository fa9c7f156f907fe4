//! Rollback of one run, or of a chain of runs: deletes what they created and restores what they updated.
//!
//! `plan_rollback` is pure: it decides from what the target holds now. `execute_rollback` hands the deletes and restores
//! to the engine that carries out every run. A rollback never touches a webhook that the runs did not write, or that
//! somebody has changed since, or that has only the id of one that they wrote.

use super::fetch::{Inventory, fetch};
use super::plan::StepIx;
use super::push::{
    ActionList, Baseline, ItemStatus, PushContext, PushOptions, PushResult, StopReason, carry_out,
};
use super::strip::{Key, strip};
use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::client::{NO_URL, Writer};
use crate::coralogix::content::Content;
use crate::coralogix::digest::{
    ContentDigest, DigestKey, FullChange, KeyedFullDigest, MemberDigests,
};
use crate::coralogix::endpoint::is_path_segment;
use crate::coralogix::undocumented::{StateKeys, ignore_key_flag};
use crate::coralogix::webhook::{Webhook, WebhookId};
use smol_str::SmolStr;
use std::collections::HashMap;
use std::sync::Arc;

/// One webhook that the runs to undo wrote, according to their records.
#[derive(Debug, Clone)]
pub struct RollbackItem {
    /// Its id in the target.
    pub id: WebhookId,
    /// Its id in the source, if known.
    pub source_id: Option<WebhookId>,
    /// Its alias and type.
    pub key: Key,
    /// When it was created, as the newest of the runs recorded it; `None` if that is unknown.
    pub birth: Option<Birth>,
    /// What the runs wrote to it and no earlier rollback has undone, newest first. Only the oldest can have created it.
    pub writes: Vec<RecordedWrite>,
    /// What an earlier rollback made of it, if nothing is left to undo: whatever has its id now is none of the runs'.
    pub undone: Option<UndoState>,
}

/// What one run wrote to a webhook.
#[derive(Debug, Clone)]
pub struct RecordedWrite {
    /// Index of the run among those to undo.
    pub run_ix: usize,
    /// Index of the step in that run's plan.
    pub step_ix: StepIx,
    /// The key of the digests in that run's record; `None` if the target has another API key since, so that nothing
    /// proves what the webhook's content was.
    pub digest_key: Option<Arc<DigestKey>>,
    /// Keyed digest of the content that was sent.
    pub sent: ContentDigest,
    /// Keyed digest of the content that the target stored, if the server altered it.
    pub altered_content: Option<ContentDigest>,
    /// Whether only a reading after the run showed `altered_content`.
    pub is_read_later: bool,
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
    /// To delete: the runs created it, and nobody has changed it since.
    Delete,
    /// To restore to its content before the runs: they updated it, and nobody has changed it since.
    Restore,
    /// The target does not have it any more.
    Gone {
        /// When the webhook was created that has its id now, if there is one: that is somebody else's.
        replaced_by: Option<Birth>,
    },
    /// The server confirmed that it deleted it, and the rollback ended before it could check that.
    Unconfirmed,
    /// It has its content before the runs again.
    Restored,
    /// It stays as it is, because a run with another API key wrote it: nothing proves that it is unchanged since.
    Unproven,
    /// It stays as it is for another reason, which it holds.
    Keep(String),
}

impl UndoState {
    /// The target does not have it any more, nor another webhook by its id.
    pub const GONE: Self = Self::Gone { replaced_by: None };

    /// Whether the rollback still has to write to the target for it.
    pub fn is_due(&self) -> bool {
        matches!(self, Self::Delete | Self::Restore)
    }
}

/// Decides what to do about each webhook that the runs wrote, in the order of `written`.
pub fn plan_rollback(written: &[RollbackItem], target: &Inventory) -> Vec<UndoState> {
    let current = CurrentWebhooks::new(target);
    let decide = |item: &RollbackItem| {
        let undone = item.undone.clone();
        undone.unwrap_or_else(|| decide_from_target(item, &current))
    };
    written.iter().map(decide).collect()
}

/// Decides about a webhook that no earlier rollback has settled.
fn decide_from_target(item: &RollbackItem, current: &CurrentWebhooks<'_>) -> UndoState {
    match current.by_id.get(&item.id) {
        None => UndoState::GONE,
        Some((object, _)) if is_another_birth(item.birth, object.birth()) => UndoState::Gone {
            replaced_by: object.birth(),
        },
        Some(_) if item.is_unproven() => UndoState::Unproven,
        Some((object, Some(content))) => decide_undo(item, object, *content),
        Some((_, None)) => UndoState::Keep("its current content cannot be compared".to_owned()),
    }
}

/// The webhooks of the target as it holds them now, each with its content if it has a type.
struct CurrentWebhooks<'t> {
    by_id: HashMap<WebhookId, (&'t Webhook, Option<Content>)>,
}

impl<'t> CurrentWebhooks<'t> {
    fn new(target: &'t Inventory) -> Self {
        let stripped = strip(target.clone());
        let webhooks = stripped.webhooks().iter().zip(&target.webhooks);
        let by_id = webhooks.filter_map(|(stripped, object)| {
            Some((stripped.id()?.clone(), (object, stripped.content())))
        });
        Self {
            by_id: by_id.collect(),
        }
    }
}

/// Decides from the newest write to the oldest: one that is undone already makes way for the one before it.
fn decide_undo(item: &RollbackItem, object: &Webhook, content: Content) -> UndoState {
    if !is_path_segment(item.id.as_str()) {
        return UndoState::Keep(format!("the request was not sent: {NO_URL}"));
    }
    let writes = item.proven_writes();
    let (mut is_restored, mut newest_change) = (false, None);
    for (n, write) in writes.iter().enumerate() {
        let digest = write.digest_key.digest_content(content);
        let change = write.change_since(object, content);
        // Whoever restored it changed its dates, too.
        let is_untouched = is_restored || change.is_none();
        if n == 0 {
            newest_change = change;
        }
        let is_as_written = digest == write.sent || Some(digest) == write.altered_content;
        let previous = write.previous.as_ref();
        let is_undone = previous.is_some_and(|previous| digest == previous.content);
        if is_undone {
            is_restored = true;
        } else if is_untouched && is_as_written {
            return match find_break(&writes[n..]) {
                Some(why) => UndoState::Keep(why.to_owned()),
                None => undo_all(item, is_as_sent(&writes[n..], content)),
            };
        }
    }
    let has_oldest_content = |oldest: &ProvenWrite<'_>| {
        let digest = oldest.digest_key.digest_content(content);
        let previous = oldest.previous.as_ref();
        previous.is_some_and(|previous| digest == previous.content)
    };
    if writes.last().is_some_and(has_oldest_content) {
        return UndoState::Restored;
    }
    UndoState::Keep(changed_reason(newest_change.as_ref()))
}

/// Why older writes cannot be undone together with newer ones: what a run found must be what the run before it wrote.
/// Otherwise somebody, or a run that is not to be undone, wrote to the webhook between them.
fn find_break(writes: &[ProvenWrite<'_>]) -> Option<&'static str> {
    writes.windows(2).find_map(|pair| {
        let [newer, older] = pair else { return None };
        let Some(found) = newer.previous.as_ref()?.body.as_ref() else {
            return Some("its previous content is not in the run record");
        };
        (!older.left(found))
            .then_some("it was changed between the runs; roll back one by one, the newest first")
    })
}

/// Whether the oldest of these writes left exactly what it sent: as the next run found it, or else as it is now.
fn is_as_sent(writes: &[ProvenWrite<'_>], content: Content) -> bool {
    let as_found = |newer: &ProvenWrite<'_>| {
        let body = newer.previous.as_ref()?.body.as_ref()?;
        let type_id = body.type_id().ok()?;
        Some(Content::from_webhook(body, type_id))
    };
    let (oldest, left) = match writes {
        [.., newer, oldest] => (oldest, as_found(newer)),
        [only] => (only, Some(content)),
        [] => return false,
    };
    left.is_some_and(|left| oldest.digest_key.digest_content(left) == oldest.sent)
}

/// A write whose digests can be compared.
#[derive(Clone, Copy)]
struct ProvenWrite<'w> {
    write: &'w RecordedWrite,
    digest_key: &'w DigestKey,
}

impl std::ops::Deref for ProvenWrite<'_> {
    type Target = RecordedWrite;

    fn deref(&self) -> &RecordedWrite {
        self.write
    }
}

impl<'w> ProvenWrite<'w> {
    fn new(write: &'w RecordedWrite) -> Option<Self> {
        let digest_key = write.digest_key.as_deref()?;
        Some(Self { write, digest_key })
    }

    /// Whether a body is what the run left behind. Bodies on record lack dates.
    fn left(&self, body: &Webhook) -> bool {
        let Ok(type_id) = body.type_id() else {
            return false;
        };
        let content = Content::from_webhook(body, type_id);
        let digest = self.digest_key.digest_content(content);
        let has_content = digest == self.sent || Some(digest) == self.altered_content;
        has_content && self.changed_members(body).is_empty()
    }

    /// What has changed in a webhook since the run wrote it.
    ///
    /// If the run was cut off, nobody knows what the target showed; then the members that were sent count, where the
    /// target shows them. One that it does not show proves nothing: the server may never have kept it.
    fn change_since(&self, object: &Webhook, content: Content) -> Option<FullChange> {
        if let Some(then) = &self.full_digest {
            return self.digest_key.change_since(then, object, Some(content));
        }
        let changed = self.changed_members(object);
        (!changed.is_empty()).then_some(FullChange::Undocumented(changed))
    }

    /// The undocumented members that have changed since the run wrote a webhook.
    fn changed_members(&self, object: &Webhook) -> Vec<SmolStr> {
        let shown = self.digest_key.digest_undocumented(object);
        if let Some(then) = &self.full_digest {
            return self.digest_key.changed_members(&then.undocumented, &shown);
        }
        let unkept = self
            .digest_key
            .unkept_members(&self.sent_undocumented, object);
        let is_shown = |name: &SmolStr| shown.contains_key(name);
        unkept.into_iter().filter(is_shown).collect()
    }
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

/// What undoes all writes to a webhook that has the content of one of them.
fn undo_all(item: &RollbackItem, is_as_sent: bool) -> UndoState {
    let Some(oldest) = item.writes.last() else {
        return UndoState::Keep("no run on record wrote it".to_owned());
    };
    match &oldest.previous {
        Some(PreviousContent { body: None, .. }) => {
            UndoState::Keep("its previous content is not in the run record".to_owned())
        }
        Some(_) => UndoState::Restore,
        // No response named it, so nothing but exactly the content that was sent proves that it is ours.
        None if is_as_sent => UndoState::Delete,
        None if !oldest.is_acknowledged => UndoState::Keep(
            "it was found after a lost response and differs from what was sent, so it may belong to somebody else".to_owned(),
        ),
        // Its id is on record, but what the server made of it is not.
        None if oldest.is_read_later => UndoState::Keep(
            "the run was cut off before it read it back, and it differs from what was sent, so somebody may have changed it since".to_owned(),
        ),
        None => UndoState::Delete,
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
    pub stop: Option<StopReason>,
    /// Whether any request may have changed the target.
    pub may_have_written: bool,
    /// The last successful reading of the target.
    pub last_reading: Inventory,
}

/// Carries out a rollback; the journal identifies a webhook by its index in `written`.
pub async fn execute_rollback(
    written: &[RollbackItem],
    first: &Inventory,
    writer: &Writer,
    options: PushOptions,
    context: PushContext<'_>,
) -> RollbackResult {
    let planned = plan_rollback(written, first);
    let actions = rollback_actions(written, &planned, first);
    let baseline = Baseline::without_creates(first);
    let result = carry_out(actions, &baseline, writer, options, context).await;
    let last_reading = if result.may_have_written {
        fetch(writer.reader()).await.ok()
    } else {
        None
    };
    RollbackResult {
        final_states: final_states(&planned, &result),
        planned,
        may_have_written: result.may_have_written,
        stop: result
            .stop
            .or_else(|| result.read_back_failure.map(StopReason::TargetUnreadable)),
        last_reading: last_reading.unwrap_or_else(|| first.clone()),
    }
}

fn rollback_actions<'w>(
    written: &'w [RollbackItem],
    planned: &[UndoState],
    target: &'w Inventory,
) -> ActionList<'w> {
    let current = CurrentWebhooks::new(target);
    let mut actions = ActionList::for_rollback(state_keys(written));
    for (ix, (item, state)) in written.iter().zip(planned).enumerate() {
        let Some((object, Some(content))) = current.by_id.get(&item.id) else {
            continue;
        };
        let (key, current) = (item.key.clone(), (*object, *content));
        let step_ix = StepIx::from(ix);
        match state {
            UndoState::Delete => actions.push_delete(step_ix, key, item.id.clone(), current),
            UndoState::Restore => {
                if let Some(body) = item.previous_body() {
                    actions.push_restore(step_ix, key, current, body);
                }
            }
            UndoState::Gone { .. }
            | UndoState::Unconfirmed
            | UndoState::Restored
            | UndoState::Unproven
            | UndoState::Keep(_) => {}
        }
    }
    actions
}

/// The undocumented members that no record of the runs counts.
fn state_keys(written: &[RollbackItem]) -> StateKeys {
    let writes = written.iter().flat_map(|item| &item.writes);
    let keys = writes.filter_map(|write| write.digest_key.as_ref());
    keys.fold(StateKeys::default(), |all, key| {
        all.with(key.state_keys().named())
    })
}

impl RollbackItem {
    /// Whether any of its writes is of a run with another API key.
    fn is_unproven(&self) -> bool {
        self.writes.iter().any(|write| write.digest_key.is_none())
    }

    /// Its writes with the keys of their digests, newest first.
    fn proven_writes(&self) -> Vec<ProvenWrite<'_>> {
        let proven = |write| ProvenWrite::new(write);
        self.writes.iter().filter_map(proven).collect()
    }

    /// The whole object before the oldest of the runs; `None` if that created it, or if no record holds it.
    fn previous_body(&self) -> Option<&Webhook> {
        self.writes.last()?.previous.as_ref()?.body.as_ref()
    }
}

/// The state of each webhook after the engine has carried out what was due.
fn final_states(planned: &[UndoState], result: &PushResult) -> Vec<UndoState> {
    let mut states = planned.to_vec();
    for (step_ix, status) in &result.statuses {
        let ix = step_ix.get();
        states[ix] = match status {
            ItemStatus::Deleted(_) | ItemStatus::Vanished(_) => UndoState::GONE,
            ItemStatus::DeleteConfirmed(_) => UndoState::Unconfirmed,
            ItemStatus::Updated {
                is_altered: true, ..
            } => UndoState::Keep(
                "the server accepted its previous content, but stored something else".to_owned(),
            ),
            ItemStatus::Updated { .. } => UndoState::Restored,
            ItemStatus::Refused(refusal) => {
                UndoState::Keep(format!("the target {}", refusal.answer()))
            }
            ItemStatus::TypeRefused(refusal) => UndoState::Keep(format!(
                "the target takes no such request for this type: it {}",
                refusal.answer()
            )),
            ItemStatus::Ignored if planned[ix] == UndoState::Delete => {
                let answer = result.server_words.get(step_ix).map(String::as_str);
                let answer = answer.unwrap_or("confirmed its deletion");
                UndoState::Keep(format!("the target {answer}, and still has it"))
            }
            ItemStatus::Ignored => UndoState::Keep(
                "the server accepted its previous content, and did not store it".to_owned(),
            ),
            ItemStatus::Unresolved(why) => UndoState::Keep(why.clone()),
            // A rollback creates nothing, and nobody verifies it, so only the first two can occur.
            ItemStatus::NotSeen
            | ItemStatus::NotSent
            | ItemStatus::Open
            | ItemStatus::Missing(_)
            | ItemStatus::Duplicated(_)
            | ItemStatus::Created { .. }
            | ItemStatus::CreatedByOthers(_) => continue,
        };
    }
    states
}
