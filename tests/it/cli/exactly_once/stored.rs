//! The server stores other content than was sent: that counts as arrived, is reported, and is never sent again.

use super::Case;
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::seeds;

mod what_the_server_altered_is_adopted_and_named {
    use super::Case;

    fn altered() -> Case {
        Case::new().altered(6).prints("altered")
    }

    cases! {
        aliases_are_trimmed: Case::new().switch("alias=trimmed");
        aliases_are_normalized: altered().switch("alias=tidied");
        aliases_are_normalized_and_the_response_is_lost: altered()
            .switch("alias=tidied")
            .fault("post:1:drop-after");
        a_slash_is_added_to_urls: altered().switch("url=slash");
        a_slash_is_added_to_urls_and_the_response_is_lost: altered()
            .switch("url=slash")
            .fault("post:1:drop-after");
        queries_are_dropped: altered().switch("url=no-query");
        fields_are_serialized_again: Case::new().switch("json=reserialised").altered(0);
        fields_are_serialized_again_and_the_response_is_lost: Case::new()
            .switch("json=reserialised")
            .fault("post:1:reset-after")
            .altered(0);
        the_server_assigns_its_own_uuids: altered().switch("uuid=fresh");
        its_own_uuids_and_the_response_is_empty: altered()
            .switch("uuid=fresh")
            .switch("answer=empty");
        its_own_uuids_and_half_is_lost: altered()
            .switch("uuid=fresh")
            .fault("post:1:status=502,commit=half");
    }
}

/// A server that spells a url or the fields in another way holds each webhook once, and a second run sends nothing.
#[test]
fn urls_and_fields_that_the_server_spells_otherwise_arrive_once() {
    for switch in ["url=percent-decoded", "url=portless", "text=html-escaped"] {
        for faults in [&[][..], &["post:1:drop-after"]] {
            let mut seeds = seeds::demo();
            seeds.target.clear();
            for webhook in &mut seeds.source {
                webhook["url"] = "https://hooks.example.com:443/canary%2Fpath?a=1&b=canary".into();
            }
            let accounts = StandIn::start(options_with(seeds, &[switch], faults));
            let run = accounts.program(MIGRATE).run();
            run.assert_code(0);
            assert!(run.stdout.contains("altered"), "{}", run.transcript());
            assert_eq!(accounts.copies(), [1; 12], "{}", run.transcript());
            let n_posts = accounts.posts().len();
            accounts.program(MIGRATE).run().assert_code(0);
            assert_eq!(accounts.posts().len(), n_posts, "{switch}");
        }
    }
}

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";
