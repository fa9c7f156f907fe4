//! Who waits for a sign of life hears how each run ended; a receiver that fails changes nothing and learns nothing to others.
//! (Its URL holds the word by which every run of the program in any test fails if it is shown.)

use super::{CONFIG, Place, RUN};
use crate::support::program::Run;
use crate::support::receiver::{Manner, Receiver};
use crate::support::stand_in::StandIn;
use std::net::TcpListener;

/// The secret part of the URL, and what the receiver must see before the word of each call.
const PATH: &str = "/canary-of-a-heartbeat";

/// What runs the program as a terminal would, even where the tests themselves run in the background and so ignore Ctrl-C.
const AS_A_TERMINAL_DOES: &[&str] = &["env", "--default-signal=INT,TERM,HUP"];

/// The schedule with a heartbeat.
pub(super) fn config() -> String {
    format!("{CONFIG}heartbeat_url_file = \"../../heartbeat\"\n")
}

/// A place whose schedule tells that URL.
pub(super) fn telling(url: &str, accounts: StandIn, config: &str) -> Place {
    let place = Place::of(accounts, config);
    place.accounts.write("heartbeat", &format!("{url}{PATH}\n"));
    place
}

/// The words that the receiver was told.
pub(super) fn words(receiver: &Receiver) -> Vec<String> {
    let paths = receiver.paths().into_iter();
    let word = |path: String| {
        let word = path
            .strip_prefix(PATH)
            .and_then(|rest| rest.strip_prefix('/'));
        word.unwrap_or_else(|| panic!("{path}")).to_owned()
    };
    paths.map(word).collect()
}

/// The schedule has been run and was not disturbed.
fn ran(place: &Place) -> Run {
    let run = place.done(RUN);
    assert_eq!(place.backups().len(), 1, "{}", run.transcript());
    assert!(
        run.stdout.contains("schedule nightly: done"),
        "{}",
        run.stdout
    );
    let status: serde_json::Value =
        serde_json::from_str(&place.accounts.read("seen/status.json")).unwrap();
    assert_eq!(status["exit_code"], 0);
    run
}

#[test]
fn a_start_and_an_end() {
    let receiver = Receiver::start(Manner::status(200));
    let place = telling(&receiver.url(), StandIn::demo(), &config());
    let run = ran(&place);
    assert_eq!(words(&receiver), ["start", "0"]);
    assert!(!run.stderr.contains("heartbeat"), "{}", run.stderr);
}

#[test]
fn the_url_of_a_variable() {
    let receiver = Receiver::start(Manner::status(204));
    let config = format!("{CONFIG}heartbeat_url_env = \"ALIVE\"\n");
    let place = Place::of(StandIn::demo(), &config);
    let url = format!("{}{PATH}/", receiver.url());
    place.program(RUN).env("ALIVE", &url).run().assert_code(0);
    assert_eq!(words(&receiver), ["start", "0"]);
    let run = place.run(RUN);
    run.assert_code(0);
    assert!(
        run.stderr.contains("ALIVE, which is not set"),
        "{}",
        run.stderr
    );
    let run = place.program(RUN).env("ALIVE", "canary of no URL").run();
    run.assert_code(0);
    assert!(run.stderr.contains("in ALIVE is no http"), "{}", run.stderr);
}

#[test]
fn receivers_that_fail() {
    let elsewhere = Receiver::start(Manner::status(200));
    let redirect = format!("location: {}/stolen", elsewhere.url());
    for (manner, says) in [
        (Manner::status(500), "it answered 500"),
        (Manner::status(404), "it answered 404"),
        (
            Manner::Says(307, redirect, String::new()),
            "it answered 307",
        ),
        (Manner::Closes, "the connection was lost"),
    ] {
        let receiver = Receiver::start(manner);
        let place = telling(&receiver.url(), StandIn::demo(), &config());
        let run = ran(&place);
        for word in ["start", "0"] {
            let told = format!("the heartbeat ({word}) did not reach 127.0.0.1: {says}");
            assert!(run.stderr.contains(&told), "{}", run.stderr);
        }
        let heard = words(&receiver);
        assert!(heard.len() > 2, "tried again: {heard:?}");
        assert_eq!(heard.last().unwrap(), "0");
    }
    assert!(elsewhere.paths().is_empty(), "a redirect was followed");
}

#[test]
fn a_receiver_that_is_not_there() {
    // Free a moment ago, and nobody listens there.
    let nobody = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let place = telling(&format!("http://{nobody}"), StandIn::demo(), &config());
    let run = ran(&place);
    assert!(run.stderr.contains("no connection"), "{}", run.stderr);
    std::fs::remove_file(place.accounts.home().join("heartbeat")).unwrap();
    let run = place.done(RUN);
    assert!(
        run.stderr.contains("the file of the heartbeat's URL"),
        "{}",
        run.stderr
    );
}

/// The time that a scheduler leaves between its request to end and the end by force is often 30 s; both calls fit into it.
#[test]
fn a_receiver_that_never_answers_takes_no_more_than_its_time() {
    let receiver = Receiver::start(Manner::Hangs);
    let place = telling(&receiver.url(), StandIn::demo(), &config());
    let started = std::time::Instant::now();
    let run = ran(&place);
    assert!(
        run.stderr.contains("no answer within 10 s"),
        "{}",
        run.stderr
    );
    assert!(started.elapsed().as_secs() < 28, "{:?}", started.elapsed());
}

#[test]
fn a_run_that_is_asked_to_end_says_so_to_everybody() {
    for (signal, code) in [("INT", 130), ("TERM", 143), ("HUP", 143)] {
        let receiver = Receiver::start(Manner::status(200));
        let config = config().replace("profiles = [\"eu\"]", "profiles = [\"us\"]");
        let accounts = StandIn::with(&[], &["get:1x*:stall"]);
        let place = telling(&receiver.url(), accounts, &config);
        let running = place
            .program(&format!("{RUN} -o json"))
            .env("PATH", "/usr/bin:/bin")
            .under(AS_A_TERMINAL_DOES)
            .start();
        place
            .accounts
            .until_target(|target| !target.log().is_empty());
        running.signal(signal);
        let run = running.finish();
        super::watchers_agree::all_say(&place, &receiver, &run, code);
        assert!(
            run.stderr.contains("stopping, then telling"),
            "{}",
            run.stderr
        );
        assert!(!place.accounts.home().join("vault/us").exists());
    }
}

/// While the first sign of life is on its way, the run can be asked to end as well.
#[test]
fn a_run_that_is_asked_to_end_before_it_began() {
    let receiver = Receiver::start(Manner::Hangs);
    let place = telling(&receiver.url(), StandIn::demo(), &config());
    let running = place
        .program(&format!("{RUN} -o json"))
        .under(AS_A_TERMINAL_DOES)
        .start();
    receiver.until(1);
    receiver.answer(Manner::status(200));
    running.signal("TERM");
    let run = running.finish();
    run.assert_code(143);
    assert_eq!(words(&receiver), ["start", "143"]);
    assert_eq!(place.accounts.n_seen(), [0, 0]);
}
