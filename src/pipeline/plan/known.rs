//! Knowledge from earlier runs about the target: which of its webhooks are copies that the server altered,
//! and which contents were sent with an unknown result.

use crate::coralogix::content::Content;
use crate::coralogix::sealed::{Sealed, Sealer};
use crate::coralogix::webhook::WebhookId;
use std::collections::HashMap;

/// Knowledge from all earlier runs, the newest run last.
#[derive(Debug, Default)]
pub struct Known {
    memories: Vec<Memory>,
    /// Whether an id identifies the same webhook on both sides.
    pub(super) has_equal_ids: bool,
}

/// Knowledge from one earlier run.
#[derive(Debug)]
pub struct Memory {
    /// The run's id.
    pub run: String,
    /// The key of the content digests in that run's record.
    pub sealer: Sealer,
    /// Webhooks that the server altered: the id, the digest of the content sent, and that of the content stored.
    pub altered: Vec<(WebhookId, Sealed, Sealed)>,
    /// Digests of contents that were sent without it being known whether they arrived, each with the reason.
    pub doubtful: Vec<(Sealed, String)>,
}

/// An index of [`Known`] by content digest, newest run first.
pub(super) struct Lookup<'k> {
    memories: Vec<Indexed<'k>>,
}

struct Indexed<'k> {
    memory: &'k Memory,
    altered: HashMap<Sealed, Vec<(&'k WebhookId, Sealed)>>,
    doubtful: HashMap<Sealed, Vec<&'k str>>,
}

impl Known {
    /// No earlier runs.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// Declares that the source is a backup of the target itself, so that an id identifies the same webhook
    /// on both sides.
    #[must_use]
    pub fn with_equal_ids(self) -> Self {
        Self {
            has_equal_ids: true,
            ..self
        }
    }

    /// Adds the knowledge from a newer run; drops it if it is empty.
    pub fn add(&mut self, memory: Memory) {
        if !memory.altered.is_empty() || !memory.doubtful.is_empty() {
            self.memories.push(memory);
        }
    }

    pub(super) fn lookup(&self) -> Lookup<'_> {
        let memories = self.memories.iter().rev().map(|memory| {
            let mut altered: HashMap<Sealed, Vec<(&WebhookId, Sealed)>> = HashMap::new();
            for (id, sent, kept) in &memory.altered {
                altered.entry(*sent).or_default().push((id, *kept));
            }
            let mut doubtful: HashMap<Sealed, Vec<&str>> = HashMap::new();
            for (sent, why) in &memory.doubtful {
                doubtful.entry(*sent).or_default().push(why);
            }
            Indexed {
                memory,
                altered,
                doubtful,
            }
        });
        Lookup {
            memories: memories.collect(),
        }
    }
}

impl<'k> Lookup<'k> {
    /// Finds a webhook of the target that is a recorded altered copy of a content; returns its id and the run
    /// that recorded it.
    ///
    /// `found` returns the current content of a webhook that still exists and is not yet matched.
    pub(super) fn altered_copy(
        &self,
        wanted: Content,
        found: impl Fn(&WebhookId) -> Option<Content>,
    ) -> Option<(&'k WebhookId, &'k str)> {
        self.memories.iter().find_map(|indexed| {
            if indexed.altered.is_empty() {
                return None;
            }
            let sealer = &indexed.memory.sealer;
            let copies = indexed.altered.get(&sealer.content(wanted))?;
            let is_as_left =
                |id, kept| found(id).is_some_and(|content| sealer.content(content) == kept);
            let (id, _) = copies.iter().find(|(id, kept)| is_as_left(id, *kept))?;
            Some((*id, indexed.memory.run.as_str()))
        })
    }

    /// Removes one uncertain send of a content and returns its run and the reason; `None` if there is none left.
    pub(super) fn take_doubt(&mut self, wanted: Content) -> Option<(&'k str, &'k str)> {
        self.memories.iter_mut().find_map(|indexed| {
            if indexed.doubtful.is_empty() {
                return None;
            }
            let sealed = indexed.memory.sealer.content(wanted);
            let why = indexed.doubtful.get_mut(&sealed)?.pop()?;
            Some((indexed.memory.run.as_str(), why))
        })
    }
}
