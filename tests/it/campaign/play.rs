//! Plays a seed: runs the program until it has nothing left to do, and checks every run against the target's true state.

use super::check::{
    is_hidden_and_unnamed, key, missing, report_mistakes, success_mistakes, surplus,
};
use super::draw::{Disturbance, FOREIGN_TYPE, Setup, UPDATED, draw};
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, options_with, text};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// By this many runs the program must have finished.
const MAX_RUNS: usize = 9;
/// After this many undisturbed runs a target whose habits keep exit code 0 away has had its chance.
const MAX_OBSTRUCTED_RUNS: usize = 2;

/// The result of playing one seed.
pub(super) struct SeedResult {
    pub(super) violations: Vec<String>,
    /// Kinds of events that occurred, each once.
    pub(super) coverage: Vec<&'static str>,
    /// Transcript of every run.
    pub(super) log: String,
}

pub(super) struct Game<'g> {
    pub(super) setup: &'g Setup,
    pub(super) accounts: &'g StandIn,
    /// Webhooks of the target before the first run, and those of another writer.
    pub(super) initial: Vec<Value>,
    /// Whether each run applies a saved plan instead of planning a new migration.
    pub(super) applies: bool,
    /// Whether the target may hold webhooks that nothing on record names.
    pub(super) is_anything_unnamed: bool,
    result: SeedResult,
}

