//! Plays a seed: runs the program until it has nothing left to do, and checks every run against the target's true state.

use super::draw::{Disturbance, FOREIGN_TYPE, Setup, draw};
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, id_text, options_with, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// By this many runs the program must have finished.
const MAX_RUNS: usize = 9;

/// The result of playing one seed.
pub(super) struct SeedResult {
    pub(super) violations: Vec<String>,
    /// Kinds of events that occurred, each once.
    pub(super) coverage: Vec<&'static str>,
    /// Transcript of every run.
    pub(super) log: String,
}

struct Game<'g> {
    setup: &'g Setup,
    accounts: &'g StandIn,
    /// Webhooks of the target that hookferry must never change.
    own: Vec<Value>,
    /// Whether each run applies a saved plan instead of planning a new migration.
    applies: bool,
    result: SeedResult,
}

/// Plays one seed.
pub(super) fn play(seed: u64) -> SeedResult {
    let setup = draw(seed);
    let switches: Vec<&str> = setup.switches.iter().map(String::as_str).collect();
    let faults: Vec<&str> = setup.faults.iter().map(String::as_str).collect();
    let accounts = StandIn::start(options_with(setup.seeds.clone(), &switches, &faults));
    let mut game = Game {
        own: accounts.target().webhooks(),
        applies: seed % 4 == 3,
        setup: &setup,
        accounts: &accounts,
        result: SeedResult {
            violations: Vec::new(),
            coverage: Vec::new(),
            log: format!(
                "seed {seed}: {} source webhooks, {} in the target, batches of {}\nswitches {switches:?}\nfaults {faults:?}\n",
                setup.seeds.source.len(),
                setup.seeds.target.len(),
                setup.batch_size
            ),
        },
    };
    game.cover("a fault", !faults.is_empty());
    game.cover("a switch", !switches.is_empty());
    game.play();
    game.result
}

