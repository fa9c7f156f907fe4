//! What a user wants changed on the way: which webhooks, which values of them, and where new values come from.
//! Never shows a value; a rule is named by the line on which it begins.

use crate::coralogix::path::Path;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::PathBuf;
use url::Url;
use wildmatch::WildMatch;

/// Everything that a rules file says.
#[derive(Debug, Default)]
pub struct Rules {
    /// The rules, in the order of the file.
    pub rules: Vec<Rule>,
    /// What becomes of secrets that no rule names.
    pub unmatched: Option<Unmatched>,
    /// Whether the vendor's hosts are pointed at the target's region.
    pub retarget: bool,
}

/// What becomes of secrets that no rule names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unmatched {
    /// They are copied.
    Keep,
    /// A webhook that has one is not sent.
    Refuse,
}

/// One rule.
#[derive(Debug, Default)]
pub struct Rule {
    /// The line of the file on which it begins, counted from 1.
    pub line: usize,
    /// Which webhooks it is about.
    pub matches: Matches,
    /// Values that are set.
    pub set: Vec<Set>,
    /// Texts that are replaced, one after the other.
    pub replace: Vec<Replace>,
    /// Places that may stay as they are, with all that is below them.
    pub keep: Vec<Path>,
    /// Whether the webhook gets a uuid of its own.
    pub new_uuid: bool,
    /// The alias in the target, where it is another one.
    pub rename: Option<Rename>,
    /// Whether it may match nothing.
    pub is_optional: bool,
}

impl Rule {
    /// Whether it looks for texts in more than the url.
    pub(super) fn looks_into_fields(&self) -> bool {
        let url = Path::of(&["url"]);
        let mut within = self.replace.iter().flat_map(|replace| &replace.within);
        within.any(|path| *path != url)
    }
}

/// Which webhooks a rule is about: those that fulfil every one of these; an empty one is fulfilled by all.
#[derive(Debug, Default)]
pub struct Matches {
    /// Any of these types.
    pub types: Vec<TypeId>,
    /// Any of these patterns of the source's alias.
    pub aliases: Vec<WildMatch>,
    /// Any of these patterns of the host of the source's url.
    pub hosts: Vec<WildMatch>,
    /// Any of these ids of the source.
    pub ids: Vec<WebhookId>,
}

impl Matches {
    /// Whether a webhook of the source is meant.
    pub fn selects(&self, webhook: &Webhook, id: Option<&WebhookId>) -> bool {
        let alias = webhook.alias().unwrap_or_default();
        let is_type = |wanted: &TypeId| webhook.type_id() == Ok(*wanted);
        let is_host = || {
            let host = host_of(&webhook.url());
            host.is_some_and(|host| self.hosts.iter().any(|wanted| wanted.matches(&host)))
        };
        (self.types.is_empty() || self.types.iter().any(is_type))
            && (self.aliases.is_empty() || self.aliases.iter().any(|wanted| wanted.matches(&alias)))
            && (self.ids.is_empty() || id.is_some_and(|id| self.ids.contains(id)))
            && (self.hosts.is_empty() || is_host())
    }
}

/// The host of a url, in lower case.
pub(crate) fn host_of(url: &str) -> Option<String> {
    Url::parse(url).ok()?.host_str().map(str::to_owned)
}

/// A value that is set.
#[derive(Debug)]
pub struct Set {
    /// Where.
    pub path: Path,
    /// Where the new value comes from.
    pub from: Source,
}

/// Where a value comes from.
#[derive(Clone)]
pub enum Source {
    /// The environment variable of that name.
    Env(String),
    /// The file of that name; a relative one is found beside the rules file.
    File(PathBuf),
    /// What a program prints, with the line of the file on which it is named.
    Command {
        /// The program and its arguments.
        arguments: Vec<String>,
        /// The line.
        line: usize,
    },
    /// The file of rules itself, as a JSON token.
    Value(SecretString),
}

impl Source {
    /// Whether both lead to one value, so that it is read once.
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

/// `env X`, `file x`, `command op (line 7)`: never a value, and never an argument, which may be one.
impl fmt::Display for Source {
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

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that takes the place of another.
#[derive(Debug)]
pub struct Replace {
    /// Where it is looked for, with all that is below.
    pub within: Vec<Path>,
    /// What is looked for, literally.
    pub from: Literal,
    /// What takes its place.
    pub to: Literal,
}

/// A text of the rules file that may be, or be part of, a secret.
#[derive(Clone)]
pub struct Literal(pub SecretString);

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Literal(hidden)")
    }
}

/// How an alias is made from the source's: the text before and after each place where that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rename(Vec<String>);

impl Rename {
    /// Reads `us-{alias}`; `None` where another brace is in it.
    pub fn parse(template: &str) -> Option<Self> {
        let parts: Vec<String> = template.split("{alias}").map(str::to_owned).collect();
        let is_plain = |part: &String| !part.contains(['{', '}']);
        (!template.trim().is_empty() && parts.iter().all(is_plain)).then_some(Self(parts))
    }

    /// The alias in the target.
    pub fn of(&self, alias: &str) -> String {
        self.0.join(alias)
    }
}

#[cfg(test)]
mod tests {
    use super::Rename;

    #[test]
    fn an_alias_is_made_from_the_source_s() {
        let made = |template| Rename::parse(template).map(|rename| rename.of("ops"));
        assert_eq!(made("us-{alias}").as_deref(), Some("us-ops"));
        assert_eq!(made("{alias}/{alias}").as_deref(), Some("ops/ops"));
        assert_eq!(made("fixed").as_deref(), Some("fixed"));
        for wrong in ["", " ", "{name}", "{alias", "{{alias}}"] {
            assert_eq!(made(wrong), None, "{wrong}");
        }
    }
}
