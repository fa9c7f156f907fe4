//! Compares what the target holds now with what an earlier run wrote there, according to the run's record.
//! Pure. Compares digests, because a run record holds no content.

use super::plan::{Difference, StepIx};
use super::strip::{Stripped, StrippedWebhook};
use super::verify::ItemVerdict;
use crate::coralogix::birth::{Birth, is_another_birth, reused_id_reason};
use crate::coralogix::digest::{ContentDigest, DigestKey, MemberDigests};
use crate::coralogix::mask::Masked;
use crate::coralogix::undocumented::UndocumentedMember;
use crate::coralogix::webhook::WebhookId;
use std::collections::{HashMap, HashSet};

/// One webhook of a run's plan, as the run's record shows it.
#[derive(Debug, Clone)]
pub struct RecordedItem {
    /// The digest of the desired content; `None` for a webhook without a type.
    pub desired: Option<ContentDigest>,
    /// The digests of the undocumented members that it was sent with, or had in the target before a run that did not
    /// send it.
    pub undocumented: MemberDigests,
    /// The digests of the undocumented members that the target showed when the run ended; `None` if that is unknown.
    pub undocumented_at_end: Option<MemberDigests>,
    /// Where the webhook is, according to the record.
    pub location: RecordedLocation,
}

/// Where one webhook of a run is, according to the run's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedLocation {
    /// In the target.
    Target {
        /// Its id there.
        id: WebhookId,
        /// When it was created, if that is known; a later birth under its id is another webhook.
        birth: Option<Birth>,
        /// The digest of what the target stored, if the server altered what the run sent.
        kept: Option<ContentDigest>,
        /// Whether only a reading after the run showed `kept`.
        is_read_later: bool,
        /// Whether the run wrote it; if not, the target had it before the run.
        is_written: bool,
    },
    /// The run sent it, and it is unknown whether it arrived.
    Unknown,
    /// Nowhere: the run did not write it, although the plan creates or updates it.
    Nowhere,
    /// The plan does not write it.
    NotPlanned,
}

/// The verdict on one webhook of a run.
#[derive(Debug)]
pub(crate) struct RunItemVerdict {
    /// The index of its step in the run's plan.
    pub(crate) step_ix: StepIx,
    /// Its id in the target; `None` if the record has none.
    pub(crate) target_id: Option<WebhookId>,
    pub(crate) item_verdict: ItemVerdict,
    /// When the server or somebody changed it, or why it counts as missing; `None` if there is nothing to say.
    pub(crate) why: Option<String>,
}

/// Compares each webhook that the run was to write or found in the target with what the target shows now.
///
/// `baseline` holds the ids that were in the target before the run's first write. Without a `digest_key`, only what is
/// missing can be told.
pub(crate) fn verify_run(
    items: &[RecordedItem],
    baseline: &HashSet<&WebhookId>,
    target: &Stripped,
    digest_key: Option<&DigestKey>,
) -> Vec<RunItemVerdict> {
    let in_target = target.webhooks().iter();
    let by_id: HashMap<&WebhookId, &StrippedWebhook> = in_target
        .filter_map(|webhook| Some((webhook.id()?, webhook)))
        .collect();
    let copies = digest_key
        .map(|digest_key| surplus_copies(items, baseline, target, digest_key))
        .unwrap_or_default();
    let mut item_verdicts = Vec::new();
    for (ix, item) in items.iter().enumerate() {
        let (target_id, item_verdict, why) = match &item.location {
            RecordedLocation::NotPlanned => continue,
            RecordedLocation::Nowhere => (None, ItemVerdict::Missing, None),
            RecordedLocation::Unknown => {
                let why = "the run sent it, but it is unknown whether it arrived";
                (None, ItemVerdict::Unclear(why.to_owned()), None)
            }
            RecordedLocation::Target {
                id,
                birth,
                kept,
                is_read_later,
                ..
            } => {
                let (item_verdict, why) = match by_id.get(id) {
                    None => (ItemVerdict::Missing, None),
                    Some(shown) if is_another_birth(*birth, shown.original().birth()) => {
                        (ItemVerdict::Missing, replaced_reason(shown))
                    }
                    Some(shown) => match digest_key {
                        Some(digest_key) => {
                            let kept = kept.map(|content| Kept {
                                content,
                                is_read_later: *is_read_later,
                            });
                            compare_shown(shown, item, kept, digest_key)
                        }
                        None => (ItemVerdict::Unclear(UNPROVEN.to_owned()), None),
                    },
                };
                let copies = item.desired.and_then(|desired| copies.get(&desired));
                let item_verdict = match (item_verdict, copies) {
                    (ItemVerdict::Verified, Some(copies)) => {
                        let all = std::iter::once(id).chain(copies).cloned();
                        ItemVerdict::Duplicated(all.collect())
                    }
                    (item_verdict, _) => item_verdict,
                };
                (Some(id.clone()), item_verdict, why)
            }
        };
        item_verdicts.push(RunItemVerdict {
            step_ix: StepIx::from(ix),
            target_id,
            item_verdict,
            why,
        });
    }
    item_verdicts
}

