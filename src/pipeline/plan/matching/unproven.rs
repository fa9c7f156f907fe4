//! Webhooks that an earlier run with another API key may have written already: nobody can compare their contents, so
//! they are ambiguous instead of created once more.

use super::Matching;
use crate::coralogix::birth::is_another_birth;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::prior_knowledge::UnprovenRun;
use crate::pipeline::plan::{Step, StepState};
use crate::pipeline::strip::Key;
use std::collections::HashMap;

impl Matching<'_> {
    /// Marks what one of these runs may have written as ambiguous, where nothing in the target is its counterpart.
    pub(super) fn hold_back_unproven(&mut self, runs: &[UnprovenRun]) {
        if runs.is_empty() {
            return;
        }
        let in_target = self.target.iter().enumerate();
        let by_id: HashMap<&WebhookId, usize> = in_target
            .filter_map(|(target_ix, webhook)| Some((webhook.id()?, target_ix)))
            .collect();
        for step_ix in self.pairing.open_left() {
            let Some(key) = self.desired[step_ix].key() else {
                continue;
            };
            let held_back = runs.iter().rev().find_map(|run| {
                self.find_unproven_copy(&key, run, &by_id)
                    .or_else(|| self.find_open_send(&key, run, &by_id))
            });
            if let Some((target_ix, reason)) = held_back {
                self.steps[step_ix] = Some(Step::new(StepState::Ambiguous, reason));
                self.pairing.close_left(step_ix);
                self.pairing.close_right(target_ix);
            }
        }
    }

    /// The webhook of the target that the run wrote with this alias and type, whatever its alias and content are now.
    fn find_unproven_copy(
        &self,
        key: &Key,
        run: &UnprovenRun,
        by_id: &HashMap<&WebhookId, usize>,
    ) -> Option<(usize, String)> {
        let mut copies = run.copies.get(key)?.iter();
        let target_ix = copies.find_map(|copy| {
            let target_ix = *by_id.get(&copy.id)?;
            let birth = self.target[target_ix].original().birth();
            let is_it =
                self.pairing.is_right_open(target_ix) && !is_another_birth(copy.birth, birth);
            is_it.then_some(target_ix)
        })?;
        let reason = format!(
            "run {run} wrote it as webhook {id}, which has another alias now. That run used another API key, so nothing proves who changed it: use that key, or remove webhook {id}",
            run = run.run_id,
            id = self.format_ids(&[target_ix]),
        );
        Some((target_ix, reason))
    }

    /// A new webhook of the same type, where the run does not know whether what it sent with this alias arrived.
    fn find_open_send(
        &self,
        key: &Key,
        run: &UnprovenRun,
        by_id: &HashMap<&WebhookId, usize>,
    ) -> Option<(usize, String)> {
        if !run.open.contains(key) {
            return None;
        }
        let new = run.new_ids.iter().filter_map(|id| by_id.get(id));
        let may_be_it = |target_ix: &&usize| {
            self.pairing.is_right_open(**target_ix)
                && self.target[**target_ix].type_id() == Some(key.type_id)
        };
        let target_ix = *new.into_iter().find(may_be_it)?;
        let reason = format!(
            "run {run} sent it with another API key, and whether it arrived is unknown: webhook {id} is new since then and may be it. Once you have checked that it is not, run `{close}`",
            run = run.run_id,
            close = run.close_command,
            id = self.format_ids(&[target_ix]),
        );
        Some((target_ix, reason))
    }
}
