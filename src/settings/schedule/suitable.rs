//! Whether a scheduler can run a schedule as the config file says it; what it cannot is refused, not left out.

use crate::document::job::{Backend, Job, Repo, SecretPlace, clash_in_container};
use crate::error::Error;

/// Where systemd puts the credentials of services.
const CREDENTIALS: &str = "/run/credentials/";
/// GitHub starts no workflow more often, in minutes.
const SHORTEST_GAP_OF_GITHUB: u32 = 5;
/// Where the image has its program, or the system its own.
const OF_THE_IMAGE: [&str; 8] = ["bin", "dev", "lib", "lib64", "proc", "sbin", "sys", "usr"];
/// Crons cut or refuse longer commands.
const LONGEST_COMMAND: usize = 900;

/// Refuses what the backend could not run.
pub(super) fn check(job: &Job, backend: &Backend) -> Result<(), Error> {
    match backend {
        Backend::Systemd { binary } => systemd(job, binary),
        Backend::Cron { binary, .. } => cron(job, binary),
        Backend::Kubernetes { .. } => kubernetes(job),
        Backend::GithubActions { .. } => github_actions(job),
    }
}

/// Each secret with the words for where the config file says it is.
fn secrets(job: &Job) -> Vec<(String, &SecretPlace)> {
    let keys = job.accounts.iter().map(|account| {
        let what = format!("the key of profile {}", account.profile);
        (what, &account.key)
    });
    let heartbeat = job.heartbeat.iter();
    keys.chain(heartbeat.map(|place| ("the heartbeat's URL".to_owned(), place)))
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

/// A credential belongs to one unit, so its path has to be that of this one.
fn systemd(job: &Job, binary: &str) -> Result<(), Error> {
    if binary.contains(['"', '\'', '\\']) {
        let what = "systemd runs no program with a quote or a backslash in its path";
        return Err(Error::usage(what).with_hint("give --binary another path"));
    }
    let is_name_part = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    let own = format!("{CREDENTIALS}hookferry-{}.service/", job.name);
    for (what, path) in files(job) {
        let is_foreign = match path.strip_prefix(&own) {
            Some(name) => matches!(name, "" | "." | "..") || !name.bytes().all(is_name_part),
            None => path.starts_with(CREDENTIALS),
        };
        if is_foreign {
            let what = format!("{what} is said to be a credential that this unit would not have");
            return Err(Error::usage(what).with_hint(format!(
                "a unit sees its own credentials only: for this schedule the path is {own}NAME"
            )));
        }
    }
    Ok(())
}

fn cron(job: &Job, binary: &str) -> Result<(), Error> {
    let in_command = [("--binary", binary), ("the config file", &job.config)];
    for (what, path) in in_command {
        if path.contains('\\') {
            let what = format!("the path of {what} has a backslash, which crons read differently");
            return Err(Error::usage(what).with_hint("choose another path, or --backend systemd"));
        }
    }
    if binary.len() + job.config.len() + job.name.len() > LONGEST_COMMAND {
        return Err(Error::usage(
            "the paths are longer than the line of a crontab can be",
        ));
    }
    if let Some((what, _)) = files(job).find(|(_, path)| path.starts_with(CREDENTIALS)) {
        return Err(Error::usage(format!(
            "{what} is said to be a credential of systemd, which cron does not have"
        ))
        .with_hint("name a file that only the user of the crontab can read"));
    }
    Ok(())
}

fn kubernetes(job: &Job) -> Result<(), Error> {
    for (what, place) in secrets(job) {
        if let SecretPlace::Command(_) = place {
            let what =
                format!("{what} is printed by a program, which the container image does not have");
            return Err(Error::usage(what)
                .with_hint("use api_key_file or api_key_env, in a config file for the cluster"));
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
        let what = "a path has a colon, which Kubernetes takes in no mount";
        return Err(Error::usage(what).with_hint("choose another path"));
    }
    if let Some(path) = clash_in_container(job) {
        let what = format!("{path} would have to be a file and a folder at once");
        return Err(Error::usage(what).with_hint("choose another path for one of them"));
    }
    let hides = |folder: &String| {
        let top = folder.split('/').nth(1).unwrap_or_default();
        folder == "/etc" || OF_THE_IMAGE.contains(&top)
    };
    let hidden = job.written_folders().into_iter().find(hides);
    if let Some(folder) = hidden {
        let what = format!("a volume at {folder} would hide what the container needs");
        return Err(Error::usage(what).with_hint("let it write to a folder of its own"));
    }
    Ok(())
}

/// A runner is thrown away, has no files but those of the repository, and no programs of yours.
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
            "its repo is a folder, and a runner is thrown away with its folders",
            "use an s3:// repo; an artifact is no place either: in a public repository anybody can read it",
        );
    }
    for (what, place) in secrets(job) {
        match place {
            SecretPlace::Env(name) if name.to_ascii_uppercase().starts_with("GITHUB_") => {
                return refused(
                    &format!(
                        "{what} is in a variable whose name begins with GITHUB_, which secrets cannot have"
                    ),
                    "choose another name",
                );
            }
            SecretPlace::Env(_) => {}
            SecretPlace::File(_) | SecretPlace::Command(_) => {
                return refused(
                    &format!("{what} comes from a file or a program, which a runner does not have"),
                    "use api_key_env and heartbeat_url_env, in a config file for the workflow; secrets become variables",
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
            "commit that file beside the config file, and name it without a folder: recipients are no secret",
        );
    }
    if job.metrics_file.is_some() || job.status_file.is_some() {
        return refused(
            "it writes metrics_file or status_file, which nobody reads on a runner that is thrown away",
            "leave them out, in a config file for the workflow; a heartbeat tells how a run ended",
        );
    }
    if job.shortest_gap < SHORTEST_GAP_OF_GITHUB {
        return refused(
            "GitHub starts a workflow every five minutes at most",
            "change `at` in the config file",
        );
    }
    Ok(())
}
