//! A schedule as the files that make a scheduler run it: whole, with how to install them at their head.
//! Pure. Says where secrets are, and knows none. Every file calls `hookferry run-schedule` and nothing else.

mod cron;
mod github_actions;
mod kubernetes;
pub mod list;
mod quoting;
mod systemd;

use crate::document::job::{Backend, Job};

/// A file that makes a scheduler run a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// The files for a backend.
pub fn files(job: &Job, backend: &Backend) -> Vec<File> {
    match backend {
        Backend::Systemd { binary } => systemd::files(job, binary),
        Backend::Cron { binary, fields } => vec![cron::file(job, binary, fields)],
        Backend::Kubernetes { image, fields } => vec![kubernetes::file(job, image, fields)],
        Backend::GithubActions { fields } => vec![github_actions::file(job, fields)],
    }
}

/// Several files as one text, each below a line with its name.
pub fn text(files: &[File]) -> String {
    let [only] = files else {
        let parts = files.iter().map(|file| {
            let line = format!("######## file {} ", file.name);
            format!("{line:#<100}\n{}", file.text)
        });
        return parts.collect::<Vec<String>>().join("\n");
    };
    only.text.clone()
}

/// Whether a file was made for that schedule by this program, so that it may be replaced.
pub fn is_own(job: &Job, text: &str) -> bool {
    text.lines().take(4).any(|line| line == mark(job))
}

/// The line by which a file says what made it.
fn mark(job: &Job) -> String {
    format!(
        "# Made by hookferry from [schedule.{}]; when that changes, print this anew instead of editing it.",
        job.name
    )
}

/// The beginning of a file: its name, what it does and what made it.
fn head(job: &Job, name: &str) -> String {
    format!(
        "# {name}: backs up {}, {}\n{}\n#\n",
        job.profiles(),
        job.when,
        mark(job)
    )
}
