//! What a migration did.
use super::view::{Page, PlanView};
use crate::pipeline::push::Applied;
use crate::pipeline::verify::Verdict;
/// View.
#[derive(Clone, Copy)]
pub struct OutcomeView<'a> {
    /// Plan.
    pub plan: PlanView<'a>,
    /// Applied.
    pub applied: &'a Applied,
    /// Verdict.
    pub verdict: Option<&'a Verdict>,
}
/// Text.
pub fn text(view: OutcomeView<'_>, _page: Page) -> String {
    format!("{:?}\n{:?}\n", view.applied, view.verdict)
}
/// JSON.
pub fn json(_view: OutcomeView<'_>) -> serde_json::Value {
    serde_json::Value::Null
}
