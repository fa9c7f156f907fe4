//! Third stage: rewriting changes what the rules name, and not a byte more.

mod destinations;
mod file;
mod properties;
mod rules;
mod value_warnings;

use crate::support::fixture::{inventory, unchanged, wire};
use hookferry::pipeline::rewrite::PortableWebhook;
use hookferry::pipeline::strip::{Blocked, strip};

/// The one webhook of the fixtures whose secret the source server masked.
const MASKED: &str = "secret masked by the server";

fn alias_of(webhook: &PortableWebhook) -> &str {
    webhook.alias()
}

#[test]
fn a_masked_secret_blocks_its_webhook_and_no_other() {
    let portable = unchanged(strip(inventory("awkward.json")));
    let masked: Vec<&str> = portable
        .webhooks()
        .iter()
        .filter(|webhook| webhook.blocked() == Some(Blocked::MaskedSecret))
        .map(alias_of)
        .collect();
    assert_eq!(masked, [MASKED]);
}

#[test]
fn without_rules_every_webhook_passes_byte_for_byte_and_in_order() {
    for name in ["account.json", "awkward.json"] {
        let stripped = strip(inventory(name));
        let portable = unchanged(strip(inventory(name)));
        assert_eq!(stripped.webhooks().len(), portable.webhooks().len());
        for (before, after) in stripped.webhooks().iter().zip(portable.webhooks()) {
            let id = before.id();
            assert!(wire(before.bare()) == wire(after.bare()), "{name}: {id:?}");
            assert_eq!(after.source_id(), id);
            assert_eq!(after.key(), before.key());
            if alias_of(after) != MASKED {
                assert_eq!(after.blocked(), before.blocked());
            }
            assert_eq!(after.content(), before.content());
            assert_eq!(after.is_type_filled(), before.is_type_filled());
        }
    }
}
