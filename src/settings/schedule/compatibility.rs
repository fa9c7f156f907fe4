//! Checks that a scheduler can run a schedule as configured. What it cannot do is refused, not left out.

use crate::document::job::{Backend, Repo, ScheduleJob, SecretLocation, clash_in_container};
use crate::error::Error;

/// The folder in which systemd puts the credentials of services.
const CREDENTIALS_FOLDER: &str = "/run/credentials/";
/// The shortest interval, in minutes, at which GitHub starts a workflow.
const GITHUB_MIN_INTERVAL_MINUTES: u32 = 5;
/// Top-level folders that the container image or the system needs.
const RESERVED_FOLDERS: [&str; 8] = ["bin", "dev", "lib", "lib64", "proc", "sbin", "sys", "usr"];
/// Most bytes of paths and names in a crontab line; crons truncate or refuse longer commands.
const MAX_COMMAND_BYTES: usize = 900;

/// Refuses a job that the backend cannot run.
pub(super) fn check(job: &ScheduleJob, backend: &Backend) -> Result<(), Error> {
    match backend {
        Backend::Systemd { binary } => check_systemd(job, binary),
        Backend::Cron { binary } => check_cron(job, binary),
        Backend::Kubernetes { .. } => check_kubernetes(job),
        Backend::GithubActions => check_github_actions(job),
    }
}

/// The secrets that the job needs: what each one is, and where it is.
fn secrets(job: &ScheduleJob) -> Vec<(String, &SecretLocation)> {
    let keys = job.accounts.iter().map(|account| {
        let what = format!("the key of profile {}", account.profile);
        (what, &account.key)
    });
    let heartbeat = job.heartbeat.iter();
    keys.chain(heartbeat.map(|place| ("the heartbeat URL".to_owned(), place)))
        .collect()
}

fn secret_files(job: &ScheduleJob) -> impl Iterator<Item = (String, &str)> {
    secrets(job)
        .into_iter()
        .filter_map(|(what, place)| match place {
            SecretLocation::File(path) => Some((what, path.as_str())),
            SecretLocation::Env(_) | SecretLocation::Command(_) => None,
        })
}

/// A systemd credential belongs to one unit, so its path must be that of this unit.
fn check_systemd(job: &ScheduleJob, binary: &str) -> Result<(), Error> {
    if binary.contains(['"', '\'', '\\']) {
        let what = "systemd cannot run a program with a quote or a backslash in its path";
        return Err(Error::usage(what).with_hint("pass another path to --binary"));
    }
    let is_name_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let own_prefix = format!("{CREDENTIALS_FOLDER}hookferry-{}.service/", job.name);
    for (what, path) in secret_files(job) {
        let is_unreadable = match path.strip_prefix(&own_prefix) {
            Some(name) => matches!(name, "" | "." | "..") || !name.bytes().all(is_name_part),
            None => path.starts_with(CREDENTIALS_FOLDER),
        };
        if is_unreadable {
            let what = format!("{what} is configured as a credential that this unit cannot read");
            return Err(Error::usage(what).with_hint(format!(
                "a unit can read only its own credentials: for this schedule, use the path {own_prefix}NAME"
            )));
        }
    }
    Ok(())
}

fn check_cron(job: &ScheduleJob, binary: &str) -> Result<(), Error> {
    let in_command = [("--binary", binary), ("the config file", &job.config)];
    for (what, path) in in_command {
        if path.contains('\\') {
            let what = format!(
                "the path of {what} contains a backslash, which cron implementations treat differently"
            );
            return Err(Error::usage(what).with_hint("use another path, or --backend systemd"));
        }
    }
    if binary.len() + job.config.len() + job.name.len() > MAX_COMMAND_BYTES {
        return Err(Error::usage("the paths are too long for a crontab line"));
    }
    if let Some((what, _)) =
        secret_files(job).find(|(_, path)| path.starts_with(CREDENTIALS_FOLDER))
    {
        return Err(Error::usage(format!(
            "{what} is configured as a systemd credential, which cron cannot provide"
        ))
        .with_hint("use a file that only the user of the crontab can read"));
    }
    Ok(())
}

