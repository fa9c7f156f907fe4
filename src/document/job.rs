//! A schedule as a scheduler runs it: when to run what, with which files and secrets.
//! Names the location of each secret, and never holds its value.

pub(crate) mod mounts;

/// A schedule as a scheduler runs it; every character of its texts is visible.
#[derive(Debug, Clone)]
pub struct ScheduleJob {
    /// Its name in the config file: letters, digits, `-` and `_`.
    pub name: String,
    /// When it is due, in UTC: the five fields of cron.
    pub cron_fields: String,
    /// The same for systemd's `OnCalendar=`.
    pub systemd_calendar: String,
    /// The same in words.
    pub description: String,
    /// The shortest time between two runs, in minutes.
    pub shortest_gap: u32,
    /// The accounts that it backs up.
    pub accounts: Vec<AccountJob>,
    /// The repository that receives the backups.
    pub repo: Repo,
    /// The path of the recipients file; `None` if the schedule names none.
    pub recipients_file: Option<String>,
    /// The location of the heartbeat URL, to which every run reports; `None` without a heartbeat.
    pub heartbeat: Option<SecretLocation>,
    /// The absolute path of the metrics file.
    pub metrics_file: Option<String>,
    /// The absolute path of the status file.
    pub status_file: Option<String>,
    /// The config file that the run reads.
    pub config: String,
}

/// An account to back up.
#[derive(Debug, Clone)]
pub struct AccountJob {
    /// Its profile.
    pub profile: String,
    /// The location of its API key.
    pub key: SecretLocation,
}

/// The location of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretLocation {
    /// In an environment variable.
    Env(String),
    /// In a file; a relative path starts at the folder of the config file.
    File(String),
    /// In the output of a program; holds the program's name.
    Command(String),
}

/// The repository that receives the backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repo {
    /// A folder, by its absolute path.
    Folder(String),
    /// An object store, by its `s3://` URL.
    ObjectStore(String),
}

/// The scheduler that runs the schedule, with what it needs besides.
#[derive(Debug, Clone)]
pub enum Backend {
    /// systemd: a service and a timer.
    Systemd {
        /// The program's path.
        binary: String,
    },
    /// cron: a line of a crontab.
    Cron {
        /// The program's path.
        binary: String,
    },
    /// Kubernetes: a `CronJob`.
    Kubernetes {
        /// The container image.
        image: String,
    },
    /// GitHub Actions: a workflow.
    GithubActions,
}

/// The variables that give a run access to an object store.
const STORE_VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"];

impl ScheduleJob {
    pub(crate) fn profiles(&self) -> String {
        let profiles = self.accounts.iter().map(|account| account.profile.as_str());
        profiles.collect::<Vec<&str>>().join(", ")
    }

    /// Each secret with its name in messages and its location: first the API keys, then the heartbeat URL.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (String, &SecretLocation)> {
        let keys = self.accounts.iter().map(|account| {
            let name = format!("the API key of {}", account.profile);
            (name, &account.key)
        });
        let heartbeat = self.heartbeat.iter();
        keys.chain(heartbeat.map(|location| ("the heartbeat URL".to_owned(), location)))
    }

    /// The environment variables that a run needs, without duplicates, each with a description of its content.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        let mut variables: Vec<(String, String)> = Vec::new();
        for (what, location) in self.secrets() {
            if let SecretLocation::Env(name) = location
                && variables.iter().all(|(other, _)| other != name)
            {
                variables.push((name.clone(), what));
            }
        }
        if let Repo::ObjectStore(_) = self.repo {
            for name in STORE_VARIABLES {
                if variables.iter().all(|(other, _)| other != name) {
                    variables.push((name.to_owned(), "access to the bucket".to_owned()));
                }
            }
        }
        variables
    }

    /// The folders that a run writes to, without duplicates.
    pub fn written_folders(&self) -> Vec<String> {
        let backups = self.backup_folder().into_iter();
        backups.chain(self.report_folders()).collect()
    }

    /// The folder of the backups; `None` if they go to an object store.
    pub(crate) fn backup_folder(&self) -> Option<String> {
        match &self.repo {
            Repo::Folder(folder) => Some(normalize_slashes(folder)),
            Repo::ObjectStore(_) => None,
        }
    }

    /// The other folders that a run writes to, for metrics and the status, without duplicates.
    pub(crate) fn report_folders(&self) -> Vec<String> {
        let backups = self.backup_folder();
        let mut folders = Vec::new();
        let files = [&self.metrics_file, &self.status_file];
        for file in files.into_iter().flatten() {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = normalize_slashes(folder);
            if !folders.contains(&folder) && backups.as_ref() != Some(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// Resolves a path of the config file against the folder of that file.
    pub(crate) fn resolve_config_path(&self, path: &str) -> String {
        if path.starts_with('/') {
            return path.to_owned();
        }
        let folder = self
            .config
            .rsplit_once('/')
            .map_or(".", |(folder, _)| folder);
        format!("{folder}/{path}")
    }
}

/// The path without doubled and trailing slashes, so that paths can be compared.
pub(crate) fn normalize_slashes(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// A path that the job needs both as a file and as a folder of a container; `None` if there is none.
pub fn clash_in_container(job: &ScheduleJob) -> Option<String> {
    let job = mounts::in_container(job);
    mounts::Mounts::new(&job).clash().map(str::to_owned)
}
