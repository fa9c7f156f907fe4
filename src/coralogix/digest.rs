//! Digests that may leave the process: keyed (HMAC) with a key that only the holder of the API key can derive again,
//! so that nobody can test guesses at a secret against them.

mod fingerprint;
mod places;
mod subkeys;

pub use fingerprint::fingerprint_written;
pub use places::{PlaceDigests, ShortDigest};
pub use subkeys::SUBKEY_INFOS;

use super::account::ApiKey;
use super::content::{self, Content, FINGERPRINT_BYTES, Fingerprint, FullDigest};
use super::undocumented::StateKeys;
use super::webhook::Webhook;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::{aead, hmac, rand};
use serde::de::{Error as _, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, BufWriter, IntoInnerError, Write};
use subkeys::{DigestKind, Subkeys};

/// Bytes of a digest: the first 96 bits of the HMAC-SHA-256. Of a million webhooks, two that differ share one with a
/// chance of one in 10¹⁷, and whoever lacks the key cannot look for two that do.
const DIGEST_BYTES: usize = 12;
/// Characters of a digest in base64.
const BASE64_CHARS: usize = DIGEST_BYTES / 3 * 4;
/// Bytes of the random salt of each record.
const SALT_BYTES: usize = 16;

/// A keyed digest, which reveals nothing without its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyedDigest([u8; DIGEST_BYTES]);

/// The keyed digests of one webhook's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentDigest {
    /// Alias, type, url and fields.
    pub whole: KeyedDigest,
    /// Type, url and fields.
    pub body: KeyedDigest,
}

/// The keyed digests of undocumented members, by the members' names.
pub type MemberDigests = BTreeMap<SmolStr, KeyedDigest>;

/// The keyed digests of everything that an account shows of a webhook, dates included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedFullDigest {
    /// The documented members.
    pub documented: KeyedDigest,
    /// Each undocumented member that is not the server's own state.
    pub undocumented: MemberDigests,
}

/// What differs between two readings of a webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FullChange {
    /// A documented member.
    Documented,
    /// These undocumented members, by name, and nothing else.
    Undocumented(Vec<SmolStr>),
}

/// The keys of one record, derived from an API key and the record's salt (HKDF): one for each kind of digest, and one
/// that encrypts.
pub struct DigestKey {
    keys: Subkeys,
    salt: [u8; SALT_BYTES],
    /// Decides which members of a webhook the digests leave out.
    state_keys: StateKeys,
}

impl DigestKey {
    /// Derives a key with a new random salt; `None` if the system provides no randomness.
    pub fn new(key: &ApiKey) -> Option<Self> {
        let mut salt = [0; SALT_BYTES];
        rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
        Some(Self::derive(key, salt))
    }

    /// Derives the key of an existing record; `None` if the salt is malformed or the API key is another one.
    pub fn for_record(key: &ApiKey, salt: &str, check: &str) -> Option<Self> {
        let digest_key = Self::derive(key, parse_hex(salt)?);
        (digest_key.check() == check).then_some(digest_key)
    }

    fn derive(key: &ApiKey, salt: [u8; SALT_BYTES]) -> Self {
        Self {
            keys: Subkeys::derive(key, &salt),
            salt,
            state_keys: StateKeys::default(),
        }
    }

    /// The key that encrypts what a record keeps of the account in full. Nothing but one file may be encrypted with it.
    pub fn encryption_key(&self) -> aead::LessSafeKey {
        self.keys.encryption_key()
    }

    /// Leaves out the members that the user names as the server's own state, too.
    #[must_use]
    pub fn with_state_keys(self, state_keys: StateKeys) -> Self {
        Self { state_keys, ..self }
    }

    /// Which undocumented members no digest covers.
    pub fn state_keys(&self) -> &StateKeys {
        &self.state_keys
    }

    /// The salt in hexadecimal, as records store it.
    pub fn salt(&self) -> String {
        to_hex(&self.salt)
    }

    /// The check value that records store, to detect another API key later.
    pub fn check(&self) -> String {
        self.mac(DigestKind::Check, b"hookferry").to_string()
    }

