//! The record of an applied id map: nobody applies it twice, alerts find the way back, and a rollback says what breaks.

use super::{MIGRATE, migrate, only_run};
use crate::support::program::Run;
use crate::support::proposals::{commands_of_run, shell_words};
use crate::support::stand_in::StandIn;
use hookferry::sandbox::seeds;
use serde_json::Value;

/// Alerts in each kind of file: in the demo, 1050 becomes 1051, and 1051 becomes 1054.
const FILES: [(&str, &str); 3] = [
    (
        "alerts/a.json",
        "[{\"integrationId\": 1051},\r\n {\"integration_id\": \"1050\"}]",
    ),
    (
        "alerts/main.tf",
        "resource \"coralogix_alert\" \"a\" {\n  notification_group = { webhooks_settings = [{ integration_id = \"1051\" }] } # 1051\n}\n",
    ),
    (
        "alerts/team/alert.yaml",
        "# 1051\nspec:\n  webhooks:\n    - integration: { integrationRef: { backendRef: { id: 1051 } } }\n",
    ),
];

fn with_alerts() -> StandIn {
    let accounts = StandIn::demo();
    migrate(&accounts);
    for (name, text) in FILES {
        accounts.write(name, text);
    }
    accounts
}

fn run(accounts: &StandIn, line: &str, code: i32) -> Run {
    let run = accounts.program(line).run();
    run.assert_code(code);
    run
}

#[test]
fn a_map_is_not_applied_twice_and_reverse_restores_every_byte() {
    let accounts = with_alerts();
    let there = run(&accounts, "idmap apply alerts --out new", 0);
    assert_transcript!("applied", there);
    assert_eq!(
        accounts.read("new/main.tf"),
        FILES[1].1.replace("\"1051\"", "\"1054\"")
    );
    let again = run(&accounts, "idmap apply new --out newer", 64);
    assert_excerpt!("not_twice", again, ["hookferry: error", "hint"]);
    // One file of them is known, too, wherever it lies.
    accounts.write("elsewhere.yml", &accounts.read("new/team/alert.yaml"));
    run(&accounts, "idmap apply elsewhere.yml --out x.yml", 64);
    assert!(!accounts.home().join("newer").exists() && !accounts.home().join("x.yml").exists());
    run(&accounts, "idmap apply new --reverse --out old", 0);
    for (name, text) in FILES {
        assert_eq!(accounts.read(&name.replace("alerts/", "old/")), text);
    }
    // What is back at the source may be rewritten once more.
    run(&accounts, "idmap apply old --out once-more", 0);
    run(&accounts, "idmap apply old --reverse --out x", 64);
    let shown = run(&accounts, "runs show latest", 0);
    assert_eq!(shown.stdout.matches("map applied").count(), 3);
    let document = run(&accounts, "runs show latest -o json", 0);
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    assert_eq!(document["id_map_applied"][0]["references"], 4);
    assert_eq!(document["id_map_applied"][1]["rewritten_for"], "source");
}

#[test]
fn a_rollback_says_which_ids_alerts_use_and_how_to_turn_them_back() {
    let accounts = with_alerts();
    let before = run(&accounts, "rollback latest --dry-run", 0);
    assert!(
        !before.stdout.contains("alerts may"),
        "{}",
        before.transcript()
    );
    run(&accounts, "idmap apply alerts --out NEW-ALERTS", 0);
    let preview = run(&accounts, "rollback latest --dry-run", 0);
    assert_excerpt!("preview", preview, ["alerts may"]);
    let document = run(&accounts, "rollback latest --dry-run -o json", 0);
    let document: Value = serde_json::from_str(&document.stdout).unwrap();
    // 1051 was in the target before, so no rollback takes it away.
    assert_eq!(document["in_alerts"][0]["ids"].to_string(), "[1054]");
    let undone = run(&accounts, "rollback latest --yes", 0);
    let commands = commands_of_run(&undone.stdout, &undone.stderr);
    let reverse = commands
        .iter()
        .find(|command| command.contains("--reverse"))
        .unwrap();
    assert!(reverse.contains(&only_run(&accounts)));
    // The map is gone, and still leads back.
    run(&accounts, "idmap apply alerts --out x", 1);
    let words = shell_words(reverse).unwrap();
    let program = words[1..]
        .iter()
        .fold(accounts.program(""), |program, word| program.arg(word));
    program.run().assert_code(0);
    for (name, text) in FILES {
        assert_eq!(accounts.read(&name.replace("alerts/", "OLD-ALERTS/")), text);
    }
}

