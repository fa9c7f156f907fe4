//! Second stage: what the server owns is taken off, so that nothing of one account's bookkeeping reaches another.
//! Pure. Keeps `integration_type` whole, with its `id`, and every key it does not know.

use super::content_cache::{CachedContent, ContentCache};
use super::fetch::Inventory;
use crate::coralogix::content::{Content, Form};
use crate::coralogix::kind::Kind;
use crate::coralogix::webhook::{SERVER_OWNED, TypeId, TypeProblem, Webhook, WebhookId};
use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizerBorrowed;
use smol_str::SmolStr;

/// Webhooks without anything that a server owns, in their order; made by [`strip`] only.
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

/// One webhook without what the server owns, and what was read off it on the way.
#[derive(Debug, Clone)]
pub struct StrippedWebhook {
    /// As it was read.
    pub(super) given: Webhook,
    pub(super) bare: Webhook,
    pub(super) id: Option<WebhookId>,
    pub(super) alias: SmolStr,
    pub(super) type_id: Option<TypeId>,
    pub(super) content: Option<Content>,
    pub(super) form: Option<Form>,
    pub(super) blocked: Option<Blocked>,
    pub(super) is_type_filled: bool,
}

/// Why a webhook cannot be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blocked {
    /// It has no alias, or one that is no text.
    NoAlias,
    /// Nothing in it gives a type.
    NoType,
    /// Its keys give different types.
    TypesDisagree,
    /// It has no `integration_type`, and its type is not documented, so none can be made.
    NoTypeObject,
    /// An object in it has the same key twice, so nobody can tell which value counts.
    DuplicateKey,
    /// A secret of it was read as `****` or the like: the copy would look right and deliver nothing.
    MaskedSecret,
    /// No rule says what becomes of a secret of it, and the user wants one for each.
    UnmatchedSecret,
    /// A rule wants to change fields of it that are no JSON.
    UnreadableFields,
}

impl Blocked {
    /// The reason as the preview prints it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::NoAlias => "it has no alias",
            Self::NoType => "it has no type",
            Self::TypesDisagree => "its keys give different types",
            Self::NoTypeObject => {
                "it has no integration_type, and its type is not in the documented table"
            }
            Self::DuplicateKey => "an object in it has the same key twice",
            Self::UnmatchedSecret => {
                "no rule says what becomes of its secrets, and unmatched_secret is refuse"
            }
            Self::UnreadableFields => "a rule would change its fields, which are no readable JSON",
            Self::MaskedSecret => {
                "the source shows a mask such as **** instead of one of its secrets; does the key lack a permission?"
            }
        }
    }
}

/// What makes two webhooks of two accounts the same one: alias and type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    /// The alias, exactly.
    pub alias: SmolStr,
    /// The type.
    pub type_id: TypeId,
}

impl StrippedWebhook {
    /// The number it has in its account.
    pub fn id(&self) -> Option<&WebhookId> {
        self.id.as_ref()
    }

    /// Its name; empty where it has none.
    pub fn alias(&self) -> &SmolStr {
        &self.alias
    }

    /// Its type, where it has exactly one.
    pub fn type_id(&self) -> Option<TypeId> {
        self.type_id
    }

    /// Why it cannot be sent, if it cannot.
    pub fn blocked(&self) -> Option<Blocked> {
        self.blocked
    }

    /// What it is matched by; `None` without a type.
    pub fn key(&self) -> Option<Key> {
        self.type_id.map(|type_id| Key {
            alias: self.alias.clone(),
            type_id,
        })
    }

    /// The object itself, without what the server owns.
    pub fn bare(&self) -> &Webhook {
        &self.bare
    }

    /// The object as it was read, with all that the server owns.
    pub fn given(&self) -> &Webhook {
        &self.given
    }

    /// Whether `integration_type` was missing and was filled in from the documented table.
    pub fn is_type_filled(&self) -> bool {
        self.is_type_filled
    }

    /// What it is compared by; `None` without a type.
    pub fn content(&self) -> Option<Content> {
        self.content
    }

