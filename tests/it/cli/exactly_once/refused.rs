//! The target refuses one webhook: it is reported with the server's words, and all others arrive.

use super::{Arrives, Case, check_all};
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::seeds;

const BAD: Arrives = Arrives::AllBut("night-shift");

#[test]
fn one_bad_webhook_does_not_stop_the_others() {
    let poisoned = |name| {
        Case::new(name)
            .switch("poison=night")
            .arrives(BAD, 3)
            .prints("night-shift")
    };
    let reported = |name| poisoned(name).prints("alias is not acceptable");
    // The server reports no reason: the webhook is only known to be missing.
    let ignored = |name| poisoned(name).prints("ignored").switch("bulk=best-effort");
    check_all(&[
        reported("the whole request is refused"),
        reported("422").switch("poison-status=422"),
        ignored("the others are created"),
        ignored("a status for each").switch("bulk=multi-status"),
        reported("those before it are created").switch("bulk=stop-at-bad"),
        reported("in small requests").with("--batch-size 3"),
        reported("one by one").with("--batch-size 1"),
        reported("and a response is lost").fault("post:2:drop-after"),
        reported("and half of a request is committed before an error")
            .fault("post:3:status=500,commit=half"),
        ignored("the others are created, and the response is lost").fault("post:1:drop-after"),
        poisoned("with a page").switch("errors=html"),
        poisoned("with nothing").switch("errors=empty"),
        poisoned("with plain words").switch("errors=plain"),
        poisoned("with the request itself").switch("errors=echo"),
        ignored("with the request itself, best effort").switch("errors=echo"),
        ignored("responses without ids").switch("answer=no-ids"),
        ignored("empty responses").switch("answer=empty"),
    ]);
}

/// Nine bisection steps find it, and everything else arrives in a few requests.
#[test]
fn one_bad_webhook_among_five_hundred() {
    let mut seeds = seeds::demo();
    let template = seeds.source[2].clone();
    seeds.source = (0..500)
        .map(|n| {
            let mut webhook = template.clone();
            webhook["alias"] = if n == 333 {
                "night-shift".into()
            } else {
                format!("hook {n}").into()
            };
            webhook.as_object_mut().unwrap().remove("id");
            webhook
        })
        .collect();
    let accounts = StandIn::start(options_with(seeds, &["poison=night"], &[]));
    let command = "migrate --from [source] --to [target] --yes --rate 1000 --settle 1s";
    let run = accounts.program(command).run();
    run.assert_code(3);
    assert!(
        run.output().contains("alias is not acceptable"),
        "{}",
        run.transcript()
    );
    let copies = accounts.copies();
    assert_eq!(copies.iter().filter(|n| **n == 1).count(), 499);
    assert_eq!(copies[333], 0);
    let n_posts = accounts.posts().len();
    assert!(n_posts < 25, "{n_posts} requests");
}
