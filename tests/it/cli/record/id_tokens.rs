//! Ids as the tokens that a server lists: `7` and `"007"` are two webhooks, however the run comes by the id.

use crate::support::literal_server::{LiteralServer, Ways};
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

fn webhook(id: &Value, alias: &str, path: &str) -> Value {
    json!({
        "id": id, "alias": alias, "url": format!("https://hooks.example.net/canary-{path}"),
        "integration_type_id": 0, "integration_type": {"id": 0}, "integration_type_fields": "[]",
        "company_id": 4711
    })
}

/// Runs a command with the server as its target, and a source file of these webhooks as `source.json`.
fn run(home: &StandIn, target: &LiteralServer, command_line: &str) -> Run {
    let line = command_line.replace("TARGET", &target.url());
    home.program(&line).run()
}

fn write_source(home: &StandIn, webhooks: &[Value]) {
    home.write("source.json", &Value::from(webhooks).to_string());
}

const UPDATE: &str =
    "migrate --from source.json --to TARGET --yes --rate 1000 --settle 300ms --on-conflict update";

/// A foreign webhook 7 is not overwritten by an update, nor by the rollback that restores, of a webhook "007".
#[test]
fn an_update_of_007_leaves_the_foreign_webhook_7_alone() {
    let home = StandIn::demo();
    let foreign = webhook(&json!(7), "foreign", "foreign");
    let padded = webhook(&json!("007"), "ours", "old");
    let target = LiteralServer::start(vec![foreign.clone(), padded.clone()], Ways::default());
    write_source(&home, &[webhook(&json!(1), "ours", "new")]);
    run(&home, &target, UPDATE).assert_code(0);
    let updated = webhook(&json!("007"), "ours", "new");
    let after = target.webhooks();
    assert_eq!(after[0], foreign);
    assert_eq!(after[1]["id"], updated["id"]);
    assert_eq!(after[1]["url"], updated["url"]);
    assert_eq!(after.len(), 2);
    run(&home, &target, "rollback latest --yes").assert_code(0);
    let restored = target.webhooks();
    assert_eq!(restored[0], foreign);
    assert_eq!(restored[1]["id"], padded["id"]);
    assert_eq!(restored[1]["url"], padded["url"]);
    assert_eq!(restored.len(), 2);
}

/// A restore matches by id within one account; there, too, "007" is not 7.
#[test]
fn a_restore_of_007_leaves_the_foreign_webhook_7_alone() {
    let home = StandIn::demo();
    let mut padded = webhook(&json!("007"), "ours", "old");
    // Only its date tells the edited webhook from another one with its id.
    padded["created_at"] = json!("2026-11-20T08:00:00Z");
    let target = LiteralServer::start(vec![padded.clone()], Ways::default());
    run(
        &home,
        &target,
        "backup create --from TARGET --repo repo --plaintext",
    )
    .assert_code(0);
    let foreign = webhook(&json!(7), "foreign", "foreign");
    target.edit(|webhooks| {
        webhooks[0]["url"] = json!("https://hooks.example.net/canary-edited");
        webhooks[0]["alias"] = json!("renamed");
        webhooks.push(foreign.clone());
    });
    let restore =
        "restore latest --repo repo --to TARGET --yes --settle 300ms --on-conflict update";
    run(&home, &target, restore).assert_code(0);
    let after = target.webhooks();
    assert_eq!(after[1], foreign);
    assert_eq!(after[0]["id"], padded["id"]);
    assert_eq!(after[0]["url"], padded["url"]);
    assert_eq!(after[0]["alias"], padded["alias"]);
    assert_eq!(after.len(), 2);
}

/// Ids that are texts of digits go back as texts; the run record keeps them apart from numbers.
#[test]
fn text_ids_stay_texts_in_bodies_and_documents() {
    let home = StandIn::demo();
    let ways = Ways {
        new_id: |n| json!((50 + n).to_string()),
        ..Ways::default()
    };
    let target = LiteralServer::start(vec![webhook(&json!("7"), "ours", "old")], ways);
    write_source(
        &home,
        &[
            webhook(&json!(1), "ours", "new"),
            webhook(&json!(2), "more", "more"),
        ],
    );
    run(&home, &target, UPDATE).assert_code(0);
    let bodies: Vec<Value> = target
        .writes()
        .iter()
        .map(|write| serde_json::from_str(&write.body).unwrap())
        .collect();
    assert!(
        bodies.iter().any(|body| body[0]["id"] == json!("7")),
        "{bodies:?}"
    );
    let shown = run(&home, &target, "idmap show latest -o json");
    shown.assert_code(0);
    let map: Value = serde_json::from_str(&shown.stdout).unwrap();
    let ids: Vec<&Value> = map["id_map"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| &row["target_id"])
        .collect();
    assert_eq!(ids, [&json!("7"), &json!("50")]);
    run(&home, &target, UPDATE).assert_code(0);
    assert_eq!(target.webhooks().len(), 2);
    run(&home, &target, "rollback latest --yes").assert_code(0);
}

