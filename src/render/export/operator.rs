//! `OutboundWebhook` resources of Coralogix's Kubernetes operator. They hold secrets in plain text and can refer to none,
//! so a placeholder of another type takes the place of each: the API server refuses a resource with one.

use super::form::{Attribute, Block, Fit, Fitted, Form, Need, Shape};
use super::naming::Names;
use super::value::{Secret, Value};
use super::{CodeExport, ExportedCode, ExportedWebhook, comment, push_left_out};
use crate::render::quoted::{json_string, quoted};
use crate::render::schedule::GeneratedFile;
use std::fmt::Write as _;

const fn required(source: &'static str, name: &'static str, shape: Shape) -> Attribute {
    Attribute {
        source,
        name,
        shape,
        need: Need::Required,
    }
}

const fn optional(source: &'static str, name: &'static str, shape: Shape) -> Attribute {
    Attribute {
        source,
        name,
        shape,
        need: Need::Optional,
    }
}

const URL: Attribute = required("url", "url", Shape::Text);
const PAYLOAD: Attribute = required("payload", "payload", Shape::Payload);

/// What the custom resource holds, as its definition in version v1alpha1 says.
const FORM: Form = Form {
    owner: "the operator's resource",
    closed: &[],
    blocks: &[
        Block {
            type_name: "slack",
            name: "slack",
            attributes: &[URL],
        },
        Block {
            type_name: "webhook",
            name: "genericWebhook",
            attributes: &[
                URL,
                required("method", METHOD, Shape::Method),
                optional("headers", "headers", Shape::Headers),
                optional("payload", "payload", Shape::Payload),
            ],
        },
        Block {
            type_name: "pager_duty",
            name: "pagerDuty",
            attributes: &[required("serviceKey", "serviceKey", Shape::Text)],
        },
        Block {
            type_name: "sendlog",
            name: "sendLog",
            attributes: &[URL, PAYLOAD],
        },
        Block {
            type_name: "email_group",
            name: "emailGroup",
            attributes: &[required("payload", "emailAddresses", Shape::Emails)],
        },
        Block {
            type_name: "microsoft_teams",
            name: "microsoftTeams",
            attributes: &[URL],
        },
        Block {
            type_name: "jira",
            name: "jira",
            attributes: &[
                URL,
                required("apiToken", "apiToken", Shape::Text),
                required("email", "email", Shape::Text),
                required("projectKey", "projectKey", Shape::Text),
            ],
        },
        Block {
            type_name: "opsgenie",
            name: "opsgenie",
            attributes: &[URL],
        },
        Block {
            type_name: "demisto",
            name: "demisto",
            attributes: &[URL, required("uuid", "uuid", Shape::Text), PAYLOAD],
        },
    ],
};

/// The attribute whose values the resource spells with a capital.
const METHOD: &str = "method";

/// How to use the file.
const USE: &str = "\
#
# The operator's resource takes secrets only as plain text, and this file holds none. Before `kubectl apply`:
#   - put the secret itself in the place of each `fillIn`, which names it and says what it is;
#     in a payload, put it into the text where its name stands in angle brackets, and leave only the text
#   - until then the cluster refuses the resource, because a text belongs where `fillIn` stands
#   - keep the filled file private, and restrict who may read the resources in the cluster
# The operator creates these webhooks anew; it does not adopt those that exist.
";

/// One file with a document for each webhook.
pub(super) fn render(export: &CodeExport<'_>) -> ExportedCode {
    let mut names = Names::default();
    let mut omissions = Vec::new();
    let heading = export.heading("operator");
    let mut text = format!("{heading}{USE}");
    for webhook in &export.webhooks {
        match FORM.fit(webhook, &mut names) {
            Ok(fitted) => {
                push_document(&mut text, webhook, &fitted);
                omissions.extend(fitted.omission);
            }
            Err(why) => omissions.push(webhook.left_out(why)),
        }
    }
    push_left_out(&mut text, &omissions);
    let files = vec![GeneratedFile {
        name: "outbound-webhooks.yaml".to_owned(),
        text,
    }];
    ExportedCode { files, omissions }
}

