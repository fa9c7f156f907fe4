//! Binds a saved plan to its inputs: both accounts, their contents, the rules, the options and a validity period.
//! Pure. Contains no secret. Each side's content is digested under a key from its own API key, so that neither key
//! confirms a guess at anything of the other side; only what the plan sends is digested under the target's.

mod drift;
mod keys;

pub use keys::{BindingKeys, BoundKey};

pub use drift::{
    ChangedField, Drift, DriftedWebhook, PlannedStep, WebhookChange, undocumented_drift,
};

use super::plan::{Plan, Step, StepState};
use super::rewrite::PortableWebhook;
use super::rewrite::rule::UnmatchedSecretPolicy;
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::birth::Birth;
use crate::coralogix::content::Fingerprint;
use crate::coralogix::digest::{DigestKey, KeyedDigest, PlaceDigests};
use crate::coralogix::webhook::WebhookId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::HashMap;

/// The inputs of a saved plan. Every digest here is keyed with an API key (see [`BindingKeys`]).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// The time at which the plan was made.
    pub created: Timestamp,
    /// The time after which `apply` refuses the plan.
    pub valid_until: Timestamp,
    /// The source, with the selected webhooks as they were read.
    pub source: BoundSide,
    /// The target, with all its webhooks as they were read.
    pub target: BoundSide,
    /// The filter that selected webhooks of the source.
    pub selection: BoundSelection,
    /// The policy for secrets that no rule covers.
    pub unmatched_secret: UnmatchedSecretPolicy,
    /// The region at which vendor hosts are pointed: a region code, or `target`.
    pub retarget: Option<String>,
    /// The most webhooks that the plan may write; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_changes: Option<usize>,
    /// The undocumented keys that the user named as the server's own state; no digest covers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_keys: Vec<SmolStr>,
    /// The rules file; `None` if the plan was made without one.
    pub rules: Option<BoundRules>,
    /// A short fingerprint of the document, to tie a comment to it; of the document in which this and `seal` are empty.
    pub fingerprint: String,
    /// The digest of that document under the target's key.
    pub seal: String,
}

/// One side of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BoundSideMembers")]
pub struct BoundSide {
    /// Where to read the side again.
    #[serde(flatten)]
    pub location: BoundLocation,
    /// The profile that named the account, and that provides its API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The company id; `None` if the webhooks did not show one.
    pub company_id: Option<WebhookId>,
    /// What recognizes the account's API key, which the digests of its webhooks are keyed with; `None` for a file.
    pub key: Option<BoundKey>,
    /// The webhooks that it had.
    pub webhooks: Vec<BoundWebhook>,
}

/// The members of a [`BoundSide`] as a document has them: reading a flattened location would buffer all webhooks.
#[derive(Deserialize)]
struct BoundSideMembers {
    url: Option<String>,
    file: Option<String>,
    stdin: Option<bool>,
    profile: Option<String>,
    company_id: Option<WebhookId>,
    key: Option<BoundKey>,
    webhooks: Vec<BoundWebhook>,
}

impl TryFrom<BoundSideMembers> for BoundSide {
    type Error = &'static str;

    fn try_from(members: BoundSideMembers) -> Result<Self, Self::Error> {
        let location = match (members.url, members.file, members.stdin) {
            (Some(url), None, None) => BoundLocation::Url(url),
            (None, Some(file), None) => BoundLocation::File(file),
            (None, None, Some(stdin)) => BoundLocation::Stdin(stdin),
            _ => return Err("a side has one location"),
        };
        Ok(Self {
            location,
            profile: members.profile,
            company_id: members.company_id,
            key: members.key,
            webhooks: members.webhooks,
        })
    }
}

/// Where to read a side again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BoundLocation {
    /// A live account, given by the base URL of its API.
    Url(String),
    /// A file, given by its path.
    File(String),
    /// Standard input; the user has to pass the same content again as a file. The value is always `true`, because a
    /// JSON member needs one.
    Stdin(bool),
}

/// One webhook of a side, with digests of its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundWebhook {
    /// Its id in its account.
    pub id: Option<WebhookId>,
    /// Its alias in its account.
    pub alias: SmolStr,
    /// The vendor's number of its type.
    pub type_id: Option<u64>,
    /// When it was created, for a webhook of the target that the plan updates: one with its id and a later birth is
    /// another webhook. `None` for all others, and if the target does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Birth>,
    /// The digest of the object without server-owned keys, under the key of its side; `None` for one from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<KeyedDigest>,
    /// A short digest of each value by its path, to name the values that changed; of a webhook from a file, the values
    /// that `wanted` covers.
    pub fields: PlaceDigests,
    /// The digest of the object that the target is to get, under the target's key; `None` unless the plan sends it, or
    /// the target has all of it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<KeyedDigest>,
}

/// The filter that selected webhooks of the source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundSelection {
    /// The vendor's numbers of the selected types.
    pub types: Vec<u64>,
    /// Alias patterns; a leading `!` excludes.
    pub names: Vec<String>,
    /// The selected ids of the source.
    pub ids: Vec<String>,
}

/// The rules file of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundRules {
    /// Its path as the user passed it.
    pub file: String,
    /// The digest of its text, under the target's key: that opens the values that the rules give, too.
    pub seal: String,
}

/// A plan with the inputs from which it has just been made.
pub struct PlanWithInputs<'m> {
    /// The selected webhooks of the source.
    pub source: &'m Stripped,
    /// The source's company id; `None` if its webhooks show none.
    pub source_company: Option<String>,
    /// All webhooks of the target.
    pub target: &'m Stripped,
    /// The target's company id; `None` if its webhooks show none.
    pub target_company: Option<String>,
    /// The plan made from these inputs.
    pub plan: &'m Plan,
    /// The path of the rules file, and the fingerprint of its text.
    pub rules: Option<(String, Fingerprint)>,
}

