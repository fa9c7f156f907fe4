//! A POSIX shell script that creates the webhooks with curl, one by one: the vendor's recipe. Its secrets are variables.

use super::form::SECRET_NAME;
use super::naming::Names;
use super::value::{FieldValues, Reader, Secret, SecretName, Value};
use super::{CodeExport, ExportedCode, ExportedWebhook, comment, push_left_out};
use crate::coralogix::json::{self, Json};
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::undocumented::is_documented_type_member;
use crate::proposal;
use crate::render::quoted::json_string;
use crate::render::schedule::GeneratedFile;
use std::fmt::Write as _;

/// How to use the script.
const USE: &str = "\
#
# It creates each webhook in another account, and does nothing else: it looks at nothing that is there, and whoever
# runs it twice has every webhook twice. `hookferry migrate` previews, checks, and creates each exactly once.
#
# Write CORALOGIX_URL, CORALOGIX_API_KEY and the secrets below into a file that only you can read, as lines
# NAME='value', then run:  SECRETS_FILE=./secrets.env sh create-webhooks.sh
";

/// What the script does, without the webhooks.
const PREAMBLE: &str = include_str!("script.sh");

/// The script.
pub(super) fn render(export: &CodeExport<'_>) -> ExportedCode {
    let mut names = Names::default();
    let mut omissions = Vec::new();
    let (mut checks, mut posts) = (String::new(), String::new());
    for webhook in &export.webhooks {
        match body(webhook, &mut names) {
            Ok(pieces) => {
                push_checks(&mut checks, webhook, &pieces);
                let _ = write!(posts, "\n# {}\n", comment(&webhook.label()));
                let alias = proposal::quoted(webhook.stripped.alias());
                let _ = writeln!(posts, "post {alias} {}", shell_words(&pieces));
            }
            Err(why) => omissions.push(webhook.left_out(why)),
        }
    }
    let heading = export.heading("curl");
    let mut text = format!("#!/bin/sh\n{heading}{USE}\n{PREAMBLE}");
    if !checks.is_empty() {
        let _ = write!(text, "\n# The secrets.\n{checks}");
    }
    text.push_str(&posts);
    push_left_out(&mut text, &omissions);
    let files = vec![GeneratedFile {
        name: "create-webhooks.sh".to_owned(),
        text,
    }];
    ExportedCode { files, omissions }
}

/// A piece of a body.
enum Piece {
    Literal(String),
    /// A secret, inside so many JSON strings.
    Secret(Secret, usize),
}

/// The body, or why the webhook is left out.
fn body(webhook: &ExportedWebhook<'_>, names: &mut Names) -> Result<Vec<Piece>, String> {
    if let Some(blocked) = webhook.stripped.blocked() {
        return Err(blocked.reason().to_owned());
    }
    let mut owner = names.owner(webhook.stripped.alias());
    let pieces = Body::new(webhook, Reader::new(&mut owner)).pieces();
    names.give_back(owner);
    pieces
}

/// Builds a body in the order of the webhook.
struct Body<'b> {
    webhook: &'b ExportedWebhook<'b>,
    reader: Reader<'b>,
    pieces: Vec<Piece>,
}

impl<'b> Body<'b> {
    fn new(webhook: &'b ExportedWebhook<'b>, reader: Reader<'b>) -> Self {
        Self {
            webhook,
            reader,
            pieces: Vec::new(),
        }
    }

    fn pieces(mut self) -> Result<Vec<Piece>, String> {
        let bare = self.webhook.stripped.bare();
        let state_keys = self.webhook.state_keys;
        let state: Vec<String> = bare
            .undocumented_members()
            .filter(|member| !state_keys.counts(member))
            .map(|member| member.name().into_owned())
            .collect();
        let mut is_first = true;
        for (key, token) in bare.tokens() {
            let key = json::decode_string(key).map_err(|_| NO_TEXT.to_owned())?;
            let known = KnownKey::from_text(&key);
            if known.is_none() && state.iter().any(|name| *name == *key) {
                continue;
            }
            self.literal(
                if std::mem::take(&mut is_first) {
                    "{"
                } else {
                    ","
                },
                0,
            );
            if known.is_some() {
                self.literal(&json_string(&key), 0);
                self.literal(":", 0);
            }
            match known {
                Some(KnownKey::Url) => match self.reader.url(bare) {
                    Some(url) => self.value(&url, 0),
                    None => self.literal(token, 0),
                },
                Some(KnownKey::Fields) => self.fields(token)?,
                Some(KnownKey::Type) => self.type_object(token, &state)?,
                Some(_) => {
                    let plain = Json::parse(token).map_err(|_| NO_TEXT.to_owned())?;
                    self.value(&plain_value(&plain), 0);
                }
                None => self.undocumented(&key, token)?,
            }
        }
        self.literal(if is_first { "{}" } else { "}" }, 0);
        Ok(self.pieces)
    }

    fn fields(&mut self, token: &str) -> Result<(), String> {
        let depth = usize::from(token.starts_with('"'));
        let fields = self.reader.fields(self.webhook.stripped.bare());
        match fields.map_err(secret_name)? {
            FieldValues::Empty => self.literal(token, 0),
            FieldValues::Tree(tree) => {
                let quote = if depth > 0 { "\"" } else { "" };
                self.literal(quote, 0);
                self.value(&tree, depth);
                self.literal(quote, 0);
            }
            FieldValues::Unreadable(mut secret) => {
                secret.is_text = depth > 0;
                self.value(&Value::Secret(secret), 0);
            }
        }
        Ok(())
    }

