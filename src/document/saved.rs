//! Saved plans: signs the whole document with a keyed digest (`seal`), reads it back and detects any change.

use super::read::{UnreadableDocument, parse_plan, read_kind, unreadable};
use super::{Envelope, PlanDocument};
use crate::coralogix::digest::DigestKey;
use crate::coralogix::json;
use crate::pipeline::binding::{Binding, PlannedStep};
use serde::Serialize;

/// A plan document read from a file, to be applied: of each step it has what the plan promises.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// The plan without its binding.
    pub document: PlanDocument<Vec<PlannedStep>>,
    /// What the plan is bound to; `None` for a plan that was only shown.
    pub binding: Option<Binding>,
    /// The whole text with an empty `seal`, members of later minor versions included: the digest's input.
    text: String,
}

impl SavedPlan {
    /// Parses a plan that was signed with [`set_plan_digest`] and written as JSON.
    pub fn read(mut text: String) -> Result<Self, UnreadableDocument> {
        let mut document = parse(&text)?;
        let binding = document.binding.take();
        if let Some(binding) = &binding {
            clear_plan_digest(&mut text, &binding.seal)?;
        }
        Ok(Self {
            document,
            binding,
            text,
        })
    }

    /// Whether a text is a plan that [`read`](Self::read) can read.
    pub fn is_plan(text: &str) -> bool {
        parse(text).is_ok()
    }

    /// Whether nothing in the document changed since it was signed; `binding` is what it is bound to.
    pub fn is_intact(&self, binding: &Binding, digest_key: &DigestKey) -> bool {
        let text = self.text.trim_start_matches('\u{feff}');
        let seal = digest_key.digest_written(|to| json::write_compact(text, to));
        seal.is_ok_and(|seal| binding.seal == seal.to_string())
    }
}

fn parse(text: &str) -> Result<PlanDocument<Vec<PlannedStep>>, UnreadableDocument> {
    match read_kind(text)?.as_str() {
        "plan" => parse_plan(text, |step: &PlannedStep| step.state),
        "outcome" => Err(unreadable("it is not a plan")),
        _ => Err(unreadable("it is neither a plan nor an outcome")),
    }
}

/// Empties the document's `seal`; an error if it occurs twice, because then the digest proves nothing.
fn clear_plan_digest(text: &mut String, seal: &str) -> Result<(), UnreadableDocument> {
    let value = json::encode_string(seal);
    let mut occurrences = text.match_indices(&value).map(|(start, _)| start);
    match (occurrences.next(), occurrences.next()) {
        (Some(start), None) => {
            text.replace_range(start..start + value.len(), "\"\"");
            Ok(())
        }
        _ => Err(unreadable("its seal is damaged")),
    }
}

/// Writes the keyed digest of the whole document into its `seal`; a plan without a binding stays as it is.
///
/// # Panics
/// If the document cannot be serialized as JSON, which no document of this program can cause.
pub fn set_plan_digest<S: Serialize>(document: &mut PlanDocument<S>, digest_key: &DigestKey) {
    let Some(binding) = &mut document.binding else {
        return;
    };
    binding.seal = String::new();
    let seal =
        digest_key.digest_written(|to| Ok(serde_json::to_writer(to, &Envelope(&*document))?));
    if let Some(binding) = &mut document.binding {
        binding.seal = seal.expect("a document can be serialized").to_string();
    }
}
