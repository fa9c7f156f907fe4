//! What a client left behind: the target as it truly is, against the source and against what the client said.

use crate::support::stand_in::{StandIn, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Counts only: nothing of a webhook may reach the table.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Could have arrived and did not.
    pub(super) n_lost: usize,
    /// Did not arrive, and rightly so: the target wants none of it.
    n_refused: usize,
    /// How many webhooks there are of how many copies each, where that is more than the source has.
    copies: BTreeMap<usize, usize>,
    /// Webhooks of the target that are gone or another than before.
    pub(super) n_changed: usize,
    says_done: bool,
}

impl Verdict {
    /// `own` is what the target held before, `refused` the alias it takes from nobody.
    pub(super) fn new(
        accounts: &StandIn,
        own: &[Value],
        refused: Option<&str>,
        says_done: bool,
    ) -> Self {
        let held = accounts.target().webhooks();
        let n_held = |webhook: &Value| held.iter().filter(|other| is_twin(webhook, other)).count();
        let mut verdict = Self {
            n_lost: 0,
            n_refused: 0,
            copies: BTreeMap::new(),
            n_changed: own.iter().filter(|webhook| !held.contains(webhook)).count(),
            says_done,
        };
        // No two webhooks of the demo are twins, so that each is to be there once.
        for webhook in accounts.source().webhooks() {
            match n_held(&webhook) {
                0 if refused == Some(text(&webhook, "alias")) => verdict.n_refused += 1,
                0 => verdict.n_lost += 1,
                1 => {}
                n => *verdict.copies.entry(n).or_default() += 1,
            }
        }
        verdict
    }

    pub(super) fn n_surplus(&self) -> usize {
        self.copies.iter().map(|(copies, n)| (copies - 1) * n).sum()
    }

    /// Everything is where it belongs, once, and what could not arrive was told.
    pub(super) fn is_well(&self) -> bool {
        !self.is_spoilt() && !self.is_false_success()
    }

    pub(super) fn is_false_success(&self) -> bool {
        self.says_done && (self.is_spoilt() || self.n_refused > 0)
    }

    fn is_spoilt(&self) -> bool {
        self.n_lost > 0 || !self.copies.is_empty() || self.n_changed > 0
    }
}

/// The cell of the table.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.is_well() {
            parts.push("ok".to_owned());
        }
        if self.n_lost > 0 {
            parts.push(format!("{} lost", self.n_lost));
        }
        for (copies, n) in &self.copies {
            parts.push(match copies {
                2 => format!("{n} twice"),
                _ => format!("{n} there {copies} times"),
            });
        }
        if self.n_changed > 0 {
            parts.push(format!("{} changed", self.n_changed));
        }
        if self.is_false_success() {
            if self.n_refused > 0 {
                parts.push(format!("{} refused", self.n_refused));
            }
            parts.push("said done".to_owned());
        }
        if self.is_well() && !self.says_done && self.n_refused == 0 {
            parts.push("said failed".to_owned());
        }
        formatter.write_str(&parts.join(", "))
    }
}

/// Whether both are the same webhook, byte for byte, but for what the server puts on it.
fn is_twin(webhook: &Value, other: &Value) -> bool {
    let content = |webhook: &Value| {
        json!([
            webhook["alias"],
            webhook["integration_type_id"],
            webhook["url"],
            webhook["integration_type_fields"]
        ])
    };
    content(webhook) == content(other)
}
