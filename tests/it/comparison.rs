//! hookferry compared with what people do without it: three clients meet the same failures, and the target's true state
//! afterwards decides. The resulting table is a snapshot.

mod clients;
mod scenarios;
mod verdict;

use crate::support::parallel::in_parallel;
use clients::Client;
use scenarios::{Scenario, scenarios};
use std::fmt::Write as _;
use verdict::Verdict;

const LEGEND: &str = "
12 webhooks are to be copied. A client that fails is run once more, as its user would.
recipe         GET all, delete the ids, POST all to integrations-bulk, as with curl -f
blind retries  the same by an HTTP library that follows redirects and sends again, up to three times,
               after a lost connection, a timeout, 429 and 5xx
-              does not concern this client
lost           could have arrived and did not
refused        the target takes it from nobody
said done      the last run ended as a success, though something is lost, too many or refused
said failed    the last run ended as a failure, and everything is there, once
";

#[test]
fn three_clients_meet_the_same_failures() {
    let scenarios = scenarios();
    let runs: Vec<(&Scenario, Client)> = scenarios
        .iter()
        .flat_map(|scenario| Client::ALL.map(|client| (scenario, client)))
        .collect();
    let outcomes = in_parallel(&runs, |(scenario, client)| scenario.play(*client));
    let mut verdicts = Vec::new();
    for ((scenario, client), outcome) in runs.iter().zip(outcomes) {
        let verdict = outcome.unwrap_or_else(|_| panic!("{}, {client:?}", scenario.name));
        if let (Client::Hookferry, Some(verdict)) = (client, &verdict) {
            assert!(verdict.is_ok(), "{}: {verdict}", scenario.name);
        }
        verdicts.push(verdict);
    }
    let rows: Vec<&[Option<Verdict>]> = verdicts.chunks(Client::ALL.len()).collect();
    snapshots!();
    insta::assert_snapshot!(table(&scenarios, &rows));
}

/// One line per scenario, and the totals of each client.
fn table(scenarios: &[Scenario], rows: &[&[Option<Verdict>]]) -> String {
    let mut lines = vec![
        ["scenario", "hookferry", "recipe", "blind retries"].map(str::to_owned),
        Default::default(),
    ];
    for (scenario, row) in scenarios.iter().zip(rows) {
        let cell = |client: usize| {
            let verdict = row[client].as_ref();
            verdict.map_or("-".to_owned(), Verdict::to_string)
        };
        lines.push([scenario.name.to_owned(), cell(0), cell(1), cell(2)]);
    }
    lines.push(Default::default());
    let total = |name: &str, count: fn(&Verdict) -> usize| {
        let sum = |client: usize| {
            let verdicts = rows.iter().filter_map(|row| row[client].as_ref());
            verdicts.map(count).sum::<usize>().to_string()
        };
        [name.to_owned(), sum(0), sum(1), sum(2)]
    };
    lines.push(total("scenarios met", |_| 1));
    lines.push(total("  ended well", |verdict| verdict.is_ok().into()));
    lines.push(total("  said done, and was not", |verdict| {
        verdict.is_false_success().into()
    }));
    lines.push(total("webhooks lost", |verdict| verdict.n_lost));
    lines.push(total("webhooks too many", Verdict::n_surplus));
    lines.push(total("own webhooks changed", |verdict| verdict.n_changed));
    align(&lines)
}

fn align(lines: &[[String; 4]]) -> String {
    let width = |column: usize| {
        let widths = lines.iter().map(|line| line[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let [name, first, second] = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [scenario, hookferry, recipe, retries] in lines {
        let line = format!("{scenario:name$}  {hookferry:first$}  {recipe:second$}  {retries}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str(LEGEND);
    text
}
