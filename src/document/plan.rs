//! The plan, as every output format shows it and `--out` saves it.

use super::change::{
    ChangeDocument, FlowsBackDocument, LeftoverDocument, MissingDocument, UnreadDocument,
};
use super::envelope::TOOL;
use super::run::entry::Header;
use super::view::{Detail, PlanView, destination, kind_name, url};
use super::{
    DifferenceDocument, DocumentBody, NoticeDocument, PartyDocument, SelectionDocument, notice,
};
use crate::coralogix::known_key::KnownKey;
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::binding::Binding;
use crate::pipeline::plan::{
    ConflictDecision, ConflictPolicy, Counts, OnConflict, Plan, Step, StepState,
};
use crate::pipeline::rewrite::PortableWebhook;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;

/// Facts that reading both accounts cannot reveal.
const NOT_CHECKED: [&str; 2] = [
    "whether the target accepts each webhook",
    "whether it delivers",
];

/// How much of each webhook a plan document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its identity, its step and the differences.
    Steps,
    /// The same, plus every field of each webhook that is created.
    Fields,
}

impl Depth {
    /// The depth that a text of the given detail needs.
    pub fn from_detail(detail: Detail) -> Self {
        if detail.shows_values {
            Self::Fields
        } else {
            Self::Steps
        }
    }
}

/// A plan: the step of every selected webhook, and what the reader must know before approving it.
///
/// `S` holds the steps: all of them in memory, or [`StreamedSteps`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDocument<S = Vec<StepDocument>> {
    /// Name and version of the program that made it; the [envelope](super::Envelope) shows it.
    #[serde(skip_serializing)]
    pub tool: String,
    /// The source of the webhooks.
    pub source: PartyDocument,
    /// The target of the webhooks.
    pub target: PartyDocument,
    /// The policy for conflicts.
    pub on_conflict: OnConflict,
    /// The decisions for single aliases, of which the last that matches one counts instead of the policy.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_conflict_for: Vec<ConflictDecision>,
    /// Number of selected webhooks.
    pub selection: SelectionDocument,
    /// One step per selected webhook, in source order.
    pub steps: S,
    /// Number of webhooks in each state.
    pub summary: SummaryDocument,
    /// Number of webhooks in the target that correspond to no webhook of the source.
    pub untouched_in_target: usize,
    /// Invariants checked on the bodies that would be sent.
    pub invariants: Invariants,
    /// Values that rules need and that could not be read.
    pub missing_values: Vec<MissingDocument>,
    /// Notes and warnings for the reader.
    pub notices: Vec<NoticeDocument>,
    /// Facts that are unknown until the target responds.
    pub not_checked: Vec<String>,
    /// Whether applying the plan would write anything.
    pub has_changes: bool,
    /// Whether applying the plan would be refused.
    pub would_be_refused: bool,
    /// The number of webhooks in each state because of which it would be.
    pub refused_because_of: RefusedBecauseOf,
    /// What a saved plan is bound to: accounts, webhooks, rules; `None` for a plan that is only shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

impl<S: Serialize> DocumentBody for PlanDocument<S> {
    const KIND: &'static str = "plan";

    fn tool(&self) -> &str {
        &self.tool
    }
}

/// The step that the plan assigns to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDocument {
    /// The action to take, or the reason for taking none.
    pub state: StepState,
    /// Its alias in the target.
    pub alias: SmolStr,
    /// The name of its type, such as `slack`.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// The vendor's number of its type; `None` if it has no type.
    pub type_id: Option<u64>,
    /// Its id in the source; `None` if the source, such as a file, has none.
    pub source_id: Option<WebhookId>,
    /// The id of the corresponding webhook in the target; `None` if there is none or more than one candidate.
    pub target_id: Option<WebhookId>,
    /// Its url, masked; `None` if it has none.
    pub url: Option<Masked>,
    /// Its destination on one line, masked: its url, else its fields.
    pub destination: String,
    /// The reason for its state; empty if the state says it all.
    pub reason: String,
    /// Other remarks on it.
    pub notes: Vec<String>,
    /// The changes that rules and retargeting made.
    pub changes: Vec<ChangeDocument>,
    /// The values that rules need and that could not be read.
    pub unread: Vec<UnreadDocument>,
    /// The secrets that no rule covers.
    pub leftover: Vec<LeftoverDocument>,
    /// The reasons why its logs flow to an account other than the target; `None` if they do not.
    pub flows_back: Option<FlowsBackDocument>,
    /// The differences from the target's webhook.
    pub differences: Vec<DifferenceDocument>,
    /// When both sides were last changed; `None` unless they differ and one of them shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<UpdatedDocument>,
    /// Every value, masked, of a webhook that is created; empty at [`Depth::Steps`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDocument>,
}

/// When the two webhooks of a conflict or an update were last changed, as their accounts show it (`updated_at`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdatedDocument {
    /// In the source; `None` if it does not show a time.
    pub source: Option<Timestamp>,
    /// In the target; `None` if it does not show a time.
    pub target: Option<Timestamp>,
}

