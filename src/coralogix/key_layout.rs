//! Where a webhook has its documented keys. The webhooks of a list share a layout as long as their keys come in the same
//! order, so that finding a member takes no search.

use super::known_key::KnownKey;

/// The position of each documented key among the members of a webhook.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct KeyLayout {
    n_members: u32,
    /// Whether every member has a documented key, and no two have the same.
    is_documented: bool,
    /// The index of the first member with each key; [`ABSENT`] if there is none.
    positions: [u32; KnownKey::ALL.len()],
}

const ABSENT: u32 = u32::MAX;

impl KeyLayout {
    /// The layout of members with these keys; `None` stands for a key that is not documented.
    pub(super) fn new(keys: impl Iterator<Item = Option<KnownKey>>) -> Self {
        let mut layout = Self {
            n_members: 0,
            is_documented: true,
            positions: [ABSENT; KnownKey::ALL.len()],
        };
        for key in keys {
            match key.map(|key| &mut layout.positions[key as usize]) {
                Some(first) if *first == ABSENT => *first = layout.n_members,
                _ => layout.is_documented = false,
            }
            layout.n_members += 1;
        }
        layout
    }

    pub(super) fn n_members(&self) -> usize {
        self.n_members as usize
    }

    /// The index of the first member with that key.
    pub(super) fn position(&self, key: KnownKey) -> Option<usize> {
        let position = self.positions[key as usize];
        (position != ABSENT).then_some(position as usize)
    }

    /// Whether every member has a documented key, and no two have the same.
    pub(super) fn is_documented(&self) -> bool {
        self.is_documented
    }
}
