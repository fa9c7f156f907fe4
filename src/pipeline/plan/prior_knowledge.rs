//! Knowledge from earlier runs about the target: which of its webhooks are copies that the server altered,
//! and which contents were sent with an unknown result.

use crate::coralogix::birth::{Birth, is_another_birth};
use crate::coralogix::content::Content;
use crate::coralogix::digest::{ContentDigest, DigestKey};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::strip::{Key, StrippedWebhook};
use std::collections::{HashMap, HashSet};

/// Knowledge from all earlier runs, the newest run last.
#[derive(Debug, Default)]
pub struct PriorKnowledge {
    runs: Vec<RunKnowledge>,
    pub(super) unproven: Vec<UnprovenRun>,
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

/// Knowledge from one earlier run with another API key: ids, but no content.
#[derive(Debug)]
pub struct UnprovenRun {
    /// The run's id.
    pub run_id: String,
    /// What it wrote, by the alias and type that were sent.
    pub copies: HashMap<Key, Vec<UnprovenCopy>>,
    /// The webhooks that it tried to create without learning whether they arrived.
    pub open: HashSet<Key>,
    /// The ids of the target's webhooks that these may be: new since the run, and written by no other one.
    pub new_ids: Vec<WebhookId>,
}

/// A webhook that a run with another API key wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnprovenCopy {
    /// Its id in the target.
    pub id: WebhookId,
    /// When it was created, if that is known; a later birth under this id is another webhook.
    pub birth: Option<Birth>,
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

    /// Adds the knowledge from a newer run with another API key.
    pub fn add_unproven(&mut self, run: UnprovenRun) {
        self.unproven.push(run);
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
    /// Finds a webhook of the target that is a recorded altered copy of a content; returns its id and the run
    /// that recorded it.
    ///
    /// `unmatched` returns the webhook with an id, if the target has one that is not yet matched.
    pub(super) fn find_altered_copy<'t>(
        &self,
        desired: Content,
        unmatched: impl Fn(&WebhookId) -> Option<&'t StrippedWebhook>,
    ) -> Option<(&'k WebhookId, &'k str)> {
        self.runs.iter().find_map(|indexed| {
            if indexed.altered.is_empty() {
                return None;
            }
            let digest_key = &indexed.run.digest_key;
            let copies = indexed.altered.get(&digest_key.digest_content(desired))?;
            let is_unchanged = |copy: &&&AlteredCopy| {
                let Some(found) = unmatched(&copy.id) else {
                    return false;
                };
                let content = found.content();
                !is_another_birth(copy.birth, found.original().birth())
                    && content.map(|content| digest_key.digest_content(content)) == Some(copy.kept)
            };
            let copy = copies.iter().find(is_unchanged)?;
            Some((&copy.id, indexed.run.run_id.as_str()))
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