#[test]
fn alerts_that_already_refer_to_the_target_are_refused() {
    let accounts = with_alerts();
    accounts.write(
        "map.csv",
        "source_id,target_id\n1,1051\n2,1050\n3,1054\n1054,4\n",
    );
    let refused = run(&accounts, "idmap apply alerts --map map.csv --out new", 64);
    assert_excerpt!("of_the_target", refused, ["hookferry: error", "hint"]);
    assert!(!accounts.home().join("new").exists());
    // In the other direction, they are right.
    run(
        &accounts,
        "idmap apply alerts --map map.csv --reverse --out new",
        0,
    );
    assert!(accounts.read("new/main.tf").contains("\"1\""));
}

/// 1055 is a webhook of the source that the filter leaves out, and another one in the target.
#[test]
fn after_a_run_with_filters_unknown_ids_are_listed_and_not_taken_for_the_targets() {
    let accounts = StandIn::demo();
    run(&accounts, &format!("{MIGRATE} --name payments-*"), 0);
    assert!(run(&accounts, "idmap show", 0).stdout.contains("  1055  "));
    accounts.write("alerts.json", "[{\"integrationId\": 1055}]");
    let done = run(&accounts, "idmap apply alerts.json --out new.json", 3);
    assert!(
        done.stderr.contains("did not migrate"),
        "{}",
        done.transcript()
    );
    assert_eq!(accounts.read("new.json"), accounts.read("alerts.json"));
}

#[test]
fn a_map_that_is_not_one_to_one_lists_what_has_no_way_back() {
    let accounts = StandIn::demo();
    accounts.write(
        "map.csv",
        "source_id,target_id,alias,source_alias\n1,10,a,x\n2,10,a,y\n3,30,b,b\n",
    );
    accounts.write(
        "alerts.json",
        "[{\"integrationId\": 10},\n{\"integrationId\": 30},\n{\"notifications\": {\"integrations\": [\"a\", \"b\"]}}]",
    );
    let line = "idmap apply alerts.json --map map.csv --reverse --out old.json";
    assert_excerpt!(
        "ambiguous",
        run(&accounts, line, 3),
        ["alerts.json:", "1 file"]
    );
    assert!(accounts.read("old.json").contains("10}") && accounts.read("old.json").contains("3}"));
}

#[test]
fn a_malformed_file_stops_everything_with_line_and_column() {
    let accounts = with_alerts();
    accounts.write("alerts/broken.json", "{\n  \"a\": }\n");
    accounts.write("alerts/team/broken.tf", "x {\n  y =\n}\n");
    accounts.write("alerts/team/tabs.yaml", "x:\n\ty: 1\n");
    let refused = run(&accounts, "idmap apply alerts --out new", 64);
    assert_excerpt!(
        "malformed",
        refused,
        ["hookferry: error", "broken", "team", "hint"]
    );
    assert!(!accounts.home().join("new").exists());
    // Nothing was put on record, either.
    let shown = run(&accounts, "runs show latest", 0);
    assert!(!shown.stdout.contains("map applied"));
}

#[test]
fn skipped_conflicts_are_in_the_map_unless_only_created_ones_are_asked_for() {
    let mut seeds = seeds::demo();
    seeds.target[1]["url"] = "https://hooks.slack.example/services/T0PAY/B0PAY/canary-older".into();
    let accounts = StandIn::start(seeds.into());
    run(&accounts, &format!("{MIGRATE} --on-conflict skip"), 0);
    let rows = |line: &str| run(&accounts, line, 0).stdout;
    let all = rows("idmap show -o csv");
    assert!(
        all.contains("1050,1051,slack,payments-alerts,payments-alerts,skipped\n"),
        "{all}"
    );
    let created = rows("idmap show -o csv --only-created");
    assert_eq!(all.lines().count(), created.lines().count() + 1);
    assert!(!created.contains("1050,"));
    accounts.write("alerts.json", "[{\"integrationId\": 1050}]");
    run(&accounts, "idmap apply alerts.json --out all.json", 0);
    assert_eq!(accounts.read("all.json"), "[{\"integrationId\": 1051}]");
    run(
        &accounts,
        "idmap apply alerts.json --only-created --out some.json",
        3,
    );
    assert_eq!(accounts.read("some.json"), accounts.read("alerts.json"));
}

