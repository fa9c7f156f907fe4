//! Completions for a command line: profiles, regions, runs and schedules.
//! A file that cannot be read adds nothing and reports nothing, because the user is in the middle of a line.

use super::config::{Config, ConfigPlace};
use super::records::StateFolder;
use crate::cli::Candidates;
use crate::coralogix::region::Region;
use crate::store::runs::Runs;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Completions for a command line, given the words typed so far.
pub fn candidates(words: &[OsString]) -> Candidates {
    let config = flag(words, "--config");
    let state = flag(words, "--state-dir");
    let config_again = config.clone();
    Candidates {
        accounts: Arc::new(move || accounts(config.as_deref())),
        runs: Arc::new(move || runs(state.clone())),
        schedules: Arc::new(move || schedules(config_again.as_deref())),
    }
}

fn accounts(config: Option<&Path>) -> Vec<String> {
    let config = Config::read(ConfigPlace::find(config));
    let mut names: Vec<String> = match &config {
        Ok(config) => config.names().map(str::to_owned).collect(),
        Err(_) => Vec::new(),
    };
    names.extend(Region::all().map(|region| region.code().to_owned()));
    names
}

fn schedules(config: Option<&Path>) -> Vec<String> {
    let Ok(config) = Config::read(ConfigPlace::find(config)) else {
        return Vec::new();
    };
    let names = config.schedules.into_iter().map(|schedule| schedule.name);
    names.collect()
}

/// `latest`, then every run id, newest first.
fn runs(state: Option<PathBuf>) -> Vec<String> {
    let folder = StateFolder::resolve(state);
    let ids = match folder.path().map(|folder| Runs::new(folder).ids()) {
        Ok(Ok(ids)) => ids,
        Ok(Err(_)) | Err(_) => Vec::new(),
    };
    let latest = (!ids.is_empty()).then(|| "latest".to_owned());
    latest.into_iter().chain(ids.into_iter().rev()).collect()
}

/// The value of a flag among words that may not be a complete command line yet.
fn flag(words: &[OsString], name: &str) -> Option<PathBuf> {
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
