//! The files that make a scheduler run a schedule, as a user and as the scheduler's own tools read them.

mod escaping;
mod snapshots;
mod tools;

use hookferry::cli::{BackendArg, ConfigArgs, SchedulePrintArgs};
use hookferry::error::Error;
use hookferry::render::schedule::{File, files};
use hookferry::settings::SchedulePrint;
use hookferry::settings::config::{Config, ConfigPlace, parse};
use std::path::PathBuf;

/// A config file at a path, in memory.
fn config(path: &str, text: &str) -> Config {
    let contents = parse(text).unwrap_or_else(|misread| panic!("{text}\n{misread:?}"));
    Config {
        place: ConfigPlace {
            path: Some(PathBuf::from(path)),
            is_named: true,
        },
        is_there: true,
        profiles: contents.profiles,
        schedules: contents.schedules,
    }
}

fn arguments(name: &str, backend: BackendArg) -> SchedulePrintArgs {
    SchedulePrintArgs {
        name: name.to_owned(),
        backend,
        binary: None,
        image: None,
        out: None,
        config: ConfigArgs { config: None },
    }
}

/// The files that `schedule print` prints; an error if the backend cannot run the schedule.
fn print(config: &Config, arguments: &SchedulePrintArgs) -> Result<Vec<File>, Error> {
    let settings = SchedulePrint::of(config, arguments)?;
    Ok(files(&settings.job, &settings.backend))
}
