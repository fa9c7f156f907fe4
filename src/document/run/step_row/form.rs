//! How a journal spells a row: as an array, in which what nearly every row has takes little space.

use super::{Destination, StepDetails, StepRow};
use crate::coralogix::digest::{Base64Digests, ContentDigest, KeyedDigest, decode_digests};
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::StepState;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;
use std::borrow::Cow;
use std::fmt;

/// Serializes as `[source id, alias, type, destination, digests]`, followed by the state, unless the run creates the
/// webhook, and by the details, up to the last one that there is.
impl Serialize for StepRow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let len = match (self.state, &self.details) {
            (_, Some(_)) => 7,
            (StepState::Create, None) => 5,
            (_, None) => 6,
        };
        let digests = RowDigests {
            content: self.content,
            url: self.url,
        };
        let mut row = to.serialize_tuple(len)?;
        row.serialize_element(&self.source_id)?;
        row.serialize_element(&self.alias)?;
        row.serialize_element(&self.type_id)?;
        row.serialize_element(&self.destination)?;
        row.serialize_element(&digests)?;
        if len > 5 {
            row.serialize_element(&self.state)?;
        }
        if let Some(details) = &self.details {
            row.serialize_element(details)?;
        }
        row.end()
    }
}

impl<'de> Deserialize<'de> for StepRow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        const fn create() -> StepState {
            StepState::Create
        }
        #[derive(Deserialize)]
        struct Row(
            Option<WebhookId>,
            SmolStr,
            Option<u64>,
            Destination,
            RowDigests,
            #[serde(default = "create")] StepState,
            #[serde(default)] Option<Box<StepDetails>>,
        );
        let Row(source_id, alias, type_id, destination, digests, state, details) =
            Row::deserialize(from)?;
        Ok(Self {
            source_id,
            alias,
            type_id,
            state,
            content: digests.content,
            destination,
            url: digests.url,
            details,
        })
    }
}

/// The digests of a row as one text: those of the content, then that of the url, as far as it has them.
struct RowDigests {
    content: Option<ContentDigest>,
    url: Option<KeyedDigest>,
}

impl Serialize for RowDigests {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let text = |digests: &[KeyedDigest]| to.collect_str(&Base64Digests(digests));
        match (self.content, self.url) {
            (Some(ContentDigest { whole, body }), Some(url)) => text(&[whole, body, url]),
            (Some(ContentDigest { whole, body }), None) => text(&[whole, body]),
            (None, Some(url)) => text(&[url]),
            (None, None) => text(&[]),
        }
    }
}

impl<'de> Deserialize<'de> for RowDigests {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        let digests = decode_digests(&text);
        let (content, url) = match digests.as_deref() {
            Some(&[whole, body, url]) => (Some(ContentDigest { whole, body }), Some(url)),
            Some(&[whole, body]) => (Some(ContentDigest { whole, body }), None),
            Some(&[url]) => (None, Some(url)),
            Some([]) => (None, None),
            _ => return Err(D::Error::custom("not the digests of a step")),
        };
        Ok(Self { content, url })
    }
}

/// A masked url in its usual form is its text alone, because nearly every webhook has one.
impl Serialize for Destination {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        const NAME: &str = "Destination";
        match self {
            Self::Url(Masked::Part(text)) => to.serialize_str(text),
            Self::Url(url) => to.serialize_newtype_variant(NAME, 0, "url", url),
            Self::Fields(fields) => to.serialize_newtype_variant(NAME, 1, "fields", fields),
        }
    }
}

impl<'de> Deserialize<'de> for Destination {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(DestinationVisitor)
    }
}

struct DestinationVisitor;

impl<'de> Visitor<'de> for DestinationVisitor {
    type Value = Destination;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a masked destination")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Destination, E> {
        Ok(Destination::Url(Masked::Part(text.to_owned())))
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<Destination, M::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Form {
            Url(Masked),
            Fields(String),
        }
        Ok(match Form::deserialize(MapAccessDeserializer::new(map))? {
            Form::Url(url) => Destination::Url(url),
            Form::Fields(fields) => Destination::Fields(fields),
        })
    }
}
