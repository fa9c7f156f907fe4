//! A webhook's birth, and whether two webhooks that one account shows under one id are the same.
//! Pure. Servers reuse ids: after somebody deletes a webhook, its number may go to the next one that is created.

use super::known_key::KnownKey;
use super::webhook::{TypeId, Webhook};
use foldhash::quality::RandomState;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use std::borrow::Cow;
use std::fmt;
use std::hash::BuildHasher as _;
use std::num::NonZeroU64;
use std::sync::LazyLock;

/// What two births must differ by, at least, before they are two: a server may take the time twice while it creates.
const TOLERANCE: SignedDuration = SignedDuration::from_secs(1);

/// The key of the hashes in identities; it is random, so that no server can provoke a collision.
static HASH_KEY: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// When a webhook was created, as its account shows it (`created_at`), and how exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Birth {
    at: Timestamp,
    precision: Precision,
}

/// The smallest unit that a time shows, the coarsest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Precision {
    Hours,
    Minutes,
    /// Seconds with so many decimals.
    Seconds(u8),
}

impl Birth {
    /// Takes the text of a `created_at`; `None` if it is no time, or has no zone.
    pub fn parse(text: &str) -> Option<Self> {
        Some(Self {
            at: text.parse().ok()?,
            precision: Precision::of(text)?,
        })
    }

    /// Takes a time with a precision of milliseconds.
    #[cfg(test)]
    pub(crate) fn from_milliseconds(epoch: i64) -> Option<Self> {
        Some(Self {
            at: Timestamp::from_millisecond(epoch).ok()?,
            precision: Precision::Seconds(3),
        })
    }

    /// The time that it shows.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Whether `now`, shown later under the same id, belongs to another webhook: it is later by more than a second at
    /// the coarser precision.
    ///
    /// Anything else may be an edit, a server that rounds, or a clock that was set back.
    pub fn is_another(&self, now: &Self) -> bool {
        // Nearly always they are equal, and the rest takes long divisions.
        if now.at <= self.at {
            return false;
        }
        let precision = self.precision.min(now.precision);
        let elapsed = precision
            .truncate(self.at)
            .duration_until(precision.truncate(now.at));
        elapsed > precision.unit().max(TOLERANCE)
    }

    /// The later of two births.
    #[must_use]
    pub fn later(self, other: Self) -> Self {
        if other.at > self.at { other } else { self }
    }
}

/// Whether an id belongs to another webhook now than `then`; `false` if either birth is unknown.
pub fn is_another_birth(then: Option<Birth>, now: Option<Birth>) -> bool {
    then.zip(now)
        .is_some_and(|(then, now)| then.is_another(&now))
}

/// What to say of a webhook that is gone because its id belongs to another one, which was created at `now`.
pub fn reused_id_reason(now: Birth) -> String {
    format!("its id now belongs to another webhook, created at {now}")
}

impl Precision {
    /// The precision of a time that `Timestamp` accepts, such as `2026-11-20T10:30:00.5Z`.
    fn of(text: &str) -> Option<Self> {
        let (_, time) = text.split_once(['T', 't', ' '])?;
        let end = time.find(|sign: char| !matches!(sign, '0'..='9' | ':' | '.' | ','));
        let time = &time[..end.unwrap_or(time.len())];
        let (clock, decimals) = time.split_once(['.', ',']).unwrap_or((time, ""));
        match clock.bytes().filter(u8::is_ascii_digit).count() {
            2 => Some(Self::Hours),
            4 => Some(Self::Minutes),
            _ => Some(Self::Seconds(u8::try_from(decimals.len()).ok()?)),
        }
    }

    fn unit(self) -> SignedDuration {
        match self {
            Self::Hours => SignedDuration::from_hours(1),
            Self::Minutes => SignedDuration::from_mins(1),
            Self::Seconds(decimals) => {
                SignedDuration::from_nanos(1_000_000_000 / 10_i64.pow(decimals.min(9).into()))
            }
        }
    }

