//! The id map in each of its formats, and alert definitions rewritten with it to point at the target.

use crate::support::fixture::text as fixture;
use hookferry::coralogix::reference::{FileKind, UnresolvedReason, repoint};
use hookferry::coralogix::webhook::WebhookId;
use hookferry::document::view::Detail;
use hookferry::error::Error;
use hookferry::pipeline::idmap::{Direction, IdMap, IdPair, RewrittenAlerts};
use hookferry::render::page::Page;
use hookferry::render::style::Palette;
use hookferry::render::{idmap as shown, json};
use hookferry::store::alerts::Output;
use hookferry::store::{alerts, idmap};
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
        source_alias: alias.into(),
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
        IdPair {
            source_alias: "old-name".into(),
            result: "skipped".into(),
            ..row("1055", "2212", "slack", "new-name")
        },
    ])
    .unwrap()
}

fn alerts_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/alerts")
}

/// Rewrites JSON with [`map`]: `1050` becomes `2207`, and `1051` becomes `1050`.
fn repointed(text: &str) -> String {
    let map = map();
    let rewritten = repoint(FileKind::Json, text, map.toward(Direction::ToTarget));
    rewritten.unwrap().text
}

/// What `idmap apply` does with a file or folder, except for the record.
fn apply(map: &IdMap, input: &Path, out: Option<&Path>) -> Result<RewrittenAlerts, Error> {
    let output = out.map(|out| Output::choose(input, out)).transpose()?;
    let rewritten = map.rewrite_alerts(alerts::read(input)?, Direction::ToTarget);
    let rewritten = rewritten.map_err(|malformed| Error::failed(format!("{malformed:?}")))?;
    if let Some(output) = output {
        output.write(&rewritten)?;
    }
    Ok(rewritten)
}

fn reason<T>(result: Result<T, Error>) -> String {
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
    let applied = apply(&map(), &alerts_folder(), None).unwrap();
    assert!(!applied.is_complete());
    let out = Some(Path::new("new-alerts"));
    insta::assert_snapshot!(
        "applied",
        shown::rewritten_text(&applied, Direction::ToTarget, out, PAGE)
    );
    insta::assert_snapshot!(
        "applied_json",
        json::text(&shown::rewritten_json(&applied, Direction::ToTarget, None))
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
        let map = map();
        let done = repoint(FileKind::Json, &text, map.toward(Direction::ToTarget)).unwrap();
        assert_eq!(done.text, text);
        assert_eq!(done.unresolved.len(), 1, "{value}");
        assert_eq!(done.unresolved[0].reason, UnresolvedReason::NotAnId);
        assert_eq!(done.unresolved[0].path, "a[0].integrationId");
    }
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
    let applied = apply(&map(), &alerts_folder(), Some(&out)).unwrap();
    for file in &applied.files {
        let written = fs::read_to_string(out.join(&file.name)).unwrap();
        assert_eq!(written, file.repointed.text);
    }
    assert!(out.join("team/oldest.json").is_file());
    assert!(!out.join("notes.txt").exists());
    let again = reason(apply(&map(), &alerts_folder(), Some(&out)));
    assert!(again.ends_with("it is not empty"), "{again}");
    let inside = reason(apply(&map(), &out, Some(&out.join("inside"))));
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
    let applied = apply(&map(), &input, Some(&out)).unwrap();
    assert_eq!((applied.files.len(), applied.skipped.len()), (1, 2));
    let mode = fs::metadata(out.join("a.json"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}
