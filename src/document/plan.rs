//! The plan as every rendering shows it and as `--out` saves it.

use super::change::{
    ChangeDocument, FlowsBackDocument, LeftoverDocument, MissingDocument, UnreadDocument,
};
use super::view::{Detail, PlanView, kind_name, leads_to, url};
use super::{
    DifferenceDocument, Header, NoticeDocument, PartyDocument, SelectionDocument, ids, masked,
    notice,
};
use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::{Webhook, WebhookId};
use crate::pipeline::binding::Binding;
use crate::pipeline::plan::{OnConflict, Plan, State, Step};
use crate::pipeline::rewrite::PortableWebhook;
use serde::{Deserialize, Serialize, Serializer};
use smol_str::SmolStr;

/// What nobody can know from two readings.
const NOT_CHECKED: [&str; 2] = [
    "whether the target accepts each webhook",
    "whether it delivers",
];

/// How much of each webhook a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What tells it apart, what is done to it, and what differs.
    Steps,
    /// Besides that every field of what is created.
    Fields,
}

impl Depth {
    /// What a text of that detail shows.
    pub fn of(detail: Detail) -> Self {
        match detail {
            Detail::Normal => Self::Steps,
            Detail::Full => Self::Fields,
        }
    }
}

/// What has to happen to every selected webhook, and what the reader must know before saying yes.
///
/// Its steps are all at hand, or [`StreamedSteps`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanDocument<S = Vec<StepDocument>> {
    /// The version of this form.
    pub format_version: String,
    /// Always `plan`.
    pub kind: String,
    /// The program that made it.
    pub tool: String,
    /// Where the webhooks come from.
    pub source: PartyDocument,
    /// Where they go.
    pub target: PartyDocument,
    /// What happens to conflicts.
    pub on_conflict: OnConflict,
    /// How many are meant.
    pub selection: SelectionDocument,
    /// One for each selected webhook, in the source's order.
    pub steps: S,
    /// How many are in each state.
    pub summary: SummaryDocument,
    /// How many of the target's webhooks correspond to none of the source's.
    pub untouched_in_target: usize,
    /// What was counted on the bodies that would be sent.
    pub invariants: Invariants,
    /// The values that rules ask for and that could not be read.
    pub missing_values: Vec<MissingDocument>,
    /// What the reader must know.
    pub notices: Vec<NoticeDocument>,
    /// What nobody can know before the target has answered.
    pub not_checked: Vec<String>,
    /// Whether applying would write anything.
    pub has_changes: bool,
    /// Whether applying would be refused.
    pub would_be_refused: bool,
    /// What the plan is bound to, so that it can be saved and applied later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binding: Option<Binding>,
}

/// What has to happen to one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepDocument {
    /// What has to happen.
    pub state: State,
    /// Its name in the target.
    pub alias: SmolStr,
    /// What its type is called.
    #[serde(rename = "type")]
    pub kind: SmolStr,
    /// Its type as the vendor numbers it.
    pub type_id: Option<u64>,
    /// Its id in the source.
    #[serde(with = "ids::optional")]
    pub source_id: Option<WebhookId>,
    /// The id of the target's webhook that it corresponds to.
    #[serde(with = "ids::optional")]
    pub target_id: Option<WebhookId>,
    /// Its url, masked.
    #[serde(with = "masked::optional")]
    pub url: Option<Masked>,
    /// Where it leads on one line, masked: its url, else its fields.
    pub leads_to: String,
    /// Why it is in that state, where the state alone does not say it.
    pub reason: String,
    /// What else to know about it.
    pub notes: Vec<String>,
    /// What rules and retargeting changed.
    pub changes: Vec<ChangeDocument>,
    /// The values that could not be read.
    pub unread: Vec<UnreadDocument>,
    /// The secrets that no rule names.
    pub leftover: Vec<LeftoverDocument>,
    /// What makes its logs flow elsewhere than to the target.
    pub flows_back: Option<FlowsBackDocument>,
    /// What differs from the target's webhook.
    pub differences: Vec<DifferenceDocument>,
    /// Every value of a webhook that is created, masked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldDocument>,
}

/// A value inside a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldDocument {
    /// Where it is, as rules write it.
    pub path: SmolStr,
    /// What may be shown of it.
    #[serde(with = "masked")]
    pub value: Masked,
}

/// How many webhooks are in each state; the six add up to the total.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "each field is the count of the state of its name"
)]
pub struct SummaryDocument {
    pub create: usize,
    pub update: usize,
    pub unchanged: usize,
    pub conflict: usize,
    pub ambiguous: usize,
    pub blocked: usize,
    /// All of them.
    pub total: usize,
}

/// What must hold for every body that would be sent, counted on the bodies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invariants {
    /// How many of them carry none of the source's top-level `id`.
    pub top_level_id_removed: usize,
    /// How many of them have an `integration_type` with its `id`.
    pub integration_type_id_kept: usize,
    /// How many bodies would be sent.
    pub of: usize,
}

