//! Exactly once, whatever goes wrong: every case is a whole migration by the program, judged by what the
//! target really holds afterwards and not by what the program reports.

/// Makes each case a test of its name.
macro_rules! cases {
    ($($name:ident: $case:expr;)*) => {$(
        #[test]
        fn $name() {
            $case.check();
        }
    )*};
}

mod answers;
mod lost;
mod refused;
mod stored;

use crate::support::parallel::in_parallel;
use crate::support::program::Run;
use crate::support::stand_in::{StandIn, id_text, options_with, text};
use hookferry::sandbox::{Switches, seeds};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One way in which the target fails, and how the migration must end nevertheless.
#[derive(Clone, Debug)]
struct Case {
    arguments: &'static str,
    settle: &'static str,
    faults: Vec<&'static str>,
    switches: Vec<&'static str>,
    source_switches: Vec<&'static str>,
    code: i32,
    arrives: Arrives,
    /// Whether the server stores other content than was sent.
    is_altered: bool,
    /// Texts that the program must print.
    printed: Vec<&'static str>,
    /// Exit code of the same command when it runs again without the run record.
    code_without_record: i32,
}

/// Which of the desired webhooks are in the target in the end.
#[derive(Clone, Debug)]
enum Arrives {
    All,
    AllBut(&'static str),
    Nothing,
}

/// Output and log format of a run.
#[derive(Clone, Copy, Debug)]
enum Format {
    Text,
    Json,
}

impl Case {
    fn new() -> Self {
        Self {
            arguments: "",
            settle: "300ms",
            faults: Vec::new(),
            switches: Vec::new(),
            source_switches: Vec::new(),
            code: 0,
            arrives: Arrives::All,
            is_altered: false,
            printed: Vec::new(),
            code_without_record: 0,
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

    /// The server stores other content than was sent; without the run record a second run ends with this code.
    fn altered(mut self, code_without_record: i32) -> Self {
        self.is_altered = true;
        self.code_without_record = code_without_record;
        self
    }

    fn prints(mut self, words: &'static str) -> Self {
        self.printed.push(words);
        self
    }

    /// Runs the case in both formats at once, because it spends most of its time waiting.
    fn check(&self) {
        for outcome in in_parallel(&[Format::Text, Format::Json], |format| {
            self.check_in(*format);
        }) {
            outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        }
    }

    fn check_in(&self, format: Format) {
        let mut options = options_with(seeds::demo(), &self.switches, &self.faults);
        options.source.switches = Switches::parse(&self.source_switches).unwrap();
        let accounts = StandIn::start(options);
        let preexisting = accounts.target().webhooks();
        let line = format!(
            "migrate --from [source] --to [target] --yes --rate 1000 --settle {} {}",
            self.settle, self.arguments
        );
        let run = match format {
            Format::Text => accounts.program(&format!("{line} -vvv")).run(),
            Format::Json => accounts
                .program(&format!("{line} --log-format json -o json"))
                .env("HOOKFERRY_LOG", "trace")
                .run(),
        };
        let in_target = accounts.target().webhooks();
        self.assert_target(
            &run,
            &accounts.source().webhooks(),
            &preexisting,
            &in_target,
        );
        if let Format::Json = format {
            self.assert_id_map(&run, &in_target);
        }
        self.assert_rerun_sends_nothing(&accounts, &line, &in_target);
    }

    fn assert_rerun_sends_nothing(&self, accounts: &StandIn, line: &str, in_target: &[Value]) {
        if !matches!(self.arrives, Arrives::All) {
            return;
        }
        let n_posts = accounts.posts().len();
        let line_without_record = format!(
            "{line} --state-dir {}",
            accounts.home().join("lost").display()
        );
        for (line, code) in [(line, 0), (&line_without_record, self.code_without_record)] {
            let again = accounts.program(line).run();
            again.assert_code(code);
            assert_eq!(accounts.posts().len(), n_posts, "{}", again.transcript());
        }
        assert_eq!(accounts.target().webhooks(), *in_target);
    }

    /// Compares the target with the source and with the target's own webhooks.
    fn assert_target(
        &self,
        run: &Run,
        source: &[Value],
        preexisting: &[Value],
        in_target: &[Value],
    ) {
        run.assert_code(self.code);
        assert_eq!(
            &in_target[..preexisting.len()],
            preexisting,
            "the target's own webhooks changed"
        );
        let desired: Vec<&Value> = source
            .iter()
            .filter(|webhook| self.should_arrive(webhook) || has_identical(webhook, preexisting))
            .collect();
        let relevant = in_target.iter().filter(|webhook| {
            let key = key(webhook);
            source.iter().any(|other| self::key(other) == key)
        });
        let counted = counts(relevant);
        assert_eq!(
            counted,
            counts(desired.iter().copied()),
            "{}",
            run.transcript()
        );
        if !self.is_altered {
            for webhook in desired {
                assert!(has_identical(webhook, in_target), "{}", webhook["alias"]);
            }
        }
        for words in &self.printed {
            assert!(
                run.output().contains(words),
                "{words:?}\n{}",
                run.transcript()
            );
        }
    }

    fn should_arrive(&self, webhook: &Value) -> bool {
        match self.arrives {
            Arrives::All => true,
            Arrives::AllBut(alias) => text(webhook, "alias") != alias,
            Arrives::Nothing => false,
        }
    }

    /// Asserts that every new id that the program reports belongs to the right webhook.
    fn assert_id_map(&self, run: &Run, in_target: &[Value]) {
        let document: Value = serde_json::from_str(&run.stdout).unwrap();
        for row in document["webhooks"].as_array().unwrap() {
            let id = &row["target_id"];
            if id.is_null() {
                assert!(!matches!(self.arrives, Arrives::All), "no id: {row}");
                continue;
            }
            let webhook = in_target
                .iter()
                .find(|webhook| id_text(&webhook["id"]) == id_text(id))
                .unwrap();
            assert_eq!(
                normalized(text(webhook, "alias")),
                normalized(text(row, "alias"))
            );
            assert_eq!(webhook["integration_type_id"], row["type_id"]);
        }
    }
}

/// Alias and type, normalized as a server that normalizes aliases would store them.
fn key(webhook: &Value) -> (String, u64) {
    (
        normalized(text(webhook, "alias")),
        webhook["integration_type_id"].as_u64().unwrap(),
    )
}

fn normalized(alias: &str) -> String {
    alias.trim().to_lowercase()
}

fn counts<'v>(webhooks: impl Iterator<Item = &'v Value>) -> BTreeMap<(String, u64), usize> {
    let mut counts = BTreeMap::new();
    for webhook in webhooks {
        *counts.entry(key(webhook)).or_default() += 1;
    }
    counts
}

/// Whether one of `others` has the same content, byte for byte.
fn has_identical(webhook: &Value, others: &[Value]) -> bool {
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
