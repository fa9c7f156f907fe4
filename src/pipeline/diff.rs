//! Symmetric comparison of two readings: what both sides have, what only one has, and what differs.
//! Pure. Counts copies, and reports webhooks as ambiguous if they can be paired in more than one way.

use super::plan::{Difference, differences, undocumented_differences};
use super::strip::{Key, Stripped, StrippedWebhook};
use crate::coralogix::content::{Fingerprint, documented_digest};
use crate::coralogix::undocumented::StateKeys;
use crate::coralogix::webhook::WebhookId;
use std::collections::{BTreeMap, HashMap, HashSet};

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
    let mut pairing = Pairing {
        state_keys,
        left: left.webhooks(),
        right: right.webhooks(),
        match_of_left: vec![None; left.webhooks().len()],
        match_of_right: vec![None; right.webhooks().len()],
    };
    if by_id {
        pairing.pair_by(|webhook| Some((webhook.id().cloned()?, webhook.type_id())));
    }
    pairing.pair_by(|webhook| Some(identity_digest(webhook)));
    let ambiguous = pairing.pair_unique();
    pairing.entries(&ambiguous)
}

/// A fingerprint that two webhooks share if and only if their documented members are identical.
fn identity_digest(webhook: &StrippedWebhook) -> Fingerprint {
    let content = webhook.content().map(|content| content.whole);
    content.unwrap_or_else(|| documented_digest(webhook.bare(), None))
}

struct Pairing<'d> {
    state_keys: &'d StateKeys,
    left: &'d [StrippedWebhook],
    right: &'d [StrippedWebhook],
    match_of_left: Vec<Option<usize>>,
    match_of_right: Vec<Option<usize>>,
}

impl Pairing<'_> {
    /// Pairs unpaired webhooks that share a mark, in the order of their sides. Webhooks without a mark stay
    /// unpaired.
    fn pair_by<M: std::hash::Hash + Eq>(&mut self, key_of: impl Fn(&StrippedWebhook) -> Option<M>) {
        let mut free: HashMap<M, Vec<usize>> = HashMap::new();
        for (right_ix, webhook) in self.right.iter().enumerate().rev() {
            if let (None, Some(key)) = (self.match_of_right[right_ix], key_of(webhook)) {
                free.entry(key).or_default().push(right_ix);
            }
        }
        for (left_ix, webhook) in self.left.iter().enumerate() {
            if self.match_of_left[left_ix].is_some() {
                continue;
            }
            let partner = key_of(webhook).and_then(|key| free.get_mut(&key)?.pop());
            if let Some(right_ix) = partner {
                self.match_of_left[left_ix] = Some(right_ix);
                self.match_of_right[right_ix] = Some(left_ix);
            }
        }
    }

    /// Pairs the unpaired webhooks that are the only one with their alias and type on both sides.
    ///
    /// Returns those that are not: both sides have some with that alias and type, and at least one has
    /// several.
    fn pair_unique(&mut self) -> AmbiguousIxs {
        let mut groups: BTreeMap<Key, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for left_ix in (0..self.left.len()).filter(|left_ix| self.match_of_left[*left_ix].is_none())
        {
            if let Some(key) = self.left[left_ix].key() {
                groups.entry(key).or_default().0.push(left_ix);
            }
        }
        for right_ix in
            (0..self.right.len()).filter(|right_ix| self.match_of_right[*right_ix].is_none())
        {
            if let Some(group) = self.right[right_ix]
                .key()
                .and_then(|key| groups.get_mut(&key))
            {
                group.1.push(right_ix);
            }
        }
        let mut ambiguous = AmbiguousIxs::default();
        for (left, right) in groups.into_values() {
            match (left.as_slice(), right.as_slice()) {
                (_, []) => {}
                ([left_ix], [right_ix]) => {
                    self.match_of_left[*left_ix] = Some(*right_ix);
                    self.match_of_right[*right_ix] = Some(*left_ix);
                }
                _ => {
                    ambiguous.left.extend(left);
                    ambiguous.right.extend(right);
                }
            }
        }
        ambiguous
    }

    fn entries(&self, ambiguous: &AmbiguousIxs) -> Vec<DiffEntry> {
        let left = self
            .match_of_left
            .iter()
            .enumerate()
            .map(|(left_ix, match_ix)| DiffEntry {
                left: Some(left_ix),
                right: *match_ix,
                kind: match match_ix {
                    Some(other) => self.compare_pair(left_ix, *other),
                    None if ambiguous.left.contains(&left_ix) => Comparison::Ambiguous,
                    None => Comparison::OnlyLeft,
                },
            });
        let right_only_entry = |(right_ix, match_ix): (usize, &Option<usize>)| {
            let kind = if ambiguous.right.contains(&right_ix) {
                Comparison::Ambiguous
            } else {
                Comparison::OnlyRight
            };
            let right = Some(right_ix);
            match_ix.is_none().then_some(DiffEntry {
                left: None,
                right,
                kind,
            })
        };
        let right = self
            .match_of_right
            .iter()
            .enumerate()
            .filter_map(right_only_entry);
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

/// Indexes of the webhooks that cannot be paired because several have their alias and type.
#[derive(Default)]
struct AmbiguousIxs {
    left: HashSet<usize>,
    right: HashSet<usize>,
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