impl PlanDocument {
    /// What is said about a plan.
    pub fn of(view: PlanView<'_>, depth: Depth) -> Self {
        let plan = view.plan;
        let steps = StreamedSteps { plan, depth }.iter().collect();
        Self::with_steps(view, steps)
    }
}

impl<'p> PlanDocument<StreamedSteps<'p>> {
    /// The same, to be written only: each step is made when its turn comes, so that they never are all in memory.
    pub fn streamed(view: PlanView<'p>, depth: Depth) -> Self {
        let plan = view.plan;
        Self::with_steps(view, StreamedSteps { plan, depth })
    }
}

impl<S> PlanDocument<S> {
    fn with_steps(view: PlanView<'_>, steps: S) -> Self {
        let plan = view.plan;
        let header = Header::new("plan");
        Self {
            format_version: header.format_version.to_owned(),
            kind: header.kind.to_owned(),
            tool: header.tool.to_owned(),
            source: view.source.into(),
            target: view.target.into(),
            on_conflict: plan.on_conflict(),
            selection: SelectionDocument {
                matched: plan.counts().total(),
                of: view.source.count,
            },
            steps,
            summary: SummaryDocument::of(plan),
            untouched_in_target: plan.n_untouched(),
            invariants: invariants(plan),
            missing_values: MissingDocument::all(plan),
            notices: notice::notices(view),
            not_checked: NOT_CHECKED.map(str::to_owned).to_vec(),
            has_changes: plan.has_changes(),
            would_be_refused: plan.n_refusing() > 0,
            binding: None,
        }
    }
}

/// The steps of a plan, written one after the other.
#[derive(Debug, Clone, Copy)]
pub struct StreamedSteps<'p> {
    plan: &'p Plan,
    depth: Depth,
}

impl<'p> StreamedSteps<'p> {
    fn iter(self) -> impl Iterator<Item = StepDocument> + 'p {
        let steps = self.plan.steps();
        steps.map(move |(webhook, step)| StepDocument::of(webhook, step, self.depth))
    }
}

impl Serialize for StreamedSteps<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}

impl StepDocument {
    fn of(webhook: &PortableWebhook, step: &Step, depth: Depth) -> Self {
        let has_fields = depth == Depth::Fields && step.state == State::Create;
        let url = url(webhook.bare());
        Self {
            state: step.state,
            alias: webhook.alias().clone(),
            kind: kind_name(webhook.type_id()),
            type_id: webhook.type_id().map(|type_id| type_id.0),
            source_id: webhook.source_id().cloned(),
            target_id: step.target_id().cloned(),
            leads_to: leads_to(webhook.bare(), url.as_ref()),
            url,
            reason: step.reason.clone(),
            notes: step.notes.clone(),
            changes: webhook.changes().iter().map(Into::into).collect(),
            unread: webhook.unread().iter().map(Into::into).collect(),
            leftover: webhook.leftover().iter().map(Into::into).collect(),
            flows_back: webhook.flows_back().map(Into::into),
            differences: DifferenceDocument::all(&step.differences),
            fields: if has_fields {
                FieldDocument::all(webhook.bare())
            } else {
                Vec::new()
            },
        }
    }
}

impl FieldDocument {
    /// Every value of a webhook that holds no others.
    fn all(webhook: &Webhook) -> Vec<Self> {
        let places = webhook.places().into_iter();
        places
            .filter(|place| !place.shape.is_container())
            .map(|place| Self {
                path: place.path.to_string().into(),
                value: place.masked,
            })
            .collect()
    }
}

impl SummaryDocument {
    fn of(plan: &Plan) -> Self {
        let counts = plan.counts();
        Self {
            create: counts.of(State::Create),
            update: counts.of(State::Update),
            unchanged: counts.of(State::Unchanged),
            conflict: counts.of(State::Conflict),
            ambiguous: counts.of(State::Ambiguous),
            blocked: counts.of(State::Blocked),
            total: counts.total(),
        }
    }

    /// How many are in that state.
    pub fn count(&self, state: State) -> usize {
        match state {
            State::Create => self.create,
            State::Update => self.update,
            State::Unchanged => self.unchanged,
            State::Conflict => self.conflict,
            State::Ambiguous => self.ambiguous,
            State::Blocked => self.blocked,
        }
    }
}

impl Invariants {
    /// Whether they hold for every body.
    pub fn hold(&self) -> bool {
        self.top_level_id_removed == self.of && self.integration_type_id_kept == self.of
    }
}

/// Counts the invariants of what a plan would send.
fn invariants(plan: &Plan) -> Invariants {
    let is_sent = |state| matches!(state, State::Create | State::Update);
    let bodies = plan.steps().filter(|(_, step)| is_sent(step.state));
    let mut invariants = Invariants {
        of: 0,
        top_level_id_removed: 0,
        integration_type_id_kept: 0,
    };
    for (webhook, _) in bodies {
        let body = webhook.bare();
        invariants.of += 1;
        invariants.top_level_id_removed += usize::from(body.raw("id").is_none());
        invariants.integration_type_id_kept += usize::from(body.has_complete_type());
    }
    invariants
}
