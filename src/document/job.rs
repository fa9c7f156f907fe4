//! A schedule as a scheduler has to know it: what is run when, with which files and secrets.
//! Says where secrets are, and knows none.

pub(crate) mod mounts;

/// A schedule as a scheduler has to know it; every character of its texts is visible.
#[derive(Debug, Clone)]
pub struct ScheduleJob {
    /// What the user calls it: letters, digits, `-` and `_`.
    pub name: String,
    /// When it is due, in the canonical calendar form, in UTC.
    pub calendar: String,
    /// The same for people.
    pub description: String,
    /// The fewest minutes between two runs.
    pub shortest_gap: u32,
    /// The accounts that it backs up.
    pub accounts: Vec<AccountJob>,
    /// Where backups go.
    pub repo: Repo,
    /// The file with recipients, if there is one.
    pub recipients_file: Option<String>,
    /// Where the URL is to which every run is reported.
    pub heartbeat: Option<SecretLocation>,
    /// The absolute path of the metrics file.
    pub metrics_file: Option<String>,
    /// The absolute path of the status file.
    pub status_file: Option<String>,
    /// The config file that the run reads.
    pub config: String,
}

/// An account that is backed up.
#[derive(Debug, Clone)]
pub struct AccountJob {
    /// Its profile.
    pub profile: String,
    /// Where its key is.
    pub key: SecretLocation,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretLocation {
    /// In an environment variable.
    Env(String),
    /// In a file; a relative one lies beside the config file.
    File(String),
    /// A program prints it; its name.
    Command(String),
}

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Repo {
    /// Into an absolute folder.
    Folder(String),
    /// Into an object store, by an `s3://` URL.
    ObjectStore(String),
}

/// What runs the schedule, and what it needs to know besides.
#[derive(Debug, Clone)]
pub enum Backend {
    /// A service and a timer of systemd.
    Systemd {
        /// The program's path.
        binary: String,
    },
    /// A line of a crontab.
    Cron {
        /// The program's path.
        binary: String,
        /// The five fields that say when.
        fields: String,
    },
    /// A `CronJob`.
    Kubernetes {
        /// The container image.
        image: String,
        /// The five fields that say when.
        fields: String,
    },
    /// A workflow.
    GithubActions {
        /// The five fields that say when.
        fields: String,
    },
}

/// Variables by which a run finds its way into an object store.
const STORE_VARIABLES: [&str; 3] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"];

impl ScheduleJob {
    pub(crate) fn profiles(&self) -> String {
        let profiles = self.accounts.iter().map(|account| account.profile.as_str());
        profiles.collect::<Vec<&str>>().join(", ")
    }

    /// What the program calls the secret, and where it is: the keys, then the heartbeat's URL.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = (String, &SecretLocation)> {
        let keys = self.accounts.iter().map(|account| {
            let name = format!("the API key of {}", account.profile);
            (name, &account.key)
        });
        let heartbeat = self.heartbeat.iter();
        keys.chain(heartbeat.map(|location| ("the heartbeat's URL".to_owned(), location)))
    }

    /// The variables that a run needs, each once, with what each holds.
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

    /// The folders that a run writes to, each once.
    pub fn written_folders(&self) -> Vec<String> {
        let mut folders = Vec::new();
        if let Repo::Folder(folder) = &self.repo {
            folders.push(normalize_slashes(folder));
        }
        let files = [&self.metrics_file, &self.status_file];
        for file in files.into_iter().flatten() {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let folder = normalize_slashes(folder);
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        folders
    }

    /// A path of the config file, made absolute by the folder of the config file.
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

/// The path as one that can be compared: no doubled slash, none at the end.
pub(crate) fn normalize_slashes(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

/// A path that would have to be a file and a folder of a container at once.
pub fn clash_in_container(job: &ScheduleJob) -> Option<String> {
    let job = mounts::in_container(job);
    mounts::Mounts::new(&job).clash().map(str::to_owned)
}
