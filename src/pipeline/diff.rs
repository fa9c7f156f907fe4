//! Symmetric comparison of two readings: what both sides have, what only one has, and what differs.
//! Pure. Counts copies, and reports webhooks as ambiguous if they can be paired in more than one way.

use super::plan::{Difference, difference, unknown_difference};
use super::strip::{Key, Stripped, StrippedWebhook};
use crate::coralogix::content::{Fingerprint, shown};
use crate::coralogix::webhook::WebhookId;
use std::collections::{BTreeMap, HashMap, HashSet};

/// One webhook of either side, or a pair with one from each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
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
/// Set `by_id` if both readings are of one account, where equal ids are the same webhook.
pub fn diff(left: &Stripped, right: &Stripped, by_id: bool) -> Vec<Entry> {
    let mut pairing = Pairing {
        left: left.webhooks(),
        right: right.webhooks(),
        of_left: vec![None; left.webhooks().len()],
        of_right: vec![None; right.webhooks().len()],
    };
    if by_id {
        pairing.pair(|webhook| Some((webhook.id().cloned()?, webhook.type_id())));
    }
    pairing.pair(|webhook| Some(identity(webhook)));
    let ambiguous = pairing.pair_unique();
    pairing.entries(&ambiguous)
}

/// A fingerprint that two webhooks share if and only if they are identical.
fn identity(webhook: &StrippedWebhook) -> Fingerprint {
    let content = webhook.content().map(|content| content.whole);
    content.unwrap_or_else(|| shown(webhook.bare(), None))
}

struct Pairing<'d> {
    left: &'d [StrippedWebhook],
    right: &'d [StrippedWebhook],
    of_left: Vec<Option<usize>>,
    of_right: Vec<Option<usize>>,
}

impl Pairing<'_> {
    /// Pairs unpaired webhooks that share a mark, in the order of their sides. Webhooks without a mark stay
    /// unpaired.
    fn pair<M: std::hash::Hash + Eq>(&mut self, mark: impl Fn(&StrippedWebhook) -> Option<M>) {
        let mut free: HashMap<M, Vec<usize>> = HashMap::new();
        for (at, webhook) in self.right.iter().enumerate().rev() {
            if let (None, Some(mark)) = (self.of_right[at], mark(webhook)) {
                free.entry(mark).or_default().push(at);
            }
        }
        for (at, webhook) in self.left.iter().enumerate() {
            if self.of_left[at].is_some() {
                continue;
            }
            let found = mark(webhook).and_then(|mark| free.get_mut(&mark)?.pop());
            if let Some(other) = found {
                self.of_left[at] = Some(other);
                self.of_right[other] = Some(at);
            }
        }
    }

    /// Pairs the unpaired webhooks that are the only one with their alias and type on both sides.
    ///
    /// Returns those that are not: both sides have some with that alias and type, and at least one has
    /// several.
    fn pair_unique(&mut self) -> Ambiguous {
        let mut groups: BTreeMap<Key, (Vec<usize>, Vec<usize>)> = BTreeMap::new();
        for at in (0..self.left.len()).filter(|at| self.of_left[*at].is_none()) {
            if let Some(key) = self.left[at].key() {
                groups.entry(key).or_default().0.push(at);
            }
        }
        for at in (0..self.right.len()).filter(|at| self.of_right[*at].is_none()) {
            if let Some(group) = self.right[at].key().and_then(|key| groups.get_mut(&key)) {
                group.1.push(at);
            }
        }
        let mut ambiguous = Ambiguous::default();
        for (left, right) in groups.into_values() {
            match (left.as_slice(), right.as_slice()) {
                (_, []) => {}
                ([at], [other]) => {
                    self.of_left[*at] = Some(*other);
                    self.of_right[*other] = Some(*at);
                }
                _ => {
                    ambiguous.left.extend(left);
                    ambiguous.right.extend(right);
                }
            }
        }
        ambiguous
    }

    fn entries(&self, ambiguous: &Ambiguous) -> Vec<Entry> {
        let left = self.of_left.iter().enumerate().map(|(at, other)| Entry {
            left: Some(at),
            right: *other,
            kind: match other {
                Some(other) => self.compared(at, *other),
                None if ambiguous.left.contains(&at) => Comparison::Ambiguous,
                None => Comparison::OnlyLeft,
            },
        });
        let alone = |(at, other): (usize, &Option<usize>)| {
            let kind = if ambiguous.right.contains(&at) {
                Comparison::Ambiguous
            } else {
                Comparison::OnlyRight
            };
            let right = Some(at);
            other.is_none().then_some(Entry {
                left: None,
                right,
                kind,
            })
        };
        let right = self.of_right.iter().enumerate().filter_map(alone);
        left.chain(right).collect()
    }

    fn compared(&self, at: usize, other: usize) -> Comparison {
        let (left, right) = (&self.left[at], &self.right[other]);
        let mut found = unknown_difference(left.bare(), right.bare());
        if identity(left) != identity(right) {
            found.splice(0..0, difference(left.bare(), right.bare()));
        } else if found.is_empty() {
            return Comparison::Same;
        }
        Comparison::Different(found)
    }
}

/// Indexes of the webhooks that cannot be paired because several have their alias and type.
#[derive(Default)]
struct Ambiguous {
    left: HashSet<usize>,
    right: HashSet<usize>,
}

impl Entry {
    /// The id of the webhook on each side, where it is on that side and has one.
    pub fn ids<'s>(
        &self,
        left: &'s Stripped,
        right: &'s Stripped,
    ) -> (Option<&'s WebhookId>, Option<&'s WebhookId>) {
        (
            self.left.and_then(|at| left.webhooks()[at].id()),
            self.right.and_then(|at| right.webhooks()[at].id()),
        )
    }
}
