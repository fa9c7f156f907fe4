//! Knowledge from earlier runs about the target: which of its webhooks are copies that the server altered,
//! and which contents were sent with an unknown result.

use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use std::collections::HashMap;

/// Knowledge from all earlier runs, the newest run last.
#[derive(Debug, Default)]
pub struct PriorKnowledge {
    runs: Vec<RunKnowledge>,
    /// Whether an id identifies the same webhook on both sides.
    pub(super) has_shared_ids: bool,
}

/// Knowledge from one earlier run.
#[derive(Debug)]
pub struct RunKnowledge {
    /// The run's id.
    pub run_id: String,
    /// The key of the content digests in that run's record.
    pub digest_key: DigestKey,
    /// Webhooks that the server altered: the id, the digest of the content sent, and that of the content stored.
    pub altered: Vec<(WebhookId, ContentDigest, ContentDigest)>,
    /// Digests of contents that the run sent without learning whether they arrived, each with the reason.
    pub uncertain: Vec<(ContentDigest, String)>,
}

/// An index of [`PriorKnowledge`] by content digest, newest run first.
pub(super) struct KnowledgeIndex<'k> {
    runs: Vec<IndexedRun<'k>>,
}

struct IndexedRun<'k> {
    run: &'k RunKnowledge,
    altered: HashMap<ContentDigest, Vec<(&'k WebhookId, ContentDigest)>>,
    uncertain: HashMap<ContentDigest, Vec<&'k str>>,
}

impl PriorKnowledge {
    /// No earlier runs.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Declares that the source is a backup of the target itself, so that an id identifies the same webhook
    /// on both sides.
    #[must_use]
    pub fn with_shared_ids(self) -> Self {
        Self {
            has_shared_ids: true,
            ..self
        }
    }

    /// Adds the knowledge from a newer run; drops it if it is empty.
    pub fn add(&mut self, run: RunKnowledge) {
        if !run.altered.is_empty() || !run.uncertain.is_empty() {
            self.runs.push(run);
        }
    }

    pub(super) fn index(&self) -> KnowledgeIndex<'_> {
        let runs = self.runs.iter().rev().map(|run| {
            let mut altered: HashMap<ContentDigest, Vec<(&WebhookId, ContentDigest)>> =
                HashMap::new();
            for (id, sent, kept) in &run.altered {
                altered.entry(*sent).or_default().push((id, *kept));
            }
            let mut uncertain: HashMap<ContentDigest, Vec<&str>> = HashMap::new();
            for (sent, why) in &run.uncertain {
                uncertain.entry(*sent).or_default().push(why);
            }
            IndexedRun {
                run,
                altered,
                uncertain,
            }
        });
        KnowledgeIndex {
            runs: runs.collect(),
        }
    }
}

impl<'k> KnowledgeIndex<'k> {
    /// Finds a webhook of the target that is a recorded altered copy of a content; returns its id and the run
    /// that recorded it.
    ///
    /// `unmatched_content` returns the current content of a webhook that still exists and is not yet matched.
    pub(super) fn find_altered_copy(
        &self,
        desired: Content,
        unmatched_content: impl Fn(&WebhookId) -> Option<Content>,
    ) -> Option<(&'k WebhookId, &'k str)> {
        self.runs.iter().find_map(|indexed| {
            if indexed.altered.is_empty() {
                return None;
            }
            let digest_key = &indexed.run.digest_key;
            let copies = indexed.altered.get(&digest_key.digest_content(desired))?;
            let is_unchanged = |id, kept| {
                unmatched_content(id)
                    .is_some_and(|content| digest_key.digest_content(content) == kept)
            };
            let (id, _) = copies.iter().find(|(id, kept)| is_unchanged(id, *kept))?;
            Some((*id, indexed.run.run_id.as_str()))
        })
    }

    /// Removes one uncertain send of a content and returns its run and the reason; `None` if there is none left.
    pub(super) fn take_uncertain(&mut self, desired: Content) -> Option<(&'k str, &'k str)> {
        self.runs.iter_mut().find_map(|indexed| {
            if indexed.uncertain.is_empty() {
                return None;
            }
            let digest = indexed.run.digest_key.digest_content(desired);
            let why = indexed.uncertain.get_mut(&digest)?.pop()?;
            Some((indexed.run.run_id.as_str(), why))
        })
    }
}