impl UpdatedDocument {
    /// The times of a step whose sides differ; `None` for any other, and if neither side shows one.
    pub(super) fn of_step(webhook: &PortableWebhook, step: &Step) -> Option<Self> {
        if !matches!(step.state, StepState::Conflict | StepState::Update) {
            return None;
        }
        let counterpart = step.counterpart.as_ref()?;
        let times = Self {
            source: webhook.updated_at(),
            target: counterpart.original().updated_at(),
        };
        (times.source.is_some() || times.target.is_some()).then_some(times)
    }
}

/// One value of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDocument {
    /// Its place, in the path syntax of rules.
    pub path: SmolStr,
    /// The masked value.
    pub value: Masked,
}

/// Number of webhooks in each state; the six counts add up to `total`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field counts the webhooks in the state of its name"
)]
pub struct SummaryDocument {
    pub create: usize,
    pub update: usize,
    pub unchanged: usize,
    pub conflict: usize,
    pub ambiguous: usize,
    pub blocked: usize,
    /// Number of selected webhooks.
    pub total: usize,
}

/// Number of webhooks in each state that prevent a plan from being applied; all zero where none does, or where the policy
/// for conflicts leaves them alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field counts the webhooks in the state of its name"
)]
pub struct RefusedBecauseOf {
    pub conflict: usize,
    pub ambiguous: usize,
    pub blocked: usize,
}

/// Invariants of every body that would be sent, counted on the real bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invariants {
    /// Number of bodies without the source's top-level `id`.
    pub top_level_id_removed: usize,
    /// Number of bodies with an `integration_type` that has its `id`.
    pub integration_type_id_kept: usize,
    /// Number of bodies that would be sent.
    pub of: usize,
}

impl PlanDocument {
    /// The document of a plan, with all steps in memory.
    pub fn new(view: PlanView<'_>, depth: Depth) -> Self {
        PlanDocument::streamed(view, depth).collected(depth)
    }

    /// The document of the plan that a run on record carries out.
    pub(super) fn of_record(record: &Header, steps: Vec<StepDocument>) -> Self {
        let summary = SummaryDocument::from_states(steps.iter().map(|step| step.state));
        Self {
            tool: record.tool.clone(),
            source: record.source.clone(),
            target: record.target.clone(),
            on_conflict: record.on_conflict,
            on_conflict_for: record.on_conflict_for.clone(),
            selection: SelectionDocument {
                matched: steps.len(),
                of: record.source.webhooks,
            },
            summary,
            untouched_in_target: record.untouched_in_target,
            invariants: record.invariants,
            missing_values: Vec::new(),
            notices: record.notices.clone(),
            not_checked: NOT_CHECKED.map(str::to_owned).to_vec(),
            has_changes: summary.create + summary.update > 0,
            would_be_refused: false,
            refused_because_of: RefusedBecauseOf::default(),
            binding: None,
            steps,
        }
    }
}

impl<'p> PlanDocument<StreamedSteps<'p>> {
    /// The same document for writing only: it builds each step on demand, so they are never all in memory.
    pub fn streamed(view: PlanView<'p>, depth: Depth) -> Self {
        let plan = view.plan;
        Self::with_steps(view, StreamedSteps { plan, depth })
    }

    /// The same document with all steps in memory, at another depth.
    pub fn collected(self, depth: Depth) -> PlanDocument {
        self.replace_steps(|steps| StreamedSteps { depth, ..steps }.iter().collect())
    }
}

impl<S> PlanDocument<S> {
    fn with_steps(view: PlanView<'_>, steps: S) -> Self {
        let plan = view.plan;
        Self {
            tool: TOOL.to_owned(),
            source: view.source.into(),
            target: view.target.into(),
            on_conflict: plan.policy().general,
            on_conflict_for: plan.policy().decisions.clone(),
            selection: SelectionDocument {
                matched: plan.counts().total(),
                of: view.source.n_webhooks,
            },
            steps,
            summary: SummaryDocument::from_plan(plan),
            untouched_in_target: plan.n_untouched(),
            invariants: invariants(plan),
            missing_values: MissingDocument::from_plan(plan),
            notices: notice::notices(view),
            not_checked: NOT_CHECKED.map(str::to_owned).to_vec(),
            has_changes: plan.has_changes(),
            would_be_refused: !plan.is_appliable(),
            refused_because_of: RefusedBecauseOf::new(plan.preventing_apply()),
            binding: None,
        }
    }
}

impl<S> PlanDocument<S> {
    /// The policy for conflicts, with the decisions for single webhooks.
    pub fn policy(&self) -> ConflictPolicy {
        ConflictPolicy {
            general: self.on_conflict,
            decisions: self.on_conflict_for.clone(),
        }
    }

