//! Serializes the long lists of a journal in little space: step indexes as ranges, digests one after the other, rows as
//! arrays. A record of 100,000 webhooks would take several times as much otherwise.

use super::entry::StatusRow;
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::ContentDigest;
use crate::pipeline::plan::StepIx;
use crate::pipeline::push::{ItemStatus, Naming};
use serde::ser::SerializeTuple as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Step indexes as a list of ranges, `[first, last]` each.
pub(super) mod ranges {
    use crate::pipeline::plan::StepIx;
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};

    /// What no plan reaches: a damaged range must not take all memory.
    const MAX_STEPS: usize = 10_000_000;

    pub(crate) fn serialize<S: Serializer>(step_ixs: &[StepIx], to: S) -> Result<S::Ok, S::Error> {
        let ranges = step_ixs.chunk_by(|left, right| left.get() + 1 == right.get());
        to.collect_seq(ranges.map(|range| [range[0], range[range.len() - 1]]))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<StepIx>, D::Error> {
        let mut step_ixs = Vec::new();
        for [first, last] in Vec::<[usize; 2]>::deserialize(from)? {
            let n = last
                .checked_sub(first)
                .filter(|n| step_ixs.len() + n < MAX_STEPS);
            if n.is_none() {
                return Err(D::Error::custom("not a range of steps"));
            }
            step_ixs.extend((first..=last).map(StepIx::from));
        }
        Ok(step_ixs)
    }
}

/// Keyed digests as one text.
pub(super) mod digests {
    use crate::coralogix::digest::{KeyedDigest, decode_digests, encode_digests};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(
        digests: &[KeyedDigest],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.serialize_str(&encode_digests(digests))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<KeyedDigest>, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        decode_digests(&text).ok_or_else(|| D::Error::custom("not a list of digests"))
    }
}

/// Serializes as `[step, status]`, followed by the birth, the digest of what was stored, and how an answer named it, up
/// to the last one that is known and not the usual.
impl Serialize for StatusRow {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let naming = self
            .naming
            .filter(|naming| Some(*naming) != self.usual_naming());
        let len = match (self.birth, self.stored, naming) {
            (_, _, Some(_)) => 5,
            (_, Some(_), None) => 4,
            (Some(_), None, None) => 3,
            (None, None, None) => 2,
        };
        let mut row = to.serialize_tuple(len)?;
        row.serialize_element(&self.step_ix)?;
        row.serialize_element(&self.status)?;
        if len > 2 {
            row.serialize_element(&self.birth)?;
        }
        if len > 3 {
            row.serialize_element(&self.stored)?;
        }
        if len > 4 {
            row.serialize_element(&naming)?;
        }
        row.end()
    }
}

impl<'de> Deserialize<'de> for StatusRow {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        /// The members that may be missing at the end.
        #[derive(Deserialize)]
        struct Row(
            StepIx,
            ItemStatus,
            #[serde(default)] Option<Birth>,
            #[serde(default)] Option<ContentDigest>,
            #[serde(default)] Option<Naming>,
        );
        let Row(step_ix, status, birth, stored, naming) = Row::deserialize(from)?;
        Ok(Self {
            step_ix,
            status,
            birth,
            stored,
            naming,
        })
    }
}
