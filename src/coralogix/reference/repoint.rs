//! Decides what becomes of each reference, and replaces those that have a new name; the one place that does either.

use super::super::webhook::{WebhookId, whole_number};
use super::spelling::Spelling;
use super::{FileKind, Malformed, ReferenceKind, ReferenceSite, SiteValue, UnresolvedReason, find};
use serde::Serialize;
use smol_str::SmolStr;
use std::ops::Range;

/// What an id map has for a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found<T> {
    /// One webhook.
    One(T),
    /// None.
    Nothing,
    /// Several, so nobody can tell which one is meant.
    Several,
}

/// Which webhook of one account is which one of the other.
pub trait Correspondence {
    /// The id of the same webhook in the other account.
    fn id(&self, id: &WebhookId) -> Found<WebhookId>;
    /// The alias of the same webhook in the other account.
    fn alias(&self, alias: &str) -> Found<SmolStr>;
}

/// How a reference names its webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum WebhookName {
    /// By number.
    Id(WebhookId),
    /// By alias.
    Alias(SmolStr),
}

/// A reference that was rewritten to the webhook of the other account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RewrittenReference {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// Its line, counted from 1.
    pub line: usize,
    /// The byte range of the original text that was replaced.
    #[serde(skip)]
    pub bytes: Range<usize>,
    /// How the original names the webhook.
    pub from: WebhookName,
    /// How the rewritten text names it.
    pub to: WebhookName,
}

/// A reference that was left unchanged because nothing tells what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnresolvedReference {
    /// Its path in the document, such as `alertDefs[3].integrationId`.
    pub path: String,
    /// Its line, counted from 1.
    pub line: usize,
    /// The byte range of the value; for one that is no literal, at least its first byte.
    pub bytes: Range<usize>,
    /// The id or alias, or the text of the value if it is neither; containers are abbreviated.
    pub value: String,
    /// Why it was left unchanged.
    pub reason: UnresolvedReason,
}

/// A file whose references point to the other account, with the result for each reference.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Repointed {
    /// The rewritten text; outside the replaced values it equals the original byte for byte.
    pub text: String,
    /// The replaced references, in document order.
    pub rewritten: Vec<RewrittenReference>,
    /// The references left unchanged, in document order.
    pub unresolved: Vec<UnresolvedReference>,
    /// Number of references to resources, which follow the webhook by themselves.
    pub n_by_resource: usize,
    /// Number of references that are the same in both accounts, such as an alias that no rule changed.
    pub n_same: usize,
}

/// What becomes of a reference.
enum Decision {
    Replace(WebhookName, WebhookName, Spelling),
    Same,
    ByResource,
    Unresolved(String, UnresolvedReason),
    /// It is no reference after all.
    None,
}

/// Replaces every reference for which `map` has one new name.
///
/// Each is looked up exactly once, so two webhooks may swap ids.
///
/// # Errors
/// Where the text is not of its kind.
pub fn repoint(
    kind: FileKind,
    text: &str,
    map: &impl Correspondence,
) -> Result<Repointed, Malformed> {
    let mut result = Repointed {
        text: String::with_capacity(text.len()),
        ..Repointed::default()
    };
    let mut copied_to = 0;
    let mut lines = Lines::of(text);
    for site in find(kind, text)? {
        let decision = decide(&site, &text[site.bytes.clone()], map);
        let ReferenceSite { path, bytes, .. } = site;
        let line = lines.line_of(bytes.start);
        match decision {
            Decision::Replace(from, to, spelling) => {
                result.text.push_str(&text[copied_to..bytes.start]);
                result.text.push_str(&spelling.spell(to.as_str()));
                copied_to = bytes.end;
                result.rewritten.push(RewrittenReference {
                    path,
                    line,
                    bytes,
                    from,
                    to,
                });
            }
            Decision::Unresolved(value, reason) => result.unresolved.push(UnresolvedReference {
                path,
                line,
                bytes,
                value,
                reason,
            }),
            Decision::Same => result.n_same += 1,
            Decision::ByResource => result.n_by_resource += 1,
            Decision::None => {}
        }
    }
    result.text.push_str(&text[copied_to..]);
    Ok(result)
}

