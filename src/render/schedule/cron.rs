//! Renders a schedule for cron: a crontab line, with the variables that it needs.

use super::quoting::{crontab, shell};
use super::{GeneratedFile, header};
use crate::document::job::{Repo, ScheduleJob, SecretLocation, normalize_slashes};
use std::fmt::Write as _;

/// The crontab.
pub(super) fn file(job: &ScheduleJob, binary: &str) -> GeneratedFile {
    let name = format!("hookferry-{}.cron", job.name);
    let mut text = header(job, &name);
    let _ = write!(
        text,
        "# Install it: as the user that will run it, call `crontab -e` and append all of this.
# Test it:        {binary} run-schedule {schedule} --config {config}; echo $?
# Failure alerts: the run writes to standard error only if something is wrong, so any mail from cron reports a failure.
#   Where no mail is delivered, only a heartbeat (heartbeat_url_file) alerts you; it also detects that cron itself is dead.
# Two runs at once do no harm, because each backup is written atomically under a unique name: `flock` is not needed.
# Append no pipe and no `|| true`: they would hide the program's exit code.
",
        binary = shell(binary),
        schedule = job.name,
        config = shell(&job.config),
    );
    text += &folder_notes(job);
    text += &secret_notes(job);
    let _ = write!(
        text,
        "#
# The times are UTC. cronie honors CRON_TZ; Debian's cron ignores it and uses the machine's time zone, which must be UTC.
CRON_TZ=UTC
SHELL=/bin/sh
PATH=/usr/local/bin:/usr/bin:/bin
# MAILTO=you@example.net
{fields} {binary} run-schedule {schedule} --config {config} --quiet --no-progress >/dev/null
",
        fields = job.cron_fields,
        binary = crontab(binary),
        schedule = job.name,
        config = crontab(&job.config),
    );
    GeneratedFile { name, text }
}

fn folder_notes(job: &ScheduleJob) -> String {
    let repo = match &job.repo {
        Repo::Folder(folder) => Some(normalize_slashes(folder)),
        Repo::ObjectStore(_) => None,
    };
    let line = |folder: String| {
        let shown = shell(&folder);
        if Some(&folder) == repo.as_ref() {
            format!(
                "# It writes its backups to {shown}, which only that user should be able to access: chmod 0700\n"
            )
        } else {
            format!("# It writes to {shown}; that user needs write access.\n")
        }
    };
    job.written_folders().into_iter().map(line).collect()
}

/// Comments that list the location of each secret; cron itself sets hardly any variable for a job.
fn secret_notes(job: &ScheduleJob) -> String {
    let mut out = String::new();
    for (what, location) in job.secrets() {
        let _ = match location {
            SecretLocation::File(path) => {
                let file = shell(&job.resolve_config_path(path));
                writeln!(
                    out,
                    "# It reads {what} from {file}, which only that user should be able to read: chmod 0600"
                )
            }
            SecretLocation::Command(program) => writeln!(
                out,
                "# It gets {what} from {}, which must work without a terminal and with the PATH below.",
                shell(program)
            ),
            SecretLocation::Env(_) => Ok(()),
        };
    }
    let variables = job.variables();
    if !variables.is_empty() {
        out += "# It reads these from the environment, where cron sets none of them. Use files in the config file instead if you\n\
                # can; otherwise add NAME=value lines above the last line, and make sure that nobody else can read the crontab:\n";
    }
    for (name, what) in variables {
        let _ = writeln!(out, "#   {name}: {what}");
    }
    out
}
