//! A plan that was saved: sealed as a whole, read again, and found out where anybody changed it.

use super::{FORMAT_VERSION, PlanDocument};
use crate::coralogix::sealed::Sealer;
use crate::pipeline::binding::Promise;
use serde::Deserialize as _;
use serde_json::Value;
use std::fmt;

/// A plan document as it was read from a file.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// What it says.
    pub document: PlanDocument,
    /// All of it, members of later minor versions included: what is sealed.
    whole: Value,
}

/// Why a text is no plan that this program reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not JSON.
    NotJson,
    /// It is another document, or none of ours.
    NotAPlan,
    /// It has another major version.
    Version,
    /// It lacks something that a plan has.
    Damaged,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotJson => "it is not JSON",
            Self::NotAPlan => "it is no plan document",
            Self::Version => "it has a format_version that this version of hookferry does not read",
            Self::Damaged => "something in it is missing or is not what a plan has there",
        })
    }
}

impl SavedPlan {
    /// Reads what [`seal`] and JSON made of a plan.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let whole: Value = serde_json::from_str(text).map_err(|_| Unreadable::NotJson)?;
        if whole["kind"] != "plan" {
            return Err(Unreadable::NotAPlan);
        }
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        if whole["format_version"].as_str().and_then(major) != major(FORMAT_VERSION) {
            return Err(Unreadable::Version);
        }
        let document = PlanDocument::deserialize(&whole).map_err(|_| Unreadable::Damaged)?;
        Ok(Self { document, whole })
    }

    /// Whether nobody changed anything in it since it was sealed.
    pub fn is_intact(&self, sealer: &Sealer) -> bool {
        let bound = self.document.binding.as_ref();
        bound.is_some_and(|binding| binding.seal == seal_of(self.whole.clone(), sealer))
    }

    /// Its steps, as they have to come true.
    pub fn promised(&self) -> Vec<Promise> {
        let steps = self.document.steps.iter();
        steps
            .map(|step| (step.source_id.clone(), step.state, step.target_id.clone()))
            .collect()
    }
}

/// Seals a bound plan as a whole; a plan without a binding stays as it is.
pub fn seal(document: &mut PlanDocument, sealer: &Sealer) {
    let whole = crate::render::json::value(document);
    if let Some(binding) = &mut document.binding {
        binding.seal = seal_of(whole, sealer);
    }
}

/// The seal of a document whose own seal is empty.
fn seal_of(mut whole: Value, sealer: &Sealer) -> String {
    whole["binding"]["seal"] = Value::from("");
    sealer.text(&whole.to_string()).to_string()
}
