//! Webhooks as code: whatever they contain, it parses, holds no secret, and says what it leaves out.

use super::webhook;
use crate::support::draft::list;
use crate::support::generator::{cases, draft};
use crate::support::spelling::Spelling;
use hcl_edit::expr::Expression;
use hcl_edit::structure::{Block, Body};
use hcl_edit::template::Element;
use hookferry::coralogix::undocumented::StateKeys;
use hookferry::coralogix::webhook::{Webhook, parse_list};
use hookferry::document::view::Party;
use hookferry::pipeline::fetch::Inventory;
use hookferry::pipeline::strip::{Stripped, strip};
use hookferry::render::export::{
    CodeExport, CodeFormat, ExportedCode, ExportedWebhook, Omission, render,
};
use proptest::collection::vec;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use saphyr_parser::{Event, Parser};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const FORMATS: [CodeFormat; 3] = [
    CodeFormat::Terraform,
    CodeFormat::Operator,
    CodeFormat::Curl,
];

fn exported(format: CodeFormat, stripped: &Stripped, source: &str) -> ExportedCode {
    let source = Party {
        name: source.to_owned(),
        company_id: None,
        n_webhooks: stripped.webhooks().len(),
        profile: None,
        is_live: true,
        is_backup: false,
        incomplete: None,
        cross_check: None,
    };
    let state_keys = StateKeys::default();
    let webhooks = stripped.webhooks().iter().map(|stripped| ExportedWebhook {
        stripped,
        uuid: Ok("c0ffee\"${x}"),
        state_keys: &state_keys,
    });
    let export = CodeExport {
        source: &source,
        webhooks: webhooks.collect(),
    };
    render(format, &export)
}

/// The whole text that a format writes.
fn text(code: &ExportedCode) -> String {
    code.files.iter().map(|file| file.text.as_str()).collect()
}

/// How many webhooks are left out as a whole.
fn n_left_out(code: &ExportedCode) -> usize {
    let warnings = code.omissions.iter().map(Omission::warning);
    warnings
        .filter(|text| text.starts_with("left out: "))
        .count()
}

fn hcl(code: &ExportedCode) -> Body {
    let text = text(code);
    text.parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn attribute<'b>(block: &'b Block, name: &str) -> &'b Expression {
    &block.body.get_attribute(name).unwrap().value
}

/// The text of a string without interpolations.
fn literal(expression: &Expression) -> String {
    let part = |element: &Element| match element {
        Element::Literal(text) => text.as_str().to_owned(),
        other => panic!("{other:?} is evaluated"),
    };
    match expression {
        Expression::String(text) => text.as_str().to_owned(),
        Expression::StringTemplate(template) => template.iter().map(part).collect(),
        other => panic!("{other:?} is no text"),
    }
}

/// The documents of a YAML text: their scalars, and whether each is quoted.
fn yaml_scalars(text: &str) -> Vec<Vec<String>> {
    let mut documents: Vec<Vec<String>> = Vec::new();
    for event in Parser::new_from_str(text) {
        match event.unwrap_or_else(|error| panic!("{error}\n{text}")).0 {
            Event::DocumentStart(_) => documents.push(Vec::new()),
            Event::Scalar(value, ..) => {
                documents.last_mut().unwrap().push(value.into_owned());
            }
            _ => {}
        }
    }
    documents
}

