//! For every file of each kind: only references change, and the way back restores it.

use super::Shift;
use hookferry::coralogix::reference::{Correspondence, FileKind, Found, Repointed, repoint};
use hookferry::coralogix::webhook::WebhookId;
use proptest::collection::vec;
use proptest::prelude::{
    BoxedStrategy, Just, Strategy, TestCaseError, any, prop_assert, prop_assert_eq, prop_oneof,
    proptest,
};
use proptest::sample::select;
use smol_str::SmolStr;

/// Marks a reference by id in a template.
const ID: char = '\u{1}';

/// Texts in JSON with marks.
fn json() -> BoxedStrategy<String> {
    let leaf = select(&[
        "null",
        "1.50E+1",
        "\"integrationId\"",
        "\"\\\"integrationId\\\":x\\u00fc日\"",
        "{\"integrationId\":\u{1}}",
        "{\"integrationId\":\u{1}.0 }",
        "{\"integration\\u0049d\" :\n\"\u{1}\" , \"integration_id\":\u{1}}",
        "{\"integrationRef\": {\"backendRef\": {\"id\": \u{1}}}, \"id\": 5}",
    ]);
    let tree = leaf.prop_map(str::to_owned);
    tree.prop_recursive(5, 40, 5, |inner| {
        let key = prop_oneof![Just("a"), Just("integrationType"), Just("a b")];
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(|all| format!("[ {}]", all.join(",\t"))),
            vec((key, inner), 0..5).prop_map(|all| {
                let member = |(key, value)| format!("\"{key}\": {value}");
                let members: Vec<String> = all.into_iter().map(member).collect();
                format!("{{{}}}", members.join(" ,"))
            }),
        ]
    })
    .boxed()
}

/// Terraform files with marks.
fn terraform() -> BoxedStrategy<String> {
    let leaf = select(&[
        "integration_id = \"\u{1}\"\n",
        "integration_id=\u{1} # integration_id = \"5\"\n",
        "webhooks_settings = [{ integration_id = \"\u{1}\" }, { x = \"1\" },\n{\"integration_id\" : \u{1}}]\n",
        "x = merge({ a = [{ integration_id = (\u{1}) }] }, { for k, v in x : k => { integration_id = \"\u{1}\" } if v == 5 })\n",
        "name = \"integration_id é ${var.x} %{ if true }5%{ endif }\"\n",
        "x = <<-EOT\n    text 5 ${var.x[5]} \"\n  EOT\n",
        "y = f(1, \"2\", [for a in b : a if c]) ? -5 : 5.50e1\n",
        "// integration_id = 5\n",
        "/* integration_id = \"5\"\n */ z = !true\n",
        "\n\t \n",
    ]);
    let tree = leaf.prop_map(str::to_owned);
    let tree = tree.prop_recursive(4, 30, 4, |inner| {
        let block = prop_oneof![
            Just("webhooks_settings"),
            Just("dynamic \"x y\""),
            Just("notification_group")
        ];
        (block, vec(inner, 0..4)).prop_map(|(block, inner)| {
            let inner: Vec<String> = inner
                .iter()
                .map(|part| format!("b {{\n{part}}}\n"))
                .collect();
            format!("  {block} {{\n{}}}\n", inner.concat())
        })
    });
    let alert = |inner| format!("resource \"coralogix_alert\" \"日\" {{\n{inner}}}\n");
    tree.prop_map(alert).boxed()
}

