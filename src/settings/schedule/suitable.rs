//! Checks that a scheduler can run a schedule as configured. What it cannot do is refused, not left out.

use crate::document::job::{Backend, Job, Repo, SecretPlace, clash_in_container};
use crate::error::Error;

/// The folder in which systemd puts the credentials of services.
const CREDENTIALS: &str = "/run/credentials/";
/// The shortest interval, in minutes, at which GitHub starts a workflow.
const SHORTEST_GAP_OF_GITHUB: u32 = 5;
/// Top-level folders that the container image or the system needs.
const OF_THE_IMAGE: [&str; 8] = ["bin", "dev", "lib", "lib64", "proc", "sbin", "sys", "usr"];
/// Most bytes of paths and names in a crontab line; crons truncate or refuse longer commands.
const LONGEST_COMMAND: usize = 900;

/// Refuses a job that the backend cannot run.
pub(super) fn check(job: &Job, backend: &Backend) -> Result<(), Error> {
    match backend {
        Backend::Systemd { binary } => systemd(job, binary),
        Backend::Cron { binary, .. } => cron(job, binary),
        Backend::Kubernetes { .. } => kubernetes(job),
        Backend::GithubActions { .. } => github_actions(job),
    }
}

/// The secrets that the job needs: what each one is, and where it is.
fn secrets(job: &Job) -> Vec<(String, &SecretPlace)> {
    let keys = job.accounts.iter().map(|account| {
        let what = format!("the key of profile {}", account.profile);
        (what, &account.key)
    });
    let heartbeat = job.heartbeat.iter();
    keys.chain(heartbeat.map(|place| ("the heartbeat URL".to_owned(), place)))
        .collect()
}

fn files(job: &Job) -> impl Iterator<Item = (String, &str)> {
    secrets(job)
        .into_iter()
        .filter_map(|(what, place)| match place {
            SecretPlace::File(path) => Some((what, path.as_str())),
            SecretPlace::Env(_) | SecretPlace::Command(_) => None,
        })
}

/// A systemd credential belongs to one unit, so its path must be that of this unit.
fn systemd(job: &Job, binary: &str) -> Result<(), Error> {
    if binary.contains(['"', '\'', '\\']) {
        let what = "systemd cannot run a program with a quote or a backslash in its path";
        return Err(Error::usage(what).with_hint("pass another path to --binary"));
    }
    let is_name_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let own = format!("{CREDENTIALS}hookferry-{}.service/", job.name);
    for (what, path) in files(job) {
        let is_foreign = match path.strip_prefix(&own) {
            Some(name) => matches!(name, "" | "." | "..") || !name.bytes().all(is_name_part),
            None => path.starts_with(CREDENTIALS),
        };
        if is_foreign {
            let what = format!("{what} is configured as a credential that this unit cannot read");
            return Err(Error::usage(what).with_hint(format!(
                "a unit can read only its own credentials: for this schedule, use the path {own}NAME"
            )));
        }
    }
    Ok(())
}

fn cron(job: &Job, binary: &str) -> Result<(), Error> {
    let in_command = [("--binary", binary), ("the config file", &job.config)];
    for (what, path) in in_command {
        if path.contains('\\') {
            let what = format!(
                "the path of {what} contains a backslash, which cron implementations treat differently"
            );
            return Err(Error::usage(what).with_hint("use another path, or --backend systemd"));
        }
    }
    if binary.len() + job.config.len() + job.name.len() > LONGEST_COMMAND {
        return Err(Error::usage("the paths are too long for a crontab line"));
    }
    if let Some((what, _)) = files(job).find(|(_, path)| path.starts_with(CREDENTIALS)) {
        return Err(Error::usage(format!(
            "{what} is configured as a systemd credential, which cron cannot provide"
        ))
        .with_hint("use a file that only the user of the crontab can read"));
    }
    Ok(())
}

fn kubernetes(job: &Job) -> Result<(), Error> {
    for (what, place) in secrets(job) {
        if let SecretPlace::Command(_) = place {
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
    let written = [&job.metrics_file, &job.status_file, &job.recipients_file];
    let written = written.into_iter().flatten().map(String::as_str);
    let read = files(job).map(|(_, path)| path);
    if read
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
    let hides = |folder: &String| {
        let top = folder.split('/').nth(1).unwrap_or_default();
        folder == "/etc" || OF_THE_IMAGE.contains(&top)
    };
    let hidden = job.written_folders().into_iter().find(hides);
    if let Some(folder) = hidden {
        let what = format!("a volume at {folder} would hide what the container needs");
        return Err(
            Error::usage(what).with_hint("use a separate folder for what the schedule writes")
        );
    }
    Ok(())
}

/// A runner is discarded after the job. It has only the repository's files and none of the user's programs.
fn github_actions(job: &Job) -> Result<(), Error> {
    let refused = |what: &str, hint: &str| {
        let name = &job.name;
        Err(
            Error::usage(format!("GitHub Actions cannot run schedule {name}: {what}"))
                .with_hint(hint),
        )
    };
    if let Repo::Folder(_) = job.repo {
        return refused(
            "its repo is a folder, and the runner is discarded with its folders",
            "use an s3:// repo; an artifact does not do either, because in a public repository anybody can read it",
        );
    }
    for (what, place) in secrets(job) {
        match place {
            SecretPlace::Env(name) if name.to_ascii_uppercase().starts_with("GITHUB_") => {
                return refused(
                    &format!(
                        "{what} is in a variable whose name starts with GITHUB_, which GitHub does not allow for secrets"
                    ),
                    "use another variable",
                );
            }
            SecretPlace::Env(_) => {}
            SecretPlace::File(_) | SecretPlace::Command(_) => {
                return refused(
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
        return refused(
            "its recipients_file is an absolute path, which a runner does not have",
            "commit that file beside the config file and name it without a folder; recipients are not secret",
        );
    }
    if job.metrics_file.is_some() || job.status_file.is_some() {
        return refused(
            "it writes metrics_file or status_file, but the runner is discarded before anybody can read them",
            "omit them in a config file for the workflow; a heartbeat reports the result of each run",
        );
    }
    if job.shortest_gap < SHORTEST_GAP_OF_GITHUB {
        return refused(
            "GitHub starts a workflow at most every five minutes",
            "change `at` in the config file",
        );
    }
    Ok(())
}
