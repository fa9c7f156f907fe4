//! Statistics of many simulated pushes.

use super::super::status::ItemStatus;
use super::run::SimulationResult;
use std::collections::BTreeMap;
use std::fmt;

/// The combined results of many seeds.
#[derive(Debug, Default)]
pub(super) struct Tally {
    n_seeds: u64,
    n_requests: usize,
    max_sends_per_item: usize,
    max_commands: usize,
    counts: BTreeMap<String, u64>,
    /// The seeds with a violation.
    pub(super) failing: Vec<u64>,
    /// Each kind of violation, with its first seed and its number.
    pub(super) kinds: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    pub(super) fn count(&mut self, seed: u64, result: &SimulationResult) {
        self.n_seeds += 1;
        self.n_requests += result.n_requests;
        self.max_sends_per_item = self.max_sends_per_item.max(result.max_sends_per_item);
        self.max_commands = self.max_commands.max(result.n_commands);
        let outcome = match &result.stop {
            None if result.statuses.iter().all(|status| {
                status.target_id().is_some() || matches!(status, ItemStatus::Deleted(_))
            }) =>
            {
                "complete"
            }
            None => "finished, some refused or unresolved",
            Some(stop) => {
                let text = format!("stop {}", word(&format!("{stop:?}")));
                self.note(text);
                "stopped"
            }
        };
        self.note(format!("end {outcome}"));
        if let Some(resumed) = result.resumed {
            self.note(format!("killed, and then {resumed:?}"));
        }
        let switches = &result.switches;
        self.note(format!("bulk {:?}", switches.bulk));
        self.note(format!("rows {:?}", switches.rows));
        self.note(format!("faults {:02} of 100", switches.faults));
        for status in &result.statuses {
            self.note(format!("status {}", word(&format!("{status:?}"))));
        }
        for excuse in &result.excuses {
            self.note(format!("beyond the promise {excuse:?}"));
            if result.has_surplus && result.excuses.len() == 1 {
                self.note(format!("beyond the promise {excuse:?} with a duplicate"));
            }
        }
        for violation in &result.violations {
            self.kinds.entry(kind_of(violation)).or_insert((seed, 0)).1 += 1;
        }
        if !result.violations.is_empty() {
            self.failing.push(seed);
        }
    }

    fn note(&mut self, what: String) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub(super) fn add(&mut self, other: Self) {
        self.n_seeds += other.n_seeds;
        self.n_requests += other.n_requests;
        self.max_sends_per_item = self.max_sends_per_item.max(other.max_sends_per_item);
        self.max_commands = self.max_commands.max(other.max_commands);
        for (what, n) in other.counts {
            *self.counts.entry(what).or_default() += n;
        }
        for (kind, (seed, n)) in other.kinds {
            self.kinds.entry(kind).or_insert((seed, 0)).1 += n;
        }
        self.failing.extend(other.failing);
    }
}

/// The kind of a violation: its text without numbers.
fn kind_of(violation: &str) -> String {
    let kind = violation.split(['(', '{']).next().unwrap_or_default();
    let kind: String = kind.chars().filter(|c| !c.is_ascii_digit()).collect();
    let status = violation
        .split("has the status ")
        .nth(1)
        .unwrap_or_default();
    format!("{kind}{}", word(status))
}

fn word(text: &str) -> String {
    text.chars().take_while(char::is_ascii_alphabetic).collect()
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} seeds, {} requests; at most {} commands in a run, and {} requests with one webhook",
            self.n_seeds, self.n_requests, self.max_commands, self.max_sends_per_item
        )?;
        for (what, n) in &self.counts {
            writeln!(f, "{n:>9} {what}")?;
        }
        Ok(())
    }
}
