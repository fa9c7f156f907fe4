//! Webhooks that an earlier run wrote, that the server altered, and that somebody changed since: neither their content
//! nor their alias need tie them to the source any more, but their ids and births are on record.

use super::Matching;
use crate::coralogix::birth::{Identity, IdentityMatch};
use crate::pipeline::pairing::{GroupDecision, PairingGroup};
use crate::pipeline::plan::PriorKnowledge;
use crate::pipeline::plan::prior_knowledge::AlteredCopies;
use crate::pipeline::rewrite::PortableWebhook;
use crate::pipeline::strip::StrippedWebhook;

impl Matching<'_> {
    /// Marks what earlier runs wrote, and somebody changed since, as conflicts; what a newer run knows counts first.
    pub(super) fn pair_changed_copies(&mut self, known: &PriorKnowledge) {
        let (desired, target) = (self.desired, self.target);
        for run in known.runs_with_altered_copies() {
            let decide = |group: &PairingGroup| {
                // All of the left side have the same content.
                let webhook = &desired[group.left[0]];
                let mut copies = group.right.iter().map(|target_ix| &target[*target_ix]);
                if copies.all(|found| is_same_webhook(&run, webhook, found)) {
                    GroupDecision::Pair
                } else {
                    GroupDecision::Ambiguous
                }
            };
            let tier = self.pairing.tier(
                |webhook| Some(run.digest_sent(webhook.content()?)),
                |found| run.sent_content_of_changed(found),
                decide,
            );
            let run_id = run.run_id();
            for (step_ix, target_ix) in tier.pairs {
                let reason = format!("it has changed in the target since run {run_id}");
                self.mark_conflict(step_ix, target_ix, &reason);
            }
            for group in tier.ambiguous {
                let reason = format!(
                    "in run {run_id} it had the id {}, which shows something else now, and not when that was created: it may have changed, or be another webhook",
                    self.format_ids(&group.right)
                );
                self.mark_ambiguous(&group, &reason);
            }
        }
    }
}

/// Whether the webhook of the target that has the id of a copy of `webhook` is that copy, although it has changed.
fn is_same_webhook(
    run: &AlteredCopies<'_>,
    webhook: &PortableWebhook,
    found: &StrippedWebhook,
) -> bool {
    // What is to be sent has no birth, so type, alias and url decide.
    let by_content = || Identity::of(webhook.bare()).compare(&Identity::of(found.original()));
    run.has_known_birth(found) || by_content() == IdentityMatch::Same
}
