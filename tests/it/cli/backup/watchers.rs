//! Heartbeats: the receiver learns how each run ended; a failing receiver does not change the run, and its URL stays secret.
//! (The URL contains the word that fails any run that prints it.)

use super::{CONFIG, RUN, Workspace};
use crate::support::program::Run;
use crate::support::receiver::{Receiver, ReplyMode};
use crate::support::stand_in::{NOBODY, StandIn};

/// The secret path of the heartbeat URL, to which each call appends a word.
const PATH: &str = "/canary-of-a-heartbeat";

/// Resets signal handling, because tests that run in the background inherit ignored signals.
const WITH_DEFAULT_SIGNALS: &[&str] = &["env", "--default-signal=INT,TERM,HUP"];

/// The schedule with a heartbeat.
pub(super) fn config() -> String {
    format!("{CONFIG}heartbeat_url_file = \"../../heartbeat\"\n")
}

/// A workspace whose schedule sends heartbeats to this URL.
pub(super) fn with_heartbeat(url: &str, accounts: StandIn, config: &str) -> Workspace {
    let workspace = Workspace::with_config(accounts, config);
    workspace
        .accounts
        .write("heartbeat", &format!("{url}{PATH}\n"));
    workspace
}

/// The words that follow the path in the requests to the receiver.
pub(super) fn heartbeats(receiver: &Receiver) -> Vec<String> {
    let paths = receiver.paths().into_iter();
    let word = |path: String| {
        let word = path
            .strip_prefix(PATH)
            .and_then(|rest| rest.strip_prefix('/'));
        word.unwrap_or_else(|| panic!("{path}")).to_owned()
    };
    paths.map(word).collect()
}

/// Runs the schedule and asserts that the receiver did not disturb it.
fn run_undisturbed(workspace: &Workspace) -> Run {
    let run = workspace.run_ok(RUN);
    assert_eq!(workspace.backups().len(), 1, "{}", run.transcript());
    assert!(
        run.stdout.contains("schedule nightly: done"),
        "{}",
        run.stdout
    );
    let status: serde_json::Value =
        serde_json::from_str(&workspace.accounts.read("seen/status.json")).unwrap();
    assert_eq!(status["exit_code"], 0);
    run
}

#[test]
fn the_receiver_is_notified_of_start_and_end() {
    let receiver = Receiver::start(ReplyMode::status(200));
    let workspace = with_heartbeat(&receiver.url(), StandIn::demo(), &config());
    let run = run_undisturbed(&workspace);
    assert_eq!(heartbeats(&receiver), ["start", "0"]);
    assert!(!run.stderr.contains("heartbeat"), "{}", run.stderr);
}

#[test]
fn the_heartbeat_url_can_come_from_a_variable() {
    let receiver = Receiver::start(ReplyMode::status(204));
    let config = format!("{CONFIG}heartbeat_url_env = \"ALIVE\"\n");
    let workspace = Workspace::with_config(StandIn::demo(), &config);
    let url = format!("{}{PATH}/", receiver.url());
    workspace
        .program(RUN)
        .env("ALIVE", &url)
        .run()
        .assert_code(0);
    assert_eq!(heartbeats(&receiver), ["start", "0"]);
    let run = workspace.run(RUN);
    run.assert_code(0);
    assert!(
        run.stderr.contains("ALIVE, which is not set"),
        "{}",
        run.stderr
    );
    let run = workspace
        .program(RUN)
        .env("ALIVE", "canary of no URL")
        .run();
    run.assert_code(0);
    assert!(
        run.stderr.contains("in ALIVE is not an http"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_failing_receiver_does_not_fail_the_run() {
    let elsewhere = Receiver::start(ReplyMode::status(200));
    let redirect = format!("location: {}/stolen", elsewhere.url());
    for (manner, reason) in [
        (ReplyMode::status(500), "it answered 500"),
        (ReplyMode::status(404), "it answered 404"),
        (
            ReplyMode::Respond(307, redirect, String::new()),
            "it answered 307",
        ),
        (ReplyMode::Close, "connection lost"),
    ] {
        let receiver = Receiver::start(manner);
        let workspace = with_heartbeat(&receiver.url(), StandIn::demo(), &config());
        let run = run_undisturbed(&workspace);
        for word in ["start", "0"] {
            let expected = format!("the heartbeat ({word}) did not reach 127.0.0.1: {reason}");
            assert!(run.stderr.contains(&expected), "{}", run.stderr);
        }
        let pings = heartbeats(&receiver);
        assert!(pings.len() > 2, "it should have tried again: {pings:?}");
        assert_eq!(pings.last().unwrap(), "0");
    }
    assert!(elsewhere.paths().is_empty(), "a redirect was followed");
}

#[test]
fn an_unreachable_receiver_does_not_fail_the_run() {
    let workspace = with_heartbeat(&format!("http://{NOBODY}"), StandIn::demo(), &config());
    let run = run_undisturbed(&workspace);
    assert!(run.stderr.contains("no connection"), "{}", run.stderr);
    std::fs::remove_file(workspace.accounts.home().join("heartbeat")).unwrap();
    let run = workspace.run_ok(RUN);
    assert!(
        run.stderr.contains("the heartbeat URL file"),
        "{}",
        run.stderr
    );
}

/// Schedulers often leave 30 s between SIGTERM and SIGKILL; both calls fit into that.
#[test]
fn a_receiver_that_never_responds_times_out() {
    let receiver = Receiver::start(ReplyMode::Hang);
    let workspace = with_heartbeat(&receiver.url(), StandIn::demo(), &config());
    let started = std::time::Instant::now();
    let run = run_undisturbed(&workspace);
    assert!(
        run.stderr.contains("no response within 10 s"),
        "{}",
        run.stderr
    );
    assert!(started.elapsed().as_secs() < 28, "{:?}", started.elapsed());
}

#[test]
fn an_interrupted_run_reports_its_exit_code_everywhere() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let receiver = Receiver::start(ReplyMode::status(200));
        let config = config().replace("profiles = [\"eu\"]", "profiles = [\"us\"]");
        let accounts = StandIn::with(&[], &["get:1x*:stall"]);
        let workspace = with_heartbeat(&receiver.url(), accounts, &config);
        let running = workspace
            .program(&format!("{RUN} -o json"))
            .env("PATH", "/usr/bin:/bin")
            .under(WITH_DEFAULT_SIGNALS)
            .start();
        workspace
            .accounts
            .wait_for_target(|target| !target.log().is_empty());
        running.signal(signal);
        let run = running.finish();
        super::watchers_agree::assert_all_agree(&workspace, &receiver, &run, code);
        assert!(
            run.stderr.contains("stopping, then reporting"),
            "{}",
            run.stderr
        );
        assert!(!workspace.accounts.home().join("vault/us").exists());
    }
}

/// A signal also ends the run while the first heartbeat is under way.
#[test]
fn a_run_interrupted_before_its_start_reads_no_account() {
    let receiver = Receiver::start(ReplyMode::Hang);
    let workspace = with_heartbeat(&receiver.url(), StandIn::demo(), &config());
    let running = workspace
        .program(&format!("{RUN} -o json"))
        .under(WITH_DEFAULT_SIGNALS)
        .start();
    receiver.wait_for_requests(1);
    receiver.set_reply(ReplyMode::status(200));
    running.signal("TERM");
    let run = running.finish();
    run.assert_code(143);
    assert_eq!(heartbeats(&receiver), ["start", "143"]);
    assert_eq!(workspace.accounts.request_counts(), [0, 0]);
}
