//! `export`: the raw webhooks for jq, curl and `--from`. The output holds secrets, so no snapshot contains it.

mod code;

use crate::support::stand_in::{StandIn, text};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::path::Path;

pub(super) const SERVER_OWNED: [&str; 6] = [
    "id",
    "company_id",
    "companyId",
    "created_at",
    "updated_at",
    "integrationTypeId",
];

/// The members of each webhook of an export, values in the file's spelling.
fn members(export: &str) -> Vec<HashMap<String, Box<RawValue>>> {
    serde_json::from_str(export).unwrap()
}

/// The stand-in's raw response to a GET, requested without the program.
fn raw_list(accounts: &StandIn) -> String {
    let request = format!(
        "GET /api/v1/external/integrations/ HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\r\n",
        accounts.source().key()
    );
    let url = accounts.source().url();
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
    let answer = std::io::read_to_string(stream).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// Asserts that every member of every webhook is what the server sent, byte for byte, except for those in `left_out`.
#[track_caller]
fn assert_same_members(exported: &str, listed: &str, left_out: &[&str]) {
    let (exported, listed) = (members(exported), members(listed));
    assert_eq!(exported.len(), listed.len());
    for (ours, theirs) in exported.iter().zip(&listed) {
        for (name, value) in theirs {
            let kept = ours.get(name).map(|value| value.get());
            let expected = (!left_out.contains(&name.as_str())).then(|| value.get());
            assert_eq!(kept, expected, "{name} of {}", theirs["alias"]);
        }
        assert!(ours.keys().all(|name| theirs.contains_key(name)));
    }
}

#[cfg(unix)]
pub(super) fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn an_export_to_a_pipe_is_exact_byte_for_byte() {
    let accounts = StandIn::awkward();
    let run = accounts
        .program("export --from [source]")
        .allow_secrets()
        .run();
    run.assert_code(0);
    assert_same_members(&run.stdout, &raw_list(&accounts), &[]);
    assert_eq!(run.stdout.lines().count(), 28 + 2, "one webhook per line");
    assert!(!run.stderr.contains("canary"), "{}", run.stderr);
}

#[test]
fn a_ready_export_leaves_out_server_owned_members() {
    let accounts = StandIn::awkward();
    let run = accounts
        .program("export --from [source] --ready")
        .allow_secrets()
        .run();
    run.assert_code(0);
    assert_same_members(&run.stdout, &raw_list(&accounts), &SERVER_OWNED);
    let webhooks: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    assert!(
        webhooks
            .iter()
            .all(|webhook| webhook["integration_type"]["id"].is_u64())
    );
}

#[test]
fn only_selected_webhooks_are_exported() {
    let accounts = StandIn::demo();
    let run = accounts
        .program("export --from [source] --type pager_duty --quiet")
        .allow_secrets()
        .run();
    run.assert_code(0);
    assert_eq!(run.stderr, "");
    let webhooks: Vec<Value> = serde_json::from_str(&run.stdout).unwrap();
    let aliases: Vec<&str> = webhooks
        .iter()
        .map(|webhook| text(webhook, "alias"))
        .collect();
    assert_eq!(aliases, ["payments-oncall", "platform-oncall"]);
}

#[test]
fn an_empty_account_exports_an_empty_list() {
    let accounts = StandIn::start(hookferry::sandbox::Options::default());
    let run = accounts.program("export --from [source]").run();
    run.assert_code(0);
    assert_eq!(run.stdout, "[]\n");
}

#[test]
fn an_exported_file_is_readable_only_by_its_owner() {
    let accounts = StandIn::awkward();
    let line = "export --from [source] --out webhooks.json";
    assert_transcript!("to_a_file", accounts.program(line).run());
    let path = accounts.home().join("webhooks.json");
    let written = std::fs::read_to_string(&path).unwrap();
    assert_same_members(&written, &raw_list(&accounts), &[]);
    #[cfg(unix)]
    assert_eq!(mode(&path), 0o600);

    let again = accounts.program(&format!("{line} --type slack")).run();
    assert_transcript!("to_a_file_that_exists", again);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), written);
    assert_eq!(
        std::fs::read_dir(accounts.home()).unwrap().count(),
        1,
        "nothing is left behind"
    );
    let nowhere = accounts
        .program("export --from [source] --out missing/webhooks.json")
        .run();
    nowhere.assert_code(1);
    assert!(
        nowhere
            .stderr
            .contains("hint: the parent folder does not exist"),
        "{}",
        nowhere.stderr
    );
}

#[test]
fn ready_leaves_out_what_no_post_takes() {
    let accounts = StandIn::demo();
    let webhooks = r#"[{"alias": "good", "integration_type_id": 0, "url": "https://a.example"},
        {"alias": "without type", "url": "https://b.example"},
        {"alias": "two types", "integration_type_id": 1, "integration_type": {"id": 2}}]"#;
    let run = accounts
        .program("export --ready --quiet --from -")
        .stdin(webhooks)
        .run();
    run.assert_code(3);
    assert_transcript!(run);
}

#[test]
fn an_export_migrates_like_the_account_it_came_from() {
    let accounts = StandIn::demo();
    accounts
        .program("export --from [source] --out webhooks.json --quiet")
        .run()
        .assert_code(0);
    let line = "migrate --to [target] --yes --from";
    let from_file = accounts
        .program(&format!("{line} webhooks.json"))
        .without_env("HOOKFERRY_SOURCE_API_KEY")
        .run();
    assert_transcript!("from_a_file", from_file);
    let target = accounts.target().webhooks();
    assert_eq!(target.len(), 15);

    let export = std::fs::read_to_string(accounts.home().join("webhooks.json")).unwrap();
    let again = accounts.program(&format!("{line} -")).stdin(&export).run();
    assert_transcript!("from_standard_input", again);
    accounts
        .program("migrate --to [target] --yes --quiet --from [source]")
        .run()
        .assert_code(0);
    assert_eq!(accounts.posts().len(), 1);

    let elsewhere = StandIn::demo();
    let line = "migrate --to [target] --yes --quiet --from -";
    elsewhere.program(line).stdin(&export).run().assert_code(0);
    let content = |webhooks: &[Value]| -> Vec<Value> {
        let body = |webhook: &Value| webhook["integration_type_fields"].clone();
        webhooks.iter().map(body).collect()
    };
    assert_eq!(content(&elsewhere.target().webhooks()), content(&target));
}

#[test]
fn a_ready_export_migrates_too() {
    let accounts = StandIn::demo();
    let export = accounts
        .program("export --from [source] --ready --quiet")
        .allow_secrets()
        .run();
    let line = "migrate --to [target] --yes --quiet --from -";
    let run = accounts.program(line).stdin(&export.stdout).run();
    run.assert_code(0);
    assert_eq!(accounts.target().webhooks().len(), 15);
    accounts
        .program(line)
        .stdin(&export.stdout)
        .run()
        .assert_code(0);
    assert_eq!(accounts.posts().len(), 1);
}