    fn truncate(self, at: Timestamp) -> Timestamp {
        let unit = self.unit().as_nanos();
        let start = at.as_nanosecond().div_euclid(unit) * unit;
        // Only the very first unit of all time has no start.
        Timestamp::from_nanosecond(start).unwrap_or(at)
    }
}

/// Shows the time in UTC, with the precision with which the account showed it.
impl fmt::Display for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.precision {
            Precision::Hours => write!(f, "{}", self.at.strftime("%Y-%m-%dT%HZ")),
            Precision::Minutes => write!(f, "{}", self.at.strftime("%Y-%m-%dT%H:%MZ")),
            Precision::Seconds(decimals) => {
                write!(f, "{:.*}", usize::from(decimals.min(9)), self.at)
            }
        }
    }
}

/// Serializes as the text that `Display` writes.
impl Serialize for Birth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Birth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| D::Error::custom("not a time with a zone"))
    }
}

/// What tells webhooks with one id apart: the birth; and, where one is unknown, the type with alias and url.
///
/// Small, because a run keeps one for each webhook of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    birth: Option<Birth>,
    /// Hash of type and alias; `None` without a type.
    alias: Option<NonZeroU64>,
    /// Hash of type and url; `None` without a type or a url, because many webhooks have none.
    url: Option<NonZeroU64>,
}

/// What an identity says about the webhook that an account shows later under the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IdentityMatch {
    /// It is the same webhook, edited or not.
    Same,
    /// It is another webhook, to which the server gave the id anew.
    Another,
    /// Nobody knows: a birth is missing, and neither alias nor url are equal.
    Unknown,
}

impl Identity {
    /// The identity of a webhook with these values.
    pub(crate) fn new(
        birth: Option<Birth>,
        type_id: Option<TypeId>,
        alias: &str,
        url: &str,
    ) -> Self {
        let hash = |text: &str| NonZeroU64::new(HASH_KEY.hash_one((type_id?, text)));
        Self {
            birth,
            alias: hash(alias),
            url: hash(url).filter(|_| !url.is_empty()),
        }
    }

    /// The identity that a list, an answer or a backup shows.
    pub(crate) fn of(webhook: &Webhook) -> Self {
        Self::of_type(webhook, webhook.type_id().ok())
    }

    /// Like [`of`](Self::of), for a webhook whose type is known already.
    pub(crate) fn of_type(webhook: &Webhook, type_id: Option<TypeId>) -> Self {
        let alias = webhook.alias().unwrap_or_default();
        // A url that is no text identifies nothing.
        let url = webhook.string_member(KnownKey::Url).unwrap_or_default();
        Self::new(webhook.birth(), type_id, &alias, &url)
    }

    /// Its birth, if the account shows one.
    pub(crate) fn birth(&self) -> Option<Birth> {
        self.birth
    }

