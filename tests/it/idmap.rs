//! The id map in each of its formats, and alert definitions rewritten with it to point at the target.

use crate::support::fixture::text as fixture;
use hookferry::coralogix::alert::{NotJson, UnresolvedReason, repoint};
use hookferry::coralogix::webhook::WebhookId;
use hookferry::document::view::Detail;
use hookferry::pipeline::idmap::{IdMap, IdPair};
use hookferry::render::page::Page;
use hookferry::render::style::Palette;
use hookferry::render::{idmap as shown, json};
use hookferry::store::{alerts, idmap};
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use std::fs;
use std::path::{Path, PathBuf};

const PAGE: Page = Page {
    palette: Palette::Plain,
    width: 100,
    detail: Detail {
        shows_values: false,
        lists_all: false,
    },
};

fn row(source_id: &str, target_id: &str, kind: &str, alias: &str) -> IdPair {
    IdPair {
        source_id: WebhookId::new(source_id),
        target_id: WebhookId::new(target_id),
        kind: kind.into(),
        alias: alias.into(),
        result: "created".into(),
    }
}

fn map() -> IdMap {
    IdMap::new(vec![
        row("1050", "2207", "slack", "prod-oncall"),
        row("1051", "1050", "webhook", "日本, \"nights\""),
        row("1052", "2209", "jira", "=HYPERLINK(\"x\")"),
        row("1053", "ab-1", "webhook", "a\u{1b}[2J\n\u{202e}b"),
        row("1054", "2211", "(no type)", "'quoted"),
    ])
    .unwrap()
}

fn alerts_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alerts")
}

/// Rewrites a text with [`map`]: `1050` becomes `2207`, and `1051` becomes `1050`.
fn repointed(text: &str) -> String {
    let map = map();
    repoint(text, |id| map.target_id(id).cloned()).unwrap().text
}

fn reason<T>(result: Result<T, hookferry::error::Error>) -> String {
    result
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}

#[test]
fn the_map_renders_as_csv_table_and_json() {
    snapshots!();
    insta::assert_snapshot!("csv", shown::id_map_csv(&map()));
    insta::assert_snapshot!("table", shown::id_map_text(&map(), PAGE));
    insta::assert_snapshot!("document", json::text(&shown::id_map_json(&map())));
}

#[test]
fn applying_to_a_folder_reports_every_file() {
    snapshots!();
    let applied = alerts::apply(&map(), &alerts_folder(), None).unwrap();
    assert!(!applied.is_complete());
    let out = Some(Path::new("new-alerts"));
    insta::assert_snapshot!("applied", shown::rewritten_text(&applied, out, PAGE));
    insta::assert_snapshot!(
        "applied_json",
        json::text(&shown::rewritten_json(&applied, None))
    );
}

#[test]
fn every_format_parses_back_to_the_same_map() {
    let map = map();
    let document = json::text(&shown::id_map_json(&map));
    assert_eq!(idmap::parse(&document).unwrap(), map);
    let rows: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(idmap::parse(&rows["id_map"].to_string()).unwrap(), map);
    let csv = shown::id_map_csv(&map);
    let back = idmap::parse(&csv).unwrap();
    assert_eq!(back.pairs()[2].alias, "=HYPERLINK(\"x\")");
    assert_eq!(back.pairs()[4].alias, "'quoted");
    assert_eq!(shown::id_map_csv(&back), csv);
    let spreadsheet = "\u{feff}alias;target_id;source_id\r\n\"a;b\";7;5\r\n\r\n";
    let back = idmap::parse(spreadsheet).unwrap();
    assert_eq!(back.pairs()[0].alias, "a;b");
    assert_eq!(
        back.target_id(&WebhookId::new("5")),
        Some(&WebhookId::new("7"))
    );
}