fn push_document(out: &mut String, webhook: &ExportedWebhook<'_>, fitted: &Fitted) {
    let _ = writeln!(out, "---\n# {}", comment(&webhook.label()));
    if let Some(omission) = &fitted.omission {
        let _ = writeln!(out, "# Left out: {}", comment(&omission.reason()));
    }
    let _ = write!(
        out,
        "apiVersion: coralogix.com/v1alpha1\n\
         kind: OutboundWebhook\n\
         metadata:\n\
         \x20 name: \"{}\"\n\
         spec:\n\
         \x20 name: {}\n\
         \x20 outboundWebhookType:\n\
         \x20   {}:\n",
        fitted.name.replace('_', "-"),
        quoted(&fitted.alias),
        fitted.block
    );
    for (name, fit) in &fitted.attributes {
        push_attribute(out, webhook, name, fit);
    }
}

fn push_attribute(out: &mut String, webhook: &ExportedWebhook<'_>, name: &str, fit: &Fit) {
    let _ = write!(out, "      {name}:");
    let _ = match fit {
        Fit::Text(text) if name == METHOD => writeln!(out, " {}", quoted(&capitalized(text))),
        Fit::Text(text) => writeln!(out, " {}", quoted(text)),
        Fit::Secret(secret) | Fit::SecretList(secret, _) => {
            writeln!(out, "{}", placeholder(webhook, secret, 8))
        }
        Fit::List(texts) if texts.is_empty() => writeln!(out, " []"),
        Fit::Texts(members) if members.is_empty() => writeln!(out, " {{}}"),
        Fit::List(texts) => {
            let lines = texts
                .iter()
                .map(|text| format!("\n        - {}", quoted(text)));
            writeln!(out, "{}", lines.collect::<String>())
        }
        Fit::Texts(members) => {
            let lines = members.iter().map(|(key, value)| {
                let value = match value {
                    Value::Secret(secret) => placeholder(webhook, secret, 10),
                    Value::Text(text) => format!(" {}", quoted(text)),
                    _ => " \"\"".to_owned(),
                };
                format!("\n        {}:{value}", quoted(key))
            });
            writeln!(out, "{}", lines.collect::<String>())
        }
        Fit::Payload(value) => writeln!(out, "{}", payload(webhook, value)),
    };
}

/// What stands in the place of a secret.
fn placeholder(webhook: &ExportedWebhook<'_>, secret: &Secret, n_spaces: usize) -> String {
    let indent = " ".repeat(n_spaces);
    let what = comment(&webhook.describe(secret));
    format!("\n{indent}# {what}\n{indent}fillIn: \"{}\"", secret.name)
}

/// The JSON of a payload as text; with secrets, beside a list of them.
fn payload(webhook: &ExportedWebhook<'_>, value: &Value) -> String {
    let mut text = String::new();
    push_json(&mut text, value);
    let secrets = value.secrets();
    if secrets.is_empty() {
        return format!(" {}", quoted(&text));
    }
    let mut out = String::from("\n        fillIn:");
    for secret in secrets {
        let what = comment(&webhook.describe(secret));
        let _ = write!(out, "\n          # {what}\n          - \"{}\"", secret.name);
    }
    let _ = write!(out, "\n        text: {}", quoted(&text));
    out
}

fn push_json(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(text) => out.push_str(text),
        Value::Text(text) => out.push_str(&json_string(text)),
        Value::Secret(secret) if secret.is_text => {
            let _ = write!(out, "\"<{}>\"", secret.name);
        }
        Value::Secret(secret) => {
            let _ = write!(out, "<{}>", secret.name);
        }
        Value::Array(elements) => {
            for (ix, element) in elements.iter().enumerate() {
                out.push(if ix == 0 { '[' } else { ',' });
                push_json(out, element);
            }
            out.push_str(if elements.is_empty() { "[]" } else { "]" });
        }
        Value::Object(members) => {
            for (ix, (key, value)) in members.iter().enumerate() {
                out.push(if ix == 0 { '{' } else { ',' });
                out.push_str(&json_string(key));
                out.push(':');
                push_json(out, value);
            }
            out.push_str(if members.is_empty() { "{}" } else { "}" });
        }
    }
}

fn capitalized(word: &str) -> String {
    let mut characters = word.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).collect()
}
