//! Accounts that fail, lie, or have shrunk: what they show is never kept as the new truth.

use super::{CHECK, CONFIG, CREATE, Place};
use crate::support::at_once::at_once;
use crate::support::program::Run;
use crate::support::receiver::{Manner, Receiver};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Fault, Switches};

/// The account whose first backup is made, and which then is no longer itself.
const CREATE_US: &str = "backup create --from us --repo vault --recipients-file recipients.txt";

/// Runs it, and demands that it is refused with that code and that nothing in the repository has changed.
#[track_caller]
fn is_refused(place: &Place, command_line: &str, code: i32, what: &str) -> Run {
    let before = place.objects();
    let run = place.run(command_line);
    assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
    assert!(
        run.stderr.contains("hint: "),
        "{what}: {}",
        run.transcript()
    );
    assert!(run.stdout.is_empty(), "{what}: {}", run.stdout);
    assert!(place.objects() == before, "{what}: something was written");
    run
}

/// The same profile in the place of `eu`, so that the folder is the same.
fn place_of_target() -> Place {
    let swapped = CONFIG
        .replace("profile.eu", "profile.tmp")
        .replace("profile.us", "profile.eu")
        .replace("profile.tmp", "profile.us");
    Place::of(StandIn::demo(), &swapped)
}

#[test]
fn an_account_that_fails() {
    let cases: [(&[&str], &[&str], i32); 7] = [
        (&[], &["get:2x*:status=503"], 1),
        (&[], &["get:2x*:html-200"], 1),
        (&[], &["get:2x*:truncate"], 1),
        (&[], &["get:2x*:redirect=http://127.0.0.1:9/"], 1),
        (&["list=wrapped"], &[], 1),
        (&["auth=revoked"], &[], 4),
        (&[], &["get:2x*:status=403"], 4),
    ];
    let outcomes = at_once(&cases, |(switches, faults, code)| {
        let place = place_of_target();
        place.done(CREATE);
        let target = place.accounts.target();
        target.set_switches(Switches::parse(*switches).unwrap());
        for fault in *faults {
            target.push_fault(fault.parse::<Fault>().unwrap());
        }
        is_refused(&place, CREATE, *code, &format!("{switches:?} {faults:?}"));
        place.done(CHECK);
    });
    for outcome in outcomes {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

#[test]
fn an_answer_that_is_no_whole_list() {
    let server = Receiver::start(Manner::json(
        r#"[{"id":1,"alias":"a","company_id":7},{"id":2,"alias":"b","company_id":7}]"#,
    ));
    let place = Place::of(StandIn::demo(), &CONFIG.replace("[source]", &server.url()));
    place.done(CREATE);
    for body in [
        r#"{"webhooks":[]}"#,
        r#"[{"id":1,"alias":"a","company_id":7},null]"#,
        r#"[{"id":1,"alias":"a","company_id":7},7]"#,
        r#"[{"id":1,"alias":"a","company_id":7}"#,
        r#"[{"id":1,"alias":"a","company_id":7},{"id":2"#,
        "",
        "null",
        r#""[]""#,
    ] {
        server.answer(Manner::json(body));
        is_refused(&place, CREATE, 1, body);
    }
    server.answer(Manner::json("[]"));
    is_refused(&place, CREATE, 6, "an empty list");
}

/// Half of what there was is still taken for true; less is not, until somebody says so.
#[test]
fn an_account_that_has_shrunk() {
    let place = Place::new();
    place.done(CREATE);
    let source = place.accounts.source();
    let shrink_to = |n: usize| {
        for webhook in source.webhooks().iter().skip(n) {
            source.remove(webhook["id"].as_u64().unwrap());
        }
    };
    shrink_to(6);
    let run = place.done(CREATE);
    assert!(run.stdout.contains("6 webhooks"), "{}", run.stdout);
    shrink_to(5);
    place.done(CREATE);
    // 2 of 5 is less than half.
    shrink_to(2);
    let run = is_refused(&place, CREATE, 6, "2 of 5");
    assert!(run.stderr.contains("--accept-shrink"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("2 webhooks, and its newest backup holds 5"),
        "{}",
        run.stderr
    );
    place.done(&format!("{CREATE} --accept-shrink"));
    shrink_to(0);
    is_refused(&place, CREATE, 6, "0 of 2");
    let before = place.backups();
    place.run(super::RUN).assert_code(6);
    assert_eq!(
        place.backups(),
        before,
        "nothing is forgotten for it either"
    );
    place.done(&format!("{} --accept-shrink", super::RUN));
}

/// One account that fails does not take the others with it, and the result says which it was.
#[test]
fn one_of_several() {
    let config =
        format!("{CONFIG}\n[profile.lost]\nurl = \"[target]\"\napi_key_command = [\"false\"]\n");
    let place = Place::of(StandIn::with(&["auth=revoked"], &[]), &config);
    let line = CREATE.replace("--from eu", "--all");
    let document = place.json(&line, 3);
    let outcome = |name: &str| {
        let accounts = document["accounts"].as_array().unwrap();
        let account = accounts
            .iter()
            .find(|account| account["name"] == name)
            .unwrap();
        (
            account["outcome"].clone(),
            account["failure"]["exit_code"].clone(),
        )
    };
    assert_eq!(outcome("eu").0, "stored");
    assert_eq!(outcome("us").0, "failed");
    assert_eq!(outcome("lost").0, "failed");
    assert!(outcome("eu").1.is_null());
    assert_eq!(place.backups().len(), 1);
    let run = place.run(CREATE_US);
    run.assert_code(4);
}
