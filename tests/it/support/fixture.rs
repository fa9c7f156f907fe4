//! Accounts for tests: from `tests/fixtures/`, or from JSON in the test.
//! Reads raw tokens with `serde_json` alone, so that it cannot share a bug with the program.

use hookferry::coralogix::webhook::{Webhook, parse_list};
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::rewrite::rule::{UnmatchedSecretPolicy, ValueSource};
use hookferry::pipeline::rewrite::{Portable, Rewriting, RuleValues, ValueReading, file, rewrite};
use hookferry::pipeline::strip::{Stripped, strip};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// The text of a fixture.
pub(crate) fn text(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(root.join("tests/fixtures").join(name)).unwrap()
}

/// The inventory of a fixture's account.
pub(crate) fn inventory(name: &str) -> Inventory {
    account(&text(name))
}

/// The inventory of an account whose list response is this JSON.
pub(crate) fn account(json: &str) -> Inventory {
    parse_list(json).unwrap().into()
}

/// Like [`account`], stripped.
pub(crate) fn stripped(json: &str) -> Stripped {
    strip(account(json))
}

/// Passes stripped webhooks through the rewrite stage without any rule.
pub(crate) fn unchanged(stripped: Stripped) -> Portable {
    rewrite(stripped, &Rewriting::identity()).unwrap()
}

/// The JSON of a webhook as it is sent. Holds secrets: compare it, never print it.
pub(crate) fn wire(webhook: &Webhook) -> String {
    let mut out = String::new();
    webhook.to_wire(&mut out);
    out
}

/// The members of each object of a list: decoded keys, values as their exact text.
pub(crate) fn list_tokens(json: &str) -> Vec<Vec<(String, String)>> {
    let objects: Vec<&RawValue> = serde_json::from_str(json).unwrap();
    objects.iter().map(|raw| tokens(raw.get())).collect()
}

/// The members of one object in order, duplicate keys included.
pub(crate) fn tokens(json: &str) -> Vec<(String, String)> {
    serde_json::from_str::<Tokens>(json).unwrap().0
}

struct Tokens(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Tokens;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tokens, A::Error> {
                let mut members = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((key, value.get().to_owned()));
                }
                Ok(Tokens(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Parses rules as in a file, with the values of the environment variables that they name.
pub(crate) fn rewriting(rules: &str, variables: &[(&str, &str)]) -> Rewriting {
    let rules = file::parse(rules).unwrap();
    let readings = variables.iter().map(|(name, value)| {
        let reading = ValueReading::Read((*value).into());
        (ValueSource::Env((*name).to_owned()), reading)
    });
    Rewriting {
        unmatched_policy: rules
            .unmatched_policy
            .unwrap_or(UnmatchedSecretPolicy::Keep),
        values: RuleValues::new(readings.collect()),
        rules: Arc::new(rules),
        uuid_namespace: ("12345".to_owned(), "api.us2.coralogix.com".to_owned()),
        ..Rewriting::identity()
    }
}
