//! Resources of Coralogix's Terraform provider, with variables for their secrets.

use super::form::{Attribute, Block, Fit, Fitted, Form, Need, Shape};
use super::hcl::{self, Expression};
use super::naming::Names;
use super::value::{Secret, Value};
use super::{CodeExport, ExportedCode, ExportedWebhook, comment, push_left_out};
use crate::render::schedule::GeneratedFile;
use std::fmt::Write as _;

const fn attribute(
    source: &'static str,
    name: &'static str,
    shape: Shape,
    need: Need,
) -> Attribute {
    Attribute {
        source,
        name,
        shape,
        need,
    }
}

const URL: Attribute = attribute("url", "url", Shape::Text, Need::Required);
const UUID: Attribute = attribute("uuid", "uuid", Shape::Text, Need::Optional);
const PAYLOAD: Attribute = attribute("payload", "payload", Shape::Payload, Need::EmptyText);

/// What `coralogix_webhook` holds, as the provider's schema of August 2026 says.
const FORM: Form = Form {
    owner: "the Terraform provider",
    closed: &[(
        "microsoft_teams",
        "the Terraform provider only reads webhooks of type microsoft_teams, and cannot create or change them",
    )],
    blocks: &[
        Block {
            type_name: "slack",
            name: "slack",
            attributes: &[URL],
        },
        Block {
            type_name: "webhook",
            name: "custom",
            attributes: &[
                URL,
                UUID,
                attribute("method", "method", Shape::Method, Need::Required),
                attribute("headers", "headers", Shape::Headers, Need::Optional),
                PAYLOAD,
            ],
        },
        Block {
            type_name: "pager_duty",
            name: "pager_duty",
            attributes: &[attribute(
                "serviceKey",
                "service_key",
                Shape::Text,
                Need::Required,
            )],
        },
        Block {
            type_name: "sendlog",
            name: "sendlog",
            attributes: &[UUID, PAYLOAD],
        },
        Block {
            type_name: "email_group",
            name: "email_group",
            attributes: &[attribute(
                "payload",
                "emails",
                Shape::Emails,
                Need::Required,
            )],
        },
        Block {
            type_name: "jira",
            name: "jira",
            attributes: &[
                URL,
                attribute("apiToken", "api_token", Shape::Text, Need::Optional),
                attribute("email", "email", Shape::Text, Need::Optional),
                attribute("projectKey", "project_key", Shape::Text, Need::Optional),
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
            attributes: &[URL, UUID, PAYLOAD],
        },
    ],
};

/// How to use the files.
const USE: &str = "\
#
# Before the first `terraform apply`:
#   - copy terraform.tfvars.example to a file of yours, such as terraform.tfvars, and fill the secrets in;
#     keep that file and the state private: Terraform writes the values of these attributes into its state
#   - set CORALOGIX_API_KEY and CORALOGIX_ENV for the provider
#   - read `terraform plan`: the import blocks adopt the webhooks that exist, and whatever differs is shown there.
#     To import one without such a block, look its id up: GET /mgmt/openapi/5/integrations/webhooks/v1/list/summaries
#     at https://api.<domain>, with a key as `Authorization: Bearer`, names it beside the number (externalId).
#     The texts of payloads may differ in spaces and in the order of their keys, which changes nothing
";

const VERSIONS: &str = "\
# Leave this file out if your configuration has such a block.
terraform {
  # Import blocks came with this version.
  required_version = \">= 1.5\"
  required_providers {
    coralogix = {
      source = \"coralogix/coralogix\"
    }
  }
}
";

/// A variable for a secret.
struct Variable {
    name: String,
    description: String,
    type_name: &'static str,
    /// The value's skeleton.
    skeleton: String,
}

/// The files of a module.
pub(super) fn render(export: &CodeExport<'_>) -> ExportedCode {
    let mut names = Names::default();
    let mut variables = Vec::new();
    let mut omissions = Vec::new();
    let mut resources = String::new();
    for webhook in &export.webhooks {
        match FORM.fit(webhook, &mut names) {
            Ok(fitted) => {
                push_resource(&mut resources, webhook, &fitted, &mut variables);
                omissions.extend(fitted.omission);
            }
            Err(why) => omissions.push(webhook.left_out(why)),
        }
    }
    let heading = export.heading("terraform");
    let mut main = format!("{heading}{USE}{resources}");
    push_left_out(&mut main, &omissions);
    let file = |name: &str, text: String| GeneratedFile {
        name: name.to_owned(),
        text,
    };
    let mut files = vec![
        file("versions.tf", VERSIONS.to_owned()),
        file("main.tf", main),
    ];
    if !variables.is_empty() {
        files.push(file("variables.tf", declarations(&variables)));
        files.push(file("terraform.tfvars.example", skeleton(&variables)));
    }
    ExportedCode { files, omissions }
}

fn push_resource(
    out: &mut String,
    webhook: &ExportedWebhook<'_>,
    fitted: &Fitted,
    variables: &mut Vec<Variable>,
) {
    let _ = writeln!(out, "\n# {}", comment(&webhook.label()));
    if let Some(omission) = &fitted.omission {
        let _ = writeln!(out, "# Left out: {}", comment(&omission.reason()));
    }
    let attributes = fitted.attributes.iter();
    let attributes = attributes.map(|(name, fit)| {
        let mut use_secret = |secret: &Secret, length: Option<usize>| {
            variables.push(variable(webhook, secret, length));
        };
        ((*name).to_owned(), expression(fit, &mut use_secret))
    });
    let body = [
        ("name".to_owned(), Expression::Text(fitted.alias.clone())),
        (
            fitted.block.to_owned(),
            Expression::Object(attributes.collect()),
        ),
    ];
    let header = format!("resource \"coralogix_webhook\" \"{}\"", fitted.name);
    out.push_str(&hcl::block(&header, &body));
    out.push('\n');
    match webhook.uuid {
        Ok(uuid) => {
            let to = Expression::Word(format!("coralogix_webhook.{}", fitted.name));
            let id = Expression::Text(uuid.to_owned());
            let body = [("to".to_owned(), to), ("id".to_owned(), id)];
            out.push_str(&hcl::block("import", &body));
        }
        Err(why) => {
            let _ = writeln!(
                out,
                "# No import block, so `terraform apply` would create it: {}.",
                comment(why)
            );
        }
    }
}

/// The variable of a secret, which is a list if it has a length.
fn variable(webhook: &ExportedWebhook<'_>, secret: &Secret, length: Option<usize>) -> Variable {
    let (type_name, skeleton) = match length {
        Some(length) => (
            "list(string)",
            format!("[{}]", vec!["\"\""; length].join(", ")),
        ),
        None if secret.is_text => ("string", "\"\"".to_owned()),
        None => ("number", String::new()),
    };
    Variable {
        name: secret.name.clone(),
        description: webhook.describe(secret),
        type_name,
        skeleton,
    }
}

/// Takes note of a secret that is used; of its length if it is a list.
type UseSecret<'u> = &'u mut dyn FnMut(&Secret, Option<usize>);

fn expression(fit: &Fit, use_secret: UseSecret<'_>) -> Expression {
    match fit {
        Fit::Text(text) => Expression::Text(text.clone()),
        Fit::Secret(secret) => reference(secret, None, use_secret),
        Fit::SecretList(secret, length) => reference(secret, Some(*length), use_secret),
        Fit::List(texts) => Expression::List(texts.iter().cloned().map(Expression::Text).collect()),
        Fit::Texts(members) => {
            let members = members.iter();
            let members =
                members.map(|(key, value)| (hcl::quoted_key(key), json(value, use_secret)));
            Expression::Object(members.collect())
        }
        Fit::Payload(value) => Expression::Json(Box::new(json(value, use_secret))),
    }
}

fn reference(secret: &Secret, length: Option<usize>, use_secret: UseSecret<'_>) -> Expression {
    use_secret(secret, length);
    Expression::Word(format!("var.{}", secret.name))
}

fn json(value: &Value, use_secret: UseSecret<'_>) -> Expression {
    match value {
        Value::Null => Expression::Word("null".to_owned()),
        Value::Bool(value) => Expression::Word(value.to_string()),
        Value::Number(text) => Expression::Word(text.clone()),
        Value::Text(text) => Expression::Text(text.clone()),
        Value::Secret(secret) => reference(secret, None, use_secret),
        Value::Array(elements) => {
            let elements = elements.iter().map(|element| json(element, use_secret));
            Expression::List(elements.collect())
        }
        Value::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (hcl::key(key), json(value, use_secret)));
            Expression::Object(members.collect())
        }
    }
}

fn declarations(variables: &[Variable]) -> String {
    let blocks = variables.iter().map(|variable| {
        let word = |word: &str| Expression::Word(word.to_owned());
        let body = [
            (
                "description".to_owned(),
                Expression::Text(variable.description.clone()),
            ),
            ("type".to_owned(), word(variable.type_name)),
            ("sensitive".to_owned(), word("true")),
        ];
        hcl::block(&format!("variable \"{}\"", variable.name), &body)
    });
    blocks.collect::<Vec<String>>().join("\n")
}

fn skeleton(variables: &[Variable]) -> String {
    let mut out = String::from(
        "# The secrets. Copy this to a file of yours, remove the `# ` of each line, and fill the values in.\n\
         # What is left out, `terraform plan` asks for.\n",
    );
    for variable in variables {
        let assignment = format!("{} = {}", variable.name, variable.skeleton);
        let _ = writeln!(
            out,
            "\n# {}:\n# {}",
            comment(&variable.description),
            assignment.trim_end()
        );
    }
    out
}
