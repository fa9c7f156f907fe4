//! The server stores other content than was sent: that counts as arrived, is reported, and is never sent again.

use super::{Case, check_all};
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::seeds;

#[test]
fn what_the_server_altered_is_adopted_and_named() {
    let altered = |name| Case::new(name).altered(6).prints("altered");
    check_all(&[
        Case::new("aliases are trimmed").switch("alias=trimmed"),
        altered("aliases are normalized").switch("alias=tidied"),
        altered("aliases are normalized, and the response is lost")
            .switch("alias=tidied")
            .fault("post:1:drop-after"),
        altered("a slash is added to urls").switch("url=slash"),
        altered("a slash is added to urls, and the response is lost")
            .switch("url=slash")
            .fault("post:1:drop-after"),
        altered("queries are dropped").switch("url=no-query"),
        Case::new("fields are serialized again")
            .switch("json=reserialised")
            .altered(0),
        Case::new("fields are serialized again, and the response is lost")
            .switch("json=reserialised")
            .fault("post:1:reset-after")
            .altered(0),
        altered("the server assigns its own uuids").switch("uuid=fresh"),
        altered("its own uuids, and the response is empty")
            .switch("uuid=fresh")
            .switch("answer=empty"),
        altered("its own uuids, and half is lost")
            .switch("uuid=fresh")
            .fault("post:1:status=502,commit=half"),
    ]);
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
