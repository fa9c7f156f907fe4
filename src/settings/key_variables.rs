//! The environment variables that lead to keys: no rule and no program that a file names gets them.

use super::config::Config;
use super::profiles::KeySource;
use super::schedules::HeartbeatSource;
use crate::coralogix::account::Side;

/// The names of the variables that hold a key, or the path of one, by the environment or by the config file.
#[derive(Debug, Clone)]
pub struct KeyVariables(Vec<String>);

impl KeyVariables {
    /// Those that hookferry reads without any config file.
    pub(super) fn of_environment() -> Self {
        let names = [Side::Source, Side::Target].map(Side::key_variable);
        let with_files = names
            .iter()
            .flat_map(|name| [(*name).to_owned(), format!("{name}_FILE")]);
        Self(with_files.collect())
    }

    /// These, and those that the config file names.
    pub(super) fn of_config(config: &Config) -> Self {
        let Self(mut names) = Self::of_environment();
        for profile in &config.profiles {
            if let Some(KeySource::Env(name)) = &profile.key {
                names.push(name.clone());
            }
        }
        for schedule in &config.schedules {
            if let Some(HeartbeatSource::Env(name)) = &schedule.heartbeat {
                names.push(name.clone());
            }
        }
        Self(names)
    }

    /// Whether a variable is one of them.
    pub(super) fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|key| key == name)
    }

    /// Keeps all of them from a program.
    pub(super) fn hide_from(&self, program: &mut tokio::process::Command) {
        for name in &self.0 {
            program.env_remove(name);
        }
    }
}
