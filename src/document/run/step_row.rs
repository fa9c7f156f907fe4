//! One step of a plan as the header of a journal keeps it: everything that reports and later runs need to know of it,
//! in a row of little space.

mod form;

use super::super::view::{destination, kind_name, url};
use super::super::{
    ChangeDocument, DifferenceDocument, FlowsBackDocument, LeftoverDocument, StepDocument,
    UpdatedDocument,
};
use crate::coralogix::birth::Birth;
use crate::coralogix::digest::{ContentDigest, DigestKey, KeyedDigest, MemberDigests};
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{TypeId, Webhook, WebhookId};
use crate::pipeline::plan::{Plan, Step, StepState};
use crate::pipeline::push::url_digest;
use crate::pipeline::rewrite::PortableWebhook;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use std::fmt;

/// One step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepRow {
    /// The webhook's id in the source; `None` if a file did not list one.
    pub source_id: Option<WebhookId>,
    /// The alias to write, which a rule may have changed.
    pub alias: SmolStr,
    /// The numeric type id; `None` if the webhook is blocked for lack of one.
    pub type_id: Option<u64>,
    /// What the plan does with the webhook.
    pub state: StepState,
    /// The digest of the content to write; `None` for a webhook that the run neither writes nor finds in the target.
    pub content: Option<ContentDigest>,
    /// Where the webhook delivers, masked.
    pub destination: Destination,
    /// The digest of the url to write, by which a webhook that the server altered is known; `None` unless the run
    /// creates it.
    pub url: Option<KeyedDigest>,
    /// What few webhooks have.
    pub details: Option<Box<StepDetails>>,
}

/// Where a webhook delivers, masked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Its url.
    Url(Masked),
    /// Its fields on one line, because it has no url.
    Fields(String),
}

impl Destination {
    fn of(webhook: &Webhook) -> Self {
        match url(webhook) {
            Some(url) => Self::Url(url),
            None => Self::Fields(destination(webhook, None)),
        }
    }
}

/// Writes it on one line.
impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(url) => url.fmt(f),
            Self::Fields(fields) => f.write_str(fields),
        }
    }
}

/// What a plan says of few webhooks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDetails {
    /// The id of the matching webhook in the target, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_id: Option<WebhookId>,
    /// When the matching webhook was created, if the target shows that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_created_at: Option<Birth>,
    /// The digest of the matching webhook's content in the target, if that differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_content: Option<ContentDigest>,
    /// The digests of the undocumented members that the run sends, or that the matching webhook has if the run sends
    /// nothing.
    #[serde(default, skip_serializing_if = "MemberDigests::is_empty")]
    pub undocumented: MemberDigests,
    /// The reason for its state; empty if the state says it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// Other remarks on it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The changes that rules and retargeting made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<ChangeDocument>,
    /// The secrets that no rule covers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub leftover: Vec<LeftoverDocument>,
    /// The reasons why its logs flow to an account other than the target; `None` if they do not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flows_back: Option<FlowsBackDocument>,
    /// The differences from the target's webhook.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<DifferenceDocument>,
    /// When both sides were last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UpdatedDocument>,
}

/// The details of a step that has none.
static NO_DETAILS: std::sync::LazyLock<StepDetails> =
    std::sync::LazyLock::new(StepDetails::default);

impl StepRow {
    /// The row of a plan's step, with digests under `digest_key`.
    pub fn new(
        plan: &Plan,
        webhook: &PortableWebhook,
        step: &Step,
        digest_key: Option<&DigestKey>,
    ) -> Self {
        let digests = digest_key.map(|key| StepDigests::new(webhook, step, key));
        let digests = digests.unwrap_or_default();
        let found = step.counterpart.as_ref();
        let leftover = webhook.unmatched_secrets().iter();
        let details = StepDetails {
            target_id: step.target_id().cloned(),
            target_created_at: found.and_then(|webhook| webhook.original().birth()),
            target_content: digests.target_content,
            undocumented: digests.undocumented,
            reason: step.reason().to_owned(),
            notes: plan.notes(webhook, step),
            changes: webhook.changes().iter().map(Into::into).collect(),
            leftover: leftover.map(Into::into).collect(),
            flows_back: webhook.log_backflow().map(Into::into),
            differences: DifferenceDocument::from_differences(step.differences()),
            updated_at: UpdatedDocument::of_step(webhook, step),
        };
        Self {
            source_id: webhook.source_id().cloned(),
            alias: webhook.alias().clone(),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            state: step.state,
            content: digests.content,
            url: digests.url,
            destination: Destination::of(webhook.bare()),
            details: (details != *NO_DETAILS).then(|| details.into()),
        }
    }

