//! The rules: which webhooks to change, which of their values, and the sources of the new values.
//! Never prints a value; messages refer to a rule by the line on which it starts.

use crate::coralogix::path::Path;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use url::Url;
use wildmatch::WildMatch;

/// The content of a rules file.
#[derive(Debug, Default)]
pub struct Rules {
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// The policy for secrets that no rule covers; `None` if the file does not set one.
    pub unmatched_policy: Option<UnmatchedSecretPolicy>,
    /// Whether to point vendor hosts at the target's region.
    pub retarget: bool,
}

/// The policy for secrets that no rule covers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnmatchedSecretPolicy {
    /// Copy them.
    #[default]
    Keep,
    /// Do not send a webhook that contains one.
    Refuse,
}

impl UnmatchedSecretPolicy {
    /// The value of `--unmatched-secret` on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::Keep => "keep",
            Self::Refuse => "refuse",
        }
    }
}

/// One `[[rule]]` of the rules file.
#[derive(Debug, Default)]
pub struct Rule {
    /// The line of the file on which it starts, counted from 1.
    pub line: usize,
    /// The webhooks to which the rule applies.
    pub conditions: MatchConditions,
    /// Values to set.
    pub set: Vec<SetValue>,
    /// Texts to replace, one after the other.
    pub replace: Vec<TextReplacement>,
    /// Secrets at or below these paths are copied on purpose, and so count as covered.
    pub keep: Vec<Path>,
    /// Whether to derive a new uuid for the webhook.
    pub new_uuid: bool,
    /// The template of the alias in the target; `None` to keep the alias.
    pub rename: Option<AliasTemplate>,
    /// Whether the rule may match no webhook.
    pub is_optional: bool,
}

impl Rule {
    /// Whether it replaces texts anywhere but in the url.
    pub(super) fn replaces_in_fields(&self) -> bool {
        let url = Path::from_parts(&["url"]);
        let mut within = self.replace.iter().flat_map(|replace| &replace.within);
        within.any(|path| *path != url)
    }
}

/// The conditions under which a rule applies to a webhook. All must hold; an empty one always holds.
#[derive(Debug, Default)]
pub struct MatchConditions {
    /// The webhook has any of these types.
    pub types: Vec<TypeId>,
    /// Its alias in the source matches any of these patterns.
    pub aliases: Vec<WildMatch>,
    /// The host of its url in the source matches any of these patterns.
    pub hosts: Vec<WildMatch>,
    /// It has any of these ids in the source.
    pub ids: Vec<WebhookId>,
}

impl MatchConditions {
    /// Whether the rule applies to a webhook of the source.
    pub fn selects(&self, webhook: &Webhook, id: Option<&WebhookId>) -> bool {
        let alias = webhook.alias().unwrap_or_default();
        let is_type = |type_id: &TypeId| webhook.type_id() == Ok(*type_id);
        let is_host = || {
            let host = host_of(&webhook.url());
            host.is_some_and(|host| self.hosts.iter().any(|pattern| pattern.matches(&host)))
        };
        (self.types.is_empty() || self.types.iter().any(is_type))
            && (self.aliases.is_empty()
                || self.aliases.iter().any(|pattern| pattern.matches(&alias)))
            && (self.ids.is_empty() || id.is_some_and(|id| self.ids.contains(id)))
            && (self.hosts.is_empty() || is_host())
    }
}

/// The host of a url, in lower case.
pub(crate) fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// A value to set.
#[derive(Debug)]
pub struct SetValue {
    /// The path of the value to replace; it must exist in the webhook.
    pub path: Path,
    /// The source of the new value.
    pub source: ValueSource,
}

/// The source of a value.
#[derive(Clone)]
pub enum ValueSource {
    /// The environment variable with this name.
    Env(String),
    /// The file at this path; a relative path starts at the directory of the rules file.
    File(PathBuf),
    /// The output of a program.
    Command {
        /// The program and its arguments.
        arguments: Vec<String>,
        /// The line of the rules file that names the program.
        line: usize,
    },
    /// The rules file itself; holds the value as a JSON token.
    Value(SecretString),
}

impl ValueSource {
    /// Whether both sources provide the same value, so that hookferry reads it only once.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Env(left), Self::Env(right)) => left == right,
            (Self::File(left), Self::File(right)) => left == right,
            (
                Self::Command { arguments, .. },
                Self::Command {
                    arguments: right, ..
                },
            ) => arguments == right,
            _ => false,
        }
    }
}

/// Formats as `env X`, `file x` or `command op (line 7)`: never a value, nor an argument, which may be a secret.
impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env {name}"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command { arguments, line } => {
                let program = arguments.first().map_or("", String::as_str);
                write!(f, "command {program} (line {line})")
            }
            Self::Value(_) => f.write_str("the rules file"),
        }
    }
}

impl fmt::Debug for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text replacement.
#[derive(Debug)]
pub struct TextReplacement {
    /// The paths to search, including everything below them.
    pub within: Vec<Path>,
    /// The literal text to search for.
    pub from: SecretText,
    /// The text that replaces it.
    pub to: SecretText,
}

/// A text of the rules file that may be a secret or contain one.
#[derive(Clone)]
pub struct SecretText(pub SecretString);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Literal(hidden)")
    }
}

/// A template for the alias in the target, split at each `{alias}`, the placeholder of the source's alias.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AliasTemplate(Vec<String>);

impl AliasTemplate {
    /// Parses a template such as `us-{alias}`; `None` if it is blank or contains any other brace.
    pub fn parse(template: &str) -> Option<Self> {
        let parts: Vec<String> = template.split("{alias}").map(str::to_owned).collect();
        let is_plain = |part: &String| !part.contains(['{', '}']);
        (!template.trim().is_empty() && parts.iter().all(is_plain)).then_some(Self(parts))
    }

    /// The alias in the target for an alias of the source.
    pub fn render(&self, alias: &str) -> String {
        self.0.join(alias)
    }
}

#[cfg(test)]
mod tests {
    use super::AliasTemplate;

    #[test]
    fn an_alias_is_made_from_the_source_s() {
        let made = |template| AliasTemplate::parse(template).map(|rename| rename.render("ops"));
        assert_eq!(made("us-{alias}").as_deref(), Some("us-ops"));
        assert_eq!(made("{alias}/{alias}").as_deref(), Some("ops/ops"));
        assert_eq!(made("fixed").as_deref(), Some("fixed"));
        for wrong in ["", " ", "{name}", "{alias", "{{alias}}"] {
            assert_eq!(made(wrong), None, "{wrong}");
        }
    }
}
