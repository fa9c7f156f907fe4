//! Short digests of a webhook's values by their paths: enough to name the values that changed, and nothing else.

use super::{DigestKey, DigestKind, write_hex};
use crate::coralogix::content;
use crate::coralogix::path::Path;
use crate::coralogix::webhook::Webhook;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::{SmolStr, format_smolstr};
use std::fmt;

/// Bytes of the digest of a single value, which only names what changed and decides nothing.
const SHORT_DIGEST_BYTES: usize = 4;

/// A short digest for each path of a webhook.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlaceDigests(Box<[(SmolStr, ShortDigest)]>);

/// The first bytes of a keyed digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShortDigest([u8; SHORT_DIGEST_BYTES]);

impl PlaceDigests {
    fn new(mut digests: Vec<(SmolStr, ShortDigest)>) -> Self {
        digests.sort_by(|(one, _), (other, _)| one.cmp(other));
        Self(digests.into_boxed_slice())
    }

    /// The digest of the value at a path.
    pub fn get(&self, path: &str) -> Option<ShortDigest> {
        let ix = self.0.binary_search_by(|(known, _)| (**known).cmp(path));
        ix.ok().map(|ix| self.0[ix].1)
    }

    /// The paths, sorted.
    pub fn paths(&self) -> impl Iterator<Item = &SmolStr> {
        self.0.iter().map(|(path, _)| path)
    }
}

impl DigestKey {
    /// Digests each value that counts.
    pub fn digest_places(&self, webhook: &Webhook) -> PlaceDigests {
        // An empty url counts as missing.
        let has_url = !webhook.url().is_empty();
        let url = Path::from_parts(&["url"]);
        let members = || webhook.undocumented_members();
        let state = members().filter(|member| !self.state_keys.counts(member));
        let state: Vec<Path> = state.map(|member| member.path()).collect();
        let mut digests = Vec::new();
        webhook.visit_places(&mut |place| {
            let is_digested = !place.json_type().is_container()
                && (has_url || *place.path != url)
                && !state.iter().any(|path| place.path.is_within(path));
            if is_digested {
                let digest = self.short_digest(place.token());
                digests.push((format_smolstr!("{}", place.path), digest));
            }
        });
        let in_type = members().filter(|member| member.is_in_type);
        for member in in_type.filter(|member| self.state_keys.counts(member)) {
            let digest = self.short_digest(member.value);
            digests.push((format_smolstr!("{}", member.path()), digest));
        }
        PlaceDigests::new(digests)
    }

    fn short_digest(&self, token: &str) -> ShortDigest {
        let digest = self.mac_fingerprint(DigestKind::Place, content::value_digest(token));
        ShortDigest(*digest.0.first_chunk().expect("a digest is longer"))
    }
}

/// Serializes as an object of hexadecimal digits by path.
impl Serialize for PlaceDigests {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|(path, digest)| (path, digest)))
    }
}

impl Serialize for ShortDigest {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(write_hex(&self.0, &mut [0; 2 * SHORT_DIGEST_BYTES]))
    }
}

impl<'de> Deserialize<'de> for PlaceDigests {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(PlacesVisitor)
    }
}

struct PlacesVisitor;

impl<'de> Visitor<'de> for PlacesVisitor {
    type Value = PlaceDigests;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("digests by path")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<PlaceDigests, A::Error> {
        let mut digests = Vec::new();
        while let Some(entry) = map.next_entry()? {
            digests.push(entry);
        }
        Ok(PlaceDigests::new(digests))
    }
}

impl<'de> Deserialize<'de> for ShortDigest {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        super::deserialize_hex(from).map(Self)
    }
}
