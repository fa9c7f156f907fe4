//! Saved plans: signs the whole document with a keyed digest (`seal`) and a short fingerprint, reads it back and detects
//! any change.

use super::read::{UnreadableDocument, parse_plan, read_kind, unreadable};
use super::{Envelope, PlanDocument};
use crate::coralogix::digest::{DigestKey, fingerprint_written};
use crate::coralogix::json;
use crate::pipeline::binding::{Binding, PlannedStep};
use serde::Serialize;
use std::io::{self, Write};

/// A plan document read from a file, to be applied: of each step it has what the plan promises.
#[derive(Debug, Clone)]
pub struct SavedPlan {
    /// The plan without its binding.
    pub document: PlanDocument<Vec<PlannedStep>>,
    /// What the plan is bound to; `None` for a plan that was only shown.
    pub binding: Option<Binding>,
    /// The whole text without `seal` and `fingerprint`, members of later minor versions included: what both are of.
    text: String,
}

impl SavedPlan {
    /// Parses a plan that was signed with [`sign_plan`] and written as JSON.
    pub fn read(mut text: String) -> Result<Self, UnreadableDocument> {
        let mut document = parse(&text)?;
        let binding = document.binding.take();
        if let Some(binding) = &binding {
            clear_signature(&mut text, binding)?;
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
        let signature = Signature::of(digest_key, |to| write_normalized(&self.text, to));
        signature.is_ok_and(|signature| signature == Signature::of_binding(binding))
    }
}

fn parse(text: &str) -> Result<PlanDocument<Vec<PlannedStep>>, UnreadableDocument> {
    match read_kind(text)?.as_str() {
        "plan" => parse_plan(text, |step: &PlannedStep| step.state),
        "outcome" => Err(unreadable("it is not a plan")),
        _ => Err(unreadable("it is neither a plan nor an outcome")),
    }
}

/// What a saved plan is known by.
#[derive(PartialEq, Eq)]
struct Signature {
    fingerprint: String,
    seal: String,
}

impl Signature {
    /// The signature of the document that the closure writes, in one pass.
    fn of(
        digest_key: &DigestKey,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> io::Result<Self> {
        let mut fingerprint = String::new();
        let seal = digest_key.digest_written(|to| {
            fingerprint = fingerprint_written(to, write)?;
            Ok(())
        })?;
        Ok(Self {
            fingerprint,
            seal: seal.to_string(),
        })
    }

    fn of_binding(binding: &Binding) -> Self {
        Self {
            fingerprint: binding.fingerprint.clone(),
            seal: binding.seal.clone(),
        }
    }
}

/// Fails if the fingerprint that a plan states is not that of its text: somebody changed it, or it is damaged.
pub(super) fn check_fingerprint(
    mut text: String,
    binding: &Binding,
) -> Result<(), UnreadableDocument> {
    clear_signature(&mut text, binding)?;
    let found = fingerprint_written(&mut io::sink(), |to| write_normalized(&text, to));
    if found.is_ok_and(|found| found == binding.fingerprint) {
        return Ok(());
    }
    Err(unreadable(
        "somebody changed it after it was saved: its fingerprint is not that of its content",
    ))
}

/// Writes a document as it was signed, whatever its white space.
fn write_normalized(text: &str, to: &mut dyn Write) -> io::Result<()> {
    json::write_compact(text.trim_start_matches('\u{feff}'), to)
}

/// Empties what a plan was signed with.
fn clear_signature(text: &mut String, binding: &Binding) -> Result<(), UnreadableDocument> {
    clear_value(text, &binding.seal)?;
    clear_value(text, &binding.fingerprint)
}

/// Empties a text value of a document; an error if it occurs twice, because then a signature proves nothing.
fn clear_value(text: &mut String, value: &str) -> Result<(), UnreadableDocument> {
    let value = json::encode_string(value);
    let mut occurrences = text.match_indices(&value).map(|(start, _)| start);
    match (occurrences.next(), occurrences.next()) {
        (Some(start), None) => {
            text.replace_range(start..start + value.len(), "\"\"");
            Ok(())
        }
        _ => Err(unreadable("its signature is damaged")),
    }
}

/// Writes the keyed digest and the fingerprint of the whole document into it; a plan without a binding stays as it is.
///
/// # Panics
/// If the document cannot be serialized as JSON, which no document of this program can cause.
pub fn sign_plan<S: Serialize>(document: &mut PlanDocument<S>, digest_key: &DigestKey) {
    let Some(binding) = &mut document.binding else {
        return;
    };
    (binding.seal, binding.fingerprint) = (String::new(), String::new());
    let signature = Signature::of(digest_key, |to| {
        Ok(serde_json::to_writer(to, &Envelope(&*document))?)
    });
    let signature = signature.expect("a document can be serialized");
    if let Some(binding) = &mut document.binding {
        (binding.seal, binding.fingerprint) = (signature.seal, signature.fingerprint);
    }
}
