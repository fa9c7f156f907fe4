//! Pairing: which webhooks of two sides belong together, found in tiers, the strongest evidence first.
//! Pure. Knows neither webhooks nor policies: each caller passes the marks that tie webhooks together, and what follows.
//!
//! A tier takes time in proportion to the webhooks, however many share a mark. What it decides does not depend on their
//! order, except among webhooks that nothing tells apart.

use foldhash::HashMap;
use std::fmt::Write as _;
use std::hash::Hash;

/// The most webhooks that one message names: each of many webhooks may have many candidates.
const MAX_NAMED: usize = 20;

/// What becomes of the open webhooks of both sides that share a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupDecision {
    /// They are pairs, in the order of their sides; what one side has too many stays open.
    Pair,
    /// They can be paired in more than one way, so that no later tier may pair them either.
    Ambiguous,
    /// The mark proves nothing here: a later tier decides.
    Leave,
}

/// The open webhooks that share a mark; at least one of each side, by their indexes in ascending order.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct PairingGroup {
    pub(super) left: Vec<usize>,
    pub(super) right: Vec<usize>,
}

/// What one tier decided, in the order of the left side.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tier {
    /// The indexes of each pair in the left and in the right side.
    pub(super) pairs: Vec<(usize, usize)>,
    pub(super) ambiguous: Vec<PairingGroup>,
}

/// Pairs the webhooks of two sides one to one; what a tier has paired or found ambiguous is closed to later tiers.
pub(super) struct TieredPairing<'s, L, R> {
    left: &'s [L],
    right: &'s [R],
    is_left_open: Vec<bool>,
    is_right_open: Vec<bool>,
}

/// Decides that a mark that only one webhook of each side has makes them a pair, and that all others are ambiguous.
pub(super) fn one_and_one(group: &PairingGroup) -> GroupDecision {
    if group.is_one_and_one() {
        GroupDecision::Pair
    } else {
        GroupDecision::Ambiguous
    }
}

/// Decides that webhooks with a mark are interchangeable, so that their number alone counts.
pub(super) fn interchangeable(_: &PairingGroup) -> GroupDecision {
    GroupDecision::Pair
}

impl PairingGroup {
    /// Whether no other webhook of either side has the mark.
    pub(super) fn is_one_and_one(&self) -> bool {
        self.left.len() == 1 && self.right.len() == 1
    }

    fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        let (left, right) = (self.left.iter(), self.right.iter());
        left.copied().zip(right.copied())
    }
}

impl<'s, L, R> TieredPairing<'s, L, R> {
    /// Starts with all webhooks of both sides open.
    pub(super) fn new(left: &'s [L], right: &'s [R]) -> Self {
        Self {
            left,
            right,
            is_left_open: vec![true; left.len()],
            is_right_open: vec![true; right.len()],
        }
    }

    /// Takes a webhook of the left side out of the pairing.
    pub(super) fn close_left(&mut self, left_ix: usize) {
        self.is_left_open[left_ix] = false;
    }

    /// Takes a webhook of the right side out of the pairing.
    pub(super) fn close_right(&mut self, right_ix: usize) {
        self.is_right_open[right_ix] = false;
    }

    /// Whether no tier has paired a webhook of the right side, or found it ambiguous.
    pub(super) fn is_right_open(&self, right_ix: usize) -> bool {
        self.is_right_open[right_ix]
    }

    /// The indexes of the left side's open webhooks.
    pub(super) fn open_left(&self) -> Vec<usize> {
        open_ixs(&self.is_left_open).collect()
    }

    /// The indexes of the right side's open webhooks.
    pub(super) fn open_right(&self) -> Vec<usize> {
        open_ixs(&self.is_right_open).collect()
    }

