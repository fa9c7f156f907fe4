//! Serializes the long lists of a journal in little space: step indexes as ranges, digests one after the other, rows as
//! arrays. A record of 100,000 webhooks would take several times as much otherwise.

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
    use crate::coralogix::digest::{Base64Digests, KeyedDigest, decode_digests};
    use serde::de::Error as _;
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::borrow::Cow;

    pub(crate) fn serialize<S: Serializer>(
        digests: &[KeyedDigest],
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_str(&Base64Digests(digests))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<KeyedDigest>, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        decode_digests(&text).ok_or_else(|| D::Error::custom("not a list of digests"))
    }
}

/// The statuses of webhooks, a row each: `[step, status]`, followed by the birth, the digest of what was stored, and how
/// an answer named it, up to the last one that is known and not the usual.
///
/// It is usual that a webhook has the birth of the one in the row before: a server often dates those of a request alike.
pub(super) mod status_rows {
    use super::super::entry::StatusRow;
    use super::short_status::ShortStatus;
    use crate::coralogix::birth::Birth;
    use crate::coralogix::digest::ContentDigest;
    use crate::pipeline::plan::StepIx;
    use crate::pipeline::push::Naming;
    use serde::ser::SerializeTuple as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::borrow::Cow;

    struct WrittenRow<'r> {
        row: &'r StatusRow,
        has_usual_birth: bool,
    }

    /// The members that may be missing at the end.
    #[derive(Deserialize)]
    struct ReadRow(
        StepIx,
        ShortStatus<'static>,
        #[serde(default)] ReadBirth,
        #[serde(default)] Option<ContentDigest>,
        #[serde(default)] Option<Naming>,
    );

    #[derive(Default)]
    enum ReadBirth {
        #[default]
        AsBefore,
        /// `None` if the row states that it is unknown.
        Stated(Option<Birth>),
    }

    impl<'de> Deserialize<'de> for ReadBirth {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            Option::deserialize(from).map(Self::Stated)
        }
    }

    pub(crate) fn serialize<S: Serializer>(rows: &[StatusRow], to: S) -> Result<S::Ok, S::Error> {
        let mut birth_before = None;
        to.collect_seq(rows.iter().map(|row| WrittenRow {
            has_usual_birth: std::mem::replace(&mut birth_before, row.birth) == row.birth,
            row,
        }))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<StatusRow>, D::Error> {
        let mut birth_before = None;
        let row = |ReadRow(step_ix, ShortStatus(status), birth, stored, naming)| {
            if let ReadBirth::Stated(birth) = birth {
                birth_before = birth;
            }
            StatusRow {
                step_ix,
                status: Cow::into_owned(status),
                birth: birth_before,
                stored,
                naming,
            }
        };
        let rows = Vec::<ReadRow>::deserialize(from)?;
        Ok(rows.into_iter().map(row).collect())
    }

    impl Serialize for WrittenRow<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let row = self.row;
            let usual_naming = row.usual_naming();
            let naming = row.naming.filter(|naming| Some(*naming) != usual_naming);
            let len = match (self.has_usual_birth, row.stored, naming) {
                (_, _, Some(_)) => 5,
                (_, Some(_), None) => 4,
                (false, None, None) => 3,
                (true, None, None) => 2,
            };
            let mut tuple = to.serialize_tuple(len)?;
            tuple.serialize_element(&row.step_ix)?;
            tuple.serialize_element(&ShortStatus(Cow::Borrowed(&row.status)))?;
            if len > 2 {
                tuple.serialize_element(&row.birth)?;
            }
            if len > 3 {
                tuple.serialize_element(&row.stored)?;
            }
            if len > 4 {
                tuple.serialize_element(&naming)?;
            }
            tuple.end()
        }
    }
}

/// The status that nearly every webhook gets is its new id alone: the server's answer named the webhook that it created.
mod short_status {
    use crate::coralogix::id_json::exact_number;
    use crate::coralogix::webhook::WebhookId;
    use crate::pipeline::push::{ItemStatus, Proof};
    use serde::de::value::MapAccessDeserializer;
    use serde::de::{Error, IntoDeserializer as _, MapAccess, Visitor};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use std::borrow::Cow;
    use std::fmt;

