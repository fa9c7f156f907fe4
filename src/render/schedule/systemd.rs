//! Renders a schedule for systemd: a sandboxed oneshot service, and its timer.

mod installation;

use super::quoting::{unit_argument, unit_path};
use super::{GeneratedFile, header};
use crate::document::job::{ScheduleJob, SecretLocation};
use std::fmt::Write as _;

/// The folder in which systemd puts the credentials of services, in one folder for each unit.
const CREDENTIALS: &str = "/run/credentials/";
/// The folder from which systemd loads the credentials.
const CREDENTIAL_STORE: &str = "/etc/hookferry/credentials";
/// Removes the permissions that no run needs.
const SANDBOX: &str = "
# It can read what its user can, write to the folders above, and use the network; nothing else.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProcSubset=pid
KeyringMode=private
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
";

/// The service and the timer.
pub(super) fn files(job: &ScheduleJob, binary: &str) -> Vec<GeneratedFile> {
    let unit = |kind| format!("hookferry-{}.{kind}", job.name);
    let (service, timer) = (unit("service"), unit("timer"));
    let text = header(job, &service) + &installation::steps(job, binary, &service, &timer);
    vec![
        GeneratedFile {
            text: text + &self::service(job, binary, &service),
            name: service,
        },
        GeneratedFile {
            text: header(job, &timer) + &self::timer(job),
            name: timer,
        },
    ]
}

/// The name of the credential of that unit that a path refers to; `None` for any other path.
fn credential<'p>(path: &'p str, service: &str) -> Option<&'p str> {
    path.strip_prefix(CREDENTIALS)?
        .strip_prefix(service)?
        .strip_prefix('/')
}

/// The names of the credentials, without duplicates.
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

fn environment_file(job: &ScheduleJob) -> String {
    format!("/etc/hookferry/{}.env", job.name)
}

fn service(job: &ScheduleJob, binary: &str, service: &str) -> String {
    let mut out = format!(
        "
[Unit]
Description=Back up webhooks: hookferry schedule {name}
Wants=network-online.target
After=network-online.target
# OnFailure=a-unit-that-alerts-you.service

[Service]
Type=oneshot
User=hookferry
Group=hookferry
ExecStart={binary} run-schedule {name} --config {config} --no-progress --log-format json
",
        name = job.name,
        binary = unit_path(binary),
        config = unit_argument(&job.config),
    );
    for name in credentials(job, service) {
        let _ = writeln!(out, "LoadCredential={name}:{CREDENTIAL_STORE}/{name}");
    }
    if !job.variables().is_empty() {
        let _ = writeln!(out, "EnvironmentFile={}", environment_file(job));
    }
    out += "StateDirectory=hookferry
StateDirectoryMode=0700
UMask=0077
";
    for folder in job.written_folders() {
        let _ = writeln!(out, "ReadWritePaths={}", unit_path(&folder));
    }
    out += "TimeoutStartSec=1h
Nice=10
IOSchedulingClass=idle
LimitCORE=0
";
    out += SANDBOX;
    out + &path_options(job, binary)
}

/// The options of the sandbox that depend on the paths that a run uses.
fn path_options(job: &ScheduleJob, binary: &str) -> String {
    let paths = used_paths(job, binary);
    let mut out = String::new();
    if paths.iter().any(|path| is_at_home(path)) {
        out += "# It uses a path in a home directory.\nProtectHome=read-only\n";
    } else {
        out += "ProtectHome=yes\n";
    }
    let is_temporary = |path: &String| is_below(path, &["/tmp", "/var/tmp"]);
    if paths.iter().any(is_temporary) {
        out += "# It uses a path in /tmp or /var/tmp.\nPrivateTmp=no\n";
    } else {
        out += "PrivateTmp=yes\n";
    }
    let has_command =
        |(_, location): (String, &SecretLocation)| matches!(location, SecretLocation::Command(_));
    if !job.secrets().any(has_command) {
        out += "MemoryDenyWriteExecute=yes\n";
    }
    out
}

/// Every path that a run uses.
fn used_paths(job: &ScheduleJob, binary: &str) -> Vec<String> {
    let mut paths = vec![binary.to_owned(), job.config.clone()];
    for (_, location) in job.secrets() {
        match location {
            SecretLocation::File(path) => paths.push(job.resolve_config_path(path)),
            SecretLocation::Command(program) => paths.push(program.clone()),
            SecretLocation::Env(_) => {}
        }
    }
    paths.extend(
        job.recipients_file
            .iter()
            .map(|path| job.resolve_config_path(path)),
    );
    paths.extend(job.written_folders());
    paths
}

fn is_at_home(path: &str) -> bool {
    is_below(path, &["/home", "/root", "/run/user"])
}

fn is_below(path: &str, folders: &[&str]) -> bool {
    folders.iter().any(|folder| {
        let rest = path.strip_prefix(folder);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

fn timer(job: &ScheduleJob) -> String {
    // Spreads the load of many machines, and never delays a run until the next one is almost due.
    let delay = (job.shortest_gap * 60 / 10).min(600);
    let accuracy = if job.shortest_gap >= 10 { "1min" } else { "1s" };
    format!(
        "# Install it together with the service.

[Unit]
Description=Back up webhooks on time: hookferry schedule {name}

[Timer]
OnCalendar={calendar} UTC
# Catches up on a run that was missed while the machine was off.
Persistent=true
RandomizedDelaySec={delay}s
AccuracySec={accuracy}

[Install]
WantedBy=timers.target
",
        name = job.name,
        calendar = job.systemd_calendar,
    )
}