    /// Digests the compared content of a webhook.
    pub fn digest_content(&self, content: Content) -> ContentDigest {
        ContentDigest {
            whole: self.mac_fingerprint(DigestKind::Content, content.whole),
            body: self.mac_fingerprint(DigestKind::Content, content.body),
        }
    }

    /// Digests the fingerprint of a url, which must not leave the process unkeyed.
    pub fn digest_url(&self, url: Fingerprint) -> KeyedDigest {
        self.mac_fingerprint(DigestKind::Url, url)
    }

    /// Digests everything that an account shows of a webhook, dates included, except the server's own state.
    pub fn digest_full(&self, webhook: &Webhook, content: Option<Content>) -> KeyedFullDigest {
        self.digest_full_fingerprints(&content::full_digest(webhook, content, &self.state_keys))
    }

    /// Digests the fingerprints of a full digest, which must not leave the process unkeyed.
    pub fn digest_full_fingerprints(&self, full: &FullDigest) -> KeyedFullDigest {
        KeyedFullDigest {
            documented: self.mac_fingerprint(DigestKind::Documented, full.documented),
            undocumented: self.digest_members(&full.undocumented),
        }
    }

    /// What has changed in a webhook since its full digest was taken; `None` if nothing, or only the server's own
    /// state.
    pub fn change_since(
        &self,
        then: &KeyedFullDigest,
        webhook: &Webhook,
        content: Option<Content>,
    ) -> Option<FullChange> {
        let now = self.digest_full(webhook, content);
        if now.documented != then.documented {
            return Some(FullChange::Documented);
        }
        let names = self.changed_members(&then.undocumented, &now.undocumented);
        (!names.is_empty()).then_some(FullChange::Undocumented(names))
    }

    /// The names of the undocumented members that differ, or that only one side has.
    pub fn changed_members(&self, then: &MemberDigests, now: &MemberDigests) -> Vec<SmolStr> {
        let added = now.keys().filter(|name| !then.contains_key(*name));
        let differs = |name: &&SmolStr| then.get(*name) != now.get(*name);
        let changed = then.keys().chain(added).filter(differs);
        changed
            .filter(|name| !self.state_keys.names(name))
            .cloned()
            .collect()
    }

    /// The names of the undocumented members whose value is not the one that was sent.
    pub fn unkept_members(&self, sent: &MemberDigests, shown: &Webhook) -> Vec<SmolStr> {
        if sent.is_empty() {
            return Vec::new();
        }
        let mut shown_digests = MemberDigests::new();
        for member in shown.undocumented_members() {
            let digest =
                self.mac_fingerprint(DigestKind::Member, content::value_digest(member.value));
            shown_digests.insert(member.name().into(), digest);
        }
        let is_unkept = |(name, digest): &(&SmolStr, &KeyedDigest)| {
            shown_digests.get(*name) != Some(*digest) && !self.state_keys.names(name)
        };
        let unkept = sent.iter().filter(is_unkept);
        unkept.map(|(name, _)| name.clone()).collect()
    }

    /// Digests each undocumented member of a webhook, except the server's own state.
    pub fn digest_undocumented(&self, webhook: &Webhook) -> MemberDigests {
        self.digest_members(&content::undocumented_digests(webhook, &self.state_keys))
    }

    fn digest_members(&self, members: &[(SmolStr, Fingerprint)]) -> MemberDigests {
        let members = members.iter();
        members
            .map(|(name, value)| {
                let digest = self.mac_fingerprint(DigestKind::Member, *value);
                (name.clone(), digest)
            })
            .collect()
    }

    /// Digests everything that a stripped webhook sends, except the server's own state; `content` is its content, if the
    /// caller has it.
    pub fn digest_carried(&self, bare: &Webhook, content: Option<Content>) -> KeyedDigest {
        let carried = content::carried_digest_with(bare, content, &self.state_keys);
        self.mac_fingerprint(DigestKind::Carried, carried)
    }

