//! Fills the template of a `CronJob` with few permissions, and of the volume for a folder of backups.

use super::super::escape::fill_file;
use super::super::filters;
use super::{GeneratedFile, origin};
use crate::document::job::ScheduleJob;
use crate::document::job::mounts::{MountedFolder, Mounts, in_container};
use askama::Template;
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;

/// The maximum length of a `CronJob`'s name.
const MAX_NAME_LEN: usize = 52;

#[derive(Template)]
#[template(path = "schedule/kubernetes.yaml")]
struct Manifest<'j> {
    origin: String,
    /// The name of every object.
    object: &'j str,
    image: &'j str,
    /// With its paths in the container.
    job: &'j ScheduleJob,
    mounts: Mounts,
    /// The paths, on the user's machine, of the files that go into the config map.
    config_source: &'j str,
    recipients_source: Option<String>,
    /// The keys of the secret.
    secret_names: Vec<String>,
    /// Files that a run writes and nobody can read.
    lost_files: Vec<&'j str>,
    /// In seconds.
    deadline: u32,
}

/// The manifest.
pub(super) fn file(job: &ScheduleJob, image: &str) -> GeneratedFile {
    let object = object_name(&job.name);
    let inside = in_container(job);
    let mounts = Mounts::new(&inside);
    let variables = inside.variables().into_iter().map(|(name, _)| name);
    let reports = [&inside.metrics_file, &inside.status_file];
    let reports = reports.into_iter().flatten().map(String::as_str);
    let recipients = job.recipients_file.as_ref();
    let manifest = Manifest {
        origin: origin(job),
        object: &object,
        image,
        job: &inside,
        config_source: &job.config,
        recipients_source: recipients
            .filter(|_| mounts.has_recipients())
            .map(|path| job.resolve_config_path(path)),
        secret_names: mounts
            .secret_keys()
            .map(str::to_owned)
            .chain(variables)
            .collect(),
        lost_files: reports.filter(|file| !mounts.persists(file)).collect(),
        mounts,
        deadline: (job.shortest_gap * 60).min(3600),
    };
    let text = fill_file(&manifest);
    let name = format!("{object}.yaml");
    GeneratedFile { name, text }
}

/// A name that Kubernetes accepts; a name that had to be changed ends in a digest, so that no two names collide.
fn object_name(schedule: &str) -> String {
    let plain_name = format!("hookferry-{schedule}");
    let is_allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_good = plain_name.len() <= MAX_NAME_LEN && plain_name.chars().all(is_allowed);
    if is_good && !plain_name.ends_with('-') {
        return plain_name;
    }
    let mut digits = String::new();
    for byte in &digest(&SHA256, schedule.as_bytes()).as_ref()[..4] {
        // Writing to a string cannot fail.
        let _ = write!(digits, "{byte:02x}");
    }
    let lower = plain_name.to_ascii_lowercase().replace('_', "-");
    let head: String = lower.chars().take(MAX_NAME_LEN - 9).collect();
    format!("{}-{digits}", head.trim_end_matches('-'))
}
