//! No unnecessary requests: two reads, one write per batch, one read, and one connection per account.

use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Account, Options};
use serde_json::{Value, json};

fn account_with(n: usize) -> Options {
    let webhook = |index: usize| -> Value {
        json!({
            "alias": format!("hook {index}"),
            "url": format!("https://hooks.example.com/{index}"),
            "integration_type_fields": "[]",
            "integration_type_id": 0,
            "integration_type": {"label": "Slack", "icon": "/assets/settings/slack-48.png", "id": 0},
        })
    };
    let mut options = Options::default();
    options.source.webhooks = (0..n).map(webhook).collect();
    options
}

/// The methods of the requests to an account, and the number of connections.
fn requests(account: &Account) -> (Vec<String>, usize) {
    let log = account.log();
    let mut connections: Vec<u64> = log.iter().map(|seen| seen.connection).collect();
    connections.dedup();
    let methods = log.iter().map(|seen| seen.method.to_string());
    (methods.collect(), connections.len())
}

#[test]
fn a_migration_takes_two_reads_its_batches_and_a_final_read() {
    for (n, batch_size) in [(1, 500), (500, 500), (501, 500), (200, 70), (3, 1)] {
        let accounts = StandIn::start(account_with(n));
        let migrate =
            format!("migrate --from [source] --to [target] --yes --batch-size {batch_size}");
        accounts.program(&migrate).run().assert_code(0);
        let posts = vec!["POST".to_owned(); n.div_ceil(batch_size)];
        let get = || vec!["GET".to_owned()];
        assert_eq!(
            requests(accounts.source()),
            (get(), 1),
            "{n} in batches of {batch_size}"
        );
        let target = [get(), posts, get()].concat();
        assert_eq!(
            requests(accounts.target()),
            (target, 1),
            "{n} in batches of {batch_size}"
        );
    }
}

#[test]
fn a_migration_without_changes_takes_two_reads() {
    let accounts = StandIn::start(account_with(20));
    let migrate = "migrate --from [source] --to [target] --yes";
    accounts.program(migrate).run().assert_code(0);
    let before = accounts.request_counts();
    accounts.program(migrate).run().assert_code(0);
    let [source, target] = accounts.request_counts();
    assert_eq!([source - before[0], target - before[1]], [1, 1]);
}

/// Each deletion that the server confirms takes one question, and one for a listed webhook shows that it answers them.
#[test]
fn a_rollback_asks_once_for_each_webhook_whose_deletion_is_confirmed() {
    const N: usize = 60;
    let mut options = account_with(N);
    let own = json!({"alias": "own", "integration_type_id": 0});
    options.target.webhooks = vec![own];
    let accounts = StandIn::start(options);
    let migrate = "migrate --from [source] --to [target] --yes --rate 1000";
    accounts.program(migrate).run().assert_code(0);
    let before = requests(accounts.target()).0.len();
    let rollback = "rollback latest --yes --rate 1000";
    accounts.program(rollback).run().assert_code(0);
    let methods = requests(accounts.target()).0.split_off(before);
    let repeated = |method: &str, n| vec![method.to_owned(); n];
    let questions = 1 + N;
    let expected = [
        repeated("GET", 1),
        repeated("DELETE", N),
        // The final list, the questions, and a list that shows whether copies are left.
        repeated("GET", 1 + questions + 1),
    ];
    assert_eq!(methods, expected.concat());
}
