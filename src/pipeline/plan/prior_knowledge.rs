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
    /// The command that closes the run.
    pub close_command: String,
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
    /// The command that closes the run.
    pub close_command: String,
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

/// The altered copies of one run, by their ids.
pub(super) struct AlteredCopies<'k> {
    run: &'k RunKnowledge,
    by_id: HashMap<&'k WebhookId, &'k AlteredCopy>,
}

/// What earlier runs sent with an unknown result, the newest run first.
pub(super) struct UncertainSends<'k> {
    runs: Vec<UncertainSendsOfRun<'k>>,
}

struct UncertainSendsOfRun<'k> {
    run: &'k RunKnowledge,
    reasons: HashMap<ContentDigest, Vec<&'k str>>,
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

    /// The altered copies of each run that has some, the newest run first.
    pub(super) fn runs_with_altered_copies(&self) -> impl Iterator<Item = AlteredCopies<'_>> {
        let runs = self.runs.iter().rev().filter(|run| !run.altered.is_empty());
        runs.map(|run| AlteredCopies {
            run,
            by_id: run.altered.iter().map(|copy| (&copy.id, copy)).collect(),
        })
    }

    pub(super) fn uncertain_sends(&self) -> UncertainSends<'_> {
        let runs = self.runs.iter().rev();
        let runs = runs.filter(|run| !run.uncertain.is_empty()).map(|run| {
            let mut reasons: HashMap<ContentDigest, Vec<&str>> = HashMap::new();
            for (sent, why) in &run.uncertain {
                reasons.entry(*sent).or_default().push(why);
            }
            UncertainSendsOfRun { run, reasons }
        });
        UncertainSends {
            runs: runs.collect(),
        }
    }
}

impl<'k> AlteredCopies<'k> {
    /// The id of the run that recorded them.
    pub(super) fn run_id(&self) -> &'k str {
        &self.run.run_id
    }

    /// The digest of a content, as the run recorded what it sent.
    pub(super) fn digest_sent(&self, desired: Content) -> ContentDigest {
        self.run.digest_key.digest_content(desired)
    }

    /// The content that the run sent of which a webhook of the target is the altered copy; `None` if it is not one, or
    /// has changed since.
    pub(super) fn sent_content_of(&self, found: &StrippedWebhook) -> Option<ContentDigest> {
        let copy = self.copy_with_id_of(found)?;
        self.is_unchanged(copy, found).then_some(copy.sent)
    }

    /// The same for a copy that has changed since.
    pub(super) fn sent_content_of_changed(&self, found: &StrippedWebhook) -> Option<ContentDigest> {
        let copy = self.copy_with_id_of(found)?;
        (!self.is_unchanged(copy, found)).then_some(copy.sent)
    }

    /// Whether the births of a copy and of the webhook that has its id are both known, so that they are the same one.
    pub(super) fn has_known_birth(&self, found: &StrippedWebhook) -> bool {
        let recorded = self.copy_with_id_of(found).and_then(|copy| copy.birth);
        recorded.is_some() && found.original().birth().is_some()
    }

    /// The copy with the id of a webhook of the target, unless that is another webhook by its birth.
    fn copy_with_id_of(&self, found: &StrippedWebhook) -> Option<&'k AlteredCopy> {
        let copy = self.by_id.get(found.id()?).copied()?;
        (!is_another_birth(copy.birth, found.original().birth())).then_some(copy)
    }

    fn is_unchanged(&self, copy: &AlteredCopy, found: &StrippedWebhook) -> bool {
        let content = found.content();
        content.is_some_and(|content| self.run.digest_key.digest_content(content) == copy.kept)
    }
}

impl<'k> UncertainSends<'k> {
    /// Removes one uncertain send of a content and returns its run and the reason; `None` if there is none left.
    pub(super) fn take(&mut self, desired: Content) -> Option<(&'k RunKnowledge, &'k str)> {
        self.runs.iter_mut().find_map(|of_run| {
            let digest = of_run.run.digest_key.digest_content(desired);
            let why = of_run.reasons.get_mut(&digest)?.pop()?;
            Some((of_run.run, why))
        })
    }
}
