//! Files in other encodings and shapes than expected: read where their meaning is plain, else named for what they are.

use super::accounts::with_config;
use crate::support::program::Run;
use crate::support::stand_in::StandIn;
use serde_json::{Value, json};

fn webhook(id: u64) -> Value {
    json!({
        "id": id, "alias": "x", "url": "https://hooks.example.com/", "integration_type_id": 1,
        "integration_type": {"id": 1, "label": "WebHook"}, "integration_type_fields": "[]",
    })
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// Lists the webhooks of a file with these bytes.
fn list(accounts: &StandIn, bytes: impl AsRef<[u8]>) -> Run {
    std::fs::write(accounts.home().join("hooks.json"), bytes).unwrap();
    accounts.program("list --from hooks.json").run()
}

#[test]
fn a_byte_order_mark_and_utf16_are_read() {
    let accounts = StandIn::demo();
    let text = json!([webhook(1050)]).to_string();
    let marked = format!("\u{feff}{text}");
    for bytes in [
        marked.clone().into_bytes(),
        utf16(&marked, u16::to_le_bytes),
        utf16(&marked, u16::to_be_bytes),
        utf16(&text, u16::to_le_bytes),
    ] {
        let run = list(&accounts, bytes);
        run.assert_code(0);
        assert!(run.stdout.contains("1050"), "{}", run.transcript());
    }
}

#[test]
fn a_saved_plan_in_utf16_is_that_plan() {
    let accounts = StandIn::demo();
    let plan = "plan --from [source] --to [target] -q --rate 1000 --out plan.json";
    accounts.program(plan).run().assert_code(0);
    let text = format!("\u{feff}{}", accounts.read("plan.json"));
    let path = accounts.home().join("plan.json");
    std::fs::write(path, utf16(&text, u16::to_le_bytes)).unwrap();
    let apply = "apply plan.json --yes --rate 1000 --settle 300ms";
    accounts.program(apply).run().assert_code(0);
}

#[test]
fn what_is_no_list_is_named_for_what_it_is() {
    let accounts = StandIn::demo();
    let one = webhook(1).to_string();
    let two = format!("[\n{one},\n{one}\n]");
    let cases: [(&[u8], &str); 10] = [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (
            &two.as_bytes()[..two.len() - 20],
            "it ends in the middle, at line 3, column",
        ),
        (b"[{\"id\": 1},\n x]", "it is not JSON at line 2, column 2"),
        (one.as_bytes(), "it is an object, where a list belongs"),
        (b"<html>", "an HTML page"),
        (&format!("{one}\n{one}\n").into_bytes(), "jq -s ."),
        (b"[\"caf\xe9\"]", "not valid UTF-8"),
        (b"\x89PNG\r\n\x1a\n\0\0", "not valid UTF-8"),
        (b"\x1f\x8b\x08garbage", "compressed data is damaged"),
    ];
    for (bytes, what) in cases {
        let run = list(&accounts, bytes);
        run.assert_code(1);
        assert!(run.stderr.contains(what), "{what}: {}", run.stderr);
        assert!(!run.stderr.contains("the backup"), "{}", run.stderr);
    }
}

#[test]
fn a_whole_number_is_that_number_however_it_is_written() {
    let accounts = StandIn::demo();
    let text = json!([webhook(1050)]).to_string();
    let text = text
        .replace("1050", "1.05e3")
        .replace("\"id\":1,", "\"id\":1.0,");
    let text = text.replace("type_id\":1}", "type_id\":1.0e0}");
    assert!(text.contains("1.0,") && text.contains("1.05e3"), "{text}");
    let run = list(&accounts, &text);
    run.assert_code(0);
    assert!(run.stdout.contains("1050  webhook"), "{}", run.transcript());
    accounts.write("alerts.json", "{\"integrationId\": 1050.0}");
    let apply = |map: &str, out: &str| {
        accounts.write("map.csv", &format!("source_id,target_id\n{map}\n"));
        let line = format!("idmap apply alerts.json --map map.csv --out {out}");
        accounts.program(&line).run()
    };
    apply("1.05E+03,2207.0", "new.json").assert_code(0);
    // Spelled as it was, so that the way back restores the file.
    assert_eq!(accounts.read("new.json"), "{\"integrationId\": 2207.0}");
    let run = apply("1050,1.2345678901234568e17", "other");
    run.assert_code(1);
    assert!(run.stderr.contains("rounded"), "{}", run.transcript());
}

#[test]
fn an_alias_with_half_a_surrogate_is_shown_as_written_and_kept() {
    let accounts = with_config(StandIn::demo(), "");
    let text = json!([webhook(7)])
        .to_string()
        .replace("\"x\"", r#""a\ud800b""#);
    let run = list(&accounts, &text);
    run.assert_code(0);
    assert!(run.stdout.contains(r"a\ud800b"), "{}", run.transcript());
    let run = accounts
        .program("plan --from hooks.json --to [target]")
        .run();
    assert!(run.stdout.contains("surrogate"), "{}", run.transcript());
    let export = "export --from hooks.json --out out.json";
    accounts
        .program(export)
        .allow_secrets()
        .run()
        .assert_code(0);
    assert!(accounts.read("out.json").contains(r"a\ud800b"));
}

#[test]
fn utf16_alerts_are_named_and_not_rewritten() {
    let accounts = StandIn::demo();
    accounts.write("map.csv", "source_id,target_id\n1,2\n");
    accounts.write("alerts/a.json", "{\"integrationId\": 1}");
    let path = accounts.home().join("alerts/b.json");
    std::fs::write(
        path,
        utf16("\u{feff}{\"integrationId\": 1}", u16::to_le_bytes),
    )
    .unwrap();
    let run = accounts
        .program("idmap apply alerts --map map.csv --out new")
        .run();
    assert!(
        run.stdout.contains("UTF-16, as PowerShell's `>` writes it"),
        "{}",
        run.transcript()
    );
}