/// Reads the output of `migrate -o json` from that test's snapshot.
#[test]
fn a_map_parsed_from_an_outcome_keeps_its_rows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let snapshot = fs::read_to_string(root.join("snapshots/cli/migrate/json.snap")).unwrap();
    let body = &snapshot[snapshot.find("\n{").unwrap()..=snapshot.rfind('}').unwrap()];
    let outcome: serde_json::Value = serde_json::from_str(body).unwrap();
    let document = json::text(&shown::id_map_json(&idmap::parse(body).unwrap()));
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(
        document["id_map"].to_string(),
        outcome["id_map"].to_string()
    );
}

#[test]
fn malformed_maps_are_refused() {
    snapshots!();
    let texts = [
        "",
        "{",
        "{}",
        "a,b\n1,2\n",
        "source_id,target_id\n1\n",
        "source_id,target_id\n1,\n",
        "source_id,target_id\n1,1.05E+17\n",
        "source_id,target_id\n1,\"2\n",
        r#"[{"source_id":1,"target_id":null}]"#,
        r#"[{"source_id":1,"target_id":2},{"source_id":"1","target_id":3}]"#,
    ];
    let reasons = texts.map(|text| format!("{text:?}\n  {}", reason(idmap::parse(text))));
    insta::assert_snapshot!("refused", reasons.join("\n"));
}

#[test]
fn only_references_change() {
    let before = fixture("alerts/v3.json");
    let after = before
        .replace("\"integrationId\":1050", "\"integrationId\":2207")
        .replace(
            "\"integrationId\" : \"1051\"",
            "\"integrationId\" : \"1050\"",
        )
        .replace("0064\":1051", "0064\":1050");
    assert_eq!(repointed(&before), after);
    let oldest = fixture("alerts/team/oldest.json");
    assert_eq!(repointed(&oldest), oldest);
}