/// Why a webhook is missing whose id the target shows; `None` if that shows no birth.
fn replaced_reason(shown: &StrippedWebhook) -> Option<String> {
    shown.original().birth().map(reused_id_reason)
}

/// Why a content cannot be compared with what a run with another API key wrote.
pub(crate) const UNPROVEN: &str =
    "the run used another API key: the target has it, but nothing proves that it is unchanged";
const ALTERED_BY_SERVER: &str =
    "the server altered it when it was written, and it has not changed since";
const CHANGED_AFTER: &str = "it was changed after the run";
const READ_LATER: &str = "the run was cut off before it read it back: the server altered it, or somebody changed it since";

/// What the target stored of a webhook, according to the record.
#[derive(Clone, Copy)]
struct Kept {
    content: ContentDigest,
    is_read_later: bool,
}

/// Compares what the target shows of a webhook with what the run sent or found: its content, then its undocumented
/// members.
fn compare_shown(
    shown: &StrippedWebhook,
    item: &RecordedItem,
    kept: Option<Kept>,
    digest_key: &DigestKey,
) -> (ItemVerdict, Option<String>) {
    let content = shown.content();
    let content = content.map(|content| digest_key.digest_content(content));
    match compare_contents(content, item.desired, kept) {
        (ItemVerdict::Verified, _) => compare_undocumented(shown, item, digest_key),
        altered => altered,
    }
}

/// Compares the undocumented members alone.
fn compare_undocumented(
    shown: &StrippedWebhook,
    item: &RecordedItem,
    digest_key: &DigestKey,
) -> (ItemVerdict, Option<String>) {
    let unkept = digest_key.unkept_members(&item.undocumented, shown.bare());
    if unkept.is_empty() {
        return (ItemVerdict::Verified, None);
    }
    let now = digest_key.digest_undocumented(shown.bare());
    let is_as_at_end = item
        .undocumented_at_end
        .as_ref()
        .is_some_and(|at_end| digest_key.changed_members(at_end, &now).is_empty());
    let hidden = || Masked::hidden("unknown key");
    let values = shown.bare().values_by_key();
    let difference = |member: &UndocumentedMember<'_>| Difference {
        path: member.path().to_string(),
        source: Some(hidden()),
        target: values.in_place_of(member).map(|_| hidden()),
    };
    let altered = unkept
        .iter()
        .map(|name| difference(&UndocumentedMember::from_name(name)))
        .collect();
    let why = if is_as_at_end {
        ALTERED_BY_SERVER
    } else {
        CHANGED_AFTER
    };
    (ItemVerdict::Altered(altered), Some(why.to_owned()))
}

/// Compares what the target shows of a webhook with the desired content and with what the target kept of it.
///
/// `shown` is `None` for a webhook without a type, which equals neither.
fn compare_contents(
    shown: Option<ContentDigest>,
    desired: Option<ContentDigest>,
    kept: Option<Kept>,
) -> (ItemVerdict, Option<String>) {
    if shown.is_some() && shown == desired {
        return (ItemVerdict::Verified, None);
    }
    let why = match kept.filter(|kept| shown == Some(kept.content)) {
        Some(Kept {
            is_read_later: true,
            ..
        }) => READ_LATER,
        Some(_) => ALTERED_BY_SERVER,
        None => CHANGED_AFTER,
    };
    (ItemVerdict::Altered(Vec::new()), Some(why.to_owned()))
}

/// Ids of webhooks with the content of one that the run wrote, by that content; leaves out the baseline and the
/// ids that the run itself wrote.
pub(crate) fn surplus_copies(
    items: &[RecordedItem],
    baseline: &HashSet<&WebhookId>,
    target: &Stripped,
    digest_key: &DigestKey,
) -> HashMap<ContentDigest, Vec<WebhookId>> {
    let (mut ids, mut contents) = (HashSet::new(), HashSet::new());
    for item in items {
        if let RecordedLocation::Target {
            id,
            is_written: true,
            ..
        } = &item.location
        {
            ids.insert(id);
            contents.extend(item.desired);
        }
    }
    let mut copies: HashMap<ContentDigest, Vec<WebhookId>> = HashMap::new();
    for webhook in target.webhooks() {
        let (Some(id), Some(content)) = (webhook.id(), webhook.content()) else {
            continue;
        };
        let content = digest_key.digest_content(content);
        if !baseline.contains(id) && !ids.contains(id) && contents.contains(&content) {
            copies.entry(content).or_default().push(id.clone());
        }
    }
    copies
}