    pub(super) struct ShortStatus<'s>(pub(super) Cow<'s, ItemStatus>);

    impl Serialize for ShortStatus<'_> {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            let number = match &*self.0 {
                ItemStatus::Created {
                    id,
                    proof: Proof::Acknowledged,
                } => exact_number(id),
                _ => None,
            };
            match number {
                Some(number) => to.serialize_u64(number),
                None => self.0.serialize(to),
            }
        }
    }

    impl<'de> Deserialize<'de> for ShortStatus<'static> {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            let status = from.deserialize_any(StatusVisitor)?;
            Ok(Self(Cow::Owned(status)))
        }
    }

    struct StatusVisitor;

    impl<'de> Visitor<'de> for StatusVisitor {
        type Value = ItemStatus;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("the id of a created webhook, or another status")
        }

        fn visit_u64<E: Error>(self, id: u64) -> Result<ItemStatus, E> {
            Ok(ItemStatus::Created {
                id: WebhookId::from_number(&id.to_string()),
                proof: Proof::Acknowledged,
            })
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<ItemStatus, E> {
            ItemStatus::deserialize(text.into_deserializer())
        }

        fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<ItemStatus, M::Error> {
            ItemStatus::deserialize(MapAccessDeserializer::new(map))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::coralogix::birth::Birth;
    use crate::coralogix::webhook::WebhookId;
    use crate::document::run::entry::{JournalEntry, StatusRow};
    use crate::pipeline::push::{ItemStatus, Naming, Proof};
    use jiff::Timestamp;

    fn created(id: WebhookId, birth: &str) -> StatusRow {
        StatusRow {
            step_ix: 0.into(),
            status: ItemStatus::Created {
                id,
                proof: Proof::Acknowledged,
            },
            birth: Birth::parse(birth),
            stored: None,
            naming: Some(Naming::Content),
        }
    }

    /// The rows of an entry as a journal spells them, which must read back as they were.
    fn spelled(rows: &[StatusRow]) -> String {
        let entry = JournalEntry::StatusUpdates {
            at: Timestamp::UNIX_EPOCH,
            webhooks: rows.to_vec(),
        };
        let text = serde_json::to_string(&entry).expect("JSON");
        let Ok(JournalEntry::StatusUpdates { webhooks, .. }) = serde_json::from_str(&text) else {
            panic!("not read: {text}");
        };
        // What is usual is left out, and reading a record adds it.
        let usual = |row: StatusRow| StatusRow {
            naming: row.naming.or(row.usual_naming()),
            ..row
        };
        assert_eq!(webhooks.into_iter().map(usual).collect::<Vec<_>>(), rows);
        let rows = text.split_once("\"webhooks\":").expect("rows").1;
        rows.trim_end_matches("}}").to_owned()
    }

    #[test]
    fn a_created_webhook_is_its_id_and_its_birth_where_that_is_new() {
        let number = |id: &str| WebhookId::from_number(id);
        let (first, second) = ("2026-11-24T02:15:30.5Z", "2026-11-24T02:15:31Z");
        assert_eq!(
            spelled(&[
                created(number("7"), ""),
                created(number("8"), first),
                created(number("9"), first),
                created(number("10"), ""),
                created(number("11"), ""),
                created(number("12"), second),
            ]),
            r#"[[0,7],[0,8,"2026-11-24T02:15:30.5Z"],[0,9],[0,10,null],[0,11],[0,12,"2026-11-24T02:15:31Z"]]"#
        );
    }

    #[test]
    fn an_id_is_never_read_as_a_status_nor_as_another_id() {
        for id in ["7", "not-sent", "ignored", "", "18446744073709551616"] {
            spelled(&[created(WebhookId::from_text(id), "")]);
        }
        let rounded = "18446744073709551616";
        for id in ["0", "18446744073709551615", rounded, "-1", "0.5"] {
            let rows = spelled(&[created(WebhookId::from_number(id), "")]);
            assert_eq!(rows.contains("created"), id.parse::<u64>().is_err(), "{id}");
        }
        let observed = StatusRow {
            status: ItemStatus::Created {
                id: WebhookId::from_number("7"),
                proof: Proof::Observed,
            },
            naming: None,
            ..created(WebhookId::from_number("7"), "")
        };
        let open = StatusRow {
            status: ItemStatus::Open,
            naming: Some(Naming::IdAlone),
            ..observed.clone()
        };
        assert_eq!(
            spelled(&[observed, open]),
            r#"[[0,{"created":{"id":7,"proof":"observed"}}],[0,"open",null,null,"id-alone"]]"#
        );
    }
}
