//! Members that the vendor does not document, and which of them are the server's own state.
//! Pure. Such members are carried like all others; state alone never counts in a comparison or a digest.

use super::json::decode_string;
use super::known_key::KnownKey;
use super::listing::{Member, key_matches};
use super::path::Path;
use super::scan::Scanner;
use super::webhook::Webhook;
use crate::secret::resembles_vendor_key;
use smol_str::SmolStr;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

/// The documented object that may have undocumented members of its own.
const TYPE_KEY: &str = "integration_type";

/// The documented members of `integration_type`.
const TYPE_MEMBERS: [&str; 4] = ["id", "label", "name", "icon"];

/// Whether the vendor documents the member of `integration_type` with that key.
pub(crate) fn is_documented_type_member(key: &str) -> bool {
    TYPE_MEMBERS.contains(&key)
}

/// From this number on, a number counts as a time in epoch seconds (or in a finer unit), as in a rate limit's reset.
const FIRST_EPOCH_SECOND: u64 = 1_000_000_000;

/// An undocumented member of a webhook, or of its `integration_type`.
#[derive(Debug)]
pub(crate) struct UndocumentedMember<'w> {
    key: Cow<'w, str>,
    /// Whether it is a member of `integration_type`.
    pub(crate) is_in_type: bool,
    /// Its raw JSON.
    pub(crate) value: &'w str,
}

impl<'w> UndocumentedMember<'w> {
    /// A member of the webhook itself.
    pub(super) fn at_top_level(member: Member<'w>) -> Self {
        Self {
            key: member.key(),
            is_in_type: false,
            value: member.value(),
        }
    }

    /// The member with a name that [`name`](Self::name) returned; without its value.
    pub(crate) fn from_name(name: &'w str) -> Self {
        let in_type = type_member_of(name);
        Self {
            key: Cow::Borrowed(in_type.unwrap_or(name)),
            is_in_type: in_type.is_some(),
            value: "",
        }
    }

    /// Its path in the notation of rules files.
    pub(crate) fn path(&self) -> Path {
        if self.is_in_type {
            Path::from_parts(&[TYPE_KEY, &self.key])
        } else {
            Path::from_parts(&[&self.key])
        }
    }

    /// Its name in records and on the command line: the key, after `integration_type.` if it is a member of that.
    pub(crate) fn name(&self) -> Cow<'_, str> {
        if self.is_in_type {
            Cow::Owned(format!("{TYPE_KEY}.{}", self.key))
        } else {
            Cow::Borrowed(&self.key)
        }
    }
}

impl Webhook {
    /// The undocumented members, in the order of the webhook. Allocates nothing for keys without escapes.
    pub(crate) fn undocumented_members(&self) -> impl Iterator<Item = UndocumentedMember<'_>> {
        self.undocumented_top_level_members()
            .chain(self.undocumented_type_members())
    }

    /// Like [`undocumented_members`](Self::undocumented_members), without those of an `integration_type` that is byte for
    /// byte that of another webhook: nearly always, so that neither has to be scanned.
    pub(crate) fn undocumented_members_apart_from(
        &self,
        other: &Self,
    ) -> impl Iterator<Item = UndocumentedMember<'_>> {
        let has_other_type = self.raw(KnownKey::Type) != other.raw(KnownKey::Type);
        let type_members = has_other_type.then(|| self.undocumented_type_members());
        self.undocumented_top_level_members()
            .chain(type_members.into_iter().flatten())
    }

    fn undocumented_top_level_members(&self) -> impl Iterator<Item = UndocumentedMember<'_>> {
        self.unknown_members().map(UndocumentedMember::at_top_level)
    }

    fn undocumented_type_members(&self) -> impl Iterator<Item = UndocumentedMember<'_>> {
        self.type_members()
            .filter(|(token, _)| !TYPE_MEMBERS.iter().any(|known| key_matches(token, known)))
            .map(|(token, value)| UndocumentedMember {
                key: decode_string(token).unwrap_or(Cow::Borrowed(token)),
                is_in_type: true,
                value,
            })
    }

    /// The members of `integration_type` as raw key and value tokens; none if it is not an object.
    fn type_members(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut scanner = self.raw(KnownKey::Type).map(Scanner::new);
        let mut is_in_object = scanner
            .as_mut()
            .is_some_and(|scanner| scanner.consume(b'{'));
        let mut is_first = true;
        std::iter::from_fn(move || {
            let scanner = scanner.as_mut().filter(|_| is_in_object)?;
            let key = scanner
                .next_key(std::mem::take(&mut is_first))
                .ok()
                .flatten();
            let member = key.and_then(|key| Some((key, scanner.next_value().ok()?)));
            is_in_object = member.is_some();
            member
        })
    }

    /// Its values by key, to compare its undocumented members with those of another webhook.
    pub(crate) fn values_by_key(&self) -> ValuesByKey<'_> {
        let top_level = self.members().map(|member| (member.key(), member.value()));
        let in_type = self
            .type_members()
            .map(|(token, value)| (decode_string(token).unwrap_or(Cow::Borrowed(token)), value));
        ValuesByKey {
            top_level: top_level.collect(),
            in_type: in_type.collect(),
        }
    }
}