#[test]
fn a_reference_by_alias_follows_the_rule_that_renamed_it() {
    let accounts = StandIn::demo();
    accounts.write(
        "rules.toml",
        "[[rule]]\nmatch = { alias = \"deploy-bot\" }\nrename = \"deploy-bot-us\"\n",
    );
    let migrated = run(
        &accounts,
        &format!("{MIGRATE} --rules rules.toml -o json"),
        0,
    );
    // The run itself prints the same map as its record.
    let printed: Value = serde_json::from_str(&migrated.stdout).unwrap();
    let shown = run(&accounts, "idmap show -o json", 0);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(printed["id_map"], shown["id_map"]);
    accounts.write(
        "alerts.json",
        "{\"notifications\": {\"integrations\": [\"deploy-bot\", \"ops-board\"]}}",
    );
    run(&accounts, "idmap apply alerts.json --out new.json", 0);
    assert_eq!(
        accounts.read("new.json"),
        "{\"notifications\": {\"integrations\": [\"deploy-bot-us\", \"ops-board\"]}}"
    );
    run(
        &accounts,
        "idmap apply new.json --reverse --out old.json",
        0,
    );
    assert_eq!(accounts.read("old.json"), accounts.read("alerts.json"));
}

#[test]
fn folders_keep_their_links_and_the_output_is_whole_or_nothing() {
    use std::os::unix::fs::symlink;
    let accounts = with_alerts();
    let home = accounts.home();
    symlink(home.join("alerts"), home.join("alerts/loop")).unwrap();
    symlink("gone.tf", home.join("alerts/gone.tf")).unwrap();
    symlink("main.tf", home.join("alerts/linked.tf")).unwrap();
    accounts.write("alerts/.terraform/x.tf", "broken {");
    std::fs::create_dir(home.join("empty")).unwrap();
    let applied = run(&accounts, "idmap apply alerts --out empty", 3);
    assert_transcript!("links", applied);
    assert_eq!(
        accounts.read("empty/linked.tf"),
        accounts.read("empty/main.tf")
    );
    let names = std::fs::read_dir(home.join("empty")).unwrap();
    assert_eq!(names.count(), 4, "no other file or folder is left");
    // A file that is in the way, below the place of a folder.
    accounts.write("file", "");
    run(&accounts, "idmap apply alerts --out file/new", 1);
    run(&accounts, "idmap apply alerts --out alerts/new", 1);
    run(&accounts, "idmap apply alerts/a.json --out file", 1);
    assert_eq!(accounts.read("file"), "");
    run(
        &accounts,
        "idmap apply alerts/a.json --out deep/er/new.json",
        0,
    );
    run(&accounts, "idmap apply alerts/a.json --out folder/", 0);
    assert_eq!(
        accounts.read("folder/a.json"),
        accounts.read("deep/er/new.json")
    );
}

/// The script is run by the real `sed`.
#[test]
fn the_sed_script_swaps_ids_and_changes_nothing_else() {
    let accounts = with_alerts();
    let program = |name: &str| {
        let text = run(&accounts, "idmap show -o sed", 0).stdout;
        accounts.write(name, &text);
    };
    program("map.sed");
    let text = "[{\"integrationId\": 1051},\r\n {\"integration_id\":\"1050\"},{\"integration_id\":\"1050\"}, {\"integrationId\":1050,\"integrationId\":1051}, {\"id\": 1051, \"xintegrationId\": 1051, \"integrationId\": 10511, \"integrationId\": 1051.5}]\n{ integration_id = \"1052\" }\nintegration_id = 1053\n";
    accounts.write("in", text);
    let output = std::process::Command::new("sed")
        .args(["-E", "-f", "map.sed", "in"])
        .current_dir(accounts.home())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "[{\"integrationId\": 1054},\r\n {\"integration_id\":\"1051\"},{\"integration_id\":\"1051\"}, {\"integrationId\":1051,\"integrationId\":1054}, {\"id\": 1051, \"xintegrationId\": 1051, \"integrationId\": 10511, \"integrationId\": 1051.5}]\n{ integration_id = \"1055\" }\nintegration_id = 1056\n"
    );
    assert_transcript!("sed", accounts.program("idmap show -o sed").run());
    assert_transcript!(
        "terraform_import",
        accounts
            .program("idmap show --format terraform-import")
            .run()
    );
}

/// Met by a user: a formatter changes bytes, so no digest shows that the map would be applied twice.
#[test]
fn an_output_that_was_formatted_since_gets_a_warning() {
    let accounts = StandIn::demo();
    migrate(&accounts);
    accounts.write("a.json", "[{\"integrationId\":1051}]");
    let first = run(&accounts, "idmap apply a.json --out b.json", 0);
    assert!(!first.stderr.contains("applied before"));
    let formatted = accounts.read("b.json").replace(':', ": ");
    accounts.write("c.json", &formatted);
    let again = run(&accounts, "idmap apply c.json --out d.json", 0);
    assert!(
        again.stderr.contains("was applied before"),
        "{}",
        again.transcript()
    );
}
