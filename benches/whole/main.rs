//! Whole processes against the same server: the vendor's recipe, `curl | jq | curl`, and `hookferry migrate`.
//!
//! `cargo bench --bench whole`, with `-- --quick` for fewer runs and webhooks.

#[path = "../webhooks.rs"]
mod webhooks;

mod contestants;
mod link;
mod measure;
mod server;

use contestants::{hookferry, recipe, version};
use measure::median;
use server::Accounts;
use std::error::Error;
use std::ffi::OsString;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    match arguments.first().and_then(|word| word.to_str()) {
        Some("serve") => {
            let n = arguments[1].to_str().ok_or("a number")?.parse()?;
            server::serve(n)?;
            Ok(ExitCode::SUCCESS)
        }
        Some("measure") => measure::measure(&arguments[1..]),
        _ => compare(&arguments),
    }
}

fn compare(arguments: &[OsString]) -> Result<ExitCode, Box<dyn Error>> {
    let n: usize = std::env::var("N")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(100_000);
    let runs: usize = std::env::var("RUNS")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    let rtt: u64 = std::env::var("RTT")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(0);
    let _ = arguments;
    let mut all = Vec::new();
    for _ in 0..runs {
        let folder = tempfile::tempdir()?;
        let accounts = Accounts::start(n)?;
        let round_trip = Duration::from_millis(rtt);
        let link = |to| {
            if rtt == 0 {
                Ok(to)
            } else {
                link::open(to, round_trip)
            }
        };
        let theirs = recipe(
            link(accounts.source)?,
            link(accounts.target)?,
            folder.path(),
        )?;
        drop(accounts);
        let accounts = Accounts::start(n)?;
        let (source, target) = (link(accounts.source)?, link(accounts.target)?);
        let first = hookferry(source, target, folder.path())?;
        let again = hookferry(source, target, folder.path())?;
        println!("recipe {theirs:?}\nfirst {first:?}\nagain {again:?}");
        all.push((theirs, first, again));
    }
    let folder = tempfile::tempdir()?;
    let starts: Vec<_> = (0..20)
        .map(|_| version(folder.path()))
        .collect::<Result<_, _>>()?;
    println!("version {:?}", median(starts.iter().map(|cost| cost.wall)));
    let cpu = |d: Duration| d.as_secs_f64();
    println!(
        "recipe cpu {:.3} jq mem {} | first cpu {:.3} mem {} ratio {:.3} mem {:.3} wall {:.3} | again cpu {:.3} mem {}",
        median(all.iter().map(|x| cpu(x.0.all.processor))),
        median(all.iter().map(|x| x.0.jq.memory)),
        median(all.iter().map(|x| cpu(x.1.processor))),
        median(all.iter().map(|x| x.1.memory)),
        median(
            all.iter()
                .map(|x| cpu(x.1.processor) / cpu(x.0.all.processor))
        ),
        median(all.iter().map(|x| x.1.memory as f64 / x.0.jq.memory as f64)),
        median(all.iter().map(|x| cpu(x.1.wall) / cpu(x.0.all.wall))),
        median(all.iter().map(|x| cpu(x.2.processor))),
        median(all.iter().map(|x| x.2.memory)),
    );
    Ok(ExitCode::SUCCESS)
}
