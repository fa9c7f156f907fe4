//! Second stage: removes the keys that the server owns, so that no bookkeeping of one account reaches another.
//! Pure. Keeps `integration_type` complete, including its `id`, and keeps every unknown key.

use super::content_cache::{ContentCache, has_same_bytes_and_type};
use super::fetch::Inventory;
use crate::coralogix::content::{Content, FieldsShape};
use crate::coralogix::kind::WebhookType;
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::webhook::{TypeId, TypeProblem, Webhook, WebhookId};
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use smol_str::SmolStr;

/// Webhooks without server-owned keys, in their original order; only [`strip`] constructs this type.
#[derive(Debug)]
pub struct Stripped {
    webhooks: Vec<StrippedWebhook>,
}

impl Stripped {
    /// The webhooks, in the order of the inventory.
    pub fn webhooks(&self) -> &[StrippedWebhook] {
        &self.webhooks
    }

    pub(super) fn into_webhooks(self) -> Vec<StrippedWebhook> {
        self.webhooks
    }
}

/// One webhook without server-owned keys, with the properties that the later stages need.
#[derive(Debug, Clone)]
pub struct StrippedWebhook {
    /// The object as the API returned it.
    pub(super) original: Webhook,
    pub(super) bare: Webhook,
    pub(super) id: Option<WebhookId>,
    pub(super) alias: SmolStr,
    pub(super) type_id: Option<TypeId>,
    pub(super) content: Option<Content>,
    pub(super) fields_shape: Option<FieldsShape>,
    pub(super) blocked: Option<Blocked>,
    pub(super) is_type_filled: bool,
}

/// Why a webhook cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// It has no alias, or its alias is not a string.
    NoAlias,
    /// Its alias has half of a surrogate pair, so it is no text.
    BrokenAlias,
    /// None of its keys gives a type.
    NoType,
    /// Its keys give different types.
    TypesDisagree,
    /// It has no `integration_type`, and hookferry cannot construct one because its type is undocumented.
    NoTypeObject,
    /// One of its JSON objects contains the same key twice, so it is ambiguous which value counts.
    DuplicateKey,
    /// The source masked a secret, for example as `****`: the copy would look right and deliver nothing.
    MaskedSecret,
    /// No rule covers one of its secrets, and `unmatched_secret` is `refuse`.
    UnmatchedSecret,
    /// A rule addresses its fields, but they are not valid JSON.
    UnreadableFields,
}

impl Blocked {
    /// The reason in words, as the plan preview prints it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoAlias => "it has no alias",
            Self::BrokenAlias => {
                "its alias is no text: it has half of a surrogate pair (\\ud800 to \\udfff)"
            }
            Self::NoType => "it has no type",
            Self::TypesDisagree => "its keys state different types",
            Self::NoTypeObject => {
                "it has no integration_type, and none can be filled in because its type is undocumented"
            }
            Self::DuplicateKey => "one of its JSON objects contains the same key twice",
            Self::UnmatchedSecret => {
                "it has a secret that no rule covers, and unmatched_secret is refuse"
            }
            Self::UnreadableFields => "a rule addresses its fields, which are not valid JSON",
            Self::MaskedSecret => {
                "the source returned a mask such as **** instead of one of its secrets: check the API key's permissions"
            }
        }
    }
}

/// The matching key: webhooks of two accounts with the same alias and type correspond to each other.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The exact alias, not normalized.
    pub alias: SmolStr,
    /// The vendor's number of the type.
    pub type_id: TypeId,
}

impl StrippedWebhook {
    /// Its id in its own account; `None` in files that lack ids.
    pub fn id(&self) -> Option<&WebhookId> {
        self.id.as_ref()
    }

    /// Its alias; empty if it has none.
    pub fn alias(&self) -> &SmolStr {
        &self.alias
    }

    /// Its type; `None` if it states none, or several that disagree.
    pub fn type_id(&self) -> Option<TypeId> {
        self.type_id
    }

    /// Why it cannot be sent; `None` if it can.
    pub fn blocked(&self) -> Option<Blocked> {
        self.blocked
    }

    /// Its matching key; `None` without a type, and where the alias is no text: that equals no alias.
    pub fn key(&self) -> Option<Key> {
        let type_id = self.type_id.filter(|_| !self.original.has_odd_alias());
        type_id.map(|type_id| Key {
            alias: self.alias.clone(),
            type_id,
        })
    }

    /// The object without server-owned keys.
    pub fn bare(&self) -> &Webhook {
        &self.bare
    }

