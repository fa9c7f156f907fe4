//! Plans and run outcomes as masked, typed documents; every output format renders these, so they all agree.
//! A document holds no webhook, and can be saved and read back.

mod change;
mod cross_check;
mod cut_over;
mod delivery;
mod envelope;
mod final_status;
pub mod job;
pub(crate) mod masked;
mod notice;
mod outcome;
mod plan;
mod read;
mod refusal;
pub mod run;
mod saved;
pub mod view;

pub use change::{
    ChangeDocument, FlowsBackDocument, LeftoverDocument, MissingDocument, NeededDocument,
    UnreadDocument,
};
pub(crate) use cross_check::{statements, unlisted_text};
pub use cut_over::{CutOverStage, CutOverState, CutOverStep};
pub use delivery::{DeliveryEntry, last_deliveries};
pub(crate) use envelope::major_version;
pub use envelope::{DocumentBody, Envelope, FORMAT_VERSION};
pub use outcome::{ItemOutcomeDocument, OutcomeDocument, ReadBackDocument, StopDocument};
pub use plan::{
    Depth, FieldDocument, Invariants, PlanDocument, RefusedBecauseOf, StepDocument, StreamedSteps,
    SummaryDocument, UpdatedDocument,
};
pub use read::{Document, UnreadableDocument};
pub(crate) use refusal::state_count;
pub use refusal::{PlanRefusal, plan_refusal, refusal_reason};
pub use saved::{SavedPlan, sign_plan};

use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::plan::Difference;
use crate::untrusted;
use crate::untrusted::name_cell;
use crate::wording::counted;
use serde::{Deserialize, Serialize};
use view::Party;

/// The source or the target of a plan, a list or an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyDocument {
    /// The host of an account, or the name of a file.
    pub name: String,
    /// The account's company id; `None` if it is unknown.
    pub company_id: Option<WebhookId>,
    /// Number of webhooks that it holds, selected or not.
    pub webhooks: usize,
    /// The profile by which the user named the account; `None` if it was named in another way.
    #[serde(default)]
    pub profile: Option<String>,
    /// The profile's label, such as `production`.
    #[serde(default)]
    pub label: Option<String>,
    /// Whether it is restored from, as a backup.
    #[serde(default, rename = "backup", skip_serializing_if = "std::ops::Not::not")]
    pub is_backup: bool,
}

impl From<&Party> for PartyDocument {
    fn from(party: &Party) -> Self {
        let profile = party.profile.as_ref();
        Self {
            name: party.name.clone(),
            company_id: party.company_id.as_deref().map(WebhookId::new),
            webhooks: party.n_webhooks,
            profile: profile.map(|profile| profile.name.clone()),
            label: profile.and_then(|profile| profile.label.clone()),
            is_backup: party.is_backup,
        }
    }
}

impl PartyDocument {
    /// The name, with the profile if there is one: `api.eu1.coralogix.com (prod-eu, production)`.
    pub fn display_name(&self) -> String {
        self.with_details(&[])
    }

    /// The name and company id: `api.eu1.coralogix.com (company 12345)`.
    pub fn identity(&self) -> String {
        self.with_details(&self.company_text())
    }

    /// All known facts: `api.eu1.coralogix.com (prod-eu, production; company 12345, 14 webhooks)`.
    pub fn description(&self) -> String {
        let mut facts = self.company_text();
        facts.push(counted(self.webhooks, "webhook"));
        self.with_details(&facts)
    }

    fn company_text(&self) -> Vec<String> {
        let company = self.company_id.iter();
        company
            .map(|company| format!("company {company}"))
            .collect()
    }

    /// The name followed by its profile, label and the given facts in parentheses.
    fn with_details(&self, facts: &[String]) -> String {
        let labels: Vec<String> = [&self.profile, &self.label]
            .into_iter()
            .flatten()
            .map(|word| untrusted::escape(word))
            .collect();
        let parts: Vec<String> = [labels.join(", "), facts.join(", ")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let name = name_cell(&self.name);
        if parts.is_empty() {
            return name;
        }
        format!("{name} ({})", parts.join("; "))
    }
}

/// How many of the source's webhooks the filters select.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionDocument {
    /// Number of selected webhooks.
    pub matched: usize,
    /// Number of webhooks in the source.
    pub of: usize,
}

/// A note or warning for the reader of a plan or an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDocument {
    /// A stable code for programs, such as `logs-flow-back`.
    pub code: String,
    /// Number of webhooks that it concerns.
    pub count: usize,
    /// The sentence for people.
    pub text: String,
    /// Whether something goes wrong unless the user acts.
    pub warning: bool,
}

/// One place where two webhooks differ. If both sides look the same, they differ in the masked part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceDocument {
    /// The place, in the path syntax of rules.
    pub path: String,
    /// The source's value; omitted if the source has nothing there, because `null` is a value.
    #[serde(
        default,
        deserialize_with = "masked::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<Masked>,
    /// The target's value; omitted if the target has nothing there.
    #[serde(
        default,
        deserialize_with = "masked::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub target: Option<Masked>,
    /// Always `false`: tells readers of JSON that two masked values that look alike do differ.
    pub equal: bool,
}

impl From<&Difference> for DifferenceDocument {
    fn from(difference: &Difference) -> Self {
        Self {
            path: difference.path.clone(),
            source: difference.source.clone(),
            target: difference.target.clone(),
            equal: false,
        }
    }
}

impl DifferenceDocument {
    /// One document for each difference, in the same order.
    pub fn from_differences(differences: &[Difference]) -> Vec<Self> {
        differences.iter().map(Self::from).collect()
    }
}