#[test]
fn a_reference_keeps_its_spelling_and_other_value_types_stay_untouched() {
    for (before, after) in [
        (r#"{"integrationId":1053}"#, r#"{"integrationId":"ab-1"}"#),
        (r#"{"integrationId":"1053"}"#, r#"{"integrationId":"ab-1"}"#),
        (
            r#"{"integrationId":"1\u003050"}"#,
            r#"{"integrationId":"2207"}"#,
        ),
        (
            r#"{"integrationId":1050,"integrationId":1051}"#,
            r#"{"integrationId":2207,"integrationId":1050}"#,
        ),
        (
            "\u{feff}[{\"integration_id\":1050}]",
            "\u{feff}[{\"integration_id\":2207}]",
        ),
        // A program that keeps numbers as floats writes them so.
        (r#"{"integrationId":1.05e3}"#, r#"{"integrationId":2207}"#),
        (r#""integrationId""#, r#""integrationId""#),
        (r#"["integrationId",1050]"#, r#"["integrationId",1050]"#),
    ] {
        assert_eq!(repointed(before), after);
    }
    for value in [
        "-1050",
        "1050.5",
        "1.05e17",
        "true",
        "\"\"",
        "[1050]",
        "{\"a\":1050}",
    ] {
        let text = format!(r#"{{"a":[{{"integrationId":{value}}}]}}"#);
        let done = repoint(&text, |_| Some(WebhookId::new("9"))).unwrap();
        assert_eq!(done.text, text);
        assert_eq!(done.unresolved.len(), 1, "{value}");
        assert_eq!(done.unresolved[0].reason, UnresolvedReason::NotAnId);
        assert_eq!(done.unresolved[0].path, "a[0].integrationId");
    }
    assert_eq!(repoint("{\"integrationId\":01}", |_| None), Err(NotJson));
}

#[test]
fn deep_nesting_uses_no_stack() {
    let n = 200_000;
    let deep = |id: &str| {
        format!(
            "{}{{\"integrationId\":{id}}}{}",
            "[".repeat(n),
            "]".repeat(n)
        )
    };
    assert_eq!(repointed(&deep("1050")), deep("2207"));
}

#[test]
fn output_goes_to_a_new_folder_and_never_into_a_used_one() {
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("new");
    let applied = alerts::apply(&map(), &alerts_folder(), Some(&out)).unwrap();
    for file in &applied.files {
        let written = fs::read_to_string(out.join(&file.name)).unwrap();
        assert_eq!(written, file.repointed.text);
    }
    assert!(out.join("team/oldest.json").is_file());
    assert!(!out.join("broken.json").exists());
    let again = reason(alerts::apply(&map(), &alerts_folder(), Some(&out)));
    assert!(again.ends_with("it is not empty"), "{again}");
    let inside = reason(alerts::apply(&map(), &out, Some(&out.join("inside"))));
    assert!(
        inside.ends_with("it is inside the input folder"),
        "{inside}"
    );
    assert!(!out.join("inside").exists());
}

#[cfg(unix)]
#[test]
fn files_are_private_and_symlink_loops_terminate() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = tempfile::tempdir().unwrap();
    let (input, out) = (place.path().join("in"), place.path().join("out"));
    fs::create_dir(&input).unwrap();
    fs::write(input.join("a.json"), "{\"integrationId\":1050}").unwrap();
    symlink(&input, input.join("loop.json")).unwrap();
    symlink("gone", input.join("gone.json")).unwrap();
    let applied = alerts::apply(&map(), &input, Some(&out)).unwrap();
    assert_eq!((applied.files.len(), applied.skipped.len()), (1, 2));
    let mode = fs::metadata(out.join("a.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// Pieces of text, where `None` marks a reference, and the ids that fill the references.
fn pieces_and_ids() -> impl Strategy<Value = (Vec<Option<String>>, Vec<u64>)> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("1.50E+1".to_owned()),
        Just("\"integrationId\"".to_owned()),
        Just("\"\\\"integrationId\\\":5\\u00fc日\"".to_owned()),
        Just("{\"integrationId\":\u{1}}".to_owned()),
        Just("{\"integration\\u0049d\" :\n\"\u{1}\" , \"integration_id\":\u{1}}".to_owned()),
    ];
    let tree = leaf.prop_recursive(5, 40, 5, |inner| {
        let key = prop_oneof![Just("a"), Just("integrationType"), Just("a b")];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|all| format!("[ {}]", all.join(",\t"))),
            vec((key, inner), 0..5).prop_map(|all| {
                let member = |(key, value)| format!("\"{key}\": {value}");
                let members: Vec<String> = all.into_iter().map(member).collect();
                format!("{{{}}}", members.join(" ,"))
            }),
        ]
    });
    (tree, vec(0..50_u64, 64)).prop_map(|(text, ids)| {
        let pieces = text.split('\u{1}').map(|piece| Some(piece.to_owned()));
        let pieces: Vec<_> = pieces.flat_map(|piece| [None, piece]).skip(1).collect();
        (pieces, ids)
    })
}

fn assembled(pieces: &[Option<String>], ids: &[u64], change: impl Fn(u64) -> u64) -> String {
    let mut ids = ids.iter().cycle();
    let piece = |piece: &Option<String>| match piece {
        Some(text) => text.clone(),
        None => change(*ids.next().unwrap()).to_string(),
    };
    pieces.iter().map(piece).collect()
}

proptest! {
    #[test]
    fn nothing_else_changes_and_the_inverse_map_restores((pieces, ids) in pieces_and_ids()) {
        let mapping = |change: fn(u64) -> u64| {
            move |id: &WebhookId| {
                let id: u64 = id.as_str().parse().ok()?;
                Some(WebhookId::new(change(id).to_string()))
            }
        };
        let before = assembled(&pieces, &ids, |id| id);
        let mapped = repoint(&before, mapping(|id| id + 25)).unwrap();
        prop_assert_eq!(&mapped.text, &assembled(&pieces, &ids, |id| id + 25));
        prop_assert!(mapped.unresolved.is_empty());
        prop_assert_eq!(mapped.rewritten.len(), pieces.iter().filter(|piece| piece.is_none()).count());
        for reference in &mapped.rewritten {
            prop_assert_eq!(before[reference.bytes.clone()].trim_matches('"'), reference.source_id.as_str());
        }
        prop_assert_eq!(repoint(&mapped.text, mapping(|id| id - 25)).unwrap().text, before);
    }
}
