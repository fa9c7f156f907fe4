//! A plan that was saved: sealed as a whole, read again, and found out where anybody changed it.

use super::PlanDocument;
use super::read::{Document, Unreadable, unreadable};
use crate::coralogix::json;
use crate::coralogix::sealed::Sealer;
use crate::pipeline::binding::{Binding, Promise};

/// A plan document as it was read from a file.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// What it says, but for its binding.
    pub document: PlanDocument,
    /// What it is bound to; `None` for one that was only shown.
    pub binding: Option<Binding>,
    /// All of it with an empty seal, members of later minor versions included: what is sealed.
    whole: String,
}

impl SavedPlan {
    /// Reads what [`seal`] and JSON made of a plan.
    pub fn read(text: &str) -> Result<Self, Unreadable> {
        let Document::Plan(mut document) = Document::read(text)? else {
            return Err(unreadable("it is no plan"));
        };
        let text = text.trim_start_matches('\u{feff}');
        let whole = json::compact(text).ok_or_else(|| unreadable("it is no JSON"))?;
        let binding = document.binding.take();
        let whole = match &binding {
            Some(binding) => without_seal(whole, &binding.seal)?,
            None => whole,
        };
        Ok(Self {
            document: *document,
            binding,
            whole,
        })
    }

    /// Whether nobody changed anything in it since it was sealed.
    pub fn is_intact(&self, sealer: &Sealer) -> bool {
        let seal = sealer.text(&self.whole).to_string();
        let bound = self.binding.as_ref();
        bound.is_some_and(|binding| binding.seal == seal)
    }

    /// Its steps, as they have to come true.
    pub fn promised(&self) -> Vec<Promise> {
        let steps = self.document.steps.iter();
        steps
            .map(|step| (step.source_id.clone(), step.state, step.target_id.clone()))
            .collect()
    }
}

/// A document with an empty seal in the place of its own; one that stands there twice is nobody's.
fn without_seal(mut whole: String, seal: &str) -> Result<String, Unreadable> {
    let member = format!("\"seal\":{}", json::quoted(seal));
    let mut places = whole.match_indices(&member).map(|(at, _)| at);
    match (places.next(), places.next()) {
        (Some(at), None) => {
            whole.replace_range(at..at + member.len(), "\"seal\":\"\"");
            Ok(whole)
        }
        _ => Err(unreadable("its seal is damaged")),
    }
}

/// Seals a bound plan as a whole; a plan without a binding stays as it is.
///
/// # Panics
/// Where the document is none of ours and cannot be written as JSON.
pub fn seal(document: &mut PlanDocument, sealer: &Sealer) {
    let Some(binding) = &mut document.binding else {
        return;
    };
    binding.seal = String::new();
    let seal = sealer.written(|to| Ok(serde_json::to_writer(to, &document)?));
    if let Some(binding) = &mut document.binding {
        binding.seal = seal.expect("a document can be written").to_string();
    }
}
