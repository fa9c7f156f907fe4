//! Exactly once, through whatever goes wrong: every case is a whole migration by the program, judged by what the
//! target truly holds afterwards and not by what the program says of it.

mod answers;
mod lost;
mod refused;
mod stored;

use crate::support::at_once::at_once;
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, behaving, text};
use hookferry::sandbox::{Switches, seeds};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One way in which the target fails, and how the migration has to end all the same.
#[derive(Clone, Debug)]
struct Case {
    name: &'static str,
    arguments: &'static str,
    settle: &'static str,
    faults: Vec<&'static str>,
    switches: Vec<&'static str>,
    source_switches: Vec<&'static str>,
    code: i32,
    arrives: Arrives,
    /// Whether the server keeps the content as it was sent.
    is_altered: bool,
    /// What the program must say of it.
    says: Vec<&'static str>,
    /// How the same command ends when it is run again without the run record.
    forgotten: i32,
}

/// Which of the wanted webhooks are in the target in the end.
#[derive(Clone, Debug)]
enum Arrives {
    All,
    AllBut(&'static str),
    Nothing,
}

/// How the program talks in a run.
#[derive(Clone, Copy, Debug)]
enum Talk {
    Text,
    Json,
}

impl Case {
    fn new(name: &'static str) -> Self {
        Self {
            name,
            arguments: "",
            settle: "300ms",
            faults: Vec::new(),
            switches: Vec::new(),
            source_switches: Vec::new(),
            code: 0,
            arrives: Arrives::All,
            is_altered: false,
            says: Vec::new(),
            forgotten: 0,
        }
    }

    fn with(mut self, arguments: &'static str) -> Self {
        self.arguments = arguments;
        self
    }

    fn settle(mut self, settle: &'static str) -> Self {
        self.settle = settle;
        self
    }

    fn fault(mut self, fault: &'static str) -> Self {
        self.faults.push(fault);
        self
    }

    fn switch(mut self, switch: &'static str) -> Self {
        self.switches.push(switch);
        self
    }

    fn source_switch(mut self, switch: &'static str) -> Self {
        self.source_switches.push(switch);
        self
    }

    fn arrives(mut self, arrives: Arrives, code: i32) -> Self {
        self.arrives = arrives;
        self.code = code;
        self
    }

    /// The server keeps other content than was sent; who has lost the run record ends with this code.
    fn altered(mut self, forgotten: i32) -> Self {
        self.is_altered = true;
        self.forgotten = forgotten;
        self
    }

    fn says(mut self, words: &'static str) -> Self {
        self.says.push(words);
        self
    }

    fn check(&self, talk: Talk) {
        let mut options = behaving(seeds::demo(), &self.switches, &self.faults);
        options.source.switches = Switches::parse(&self.source_switches).unwrap();
        let accounts = StandIn::start(options);
        let own = accounts.target().webhooks();
        let line = format!(
            "migrate --from [source] --to [target] --yes --rate 1000 --settle {} {}",
            self.settle, self.arguments
        );
        let run = match talk {
            Talk::Text => accounts.program(&format!("{line} -vvv")).run(),
            Talk::Json => accounts
                .program(&format!("{line} --log-format json -o json"))
                .env("HOOKFERRY_LOG", "trace")
                .run(),
        };
        let held = accounts.target().webhooks();
        self.judge(&run, &accounts.source().webhooks(), &own, &held);
        if let Talk::Json = talk {
            self.judge_id_map(&run, &held);
        }
        self.check_again(&accounts, &line, &held);
    }

    fn check_again(&self, accounts: &StandIn, line: &str, held: &[Value]) {
        if !matches!(self.arrives, Arrives::All) {
            return;
        }
        let n_posts = accounts.posts().len();
        let forgotten = format!(
            "{line} --state-dir {}",
            accounts.home().join("lost").display()
        );
        for (line, code) in [(line, 0), (&forgotten, self.forgotten)] {
            let again = accounts.program(line).run();
            again.assert_code(code);
            assert_eq!(accounts.posts().len(), n_posts, "{}", again.transcript());
        }
        assert_eq!(accounts.target().webhooks(), *held);
    }

    /// What the target holds, against what the source holds and what was there before.
    fn judge(&self, run: &Run, source: &[Value], own: &[Value], held: &[Value]) {
        run.assert_code(self.code);
        assert_eq!(&held[..own.len()], own, "the target's own webhooks changed");
        let wanted: Vec<&Value> = source
            .iter()
            .filter(|webhook| self.is_to_arrive(webhook) || has_twin(webhook, own))
            .collect();
        let relevant = held.iter().filter(|webhook| {
            let key = key(webhook);
            source.iter().any(|other| self::key(other) == key)
        });
        let counted = counts(relevant);
        assert_eq!(
            counted,
            counts(wanted.iter().copied()),
            "{}",
            run.transcript()
        );
        if !self.is_altered {
            for webhook in wanted {
                assert!(has_twin(webhook, held), "{}", webhook["alias"]);
            }
        }
        for words in &self.says {
            assert!(
                run.said().contains(words),
                "{words:?}\n{}",
                run.transcript()
            );
        }
    }

    fn is_to_arrive(&self, webhook: &Value) -> bool {
        match self.arrives {
            Arrives::All => true,
            Arrives::AllBut(alias) => text(webhook, "alias") != alias,
            Arrives::Nothing => false,
        }
    }

    /// Every id that the program gives as the new one belongs to the webhook it says.
    fn judge_id_map(&self, run: &Run, held: &[Value]) {
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        for row in document["webhooks"].as_array().unwrap() {
            let id = &row["target_id"];
            if id.is_null() {
                assert!(!matches!(self.arrives, Arrives::All), "no id: {row}");
                continue;
            }
            let webhook = held.iter().find(|webhook| webhook["id"] == *id).unwrap();
            assert_eq!(tidy(text(webhook, "alias")), tidy(text(row, "alias")));
            assert_eq!(webhook["integration_type_id"], row["type_id"]);
        }
    }
}

/// Alias and type, as a server that tidies aliases would keep them.
fn key(webhook: &Value) -> (String, u64) {
    (
        tidy(text(webhook, "alias")),
        webhook["integration_type_id"].as_u64().unwrap(),
    )
}

fn tidy(alias: &str) -> String {
    alias.trim().to_lowercase()
}

fn counts<'v>(webhooks: impl Iterator<Item = &'v Value>) -> BTreeMap<(String, u64), usize> {
    let mut counts = BTreeMap::new();
    for webhook in webhooks {
        *counts.entry(key(webhook)).or_default() += 1;
    }
    counts
}

/// Whether one of those is the same webhook, byte for byte.
fn has_twin(webhook: &Value, others: &[Value]) -> bool {
    let content = |webhook: &Value| {
        json!([
            webhook["alias"],
            webhook["integration_type_id"],
            webhook["url"],
            webhook["integration_type_fields"]
        ])
    };
    others
        .iter()
        .any(|other| content(other) == content(webhook))
}

/// Runs every case in both ways of talking, many at once, and names those that fail.
fn check_all(cases: &[Case]) {
    let runs: Vec<(&Case, Talk)> = cases
        .iter()
        .flat_map(|case| [(case, Talk::Text), (case, Talk::Json)])
        .collect();
    let outcomes = at_once(&runs, |(case, talk)| case.check(*talk));
    let failed: Vec<String> = runs
        .iter()
        .zip(outcomes)
        .filter(|(_, outcome)| outcome.is_err())
        .map(|((case, talk), _)| format!("{} ({talk:?})", case.name))
        .collect();
    assert!(failed.is_empty(), "{} failed: {failed:#?}", failed.len());
}
