//! The index of a step: how a plan, the push that carries it out, and the record of the run name one webhook.

use serde::{Deserialize, Serialize};
use std::fmt::{self, Display, Formatter};

/// The index of a step, counted from 0 in the order of the plan.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct StepIx(usize);

impl StepIx {
    /// The position in a list with an entry for each step of the plan.
    pub fn get(self) -> usize {
        self.0
    }
}

impl From<usize> for StepIx {
    fn from(ix: usize) -> Self {
        Self(ix)
    }
}

impl Display for StepIx {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
