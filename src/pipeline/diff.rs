//! Symmetric comparison of two readings: what both sides have, what only one has, and what differs.
//! Pure. Counts copies, and reports webhooks as ambiguous if they can be paired in more than one way.

use super::pairing::{PairingGroup, TieredPairing, interchangeable, one_and_one};
use super::plan::{Difference, differences, undocumented_differences};
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::content::{Fingerprint, carried_digest, documented_digest};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::WebhookId;

/// One webhook of either side, or a pair with one from each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffEntry {
    /// The left webhook's index in the left reading; `None` if only the right side has it.
    pub left: Option<usize>,
    /// The right webhook's index in the right reading; `None` if only the left side has it.
    pub right: Option<usize>,
    /// The result of the comparison.
    pub kind: Comparison,
}

/// The result of comparing one webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// Both sides have it, with equal content.
    Same,
    /// Both sides have it, with these differences. In each, `source` is the left side and `target` the right
    /// side.
    Different(Vec<Difference>),
    /// Only the left side has it.
    OnlyLeft,
    /// Only the right side has it.
    OnlyRight,
    /// Several webhooks have its alias and type, so it is unclear which ones correspond.
    Ambiguous,
}

/// Compares two readings.
///
/// Set `by_id` if both readings are of one account, where equal ids are the same webhook. The server's own state, which
/// `state_keys` decides, does not count.
pub fn diff(
    left: &Stripped,
    right: &Stripped,
    by_id: bool,
    state_keys: &StateKeys,
) -> Vec<DiffEntry> {
    let (left, right) = (left.webhooks(), right.webhooks());
    let mut pairing = TieredPairing::new(left, right);
    let mut pairs = Vec::new();
    if by_id {
        let mark = |webhook: &StrippedWebhook| Some((webhook.id().cloned()?, webhook.type_id()));
        pairs = pairing.tier(mark, mark, interchangeable).pairs;
    }
    let identity = |webhook: &StrippedWebhook| Some(identity_digest(webhook));
    let carried = |webhook: &StrippedWebhook| carried_digest(webhook.bare(), state_keys);
    pairs.extend(pairing.pair_copies(identity, identity, carried, carried));
    let by_key = pairing.tier(StrippedWebhook::key, StrippedWebhook::key, one_and_one);
    pairs.extend(by_key.pairs);
    let comparison = ReadingComparison {
        state_keys,
        left,
        right,
    };
    comparison.entries(&pairs, &by_key.ambiguous)
}

/// A fingerprint that two webhooks share if and only if their documented members are identical.
fn identity_digest(webhook: &StrippedWebhook) -> Fingerprint {
    let content = webhook.content().map(|content| content.whole);
    content.unwrap_or_else(|| documented_digest(webhook.bare(), None))
}

struct ReadingComparison<'d> {
    state_keys: &'d StateKeys,
    left: &'d [StrippedWebhook],
    right: &'d [StrippedWebhook],
}

impl ReadingComparison<'_> {
    /// An entry for each webhook of the left side, then for each that only the right side has.
    fn entries(&self, pairs: &[(usize, usize)], ambiguous: &[PairingGroup]) -> Vec<DiffEntry> {
        let mut of_left = vec![Comparison::OnlyLeft; self.left.len()];
        let mut of_right = vec![Some(Comparison::OnlyRight); self.right.len()];
        for group in ambiguous {
            for left_ix in &group.left {
                of_left[*left_ix] = Comparison::Ambiguous;
            }
            for right_ix in &group.right {
                of_right[*right_ix] = Some(Comparison::Ambiguous);
            }
        }
        let mut partners = vec![None; self.left.len()];
        for (left_ix, right_ix) in pairs {
            of_left[*left_ix] = self.compare_pair(*left_ix, *right_ix);
            of_right[*right_ix] = None;
            partners[*left_ix] = Some(*right_ix);
        }
        let left_entry = |(left_ix, kind)| DiffEntry {
            left: Some(left_ix),
            right: partners[left_ix],
            kind,
        };
        let right_entry = |(right_ix, kind): (usize, Option<Comparison>)| {
            Some(DiffEntry {
                left: None,
                right: Some(right_ix),
                kind: kind?,
            })
        };
        let left = of_left.into_iter().enumerate().map(left_entry);
        let right = of_right.into_iter().enumerate().filter_map(right_entry);
        left.chain(right).collect()
    }

    fn compare_pair(&self, left_ix: usize, right_ix: usize) -> Comparison {
        let (left, right) = (&self.left[left_ix], &self.right[right_ix]);
        let mut found = undocumented_differences(left.bare(), right.bare(), self.state_keys);
        if identity_digest(left) != identity_digest(right) {
            found.splice(0..0, differences(left.bare(), right.bare()));
        } else if found.is_empty() {
            return Comparison::Same;
        }
        Comparison::Different(found)
    }
}

impl DiffEntry {
    /// The id of the webhook on each side, where it is on that side and has one.
    pub fn ids<'s>(
        &self,
        left: &'s Stripped,
        right: &'s Stripped,
    ) -> (Option<&'s WebhookId>, Option<&'s WebhookId>) {
        (
            self.left.and_then(|left_ix| left.webhooks()[left_ix].id()),
            self.right
                .and_then(|right_ix| right.webhooks()[right_ix].id()),
        )
    }
}
