//! The plan for one webhook, and what there is to say about it.

use super::{Difference, StepState};
use crate::coralogix::webhook::WebhookId;
use crate::pipeline::strip::StrippedWebhook;

/// The plan for one webhook.
#[derive(Debug, Clone)]
pub struct Step {
    /// The decision.
    pub state: StepState,
    /// The corresponding webhook of the target; `None` for a create and for an ambiguous or blocked webhook.
    pub counterpart: Option<Box<StrippedWebhook>>,
    /// Whether the counterpart differs in the server's own state, or in keys that the user ignores, and in nothing
    /// else.
    pub has_other_state: bool,
    /// `None` for most steps, which explain themselves.
    remarks: Option<Box<StepRemarks>>,
}

/// What there is to say about a step that does not explain itself.
#[derive(Debug, Clone, Default)]
struct StepRemarks {
    reason: String,
    differences: Vec<Difference>,
    notes: Vec<String>,
}

impl Step {
    pub(super) fn new(state: StepState, reason: impl Into<String>) -> Self {
        let reason = reason.into();
        let remarks = (!reason.is_empty()).then(|| StepRemarks {
            reason,
            ..StepRemarks::default()
        });
        Self {
            state,
            counterpart: None,
            has_other_state: false,
            remarks: remarks.map(Box::new),
        }
    }

    /// Why the step has this state; empty if the state explains itself.
    pub fn reason(&self) -> &str {
        let remarks = self.remarks.as_deref();
        remarks.map_or("", |remarks| &remarks.reason)
    }

    /// The masked differences from the counterpart.
    pub fn differences(&self) -> &[Difference] {
        let remarks = self.remarks.as_deref();
        remarks.map_or(&[], |remarks| &remarks.differences)
    }

    /// Further remarks for the reader of the plan.
    pub fn notes(&self) -> &[String] {
        let remarks = self.remarks.as_deref();
        remarks.map_or(&[], |remarks| &remarks.notes)
    }

    pub(super) fn add_note(&mut self, note: impl Into<String>) {
        let remarks = self.remarks.get_or_insert_default();
        remarks.notes.push(note.into());
    }

    pub(super) fn set_differences(&mut self, differences: Vec<Difference>) {
        if !differences.is_empty() {
            self.remarks.get_or_insert_default().differences = differences;
        }
    }

    /// The counterpart's id in the target.
    pub fn target_id(&self) -> Option<&WebhookId> {
        self.counterpart.as_ref().and_then(|webhook| webhook.id())
    }
}
