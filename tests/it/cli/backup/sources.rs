//! Accounts that fail, send wrong data, or have shrunk: their content never becomes the newest backup.

use super::{CHECK, CONFIG, CREATE, Workspace};
use crate::support::parallel::in_parallel;
use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Fault, Switches};

/// Backs up account `us`, whose key is revoked.
const CREATE_US: &str = "backup create --from us --repo vault --recipients-file recipients.txt";

/// Runs a command; asserts that it is refused with this code and that nothing in the repository has changed.
#[track_caller]
fn assert_refused(workspace: &Workspace, command_line: &str, code: i32, what: &str) -> Run {
    let before = workspace.objects();
    let run = workspace.run(command_line);
    assert_eq!(run.code, Some(code), "{what}: {}", run.transcript());
    assert!(
        run.stderr.contains("hint: "),
        "{what}: {}",
        run.transcript()
    );
    assert!(run.stdout.is_empty(), "{what}: {}", run.stdout);
    assert!(
        workspace.objects() == before,
        "{what}: something was written"
    );
    run
}

/// A workspace in which profile `eu` is the target account, so that the folder is the same.
fn workspace_of_target() -> Workspace {
    let swapped = CONFIG
        .replace("profile.eu", "profile.tmp")
        .replace("profile.us", "profile.eu")
        .replace("profile.tmp", "profile.us");
    Workspace::with_config(StandIn::demo(), &swapped)
}

#[test]
fn a_failing_account_is_not_backed_up() {
    let cases: [(&[&str], &[&str], i32); 7] = [
        (&[], &["get:2x*:status=503"], 1),
        (&[], &["get:2x*:html-200"], 1),
        (&[], &["get:2x*:truncate"], 1),
        (&[], &["get:2x*:redirect=http://127.0.0.1:9/"], 1),
        (&["list=wrapped"], &[], 1),
        (&["auth=revoked"], &[], 4),
        (&[], &["get:2x*:status=403"], 4),
    ];
    let outcomes = in_parallel(&cases, |(switches, faults, code)| {
        let workspace = workspace_of_target();
        workspace.run_ok(CREATE);
        let target = workspace.accounts.target();
        target.set_switches(Switches::parse(*switches).unwrap());
        for fault in *faults {
            target.push_fault(fault.parse::<Fault>().unwrap());
        }
        assert_refused(
            &workspace,
            CREATE,
            *code,
            &format!("{switches:?} {faults:?}"),
        );
        workspace.run_ok(CHECK);
    });
    for outcome in outcomes {
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

#[test]
fn a_response_that_is_not_a_complete_list_is_refused() {
    let server = Receiver::start(ReplyMode::json(
        r#"[{"id":1,"alias":"a","company_id":7},{"id":2,"alias":"b","company_id":7}]"#,
    ));
    let workspace =
        Workspace::with_config(StandIn::demo(), &CONFIG.replace("[source]", &server.url()));
    workspace.run_ok(CREATE);
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
        server.set_reply(ReplyMode::json(body));
        assert_refused(&workspace, CREATE, 1, body);
    }
    server.set_reply(ReplyMode::json("[]"));
    assert_refused(&workspace, CREATE, 6, "an empty list");
}

/// Half of the webhooks are still accepted; fewer are not, unless the user accepts it.
#[test]
fn an_account_that_shrank_by_half_has_to_be_accepted() {
    let workspace = Workspace::new();
    workspace.run_ok(CREATE);
    let source = workspace.accounts.source();
    let shrink_to = |n: usize| {
        for webhook in source.webhooks().iter().skip(n) {
            source.remove(webhook["id"].as_u64().unwrap());
        }
    };
    shrink_to(6);
    let run = workspace.run_ok(CREATE);
    assert!(run.stdout.contains("6 webhooks"), "{}", run.stdout);
    shrink_to(5);
    workspace.run_ok(CREATE);
    // 2 of 5 is less than half.
    shrink_to(2);
    let run = assert_refused(&workspace, CREATE, 6, "2 of 5");
    assert!(run.stderr.contains("--accept-shrink"), "{}", run.stderr);
    assert!(
        run.stderr
            .contains("2 webhooks, but its newest backup holds 5"),
        "{}",
        run.stderr
    );
    workspace.run_ok(&format!("{CREATE} --accept-shrink"));
    shrink_to(0);
    assert_refused(&workspace, CREATE, 6, "0 of 2");
    let before = workspace.backups();
    workspace.run(super::RUN).assert_code(6);
    assert_eq!(workspace.backups(), before, "nothing is forgotten either");
    workspace.run_ok(&format!("{} --accept-shrink", super::RUN));
}

/// One failing account does not affect the others, and the result names it.
#[test]
fn one_failing_account_does_not_affect_the_others() {
    let config =
        format!("{CONFIG}\n[profile.lost]\nurl = \"[target]\"\napi_key_command = [\"false\"]\n");
    let workspace = Workspace::with_config(StandIn::with(&["auth=revoked"], &[]), &config);
    let line = CREATE.replace("--from eu", "--all");
    let document = workspace.json(&line, 3);
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
    assert_eq!(workspace.backups().len(), 1);
    let run = workspace.run(CREATE_US);
    run.assert_code(4);
}