/// The part of a [`Binding`] that the user decides with options.
#[derive(Debug, Clone)]
pub struct BindingOptions {
    /// The time at which the plan was made.
    pub created: Timestamp,
    /// The time after which `apply` refuses the plan.
    pub valid_until: Timestamp,
    /// Where to read the source again, and the profile that named it.
    pub source: (BoundLocation, Option<String>),
    /// Where to read the target again, and the profile that named it.
    pub target: (BoundLocation, Option<String>),
    /// The filter that selected webhooks of the source.
    pub selection: BoundSelection,
    /// The policy for secrets that no rule covers.
    pub unmatched_secret: UnmatchedSecretPolicy,
    /// The region at which vendor hosts are pointed: a region code, or `target`.
    pub retarget: Option<String>,
    /// The most webhooks that the plan may write; `None` for no limit.
    pub max_changes: Option<usize>,
}

impl Binding {
    /// Binds a plan to its inputs. The caller has to fill in `fingerprint` and `seal`, which are of the whole document.
    pub fn new(inputs: &PlanWithInputs<'_>, options: BindingOptions, keys: &BindingKeys) -> Self {
        let source = bind_side(
            options.source,
            inputs.source_company.as_deref(),
            keys.source().map(BoundKey::new),
            bind_source(inputs, keys),
        );
        let in_target = inputs.target.webhooks().iter();
        let mut target = bind_side(
            options.target,
            inputs.target_company.as_deref(),
            Some(BoundKey::new(keys.target())),
            in_target
                .map(|webhook| BoundWebhook::new(webhook).with_content(webhook, keys.target()))
                .collect(),
        );
        bind_births(&mut target, inputs.plan);
        let rules = inputs.rules.as_ref().map(|(file, text)| BoundRules {
            file: file.clone(),
            seal: keys.target().digest_rules(*text).to_string(),
        });
        Self {
            created: options.created,
            valid_until: options.valid_until,
            source,
            target,
            selection: options.selection,
            unmatched_secret: options.unmatched_secret,
            retarget: options.retarget,
            max_changes: options.max_changes,
            ignore_keys: inputs.plan.portable().state_keys().named().to_vec(),
            rules,
            fingerprint: String::new(),
            seal: String::new(),
        }
    }
}

fn bind_side(
    (location, profile): (BoundLocation, Option<String>),
    company_id: Option<&str>,
    key: Option<BoundKey>,
    webhooks: Vec<BoundWebhook>,
) -> BoundSide {
    BoundSide {
        location,
        profile,
        company_id: company_id.map(WebhookId::new),
        key,
        webhooks,
    }
}

/// Binds the webhooks of the source: their own content only under the source's key, and what the target gets or has only
/// under the target's. What the plan skips is nobody's business in the target, and a file has no key of its own.
fn bind_source(inputs: &PlanWithInputs<'_>, keys: &BindingKeys) -> Vec<BoundWebhook> {
    let webhooks = inputs.source.webhooks().iter().zip(inputs.plan.steps());
    let bind = |(webhook, (desired, step)): (&StrippedWebhook, (&PortableWebhook, &Step))| {
        let mut bound = BoundWebhook::new(webhook);
        if let Some(key) = keys.source() {
            bound = bound.with_content(webhook, key);
        }
        bound.wanted = wanted_digest(desired, step, keys.target());
        if bound.wanted.is_some() && keys.source().is_none() {
            bound.fields = keys.target().digest_places(desired.bare());
        }
        bound
    };
    webhooks.map(bind).collect()
}

/// The digest of a desired webhook; `None` unless the target gets all of it, or has all of it already.
fn wanted_digest(desired: &PortableWebhook, step: &Step, key: &DigestKey) -> Option<KeyedDigest> {
    let wanted = || key.digest_carried(desired.bare(), desired.content());
    if step.state != StepState::Unchanged {
        return step.state.is_sent().then(wanted);
    }
    let found = step.counterpart.as_deref()?;
    Some(key.digest_carried(found.bare(), found.content())).filter(|found| *found == wanted())
}

/// Binds the births of the webhooks that the plan updates.
fn bind_births(target: &mut BoundSide, plan: &Plan) {
    let updates = plan
        .steps()
        .filter(|(_, step)| step.state == StepState::Update);
    let counterparts = updates.filter_map(|(_, step)| step.counterpart.as_deref());
    let births: HashMap<&WebhookId, Birth> = counterparts
        .filter_map(|found| Some((found.id()?, found.original().birth()?)))
        .collect();
    for bound in &mut target.webhooks {
        let id = bound.id.as_ref();
        bound.created_at = id.and_then(|id| births.get(id).copied());
    }
}

impl BoundWebhook {
    /// A webhook without any digest.
    fn new(webhook: &StrippedWebhook) -> Self {
        Self {
            id: webhook.id().cloned(),
            alias: webhook.alias().clone(),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            created_at: None,
            seal: None,
            fields: PlaceDigests::default(),
            wanted: None,
        }
    }

    /// Adds the digests of the webhook itself, under the key of its own side.
    fn with_content(self, webhook: &StrippedWebhook, key: &DigestKey) -> Self {
        Self {
            seal: Some(key.digest_carried(webhook.bare(), webhook.content())),
            fields: key.digest_places(webhook.bare()),
            ..self
        }
    }
}