/// The scalar after the last one that equals `key`, among those before `end`.
fn yaml_value<'d>(document: &'d [String], key: &str, nth: usize) -> &'d str {
    let mut keys = document
        .iter()
        .enumerate()
        .filter(|(_, scalar)| *scalar == key);
    let (ix, _) = keys.nth(nth).unwrap();
    &document[ix + 1]
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn code_holds_no_secret_and_accounts_for_every_webhook(drafts in vec(draft(), 0..5), seed: u64) {
        let drafts: Vec<_> = drafts.iter().collect();
        let json = list(&drafts, 1, &mut Spelling::varied(seed));
        let webhooks = parse_list(json).unwrap();
        let n = webhooks.len();
        let stripped = strip(Inventory::from(webhooks));
        for format in FORMATS {
            let code = exported(format, &stripped, "api.eu1.coralogix.com");
            let mut text = text(&code);
            text.extend(code.omissions.iter().map(Omission::warning));
            prop_assert!(!text.contains("canary") && !text.contains("27182818"), "{}", text);
            let n_held = match format {
                CodeFormat::Terraform => hcl(&code).get_blocks("resource").count(),
                CodeFormat::Operator => yaml_scalars(&code.files[0].text).len(),
                CodeFormat::Curl => text.lines().filter(|line| line.starts_with("post ")).count(),
            };
            prop_assert_eq!(n_held + n_left_out(&code), n, "{}", text);
        }
    }

    #[test]
    fn aliases_and_values_survive(odd in odd_webhook()) {
        let stripped = strip(Inventory::from(vec![odd.webhook()]));
        let code = exported(CodeFormat::Terraform, &stripped, &odd.alias);
        let body = hcl(&code);
        let resource = body.get_blocks("resource").next().unwrap();
        prop_assert_eq!(literal(attribute(resource, "name")), odd.alias.clone());
        let import = body.get_blocks("import").next().unwrap();
        prop_assert_eq!(literal(attribute(import, "id")), "c0ffee\"${x}");
        let custom = attribute(resource, "custom").as_object().unwrap();
        let value = |name: &str| {
            let mut members = custom.iter();
            let (_, value) = members.find(|(key, _)| key.as_ident().is_some_and(|key| key.as_str() == name)).unwrap();
            value.expr()
        };
        prop_assert_eq!(literal(value("uuid")), odd.plain.clone());
        let headers = value("headers").as_object().unwrap();
        let names: Vec<String> = headers.iter().map(|(key, _)| literal(key.as_expr().unwrap())).collect();
        prop_assert_eq!(names, [odd.key.clone()]);
        let variables: Vec<String> = body.get_blocks("variable").map(|block| block.labels[0].as_str().to_owned()).collect();
        prop_assert_eq!(variables.len(), 3);

        let code = exported(CodeFormat::Operator, &stripped, &odd.alias);
        let documents = yaml_scalars(&code.files[0].text);
        prop_assert_eq!(documents.len(), 1);
        prop_assert_eq!(yaml_value(&documents[0], "spec", 0), "name");
        let ix = documents[0].iter().position(|scalar| scalar == "spec").unwrap();
        prop_assert_eq!(&documents[0][ix + 2], &odd.alias);
        prop_assert!(documents[0].contains(&odd.key));
    }

    #[test]
    fn the_script_sends_exactly_the_webhook(odd in odd_webhook()) {
        let stripped = strip(Inventory::from(vec![odd.webhook()]));
        let code = exported(CodeFormat::Curl, &stripped, &odd.alias);
        let sent = sent_by(&code.files[0].text, &[&odd.url, &odd.header, &odd.secret]);
        prop_assert_eq!(meaning(&sent), meaning(&odd.bare()));
    }
}

/// Texts with a meaning in at least one of the languages.
const PIECES: &[&str] = &[
    "${", "${x}", "%{", "%{ if }", "$${", "$", "%%{", "\"", "'", "\\", "\\n", "\n", "\r", "\t",
    "`id`", "$(id)", "#", "//", "/*", "<<EOT", "\nEOT\n", "---", "\n---\n", ": ", "- ", "&a", "*a",
    "!x", "|", "{", "}", "[", "]", ",", "=", "~", "null", "true", "1e3", "é", "日", "🚀", "\u{a0}",
    "\u{202e}", "\u{2028}", "\u{feff}", "\u{fffe}", "\u{85}", "\u{7f}", "a", "B", "0",
];

fn odd_text() -> impl Strategy<Value = String> {
    let pieces = vec(select(PIECES), 0..6).prop_map(|pieces| pieces.concat());
    prop_oneof![4 => pieces, 1 => "\\PC{0,12}"]
}