    /// Digests all webhooks of an account, independent of their order, of `updated_at` and of the server's own state.
    pub fn digest_inventory(&self, webhooks: &[Webhook]) -> KeyedDigest {
        let mut digests: Vec<KeyedDigest> = webhooks
            .iter()
            .map(|webhook| content::exact_digest(webhook, &self.state_keys))
            .map(|exact| self.mac_fingerprint(DigestKind::Inventory, exact))
            .collect();
        digests.sort_unstable();
        let all: Vec<u8> = digests.iter().flat_map(|digest| digest.0).collect();
        self.mac(DigestKind::Inventory, &all)
    }

    /// Digests the fingerprint of a rules file's text, which must not leave the process unkeyed.
    pub fn digest_rules(&self, text: Fingerprint) -> KeyedDigest {
        self.mac_fingerprint(DigestKind::Rules, text)
    }

    /// Digests the document that the closure writes, without holding all of it in memory.
    pub fn digest_written(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<KeyedDigest> {
        let key = self.keys.digest_key(DigestKind::Document);
        let mut writer = BufWriter::new(DigestWriter(hmac::Context::with_key(key)));
        write(&mut writer)?;
        let digest = writer.into_inner().map_err(IntoInnerError::into_error)?.0;
        Ok(KeyedDigest::from_tag(&digest.sign()))
    }

    fn mac_fingerprint(&self, kind: DigestKind, fingerprint: Fingerprint) -> KeyedDigest {
        self.mac(kind, fingerprint.as_bytes())
    }

    fn mac(&self, kind: DigestKind, bytes: &[u8]) -> KeyedDigest {
        KeyedDigest::from_tag(&hmac::sign(self.keys.digest_key(kind), bytes))
    }
}

/// Digests a file under a record's salt alone, so that only records that share it have digests in common.
///
/// Whoever holds the record can test guesses at the whole file: nothing may be digested so but files that the user keeps
/// and that need no secret.
pub fn digest_file(salt: &str, bytes: &[u8]) -> KeyedDigest {
    let key = hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes());
    KeyedDigest::from_tag(&hmac::sign(&key, bytes))
}

struct DigestWriter(hmac::Context);

impl Write for DigestWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl KeyedDigest {
    fn from_tag(tag: &hmac::Tag) -> Self {
        let mut digest = [0; DIGEST_BYTES];
        digest.copy_from_slice(&tag.as_ref()[..DIGEST_BYTES]);
        Self(digest)
    }

    /// Parses the hexadecimal form that `Display` writes; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        parse_hex(text).map(Self)
    }

    /// Wraps the digest as a fingerprint, to compare recorded digests with each other.
    pub(crate) fn as_fingerprint(self) -> Fingerprint {
        let mut bytes = [0; FINGERPRINT_BYTES];
        bytes[..DIGEST_BYTES].copy_from_slice(&self.0);
        Fingerprint::from_keyed_digest(bytes)
    }
}

impl ContentDigest {
    /// Wraps the digests as fingerprints, to compare recorded contents with each other.
    pub(crate) fn as_content(&self) -> Content {
        Content {
            whole: self.whole.as_fingerprint(),
            body: self.body.as_fingerprint(),
        }
    }
}

/// Writes lower-case hexadecimal digits.
impl fmt::Display for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(write_hex(&self.0, &mut [0; 2 * DIGEST_BYTES]))
    }
}

/// Serializes as the text that `Display` writes.
impl Serialize for KeyedDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(write_hex(&self.0, &mut [0; 2 * DIGEST_BYTES]))
    }
}

impl<'de> Deserialize<'de> for KeyedDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize_hex(deserializer).map(Self)
    }
}

/// Serializes as base64, because run records hold many.
impl Serialize for ContentDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&Base64Digests(&[self.whole, self.body]))
    }
}

impl<'de> Deserialize<'de> for ContentDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        let digests = decode_digests(&text).unwrap_or_default();
        let &[whole, body] = digests.as_slice() else {
            return Err(D::Error::custom("not the digests of a content"));
        };
        Ok(Self { whole, body })
    }
}

/// Shows digests as one base64 text, in which they take a third less space than in hexadecimal.
pub struct Base64Digests<'d>(pub &'d [KeyedDigest]);