    /// Groups the open webhooks by their marks, and does with each group what `decide` says. A webhook without a mark
    /// stays open.
    pub(super) fn tier<M: Hash + Eq>(
        &mut self,
        left_mark: impl Fn(&'s L) -> Option<M>,
        right_mark: impl Fn(&'s R) -> Option<M>,
        decide: impl Fn(&PairingGroup) -> GroupDecision,
    ) -> Tier {
        let mut tier = Tier::default();
        for group in self.groups(left_mark, right_mark) {
            match decide(&group) {
                GroupDecision::Pair => tier.pairs.extend(group.pairs()),
                GroupDecision::Ambiguous => tier.ambiguous.push(group),
                GroupDecision::Leave => {}
            }
        }
        self.close(&tier);
        tier
    }

    /// Pairs copies one for one: webhooks that share a mark, but first those that also agree in the details.
    ///
    /// Asks for details, which may be costly, only where more than one pair is possible.
    pub(super) fn pair_copies<M: Hash + Eq, D: Hash + Eq>(
        &mut self,
        left_mark: impl Fn(&'s L) -> Option<M>,
        right_mark: impl Fn(&'s R) -> Option<M>,
        left_details: impl Fn(&'s L) -> D,
        right_details: impl Fn(&'s R) -> D,
    ) -> Vec<(usize, usize)> {
        let mut tier = Tier::default();
        for group in self.groups(left_mark, right_mark) {
            if group.is_one_and_one() {
                tier.pairs.extend(group.pairs());
                continue;
            }
            let mut copies = TieredPairing::new(&group.left, &group.right);
            let alike = copies.tier(
                |left_ix| Some(left_details(&self.left[*left_ix])),
                |right_ix| Some(right_details(&self.right[*right_ix])),
                interchangeable,
            );
            let others = copies.tier(|_| Some(()), |_| Some(()), interchangeable);
            let pairs = alike.pairs.into_iter().chain(others.pairs);
            tier.pairs
                .extend(pairs.map(|(left, right)| (group.left[left], group.right[right])));
        }
        self.close(&tier);
        tier.pairs
    }

    /// The groups in the order of their first webhooks of the left side.
    fn groups<M: Hash + Eq>(
        &self,
        left_mark: impl Fn(&'s L) -> Option<M>,
        right_mark: impl Fn(&'s R) -> Option<M>,
    ) -> Vec<PairingGroup> {
        let mut groups: HashMap<M, PairingGroup> = HashMap::default();
        for right_ix in open_ixs(&self.is_right_open) {
            if let Some(mark) = right_mark(&self.right[right_ix]) {
                groups.entry(mark).or_default().right.push(right_ix);
            }
        }
        // Usually one side has nothing open; then the marks of the other one are not worth their cost.
        if groups.is_empty() {
            return Vec::new();
        }
        for left_ix in open_ixs(&self.is_left_open) {
            let mark = left_mark(&self.left[left_ix]);
            if let Some(group) = mark.and_then(|mark| groups.get_mut(&mark)) {
                group.left.push(left_ix);
            }
        }
        let mut groups: Vec<PairingGroup> = groups.into_values().collect();
        groups.retain(|group| !group.left.is_empty());
        groups.sort_unstable_by_key(|group| group.left[0]);
        groups
    }

    fn close(&mut self, tier: &Tier) {
        for (left_ix, right_ix) in &tier.pairs {
            self.is_left_open[*left_ix] = false;
            self.is_right_open[*right_ix] = false;
        }
        for group in &tier.ambiguous {
            for left_ix in &group.left {
                self.is_left_open[*left_ix] = false;
            }
            for right_ix in &group.right {
                self.is_right_open[*right_ix] = false;
            }
        }
    }
}

fn open_ixs(is_open: &[bool]) -> impl Iterator<Item = usize> {
    let ixs = is_open.iter().enumerate();
    ixs.filter(|(_, is_open)| **is_open).map(|(ix, _)| ix)
}

/// Names candidates by their ids: the first ones, and how many more there are.
pub(super) fn name_candidates(ids: &[String]) -> String {
    let n_named = ids.len().min(MAX_NAMED);
    let mut text = ids[..n_named].join(", ");
    if ids.len() > n_named {
        let _ = write!(text, " and {} more", ids.len() - n_named);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{
        GroupDecision, Tier, TieredPairing, interchangeable, name_candidates, one_and_one,
    };
    use proptest::collection::vec;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// A webhook with few possible contents and keys, so that many share one.
    type Row = (u8, u8, u8);

    fn rows() -> impl Strategy<Value = Vec<Row>> {
        vec((0..4_u8, 0..3_u8, 0..3_u8), 0..12)
    }

    /// What two tiers decide: copies by content, then by key.
    fn pair(left: &[Row], right: &[Row]) -> (Vec<(usize, usize)>, Tier) {
        let mut pairing = TieredPairing::new(left, right);
        let content = |row: &Row| (row.0 > 0).then_some((row.0, row.1));
        let copies = pairing.pair_copies(content, content, |row| row.2, |row| row.2);
        let key = |row: &Row| Some(row.1);
        (copies, pairing.tier(key, key, one_and_one))
    }

    /// The decisions as sorted rows instead of indexes.
    fn rows_of(left: &[Row], right: &[Row]) -> impl PartialEq + std::fmt::Debug {
        let (copies, by_key) = pair(left, right);
        let rows = |pairs: &[(usize, usize)]| {
            let pair = |(l, r): &(usize, usize)| (left[*l], right[*r]);
            let mut rows: Vec<(Row, Row)> = pairs.iter().map(pair).collect();
            rows.sort_unstable();
            rows
        };
        // Which of several that have no equal pairs with which is open; only their marks are not.
        let marks = |pairs: &[(usize, usize)]| {
            let is_alike = |(l, r): &&(usize, usize)| left[*l] == right[*r];
            let alike: Vec<_> = pairs.iter().filter(is_alike).copied().collect();
            let mut all: Vec<_> = pairs
                .iter()
                .map(|(l, _)| (left[*l].0, left[*l].1))
                .collect();
            all.sort_unstable();
            (rows(&alike), all)
        };
        let ambiguous: BTreeSet<(usize, usize, u8)> = by_key
            .ambiguous
            .iter()
            .map(|group| (group.left.len(), group.right.len(), left[group.left[0]].1))
            .collect();
        let by_key: BTreeSet<u8> = by_key.pairs.iter().map(|(l, _)| left[*l].1).collect();
        (marks(&copies), by_key, ambiguous)
    }

    fn each_at_most_once(mut ixs: Vec<usize>) -> bool {
        let n = ixs.len();
        ixs.sort_unstable();
        ixs.dedup();
        ixs.len() == n
    }

    proptest! {
        #[test]
        fn nothing_is_in_two_pairs_or_ambiguous_as_well(left in rows(), right in rows()) {
            let (copies, by_key) = pair(&left, &right);
            let pairs = || copies.iter().chain(&by_key.pairs);
            let groups = || by_key.ambiguous.iter();
            let of_left = pairs().map(|(ix, _)| *ix);
            let of_right = pairs().map(|(_, ix)| *ix);
            prop_assert!(each_at_most_once(of_left.chain(groups().flat_map(|group| group.left.clone())).collect()));
            prop_assert!(each_at_most_once(of_right.chain(groups().flat_map(|group| group.right.clone())).collect()));
        }

        #[test]
        fn the_order_of_rows_does_not_matter(
            (left, shuffled_left) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
            (right, shuffled_right) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        ) {
            prop_assert_eq!(rows_of(&left, &right), rows_of(&shuffled_left, &shuffled_right));
        }

        #[test]
        fn the_sides_mirror_each_other(left in rows(), right in rows()) {
            let (copies, by_key) = pair(&left, &right);
            let (copies_back, by_key_back) = pair(&right, &left);
            let mirrored = |pairs: Vec<(usize, usize)>| -> BTreeSet<(usize, usize)> {
                pairs.into_iter().map(|(left_ix, right_ix)| (right_ix, left_ix)).collect()
            };
            prop_assert_eq!(mirrored(copies), copies_back.into_iter().collect());
            prop_assert_eq!(mirrored(by_key.pairs), by_key_back.pairs.into_iter().collect());
            prop_assert_eq!(by_key.ambiguous.len(), by_key_back.ambiguous.len());
        }

        #[test]
        fn a_side_pairs_with_itself(rows in rows(), other in rows()) {
            let mut pairing = TieredPairing::new(&rows, &rows);
            let pairs = pairing.pair_copies(|row| Some(row.1), |row| Some(row.1), |row| *row, |row| *row);
            prop_assert!(pairs.iter().all(|(left_ix, right_ix)| left_ix == right_ix));
            prop_assert_eq!(pairs.len(), rows.len());
            // Again, nothing is left to decide.
            let key = |row: &Row| Some(row.1);
            let mut pairing = TieredPairing::new(&rows, &other);
            let first = pairing.tier(key, key, interchangeable);
            prop_assert_eq!(pairing.tier(key, key, interchangeable), Tier::default());
            prop_assert_eq!(pairing.open_left().len() + first.pairs.len(), rows.len());
        }
    }

    #[test]
    fn a_group_that_is_left_stays_open() {
        let mut pairing = TieredPairing::new(&[1, 1], &[1]);
        pairing.close_left(0);
        let left = pairing.tier(|row| Some(*row), |row| Some(*row), |_| GroupDecision::Leave);
        assert_eq!(left, Tier::default());
        assert_eq!(
            (pairing.open_left(), pairing.open_right()),
            (vec![1], vec![0])
        );
    }

    #[test]
    fn many_candidates_are_counted() {
        let ids: Vec<String> = (1..=22).map(|id| id.to_string()).collect();
        assert_eq!(name_candidates(&ids[..2]), "1, 2");
        assert!(name_candidates(&ids[..20]).ends_with("19, 20"));
        assert!(name_candidates(&ids).ends_with("19, 20 and 2 more"));
    }
}
