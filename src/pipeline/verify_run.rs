//! Compares what the target holds now with what an earlier run, known by its record, wrote there.
//! Pure. Knows contents by their digests alone: a record holds no content.

use super::strip::Stripped;
use super::verify::ItemVerdict;
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use std::collections::{HashMap, HashSet};

/// One webhook of a run's plan, as the run's record knows it.
#[derive(Debug, Clone)]
pub struct RecordedItem {
    /// The content that the run was to bring about; `None` for a webhook without a type.
    pub desired: Option<ContentDigest>,
    /// Where the record places it.
    pub location: RecordedLocation,
}

/// Where the record of a run places one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordedLocation {
    /// In the target.
    Target {
        /// Its id there.
        id: WebhookId,
        /// What the target keeps of it where that differs from what was sent.
        kept: Option<ContentDigest>,
        /// Whether the run wrote it; otherwise the target had it before.
        is_written: bool,
    },
    /// The run sent it, and does not know whether it arrived.
    Unknown,
    /// Nowhere: the run did not get to write it.
    Nowhere,
    /// The run was not to write it.
    NotPlanned,
}

/// The verdict on one webhook of a run.
#[derive(Debug)]
pub struct RunFinding {
    /// Its index in the run's plan.
    pub step: usize,
    /// Its id in the target, where the record knows it.
    pub target_id: Option<WebhookId>,
    /// What the target shows of it.
    pub finding: ItemVerdict,
    /// The reason for an altered one.
    pub why: Option<String>,
}

/// Compares each webhook that the run wrote or found with what the target shows of it.
///
/// `baseline` holds the ids that the target had before the run.
pub fn verify_run(
    items: &[RecordedItem],
    baseline: &HashSet<&str>,
    target: &Stripped,
    digest_key: &DigestKey,
) -> Vec<RunFinding> {
    let mut contents: HashMap<&WebhookId, Option<Content>> = HashMap::new();
    for webhook in target.webhooks() {
        if let Some(id) = webhook.id() {
            contents.insert(id, webhook.content());
        }
    }
    let shown = |id: &WebhookId| {
        let content = contents.get(id)?;
        Some(content.map(|content| digest_key.digest_content(content)))
    };
    let copies = surplus_copies(items, baseline, target, digest_key);
    let mut findings = Vec::new();
    for (step, item) in items.iter().enumerate() {
        let (target_id, finding, why) = match &item.location {
            RecordedLocation::NotPlanned => continue,
            RecordedLocation::Nowhere => (None, ItemVerdict::Missing, None),
            RecordedLocation::Unknown => {
                let why = "the run sent it, but it is unknown whether it arrived";
                (None, ItemVerdict::Unclear(why.to_owned()), None)
            }
            RecordedLocation::Target { id, kept, .. } => {
                let (item_verdict, reason) = compare_shown(shown(id), item.desired, *kept);
                let copies = item.desired.and_then(|desired| copies.get(&desired));
                let finding = match (item_verdict, copies) {
                    (ItemVerdict::Verified, Some(copies)) => {
                        let all = std::iter::once(id).chain(copies).cloned();
                        ItemVerdict::Duplicated(all.collect())
                    }
                    (finding, _) => finding,
                };
                (Some(id.clone()), finding, reason)
            }
        };
        findings.push(RunFinding {
            step,
            target_id,
            finding,
            why,
        });
    }
    findings
}

/// `shown` is `None` where the target lacks the webhook, and `Some(None)` where it cannot be compared.
fn compare_shown(
    shown: Option<Option<ContentDigest>>,
    desired: Option<ContentDigest>,
    kept: Option<ContentDigest>,
) -> (ItemVerdict, Option<String>) {
    match shown {
        None => (ItemVerdict::Missing, None),
        Some(Some(shown)) if Some(shown) == desired => (ItemVerdict::Verified, None),
        Some(shown) => {
            let is_as_kept = shown.is_some() && shown == kept;
            let why = if is_as_kept {
                "the server altered it when it was written, and it has not changed since"
            } else {
                "it was changed after the run"
            };
            (ItemVerdict::Altered(Vec::new()), Some(why.to_owned()))
        }
    }
}

/// Webhooks that equal one that the run wrote, but that neither the baseline nor the record knows, by content.
pub fn surplus_copies(
    items: &[RecordedItem],
    baseline: &HashSet<&str>,
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
        if !baseline.contains(id.as_str()) && !ids.contains(id) && contents.contains(&content) {
            copies.entry(content).or_default().push(id.clone());
        }
    }
    copies
}
