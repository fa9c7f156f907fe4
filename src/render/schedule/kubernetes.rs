//! Renders a schedule for Kubernetes: a `CronJob` with few permissions, and the volume for a folder of backups.

mod manifest;

use super::quoting::shell;
use super::{GeneratedFile, header};
use crate::document::job::ScheduleJob;
use crate::document::job::mounts::{Mounts, in_container};
use ring::digest::{SHA256, digest};
use std::fmt::Write as _;

/// The maximum length of a `CronJob`'s name.
const MAX_NAME_LEN: usize = 52;

/// The manifest.
pub(super) fn file(job: &ScheduleJob, image: &str) -> GeneratedFile {
    let config = job.config.clone();
    let recipients = job
        .recipients_file
        .as_ref()
        .map(|path| job.resolve_config_path(path));
    let sources = Sources { config, recipients };
    let job = &in_container(job);
    let object = object_name(&job.name);
    let name = format!("{object}.yaml");
    let mounts = Mounts::new(job);
    let mut text = header(job, &name);
    text += &installation_steps(job, &sources, image, &mounts);
    if mounts.has_backups() {
        text += &manifest::volume_claim(&object);
    }
    text += &manifest::cron_job(job, &object, image, &mounts);
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

/// The paths, on the user's machine, of the files that go into the config map.
struct Sources {
    config: String,
    recipients: Option<String>,
}

fn installation_steps(
    job: &ScheduleJob,
    sources: &Sources,
    image: &str,
    mounts: &Mounts,
) -> String {
    let object = object_name(&job.name);
    let recipients = match &sources.recipients {
        Some(path) if mounts.has_recipients() => {
            format!(" \\\n#          --from-file=recipients={}", shell(path))
        }
        _ => String::new(),
    };
    let mut out = format!(
        "# Once, in the namespace where it will run:
#   1. the image: build {image} from docs/container/Containerfile, and push it to a registry that the cluster uses
#   2. the config file, which contains no key:
#        kubectl create configmap {object} --from-file=config.toml={config}{recipients}
",
        image = shell(image),
        config = shell(&sources.config),
    );
    let mut n = 3;
    let secret = secret_step(job, &object, mounts);
    if !secret.is_empty() {
        let _ = write!(
            out,
            "#   3. the secrets, each in a separate file that you delete afterwards:\n{secret}"
        );
        n += 1;
    }
    let _ = writeln!(
        out,
        "#   {n}. kubectl apply -f {object}.yaml\n\
         # Test it:        kubectl create job --from=cronjob/{object} {object}-now && kubectl logs -f job/{object}-now\n\
         # Failure alerts: a heartbeat in the config file, or an alert on\n\
         #   kube_job_status_failed{{job_name=~\"{object}-.*\"}} > 0"
    );
    for file in [&job.metrics_file, &job.status_file].into_iter().flatten() {
        if !mounts.persists(file) {
            let _ = writeln!(
                out,
                "# {} disappears with the pod: nothing can read it.",
                shell(file)
            );
        }
    }
    out
}

/// The command that creates the secret; empty if the job needs none.
fn secret_step(job: &ScheduleJob, object: &str, mounts: &Mounts) -> String {
    let variables = job.variables();
    let names = variables.iter().map(|(name, _)| name.as_str());
    let names: Vec<&str> = mounts.secret_keys().chain(names).collect();
    if names.is_empty() {
        return String::new();
    }
    let mut out = format!("#        kubectl create secret generic {object}");
    for name in names {
        let _ = write!(out, " \\\n#          --from-file={name}=./{name}");
    }
    out.push('\n');
    for (name, what) in &variables {
        let _ = writeln!(out, "#        {name}: {what}; without a trailing newline");
    }
    out
}
