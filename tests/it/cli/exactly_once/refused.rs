//! The target refuses one webhook: it is reported with the server's words, and all others arrive.

use super::{Arrives, Case, check_all};
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::seeds::{self, Seeds};
use serde_json::Value;

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
        poisoned("words in a 200").switch("refusal=words"),
        ignored("words in a 200, and the others are created").switch("refusal=words"),
    ]);
}

/// Whatever the status with which the server fails on one webhook, the others arrive.
#[test]
fn one_bad_webhook_does_not_stop_the_others_whatever_the_status() {
    let poisoned = |name| {
        Case::new(name)
            .switch("poison=night")
            .arrives(BAD, 3)
            .prints("night-shift")
    };
    check_all(&[
        poisoned("409").switch("poison-status=409"),
        poisoned("415").switch("poison-status=415"),
        poisoned("500").switch("poison-status=500"),
        poisoned("500 as a page")
            .switch("poison-status=500")
            .switch("errors=html"),
        poisoned("502").switch("poison-status=502"),
        poisoned("503").switch("poison-status=503"),
        poisoned("524 as a page")
            .switch("poison-status=524")
            .switch("errors=html"),
        poisoned("408").switch("poison-status=408"),
        poisoned("500 after those before it are created")
            .switch("poison-status=500")
            .switch("bulk=stop-at-bad"),
        poisoned("a firewall's 403").switch("poison-status=403"),
        poisoned("a firewall's 403 as a page")
            .switch("poison-status=403")
            .switch("errors=html"),
        poisoned("a firewall's 403, one by one")
            .switch("poison-status=403")
            .with("--batch-size 1"),
        poisoned("500, one by one")
            .switch("poison-status=500")
            .with("--batch-size 1"),
    ]);
}

/// A key that may only read, and a firewall that lets nothing through, are not the webhooks' fault.
#[test]
fn a_403_for_everything_stops_the_run() {
    let accounts = StandIn::with(&["auth=read-only"], &[]);
    let run = accounts.program(MIGRATE).run();
    run.assert_code(4);
    assert_eq!(accounts.target().webhooks().len(), 4);
    // The whole request, and then three single webhooks of different types.
    assert_eq!(accounts.posts().len(), 4, "{}", run.transcript());
}

/// Thirty webhooks of a type that the target takes no more do not hold up those behind them.
#[test]
fn a_refused_type_does_not_hold_up_the_others() {
    for status in ["400", "422", "403"] {
        let mut seeds = many(80, |n, webhook| {
            webhook["alias"] = format!("hook {n}").into();
        });
        let jira = seeds::demo().source[6].clone();
        for n in 20..50 {
            seeds.source[n] = jira.clone();
            seeds.source[n]["alias"] = format!("hook {n}").into();
            seeds.source[n].as_object_mut().unwrap().remove("id");
        }
        let type_id = jira["integration_type_id"].as_u64().unwrap();
        let (poison, status) = (
            format!("poison-type={type_id}"),
            format!("poison-status={status}"),
        );
        let accounts = StandIn::start(options_with(seeds, &[&poison, &status], &[]));
        let run = accounts.program(MIGRATE).run();
        run.assert_code(3);
        let copies = accounts.copies();
        let n_arrived = copies.iter().filter(|n| **n == 1).count();
        assert_eq!(n_arrived, 50, "{}", run.transcript());
        assert!(
            run.output().contains("takes no webhook of this type"),
            "{}",
            run.transcript()
        );
    }
}

/// The server answers every update with what was sent, and keeps the old content.
#[test]
fn an_ignored_update_is_not_reported_as_done() {
    let mut seeds = seeds::demo();
    seeds.target = seeds.source.clone();
    seeds.target[2]["url"] = "https://old.example.com/".into();
    let accounts = StandIn::start(options_with(seeds, &["update=ignored"], &[]));
    let update = format!("{MIGRATE} --on-conflict update");
    let run = accounts.program(&update).run();
    run.assert_code(3);
    assert!(run.stdout.contains("ignored"), "{}", run.transcript());
    // It is not remembered as altered by the server: the next run tries again.
    let again = accounts.program(&update).run();
    again.assert_code(3);
    assert!(again.stdout.contains("ignored"), "{}", again.transcript());
}

const MIGRATE: &str = "migrate --from [source] --to [target] --yes --rate 1000 --settle 300ms";

/// The demo accounts with `n` webhooks in the source, made of one by `change`.
fn many(n: usize, change: impl Fn(usize, &mut Value)) -> Seeds {
    let mut seeds = seeds::demo();
    let template = seeds.source[2].clone();
    seeds.source = (0..n)
        .map(|n| {
            let mut webhook = template.clone();
            change(n, &mut webhook);
            webhook.as_object_mut().unwrap().remove("id");
            webhook
        })
        .collect();
    seeds
}

/// Nine bisection steps find it, and everything else arrives in a few requests.
#[test]
fn one_bad_webhook_among_five_hundred() {
    let seeds = many(500, |n, webhook| {
        webhook["alias"] = if n == 333 {
            "night-shift".into()
        } else {
            format!("hook {n}").into()
        };
    });
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

/// Isolating one among five hundred fits the wait budget of a run: each step waits for the settle window.
#[test]
fn one_that_the_server_fails_on_among_five_hundred() {
    for status in ["500", "503"] {
        let seeds = many(500, |n, webhook| {
            webhook["alias"] = if n == 333 {
                "night-shift".into()
            } else {
                format!("hook {n}").into()
            };
        });
        let status = format!("poison-status={status}");
        let accounts = StandIn::start(options_with(seeds, &["poison=night", &status], &[]));
        let run = accounts.program(MIGRATE).run();
        run.assert_code(3);
        let copies = accounts.copies();
        assert_eq!(copies.iter().filter(|n| **n == 1).count(), 499);
        assert_eq!(copies[333], 0);
        let n_posts = accounts.posts().len();
        assert!(n_posts < 28, "{n_posts} requests");
    }
}