    /// The same document with other steps.
    fn replace_steps<T>(self, steps: impl FnOnce(S) -> T) -> PlanDocument<T> {
        PlanDocument {
            tool: self.tool,
            source: self.source,
            target: self.target,
            on_conflict: self.on_conflict,
            on_conflict_for: self.on_conflict_for,
            selection: self.selection,
            steps: steps(self.steps),
            summary: self.summary,
            untouched_in_target: self.untouched_in_target,
            invariants: self.invariants,
            missing_values: self.missing_values,
            notices: self.notices,
            not_checked: self.not_checked,
            has_changes: self.has_changes,
            would_be_refused: self.would_be_refused,
            refused_because_of: self.refused_because_of,
            binding: self.binding,
        }
    }
}

/// The steps of a plan, serialized one at a time.
#[derive(Debug, Clone, Copy)]
pub struct StreamedSteps<'p> {
    plan: &'p Plan,
    depth: Depth,
}

impl<'p> StreamedSteps<'p> {
    pub(super) fn iter(self) -> impl Iterator<Item = StepDocument> + 'p {
        let steps = self.plan.steps();
        steps.map(move |(webhook, step)| StepDocument::new(self.plan, webhook, step, self.depth))
    }
}

impl Serialize for StreamedSteps<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl StepDocument {
    fn new(plan: &Plan, webhook: &PortableWebhook, step: &Step, depth: Depth) -> Self {
        let has_fields = depth == Depth::Fields && step.state == StepState::Create;
        let url = url(webhook.bare());
        Self {
            state: step.state,
            alias: webhook.alias().clone(),
            kind: kind_name(webhook.type_id()),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            source_id: webhook.source_id().cloned(),
            target_id: step.target_id().cloned(),
            destination: destination(webhook.bare(), url.as_ref()),
            url,
            reason: step.reason().to_owned(),
            notes: plan.notes(webhook, step),
            changes: webhook.changes().iter().map(Into::into).collect(),
            unread: webhook.unread_values().iter().map(Into::into).collect(),
            leftover: webhook.unmatched_secrets().iter().map(Into::into).collect(),
            flows_back: webhook.log_backflow().map(Into::into),
            differences: DifferenceDocument::from_differences(step.differences()),
            updated_at: UpdatedDocument::of_step(webhook, step),
            fields: if has_fields {
                FieldDocument::from_webhook(webhook.bare())
            } else {
                Vec::new()
            },
        }
    }
}

impl FieldDocument {
    /// Every leaf value of a webhook, masked.
    fn from_webhook(webhook: &Webhook) -> Vec<Self> {
        let leaves = webhook.masked_leaves().into_iter();
        leaves.map(|(path, value)| Self { path, value }).collect()
    }
}

impl RefusedBecauseOf {
    fn new(preventing: Counts) -> Self {
        Self {
            conflict: preventing.get(StepState::Conflict),
            ambiguous: preventing.get(StepState::Ambiguous),
            blocked: preventing.get(StepState::Blocked),
        }
    }

    /// Number of webhooks in the given state.
    pub fn count(&self, state: StepState) -> usize {
        match state {
            StepState::Create | StepState::Update | StepState::Unchanged => 0,
            StepState::Conflict => self.conflict,
            StepState::Ambiguous => self.ambiguous,
            StepState::Blocked => self.blocked,
        }
    }
}

impl SummaryDocument {
    fn from_plan(plan: &Plan) -> Self {
        Self::from_states(plan.steps().map(|(_, step)| step.state))
    }

    pub(super) fn from_states(states: impl Iterator<Item = StepState>) -> Self {
        let mut summary = Self::default();
        for state in states {
            summary.total += 1;
            let count = match state {
                StepState::Create => &mut summary.create,
                StepState::Update => &mut summary.update,
                StepState::Unchanged => &mut summary.unchanged,
                StepState::Conflict => &mut summary.conflict,
                StepState::Ambiguous => &mut summary.ambiguous,
                StepState::Blocked => &mut summary.blocked,
            };
            *count += 1;
        }
        summary
    }

    /// Number of webhooks in the given state.
    pub fn count(&self, state: StepState) -> usize {
        match state {
            StepState::Create => self.create,
            StepState::Update => self.update,
            StepState::Unchanged => self.unchanged,
            StepState::Conflict => self.conflict,
            StepState::Ambiguous => self.ambiguous,
            StepState::Blocked => self.blocked,
        }
    }
}

impl Invariants {
    /// Whether every body satisfies both invariants.
    pub fn all_hold(&self) -> bool {
        self.top_level_id_removed == self.of && self.integration_type_id_kept == self.of
    }
}

/// Checks the invariants on every body that the plan would send.
fn invariants(plan: &Plan) -> Invariants {
    let is_sent = |state| matches!(state, StepState::Create | StepState::Update);
    let bodies = plan.steps().filter(|(_, step)| is_sent(step.state));
    let mut invariants = Invariants {
        of: 0,
        top_level_id_removed: 0,
        integration_type_id_kept: 0,
    };
    for (webhook, _) in bodies {
        let body = webhook.bare();
        invariants.of += 1;
        invariants.top_level_id_removed += usize::from(body.raw(KnownKey::Id).is_none());
        invariants.integration_type_id_kept += usize::from(body.has_complete_type());
    }
    invariants
}
