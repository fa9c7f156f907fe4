//! Binds a saved plan to its inputs: both accounts, their contents, the rules, the options and a validity period.
//! Pure. Contains no secret, and no digest against which anybody could test guesses without the API key that made it.

mod drift;

pub use drift::{
    ChangedField, Drift, DriftedWebhook, PlannedStep, WebhookChange, undocumented_drift,
};

use super::plan::{Plan, StepState};
use super::rewrite::rule::UnmatchedSecretPolicy;
use super::strip::{Stripped, StrippedWebhook};
use crate::coralogix::account::{ApiKey, Side};
use crate::coralogix::birth::Birth;
use crate::coralogix::content::Fingerprint;
use crate::coralogix::digest::DigestKey;
use crate::coralogix::id_json;
use crate::coralogix::webhook::WebhookId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::collections::{BTreeMap, HashMap};

/// The inputs of a saved plan. Every digest here is keyed with an API key (see `DigestKey`).
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
    /// The undocumented keys that the user named as the server's own state; no digest covers them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_keys: Vec<SmolStr>,
    /// The rules file; `None` if the plan was made without one.
    pub rules: Option<BoundRules>,
    /// The side whose API key the digests are keyed with.
    pub sealed_with: Side,
    /// The salt of the digests.
    pub salt: String,
    /// A check value that reveals whether a given API key is the one that the digests are keyed with.
    pub check: String,
    /// The digest of the whole document, computed while this field is empty.
    pub seal: String,
}

/// One side of a saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoundSide {
    /// Where to read the side again.
    #[serde(flatten)]
    pub location: BoundLocation,
    /// The profile that named the account, and that provides its API key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The company id; `None` if the webhooks did not show one.
    #[serde(with = "id_json::optional")]
    pub company_id: Option<WebhookId>,
    /// The digest of the account's API key, which identifies an account without a company id; `None` for a file.
    pub key: Option<String>,
    /// The webhooks that it had.
    pub webhooks: Vec<BoundWebhook>,
}

/// Where to read a side again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    #[serde(with = "id_json::optional")]
    pub id: Option<WebhookId>,
    /// Its alias in its account.
    pub alias: SmolStr,
    /// The vendor's number of its type.
    pub type_id: Option<u64>,
    /// When it was created, for a webhook of the target that the plan updates: one with its id and a later birth is
    /// another webhook. `None` for all others, and if the target does not show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Birth>,
    /// The digest of the object without server-owned keys.
    pub seal: String,
    /// A short digest of each value by its path, to name the values that changed.
    pub fields: BTreeMap<SmolStr, SmolStr>,
    /// The digest of the object that the target is to get; `None` for a webhook of the target.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
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
    /// The digest of its text.
    pub seal: String,
}

/// A plan with the inputs from which it has just been made.
pub struct PlanWithInputs<'m> {
    /// The selected webhooks of the source.
    pub source: &'m Stripped,
    /// The source's company id; `None` if its webhooks show none.
    pub source_company: Option<String>,
    /// The source's API key; `None` for a file.
    pub source_key: Option<&'m ApiKey>,
    /// All webhooks of the target.
    pub target: &'m Stripped,
    /// The target's company id; `None` if its webhooks show none.
    pub target_company: Option<String>,
    /// The target's API key.
    pub target_key: &'m ApiKey,
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
}

impl PlanWithInputs<'_> {
    /// Chooses the API key for the digests: the source's if there is one, because whoever has it can read the secrets
    /// anyway.
    pub fn digest_key_owner(&self) -> (Side, &ApiKey) {
        match self.source_key {
            Some(key) => (Side::Source, key),
            None => (Side::Target, self.target_key),
        }
    }
}

impl Binding {
    /// Binds a plan to its inputs. The caller has to fill in `seal`, the digest of the whole document.
    pub fn new(
        inputs: &PlanWithInputs<'_>,
        options: BindingOptions,
        digest_key: &DigestKey,
    ) -> Self {
        let mut source = bind_side(
            inputs.source,
            options.source,
            inputs.source_company.as_deref(),
            digest_key,
        );
        source.key = inputs
            .source_key
            .map(|key| digest_key.digest_api_key(key).to_string());
        for (bound, (desired, _)) in source.webhooks.iter_mut().zip(inputs.plan.steps()) {
            bound.wanted = Some(digest_key.digest_carried(desired.bare()).to_string());
        }
        let mut target = bind_side(
            inputs.target,
            options.target,
            inputs.target_company.as_deref(),
            digest_key,
        );
        target.key = Some(digest_key.digest_api_key(inputs.target_key).to_string());
        bind_births(&mut target, inputs.plan);
        let rules = inputs.rules.as_ref().map(|(file, text)| BoundRules {
            file: file.clone(),
            seal: digest_key.digest_fingerprint(*text).to_string(),
        });
        Self {
            created: options.created,
            valid_until: options.valid_until,
            source,
            target,
            selection: options.selection,
            unmatched_secret: options.unmatched_secret,
            retarget: options.retarget,
            ignore_keys: inputs.plan.portable().state_keys().named().to_vec(),
            rules,
            sealed_with: inputs.digest_key_owner().0,
            salt: digest_key.salt(),
            check: digest_key.check(),
            seal: String::new(),
        }
    }
}

fn bind_side(
    webhooks: &Stripped,
    (location, profile): (BoundLocation, Option<String>),
    company_id: Option<&str>,
    digest_key: &DigestKey,
) -> BoundSide {
    let webhooks = webhooks.webhooks().iter();
    BoundSide {
        location,
        profile,
        company_id: company_id.map(WebhookId::new),
        key: None,
        webhooks: webhooks
            .map(|webhook| BoundWebhook::new(webhook, digest_key))
            .collect(),
    }
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
    fn new(webhook: &StrippedWebhook, digest_key: &DigestKey) -> Self {
        Self {
            id: webhook.id().cloned(),
            alias: webhook.alias().clone(),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            created_at: None,
            seal: digest_key.digest_carried(webhook.bare()).to_string(),
            fields: digest_key.digest_places(webhook.bare()),
            wanted: None,
        }
    }
}