fn decide(site: &ReferenceSite, token: &str, map: &impl Correspondence) -> Decision {
    let (kind, text, spelling) = match &site.value {
        SiteValue::Resource => return Decision::ByResource,
        SiteValue::Unresolved(reason) => {
            // A longer text may hold secrets.
            let value = match reason {
                UnresolvedReason::InsideText => "(text)".to_owned(),
                _ => abbreviated(token),
            };
            return Decision::Unresolved(value, *reason);
        }
        SiteValue::Literal {
            kind,
            text,
            spelling,
        } => (*kind, text, *spelling),
    };
    let Some(from) = name(kind, text, spelling) else {
        let reason = UnresolvedReason::NotAnId;
        return match kind {
            ReferenceKind::PossibleId => Decision::None,
            _ => Decision::Unresolved(abbreviated(token), reason),
        };
    };
    let found = match &from {
        WebhookName::Id(id) => map_found(map.id(id), WebhookName::Id),
        WebhookName::Alias(alias) => map_found(map.alias(alias), WebhookName::Alias),
    };
    let unresolved = |reason| Decision::Unresolved(from.as_str().to_owned(), reason);
    match (found, kind) {
        (Found::Nothing, ReferenceKind::PossibleId) => Decision::None,
        (_, ReferenceKind::PossibleId) => unresolved(UnresolvedReason::OutsideAlert),
        (Found::Nothing, _) => unresolved(UnresolvedReason::NotMapped),
        (Found::Several, _) => unresolved(UnresolvedReason::Ambiguous),
        (Found::One(to), _) if to == from => Decision::Same,
        (Found::One(to), _) => Decision::Replace(from, to, spelling),
    }
}

/// What a literal names its webhook by; `None` if it can name none.
fn name(kind: ReferenceKind, text: &str, spelling: Spelling) -> Option<WebhookName> {
    if text.is_empty() {
        return None;
    }
    match (kind, spelling) {
        (ReferenceKind::Alias, _) => Some(WebhookName::Alias(text.into())),
        (_, Spelling::Number | Spelling::Float(_)) => {
            whole_number(text).map(|id| WebhookName::Id(WebhookId::new(id)))
        }
        _ => Some(WebhookName::Id(WebhookId::new(text))),
    }
}

fn map_found<T>(found: Found<T>, to_name: impl Fn(T) -> WebhookName) -> Found<WebhookName> {
    match found {
        Found::One(name) => Found::One(to_name(name)),
        Found::Nothing => Found::Nothing,
        Found::Several => Found::Several,
    }
}

/// The first line of a value that is no literal.
fn abbreviated(token: &str) -> String {
    match token.as_bytes().first() {
        Some(b'{') => "{…}".to_owned(),
        Some(b'[') => "[…]".to_owned(),
        _ => {
            let mut lines = token.lines();
            let first = lines.next().unwrap_or_default().to_owned();
            let rest = if lines.next().is_some() { " …" } else { "" };
            first + rest
        }
    }
}

impl WebhookName {
    /// The id or alias; not escaped for display.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Alias(alias) => alias,
        }
    }
}

/// Counts the lines up to offsets that only grow.
struct Lines<'t> {
    text: &'t str,
    counted_to: usize,
    line: usize,
}

impl<'t> Lines<'t> {
    fn of(text: &'t str) -> Self {
        Self {
            text,
            counted_to: 0,
            line: 1,
        }
    }

    fn line_of(&mut self, offset: usize) -> usize {
        self.line += self.text[self.counted_to..offset].matches('\n').count();
        self.counted_to = offset;
        self.line
    }
}