/// One server that answers a create with the number 1050, and lists the text "1050", or the reverse.
#[test]
fn a_number_in_an_answer_and_a_text_in_the_list_are_one_webhook() {
    let as_text: fn(Value) -> Value = |mut webhook| {
        webhook["id"] = json!(webhook["id"].to_string());
        webhook
    };
    let as_number: fn(Value) -> Value = |mut webhook| {
        webhook["id"] = json!(webhook["id"].as_str().unwrap().parse::<u64>().unwrap());
        webhook
    };
    let text_id: fn(u64) -> Value = |n| json!((1050 + n).to_string());
    for (new_id, list) in [(Ways::default().new_id, as_text), (text_id, as_number)] {
        let home = StandIn::demo();
        let ways = Ways {
            new_id,
            list,
            ..Ways::default()
        };
        let target = LiteralServer::start(Vec::new(), ways);
        write_source(&home, &[webhook(&json!(1), "ours", "new")]);
        run(&home, &target, UPDATE).assert_code(0);
        run(&home, &target, UPDATE).assert_code(0);
        assert_eq!(target.writes().len(), 1);
        run(&home, &target, "verify --run latest --to TARGET").assert_code(0);
        run(&home, &target, "rollback latest --yes").assert_code(0);
        assert_eq!(target.webhooks(), Vec::<Value>::new());
    }
}

/// A list that pads its ids from now on shows neither that webhook 9000 is there, nor that it is gone.
#[test]
fn a_text_of_equal_digits_neither_proves_nor_disproves_absence() {
    let home = StandIn::demo();
    let target = LiteralServer::start(Vec::new(), Ways::default());
    write_source(&home, &[webhook(&json!(1), "ours", "new")]);
    run(&home, &target, UPDATE).assert_code(0);
    target.edit(|webhooks| {
        webhooks[0] = webhook(&json!("09000"), "ours", "elsewhere");
    });
    let again = run(&home, &target, UPDATE);
    again.assert_code(3);
    assert!(
        again
            .stderr
            .contains("the target lists \"09000\", which may be the same webhook"),
        "{}",
        again.transcript()
    );
    assert_eq!(target.writes().len(), 1);
}

/// An id that no URL can name is neither deleted nor called an unusable response.
#[test]
fn a_delete_that_no_url_can_name_is_not_sent() {
    let home = StandIn::demo();
    let ways = Ways {
        new_id: |n| json!([".", "a/b?c=1#d", ".."][usize::try_from(n).unwrap()]),
        ..Ways::default()
    };
    let target = LiteralServer::start(vec![webhook(&json!("b"), "foreign", "foreign")], ways);
    let ours = ["one", "two", "three"].map(|alias| webhook(&json!(alias), alias, alias));
    write_source(&home, &ours);
    run(&home, &target, UPDATE).assert_code(0);
    let undone = run(&home, &target, "rollback latest --yes");
    undone.assert_code(3);
    assert!(
        undone
            .stdout
            .contains("the request was not sent: no URL can name a webhook with its id"),
        "{}",
        undone.transcript()
    );
    let lines: Vec<String> = target
        .writes()
        .iter()
        .skip(1)
        .map(|write| write.line.clone())
        .collect();
    assert_eq!(
        lines,
        ["DELETE /api/v1/external/integrations/a%2Fb%3Fc%3D1%23d"]
    );
    assert_eq!(target.webhooks().len(), 3);
}

/// A typed id selects the webhook whether its account lists a number or a text; padding is not ignored.
#[test]
fn a_typed_id_selects_a_number_and_a_text() {
    let home = StandIn::demo();
    for (listed, typed, is_selected) in [
        (json!(7), "7", true),
        (json!("7"), "7", true),
        (json!("007"), "007", true),
        (json!("007"), "7", false),
        (json!(7), "007", false),
    ] {
        write_source(&home, &[webhook(&listed, "ours", "new")]);
        let list = home
            .program(&format!("list --from source.json --id {typed}"))
            .run();
        list.assert_code(if is_selected { 0 } else { 64 });
    }
}
