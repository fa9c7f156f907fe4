//! The keys of a webhook and where they are. The webhooks of a list share a layout as long as their keys come in the same
//! order, so that finding a member takes no search, and no webhook keeps its keys.

use super::known_key::KnownKey;

/// The keys of a webhook, in its order.
pub(super) struct KeyLayout {
    /// `None` stands for a key that is not documented.
    keys: Box<[Option<KnownKey>]>,
    /// The index of the first member with each key; [`ABSENT`] if there is none.
    positions: [u32; KnownKey::ALL.len()],
    is_documented: bool,
}

const ABSENT: u32 = u32::MAX;

impl KeyLayout {
    pub(super) fn new(keys: &[Option<KnownKey>]) -> Self {
        let mut layout = Self {
            keys: keys.into(),
            positions: [ABSENT; KnownKey::ALL.len()],
            is_documented: true,
        };
        for (ix, key) in (0..).zip(keys) {
            match key.map(|key| &mut layout.positions[key as usize]) {
                Some(first) if *first == ABSENT => *first = ix,
                _ => layout.is_documented = false,
            }
        }
        layout
    }

    pub(super) fn keys(&self) -> &[Option<KnownKey>] {
        &self.keys
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