impl Game<'_> {
    fn play(&mut self) {
        if self.applies {
            self.save_a_plan();
        }
        for n in 0..MAX_RUNS {
            self.prepare_run(n);
            let n_posts = self.accounts.posts().len();
            let before = self.accounts.target().webhooks();
            let run = self.run(n);
            let is_disturbed = run.code.is_none() || matches!(run.code, Some(130 | 143));
            self.check_run(&run, n_posts, &before);
            let disturbances_left = self.setup.disturbances.len() > n + 1;
            if run.code == Some(0) && !is_disturbed && !disturbances_left {
                return self.run_again();
            }
        }
        self.violation("the runs never finished".to_owned());
    }

    /// Saves the plan that the runs then apply; if that fails, the runs migrate instead.
    fn save_a_plan(&mut self) {
        let line = "plan --from [source] --to [target] --rate 1000 --timeout 600ms --out plan.json";
        let run = self.accounts.program(line).run();
        let _ = writeln!(self.result.log, "{}", run.transcript());
        self.applies = run.code == Some(0);
    }

    /// Stops applying a stale plan. A plan may become stale only if something changed the target.
    fn check_plan(&mut self, run: &Run) {
        self.cover("a saved plan is applied", run.code == Some(0));
        if run.code != Some(5) {
            return;
        }
        self.cover("a saved plan is stale", true);
        self.applies = false;
        let setup = self.setup;
        let is_disturbed = setup.lost_before.is_some() || setup.foreign_before.is_some();
        if !is_disturbed && setup.switches.is_empty() && setup.faults.is_empty() {
            self.violation("the plan is stale although nothing changed".to_owned());
        }
    }

    /// Applies the events that the setup schedules before run `n`.
    fn prepare_run(&mut self, n: usize) {
        if self.setup.lost_before == Some(n) {
            let state = self.accounts.home().join("state");
            // Before the first run record there is nothing to delete.
            let is_lost = std::fs::remove_dir_all(state).is_ok();
            self.cover("the record is lost", is_lost);
        }
        if self.setup.foreign_before == Some(n) {
            let foreign = json!({
                "alias": "somebody else's", "url": "https://else.example.com/canary",
                "integration_type_id": FOREIGN_TYPE, "integration_type_fields": "[]",
                "integration_type": {"label": "Teams", "icon": "x", "id": FOREIGN_TYPE},
            });
            let id = self.accounts.target().insert(&foreign);
            let webhooks = self.accounts.target().webhooks();
            let stored = webhooks.into_iter().find(|webhook| webhook["id"] == id);
            self.own.extend(stored);
            self.cover("another writer", true);
        }
    }

    fn run(&mut self, n: usize) -> Run {
        let command = if self.applies {
            "apply plan.json"
        } else {
            "migrate --from [source] --to [target]"
        };
        let line = format!(
            "{command} --yes -o json --rate 1000 --timeout 600ms --settle {}ms --batch-size {}",
            self.setup.settle, self.setup.batch_size
        );
        let disturbance = self
            .setup
            .disturbances
            .get(n)
            .copied()
            .unwrap_or(Disturbance::None);
        let n_before = self.accounts.request_counts()[1];
        let running = self.accounts.program(&line).start();
        if let Disturbance::Signal(signal, after) = disturbance {
            self.accounts.wait_for_target(|target| {
                running.has_ended() || target.log().len() >= n_before + after
            });
            running.signal(signal);
        }
        let run = running.finish();
        let _ = writeln!(self.result.log, "{disturbance:?}\n{}", run.transcript());
        self.cover("killed", run.code.is_none());
        self.cover("interrupted", matches!(run.code, Some(130 | 143)));
        self.cover("resumed", run.stderr.contains("checking the target first"));
        if self.applies {
            self.check_plan(&run);
        }
        run
    }

    /// Checks the invariants that must hold after each run, however it ended.
    fn check_run(&mut self, run: &Run, n_posts: usize, before: &[Value]) {
        let after = self.accounts.target().webhooks();
        let changed: Vec<Value> = self
            .own
            .iter()
            .filter(|own| !after.contains(own))
            .cloned()
            .collect();
        for own in changed {
            self.violation(format!("webhook {} of the target's own changed", own["id"]));
        }
        if let Some((key, expected, found)) = self.surplus(&after) {
            self.violation(format!("{key:?}: expected {expected}, found {found}"));
        }
        match run.code {
            Some(0) => {
                let missing = self.missing(&after);
                if !missing.is_empty() {
                    self.violation(format!(
                        "exit code 0 although webhooks are missing: {missing:?}"
                    ));
                }
                self.check_report(run, &after);
            }
            // A request of an earlier run may take effect late; this run itself must not have sent anything.
            Some(1 | 4 | 5 | 6 | 11) => {
                let is_written =
                    after.len() != before.len() && self.accounts.posts().len() != n_posts;
                if is_written {
                    self.violation(format!(
                        "exit code {:?} although something was written",
                        run.code
                    ));
                }
            }
            Some(3 | 130 | 143) | None => {}
            Some(code) => self.violation(format!("exit code {code}")),
        }
    }

    /// Checks the report of a run that claims success against the target's true state.
    fn check_report(&mut self, run: &Run, target: &[Value]) {
        let Ok(report) = serde_json::from_str::<Value>(&run.stdout) else {
            return self.violation("the report is not JSON".to_owned());
        };
        let rows = report["webhooks"].as_array().cloned().unwrap_or_default();
        let summary = report["summary"].as_object().cloned().unwrap_or_default();
        let sum: u64 = summary
            .iter()
            .filter(|(name, _)| *name != "total")
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        let n_source = self.setup.seeds.source.len();
        if rows.len() != n_source || summary["total"] != n_source || sum != n_source as u64 {
            self.violation(format!(
                "the counts do not add up to {n_source}: {summary:?}"
            ));
        }
        let mut ids: Vec<&Value> = rows.iter().map(|row| &row["target_id"]).collect();
        for row in &rows {
            let found = target
                .iter()
                .find(|webhook| id_text(&webhook["id"]) == id_text(&row["target_id"]));
            let is_match = found.is_some_and(|webhook| {
                normalize(text(webhook, "alias")) == normalize(text(row, "alias"))
                    && webhook["integration_type_id"] == row["type_id"]
            });
            if !is_match {
                self.violation(format!("the id map is wrong for {row}"));
            }
        }
        ids.sort_by_key(|id| id.as_u64());
        ids.dedup();
        if ids.len() != n_source {
            self.violation("two webhooks share one target id".to_owned());
        }
    }

    /// Migrates once more, without any fault left: nothing may be sent.
    fn run_again(&mut self) {
        let n_posts = self.accounts.posts().len();
        let line = "migrate --from [source] --to [target] --yes --rate 1000 --timeout 600ms --settle 600ms";
        let run = self.accounts.program(line).run();
        let _ = writeln!(self.result.log, "run again\n{}", run.transcript());
        if run.code != Some(0) || self.accounts.posts().len() != n_posts {
            self.violation(format!(
                "run again: exit code {:?}, or something was sent",
                run.code
            ));
        }
        let after = self.accounts.target().webhooks();
        if let Some((key, expected, found)) = self.surplus(&after) {
            self.violation(format!(
                "in the end {key:?}: expected {expected}, found {found}"
            ));
        }
        if !self.setup.is_altering {
            self.check_contents(&after);
        }
    }

    /// Checks that a server that alters nothing holds every URL byte for byte.
    fn check_contents(&mut self, target: &[Value]) {
        let url = |webhook: &&Value| text(webhook, "url").to_owned();
        for expected in self.accounts.source().webhooks() {
            let key = key(&expected);
            let copies = target.iter().filter(|other| self::key(other) == key);
            if !copies
                .map(|other| url(&other))
                .any(|found| found == url(&&expected))
            {
                self.violation(format!("{key:?} has a different url"));
            }
        }
    }

    fn counts<'v>(webhooks: impl Iterator<Item = &'v Value>) -> BTreeMap<(String, u64), usize> {
        let mut counts = BTreeMap::new();
        for webhook in webhooks {
            *counts.entry(key(webhook)).or_default() += 1;
        }
        counts
    }

    /// A source webhook of which the target holds too many copies, with the expected and the found count.
    fn surplus(&self, target: &[Value]) -> Option<((String, u64), usize, usize)> {
        let found = Self::counts(target.iter());
        let expected = Self::counts(self.setup.seeds.source.iter());
        expected.into_iter().find_map(|(key, expected)| {
            let found = found.get(&key).copied().unwrap_or(0);
            (found > expected).then_some((key, expected, found))
        })
    }

    fn missing(&self, target: &[Value]) -> Vec<(String, u64)> {
        let found = Self::counts(target.iter());
        let expected = Self::counts(self.setup.seeds.source.iter());
        let is_missing = |(key, expected): &(&(String, u64), &usize)| {
            found.get(*key).copied().unwrap_or(0) < **expected
        };
        expected
            .iter()
            .filter(is_missing)
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn cover(&mut self, event: &'static str, has_occurred: bool) {
        if has_occurred && !self.result.coverage.contains(&event) {
            self.result.coverage.push(event);
        }
    }

    fn violation(&mut self, message: String) {
        self.result.violations.push(message);
    }
}

/// Alias and type, as a server that normalizes aliases would store them.
fn key(webhook: &Value) -> (String, u64) {
    let type_id = webhook["integration_type_id"].as_u64();
    (
        normalize(text(webhook, "alias")),
        type_id.unwrap_or(u64::MAX),
    )
}

fn normalize(alias: &str) -> String {
    alias.trim().to_lowercase()
}