/// A generic webhook in which every text is odd.
#[derive(Debug)]
struct OddWebhook {
    alias: String,
    /// A value that is shown.
    plain: String,
    /// The name of a header and of a key of the payload.
    key: String,
    url: String,
    header: String,
    secret: String,
}

fn odd_webhook() -> impl Strategy<Value = OddWebhook> {
    // Other control characters cannot be in a JSON string that a shell puts together.
    let secret = || odd_text().prop_map(|text| format!("s{text}").replace('\0', ""));
    let secrets = (secret(), secret(), secret());
    (odd_text(), odd_text(), odd_text(), secrets).prop_map(
        |(alias, plain, key, (url, header, secret))| OddWebhook {
            alias,
            plain,
            key: format!("x{key}"),
            url: format!("https://a.example/{url}"),
            header,
            secret,
        },
    )
}

impl OddWebhook {
    fn fields(&self) -> Value {
        json!([
            {"name": "uuid", "value": self.plain},
            {"name": "method", "value": "POST"},
            {"name": "headers", "value": {self.key.clone(): self.header}},
            {"name": "payload", "value": {self.key.clone(): self.secret, "id": "$ALERT_ID"}},
        ])
    }

    fn webhook(&self) -> Webhook {
        webhook(1050, &self.alias, 1, &self.url, &self.fields().to_string())
    }

    /// The body that creates it.
    fn bare(&self) -> String {
        let id = "\"id\":1050,";
        let mut text = String::new();
        let stripped = strip(Inventory::from(vec![self.webhook()]));
        stripped.webhooks()[0].bare().to_wire(&mut text);
        assert!(!text.contains(id));
        text
    }
}

/// A body with its fields parsed.
fn meaning(body: &str) -> Value {
    let mut body: Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}"));
    let fields = body["integration_type_fields"].as_str().unwrap();
    body["integration_type_fields"] = serde_json::from_str(fields).unwrap();
    body
}

/// Runs a script with its secrets in the environment, in their order, and returns what it pipes to curl.
fn sent_by(script: &str, secrets: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let curl = folder.path().join("curl");
    std::fs::write(&curl, "#!/bin/sh\ncat >\"$OUT\"\n").unwrap();
    std::fs::set_permissions(&curl, std::fs::Permissions::from_mode(0o700)).unwrap();
    let out = folder.path().join("out");
    let names = script.lines().filter_map(|line| {
        let name = line.strip_prefix(": \"${HOOK_")?.split('?').next()?;
        Some(format!("HOOK_{name}"))
    });
    let output = Command::new("sh")
        .args(["-c", script])
        .env("PATH", format!("{}:/usr/bin:/bin", folder.path().display()))
        .env("OUT", &out)
        .env("CORALOGIX_URL", "http://unused")
        .env("CORALOGIX_API_KEY", "unused")
        .envs(names.zip(secrets))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{script}");
    std::fs::read_to_string(out).unwrap()
}

fn odd_modules(folder: &std::path::Path) {
    let mut runner = TestRunner::new(cases(96));
    let strategy = vec(odd_webhook(), 1..4);
    for n in 0..runner.config().cases {
        let odd = strategy.new_tree(&mut runner).unwrap().current();
        let webhooks: Vec<Webhook> = odd.iter().map(OddWebhook::webhook).collect();
        let code = exported(
            CodeFormat::Terraform,
            &strip(Inventory::from(webhooks)),
            "x",
        );
        std::fs::write(folder.join(format!("{n}.tf")), text(&code)).unwrap();
    }
}

#[test]
#[ignore = "needs terraform"]
fn terraform_fmt_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    odd_modules(folder.path());
    let output = Command::new("terraform")
        .args(["fmt", "-check", "-diff"])
        .current_dir(folder.path())
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .output()
        .unwrap();
    let diff = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{diff}{errors}");
}

