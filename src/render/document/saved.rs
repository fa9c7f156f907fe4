//! A plan that was saved: sealed as a whole, read again, and found out where anybody changed it.

use super::PlanDocument;
use super::read::{Document, Unreadable, unreadable};
use crate::coralogix::sealed::Sealer;
use crate::pipeline::binding::Promise;
use serde_json::Value;

/// A plan document as it was read from a file.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// What it says.
    pub document: PlanDocument,
    /// All of it, members of later minor versions included: what is sealed.
    whole: Value,
}

impl SavedPlan {
    /// Reads what [`seal`] and JSON made of a plan.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let Document::Plan(document) = Document::read(text)? else {
            return Err(unreadable("it is no plan"));
        };
        let whole = serde_json::from_str(text).map_err(|_| unreadable("it is no JSON"))?;
        Ok(Self {
            document: *document,
            whole,
        })
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