    /// The `integration_type`, whose undocumented members are as secret as those of the webhook.
    fn type_object(&mut self, token: &str, state: &[String]) -> Result<(), String> {
        let json = Json::parse(token).map_err(|_| NO_TEXT.to_owned())?;
        let Json::Object(members) = &json else {
            self.value(&plain_value(&json), 0);
            return Ok(());
        };
        let mut read = Vec::new();
        for (key, value) in members {
            let name = format!("{}.{key}", KnownKey::Type.as_str());
            if is_documented_type_member(key) {
                read.push((key.to_string(), plain_value(value)));
            } else if !state.contains(&name) {
                let value = self.reader.below(KnownKey::Type.as_str(), |reader| {
                    reader.undocumented(key, value)
                });
                read.push((key.to_string(), value.map_err(secret_name)?));
            }
        }
        self.value(&Value::Object(read), 0);
        Ok(())
    }

    fn undocumented(&mut self, key: &str, token: &str) -> Result<(), String> {
        let json = Json::parse(token).map_err(|_| NO_TEXT.to_owned())?;
        let value = self.reader.undocumented(key, &json).map_err(secret_name)?;
        self.literal(&json_string(key), 0);
        self.literal(":", 0);
        self.value(&value, 0);
        Ok(())
    }

    /// Appends JSON that is inside so many JSON strings.
    fn literal(&mut self, text: &str, depth: usize) {
        let mut text = text.to_owned();
        for _ in 0..depth {
            let quoted = json_string(&text);
            text.clear();
            text.push_str(&quoted[1..quoted.len() - 1]);
        }
        match self.pieces.last_mut() {
            Some(Piece::Literal(last)) => last.push_str(&text),
            _ => self.pieces.push(Piece::Literal(text)),
        }
    }

    fn value(&mut self, value: &Value, depth: usize) {
        match value {
            Value::Null => self.literal("null", depth),
            Value::Bool(value) => self.literal(if *value { "true" } else { "false" }, depth),
            Value::Number(text) => self.literal(text, depth),
            Value::Text(text) => self.literal(&json_string(text), depth),
            Value::Secret(secret) if secret.is_text => {
                self.literal("\"", depth);
                self.pieces.push(Piece::Secret(secret.clone(), depth + 1));
                self.literal("\"", depth);
            }
            Value::Secret(secret) => self.pieces.push(Piece::Secret(secret.clone(), 0)),
            Value::Array(elements) => {
                self.literal("[", depth);
                for (ix, element) in elements.iter().enumerate() {
                    self.literal(if ix > 0 { "," } else { "" }, depth);
                    self.value(element, depth);
                }
                self.literal("]", depth);
            }
            Value::Object(members) => {
                self.literal("{", depth);
                for (ix, (key, value)) in members.iter().enumerate() {
                    self.literal(if ix > 0 { "," } else { "" }, depth);
                    self.literal(&json_string(key), depth);
                    self.literal(":", depth);
                    self.value(value, depth);
                }
                self.literal("}", depth);
            }
        }
    }
}

/// Why a webhook with half of a surrogate pair, or with too much inside, is left out.
const NO_TEXT: &str = "one of its values cannot be read";

fn secret_name(_: SecretName) -> String {
    SECRET_NAME.to_owned()
}

/// A value of a documented key that holds no secret.
fn plain_value(json: &Json<'_>) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(text) => Value::Number((*text).to_owned()),
        Json::String(text) => Value::Text(text.to_string()),
        Json::Array(elements) => Value::Array(elements.iter().map(plain_value).collect()),
        Json::Object(members) => {
            let members = members.iter();
            let members = members.map(|(key, value)| (key.to_string(), plain_value(value)));
            Value::Object(members.collect())
        }
    }
}

/// The name of a secret's variable; no variable of another program starts like this.
fn variable(secret: &Secret) -> String {
    format!("HOOK_{}", secret.name.to_ascii_uppercase())
}

/// Lines that end the script before it sends anything, if a secret is missing.
fn push_checks(out: &mut String, webhook: &ExportedWebhook<'_>, pieces: &[Piece]) {
    for piece in pieces {
        if let Piece::Secret(secret, _) = piece {
            let what = comment(&webhook.describe(secret));
            let form = if secret.is_text { "" } else { ", as JSON" };
            let _ = writeln!(
                out,
                "# {what}{form}\n: \"${{{}?is not set}}\"",
                variable(secret)
            );
        }
    }
}

/// The body as one word of the shell.
fn shell_words(pieces: &[Piece]) -> String {
    let mut out = String::new();
    for piece in pieces {
        match piece {
            Piece::Literal(text) => {
                let _ = write!(out, "'{}'", text.replace('\'', r"'\''"));
            }
            Piece::Secret(secret, depth) => {
                let mut word = format!("\"${}\"", variable(secret));
                for _ in 0..*depth {
                    word = format!("\"$(json {word})\"");
                }
                out.push_str(&word);
            }
        }
    }
    out
}