fn check_kubernetes(job: &ScheduleJob) -> Result<(), Error> {
    for (what, place) in secrets(job) {
        if let SecretLocation::Command(_) = place {
            let what =
                format!("{what} comes from a program, which the container image does not contain");
            return Err(Error::usage(what)
                .with_hint("use api_key_file or api_key_env in a config file for the cluster"));
        }
    }
    let repo = match &job.repo {
        Repo::Folder(folder) => Some(folder.as_str()),
        Repo::ObjectStore(_) => None,
    };
    let output_files = [&job.metrics_file, &job.status_file, &job.recipients_file];
    let written = output_files.into_iter().flatten().map(String::as_str);
    let input_files = secret_files(job).map(|(_, path)| path);
    if input_files
        .chain(written)
        .chain(repo)
        .any(|path| path.contains(':'))
    {
        let what = "a path contains a colon, which Kubernetes does not allow in a mount path";
        return Err(Error::usage(what).with_hint("use another path"));
    }
    if let Some(path) = clash_in_container(job) {
        let what = format!("{path} would have to be both a file and a folder");
        return Err(Error::usage(what).with_hint("use another path for one of them"));
    }
    let hides_reserved_folder = |folder: &String| {
        let top_folder = folder.split('/').nth(1).unwrap_or_default();
        folder == "/etc" || RESERVED_FOLDERS.contains(&top_folder)
    };
    let hidden = job
        .written_folders()
        .into_iter()
        .find(hides_reserved_folder);
    if let Some(folder) = hidden {
        let what = format!("a volume at {folder} would hide what the container needs");
        return Err(
            Error::usage(what).with_hint("use a separate folder for what the schedule writes")
        );
    }
    Ok(())
}

/// A runner is discarded after the job. It has only the repository's files and none of the user's programs.
fn check_github_actions(job: &ScheduleJob) -> Result<(), Error> {
    let refuse = |what: &str, hint: &str| {
        let name = &job.name;
        Err(
            Error::usage(format!("GitHub Actions cannot run schedule {name}: {what}"))
                .with_hint(hint),
        )
    };
    if let Repo::Folder(_) = job.repo {
        return refuse(
            "its repo is a folder, and the runner is discarded with its folders",
            "use an s3:// repo; an artifact does not do either, because in a public repository anybody can read it",
        );
    }
    for (what, place) in secrets(job) {
        match place {
            SecretLocation::Env(name) if name.to_ascii_uppercase().starts_with("GITHUB_") => {
                return refuse(
                    &format!(
                        "{what} is in a variable whose name starts with GITHUB_, which GitHub does not allow for secrets"
                    ),
                    "use another variable",
                );
            }
            SecretLocation::Env(_) => {}
            SecretLocation::File(_) | SecretLocation::Command(_) => {
                return refuse(
                    &format!("{what} comes from a file or a program, which a runner does not have"),
                    "use api_key_env and heartbeat_url_env in a config file for the workflow, which sets them from secrets",
                );
            }
        }
    }
    if job
        .recipients_file
        .as_deref()
        .is_some_and(|path| path.starts_with('/'))
    {
        return refuse(
            "its recipients_file is an absolute path, which a runner does not have",
            "commit that file beside the config file and name it without a folder; recipients are not secret",
        );
    }
    if job.metrics_file.is_some() || job.status_file.is_some() {
        return refuse(
            "it writes metrics_file or status_file, but the runner is discarded before anybody can read them",
            "omit them in a config file for the workflow; a heartbeat reports the result of each run",
        );
    }
    if job.shortest_gap < GITHUB_MIN_INTERVAL_MINUTES {
        return refuse(
            "GitHub starts a workflow at most every five minutes",
            "change `at` in the config file",
        );
    }
    Ok(())
}
