//! Instructions for installing the units, as comments with commands to paste.

use super::super::quoting::shell;
use super::{CREDENTIAL_STORE, CREDENTIALS, credential, credentials, environment_file, is_at_home};
use crate::document::job::{Repo, ScheduleJob, SecretLocation, normalize_slashes};
use std::fmt::Write as _;

/// The folder that systemd itself creates for the service.
const STATE_FOLDER: &str = "/var/lib/hookferry";

/// The steps of the installation.
pub(super) fn steps(job: &ScheduleJob, binary: &str, service: &str, timer: &str) -> String {
    let mut steps = vec![
        "a user with no other permissions:\n\
         useradd --system --user-group --home-dir /var/lib/hookferry --shell /usr/sbin/nologin hookferry"
            .to_owned(),
        format!("the program, at {}", shell(binary)),
        config_step(job),
    ];
    if let Repo::Folder(folder) = &job.repo {
        let folder = shell(folder);
        steps.push(format!(
            "the folder for the backups:\ninstall -d -o hookferry -g hookferry -m 0700 {folder}"
        ));
    }
    for folder in other_folders(job) {
        let folder = shell(&folder);
        steps.push(format!(
            "the folder for metrics or status; the user hookferry needs write access:\nchgrp hookferry {folder} && chmod g+rwx {folder}"
        ));
    }
    steps.extend(secret_steps(job, service));
    steps.push(format!(
        "the units:\n\
         install -m 0644 {service} {timer} /etc/systemd/system/\n\
         systemctl daemon-reload && systemctl enable --now {timer}"
    ));
    let mut out = "# As root, once:\n".to_owned();
    for (n, step) in (1..).zip(steps) {
        for (line, text) in step.lines().enumerate() {
            let _ = match line {
                0 => writeln!(out, "#   {n}. {text}"),
                _ => writeln!(out, "#        {text}"),
            };
        }
    }
    let _ = writeln!(
        out,
        "# Test it:        systemctl start {service}; journalctl -u {service}\n\
         #                 systemctl list-timers {timer}\n\
         # Failure alerts: a heartbeat (heartbeat_url_file), or OnFailure= below with a unit that alerts you."
    );
    out
}

/// The folders that a run writes to, except that of the backups and the state folder.
fn other_folders(job: &ScheduleJob) -> Vec<String> {
    let mut folders = job.written_folders();
    if let Repo::Folder(repo) = &job.repo {
        let repo = normalize_slashes(repo);
        folders.retain(|folder| *folder != repo);
    }
    folders.retain(|folder| folder != STATE_FOLDER);
    folders
}

fn config_step(job: &ScheduleJob) -> String {
    let config = shell(&job.config);
    let mut step = format!(
        "the config file, readable by that user; it contains no key:\nchgrp hookferry {config} && chmod 0640 {config}"
    );
    if is_at_home(&job.config) {
        step += "\nIt is in a home directory, which that user probably cannot enter: move it to\n\
                 /etc/hookferry/config.toml and print this again with --config /etc/hookferry/config.toml";
    }
    step
}

/// A step for each kind of location of a secret.
fn secret_steps(job: &ScheduleJob, service: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let names = credentials(job, service);
    if !names.is_empty() {
        let mut step = format!(
            "the secrets, readable only by root; systemd passes them to the service (LoadCredential= below):\n\
             install -d -m 0700 {CREDENTIAL_STORE}"
        );
        for name in names {
            let _ = write!(
                step,
                "\ninstall -m 0600 /dev/stdin {CREDENTIAL_STORE}/{name}       (paste it, then Ctrl-D)"
            );
        }
        step += "\nTo store them encrypted as well: systemd-creds(1), and LoadCredentialEncrypted= below";
        steps.push(step);
    }
    for (what, location) in job.secrets() {
        match location {
            SecretLocation::File(path) if credential(path, service).is_none() => {
                let file = shell(&job.resolve_config_path(path));
                let id = job.accounts.iter().find(|account| account.key == *location);
                let id = id.map_or("heartbeat.url", |account| account.profile.as_str());
                steps.push(format!(
                    "the file with {what}, readable by that user:\n\
                     chgrp hookferry {file} && chmod 0640 {file}\n\
                     Or make it readable only by root: write {CREDENTIALS}{service}/{id} into the config file\n\
                     instead, and print this again"
                ));
            }
            SecretLocation::Command(program) => steps.push(format!(
                "{what} comes from {}, which must work for that user in this sandbox",
                shell(program)
            )),
            SecretLocation::File(_) | SecretLocation::Env(_) => {}
        }
    }
    let variables = job.variables();
    if !variables.is_empty() {
        let file = environment_file(job);
        let mut step = format!(
            "the variables, in a file readable only by root (one line NAME=value each):\ninstall -m 0600 /dev/stdin {file}"
        );
        for (name, what) in variables {
            let _ = write!(step, "\n{name}=…    {what}");
        }
        steps.push(step);
    }
    steps
}
