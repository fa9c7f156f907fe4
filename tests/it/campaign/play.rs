//! Plays a seed: runs the program until it settles, and judges every run by what the target truly holds.

use super::draw::{Drawn, FOREIGN_TYPE, Fate, draw};
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, behaving, text};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Runs after which it should long have settled.
const MOST_RUNS: usize = 9;

/// What a seed brought.
pub(super) struct Played {
    pub(super) violations: Vec<String>,
    /// What it met, for the figures.
    pub(super) met: Vec<&'static str>,
    pub(super) story: String,
}

struct Game<'g> {
    drawn: &'g Drawn,
    accounts: &'g StandIn,
    own: Vec<Value>,
    /// Whether a saved plan is carried out, instead of a migration planned anew each time.
    applies: bool,
    played: Played,
}

/// Plays one seed.
pub(super) fn play(seed: u64) -> Played {
    let drawn = draw(seed);
    let switches: Vec<&str> = drawn.switches.iter().map(String::as_str).collect();
    let faults: Vec<&str> = drawn.faults.iter().map(String::as_str).collect();
    let accounts = StandIn::start(behaving(drawn.seeds.clone(), &switches, &faults));
    let mut game = Game {
        own: accounts.target().webhooks(),
        applies: seed % 4 == 3,
        drawn: &drawn,
        accounts: &accounts,
        played: Played {
            violations: Vec::new(),
            met: Vec::new(),
            story: format!(
                "seed {seed}: {} source webhooks, {} in the target, batches of {}\nswitches {switches:?}\nfaults {faults:?}\n",
                drawn.seeds.source.len(),
                drawn.seeds.target.len(),
                drawn.batch_size
            ),
        },
    };
    game.meet("a fault", !faults.is_empty());
    game.meet("a switch", !switches.is_empty());
    game.play();
    game.played
}

