//! Rolls back every run of a game, disturbed as well, and checks what is left.

use super::check::{id_number, restored_contents};
use super::draw::Disturbance;
use super::play::Game;
use serde_json::Value;
use std::collections::BTreeSet;

/// How often a rollback or a migration after it is tried.
const MAX_ATTEMPTS: usize = 4;

/// What the rollbacks of all runs reported.
#[derive(Default)]
struct Reported {
    /// Whether every rollback ended with exit code 0.
    is_done: bool,
    /// The ids that a rollback said to have left in the target.
    left: BTreeSet<u64>,
    /// Whether a rollback said that it does not know what a request did.
    is_open: bool,
}

impl Game<'_> {
    /// Undoes all runs on record, the latest first, then checks the target, migrates again, and rolls back the
    /// first run once more.
    pub(super) fn undo(&mut self, disturbances: &[Disturbance]) {
        let runs = self.recorded_runs();
        let mut reported = Reported {
            is_done: true,
            ..Reported::default()
        };
        let mut disturbances = disturbances.iter().copied();
        for run in runs.iter().rev() {
            self.roll_back(run, &mut disturbances, &mut reported);
        }
        self.cover("rolled back", reported.is_done && !runs.is_empty());
        self.check_undone(&reported);
        if let Some(first) = runs.first().filter(|_| reported.is_done) {
            self.migrate_after_rollback(first);
        }
    }

    /// The ids of the runs on record, oldest first.
    fn recorded_runs(&self) -> Vec<String> {
        let run = self.accounts.program("runs -o json").run();
        let document: Value = serde_json::from_str(&run.stdout).unwrap_or_default();
        let runs = document["runs"].as_array().into_iter().flatten();
        runs.filter_map(|run| run["run"].as_str().map(str::to_owned))
            .collect()
    }

    fn roll_back(
        &mut self,
        run: &str,
        disturbances: &mut impl Iterator<Item = Disturbance>,
        reported: &mut Reported,
    ) {
        let line = format!(
            "rollback {run} --to [target] --yes -o json --rate 1000 --timeout 600ms --max-wait 20s --settle {}ms",
            self.setup.settle
        );
        for _ in 0..MAX_ATTEMPTS {
            let disturbance = disturbances.next().unwrap_or(Disturbance::None);
            let ended = self.run_disturbed(&line, disturbance);
            self.cover("a rollback is killed", ended.code.is_none());
            self.check_own();
            let is_cut_off = matches!(ended.code, None | Some(130 | 143));
            if ended.code == Some(0) {
                return;
            }
            let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
            if !is_cut_off && document["webhooks"].is_array() {
                reported.is_done = false;
                return reported.add(&document);
            }
        }
        reported.is_done = false;
        reported.is_open = true;
    }

    /// Whatever the target holds beyond what it had before the first run, a rollback must have named.
    fn check_undone(&mut self, reported: &Reported) {
        let is_unrecorded = self.setup.lost_before.is_some();
        // What no answer named, a list that ends early without saying so hides from every client.
        let is_hidden = self.setup.silent_page_size().is_some() && self.is_anything_unnamed;
        if is_unrecorded || is_hidden || reported.is_open {
            return;
        }
        let (before, after) = (self.initial.clone(), self.accounts.target().webhooks());
        let ids: BTreeSet<_> = before
            .iter()
            .map(|webhook| webhook["id"].as_u64())
            .collect();
        let left: Vec<_> = after
            .iter()
            .filter(|webhook| !ids.contains(&webhook["id"].as_u64()))
            .filter(|webhook| {
                let id = webhook["id"].as_u64();
                id.is_none_or(|id| !reported.left.contains(&id))
            })
            .map(|webhook| webhook["id"].clone())
            .collect();
        if !left.is_empty() {
            self.violation(format!("a rollback left {left:?} and did not name them"));
        }
        let restored = |webhooks: &[Value]| restored_contents(webhooks, self.setup.is_altering);
        if reported.is_done && restored(&before) != restored(&after) {
            self.violation("all runs are rolled back, and the target is not as before".to_owned());
        }
    }

    /// What the new run writes is not the first run's, even where the server gives freed numbers to it.
    fn migrate_after_rollback(&mut self, first: &str) {
        self.applies = false;
        let is_migrated = (0..MAX_ATTEMPTS).any(|_| {
            let again = self.migrate(Disturbance::None);
            self.check_surplus();
            again.code == Some(0)
        });
        if !is_migrated {
            if !self.setup.is_obstructed {
                self.violation("after the rollback, the runs never finished".to_owned());
            }
            return;
        }
        let before = self.accounts.target().webhooks();
        let line = format!(
            "rollback {first} --to [target] --yes -o json --rate 1000 --timeout 600ms --max-wait 20s --settle {}ms",
            self.setup.settle
        );
        self.run_disturbed(&line, Disturbance::None);
        if self.accounts.target().webhooks() != before {
            self.violation("a second rollback of a run undid a later run".to_owned());
        }
    }
}

impl Reported {
    fn add(&mut self, document: &Value) {
        self.is_open |= document["open"] != 0;
        let rows = document["webhooks"].as_array().into_iter().flatten();
        let kept = rows.filter(|row| {
            !["deleted", "gone"].contains(&row["result"].as_str().unwrap_or_default())
        });
        let copies = document["copies"].as_array().into_iter().flatten();
        let kept = kept.map(|row| &row["target_id"]).chain(copies);
        self.left.extend(kept.filter_map(id_number));
    }
}
