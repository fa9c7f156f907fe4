//! Ids that a server gives anew: after somebody deletes a webhook, its number may go to the next one that is created.

use super::{MIGRATE, migrate};
use crate::support::literal_server::{AnswerWrite, LiteralServer, Ways};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use hookferry::sandbox::{Account, seeds};
use serde_json::{Value, json};

const EARLIER: &str = "2026-11-20T08:00:00Z";
const LATER: &str = "2026-11-20T12:00:00Z";
const UPDATE: &str =
    "migrate --from source.json --to TARGET --yes --rate 1000 --settle 300ms --on-conflict update";
const RESTORE: &str =
    "restore latest --repo repo --to TARGET --yes --settle 300ms --on-conflict update";

fn webhook(id: u64, alias: &str, path: &str) -> Value {
    json!({
        "id": id, "alias": alias, "url": format!("https://hooks.example.net/canary-{path}"),
        "integration_type_id": 0, "integration_type": {"id": 0}, "integration_type_fields": "[]",
        "company_id": 4711, "created_at": EARLIER
    })
}

/// Dates what it stores anew, whether it creates or updates.
fn dated_later(mut sent: Value) -> Value {
    sent["created_at"] = json!(LATER);
    sent
}

fn run(home: &StandIn, target: &LiteralServer, command_line: &str) -> Run {
    home.program(&command_line.replace("TARGET", &target.url()))
        .run()
}

/// Deletes a webhook and gives its number to somebody else's, with the same content.
fn replace(target: &Account, id: u64) -> Value {
    let is_it = |webhook: &Value| webhook["id"] == id;
    let mut theirs = target.webhooks().into_iter().find(is_it).unwrap();
    theirs["created_at"] = json!("2099-01-01T00:00:00.000Z");
    target.remove(id);
    target.insert(&theirs);
    theirs
}

#[track_caller]
fn assert_left_alone(accounts: &StandIn, theirs: &Value) {
    assert!(accounts.target().webhooks().contains(theirs));
}

#[test]
fn a_rollback_leaves_a_webhook_alone_that_has_only_the_number_of_ours() {
    let accounts = StandIn::demo();
    let n_before = accounts.target().webhooks().len();
    migrate(&accounts);
    let theirs = replace(accounts.target(), 1054);
    let verified = accounts.program("verify --run latest").run();
    verified.assert_code(3);
    let why = "its id now belongs to another webhook, created at 2099-01-01T00:00:00";
    assert!(verified.stdout.contains(why), "{}", verified.stdout);
    let rolled_back = accounts.program("rollback latest --yes").run();
    rolled_back.assert_code(0);
    assert!(rolled_back.stdout.contains(why), "{}", rolled_back.stdout);
    assert_left_alone(&accounts, &theirs);
    assert_eq!(accounts.target().webhooks().len(), n_before + 1);
}

/// Its record has no digest of the dates, so that only the birth tells the two apart.
#[test]
fn a_rollback_of_a_killed_run_leaves_a_webhook_alone_that_has_only_the_number_of_ours() {
    let accounts = StandIn::with(&[], &["post:2:stall-after"]);
    let running = accounts
        .program(&format!("{MIGRATE} --batch-size 4"))
        .start();
    accounts.wait_for_posts(2);
    running.signal("KILL");
    assert_eq!(running.finish().code, None);
    let theirs = replace(accounts.target(), 1054);
    let rolled_back = accounts.program("rollback latest --yes").run();
    rolled_back.assert_code(0);
    assert!(
        rolled_back.stdout.contains("7 deleted"),
        "{}",
        rolled_back.stdout
    );
    assert_left_alone(&accounts, &theirs);
}

#[test]
fn a_saved_plan_does_not_update_a_webhook_that_has_only_the_number() {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = "https://hooks.slack.example/services/T0PAY/B0PAY/canary-older".into();
    let accounts = StandIn::start(seeds.into());
    let plan = "plan --from [source] --to [target] --rate 1000 -q --on-conflict update";
    accounts
        .program(&format!("{plan} --out plan.json"))
        .run()
        .assert_code(0);
    let id = accounts.target().webhooks()[1]["id"].as_u64().unwrap();
    let theirs = replace(accounts.target(), id);
    let applied = accounts
        .program("apply plan.json --yes --rate 1000 --settle 300ms")
        .run();
    applied.assert_code(5);
    assert_eq!(accounts.posts().len(), 0, "{}", applied.transcript());
    assert_left_alone(&accounts, &theirs);
}

