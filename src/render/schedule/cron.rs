//! A line of a crontab, with the variables that it needs.

use super::quoting::{crontab, shell};
use super::{File, head};
use crate::document::job::{Job, Repo, SecretPlace, without_slash};
use std::fmt::Write as _;

/// The crontab.
pub(super) fn file(job: &Job, binary: &str, fields: &str) -> File {
    let name = format!("hookferry-{}.cron", job.name);
    let mut text = head(job, &name);
    let _ = write!(
        text,
        "# Install it, as the user that is to run it: `crontab -e`, and put all of this at the end.
# See it work:   {binary} run-schedule {schedule} --config {config}; echo $?
# Hear of failures: on standard error the run says nothing unless something is wrong, so whatever cron mails is a failure.
#   Where no mail is delivered, only a heartbeat (heartbeat_url_file) tells you, and it also tells when cron itself is dead.
# Two runs at once do no harm, because a backup appears whole under a name of its own: `flock` is not needed.
# No pipe and no `|| true` behind it: the exit code is the program's.
",
        binary = shell(binary),
        schedule = job.name,
        config = shell(&job.config),
    );
    text += &folders(job);
    text += &secrets(job);
    let _ = write!(
        text,
        "#
# The times are UTC. cronie takes CRON_TZ; Debian's cron ignores it and uses the time zone of the machine: is that UTC?
CRON_TZ=UTC
SHELL=/bin/sh
PATH=/usr/local/bin:/usr/bin:/bin
# MAILTO=you@example.net
{fields} {binary} run-schedule {schedule} --config {config} --quiet --no-progress >/dev/null
",
        binary = crontab(binary),
        schedule = job.name,
        config = crontab(&job.config),
    );
    File { name, text }
}

fn folders(job: &Job) -> String {
    let repo = match &job.repo {
        Repo::Folder(folder) => Some(without_slash(folder)),
        Repo::ObjectStore(_) => None,
    };
    let line = |folder: String| {
        let shown = shell(&folder);
        if Some(&folder) == repo.as_ref() {
            format!(
                "# It writes its backups to {shown}, which only that user should enter: chmod 0700\n"
            )
        } else {
            format!("# It writes to {shown}; that user has to be able to.\n")
        }
    };
    job.written_folders().into_iter().map(line).collect()
}

/// Where the secrets have to be: cron gives a job hardly any variable.
fn secrets(job: &Job) -> String {
    let mut out = String::new();
    for (what, place) in job.secrets() {
        let _ = match place {
            SecretPlace::File(path) => {
                let file = shell(&job.beside_config(path));
                writeln!(
                    out,
                    "# It reads {what} from {file}, which only that user should be able to: chmod 0600"
                )
            }
            SecretPlace::Command(program) => writeln!(
                out,
                "# It gets {what} from {}, which has to work without a terminal and with the PATH below.",
                shell(program)
            ),
            SecretPlace::Env(_) => Ok(()),
        };
    }
    let variables = job.variables();
    if !variables.is_empty() {
        out += "# It takes these from the environment, where cron has none of them. Name files in the config file where you can; else\n\
                # write NAME=value lines above the last one, and look that others cannot read the crontab:\n";
    }
    for (name, what) in variables {
        let _ = writeln!(out, "#   {name}: {what}");
    }
    out
}
