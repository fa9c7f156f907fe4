//! The index of an item in its push, and lists with one value for each item.

use std::ops::{Index, IndexMut};

/// The index of an item in its push. Outside the push, the item has the index of its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ItemIx(pub(super) usize);

/// One value for each item of a push.
#[derive(Debug)]
pub(super) struct ByItem<T>(Vec<T>);

impl<T> ByItem<T> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The index of each item. Borrows nothing, so that a loop over it can change the items.
    pub(super) fn ixs(&self) -> impl Iterator<Item = ItemIx> + use<T> {
        (0..self.0.len()).map(ItemIx)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (ItemIx, &T)> {
        let values = self.0.iter().enumerate();
        values.map(|(ix, value)| (ItemIx(ix), value))
    }

    pub(super) fn into_values(self) -> impl Iterator<Item = T> {
        self.0.into_iter()
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

impl<T> FromIterator<T> for ByItem<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T> Index<ItemIx> for ByItem<T> {
    type Output = T;

    fn index(&self, item_ix: ItemIx) -> &T {
        &self.0[item_ix.0]
    }
}

impl<T> IndexMut<ItemIx> for ByItem<T> {
    fn index_mut(&mut self, item_ix: ItemIx) -> &mut T {
        &mut self.0[item_ix.0]
    }
}
