//! Knowledge from earlier runs about the target: which of its webhooks are copies that the server altered,
//! and which contents were sent with an unknown result.

use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::strip::StrippedWebhook;
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
    /// Webhooks that the server altered.
    pub altered: Vec<AlteredCopy>,
    /// Digests of contents that the run sent without learning whether they arrived, each with the reason.
    pub uncertain: Vec<(ContentDigest, String)>,
}

/// A webhook of the target that the server stores with other content than a run sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlteredCopy {
    /// Its id in the target.
    pub id: WebhookId,
    /// When it was created, if that is known; a later birth under this id is another webhook.
    pub birth: Option<Birth>,
    /// The digest of the content that was sent.
    pub sent: ContentDigest,
    /// The digest of the content that the server stored.
    pub kept: ContentDigest,
}

/// An index of [`PriorKnowledge`] by content digest, newest run first.
pub(super) struct KnowledgeIndex<'k> {
    runs: Vec<IndexedRun<'k>>,
}

struct IndexedRun<'k> {
    run: &'k RunKnowledge,
    altered: HashMap<ContentDigest, Vec<&'k AlteredCopy>>,
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
            let mut altered: HashMap<ContentDigest, Vec<&AlteredCopy>> = HashMap::new();
            for copy in &run.altered {
                altered.entry(copy.sent).or_default().push(copy);
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
    pub(super) fn has_no_altered_copies(&self) -> bool {
        self.runs.iter().all(|indexed| indexed.altered.is_empty())
    }

    /// The webhooks of the target that are recorded altered copies of a content, each with the run that recorded it.
    ///
    /// `unmatched` returns the webhook with an id, if the target has one that is not yet matched.
    pub(super) fn altered_copies<'t>(
        &self,
        desired: Content,
        unmatched: impl Fn(&WebhookId) -> Option<&'t StrippedWebhook>,
    ) -> impl Iterator<Item = (&'k WebhookId, &'k str)> {
        let runs = self
            .runs
            .iter()
            .filter(|indexed| !indexed.altered.is_empty());
        runs.flat_map(move |indexed| {
            let run = indexed.run;
            let digest_key = &run.digest_key;
            let copies = indexed.altered.get(&digest_key.digest_content(desired));
            let is_unchanged = |copy: &&&AlteredCopy| {
                let Some(found) = unmatched(&copy.id) else {
                    return false;
                };
                let content = found.content();
                !is_another_birth(copy.birth, found.original().birth())
                    && content.map(|content| digest_key.digest_content(content)) == Some(copy.kept)
            };
            let copies = copies.into_iter().flatten().filter(is_unchanged);
            let found: Vec<_> = copies.map(|copy| (&copy.id, run.run_id.as_str())).collect();
            found
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
