//! The keys that are derived from an API key and a salt (HKDF): one for each purpose, so that nothing of one kind can be
//! tested against anything of another.

use crate::coralogix::account::ApiKey;
use ring::{aead, hkdf, hmac};

/// What a digest is taken of. The short digests of single values, for example, are easy to guess; with a key of their
/// own, no guess at one of them helps with the digest of a whole webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DigestKind {
    /// Nothing: a value by which another API key is detected.
    Check,
    /// The compared content of a webhook.
    Content,
    /// The url of a webhook.
    Url,
    /// Everything documented that an account shows of a webhook.
    Documented,
    /// An undocumented member.
    Member,
    /// Everything that a webhook sends.
    Carried,
    /// The value at one place of a webhook.
    Place,
    /// All webhooks of an account.
    Inventory,
    /// The text of a rules file.
    Rules,
    /// A whole document.
    Document,
}

/// How many kinds there are.
const N_KINDS: usize = 10;

/// The HKDF info of each key: those of the kinds in their order, and the one that encrypts.
pub const SUBKEY_INFOS: [&str; N_KINDS + 1] = [
    "hookferry check",
    "hookferry content",
    "hookferry url",
    "hookferry documented members",
    "hookferry undocumented member",
    "hookferry carried content",
    "hookferry value at a place",
    "hookferry inventory",
    "hookferry rules",
    "hookferry document",
    "hookferry encryption",
];

/// The keys derived from one API key and one salt.
pub(super) struct Subkeys {
    /// By the number of the kind; boxed, because each holds a few hundred bytes.
    digest_keys: Box<[hmac::Key; N_KINDS]>,
    secret: hkdf::Prk,
}

impl Subkeys {
    pub(super) fn derive(key: &ApiKey, salt: &[u8]) -> Self {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key.expose().as_bytes());
        let digest_key = |kind_ix: usize| expand(&secret, SUBKEY_INFOS[kind_ix], hmac::HMAC_SHA256);
        Self {
            digest_keys: Box::new(std::array::from_fn(digest_key)),
            secret,
        }
    }

    pub(super) fn digest_key(&self, kind: DigestKind) -> &hmac::Key {
        &self.digest_keys[kind as usize]
    }

    pub(super) fn encryption_key(&self) -> aead::LessSafeKey {
        let info = SUBKEY_INFOS[N_KINDS];
        let key = expand(&self.secret, info, &aead::CHACHA20_POLY1305);
        aead::LessSafeKey::new(key)
    }
}

/// Derives the key for one purpose.
fn expand<L, K>(secret: &hkdf::Prk, info: &str, key_type: L) -> K
where
    L: hkdf::KeyType,
    K: for<'o> From<hkdf::Okm<'o, L>>,
{
    let info = [info.as_bytes()];
    let okm = secret
        .expand(&info, key_type)
        .expect("one block is less than the most that HKDF gives");
    K::from(okm)
}

#[cfg(test)]
mod tests {
    use super::{DigestKind, N_KINDS, SUBKEY_INFOS, Subkeys};
    use crate::coralogix::account::ApiKey;
    use ring::hmac;
    use std::collections::HashSet;

    #[test]
    fn every_purpose_has_a_key_of_its_own() {
        assert_eq!(DigestKind::Document as usize, N_KINDS - 1);
        assert_eq!(HashSet::from(SUBKEY_INFOS).len(), N_KINDS + 1);
        let key = ApiKey::new("key").expect("a usable key");
        let subkeys = Subkeys::derive(&key, b"salt");
        let tags = subkeys.digest_keys.iter().map(|key| {
            let tag = hmac::sign(key, b"the same message");
            tag.as_ref().to_vec()
        });
        assert_eq!(tags.collect::<HashSet<_>>().len(), N_KINDS);
    }
}