/// Writes one after the other: each fills its characters, so that is the text of all of them.
impl fmt::Display for Base64Digests<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; BASE64_CHARS];
        for digest in self.0 {
            let encoded = URL_SAFE_NO_PAD.encode_slice(digest.0, &mut text);
            encoded.map_err(|_| fmt::Error)?;
            f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)?;
        }
        Ok(())
    }
}

/// Reads what [`Base64Digests`] shows; `None` for any other text.
pub fn decode_digests(text: &str) -> Option<Vec<KeyedDigest>> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (digests, rest) = bytes.as_chunks();
    rest.is_empty()
        .then(|| digests.iter().map(|digest| KeyedDigest(*digest)).collect())
}

impl fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyedDigest({self})")
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

/// Generates 32 random hexadecimal digits; `None` if the system provides no randomness.
pub fn random_hex() -> Option<String> {
    let mut salt = [0; SALT_BYTES];
    rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
    Some(to_hex(&salt))
}

/// Encodes bytes as lower-case hexadecimal digits.
pub fn to_hex(bytes: &[u8]) -> String {
    write_hex(bytes, &mut vec![0; 2 * bytes.len()]).to_owned()
}

/// Encodes bytes as hexadecimal into `out`, which must have twice their length.
fn write_hex<'o>(bytes: &[u8], out: &'o mut [u8]) -> &'o str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(out).expect("digits are ASCII")
}

/// Reads digits that [`write_hex`] wrote.
fn deserialize_hex<'de, const N: usize, D: Deserializer<'de>>(
    from: D,
) -> Result<[u8; N], D::Error> {
    struct HexVisitor<const N: usize>;

    impl<const N: usize> Visitor<'_> for HexVisitor<N> {
        type Value = [u8; N];

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a digest of {} hexadecimal digits", 2 * N)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<[u8; N], E> {
            parse_hex(text).ok_or_else(|| E::invalid_value(Unexpected::Str("other text"), &self))
        }
    }

    from.deserialize_str(HexVisitor)
}

fn parse_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (ix, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * ix..2 * ix + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Base64Digests, DIGEST_BYTES, DigestKey, KeyedDigest, decode_digests};
    use crate::coralogix::account::ApiKey;

    fn key(text: &str) -> ApiKey {
        ApiKey::new(text).expect("a usable key")
    }

    fn digest(digest_key: &DigestKey, text: &str) -> KeyedDigest {
        let digest = digest_key.digest_written(|to| to.write_all(text.as_bytes()));
        digest.expect("writing to memory succeeds")
    }

    #[test]
    fn the_same_key_and_salt_give_the_same_digest_and_another_key_is_detected() {
        let digest_key = DigestKey::new(&key("first")).expect("random numbers");
        let (salt, check) = (digest_key.salt(), digest_key.check());
        let rederived = DigestKey::for_record(&key("first"), &salt, &check).expect("the same key");
        assert_eq!(
            digest(&rederived, "a guess"),
            digest(&digest_key, "a guess")
        );
        assert!(DigestKey::for_record(&key("second"), &salt, &check).is_none());
        assert!(DigestKey::for_record(&key("first"), "no salt", &check).is_none());
    }

    #[test]
    fn every_record_has_its_own_salt() {
        let digest_with_new_salt = || {
            let digest_key = DigestKey::new(&key("first")).expect("random numbers");
            digest(&digest_key, "x")
        };
        assert_ne!(digest_with_new_salt(), digest_with_new_salt());
    }

    #[test]
    fn a_digest_round_trips_through_text() {
        let digest_key = DigestKey::new(&key("first")).expect("random numbers");
        let digests = [digest(&digest_key, "x"), digest(&digest_key, "y")];
        let digest = digests[0];
        assert_eq!(KeyedDigest::parse(&digest.to_string()), Some(digest));
        assert_eq!(KeyedDigest::parse("abc"), None);
        assert_eq!(KeyedDigest::parse(&"é".repeat(DIGEST_BYTES)), None);
        for n in 0..=digests.len() {
            let text = Base64Digests(&digests[..n]).to_string();
            assert_eq!(decode_digests(&text).as_deref(), Some(&digests[..n]));
            assert_eq!(decode_digests(&format!("{text}AAA")), None);
        }
    }
}