/// The raw values of a webhook by key. Of a key that occurs twice, the last value counts, as for most parsers.
pub(crate) struct ValuesByKey<'w> {
    top_level: HashMap<Cow<'w, str>, &'w str>,
    in_type: HashMap<Cow<'w, str>, &'w str>,
}

impl<'w> ValuesByKey<'w> {
    /// The value that this webhook has in place of another one's undocumented member.
    pub(crate) fn in_place_of(&self, member: &UndocumentedMember<'_>) -> Option<&'w str> {
        let values = if member.is_in_type {
            &self.in_type
        } else {
            &self.top_level
        };
        values.get(&*member.key).copied()
    }
}

/// The key after `integration_type.` in a name; `None` if the name has no such start.
fn type_member_of(name: &str) -> Option<&str> {
    name.strip_prefix(TYPE_KEY)?.strip_prefix('.')
}

/// Decides which undocumented members are the server's own state, which comparisons and digests leave out: those that
/// [`is_server_state`] recognizes, and those that the user names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateKeys(Arc<Vec<SmolStr>>);

/// The flag that leaves a key out of comparisons, for a hint that the user can type.
pub fn ignore_key_flag(name: &str) -> String {
    format!(
        "--ignore-key {}",
        crate::proposal::quoted(shown_key_name(name))
    )
}

/// The name of an undocumented key, unless it looks like an API key, which no output may show.
pub fn shown_key_name(name: &str) -> &str {
    if resembles_vendor_key(name) {
        "(key)"
    } else {
        name
    }
}

/// Why a key cannot be left out of comparisons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotIgnorable {
    /// It is empty or longer than 200 bytes.
    NoKey,
    /// The vendor documents it, so hookferry knows what it means.
    Documented,
}

impl NotIgnorable {
    /// The reason in words, to follow the key.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoKey => "is not a key of a webhook",
            Self::Documented => {
                "is a key that Coralogix documents; only undocumented keys can be ignored"
            }
        }
    }
}

impl StateKeys {
    /// Checks a key that a user names, such as `hits_today` or `integration_type.revision`.
    pub fn check(key: &str) -> Result<(), NotIgnorable> {
        if key.is_empty() || key.len() > 200 {
            return Err(NotIgnorable::NoKey);
        }
        let is_known = type_member_of(key).map_or_else(
            || KnownKey::from_text(key).is_some(),
            is_documented_type_member,
        );
        if is_known {
            Err(NotIgnorable::Documented)
        } else {
            Ok(())
        }
    }

    /// Adds keys that the user names.
    #[must_use]
    pub fn with<K: AsRef<str>>(&self, keys: impl IntoIterator<Item = K>) -> Self {
        let mut all: Vec<SmolStr> = self.0.to_vec();
        all.extend(keys.into_iter().map(|key| SmolStr::new(key)));
        all.sort_unstable();
        all.dedup();
        Self(Arc::new(all))
    }

    /// The keys that the user named, sorted.
    pub fn named(&self) -> &[SmolStr] {
        &self.0
    }

    /// Whether the user named this key.
    pub(crate) fn names(&self, key: &str) -> bool {
        self.0.iter().any(|named| named == key)
    }

    /// Whether a member counts in comparisons and digests.
    pub(crate) fn counts(&self, member: &UndocumentedMember<'_>) -> bool {
        let is_state = !member.is_in_type && is_server_state(&member.key, member.value);
        !is_state && (self.0.is_empty() || !self.names(&member.name()))
    }
}

/// Whether an undocumented top-level key with this raw JSON value holds the server's own state: when it last did
/// something, when it changed the webhook, or how often something happened.
///
/// A boolean or an object never does: it is probably a setting.
pub fn is_server_state(key: &str, value: &str) -> bool {
    if value.starts_with(['t', 'f', '{']) {
        return false;
    }
    is_change_time(key)
        || is_count(key)
        || is_last_event(key) && (value == "null" || is_time(value))
}

/// Whether a key is `created_at`, `createdAt` or the like.
fn is_change_time(key: &str) -> bool {
    const CHANGES: [&str; 3] = ["created", "updated", "modified"];
    without_suffix(key, "_at", "At").is_some_and(|change| CHANGES.contains(&change))
}

/// Whether a key is `success_count`, `errorCount` or the like.
fn is_count(key: &str) -> bool {
    const COUNTED: [&str; 8] = [
        "success", "failure", "error", "trigger", "sent", "delivery", "hit", "use",
    ];
    without_suffix(key, "_count", "Count").is_some_and(|counted| COUNTED.contains(&counted))
}

fn without_suffix<'k>(key: &'k str, snake_case: &str, camel_case: &str) -> Option<&'k str> {
    key.strip_suffix(snake_case)
        .or_else(|| key.strip_suffix(camel_case))
}

