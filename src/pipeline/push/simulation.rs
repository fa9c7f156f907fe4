//! Runs the state machine of a push against a simulated target, by the hundred thousand seeds.
//! A failing seed prints how to run it alone; the same seed is the same run everywhere.

// LIMITS: what the design allows to go wrong, and what the simulator therefore counts instead of failing.
//
// Duplicates by our own requests, each counted under "beyond the promise":
//  1. LateCommit: a request takes effect after the settle window (after a reset: after ten seconds of it).
//  2. LaggingList: the time of the effect and the lag of the list together exceed the settle window.
//  3. LagAfterReset: the same after a reset, where ten seconds are waited for though `--settle` is longer.
//  4. LagAfterRefusal: a 4xx or 429 after a part was created, from a server whose list lags. An answered 4xx
//     is followed by one look without a settle window, since halving would else take the run's whole patience;
//     once the list was seen to lag, a refusal gets the window too.
//
// Webhooks of others that cannot be told from ours; no duplicate comes of them:
//  5. A foreign twin (equal, of the same alias and type, or of the same type, url and fields) that appears
//     between a request and the look after it may be adopted, and then ours is listed as appeared. Where
//     twins are equal, which id stands for which want is arbitrary.
//  6. An answer that lists more than its request made, such as the whole account, may acknowledge a twin.
//  7. Ours that is removed before anybody saw it counts as not arrived, and is made again.
//  8. A stranger of the same type in that moment stops the run as unresolved where something else is missing.
//
// Not told apart because it does not matter:
//  9. Wants that the server stores alike (aliases that differ by what it tidies) count as copies of one.
// 10. A clock of `created_at` that is more than a minute behind `Date` makes a lost answer unresolved, and an
//     altered alias together with altered content then looks like a stranger.

mod check;
mod faults;
mod foreign;
mod object;
mod random;
mod regressions;
mod requests;
mod run;
mod server;
mod switches;
mod tally;
mod world;

use object::Contents;
use run::run;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use tally::Tally;

/// Seeds of an ordinary test run: what takes a few seconds without optimisation.
const SEEDS: u64 = 8_000;
/// Seeds that are taken at once.
const CHUNK: u64 = 500;

/// The number that an environment variable holds.
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.replace('_', "").parse().ok()
}

/// Runs all seeds below the bound on all cores.
fn all(n_seeds: u64) -> Tally {
    let next = AtomicU64::new(0);
    let whole = Mutex::new(Tally::default());
    let work = || {
        let mut contents = Contents::default();
        let mut tally = Tally::default();
        loop {
            let first = next.fetch_add(CHUNK, Ordering::Relaxed);
            if first >= n_seeds {
                break;
            }
            for seed in first..n_seeds.min(first + CHUNK) {
                tally.count(seed, &run(seed, &mut contents, false));
            }
        }
        whole.lock().expect("no test panics here").add(tally);
    };
    let n_threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..n_threads {
            scope.spawn(work);
        }
    });
    whole.into_inner().expect("no test panics here")
}

/// One seed with everything that happened in it.
fn replay(seed: u64) -> String {
    let result = run(seed, &mut Contents::default(), true);
    format!(
        "seed {seed}: {:#?}\n{}\nbeyond the promise: {:?}; stop: {:?}\nviolations: {:#?}\n\
         again: HOOKFERRY_SIMULATION_SEED={seed} cargo test --lib simulation -- --nocapture",
        result.switches, result.story, result.excuses, result.stop, result.violations
    )
}

fn print(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[test]
fn no_push_makes_a_duplicate_or_loses_a_webhook_silently() {
    if let Some(seed) = setting("HOOKFERRY_SIMULATION_SEED") {
        let story = replay(seed);
        print(&story);
        assert!(story.contains("violations: []"));
        return;
    }
    let asked = setting("HOOKFERRY_SIMULATION_SEEDS");
    let tally = all(asked.unwrap_or(SEEDS));
    if asked.is_some() {
        print(&tally.to_string());
    }
    if let Some(seed) = tally.failing.first() {
        panic!(
            "{} seeds fail: {:?}\n{}",
            tally.failing.len(),
            tally.kinds,
            replay(*seed)
        );
    }
}
