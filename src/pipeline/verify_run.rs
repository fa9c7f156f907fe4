//! Compares what the target holds now with what an earlier run wrote there, according to the run's record.
//! Pure. Compares digests, because a run record holds no content.

use super::strip::Stripped;
use super::verify::ItemVerdict;
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use std::collections::{HashMap, HashSet};

/// One webhook of a run's plan, as the run's record shows it.
#[derive(Debug, Clone)]
pub struct RecordedItem {
    /// The digest of the desired content; `None` for a webhook without a type.
    pub desired: Option<ContentDigest>,
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
        /// The digest of what the target stored, if the server altered what the run sent.
        kept: Option<ContentDigest>,
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
    pub(crate) step_ix: usize,
    /// Its id in the target; `None` if the record has none.
    pub(crate) target_id: Option<WebhookId>,
    pub(crate) item_verdict: ItemVerdict,
    /// When the server or somebody changed it; `None` unless it is altered.
    pub(crate) why: Option<String>,
}

/// Compares each webhook that the run was to write or found in the target with what the target shows now.
///
/// `baseline` holds the ids that were in the target before the run's first write.
pub(crate) fn verify_run(
    items: &[RecordedItem],
    baseline: &HashSet<&WebhookId>,
    target: &Stripped,
    digest_key: &DigestKey,
) -> Vec<RunItemVerdict> {
    let mut contents: HashMap<&WebhookId, Option<Content>> = HashMap::new();
    for webhook in target.webhooks() {
        if let Some(id) = webhook.id() {
            contents.insert(id, webhook.content());
        }
    }
    let copies = surplus_copies(items, baseline, target, digest_key);
    let mut item_verdicts = Vec::new();
    for (step_ix, item) in items.iter().enumerate() {
        let (target_id, item_verdict, why) = match &item.location {
            RecordedLocation::NotPlanned => continue,
            RecordedLocation::Nowhere => (None, ItemVerdict::Missing, None),
            RecordedLocation::Unknown => {
                let why = "the run sent it, but it is unknown whether it arrived";
                (None, ItemVerdict::Unclear(why.to_owned()), None)
            }
            RecordedLocation::Target { id, kept, .. } => {
                let (item_verdict, why) = match contents.get(id) {
                    None => (ItemVerdict::Missing, None),
                    Some(content) => {
                        let shown = content.map(|content| digest_key.digest_content(content));
                        compare_contents(shown, item.desired, *kept)
                    }
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
            step_ix,
            target_id,
            item_verdict,
            why,
        });
    }
    item_verdicts
}

/// Compares what the target shows of a webhook with the desired content and with what the target kept of it.
///
/// `shown` is `None` for a webhook without a type, which equals neither.
fn compare_contents(
    shown: Option<ContentDigest>,
    desired: Option<ContentDigest>,
    kept: Option<ContentDigest>,
) -> (ItemVerdict, Option<String>) {
    if shown.is_some() && shown == desired {
        return (ItemVerdict::Verified, None);
    }
    let why = if shown.is_some() && shown == kept {
        "the server altered it when it was written, and it has not changed since"
    } else {
        "it was changed after the run"
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
