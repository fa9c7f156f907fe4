//! The verdict on a client: the target's true state, compared with the source and with the result that the client reported.

use crate::support::stand_in::{StandIn, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;

/// Only counts: no webhook content may reach the table.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Webhooks that could have arrived and did not.
    pub(super) n_lost: usize,
    /// Webhooks that did not arrive because the target accepts them from nobody.
    n_refused: usize,
    /// For each number of copies above one, how many webhooks the target holds that many times.
    copies: BTreeMap<usize, usize>,
    /// The target's own webhooks that were changed or deleted.
    pub(super) n_changed: usize,
    reports_success: bool,
}

impl Verdict {
    /// `own` are the webhooks that the target held before; `refused` is the alias that it accepts from nobody.
    pub(super) fn new(
        accounts: &StandIn,
        own: &[Value],
        refused: Option<&str>,
        reports_success: bool,
    ) -> Self {
        let held = accounts.target().webhooks();
        let n_held = |webhook: &Value| {
            held.iter()
                .filter(|other| is_identical(webhook, other))
                .count()
        };
        let mut verdict = Self {
            n_lost: 0,
            n_refused: 0,
            copies: BTreeMap::new(),
            n_changed: own.iter().filter(|webhook| !held.contains(webhook)).count(),
            reports_success,
        };
        // No two demo webhooks are identical, so each must exist once.
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

    /// Whether every webhook exists exactly once and the client reported any refused one.
    pub(super) fn is_ok(&self) -> bool {
        !self.is_damaged() && !self.is_false_success()
    }

    pub(super) fn is_false_success(&self) -> bool {
        self.reports_success && (self.is_damaged() || self.n_refused > 0)
    }

    fn is_damaged(&self) -> bool {
        self.n_lost > 0 || !self.copies.is_empty() || self.n_changed > 0
    }
}

/// The cell of the table.
impl fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if self.is_ok() {
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
        if self.is_ok() && !self.reports_success && self.n_refused == 0 {
            parts.push("said failed".to_owned());
        }
        formatter.write_str(&parts.join(", "))
    }
}

/// Whether both webhooks are identical byte for byte, apart from the keys that the server adds.
fn is_identical(webhook: &Value, other: &Value) -> bool {
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