    /// Compares it with what the account shows later under the same id.
    pub(crate) fn compare(&self, now: &Self) -> IdentityMatch {
        let is_equal = |then: Option<NonZeroU64>, now| then.is_some() && then == now;
        match self.birth.zip(now.birth) {
            Some((then, now)) if then.is_another(&now) => IdentityMatch::Another,
            Some(_) => IdentityMatch::Same,
            None if is_equal(self.alias, now.alias) || is_equal(self.url, now.url) => {
                IdentityMatch::Same
            }
            None => IdentityMatch::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Birth, Identity, IdentityMatch, is_another_birth};
    use crate::coralogix::webhook::TypeId;
    use proptest::prelude::*;

    fn birth(text: &str) -> Birth {
        Birth::parse(text).expect(text)
    }

    #[test]
    fn another_birth_is_later_by_more_than_a_second_at_the_coarser_precision() {
        let cases = [
            ("2026-11-20T10:30:00Z", "2026-11-20T10:30:00Z", false),
            ("2026-11-20T10:30:00Z", "2026-11-20T10:30:01.999Z", false),
            ("2026-11-20T10:30:00Z", "2026-11-20T10:30:02Z", true),
            ("2026-11-20T10:30:00.5Z", "2026-11-20T10:30:01.5Z", false),
            ("2026-11-20T10:30:00.5Z", "2026-11-20T10:30:01.6Z", true),
            ("2026-11-20T10:30:00Z", "2026-11-20T09:30:00Z", false),
            ("2026-11-20T10:30:00Z", "2026-11-20T12:30:00+02:00", false),
            ("2026-11-20T10:30:00Z", "2026-11-20T12:30:00+01:00", true),
            ("2026-11-20T10:30:59Z", "2026-11-20T10:31Z", false),
            ("2026-11-20T10:30Z", "2026-11-20T10:32:30Z", true),
            ("2026-11-20 10:30:00+00", "2026-11-20 10:31:00+0000", true),
        ];
        for (then, now, is_another) in cases {
            assert_eq!(
                birth(then).is_another(&birth(now)),
                is_another,
                "{then}, {now}"
            );
        }
    }

    #[test]
    fn a_time_without_zone_is_no_birth() {
        for text in [
            "2026-11-20T10:30:00",
            "2026-11-20",
            "",
            "yesterday",
            "1764000000",
        ] {
            assert_eq!(Birth::parse(text), None, "{text}");
        }
        let known = Birth::parse("2026-11-20T10:30:00Z");
        assert!(!is_another_birth(None, known) && !is_another_birth(known, None));
    }

    #[test]
    fn without_a_birth_type_with_alias_or_url_decides() {
        let (one, other) = (Some(TypeId(1)), Some(TypeId(2)));
        let then = Identity::new(None, one, "pager", "https://a.example/");
        let cases = [
            (one, "pager", "https://b.example/", IdentityMatch::Same),
            (one, "renamed", "https://a.example/", IdentityMatch::Same),
            (one, "renamed", "https://b.example/", IdentityMatch::Unknown),
            (other, "pager", "https://a.example/", IdentityMatch::Unknown),
            (None, "pager", "https://a.example/", IdentityMatch::Unknown),
        ];
        for (type_id, alias, url, expected) in cases {
            let now = Identity::new(None, type_id, alias, url);
            assert_eq!(then.compare(&now), expected, "{alias} {url}");
        }
        let without_url = Identity::new(None, one, "pager", "");
        let renamed = Identity::new(None, one, "renamed", "");
        assert_eq!(without_url.compare(&renamed), IdentityMatch::Unknown);
    }

    fn any_text() -> impl Strategy<Value = String> {
        let time = (
            0..28u8,
            0..24u8,
            0..60u8,
            0..60u8,
            "(\\.[0-9]{1,9})?",
            0..4u8,
        );
        time.prop_map(|(day, hour, minute, second, decimals, form)| {
            let date = format!("2026-11-{:02}T{hour:02}", day + 1);
            match form {
                0 => format!("{date}Z"),
                1 => format!("{date}:{minute:02}Z"),
                2 => format!("{date}:{minute:02}:{second:02}+05:30"),
                _ => format!("{date}:{minute:02}:{second:02}{decimals}Z"),
            }
        })
    }

    proptest! {
        #[test]
        fn a_birth_round_trips_and_only_one_of_two_can_be_the_other_ones_successor(
            one in any_text(), other in any_text(),
        ) {
            let (one, other) = (birth(&one), birth(&other));
            prop_assert_eq!(birth(&one.to_string()), one);
            prop_assert!(!one.is_another(&one));
            prop_assert!(!(one.is_another(&other) && other.is_another(&one)));
            if one.is_another(&other) {
                prop_assert!(one.at() < other.at());
            }
            let is_known = IdentityMatch::Unknown != Identity::new(Some(one), None, "", "")
                .compare(&Identity::new(Some(other), None, "", ""));
            prop_assert!(is_known, "two births always decide");
        }
    }
}
