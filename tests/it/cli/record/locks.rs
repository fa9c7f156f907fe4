//! Concurrent runs on one target: the second is refused with the name of the first, and nothing is duplicated.

use super::{MIGRATE, assert_exactly_once};
use crate::support::stand_in::StandIn;
use std::io::{Read as _, Write as _};

#[test]
fn a_second_run_is_refused_and_names_the_first() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let first = accounts.program(MIGRATE).start();
    accounts.wait_for_posts(1);
    let second = accounts.program(MIGRATE).run();
    second.assert_code(11);
    assert!(
        second.stderr.contains("another run is using target"),
        "{}",
        second.stderr
    );
    assert!(second.stderr.contains("`hookferry migrate` (process "));
    assert_eq!(accounts.posts().len(), 1);
    first.finish().assert_code(0);
    accounts.program(MIGRATE).run().assert_code(0);
    assert_exactly_once(&accounts);
}

/// The error must name the command that holds the lock.
#[test]
fn the_refusal_names_a_running_restore() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let backup = "backup create --from [source] --repo repo --plaintext";
    accounts.program(backup).run().assert_code(0);
    let restore =
        "restore latest --repo repo --to [target] --into-other-account --on-conflict skip --yes";
    let first = accounts.program(restore).start();
    accounts.wait_for_posts(1);
    let second = accounts.program(MIGRATE).run();
    second.assert_code(11);
    assert!(second.stderr.contains("`hookferry restore` (process "));
    assert_eq!(first.finish().code, Some(0));
}

/// A terminal somewhere asks for a `yes`, and nobody sits there.
#[test]
fn the_refusal_names_a_run_that_may_be_waiting_at_its_question() {
    let accounts = StandIn::demo();
    let terminal = nix::pty::openpty(None, None).unwrap();
    let typed = || std::process::Stdio::from(terminal.slave.try_clone().unwrap());
    let [source, target] = [accounts.source(), accounts.target()];
    let state = accounts.home().join("shared");
    let mut first = std::process::Command::new(env!("CARGO_BIN_EXE_hookferry"))
        .args([
            "migrate",
            "--on-conflict",
            "skip",
            "--from",
            &source.url(),
            "--to",
            &target.url(),
        ])
        .arg("--state-dir")
        .arg(&state)
        .env_clear()
        .env("HOOKFERRY_SOURCE_API_KEY", source.key())
        .env("HOOKFERRY_TARGET_API_KEY", target.key())
        .stdin(typed())
        .stderr(typed())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut screen = std::fs::File::from(terminal.master.try_clone().unwrap());
    let (mut shown, mut part) = (String::new(), [0; 4096]);
    while !shown.contains("'yes'") {
        let n = screen.read(&mut part).unwrap();
        shown.push_str(&String::from_utf8_lossy(&part[..n]));
    }
    let second = accounts
        .program(&format!("{MIGRATE} --state-dir shared"))
        .run();
    second.assert_code(11);
    for words in [
        format!("(process {}), running since ", first.id()),
        "; it may be waiting at its question".to_owned(),
        "hint: nothing was written; answer its question".to_owned(),
    ] {
        assert!(second.stderr.contains(&words), "{words}: {}", second.stderr);
    }
    screen.write_all(b"no\n").unwrap();
    assert_eq!(first.wait().unwrap().code(), Some(6));
    assert!(accounts.posts().is_empty());
}

#[test]
fn a_plan_needs_no_lock() {
    let accounts = StandIn::with(&[], &["post:1:delay=1s"]);
    let first = accounts.program(MIGRATE).start();
    accounts.wait_for_posts(1);
    accounts
        .program("plan --from [source] --to [target]")
        .run()
        .assert_code(0);
    first.finish().assert_code(0);
}

/// Both runs read the target before either writes: the later one must read again.
#[test]
fn a_run_reads_again_after_another_run_wrote() {
    for _ in 0..5 {
        let accounts = StandIn::with(&[], &["get:1x2:delay=200ms"]);
        let [first, second] = [(); 2].map(|()| accounts.program(MIGRATE).start());
        let codes = [first.finish().code, second.finish().code];
        assert!(codes.contains(&Some(0)), "{codes:?}");
        assert!(
            codes.iter().all(|code| matches!(code, Some(0 | 11))),
            "{codes:?}"
        );
        assert_exactly_once(&accounts);
    }
}

#[test]
fn a_killed_run_releases_its_lock() {
    let accounts = StandIn::with(&[], &["post:1:stall-after"]);
    let first = accounts.program(MIGRATE).start();
    accounts.wait_for_posts(1);
    first.signal("KILL");
    assert_eq!(first.finish().code, None);
    let again = accounts.program(MIGRATE).run();
    again.assert_code(0);
    assert!(again.stderr.contains("was cut off"), "{}", again.stderr);
    assert_exactly_once(&accounts);
}
