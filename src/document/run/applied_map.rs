//! That a run's id map was applied to alerts, on record: `idmap apply` does not do it twice, and `rollback` warns of it.

use super::RunRecord;
use super::compact;
use crate::coralogix::digest::{KeyedDigest, digest_file};
use crate::coralogix::reference::WebhookName;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::idmap::{Direction, IdMap, RewrittenAlerts};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};

/// One application of the run's id map to files with alerts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppliedMap {
    /// When the entry was written, just before the files.
    pub at: Timestamp,
    /// Whether it turned alerts back to the source.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_reverse: bool,
    /// Number of files with a reference that changed.
    pub files: usize,
    /// Number of references that changed.
    pub references: usize,
    /// Number of references that could not be resolved.
    #[serde(default)]
    pub unresolved: usize,
    /// The webhooks of the target that these references named, afterwards or, in reverse, before.
    pub target_ids: Vec<WebhookId>,
    /// The digests of the changed files as they were written.
    #[serde(with = "compact::digests")]
    pub digests: Vec<KeyedDigest>,
}

impl AppliedMap {
    /// The direction in which the map was applied.
    pub fn direction(&self) -> Direction {
        if self.is_reverse {
            Direction::ToSource
        } else {
            Direction::ToTarget
        }
    }
}

/// The webhooks of the target that the changed references name.
fn target_ids<'a>(
    map: &'a IdMap,
    alerts: &'a RewrittenAlerts,
    direction: Direction,
) -> BTreeSet<&'a WebhookId> {
    let references = alerts.files.iter();
    let references = references.flat_map(|file| &file.repointed.rewritten);
    let names = references.map(|reference| match direction {
        Direction::ToTarget => &reference.to,
        Direction::ToSource => &reference.from,
    });
    let mut ids = BTreeSet::new();
    for name in names {
        match name {
            WebhookName::Id(id) => ids.extend([id]),
            WebhookName::Alias(alias) => {
                let pairs = map.pairs().iter().filter(|pair| pair.alias == *alias);
                ids.extend(pairs.map(|pair| &pair.target_id));
            }
        }
    }
    ids
}

impl RunRecord {
    /// The entry for alerts that are about to be written, now; `None` if no reference in them changed.
    pub fn to_applied_map(
        &self,
        map: &IdMap,
        alerts: &RewrittenAlerts,
        direction: Direction,
    ) -> Option<AppliedMap> {
        let changed = alerts.files.iter().map(|file| &file.repointed);
        let changed = changed.filter(|file| !file.rewritten.is_empty());
        let digests: Vec<KeyedDigest> = changed.map(|file| self.file_digest(&file.text)).collect();
        (!digests.is_empty()).then(|| AppliedMap {
            at: Timestamp::now(),
            is_reverse: direction == Direction::ToSource,
            files: digests.len(),
            references: alerts.n_rewritten(),
            unresolved: alerts.n_unresolved(),
            target_ids: target_ids(map, alerts, direction)
                .into_iter()
                .cloned()
                .collect(),
            digests,
        })
    }

    /// When `idmap apply` wrote a file with exactly this text, in that direction; `None` if this record knows of none.
    pub fn wrote_file_at(&self, text: &str, direction: Direction) -> Option<Timestamp> {
        let digest = self.file_digest(text);
        let mut applied = self.applied_maps.iter();
        let wrote = |applied: &&AppliedMap| {
            applied.direction() == direction && applied.digests.contains(&digest)
        };
        applied.find(wrote).map(|applied| applied.at)
    }

    /// The webhooks among `ids` that alerts may refer to, because the map was applied to them; sorted.
    ///
    /// Also those that alerts were turned back from: they may not have been all.
    pub fn ids_in_alerts<'i>(&self, ids: impl Iterator<Item = &'i WebhookId>) -> Vec<WebhookId> {
        let applied = self.applied_maps.iter();
        let in_alerts = applied.filter(|applied| !applied.is_reverse);
        let in_alerts: HashSet<&WebhookId> =
            in_alerts.flat_map(|applied| &applied.target_ids).collect();
        let ids: BTreeSet<&WebhookId> = ids.filter(|id| in_alerts.contains(id)).collect();
        ids.into_iter().cloned().collect()
    }

    /// Whether filters left out any webhook of the source, so that its id map lacks ids that alerts may refer to.
    pub fn left_out_webhooks(&self) -> bool {
        self.header.steps.len() < self.header.source.webhooks
    }

    fn file_digest(&self, text: &str) -> KeyedDigest {
        digest_file(&self.header.salt, text.as_bytes())
    }
}
