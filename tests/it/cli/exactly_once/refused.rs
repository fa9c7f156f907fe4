//! The target refuses one webhook: it is reported with the server's words, and all others arrive.

use super::{Arrives, Case};
use crate::support::stand_in::{StandIn, options_with};
use hookferry::sandbox::seeds::{self, Seeds};
use serde_json::Value;

const BAD: Arrives = Arrives::AllBut("night-shift");

fn poisoned() -> Case {
    Case::new()
        .switch("poison=night")
        .arrives(BAD, 3)
        .prints("night-shift")
}

/// The server reports no reason: the webhook is only known to be missing.
fn ignored() -> Case {
    poisoned().prints("ignored").switch("bulk=best-effort")
}

fn reported() -> Case {
    poisoned().prints("alias is not acceptable")
}

mod one_bad_webhook_does_not_stop_the_others {
    use super::{ignored, poisoned, reported};

    cases! {
        the_whole_request_is_refused: reported();
        status_422: reported().switch("poison-status=422");
        the_others_are_created: ignored();
        a_status_for_each: ignored().switch("bulk=multi-status");
        those_before_it_are_created: reported().switch("bulk=stop-at-bad");
        in_small_requests: reported().with("--batch-size 3");
        one_by_one: reported().with("--batch-size 1");
        and_a_response_is_lost: reported().fault("post:2:drop-after");
        and_half_of_a_request_is_committed_before_an_error: reported()
            .fault("post:3:status=500,commit=half");
        the_others_are_created_and_the_response_is_lost: ignored().fault("post:1:drop-after");
        with_a_page: poisoned().switch("errors=html");
        with_nothing: poisoned().switch("errors=empty");
        with_plain_words: poisoned().switch("errors=plain");
        with_the_request_itself: poisoned().switch("errors=echo");
        with_the_request_itself_best_effort: ignored().switch("errors=echo");
        responses_without_ids: ignored().switch("answer=no-ids");
        empty_responses: ignored().switch("answer=empty");
        words_in_a_200: poisoned().switch("refusal=words");
        words_in_a_200_and_the_others_are_created: ignored().switch("refusal=words");
    }
}

/// Whatever the status with which the server fails on one webhook, the others arrive.
mod one_bad_webhook_does_not_stop_the_others_whatever_the_status {
    use super::poisoned;

    cases! {
        status_409: poisoned().switch("poison-status=409");
        status_415: poisoned().switch("poison-status=415");
        status_500: poisoned().switch("poison-status=500");
        status_500_as_a_page: poisoned().switch("poison-status=500").switch("errors=html");
        status_502: poisoned().switch("poison-status=502");
        status_503: poisoned().switch("poison-status=503");
        status_524_as_a_page: poisoned().switch("poison-status=524").switch("errors=html");
        status_408: poisoned().switch("poison-status=408");
        status_500_after_those_before_it_are_created: poisoned()
            .switch("poison-status=500")
            .switch("bulk=stop-at-bad");
        a_firewalls_403: poisoned().switch("poison-status=403");
        a_firewalls_403_as_a_page: poisoned().switch("poison-status=403").switch("errors=html");
        a_firewalls_403_one_by_one: poisoned().switch("poison-status=403").with("--batch-size 1");
        status_500_one_by_one: poisoned().switch("poison-status=500").with("--batch-size 1");
    }
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
