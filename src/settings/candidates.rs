//! Completions for a command line: profiles, regions, runs and schedules.
//! A file that cannot be read adds nothing and reports nothing, because the user is in the middle of a line.

use super::config::{Config, ConfigLocation};
use super::records::StateFolder;
use crate::cli::CompletionSources;
use crate::coralogix::region::Region;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Completions for a command line, given the words typed so far.
pub fn completion_sources(words: &[OsString]) -> CompletionSources {
    let config = flag_value(words, "--config");
    let state = flag_value(words, "--state-dir");
    let schedules_config = config.clone();
    CompletionSources {
        accounts: Arc::new(move || account_names(config.as_deref())),
        runs: Arc::new(move || run_ids(state.clone())),
        schedules: Arc::new(move || schedule_names(schedules_config.as_deref())),
    }
}

fn account_names(config: Option<&Path>) -> Vec<String> {
    let config = Config::read(ConfigLocation::find(config));
    let mut names: Vec<String> = match &config {
        Ok(config) => config.profile_names().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    };
    names.extend(Region::all().map(|region| region.code().to_owned()));
    names
}

fn schedule_names(config: Option<&Path>) -> Vec<String> {
    let Ok(config) = Config::read(ConfigLocation::find(config)) else {
        return Vec::new();
    };
    let names = config.schedules.into_iter().map(|schedule| schedule.name);
    names.collect()
}

/// `latest`, then every run id, newest first.
fn run_ids(state: Option<PathBuf>) -> Vec<String> {
    let folder = StateFolder::resolve(state);
    let ids = match folder.runs().map(|runs| runs.ids()) {
        Ok(Ok(ids)) => ids,
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let latest = (!ids.is_empty()).then(|| "latest".to_owned());
    latest.into_iter().chain(ids.into_iter().rev()).collect()
}

/// The value of a flag among words that may not be a complete command line yet.
fn flag_value(words: &[OsString], name: &str) -> Option<PathBuf> {
    let mut words = words.iter().filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix(name) {
            // Bash splits `--config=FILE` into three words.
            Some("") => words.next().and_then(|next| match next {
                "=" => words.next(),
                value => Some(value),
            }),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some(value) = value {
            return Some(PathBuf::from(value));
        }
    }
    None
}
