//! Fills the templates of a sandboxed oneshot service and of its timer.

use super::super::escape::fill_file;
use super::super::filters;
use super::{GeneratedFile, origin};
use crate::document::job::{ScheduleJob, SecretLocation};
use askama::Template;

/// The folder in which systemd puts the credentials of services, in one folder for each unit.
const CREDENTIALS: &str = "/run/credentials/";
const HOMES: &[&str] = &["/home", "/root", "/run/user"];
const TEMPORARY: &[&str] = &["/tmp", "/var/tmp"];

#[derive(Template)]
#[template(path = "schedule/systemd.service")]
struct ServiceUnit<'j> {
    origin: String,
    service_name: &'j str,
    timer_name: &'j str,
    binary: &'j str,
    job: &'j ScheduleJob,
    /// The names of the credentials, without duplicates.
    credentials: Vec<&'j str>,
    variables: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "schedule/systemd.timer")]
struct TimerUnit<'j> {
    origin: String,
    timer_name: &'j str,
    job: &'j ScheduleJob,
    /// In seconds.
    delay: u32,
    accuracy: &'static str,
}

/// The service and the timer.
pub(super) fn files(job: &ScheduleJob, binary: &str) -> Vec<GeneratedFile> {
    let unit = |kind| format!("hookferry-{}.{kind}", job.name);
    let (service, timer) = (unit("service"), unit("timer"));
    let texts = [
        fill_file(&ServiceUnit {
            origin: origin(job),
            service_name: &service,
            timer_name: &timer,
            binary,
            job,
            credentials: credentials(job, &service),
            variables: job.variables(),
        }),
        fill_file(&TimerUnit {
            origin: origin(job),
            timer_name: &timer,
            job,
            delay: (job.shortest_gap * 60 / 10).min(600),
            accuracy: if job.shortest_gap >= 10 { "1min" } else { "1s" },
        }),
    ];
    let files = [service, timer].into_iter().zip(texts);
    files
        .map(|(name, text)| GeneratedFile { name, text })
        .collect()
}

/// The name of the credential of that unit that a path refers to; `None` for any other path.
fn credential<'p>(path: &'p str, service: &str) -> Option<&'p str> {
    path.strip_prefix(CREDENTIALS)?
        .strip_prefix(service)?
        .strip_prefix('/')
}

fn credentials<'j>(job: &'j ScheduleJob, service: &str) -> Vec<&'j str> {
    let mut names = Vec::new();
    for (_, location) in job.secrets() {
        if let SecretLocation::File(path) = location
            && let Some(name) = credential(path, service)
            && !names.contains(&name)
        {
            names.push(name);
        }
    }
    names
}

impl ServiceUnit<'_> {
    /// The secrets in files that the service reads itself: what each is, where it is, and a name for its credential.
    fn secret_files(&self) -> Vec<(String, String, &str)> {
        let mut files = Vec::new();
        for (what, location) in self.job.secrets() {
            if let SecretLocation::File(path) = location
                && credential(path, self.service_name).is_none()
            {
                let mut accounts = self.job.accounts.iter();
                let account = accounts.find(|account| account.key == *location);
                let id = account.map_or("heartbeat.url", |account| account.profile.as_str());
                files.push((what, self.job.resolve_config_path(path), id));
            }
        }
        files
    }

    fn uses_command(&self) -> bool {
        let is_command = |location: &SecretLocation| matches!(location, SecretLocation::Command(_));
        self.job.secrets().any(|(_, location)| is_command(location))
    }

    fn is_config_at_home(&self) -> bool {
        is_below(&self.job.config, HOMES)
    }

    fn uses_path_below(&self, folders: &[&str]) -> bool {
        let paths = self.used_paths();
        paths.iter().any(|path| is_below(path, folders))
    }

    fn used_paths(&self) -> Vec<String> {
        let job = self.job;
        let mut paths = vec![self.binary.to_owned(), job.config.clone()];
        for (_, location) in job.secrets() {
            match location {
                SecretLocation::File(path) => paths.push(job.resolve_config_path(path)),
                SecretLocation::Command(program) => paths.push(program.clone()),
                SecretLocation::Env(_) => {}
            }
        }
        let recipients = job.recipients_file.iter();
        paths.extend(recipients.map(|path| job.resolve_config_path(path)));
        paths.extend(job.written_folders());
        paths
    }
}

fn is_below(path: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| {
        let rest = path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}