/// Plays one seed.
pub(super) fn play(seed: u64) -> SeedResult {
    let setup = draw(seed);
    let switches: Vec<&str> = setup.switches.iter().map(String::as_str).collect();
    let faults: Vec<&str> = setup.faults.iter().map(String::as_str).collect();
    let accounts = StandIn::start(options_with(setup.seeds.clone(), &switches, &faults));
    let mut game = Game {
        initial: accounts.target().webhooks(),
        applies: seed % 4 == 3,
        is_anything_unnamed: !faults.is_empty()
            || switches.iter().any(|switch| switch.starts_with("answer")),
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
    if let Some(disturbances) = &setup.rollback {
        game.undo(disturbances);
    }
    game.result
}

impl Game<'_> {
    fn play(&mut self) {
        if self.applies {
            self.save_a_plan();
        }
        let n_disturbed = self.setup.disturbances.len();
        for n in 0..MAX_RUNS {
            self.prepare_run(n);
            let n_posts = self.accounts.posts().len();
            let before = self.accounts.target().webhooks();
            let disturbance = self.setup.disturbances.get(n).copied();
            let run = self.migrate(disturbance.unwrap_or(Disturbance::None));
            let is_disturbed = run.code.is_none() || matches!(run.code, Some(130 | 143));
            self.check_run(&run, n_posts, &before);
            let disturbances_left = n_disturbed > n + 1;
            if run.code == Some(0) && !is_disturbed && !disturbances_left {
                return self.run_again();
            }
            if self.setup.is_obstructed && n + 1 >= n_disturbed + MAX_OBSTRUCTED_RUNS {
                return self.cover("exit code 0 is out of reach", true);
            }
        }
        self.violation("the runs never finished".to_owned());
    }

    /// Saves the plan that the runs then apply; if that fails, the runs migrate instead.
    fn save_a_plan(&mut self) {
        let line = format!(
            "plan --from [source] --to [target] --rate 1000 --timeout 600ms --max-wait 20s --out plan.json {}",
            self.on_conflict()
        );
        let run = self.accounts.program(&line).run();
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
            self.is_anything_unnamed |= is_lost;
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
            self.initial.extend(stored);
            self.cover("another writer", true);
        }
    }

    /// The target's older version of a webhook is to be updated, if it has one.
    fn on_conflict(&self) -> &'static str {
        let is_updated = |webhook: &Value| text(webhook, "alias") == UPDATED;
        if self.setup.seeds.source.iter().any(is_updated) {
            "--on-conflict update"
        } else {
            ""
        }
    }

    /// Migrates once, or applies the saved plan.
    pub(super) fn migrate(&mut self, disturbance: Disturbance) -> Run {
        let command = if self.applies {
            "apply plan.json".to_owned()
        } else {
            format!(
                "migrate --from [source] --to [target] {}",
                self.on_conflict()
            )
        };
        let line = format!(
            "{command} --yes -o json --rate 1000 --timeout 600ms --max-wait 20s --settle {}ms --batch-size {}",
            self.setup.settle, self.setup.batch_size
        );
        let run = self.run_disturbed(&line, disturbance);
        self.cover("resumed", run.stderr.contains("checking the target first"));
        if self.applies {
            self.check_plan(&run);
        }
        run
    }

    pub(super) fn run_disturbed(&mut self, line: &str, disturbance: Disturbance) -> Run {
        let n_before = self.accounts.request_counts()[1];
        let running = self.accounts.program(line).start();
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
        self.is_anything_unnamed |= run.code.is_none();
        run
    }

    /// Checks the invariants that must hold after each run, however it ended.
    fn check_run(&mut self, run: &Run, n_posts: usize, before: &[Value]) {
        self.check_own();
        self.check_surplus();
        let after = self.accounts.target().webhooks();
        let source = self.accounts.source().webhooks();
        let report = serde_json::from_str::<Value>(&run.stdout).unwrap_or_default();
        let mut mistakes = report_mistakes(&report, &source, &after);
        match run.code {
            Some(0) => {
                let missing = missing(&source, &after);
                if !missing.is_empty() {
                    mistakes.push(format!("exit code 0 although lost: {missing:?}"));
                }
                mistakes.extend(success_mistakes(&report, source.len()));
            }
            // A request of an earlier run may take effect late; this run itself must not have sent anything.
            Some(1 | 4 | 5 | 6 | 11) => {
                if after != before && self.accounts.posts().len() != n_posts {
                    mistakes.push(format!(
                        "exit code {:?} although something was written",
                        run.code
                    ));
                }
            }
            Some(3 | 130 | 143) | None => {}
            Some(code) => mistakes.push(format!("exit code {code}")),
        }
        self.result.violations.extend(mistakes);
        self.check_record(&report);
    }

    /// The report that is made from the record is the one that the run showed; a run that was killed has one, too.
    fn check_record(&mut self, shown: &Value) {
        let recorded = self.accounts.program("report latest -o json").run();
        let recorded = serde_json::from_str::<Value>(&recorded.stdout).unwrap_or_default();
        let is_of_this_run = !shown["run"].is_null() && shown["run"] == recorded["run"];
        if is_of_this_run && *shown != recorded {
            self.violation(format!("the record reports {recorded}, the run {shown}"));
        }
    }

    /// Checks that nothing changed that is not this program's, but for the webhook that is to be updated.
    pub(super) fn check_own(&mut self) {
        let after = self.accounts.target().webhooks();
        let is_kept = |own: &&Value| {
            let is_updated = text(own, "alias") == UPDATED;
            let is_same = |webhook: &Value| {
                webhook == *own
                    || (is_updated && webhook["id"] == own["id"] && key(webhook) == key(own))
            };
            after.iter().any(is_same)
        };
        let changed: Vec<Value> = self
            .initial
            .iter()
            .filter(|own| !is_kept(own))
            .map(|own| own["id"].clone())
            .collect();
        if !changed.is_empty() {
            self.violation(format!("the target's own {changed:?} changed"));
        }
    }

    pub(super) fn check_surplus(&mut self) {
        let target = self.accounts.target().webhooks();
        if let Some((key, counts)) = surplus(&self.setup.seeds.source, &target)
            && !is_hidden_and_unnamed(self.setup, &key, &target, self.is_anything_unnamed)
        {
            self.violation(format!("{key:?} twice: {counts}"));
        }
    }

    /// Migrates once more, without any fault left: nothing may be sent.
    fn run_again(&mut self) {
        let n_posts = self.accounts.posts().len();
        let line = format!(
            "migrate --from [source] --to [target] --yes --rate 1000 --timeout 600ms --max-wait 20s --settle 600ms {}",
            self.on_conflict()
        );
        let run = self.accounts.program(&line).run();
        let _ = writeln!(self.result.log, "run again\n{}", run.transcript());
        if self.accounts.posts().len() != n_posts {
            self.violation("run again: something was sent".to_owned());
        }
        if run.code != Some(0) && !self.setup.is_obstructed {
            self.violation(format!("run again: exit code {:?}", run.code));
        }
        self.check_surplus();
        if !self.setup.is_altering {
            self.check_contents();
        }
    }

    /// Checks that a server that alters nothing holds every URL byte for byte.
    fn check_contents(&mut self) {
        let target = self.accounts.target().webhooks();
        for expected in self.accounts.source().webhooks() {
            let key = key(&expected);
            let mut copies = target.iter().filter(|other| self::key(other) == key);
            if !copies.any(|found| text(found, "url") == text(&expected, "url")) {
                self.violation(format!("{key:?} has a different url"));
            }
        }
    }

    pub(super) fn cover(&mut self, event: &'static str, has_occurred: bool) {
        if has_occurred && !self.result.coverage.contains(&event) {
            self.result.coverage.push(event);
        }
    }

    pub(super) fn violation(&mut self, message: String) {
        self.result.violations.push(message);
    }
}