#[test]
fn a_restore_does_not_overwrite_a_webhook_that_has_only_the_number() {
    let home = StandIn::demo();
    let target = LiteralServer::start(vec![webhook(7, "ours", "old")], Ways::default());
    let create = "backup create --from TARGET --repo repo --plaintext";
    run(&home, &target, create).assert_code(0);
    let mut theirs = webhook(7, "theirs", "theirs");
    theirs["created_at"] = json!(LATER);
    target.edit(|webhooks| webhooks[0] = theirs.clone());
    run(&home, &target, RESTORE).assert_code(0);
    let after = target.webhooks();
    assert_eq!(after.len(), 2);
    assert_eq!(after[0], theirs);
    assert_eq!(after[1]["alias"], "ours");
}

/// Without dates, nobody knows whether a webhook with another alias and url is the one in the backup.
#[test]
fn a_restore_does_not_overwrite_a_webhook_of_which_nobody_knows_whether_it_is_ours() {
    let home = StandIn::demo();
    let undated = |alias, path| {
        let mut webhook = webhook(7, alias, path);
        webhook.as_object_mut().unwrap().remove("created_at");
        webhook
    };
    let target = LiteralServer::start(vec![undated("ours", "old")], Ways::default());
    let create = "backup create --from TARGET --repo repo --plaintext";
    run(&home, &target, create).assert_code(0);
    let theirs = undated("theirs", "theirs");
    target.edit(|webhooks| webhooks[0] = theirs.clone());
    let restored = run(&home, &target, RESTORE);
    restored.assert_code(6);
    let shown = restored.transcript();
    assert!(shown.contains("may be another webhook"), "{shown}");
    assert_eq!(target.webhooks(), [theirs]);
}

/// Somebody deletes webhook 7 while the run is under way, and the run's own webhook gets its number.
#[test]
fn a_create_that_gets_the_number_of_a_deleted_webhook_is_sent_once() {
    let answers: [AnswerWrite; 2] = [
        |rows| (200, Value::Array(rows)),
        |_| (200, Value::Array(Vec::new())),
    ];
    for answer in answers {
        let home = StandIn::demo();
        let ways = Ways {
            new_id: |_| json!(7),
            store: dated_later,
            answer,
            before_write: |webhooks| webhooks.retain(|webhook| webhook["created_at"] != EARLIER),
            ..Ways::default()
        };
        let target = LiteralServer::start(vec![webhook(7, "deleted", "deleted")], ways);
        let ours = webhook(1, "ours", "ours");
        home.write("source.json", &Value::from(vec![ours]).to_string());
        run(&home, &target, UPDATE).assert_code(0);
        assert_eq!(target.writes().len(), 1);
        let after = target.webhooks();
        assert_eq!(after.len(), 1);
        assert_eq!(after[0]["alias"], "ours");
        run(&home, &target, "rollback latest --yes").assert_code(0);
        assert_eq!(target.webhooks().len(), 0);
    }
}

/// The answer to the create says nothing, so the run reads the target, and sees that webhook 7 is another one.
#[test]
fn an_update_is_not_sent_to_a_webhook_that_has_only_the_number() {
    let home = StandIn::demo();
    let ways = Ways {
        answer: |_| (200, Value::Array(Vec::new())),
        before_write: |webhooks| webhooks[0]["created_at"] = json!(LATER),
        ..Ways::default()
    };
    let target = LiteralServer::start(vec![webhook(7, "both", "old")], ways);
    let source = vec![webhook(1, "both", "new"), webhook(2, "created", "created")];
    home.write("source.json", &Value::from(source).to_string());
    run(&home, &target, UPDATE).assert_code(3);
    assert_eq!(target.writes().len(), 1, "only the create");
    assert_eq!(
        target.webhooks()[0]["url"],
        "https://hooks.example.net/canary-old"
    );
}

/// A server that dates anew what is updated does not make the webhook another one: the run ends well, and can be undone.
#[test]
fn an_edit_is_not_taken_for_a_new_birth() {
    let home = StandIn::demo();
    let ways = Ways {
        store: dated_later,
        ..Ways::default()
    };
    let target = LiteralServer::start(vec![webhook(7, "both", "old")], ways);
    let source = vec![webhook(1, "both", "new")];
    home.write("source.json", &Value::from(source).to_string());
    run(&home, &target, UPDATE).assert_code(0);
    run(&home, &target, "verify --run latest").assert_code(0);
    run(&home, &target, "rollback latest --yes").assert_code(0);
    assert_eq!(
        target.webhooks()[0]["url"],
        "https://hooks.example.net/canary-old"
    );
    run(&home, &target, "rollback latest --yes").assert_code(0);
}
