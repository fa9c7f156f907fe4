//! What earlier runs have taught about the target: which of its webhooks are copies that the server altered,
//! and of which wanted webhooks nobody can tell whether they arrived.

use crate::coralogix::content::Content;
use crate::coralogix::sealed::{Sealed, Sealer};
use crate::coralogix::webhook::WebhookId;
use std::collections::HashMap;

/// What all earlier runs have taught, the newest run last.
#[derive(Debug, Default)]
pub struct Known {
    memories: Vec<Memory>,
    /// Whether an id means the same webhook on both sides.
    pub(super) has_equal_ids: bool,
}

/// What one earlier run has taught.
#[derive(Debug)]
pub struct Memory {
    /// The run.
    pub run: String,
    /// What seals contents as that run's record has them.
    pub sealer: Sealer,
    /// Webhooks that the server altered: the id, the content that was sent, and what the server made of it.
    pub altered: Vec<(WebhookId, Sealed, Sealed)>,
    /// Contents that were sent and of which it cannot be told whether they arrived, with the reason.
    pub doubtful: Vec<(Sealed, String)>,
}

/// Earlier knowledge in the form in which a plan asks for it.
pub(super) struct Lookup<'k> {
    memories: Vec<Indexed<'k>>,
}

struct Indexed<'k> {
    memory: &'k Memory,
    altered: HashMap<Sealed, Vec<(&'k WebhookId, Sealed)>>,
    doubtful: HashMap<Sealed, Vec<&'k str>>,
}

impl Known {
    /// What nobody knows anything about.
    pub fn nothing() -> Self {
        Self::default()
    }

    /// The same where the source is a backup of the target itself: there an id means the same webhook on both sides.
    #[must_use]
    pub fn with_equal_ids(self) -> Self {
        Self {
            has_equal_ids: true,
            ..self
        }
    }

    /// Adds what a newer run has taught.
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
    /// The first of the target's webhooks that is known to be the altered copy of a content, with the run that knows it.
    ///
    /// `found` gives the content of an id that is still there and not taken.
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

    /// Takes one doubt about a content, if there is one left: the run that left it open, and why.
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
