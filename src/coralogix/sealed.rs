//! Digests that may leave the process: keyed (HMAC) with a key that only the holder of the API key can derive again,
//! so that nobody can test guesses at a secret against them.

use super::account::ApiKey;
use super::content::{self, Content, Fingerprint};
use super::path::Path;
use super::place::Place;
use super::webhook::Webhook;
use ring::{hkdf, hmac, rand};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, Write};

/// Bytes of a digest: half of the HMAC-SHA-256, which is plenty to tell webhooks apart.
const SEAL_BYTES: usize = 16;
/// Bytes of the digest of a single value, which only names what changed and decides nothing.
const SHORT_SEAL_BYTES: usize = 4;
/// Bytes of the random salt of each record.
const SALT_BYTES: usize = 16;

/// A keyed digest, which reveals nothing without its key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seal([u8; SEAL_BYTES]);

/// The keyed digests of one webhook's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed {
    /// Alias, type, url and fields.
    pub whole: Seal,
    /// Type, url and fields.
    pub body: Seal,
}

/// The key of all digests in one record, derived from an API key and the record's salt (HKDF).
pub struct Sealer {
    key: hmac::Key,
    salt: [u8; SALT_BYTES],
}

impl Sealer {
    /// Derives a key with a new random salt; `None` if the system provides no randomness.
    pub fn new(key: &ApiKey) -> Option<Self> {
        let mut salt = [0; SALT_BYTES];
        rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
        Some(Self::derived(key, salt))
    }

    /// Derives the key of an existing record; `None` if the salt is malformed or the API key is another one.
    pub fn again(key: &ApiKey, salt: &str, check: &str) -> Option<Self> {
        let sealer = Self::derived(key, bytes_of(salt)?);
        (sealer.check() == check).then_some(sealer)
    }

    fn derived(key: &ApiKey, salt: [u8; SALT_BYTES]) -> Self {
        let secret = hkdf::Salt::new(hkdf::HKDF_SHA256, &salt).extract(key.expose().as_bytes());
        let okm = secret
            .expand(&[b"hookferry content"], hmac::HMAC_SHA256)
            .expect("one block is less than the most that HKDF gives");
        Self {
            key: hmac::Key::from(okm),
            salt,
        }
    }

    /// The salt in hexadecimal, as records store it.
    pub fn salt(&self) -> String {
        hex(&self.salt)
    }

    /// The check value that records store, to detect another API key later.
    pub fn check(&self) -> String {
        self.text("hookferry check").to_string()
    }

    /// Digests the compared content of a webhook.
    pub fn content(&self, content: Content) -> Sealed {
        Sealed {
            whole: self.seal(content.whole.bytes()),
            body: self.seal(content.body.bytes()),
        }
    }

    /// Digests everything that an account shows of a webhook, dates included.
    pub fn shown(&self, webhook: &Webhook, content: Option<Content>) -> Seal {
        self.seal(content::shown(webhook, content).bytes())
    }

    /// Digests everything that a stripped webhook sends.
    pub fn carried(&self, bare: &Webhook) -> Seal {
        self.seal(content::carried(bare).bytes())
    }

    /// Digests all webhooks of an account, independent of their order and of `updated_at`.
    pub fn inventory(&self, webhooks: &[Webhook]) -> Seal {
        let mut seals: Vec<Seal> = webhooks
            .iter()
            .map(|webhook| self.seal(content::to_the_letter(webhook).bytes()))
            .collect();
        seals.sort_unstable();
        let all: Vec<u8> = seals.iter().flat_map(|seal| seal.0).collect();
        self.seal(&all)
    }

    /// Maps each value's path to a short digest: enough to tell which values changed.
    pub fn places(&self, webhook: &Webhook) -> BTreeMap<SmolStr, SmolStr> {
        // An empty url counts as missing.
        let has_url = !webhook.url().is_empty();
        let is_sealed = |place: &Place| {
            !place.shape.is_container() && (has_url || place.path != Path::of(&["url"]))
        };
        let places = webhook.places().into_iter();
        places
            .filter(is_sealed)
            .map(|place| {
                let seal = self.seal(content::of_value(place.token()).bytes());
                let path = place.path.to_string();
                (path.into(), hex(&seal.0[..SHORT_SEAL_BYTES]).into())
            })
            .collect()
    }

