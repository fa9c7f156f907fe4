//! The steps of a plan as the rows that a journal keeps of them, each made when it is needed.

use super::step_row::StepRow;
use crate::coralogix::digest::DigestKey;
use crate::pipeline::plan::Plan;
use serde::{Serialize, Serializer};
use std::sync::Arc;

/// The rows of a plan: they are never all in memory while a run needs it for its requests.
#[derive(Debug, Clone)]
pub struct StepRows<'p> {
    plan: &'p Plan,
    /// `None` for rows without digests, of a run that has nothing to write.
    digest_key: Option<Arc<DigestKey>>,
}

impl<'p> StepRows<'p> {
    pub(super) fn new(plan: &'p Plan, digest_key: Option<Arc<DigestKey>>) -> Self {
        Self { plan, digest_key }
    }

    /// The number of steps.
    pub fn n_steps(&self) -> usize {
        self.plan.counts().total()
    }

    /// Each row, in the plan's order.
    pub fn iter(&self) -> impl Iterator<Item = StepRow> {
        let digest_key = self.digest_key.as_deref();
        let steps = self.plan.steps();
        steps.map(move |(webhook, step)| StepRow::new(self.plan, webhook, step, digest_key))
    }

    /// Each row with no more than an outcome shows of it, in the plan's order.
    pub(super) fn outlines(&self) -> impl Iterator<Item = StepRow> {
        let steps = self.plan.steps();
        steps.map(|(webhook, step)| StepRow::outline(webhook, step))
    }
}

impl Serialize for StepRows<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}
