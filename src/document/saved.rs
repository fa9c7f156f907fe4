//! Saved plans: signs the whole document with a keyed digest (`seal`), reads it back and detects any change.

use super::PlanDocument;
use super::read::{Document, UnreadableDocument, unreadable};
use crate::coralogix::digest::DigestKey;
use crate::coralogix::json;
use crate::pipeline::binding::{Binding, PlannedStep};

/// A plan document read from a file.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// The plan without its binding.
    pub document: PlanDocument,
    /// What the plan is bound to; `None` for a plan that was only shown.
    pub binding: Option<Binding>,
    /// The whole document with an empty `seal`, members of later minor versions included: the digest's input.
    whole: String,
}

impl SavedPlan {
    /// Parses a plan that was signed with [`set_plan_digest`] and written as JSON.
    pub fn read(text: &str) -> Result<Self, UnreadableDocument> {
        let Document::Plan(mut document) = Document::read(text)? else {
            return Err(unreadable("it is not a plan"));
        };
        let text = text.trim_start_matches('\u{feff}');
        let whole = json::compact(text).ok_or_else(|| unreadable("it is not valid JSON"))?;
        let binding = document.binding.take();
        let whole = match &binding {
            Some(binding) => clear_plan_digest(whole, &binding.seal)?,
            None => whole,
        };
        Ok(Self {
            document: *document,
            binding,
            whole,
        })
    }

    /// Whether nothing in the document changed since it was signed.
    pub fn is_intact(&self, digest_key: &DigestKey) -> bool {
        let seal = digest_key.digest_document(&self.whole).to_string();
        let binding = self.binding.as_ref();
        binding.is_some_and(|binding| binding.seal == seal)
    }

    /// The steps that the plan promises; applying it must reproduce them exactly.
    pub fn promises(&self) -> Vec<PlannedStep> {
        let steps = self.document.steps.iter();
        steps
            .map(|step| (step.source_id.clone(), step.state, step.target_id.clone()))
            .collect()
    }
}

/// Empties the document's `seal`; an error if it occurs twice, because then the digest proves nothing.
fn clear_plan_digest(mut whole: String, seal: &str) -> Result<String, UnreadableDocument> {
    let member = format!("\"seal\":{}", json::encode_string(seal));
    let mut occurrences = whole.match_indices(&member).map(|(start, _)| start);
    match (occurrences.next(), occurrences.next()) {
        (Some(start), None) => {
            whole.replace_range(start..start + member.len(), "\"seal\":\"\"");
            Ok(whole)
        }
        _ => Err(unreadable("its seal is damaged")),
    }
}

/// Writes the keyed digest of the whole document into its `seal`; a plan without a binding stays as it is.
///
/// # Panics
/// If the document cannot be serialized as JSON, which no document of this program can cause.
pub fn set_plan_digest(document: &mut PlanDocument, digest_key: &DigestKey) {
    let Some(binding) = &mut document.binding else {
        return;
    };
    binding.seal = String::new();
    let seal = digest_key.digest_written(|to| Ok(serde_json::to_writer(to, &document)?));
    if let Some(binding) = &mut document.binding {
        binding.seal = seal.expect("a document can be serialized").to_string();
    }
}