    /// Digests a fingerprint, which must not leave the process unkeyed.
    pub fn fingerprint(&self, fingerprint: Fingerprint) -> Seal {
        self.seal(fingerprint.bytes())
    }

    /// Digests an API key, to recognize it later.
    pub fn key(&self, key: &ApiKey) -> Seal {
        self.seal(key.expose().as_bytes())
    }

    /// Digests a text, such as the identity of an account that shows no company id.
    pub fn text(&self, text: &str) -> Seal {
        self.seal(text.as_bytes())
    }

    /// Digests everything that the closure writes, without buffering it.
    pub fn written(
        &self,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Seal> {
        let mut sealing = Sealing(hmac::Context::with_key(&self.key));
        write(&mut sealing)?;
        Ok(Seal::of(&sealing.0.sign()))
    }

    fn seal(&self, bytes: &[u8]) -> Seal {
        Seal::of(&hmac::sign(&self.key, bytes))
    }
}

struct Sealing(hmac::Context);

impl Write for Sealing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seal {
    fn of(tag: &hmac::Tag) -> Self {
        let mut seal = [0; SEAL_BYTES];
        seal.copy_from_slice(&tag.as_ref()[..SEAL_BYTES]);
        Self(seal)
    }

    /// Parses the hexadecimal form that `Display` writes; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text).map(Self)
    }
}

impl Sealed {
    /// Wraps the digests as fingerprints, to compare recorded contents with each other.
    pub(crate) fn as_content(&self) -> Content {
        let widened = |seal: Seal| {
            let mut bytes = [0; 32];
            bytes[..SEAL_BYTES].copy_from_slice(&seal.0);
            Fingerprint::of_seal(bytes)
        };
        Content {
            whole: widened(self.whole),
            body: widened(self.body),
        }
    }
}

/// Writes lower-case hexadecimal digits.
impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(digits(&self.0, &mut [0; 2 * SEAL_BYTES]))
    }
}

/// Serializes as the text that `Display` writes.
impl Serialize for Seal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(digits(&self.0, &mut [0; 2 * SEAL_BYTES]))
    }
}

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a digest of 32 hexadecimal digits"))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyedDigest({self})")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey")
    }
}

/// Generates 32 random hexadecimal digits; `None` if the system provides no randomness.
pub fn random_word() -> Option<String> {
    let mut salt = [0; SALT_BYTES];
    rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
    Some(hex(&salt))
}

/// Encodes bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    digits(bytes, &mut vec![0; 2 * bytes.len()]).to_owned()
}

/// Encodes bytes as hexadecimal into `out`, which must have twice their length.
fn digits<'o>(bytes: &[u8], out: &'o mut [u8]) -> &'o str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for (pair, byte) in out.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    std::str::from_utf8(out).expect("digits are ASCII")
}

fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.as_bytes();
    if digits.len() != 2 * N || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = [0; N];
    for (at, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Seal, Sealer};
    use crate::coralogix::account::ApiKey;

    fn key(text: &str) -> ApiKey {
        ApiKey::new(text).expect("a usable key")
    }

    #[test]
    fn the_same_key_and_salt_seal_alike_and_another_key_is_found_out() {
        let sealer = Sealer::new(&key("first")).expect("random numbers");
        let (salt, check) = (sealer.salt(), sealer.check());
        let again = Sealer::again(&key("first"), &salt, &check).expect("the same key");
        assert_eq!(again.text("a guess"), sealer.text("a guess"));
        assert!(Sealer::again(&key("second"), &salt, &check).is_none());
        assert!(Sealer::again(&key("first"), "no salt", &check).is_none());
    }

    #[test]
    fn every_record_seals_differently() {
        let seal = || {
            Sealer::new(&key("first"))
                .expect("random numbers")
                .text("x")
        };
        assert_ne!(seal(), seal());
    }

    #[test]
    fn a_seal_survives_writing_and_reading() {
        let sealer = Sealer::new(&key("first")).expect("random numbers");
        let seal = sealer.text("x");
        assert_eq!(Seal::parse(&seal.to_string()), Some(seal));
        assert_eq!(Seal::parse("abc"), None);
        assert_eq!(Seal::parse(&"é".repeat(16)), None);
    }
}