#[test]
fn names_are_safe_and_unique() {
    let aliases = [
        "24/7",
        "日本",
        "日本",
        "a",
        "a-2",
        "a",
        "A",
        "",
        "for",
        &"long ".repeat(99),
    ];
    let webhooks = aliases.map(|alias| webhook(1, alias, 0, "https://a.example/s", "[]"));
    let stripped = strip(Inventory::from(webhooks.to_vec()));
    let body = hcl(&exported(CodeFormat::Terraform, &stripped, "x"));
    let names: Vec<&str> = body
        .get_blocks("resource")
        .map(|block| block.labels[1].as_str())
        .collect();
    let long = "long_long_long_long_long_long_long_long_long_lon";
    let expected = [
        "webhook_24_7",
        "webhook",
        "webhook_2",
        "a",
        "a_2",
        "a_3",
        "a_4",
        "webhook_3",
        "for",
        long,
    ];
    assert_eq!(names, expected);
    let code = exported(CodeFormat::Operator, &stripped, "x");
    for (document, name) in yaml_scalars(&code.files[0].text).iter().zip(expected) {
        let ix = document
            .iter()
            .position(|scalar| scalar == "metadata")
            .unwrap();
        assert_eq!(document[ix + 2], name.replace('_', "-"));
    }
}

/// The provider and the operator would put in a text of their own, or send none.
#[test]
fn a_webhook_without_what_a_form_needs_is_left_out_or_says_so() {
    let stripped = strip(Inventory::from(vec![
        webhook(1, "no url", 0, "", "[]"),
        webhook(2, "no payload", 3, "https://a.example", "[]"),
        webhook(3, "list", 1, "https://a.example", "[1]"),
        webhook(4, "number", 2, "", r#"[{"name":"serviceKey","value":5}]"#),
    ]));
    let warnings = |format| -> Vec<String> {
        let code = exported(format, &stripped, "x");
        code.omissions.iter().map(Omission::warning).collect()
    };
    let (no_url, list, number) = (
        "left out: webhook 1 `no url` (slack): it has no usable url",
        "left out: webhook 3 `list` (webhook): its fields are not a list of names and values",
        "left out: webhook 4 `number` (pager_duty): it has no usable serviceKey",
    );
    let url = "left out of webhook 2 `no payload` (sendlog): url, because the Terraform provider has no place for that";
    assert_eq!(warnings(CodeFormat::Terraform), [no_url, url, list, number]);
    let payload = "left out: webhook 2 `no payload` (sendlog): it has no usable payload";
    assert_eq!(
        warnings(CodeFormat::Operator),
        [no_url, payload, list, number]
    );
    assert_eq!(warnings(CodeFormat::Curl), [""; 0]);
    let body = hcl(&exported(CodeFormat::Terraform, &stripped, "x"));
    let resource = body.get_blocks("resource").next().unwrap();
    let sendlog = attribute(resource, "sendlog").as_object().unwrap();
    let (_, payload) = sendlog.iter().next().unwrap();
    assert_eq!(literal(payload.expr()), "");
}

/// No form can hold a name that is itself a secret.
#[test]
fn a_key_that_looks_like_an_api_key_leaves_its_webhook_out() {
    let fields =
        r#"[{"name":"method","value":"post"},{"name":"headers","value":{"cxtp_canary":"x"}}]"#;
    let odd = webhook(1, "a", 1, "https://a.example", fields);
    let undocumented =
        r#"{"alias":"b","integration_type_id":0,"url":"https://b.example","cxtp_canary":1}"#;
    let stripped = strip(Inventory::from(vec![
        odd,
        Webhook::parse(undocumented).unwrap(),
    ]));
    for format in FORMATS {
        let code = exported(format, &stripped, "x");
        let warnings: String = code.omissions.iter().map(Omission::warning).collect();
        assert!(
            warnings.contains("webhook 1 `a` (webhook): one of its names looks like an API key")
        );
        assert!(!text(&code).contains("canary") && !warnings.contains("canary"));
        assert_eq!(code.omissions.len(), 2, "{warnings}");
    }
}
