//! The size of a run record, which grows with the account: of each webhook it holds little.

use crate::support::stand_in::StandIn;
use hookferry::sandbox::Options;

#[path = "../../../benches/webhooks.rs"]
mod webhooks;

const N_WEBHOOKS: usize = 1000;

/// The journal of the only run.
fn journal(accounts: &StandIn) -> String {
    let runs = accounts.home().join("state/hookferry/runs");
    let run = std::fs::read_dir(runs).unwrap().next().unwrap().unwrap();
    std::fs::read_to_string(run.path().join("journal.jsonl")).unwrap()
}

/// The limit for 100,000 webhooks, too. The size differs from run to run: 190 and 195 were seen.
#[test]
fn a_created_webhook_takes_less_than_200_bytes() {
    let mut options = Options::default();
    options.source.webhooks = webhooks::webhooks(N_WEBHOOKS);
    let accounts = StandIn::start(options);
    accounts
        .program("migrate --from [source] --to [target] --yes --quiet")
        .run()
        .assert_code(0);
    let journal = journal(&accounts);
    let bytes_each = journal.len() / N_WEBHOOKS;
    assert!(bytes_each < 200, "{bytes_each} bytes");
}
