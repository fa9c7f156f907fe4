//! The files and folders that a container mounts, and their paths.

use super::{ScheduleJob, SecretLocation};
use std::collections::BTreeMap;

/// The path of the config file in the container.
pub(crate) const CONFIG: &str = "/etc/hookferry/config.toml";

/// The purpose of a mounted folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MountedFolder {
    Backups,
    /// A folder whose content disappears with the pod; holds its number.
    Ephemeral(usize),
}

impl MountedFolder {
    /// The name of its volume.
    pub(crate) fn volume(self) -> String {
        match self {
            Self::Backups => "backups".to_owned(),
            Self::Ephemeral(n) => format!("passing-{n}"),
        }
    }
}

/// The object that supplies a file of the container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileOrigin {
    /// A key of the config map.
    ConfigMap(&'static str),
    /// A key of the secret.
    Secret(String),
}

impl FileOrigin {
    /// The name of its volume.
    pub(crate) fn volume(&self) -> &'static str {
        match self {
            Self::ConfigMap(_) => "config",
            Self::Secret(_) => "secrets",
        }
    }

    /// The key of the object that has the content.
    pub(crate) fn key(&self) -> &str {
        match self {
            Self::ConfigMap(key) => key,
            Self::Secret(key) => key,
        }
    }
}

/// Everything that the container mounts, by path.
pub(crate) struct Mounts {
    pub(crate) files: BTreeMap<String, FileOrigin>,
    pub(crate) folders: BTreeMap<String, MountedFolder>,
}

impl Mounts {
    /// The mounts for everything that a run reads and writes.
    pub(crate) fn new(job: &ScheduleJob) -> Self {
        let mut files = BTreeMap::new();
        files.insert(CONFIG.to_owned(), FileOrigin::ConfigMap("config.toml"));
        if let Some(path) = &job.recipients_file {
            let path = normalize_path(&job.resolve_config_path(path));
            let origin = FileOrigin::ConfigMap("recipients");
            files.entry(path).or_insert(origin);
        }
        // Environment variables have no dot in their names, and the suffixes differ, so these keys never collide.
        let keys = job.accounts.iter();
        let keys = keys.map(|account| (format!("{}.key", account.profile), &account.key));
        let heartbeat = job
            .heartbeat
            .iter()
            .map(|location| ("heartbeat.url".to_owned(), location));
        for (key, location) in keys.chain(heartbeat) {
            if let SecretLocation::File(path) = location {
                let path = normalize_path(&job.resolve_config_path(path));
                files.entry(path).or_insert(FileOrigin::Secret(key));
            }
        }
        let backups = job.backup_folder();
        let mut ephemeral = job.written_folders();
        // A folder inside the volume of the backups needs no volume of its own.
        let is_inside = |folder: &String| {
            let rest = backups
                .as_ref()
                .and_then(|root| folder.strip_prefix(root.as_str()));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        ephemeral.retain(|folder| !is_inside(folder));
        ephemeral.sort();
        ephemeral.dedup();
        let numbered = ephemeral
            .into_iter()
            .zip((0..).map(MountedFolder::Ephemeral));
        let mut folders: BTreeMap<String, MountedFolder> = numbered.collect();
        folders.extend(backups.map(|folder| (folder, MountedFolder::Backups)));
        Self { files, folders }
    }

    /// A path that is mounted both as a file and as a folder; `None` if there is none.
    pub(crate) fn clash(&self) -> Option<&str> {
        let mut files = self.files.keys().map(String::as_str);
        files.find(|path| self.folders.contains_key(*path))
    }

    /// The keys of the secret that are mounted as files.
    pub(crate) fn secret_keys(&self) -> impl Iterator<Item = &str> {
        self.files.values().filter_map(|origin| match origin {
            FileOrigin::Secret(key) => Some(key.as_str()),
            FileOrigin::ConfigMap(_) => None,
        })
    }

    /// Whether it mounts a secret as a file.
    pub(crate) fn has_secrets(&self) -> bool {
        self.secret_keys().next().is_some()
    }

    /// Whether a volume holds the backups.
    pub(crate) fn has_backups(&self) -> bool {
        self.folders
            .values()
            .any(|folder| *folder == MountedFolder::Backups)
    }

    /// Whether a file survives the end of the pod.
    pub(crate) fn persists(&self, file: &str) -> bool {
        let folder = self
            .folders
            .iter()
            .filter(|(folder, _)| file.starts_with(&format!("{folder}/")));
        let innermost = folder.max_by_key(|(folder, _)| folder.len());
        matches!(innermost, Some((_, MountedFolder::Backups)))
    }

    /// Whether the container mounts a recipients file.
    pub(crate) fn has_recipients(&self) -> bool {
        let is_it = |origin: &FileOrigin| *origin == FileOrigin::ConfigMap("recipients");
        self.files.values().any(is_it)
    }
}

/// The job with the paths that it has in the container.
pub(crate) fn in_container(job: &ScheduleJob) -> ScheduleJob {
    ScheduleJob {
        config: CONFIG.to_owned(),
        ..job.clone()
    }
}

/// The path without `.`, `..` and doubled slashes; a container has no symbolic links that would change the meaning
/// of `..`.
fn normalize_path(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
