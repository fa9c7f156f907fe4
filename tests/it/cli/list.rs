//! `list`: an account with every secret masked.

use crate::support::stand_in::StandIn;
use serde_json::Value;

#[test]
fn an_ordinary_account() {
    let accounts = StandIn::demo();
    assert_transcript!(accounts.program("list --from [source]").run());
}

#[test]
fn an_awkward_account() {
    let accounts = StandIn::awkward();
    assert_transcript!(accounts.program("list --from [source] --quiet").run());
}

#[test]
fn an_ordinary_account_as_json() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("list --from [source] --type slack,webhook -o json")
        .run();
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(document["format_version"].is_string());
    assert_transcript!(run);
}

#[test]
fn an_empty_account() {
    let accounts = StandIn::start(hookferry::sandbox::Options::default());
    assert_transcript!(accounts.program("list --from [source]").run());
}
