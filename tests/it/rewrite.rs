//! Third stage: today every webhook passes as it is.

use crate::support::fixture::{inventory, wire};
use hookferry::pipeline::rewrite::rewrite;
use hookferry::pipeline::strip::strip;

#[test]
fn every_webhook_passes_byte_for_byte_and_in_order() {
    for name in ["account.json", "awkward.json"] {
        let stripped = strip(inventory(name));
        let portable = rewrite(strip(inventory(name)));
        assert_eq!(stripped.webhooks().len(), portable.webhooks().len());
        for (before, after) in stripped.webhooks().iter().zip(portable.webhooks()) {
            let id = before.id();
            assert!(wire(before.bare()) == wire(after.bare()), "{name}: {id:?}");
            assert_eq!(after.source_id(), id);
            assert_eq!(after.key(), before.key());
            assert_eq!(after.blocked(), before.blocked());
            assert_eq!(after.content(), before.content());
            assert_eq!(after.is_type_filled(), before.is_type_filled());
        }
    }
}
