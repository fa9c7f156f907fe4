//! References in each kind of file: what is rewritten, what follows by itself, and what is listed.

use hookferry::coralogix::reference::{
    Correspondence, FileKind, Found, Repointed, UnresolvedReason, repoint,
};
use hookferry::coralogix::webhook::WebhookId;
use smol_str::SmolStr;
use std::path::Path;

mod properties;

/// Adds a number to each id, and turns aliases around; `None` has no webhook.
struct Shift(i64);

impl Correspondence for Shift {
    fn id(&self, id: &WebhookId) -> Found<WebhookId> {
        match id.as_str().parse::<i64>() {
            Ok(id) => Found::One(WebhookId::new((id + self.0).to_string())),
            Err(_) => Found::Nothing,
        }
    }

    fn alias(&self, alias: &str) -> Found<SmolStr> {
        Found::One(alias.chars().rev().collect())
    }
}

fn shifted(kind: FileKind, text: &str) -> Repointed {
    repoint(kind, text, &Shift(1000)).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// The reasons why references were left, with their lines.
fn reasons(rewritten: &Repointed) -> Vec<(usize, UnresolvedReason)> {
    let unresolved = rewritten.unresolved.iter();
    unresolved
        .map(|reference| (reference.line, reference.reason))
        .collect()
}

#[test]
fn the_name_of_a_file_tells_what_it_is_written_in() {
    for (name, kind) in [
        ("a/alerts.json", Some(FileKind::Json)),
        ("A.JSON", Some(FileKind::Json)),
        ("main.tf", Some(FileKind::Terraform)),
        ("main.tf.json", Some(FileKind::TerraformJson)),
        ("alert.yaml", Some(FileKind::Operator)),
        ("alert.YML", Some(FileKind::Operator)),
        ("terraform.tfvars", None),
        ("terraform.tfstate", None),
        ("json", None),
        ("notes.txt", None),
    ] {
        assert_eq!(FileKind::of(Path::new(name)), kind, "{name}");
    }
}

#[test]
fn json_keeps_floats_and_both_spellings_of_keys() {
    for (before, after) in [
        (
            r#"{"integrationId": 1050.0}"#,
            r#"{"integrationId": 2050.0}"#,
        ),
        (
            r#"{"integration_id": "7"}"#,
            r#"{"integration_id": "1007"}"#,
        ),
        // Up to 2^53 a float is exact, and digits are exact anyway.
        (
            r#"{"integrationId": 9007199254740993}"#,
            r#"{"integrationId": 9007199254741993}"#,
        ),
        (
            "{\r\n\t\"integrationId\" :\r\n1\r\n}",
            "{\r\n\t\"integrationId\" :\r\n1001\r\n}",
        ),
        (
            r#"{"notifications": {"integrations": ["abc", "xy"], "emails": ["abc"]}}"#,
            r#"{"notifications": {"integrations": ["cba", "yx"], "emails": ["abc"]}}"#,
        ),
        (
            r#"{"integrations": ["abc"], "notifications": ["abc"]}"#,
            r#"{"integrations": ["abc"], "notifications": ["abc"]}"#,
        ),
        (
            r#"{"integrationRef": {"backendRef": {"id": 1, "name": "abc"}}, "id": 1, "name": "abc"}"#,
            r#"{"integrationRef": {"backendRef": {"id": 1001, "name": "cba"}}, "id": 1, "name": "abc"}"#,
        ),
    ] {
        assert_eq!(shifted(FileKind::Json, before).text, after);
    }
    let rounded = shifted(FileKind::Json, "\n{\"integrationId\": 9007199254740994.0}");
    assert_eq!(reasons(&rounded), [(2, UnresolvedReason::NotAnId)]);
    let alias = shifted(
        FileKind::Json,
        r#"{"notifications": {"integrations": [5, ["a"], null]}}"#,
    );
    assert_eq!(reasons(&alias).len(), 2);
}

#[test]
fn terraform_literals_are_rewritten_wherever_an_alert_has_them() {
    for (before, after) in [
        (
            "resource \"coralogix_alert\" \"a\" {\n  x {\n    integration_id = \"1\" // 1\n  }\n}\n",
            "resource \"coralogix_alert\" \"a\" {\n  x {\n    integration_id = \"1001\" // 1\n  }\n}\n",
        ),
        // No line break at the end, CRLF, and the old names of the blocks.
        (
            "locals {\r\n  notification = [{ integration_id = 1 }]\r\n}",
            "locals {\r\n  notification = [{ integration_id = 1001 }]\r\n}",
        ),
        (
            "x = merge({ webhooks_settings = [for w in [] : { integration_id = (\"1\") }] }, {})\n",
            "x = merge({ webhooks_settings = [for w in [] : { integration_id = (\"1001\") }] }, {})\n",
        ),
        (
            "dynamic \"webhooks_settings\" {\n  content {\n    integration_id = \"1\"\n  }\n}\n",
            "dynamic \"webhooks_settings\" {\n  content {\n    integration_id = \"1001\"\n  }\n}\n",
        ),
        (
            "\u{feff}data \"coralogix_webhook\" \"é\" {\n  name = \"a\\\"b{$\"\n}\n",
            "\u{feff}data \"coralogix_webhook\" \"é\" {\n  name = \"$${b\\\"a\"\n}\n",
        ),
        (
            "resource \"coralogix_webhook\" \"x\" {\n  name = \"abc\"\n}\n",
            "resource \"coralogix_webhook\" \"x\" {\n  name = \"abc\"\n}\n",
        ),
    ] {
        let done = shifted(FileKind::Terraform, before);
        assert_eq!(done.text, after);
        assert!(done.unresolved.is_empty(), "{before}");
    }
}

#[test]
fn terraform_references_to_resources_are_left_and_counted() {
    for value in [
        "coralogix_webhook.x.external_id",
        "data.coralogix_webhook.x.external_id",
        "coralogix_webhook.x[0].external_id",
        "\"${coralogix_webhook.x[\"5\"].external_id}\"",
        "tostring(coralogix_webhook.x.external_id)",
        "(coralogix_webhook.x.external_id)",
    ] {
        let text = format!("webhooks_settings = [{{ integration_id = {value} }}]\n");
        let done = shifted(FileKind::Terraform, &text);
        assert_eq!((done.text.as_str(), done.n_by_resource), (&*text, 1));
        assert!(done.unresolved.is_empty(), "{value}");
    }
}

#[test]
fn terraform_expressions_are_listed_and_never_guessed() {
    use UnresolvedReason::{Expression, NewerApiId, NotAnId, OutsideAlert};
    for value in [
        "var.x",
        "local.x",
        "each.value",
        "module.webhooks.external_id",
        "var.x ? \"1\" : \"2\"",
        "tostring(1)",
        "\"${var.x}\"",
        "\"1${var.x}\"",
        "\"${coralogix_webhook.x.external_id}0\"",
        "<<EOT\n1\nEOT\n",
        "[\"1\"]",
    ] {
        let text = format!("\nwebhooks_settings = {{\n  integration_id = {value}\n}}\n");
        let done = shifted(FileKind::Terraform, &text);
        assert_eq!(done.text, text);
        assert_eq!(reasons(&done), [(3, Expression)], "{value}");
    }
    for (text, reason) in [
        ("webhooks_settings { integration_id = true }\n", NotAnId),
        ("webhooks_settings { integration_id = -1 }\n", NotAnId),
        ("webhooks_settings { integration_id = 1.5 }\n", NotAnId),
        ("webhooks_settings { integration_id = \"\" }\n", NotAnId),
        (
            "data \"coralogix_webhook\" \"x\" { id = \"uuid\" }\n",
            NewerApiId,
        ),
        (
            "data \"coralogix_webhook\" \"x\" { name = var.x }\n",
            Expression,
        ),
        (
            "resource \"other\" \"x\" { integration_id = \"1\" }\n",
            OutsideAlert,
        ),
        ("x = jsonencode({ integrationId = 1 })\n", OutsideAlert),
        (
            "x \"other\" { y = { notifications = [{ integrationId = 1 }] } }\n",
            OutsideAlert,
        ),
    ] {
        let done = shifted(FileKind::Terraform, text);
        assert_eq!(done.text, text);
        assert_eq!(reasons(&done), [(1, reason)], "{text}");
    }
    for text in [
        "webhooks_settings { integration_id = null }\n",
        "resource \"other\" \"x\" { integration_id = aws_thing.x.id }\n",
        "resource \"other\" \"x\" { integration_id = \"abc\" }\n",
    ] {
        assert_eq!(reasons(&shifted(FileKind::Terraform, text)), [], "{text}");
    }
}

#[test]
fn a_reference_inside_a_longer_text_is_listed_without_the_text() {
    let heredoc = "\nx = <<EOT\n{\"integrationId\": 5, \"token\": \"canary\"}\nEOT\n";
    let yaml = "a:\n  b: |\n    {\"integrationId\": 5, \"token\": \"canary\"}\n";
    let json = "{\"a\":\n \"{\\\"integrationId\\\": 5, \\\"token\\\": \\\"canary\\\"}\"}";
    let twice = "data:\n  a: '{\"integrationId\":5,\"token\":\"canary\"}'\n  a: x\n";
    let files = [
        (FileKind::Terraform, heredoc, 2),
        (FileKind::Operator, yaml, 3),
        (FileKind::Operator, twice, 2),
        (FileKind::Json, json, 2),
    ];
    for (kind, text, line) in files {
        let done = shifted(kind, text);
        assert_eq!(done.text, text);
        assert_eq!(reasons(&done), [(line, UnresolvedReason::InsideText)]);
        assert_eq!(done.unresolved[0].value, "(text)");
    }
}

#[test]
fn yaml_scalars_keep_their_quotes() {
    for (before, after) in [
        ("id: 1", "id: 1001"),
        ("id: \"1\"", "id: \"1001\""),
        ("id: '1' # 1", "id: '1001' # 1"),
        ("{ id: 1, x: 1 }", "{ id: 1001, x: 1 }"),
        ("{id: 1}", "{id: 1001}"),
        ("\n      id:\n        1", "\n      id:\n        1001"),
        ("id: 1.0", "id: 1001.0"),
        ("name: abc", "name: cba"),
        ("name: 'a''b'", "name: 'b''a'"),
        ("name: \"a\\\"b\"", "name: \"b\\\"a\""),
        ("name: \"\\u65e5本\"", "name: \"本日\""),
        ("{ name: eurt }", "{ name: \"true\" }"),
        ("name: 5a", "name: a5"),
        ("name: a5", "name: \"5a\""),
        ("name: é日", "name: 日é"),
    ] {
        for line_end in ["\n", "\r\n"] {
            let file = |reference: &str| {
                let text = format!(
                    "# 日本\nspec:\n  integrationRef:\n    backendRef: {}\n  other: {{ id: 1 }}\n",
                    if reference.starts_with(['{', '\n']) {
                        reference.to_owned()
                    } else {
                        format!("\n      {reference}")
                    }
                );
                text.replace('\n', line_end)
            };
            let done = shifted(FileKind::Operator, &file(before));
            assert_eq!(done.text, file(after));
            assert!(done.unresolved.is_empty(), "{before}");
        }
    }
}

#[test]
fn yaml_that_a_reference_hangs_on_is_listed() {
    use UnresolvedReason::{Anchor, DuplicateKey, NotAnId, NotPlain};
    let list = [
        // The scalar, its mapping, or the alert's part are shared.
        (
            "x: &a 1\nintegrationRef: { backendRef: { id: *a } }\n",
            vec![(2, Anchor)],
        ),
        (
            "integrationRef: { backendRef: { id: &a 1 } }\nport: *a\n",
            vec![(1, Anchor)],
        ),
        (
            "x: &a { id: 1 }\ny:\n  integrationRef:\n    backendRef: *a\n",
            vec![(4, Anchor)],
        ),
        (
            "x: &a { integrationRef: { backendRef: { id: 1 } } }\ny: *a\n",
            vec![(1, Anchor), (2, Anchor)],
        ),
        (
            "x: &a { backendRef: { id: 1 } }\nintegrationRef:\n  <<: *a\n",
            vec![(3, Anchor)],
        ),
        (
            "integrationRef:\n  backendRef:\n    id: 1\n    id: 2\n",
            vec![(3, DuplicateKey), (4, DuplicateKey)],
        ),
        (
            "integrationRef:\n  backendRef: { id: 1 }\n  backendRef: { id: 2 }\n",
            vec![(2, DuplicateKey), (3, DuplicateKey)],
        ),
        (
            "integrationRef: { backendRef: { id: !!str 1 } }\n",
            vec![(1, NotPlain)],
        ),
        (
            "integrationRef:\n  backendRef:\n    name: |\n      a\n",
            vec![(4, NotPlain)],
        ),
        (
            "integrationRef:\n  backendRef:\n    name: a\n      b\n",
            vec![(3, NotPlain)],
        ),
        (
            "integrationRef: { backendRef: { id: 0x10 } }\n",
            vec![(1, NotAnId)],
        ),
        (
            "integrationRef: { backendRef: { id: 1_000 } }\n",
            vec![(1, NotAnId)],
        ),
        (
            "integrationRef: { backendRef: { id: [1] } }\n",
            vec![(1, NotAnId)],
        ),
        ("integrationRef: { backendRef: { id: ~ } }\n", vec![]),
    ];
    for (text, expected) in list {
        let Ok(done) = repoint(FileKind::Operator, text, &Shift(1000)) else {
            assert!(expected.is_empty(), "{text}");
            continue;
        };
        assert_eq!(done.text, text);
        assert_eq!(reasons(&done), expected, "{text}");
    }
    // An anchor that nothing uses shares nothing.
    let unused = "integrationRef: &x\n  backendRef: &a { id: 1 }\n";
    let done = shifted(FileKind::Operator, unused);
    assert_eq!(done.text, unused.replace('1', "1001"));
}

#[test]
fn malformed_files_are_refused_with_line_and_column() {
    snapshots!();
    let deep = format!("{}1{}", "[".repeat(300), "]".repeat(300));
    let laughs = "a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\ne: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e, *e, *e, *e, *e, *e, *e]\n";
    let files = [
        (FileKind::Json, ""),
        (FileKind::Json, "{\n  \"integrationId\": 01\n}"),
        (FileKind::Json, "\u{feff}{\r\n\"a\": }"),
        (FileKind::Terraform, "resource \"a\" {\n  x = \n}\n"),
        (FileKind::Terraform, "x = [1,\n  2\n"),
        (FileKind::Terraform, "{\"a\": 1}"),
        (FileKind::Operator, "a:\n\tb: 1\n"),
        (FileKind::Operator, "a: {{ .Values.x }}\nb: [1\n"),
        (FileKind::Operator, "a: *unknown\n"),
        (FileKind::Operator, &deep),
        (FileKind::Operator, laughs),
    ];
    let refusals = files.map(|(kind, text)| {
        let shown: String = text.chars().take(60).collect();
        match repoint(kind, text, &Shift(1)) {
            Ok(_) => format!("{shown:?}\n  accepted"),
            Err(malformed) => format!("{shown:?}\n  {malformed}"),
        }
    });
    insta::assert_snapshot!("malformed", refusals.join("\n"));
}

/// What other programs keep under the same key is named if the map has the number, and never changed.
#[test]
fn numbers_of_other_programs_stay() {
    for (kind, text) in [
        (
            FileKind::Terraform,
            "resource \"other\" \"x\" {\n  notification {\n    integration_id = \"1\"\n  }\n}\n",
        ),
        (
            FileKind::TerraformJson,
            "{\"resource\": {\"other\": {\"x\": {\"notifications\": [\n\n{\"integration_id\": \"1\"}]}}}}",
        ),
        (FileKind::Operator, "other:\n  x:\n    integrationId: 1\n"),
    ] {
        let done = shifted(kind, text);
        assert_eq!(done.text, text);
        assert_eq!(
            reasons(&done),
            [(3, UnresolvedReason::OutsideAlert)],
            "{text}"
        );
        let words = text.replace('1', "abc");
        assert_eq!(reasons(&shifted(kind, &words)), [], "{words}");
    }
}
