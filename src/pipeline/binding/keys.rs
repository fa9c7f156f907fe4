//! The keys of a saved plan's digests: one for each side, from its own API key.

use super::Binding;
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::digest::DigestKey;
use crate::coralogix::undocumented::StateKeys;
use serde::{Deserialize, Serialize};

/// What recognizes an API key: it confirms a guess at that key, and at nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundKey {
    /// The salt of the digests that are keyed with it.
    pub salt: String,
    /// A check value that reveals whether a given API key is the same.
    pub check: String,
}

impl BoundKey {
    pub(super) fn new(digest_key: &DigestKey) -> Self {
        Self {
            salt: digest_key.salt(),
            check: digest_key.check(),
        }
    }

    fn digest_key(&self, key: &ApiKey) -> Option<DigestKey> {
        DigestKey::for_record(key, &self.salt, &self.check)
    }
}

/// The keys of a saved plan's digests. Nothing of one side is ever digested under the key of the other, except what the
/// plan sends.
#[derive(Debug)]
pub struct BindingKeys {
    /// `None` if the source is a file.
    source: Option<DigestKey>,
    target: DigestKey,
}

impl BindingKeys {
    /// Derives the keys of a new plan from the API keys of its sides; a file has none. `None` if the system provides no
    /// randomness.
    pub fn new(source: Option<&ApiKey>, target: &ApiKey, state_keys: &StateKeys) -> Option<Self> {
        let derive = |key| Some(DigestKey::new(key)?.with_state_keys(state_keys.clone()));
        Some(Self {
            source: match source {
                Some(key) => Some(derive(key)?),
                None => None,
            },
            target: derive(target)?,
        })
    }

    /// Derives the keys of a saved plan again.
    ///
    /// # Errors
    /// The side whose API key is not the one that the plan was made with.
    pub fn for_plan(
        binding: &Binding,
        source: Option<&ApiKey>,
        target: &ApiKey,
        state_keys: &StateKeys,
    ) -> Result<Self, Side> {
        let derive = |bound: &BoundKey, key, side| {
            let digest_key = bound.digest_key(key).ok_or(side)?;
            Ok(digest_key.with_state_keys(state_keys.clone()))
        };
        Ok(Self {
            source: match (&binding.source.key, source) {
                (Some(bound), Some(key)) => Some(derive(bound, key, Side::Source)?),
                (None, None) => None,
                _ => return Err(Side::Source),
            },
            target: match &binding.target.key {
                Some(bound) => derive(bound, target, Side::Target)?,
                None => return Err(Side::Target),
            },
        })
    }

    /// The key of the source's own content.
    pub(super) fn source(&self) -> Option<&DigestKey> {
        self.source.as_ref()
    }

    /// The key of the target's content, of what the plan sends, and of the whole document.
    pub fn target(&self) -> &DigestKey {
        &self.target
    }
}