/// YAML files with marks.
fn operator() -> BoxedStrategy<String> {
    let leaf = select(&[
        "integrationRef:\n  backendRef:\n    id: \u{1}\n",
        "integrationRef: { backendRef: {id: \"\u{1}\", x: 'é'} } # id: 5\n",
        "integrationRef:\n  backendRef: # 日本\n    # id: 5\n    id: '\u{1}'\n",
        "integration:\n    integrationType: {integrationId: \u{1}, x: [5, \"5\"]}\n",
        "id: 5\nname: \"integrationId é\"\n",
        "x: &a {id: 5}\ny: *a\n",
        "x: |\n  id: 5\n  日\n",
        "? [5, 6]\n: 7\n",
        "a: >-\n  x\n\n  y\nb:\n",
    ]);
    let tree = leaf.prop_map(str::to_owned);
    let tree = tree.prop_recursive(4, 30, 4, |inner| {
        vec(inner, 1..4).prop_map(|items| {
            let items = items.iter().map(|item| {
                let lines = item.trim_end().replace('\n', "\n    ");
                format!("  - {lines}\n")
            });
            format!("list:\n{}", items.collect::<String>())
        })
    });
    vec(tree, 1..4)
        .prop_map(|documents| documents.join("---\n"))
        .boxed()
}

fn files() -> impl Strategy<Value = (FileKind, String)> {
    let templates = prop_oneof![
        json().prop_map(|text| (FileKind::Json, text)),
        terraform().prop_map(|text| (FileKind::Terraform, text)),
        operator().prop_map(|text| (FileKind::Operator, text)),
    ];
    (templates, any::<bool>(), any::<bool>()).prop_map(|((kind, text), crlf, has_mark)| {
        // Inside a text of JSON, a line break would be another text.
        let text = if crlf {
            text.replace('\n', "\r\n")
        } else {
            text
        };
        let mark = if has_mark { "\u{feff}" } else { "" };
        (kind, format!("{mark}{text}"))
    })
}

/// Puts ids where the marks are.
fn assembled(template: &str, ids: &[i64], change: i64) -> String {
    let mut ids = ids.iter().cycle();
    let mut pieces = template.split(ID);
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str(&(ids.next().unwrap() + change).to_string());
        text.push_str(piece);
    }
    text
}

fn shifted(kind: FileKind, text: &str, by: i64) -> Result<Repointed, TestCaseError> {
    let rewritten = repoint(kind, text, &Shift(by));
    rewritten.map_err(|why| TestCaseError::fail(format!("{why}\n{text}")))
}

/// No account has a counterpart.
struct Nobody;

impl Correspondence for Nobody {
    fn id(&self, _: &WebhookId) -> Found<WebhookId> {
        Found::Nothing
    }

    fn alias(&self, _: &str) -> Found<SmolStr> {
        Found::Nothing
    }
}

proptest! {
    #[test]
    fn nothing_else_changes_and_the_inverse_map_restores(
        (kind, template) in files(),
        ids in vec(0..50_i64, 64),
    ) {
        let before = assembled(&template, &ids, 0);
        let mapped = shifted(kind, &before, 25)?;
        prop_assert_eq!(&mapped.text, &assembled(&template, &ids, 25));
        prop_assert!(mapped.unresolved.is_empty(), "{:?}", mapped.unresolved);
        prop_assert_eq!(mapped.rewritten.len(), template.matches(ID).count());
        for reference in &mapped.rewritten {
            let token = &before[reference.bytes.clone()];
            let digits = token.trim_matches(['"', '\'']).trim_end_matches(".0");
            prop_assert_eq!(digits, reference.from.as_str());
            let line = before[..reference.bytes.start].matches('\n').count() + 1;
            prop_assert_eq!(line, reference.line);
        }
        prop_assert_eq!(shifted(kind, &mapped.text, -25)?.text, before);
    }

    /// What has no counterpart is listed, and the text stays.
    #[test]
    fn without_a_counterpart_every_byte_stays(
        (kind, template) in files(),
        ids in vec(0..50_i64, 64),
    ) {
        let before = assembled(&template, &ids, 0);
        let done = repoint(kind, &before, &Nobody).unwrap();
        prop_assert_eq!(&done.text, &before);
        prop_assert_eq!(done.unresolved.len(), template.matches(ID).count());
    }
}