    /// What a content cache knows of it.
    pub(super) fn cached(&self) -> CachedContent<'_> {
        CachedContent {
            given: &self.given,
            bare: &self.bare,
            alias: &self.alias,
            type_id: self.type_id,
            content: self.content,
            form: self.form,
        }
    }
}

/// An alias as a tidying server might store it: trimmed, composed, case folded.
pub(super) fn tidied(alias: &str) -> String {
    if alias.is_ascii() {
        return alias.trim().to_ascii_lowercase();
    }
    let composed = ComposingNormalizerBorrowed::new_nfc().normalize(alias.trim());
    CaseMapper::new().fold_string(&composed).into_owned()
}

/// Takes off every webhook what the server owns, and finds those that cannot be sent.
pub fn strip(inventory: Inventory) -> Stripped {
    strip_knowing(inventory, &ContentCache::default())
}

/// The same, where many of the webhooks probably look like known ones.
pub fn strip_knowing(inventory: Inventory, known: &ContentCache<'_>) -> Stripped {
    let webhooks = inventory.webhooks.into_iter();
    let strip = |webhook| fit_to_send(strip_one(webhook, known));
    Stripped {
        webhooks: webhooks.map(strip).collect(),
    }
}

/// A webhook without what the server owns.
pub(super) fn bare(webhook: &Webhook) -> Webhook {
    webhook.clone().without(SERVER_OWNED)
}

fn strip_one(webhook: Webhook, known: &ContentCache<'_>) -> StrippedWebhook {
    let likely = known.likely(&webhook);
    let same = likely.filter(|likely| likely.is_spelled_as(&webhook));
    let type_id = same.map_or_else(|| webhook.type_id().ok(), |same| same.type_id);
    let (content, form) = match same {
        Some(same) => (same.content, same.form),
        None => type_id
            .map(|type_id| Content::with_form(&webhook, type_id))
            .unzip(),
    };
    StrippedWebhook {
        content,
        form,
        bare: bare(&webhook),
        id: webhook.id(),
        alias: webhook.alias().map(SmolStr::from).unwrap_or_default(),
        type_id,
        blocked: None,
        is_type_filled: false,
        given: webhook,
    }
}

/// Finds out whether a webhook can be sent, and fills in what a create needs.
fn fit_to_send(mut webhook: StrippedWebhook) -> StrippedWebhook {
    let is_complete = webhook.given.has_complete_type();
    webhook.blocked = why_blocked(&webhook, is_complete);
    if let (None, Some(type_id)) = (webhook.blocked, webhook.type_id) {
        webhook.bare = completed(webhook.bare, type_id, is_complete);
        webhook.is_type_filled = !is_complete;
    }
    webhook
}

fn why_blocked(webhook: &StrippedWebhook, is_complete: bool) -> Option<Blocked> {
    let given = &webhook.given;
    // Without a type nothing has looked into the fields yet.
    let form = webhook.form;
    let form = form.unwrap_or_else(|| Content::with_form(given, TypeId(0)).1);
    if form == Form::Duplicate || given.has_duplicate_key() {
        return Some(Blocked::DuplicateKey);
    }
    match webhook.type_id.ok_or_else(|| given.type_id()) {
        Err(Err(TypeProblem::Disagree)) => return Some(Blocked::TypesDisagree),
        Err(_) => return Some(Blocked::NoType),
        Ok(type_id) if !is_complete && Kind::of(type_id).is_none() => {
            return Some(Blocked::NoTypeObject);
        }
        Ok(_) => {}
    }
    given.alias().is_none().then_some(Blocked::NoAlias)
}

/// Adds what a create needs and the answer lacked: the type's object from Table A, and its number.
fn completed(bare: Webhook, type_id: TypeId, is_complete: bool) -> Webhook {
    let bare = match Kind::of(type_id) {
        Some(kind) if !is_complete => bare.with("integration_type", &kind.integration_type()),
        _ => bare,
    };
    match bare.raw("integration_type_id") {
        None | Some("null") => bare.with("integration_type_id", &type_id.to_string()),
        Some(_) => bare,
    }
}