impl Game<'_> {
    fn play(&mut self) {
        if self.applies {
            self.save_a_plan();
        }
        for n in 0..MOST_RUNS {
            self.before(n);
            let n_posts = self.accounts.posts().len();
            let held = self.accounts.target().webhooks();
            let run = self.run(n);
            let is_disturbed = run.code.is_none() || matches!(run.code, Some(130 | 143));
            self.judge(&run, n_posts, &held);
            let fates_left = self.drawn.fates.len() > n + 1;
            if run.code == Some(0) && !is_disturbed && !fates_left {
                return self.once_more();
            }
        }
        self.violation("it did not settle".to_owned());
    }

    /// Saves the plan that is then applied until it is done; where that fails, there is none.
    fn save_a_plan(&mut self) {
        let line = "plan --from [source] --to [target] --rate 1000 --timeout 600ms --out plan.json";
        let run = self.accounts.program(line).run();
        let _ = writeln!(self.played.story, "{}", run.transcript());
        self.applies = run.code == Some(0);
    }

    /// A plan that does not hold any more is given up; without anything that moves the target it has to hold.
    fn judge_plan(&mut self, run: &Run) {
        self.meet("a saved plan is carried out", run.code == Some(0));
        if run.code != Some(5) {
            return;
        }
        self.meet("a saved plan is stale", true);
        self.applies = false;
        let drawn = self.drawn;
        let is_disturbed = drawn.lost_before.is_some() || drawn.foreign_before.is_some();
        if !is_disturbed && drawn.switches.is_empty() && drawn.faults.is_empty() {
            self.violation("the plan is stale, and nothing moved".to_owned());
        }
    }

    /// What happens between two runs.
    fn before(&mut self, n: usize) {
        if self.drawn.lost_before == Some(n) {
            let state = self.accounts.home().join("state");
            // There is nothing to lose before the first record.
            let is_lost = std::fs::remove_dir_all(state).is_ok();
            self.meet("the record is lost", is_lost);
        }
        if self.drawn.foreign_before == Some(n) {
            let foreign = json!({
                "alias": "somebody else's", "url": "https://else.example.com/canary",
                "integration_type_id": FOREIGN_TYPE, "integration_type_fields": "[]",
                "integration_type": {"label": "Teams", "icon": "x", "id": FOREIGN_TYPE},
            });
            let id = self.accounts.target().insert(&foreign);
            let held = self.accounts.target().webhooks();
            let kept = held.into_iter().find(|webhook| webhook["id"] == id);
            self.own.extend(kept);
            self.meet("somebody else writes", true);
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
            self.drawn.settle, self.drawn.batch_size
        );
        let fate = self
            .drawn
            .fates
            .get(n)
            .copied()
            .unwrap_or(Fate::Undisturbed);
        let seen = self.accounts.n_seen()[1];
        let running = self.accounts.program(&line).start();
        if let Fate::Signal(signal, after) = fate {
            self.accounts
                .until_target(|target| running.has_ended() || target.log().len() >= seen + after);
            running.signal(signal);
        }
        let run = running.finish();
        let _ = writeln!(self.played.story, "{fate:?}\n{}", run.transcript());
        self.meet("killed", run.code.is_none());
        self.meet("interrupted", matches!(run.code, Some(130 | 143)));
        self.meet("went on", run.stderr.contains("looking for them first"));
        if self.applies {
            self.judge_plan(&run);
        }
        run
    }

    /// What must be true after each run, however it ended.
    fn judge(&mut self, run: &Run, n_posts: usize, held: &[Value]) {
        let now = self.accounts.target().webhooks();
        let changed: Vec<Value> = self
            .own
            .iter()
            .filter(|own| !now.contains(own))
            .cloned()
            .collect();
        for own in changed {
            self.violation(format!("webhook {} of the target's own changed", own["id"]));
        }
        if let Some((key, wanted, found)) = self.surplus(&now) {
            self.violation(format!("{key:?}: {wanted} wanted, {found} there"));
        }
        match run.code {
            Some(0) => {
                let missing = self.missing(&now);
                if !missing.is_empty() {
                    self.violation(format!("exit code 0, and missing: {missing:?}"));
                }
                self.judge_report(run, &now);
            }
            // An effect that an earlier run left behind may come late; this run itself must not have sent anything.
            Some(1 | 4 | 5 | 6 | 11) => {
                let is_written = now.len() != held.len() && self.accounts.posts().len() != n_posts;
                if is_written {
                    self.violation(format!(
                        "exit code {:?}, and something was written",
                        run.code
                    ));
                }
            }
            Some(3 | 130 | 143) | None => {}
            Some(code) => self.violation(format!("exit code {code}")),
        }
    }

    /// The report of a run that claims success, against the truth.
    fn judge_report(&mut self, run: &Run, now: &[Value]) {
        let Ok(report) = serde_json::from_str::<Value>(&run.stdout) else {
            return self.violation("the report is no JSON".to_owned());
        };
        let rows = report["webhooks"].as_array().cloned().unwrap_or_default();
        let summary = report["summary"].as_object().cloned().unwrap_or_default();
        let sum: u64 = summary
            .iter()
            .filter(|(name, _)| *name != "total")
            .filter_map(|(_, n)| n.as_u64())
            .sum();
        let n_source = self.drawn.seeds.source.len();
        if rows.len() != n_source || summary["total"] != n_source || sum != n_source as u64 {
            self.violation(format!(
                "the counts do not balance: {summary:?} of {n_source}"
            ));
        }
        let mut ids: Vec<&Value> = rows.iter().map(|row| &row["target_id"]).collect();
        for row in &rows {
            let found = now.iter().find(|webhook| webhook["id"] == row["target_id"]);
            let is_it = found.is_some_and(|webhook| {
                tidy(text(webhook, "alias")) == tidy(text(row, "alias"))
                    && webhook["integration_type_id"] == row["type_id"]
            });
            if !is_it {
                self.violation(format!("the id map is wrong for {row}"));
            }
        }
        ids.sort_by_key(|id| id.as_u64());
        ids.dedup();
        if ids.len() != n_source {
            self.violation("one target id stands for two webhooks".to_owned());
        }
    }

    /// The same once more, without any fault left: nothing may be sent.
    fn once_more(&mut self) {
        let n_posts = self.accounts.posts().len();
        let line = "migrate --from [source] --to [target] --yes --rate 1000 --timeout 600ms --settle 600ms";
        let run = self.accounts.program(line).run();
        let _ = writeln!(self.played.story, "once more\n{}", run.transcript());
        if run.code != Some(0) || self.accounts.posts().len() != n_posts {
            self.violation(format!(
                "once more: exit code {:?}, or something was sent",
                run.code
            ));
        }
        let now = self.accounts.target().webhooks();
        if let Some((key, wanted, found)) = self.surplus(&now) {
            self.violation(format!(
                "in the end {key:?}: {wanted} wanted, {found} there"
            ));
        }
        if !self.drawn.is_altering {
            self.judge_contents(&now);
        }
    }

    /// A server that alters nothing has every webhook byte for byte.
    fn judge_contents(&mut self, now: &[Value]) {
        let url = |webhook: &&Value| text(webhook, "url").to_owned();
        for wanted in self.accounts.source().webhooks() {
            let key = key(&wanted);
            let is_there = now.iter().filter(|other| self::key(other) == key);
            if !is_there
                .map(|other| url(&other))
                .any(|found| found == url(&&wanted))
            {
                self.violation(format!("{key:?} has another url"));
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

    /// A webhook of the source that the target holds too often: what is wanted and what is there.
    fn surplus(&self, now: &[Value]) -> Option<((String, u64), usize, usize)> {
        let there = Self::counts(now.iter());
        let wanted = Self::counts(self.drawn.seeds.source.iter());
        wanted.into_iter().find_map(|(key, wanted)| {
            let found = there.get(&key).copied().unwrap_or(0);
            (found > wanted).then_some((key, wanted, found))
        })
    }

    fn missing(&self, now: &[Value]) -> Vec<(String, u64)> {
        let there = Self::counts(now.iter());
        let wanted = Self::counts(self.drawn.seeds.source.iter());
        let is_missing = |(key, wanted): &(&(String, u64), &usize)| {
            there.get(*key).copied().unwrap_or(0) < **wanted
        };
        wanted
            .iter()
            .filter(is_missing)
            .map(|(key, _)| key.clone())
            .collect()
    }

    fn meet(&mut self, what: &'static str, is_met: bool) {
        if is_met && !self.played.met.contains(&what) {
            self.played.met.push(what);
        }
    }

    fn violation(&mut self, what: String) {
        self.played.violations.push(what);
    }
}

/// Alias and type, as a server that tidies aliases would keep them.
fn key(webhook: &Value) -> (String, u64) {
    let type_id = webhook["integration_type_id"].as_u64();
    (tidy(text(webhook, "alias")), type_id.unwrap_or(u64::MAX))
}

fn tidy(alias: &str) -> String {
    alias.trim().to_lowercase()
}
