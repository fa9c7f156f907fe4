//! What a push puts on record while it works: before a request what is sent, after it what became of it.
//! Without a note that was taken down safely, nothing is sent.

use super::fate::{Fate, Proof};
use crate::coralogix::content::Content;
use crate::coralogix::webhook::WebhookId;
use crate::error::Error;

/// Takes down notes so that they outlive the process, power cuts included.
pub trait Journal: Send {
    /// Takes down one note; when it returns without an error, the note is safe.
    fn note(&mut self, note: &Note) -> Result<(), Error>;
}

/// One note; webhooks are named by their place in the plan.
#[derive(Debug, Clone)]
pub enum Note {
    /// These are about to be sent in one request.
    Sending(Vec<usize>),
    /// What became of some that were sent.
    Learned(Vec<(usize, Learned)>),
}

/// What became of one webhook that was sent.
#[derive(Debug, Clone)]
pub enum Learned {
    /// The target has it under that id.
    Arrived {
        /// The number that it has in the target.
        id: WebhookId,
        /// How that is known.
        proof: Proof,
        /// What the target keeps of it, where that was shown and is not what was sent.
        kept: Option<Content>,
    },
    /// It is known not to have arrived, and may be sent again.
    Returned,
    /// The push is done with it, and it did not arrive.
    Over,
    /// It cannot be told whether it arrived; the text says why.
    Unresolved(String),
}

impl Learned {
    /// What a fate means for the record; `kept` is what the target shows of it instead of what was sent.
    pub(super) fn of(fate: &Fate, kept: Option<&Content>) -> Self {
        match fate {
            Fate::Created { id, proof } | Fate::Updated { id, proof } => Self::Arrived {
                id: id.clone(),
                proof: *proof,
                kept: kept.copied(),
            },
            Fate::Unresolved(why) => Self::Unresolved(why.clone()),
            Fate::NotSeen => Self::Unresolved("sent, and not seen".to_owned()),
            Fate::Appeared(_)
            | Fate::Refused(_)
            | Fate::Ignored
            | Fate::Vanished(_)
            | Fate::NotSent => Self::Over,
        }
    }
}