    /// The object as the API returned it, server-owned keys included.
    pub fn original(&self) -> &Webhook {
        &self.original
    }

    /// Whether `integration_type` was missing and hookferry filled it in from Coralogix's documentation.
    pub fn is_type_filled(&self) -> bool {
        self.is_type_filled
    }

    /// The fingerprints by which its content is compared; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.content
    }
}

/// An alias as a normalizing server might store it: trimmed, in Unicode NFC, case folded.
pub(super) fn normalized_alias(alias: &str) -> String {
    if alias.is_ascii() {
        return alias.trim().to_ascii_lowercase();
    }
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(alias.trim());
    CaseMapper::new().fold_string(&composed).into_owned()
}

/// Removes the server-owned keys of every webhook and marks the webhooks that cannot be sent.
pub fn strip(inventory: Inventory) -> Stripped {
    strip_with_cache(inventory, &ContentCache::default())
}

/// Like [`strip`], but takes digests from a cache for webhooks that are byte for byte equal to cached ones.
pub fn strip_with_cache(inventory: Inventory, cache: &ContentCache<'_>) -> Stripped {
    let webhooks = inventory.webhooks.into_iter();
    let strip_and_check = |webhook| check_sendable(strip_one(webhook, cache));
    Stripped {
        webhooks: webhooks.map(strip_and_check).collect(),
    }
}

/// A copy of a webhook without server-owned keys.
pub(super) fn without_server_keys(webhook: &Webhook) -> Webhook {
    webhook.clone().without(KnownKey::is_server_owned)
}

fn strip_one(webhook: Webhook, cache: &ContentCache<'_>) -> StrippedWebhook {
    let candidate = cache.candidate(&webhook);
    let cached = candidate.filter(|desired| has_same_bytes_and_type(desired, &webhook));
    let type_id = cached.map_or_else(|| webhook.type_id().ok(), |same| same.type_id);
    let (content, fields_shape) = match cached {
        Some(same) => (same.content, same.fields_shape),
        None => type_id
            .map(|type_id| Content::with_shape(&webhook, type_id))
            .unzip(),
    };
    StrippedWebhook {
        content,
        fields_shape,
        bare: without_server_keys(&webhook),
        id: webhook.id(),
        alias: webhook.alias().map(SmolStr::from).unwrap_or_default(),
        type_id,
        blocked: None,
        is_type_filled: false,
        original: webhook,
    }
}

/// Decides whether a webhook can be sent, and fills in the keys that a create needs.
fn check_sendable(mut webhook: StrippedWebhook) -> StrippedWebhook {
    let is_complete = webhook.original.has_complete_type();
    webhook.blocked = block_reason(&webhook, is_complete);
    if let (None, Some(type_id)) = (webhook.blocked, webhook.type_id) {
        webhook.bare = fill_in_type(webhook.bare, type_id, is_complete);
        webhook.is_type_filled = !is_complete;
    }
    webhook
}

fn block_reason(webhook: &StrippedWebhook, is_complete: bool) -> Option<Blocked> {
    let original = &webhook.original;
    // Without a type, the fields have not been examined yet; their shape does not depend on the type.
    let fields_shape = webhook.fields_shape;
    let fields_shape = fields_shape.unwrap_or_else(|| Content::with_shape(original, TypeId(0)).1);
    if fields_shape == FieldsShape::DuplicateKey || original.has_duplicate_key() {
        return Some(Blocked::DuplicateKey);
    }
    match webhook.type_id.ok_or_else(|| original.type_id()) {
        Err(Err(TypeProblem::Conflicting)) => return Some(Blocked::TypesDisagree),
        Err(_) => return Some(Blocked::NoType),
        Ok(type_id) if !is_complete && WebhookType::from_id(type_id).is_none() => {
            return Some(Blocked::NoTypeObject);
        }
        Ok(_) => {}
    }
    match original.alias() {
        Some(_) => None,
        None if original.has_broken_alias() => Some(Blocked::BrokenAlias),
        None => Some(Blocked::NoAlias),
    }
}

/// Adds what a create needs and the API response lacked: the documented `integration_type`, and its number.
fn fill_in_type(bare: Webhook, type_id: TypeId, is_complete: bool) -> Webhook {
    let bare = match WebhookType::from_id(type_id) {
        Some(kind) if !is_complete => {
            bare.with_member("integration_type", &kind.integration_type())
        }
        _ => bare,
    };
    match bare.raw(KnownKey::TypeId) {
        None | Some("null") => bare.with_member("integration_type_id", &type_id.to_string()),
        Some(_) => bare,
    }
}