/// Whether a key is `last_triggered_at`, `lastUsed` or the like.
fn is_last_event(key: &str) -> bool {
    let Some(event) = key.strip_prefix("last") else {
        return false;
    };
    event.starts_with(|first: char| first.is_ascii_uppercase())
        || event
            .strip_prefix('_')
            .is_some_and(|event| !event.is_empty())
}

/// Whether a JSON token is a time: a date in a string, with or without a time of day and a zone, or an epoch number.
fn is_time(token: &str) -> bool {
    if let Ok(text) = decode_string(token) {
        return text.parse::<jiff::Timestamp>().is_ok()
            || text.parse::<jiff::civil::DateTime>().is_ok();
    }
    let whole = token.split_once('.').map_or(token, |(whole, _)| whole);
    let number = whole.parse::<u64>();
    number.is_ok_and(|number| number >= FIRST_EPOCH_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{NotIgnorable, StateKeys, is_server_state};
    use crate::coralogix::webhook::Webhook;

    const TIME: &str = "\"2026-11-20T03:17:05.123Z\"";

    fn counted_names(state_keys: &StateKeys, json: &str) -> Vec<String> {
        let webhook = Webhook::parse(json).expect("an object");
        let members = webhook.undocumented_members();
        members
            .filter(|member| state_keys.counts(member))
            .map(|member| member.name().into_owned())
            .collect()
    }

    #[test]
    fn times_and_counters_of_the_server_are_its_own_state() {
        for (key, value) in [
            ("last_triggered_at", TIME),
            ("last_error", "null"),
            ("lastUsed", "\"2026-11-20\""),
            ("last_used", "\"2026-11-20 03:17:05\""),
            ("last_used", "\"2026-11-20T03:17:05+02:00\""),
            ("last_used", "1764559025"),
            ("last_used", "1764559025.5"),
            ("createdAt", TIME),
            ("updatedAt", "null"),
            ("modified_at", TIME),
            ("success_count", "17"),
            ("useCount", "\"17\""),
            ("delivery_count", "null"),
        ] {
            assert!(is_server_state(key, value), "{key}: {value}");
        }
    }

    #[test]
    fn a_setting_is_never_the_servers_own_state() {
        for (key, value) in [
            ("isActive", "false"),
            ("last_", TIME),
            ("last", TIME),
            ("lasting", TIME),
            ("last_error", "\"500 from the destination\""),
            ("last_retries", "5"),
            ("last_used", "{\"at\":1764559025}"),
            ("last_used", "true"),
            ("success_count", "false"),
            ("hit_count", "{}"),
            ("retry_count", "3"),
            ("max_error_count", "3"),
            ("discount", "3"),
            ("expires_at", TIME),
            ("count", "3"),
        ] {
            assert!(!is_server_state(key, value), "{key}: {value}");
        }
    }

    #[test]
    fn members_of_the_type_count_except_the_documented_ones() {
        let json = r#"{"alias":"a","id":1,"last_used":null,"isActive":false,
            "integration_type":{"id":1,"label":"x","name":"y","icon":"z","rev":2,"success_count":3}}"#;
        let names = [
            "isActive",
            "integration_type.rev",
            "integration_type.success_count",
        ];
        assert_eq!(counted_names(&StateKeys::default(), json), names);
        let ignoring = StateKeys::default().with(["integration_type.rev", "isActive"]);
        assert_eq!(counted_names(&ignoring, json), names[2..]);
    }

    #[test]
    fn documented_keys_cannot_be_ignored() {
        for key in [
            "url",
            "id",
            "updated_at",
            "integration_type",
            "integration_type.id",
        ] {
            assert_eq!(
                StateKeys::check(key),
                Err(NotIgnorable::Documented),
                "{key}"
            );
        }
        assert_eq!(StateKeys::check(""), Err(NotIgnorable::NoKey));
        assert_eq!(StateKeys::check("integration_type.rev"), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn no_boolean_and_no_object_is_ever_state(key in "\\PC*", is_true in proptest::bool::ANY) {
            let boolean = if is_true { "true" } else { "false" };
            proptest::prop_assert!(!is_server_state(&key, boolean));
            let object = r#"{"a":1}"#;
            proptest::prop_assert!(!is_server_state(&key, object));
        }

        #[test]
        fn every_counter_is_state_in_both_spellings(
            word in "success|failure|error|trigger|sent|delivery|hit|use",
            n in 0_u64..,
        ) {
            for key in [format!("{word}_count"), format!("{word}Count")] {
                proptest::prop_assert!(is_server_state(&key, &n.to_string()), "{}", key);
            }
        }

        #[test]
        fn a_last_event_is_state_only_with_a_time(event in "[a-z_]{1,12}", n in 0_u64..1_000_000_000) {
            let key = format!("last_{event}");
            proptest::prop_assert!(is_server_state(&key, TIME));
            proptest::prop_assert!(is_server_state(&key, "null"));
            proptest::prop_assert!(!is_server_state(&key, &n.to_string()));
        }
    }
}