    /// What an outcome shows of a plan's step: nothing that only reports of the record and later runs need, and that
    /// takes several times as long to make.
    pub(super) fn outline(webhook: &PortableWebhook, step: &Step) -> Self {
        // The id map has the alias before a rule renamed it.
        let changes = webhook.changes().iter().map(ChangeDocument::from);
        let renamed = changes.filter(ChangeDocument::is_rename);
        let details = StepDetails {
            target_id: step.target_id().cloned(),
            reason: step.reason().to_owned(),
            changes: renamed.collect(),
            ..StepDetails::default()
        };
        let has_details = details.target_id.is_some()
            || !details.reason.is_empty()
            || !details.changes.is_empty();
        Self {
            source_id: webhook.source_id().cloned(),
            alias: webhook.alias().clone(),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            state: step.state,
            content: None,
            url: None,
            destination: Destination::Fields(String::new()),
            details: has_details.then(|| details.into()),
        }
    }

    /// What the plan says of few webhooks, and perhaps of this one.
    pub fn details(&self) -> &StepDetails {
        self.details.as_deref().unwrap_or(&NO_DETAILS)
    }

    /// The alias in the source, before any rule.
    pub fn source_alias(&self) -> &str {
        let renamed = self.details().changes.iter();
        let mut from = renamed.filter(|change| change.is_rename());
        let from = from.find_map(|change| change.from.as_deref());
        from.unwrap_or(&self.alias)
    }

    /// The id of the matching webhook in the target, if there is one.
    pub fn target_id(&self) -> Option<&WebhookId> {
        self.details().target_id.as_ref()
    }

    /// The step as a plan shows it, without the fields of a webhook that is created.
    pub fn to_document(&self) -> StepDocument {
        let details = self.details().clone();
        let url = match &self.destination {
            Destination::Url(url) => Some(url.clone()),
            Destination::Fields(_) => None,
        };
        StepDocument {
            state: self.state,
            alias: self.alias.clone(),
            kind: kind_name(self.type_id.map(TypeId)),
            type_id: self.type_id,
            source_id: self.source_id.clone(),
            target_id: details.target_id,
            url,
            destination: self.destination.to_string(),
            reason: details.reason,
            notes: details.notes,
            changes: details.changes,
            // A plan with values that could not be read is never applied.
            unread: Vec::new(),
            leftover: details.leftover,
            flows_back: details.flows_back,
            differences: details.differences,
            updated_at: details.updated_at,
            fields: Vec::new(),
        }
    }
}

/// The digests of a step: only of what the target has or gets, because whoever holds the target's key may test guesses
/// at them. What the plan skips stays the source's own.
#[derive(Default)]
struct StepDigests {
    content: Option<ContentDigest>,
    url: Option<KeyedDigest>,
    target_content: Option<ContentDigest>,
    undocumented: MemberDigests,
}

impl StepDigests {
    fn new(webhook: &PortableWebhook, step: &Step, digest_key: &DigestKey) -> Self {
        let found = step.counterpart.as_ref();
        let is_unchanged = step.state == StepState::Unchanged;
        let is_digested = step.state.is_sent() || is_unchanged;
        let content = webhook.content().filter(|_| is_digested);
        let counterpart = found.and_then(|webhook| webhook.content());
        let undocumented_of = match found {
            Some(found) if is_unchanged => Some(found.bare()),
            _ => step.state.is_sent().then(|| webhook.bare()),
        };
        Self {
            content: content.map(|content| digest_key.digest_content(content)),
            url: (step.state == StepState::Create).then(|| url_digest(webhook.bare(), digest_key)),
            target_content: counterpart
                .filter(|other| is_digested && Some(*other) != content)
                .map(|other| digest_key.digest_content(other)),
            undocumented: undocumented_of
                .map(|webhook| digest_key.digest_undocumented(webhook))
                .unwrap_or_default(),
        }
    }
}
