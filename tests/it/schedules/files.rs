//! The files that make a scheduler run a schedule, as a user and as the scheduler's own tools read them.

mod escaping;
mod examples;
mod snapshots;
mod tools;

use hookferry::cli::{BackendArg, ConfigArgs, SchedulePrintArgs};
use hookferry::error::Error;
use hookferry::render::schedule::{GeneratedFile, files};
use hookferry::settings::SchedulePrintSettings;
use hookferry::settings::config::{Config, ConfigLocation, parse};
use std::path::PathBuf;

/// A config file at a path, in memory.
fn config(path: &str, text: &str) -> Config {
    let contents = parse(text).unwrap_or_else(|misread| panic!("{text}\n{misread:?}"));
    Config {
        location: ConfigLocation {
            path: Some(PathBuf::from(path)),
            is_explicit: true,
        },
        exists: true,
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
fn print(config: &Config, arguments: &SchedulePrintArgs) -> Result<Vec<GeneratedFile>, Error> {
    let settings = SchedulePrintSettings::from_config(config, arguments)?;
    Ok(files(&settings.job, &settings.backend))
}
