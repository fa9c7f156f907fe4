//! Fingerprints that may leave the process: sealed with a key that only the holder of the API key can derive again,
//! so that nobody can try out guesses at a secret against them.

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

/// Bytes of a seal; half of what the hash gives, which is plenty to tell webhooks apart.
const SEAL_BYTES: usize = 16;
/// Bytes of the seal of a single value, which only names what changed and decides nothing.
const SHORT_SEAL_BYTES: usize = 4;
/// Bytes of the salt that every record has of its own.
const SALT_BYTES: usize = 16;

/// A sealed fingerprint, which tells nothing without the key that sealed it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Seal([u8; SEAL_BYTES]);

/// The two sealed fingerprints of one webhook's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sealed {
    /// Alias, type, url and fields.
    pub whole: Seal,
    /// Type, url and fields.
    pub body: Seal,
}

/// What seals contents: derived from an API key and the salt of one record.
pub struct Sealer {
    key: hmac::Key,
    salt: [u8; SALT_BYTES],
}

impl Sealer {
    /// A sealer with a new random salt; `None` where the system gives no random numbers.
    pub fn new(key: &ApiKey) -> Option<Self> {
        let mut salt = [0; SALT_BYTES];
        rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
        Some(Self::derived(key, salt))
    }

    /// The sealer that made a record, from the record's salt; `None` where the salt or the check is not this key's.
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

    /// The salt as a record keeps it.
    pub fn salt(&self) -> String {
        hex(&self.salt)
    }

    /// What tells whether a record was made with the same API key.
    pub fn check(&self) -> String {
        self.text("hookferry check").to_string()
    }

    /// Seals the content of a webhook.
    pub fn content(&self, content: Content) -> Sealed {
        Sealed {
            whole: self.seal(content.whole.bytes()),
            body: self.seal(content.body.bytes()),
        }
    }

    /// Seals everything that an account shows of a webhook.
    pub fn shown(&self, webhook: &Webhook, content: Option<Content>) -> Seal {
        self.seal(content::shown(webhook, content).bytes())
    }

    /// Seals everything that a stripped webhook carries.
    pub fn carried(&self, bare: &Webhook) -> Seal {
        self.seal(content::carried(bare).bytes())
    }

    /// Seals all that an account holds, in whatever order, but for the times of the last updates.
    pub fn inventory(&self, webhooks: &[Webhook]) -> Seal {
        let mut seals: Vec<Seal> = webhooks
            .iter()
            .map(|webhook| self.seal(content::to_the_letter(webhook).bytes()))
            .collect();
        seals.sort_unstable();
        let all: Vec<u8> = seals.iter().flat_map(|seal| seal.0).collect();
        self.seal(&all)
    }

    /// Seals every value of a webhook at its path, shortly: enough to tell which of them changed.
    pub fn places(&self, webhook: &Webhook) -> BTreeMap<SmolStr, SmolStr> {
        // An empty url is the same as none.
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

    /// Seals a fingerprint that must not leave the process as it is.
    pub fn fingerprint(&self, fingerprint: Fingerprint) -> Seal {
        self.seal(fingerprint.bytes())
    }

    /// Seals an API key, to know it again.
    pub fn key(&self, key: &ApiKey) -> Seal {
        self.seal(key.expose().as_bytes())
    }

    /// Seals a text, such as the identity of an account that shows no company id.
    pub fn text(&self, text: &str) -> Seal {
        self.seal(text.as_bytes())
    }

    /// Seals what is written, part by part.
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

/// Takes in what is to be sealed.
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

    /// Reads what `Display` wrote.
    pub fn parse(text: &str) -> Option<Self> {
        bytes_of(text).map(Self)
    }
}

impl Sealed {
    /// The seals in the place of fingerprints, for comparing sealed contents with sealed contents.
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

/// Hexadecimal digits.
impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(digits(&self.0, &mut [0; 2 * SEAL_BYTES]))
    }
}

/// As `Display` writes it.
impl Serialize for Seal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(digits(&self.0, &mut [0; 2 * SEAL_BYTES]))
    }
}

impl<'de> Deserialize<'de> for Seal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("no seal"))
    }
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({self})")
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

/// A random text of 32 hexadecimal digits; `None` where the system gives no random numbers.
pub fn random_word() -> Option<String> {
    let mut salt = [0; SALT_BYTES];
    rand::SecureRandom::fill(&rand::SystemRandom::new(), &mut salt).ok()?;
    Some(hex(&salt))
}

/// Bytes as hexadecimal digits in lower case.
pub fn hex(bytes: &[u8]) -> String {
    digits(bytes, &mut vec![0; 2 * bytes.len()]).to_owned()
}

/// The same in a buffer of exactly that size.
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
