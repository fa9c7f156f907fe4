//! What is said about a plan or a run, masked and typed: every rendering is made of it, so that none can disagree.
//! Holds no webhook, and can be saved and read again.

mod change;
mod ending;
pub(crate) mod ids;
pub mod job;
pub(crate) mod masked;
mod notice;
mod outcome;
mod plan;
mod read;
mod refusal;
mod saved;
pub mod view;

pub use change::{
    ChangeDocument, FlowsBackDocument, LeftoverDocument, MissingDocument, NeededDocument,
    UnreadDocument,
};
pub use outcome::{EndDocument, MapRowDocument, OutcomeDocument, ReadBackDocument, StopDocument};
pub use plan::{
    Depth, FieldDocument, Invariants, PlanDocument, StepDocument, StreamedSteps, SummaryDocument,
};
pub use read::{Document, Unreadable};
pub(crate) use refusal::state_count;
pub use refusal::{Refusal, refusal};
pub use saved::{SavedPlan, seal};

use crate::coralogix::mask::Masked;
use crate::coralogix::webhook::WebhookId;
use crate::foreign;
use crate::foreign::name;
use crate::pipeline::plan::Difference;
use crate::wording::counted;
use serde::{Deserialize, Serialize};
use view::Party;

/// The version of every document; a minor one only adds, a major one changes.
pub const FORMAT_VERSION: &str = "1.0";

/// The first members of every JSON document.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Header {
    /// The version of the document's format.
    pub format_version: &'static str,
    /// What the document is, such as `plan`.
    pub kind: &'static str,
    /// The program that wrote it, with its version.
    pub tool: &'static str,
}

impl Header {
    /// The header of a document of this kind.
    pub fn new(kind: &'static str) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            kind,
            tool: concat!("hookferry ", env!("CARGO_PKG_VERSION")),
        }
    }
}

/// One side of a plan, a list or an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyDocument {
    /// The host of an account, or the name of a file.
    pub name: String,
    /// The account's company id, where it is known.
    #[serde(with = "ids::optional")]
    pub company_id: Option<WebhookId>,
    /// How many webhooks it holds in all, selected or not.
    pub webhooks: usize,
    /// The profile by which it was named.
    #[serde(default)]
    pub profile: Option<String>,
    /// What the profile says that it is for.
    #[serde(default)]
    pub label: Option<String>,
}

impl From<&Party> for PartyDocument {
    fn from(party: &Party) -> Self {
        let profile = party.profile.as_ref();
        Self {
            name: party.name.clone(),
            company_id: party.company.as_deref().map(WebhookId::new),
            webhooks: party.count,
            profile: profile.map(|profile| profile.name.clone()),
            label: profile.and_then(|profile| profile.label.clone()),
        }
    }
}

impl PartyDocument {
    /// Its name: `api.eu1.coralogix.com`, or `api.eu1.coralogix.com (prod-eu, production)`.
    pub fn named(&self) -> String {
        self.with(&[])
    }

    /// Which side it is: `api.eu1.coralogix.com (company 12345)`.
    pub fn identity(&self) -> String {
        self.with(&self.company_words())
    }

    /// The side in words: `api.eu1.coralogix.com (prod-eu, production; company 12345, 14 webhooks)`.
    pub fn described(&self) -> String {
        let mut facts = self.company_words();
        facts.push(counted(self.webhooks, "webhook"));
        self.with(&facts)
    }

    fn company_words(&self) -> Vec<String> {
        let company = self.company_id.iter();
        company
            .map(|company| format!("company {company}"))
            .collect()
    }

    /// The name, and in brackets what the user calls it and what is known of it.
    fn with(&self, facts: &[String]) -> String {
        let called: Vec<String> = [&self.profile, &self.label]
            .into_iter()
            .flatten()
            .map(|word| foreign::shown(word))
            .collect();
        let parts: Vec<String> = [called.join(", "), facts.join(", ")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        let name = name(&self.name);
        if parts.is_empty() {
            return name;
        }
        format!("{name} ({})", parts.join("; "))
    }
}

/// How many of the source's webhooks are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelectionDocument {
    /// Those that the filters select.
    pub matched: usize,
    /// All that it has.
    pub of: usize,
}

/// Something that the reader of a plan or of its outcome must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDocument {
    /// The word for programs.
    pub code: String,
    /// How many webhooks it is about.
    pub count: usize,
    /// The sentence.
    pub text: String,
    /// Whether something goes wrong unless somebody acts.
    pub warning: bool,
}

/// One place in which two webhooks differ; what looks the same on both sides differs in what is hidden.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferenceDocument {
    /// The place as rules write it.
    pub path: String,
    /// What the source has there; left out where it has nothing, because `null` is a value.
    #[serde(
        default,
        with = "masked::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub source: Option<Masked>,
    /// What the target has there.
    #[serde(
        default,
        with = "masked::present",
        skip_serializing_if = "Option::is_none"
    )]
    pub target: Option<Masked>,
    /// Always `false`, for readers of JSON to whom two hidden values look alike.
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
    /// All of them.
    pub fn all(differences: &[Difference]) -> Vec<Self> {
        differences.iter().map(Self::from).collect()
    }
}
